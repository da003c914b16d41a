//! Terminals, in the host's numbers; those that a server gave are the server's.

use linux_raw_sys::ioctl::*;
use schemas::{Errno, Flavour, Operation, term};

use super::ask::{Answerer, answerer, ask_descriptor};
use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};
use crate::world;

pub use schemas::term::flush::Action;

/// Control characters of the host (`NCCS` of asm-generic/termbits.h).
pub const CHARACTERS: usize = 19;

/// Settings of a terminal; `control` is without the speeds, which are in bits a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `c_iflag`
    pub input: u32,
    /// `c_oflag`
    pub output: u32,
    /// `c_cflag`
    pub control: u32,
    /// `c_lflag`
    pub local: u32,
    /// `c_line`
    pub line: u8,
    /// `c_cc`
    pub characters: [u8; CHARACTERS],
    /// `c_ispeed`
    pub input_speed: u32,
    /// `c_ospeed`
    pub output_speed: u32,
}

/// Where the code of the input speed is in `c_cflag` (`IBSHIFT`).
const INPUT_SHIFT: u32 = 16;

/// A call of the host's, with the address of something or a number.
fn control(descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    // SAFETY: the caller's argument is what the request takes.
    unsafe { call_blocking(__NR_ioctl, [descriptor as u64, u64::from(request), argument]) }
}

/// Whether a server is to be asked.
///
/// # Errors
/// `ENOTTY` for a directory of a server's.
fn is_asked(cx: &Context, operation: Operation, descriptor: i32) -> Result<bool, Errno> {
    match answerer(cx, operation, descriptor) {
        Answerer::Host => Ok(false),
        Answerer::Server => Ok(true),
        Answerer::Directory => Err(Errno::NOTTY),
    }
}

/// tcgetattr(3).
///
/// # Errors
/// `ENOTTY`, `EBADF`.
pub fn attributes(cx: &mut Context, descriptor: i32) -> Result<Attributes, Errno> {
    if is_asked(cx, Operation::TermGetAttributes, descriptor)? {
        return ask_descriptor!(
            cx,
            TermGetAttributes,
            term::get_attributes,
            descriptor,
            0,
            |params| {},
            |results| {
                let told = results.get_attributes()?;
                let mut characters = [0; CHARACTERS];
                for (to, from) in characters.iter_mut().zip(told.get_characters()?) {
                    *to = *from;
                }
                Attributes {
                    input: told.get_input_flags(),
                    output: told.get_output_flags(),
                    control: told.get_control_flags() & !speeds(),
                    local: told.get_local_flags(),
                    line: told.get_line(),
                    characters,
                    input_speed: told.get_input_speed(),
                    output_speed: told.get_output_speed(),
                }
            }
        );
    }
    // SAFETY: zero is a value of every field.
    let mut told: termios2 = unsafe { core::mem::zeroed() };
    control(descriptor, TCGETS2, &raw mut told as u64)?;
    Ok(Attributes {
        input: told.c_iflag,
        output: told.c_oflag,
        control: told.c_cflag & !speeds(),
        local: told.c_lflag,
        line: told.c_line,
        characters: told.c_cc,
        input_speed: told.c_ispeed,
        output_speed: told.c_ospeed,
    })
}

/// The bits of `c_cflag` that are codes of speeds.
const fn speeds() -> u32 {
    CBAUD | CBAUD << INPUT_SHIFT
}

