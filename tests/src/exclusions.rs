//! Which single tests of a foreign suite are known not to pass, and why.
//!
//! A file of `exclusions/` has a test's name and, behind two spaces, the reason on each line; `#` begins a
//! remark. A reason that begins with `unstable:` is for a test that passes at times: it may.

use std::collections::BTreeMap;
use std::path::Path;

use crate::manifest::package_folder;

/// The exclusions of one suite.
#[derive(Clone, Debug, Default)]
pub struct Exclusions(BTreeMap<String, String>);

impl Exclusions {
    /// Reads `exclusions/NAME.txt`.
    ///
    /// # Panics
    /// When the file is missing, names a test twice, or leaves a reason out.
    pub fn load(name: &str) -> Self {
        let path = package_folder().join("exclusions").join(name).with_extension("txt");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text, &path)
    }

    fn parse(text: &str, path: &Path) -> Self {
        let mut exclusions = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let here = format!("{}:{}", path.display(), number + 1);
            let (test, reason) =
                line.split_once("  ").unwrap_or_else(|| panic!("{here}: {line} has no reason"));
            let before = exclusions.insert(test.to_owned(), reason.trim().to_owned());
            assert!(before.is_none(), "{here}: {test} stands there twice");
        }
        Self(exclusions)
    }

    /// Keeps those of some tests alone, for a suite that is run in parts.
    pub fn keep(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.0.retain(|test, _| wanted(test));
    }

    /// Why the test is excluded, if it is.
    pub fn reason(&self, test: &str) -> Option<&str> {
        self.0.get(test).map(String::as_str)
    }

    /// Whether the test may pass or not.
    pub fn is_unstable(&self, test: &str) -> bool {
        self.reason(test).is_some_and(|reason| reason.starts_with("unstable:"))
    }

    /// The names of the excluded tests.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_a_reason() {
        let exclusions =
            Exclusions::parse("# remark\n\nTestA  needs a C compiler\nTestB  unstable: x\n", Path::new("f"));
        assert_eq!(exclusions.reason("TestA"), Some("needs a C compiler"));
        assert!(exclusions.is_unstable("TestB") && !exclusions.is_unstable("TestA"));
    }

    #[test]
    #[should_panic(expected = "f:1: TestA has no reason")]
    fn a_reason_may_not_be_left_out() {
        Exclusions::parse("TestA\n", Path::new("f"));
    }
}
