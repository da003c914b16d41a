//! Who owns a file, what may be done with it, and when it was changed. Numbers and flags are the host's.

use schemas::common::time;
use schemas::{Errno, Operation, file, fs};

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor};
use crate::operation::descriptor::WORKING;
use crate::operation::path::{Aim, At, Host, Path, Remote, perform_on};
use crate::operation::status::{self, on_directory};

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The permissions.
    Mode(u32),
    /// The owner and the group; `u32::MAX` leaves one.
    Owner(u32, u32),
    /// The times of last access and change, with the host's `UTIME_NOW` and `UTIME_OMIT`; none: both now.
    Times(Option<[Time; 2]>),
    /// What chflags(2) of a BSD sets.
    Flags(u32),
}

/// `struct timespec`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Time {
    /// Seconds since the epoch.
    pub seconds: i64,
    /// Nanoseconds, or what stands for a time.
    pub nanoseconds: i64,
}

/// Stands for the present (linux/stat.h).
pub const UTIME_NOW: i64 = 0x3fff_ffff;
/// Leaves a time.
pub const UTIME_OMIT: i64 = 0x3fff_fffe;

impl Change {
    fn operation(self) -> Operation {
        match self {
            Change::Mode(_) | Change::Flags(_) => Operation::FsSetMode,
            Change::Owner(..) => Operation::FsSetOwner,
            Change::Times(_) => Operation::FsSetTimes,
        }
    }

    fn descriptor_operation(self) -> Operation {
        match self {
            Change::Mode(_) | Change::Flags(_) => Operation::FileSetMode,
            Change::Owner(..) => Operation::FileSetOwner,
            Change::Times(_) => Operation::FileSetTimes,
        }
    }
}

/// Changes an attribute of what a path leads to, or with `follow` unset of the name itself; of the directory's
/// descriptor when the path is empty and `empty` allows that.
///
/// # Errors
/// As fchmodat2(2), fchownat(2), utimensat(2); `EOPNOTSUPP` for BSD flags on a file of the host.
pub fn change(cx: &mut Context, at: At, change: Change, follow: bool, empty: bool) -> Result<u64, Errno> {
    let mut path = Path::new();
    path.read(cx, at)?;
    if empty && path.text().is_empty() && at.directory != WORKING {
        return change_descriptor(cx, at.directory, change);
    }
    let follow = follow || path.is_of_directory();
    let empty = if empty { AT_EMPTY_PATH } else { 0 };
    perform_on(
        cx,
        change.operation(),
        &mut path,
        if follow { Aim::Follow } else { Aim::Name },
        |_, place| change_on_host(place, change, follow, empty),
        |cx, remote| or_no_flags(change, change_at_server(cx, remote, change, follow), Some(0)),
    )
}

/// A server without BSD flags has none to take away.
fn or_no_flags<T>(change: Change, result: Result<T, Errno>, done: T) -> Result<T, Errno> {
    match result {
        Err(Errno::OPNOTSUPP) if change == Change::Flags(0) => Ok(done),
        result => result,
    }
}

fn change_on_host(place: &Host, change: Change, follow: bool, empty: u32) -> Result<u64, Errno> {
    let (directory, path) = (place.directory as u64, place.path);
    let flags = u64::from(if follow { empty } else { empty | AT_SYMLINK_NOFOLLOW });
    // SAFETY: path and times are ours.
    unsafe {
        match change {
            Change::Mode(mode) if flags == 0 => call(__NR_fchmodat, [directory, path, u64::from(mode)]),
            Change::Mode(mode) => {
                match call(__NR_fchmodat2, [directory, path, u64::from(mode), flags]) {
                    // Of Linux 6.6.
                    Err(Errno::NOSYS) => set_mode_by_descriptor(directory, path, mode, flags),
                    result => result,
                }
            }
            Change::Owner(user, group) => {
                call(__NR_fchownat, [directory, path, u64::from(user), u64::from(group), flags])
            }
            Change::Times(times) => call(__NR_utimensat, [directory, path, address_of(&times), flags]),
            Change::Flags(wanted) => {
                let kind = if follow { 0 } else { AT_SYMLINK_NOFOLLOW };
                status::of_host(place.directory, path, kind | empty)?;
                set_no_flags(wanted)
            }
        }
    }
}

/// A file of the host has no BSD flags: none can be taken away, and none be given.
fn set_no_flags(wanted: u32) -> Result<u64, Errno> {
    if wanted == 0 { Ok(0) } else { Err(Errno::OPNOTSUPP) }
}

/// The same as fchmodat2(2) for hosts that do not have it.
///
/// # Safety
/// `path` must be a path of the caller's.
unsafe fn set_mode_by_descriptor(directory: u64, path: u64, mode: u32, flags: u64) -> Result<u64, Errno> {
    let no_follow = if flags & u64::from(AT_SYMLINK_NOFOLLOW) != 0 { O_NOFOLLOW } else { 0 };
    let how = u64::from(O_PATH | O_CLOEXEC | no_follow);
    // SAFETY: by contract; the descriptor is ours.
    unsafe {
        let file = call(__NR_openat, [directory, path, how])?;
        let result = status::of_host(file as i32, c"".as_ptr() as u64, AT_EMPTY_PATH).and_then(|found| {
            if u32::from(found.stx_mode) & S_IFMT == S_IFLNK {
                return Err(Errno::OPNOTSUPP);
            }
            let mut name = PathBuffer::new();
            let name = name.set_numbered(b"/proc/self/fd/", file as i32)?;
            call(__NR_fchmodat, [WORKING as u64, name.address(), u64::from(mode)])
        });
        let _ = call(__NR_close, [file]);
        result
    }
}

