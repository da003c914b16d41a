//! What is told of the stack: its sockets, and the files in `/proc/net` (proc_pid_net(5)).

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use smoltcp::socket::tcp::{Socket, State};

use crate::network::{Flags, Medium};

use super::address::{self, INET, INET6, bits, octets};
use super::datagram::Kind;
use super::packet::{TCP, UDP};
use super::stack::{Object, Stack};
use super::stream::Phase;

/// States of sockets (`linux/tcp_states.h`).
const ESTABLISHED: u8 = 1;
const CLOSED: u8 = 7;
const LISTEN: u8 = 10;

/// A socket of an internet protocol.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the stack.
    pub number: u64,
    /// `AF_INET` or `AF_INET6`.
    pub family: u16,
    /// TCP, UDP, or what a raw socket is for.
    pub protocol: u8,
    /// `SOCK_*` of Linux.
    pub kind: u8,
    /// `TCP_*` of Linux.
    pub state: u8,
    /// Its own address.
    pub local: SocketAddr,
    /// Whom it is connected to.
    pub remote: SocketAddr,
    /// Bytes, or connections of one that listens, that wait to be received.
    pub receive_queue: u32,
    /// Bytes that were sent and not yet acknowledged, or the most connections that wait.
    pub send_queue: u32,
    /// What was dropped.
    pub dropped: u64,
}

/// All sockets of internet protocols.
pub fn rows(stack: &Stack) -> Vec<Row> {
    let any = |family: u16| -> SocketAddr {
        let ip: IpAddr = if family == INET { [0; 4].into() } else { [0; 16].into() };
        SocketAddr::new(ip, 0)
    };
    let of = |(number, object): (&u64, &Object)| match object {
        Object::Stream(stream) => {
            let family = stream.options.made.0;
            let local = stream.local?;
            let (mut state, mut queues) = (CLOSED, (0, 0));
            if let Phase::Listening { backlog, ready, .. } = &stream.phase {
                (state, queues) = (LISTEN, (ready.len() as u32, *backlog as u32 - 1));
            } else if let Some(handle) = stream.handle {
                let socket = stack.sockets.get::<Socket<'static>>(handle);
                state = number_of(socket.state());
                queues = (socket.recv_queue() as u32, socket.send_queue() as u32);
            }
            Some(Row {
                number: *number,
                family,
                protocol: TCP,
                kind: 1,
                state,
                local,
                remote: stream.remote.unwrap_or(any(family)),
                receive_queue: queues.0,
                send_queue: queues.1,
                dropped: 0,
            })
        }
        Object::Datagram(datagram) => {
            let family = datagram.family();
            if datagram.kind != Kind::Raw && datagram.local.is_none() {
                return None;
            }
            Some(Row {
                number: *number,
                family,
                protocol: if datagram.kind == Kind::Udp { UDP } else { datagram.protocol() },
                kind: datagram.options.made.1 as u8,
                state: if datagram.remote.is_some() { ESTABLISHED } else { CLOSED },
                local: datagram.local.unwrap_or(any(family)),
                remote: datagram.remote.unwrap_or(any(family)),
                receive_queue: 0,
                send_queue: 0,
                dropped: datagram.dropped,
            })
        }
        Object::Netlink(_) | Object::Routing(_) => None,
    };
    stack.objects.iter().filter_map(of).collect()
}

fn number_of(state: State) -> u8 {
    match state {
        State::Established => ESTABLISHED,
        State::SynSent => 2,
        State::SynReceived => 3,
        State::FinWait1 => 4,
        State::FinWait2 => 5,
        State::TimeWait => 6,
        State::Closed => CLOSED,
        State::CloseWait => 8,
        State::LastAck => 9,
        State::Listen => LISTEN,
        State::Closing => 11,
    }
}

/// `ARPHRD_*` of Linux (`linux/if_arp.h`).
pub fn link_type(medium: Medium) -> u16 {
    match medium {
        Medium::Ethernet => 1,
        Medium::Loopback => 772,
        Medium::Ip => 65534,
    }
}

