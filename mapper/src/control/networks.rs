//! What the control plane tells of networks: interfaces, routes and sockets of the servers of the interface `pfinet`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use capnp::any_pointer;
use schemas::message::{Message, ReplyBuffer, bytes};
use schemas::server::{Caller, Capabilities, Credentials, Server, answer};
use schemas::{Errno, Interface as Answers, Operation, Personality, control, socket};
use serde::Serialize;

use crate::servers::{Answerer, Running};
use crate::world::Live;

/// Frames that passed one way.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Counters {
    /// How many.
    pub packets: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Malformed ones.
    pub errors: u64,
    /// Those for which there was no room.
    pub dropped: u64,
}

/// A network interface.
#[derive(Debug, Clone, Serialize)]
pub struct Interface {
    /// The stack that it belongs to.
    pub server: String,
    /// The OS whose guests see it; nothing for those that chose the stack.
    pub os: Option<String>,
    /// Its name.
    pub name: String,
    /// Its number in its stack.
    pub index: u32,
    /// Words for its flags.
    pub flags: Vec<&'static str>,
    /// Longest packet, in bytes.
    pub mtu: u32,
    /// Its link address; empty where it has none.
    pub hardware: String,
    /// Its addresses, with the lengths of their prefixes.
    pub addresses: Vec<String>,
    /// What came in.
    pub received: Counters,
    /// What went out.
    pub sent: Counters,
}

/// A route of packets.
#[derive(Debug, Clone, Serialize)]
pub struct Route {
    /// The stack that it belongs to.
    pub server: String,
    /// The network that it leads to; `default` for all.
    pub destination: String,
    /// Who passes packets on; nothing for a network that an interface is in.
    pub gateway: Option<String>,
    /// The interface.
    pub interface: String,
    /// Of two routes to the same network the one with the lower metric is taken.
    pub metric: u32,
}

