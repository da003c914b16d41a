//! The way into the stub and out of it.
//!
//! [`Context::frame`] holds the guest's registers while the stub runs. The exit is a window in
//! which the guest's state is wholly in the frame: a signal that arrives there is delivered from
//! the frame, as if the guest had already gone on.

use core::arch::{asm, global_asm};
use core::mem::offset_of;

use crate::context::{Context, Frame};

unsafe extern "C" {
    static stub_entry: u8;
    static stub_exit: u8;
    static stub_exit_end: u8;
    /// Leaves the stub for the guest's state in the frame of the current context.
    pub fn stub_leave() -> !;
}

/// How the stub was entered.
pub mod entered {
    /// From a hoisted instruction.
    pub const HOISTED: u32 = 0;
    /// By the host's SIGSYS.
    pub const TRAPPED: u32 = 1;
    /// After a host call in place of the guest's that failed, with its result in rax.
    pub const FAILED: u32 = 2;
}

/// Address where a thread whose general registers are in its frame enters the stub.
pub fn entry_address() -> u64 {
    &raw const stub_entry as u64
}

/// Whether `rip` lies in the exit window.
pub fn in_exit(rip: u64) -> bool {
    (&raw const stub_exit as u64..&raw const stub_exit_end as u64).contains(&rip)
}

/// The address of a symbol of the linker's, by an instruction alone: what the compiler makes of one reads it from a
/// table in a page that a child of a fork needs for nothing else.
macro_rules! linked {
    ($symbol:literal) => {{
        let address: u64;
        // SAFETY: computes an address.
        unsafe {
            asm!(concat!("lea {}, [rip + ", $symbol, "]"), out(reg) address,
                options(pure, nomem, nostack, preserves_flags));
        }
        address
    }};
}

/// The stub's text: the only code whose system calls reach the host.
pub fn text() -> core::ops::Range<u64> {
    linked!("__executable_start")..linked!("etext")
}

/// All of the stub's image, in whole pages, with the page before it, which mapped it.
pub fn image() -> core::ops::Range<u64> {
    linked!("__executable_start") - 4096..linked!("_end").next_multiple_of(4096)
}

/// Flags that instructions set on the way (Intel SDM volume 1, 3.4.3): carry, parity, adjust, zero, sign, overflow.
const STATUS: u32 = 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 11;
/// The others as the stub has them: the one that is always set, and interrupts.
const USUAL: u32 = 1 << 1 | 1 << 9;

