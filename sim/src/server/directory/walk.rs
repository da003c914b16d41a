//! From a path to a folder and a name in it, without ever leaving the donated directory.
//!
//! What `openat2(2)` with `RESOLVE_IN_ROOT` resolves inside a directory, a guest may see mounted elsewhere or covered
//! in part by other mounts. So symbolic links are followed here, one component at a time, and whatever leads out of
//! the mount (an absolute link, a step above its root, a mount point on the way) is answered with the path to look up
//! instead. A path without links, the usual case, is resolved by the host in one call.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno as HostErrno;
use schemas::{Errno, Personality};

use crate::host::{HostResult, raw};
use crate::hurd::mounts::{Mounts, below, join};

/// Links that one path may lead through (`MAXSYMLINKS` of Linux).
const LINKS: usize = 40;
/// Longest path (`PATH_MAX` of Linux).
const PATH: usize = 4096;

/// A name in a folder: the last component, not followed. For a mount's root and after `..` the name is `.`.
#[derive(Debug)]
pub struct Place {
    /// The folder.
    pub folder: OwnedFd,
    /// The name.
    pub name: Vec<u8>,
    /// The path ended with a slash, so only a directory will do.
    pub directory: bool,
}

/// Outcome of a walk.
#[derive(Debug)]
pub enum Found {
    /// It is here, or could be created here.
    Here(Place),
    /// The absolute path to look up instead.
    Elsewhere(Vec<u8>),
}

/// What a walk starts from.
pub struct Walk<'a> {
    /// The donated directory.
    pub root: BorrowedFd<'a>,
    /// The mount table.
    pub mounts: &'a Mounts,
    /// Whose view of it counts.
    pub personality: Personality,
    /// Where the directory is mounted.
    pub prefix: &'a [u8],
}

/// State on the way.
struct Position {
    folder: OwnedFd,
    /// Names from the root to the folder.
    names: Vec<Vec<u8>>,
    /// Components still to go, the next one last.
    rest: Vec<Vec<u8>>,
    links: usize,
}

