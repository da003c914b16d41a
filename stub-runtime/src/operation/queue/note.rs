//! What a queue watches: notes in a pool of chunks, found by what they watch, and the line of those that have
//! something to report.

use schemas::Errno;

use super::timer::Timers;
use super::{Event, Filter};
use crate::host::linux::memory;

/// Notes in a chunk.
const CHUNK: u32 = 256;
/// Chunks in a queue.
const CHUNKS: usize = 1024;
/// Lists by identifier that a queue has from the start; more are mapped as it grows.
const LISTS: usize = 64;

/// The note is active: there is something to report.
pub const ACTIVE: u8 = 1;
/// It stands in the line.
pub const QUEUED: u8 = 2;
/// It reports nothing until it is enabled again.
pub const DISABLED: u8 = 4;
/// It goes away without a report.
pub const DROP: u8 = 8;
/// What it watches is in the host's queue.
pub const REGISTERED: u8 = 16;
/// It is in the host's queue for changes only, as the host calls ready what the guest's OS does not.
pub const QUIET: u8 = 32;

/// How a note learns that something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// By the queue itself.
    #[default]
    Own,
    /// From the host's queue, which watches the guest's descriptor.
    Descriptor,
    /// From the host's queue, which watches a descriptor of the stub's for it.
    Hidden,
    /// From the watch on its file.
    Watch,
}

/// What a descriptor leads to, as far as notes care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Something that has no data of its own to count.
    #[default]
    Other,
    /// A socket.
    Socket,
    /// A pipe.
    Pipe,
    /// A character device.
    Device,
    /// A regular file or a directory.
    File,
}

/// One thing that is watched.
#[derive(Clone, Copy, Default)]
pub struct Note {
    /// What is reported: identifier, filter and user data as the guest gave them, the rest as it stands.
    pub event: Event,
    /// Filter flags that the guest asked for.
    pub wanted: u32,
    /// Data that the guest gave.
    pub given: i64,
    /// The bits above.
    pub status: u8,
    /// How it learns of events.
    pub source: Source,
    /// What its descriptor leads to.
    pub kind: Kind,
    /// A descriptor of the stub's for it, or a watch on its file; below zero when there is none.
    pub handle: i32,
    /// Counts the uses of this place, so that what the host says of an earlier one is recognised.
    pub generation: u32,
    /// The round in which it was last reported.
    pub round: u32,
    /// Timers: when it is due. Files: their size.
    pub due: u64,
    /// Timers: nanoseconds between two times. Files: their number of links.
    pub period: u64,
    /// Where it stands among the timers, from 1; 0 when it is not there.
    pub place: u32,
    /// The next note that shares the watch on a file.
    pub sibling: u32,
    pub(super) chain: u32,
    pub(super) before: u32,
    pub(super) after: u32,
}

impl Note {
    /// Whether all of some status bits are set.
    pub fn is(&self, bits: u8) -> bool {
        self.status & bits == bits
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self::new()
    }
}

/// The notes of a queue. Index 0 is none.
pub struct Notes {
    chunks: [*mut Note; CHUNKS],
    /// Notes ever made.
    made: u32,
    free: u32,
    count: u32,
    lists: *mut u32,
    list_count: u32,
    first_lists: [u32; LISTS],
    first: u32,
    last: u32,
    /// Notes in the line.
    pub queued: u32,
    /// Those with a time.
    pub timers: Timers,
}

