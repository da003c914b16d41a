//! How traps and signals enter and leave a FreeBSD amd64 program
//! (sys/amd64/amd64/exec_machdep.c, sys/amd64/include/{frame,sigframe,ucontext}.h).

use linux_raw_sys::general::{__NR_arch_prctl, __NR_mmap, __NR_mprotect};
use schemas::Errno;

use super::{errno, signal as numbers};
use crate::context::{Context, Frame};
use crate::dispatch::Trap;
use crate::guest;
use crate::host::linux::signal::{self as host, HostContext, SA_SIGINFO};
use crate::host::linux::state::{FP_XSTATE_MAGIC1, FP_XSTATE_MAGIC2, STATE_MAX, return_to, state_size};
use crate::host::linux::syscall::call;
use crate::operation::signal::Delivery;
use crate::operation::thread;

/// Carry flag: set on return when the call failed.
const CARRY: u64 = 1;

/// Reads a trap: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9 and from the stack.
/// `syscall` (0) and `__syscall` (198) carry the number as their first argument.
pub fn trap(cx: &mut Context) -> Trap {
    let f = &cx.frame;
    let mut args = [f.rdi, f.rsi, f.rdx, f.r10, f.r8, f.r9, 0, 0];
    let mut number = f.rax;
    let mut stack = [0u8; 24];
    // Only calls with more than six arguments look at these; a bad stack shows there as zeros.
    guest::read_some(f.rsp + 8, &mut stack[..needs_stack(number)]);
    let word = |i: usize| u64::from_le_bytes(core::array::from_fn(|b| stack[8 * i + b]));
    (args[6], args[7]) = (word(0), word(1));
    if matches!(number, 0 | 198) {
        number = args[0];
        args.rotate_left(1);
        args[7] = word(2);
    }
    Trap { number, args }
}

/// Bytes of the stack that hold arguments of a call.
fn needs_stack(number: u64) -> usize {
    match number {
        0 | 198 => 24,
        _ if super::calls::CALLS.get(number).is_some_and(|row| row.args.len() > 6) => 16,
        _ => 0,
    }
}

/// Puts a result into rax with carry clear, or an error number with carry set
/// (`cpu_set_syscall_retval`).
pub fn finish(cx: &mut Context, result: Result<u64, Errno>) {
    match result {
        Ok(value) => {
            cx.frame.rax = value;
            cx.frame.rflags &= !CARRY;
        }
        Err(error) => {
            cx.frame.rax = errno::from_host(error) as u64;
            cx.frame.rflags |= CARRY;
        }
    }
    cx.frame.rcx = cx.frame.rip;
    cx.frame.r11 = cx.frame.rflags;
}

crate::layout! {
    /// `struct __mcontext`.
    pub struct MachineContext: 800 {
        pub onstack: u64,
        pub rdi: u64,
        pub rsi: u64,
        pub rdx: u64,
        pub rcx: u64,
        pub r8: u64,
        pub r9: u64,
        pub rax: u64,
        pub rbx: u64,
        pub rbp: u64,
        pub r10: u64,
        pub r11: u64,
        pub r12: u64,
        pub r13: u64,
        pub r14: u64,
        pub r15: u64,
        pub trapno: u32,
        pub fs: u16,
        pub gs: u16,
        pub addr: u64,
        pub flags: u32,
        pub es: u16,
        pub ds: u16,
        pub err: u64,
        pub rip: u64,
        pub cs: u64,
        pub rflags: u64,
        pub rsp: u64,
        pub ss: u64,
        pub len: u64,
        pub fpformat: u64,
        pub ownedfp: u64,
        pub fpstate: [u64; 64],
        pub fsbase: u64,
        pub gsbase: u64,
        pub xfpustate: u64,
        pub xfpustate_len: u64,
        pub spare: [u64; 4],
    }

    /// `ucontext_t`.
    pub struct UserContext: 880 {
        pub sigmask: [u32; 4],
        pub machine: MachineContext,
        pub link: u64,
        pub stack_base: u64,
        pub stack_size: u64,
        pub stack_flags: i32,
        pub stack_pad: i32,
        pub flags: i32,
        pub spare: [i32; 4],
        pub pad: [i32; 3],
    }

    /// `siginfo_t` (sys/sys/signal.h).
    pub struct SignalInfo: 80 {
        pub signo: i32,
        pub errno: i32,
        pub code: i32,
        pub pid: i32,
        pub uid: u32,
        pub status: i32,
        pub addr: u64,
        pub value: u64,
        pub trapno: i32,
        pub overrun: i32,
        pub spare: [u64; 4],
    }

    /// `struct sigframe`.
    pub struct SignalFrame: 976 {
        pub handler: u64,
        pub pad: u64,
        pub context: UserContext,
        pub info: SignalInfo,
    }
}

