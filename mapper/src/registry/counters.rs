//! How often each route was taken, summed over guests alive and dead.

use std::collections::BTreeMap;

use schemas::transport::{FLAVOURS, MISSING, Region};
use schemas::{Flavour, Operation, Personality};

/// Sums of what regions count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// By OS and operation, how often each flavour was taken ([`Flavour`] as the index).
    pub calls: BTreeMap<(Personality, Operation), [u64; FLAVOURS]>,
    /// By OS and number, calls of the foreign OS that there was nothing for.
    pub missing: BTreeMap<(Personality, u32), u64>,
}

impl Totals {
    /// Adds what one guest's region has counted.
    pub fn add(&mut self, personality: Personality, region: Region<'_>) {
        for operation in Operation::ALL {
            let counted = Flavour::ALL.map(|flavour| region.calls(operation, flavour));
            if counted.iter().any(|&count| count != 0) {
                let sums = self.calls.entry((personality, operation)).or_default();
                for (sum, count) in sums.iter_mut().zip(counted) {
                    // Guests can write any number here.
                    *sum = sum.saturating_add(count);
                }
            }
        }
        for number in 0..MISSING as u32 {
            let count = region.missing(number);
            if count != 0 {
                let sum = self.missing.entry((personality, number)).or_default();
                *sum = sum.saturating_add(u64::from(count));
            }
        }
    }
}

/// All calls that a region has counted, and those of them that were mapped.
pub fn calls_of(region: Region<'_>) -> (u64, u64) {
    let mut sums = (0_u64, 0_u64);
    for operation in Operation::ALL {
        for flavour in Flavour::ALL {
            let count = region.calls(operation, flavour);
            sums.0 = sums.0.saturating_add(count);
            if flavour == Flavour::Mapped {
                sums.1 = sums.1.saturating_add(count);
            }
        }
    }
    sums
}
