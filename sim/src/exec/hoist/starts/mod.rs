//! Where functions start, as the file itself tells.

mod frames;
mod golang;
mod symbols;

use std::ops::Range;

use super::image::Image;
use crate::exec::signature::Source;

/// Functions of one kind that are looked at: no program comes near.
const FUNCTIONS: usize = 1 << 20;

/// Ranges of functions, from several tables of the file, of which the first that has a function counts.
#[derive(Debug)]
pub(super) struct Starts {
    tables: Vec<Vec<Range<u64>>>,
}

impl Starts {
    /// Reads all tables that a file has.
    pub(super) fn read(image: &Image, source: &dyn Source) -> Self {
        let tables = [frames::read(image, source), golang::read(image, source), symbols::read(image, source)];
        Self { tables: tables.into_iter().map(sorted).collect() }
    }

    /// The function that holds an address.
    pub(super) fn containing(&self, address: u64) -> Option<Range<u64>> {
        self.tables.iter().find_map(|table| {
            let behind = table.partition_point(|range| range.start <= address);
            table[..behind].last().filter(|range| range.contains(&address)).cloned()
        })
    }

    /// All of them.
    #[cfg(test)]
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<u64>> {
        self.tables.iter().flatten().cloned()
    }
}

/// Ranges in order. One that begins within another ends it there.
fn sorted(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    ranges.dedup_by_key(|range| range.start);
    for index in 1..ranges.len() {
        let start = ranges[index].start;
        let before = &mut ranges[index - 1];
        before.end = before.end.min(start);
    }
    ranges
}
