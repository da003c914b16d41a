//! The mount table as this guest sees it: a copy of the world page's, made anew when that has changed.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use schemas::transport::{DESCRIPTOR_DIRECTORIES, MOUNTS, Mount, MountKind, World};
use schemas::{Errno, Personality};

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::world;

/// What serves a part of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The host, under the same path.
    Host,
    /// A donated directory, by its descriptor.
    Directory(i32),
    /// A server.
    Server,
}

/// A part of the tree that is served by something of its own.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its number in messages.
    pub identifier: u32,
    /// What serves it.
    pub target: Target,
    /// Where it is: absolute, without a slash at its end, empty for the root.
    prefix: [u8; Mount::PREFIX],
    prefix_len: u8,
    /// Which of several at one place comes first: the higher one.
    order: u32,
    /// What it does not have is looked for in the next one at the same place.
    overlay: bool,
}

impl Place {
    const NONE: Place = Place {
        identifier: 0,
        target: Target::Host,
        prefix: [0; Mount::PREFIX],
        prefix_len: 0,
        order: 0,
        overlay: false,
    };

    /// Where it is.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix[..usize::from(self.prefix_len)]
    }

    /// The rest of an absolute path below it, without leading slashes; none when the path is elsewhere.
    pub fn strip<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let rest = path.strip_prefix(self.prefix())?;
        match rest.iter().position(|byte| *byte != b'/') {
            Some(0) => None,
            Some(start) => Some(&rest[start..]),
            None => Some(&[]),
        }
    }

    /// The first name of the way from a directory to it; none when it is not below.
    fn name_in(&self, directory: &[u8]) -> Option<&[u8]> {
        let rest = self.prefix().strip_prefix(directory)?.strip_prefix(b"/")?;
        rest.split(|byte| *byte == b'/').next()
    }

    /// Whether it lies strictly below an absolute path.
    fn is_below(&self, path: &[u8]) -> bool {
        let path = trim(path);
        self.prefix().strip_prefix(path).is_some_and(|rest| rest.first() == Some(&b'/'))
    }
}

/// A path without the slashes at its end: empty for the root.
pub fn trim(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    &path[..end]
}

/// Trees that can lie over each other at the root.
const ROOTS: usize = 4;

/// The mount table of one guest.
pub struct Mounts {
    generation: u64,
    count: usize,
    /// All but the roots, the longest prefix first.
    places: [Place; MOUNTS],
    root_count: usize,
    /// What is at the root: first what is looked into first, last the tree that all share.
    roots: [Place; ROOTS],
    /// Whether the tree that all share is the host's.
    root_is_host: bool,
    /// One bit for each byte: the first name of a place begins with it.
    initials: [u64; 4],
}

impl Mounts {
    const EMPTY: Mounts = Mounts {
        generation: 0,
        count: 0,
        places: [Place::NONE; MOUNTS],
        root_count: 0,
        roots: [Place::NONE; ROOTS],
        root_is_host: true,
        initials: [0; 4],
    };

    /// Everything that is not at the root, the longest prefix first.
    pub fn places(&self) -> &[Place] {
        &self.places[..self.count.min(MOUNTS)]
    }

    /// The trees that are looked into before the shared one.
    pub fn overlays(&self) -> &[Place] {
        &self.roots[..self.root_count.saturating_sub(1).min(ROOTS)]
    }

    /// The tree at the root.
    pub fn root(&self) -> Place {
        match self.root_count {
            0 => Place::NONE,
            count => self.roots[count.min(ROOTS) - 1],
        }
    }

    /// Whether the tree at the root is the host's.
    #[inline]
    pub fn is_root_of_host(&self) -> bool {
        self.root_is_host
    }

    /// Whether the first letter of an absolute path tells that it leads to no place of its own, to none of /proc, and
    /// that no place is below it. `false` where it takes more to tell.
    #[inline]
    pub fn is_clear_of(&self, path: &PathBuffer) -> bool {
        match path.bytes() {
            [_, initial, ..] => {
                path.is_tidy() && self.initials[usize::from(*initial) / 64] >> (initial % 64) & 1 == 0
            }
            _ => false,
        }
    }

    /// Notes what is asked for each path.
    fn summarize(&mut self) {
        self.root_is_host = self.root().target == Target::Host;
        self.initials = [0; 4];
        for place in &self.places[..self.count] {
            if let [_, initial, ..] = place.prefix() {
                self.initials[usize::from(*initial) / 64] |= 1 << (initial % 64);
            }
        }
        // The program of a process, which is the stub's there (`is_own_program`).
        self.initials[usize::from(b'p') / 64] |= 1 << (b'p' % 64);
    }

