//! What is told of the stack: its sockets, and how numbers of it look to programs.

use std::net::{IpAddr, SocketAddr};

use smoltcp::socket::tcp::{Socket, State};

use crate::network::{Flags, Medium};

use super::address::{self, INET, bits};
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
        Object::Netlink(_) => None,
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

/// `IFF_*` of Linux as an interface shows them to programs.
pub fn shown_flags(flags: u32) -> u32 {
    if flags & Flags::UP == 0 { flags & !Flags::RUNNING } else { flags }
}

/// The mask of a prefix, like an address.
pub fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    let ones: IpAddr = if address.is_ipv4() { [0xff; 4].into() } else { [0xff; 16].into() };
    address::network(ones, prefix.min(bits(address)))
}
