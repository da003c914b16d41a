//! sendfile(2) and copy_file_range(2).

use linux_raw_sys::general::{S_IFMT, S_IFREG, S_IFSOCK};
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::RESTART;
use crate::operation::send::{self, Transfer};
use crate::operation::{file, status};

crate::layout! {
    /// `struct sf_hdtr` (sys/sys/socket.h).
    pub struct Around: 32 {
        pub headers: u64,
        pub header_count: i32,
        pub pad: i32,
        pub trailers: u64,
        pub trailer_count: i32,
        pub pad2: i32,
    }
}

/// Most that one host call moves (`MAX_RW_COUNT`, linux/fs.h).
const MOST: u64 = 0x7fff_f000;

fn kind(cx: &mut Context, descriptor: i32) -> Result<u32, Errno> {
    Ok(u32::from(status::of_descriptor(cx, descriptor)?.stx_mode) & S_IFMT)
}

/// sendfile(2). What has gone is told even when the rest fails.
///
/// # Errors
/// As the manual page has them: `ENOTSOCK`, `EINVAL` for what is no file, `EAGAIN` with part of it gone.
#[expect(clippy::too_many_arguments, reason = "the arguments of the call")]
pub fn send(
    cx: &mut Context,
    source: i32,
    socket: i32,
    offset: i64,
    length: usize,
    around: Pointer,
    sent: Pointer,
    _flags: u64,
) -> Result<u64, Errno> {
    if offset < 0 {
        return Err(Errno::INVAL);
    }
    if kind(cx, source)? != S_IFREG {
        return Err(Errno::INVAL);
    }
    if kind(cx, socket)? != S_IFSOCK {
        return Err(Errno::NOTSOCK);
    }
    let around = guest::get_if::<Around>(around.0)?.unwrap_or_default();
    let mut gone = 0;
    let result = parts(cx, source, socket, offset, length as u64, &around, &mut gone);
    guest::put_if(sent.0, &gone)?;
    match result {
        // Begun anew it would send twice what has gone.
        Err(RESTART) if gone != 0 => Err(Errno::INTR),
        result => result.map(|()| 0),
    }
}

/// Headers, file and trailers one after the other; stops where the socket takes no more.
fn parts(
    cx: &mut Context,
    source: i32,
    socket: i32,
    offset: i64,
    length: u64,
    around: &Around,
    gone: &mut u64,
) -> Result<(), Errno> {
    if around.headers != 0 && around.header_count > 0 {
        vectors(cx, socket, around.headers, around.header_count as u64, gone)?;
    }
    let mut at = offset;
    let mut left = if length == 0 { u64::MAX } else { length };
    while left != 0 {
        let moved = send::send(cx, socket, source, at, left.min(MOST))?;
        if moved == 0 {
            break;
        }
        *gone += moved;
        at += moved as i64;
        left -= moved;
    }
    if around.trailers != 0 && around.trailer_count > 0 {
        vectors(cx, socket, around.trailers, around.trailer_count as u64, gone)?;
    }
    Ok(())
}

/// Sends all buffers of a list; a part of them is an error with that much gone.
fn vectors(cx: &mut Context, socket: i32, at: u64, count: u64, gone: &mut u64) -> Result<(), Errno> {
    let mut total = 0u64;
    for index in 0..count.min(1024) {
        total = total.saturating_add(guest::get::<[u64; 2]>(at.wrapping_add(16 * index))?[1]);
    }
    let written = file::write_vector(cx, socket, Pointer(at), count, -1, 0)?;
    *gone += written;
    if written < total { Err(Errno::AGAIN) } else { Ok(()) }
}

/// copy_file_range(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags and negative offsets.
pub fn copy(
    cx: &mut Context,
    source: i32,
    source_offset: Pointer,
    target: i32,
    offset: Pointer,
    length: usize,
    flags: u64,
) -> Result<u64, Errno> {
    if flags != 0 {
        return Err(Errno::INVAL);
    }
    let from = guest::get_if::<i64>(source_offset.0)?;
    let to = guest::get_if::<i64>(offset.0)?;
    if from.is_some_and(|from| from < 0) || to.is_some_and(|to| to < 0) {
        return Err(Errno::INVAL);
    }
    let transfer = Transfer { target, source, offset: to, source_offset: from, length: length as u64 };
    let copied = send::copy(cx, transfer)?;
    guest::put_if(source_offset.0, &(from.unwrap_or(0) + copied as i64))?;
    guest::put_if(offset.0, &(to.unwrap_or(0) + copied as i64))?;
    Ok(copied)
}