    /// Whether every path means on the host what it means to the guest.
    pub fn is_plain(&self) -> bool {
        self.count == 0 && self.root_count <= 1 && self.root().target == Target::Host
    }

    /// The part of the tree an absolute path is in; none when it is that of the root. The path must have no
    /// `.` and `..` and no empty components.
    pub fn find(&self, path: &[u8]) -> Option<&Place> {
        self.places().iter().find(|place| place.strip(path).is_some())
    }

    /// Whether a directory has something else mounted below it.
    pub fn is_above(&self, path: &[u8]) -> bool {
        // Where the root is the host's, its own directories are seen anyway.
        let all = self.root().target != Target::Host;
        self.places().iter().any(|place| (all || place.target != Target::Host) && place.is_below(path))
    }

    /// Whether a path of the host is in a tree that lies over the shared one.
    pub fn is_in_overlay(&self, host: &[u8]) -> bool {
        self.overlays().iter().any(|overlay| {
            let Target::Directory(directory) = overlay.target else { return false };
            let mut donated = PathBuffer::new();
            path_of(directory, &mut donated).is_ok()
                && host
                    .strip_prefix(trim(donated.bytes()))
                    .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        })
    }

    /// Calls `visit` with the name of every entry that mounts make in a directory, and a number for it.
    pub fn each_name(&self, directory: &[u8], mut visit: impl FnMut(&[u8], u32)) {
        let directory = trim(directory);
        for (at, place) in self.places().iter().enumerate() {
            let Some(name) = place.name_in(directory) else { continue };
            if !self.places()[..at].iter().any(|other| other.name_in(directory) == Some(name)) {
                visit(name, place.identifier);
            }
        }
    }

    /// Reads what the world page says to guests of a personality.
    fn fill(&mut self, world: &World, personality: Personality) {
        self.count = 0;
        self.root_count = 0;
        let mut roots = [Place::NONE; MOUNTS];
        let mut root_count = 0;
        for mount in (0..world.mount_count()).filter_map(|index| world.mount(index)) {
            let Some(place) = place_of(&mount, personality) else { continue };
            if place.prefix_len == 0 {
                insert(&mut roots, &mut root_count, place);
            } else {
                insert(&mut self.places, &mut self.count, place);
            }
        }
        // Of several at one place the first hides the others; at the root alone, an overlay lies over the next.
        let mut kept = 0;
        for at in 0..self.count {
            if kept == 0 || self.places[kept - 1].prefix() != self.places[at].prefix() {
                self.places[kept] = self.places[at];
                kept += 1;
            }
        }
        self.count = kept;
        for place in &roots[..root_count.min(ROOTS)] {
            self.roots[self.root_count] = *place;
            self.root_count += 1;
            if !place.overlay {
                break;
            }
        }
        self.summarize();
    }

    /// Every tree at the root.
    fn roots(&self) -> &[Place] {
        &self.roots[..self.root_count.min(ROOTS)]
    }

    /// Finds the places where the host has the very directory that is donated.
    fn compare(&mut self) {
        let own = |place: &mut Place| {
            if let Target::Directory(directory) = place.target {
                let mut path = PathBuffer::new();
                let whole: &[u8] = if place.prefix_len == 0 { b"/" } else { place.prefix() };
                if path.set(&[whole]).is_ok_and(|path| is_same(directory, path)) {
                    place.target = Target::Host;
                }
            }
        };
        self.places[..self.count].iter_mut().for_each(own);
        self.roots[..self.root_count].iter_mut().for_each(own);
        self.summarize();
    }
}

/// What an entry of the world page is to guests of a personality.
fn place_of(mount: &Mount, personality: Personality) -> Option<Place> {
    if !mount.visible_to(personality) {
        return None;
    }
    let target = match mount.kind()? {
        MountKind::Server => Target::Server,
        MountKind::Directory => {
            let index = i32::try_from(mount.target()).ok()?;
            Target::Directory(world::reserved(DESCRIPTOR_DIRECTORIES.checked_add(index)?))
        }
    };
    let mut place = Place {
        identifier: mount.identifier(),
        target,
        order: mount.order(),
        overlay: mount.is_overlay(),
        ..Place::NONE
    };
    let prefix = mount.prefix();
    place.prefix.get_mut(..prefix.len())?.copy_from_slice(prefix);
    place.prefix_len = prefix.len() as u8;
    Some(place)
}

