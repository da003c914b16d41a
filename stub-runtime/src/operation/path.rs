//! From the path that a guest passes to who answers for it.
//!
//! Most paths mean the same on the host: an absolute one that is under no mount, a relative one from a plain
//! directory that does not climb. They go to the host as they are, without a further call. The others are
//! made absolute and looked up in the mount table: a donated directory is searched by the host with that
//! directory as root (openat2(2), `RESOLVE_IN_ROOT`), a server is asked.
//!
//! Mounts are found by the words of the path. A symbolic link of the host's that leads under a mount is
//! followed when it lies in a directory that is above one, such as /dev.

mod base;
mod lexical;
mod perform;

use schemas::{Errno, Flavour, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::descriptor::{Kind, Meaning, WORKING};
use crate::operation::mounts::{self, Mounts, Place, Target};
use crate::world;

pub use base::{base_of, note_working, working_of_host};
pub use lexical::{Shape, normalize, shape};
pub use perform::{perform, perform_on, perform_two};

/// Longest path of a BSD with its terminating zero (`MAXPATHLEN`, sys/param.h).
const BSD_PATH_MAX: usize = 1024;

/// A path as a guest passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Descriptor of the directory that a relative path starts from, or [`WORKING`].
    pub directory: i32,
    /// Address of the path.
    pub path: Pointer,
}

impl At {
    /// A path from the working directory.
    pub fn working(path: Pointer) -> At {
        At { directory: WORKING, path }
    }
}

/// What is to be done with a path, as far as finding it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Something with what the path leads to, links followed.
    Follow,
    /// Something with what has that name, a link itself too.
    Name,
    /// A thing of that name is to be made.
    Create,
    /// It is to be opened: links are followed unless `name` says so, and it is made where `create` says so.
    Open {
        /// A link of that name is not followed.
        name: bool,
        /// It may be made.
        create: bool,
    },
}

impl Aim {
    fn follows(self) -> bool {
        matches!(self, Aim::Follow | Aim::Open { name: false, .. })
    }

    fn creates(self) -> bool {
        matches!(self, Aim::Create | Aim::Open { create: true, .. })
    }
}

/// A place of the host: what its `*at` calls take.
#[derive(Debug)]
pub struct Host {
    /// Directory that a relative path starts from.
    pub directory: i32,
    /// Address of the zero-terminated path.
    pub path: u64,
    /// Its length without the zero.
    len: usize,
    /// The directory is the root for this path; only for what is opened.
    pub in_root: bool,
    /// A descriptor made on the way, to be closed afterwards.
    _held: Held,
}

impl Host {
    /// The path without its zero.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: bytes of this module's making, which live while the place is used.
        unsafe { core::slice::from_raw_parts(self.path as *const u8, self.len) }
    }

    /// The address of one path that says it all, for calls that take no directory.
    ///
    /// # Errors
    /// `ENAMETOOLONG`.
    pub fn as_path(&self, buffer: &mut PathBuffer) -> Result<u64, Errno> {
        if self.directory == WORKING {
            return Ok(self.path);
        }
        let path = self.bytes();
        if path.first() == Some(&b'/') && !self.in_root {
            return Ok(self.path);
        }
        buffer.set_numbered(b"/proc/self/fd/", self.directory)?.push(b"/")?.push(path)?;
        Ok(buffer.address())
    }

    fn plain(directory: i32, path: &PathBuffer) -> Host {
        Host { directory, path: path.address(), len: path.bytes().len(), in_root: false, _held: Held(-1) }
    }
}

/// A descriptor that is closed at the end.
#[derive(Debug)]
struct Held(i32);

impl Drop for Held {
    fn drop(&mut self) {
        if self.0 >= 0 {
            // SAFETY: our own descriptor.
            let _ = unsafe { call(__NR_close, [self.0 as u64]) };
        }
    }
}

