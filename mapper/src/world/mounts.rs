//! The mount table: what a path leads to.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use schemas::Personality;
use schemas::server::MountedNode;
use schemas::transport::{DIRECTORIES, MOUNTS, Mount as Entry, MountKind};

use crate::deployment::{Deployment, MountTarget};
use crate::route::{ServerId, Table};

/// A mount table with the directories that it donates.
#[derive(Debug)]
pub struct Mounts {
    entries: Vec<Entry>,
    directories: Vec<(PathBuf, OwnedFd)>,
    /// The next mount's number.
    next: u32,
}

/// A mount table that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// A directory of the deployment is not there, or may not be used.
    #[error("cannot use {} as {what}: {errno}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What it was to be.
        what: String,
        /// Why not.
        errno: Errno,
    },
    /// More directories than descriptors are reserved for.
    #[error(
        "the deployment donates more than {DIRECTORIES} directories; put some of them below a common one"
    )]
    TooManyDirectories,
    /// More mounts than the world page holds.
    #[error("the deployment has more than {MOUNTS} mounts")]
    TooManyMounts,
}

/// What the paths of device nodes lie below.
const DEVICES: &str = "/dev/";

/// All personalities' bits.
fn everyone() -> u32 {
    mask(&Personality::ALL)
}

fn mask(personalities: &[Personality]) -> u32 {
    personalities.iter().fold(0, |mask, personality| mask | personality.bit())
}

impl Mounts {
    /// The mount table of a deployment, with its directories opened.
    ///
    /// Of entries with one prefix the later one has the higher order; sysroots come after everything at `/`, and lie
    /// over it.
    pub fn open(deployment: &Deployment, table: &Table) -> Result<Self, MountError> {
        let empty = Self { entries: Vec::new(), directories: Vec::new(), next: 1 };
        empty.reopen(deployment, table)
    }

    /// The mount table of another deployment for the same guests: mounts that are as they were keep their numbers, and
    /// no number is used again for another.
    pub fn reopen(&self, deployment: &Deployment, table: &Table) -> Result<Self, MountError> {
        let mut mounts = Self { entries: Vec::new(), directories: Vec::new(), next: self.next };
        for mount in &deployment.mounts {
            let visible = mount.personalities.as_deref().map_or_else(everyone, mask);
            match &mount.target {
                MountTarget::Directory(path) => {
                    let index = mounts.donate(path, || format!("what guests see at {}", mount.prefix))?;
                    mounts.add(self, &mount.prefix, MountKind::Directory, index, visible)?;
                }
                MountTarget::Server(name) => {
                    // Names were looked up when the deployment was read.
                    if let Some(ServerId(number)) = table.server_id(name) {
                        mounts.add(self, &mount.prefix, MountKind::Server, number, visible)?;
                    }
                }
            }
        }
        for spec in deployment.servers.values() {
            for node in &spec.nodes {
                let visible = if node.personalities == 0 { everyone() } else { node.personalities };
                mounts.add(self, &node.prefix(), MountKind::Server, spec.number, visible)?;
            }
        }
        for (personality, sysroot) in &deployment.sysroots {
            let opened = mounts.donate(&sysroot.directory, || format!("the sysroot of {personality}"));
            match opened {
                Ok(index) => {
                    mounts.add(self, "/", MountKind::Directory, index, personality.bit())?;
                    if let Some(last) = mounts.entries.last_mut() {
                        *last = last.overlay();
                    }
                }
                Err(MountError::Directory { errno: Errno::NOENT, .. }) if sysroot.optional => {}
                Err(error) => return Err(error),
            }
        }
        Ok(mounts)
    }

