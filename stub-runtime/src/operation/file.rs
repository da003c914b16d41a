//! Data through descriptors: reading, writing, seeking, and what else a file's contents are subject to. Numbers and
//! flags are the host's.

use schemas::message::data_words;
use schemas::transport::{REPLY_SIZE, REQUEST_SIZE};
use schemas::{Errno, Operation, file};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::message::Vector;
use crate::host::linux::{abi::*, signal, signal::HostInfo, syscall::call, syscall::call_blocking};
use crate::operation::ask::{ask_descriptor, is_device, is_mapped, is_native, object};
use crate::operation::socket as connection;

/// Most bytes that one message brings back or takes along: the rest is for the message itself.
const REPLY_DATA: usize = REPLY_SIZE - 256;
/// What every server gives at once of what lies at a place.
const PIECE: usize = 16 << 10;
const REQUEST_DATA: usize = REQUEST_SIZE - 256;
/// Most buffers of one call (`UIO_MAXIOV`, linux/uio.h; `IOV_MAX` of FreeBSD is the same).
const VECTORS: u64 = 1024;

/// Asks a server, which never waits, until what passes through the descriptor can pass, or once when the guest does not
/// want to wait either. A pipe or socket that nobody reads from any more raises the signal here that it would have
/// raised without the server.
fn waiting(descriptor: i32, events: u32, mut ask: impl FnMut() -> Result<u64, Errno>) -> Result<u64, Errno> {
    loop {
        match ask() {
            Err(Errno::AGAIN) if waits(descriptor) => {
                // `struct pollfd`: descriptor, wanted, found.
                let mut poll = u64::from(descriptor as u32) | u64::from(events) << 32;
                // SAFETY: the structure is ours.
                unsafe { call_blocking(__NR_poll, [&raw mut poll as u64, 1, u64::MAX]) }?;
            }
            Err(Errno::PIPE) => {
                if let Some(error) = connection::take_error(descriptor) {
                    return Err(error);
                }
                if connection::is_quiet(descriptor) {
                    return Err(Errno::PIPE);
                }
                signal::requeue(&HostInfo { signo: SIGPIPE as i32, ..HostInfo::default() });
                return Err(Errno::PIPE);
            }
            result if events == POLLIN => return connection::after_receive(descriptor, result),
            result => return result,
        }
    }
}

/// Whether the guest waits for what passes through a descriptor.
fn waits(descriptor: i32) -> bool {
    // SAFETY: no pointers.
    let flags = unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFL)]) };
    flags.is_ok_and(|flags| flags & u64::from(O_NONBLOCK) == 0)
}

/// read(2).
///
/// # Errors
/// As the host's; `EISDIR` for a server's directory.
#[inline]
pub fn read(cx: &mut Context, descriptor: i32, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    if !is_native(cx, Operation::FileRead, descriptor)
        && let Some(kind) = connection::stack::kind(cx, descriptor)
    {
        return connection::stack::read(cx, kind, descriptor, buffer, len);
    }
    if !is_native(cx, Operation::FileRead, descriptor)
        && is_mapped(cx, Operation::FileRead, descriptor, Errno::ISDIR)?
    {
        return waiting(descriptor, POLLIN, || ask_read(cx, descriptor, buffer, len));
    }
    // SAFETY: the guest's buffer, which the kernel checks.
    let result = unsafe { call_blocking(__NR_read, [descriptor as u64, buffer.0, len as u64]) };
    connection::after_receive(descriptor, result)
}

/// Has a server read. A device is told how much room there is, and gives more than a message holds in a memory object;
/// others give what a message holds.
fn ask_read(cx: &Context, descriptor: i32, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    let object = object(cx, descriptor);
    let asked = if is_device(cx, descriptor) { len } else { len.min(REPLY_DATA) };
    crate::transport::call::<file::read::params::Owned, file::read::results::Owned, _>(
        cx,
        Operation::FileRead,
        0,
        &[descriptor],
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            params.set_length(asked as u64);
            Ok(())
        },
        |results, received| match (results.get_shared(), received) {
            (0, _) => put(buffer, len, results.get_data()?),
            (shared, &[memory, ..]) => {
                let args = [memory as u64, buffer.0, shared.min(len as u64), 0];
                // SAFETY: the guest's buffer, which the kernel checks; the memory came with this reply.
                unsafe {
                    let read = call(__NR_pread64, args)?;
                    call(__NR_close, [memory as u64])?;
                    Ok(read)
                }
            }
            _ => Err(Errno::BADMSG),
        },
    )
}

