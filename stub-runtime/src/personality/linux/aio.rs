//! Linux's own asynchronous input and output (io_submit(2), io_pgetevents(2), linux/aio_abi.h): the host's, for the
//! guest's descriptors.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call_blocking;
use crate::operation::{event, hidden};

/// Where `struct iocb` has the flags that say what else is in it, its descriptor, and the one that is to be told.
const FLAGS: u64 = 56;
const DESCRIPTOR: u64 = 20;
const TOLD: u64 = 60;
/// `IOCB_FLAG_RESFD`: a descriptor is to be told.
const TELLS: u32 = 1;

/// io_submit(2).
///
/// # Errors
/// `EBADF` for a descriptor that is not the guest's, before anything is done; else the host's.
pub fn submit(_cx: &mut Context, queue: u64, count: i64, requests: Pointer) -> Result<u64, Errno> {
    for index in 0..count.max(0) as u64 {
        let at: u64 = guest::get(requests.0.wrapping_add(8 * index))?;
        if hidden::is_foreign(guest::get(at.wrapping_add(DESCRIPTOR))?) {
            return Err(Errno::BADF);
        }
        let flags: u32 = guest::get(at.wrapping_add(FLAGS))?;
        if flags & TELLS != 0 && hidden::is_foreign(guest::get(at.wrapping_add(TOLD))?) {
            return Err(Errno::BADF);
        }
    }
    // SAFETY: the kernel checks the guest's pointers.
    unsafe { call_blocking(__NR_io_submit, [queue, count as u64, requests.0]) }
}

/// io_pgetevents(2).
///
/// # Errors
/// `EINVAL` for a mask of another size, else the host's.
pub fn events(
    cx: &mut Context,
    queue: u64,
    least: i64,
    most: i64,
    events: Pointer,
    timeout: Pointer,
    signals: Pointer,
) -> Result<u64, Errno> {
    // `struct __aio_sigset`: the mask's address, and its size.
    let mask = match guest::get_if::<[u64; 2]>(signals.0)? {
        None | Some([0, _]) => None,
        Some([at, 8]) => Some(guest::get::<u64>(at)?),
        Some(_) => return Err(Errno::INVAL),
    };
    event::with_mask(cx, mask, |mask| {
        let signals = [mask, 8];
        let args = [queue, least as u64, most as u64, events.0, timeout.0, signals.as_ptr() as u64];
        // SAFETY: the mask is the stub's, the kernel checks the guest's pointers.
        unsafe { call_blocking(__NR_io_pgetevents, args) }
    })
}