impl Walk<'_> {
    /// Walks `path`; a link at its end is followed when `follow` says so or a slash comes after it.
    pub fn find(&self, start: Option<&OwnedFd>, path: &[u8], follow: bool) -> Result<Found, Errno> {
        if path.len() >= PATH {
            return Err(Errno::NAMETOOLONG);
        }
        if path.contains(&0) {
            return Err(Errno::INVAL);
        }
        let mut whole = match start {
            Some(directory) => self.path_of(directory)?,
            None => Vec::new(),
        };
        let directory = path.ends_with(b"/");
        whole.push(b'/');
        whole.extend(path);
        let mut rest = components(&whole);
        // "folder/." is the folder itself, and so must be one.
        let directory = directory || path.ends_with(b"/.") || path == b".";
        if rest.is_empty() {
            return Ok(Found::Here(Place { folder: self.open_root()?, name: b".".to_vec(), directory }));
        }
        rest.reverse();
        let mut position = Position { folder: self.open_root()?, names: Vec::new(), rest, links: 0 };
        self.skip_plain(&mut position)?;
        self.steps(position, follow || directory, directory)
    }

    /// Where a directory that the guest handed over lies below the root; `EXDEV` when it does not.
    fn path_of(&self, directory: &OwnedFd) -> Result<Vec<u8>, Errno> {
        let name = |file: BorrowedFd<'_>| {
            rustix::fs::readlink(raw::magic_path(file), Vec::new()).host().map(|link| link.into_bytes())
        };
        let (root, path) = (name(self.root)?, name(directory.as_fd())?);
        below(&root, &path).map(<[u8]>::to_vec).ok_or(Errno::XDEV)
    }

    fn open_root(&self) -> Result<OwnedFd, Errno> {
        self.root.try_clone_to_owned().host()
    }

    /// Lets the host take all steps but the last at once, as long as no link and no `..` is among them.
    fn skip_plain(&self, position: &mut Position) -> Result<(), Errno> {
        let folders = &position.rest[1..];
        if folders.is_empty() || position.rest.iter().any(|name| name == b"..") {
            return Ok(());
        }
        let names: Vec<Vec<u8>> = folders.iter().rev().cloned().collect();
        for end in 1..=names.len() {
            if self.mounts.is_mount_point(&join(self.prefix, &names[..end].join(&b'/')), self.personality) {
                return Ok(());
            }
        }
        match self.reopen(&names) {
            Ok(folder) => {
                position.folder = folder;
                position.names = names;
                position.rest.truncate(1);
                Ok(())
            }
            Err(HostErrno::LOOP | HostErrno::NOTDIR | HostErrno::XDEV | HostErrno::AGAIN) => Ok(()),
            Err(error) => Err(error).host(),
        }
    }

    /// Opens a folder by names that are known to be no links.
    fn reopen(&self, names: &[Vec<u8>]) -> rustix::io::Result<OwnedFd> {
        if names.is_empty() {
            return self
                .root
                .try_clone_to_owned()
                .map_err(|error| HostErrno::from_io_error(&error).unwrap_or(HostErrno::MFILE));
        }
        rustix::fs::openat2(
            self.root,
            names.join(&b'/'),
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        )
    }

    fn steps(&self, mut position: Position, follow: bool, directory: bool) -> Result<Found, Errno> {
        while let Some(name) = position.rest.pop() {
            if name == b".." {
                if position.names.pop().is_some() {
                    position.folder = self.reopen(&position.names).host()?;
                } else if self.prefix != b"/" {
                    return Ok(self.elsewhere(&join(self.prefix, b".."), position.rest, directory));
                }
                if position.rest.is_empty() {
                    return Ok(Found::Here(Place {
                        folder: position.folder,
                        name: b".".to_vec(),
                        directory,
                    }));
                }
                continue;
            }
            let path = join(
                self.prefix,
                &[position.names.as_slice(), std::slice::from_ref(&name)].concat().join(&b'/'),
            );
            if self.mounts.is_mount_point(&path, self.personality) {
                return Ok(self.elsewhere(&path, position.rest, directory));
            }
            let last = position.rest.is_empty();
            if last && !follow {
                return Ok(Found::Here(Place { folder: position.folder, name, directory }));
            }
            if !last {
                match rustix::fs::openat(
                    &position.folder,
                    name.as_slice(),
                    OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                    Mode::empty(),
                ) {
                    Ok(folder) => {
                        position.folder = folder;
                        position.names.push(name);
                        continue;
                    }
                    Err(HostErrno::NOTDIR | HostErrno::LOOP) => {}
                    Err(error) => return Err(error).host(),
                }
            }
            match rustix::fs::readlinkat(&position.folder, name.as_slice(), Vec::new()) {
                Ok(target) => {
                    position.links += 1;
                    if position.links > LINKS {
                        return Err(Errno::LOOP);
                    }
                    let target = target.into_bytes();
                    if target.starts_with(b"/") {
                        return Ok(self.elsewhere(
                            &target,
                            position.rest,
                            directory || target.ends_with(b"/"),
                        ));
                    }
                    position.rest.extend(components(&target).into_iter().rev());
                    if position.rest.is_empty() {
                        return Ok(Found::Here(Place {
                            folder: position.folder,
                            name: b".".to_vec(),
                            directory,
                        }));
                    }
                }
                // It is no link: a file in the middle of a path is in the way, at its end it is what was wanted.
                Err(HostErrno::INVAL) if !last => return Err(Errno::NOTDIR),
                Err(HostErrno::INVAL | HostErrno::NOENT) if last => {
                    return Ok(Found::Here(Place { folder: position.folder, name, directory }));
                }
                Err(error) => return Err(error).host(),
            }
        }
        Err(Errno::NOENT)
    }

    fn elsewhere(&self, path: &[u8], mut rest: Vec<Vec<u8>>, directory: bool) -> Found {
        rest.reverse();
        let mut path = if rest.is_empty() { path.to_vec() } else { join(path, &rest.join(&b'/')) };
        if directory && !path.ends_with(b"/") {
            path.push(b'/');
        }
        Found::Elsewhere(path)
    }
}

