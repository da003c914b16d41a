//! FreeBSD's user mutexes and their kin (_umtx_op(2), sys/sys/umtx.h, sys/kern/kern_umtx.c),
//! on the host's futexes.

use linux_raw_sys::general::{__NR_futex, FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAKE};
use linux_raw_sys::general::{FUTEX_BITSET_MATCH_ANY, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG};
use schemas::Errno;

use super::clock;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::{RESTART, call, call_blocking};

// Operations.
const WAIT: i32 = 2;
const WAKE: i32 = 3;
const MUTEX_TRYLOCK: i32 = 4;
const MUTEX_LOCK: i32 = 5;
const MUTEX_UNLOCK: i32 = 6;
const CV_WAIT: i32 = 8;
const CV_SIGNAL: i32 = 9;
const CV_BROADCAST: i32 = 10;
const WAIT_UINT: i32 = 11;
const RW_RDLOCK: i32 = 12;
const RW_WRLOCK: i32 = 13;
const RW_UNLOCK: i32 = 14;
const WAIT_UINT_PRIVATE: i32 = 15;
const WAKE_PRIVATE: i32 = 16;
const MUTEX_WAIT: i32 = 17;
const MUTEX_WAKE: i32 = 18;
const NWAKE_PRIVATE: i32 = 21;
const MUTEX_WAKE2: i32 = 22;
const SEM2_WAIT: i32 = 23;
const SEM2_WAKE: i32 = 24;
const ROBUST_LISTS: i32 = 26;

/// `UMUTEX_CONTESTED`: somebody waits for the mutex.
const CONTESTED: u32 = 0x8000_0000;
/// `USEM_HAS_WAITERS`.
const SEM_WAITERS: u32 = 0x8000_0000;
/// `URWLOCK_WRITE_OWNER`, `_WRITE_WAITERS`, `_READ_WAITERS`, `_MAX_READERS`.
const WRITE_OWNER: u32 = 0x8000_0000;
const WRITE_WAITERS: u32 = 0x4000_0000;
const READ_WAITERS: u32 = 0x2000_0000;
const READERS: u32 = 0x1fff_ffff;
/// `URWLOCK_PREFER_READER`, in the flags of the lock and of the call.
const PREFER_READER: u32 = 2;
/// `CVWAIT_ABSTIME`, `CVWAIT_CLOCKID`.
const CV_ABSTIME: u64 = 2;
const CV_CLOCKID: u64 = 4;
/// `UMTX_ABSTIME`.
const ABSTIME: u32 = 1;

/// When a wait ends at the latest.
#[derive(Clone, Copy)]
struct Deadline {
    /// Seconds and nanoseconds.
    time: [i64; 2],
    /// A point in time, not a length.
    absolute: bool,
    /// It is a point of the real-time clock.
    realtime: bool,
}

crate::layout! {
    /// `struct _umtx_time`.
    pub struct UmtxTime: 24 {
        pub timeout: [i64; 2],
        pub flags: u32,
        pub clock: u32,
    }
}

/// Reads a deadline of which the size tells the structure.
fn deadline(size: u64, at: u64) -> Result<Option<Deadline>, Errno> {
    if at == 0 {
        return Ok(None);
    }
    let mut time = UmtxTime::default();
    if size <= 16 {
        time.timeout = guest::get(at)?;
    } else {
        time = guest::get(at)?;
    }
    if time.timeout[0] < 0 || !(0..1_000_000_000).contains(&time.timeout[1]) {
        return Err(Errno::INVAL);
    }
    Ok(Some(Deadline {
        time: time.timeout,
        absolute: time.flags & ABSTIME != 0,
        realtime: clock::is_realtime(time.clock as i32),
    }))
}

/// Sleeps while the word at `at` is `value`.
fn sleep(at: u64, value: u32, private: bool, deadline: Option<Deadline>) -> Result<(), Errno> {
    let private = if private { FUTEX_PRIVATE_FLAG } else { 0 };
    let (op, time) = match &deadline {
        None => (FUTEX_WAIT, 0),
        Some(d) if !d.absolute => (FUTEX_WAIT, d.time.as_ptr() as u64),
        Some(d) => {
            let clock = if d.realtime { FUTEX_CLOCK_REALTIME } else { 0 };
            (FUTEX_WAIT_BITSET | clock, d.time.as_ptr() as u64)
        }
    };
    let any = u64::from(FUTEX_BITSET_MATCH_ANY);
    // SAFETY: the kernel checks the guest's address; the time is ours.
    let result =
        unsafe { call_blocking(__NR_futex, [at, u64::from(op | private), u64::from(value), time, 0, any]) };
    match result {
        Ok(_) | Err(Errno::AGAIN) => Ok(()),
        // A wait with a time is not taken again (kern_umtx.c turns ERESTART into EINTR).
        Err(RESTART) if deadline.is_some() => Err(Errno::INTR),
        Err(error) => Err(error),
    }
}

