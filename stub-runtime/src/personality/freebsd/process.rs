//! FreeBSD's process calls (fork(2), wait(2), getrlimit(2), cpuset(2) …).

use core::sync::atomic::Ordering;

use linux_raw_sys::general::*;
use schemas::Errno;

use super::signal as numbers;
use super::{errno, frame};
use crate::call::Pointer;
use crate::context::{Context, Frame};
use crate::guest::{self, PathBuffer};
use crate::host::linux::signal::{HostInfo, SIGCHLD};
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::{exec, limit, thread};

/// fork(2). The child finds 1 in the second result register (`cpu_fork`, sys/amd64/amd64/vm_machdep.c).
///
/// # Errors
/// `EAGAIN`, `ENOMEM`.
pub fn fork(cx: &mut Context) -> Result<u64, Errno> {
    let pid = thread::fork(cx, SIGCHLD as u32, 0, 0, 0)?;
    cx.frame.rdx = u64::from(pid == 0);
    Ok(pid)
}

/// vfork(2).
///
/// # Errors
/// `EAGAIN`, `ENOMEM`.
pub fn vfork(cx: &mut Context) -> Result<u64, Errno> {
    let child = vfork_frame(cx);
    let pid = thread::vfork(cx, SIGCHLD as u32 | CLONE_VFORK, child, 0, 0)?;
    cx.frame.rdx = 0;
    Ok(pid)
}

/// The state in which the child of a vfork(2) begins.
pub fn vfork_frame(cx: &Context) -> Frame {
    let mut child = cx.frame;
    child.rax = 0;
    child.rdx = 1;
    child.rflags &= !1;
    child.rcx = child.rip;
    child
}

// rfork(2) flags (sys/sys/unistd.h).
/// The child has a copy of the descriptors.
pub const RFFDG: i32 = 1 << 2;
/// There is a child, and not only a change of the caller.
pub const RFPROC: i32 = 1 << 4;
const RFMEM: i32 = 1 << 5;
const RFPPWAIT: i32 = 1 << 31;
/// As vfork(2).
pub const RFSPAWN: i32 = 1 << 31;

/// rfork(2): a child with a copy of memory and descriptors, or `RFSPAWN`/`RFMEM|RFPPWAIT`, which
/// is vfork.
///
/// # Errors
/// `EINVAL` for other combinations.
pub fn rfork(cx: &mut Context, flags: i32) -> Result<u64, Errno> {
    if flags == RFSPAWN || flags == RFFDG | RFPROC | RFMEM | RFPPWAIT {
        return vfork(cx);
    }
    // Two processes with one table of descriptors would have one way to the mapper, and take each other's replies.
    if flags != RFFDG | RFPROC {
        return Err(Errno::INVAL);
    }
    fork(cx)
}

/// execve(2).
///
/// # Errors
/// As the manual page says; `EIO` when the mapper is gone.
pub fn execve(cx: &mut Context, path: Pointer, argv: Pointer, envp: Pointer) -> Result<u64, Errno> {
    let mut buffer = PathBuffer::new();
    buffer.copy_in(path.0)?;
    exec::execute(cx, AT_FDCWD, &mut buffer, argv, envp, 0)
}

/// fexecve(2).
///
/// # Errors
/// As execve(2).
pub fn fexecve(cx: &mut Context, file: i32, argv: Pointer, envp: Pointer) -> Result<u64, Errno> {
    exec::execute(cx, file, &mut PathBuffer::empty(), argv, envp, AT_EMPTY_PATH)
}

/// _exit(2).
///
/// # Errors
/// None; it does not return.
pub fn exit(_cx: &mut Context, status: i32) -> Result<u64, Errno> {
    // SAFETY: ends the process.
    unsafe { call(__NR_exit_group, [(status & 0xff) as u64]) }
}

/// FreeBSD's form of a wait status: signal numbers are its own, and "continued" is SIGCONT's.
pub fn status_from_host(status: i32) -> i32 {
    let signal = |number: i32| numbers::from_host(number).unwrap_or(number);
    match status {
        0xffff => 0x13,
        s if s & 0xff == 0x7f => signal(s >> 8 & 0xff) << 8 | 0x7f,
        s if s & 0x7f != 0 => signal(s & 0x7f) | s & 0x80,
        s => s,
    }
}

/// wait4(2).
///
/// # Errors
/// `ECHILD`, `EINTR`, `EINVAL`, `EFAULT`.
pub fn wait4(
    _cx: &mut Context,
    pid: i32,
    status: Pointer,
    options: i32,
    usage: Pointer,
) -> Result<u64, Errno> {
    if options & !0x3f != 0 {
        return Err(Errno::INVAL);
    }
    // WNOHANG 1, WUNTRACED 2 are the same; WCONTINUED 4 is 8; WNOWAIT goes through wait6 only.
    let mut host = (options & 3) as u64;
    if options & 4 != 0 {
        host |= u64::from(WCONTINUED);
    }
    let mut value = 0i32;
    // SAFETY: the status is ours, the kernel checks the guest's usage; its layout is the same.
    let pid = unsafe { call_blocking(__NR_wait4, [pid as u64, &raw mut value as u64, host, usage.0]) }?;
    if pid != 0 {
        guest::put_if(status.0, &status_from_host(value))?;
    }
    Ok(pid)
}

