//! statfs(2) in its layouts, getfsstat(2), pathconf(2), mount(2).

use linux_raw_sys::general::MNT_FORCE;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer, Plain};
use crate::host::linux::message::Vector;
use crate::operation::filesystem::{self, Filesystem};
use crate::operation::path::{At, base_of};
use crate::operation::{directory, mounts, status};

crate::layout! {
    /// `struct statfs` since FreeBSD 12 (sys/sys/mount.h).
    pub struct Statfs: 2344 {
        pub version: u32,
        pub kind: u32,
        pub flags: u64,
        pub bsize: u64,
        pub iosize: u64,
        pub blocks: u64,
        pub bfree: u64,
        pub bavail: i64,
        pub files: u64,
        pub ffree: i64,
        pub syncwrites: u64,
        pub asyncwrites: u64,
        pub syncreads: u64,
        pub asyncreads: u64,
        pub spare: [u64; 10],
        pub namemax: u32,
        pub owner: u32,
        pub fsid: [i32; 2],
        pub charspare: [u8; 80],
        pub fstypename: [u8; 16],
        pub mntfromname: [u8; 1024],
        pub mntonname: [u8; 1024],
    }

    /// `struct freebsd11_statfs`.
    pub struct Statfs11: 472 {
        pub version: u32,
        pub kind: u32,
        pub flags: u64,
        pub bsize: u64,
        pub iosize: u64,
        pub blocks: u64,
        pub bfree: u64,
        pub bavail: i64,
        pub files: u64,
        pub ffree: i64,
        pub syncwrites: u64,
        pub asyncwrites: u64,
        pub syncreads: u64,
        pub asyncreads: u64,
        pub spare: [u64; 10],
        pub namemax: u32,
        pub owner: u32,
        pub fsid: [i32; 2],
        pub charspare: [u8; 80],
        pub fstypename: [u8; 16],
        pub mntfromname: [u8; 88],
        pub mntonname: [u8; 88],
    }
}

/// `STATFS_VERSION`, now and before FreeBSD 12.
const VERSION: u32 = 0x2014_0518;
const VERSION_11: u32 = 0x2003_0518;

// Flags of a mount (sys/sys/mount.h).
const MNT_RDONLY: u64 = 0x1;
const MNT_SYNCHRONOUS: u64 = 0x2;
const MNT_NOEXEC: u64 = 0x4;
const MNT_NOSUID: u64 = 0x8;
const MNT_LOCAL: u64 = 0x1000;
const MNT_ROOTFS: u64 = 0x4000;
const MNT_NOATIME: u64 = 0x1000_0000;

/// The flags of statvfs(2) of the host (linux/statfs.h) with FreeBSD's for the same.
const FLAGS: [(u64, u64); 5] =
    [(1, MNT_RDONLY), (2, MNT_NOSUID), (8, MNT_NOEXEC), (16, MNT_SYNCHRONOUS), (1024, MNT_NOATIME)];

/// Copies a name, cut off so that a zero is left.
fn name<const N: usize>(from: &[u8]) -> [u8; N] {
    let mut to = [0; N];
    let len = from.len().min(N - 1);
    to[..len].copy_from_slice(&from[..len]);
    to
}

/// A layout of `struct statfs`.
trait Layout: Plain {
    fn of(found: &Filesystem) -> Self;
}

impl Layout for Statfs {
    fn of(found: &Filesystem) -> Statfs {
        let numbers = &found.numbers;
        let given = numbers.f_flags as u64;
        let mut flags = MNT_LOCAL;
        for (host, own) in FLAGS {
            if given & host != 0 {
                flags |= own;
            }
        }
        if found.target.bytes() == b"/" {
            flags |= MNT_ROOTFS;
        }
        Statfs {
            version: VERSION,
            kind: numbers.f_type as u32,
            flags,
            bsize: numbers.f_frsize as u64,
            iosize: numbers.f_bsize as u64,
            blocks: numbers.f_blocks,
            bfree: numbers.f_bfree,
            bavail: numbers.f_bavail as i64,
            files: numbers.f_files,
            ffree: numbers.f_ffree as i64,
            namemax: numbers.f_namelen as u32,
            fsid: numbers.f_fsid.val,
            fstypename: name(found.kind.bytes()),
            mntfromname: name(found.source.bytes()),
            mntonname: name(found.target.bytes()),
            ..Statfs::default()
        }
    }
}

impl Layout for Statfs11 {
    fn of(found: &Filesystem) -> Statfs11 {
        let new = Statfs::of(found);
        Statfs11 {
            version: VERSION_11,
            kind: new.kind,
            flags: new.flags,
            bsize: new.bsize,
            iosize: new.iosize,
            blocks: new.blocks,
            bfree: new.bfree,
            bavail: new.bavail,
            files: new.files,
            ffree: new.ffree,
            namemax: new.namemax,
            fsid: new.fsid,
            fstypename: new.fstypename,
            mntfromname: name(found.source.bytes()),
            mntonname: name(found.target.bytes()),
            ..Statfs11::default()
        }
    }
}

