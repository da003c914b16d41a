//! Registering the stub: foreign traps of the calling thread arrive as SIGSYS.
//!
//! The counterpart of Mach's `task_set_emulation`. Dispatch is per thread and is off after
//! `fork`, `clone` and `execve` (Documentation/admin-guide/syscall-user-dispatch.rst), so each
//! of those registers anew. It is a redirection, not a security boundary.

use schemas::Errno;

use super::entry;
use crate::context::Context;
use crate::host::linux::abi;
use crate::host::linux::signal::{HostContext, HostInfo};
use crate::host::linux::syscall::{call, raw};
use crate::host::linux::thread;
use crate::operation::clock;

/// `PR_SET_SYSCALL_USER_DISPATCH` (linux/prctl.h).
const SET_DISPATCH: u64 = 59;
/// `PR_SYS_DISPATCH_ON`.
const ON: u64 = 1;

/// `si_code` of a SIGSYS made by syscall user dispatch (asm-generic/siginfo.h).
pub const SYS_USER_DISPATCH: i32 = 2;

/// Redirects the traps of the calling thread to the stub.
///
/// # Errors
/// `EINVAL` on a kernel before 5.11.
pub fn register() -> Result<(), Errno> {
    let text = entry::text();
    // SAFETY: no memory is touched; only this thread's dispatch changes.
    unsafe { call(abi::__NR_prctl, [SET_DISPATCH, ON, text.start, text.end - text.start, 0]) }.map(drop)
}

/// The handler of SIGSYS: moves the guest's registers to the frame and goes on in the stub, on
/// the stub's own stack and outside of the signal.
///
/// # Safety
/// Called by the kernel only.
pub unsafe extern "C" fn on_trap(signal: i32, info: *mut HostInfo, context: *mut HostContext) {
    // SAFETY: the kernel passes valid pointers, and the handler runs on the thread's signal stack.
    let (info, host, cx) = unsafe { (&mut *info, &mut *context, Context::current()) };
    if info.code != SYS_USER_DISPATCH {
        crate::operation::signal::arrive(cx, signal, info, host);
        return;
    }
    if clock::is_reading(cx, host) {
        // The stub itself, in the host's code: that enters the host where the machine has no clock to be read without.
        // SAFETY: the call that the host's code was about to make.
        host.rax =
            unsafe { raw(host.rax as u32, [host.rdi, host.rsi, host.rdx, host.r10, host.r8, host.r9]) };
        return;
    }
    if cx.guest_gs != 0 {
        thread::set_gs(cx.this as u64);
    }
    host.save_registers(&mut cx.frame);
    cx.entered = entry::entered::TRAPPED;
    host.go(entry::entry_address(), cx.stack_top);
}
