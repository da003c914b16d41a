//! File systems: what they hold, where they are, and mounting them.

mod information;

use schemas::common::filesystem_stat;
use schemas::message::data_words;
use schemas::{Errno, Operation, file, fs};

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor};
use crate::operation::path::{Aim, At, Remote, perform};
use crate::operation::status::{self, on_directory};

pub use information::{Line, each_mount};

/// Longest name of a mount's source or place that is kept (`MNAMELEN`, sys/sys/mount.h of FreeBSD).
pub const NAME_MAX: usize = 1024;
/// Longest name of a file system's type.
pub const TYPE_MAX: usize = 16;

/// Up to `N` bytes of a name.
#[derive(Clone, Copy)]
pub struct Name<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Name<N> {
    const EMPTY: Self = Name { bytes: [0; N], len: 0 };

    /// As much of a name as there is room for.
    pub fn new(name: &[u8]) -> Self {
        let mut to = Self::EMPTY;
        to.len = name.len().min(N);
        to.bytes[..to.len].copy_from_slice(&name[..to.len]);
        to
    }

    /// The name.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What a file system holds, in the host's terms, and its names.
pub struct Filesystem {
    /// statfs(2) of the host.
    pub numbers: statfs64,
    /// Such as `tmpfs`.
    pub kind: Name<TYPE_MAX>,
    /// What is mounted.
    pub source: Name<NAME_MAX>,
    /// Where.
    pub target: Name<NAME_MAX>,
}

impl Filesystem {
    fn new(numbers: statfs64) -> Filesystem {
        Filesystem { numbers, kind: Name::EMPTY, source: Name::EMPTY, target: Name::EMPTY }
    }

    /// Takes the names from the host's list of mounts.
    fn name_by(&mut self, mount: u64) {
        // Without the list there are no names.
        let _ = each_mount(|line| {
            if line.mount == mount {
                self.name(line);
            }
            line.mount != mount
        });
    }

