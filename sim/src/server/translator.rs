//! What translators with made-up trees have in common.
//!
//! A translator says what is at a path, and opens it ([`Hooks`]); everything else about paths is here. Its directories
//! are donated as listings. A link that leads to another place of the tree, and one that leads out of it, is answered
//! with the path to look up instead.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use schemas::Errno;
use schemas::common::Capability;
use schemas::server::{Caller, Credentials, Fs};

use super::descriptor;
use super::listing::{self, Entry, Kind};
use super::status::{self, MadeUp};
use crate::host::{HostResult, identity::acting_as, memory, raw};
use crate::hurd::mounts::join;
use crate::hurd::world::World;

/// Longest path.
const PATH: usize = 4096;

/// What is at a path.
#[derive(Debug)]
pub struct Node {
    /// Its kind.
    pub kind: Kind,
    /// What is known of it.
    pub backing: Backing,
}

/// What a node's status comes from.
#[derive(Debug)]
pub enum Backing {
    /// The translator made it up.
    MadeUp(MadeUp),
    /// A file of the host, by an `O_PATH` descriptor.
    Host(OwnedFd),
}

/// An opened file.
#[derive(Debug)]
pub struct Opened {
    /// The descriptor to donate.
    pub file: OwnedFd,
    /// What it is.
    pub kind: Capability,
}

/// Where a link leads.
#[derive(Debug)]
pub enum Link {
    /// By the text of the link.
    Text(Vec<u8>),
    /// Directly to a file, whatever the text says: opening the link opens that (`/proc/PID/fd`).
    Direct,
}

/// What a translator is asked. Paths are components below its mount, none of them empty, `.` or `..`.
pub trait Hooks: Send + Sync {
    /// What is there; links are not followed.
    fn find(&self, caller: &Caller, path: &[&[u8]]) -> Result<Node, Errno>;

