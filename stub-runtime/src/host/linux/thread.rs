//! Host threads of a guest: their blocks, stacks and start.

use core::arch::{asm, global_asm};
use core::sync::atomic::Ordering;

use schemas::Errno;
use schemas::transport::{STUB_IMAGE, STUB_SPACE};

use super::abi;
use super::memory;
use super::signal::{self, HostStack};
use super::syscall::call;
use crate::context::Context;
use crate::process::Process;
use crate::trap::{entry, fast, register};

/// Size of a page.
const PAGE: u64 = 4096;
/// Unmapped space below each stack, so that an overrun faults.
const GUARD: u64 = PAGE;
/// The stack for the host's signal frames; an AVX-512 and AMX frame takes 11 KiB.
const SIGNAL_STACK: u64 = 64 * 1024;
/// All of a thread's stub memory; aligned to its size, so that the block is found from any stack pointer in it. From
/// below: a guard, the stack for signal frames, another guard, the stack on which the stub handles traps, the block, and
/// room for the process's. A fork copies each page that one of its two processes writes to, so the top of the stack,
/// the block, and what changes of the process are one page.
pub const SPAN: u64 = 256 * 1024;
/// Where the stub's stack begins.
const STACK_AT: u64 = GUARD + SIGNAL_STACK + GUARD;
/// Where the block lies, at the top of that stack.
pub const BLOCK_AT: u64 = SPAN - 2 * PAGE + PAGE / 2;
/// Where the process's block lies.
const PROCESS_AT: u64 = (BLOCK_AT + size_of::<Context>() as u64).next_multiple_of(64);
const _: () = assert!(STACK_AT + 128 * 1024 <= BLOCK_AT && BLOCK_AT.is_multiple_of(64));
const _: () = assert!(PROCESS_AT + size_of::<Process>() as u64 <= SPAN);
const _: () = assert!(PROCESS_AT + core::mem::offset_of!(Process, actions) as u64 <= SPAN - PAGE);
/// Where the memory of the first thread lies.
const FIRST: u64 = STUB_IMAGE.end;
const _: () = assert!(FIRST.is_multiple_of(SPAN) && FIRST + SPAN == STUB_SPACE.end);

/// `ARCH_SET_GS` (asm/prctl.h).
const ARCH_SET_GS: u64 = 0x1001;

/// Makes the memory of a thread: block, stub stack, host signal stack.
///
/// # Errors
/// `ENOMEM` or `EAGAIN`, as mmap(2).
pub fn allocate() -> Result<*mut Context, Errno> {
    // Twice the size holds one aligned span; the rest goes back at once.
    let start = memory::map(2 * SPAN)?;
    let base = start.next_multiple_of(SPAN);
    memory::release(base + SPAN, start + SPAN - base);
    if base > start {
        memory::release(start, base - start);
    }
    memory::forbid(base, GUARD)?;
    memory::forbid(base + STACK_AT - GUARD, GUARD)?;
    // SAFETY: both stacks are usable.
    Ok(unsafe { block_of(base) })
}

/// Makes the memory of the first thread of a process. Its guards are unmapped: where it lies nothing else is placed by
/// the host, and each mapping costs every fork.
///
/// # Errors
/// As mmap(2).
pub fn allocate_first() -> Result<*mut Context, Errno> {
    memory::map_at(FIRST + GUARD, SIGNAL_STACK)?;
    memory::map_at(FIRST + STACK_AT, SPAN - STACK_AT)?;
    // SAFETY: just mapped.
    Ok(unsafe { block_of(FIRST) })
}

/// Fills in the block of a new thread.
///
/// # Safety
/// `base` is the start of a span of fresh, zeroed memory but for its guards.
unsafe fn block_of(base: u64) -> *mut Context {
    let block = (base + BLOCK_AT) as *mut Context;
    // SAFETY: fresh zeroed memory of enough size; every field is valid when zero.
    unsafe {
        (*block).this = block;
        (*block).stack_top = base + BLOCK_AT;
        (*block).host_signal_stack = (base + GUARD, SIGNAL_STACK);
    }
    block
}

/// Where the block of a process goes whose first thread has the block `first`.
pub fn process_of(first: *mut Context) -> *mut Process {
    (first as u64 - BLOCK_AT + PROCESS_AT) as *mut Process
}

/// Gives the memory of a thread back.
///
/// # Safety
/// The thread must not run any more, and must not be the caller.
pub unsafe fn free(block: *mut Context) {
    memory::release(block as u64 - BLOCK_AT, SPAN);
}

/// The address range of a thread's stub memory.
pub fn range(block: *const Context) -> core::ops::Range<u64> {
    let start = block as u64 - BLOCK_AT;
    start..start + SPAN
}

