//! Two hosts on one network, for tests.

use std::sync::Arc;

use crate::network::{Host, Interface, Networks};

/// A host with a loopback and an interface, and the interface of another host on the same network.
pub struct Pair {
    pub host: Arc<Host>,
    pub loopback: Arc<Interface>,
    pub own: Arc<Interface>,
    pub other: Arc<Interface>,
    _other_host: Arc<Host>,
}

impl Pair {
    pub fn new() -> Pair {
        let networks = Networks::default();
        let network = networks.network("test");
        let (host, other_host) = (networks.host("a"), networks.host("b"));
        let loopback = host.add_loopback("lo").unwrap();
        let own = host.add_ethernet("net0", &network).unwrap();
        let other = other_host.add_ethernet("net0", &network).unwrap();
        Pair { host, loopback, own, other, _other_host: other_host }
    }
}

/// A frame with a datagram from one interface to another.
pub fn datagram(from: &Interface, to: &Interface, payload: &[u8]) -> Vec<u8> {
    let mut frame = [&to.mac().0[..], &from.mac().0, &[8, 0]].concat();
    let length = (28 + payload.len()) as u16;
    frame.extend([0x45, 0]);
    frame.extend(length.to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 0, 9, 0, 9]);
    frame.extend((length - 20).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}
