//! Reading, writing and the contents of files: preadv(2), fsync(2), fallocate(2) …

use linux_raw_sys::general::POSIX_FADV_WILLNEED;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::operation::file::{self, Synchronize};

/// readv(2).
///
/// # Errors
/// As the host's.
pub fn readv(cx: &mut Context, descriptor: i32, vectors: Pointer, count: u64) -> Result<u64, Errno> {
    file::read_vector(cx, descriptor, vectors, count, -1, 0)
}

/// writev(2).
///
/// # Errors
/// As the host's.
pub fn writev(cx: &mut Context, descriptor: i32, vectors: Pointer, count: u64) -> Result<u64, Errno> {
    file::write_vector(cx, descriptor, vectors, count, -1, 0)
}

/// preadv(2); the upper half of the offset is in the lower already.
///
/// # Errors
/// As the host's.
pub fn preadv(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    _high: i64,
) -> Result<u64, Errno> {
    if offset < 0 {
        return Err(Errno::INVAL);
    }
    file::read_vector(cx, descriptor, vectors, count, offset, 0)
}

/// pwritev(2).
///
/// # Errors
/// As the host's.
pub fn pwritev(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    _high: i64,
) -> Result<u64, Errno> {
    if offset < 0 {
        return Err(Errno::INVAL);
    }
    file::write_vector(cx, descriptor, vectors, count, offset, 0)
}

/// preadv2(2).
///
/// # Errors
/// As the host's.
pub fn preadv2(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    _high: i64,
    flags: u64,
) -> Result<u64, Errno> {
    file::read_vector(cx, descriptor, vectors, count, offset, flags as u32)
}

/// pwritev2(2).
///
/// # Errors
/// As the host's.
pub fn pwritev2(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    _high: i64,
    flags: u64,
) -> Result<u64, Errno> {
    file::write_vector(cx, descriptor, vectors, count, offset, flags as u32)
}

/// lseek(2).
///
/// # Errors
/// As the host's.
pub fn seek(cx: &mut Context, descriptor: i32, offset: i64, whence: i32) -> Result<u64, Errno> {
    file::seek(cx, descriptor, offset, whence as u32)
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

/// syncfs(2).
///
/// # Errors
/// As the host's.
pub fn synchronize_filesystem(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    file::synchronize(cx, descriptor, Synchronize::Filesystem)
}

/// sync_file_range(2).
///
/// # Errors
/// As the host's.
pub fn synchronize_range(
    cx: &mut Context,
    descriptor: i32,
    offset: i64,
    length: i64,
    flags: u64,
) -> Result<u64, Errno> {
    file::synchronize(cx, descriptor, Synchronize::Range(offset, length, flags as u32))
}

/// fallocate(2).
///
/// # Errors
/// As the host's.
pub fn allocate(
    cx: &mut Context,
    descriptor: i32,
    mode: u32,
    offset: i64,
    length: i64,
) -> Result<u64, Errno> {
    file::allocate(cx, descriptor, mode, offset, length)
}

/// fadvise64(2).
///
/// # Errors
/// As the host's.
pub fn advise(
    cx: &mut Context,
    descriptor: i32,
    offset: i64,
    length: i64,
    advice: i32,
) -> Result<u64, Errno> {
    file::advise(cx, descriptor, offset, length, advice as u32)
}

/// readahead(2), which the host too treats as advice.
///
/// # Errors
/// As the host's.
pub fn read_ahead(cx: &mut Context, descriptor: i32, offset: i64, length: usize) -> Result<u64, Errno> {
    file::advise(cx, descriptor, offset, length as i64, POSIX_FADV_WILLNEED)
}
