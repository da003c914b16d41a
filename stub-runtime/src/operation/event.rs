//! Waiting for descriptors: poll, select and the host's own queues, with a signal mask for as long as they wait.

use schemas::Errno;

use super::{hidden, signal};
use crate::context::Context;
use crate::guest;
use crate::host::linux::signal::NEVER_BLOCKED;
use crate::host::linux::syscall::call_blocking;
use crate::host::linux::{abi::*, memory};

crate::layout! {
    /// `struct pollfd`, the same on all systems.
    pub struct PollDescriptor: 8 {
        pub descriptor: i32,
        pub events: u16,
        pub found: u16,
    }
}

/// Descriptors that are looked at in one piece of the stub's stack.
const PIECE: usize = 128;

/// Makes a blocking call of the host with a signal mask (host bits) in place of the guest's own. What the stub needs
/// is never blocked. The call gets the address of the mask, or 0 for none.
///
/// # Errors
/// As the call.
pub fn with_mask(
    cx: &mut Context,
    mask: Option<u64>,
    call: impl FnOnce(u64) -> Result<u64, Errno>,
) -> Result<u64, Errno> {
    let Some(mask) = mask else { return call(0) };
    let mask = mask & !NEVER_BLOCKED;
    signal::lend_mask(cx, mask);
    let result = call(&raw const mask as u64);
    signal::return_mask(cx);
    result
}

/// How a system's bits for events become the host's and come back.
#[derive(Clone, Copy)]
pub struct Bits {
    /// Those that are the same on both.
    pub same: u16,
    /// To the host's.
    pub to_host: fn(u16) -> u16,
    /// From the host's, for what was asked for.
    pub from_host: fn(u16, u16) -> u16,
}

/// What to do with the guest's list.
enum List {
    /// The host may have it as it is.
    Plain,
    /// Something in it is another on the host, or is not the guest's.
    Foreign,
}

/// Looks through the guest's list.
fn look(list: u64, count: u64, bits: Bits) -> Result<List, Errno> {
    let mut piece = [PollDescriptor::default(); PIECE];
    let mut at = 0;
    while at < count {
        let len = PIECE.min((count - at) as usize);
        get_all(list.wrapping_add(8 * at), &mut piece[..len])?;
        let foreign =
            |entry: &PollDescriptor| entry.events & !bits.same != 0 || hidden::is_foreign(entry.descriptor);
        if piece[..len].iter().any(foreign) {
            return Ok(List::Foreign);
        }
        at += len as u64;
    }
    Ok(List::Plain)
}

fn get_all(at: u64, entries: &mut [PollDescriptor]) -> Result<(), Errno> {
    // SAFETY: a plain type; any bytes are values of it.
    let bytes =
        unsafe { core::slice::from_raw_parts_mut(entries.as_mut_ptr().cast::<u8>(), size_of_val(entries)) };
    guest::read(at, bytes)
}

/// poll(2) on a list of the guest's; the limit is the address of a time of the host's layout, or 0 for none. With
/// `mask` as ppoll(2).
///
/// # Errors
/// `EFAULT`, `EINVAL` for too many, `EINTR`.
pub fn poll(
    cx: &mut Context,
    list: u64,
    count: u64,
    limit: u64,
    mask: Option<u64>,
    bits: Bits,
) -> Result<u64, Errno> {
    if count >= 1 << 24 {
        return Err(Errno::INVAL);
    }
    match look(list, count, bits)? {
        List::Plain => with_mask(cx, mask, |mask| {
            // SAFETY: the guest's list, which the kernel checks; time and mask are the stub's or the guest's.
            unsafe { call_blocking(__NR_ppoll, [list, count, limit, mask, 8]) }
        }),
        List::Foreign => poll_copy(cx, list, count, limit, mask, bits),
    }
}

/// The same with a list of the stub's own.
fn poll_copy(
    cx: &mut Context,
    list: u64,
    count: u64,
    limit: u64,
    mask: Option<u64>,
    bits: Bits,
) -> Result<u64, Errno> {
    let mut piece = [PollDescriptor::default(); PIECE];
    if count as usize <= PIECE {
        return poll_own(cx, list, &mut piece[..count as usize], limit, mask, bits);
    }
    let size = count * size_of::<PollDescriptor>() as u64;
    let at = memory::map(size)?;
    // SAFETY: fresh zeroed memory of that many entries.
    let entries = unsafe { core::slice::from_raw_parts_mut(at as *mut PollDescriptor, count as usize) };
    let result = poll_own(cx, list, entries, limit, mask, bits);
    memory::release(at, size);
    result
}