/// Offset of the context in [`SignalFrame`], which the return code relies on.
const CONTEXT_OFFSET: u64 = core::mem::offset_of!(SignalFrame, context) as u64;

/// `_MC_HASSEGS | _MC_HASBASES | _MC_HASFPXSTATE`.
pub const HAS_BASES: u32 = 2;
const HAS_EXTENDED: u32 = 4;
const HAS_ALL: u32 = 1 | HAS_BASES | HAS_EXTENDED;
/// `_MC_FPFMT_XMM`.
pub const FORMAT_XMM: u64 = 0x10002;
/// `_MC_FPOWNED_FPU`.
pub const OWNED: u64 = 0x20001;
const OWNED_NONE: u64 = 0x20000;

/// The code a handler returns into (`sigcode`, sys/amd64/amd64/sigtramp.S):
/// `call *(%rsp); lea 16(%rsp),%rdi; push $0; mov $417,%eax; syscall; hlt`.
const SIGNAL_CODE: [u8; 19] = [
    0xff,
    0x14,
    0x24,
    0x48,
    0x8d,
    0x7c,
    0x24,
    CONTEXT_OFFSET as u8,
    0x6a,
    0x00,
    0xb8,
    0xa1,
    0x01,
    0x00,
    0x00,
    0x0f,
    0x05,
    0xf4,
    0xcc,
];

/// Maps the page with the return code.
///
/// # Errors
/// `ENOMEM`.
pub fn map_signal_code() -> Result<u64, Errno> {
    // SAFETY: a new private page, then made executable and no longer writable.
    unsafe {
        let at = call(__NR_mmap, [0, 4096, 3, 0x22, u64::MAX, 0])?;
        guest::write(at, &SIGNAL_CODE)?;
        call(__NR_mprotect, [at, 4096, 5])?;
        Ok(at)
    }
}

/// The thread's FS base (`ARCH_GET_FS`, asm/prctl.h).
pub fn fs_base() -> u64 {
    let mut base = 0u64;
    // SAFETY: the kernel writes one word.
    let _ = unsafe { call(__NR_arch_prctl, [0x1003, &raw mut base as u64]) };
    base
}

/// A context with the segments of user code and nothing else (sys/amd64/include/segments.h).
pub fn selectors() -> MachineContext {
    MachineContext { fs: 0x13, gs: 0x1b, es: 0x3b, ds: 0x3b, cs: 0x43, ss: 0x3b, ..MachineContext::default() }
}

/// FreeBSD's trap number (sys/x86/include/trap.h) for the processor's exception vector.
fn trap_number(vector: u64) -> u32 {
    match vector {
        0 => 18,
        1 => 10,
        2 => 19,
        3 => 3,
        4 => 20,
        5 => 21,
        6 => 1,
        7 => 22,
        13 => 9,
        14 => 12,
        16 => 6,
        17 => 14,
        19 => 29,
        _ => 0,
    }
}

