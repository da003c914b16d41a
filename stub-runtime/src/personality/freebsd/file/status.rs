//! stat(2) in its layouts, and access(2).

use linux_raw_sys::general::{AT_EACCESS, STATX_BTIME, statx_timestamp};
use schemas::Errno;

use super::at_flags;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, Plain};
use crate::operation::descriptor::WORKING;
use crate::operation::path::At;
use crate::operation::status::{self, Status};
use crate::personality::freebsd::flags;

crate::layout! {
    /// `struct timespec`.
    pub struct Time: 16 {
        pub sec: i64,
        pub nsec: i64,
    }

    /// `struct stat` since FreeBSD 12 (sys/sys/stat.h).
    pub struct Stat: 224 {
        pub dev: u64,
        pub ino: u64,
        pub nlink: u64,
        pub mode: u16,
        pub pad0: u16,
        pub uid: u32,
        pub gid: u32,
        pub pad1: u32,
        pub rdev: u64,
        pub atim: Time,
        pub mtim: Time,
        pub ctim: Time,
        pub birthtim: Time,
        pub size: i64,
        pub blocks: i64,
        pub blksize: i32,
        pub flags: u32,
        pub generation: u64,
        pub spare: [u64; 10],
    }

    /// `struct freebsd11_stat`.
    pub struct Stat11: 120 {
        pub dev: u32,
        pub ino: u32,
        pub mode: u16,
        pub nlink: u16,
        pub uid: u32,
        pub gid: u32,
        pub rdev: u32,
        pub atim: Time,
        pub mtim: Time,
        pub ctim: Time,
        pub size: i64,
        pub blocks: i64,
        pub blksize: i32,
        pub flags: u32,
        pub generation: u32,
        pub lspare: i32,
        pub birthtim: Time,
    }

    /// `struct nstat`.
    pub struct NewStat: 128 {
        pub dev: u32,
        pub ino: u32,
        pub mode: u32,
        pub nlink: u32,
        pub uid: u32,
        pub gid: u32,
        pub rdev: u32,
        pub pad: u32,
        pub atim: Time,
        pub mtim: Time,
        pub ctim: Time,
        pub size: i64,
        pub blocks: i64,
        pub blksize: i32,
        pub flags: u32,
        pub generation: u32,
        pub pad2: u32,
        pub birthtim: Time,
    }
}

/// A device number (`makedev`, sys/sys/types.h).
pub const fn device_number(major: u32, minor: u32) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (major & 0xffff_ff00) << 32 | (major & 0xff) << 8 | (minor & 0xff00) << 24 | (minor & 0xffff_00ff)
}

/// Major and minor number of a device.
pub const fn device_parts(device: u64) -> (u32, u32) {
    let major = (device >> 32 & 0xffff_ff00) | (device >> 8 & 0xff);
    let minor = (device >> 24 & 0xff00) | (device & 0xffff_00ff);
    (major as u32, minor as u32)
}

fn time(time: &statx_timestamp) -> Time {
    Time { sec: time.tv_sec, nsec: i64::from(time.tv_nsec) }
}

/// The time of birth; −1 where the file system does not keep it (vn_stat, sys/kern/vfs_vnops.c).
fn birth(status: &Status) -> Time {
    if status.stx_mask & STATX_BTIME != 0 { time(&status.stx_btime) } else { Time { sec: -1, nsec: 0 } }
}

/// A layout of `struct stat`.
trait Layout: Plain {
    fn of(status: &Status) -> Self;
}

impl Layout for Stat {
    fn of(s: &Status) -> Stat {
        Stat {
            dev: device_number(s.stx_dev_major, s.stx_dev_minor),
            ino: s.stx_ino,
            nlink: u64::from(s.stx_nlink),
            mode: s.stx_mode,
            uid: s.stx_uid,
            gid: s.stx_gid,
            rdev: device_number(s.stx_rdev_major, s.stx_rdev_minor),
            atim: time(&s.stx_atime),
            mtim: time(&s.stx_mtime),
            ctim: time(&s.stx_ctime),
            birthtim: birth(s),
            size: s.stx_size as i64,
            blocks: s.stx_blocks as i64,
            blksize: s.stx_blksize as i32,
            ..Stat::default()
        }
    }
}

