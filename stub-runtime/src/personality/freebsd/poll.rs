//! poll(2) and select(2) of FreeBSD (sys/poll.h, sys/select.h), which leave the guest's time as it was.

use schemas::Errno;

use super::{flags, signal};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::event::{self, Bits};

/// Events with the same bit on the host, errors and hang-ups among them.
const SAME: u16 = flags::POLLIN
    | flags::POLLPRI
    | flags::POLLOUT
    | flags::POLLERR
    | flags::POLLHUP
    | flags::POLLNVAL
    | flags::POLLRDNORM
    | flags::POLLRDBAND;
/// Events that are told whether they were asked for or not.
const ALWAYS: u16 = flags::POLLERR | flags::POLLHUP | flags::POLLNVAL;

static BITS: Bits = Bits {
    same: SAME,
    // What FreeBSD does not know either is passed over, as it does.
    to_host: |events| {
        let known = flags::POLL.constants.iter().fold(0, |known, constant| known | constant.mask);
        flags::POLL.to_host(u64::from(events) & known).unwrap_or(0) as u16
    },
    from_host: |found, asked| {
        let mut told = flags::POLL.from_host(u64::from(found)) as u16;
        if told & flags::POLLIN != 0 {
            told |= flags::POLLINIGNEOF;
        }
        told & (asked | ALWAYS)
    },
};

/// A time as the host has it, from seconds and a part of them.
fn time([seconds, part]: [i64; 2], unit: i64) -> Result<[i64; 2], Errno> {
    if seconds < 0 || !(0..1_000_000_000 / unit).contains(&part) {
        return Err(Errno::INVAL);
    }
    Ok([seconds, part * unit])
}

/// Takes a limit from the guest, of nanoseconds for a unit of 1 and microseconds for one of 1000.
fn limit(at: Pointer, unit: i64) -> Result<Option<[i64; 2]>, Errno> {
    guest::get_if::<[i64; 2]>(at.0)?.map(|given| time(given, unit)).transpose()
}

fn address(limit: &Option<[i64; 2]>) -> u64 {
    limit.as_ref().map_or(0, |limit| limit.as_ptr() as u64)
}

fn mask(at: Pointer) -> Result<Option<u64>, Errno> {
    Ok(guest::get_if::<[u32; 4]>(at.0)?.map(signal::set_to_host))
}

/// poll(2).
///
/// # Errors
/// As there.
pub fn poll(cx: &mut Context, list: Pointer, count: u32, milliseconds: i32) -> Result<u64, Errno> {
    let limit = match milliseconds {
        -1 => None,
        0.. => Some([i64::from(milliseconds / 1000), i64::from(milliseconds % 1000) * 1_000_000]),
        _ => return Err(Errno::INVAL),
    };
    event::poll(cx, list.0, u64::from(count), address(&limit), None, BITS)
}

/// ppoll(2).
///
/// # Errors
/// As there.
pub fn poll_masked(
    cx: &mut Context,
    list: Pointer,
    count: u32,
    time: Pointer,
    set: Pointer,
) -> Result<u64, Errno> {
    let limit = limit(time, 1)?;
    let mask = mask(set)?;
    event::poll(cx, list.0, u64::from(count), address(&limit), mask, BITS)
}

/// select(2).
///
/// # Errors
/// As there.
pub fn select(
    cx: &mut Context,
    count: i32,
    read: Pointer,
    write: Pointer,
    except: Pointer,
    time: Pointer,
) -> Result<u64, Errno> {
    let limit = limit(time, 1000)?;
    event::select(cx, count, [read.0, write.0, except.0], address(&limit), None)
}

/// pselect(2).
///
/// # Errors
/// As there.
pub fn select_masked(
    cx: &mut Context,
    count: i32,
    read: Pointer,
    write: Pointer,
    except: Pointer,
    time: Pointer,
    set: Pointer,
) -> Result<u64, Errno> {
    let limit = limit(time, 1)?;
    let mask = mask(set)?;
    event::select(cx, count, [read.0, write.0, except.0], address(&limit), mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_differ_go_there_and_back() {
        let there = BITS.to_host;
        let back = BITS.from_host;
        assert_eq!(there(SAME), SAME);
        assert_eq!(there(flags::POLLWRBAND), 0x200);
        assert_eq!(there(flags::POLLRDHUP), 0x2000);
        assert_eq!(there(flags::POLLINIGNEOF), 1);
        assert_eq!(there(0x8000), 0);
        assert_eq!(back(0x2000, flags::POLLRDHUP), flags::POLLRDHUP);
        assert_eq!(back(0x2001, flags::POLLIN), flags::POLLIN);
        assert_eq!(back(0x1, flags::POLLINIGNEOF), flags::POLLINIGNEOF);
        assert_eq!(back(0x38, 0), ALWAYS);
    }

    #[test]
    fn times_are_checked() {
        assert_eq!(time([1, 999_999], 1000), Ok([1, 999_999_000]));
        assert_eq!(time([0, 1_000_000], 1000), Err(Errno::INVAL));
        assert_eq!(time([0, 999_999_999], 1), Ok([0, 999_999_999]));
        assert_eq!(time([-1, 0], 1), Err(Errno::INVAL));
        assert_eq!(time([0, -1], 1), Err(Errno::INVAL));
    }
}
