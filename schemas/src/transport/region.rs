//! The memory that one guest process shares with the mapper.

use super::{
    CHILDREN, Claimed, FLAVOURS, LANES, MISSING, OPERATIONS, SITES, SLOT_SIZE, SLOTS, Site, Slot, VERSION,
};
use crate::{Errno, Flavour, Operation, Personality};
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
    /// The process that it belongs to, and that one's personality; 0 until it says so.
    owner: AtomicU32,
    personality: AtomicU32,
    /// Counts the images that went on with it.
    image: AtomicU32,
    /// Children noted, and those of them that the mapper has seen.
    children_noted: AtomicU32,
    children_seen: AtomicU32,
    /// Not 0 when some site is wanted.
    sites_wanted: AtomicU32,
    reserved: [AtomicU32; 5],
    /// One bit a slot: it holds a request that came without descriptors.
    pending: [AtomicU64; SLOTS / 64],
    /// How often each flavour was taken.
    calls: [[AtomicU64; FLAVOURS]; OPERATIONS],
    /// Calls of the foreign OS that there is nothing for.
    missing: [AtomicU32; MISSING],
    /// Path of the program that runs, as its links lead to the stub.
    program_length: AtomicU32,
    program: [AtomicU8; PROGRAM],
    /// One bit a slot: it was claimed before.
    used: [AtomicU64; SLOTS / 64],
    /// The last children that the process, or a child without a region of its own, has made.
    children: [AtomicU32; CHILDREN],
    /// Where calls are made, by a hash of the address.
    sites: [Site; SITES],
    /// Traps at addresses that have no place among the sites.
    elsewhere: AtomicU64,
    /// The thread that counts in each lane, 0 for none.
    lane_owners: [AtomicU32; LANES],
    /// Lanes that have ever been used: those above hold nothing.
    lanes_used: AtomicU32,
}

/// Counters of one thread, which alone writes them: it counts without locking the bus.
#[repr(C, align(4096))]
pub struct Lane {
    calls: [[AtomicU64; FLAVOURS]; OPERATIONS],
}

impl Lane {
    /// Where the counter of an operation and flavour lies, in bytes from the start of a lane.
    pub const fn offset(operation: Operation, flavour: Flavour) -> usize {
        (operation.index() * FLAVOURS + flavour as usize) * size_of::<AtomicU64>()
    }

    /// Counts a call of the thread that owns the lane.
    #[inline]
    pub fn count(&self, operation: Operation, flavour: Flavour) {
        let counter = &self.calls[operation.index()][flavour as usize];
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// Longest path of a program that is told.
const PROGRAM: usize = 1020;

const _: () = {
    assert!(core::mem::offset_of!(RegionHeader, pending) == 64);
    assert!(core::mem::offset_of!(RegionHeader, calls) == 64 + SLOTS / 8);
    assert!(core::mem::offset_of!(RegionHeader, sites).is_multiple_of(align_of::<Site>()));
    assert!(size_of::<RegionHeader>() == 12 * 4096);
    assert!(size_of::<Lane>() == FLAVOURS * OPERATIONS * 8);
};

/// A mapped region.
///
/// It belongs to one process. The mapping is shared, so a child of `fork` still sees its parent's, and may count and
/// note children there: it must make one of its own before its first mapped call. The next image of the process goes on
/// with it, see [`Region::adopt`].
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
    pub const SIZE: usize = Self::SLOTS_AT + SLOTS * SLOT_SIZE;

    /// Where the sites lie, for code that is not Rust.
    pub const SITES_AT: usize = core::mem::offset_of!(RegionHeader, sites);

    /// Where the slots begin, behind the head and the lanes.
    pub const SLOTS_AT: usize = size_of::<RegionHeader>() + LANES * size_of::<Lane>();

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
        let start = unsafe { self.start.add(Self::SLOTS_AT + index as usize * SLOT_SIZE) };
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
        let used = (self.header().lanes_used.load(Ordering::Relaxed) as usize).min(LANES);
        let own = |calls: &[[AtomicU64; FLAVOURS]; OPERATIONS]| {
            calls[operation.index()][flavour as usize].load(Ordering::Relaxed)
        };
        (0..used)
            .map(|index| own(&self.lane_at(index).calls))
            .fold(own(&self.header().calls), u64::wrapping_add)
    }

