//! The page that every stub of a world sees: routes, mounts and names.

use super::{MOUNTS, OPERATIONS, PERSONALITIES, Plain, Shared, Text, VERSION};
use crate::{Errno, Flavour, Operation, Personality};
use core::{
    ptr::NonNull,
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
};

const MAGIC: u64 = u64::from_le_bytes(*b"MapWrld\0");

/// Attempts to read between two changes.
const ATTEMPTS: usize = 1000;

/// What `uname(2)` says to guests of one personality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Identity {
    /// Name of the OS.
    pub system: Text<56>,
    /// Its release.
    pub release: Text<120>,
    /// Its version.
    pub version: Text<248>,
    /// The hardware.
    pub machine: Text<56>,
    /// Its version as a number, where it has one (`kern.osreldate` of FreeBSD); otherwise 0.
    pub number: u64,
}

// SAFETY: consists of `Plain` parts and a `u64`.
unsafe impl Plain for Identity {}

/// What serves the paths below a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MountKind {
    /// A donated directory: `target` is its index, from [`super::DESCRIPTOR_DIRECTORIES`] on.
    Directory = 1,
    /// A server: `target` is its number.
    Server = 2,
}

/// An entry of the mount table. The entry with the longest prefix wins, and of equally long ones the one with the
/// highest `order`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Mount {
    identifier: u32,
    target: u32,
    personalities: u32,
    order: u32,
    kind: u8,
    read_only: u8,
    overlay: u8,
    reserved: [u8; 5],
    prefix: Text<256>,
}

// SAFETY: integers and a `Plain` part, no padding (see the assertions).
unsafe impl Plain for Mount {}

impl Mount {
    /// Longest prefix.
    pub const PREFIX: usize = 255;

    /// An entry. `prefix` is absolute, without a slash at its end (`/` itself is the empty prefix); `personalities` is
    /// a mask of [`Personality::bit`]. `ENAMETOOLONG` for a prefix above 255 bytes.
    pub fn new(
        identifier: u32,
        prefix: &[u8],
        kind: MountKind,
        target: u32,
        personalities: u32,
        order: u32,
    ) -> Result<Self, Errno> {
        if prefix.len() > Self::PREFIX {
            return Err(Errno::NAMETOOLONG);
        }
        let prefix = Text::new(prefix).ok_or(Errno::NAMETOOLONG)?;
        let kind = kind as u8;
        let (read_only, overlay) = (0, 0);
        Ok(Self {
            identifier,
            target,
            personalities,
            order,
            kind,
            read_only,
            overlay,
            reserved: [0; 5],
            prefix,
        })
    }

    /// The same entry, not to be written to.
    pub const fn read_only(mut self) -> Self {
        self.read_only = 1;
        self
    }

    /// The same entry, lying over what is at the same prefix with a lower order: a path that it does not have is
    /// looked up there. Heeded at the root only.
    pub const fn overlay(mut self) -> Self {
        self.overlay = 1;
        self
    }

    /// Its number, as messages carry it.
    pub const fn identifier(&self) -> u32 {
        self.identifier
    }

    /// What serves it; none for an empty entry.
    pub const fn kind(&self) -> Option<MountKind> {
        match self.kind {
            1 => Some(MountKind::Directory),
            2 => Some(MountKind::Server),
            _ => None,
        }
    }

    /// Index of the directory or number of the server.
    pub const fn target(&self) -> u32 {
        self.target
    }

    /// Which wins of equally long prefixes: the higher one.
    pub const fn order(&self) -> u32 {
        self.order
    }

    /// Whether nothing below it may be changed.
    pub const fn is_read_only(&self) -> bool {
        self.read_only != 0
    }

    /// Whether what it does not have is looked up in the entry that it wins over.
    pub const fn is_overlay(&self) -> bool {
        self.overlay != 0
    }

    /// Where it is.
    pub fn prefix(&self) -> &[u8] {
        self.prefix.as_bytes()
    }

    /// Whether guests of a personality see it.
    pub const fn visible_to(&self, personality: Personality) -> bool {
        self.personalities & personality.bit() != 0
    }

