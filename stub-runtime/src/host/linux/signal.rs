//! Signals of the host: layouts, actions and masks.
//!
//! The host's mask is the guest's mask, but for the signals that the stub itself needs; those
//! are blocked in the guest's view only.

use core::arch::global_asm;

use schemas::Errno;

use super::abi;
use super::syscall::call;
use crate::context::Frame;

/// Bit of a signal in a host mask.
pub const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Number of host signals (asm/signal.h, `_NSIG`).
pub const SIGNALS: usize = 64;

#[expect(missing_docs, reason = "names of asm/signal.h")]
mod numbers {
    pub const SIGTRAP: i32 = 5;
    pub const SIGBUS: i32 = 7;
    pub const SIGFPE: i32 = 8;
    pub const SIGILL: i32 = 4;
    pub const SIGKILL: i32 = 9;
    pub const SIGSEGV: i32 = 11;
    pub const SIGCHLD: i32 = 17;
    pub const SIGSTOP: i32 = 19;
    pub const SIGSYS: i32 = 31;
}
pub use numbers::*;

/// Signals that are never blocked on the host: the trap itself, and the faults by which the stub
/// survives bad guest addresses.
pub const NEVER_BLOCKED: u64 = bit(SIGSYS) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGKILL) | bit(SIGSTOP);

/// Everything the stub may block while a handler of its own runs.
pub const ALL_BUT_FAULTS: u64 = !(bit(SIGSEGV) | bit(SIGBUS));

crate::layout! {
    /// `siginfo_t` (asm-generic/siginfo.h): the three common words and the union.
    pub struct HostInfo: 128 {
        pub signo: i32,
        pub errno: i32,
        pub code: i32,
        pub pad: i32,
        pub fields: [u64; 14],
    }

    /// `struct ucontext` up to the mask (asm-generic/ucontext.h, asm/sigcontext.h).
    pub struct HostContext: 304 {
        pub flags: u64,
        pub link: u64,
        pub stack_base: u64,
        pub stack_flags: i32,
        pub stack_pad: i32,
        pub stack_size: u64,
        pub r8: u64,
        pub r9: u64,
        pub r10: u64,
        pub r11: u64,
        pub r12: u64,
        pub r13: u64,
        pub r14: u64,
        pub r15: u64,
        pub rdi: u64,
        pub rsi: u64,
        pub rbp: u64,
        pub rbx: u64,
        pub rdx: u64,
        pub rax: u64,
        pub rcx: u64,
        pub rsp: u64,
        pub rip: u64,
        pub rflags: u64,
        pub segments: [u16; 4],
        pub error: u64,
        pub trap: u64,
        pub old_mask: u64,
        pub fault_address: u64,
        pub fpstate: u64,
        pub reserved: [u64; 8],
        pub mask: u64,
    }

    /// `struct sigaction` as the kernel takes it (asm/signal.h).
    pub struct HostAction: 32 {
        pub handler: u64,
        pub flags: u64,
        pub restorer: u64,
        pub mask: u64,
    }

    /// `stack_t` (asm-generic/signal.h).
    pub struct HostStack: 24 {
        pub base: u64,
        pub flags: i32,
        pub pad: i32,
        pub size: u64,
    }
}

#[expect(missing_docs, reason = "names of asm/signal.h")]
mod action_flags {
    pub const SA_NOCLDSTOP: u64 = 1;
    pub const SA_NOCLDWAIT: u64 = 2;
    pub const SA_SIGINFO: u64 = 4;
    pub const SA_RESTORER: u64 = 0x0400_0000;
    pub const SA_ONSTACK: u64 = 0x0800_0000;
    pub const SA_RESTART: u64 = 0x1000_0000;
    pub const SA_NODEFER: u64 = 0x4000_0000;
    pub const SA_RESETHAND: u64 = 0x8000_0000;
    pub const SS_ONSTACK: i32 = 1;
    pub const SS_DISABLE: i32 = 2;
    pub const SS_AUTODISARM: i32 = i32::MIN;
}
pub use action_flags::*;

impl HostInfo {
    /// Faulting address, for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP.
    pub fn address(&self) -> u64 {
        self.fields[0]
    }

    /// Sender's process and user id, for signals of a process and SIGCHLD.
    pub fn sender(&self) -> (i32, u32) {
        (self.fields[0] as i32, (self.fields[0] >> 32) as u32)
    }

    /// Whether the processor raised the signal at the interrupted instruction (codes above zero
    /// of the fault signals, asm-generic/siginfo.h; `SI_KERNEL` is a general protection fault).
    pub fn is_fault(&self) -> bool {
        self.code > 0 && matches!(self.signo, SIGSEGV | SIGBUS | SIGILL | SIGFPE | SIGTRAP)
    }
}

impl HostContext {
    /// Copies the interrupted general registers.
    pub fn save_registers(&self, frame: &mut Frame) {
        frame.rax = self.rax;
        frame.rbx = self.rbx;
        frame.rcx = self.rcx;
        frame.rdx = self.rdx;
        frame.rsi = self.rsi;
        frame.rdi = self.rdi;
        frame.rbp = self.rbp;
        frame.rsp = self.rsp;
        frame.r8 = self.r8;
        frame.r9 = self.r9;
        frame.r10 = self.r10;
        frame.r11 = self.r11;
        frame.r12 = self.r12;
        frame.r13 = self.r13;
        frame.r14 = self.r14;
        frame.r15 = self.r15;
        frame.rip = self.rip;
        frame.rflags = self.rflags;
    }

