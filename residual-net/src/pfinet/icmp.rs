//! ICMP and ICMPv6 (RFC 792, RFC 4443): echo, and errors to and from others.

use std::net::{IpAddr, SocketAddr};

use schemas::Errno;

use super::address;
use super::datagram::sum_control;
use super::ip::{Ip, is_control};
use super::packet::{Head, ICMP, ICMP6, Packet};

/// Most bytes of a packet that come back with an error, so that it fits through any link (RFC 1812 section 4.3.2.3,
/// RFC 4443 section 2.4).
const QUOTED: usize = 548;

/// An error about a packet that this host had sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The protocol of that packet.
    pub protocol: u8,
    /// Who it was from.
    pub local: SocketAddr,
    /// Whom it was for.
    pub remote: SocketAddr,
    /// What it means to the sender.
    pub error: Errno,
    /// Whether a connection is over with it.
    pub hard: bool,
}

/// Answers a packet that asks for an echo.
pub fn echo(ip: &mut Ip, packet: &Packet) {
    let payload = packet.payload();
    let (asks, answers) = if packet.protocol == ICMP { (8, 0) } else { (128, 129) };
    if payload.len() < 8 || payload[0] != asks || payload[1] != 0 {
        return;
    }
    let to_all = packet.destination.is_multicast() || ip.is_broadcast(packet.destination);
    let source = if to_all { ip.source_for(packet.source, packet.interface) } else { Ok(packet.destination) };
    let Ok(source) = source else { return };
    if to_all && packet.protocol == ICMP {
        // As Linux by default (icmp_echo_ignore_broadcasts).
        return;
    }
    let head =
        Head { source, destination: packet.source, protocol: packet.protocol, hops: 64, class: packet.class };
    let answer = head.packet(payload.len(), |message| {
        message.copy_from_slice(payload);
        message[0] = answers;
        sum_control(message, &head);
    });
    // Who cannot be answered gets no answer.
    let _ = ip.send(answer, true, packet.interface_for_answer());
}

impl Packet {
    /// The interface that an answer must leave by: only where addresses say nothing without it.
    fn interface_for_answer(&self) -> u32 {
        match self.source {
            IpAddr::V6(ip) if ip.is_unicast_link_local() => self.interface,
            _ => 0,
        }
    }
}

/// Tells the sender of a packet that nobody takes it: 3 for a port, 2 for a protocol (codes of ICMP).
pub fn complain(ip: &mut Ip, packet: &Packet, code: u8) {
    let to = packet.destination;
    if to.is_multicast()
        || ip.is_broadcast(to)
        || packet.source.is_multicast()
        || packet.source.is_unspecified()
    {
        return;
    }
    let (protocol, kind, code) = match (packet.source.is_ipv4(), code) {
        (true, code) => (ICMP, 3, code),
        (false, 3) => (ICMP6, 1, 4),
        (false, _) => (ICMP6, 4, 1),
    };
    let head = Head { source: to, destination: packet.source, protocol, hops: 64, class: 0 };
    let quoted = &packet.bytes[..packet.bytes.len().min(QUOTED)];
    let message = head.packet(8 + quoted.len(), |message| {
        message[0] = kind;
        message[1] = code;
        message[8..].copy_from_slice(quoted);
        sum_control(message, &head);
    });
    let _ = ip.send(message, true, packet.interface_for_answer());
}

/// Why a packet was not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It has gone too far.
    Expired,
    /// Nothing leads there.
    NoWay,
    /// It is longer than the next link carries, which is this much, and may not be taken apart.
    TooLong(u32),
}

