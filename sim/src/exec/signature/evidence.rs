//! What in a file speaks for which OS, and which of it counts most.

use std::fmt;

use serde::Serialize;

use super::os::Os;

/// The kinds of evidence, strongest first: the order of declaration is the order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The user named the OS.
    Override,
    /// An ABI note of an ELF file.
    Note,
    /// The OSABI byte of an ELF header.
    OsAbi,
    /// The name that old `brandelf -t` wrote into the padding of `e_ident`.
    Brand,
    /// The format itself, or its fields: a PE is for Windows, an a.out has a machine identifier.
    Format,
    /// The path of the dynamic linker.
    Interpreter,
    /// A segment type that only one OS has.
    Segment,
    /// A shared library that only one OS has.
    Library,
    /// The settings that the Go tool chain records.
    GoSettings,
    /// The name of a Go program's entry function.
    GoEntry,
    /// The numbers of the system calls and what is done with their result.
    SystemCalls,
    /// The name the compiler left.
    Compiler,
    /// Nothing speaks for any OS: that of the caller, or Linux.
    Assumed,
}

impl Kind {
    /// How much it is worth out of 100, for those who show it.
    pub fn weight(self) -> u32 {
        match self {
            Kind::Override => 100,
            Kind::Note => 95,
            Kind::OsAbi => 90,
            Kind::Brand => 85,
            Kind::Format => 80,
            Kind::Interpreter => 75,
            Kind::Segment => 70,
            Kind::Library => 65,
            Kind::GoSettings => 60,
            Kind::GoEntry => 55,
            Kind::SystemCalls => 40,
            Kind::Compiler => 20,
            Kind::Assumed => 5,
        }
    }

    /// Whether it is a mark put there to tell the OS, as opposed to a trace from which it can be guessed.
    fn is_mark(self) -> bool {
        self < Kind::GoSettings && self != Kind::Override
    }
}

/// One thing seen in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Its kind.
    pub kind: Kind,
    /// The OS it speaks for; none when it is a mark that names no OS known here, or several.
    pub os: Option<Os>,
    /// What was seen: "FreeBSD ABI note 12.3".
    pub detail: String,
    /// Whether the answer rests on it.
    pub decisive: bool,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// The evidence collected so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    seen: Vec<Evidence>,
    caller: Option<Os>,
}

impl Findings {
    /// Notes the OS of the program that executes the file, which counts where marks name several.
    pub(super) fn called_by(&mut self, caller: Option<Os>) {
        self.caller = caller;
    }

    /// Adds something seen, once.
    pub(super) fn add(&mut self, kind: Kind, os: impl Into<Option<Os>>, detail: impl Into<String>) {
        let evidence = Evidence { kind, os: os.into(), detail: detail.into(), decisive: false };
        if !self.seen.contains(&evidence) {
            self.seen.push(evidence);
        }
    }

