//! Routes for single paths and socket families.

use schemas::{Flavour, Operation, Personality};

use super::ServerId;
use crate::deployment::RouteRule;

/// What a request is about, as far as routes may depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The absolute path, when the operation has one.
    pub path: Option<&'a [u8]>,
    /// The socket family, in Linux's numbers, when the operation has one.
    pub family: Option<u32>,
}

/// One rule. It is matched when everything it names is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    operations: Vec<Operation>,
    personalities: u32,
    /// Only this path and what lies below it; with a `*` at the end, everything that begins so.
    pub path: Option<String>,
    /// Only this socket family.
    pub family: Option<u32>,
    /// The flavour that it asks for.
    pub flavour: Option<Flavour>,
    /// The server that answers.
    pub server: Option<ServerId>,
}

impl Rule {
    pub(super) fn new(rule: &RouteRule, server: Option<ServerId>) -> Self {
        let personalities = rule.personalities.as_deref().unwrap_or(&Personality::ALL);
        Self {
            operations: rule.operations.clone(),
            personalities: personalities.iter().fold(0, |mask, personality| mask | personality.bit()),
            path: rule.path.clone(),
            family: rule.family,
            flavour: rule.flavour,
            server,
        }
    }

    /// The OSes concerned, one bit each ([`Personality::bit`]).
    pub fn personalities(&self) -> u32 {
        self.personalities
    }

    /// The operations concerned.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub(super) fn matches(
        &self,
        personality: Personality,
        operation: Operation,
        subject: Subject<'_>,
    ) -> bool {
        self.personalities & personality.bit() != 0
            && self.path.as_deref().is_none_or(|rule| subject.path.is_some_and(|path| covers(rule, path)))
            && self.family.is_none_or(|family| subject.family == Some(family))
            && self.operations.contains(&operation)
    }
}

/// Whether a rule's path covers `path`.
fn covers(rule: &str, path: &[u8]) -> bool {
    if let Some(beginning) = rule.strip_suffix('*') {
        return path.starts_with(beginning.as_bytes());
    }
    match path.strip_prefix(rule.trim_end_matches('/').as_bytes()) {
        Some(rest) => rest.is_empty() || rest[0] == b'/',
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_respects_components_and_stars() {
        assert!(covers("/dev", b"/dev"));
        assert!(covers("/dev", b"/dev/bpf0"));
        assert!(!covers("/dev", b"/device"));
        assert!(covers("/dev/bpf*", b"/dev/bpf0"));
        assert!(covers("/", b"/anything"));
        assert!(!covers("/dev/bpf", b"/dev/bpf0"));
    }
}