impl Layout for Stat11 {
    fn of(s: &Status) -> Stat11 {
        // Numbers that do not fit are cut off (freebsd11_cvtstat, sys/kern/vfs_syscalls.c); links stay many.
        Stat11 {
            dev: device_number(s.stx_dev_major, s.stx_dev_minor) as u32,
            ino: s.stx_ino as u32,
            mode: s.stx_mode,
            nlink: s.stx_nlink.min(u32::from(u16::MAX)) as u16,
            uid: s.stx_uid,
            gid: s.stx_gid,
            rdev: device_number(s.stx_rdev_major, s.stx_rdev_minor) as u32,
            atim: time(&s.stx_atime),
            mtim: time(&s.stx_mtime),
            ctim: time(&s.stx_ctime),
            size: s.stx_size as i64,
            blocks: s.stx_blocks as i64,
            blksize: s.stx_blksize as i32,
            birthtim: birth(s),
            ..Stat11::default()
        }
    }
}

impl Layout for NewStat {
    fn of(s: &Status) -> NewStat {
        let old = Stat11::of(s);
        NewStat {
            dev: old.dev,
            ino: old.ino,
            mode: u32::from(old.mode),
            nlink: s.stx_nlink,
            uid: old.uid,
            gid: old.gid,
            rdev: old.rdev,
            atim: old.atim,
            mtim: old.mtim,
            ctim: old.ctim,
            size: old.size,
            blocks: old.blocks,
            blksize: old.blksize,
            birthtim: old.birthtim,
            ..NewStat::default()
        }
    }
}

fn at<L: Layout>(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    to: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    let allowed = flags::AT_SYMLINK_NOFOLLOW | flags::AT_EMPTY_PATH;
    at_flags(given, allowed)?;
    let follow = given & flags::AT_SYMLINK_NOFOLLOW == 0;
    let empty = given & flags::AT_EMPTY_PATH != 0;
    let found = status::of_path(cx, At { directory, path }, follow, empty)?;
    guest::put(to.0, &L::of(&found)).map(|()| 0)
}

fn descriptor<L: Layout>(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    let found = status::of_descriptor(cx, descriptor)?;
    guest::put(to.0, &L::of(&found)).map(|()| 0)
}

/// fstatat(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn stat_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    to: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    at::<Stat>(cx, directory, path, to, given)
}

/// fstat(2).
///
/// # Errors
/// As the host's.
pub fn stat_descriptor(cx: &mut Context, fd: i32, to: Pointer) -> Result<u64, Errno> {
    descriptor::<Stat>(cx, fd, to)
}

/// fstatat(2) before FreeBSD 12.
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn stat_at_11(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    to: Pointer,
    given: u32,
) -> Result<u64, Errno> {
    at::<Stat11>(cx, directory, path, to, given)
}

/// stat(2) before FreeBSD 12.
///
/// # Errors
/// As the host's.
pub fn stat_11(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    at::<Stat11>(cx, WORKING, path, to, 0)
}

/// lstat(2) before FreeBSD 12.
///
/// # Errors
/// As the host's.
pub fn stat_link_11(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    at::<Stat11>(cx, WORKING, path, to, flags::AT_SYMLINK_NOFOLLOW)
}

/// fstat(2) before FreeBSD 12.
///
/// # Errors
/// As the host's.
pub fn stat_descriptor_11(cx: &mut Context, fd: i32, to: Pointer) -> Result<u64, Errno> {
    descriptor::<Stat11>(cx, fd, to)
}

/// nstat(2), a relic of NetBSD's programs.
///
/// # Errors
/// As the host's.
pub fn new_stat(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    at::<NewStat>(cx, WORKING, path, to, 0)
}