/// Tells the sender of a packet why it was not passed on.
pub fn report(ip: &mut Ip, packet: &Packet, trouble: Trouble) {
    let about_error = is_control(packet.protocol) && is_error(packet.protocol, &packet.bytes);
    if about_error || packet.source.is_multicast() || packet.source.is_unspecified() {
        return;
    }
    let Ok(source) = ip.source_for(packet.source, packet.interface_for_answer()) else { return };
    let (protocol, kind, code) = match (source.is_ipv4(), trouble) {
        (true, Trouble::Expired) => (ICMP, 11, 0),
        (true, Trouble::NoWay) => (ICMP, 3, 0),
        (true, Trouble::TooLong(_)) => (ICMP, 3, 4),
        (false, Trouble::Expired) => (ICMP6, 3, 0),
        (false, Trouble::NoWay) => (ICMP6, 1, 0),
        (false, Trouble::TooLong(_)) => (ICMP6, 2, 0),
    };
    let mtu = if let Trouble::TooLong(mtu) = trouble { mtu } else { 0 };
    let head = Head { source, destination: packet.source, protocol, hops: 64, class: 0 };
    let quoted = &packet.bytes[..packet.bytes.len().min(QUOTED)];
    let message = head.packet(8 + quoted.len(), |message| {
        message[..2].copy_from_slice(&[kind, code]);
        message[4..8].copy_from_slice(&mtu.to_be_bytes());
        message[8..].copy_from_slice(quoted);
        sum_control(message, &head);
    });
    let _ = ip.send(message, true, packet.interface_for_answer());
}

/// The message, as from this host to itself, that a neighbour does not answer.
pub fn unreachable(ip: &mut Ip, lost: &[u8]) {
    let Some((local, remote, protocol)) = ends(lost) else { return };
    if is_control(protocol) && is_error(protocol, lost) {
        return;
    }
    let (control, kind, code) = if local.is_ipv4() { (ICMP, 3, 1) } else { (ICMP6, 1, 3) };
    let source = ip.source_for(remote.ip(), 0).unwrap_or(local.ip());
    if !ip.is_own(local.ip()) {
        return;
    }
    let head = Head { source, destination: local.ip(), protocol: control, hops: 64, class: 0 };
    let quoted = &lost[..lost.len().min(QUOTED)];
    let message = head.packet(8 + quoted.len(), |message| {
        message[0] = kind;
        message[1] = code;
        message[8..].copy_from_slice(quoted);
        sum_control(message, &head);
    });
    let _ = ip.send(message, true, 0);
}

fn is_error(protocol: u8, packet: &[u8]) -> bool {
    let start = if protocol == ICMP { usize::from(packet[0] & 0xf) * 4 } else { 40 };
    match (protocol, packet.get(start)) {
        (ICMP, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
        (_, Some(kind)) => *kind < 128,
        _ => true,
    }
}

/// The ends of a packet, or of what was quoted of one, and its protocol.
fn ends(packet: &[u8]) -> Option<(SocketAddr, SocketAddr, u8)> {
    let (source, destination, protocol, start) = match packet.first()? >> 4 {
        4 => {
            let length = usize::from(packet[0] & 0xf) * 4;
            (packet.get(12..16)?, packet.get(16..20)?, *packet.get(9)?, length.max(20))
        }
        6 => (packet.get(8..24)?, packet.get(24..40)?, *packet.get(6)?, 40),
        _ => return None,
    };
    let port = |at: usize| {
        packet.get(start + at..start + at + 2).map_or(0, |port| u16::from_be_bytes([port[0], port[1]]))
    };
    let end = |ip: &[u8], port: u16| Some(SocketAddr::new(address::from_octets(ip)?, port));
    Some((end(source, port(0))?, end(destination, port(2))?, protocol))
}

/// Reads an error that came from somebody.
pub fn complaint(packet: &Packet) -> Option<Complaint> {
    let payload = packet.payload();
    let (kind, code) = (*payload.first()?, *payload.get(1)?);
    let (error, hard) = match (packet.protocol, kind, code) {
        (ICMP, 3, 0) | (ICMP6, 1, 0) => (Errno::NETUNREACH, false),
        (ICMP, 3, 2) => (Errno::NOPROTOOPT, true),
        (ICMP, 3, 3) | (ICMP6, 1, 4) => (Errno::CONNREFUSED, true),
        (ICMP, 3, 4) | (ICMP6, 2, _) => (Errno::MSGSIZE, false),
        (ICMP, 3, 9 | 10 | 13) | (ICMP6, 1, 1) => (Errno::ACCES, true),
        (ICMP, 3, _) | (ICMP6, 1, _) | (ICMP, 11, _) | (ICMP6, 3, _) => (Errno::HOSTUNREACH, false),
        (ICMP, 12, _) | (ICMP6, 4, _) => (Errno::PROTO, true),
        _ => return None,
    };
    let (local, remote, protocol) = ends(payload.get(8..)?)?;
    Some(Complaint { protocol, local, remote, error, hard })
}
