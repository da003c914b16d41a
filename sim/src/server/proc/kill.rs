//! Signals from guest to guest.
//!
//! The server decides who gets which host signal; the sender's own process sends it, so that the receiver is told the
//! true sender and the host decides on permission as it does for every process.

use schemas::server::{Caller, Credentials};
use schemas::{Errno, Personality};

use crate::host::process;
use crate::hurd::world::World;
use crate::server::process::Processes;
use crate::server::signals::{host_signal, host_signal_for_host};

/// Receivers of one signal, at most: what fits a reply with room to spare.
const MOST: usize = 1000;

/// A process and the host signal that it is to get.
pub type Target = (i32, u32);

fn translated(guest: Option<Personality>, neutral: u32) -> Option<u32> {
    match guest {
        Some(personality) => host_signal(personality, neutral),
        None => host_signal_for_host(neutral),
    }
}

/// The one that `kill(pid, signal)` reaches where the number is a process's.
pub fn target(world: &World, caller: &Caller, pid: i32, neutral: u32) -> Result<Target, Errno> {
    let processes = Processes::new(world, caller);
    let guest = processes.guest(pid);
    if pid != caller.pid && !processes.sees_as(pid, guest.as_deref()) {
        return Err(Errno::SRCH);
    }
    let personality = match guest {
        Some(guest) => Some(guest.personality),
        None => (pid == caller.pid).then_some(caller.personality),
    };
    translated(personality, neutral).map(|signal| (pid, signal)).ok_or(Errno::INVAL)
}

/// Those that `kill(pid, signal)` reaches where the number is that of a group, or says all.
pub fn targets(world: &World, caller: &Caller, pid: i32, neutral: u32) -> Result<Vec<Target>, Errno> {
    let processes = Processes::new(world, caller);
    let personality = |pid: i32| match processes.guest(pid) {
        Some(guest) => Some(guest.personality),
        None if pid == caller.pid => Some(caller.personality),
        None => None,
    };
    let members = if pid == -1 {
        broadcast(world, caller, &processes)?
    } else {
        let group =
            if pid == 0 { process::stat(caller.pid)?.group } else { pid.checked_neg().ok_or(Errno::SRCH)? };
        let all = processes.all()?;
        all.into_iter().filter(|pid| process::stat(*pid).is_ok_and(|stat| stat.group == group)).collect()
    };
    if members.is_empty() {
        return Err(Errno::SRCH);
    }
    let targets: Vec<Target> = members
        .into_iter()
        .filter_map(|pid| Some((pid, translated(personality(pid), neutral)?)))
        .take(MOST)
        .collect();
    // A signal that nobody in the group knows is one that the sender's OS should not have sent.
    if targets.is_empty() { Err(Errno::INVAL) } else { Ok(targets) }
}

/// All that the caller sees and may signal, but init, the mapper, and the caller itself (`kill(2)`).
fn broadcast(world: &World, caller: &Caller, processes: &Processes<'_>) -> Result<Vec<i32>, Errno> {
    let all = processes.all()?.into_iter();
    Ok(all
        .filter(|pid| ![1, world.mapper, caller.pid].contains(pid))
        .filter(|pid| process::credentials(*pid).is_ok_and(|target| may_signal(&caller.credentials, &target)))
        .collect())
}

/// The rule of `kill(2)`: the sender is privileged, or its real or effective user is the receiver's real or saved one.
fn may_signal(sender: &Credentials, receiver: &Credentials) -> bool {
    let users = [receiver.real_user, receiver.saved_user];
    sender.is_root() || users.contains(&sender.real_user) || users.contains(&sender.effective_user)
}
