//! Functions of the unwind tables (`.eh_frame`; Linux Standard Base 5.0, core, 10.6).

use std::ops::Range;

use gimli::{
    BaseAddresses, CieOrFde, CommonInformationEntry, EhFrame, EhFrameHdr, EhFrameOffset, EndianSlice,
    LittleEndian, Pointer, Section, UnwindSection,
};

use super::FUNCTIONS;
use crate::exec::hoist::image::Image;
use crate::exec::signature::Source;

/// Bytes of an address.
const ADDRESS: u8 = 8;
/// Longest entry of what functions have in common, which is read again for each of them. Real ones have some dozens of
/// bytes.
const COMMON: u32 = 1024;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// The table: its address and content. Where there are no section headers, the program headers lead to it.
fn table(image: &Image, source: &dyn Source) -> Option<(u64, Vec<u8>)> {
    if let Some(section) = image.section(b".eh_frame") {
        return Some((section.address, Image::content(source, section)?));
    }
    let (address, header) = image.frame_header(source)?;
    let bases = BaseAddresses::default().set_eh_frame_hdr(address);
    let header = EhFrameHdr::new(&header, LittleEndian).parse(&bases, ADDRESS).ok()?;
    let Pointer::Direct(address) = header.eh_frame_ptr() else { return None };
    Some((address, image.content_at(source, address)?))
}

pub(super) fn read(image: &Image, source: &dyn Source) -> Vec<Range<u64>> {
    let Some((address, content)) = table(image, source) else { return Vec::new() };
    let mut frames = EhFrame::new(&content, LittleEndian);
    frames.set_address_size(ADDRESS);
    let bases = BaseAddresses::default().set_eh_frame(address);
    let mut entries = frames.entries(&bases);
    let mut ranges = Vec::new();
    // What is behind an entry that cannot be read is not believed either.
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        let Ok(entry) = partial.parse(common) else { continue };
        let start = entry.initial_address();
        if let Some(end) = start.checked_add(entry.len())
            && ranges.len() < FUNCTIONS
        {
            ranges.push(start..end);
        }
    }
    ranges
}

/// Reads what several functions have in common.
fn common<'a>(
    frames: &EhFrame<Reader<'a>>,
    bases: &BaseAddresses,
    offset: EhFrameOffset,
) -> gimli::Result<CommonInformationEntry<Reader<'a>>> {
    let content = frames.reader().slice();
    let length = content.get(offset.0..).and_then(|rest| rest.first_chunk());
    match length.map(|length| u32::from_le_bytes(*length)) {
        Some(length) if length <= COMMON => frames.cie_from_offset(bases, offset),
        _ => Err(gimli::Error::BadLength),
    }
}
