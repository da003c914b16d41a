//! getdirentries(2) in its layouts, and chdir(2), getcwd(3), chroot(2).

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::directory::{self, CHUNK, Entry};

/// Fields of a record before its name, in the order of the header.
trait Layout {
    /// Bytes before the name.
    const HEAD: usize;
    /// What the length is a multiple of.
    const ALIGN: usize;

    /// Writes the fields before the name.
    fn head(entry: &Entry<'_>, length: usize, to: &mut [u8]);

    /// Length of a record: the name is ended by a zero.
    fn length(name: usize) -> usize {
        (Self::HEAD + name + 1).next_multiple_of(Self::ALIGN)
    }
}

/// `struct dirent` since FreeBSD 12 (sys/sys/dirent.h).
enum Current {}

impl Layout for Current {
    const HEAD: usize = 24;
    const ALIGN: usize = 8;

    fn head(entry: &Entry<'_>, length: usize, to: &mut [u8]) {
        to[0..8].copy_from_slice(&entry.inode.to_le_bytes());
        to[8..16].copy_from_slice(&entry.offset.to_le_bytes());
        to[16..18].copy_from_slice(&(length as u16).to_le_bytes());
        to[18] = entry.kind;
        to[20..22].copy_from_slice(&(entry.name.len() as u16).to_le_bytes());
    }
}

/// `struct freebsd11_dirent`.
enum Old {}

impl Layout for Old {
    const HEAD: usize = 8;
    const ALIGN: usize = 4;

