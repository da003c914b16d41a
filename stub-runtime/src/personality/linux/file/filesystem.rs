//! statfs(2), mount(2), umount2(2).

use linux_raw_sys::general::*;
use schemas::{Errno, Operation};

use super::open::here;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::syscall::call;
use crate::operation::ask::is_native;
use crate::operation::filesystem::{self, Filesystem};
use crate::operation::path::{Aim, perform};

fn put(to: Pointer, found: &Filesystem) -> Result<(), Errno> {
    let numbers = core::ptr::from_ref(&found.numbers);
    // SAFETY: a structure of integers without padding.
    guest::write(to.0, unsafe { core::slice::from_raw_parts(numbers.cast(), size_of::<statfs64>()) })
}

/// statfs(2).
///
/// # Errors
/// As the host's.
pub fn statfs(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    perform(
        cx,
        Operation::FsStatFilesystem,
        here(path),
        Aim::Follow,
        |_, place| {
            let mut name = PathBuffer::new();
            // SAFETY: the path is ours, the buffer the guest's, which the kernel checks.
            unsafe { call(__NR_statfs, [place.as_path(&mut name)?, to.0]) }
        },
        |cx, remote| {
            let Some(found) = filesystem::at_server(cx, remote)? else { return Ok(None) };
            put(to, &found)?;
            Ok(Some(0))
        },
    )
}

/// fstatfs(2).
///
/// # Errors
/// As the host's.
pub fn statfs_descriptor(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    if is_native(cx, Operation::FileStatFilesystem, descriptor) {
        // SAFETY: the guest's buffer, which the kernel checks.
        return unsafe { call(__NR_fstatfs, [descriptor as u64, to.0]) };
    }
    put(to, &filesystem::of_descriptor(cx, descriptor)?).map(|()| 0)
}

/// A string that may be missing.
fn text(at: Pointer, to: &mut PathBuffer) -> Result<&[u8], Errno> {
    if at.is_null() {
        return Ok(&[]);
    }
    Ok(to.copy_in(at.0)?.bytes())
}

/// mount(2): the deployment decides.
///
/// # Errors
/// `EPERM`, `ENODEV`, and as the server's.
pub fn mount(
    cx: &mut Context,
    source: Pointer,
    target: Pointer,
    kind: Pointer,
    flags: u64,
    options: Pointer,
) -> Result<u64, Errno> {
    let [mut a, mut b, mut c, mut d] = [(); 4].map(|()| PathBuffer::new());
    let (source, kind, options) = (text(source, &mut a)?, text(kind, &mut c)?, text(options, &mut d)?);
    let target = b.copy_in(target.0)?.bytes();
    filesystem::mount(cx, source, target, kind, flags, options)
}

/// umount2(2), likewise.
///
/// # Errors
/// `EPERM`, `EINVAL`, `EBUSY`.
pub fn unmount(cx: &mut Context, target: Pointer, flags: u32) -> Result<u64, Errno> {
    let mut buffer = PathBuffer::new();
    let target = buffer.copy_in(target.0)?.bytes();
    filesystem::unmount(cx, target, flags)
}
