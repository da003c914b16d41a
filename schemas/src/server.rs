//! What servers implement: one trait for each interface, and what carries messages to them.

use crate::{Errno, Interface, Operation, Personality, message};
use std::{os::fd::OwnedFd, sync::Arc};

include!(concat!(env!("OUT_DIR"), "/server.rs"));

/// Who asks. Everything here was established by the mapper, not told by the guest.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The guest's task in the mapper's registry.
    pub task: u64,
    /// Its process.
    pub pid: i32,
    /// The thread that asks; told by the guest, one of the process's.
    pub tid: i32,
    /// Its OS.
    pub personality: Personality,
    /// Its identities.
    pub credentials: Arc<Credentials>,
    /// The server that is its network stack; told to servers of devices only, which may be on the same host.
    pub stack: Option<Arc<str>>,
}

/// Identities of a guest, as on its host process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// User who started it.
    pub real_user: u32,
    /// User whose rights it has.
    pub effective_user: u32,
    /// User it can go back to.
    pub saved_user: u32,
    /// Group it was started with.
    pub real_group: u32,
    /// Group whose rights it has.
    pub effective_group: u32,
    /// Group it can go back to.
    pub saved_group: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

impl Credentials {
    /// Whether it acts as the superuser.
    pub fn is_root(&self) -> bool {
        self.effective_user == 0
    }

    /// Whether it has the rights of a group.
    pub fn in_group(&self, group: u32) -> bool {
        self.effective_group == group || self.groups.contains(&group)
    }
}

/// Descriptors that travel beside a message.
#[derive(Debug, Default)]
pub struct Capabilities {
    /// What came with the request. A server takes what it keeps; the rest is closed.
    pub received: Vec<OwnedFd>,
    /// What goes with the reply.
    pub donated: Vec<OwnedFd>,
}

impl Capabilities {
    /// Those of a request.
    pub fn new(received: Vec<OwnedFd>) -> Self {
        Self { received, donated: Vec::new() }
    }

    /// Sends a descriptor with the reply.
    pub fn donate(&mut self, descriptor: impl Into<OwnedFd>) {
        self.donated.push(descriptor.into());
    }

    /// A descriptor that came with the request; `EBADF` when it did not.
    pub fn received(&self, index: usize) -> Result<&OwnedFd, Errno> {
        self.received.get(index).ok_or(Errno::BADF)
    }
}

/// A device node of a residual server: its operations are asked of that server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceNode {
    /// Path below `/dev`; the whole path of a node elsewhere, such as one that tells of a device.
    pub path: String,
    /// Bits of the personalities that see it ([`Personality::bit`]); 0 for all.
    pub personalities: u32,
    /// Whether it is a block device.
    pub block: bool,
}

impl DeviceNode {
    /// Its whole path.
    pub fn prefix(&self) -> String {
        if self.path.starts_with('/') { self.path.clone() } else { format!("/dev/{}", self.path) }
    }
}

/// A device node in the mount table, by which requests name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedNode {
    /// The mount's number: `mount` of the requests on paths. The path that goes with it is empty.
    pub mount: u32,
    /// Path below `/dev`, or whole, as that of the [`DeviceNode`].
    pub path: String,
}

/// What a residual server is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post {
    /// Its name in the deployment.
    pub name: String,
    /// Its device nodes as they were mounted.
    pub nodes: Vec<MountedNode>,
    /// The first number for its objects. It has 2³² of them, which no other server in the world has, nor had the one
    /// before it that died.
    pub first_object: u64,
}

/// What a server in a process of its own must be able to do on the host once it is made. It gives up the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files and folders that it opens, and everything below them.
    pub files: Vec<std::path::PathBuf>,
    /// Whether it makes sockets of the host's network.
    pub network: bool,
}

/// Something that answers operations, whatever its interface. The `…Server` types make one of a typed
/// implementation.
pub trait Server: Send + Sync {
    /// Its name in the deployment.
    fn name(&self) -> &str;

    /// What it answers.
    fn interface(&self) -> Interface;

    /// Answers one operation. Must not block. On an error, `results` and what was donated are dropped.
    fn call(
        &self,
        operation: Operation,
        caller: &Caller,
        params: capnp::any_pointer::Reader<'_>,
        results: capnp::any_pointer::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno>;

    /// The last right of guests to an object is gone; its state can go.
    fn no_senders(&self, object: u64) {
        let _ = object;
    }

    /// A guest's task died; all its rights are gone.
    fn task_ended(&self, task: u64) {
        let _ = task;
    }
}

/// Answers a request that came as bytes (aligned to words). `number` is the server's in the mapper, which results
/// that tell of a new object carry to the stub. On an error nothing is left to donate.
pub fn answer<'a>(
    server: &dyn Server,
    number: u32,
    operation: Operation,
    caller: &Caller,
    request: &[u8],
    caps: &mut Capabilities,
    buffer: &'a mut message::ReplyBuffer,
) -> Result<message::Reply<'a>, Errno> {
    let request = message::Message::new(request);
    let outcome = buffer.build(|mut results| {
        server.call(operation, caller, request.root()?, results.reborrow(), caps)?;
        stamp(operation, number, results)
    });
    if outcome.is_err() {
        caps.donated.clear();
    }
    outcome
}

/// Writes the server's number into results that tell of an object.
fn stamp(operation: Operation, number: u32, results: capnp::any_pointer::Builder<'_>) -> Result<(), Errno> {
    match operation {
        Operation::FsOpen => results.get_as::<crate::fs::open::results::Builder<'_>>()?.set_server(number),
        Operation::FsChangeDirectory => {
            results.get_as::<crate::fs::change_directory::results::Builder<'_>>()?.set_server(number);
        }
        Operation::SocketSocket => {
            results.get_as::<crate::socket::socket::results::Builder<'_>>()?.set_server(number);
        }
        _ => {}
    }
    Ok(())
}
