//! FreeBSD's kernel threads (thr_new(2) and its kin, sys/sys/thr.h).

use core::sync::atomic::{AtomicU32, Ordering};

use linux_raw_sys::general::*;
use schemas::Errno;

use super::{action, umtx};
use crate::call::Pointer;
use crate::context::{Context, Frame};
use crate::guest;
use crate::host::linux::syscall::{RESTART, call, call_blocking};
use crate::operation::{kill, thread};
use crate::process::Lock;

crate::layout! {
    /// `struct thr_param` (sys/sys/thr.h).
    pub struct ThreadParameters: 104 {
        pub start: u64,
        pub argument: u64,
        pub stack_base: u64,
        pub stack_size: u64,
        pub tls_base: u64,
        pub tls_size: u64,
        pub child_tid: u64,
        pub parent_tid: u64,
        pub flags: u32,
        pub pad: u32,
        pub rtp: u64,
        pub spare: [u64; 3],
    }
}

/// thr_new(2).
///
/// # Errors
/// `EINVAL` for a size that is not the structure's, `EFAULT`, `EAGAIN`.
pub fn new(cx: &mut Context, param: Pointer, size: i32) -> Result<i32, Errno> {
    if !(0..=size_of::<ThreadParameters>() as i32).contains(&size) {
        return Err(Errno::INVAL);
    }
    let mut bytes = [0u8; size_of::<ThreadParameters>()];
    guest::read(param.0, &mut bytes[..size as usize])?;
    // SAFETY: every bit pattern of the structure is a value.
    let p: ThreadParameters = unsafe { core::mem::transmute(bytes) };
    let frame = Frame {
        rip: p.start,
        rdi: p.argument,
        // As after a call (`cpu_set_upcall`, sys/amd64/amd64/vm_machdep.c).
        rsp: (p.stack_base.wrapping_add(p.stack_size) & !15).wrapping_sub(8),
        rflags: 0x202,
        xmm: cx.frame.xmm,
        ..Frame::default()
    };
    let mut flags = thread::SHARED | CLONE_SETTLS;
    if p.child_tid != 0 {
        // The host stores 32 bits before the thread runs; a FreeBSD id is a long.
        guest::put(p.child_tid, &0u64)?;
        flags |= CLONE_PARENT_SETTID;
    }
    if p.parent_tid != 0 {
        guest::put(p.parent_tid, &0u64)?;
    }
    let tid = thread::create(cx, flags, frame, p.child_tid, 0, 0, p.tls_base)?;
    if p.parent_tid != 0 {
        guest::put(p.parent_tid, &tid)?;
    }
    Ok(0)
}

/// thr_exit(2): stores one in `state` and wakes who waits there.
///
/// # Errors
/// None; it does not return.
pub fn exit(cx: &mut Context, state: Pointer) -> Result<i32, Errno> {
    thread::close_to_signals(cx)?;
    if state.0 != 0 && guest::put(state.0, &1u64).is_ok() {
        let _ = umtx::wake(state.0, i32::MAX as u64, false);
    }
    thread::exit(cx, 0)
}

/// thr_self(2).
///
/// # Errors
/// `EFAULT`.
pub fn own_id(cx: &mut Context, id: Pointer) -> Result<i32, Errno> {
    let tid = u64::from(cx.tid.load(Ordering::Relaxed));
    guest::put(id.0, &tid)?;
    Ok(0)
}

/// thr_kill(2): a signal for a thread of this process; −1 means all others.
///
/// # Errors
/// `EINVAL` for a signal that FreeBSD does not have, `ESRCH`.
pub fn kill(cx: &mut Context, id: i64, signal: i32) -> Result<i32, Errno> {
    // SAFETY: no pointers.
    let pid = unsafe { call::<0>(__NR_getpid, []) }? as i32;
    kill_in(cx, pid, id, signal)
}

/// thr_kill2(2): the same for a thread of any process.
///
/// # Errors
/// As [`kill()`].
pub fn kill_in(cx: &mut Context, pid: i32, id: i64, signal: i32) -> Result<i32, Errno> {
    let number = kill::number_for(cx, pid, action::as_sent(signal)?)?;
    if id != -1 {
        // SAFETY: no pointers.
        unsafe { call(__NR_tgkill, [pid as u64, id as u64, number as u64]) }?;
        return Ok(0);
    }
    let own = cx.tid.load(Ordering::Relaxed);
    let mut sent = false;
    cx.process().each_thread(|tid| {
        if tid != own {
            // SAFETY: no pointers.
            sent |= unsafe { call(__NR_tgkill, [pid as u64, u64::from(tid), number as u64]) }.is_ok();
        }
    });
    if sent { Ok(0) } else { Err(Errno::SRCH) }
}