/// The memory of the thread that the block of a process lies in.
pub fn range_with(process: &Process) -> core::ops::Range<u64> {
    let start = core::ptr::from_ref(process) as u64 & !(SPAN - 1);
    start..start + SPAN
}

/// Makes `block` the context of the calling thread and registers the stub: GS, host signal
/// stack, dispatch.
///
/// # Errors
/// `EINVAL` where the kernel has no syscall user dispatch.
///
/// # Safety
/// `block` was made by [`allocate`], has its process, and belongs to the calling thread alone.
pub unsafe fn adopt(block: *mut Context) -> Result<(), Errno> {
    set_gs(block as u64);
    // SAFETY: the block is the caller's.
    let cx = unsafe { &mut *block };
    // SAFETY: no pointers.
    let tid = unsafe { call::<0>(abi::__NR_gettid, []) }? as u32;
    cx.tid.store(tid, Ordering::Relaxed);
    // The first thread of a process has its number.
    let _ = cx.process().pid.compare_exchange(0, tid, Ordering::Relaxed, Ordering::Relaxed);
    // SAFETY: no pointers. A child that borrows its parent's memory has a number of its own.
    cx.pid = unsafe { call::<0>(abi::__NR_getpid, []) }? as u32;
    fast::begin(cx);
    let stack = HostStack { base: cx.host_signal_stack.0, flags: 0, pad: 0, size: cx.host_signal_stack.1 };
    // SAFETY: the kernel reads one structure.
    unsafe { call(abi::__NR_sigaltstack, [&raw const stack as u64, 0]) }?;
    register::register()
}

/// Sets the GS base of the calling thread. In the stub it points to the thread's block; a guest that has set a base of
/// its own gets that back when it is entered.
pub fn set_gs(base: u64) {
    // SAFETY: the base is a block, or an address that the host has accepted from the guest before.
    let _ = unsafe { call(abi::__NR_arch_prctl, [ARCH_SET_GS, base]) };
}

/// Ends the calling thread and leaves its block to the next one. After its id is zero another thread may have the
/// block and its stacks, so nothing is touched from there on.
///
/// # Safety
/// `cx` is the calling thread's, and every signal is blocked.
pub unsafe fn end(cx: &Context, status: i32) -> ! {
    // SAFETY: by contract; registers only.
    unsafe {
        asm!("mov dword ptr [{tid}], 0", "syscall", "ud2", tid = in(reg) cx.tid.as_ptr(),
            in("rax") u64::from(abi::__NR_exit), in("rdi") status, options(noreturn, nostack));
    }
}

unsafe extern "C" {
    #[expect(improper_ctypes, reason = "the block is opaque to the assembly")]
    fn stub_clone(flags: u64, child: *mut Context, parent_tid: u64, child_tid: u64, tls: u64) -> u64;
}

global_asm!(
    ".globl stub_clone",
    "stub_clone:",
    "push rbx",
    "mov rbx, rsi",
    "mov r10, rcx",
    "mov rsi, [rbx + 8]", // stack_top of the child
    "mov eax, 56",
    "syscall",
    "test rax, rax",
    "jz 2f",
    "pop rbx",
    "ret",
    "2:",
    "xor ebp, ebp",
    "mov rdi, rbx",
    "call stub_thread_start",
    "ud2",
);

/// First code of a new host thread or `vfork` child, on its own stub stack.
#[unsafe(no_mangle)]
extern "C" fn stub_thread_start(block: *mut Context) -> ! {
    // SAFETY: the parent made the block for this thread.
    if unsafe { adopt(block) }.is_err() {
        signal::die(signal::SIGSYS);
    }
    // SAFETY: the frame was filled by the parent; the exit mask unblocks what the parent blocked.
    unsafe {
        let set = core::mem::take(&mut (*block).set_tid);
        if set != 0 {
            // A bad address is the guest's own loss, as on the host.
            let _ = crate::guest::put(set, &(*block).tid.load(Ordering::Relaxed));
        }
        (*block).pending.store(1, Ordering::Relaxed);
        entry::stub_leave()
    }
}

/// Starts a host thread (or `vfork` child) that enters the guest with the frame in `child`.
/// Every signal is blocked until it does.
///
/// # Errors
/// As clone(2).
///
/// # Safety
/// `child` was made by [`allocate`], its frame is filled, and nobody else uses it.
pub unsafe fn start(
    flags: u64,
    child: *mut Context,
    parent_tid: u64,
    child_tid: u64,
    tls: u64,
) -> Result<u64, Errno> {
    let old = signal::set_mask(signal::ALL_BUT_FAULTS & !signal::NEVER_BLOCKED);
    // SAFETY: the child runs on its own stack and context; the kernel checks the guest's pointers.
    let result = super::syscall::check(unsafe { stub_clone(flags, child, parent_tid, child_tid, tls) });
    signal::set_mask(old);
    result
}
