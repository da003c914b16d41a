//! FreeBSD's signal calls (sigaction(2), sigprocmask(2), sigaltstack(2) …, sys/sys/signal.h).

use linux_raw_sys::general::*;
use schemas::Errno;

use super::frame;
use super::process::as_result;
use super::signal as numbers;
use crate::call::Pointer;
use crate::context::{Context, SignalStack};
use crate::guest;
use crate::host::linux::signal as host;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::kill::{self, Signal};
use crate::operation::queue;
use crate::operation::signal::{self, Action};

crate::layout! {
    /// `struct sigaction`.
    pub struct GuestAction: 32 {
        pub handler: u64,
        pub flags: u32,
        pub mask: [u32; 4],
        pub pad: u32,
    }

    /// `stack_t`.
    pub struct GuestStack: 24 {
        pub base: u64,
        pub size: u64,
        pub flags: i32,
        pub pad: i32,
    }
}

/// `SA_*` of FreeBSD and of the host.
const FLAGS: [(u32, u64); 7] = [
    (0x01, host::SA_ONSTACK),
    (0x02, host::SA_RESTART),
    (0x04, host::SA_RESETHAND),
    (0x08, host::SA_NOCLDSTOP),
    (0x10, host::SA_NODEFER),
    (0x20, host::SA_NOCLDWAIT),
    (0x40, host::SA_SIGINFO),
];

/// `SS_ONSTACK`, `SS_DISABLE`.
const ON_STACK: i32 = 1;
const DISABLE: i32 = 4;
/// `MINSIGSTKSZ` on amd64 (2048).
const STACK_MIN: u64 = 2048;

/// sigaction(2).
///
/// # Errors
/// `EINVAL` for a bad number or flag, `EFAULT`.
pub fn action(cx: &mut Context, signal: i32, new: Pointer, old: Pointer) -> Result<i32, Errno> {
    let number = numbers::to_host(signal).ok_or(Errno::INVAL)?;
    let new = match guest::get_if::<GuestAction>(new.0)? {
        None => None,
        Some(new) => {
            let mut flags = 0;
            for (guest, host) in FLAGS {
                if new.flags & guest != 0 {
                    flags |= host;
                }
            }
            if new.flags & !0x7f != 0 {
                return Err(Errno::INVAL);
            }
            Some(Action { handler: new.handler, flags, restorer: 0, mask: numbers::set_to_host(new.mask) })
        }
    };
    let was = signal::set_action(cx, number, new)?;
    let flags = FLAGS.iter().filter(|(_, host)| was.flags & host != 0).fold(0, |all, (guest, _)| all | guest);
    let was = GuestAction { handler: was.handler, flags, mask: numbers::set_from_host(was.mask), pad: 0 };
    guest::put_if(old.0, &was)?;
    Ok(0)
}

/// sigprocmask(2).
///
/// # Errors
/// `EINVAL` for a bad `how`, `EFAULT`.
pub fn mask(cx: &mut Context, how: i32, set: Pointer, old: Pointer) -> Result<i32, Errno> {
    let set = guest::get_if::<[u32; 4]>(set.0)?.map(numbers::set_to_host);
    if set.is_some() && !(1..=3).contains(&how) {
        return Err(Errno::INVAL);
    }
    let was = match set {
        None => cx.mask,
        // SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK.
        Some(set) => signal::change_mask(cx, |mask| match how {
            1 => mask | set,
            2 => mask & !set,
            _ => set,
        }),
    };
    guest::put_if(old.0, &numbers::set_from_host(was))?;
    Ok(0)
}

/// sigsuspend(2).
///
/// # Errors
/// `EINTR` always, `EFAULT`.
pub fn suspend(cx: &mut Context, set: Pointer) -> Result<i32, Errno> {
    let set = numbers::set_to_host(guest::get(set.0)?);
    signal::suspend(cx, set)
}

/// sigpending(2).
///
/// # Errors
/// `EFAULT`.
pub fn pending(_cx: &mut Context, set: Pointer) -> Result<i32, Errno> {
    let mut bits = 0u64;
    // SAFETY: the kernel writes one word.
    unsafe { call(__NR_rt_sigpending, [&raw mut bits as u64, 8]) }?;
    guest::put(set.0, &numbers::set_from_host(bits))?;
    Ok(0)
}

/// sigaltstack(2).
///
/// # Errors
/// `EPERM` while the stack is in use, `EINVAL`, `ENOMEM`, `EFAULT`.
pub fn stack(cx: &mut Context, new: Pointer, old: Pointer) -> Result<i32, Errno> {
    let new = guest::get_if::<GuestStack>(new.0)?;
    let active = cx.signal_stack.contains(cx.frame.rsp);
    let own = cx.signal_stack;
    let flags = if own.size == 0 {
        DISABLE
    } else if active {
        ON_STACK
    } else {
        0
    };
    guest::put_if(old.0, &GuestStack { base: own.base, size: own.size, flags, pad: 0 })?;
    if let Some(new) = new {
        if active {
            return Err(Errno::PERM);
        }
        if new.flags & !DISABLE != 0 {
            return Err(Errno::INVAL);
        }
        if new.flags & DISABLE != 0 {
            cx.signal_stack = SignalStack::default();
        } else if new.size < STACK_MIN {
            return Err(Errno::NOMEM);
        } else {
            cx.signal_stack = SignalStack { base: new.base, size: new.size, disarm: false };
        }
    }
    Ok(0)
}

