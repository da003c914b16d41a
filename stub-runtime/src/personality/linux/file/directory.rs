//! getdents(2) in its layouts.

use linux_raw_sys::general::{__NR_getdents, __NR_getdents64, __NR_lseek};
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call;
use crate::operation::directory::{self, CHUNK, entries};

/// getdents64(2).
///
/// # Errors
/// As the host's.
pub fn read(cx: &mut Context, descriptor: i32, buffer: Pointer, count: u32) -> Result<u64, Errno> {
    if directory::is_of_host(cx, descriptor) {
        // SAFETY: the guest's buffer, which the kernel checks.
        return unsafe { call(__NR_getdents64, [descriptor as u64, buffer.0, u64::from(count)]) };
    }
    let mut records = [0u8; CHUNK];
    let room = (count as usize).min(CHUNK);
    let before = position(descriptor);
    let len = directory::read(cx, descriptor, &mut records[..room])?;
    give(descriptor, before, buffer, &records[..len])
}

/// Where a directory is read from next; nothing where that cannot be told.
fn position(descriptor: i32) -> Option<u64> {
    // SAFETY: no pointers; 1 is SEEK_CUR.
    unsafe { call(__NR_lseek, [descriptor as u64, 0, 1]) }.ok()
}

/// Hands entries to the guest. What it cannot take it finds there the next time.
fn give(descriptor: i32, before: Option<u64>, buffer: Pointer, records: &[u8]) -> Result<u64, Errno> {
    guest::write(buffer.0, records).inspect_err(|_| {
        if let Some(before) = before {
            // SAFETY: no pointers; 0 is SEEK_SET.
            let _ = unsafe { call(__NR_lseek, [descriptor as u64, before, 0]) };
        }
    })?;
    Ok(records.len() as u64)
}

/// Bytes before the name in a record of each call (getdents(2)).
const HEAD: usize = 19;
const OLD_HEAD: usize = 18;

/// getdents(2): the kind of an entry is the last byte of its record, which is as long as that of getdents64(2).
///
/// # Errors
/// As the host's.
pub fn read_old(cx: &mut Context, descriptor: i32, buffer: Pointer, count: u32) -> Result<u64, Errno> {
    if directory::is_of_host(cx, descriptor) {
        // SAFETY: as above.
        return unsafe { call(__NR_getdents, [descriptor as u64, buffer.0, u64::from(count)]) };
    }
    let mut records = [0u8; CHUNK];
    let room = (count as usize).min(CHUNK);
    let before = position(descriptor);
    let len = directory::read(cx, descriptor, &mut records[..room])?;
    convert(&mut records[..len]);
    give(descriptor, before, buffer, &records[..len])
}

/// Turns records of getdents64(2) into those of getdents(2), in place.
fn convert(records: &mut [u8]) {
    let mut at = 0;
    let next = |records: &[u8]| entries(records).next().map(|entry| (entry.kind, entry.name.len()));
    while let Some((kind, name)) = next(&records[at..]) {
        let length = usize::from(u16::from_le_bytes([records[at + 16], records[at + 17]]));
        let record = &mut records[at..at + length];
        record.copy_within(HEAD..HEAD + name, OLD_HEAD);
        record[OLD_HEAD + name..].fill(0);
        record[length - 1] = kind;
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_records_have_the_kind_at_their_end() {
        let mut records = vec![0u8; 48];
        for (at, name) in [(0, &b"abcd"[..]), (24, b"x")] {
            records[at..at + 8].copy_from_slice(&7u64.to_le_bytes());
            records[at + 16] = 24;
            records[at + 18] = 8;
            records[at + 19..at + 19 + name.len()].copy_from_slice(name);
        }
        convert(&mut records);
        assert_eq!(&records[16..24], b"\x18\0abcd\0\x08");
        assert_eq!(&records[40..48], b"\x18\0x\0\0\0\0\x08");
    }
}