fn poll_own(
    cx: &mut Context,
    list: u64,
    entries: &mut [PollDescriptor],
    limit: u64,
    mask: Option<u64>,
    bits: Bits,
) -> Result<u64, Errno> {
    get_all(list, entries)?;
    // Kept in `found` until the host has filled it in, which leaves what is below zero alone.
    let mut refused = 0;
    for entry in &mut *entries {
        entry.events = (bits.to_host)(entry.events);
        if hidden::is_foreign(entry.descriptor) {
            entry.descriptor = -1;
            refused += 1;
        }
    }
    let now = [0u64; 2];
    let limit = if refused != 0 { now.as_ptr() as u64 } else { limit };
    let ready = with_mask(cx, mask, |mask| {
        let args = [entries.as_mut_ptr() as u64, entries.len() as u64, limit, mask, 8];
        // SAFETY: the list is the stub's; time and mask are the stub's or the guest's.
        unsafe { call_blocking(__NR_ppoll, args) }
    })?;
    for (entry, at) in entries.iter().zip(0..) {
        let at = list.wrapping_add(8 * at);
        let asked: PollDescriptor = guest::get(at)?;
        let found = if entry.descriptor < 0 && asked.descriptor >= 0 { POLLNVAL as u16 } else { entry.found };
        guest::put(at.wrapping_add(6), &(bits.from_host)(found, asked.events))?;
    }
    Ok(ready + refused)
}

/// select(2) on sets of the guest's, which are the same on all systems of 64 bits with the lowest byte first; the
/// limit is the address of a time of the host's layout, or 0 for none. With `mask` as pselect(2).
///
/// # Errors
/// As there.
pub fn select(
    cx: &mut Context,
    count: i32,
    sets: [u64; 3],
    limit: u64,
    mask: Option<u64>,
) -> Result<u64, Errno> {
    let [read, write, except] = sets;
    with_mask(cx, mask, |mask| {
        let mask = [mask, 8];
        let args = [count as u64, read, write, except, limit, mask.as_ptr() as u64];
        // SAFETY: the guest's sets, which the kernel checks; time and mask are the stub's or the guest's.
        unsafe { call_blocking(__NR_pselect6, args) }
    })
}

/// epoll_pwait2(2): events go to the guest, time and mask are the stub's.
///
/// # Errors
/// As there.
pub fn wait(
    cx: &mut Context,
    queue: i32,
    events: u64,
    count: i32,
    limit: Option<[i64; 2]>,
    mask: Option<u64>,
) -> Result<u64, Errno> {
    let limit = limit.as_ref().map_or(0, |limit| limit.as_ptr() as u64);
    with_mask(cx, mask, |mask| {
        let args = [queue as u64, events, count as u64, limit, mask, 8];
        // SAFETY: the guest's events, which the kernel checks; time and mask are ours.
        unsafe { call_blocking(__NR_epoll_pwait2, args) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::linux::syscall::call;
    use crate::operation::trial::context;

    const BITS: Bits = Bits {
        same: 0x7,
        to_host: |events| events & 7 | (events & 0x4000) >> 1,
        from_host: |found, asked| found & 0x3f | (found & 0x2000) << 1 & asked,
    };

    fn pair() -> [i32; 2] {
        let mut pair = [0i32; 2];
        // SAFETY: the kernel writes two words.
        unsafe { call(__NR_socketpair, [1, 1, 0, pair.as_mut_ptr() as u64]) }.unwrap();
        pair
    }

    fn poll_list(list: &mut [PollDescriptor]) -> Result<u64, Errno> {
        let now = [0u64; 2];
        let at = list.as_mut_ptr() as u64;
        poll(context(), at, list.len() as u64, now.as_ptr() as u64, None, BITS)
    }

    #[test]
    fn lists_are_polled_with_the_bits_of_the_guest() {
        let [one, other] = pair();
        let entry = |descriptor, events| PollDescriptor { descriptor, events, found: 99 };
        let mut list = [entry(one, 5), entry(-7, 1), entry(other, 1)];
        assert_eq!(poll_list(&mut list), Ok(1));
        assert_eq!(list.map(|entry| entry.found), [4, 0, 0]);
        // SAFETY: no pointers; SHUT_WR.
        unsafe { call(__NR_shutdown, [other as u64, 1]) }.unwrap();
        let mut list = [entry(one, 0x4001), entry(-7, 1)];
        assert_eq!(poll_list(&mut list), Ok(1));
        assert_eq!(list.map(|entry| entry.found), [0x4001, 0]);
        let mut list = [entry(one, 0)];
        assert_eq!(poll_list(&mut list), Ok(0));
    }

    #[test]
    fn descriptors_of_the_stub_are_not_open() {
        let [one, _] = pair();
        let entry = |descriptor, events| PollDescriptor { descriptor, events, found: 0 };
        let mut list = [entry(crate::world::reserved(1), 1), entry(one, 4)];
        assert_eq!(poll_list(&mut list), Ok(2));
        assert_eq!(list.map(|entry| entry.found), [0x20, 4]);
        assert_eq!(list[0].descriptor, crate::world::reserved(1));
    }

    #[test]
    fn long_lists_are_copied_whole() {
        let [one, _] = pair();
        let entry = PollDescriptor { descriptor: one, events: 0x4004, found: 0 };
        let mut list = vec![entry; 1000];
        assert_eq!(poll_list(&mut list), Ok(1000));
        assert!(list.iter().all(|entry| entry.found == 4));
        assert_eq!(poll(context(), 0, 1 << 24, 0, None, BITS), Err(Errno::INVAL));
    }
}
