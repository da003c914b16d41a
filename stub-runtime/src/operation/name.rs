//! Names in directories: made, removed, changed, read. Flags are the host's.

use schemas::message::data_words;
use schemas::{Errno, Operation, fs};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::ask;
use crate::operation::descriptor::WORKING;
use crate::operation::path::{Aim, At, Path, base_of, is_own_program, perform, perform_on, perform_two};
use crate::operation::{mask, mounts, status};

/// mkdirat(2).
///
/// # Errors
/// As the host's.
pub fn make_directory(cx: &mut Context, at: At, mode: u32) -> Result<u64, Errno> {
    perform(
        cx,
        Operation::FsMakeDirectory,
        at,
        Aim::Create,
        // SAFETY: the path is ours.
        |_, place| unsafe { call(__NR_mkdirat, [place.directory as u64, place.path, u64::from(mode)]) },
        |cx, remote| {
            let mode = mode & !mask::get(cx);
            ask!(
                cx,
                FsMakeDirectory,
                fs::make_directory,
                remote,
                0,
                |params| {
                    params.set_mode(mode);
                },
                |_, _| 0
            )
        },
    )
}

/// unlinkat(2); with `directory` rmdir(2).
///
/// # Errors
/// As the host's.
pub fn remove(cx: &mut Context, at: At, directory: bool) -> Result<u64, Errno> {
    let flags = if directory { u64::from(AT_REMOVEDIR) } else { 0 };
    perform(
        cx,
        Operation::FsRemove,
        at,
        Aim::Name,
        // SAFETY: the path is ours.
        |_, place| unsafe { call(__NR_unlinkat, [place.directory as u64, place.path, flags]) },
        |cx, remote| {
            ask!(
                cx,
                FsRemove,
                fs::remove,
                remote,
                0,
                |params| {
                    params.set_directory(directory);
                },
                |_, _| 0
            )
        },
    )
}

/// renameat2(2).
///
/// # Errors
/// As the host's; `EXDEV` over the border of a mount.
pub fn rename(cx: &mut Context, from: At, to: At, flags: u32) -> Result<u64, Errno> {
    perform_two(
        cx,
        Operation::FsRename,
        [(from, Aim::Name), (to, if flags & RENAME_EXCHANGE != 0 { Aim::Name } else { Aim::Create })],
        |_, from, to| {
            let (a, b) = (from.directory as u64, to.directory as u64);
            // SAFETY: the paths are ours.
            unsafe { call(__NR_renameat2, [a, from.path, b, to.path, u64::from(flags)]) }
        },
        |cx, from, to| two_at_server(cx, from, to, Two::Rename(flags)),
    )
}

/// linkat(2).
///
/// # Errors
/// As the host's; `EXDEV` over the border of a mount.
pub fn link(cx: &mut Context, from: At, to: At, flags: u32) -> Result<u64, Errno> {
    let follow = flags & AT_SYMLINK_FOLLOW != 0;
    perform_two(
        cx,
        Operation::FsLink,
        [(from, if follow { Aim::Follow } else { Aim::Name }), (to, Aim::Create)],
        |_, from, to| {
            let (a, b) = (from.directory as u64, to.directory as u64);
            // SAFETY: the paths are ours.
            unsafe { call(__NR_linkat, [a, from.path, b, to.path, u64::from(flags)]) }
        },
        |cx, from, to| two_at_server(cx, from, to, Two::Link(follow)),
    )
}

enum Two {
    Rename(u32),
    Link(bool),
}

fn two_at_server(
    cx: &Context,
    from: &mut crate::operation::path::Remote<'_>,
    to: &mut crate::operation::path::Remote<'_>,
    what: Two,
) -> Result<Option<u64>, Errno> {
    let (mount, path) = (from.mount, from.path());
    let (new_mount, new_path) = (to.mount, to.path());
    let directories = [from.directory(), to.directory()];
    let mut beside = [0; 2];
    let mut count = 0;
    for [directory] in directories.into_iter().flatten() {
        beside[count] = directory;
        count += 1;
    }
    let beside = &beside[..count];
    let words = data_words(path.len()) + data_words(new_path.len());
    /// The two messages have the same fields but for the last.
    macro_rules! ask_two {
        ($operation:ident, $($module:ident)::+, |$params:ident| $fill:expr) => {
            crate::transport::call::<$($module)::+::params::Owned, $($module)::+::results::Owned, _>(
                cx, Operation::$operation, words, beside,
                |mut $params| {
                    $params.set_mount(mount);
                    $params.set_path(path);
                    $params.set_at_directory(directories[0].is_some());
                    $params.set_new_at_directory(directories[1].is_some());
                    $params.set_new_mount(new_mount);
                    $params.set_new_path(new_path);
                    $fill;
                    Ok(())
                },
                |results, _| {
                    let (first, second) = (results.get_redirect()?, results.get_new_redirect()?);
                    if !first.is_empty() {
                        from.send_to(first)?;
                    }
                    if !second.is_empty() {
                        to.send_to(second)?;
                    }
                    Ok(if first.is_empty() && second.is_empty() { Some(0) } else { None })
                },
            )
        };
    }
    match what {
        Two::Rename(flags) => ask_two!(FsRename, fs::rename, |params| params.set_flags(flags)),
        Two::Link(follow) => ask_two!(FsLink, fs::link, |params| params.set_follow(follow)),
    }
}

