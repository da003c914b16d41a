//! The COFF of System V Release 3: SCO Unix and its contemporaries on the i386.
//!
//! Facts: System V's a.out(4), `filehdr.h`, `aouthdr.h` and `scnhdr.h`. The file header is the one that PE kept,
//! and so are the section headers.

use object::pe::{IMAGE_FILE_MACHINE_I386, ImageFileHeader, ImageSectionHeader};
use object::{LittleEndian as LE, ReadRef};

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Interpreter, Linking};
use super::os::Os;
use super::reason::Defect;
use super::source::Window;

const HEADER: u64 = size_of::<ImageFileHeader>() as u64;
/// The size of `struct aouthdr`, which Windows' object files do not have.
const OPTIONAL: u16 = 28;
/// `F_EXEC`: no unresolved references.
const F_EXEC: u16 = 2;
/// `STYP_LIB`: the section names the shared libraries.
const STYP_LIB: u32 = 0x800;
/// More sections than any linker made.
const SECTIONS: u16 = 100;

pub(super) fn detect(head: &[u8]) -> bool {
    let half =
        |offset: usize| head.get(offset..offset + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let magic = half(HEADER as usize);
    half(0) == Some(IMAGE_FILE_MACHINE_I386)
        && half(16) == Some(OPTIONAL)
        && matches!(magic, Some(0o407 | 0o410 | 0o413 | 0o443))
}

pub(super) fn read(window: &Window<'_>, draft: &mut Draft) -> Result<(), Flaw> {
    draft.identity.architecture = Some(Architecture::I386);
    draft.identity.class = Some(Class::Bits32);
    draft.identity.linking = Some(Linking::Static);
    draft.findings.add(Kind::Format, Os::Sco, "i386 COFF with System V's optional header");
    let truncated = |what, end| Defect::Truncated { what, end, size: window.size() };

    let pieces = window.pieces();
    let header: &ImageFileHeader = pieces.read_at(0).map_err(|()| truncated("the COFF header", HEADER))?;
    let count = header.number_of_sections.get(LE);
    if count == 0 || count > SECTIONS {
        return Err(Defect::Field { field: "f_nscns", value: count.into() }.into());
    }
    let start = HEADER + u64::from(OPTIONAL);
    let end = start + u64::from(count) * size_of::<ImageSectionHeader>() as u64;
    let sections: &[ImageSectionHeader] =
        pieces.read_slice_at(start, count.into()).map_err(|()| truncated("the section header table", end))?;
    for section in sections {
        let offset = u64::from(section.pointer_to_raw_data.get(LE));
        let end = offset + u64::from(section.size_of_raw_data.get(LE));
        if offset != 0 && end > window.size() {
            return Err(truncated("a section", end).into());
        }
        if section.characteristics.get(LE) & STYP_LIB != 0 {
            draft.identity.linking = Some(Linking::Dynamic);
            if let Some(path) = library(window.up_to(offset, end - offset)) {
                draft.findings.add(Kind::Library, Os::Sco, format!("library {}", path.display()));
                let interpreter = Interpreter { path: path.into(), argument: None, sysroot: None };
                draft.identity.interpreter.get_or_insert(interpreter);
            }
        }
    }
    if header.characteristics.get(LE) & F_EXEC == 0 {
        return Err(Flaw::Other("an object file"));
    }
    Ok(())
}

/// The first library of a `.lib` section: two counts of words, of which the second tells where the path begins.
fn library(section: &[u8]) -> Option<&OsStr> {
    let word = u32::from_le_bytes(*section.get(4..)?.first_chunk()?);
    let path = section.get(usize::try_from(word).ok()?.checked_mul(4)?..)?;
    let path = &path[..path.iter().position(|&byte| byte == 0)?];
    (!path.is_empty()).then(|| OsStr::from_bytes(path))
}
