//! Directories: their entries, and which one the guest works in.

use schemas::common::Capability;
use schemas::{Errno, Operation, file, fs};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor, is_native};
use crate::operation::descriptor::{Kind, Meaning, WORKING};
use crate::operation::path::{Aim, At, Path, base_of, note_working, perform, perform_on, working_of_host};
use crate::operation::{mounts, status};

/// Bytes before the name in a record (`struct linux_dirent64`, getdents(2)).
const HEAD: usize = 19;

/// Entries that are read at a time for guests whose layout is not the host's.
pub const CHUNK: usize = 8192;

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Inode number.
    pub inode: u64,
    /// Where the directory stands behind it, for lseek(2).
    pub offset: i64,
    /// `DT_*`, the same numbers on all systems.
    pub kind: u8,
    /// Its name.
    pub name: &'a [u8],
}

/// The entries in a buffer of the host's records. It ends where a record is not whole.
pub fn entries(records: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = records;
    core::iter::from_fn(move || {
        let len = record_length(rest)?;
        let (record, after) = rest.split_at(len);
        rest = after;
        let number = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| record[at + i]));
        let name = &record[HEAD..];
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        Some(Entry { inode: number(0), offset: number(8) as i64, kind: record[18], name: &name[..end] })
    })
}

/// Length of the record at the start of a buffer, if all of it is there.
fn record_length(records: &[u8]) -> Option<usize> {
    let len = usize::from(u16::from_le_bytes([*records.get(16)?, *records.get(17)?]));
    (len > HEAD && len <= records.len()).then_some(len)
}

/// Reads entries into the stub's own memory, as the host's records; gives their length, 0 at the end.
///
/// # Errors
/// As getdents64(2); `EINVAL` when not even one fits.
pub fn read(cx: &mut Context, descriptor: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    match answerer(cx, Operation::FileReadDirectory, descriptor) {
        Answerer::Directory => read_listing(descriptor, buffer),
        Answerer::Server => read_at_server(cx, descriptor, buffer),
        Answerer::Host => {
            let (at, len) = (buffer.as_mut_ptr() as u64, buffer.len() as u64);
            // SAFETY: the buffer is ours.
            let len = unsafe { call(__NR_getdents64, [descriptor as u64, at, len]) }? as usize;
            if cx.process().descriptors.is_plain(descriptor) {
                return Ok(len);
            }
            read_mounts(cx, descriptor, buffer, len)
        }
    }
}

/// Whether the host can write entries right into the guest's memory, where the layouts agree.
pub fn is_of_host(cx: &Context, descriptor: i32) -> bool {
    is_native(cx, Operation::FileReadDirectory, descriptor)
}

/// After the last of the host's entries of a directory come, once, the names of the mounts in it that the host does
/// not have. `len` is what the host has just given.
fn read_mounts(cx: &Context, descriptor: i32, buffer: &mut [u8], len: usize) -> Result<usize, Errno> {
    let descriptors = &cx.process().descriptors;
    let mut seen = PathBuffer::new();
    let Some(Meaning { kind: Kind::Above, object: were_read, .. }) =
        descriptors.path(descriptor, &mut seen)?
    else {
        return Ok(len);
    };
    if len != 0 || were_read != 0 {
        let again = u64::from(len == 0);
        descriptors.update(descriptor, |meaning| meaning.object = again);
        return Ok(len);
    }
    let offset = position(descriptor)?;
    let mut end = 0;
    mounts::current(cx).each_name(seen.bytes(), |name, number| {
        let record = (HEAD + name.len() + 1).next_multiple_of(8);
        let mut path = PathBuffer::new();
        let Ok(path) = path.set(&[name]) else { return };
        let found = status::of_host(descriptor, path.address(), AT_SYMLINK_NOFOLLOW);
        let Some(to) = buffer.get_mut(end..end + record).filter(|_| found.is_err()) else { return };
        to.fill(0);
        // Numbers that no file of the host has; what kind of thing it is the server knows.
        to[0..8].copy_from_slice(&(u64::MAX - u64::from(number)).to_le_bytes());
        to[8..16].copy_from_slice(&offset.to_le_bytes());
        to[16..18].copy_from_slice(&(record as u16).to_le_bytes());
        to[HEAD..HEAD + name.len()].copy_from_slice(name);
        end += record;
    });
    descriptors.update(descriptor, |meaning| meaning.object = 1);
    Ok(end)
}

/// The memory file of a server's directory: the host's offset in it is where the guest has read to.
fn read_listing(descriptor: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    let file = descriptor as u64;
    let (at, room) = (buffer.as_mut_ptr() as u64, buffer.len() as u64);
    // SAFETY: the buffer is ours.
    let (start, len) = unsafe {
        let start = call(__NR_lseek, [file, 0, u64::from(SEEK_CUR)])?;
        (start, call(__NR_pread64, [file, at, room, start])?)
    };
    let mut whole = 0;
    while let Some(record) = record_length(&buffer[whole..len as usize]) {
        let offset = start + (whole + record) as u64;
        buffer[whole + 8..whole + 16].copy_from_slice(&offset.to_le_bytes());
        whole += record;
    }
    if whole == 0 && len != 0 {
        return Err(Errno::INVAL);
    }
    // SAFETY: no pointers.
    unsafe { call(__NR_lseek, [file, start + whole as u64, u64::from(SEEK_SET)]) }?;
    Ok(whole)
}

