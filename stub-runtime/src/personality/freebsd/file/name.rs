//! Names in directories: mkdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2), mknod(2).

use linux_raw_sys::general::{AT_SYMLINK_FOLLOW, S_IFDIR, S_IFIFO, S_IFMT};
use schemas::Errno;

use super::{at_flags, status as layouts};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi, syscall::call};
use crate::operation::ask;
use crate::operation::descriptor::WORKING;
use crate::operation::path::At;
use crate::operation::{name, status, watch};
use crate::personality::freebsd::flags;

/// `FD_NONE` (sys/sys/fcntl.h).
const NONE: i32 = -200;

/// mkdir(2).
///
/// # Errors
/// As the host's.
pub fn make_directory(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    name::make_directory(cx, At::working(path), mode)
}

/// mkdirat(2).
///
/// # Errors
/// As the host's.
pub fn make_directory_at(cx: &mut Context, directory: i32, path: Pointer, mode: u32) -> Result<u64, Errno> {
    name::make_directory(cx, At { directory, path }, mode)
}

/// rmdir(2).
///
/// # Errors
/// As the host's.
pub fn remove_directory(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    name::remove(cx, At::working(path), true)
}

/// unlink(2).
///
/// # Errors
/// As the host's; `EPERM` for a directory.
pub fn unlink(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    remove(cx, At::working(path), 0)
}

/// unlinkat(2).
///
/// # Errors
/// As the host's; `EPERM` for a directory without `AT_REMOVEDIR`.
pub fn unlink_at(cx: &mut Context, directory: i32, path: Pointer, given: u32) -> Result<u64, Errno> {
    remove(cx, At { directory, path }, given)
}

fn remove(cx: &mut Context, at: At, given: u32) -> Result<u64, Errno> {
    let is_directory = at_flags(given, flags::AT_REMOVEDIR)? != 0;
    let result = name::remove(cx, at, is_directory);
    result.map_err(|error| if error == Errno::ISDIR { Errno::PERM } else { error })
}

/// funlinkat(2): only when the name still leads to what the descriptor does.
///
/// # Errors
/// As unlinkat(2); `EDEADLK` when it does not.
pub fn unlink_checked(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    descriptor: i32,
    given: u32,
) -> Result<u64, Errno> {
    let at = At { directory, path };
    if descriptor != NONE {
        let held = status::of_descriptor(cx, descriptor)?;
        let named = status::of_path(cx, at, false, false)?;
        let identity = |found: &status::Status| (found.stx_dev_major, found.stx_dev_minor, found.stx_ino);
        if identity(&held) != identity(&named) {
            return Err(Errno::DEADLK);
        }
    }
    remove(cx, at, given)
}

/// rename(2).
///
/// # Errors
/// As the host's.
pub fn rename(cx: &mut Context, from: Pointer, to: Pointer) -> Result<u64, Errno> {
    name::rename(cx, At::working(from), At::working(to), 0)
}

/// renameat(2).
///
/// # Errors
/// As the host's.
pub fn rename_at(
    cx: &mut Context,
    directory: i32,
    from: Pointer,
    to_directory: i32,
    to: Pointer,
) -> Result<u64, Errno> {
    rename_with(cx, directory, from, to_directory, to, 0)
}

/// renameat2(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn rename_with(
    cx: &mut Context,
    directory: i32,
    from: Pointer,
    to_directory: i32,
    to: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    let host = flags::RENAME.to_host(u64::from(given))? as u32;
    name::rename(cx, At { directory, path: from }, At { directory: to_directory, path: to }, host)
}

/// link(2), which follows a symbolic link to what it leads to.
///
/// # Errors
/// As the host's.
pub fn link(cx: &mut Context, from: Pointer, to: Pointer) -> Result<u64, Errno> {
    name::link(cx, At::working(from), At::working(to), AT_SYMLINK_FOLLOW)
}