    /// The entries of a directory.
    fn list(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<Entry>, Errno>;

    /// Opens what is no directory and, unless it is a direct one, no link.
    fn open(&self, caller: &Caller, path: &[&[u8]], flags: OFlags) -> Result<Opened, Errno>;

    /// The text of a link.
    fn read_link(&self, caller: &Caller, path: &[&[u8]]) -> Result<Vec<u8>, Errno>;

    /// How a link is followed at the end of a path.
    fn follow(&self, caller: &Caller, path: &[&[u8]]) -> Result<Link, Errno> {
        self.read_link(caller, path).map(Link::Text)
    }

    /// Magic number (`linux/magic.h`) and name of this kind of file system.
    fn filesystem(&self) -> (u64, &'static str);
}

/// A translator.
pub struct Translator<H> {
    world: Arc<World>,
    hooks: H,
    listings: Mutex<Listings>,
}

/// The listings that guests hold, by path and by number.
#[derive(Default)]
struct Listings {
    numbers: HashMap<Vec<u8>, u64>,
    paths: HashMap<u64, Vec<u8>>,
}

/// Outcome of a walk.
enum Found<'a> {
    Here { path: Vec<&'a [u8]>, node: Node },
    Elsewhere(Vec<u8>),
}

macro_rules! here {
    ($found:expr, $results:ident) => {
        match $found {
            Found::Here { path, node } => (path, node),
            Found::Elsewhere(path) => {
                $results.set_redirect(&path);
                return Ok(());
            }
        }
    };
}

macro_rules! walk {
    ($self:ident, $caller:ident, $params:ident, $caps:ident, $follow:expr, $whole:ident) => {{
        let start = if $params.get_at_directory() { Some($caps.received(0)?) } else { None };
        $whole = whole(start, $params.get_path()?)?;
        $self.walk($caller, $params.get_mount(), &$whole, $follow)?
    }};
}

/// The path below the mount, that of the directory it starts at in front. A directory is known by its listing.
fn whole(start: Option<&OwnedFd>, path: &[u8]) -> Result<Vec<u8>, Errno> {
    if path.len() >= PATH {
        return Err(Errno::NAMETOOLONG);
    }
    match start {
        None => Ok(path.to_vec()),
        Some(start) => Ok([&listing::path_of(start).ok_or(Errno::XDEV)?, b"/".as_slice(), path].concat()),
    }
}

impl<H: Hooks> Translator<H> {
    pub(super) fn new(world: Arc<World>, hooks: H) -> Self {
        Self { world, hooks, listings: Mutex::default() }
    }

    /// How many listings guests hold.
    pub fn held_listings(&self) -> usize {
        self.listings().numbers.len()
    }

    fn listings(&self) -> MutexGuard<'_, Listings> {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks a path. `follow` is for a link at its end; a direct link is never left for its text there.
    fn walk<'a>(
        &self,
        caller: &Caller,
        mount: u32,
        whole: &'a [u8],
        follow: bool,
    ) -> Result<Found<'a>, Errno> {
        let prefix = self.world.mounts.prefix(mount);
        let directory = whole.ends_with(b"/") || whole.ends_with(b"/.");
        let names: Vec<&[u8]> =
            whole.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".").collect();
        let mut path: Vec<&[u8]> = Vec::new();
        let mut node = self.hooks.find(caller, &path)?;
        for (index, name) in names.iter().enumerate() {
            let rest = || names[index + 1..].join(&b'/');
            if *name == b".." {
                if path.pop().is_none() && prefix != b"/" {
                    return Ok(Found::Elsewhere(join(&join(&prefix, b".."), &rest())));
                }
                node = self.hooks.find(caller, &path)?;
                continue;
            }
            if node.kind != Kind::Directory {
                return Err(Errno::NOTDIR);
            }
            path.push(name);
            let whole = join(&prefix, &path.join(&b'/'));
            if path.len() > 1 && self.world.mounts.is_mount_point(&whole, caller.personality) {
                return Ok(Found::Elsewhere(join(&whole, &rest())));
            }
            node = self.hooks.find(caller, &path)?;
            let last = index + 1 == names.len();
            if node.kind != Kind::Link || last && !follow && !directory {
                continue;
            }
            let text = match self.hooks.follow(caller, &path)? {
                Link::Text(text) => text,
                Link::Direct if last && !directory => continue,
                Link::Direct => self.hooks.read_link(caller, &path)?,
            };
            path.pop();
            let base = join(&prefix, &path.join(&b'/'));
            let target = if text.starts_with(b"/") { text } else { join(&base, &text) };
            let mut target = if last { target } else { join(&target, &rest()) };
            if directory {
                target.push(b'/');
            }
            return Ok(Found::Elsewhere(target));
        }
        if directory && node.kind != Kind::Directory {
            return Err(Errno::NOTDIR);
        }
        Ok(Found::Here { path, node })
    }

    /// A listing of a directory, and its number. Guests that hold one of the same directory share the number.
    fn listing(
        &self,
        caller: &Caller,
        mount: u32,
        path: &[&[u8]],
        node: &Node,
    ) -> Result<(OwnedFd, u64), Errno> {
        let inode = |node: &Node| match &node.backing {
            Backing::MadeUp(made) => Ok(made.inode),
            Backing::Host(file) => rustix::fs::fstat(file).host().map(|stat| stat.st_ino),
        };
        let own = inode(node)?;
        let parent = match path.split_last() {
            Some((_, parent)) => inode(&self.hooks.find(caller, parent)?)?,
            None => own,
        };
        let entries = self.hooks.list(caller, path)?;
        let name = path.join(&b'/');
        let file =
            listing::file(&self.world.mounts.prefix(mount), &name, &listing::records(own, parent, &entries))?;
        let mut listings = self.listings();
        let number = match listings.numbers.get(&name) {
            Some(number) => *number,
            None => {
                let number = self.world.new_object();
                listings.numbers.insert(name.clone(), number);
                listings.paths.insert(number, name);
                number
            }
        };
        Ok((file, number))
    }

    /// The node behind a path, links followed to the file that they stand for.
    fn target(&self, caller: &Caller, path: &[&[u8]], node: Node, follow: bool) -> Result<Node, Errno> {
        if node.kind != Kind::Link || !follow {
            return Ok(node);
        }
        let opened = self.hooks.open(caller, path, OFlags::PATH)?;
        Ok(Node { kind: Kind::Regular, backing: Backing::Host(opened.file) })
    }

    /// Changes something about the host's file behind a node, as the caller. What is made up cannot be changed.
    fn change(
        &self,
        caller: &Caller,
        node: &Node,
        act: impl FnOnce(&OwnedFd) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        match &node.backing {
            Backing::MadeUp(_) => Err(Errno::PERM),
            Backing::Host(file) => acting_as(&caller.credentials, || act(file)),
        }
    }
}

/// What permission bits allow (`path_resolution(7)`, "Permissions").
fn check_bits(mode: u32, owner: (u32, u32), wanted: u32, who: &Credentials) -> Result<(), Errno> {
    let wanted = wanted & 7;
    let allowed = if who.is_root() {
        // Anything, but execution only where somebody may.
        6 | u32::from(mode & 0o111 != 0 || mode & libc::S_IFMT == libc::S_IFDIR)
    } else if who.effective_user == owner.0 {
        mode >> 6
    } else if who.in_group(owner.1) {
        mode >> 3
    } else {
        mode
    };
    if allowed & wanted == wanted { Ok(()) } else { Err(Errno::ACCES) }
}

