//! stat(2), statx(2) and access(2).

use linux_raw_sys::general::*;
use schemas::{Errno, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call;
use crate::operation::ask::{device_number, is_native};
use crate::operation::descriptor::WORKING;
use crate::operation::path::{Aim, At, Path, perform_on};
use crate::operation::status::{self, Status};

crate::layout! {
    /// `struct stat` (asm/stat.h).
    pub struct Stat: 144 {
        pub dev: u64,
        pub ino: u64,
        pub nlink: u64,
        pub mode: u32,
        pub uid: u32,
        pub gid: u32,
        pub pad: u32,
        pub rdev: u64,
        pub size: i64,
        pub blksize: i64,
        pub blocks: i64,
        pub atime: [i64; 2],
        pub mtime: [i64; 2],
        pub ctime: [i64; 2],
        pub reserved: [i64; 3],
    }
}

fn time(time: &statx_timestamp) -> [i64; 2] {
    [time.tv_sec, i64::from(time.tv_nsec)]
}

/// `struct stat` of what a server said.
fn layout(s: &Status) -> Stat {
    Stat {
        dev: device_number(s.stx_dev_major, s.stx_dev_minor),
        ino: s.stx_ino,
        nlink: u64::from(s.stx_nlink),
        mode: u32::from(s.stx_mode),
        uid: s.stx_uid,
        gid: s.stx_gid,
        rdev: device_number(s.stx_rdev_major, s.stx_rdev_minor),
        size: s.stx_size as i64,
        blksize: i64::from(s.stx_blksize),
        blocks: s.stx_blocks as i64,
        atime: time(&s.stx_atime),
        mtime: time(&s.stx_mtime),
        ctime: time(&s.stx_ctime),
        ..Stat::default()
    }
}

/// Writes what a server said.
type Put = fn(Pointer, &Status) -> Result<(), Errno>;

fn put_stat(to: Pointer, found: &Status) -> Result<(), Errno> {
    guest::put(to.0, &layout(found))
}

fn put_statx(to: Pointer, found: &Status) -> Result<(), Errno> {
    // SAFETY: a structure of integers, and its reserved ones are zero.
    let bytes =
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(found).cast(), size_of::<Status>()) };
    guest::write(to.0, bytes)
}

/// Looks at a path with a call of the host that writes to the guest itself.
fn look(
    cx: &mut Context,
    at: At,
    flags: u32,
    to: Pointer,
    put: Put,
    host: impl Fn(u64, u64, u32) -> Result<u64, Errno>,
) -> Result<u64, Errno> {
    let empty = flags & AT_EMPTY_PATH != 0;
    let mut path = Path::new();
    if empty && at.path.is_null() {
        path.set(at.directory, b"")?;
    } else {
        path.read(cx, at)?;
    }
    if path.text().is_empty() {
        let native = is_native(cx, Operation::FileStat, at.directory);
        if native || !empty {
            return host(at.directory as u64, at.path.0, flags);
        }
        put(to, &status::of_descriptor(cx, at.directory)?)?;
        return Ok(0);
    }
    let flags = if path.is_of_directory() { flags & !AT_SYMLINK_NOFOLLOW } else { flags };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    perform_on(
        cx,
        Operation::FsStat,
        &mut path,
        if follow { Aim::Follow } else { Aim::Name },
        |_, place| host(place.directory as u64, place.path, flags),
        |cx, remote| {
            let Some(found) = status::at_server(cx, remote, follow)? else { return Ok(None) };
            put(to, &found)?;
            Ok(Some(0))
        },
    )
}

/// newfstatat(2).
///
/// # Errors
/// As the host's.
pub fn stat_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    to: Pointer,
    flags: u32,
) -> Result<u64, Errno> {
    look(cx, At { directory, path }, flags, to, put_stat, |directory, path, flags| {
        // SAFETY: the path is ours or the guest's, the buffer the guest's; the kernel checks both.
        unsafe { call(__NR_newfstatat, [directory, path, to.0, u64::from(flags)]) }
    })
}

/// stat(2).
///
/// # Errors
/// As the host's.
pub fn stat(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    stat_at(cx, WORKING, path, to, 0)
}

/// lstat(2).
///
/// # Errors
/// As the host's.
pub fn stat_link(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    stat_at(cx, WORKING, path, to, AT_SYMLINK_NOFOLLOW)
}

/// fstat(2).
///
/// # Errors
/// As the host's.
pub fn stat_descriptor(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    if is_native(cx, Operation::FileStat, descriptor) {
        // SAFETY: the guest's buffer, which the kernel checks.
        return unsafe { call(__NR_fstat, [descriptor as u64, to.0]) };
    }
    put_stat(to, &status::of_descriptor(cx, descriptor)?).map(|()| 0)
}

/// statx(2).
///
/// # Errors
/// As the host's.
pub fn statx(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    flags: u32,
    mask: u32,
    to: Pointer,
) -> Result<u64, Errno> {
    look(cx, At { directory, path }, flags, to, put_statx, |directory, path, flags| {
        // SAFETY: as above.
        unsafe { call(__NR_statx, [directory, path, u64::from(flags), u64::from(mask), to.0]) }
    })
}

/// access(2).
///
/// # Errors
/// As the host's.
pub fn access(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    status::access(cx, At::working(path), mode, 0)
}

/// faccessat(2) as the kernel has it, without flags.
///
/// # Errors
/// As the host's.
pub fn access_at(cx: &mut Context, directory: i32, path: Pointer, mode: u32) -> Result<u64, Errno> {
    status::access(cx, At { directory, path }, mode, 0)
}

/// faccessat2(2).
///
/// # Errors
/// As the host's.
pub fn access_with(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    flags: u32,
) -> Result<u64, Errno> {
    status::access(cx, At { directory, path }, mode, flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_what_the_host_itself_writes() {
        let mut own = Stat::default();
        let path = c"/".as_ptr() as u64;
        // SAFETY: the path is ours, and the kernel writes one structure.
        unsafe { call(__NR_newfstatat, [WORKING as u64, path, &raw mut own as u64, 0]) }.unwrap();
        let other = layout(&status::of_host(WORKING, path, 0).unwrap());
        assert_eq!(format!("{own:?}"), format!("{other:?}"));
    }
}