    fn name(&mut self, line: &Line<'_>) {
        self.kind = Name::new(line.kind);
        self.source = Name::new(line.source);
        self.target = Name::new(line.target);
    }
}

fn empty() -> statfs64 {
    // SAFETY: all integers; zero is a value.
    unsafe { core::mem::zeroed() }
}

/// The file system that a path is in, with its names.
///
/// # Errors
/// As statfs(2).
pub fn of_path(cx: &mut Context, at: At) -> Result<Filesystem, Errno> {
    perform(
        cx,
        Operation::FsStatFilesystem,
        at,
        Aim::Follow,
        |_, place| {
            let mut name = PathBuffer::new();
            let path = place.as_path(&mut name)?;
            let mut found = Filesystem::new(empty());
            // SAFETY: the path is ours, and the kernel writes one structure.
            unsafe { call(__NR_statfs, [path, &raw mut found.numbers as u64]) }?;
            found.name_by(status::of_host(place.directory, place.path, 0)?.stx_mnt_id);
            Ok(found)
        },
        at_server,
    )
}

/// What a server says of the file system that a path is in.
///
/// # Errors
/// As the server's.
pub fn at_server(cx: &mut Context, remote: &mut Remote<'_>) -> Result<Option<Filesystem>, Errno> {
    ask!(cx, FsStatFilesystem, fs::stat_filesystem, remote, 0, |params| {}, |results, _| {
        filesystem_from(results.get_stat()?)?
    })
}

/// The file system of what a descriptor leads to, with its names.
///
/// # Errors
/// As fstatfs(2).
pub fn of_descriptor(cx: &mut Context, descriptor: i32) -> Result<Filesystem, Errno> {
    match answerer(cx, Operation::FileStatFilesystem, descriptor) {
        Answerer::Host => {
            let mut found = Filesystem::new(empty());
            // SAFETY: the kernel writes one structure.
            unsafe { call(__NR_fstatfs, [descriptor as u64, &raw mut found.numbers as u64]) }?;
            found.name_by(status::of_host(descriptor, c"".as_ptr() as u64, AT_EMPTY_PATH)?.stx_mnt_id);
            Ok(found)
        }
        Answerer::Directory => {
            on_directory(cx, Operation::FsStatFilesystem, descriptor, at_server, |_, _| Err(Errno::STALE))
        }
        Answerer::Server => ask_descriptor!(
            cx,
            FileStatFilesystem,
            file::stat_filesystem,
            descriptor,
            0,
            |params| {},
            |results| filesystem_from(results.get_stat()?)?
        ),
    }
}

/// Calls `visit` with every file system of the host; those that cannot be looked at are left out. `false` ends it.
///
/// # Errors
/// As open(2) of the host's list.
pub fn each(mut visit: impl FnMut(&Filesystem) -> Result<bool, Errno>) -> Result<(), Errno> {
    let mut failed = Ok(());
    each_mount(|line| {
        let mut path = PathBuffer::new();
        let mut found = Filesystem::new(empty());
        let Ok(path) = path.set(&[line.target]) else { return true };
        // SAFETY: the path is ours, and the kernel writes one structure.
        if unsafe { call(__NR_statfs, [path.address(), &raw mut found.numbers as u64]) }.is_err() {
            return true;
        }
        found.name(line);
        match visit(&found) {
            Ok(more) => more,
            Err(error) => {
                failed = Err(error);
                false
            }
        }
    })?;
    failed
}

fn filesystem_from(stat: filesystem_stat::Reader<'_>) -> Result<Filesystem, Errno> {
    let mut numbers = empty();
    numbers.f_type = stat.get_magic() as _;
    numbers.f_bsize = stat.get_block_size() as _;
    numbers.f_frsize = stat.get_fragment_size() as _;
    numbers.f_blocks = stat.get_blocks() as _;
    numbers.f_bfree = stat.get_free() as _;
    numbers.f_bavail = stat.get_available() as _;
    numbers.f_files = stat.get_files() as _;
    numbers.f_ffree = stat.get_files_free() as _;
    let identifier = stat.get_identifier();
    numbers.f_fsid.val = [identifier as i32, (identifier >> 32) as i32];
    numbers.f_namelen = stat.get_name_length() as _;
    numbers.f_flags = stat.get_flags() as _;
    Ok(Filesystem {
        numbers,
        kind: Name::new(stat.get_type_name()?.as_bytes()),
        source: Name::new(stat.get_source()?),
        target: Name::new(stat.get_target()?),
    })
}

/// mount(2): asked of the mapper, which owns the mount table; flags are the host's `MS_*`.
///
/// # Errors
/// `EPERM` where the deployment forbids it, `ENODEV` for an unknown type.
pub fn mount(
    cx: &mut Context,
    source: &[u8],
    target: &[u8],
    kind: &[u8],
    flags: u64,
    options: &[u8],
) -> Result<u64, Errno> {
    let words = [source, target, kind, options].iter().map(|piece| data_words(piece.len())).sum();
    crate::transport::call::<fs::mount::params::Owned, fs::mount::results::Owned, _>(
        cx,
        Operation::FsMount,
        words,
        &[],
        |mut params| {
            params.set_source(source);
            params.set_target(target);
            params.set_type(kind);
            params.set_flags(flags);
            params.set_options(options);
            Ok(())
        },
        |_, _| Ok(0),
    )
}

/// umount2(2), likewise; flags are the host's.
///
/// # Errors
/// `EPERM` where the deployment forbids it, `EINVAL` for what is no mount point, `EBUSY`.
pub fn unmount(cx: &mut Context, target: &[u8], flags: u32) -> Result<u64, Errno> {
    crate::transport::call::<fs::unmount::params::Owned, fs::unmount::results::Owned, _>(
        cx,
        Operation::FsUnmount,
        data_words(target.len()),
        &[],
        |mut params| {
            params.set_target(target);
            params.set_flags(flags);
            Ok(())
        },
        |_, _| Ok(0),
    )
}
