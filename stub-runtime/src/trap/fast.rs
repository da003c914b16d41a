//! The way into the stub from a hoisted instruction, and the calls that need no more than that.
//!
//! A trampoline jumps here with the guest's registers as they are at its `syscall`, but for rcx, which holds the
//! address behind it. Like the `syscall`, the code here has rcx and r11 for itself and changes nothing else, flags and
//! vector registers among it: until a host call is made or the frame is complete, the thread is still where it was,
//! and a signal finds it there (see [`super::window`]).

use core::arch::{global_asm, x86_64::__cpuid_count};
use core::mem::{offset_of, size_of};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use schemas::transport::{Lane, World};
use schemas::{Flavour, Operation};

use crate::call::Row;
use crate::context::{Context, Frame, Identities};
use crate::operation::hidden;
use crate::process::{Guard, Lock};
use crate::trap::entry::entered;
use crate::{transport, world};

/// [`Context::negated_generation`] of a thread that the table does not serve: no generation is its complement.
pub const UNSERVED: u64 = 1;

/// Calls that the table has rows for.
const ROWS: usize = 1 << NUMBER_BITS;
const NUMBER_BITS: u32 = 10;

/// Descriptors that can be told to be plain here.
const DESCRIPTOR_BITS: u32 = 9;

/// How one call is answered without entering the stub wholly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fast {
    /// A number that the block of the thread holds at this offset.
    Constant(usize),
    /// The same of an identity, while those are known.
    Identity(usize),
    /// A call of the host with the same arguments and this number, no descriptor among them.
    Host(u16),
    /// The same with a descriptor first.
    HostPlain(u16),
    /// The same where neither of these operations, which are parts of the call, is mapped.
    HostPlainOf(u16, [Operation; 2]),
}

/// What is done with one call.
#[repr(C)]
struct Entry {
    code: AtomicU64,
    /// Offset of its counter in a [`Lane`].
    counter: AtomicU32,
    /// Number of the host's call, or offset of the constant.
    argument: AtomicU32,
}

static TABLE: [Entry; ROWS] =
    [const { Entry { code: AtomicU64::new(0), counter: AtomicU32::new(0), argument: AtomicU32::new(0) } };
        ROWS];
/// The generation that the table is made for, under its lock.
static MADE: Lock<u64> = Lock::new(u64::MAX);
/// Whether data may pass by the stub: no socket has traits or errors that only the stub knows of.
static DATA: AtomicBool = AtomicBool::new(true);

unsafe extern "C" {
    static stub_fast: u8;
    static stub_full: u8;
    static stub_full_switched: u8;
    static stub_full_end: u8;
    static stub_identity: u8;
    static stub_identity_clear: u8;
    static stub_constant: u8;
    static stub_constant_done: u8;
    static stub_constant_end: u8;
    static stub_constant_clear: u8;
    static stub_constant_clear_done: u8;
    static stub_constant_clear_end: u8;
    static stub_host: u8;
    static stub_host_trap: u8;
    static stub_host_end: u8;
    static stub_host_plain: u8;
    static stub_translated: u8;
    static stub_translated_saved: u8;
    static stub_translated_trap: u8;
    static stub_translated_end: u8;
    static stub_translated_plain: u8;
}

macro_rules! address {
    ($label:ident) => {
        &raw const $label as u64
    };
}

/// Where hoisted instructions enter: the fast way where the processor has the instructions that leave flags alone
/// (BMI2: CPUID leaf 7, EBX bit 8; Intel SDM volume 2, CPUID).
pub fn entry_address() -> u64 {
    known_entry_address(__cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).ebx & 1 << 8 != 0)
}

/// Whether an address is that of the fast way.
pub fn is_fast(address: u64) -> bool {
    address == address!(stub_fast)
}

/// [`entry_address`] where it is known whether that is the fast way: a virtual machine leaves CPUID to its host, which
/// takes microseconds.
pub fn known_entry_address(fast: bool) -> u64 {
    if fast { address!(stub_fast) } else { address!(stub_full_from_hoisted) }
}

unsafe extern "C" {
    static stub_full_from_hoisted: u8;
}

/// Where a thread is that runs between a hoisted instruction and the inside of the stub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its call has not begun, or is to begin again.
    Before,
    /// Its call is done, with the host's result in rax.
    Done,
}

