//! Fills the structures of `common.capnp` that tell about files and file systems.

use rustix::fs::{Statx, StatxFlags, StatxTimestamp};
use schemas::Errno;
use schemas::common::{filesystem_stat, stat, time};

/// What `statx(2)` is asked for.
pub fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::BTIME
}

fn set_time(mut builder: time::Builder<'_>, time: StatxTimestamp) {
    builder.set_seconds(time.tv_sec);
    builder.set_nanoseconds(i64::from(time.tv_nsec));
}

/// Fills in what `statx(2)` told.
pub fn set_stat(mut builder: stat::Builder<'_>, from: &Statx) {
    builder.set_device(rustix::fs::makedev(from.stx_dev_major, from.stx_dev_minor));
    builder.set_inode(from.stx_ino);
    builder.set_mode(u32::from(from.stx_mode));
    builder.set_links(u64::from(from.stx_nlink));
    builder.set_user(from.stx_uid);
    builder.set_group(from.stx_gid);
    builder.set_raw_device(rustix::fs::makedev(from.stx_rdev_major, from.stx_rdev_minor));
    builder.set_size(from.stx_size as i64);
    builder.set_block_size(from.stx_blksize);
    builder.set_blocks(from.stx_blocks as i64);
    set_time(builder.reborrow().init_accessed(), from.stx_atime);
    set_time(builder.reborrow().init_modified(), from.stx_mtime);
    set_time(builder.reborrow().init_changed(), from.stx_ctime);
    if from.stx_mask & StatxFlags::BTIME.bits() != 0 {
        set_time(builder.init_born(), from.stx_btime);
    }
}

/// A file that a server makes up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeUp {
    /// `S_IFMT` and permission bits.
    pub mode: u32,
    /// Inode number.
    pub inode: u64,
    /// Owner.
    pub user: u32,
    /// Group.
    pub group: u32,
    /// Length.
    pub size: i64,
    /// Device number of a device node.
    pub raw_device: u64,
    /// When it was made, in seconds since the epoch.
    pub made: i64,
}

/// Fills in a made-up file's status.
pub fn set_made_up(mut builder: stat::Builder<'_>, file: &MadeUp) {
    builder.set_inode(file.inode);
    builder.set_mode(file.mode);
    builder.set_links(if file.mode & libc::S_IFMT == libc::S_IFDIR { 2 } else { 1 });
    builder.set_user(file.user);
    builder.set_group(file.group);
    builder.set_size(file.size);
    builder.set_raw_device(file.raw_device);
    builder.set_block_size(4096);
    builder.reborrow().init_accessed().set_seconds(file.made);
    builder.reborrow().init_modified().set_seconds(file.made);
    builder.init_changed().set_seconds(file.made);
}

/// Fills in what `statfs(2)` told.
pub fn set_filesystem(
    mut builder: filesystem_stat::Builder<'_>,
    from: &rustix::fs::StatFs,
    source: &[u8],
    target: &[u8],
) -> Result<(), Errno> {
    let magic = from.f_type as u64 & 0xffff_ffff;
    builder.set_magic(magic);
    builder.set_block_size(from.f_bsize as u64);
    builder.set_fragment_size(if from.f_frsize != 0 { from.f_frsize } else { from.f_bsize } as u64);
    builder.set_blocks(from.f_blocks);
    builder.set_free(from.f_bfree);
    builder.set_available(from.f_bavail);
    builder.set_files(from.f_files);
    builder.set_files_free(from.f_ffree);
    builder.set_name_length(from.f_namelen as u32);
    builder.set_flags(from.f_flags as u64);
    builder.set_type_name(type_name(magic));
    builder.set_source(source);
    builder.set_target(target);
    Ok(())
}

/// Names of file systems by their magic numbers (`linux/magic.h`, `statfs(2)`).
pub fn type_name(magic: u64) -> &'static str {
    match magic {
        0xef53 => "ext4",
        0x0102_1994 => "tmpfs",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x794c_7630 => "overlayfs",
        0x9fa0 => "procfs",
        0x6265_6572 => "sysfs",
        0x1373 => "devfs",
        0x1cd1 => "devpts",
        0x6969 => "nfs",
        0xff53_4d42 | 0xfe53_4d42 => "smbfs",
        0x4d44 => "msdosfs",
        0x2011_bab0 => "exfat",
        0x9660 => "cd9660",
        0x1501_3346 => "udf",
        0x7371_7368 => "squashfs",
        0x6573_5546 => "fusefs",
        0x2fc1_2fc1 => "zfs",
        0x8584_58f6 => "ramfs",
        0xf2f5_2010 => "f2fs",
        _ => "unknown",
    }
}