/// linkat(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn link_at(
    cx: &mut Context,
    directory: i32,
    from: Pointer,
    to_directory: i32,
    to: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    let host = at_flags(given, flags::AT_SYMLINK_FOLLOW | flags::AT_EMPTY_PATH)?;
    let target = At { directory: to_directory, path: to };
    if given & flags::AT_EMPTY_PATH != 0 && guest::get::<u8>(from.0)? == 0 {
        // The host lets only the superuser name a descriptor so, but anyone by its path.
        let mut path = PathBuffer::new();
        let path = path.set_numbered(b"/proc/self/fd/", directory)?;
        return name::link(cx, At::working(Pointer(path.address())), target, AT_SYMLINK_FOLLOW);
    }
    name::link(cx, At { directory, path: from }, target, host)
}

/// symlink(2).
///
/// # Errors
/// As the host's.
pub fn symbolic_link(cx: &mut Context, target: Pointer, path: Pointer) -> Result<u64, Errno> {
    name::symbolic_link(cx, target, At::working(path))
}

/// symlinkat(2).
///
/// # Errors
/// As the host's.
pub fn symbolic_link_at(
    cx: &mut Context,
    target: Pointer,
    directory: i32,
    path: Pointer,
) -> Result<u64, Errno> {
    name::symbolic_link(cx, target, At { directory, path })
}

/// readlink(2).
///
/// # Errors
/// As the host's.
pub fn read_link(cx: &mut Context, path: Pointer, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    read_link_at(cx, WORKING, path, buffer, len)
}

/// readlinkat(2).
///
/// # Errors
/// As the host's.
pub fn read_link_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    buffer: Pointer,
    len: usize,
) -> Result<u64, Errno> {
    // The host's length is an int.
    name::read_link(cx, At { directory, path }, buffer, len.min(i32::MAX as usize))
}

/// mkfifo(2).
///
/// # Errors
/// As the host's.
pub fn make_fifo(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    make_fifo_at(cx, WORKING, path, mode)
}

/// mkfifoat(2).
///
/// # Errors
/// As the host's.
pub fn make_fifo_at(cx: &mut Context, directory: i32, path: Pointer, mode: u32) -> Result<u64, Errno> {
    name::make_node(cx, At { directory, path }, S_IFIFO | mode & 0o7777, 0)
}

/// mknodat(2).
///
/// # Errors
/// As the host's; `EINVAL` for a directory.
pub fn make_node_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    device: u64,
) -> Result<u64, Errno> {
    if mode & S_IFMT == S_IFDIR {
        return Err(Errno::INVAL);
    }
    let (major, minor) = layouts::device_parts(device);
    name::make_node(cx, At { directory, path }, mode, ask::device_number(major, minor))
}

/// mknodat(2) before FreeBSD 12.
///
/// # Errors
/// As mknodat(2).
pub fn make_node_at_11(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    device: u32,
) -> Result<u64, Errno> {
    make_node_at(cx, directory, path, mode, u64::from(device))
}

/// mknod(2) before FreeBSD 12.
///
/// # Errors
/// As mknodat(2).
pub fn make_node_11(cx: &mut Context, path: Pointer, mode: u32, device: u32) -> Result<u64, Errno> {
    make_node_at(cx, WORKING, path, mode, u64::from(device))
}

/// __realpathat(2): the path without links, `.` and `..`.
///
/// # Errors
/// As the host's; `ENOMEM` when there is not enough room.
pub fn real_path(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    buffer: Pointer,
    size: usize,
    given: u32,
) -> Result<u64, Errno> {
    at_flags(given, 0)?;
    let mut seen = PathBuffer::new();
    name::real_path(cx, At { directory, path }, &mut seen)?;
    if seen.bytes().len() >= size {
        return Err(Errno::NOMEM);
    }
    guest::write(buffer.0, seen.bytes())?;
    guest::put(buffer.0 + seen.bytes().len() as u64, &0u8)?;
    Ok(0)
}

/// inotify_add_watch_at(2), whose numbers are the host's.
///
/// # Errors
/// As the host's.
pub fn watch(
    cx: &mut Context,
    descriptor: i32,
    directory: i32,
    path: Pointer,
    mask: u32,
) -> Result<u64, Errno> {
    let host = flags::WATCH.to_host(u64::from(mask))? as u32;
    watch::add(cx, descriptor, At { directory, path }, host)
}

/// inotify_rm_watch(2).
///
/// # Errors
/// As the host's.
pub fn unwatch(_cx: &mut Context, descriptor: i32, watch: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(abi::__NR_inotify_rm_watch, [descriptor as u64, watch as u64]) }
}
