//! The shape of a program's system calls.
//!
//! Each OS numbers them differently, and tells errors differently: Linux returns a negative number, so that what
//! follows a trap compares with -4095; the BSDs and Solaris set the carry flag, so that a `jc` or `jnc` follows.
//!
//! Facts: `syscall.h` and `syscalls.master` of each system, as far as start-up code and runtimes use them.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use object::Endianness;
use object::elf;
use object::read::elf::FileHeader;

use super::Elf;
use crate::exec::signature::draft::Draft;
use crate::exec::signature::evidence::Kind;
use crate::exec::signature::identity::Architecture;
use crate::exec::signature::os::Os;
use crate::exec::signature::source::Chunk;

/// Numbers that a program for that OS is likely to have and others are not.
struct Numbers {
    os: Os,
    likely: &'static [u32],
}

const X86_64: [Numbers; 5] = [
    Numbers {
        os: Os::Linux,
        likely: &[9, 13, 14, 39, 56, 60, 131, 158, 186, 218, 228, 231, 234, 257, 262, 334],
    },
    FREEBSD,
    NETBSD,
    DRAGONFLY,
    OPENBSD,
];

const I386: [Numbers; 5] = [
    Numbers {
        os: Os::Linux,
        likely: &[90, 158, 162, 174, 175, 186, 192, 195, 224, 240, 243, 252, 265, 270, 295],
    },
    FREEBSD,
    NETBSD,
    DRAGONFLY,
    OPENBSD,
];

const FREEBSD: Numbers = Numbers {
    os: Os::FreeBsd,
    likely: &[
        53, 165, 232, 240, 331, 340, 362, 363, 416, 431, 432, 433, 454, 455, 477, 487, 499, 542, 560, 563,
    ],
};
const NETBSD: Numbers = Numbers {
    os: Os::NetBsd,
    likely: &[197, 281, 293, 307, 309, 310, 311, 317, 318, 321, 340, 344, 350, 425, 427, 430, 435, 453, 478],
};
const DRAGONFLY: Numbers = Numbers {
    os: Os::DragonFly,
    likely: &[53, 197, 232, 240, 331, 340, 342, 362, 363, 469, 470, 472, 494, 495, 496, 497, 538],
};
const OPENBSD: Numbers = Numbers {
    os: Os::OpenBsd,
    likely: &[8, 46, 48, 49, 72, 86, 87, 91, 94, 119, 269, 288, 298, 299, 301, 302, 329],
};

/// No OS numbers higher, Solaris apart.
const HIGHEST: u32 = 700;
/// More is not needed to be sure.
const ENOUGH: u32 = 96;

#[derive(Default)]
struct Tally {
    traps: u32,
    /// Followed by a jump on the carry flag.
    carry: u32,
    /// Followed by a comparison with the range of Linux's errors.
    range: u32,
    numbers: BTreeSet<u32>,
}

pub(super) fn read<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, '_, H>, draft: &mut Draft) {
    let (trap, systems): (&[u8], _) = match draft.identity.architecture {
        Some(Architecture::X86_64) => (&[0x0f, 0x05], &X86_64),
        Some(Architecture::I386) => (&[0xcd, 0x80], &I386),
        _ => return,
    };
    let mut tally = Tally::default();
    for segment in file.segments.iter().filter(|segment| segment.is_load() && segment.flags & elf::PF_X != 0)
    {
        file.window.scan(segment.file_range(), |chunk| tally.count(chunk, trap));
        if tally.traps >= ENOUGH {
            break;
        }
    }
    if tally.traps > 0 {
        let (os, detail) = tally.verdict(systems);
        draft.findings.add(Kind::SystemCalls, os, detail);
    }
}

impl Tally {
    fn count(&mut self, chunk: &Chunk<'_>, trap: &[u8]) -> ControlFlow<()> {
        for (before, at) in chunk.find(trap) {
            let number = number_before(before);
            let after = &at[trap.len()..];
            let carry = matches!(after, [0x72 | 0x73, ..] | [0x0f, 0x82 | 0x83, ..]);
            let range = is_error_range(after);
            if number.is_none() && !carry && !range {
                continue;
            }
            self.traps += 1;
            self.carry += u32::from(carry);
            self.range += u32::from(range);
            self.numbers.extend(number);
            if self.traps >= ENOUGH {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn verdict(&self, systems: &[Numbers]) -> (Option<Os>, String) {
        let errors = match () {
            () if self.carry > self.range => "errors told by the carry flag",
            () if self.range > self.carry => "errors told by the result",
            () => "no telling how errors are told",
        };
        let traps = self.traps;
        let fits = |system: &&Numbers| match system.os {
            Os::Linux => self.carry <= self.range,
            _ => self.range <= self.carry,
        };
        let mut scores: Vec<(usize, Os)> = systems
            .iter()
            .filter(fits)
            .map(|system| {
                (system.likely.iter().filter(|number| self.numbers.contains(number)).count(), system.os)
            })
            .collect();
        scores.sort_by_key(|&(score, _)| Reverse(score));
        let sure = if self.carry == self.range { 2 } else { 1 };
        match scores.as_slice() {
            [(best, os), (second, _), ..] if best > second && *best >= sure => {
                (Some(*os), format!("{traps} system calls, {errors}, {best} of their numbers as on {os}"))
            }
            [(best, os)] if *best >= sure => {
                (Some(*os), format!("{traps} system calls, {errors}, {best} of their numbers as on {os}"))
            }
            _ => (None, format!("{traps} system calls, {errors}, numbers of no certain OS")),
        }
    }
}

/// The number that the closest `mov eax, imm32` before a trap loads.
fn number_before(before: &[u8]) -> Option<u32> {
    const NEAR: usize = 24;
    const MOV_EAX: u8 = 0xb8;
    let near = &before[before.len().saturating_sub(NEAR)..];
    near.windows(5)
        .rev()
        .filter(|bytes| bytes[0] == MOV_EAX)
        .map(|bytes| u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]))
        .find(|&number| number < HIGHEST)
}

/// `cmp rax, -4095` and its variants.
fn is_error_range(after: &[u8]) -> bool {
    let after = after.strip_prefix(&[0x48]).unwrap_or(after);
    matches!(after, [0x3d, 0x00 | 0x01, 0xf0, 0xff, 0xff, ..])
}
