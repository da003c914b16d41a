//! Tables by process number.

use std::hash::{BuildHasherDefault, Hasher};

use dashmap::DashMap;

/// A table by process number. The kernel gives the numbers away in turn, so that it takes no secret to spread them.
pub type ByNumber<T> = DashMap<i32, T, BuildHasherDefault<Spread>>;

/// Spreads process numbers: by a multiplication with 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer
/// Programming, volume 3, 6.4).
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_i32(&mut self, number: i32) {
        self.0 = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
