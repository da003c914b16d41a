//! The `a.out` of the BSDs and of Linux before ELF.
//!
//! Facts: NetBSD's `sys/aout_mids.h` and a.out(5), FreeBSD 2's `sys/imgact_aout.h`, Linux's `linux/a.out.h`. The
//! BSDs put a machine identifier beside the magic number: NetBSD and OpenBSD in network byte order, FreeBSD in
//! that of the machine. Linux has its own for the i386.

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Interpreter, Linking};
use super::os::Os;
use super::reason::Defect;

const OMAGIC: u32 = 0o407;
const NMAGIC: u32 = 0o410;
const ZMAGIC: u32 = 0o413;
const QMAGIC: u32 = 0o314;

const HEADER: u64 = 32;

/// `M_386` of Linux.
const LINUX_I386: u32 = 100;
/// `MID_I386` of the BSDs.
const BSD_I386: u32 = 0x86;
/// `EX_DYNAMIC`, in the top six bits beside the BSDs' ten of machine identifier.
const DYNAMIC: u32 = 0x20;

struct Header {
    os: &'static [Os],
    architecture: Architecture,
    class: Class,
    big_endian: bool,
    dynamic: bool,
    magic: u32,
    mark: String,
    text: u64,
    data: u64,
}

pub(super) fn detect(head: &[u8], size: u64) -> bool {
    match Header::of(head) {
        // Without machine identifier, two bytes are little to go by.
        Some(header) if header.mark.is_empty() => header.text > 0 && header.end() <= size,
        Some(_) => true,
        None => false,
    }
}

pub(super) fn read(head: &[u8], size: u64, draft: &mut Draft) -> Result<(), Flaw> {
    let header = Header::of(head).ok_or(Defect::Truncated { what: "the a.out header", end: HEADER, size })?;
    draft.identity.architecture = Some(header.architecture);
    draft.identity.class = Some(header.class);
    draft.identity.big_endian = header.big_endian;
    draft.identity.linking = Some(if header.dynamic { Linking::Dynamic } else { Linking::Static });
    if header.dynamic {
        let interpreter = Interpreter { path: "/usr/libexec/ld.so".into(), argument: None, sysroot: None };
        draft.identity.interpreter = Some(interpreter);
    }
    let mark = if header.mark.is_empty() { "no machine identifier" } else { &header.mark };
    for &os in header.os {
        draft.findings.add(Kind::Format, os, format!("a.out magic {:#o}, {mark}", header.magic));
    }
    if header.end() > size {
        return Err(Defect::Truncated { what: "the a.out image", end: header.end(), size }.into());
    }
    if header.text == 0 && header.magic != OMAGIC {
        return Err(Defect::Field { field: "a_text", value: 0 }.into());
    }
    Ok(())
}

impl Header {
    fn of(head: &[u8]) -> Option<Header> {
        let word = |index: usize| -> Option<[u8; 4]> { head.get(index * 4..)?.first_chunk().copied() };
        if (head.len() as u64) < HEADER {
            return None;
        }
        let network = u32::from_be_bytes(word(0)?);
        let little = u32::from_le_bytes(word(0)?);
        let machine = |word: u32| word >> 16 & 0x3ff;
        if is_magic(network & 0xffff)
            && let Some((architecture, class, big_endian, name)) = bsd_machine(machine(network))
        {
            let size = if big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
            return Some(Header {
                os: &[Os::NetBsd, Os::OpenBsd],
                architecture,
                class,
                big_endian,
                dynamic: network >> 26 & DYNAMIC != 0,
                magic: network & 0xffff,
                mark: format!("machine {name} in network order"),
                text: size(word(1)?).into(),
                data: size(word(2)?).into(),
            });
        }
        if !is_magic(little & 0xffff) {
            return None;
        }
        let (os, dynamic, mark): (&[Os], _, _) = match machine(little) {
            BSD_I386 => (&[Os::FreeBsd], little >> 26 & DYNAMIC != 0, "machine i386 in host order"),
            // Linux has eight bits of machine and eight of flags.
            other if other & 0xff == LINUX_I386 => (&[Os::Linux], false, "Linux's machine i386"),
            0 if little >> 16 == 0 => (&[Os::Linux], false, ""),
            _ => return None,
        };
        Some(Header {
            os,
            architecture: Architecture::I386,
            class: Class::Bits32,
            big_endian: false,
            dynamic,
            magic: little & 0xffff,
            mark: mark.to_owned(),
            text: u32::from_le_bytes(word(1)?).into(),
            data: u32::from_le_bytes(word(2)?).into(),
        })
    }

    /// Where text and data end at the earliest: the header counts as text in demand-paged files.
    fn end(&self) -> u64 {
        let header = if matches!(self.magic, OMAGIC | NMAGIC) { HEADER } else { 0 };
        header + self.text + self.data
    }
}

fn is_magic(number: u32) -> bool {
    matches!(number, OMAGIC | NMAGIC | ZMAGIC | QMAGIC)
}

fn bsd_machine(number: u32) -> Option<(Architecture, Class, bool, &'static str)> {
    use Architecture::*;
    use Class::*;
    Some(match number {
        BSD_I386 => (I386, Bits32, false, "i386"),
        0x87 | 0x88 | 0x90 => (M68k, Bits32, true, "m68k"),
        0x89 => (Ns32k, Bits32, false, "ns32532"),
        0x8a => (Sparc, Bits32, true, "sparc"),
        0x8b => (Mips, Bits32, false, "pmax"),
        0x8c | 0x96 => (Vax, Bits32, false, "vax"),
        0x8d => (Alpha, Bits64, false, "alpha"),
        0x8e => (Mips, Bits32, true, "mips"),
        0x8f => (Arm, Bits32, false, "arm6"),
        0x91 => (SuperH, Bits32, false, "sh3"),
        0x95 => (PowerPc, Bits32, true, "powerpc"),
        0x99 => (M88k, Bits32, true, "m88k"),
        0x9a => (PaRisc, Bits32, true, "hppa"),
        0x9c => (Sparc64, Bits64, true, "sparc64"),
        0x9d => (X86_64, Bits64, false, "amd64"),
        _ => return None,
    })
}
