//! The rules of the reference manual, one test each, and the counts that must always balance.

mod balance;
mod messages;
mod notifications;
mod rights;

use super::{Disposition, Mach, Message, Name, Ports, Received, Right, TaskId};

/// Two tasks and a port that the first receives from.
struct Pair {
    mach: Mach,
    server: TaskId,
    client: TaskId,
    port: Name,
}

fn pair() -> Pair {
    let mach = Mach::default();
    let server = mach.task_create("server").unwrap();
    let client = mach.task_create("client").unwrap();
    let port = mach.allocate(server, Right::Receive).unwrap();
    Pair { mach, server, client, port }
}

impl Pair {
    /// A send right for the port in the client's space, made from the receive right.
    fn give(&self) -> Name {
        self.mach.transfer(self.server, self.port, Disposition::MakeSend, self.client).unwrap()
    }

    fn refs(&self, task: TaskId, name: Name, right: Right) -> u32 {
        self.mach.get_refs(task, name, right).unwrap()
    }

    fn receive(&self, task: TaskId, name: Name) -> Option<Received> {
        self.mach.receive(task, name).ok()
    }
}

fn message(remote: Name, how: Disposition) -> Message {
    Message { remote: Some((remote, how)), id: 7, ..Message::default() }
}
