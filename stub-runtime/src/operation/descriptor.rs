//! What descriptors mean beyond what the host knows of them.
//!
//! Guest descriptor *n* is host descriptor *n*, and nearly every one is just that. Only the others have an
//! entry here: directories of a server, directories of the host that have a mount below them, objects of
//! residual servers. One test of a bit tells them apart from the plain ones. The working
//! directory has an entry like that of a descriptor, under the number [`WORKING`].

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use schemas::Errno;

use crate::guest::PathBuffer;
use crate::host::linux::{abi, memory, syscall::call};
use crate::process::{Guard, Lock};

pub use crate::world::is_reserved;

/// The number of the working directory's entry: `AT_FDCWD` of Linux and FreeBSD (linux/fcntl.h).
pub const WORKING: i32 = abi::AT_FDCWD;

/// Entries that a process can have.
const CAPACITY: usize = 1024;
/// Longest path of an entry.
const PATH: usize = crate::guest::PATH_MAX;
/// Descriptors that have a bit of their own; those above are looked up whenever there is any entry above.
const BITS: usize = 4096;

/// The sort of thing a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A directory of the host with a mount somewhere below it. The entry's path is where the guest sees it;
    /// `object` is not 0 when the names of mounts in it were read, after those that the host has.
    Above = 1,
    /// A directory of a server: the descriptor is the listing of its entries. The entry's path is where the
    /// guest sees it.
    Directory = 2,
    /// An object of a residual server: control goes to the server.
    Device = 3,
    /// A terminal of a server, likewise.
    Terminal = 4,
    /// A directory of the host that a server donated, and that the host may show nowhere. The entry's path is where
    /// the guest sees it.
    Donated = 5,
    /// A directory of a tree that lies over the shared one: paths from it are looked for in both. The entry has no
    /// path; the host knows where it is.
    Overlay = 6,
    /// A socket of a network stack that is a server, through which bytes pass.
    Stream = 7,
    /// Such a socket through which datagrams pass, each with an envelope.
    Datagram = 8,
    /// A virtual terminal: a terminal of the host, but for its status and what only virtual terminals are asked.
    Console = 9,
}

impl Kind {
    const fn from_byte(byte: u8) -> Option<Kind> {
        match byte {
            1 => Some(Kind::Above),
            2 => Some(Kind::Directory),
            3 => Some(Kind::Device),
            4 => Some(Kind::Terminal),
            5 => Some(Kind::Donated),
            6 => Some(Kind::Overlay),
            7 => Some(Kind::Stream),
            8 => Some(Kind::Datagram),
            9 => Some(Kind::Console),
            _ => None,
        }
    }
}

/// What a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The sort of thing.
    pub kind: Kind,
    /// Number of the server that answers for it, as told when it was opened.
    pub server: u32,
    /// The server's name for it.
    pub object: u64,
    /// Device number that its status shows; 0 for what is no device.
    pub device: u64,
}

impl Meaning {
    /// One that is known by its path only.
    pub const fn of(kind: Kind) -> Meaning {
        Meaning { kind, server: 0, object: 0, device: 0 }
    }
}

#[derive(Clone, Copy)]
struct Record {
    /// Descriptor; [`FREE`] when the record is not in use.
    descriptor: i32,
    path_len: u32,
    meaning: Meaning,
}

const FREE: i32 = -1;

/// Memory for the entries: mapped when the first one is made, and taken up only as far as it is used.
struct Area {
    records: [Record; CAPACITY],
    paths: [[u8; PATH]; CAPACITY],
}

/// The entries of a process.
pub struct Table {
    marked: [AtomicU64; BITS / 64],
    /// Entries with a descriptor beyond the bits.
    high: AtomicU32,
    working: AtomicBool,
    area: AtomicPtr<Area>,
    /// Records ever used, under the lock.
    used: Lock<usize>,
}

impl Table {
    /// A table in which every descriptor is plain.
    pub const fn new() -> Table {
        Table {
            marked: [const { AtomicU64::new(0) }; BITS / 64],
            high: AtomicU32::new(0),
            working: AtomicBool::new(false),
            area: AtomicPtr::new(core::ptr::null_mut()),
            used: Lock::new(0),
        }
    }

    /// Whether the host knows all there is to know of a descriptor.
    #[inline]
    pub fn is_plain(&self, descriptor: i32) -> bool {
        match self.marked.get(descriptor as u32 as usize / 64) {
            Some(word) => word.load(Ordering::Relaxed) >> (descriptor as u32 % 64) & 1 == 0,
            None if descriptor == WORKING => !self.working.load(Ordering::Relaxed),
            None => self.high.load(Ordering::Relaxed) == 0 || self.get(descriptor).is_none(),
        }
    }

