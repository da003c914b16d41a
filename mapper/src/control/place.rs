//! Where the sockets of running worlds are.
//!
//! Each world has a folder `NAME` in `$XDG_RUNTIME_DIR/mapper`, or `/tmp/mapper-UID` where there is no runtime
//! directory, with the socket `control` for the command line and `guests` for programs to be taken in. The folders
//! belong to one user and are closed to all others.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

/// The longest name of a world: its sockets' paths must fit `sockaddr_un`.
const NAME_LIMIT: usize = 32;

/// The world that commands mean when they name none.
pub const DEFAULT_WORLD: &str = "default";

/// Where one world's sockets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    name: String,
    folder: PathBuf,
}

/// A name that a world cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be the name of a world: it is 1 to {NAME_LIMIT} letters, digits, `-`, `_` or `.`, and begins with a letter or digit"
)]
pub struct BadName(String);

impl Place {
    /// The place of the world `name`.
    pub fn of(name: &str) -> Result<Self, BadName> {
        let good = (1..=NAME_LIMIT).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && name.as_bytes()[0].is_ascii_alphanumeric();
        if !good {
            return Err(BadName(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), folder: base().join(name) })
    }

    /// The world's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The socket of the command line.
    pub fn control_socket(&self) -> PathBuf {
        self.folder.join("control")
    }

    /// The socket where guests are taken in.
    pub fn guest_socket(&self) -> PathBuf {
        self.folder.join("guests")
    }

    /// Whether a mapper answers there.
    pub fn is_alive(&self) -> bool {
        UnixStream::connect(self.control_socket()).is_ok()
    }

    /// Makes the folder and takes it for this mapper, clearing away what one that died has left.
    ///
    /// `AddrInUse` when the world is running.
    pub fn claim(&self) -> io::Result<Claim> {
        make_private(&base())?;
        make_private(&self.folder)?;
        let taken = self.lock()?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::AddrInUse, format!("world `{}` is running", self.name))
        })?;
        let claim = Claim { place: self.clone(), _lock: taken };
        for left in [self.control_socket(), self.guest_socket()] {
            match std::fs::remove_file(&left) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(claim)
    }

    /// Locks the folder, which ends with the process that did so; none when another has.
    fn lock(&self) -> io::Result<Option<File>> {
        let folder = File::open(&self.folder)?;
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(folder)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Takes the folder away when the mapper that made it is dead.
    fn clear_if_stale(&self) {
        if let Ok(Some(_lock)) = self.lock() {
            self.clear();
        }
    }

    fn clear(&self) {
        // What cannot be removed is removed by the next mapper of this name.
        let _ = std::fs::remove_file(self.control_socket());
        let _ = std::fs::remove_file(self.guest_socket());
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// A world's folder, in use by this mapper. It is taken away when this is dropped.
#[derive(Debug)]
pub struct Claim {
    place: Place,
    _lock: File,
}

impl Claim {
    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.place.clear();
    }
}

/// The worlds that run, by name. What dead ones have left is taken away.
pub fn running() -> Vec<Place> {
    let entries = std::fs::read_dir(base()).into_iter().flatten();
    let known = entries.filter_map(|entry| Place::of(entry.ok()?.file_name().to_str()?).ok());
    let (mut places, dead): (Vec<_>, Vec<_>) = known.partition(Place::is_alive);
    dead.iter().for_each(Place::clear_if_stale);
    places.sort_by(|left, right| left.name.cmp(&right.name));
    places
}

/// The folder that has a folder for each world.
fn base() -> PathBuf {
    base_in(std::env::var_os("XDG_RUNTIME_DIR").as_deref(), rustix::process::getuid().as_raw())
}

fn base_in(runtime: Option<&OsStr>, user: u32) -> PathBuf {
    match runtime.map(Path::new).filter(|runtime| runtime.is_absolute()) {
        Some(runtime) => runtime.join("mapper"),
        None => PathBuf::from(format!("/tmp/mapper-{user}")),
    }
}

/// Makes a folder that is closed to others, or makes sure that an existing one is.
fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let found = std::fs::symlink_metadata(folder)?;
    let own = found.uid() == rustix::process::getuid().as_raw();
    if !found.is_dir() || !own || found.mode() & 0o077 != 0 {
        let message = format!(
            "{} exists and is not a folder of yours with mode 0700; remove it or set XDG_RUNTIME_DIR",
            folder.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn of_refuses_names_that_leave_the_folder() {
        assert!(Place::of("work-1").is_ok());
        for bad in ["", ".", "..", "a/b", "-x", "ü", &"x".repeat(33)] {
            assert!(Place::of(bad).is_err(), "{bad}");
        }
    }

    fn place_in(folder: &Path) -> Place {
        let folder = folder.join("w");
        make_private(&folder).unwrap();
        Place { name: "w".to_owned(), folder }
    }

    #[test]
    fn lock_is_for_one_and_stale_folders_go() {
        let folder = tempfile::tempdir().unwrap();
        let place = place_in(folder.path());
        let lock = place.lock().unwrap();
        assert!(lock.is_some());
        assert!(place.lock().unwrap().is_none());
        place.clear_if_stale();
        assert!(place.folder.is_dir());
        drop(lock);
        std::fs::write(place.control_socket(), "").unwrap();
        place.clear_if_stale();
        assert!(!place.folder.exists());
    }

    #[test]
    fn base_follows_the_runtime_directory() {
        assert_eq!(base_in(Some(OsStr::new("/run/user/7")), 7), Path::new("/run/user/7/mapper"));
        assert_eq!(base_in(Some(OsStr::new("relative")), 7), Path::new("/tmp/mapper-7"));
        assert_eq!(base_in(None, 7), Path::new("/tmp/mapper-7"));
    }

    #[test]
    fn make_private_refuses_open_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        make_private(&path).unwrap();
        make_private(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(make_private(&path).is_err());
    }
}
