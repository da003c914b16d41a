//! What a deployment says of screens.

use serde::Deserialize;

use super::mode::{Depth, Mode};

/// Most screens of one server: the minor numbers that Linux gives frame buffers.
const SCREENS: u32 = 32;
/// Most memory of one screen, in bytes.
const MEMORY: u64 = 1 << 30;

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
}

impl Default for Settings {
    fn default() -> Self {
        Self { screens: 1, width: 1024, height: 768, bits: 32, memory: None }
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
        settings.mode().map(|_| settings)
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
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
