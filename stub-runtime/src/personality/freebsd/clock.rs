//! FreeBSD's clocks and timers (sys/sys/_clock_id.h, sys/sys/timespec.h).

use linux_raw_sys::general::*;
use schemas::Errno;

use super::process::as_result;
use super::signal as numbers;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::{RESTART, call, call_blocking};
use crate::operation::clock as host_clock;

/// The host's clock for one of FreeBSD's (sys/sys/_clock_id.h).
pub fn to_host(clock: i32) -> Result<u32, Errno> {
    Ok(match clock {
        0 | 9 => CLOCK_REALTIME,
        10 | 13 => CLOCK_REALTIME_COARSE,
        // UPTIME does not run while the machine sleeps, as the host's MONOTONIC.
        4 | 11 => CLOCK_MONOTONIC,
        5 | 7 => CLOCK_MONOTONIC,
        8 | 12 => CLOCK_MONOTONIC_COARSE,
        1 | 2 | 15 => CLOCK_PROCESS_CPUTIME_ID,
        14 => CLOCK_THREAD_CPUTIME_ID,
        16 => CLOCK_TAI,
        // A process's or thread's clock from clock_getcpuclockid2: the host's own number is passed through.
        c if c < 0 => c as u32,
        _ => return Err(Errno::INVAL),
    })
}

/// Whether a clock tells the time of day.
pub fn is_realtime(clock: i32) -> bool {
    matches!(clock, 0 | 9 | 10 | 13)
}

/// clock_gettime(2).
///
/// # Errors
/// `EINVAL` for an unknown clock, `EFAULT`.
pub fn get(_cx: &mut Context, clock: i32, time: Pointer) -> Result<u64, Errno> {
    /// `CLOCK_SECOND`, which has no parts of seconds.
    const SECOND: i32 = 13;
    let [seconds, nanoseconds] = host_clock::get(to_host(clock)?)?;
    let nanoseconds = if clock == SECOND { 0 } else { nanoseconds as u64 };
    guest::put(time.0, &[seconds as u64, nanoseconds])?;
    Ok(0)
}

/// clock_settime(2).
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn set(_cx: &mut Context, clock: i32, time: Pointer) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe { call(__NR_clock_settime, [u64::from(to_host(clock)?), time.0]) }
}

/// clock_getres(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn resolution(_cx: &mut Context, clock: i32, time: Pointer) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe { call(__NR_clock_getres, [u64::from(to_host(clock)?), time.0]) }
}

/// clock_getcpuclockid2(2): the clock of a process (1) or thread (0), as the host numbers it.
///
/// # Errors
/// `EINVAL`, `ESRCH`.
pub fn cpu_clock(_cx: &mut Context, id: i64, which: i32, clock: Pointer) -> Result<u64, Errno> {
    // The host keeps the complement of the id above three bits: 2 is the scheduler's clock, 4 a thread's.
    let number = match which {
        0 => (!(id as i32) << 3) | 6,
        1 => (!(id as i32) << 3) | 2,
        _ => return Err(Errno::INVAL),
    };
    // SAFETY: only the clock's existence is asked for.
    unsafe { call(__NR_clock_getres, [number as u64, 0]) }.map_err(|_| Errno::SRCH)?;
    guest::put(clock.0, &number)?;
    Ok(0)
}

/// gettimeofday(2); the time zone is always zero, as in FreeBSD since 2003.
///
/// # Errors
/// `EFAULT`.
pub fn time_of_day(_cx: &mut Context, time: Pointer, zone: Pointer) -> Result<u64, Errno> {
    let [seconds, nanoseconds] = host_clock::get(CLOCK_REALTIME)?;
    guest::put_if(time.0, &[seconds as u64, nanoseconds as u64 / 1000])?;
    guest::put_if(zone.0, &0u64)?;
    Ok(0)
}

/// nanosleep(2).
///
/// # Errors
/// `EINTR` with the rest in `rest`, `EINVAL`, `EFAULT`.
pub fn sleep(_cx: &mut Context, time: Pointer, rest: Pointer) -> Result<u64, Errno> {
    clock_sleep_host(CLOCK_MONOTONIC, 0, time, rest)
}

