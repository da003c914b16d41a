//! The calls of Linux on x86-64, up to Linux 7.0.
//!
//! Numbers and names are those of Linux's `arch/x86/entry/syscalls/syscall_64.tbl`, arguments and types those
//! of its declarations in `include/linux/syscalls.h` and of the manual pages. Numbers 337 to 423 were left free
//! so that new calls have the same number on every architecture; 512 and up are for the x32 ABI.

mod high;
mod low;

use core::mem::offset_of;

use linux_raw_sys::general::*;

use crate::call_table;
use schemas::Operation::{FileDuplicate, FileLock};

use crate::context::{Context, Identities};
use crate::trap::fast::Fast::{self, Constant, HostPlain, HostPlainOf, Identity};

call_table! {
    /// Every call of Linux.
    pub static CALLS = "linux" from [low::ROWS, high::ROWS];
}

/// See [`Personality::fast`](crate::personality::Personality::fast).
pub const FAST: &[(u16, Fast)] = &[
    same(__NR_read),
    same(__NR_write),
    same(__NR_fstat),
    same(__NR_lseek),
    same(__NR_pread64),
    same(__NR_pwrite64),
    same(__NR_readv),
    same(__NR_writev),
    same(__NR_getdents64),
    // Event queues, of which a descriptor that is closed must be taken out, are none of Linux's.
    same(__NR_close),
    (__NR_fcntl as u16, HostPlainOf(__NR_fcntl as u16, [FileDuplicate, FileLock])),
    (__NR_getpid as u16, Constant(offset_of!(Context, pid))),
    (__NR_gettid as u16, Constant(offset_of!(Context, tid))),
    (__NR_getuid as u16, Identity(IDENTITIES + offset_of!(Identities, users))),
    (__NR_geteuid as u16, Identity(IDENTITIES + offset_of!(Identities, users) + EFFECTIVE)),
    (__NR_getgid as u16, Identity(IDENTITIES + offset_of!(Identities, groups))),
    (__NR_getegid as u16, Identity(IDENTITIES + offset_of!(Identities, groups) + EFFECTIVE)),
];

const IDENTITIES: usize = offset_of!(Context, identities);
/// The effective identity comes behind the real one.
const EFFECTIVE: usize = size_of::<u32>();

/// A call of which the host's own does all there is to do for a plain descriptor.
const fn same(number: u32) -> (u16, Fast) {
    (number as u16, HostPlain(number as u16))
}

#[cfg(test)]
mod tests;