/// tcsetattr(3): at once (0), after the output (1), or after that and without the input (2).
///
/// # Errors
/// `ENOTTY`, `EBADF`, `EINVAL`; `EINTR` when a signal came while the output was waited for.
pub fn set_attributes(
    cx: &mut Context,
    descriptor: i32,
    when: u32,
    attributes: &Attributes,
) -> Result<u64, Errno> {
    let when = when.min(2);
    if is_asked(cx, Operation::TermSetAttributes, descriptor)? {
        let words = schemas::message::struct_words::<term::attributes::Owned>()
            + schemas::message::data_words(CHARACTERS);
        return ask_descriptor!(
            cx,
            TermSetAttributes,
            term::set_attributes,
            descriptor,
            words,
            |params| {
                params.set_when(when);
                let mut told = params.init_attributes();
                told.set_input_flags(attributes.input);
                told.set_output_flags(attributes.output);
                told.set_control_flags(attributes.control);
                told.set_local_flags(attributes.local);
                told.set_line(attributes.line);
                told.set_characters(&attributes.characters);
                told.set_input_speed(attributes.input_speed);
                told.set_output_speed(attributes.output_speed);
            },
            |_| 0
        );
    }
    let code = |speed: u32| if speed == 0 { B0 } else { BOTHER };
    let told = termios2 {
        c_iflag: attributes.input,
        c_oflag: attributes.output,
        c_cflag: attributes.control & !speeds()
            | code(attributes.output_speed)
            | code(attributes.input_speed) << INPUT_SHIFT,
        c_lflag: attributes.local,
        c_line: attributes.line,
        c_cc: attributes.characters,
        c_ispeed: attributes.input_speed,
        c_ospeed: attributes.output_speed,
    };
    control(descriptor, [TCSETS2, TCSETSW2, TCSETSF2][when as usize], &raw const told as u64)
}

/// The size of the window: rows, columns, width, height.
///
/// # Errors
/// `ENOTTY`, `EBADF`.
pub fn window(cx: &mut Context, descriptor: i32) -> Result<[u16; 4], Errno> {
    if is_asked(cx, Operation::TermGetWindow, descriptor)? {
        return ask_descriptor!(cx, TermGetWindow, term::get_window, descriptor, 0, |params| {}, |results| {
            let told = results.get_window()?;
            [told.get_rows(), told.get_columns(), told.get_width(), told.get_height()]
        });
    }
    let mut told = [0u16; 4];
    control(descriptor, TIOCGWINSZ, told.as_mut_ptr() as u64).map(|_| told)
}

/// Sets the size of the window.
///
/// # Errors
/// `ENOTTY`, `EBADF`.
pub fn set_window(cx: &mut Context, descriptor: i32, window: [u16; 4]) -> Result<u64, Errno> {
    if is_asked(cx, Operation::TermSetWindow, descriptor)? {
        let words = schemas::message::struct_words::<term::window::Owned>();
        return ask_descriptor!(
            cx,
            TermSetWindow,
            term::set_window,
            descriptor,
            words,
            |params| {
                let mut told = params.init_window();
                told.set_rows(window[0]);
                told.set_columns(window[1]);
                told.set_width(window[2]);
                told.set_height(window[3]);
            },
            |_| 0
        );
    }
    control(descriptor, TIOCSWINSZ, window.as_ptr() as u64)
}

/// The foreground process group, or the session.
///
/// # Errors
/// `ENOTTY`, `EBADF`.
pub fn group(cx: &mut Context, descriptor: i32, session: bool) -> Result<i32, Errno> {
    if is_asked(cx, Operation::TermGetGroup, descriptor)? {
        return ask_descriptor!(
            cx,
            TermGetGroup,
            term::get_group,
            descriptor,
            0,
            |params| {
                params.set_session(session);
            },
            |results| results.get_group()
        );
    }
    let mut told = 0i32;
    let request = if session { TIOCGSID } else { TIOCGPGRP };
    control(descriptor, request, &raw mut told as u64).map(|_| told)
}

/// What is to become of a terminal's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// This group is in the foreground.
    Group(i32),
    /// It becomes the session's own (`TIOCSCTTY`).
    Take,
    /// It is so no longer (`TIOCNOTTY`).
    Leave,
}

/// Sets who has a terminal.
///
/// # Errors
/// `ENOTTY`, `EBADF`, `EPERM`, `EINVAL`.
pub fn hold(cx: &mut Context, descriptor: i32, hold: Hold) -> Result<u64, Errno> {
    if is_asked(cx, Operation::TermSetGroup, descriptor)? {
        return ask_descriptor!(
            cx,
            TermSetGroup,
            term::set_group,
            descriptor,
            0,
            |params| {
                match hold {
                    Hold::Group(group) => params.set_group(group),
                    Hold::Take => params.set_controlling(true),
                    Hold::Leave => params.set_leave(true),
                }
            },
            |_| 0
        );
    }
    match hold {
        Hold::Group(group) => control(descriptor, TIOCSPGRP, &raw const group as u64),
        Hold::Take => control(descriptor, TIOCSCTTY, 0),
        Hold::Leave => control(descriptor, TIOCNOTTY, 0),
    }
}

