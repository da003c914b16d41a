//! Functions of Go's own table (`.gopclntab`; Go's `debug/gosym/pclntab.go` reads all its versions).

use std::ops::Range;

use super::FUNCTIONS;
use crate::exec::hoist::image::Image;
use crate::exec::signature::Source;

/// Since Go 1.2.
const GO_1_2: u32 = 0xffff_fffb;
/// Since Go 1.16.
const GO_1_16: u32 = 0xffff_fffa;
/// Since Go 1.18.
const GO_1_18: u32 = 0xffff_fff0;
/// Since Go 1.20.
const GO_1_20: u32 = 0xffff_fff1;

/// The section's names: that of position-independent programs is the second.
const SECTIONS: [&[u8]; 2] = [b".gopclntab", b".data.rel.ro.gopclntab"];

pub(super) fn read(image: &Image, source: &dyn Source) -> Vec<Range<u64>> {
    let Some(section) = SECTIONS.iter().find_map(|name| image.section(name)) else { return Vec::new() };
    let Some(table) = Image::content(source, section) else { return Vec::new() };
    let text = image.section(b".text").map(|section| section.address);
    starts(&table, text)
        .map(|starts| starts.windows(2).map(|pair| pair[0]..pair[1]).collect())
        .unwrap_or_default()
}

/// The starts in order, and the end of the last function. None when they are out of order: then the table is not what
/// it seems to be.
fn starts(table: &[u8], text: Option<u64>) -> Option<Vec<u64>> {
    let short = |at: usize| Some(u32::from_le_bytes(*table.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u64::from_le_bytes(*table.get(at..)?.first_chunk()?));
    // Magic, two zeroes, the quantum of instructions (1), the size of a pointer.
    if table.get(4..8) != Some(&[0, 0, 1, 8]) {
        return None;
    }
    let field = |index: usize| long(8 + index * 8);
    let count = usize::try_from(field(0)?).ok().filter(|count| *count < FUNCTIONS)?;
    let (rows, width, base) = match short(0)? {
        GO_1_2 => (16, 8, 0),
        GO_1_16 => (usize::try_from(field(6)?).ok()?, 8, 0),
        // Since Go 1.26, and in position-independent programs, the start of the text is left to the linker.
        GO_1_18 | GO_1_20 => {
            let base = match field(2)? {
                0 => text?,
                base => base,
            };
            (usize::try_from(field(7)?).ok()?, 4, base)
        }
        _ => return None,
    };
    let bytes = table.get(rows..)?.get(..count.checked_mul(2 * width)?.checked_add(width)?)?;
    let row = |index: usize| {
        let at = index * 2 * width;
        if width == 4 {
            bytes[at..].first_chunk().map(|chunk| u64::from(u32::from_le_bytes(*chunk)))
        } else {
            bytes[at..].first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
        }
    };
    let starts: Vec<u64> = (0..=count).map(|index| row(index)?.checked_add(base)).collect::<Option<_>>()?;
    starts.is_sorted().then_some(starts)
}
