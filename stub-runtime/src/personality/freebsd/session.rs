//! The names that FreeBSD's sessions have: of the user who logged in (getlogin(2)) and of its login class
//! (getloginclass(2)).
//!
//! Nobody logs in to a world, so a session begins without a name and with the default class. What a privileged
//! process says they are holds for it and its children until they execute another program.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::__NR_geteuid;
use crate::host::linux::syscall::call;
use crate::process::Lock;

/// Room for a name with its zero (`MAXLOGNAME`).
const NAME_MAX: usize = 33;

type Name = [u8; NAME_MAX];

static USER: Lock<Name> = Lock::new([0; NAME_MAX]);
static CLASS: Lock<Name> = Lock::new({
    let mut name = [0; NAME_MAX];
    let (first, _) = name.split_at_mut(DEFAULT_CLASS.len());
    first.copy_from_slice(DEFAULT_CLASS);
    name
});

/// The class of who has none.
const DEFAULT_CLASS: &[u8] = b"default";

/// Length of a name with its zero.
fn len(name: &Name) -> usize {
    name.iter().position(|byte| *byte == 0).map_or(NAME_MAX, |end| end + 1)
}

/// Gives a name, where there is room for it.
fn give(name: Name, buffer: Pointer, room: usize, too_small: Errno) -> Result<u64, Errno> {
    let len = len(&name);
    if room < len {
        return Err(too_small);
    }
    guest::write(buffer.0, &name[..len])?;
    Ok(0)
}

/// Takes a name from a privileged guest.
fn take(at: Pointer, too_long: Errno) -> Result<Name, Errno> {
    // SAFETY: no arguments.
    if unsafe { call::<0>(__NR_geteuid, []) }? != 0 {
        return Err(Errno::PERM);
    }
    let mut name = [0; NAME_MAX];
    for (place, at) in name.iter_mut().zip(at.0..) {
        *place = guest::get(at)?;
        if *place == 0 {
            return Ok(name);
        }
    }
    Err(too_long)
}

/// getlogin(2) as the kernel has it: an empty name when nobody has logged in.
///
/// # Errors
/// `ERANGE` when there is no room, `EFAULT`.
pub fn user(_cx: &mut Context, buffer: Pointer, room: u32) -> Result<u64, Errno> {
    let name = *USER.lock();
    give(name, buffer, room as usize, Errno::RANGE)
}

/// setlogin(2).
///
/// # Errors
/// `EPERM` unless privileged, `EINVAL` for a name that is too long, `EFAULT`.
pub fn set_user(_cx: &mut Context, name: Pointer) -> Result<u64, Errno> {
    let name = take(name, Errno::INVAL)?;
    *USER.lock() = name;
    Ok(0)
}

/// getloginclass(2).
///
/// # Errors
/// `ERANGE` when there is no room, `EFAULT`.
pub fn class(_cx: &mut Context, buffer: Pointer, room: usize) -> Result<u64, Errno> {
    let name = *CLASS.lock();
    give(name, buffer, room, Errno::RANGE)
}

/// setloginclass(2).
///
/// # Errors
/// `EPERM` unless privileged, `EINVAL` for an empty name or one with a colon, `ENAMETOOLONG`, `EFAULT`.
pub fn set_class(_cx: &mut Context, name: Pointer) -> Result<u64, Errno> {
    let name = take(name, Errno::NAMETOOLONG)?;
    if name[0] == 0 || name.contains(&b':') {
        return Err(Errno::INVAL);
    }
    *CLASS.lock() = name;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_without_a_name_and_with_a_class() {
        assert_eq!(len(&USER.lock()), 1);
        assert_eq!(&CLASS.lock()[..8], b"default\0");
    }

    #[test]
    fn a_name_needs_room_for_its_zero() {
        let mut name = [0; NAME_MAX];
        name[..2].copy_from_slice(b"ab");
        let mut buffer = [0xffu8; 4];
        let at = Pointer(buffer.as_mut_ptr() as u64);
        assert_eq!(give(name, at, 2, Errno::RANGE), Err(Errno::RANGE));
        assert_eq!(give(name, at, 3, Errno::RANGE), Ok(0));
        assert_eq!(&buffer, b"ab\0\xff");
    }
}
