//! Reading and writing (`EVFILT_READ`, `EVFILT_WRITE`, `EVFILT_EMPTY`): what the host says of a descriptor, in
//! the terms of kqueue(2).

use linux_raw_sys::ioctl::{FIONREAD, TIOCOUTQ};
use schemas::Errno;

use super::note::{DISABLED, Kind, Note, QUIET, REGISTERED};
use super::*;
use crate::operation::socket;

/// Report when there is as much as the change said (`NOTE_LOWAT`).
const LOW_WATER: u32 = 1;
/// Report files at their end too (`NOTE_FILE_POLL`).
const FILE_POLL: u32 = 2;
/// Nanoseconds between two looks at a socket that is to become empty, for which the host has no event.
const EMPTY_PAUSE: u64 = 5_000_000;
/// Least space that counts as room in a pipe (`PIPE_BUF`).
const PIPE_ROOM: i64 = 4096;

/// What a descriptor leads to.
///
/// # Errors
/// `EBADF` when it is not open.
pub fn kind(descriptor: u64) -> Result<Kind, Errno> {
    let stat = file(descriptor)?;
    Ok(match stat.st_mode & S_IFMT {
        S_IFSOCK => Kind::Socket,
        S_IFIFO => Kind::Pipe,
        S_IFREG | S_IFDIR => Kind::File,
        S_IFCHR => Kind::Device,
        _ => Kind::Other,
    })
}

/// fstat(2) of the host.
///
/// # Errors
/// `EBADF` when it is not open.
pub fn file(descriptor: u64) -> Result<stat, Errno> {
    let mut stat = core::mem::MaybeUninit::<stat>::zeroed();
    // SAFETY: the kernel writes one structure.
    unsafe { call(__NR_fstat, [descriptor, stat.as_mut_ptr() as u64]) }?;
    // SAFETY: zero is a value of every field, and the kernel has written them.
    Ok(unsafe { stat.assume_init() })
}

/// An ioctl(2) that tells a number.
fn number(descriptor: u64, request: u32) -> Result<i64, Errno> {
    let mut value = 0i32;
    // SAFETY: the kernel writes one word.
    unsafe { call(__NR_ioctl, [descriptor, u64::from(request), &raw mut value as u64]) }?;
    Ok(i64::from(value))
}

/// What there is to report of a file that is to be read: sets the bytes from the offset to the end, and tells
/// whether it is to be called the end. Nothing when the descriptor cannot say.
pub fn at_end(note: &mut Note) -> Option<bool> {
    let size = file(note.event.ident).ok()?.st_size;
    // SAFETY: no pointers.
    let offset = unsafe { call(__NR_lseek, [note.event.ident, 0, u64::from(SEEK_CUR)]) }.ok()?;
    note.event.data = size - offset as i64;
    Some(note.event.data == 0 && note.wanted & FILE_POLL == 0)
}

/// Whether all that was written to a socket has left.
pub fn is_empty(note: &mut Note) -> bool {
    note.event.data = number(note.event.ident, TIOCOUTQ).unwrap_or(0);
    note.event.data == 0
}

/// What the host says of a descriptor to be read, as an event; nothing when it is not ready on these systems.
fn read(note: &Note, events: u32) -> Option<Event> {
    let mut event = note.event;
    let count = number(event.ident, FIONREAD);
    if note.kind != Kind::Socket {
        event.data = count.unwrap_or(1);
        if events & EPOLLHUP != 0 {
            event.flags |= EOF;
        }
        return Some(event);
    }
    let Ok(count) = count else {
        // Only sockets that listen have no count.
        event.data = socket::backlog(event.ident as i32).unwrap_or(1);
        return Some(event);
    };
    event.data = count;
    if events & (EPOLLIN | EPOLLRDHUP | EPOLLERR) == 0 {
        // Not connected yet.
        return None;
    }
    if events & EPOLLRDHUP != 0 {
        event.flags |= EOF;
        event.fflags = failure(note, events);
        return Some(event);
    }
    let enough = note.wanted & LOW_WATER == 0 || count >= note.given;
    (enough || events & EPOLLERR != 0).then_some(event)
}

/// What the host says of a descriptor to be written.
fn write(note: &Note, events: u32) -> Option<Event> {
    let mut event = note.event;
    match note.kind {
        Kind::Socket => {
            event.data = socket::space(event.ident as i32);
            if events & EPOLLHUP != 0 {
                if events & EPOLLERR == 0 && !is_shut(event.ident) {
                    // Not connected yet.
                    return None;
                }
                event.flags |= EOF;
                event.fflags = failure(note, events);
                return Some(event);
            }
            let enough = note.wanted & LOW_WATER == 0 || event.data >= note.given;
            (enough || events & EPOLLERR != 0).then_some(event)
        }
        Kind::Pipe => {
            if events & (EPOLLERR | EPOLLHUP) != 0 {
                event.data = 0;
                event.flags |= EOF;
                return Some(event);
            }
            // SAFETY: no pointers.
            let size = unsafe { call(__NR_fcntl, [event.ident, u64::from(F_GETPIPE_SZ)]) };
            let used = number(event.ident, FIONREAD);
            event.data = match (size, used) {
                (Ok(size), Ok(used)) => (size as i64 - used).max(PIPE_ROOM),
                _ => PIPE_ROOM,
            };
            Some(event)
        }
        _ => {
            if events & EPOLLHUP != 0 {
                event.flags |= EOF;
            }
            event.data = PIPE_ROOM - number(event.ident, TIOCOUTQ).unwrap_or(0).clamp(0, PIPE_ROOM - 1);
            Some(event)
        }
    }
}

