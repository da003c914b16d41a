//! Doing something with a path, whoever answers for it.

use schemas::{Errno, Operation};

use super::{Aim, At, Found, Host, Path, Remote, base_of, lexical, normalize};
use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::descriptor::WORKING;
use crate::operation::mounts::{self, Target};

/// How often a server may send a path elsewhere, as often as the host follows links (`MAXSYMLINKS`).
const REDIRECTS: usize = 40;

/// Does something with a path: `host` with the host's calls, `server` by asking, which answers nothing when it
/// was sent elsewhere.
///
/// # Errors
/// `EFAULT` and `ENAMETOOLONG` for the path, `ELOOP` when servers send it about without end, and what the two
/// say.
pub fn perform<T>(
    cx: &mut Context,
    operation: Operation,
    at: At,
    aim: Aim,
    host: impl FnMut(&mut Context, &Host) -> Result<T, Errno>,
    server: impl FnMut(&mut Context, &mut Remote<'_>) -> Result<Option<T>, Errno>,
) -> Result<T, Errno> {
    let mut path = Path::new();
    path.read(cx, at)?;
    perform_on(cx, operation, &mut path, aim, host, server)
}

/// The same for a path that is already read.
///
/// # Errors
/// As [`perform`].
pub fn perform_on<T>(
    cx: &mut Context,
    operation: Operation,
    path: &mut Path,
    aim: Aim,
    mut host: impl FnMut(&mut Context, &Host) -> Result<T, Errno>,
    mut server: impl FnMut(&mut Context, &mut Remote<'_>) -> Result<Option<T>, Errno>,
) -> Result<T, Errno> {
    for _ in 0..REDIRECTS {
        match path.find(cx, operation, aim)? {
            Found::Host(place) => {
                let result = host(cx, &place);
                if !matches!(result, Err(Errno::NOENT)) || !aim.follows() || !path.follow_link(cx, &place)? {
                    return result;
                }
            }
            Found::Server { mount, start, from } => {
                let Path { text, absolute, .. } = path;
                let mut remote = Remote {
                    mount,
                    absolute: absolute.bytes(),
                    start,
                    directory: from.0,
                    redirect: text,
                    sent: false,
                };
                if let Some(result) = server(cx, &mut remote)? {
                    return Ok(result);
                }
                path.directory = WORKING;
            }
        }
    }
    Err(Errno::LOOP)
}

impl Path {
    /// Whether an absolute path has one name only.
    fn is_in_root(&self) -> bool {
        lexical::parent(self.text.bytes()) == b"/"
    }

    /// A link in a directory above a mount may lead under the mount, where the host has nothing: goes one step
    /// along it. `false` when there is nothing to follow.
    fn follow_link(&mut self, cx: &Context, place: &Host) -> Result<bool, Errno> {
        let mounts = mounts::current(cx);
        if mounts.places().is_empty() || place.in_root {
            return Ok(false);
        }
        if self.is_absolute() && !self.is_in_root() && mounts.is_clear_of(&self.text) {
            return Ok(false);
        }
        let mut base = PathBuffer::new();
        if self.is_absolute() {
            base.set(&[lexical::parent(self.text.bytes())])?;
        } else {
            if cx.process().descriptors.is_plain(self.directory)
                || !base_of(cx, mounts, self.directory, &mut base)?
            {
                return Ok(false);
            }
            base.push(b"/")?.push(lexical::split(self.text.bytes()).0)?;
        }
        normalize(base.bytes(), mounts, &mut self.absolute)?;
        if !mounts.is_above(self.absolute.bytes()) {
            return Ok(false);
        }
        let mut target = [0u8; crate::guest::PATH_MAX];
        let room = target.len() as u64;
        // SAFETY: the path is ours, and the kernel writes our buffer.
        let len = unsafe {
            call(__NR_readlinkat, [place.directory as u64, place.path, target.as_mut_ptr() as u64, room])
        };
        let Ok(len) = len else { return Ok(false) };
        let target = &target[..len as usize];
        if target.first() == Some(&b'/') {
            base.set(&[target])?;
        } else {
            base.set(&[self.absolute.bytes(), b"/", target])?;
        }
        normalize(base.bytes(), mounts, &mut self.absolute)?;
        if mounts.find(self.absolute.bytes()).is_none_or(|place| place.target == Target::Host) {
            return Ok(false);
        }
        self.text.set(&[self.absolute.bytes()])?;
        self.directory = WORKING;
        Ok(true)
    }
}

/// Does something with two paths: `host` with the host's calls, `server` by asking. What is on both sides of a
/// border is refused as on two file systems.
///
/// # Errors
/// As [`perform`]; `EXDEV`.
pub fn perform_two<T>(
    cx: &mut Context,
    operation: Operation,
    [first, second]: [(At, Aim); 2],
    mut host: impl FnMut(&mut Context, &Host, &Host) -> Result<T, Errno>,
    mut server: impl FnMut(&mut Context, &mut Remote<'_>, &mut Remote<'_>) -> Result<Option<T>, Errno>,
) -> Result<T, Errno> {
    let mut from = Path::new();
    from.read(cx, first.0)?;
    let mut to = Path::new();
    to.read(cx, second.0)?;
    for _ in 0..REDIRECTS {
        let found = from.find(cx, operation, first.1)?;
        // What has a name in one tree gets its new one there too, if it can be.
        to.overlay = from.overlay;
        match (found, to.find(cx, operation, second.1)?) {
            (Found::Host(from), Found::Host(to)) => return host(cx, &from, &to),
            (
                Found::Server { mount, start, from: here },
                Found::Server { mount: other, start: other_start, from: there },
            ) => {
                let mut source = Remote {
                    mount,
                    absolute: from.absolute.bytes(),
                    start,
                    directory: here.0,
                    redirect: &mut from.text,
                    sent: false,
                };
                let mut target = Remote {
                    mount: other,
                    absolute: to.absolute.bytes(),
                    start: other_start,
                    directory: there.0,
                    redirect: &mut to.text,
                    sent: false,
                };
                if let Some(result) = server(cx, &mut source, &mut target)? {
                    return Ok(result);
                }
                source.settle()?;
                target.settle()?;
            }
            _ => return Err(Errno::XDEV),
        }
        (from.directory, to.directory) = (WORKING, WORKING);
    }
    Err(Errno::LOOP)
}