/// The progress at an instruction pointer, with the guest's registers put right; none outside.
pub fn progress(cx: &Context, rip: u64, state: &mut Frame) -> Option<Progress> {
    if !(address!(stub_fast)..address!(stub_full_end)).contains(&rip) {
        return None;
    }
    let within = |start: u64, end: u64| (start..end).contains(&rip);
    if within(address!(stub_full_switched), address!(stub_full_end)) {
        state.rsp = cx.frame.rsp;
    }
    let done = within(address!(stub_host_trap) + 1, address!(stub_host_end))
        || within(address!(stub_translated_trap) + 1, address!(stub_translated_end))
        || within(address!(stub_constant_done), address!(stub_constant_end))
        || within(address!(stub_constant_clear_done), address!(stub_constant_clear_end))
        || (within(address!(stub_full), address!(stub_full_end)) && cx.entered == entered::FAILED);
    if done {
        return Some(Progress::Done);
    }
    if within(address!(stub_translated_saved), address!(stub_translated_trap) + 1) {
        state.rax = cx.translated;
    }
    Some(Progress::Before)
}

/// Address behind the guest's `syscall` for a thread at `rip`, before it is noted in the block.
pub fn back(cx: &Context, rip: u64, rcx: u64) -> u64 {
    if rip == address!(stub_fast) || rip == address!(stub_full_from_hoisted) { rcx } else { cx.back }
}

/// Data must pass through the stub from now on: a socket has traits or an error that only the stub knows of.
pub fn look_at_data() {
    if DATA.load(Ordering::Relaxed) {
        let _made = MADE.lock();
        DATA.store(false, Ordering::Relaxed);
        for entry in &TABLE {
            if matches!(entry.code.load(Ordering::Relaxed), code if code == address!(stub_host_plain) || code == address!(stub_translated_plain))
            {
                entry.code.store(address!(stub_full), Ordering::Relaxed);
            }
        }
    }
}

/// Makes the table serve a thread that came the whole way because the world has changed, or has just begun.
#[inline]
pub fn renew(cx: &mut Context) {
    let generation = world::page().generation();
    if cx.negated_generation != generation.wrapping_neg() {
        renew_for(cx, generation);
    }
}

#[cold]
fn renew_for(cx: &mut Context, generation: u64) {
    cx.negated_generation = UNSERVED;
    if cx.lane.load(Ordering::Relaxed) == 0 || world::traced() || !generation.is_multiple_of(2) {
        return;
    }
    let mut made = MADE.lock();
    if *made != generation {
        for (number, entry) in TABLE.iter().enumerate() {
            fill(cx, number, entry);
        }
        *made = generation;
    }
    cx.marked = cx.process().descriptors.bits();
    cx.negated_generation = generation.wrapping_neg();
}

/// Whether all descriptors that are not the guest's lie beyond those told here.
fn descriptors_are_told() -> bool {
    hidden::lowest() >= 1 << DESCRIPTOR_BITS
}

fn fill(cx: &Context, number: usize, entry: &Entry) {
    let (code, counter, argument) = row(cx, number).unwrap_or((address!(stub_full), 0, 0));
    entry.counter.store(counter as u32, Ordering::Relaxed);
    entry.argument.store(argument as u32, Ordering::Relaxed);
    entry.code.store(code, Ordering::Release);
}

fn row(cx: &Context, number: usize) -> Option<(u64, usize, usize)> {
    let personality = cx.process().personality;
    let row = personality.calls.get(number as u64)?;
    let operation = row.operation?;
    row.handler?;
    let flavour = world::route(cx, operation);
    if flavour == Flavour::Mapped {
        return None;
    }
    let fast = personality.fast.iter().find(|(of, _)| usize::from(*of) == number).map(|(_, fast)| *fast);
    let same = personality.id == schemas::Personality::Linux;
    let is_mapped = |operation| world::route(cx, operation) == Flavour::Mapped;
    let fast = match fast.or_else(|| native(row))? {
        Fast::HostPlainOf(_, parts) if parts.into_iter().any(is_mapped) => return None,
        Fast::HostPlainOf(host, _) => Fast::HostPlain(host),
        fast => fast,
    };
    let (code, argument) = match fast {
        Fast::Identity(offset) if same => (address!(stub_identity), offset),
        Fast::Identity(offset) => (address!(stub_identity_clear), offset),
        Fast::Constant(offset) if same => (address!(stub_constant), offset),
        Fast::Constant(offset) => (address!(stub_constant_clear), offset),
        Fast::Host(host) if same => (address!(stub_host), usize::from(host)),
        Fast::Host(host) => (address!(stub_translated), usize::from(host)),
        Fast::HostPlainOf(..) => return None,
        Fast::HostPlain(_) if !descriptors_are_told() || !DATA.load(Ordering::Relaxed) => return None,
        Fast::HostPlain(host) if same => (address!(stub_host_plain), usize::from(host)),
        Fast::HostPlain(host) => (address!(stub_translated_plain), usize::from(host)),
    };
    Some((code, Lane::offset(operation, flavour), argument))
}

