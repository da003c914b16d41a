//! Event queues of the BSD kind (kqueue(2)), on top of the host's epoll.
//!
//! The guest's descriptor is a host queue, so that it can be polled, duplicated and closed like any other. What
//! is watched are notes in the memory of the process: they are not inherited over a fork, as on those systems.
//! Sockets, pipes and terminals are watched by the host's queue; what the host cannot watch that way (files,
//! timers, user events, signals) is lined up here, and one timer descriptor in the host's queue is ready as long
//! as there is a line or when the next time has come. Writes are watched in a second host queue nested in the
//! first, because the host keeps one entry a descriptor where these systems keep one a filter.
//!
//! Several threads may change a queue and wait on it at once. The lock of a queue is held over host calls that
//! end at once, never over the wait.

mod change;
mod descriptor;
pub mod note;
mod process;
mod signal;
pub mod timer;
mod user;
mod wait;
mod watch;

use core::ops::Deref;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use schemas::Errno;

use self::note::Notes;
pub use self::signal::{arrived, is_ignored, is_watched, set_ignored, taken};
pub use self::timer::Span;
use super::hidden;
use crate::context::Context;
use crate::host::linux::{abi::*, memory, syscall::call};
use crate::process::Lock;

/// What can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A descriptor can be read.
    Read,
    /// A descriptor can be written.
    Write,
    /// All that was written to a socket has left.
    Empty,
    /// Something happens to the file of a descriptor.
    Vnode,
    /// A process ends.
    Process,
    /// The process of a descriptor ends.
    ProcessDescriptor,
    /// The process gets a signal, by the host's number.
    Signal,
    /// Time passes.
    Timer,
    /// The guest itself says so.
    User,
    /// A file system is mounted or unmounted.
    FileSystem,
    /// Not a filter of guests: the watch on a file that several notes share.
    Watch,
}

impl Filter {
    /// Those whose identifier is a descriptor.
    pub const DESCRIPTOR: [Filter; 5] =
        [Filter::Read, Filter::Write, Filter::Empty, Filter::Vnode, Filter::ProcessDescriptor];

    /// Whether the identifier is a descriptor.
    pub fn is_descriptor(self) -> bool {
        Self::DESCRIPTOR.contains(&self)
    }
}

#[expect(missing_docs, reason = "EV_* of kqueue(2), the same numbers on all systems that have it")]
mod flags {
    pub const ADD: u16 = 0x1;
    pub const DELETE: u16 = 0x2;
    pub const ENABLE: u16 = 0x4;
    pub const DISABLE: u16 = 0x8;
    pub const ONESHOT: u16 = 0x10;
    pub const CLEAR: u16 = 0x20;
    pub const RECEIPT: u16 = 0x40;
    pub const DISPATCH: u16 = 0x80;
    pub const FORCE_ONESHOT: u16 = 0x100;
    pub const ERROR: u16 = 0x4000;
    pub const EOF: u16 = 0x8000;
}
pub use flags::*;

/// Flags of a change that are not kept.
pub const ACTIONS: u16 = ADD | DELETE | ENABLE | DISABLE | FORCE_ONESHOT;

/// A change or an event (`struct kevent`). Filter flags are FreeBSD's, signals, errors and statuses the host's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What is watched.
    pub ident: u64,
    /// How; none for a change to be passed over.
    pub filter: Option<Filter>,
    /// `EV_*`.
    pub flags: u16,
    /// `NOTE_*`.
    pub fflags: u32,
    /// The filter's data.
    pub data: i64,
    /// The guest's own.
    pub udata: u64,
    /// The guest's own.
    pub ext: [u64; 4],
}

/// When the timer descriptor of a queue goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Armed {
    Never,
    Now,
    At(u64),
    Unknown,
}

/// Marks in the host's queue what is no note.
const OTHER: u64 = u64::MAX << 8;
/// The timer descriptor.
const CLOCK: u64 = OTHER | 1;
/// The nested queue of writes.
const WRITES: u64 = OTHER | 2;
/// The watch on files.
const WATCH: u64 = OTHER | 3;

