//! The calls of FreeBSD on amd64, releases 5 to 15.
//!
//! Numbers, names, types and directions are those of FreeBSD's `sys/kern/syscalls.master`. A call that a later
//! release replaced keeps its number and carries the kernel's name for it: `freebsd11_stat` is what a program
//! built on release 11 means by `stat`. Numbers that no release gave away are left out.

mod high;
mod low;

use core::mem::offset_of;

use linux_raw_sys::general::*;

use crate::call_table;
use crate::context::{Context, Identities};
use crate::trap::fast::Fast::{self, Constant, Host, HostPlain, Identity};

call_table! {
    /// Every call of FreeBSD.
    pub static CALLS = "freebsd" from [low::ROWS, high::ROWS];
}

/// See [`Personality::fast`](crate::personality::Personality::fast).
pub const FAST: &[(u16, Fast)] = &[
    (3, HostPlain(__NR_read as u16)),
    (4, HostPlain(__NR_write as u16)),
    (20, Constant(offset_of!(Context, pid))),
    (24, Identity(IDENTITIES + offset_of!(Identities, users))),
    (25, Identity(IDENTITIES + offset_of!(Identities, users) + EFFECTIVE)),
    (39, Host(__NR_getppid as u16)),
    (43, Identity(IDENTITIES + offset_of!(Identities, groups) + EFFECTIVE)),
    (47, Identity(IDENTITIES + offset_of!(Identities, groups))),
    (120, HostPlain(__NR_readv as u16)),
    (121, HostPlain(__NR_writev as u16)),
    (331, Host(__NR_sched_yield as u16)),
    (475, HostPlain(__NR_pread64 as u16)),
    (476, HostPlain(__NR_pwrite64 as u16)),
    (478, HostPlain(__NR_lseek as u16)),
];

const IDENTITIES: usize = offset_of!(Context, identities);
/// The effective identity comes behind the real one.
const EFFECTIVE: usize = size_of::<u32>();

#[cfg(test)]
mod tests;