    /// Where the bits are by which [`Table::is_plain`] tells low descriptors, for code that is not Rust.
    pub fn bits(&self) -> u64 {
        self.marked.as_ptr() as u64
    }

    /// What a descriptor stands for, if it is not a plain one.
    pub fn get(&self, descriptor: i32) -> Option<Meaning> {
        let used = self.used.lock();
        let at = self.find(*used, descriptor)?;
        Some(self.record(at).meaning)
    }

    /// What a descriptor stands for, and its path.
    ///
    /// # Errors
    /// `ENAMETOOLONG` never happens for a path that was taken in.
    pub fn path(&self, descriptor: i32, path: &mut PathBuffer) -> Result<Option<Meaning>, Errno> {
        let used = self.used.lock();
        let Some(at) = self.find(*used, descriptor) else { return Ok(None) };
        path.set(&[self.path_at(at)])?;
        Ok(Some(self.record(at).meaning))
    }

    /// Says what a descriptor stands for.
    ///
    /// # Errors
    /// `EMFILE` when there are too many such descriptors, `ENOMEM`, `ENAMETOOLONG`.
    pub fn set(&self, descriptor: i32, meaning: Meaning, path: &[u8]) -> Result<(), Errno> {
        if path.len() > PATH {
            return Err(Errno::NAMETOOLONG);
        }
        self.ready()?;
        let mut used = self.used.lock();
        let at = match self.find(*used, descriptor) {
            Some(at) => at,
            None => {
                let free = (0..*used).find(|at| self.record(*at).descriptor == FREE);
                let at = free.unwrap_or(*used);
                if at == CAPACITY {
                    return Err(Errno::MFILE);
                }
                *used = (*used).max(at + 1);
                at
            }
        };
        let area = self.area.load(Ordering::Relaxed);
        // SAFETY: the area is mapped, `at` is below the capacity, and the lock is held.
        unsafe {
            (&mut (*area).paths)[at][..path.len()].copy_from_slice(path);
            (*area).records[at] = Record { descriptor, path_len: path.len() as u32, meaning };
        }
        self.mark(descriptor, true);
        Ok(())
    }

    /// Changes what is noted of a descriptor that is not a plain one.
    pub fn update(&self, descriptor: i32, change: impl FnOnce(&mut Meaning)) {
        let used = self.used.lock();
        if let Some(at) = self.find(*used, descriptor) {
            let area = self.area.load(Ordering::Relaxed);
            // SAFETY: the record exists, and the lock is held.
            change(unsafe { &mut (&mut (*area).records)[at].meaning });
        }
    }

    /// Makes a descriptor plain, because it is about to be closed; gives what it stood for.
    pub fn forget(&self, descriptor: i32) -> Option<Meaning> {
        let used = self.used.lock();
        let at = self.find(*used, descriptor)?;
        Some(self.free_record(at))
    }

    /// Makes all descriptors from `first` to `last` plain.
    pub fn forget_range(&self, first: u32, last: u32) {
        let used = self.used.lock();
        for at in 0..*used {
            let descriptor = self.record(at).descriptor;
            if descriptor >= 0 && (first..=last).contains(&(descriptor as u32)) {
                self.free_record(at);
            }
        }
    }

    /// Gives `to` the meaning of `from`, of which it is a duplicate.
    ///
    /// # Errors
    /// As [`Table::set`].
    pub fn duplicate(&self, from: i32, to: i32) -> Result<(), Errno> {
        if self.is_plain(from) {
            if !self.is_plain(to) {
                self.forget(to);
            }
            return Ok(());
        }
        let mut path = PathBuffer::new();
        match self.path(from, &mut path)? {
            Some(meaning) => self.set(to, meaning, path.bytes()),
            None => Ok(()),
        }
    }

    /// Makes sure of the memory.
    fn ready(&self) -> Result<(), Errno> {
        if !self.area.load(Ordering::Relaxed).is_null() {
            return Ok(());
        }
        let _held = self.used.lock();
        if self.area.load(Ordering::Relaxed).is_null() {
            let at = memory::map(size_of::<Area>() as u64)?;
            self.area.store(at as *mut Area, Ordering::Relaxed);
        }
        Ok(())
    }

    fn record(&self, at: usize) -> Record {
        // SAFETY: records below `used` exist and are initialised; callers hold the lock.
        unsafe { (*self.area.load(Ordering::Relaxed)).records[at] }
    }

