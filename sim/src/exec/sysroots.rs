//! The system trees in which the files of each OS are.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use super::signature::{Found, Os, Source, Surroundings};

/// System trees on the host, each for one OS. An OS may have several: the first one that has a file counts.
#[derive(Debug, Default)]
pub struct Sysroots {
    trees: Vec<Tree>,
}

#[derive(Debug)]
struct Tree {
    os: Os,
    path: PathBuf,
    directory: OwnedFd,
}

impl Sysroots {
    /// No tree at all.
    pub fn new() -> Sysroots {
        Sysroots::default()
    }

    /// Adds the tree at `path` for `os`.
    pub fn add(&mut self, os: Os, path: impl Into<PathBuf>) -> io::Result<()> {
        let path = path.into();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(CWD, &path, flags, Mode::empty())?;
        self.trees.push(Tree { os, path, directory });
        Ok(())
    }

    /// The trees of `os`, or of the first one added where no OS is asked for.
    fn of(&self, os: Option<Os>) -> impl Iterator<Item = &Tree> {
        let os = os.or(self.trees.first().map(|tree| tree.os));
        self.trees.iter().filter(move |tree| Some(tree.os) == os)
    }
}

impl Surroundings for Sysroots {
    fn open(&self, os: Option<Os>, path: &Path) -> io::Result<Found> {
        // A pipe must not make the reader wait.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let found = |sysroot: &Path, file: OwnedFd| {
            let file = File::from(file);
            file.size()?;
            Ok(Found { sysroot: sysroot.to_owned(), source: Box::new(file) })
        };
        if path.is_relative() {
            return found(Path::new("."), openat(CWD, path, flags, Mode::empty())?);
        }
        for tree in self.of(os) {
            match openat2(&tree.directory, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
                Ok(file) => return found(&tree.path, file),
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn content(found: io::Result<Found>) -> (PathBuf, Vec<u8>) {
        let Found { sysroot, source } = found.expect("the file is there");
        let mut bytes = vec![0; source.size().unwrap() as usize];
        assert_eq!(source.read_from(0, &mut bytes).unwrap(), bytes.len());
        (sysroot, bytes)
    }

    #[test]
    fn paths_stay_in_the_tree() {
        let outside = tempfile::tempdir().unwrap();
        let tree = outside.path().join("tree");
        fs::create_dir_all(tree.join("libexec")).unwrap();
        fs::write(outside.path().join("secret"), "outside").unwrap();
        fs::write(tree.join("secret"), "inside").unwrap();
        symlink("/secret", tree.join("libexec/absolute")).unwrap();
        symlink("../../../secret", tree.join("libexec/relative")).unwrap();
        let mut sysroots = Sysroots::new();
        sysroots.add(Os::FreeBsd, &tree).unwrap();
        for path in ["/libexec/absolute", "/libexec/relative", "/../../secret"] {
            let (sysroot, bytes) = content(sysroots.open(Some(Os::FreeBsd), Path::new(path)));
            assert_eq!(
                (sysroot.as_path(), bytes.as_slice()),
                (tree.as_path(), b"inside".as_slice()),
                "{path}"
            );
        }
    }

    #[test]
    fn each_os_has_its_own_trees_in_order() {
        let [one, two, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        fs::write(two.path().join("file"), "two").unwrap();
        fs::write(other.path().join("file"), "other").unwrap();
        fs::write(other.path().join("only"), "").unwrap();
        let mut sysroots = Sysroots::new();
        sysroots.add(Os::FreeBsd, one.path()).unwrap();
        sysroots.add(Os::Linux, other.path()).unwrap();
        sysroots.add(Os::FreeBsd, two.path()).unwrap();
        assert_eq!(content(sysroots.open(Some(Os::FreeBsd), Path::new("/file"))).1, b"two");
        assert_eq!(content(sysroots.open(Some(Os::Linux), Path::new("/file"))).1, b"other");
        assert_eq!(content(sysroots.open(None, Path::new("/file"))).1, b"two");
        let missing = sysroots.open(Some(Os::FreeBsd), Path::new("/only")).err().map(|error| error.kind());
        assert_eq!(missing, Some(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_directory_is_no_interpreter() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir(tree.path().join("folder")).unwrap();
        let mut sysroots = Sysroots::new();
        sysroots.add(Os::Linux, tree.path()).unwrap();
        let error = sysroots.open(None, Path::new("/folder")).err().map(|error| error.kind());
        assert_eq!(error, Some(io::ErrorKind::IsADirectory));
    }
}
