//! Access control lists (acl(3)). No file system of the host keeps FreeBSD's; the calls say so as FreeBSD's own do on
//! a file system without them, after they have looked for the file.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::operation::path::At;
use crate::operation::status;

fn none(found: Result<status::Status, Errno>) -> Result<u64, Errno> {
    found.and(Err(Errno::OPNOTSUPP))
}

/// __acl_get_file(2) and its kin for a path.
///
/// # Errors
/// `EOPNOTSUPP`, or why there is no such file.
pub fn of_path(cx: &mut Context, path: Pointer, _kind: i32, _list: Pointer) -> Result<u64, Errno> {
    none(status::of_path(cx, At::working(path), true, false))
}

/// __acl_get_link(2) and its kin for a link itself.
///
/// # Errors
/// `EOPNOTSUPP`, or why there is no such file.
pub fn of_link(cx: &mut Context, path: Pointer, _kind: i32, _list: Pointer) -> Result<u64, Errno> {
    none(status::of_path(cx, At::working(path), false, false))
}

/// __acl_get_fd(2) and its kin for an open file.
///
/// # Errors
/// `EOPNOTSUPP`, or `EBADF`.
pub fn of_descriptor(cx: &mut Context, descriptor: i32, _kind: i32, _list: Pointer) -> Result<u64, Errno> {
    none(status::of_descriptor(cx, descriptor))
}

/// __acl_delete_file(2).
///
/// # Errors
/// `EOPNOTSUPP`, or why there is no such file.
pub fn delete(cx: &mut Context, path: Pointer, kind: i32) -> Result<u64, Errno> {
    of_path(cx, path, kind, Pointer(0))
}

/// __acl_delete_link(2).
///
/// # Errors
/// `EOPNOTSUPP`, or why there is no such file.
pub fn delete_of_link(cx: &mut Context, path: Pointer, kind: i32) -> Result<u64, Errno> {
    of_link(cx, path, kind, Pointer(0))
}

/// __acl_delete_fd(2).
///
/// # Errors
/// `EOPNOTSUPP`, or `EBADF`.
pub fn delete_of_descriptor(cx: &mut Context, descriptor: i32, kind: i32) -> Result<u64, Errno> {
    of_descriptor(cx, descriptor, kind, Pointer(0))
}