/// The components of a path, `.` and empty ones left out.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty() && *name != b".")
        .map(<[u8]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hurd::mounts::{MountKind, MountPoint};
    use std::os::unix::fs::symlink;

    struct Fixture {
        folder: tempfile::TempDir,
        root: OwnedFd,
        mounts: Mounts,
        prefix: &'static [u8],
    }

    fn fixture(prefix: &'static [u8]) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::create_dir_all(at("dev")).unwrap();
        std::fs::write(at("a/file"), "x").unwrap();
        symlink("b", at("a/link")).unwrap();
        symlink("../../up", at("a/up")).unwrap();
        symlink("/etc/passwd", at("a/absolute")).unwrap();
        symlink("dev", at("devices")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("none", at("dangling")).unwrap();
        let root = std::fs::File::open(folder.path()).unwrap().into();
        Fixture { folder, root, mounts: Mounts::default(), prefix }
    }

    impl Fixture {
        fn find_from(&self, start: Option<&OwnedFd>, path: &str, follow: bool) -> Result<Found, Errno> {
            let walk = Walk {
                root: self.root.as_fd(),
                mounts: &self.mounts,
                personality: Personality::FreeBsd,
                prefix: self.prefix,
            };
            walk.find(start, path.as_bytes(), follow)
        }

        /// The path below the root, or the redirect with `>` in front.
        fn find(&self, path: &str, follow: bool) -> Result<String, Errno> {
            self.shown(self.find_from(None, path, follow)?)
        }

        fn shown(&self, found: Found) -> Result<String, Errno> {
            Ok(match found {
                Found::Elsewhere(path) => format!(">{}", String::from_utf8(path).unwrap()),
                Found::Here(place) => {
                    let folder = std::fs::read_link(raw::magic_path(&place.folder)).unwrap();
                    let folder = folder.strip_prefix(self.folder.path()).unwrap();
                    folder.join(String::from_utf8(place.name).unwrap()).to_str().unwrap().to_owned()
                }
            })
        }
    }

    #[test]
    fn links_are_followed_inside_and_redirected_outside() {
        let f = fixture(b"/");
        assert_eq!(f.find("a/file", true).unwrap(), "a/file");
        assert_eq!(f.find("a/link/new", true).unwrap(), "a/b/new");
        assert_eq!(f.find("a/link", true).unwrap(), "a/b");
        assert_eq!(f.find("a/link", false).unwrap(), "a/link");
        assert_eq!(f.find("a/absolute", true).unwrap(), ">/etc/passwd");
        assert_eq!(f.find("dangling", true).unwrap(), "none");
        assert_eq!(f.find("", true).unwrap(), ".");
        assert_eq!(f.find("a/file/x", true), Err(Errno::NOTDIR));
        assert_eq!(f.find("none/x", true), Err(Errno::NOENT));
        assert_eq!(f.find("loop", true), Err(Errno::LOOP));
        assert_eq!(f.find(&"x/".repeat(3000), true), Err(Errno::NAMETOOLONG));
    }

    #[test]
    fn steps_above_the_root_stay_or_leave_with_the_mount() {
        let f = fixture(b"/");
        assert_eq!(f.find("../../a/../a/file", true).unwrap(), "a/file");
        assert_eq!(f.find("a/up", true).unwrap(), "up");
        let f = fixture(b"/mnt");
        assert_eq!(f.find("a/up", true).unwrap(), ">/mnt/../up");
        assert_eq!(f.find("..", true).unwrap(), ">/mnt/..");
        assert_eq!(f.find("a/..", true).unwrap(), ".");
    }

    #[test]
    fn mount_points_inside_lead_to_their_mount() {
        let f = fixture(b"/");
        f.mounts.set(vec![MountPoint {
            identifier: 2,
            prefix: b"/dev".into(),
            personalities: Personality::FreeBsd.bit(),
            kind: MountKind::Server("devfs".into()),
            read_only: false,
            overlay: false,
        }]);
        assert_eq!(f.find("devices/null", true).unwrap(), ">/dev/null");
        assert_eq!(f.find("a/../dev/null", true).unwrap(), ">/dev/null");
        assert_eq!(f.find("devices/", true).unwrap(), ">/dev/");
    }

    #[test]
    fn relative_path_starts_at_a_directory_below_the_root() {
        let f = fixture(b"/");
        let start: OwnedFd = std::fs::File::open(f.folder.path().join("a/b")).unwrap().into();
        let found = f.find_from(Some(&start), "../file", true).unwrap();
        assert_eq!(f.shown(found).unwrap(), "a/file");
        let outside: OwnedFd = std::fs::File::open("/").unwrap().into();
        assert_eq!(f.find_from(Some(&outside), "etc", true).unwrap_err(), Errno::XDEV);
    }
}