    fn lane_at(self, index: usize) -> &'a Lane {
        debug_assert!(index < LANES);
        // SAFETY: within the region, page-aligned, and made of atomics only.
        unsafe {
            self.start.add(size_of::<RegionHeader>() + index * size_of::<Lane>()).cast::<Lane>().as_ref()
        }
    }

    /// Stub: gives a thread a lane of its own. None when each has an owner that lives, as `lives` says of its id; the
    /// thread counts with [`Region::count`] then.
    pub fn take_lane(self, thread: u32, lives: impl Fn(u32) -> bool) -> Option<&'a Lane> {
        let owners = &self.header().lane_owners;
        let take = |index: usize, from: u32| {
            owners[index].compare_exchange(from, thread, Ordering::AcqRel, Ordering::Relaxed).ok()?;
            self.header().lanes_used.fetch_max(index as u32 + 1, Ordering::Relaxed);
            Some(self.lane_at(index))
        };
        // An image goes on with the lane of the one before it.
        let own = owners.iter().position(|owner| owner.load(Ordering::Relaxed) == thread);
        if let Some(index) = own {
            return Some(self.lane_at(index));
        }
        (0..LANES).find_map(|index| take(index, 0)).or_else(|| {
            (0..LANES).find_map(|index| {
                let owner = owners[index].load(Ordering::Relaxed);
                if lives(owner) { None } else { take(index, owner) }
            })
        })
    }

    /// Stub: lets other threads have the lane of one that ends or counts elsewhere.
    pub fn release_lane(self, thread: u32, lane: &Lane) {
        let at = core::ptr::from_ref(lane) as usize;
        let index =
            at.wrapping_sub(self.start.as_ptr() as usize + size_of::<RegionHeader>()) / size_of::<Lane>();
        if let Some(owner) = self.header().lane_owners.get(index) {
            let _ = owner.compare_exchange(thread, 0, Ordering::Release, Ordering::Relaxed);
        }
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

    /// Stub: a child that counts in its parent's region has trapped at a site, as others before it. The parent should
    /// have it hoisted, for all to come.
    pub fn want(self, site: &Site) {
        site.set_wanted(true);
        self.header().sites_wanted.store(1, Ordering::Release);
    }

    /// Stub: takes the sites that are wanted, each with its index.
    pub fn wanted(self) -> impl Iterator<Item = (u32, &'a Site)> {
        let sites = &self.header().sites;
        let asked = &self.header().sites_wanted;
        let some = asked.load(Ordering::Relaxed) != 0 && asked.swap(0, Ordering::Acquire) != 0;
        let sites = if some { &sites[..] } else { &[] };
        (0..).zip(sites).filter(|(_, site)| site.set_wanted(false))
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

    /// Says whose it is, before it is shared.
    pub fn set_owner(self, pid: i32, personality: Personality) {
        let header = self.header();
        header.owner.store(pid as u32, Ordering::Relaxed);
        header.personality.store(personality as u32, Ordering::Relaxed);
    }

    /// Stub: goes on with a region that another image of this process has left, or that the mapper made for the first
    /// one. `EPERM` when it is of another process or personality, of which the mapper would not know.
    ///
    /// Threads that had slots are gone. Where a reply is still to come the slot stays lost, as the mapper may write to
    /// it.
    pub fn adopt(self, pid: i32, personality: Personality, program: &[u8]) -> Result<(), Errno> {
        let header = self.header();
        let own = header.owner.load(Ordering::Relaxed) == pid as u32
            && header.personality.load(Ordering::Relaxed) == personality as u32;
        if !own {
            return Err(Errno::PERM);
        }
        for (index, word) in header.used.iter().enumerate() {
            let mut bits = word.load(Ordering::Relaxed);
            while bits != 0 {
                if let Some(slot) = self.slot(index as u32 * 64 + bits.trailing_zeros()) {
                    slot.abandon();
                }
                bits &= bits - 1;
            }
        }
        // The first image finds nothing of another's.
        if header.image.load(Ordering::Relaxed) != 0 {
            header.sites.iter().for_each(Site::forget);
            header.elsewhere.store(0, Ordering::Relaxed);
        }
        self.set_program(program);
        header.image.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Counts the images that went on with it: when it changes, [`Region::program`] does.
    pub fn image(self) -> u32 {
        self.header().image.load(Ordering::Acquire)
    }

    /// Stub: a slot is claimed.
    pub(super) fn mark_used(self, slot: u32) {
        let (word, bit) = (&self.header().used[slot as usize / 64], 1 << (slot % 64));
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Stub: notes a child, for when the mapper looks. Returns whether it should be told, lest notes be lost.
    pub fn note_child(self, pid: i32) -> bool {
        let header = self.header();
        let at = header.children_noted.fetch_add(1, Ordering::Relaxed);
        header.children[at as usize % CHILDREN].store(pid as u32, Ordering::Release);
        at.wrapping_sub(header.children_seen.load(Ordering::Relaxed)) >= CHILDREN as u32 / 2
    }

    /// Mapper: takes the notes of children behind the `seen` first, and calls `each` with their numbers, which nobody
    /// but the guest vouches for.
    pub fn noted_children(self, seen: &mut u32, mut each: impl FnMut(i32)) {
        let header = self.header();
        let noted = header.children_noted.load(Ordering::Acquire);
        let missed = noted.wrapping_sub(*seen);
        if missed > CHILDREN as u32 {
            *seen = noted.wrapping_sub(CHILDREN as u32);
        }
        while *seen != noted {
            let pid = header.children[*seen as usize % CHILDREN].swap(0, Ordering::Acquire);
            // Zero was taken before, or is not written yet: then its writer's parent tells of it in another way.
            if pid != 0 {
                each(pid as i32);
            }
            *seen = seen.wrapping_add(1);
        }
        header.children_seen.store(*seen, Ordering::Relaxed);
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

    /// Mapper: takes up to `most` announcements, from the slot numbered `from` on and round, and calls `each` with the
    /// number of every slot announced. Returns where to go on when there may be more.
    pub fn announced(self, from: u32, most: u32, mut each: impl FnMut(u32)) -> Option<u32> {
        let header = self.header();
        let (first, offset) = (from as usize / 64 % header.pending.len(), from % 64);
        let mut left = most;
        // The first word comes twice: its high bits at first, its low ones at last.
        for step in 0..=header.pending.len() {
            let index = (first + step) % header.pending.len();
            let asked = match step {
                0 => !0 << offset,
                _ if step == header.pending.len() => !(!0 << offset),
                _ => !0,
            };
            let word = &header.pending[index];
            let mut bits = word.load(Ordering::SeqCst) & asked;
            while bits != 0 {
                let slot = index as u32 * 64 + bits.trailing_zeros();
                if left == 0 {
                    return Some(slot);
                }
                left -= 1;
                let bit = bits & bits.wrapping_neg();
                word.fetch_and(!bit, Ordering::SeqCst);
                each(slot);
                bits &= !bit;
            }
        }
        None
    }
}
