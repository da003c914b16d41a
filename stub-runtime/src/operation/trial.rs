//! A guest thread for tests of operations: the calling thread with a context and a process of its own.

use crate::context::Context;
use crate::host::linux::abi::__NR_arch_prctl;
use crate::host::linux::syscall::call;
use crate::host::linux::thread;
use crate::process::Process;
use crate::world;

/// A context for the calling thread, in a FreeBSD process and a world without mounts.
pub fn context() -> &'static mut Context {
    world::open_empty();
    let block = thread::allocate().unwrap();
    // SAFETY: the block is new and never freed.
    let context: &'static mut Context = unsafe { &mut *block };
    // SAFETY: as above.
    context.process = unsafe { Process::begin(block, &crate::personality::freebsd::PERSONALITY) };
    // ARCH_SET_GS: tests and the standard library do not use GS.
    // SAFETY: the context is never freed.
    unsafe { call(__NR_arch_prctl, [0x1001, context.this as u64]) }.unwrap();
    context
}