impl Notes {
    /// None yet.
    pub const fn new() -> Self {
        Notes {
            chunks: [core::ptr::null_mut(); CHUNKS],
            made: 0,
            free: 0,
            count: 0,
            lists: core::ptr::null_mut(),
            list_count: LISTS as u32,
            first_lists: [0; LISTS],
            first: 0,
            last: 0,
            queued: 0,
            timers: Timers::new(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many places there are, in use or free: the indices go from 1 to this.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// A note that was made.
    pub fn get(&mut self, index: u32) -> &mut Note {
        let at = index - 1;
        assert!(at < self.made);
        // SAFETY: every chunk with a made note is mapped, zeroed or written, until the queue ends.
        unsafe { &mut *self.chunks[(at / CHUNK) as usize].add((at % CHUNK) as usize) }
    }

    /// The note at an index that came back from the host, if it is still the one that was meant.
    pub fn recall(&mut self, index: u32, generation: u32) -> Option<&mut Note> {
        if index == 0 || index > self.made {
            return None;
        }
        let note = self.get(index);
        (note.event.filter.is_some() && note.generation == generation).then_some(note)
    }

    fn list(&mut self, ident: u64) -> *mut u32 {
        let mixed = (ident ^ ident >> 32).wrapping_mul(0x9e37_79b9) >> 7;
        let at = mixed as usize & (self.list_count as usize - 1);
        if self.lists.is_null() {
            &raw mut self.first_lists[at]
        } else {
            // SAFETY: the mapping has `list_count` words.
            unsafe { self.lists.add(at) }
        }
    }

    /// The note that watches `ident` with `filter`.
    pub fn find(&mut self, filter: Filter, ident: u64) -> Option<u32> {
        // SAFETY: `list` points to a word of ours.
        let mut at = unsafe { *self.list(ident) };
        while at != 0 {
            let note = self.get(at);
            if note.event.ident == ident && note.event.filter == Some(filter) {
                return Some(at);
            }
            at = note.chain;
        }
        None
    }

    /// Makes a note for an event.
    ///
    /// # Errors
    /// `ENOMEM` when the queue is full or there is no memory.
    pub fn insert(&mut self, event: &Event) -> Result<u32, Errno> {
        let index = if self.free != 0 {
            let index = self.free;
            self.free = self.get(index).chain;
            index
        } else {
            let chunk = (self.made / CHUNK) as usize;
            if chunk == CHUNKS {
                return Err(Errno::NOMEM);
            }
            if self.chunks[chunk].is_null() {
                self.chunks[chunk] = memory::map(u64::from(CHUNK) * size_of::<Note>() as u64)? as *mut Note;
                for at in 0..CHUNK as usize {
                    // SAFETY: fresh memory of that many notes.
                    unsafe { self.chunks[chunk].add(at).write(Note::default()) };
                }
            }
            self.made += 1;
            self.made
        };
        self.count += 1;
        if self.count > 2 * self.list_count {
            self.grow();
        }
        let list = self.list(event.ident);
        // SAFETY: a word of ours.
        let chain = unsafe { core::ptr::replace(list, index) };
        let note = self.get(index);
        let generation = note.generation.wrapping_add(1);
        *note = Note { event: *event, handle: -1, generation, chain, ..Note::default() };
        Ok(index)
    }

    /// Makes the lists shorter. Without memory for that they stay as long as they are.
    fn grow(&mut self) {
        let count = self.list_count * 4;
        let Ok(lists) = memory::map(u64::from(count) * 4) else { return };
        let (old, old_count) = (self.lists, self.list_count);
        let first_lists = self.first_lists;
        self.lists = lists as *mut u32;
        self.list_count = count;
        let old_lists = if old.is_null() {
            &first_lists[..]
        } else {
            // SAFETY: the old mapping has that many words, and nothing writes them any more.
            unsafe { core::slice::from_raw_parts(old, old_count as usize) }
        };
        for &first in old_lists {
            let mut index = first;
            while index != 0 {
                let ident = self.get(index).event.ident;
                let list = self.list(ident);
                // SAFETY: a word of ours.
                let chain = unsafe { core::ptr::replace(list, index) };
                index = core::mem::replace(&mut self.get(index).chain, chain);
            }
        }
        if !old.is_null() {
            memory::release(old as u64, u64::from(old_count) * 4);
        }
    }

    /// Takes a note away from the line, the timers and its list.
    pub fn remove(&mut self, index: u32) {
        self.dequeue(index);
        self.unschedule(index);
        let (ident, chain) = {
            let note = self.get(index);
            (note.event.ident, note.chain)
        };
        let mut at = self.list(ident);
        // SAFETY: words of lists and notes of ours; the note is in the list of its identifier.
        unsafe {
            while *at != index && *at != 0 {
                at = &raw mut self.get(*at).chain;
            }
            if *at == index {
                *at = chain;
            }
        }
        self.count -= 1;
        let free = core::mem::replace(&mut self.free, index);
        let note = self.get(index);
        note.event.filter = None;
        note.status = 0;
        note.chain = free;
    }

    /// Puts a note at the end of the line, unless it stands there.
    pub fn enqueue(&mut self, index: u32) {
        let last = self.last;
        let note = self.get(index);
        if note.is(QUEUED) {
            return;
        }
        note.status |= QUEUED;
        note.before = last;
        note.after = 0;
        if last == 0 {
            self.first = index;
        } else {
            self.get(last).after = index;
        }
        self.last = index;
        self.queued += 1;
    }

    /// Takes a note out of the line.
    pub fn dequeue(&mut self, index: u32) {
        let note = self.get(index);
        if !note.is(QUEUED) {
            return;
        }
        note.status &= !QUEUED;
        let (before, after) = (note.before, note.after);
        if before == 0 {
            self.first = after;
        } else {
            self.get(before).after = after;
        }
        if after == 0 {
            self.last = before;
        } else {
            self.get(after).before = before;
        }
        self.queued -= 1;
    }

    /// The first of the line.
    pub fn first(&self) -> Option<u32> {
        (self.first != 0).then_some(self.first)
    }

    /// Marks a note as having something to report, and lines it up unless it is disabled.
    pub fn activate(&mut self, index: u32) {
        let note = self.get(index);
        note.status |= ACTIVE;
        if !note.is(DISABLED) {
            self.enqueue(index);
        }
    }

    /// Every note with a filter, in no particular order.
    pub fn each(&mut self, mut action: impl FnMut(&mut Self, u32)) {
        for index in 1..=self.made {
            if self.get(index).event.filter.is_some() {
                action(self, index);
            }
        }
    }

    /// Gives all memory back.
    pub fn clear(&mut self) {
        for chunk in &mut self.chunks {
            if !chunk.is_null() {
                memory::release(*chunk as u64, u64::from(CHUNK) * size_of::<Note>() as u64);
            }
        }
        if !self.lists.is_null() {
            memory::release(self.lists as u64, u64::from(self.list_count) * 4);
        }
        self.timers.clear();
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(filter: Filter, ident: u64) -> Event {
        Event { filter: Some(filter), ident, ..Event::default() }
    }

    #[test]
    fn notes_are_found_by_filter_and_identifier() {
        let mut notes = Notes::new();
        let mut made = Vec::new();
        for ident in 0..2000 {
            made.push((Filter::Read, ident, notes.insert(&event(Filter::Read, ident)).unwrap()));
            made.push((Filter::Write, ident, notes.insert(&event(Filter::Write, ident)).unwrap()));
        }
        assert_eq!(notes.count(), 4000);
        for (filter, ident, index) in &made {
            assert_eq!(notes.find(*filter, *ident), Some(*index));
        }
        assert_eq!(notes.find(Filter::Timer, 3), None);
        for (filter, ident, index) in made.iter().step_by(3) {
            notes.remove(*index);
            assert_eq!(notes.find(*filter, *ident), None);
        }
        for (at, (filter, ident, index)) in made.iter().enumerate() {
            assert_eq!(notes.find(*filter, *ident), (at % 3 != 0).then_some(*index));
        }
        notes.clear();
        assert_eq!(notes.count(), 0);
    }

    #[test]
    fn a_place_used_again_is_another_note() {
        let mut notes = Notes::new();
        let index = notes.insert(&event(Filter::User, 1)).unwrap();
        let generation = notes.get(index).generation;
        assert!(notes.recall(index, generation).is_some());
        notes.remove(index);
        assert!(notes.recall(index, generation).is_none());
        assert_eq!(notes.insert(&event(Filter::User, 2)).unwrap(), index);
        assert!(notes.recall(index, generation).is_none());
        assert!(notes.recall(index, generation + 1).is_some());
        assert!(notes.recall(0, 0).is_none() && notes.recall(index + 1, 0).is_none());
        notes.clear();
    }

    #[test]
    fn the_line_keeps_its_order() {
        let mut notes = Notes::new();
        let made: Vec<u32> = (0..5).map(|i| notes.insert(&event(Filter::User, i)).unwrap()).collect();
        for index in &made {
            notes.activate(*index);
            notes.activate(*index);
        }
        assert_eq!(notes.queued, 5);
        notes.dequeue(made[2]);
        notes.dequeue(made[2]);
        notes.remove(made[0]);
        notes.dequeue(made[4]);
        notes.enqueue(made[4]);
        let mut seen = Vec::new();
        while let Some(index) = notes.first() {
            seen.push(index);
            notes.dequeue(index);
        }
        assert_eq!(seen, [made[1], made[3], made[4]]);
        assert_eq!(notes.queued, 0);
        notes.clear();
    }

    #[test]
    fn a_disabled_note_is_active_but_not_in_the_line() {
        let mut notes = Notes::new();
        let index = notes.insert(&event(Filter::User, 1)).unwrap();
        notes.get(index).status |= DISABLED;
        notes.activate(index);
        assert!(notes.get(index).is(ACTIVE | DISABLED) && !notes.get(index).is(QUEUED));
        notes.clear();
    }
}
