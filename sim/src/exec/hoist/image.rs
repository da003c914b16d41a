//! The parts of an ELF file that tell where its code is.

use std::ops::Range;

use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::{LittleEndian, Pod, pod};

use super::function::LONGEST;
use crate::exec::signature::Source;

/// Headers of one kind that are looked at.
const HEADERS: u16 = 1024;
/// Largest table of names of sections.
const NAMES: u64 = 64 << 10;
/// Largest section that is read: that of the unwind tables of the largest programs there are.
const SECTION: u64 = 32 << 20;

type Header = FileHeader64<LittleEndian>;
type Segment = ProgramHeader64<LittleEndian>;
const ENDIAN: LittleEndian = LittleEndian;

/// A section: where it is, in memory and in the file.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) name: Vec<u8>,
    pub(super) kind: u32,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// The headers of a file.
#[derive(Debug)]
pub(super) struct Image {
    segments: Vec<Segment>,
    pub(super) sections: Vec<Section>,
}

/// Reads as many bytes as there are, up to `size`.
fn read(source: &dyn Source, offset: u64, size: usize) -> Option<Vec<u8>> {
    let rest = source.size().ok()?.saturating_sub(offset);
    let size = size.min(usize::try_from(rest).unwrap_or(usize::MAX));
    let mut bytes = vec![0; size];
    let mut done = 0;
    while done < size {
        match source.read_from(offset + done as u64, &mut bytes[done..]).ok()? {
            0 => break,
            count => done += count,
        }
    }
    bytes.truncate(done);
    Some(bytes)
}

/// Reads a table of structures whose number and size the file gives; none when the size is not that of `T`.
fn table<T: Pod>(source: &dyn Source, offset: u64, count: u16, size: u16) -> Option<Vec<T>> {
    if count > HEADERS || usize::from(size) != size_of::<T>() {
        return None;
    }
    let bytes = read(source, offset, usize::from(count) * size_of::<T>())?;
    let (table, _) = pod::slice_from_bytes(&bytes, usize::from(count)).ok()?;
    Some(table.to_vec())
}

impl Image {
    pub(super) fn read(source: &dyn Source) -> Option<Self> {
        let bytes = read(source, 0, size_of::<Header>())?;
        let (header, _) = pod::from_bytes::<Header>(&bytes).ok()?;
        let ident = &header.e_ident;
        if ident.magic != elf::ELFMAG
            || ident.class != elf::ELFCLASS64
            || ident.data != elf::ELFDATA2LSB
            || header.e_machine.get(ENDIAN) != elf::EM_X86_64
        {
            return None;
        }
        let segments: Vec<Segment> = table(
            source,
            header.e_phoff.get(ENDIAN),
            header.e_phnum.get(ENDIAN),
            header.e_phentsize.get(ENDIAN),
        )?;
        let sections = sections(source, header).unwrap_or_default();
        Some(Self { segments, sections })
    }

    fn executable(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| {
            segment.p_type.get(ENDIAN) == elf::PT_LOAD && segment.p_flags.get(ENDIAN) & elf::PF_X != 0
        })
    }

    /// The address of a byte of the file in the executable segment that holds it.
    pub(super) fn address(&self, offset: u64) -> Option<u64> {
        self.executable().find_map(|segment| {
            let within = offset.checked_sub(segment.p_offset.get(ENDIAN))?;
            let inside = within < segment.p_filesz.get(ENDIAN);
            if inside { segment.p_vaddr.get(ENDIAN).checked_add(within) } else { None }
        })
    }

    /// Code at some addresses, up to the end of its segment or as much as a function is looked at.
    pub(super) fn code(&self, source: &dyn Source, range: &Range<u64>) -> Option<Vec<u8>> {
        self.executable().find_map(|segment| {
            let within = range.start.checked_sub(segment.p_vaddr.get(ENDIAN))?;
            let rest = segment.p_filesz.get(ENDIAN).checked_sub(within).filter(|rest| *rest > 0)?;
            let size = rest.min(range.end.checked_sub(range.start)?).min(LONGEST as u64);
            read(source, segment.p_offset.get(ENDIAN).checked_add(within)?, size as usize)
        })
    }

    /// The section with a name.
    pub(super) fn section(&self, name: &[u8]) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// What a section holds; none when it is larger than any that is looked at.
    pub(super) fn content(source: &dyn Source, section: &Section) -> Option<Vec<u8>> {
        if section.kind == elf::SHT_NOBITS || section.size > SECTION {
            return None;
        }
        read(source, section.offset, section.size as usize)
    }

    /// The exception-handling header (`PT_GNU_EH_FRAME`, Linux Standard Base 5.0, core, 10.6.2): address and content,
    /// as far as it is needed here.
    pub(super) fn frame_header(&self, source: &dyn Source) -> Option<(u64, Vec<u8>)> {
        let kind = |segment: &&Segment| segment.p_type.get(ENDIAN) == elf::PT_GNU_EH_FRAME;
        let segment = self.segments.iter().find(kind)?;
        Some((segment.p_vaddr.get(ENDIAN), read(source, segment.p_offset.get(ENDIAN), 16)?))
    }

    /// What a file holds from an address on, to the end of the segment, whatever that is for.
    pub(super) fn content_at(&self, source: &dyn Source, address: u64) -> Option<Vec<u8>> {
        self.segments.iter().filter(|segment| segment.p_type.get(ENDIAN) == elf::PT_LOAD).find_map(
            |segment| {
                let within = address.checked_sub(segment.p_vaddr.get(ENDIAN))?;
                let rest = segment.p_filesz.get(ENDIAN).checked_sub(within).filter(|rest| *rest > 0)?;
                read(source, segment.p_offset.get(ENDIAN).checked_add(within)?, rest.min(SECTION) as usize)
            },
        )
    }
}

fn sections(source: &dyn Source, header: &Header) -> Option<Vec<Section>> {
    let count = header.e_shnum.get(ENDIAN);
    let headers: Vec<SectionHeader64<LittleEndian>> =
        table(source, header.e_shoff.get(ENDIAN), count, header.e_shentsize.get(ENDIAN))?;
    let names = headers.get(usize::from(header.e_shstrndx.get(ENDIAN)))?;
    let size = names.sh_size.get(ENDIAN).min(NAMES);
    let names = read(source, names.sh_offset.get(ENDIAN), size as usize)?;
    let name = |at: u32| {
        let rest = names.get(at as usize..).unwrap_or_default();
        // The longest name that is looked for has less than 64 bytes.
        rest.iter().copied().take_while(|byte| *byte != 0).take(64).collect()
    };
    let section = |header: &SectionHeader64<LittleEndian>| Section {
        name: name(header.sh_name.get(ENDIAN)),
        kind: header.sh_type.get(ENDIAN),
        address: header.sh_addr.get(ENDIAN),
        offset: header.sh_offset.get(ENDIAN),
        size: header.sh_size.get(ENDIAN),
    };
    Some(headers.iter().map(section).collect())
}
