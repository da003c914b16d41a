//! kqueue(2), kevent(2): FreeBSD's numbers and layouts (sys/sys/event.h) for the event queues of [`queue`].

use schemas::Errno;

use super::{errno, signal};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::queue::{self, EOF, ERROR, Event, Filter, ONESHOT, RECEIPT, Span};

crate::layout! {
    /// `struct kevent`.
    pub struct KernelEvent: 64 {
        pub ident: u64,
        pub filter: i16,
        pub flags: u16,
        pub fflags: u32,
        pub data: i64,
        pub udata: u64,
        pub ext: [u64; 4],
    }

    /// `struct kevent` of FreeBSD before 12.
    pub struct KernelEvent11: 32 {
        pub ident: u64,
        pub filter: i16,
        pub flags: u16,
        pub fflags: u32,
        pub data: i64,
        pub udata: u64,
    }
}

/// `EV_SYSFLAGS`, which are the system's own.
const SYSTEM_FLAGS: u16 = 0xf000;
/// Events that are worked on at once.
const BATCH: usize = 32;
/// `KQUEUE_CLOEXEC`, and the later `KQUEUE_CPONFORK`.
const CLOSE_ON_EXEC: u64 = 1;

// Units and kind of the data of timers.
const SECONDS: u32 = 1;
const MILLISECONDS: u32 = 2;
const MICROSECONDS: u32 = 4;
const NANOSECONDS: u32 = 8;
const ABSOLUTE: u32 = 0x10;

/// Filters by number, from -1 down. A filter for which the kernel has no place is not in it.
const FILTERS: [(i16, Filter); 10] = [
    (-1, Filter::Read),
    (-2, Filter::Write),
    (-4, Filter::Vnode),
    (-5, Filter::Process),
    (-6, Filter::Signal),
    (-7, Filter::Timer),
    (-8, Filter::ProcessDescriptor),
    (-9, Filter::FileSystem),
    (-11, Filter::User),
    (-13, Filter::Empty),
];
/// Filters for the completion of asynchronous requests, which only the requests themselves can add.
const AIO: i16 = -3;
const LIO: i16 = -10;
const SENDFILE: i16 = -12;

/// The filter that a number means.
///
/// # Errors
/// `EPERM`, `ENXIO` and `EINVAL`, as the kernel refuses those that cannot be added and those that there are not.
fn filter(number: i16) -> Result<Filter, Errno> {
    match number {
        AIO | LIO => Err(Errno::PERM),
        SENDFILE => Err(Errno::NXIO),
        _ => FILTERS.iter().find(|entry| entry.0 == number).map(|entry| entry.1).ok_or(Errno::INVAL),
    }
}

/// When the timer of a change goes off (`timer2sbintime`).
fn span(event: &KernelEvent) -> Result<Span, Errno> {
    let unit = match event.fflags & !ABSOLUTE {
        0 | MILLISECONDS => 1_000_000,
        SECONDS => 1_000_000_000,
        MICROSECONDS => 1000,
        NANOSECONDS => 1,
        _ => return Err(Errno::INVAL),
    };
    let count = u64::try_from(event.data).map_err(|_| Errno::INVAL)?;
    let count = if count == 0 && event.flags & ONESHOT == 0 { 1 } else { count };
    Ok(Span { nanoseconds: count.saturating_mul(unit), absolute: event.fflags & ABSOLUTE != 0 })
}

/// A change in neutral terms.
fn to_neutral(event: &KernelEvent) -> Result<Event, Errno> {
    let filter = filter(event.filter)?;
    let ident = match filter {
        Filter::Signal => i32::try_from(event.ident)
            .ok()
            .filter(|number| signal::is_valid(*number))
            .and_then(signal::to_host)
            .map(|host| host as u64)
            .ok_or(Errno::INVAL)?,
        _ => event.ident,
    };
    Ok(Event {
        ident,
        filter: Some(filter),
        flags: event.flags,
        fflags: event.fflags,
        data: event.data,
        udata: event.udata,
        ext: event.ext,
    })
}

/// An event in FreeBSD's terms.
fn from_neutral(event: &Event) -> KernelEvent {
    let filter = event.filter.unwrap_or(Filter::User);
    let mut result = KernelEvent {
        ident: event.ident,
        filter: FILTERS.iter().find(|entry| entry.1 == filter).map_or(0, |entry| entry.0),
        flags: event.flags,
        fflags: event.fflags,
        data: event.data,
        udata: event.udata,
        ext: event.ext,
    };
    match filter {
        Filter::Read | Filter::Write if event.flags & EOF != 0 && event.fflags != 0 => {
            result.fflags = errno::from_host(Errno(event.fflags as i32)) as u32;
        }
        Filter::Signal => {
            let number = signal::from_host(event.ident as i32).unwrap_or(0);
            result.ident = number as u64;
        }
        Filter::Process | Filter::ProcessDescriptor => {
            result.data = i64::from(signal::wait_status_from_host(event.data as i32));
        }
        _ => {}
    }
    result
}

/// How changes and events lie in the guest's memory.
#[derive(Clone, Copy)]
enum Layout {
    Current,
    Before12,
}