/// clock_nanosleep(2): gives the error as its result.
///
/// # Errors
/// None.
pub fn clock_sleep(
    _cx: &mut Context,
    clock: i32,
    flags: i32,
    time: Pointer,
    rest: Pointer,
) -> Result<u64, Errno> {
    let host = match to_host(clock) {
        Ok(CLOCK_REALTIME_COARSE) => CLOCK_REALTIME,
        Ok(CLOCK_MONOTONIC_COARSE) => CLOCK_MONOTONIC,
        Ok(host) => host,
        Err(error) => return as_result(Err(error)),
    };
    // TIMER_ABSTIME is 1 on both.
    as_result(clock_sleep_host(host, flags & 1, time, rest))
}

/// Sleeps on a clock of the host. A sleep is never taken again after a handler.
fn clock_sleep_host(clock: u32, flags: i32, time: Pointer, rest: Pointer) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointers.
    let result =
        unsafe { call_blocking(__NR_clock_nanosleep, [u64::from(clock), flags as u64, time.0, rest.0]) };
    match result {
        // The signal came before the sleep began: all of it is left.
        Err(RESTART) => {
            if rest.0 != 0 && flags == 0 {
                let whole: [u64; 2] = guest::get(time.0)?;
                guest::put(rest.0, &whole)?;
            }
            Err(Errno::INTR)
        }
        other => other,
    }
}

/// getitimer(2): the three timers have the same numbers on both.
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn get_interval(_cx: &mut Context, which: i32, value: Pointer) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe { call(__NR_getitimer, [which as u64, value.0]) }
}

/// setitimer(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn set_interval(_cx: &mut Context, which: i32, new: Pointer, old: Pointer) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe { call(__NR_setitimer, [which as u64, new.0, old.0]) }
}

crate::layout! {
    /// FreeBSD's `struct sigevent` (sys/sys/signal.h).
    pub struct SignalEvent: 80 {
        pub notify: i32,
        pub signo: i32,
        pub value: u64,
        pub union: [u64; 8],
    }

    /// The host's `struct sigevent` (asm-generic/siginfo.h).
    pub struct HostSignalEvent: 64 {
        pub value: u64,
        pub signo: i32,
        pub notify: i32,
        pub union: [u64; 6],
    }
}

/// What the host is to do where FreeBSD would notify by an event; nothing for a null pointer.
///
/// # Errors
/// `EINVAL` for `SIGEV_KEVENT` and for signals that there are not, `EFAULT`.
pub fn event_to_host(event: Pointer) -> Result<Option<HostSignalEvent>, Errno> {
    let Some(event) = guest::get_if::<SignalEvent>(event.0)? else { return Ok(None) };
    // SIGEV_NONE 0, SIGNAL 1, THREAD_ID 4; the host's are 1, 0, 4.
    let notify = match event.notify {
        0 => 1,
        1 => 0,
        4 => 4,
        _ => return Err(Errno::INVAL),
    };
    let signo = if event.notify == 0 { 0 } else { numbers::to_host(event.signo).ok_or(Errno::INVAL)? };
    Ok(Some(HostSignalEvent { value: event.value, signo, notify, union: [event.union[0], 0, 0, 0, 0, 0] }))
}

/// ktimer_create(2).
///
/// # Errors
/// `EINVAL` for `SIGEV_KEVENT` and unknown clocks, `EAGAIN`, `EFAULT`.
pub fn create_timer(_cx: &mut Context, clock: i32, event: Pointer, id: Pointer) -> Result<u64, Errno> {
    let clock = to_host(clock)?;
    let host = event_to_host(event)?;
    let at = host.as_ref().map_or(0, |host| core::ptr::from_ref(host) as u64);
    // SAFETY: the event is ours, the kernel checks the guest's pointer.
    unsafe { call(__NR_timer_create, [u64::from(clock), at, id.0]) }
}

/// ktimer_settime(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn set_timer(_cx: &mut Context, id: i32, flags: i32, new: Pointer, old: Pointer) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointers; `struct itimerspec` is the same.
    unsafe { call(__NR_timer_settime, [id as u64, flags as u64, new.0, old.0]) }
}

/// ktimer_gettime(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn get_timer(_cx: &mut Context, id: i32, value: Pointer) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe { call(__NR_timer_gettime, [id as u64, value.0]) }
}

/// ktimer_getoverrun(2).
///
/// # Errors
/// `EINVAL`.
pub fn timer_overrun(_cx: &mut Context, id: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_timer_getoverrun, [id as u64]) }
}

/// ktimer_delete(2).
///
/// # Errors
/// `EINVAL`.
pub fn delete_timer(_cx: &mut Context, id: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_timer_delete, [id as u64]) }
}
