//! Devices of servers, as the mapper itself asks them: like a guest, by opening their nodes.

use std::os::fd::OwnedFd;

use schemas::device::control::{params, results};
use schemas::message::{Message, ReplyBuffer};
use schemas::server::Capabilities;
use schemas::transport::MountKind;
use schemas::{Errno, Operation, fs};

use crate::servers::Answerer;
use crate::world::Live;

/// A node below `/dev`.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name there.
    pub name: String,
    mount: u32,
    server: u32,
}

impl Node {
    /// The name of its server.
    pub fn server(&self, world: &Live) -> String {
        let table = world.routes.current();
        table.server_name(crate::route::ServerId(self.server)).unwrap_or_default().to_owned()
    }
}

/// The nodes of servers whose names begin so and go on with a number.
pub fn nodes(world: &Live, prefix: &str) -> Vec<Node> {
    let mounts = world.mounts.current();
    let servers = mounts.entries().iter().filter(|mount| mount.kind() == Some(MountKind::Server));
    servers
        .filter_map(|mount| {
            let name = std::str::from_utf8(mount.prefix().strip_prefix(b"/dev/")?).ok()?;
            name.strip_prefix(prefix)?.parse::<u32>().ok()?;
            Some(Node { name: name.to_owned(), mount: mount.identifier(), server: mount.target() })
        })
        .collect()
}

/// An open device.
pub struct Device {
    server: Answerer,
    number: u32,
    object: u64,
    /// What a guest would hold.
    pub descriptor: OwnedFd,
}

impl Drop for Device {
    fn drop(&mut self) {
        self.server.no_senders(self.object);
    }
}

impl Device {
    /// Opens one.
    ///
    /// # Errors
    /// As its server says; `EIO` where that is gone.
    pub fn open(world: &Live, node: &Node) -> Result<Self, Errno> {
        let running = world.servers.running().current();
        let running = running.get((node.server as usize).wrapping_sub(1)).ok_or(Errno::IO)?;
        let (server, number) = (running.server.clone(), node.server);
        let open = |message: capnp::any_pointer::Builder<'_>| {
            message.init_as::<fs::open::params::Builder<'_>>().set_mount(node.mount);
        };
        let (object, descriptor) = ask(&server, number, Operation::FsOpen, open, |results, caps| {
            let results: fs::open::results::Reader<'_> = results.root()?;
            Ok((results.get_object(), caps.donated.pop().ok_or(Errno::BADMSG)?))
        })?;
        Ok(Self { server, number, object, descriptor })
    }

    /// Sends it a request.
    ///
    /// # Errors
    /// As its server says.
    pub fn control<R>(
        &self,
        fill: impl FnOnce(params::request::Builder<'_>),
        take: impl FnOnce(results::reply::Reader<'_>) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let fill = |message: capnp::any_pointer::Builder<'_>| {
            let mut params = message.init_as::<params::Builder<'_>>();
            params.set_object(self.object);
            fill(params.get_request());
        };
        ask(&self.server, self.number, Operation::DeviceControl, fill, |results, _| {
            let results: results::Reader<'_> = results.root()?;
            take(results.get_reply())
        })
    }
}

fn ask<R>(
    server: &Answerer,
    number: u32,
    operation: Operation,
    fill: impl FnOnce(capnp::any_pointer::Builder<'_>),
    take: impl FnOnce(Message<'_>, &mut Capabilities) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let (mut request, mut reply) = (ReplyBuffer::default(), ReplyBuffer::default());
    let request = request.build(|root| {
        fill(root);
        Ok(())
    })?;
    let mut caps = Capabilities::default();
    let reply = server.ask(number, operation, &request, &mut caps, &mut reply)?;
    take(Message::new(&reply), &mut caps)
}
