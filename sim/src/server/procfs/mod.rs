//! `procfs`: `/proc` of Linux as guests see it.
//!
//! Most of it is the host's: files about the machine, and those of each process that the guest sees. What must differ
//! is made anew at each opening, as a sealed memory file: what would show the stub in a guest's process, and what the
//! world decides (the mounts, the list of processes, the names of the system).

mod generated;
mod paths;

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use schemas::common::Capability;
use schemas::server::Caller;
use schemas::{Errno, Personality};

use super::listing::{self, Entry, Kind};
use super::process::{self, Processes};
use super::reserved;
use super::status::MadeUp;
use super::translator::{Backing, Hooks, Link, Node, Opened, Translator, inode, open_host};
use crate::host::{HostResult, identity::acting_as, memory};
use crate::hurd::world::World;
use paths::Place;

/// A new translator.
pub fn procfs(world: Arc<World>) -> Translator<Procfs> {
    Translator::new(world.clone(), Procfs { world })
}

/// The hooks.
pub struct Procfs {
    world: Arc<World>,
}

/// Whether a guest finds nothing below the root: other systems do not mount their own procfs(5), whose files are others,
/// unless somebody tells them to, and programs that find Linux's files there take the system for Linux.
fn is_empty_for(caller: &Caller) -> bool {
    caller.personality != Personality::Linux
}

/// A file of the host's `/proc`, as the caller may look at it.
fn host(caller: &Caller, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    acting_as(&caller.credentials, || {
        rustix::fs::open(format!("/proc/{path}"), flags | OFlags::CLOEXEC, Mode::empty()).host()
    })
}

fn kind_of(file: &OwnedFd) -> Result<Kind, Errno> {
    Ok(match FileType::from_raw_mode(rustix::fs::fstat(file).host()?.st_mode) {
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        FileType::CharacterDevice => Kind::Character,
        FileType::BlockDevice => Kind::Block,
        _ => Kind::Regular,
    })
}

/// What a name of decimal digits counts: a process, a thread, a descriptor.
fn number_of(name: &[u8]) -> Option<i32> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

impl Procfs {
    fn place(&self, caller: &Caller, path: &[&[u8]]) -> Result<Place, Errno> {
        if is_empty_for(caller) && !path.is_empty() {
            return Err(Errno::NOENT);
        }
        paths::place(&Processes::new(&self.world, caller), path)
    }

    /// The text of a link that must not be the host's, or of one that names a file of the host.
    fn link_text(&self, caller: &Caller, host_path: &str) -> Result<Vec<u8>, Errno> {
        let link = acting_as(&caller.credentials, || {
            rustix::fs::readlink(format!("/proc/{host_path}"), Vec::new()).host()
        })?;
        let link = link.into_bytes();
        if let Some(path) = listing::path_of_link(&link) {
            return Ok(path);
        }
        Ok(self.world.mounts.guest_path(&link, caller.personality).unwrap_or(link))
    }
}

impl Hooks for Procfs {
    fn find(&self, caller: &Caller, path: &[&[u8]]) -> Result<Node, Errno> {
        match self.place(caller, path)? {
            Place::Own | Place::OwnThread => {
                let file = MadeUp { mode: libc::S_IFLNK | 0o777, inode: inode(path), ..MadeUp::default() };
                Ok(Node { kind: Kind::Link, backing: Backing::MadeUp(file) })
            }
            // The program of a guest is no file of its host process: that is the stub's.
            place => {
                let file = host(caller, &place.host_path(), OFlags::PATH | OFlags::NOFOLLOW)?;
                Ok(Node { kind: kind_of(&file)?, backing: Backing::Host(file) })
            }
        }
    }

