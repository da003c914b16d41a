//! Linux's calls that wait with a signal mask (ppoll(2), pselect(2), epoll_wait(2)). The others of their kind are the
//! host's as they are.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::event::{self, Bits};

/// Size of a signal set; any other is refused.
const SET_SIZE: usize = 8;

/// Every event is the host's.
static BITS: Bits = Bits { same: u16::MAX, to_host: |events| events, from_host: |found, _| found };

/// Takes a mask from the guest.
fn mask(set: Pointer, size: usize) -> Result<Option<u64>, Errno> {
    if set.is_null() {
        return Ok(None);
    }
    if size != SET_SIZE {
        return Err(Errno::INVAL);
    }
    guest::get(set.0).map(Some)
}

/// ppoll(2), which writes the time that is left into the guest's.
///
/// # Errors
/// As there.
pub fn poll(
    cx: &mut Context,
    list: Pointer,
    count: u32,
    time: Pointer,
    set: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let mask = mask(set, size)?;
    event::poll(cx, list.0, u64::from(count), time.0, mask, BITS)
}

/// pselect6(2), of which the last argument points to the address and size of the mask.
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
    set: Pointer,
) -> Result<u64, Errno> {
    let mask = match guest::get_if::<[u64; 2]>(set.0)? {
        None => None,
        Some([set, size]) => mask(Pointer(set), size as usize)?,
    };
    event::select(cx, count, [read.0, write.0, except.0], time.0, mask)
}

/// epoll_pwait(2).
///
/// # Errors
/// As there.
pub fn wait(
    cx: &mut Context,
    queue: i32,
    events: Pointer,
    count: i32,
    milliseconds: i32,
    set: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let mask = mask(set, size)?;
    let limit = (milliseconds >= 0)
        .then(|| [i64::from(milliseconds / 1000), i64::from(milliseconds % 1000) * 1_000_000]);
    event::wait(cx, queue, events.0, count, limit, mask)
}

/// epoll_pwait2(2).
///
/// # Errors
/// As there.
pub fn wait_exactly(
    cx: &mut Context,
    queue: i32,
    events: Pointer,
    count: i32,
    time: Pointer,
    set: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let mask = mask(set, size)?;
    let limit = guest::get_if::<[i64; 2]>(time.0)?;
    event::wait(cx, queue, events.0, count, limit, mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_of_eight_bytes() {
        let set = 0x1234u64;
        let at = Pointer(&raw const set as u64);
        assert_eq!(mask(at, 8), Ok(Some(0x1234)));
        assert_eq!(mask(at, 16), Err(Errno::INVAL));
        assert_eq!(mask(Pointer(0), 0), Ok(None));
    }
}
