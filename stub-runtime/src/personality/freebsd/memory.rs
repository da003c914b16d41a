//! FreeBSD's memory calls (mmap(2), madvise(2), minherit(2) …, sys/sys/mman.h).

use linux_raw_sys::general as abi;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::memory::{self, PAGE};

// Flags of mmap(2).
const MAP_SHARED: u32 = 0x1;
const MAP_PRIVATE: u32 = 0x2;
const MAP_FIXED: u32 = 0x10;
const MAP_HASSEMAPHORE: u32 = 0x200;
const MAP_STACK: u32 = 0x400;
const MAP_NOSYNC: u32 = 0x800;
const MAP_ANON: u32 = 0x1000;
const MAP_GUARD: u32 = 0x2000;
const MAP_EXCL: u32 = 0x4000;
const MAP_NOCORE: u32 = 0x2_0000;
const MAP_PREFAULT_READ: u32 = 0x4_0000;
const MAP_32BIT: u32 = 0x8_0000;
/// `MAP_ALIGNED(n)`: the logarithm of the alignment; one means a large page.
const MAP_ALIGNMENT_SHIFT: u32 = 24;
const LARGE_PAGE_SHIFT: u32 = 21;

/// mmap(2).
///
/// # Errors
/// As the manual page says.
pub fn map(
    cx: &mut Context,
    addr: Pointer,
    len: usize,
    prot: i32,
    flags: u32,
    fd: i32,
    offset: i64,
) -> Result<u64, Errno> {
    // PROT_MAX(…) in the upper half limits what a later mprotect may add.
    let prot = prot & 7;
    let alignment = flags >> MAP_ALIGNMENT_SHIFT;
    let known = MAP_SHARED
        | MAP_PRIVATE
        | MAP_FIXED
        | MAP_HASSEMAPHORE
        | MAP_STACK
        | MAP_NOSYNC
        | MAP_ANON
        | MAP_GUARD
        | MAP_EXCL
        | MAP_NOCORE
        | MAP_PREFAULT_READ
        | MAP_32BIT;
    let shared = flags & MAP_SHARED != 0;
    let bad = flags & 0xff_ffff & !known != 0
        || shared && flags & MAP_PRIVATE != 0
        || flags & MAP_EXCL != 0 && flags & MAP_FIXED == 0
        || flags & MAP_ANON != 0 && (fd != -1 || offset != 0)
        || flags & MAP_GUARD != 0 && (prot != 0 || fd != -1 || offset != 0)
        || flags & MAP_STACK != 0 && (fd != -1 || prot & 3 != 3)
        || alignment > 47
        || len == 0;
    if bad {
        return Err(Errno::INVAL);
    }
    let mut host = if shared { abi::MAP_SHARED } else { abi::MAP_PRIVATE };
    let anonymous = flags & (MAP_ANON | MAP_GUARD | MAP_STACK) != 0;
    for (is, bit) in [
        (anonymous, abi::MAP_ANONYMOUS),
        (flags & MAP_EXCL != 0, abi::MAP_FIXED_NOREPLACE),
        (flags & MAP_FIXED != 0 && flags & MAP_EXCL == 0, abi::MAP_FIXED),
        (flags & MAP_PREFAULT_READ != 0, abi::MAP_POPULATE),
        (flags & MAP_32BIT != 0, abi::MAP_32BIT),
        // FreeBSD reserves no swap for private memory before it is written.
        (anonymous && !shared, abi::MAP_NORESERVE),
    ] {
        if is {
            host |= bit;
        }
    }
    let shift = if alignment == 1 { LARGE_PAGE_SHIFT } else { alignment };
    if shift > 12 && flags & MAP_FIXED == 0 {
        return map_aligned(cx, len, prot, host, fd, offset, 1 << shift);
    }
    memory::map(cx, addr.0, len, prot, host, fd, offset)
}

/// mmap(2) of FreeBSD 6 and before, which pads the offset.
///
/// # Errors
/// As [`map`].
#[expect(clippy::too_many_arguments, reason = "the call has as many")]
pub fn map_6(
    cx: &mut Context,
    addr: Pointer,
    len: usize,
    prot: i32,
    flags: u32,
    fd: i32,
    _pad: i32,
    offset: i64,
) -> Result<u64, Errno> {
    map(cx, addr, len, prot, flags, fd, offset)
}

/// Maps at a multiple of `alignment`: reserves more, puts the mapping inside, gives the rest back.
fn map_aligned(
    cx: &mut Context,
    len: usize,
    prot: i32,
    host: u32,
    fd: i32,
    offset: i64,
    alignment: u64,
) -> Result<u64, Errno> {
    let len = (len as u64).next_multiple_of(PAGE);
    let whole = len.checked_add(alignment).ok_or(Errno::NOMEM)?;
    let reserve = abi::MAP_PRIVATE | abi::MAP_ANONYMOUS | abi::MAP_NORESERVE;
    let start = memory::map(cx, 0, whole as usize, 0, reserve, -1, 0)?;
    let at = start.next_multiple_of(alignment);
    let result = memory::map(cx, at, len as usize, prot, host | abi::MAP_FIXED, fd, offset);
    let end = start + whole;
    if result.is_err() {
        memory::unmap(cx, Pointer(start), whole as usize)?;
        return result;
    }
    if at > start {
        memory::unmap(cx, Pointer(start), (at - start) as usize)?;
    }
    if end > at + len {
        memory::unmap(cx, Pointer(at + len), (end - at - len) as usize)?;
    }
    Ok(at)
}