/// A file of `/proc/net`, by its name.
pub fn file(stack: &Stack, name: &str) -> Option<String> {
    Some(match name {
        "dev" => devices(stack),
        "route" => routes(stack),
        "ipv6_route" => routes6(stack),
        "if_inet6" => addresses6(stack),
        "arp" => arp(stack),
        "tcp" => sockets(stack, INET, "tcp"),
        "tcp6" => sockets(stack, INET6, "tcp"),
        "udp" => sockets(stack, INET, "udp"),
        "udp6" => sockets(stack, INET6, "udp"),
        "raw" => sockets(stack, INET, "raw"),
        "raw6" => sockets(stack, INET6, "raw"),
        "icmp" => sockets(stack, INET, "icmp"),
        "icmp6" => sockets(stack, INET6, "icmp"),
        "snmp" => snmp(stack),
        _ => return None,
    })
}

fn devices(stack: &Stack) -> String {
    let mut text = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n".to_owned();
    for interface in stack.ip.host.interfaces() {
        let (received, sent) = (&interface.received, &interface.sent);
        let _ = writeln!(
            text,
            "{:>6}: {:>7} {:>7} {:>4} {:>4} {:>4} {:>5} {:>10} {:>9} {:>8} {:>7} {:>4} {:>4} {:>4} {:>5} {:>7} {:>10}",
            interface.name(),
            received.bytes(),
            received.packets(),
            received.errors(),
            received.dropped(),
            0,
            0,
            0,
            0,
            sent.bytes(),
            sent.packets(),
            sent.errors(),
            sent.dropped(),
            0,
            0,
            0,
            0
        );
    }
    text
}

/// An address as these files have it: 32-bit words of the machine, in hexadecimal.
fn words(address: IpAddr) -> String {
    let octets = octets(address);
    octets
        .chunks_exact(4)
        .map(|word| format!("{:08X}", u32::from_ne_bytes([word[0], word[1], word[2], word[3]])))
        .collect()
}

