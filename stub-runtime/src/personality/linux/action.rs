//! Linux's signal calls (rt_sigaction(2) and its kin, asm/signal.h).

use linux_raw_sys::general::*;
use schemas::Errno;

use super::frame;
use crate::call::Pointer;
use crate::context::{Context, SignalStack};
use crate::guest;
use crate::host::linux::signal::{
    HostAction, HostInfo, HostStack, SIGNALS, SS_AUTODISARM as AUTODISARM, SS_DISABLE as DISABLE,
    SS_ONSTACK as ONSTACK,
};
use crate::host::linux::syscall::call;
use crate::operation::kill::{self, Signal};
use crate::operation::pidfd;
use crate::operation::signal::{self, Action};

/// Smallest alternate stack (`MINSIGSTKSZ`).
const STACK_MIN: u64 = 2048;

/// Size of a signal set; any other is refused.
const SET_SIZE: usize = 8;

fn check_size(size: usize) -> Result<(), Errno> {
    if size == SET_SIZE { Ok(()) } else { Err(Errno::INVAL) }
}

/// rt_sigaction(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn action(cx: &mut Context, number: i32, new: Pointer, old: Pointer, size: usize) -> Result<u64, Errno> {
    check_size(size)?;
    let new = guest::get_if::<HostAction>(new.0)?;
    let new = new.map(|a| Action { handler: a.handler, flags: a.flags, restorer: a.restorer, mask: a.mask });
    let was = signal::set_action(cx, number, new)?;
    let was = HostAction { handler: was.handler, flags: was.flags, restorer: was.restorer, mask: was.mask };
    guest::put_if(old.0, &was)?;
    Ok(0)
}

/// rt_sigprocmask(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn mask(cx: &mut Context, how: i32, new: Pointer, old: Pointer, size: usize) -> Result<u64, Errno> {
    check_size(size)?;
    let was = match guest::get_if::<u64>(new.0)? {
        None => cx.mask,
        Some(_) if !(0..=2).contains(&how) => return Err(Errno::INVAL),
        // SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK.
        Some(set) => signal::change_mask(cx, |mask| match how {
            0 => mask | set,
            1 => mask & !set,
            _ => set,
        }),
    };
    guest::put_if(old.0, &was)?;
    Ok(0)
}

/// kill(2): the neutral numbers are Linux's own.
///
/// # Errors
/// `EINVAL` for a signal that Linux or the target's OS does not have, `ESRCH`, `EPERM`.
pub fn kill(cx: &mut Context, pid: i32, signal: i32) -> Result<u64, Errno> {
    kill::send(cx, pid, as_sent(signal)?)
}

fn as_sent(signal: i32) -> Result<Signal, Errno> {
    if !(0..=SIGNALS as i32).contains(&signal) {
        return Err(Errno::INVAL);
    }
    Ok(Signal { neutral: signal as u32, host: signal })
}

/// tgkill(2).
///
/// # Errors
/// As [`kill()`].
pub fn kill_thread(cx: &mut Context, pid: i32, thread: i32, signal: i32) -> Result<u64, Errno> {
    let number = kill::number_for(cx, pid, as_sent(signal)?)?;
    // SAFETY: no pointers.
    unsafe { call(__NR_tgkill, [pid as u64, thread as u64, number as u64]) }
}

/// tkill(2). Of other processes only the first thread is known, whose number is that of the process.
///
/// # Errors
/// As [`kill()`].
pub fn kill_any_thread(cx: &mut Context, thread: i32, signal: i32) -> Result<u64, Errno> {
    let signal = as_sent(signal)?;
    let mut own = false;
    cx.process().each_thread(|tid| own |= tid as i32 == thread);
    let number = if own { signal.host } else { kill::number_for(cx, thread, signal)? };
    // SAFETY: no pointers.
    unsafe { call(__NR_tkill, [thread as u64, number as u64]) }
}