/// write(2).
///
/// # Errors
/// As the host's; `EBADF` for a server's directory, which is not open for writing.
#[inline]
pub fn write(cx: &mut Context, descriptor: i32, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    if !is_native(cx, Operation::FileWrite, descriptor)
        && let Some(kind) = connection::stack::kind(cx, descriptor)
    {
        return connection::stack::write(cx, kind, descriptor, buffer, len);
    }
    if !is_native(cx, Operation::FileWrite, descriptor)
        && is_mapped(cx, Operation::FileWrite, descriptor, Errno::BADF)?
    {
        return whole(len, REQUEST_DATA, |done, len| {
            waiting(descriptor, POLLOUT, || {
                ask_descriptor!(
                    cx,
                    FileWrite,
                    file::write,
                    descriptor,
                    data_words(len),
                    |params| {
                        guest::read(buffer.0.wrapping_add(done), params.init_data(len as u32))?;
                    },
                    |results| results.get_written()
                )
            })
        });
    }
    if connection::is_quiet(descriptor) {
        return connection::write_quietly(descriptor, buffer, len);
    }
    // SAFETY: as above.
    let result = unsafe { call_blocking(__NR_write, [descriptor as u64, buffer.0, len as u64]) };
    connection::after_send(descriptor, result)
}

/// Moves data piece by piece, each of at most so many bytes, for programs that know no short transfers with files:
/// until one piece is short, or fails, which counts for nothing when there was one before it.
fn whole(
    len: usize,
    most: usize,
    mut piece: impl FnMut(u64, usize) -> Result<u64, Errno>,
) -> Result<u64, Errno> {
    let mut done = 0;
    loop {
        let part = (len - done).min(most);
        match piece(done as u64, part) {
            Ok(moved) => {
                let moved = (moved as usize).min(part);
                done += moved;
                if moved < part || done == len {
                    return Ok(done as u64);
                }
            }
            Err(error) if done == 0 => return Err(error),
            Err(_) => return Ok(done as u64),
        }
    }
}

/// pread(2).
///
/// # Errors
/// As the host's; `EISDIR` for a server's directory.
#[inline]
pub fn read_at(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    offset: i64,
) -> Result<u64, Errno> {
    if !is_native(cx, Operation::FilePositionRead, descriptor)
        && is_mapped(cx, Operation::FilePositionRead, descriptor, Errno::ISDIR)?
    {
        return whole(len, PIECE, |done, len| {
            waiting(descriptor, POLLIN, || {
                ask_descriptor!(
                    cx,
                    FilePositionRead,
                    file::position_read,
                    descriptor,
                    0,
                    |params| {
                        params.set_length(len as u64);
                        params.set_offset(offset.wrapping_add(done as i64));
                    },
                    |results| put(Pointer(buffer.0.wrapping_add(done)), len, results.get_data()?)?
                )
            })
        });
    }
    // SAFETY: as above.
    unsafe { call_blocking(__NR_pread64, [descriptor as u64, buffer.0, len as u64, offset as u64]) }
}

/// pwrite(2).
///
/// # Errors
/// As the host's; `EBADF` for a server's directory.
#[inline]
pub fn write_at(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    offset: i64,
) -> Result<u64, Errno> {
    if !is_native(cx, Operation::FilePositionWrite, descriptor)
        && is_mapped(cx, Operation::FilePositionWrite, descriptor, Errno::BADF)?
    {
        return whole(len, REQUEST_DATA, |done, len| {
            waiting(descriptor, POLLOUT, || {
                ask_descriptor!(
                    cx,
                    FilePositionWrite,
                    file::position_write,
                    descriptor,
                    data_words(len),
                    |params| {
                        params.set_offset(offset.wrapping_add(done as i64));
                        guest::read(buffer.0.wrapping_add(done), params.init_data(len as u32))?;
                    },
                    |results| results.get_written()
                )
            })
        });
    }
    // SAFETY: as above.
    unsafe { call_blocking(__NR_pwrite64, [descriptor as u64, buffer.0, len as u64, offset as u64]) }
}

