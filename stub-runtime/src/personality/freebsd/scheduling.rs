//! FreeBSD's scheduling calls (sched_setscheduler(2), rtprio(2), cpuset(2), cpuset_getdomain(2), sys/sys/rtprio.h,
//! sys/sys/sched.h), by the host's.
//!
//! FreeBSD has 32 real-time priorities: the sched calls count them from 0 upwards, rtprio(2) from 0 downwards. They
//! are the host's from 1 on.

use schemas::Errno;

use super::flags;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call;

/// Real-time priorities (`RTP_PRIO_MAX`).
const PRIORITIES: i32 = 32;
/// Highest priority that sched_get_priority_max(2) tells of a timesharing process (`PRI_MAX_TIMESHARE -
/// PRI_MIN_TIMESHARE` of sys/priority.h).
const TIMESHARING_MAX: i32 = 103;

/// The host's priority for one of a real-time policy.
fn to_host(priority: i32) -> Result<i32, Errno> {
    if (0..PRIORITIES).contains(&priority) { Ok(priority + 1) } else { Err(Errno::INVAL) }
}

/// The priority for one of the host's. The host has more; the highest are all FreeBSD's highest.
fn from_host(priority: i32) -> i32 {
    (priority - 1).clamp(0, PRIORITIES - 1)
}

/// Policy and priority of a thread, as the host has them.
fn get(pid: i32) -> Result<(u32, i32), Errno> {
    let mut priority = 0i32;
    // SAFETY: the kernel writes one word.
    unsafe {
        let policy = call(__NR_sched_getscheduler, [pid as u64])?;
        call(__NR_sched_getparam, [pid as u64, &raw mut priority as u64])?;
        Ok((policy as u32 & !SCHED_RESET_ON_FORK, priority))
    }
}

fn set(pid: i32, policy: u32, priority: i32) -> Result<u64, Errno> {
    // SAFETY: the kernel reads one word.
    unsafe { call(__NR_sched_setscheduler, [pid as u64, u64::from(policy), &raw const priority as u64]) }?;
    Ok(0)
}

/// Sets a policy of the host with a priority of FreeBSD's.
fn set_policy(pid: i32, policy: u32, priority: i32) -> Result<u64, Errno> {
    match policy {
        SCHED_FIFO | SCHED_RR => set(pid, policy, to_host(priority)?),
        // A timesharing process has its priority from the scheduler.
        _ if (0..=TIMESHARING_MAX).contains(&priority) => set(pid, policy, 0),
        _ => Err(Errno::INVAL),
    }
}

/// sched_setscheduler(2).
///
/// # Errors
/// `EINVAL`, `ESRCH`, `EPERM`, `EFAULT`.
pub fn set_scheduler(_cx: &mut Context, pid: i32, policy: i32, parameter: Pointer) -> Result<u64, Errno> {
    let priority: i32 = guest::get(parameter.0)?;
    set_policy(pid, flags::SCHEDULING.to_host(policy)? as u32, priority)
}

/// sched_setparam(2).
///
/// # Errors
/// As [`set_scheduler`].
pub fn set_parameter(_cx: &mut Context, pid: i32, parameter: Pointer) -> Result<u64, Errno> {
    let priority: i32 = guest::get(parameter.0)?;
    let (policy, _) = get(pid)?;
    set_policy(pid, policy, priority)
}

/// sched_getparam(2).
///
/// # Errors
/// `EINVAL`, `ESRCH`, `EFAULT`.
pub fn parameter(_cx: &mut Context, pid: i32, parameter: Pointer) -> Result<u64, Errno> {
    let (_, priority) = get(pid)?;
    guest::put(parameter.0, &from_host(priority))?;
    Ok(0)
}

/// sched_getscheduler(2). The host's batch and idle policies are timesharing.
///
/// # Errors
/// `EINVAL`, `ESRCH`.
pub fn scheduler(_cx: &mut Context, pid: i32) -> Result<i32, Errno> {
    let (policy, _) = get(pid)?;
    Ok(flags::SCHEDULING.from_host(policy as i32).unwrap_or(flags::SCHED_OTHER))
}

