//! Linux's error numbers: the host's own, which are those of messages too (asm-generic/errno.h).

use schemas::Errno;

/// The number of an error.
#[inline]
pub fn from_host(error: Errno) -> i32 {
    error.raw()
}

/// The name in asm/errno.h.
pub fn name(number: i32) -> Option<&'static str> {
    Errno(number).name()
}