fn of_path<L: Layout>(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    let found = filesystem::of_path(cx, At::working(path))?;
    guest::put(to.0, &L::of(&found)).map(|()| 0)
}

fn of_descriptor<L: Layout>(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    let found = filesystem::of_descriptor(cx, descriptor)?;
    guest::put(to.0, &L::of(&found)).map(|()| 0)
}

/// statfs(2).
///
/// # Errors
/// As the host's.
pub fn statfs(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    of_path::<Statfs>(cx, path, to)
}

/// fstatfs(2).
///
/// # Errors
/// As the host's.
pub fn statfs_descriptor(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    of_descriptor::<Statfs>(cx, descriptor, to)
}

/// statfs(2) before FreeBSD 12.
///
/// # Errors
/// As the host's.
pub fn statfs_11(cx: &mut Context, path: Pointer, to: Pointer) -> Result<u64, Errno> {
    of_path::<Statfs11>(cx, path, to)
}

/// fstatfs(2) before FreeBSD 12.
///
/// # Errors
/// As the host's.
pub fn statfs_descriptor_11(cx: &mut Context, descriptor: i32, to: Pointer) -> Result<u64, Errno> {
    of_descriptor::<Statfs11>(cx, descriptor, to)
}

/// `MNT_WAIT` and `MNT_NOWAIT` (sys/sys/mount.h).
const WAIT: i32 = 1;
const NO_WAIT: i32 = 2;

fn list<L: Layout>(to: Pointer, size: i64, mode: i32) -> Result<u64, Errno> {
    if !matches!(mode, WAIT | NO_WAIT) || size < 0 {
        return Err(Errno::INVAL);
    }
    let room = if to.is_null() { u64::MAX } else { size as u64 / size_of::<L>() as u64 };
    let mut count = 0u64;
    if room == 0 {
        return Ok(0);
    }
    filesystem::each(|found| {
        if !to.is_null() {
            guest::put(to.0 + count * size_of::<L>() as u64, &L::of(found))?;
        }
        count += 1;
        Ok(count < room)
    })?;
    Ok(count)
}

/// getfsstat(2): the host's mounts; without a buffer only how many there are.
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn each(_cx: &mut Context, to: Pointer, size: i64, mode: i32) -> Result<u64, Errno> {
    list::<Statfs>(to, size, mode)
}

/// getfsstat(2) before FreeBSD 12.
///
/// # Errors
/// As getfsstat(2).
pub fn each_11(_cx: &mut Context, to: Pointer, size: i64, mode: i32) -> Result<u64, Errno> {
    list::<Statfs11>(to, size, mode)
}

/// What pathconf(2) can be asked (sys/sys/unistd.h).
#[expect(missing_docs, reason = "names of sys/sys/unistd.h")]
pub mod variable {
    pub const LINK_MAX: i32 = 1;
    pub const MAX_CANON: i32 = 2;
    pub const MAX_INPUT: i32 = 3;
    pub const NAME_MAX: i32 = 4;
    pub const PATH_MAX: i32 = 5;
    pub const PIPE_BUF: i32 = 6;
    pub const CHOWN_RESTRICTED: i32 = 7;
    pub const NO_TRUNC: i32 = 8;
    pub const VDISABLE: i32 = 9;
    pub const ALLOC_SIZE_MIN: i32 = 10;
    pub const FILESIZEBITS: i32 = 12;
    pub const REC_INCR_XFER_SIZE: i32 = 14;
    pub const REC_MAX_XFER_SIZE: i32 = 15;
    pub const REC_MIN_XFER_SIZE: i32 = 16;
    pub const REC_XFER_ALIGN: i32 = 17;
    pub const SYMLINK_MAX: i32 = 18;
    pub const MIN_HOLE_SIZE: i32 = 21;
    pub const ASYNC_IO: i32 = 53;
    pub const PRIO_IO: i32 = 54;
    pub const SYNC_IO: i32 = 55;
    pub const ACL_EXTENDED: i32 = 59;
    pub const ACL_PATH_MAX: i32 = 60;
    pub const CAP_PRESENT: i32 = 61;
    pub const INF_PRESENT: i32 = 62;
    pub const MAC_PRESENT: i32 = 63;
    pub const ACL_NFS4: i32 = 64;
    pub const DEALLOC_PRESENT: i32 = 65;
    pub const NAMEDATTR_ENABLED: i32 = 66;
    pub const HAS_NAMEDATTR: i32 = 67;
    pub const HAS_HIDDENSYSTEM: i32 = 68;
    pub const CLONE_BLKSIZE: i32 = 69;
}

