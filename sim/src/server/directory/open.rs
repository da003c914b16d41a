//! Opening and creating files of a donated directory.
//!
//! Nothing here may wait, and what a name stands for can change between two looks. So a file is first named by an
//! `O_PATH` descriptor; what that is decides how it is opened, and it is opened through that descriptor.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno as HostErrno;
use schemas::Errno;
use schemas::common::Capability;
use schemas::fs::open::{params, results};
use schemas::server::{Caller, Capabilities};

use super::{Directory, Found, Place, Target};
use crate::host::{HostResult, identity::acting_as, memory, raw};

/// Attempts to open or create a file that others create and remove all the time.
const ATTEMPTS: usize = 16;

impl Directory {
    pub(super) fn open_file(
        &self,
        caller: &Caller,
        params: params::Reader<'_>,
        mut results: results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let flags = OFlags::from_bits_retain(params.get_flags());
        let mode = Mode::from_bits_truncate(params.get_mode());
        let resolve = ResolveFlags::from_bits(params.get_resolve()).ok_or(Errno::INVAL)?;
        self.allowed(params.get_mount(), flags)?;
        let start = if params.get_at_directory() { Some(caps.received(0)?) } else { None };
        let file = if resolve.is_empty() {
            let exclusive = flags.contains(OFlags::CREATE | OFlags::EXCL);
            let target = Target {
                mount: params.get_mount(),
                path: params.get_path()?,
                start,
                follow: !flags.contains(OFlags::NOFOLLOW) && !exclusive,
            };
            let place = match self.find(caller, &target)? {
                Found::Here(place) => place,
                Found::Elsewhere(path) => {
                    results.set_redirect(&path);
                    return Ok(());
                }
            };
            acting_as(&caller.credentials, || place.open(flags, mode))?
        } else {
            let path = params.get_path()?;
            let root = self.root(params.get_mount())?;
            let start = start.unwrap_or(&root);
            acting_as(&caller.credentials, || open_confined(start, path, flags, mode, resolve))?
        };
        let stat = rustix::fs::statx(&file, "", AtFlags::EMPTY_PATH, super::status::wanted()).host()?;
        let kind = FileType::from_raw_mode(u32::from(stat.stx_mode));
        results.set_kind(Capability::Descriptor);
        results.set_seekable(matches!(
            kind,
            FileType::RegularFile | FileType::Directory | FileType::BlockDevice
        ));
        results.set_raw_device(rustix::fs::makedev(stat.stx_rdev_major, stat.stx_rdev_minor));
        results.set_flags(raw::control(&file, libc::F_GETFL, 0)? as u32);
        caps.donate(file);
        Ok(())
    }

    fn allowed(&self, mount: u32, flags: OFlags) -> Result<(), Errno> {
        let writes = flags.intersects(OFlags::WRONLY | OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC);
        if writes && !flags.contains(OFlags::PATH) { self.writable(mount) } else { Ok(()) }
    }
}

/// The guest asked for a confinement of its own (`openat2(2)`): the host does it, inside the start directory, which is
/// where every path stays that is opened this way.
fn open_confined(
    start: &OwnedFd,
    path: &[u8],
    flags: OFlags,
    mode: Mode,
    resolve: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    let confined = resolve.intersects(ResolveFlags::BENEATH | ResolveFlags::IN_ROOT);
    let scope = if confined { resolve } else { resolve | ResolveFlags::IN_ROOT };
    let path = if path.is_empty() { b"." } else { path };
    let named = OFlags::PATH | (flags & (OFlags::NOFOLLOW | OFlags::DIRECTORY)) | OFlags::CLOEXEC;
    match rustix::fs::openat2(start, path, named, Mode::empty(), scope) {
        Ok(_) if flags.contains(OFlags::CREATE | OFlags::EXCL) => Err(Errno::EXIST),
        Ok(file) => reopen(file, flags),
        Err(HostErrno::NOENT) if flags.contains(OFlags::CREATE) => {
            let flags = flags | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOCTTY;
            let file = rustix::fs::openat2(start, path, flags, mode, scope).host()?;
            rustix::fs::fchmod(&file, mode).host()?;
            Ok(file)
        }
        Err(error) => Err(error).host(),
    }
}

impl Place {
    fn open(&self, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        if flags.contains(OFlags::TMPFILE) {
            return self.open_unnamed(flags, mode);
        }
        if !flags.contains(OFlags::CREATE) {
            return reopen(self.file()?, flags);
        }
        if self.directory {
            return Err(Errno::ISDIR);
        }
        for _ in 0..ATTEMPTS {
            if !flags.contains(OFlags::EXCL) {
                match self.file() {
                    Err(Errno::NOENT) => {}
                    file => return reopen(file?, flags),
                }
            }
            let new = flags | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
            match rustix::fs::openat(&self.folder, self.new_name()?, new, mode) {
                Ok(file) => {
                    // The umask of this process took bits away that the guest's umask, applied already, did not.
                    rustix::fs::fchmod(&file, mode).host()?;
                    return Ok(file);
                }
                Err(HostErrno::EXIST) if !flags.contains(OFlags::EXCL) => {}
                Err(error) => return Err(error).host(),
            }
        }
        Err(Errno::AGAIN)
    }

    fn open_unnamed(&self, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let folder = self.file()?;
        let file = rustix::fs::open(raw::magic_path(&folder), flags | OFlags::CLOEXEC, mode).host()?;
        rustix::fs::fchmod(&file, mode).host()?;
        Ok(file)
    }
}

/// Opens a named file as the guest wants it. A fifo or a device without `O_NONBLOCK`, and a file on which somebody
/// holds a lease, could make the opener wait: those are donated as they are, with `O_PATH` in the flags, and the
/// guest opens them through the descriptor.
fn reopen(file: OwnedFd, flags: OFlags) -> Result<OwnedFd, Errno> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file).host()?.st_mode);
    if flags.contains(OFlags::DIRECTORY) && kind != FileType::Directory {
        return Err(Errno::NOTDIR);
    }
    if flags.contains(OFlags::PATH) {
        return Ok(file);
    }
    let flags = flags - OFlags::NOFOLLOW - OFlags::CREATE - OFlags::EXCL;
    match kind {
        FileType::Symlink => Err(Errno::LOOP),
        FileType::Socket => Err(Errno::NXIO),
        FileType::Fifo | FileType::CharacterDevice | FileType::BlockDevice => {
            if flags.contains(OFlags::NONBLOCK) {
                memory::reopen(&file, flags | OFlags::NOCTTY)
            } else {
                Ok(file)
            }
        }
        _ => match memory::reopen(&file, flags | OFlags::NONBLOCK) {
            Err(Errno::AGAIN) => Ok(file),
            Ok(opened) if !flags.contains(OFlags::NONBLOCK) => {
                let now = raw::control(&opened, libc::F_GETFL, 0)?;
                raw::control(&opened, libc::F_SETFL, i64::from(now & !libc::O_NONBLOCK))?;
                Ok(opened)
            }
            opened => opened,
        },
    }
}
