//! The floating point and vector state that the host saves with a signal, and going back to it.

use schemas::Errno;

use super::signal::{self, HostContext};
use super::thread;
use crate::context::Context;
use crate::guest;

/// Marks an extended state behind the 512 bytes (asm/sigcontext.h).
pub const FP_XSTATE_MAGIC1: u32 = 0x4650_5853;
/// Marks its end.
pub const FP_XSTATE_MAGIC2: u32 = 0x4650_5845;

/// Largest extended state taken back from a guest: AVX-512 and AMX together need 11008 bytes.
pub const STATE_MAX: usize = 12288;

/// Bytes of the floating point state the host saved at `at`: 512, or what its software words say
/// (`struct _fpx_sw_bytes` at 464, asm/sigcontext.h).
pub fn state_size(at: u64) -> Result<usize, Errno> {
    if guest::get::<u32>(at + 464)? != FP_XSTATE_MAGIC1 {
        return Ok(512);
    }
    Ok((guest::get::<u32>(at + 468)? as usize).clamp(512, STATE_MAX))
}

/// Copies an extended state to the guest piece by piece.
pub fn copy_state(to: u64, from: u64, len: usize) -> Result<(), Errno> {
    // SAFETY: the kernel wrote `len` bytes there, on the stub's own signal stack.
    guest::write(to, unsafe { core::slice::from_raw_parts(from as *const u8, len) })
}

/// A context and state to give back to the host with its own `rt_sigreturn`.
#[repr(C, align(64))]
struct Return {
    state: [u8; STATE_MAX + 64],
    context: HostContext,
}

/// Gives a whole state back to the host. `fill` writes the floating point state in the host's
/// format and gives its length, zero for the initial one.
pub fn return_to(
    cx: &mut Context,
    mut context: HostContext,
    fill: impl FnOnce(&mut [u8; STATE_MAX + 64]) -> Result<usize, Errno>,
) -> ! {
    let mut back = Return { state: [0; STATE_MAX + 64], context };
    let Ok(len) = fill(&mut back.state) else { signal::die(signal::SIGSEGV) };
    context.fpstate = if len == 0 { 0 } else { back.state.as_ptr() as u64 };
    crate::operation::signal::change_mask(cx, |_| context.mask);
    context.mask = cx.host_mask;
    context.stack_base = cx.host_signal_stack.0;
    context.stack_size = cx.host_signal_stack.1;
    context.stack_flags = 0;
    back.context = context;
    cx.pending.store(0, core::sync::atomic::Ordering::Relaxed);
    if cx.guest_gs != 0 {
        thread::set_gs(cx.guest_gs);
    }
    // SAFETY: a complete context on the stub's stack, with the stub's own mask and signal stack.
    unsafe { signal::stub_signal_return(&raw const back.context) }
}
