//! Rings of packets in memory that a guest shares (`PACKET_RX_RING`; linux/if_packet.h,
//! Documentation/networking/packet_mmap.rst).
//!
//! The guest may write anything into that memory at any time. Nothing in it is relied upon here but one word for each
//! frame or block, and that only says whose it is.

use std::os::fd::OwnedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use schemas::Errno;

use super::address;

/// Most bytes of a ring. The host's own limit is the memory that it can lock.
const MOST: u64 = 64 << 20;
const PAGE: u32 = 4096;
/// `TPACKET_ALIGNMENT`, `V3_ALIGNMENT`.
const ALIGNMENT: usize = 16;
const ALIGNMENT_3: usize = 8;

// Whose a frame or block is, and what else there is to say of it.
const STATUS_KERNEL: u32 = 0;
const STATUS_USER: u32 = 1;
const STATUS_COPY: u32 = 1 << 1;
const STATUS_LOSING: u32 = 1 << 2;
const STATUS_TIMEOUT: u32 = 1 << 5;

/// `sizeof(struct tpacket_block_desc)`.
const BLOCK_HEADER: usize = 48;
/// Where `hdr.bh1.block_status` is in it.
const BLOCK_STATUS: usize = 8;

/// How frames lie in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Frames of one size.
    Two,
    /// Blocks of frames of any size.
    Three,
}

impl Version {
    /// Length of the header in front of a frame (`struct tpacket2_hdr`, `struct tpacket3_hdr`).
    pub const fn header(self) -> usize {
        match self {
            Version::Two => 32,
            Version::Three => 48,
        }
    }

    /// `TPACKET_V2`, `TPACKET_V3`.
    pub const fn number(self) -> u32 {
        match self {
            Version::Two => 1,
            Version::Three => 2,
        }
    }

    /// The header with the address behind it (`TPACKET2_HDRLEN`, `TPACKET3_HDRLEN`).
    const fn whole(self) -> usize {
        self.header() + address::LENGTH
    }
}

/// What a guest asks for (`struct tpacket_req3`; of `struct tpacket_req` the first four).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Bytes of a block: a multiple of the page's.
    pub block_size: u32,
    /// Blocks.
    pub blocks: u32,
    /// Bytes of a frame.
    pub frame_size: u32,
    /// Frames in all blocks.
    pub frames: u32,
    /// After how many milliseconds a block goes to the guest though it is not full; 0: as seems good.
    pub timeout: u32,
    /// Bytes of the guest's own behind the header of each block.
    pub private: u32,
}

impl Request {
    /// Takes it from its bytes.
    ///
    /// # Errors
    /// `EINVAL` when there are not enough.
    pub fn read(version: Version, bytes: &[u8]) -> Result<Request, Errno> {
        let words = if version == Version::Three { 7 } else { 4 };
        let bytes = bytes.get(..words * 4).ok_or(Errno::INVAL)?;
        let word = |at: usize| {
            bytes
                .get(at * 4..at * 4 + 4)
                .map_or(0, |word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
        };
        // The last word of features: only the hash of flows, which is none here.
        if word(6) & !1 != 0 {
            return Err(Errno::INVAL);
        }
        Ok(Request {
            block_size: word(0),
            blocks: word(1),
            frame_size: word(2),
            frames: word(3),
            timeout: word(4),
            private: word(5),
        })
    }

    /// The checks of `packet_set_ring`; gives the bytes of the whole.
    fn check(&self, version: Version, reserve: u32) -> Result<u64, Errno> {
        let least = version.whole() as u64 + u64::from(reserve);
        let whole = u64::from(self.block_size) * u64::from(self.blocks);
        let block = u64::from(self.block_size);
        let private = u64::from(self.private).next_multiple_of(8);
        if self.block_size == 0
            || !self.block_size.is_multiple_of(PAGE)
            || self.block_size > i32::MAX as u32
            || u64::from(self.frame_size) < least
            || !(self.frame_size as usize).is_multiple_of(ALIGNMENT)
            || self.frame_size > self.block_size
            || self.blocks == 0
            || u64::from(self.block_size / self.frame_size) * u64::from(self.blocks) != u64::from(self.frames)
            || (version == Version::Three && BLOCK_HEADER as u64 + private + least >= block)
        {
            return Err(Errno::INVAL);
        }
        if whole > MOST { Err(Errno::NOMEM) } else { Ok(whole) }
    }
}

/// A packet that goes into a ring.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its bytes, from the link layer's header on unless the socket is cooked.
    pub bytes: &'a [u8],
    /// Its length on the wire.
    pub length: usize,
    /// How many of the bytes are the link layer's header.
    pub header: usize,
    /// Who sent it.
    pub address: [u8; address::LENGTH],
    /// When it passed.
    pub time: SystemTime,
}