/// Puts a place before those that it wins over.
fn insert(places: &mut [Place; MOUNTS], count: &mut usize, place: Place) {
    if *count == MOUNTS {
        return;
    }
    // Equal lengths are kept together by their bytes, so that equal prefixes are neighbours.
    let wins = |other: &Place| {
        (place.prefix_len, place.prefix(), place.order) > (other.prefix_len, other.prefix(), other.order)
    };
    let at = places[..*count].iter().position(wins).unwrap_or(*count);
    places.copy_within(at..*count, at + 1);
    places[at] = place;
    *count += 1;
}

/// Whether a descriptor is the directory that the host has at a path.
fn is_same(directory: i32, path: &PathBuffer) -> bool {
    let mask = u64::from(STATX_INO | STATX_MNT_ID);
    let look = |directory: i32, path: u64| {
        // SAFETY: all integers; zero is a value.
        let mut found: statx = unsafe { core::mem::zeroed() };
        let flags = u64::from(AT_EMPTY_PATH);
        // SAFETY: the path is ours, and the kernel writes one structure.
        unsafe { call(__NR_statx, [directory as u64, path, flags, mask, &raw mut found as u64]) }.ok()?;
        Some((found.stx_dev_major, found.stx_dev_minor, found.stx_ino, found.stx_mnt_id))
    };
    let own = look(directory, c"".as_ptr() as u64);
    own.is_some() && own == look(AT_FDCWD, path.address())
}

/// Copies that a table can be in: a new one is written where no reader has been for long.
const COPIES: usize = 4;

struct Copies([UnsafeCell<Mounts>; COPIES]);

// SAFETY: a copy is written by the one thread that holds `REFRESHING`, and published afterwards.
unsafe impl Sync for Copies {}

static TABLES: Copies = Copies([const { UnsafeCell::new(Mounts::EMPTY) }; COPIES]);
static CURRENT: AtomicPtr<Mounts> = AtomicPtr::new(core::ptr::null_mut());
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// Process that makes a new copy; 0 when none does. A child of a fork finds its parent here.
static REFRESHING: AtomicU32 = AtomicU32::new(0);

/// The mount table now.
#[inline]
pub fn current(cx: &Context) -> &'static Mounts {
    // SAFETY: published whole, and never unmapped.
    match unsafe { CURRENT.load(Ordering::Acquire).as_ref() } {
        Some(mounts) if mounts.generation == world::page().generation() => mounts,
        _ => refresh(cx),
    }
}

/// Makes a new copy, unless another thread is at it.
#[cold]
fn refresh(cx: &Context) -> &'static Mounts {
    // SAFETY: no arguments.
    let own = unsafe { call::<0>(__NR_getpid, []) }.unwrap_or(1) as u32;
    loop {
        let holder = REFRESHING.load(Ordering::Relaxed);
        if holder != own
            && REFRESHING.compare_exchange(holder, own, Ordering::Acquire, Ordering::Relaxed).is_ok()
        {
            break;
        }
        // SAFETY: published whole, and never unmapped.
        if let Some(old) = unsafe { CURRENT.load(Ordering::Acquire).as_ref() } {
            return old;
        }
        // SAFETY: no arguments.
        let _ = unsafe { call::<0>(__NR_sched_yield, []) };
    }
    let copy = TABLES.0[NEXT.fetch_add(1, Ordering::Relaxed) % COPIES].get();
    let personality = cx.process().personality.id;
    // SAFETY: the copy is not the current one, and no other thread writes.
    let read = world::page().consistent(|world| unsafe { (*copy).fill(world, personality) });
    // SAFETY: as above.
    let mounts = unsafe { &mut *copy };
    mounts.generation = read.map_or(u64::MAX, |((), generation)| generation);
    mounts.compare();
    let mounts: &'static Mounts = mounts;
    // Where a guest is decides how its relative paths are looked at.
    crate::operation::path::note_working(cx, mounts);
    CURRENT.store(copy, Ordering::Release);
    REFRESHING.store(0, Ordering::Release);
    mounts
}