/// FreeBSD's `si_code` (sys/sys/signal.h) for the host's (asm-generic/siginfo.h).
fn code_from_host(signal: i32, code: i32) -> i32 {
    const USER: i32 = 0x10001;
    match code {
        0 => USER,
        -1 => USER + 1,
        -2 => USER + 2,
        -4 => USER + 3,
        -3 => USER + 4,
        0x80 => USER + 5,
        -6 => USER + 6,
        // Overflow and division by zero have changed places.
        1 if signal == host::SIGFPE => 2,
        2 if signal == host::SIGFPE => 1,
        code => code,
    }
}

/// Translates what the host says of a signal.
pub fn info_from_host(signal: i32, info: &host::HostInfo) -> SignalInfo {
    let mut out = SignalInfo {
        signo: numbers::from_host(signal).unwrap_or(signal),
        errno: 0,
        code: code_from_host(signal, info.code),
        ..SignalInfo::default()
    };
    if info.is_fault() {
        out.addr = info.address();
    } else if signal == host::SIGCHLD && info.code > 0 {
        (out.pid, out.uid) = info.sender();
        out.status = info.fields[1] as i32;
        if !matches!(info.code, 1) {
            out.status = numbers::from_host(out.status).unwrap_or(out.status);
        }
    } else if info.code == -2 {
        // SI_TIMER: timer id and overrun, then the value (asm-generic/siginfo.h).
        out.trapno = info.fields[0] as i32;
        out.overrun = (info.fields[0] >> 32) as i32;
        out.value = info.fields[1];
    } else {
        (out.pid, out.uid) = info.sender();
        out.value = info.fields[1];
    }
    out
}

/// Pushes a `struct sigframe` and enters the return code, which calls the handler.
pub fn push_frame(cx: &mut Context, d: &Delivery<'_>) -> Result<Frame, Errno> {
    let state_len = if d.host.fpstate == 0 { 0 } else { state_size(d.host.fpstate)? };
    // What is behind the 512 bytes: header and extended components, without the host's end mark.
    let extended_len = state_len.saturating_sub(512 + 4);
    let mut at = d.stack;
    let mut extended_at = 0;
    if extended_len != 0 {
        at = (at - extended_len as u64) & !63;
        extended_at = at;
        // SAFETY: the kernel wrote `state_len` bytes there, on the stub's own signal stack.
        let bytes = unsafe { core::slice::from_raw_parts((d.host.fpstate + 512) as *const u8, extended_len) };
        guest::write(at, bytes)?;
    }
    at = at.wrapping_sub(size_of::<SignalFrame>() as u64) & !15;
    let s = d.state;
    let mut machine = MachineContext {
        onstack: u64::from(cx.signal_stack.contains(s.rsp)),
        rdi: s.rdi,
        rsi: s.rsi,
        rdx: s.rdx,
        rcx: s.rcx,
        r8: s.r8,
        r9: s.r9,
        rax: s.rax,
        rbx: s.rbx,
        rbp: s.rbp,
        r10: s.r10,
        r11: s.r11,
        r12: s.r12,
        r13: s.r13,
        r14: s.r14,
        r15: s.r15,
        trapno: if d.info.is_fault() { trap_number(d.host.trap) } else { 0 },
        addr: if d.info.is_fault() { d.host.fault_address } else { 0 },
        flags: HAS_ALL,
        err: d.host.error,
        rip: s.rip,
        rflags: s.rflags,
        rsp: s.rsp,
        len: size_of::<MachineContext>() as u64,
        fpformat: FORMAT_XMM,
        ownedfp: if state_len == 0 { OWNED_NONE } else { OWNED },
        fsbase: fs_base(),
        gsbase: cx.guest_gs,
        xfpustate: extended_at,
        xfpustate_len: extended_len as u64,
        ..selectors()
    };
    if state_len != 0 {
        // SAFETY: 512 bytes at least, as above.
        machine.fpstate = unsafe { (d.host.fpstate as *const [u64; 64]).read_unaligned() };
    }
    let context = UserContext {
        sigmask: numbers::set_from_host(d.mask),
        machine,
        stack_base: cx.signal_stack.base,
        stack_size: cx.signal_stack.size,
        // SS_DISABLE is 4, SS_ONSTACK 1 (sys/sys/signal.h).
        stack_flags: if cx.signal_stack.size == 0 { 4 } else { machine.onstack as i32 },
        ..UserContext::default()
    };
    let info = info_from_host(d.signal, d.info);
    let frame = SignalFrame { handler: d.action.handler, pad: 0, context, info };
    guest::put(at, &frame)?;
    let info_at = at + core::mem::offset_of!(SignalFrame, info) as u64;
    let mut entered = Frame {
        rip: cx.process().signal_code,
        rsp: at,
        rdi: info.signo as u64,
        rsi: info_at,
        rdx: at + CONTEXT_OFFSET,
        rflags: s.rflags & !0x1_0500,
        ..*s
    };
    if d.action.flags & SA_SIGINFO == 0 {
        entered.rsi = info.code as u64;
        entered.rcx = info.addr;
    }
    Ok(entered)
}

