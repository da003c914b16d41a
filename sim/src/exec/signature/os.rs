//! The operating systems that a program file can be compiled for.

use std::fmt;
use std::str::FromStr;

use schemas::Personality;
use serde::{Serialize, Serializer};

/// An operating system that the signature reader knows by name.
///
/// There are more of them than personalities: a file is named for what it is, also where no personality can
/// run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Os {
    /// Linux, whichever C library.
    Linux,
    /// FreeBSD.
    FreeBsd,
    /// NetBSD.
    NetBsd,
    /// OpenBSD.
    OpenBsd,
    /// DragonFly BSD.
    DragonFly,
    /// Solaris and its descendants such as illumos; their files do not differ.
    Solaris,
    /// The GNU Hurd.
    Hurd,
    /// SCO Unix and the other System V Release 3 systems for the i386.
    Sco,
    /// Xenix.
    Xenix,
    /// DOS.
    Dos,
    /// Windows, 16 to 64 bits.
    Windows,
    /// OS/2.
    Os2,
    /// Darwin and macOS.
    Darwin,
    /// Not an OS: programs that run on the firmware.
    Uefi,
}

impl Os {
    /// All of them, in the order of declaration.
    pub const ALL: [Os; 14] = [
        Os::Linux,
        Os::FreeBsd,
        Os::NetBsd,
        Os::OpenBsd,
        Os::DragonFly,
        Os::Solaris,
        Os::Hurd,
        Os::Sco,
        Os::Xenix,
        Os::Dos,
        Os::Windows,
        Os::Os2,
        Os::Darwin,
        Os::Uefi,
    ];

    /// The word for the command line and for JSON.
    pub fn name(self) -> &'static str {
        match (self, self.personality()) {
            (Os::Xenix, _) => "xenix",
            (_, Some(personality)) => personality.name(),
            (Os::Windows, None) => "windows",
            (Os::Os2, None) => "os2",
            (Os::Darwin, None) => "darwin",
            (_, None) => "uefi",
        }
    }

    /// The name as its makers write it.
    pub fn title(self) -> &'static str {
        match (self, self.personality()) {
            (Os::Xenix, _) => "Xenix",
            (_, Some(personality)) => personality.title(),
            (Os::Windows, None) => "Windows",
            (Os::Os2, None) => "OS/2",
            (Os::Darwin, None) => "Darwin",
            (_, None) => "UEFI",
        }
    }

    /// Its personality, if it can have one. Xenix programs ran on SCO Unix too, and would by its personality.
    pub fn personality(self) -> Option<Personality> {
        Some(match self {
            Os::Linux => Personality::Linux,
            Os::FreeBsd => Personality::FreeBsd,
            Os::NetBsd => Personality::NetBsd,
            Os::OpenBsd => Personality::OpenBsd,
            Os::DragonFly => Personality::DragonFly,
            Os::Solaris => Personality::Solaris,
            Os::Hurd => Personality::Hurd,
            Os::Sco | Os::Xenix => Personality::Sco,
            Os::Dos => Personality::Dos,
            Os::Windows | Os::Os2 | Os::Darwin | Os::Uefi => return None,
        })
    }

    /// The OS that a Go tool chain calls `goos` (`go tool dist list`).
    pub(super) fn from_goos(goos: &[u8]) -> Option<Os> {
        Some(match goos {
            b"linux" | b"android" => Os::Linux,
            b"freebsd" => Os::FreeBsd,
            b"netbsd" => Os::NetBsd,
            b"openbsd" => Os::OpenBsd,
            b"dragonfly" => Os::DragonFly,
            b"solaris" | b"illumos" => Os::Solaris,
            b"darwin" | b"ios" => Os::Darwin,
            b"windows" => Os::Windows,
            _ => return None,
        })
    }
}

impl From<Personality> for Os {
    fn from(personality: Personality) -> Os {
        match personality {
            Personality::Linux => Os::Linux,
            Personality::FreeBsd => Os::FreeBsd,
            Personality::NetBsd => Os::NetBsd,
            Personality::OpenBsd => Os::OpenBsd,
            Personality::DragonFly => Os::DragonFly,
            Personality::Solaris => Os::Solaris,
            Personality::Sco => Os::Sco,
            Personality::Dos => Os::Dos,
            Personality::Hurd => Os::Hurd,
        }
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl Serialize for Os {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A word that names no OS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no operating system is called {0:?} here; known are: linux, freebsd, netbsd, openbsd, dragonfly, solaris, hurd, sco, xenix, dos, windows, os2, darwin, uefi"
)]
pub struct UnknownOs(pub String);

impl FromStr for Os {
    type Err = UnknownOs;

    fn from_str(word: &str) -> Result<Os, UnknownOs> {
        let lower = word.to_ascii_lowercase();
        let lower = match lower.as_str() {
            "illumos" | "sunos" => "solaris",
            "macos" => "darwin",
            "gnu" => "hurd",
            other => other,
        };
        Os::ALL.into_iter().find(|os| os.name() == lower).ok_or_else(|| UnknownOs(word.to_owned()))
    }
}
