//! FreeBSD's process descriptors (pdfork(2), procdesc(4), sys/sys/procdesc.h), which are the host's pidfds.
//!
//! The child is made without a signal for its end, so that neither wait(2) nor a handler of SIGCHLD sees it, as on
//! FreeBSD.

use linux_raw_sys::general::*;
use schemas::Errno;

use super::action;
use super::process::{self, RFFDG, RFPROC, RFSPAWN};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call;
use crate::operation::{pidfd, thread};

/// `PD_DAEMON`, `PD_CLOEXEC`.
const DAEMON: i32 = 1;
const CLOSE_ON_EXEC: i32 = 2;
/// `RFPROCDESC` of rfork(2): the child is to have a descriptor.
const RFPROCDESC: i32 = 1 << 28;
/// The host's kind of id for waitid(2) by descriptor (`P_PIDFD`).
const BY_DESCRIPTOR: u32 = 3;

/// pdfork(2).
///
/// # Errors
/// `EINVAL` for unknown flags, `EAGAIN`, `EMFILE`, `EFAULT`.
pub fn fork(cx: &mut Context, descriptor: Pointer, flags: i32) -> Result<u64, Errno> {
    check(flags)?;
    let pid = thread::fork(cx, CLONE_PIDFD, descriptor.0, 0, 0)?;
    finish(cx, pid, descriptor, flags)
}

/// pdrfork(2): pdfork(2) with the flags of rfork(2), among which one asks for the descriptor.
///
/// # Errors
/// As [`fork`]; `EINVAL` for other flags of rfork(2).
pub fn fork_with(cx: &mut Context, descriptor: Pointer, flags: i32, how: i32) -> Result<u64, Errno> {
    check(flags)?;
    if how & !RFPROCDESC == RFSPAWN {
        let child = process::vfork_frame(cx);
        let pid = thread::vfork(cx, CLONE_VFORK | CLONE_PIDFD, child, descriptor.0, 0)?;
        return finish(cx, pid, descriptor, flags);
    }
    if how != RFFDG | RFPROC | RFPROCDESC {
        return Err(Errno::INVAL);
    }
    fork(cx, descriptor, flags)
}

fn check(flags: i32) -> Result<(), Errno> {
    if flags & !(DAEMON | CLOSE_ON_EXEC) == 0 { Ok(()) } else { Err(Errno::INVAL) }
}

/// Gives the descriptor its flag and the second result register what fork(2) gives it.
fn finish(cx: &mut Context, pid: u64, descriptor: Pointer, flags: i32) -> Result<u64, Errno> {
    cx.frame.rdx = u64::from(pid == 0);
    if pid != 0 && flags & CLOSE_ON_EXEC == 0 {
        let number: i32 = guest::get(descriptor.0)?;
        // SAFETY: the guest's new descriptor, which the host makes close-on-exec.
        unsafe { call(__NR_fcntl, [number as u64, u64::from(F_SETFD), 0]) }?;
    }
    Ok(pid)
}

/// pdkill(2).
///
/// # Errors
/// `EBADF` for another descriptor, `ESRCH` for a process that was waited for, as kill(2) else.
pub fn kill(cx: &mut Context, descriptor: i32, signal: i32) -> Result<u64, Errno> {
    let pid = pidfd::process(descriptor)?;
    action::kill(cx, pid, signal)
}

/// pdgetpid(2).
///
/// # Errors
/// `EBADF` for another descriptor, `ESRCH` for a process that was waited for, `EFAULT`.
pub fn pid(_cx: &mut Context, descriptor: i32, pid: Pointer) -> Result<u64, Errno> {
    guest::put(pid.0, &pidfd::process(descriptor)?)?;
    Ok(0)
}

/// pdwait(2).
///
/// # Errors
/// `EBADF` for another descriptor, `ECHILD` for a process that was waited for, as wait6(2) else.
pub fn wait(
    _cx: &mut Context,
    descriptor: i32,
    status: Pointer,
    options: i32,
    usage: Pointer,
    info: Pointer,
) -> Result<u64, Errno> {
    pidfd::process(descriptor).map_err(|error| if error == Errno::SRCH { Errno::CHILD } else { error })?;
    process::wait_for(BY_DESCRIPTOR, descriptor as u64, __WALL, status, options, usage, info).map(|_| 0)
}