/// The limits: those of the system itself (sys/sys/syslimits.h), of the file's kind and of its file system.
fn limit(
    variable: i32,
    found: &status::Status,
    filesystem: impl FnOnce() -> Result<Filesystem, Errno>,
) -> Result<i64, Errno> {
    use variable::*;
    let kind = u32::from(found.stx_mode) & 0o170000;
    let block = i64::from(found.stx_blksize.max(512));
    Ok(match variable {
        // What the host's file systems allow: `LINK_MAX` of the host (linux/limits.h) is a lower bound.
        LINK_MAX => 32767,
        // Terminals only (sys/sys/syslimits.h).
        MAX_CANON | MAX_INPUT if kind == 0o020000 => 255,
        VDISABLE if kind == 0o020000 => 0xff,
        NAME_MAX => i64::from(filesystem()?.numbers.f_namelen as u32),
        PATH_MAX | SYMLINK_MAX => 1024,
        PIPE_BUF if matches!(kind, 0o010000 | 0o040000 | 0o140000) => 512,
        CHOWN_RESTRICTED | NO_TRUNC | SYNC_IO => 1,
        FILESIZEBITS => 64,
        ALLOC_SIZE_MIN | REC_INCR_XFER_SIZE | REC_MIN_XFER_SIZE | REC_XFER_ALIGN | MIN_HOLE_SIZE => block,
        REC_MAX_XFER_SIZE => -1,
        // Asynchronous requests are carried out, access control lists and labels are not.
        ASYNC_IO => 200_112,
        PRIO_IO | ACL_EXTENDED | ACL_NFS4 | CAP_PRESENT | INF_PRESENT | MAC_PRESENT => 0,
        NAMEDATTR_ENABLED | HAS_NAMEDATTR | HAS_HIDDENSYSTEM | CLONE_BLKSIZE => 0,
        ACL_PATH_MAX => 3,
        DEALLOC_PRESENT => 1,
        _ => return Err(Errno::INVAL),
    })
}

fn limit_of_path(cx: &mut Context, path: Pointer, variable: i32, follow: bool) -> Result<i64, Errno> {
    let found = status::of_path(cx, At::working(path), follow, false)?;
    limit(variable, &found, || filesystem::of_path(cx, At::working(path)))
}

/// pathconf(2).
///
/// # Errors
/// As stat(2); `EINVAL` for what the file has not.
pub fn path_limit(cx: &mut Context, path: Pointer, variable: i32) -> Result<i64, Errno> {
    limit_of_path(cx, path, variable, true)
}

/// lpathconf(2).
///
/// # Errors
/// As pathconf(2).
pub fn link_limit(cx: &mut Context, path: Pointer, variable: i32) -> Result<i64, Errno> {
    limit_of_path(cx, path, variable, false)
}

/// fpathconf(2).
///
/// # Errors
/// As fstat(2); `EINVAL` for what the file has not.
pub fn descriptor_limit(cx: &mut Context, descriptor: i32, variable: i32) -> Result<i64, Errno> {
    let found = status::of_descriptor(cx, descriptor)?;
    limit(variable, &found, || filesystem::of_descriptor(cx, descriptor))
}

/// `MNT_FORCE` and `MNT_BYFSID` (sys/sys/mount.h).
const FORCE: u64 = 0x8_0000;
const BY_FSID: u32 = 0x800_0000;
/// Flags of the host's `mount` (linux/mount.h) for FreeBSD's.
const MOUNT_FLAGS: [(u64, u64); 5] =
    [(MNT_RDONLY, 1), (MNT_NOSUID, 2), (MNT_NOEXEC, 8), (MNT_SYNCHRONOUS, 16), (MNT_NOATIME, 1024)];

fn mount_flags(given: u64) -> u64 {
    MOUNT_FLAGS.iter().filter(|(own, _)| given & own != 0).fold(0, |host, (_, bit)| host | bit)
}

/// mount(2): the deployment decides. What the file system's own structure says is not looked at.
///
/// # Errors
/// `EPERM`, `ENODEV`, and as the server's.
pub fn mount(
    cx: &mut Context,
    kind: Pointer,
    path: Pointer,
    given: u64,
    _data: Pointer,
) -> Result<u64, Errno> {
    let (mut name, mut target) = (PathBuffer::new(), PathBuffer::new());
    name.copy_in(kind.0)?;
    target.copy_in(path.0)?;
    filesystem::mount(cx, b"", target.bytes(), name.bytes(), mount_flags(given), b"")
}

/// Longest option of nmount(2) that is understood.
const OPTION: usize = 64;

