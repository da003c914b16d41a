//! ioctl(2) of FreeBSD: a request says itself which way its argument goes and how long it is (sys/ioccom.h).
//!
//! Requests to any descriptor (sys/filio.h) and to terminals (sys/ttycom.h) are here, those to sockets in
//! [`interface`]. Objects of servers get what they are asked as it is. A request that is not known is refused
//! with `ENOTTY` and counted as a call that is missing.

pub mod bpf;
pub mod cam;
pub mod interface;
pub mod tun;

use linux_raw_sys::ioctl as host;
use schemas::Errno;

use super::terminal as own_terminal;
use crate::context::Context;
use crate::guest::{self, Plain};
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call;
use crate::ledger;
use crate::operation::device::{self, Argument};
use crate::operation::terminal::{self, Action, Hold};
use crate::operation::{mounts, socket};

// Directions and length of a request (sys/ioccom.h).
const VOID: u32 = 0x2000_0000;
const OUT: u32 = 0x4000_0000;
const IN: u32 = 0x8000_0000;
const DIRECTIONS: u32 = VOID | OUT | IN;

/// Bytes of the argument (`IOCPARM_LEN`).
const fn length(request: u32) -> usize {
    (request >> 16 & 0x1fff) as usize
}

/// A request with its parts (`_IOC`).
const fn code(direction: u32, group: u8, number: u8, length: usize) -> u32 {
    direction | (length as u32) << 16 | (group as u32) << 8 | number as u32
}

/// Names of sys/filio.h and sys/ttycom.h.
mod requests {
    use super::{IN, OUT, VOID, code};

    pub const FIOCLEX: u32 = code(VOID, b'f', 1, 0);
    pub const FIONCLEX: u32 = code(VOID, b'f', 2, 0);
    pub const FIONSPACE: u32 = code(OUT, b'f', 118, 4);
    pub const FIONWRITE: u32 = code(OUT, b'f', 119, 4);
    pub const FIODGNAME: u32 = code(IN, b'f', 120, 16);
    pub const FIODTYPE: u32 = code(OUT, b'f', 122, 4);
    pub const FIOGETOWN: u32 = code(OUT, b'f', 123, 4);
    pub const FIOSETOWN: u32 = code(IN, b'f', 124, 4);
    pub const FIOASYNC: u32 = code(IN, b'f', 125, 4);
    pub const FIONBIO: u32 = code(IN, b'f', 126, 4);
    pub const FIONREAD: u32 = code(OUT, b'f', 127, 4);

    pub const TIOCEXCL: u32 = code(VOID, b't', 13, 0);
    pub const TIOCNXCL: u32 = code(VOID, b't', 14, 0);
    pub const TIOCGPTN: u32 = code(OUT, b't', 15, 4);
    pub const TIOCFLUSH: u32 = code(IN, b't', 16, 4);
    pub const TIOCGETA: u32 = code(OUT, b't', 19, 44);
    pub const TIOCSETA: u32 = code(IN, b't', 20, 44);
    pub const TIOCSETAW: u32 = code(IN, b't', 21, 44);
    pub const TIOCSETAF: u32 = code(IN, b't', 22, 44);
    pub const TIOCGETD: u32 = code(OUT, b't', 26, 4);
    pub const TIOCSETD: u32 = code(IN, b't', 27, 4);
    pub const TIOCPTMASTER: u32 = code(VOID, b't', 28, 0);
    pub const TIOCDRAIN: u32 = code(VOID, b't', 94, 0);
    pub const TIOCSIG: u32 = code(VOID, b't', 95, 4);
    pub const TIOCEXT: u32 = code(IN, b't', 96, 4);
    pub const TIOCSCTTY: u32 = code(VOID, b't', 97, 0);
    pub const TIOCGSID: u32 = code(OUT, b't', 99, 4);
    pub const TIOCSWINSZ: u32 = code(IN, b't', 103, 8);
    pub const TIOCGWINSZ: u32 = code(OUT, b't', 104, 8);
    pub const TIOCMGET: u32 = code(OUT, b't', 106, 4);
    pub const TIOCMBIC: u32 = code(IN, b't', 107, 4);
    pub const TIOCMBIS: u32 = code(IN, b't', 108, 4);
    pub const TIOCMSET: u32 = code(IN, b't', 109, 4);
    pub const TIOCSTART: u32 = code(VOID, b't', 110, 0);
    pub const TIOCSTOP: u32 = code(VOID, b't', 111, 0);
    pub const TIOCPKT: u32 = code(IN, b't', 112, 4);
    pub const TIOCNOTTY: u32 = code(VOID, b't', 113, 0);
    pub const TIOCSTI: u32 = code(IN, b't', 114, 1);
    pub const TIOCOUTQ: u32 = code(OUT, b't', 115, 4);
    pub const TIOCSPGRP: u32 = code(IN, b't', 118, 4);
    pub const TIOCGPGRP: u32 = code(OUT, b't', 119, 4);
    pub const TIOCCDTR: u32 = code(VOID, b't', 120, 0);
    pub const TIOCSDTR: u32 = code(VOID, b't', 121, 0);
    pub const TIOCCBRK: u32 = code(VOID, b't', 122, 0);
    pub const TIOCSBRK: u32 = code(VOID, b't', 123, 0);
}
use requests::*;

