//! Waiting for events (the event list of kevent(2), `kqueue_scan` of FreeBSD).

use schemas::Errno;

use super::note::{ACTIVE, DISABLED, DROP, Kind, QUIET, Source};
use super::*;
use crate::host::linux::syscall::{RESTART, call_blocking};

/// Entries taken from the host's queue at once.
const BATCH: usize = 64;
/// Nanoseconds between two looks at a file that is to grow and cannot be watched.
const GROWTH_PAUSE: u64 = 50_000_000;

/// Until when to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Never,
    Passed,
    /// A time of the monotonic clock.
    At(u64),
    /// So many nanoseconds from now.
    For(u64),
}

impl Limit {
    fn new(nanoseconds: Option<u64>) -> Self {
        match nanoseconds {
            None => Limit::Never,
            Some(0) => Limit::Passed,
            Some(left) => Limit::At(timer::now(CLOCK_MONOTONIC).saturating_add(left)),
        }
    }

    /// Seconds and nanoseconds that are left; none without a limit.
    fn left(self) -> Option<[u64; 2]> {
        match self {
            Limit::Never => None,
            Limit::Passed => Some([0, 0]),
            Limit::At(end) => Some(split(end.saturating_sub(timer::now(CLOCK_MONOTONIC)))),
            Limit::For(left) => Some(split(left)),
        }
    }
}

fn split(nanoseconds: u64) -> [u64; 2] {
    [nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000]
}

/// Where events go.
struct Output<'a> {
    events: &'a mut [Event],
    len: usize,
    round: u32,
}

impl Output<'_> {
    fn room(&self) -> usize {
        self.events.len() - self.len
    }

    fn push(&mut self, event: Event) {
        self.events[self.len] = event;
        self.len += 1;
    }
}

impl Held {
    /// A number for one wait of the guest, which may be made in several pieces: no event is reported twice in it.
    pub fn begin(&self) -> u32 {
        let mut state = self.state.lock();
        state.round = state.round.wrapping_add(1).max(1);
        state.own_first = !state.own_first;
        state.round
    }

    /// Waits until there are events, at most so many nanoseconds, and gives how many there are.
    ///
    /// # Errors
    /// `EINTR` when a signal came; the wait is never taken up again after one.
    pub fn wait(
        &self,
        cx: &mut Context,
        round: u32,
        events: &mut [Event],
        nanoseconds: Option<u64>,
    ) -> Result<usize, Errno> {
        let limit = Limit::new(nanoseconds);
        let mut output = Output { events, len: 0, round };
        let own_first = {
            let mut state = self.state.lock();
            if state.own_first || state.notes.queued == 0 {
                state.collect(&self.queues().signals, &mut output);
            }
            state.own_first
        };
        // The clock need not be looked at again for the first time.
        let mut next = nanoseconds.filter(|left| *left != 0).map_or(limit, Limit::For);
        loop {
            let ready = output.len != 0 || (!own_first && self.state.lock().notes.queued != 0);
            if output.room() != 0 {
                let until = core::mem::replace(&mut next, limit);
                match self.take(&mut output, if ready { Limit::Passed } else { until }) {
                    Ok(()) => {}
                    Err(_) if output.len != 0 => {}
                    Err(Errno::INTR | RESTART) => {
                        if cx.signal_waits() {
                            return Err(Errno::INTR);
                        }
                        continue;
                    }
                    Err(error) => return Err(error),
                }
                self.state.lock().collect(&self.queues().signals, &mut output);
            }
            if output.len != 0 || limit.left() == Some([0, 0]) {
                return Ok(output.len);
            }
        }
    }

    /// Takes what the host's queue has.
    fn take(&self, output: &mut Output<'_>, limit: Limit) -> Result<(), Errno> {
        let mut entries = [epoll_event { events: 0, data: 0 }; BATCH];
        let count = self.poll(self.epoll, &mut entries, output.room(), limit)?;
        let mut others = [false; 4];
        for entry in &entries[..count] {
            if entry.data & OTHER == OTHER {
                others[(entry.data & 3) as usize] = true;
            } else {
                self.host_event(entry.data, entry.events, output);
            }
        }
        let [_, clock, writes, watch] = others;
        if clock || watch {
            let mut state = self.state.lock();
            if watch {
                state.read_watches();
            }
            // The signal handler may have set it.
            state.armed = Armed::Unknown;
            state.arm();
        }
        if writes && output.room() != 0 {
            let queue = self.state.lock().writes;
            let count = self.poll(queue, &mut entries, output.room(), Limit::Passed)?;
            for entry in &entries[..count] {
                self.host_event(entry.data, entry.events, output);
            }
        }
        Ok(())
    }

