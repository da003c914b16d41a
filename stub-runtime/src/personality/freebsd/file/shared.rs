//! Shared memory objects by name and without: shm_open2(2), shm_unlink(2), shm_rename(2).
//!
//! Their names are a space of their own on FreeBSD. On the host they are files in the directory where its own C
//! library keeps them, so that guests of all systems share them; a slash within a name is written as `%2f`.

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::syscall::call;
use crate::operation::descriptor::WORKING;
use crate::personality::freebsd::flags;

/// `SHM_ANON` (sys/sys/mman.h).
const ANONYMOUS: u64 = 1;
/// Where the host's C library keeps them (shm_overview(7)).
const DIRECTORY: &[u8] = b"/dev/shm/";
/// Longest name (`MAXPATHLEN`, sys/sys/param.h).
const NAME_MAX: usize = 1024;
/// Longest file name of the host.
const FILE_MAX: usize = 255;

/// The host's file for an object.
///
/// # Errors
/// `EINVAL` for a name that does not begin with a slash, `ENAMETOOLONG`, `EFAULT`.
fn file_of(name: Pointer, path: &mut PathBuffer) -> Result<(), Errno> {
    let mut own = PathBuffer::new();
    own.copy_in(name.0)?;
    translate(own.bytes(), path)
}

fn translate(name: &[u8], path: &mut PathBuffer) -> Result<(), Errno> {
    let rest = name.strip_prefix(b"/").ok_or(Errno::INVAL)?;
    if name.len() >= NAME_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    path.set(&[DIRECTORY])?;
    for byte in rest {
        match byte {
            b'/' => path.push(b"%2f")?,
            b'%' => path.push(b"%25")?,
            byte => path.push(core::slice::from_ref(byte))?,
        };
    }
    let file = &path.bytes()[DIRECTORY.len()..];
    match file {
        b"" | b"." | b".." => Err(Errno::INVAL),
        _ if file.len() > FILE_MAX => Err(Errno::NAMETOOLONG),
        _ => Ok(()),
    }
}

/// shm_open2(2).
///
/// # Errors
/// As the manual page has them; `EOPNOTSUPP` for large pages.
pub fn open(
    cx: &mut Context,
    name: Pointer,
    given: u32,
    mode: u32,
    kind: u32,
    _label: Pointer,
) -> Result<u64, Errno> {
    let known = flags::O_RDWR | flags::O_CREAT | flags::O_EXCL | flags::O_TRUNC | flags::O_CLOEXEC;
    if given & !known != 0 {
        return Err(Errno::INVAL);
    }
    if kind & flags::SHM_LARGEPAGE != 0 {
        return Err(Errno::OPNOTSUPP);
    }
    let seals = flags::MEMORY_FILE.to_host(u64::from(kind))?;
    if name.0 == ANONYMOUS {
        if given & flags::O_RDWR == 0 {
            return Err(Errno::INVAL);
        }
        let close = if given & flags::O_CLOEXEC != 0 { u64::from(MFD_CLOEXEC) } else { 0 };
        let label = c"SHM_ANON".as_ptr() as u64;
        // SAFETY: the label is ours.
        return unsafe { call(__NR_memfd_create, [label, seals | close]) };
    }
    let mut path = PathBuffer::new();
    file_of(name, &mut path)?;
    let host = flags::OPEN.to_host(u64::from(given))? | u64::from(O_NOFOLLOW | O_NONBLOCK);
    let mode = u64::from(mode & 0o777 & !crate::operation::mask::get(cx));
    // SAFETY: the path is ours.
    unsafe { call(__NR_openat, [WORKING as u64, path.address(), host, mode]) }
}

/// shm_open(2) before FreeBSD 13: always close-on-exec.
///
/// # Errors
/// As shm_open2(2).
pub fn open_12(cx: &mut Context, name: Pointer, given: u32, mode: u32) -> Result<u64, Errno> {
    open(cx, name, given | flags::O_CLOEXEC, mode, 0, Pointer(0))
}

/// shm_unlink(2).
///
/// # Errors
/// `ENOENT`, `EACCES`, `ENAMETOOLONG`, `EFAULT`.
pub fn unlink(_cx: &mut Context, name: Pointer) -> Result<u64, Errno> {
    let mut path = PathBuffer::new();
    file_of(name, &mut path)?;
    // SAFETY: the path is ours.
    unsafe { call(__NR_unlinkat, [WORKING as u64, path.address(), 0]) }
}

/// `SHM_RENAME_NOREPLACE` and `SHM_RENAME_EXCHANGE` (sys/sys/mman.h) are renameat2(2)'s of the host.
const RENAMES: u32 = RENAME_NOREPLACE | RENAME_EXCHANGE;

/// shm_rename(2).
///
/// # Errors
/// As the manual page has them.
pub fn rename(_cx: &mut Context, from: Pointer, to: Pointer, given: u32) -> Result<u64, Errno> {
    if given & !RENAMES != 0 || given == RENAMES {
        return Err(Errno::INVAL);
    }
    let (mut old, mut new) = (PathBuffer::new(), PathBuffer::new());
    file_of(from, &mut old)?;
    file_of(to, &mut new)?;
    let directory = WORKING as u64;
    // SAFETY: the paths are ours.
    unsafe { call(__NR_renameat2, [directory, old.address(), directory, new.address(), u64::from(given)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Result<String, Errno> {
        let mut path = PathBuffer::new();
        translate(name.as_bytes(), &mut path)?;
        Ok(String::from_utf8(path.bytes().to_vec()).unwrap())
    }

    #[test]
    fn objects_are_files_in_one_directory() {
        assert_eq!(file("/a").unwrap(), "/dev/shm/a");
        assert_eq!(file("/a/../b%").unwrap(), "/dev/shm/a%2f..%2fb%25");
        for wrong in ["", "a", "/", "/.", "/.."] {
            assert_eq!(file(wrong), Err(Errno::INVAL), "{wrong}");
        }
        assert_eq!(file(&format!("/{}", "x".repeat(256))), Err(Errno::NAMETOOLONG));
        assert_eq!(file(&format!("/{}", "x".repeat(2000))), Err(Errno::NAMETOOLONG));
        assert_eq!(file(&format!("/{}", "x".repeat(255))).unwrap().len(), 264);
    }

    #[test]
    fn guests_memory_is_read_as_a_name() {
        let mut path = PathBuffer::new();
        file_of(Pointer(c"/name".as_ptr() as u64), &mut path).unwrap();
        assert_eq!(path.bytes(), b"/dev/shm/name");
        assert_eq!(file_of(Pointer(u64::MAX - 4), &mut path), Err(Errno::FAULT));
    }
}
