//! The guest's address space. What belongs to the stub is not there for it: a range that touches
//! it is refused as one that is not the guest's.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::is_device;
use crate::operation::{frame, packet};
use crate::trap::site::{self, Fate};

/// Size of a page.
pub const PAGE: u64 = 4096;

/// `SHM_REMAP` (linux/shm.h): a shared segment replaces what is mapped where it goes.
pub const SHM_REMAP: u32 = 0o40000;

/// Refuses ranges that touch the stub.
fn check(cx: &Context, addr: u64, len: u64, error: Errno) -> Result<(), Errno> {
    if cx.process().owns(addr, len.next_multiple_of(PAGE)) { Err(error) } else { Ok(()) }
}

/// Maps memory; protection and flags in host bits.
///
/// # Errors
/// As mmap(2); `ENOMEM` for a fixed place that is the stub's.
pub fn map(
    cx: &mut Context,
    addr: u64,
    len: usize,
    protection: i32,
    flags: u32,
    fd: i32,
    offset: i64,
) -> Result<u64, Errno> {
    let mut _change = None;
    if flags & MAP_FIXED != 0 {
        check(cx, addr, len as u64, Errno::NOMEM)?;
        _change = Some(site::change(addr, len as u64, Fate::Gone));
    }
    if flags & MAP_ANONYMOUS == 0 && is_device(cx, fd) {
        frame::check_mapping(fd, offset as u64, len as u64)?;
    }
    let place = [addr, len as u64, protection as u64, u64::from(flags)];
    let map = |fd: i32| {
        let [addr, len, protection, flags] = place;
        // SAFETY: the guest's own address space, the stub's part excluded.
        unsafe { call(__NR_mmap, [addr, len, protection, flags, fd as u64, offset as u64]) }
    };
    match map(fd) {
        // What the host does not map its server may have memory for.
        Err(Errno::NODEV) if flags & MAP_ANONYMOUS == 0 && is_device(cx, fd) => {
            let memory = packet::memory(cx, fd)?;
            let mapped = map(memory);
            // SAFETY: no pointers; it was given for this.
            unsafe { call(__NR_close, [memory as u64]) }?;
            mapped
        }
        result => result,
    }
}

/// Unmaps memory. What belongs to the stub is not there for the guest, so a range that touches it loses the rest.
///
/// # Errors
/// As munmap(2).
pub fn unmap(cx: &mut Context, addr: Pointer, len: usize) -> Result<u64, Errno> {
    let end = addr.0.checked_add(len as u64).ok_or(Errno::INVAL)?;
    if len == 0 || !addr.0.is_multiple_of(PAGE) || end > guest::ADDRESS_END {
        return Err(Errno::INVAL);
    }
    let end = end.next_multiple_of(PAGE);
    let _change = site::change(addr.0, end - addr.0, Fate::Gone);
    let mut at = addr.0;
    while at < end {
        let own = cx.process().next_owned(at, end);
        let stop = own.as_ref().map_or(end, |own| own.start.max(at));
        if stop > at {
            // SAFETY: the guest's own address space, the stub's part excluded.
            unsafe { call(__NR_munmap, [at, stop - at]) }?;
        }
        at = own.map_or(end, |own| own.end);
    }
    Ok(0)
}

/// Changes protection; in host bits.
///
/// # Errors
/// As mprotect(2); `ENOMEM` for a range that touches the stub.
pub fn protect(cx: &mut Context, addr: Pointer, len: usize, protection: i32) -> Result<u64, Errno> {
    check(cx, addr.0, len as u64, Errno::NOMEM)?;
    let _change = site::change(addr.0, len as u64, Fate::Altered);
    // SAFETY: as above.
    unsafe { call(__NR_mprotect, [addr.0, len as u64, protection as u64]) }
}

/// Moves or resizes a mapping (Linux `mremap`).
///
/// # Errors
/// As mremap(2); `EFAULT` or `EINVAL` for ranges that touch the stub.
pub fn remap(
    cx: &mut Context,
    old: Pointer,
    old_len: usize,
    new_len: usize,
    flags: i32,
    new: Pointer,
) -> Result<u64, Errno> {
    check(cx, old.0, old_len as u64, Errno::FAULT)?;
    let _old = site::change(old.0, old_len as u64, Fate::Altered);
    let mut _new = None;
    if flags as u32 & MREMAP_FIXED != 0 {
        check(cx, new.0, new_len as u64, Errno::INVAL)?;
        _new = Some(site::change(new.0, new_len as u64, Fate::Gone));
    }
    // SAFETY: as above.
    unsafe { call(__NR_mremap, [old.0, old_len as u64, new_len as u64, flags as u64, new.0]) }
}

/// Attaches a shared segment; flags in host bits.
///
/// # Errors
/// As shmat(2); `EINVAL` for a place that is the stub's.
pub fn attach(cx: &mut Context, id: i32, addr: Pointer, flags: u32) -> Result<u64, Errno> {
    let mut _change = None;
    if flags & SHM_REMAP != 0 {
        // `struct shmid64_ds` begins with 48 bytes of permissions (asm-generic/shmbuf.h); the size is next.
        let mut status = [0u64; 14];
        // SAFETY: the kernel writes 112 bytes; 2 is IPC_STAT.
        unsafe { call(__NR_shmctl, [id as u64, 2, status.as_mut_ptr() as u64]) }?;
        check(cx, addr.0 & !(PAGE - 1), status[6], Errno::INVAL)?;
        _change = Some(site::change(addr.0 & !(PAGE - 1), status[6], Fate::Gone));
    }
    // SAFETY: the guest's own address space, the stub's part excluded.
    unsafe { call(__NR_shmat, [id as u64, addr.0, u64::from(flags)]) }
}

/// Gives advice about memory; advice in host numbers.
///
/// # Errors
/// As madvise(2); `ENOMEM` for a range that touches the stub.
pub fn advise(cx: &mut Context, addr: Pointer, len: usize, advice: i32) -> Result<u64, Errno> {
    check(cx, addr.0, len as u64, Errno::NOMEM)?;
    let _change = site::change(addr.0, len as u64, Fate::Altered);
    // SAFETY: as above.
    unsafe { call(__NR_madvise, [addr.0, len as u64, advice as u64]) }
}

/// Moves the end of the data segment to `wanted` and gives where it is then; a request that
/// cannot be met leaves it (Linux `brk`).
pub fn set_break(cx: &mut Context, wanted: u64) -> u64 {
    let process = cx.process();
    let mut data = process.data_end.lock();
    if wanted < data.start || wanted > guest::ADDRESS_END {
        return data.end;
    }
    let mapped = wanted.next_multiple_of(PAGE);
    if mapped > data.mapped {
        if process.owns(data.mapped, mapped - data.mapped) {
            return data.end;
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        // SAFETY: new memory that replaces nothing.
        let grown =
            unsafe { call(__NR_mmap, [data.mapped, mapped - data.mapped, 3, u64::from(flags), u64::MAX, 0]) };
        if grown.is_err() {
            return data.end;
        }
    } else if mapped < data.mapped {
        // SAFETY: the guest's own data.
        let _ = unsafe { call(__NR_munmap, [mapped, data.mapped - mapped]) };
    }
    data.mapped = mapped;
    data.end = wanted;
    wanted
}