fn address_of(times: &Option<[Time; 2]>) -> u64 {
    times.as_ref().map_or(0, |times| times.as_ptr() as u64)
}

fn change_at_server(
    cx: &Context,
    remote: &mut Remote<'_>,
    change: Change,
    follow: bool,
) -> Result<Option<u64>, Errno> {
    match change {
        Change::Mode(mode) | Change::Flags(mode) => ask!(
            cx,
            FsSetMode,
            fs::set_mode,
            remote,
            0,
            |params| {
                params.set_mode(mode);
                params.set_follow(follow);
                params.set_file_flags(matches!(change, Change::Flags(_)));
            },
            |_, _| 0
        ),
        Change::Owner(user, group) => ask!(
            cx,
            FsSetOwner,
            fs::set_owner,
            remote,
            0,
            |params| {
                params.set_user(user);
                params.set_group(group);
                params.set_follow(follow);
            },
            |_, _| 0
        ),
        Change::Times(times) => {
            let [accessed, modified] = times.unwrap_or([NOW; 2]);
            ask!(
                cx,
                FsSetTimes,
                fs::set_times,
                remote,
                TIMES,
                |params| {
                    put_time(params.reborrow().init_accessed(), accessed);
                    put_time(params.reborrow().init_modified(), modified);
                    params.set_follow(follow);
                },
                |_, _| 0
            )
        }
    }
}

const NOW: Time = Time { seconds: 0, nanoseconds: UTIME_NOW };
/// Words of the two times in a message.
const TIMES: usize = 4;

fn put_time(mut to: time::Builder<'_>, time: Time) {
    to.set_seconds(time.seconds);
    to.set_nanoseconds(time.nanoseconds);
}

/// Changes an attribute of what a descriptor leads to.
///
/// # Errors
/// As fchmod(2), fchown(2), futimens(3).
pub fn change_descriptor(cx: &mut Context, descriptor: i32, change: Change) -> Result<u64, Errno> {
    match answerer(cx, change.descriptor_operation(), descriptor) {
        Answerer::Host => change_descriptor_on_host(descriptor, change),
        Answerer::Directory => on_directory(
            cx,
            change.operation(),
            descriptor,
            |cx, remote| or_no_flags(change, change_at_server(cx, remote, change, true), Some(0)),
            |_, place| change_on_host(place, change, true, 0),
        ),
        Answerer::Server => or_no_flags(change, change_descriptor_at_server(cx, descriptor, change), 0),
    }
}

fn change_descriptor_on_host(descriptor: i32, change: Change) -> Result<u64, Errno> {
    let file = descriptor as u64;
    // SAFETY: the times are ours.
    unsafe {
        match change {
            Change::Mode(mode) => call(__NR_fchmod, [file, u64::from(mode)]),
            Change::Owner(user, group) => call(__NR_fchown, [file, u64::from(user), u64::from(group)]),
            Change::Times(times) => call(__NR_utimensat, [file, 0, address_of(&times), 0]),
            Change::Flags(wanted) => {
                call(__NR_fcntl, [file, u64::from(F_GETFD)])?;
                set_no_flags(wanted)
            }
        }
    }
}

fn change_descriptor_at_server(cx: &Context, descriptor: i32, change: Change) -> Result<u64, Errno> {
    match change {
        Change::Mode(mode) | Change::Flags(mode) => ask_descriptor!(
            cx,
            FileSetMode,
            file::set_mode,
            descriptor,
            0,
            |params| {
                params.set_mode(mode);
                params.set_file_flags(matches!(change, Change::Flags(_)));
            },
            |_| 0
        ),
        Change::Owner(user, group) => ask_descriptor!(
            cx,
            FileSetOwner,
            file::set_owner,
            descriptor,
            0,
            |params| {
                params.set_user(user);
                params.set_group(group);
            },
            |_| 0
        ),
        Change::Times(times) => {
            let [accessed, modified] = times.unwrap_or([NOW; 2]);
            ask_descriptor!(
                cx,
                FileSetTimes,
                file::set_times,
                descriptor,
                TIMES,
                |params| {
                    put_time(params.reborrow().init_accessed(), accessed);
                    put_time(params.reborrow().init_modified(), modified);
                },
                |_| 0
            )
        }
    }
}

/// truncate(2).
///
/// # Errors
/// As the host's.
pub fn truncate(cx: &mut Context, at: At, size: i64) -> Result<u64, Errno> {
    crate::operation::path::perform(
        cx,
        Operation::FsTruncate,
        at,
        Aim::Follow,
        |_, place| {
            let mut name = PathBuffer::new();
            // SAFETY: the path is ours.
            unsafe { call(__NR_truncate, [place.as_path(&mut name)?, size as u64]) }
        },
        |cx, remote| {
            ask!(
                cx,
                FsTruncate,
                fs::truncate,
                remote,
                0,
                |params| {
                    params.set_size(size);
                },
                |_, _| 0
            )
        },
    )
}