    /// epoll_pwait2(2) of the host. What is reported at changes only must not be taken without room for it.
    fn poll(
        &self,
        queue: i32,
        entries: &mut [epoll_event; BATCH],
        room: usize,
        limit: Limit,
    ) -> Result<usize, Errno> {
        let left = limit.left();
        let time = left.as_ref().map_or(0, |left| left.as_ptr() as u64);
        let args = [queue as u64, entries.as_mut_ptr() as u64, room.min(BATCH) as u64, time, 0, 8];
        // SAFETY: the kernel writes no more entries than there are, and reads two words of time.
        let count = unsafe {
            if limit == Limit::Passed {
                call(__NR_epoll_pwait2, args)
            } else {
                call_blocking(__NR_epoll_pwait2, args)
            }
        };
        Ok((count? as usize).min(BATCH))
    }

    /// The host says something of a note, which may be another by now, or none.
    fn host_event(&self, data: u64, events: u32, output: &mut Output<'_>) {
        let mut state = self.state.lock();
        let (index, generation) = (data as u32, (data >> 32) as u32);
        let Some(note) = state.notes.recall(index, generation) else { return };
        let note = *note;
        let event = match (note.source, note.event.filter) {
            (Source::Hidden, Some(Filter::Signal)) => {
                state.pending(index, &self.queues().signals);
                return;
            }
            (Source::Hidden, _) => {
                if process::ended(state.notes.get(index), note.handle).is_some_and(|event| event.fflags == 0)
                {
                    state.drop_note(index);
                } else if note.is(DISABLED) {
                    // Reported when it is enabled again; the host need not repeat it.
                    let _ = State::control(state.epoll, EPOLL_CTL_DEL, note.handle, 0, 0);
                    state.notes.activate(index);
                } else {
                    state.notes.activate(index);
                    state.emit(index, output);
                }
                return;
            }
            _ if note.is(DISABLED) => return,
            _ => state.translate(index, events),
        };
        let Some(event) = event else { return };
        if note.round == output.round {
            return;
        }
        state.notes.get(index).round = output.round;
        output.push(event);
        if event.flags & ONESHOT != 0 {
            state.drop_note(index);
        } else if event.flags & DISPATCH != 0 {
            state.notes.get(index).status |= DISABLED;
            // Without these the host has disabled it itself.
            if note.is(QUIET) || event.flags & CLEAR != 0 {
                state.unregister(index);
            }
        }
    }
}

impl State {
    /// Takes events from the line into the output, and looks before that which times have come.
    fn collect(&mut self, signals: &signal::Signals, output: &mut Output<'_>) {
        self.expire();
        if self.signals != 0 {
            self.take_signals(signals);
        }
        for _ in 0..self.notes.queued {
            if output.room() == 0 {
                break;
            }
            let Some(index) = self.notes.first() else { break };
            self.notes.dequeue(index);
            if self.notes.get(index).round == output.round {
                self.notes.enqueue(index);
                continue;
            }
            self.emit(index, output);
        }
        self.arm();
    }

    /// Lines up the notes of which the time has come.
    fn expire(&mut self) {
        if self.notes.next_due().is_none() {
            return;
        }
        let time = timer::now(CLOCK_MONOTONIC);
        while let Some(index) = self.notes.due(time) {
            match self.notes.get(index).event.filter {
                Some(Filter::Timer) => self.notes.expire_timer(index, time),
                Some(Filter::Empty) => self.look_whether_empty(index, time),
                _ => {
                    self.notes.unschedule(index);
                    self.notes.activate(index);
                }
            }
        }
    }

    /// Reports an active note, and does with it what its flags say.
    fn emit(&mut self, index: u32, output: &mut Output<'_>) {
        let note = *self.notes.get(index);
        if note.is(DROP) {
            self.drop_note(index);
            return;
        }
        if note.event.flags & ONESHOT != 0 {
            output.push(note.event);
            self.drop_note(index);
            return;
        }
        if !self.happened(index) {
            self.notes.get(index).status &= !ACTIVE;
            if note.event.filter == Some(Filter::Read) && note.kind == Kind::File {
                // Where the host has no watch left, nobody tells when the file grows: it is looked at now and then.
                if self.watch_growth(index).is_err() {
                    let _ = self.notes.schedule(index, timer::now(CLOCK_MONOTONIC) + GROWTH_PAUSE);
                }
            } else if note.event.filter == Some(Filter::Empty) {
                self.look_whether_empty(index, timer::now(CLOCK_MONOTONIC));
            }
            return;
        }
        let note = self.notes.get(index);
        note.round = output.round;
        let event = if note.event.filter == Some(Filter::User) { user::report(note) } else { note.event };
        if note.event.flags & CLEAR != 0 {
            note.event.data = 0;
            note.event.fflags = 0;
        }
        if note.event.flags & DISPATCH != 0 {
            note.status |= DISABLED;
        }
        if note.event.flags & (CLEAR | DISPATCH) != 0 {
            note.status &= !ACTIVE;
        } else {
            self.notes.enqueue(index);
        }
        output.push(event);
    }
}
