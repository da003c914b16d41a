//! Virtual networks: switches, and hosts whose interfaces are plugged into them.
//!
//! A [`Network`] is an Ethernet switch. A [`Host`] is what one stack serves: its [`Interface`]s, of which some are
//! plugged into networks, some lead to whoever made them (a tun server), and one is the loopback. A [`Tap`] watches an
//! interface. All of it lives in memory; frames are shared, not copied.
//!
//! Nothing here waits. Every queue is bounded by bytes, and what does not fit is dropped and counted, as in a real
//! network.

mod frame;
mod host;
mod hosts;
mod interface;
mod switch;
mod tap;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use crate::lock;

pub use frame::{ETHERNET_HEADER, Frame, Mac};
pub use host::{Change, Host};
pub use hosts::Hosts;
pub use interface::{Address, Counters, Flags, Interface, Link, Medium, Refused};
pub use switch::Network;
pub use tap::{Captured, Direction, Directions, Select, Tap, TapOptions, TapStatistics};

/// The host of servers whose settings name none.
pub const DEFAULT_HOST: &str = "default";

/// The networks and hosts of one world, by their names. Servers that name the same one share it.
///
/// Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    networks: Arc<Mutex<BTreeMap<String, Arc<Network>>>>,
    hosts: Arc<Mutex<BTreeMap<String, Arc<Host>>>>,
    stacks: Arc<Mutex<BTreeMap<String, Stack>>>,
}

/// A network stack: the host that it serves, and what it tells of itself.
#[derive(Debug)]
struct Stack {
    host: Arc<Host>,
    files: Weak<dyn Files>,
}

/// What a network stack tells of itself in files.
pub trait Files: Send + Sync {
    /// A file of Linux's `/proc/net` (proc_pid_net(5)), by its name; nothing for one that it does not have.
    fn file(&self, name: &str) -> Option<String>;
}

impl Networks {
    /// The network of this name, which is made when there is none yet.
    pub fn network(&self, name: &str) -> Arc<Network> {
        let mut networks = lock(&self.networks);
        networks.entry(name.to_owned()).or_insert_with(|| Arc::new(Network::new(name))).clone()
    }

    /// The host of this name, which is made, without an interface, when there is none yet.
    pub fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        hosts.entry(name.to_owned()).or_insert_with(|| Arc::new(Host::new(name))).clone()
    }

    /// Says which stack a server of this name is, and which host it serves.
    pub fn add_stack(&self, server: &str, host: Arc<Host>, files: Weak<dyn Files>) {
        lock(&self.stacks).insert(server.to_owned(), Stack { host, files });
    }

    /// The host that the server of this name is the stack of.
    pub fn host_of(&self, server: &str) -> Option<Arc<Host>> {
        lock(&self.stacks).get(server).map(|stack| stack.host.clone())
    }

    /// A file of `/proc/net`, as the stack that a server is has it.
    pub fn file(&self, server: &str, name: &str) -> Option<String> {
        let files = lock(&self.stacks).get(server)?.files.upgrade()?;
        files.file(name)
    }

    /// All networks, in the order of their names.
    pub fn networks(&self) -> Vec<Arc<Network>> {
        lock(&self.networks).values().cloned().collect()
    }

    /// All hosts, in the order of their names.
    pub fn hosts(&self) -> Vec<Arc<Host>> {
        lock(&self.hosts).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
