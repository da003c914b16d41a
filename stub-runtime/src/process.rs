//! What the threads of one guest process share in the stub.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use schemas::Errno;

use crate::context::Context;
use crate::host::linux::{abi, syscall::call, thread};
use crate::operation::queue::Queues;
use crate::operation::signal::Action;
use crate::operation::{descriptor, limit, mask};
use crate::personality::Personality;

/// A lock of the stub. Held for a few instructions and never over a call that may sleep. Its word comes first.
#[repr(C)]
pub struct Lock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached under the lock only.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Lock { word: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    /// Takes the lock; gives the processor away while another thread holds it.
    pub fn lock(&self) -> Guard<'_, T> {
        while self.word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            // SAFETY: no arguments.
            let _ = unsafe { call::<0>(abi::__NR_sched_yield, []) };
        }
        Guard(self)
    }

    /// The value, for its only owner.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

/// A held [`Lock`].
pub struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.word.store(0, Ordering::Release);
    }
}

/// The program's break: the end of its data segment, which `brk` moves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Break {
    /// Where it started.
    pub start: u64,
    /// Where it is.
    pub end: u64,
    /// End of what is mapped.
    pub mapped: u64,
}

/// A guest process. What every fork writes to comes first, so that it lies together.
#[repr(C)]
pub struct Process {
    /// The ABI of its OS.
    pub personality: &'static Personality,
    /// Its number; zero until its first thread runs.
    pub pid: AtomicU32,
    /// The end of its data.
    pub data_end: Lock<Break>,
    /// What its descriptors mean.
    pub descriptors: descriptor::Table,
    /// Permissions that its new files do not get, or [`mask::UNKNOWN`].
    pub creation_mask: AtomicU32,
    /// Its hard limit on descriptors, or [`limit::HOST`].
    pub descriptor_limit: AtomicU64,
    /// Its event queues.
    pub queues: Queues,
    /// All thread blocks ever made, in use or free.
    pub threads: Lock<*mut Context>,
    /// Held by the thread that executes another program.
    pub executing: Lock<()>,
    /// Address of the code to which handlers return, where the OS gives one.
    pub signal_code: u64,
    /// Length of the path of the program.
    pub executable_len: usize,
    /// Address space that belongs to the stub beside its image and thread blocks.
    pub kept: [core::ops::Range<u64>; 4],
    /// What it does on each signal, by host number.
    pub actions: Lock<[Action; 65]>,
    /// Path of the program, for the guest's own look at itself.
    pub executable: [u8; 1024],
}

// SAFETY: the list of blocks is reached under its lock.
unsafe impl Send for Process {}
// SAFETY: as above; the other fields are set before the first thread starts.
unsafe impl Sync for Process {}

impl Process {
    /// Makes the block of a process beside that of its first thread.
    ///
    /// # Safety
    /// `first` was made by [`thread::allocate`] or [`thread::allocate_first`], and no process is beside it.
    #[expect(clippy::mut_from_ref, reason = "the block is new memory, and no part of the personality")]
    pub unsafe fn begin(first: *mut Context, personality: &'static Personality) -> &'static mut Process {
        let at = thread::process_of(first);
        let process = Process {
            personality,
            pid: AtomicU32::new(0),
            actions: Lock::new([Action::DEFAULT; 65]),
            data_end: Lock::new(Break::default()),
            descriptors: descriptor::Table::new(),
            creation_mask: AtomicU32::new(mask::UNKNOWN),
            descriptor_limit: AtomicU64::new(limit::HOST),
            queues: Queues::new(),
            threads: Lock::new(core::ptr::null_mut()),
            executing: Lock::new(()),
            signal_code: 0,
            executable: [0; 1024],
            executable_len: 0,
            kept: [const { 0..0 }; 4],
        };
        // SAFETY: fresh memory of the right size and alignment.
        unsafe {
            at.write(process);
            &mut *at
        }
    }

    /// Sets the program's path.
    ///
    /// # Errors
    /// `ENAMETOOLONG`.
    pub fn set_executable(&mut self, path: &[u8]) -> Result<(), Errno> {
        self.executable.get_mut(..path.len()).ok_or(Errno::NAMETOOLONG)?.copy_from_slice(path);
        self.executable_len = path.len();
        Ok(())
    }

    /// The program's path.
    pub fn executable(&self) -> &[u8] {
        &self.executable[..self.executable_len]
    }

    /// A block for a new thread: one whose thread has ended, or new memory.
    ///
    /// # Errors
    /// `EAGAIN` when there is no memory.
    pub fn thread_block(&mut self) -> Result<*mut Context, Errno> {
        let process: *mut Process = self;
        {
            let head = self.threads.lock();
            let mut at = *head;
            while !at.is_null() {
                // SAFETY: blocks in the list are never unmapped.
                let block = unsafe { &mut *at };
                if block.tid.compare_exchange(0, u32::MAX, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    let (next, top, stack) = (block.next, block.stack_top, block.host_signal_stack);
                    // SAFETY: the block is ours now; zero is valid for every field.
                    unsafe { at.write_bytes(0, 1) };
                    block.this = at;
                    block.next = next;
                    block.stack_top = top;
                    block.host_signal_stack = stack;
                    block.tid.store(u32::MAX, Ordering::Relaxed);
                    block.process = process;
                    return Ok(at);
                }
                at = block.next;
            }
        }
        let at = thread::allocate().map_err(|_| Errno::AGAIN)?;
        // SAFETY: the block is ours.
        let block = unsafe { &mut *at };
        block.tid.store(u32::MAX, Ordering::Relaxed);
        block.process = process;
        let mut head = self.threads.lock();
        block.next = *head;
        *head = at;
        Ok(at)
    }

    /// Takes the locks that must not be held by a thread that a forked child does not have.
    pub fn fork_locks(&self) -> impl Sized + '_ {
        let process =
            (self.actions.lock(), self.data_end.lock(), self.threads.lock(), self.descriptors.hold());
        (process, crate::trap::site::hold(), crate::trap::fast::hold())
    }

