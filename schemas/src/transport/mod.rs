//! What guests and the mapper share: the layouts of the memory and of the datagrams between them.
//!
//! | object | is | written by | read by |
//! |---|---|---|---|
//! | [`Region`] | memfd, one a guest process: requests and replies in [`Slot`]s, counters | both | both |
//! | [`World`] | memfd, one a world: routes, mounts, identities | mapper | stubs |
//! | [`Handoff`] | memfd, one a process image: what the next image must know | mapper, previous stub | next stub |
//! | [`Datagram`] | message on the process socket, descriptors beside it | both | both |
//!
//! Everything is plain data with fixed offsets, checked at compile time. Stub and mapper come from one build; the
//! magic and version in each object refuse anything else. Words that change under a reader are atomics.

mod datagram;
mod envelope;
mod handoff;
mod region;
mod shared;
mod site;
mod slot;
mod world;

pub use datagram::{Datagram, DatagramKind};
pub use envelope::{Envelope, FAMILY_ROUTING};
pub use handoff::{Handoff, HandoffFlags};
pub use region::{Lane, Region, RegionHeader};
pub use shared::{Plain, Shared, Text};
pub use site::Site;
pub use slot::{Claimed, Request, RequestBuffer, Slot, SlotHeader, State, Taken};
pub use world::{Identity, Mount, MountKind, World};

/// Version of all layouts of this module.
pub const VERSION: u32 = 2;

/// Rows for operations in tables; at least [`crate::Operation::COUNT`].
pub const OPERATIONS: usize = 256;

/// Rows for personalities in tables; row 0 is unused.
pub const PERSONALITIES: usize = 16;

/// Flavours in tables.
pub const FLAVOURS: usize = crate::Flavour::ALL.len();

/// Foreign call numbers that are counted one by one when they are missing; the last row takes all higher ones.
pub const MISSING: usize = 1024;

/// `syscall` instructions of a process that are counted one by one.
pub const SITES: usize = 1024;

/// Children of a process that can be noted in its region before the mapper takes note.
pub const CHILDREN: usize = 256;

/// Slots of a region: threads of one process that can have a request under way at the same time.
pub const SLOTS: usize = 256;

/// Threads of a region that can have counters of their own.
pub const LANES: usize = 256;

/// Bytes of a slot.
pub const SLOT_SIZE: usize = 64 * 1024;

/// Bytes for a reply: the second half of a slot.
pub const REPLY_SIZE: usize = SLOT_SIZE / 2;

/// Bytes for a request: the first half of a slot without its header.
pub const REQUEST_SIZE: usize = SLOT_SIZE / 2 - size_of::<SlotHeader>();

/// Mounts that the table can hold.
pub const MOUNTS: usize = 64;

/// Descriptors that may go with one message.
pub const DESCRIPTORS: usize = 16;

/// Where the block of reserved descriptors normally begins. The stub learns the real place from the number in its
/// `AT_EXECFN`, `/dev/fd/<base>`.
pub const DESCRIPTOR_BASE: i32 = 1008;

/// Reserved descriptors.
pub const DESCRIPTOR_COUNT: i32 = 16;

/// Address space of every guest that is the stub's: its image and the memory of the first thread, which one page table
/// holds. It lies below the host's own mappings, which begin at most 1 TiB below the stack when they are placed at
/// random (`mmap_base` of Linux's arch/x86/mm/mmap.c), and above where programs are linked for. The stub is linked for
/// the second page: a fixed address leaves nothing to relocate, so that its pages stay those of the file.
pub const STUB_SPACE: core::ops::Range<u64> = 0x7e90_0000_0000..0x7e90_0020_0000;

/// The part of it that is the image's; the rest is the first thread's.
pub const STUB_IMAGE: core::ops::Range<u64> = STUB_SPACE.start..STUB_SPACE.end - 256 * 1024;

/// What maps the stub, to execute again: a program of one page.
pub const DESCRIPTOR_IMAGE: i32 = 0;
/// The process socket.
pub const DESCRIPTOR_SOCKET: i32 = 1;
/// The [`World`], open for reading.
pub const DESCRIPTOR_WORLD: i32 = 2;
/// The [`Handoff`].
pub const DESCRIPTOR_HANDOFF: i32 = 3;
/// Where trace lines go.
pub const DESCRIPTOR_TRACE: i32 = 4;
/// The [`Region`] of the process, for its next image to go on with.
pub const DESCRIPTOR_REGION: i32 = 5;
/// The file that holds the stub.
pub const DESCRIPTOR_STUB: i32 = 6;
/// First donated directory; the mount table says which one serves a mount.
pub const DESCRIPTOR_DIRECTORIES: i32 = 7;

/// Donated directories there can be.
pub const DIRECTORIES: usize = (DESCRIPTOR_COUNT - DESCRIPTOR_DIRECTORIES) as usize;

const _: () = {
    assert!(crate::Operation::COUNT <= OPERATIONS);
    assert!(crate::Personality::ALL.len() < PERSONALITIES);
    assert!(REQUEST_SIZE.is_multiple_of(crate::message::WORD));
    assert!(cfg!(target_endian = "little") && cfg!(target_pointer_width = "64"));
};
