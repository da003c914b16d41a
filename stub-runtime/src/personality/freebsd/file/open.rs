//! open(2) and how descriptors go: close(2), closefrom(2), dup(2).

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::descriptor::WORKING;
use crate::operation::path::{At, Path};
use crate::operation::{open, status};
use crate::personality::freebsd::flags;

/// Flags that the host's `open` knows nothing of.
const OWN: u32 = flags::O_SHLOCK
    | flags::O_EXLOCK
    | flags::O_RESOLVE_BENEATH
    | flags::O_EMPTY_PATH
    | flags::O_NAMEDATTR
    | flags::O_CLOFORK;

/// Flags that FreeBSD knows; it takes no notice of others.
const KNOWN: u32 = {
    let mut known = 0;
    let mut at = 0;
    while at < flags::OPEN.constants.len() {
        known |= flags::OPEN.constants[at].mask as u32;
        at += 1;
    }
    known
};

/// open(2).
///
/// # Errors
/// As openat(2).
pub fn open(cx: &mut Context, path: Pointer, given: u32, mode: u32) -> Result<u64, Errno> {
    open_at(cx, WORKING, path, given, mode)
}

/// The host's flags for FreeBSD's.
///
/// # Errors
/// `EINVAL` for flags that contradict each other.
pub fn to_host(given: u32) -> Result<u32, Errno> {
    let given = given & KNOWN;
    let access = given & flags::O_RDWR | given & flags::O_WRONLY;
    if access == flags::O_RDWR | flags::O_WRONLY || (given & flags::O_EXEC != 0 && access != 0) {
        return Err(Errno::INVAL);
    }
    let mut given = given & !OWN;
    // With O_DIRECTORY nothing is made (vn_open_cred, sys/kern/vfs_vnops.c).
    let makes_directory = flags::O_CREAT | flags::O_DIRECTORY;
    if given & makes_directory == makes_directory {
        if given & flags::O_EXCL != 0 {
            return Err(Errno::INVAL);
        }
        given &= !flags::O_CREAT;
    }
    // A terminal does not become the controlling one by being opened (tty(4)).
    flags::OPEN.to_host(u64::from(given)).map(|bits| bits as u32 | O_NOCTTY)
}

/// openat(2).
///
/// # Errors
/// As the manual page has them: `EMLINK` for a link that is not followed, `EOPNOTSUPP` for a socket.
pub fn open_at(cx: &mut Context, directory: i32, path: Pointer, given: u32, mode: u32) -> Result<u64, Errno> {
    let host = to_host(given)?;
    let resolve = if given & flags::O_RESOLVE_BENEATH != 0 { u64::from(RESOLVE_BENEATH) } else { 0 };
    let mut target = Path::new();
    target.read(cx, At { directory, path })?;
    if given & flags::O_EMPTY_PATH != 0 && target.text().is_empty() {
        let mut name = crate::guest::PathBuffer::new();
        target.set(WORKING, name.set_numbered(b"/proc/self/fd/", directory)?.bytes())?;
    }
    let opened = open::open_path(cx, &mut target, host, mode, resolve);
    let descriptor = opened.map_err(|error| match error {
        Errno::LOOP if given & flags::O_NOFOLLOW != 0 => Errno::MLINK,
        Errno::NXIO if is_socket(cx, directory, path) => Errno::OPNOTSUPP,
        Errno::XDEV if resolve != 0 => crate::personality::freebsd::errno::own(NOT_CAPABLE),
        error => error,
    })?;
    let checked = check(cx, descriptor as i32, given);
    checked.inspect_err(|_| {
        let _ = open::close(cx, descriptor as i32);
    })?;
    Ok(descriptor)
}

/// `ENOTCAPABLE` (sys/sys/errno.h).
const NOT_CAPABLE: i32 = crate::personality::freebsd::errno::number::ENOTCAPABLE;

fn is_socket(cx: &mut Context, directory: i32, path: Pointer) -> bool {
    let found = status::of_path(cx, At { directory, path }, true, false);
    found.is_ok_and(|found| u32::from(found.stx_mode) & S_IFMT == S_IFSOCK)
}

/// What the host's `open` does not do: the lock, and the right to execute.
fn check(cx: &mut Context, descriptor: i32, given: u32) -> Result<(), Errno> {
    if given & flags::O_EXEC != 0 {
        let flags = u64::from(AT_EMPTY_PATH | AT_EACCESS);
        let empty = c"".as_ptr() as u64;
        // SAFETY: the empty path means the descriptor itself.
        unsafe { call(__NR_faccessat2, [descriptor as u64, empty, u64::from(X_OK), flags]) }?;
    }
    let lock = match given & (flags::O_SHLOCK | flags::O_EXLOCK) {
        0 => return Ok(()),
        flags::O_SHLOCK => LOCK_SH,
        _ => LOCK_EX,
    };
    let wait = if given & flags::O_NONBLOCK != 0 { LOCK_NB } else { 0 };
    crate::operation::lock::whole(cx, descriptor, lock | wait).map(drop)
}

/// `X_OK` of access(2).
const X_OK: u32 = 1;

/// closefrom(2).
///
/// # Errors
/// None.
pub fn close_from(cx: &mut Context, lowest: i32) -> Result<u64, Errno> {
    open::close_range(cx, lowest.max(0) as u32, u32::MAX, 0)
}

/// close_range(2).
///
/// # Errors
/// `EINVAL`.
pub fn close_range(cx: &mut Context, first: u32, last: u32, given: u32) -> Result<u64, Errno> {
    // What the child of a fork does not get it can do without being told.
    let host = flags::CLOSE_RANGE.to_host(u64::from(given & !flags::CLOSE_RANGE_CLOFORK))?;
    if given & flags::CLOSE_RANGE_CLOFORK != 0 && host == 0 {
        return Err(Errno::INVAL);
    }
    open::close_range(cx, first, last, host as u32)
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

/// sync(2).
///
/// # Errors
/// None.
pub fn synchronize_all(_cx: &mut Context) -> Result<u64, Errno> {
    // SAFETY: no arguments.
    unsafe { call_blocking::<0>(__NR_sync, []) }
}

#[cfg(test)]
mod tests {
    use super::to_host;
    use crate::personality::freebsd::flags::*;
    use linux_raw_sys::general as abi;
    use schemas::Errno;

    #[test]
    fn flags_become_the_hosts() {
        assert_eq!(to_host(O_RDONLY), Ok(abi::O_NOCTTY));
        assert_eq!(
            to_host(O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC),
            Ok(abi::O_RDWR | abi::O_CREAT | abi::O_EXCL | abi::O_CLOEXEC | abi::O_NOCTTY)
        );
        assert_eq!(to_host(O_WRONLY | O_EXLOCK), Ok(abi::O_WRONLY | abi::O_NOCTTY));
        assert_eq!(to_host(O_SYNC), Ok(abi::O_SYNC | abi::O_NOCTTY));
        assert_eq!(to_host(O_EXEC), Ok(abi::O_PATH | abi::O_NOCTTY));
        // Bits that no version has are not looked at.
        assert_eq!(to_host(0x8000_0000), Ok(abi::O_NOCTTY));
    }

    #[test]
    fn contradictions_are_refused() {
        assert_eq!(to_host(3), Err(Errno::INVAL));
        assert_eq!(to_host(O_EXEC | O_RDWR), Err(Errno::INVAL));
        assert_eq!(to_host(O_CREAT | O_DIRECTORY | O_EXCL), Err(Errno::INVAL));
        assert_eq!(to_host(O_CREAT | O_DIRECTORY), Ok(abi::O_DIRECTORY | abi::O_NOCTTY));
    }
}
