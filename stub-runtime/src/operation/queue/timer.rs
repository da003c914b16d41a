//! Notes with a time: a heap with the next that is due on top, and the timers that guests set.

use schemas::Errno;

use super::note::{Note, Notes};
use super::{CLEAR, ONESHOT};
use crate::host::linux::{abi::*, memory, syscall::call};

/// Most notes with a time in a queue (FreeBSD's `kern.kq_calloutmax` is 4096 for the whole system).
const MAX: u32 = 65536;

/// When a timer of the guest is to go off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Nanoseconds from now, or since 1970.
    pub nanoseconds: u64,
    /// Since 1970.
    pub absolute: bool,
}

/// The time of a clock of the host, in nanoseconds.
pub fn now(clock: u32) -> u64 {
    let mut time = [0i64; 2];
    // SAFETY: the kernel writes two words.
    let _ = unsafe { call(__NR_clock_gettime, [u64::from(clock), time.as_mut_ptr() as u64]) };
    (time[0] as u64).saturating_mul(1_000_000_000).saturating_add(time[1] as u64)
}

/// Indices of notes, the soonest on top.
pub struct Timers {
    heap: *mut u32,
    room: u32,
    len: u32,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers {
    /// None.
    pub const fn new() -> Self {
        Timers { heap: core::ptr::null_mut(), room: 0, len: 0 }
    }

    fn slot(&mut self, place: u32) -> &mut u32 {
        assert!(place < self.len);
        // SAFETY: the mapping has room for `len` words at least.
        unsafe { &mut *self.heap.add(place as usize) }
    }

    /// Makes room for one more.
    fn reserve(&mut self) -> Result<(), Errno> {
        if self.len < self.room {
            return Ok(());
        }
        let room = (self.room * 4).max(1024);
        if room > MAX {
            return Err(Errno::NOMEM);
        }
        let heap = memory::map(u64::from(room) * 4)? as *mut u32;
        if !self.heap.is_null() {
            // SAFETY: both have room for `len` words, and are not the same memory.
            unsafe { core::ptr::copy_nonoverlapping(self.heap, heap, self.len as usize) };
            memory::release(self.heap as u64, u64::from(self.room) * 4);
        }
        (self.heap, self.room) = (heap, room);
        Ok(())
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        if !self.heap.is_null() {
            memory::release(self.heap as u64, u64::from(self.room) * 4);
        }
        *self = Self::new();
    }
}

impl Notes {
    fn due_at(&mut self, place: u32) -> u64 {
        let index = *self.timers.slot(place);
        self.get(index).due
    }

    fn put(&mut self, place: u32, index: u32) {
        *self.timers.slot(place) = index;
        self.get(index).place = place + 1;
    }

    fn exchange(&mut self, one: u32, other: u32) {
        let (a, b) = (*self.timers.slot(one), *self.timers.slot(other));
        self.put(one, b);
        self.put(other, a);
    }