/// Memory that is mapped here and by the guest.
struct Memory {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and stays as long as it; it is changed only through `&mut Ring`, but
// for status words, which are atomic.
unsafe impl Send for Memory {}

impl Memory {
    fn new(file: &OwnedFd, len: u64) -> Result<Memory, Errno> {
        let len = len as usize;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping at a place that the host chooses.
        let start = unsafe { mmap(std::ptr::null_mut(), len, protection, flags, file, 0) };
        let start = start.map_err(|_| Errno::NOMEM)?;
        Ok(Memory { start: NonNull::new(start.cast()).ok_or(Errno::NOMEM)?, len })
    }

    /// Copies bytes into it, as far as there is room.
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let len = bytes.len().min(self.len.saturating_sub(at));
        if len != 0 {
            // SAFETY: the range is within the mapping, which no Rust reference points into.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(at), len) };
        }
    }

    fn write_words(&mut self, at: usize, words: &[u32]) {
        for (word, at) in words.iter().zip((at..).step_by(4)) {
            self.write(at, &word.to_ne_bytes());
        }
    }

    /// The status word at a place, which is a multiple of four.
    fn status(&self, at: usize) -> Option<&AtomicU32> {
        if !at.is_multiple_of(4) || at + 4 > self.len {
            return None;
        }
        // SAFETY: within the mapping, aligned, and only ever touched as an atomic here.
        Some(unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast()) })
    }

    fn load(&self, at: usize) -> u32 {
        self.status(at).map_or(STATUS_USER, |status| status.load(Ordering::Acquire))
    }

    fn store(&self, at: usize, value: u32) {
        if let Some(status) = self.status(at) {
            status.store(value, Ordering::Release);
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the mapping any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// The block that is being filled.
struct Open {
    /// Where the next packet goes in it.
    next: usize,
    /// Where the last one is.
    last: usize,
    packets: u32,
    first_time: SystemTime,
    last_time: SystemTime,
}

/// A ring.
pub struct Ring {
    version: Version,
    request: Request,
    reserve: u32,
    file: OwnedFd,
    memory: Memory,
    /// The frame, or the block, that is next.
    at: u32,
    open: Option<Open>,
    sequence: u64,
    losing: bool,
    /// How often the guest had no block for it (`tp_freeze_q_cnt`).
    pub frozen: u32,
    stuck: bool,
}

impl Ring {
    /// Makes one.
    ///
    /// # Errors
    /// `EINVAL` for sizes that do not fit together, `ENOMEM` when it is too much.
    pub fn new(version: Version, request: Request, reserve: u32) -> Result<Ring, Errno> {
        let whole = request.check(version, reserve)?;
        let file = memfd_create("packet-ring", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
            .map_err(|_| Errno::NOMEM)?;
        ftruncate(&file, whole).map_err(|_| Errno::NOMEM)?;
        // The guest cannot take the memory away from under the server.
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
            .map_err(|_| Errno::NOMEM)?;
        let memory = Memory::new(&file, whole)?;
        let mut ring = Ring {
            version,
            request,
            reserve,
            file,
            memory,
            at: 0,
            open: None,
            sequence: 0,
            losing: false,
            frozen: 0,
            stuck: false,
        };
        if version == Version::Three {
            ring.open_block();
        }
        Ok(ring)
    }

    /// The memory, for the guest to map.
    ///
    /// # Errors
    /// `EMFILE`.
    pub fn file(&self) -> Result<OwnedFd, Errno> {
        self.file.try_clone().map_err(|_| Errno::MFILE)
    }

    /// After how long a block that has a packet goes to the guest.
    pub fn timeout(&self) -> Option<Duration> {
        // What the host computes for a fast link is eight milliseconds.
        let milliseconds = if self.request.timeout == 0 { 8 } else { self.request.timeout };
        let pending = self.open.as_ref().is_some_and(|open| open.packets != 0);
        pending.then(|| Duration::from_millis(u64::from(milliseconds)))
    }

    /// Whether what was handed over last is still the guest's: there is something to read.
    pub fn is_readable(&self) -> bool {
        let count = if self.version == Version::Three { self.request.blocks } else { self.request.frames };
        let previous = self.at.checked_sub(1).unwrap_or(count - 1);
        self.memory.load(self.status_place(previous)) != STATUS_KERNEL
    }

    /// Puts a packet in; false when there is no room.
    pub fn push(&mut self, entry: &Entry<'_>) -> bool {
        let pushed = match self.version {
            Version::Two => self.push_frame(entry),
            Version::Three => self.push_block(entry),
        };
        self.losing = !pushed;
        pushed
    }

    fn status_place(&self, number: u32) -> usize {
        match self.version {
            Version::Two => self.frame_place(number),
            Version::Three => number as usize * self.request.block_size as usize + BLOCK_STATUS,
        }
    }

    fn frame_place(&self, number: u32) -> usize {
        let per_block = self.request.block_size / self.request.frame_size;
        let (block, frame) = (number / per_block, number % per_block);
        block as usize * self.request.block_size as usize + frame as usize * self.request.frame_size as usize
    }

    /// Where the packet begins behind its header, and where its network layer's header does.
    fn offsets(&self, header: usize) -> (usize, usize) {
        let front = (self.version.whole() + header.max(16)).next_multiple_of(ALIGNMENT);
        let network = front + self.reserve as usize;
        (network - header, network)
    }

    fn push_frame(&mut self, entry: &Entry<'_>) -> bool {
        let place = self.frame_place(self.at);
        if self.memory.load(place) != STATUS_KERNEL {
            return false;
        }
        let (start, network) = self.offsets(entry.header);
        let room = (self.request.frame_size as usize).saturating_sub(start);
        let bytes = &entry.bytes[..entry.bytes.len().min(room)];
        let since = entry.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.memory.write_words(place + 4, &[entry.length as u32, bytes.len() as u32]);
        self.memory.write(place + 12, &(start as u16).to_ne_bytes());
        self.memory.write(place + 14, &(network as u16).to_ne_bytes());
        self.memory.write_words(place + 16, &[since.as_secs() as u32, since.subsec_nanos(), 0, 0]);
        self.memory.write(place + self.version.header(), &entry.address);
        self.memory.write(place + start, bytes);
        let mut status = STATUS_USER;
        if bytes.len() < entry.bytes.len() {
            status |= STATUS_COPY;
        }
        if self.losing {
            status |= STATUS_LOSING;
        }
        self.memory.store(place, status);
        self.at = (self.at + 1) % self.request.frames;
        true
    }

    fn block_start(&self) -> usize {
        self.at as usize * self.request.block_size as usize
    }

    fn first(&self) -> usize {
        BLOCK_HEADER + (self.request.private as usize).next_multiple_of(8)
    }

    /// Begins the block that is next, if it is not the guest's.
    fn open_block(&mut self) -> bool {
        let start = self.block_start();
        if self.memory.load(start + BLOCK_STATUS) & STATUS_USER != 0 {
            if !self.stuck {
                self.stuck = true;
                self.frozen += 1;
            }
            return false;
        }
        self.stuck = false;
        self.sequence += 1;
        let now = SystemTime::now();
        let first = self.first();
        // Version, offset of the private part, status, packets, offset of the first, length; number, times.
        self.memory.write_words(start, &[self.version.number(), BLOCK_HEADER as u32]);
        self.memory.write_words(start + 12, &[0, first as u32, first as u32]);
        self.memory.write(start + 24, &self.sequence.to_ne_bytes());
        self.memory.write_words(start + 32, &[0; 4]);
        self.open = Some(Open { next: first, last: 0, packets: 0, first_time: now, last_time: now });
        true
    }

    /// Hands the open block over to the guest.
    fn close_block(&mut self, reason: u32) {
        let Some(open) = self.open.take() else { return };
        let start = self.block_start();
        if open.last != 0 {
            // The last packet of a block has none behind it.
            self.memory.write_words(start + open.last, &[0]);
        }
        self.memory.write_words(start + 12, &[open.packets, self.first() as u32, open.next as u32]);
        for (at, time) in [(32, open.first_time), (40, open.last_time)] {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.memory.write_words(start + at, &[since.as_secs() as u32, since.subsec_nanos()]);
        }
        let losing = if self.losing { STATUS_LOSING } else { 0 };
        self.memory.store(start + BLOCK_STATUS, STATUS_USER | reason | losing);
        self.at = (self.at + 1) % self.request.blocks;
    }

    /// The time of a block that is not full has come.
    pub fn expire(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.packets != 0) {
            self.close_block(STATUS_TIMEOUT);
            self.open_block();
        }
    }

    fn push_block(&mut self, entry: &Entry<'_>) -> bool {
        if self.open.is_none() && !self.open_block() {
            return false;
        }
        let (offset, network) = self.offsets(entry.header);
        let size = self.request.block_size as usize;
        // A packet that no block has room for is cut.
        let bytes = &entry.bytes[..entry.bytes.len().min(size.saturating_sub(self.first() + offset))];
        let whole = (offset + bytes.len()).next_multiple_of(ALIGNMENT_3);
        if self.open.as_ref().is_some_and(|open| open.packets != 0 && open.next + whole > size) {
            self.close_block(0);
            if !self.open_block() {
                return false;
            }
        }
        let start = self.block_start();
        let Some(open) = &mut self.open else { return false };
        let place = start + open.next;
        open.last = open.next;
        open.next += whole;
        open.packets += 1;
        open.last_time = entry.time;
        if open.packets == 1 {
            open.first_time = entry.time;
        }
        let since = entry.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, nanoseconds) = (since.as_secs() as u32, since.subsec_nanos());
        let (captured, length) = (bytes.len() as u32, entry.length as u32);
        // Next, time, lengths, status; offsets; hash, tag and padding.
        self.memory.write_words(place, &[whole as u32, seconds, nanoseconds, captured, length, 0]);
        self.memory.write(place + 24, &(offset as u16).to_ne_bytes());
        self.memory.write(place + 26, &(network as u16).to_ne_bytes());
        self.memory.write_words(place + 28, &[0; 5]);
        self.memory.write(place + self.version.header(), &entry.address);
        self.memory.write(place + offset, bytes);
        true
    }
}