/// nlstat(2), likewise.
///
/// # Errors
/// As the host's.
pub fn new_stat_link(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    at::<NewStat>(cx, WORKING, path, to, flags::AT_SYMLINK_NOFOLLOW)
}

/// nfstat(2), likewise.
///
/// # Errors
/// As the host's.
pub fn new_stat_descriptor(cx: &mut Context, fd: i32, to: Pointer) -> Result<u64, Errno> {
    descriptor::<NewStat>(cx, fd, to)
}

/// access(2).
///
/// # Errors
/// As the host's.
pub fn access(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    access_with(cx, At::working(path), mode, 0)
}

/// eaccess(2): with the effective identities.
///
/// # Errors
/// As the host's.
pub fn effective_access(cx: &mut Context, path: Pointer, mode: u32) -> Result<u64, Errno> {
    access_with(cx, At::working(path), mode, AT_EACCESS)
}

/// faccessat(2).
///
/// # Errors
/// As the host's; `EINVAL` for flags.
pub fn access_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    mode: u32,
    given: u32,
) -> Result<u64, Errno> {
    let allowed = flags::AT_EACCESS | flags::AT_EMPTY_PATH | flags::AT_SYMLINK_NOFOLLOW;
    let host = at_flags(given, allowed)?;
    access_with(cx, At { directory, path }, mode, host)
}

fn access_with(cx: &mut Context, at: At, mode: u32, host: u32) -> Result<u64, Errno> {
    let mode = flags::ACCESS.to_host(u64::from(mode))? as u32;
    status::access(cx, at, mode, host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_are_where_the_header_has_them() {
        assert_eq!(offset_of!(Stat, mode), 24);
        assert_eq!(offset_of!(Stat, rdev), 40);
        assert_eq!(offset_of!(Stat, birthtim), 96);
        assert_eq!(offset_of!(Stat, size), 112);
        assert_eq!(offset_of!(Stat, flags), 132);
        assert_eq!(offset_of!(Stat, generation), 136);
        assert_eq!(offset_of!(Stat11, rdev), 20);
        assert_eq!(offset_of!(Stat11, size), 72);
        assert_eq!(offset_of!(Stat11, generation), 96);
        assert_eq!(offset_of!(Stat11, birthtim), 104);
        assert_eq!(offset_of!(NewStat, atim), 32);
        assert_eq!(offset_of!(NewStat, birthtim), 112);
    }

    #[test]
    fn device_numbers_go_there_and_back() {
        for (major, minor) in [(0, 0), (8, 1), (0xff, 0xff), (0x1234_5678, 0x9abc_def0), (259, 65537)] {
            assert_eq!(device_parts(device_number(major, minor)), (major, minor));
        }
        assert_eq!(device_number(8, 1), 0x801);
    }

    #[test]
    fn layouts_tell_the_same_as_the_host() {
        let found = status::of_host(WORKING, c"/".as_ptr() as u64, 0).unwrap();
        let (new, old, other) = (Stat::of(&found), Stat11::of(&found), NewStat::of(&found));
        assert_eq!(u32::from(new.mode) & 0o170000, 0o040000);
        assert_eq!((new.ino as u32, new.size, new.uid), (old.ino, old.size, old.uid));
        assert_eq!(
            (other.ino, u64::from(other.nlink), other.mode),
            (old.ino, new.nlink, u32::from(new.mode))
        );
        assert_eq!(
            (new.mtim.sec, old.mtim.nsec),
            (found.stx_mtime.tv_sec, i64::from(found.stx_mtime.tv_nsec))
        );
    }

    #[test]
    fn no_time_of_birth_is_minus_one() {
        let mut found = status::of_host(WORKING, c"/".as_ptr() as u64, 0).unwrap();
        found.stx_mask &= !STATX_BTIME;
        assert_eq!(Stat::of(&found).birthtim.sec, -1);
    }
}
