//! What a file is: stat(2) and access(2). The neutral form is the host's `struct statx`, which has the time of birth.

use schemas::{Errno, Operation, file, fs};

use crate::context::Context;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor, status_from};
use crate::operation::path::{Aim, At, Path, Remote, perform, perform_on};

pub use crate::host::linux::abi::statx as Status;

/// What every personality can show.
const WANTED: u64 = (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID) as u64;

/// statx(2) of the host.
///
/// # Errors
/// As statx(2).
pub fn of_host(directory: i32, path: u64, flags: u32) -> Result<Status, Errno> {
    // SAFETY: all integers; zero is a value.
    let mut status: Status = unsafe { core::mem::zeroed() };
    let to = &raw mut status as u64;
    // SAFETY: the path is the caller's, and the kernel writes one structure.
    unsafe { call(__NR_statx, [directory as u64, path, u64::from(flags), WANTED, to]) }?;
    Ok(status)
}

/// The status of a path; of the directory's descriptor itself when the path is empty and `empty` allows that.
///
/// # Errors
/// As statx(2).
pub fn of_path(cx: &mut Context, at: At, follow: bool, empty: bool) -> Result<Status, Errno> {
    let mut path = Path::new();
    path.read(cx, at)?;
    if empty && path.text().is_empty() {
        return of_descriptor(cx, at.directory);
    }
    of(cx, &mut path, follow)
}

/// The status of a path that is already read.
///
/// # Errors
/// As statx(2).
pub fn of(cx: &mut Context, path: &mut Path, follow: bool) -> Result<Status, Errno> {
    let follow = follow || path.is_of_directory();
    let flags = if follow { 0 } else { AT_SYMLINK_NOFOLLOW };
    perform_on(
        cx,
        Operation::FsStat,
        path,
        if follow { Aim::Follow } else { Aim::Name },
        |_, place| of_host(place.directory, place.path, flags),
        |cx, remote| at_server(cx, remote, follow),
    )
}

/// What a server says of a path.
///
/// # Errors
/// As the server's.
pub fn at_server(cx: &Context, remote: &mut Remote<'_>, follow: bool) -> Result<Option<Status>, Errno> {
    ask!(
        cx,
        FsStat,
        fs::stat,
        remote,
        0,
        |params| {
            params.set_follow(follow);
        },
        |results, _| status_from(results.get_stat()?)?
    )
}

/// The status of what a descriptor leads to; of the working directory for [`descriptor::WORKING`].
///
/// [`descriptor::WORKING`]: crate::operation::descriptor::WORKING
///
/// # Errors
/// As fstat(2).
pub fn of_descriptor(cx: &mut Context, descriptor: i32) -> Result<Status, Errno> {
    match answerer(cx, Operation::FileStat, descriptor) {
        Answerer::Host => of_host(descriptor, c"".as_ptr() as u64, AT_EMPTY_PATH),
        Answerer::Directory => on_directory(
            cx,
            Operation::FsStat,
            descriptor,
            |cx, remote| at_server(cx, remote, true),
            |_, place| of_host(place.directory, place.path, 0),
        ),
        Answerer::Server => {
            let device = cx.process().descriptors.get(descriptor).map_or(0, |meaning| meaning.device);
            let mut status =
                ask_descriptor!(cx, FileStat, file::stat, descriptor, 0, |params| {}, |results| {
                    status_from(results.get_stat()?)?
                })?;
            if device != 0 {
                (status.stx_rdev_major, status.stx_rdev_minor) = super::ask::device_parts(device);
            }
            Ok(status)
        }
    }
}

/// Does something with the path of a server's directory that is open. Where it has meanwhile become the host's,
/// `host` does it.
///
/// # Errors
/// As [`perform_on`].
pub fn on_directory<T>(
    cx: &mut Context,
    operation: Operation,
    descriptor: i32,
    server: impl FnMut(&mut Context, &mut Remote<'_>) -> Result<Option<T>, Errno>,
    host: impl FnMut(&mut Context, &crate::operation::path::Host) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut seen = crate::guest::PathBuffer::new();
    cx.process().descriptors.path(descriptor, &mut seen)?.ok_or(Errno::BADF)?;
    let mut path = Path::new();
    path.set(crate::operation::descriptor::WORKING, seen.bytes())?;
    perform_on(cx, operation, &mut path, Aim::Follow, host, server)
}

/// access(2): with the effective identities where `flags` has `AT_EACCESS`.
///
/// # Errors
/// As faccessat2(2).
pub fn access(cx: &mut Context, at: At, mode: u32, flags: u32) -> Result<u64, Errno> {
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    perform(
        cx,
        Operation::FsAccess,
        at,
        if follow { Aim::Follow } else { Aim::Name },
        |_, place| {
            let (directory, mode) = (place.directory as u64, u64::from(mode));
            // SAFETY: the path is ours.
            unsafe {
                if flags == 0 {
                    call(__NR_faccessat, [directory, place.path, mode])
                } else {
                    call(__NR_faccessat2, [directory, place.path, mode, u64::from(flags)])
                }
            }
        },
        |cx, remote| {
            ask!(
                cx,
                FsAccess,
                fs::access,
                remote,
                0,
                |params| {
                    params.set_mode(mode);
                    params.set_effective(flags & AT_EACCESS != 0);
                    params.set_follow(follow);
                },
                |_, _| 0
            )
        },
    )
}