    fn head(entry: &Entry<'_>, length: usize, to: &mut [u8]) {
        to[0..4].copy_from_slice(&(entry.inode as u32).to_le_bytes());
        to[4..6].copy_from_slice(&(length as u16).to_le_bytes());
        to[6] = entry.kind;
        to[7] = entry.name.len() as u8;
    }
}

/// Longest record: a name of 255 bytes.
const RECORD: usize = 24 + 256 + 8;

/// Writes entries in a layout into a buffer; gives the bytes written, and where the directory stands behind the last
/// entry when not all found room.
fn convert<L: Layout>(
    records: &[u8],
    room: usize,
    mut put: impl FnMut(usize, &[u8]) -> Result<(), Errno>,
) -> Result<(usize, Option<i64>), Errno> {
    let mut len = 0;
    let mut last = None;
    for entry in directory::entries(records) {
        let name = &entry.name[..entry.name.len().min(255)];
        let length = L::length(name.len());
        if len + length > room {
            // The first has to fit, or nothing ever does.
            return last.map(|last| (len, Some(last))).ok_or(Errno::INVAL);
        }
        let mut record = [0u8; RECORD];
        L::head(&Entry { name, ..entry }, length, &mut record);
        record[L::HEAD..L::HEAD + name.len()].copy_from_slice(name);
        put(len, &record[..length])?;
        len += length;
        last = Some(entry.offset);
    }
    Ok((len, None))
}

fn read<L: Layout>(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    count: usize,
    base: Pointer,
) -> Result<u64, Errno> {
    let before = if base.is_null() { 0 } else { directory::position(descriptor)? };
    let mut records = [0u8; CHUNK];
    // The host's records are shorter by a quarter at most; in a small buffer what does not fit is read again.
    let wanted = if count < 512 { count } else { count / 4 * 3 };
    let room = wanted.min(CHUNK);
    let len = match directory::read(cx, descriptor, &mut records[..room]) {
        Ok(len) => len,
        // A directory that was removed is empty (ufs_readdir, sys/ufs/ufs/ufs_vnops.c).
        Err(Errno::NOENT) => 0,
        Err(Errno::NOTDIR) => return Err(Errno::INVAL),
        Err(error) => return Err(error),
    };
    let (written, again) =
        convert::<L>(&records[..len], count, |at, record| guest::write(buffer.0 + at as u64, record))
            .inspect_err(|_| {
                // Nothing was delivered, so nothing is used up.
                let _ = directory::go_back(descriptor, before);
            })?;
    if let Some(offset) = again {
        directory::go_back(descriptor, offset)?;
    }
    guest::put_if(base.0, &before)?;
    Ok(written as u64)
}

/// getdirentries(2).
///
/// # Errors
/// `EINVAL` for what is no directory and for a buffer too small, `EBADF`, `EFAULT`.
pub fn entries(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    count: usize,
    base: Pointer,
) -> Result<u64, Errno> {
    read::<Current>(cx, descriptor, buffer, count, base)
}

/// getdirentries(2) before FreeBSD 12.
///
/// # Errors
/// As getdirentries(2).
pub fn entries_11(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    count: u32,
    base: Pointer,
) -> Result<u64, Errno> {
    read::<Old>(cx, descriptor, buffer, count as usize, base)
}

/// getdents(2) before FreeBSD 12.
///
/// # Errors
/// As getdirentries(2).
pub fn entries_without_base_11(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    count: usize,
) -> Result<u64, Errno> {
    read::<Old>(cx, descriptor, buffer, count, Pointer(0))
}

/// chdir(2).
///
/// # Errors
/// As the host's.
pub fn change(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    directory::change(cx, path)
}

/// __getcwd(2).
///
/// # Errors
/// `ERANGE` when there is not enough room, `EINVAL` for none, `EFAULT`.
pub fn working(cx: &mut Context, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    if len < 2 {
        return Err(Errno::INVAL);
    }
    directory::working(cx, buffer, len).map(|_| 0)
}

/// chroot(2).
///
/// # Errors
/// `EPERM`, and as the host's.
pub fn change_root(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    directory::change_root(cx, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_record(inode: u64, offset: i64, kind: u8, name: &[u8]) -> Vec<u8> {
        let len = (19 + name.len() + 1).next_multiple_of(8);
        let mut record = vec![0; len];
        record[0..8].copy_from_slice(&inode.to_le_bytes());
        record[8..16].copy_from_slice(&offset.to_le_bytes());
        record[16..18].copy_from_slice(&(len as u16).to_le_bytes());
        record[18] = kind;
        record[19..19 + name.len()].copy_from_slice(name);
        record
    }

    type Converted = Result<(usize, Option<i64>), Errno>;

    fn run<L: Layout>(records: &[u8], room: usize) -> (Converted, Vec<u8>) {
        let mut out = vec![0xee; room];
        let result = convert::<L>(records, room, |at, record| {
            out[at..at + record.len()].copy_from_slice(record);
            Ok(())
        });
        (result, out)
    }

    #[test]
    fn current_layout_is_that_of_the_header() {
        let records = host_record(0x1_0000_0007, 42, 4, b"folder12");
        let (result, out) = run::<Current>(&records, 100);
        assert_eq!(result, Ok((40, None)));
        assert_eq!(u64::from_le_bytes(out[0..8].try_into().unwrap()), 0x1_0000_0007);
        assert_eq!(i64::from_le_bytes(out[8..16].try_into().unwrap()), 42);
        assert_eq!(u16::from_le_bytes(out[16..18].try_into().unwrap()), 40);
        assert_eq!((out[18], out[19]), (4, 0));
        assert_eq!(u16::from_le_bytes(out[20..22].try_into().unwrap()), 8);
        assert_eq!(&out[24..33], b"folder12\0");
    }

    #[test]
    fn old_layout_is_that_of_the_header() {
        let records = host_record(0x1_0000_0007, 42, 8, b"file");
        let (result, out) = run::<Old>(&records, 100);
        assert_eq!(result, Ok((16, None)));
        assert_eq!(u32::from_le_bytes(out[0..4].try_into().unwrap()), 7);
        assert_eq!(u16::from_le_bytes(out[4..6].try_into().unwrap()), 16);
        assert_eq!((out[6], out[7]), (8, 4));
        assert_eq!(&out[8..13], b"file\0");
    }

    #[test]
    fn what_does_not_fit_is_left_for_later() {
        let mut records = host_record(1, 10, 8, b"a");
        records.extend(host_record(2, 20, 8, b"b"));
        records.extend(host_record(3, 30, 8, b"c"));
        let (result, _) = run::<Current>(&records, 70);
        assert_eq!(result, Ok((64, Some(20))));
        let (result, _) = run::<Current>(&records, 31);
        assert_eq!(result, Err(Errno::INVAL));
        assert_eq!(run::<Current>(&[], 31).0, Ok((0, None)));
    }

    #[test]
    fn longest_names_fit_the_record() {
        let name = [b'n'; 255];
        let records = host_record(1, 1, 8, &name);
        assert_eq!(run::<Current>(&records, 4096).0, Ok((280, None)));
        assert_eq!(run::<Old>(&records, 4096).0, Ok((264, None)));
    }

    #[test]
    fn three_quarters_of_the_room_always_fit() {
        for len in 1..=255 {
            let host = (19 + len + 1usize).next_multiple_of(8);
            assert!(Current::length(len) * 3 <= host * 4, "{len}");
        }
    }
}