/// symlinkat(2): `target` is the guest's text.
///
/// # Errors
/// As the host's.
pub fn symbolic_link(cx: &mut Context, target: Pointer, at: At) -> Result<u64, Errno> {
    perform(
        cx,
        Operation::FsSymbolicLink,
        at,
        Aim::Create,
        // SAFETY: the path is ours, the text the guest's, which the kernel checks.
        |_, place| unsafe { call(__NR_symlinkat, [target.0, place.directory as u64, place.path]) },
        |cx, remote| {
            let mut text = PathBuffer::new();
            let text = text.copy_in(target.0)?.bytes();
            ask!(
                cx,
                FsSymbolicLink,
                fs::symbolic_link,
                remote,
                data_words(text.len()),
                |params| {
                    params.set_target(text);
                },
                |_, _| 0
            )
        },
    )
}

/// readlinkat(2) into the guest's buffer; gives the length.
///
/// # Errors
/// As the host's.
pub fn read_link(cx: &mut Context, at: At, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    let mut path = Path::new();
    path.read(cx, at)?;
    read_link_of(cx, &mut path, buffer, len)
}

fn read_link_of(cx: &mut Context, path: &mut Path, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    if is_own_program(cx, path.text()) {
        return cut(buffer, len, cx.process().executable());
    }
    perform_on(
        cx,
        Operation::FsReadLink,
        path,
        Aim::Name,
        // SAFETY: the path is ours, the buffer the guest's, which the kernel checks.
        |_, place| unsafe {
            call(__NR_readlinkat, [place.directory as u64, place.path, buffer.0, len as u64])
        },
        |cx, remote| {
            let link = ask!(cx, FsReadLink, fs::read_link, remote, 0, |params| {}, |results, _| {
                cut(buffer, len, results.get_target()?)?
            });
            // A server of devices has no links, and does not know the question.
            link.map_err(|error| if error == Errno::NOSYS { Errno::INVAL } else { error })
        },
    )
}

/// Links that are followed on the way to one file (`MAXSYMLINKS`, sys/sys/param.h of FreeBSD).
const LINKS: usize = 32;

/// realpath(3): the path by which the guest sees what a path leads to, without links, `.` and `..`.
///
/// # Errors
/// As stat(2) of it, `ELOOP`.
pub fn real_path(cx: &mut Context, at: At, real: &mut PathBuffer) -> Result<(), Errno> {
    let mut given = PathBuffer::new();
    given.copy_in(at.path.0)?;
    if given.bytes().is_empty() {
        return Err(Errno::NOENT);
    }
    // What is left of the way, and room to put a link's target before it.
    let (mut rest, mut next) = (PathBuffer::new(), PathBuffer::new());
    rest.set(&[given.bytes()])?;
    real.set(&[])?;
    if given.bytes().first() != Some(&b'/') && !base_of(cx, mounts::current(cx), at.directory, real)? {
        return Err(Errno::NOENT);
    }
    let mut links = 0;
    let mut done = 0;
    loop {
        let left = &rest.bytes()[done..];
        let Some(start) = left.iter().position(|byte| *byte != b'/') else { break };
        let len = left[start..].iter().position(|byte| *byte == b'/').unwrap_or(left.len() - start);
        let name = &left[start..start + len];
        done += start + len;
        let before = mounts::trim(real.bytes()).len();
        real.truncate(before);
        match name {
            b"." => continue,
            b".." => {
                let up = real.bytes().iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                real.truncate(up);
                continue;
            }
            name => real.push(b"/")?.push(name)?,
        };
        let mut path = Path::new();
        path.set(WORKING, real.bytes())?;
        let mut target = [0u8; guest::PATH_MAX];
        let room = target.len();
        match read_link_of(cx, &mut path, Pointer(target.as_mut_ptr() as u64), room) {
            Ok(len) => {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP);
                }
                let target = &target[..len as usize];
                next.set(&[target, b"/", &rest.bytes()[done..]])?;
                core::mem::swap(&mut rest, &mut next);
                done = 0;
                real.truncate(if target.first() == Some(&b'/') { 0 } else { before });
            }
            // No link.
            Err(Errno::INVAL) => {}
            Err(error) => return Err(error),
        }
    }
    if real.bytes().is_empty() {
        real.set(&[b"/"])?;
    }
    let slash = given.bytes().ends_with(b"/");
    let mut path = Path::new();
    path.set(WORKING, real.bytes())?;
    let found = status::of(cx, &mut path, false)?;
    if slash && u32::from(found.stx_mode) & S_IFMT != S_IFDIR {
        return Err(Errno::NOTDIR);
    }
    Ok(())
}

/// Copies as much as there is room for.
fn cut(buffer: Pointer, len: usize, bytes: &[u8]) -> Result<u64, Errno> {
    if len == 0 {
        return Err(Errno::INVAL);
    }
    let bytes = bytes.get(..len).unwrap_or(bytes);
    guest::write(buffer.0, bytes)?;
    Ok(bytes.len() as u64)
}

/// mknodat(2).
///
/// # Errors
/// As the host's.
pub fn make_node(cx: &mut Context, at: At, mode: u32, device: u64) -> Result<u64, Errno> {
    perform(
        cx,
        Operation::FsMakeNode,
        at,
        Aim::Create,
        // SAFETY: the path is ours.
        |_, place| unsafe {
            call(__NR_mknodat, [place.directory as u64, place.path, u64::from(mode), device])
        },
        |cx, remote| {
            let mode = mode & !(mask::get(cx) & 0o777);
            ask!(
                cx,
                FsMakeNode,
                fs::make_node,
                remote,
                0,
                |params| {
                    params.set_mode(mode);
                    params.set_raw_device(device);
                },
                |_, _| 0
            )
        },
    )
}