/// A place of a server.
pub struct Remote<'a> {
    /// Number of the mount.
    pub mount: u32,
    /// The path as the guest sees it: absolute, without `.` and `..`.
    absolute: &'a [u8],
    /// Where the rest below the mount starts.
    start: usize,
    /// The directory that the path starts from instead of the mount; −1 for none.
    directory: i32,
    /// Takes the path that a server sends elsewhere.
    redirect: &'a mut PathBuffer,
    /// Whether it did.
    sent: bool,
}

impl<'a> Remote<'a> {
    /// The directory that the path starts from, to go beside the message; none where that is the mount.
    pub fn directory(&self) -> Option<[i32; 1]> {
        (self.directory >= 0).then_some([self.directory])
    }

    /// The path below the mount.
    pub fn path(&self) -> &'a [u8] {
        &self.absolute[self.start..]
    }

    /// The path as the guest sees it.
    pub fn absolute(&self) -> &'a [u8] {
        self.absolute
    }

    /// Where the path is to be looked up instead.
    ///
    /// # Errors
    /// `ENAMETOOLONG`; `EBADMSG` for one that is not absolute.
    pub fn send_to(&mut self, path: &[u8]) -> Result<(), Errno> {
        if path.first() != Some(&b'/') {
            return Err(Errno::BADMSG);
        }
        self.sent = true;
        self.redirect.set(&[path]).map(drop)
    }

    /// What is asked again after the other of two paths was sent elsewhere.
    fn settle(self) -> Result<(), Errno> {
        if self.sent || self.directory >= 0 { Ok(()) } else { self.redirect.set(&[self.absolute]).map(drop) }
    }
}

/// Who answers for a path.
enum Found {
    Host(Host),
    Server { mount: u32, start: usize, from: Held },
}

/// A path on its way: the memory that a [`Host`] or [`Remote`] points to.
pub struct Path {
    directory: i32,
    text: PathBuffer,
    /// The same as the guest sees it, once that had to be found out.
    absolute: PathBuffer,
    is_absolute_known: bool,
    /// Whether it leads from a directory that a server donated to something in the same place of the host.
    is_donated: bool,
    /// The tree over the shared one that it was found in, or that is to have what is made; −1 for none.
    overlay: i32,
}

impl Path {
    /// One with nothing in it. It is filled where it lies: it is too large to be handed around.
    #[inline(always)]
    pub fn new() -> Path {
        Path {
            directory: WORKING,
            text: PathBuffer::new(),
            absolute: PathBuffer::new(),
            is_absolute_known: false,
            is_donated: false,
            overlay: -1,
        }
    }

    /// Takes a path from the guest.
    ///
    /// # Errors
    /// `EFAULT`, `ENAMETOOLONG`.
    pub fn read(&mut self, cx: &Context, at: At) -> Result<(), Errno> {
        self.directory = at.directory;
        self.text.copy_in(at.path.0)?;
        let linux = cx.process().personality.id == schemas::Personality::Linux;
        if !linux && self.text.bytes().len() >= BSD_PATH_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        Ok(())
    }

    /// Takes a path that the stub has itself.
    ///
    /// # Errors
    /// `ENAMETOOLONG`.
    pub fn set(&mut self, directory: i32, text: &[u8]) -> Result<(), Errno> {
        self.directory = directory;
        self.text.set(&[text]).map(drop)
    }

    /// The path as it was passed, or as a server sent it elsewhere.
    pub fn text(&self) -> &[u8] {
        self.text.bytes()
    }

    /// Whether it ends in a slash, and so means a directory, whatever link has that name.
    pub fn is_of_directory(&self) -> bool {
        self.text.bytes().len() > 1 && self.text.bytes().ends_with(b"/")
    }

    /// Whether it starts from the root, as it was passed.
    fn is_absolute(&self) -> bool {
        self.text.bytes().first() == Some(&b'/')
    }

    /// Its address, zero-terminated.
    pub fn address(&self) -> u64 {
        self.text.address()
    }