/// `sigreturn`: goes back to the state in a `ucontext_t`.
///
/// # Errors
/// `EFAULT` where it cannot be read, as FreeBSD's own.
pub fn signal_return(cx: &mut Context, at: u64) -> Result<u64, Errno> {
    let context: UserContext = guest::get(at)?;
    let m = context.machine;
    if m.flags & HAS_BASES != 0 {
        // ARCH_SET_FS.
        // SAFETY: the guest's own register; a non-canonical value is refused.
        unsafe { call(__NR_arch_prctl, [0x1002, m.fsbase]) }?;
        thread::set_gs_base(cx, m.gsbase)?;
    }
    let host = HostContext {
        rdi: m.rdi,
        rsi: m.rsi,
        rdx: m.rdx,
        rcx: m.rcx,
        r8: m.r8,
        r9: m.r9,
        rax: m.rax,
        rbx: m.rbx,
        rbp: m.rbp,
        r10: m.r10,
        r11: m.r11,
        r12: m.r12,
        r13: m.r13,
        r14: m.r14,
        r15: m.r15,
        rip: m.rip,
        rsp: m.rsp,
        rflags: m.rflags,
        // The host's user code and stack selectors (arch/x86/include/asm/segment.h).
        segments: [0x33, 0, 0, 0x2b],
        mask: numbers::set_to_host(context.sigmask),
        ..HostContext::default()
    };
    return_to(cx, host, |state| {
        if m.ownedfp == OWNED_NONE {
            return Ok(0);
        }
        let (legacy, rest) = state.split_at_mut(512);
        for (to, from) in legacy.chunks_exact_mut(8).zip(m.fpstate) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        let len = m.xfpustate_len as usize;
        if m.flags & HAS_EXTENDED == 0 || !(64..=STATE_MAX - 512 - 4).contains(&len) {
            // No mark: the host takes the 512 bytes only.
            legacy[464..468].fill(0);
            return Ok(512);
        }
        guest::read(m.xfpustate, &mut rest[..len])?;
        // The software words of the host's format: marks, sizes and the components in use.
        let total = (512 + len + 4) as u32;
        let components: [u8; 8] = core::array::from_fn(|i| legacy[472 + i]);
        legacy[464..468].copy_from_slice(&FP_XSTATE_MAGIC1.to_le_bytes());
        legacy[468..472].copy_from_slice(&total.to_le_bytes());
        legacy[472..480].copy_from_slice(&components);
        legacy[480..484].copy_from_slice(&(512 + len as u32).to_le_bytes());
        rest[len..len + 4].copy_from_slice(&FP_XSTATE_MAGIC2.to_le_bytes());
        Ok(total as usize)
    })
}
