//! Linux's signal numbers: the host's own, which are those of messages too (asm/signal.h).

use schemas::signal as neutral;

/// The highest signal number (`_NSIG`).
pub const LAST: i32 = 64;

/// Whether it is a signal's number.
pub const fn is_valid(signal: i32) -> bool {
    signal > 0 && signal <= LAST
}

/// The signal that servers know by this number, if Linux has it.
pub fn from_neutral(signal: u32) -> Option<i32> {
    if signal < neutral::FOREIGN_FIRST && is_valid(signal as i32) { Some(signal as i32) } else { None }
}

/// The name in asm/signal.h; none for real-time signals.
pub fn name(signal: i32) -> Option<&'static str> {
    if is_valid(signal) { neutral::name(signal as u32) } else { None }
}
