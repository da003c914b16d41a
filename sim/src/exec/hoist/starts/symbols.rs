//! Functions of the symbol tables (System V ABI, "Symbol Table").

use std::ops::Range;

use object::elf::{self, Sym64};
use object::{LittleEndian, pod};

use super::FUNCTIONS;
use crate::exec::hoist::image::Image;
use crate::exec::signature::Source;

/// A function ends where its symbol says or, where it does not, with the last byte that could be looked at.
pub(super) fn read(image: &Image, source: &dyn Source) -> Vec<Range<u64>> {
    let endian = LittleEndian;
    let mut ranges = Vec::new();
    for section in
        image.sections.iter().filter(|section| [elf::SHT_SYMTAB, elf::SHT_DYNSYM].contains(&section.kind))
    {
        let Some(content) = Image::content(source, section) else { continue };
        let count = content.len() / size_of::<Sym64<LittleEndian>>();
        let Ok((symbols, _)) = pod::slice_from_bytes::<Sym64<LittleEndian>>(&content, count) else {
            continue;
        };
        for symbol in symbols {
            let kind = symbol.st_info & 0xf;
            let (start, size) = (symbol.st_value.get(endian), symbol.st_size.get(endian));
            let defined = symbol.st_shndx.get(endian) != elf::SHN_UNDEF;
            if !defined || ![elf::STT_FUNC, elf::STT_GNU_IFUNC].contains(&kind) || ranges.len() >= FUNCTIONS {
                continue;
            }
            let end = if size == 0 { u64::MAX } else { start.saturating_add(size) };
            ranges.push(start..end);
        }
    }
    ranges
}