fn read_at_server(cx: &Context, descriptor: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    let room = buffer.len() as u64;
    ask_descriptor!(
        cx,
        FileReadDirectory,
        file::read_directory,
        descriptor,
        0,
        |params| {
            params.set_length(room);
        },
        |results| {
            let entries = results.get_entries()?;
            buffer.get_mut(..entries.len()).ok_or(Errno::MSGSIZE)?.copy_from_slice(entries);
            entries.len()
        }
    )
}

/// Moves a directory back to an entry that was read and not used.
///
/// # Errors
/// As lseek(2).
pub fn go_back(descriptor: i32, offset: i64) -> Result<(), Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_lseek, [descriptor as u64, offset as u64, u64::from(SEEK_SET)]) }.map(drop)
}

/// Where a directory stands.
///
/// # Errors
/// As lseek(2).
pub fn position(descriptor: i32) -> Result<i64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_lseek, [descriptor as u64, 0, u64::from(SEEK_CUR)]) }.map(|at| at as i64)
}

/// chdir(2).
///
/// # Errors
/// As the host's.
pub fn change(cx: &mut Context, given: Pointer) -> Result<u64, Errno> {
    let mut path = Path::new();
    path.read(cx, At::working(given))?;
    let mut by_host = false;
    let result = perform_on(
        cx,
        Operation::FsChangeDirectory,
        &mut path,
        Aim::Follow,
        |_, place| {
            by_host = true;
            let mut name = PathBuffer::new();
            // SAFETY: the path is ours.
            unsafe { call(__NR_chdir, [place.as_path(&mut name)?]) }
        },
        |cx, remote| {
            let seen = remote.absolute();
            let found = ask!(
                cx,
                FsChangeDirectory,
                fs::change_directory,
                remote,
                0,
                |params| {},
                |results, received| {
                    let kind = results.get_kind().map_err(|_| Errno::BADMSG)?;
                    (kind, results.get_object(), *received.first().ok_or(Errno::BADMSG)?)
                }
            )?;
            let Some((kind, object, descriptor)) = found else { return Ok(None) };
            let kind = if kind == Capability::Listing { Kind::Directory } else { Kind::Donated };
            let moved = match kind {
                // The host stays where it is.
                Kind::Directory => Ok(0),
                // SAFETY: no pointers.
                _ => unsafe { call(__NR_fchdir, [descriptor as u64]) },
            };
            let meaning = Meaning { object, ..Meaning::of(kind) };
            let result = moved.and_then(|_| match seen.first() {
                Some(b'/') => cx.process().descriptors.set(WORKING, meaning, seen),
                // One too far down to be named is known to the host.
                _ => {
                    arrived(cx);
                    Ok(())
                }
            });
            // SAFETY: our own descriptor.
            let _ = unsafe { call(__NR_close, [descriptor as u64]) };
            result.map(|()| Some(0))
        },
    )?;
    match path.donated() {
        Some(seen) if by_host => {
            cx.process().descriptors.set(WORKING, Meaning::of(Kind::Donated), seen)?;
        }
        _ if by_host => arrived(cx),
        _ => {}
    }
    Ok(result)
}

/// The host's working directory is the guest's again.
fn arrived(cx: &Context) {
    cx.process().descriptors.forget(WORKING);
    note_working(cx, mounts::current(cx));
}

/// fchdir(2).
///
/// # Errors
/// As the host's.
pub fn change_to(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    let mut seen = PathBuffer::new();
    let meaning = cx.process().descriptors.path(descriptor, &mut seen)?;
    if meaning.is_none_or(|meaning| meaning.kind != Kind::Directory) {
        // SAFETY: no pointers.
        unsafe { call(__NR_fchdir, [descriptor as u64]) }?;
    }
    match meaning {
        Some(meaning @ Meaning { kind: Kind::Directory | Kind::Donated, .. }) => {
            cx.process().descriptors.set(WORKING, meaning, seen.bytes())?;
        }
        _ => arrived(cx),
    }
    Ok(0)
}

/// getcwd(2) into the guest's buffer; gives the length with the terminating zero.
///
/// # Errors
/// `ERANGE` when there is not enough room, `ENOENT` for a directory that is gone, `EFAULT`.
pub fn working(cx: &mut Context, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    let table = mounts::current(cx);
    if table.is_plain() && cx.process().descriptors.is_plain(WORKING) {
        // SAFETY: the guest's buffer, which the kernel checks.
        return unsafe { call(__NR_getcwd, [buffer.0, len as u64]) };
    }
    let mut path = PathBuffer::new();
    if !base_of(cx, table, WORKING, &mut path)? {
        working_of_host(&mut path)?;
    }
    let bytes = path.bytes();
    if bytes.len() >= len {
        return Err(Errno::RANGE);
    }
    guest::write(buffer.0, bytes)?;
    guest::put(buffer.0 + bytes.len() as u64, &0u8)?;
    Ok(bytes.len() as u64 + 1)
}