/// A socket.
#[derive(Debug, Clone, Serialize)]
pub struct Socket {
    /// The stack that it belongs to.
    pub server: String,
    /// `tcp`, `udp`, `icmp`, or the protocol's number.
    pub protocol: String,
    /// How far a connection is.
    pub state: &'static str,
    /// Its own address.
    pub local: String,
    /// Whom it is connected to.
    pub remote: String,
    /// Bytes, or connections of one that listens, that wait to be received.
    pub receive_queue: u32,
    /// Bytes that were sent and not acknowledged, or the most connections that may wait.
    pub send_queue: u32,
    /// Datagrams that were dropped because the guest did not take them.
    pub dropped: u64,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Networks {
    /// The interfaces of all stacks.
    pub interfaces: Vec<Interface>,
    /// Their routes.
    pub routes: Vec<Route>,
    /// Their sockets.
    pub sockets: Vec<Socket>,
}

/// The stacks of a world: name, server, and the OS whose sockets it makes.
fn stacks(world: &Live) -> Vec<(String, Arc<dyn Server>, &'static str)> {
    let running = world.servers.running().current();
    let table = world.routes.current();
    let of = |(position, running): (u32, &Running)| match &running.server {
        Answerer::Task(server) if server.interface() == Answers::Pfinet => {
            let makes = |os: &Personality| {
                let cell = table.cell(*os, Operation::SocketSocket);
                cell.server.is_some_and(|id| id.0 == position)
            };
            let only: Vec<_> = Personality::ALL.into_iter().filter(makes).collect();
            let os = if let [only] = only[..] { only.name() } else { "" };
            Some((server.name().to_owned(), server.clone(), os))
        }
        _ => None,
    };
    (1..).zip(running.iter()).filter_map(of).collect()
}

/// Asks a stack an operation without parameters.
fn ask(
    server: &dyn Server,
    operation: Operation,
    read: impl FnOnce(any_pointer::Reader<'_>) -> capnp::Result<()>,
) -> Result<(), Errno> {
    let caller = Caller {
        task: 0,
        pid: std::process::id() as i32,
        tid: 0,
        personality: Personality::Linux,
        credentials: Arc::new(Credentials::default()),
        stack: None,
    };
    // A null root: every parameter has its default.
    let request = [0u64];
    let (mut caps, mut buffer) = (Capabilities::default(), ReplyBuffer::default());
    let reply = answer(server, 0, operation, &caller, bytes(&request), &mut caps, &mut buffer)?;
    let message = Message::new(&reply);
    Ok(read(message.root()?)?)
}

/// Writes what the stacks of a world say of themselves.
pub fn write(world: &Live, mut to: control::control::networks_results::Builder<'_>) -> capnp::Result<()> {
    let stacks = stacks(world);
    let (mut interfaces, mut routes, mut sockets) = (Vec::new(), Vec::new(), Vec::new());
    // What a stack does not tell it has none of.
    for (name, server, os) in &stacks {
        let _ = ask(&**server, Operation::SocketInterfaces, |root| {
            let told: socket::interfaces::results::Reader<'_> = root.get_as()?;
            for one in told.get_interfaces()? {
                let mut copy = capnp::message::Builder::new_default();
                copy.set_root(one)?;
                interfaces.push((name, *os, copy));
            }
            Ok(())
        });
        let _ = ask(&**server, Operation::SocketRoutes, |root| {
            let told: socket::routes::results::Reader<'_> = root.get_as()?;
            for one in told.get_routes()? {
                let mut copy = capnp::message::Builder::new_default();
                copy.set_root(one)?;
                routes.push((name, copy));
            }
            Ok(())
        });
        let _ = ask(&**server, Operation::SocketSockets, |root| {
            let told: socket::sockets::results::Reader<'_> = root.get_as()?;
            for one in told.get_sockets()? {
                let mut copy = capnp::message::Builder::new_default();
                copy.set_root(one)?;
                sockets.push((name, copy));
            }
            Ok(())
        });
    }
    let mut list = to.reborrow().init_interfaces(interfaces.len() as u32);
    for (at, (name, os, message)) in (0..).zip(&interfaces) {
        let mut to = list.reborrow().get(at);
        to.set_interface(message.get_root_as_reader()?)?;
        to.set_server(name);
        to.set_personality(os);
    }
    let mut list = to.reborrow().init_routes(routes.len() as u32);
    for (at, (name, message)) in (0..).zip(&routes) {
        let mut to = list.reborrow().get(at);
        to.set_route(message.get_root_as_reader()?)?;
        to.set_server(name);
    }
    let mut list = to.init_sockets(sockets.len() as u32);
    for (at, (name, message)) in (0..).zip(&sockets) {
        let mut to = list.reborrow().get(at);
        to.set_socket(message.get_root_as_reader()?)?;
        to.set_server(name);
    }
    Ok(())
}

/// The address in a `struct sockaddr` of Linux (ip(7), ipv6(7)).
fn address(bytes: &[u8]) -> Option<SocketAddr> {
    let head = bytes.first_chunk::<8>()?;
    let port = u16::from_be_bytes([head[2], head[3]]);
    let ip = match i32::from(u16::from_ne_bytes([head[0], head[1]])) {
        libc::AF_INET => IpAddr::from([head[4], head[5], head[6], head[7]]),
        libc::AF_INET6 => IpAddr::from(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// How many bits of a mask are set.
fn prefix(mask: &[u8]) -> u32 {
    match address(mask).map(|mask| mask.ip()) {
        Some(IpAddr::V4(mask)) => u32::from(mask).count_ones(),
        Some(IpAddr::V6(mask)) => u128::from(mask).count_ones(),
        None => 0,
    }
}

fn shown(bytes: &[u8]) -> String {
    address(bytes).map_or_else(String::new, |address| address.ip().to_string())
}

fn counters(from: socket::counters::Reader<'_>) -> Counters {
    Counters {
        packets: from.get_packets(),
        bytes: from.get_bytes(),
        errors: from.get_errors(),
        dropped: from.get_dropped(),
    }
}

/// Words for flags of interfaces (netdevice(7)).
fn flags(flags: u32) -> Vec<&'static str> {
    const WORDS: [(u32, &str); 8] = [
        (0x1, "up"),
        (0x2, "broadcast"),
        (0x8, "loopback"),
        (0x10, "point-to-point"),
        (0x40, "running"),
        (0x80, "no-arp"),
        (0x100, "promiscuous"),
        (0x1000, "multicast"),
    ];
    WORDS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect()
}

impl Interface {
    fn read(message: control::network_interface::Reader<'_>) -> capnp::Result<Self> {
        let interface = message.get_interface()?;
        let hardware = interface.get_hardware()?.iter().map(|byte| format!("{byte:02x}"));
        let mut addresses = Vec::new();
        for row in interface.get_addresses()? {
            addresses.push(format!("{}/{}", shown(row.get_address()?), prefix(row.get_mask()?)));
        }
        Ok(Self {
            server: message.get_server()?.to_string()?,
            os: Some(message.get_personality()?.to_string()?).filter(|os| !os.is_empty()),
            name: interface.get_name()?.to_string()?,
            index: interface.get_index(),
            flags: flags(interface.get_flags()),
            mtu: interface.get_mtu(),
            hardware: hardware.collect::<Vec<_>>().join(":"),
            addresses,
            received: counters(interface.get_received()?),
            sent: counters(interface.get_sent()?),
        })
    }
}

impl Route {
    fn read(message: control::network_route::Reader<'_>) -> capnp::Result<Self> {
        let route = message.get_route()?;
        let destination = match (shown(route.get_destination()?), route.get_prefix()) {
            (_, 0) => "default".to_owned(),
            (destination, prefix) => format!("{destination}/{prefix}"),
        };
        Ok(Self {
            server: message.get_server()?.to_string()?,
            destination,
            gateway: Some(shown(route.get_gateway()?)).filter(|gateway| !gateway.is_empty()),
            interface: route.get_interface()?.to_string()?,
            metric: route.get_metric(),
        })
    }
}

impl Socket {
    fn read(message: control::network_socket::Reader<'_>) -> capnp::Result<Self> {
        /// `TCP_*` of `linux/tcp_states.h`.
        const STATES: [&str; 12] = [
            "",
            "established",
            "syn-sent",
            "syn-received",
            "fin-wait-1",
            "fin-wait-2",
            "time-wait",
            "closed",
            "close-wait",
            "last-ack",
            "listen",
            "closing",
        ];
        let socket = message.get_socket()?;
        let end = |bytes: &[u8]| address(bytes).map_or_else(String::new, |end| end.to_string());
        let protocol = match i32::from(socket.get_protocol()) {
            libc::IPPROTO_TCP => "tcp".to_owned(),
            libc::IPPROTO_UDP => "udp".to_owned(),
            libc::IPPROTO_ICMP | libc::IPPROTO_ICMPV6 => "icmp".to_owned(),
            other => other.to_string(),
        };
        let state = if protocol == "tcp" { usize::from(socket.get_state()) } else { 0 };
        Ok(Self {
            server: message.get_server()?.to_string()?,
            protocol,
            state: STATES.get(state).copied().unwrap_or_default(),
            local: end(socket.get_local()?),
            remote: end(socket.get_remote()?),
            receive_queue: socket.get_receive_queue(),
            send_queue: socket.get_send_queue(),
            dropped: socket.get_dropped(),
        })
    }
}

impl Networks {
    /// Reads a message.
    pub fn read(message: control::control::networks_results::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            interfaces: message
                .get_interfaces()?
                .iter()
                .map(Interface::read)
                .collect::<capnp::Result<_>>()?,
            routes: message.get_routes()?.iter().map(Route::read).collect::<capnp::Result<_>>()?,
            sockets: message.get_sockets()?.iter().map(Socket::read).collect::<capnp::Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_any_length_are_read() {
        let four = [2, 0, 0, 80, 10, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(address(&four), Some("10.1.0.2:80".parse().unwrap()));
        assert_eq!(shown(&four), "10.1.0.2");
        assert_eq!(prefix(&[2, 0, 0, 0, 255, 255, 240, 0]), 20);
        let six = [&[10, 0, 0, 80, 0, 0, 0, 0][..], &[0xfd], &[0; 14], &[1]].concat();
        assert_eq!(address(&six), Some("[fd00::1]:80".parse().unwrap()));
        for cut in 0..8 {
            assert_eq!(address(&four[..cut]), None);
        }
        assert_eq!(address(&six[..23]), None);
        assert_eq!(flags(0x1043), ["up", "broadcast", "running", "multicast"]);
    }
}
