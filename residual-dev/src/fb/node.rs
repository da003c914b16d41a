//! The device nodes of a server, and what is behind them.

use rustix::fs::makedev;

use crate::input::Kind;

/// Where sysfs has a screen, but for its number.
const DIRECTORY: &str = "/sys/class/graphics/fb";
/// Where procfs has the list of them.
const LIST: &str = "/proc/fb";

/// What a node leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A screen.
    Screen(usize),
    /// A terminal, counted from 1; 0 for the one on the screen.
    Terminal(u32),
    /// An event device.
    Events(Kind),
    /// All mice together.
    Mice,
    /// What tells of a screen in sysfs.
    Directory(usize),
    /// What lists the screens in procfs.
    List,
}

impl Node {
    /// What is at a path below `/dev`.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "input/event0" => return Some(Self::Events(Kind::Keyboard)),
            "input/event1" => return Some(Self::Events(Kind::Pointer)),
            "input/mice" => return Some(Self::Mice),
            LIST => return Some(Self::List),
            _ => {}
        }
        if let Some(number) = path.strip_prefix(DIRECTORY) {
            return number.parse().ok().map(Self::Directory);
        }
        let screen = path.strip_prefix("fb").and_then(|number| number.parse().ok()).map(Self::Screen);
        screen.or_else(|| path.strip_prefix("tty")?.parse().ok().map(Self::Terminal))
    }

    /// Its path below `/dev`.
    pub fn path(self) -> String {
        match self {
            Self::Screen(number) => format!("fb{number}"),
            Self::Terminal(number) => format!("tty{number}"),
            Self::Events(Kind::Keyboard) => "input/event0".to_owned(),
            Self::Events(Kind::Pointer) => "input/event1".to_owned(),
            Self::Mice => "input/mice".to_owned(),
            Self::Directory(number) => format!("{DIRECTORY}{number}"),
            Self::List => LIST.to_owned(),
        }
    }

    /// Its device number (devices.txt of Linux); 0 for what is no device.
    pub fn device(self) -> u64 {
        match self {
            Self::Screen(number) => makedev(29, number as u32),
            Self::Terminal(number) => makedev(4, number),
            Self::Events(Kind::Keyboard) => makedev(13, 64),
            Self::Events(Kind::Pointer) => makedev(13, 65),
            Self::Mice => makedev(13, 63),
            Self::Directory(_) | Self::List => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_nodes_and_back() {
        let nodes = [
            Node::Screen(3),
            Node::Directory(3),
            Node::List,
            Node::Terminal(0),
            Node::Terminal(7),
            Node::Mice,
        ];
        for node in nodes.into_iter().chain([Kind::Keyboard, Kind::Pointer].map(Node::Events)) {
            assert_eq!(Node::at(&node.path()), Some(node));
        }
        assert_eq!((Node::at("fb"), Node::at("ttyS0"), Node::at("input")), (None, None, None));
    }
}