    /// After a fork only the calling thread is there: the blocks of the others are free.
    pub fn keep_only(&self, own: &Context) {
        let head = self.threads.lock();
        let mut at = *head;
        while !at.is_null() {
            // SAFETY: blocks in the list are never unmapped.
            let block = unsafe { &*at };
            if !core::ptr::eq(block, own) {
                block.tid.store(0, Ordering::Relaxed);
            }
            at = block.next;
        }
    }

    /// Calls `visit` with the host id of each living thread.
    pub fn each_thread(&self, mut visit: impl FnMut(u32)) {
        self.each_block(|block| visit(block.tid.load(Ordering::Relaxed)));
    }

    /// Calls `visit` with the block of each living thread.
    pub fn each_block(&self, mut visit: impl FnMut(&Context)) {
        let head = self.threads.lock();
        let mut at = *head;
        while !at.is_null() {
            // SAFETY: blocks in the list are never unmapped.
            let block = unsafe { &*at };
            let tid = block.tid.load(Ordering::Relaxed);
            if tid != 0 && tid != u32::MAX {
                visit(block);
            }
            at = block.next;
        }
    }

    /// A copy beside the first thread of a child that shares the memory but not the state (`vfork`).
    ///
    /// # Errors
    /// `ENOMEM`.
    ///
    /// # Safety
    /// As [`Process::begin`].
    pub unsafe fn copy(&self, first: *mut Context) -> Result<&'static mut Process, Errno> {
        // SAFETY: by contract.
        let copy = unsafe { Process::begin(first, self.personality) };
        copy.actions = Lock::new(*self.actions.lock());
        copy.data_end = Lock::new(*self.data_end.lock());
        copy.descriptors.copy_from(&self.descriptors)?;
        copy.creation_mask = AtomicU32::new(self.creation_mask.load(Ordering::Relaxed));
        copy.descriptor_limit = AtomicU64::new(self.descriptor_limit.load(Ordering::Relaxed));
        copy.threads = Lock::new(*self.threads.lock());
        copy.signal_code = self.signal_code;
        copy.executable = self.executable;
        copy.executable_len = self.executable_len;
        copy.kept = self.kept.clone();
        Ok(copy)
    }

    /// Gives the memory back that is not beside the first thread.
    pub fn free(&mut self) {
        self.descriptors.free();
    }

    /// Whether a range of addresses touches what belongs to the stub.
    pub fn owns(&self, addr: u64, len: u64) -> bool {
        self.next_owned(addr, addr.saturating_add(len)).is_some()
    }

    /// Of what belongs to the stub between two addresses, the lowest.
    pub fn next_owned(&self, addr: u64, end: u64) -> Option<core::ops::Range<u64>> {
        let mut found: Option<core::ops::Range<u64>> = None;
        let mut see = |own: core::ops::Range<u64>| {
            let lower = found.as_ref().is_none_or(|found| own.start < found.start);
            if addr < own.end && own.start < end && lower {
                found = Some(own);
            }
        };
        see(crate::trap::entry::image());
        see(crate::transport::range());
        crate::trap::site::ranges().for_each(&mut see);
        see(self.descriptors.range());
        see(thread::range_with(self));
        self.kept.iter().cloned().for_each(&mut see);
        let head = self.threads.lock();
        let mut at = *head;
        while !at.is_null() {
            see(thread::range(at));
            // SAFETY: blocks in the list are never unmapped.
            at = unsafe { (*at).next };
        }
        found
    }
}
