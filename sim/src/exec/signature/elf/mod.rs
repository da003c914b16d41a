//! ELF files.
//!
//! Facts: elf(5), the System V ABI's gABI chapters 4 and 5, and what Linux's `binfmt_elf` and FreeBSD's
//! `imgact_elf` refuse.

mod brand;
mod hints;
mod load;
mod system_calls;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, ReadRef};

use super::draft::{Draft, Effort, Flaw};
use super::evidence::{Findings, Kind};
use super::identity::{Architecture, Class, Interpreter, Linking};
use super::os::Os;
use super::reason::Defect;
use super::source::Window;
use load::Segment;

pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// What a program header table may measure: Linux reads one page of 64 KiB at most.
const TABLE: u64 = 64 << 10;
/// Linux's `PATH_MAX`, the bound of a dynamic linker's path.
const PATH: u64 = 4096;

/// Reads an ELF file into `draft`. The result says whether a loader would take it as a program.
pub(super) fn read(window: &Window<'_>, effort: Effort, draft: &mut Draft) -> Result<(), Flaw> {
    let ident = window.up_to(0, 16);
    if let Some(&[class, data]) = ident.get(elf_ident::CLASS..=elf_ident::DATA) {
        draft.identity.class = match class {
            elf::ELFCLASS32 => Some(Class::Bits32),
            elf::ELFCLASS64 => Some(Class::Bits64),
            _ => return Err(field("EI_CLASS", class).into()),
        };
        draft.identity.big_endian = match data {
            elf::ELFDATA2LSB => false,
            elf::ELFDATA2MSB => true,
            _ => return Err(field("EI_DATA", data).into()),
        };
    }
    match draft.identity.class {
        Some(Class::Bits32) => header::<elf::FileHeader32<Endianness>>(window, effort, draft),
        Some(_) => header::<elf::FileHeader64<Endianness>>(window, effort, draft),
        None => Err(Defect::Truncated { what: "the ELF header", end: 16, size: window.size() }.into()),
    }
}

mod elf_ident {
    pub(super) const CLASS: usize = 4;
    pub(super) const DATA: usize = 5;
    pub(super) const VERSION: usize = 6;
    pub(super) const BRAND: std::ops::Range<usize> = 8..16;
}

fn field(field: &'static str, value: impl Into<u64>) -> Defect {
    Defect::Field { field, value: value.into() }
}

/// What the readers of the parts share.
struct Elf<'w, 's, H: FileHeader<Endian = Endianness>> {
    window: &'w Window<'s>,
    header: &'w H,
    endian: Endianness,
    segments: Vec<Segment>,
}

fn header<H: FileHeader<Endian = Endianness>>(
    window: &Window<'_>,
    effort: Effort,
    draft: &mut Draft,
) -> Result<(), Flaw> {
    let size = size_of::<H>() as u64;
    if window.size() < size {
        return Err(Defect::Truncated { what: "the ELF header", end: size, size: window.size() }.into());
    }
    let ident = window.up_to(0, 16);
    let header = H::parse(window.pieces()).map_err(|_| {
        // The magic, class and byte order were looked at; the version is what else it refuses.
        field("EI_VERSION", ident.get(elf_ident::VERSION).copied().unwrap_or_default())
    })?;
    let endian = header.endian().map_err(|error| Defect::Structure(error.to_string()))?;
    draft.identity.architecture = Some(architecture(header.e_machine(endian)));
    brand::osabi(header.e_ident().os_abi, &mut draft.findings);
    brand::old_brand(&ident[elf_ident::BRAND], &mut draft.findings);

    let table = segments(window, header, endian);
    let file = Elf {
        window,
        header,
        endian,
        segments: table
            .as_ref()
            .map(|segments| segments.iter().map(|(segment, _)| *segment).collect())
            .unwrap_or_default(),
    };
    let headers =
        table.as_ref().map(|segments| segments.iter().map(|(_, header)| *header).collect::<Vec<_>>());
    let headers = headers.unwrap_or_default();
    let interpreter = interpreter(&file);
    let dynamic = dynamic(&file, &headers);
    brand::read(&file, &headers, &dynamic, draft);
    if let Ok(Some(path)) = &interpreter {
        brand::interpreter(path, draft);
        draft.identity.interpreter = Some(Interpreter { path: path.clone(), argument: None, sysroot: None });
    }
    hints::read(&file, effort, draft);

    let has_interpreter = !matches!(interpreter, Ok(None));
    draft.identity.linking = Some(linking(&file, &dynamic, has_interpreter));
    table?;
    match header.e_type(endian) {
        elf::ET_EXEC => {}
        elf::ET_DYN if is_library(&file, &dynamic, has_interpreter) => {
            return Err(Flaw::Other("a shared library"));
        }
        elf::ET_DYN => {}
        elf::ET_REL => return Err(Flaw::Other("an object file")),
        elf::ET_CORE => return Err(Flaw::Other("a core dump")),
        other => return Err(field("e_type", other).into()),
    }
    load::check(&file)?;
    interpreter?;
    Ok(())
}

