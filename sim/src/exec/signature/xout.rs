//! Xenix's `x.out`.
//!
//! Facts: `sys/x.out.h` of Xenix and SCO Unix, "struct xexec".

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Linking};
use super::os::Os;
use super::reason::Defect;

/// `X_MAGIC`, stored least significant byte first.
pub(super) const MAGIC: &[u8] = &[0x06, 0x02];

const HEADER: u64 = 32;
const CPU: usize = 28;
const ENVIRONMENT: usize = 30;
/// `XE_EXEC`.
const EXECUTABLE: u16 = 1;

pub(super) fn read(head: &[u8], size: u64, draft: &mut Draft) -> Result<(), Flaw> {
    draft.findings.add(Kind::Format, Os::Xenix, "x.out magic");
    let Some(header) = head.first_chunk::<{ HEADER as usize }>() else {
        return Err(Defect::Truncated { what: "the x.out header", end: HEADER, size }.into());
    };
    // Six bits of processor beside two of byte and word order.
    let (architecture, class) = match header[CPU] & 0x3f {
        0x04 | 0x0b => (Architecture::I8086, Class::Bits16),
        0x09 | 0x29 => (Architecture::I286, Class::Bits16),
        0x0a => (Architecture::I386, Class::Bits32),
        0x05 => (Architecture::M68k, Class::Bits32),
        0x07 => (Architecture::Vax, Class::Bits32),
        0x08 => (Architecture::Ns32k, Class::Bits32),
        other => return Err(Defect::Field { field: "x_cpu", value: other.into() }.into()),
    };
    draft.identity.architecture = Some(architecture);
    draft.identity.class = Some(class);
    draft.identity.linking = Some(Linking::Static);

    let size_at =
        |offset: usize| u32::from_le_bytes(*header[offset..].first_chunk().expect("within the header"));
    let end = u64::from(size_at(4)) + u64::from(size_at(8));
    if end > size {
        return Err(Defect::Truncated { what: "the x.out image", end, size }.into());
    }
    let environment = u16::from_le_bytes([header[ENVIRONMENT], header[ENVIRONMENT + 1]]);
    if environment & EXECUTABLE == 0 {
        return Err(Flaw::Other("an object file"));
    }
    Ok(())
}
