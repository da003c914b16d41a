//! Which processes a guest may know of, and what it may know of them.

use std::sync::Arc;

use schemas::Errno;
use schemas::server::Caller;

use crate::host::{HostResult, process};
use crate::hurd::world::{Guest, World};

/// The processes as one caller sees them.
pub struct Processes<'a> {
    world: &'a World,
    caller: &'a Caller,
}

impl<'a> Processes<'a> {
    /// The view of a caller.
    pub fn new(world: &'a World, caller: &'a Caller) -> Self {
        Self { world, caller }
    }

    /// What is known of a process. A child of which nobody has told yet is what its parent is.
    pub fn guest(&self, pid: i32) -> Option<Arc<Guest>> {
        self.world.guest(pid).or_else(|| {
            let parent = process::stat(pid).ok()?.parent;
            self.world.guest(parent).map(|parent| Arc::new(Guest { pid, ..Guest::clone(&parent) }))
        })
    }

    /// Whether it sees the processes of the host.
    fn sees_host(&self) -> bool {
        self.world.sees_host(self.caller)
    }

    /// Whether it sees this process. Its own children it always sees, a dead one too: it has to wait for it.
    pub fn sees(&self, pid: i32) -> bool {
        if pid == self.caller.pid {
            return true;
        }
        if pid <= 0 {
            return false;
        }
        self.sees_as(pid, self.guest(pid).as_deref())
    }

    /// The same for another process than its own, of which this is known.
    pub fn sees_as(&self, pid: i32, guest: Option<&Guest>) -> bool {
        match guest {
            Some(guest) => self.world.sees(self.caller, guest),
            None => process::stat(pid).is_ok_and(|stat| self.sees_host() || stat.parent == self.caller.pid),
        }
    }

    /// All that it sees, in the order of their numbers.
    pub fn all(&self) -> Result<Vec<i32>, Errno> {
        let mut pids: Vec<i32> = if self.sees_host() {
            process::all()?.into_iter().filter(|pid| self.sees(*pid)).collect()
        } else {
            let guests = self.world.guests();
            guests.iter().filter(|guest| self.world.sees(self.caller, guest)).map(|guest| guest.pid).collect()
        };
        if !pids.contains(&self.caller.pid) {
            pids.push(self.caller.pid);
        }
        pids.sort_unstable();
        Ok(pids)
    }
}

/// The path of a process's program as the caller would name it. A guest's host process runs the stub, so its own
/// program is what the mapper was told.
pub fn program_path(world: &World, caller: &Caller, pid: i32) -> Result<Vec<u8>, Errno> {
    if let Some(guest) = world.guest(pid) {
        return if guest.path.is_empty() { Err(Errno::NOENT) } else { Ok(guest.path.clone()) };
    }
    host_link(world, caller, pid, "exe")
}

/// The working directory of a process as the caller would name it.
pub fn working_directory(world: &World, caller: &Caller, pid: i32) -> Result<Vec<u8>, Errno> {
    host_link(world, caller, pid, "cwd")
}

fn host_link(world: &World, caller: &Caller, pid: i32, name: &str) -> Result<Vec<u8>, Errno> {
    let link = rustix::fs::readlink(format!("/proc/{pid}/{name}"), Vec::new()).host()?.into_bytes();
    Ok(world.mounts.guest_path(&link, caller.personality).unwrap_or(link))
}
