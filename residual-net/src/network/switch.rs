//! Networks: Ethernet switches.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::interface::{Interface, Link};
use super::{Frame, Mac, lock};

/// Most addresses that a switch remembers; beyond that it floods.
const ADDRESSES: usize = 4096;

/// A network. Frames go where their address was last seen, or everywhere; interfaces that are promiscuous get all.
#[derive(Debug)]
pub struct Network {
    name: String,
    ports: Mutex<Ports>,
    made: AtomicU64,
}

#[derive(Debug, Default)]
struct Ports {
    plugged: Vec<(u64, Weak<Interface>)>,
    seen: HashMap<Mac, u64>,
}

impl Network {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ports: Mutex::default(), made: AtomicU64::new(0) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many interfaces are plugged in.
    pub fn ports(&self) -> usize {
        lock(&self.ports).plugged.iter().filter(|(_, interface)| interface.strong_count() != 0).count()
    }

    /// A link address that no other interface of this network was given: locally administered (IEEE 802), with the
    /// network in it, so that two networks differ too.
    pub(super) fn address(&self) -> Mac {
        // FNV-1a
        let hash = self
            .name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let [_, _, a, b] = hash.to_be_bytes();
        let [.., c, d, e] = number.to_be_bytes();
        Mac([0x02, a, b, c, d, e])
    }

    /// Plugs an interface in.
    pub(super) fn plug(self: &Arc<Self>, interface: &Arc<Interface>) {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        lock(&self.ports).plugged.push((number, Arc::downgrade(interface)));
        interface.connect(Arc::new(Plug { network: self.clone(), number }));
    }

    fn carry(&self, from: u64, frame: Frame) {
        let Some((to, sender)) = frame.ends() else { return };
        let receivers: Vec<Arc<Interface>> = {
            let mut ports = lock(&self.ports);
            if !sender.is_group() && (ports.seen.len() < ADDRESSES || ports.seen.contains_key(&sender)) {
                ports.seen.insert(sender, from);
            }
            let port = if to.is_group() { None } else { ports.seen.get(&to).copied() };
            let others = ports.plugged.iter().filter(|(number, _)| *number != from);
            let others = others.filter_map(|(number, interface)| Some((*number, interface.upgrade()?)));
            let receives = |number: u64, interface: &Interface| {
                port.is_none_or(|port| port == number) || interface.is_promiscuous()
            };
            others.filter(|(number, other)| receives(*number, other)).map(|(_, other)| other).collect()
        };
        for receiver in receivers {
            receiver.receive(frame.clone());
        }
    }
}

/// The cable from an interface to its network.
struct Plug {
    network: Arc<Network>,
    number: u64,
}

impl fmt::Debug for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {} of {}", self.number, self.network.name)
    }
}

impl Link for Plug {
    fn send(&self, frame: Frame) -> bool {
        self.network.carry(self.number, frame);
        true
    }

    fn removed(&self) {
        let mut ports = lock(&self.network.ports);
        ports.plugged.retain(|(number, _)| *number != self.number);
        ports.seen.retain(|_, number| *number != self.number);
    }
}
