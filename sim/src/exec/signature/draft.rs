//! What the readers of the formats fill in.

use super::evidence::Findings;
use super::identity::{Format, Identity, OsVersion};
use super::os::Os;
use super::reason::{Defect, Reason};

/// What is being found out about a file.
pub(super) struct Draft {
    pub(super) identity: Identity,
    pub(super) findings: Findings,
    /// Versions told by notes, each for the OS whose note it is.
    pub(super) versions: Vec<(Os, OsVersion)>,
}

impl Draft {
    pub(super) fn new(format: Format) -> Draft {
        Draft { identity: Identity::of(format), findings: Findings::default(), versions: Vec::new() }
    }

    /// Draws the conclusion.
    pub(super) fn conclude(self) -> Identity {
        let Draft { mut identity, findings, versions } = self;
        (identity.os, identity.brands, identity.evidence) = findings.conclude();
        let version = versions.into_iter().find(|(os, _)| Some(*os) == identity.os);
        identity.os_version = version.map(|(_, version)| version);
        identity
    }
}

/// Why a file of a known format is no program.
pub(super) enum Flaw {
    /// Its headers are wrong.
    Defect(Defect),
    /// It is something else: "a shared library".
    Other(&'static str),
    /// For a reason of its own.
    Reason(Reason),
}

impl Flaw {
    /// The reason for a file that is called `kind`.
    pub(super) fn reason(self, kind: String) -> Reason {
        match self {
            Flaw::Defect(defect) => Reason::Malformed { kind, defect },
            Flaw::Other(what) => Reason::NotAProgram { kind, what },
            Flaw::Reason(reason) => reason,
        }
    }
}

impl From<Defect> for Flaw {
    fn from(defect: Defect) -> Flaw {
        Flaw::Defect(defect)
    }
}

/// How hard to look for traces of the OS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Not at all.
    None,
    /// Only where no mark tells it.
    Needed,
    /// In any case.
    All,
}