/// wait6(2).
///
/// # Errors
/// `ECHILD`, `EINTR`, `EINVAL`, `EFAULT`.
pub fn wait6(
    _cx: &mut Context,
    id_type: i32,
    id: i64,
    status: Pointer,
    options: i32,
    usage: Pointer,
    info: Pointer,
) -> Result<u64, Errno> {
    // P_PID 0, P_PGID 2, P_ALL 7 (sys/sys/wait.h); the host's are 1, 2, 0.
    let which = match id_type {
        0 => P_PID_HOST,
        2 => P_PGID_HOST,
        7 => P_ALL_HOST,
        _ => return Err(Errno::INVAL),
    };
    wait_for(which, id as u64, 0, status, options, usage, info)
}

/// Waits for those of the host's kind `which` with `id`, children of the kinds in `also` included; gives a process's
/// number, or zero.
///
/// # Errors
/// As [`wait6`].
pub fn wait_for(
    which: u32,
    id: u64,
    also: u32,
    status: Pointer,
    options: i32,
    usage: Pointer,
    info: Pointer,
) -> Result<u64, Errno> {
    let mut host = 0;
    for (guest, bit) in [(1, WNOHANG), (2, WSTOPPED), (4, WCONTINUED), (8, WNOWAIT), (16, WEXITED), (32, 0)] {
        if options & guest != 0 {
            host |= bit;
        }
    }
    if options & !0x3f != 0 || host & (WSTOPPED | WCONTINUED | WEXITED) == 0 {
        return Err(Errno::INVAL);
    }
    let mut found = HostInfo::default();
    // Own usage first, that of the children second: the host gives the first.
    // SAFETY: the information is ours, the kernel checks the guest's usage.
    unsafe {
        call_blocking(
            __NR_waitid,
            [u64::from(which), id, &raw mut found as u64, u64::from(host | also), usage.0],
        )
    }?;
    let (pid, _) = found.sender();
    if pid == 0 {
        return Ok(0);
    }
    let code = found.fields[1] as i32;
    // CLD_EXITED 1, KILLED 2, DUMPED 3, TRAPPED 4, STOPPED 5, CONTINUED 6.
    let raw = match found.code {
        1 => (code & 0xff) << 8,
        2 => code & 0x7f,
        3 => code & 0x7f | 0x80,
        6 => 0xffff,
        _ => (code & 0xff) << 8 | 0x7f,
    };
    guest::put_if(status.0, &status_from_host(raw))?;
    if info.0 != 0 {
        guest::put(info.0, &frame::info_from_host(SIGCHLD, &found))?;
    }
    Ok(pid as u64)
}

const P_ALL_HOST: u32 = 0;
const P_PID_HOST: u32 = 1;
const P_PGID_HOST: u32 = 2;

/// FreeBSD's `RLIM_INFINITY`; the host's is all ones.
const INFINITY: u64 = i64::MAX as u64;

/// The host's number of a resource limit (sys/sys/resource.h). Those without one are unlimited.
fn limit_to_host(resource: i32) -> Result<Option<u32>, Errno> {
    Ok(Some(match resource {
        0 => RLIMIT_CPU,
        1 => RLIMIT_FSIZE,
        2 => RLIMIT_DATA,
        3 => RLIMIT_STACK,
        4 => RLIMIT_CORE,
        5 => RLIMIT_RSS,
        6 => RLIMIT_MEMLOCK,
        7 => RLIMIT_NPROC,
        8 => RLIMIT_NOFILE,
        10 => RLIMIT_AS,
        9 | 11..=15 => return Ok(None),
        _ => return Err(Errno::INVAL),
    }))
}

/// getrlimit(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn get_limit(cx: &mut Context, resource: i32, to: Pointer) -> Result<u64, Errno> {
    let mut value = [u64::MAX; 2];
    if let Some(host) = limit_to_host(resource)? {
        value = limit::get(cx, 0, host)?;
    }
    guest::put(to.0, &value.map(|v| v.min(INFINITY)))?;
    Ok(0)
}

/// setrlimit(2).
///
/// # Errors
/// `EINVAL`, `EPERM`, `EFAULT`.
pub fn set_limit(cx: &mut Context, resource: i32, from: Pointer) -> Result<u64, Errno> {
    let value: [u64; 2] = guest::get(from.0)?;
    let value = value.map(|v| if v >= INFINITY { u64::MAX } else { v });
    if let Some(host) = limit_to_host(resource)? {
        limit::set(cx, 0, host, value)?;
    }
    Ok(0)
}

/// getrusage(2): layout and who are the same, with threads at 1.
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn usage(_cx: &mut Context, who: i32, usage: Pointer) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call(__NR_getrusage, [who as u64, usage.0]) }
}