/// sched_get_priority_max(2).
///
/// # Errors
/// `EINVAL` for an unknown policy.
pub fn priority_max(_cx: &mut Context, policy: i32) -> Result<i32, Errno> {
    match policy {
        flags::SCHED_FIFO | flags::SCHED_RR => Ok(PRIORITIES - 1),
        flags::SCHED_OTHER => Ok(TIMESHARING_MAX),
        _ => Err(Errno::INVAL),
    }
}

/// sched_get_priority_min(2).
///
/// # Errors
/// `EINVAL` for an unknown policy.
pub fn priority_min(_cx: &mut Context, policy: i32) -> Result<i32, Errno> {
    flags::SCHEDULING.to_host(policy).map(|_| 0)
}

/// sched_rr_get_interval(2).
///
/// # Errors
/// `EINVAL`, `ESRCH`, `EFAULT`.
pub fn interval(_cx: &mut Context, pid: i32, interval: Pointer) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer; the structure is the same.
    unsafe { call(__NR_sched_rr_get_interval, [pid as u64, interval.0]) }
}

/// sched_getcpu(2).
///
/// # Errors
/// None that a guest can cause.
pub fn processor(_cx: &mut Context) -> Result<u32, Errno> {
    let mut number = 0u32;
    // SAFETY: the kernel writes one word.
    unsafe { call(__NR_getcpu, [&raw mut number as u64, 0, 0]) }?;
    Ok(number)
}

/// membarrier(2), which FreeBSD has from the host, numbers and all.
///
/// # Errors
/// `EINVAL`, `EPERM` for one that was not registered.
pub fn barrier(_cx: &mut Context, command: i32, flags: u64, processor: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_membarrier, [command as u64, flags, processor as u64]) }
}

crate::layout! {
    /// `struct rtprio` (sys/sys/rtprio.h).
    pub struct RealtimePriority: 4 {
        pub kind: u16,
        pub priority: u16,
    }
}

/// What rtprio(2) does.
const LOOKUP: i32 = 0;
const SET: i32 = 1;
/// Kinds of priority.
const REALTIME: u16 = 2;
const NORMAL: u16 = 3;
const IDLE: u16 = 4;
/// Real-time without time slices (`RTP_PRIO_FIFO`).
const FIFO: u16 = 10;

/// The host's policy and priority for a priority of rtprio(2), of which the lowest number is the highest priority.
fn realtime_to_host(value: RealtimePriority) -> Result<(u32, i32), Errno> {
    let priority = i32::from(value.priority);
    if priority >= PRIORITIES {
        return Err(Errno::INVAL);
    }
    match value.kind {
        FIFO => Ok((SCHED_FIFO, PRIORITIES - priority)),
        REALTIME => Ok((SCHED_RR, PRIORITIES - priority)),
        NORMAL => Ok((SCHED_NORMAL, 0)),
        IDLE => Ok((SCHED_IDLE, 0)),
        _ => Err(Errno::INVAL),
    }
}

fn realtime_from_host(policy: u32, priority: i32) -> RealtimePriority {
    let below = (PRIORITIES - priority).clamp(0, PRIORITIES - 1) as u16;
    match policy {
        SCHED_FIFO => RealtimePriority { kind: FIFO, priority: below },
        SCHED_RR => RealtimePriority { kind: REALTIME, priority: below },
        SCHED_IDLE => RealtimePriority { kind: IDLE, priority: 0 },
        _ => RealtimePriority { kind: NORMAL, priority: 0 },
    }
}

/// rtprio(2), and rtprio_thread(2): the host has the thread of a process's number for both.
///
/// # Errors
/// `EINVAL`, `ESRCH`, `EPERM`, `EFAULT`.
pub fn realtime(_cx: &mut Context, function: i32, id: i32, value: Pointer) -> Result<u64, Errno> {
    match function {
        LOOKUP => {
            let (policy, priority) = get(id)?;
            guest::put(value.0, &realtime_from_host(policy, priority))?;
            Ok(0)
        }
        SET => {
            let (policy, priority) = realtime_to_host(guest::get(value.0)?)?;
            set(id, policy, priority)
        }
        _ => Err(Errno::INVAL),
    }
}