    /// The rest of an absolute path below the prefix, without leading slashes; none when it is elsewhere.
    pub fn strip<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let rest = path.strip_prefix(self.prefix())?;
        match rest.iter().position(|byte| *byte != b'/') {
            Some(0) => None,
            Some(start) => Some(&rest[start..]),
            None => Some(&[]),
        }
    }
}

impl core::fmt::Debug for Mount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Mount")
            .field("identifier", &self.identifier)
            .field("prefix", &self.prefix)
            .field("kind", &self.kind())
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The world page. The mapper writes it; stubs have it mapped for reading only.
///
/// `generation` is even while nothing changes, odd during a change, and higher after it. A single route or switch can
/// be read at any time; what is longer is read through [`World::consistent`]. A stub keeps a copy of the mounts that
/// it uses, and takes a new one when the generation has changed.
#[repr(C, align(4096))]
pub struct World {
    magic: AtomicU64,
    version: AtomicU32,
    trace: AtomicU32,
    generation: AtomicU64,
    stub_spin: AtomicU32,
    mounts_used: AtomicU32,
    mapper: AtomicU32,
    reserved: [AtomicU32; 7],
    routes: [[AtomicU8; OPERATIONS]; PERSONALITIES],
    host_name: Shared<Text<248>>,
    domain_name: Shared<Text<248>>,
    identities: [Shared<Identity>; PERSONALITIES],
    mounts: [Shared<Mount>; MOUNTS],
}

const _: () = {
    assert!(size_of::<Mount>() == 24 + 8 + 256);
    assert!(size_of::<Identity>() == 520);
    assert!(core::mem::offset_of!(World, routes) == 64);
    assert!(size_of::<World>() == 8 * 4096);
};

impl World {
    /// Bytes of a world page.
    pub const SIZE: usize = size_of::<Self>();

    /// Where the word that counts changes lies, for code that is not Rust.
    pub const GENERATION: usize = core::mem::offset_of!(Self, generation);

    /// Mapper: makes one of fresh, zeroed memory, with the routes that the schema declares and no mounts.
    ///
    /// # Safety
    ///
    /// `start` must be page-aligned and [`World::SIZE`] bytes behind it readable and writable for `'a`.
    pub unsafe fn create<'a>(start: NonNull<u8>) -> &'a Self {
        // SAFETY: by contract; all zeros is a value.
        let world: &Self = unsafe { start.cast().as_ref() };
        world.version.store(VERSION, Ordering::Relaxed);
        for personality in Personality::ALL {
            for operation in Operation::ALL {
                world.set_route(personality, operation, operation.info().flavour);
            }
        }
        world.magic.store(MAGIC, Ordering::Release);
        world
    }

    /// Stub: takes one that the mapper made. `EPROTO` when it is none of this version.
    ///
    /// # Safety
    ///
    /// `start` must be page-aligned and [`World::SIZE`] bytes behind it readable for `'a`.
    pub unsafe fn open<'a>(start: NonNull<u8>) -> Result<&'a Self, Errno> {
        // SAFETY: by contract; every bit pattern is a value.
        let world: &Self = unsafe { start.cast().as_ref() };
        let valid =
            world.magic.load(Ordering::Acquire) == MAGIC && world.version.load(Ordering::Relaxed) == VERSION;
        if valid { Ok(world) } else { Err(Errno::PROTO) }
    }

    /// Counts changes; odd during one.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Mapper: changes something. Only one thread may be in here at a time.
    pub fn change<R>(&self, change: impl FnOnce(&Self) -> R) -> R {
        self.generation.fetch_add(1, Ordering::AcqRel);
        core::sync::atomic::fence(Ordering::Release);
        let result = change(self);
        self.generation.fetch_add(1, Ordering::Release);
        result
    }

    /// Stub: reads something that no change came into, with the generation it is of. `EAGAIN` when that never
    /// succeeds, as when the mapper died in the middle of a change.
    pub fn consistent<R>(&self, read: impl Fn(&Self) -> R) -> Result<(R, u64), Errno> {
        for _ in 0..ATTEMPTS {
            let before = self.generation.load(Ordering::Acquire);
            if before.is_multiple_of(2) {
                let result = read(self);
                core::sync::atomic::fence(Ordering::Acquire);
                if self.generation.load(Ordering::Relaxed) == before {
                    return Ok((result, before));
                }
            }
            core::hint::spin_loop();
        }
        Err(Errno::AGAIN)
    }