    /// Where the guest sees it, if the host found it from a directory that a server donated.
    pub fn donated(&self) -> Option<&[u8]> {
        self.is_donated.then_some(self.absolute.bytes())
    }

    /// Whether it was found in a tree that lies over the shared one.
    pub fn is_in_overlay(&self) -> bool {
        self.overlay >= 0
    }

    /// Where the guest sees it, if that is above a mount.
    pub fn above(&self, mounts: &Mounts) -> Option<&[u8]> {
        if !self.is_absolute_known && (!self.is_absolute() || mounts.is_clear_of(&self.text)) {
            return None;
        }
        let path = if self.is_absolute_known { self.absolute.bytes() } else { self.text.bytes() };
        mounts.is_above(path).then_some(path)
    }

    /// Finds out who answers for it.
    #[inline]
    fn find(&mut self, cx: &mut Context, operation: Operation, aim: Aim) -> Result<Found, Errno> {
        let path = self.text.bytes();
        // The host says what an empty path is.
        let mut native = path.is_empty();
        if !native && world::route(cx, operation) != Flavour::Mapped {
            let mounts = mounts::current(cx);
            native = mounts.is_root_of_host()
                && if path[0] == b'/' {
                    mounts.overlays().is_empty()
                        && (mounts.is_clear_of(&self.text)
                            || (!(path.ends_with(b"/exe") && path.starts_with(b"/proc/"))
                                && (mounts.places().is_empty()
                                    || (shape(path) == Shape::Clean && mounts.find(path).is_none()))))
                } else {
                    cx.process().descriptors.is_plain(self.directory)
                        && ((self.text.is_tidy() && path[0] != b'.')
                            || mounts.places().is_empty()
                            || shape(path) != Shape::Climbs)
                };
        }
        if native {
            return Ok(Found::Host(Host::plain(self.directory, &self.text)));
        }
        self.find_slowly(cx, operation, aim)
    }

    #[cold]
    fn find_slowly(&mut self, cx: &mut Context, operation: Operation, aim: Aim) -> Result<Found, Errno> {
        let mounts = mounts::current(cx);
        if aim.follows() && is_own_program(cx, self.text.bytes()) {
            self.text.set(&[cx.process().executable()])?;
        }
        let mapped = world::route(cx, operation) == Flavour::Mapped;
        let was_absolute = self.is_absolute();
        let in_overlay = !was_absolute && self.starts_in_overlay(cx);
        let crossed = if was_absolute {
            normalize(self.text.bytes(), mounts, &mut self.absolute)?
        } else {
            let mut base = PathBuffer::new();
            let joined = base_of(cx, mounts, self.directory, &mut base).and_then(|known| {
                base.push(b"/")?.push(self.text.bytes())?;
                Ok(known)
            });
            match joined {
                Ok(true) if !mapped && self.stays_in_donated(cx, mounts) => {
                    normalize(base.bytes(), mounts, &mut self.absolute)?;
                    (self.is_absolute_known, self.is_donated) = (true, true);
                    return Ok(Found::Host(Host::plain(self.directory, &self.text)));
                }
                Ok(true) => normalize(base.bytes(), mounts, &mut self.absolute)?,
                // A directory that the guest's tree does not show: the host knows it.
                Ok(false) => return Ok(Found::Host(Host::plain(self.directory, &self.text))),
                // One too far down to be named.
                Err(Errno::NAMETOOLONG) => return self.below_directory(mounts, mapped),
                Err(error) => return Err(error),
            }
        };
        self.is_absolute_known = true;
        if let Some(place) = mounts.find(self.absolute.bytes()) {
            let rest = place.strip(self.absolute.bytes()).map_or(0, <[u8]>::len);
            let start = self.absolute.bytes().len() - rest;
            return match place.target {
                // Links lead from the guest's root, which is the host's, or must not lead out at all.
                Target::Directory(directory) if !mapped && mounts.root().target == Target::Host => {
                    Ok(Found::Host(self.below(directory, start)))
                }
                Target::Directory(root) if !mapped => self.inside(root, start, aim).map(Found::Host),
                Target::Host if !mapped => Ok(Found::Host(Host::plain(WORKING, &self.absolute))),
                _ => Ok(Found::Server { mount: place.identifier, start, from: Held(-1) }),
            };
        }
        let root = mounts.root();
        let searched = was_absolute || in_overlay || root.target != Target::Host || mapped;
        if searched && self.absolute.bytes() != b"/" {
            for overlay in mounts.overlays() {
                if let Some(found) = self.try_overlay(overlay, &root, mapped, aim)? {
                    return Ok(found);
                }
            }
        }
        match root.target {
            Target::Directory(directory) if !mapped => self.inside(directory, 0, aim).map(Found::Host),
            Target::Host if !mapped && (crossed || in_overlay) => {
                Ok(Found::Host(Host::plain(WORKING, &self.absolute)))
            }
            Target::Host if !mapped => Ok(Found::Host(Host::plain(self.directory, &self.text))),
            _ => Ok(Found::Server { mount: root.identifier, start: 1, from: Held(-1) }),
        }
    }