/// sigwait(2): gives the error as its result.
///
/// # Errors
/// None beside `EFAULT`.
pub fn wait(cx: &mut Context, set: Pointer, signal: Pointer) -> Result<u64, Errno> {
    let set = numbers::set_to_host(guest::get(set.0)?);
    as_result(wait_host(cx, set, 0).and_then(|(number, _)| {
        guest::put(signal.0, &numbers::from_host(number).unwrap_or(number))?;
        Ok(0)
    }))
}

/// sigwaitinfo(2).
///
/// # Errors
/// `EINTR`, `EFAULT`.
pub fn wait_info(cx: &mut Context, set: Pointer, info: Pointer) -> Result<i32, Errno> {
    timed_wait(cx, set, info, Pointer(0))
}

/// sigtimedwait(2).
///
/// # Errors
/// `EAGAIN` when the time is over, `EINTR`, `EINVAL`, `EFAULT`.
pub fn timed_wait(cx: &mut Context, set: Pointer, info: Pointer, timeout: Pointer) -> Result<i32, Errno> {
    let set = numbers::set_to_host(guest::get(set.0)?);
    let (number, host) = wait_host(cx, set, timeout.0)?;
    guest::put_if(info.0, &frame::info_from_host(number, &host))?;
    Ok(numbers::from_host(number).unwrap_or(number))
}

/// Waits for one of a set of host signals.
fn wait_host(cx: &Context, set: u64, timeout: u64) -> Result<(i32, host::HostInfo), Errno> {
    let mut info = host::HostInfo::default();
    // SAFETY: set and information are ours, the kernel checks the guest's time.
    let number = unsafe {
        call_blocking(__NR_rt_sigtimedwait, [&raw const set as u64, &raw mut info as u64, timeout, 8])
    }?;
    queue::taken(&cx.process().queues, number as i32);
    Ok((number as i32, info))
}

/// kill(2).
///
/// # Errors
/// `EINVAL` for a signal that FreeBSD or the target's OS does not have, `ESRCH`, `EPERM`.
pub fn kill(cx: &mut Context, pid: i32, signal: i32) -> Result<u64, Errno> {
    kill::send(cx, pid, as_sent(signal)?)
}

/// A signal in the numberings that sending takes; 0 sends none.
///
/// # Errors
/// `EINVAL` for a signal that FreeBSD does not have, or the host cannot carry.
pub fn as_sent(signal: i32) -> Result<Signal, Errno> {
    if signal == 0 {
        return Ok(Signal { neutral: 0, host: 0 });
    }
    let neutral = numbers::to_neutral(signal).ok_or(Errno::INVAL)?;
    Ok(Signal { neutral, host: numbers::to_host(signal).ok_or(Errno::INVAL)? })
}

/// sigqueue(2).
///
/// # Errors
/// `EINVAL`, `ESRCH`, `EPERM`, `EAGAIN`.
pub fn queue(cx: &mut Context, pid: i32, signal: i32, value: Pointer) -> Result<i32, Errno> {
    let number = kill::number_for(cx, pid, as_sent(signal)?)?;
    /// `SI_QUEUE` of the host.
    const QUEUED: i32 = -1;
    let info = information(number, QUEUED, value.0)?;
    // SAFETY: the information is ours.
    unsafe { call(__NR_rt_sigqueueinfo, [pid as u64, number as u64, &raw const info as u64]) }?;
    Ok(0)
}

/// What the host tells of a signal that this process sends with a value.
fn information(number: i32, code: i32, value: u64) -> Result<host::HostInfo, Errno> {
    // SAFETY: no pointers.
    let (own, uid) = unsafe { (call::<0>(__NR_getpid, [])?, call::<0>(__NR_getuid, [])?) };
    let mut info = host::HostInfo { signo: number, code, ..host::HostInfo::default() };
    info.fields[0] = own | uid << 32;
    info.fields[1] = value;
    Ok(info)
}

/// Sends this process, or one thread of it, a signal of the host with a value.
///
/// # Errors
/// `ESRCH` for a thread that is none of this process, `EAGAIN`.
pub fn tell(thread: Option<i32>, number: i32, code: i32, value: u64) -> Result<(), Errno> {
    let info = information(number, code, value)?;
    let at = &raw const info as u64;
    // SAFETY: the information is ours.
    unsafe {
        let own = call::<0>(__NR_getpid, [])?;
        match thread {
            Some(tid) => call(__NR_rt_tgsigqueueinfo, [own, tid as u64, number as u64, at]),
            None => call(__NR_rt_sigqueueinfo, [own, number as u64, at]),
        }
    }
    .map(drop)
}

/// sigreturn(2).
///
/// # Errors
/// `EFAULT` where the context cannot be read.
pub fn signal_return(cx: &mut Context, context: Pointer) -> Result<u64, Errno> {
    frame::signal_return(cx, context.0)
}
