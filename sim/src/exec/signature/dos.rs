//! DOS programs, and the formats that begin as one: NE, LE, LX and PE.
//!
//! Facts: Microsoft's "MS-DOS Programmer's Reference" (the EXE header), the Windows 3 "Executable-file header
//! format", IBM's "LX - Linear eXecutable module format description", and Microsoft's PE specification.

use std::path::Path;

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Format, Linking};
use super::os::Os;
use super::pe;
use super::reason::Defect;
use super::source::Window;

/// The EXE header without what came later.
const HEADER: u64 = 28;
/// `e_lfanew`: where the header of a later format is.
const NEW_HEADER: u64 = 0x3c;

/// Which of the formats a file is that begins with `MZ`.
pub(super) fn detect(window: &Window<'_>) -> Format {
    match new_header(window).map(|(_, header)| header) {
        Some([b'N', b'E', ..]) => Format::Ne,
        Some([b'L', b'E' | b'X', ..]) => Format::Le,
        Some([b'P', b'E', 0, 0, ..]) => Format::Pe,
        _ => Format::Mz,
    }
}

/// The later format's header and where it is.
fn new_header<'w>(window: &'w Window<'_>) -> Option<(u64, &'w [u8])> {
    let offset = u32::from_le_bytes(*window.up_to(NEW_HEADER, 4).first_chunk()?).into();
    let header = window.up_to(offset, 64);
    (!header.is_empty()).then_some((offset, header))
}

pub(super) fn read(window: &Window<'_>, draft: &mut Draft) -> Result<(), Flaw> {
    match (draft.identity.format, new_header(window)) {
        (Format::Ne, Some((offset, header))) => new_executable(header, offset, window.size(), draft),
        (Format::Le, Some((offset, header))) => linear_executable(window, header, offset, draft),
        (Format::Pe, Some((offset, _))) => pe::read(window, offset, draft),
        _ => exe(window, draft),
    }
}

fn exe(window: &Window<'_>, draft: &mut Draft) -> Result<(), Flaw> {
    draft.findings.add(Kind::Format, Os::Dos, "MZ header with nothing newer behind it");
    real_mode(draft);
    let head = window.up_to(0, HEADER);
    let half = |offset: usize| {
        head.get(offset..offset + 2).map(|half| u64::from(u16::from_le_bytes([half[0], half[1]])))
    };
    let (Some(last_page), Some(pages), Some(header), Some(_)) = (half(2), half(4), half(8), half(26)) else {
        return Err(Defect::Truncated { what: "the MZ header", end: HEADER, size: window.size() }.into());
    };
    if pages == 0 {
        return Err(Defect::Field { field: "e_cp", value: 0 }.into());
    }
    // Pages of 512 bytes, the last one of which may be partly used; paragraphs of 16.
    let end = if last_page == 0 { pages * 512 } else { (pages - 1) * 512 + last_page };
    if header * 16 >= end {
        return Err(Defect::Field { field: "e_cparhdr", value: header }.into());
    }
    if end > window.size() {
        return Err(Defect::Truncated { what: "the image", end, size: window.size() }.into());
    }
    Ok(())
}

fn real_mode(draft: &mut Draft) {
    draft.identity.architecture = Some(Architecture::I8086);
    draft.identity.class = Some(Class::Bits16);
    draft.identity.linking = Some(Linking::Static);
}

fn new_executable(header: &[u8], offset: u64, size: u64, draft: &mut Draft) -> Result<(), Flaw> {
    draft.identity.architecture = Some(Architecture::I286);
    draft.identity.class = Some(Class::Bits16);
    draft.identity.linking = Some(Linking::Dynamic);
    let (Some(&system), Some(&[low, high])) = (header.get(0x36), header.get(0x0c..0x0e)) else {
        return Err(Defect::Truncated { what: "the NE header", end: offset + 64, size }.into());
    };
    let (os, name) = match system {
        1 => (Os::Os2, "OS/2"),
        2 => (Os::Windows, "Windows"),
        3 => (Os::Dos, "European DOS 4"),
        4 => (Os::Windows, "Windows 386"),
        5 => (Os::Dos, "Borland's DOS extender"),
        // Windows 1 and OS/2 1 left it open; of the two, more of the former is about.
        _ => (Os::Windows, "no system named"),
    };
    draft.findings.add(Kind::Format, os, format!("NE header, {name}"));
    if u16::from_le_bytes([low, high]) & 0x8000 != 0 {
        return Err(Flaw::Other("a shared library"));
    }
    Ok(())
}

/// How much of the DOS part is searched for a DOS extender's name.
const STUB: u64 = 16 << 10;

fn linear_executable(window: &Window<'_>, header: &[u8], offset: u64, draft: &mut Draft) -> Result<(), Flaw> {
    let Some(&[cpu, _, system, _]) = header.get(8..12) else {
        return Err(Defect::Truncated { what: "the LE header", end: offset + 64, size: window.size() }.into());
    };
    let flags =
        header.get(0x10..0x14).map(|flags| u32::from_le_bytes([flags[0], flags[1], flags[2], flags[3]]));
    draft.identity.architecture = Some(if cpu == 1 { Architecture::I286 } else { Architecture::I386 });
    draft.identity.class = Some(Class::Bits32);
    draft.identity.linking = Some(Linking::Dynamic);
    let stub = window.up_to(0, STUB.min(offset));
    let extender = [b"DOS/4G".as_slice(), b"DOS/32A", b"PMODE/W", b"CauseWay"]
        .into_iter()
        .find(|name| stub.windows(name.len()).any(|bytes| bytes == *name));
    let (os, name) = match (extender, system) {
        (Some(name), _) => (Os::Dos, String::from_utf8_lossy(name).into_owned()),
        (None, 1) => (Os::Os2, "OS/2".to_owned()),
        (None, 2 | 4) => (Os::Windows, "Windows".to_owned()),
        (None, 3) => (Os::Dos, "European DOS 4".to_owned()),
        (None, other) => return Err(Defect::Field { field: "the target system", value: other.into() }.into()),
    };
    if extender.is_some() {
        draft.identity.linking = Some(Linking::Static);
    }
    draft.findings.add(Kind::Format, os, format!("{} header, {name}", String::from_utf8_lossy(&header[..2])));
    // Bits 15 to 17 of the module flags: 0 is a program.
    match flags.unwrap_or_default() >> 15 & 7 {
        0 => Ok(()),
        1 => Err(Flaw::Other("a shared library")),
        _ => Err(Flaw::Other("a device driver")),
    }
}

/// A COM program fills one segment behind its prefix of 256 bytes and leaves two bytes of stack.
const IMAGE: u64 = 0x1_0000 - 0x100 - 2;

/// A memory image has no header, so its name must say so, and its first bytes must do what one begins with.
pub(super) fn is_memory_image(window: &Window<'_>, path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("com"));
    let size = window.size();
    if !named || size == 0 || size > IMAGE {
        return false;
    }
    let image = window.up_to(0, IMAGE);
    let target = |distance: i64, from: i64| (0..size as i64).contains(&(from + distance));
    match *image {
        // jmp near, jmp short
        [0xe9, low, high, ..] => target(i16::from_le_bytes([low, high]).into(), 3),
        [0xeb, distance, ..] => target((distance as i8).into(), 2),
        // int 20h and int 21h are how a program of any size ends.
        _ => image.windows(2).any(|code| matches!(code, [0xcd, 0x20 | 0x21])),
    }
}

pub(super) fn memory_image(draft: &mut Draft) {
    draft.findings.add(Kind::Format, Os::Dos, "named .com and begins as a memory image");
    real_mode(draft);
}
