//! Signals (`EVFILT_SIGNAL`): every signal sent to the process is counted, ignored ones as well.
//!
//! While a note watches a signal that the guest ignores, the stub has a handler for it on the host, which counts it
//! and nothing else. Where the guest blocks the signal, it stays pending on the host, and a signal descriptor, that
//! is never read, tells that it came; when it is let in later it is not counted a second time.

use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use schemas::Errno;

use super::note::Source;
use super::*;
use crate::host::linux::signal::{SIGNALS, bit};
use crate::operation::signal;

/// Queues of a process that may watch signals.
const LISTENERS: usize = 16;

/// What has come of the signals that queues watch. All of it is changed by signal handlers, so that there is no lock.
pub struct Signals {
    /// Signals that any queue watches, in host bits.
    watched: AtomicU64,
    /// Those of them that the guest ignores, so that the stub's handler does no more than count them.
    ignored: AtomicU64,
    /// Those that were counted while they were pending.
    early: AtomicU64,
    /// How many came.
    counts: [AtomicU32; SIGNALS + 1],
    /// Timer descriptors of the queues that watch signals; 0 where there is none.
    listeners: [AtomicI32; LISTENERS],
}

/// Signals that any queue of the process watches: while there are none, a signal costs one look here.
pub fn is_watched(queues: &Queues, signal: i32) -> bool {
    queues.signals.watched.load(Ordering::Relaxed) & bit(signal) != 0
}

/// Whether a signal is watched and ignored.
pub fn is_ignored(queues: &Queues, signal: i32) -> bool {
    signal > 0 && queues.signals.ignored.load(Ordering::Relaxed) & bit(signal) != 0
}

/// Says whether the guest ignores a signal; of consequence for those that are watched.
pub fn set_ignored(queues: &Queues, signal: i32, ignored: bool) {
    if ignored && is_watched(queues, signal) {
        queues.signals.ignored.fetch_or(bit(signal), Ordering::Relaxed);
    } else {
        queues.signals.ignored.fetch_and(!bit(signal), Ordering::Relaxed);
    }
}

/// Counts a signal that has reached the guest, or would have, were it not ignored. Called from the host's handler.
pub fn arrived(queues: &Queues, signal: i32) {
    let signals = &queues.signals;
    if signals.early.fetch_and(!bit(signal), Ordering::Relaxed) & bit(signal) != 0 {
        return;
    }
    signals.counts[signal as usize].fetch_add(1, Ordering::Relaxed);
    for listener in &signals.listeners {
        let clock = listener.load(Ordering::Relaxed);
        if clock != 0 {
            set_clock(clock, 1);
        }
    }
}

/// A pending signal was taken without its handler (sigwait(2)): it is not to be counted once more, nor is the next.
pub fn taken(queues: &Queues, signal: i32) {
    queues.signals.early.fetch_and(!bit(signal), Ordering::Relaxed);
}

impl Signals {
    /// None.
    pub const fn new() -> Self {
        Signals {
            watched: AtomicU64::new(0),
            ignored: AtomicU64::new(0),
            early: AtomicU64::new(0),
            counts: [const { AtomicU32::new(0) }; SIGNALS + 1],
            listeners: [const { AtomicI32::new(0) }; LISTENERS],
        }
    }

    /// How many of a signal came.
    fn count(&self, signal: u64) -> u32 {
        self.counts.get(signal as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// After a change to a queue: it is told of signals as long as it watches any.
    pub fn follow(&self, state: &mut State, queue: &Queue) {
        if state.signals == 0 {
            return;
        }
        let clock = queue.clock.load(Ordering::Relaxed);
        for signal in 1..=SIGNALS as u64 {
            if state.signals & bit(signal as i32) != 0 && state.notes.find(Filter::Signal, signal).is_none() {
                state.signals &= !bit(signal as i32);
            }
        }
        if state.signals == 0 {
            self.leave(clock, u64::MAX);
        }
    }

    /// A queue with this timer descriptor, that watches these signals, wants no more of them. What others watch is
    /// not known here, so that signals once watched stay counted; that costs no more than the counting.
    pub fn leave(&self, clock: i32, watched: u64) {
        if watched != 0 && clock >= 0 {
            for listener in &self.listeners {
                let _ = listener.compare_exchange(clock, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    fn join(&self, clock: i32) -> Result<(), Errno> {
        if self.listeners.iter().any(|listener| listener.load(Ordering::Relaxed) == clock) {
            return Ok(());
        }
        let free = |listener: &AtomicI32| {
            listener.compare_exchange(0, clock, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if self.listeners.iter().any(free) { Ok(()) } else { Err(Errno::NOMEM) }
    }
}

impl State {
    /// Watches a signal of the process.
    ///
    /// # Errors
    /// `EINVAL` for what is no signal; `ENOMEM` when too many queues watch signals; `EMFILE`.
    pub fn attach_signal(&mut self, queue: &Held, cx: &Context, index: u32) -> Result<(), Errno> {
        let number = self.notes.get(index).event.ident;
        if !(1..=SIGNALS as u64).contains(&number) {
            return Err(Errno::INVAL);
        }
        let clock = self.clock(&queue.clock)?;
        let signals = &queue.queues().signals;
        signals.join(clock)?;
        let set = bit(number as i32);
        let flags = u64::from(O_CLOEXEC | O_NONBLOCK);
        // SAFETY: the kernel reads one word.
        let made = unsafe { call(__NR_signalfd4, [u64::MAX, &raw const set as u64, 8, flags]) }?;
        let descriptor = hidden::hide(made as i32)?;
        let note = self.notes.get(index);
        note.handle = descriptor;
        note.source = Source::Hidden;
        note.event.flags |= CLEAR;
        note.due = u64::from(signals.count(number));
        let data = u64::from(index) | u64::from(note.generation) << 32;
        Self::control(self.epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN | EPOLLET, data)?;
        self.signals |= set;
        signals.watched.fetch_or(set, Ordering::Relaxed);
        signal::count_ignored(cx, number as i32)
    }

    /// Takes over how often the signals came that are watched here.
    pub fn take_signals(&mut self, signals: &Signals) {
        let mut rest = self.signals;
        while rest != 0 {
            let number = u64::from(rest.trailing_zeros()) + 1;
            rest &= rest - 1;
            let Some(index) = self.notes.find(Filter::Signal, number) else { continue };
            let count = u64::from(signals.count(number));
            let note = self.notes.get(index);
            let more = (count as u32).wrapping_sub(note.due as u32);
            if more != 0 {
                note.due = count;
                note.event.data += i64::from(more);
                self.notes.activate(index);
            }
        }
    }

    /// The host tells that a signal is pending that the guest blocks.
    pub fn pending(&mut self, index: u32, signals: &Signals) {
        let note = self.notes.get(index);
        note.event.data += 1;
        signals.early.fetch_or(bit(note.event.ident as i32), Ordering::Relaxed);
        self.notes.activate(index);
    }
}