    /// What a stub of this personality does with an operation.
    pub fn route(&self, personality: Personality, operation: Operation) -> Flavour {
        let byte = self.routes[personality.index()][operation.index()].load(Ordering::Relaxed);
        Flavour::from_byte(byte).unwrap_or(operation.info().flavour)
    }

    /// Mapper: changes a route.
    pub fn set_route(&self, personality: Personality, operation: Operation, flavour: Flavour) {
        self.routes[personality.index()][operation.index()].store(flavour as u8, Ordering::Relaxed);
    }

    /// Whether stubs trace.
    pub fn trace(&self) -> bool {
        self.trace.load(Ordering::Relaxed) != 0
    }

    /// Mapper: turns traces on or off.
    pub fn set_trace(&self, on: bool) {
        self.trace.store(u32::from(on), Ordering::Relaxed);
    }

    /// How many nanoseconds a stub spins for a reply before it sleeps.
    pub fn stub_spin(&self) -> u32 {
        self.stub_spin.load(Ordering::Relaxed)
    }

    /// Mapper: sets how long stubs spin.
    pub fn set_stub_spin(&self, nanoseconds: u32) {
        self.stub_spin.store(nanoseconds, Ordering::Relaxed);
    }

    /// The mapper's process.
    pub fn mapper(&self) -> i32 {
        self.mapper.load(Ordering::Relaxed) as i32
    }

    /// Mapper: tells its process.
    pub fn set_mapper(&self, pid: i32) {
        self.mapper.store(pid as u32, Ordering::Relaxed);
    }

    /// Name of the host that guests are told.
    pub fn host_name(&self) -> Text<248> {
        self.host_name.load()
    }

    /// Mapper: sets the name of the host.
    pub fn set_host_name(&self, name: &Text<248>) {
        self.host_name.store(name);
    }

    /// Name of the domain that guests are told.
    pub fn domain_name(&self) -> Text<248> {
        self.domain_name.load()
    }

    /// Mapper: sets the name of the domain.
    pub fn set_domain_name(&self, name: &Text<248>) {
        self.domain_name.store(name);
    }

    /// What guests of a personality are told that they run on.
    pub fn identity(&self, personality: Personality) -> Identity {
        self.identities[personality.index()].load()
    }

    /// Mapper: sets that.
    pub fn set_identity(&self, personality: Personality, identity: &Identity) {
        self.identities[personality.index()].store(identity);
    }

    /// Entries of the mount table in use.
    pub fn mount_count(&self) -> usize {
        (self.mounts_used.load(Ordering::Relaxed) as usize).min(MOUNTS)
    }

    /// An entry of the mount table.
    pub fn mount(&self, index: usize) -> Option<Mount> {
        (index < self.mount_count()).then(|| self.mounts[index].load())
    }

    /// Mapper: replaces the mount table. `ENOSPC` when there are more than [`MOUNTS`].
    pub fn set_mounts(&self, mounts: &[Mount]) -> Result<(), Errno> {
        if mounts.len() > MOUNTS {
            return Err(Errno::NOSPC);
        }
        for (entry, mount) in self.mounts.iter().zip(mounts) {
            entry.store(mount);
        }
        self.mounts_used.store(mounts.len() as u32, Ordering::Relaxed);
        Ok(())
    }

    /// The mount that serves an absolute path for a personality.
    pub fn resolve(&self, personality: Personality, path: &[u8]) -> Result<Option<Mount>, Errno> {
        let best = |world: &Self| {
            (0..world.mount_count())
                .filter_map(|index| world.mount(index))
                .filter(|mount| mount.visible_to(personality) && mount.strip(path).is_some())
                .max_by_key(|mount| (mount.prefix().len(), mount.order()))
        };
        Ok(self.consistent(best)?.0)
    }
}
