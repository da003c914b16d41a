//! Descriptors come and go: open, duplicate, close, and what fcntl(2) says of them. Numbers and flags are the
//! host's.

use schemas::common::Capability;
use schemas::{Errno, Operation, file, fs};

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call, syscall::call_blocking};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor};
use crate::operation::descriptor::{Kind, Meaning};
use crate::operation::path::{Aim, At, Host, Path, Remote, perform_on};
use crate::operation::{hidden, mask, mounts, socket, status};
use crate::world;

// Flags of close_range(2) (linux/close_range.h).
const CLOSE_RANGE_UNSHARE: u32 = 2;
const CLOSE_RANGE_CLOEXEC: u32 = 4;

/// Opens a file; `resolve` holds bits of openat2(2).
///
/// # Errors
/// As openat2(2).
pub fn open(cx: &mut Context, at: At, flags: u32, mode: u32, resolve: u64) -> Result<u64, Errno> {
    let mut path = Path::new();
    path.read(cx, at)?;
    open_path(cx, &mut path, flags, mode, resolve)
}

/// The same for a path that is already read.
///
/// # Errors
/// As openat2(2).
pub fn open_path(
    cx: &mut Context,
    path: &mut Path,
    flags: u32,
    mode: u32,
    resolve: u64,
) -> Result<u64, Errno> {
    let create = flags & O_CREAT != 0;
    let flags = if path.is_of_directory() && !create { flags & !O_NOFOLLOW | O_DIRECTORY } else { flags };
    let name = flags & O_NOFOLLOW != 0 || (create && flags & O_EXCL != 0);
    let mut by_host = false;
    let descriptor = perform_on(
        cx,
        Operation::FsOpen,
        path,
        Aim::Open { name, create },
        |_, place| {
            by_host = true;
            open_on_host(place, flags, mode, resolve)
        },
        |cx, remote| open_at_server(cx, remote, flags, mode, resolve),
    )?;
    if by_host {
        note_opened(cx, path, descriptor as i32)?;
    }
    Ok(descriptor)
}

/// Keeps in mind that what the host opened is above a mount, or lies in what a server donated or in a tree over the
/// shared one, if it does.
///
/// # Errors
/// `EMFILE`, `ENOMEM`; the descriptor is closed then.
pub fn note_opened(cx: &Context, path: &Path, descriptor: i32) -> Result<(), Errno> {
    if let Some(seen) = path.donated() {
        return note_donated(cx, descriptor, seen).inspect_err(|_| discard(descriptor));
    }
    let made = match path.above(mounts::current(cx)) {
        Some(seen) => cx.process().descriptors.set(descriptor, Meaning::of(Kind::Above), seen),
        None if path.is_in_overlay() && is_directory(descriptor)? => {
            cx.process().descriptors.set(descriptor, Meaning::of(Kind::Overlay), b"")
        }
        None => Ok(()),
    };
    made.inspect_err(|_| discard(descriptor))
}

/// Opens a program, found as the guest finds its files, for the stub to read.
///
/// # Errors
/// As openat(2); `EACCES` for a directory.
pub fn open_program(cx: &mut Context, directory: i32, name: &[u8], flags: u32) -> Result<i32, Errno> {
    let mut path = Path::new();
    path.set(directory, name)?;
    let file = open_path(cx, &mut path, O_RDONLY | O_CLOEXEC | flags, 0, 0)? as i32;
    if cx.process().descriptors.forget(file).is_some() {
        discard(file);
        return Err(Errno::ACCES);
    }
    Ok(file)
}

fn open_on_host(place: &Host, flags: u32, mode: u32, resolve: u64) -> Result<u64, Errno> {
    let directory = place.directory as u64;
    if !place.in_root && resolve == 0 {
        // SAFETY: the path is ours.
        return unsafe {
            call_blocking(__NR_openat, [directory, place.path, u64::from(flags), u64::from(mode)])
        };
    }
    let inside = if place.in_root { u64::from(RESOLVE_IN_ROOT) } else { 0 };
    // `openat` ignores a mode where nothing is made, `openat2` refuses it.
    let makes = flags & O_CREAT != 0 || flags & O_TMPFILE == O_TMPFILE;
    let mode = if makes { mode & 0o7777 } else { 0 };
    let how = [u64::from(flags), u64::from(mode), inside | resolve];
    // SAFETY: path and structure are ours.
    unsafe {
        call_blocking(__NR_openat2, [directory, place.path, how.as_ptr() as u64, size_of_val(&how) as u64])
    }
}

/// What a server opened.
struct Opened {
    descriptor: i32,
    kind: Capability,
    meaning: Meaning,
    flags: u32,
}