    /// Whether anything of `kind` was seen.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.seen.iter().any(|evidence| evidence.kind == kind)
    }

    /// Whether something names an OS already, so that no more needs to be read.
    pub(super) fn decided(&self) -> bool {
        self.verdict().is_some()
    }

    /// The OS that the evidence is for, and the kind of evidence that decided.
    ///
    /// The strongest kind that names one single OS decides. A kind that names several (the notes of an Actually
    /// Portable Executable) is for the caller's if that is one of them, and else leaves it to the next kind; if
    /// that stays so to the end, the first one named wins.
    fn verdict(&self) -> Option<(Os, Kind)> {
        let mut undecided = None;
        let mut kinds: Vec<Kind> = self.seen.iter().map(|evidence| evidence.kind).collect();
        kinds.sort();
        kinds.dedup();
        for kind in kinds {
            let named: Vec<Os> = self
                .seen
                .iter()
                .filter(|evidence| evidence.kind == kind)
                .filter_map(|evidence| evidence.os)
                .collect();
            let Some(&first) = named.first() else { continue };
            if named.iter().all(|&os| os == first) {
                // A guess does not overrule marks that merely name more than one OS.
                if undecided.is_none() || kind.is_mark() {
                    return Some((first, kind));
                }
            } else if let Some(caller) = self.caller.filter(|caller| named.contains(caller)) {
                return Some((caller, kind));
            }
            undecided = undecided.or(Some((first, kind)));
        }
        undecided
    }

    /// The answer: the OS, every OS the file is marked for, and all evidence, strongest first.
    pub(super) fn conclude(mut self) -> (Option<Os>, Vec<Os>, Vec<Evidence>) {
        self.seen.sort_by_key(|evidence| evidence.kind);
        let verdict = self.verdict();
        if let Some((os, kind)) = verdict {
            for evidence in &mut self.seen {
                evidence.decisive = evidence.kind == kind && evidence.os == Some(os);
            }
        }
        let mut brands = self.named(Kind::is_mark);
        if brands.is_empty() {
            brands = self.named(|kind| kind != Kind::Override);
        }
        (verdict.map(|(os, _)| os), brands, self.seen)
    }

    fn named(&self, counts: impl Fn(Kind) -> bool) -> Vec<Os> {
        let mut brands = Vec::new();
        for os in self.seen.iter().filter(|evidence| counts(evidence.kind)).filter_map(|evidence| evidence.os)
        {
            if !brands.contains(&os) {
                brands.push(os);
            }
        }
        brands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_outranks_the_osabi_byte() {
        let mut findings = Findings::default();
        findings.add(Kind::OsAbi, Os::Linux, "OSABI Linux");
        findings.add(Kind::Note, Os::Hurd, "GNU ABI note Hurd");
        let (os, brands, evidence) = findings.conclude();
        assert_eq!(os, Some(Os::Hurd));
        assert_eq!(brands, [Os::Hurd, Os::Linux]);
        assert!(evidence[0].decisive && !evidence[1].decisive);
    }

    #[test]
    fn notes_that_disagree_leave_it_to_the_osabi_byte() {
        let mut findings = Findings::default();
        findings.add(Kind::Note, Os::OpenBsd, "OpenBSD");
        findings.add(Kind::Note, Os::NetBsd, "NetBSD");
        findings.add(Kind::OsAbi, Os::FreeBsd, "OSABI FreeBSD");
        assert_eq!(findings.conclude().0, Some(Os::FreeBsd));
    }

    #[test]
    fn notes_that_disagree_are_for_the_callers_os() {
        let called_by = |caller| {
            let mut findings = Findings::default();
            findings.called_by(Some(caller));
            findings.add(Kind::Note, Os::OpenBsd, "OpenBSD");
            findings.add(Kind::Note, Os::NetBsd, "NetBSD");
            findings.add(Kind::OsAbi, Os::FreeBsd, "OSABI FreeBSD");
            findings.conclude().0
        };
        assert_eq!(called_by(Os::NetBsd), Some(Os::NetBsd));
        assert_eq!(called_by(Os::FreeBsd), Some(Os::FreeBsd));
        assert_eq!(called_by(Os::Solaris), Some(Os::FreeBsd));
    }

    #[test]
    fn a_guess_does_not_choose_between_notes() {
        let mut findings = Findings::default();
        findings.add(Kind::Note, Os::OpenBsd, "OpenBSD");
        findings.add(Kind::Note, Os::NetBsd, "NetBSD");
        findings.add(Kind::Compiler, Os::Linux, "GCC (Debian)");
        assert_eq!(findings.conclude().0, Some(Os::OpenBsd));
    }

    #[test]
    fn guesses_are_brands_only_where_there_is_no_mark() {
        let mut findings = Findings::default();
        findings.add(Kind::GoSettings, Os::DragonFly, "GOOS=dragonfly");
        findings.add(Kind::Compiler, Os::Linux, "GCC (Debian)");
        assert_eq!(findings.conclude().1, [Os::DragonFly, Os::Linux]);
    }
}