/// preadv2(2): an offset of −1 means where the descriptor stands.
///
/// # Errors
/// As the host's; `EISDIR` for a server's directory.
pub fn read_vector(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    flags: u32,
) -> Result<u64, Errno> {
    if offset == -1
        && !is_native(cx, Operation::FileReadVector, descriptor)
        && let Some(kind) = connection::stack::kind(cx, descriptor)
    {
        return connection::stack::read_vector(cx, kind, descriptor, vectors, count);
    }
    if !is_native(cx, Operation::FileReadVector, descriptor)
        && is_mapped(cx, Operation::FileReadVector, descriptor, Errno::ISDIR)?
    {
        if offset >= 0 && flags == 0 {
            return read_vector_at(cx, descriptor, vectors, count, offset);
        }
        let total = total(vectors, count)?;
        return waiting(descriptor, POLLIN, || {
            ask_descriptor!(
                cx,
                FileReadVector,
                file::read_vector,
                descriptor,
                0,
                |params| {
                    params.set_length(total.min(REPLY_DATA as u64));
                    params.set_count(count as u32);
                    params.set_offset(offset);
                    params.set_flags(flags);
                },
                |results| scatter(vectors, count, results.get_data()?)?
            )
        });
    }
    let result =
        vector_call([__NR_readv, __NR_preadv, __NR_preadv2], descriptor, vectors, count, offset, flags);
    connection::after_receive(descriptor, result)
}