/// What the lock of a queue protects.
struct State {
    notes: Notes,
    /// The host's queue.
    epoll: i32,
    /// The host's queue of writes, nested in it.
    writes: i32,
    /// The timer descriptor.
    clock: i32,
    /// The watch on files (inotify).
    watch: i32,
    armed: Armed,
    /// Counts the waits.
    round: u32,
    /// Whether the line here comes before what the host has, which alternates.
    own_first: bool,
    /// Signals that are watched, in host bits.
    signals: u64,
}

// SAFETY: the memory that its pointers lead to belongs to it alone.
unsafe impl Send for State {}

/// An event queue.
pub struct Queue {
    state: Lock<State>,
    epoll: i32,
    /// The timer descriptor, for the signal handler.
    clock: AtomicI32,
    /// Descriptors of the guest that lead here, and calls at work; under the lock of the table.
    descriptors: AtomicU32,
    users: AtomicU32,
}

/// Entries of the table at first.
const ENTRIES: usize = 256;
/// Most entries.
const ENTRIES_MAX: usize = ENTRIES << 6;

/// Which descriptors of the guest are queues.
struct Table {
    entries: *mut (i32, *mut Queue),
    len: usize,
    room: usize,
}

// SAFETY: the memory that its pointers lead to belongs to it alone.
unsafe impl Send for Table {}

impl Table {
    fn entries(&self) -> &[(i32, *mut Queue)] {
        if self.entries.is_null() {
            return &[];
        }
        // SAFETY: the first `len` entries are written.
        unsafe { core::slice::from_raw_parts(self.entries, self.len) }
    }

    fn position(&self, descriptor: i32) -> Option<usize> {
        self.entries().iter().position(|entry| entry.0 == descriptor)
    }

    fn add(&mut self, descriptor: i32, queue: *mut Queue) -> Result<(), Errno> {
        if self.len == self.room {
            let room = if self.room == 0 { ENTRIES } else { self.room * 4 };
            if room > ENTRIES_MAX {
                return Err(Errno::NOMEM);
            }
            let size = size_of::<(i32, *mut Queue)>() as u64;
            let entries = memory::map(room as u64 * size)? as *mut (i32, *mut Queue);
            for (at, entry) in self.entries().iter().enumerate() {
                // SAFETY: new memory with room for more than there are.
                unsafe { entries.add(at).write(*entry) };
            }
            if !self.entries.is_null() {
                memory::release(self.entries as u64, self.room as u64 * size);
            }
            (self.entries, self.room) = (entries, room);
        }
        // SAFETY: there is room for one more.
        unsafe { self.entries.add(self.len).write((descriptor, queue)) };
        self.len += 1;
        Ok(())
    }

    fn take(&mut self, position: usize) -> *mut Queue {
        let queue = self.entries()[position].1;
        self.len -= 1;
        // SAFETY: both are written entries.
        unsafe { *self.entries.add(position) = *self.entries.add(self.len) };
        queue
    }
}

/// The event queues of a process.
pub struct Queues {
    table: Lock<Table>,
    /// Entries of the table, to be looked at without its lock.
    count: AtomicU32,
    /// What has come of the signals that are watched.
    signals: signal::Signals,
}

impl Queues {
    /// None.
    pub const fn new() -> Self {
        Queues {
            table: Lock::new(Table { entries: core::ptr::null_mut(), len: 0, room: 0 }),
            count: AtomicU32::new(0),
            signals: signal::Signals::new(),
        }
    }

    /// Whether a descriptor is a queue.
    pub fn is_queue(&self, descriptor: i32) -> bool {
        self.count.load(Ordering::Relaxed) != 0 && self.table.lock().position(descriptor).is_some()
    }