global_asm!(
    ".globl stub_entry",
    ".globl stub_exit",
    ".globl stub_leave",
    ".globl stub_exit_end",
    "stub_entry:",
    "mov rbx, gs:[0]",
    "cld",
    "movups [rbx + {xmm} + 0x00], xmm0",
    "movups [rbx + {xmm} + 0x10], xmm1",
    "movups [rbx + {xmm} + 0x20], xmm2",
    "movups [rbx + {xmm} + 0x30], xmm3",
    "movups [rbx + {xmm} + 0x40], xmm4",
    "movups [rbx + {xmm} + 0x50], xmm5",
    "movups [rbx + {xmm} + 0x60], xmm6",
    "movups [rbx + {xmm} + 0x70], xmm7",
    "movups [rbx + {xmm} + 0x80], xmm8",
    "movups [rbx + {xmm} + 0x90], xmm9",
    "movups [rbx + {xmm} + 0xa0], xmm10",
    "movups [rbx + {xmm} + 0xb0], xmm11",
    "movups [rbx + {xmm} + 0xc0], xmm12",
    "movups [rbx + {xmm} + 0xd0], xmm13",
    "movups [rbx + {xmm} + 0xe0], xmm14",
    "movups [rbx + {xmm} + 0xf0], xmm15",
    "mov rdi, rbx",
    "call stub_dispatch",
    "stub_exit:",
    "stub_leave:",
    "mov rsp, gs:[8]",
    "mov rbx, gs:[0]",
    "movups xmm0, [rbx + {xmm} + 0x00]",
    "movups xmm1, [rbx + {xmm} + 0x10]",
    "movups xmm2, [rbx + {xmm} + 0x20]",
    "movups xmm3, [rbx + {xmm} + 0x30]",
    "movups xmm4, [rbx + {xmm} + 0x40]",
    "movups xmm5, [rbx + {xmm} + 0x50]",
    "movups xmm6, [rbx + {xmm} + 0x60]",
    "movups xmm7, [rbx + {xmm} + 0x70]",
    "movups xmm8, [rbx + {xmm} + 0x80]",
    "movups xmm9, [rbx + {xmm} + 0x90]",
    "movups xmm10, [rbx + {xmm} + 0xa0]",
    "movups xmm11, [rbx + {xmm} + 0xb0]",
    "movups xmm12, [rbx + {xmm} + 0xc0]",
    "movups xmm13, [rbx + {xmm} + 0xd0]",
    "movups xmm14, [rbx + {xmm} + 0xe0]",
    "movups xmm15, [rbx + {xmm} + 0xf0]",
    "2:",
    "cmp dword ptr [rbx + {pending}], 0",
    "jne 3f",
    "cmp qword ptr [rbx + {guest_gs}], 0",
    "jne 4f",
    "mov rax, [rbx + {rflags}]",
    "mov ecx, eax",
    "and ecx, {control}",
    "cmp ecx, {usual}",
    "jne 5f",
    // Only overflow and the low byte differ from what the stub's own code runs with.
    "mov ecx, eax",
    "shr ecx, 11",
    "and ecx, 1",
    "mov ah, al",
    "mov al, cl",
    "add al, 127",
    "sahf",
    "6:",
    "mov rax, [rbx + {rax}]",
    "mov rcx, [rbx + {rcx}]",
    "mov rdx, [rbx + {rdx}]",
    "mov rsi, [rbx + {rsi}]",
    "mov rdi, [rbx + {rdi}]",
    "mov rbp, [rbx + {rbp}]",
    "mov r8, [rbx + {r8}]",
    "mov r9, [rbx + {r9}]",
    "mov r10, [rbx + {r10}]",
    "mov r11, [rbx + {r11}]",
    "mov r12, [rbx + {r12}]",
    "mov r13, [rbx + {r13}]",
    "mov r14, [rbx + {r14}]",
    "mov r15, [rbx + {r15}]",
    "mov rsp, [rbx + {rsp}]",
    "mov rbx, [rbx + {rbx}]",
    "jmp qword ptr gs:[{rip}]",
    "5:",
    "push rax",
    "popfq",
    "jmp 6b",
    // The guest has a GS base of its own: the way back goes over its stack, below the 128 bytes that it may use there
    // (System V ABI, 3.2.2).
    "4:",
    "mov eax, 158",
    "mov edi, 0x1001",
    "mov rsi, [rbx + {guest_gs}]",
    "syscall",
    "mov rcx, [rbx + {rsp}]",
    "mov rax, [rbx + {rip}]",
    "mov [rcx - 136], rax",
    "push qword ptr [rbx + {rflags}]",
    "popfq",
    "mov rax, [rbx + {rax}]",
    "mov rcx, [rbx + {rcx}]",
    "mov rdx, [rbx + {rdx}]",
    "mov rsi, [rbx + {rsi}]",
    "mov rdi, [rbx + {rdi}]",
    "mov rbp, [rbx + {rbp}]",
    "mov r8, [rbx + {r8}]",
    "mov r9, [rbx + {r9}]",
    "mov r10, [rbx + {r10}]",
    "mov r11, [rbx + {r11}]",
    "mov r12, [rbx + {r12}]",
    "mov r13, [rbx + {r13}]",
    "mov r14, [rbx + {r14}]",
    "mov r15, [rbx + {r15}]",
    "mov rsp, [rbx + {rsp}]",
    "lea rsp, [rsp - 136]",
    "mov rbx, [rbx + {rbx}]",
    "ret 128",
    // A signal waits: the exit mask lets the kernel deliver it here, inside the window.
    "3:",
    "mov dword ptr [rbx + {pending}], 0",
    "mov eax, 14",
    "mov edi, 2",
    "lea rsi, [rbx + {exit_mask}]",
    "xor edx, edx",
    "mov r10d, 8",
    "syscall",
    "cmp dword ptr [rbx + {mask_lent}], 0",
    "je 2b",
    // A lent mask and nothing delivered under it: the guest's own mask comes back.
    "mov dword ptr [rbx + {mask_lent}], 0",
    "mov rax, [rbx + {host_mask}]",
    "mov [rbx + {exit_mask}], rax",
    "mov dword ptr [rbx + {pending}], 1",
    "jmp 2b",
    "stub_exit_end:",
    "ud2",
    xmm = const offset_of!(Context, frame) + offset_of!(Frame, xmm),
    pending = const offset_of!(Context, pending),
    mask_lent = const offset_of!(Context, mask_lent),
    exit_mask = const offset_of!(Context, exit_mask),
    host_mask = const offset_of!(Context, host_mask),
    guest_gs = const offset_of!(Context, guest_gs),
    control = const !STATUS as i32,
    usual = const USUAL,
    rax = const offset_of!(Context, frame) + offset_of!(Frame, rax),
    rbx = const offset_of!(Context, frame) + offset_of!(Frame, rbx),
    rcx = const offset_of!(Context, frame) + offset_of!(Frame, rcx),
    rdx = const offset_of!(Context, frame) + offset_of!(Frame, rdx),
    rsi = const offset_of!(Context, frame) + offset_of!(Frame, rsi),
    rdi = const offset_of!(Context, frame) + offset_of!(Frame, rdi),
    rbp = const offset_of!(Context, frame) + offset_of!(Frame, rbp),
    rsp = const offset_of!(Context, frame) + offset_of!(Frame, rsp),
    r8 = const offset_of!(Context, frame) + offset_of!(Frame, r8),
    r9 = const offset_of!(Context, frame) + offset_of!(Frame, r9),
    r10 = const offset_of!(Context, frame) + offset_of!(Frame, r10),
    r11 = const offset_of!(Context, frame) + offset_of!(Frame, r11),
    r12 = const offset_of!(Context, frame) + offset_of!(Frame, r12),
    r13 = const offset_of!(Context, frame) + offset_of!(Frame, r13),
    r14 = const offset_of!(Context, frame) + offset_of!(Frame, r14),
    r15 = const offset_of!(Context, frame) + offset_of!(Frame, r15),
    rip = const offset_of!(Context, frame) + offset_of!(Frame, rip),
    rflags = const offset_of!(Context, frame) + offset_of!(Frame, rflags),
);