/// What is opened with `O_PATH` or to be worked in is the same listing.
fn is_listing(flags: OFlags, kind: Kind) -> Result<bool, Errno> {
    if kind != Kind::Directory {
        return if flags.contains(OFlags::DIRECTORY) { Err(Errno::NOTDIR) } else { Ok(false) };
    }
    let writes = flags.intersects(OFlags::WRONLY | OFlags::RDWR) && !flags.contains(OFlags::PATH);
    if writes || flags.contains(OFlags::CREATE) { Err(Errno::ISDIR) } else { Ok(true) }
}

impl<H: Hooks> Fs for Translator<H> {
    methods! {
        fn open[fs::open](&self, caller, params, results, caps) {
            let flags = OFlags::from_bits_retain(params.get_flags());
            let exclusive = flags.contains(OFlags::CREATE | OFlags::EXCL);
            let follow = !flags.contains(OFlags::NOFOLLOW) && !exclusive;
            let whole;
            let found = walk!(self, caller, params, caps, follow, whole);
            let (path, node) = here!(found, results);
            if exclusive {
                return Err(Errno::EXIST);
            }
            if node.kind == Kind::Link && !follow {
                return Err(Errno::LOOP);
            }
            if is_listing(flags, node.kind)? {
                let (file, object) = self.listing(caller, params.get_mount(), &path, &node)?;
                results.set_kind(Capability::Listing);
                results.set_object(object);
                results.set_seekable(true);
                caps.donate(file);
                return Ok(());
            }
            let opened = self.hooks.open(caller, &path, flags)?;
            let stat = rustix::fs::fstat(&opened.file).host()?;
            let kind = FileType::from_raw_mode(stat.st_mode);
            results.set_kind(opened.kind);
            results.set_seekable(matches!(kind, FileType::RegularFile | FileType::BlockDevice));
            results.set_raw_device(stat.st_rdev);
            results.set_flags(raw::control(&opened.file, libc::F_GETFL, 0)? as u32);
            caps.donate(opened.file);
            Ok(())
        }

        fn stat[fs::stat](&self, caller, params, results, caps) {
            let whole;
            let follow = params.get_follow();
            let found = walk!(self, caller, params, caps, follow, whole);
            let (path, node) = here!(found, results);
            match self.target(caller, &path, node, follow)?.backing {
                Backing::MadeUp(made) => status::set_made_up(results.init_stat(), &made),
                Backing::Host(file) => {
                    let stat = rustix::fs::statx(&file, "", AtFlags::EMPTY_PATH, status::wanted()).host()?;
                    status::set_stat(results.init_stat(), &stat);
                }
            }
            Ok(())
        }

        fn access[fs::access](&self, caller, params, results, caps) {
            let whole;
            let follow = params.get_follow();
            let found = walk!(self, caller, params, caps, follow, whole);
            let (path, node) = here!(found, results);
            let (mode, owner) = match self.target(caller, &path, node, follow)?.backing {
                Backing::MadeUp(made) => (made.mode, (made.user, made.group)),
                Backing::Host(file) => {
                    let stat = rustix::fs::fstat(&file).host()?;
                    (stat.st_mode, (stat.st_uid, stat.st_gid))
                }
            };
            let own = &caller.credentials;
            let real = Credentials {
                effective_user: own.real_user,
                effective_group: own.real_group,
                ..(**own).clone()
            };
            check_bits(mode, owner, params.get_mode(), if params.get_effective() { own } else { &real })
        }

        fn read_link[fs::read_link](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, false, whole);
            let (path, node) = here!(found, results);
            if node.kind != Kind::Link {
                return Err(Errno::INVAL);
            }
            results.set_target(&self.hooks.read_link(caller, &path)?);
            Ok(())
        }