    fn list(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<Entry>, Errno> {
        let place = self.place(caller, path)?;
        if is_empty_for(caller) {
            return Ok(Vec::new());
        }
        let hidden = match place.process_file() {
            Some((pid, "fd" | "fdinfo")) => reserved::descriptors(pid),
            _ => 0..0,
        };
        let stub_mappings = match place.process_file() {
            Some((pid, "map_files")) => generated::stub_ranges(caller, pid)?,
            _ => Vec::new(),
        };
        let directory = host(caller, &place.host_path(), OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut entries = Vec::new();
        let mut found = rustix::fs::Dir::new(directory).host()?;
        while let Some(entry) = found.read() {
            let entry = entry.host()?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let number = number_of(name);
            let shown = match place {
                Place::Root => number.is_none(),
                _ => !number.is_some_and(|number| hidden.contains(&number)),
            };
            if !shown || stub_mappings.iter().any(|range| range.as_bytes() == name) {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Link,
                _ => Kind::Regular,
            };
            entries.push(Entry { name: name.to_vec(), inode: entry.ino(), kind });
        }
        if let Some((pid, directory @ ("fd" | "fdinfo"))) = place.process_file()
            && pid == caller.pid
        {
            // The descriptor that the listing is about to be read through: the lowest that is free.
            let taken = |number: i32| entries.iter().any(|entry| number_of(&entry.name) == Some(number));
            if let Some(number) = (0..).find(|number| !taken(*number) && !hidden.contains(number)) {
                let name = number.to_string().into_bytes();
                let kind = if directory == "fd" { Kind::Link } else { Kind::Regular };
                let before = entries.partition_point(|entry| number_of(&entry.name) < Some(number));
                entries.insert(before, Entry { inode: inode(&[&name]), name, kind });
            }
        }
        if matches!(place, Place::Root) {
            for pid in Processes::new(&self.world, caller).all()? {
                let name = pid.to_string().into_bytes();
                entries.push(Entry { inode: inode(&[&name]), name, kind: Kind::Directory });
            }
        }
        Ok(entries)
    }

    fn open(&self, caller: &Caller, path: &[&[u8]], flags: OFlags) -> Result<Opened, Errno> {
        let opened = |file| Ok(Opened { file, kind: Capability::Descriptor });
        let place = self.place(caller, path)?;
        if let Some((pid, "exe")) = place.process_file()
            && self.world.guest(pid).is_some()
        {
            return opened(self.open_program(caller, pid, flags)?);
        }
        let writes = flags.intersects(OFlags::WRONLY | OFlags::RDWR);
        if !flags.contains(OFlags::PATH)
            && let Some(content) = generated::content(&self.world, caller, &place)?
        {
            // What is made up cannot be written, whatever the host's file allows.
            if writes {
                return Err(Errno::ACCES);
            }
            return opened(memory::sealed(b"proc", &content)?);
        }
        let file = host(caller, &place.host_path(), OFlags::PATH)?;
        // A pipe, a terminal or the like behind a descriptor could make the opener wait: the guest opens it.
        if kind_of(&file)? != Kind::Regular || !waits_not(&file)? {
            return opened(file);
        }
        opened(acting_as(&caller.credentials, || open_host(file, flags))?)
    }

    fn read_link(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<u8>, Errno> {
        let place = self.place(caller, path)?;
        match (&place, place.process_file()) {
            (Place::Own, _) => Ok(caller.pid.to_string().into_bytes()),
            (Place::OwnThread, _) => Ok(format!("{}/task/{}", caller.pid, caller.tid).into_bytes()),
            (_, Some((pid, "exe"))) if self.world.guest(pid).is_some() => {
                process::program_path(&self.world, caller, pid)
            }
            (_, Some((_, "root"))) => Ok(b"/".to_vec()),
            _ => self.link_text(caller, &place.host_path()),
        }
    }

    fn follow(&self, caller: &Caller, path: &[&[u8]]) -> Result<Link, Errno> {
        let place = self.place(caller, path)?;
        match place.process_file() {
            // Directories are named by paths that the mount table knows; a guest's program is one of its files.
            Some((_, "cwd" | "root" | "exe")) => self.read_link(caller, path).map(Link::Text),
            Some((_, name))
                if name.starts_with("fd/") || name.starts_with("map_files/") || name.starts_with("ns/") =>
            {
                Ok(Link::Direct)
            }
            _ => self.read_link(caller, path).map(Link::Text),
        }
    }

    fn filesystem(&self) -> (u64, &'static str) {
        (0x9fa0, "proc")
    }
}

impl Procfs {
    /// The file of a guest's program, found through the mounts as the guest would.
    fn open_program(&self, caller: &Caller, pid: i32, flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = process::program_path(&self.world, caller, pid)?;
        super::exec::open_seen(&self.world, caller, &path, flags)
    }
}

/// Whether opening for reading is sure not to wait: plain files, and files of `/proc` itself, which are plain too.
fn waits_not(file: &OwnedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(file).host()?.st_mode) == FileType::RegularFile)
}

#[cfg(test)]
mod tests;
