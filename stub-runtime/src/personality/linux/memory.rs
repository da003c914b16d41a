//! Linux's memory calls that the stub must look at (mmap(2) and its kin).

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::host::linux::syscall::call;
use crate::operation::memory;
use crate::trap::site::{self, Fate};

/// mmap(2).
///
/// # Errors
/// As the manual page says.
pub fn map(
    cx: &mut Context,
    addr: Pointer,
    len: usize,
    protection: i32,
    flags: u32,
    fd: i32,
    offset: i64,
) -> Result<u64, Errno> {
    memory::map(cx, addr.0, len, protection, flags, fd, offset)
}

/// brk(2).
///
/// # Errors
/// None: the old end is the sign of failure.
pub fn set_break(cx: &mut Context, end: Pointer) -> Result<u64, Errno> {
    Ok(memory::set_break(cx, end.0))
}

/// pkey_mprotect(2).
///
/// # Errors
/// `ENOMEM` for a range that touches the stub, else the host's.
pub fn protect_with_key(
    cx: &mut Context,
    addr: Pointer,
    len: usize,
    protection: i32,
    key: i32,
) -> Result<u64, Errno> {
    if cx.process().owns(addr.0, len as u64) {
        return Err(Errno::NOMEM);
    }
    let _change = site::change(addr.0, len as u64, Fate::Altered);
    // SAFETY: the guest's own address space.
    unsafe { call(__NR_pkey_mprotect, [addr.0, len as u64, protection as u64, key as u64]) }
}

/// remap_file_pages(2).
///
/// # Errors
/// `EINVAL` for a range that touches the stub, else the host's.
pub fn remap_file_pages(
    cx: &mut Context,
    start: Pointer,
    len: usize,
    protection: i32,
    offset: usize,
    flags: u32,
) -> Result<u64, Errno> {
    if cx.process().owns(start.0, len as u64) {
        return Err(Errno::INVAL);
    }
    let _change = site::change(start.0, len as u64, Fate::Altered);
    let args = [start.0, len as u64, protection as u64, offset as u64, u64::from(flags)];
    // SAFETY: the guest's own address space.
    unsafe { call(__NR_remap_file_pages, args) }
}

/// mseal(2).
///
/// # Errors
/// `ENOMEM` for a range that touches the stub, else the host's.
pub fn seal(cx: &mut Context, start: Pointer, len: usize, flags: u64) -> Result<u64, Errno> {
    if cx.process().owns(start.0, len as u64) {
        return Err(Errno::NOMEM);
    }
    let _change = site::change(start.0, len as u64, Fate::Altered);
    // SAFETY: the guest's own address space.
    unsafe { call(__NR_mseal, [start.0, len as u64, flags]) }
}