/// tcdrain(3), tcflush(3), tcflow(3).
///
/// # Errors
/// `ENOTTY`, `EBADF`, `EINTR`.
pub fn flush(cx: &mut Context, descriptor: i32, action: Action) -> Result<u64, Errno> {
    if is_asked(cx, Operation::TermFlush, descriptor)? {
        return ask_descriptor!(
            cx,
            TermFlush,
            term::flush,
            descriptor,
            0,
            |params| {
                params.set_action(action);
            },
            |_| 0
        );
    }
    // TCIFLUSH and the like, TCOOFF and the like (asm-generic/termbits-common.h).
    let (request, argument) = match action {
        Action::Drain => (TCSBRK, 1),
        Action::DiscardInput => (TCFLSH, 0),
        Action::DiscardOutput => (TCFLSH, 1),
        Action::DiscardBoth => (TCFLSH, 2),
        Action::StopOutput => (TCXONC, 0),
        Action::StartOutput => (TCXONC, 1),
        Action::StopInput => (TCXONC, 2),
        Action::StartInput => (TCXONC, 3),
    };
    control(descriptor, request, argument)
}

/// Opens the master of a new pseudo-terminal, whose other side may be opened at once.
///
/// # Errors
/// `EMFILE`, `EAGAIN` when there are no more.
pub fn open_pair(cx: &mut Context, flags: u32) -> Result<i32, Errno> {
    if world::route(cx, Operation::TermOpenPair) == Flavour::Mapped {
        return ask_for_pair(cx, flags);
    }
    let args = |path: &core::ffi::CStr| [AT_FDCWD as u64, path.as_ptr() as u64, u64::from(flags)];
    // SAFETY: the path is ours.
    let master = unsafe { call(__NR_openat, args(c"/dev/ptmx")) }
        // Where only the file system of the terminals is there.
        // SAFETY: as above.
        .or_else(|_| unsafe { call(__NR_openat, args(c"/dev/pts/ptmx")) })
        .map_err(|error| if matches!(error, Errno::NOSPC | Errno::IO) { Errno::AGAIN } else { error })?
        as i32;
    let unlocked = 0i32;
    control(master, TIOCSPTLCK, &raw const unlocked as u64).inspect_err(|_| {
        // SAFETY: no pointers; just opened.
        let _ = unsafe { call(__NR_close, [master as u64]) };
    })?;
    Ok(master)
}

fn ask_for_pair(cx: &mut Context, flags: u32) -> Result<i32, Errno> {
    use super::descriptor::{Kind, Meaning};
    let (master, object) =
        crate::transport::call::<term::open_pair::params::Owned, term::open_pair::results::Owned, _>(
            cx,
            Operation::TermOpenPair,
            0,
            &[],
            |mut params| {
                params.set_flags(flags);
                Ok(())
            },
            |results, received| Ok((*received.first().ok_or(Errno::BADMSG)?, results.get_object())),
        )?;
    if object != 0 {
        let meaning = Meaning { object, ..Meaning::of(Kind::Terminal) };
        cx.process().descriptors.set(master, meaning, b"")?;
    }
    if flags & O_CLOEXEC == 0 {
        // SAFETY: no pointers.
        unsafe { call(__NR_fcntl, [master as u64, u64::from(F_SETFD), 0]) }?;
    }
    Ok(master)
}

/// The number of a pseudo-terminal, from its master.
///
/// # Errors
/// `ENOTTY`, also for the other side.
pub fn pair_number(descriptor: i32) -> Result<i32, Errno> {
    let mut told = 0i32;
    control(descriptor, TIOCGPTN, &raw mut told as u64).map(|_| told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_no_flags() {
        assert_eq!(speeds() & (CSIZE | CSTOPB | CREAD | PARENB | HUPCL | CLOCAL | CRTSCTS), 0);
        assert_eq!(speeds() & BOTHER, BOTHER);
    }
}