/// preadv(2) of a server's: buffer by buffer, until one is not filled.
fn read_vector_at(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
) -> Result<u64, Errno> {
    total(vectors, count)?;
    let mut done = 0;
    for vector in buffers(vectors, count)? {
        let vector = vector?;
        let place = offset.wrapping_add(done as i64);
        match read_at(cx, descriptor, Pointer(vector.base), vector.len as usize, place) {
            Ok(read) => {
                done += read;
                if read < vector.len {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// pwritev2(2): an offset of −1 means where the descriptor stands.
///
/// # Errors
/// As the host's; `EBADF` for a server's directory.
pub fn write_vector(
    cx: &mut Context,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    flags: u32,
) -> Result<u64, Errno> {
    if offset == -1
        && !is_native(cx, Operation::FileWriteVector, descriptor)
        && let Some(kind) = connection::stack::kind(cx, descriptor)
    {
        return connection::stack::write_vector(cx, kind, descriptor, vectors, count);
    }
    if !is_native(cx, Operation::FileWriteVector, descriptor)
        && is_mapped(cx, Operation::FileWriteVector, descriptor, Errno::BADF)?
    {
        let len = total(vectors, count)?.min(REQUEST_DATA as u64) as usize;
        return waiting(descriptor, POLLOUT, || {
            ask_descriptor!(
                cx,
                FileWriteVector,
                file::write_vector,
                descriptor,
                data_words(len),
                |params| {
                    params.set_count(count as u32);
                    params.set_offset(offset);
                    params.set_flags(flags);
                    gather(vectors, count, params.init_data(len as u32))?;
                },
                |results| results.get_written()
            )
        });
    }
    if connection::is_quiet(descriptor) && offset == -1 {
        return connection::write_vector_quietly(descriptor, vectors, count);
    }
    let result =
        vector_call([__NR_writev, __NR_pwritev, __NR_pwritev2], descriptor, vectors, count, offset, flags);
    connection::after_send(descriptor, result)
}

/// The plainest of three host calls that says it all: without offset, with offset, with flags.
fn vector_call(
    numbers: [u32; 3],
    descriptor: i32,
    vectors: Pointer,
    count: u64,
    offset: i64,
    flags: u32,
) -> Result<u64, Errno> {
    let [plain, positioned, flagged] = numbers;
    let number = match (offset, flags) {
        (-1, 0) => plain,
        (_, 0) => positioned,
        _ => flagged,
    };
    let arguments = [descriptor as u64, vectors.0, count, offset as u64, 0, u64::from(flags)];
    // SAFETY: the guest's buffers, which the kernel checks; what a call has no use for it does not look at.
    unsafe { call_blocking(number, arguments) }
}

/// Copies what a server answered to the guest; never more than it asked for.
fn put(buffer: Pointer, len: usize, data: &[u8]) -> Result<u64, Errno> {
    let data = data.get(..len).unwrap_or(data);
    guest::write(buffer.0, data)?;
    Ok(data.len() as u64)
}

/// The buffers of a guest's list.
fn buffers(vectors: Pointer, count: u64) -> Result<impl Iterator<Item = Result<Vector, Errno>>, Errno> {
    if count > VECTORS {
        return Err(Errno::INVAL);
    }
    Ok((0..count).map(move |at| guest::get::<Vector>(vectors.0.wrapping_add(16 * at))))
}

/// Bytes in all buffers.
fn total(vectors: Pointer, count: u64) -> Result<u64, Errno> {
    buffers(vectors, count)?.try_fold(0u64, |sum, vector| {
        sum.checked_add(vector?.len).filter(|sum| *sum <= i64::MAX as u64).ok_or(Errno::INVAL)
    })
}

fn scatter(vectors: Pointer, count: u64, data: &[u8]) -> Result<u64, Errno> {
    let mut rest = data;
    for vector in buffers(vectors, count)? {
        let vector = vector?;
        let (now, later) = rest.split_at(rest.len().min(vector.len as usize));
        guest::write(vector.base, now)?;
        rest = later;
    }
    Ok((data.len() - rest.len()) as u64)
}

fn gather(vectors: Pointer, count: u64, data: &mut [u8]) -> Result<(), Errno> {
    let mut rest = data;
    for vector in buffers(vectors, count)? {
        let vector = vector?;
        let len = rest.len().min(vector.len as usize);
        let (now, later) = rest.split_at_mut(len);
        guest::read(vector.base, now)?;
        rest = later;
    }
    Ok(())
}

/// lseek(2).
///
/// # Errors
/// As the host's.
#[inline]
pub fn seek(cx: &mut Context, descriptor: i32, offset: i64, whence: u32) -> Result<u64, Errno> {
    if !is_native(cx, Operation::FileSeek, descriptor)
        && is_mapped(cx, Operation::FileSeek, descriptor, Errno::INVAL).unwrap_or(false)
    {
        return ask_descriptor!(
            cx,
            FileSeek,
            file::seek,
            descriptor,
            0,
            |params| {
                params.set_offset(offset);
                params.set_whence(whence);
            },
            |results| results.get_offset() as u64
        );
    }
    // SAFETY: no pointers.
    unsafe { call(__NR_lseek, [descriptor as u64, offset as u64, u64::from(whence)]) }
}

/// ftruncate(2).
///
/// # Errors
/// As the host's; `EINVAL` for a server's directory.
pub fn truncate(cx: &mut Context, descriptor: i32, size: i64) -> Result<u64, Errno> {
    if is_mapped(cx, Operation::FileTruncate, descriptor, Errno::INVAL)? {
        return ask_descriptor!(
            cx,
            FileTruncate,
            file::truncate,
            descriptor,
            0,
            |params| {
                params.set_size(size);
            },
            |_| 0
        );
    }
    // SAFETY: no pointers.
    unsafe { call_blocking(__NR_ftruncate, [descriptor as u64, size as u64]) }
}

/// fallocate(2).
///
/// # Errors
/// As the host's; `EISDIR` for a server's directory.
pub fn allocate(
    cx: &mut Context,
    descriptor: i32,
    mode: u32,
    offset: i64,
    length: i64,
) -> Result<u64, Errno> {
    if is_mapped(cx, Operation::FileAllocate, descriptor, Errno::ISDIR)? {
        return ask_descriptor!(
            cx,
            FileAllocate,
            file::allocate,
            descriptor,
            0,
            |params| {
                params.set_mode(mode);
                params.set_offset(offset);
                params.set_length(length);
            },
            |_| 0
        );
    }
    // SAFETY: no pointers.
    unsafe {
        call_blocking(__NR_fallocate, [descriptor as u64, u64::from(mode), offset as u64, length as u64])
    }
}

/// How much of a file is to be written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronize {
    /// fsync(2).
    All,
    /// fdatasync(2).
    Data,
    /// sync_file_range(2), with its flags.
    Range(i64, i64, u32),
    /// syncfs(2).
    Filesystem,
}

/// Writes a file out.
///
/// # Errors
/// As the host's. A server's directory is always as it was written.
pub fn synchronize(cx: &mut Context, descriptor: i32, how: Synchronize) -> Result<u64, Errno> {
    match is_mapped(cx, Operation::FileSynchronize, descriptor, Errno::ISDIR) {
        Err(_) => return Ok(0),
        Ok(true) => {
            let (offset, length) =
                if let Synchronize::Range(offset, length, _) = how { (offset, length) } else { (0, 0) };
            return ask_descriptor!(
                cx,
                FileSynchronize,
                file::synchronize,
                descriptor,
                0,
                |params| {
                    params.set_data_only(matches!(how, Synchronize::Data | Synchronize::Range(..)));
                    params.set_offset(offset);
                    params.set_length(length);
                },
                |_| 0
            );
        }
        Ok(false) => {}
    }
    let descriptor = descriptor as u64;
    // SAFETY: no pointers.
    unsafe {
        match how {
            Synchronize::All => call_blocking(__NR_fsync, [descriptor]),
            Synchronize::Data => call_blocking(__NR_fdatasync, [descriptor]),
            Synchronize::Filesystem => call_blocking(__NR_syncfs, [descriptor]),
            Synchronize::Range(offset, length, flags) => call_blocking(
                __NR_sync_file_range,
                [descriptor, offset as u64, length as u64, u64::from(flags)],
            ),
        }
    }
}

/// posix_fadvise(2); advice in the host's numbers.
///
/// # Errors
/// As the host's.
pub fn advise(
    cx: &mut Context,
    descriptor: i32,
    offset: i64,
    length: i64,
    advice: u32,
) -> Result<u64, Errno> {
    if is_mapped(cx, Operation::FileAdvise, descriptor, Errno::INVAL)? {
        return ask_descriptor!(
            cx,
            FileAdvise,
            file::advise,
            descriptor,
            0,
            |params| {
                params.set_offset(offset);
                params.set_length(length);
                params.set_advice(advice);
            },
            |_| 0
        );
    }
    // SAFETY: no pointers.
    unsafe {
        call_blocking(__NR_fadvise64, [descriptor as u64, offset as u64, length as u64, u64::from(advice)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_write_goes_on_until_a_piece_is_short_or_fails() {
        let written = |len: usize, answers: &[Result<u64, Errno>]| {
            let mut asked = Vec::new();
            let mut answers = answers.iter().copied();
            let result = whole(len, REQUEST_DATA, |done, part| {
                asked.push((done as usize, part));
                answers.next().unwrap_or(Ok(part as u64))
            });
            (result, asked)
        };
        assert_eq!(written(0, &[]), (Ok(0), vec![(0, 0)]));
        let full = REQUEST_DATA;
        let pieces = vec![(0, full), (full, full), (2 * full, 5)];
        assert_eq!(written(2 * full + 5, &[]), (Ok(2 * full as u64 + 5), pieces));
        assert_eq!(written(2 * full, &[Ok(7)]), (Ok(7), vec![(0, full)]));
        assert_eq!(written(2 * full, &[Err(Errno::NOSPC)]).0, Err(Errno::NOSPC));
        assert_eq!(written(2 * full, &[Ok(full as u64), Err(Errno::NOSPC)]).0, Ok(full as u64));
    }
}