/// Why a socket was shut, 0 when it was in order. The host forgets an error when it is asked for it, these systems do
/// not: it is kept for the guest's next look.
fn failure(note: &Note, events: u32) -> u32 {
    let descriptor = note.event.ident as i32;
    if events & EPOLLERR != 0 {
        return socket::keep_error(descriptor) as u32;
    }
    socket::kept_error(descriptor) as u32
}

/// Whether a socket that the host calls hung up has been connected and is shut now.
fn is_shut(descriptor: u64) -> bool {
    let mut poll = pollfd { fd: descriptor as i32, events: POLLRDHUP as i16, revents: 0 };
    // SAFETY: the kernel reads and writes one structure; it does not wait.
    let _ = unsafe { call(__NR_poll, [&raw mut poll as u64, 1, 0]) };
    poll.revents & POLLRDHUP as i16 != 0
}

impl State {
    /// The host queue in which a filter is watched, and for what.
    fn watched(&mut self, filter: Filter) -> Result<(i32, u32), Errno> {
        Ok(match filter {
            Filter::Write => (self.writes()?, EPOLLOUT),
            Filter::Read => (self.epoll, EPOLLIN | EPOLLRDHUP),
            _ => (self.epoll, EPOLLIN),
        })
    }

    /// Puts a note into the host's queue, or lets the host look at it again.
    ///
    /// # Errors
    /// As epoll_ctl(2): `EPERM` for what cannot be watched.
    pub fn register(&mut self, index: u32) -> Result<(), Errno> {
        let note = *self.notes.get(index);
        let Some(filter) = note.event.filter else { return Err(Errno::INVAL) };
        let (queue, mut events) = self.watched(filter)?;
        if note.is(QUIET) || note.event.flags & CLEAR != 0 {
            events |= EPOLLET;
        } else if note.event.flags & (ONESHOT | DISPATCH) != 0 {
            events |= EPOLLONESHOT;
        }
        let data = u64::from(index) | u64::from(note.generation) << 32;
        let descriptor = note.event.ident as i32;
        let first = if note.is(REGISTERED) { EPOLL_CTL_MOD } else { EPOLL_CTL_ADD };
        match Self::control(queue, first, descriptor, events, data) {
            Err(Errno::NOENT) => Self::control(queue, EPOLL_CTL_ADD, descriptor, events, data),
            // An entry that a closed descriptor of this number left behind, because another led to the same.
            Err(Errno::EXIST) => Self::control(queue, EPOLL_CTL_MOD, descriptor, events, data),
            other => other,
        }?;
        self.notes.get(index).status |= REGISTERED;
        Ok(())
    }

    /// Takes a note out of the host's queue.
    pub fn unregister(&mut self, index: u32) {
        let note = *self.notes.get(index);
        if note.is(REGISTERED) {
            let queue = if note.event.filter == Some(Filter::Write) { self.writes } else { self.epoll };
            let _ = Self::control(queue, EPOLL_CTL_DEL, note.event.ident as i32, 0, 0);
            self.notes.get(index).status &= !(REGISTERED | QUIET);
        }
    }

    /// What the host says of a note, as the event that it is on these systems. Where it is none, the host is asked to
    /// speak up at changes only until it is.
    pub fn translate(&mut self, index: u32, events: u32) -> Option<Event> {
        let note = *self.notes.get(index);
        let event = match note.event.filter {
            Some(Filter::Read) => read(&note, events),
            Some(Filter::Write) => write(&note, events),
            Some(Filter::ProcessDescriptor) => process::ended(self.notes.get(index), note.event.ident as i32),
            _ => None,
        };
        let level = note.event.flags & CLEAR == 0;
        if level && event.is_some() == note.is(QUIET) && !note.is(DISABLED) {
            self.notes.get(index).status ^= QUIET;
            let _ = self.register(index);
        }
        event
    }

    /// Looks at a socket that is to become empty, and again later when it is not.
    pub fn look_whether_empty(&mut self, index: u32, time: u64) {
        if is_empty(self.notes.get(index)) {
            self.notes.unschedule(index);
            self.notes.activate(index);
        } else {
            // There is room: the note just gave its own place back.
            let _ = self.notes.schedule(index, time + EMPTY_PAUSE);
        }
    }
}