type Table<'w, H> = Vec<(Segment, &'w <H as FileHeader>::ProgramHeader)>;

/// The program headers, checked as a whole.
fn segments<'w, H: FileHeader<Endian = Endianness>>(
    window: &'w Window<'_>,
    header: &'w H,
    endian: Endianness,
) -> Result<Table<'w, H>, Defect> {
    let entry = size_of::<H::ProgramHeader>();
    let count = header.e_phnum(endian);
    if count == 0 {
        return Ok(Vec::new());
    }
    if usize::from(header.e_phentsize(endian)) != entry {
        return Err(field("e_phentsize", header.e_phentsize(endian)));
    }
    let length = u64::from(count) * entry as u64;
    if length > TABLE {
        return Err(Defect::TooManyProgramHeaders(count.into()));
    }
    let offset: u64 = header.e_phoff(endian).into();
    let end = offset.saturating_add(length);
    let truncated = Defect::Truncated { what: "the program header table", end, size: window.size() };
    if end > window.size() {
        return Err(truncated);
    }
    let headers: &[H::ProgramHeader] =
        window.pieces().read_slice_at(offset, count.into()).map_err(|()| truncated)?;
    Ok(headers.iter().map(|header| (Segment::of(header, endian), header)).collect())
}

/// The path of the dynamic linker, by the rules of Linux: the first `PT_INTERP` counts.
fn interpreter<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, '_, H>) -> Result<Option<PathBuf>, Defect> {
    let Some(segment) = file.segments.iter().find(|segment| segment.kind == elf::PT_INTERP) else {
        return Ok(None);
    };
    if segment.file_size < 2 {
        return Err(Defect::InterpreterPath("is empty"));
    }
    if segment.file_size > PATH {
        return Err(Defect::InterpreterPath("is longer than 4096 bytes"));
    }
    let bytes = file.window.pieces().read_bytes_at(segment.offset, segment.file_size).map_err(|()| {
        let end = segment.offset.saturating_add(segment.file_size);
        Defect::Truncated { what: "the path of the dynamic linker", end, size: file.window.size() }
    })?;
    let Some((0, bytes)) = bytes.split_last() else {
        return Err(Defect::InterpreterPath("does not end in a NUL"));
    };
    let path = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    match path {
        [] => Err(Defect::InterpreterPath("is empty")),
        path => Ok(Some(OsStr::from_bytes(path).into())),
    }
}

/// What the dynamic section tells.
#[derive(Default)]
struct Dynamic {
    /// `DT_NEEDED`, the shared libraries.
    needed: Vec<String>,
    /// `DF_1_PIE`: a program although its type is that of a library.
    pie: bool,
}

/// No program comes near as many.
const LIBRARIES: usize = 256;
/// Nor is a library's name as long.
const NAME: u64 = 255;