/// Requests that the host has too, with a word that means the same there.
const WORDS: [(u32, u32); 12] = [
    (FIONREAD, host::FIONREAD),
    (FIONBIO, host::FIONBIO),
    (FIOASYNC, host::FIOASYNC),
    (TIOCGPTN, host::TIOCGPTN),
    (TIOCOUTQ, host::TIOCOUTQ),
    (FIONWRITE, host::TIOCOUTQ),
    (TIOCPKT, host::TIOCPKT),
    // TIOCM_* are the same.
    (TIOCMGET, host::TIOCMGET),
    (TIOCMSET, host::TIOCMSET),
    (TIOCMBIS, host::TIOCMBIS),
    (TIOCMBIC, host::TIOCMBIC),
    (TIOCSTI, host::TIOCSTI),
];

/// Requests without an argument that the host has too.
const PLAIN: [(u32, u32); 4] = [
    (TIOCEXCL, host::TIOCEXCL),
    (TIOCNXCL, host::TIOCNXCL),
    (TIOCSBRK, host::TIOCSBRK),
    (TIOCCBRK, host::TIOCCBRK),
];

/// `TIOCM_DTR`.
static TERMINAL_READY: i32 = 2;
/// What `TIOCFLUSH` is to throw away: `FREAD`, `FWRITE`; 0 is both.
const FLUSH_INPUT: i32 = 1;
const FLUSH_OUTPUT: i32 = 2;
/// Kind of a device (sys/conf.h): `D_TTY`.
const DEVICE_TERMINAL: i32 = 4;
/// Local flag of the host: input is edited elsewhere.
const EXTPROC: u32 = 0o200000;

crate::layout! {
    /// `struct fiodgname_arg`.
    pub struct NameRequest: 16 {
        pub len: i32,
        pub pad: u32,
        pub buffer: u64,
    }
}

/// A call of the host's with an address of the stub's or the guest's, or a number.
fn ask(descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's addresses; those of the stub lead to what the request takes.
    unsafe { call(__NR_ioctl, [descriptor as u64, u64::from(request), argument]) }
}

fn put<T: Plain>(at: u64, value: &T) -> Result<u64, Errno> {
    guest::put(at, value).map(|()| 0)
}

fn control_descriptor(descriptor: i32, command: u32, argument: u64) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(command), argument]) }
}

