//! How fast the recorder burns: as fast as data comes, or as a real one does. A real one takes data into a buffer and
//! answers `LONG_WRITE` while that is full, so that nobody waits here.

use std::time::{Duration, Instant};

use crate::scsi::sense::Sense;

/// Bytes that the buffer holds.
pub const BUFFER: u32 = 4 << 20;

/// Speed and filling of the buffer.
#[derive(Debug)]
pub struct Pace {
    /// Whether speeds are as a real one's.
    real: bool,
    filled: f64,
    at: Instant,
}

impl Pace {
    /// Unlimited, or as a real one's.
    pub fn new(real: bool) -> Self {
        Self { real, filled: 0.0, at: Instant::now() }
    }

    /// Takes bytes into the buffer, which drains with `speed` kB/s.
    ///
    /// # Errors
    /// `LONG_WRITE` while there is no room.
    pub fn take(&mut self, bytes: usize, speed: u32) -> Result<(), Sense> {
        if !self.real {
            return Ok(());
        }
        self.drain(speed);
        if self.filled > 0.0 && self.filled + bytes as f64 > f64::from(BUFFER) {
            return Err(Sense::LONG_WRITE);
        }
        self.filled += bytes as f64;
        Ok(())
    }

    fn drain(&mut self, speed: u32) {
        let now = Instant::now();
        let gone = now.saturating_duration_since(self.at).min(Duration::from_secs(3600));
        self.filled = (self.filled - gone.as_secs_f64() * f64::from(speed) * 1000.0).max(0.0);
        self.at = now;
    }

    /// Bytes for which there is room.
    pub fn room(&mut self, speed: u32) -> u32 {
        self.drain(speed);
        BUFFER - (self.filled as u32).min(BUFFER)
    }

    /// Whether all was burnt.
    ///
    /// # Errors
    /// `LONG_WRITE` while it was not.
    pub fn settled(&mut self, speed: u32) -> Result<(), Sense> {
        self.drain(speed);
        if self.real && self.filled > 0.0 { Err(Sense::LONG_WRITE) } else { Ok(()) }
    }

    /// Nothing is in the buffer.
    pub fn forget(&mut self) {
        self.filled = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_takes_nothing_until_it_drains() {
        let mut pace = Pace::new(true);
        pace.take(BUFFER as usize, 1).expect("it is empty");
        assert_eq!(pace.take(1 << 20, 1), Err(Sense::LONG_WRITE));
        assert_eq!(pace.settled(1), Err(Sense::LONG_WRITE));
        pace.at -= Duration::from_secs(60);
        assert_eq!(pace.take(1 << 20, 1000), Ok(()));
        let mut unlimited = Pace::new(false);
        for _ in 0..10 {
            unlimited.take(BUFFER as usize, 1).expect("nothing limits it");
        }
    }
}