    fn path_at(&self, at: usize) -> &[u8] {
        let len = self.record(at).path_len as usize;
        let area = self.area.load(Ordering::Relaxed);
        // SAFETY: as above; the slice is not kept beyond the lock.
        unsafe { &(&(*area).paths)[at][..len] }
    }

    fn find(&self, used: usize, descriptor: i32) -> Option<usize> {
        if descriptor == FREE {
            return None;
        }
        (0..used).find(|at| self.record(*at).descriptor == descriptor)
    }

    fn free_record(&self, at: usize) -> Meaning {
        let record = self.record(at);
        self.mark(record.descriptor, false);
        // SAFETY: the lock is held by the caller.
        unsafe { (*self.area.load(Ordering::Relaxed)).records[at].descriptor = FREE };
        record.meaning
    }

    /// Keeps the quick test right; a descriptor that changes its meaning counts once.
    fn mark(&self, descriptor: i32, on: bool) {
        if let Some(word) = self.marked.get(descriptor as u32 as usize / 64) {
            let bit = 1 << (descriptor as u32 % 64);
            if on {
                word.fetch_or(bit, Ordering::Relaxed)
            } else {
                word.fetch_and(!bit, Ordering::Relaxed)
            };
        } else if descriptor == WORKING {
            self.working.store(on, Ordering::Relaxed);
        } else {
            // Not exact after a descriptor was set twice, and need not be: it only opens the slow way.
            self.high.store(u32::from(on).max(self.high.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }

    /// Takes the lock over a fork, whose child must find it free.
    pub fn hold(&self) -> Guard<'_, usize> {
        self.used.lock()
    }

    /// The addresses that the entries take.
    pub fn range(&self) -> core::ops::Range<u64> {
        let at = self.area.load(Ordering::Relaxed) as u64;
        if at == 0 { 0..0 } else { at..at + size_of::<Area>() as u64 }
    }

    /// Fills an empty table with the entries of another, for a child that shares the memory but not the
    /// descriptors.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn copy_from(&self, other: &Table) -> Result<(), Errno> {
        let used = other.used.lock();
        for at in 0..*used {
            let record = other.record(at);
            if record.descriptor != FREE {
                self.set(record.descriptor, record.meaning, other.path_at(at))?;
            }
        }
        Ok(())
    }

    /// Gives the memory back.
    pub fn free(&self) {
        let range = self.range();
        if !range.is_empty() {
            memory::release(range.start, range.end - range.start);
        }
    }

    /// Writes all entries that outlive an `execve`, for [`Table::restore`] in the next image; gives the
    /// length. Those for which there is no room are left out.
    pub fn save(&self, to: &mut [u8]) -> usize {
        let used = self.used.lock();
        let mut len = 0;
        for at in 0..*used {
            let Record { descriptor, path_len, meaning } = self.record(at);
            let end = len + SAVED + path_len as usize;
            if descriptor == FREE || end > to.len() || !survives(descriptor) {
                continue;
            }
            let mut head = [0; SAVED];
            head[0..4].copy_from_slice(&descriptor.to_le_bytes());
            head[4..6].copy_from_slice(&(path_len as u16).to_le_bytes());
            head[6] = meaning.kind as u8;
            head[8..12].copy_from_slice(&meaning.server.to_le_bytes());
            head[12..20].copy_from_slice(&meaning.object.to_le_bytes());
            head[20..28].copy_from_slice(&meaning.device.to_le_bytes());
            to[len..len + SAVED].copy_from_slice(&head);
            to[len + SAVED..end].copy_from_slice(self.path_at(at));
            len = end;
        }
        len
    }

    /// Takes up what the image before this one saved.
    ///
    /// # Errors
    /// `EPROTO` for bytes that it did not write, `ENOMEM`.
    pub fn restore(&self, mut from: &[u8]) -> Result<(), Errno> {
        while !from.is_empty() {
            let (head, rest) = from.split_first_chunk::<SAVED>().ok_or(Errno::PROTO)?;
            let number = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| head[at + i]));
            let word = |at: usize| u32::from_le_bytes(core::array::from_fn(|i| head[at + i]));
            let path_len = usize::from(u16::from_le_bytes([head[4], head[5]]));
            let path = rest.get(..path_len).ok_or(Errno::PROTO)?;
            let meaning = Meaning {
                kind: Kind::from_byte(head[6]).ok_or(Errno::PROTO)?,
                server: word(8),
                object: number(12),
                device: number(20),
            };
            self.set(word(0) as i32, meaning, path)?;
            from = &rest[path_len..];
        }
        Ok(())
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::new()
    }
}

/// Bytes of a saved entry without its path.
const SAVED: usize = 28;

