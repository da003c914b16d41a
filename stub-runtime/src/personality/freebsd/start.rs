//! The state in which a FreeBSD amd64 program starts (sys/kern/imgact_elf.c,
//! sys/kern/kern_exec.c, sys/amd64/amd64/exec_machdep.c).

use schemas::Errno;

use super::{frame, release};
use crate::context::{Context, Frame};
use crate::guest;
use crate::loader::Image;

// Auxiliary vector entries (sys/sys/elf_common.h).
const AT_NULL: u64 = 0;
const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const AT_PAGESZ: u64 = 6;
const AT_BASE: u64 = 7;
const AT_FLAGS: u64 = 8;
const AT_ENTRY: u64 = 9;
const AT_EXECPATH: u64 = 15;
const AT_CANARY: u64 = 16;
const AT_CANARYLEN: u64 = 17;
const AT_OSRELDATE: u64 = 18;
const AT_NCPUS: u64 = 19;
const AT_PAGESIZES: u64 = 20;
const AT_PAGESIZESLEN: u64 = 21;
const AT_STACKPROT: u64 = 23;
const AT_EHDRFLAGS: u64 = 24;
const AT_ARGC: u64 = 28;
const AT_ARGV: u64 = 29;
const AT_ENVC: u64 = 30;
const AT_ENVV: u64 = 31;
const AT_PS_STRINGS: u64 = 32;

/// Random bytes the host gives every program (`AT_RANDOM`), used as stack canary.
const HOST_AT_RANDOM: u32 = 25;
/// Readable and writable.
const STACK_PROTECTION: u64 = 3;

crate::layout! {
    /// `struct ps_strings` (sys/sys/exec.h).
    pub struct PsStrings: 32 {
        pub argv: u64,
        pub argc: u32,
        pub pad: u32,
        pub envp: u64,
        pub envc: u32,
        pub pad2: u32,
    }
}

/// Builds the strings' structure, page sizes, argument vector, environment and auxiliary vector;
/// the first argument register points to the argument count, as does the stack pointer.
pub fn start(cx: &mut Context, image: &Image<'_>) -> Result<Frame, Errno> {
    cx.process().signal_code = frame::map_signal_code()?;
    let strings_at = (image.stack - size_of::<PsStrings>() as u64) & !15;
    let sizes_at = strings_at - 16;
    guest::put(sizes_at, &[4096u64, 0])?;
    let canary = image.auxiliary(HOST_AT_RANDOM);
    let cpus = crate::operation::system::processors();
    // The vector of argument pointers is 16-byte aligned; the count lies right below it.
    let words = image.argc + 1 + image.envc + 1;
    let entries = 22; // of the vector below
    let argv = (sizes_at - 8 * words as u64 - 16 * entries) & !15;
    let base = argv - 8;
    let envp = argv + 8 * (image.argc as u64 + 1);
    let strings = PsStrings { argv, argc: image.argc as u32, pad: 0, envp, envc: image.envc as u32, pad2: 0 };
    guest::put(strings_at, &strings)?;
    let mut at = image.push_vectors(base)?;
    let vector = [
        (AT_PHDR, image.headers),
        (AT_PHENT, 56),
        (AT_PHNUM, u64::from(image.header_count)),
        (AT_PAGESZ, 4096),
        (AT_FLAGS, 0),
        (AT_ENTRY, image.program_entry),
        (AT_BASE, image.interpreter_base),
        (AT_EHDRFLAGS, 0),
        (AT_EXECPATH, image.path_address),
        (AT_OSRELDATE, u64::from(release::number())),
        (AT_CANARY, canary.unwrap_or(0)),
        (AT_CANARYLEN, if canary.is_some() { 16 } else { 0 }),
        (AT_NCPUS, cpus),
        (AT_PAGESIZES, sizes_at),
        (AT_PAGESIZESLEN, 8),
        (AT_STACKPROT, STACK_PROTECTION),
        (AT_ARGC, image.argc as u64),
        (AT_ARGV, argv),
        (AT_ENVC, image.envc as u64),
        (AT_ENVV, envp),
        (AT_PS_STRINGS, strings_at),
        (AT_NULL, 0),
    ];
    for (key, value) in vector {
        guest::put(at, &[key, value])?;
        at += 16;
    }
    Ok(Frame { rip: image.entry, rsp: base, rdi: base, rflags: 0x202, ..Frame::default() })
}