/// What a server says to an open; the descriptor is installed.
///
/// # Errors
/// As the server's.
pub fn open_at_server(
    cx: &mut Context,
    remote: &mut Remote<'_>,
    flags: u32,
    mode: u32,
    resolve: u64,
) -> Result<Option<u64>, Errno> {
    let mode = if flags & O_CREAT != 0 { mode & !mask::get(cx) } else { mode };
    let absolute = remote.absolute();
    let opened = ask!(
        cx,
        FsOpen,
        fs::open,
        remote,
        0,
        |params| {
            params.set_flags(flags);
            params.set_mode(mode);
            params.set_resolve(resolve);
        },
        |results, received| {
            let kind = results.get_kind().map_err(|_| Errno::BADMSG)?;
            Opened {
                descriptor: *received.first().ok_or(Errno::BADMSG)?,
                kind,
                meaning: Meaning {
                    kind: match kind {
                        Capability::Terminal => Kind::Terminal,
                        Capability::Device => Kind::Device,
                        Capability::Console => Kind::Console,
                        Capability::Descriptor | Capability::Listing => Kind::Directory,
                    },
                    server: results.get_server(),
                    object: results.get_object(),
                    device: results.get_raw_device(),
                },
                flags: results.get_flags(),
            }
        }
    )?;
    let Some(Opened { descriptor, kind, meaning, flags: given }) = opened else { return Ok(None) };
    let kept = match kind {
        Capability::Descriptor if given & O_PATH > flags & O_PATH => open_through(descriptor, flags),
        Capability::Descriptor => note_donated(cx, descriptor, absolute),
        Capability::Listing => cx.process().descriptors.set(descriptor, meaning, absolute),
        Capability::Console => open_through(descriptor, flags)
            .and_then(|()| cx.process().descriptors.set(descriptor, meaning, b"")),
        Capability::Device | Capability::Terminal => cx.process().descriptors.set(descriptor, meaning, b""),
    };
    // Descriptors come close-on-exec.
    let kept = kept.and_then(|()| if flags & O_CLOEXEC == 0 { keep_over_exec(descriptor) } else { Ok(()) });
    kept.inspect_err(|_| discard(descriptor))?;
    Ok(Some(descriptor as u64))
}

/// Keeps in mind where a directory is seen that a server donated: the host may not know.
fn note_donated(cx: &Context, descriptor: i32, seen: &[u8]) -> Result<(), Errno> {
    // One too far down to be named is known to the host.
    if !is_directory(descriptor)? || seen.first() != Some(&b'/') {
        return Ok(());
    }
    cx.process().descriptors.set(descriptor, Meaning::of(Kind::Donated), seen)
}

fn is_directory(descriptor: i32) -> Result<bool, Errno> {
    let found = status::of_host(descriptor, c"".as_ptr() as u64, AT_EMPTY_PATH)?;
    Ok(u32::from(found.stx_mode) & S_IFMT == S_IFDIR)
}

/// Opens what a server found but does not open itself, because whoever opens it may have to wait, or has it alone with
/// flags of its own: a fifo, a device, a terminal.
/// The descriptor becomes what was opened.
fn open_through(descriptor: i32, flags: u32) -> Result<(), Errno> {
    let mut name = PathBuffer::new();
    let path = name.set_numbered(b"/proc/self/fd/", descriptor)?.address();
    let flags = flags & !(O_CREAT | O_EXCL | O_NOFOLLOW) | O_CLOEXEC;
    // SAFETY: the path is ours, and so are both descriptors.
    unsafe {
        let opened = call_blocking(__NR_openat, [AT_FDCWD as u64, path, u64::from(flags)])?;
        let moved = call(__NR_dup3, [opened, descriptor as u64, u64::from(O_CLOEXEC)]);
        let _ = call(__NR_close, [opened]);
        moved.map(drop)
    }
}

fn keep_over_exec(descriptor: i32) -> Result<(), Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_SETFD), 0]) }.map(drop)
}

/// Closes a descriptor that the guest has not seen.
fn discard(descriptor: i32) {
    // SAFETY: our own descriptor.
    let _ = unsafe { call(__NR_close, [descriptor as u64]) };
}

/// close(2).
///
/// # Errors
/// `EBADF`, and what the host's own says of data not written.
pub fn close(cx: &mut Context, descriptor: i32) -> Result<u64, Errno> {
    if hidden::is_foreign(descriptor) {
        return Err(Errno::BADF);
    }
    if is_mapped(cx, Operation::FileClose) {
        ask_descriptor!(
            cx,
            FileClose,
            file::close,
            descriptor,
            0,
            |params| {
                params.set_last(-1);
            },
            |_| ()
        )?;
    }
    let process = cx.process();
    process.queues.closing(descriptor);
    socket::closing(descriptor);
    if !process.descriptors.is_plain(descriptor) {
        process.descriptors.forget(descriptor);
    }
    // SAFETY: no pointers; the descriptor is the guest's.
    unsafe { call(__NR_close, [descriptor as u64]) }
}

fn is_mapped(cx: &Context, operation: Operation) -> bool {
    world::route(cx, operation) == schemas::Flavour::Mapped
}

