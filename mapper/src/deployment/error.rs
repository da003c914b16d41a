//! What is wrong with a deployment, where it is, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// A deployment that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The file could not be read.
    #[error("cannot read the deployment {}: {error}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// Why the host refused.
        error: std::io::Error,
    },
    /// The text is no deployment; all that is wrong with it.
    #[error("{}", lines(.0))]
    Text(Vec<Complaint>),
    /// Files that inherit from each other in a circle, or too deeply.
    #[error("{} inherits from itself, or through more than {limit} files", path.display())]
    Circle {
        /// The file at which reading stopped.
        path: PathBuf,
        /// How deep a chain may be.
        limit: usize,
    },
}

impl From<Complaint> for DeploymentError {
    fn from(complaint: Complaint) -> Self {
        Self::Text(vec![complaint])
    }
}

fn lines(complaints: &[Complaint]) -> String {
    complaints.iter().map(Complaint::to_string).collect::<Vec<_>>().join("\n")
}

/// One fault in a deployment's text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Complaint {
    /// The file, or a name for the built-in text.
    pub origin: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right, when that can be told.
    pub hint: Option<String>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.origin, self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Complaint {}

/// A deployment's text with its name, to say where a fault lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub origin: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// A complaint about the bytes `span` of the text.
    pub fn complain(self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) -> Complaint {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Complaint { origin: self.origin.to_owned(), line, column, message: message.into(), hint }
    }
}

/// The candidate most like `word`, when one is near enough to be a slip of the pen.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` for an unknown name, or the list of known ones when nothing is near.
pub(super) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let known: Vec<&str> = known.into_iter().collect();
    (!known.is_empty() && known.len() <= 24).then(|| format!("known are {}", known.join(", ")))
}

/// Levenshtein distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_a_slip_and_ignores_a_stranger() {
        assert_eq!(nearest("fs.opne", ["fs.open", "fs.stat"]), Some("fs.open"));
        assert_eq!(nearest("teapot", ["fs.open", "fs.stat"]), None);
    }

    #[test]
    fn complaint_counts_lines_and_characters() {
        let source = Source { origin: "d.toml", text: "a = 1\nä = x\n" };
        let complaint = source.complain(11..12, "bad", None);
        assert_eq!((complaint.line, complaint.column), (2, 5));
    }
}
