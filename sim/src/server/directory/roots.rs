//! The directories that a server of files serves.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use schemas::Errno;

use crate::host::HostResult;
use crate::hurd::mounts::{MountKind, MountPoint, Mounts};

/// One directory for all mounts of the server, or one for each directory mount.
pub(in crate::server) enum Roots {
    /// A directory of the server's own.
    Own(Arc<OwnedFd>),
    /// The directories that the mount table names, opened when they are first asked for.
    Mounted(Mutex<HashMap<Vec<u8>, Arc<OwnedFd>>>),
}

impl Roots {
    pub(super) fn root(&self, mounts: &Mounts, mount: u32) -> Result<Arc<OwnedFd>, Errno> {
        let opened = match self {
            Roots::Own(root) => return Ok(root.clone()),
            Roots::Mounted(opened) => opened,
        };
        let Some(MountKind::Directory(path)) = row(mounts, mount).map(|row| row.kind) else {
            return Err(Errno::NOENT);
        };
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = opened.get(&path) {
            return Ok(root.clone());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = Arc::new(rustix::fs::open(path.as_slice(), flags, Mode::empty()).host()?);
        opened.insert(path, root.clone());
        Ok(root)
    }

    pub(super) fn read_only(&self, mounts: &Mounts, mount: u32) -> bool {
        row(mounts, mount).is_some_and(|row| row.read_only)
    }
}

fn row(mounts: &Mounts, mount: u32) -> Option<MountPoint> {
    mounts.table().iter().find(|row| row.identifier == mount).cloned()
}