/// ioctl(2).
///
/// # Errors
/// `ENOTTY` for what is not known, else as there.
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if request & DIRECTIONS == 0
        || (request & DIRECTIONS & !VOID != 0 && length(request) == 0)
        || (request & VOID != 0 && !matches!(length(request), 0 | 4))
    {
        return Err(Errno::NOTTY);
    }
    // The flags of the descriptor itself are nowhere but here.
    match request {
        FIOCLEX => return control_descriptor(descriptor, F_SETFD, u64::from(FD_CLOEXEC)).map(|_| 0),
        FIONCLEX => return control_descriptor(descriptor, F_SETFD, 0).map(|_| 0),
        _ => {}
    }
    if device::is_node(cx, descriptor)
        && let Some(result) = tun::control(cx, descriptor, request, argument)
            .or_else(|| cam::control(cx, descriptor, request, argument))
    {
        return result;
    }
    if device::is_object(cx, descriptor) && (request >> 8 & 0xff) as u8 != b't' {
        return control_object(cx, descriptor, request, argument);
    }
    let result = match (request >> 8 & 0xff) as u8 {
        b'f' => control_any(cx, descriptor, request, argument),
        b't' => control_terminal(cx, descriptor, request, argument),
        b'i' | b's' => interface::control(cx, descriptor, request, argument),
        _ => unknown(cx, descriptor),
    };
    result.map(|_| 0)
}

/// Refuses a request that is not known, as the right error for the descriptor, and counts it.
fn unknown(cx: &Context, descriptor: i32) -> Result<u64, Errno> {
    control_descriptor(descriptor, F_GETFD, 0)?;
    ledger::missing(cx.number);
    Err(Errno::NOTTY)
}

/// Passes a request on to the server of an object.
fn control_object(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if matches!(request, FIONBIO | FIOASYNC) {
        // How the guest waits is a matter of the descriptor.
        return control_any(cx, descriptor, request, argument);
    }
    if request == FIONREAD {
        return put(argument, &device::readable(cx, descriptor)?);
    }
    if (request >> 8 & 0xff) as u8 == b'B' {
        return bpf::control(cx, descriptor, request, argument);
    }
    let len = length(request);
    let mut data = [0u8; 0x2000];
    if request & IN != 0 {
        guest::read(argument, &mut data[..len])?;
    }
    let mut reply = [0u8; 0x2000];
    let asked =
        if request & (IN | OUT) == 0 { Argument::Value(argument) } else { Argument::Data(&data[..len]) };
    let (value, told) = device::control(cx, descriptor, u64::from(request), asked, &mut reply[..len])?;
    if request & OUT != 0 {
        guest::write(argument, &reply[..told])?;
    }
    Ok(value as u64)
}

/// What any descriptor may be asked.
fn control_any(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    match request {
        FIONREAD | FIONBIO | FIOASYNC | FIONWRITE => pass_word(cx, descriptor, request, argument),
        FIONSPACE => {
            socket::domain(descriptor).map_err(|_| Errno::NOTTY)?;
            put(argument, &(socket::space(descriptor) as i32))
        }
        FIOSETOWN => {
            let owner: i32 = guest::get(argument)?;
            control_descriptor(descriptor, F_SETOWN, owner as u64)
        }
        FIOGETOWN => {
            let owner = control_descriptor(descriptor, F_GETOWN, 0)? as i32;
            put(argument, &owner)
        }
        FIODTYPE => {
            let terminal = terminal::window(cx, descriptor).is_ok();
            if !terminal && !is_device(descriptor)? {
                return Err(Errno::NOTTY);
            }
            put(argument, &if terminal { DEVICE_TERMINAL } else { 0 })
        }
        FIODGNAME => tell_name(descriptor, &guest::get(argument)?),
        _ => unknown(cx, descriptor),
    }
}

/// A request whose word is the host's.
fn pass_word(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    match WORDS.iter().find(|pair| pair.0 == request) {
        Some((_, host)) => ask(descriptor, *host, argument),
        None => unknown(cx, descriptor),
    }
}

fn is_device(descriptor: i32) -> Result<bool, Errno> {
    let mut stat = core::mem::MaybeUninit::<stat>::zeroed();
    // SAFETY: the kernel writes one structure.
    unsafe { call(__NR_fstat, [descriptor as u64, stat.as_mut_ptr() as u64]) }?;
    // SAFETY: the kernel has written it.
    let mode = unsafe { stat.assume_init() }.st_mode & S_IFMT;
    Ok(matches!(mode, S_IFCHR | S_IFBLK))
}

