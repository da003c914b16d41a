//! chmod(2), chown(2), utimensat(2).

use linux_raw_sys::general::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW};
use schemas::Errno;

use super::open::here;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::attribute::{self, Change, Time};
use crate::operation::path::At;

/// Whether links are followed, and whether the empty path means the descriptor.
fn ways(flags: u32) -> Result<(bool, bool), Errno> {
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::INVAL);
    }
    Ok((flags & AT_SYMLINK_NOFOLLOW == 0, flags & AT_EMPTY_PATH != 0))
}

/// chmod(2).
///
/// # Errors
/// As the host's.
pub fn set_mode(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    attribute::change(cx, here(path), Change::Mode(mode), true, false)
}

/// fchmodat(2) as the kernel has it, without flags.
///
/// # Errors
/// As the host's.
pub fn set_mode_at(cx: &mut Context, directory: i32, path: Pointer, mode: u32) -> Result<u64, Errno> {
    attribute::change(cx, At { directory, path }, Change::Mode(mode), true, false)
}

/// fchmodat2(2).
///
/// # Errors
/// As the host's.
pub fn set_mode_with(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    flags: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(flags)?;
    attribute::change(cx, At { directory, path }, Change::Mode(mode), follow, empty)
}

/// fchmod(2).
///
/// # Errors
/// As the host's.
pub fn set_mode_of_descriptor(cx: &mut Context, descriptor: i32, mode: u32) -> Result<u64, Errno> {
    attribute::change_descriptor(cx, descriptor, Change::Mode(mode))
}

/// chown(2).
///
/// # Errors
/// As the host's.
pub fn set_owner(cx: &mut Context, path: Pointer, user: u32, group: u32) -> Result<u64, Errno> {
    attribute::change(cx, here(path), Change::Owner(user, group), true, false)
}

/// lchown(2).
///
/// # Errors
/// As the host's.
pub fn set_owner_of_link(cx: &mut Context, path: Pointer, user: u32, group: u32) -> Result<u64, Errno> {
    attribute::change(cx, here(path), Change::Owner(user, group), false, false)
}

/// fchownat(2).
///
/// # Errors
/// As the host's.
pub fn set_owner_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    user: u32,
    group: u32,
    flags: u32,
) -> Result<u64, Errno> {
    let (follow, empty) = ways(flags)?;
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

/// Two times in the parts of a call: seconds and fractions of which so many nanoseconds are one.
fn times(at: Pointer, unit: i64) -> Result<Option<[Time; 2]>, Errno> {
    let Some([a, b, c, d]) = guest::get_if::<[i64; 4]>(at.0)? else { return Ok(None) };
    if unit != 1 && ![b, d].iter().all(|part| (0..1_000_000_000 / unit).contains(part)) {
        return Err(Errno::INVAL);
    }
    let time = |seconds, part: i64| Time { seconds, nanoseconds: part.wrapping_mul(unit) };
    Ok(Some([time(a, b), time(c, d)]))
}

/// utime(2): whole seconds.
///
/// # Errors
/// As the host's.
pub fn set_seconds(cx: &mut Context, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    let given = guest::get_if::<[i64; 2]>(at.0)?;
    let times = given.map(|given| given.map(|seconds| Time { seconds, nanoseconds: 0 }));
    attribute::change(cx, here(path), Change::Times(times), true, false)
}

/// utimes(2).
///
/// # Errors
/// As the host's.
pub fn set_times(cx: &mut Context, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    let times = times(at, 1000)?;
    attribute::change(cx, here(path), Change::Times(times), true, false)
}

/// futimesat(2), which without a path means the descriptor.
///
/// # Errors
/// As the host's.
pub fn set_times_at(cx: &mut Context, directory: i32, path: Pointer, at: Pointer) -> Result<u64, Errno> {
    let change = Change::Times(times(at, 1000)?);
    if path.is_null() {
        return attribute::change_descriptor(cx, directory, change);
    }
    attribute::change(cx, At { directory, path }, change, true, false)
}

/// utimensat(2), which without a path means the descriptor.
///
/// # Errors
/// As the host's.
pub fn set_exact_times(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    at: Pointer,
    flags: u32,
) -> Result<u64, Errno> {
    let change = Change::Times(times(at, 1)?);
    let (follow, empty) = ways(flags)?;
    if path.is_null() {
        // Only the empty path may come with a flag.
        if flags != 0 {
            return Err(Errno::INVAL);
        }
        return attribute::change_descriptor(cx, directory, change);
    }
    attribute::change(cx, At { directory, path }, change, follow, empty)
}

/// truncate(2).
///
/// # Errors
/// As the host's.
pub fn truncate(cx: &mut Context, path: Pointer, size: i64) -> Result<u64, Errno> {
    attribute::truncate(cx, here(path), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_checked_and_nanoseconds_left_to_the_host() {
        let given = [1i64, 999_999, 2, 0];
        let at = Pointer(given.as_ptr() as u64);
        let times_of = |unit| times(at, unit).unwrap().unwrap();
        assert_eq!(times_of(1000)[0], Time { seconds: 1, nanoseconds: 999_999_000 });
        assert_eq!(times_of(1)[0], Time { seconds: 1, nanoseconds: 999_999 });
        let wrong = [1i64, 1_000_000, 2, 0];
        assert_eq!(times(Pointer(wrong.as_ptr() as u64), 1000), Err(Errno::INVAL));
        assert_eq!(times(Pointer(0), 1000), Ok(None));
    }
}