/// Where the guest sees a place of the host: inside a donated directory, under that directory's prefix.
///
/// # Errors
/// `ENAMETOOLONG`.
pub fn seen_at(mounts: &Mounts, host: &[u8], guest: &mut PathBuffer) -> Result<(), Errno> {
    for place in mounts.places().iter().chain(mounts.roots()) {
        if place.target == Target::Host && place.prefix_len != 0 && place.strip(host).is_some() {
            guest.set(&[host])?;
            return Ok(());
        }
        if let Target::Directory(directory) = place.target {
            let mut donated = PathBuffer::new();
            path_of(directory, &mut donated)?;
            let Some(rest) = host.strip_prefix(trim(donated.bytes())) else { continue };
            match rest.first() {
                None if place.prefix_len == 0 => guest.set(&[b"/"])?,
                None | Some(b'/') => guest.set(&[place.prefix(), rest])?,
                _ => continue,
            };
            return Ok(());
        }
    }
    // What is outside of a root of its own is seen as that root, as by no way out of it.
    let shared = mounts.root().target == Target::Host;
    guest.set(&[if shared { host } else { b"/" }])?;
    Ok(())
}

/// The path that the host has for a descriptor (proc_pid_fd(5)).
///
/// # Errors
/// `EBADF`, also where the host has no /proc.
pub fn path_of(descriptor: i32, path: &mut PathBuffer) -> Result<(), Errno> {
    if descriptor < 0 {
        return Err(Errno::BADF);
    }
    let mut name = PathBuffer::new();
    let address = name.set_numbered(b"/proc/self/fd/", descriptor)?.address();
    let mut bytes = [0u8; crate::guest::PATH_MAX];
    // SAFETY: both buffers are ours.
    let len = unsafe { call(__NR_readlink, [address, bytes.as_mut_ptr() as u64, bytes.len() as u64]) };
    let len = len.map_err(|error| if error == Errno::NOENT { Errno::BADF } else { error })?;
    path.set(&[&bytes[..len as usize]]).map(drop)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use core::ptr::NonNull;
    use schemas::Personality::{FreeBsd, Linux, NetBsd};

    /// A table with these mounts, in their order, as guests of FreeBSD see it.
    pub fn table(mounts: &[Mount]) -> Box<Mounts> {
        let memory = memory_of_world();
        // SAFETY: page-aligned, zeroed memory of the right size, given back by nobody.
        let world = unsafe { World::create(memory) };
        world.change(|world| world.set_mounts(mounts)).unwrap();
        let mut table = Box::new(Mounts::EMPTY);
        table.fill(world, FreeBsd);
        table
    }

    fn memory_of_world() -> NonNull<u8> {
        let at = crate::host::linux::memory::map(World::SIZE as u64).unwrap();
        NonNull::new(at as *mut u8).unwrap()
    }

    /// A server's mount that all see.
    pub fn server(identifier: u32, prefix: &str) -> Mount {
        Mount::new(identifier, prefix.as_bytes(), MountKind::Server, 7, u32::MAX, identifier).unwrap()
    }

    fn directory(identifier: u32, prefix: &str, personalities: u32) -> Mount {
        let kind = MountKind::Directory;
        Mount::new(identifier, prefix.as_bytes(), kind, identifier, personalities, identifier).unwrap()
    }

    fn numbers(places: &[Place]) -> Vec<u32> {
        places.iter().map(|place| place.identifier).collect()
    }

    #[test]
    fn first_letters_tell_what_no_mount_has_to_do_with() {
        let table = table(&[server(1, "/dev/bpf"), server(2, "/net")]);
        let clear = |path: &str| {
            let text = format!("{path}\0");
            let mut path = PathBuffer::new();
            path.copy_in(text.as_ptr() as u64).unwrap();
            table.is_clear_of(&path)
        };
        for path in ["/etc/passwd", "/usr", "/tmp/a/b/", "/é"] {
            assert!(clear(path), "{path}");
        }
        for path in [
            "/dev",
            "/dev/bpf/x",
            "/d",
            "/net",
            "/nothing",
            "/proc/self/exe",
            "/",
            "",
            "/etc/../dev",
            "/etc//x",
            "/./dev",
        ] {
            assert!(!clear(path), "{path}");
        }
        let mut made = PathBuffer::new();
        assert!(!table.is_clear_of(made.set(&[b"/etc/../dev/bpf"]).unwrap()));
    }

    #[test]
    fn longest_prefix_is_first_and_the_later_of_two_wins() {
        let table = table(&[
            server(1, "/dev"),
            directory(2, "/data", u32::MAX),
            server(3, "/dev/bpf"),
            server(4, "/data"),
            directory(5, "/home", Linux.bit()),
        ]);
        assert_eq!(numbers(table.places()), [3, 4, 1]);
        let found = |path: &str| table.find(path.as_bytes()).map(|place| place.identifier);
        assert_eq!(found("/dev/bpf"), Some(3));
        assert_eq!(found("/dev/bpf/0"), Some(3));
        assert_eq!(found("/dev/bpf0"), Some(1));
        assert_eq!(found("/dev"), Some(1));
        assert_eq!(found("/data/x"), Some(4));
        assert_eq!(found("/device"), None);
        assert_eq!(found("/"), None);
        assert!(!table.is_plain());
    }

    #[test]
    fn overlays_lie_over_the_root() {
        let plain = table(&[directory(1, "", u32::MAX), directory(2, "", NetBsd.bit()).overlay()]);
        assert_eq!((numbers(plain.overlays()), plain.root().identifier), (vec![], 1));
        let sysroot = table(&[directory(1, "", u32::MAX), directory(2, "", FreeBsd.bit()).overlay()]);
        assert_eq!((numbers(sysroot.overlays()), sysroot.root().identifier), (vec![2], 1));
        let replaced =
            table(&[directory(1, "", u32::MAX), server(2, ""), directory(3, "", FreeBsd.bit()).overlay()]);
        assert_eq!((numbers(replaced.overlays()), replaced.root().identifier), (vec![3], 2));
        assert_eq!(replaced.root().target, Target::Server);
        let own = table(&[directory(1, "", u32::MAX), directory(2, "", FreeBsd.bit())]);
        assert_eq!((numbers(own.overlays()), own.root().identifier), (vec![], 2));
        let none = table(&[]);
        assert!(none.is_plain() && none.root().target == Target::Host);
    }

    #[test]
    fn directories_above_a_mount_are_known() {
        let table = table(&[server(1, "/dev/bpf"), server(2, "/proc")]);
        for path in ["/", "/dev", "/dev/"] {
            assert!(table.is_above(path.as_bytes()), "{path}");
        }
        for path in ["/dev/bpf", "/proc", "/de", "/usr"] {
            assert!(!table.is_above(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn mounts_make_names_in_the_directories_above() {
        let table = table(&[server(1, "/dev/bpf"), server(2, "/dev/deep/a"), server(3, "/dev/deep/b")]);
        let names = |directory: &str| {
            let mut names = Vec::new();
            table.each_name(directory.as_bytes(), |name, _| {
                names.push(String::from_utf8(name.to_vec()).unwrap())
            });
            names.sort();
            names
        };
        assert_eq!(names("/"), ["dev"]);
        assert_eq!(names("/dev"), ["bpf", "deep"]);
        assert_eq!(names("/dev/deep/"), ["a", "b"]);
        assert!(names("/dev/bpf").is_empty() && names("/usr").is_empty());
    }

    #[test]
    fn rest_below_a_place_has_no_leading_slash() {
        let table = table(&[server(1, "/dev"), server(2, "")]);
        let place = table.find(b"/dev//x").unwrap();
        assert_eq!(place.strip(b"/dev//x"), Some(&b"x"[..]));
        assert_eq!(place.strip(b"/dev"), Some(&b""[..]));
        assert_eq!(place.strip(b"/dev0"), None);
        assert_eq!(table.root().strip(b"/a/b"), Some(&b"a/b"[..]));
    }

    #[test]
    fn the_host_has_its_own_root_at_the_root() {
        let mut path = PathBuffer::new();
        // SAFETY: the path is ours.
        let root = unsafe {
            call(__NR_openat, [AT_FDCWD as u64, c"/".as_ptr() as u64, u64::from(O_PATH | O_CLOEXEC)])
        };
        let root = root.unwrap() as i32;
        assert!(is_same(root, path.set(&[b"/"]).unwrap()));
        assert!(!is_same(root, path.set(&[b"/proc"]).unwrap()));
        assert!(!is_same(-1, path.set(&[b"/no such"]).unwrap()));
        path_of(root, &mut path).unwrap();
        assert_eq!(path.bytes(), b"/");
        assert_eq!(path_of(-1, &mut path), Err(Errno::BADF));
        assert_eq!(path_of(999_999, &mut path), Err(Errno::BADF));
    }

    #[test]
    fn trimming_leaves_nothing_of_the_root() {
        assert_eq!(trim(b"/"), b"");
        assert_eq!(trim(b"///"), b"");
        assert_eq!(trim(b"/a//"), b"/a");
        assert_eq!(trim(b""), b"");
    }
}
