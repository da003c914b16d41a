//! The memory that one guest process shares with the mapper.

use super::{Claimed, FLAVOURS, MISSING, OPERATIONS, SITES, SLOT_SIZE, SLOTS, Site, Slot, VERSION};
use crate::{Errno, Flavour, Operation};
use core::{
    marker::PhantomData,
    ptr::NonNull,
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
};

const MAGIC: u64 = u64::from_le_bytes(*b"MapRegn\0");

/// Head of a region. Counters are statistics: they are relaxed, and the mapper believes them no more than the guest.
#[repr(C, align(4096))]
pub struct RegionHeader {
    magic: AtomicU64,
    version: AtomicU32,
    slots: AtomicU32,
    /// Not 0 while a worker of the mapper polls: then requests need no doorbell.
    mapper_awake: AtomicU32,
    reserved: [AtomicU32; 11],
    /// One bit a slot: it holds a request that came without descriptors.
    pending: [AtomicU64; SLOTS / 64],
    /// How often each flavour was taken.
    calls: [[AtomicU64; FLAVOURS]; OPERATIONS],
    /// Calls of the foreign OS that there is nothing for.
    missing: [AtomicU32; MISSING],
    /// Path of the program that runs, as its links lead to the stub.
    program_length: AtomicU32,
    program: [AtomicU8; PROGRAM],
    /// Where calls are made, by a hash of the address.
    sites: [Site; SITES],
    /// Traps at addresses that have no place among the sites.
    elsewhere: AtomicU64,
}

/// Longest path of a program that is told.
const PROGRAM: usize = 1020;

const _: () = {
    assert!(core::mem::offset_of!(RegionHeader, pending) == 64);
    assert!(core::mem::offset_of!(RegionHeader, calls) == 64 + SLOTS / 8);
    assert!(core::mem::offset_of!(RegionHeader, sites).is_multiple_of(align_of::<Site>()));
    assert!(size_of::<RegionHeader>() == 12 * 4096);
};

/// A mapped region.
///
/// It belongs to one process. The mapping is shared, so a child of `fork` still sees its parent's: it must make one of
/// its own before its first mapped call, and unmap this one without touching it.
#[derive(Clone, Copy)]
pub struct Region<'a> {
    start: NonNull<u8>,
    mapping: PhantomData<&'a RegionHeader>,
}

// SAFETY: the header and the slot headers are atomics; the rest is handed out by slots to one owner at a time.
unsafe impl Send for Region<'_> {}
// SAFETY: as above.
unsafe impl Sync for Region<'_> {}

impl<'a> Region<'a> {
    /// Bytes of a region. It is sparse: only what is used takes memory.
    pub const SIZE: usize = size_of::<RegionHeader>() + SLOTS * SLOT_SIZE;

    /// Makes a region of fresh, zeroed memory.
    ///
    /// # Safety
    ///
    /// `start` must be page-aligned and [`Region::SIZE`] bytes behind it readable and writable for `'a`, and be
    /// accessed by this process in no other way.
    pub unsafe fn create(start: NonNull<u8>) -> Self {
        let region = Self { start, mapping: PhantomData };
        let header = region.header();
        header.version.store(VERSION, Ordering::Relaxed);
        header.slots.store(SLOTS as u32, Ordering::Relaxed);
        header.magic.store(MAGIC, Ordering::Release);
        region
    }

    /// Takes a region that another process made. `EPROTO` when it is none of this version.
    ///
    /// # Safety
    ///
    /// As [`Region::create`]; that the memory is large enough must have been checked, and that it cannot shrink
    /// (`F_SEAL_SHRINK`) made sure.
    pub unsafe fn open(start: NonNull<u8>) -> Result<Self, Errno> {
        let region = Self { start, mapping: PhantomData };
        let header = region.header();
        let valid = header.magic.load(Ordering::Acquire) == MAGIC
            && header.version.load(Ordering::Relaxed) == VERSION
            && header.slots.load(Ordering::Relaxed) as usize == SLOTS;
        if valid { Ok(region) } else { Err(Errno::PROTO) }
    }

