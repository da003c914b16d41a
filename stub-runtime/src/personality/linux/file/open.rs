//! open(2), openat2(2), dup3(2).

use linux_raw_sys::general::*;
use schemas::{Errno, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call_blocking;
use crate::operation::descriptor::WORKING;
use crate::operation::open;
use crate::operation::path::{Aim, At, Path, perform_on};

/// open(2).
///
/// # Errors
/// As the host's.
pub fn open(cx: &mut Context, path: Pointer, flags: u32, mode: u32) -> Result<u64, Errno> {
    open::open(cx, At::working(path), flags, mode, 0)
}

/// openat(2).
///
/// # Errors
/// As the host's.
pub fn open_at(cx: &mut Context, directory: i32, path: Pointer, flags: u32, mode: u32) -> Result<u64, Errno> {
    open::open(cx, At { directory, path }, flags, mode, 0)
}

/// creat(2).
///
/// # Errors
/// As the host's.
pub fn create(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    open::open(cx, At::working(path), O_CREAT | O_WRONLY | O_TRUNC, mode, 0)
}

/// Bytes of `struct open_how` (linux/openat2.h): flags, mode, resolve.
const HOW: usize = 24;
/// Longest structure that the kernel takes.
const HOW_MAX: usize = 4096;

/// openat2(2).
///
/// # Errors
/// As the host's.
pub fn open_with(
    cx: &mut Context,
    directory: i32,
    given_path: Pointer,
    how: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    if size < HOW {
        return Err(Errno::INVAL);
    }
    if size > HOW_MAX {
        return Err(Errno::TOOBIG);
    }
    let given: [u64; 3] = guest::get(how.0)?;
    for at in HOW..size {
        if guest::get::<u8>(how.0 + at as u64)? != 0 {
            return Err(Errno::TOOBIG);
        }
    }
    let [flags, mode, resolve] = given;
    let mut path = Path::new();
    path.read(cx, At { directory, path: given_path })?;
    let host = |directory: i32, path: u64, more: u64| {
        let how = [flags, mode, resolve | more];
        // SAFETY: path and structure are ours.
        unsafe { call_blocking(__NR_openat2, [directory as u64, path, how.as_ptr() as u64, HOW as u64]) }
    };
    if resolve & u64::from(RESOLVE_IN_ROOT | RESOLVE_BENEATH) != 0 {
        // Where such a path leads is a matter of the directory alone.
        return host(directory, path.address(), 0);
    }
    let wide = flags;
    let flags = wide as u32;
    let create = flags & O_CREAT != 0;
    let name = flags & O_NOFOLLOW != 0 || (create && flags & O_EXCL != 0);
    let mut by_host = false;
    let descriptor = perform_on(
        cx,
        Operation::FsOpen,
        &mut path,
        Aim::Open { name, create },
        |_, place| {
            by_host = true;
            let more = if place.in_root { u64::from(RESOLVE_IN_ROOT) } else { 0 };
            host(place.directory, place.path, more)
        },
        |cx, remote| open::open_at_server(cx, remote, flags, mode as u32, resolve),
    )?;
    if by_host {
        open::note_opened(cx, &path, descriptor as i32)?;
    }
    Ok(descriptor)
}

/// dup(2).
///
/// # Errors
/// `EBADF`, `EMFILE`.
pub fn duplicate(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    open::duplicate(cx, descriptor, 0, false)
}

/// dup2(2).
///
/// # Errors
/// `EBADF`.
pub fn duplicate_to(cx: &mut Context, descriptor: i32, target: i32) -> Result<u64, Errno> {
    open::duplicate_to(cx, descriptor, target, false)
}

/// dup3(2).
///
/// # Errors
/// `EBADF`; `EINVAL` for flags, and for twice the same.
pub fn duplicate_with(cx: &mut Context, descriptor: i32, target: i32, flags: u32) -> Result<u64, Errno> {
    if flags & !O_CLOEXEC != 0 || descriptor == target {
        return Err(Errno::INVAL);
    }
    open::duplicate_to(cx, descriptor, target, flags & O_CLOEXEC != 0)
}

/// The directory of paths without one.
pub const fn here(path: Pointer) -> At {
    At { directory: WORKING, path }
}
