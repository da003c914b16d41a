//! How the pixels of a screen lie in memory, and which of them are seen.

use schemas::Errno;

/// Widest and highest screen, in pixels, virtual ones included.
const LIMIT: u32 = 16_384;

/// Where a colour lies in a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// Its lowest bit.
    pub offset: u8,
    /// Its length in bits; 0 for a colour that pixels do not have.
    pub length: u8,
}

impl Channel {
    const fn new(offset: u8, length: u8) -> Self {
        Self { offset, length }
    }

    /// Its value in a pixel, as a byte.
    pub fn of(self, pixel: u32) -> u8 {
        if self.length == 0 {
            return 0;
        }
        let most = (1 << self.length) - 1;
        let value = pixel >> self.offset & most;
        ((value * 255 + most / 2) / most) as u8
    }
}

/// Bits a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Five bits red, six green, five blue.
    Bits16,
    /// A byte a colour, blue first.
    Bits24,
    /// The same with a byte that is not shown.
    Bits32,
}

impl Depth {
    /// The depth with so many bits.
    pub fn from_bits(bits: u32) -> Option<Self> {
        match bits {
            16 => Some(Self::Bits16),
            24 => Some(Self::Bits24),
            32 => Some(Self::Bits32),
            _ => None,
        }
    }

    /// Bytes a pixel.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Bits16 => 2,
            Self::Bits24 => 3,
            Self::Bits32 => 4,
        }
    }

    /// Where red, green, blue and opacity lie.
    pub const fn channels(self) -> [Channel; 4] {
        match self {
            Self::Bits16 => [Channel::new(11, 5), Channel::new(5, 6), Channel::new(0, 5), Channel::new(0, 0)],
            Self::Bits24 => [Channel::new(16, 8), Channel::new(8, 8), Channel::new(0, 8), Channel::new(0, 0)],
            Self::Bits32 => {
                [Channel::new(16, 8), Channel::new(8, 8), Channel::new(0, 8), Channel::new(24, 8)]
            }
        }
    }
}

/// What a screen shows of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Pixels seen in a line.
    pub width: u32,
    /// Lines seen.
    pub height: u32,
    /// Pixels in a line of the memory.
    pub virtual_width: u32,
    /// Lines in the memory.
    pub virtual_height: u32,
    /// The first pixel seen of each line.
    pub left: u32,
    /// The first line seen.
    pub top: u32,
    /// Bits a pixel.
    pub depth: Depth,
}

impl Mode {
    /// One that shows all of its memory.
    pub const fn new(width: u32, height: u32, depth: Depth) -> Self {
        Self { width, height, virtual_width: width, virtual_height: height, left: 0, top: 0, depth }
    }

    /// Bytes from one line to the next.
    pub const fn stride(&self) -> u32 {
        self.virtual_width * self.depth.bytes()
    }

    /// Bytes of memory that it takes.
    pub const fn size(&self) -> u64 {
        self.stride() as u64 * self.virtual_height as u64
    }

    /// The mode made possible as drivers do: what is seen fits into the memory, whose lines are lengthened to it.
    ///
    /// # Errors
    /// `EINVAL` for an empty screen, or one that takes more than `memory` bytes.
    pub fn checked(mut self, memory: u64) -> Result<Self, Errno> {
        self.virtual_width = self.virtual_width.max(self.width);
        self.virtual_height = self.virtual_height.max(self.height);
        let sides = [self.width, self.height, self.virtual_width, self.virtual_height];
        if sides.iter().any(|side| !(1..=LIMIT).contains(side)) || self.size() > memory {
            return Err(Errno::INVAL);
        }
        self.panned(self.left, self.top)
    }

    /// The mode with another part seen.
    ///
    /// # Errors
    /// `EINVAL` for a part that is not all in the memory.
    pub fn panned(self, left: u32, top: u32) -> Result<Self, Errno> {
        let fits = |from: u32, seen: u32, all: u32| from.checked_add(seen).is_some_and(|end| end <= all);
        if !fits(left, self.width, self.virtual_width) || !fits(top, self.height, self.virtual_height) {
            return Err(Errno::INVAL);
        }
        Ok(Self { left, top, ..self })
    }

    /// Where the first pixel seen of a line lies.
    pub const fn line(&self, line: u32) -> u64 {
        (self.top + line) as u64 * self.stride() as u64 + self.left as u64 * self.depth.bytes() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checked_lengthens_lines_and_refuses_what_does_not_fit() {
        let mode = Mode { width: 800, virtual_width: 0, ..Mode::new(640, 480, Depth::Bits32) };
        assert_eq!(mode.checked(1 << 24).unwrap().virtual_width, 800);
        for bad in [
            Mode::new(0, 480, Depth::Bits16),
            Mode::new(640, u32::MAX, Depth::Bits16),
            Mode::new(4096, 4096, Depth::Bits32),
            Mode { left: 1, ..Mode::new(640, 480, Depth::Bits32) },
            Mode { top: u32::MAX, ..Mode::new(640, 480, Depth::Bits32) },
        ] {
            assert_eq!(bad.checked(1 << 24), Err(Errno::INVAL), "{bad:?}");
        }
    }

    #[test]
    fn channels_reach_from_black_to_white() {
        for depth in [Depth::Bits16, Depth::Bits24, Depth::Bits32] {
            let [red, green, blue, _] = depth.channels();
            for channel in [red, green, blue] {
                assert_eq!((channel.of(0), channel.of(u32::MAX)), (0, 255));
            }
        }
        assert_eq!(Depth::Bits16.channels()[1].of(0x07e0), 255);
    }
}