/// Size of the largest processor set taken.
const SET_MAX: usize = 1024;

/// cpuset_getaffinity(2): of the calling process or one of its threads.
///
/// # Errors
/// `EINVAL` for other levels, `ERANGE` for a set that is too small, `ESRCH`, `EFAULT`.
pub fn get_affinity(
    _cx: &mut Context,
    level: i32,
    which: i32,
    id: i64,
    size: usize,
    mask: Pointer,
) -> Result<u64, Errno> {
    let target = affinity_target(level, which, id)?;
    let mut set = [0u8; SET_MAX];
    // SAFETY: the kernel writes our buffer.
    let len =
        unsafe { call(__NR_sched_getaffinity, [target, SET_MAX as u64, set.as_mut_ptr() as u64]) }? as usize;
    let used = set.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    if size < used || size > SET_MAX {
        return Err(Errno::RANGE);
    }
    set[len..].fill(0);
    guest::write(mask.0, &set[..size])?;
    Ok(0)
}

/// cpuset_setaffinity(2).
///
/// # Errors
/// `EINVAL`, `ERANGE`, `ESRCH`, `EFAULT`.
pub fn set_affinity(
    _cx: &mut Context,
    level: i32,
    which: i32,
    id: i64,
    size: usize,
    mask: Pointer,
) -> Result<u64, Errno> {
    let target = affinity_target(level, which, id)?;
    if size > SET_MAX {
        return Err(Errno::RANGE);
    }
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call(__NR_sched_setaffinity, [target, size as u64, mask.0]) }
}

/// The host thread that a cpuset call is about: `CPU_WHICH_TID` 1, `CPU_WHICH_PID` 2.
fn affinity_target(level: i32, which: i32, id: i64) -> Result<u64, Errno> {
    if !(1..=3).contains(&level) {
        return Err(Errno::INVAL);
    }
    match which {
        1 | 2 => Ok(if id == -1 { 0 } else { id as u64 }),
        // A set of its own: the root set is what the process may use.
        3 if id == -1 => Ok(0),
        _ => Err(Errno::INVAL),
    }
}

/// getsid(2), getpgid(2), setpgid(2), setsid(2), getpgrp(2), getppid(2), getpid(2): plain host calls.
pub mod ids {
    use super::*;

    /// getpid(2).
    ///
    /// # Errors
    /// None.
    pub fn pid(cx: &mut Context) -> Result<u32, Errno> {
        Ok(cx.process().pid.load(Ordering::Relaxed))
    }

    macro_rules! plain {
        ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) = $number:ident;)*) => { $(
            $(#[$doc])*
            ///
            /// # Errors
            /// As the manual page says.
            pub fn $name(_cx: &mut Context $(, $arg: $ty)*) -> Result<u64, Errno> {
                // SAFETY: no pointers of the stub; the kernel checks the guest's.
                unsafe { call($number, [$($arg as u64),*] as [u64; plain!(@count $($arg)*)]) }
            }
        )* };
        (@count) => { 0 };
        (@count $a:ident) => { 1 };
        (@count $a:ident $b:ident) => { 2 };
        (@count $a:ident $b:ident $c:ident) => { 3 };
    }

    plain! {
        /// getppid(2).
        parent() = __NR_getppid;
        /// getpgrp(2).
        own_group() = __NR_getpgrp;
        /// getpgid(2).
        group(pid: i32) = __NR_getpgid;
        /// setpgid(2).
        set_group(pid: i32, group: i32) = __NR_setpgid;
        /// getsid(2).
        session(pid: i32) = __NR_getsid;
        /// setsid(2).
        set_session() = __NR_setsid;
        /// sched_yield(2).
        yield_now() = __NR_sched_yield;
    }
}

/// kcmp(2): whether two processes share something.
///
/// # Errors
/// `EINVAL` for another kind, `ESRCH`, `EPERM`, `EBADF`.
pub fn compare(
    _cx: &mut Context,
    first: i32,
    second: i32,
    kind: i32,
    first_index: u64,
    second_index: u64,
) -> Result<u64, Errno> {
    // KCMP_FILE, FILES, SIGHAND, VM of sys/sys/unistd.h; the host's are 0, 2, 4, 1 (linux/kcmp.h).
    let kind = match kind {
        100 => 0,
        102 => 2,
        103 => 4,
        104 => 1,
        _ => return Err(Errno::INVAL),
    };
    // SAFETY: no pointers.
    unsafe { call(__NR_kcmp, [first as u64, second as u64, kind, first_index, second_index]) }
}

/// Gives an error as the result with success, as the calls do that follow pthread's convention
/// (`kern_posix_error`, sys/kern/kern_sig.c).
///
/// # Errors
/// Only the stub's own restart.
pub fn as_result(result: Result<u64, Errno>) -> Result<u64, Errno> {
    match result {
        Err(error) if error != crate::host::linux::syscall::RESTART => Ok(errno::from_host(error) as u64),
        other => other,
    }
}