fn dynamic<'w, H: FileHeader<Endian = Endianness>>(
    file: &Elf<'w, '_, H>,
    headers: &[&'w H::ProgramHeader],
) -> Dynamic {
    use object::read::elf::Dyn;

    let mut dynamic = Dynamic::default();
    let entries =
        headers.iter().find_map(|header| header.dynamic(file.endian, file.window.pieces()).ok().flatten());
    let entries = entries.unwrap_or_default();
    let entries = || entries.iter().map(|entry| (entry.tag32(file.endian), entry.d_val(file.endian).into()));
    let entries = || entries().take_while(|&(tag, _): &(Option<u32>, u64)| tag != Some(elf::DT_NULL));
    let value = |wanted| entries().find(|&(tag, _)| tag == Some(wanted)).map(|(_, value)| value);
    dynamic.pie = value(elf::DT_FLAGS_1).is_some_and(|flags| flags & u64::from(elf::DF_1_PIE) != 0);
    let strings = value(elf::DT_STRTAB).and_then(|address| load::offset_of(&file.segments, address));
    if let Some(strings) = strings {
        let offsets = entries().filter(|&(tag, _)| tag == Some(elf::DT_NEEDED)).map(|(_, offset)| offset);
        for offset in offsets.take(LIBRARIES) {
            let start = strings.saturating_add(offset);
            let end = start.saturating_add(NAME).min(file.window.size());
            if let Ok(name) = file.window.pieces().read_bytes_at_until(start.min(end)..end, 0) {
                dynamic.needed.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    dynamic
}

fn linking<H: FileHeader<Endian = Endianness>>(
    file: &Elf<'_, '_, H>,
    dynamic: &Dynamic,
    has_interpreter: bool,
) -> Linking {
    if has_interpreter || !dynamic.needed.is_empty() {
        Linking::Dynamic
    } else if file.header.e_type(file.endian) == elf::ET_DYN {
        Linking::StaticPie
    } else {
        Linking::Static
    }
}

/// Whether an `ET_DYN` is no program: a dynamic linker and a static PIE need no library and have an entry point.
fn is_library<H: FileHeader<Endian = Endianness>>(
    file: &Elf<'_, '_, H>,
    dynamic: &Dynamic,
    has_interpreter: bool,
) -> bool {
    let entry: u64 = file.header.e_entry(file.endian).into();
    !has_interpreter && !dynamic.pie && (entry == 0 || !dynamic.needed.is_empty())
}

fn architecture(machine: u16) -> Architecture {
    match machine {
        elf::EM_X86_64 => Architecture::X86_64,
        elf::EM_386 => Architecture::I386,
        elf::EM_AARCH64 => Architecture::Aarch64,
        elf::EM_ARM => Architecture::Arm,
        elf::EM_RISCV => Architecture::RiscV,
        elf::EM_PPC => Architecture::PowerPc,
        elf::EM_PPC64 => Architecture::PowerPc64,
        elf::EM_MIPS | elf::EM_MIPS_RS3_LE => Architecture::Mips,
        elf::EM_SPARC | elf::EM_SPARC32PLUS => Architecture::Sparc,
        elf::EM_SPARCV9 => Architecture::Sparc64,
        elf::EM_68K => Architecture::M68k,
        elf::EM_88K => Architecture::M88k,
        elf::EM_ALPHA | elf::EM_FAKE_ALPHA => Architecture::Alpha,
        elf::EM_IA_64 => Architecture::Ia64,
        elf::EM_S390 => Architecture::S390,
        elf::EM_SH => Architecture::SuperH,
        elf::EM_PARISC => Architecture::PaRisc,
        elf::EM_VAX => Architecture::Vax,
        elf::EM_LOONGARCH => Architecture::LoongArch,
        elf::EM_NS32K => Architecture::Ns32k,
        other => Architecture::Other(other.into()),
    }
}

/// Adds what the OS is when nothing tells: only where no unknown mark contradicts.
pub(super) fn assume(caller: Option<Os>, findings: &mut Findings) {
    if findings.decided() || findings.has(Kind::OsAbi) {
        return;
    }
    let detail = match caller {
        Some(os) => format!("no mark of any OS: {} of the program that starts it", os.title()),
        None => "no mark of any OS, as Linux programs may have none".to_owned(),
    };
    findings.add(Kind::Assumed, caller.unwrap_or(Os::Linux), detail);
}
