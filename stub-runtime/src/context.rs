//! The stub's block for one guest thread. GS points to it while the thread lives.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::host::linux::thread::{BLOCK_AT, SPAN};
use crate::process::Process;

/// The guest's registers while it is in the stub.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the fields are the processor's registers")]
pub struct Frame {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    pub rflags: u64,
    pub xmm: [[u64; 2]; 16],
}

/// A guest thread as the stub sees it.
///
/// The first fields are read by assembly; their offsets are taken with `offset_of!`.
#[repr(C)]
pub struct Context {
    /// Address of this block, so that it can be had with one load.
    pub this: *mut Context,
    /// Top of the stub's stack for this thread, 16-byte aligned.
    pub stack_top: u64,
    /// Non-zero when a guest signal waits for the stub to be left.
    pub pending: AtomicU32,
    /// Non-zero when `exit_mask` is not `mask`, because a call such as `sigsuspend` lends a mask.
    pub mask_lent: AtomicU32,
    /// Host signal mask with which the guest is entered again.
    pub exit_mask: u64,
    /// Host form of the mask that the guest believes it has, without the signals the stub needs.
    pub host_mask: u64,
    /// The GS base that the guest has set for itself; zero when it has none.
    pub guest_gs: u64,
    /// Where code that stands in for a hoisted instruction enters the stub.
    pub hoisted_entry: u64,
    /// Where the guest goes on behind the hoisted `syscall` that it is at.
    pub back: u64,
    /// Two's complement of the generation of the world for which the fast table serves this thread;
    /// [`crate::trap::fast::UNSERVED`] when it does not.
    pub negated_generation: u64,
    /// Address of the counters of this thread alone; zero when it has none.
    pub lane: AtomicU64,
    /// Address of the sites of the region that the process counts in.
    pub sites: AtomicU64,
    /// Address of the bits of the descriptors that are not plain.
    pub marked: u64,
    /// Number of a call of the guest's for which another is made of the host.
    pub translated: u64,
    /// How the stub was entered: one of [`crate::trap::entry::entered`].
    pub entered: u32,
    /// Host process id.
    pub pid: u32,
    /// The guest's registers.
    pub frame: Frame,

    /// The guest's own mask, in host bits, with the signals that are never really blocked.
    pub mask: u64,
    /// Signals that the guest blocks and the host cannot, held until it unblocks them.
    pub held: u64,
    /// The process this thread belongs to.
    pub process: *mut Process,
    /// Number of the trap being handled, in the guest's numbering.
    pub number: u64,
    /// Set by a handler that has put a whole new state into `frame`.
    pub frame_replaced: bool,
    /// Host thread id; zero when the thread has ended and its block is free.
    pub tid: AtomicU32,
    /// Where the guest wants the thread's id when it starts (Linux `CLONE_CHILD_SETTID`).
    pub set_tid: u64,
    /// Where the guest wants a zero and a wake-up when the thread ends (Linux `set_tid_address`).
    pub clear_tid: u64,
    /// The guest's alternate signal stack.
    pub signal_stack: SignalStack,
    /// Slot of the shared region that this thread holds, plus one.
    pub slot: u32,
    /// Next block in the list of blocks of the process.
    pub next: *mut Context,
    /// Top of the host's alternate stack of this thread and its size.
    pub host_signal_stack: (u64, u64),
    /// Who the thread is.
    pub identities: Identities,
}

/// Supplementary groups that are kept; a thread with more of them asks the host.
pub const GROUPS_KEPT: usize = 32;

/// The user and group identities of a thread, as its host thread has them (credentials(7): each thread has its own, and
/// only its own calls change them). [`crate::operation::identity`] keeps them right.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Identities {
    /// Whether `users` and `groups` hold: one when they do, else zero.
    pub known: u32,
    /// Real, effective and saved user.
    pub users: [u32; 3],
    /// Real, effective and saved group.
    pub groups: [u32; 3],
    /// Supplementary groups in `list` plus one; zero when they were not asked for or are too many.
    pub listed: u32,
    /// The supplementary groups.
    pub list: [u32; GROUPS_KEPT],
}

/// An alternate signal stack, as the guest set it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignalStack {
    /// Lowest address.
    pub base: u64,
    /// Size in bytes; zero when there is none.
    pub size: u64,
    /// Disabled by the guest on entry to a handler (Linux `SS_AUTODISARM`).
    pub disarm: bool,
}

impl SignalStack {
    /// Whether a stack pointer lies on this stack.
    pub fn contains(&self, sp: u64) -> bool {
        self.size != 0 && sp.wrapping_sub(self.base) < self.size
    }
}

impl Context {
    /// The block of the running thread, found from its stack pointer: GS may be the guest's when a signal arrives.
    ///
    /// # Safety
    /// The thread must run on one of the stacks that [`crate::host::linux::thread`] made for it.
    #[inline(always)]
    pub unsafe fn current<'a>() -> &'a mut Context {
        let stack: u64;
        // SAFETY: reads a register; the block lies at a fixed place in the aligned span of its stacks.
        unsafe {
            asm!("mov {}, rsp", out(reg) stack, options(nomem, nostack, preserves_flags));
            &mut *(((stack & !(SPAN - 1)) + BLOCK_AT) as *mut Context)
        }
    }

    /// The process of this thread.
    #[inline(always)]
    pub fn process(&self) -> &'static mut Process {
        // SAFETY: a process block outlives its threads; its fields that threads share are atomics
        // or are changed under the process lock.
        unsafe { &mut *self.process }
    }

    /// Whether a guest signal waits for delivery at the exit of the stub.
    pub fn signal_waits(&self) -> bool {
        self.pending.load(Ordering::Relaxed) != 0
    }

    /// Records the guest's new mask (host bits) for the exit and for the frames of its handlers.
    pub fn set_mask(&mut self, mask: u64) {
        self.mask = mask;
        self.host_mask = mask & !crate::host::linux::signal::NEVER_BLOCKED;
        if self.mask_lent.load(Ordering::Relaxed) == 0 {
            self.exit_mask = self.host_mask;
        }
    }
}
