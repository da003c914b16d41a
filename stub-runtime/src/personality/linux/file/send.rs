//! sendfile(2), splice(2), copy_file_range(2): the host's own, unless a route sends them to a server.

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call_blocking;
use crate::operation::send::{self, Transfer};

/// Has a server move data between places that may be given by pointers.
fn at_server(
    cx: &Context,
    [target, source]: [i32; 2],
    [offset, source_offset]: [Pointer; 2],
    length: usize,
    flags: u64,
) -> Result<u64, Errno> {
    let to = guest::get_if::<i64>(offset.0)?;
    let from = guest::get_if::<i64>(source_offset.0)?;
    let transfer = Transfer { target, source, offset: to, source_offset: from, length: length as u64 };
    let sent = send::at_server(cx, transfer, flags as u32)?;
    guest::put_if(offset.0, &(to.unwrap_or(0) + sent as i64))?;
    guest::put_if(source_offset.0, &(from.unwrap_or(0) + sent as i64))?;
    Ok(sent)
}

/// sendfile(2).
///
/// # Errors
/// As the host's.
pub fn send(
    cx: &mut Context,
    target: i32,
    source: i32,
    offset: Pointer,
    length: usize,
) -> Result<u64, Errno> {
    if send::is_mapped(cx) {
        return at_server(cx, [target, source], [Pointer(0), offset], length, 0);
    }
    // SAFETY: the guest's offset, which the kernel checks.
    unsafe { call_blocking(__NR_sendfile, [target as u64, source as u64, offset.0, length as u64]) }
}

/// splice(2).
///
/// # Errors
/// As the host's.
pub fn splice(
    cx: &mut Context,
    source: i32,
    source_offset: Pointer,
    target: i32,
    offset: Pointer,
    length: usize,
    flags: u32,
) -> Result<u64, Errno> {
    let flags = u64::from(flags);
    if send::is_mapped(cx) {
        return at_server(cx, [target, source], [offset, source_offset], length, flags);
    }
    let arguments = [source as u64, source_offset.0, target as u64, offset.0, length as u64, flags];
    // SAFETY: the guest's offsets, which the kernel checks.
    unsafe { call_blocking(__NR_splice, arguments) }
}

/// copy_file_range(2).
///
/// # Errors
/// As the host's.
pub fn copy(
    cx: &mut Context,
    source: i32,
    source_offset: Pointer,
    target: i32,
    offset: Pointer,
    length: usize,
    flags: u64,
) -> Result<u64, Errno> {
    if send::is_mapped(cx) {
        return at_server(cx, [target, source], [offset, source_offset], length, 0);
    }
    let arguments = [source as u64, source_offset.0, target as u64, offset.0, length as u64, flags];
    // SAFETY: as above.
    unsafe { call_blocking(__NR_copy_file_range, arguments) }
}
