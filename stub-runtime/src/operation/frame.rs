//! Frame buffers: what a guest asks a screen of a server.

use schemas::Errno;
use schemas::device::control::results::reply;
use schemas::device::{frame_reply, frame_request};

use super::device;
use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};

/// Room for a request without the structures and lists in it, in words.
const REQUEST: usize = 8;

/// Asks the screen behind a descriptor. `words` is how much room the structures and lists in the request take; `code` is the guest's own
/// request, for traces.
///
/// # Errors
/// `ENOTTY` when it is no screen, and what the server says.
pub fn ask<R>(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    words: usize,
    fill: impl FnOnce(frame_request::Builder<'_>),
    take: impl FnOnce(frame_reply::WhichReader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    device::ask(
        cx,
        descriptor,
        code,
        REQUEST + words,
        |request| {
            fill(request.init_frame());
            Ok(())
        },
        |reply, _| answer(reply, take),
    )
}

/// What a screen says.
fn answer<R>(
    reply: reply::Reader<'_>,
    take: impl FnOnce(frame_reply::WhichReader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    match reply.which() {
        Ok(reply::Frame(reply)) => take(reply?.which().map_err(|_| Errno::BADMSG)?),
        _ => Err(Errno::BADMSG),
    }
}

/// Asks a screen of its memory. The descriptor that the server donates with the answer is let go: the guest has the
/// memory already.
///
/// # Errors
/// As [`ask`].
pub fn ask_memory<R>(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    take: impl FnOnce(frame_reply::WhichReader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    device::ask(
        cx,
        descriptor,
        code,
        REQUEST,
        |request| {
            request.init_frame().set_get_memory(());
            Ok(())
        },
        |reply, received| {
            for memory in received {
                // SAFETY: no pointers; the descriptor came with this reply.
                unsafe { call(__NR_close, [*memory as u64]) }?;
            }
            answer(reply, take)
        },
    )
}

/// Tells a screen something that it has no answer to.
///
/// # Errors
/// As [`ask`].
pub fn tell(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    words: usize,
    fill: impl FnOnce(frame_request::Builder<'_>),
) -> Result<u64, Errno> {
    device::ask(
        cx,
        descriptor,
        code,
        REQUEST + words,
        |request| {
            fill(request.init_frame());
            Ok(())
        },
        |_, _| Ok(0),
    )
}

/// Waits until the screen's next picture begins.
///
/// # Errors
/// As [`ask`]; `EINTR`.
pub fn wait_vertical(cx: &mut Context, descriptor: i32, code: u32) -> Result<u64, Errno> {
    let wait = ask(
        cx,
        descriptor,
        code,
        0,
        |mut request| request.set_wait_vertical(()),
        |reply| match reply {
            frame_reply::Number(nanoseconds) => Ok(nanoseconds),
            _ => Err(Errno::BADMSG),
        },
    )?;
    let time = timespec { tv_sec: 0, tv_nsec: wait.min(999_999_999) as i64 };
    // SAFETY: the time is ours.
    unsafe { call_blocking(__NR_nanosleep, [&raw const time as u64, 0]) }.map(|_| 0)
}

/// The memory of a screen may be mapped as far as it goes: what lies beyond would be no memory.
///
/// # Errors
/// `EINVAL` for a part that is not all there.
pub fn check_mapping(descriptor: i32, offset: u64, len: u64) -> Result<(), Errno> {
    let mut status = [0u64; size_of::<stat>() / 8];
    // SAFETY: the buffer has the size of what the kernel writes.
    unsafe { call(__NR_fstat, [descriptor as u64, status.as_mut_ptr() as u64]) }?;
    // SAFETY: the kernel has filled it in, and it is all integers.
    let status = unsafe { &*status.as_ptr().cast::<stat>() };
    let is_memory = status.st_mode & S_IFMT == S_IFREG;
    let end = offset.checked_add(len).ok_or(Errno::INVAL)?;
    let pages = (status.st_size as u64).next_multiple_of(super::memory::PAGE);
    if is_memory && end > pages { Err(Errno::INVAL) } else { Ok(()) }
}