    /// The queue of a descriptor.
    ///
    /// # Errors
    /// `EBADF` when it is none.
    pub fn find(&'static self, descriptor: i32) -> Result<Held, Errno> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Err(Errno::BADF);
        }
        let table = self.table.lock();
        let position = table.position(descriptor).ok_or(Errno::BADF)?;
        // SAFETY: a queue in the table lives.
        let queue: &'static Queue = unsafe { &*table.entries()[position].1 };
        queue.users.fetch_add(1, Ordering::Relaxed);
        Ok(Held { queue, queues: self })
    }

    /// Makes a queue and gives its descriptor, which is close-on-exec: what it watches does not outlive the program.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn create(&'static self) -> Result<i32, Errno> {
        // SAFETY: no pointers.
        let descriptor = unsafe { call(__NR_epoll_create1, [u64::from(EPOLL_CLOEXEC)]) }
            .map(|descriptor| descriptor as i32)?;
        let made = Queue::allocate(descriptor).and_then(|queue| {
            let mut table = self.table.lock();
            table.add(descriptor, queue).inspect_err(|_| Queue::end(queue, self))?;
            self.count.store(table.len as u32, Ordering::Relaxed);
            Ok(())
        });
        if made.is_err() {
            close(descriptor);
        }
        made.map(|()| descriptor)
    }

    /// A descriptor is about to be closed: what watches it goes, and so does it when it is a queue.
    #[inline]
    pub fn closing(&self, descriptor: i32) {
        if self.count.load(Ordering::Relaxed) != 0 {
            self.closing_range(descriptor, descriptor);
        }
    }

    /// The same for all descriptors from `first` to `last`.
    pub fn closing_range(&self, first: i32, last: i32) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut table = self.table.lock();
        for entry in table.entries() {
            // SAFETY: a queue in the table lives.
            unsafe { &*entry.1 }.state.lock().forget(first, last);
        }
        while let Some(position) = table.entries().iter().position(|entry| (first..=last).contains(&entry.0))
        {
            let queue = table.take(position);
            // SAFETY: it lived until now.
            let left = unsafe { &*queue }.descriptors.fetch_sub(1, Ordering::Relaxed) - 1;
            // SAFETY: as above.
            if left == 0 && unsafe { &*queue }.users.load(Ordering::Relaxed) == 0 {
                Queue::end(queue, self);
            }
        }
        self.count.store(table.len as u32, Ordering::Relaxed);
    }

    /// `new` has become another descriptor of what `old` leads to. What cannot be noted down is no queue for the
    /// guest.
    #[inline]
    pub fn duplicated(&self, old: i32, new: i32) {
        if self.count.load(Ordering::Relaxed) == 0 || old == new {
            return;
        }
        let mut table = self.table.lock();
        let Some(position) = table.position(old) else { return };
        let queue = table.entries()[position].1;
        if table.add(new, queue).is_ok() {
            // SAFETY: a queue in the table lives.
            unsafe { &*queue }.descriptors.fetch_add(1, Ordering::Relaxed);
            self.count.store(table.len as u32, Ordering::Relaxed);
        }
    }

    /// In a forked child: it has its parent's descriptors but none of its queues. The locks may be held by threads
    /// that are not there, so that nothing is touched that they protect but the list of what is to be closed.
    pub fn forked(&mut self) {
        hidden::release_all();
        let mut old = core::mem::take(self);
        for entry in old.table.get_mut().entries() {
            close(entry.0);
        }
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self::new()
    }
}

/// A queue that a call works with.
pub struct Held {
    queue: &'static Queue,
    queues: &'static Queues,
}

impl Deref for Held {
    type Target = Queue;
    fn deref(&self) -> &Queue {
        self.queue
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _table = self.queues.table.lock();
        let last = self.queue.users.fetch_sub(1, Ordering::Relaxed) == 1;
        if last && self.queue.descriptors.load(Ordering::Relaxed) == 0 {
            Queue::end(core::ptr::from_ref(self.queue).cast_mut(), self.queues);
        }
    }
}

impl Held {
    /// Makes a change.
    ///
    /// # Errors
    /// As kevent(2).
    pub fn change(&self, cx: &Context, event: &Event, span: Result<Span, Errno>) -> Result<(), Errno> {
        change::change(self, cx, event, span)
    }

    /// The process's queues.
    fn queues(&self) -> &'static Queues {
        self.queues
    }
}

