//! Changes to what a queue watches (the change list of kevent(2), `kqueue_register` of FreeBSD).

use schemas::Errno;

use super::note::{ACTIVE, DISABLED, Kind, Source};
use super::*;

/// Makes a change and lets the waiting threads know what came of it.
pub fn change(queue: &Held, cx: &Context, event: &Event, span: Result<Span, Errno>) -> Result<(), Errno> {
    if event.flags & (ENABLE | DISABLE) == ENABLE | DISABLE {
        return Err(Errno::INVAL);
    }
    let filter = event.filter.ok_or(Errno::INVAL)?;
    if filter.is_descriptor() {
        let descriptor = i32::try_from(event.ident).map_err(|_| Errno::BADF)?;
        if descriptor < 0 || hidden::is_foreign(descriptor) {
            return Err(Errno::BADF);
        }
    }
    let change = Change { queue, cx, filter, event, span };
    let mut state = queue.state.lock();
    let result = match state.notes.find(filter, event.ident) {
        None if event.flags & ADD != 0 => change.add(&mut state),
        None if filter.is_descriptor() && !is_open(event.ident) => Err(Errno::BADF),
        None => Err(Errno::NOENT),
        Some(index) if event.flags & DELETE != 0 => {
            state.drop_note(index);
            Ok(())
        }
        Some(index) => change.alter(&mut state, index),
    };
    queue.queues().signals.follow(&mut state, queue);
    state.arm();
    result
}

/// Whether the guest has a descriptor.
fn is_open(descriptor: u64) -> bool {
    // SAFETY: no pointers.
    unsafe { call(__NR_fcntl, [descriptor, u64::from(F_GETFD)]) }.is_ok()
}

struct Change<'a> {
    queue: &'a Held,
    cx: &'a Context,
    filter: Filter,
    event: &'a Event,
    span: Result<Span, Errno>,
}

impl Change<'_> {
    /// Adds a note.
    fn add(&self, state: &mut State) -> Result<(), Errno> {
        let kept = Event { flags: self.event.flags & !ACTIONS, fflags: 0, data: 0, ..*self.event };
        let index = state.notes.insert(&kept)?;
        let note = state.notes.get(index);
        note.wanted = self.event.fflags;
        note.given = self.event.data;
        if self.event.flags & DISABLE != 0 {
            note.status |= DISABLED;
        }
        if let Err(error) = self.attach(state, index) {
            state.drop_note(index);
            return Err(error);
        }
        state.look(index);
        Ok(())
    }

    /// Connects a new note with what it watches.
    fn attach(&self, state: &mut State, index: u32) -> Result<(), Errno> {
        match self.filter {
            Filter::Read | Filter::Write | Filter::ProcessDescriptor => {
                self.attach_descriptor(state, index)?;
            }
            Filter::Vnode => state.watch_file(index)?,
            Filter::Process => state.attach_process(index)?,
            Filter::Empty => {
                if descriptor::kind(self.event.ident)? != Kind::Socket {
                    return Err(Errno::INVAL);
                }
                state.notes.schedule(index, 0)?;
            }
            Filter::Signal => state.attach_signal(self.queue, self.cx, index)?,
            Filter::Timer => state.notes.start_timer(index, self.span?)?,
            Filter::User | Filter::FileSystem => {}
            Filter::Watch => return Err(Errno::INVAL),
        }
        if state.notes.get(index).source != Source::Descriptor {
            state.clock(&self.queue.clock)?;
        }
        Ok(())
    }

    /// Lets the host's queue watch a descriptor, or finds that it is a file, which is always ready there.
    fn attach_descriptor(&self, state: &mut State, index: u32) -> Result<(), Errno> {
        let kind = descriptor::kind(self.event.ident)?;
        let note = state.notes.get(index);
        note.kind = kind;
        note.source = Source::Descriptor;
        if self.filter == Filter::ProcessDescriptor {
            if !process::is_process(self.event.ident) {
                return Err(Errno::INVAL);
            }
            note.event.flags |= CLEAR;
        }
        if kind == Kind::File {
            note.source = Source::Own;
            return if self.filter == Filter::Read { state.watch_growth(index) } else { Ok(()) };
        }
        if note.is(DISABLED) {
            return Ok(());
        }
        match state.register(index) {
            // What epoll(7) does not take: devices without poll. Their drivers have no filter there either.
            Err(Errno::PERM) => Err(Errno::NODEV),
            other => other,
        }
    }

    /// Changes a note that is there.
    fn alter(&self, state: &mut State, index: u32) -> Result<(), Errno> {
        let event = self.event;
        let note = state.notes.get(index);
        note.event.udata = event.udata;
        let was_disabled = note.is(DISABLED);
        if event.flags & ENABLE != 0 {
            note.status &= !DISABLED;
        } else if event.flags & DISABLE != 0 {
            note.status |= DISABLED;
        }
        match self.filter {
            Filter::User => user::change(note, event),
            Filter::Timer => {
                if event.flags & ADD != 0 {
                    note.wanted = event.fflags;
                    note.given = event.data;
                    note.status &= !ACTIVE;
                    state.notes.dequeue(index);
                    match self.span {
                        Ok(span) => state.notes.start_timer(index, span)?,
                        Err(error) => {
                            state.notes.unschedule(index);
                            return Err(error);
                        }
                    }
                }
            }
            _ => {
                note.wanted = event.fflags;
                note.given = event.data;
                if self.filter == Filter::Vnode && note.source == Source::Watch {
                    state.watch_file(index)?;
                }
            }
        }
        if event.flags & FORCE_ONESHOT != 0 {
            state.notes.get(index).event.flags |= ONESHOT;
            state.clock(&self.queue.clock)?;
            state.notes.activate(index);
        }
        let note = state.notes.get(index);
        let disabled = note.is(DISABLED);
        if note.source == Source::Descriptor {
            if disabled {
                state.unregister(index);
            } else if was_disabled || event.flags & ADD != 0 {
                // The host looks again at what is registered again.
                state.register(index)?;
            }
        }
        if disabled {
            state.notes.dequeue(index);
        } else {
            state.look(index);
        }
        Ok(())
    }
}