/// Wakes up to `count` who sleep on the word at `at`.
///
/// # Errors
/// `EFAULT`.
pub fn wake(at: u64, count: u64, private: bool) -> Result<u64, Errno> {
    let op = FUTEX_WAKE | if private { FUTEX_PRIVATE_FLAG } else { 0 };
    // SAFETY: the kernel checks the address.
    unsafe { call(__NR_futex, [at, u64::from(op), count.min(i32::MAX as u64), 0, 0, 0]) }
}

/// _umtx_op(2).
///
/// # Errors
/// As the manual page says; `ENOSYS` for an operation that is not there.
pub fn operate(
    cx: &mut Context,
    obj: Pointer,
    op: i32,
    val: u64,
    uaddr1: Pointer,
    uaddr2: Pointer,
) -> Result<u64, Errno> {
    let (obj, uaddr1, uaddr2) = (obj.0, uaddr1.0, uaddr2.0);
    match op {
        WAIT => {
            if guest::get::<u64>(obj)? == val {
                sleep(obj, val as u32, false, deadline(uaddr1, uaddr2)?)?;
            }
        }
        WAIT_UINT | WAIT_UINT_PRIVATE => {
            if guest::get::<u32>(obj)? == val as u32 {
                sleep(obj, val as u32, op == WAIT_UINT_PRIVATE, deadline(uaddr1, uaddr2)?)?;
            }
        }
        WAKE => drop(wake(obj, val, false)?),
        WAKE_PRIVATE => drop(wake(obj, val, true)?),
        NWAKE_PRIVATE => {
            for i in 0..val {
                let at: u64 = guest::get(obj.wrapping_add(8 * i))?;
                wake(at, i32::MAX as u64, true)?;
            }
        }
        MUTEX_TRYLOCK => lock(cx, obj, true, None)?,
        MUTEX_LOCK => lock(cx, obj, false, deadline(uaddr1, uaddr2)?)?,
        MUTEX_UNLOCK => unlock(cx, obj)?,
        MUTEX_WAIT => wait_free(obj, deadline(uaddr1, uaddr2)?)?,
        MUTEX_WAKE | MUTEX_WAKE2 => drop(wake(obj, 1, false)?),
        CV_WAIT => condition_wait(cx, obj, val, uaddr1, uaddr2)?,
        CV_SIGNAL => condition_wake(obj, 1)?,
        CV_BROADCAST => condition_wake(obj, i32::MAX as u64)?,
        RW_RDLOCK => lock_read(obj, val as u32, deadline(uaddr1, uaddr2)?)?,
        RW_WRLOCK => lock_write(obj, deadline(uaddr1, uaddr2)?)?,
        RW_UNLOCK => unlock_shared(obj)?,
        SEM2_WAIT => semaphore_wait(obj, deadline(uaddr1, uaddr2)?)?,
        SEM2_WAKE => drop(wake(obj, 1, false)?),
        // The list is walked by libthr's own code in a living process; nothing is kept here.
        ROBUST_LISTS => {}
        _ => return Err(Errno::NOSYS),
    }
    Ok(0)
}

/// Takes a mutex (`do_lock_normal`).
fn lock(cx: &Context, at: u64, only_try: bool, deadline: Option<Deadline>) -> Result<(), Errno> {
    let own = cx.tid.load(core::sync::atomic::Ordering::Relaxed);
    loop {
        let owner = guest::compare_exchange(at, 0, own)?;
        if owner == 0 {
            return Ok(());
        }
        if owner == CONTESTED {
            if guest::compare_exchange(at, CONTESTED, own | CONTESTED)? == CONTESTED {
                return Ok(());
            }
            continue;
        }
        if only_try {
            return Err(Errno::BUSY);
        }
        if owner & CONTESTED == 0 && guest::compare_exchange(at, owner, owner | CONTESTED)? != owner {
            continue;
        }
        sleep(at, owner | CONTESTED, false, deadline)?;
    }
}

/// Gives a mutex up (`do_unlock_normal`). The mark stays, as who waits takes the mutex with it.
fn unlock(cx: &Context, at: u64) -> Result<(), Errno> {
    let own = cx.tid.load(core::sync::atomic::Ordering::Relaxed);
    loop {
        let owner: u32 = guest::get(at)?;
        if owner & !CONTESTED != own {
            return Err(Errno::PERM);
        }
        if guest::compare_exchange(at, owner, owner & CONTESTED)? == owner {
            if owner & CONTESTED != 0 {
                wake(at, 1, false)?;
            }
            return Ok(());
        }
    }
}