/// nmount(2): pairs of names and values.
///
/// # Errors
/// `EINVAL` without a type and a place, `EPERM`, `ENODEV`, and as the server's.
pub fn mount_by_options(cx: &mut Context, vectors: Pointer, count: u32, given: u64) -> Result<u64, Errno> {
    if !count.is_multiple_of(2) || count > 256 {
        return Err(Errno::INVAL);
    }
    let (mut kind, mut target, mut source) = (PathBuffer::new(), PathBuffer::new(), PathBuffer::new());
    source.set(&[])?;
    kind.set(&[])?;
    target.set(&[])?;
    for pair in 0..u64::from(count / 2) {
        let option: Vector = guest::get(vectors.0.wrapping_add(32 * pair))?;
        let value: Vector = guest::get(vectors.0.wrapping_add(32 * pair + 16))?;
        let mut name = [0u8; OPTION];
        let len = (option.len as usize).min(OPTION);
        guest::read(option.base, &mut name[..len])?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(len);
        match &name[..end] {
            b"fstype" => kind.copy_in(value.base)?,
            b"fspath" => target.copy_in(value.base)?,
            b"from" | b"target" => source.copy_in(value.base)?,
            _ => continue,
        };
    }
    if kind.bytes().is_empty() || target.bytes().is_empty() {
        return Err(Errno::INVAL);
    }
    filesystem::mount(cx, source.bytes(), target.bytes(), kind.bytes(), mount_flags(given), b"")
}

/// unmount(2).
///
/// # Errors
/// `EPERM`, `EINVAL`, `EBUSY`; `EOPNOTSUPP` for a file system named by its number.
pub fn unmount(cx: &mut Context, path: Pointer, given: u32) -> Result<u64, Errno> {
    if given & BY_FSID != 0 {
        return Err(Errno::OPNOTSUPP);
    }
    let mut target = PathBuffer::new();
    let target = target.copy_in(path.0)?;
    let host = if u64::from(given) & FORCE != 0 { MNT_FORCE } else { 0 };
    filesystem::unmount(cx, target.bytes(), host)
}

/// fchroot(2).
///
/// # Errors
/// `EPERM`, and as the host's.
pub fn change_root_to(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    let mut path = PathBuffer::new();
    if !base_of(cx, mounts::current(cx), descriptor, &mut path)? {
        return Err(Errno::PERM);
    }
    directory::change_root(cx, Pointer(path.address()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::descriptor::WORKING;
    use core::mem::offset_of;
    use linux_raw_sys::general::{__NR_statfs, statfs64};

    #[test]
    fn fields_are_where_the_header_has_them() {
        assert_eq!(offset_of!(Statfs, flags), 8);
        assert_eq!(offset_of!(Statfs, asyncreads), 96);
        assert_eq!(offset_of!(Statfs, namemax), 184);
        assert_eq!(offset_of!(Statfs, fsid), 192);
        assert_eq!(offset_of!(Statfs, fstypename), 280);
        assert_eq!(offset_of!(Statfs, mntfromname), 296);
        assert_eq!(offset_of!(Statfs, mntonname), 1320);
        assert_eq!(offset_of!(Statfs11, fstypename), 280);
        assert_eq!(offset_of!(Statfs11, mntonname), 384);
    }

    #[test]
    fn the_root_is_told_as_such() {
        let mut root = None;
        filesystem::each(|found| {
            if found.target.bytes() == b"/" {
                root = Some(Statfs::of(found));
            }
            Ok(true)
        })
        .unwrap();
        let root = root.unwrap();
        assert_eq!((root.version, root.flags & MNT_ROOTFS), (VERSION, MNT_ROOTFS));
        assert_eq!(&root.mntonname[..2], b"/\0");
        assert!(root.bsize > 0 && root.namemax >= 255);
        // SAFETY: all integers.
        let mut host: statfs64 = unsafe { core::mem::zeroed() };
        // SAFETY: the path is ours, and the kernel writes one structure.
        unsafe {
            let path = c"/".as_ptr() as u64;
            crate::host::linux::syscall::call(__NR_statfs, [path, &raw mut host as u64]).unwrap();
        }
        assert_eq!(root.blocks, host.f_blocks);
    }

    #[test]
    fn names_are_cut_off_before_their_zero() {
        assert_eq!(name::<4>(b"ab"), *b"ab\0\0");
        assert_eq!(name::<4>(b"abcdef"), *b"abc\0");
    }

    #[test]
    fn limits_depend_on_the_kind_of_file() {
        let found = status::of_host(WORKING, c"/".as_ptr() as u64, 0).unwrap();
        let none = || Err(Errno::IO);
        assert_eq!(limit(variable::PATH_MAX, &found, none), Ok(1024));
        assert_eq!(limit(variable::NAME_MAX, &found, none), Err(Errno::IO));
        assert_eq!(limit(variable::MAX_INPUT, &found, none), Err(Errno::INVAL));
        assert_eq!(limit(variable::PIPE_BUF, &found, none), Ok(512));
        assert_eq!(limit(1000, &found, none), Err(Errno::INVAL));
    }
}
