//! Windows' Portable Executables.
//!
//! Facts: Microsoft's PE format specification.

use object::LittleEndian as LE;
use object::ReadRef;
use object::pe;
use object::read::pe::{DataDirectories, ImageNtHeaders, ImageOptionalHeader};

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Linking};
use super::os::Os;
use super::reason::Defect;
use super::source::Window;

/// The signature, the file header, and the magic number of the optional header.
const HEADER: u64 = 4 + 20 + 2;

pub(super) fn read(window: &Window<'_>, offset: u64, draft: &mut Draft) -> Result<(), Flaw> {
    let pieces = window.pieces();
    let end = offset.saturating_add(HEADER);
    let Ok(magic) = pieces.read_bytes_at(end - 2, 2) else {
        return Err(Defect::Truncated { what: "the PE header", end, size: window.size() }.into());
    };
    match u16::from_le_bytes([magic[0], magic[1]]) {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => headers::<pe::ImageNtHeaders32>(window, offset, draft),
        pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => headers::<pe::ImageNtHeaders64>(window, offset, draft),
        other => Err(Defect::Field { field: "the optional header's magic", value: other.into() }.into()),
    }
}

fn headers<H: ImageNtHeaders>(window: &Window<'_>, mut offset: u64, draft: &mut Draft) -> Result<(), Flaw> {
    let parsed = H::parse(window.pieces(), &mut offset);
    let (headers, directories): (&H, DataDirectories<'_>) =
        parsed.map_err(|error| Defect::Structure(error.to_string()))?;
    let file = headers.file_header();
    let optional = headers.optional_header();
    draft.identity.class = Some(if headers.is_type_64() { Class::Bits64 } else { Class::Bits32 });
    draft.identity.architecture = Some(match file.machine.get(LE) {
        pe::IMAGE_FILE_MACHINE_AMD64 => Architecture::X86_64,
        pe::IMAGE_FILE_MACHINE_I386 => Architecture::I386,
        pe::IMAGE_FILE_MACHINE_ARM64 => Architecture::Aarch64,
        pe::IMAGE_FILE_MACHINE_ARM | pe::IMAGE_FILE_MACHINE_ARMNT => Architecture::Arm,
        pe::IMAGE_FILE_MACHINE_IA64 => Architecture::Ia64,
        other => Architecture::Other(other.into()),
    });
    let imports = directories.get(pe::IMAGE_DIRECTORY_ENTRY_IMPORT);
    let imports = imports.is_some_and(|imports| imports.virtual_address.get(LE) != 0);
    draft.identity.linking = Some(if imports { Linking::Dynamic } else { Linking::Static });
    let (os, name) = match optional.subsystem() {
        pe::IMAGE_SUBSYSTEM_WINDOWS_GUI => (Os::Windows, "Windows, graphical"),
        pe::IMAGE_SUBSYSTEM_WINDOWS_CUI => (Os::Windows, "Windows, console"),
        pe::IMAGE_SUBSYSTEM_NATIVE => (Os::Windows, "Windows, native"),
        pe::IMAGE_SUBSYSTEM_POSIX_CUI => (Os::Windows, "Windows, POSIX"),
        pe::IMAGE_SUBSYSTEM_OS2_CUI => (Os::Os2, "OS/2"),
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION
        | pe::IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_ROM => (Os::Uefi, "EFI"),
        _ => (Os::Windows, "another"),
    };
    draft.findings.add(Kind::Format, os, format!("PE header, subsystem {name}"));
    if file.characteristics.get(LE) & pe::IMAGE_FILE_DLL != 0 {
        return Err(Flaw::Other("a shared library"));
    }
    Ok(())
}
