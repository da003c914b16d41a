//! Threads of the guest, each a thread of the host.

use core::sync::atomic::Ordering;

use schemas::Errno;

use crate::context::{Context, Frame, SignalStack};
use crate::guest;
use crate::host::linux::signal;
use crate::host::linux::{abi::*, syscall::RESTART, syscall::call, thread};
use crate::operation::identity;
use crate::trap::{fast, hoist, register, site};

/// What every thread of a process shares (pthread_create of any libc asks for these).
pub const SHARED: u32 = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

/// Starts a thread that enters the guest with `frame`. `parent_tid` gets its id before either
/// goes on, `set_tid` gets it from the new thread itself, `clear_tid` gets a zero when it ends;
/// `tls` is its FS base when `flags` say so.
///
/// # Errors
/// As clone(2).
pub fn create(
    cx: &mut Context,
    flags: u32,
    frame: Frame,
    parent_tid: u64,
    set_tid: u64,
    clear_tid: u64,
    tls: u64,
) -> Result<u64, Errno> {
    let block = cx.process().thread_block()?;
    // SAFETY: the block is ours until the thread starts.
    let child = unsafe { &mut *block };
    child.frame = frame;
    child.set_mask(cx.mask);
    child.set_tid = set_tid;
    child.clear_tid = clear_tid;
    child.signal_stack = SignalStack::default();
    child.identities = cx.identities;
    child.hoisted_entry = cx.hoisted_entry;
    let flags = flags & !(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID);
    // SAFETY: the block is new, and its frame is filled.
    let result = unsafe { thread::start(u64::from(flags), block, parent_tid, 0, tls) };
    if result.is_err() {
        child.tid.store(0, Ordering::Release);
    }
    result
}

/// Before a thread ends: lets no signal in any more. One that has come already would go with the thread.
///
/// # Errors
/// `ERESTART` to have it handled first.
pub fn close_to_signals(cx: &Context) -> Result<(), Errno> {
    let mask = signal::set_mask(signal::ALL_BUT_FAULTS & !signal::NEVER_BLOCKED);
    if cx.signal_waits() {
        signal::set_mask(mask);
        return Err(RESTART);
    }
    Ok(())
}

/// Ends the calling thread, which is closed to signals. Where the guest asked for it, the host makes a word of its memory zero and wakes its
/// waiters when the thread is really gone: they may unmap its stack, with what the host still writes there until then
/// (`rseq`), at once.
pub fn exit(cx: &mut Context, status: i32) -> ! {
    fast::end(cx);
    // SAFETY: the kernel checks the guest's address; zero is none.
    let _ = unsafe { call(__NR_set_tid_address, [core::mem::take(&mut cx.clear_tid)]) };
    // SAFETY: the thread has nothing left to do, and no signal can come.
    unsafe { thread::end(cx, status) }
}

/// Makes a child with a copy of the guest's memory.
///
/// # Errors
/// As fork(2).
pub fn fork(cx: &mut Context, flags: u32, parent_tid: u64, child_tid: u64, tls: u64) -> Result<u64, Errno> {
    hoist::wanted_by_children(cx);
    let blocked = signal::set_mask(signal::ALL_BUT_FAULTS & !signal::NEVER_BLOCKED);
    let held = cx.process().fork_locks();
    // The host tells the child its number, here or where the guest wants it.
    let (flags, child_tid) = if flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) == 0 {
        (flags | CLONE_CHILD_SETTID, cx.tid.as_ptr() as u64)
    } else {
        (flags, child_tid)
    };
    // SAFETY: without a stack of its own the child goes on here, on its copy of this stack.
    let result = unsafe { call(__NR_clone, [u64::from(flags), 0, parent_tid, child_tid, tls]) };
    drop(held);
    if result == Ok(0) {
        let told = if flags & CLONE_CHILD_SETTID != 0 { guest::get(child_tid).unwrap_or(0) } else { 0 };
        child_of_fork(cx, told);
        identity::forget(&mut cx.identities);
        if flags & CLONE_FILES == 0 {
            cx.process().queues.forked();
        }
    } else if let Ok(pid) = result {
        crate::transport::forked(cx, pid as i32);
    }
    signal::set_mask(blocked);
    result
}

/// The child's first work: it is alone, and its registration with the host is gone, but for the signal stack. Its
/// number is `told`, or none.
fn child_of_fork(cx: &mut Context, told: u32) {
    cx.process().keep_only(cx);
    cx.clear_tid = 0;
    // What waited for the parent is the parent's.
    cx.held = 0;
    let tid = match told {
        // SAFETY: no pointers.
        0 => unsafe { call::<0>(__NR_gettid, []) }.unwrap_or(0) as u32,
        told => told,
    };
    cx.tid.store(tid, Ordering::Relaxed);
    cx.process().pid.store(tid, Ordering::Relaxed);
    cx.pid = tid;
    crate::transport::detach();
    site::forked();
    fast::begin(cx);
    if register::register().is_err() {
        signal::die(signal::SIGSYS);
    }
}

/// Makes a child that borrows the guest's memory until it ends or executes another program. With
/// `CLONE_VFORK` the parent's thread waits for that; without, the child's stub memory is kept.
///
/// # Errors
/// As vfork(2).
pub fn vfork(cx: &mut Context, flags: u32, frame: Frame, parent_tid: u64, tls: u64) -> Result<u64, Errno> {
    let block = thread::allocate()?;
    // SAFETY: the block is new.
    let process = match unsafe { cx.process().copy(block) } {
        Ok(process) => process,
        Err(error) => {
            // SAFETY: no thread ever ran on it.
            unsafe { thread::free(block) };
            return Err(error);
        }
    };
    // SAFETY: the block is ours until the child starts, and again after this call.
    let child = unsafe { &mut *block };
    child.process = process;
    child.frame = frame;
    child.set_mask(cx.mask);
    child.clear_tid = 0;
    child.guest_gs = cx.guest_gs;
    child.hoisted_entry = cx.hoisted_entry;
    child.signal_stack = cx.signal_stack;
    let flags = (flags & !(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) | CLONE_VM;
    // SAFETY: the block is new, and its frame is filled.
    let result = unsafe { thread::start(u64::from(flags), block, parent_tid, 0, tls) };
    if let Ok(pid) = result {
        crate::transport::forked(cx, pid as i32);
    }
    if flags & CLONE_VFORK != 0 || result.is_err() {
        fast::end(child);
        process.free();
        // SAFETY: the child is gone, or has an address space of its own.
        unsafe { thread::free(block) };
    }
    result
}

/// Gives the thread a GS base of its own from its next instruction on; zero is none.
///
/// # Errors
/// `EPERM` for an address that is not the user's, as arch_prctl(2).
pub fn set_gs_base(cx: &mut Context, base: u64) -> Result<(), Errno> {
    if base >= guest::ADDRESS_END {
        return Err(Errno::PERM);
    }
    if base != 0 {
        // Code in place of the guest's finds the stub by GS.
        site::restore_all();
    }
    cx.guest_gs = base;
    Ok(())
}
