//! chmod(2), chown(2), utimensat(2), chflags(2), truncate(2).

use schemas::Errno;

use super::at_flags;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::attribute::{self, Change, Time, UTIME_NOW, UTIME_OMIT};
use crate::operation::descriptor::WORKING;
use crate::operation::path::At;
use crate::operation::status;
use crate::personality::freebsd::{errno, flags};

/// `S_ISVTX` and the bits of a mode that can be set (sys/sys/stat.h).
const STICKY: u32 = 0o1000;
const SETTABLE: u32 = 0o7777;

/// What only directories may have, for others than the superuser (ufs_chmod, sys/ufs/ufs/ufs_vnops.c).
fn allowed(mode: u32, found: impl FnOnce() -> Result<status::Status, Errno>) -> Result<Change, Errno> {
    if mode & STICKY != 0 {
        let is_directory = u32::from(found()?.stx_mode) & 0o170000 == 0o040000;
        // SAFETY: no arguments.
        let user =
            unsafe { crate::host::linux::syscall::call::<0>(linux_raw_sys::general::__NR_geteuid, []) };
        if !is_directory && user != Ok(0) {
            return Err(errno::own(errno::number::EFTYPE));
        }
    }
    Ok(Change::Mode(mode & SETTABLE))
}

/// chmod(2).
///
/// # Errors
/// As the host's; `EFTYPE` for a sticky file.
pub fn set_mode(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    set_mode_at(cx, WORKING, path, mode, 0)
}

/// lchmod(2).
///
/// # Errors
/// As the host's, which has no modes of links: `EOPNOTSUPP`.
pub fn set_mode_of_link(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    set_mode_at(cx, WORKING, path, mode, flags::AT_SYMLINK_NOFOLLOW)
}

/// fchmodat(2).
///
/// # Errors
/// As the host's; `EFTYPE` for a sticky file, `EINVAL` for flags.
pub fn set_mode_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    given: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(given)?;
    let at = At { directory, path };
    let change = allowed(mode, || status::of_path(cx, at, follow, empty))?;
    attribute::change(cx, at, change, follow, empty)
}

/// fchmod(2).
///
/// # Errors
/// As the host's; `EFTYPE` for a sticky file.
pub fn set_mode_of_descriptor(cx: &mut Context, descriptor: i32, mode: u32) -> Result<u64, Errno> {
    let change = allowed(mode, || status::of_descriptor(cx, descriptor))?;
    attribute::change_descriptor(cx, descriptor, change)
}

/// Whether links are followed, and whether the empty path means the descriptor.
fn ways(given: u32) -> Result<(bool, bool), Errno> {
    at_flags(given, flags::AT_SYMLINK_NOFOLLOW | flags::AT_EMPTY_PATH)?;
    Ok((given & flags::AT_SYMLINK_NOFOLLOW == 0, given & flags::AT_EMPTY_PATH != 0))
}

/// chown(2).
///
/// # Errors
/// As the host's.
pub fn set_owner(cx: &mut Context, path: Pointer, user: u32, group: u32) -> Result<u64, Errno> {
    set_owner_at(cx, WORKING, path, user, group, 0)
}

/// lchown(2).
///
/// # Errors
/// As the host's.
pub fn set_owner_of_link(cx: &mut Context, path: Pointer, user: u32, group: u32) -> Result<u64, Errno> {
    set_owner_at(cx, WORKING, path, user, group, flags::AT_SYMLINK_NOFOLLOW)
}

/// fchownat(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn set_owner_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    user: u32,
    group: u32,
    given: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(given)?;
    attribute::change(cx, At { directory, path }, Change::Owner(user, group), follow, empty)
}

/// fchown(2).
///
/// # Errors
/// As the host's.
pub fn set_owner_of_descriptor(
    cx: &mut Context,
    descriptor: i32,
    user: u32,
    group: u32,
) -> Result<u64, Errno> {
    attribute::change_descriptor(cx, descriptor, Change::Owner(user, group))
}

/// chflags(2).
///
/// # Errors
/// `EOPNOTSUPP` for a file of the host, which has none, unless none are asked for.
pub fn set_flags(cx: &mut Context, path: Pointer, wanted: u64) -> Result<u64, Errno> {
    set_flags_at(cx, WORKING, path, wanted, 0)
}

/// lchflags(2).
///
/// # Errors
/// As chflags(2).
pub fn set_flags_of_link(cx: &mut Context, path: Pointer, wanted: u64) -> Result<u64, Errno> {
    set_flags_at(cx, WORKING, path, wanted, flags::AT_SYMLINK_NOFOLLOW)
}

/// chflagsat(2).
///
/// # Errors
/// As chflags(2); `EINVAL` for flags.
pub fn set_flags_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    wanted: u64,
    given: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(given)?;
    attribute::change(cx, At { directory, path }, Change::Flags(wanted as u32), follow, empty)
}

