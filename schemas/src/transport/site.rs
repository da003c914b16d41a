//! What a region tells of the instructions at which a guest traps.

use super::SITES;
use crate::exec::Decision;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Places that an address may be at, from the one that its hash says.
const PROBES: usize = 32;

/// A `syscall` instruction of the guest's, how often it was used, and what was decided about it.
///
/// The stub writes it and the mapper reads it, and believes it no more than the guest. Assembly may count at
/// [`Site::HOISTED`] without a lock: these are statistics.
#[derive(Debug)]
#[repr(C, align(32))]
pub struct Site {
    address: AtomicU64,
    trapped: AtomicU64,
    hoisted: AtomicU64,
    decision: AtomicU32,
    /// Not 0 when a child without a region of its own wants it hoisted, see [`super::Region::want`].
    wanted: AtomicU32,
}

impl Site {
    /// Offset of the count of calls that came through the trampoline, a `u64`.
    pub const HOISTED: usize = core::mem::offset_of!(Site, hoisted);

    /// Finds the site of an address, or gives it a place. None when there is no place left, and for address 0.
    pub(super) fn find(sites: &[Site; SITES], address: u64) -> Option<(u32, &Site)> {
        if address == 0 {
            return None;
        }
        // Fibonacci hashing: the upper bits of the product depend on all bits of the address.
        let hash = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SITES.ilog2());
        (0..PROBES).find_map(|step| {
            let index = (hash as usize + step) % SITES;
            let site = &sites[index];
            let held = match site.address() {
                0 => site
                    .address
                    .compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed)
                    .map_or_else(|other| other, |_| address),
                held => held,
            };
            (held == address).then_some((index as u32, site))
        })
    }

    /// Takes over another's address and decision.
    pub(super) fn adopt(&self, other: &Site) {
        self.decision.store(other.decision.load(Ordering::Relaxed), Ordering::Relaxed);
        self.address.store(other.address(), Ordering::Relaxed);
    }

    /// Gives the place back, as the program with the address is gone.
    pub(super) fn forget(&self) {
        self.address.store(0, Ordering::Relaxed);
        self.trapped.store(0, Ordering::Relaxed);
        self.hoisted.store(0, Ordering::Relaxed);
        self.decision.store(0, Ordering::Relaxed);
        self.wanted.store(0, Ordering::Relaxed);
    }

    /// Sets whether it is wanted, and tells whether it was.
    pub(super) fn set_wanted(&self, wanted: bool) -> bool {
        self.wanted.swap(wanted.into(), Ordering::Relaxed) != 0
    }

    /// Address of the instruction; 0 when there is none here.
    pub fn address(&self) -> u64 {
        self.address.load(Ordering::Relaxed)
    }

    /// Counts a trap.
    pub(super) fn count_trap(&self) {
        self.trapped.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it trapped.
    pub fn trapped(&self) -> u64 {
        self.trapped.load(Ordering::Relaxed)
    }

    /// How often it was reached through its trampoline.
    pub fn hoisted(&self) -> u64 {
        self.hoisted.load(Ordering::Relaxed)
    }

    /// What was decided; undecided for a number that is no decision.
    pub fn decision(&self) -> Decision {
        let number = self.decision.load(Ordering::Acquire);
        u16::try_from(number)
            .ok()
            .and_then(|number| Decision::try_from(number).ok())
            .unwrap_or(Decision::Undecided)
    }

    /// Stub: notes what was decided.
    pub fn decide(&self, decision: Decision) {
        self.decision.store(decision as u32, Ordering::Release);
    }

    /// Stub: takes it upon itself to ask about an undecided site, so that no other thread does. False when one has.
    pub fn ask(&self) -> bool {
        let (before, after) = (Decision::Undecided as u32, Decision::Asked as u32);
        self.decision.compare_exchange(before, after, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

const _: () = {
    assert!(size_of::<Site>() == 32);
    assert!(SITES.is_power_of_two() && PROBES < SITES);
};
