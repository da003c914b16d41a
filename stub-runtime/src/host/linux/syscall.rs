//! Raw system calls of the host.
//!
//! Two kinds: [`call`] for those that end at once, and [`call_blocking`] for those that may sleep.
//! The second is written so that a signal for the guest, arriving at any moment, either is seen
//! before the host call starts or ends it: the signal handler compares the interrupted
//! instruction pointer with the labels of the sequence and moves it to the interrupted exit.

use core::arch::{asm, global_asm};
use core::mem::offset_of;

use schemas::Errno;

use crate::context::Context;

/// Value a blocking call gives when the guest's trap must be taken again after the signal's
/// handler has run (`ERESTARTSYS` of the kernel's own include/linux/errno.h; never seen by guests).
pub const RESTART: Errno = Errno(512);

/// Makes a host system call that does not sleep and gives the kernel's raw result.
///
/// # Safety
/// As the call itself: pointers must be good for what the kernel does with them, or be the
/// guest's own, which the kernel checks.
#[inline(always)]
pub unsafe fn raw(number: u32, args: [u64; 6]) -> u64 {
    let result: u64;
    // SAFETY: the kernel clobbers rax, rcx and r11 only; the caller vouches for the arguments.
    unsafe {
        asm!("syscall", inlateout("rax") u64::from(number) => result,
            in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
            in("r10") args[3], in("r8") args[4], in("r9") args[5],
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// Turns the kernel's raw result into a value or an error number.
#[inline(always)]
pub fn check(result: u64) -> Result<u64, Errno> {
    if result > -4096i64 as u64 { Err(Errno((result as i64).unsigned_abs() as i32)) } else { Ok(result) }
}

/// A host call that ends at once. Missing arguments are zero.
///
/// # Safety
/// As [`raw`].
#[inline(always)]
pub unsafe fn call<const N: usize>(number: u32, args: [u64; N]) -> Result<u64, Errno> {
    const { assert!(N <= 6) };
    let mut six = [0; 6];
    six[..N].copy_from_slice(&args);
    // SAFETY: passed on to the caller.
    check(unsafe { raw(number, six) })
}

/// A host call that may sleep: a guest signal ends it, with `EINTR` where the host says that the
/// call is not to be restarted and with [`RESTART`] where it is.
///
/// # Safety
/// As [`raw`]; the thread must have its [`Context`] in GS.
#[inline(always)]
pub unsafe fn call_blocking<const N: usize>(number: u32, args: [u64; N]) -> Result<u64, Errno> {
    const { assert!(N <= 6) };
    let mut six = [0; 6];
    six[..N].copy_from_slice(&args);
    // SAFETY: passed on to the caller.
    check(unsafe { stub_blocking_syscall(u64::from(number), six.as_ptr()) })
}

unsafe extern "C" {
    fn stub_blocking_syscall(number: u64, args: *const u64) -> u64;
    /// First instruction of the sequence a signal may still stop.
    static stub_blocking_begin: u8;
    /// The `syscall` instruction itself.
    static stub_blocking_trap: u8;
    /// Where an interrupted sequence goes on.
    static stub_blocking_interrupted: u8;
}

/// Where a blocking call interrupted at `rip` must go on instead, if `rip` lies in the sequence
/// before or on the trap. On the trap itself the kernel has either not started the call or has
/// wound it back to be restarted.
pub fn interrupted_exit(rip: u64) -> Option<u64> {
    let begin = &raw const stub_blocking_begin as u64;
    let trap = &raw const stub_blocking_trap as u64;
    (begin..=trap).contains(&rip).then_some(&raw const stub_blocking_interrupted as u64)
}

global_asm!(
    ".globl stub_blocking_syscall",
    ".globl stub_blocking_begin",
    ".globl stub_blocking_trap",
    ".globl stub_blocking_interrupted",
    "stub_blocking_syscall:",
    "mov rax, rdi",
    "mov r11, rsi",
    "mov rdi, [r11]",
    "mov rsi, [r11 + 8]",
    "mov rdx, [r11 + 16]",
    "mov r10, [r11 + 24]",
    "mov r8, [r11 + 32]",
    "mov r9, [r11 + 40]",
    "stub_blocking_begin:",
    "cmp dword ptr gs:[{pending}], 0",
    "jne stub_blocking_interrupted",
    "stub_blocking_trap:",
    "syscall",
    "ret",
    "stub_blocking_interrupted:",
    "mov rax, -{restart}",
    "ret",
    pending = const offset_of!(Context, pending),
    restart = const RESTART.0,
);