    fn header(self) -> &'a RegionHeader {
        // SAFETY: aligned and mapped for `'a`, and made of atomics only.
        unsafe { self.start.cast().as_ref() }
    }

    /// A slot; none at or above [`SLOTS`].
    pub fn slot(self, index: u32) -> Option<Slot<'a>> {
        if index as usize >= SLOTS {
            return None;
        }
        // SAFETY: within the region.
        let start = unsafe { self.start.add(size_of::<RegionHeader>() + index as usize * SLOT_SIZE) };
        Some(Slot::new(start, index, self))
    }

    /// Stub: claims a free slot, the one numbered `first` if it is free. None when all are in use.
    pub fn claim(self, first: u32) -> Option<Claimed<'a>> {
        let count = SLOTS as u32;
        (0..count).find_map(|step| self.slot((first % count + step) % count)?.claim())
    }

    /// Counts a call.
    pub fn count(self, operation: Operation, flavour: Flavour) {
        self.header().calls[operation.index()][flavour as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often an operation was carried out in this way.
    pub fn calls(self, operation: Operation, flavour: Flavour) -> u64 {
        self.header().calls[operation.index()][flavour as usize].load(Ordering::Relaxed)
    }

    /// Counts a foreign call that there is nothing for.
    pub fn count_missing(self, number: u32) {
        self.header().missing[(number as usize).min(MISSING - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// How often a foreign call was asked for and not there. The last row stands for all higher numbers.
    pub fn missing(self, number: u32) -> u32 {
        self.header().missing[(number as usize).min(MISSING - 1)].load(Ordering::Relaxed)
    }

    /// Stub: counts a trap at an address. Returns its site, which may be new, and the site's index; none when the table
    /// is full thereabouts, and then the site must not be hoisted.
    pub fn trapped(self, address: u64) -> Option<(u32, &'a Site)> {
        let header = self.header();
        let found = Site::find(&header.sites, address);
        match found {
            Some((_, site)) => site.count_trap(),
            None => {
                header.elsewhere.fetch_add(1, Ordering::Relaxed);
            }
        }
        found
    }

    /// The site with this index; none at or above [`SITES`].
    pub fn site(self, index: u32) -> Option<&'a Site> {
        self.header().sites.get(index as usize)
    }

    /// The sites known so far, in no order.
    pub fn sites(self) -> impl Iterator<Item = &'a Site> {
        self.header().sites.iter().filter(|site| site.address() != 0)
    }

    /// Traps that no site counted, for want of a place.
    pub fn trapped_elsewhere(self) -> u64 {
        self.header().elsewhere.load(Ordering::Relaxed)
    }

    /// Stub: takes over the sites of the parent of a forked process and what was decided about them, each under its
    /// index, without the counts.
    pub fn adopt_sites(self, parent: Region<'_>) {
        for (own, parent) in self.header().sites.iter().zip(&parent.header().sites) {
            own.adopt(parent);
        }
    }

    /// Stub: says which program runs, before the region is told of. Of a longer path only the end is kept.
    pub fn set_program(self, path: &[u8]) {
        let path = &path[path.len().saturating_sub(PROGRAM)..];
        for (to, from) in self.header().program.iter().zip(path) {
            to.store(*from, Ordering::Relaxed);
        }
        self.header().program_length.store(path.len() as u32, Ordering::Release);
    }

    /// Mapper: the program that the guest says it runs.
    #[cfg(feature = "std")]
    pub fn program(self) -> Vec<u8> {
        let length = (self.header().program_length.load(Ordering::Acquire) as usize).min(PROGRAM);
        self.header().program[..length].iter().map(|byte| byte.load(Ordering::Relaxed)).collect()
    }

    /// Stub: announces a request without descriptors. Returns whether the mapper must be woken by a doorbell.
    pub(super) fn announce(self, slot: u32) -> bool {
        let header = self.header();
        header.pending[slot as usize / 64].fetch_or(1 << (slot % 64), Ordering::SeqCst);
        header.mapper_awake.load(Ordering::SeqCst) == 0
    }

    /// Mapper: says whether it polls. Before it sleeps it must say so and then look for requests once more: a request
    /// is announced before the stub looks here, so one of the two sees the other.
    pub fn set_awake(self, awake: bool) {
        self.header().mapper_awake.store(u32::from(awake), Ordering::SeqCst);
    }

    /// Mapper: takes the announcements, and calls `each` with the number of every slot announced.
    pub fn announced(self, mut each: impl FnMut(u32)) {
        for (index, word) in self.header().pending.iter().enumerate() {
            if word.load(Ordering::SeqCst) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::SeqCst);
            while bits != 0 {
                each(index as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}