    /// The entries, for the world page.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this number.
    pub fn numbered(&self, identifier: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.identifier() == identifier)
    }

    /// The device nodes that a server answers for.
    pub fn nodes_of(&self, server: ServerId) -> Vec<MountedNode> {
        let own = self
            .entries
            .iter()
            .filter(|entry| entry.kind() == Some(MountKind::Server) && entry.target() == server.0);
        own.map(|entry| {
            let path = entry.prefix().strip_prefix(DEVICES.as_bytes()).unwrap_or(entry.prefix());
            MountedNode { mount: entry.identifier(), path: String::from_utf8_lossy(path).into_owned() }
        })
        .collect()
    }

    /// The donated directories, in the order of their reserved descriptors.
    pub fn directories(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.directories.iter().map(|(_, descriptor)| descriptor.as_fd())
    }

    /// Whether another table donates the same directories at the same places.
    pub fn directories_are(&self, other: &Self) -> bool {
        self.directories.iter().map(|(path, _)| path).eq(other.directories.iter().map(|(path, _)| path))
    }

    /// Where the donated directory with this index is.
    pub fn directory(&self, index: u32) -> Option<&PathBuf> {
        self.directories.get(index as usize).map(|(path, _)| path)
    }

    fn donate(&mut self, path: &PathBuf, what: impl Fn() -> String) -> Result<u32, MountError> {
        if let Some(index) = self.directories.iter().position(|(known, _)| known == path) {
            return Ok(index as u32);
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty());
        let descriptor =
            opened.map_err(|errno| MountError::Directory { path: path.clone(), what: what(), errno })?;
        if self.directories.len() == DIRECTORIES {
            return Err(MountError::TooManyDirectories);
        }
        self.directories.push((path.clone(), descriptor));
        Ok(self.directories.len() as u32 - 1)
    }

    fn add(
        &mut self,
        before: &Self,
        prefix: &str,
        kind: MountKind,
        target: u32,
        visible: u32,
    ) -> Result<(), MountError> {
        if self.entries.len() == MOUNTS {
            return Err(MountError::TooManyMounts);
        }
        let order = self.entries.len() as u32;
        // On the wire the root is the empty prefix.
        let prefix = prefix.trim_end_matches('/').as_bytes();
        let same = |entry: &&Entry| {
            let seen = Personality::ALL.iter().filter(|personality| entry.visible_to(**personality));
            (entry.prefix(), entry.kind(), entry.target()) == (prefix, Some(kind), target)
                && seen.fold(0, |mask, personality| mask | personality.bit()) == visible
        };
        let identifier = before.entries.iter().find(same).map(Entry::identifier).unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        let entry = Entry::new(identifier, prefix, kind, target, visible, order);
        self.entries.push(entry.expect("the deployment bounds prefixes to what an entry holds"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn open(text: &str) -> Result<Mounts, MountError> {
        let deployment = Deployment::parse(text, Path::new("test.toml")).unwrap();
        Mounts::open(&deployment, &Table::new(&deployment))
    }

    #[test]
    fn open_gives_numbers_and_orders() {
        let mounts = open("[[mount]]\npath = \"/dev\"\nserver = \"devfs\"\nos = [\"freebsd\"]\n").unwrap();
        let dev = mounts.entries().iter().find(|entry| entry.prefix() == b"/dev").unwrap();
        assert_eq!(dev.kind(), Some(MountKind::Server));
        assert!(dev.visible_to(Personality::FreeBsd) && !dev.visible_to(Personality::Linux));
        let root = mounts.entries().iter().find(|entry| entry.prefix().is_empty()).unwrap();
        assert_eq!(root.kind(), Some(MountKind::Directory));
        assert_eq!(mounts.directory(root.target()), Some(&PathBuf::from("/")));
    }

    #[test]
    fn open_refuses_what_is_not_there() {
        assert!(matches!(
            open("[[mount]]\npath = \"/x\"\ndirectory = \"/no/such\"\n"),
            Err(MountError::Directory { .. })
        ));
        assert!(matches!(open("[os.freebsd]\nsysroot = \"/no/such\"\n"), Err(MountError::Directory { .. })));
    }

    #[test]
    fn open_places_a_sysroot_above_the_root() {
        let mounts = open("[os.freebsd]\nsysroot = \"/usr\"\n").unwrap();
        let best = mounts
            .entries()
            .iter()
            .filter(|entry| entry.prefix().is_empty() && entry.visible_to(Personality::FreeBsd))
            .max_by_key(|entry| entry.order())
            .unwrap();
        assert!(best.is_overlay() && !mounts.entries()[0].is_overlay());
        assert_eq!(mounts.directory(best.target()), Some(&PathBuf::from("/usr")));
    }
}
