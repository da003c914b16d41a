//! What a program leaves in the file system.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// One file, folder or other node.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    mode: u32,
    owner: (u32, u32),
    links: u64,
    what: What,
}

#[derive(Clone, PartialEq, Eq)]
enum What {
    File(Vec<u8>),
    Folder,
    Link(OsString),
    Other(&'static str),
}

/// Everything below a folder, by its path from there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, Node>);

impl Tree {
    /// Reads the folder.
    ///
    /// # Panics
    /// When something in it cannot be read.
    pub fn of(folder: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(folder, Path::new(""));
        tree
    }

    fn add(&mut self, folder: &Path, below: &Path) {
        let here = folder.join(below);
        let entries = fs::read_dir(&here).unwrap_or_else(|error| panic!("{}: {error}", here.display()));
        for entry in entries {
            let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", here.display()));
            let below = below.join(entry.file_name());
            let path = folder.join(&below);
            let fail = |error| panic!("{}: {error}", path.display());
            let metadata = fs::symlink_metadata(&path).unwrap_or_else(fail);
            let kind = metadata.file_type();
            let what = if kind.is_dir() {
                self.add(folder, &below);
                What::Folder
            } else if kind.is_symlink() {
                What::Link(
                    fs::read_link(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into(),
                )
            } else if kind.is_file() {
                What::File(fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            } else if kind.is_fifo() {
                What::Other("pipe")
            } else if kind.is_socket() {
                What::Other("socket")
            } else {
                What::Other("device")
            };
            let links = if kind.is_dir() { 0 } else { metadata.nlink() };
            let node = Node { mode: metadata.mode(), owner: (metadata.uid(), metadata.gid()), links, what };
            self.0.insert(below, node);
        }
    }

    /// Forgets what lies at or below a path that starts with one of these.
    pub fn without(mut self, paths: &[String]) -> Self {
        self.0.retain(|path, _| !paths.iter().any(|left_out| path.starts_with(left_out)));
        self
    }

    /// The paths of the tree.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// The bytes of a file of the tree.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match &self.0.get(Path::new(path))?.what {
            What::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// What differs, a line each, or nothing when the trees are equal.
    pub fn differences(&self, right: &Self) -> String {
        let mut text = String::new();
        let mut line = |path: &Path, what: String| {
            let _ = writeln!(text, "  {}: {what}", path.display());
        };
        for (path, expected) in &right.0 {
            match self.0.get(path) {
                None => line(path, format!("missing, expected {}", expected.describe())),
                Some(node) if node != expected => {
                    let detail = match (&node.what, &expected.what) {
                        (What::File(found), What::File(wanted)) if found != wanted => {
                            format!(" ({})", crate::case::first_difference(found, wanted))
                        }
                        _ => String::new(),
                    };
                    line(path, format!("{}, expected {}{detail}", node.describe(), expected.describe()));
                }
                Some(_) => {}
            }
        }
        for (path, node) in self.0.iter().filter(|(path, _)| !right.0.contains_key(*path)) {
            line(path, format!("{}, expected nothing", node.describe()));
        }
        text
    }
}

impl Node {
    fn describe(&self) -> String {
        let what = match &self.what {
            What::File(bytes) => format!("file of {} bytes", bytes.len()),
            What::Folder => "folder".to_owned(),
            What::Link(target) => format!("link to {}", String::from_utf8_lossy(target.as_bytes())),
            What::Other(what) => (*what).to_owned(),
        };
        format!("{what} mode {:o} owner {}:{} links {}", self.mode, self.owner.0, self.owner.1, self.links)
    }
}
