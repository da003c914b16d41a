//! Objects of servers, held by guests through send rights.
//!
//! A server names its objects (a device that was opened, a listing, a set of credentials) with numbers of its own.
//! Here each one that guests hold gets a port: the receive right is in the server's task, and each guest that may use
//! it has a send right. When the last of them is gone Mach tells the server's task by a no-senders notification, and
//! the server may forget the object. Nothing else is needed when a guest dies, however it dies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::Errno;

use crate::mach::{Disposition, KernError, Mach, Name, Notification, Ports, Request, Right, TaskId};

/// An object that no guest holds any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forsaken {
    /// The server's task.
    pub server: TaskId,
    /// The server's number for it.
    pub object: u64,
}

/// The ports of all objects.
pub struct Rights {
    mach: Arc<Mach>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    servers: HashMap<TaskId, Held>,
}

/// One server's side.
struct Held {
    /// The port set of all its objects.
    set: Name,
    ports: HashMap<u64, Name>,
    objects: HashMap<Name, u64>,
}

/// Kernel refusals as a guest sees them: its space is full, or it is no more.
fn errno(error: KernError) -> Errno {
    match error {
        KernError::NoSpace | KernError::UrefsOverflow => Errno::MFILE,
        KernError::InvalidTask => Errno::SRCH,
        _ => Errno::BADF,
    }
}