/// munmap(2).
///
/// # Errors
/// `EINVAL`.
pub fn unmap(cx: &mut Context, addr: Pointer, len: usize) -> Result<u64, Errno> {
    memory::unmap(cx, addr, len)
}

/// mprotect(2); the upper half limits later calls, which the host cannot, so it is not looked at.
///
/// # Errors
/// `EINVAL`, `EACCES`, `ENOMEM`.
pub fn protect(cx: &mut Context, addr: Pointer, len: usize, prot: i32) -> Result<u64, Errno> {
    let page = addr.0 & !(PAGE - 1);
    memory::protect(cx, Pointer(page), len + (addr.0 - page) as usize, prot & 7)
}

/// madvise(2).
///
/// # Errors
/// `EINVAL` for unknown advice, `ENOMEM`, `EPERM` for `MADV_PROTECT`.
pub fn advise(cx: &mut Context, addr: Pointer, len: usize, behaviour: i32) -> Result<u64, Errno> {
    let host = match behaviour {
        0..=3 => behaviour as u32,
        // DONTNEED only lowers priority here; on the host it would throw the contents away.
        4 => abi::MADV_COLD,
        5 => abi::MADV_FREE,
        // NOSYNC and AUTOSYNC tune the syncer, which the host has not.
        6 | 7 => return Ok(0),
        8 => abi::MADV_DONTDUMP,
        9 => abi::MADV_DODUMP,
        10 => return Err(Errno::PERM),
        _ => return Err(Errno::INVAL),
    };
    let page = addr.0 & !(PAGE - 1);
    match memory::advise(cx, Pointer(page), len + (addr.0 - page) as usize, host as i32) {
        // FREE of a file's pages, COLD of locked ones: advice that the host cannot take.
        Err(Errno::INVAL) if matches!(behaviour, 4 | 5) => Ok(0),
        other => other,
    }
}

/// msync(2): `MS_SYNC` is zero here.
///
/// # Errors
/// `EINVAL`, `ENOMEM`.
pub fn synchronize(_cx: &mut Context, addr: Pointer, len: usize, flags: i32) -> Result<u64, Errno> {
    if flags & !3 != 0 {
        return Err(Errno::INVAL);
    }
    let host = if flags & 1 != 0 { flags as u32 } else { flags as u32 | abi::MS_SYNC };
    // SAFETY: no memory of the stub is changed by writing files back.
    unsafe { call_blocking(abi::__NR_msync, [addr.0, len as u64, u64::from(host)]) }
}

/// minherit(2): share, copy, none, zero.
///
/// # Errors
/// `EINVAL`; `INHERIT_SHARE` of private memory cannot be given.
pub fn inherit(cx: &mut Context, addr: Pointer, len: usize, inherit: i32) -> Result<u64, Errno> {
    let host = match inherit {
        1 => abi::MADV_DOFORK,
        2 => abi::MADV_DONTFORK,
        3 => abi::MADV_WIPEONFORK,
        _ => return Err(Errno::INVAL),
    };
    memory::advise(cx, addr, len, host as i32)
}

/// break(2), formerly brk: gives the new end.
///
/// # Errors
/// `ENOMEM`.
pub fn set_break(cx: &mut Context, end: Pointer) -> Result<u64, Errno> {
    let end_now = memory::set_break(cx, end.0);
    if end.0 == 0 || end_now == end.0 { Ok(end_now) } else { Err(Errno::NOMEM) }
}

/// mincore(2): the host's resident bit has the same place.
///
/// # Errors
/// `EINVAL`, `ENOMEM`, `EFAULT`.
pub fn in_core(_cx: &mut Context, addr: Pointer, len: usize, vector: Pointer) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's vector.
    unsafe { call(abi::__NR_mincore, [addr.0, len as u64, vector.0]) }
}

/// mlock(2), munlock(2), mlockall(2), munlockall(2): the same on the host.
pub mod lock {
    use super::{Context, Errno, Pointer, abi, call};

    /// mlock(2).
    ///
    /// # Errors
    /// `ENOMEM`, `EPERM`.
    pub fn lock(_cx: &mut Context, addr: Pointer, len: usize) -> Result<u64, Errno> {
        // SAFETY: pages stay where they are.
        unsafe { call(abi::__NR_mlock, [addr.0, len as u64]) }
    }

    /// munlock(2).
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn unlock(_cx: &mut Context, addr: Pointer, len: usize) -> Result<u64, Errno> {
        // SAFETY: as above.
        unsafe { call(abi::__NR_munlock, [addr.0, len as u64]) }
    }

    /// mlockall(2).
    ///
    /// # Errors
    /// `EINVAL`, `ENOMEM`, `EPERM`.
    pub fn lock_all(_cx: &mut Context, how: i32) -> Result<u64, Errno> {
        if how & !3 != 0 {
            return Err(Errno::INVAL);
        }
        // SAFETY: as above.
        unsafe { call(abi::__NR_mlockall, [how as u64]) }
    }

    /// munlockall(2).
    ///
    /// # Errors
    /// None that a guest can cause.
    pub fn unlock_all(_cx: &mut Context) -> Result<u64, Errno> {
        // SAFETY: as above.
        unsafe { call::<0>(abi::__NR_munlockall, []) }
    }
}