/// close_range(2): what is not the guest's is passed over.
///
/// # Errors
/// `EINVAL` for a range the wrong way round or flags the host does not know.
pub fn close_range(cx: &mut Context, first: u32, last: u32, flags: u32) -> Result<u64, Errno> {
    if first > last || flags & !(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) != 0 {
        return Err(Errno::INVAL);
    }
    let closes = flags & CLOSE_RANGE_CLOEXEC == 0;
    if is_mapped(cx, Operation::FileClose) {
        crate::transport::call::<file::close::params::Owned, file::close::results::Owned, _>(
            cx,
            Operation::FileClose,
            0,
            &[],
            |mut params| {
                params.set_descriptor(first as i32);
                params.set_last(last.min(i32::MAX as u32) as i32);
                params.set_close_on_exec(!closes);
                Ok(())
            },
            |_, _| Ok(()),
        )?;
    }
    if closes {
        let process = cx.process();
        let range = [first, last].map(|descriptor| descriptor.min(i32::MAX as u32) as i32);
        process.queues.closing_range(range[0], range[1]);
        socket::closing_range(range[0], range[1]);
        process.descriptors.forget_range(first, last);
    }
    let mut start = first;
    while start <= last {
        let foreign = hidden::next_foreign(start, last);
        let end = match foreign {
            Some(at) if at == start => {
                start += 1;
                continue;
            }
            Some(at) => at - 1,
            None => last,
        };
        // SAFETY: no pointers; none in the range is the stub's.
        unsafe { call(__NR_close_range, [u64::from(start), u64::from(end), u64::from(flags)]) }?;
        match foreign.and_then(|at| at.checked_add(1)) {
            Some(next) => start = next,
            None => break,
        }
    }
    Ok(0)
}

/// The lowest free descriptor from `least` on becomes a duplicate (`F_DUPFD`, `F_DUPFD_CLOEXEC`, dup(2)).
///
/// # Errors
/// `EBADF`, `EMFILE`, `EINVAL`.
pub fn duplicate(cx: &mut Context, descriptor: i32, least: i32, close_on_exec: bool) -> Result<u64, Errno> {
    if hidden::is_foreign(descriptor) {
        return Err(Errno::BADF);
    }
    if is_mapped(cx, Operation::FileDuplicate) {
        announce_duplicate(cx, descriptor, -1, least, close_on_exec)?;
    }
    let command = if close_on_exec { F_DUPFD_CLOEXEC } else { F_DUPFD };
    // SAFETY: no pointers.
    let new = unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(command), least as u64]) }?;
    note_duplicate(cx, descriptor, new as i32).inspect_err(|_| discard(new as i32))?;
    Ok(new)
}

/// A given descriptor becomes a duplicate, which is none when both are the same (dup2(2)).
///
/// # Errors
/// `EBADF`; also for a number that the stub needs itself.
pub fn duplicate_to(
    cx: &mut Context,
    descriptor: i32,
    target: i32,
    close_on_exec: bool,
) -> Result<u64, Errno> {
    if hidden::is_foreign(descriptor) || hidden::is_foreign(target) {
        return Err(Errno::BADF);
    }
    if descriptor == target {
        // SAFETY: no pointers.
        return unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFD)]) }.map(|_| target as u64);
    }
    if is_mapped(cx, Operation::FileDuplicate) {
        announce_duplicate(cx, descriptor, target, 0, close_on_exec)?;
    }
    let flags = if close_on_exec { O_CLOEXEC } else { 0 };
    cx.process().queues.closing(target);
    socket::closing(target);
    // SAFETY: no pointers; neither is the stub's.
    let new = unsafe { call_blocking(__NR_dup3, [descriptor as u64, target as u64, u64::from(flags)]) }?;
    note_duplicate(cx, descriptor, target)?;
    Ok(new)
}

fn note_duplicate(cx: &Context, from: i32, to: i32) -> Result<(), Errno> {
    let process = cx.process();
    process.descriptors.duplicate(from, to)?;
    process.queues.duplicated(from, to);
    socket::duplicated(from, to);
    Ok(())
}

fn announce_duplicate(
    cx: &Context,
    descriptor: i32,
    target: i32,
    minimum: i32,
    close_on_exec: bool,
) -> Result<(), Errno> {
    ask_descriptor!(
        cx,
        FileDuplicate,
        file::duplicate,
        descriptor,
        0,
        |params| {
            params.set_target(target);
            params.set_minimum(minimum);
            params.set_flags(if close_on_exec { O_CLOEXEC } else { 0 });
        },
        |_| ()
    )
}

/// fcntl(2) with a command whose argument is a number, duplication apart.
///
/// # Errors
/// As fcntl(2).
pub fn control(cx: &mut Context, descriptor: i32, command: u32, argument: u64) -> Result<u64, Errno> {
    // The flags of the descriptor itself are nowhere but here.
    let own = matches!(command, F_GETFD | F_SETFD);
    if !own
        && answerer(cx, Operation::FileControl, descriptor) == Answerer::Server
        && is_mapped(cx, Operation::FileControl)
    {
        return ask_descriptor!(
            cx,
            FileControl,
            file::control,
            descriptor,
            0,
            |params| {
                params.set_command(command);
                params.set_argument(argument as i64);
            },
            |results| results.get_value() as u64
        );
    }
    // SAFETY: the argument is a number, or the guest's pointer, which the kernel checks.
    unsafe { call_blocking(__NR_fcntl, [descriptor as u64, u64::from(command), argument]) }
}