/// Waits until a mutex is free, without taking it.
fn wait_free(at: u64, deadline: Option<Deadline>) -> Result<(), Errno> {
    loop {
        let owner: u32 = guest::get(at)?;
        if owner & !CONTESTED == 0 {
            return Ok(());
        }
        if owner & CONTESTED == 0 && guest::compare_exchange(at, owner, owner | CONTESTED)? != owner {
            continue;
        }
        sleep(at, owner | CONTESTED, false, deadline)?;
    }
}

/// Offsets in `struct ucond`: waiters, clock, and the spare word that counts wake-ups here.
const COND_WAITERS: u64 = 0;
const COND_CLOCK: u64 = 8;
const COND_SEQUENCE: u64 = 12;

/// Gives the mutex up and waits for the condition (`do_cv_wait`).
fn condition_wait(cx: &Context, at: u64, flags: u64, mutex: u64, timeout: u64) -> Result<(), Errno> {
    let clock: u32 = if flags & CV_CLOCKID != 0 { guest::get(at + COND_CLOCK)? } else { 0 };
    let deadline = guest::get_if::<[i64; 2]>(timeout)?.map(|time| Deadline {
        time,
        absolute: flags & CV_ABSTIME != 0,
        realtime: clock::is_realtime(clock as i32),
    });
    let sequence: u32 = guest::get(at + COND_SEQUENCE)?;
    guest::put(at + COND_WAITERS, &1u32)?;
    unlock(cx, mutex)?;
    match sleep(at + COND_SEQUENCE, sequence, false, deadline) {
        // The mutex is free already: the call cannot be taken again.
        Err(RESTART) => Err(Errno::INTR),
        other => other,
    }
}

/// Wakes who waits for a condition.
fn condition_wake(at: u64, count: u64) -> Result<(), Errno> {
    let mut sequence: u32 = guest::get(at + COND_SEQUENCE)?;
    loop {
        let seen = guest::compare_exchange(at + COND_SEQUENCE, sequence, sequence.wrapping_add(1))?;
        if seen == sequence {
            break;
        }
        sequence = seen;
    }
    if count > 1 {
        guest::put(at + COND_WAITERS, &0u32)?;
    }
    wake(at + COND_SEQUENCE, count, false).map(drop)
}

/// Takes a lock for reading (`do_rw_rdlock`).
fn lock_read(at: u64, flags: u32, deadline: Option<Deadline>) -> Result<(), Errno> {
    let own: u32 = guest::get(at + 4)?;
    let prefer = (flags | own) & PREFER_READER != 0;
    let stops = if prefer { WRITE_OWNER } else { WRITE_OWNER | WRITE_WAITERS };
    loop {
        let state: u32 = guest::get(at)?;
        if state & stops == 0 {
            if state & READERS == READERS {
                return Err(Errno::AGAIN);
            }
            if guest::compare_exchange(at, state, state + 1)? == state {
                return Ok(());
            }
            continue;
        }
        let marked = state | READ_WAITERS;
        if guest::compare_exchange(at, state, marked)? == state {
            sleep(at, marked, false, deadline)?;
        }
    }
}

/// Takes a lock for writing (`do_rw_wrlock`).
fn lock_write(at: u64, deadline: Option<Deadline>) -> Result<(), Errno> {
    loop {
        let state: u32 = guest::get(at)?;
        if state & (WRITE_OWNER | READERS) == 0 {
            if guest::compare_exchange(at, state, state | WRITE_OWNER)? == state {
                return Ok(());
            }
            continue;
        }
        let marked = state | WRITE_WAITERS;
        if guest::compare_exchange(at, state, marked)? == state {
            sleep(at, marked, false, deadline)?;
        }
    }
}

/// Gives a read-write lock up and lets everybody who waits try again (`do_rw_unlock`).
fn unlock_shared(at: u64) -> Result<(), Errno> {
    loop {
        let state: u32 = guest::get(at)?;
        let left = if state & WRITE_OWNER != 0 {
            state & !WRITE_OWNER
        } else if state & READERS != 0 {
            state - 1
        } else {
            return Err(Errno::PERM);
        };
        let free = left & READERS == 0;
        let next = if free { left & !(WRITE_WAITERS | READ_WAITERS) } else { left };
        if guest::compare_exchange(at, state, next)? == state {
            if free && state & (WRITE_WAITERS | READ_WAITERS) != 0 {
                wake(at, i32::MAX as u64, false)?;
            }
            return Ok(());
        }
    }
}

/// Waits until a semaphore has a count, without taking it (`do_sem2_wait`).
fn semaphore_wait(at: u64, deadline: Option<Deadline>) -> Result<(), Errno> {
    loop {
        let count: u32 = guest::get(at)?;
        if count & !SEM_WAITERS != 0 {
            return Ok(());
        }
        if count & SEM_WAITERS == 0 && guest::compare_exchange(at, count, count | SEM_WAITERS)? != count {
            continue;
        }
        sleep(at, count | SEM_WAITERS, false, deadline)?;
    }
}
