//! Names in directories: mkdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2), mknod(2).

use linux_raw_sys::general::AT_REMOVEDIR;
use schemas::Errno;

use super::open::here;
use crate::call::Pointer;
use crate::context::Context;
use crate::operation::descriptor::WORKING;
use crate::operation::path::At;
use crate::operation::{name, watch};

/// mkdir(2).
///
/// # Errors
/// As the host's.
pub fn make_directory(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    name::make_directory(cx, here(path), mode)
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
    name::remove(cx, here(path), true)
}

/// unlink(2).
///
/// # Errors
/// As the host's.
pub fn unlink(cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    name::remove(cx, here(path), false)
}

/// unlinkat(2).
///
/// # Errors
/// As the host's.
pub fn unlink_at(cx: &mut Context, directory: i32, path: Pointer, flags: u32) -> Result<u64, Errno> {
    if flags & !AT_REMOVEDIR != 0 {
        return Err(Errno::INVAL);
    }
    name::remove(cx, At { directory, path }, flags != 0)
}

/// rename(2).
///
/// # Errors
/// As the host's.
pub fn rename(cx: &mut Context, from: Pointer, to: Pointer) -> Result<u64, Errno> {
    name::rename(cx, here(from), here(to), 0)
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
/// As the host's.
pub fn rename_with(
    cx: &mut Context,
    directory: i32,
    from: Pointer,
    to_directory: i32,
    to: Pointer,
    flags: u32,
) -> Result<u64, Errno> {
    name::rename(cx, At { directory, path: from }, At { directory: to_directory, path: to }, flags)
}

/// link(2).
///
/// # Errors
/// As the host's.
pub fn link(cx: &mut Context, from: Pointer, to: Pointer) -> Result<u64, Errno> {
    name::link(cx, here(from), here(to), 0)
}

/// linkat(2).
///
/// # Errors
/// As the host's.
pub fn link_at(
    cx: &mut Context,
    directory: i32,
    from: Pointer,
    to_directory: i32,
    to: Pointer,
    flags: u32,
) -> Result<u64, Errno> {
    name::link(cx, At { directory, path: from }, At { directory: to_directory, path: to }, flags)
}

/// symlink(2).
///
/// # Errors
/// As the host's.
pub fn symbolic_link(cx: &mut Context, target: Pointer, path: Pointer) -> Result<u64, Errno> {
    name::symbolic_link(cx, target, here(path))
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
    // The kernel takes the length for an int.
    match len as i32 {
        1.. => name::read_link(cx, At { directory, path }, buffer, len as i32 as usize),
        _ => Err(Errno::INVAL),
    }
}

/// mknod(2).
///
/// # Errors
/// As the host's.
pub fn make_node(cx: &mut Context, path: Pointer, mode: u32, device: u64) -> Result<u64, Errno> {
    name::make_node(cx, here(path), mode, device)
}

/// mknodat(2).
///
/// # Errors
/// As the host's.
pub fn make_node_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    device: u64,
) -> Result<u64, Errno> {
    name::make_node(cx, At { directory, path }, mode, device)
}

/// inotify_add_watch(2).
///
/// # Errors
/// As the host's.
pub fn watch(cx: &mut Context, descriptor: i32, path: Pointer, mask: u32) -> Result<u64, Errno> {
    watch::add(cx, descriptor, here(path), mask)
}
