//! A screen: memory that guests map and draw on, and how it is shown.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, SealFlags};
use schemas::Errno;

use super::mode::Mode;
use crate::errno;

/// Entries of the colour map.
pub const COLOURS: usize = 256;

/// Pictures a second of the screen's own clock.
const RATE: u32 = 60;

/// An entry of the colour map: red, green and blue, of 16 bits each.
pub type Colour = [u16; 3];

/// A screen.
pub struct Screen {
    memory: OwnedFd,
    size: u64,
    began: Instant,
    shown: Mutex<Shown>,
}

/// How a screen is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What of the memory, and what its bytes mean.
    pub mode: Mode,
    /// `FB_BLANK_*` (linux/fb.h): 0 when it is on.
    pub blank: u32,
    /// Whether a program draws on it, so that no text is to be written there (`KD_GRAPHICS`).
    pub graphics: bool,
    /// The colour map.
    pub colours: Vec<Colour>,
}

impl Screen {
    /// A black screen with `size` bytes of memory.
    ///
    /// # Errors
    /// `EINVAL` for a mode that needs more, and what the host says of the memory.
    pub fn new(mode: Mode, size: u64) -> Result<Self, Errno> {
        let mode = mode.checked(size)?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = rustix::fs::memfd_create("screen", flags).map_err(errno)?;
        rustix::fs::ftruncate(&memory, size).map_err(errno)?;
        // Whoever maps it can rely on its size.
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&memory, seals).map_err(errno)?;
        // The sixteen colours of the text console, twice as bright from the ninth on, then grey.
        let grey = |index: usize| [(index * 257) as u16; 3];
        let shown = Shown { mode, blank: 0, graphics: false, colours: (0..COLOURS).map(grey).collect() };
        Ok(Self { memory, size, began: Instant::now(), shown: Mutex::new(shown) })
    }

    /// Its memory.
    pub fn memory(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    /// Bytes of its memory.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How it is shown.
    pub fn shown(&self) -> MutexGuard<'_, Shown> {
        crate::lock(&self.shown)
    }

    /// Sets a mode, unless it is only tried; gives the mode as it came out.
    ///
    /// # Errors
    /// `EINVAL` for one that cannot be.
    pub fn set_mode(&self, wanted: Mode, only_try: bool) -> Result<Mode, Errno> {
        let mode = wanted.checked(self.size)?;
        if !only_try {
            self.shown().mode = mode;
        }
        Ok(mode)
    }

    /// How long it is until the next picture begins.
    pub fn until_next_picture(&self) -> Duration {
        let one = Duration::from_secs(1) / RATE;
        one - Duration::from_nanos((self.began.elapsed().as_nanos() % one.as_nanos()) as u64)
    }

    /// Reads its memory from `offset`, as far as there is any.
    ///
    /// # Errors
    /// What the host says.
    pub fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, Errno> {
        let left = self.size.saturating_sub(offset).min(length as u64);
        if left == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; left as usize];
        let read = rustix::io::pread(&self.memory, &mut bytes, offset).map_err(errno)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Writes to its memory at `offset`; gives how much.
    ///
    /// # Errors
    /// `ENOSPC` when that begins at the end, `EFBIG` when it begins beyond it, as drivers say.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        let left = self.size.checked_sub(offset).ok_or(Errno::FBIG)?;
        if left == 0 && !bytes.is_empty() {
            return Err(Errno::NOSPC);
        }
        let bytes = &bytes[..bytes.len().min(left as usize)];
        rustix::io::pwrite(&self.memory, bytes, offset).map_err(errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fb::mode::Depth;

    #[test]
    fn memory_ends_where_it_ends() {
        let screen = Screen::new(Mode::new(4, 4, Depth::Bits32), 64).unwrap();
        assert_eq!(screen.write(60, &[1; 8]), Ok(4));
        assert_eq!(screen.read(56, 100).unwrap(), [0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!((screen.write(64, &[1]), screen.write(65, &[1])), (Err(Errno::NOSPC), Err(Errno::FBIG)));
        assert!(screen.read(u64::MAX, 1).unwrap().is_empty());
        assert!(rustix::fs::ftruncate(screen.memory(), 0).is_err());
    }

    #[test]
    fn a_mode_that_is_tried_changes_nothing() {
        let screen = Screen::new(Mode::new(4, 4, Depth::Bits32), 256).unwrap();
        let wanted = Mode::new(8, 8, Depth::Bits32);
        assert_eq!(screen.set_mode(wanted, true), Ok(wanted));
        assert_eq!(screen.shown().mode.width, 4);
        assert_eq!(screen.set_mode(Mode::new(9, 8, Depth::Bits32), false), Err(Errno::INVAL));
        assert!(screen.until_next_picture() <= Duration::from_millis(17));
    }
}