fn routes(stack: &Stack) -> String {
    let line = |text: &str| format!("{text:<127}\n");
    let mut text =
        line("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
    for route in stack.ip.routes.all().iter().filter(|route| route.destination.is_ipv4()) {
        let Some(interface) = stack.ip.interface(route.interface) else { continue };
        // RTF_UP, RTF_GATEWAY, RTF_HOST
        let flags = u32::from(interface.is_up())
            | if route.gateway.is_some() { 2 } else { 0 }
            | if route.prefix == 32 { 4 } else { 0 };
        let gateway = route.gateway.unwrap_or([0; 4].into());
        let mask = address::network([255; 4].into(), route.prefix);
        text += &line(&format!(
            "{}\t{}\t{}\t{flags:04X}\t0\t0\t{}\t{}\t0\t0\t0",
            interface.name(),
            words(route.destination),
            words(gateway),
            route.metric,
            words(mask)
        ));
    }
    text
}

fn hexadecimal(address: IpAddr) -> String {
    octets(address).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn routes6(stack: &Stack) -> String {
    let none: IpAddr = [0; 16].into();
    let mut text = String::new();
    for route in stack.ip.routes.all().iter().filter(|route| route.destination.is_ipv6()) {
        let Some(interface) = stack.ip.interface(route.interface) else { continue };
        let flags = u32::from(interface.is_up()) | if route.gateway.is_some() { 2 } else { 0 };
        let _ = writeln!(
            text,
            "{} {:02x} {} 00 {} {:08x} 00000001 00000000 {flags:08x} {:>8}",
            hexadecimal(route.destination),
            route.prefix,
            hexadecimal(none),
            hexadecimal(route.gateway.unwrap_or(none)),
            route.metric,
            interface.name()
        );
    }
    text
}

fn addresses6(stack: &Stack) -> String {
    let mut text = String::new();
    for interface in stack.ip.host.interfaces() {
        for row in interface.addresses() {
            let IpAddr::V6(ip) = row.address else { continue };
            // IPV6_ADDR_LOOPBACK, IPV6_ADDR_LINKLOCAL, IFA_F_PERMANENT
            let scope = if ip.is_loopback() { 0x10 } else { u32::from(ip.is_unicast_link_local()) * 0x20 };
            let _ = writeln!(
                text,
                "{} {:02x} {:02x} {scope:02x} 80 {:>8}",
                hexadecimal(row.address),
                interface.index(),
                row.prefix,
                interface.name()
            );
        }
    }
    text
}

fn arp(stack: &Stack) -> String {
    use super::neighbour::State;
    let mut text =
        "IP address       HW type     Flags       HW address            Mask     Device\n".to_owned();
    for (interface, who, state) in stack.ip.neighbours.all().filter(|row| row.1.is_ipv4()) {
        let Some(interface) = stack.ip.interface(interface) else { continue };
        // ATF_COM, ATF_PERM
        let (flags, mac) = match state {
            State::Asked(_) => (0, crate::network::Mac::default()),
            State::Known(mac) => (2, mac),
            State::Permanent(mac) => (6, mac),
        };
        let _ = writeln!(text, "{who:<16} 0x{:<10x}0x{flags:<10x}{mac}     *        {}", 1, interface.name());
    }
    text
}

/// `IPPROTO_*` and `SOCK_*` of the sockets of a file.
fn named(name: &str) -> (Option<u8>, u8) {
    match name {
        "tcp" => (Some(TCP), 1),
        "udp" => (Some(UDP), 2),
        "icmp" => (None, 2),
        _ => (None, 3),
    }
}

fn sockets(stack: &Stack, family: u16, name: &str) -> String {
    let (protocol, kind) = named(name);
    let fits = |row: &Row| {
        row.kind == kind
            && row.family == family
            && protocol.map_or(row.protocol != UDP, |protocol| row.protocol == protocol)
    };
    let address = |end: SocketAddr| {
        let ip = match end.ip() {
            IpAddr::V4(ip) if family == INET6 => ip.to_ipv6_mapped().into(),
            ip => ip,
        };
        format!("{}:{:04X}", words(ip), end.port())
    };
    let width = if family == INET { 8 } else { 32 };
    let columns = if name == "tcp" { "" } else { " ref pointer drops" };
    let mut text = format!(
        "  sl  local_address{}rem_address{}st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode{columns}\n",
        " ".repeat(width - 7),
        " ".repeat(width - 5)
    );
    for (line, row) in rows(stack).into_iter().filter(fits).enumerate() {
        let drops =
            if name == "tcp" { String::new() } else { format!(" 2 0000000000000000 {}", row.dropped) };
        let _ = writeln!(
            text,
            "{line:>4}: {} {} {:02X} {:08X}:{:08X} 00:00000000 00000000     0        0 {}{drops}",
            address(row.local),
            address(row.remote),
            row.state,
            row.send_queue,
            row.receive_queue,
            row.number
        );
    }
    text
}

fn snmp(stack: &Stack) -> String {
    let counters = stack.ip.counters;
    let established =
        rows(stack).iter().filter(|row| row.protocol == TCP && row.state == ESTABLISHED).count();
    format!(
        "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams OutRequests OutNoRoutes\n\
         Ip: {} 64 {} {} {} {} {} {}\nTcp: CurrEstab\nTcp: {established}\n",
        if stack.ip.forwards { 1 } else { 2 },
        counters.received,
        counters.malformed,
        counters.misdirected,
        counters.forwarded,
        counters.sent,
        counters.unroutable
    )
}

/// `IFF_*` of Linux as an interface shows them to programs.
pub fn shown_flags(flags: u32) -> u32 {
    if flags & Flags::UP == 0 { flags & !Flags::RUNNING } else { flags }
}

/// The mask of a prefix, like an address.
pub fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    let ones: IpAddr = if address.is_ipv4() { [0xff; 4].into() } else { [0xff; 16].into() };
    address::network(ones, prefix.min(bits(address)))
}