/// Tells the name of a device, below /dev (fdevname(3)). That of a master is the other side's.
fn tell_name(descriptor: i32, request: &NameRequest) -> Result<u64, Errno> {
    if !is_device(descriptor)? {
        return Err(Errno::INVAL);
    }
    let mut path = guest::PathBuffer::new();
    match terminal::pair_number(descriptor) {
        Ok(number) => drop(path.set_numbered(b"/dev/pts/", number)?),
        Err(_) => mounts::path_of(descriptor, &mut path)?,
    }
    let name = path.bytes().strip_prefix(b"/dev/").ok_or(Errno::INVAL)?;
    let room = usize::try_from(request.len).map_err(|_| Errno::INVAL)?;
    if name.len() + 1 > room {
        return Err(Errno::INVAL);
    }
    guest::write(request.buffer, name)?;
    put(request.buffer + name.len() as u64, &0u8)
}

/// What a terminal is asked.
fn control_terminal(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if let Some((_, host)) = PLAIN.iter().find(|pair| pair.0 == request) {
        return ask(descriptor, *host, 0);
    }
    match request {
        TIOCGETA => {
            let attributes = terminal::attributes(cx, descriptor)?;
            put(argument, &own_terminal::from_host(&attributes))
        }
        TIOCSETA | TIOCSETAW | TIOCSETAF => {
            let wanted = guest::get(argument)?;
            let now = terminal::attributes(cx, descriptor)?;
            let attributes = own_terminal::to_host(&wanted, &now);
            terminal::set_attributes(cx, descriptor, request - TIOCSETA, &attributes)
        }
        TIOCGWINSZ => {
            let window = terminal::window(cx, descriptor)?;
            put(argument, &window)
        }
        TIOCSWINSZ => {
            let window = guest::get(argument)?;
            terminal::set_window(cx, descriptor, window)
        }
        TIOCGPGRP | TIOCGSID => {
            let group = terminal::group(cx, descriptor, request == TIOCGSID)?;
            put(argument, &group)
        }
        TIOCSPGRP => {
            let group = guest::get(argument)?;
            terminal::hold(cx, descriptor, Hold::Group(group))
        }
        TIOCSCTTY => terminal::hold(cx, descriptor, Hold::Take),
        TIOCNOTTY => terminal::hold(cx, descriptor, Hold::Leave),
        TIOCDRAIN => terminal::flush(cx, descriptor, Action::Drain),
        TIOCSTART => terminal::flush(cx, descriptor, Action::StartOutput),
        TIOCSTOP => terminal::flush(cx, descriptor, Action::StopOutput),
        TIOCFLUSH => {
            let action = match guest::get::<i32>(argument)? & (FLUSH_INPUT | FLUSH_OUTPUT) {
                FLUSH_INPUT => Action::DiscardInput,
                FLUSH_OUTPUT => Action::DiscardOutput,
                _ => Action::DiscardBoth,
            };
            terminal::flush(cx, descriptor, action)
        }
        TIOCPTMASTER => terminal::pair_number(descriptor).map(|_| 0),
        TIOCSIG => {
            let signal = own_terminal::signal_to_host(argument as i32)?;
            ask(descriptor, host::TIOCSIG, signal as u64)
        }
        TIOCEXT => {
            let on = guest::get::<i32>(argument)? != 0;
            terminal::pair_number(descriptor)?;
            let mut attributes = terminal::attributes(cx, descriptor)?;
            attributes.local = attributes.local & !EXTPROC | if on { EXTPROC } else { 0 };
            terminal::set_attributes(cx, descriptor, 0, &attributes)
        }
        // There is one line discipline, TTYDISC.
        TIOCGETD => {
            terminal::window(cx, descriptor)?;
            put(argument, &0i32)
        }
        TIOCSETD => {
            terminal::window(cx, descriptor)?;
            if guest::get::<i32>(argument)? == 0 { Ok(0) } else { Err(Errno::NXIO) }
        }
        TIOCSDTR | TIOCCDTR => {
            let request = if request == TIOCSDTR { host::TIOCMBIS } else { host::TIOCMBIC };
            ask(descriptor, request, &raw const TERMINAL_READY as u64)
        }
        _ => pass_word(cx, descriptor, request, argument),
    }
}

#[cfg(test)]
mod tests;
