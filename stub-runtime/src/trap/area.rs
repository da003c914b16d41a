//! Memory for the code that stands in for hoisted instructions, near enough to them for a jump.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use schemas::Errno;

use crate::guest;
use crate::host::linux::{abi::*, memory, syscall::call};

/// Bytes of one area.
pub const SIZE: u64 = 64 * 1024;
/// Areas there can be: as many as hold all that [`super::site`] can remember.
const AREAS: usize = 8;
/// How far an area may be from the code that jumps to it: what a signed 32-bit displacement reaches, less room for
/// the displacements that replayed instructions have themselves.
const REACH: u64 = (1 << 31) - (64 << 20);
/// Where places are tried, by distance.
const STEP: u64 = 32 << 20;
/// Start of the trampolines on a boundary that the processor fetches from.
const ALIGN: u64 = 16;
/// Lowest address that programs may map (`vm.mmap_min_addr`, by default 64 KiB).
const LOWEST: u64 = 1 << 16;

static STARTS: [AtomicU64; AREAS] = [const { AtomicU64::new(0) }; AREAS];

/// The ranges that are taken.
pub fn ranges() -> impl Iterator<Item = Range<u64>> {
    STARTS
        .iter()
        .map(|start| start.load(Ordering::Relaxed))
        .take_while(|start| *start != 0)
        .map(|start| start..start + SIZE)
}

/// Whether an address lies in an area.
pub fn contains(address: u64) -> bool {
    ranges().any(|range| range.contains(&address))
}

/// The areas, for the one who holds them.
#[derive(Default)]
pub struct Areas {
    used: [u64; AREAS],
}

impl Areas {
    /// None yet.
    pub const fn new() -> Areas {
        Areas { used: [0; AREAS] }
    }

    /// Takes room near an address; what is given back with [`Areas::trim`] is not lost.
    ///
    /// # Errors
    /// `ENOMEM` when there is no place.
    pub fn take(&mut self, near: u64, len: u64) -> Result<u64, Errno> {
        let mut index = 0;
        for range in ranges() {
            let start = range.start + self.used[index];
            if is_near(range.start, near) && start + len <= range.end {
                self.used[index] += len.next_multiple_of(ALIGN);
                return Ok(start);
            }
            index += 1;
        }
        if index == AREAS {
            return Err(Errno::NOMEM);
        }
        let start = map(near)?;
        self.used[index] = len.next_multiple_of(ALIGN);
        STARTS[index].store(start, Ordering::Release);
        Ok(start)
    }

    /// Gives back what was taken behind `end`, where nothing was taken since.
    pub fn trim(&mut self, start: u64, len: u64, end: u64) {
        let taken = start + len.next_multiple_of(ALIGN);
        for (index, range) in ranges().enumerate() {
            if range.contains(&start) && range.start + self.used[index] == taken {
                self.used[index] = end.next_multiple_of(ALIGN) - range.start;
            }
        }
    }
}

fn is_near(start: u64, near: u64) -> bool {
    start.abs_diff(near) < REACH && (start + SIZE).abs_diff(near) < REACH
}

/// Maps an area: below the code, where no data segment grows into it, or else above.
fn map(near: u64) -> Result<u64, Errno> {
    let base = near & !(SIZE - 1);
    let steps = REACH / STEP;
    let below = (0..steps).map_while(|step| base.checked_sub(step * STEP + (1 << 20)));
    // A program at a low address has little below it.
    let low = (near < STEP).then_some([LOWEST, LOWEST + SIZE, LOWEST + 4 * SIZE]);
    let above = (1..steps).rev().map(|step| base + step * STEP);
    below
        .chain(low.into_iter().flatten())
        .chain(above)
        .filter(|at| (LOWEST..guest::ADDRESS_END - SIZE).contains(at) && is_near(*at, near))
        .find_map(|at| {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
            let protection = u64::from(PROT_READ | PROT_EXEC);
            // SAFETY: new memory that replaces nothing.
            let got =
                unsafe { call(__NR_mmap, [at, SIZE, protection, u64::from(flags), u64::MAX, 0]) }.ok()?;
            if got != at {
                // A host without the flag takes the address for a hint.
                memory::release(got, SIZE);
                return None;
            }
            Some(got)
        })
        .ok_or(Errno::NOMEM)
}