/// chroot(2): the deployment decides whether, the host whether the guest may.
///
/// # Errors
/// `EPERM`, and as the host's.
pub fn change_root(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    perform(
        cx,
        Operation::FsChangeRoot,
        At::working(path),
        Aim::Follow,
        |_, place| {
            let mut name = PathBuffer::new();
            // SAFETY: the path is ours.
            unsafe { call(__NR_chroot, [place.as_path(&mut name)?]) }
        },
        |cx, remote| {
            let directory =
                ask!(cx, FsChangeRoot, fs::change_root, remote, 0, |params| {}, |_, received| *received
                    .first()
                    .ok_or(Errno::BADMSG)?)?;
            let Some(directory) = directory else { return Ok(None) };
            let result = change_root_to(directory);
            // SAFETY: our own descriptor.
            let _ = unsafe { call(__NR_close, [directory as u64]) };
            result.map(|()| Some(0))
        },
    )
}

/// Makes an open directory the root and leaves the working directory where it is.
///
/// # Errors
/// `EPERM`, and as the host's.
pub fn change_root_to(directory: i32) -> Result<(), Errno> {
    let dot = c".".as_ptr() as u64;
    let flags = u64::from(O_PATH | O_DIRECTORY | O_CLOEXEC);
    // SAFETY: the paths are ours, and so is the descriptor.
    unsafe {
        let before = call(__NR_openat, [WORKING as u64, dot, flags])?;
        let result = call(__NR_fchdir, [directory as u64]).and_then(|_| {
            let result = call(__NR_chroot, [dot]);
            let _ = call(__NR_fchdir, [before]);
            result
        });
        let _ = call(__NR_close, [before]);
        result.map(drop)
    }
}

/// Whether a descriptor leads to a directory, of the host or of a server.
///
/// # Errors
/// As fstat(2).
pub fn is_directory(cx: &mut Context, descriptor: i32) -> Result<bool, Errno> {
    let found = status::of_descriptor(cx, descriptor)?;
    Ok(u32::from(found.stx_mode) & S_IFMT == S_IFDIR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(inode: u64, kind: u8, name: &[u8]) -> Vec<u8> {
        let len = (HEAD + name.len() + 1).next_multiple_of(8);
        let mut record = vec![0; len];
        record[..8].copy_from_slice(&inode.to_le_bytes());
        record[16..18].copy_from_slice(&(len as u16).to_le_bytes());
        record[18] = kind;
        record[HEAD..HEAD + name.len()].copy_from_slice(name);
        record
    }

    fn listing(names: &[&str]) -> (i32, Vec<u8>) {
        let bytes: Vec<u8> =
            names.iter().enumerate().flat_map(|(i, name)| record(i as u64, 8, name.as_bytes())).collect();
        // SAFETY: the name and the bytes are ours.
        let file = unsafe {
            let file = call(__NR_memfd_create, [c"listing".as_ptr() as u64, u64::from(MFD_CLOEXEC)]).unwrap();
            call(__NR_write, [file, bytes.as_ptr() as u64, bytes.len() as u64]).unwrap();
            file as i32
        };
        go_back(file, 0).unwrap();
        (file, bytes)
    }

    fn names(records: &[u8]) -> Vec<String> {
        entries(records).map(|entry| String::from_utf8_lossy(entry.name).into_owned()).collect()
    }

    #[test]
    fn entries_end_where_a_record_is_not_whole() {
        let mut bytes = record(7, 4, b"folder");
        bytes.extend(record(8, 8, b"a"));
        let all: Vec<_> = entries(&bytes).collect();
        assert_eq!(all[0], Entry { inode: 7, offset: 0, kind: 4, name: b"folder" });
        assert_eq!(all[1].name, b"a");
        assert_eq!(entries(&bytes[..bytes.len() - 1]).count(), 1);
        assert_eq!(entries(&bytes[..17]).count(), 0);
        bytes[16..18].fill(0);
        assert_eq!(entries(&bytes).count(), 0);
    }

    #[test]
    fn listings_are_read_by_whole_entries() {
        let wanted = [".", "..", "null", "zero", "a rather long name of a file"];
        let (file, bytes) = listing(&wanted);
        let mut found = Vec::new();
        let mut buffer = [0; 60];
        loop {
            let len = read_listing(file, &mut buffer).unwrap();
            if len == 0 {
                break;
            }
            let last = entries(&buffer[..len]).last().unwrap().offset;
            assert_eq!(position(file), Ok(last));
            found.extend(names(&buffer[..len]));
        }
        assert_eq!(found, wanted);
        assert_eq!(position(file), Ok(bytes.len() as i64));
        go_back(file, 24).unwrap();
        assert_eq!(read_listing(file, &mut buffer[..20]), Err(Errno::INVAL));
        let len = read_listing(file, &mut buffer).unwrap();
        assert_eq!(names(&buffer[..len])[0], "..");
    }
}