impl Rights {
    /// No objects yet.
    pub fn new(mach: Arc<Mach>) -> Self {
        Self { mach, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a task for a server, and the port set that it receives from.
    pub fn add_server(&self, name: &str) -> Result<TaskId, Errno> {
        let server = self.mach.task_create(name).map_err(errno)?;
        let set = self.mach.allocate(server, Right::PortSet).map_err(errno)?;
        let held = Held { set, ports: HashMap::new(), objects: HashMap::new() };
        self.lock().servers.insert(server, held);
        Ok(server)
    }

    /// Ends a server's task: its receive rights go, and what guests hold of it becomes dead names.
    pub fn remove_server(&self, server: TaskId) {
        let mut state = self.lock();
        if state.servers.remove(&server).is_some() {
            // The task was there as long as its row was.
            let _ = self.mach.task_terminate(server);
        }
    }

    /// Gives a guest a (further) reference to a send right for an object.
    pub fn grant(&self, server: TaskId, object: u64, guest: TaskId) -> Result<(), Errno> {
        let mut state = self.lock();
        let held = state.servers.get_mut(&server).ok_or(Errno::NXIO)?;
        let port = match held.ports.get(&object) {
            Some(port) => *port,
            None => self.add_object(server, held, object)?,
        };
        match self.mach.transfer(server, port, Disposition::MakeSend, guest) {
            Ok(_) => Ok(()),
            Err(error) => {
                // Without this an object that nobody could be given would stay for ever.
                let unused = !self.mach.receive_status(server, port).map_err(errno)?.send_rights;
                if unused {
                    self.drop_object(server, held, port);
                }
                Err(errno(error))
            }
        }
    }

    fn add_object(&self, server: TaskId, held: &mut Held, object: u64) -> Result<Name, Errno> {
        let port = self.mach.allocate(server, Right::Receive).map_err(errno)?;
        held.ports.insert(object, port);
        held.objects.insert(port, object);
        self.mach.move_member(server, port, held.set).map_err(errno)?;
        self.ask(server, port, 1)?;
        Ok(port)
    }

    /// Asks for a no-senders notification, on the port itself, once `sync` send rights were made and none is left.
    fn ask(&self, server: TaskId, port: Name, sync: u32) -> Result<(), Errno> {
        let once = Some((port, Disposition::MakeSendOnce));
        self.mach.request_notification(server, port, Request::NoSenders, sync, once).map(drop).map_err(errno)
    }

    fn drop_object(&self, server: TaskId, held: &mut Held, port: Name) -> Option<u64> {
        let object = held.objects.remove(&port)?;
        held.ports.remove(&object);
        // The receive right is this server's as long as its row is there.
        let _ = self.mach.destroy(server, port);
        Some(object)
    }

    /// Whether a guest holds a right for an object.
    pub fn holds(&self, server: TaskId, object: u64, guest: TaskId) -> bool {
        self.name_of(server, object, guest).is_some()
    }

    fn name_of(&self, server: TaskId, object: u64, guest: TaskId) -> Option<Name> {
        let port = *self.lock().servers.get(&server)?.ports.get(&object)?;
        self.mach.send_right_for(guest, server, port)
    }

    /// Takes one reference back from a guest, when it closed its last descriptor for the object.
    pub fn release(&self, server: TaskId, object: u64, guest: TaskId) -> Result<(), Errno> {
        let name = self.name_of(server, object, guest).ok_or(Errno::BADF)?;
        self.mach.deallocate(guest, name).map_err(errno)
    }

    /// Gives a new guest a copy of every send right that its parent holds, as the Hurd's `fork` does.
    pub fn copy(&self, parent: TaskId, child: TaskId) -> Result<(), Errno> {
        for status in self.mach.names(parent).map_err(errno)? {
            if status.rights.iter().any(|(right, _)| *right == Right::Send) {
                self.mach.transfer(parent, status.name, Disposition::CopySend, child).map_err(errno)?;
            }
        }
        Ok(())
    }

    /// How many objects of a server guests hold.
    pub fn objects_of(&self, server: TaskId) -> usize {
        self.lock().servers.get(&server).map_or(0, |held| held.ports.len())
    }

    /// How many rights a guest holds.
    pub fn rights_of(&self, guest: TaskId) -> usize {
        self.mach.names(guest).map_or(0, |names| names.len())
    }

    /// Receives what Mach told the servers: the objects that lost their last holder. One that was given away again
    /// meanwhile, which the make-send count shows, stays.
    pub fn collect(&self) -> Vec<Forsaken> {
        let mut state = self.lock();
        let mut forsaken = Vec::new();
        for (server, held) in &mut state.servers {
            while let Ok(message) = self.mach.receive(*server, held.set) {
                let Some(Notification::NoSenders(count)) = message.notification else { continue };
                let Ok(status) = self.mach.receive_status(*server, message.local) else { continue };
                if status.make_send_count != count {
                    // Asked at once again: should those new rights be gone too, the answer is immediate.
                    let _ = self.ask(*server, message.local, status.make_send_count);
                } else if let Some(object) = self.drop_object(*server, held, message.local) {
                    forsaken.push(Forsaken { server: *server, object });
                }
            }
        }
        forsaken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (Arc<Mach>, Rights, TaskId) {
        let mach = Arc::new(Mach::default());
        let rights = Rights::new(mach.clone());
        let server = rights.add_server("devfs").unwrap();
        (mach, rights, server)
    }

    #[test]
    fn object_lives_until_its_last_holder_is_gone() {
        let (mach, rights, server) = world();
        let [parent, child] = [(); 2].map(|()| mach.task_create("guest").unwrap());
        rights.grant(server, 7, parent).unwrap();
        rights.grant(server, 8, parent).unwrap();
        rights.copy(parent, child).unwrap();
        mach.task_terminate(parent).unwrap();
        assert_eq!(rights.collect(), []);
        assert!(rights.holds(server, 7, child));
        rights.release(server, 8, child).unwrap();
        assert_eq!(rights.collect(), [Forsaken { server, object: 8 }]);
        mach.task_terminate(child).unwrap();
        assert_eq!(rights.collect(), [Forsaken { server, object: 7 }]);
        assert_eq!(rights.objects_of(server), 0);
    }

    #[test]
    fn object_given_again_before_the_notification_is_read_stays() {
        let (mach, rights, server) = world();
        let guest = mach.task_create("guest").unwrap();
        rights.grant(server, 7, guest).unwrap();
        rights.release(server, 7, guest).unwrap();
        rights.grant(server, 7, guest).unwrap();
        assert_eq!(rights.collect(), []);
        assert!(rights.holds(server, 7, guest));
        rights.release(server, 7, guest).unwrap();
        assert_eq!(rights.collect(), [Forsaken { server, object: 7 }]);
    }

    #[test]
    fn right_is_not_held_by_others_and_dies_with_the_server() {
        let (mach, rights, server) = world();
        let [guest, other] = [(); 2].map(|()| mach.task_create("guest").unwrap());
        rights.grant(server, 7, guest).unwrap();
        assert!(!rights.holds(server, 7, other));
        assert_eq!(rights.release(server, 7, other), Err(Errno::BADF));
        rights.remove_server(server);
        assert!(!rights.holds(server, 7, guest));
        assert_eq!(rights.grant(server, 7, guest), Err(Errno::NXIO));
        assert_eq!(rights.rights_of(guest), 1, "a dead name");
    }

    #[test]
    fn object_that_cannot_be_given_is_not_kept() {
        let (mach, rights, server) = world();
        let gone = mach.task_create("guest").unwrap();
        mach.task_terminate(gone).unwrap();
        assert_eq!(rights.grant(server, 7, gone), Err(Errno::SRCH));
        assert_eq!(rights.objects_of(server), 0);
    }
}
