//! Reading, writing and the contents of files: read(2), write(2), lseek(2), fsync(2), posix_fallocate(2) …

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::file::{self, Synchronize};
use crate::personality::freebsd::{errno, flags};

/// readv(2).
///
/// # Errors
/// As the host's.
pub fn readv(cx: &mut Context, descriptor: i32, vectors: Pointer, count: u32) -> Result<u64, Errno> {
    file::read_vector(cx, descriptor, vectors, u64::from(count), -1, 0)
}

/// writev(2).
///
/// # Errors
/// As the host's.
pub fn writev(cx: &mut Context, descriptor: i32, vectors: Pointer, count: u32) -> Result<u64, Errno> {
    file::write_vector(cx, descriptor, vectors, u64::from(count), -1, 0)
}

/// preadv(2).
///
/// # Errors
/// As the host's; `EINVAL` for a negative offset.
pub fn preadv(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u32,
    offset: i64,
) -> Result<u64, Errno> {
    if offset < 0 {
        return Err(Errno::INVAL);
    }
    file::read_vector(cx, descriptor, vectors, u64::from(count), offset, 0)
}

/// pwritev(2).
///
/// # Errors
/// As the host's; `EINVAL` for a negative offset.
pub fn pwritev(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u32,
    offset: i64,
) -> Result<u64, Errno> {
    if offset < 0 {
        return Err(Errno::INVAL);
    }
    file::write_vector(cx, descriptor, vectors, u64::from(count), offset, 0)
}

/// pread(2) of FreeBSD 6, with padding before the offset.
///
/// # Errors
/// As the host's.
pub fn read_at_6(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    _pad: i32,
    offset: i64,
) -> Result<u64, Errno> {
    file::read_at(cx, descriptor, buffer, len, offset)
}

/// pwrite(2) of FreeBSD 6.
///
/// # Errors
/// As the host's.
pub fn write_at_6(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    _pad: i32,
    offset: i64,
) -> Result<u64, Errno> {
    file::write_at(cx, descriptor, buffer, len, offset)
}

/// lseek(2).
///
/// # Errors
/// As the host's.
pub fn seek(cx: &mut Context, descriptor: i32, offset: i64, whence: i32) -> Result<u64, Errno> {
    // SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA and SEEK_HOLE have the host's numbers.
    file::seek(cx, descriptor, offset, whence as u32)
}

/// lseek(2) of FreeBSD 6.
///
/// # Errors
/// As the host's.
pub fn seek_6(cx: &mut Context, descriptor: i32, _pad: i32, offset: i64, whence: i32) -> Result<u64, Errno> {
    seek(cx, descriptor, offset, whence)
}

/// ftruncate(2) of FreeBSD 6.
///
/// # Errors
/// As the host's.
pub fn truncate_6(cx: &mut Context, descriptor: i32, _pad: i32, size: i64) -> Result<u64, Errno> {
    file::truncate(cx, descriptor, size)
}

/// fsync(2).
///
/// # Errors
/// As the host's.
pub fn synchronize(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    file::synchronize(cx, descriptor, Synchronize::All)
}

/// fdatasync(2).
///
/// # Errors
/// As the host's.
pub fn synchronize_data(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    file::synchronize(cx, descriptor, Synchronize::Data)
}

/// An error as the result of a call that reports it there and never fails.
fn reported(result: Result<u64, Errno>) -> Result<u64, Errno> {
    match result {
        Err(crate::host::linux::syscall::RESTART) => Err(crate::host::linux::syscall::RESTART),
        Err(error) => Ok(errno::from_host(error) as u64),
        Ok(_) => Ok(0),
    }
}

/// posix_fallocate(2): the error number is the result.
///
/// # Errors
/// None.
pub fn allocate(cx: &mut Context, descriptor: i32, offset: i64, length: i64) -> Result<u64, Errno> {
    let sensible = offset >= 0 && length > 0 && offset.checked_add(length).is_some();
    reported(if sensible { file::allocate(cx, descriptor, 0, offset, length) } else { Err(Errno::INVAL) })
}

/// posix_fadvise(2): the error number is the result.
///
/// # Errors
/// None.
pub fn advise(
    cx: &mut Context,
    descriptor: i32,
    offset: i64,
    length: i64,
    advice: i32,
) -> Result<u64, Errno> {
    let sensible = offset >= 0 && length >= 0 && offset.checked_add(length).is_some();
    let advice = if sensible { flags::FILE_ADVICE.to_host(advice) } else { Err(Errno::INVAL) };
    reported(advice.and_then(|advice| file::advise(cx, descriptor, offset, length, advice as u32)))
}

crate::layout! {
    /// `struct spacectl_range` (sys/sys/fcntl.h).
    pub struct Range: 16 {
        pub offset: i64,
        pub len: i64,
    }
}

/// `SPACECTL_DEALLOC` (sys/sys/fcntl.h).
const DEALLOCATE: i32 = 1;

/// fspacectl(2): makes a hole.
///
/// # Errors
/// `EINVAL`, `EFAULT`, and as fallocate(2) of the host.
pub fn space(
    cx: &mut Context,
    descriptor: i32,
    command: i32,
    wanted: Pointer,
    flags: i32,
    left: Pointer,
) -> Result<u64, Errno> {
    let range: Range = guest::get(wanted.0)?;
    let sensible = range.offset >= 0 && range.len > 0;
    let Some(end) = range.offset.checked_add(range.len).filter(|_| sensible) else {
        return Err(Errno::INVAL);
    };
    if command != DEALLOCATE || flags != 0 {
        return Err(Errno::INVAL);
    }
    file::allocate(cx, descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range.offset, range.len)?;
    let size = crate::operation::status::of_descriptor(cx, descriptor)?.stx_size as i64;
    guest::put_if(left.0, &Range { offset: end.min(size.max(range.offset)), len: 0 })?;
    Ok(0)
}
