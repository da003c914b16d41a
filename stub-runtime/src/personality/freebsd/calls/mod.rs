//! The calls of FreeBSD on amd64, releases 5 to 15.
//!
//! Numbers, names, types and directions are those of FreeBSD's `sys/kern/syscalls.master`. A call that a later
//! release replaced keeps its number and carries the kernel's name for it: `freebsd11_stat` is what a program
//! built on release 11 means by `stat`. Numbers that no release gave away are left out.

mod high;
mod low;

use crate::call_table;

call_table! {
    /// Every call of FreeBSD.
    pub static CALLS = "freebsd" from [low::ROWS, high::ROWS];
}

#[cfg(test)]
mod tests;
