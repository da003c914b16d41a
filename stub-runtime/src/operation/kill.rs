//! Signals from one guest to others, of any OS.
//!
//! The proc server finds the targets and says what each is to get, in the host's number for what that target's OS
//! calls it. The stub itself sends, so that the receiver sees the true sender.

use schemas::common::signal_target;
use schemas::proc::kill;
use schemas::{Errno, Flavour, Operation};

use crate::context::Context;
use crate::host::linux::{abi::*, syscall::call};
use crate::{transport, world};

/// Those that a signal reaches, as proc lists them.
type Targets<'a> =
    capnp::traits::ListIter<capnp::struct_list::Reader<'a, signal_target::Owned>, signal_target::Reader<'a>>;

/// A signal in the two numberings that matter here.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// What all OSes understand (`schemas::signal`); zero only asks.
    pub neutral: u32,
    /// The sender's own OS's on the host.
    pub host: i32,
}

/// The host's number of a signal for a process, which may be a guest of another OS.
///
/// # Errors
/// `ESRCH`, `EINVAL` where the target's OS does not know the signal.
pub fn number_for(cx: &Context, pid: i32, signal: Signal) -> Result<i32, Errno> {
    let own = cx.pid as i32;
    if pid == own || pid <= 0 || world::route(cx, Operation::ProcKill) != Flavour::Mapped {
        return Ok(signal.host);
    }
    let number = ask(cx, pid, signal.neutral, |mut targets| {
        targets.next().map(|target| target.get_signal() as i32).ok_or(Errno::SRCH)
    });
    if number == Err(Errno::IO) { Ok(signal.host) } else { number }
}

/// Asks proc whom a signal reaches.
fn ask<T>(
    cx: &Context,
    pid: i32,
    neutral: u32,
    read: impl FnOnce(Targets<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    transport::call::<kill::params::Owned, kill::results::Owned, _>(
        cx,
        Operation::ProcKill,
        0,
        &[],
        |mut params| {
            params.set_pid(pid);
            params.set_signal(neutral);
            Ok(())
        },
        |results, _| read(results.get_targets()?.iter()),
    )
}

/// Sends a signal as kill(2): to a process, a group or all.
///
/// # Errors
/// `ESRCH`, `EPERM`, `EINVAL` where the target's OS does not know the signal.
pub fn send(cx: &mut Context, pid: i32, signal: Signal) -> Result<u64, Errno> {
    let own = cx.pid as i32;
    if pid == own || world::route(cx, Operation::ProcKill) != Flavour::Mapped {
        return host_kill(pid, signal.host);
    }
    let sent = ask(cx, pid, signal.neutral, |targets| {
        let mut outcome = Err(Errno::SRCH);
        let mut itself = None;
        for target in targets {
            if target.get_pid() == own {
                itself = Some(target.get_signal());
                continue;
            }
            outcome = host_kill(target.get_pid(), target.get_signal() as i32).or(outcome);
        }
        // Itself last: it may not come back.
        match itself {
            Some(number) => host_kill(own, number as i32).or(outcome),
            None => outcome,
        }
    });
    match sent {
        // Nobody can say who is of which OS any more: what remains is the host's view.
        Err(Errno::IO) => host_kill(pid, signal.host),
        other => other,
    }
}

fn host_kill(pid: i32, signal: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_kill, [pid as u64, signal as u64]) }
}
