//! What is done with an operation.

/// What the stub does with an operation: the flavour of its route. The discriminant is what the world page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Flavour {
    /// It computes the answer itself.
    Local = 0,
    /// It reads the answer from a page that a server keeps up to date.
    Cached = 1,
    /// It uses a capability that a server donated earlier. What belongs to a server alone (a path below its mount, an
    /// object that it answers for) is asked of it all the same.
    Direct = 2,
    /// It sends a message to the mapper.
    Mapped = 3,
}

impl Flavour {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Local, Self::Cached, Self::Direct, Self::Mapped];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cached => "cached",
            Self::Direct => "direct",
            Self::Mapped => "mapped",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.name() == name)
    }

    /// The one with this number.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Local),
            1 => Some(Self::Cached),
            2 => Some(Self::Direct),
            3 => Some(Self::Mapped),
            _ => None,
        }
    }
}

impl core::fmt::Display for Flavour {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}
