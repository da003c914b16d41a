//! FreeBSD's user contexts (getcontext(2), setcontext(2), swapcontext(2), sys/sys/ucontext.h).

use core::arch::asm;

use schemas::Errno;

use super::frame::{self, FORMAT_XMM, HAS_BASES, MachineContext, OWNED};
use super::signal as numbers;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;

crate::layout! {
    /// The part of `ucontext_t` that these calls read and write (`UC_COPY_SIZE`): what is behind it belongs to the
    /// library.
    pub struct UserContext: 816 {
        pub sigmask: [u32; 4],
        pub machine: MachineContext,
    }
}

/// What `mc_flags` may say (`_MC_FLAG_MASK`).
const FLAGS: u32 = 0xf;

/// Room for the processor's legacy floating point state, aligned as it must be (Intel SDM volume 1, 10.5.1).
#[repr(C, align(16))]
struct Legacy([u64; 64]);

/// The floating point and vector state of the guest: the stub itself uses the vector registers only, whose guest
/// values are in the frame.
fn floating_point(cx: &Context) -> [u64; 64] {
    let mut area = Legacy([0; 64]);
    // SAFETY: 512 bytes, aligned.
    unsafe { asm!("fxsave64 [{}]", in(reg) &raw mut area, options(nostack, preserves_flags)) };
    // XMM0 is at byte 160.
    for (to, from) in area.0[20..52].iter_mut().zip(cx.frame.xmm.as_flattened()) {
        *to = *from;
    }
    area.0
}

/// The state of the caller behind its call, in which that has succeeded (`get_mcontext` with `GET_MC_CLEAR_RET`).
fn current(cx: &Context) -> UserContext {
    const CARRY: u64 = 1;
    let f = &cx.frame;
    let machine = MachineContext {
        onstack: u64::from(cx.signal_stack.contains(f.rsp)),
        rdi: f.rdi,
        rsi: f.rsi,
        rcx: f.rcx,
        r8: f.r8,
        r9: f.r9,
        rbx: f.rbx,
        rbp: f.rbp,
        r10: f.r10,
        r11: f.r11,
        r12: f.r12,
        r13: f.r13,
        r14: f.r14,
        r15: f.r15,
        rip: f.rip,
        rsp: f.rsp,
        rflags: f.rflags & !CARRY,
        flags: HAS_BASES,
        len: size_of::<MachineContext>() as u64,
        fpformat: FORMAT_XMM,
        ownedfp: OWNED,
        fpstate: floating_point(cx),
        fsbase: frame::fs_base(),
        gsbase: cx.guest_gs,
        ..frame::selectors()
    };
    UserContext { sigmask: numbers::set_from_host(cx.mask), machine }
}

/// getcontext(2).
///
/// # Errors
/// `EINVAL` for a null pointer, `EFAULT`.
pub fn get(cx: &mut Context, at: Pointer) -> Result<u64, Errno> {
    if at.is_null() {
        return Err(Errno::INVAL);
    }
    guest::put(at.0, &current(cx))?;
    // Both result registers are zero in the context.
    cx.frame.rdx = 0;
    Ok(0)
}

/// setcontext(2).
///
/// # Errors
/// `EINVAL` for a null pointer and for what is no context, `EFAULT`.
pub fn set(cx: &mut Context, at: Pointer) -> Result<u64, Errno> {
    if at.is_null() {
        return Err(Errno::INVAL);
    }
    let context: UserContext = guest::get(at.0)?;
    let m = &context.machine;
    if m.len != size_of::<MachineContext>() as u64 || m.flags & !FLAGS != 0 {
        return Err(Errno::INVAL);
    }
    frame::signal_return(cx, at.0)
}

/// swapcontext(2).
///
/// # Errors
/// As [`set`].
pub fn swap(cx: &mut Context, old: Pointer, new: Pointer) -> Result<u64, Errno> {
    if old.is_null() || new.is_null() {
        return Err(Errno::INVAL);
    }
    guest::put(old.0, &current(cx))?;
    set(cx, new)
}