    /// Puts general registers into the interrupted state.
    pub fn load_registers(&mut self, frame: &Frame) {
        self.rax = frame.rax;
        self.rbx = frame.rbx;
        self.rcx = frame.rcx;
        self.rdx = frame.rdx;
        self.rsi = frame.rsi;
        self.rdi = frame.rdi;
        self.rbp = frame.rbp;
        self.rsp = frame.rsp;
        self.r8 = frame.r8;
        self.r9 = frame.r9;
        self.r10 = frame.r10;
        self.r11 = frame.r11;
        self.r12 = frame.r12;
        self.r13 = frame.r13;
        self.r14 = frame.r14;
        self.r15 = frame.r15;
        self.rip = frame.rip;
        self.rflags = frame.rflags;
    }

    /// Makes the signal return to `rip` with the stack at `rsp`, flags clean.
    pub fn go(&mut self, rip: u64, rsp: u64) {
        self.rip = rip;
        self.rsp = rsp;
        // Interrupts on, the fixed bit, and nothing a guest may have set (direction, trap, alignment).
        self.rflags = 0x202;
    }
}

unsafe extern "C" {
    /// Return address of the stub's own handlers.
    static stub_restorer: u8;
    /// Makes the host's `rt_sigreturn` from the context at `context`.
    pub fn stub_signal_return(context: *const HostContext) -> !;
}

global_asm!(
    ".globl stub_restorer",
    "stub_restorer:",
    "mov eax, 15",
    "syscall",
    "ud2",
    ".globl stub_signal_return",
    "stub_signal_return:",
    "mov rsp, rdi",
    "mov eax, 15",
    "syscall",
    "ud2",
);

/// A handler as the kernel calls it.
pub type Handler = unsafe extern "C" fn(i32, *mut HostInfo, *mut HostContext);

/// Installs a handler of the stub for a host signal. It runs on the thread's host signal stack
/// with everything blocked but the faults.
///
/// # Errors
/// `EINVAL` for signals that cannot be caught.
pub fn handle(signal: i32, handler: Handler, flags: u64) -> Result<(), Errno> {
    let action = HostAction {
        handler: handler as usize as u64,
        flags: SA_SIGINFO | SA_ONSTACK | SA_RESTORER | flags,
        restorer: &raw const stub_restorer as u64,
        mask: ALL_BUT_FAULTS,
    };
    set_action(signal, &action)
}

/// Sets a host action.
///
/// # Errors
/// As rt_sigaction(2).
pub fn set_action(signal: i32, action: &HostAction) -> Result<(), Errno> {
    // SAFETY: the kernel reads one action.
    unsafe { call(abi::__NR_rt_sigaction, [signal as u64, &raw const *action as u64, 0, 8]) }.map(drop)
}

/// Reads a host action, as inherited over `execve`.
pub fn action(signal: i32) -> HostAction {
    let mut old = HostAction::default();
    // SAFETY: the kernel writes one action.
    let _ = unsafe { call(abi::__NR_rt_sigaction, [signal as u64, 0, &raw mut old as u64, 8]) };
    old
}

/// Sets the host mask of the calling thread and gives the old one.
pub fn set_mask(mask: u64) -> u64 {
    let mut old = 0u64;
    // SAFETY: the kernel reads and writes one word each; 2 is SIG_SETMASK.
    let _ = unsafe { call(abi::__NR_rt_sigprocmask, [2, &raw const mask as u64, &raw mut old as u64, 8]) };
    old
}

/// The host mask of the calling thread.
pub fn mask() -> u64 {
    let mut old = 0u64;
    // SAFETY: the kernel writes one word; no new mask is given.
    let _ = unsafe { call(abi::__NR_rt_sigprocmask, [0, 0, &raw mut old as u64, 8]) };
    old
}

/// Sends a signal with its information to the calling thread, to arrive when it is unblocked.
pub fn requeue(info: &HostInfo) {
    // SAFETY: no pointers but the information, which the kernel reads.
    unsafe {
        let pid = call::<0>(abi::__NR_getpid, []).unwrap_or(0);
        let tid = call::<0>(abi::__NR_gettid, []).unwrap_or(0);
        let _ = call(abi::__NR_rt_tgsigqueueinfo, [pid, tid, info.signo as u64, &raw const *info as u64]);
    }
}

/// Ends the process as if `signal` had its default action.
pub fn die(signal: i32) -> ! {
    let _ = set_action(signal, &HostAction::default());
    set_mask(!bit(signal));
    // SAFETY: no pointers.
    unsafe {
        let pid = call::<0>(abi::__NR_getpid, []).unwrap_or(0);
        let tid = call::<0>(abi::__NR_gettid, []).unwrap_or(0);
        let _ = call(abi::__NR_tgkill, [pid, tid, signal as u64]);
        loop {
            let _ = call(abi::__NR_exit_group, [128 + signal as u64]);
        }
    }
}
