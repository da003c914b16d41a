//! Asking servers about paths and descriptors: what all such messages have in common.

use schemas::common::{stat, time};
use schemas::{Errno, Flavour, Operation};

use crate::context::Context;
use crate::host::linux::abi::{statx, statx_timestamp};
use crate::operation::descriptor::{Kind, Meaning};
use crate::world;

/// Asks the server of a path: the rest of its parameters is set by the block, what it answers is the value of
/// the expression. Nothing when the server sends the path elsewhere.
macro_rules! ask {
    (
        $cx:expr, $operation:ident, $($module:ident)::+, $remote:expr, $words:expr,
        |$params:ident| $fill:block, |$results:pat_param, $received:pat_param| $read:expr
    ) => {{
        let remote: &mut $crate::operation::path::Remote<'_> = $remote;
        let (mount, path, directory) = (remote.mount, remote.path(), remote.directory());
        $crate::transport::call::<$($module)::+::params::Owned, $($module)::+::results::Owned, _>(
            $cx,
            schemas::Operation::$operation,
            schemas::message::data_words(path.len()) + $words,
            directory.as_ref().map_or(&[], |directory| directory),
            |mut $params| {
                $params.set_mount(mount);
                $params.set_path(path);
                $params.set_at_directory(directory.is_some());
                $fill
                Ok(())
            },
            |results, received| {
                let elsewhere = results.get_redirect()?;
                if !elsewhere.is_empty() {
                    remote.send_to(elsewhere)?;
                    return Ok(None);
                }
                let ($results, $received) = (results, received);
                Ok(Some($read))
            },
        )
    }};
}
pub(crate) use ask;

/// Asks the server of a descriptor, or the one that a route sends its operation to.
macro_rules! ask_descriptor {
    (
        $cx:expr, $operation:ident, $($module:ident)::+, $descriptor:expr, $words:expr,
        |$params:ident| $fill:block, |$results:pat_param| $read:expr
    ) => {{
        let descriptor: i32 = $descriptor;
        let object = $crate::operation::ask::object($cx, descriptor);
        $crate::transport::call::<$($module)::+::params::Owned, $($module)::+::results::Owned, _>(
            $cx,
            schemas::Operation::$operation,
            $words,
            &[descriptor],
            |mut $params| {
                $params.set_descriptor(descriptor);
                $params.set_object(object);
                $fill
                Ok(())
            },
            |$results, _| Ok($read),
        )
    }};
}
pub(crate) use ask_descriptor;

/// The server's name for what a descriptor leads to; 0 for what has none.
pub fn object(cx: &Context, descriptor: i32) -> u64 {
    let descriptors = &cx.process().descriptors;
    if descriptors.is_plain(descriptor) {
        return 0;
    }
    descriptors.get(descriptor).map_or(0, |meaning| meaning.object)
}

/// Who answers for a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// The host.
    Host,
    /// The server: the route says so, or it is an object of the server's of which the host knows nothing.
    Server,
    /// The server of its path: it is a directory there.
    Directory,
}

/// Whether the host alone answers an operation on a descriptor.
#[inline]
pub fn is_native(cx: &Context, operation: Operation, descriptor: i32) -> bool {
    cx.process().descriptors.is_plain(descriptor) && world::route(cx, operation) != Flavour::Mapped
}

/// Who answers an operation that has to do with what a descriptor leads to, not with what passes through it.
pub fn answerer(cx: &Context, operation: Operation, descriptor: i32) -> Answerer {
    let descriptors = &cx.process().descriptors;
    if !descriptors.is_plain(descriptor) {
        match descriptors.get(descriptor) {
            Some(Meaning { kind: Kind::Directory, .. }) => return Answerer::Directory,
            Some(Meaning { kind: Kind::Device | Kind::Terminal, .. }) => return Answerer::Server,
            Some(Meaning { kind: Kind::Stream | Kind::Datagram, .. }) => return Answerer::Host,
            Some(Meaning { kind: Kind::Console, .. }) if operation == Operation::FileStat => {
                return Answerer::Server;
            }
            Some(Meaning { kind: Kind::Console, .. }) => return Answerer::Host,
            Some(Meaning { kind: Kind::Above | Kind::Donated | Kind::Overlay, .. }) | None => {}
        }
    }
    if world::route(cx, operation) == Flavour::Mapped { Answerer::Server } else { Answerer::Host }
}

/// Whether an operation on what passes through a descriptor is sent to a server: the route says so, or it is an object of
/// the server's, of which the host's descriptor only tells whether it is ready.
///
/// # Errors
/// `directory` for a directory of a server, through which nothing passes.
pub fn is_mapped(
    cx: &Context,
    operation: Operation,
    descriptor: i32,
    directory: Errno,
) -> Result<bool, Errno> {
    match answerer(cx, operation, descriptor) {
        Answerer::Directory => Err(directory),
        _ => Ok(is_device(cx, descriptor) || world::route(cx, operation) == Flavour::Mapped),
    }
}

/// Whether a descriptor is an object of a residual server.
pub fn is_device(cx: &Context, descriptor: i32) -> bool {
    let descriptors = &cx.process().descriptors;
    !descriptors.is_plain(descriptor)
        && matches!(descriptors.get(descriptor), Some(Meaning { kind: Kind::Device, .. }))
}

/// Takes what a server says of a file.
pub fn status_from(stat: stat::Reader<'_>) -> Result<statx, Errno> {
    // SAFETY: all integers; zero is a value.
    let mut to: statx = unsafe { core::mem::zeroed() };
    to.stx_mask = crate::host::linux::abi::STATX_BASIC_STATS | crate::host::linux::abi::STATX_BTIME;
    (to.stx_dev_major, to.stx_dev_minor) = device_parts(stat.get_device());
    (to.stx_rdev_major, to.stx_rdev_minor) = device_parts(stat.get_raw_device());
    to.stx_ino = stat.get_inode();
    to.stx_mode = stat.get_mode() as u16;
    to.stx_nlink = stat.get_links() as u32;
    to.stx_uid = stat.get_user();
    to.stx_gid = stat.get_group();
    to.stx_size = stat.get_size() as u64;
    to.stx_blksize = stat.get_block_size();
    to.stx_blocks = stat.get_blocks() as u64;
    to.stx_atime = time_from(stat.get_accessed()?);
    to.stx_mtime = time_from(stat.get_modified()?);
    to.stx_ctime = time_from(stat.get_changed()?);
    to.stx_btime = time_from(stat.get_born()?);
    Ok(to)
}

fn time_from(time: time::Reader<'_>) -> statx_timestamp {
    statx_timestamp { tv_sec: time.get_seconds(), tv_nsec: time.get_nanoseconds() as u32, __reserved: 0 }
}

/// Major and minor number of a device number as makedev(3) packs it.
pub const fn device_parts(device: u64) -> (u32, u32) {
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & !0xff);
    (major as u32, minor as u32)
}

/// A device number as makedev(3) packs it.
pub const fn device_number(major: u32, minor: u32) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (major & 0xfff) << 8 | (major & !0xfff) << 32 | (minor & 0xff) | (minor & !0xff) << 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_go_there_and_back() {
        for (major, minor, number) in [
            (0, 0, 0),
            (1, 3, 0x103),
            (8, 1, 0x801),
            (0xfff, 0xff, 0xfffff),
            (0x12345, 0x6789a, 0x1200_0678_0003_459a),
        ] {
            let packed = device_number(major, minor);
            if major < 0x1000 {
                assert_eq!(packed, number);
            }
            assert_eq!(device_parts(packed), (major, minor));
        }
    }
}