    /// Whether the path starts from a directory of a tree that lies over the shared one: it is looked for in both.
    fn starts_in_overlay(&self, cx: &Context) -> bool {
        let meaning = cx.process().descriptors.get(self.directory);
        matches!(meaning, Some(Meaning { kind: Kind::Overlay, .. }))
    }

    /// Whether the path starts from a directory that a server donated, and leads neither above it nor to a mount
    /// below it: then the host finds it.
    fn stays_in_donated(&self, cx: &Context, mounts: &Mounts) -> bool {
        let mut seen = PathBuffer::new();
        let meaning = cx.process().descriptors.path(self.directory, &mut seen);
        matches!(meaning, Ok(Some(Meaning { kind: Kind::Donated, .. })))
            && shape(self.text.bytes()) != Shape::Climbs
            && !mounts.is_above(seen.bytes())
    }

    /// The path as it was passed, from its directory.
    fn below_directory(&mut self, mounts: &Mounts, mapped: bool) -> Result<Found, Errno> {
        if !mapped {
            return Ok(Found::Host(Host::plain(self.directory, &self.text)));
        }
        let flags = u64::from(O_PATH | O_DIRECTORY | O_CLOEXEC);
        let here = c".".as_ptr() as u64;
        // SAFETY: the path is ours.
        let from = unsafe { call(__NR_openat, [self.directory as u64, here, flags]) }?;
        self.absolute.set(&[self.text.bytes()])?;
        Ok(Found::Server { mount: mounts.root().identifier, start: 0, from: Held(from as i32) })
    }

    /// Whether a tree that lies over the shared one has what is looked for.
    fn try_overlay(
        &mut self,
        overlay: &Place,
        root: &Place,
        mapped: bool,
        aim: Aim,
    ) -> Result<Option<Found>, Errno> {
        let directory = match overlay.target {
            Target::Directory(directory) => directory,
            // Whether a server has something is not known without asking it; it has the tree to itself.
            Target::Server => {
                return Ok(Some(Found::Server { mount: overlay.identifier, start: 1, from: Held(-1) }));
            }
            Target::Host => return Ok(None),
        };
        let exists = probe(directory, self.absolute.bytes(), aim.follows());
        let wanted = exists
            || (aim.creates()
                && probe(directory, lexical::parent(self.absolute.bytes()), true)
                && (self.overlay == directory || !self.root_has_parent(root)));
        if !wanted {
            return Ok(None);
        }
        self.overlay = directory;
        if mapped {
            return Ok(Some(Found::Server { mount: overlay.identifier, start: 1, from: Held(-1) }));
        }
        self.inside(directory, 0, aim).map(|host| Some(Found::Host(host)))
    }

