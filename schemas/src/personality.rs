//! The foreign OSes.

/// The ABI of an OS. The discriminant is what messages and shared layouts hold; 0 there means none, or not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Personality {
    /// Linux.
    Linux = 1,
    /// FreeBSD.
    FreeBsd = 2,
    /// NetBSD.
    NetBsd = 3,
    /// OpenBSD.
    OpenBsd = 4,
    /// DragonFly BSD.
    DragonFly = 5,
    /// Solaris and illumos.
    Solaris = 6,
    /// SCO OpenServer and UnixWare.
    Sco = 7,
    /// DOS.
    Dos = 8,
    /// GNU/Hurd.
    Hurd = 9,
}

impl Personality {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Linux,
        Self::FreeBsd,
        Self::NetBsd,
        Self::OpenBsd,
        Self::DragonFly,
        Self::Solaris,
        Self::Sco,
        Self::Dos,
        Self::Hurd,
    ];

    /// Its name, as `--os` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::FreeBsd => "freebsd",
            Self::NetBsd => "netbsd",
            Self::OpenBsd => "openbsd",
            Self::DragonFly => "dragonfly",
            Self::Solaris => "solaris",
            Self::Sco => "sco",
            Self::Dos => "dos",
            Self::Hurd => "hurd",
        }
    }

    /// Its name, as its makers write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::FreeBsd => "FreeBSD",
            Self::NetBsd => "NetBSD",
            Self::OpenBsd => "OpenBSD",
            Self::DragonFly => "DragonFly BSD",
            Self::Solaris => "Solaris",
            Self::Sco => "SCO UNIX",
            Self::Dos => "DOS",
            Self::Hurd => "GNU/Hurd",
        }
    }

    /// The one that `--os` names; upper and lower case are alike.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|personality| personality.name().eq_ignore_ascii_case(name))
    }

    /// The one with this number.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte == 0 || byte as usize > Self::ALL.len() { None } else { Some(Self::ALL[byte as usize - 1]) }
    }

    /// Its row in tables of [`crate::transport::PERSONALITIES`] rows.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its bit in masks of personalities.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl core::fmt::Display for Personality {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}
