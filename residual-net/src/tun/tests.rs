use std::sync::Arc;

use schemas::Errno;
use schemas::server::MountedNode;

use super::port::{Front, Mode, Port, Queue, Terms};
use super::server::Tun;
use crate::network::{Flags, Frame, Host, Hosts, Interface, Networks};
use crate::readiness::Readiness;

fn queue() -> Arc<Queue> {
    // The guest's end is not needed.
    Queue::new(Readiness::new(false).unwrap().0)
}

fn host() -> Arc<Host> {
    Networks::default().host("a")
}

fn interface(host: &Host, port: &Arc<Port>, name: &str) -> Arc<Interface> {
    let mac = crate::network::Mac::default();
    let interface = host.add_link(name, port.medium(), mac, 1500, port.clone()).unwrap();
    port.is_for(&interface);
    interface.set_flags(Flags::UP);
    interface
}

const BARE: Mode = Mode { front: Front::Nothing, ethernet: false };

#[test]
fn packets_go_both_ways() {
    let host = host();
    let (queue, port) = (queue(), Port::new(false, Terms::default()));
    let tun = interface(&host, &port, "tun0");
    assert_eq!(queue.read(100), Err(Errno::BADFD));
    assert_eq!(queue.write(&[0x45]), Err(Errno::BADFD));
    assert!(tun.send(Frame::new(vec![0x45; 20])).is_err());
    queue.attach(&port, BARE).unwrap();
    assert_eq!(queue.read(100), Err(Errno::AGAIN));
    tun.send(Frame::new(vec![0x45; 20])).unwrap();
    tun.send(Frame::new(vec![0x45; 30])).unwrap();
    assert_eq!(queue.next(), 20);
    assert_eq!(queue.read(100), Ok(vec![0x45; 20]));
    assert_eq!(queue.read(10), Ok(vec![0x45; 10]));
    assert_eq!(queue.write(&[0x45; 20]), Ok(20));
    assert_eq!(queue.write(&[0; 20]), Err(Errno::INVAL));
    assert_eq!((tun.received.packets(), tun.received.bytes()), (1, 20));
    tun.set_flags(0);
    assert_eq!(queue.write(&[0x45; 20]), Err(Errno::IO));
    host.remove(&tun);
    assert_eq!(queue.read(100), Err(Errno::IO));
}

#[test]
fn a_reader_that_never_reads_costs_no_more_than_its_queue() {
    let host = host();
    let (queue, port) = (queue(), Port::new(false, Terms::default()));
    let tun = interface(&host, &port, "tun0");
    queue.attach(&port, BARE).unwrap();
    let sent = (0..2000).filter(|_| tun.send(Frame::new(vec![0x45; 1400])).is_ok()).count();
    assert_eq!((sent, tun.sent.dropped()), (500, 1500));
    assert_eq!((0..).take_while(|_| queue.read(1400).is_ok()).count(), 500);
}

#[test]
fn one_descriptor_or_several() {
    let host = host();
    let port = Port::new(false, Terms::default());
    let tun = interface(&host, &port, "tun0");
    assert_eq!(tun.flags() & Flags::RUNNING, 0);
    let (one, other) = (queue(), queue());
    one.attach(&port, BARE).unwrap();
    assert_ne!(tun.flags() & Flags::RUNNING, 0);
    assert_eq!(other.attach(&port, BARE), Err(Errno::BUSY));
    port.set_terms(|terms| terms.multiple = true);
    other.attach(&port, BARE).unwrap();
    // Flows are spread over the two, each in its order.
    for number in 0..100u8 {
        let mut packet = vec![0x45; 20];
        packet[16..].copy_from_slice(&[10, 0, number / 2, 1]);
        packet[1] = number;
        tun.send(Frame::new(packet)).unwrap();
    }
    let read = |queue: &Queue| std::iter::from_fn(|| queue.read(100).ok()).collect::<Vec<_>>();
    let (first, second) = (read(&one), read(&other));
    assert_eq!(first.len() + second.len(), 100);
    assert!(first.len() > 10 && second.len() > 10);
    for packets in [first, second] {
        assert!(packets.is_sorted_by_key(|packet| packet[1]));
        assert!(packets.chunks(2).all(|flow| flow[0][18] == flow[1][18]));
    }
    assert!(one.detach().is_some() && other.detach().is_some());
    assert!(port.is_unused());
    assert_eq!(tun.flags() & Flags::RUNNING, 0);
}

#[test]
fn nodes_are_those_of_each_system() {
    let nodes = super::nodes(&toml::Table::new()).unwrap();
    let paths: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
    assert_eq!(
        paths,
        ["net/tun", "tun", "tun0", "tun1", "tun2", "tun3", "tap", "tap0", "tap1", "tap2", "tap3"]
    );
    for bad in ["units = 65", "units = true", "host = 1", "up-on-open = 1", "colour = 1"] {
        assert!(super::nodes(&bad.parse().unwrap()).is_err(), "{bad}");
    }
    let mounted = nodes.iter().zip(1..).map(|(node, mount)| MountedNode { mount, path: node.path.clone() });
    Tun::new(Hosts::Fixed(host()), false, mounted.collect(), 0).unwrap();
}