/// Threads that were woken and have not been suspended since.
static WOKEN: Lock<[u32; WOKEN_MAX]> = Lock::new([0; WOKEN_MAX]);
/// Changes with every waking; suspended threads sleep on it.
static WAKINGS: AtomicU32 = AtomicU32::new(0);
const WOKEN_MAX: usize = 64;

/// thr_suspend(2): waits until another thread wakes this one.
///
/// # Errors
/// `ETIMEDOUT`, `EINTR`, `EINVAL` for a time that is none, `EFAULT`.
pub fn suspend(cx: &mut Context, timeout: Pointer) -> Result<u64, Errno> {
    let own = cx.tid.load(Ordering::Relaxed);
    loop {
        let seen = WAKINGS.load(Ordering::Acquire);
        if let Some(place) = WOKEN.lock().iter_mut().find(|tid| **tid == own) {
            *place = 0;
            return Ok(0);
        }
        let at = WAKINGS.as_ptr() as u64;
        let operation = u64::from(FUTEX_WAIT | FUTEX_PRIVATE_FLAG);
        // SAFETY: the word is ours, the kernel checks the guest's time.
        match unsafe { call_blocking(__NR_futex, [at, operation, u64::from(seen), timeout.0]) } {
            Ok(_) | Err(Errno::AGAIN) => {}
            // A suspension is not taken again: the waking may have been for it.
            Err(RESTART) => return Err(Errno::INTR),
            Err(error) => return Err(error),
        }
    }
}

/// thr_wake(2): ends the suspension of a thread, or spares it the next one.
///
/// # Errors
/// `ESRCH` for a thread that is none of this process, `EAGAIN` when too many are woken that do not sleep.
pub fn wake(cx: &mut Context, id: i64) -> Result<u64, Errno> {
    let mut found = false;
    cx.process().each_thread(|tid| found |= i64::from(tid) == id);
    if !found {
        return Err(Errno::SRCH);
    }
    let tid = id as u32;
    {
        let mut woken = WOKEN.lock();
        if !woken.contains(&tid) {
            *woken.iter_mut().find(|place| **place == 0).ok_or(Errno::AGAIN)? = tid;
        }
    }
    WAKINGS.fetch_add(1, Ordering::Release);
    umtx::wake(WAKINGS.as_ptr() as u64, i32::MAX as u64, true)?;
    Ok(0)
}

/// thr_set_name(2).
///
/// # Errors
/// `EFAULT`, `ESRCH`.
pub fn set_name(cx: &mut Context, id: i64, name: Pointer) -> Result<i32, Errno> {
    let mut bytes = [0u8; 16];
    if name.0 != 0 {
        guest::read_some(name.0, &mut bytes[..15]);
    }
    let own = i64::from(cx.tid.load(Ordering::Relaxed));
    if id == own {
        // SAFETY: the kernel reads 16 bytes; 15 is PR_SET_NAME.
        unsafe { call(__NR_prctl, [15, bytes.as_ptr() as u64]) }?;
    }
    Ok(0)
}

/// sysarch(2): the bases of FS and GS.
///
/// # Errors
/// `EINVAL` for other operations and addresses that are not the user's, `EFAULT`.
pub fn sysarch(cx: &mut Context, operation: i32, argument: Pointer) -> Result<i32, Errno> {
    // machine/sysarch.h.
    const GET_FSBASE: i32 = 128;
    const SET_FSBASE: i32 = 129;
    const GET_GSBASE: i32 = 130;
    const SET_GSBASE: i32 = 131;
    match operation {
        GET_FSBASE => {
            let mut base = 0u64;
            // SAFETY: the kernel writes one word; 0x1003 is ARCH_GET_FS.
            unsafe { call(__NR_arch_prctl, [0x1003, &raw mut base as u64]) }?;
            guest::put(argument.0, &base)?;
        }
        SET_FSBASE => {
            let base: u64 = guest::get(argument.0)?;
            // SAFETY: the guest's own register; 0x1002 is ARCH_SET_FS.
            unsafe { call(__NR_arch_prctl, [0x1002, base]) }.map_err(|_| Errno::INVAL)?;
        }
        GET_GSBASE => guest::put(argument.0, &cx.guest_gs)?,
        SET_GSBASE => {
            let base: u64 = guest::get(argument.0)?;
            thread::set_gs_base(cx, base).map_err(|_| Errno::INVAL)?;
        }
        _ => return Err(Errno::INVAL),
    }
    Ok(0)
}
