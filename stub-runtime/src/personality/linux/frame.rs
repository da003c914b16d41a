//! How traps and signals enter and leave a Linux x86-64 program
//! (System V ABI AMD64 supplement, A.2; kernel arch/x86/kernel/signal_64.c for the frame).

use schemas::Errno;

use crate::context::{Context, Frame};
use crate::dispatch::Trap;
use crate::guest;
use crate::host::linux::signal::{
    self, HostContext, HostInfo, HostStack, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK,
};
use crate::host::linux::state::{copy_state, return_to, state_size};
use crate::operation::signal::Delivery;

/// Reads a trap: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9.
pub fn trap(cx: &mut Context) -> Trap {
    let f = &cx.frame;
    Trap { number: f.rax, args: [f.rdi, f.rsi, f.rdx, f.r10, f.r8, f.r9, 0, 0] }
}

/// Puts a result into rax, errors as small negative numbers; rcx and r11 as `syscall` leaves them.
pub fn finish(cx: &mut Context, result: Result<u64, Errno>) {
    cx.frame.rax = match result {
        Ok(value) => value,
        Err(errno) => i64::from(-errno.0) as u64,
    };
    cx.frame.rcx = cx.frame.rip;
    cx.frame.r11 = cx.frame.rflags;
}

/// The frame the kernel itself would push: return address, context, information, and the
/// extended state above them.
pub fn push_frame(cx: &mut Context, d: &Delivery<'_>) -> Result<Frame, Errno> {
    let state_len = if d.host.fpstate == 0 { 0 } else { state_size(d.host.fpstate)? };
    let state_at = (d.stack.wrapping_sub(state_len as u64)) & !63;
    let frame_len = (8 + size_of::<HostContext>() + size_of::<HostInfo>()) as u64;
    // At the handler's entry the stack is 8 modulo 16, as after a call.
    let at = (state_at.wrapping_sub(frame_len) & !15).wrapping_sub(8);
    if state_len != 0 {
        copy_state(state_at, d.host.fpstate, state_len)?;
    }
    let mut context = *d.host;
    context.load_registers(d.state);
    context.fpstate = if state_len == 0 { 0 } else { state_at };
    context.mask = d.mask;
    context.link = 0;
    let stack = stack_of(cx, d.state.rsp);
    context.stack_base = stack.base;
    context.stack_flags = stack.flags;
    context.stack_size = stack.size;
    let context_at = at + 8;
    let info_at = context_at + size_of::<HostContext>() as u64;
    let mut info = *d.info;
    info.signo = d.signal;
    guest::put(info_at, &info)?;
    guest::put(context_at, &context)?;
    guest::put(at, &d.action.restorer)?;
    Ok(Frame {
        rip: d.action.handler,
        rsp: at,
        rdi: d.signal as u64,
        rsi: info_at,
        rdx: context_at,
        rax: 0,
        // Direction, trap and resume flags are clear in a handler.
        rflags: d.state.rflags & !0x1_0500,
        ..*d.state
    })
}

/// The alternate stack as `sigaltstack` shows it to a program whose stack pointer is `sp`.
pub fn stack_of(cx: &Context, sp: u64) -> HostStack {
    let stack = &cx.signal_stack;
    let mut flags = if stack.size == 0 {
        SS_DISABLE
    } else if stack.contains(sp) && !stack.disarm {
        SS_ONSTACK
    } else {
        0
    };
    if stack.disarm {
        flags |= SS_AUTODISARM;
    }
    HostStack { base: stack.base, flags, pad: 0, size: stack.size }
}

/// `rt_sigreturn`: goes back to the state in the frame at the guest's stack pointer.
///
/// # Errors
/// Never returns a value: a frame that cannot be read ends the process with SIGSEGV.
pub fn signal_return(cx: &mut Context) -> Result<u64, Errno> {
    let Ok(context) = guest::get::<HostContext>(cx.frame.rsp) else { signal::die(signal::SIGSEGV) };
    cx.signal_stack = crate::context::SignalStack {
        base: context.stack_base,
        size: if context.stack_flags & SS_DISABLE != 0 { 0 } else { context.stack_size },
        disarm: context.stack_flags & SS_AUTODISARM != 0,
    };
    return_to(cx, context, |state| {
        if context.fpstate == 0 {
            return Ok(0);
        }
        let len = state_size(context.fpstate)?;
        guest::read(context.fpstate, &mut state[..len])?;
        Ok(len)
    })
}
