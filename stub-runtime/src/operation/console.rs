//! Virtual terminals: what a guest asks one of a server's.

use schemas::Errno;
use schemas::common::signal_target;
use schemas::device::control::results::reply;
use schemas::device::{console_reply, console_request};

use super::descriptor::{Kind, Meaning};
use super::device;
use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};

/// Room for a request and the structure in it, in words.
const REQUEST: usize = 16;
/// How long to wait before a terminal is asked again whether it is on the screen.
static PAUSE: timespec = timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// Whether a descriptor is a virtual terminal.
pub fn is_console(cx: &Context, descriptor: i32) -> bool {
    let descriptors = &cx.process().descriptors;
    !descriptors.is_plain(descriptor)
        && matches!(descriptors.get(descriptor), Some(Meaning { kind: Kind::Console, .. }))
}

/// Asks the terminal behind a descriptor, and signals whom the server wants to be signalled; `code` is the guest's own
/// request, for traces.
///
/// # Errors
/// What the server says.
pub fn ask<R>(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    fill: impl FnOnce(console_request::Builder<'_>),
    take: impl FnOnce(console_reply::WhichReader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let (answer, notice) = device::ask(
        cx,
        descriptor,
        code,
        REQUEST,
        |request| {
            fill(request.init_console());
            Ok(())
        },
        |reply, _| match reply.which() {
            Ok(reply::Console(reply)) => {
                let reply = reply?;
                let answer = take(reply.which().map_err(|_| Errno::BADMSG)?)?;
                Ok((answer, Notice::from(reply.get_notify()?)))
            }
            _ => Err(Errno::BADMSG),
        },
    )?;
    notice.give();
    Ok(answer)
}

/// Tells a terminal something that it has no answer to.
///
/// # Errors
/// As [`ask`].
pub fn tell(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    fill: impl FnOnce(console_request::Builder<'_>),
) -> Result<u64, Errno> {
    ask(cx, descriptor, code, fill, |_| Ok(0))
}

/// Asks a terminal for a number.
///
/// # Errors
/// As [`ask`].
pub fn number(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    fill: impl FnOnce(console_request::Builder<'_>),
) -> Result<u64, Errno> {
    ask(cx, descriptor, code, fill, |reply| match reply {
        console_reply::Number(number) => Ok(number),
        _ => Err(Errno::BADMSG),
    })
}

/// Waits until a terminal is on the screen.
///
/// # Errors
/// As [`ask`]; `EINTR`.
pub fn wait_active(cx: &mut Context, descriptor: i32, code: u32, terminal: u32) -> Result<u64, Errno> {
    while number(cx, descriptor, code, |mut request| request.set_is_active(terminal))? == 0 {
        // SAFETY: the time is ours.
        unsafe { call_blocking(__NR_nanosleep, [&raw const PAUSE as u64, 0]) }?;
    }
    Ok(0)
}

/// Whom to signal.
struct Notice {
    pid: i32,
    signal: u32,
}

impl From<signal_target::Reader<'_>> for Notice {
    fn from(target: signal_target::Reader<'_>) -> Self {
        Self { pid: target.get_pid(), signal: target.get_signal() }
    }
}

impl Notice {
    /// Signals. Whoever is gone, or another's, does without.
    fn give(self) {
        if self.pid > 0 {
            // SAFETY: no pointers.
            let _ = unsafe { call(__NR_kill, [self.pid as u64, u64::from(self.signal)]) };
        }
    }
}