        fn make_directory[fs::make_directory](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn remove[fs::remove](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn rename[fs::rename](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn link[fs::link](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn symbolic_link[fs::symbolic_link](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn make_node[fs::make_node](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn set_attribute[fs::set_attribute](&self, _caller, _params, _results, _caps) { Err(Errno::OPNOTSUPP) }
        fn remove_attribute[fs::remove_attribute](&self, _caller, _params, _results, _caps) { Err(Errno::OPNOTSUPP) }
        fn get_attribute[fs::get_attribute](&self, _caller, _params, _results, _caps) { Err(Errno::OPNOTSUPP) }

        fn list_attributes[fs::list_attributes](&self, _caller, _params, results, _caps) {
            results.init_names(0);
            Ok(())
        }

        fn set_mode[fs::set_mode](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, params.get_follow(), whole);
            let (_, node) = here!(found, results);
            if params.get_file_flags() {
                return Err(Errno::OPNOTSUPP);
            }
            let mode = Mode::from_bits_truncate(params.get_mode());
            self.change(caller, &node, |file| rustix::fs::chmod(raw::magic_path(file), mode).host())
        }

        fn set_owner[fs::set_owner](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, params.get_follow(), whole);
            let (_, node) = here!(found, results);
            let (user, group): (Option<Uid>, Option<Gid>) = descriptor::owner(params.get_user(), params.get_group());
            self.change(caller, &node, |file| {
                rustix::fs::chownat(file, "", user, group, AtFlags::EMPTY_PATH).host()
            })
        }

        fn set_times[fs::set_times](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, params.get_follow(), whole);
            let (_, node) = here!(found, results);
            let times = descriptor::times(params.get_accessed()?, params.get_modified()?);
            self.change(caller, &node, |file| {
                rustix::fs::utimensat(rustix::fs::CWD, raw::magic_path(file), &times, AtFlags::empty()).host()
            })
        }

        fn truncate[fs::truncate](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, true, whole);
            let (path, node) = here!(found, results);
            match node.kind {
                Kind::Directory => Err(Errno::ISDIR),
                Kind::Regular => {
                    let opened = self.hooks.open(caller, &path, OFlags::WRONLY | OFlags::NONBLOCK)?;
                    let size = u64::try_from(params.get_size()).map_err(|_| Errno::INVAL)?;
                    rustix::fs::ftruncate(&opened.file, size).host()
                }
                _ => Err(Errno::INVAL),
            }
        }

        fn stat_filesystem[fs::stat_filesystem](&self, caller, params, results, caps) {
            let whole;
            let mount = params.get_mount();
            let found = walk!(self, caller, params, caps, true, whole);
            here!(found, results);
            let (magic, name) = self.hooks.filesystem();
            let mut stat = results.init_stat();
            stat.set_magic(magic);
            stat.set_type_name(name);
            stat.set_source(name.as_bytes());
            stat.set_target(&self.world.mounts.prefix(mount));
            stat.set_block_size(4096);
            stat.set_fragment_size(4096);
            stat.set_name_length(255);
            Ok(())
        }

        fn change_directory[fs::change_directory](&self, caller, params, results, caps) {
            let whole;
            let found = walk!(self, caller, params, caps, true, whole);
            let (path, node) = here!(found, results);
            if node.kind != Kind::Directory {
                return Err(Errno::NOTDIR);
            }
            let (file, object) = self.listing(caller, params.get_mount(), &path, &node)?;
            results.set_kind(Capability::Listing);
            results.set_object(object);
            caps.donate(file);
            Ok(())
        }

        fn change_root[fs::change_root](&self, _caller, _params, _results, _caps) { Err(Errno::PERM) }
        fn watch[fs::watch](&self, _caller, _params, _results, _caps) { Err(Errno::OPNOTSUPP) }

        fn file_stat[file::stat](&self, caller, params, results, caps) {
            // Of a listing the guest is told what the directory is, not what the memory file is.
            let path = match self.listings().paths.get(&params.get_object()) {
                Some(path) => Some(path.clone()),
                None => listing::path_of(caps.received(0)?),
            };
            let Some(path) = path else { return descriptor::stat(caller, params, results, caps) };
            let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
            match self.hooks.find(caller, &names)?.backing {
                Backing::MadeUp(made) => status::set_made_up(results.init_stat(), &made),
                Backing::Host(file) => {
                    let stat = rustix::fs::statx(&file, "", AtFlags::EMPTY_PATH, status::wanted()).host()?;
                    status::set_stat(results.init_stat(), &stat);
                }
            }
            Ok(())
        }
    }

    descriptor_methods!(but file_stat);

    fn no_senders(&self, object: u64) {
        let mut listings = self.listings();
        if let Some(path) = listings.paths.remove(&object) {
            listings.numbers.remove(&path);
        }
    }
}

/// Opens a file of the host as a guest wants it. What could make the opener wait is donated as it is, with `O_PATH`,
/// and the guest opens it.
pub(super) fn open_host(file: OwnedFd, flags: OFlags) -> Result<OwnedFd, Errno> {
    if flags.contains(OFlags::PATH) {
        return Ok(file);
    }
    let flags = flags - OFlags::NOFOLLOW - OFlags::CREATE - OFlags::EXCL;
    memory::reopen(&file, flags | OFlags::NOCTTY)
}

/// An inode number for a made-up path; the same for the same path, and far from what hosts count.
pub(super) fn inode(path: &[&[u8]]) -> u64 {
    // FNV-1a over the components.
    let bytes = path.iter().flat_map(|name| name.iter().copied().chain([b'/']));
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    hash >> 16 | 1 << 47
}
