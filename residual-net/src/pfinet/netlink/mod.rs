//! Netlink: how Linux programs see and change interfaces, addresses, routes and neighbours (rtnetlink(7)), and see
//! sockets (sock_diag(7)).

mod change;
mod diagnosis;
mod dump;
mod message;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use schemas::Errno;
use schemas::transport::Envelope;

use crate::network::Interface;

use super::address::NETLINK;
use super::options::Options;
use super::pair;
use super::stack::{Object, Stack};
use message::{Kind, Message, Replies, Requests};

/// `NETLINK_ROUTE`.
pub const ROUTE: u8 = 0;
/// `NETLINK_SOCK_DIAG`.
pub const DIAGNOSIS: u8 = 4;

/// Most bytes of answers that wait for a guest to take them.
const WAITING: usize = 4 << 20;

/// A netlink socket.
pub struct Socket {
    /// Its options.
    pub options: Options,
    /// Our end of the pair.
    pub end: OwnedFd,
    /// Whether it may change anything.
    pub may_change: bool,
    port: u32,
    groups: u32,
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
}

/// `struct sockaddr_nl` (netlink(7)).
fn socket_address(port: u32, groups: u32) -> Vec<u8> {
    let mut address = NETLINK.to_ne_bytes().to_vec();
    address.extend([0; 2]);
    address.extend(port.to_ne_bytes());
    address.extend(groups.to_ne_bytes());
    address
}

/// The address that answers come from.
pub fn kernel() -> Vec<u8> {
    socket_address(0, 0)
}

impl Socket {
    /// A socket with a port number of its own.
    pub fn new(options: Options, end: OwnedFd, port: u32) -> Self {
        Self { options, end, may_change: true, port, groups: 0, waiting: VecDeque::new(), bytes: 0 }
    }

    /// bind(2): takes the port number that is asked for, 0 for its own.
    ///
    /// # Errors
    /// `EINVAL` for another kind of address.
    pub fn bind(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let address = bytes.first_chunk::<12>().ok_or(Errno::INVAL)?;
        if super::address::family(address) != NETLINK {
            return Err(Errno::INVAL);
        }
        let word =
            |at: usize| u32::from_ne_bytes([address[at], address[at + 1], address[at + 2], address[at + 3]]);
        if word(4) != 0 {
            self.port = word(4);
        }
        self.groups = word(8);
        Ok(())
    }

    /// Joins or leaves a group by its number (`NETLINK_ADD_MEMBERSHIP`, `NETLINK_DROP_MEMBERSHIP`).
    ///
    /// # Errors
    /// `EINVAL` for one that there cannot be. Those beyond 32, of which nobody here tells anything, are joined in vain.
    pub fn set_member(&mut self, group: u32, joins: bool) -> Result<(), Errno> {
        let bit = match group {
            1..=32 => 1u32 << (group - 1),
            33..=64 => 0,
            _ => return Err(Errno::INVAL),
        };
        self.groups = if joins { self.groups | bit } else { self.groups & !bit };
        Ok(())
    }

    /// Its own address.
    pub fn name(&self) -> Vec<u8> {
        socket_address(self.port, self.groups)
    }

    fn push(&mut self, datagram: Vec<u8>) {
        if self.bytes + datagram.len() <= WAITING {
            self.bytes += datagram.len();
            self.waiting.push_back(datagram);
        }
    }

    /// Hands over as many answers as the guest has room for.
    pub fn flush(&mut self) {
        let Some(envelope) = Envelope::new(&kernel(), &[]) else { return };
        while let Some(datagram) = self.waiting.front() {
            if pair::send_record(&self.end, &envelope, datagram).is_err() {
                return;
            }
            self.bytes -= datagram.len();
            self.waiting.pop_front();
        }
    }
}

/// Tells a socket that an interface has come, changed or gone, if it is in the group of links.
pub fn tell(socket: &mut Socket, interface: &Interface, removed: bool) {
    /// `RTMGRP_LINK`
    const LINKS: u32 = 1;
    if socket.groups & LINKS == 0 || socket.options.made.2 != ROUTE {
        return;
    }
    let mut news = Replies::unasked();
    dump::link(if removed { Kind::DELETE_LINK } else { Kind::NEW_LINK }, interface, &mut news);
    news.all().into_iter().for_each(|datagram| socket.push(datagram));
    socket.flush();
}

/// Answers what a guest sent over one of these sockets: any number of requests in one datagram.
pub fn request(stack: &mut Stack, number: u64, datagram: &[u8]) {
    let Some(Object::Netlink(socket)) = stack.objects.get(&number) else { return };
    let (port, may_change, protocol) = (socket.port, socket.may_change, socket.options.made.2);
    let mut answers = Vec::new();
    for request in Requests::new(datagram) {
        let mut replies = Replies::new(&request, port);
        let outcome = answer(stack, protocol, &request, may_change, &mut replies);
        answers.extend(replies.finish(&request, outcome));
    }
    if let Some(Object::Netlink(socket)) = stack.objects.get_mut(&number) {
        answers.into_iter().for_each(|answer| socket.push(answer));
        socket.flush();
    }
}

fn answer(
    stack: &mut Stack,
    protocol: u8,
    request: &Message<'_>,
    may_change: bool,
    replies: &mut Replies,
) -> Result<(), Errno> {
    if protocol == DIAGNOSIS {
        return diagnosis::sockets(stack, request, replies);
    }
    match request.kind {
        Kind::GET_LINK => dump::links(stack, request, replies),
        Kind::GET_ADDRESS => dump::addresses(stack, request, replies),
        Kind::GET_ROUTE => dump::routes(stack, request, replies),
        Kind::GET_NEIGHBOUR => dump::neighbours(stack, request, replies),
        // There are no rules but that the main table is asked.
        Kind::GET_RULE | Kind::GET_DISCIPLINE if request.is_dump() => Ok(()),
        Kind::NEW_LINK
        | Kind::SET_LINK
        | Kind::DELETE_LINK
        | Kind::NEW_ADDRESS
        | Kind::DELETE_ADDRESS
        | Kind::NEW_ROUTE
        | Kind::DELETE_ROUTE
        | Kind::NEW_NEIGHBOUR
        | Kind::DELETE_NEIGHBOUR => {
            if !may_change {
                return Err(Errno::PERM);
            }
            change::change(stack, request)
        }
        _ => Err(Errno::OPNOTSUPP),
    }
}

#[cfg(test)]
mod tests;
