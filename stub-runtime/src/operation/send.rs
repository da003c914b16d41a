//! Data from one descriptor to another without a way through the guest. Flags are the host's.

use schemas::{Errno, Flavour, Operation, file};

use crate::context::Context;
use crate::host::linux::{abi::*, syscall::call, syscall::call_blocking};
use crate::world;

/// Bytes that are carried at a time where the host does not carry them itself.
const CHUNK: usize = 16 * 1024;

/// What is to be moved.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Where it goes.
    pub target: i32,
    /// Where it comes from.
    pub source: i32,
    /// Place in the target; none: where it stands.
    pub offset: Option<i64>,
    /// Place in the source; none: where it stands.
    pub source_offset: Option<i64>,
    /// At most so many bytes.
    pub length: u64,
}

/// Whether a route sends such calls to a server.
pub fn is_mapped(cx: &Context) -> bool {
    world::route(cx, Operation::FileSend) == Flavour::Mapped
}

/// Has a server move data; gives how much.
///
/// # Errors
/// As the server's.
pub fn at_server(cx: &Context, transfer: Transfer, flags: u32) -> Result<u64, Errno> {
    crate::transport::call::<file::send::params::Owned, file::send::results::Owned, _>(
        cx,
        Operation::FileSend,
        0,
        &[transfer.target, transfer.source],
        |mut params| {
            params.set_descriptor(transfer.target);
            params.set_object(crate::operation::ask::object(cx, transfer.target));
            params.set_source(transfer.source);
            params.set_offset(transfer.offset.unwrap_or(-1));
            params.set_source_offset(transfer.source_offset.unwrap_or(-1));
            params.set_length(transfer.length);
            params.set_flags(flags);
            Ok(())
        },
        |results, _| Ok(results.get_sent()),
    )
}

/// sendfile(2) from a file to anything; gives how much went.
///
/// # Errors
/// As the host's.
pub fn send(cx: &mut Context, target: i32, source: i32, offset: i64, length: u64) -> Result<u64, Errno> {
    if is_mapped(cx) {
        let transfer = Transfer { target, source, offset: None, source_offset: Some(offset), length };
        return at_server(cx, transfer, 0);
    }
    let mut at = offset;
    let place = &raw mut at as u64;
    // SAFETY: the offset is ours.
    unsafe { call_blocking(__NR_sendfile, [target as u64, source as u64, place, length]) }
}

/// copy_file_range(2), also between file systems of different kinds; gives how much was copied.
///
/// # Errors
/// As the host's.
pub fn copy(cx: &mut Context, transfer: Transfer) -> Result<u64, Errno> {
    if is_mapped(cx) {
        return at_server(cx, transfer, 0);
    }
    let Transfer { target, source, offset, source_offset, length } = transfer;
    let (mut to, mut from) = (offset.unwrap_or(0), source_offset.unwrap_or(0));
    let to_address = if offset.is_some() { &raw mut to as u64 } else { 0 };
    let from_address = if source_offset.is_some() { &raw mut from as u64 } else { 0 };
    // SAFETY: the offsets are ours.
    let copied = unsafe {
        call_blocking(
            __NR_copy_file_range,
            [source as u64, from_address, target as u64, to_address, length, 0],
        )
    };
    match copied {
        Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS) => carry(transfer),
        result => result,
    }
}

/// Copies by reading and writing, a bounded piece: the guest asks again for the rest.
fn carry(transfer: Transfer) -> Result<u64, Errno> {
    let mut buffer = [0u8; CHUNK];
    let at = buffer.as_mut_ptr() as u64;
    let room = transfer.length.min(CHUNK as u64);
    let (source, target) = (transfer.source as u64, transfer.target as u64);
    // SAFETY: the buffer is ours.
    unsafe {
        let len = match transfer.source_offset {
            Some(offset) => call(__NR_pread64, [source, at, room, offset as u64]),
            None => call(__NR_read, [source, at, room]),
        }?;
        let written = match transfer.offset {
            Some(offset) => call(__NR_pwrite64, [target, at, len, offset as u64]),
            None => call(__NR_write, [target, at, len]),
        };
        let kept = written.unwrap_or(0);
        if transfer.source_offset.is_none() && kept < len {
            // What was not written is not used up.
            let _ = call(__NR_lseek, [source, kept.wrapping_sub(len), u64::from(SEEK_CUR)]);
        }
        written
    }
}