/// fchflags(2).
///
/// # Errors
/// As chflags(2).
pub fn set_flags_of_descriptor(cx: &mut Context, descriptor: i32, wanted: u64) -> Result<u64, Errno> {
    attribute::change_descriptor(cx, descriptor, Change::Flags(wanted as u32))
}

/// `UTIME_NOW` and `UTIME_OMIT` (sys/sys/stat.h).
const NOW: i64 = -1;
const OMIT: i64 = -2;

/// The host's form of a time with nanoseconds.
///
/// # Errors
/// `EINVAL` for nanoseconds that are none.
fn time_from_nanoseconds([seconds, nanoseconds]: [i64; 2]) -> Result<Time, Errno> {
    let nanoseconds = match nanoseconds {
        NOW => UTIME_NOW,
        OMIT => UTIME_OMIT,
        0..1_000_000_000 => nanoseconds,
        _ => return Err(Errno::INVAL),
    };
    Ok(Time { seconds, nanoseconds })
}

/// The host's form of a time with microseconds.
///
/// # Errors
/// `EINVAL` for microseconds that are none.
fn time_from_microseconds([seconds, microseconds]: [i64; 2]) -> Result<Time, Errno> {
    match microseconds {
        0..1_000_000 => Ok(Time { seconds, nanoseconds: microseconds * 1000 }),
        _ => Err(Errno::INVAL),
    }
}

/// Reads two times; none stand for now.
fn times(at: Pointer, convert: fn([i64; 2]) -> Result<Time, Errno>) -> Result<Change, Errno> {
    let Some([a, b, c, d]) = guest::get_if::<[i64; 4]>(at.0)? else { return Ok(Change::Times(None)) };
    Ok(Change::Times(Some([convert([a, b])?, convert([c, d])?])))
}

/// utimes(2).
///
/// # Errors
/// As the host's.
pub fn set_times(cx: &mut Context, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    set_times_at(cx, WORKING, path, at)
}

/// lutimes(2).
///
/// # Errors
/// As the host's.
pub fn set_times_of_link(cx: &mut Context, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    let change = times(at, time_from_microseconds)?;
    attribute::change(cx, At::working(path), change, false, false)
}

/// futimesat(2).
///
/// # Errors
/// As the host's.
pub fn set_times_at(cx: &mut Context, directory: i32, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    let change = times(at, time_from_microseconds)?;
    attribute::change(cx, At { directory, path }, change, true, false)
}

/// futimes(2).
///
/// # Errors
/// As the host's.
pub fn set_times_of_descriptor(cx: &mut Context, descriptor: i32, at: Pointer) -> Result<u64, Errno> {
    let change = times(at, time_from_microseconds)?;
    attribute::change_descriptor(cx, descriptor, change)
}

/// futimens(2).
///
/// # Errors
/// As the host's.
pub fn set_exact_times_of_descriptor(cx: &mut Context, descriptor: i32, at: Pointer) -> Result<u64, Errno> {
    let change = times(at, time_from_nanoseconds)?;
    attribute::change_descriptor(cx, descriptor, change)
}

/// utimensat(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn set_exact_times(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    at: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(given)?;
    let change = times(at, time_from_nanoseconds)?;
    attribute::change(cx, At { directory, path }, change, follow, empty)
}

/// truncate(2).
///
/// # Errors
/// As the host's.
pub fn truncate(cx: &mut Context, path: Pointer, size: i64) -> Result<u64, Errno> {
    attribute::truncate(cx, At::working(path), size)
}

/// truncate(2) of FreeBSD 6, with padding before the size.
///
/// # Errors
/// As the host's.
pub fn truncate_6(cx: &mut Context, path: Pointer, _pad: i32, size: i64) -> Result<u64, Errno> {
    attribute::truncate(cx, At::working(path), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_time_is_translated() {
        assert_eq!(time_from_nanoseconds([5, NOW]).unwrap().nanoseconds, UTIME_NOW);
        assert_eq!(time_from_nanoseconds([5, OMIT]).unwrap().nanoseconds, UTIME_OMIT);
        assert_eq!(time_from_nanoseconds([5, 7]), Ok(Time { seconds: 5, nanoseconds: 7 }));
        for wrong in [-3, 1_000_000_000, i64::MIN, UTIME_NOW + 1_000_000_000] {
            assert_eq!(time_from_nanoseconds([0, wrong]), Err(Errno::INVAL));
        }
        assert_eq!(time_from_microseconds([-1, 999_999]), Ok(Time { seconds: -1, nanoseconds: 999_999_000 }));
        for wrong in [-1, 1_000_000] {
            assert_eq!(time_from_microseconds([0, wrong]), Err(Errno::INVAL));
        }
    }
}
