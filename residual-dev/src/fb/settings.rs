//! What a deployment says of screens.

use serde::Deserialize;

use schemas::Personality;
use schemas::server::DeviceNode;

use super::Node;
use super::mode::{Depth, Mode};
use crate::input::Kind;

/// Most screens of one server: the minor numbers that Linux gives frame buffers.
const SCREENS: u32 = 32;
/// Most memory of one screen, in bytes.
const MEMORY: u64 = 1 << 30;
/// Most terminals: those that keys switch to.
const TERMINALS: u32 = 12;

/// What a deployment may say of a server of kind `fb`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// How many screens there are, all alike: `/dev/fb0` and on.
    pub screens: u32,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bits a pixel: 16, 24 or 32.
    pub bits: u32,
    /// Bytes of memory a screen; where absent, enough for two pictures of 32 bits a pixel.
    pub memory: Option<u64>,
    /// How many virtual terminals the first screen has: `/dev/tty1` and on.
    pub terminals: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { screens: 1, width: 1024, height: 768, bits: 32, memory: None, terminals: 7 }
    }
}

impl Settings {
    /// Reads the table of a deployment.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(table: &toml::Table) -> Result<Self, String> {
        let settings: Self =
            table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        if !(1..=SCREENS).contains(&settings.screens) {
            return Err(format!("there can be 1 to {SCREENS} screens"));
        }
        if settings.terminals > TERMINALS {
            return Err(format!("there can be at most {TERMINALS} terminals"));
        }
        settings.mode().map(|_| settings)
    }

    /// The nodes: those of screens everyone sees, all others Linux.
    pub fn nodes(&self) -> Vec<DeviceNode> {
        let screens = (0..self.screens as usize).map(|number| (Node::Screen(number), 0));
        let terminals = if self.terminals == 0 { 0 } else { self.terminals + 1 };
        let others = (0..terminals)
            .map(Node::Terminal)
            .chain((0..self.screens as usize).map(Node::Directory))
            .chain([Node::List])
            .chain([Node::Events(Kind::Keyboard), Node::Events(Kind::Pointer), Node::Mice])
            .map(|node| (node, Personality::Linux.bit()));
        let node = |(node, personalities): (Node, u32)| DeviceNode {
            path: node.path(),
            personalities,
            block: false,
        };
        screens.chain(others).map(node).collect()
    }

    /// The mode that screens begin with, and the bytes of their memory.
    ///
    /// # Errors
    /// A sentence.
    pub fn mode(&self) -> Result<(Mode, u64), String> {
        let depth = Depth::from_bits(self.bits).ok_or("a pixel has 16, 24 or 32 bits")?;
        let mode = Mode::new(self.width, self.height, depth);
        let two = 2 * u64::from(self.width) * u64::from(self.height) * u64::from(Depth::Bits32.bytes());
        let memory = self.memory.unwrap_or(two);
        if memory > MEMORY {
            return Err(format!("a screen has at most {MEMORY} bytes of memory"));
        }
        let checked = mode.checked(memory);
        let mode = checked.map_err(|_| {
            format!("a screen of {} by {} does not fit into {memory} bytes", self.width, self.height)
        })?;
        Ok((mode, memory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        let read = |text: &str| Settings::read(&text.parse().unwrap());
        assert_eq!(read("").unwrap(), Settings::default());
        assert_eq!(read("width = 640\nheight = 480\nbits = 16").unwrap().mode().unwrap().1, 640 * 480 * 8);
        for bad in [
            "bits = 15",
            "width = 0",
            "screens = 0",
            "screens = 33",
            "memory = 1",
            "colour = 1",
            "width = 4000000000",
            "terminals = 13",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