/// What is passed to the host as it is.
fn native(row: &Row) -> Option<Fast> {
    match row.descriptors {
        0 if row.native => Some(Fast::Host(row.number)),
        1 if row.native => Some(Fast::HostPlain(row.number)),
        _ => None,
    }
}

/// Takes a lane for the counters of a thread that is about to run.
pub fn begin(cx: &mut Context) {
    if cx.hoisted_entry == 0 {
        cx.hoisted_entry = entry_address();
    }
    cx.negated_generation = UNSERVED;
    transport::take_lane(cx);
}

/// Lets go of what a thread that ends, or counts elsewhere, took at its beginning.
pub fn end(cx: &Context) {
    transport::release_lane(cx);
}

/// Takes the lock over a fork, whose child must find it free.
pub fn hold() -> Guard<'static, u64> {
    MADE.lock()
}

/// Range of the code here, in which a thread is still the guest.
pub fn code() -> Range<u64> {
    address!(stub_fast)..address!(stub_full_end)
}

const _: () = assert!(size_of::<Entry>() == 16);

global_asm!(
    ".globl stub_fast",
    ".globl stub_full",
    ".globl stub_full_from_hoisted",
    ".globl stub_full_switched",
    ".globl stub_full_end",
    ".globl stub_identity",
    ".globl stub_identity_clear",
    ".globl stub_constant",
    ".globl stub_constant_done",
    ".globl stub_constant_end",
    ".globl stub_constant_clear",
    ".globl stub_constant_clear_done",
    ".globl stub_constant_clear_end",
    ".globl stub_host",
    ".globl stub_host_trap",
    ".globl stub_host_end",
    ".globl stub_host_plain",
    ".globl stub_translated",
    ".globl stub_translated_saved",
    ".globl stub_translated_trap",
    ".globl stub_translated_end",
    ".globl stub_translated_plain",
    // The row of the call in rax, into rcx.
    ".macro stub_row",
    "lea rcx, [rax + rax]",
    "lea r11, [rip + {table}]",
    "lea rcx, [r11 + rcx * 8]",
    ".endm",
    // Counts the call whose row is in rcx.
    ".macro stub_count",
    "mov ecx, [rcx + 8]",
    "mov r11, gs:[{lane}]",
    "lea r11, [r11 + rcx]",
    "mov rcx, [r11]",
    "lea rcx, [rcx + 1]",
    "mov [r11], rcx",
    ".endm",
    // Goes the whole way unless the descriptor in rdi is a plain one.
    ".macro stub_check",
    "mov r11d, edi",
    "mov ecx, {descriptor_bits}",
    "shrx rcx, r11, rcx",
    "jrcxz 2f",
    "jmp stub_full",
    "2:",
    "mov ecx, 6",
    "shrx rcx, r11, rcx",
    "mov r11, gs:[{marked}]",
    "mov r11, [r11 + rcx * 8]",
    "shrx r11, r11, rdi",
    "mov ecx, 63",
    "shlx rcx, r11, rcx",
    "jrcxz 2f",
    "jmp stub_full",
    "2:",
    ".endm",
    ".p2align 6",
    "stub_fast:",
    "mov gs:[{back}], rcx",
    "mov rcx, [rip + {world}]",
    "mov rcx, [rcx + {generation}]",
    "mov r11, gs:[{negated}]",
    "lea rcx, [rcx + r11]",
    "jrcxz 2f",
    "jmp stub_full",
    "2:",
    "mov ecx, {number_bits}",
    "shrx rcx, rax, rcx",
    "jrcxz 2f",
    "jmp stub_full",
    "2:",
    "stub_row",
    "jmp qword ptr [rcx]",
    // A number that the thread's block holds, of an identity where that is known.
    ".p2align 4",
    "stub_identity:",
    "mov r11d, gs:[{known}]",
    "xchg rcx, r11",
    "jrcxz 2f",
    "mov rcx, r11",
    "jmp stub_constant",
    "2:",
    "jmp stub_full",
    ".p2align 4",
    "stub_constant:",
    "stub_count",
    "stub_row",
    "mov ecx, [rcx + 12]",
    "mov eax, gs:[rcx]",
    "stub_constant_done:",
    "mov rcx, gs:[{back}]",
    "jmp rcx",
    "stub_constant_end:",
    // The same where carry tells of errors.
    ".p2align 4",
    "stub_identity_clear:",
    "mov r11d, gs:[{known}]",
    "xchg rcx, r11",
    "jrcxz 2f",
    "mov rcx, r11",
    "jmp stub_constant_clear",
    "2:",
    "jmp stub_full",
    ".p2align 4",
    "stub_constant_clear:",
    "stub_count",
    "stub_row",
    "mov ecx, [rcx + 12]",
    "mov eax, gs:[rcx]",
    "stub_constant_clear_done:",
    "clc",
    "mov rcx, gs:[{back}]",
    "jmp rcx",
    "stub_constant_clear_end:",
    // A call that the host has too, by the same number.
    ".p2align 4",
    "stub_host_plain:",
    "stub_check",
    "stub_row",
    "stub_host:",
    "stub_count",
    "stub_host_trap:",
    "syscall",
    "mov rcx, gs:[{back}]",
    "jmp rcx",
    "stub_host_end:",
    // One that the host has by another number, where carry tells of errors.
    ".p2align 4",
    "stub_translated_plain:",
    "stub_check",
    "stub_row",
    "stub_translated:",
    "mov gs:[{translated}], rax",
    "stub_translated_saved:",
    "mov eax, [rcx + 12]",
    "stub_count",
    "stub_translated_trap:",
    "syscall",
    "mov ecx, 63",
    "shrx rcx, rax, rcx",
    "jrcxz 2f",
    "mov dword ptr gs:[{entered}], {failed}",
    "jmp stub_full",
    "2:",
    "clc",
    "mov rcx, gs:[{back}]",
    "jmp rcx",
    "stub_translated_end:",
    // The whole way: into the frame and onto the stub's stack.
    ".p2align 4",
    "stub_full_from_hoisted:",
    "mov gs:[{back}], rcx",
    "stub_full:",
    "mov gs:[{rax}], rax",
    "mov rcx, gs:[{back}]",
    "mov gs:[{rip}], rcx",
    "mov gs:[{rcx}], rcx",
    "mov gs:[{rbx}], rbx",
    "mov gs:[{rdx}], rdx",
    "mov gs:[{rsi}], rsi",
    "mov gs:[{rdi}], rdi",
    "mov gs:[{rbp}], rbp",
    "mov gs:[{r8}], r8",
    "mov gs:[{r9}], r9",
    "mov gs:[{r10}], r10",
    "mov gs:[{r12}], r12",
    "mov gs:[{r13}], r13",
    "mov gs:[{r14}], r14",
    "mov gs:[{r15}], r15",
    "mov gs:[{rsp}], rsp",
    "mov rsp, gs:[{stack_top}]",
    "stub_full_switched:",
    "pushfq",
    "pop qword ptr gs:[{rflags}]",
    "stub_full_end:",
    // The guest may have alignment checked (bit 18 of the flags), which the stub's code is not written for.
    "test dword ptr gs:[{rflags}], 0x40000",
    "jz stub_entry",
    "push 0x202",
    "popfq",
    "jmp stub_entry",
    table = sym TABLE,
    world = sym world::WORLD,
    generation = const World::GENERATION,
    number_bits = const NUMBER_BITS,
    descriptor_bits = const DESCRIPTOR_BITS,
    failed = const entered::FAILED,
    back = const offset_of!(Context, back),
    negated = const offset_of!(Context, negated_generation),
    lane = const offset_of!(Context, lane),
    marked = const offset_of!(Context, marked),
    known = const offset_of!(Context, identities) + offset_of!(Identities, known),
    translated = const offset_of!(Context, translated),
    entered = const offset_of!(Context, entered),
    stack_top = const offset_of!(Context, stack_top),
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
    r12 = const offset_of!(Context, frame) + offset_of!(Frame, r12),
    r13 = const offset_of!(Context, frame) + offset_of!(Frame, r13),
    r14 = const offset_of!(Context, frame) + offset_of!(Frame, r14),
    r15 = const offset_of!(Context, frame) + offset_of!(Frame, r15),
    rip = const offset_of!(Context, frame) + offset_of!(Frame, rip),
    rflags = const offset_of!(Context, frame) + offset_of!(Frame, rflags),
);

#[cfg(test)]
mod tests;