    fn rise(&mut self, mut place: u32) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.due_at(parent) <= self.due_at(place) {
                break;
            }
            self.exchange(parent, place);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: u32) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            if left >= self.timers.len {
                break;
            }
            let right_sooner = right < self.timers.len && self.due_at(right) < self.due_at(left);
            let soonest = if right_sooner { right } else { left };
            if self.due_at(place) <= self.due_at(soonest) {
                break;
            }
            self.exchange(soonest, place);
            place = soonest;
        }
    }

    /// Lets a note be due at a time.
    ///
    /// # Errors
    /// `ENOMEM` when there are too many.
    pub fn schedule(&mut self, index: u32, due: u64) -> Result<(), Errno> {
        self.unschedule(index);
        self.timers.reserve()?;
        self.get(index).due = due;
        self.timers.len += 1;
        let place = self.timers.len - 1;
        self.put(place, index);
        self.rise(place);
        Ok(())
    }

    /// Takes the time of a note away.
    pub fn unschedule(&mut self, index: u32) {
        let Some(place) = self.get(index).place.checked_sub(1) else { return };
        let last = self.timers.len - 1;
        if place != last {
            self.exchange(place, last);
        }
        self.get(index).place = 0;
        self.timers.len -= 1;
        if place != last {
            self.sink(place);
            self.rise(place);
        }
    }

    /// When the next note is due.
    pub fn next_due(&mut self) -> Option<u64> {
        if self.timers.len == 0 { None } else { Some(self.due_at(0)) }
    }

    /// A note that is due at `now`.
    pub fn due(&mut self, now: u64) -> Option<u32> {
        if self.next_due()? <= now { Some(*self.timers.slot(0)) } else { None }
    }

    /// Starts the timer of a note, as when it is added.
    ///
    /// # Errors
    /// `ENOMEM` when there are too many.
    pub fn start_timer(&mut self, index: u32, span: Span) -> Result<(), Errno> {
        let time = now(CLOCK_MONOTONIC);
        let note = self.get(index);
        note.event.data = 0;
        let due = if span.absolute {
            note.period = 0;
            // What lies in the past goes off at once.
            time.saturating_add(span.nanoseconds.saturating_sub(now(CLOCK_REALTIME)))
        } else {
            note.event.flags |= CLEAR;
            note.period = span.nanoseconds;
            time.saturating_add(span.nanoseconds)
        };
        self.schedule(index, due)
    }

    /// The timer of a note has gone off.
    pub fn expire_timer(&mut self, index: u32, time: u64) {
        let next = expire(self.get(index), time);
        match next {
            // There is room: the note just gave its own place back.
            Some(due) => drop(self.schedule(index, due)),
            None => self.unschedule(index),
        }
        self.activate(index);
    }
}

/// Counts how often a timer has gone off until now, and says when it does so next.
fn expire(note: &mut Note, time: u64) -> Option<u64> {
    if note.event.flags & ONESHOT != 0 || note.period == 0 {
        note.event.data += 1;
        return None;
    }
    let times = time.saturating_sub(note.due) / note.period + 1;
    note.event.data = note.event.data.saturating_add_unsigned(times);
    Some(note.due.saturating_add(times.saturating_mul(note.period)))
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Filter};
    use super::*;

    fn notes(count: u64) -> (Notes, Vec<u32>) {
        let mut notes = Notes::new();
        let event = |ident| Event { filter: Some(Filter::Timer), ident, ..Event::default() };
        let made = (0..count).map(|ident| notes.insert(&event(ident)).unwrap()).collect();
        (notes, made)
    }

    #[test]
    fn the_soonest_is_due_first() {
        let (mut notes, made) = notes(500);
        let mut expected = Vec::new();
        let mut seed = 1u64;
        for index in &made {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            notes.schedule(*index, seed >> 40).unwrap();
        }
        for (at, index) in made.iter().enumerate() {
            match at % 4 {
                0 => notes.unschedule(*index),
                1 => notes.schedule(*index, at as u64).unwrap(),
                _ => {}
            }
            if at % 4 != 0 {
                expected.push(notes.get(*index).due);
            }
        }
        expected.sort_unstable();
        let mut seen = Vec::new();
        while let Some(index) = notes.due(u64::MAX) {
            seen.push(notes.get(index).due);
            notes.unschedule(index);
        }
        assert_eq!(seen, expected);
        notes.clear();
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let (mut notes, made) = notes(1);
        notes.schedule(made[0], 100).unwrap();
        assert_eq!(notes.next_due(), Some(100));
        assert_eq!(notes.due(99), None);
        assert_eq!(notes.due(100), Some(made[0]));
        notes.remove(made[0]);
        assert_eq!(notes.next_due(), None);
        notes.clear();
    }

    #[test]
    fn a_periodic_timer_counts_what_was_missed_and_keeps_its_beat() {
        let mut note = Note { due: 1000, period: 100, ..Note::default() };
        assert_eq!(expire(&mut note, 1000), Some(1100));
        assert_eq!(note.event.data, 1);
        note.due = 1100;
        assert_eq!(expire(&mut note, 1350), Some(1400));
        assert_eq!(note.event.data, 4);
        note.event.flags = ONESHOT;
        assert_eq!(expire(&mut note, 5000), None);
        assert_eq!(note.event.data, 5);
    }
}