/// The set of processors in which everything starts (sys/kern/kern_cpuset.c).
const DEFAULT_SET: i32 = 1;
/// `CPU_LEVEL_ROOT`, `CPU_LEVEL_CPUSET`.
const LEVELS_WITH_SETS: core::ops::RangeInclusive<i32> = 1..=2;
/// `CPU_WHICH_TID` to `CPU_WHICH_CPUSET`, of those that there are here.
const WITH_SETS: core::ops::RangeInclusive<i32> = 1..=3;

/// cpuset_getid(2).
///
/// # Errors
/// `EINVAL` for what has no set, `EFAULT`.
pub fn processor_set(_cx: &mut Context, level: i32, which: i32, id: i64, set: Pointer) -> Result<u64, Errno> {
    const SET_KIND: i32 = 3;
    if !LEVELS_WITH_SETS.contains(&level) || !WITH_SETS.contains(&which) {
        return Err(Errno::INVAL);
    }
    if which == SET_KIND && !matches!(id, -1 | 1) {
        return Err(Errno::SRCH);
    }
    guest::put(set.0, &DEFAULT_SET)?;
    Ok(0)
}

/// Policies of cpuset_setdomain(2) (sys/sys/domainset.h): round robin, first touch, prefer, interleave.
const DOMAIN_POLICIES: core::ops::RangeInclusive<i32> = 1..=4;
const FIRST_TOUCH: i32 = 2;
/// Sizes of a set of domains: `MAXMEMDOM` bits rounded up to a long, and the largest taken.
const DOMAIN_SET: core::ops::RangeInclusive<usize> = 8..=32;

/// cpuset_getdomain(2): the memory of the machine is one domain.
///
/// # Errors
/// `ERANGE` for a set of another size, `EINVAL`, `EFAULT`.
pub fn domain(
    _cx: &mut Context,
    level: i32,
    which: i32,
    _id: i64,
    size: usize,
    set: Pointer,
    policy: Pointer,
) -> Result<u64, Errno> {
    check_domain(level, which, size)?;
    let mut bytes = [0u8; *DOMAIN_SET.end()];
    bytes[0] = 1;
    guest::write(set.0, &bytes[..size])?;
    guest::put(policy.0, &FIRST_TOUCH)?;
    Ok(0)
}

/// cpuset_setdomain(2): where there is one domain, every policy that names it comes to the same.
///
/// # Errors
/// `ERANGE` for a set of another size, `EINVAL` for other domains and policies, `EFAULT`.
pub fn set_domain(
    _cx: &mut Context,
    level: i32,
    which: i32,
    _id: i64,
    size: usize,
    set: Pointer,
    policy: i32,
) -> Result<u64, Errno> {
    check_domain(level, which, size)?;
    let mut bytes = [0u8; *DOMAIN_SET.end()];
    guest::read(set.0, &mut bytes[..size])?;
    let only_first = bytes[0] == 1 && bytes[1..].iter().all(|byte| *byte == 0);
    if only_first && DOMAIN_POLICIES.contains(&policy) { Ok(0) } else { Err(Errno::INVAL) }
}

fn check_domain(level: i32, which: i32, size: usize) -> Result<(), Errno> {
    if !DOMAIN_SET.contains(&size) {
        return Err(Errno::RANGE);
    }
    if (1..=3).contains(&level) && WITH_SETS.contains(&which) { Ok(()) } else { Err(Errno::INVAL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_go_there_and_back() {
        for priority in 0..PRIORITIES {
            assert_eq!(from_host(to_host(priority).unwrap()), priority);
            for kind in [REALTIME, FIFO] {
                let value = RealtimePriority { kind, priority: priority as u16 };
                let (policy, host) = realtime_to_host(value).unwrap();
                let back = realtime_from_host(policy, host);
                assert_eq!((back.kind, back.priority), (kind, priority as u16));
            }
        }
        assert_eq!(to_host(PRIORITIES), Err(Errno::INVAL));
        assert_eq!(from_host(99), PRIORITIES - 1);
    }

    #[test]
    fn the_lowest_number_is_the_highest_priority_of_rtprio() {
        let host = |priority| realtime_to_host(RealtimePriority { kind: REALTIME, priority }).unwrap().1;
        assert!(host(0) > host(31));
        assert!(realtime_to_host(RealtimePriority { kind: REALTIME, priority: 32 }).is_err());
        assert!(realtime_to_host(RealtimePriority { kind: 7, priority: 0 }).is_err());
    }
}