/// rt_sigqueueinfo(2).
///
/// # Errors
/// As [`kill()`]; `EFAULT`.
pub fn queue(cx: &mut Context, pid: i32, signal: i32, info: Pointer) -> Result<u64, Errno> {
    let number = kill::number_for(cx, pid, as_sent(signal)?)?;
    // SAFETY: the kernel checks the guest's information, and puts the number given into it.
    unsafe { call(__NR_rt_sigqueueinfo, [pid as u64, number as u64, info.0]) }
}

/// rt_tgsigqueueinfo(2).
///
/// # Errors
/// As [`kill()`]; `EFAULT`.
pub fn queue_thread(
    cx: &mut Context,
    pid: i32,
    thread: i32,
    signal: i32,
    info: Pointer,
) -> Result<u64, Errno> {
    let number = kill::number_for(cx, pid, as_sent(signal)?)?;
    // SAFETY: as above.
    unsafe { call(__NR_rt_tgsigqueueinfo, [pid as u64, thread as u64, number as u64, info.0]) }
}

/// pidfd_send_signal(2).
///
/// # Errors
/// As [`kill()`]; `EBADF`, `EFAULT`.
pub fn kill_by_descriptor(
    cx: &mut Context,
    descriptor: i32,
    signal: i32,
    info: Pointer,
    flags: u64,
) -> Result<u64, Errno> {
    let number = kill::number_for(cx, pidfd::process(descriptor)?, as_sent(signal)?)?;
    let mut own = guest::get_if::<HostInfo>(info.0)?;
    let mut at = 0;
    if let Some(info) = &mut own {
        // The host wants the same number in both places.
        if info.signo != signal {
            return Err(Errno::INVAL);
        }
        info.signo = number;
        at = core::ptr::from_ref(info) as u64;
    }
    // SAFETY: the information is ours.
    unsafe { call(__NR_pidfd_send_signal, [descriptor as u64, number as u64, at, flags]) }
}

/// rt_sigreturn(2).
///
/// # Errors
/// None; it does not return here.
pub fn signal_return(cx: &mut Context) -> Result<u64, Errno> {
    frame::signal_return(cx)
}

/// rt_sigsuspend(2).
///
/// # Errors
/// `EINTR` always, `EINVAL`, `EFAULT`.
pub fn suspend(cx: &mut Context, set: Pointer, size: usize) -> Result<i32, Errno> {
    check_size(size)?;
    signal::suspend(cx, guest::get(set.0)?)
}

/// rt_sigpending(2): with the signals that are only held back in the guest's view.
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn pending(cx: &mut Context, set: Pointer, size: usize) -> Result<u64, Errno> {
    if size > SET_SIZE {
        return Err(Errno::INVAL);
    }
    let mut bits = 0u64;
    // SAFETY: the kernel writes one word.
    unsafe { call(__NR_rt_sigpending, [&raw mut bits as u64, 8]) }?;
    bits |= cx.held;
    guest::write(set.0, &bits.to_le_bytes()[..size])?;
    Ok(0)
}

/// sigaltstack(2).
///
/// # Errors
/// `EPERM` while the stack is in use, `EINVAL`, `ENOMEM`, `EFAULT`.
pub fn stack(cx: &mut Context, new: Pointer, old: Pointer) -> Result<u64, Errno> {
    let new = guest::get_if::<HostStack>(new.0)?;
    let now = frame::stack_of(cx, cx.frame.rsp);
    if let Some(new) = new {
        if now.flags & ONSTACK != 0 {
            return Err(Errno::PERM);
        }
        let mode = new.flags & !AUTODISARM;
        cx.signal_stack = match mode {
            DISABLE => SignalStack::default(),
            0 | ONSTACK if new.size < STACK_MIN => return Err(Errno::NOMEM),
            0 | ONSTACK => {
                SignalStack { base: new.base, size: new.size, disarm: new.flags & AUTODISARM != 0 }
            }
            _ => return Err(Errno::INVAL),
        };
    }
    guest::put_if(old.0, &now)?;
    Ok(0)
}