    /// Whether the shared tree has the directory in which something is to be made.
    fn root_has_parent(&self, root: &Place) -> bool {
        let parent = lexical::parent(self.absolute.bytes());
        match root.target {
            Target::Directory(directory) => probe(directory, parent, true),
            Target::Host => {
                let mut path = PathBuffer::new();
                // SAFETY: the path is ours.
                path.set(&[parent]).is_ok_and(|path| unsafe {
                    call(__NR_faccessat, [AT_FDCWD as u64, path.address(), 0]).is_ok()
                })
            }
            Target::Server => true,
        }
    }

    /// The path from `start` on, from a donated directory.
    fn below(&self, directory: i32, start: usize) -> Host {
        let rest = &self.absolute.bytes()[start..];
        let path = if rest.is_empty() { c".".to_bytes() } else { rest };
        Host { directory, path: path.as_ptr() as u64, len: path.len(), in_root: false, _held: Held(-1) }
    }

    /// The path from `start` on, with a donated directory as its root.
    fn inside(&mut self, root: i32, start: usize, aim: Aim) -> Result<Host, Errno> {
        let rest = &self.absolute.bytes()[start..];
        let len = rest.len().max(1);
        let path =
            if rest.is_empty() { c".".as_ptr() as u64 } else { self.absolute.address() + start as u64 };
        if let Aim::Open { .. } = aim {
            return Ok(Host { directory: root, path, len, in_root: true, _held: Held(-1) });
        }
        let (parent, name) = lexical::split(rest);
        if name.is_empty() {
            return Ok(self.below(root, self.absolute.bytes().len()));
        }
        if aim == Aim::Follow {
            let file = Held(open_in_root(root, path, O_PATH)?);
            let link = self.text.set_numbered(b"/proc/self/fd/", file.0)?;
            return Ok(Host { _held: file, ..Host::plain(WORKING, link) });
        }
        let mut above = PathBuffer::new();
        let above = above.set(&[if parent.is_empty() { b"." } else { parent }])?;
        let directory = Held(open_in_root(root, above.address(), O_PATH | O_DIRECTORY)?);
        let (path, len) = (name.as_ptr() as u64, name.len());
        Ok(Host { directory: directory.0, path, len, in_root: false, _held: directory })
    }
}

/// Opens what a path means with a directory as its root.
///
/// # Errors
/// As openat2(2).
pub fn open_in_root(root: i32, path: u64, flags: u32) -> Result<i32, Errno> {
    // `struct open_how` (linux/openat2.h): flags, mode, resolve.
    let how = [u64::from(flags | O_CLOEXEC), 0, u64::from(RESOLVE_IN_ROOT)];
    let size = size_of_val(&how) as u64;
    // SAFETY: path and structure are ours.
    unsafe { call(__NR_openat2, [root as u64, path, how.as_ptr() as u64, size]) }.map(|file| file as i32)
}

/// Whether a path leads to something with a directory as its root.
fn probe(root: i32, path: &[u8], follow: bool) -> bool {
    let mut buffer = PathBuffer::new();
    let Ok(path) = buffer.set(&[path]) else { return false };
    let flags = if follow { O_PATH } else { O_PATH | O_NOFOLLOW };
    match open_in_root(root, path.address(), flags) {
        Ok(file) => {
            drop(Held(file));
            true
        }
        Err(_) => false,
    }
}

/// Whether a path is that by which the host shows a process its own program, which is the stub there
/// (proc(5)).
pub fn is_own_program(cx: &Context, path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/proc/") else { return false };
    let Some(who) = rest.strip_suffix(b"/exe") else { return false };
    match who {
        b"self" | b"thread-self" => true,
        _ if who.iter().all(u8::is_ascii_digit) && who.len() < 10 => {
            let number = who.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
            // SAFETY: no arguments.
            let own = unsafe { call::<0>(__NR_getpid, []) };
            own == Ok(number) || number == u64::from(cx.tid.load(core::sync::atomic::Ordering::Relaxed))
        }
        _ => false,
    }
}

impl Default for Path {
    fn default() -> Self {
        Self::new()
    }
}