/// Whether a descriptor stays open over `execve` (`FD_CLOEXEC` is 1, linux/fcntl.h).
fn survives(descriptor: i32) -> bool {
    // SAFETY: no pointers.
    descriptor == WORKING
        || unsafe { call(abi::__NR_fcntl, [descriptor as u64, 1, 0]) }.is_ok_and(|f| f & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(object: u64) -> Meaning {
        Meaning { server: 3, object, device: 9, ..Meaning::of(Kind::Directory) }
    }

    fn path_of(table: &Table, descriptor: i32) -> Option<(Meaning, Vec<u8>)> {
        let mut path = PathBuffer::new();
        table.path(descriptor, &mut path).unwrap().map(|meaning| (meaning, path.bytes().to_vec()))
    }

    #[test]
    fn entries_are_found_until_they_are_forgotten() {
        let table = Table::new();
        assert!(table.is_plain(5) && table.get(5).is_none() && table.range().is_empty());
        for descriptor in [5, 4095, 4096, 1 << 20, WORKING] {
            assert!(table.is_plain(descriptor));
            table.set(descriptor, meaning(descriptor as u64), b"/dev").unwrap();
            assert!(!table.is_plain(descriptor));
            assert_eq!(path_of(&table, descriptor), Some((meaning(descriptor as u64), b"/dev".to_vec())));
            assert!(table.is_plain(descriptor + 1));
        }
        table.set(5, meaning(1), b"").unwrap();
        assert_eq!(path_of(&table, 5), Some((meaning(1), vec![])));
        for descriptor in [5, 4095, 4096, 1 << 20, WORKING] {
            assert!(table.forget(descriptor).is_some());
            assert!(table.is_plain(descriptor) && table.forget(descriptor).is_none());
        }
        assert!(table.is_plain(-1) && table.get(-1).is_none());
        table.free();
    }

    #[test]
    fn duplicates_take_the_meaning_along_and_away() {
        let table = Table::new();
        table.set(3, meaning(7), b"/a/b").unwrap();
        table.duplicate(3, 10).unwrap();
        assert_eq!(path_of(&table, 10), Some((meaning(7), b"/a/b".to_vec())));
        table.duplicate(4, 10).unwrap();
        assert!(table.is_plain(10) && !table.is_plain(3));
        table.forget_range(0, u32::MAX);
        assert!(table.is_plain(3));
        table.free();
    }

    #[test]
    fn forgetting_a_range_leaves_the_working_directory() {
        let table = Table::new();
        for descriptor in [2, 3, 9, 5000, WORKING] {
            table.set(descriptor, meaning(0), b"/").unwrap();
        }
        table.forget_range(3, 4999);
        assert!(table.is_plain(3) && table.is_plain(9));
        assert!(!table.is_plain(2) && !table.is_plain(5000) && !table.is_plain(WORKING));
        table.free();
    }

    #[test]
    fn save_and_restore_keep_what_stays_open() {
        let table = Table::new();
        table.set(0, meaning(1), b"/one").unwrap();
        table.set(WORKING, meaning(2), b"/two").unwrap();
        // Not open in this process, so it cannot stay open.
        table.set(1000, meaning(3), b"/three").unwrap();
        let mut bytes = [0; 256];
        let len = table.save(&mut bytes);
        let next = Table::new();
        next.restore(&bytes[..len]).unwrap();
        assert_eq!(path_of(&next, 0), Some((meaning(1), b"/one".to_vec())));
        assert_eq!(path_of(&next, WORKING), Some((meaning(2), b"/two".to_vec())));
        assert!(next.is_plain(1000));
        assert_eq!(next.restore(&bytes[..len - 1]), Err(Errno::PROTO));
        assert_eq!(table.save(&mut bytes[..40]), SAVED + 4);
        table.free();
        next.free();
    }

    #[test]
    fn copies_are_of_their_own() {
        let table = Table::new();
        table.set(3, meaning(7), b"/a").unwrap();
        let copy = Table::new();
        copy.copy_from(&table).unwrap();
        copy.forget(3);
        assert!(copy.is_plain(3) && !table.is_plain(3));
        table.free();
        copy.free();
    }

    #[test]
    fn a_full_table_refuses() {
        let table = Table::new();
        for descriptor in 0..CAPACITY as i32 {
            table.set(descriptor, meaning(0), b"").unwrap();
        }
        assert_eq!(table.set(CAPACITY as i32, meaning(0), b""), Err(Errno::MFILE));
        table.forget(17);
        table.set(CAPACITY as i32, meaning(0), b"").unwrap();
        table.free();
    }
}
