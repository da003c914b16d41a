//! The checks that a loader relies on.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};

use super::Elf;
use crate::exec::signature::identity::Class;
use crate::exec::signature::reason::Defect;

/// A program header, in one width for both classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) file_size: u64,
    pub(super) memory_size: u64,
    pub(super) align: u64,
}

impl Segment {
    pub(super) fn of<P: ProgramHeader<Endian = Endianness>>(header: &P, endian: Endianness) -> Segment {
        Segment {
            kind: header.p_type(endian),
            flags: header.p_flags(endian),
            offset: header.p_offset(endian).into(),
            address: header.p_vaddr(endian).into(),
            file_size: header.p_filesz(endian).into(),
            memory_size: header.p_memsz(endian).into(),
            align: header.p_align(endian).into(),
        }
    }

    pub(super) fn is_load(&self) -> bool {
        self.kind == elf::PT_LOAD
    }

    /// Its bytes in the file.
    pub(super) fn file_range(&self) -> std::ops::Range<u64> {
        self.offset..self.offset.saturating_add(self.file_size)
    }
}

/// Where in the file the byte at `address` is.
pub(super) fn offset_of(segments: &[Segment], address: u64) -> Option<u64> {
    segments.iter().filter(|segment| segment.is_load()).find_map(|segment| {
        let inside = address.checked_sub(segment.address).filter(|&inside| inside < segment.file_size)?;
        segment.offset.checked_add(inside)
    })
}

/// The page of every processor but few, and no larger one divides less.
const PAGE: u64 = 4096;

/// The end of the addresses that a program can have.
fn space(class: Option<Class>) -> u64 {
    match class {
        Some(Class::Bits32) => 1 << 32,
        // The lower half of 48-bit addresses. What programs for other processors have beyond is not loaded here.
        _ => 1 << 47,
    }
}

pub(super) fn check<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, '_, H>) -> Result<(), Defect> {
    let class = if file.header.is_type_64() { Class::Bits64 } else { Class::Bits32 };
    let size = file.window.size();
    let mut loads = file.segments.iter().enumerate().filter(|(_, segment)| segment.is_load()).peekable();
    if loads.peek().is_none() {
        return Err(Defect::NothingToLoad);
    }
    for (index, segment) in loads {
        check_segment(index, segment, size, space(Some(class)))?;
    }
    let entry: u64 = file.header.e_entry(file.endian).into();
    let within = |segment: &Segment| {
        segment.is_load()
            && entry.checked_sub(segment.address).is_some_and(|inside| inside < segment.memory_size)
    };
    if !file.segments.iter().any(within) {
        return Err(Defect::Entry(entry));
    }
    Ok(())
}

fn check_segment(segment: usize, header: &Segment, size: u64, space: u64) -> Result<(), Defect> {
    let &Segment { offset, address, file_size, memory_size, align, .. } = header;
    if file_size > memory_size {
        return Err(Defect::FileExceedsMemory { segment, file_size, memory_size });
    }
    let Some(end) = offset.checked_add(file_size) else {
        return Err(Defect::Overflow { segment, what: "file offset" });
    };
    if address.checked_add(memory_size).is_none_or(|end| end > space) {
        return Err(Defect::Overflow { segment, what: "address" });
    }
    if align > 1 && !align.is_power_of_two() {
        return Err(Defect::Alignment { segment, align });
    }
    if file_size == 0 {
        return Ok(());
    }
    if end > size {
        return Err(Defect::Truncated { what: "a segment to load", end, size });
    }
    if offset % PAGE != address % PAGE {
        return Err(Defect::Misaligned { segment, offset, address });
    }
    Ok(())
}