impl Layout {
    const fn size(self) -> u64 {
        match self {
            Layout::Current => size_of::<KernelEvent>() as u64,
            Layout::Before12 => size_of::<KernelEvent11>() as u64,
        }
    }

    fn get(self, list: u64, at: u64) -> Result<KernelEvent, Errno> {
        let at = list.wrapping_add(at * self.size());
        match self {
            Layout::Current => guest::get(at),
            Layout::Before12 => {
                let KernelEvent11 { ident, filter, flags, fflags, data, udata } = guest::get(at)?;
                Ok(KernelEvent { ident, filter, flags, fflags, data, udata, ext: [0; 4] })
            }
        }
    }

    fn put(self, list: u64, at: u64, event: &KernelEvent) -> Result<(), Errno> {
        let at = list.wrapping_add(at * self.size());
        match self {
            Layout::Current => guest::put(at, event),
            Layout::Before12 => {
                let KernelEvent { ident, filter, flags, fflags, data, udata, .. } = *event;
                guest::put(at, &KernelEvent11 { ident, filter, flags, fflags, data, udata })
            }
        }
    }
}

/// kqueue(2).
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
pub fn create(cx: &mut Context) -> Result<i32, Errno> {
    cx.process().queues.create()
}

/// kqueuex(2).
///
/// # Errors
/// `EINVAL` for an unknown flag, else as [`create`].
pub fn create_with(cx: &mut Context, flags: u64) -> Result<i32, Errno> {
    if flags & !CLOSE_ON_EXEC != 0 {
        return Err(Errno::INVAL);
    }
    create(cx)
}

/// kevent(2).
///
/// # Errors
/// As there.
pub fn event(
    cx: &mut Context,
    descriptor: i32,
    changes: Pointer,
    change_count: i32,
    events: Pointer,
    event_count: i32,
    timeout: Pointer,
) -> Result<i32, Errno> {
    exchange(cx, Layout::Current, descriptor, [changes, events], [change_count, event_count], timeout)
}

/// `freebsd11_kevent`.
///
/// # Errors
/// As [`event`].
pub fn event_before_12(
    cx: &mut Context,
    descriptor: i32,
    changes: Pointer,
    change_count: i32,
    events: Pointer,
    event_count: i32,
    timeout: Pointer,
) -> Result<i32, Errno> {
    exchange(cx, Layout::Before12, descriptor, [changes, events], [change_count, event_count], timeout)
}

fn exchange(
    cx: &mut Context,
    layout: Layout,
    descriptor: i32,
    lists: [Pointer; 2],
    counts: [i32; 2],
    timeout: Pointer,
) -> Result<i32, Errno> {
    let timeout = guest::get_if::<[i64; 2]>(timeout.0)?;
    let queue = cx.process().queues.find(descriptor)?;
    let [changes, events] = lists.map(|list| list.0);
    let room = counts[1].max(0) as u64;
    let mut told = 0;
    for at in 0..counts[0].max(0) as u64 {
        let mut change = layout.get(changes, at)?;
        if change.filter == 0 {
            continue;
        }
        change.flags &= !SYSTEM_FLAGS;
        let result = to_neutral(&change).and_then(|event| queue.change(cx, &event, span(&change)));
        if result.is_err() || change.flags & RECEIPT != 0 {
            if told == room {
                return result.map(|()| told as i32);
            }
            change.flags = ERROR;
            change.data = result.map_or_else(|error| i64::from(errno::from_host(error)), |()| 0);
            // As the kernel does, which goes on where it cannot tell.
            let _ = layout.put(events, told, &change);
            told += 1;
        }
    }
    if told != 0 || room == 0 {
        return Ok(told as i32);
    }
    let limit = timeout.map(nanoseconds).transpose()?;
    report(cx, layout, &queue, events, room, limit)
}

/// A `struct timespec` as nanoseconds, those beyond what fits as the longest that does.
///
/// # Errors
/// `EINVAL` for what is no time.
fn nanoseconds([seconds, nanoseconds]: [i64; 2]) -> Result<u64, Errno> {
    if seconds < 0 || !(0..1_000_000_000).contains(&nanoseconds) {
        return Err(Errno::INVAL);
    }
    Ok((seconds as u64).saturating_mul(1_000_000_000).saturating_add(nanoseconds as u64))
}

/// Waits for events and writes them out, piece by piece: only the first is waited for.
fn report(
    cx: &mut Context,
    layout: Layout,
    queue: &queue::Held,
    list: u64,
    room: u64,
    mut limit: Option<u64>,
) -> Result<i32, Errno> {
    let round = queue.begin();
    let mut told = 0;
    while told < room {
        let mut batch = [Event::default(); BATCH];
        let size = BATCH.min((room - told) as usize);
        let count = match queue.wait(cx, round, &mut batch[..size], limit) {
            Ok(count) => count,
            Err(_) if told != 0 => break,
            Err(error) => return Err(error),
        };
        for event in &batch[..count] {
            layout.put(list, told, &from_neutral(event))?;
            told += 1;
        }
        if count < size {
            break;
        }
        limit = Some(0);
    }
    Ok(told as i32)
}

#[cfg(test)]
mod tests;
