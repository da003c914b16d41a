//! Device nodes, by the names that each system has for them.

use rustix::fs::makedev;

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// `/dev/sg…` of Linux: commands.
    Generic(usize),
    /// `/dev/sr…` of Linux: blocks, and commands.
    Disc(usize),
    /// `/dev/xpt0` of FreeBSD: what devices there are, and commands to any.
    Transport,
    /// `/dev/pass…` of FreeBSD: commands.
    Pass(usize),
    /// `/dev/cd…` of FreeBSD: blocks.
    Cd(usize),
}

impl Node {
    /// By its path below `/dev`.
    pub fn named(path: &str) -> Option<Self> {
        let number = |prefix: &str| path.strip_prefix(prefix).and_then(|number| number.parse().ok());
        if path == "xpt0" {
            return Some(Self::Transport);
        }
        number("sg")
            .map(Self::Generic)
            .or_else(|| number("sr").map(Self::Disc))
            .or_else(|| number("pass").map(Self::Pass))
            .or_else(|| number("cd").map(Self::Cd))
    }

    /// Which drive it leads to.
    pub fn drive(self) -> Option<usize> {
        match self {
            Self::Generic(number) | Self::Disc(number) | Self::Pass(number) | Self::Cd(number) => {
                Some(number)
            }
            Self::Transport => None,
        }
    }

    /// Whether blocks are read through it.
    pub fn is_readable(self) -> bool {
        matches!(self, Self::Disc(_) | Self::Cd(_))
    }

    /// Whether it is one of FreeBSD's for commands alone.
    pub fn is_command(self) -> bool {
        matches!(self, Self::Transport | Self::Pass(_))
    }

    /// Whether it is a block device. FreeBSD has none.
    pub fn is_block(self) -> bool {
        matches!(self, Self::Disc(_))
    }

    /// Its device number: those of Linux as devices.txt has them, those of FreeBSD unlike each other.
    pub fn device(self) -> u64 {
        match self {
            Self::Generic(number) => makedev(21, number as u32),
            Self::Disc(number) => makedev(11, number as u32),
            Self::Transport => makedev(0x0d0, 0),
            Self::Pass(number) => makedev(0x0d0, 1 + number as u32),
            Self::Cd(number) => makedev(0x0d0, 65 + number as u32),
        }
    }
}
