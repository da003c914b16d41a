//! `hostfs`: the directories of the host that a deployment mounts.
//!
//! Guests resolve paths in a donated directory themselves. This server answers for them where a deployment turns that
//! into mapped operations, for audit or confinement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::directory::{Directory, Roots};
use crate::hurd::world::World;

/// The server for all directory mounts of the mount table.
pub fn hostfs(world: Arc<World>) -> Directory {
    Directory::new(world, Roots::Mounted(Mutex::new(HashMap::new())), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hurd::mounts::{MountKind, MountPoint};
    use crate::server::testing::{ask, caller, none, world};
    use schemas::server::FsServer;
    use schemas::{Errno, Personality};

    #[test]
    fn each_mount_has_its_own_directory() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let world = world();
        let row = |identifier: u32, folder: &tempfile::TempDir| MountPoint {
            identifier,
            prefix: b"/".into(),
            personalities: 0,
            kind: MountKind::Directory(folder.path().as_os_str().as_encoded_bytes().to_vec()),
            read_only: false,
            overlay: false,
        };
        world.mounts.set(vec![row(1, &folders[0]), row(2, &folders[1])]);
        std::fs::write(folders[1].path().join("second"), "x").unwrap();
        let server = FsServer::new("hostfs", hostfs(world));
        let stat = |mount: u32| {
            ask!(
                server,
                &caller(Personality::FreeBsd),
                fs::stat,
                FsStat,
                |p| {
                    p.set_mount(mount);
                    p.set_path(b"second");
                },
                &mut none(),
                |_r| ()
            )
        };
        assert_eq!([stat(1), stat(2), stat(3)], [Err(Errno::NOENT), Ok(()), Err(Errno::NOENT)]);
    }
}