impl State {
    /// Looks whether a note has something to report, and lines it up when it is enabled.
    pub fn look(&mut self, index: u32) {
        if self.notes.get(index).is(DISABLED) {
            return;
        }
        if self.happened(index) || self.notes.get(index).is(ACTIVE) {
            self.notes.activate(index);
        }
    }

    /// Whether what a note of the line watches has happened.
    pub fn happened(&mut self, index: u32) -> bool {
        let note = self.notes.get(index);
        match note.event.filter {
            Some(Filter::User) => note.due != 0,
            Some(Filter::Timer | Filter::Signal) => note.event.data != 0,
            Some(Filter::Read) if note.kind == Kind::File => descriptor::at_end(note).is_some_and(|end| !end),
            Some(Filter::Write) if note.kind == Kind::File => true,
            Some(Filter::Empty) => descriptor::is_empty(note),
            Some(Filter::Vnode | Filter::Process | Filter::ProcessDescriptor) => note.event.fflags != 0,
            _ => false,
        }
    }

    /// Ends a note and what stands behind it.
    pub fn drop_note(&mut self, index: u32) {
        let note = self.notes.get(index);
        match note.source {
            Source::Own => {}
            Source::Descriptor => self.unregister(index),
            Source::Hidden => hidden::release(note.handle),
            Source::Watch => self.unwatch(index),
        }
        self.notes.remove(index);
    }

    /// Ends the notes of descriptors that are about to be closed.
    pub fn forget(&mut self, first: i32, last: i32) {
        if first == last {
            for filter in Filter::DESCRIPTOR {
                if let Some(index) = self.notes.find(filter, first as u64) {
                    self.drop_note(index);
                }
            }
        } else {
            let range = first.max(0) as u64..=last.max(0) as u64;
            for index in 1..=self.notes.made() {
                let event = self.notes.get(index).event;
                if event.filter.is_some_and(Filter::is_descriptor) && range.contains(&event.ident) {
                    self.drop_note(index);
                }
            }
        }
        self.arm();
    }
}
