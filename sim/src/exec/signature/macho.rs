//! Mach-O, for one processor and for several.
//!
//! Facts: Apple's `mach-o/loader.h` and `mach-o/fat.h`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use object::Endianness;
use object::macho;
use object::read::macho::{FatArch, LoadCommandVariant, MachHeader, MachOFatFile};

use super::draft::{Draft, Flaw};
use super::evidence::Kind;
use super::identity::{Architecture, Class, Interpreter, Linking, OsVersion};
use super::os::Os;
use super::reason::Defect;
use super::source::Window;

/// A Java class begins with the same bytes as a fat file, but where this counts processors it has a version, of
/// which the first one is 45.
const PROCESSORS: u32 = 20;
/// No program has more load commands.
const COMMANDS: usize = 4096;

fn magic(head: &[u8]) -> Option<u32> {
    head.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

pub(super) fn is_thin(head: &[u8]) -> bool {
    matches!(magic(head), Some(macho::MH_MAGIC | macho::MH_MAGIC_64 | macho::MH_CIGAM | macho::MH_CIGAM_64))
}

pub(super) fn is_fat(head: &[u8]) -> bool {
    let count = head.get(4..).and_then(|rest| rest.first_chunk()).map(|bytes| u32::from_be_bytes(*bytes));
    matches!(magic(head), Some(macho::FAT_MAGIC | macho::FAT_MAGIC_64))
        && count.is_some_and(|n| n < PROCESSORS)
}

pub(super) fn thin(window: &Window<'_>, offset: u64, draft: &mut Draft) -> Result<(), Flaw> {
    match magic(window.up_to(offset, 4)) {
        Some(macho::MH_MAGIC | macho::MH_CIGAM) => {
            header::<macho::MachHeader32<Endianness>>(window, offset, draft)
        }
        Some(macho::MH_MAGIC_64 | macho::MH_CIGAM_64) => {
            header::<macho::MachHeader64<Endianness>>(window, offset, draft)
        }
        _ => Err(Defect::Structure("no Mach-O header where the fat header says".to_owned()).into()),
    }
}

/// Reads the part for the x86-64, or else the first one.
pub(super) fn fat(window: &Window<'_>, draft: &mut Draft) -> Result<(), Flaw> {
    draft.findings.add(Kind::Format, Os::Darwin, "fat Mach-O header");
    let parts = match magic(window.up_to(0, 4)) {
        Some(macho::FAT_MAGIC_64) => parts::<macho::FatArch64>(window),
        _ => parts::<macho::FatArch32>(window),
    }?;
    let part = parts.iter().find(|part| part.0 == macho::CPU_TYPE_X86_64).or(parts.first());
    let &(_, offset, size) = part.ok_or(Defect::Field { field: "nfat_arch", value: 0 })?;
    let end = offset.saturating_add(size);
    if end > window.size() {
        return Err(Defect::Truncated { what: "the part for one processor", end, size: window.size() }.into());
    }
    thin(window, offset, draft)
}

fn parts<A: FatArch>(window: &Window<'_>) -> Result<Vec<(u32, u64, u64)>, Defect> {
    let file =
        MachOFatFile::<A>::parse(window.pieces()).map_err(|error| Defect::Structure(error.to_string()))?;
    Ok(file.arches().iter().map(|part| (part.cputype(), part.offset().into(), part.size().into())).collect())
}

fn header<H: MachHeader<Endian = Endianness>>(
    window: &Window<'_>,
    offset: u64,
    draft: &mut Draft,
) -> Result<(), Flaw> {
    let broken = |error: object::read::Error| Defect::Structure(error.to_string());
    draft.findings.add(Kind::Format, Os::Darwin, "Mach-O header");
    let header = H::parse(window.pieces(), offset).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    draft.identity.class = Some(if header.is_type_64() { Class::Bits64 } else { Class::Bits32 });
    draft.identity.big_endian = header.is_big_endian();
    draft.identity.architecture = Some(match header.cputype(endian) {
        macho::CPU_TYPE_X86_64 => Architecture::X86_64,
        macho::CPU_TYPE_X86 => Architecture::I386,
        macho::CPU_TYPE_ARM64 | macho::CPU_TYPE_ARM64_32 => Architecture::Aarch64,
        macho::CPU_TYPE_ARM => Architecture::Arm,
        macho::CPU_TYPE_POWERPC => Architecture::PowerPc,
        macho::CPU_TYPE_POWERPC64 => Architecture::PowerPc64,
        macho::CPU_TYPE_MC680X0 => Architecture::M68k,
        macho::CPU_TYPE_HPPA => Architecture::PaRisc,
        macho::CPU_TYPE_SPARC => Architecture::Sparc,
        other => Architecture::Other(other),
    });
    draft.identity.linking = Some(Linking::Static);
    let mut starts = false;
    let mut commands = header.load_commands(endian, window.pieces(), offset).map_err(broken)?;
    for _ in 0..COMMANDS {
        let Some(command) = commands.next().map_err(broken)? else { break };
        match command.variant().map_err(broken)? {
            LoadCommandVariant::LoadDylinker(linker) => {
                let path = command.string(endian, linker.name).map_err(broken)?;
                draft.identity.linking = Some(Linking::Dynamic);
                let path = OsStr::from_bytes(path).into();
                draft.identity.interpreter = Some(Interpreter { path, argument: None, sysroot: None });
            }
            LoadCommandVariant::Dylib(_) => draft.identity.linking = Some(Linking::Dynamic),
            LoadCommandVariant::EntryPoint(_) | LoadCommandVariant::Thread(..) => starts = true,
            LoadCommandVariant::BuildVersion(build) => version(build.minos.get(endian), draft),
            LoadCommandVariant::VersionMin(minimum) => version(minimum.version.get(endian), draft),
            _ => {}
        }
    }
    match header.filetype(endian) {
        macho::MH_EXECUTE if starts => Ok(()),
        macho::MH_EXECUTE => {
            Err(Defect::Structure("no load command tells where it starts".to_owned()).into())
        }
        macho::MH_DYLIB | macho::MH_DYLIB_STUB => Err(Flaw::Other("a shared library")),
        macho::MH_OBJECT => Err(Flaw::Other("an object file")),
        macho::MH_CORE => Err(Flaw::Other("a core dump")),
        _ => Err(Flaw::Other("a part of one")),
    }
}

/// Sixteen bits of major version, eight each of the others.
fn version(number: u32, draft: &mut Draft) {
    let text = format!("{}.{}", number >> 16, number >> 8 & 0xff);
    draft.versions.push((Os::Darwin, OsVersion { number, text }));
}
