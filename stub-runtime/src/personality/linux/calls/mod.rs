//! The calls of Linux on x86-64, up to Linux 7.0.
//!
//! Numbers and names are those of Linux's `arch/x86/entry/syscalls/syscall_64.tbl`, arguments and types those
//! of its declarations in `include/linux/syscalls.h` and of the manual pages. Numbers 337 to 423 were left free
//! so that new calls have the same number on every architecture; 512 and up are for the x32 ABI.

mod high;
mod low;

use crate::call_table;

call_table! {
    /// Every call of Linux.
    pub static CALLS = "linux" from [low::ROWS, high::ROWS];
}

#[cfg(test)]
mod tests;
