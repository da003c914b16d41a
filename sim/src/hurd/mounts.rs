//! What the servers know of the mount table. The mapper owns the table and tells them of each change.

use std::sync::{Arc, PoisonError, RwLock};

use schemas::Personality;

/// What is found below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A directory of the host, by its path there.
    Directory(Vec<u8>),
    /// A translator, by its name in the deployment.
    Server(String),
}

/// One row of the mount table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// Its number in messages.
    pub identifier: u32,
    /// Absolute path, without a slash at its end (the root is `/`).
    pub prefix: Vec<u8>,
    /// Bits of the personalities that see it ([`Personality::bit`]); 0 for all.
    pub personalities: u32,
    /// What is there.
    pub kind: MountKind,
    /// Whether changes are refused.
    pub read_only: bool,
    /// Whether what it does not have is looked up in the row before it at the same prefix.
    pub overlay: bool,
}

impl MountPoint {
    fn seen_by(&self, personality: Personality) -> bool {
        self.personalities == 0 || self.personalities & personality.bit() != 0
    }
}

/// The servers' copy of the mount table.
#[derive(Debug, Default)]
pub struct Mounts {
    table: RwLock<Arc<Vec<MountPoint>>>,
}

impl Mounts {
    /// Replaces the table.
    pub fn set(&self, table: Vec<MountPoint>) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }

    /// The table as it is now.
    pub fn table(&self) -> Arc<Vec<MountPoint>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The prefix of a mount; the root for one that is not in the table.
    pub fn prefix(&self, identifier: u32) -> Vec<u8> {
        let table = self.table();
        let mount = table.iter().find(|mount| mount.identifier == identifier);
        mount.map_or_else(|| b"/".to_vec(), |mount| mount.prefix.clone())
    }

    /// Whether something is mounted at exactly this path.
    pub fn is_mount_point(&self, path: &[u8], personality: Personality) -> bool {
        self.table().iter().any(|mount| mount.prefix == path && mount.seen_by(personality))
    }

    /// The rows that a personality sees.
    pub fn seen_by(&self, personality: Personality) -> Vec<MountPoint> {
        self.table().iter().filter(|mount| mount.seen_by(personality)).cloned().collect()
    }

    /// The path under which a guest finds a file of the host: through the directory mount that reaches deepest.
    pub fn guest_path(&self, host: &[u8], personality: Personality) -> Option<Vec<u8>> {
        let table = self.table();
        let fits =
            table.iter().filter(|mount| mount.seen_by(personality)).filter_map(|mount| match &mount.kind {
                MountKind::Directory(directory) => {
                    below(directory, host).map(|rest| (directory.len(), mount, rest))
                }
                MountKind::Server(_) => None,
            });
        let (_, mount, rest) = fits.max_by_key(|(length, mount, _)| (*length, mount.prefix.len()))?;
        Some(join(&mount.prefix, rest))
    }
}

/// What is left of `path` below `folder`, without a slash in front; `None` when it lies elsewhere.
pub fn below<'a>(folder: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
}

/// Puts a relative path behind an absolute one.
pub fn join(folder: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut path = folder.strip_suffix(b"/").unwrap_or(folder).to_vec();
    if !rest.is_empty() || path.is_empty() {
        path.push(b'/');
    }
    path.extend(rest);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(identifier: u32, prefix: &str, kind: MountKind) -> MountPoint {
        MountPoint {
            identifier,
            prefix: prefix.into(),
            personalities: 0,
            kind,
            read_only: false,
            overlay: false,
        }
    }

    #[test]
    fn guest_path_goes_through_the_deepest_directory() {
        let mounts = Mounts::default();
        mounts.set(vec![
            mount(1, "/", MountKind::Directory(b"/srv/bsd".into())),
            mount(2, "/home", MountKind::Directory(b"/home".into())),
            MountPoint {
                personalities: Personality::Linux.bit(),
                ..mount(3, "/", MountKind::Directory(b"/".into()))
            },
        ]);
        let path = |host: &str| mounts.guest_path(host.as_bytes(), Personality::FreeBsd);
        assert_eq!(path("/srv/bsd/bin/sh").unwrap(), b"/bin/sh");
        assert_eq!(path("/srv/bsd").unwrap(), b"/");
        assert_eq!(path("/home/me").unwrap(), b"/home/me");
        assert_eq!(path("/srv/bsdx"), None);
        assert_eq!(mounts.guest_path(b"/etc/passwd", Personality::Linux).unwrap(), b"/etc/passwd");
        assert!(mounts.is_mount_point(b"/home", Personality::NetBsd));
    }
}