impl Queue {
    /// Makes a queue for a host queue that has one descriptor.
    fn allocate(descriptor: i32) -> Result<*mut Queue, Errno> {
        // The guest may close its descriptor, or have another in its place, while a call works with the queue.
        // SAFETY: no pointers.
        let own = unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_DUPFD_CLOEXEC), 0]) }?;
        let epoll = hidden::hide(own as i32)?;
        let at = memory::map(size_of::<Queue>() as u64).inspect_err(|_| hidden::release(epoll))?;
        let queue = at as *mut Queue;
        let state = State {
            notes: Notes::new(),
            epoll,
            writes: -1,
            clock: -1,
            watch: -1,
            armed: Armed::Never,
            round: 0,
            own_first: false,
            signals: 0,
        };
        // SAFETY: fresh memory of the right size, page aligned.
        unsafe {
            queue.write(Queue {
                state: Lock::new(state),
                epoll,
                clock: AtomicI32::new(-1),
                descriptors: AtomicU32::new(1),
                users: AtomicU32::new(0),
            });
        }
        Ok(queue)
    }

    /// Ends a queue that nothing leads to.
    fn end(queue: *mut Queue, queues: &Queues) {
        // SAFETY: the caller saw that nobody else has it.
        let state = unsafe { &mut *queue }.state.get_mut();
        queues.signals.leave(state.clock, state.signals);
        state.notes.each(|notes, index| {
            let note = notes.get(index);
            if note.source == note::Source::Hidden {
                hidden::release(note.handle);
            }
        });
        state.notes.clear();
        for descriptor in [state.epoll, state.writes, state.clock, state.watch] {
            hidden::release(descriptor);
        }
        memory::release(queue as u64, size_of::<Queue>() as u64);
    }
}

fn close(descriptor: i32) {
    // SAFETY: no pointers.
    let _ = unsafe { call(__NR_close, [descriptor as u64]) };
}

impl State {
    /// Adds, changes or removes an entry of a host queue.
    fn control(epoll: i32, operation: u32, descriptor: i32, events: u32, data: u64) -> Result<(), Errno> {
        let event = epoll_event { events, data };
        let args = [epoll as u64, u64::from(operation), descriptor as u64, &raw const event as u64];
        // SAFETY: the kernel reads one structure.
        unsafe { call(__NR_epoll_ctl, args) }.map(drop)
    }

    /// The timer descriptor, made when it is first needed.
    fn clock(&mut self, shared: &AtomicI32) -> Result<i32, Errno> {
        if self.clock < 0 {
            let flags = u64::from(TFD_CLOEXEC | TFD_NONBLOCK);
            // SAFETY: no pointers.
            let made = unsafe { call(__NR_timerfd_create, [u64::from(CLOCK_MONOTONIC), flags]) }?;
            let clock = hidden::hide(made as i32)?;
            Self::control(self.epoll, EPOLL_CTL_ADD, clock, EPOLLIN, CLOCK)
                .inspect_err(|_| hidden::release(clock))?;
            self.clock = clock;
            shared.store(clock, Ordering::Relaxed);
        }
        Ok(self.clock)
    }

    /// The queue of writes, made when it is first needed.
    fn writes(&mut self) -> Result<i32, Errno> {
        if self.writes < 0 {
            // SAFETY: no pointers.
            let made = unsafe { call(__NR_epoll_create1, [u64::from(EPOLL_CLOEXEC)]) }?;
            let writes = hidden::hide(made as i32)?;
            Self::control(self.epoll, EPOLL_CTL_ADD, writes, EPOLLIN, WRITES)
                .inspect_err(|_| hidden::release(writes))?;
            self.writes = writes;
        }
        Ok(self.writes)
    }

    /// Sets the timer descriptor for what the line and the times ask for.
    fn arm(&mut self) {
        let wanted = if self.notes.queued != 0 {
            Armed::Now
        } else {
            self.notes.next_due().map_or(Armed::Never, Armed::At)
        };
        if wanted == self.armed || self.clock < 0 {
            return;
        }
        self.armed = wanted;
        set_clock(
            self.clock,
            match wanted {
                Armed::At(due) => due.max(1),
                Armed::Now => 1,
                Armed::Never | Armed::Unknown => 0,
            },
        );
    }
}

/// Lets a timer descriptor go off at a time of the monotonic clock, or never for 0. Also for signal handlers.
fn set_clock(clock: i32, due: u64) {
    let time = [0, 0, due / 1_000_000_000, due % 1_000_000_000];
    let args = [clock as u64, u64::from(TFD_TIMER_ABSTIME), time.as_ptr() as u64, 0];
    // SAFETY: the kernel reads four words.
    let _ = unsafe { call(__NR_timerfd_settime, args) };
}

#[cfg(test)]
mod tests;
