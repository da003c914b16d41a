//! Changes that are asked for over netlink.

use std::net::IpAddr;
use std::time::Instant;

use schemas::Errno;

use crate::network::{Address, Mac, Medium};
use crate::pfinet::address::{self, bits, family_of, network};
use crate::pfinet::route::{BOOT, Route};
use crate::pfinet::stack::Stack;

use super::dump::link_of;
use super::message::{CREATE, Kind, Message, REPLACE};

/// Does what a request says.
pub fn change(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    match request.kind {
        Kind::NEW_LINK | Kind::SET_LINK => change_link(stack, request),
        Kind::DELETE_LINK => delete_link(stack, request),
        Kind::NEW_ADDRESS | Kind::DELETE_ADDRESS => change_address(stack, request),
        Kind::NEW_ROUTE | Kind::DELETE_ROUTE => change_route(stack, request),
        Kind::NEW_NEIGHBOUR | Kind::DELETE_NEIGHBOUR => change_neighbour(stack, request),
        _ => Err(Errno::OPNOTSUPP),
    }
}

fn change_link(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    let interface = match link_of(stack, request) {
        // Interfaces are made by the servers that serve them.
        Err(_) if request.kind == Kind::NEW_LINK && request.flags & CREATE != 0 => {
            return Err(Errno::OPNOTSUPP);
        }
        found => found?,
    };
    let (head, attributes) = (request.head::<16>(), request.attributes(16));
    let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if let Some(mac) = attributes.get(1) {
        let mac = Mac(*mac.first_chunk().ok_or(Errno::INVAL)?);
        if interface.medium() != Medium::Ethernet || mac.is_group() {
            return Err(Errno::ADDRNOTAVAIL);
        }
        interface.set_mac(mac);
    }
    if let Some(mtu) = attributes.number(4) {
        stack.ip.set_mtu(&interface, mtu)?;
    }
    if let Some(name) = attributes.text(3)
        && name != interface.name()
    {
        stack.ip.host.rename(&interface, name)?;
    }
    let (flags, mask) = (word(8), if word(12) == 0 { u32::MAX } else { word(12) });
    if word(8) != 0 || word(12) != 0 {
        stack.ip.set_flags(&interface, interface.flags() & !mask | flags & mask);
    }
    stack.ip.host.changed(&interface);
    Ok(())
}

fn delete_link(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    let interface = link_of(stack, request)?;
    if interface.medium() != Medium::Ip {
        return Err(Errno::OPNOTSUPP);
    }
    stack.ip.host.remove(&interface);
    stack.ip.refresh();
    Ok(())
}

fn change_address(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    let (head, attributes) = (request.head::<8>(), request.attributes(8));
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    let interface = stack.ip.host.by_index(index).ok_or(Errno::NODEV)?;
    let told = |kind: u16| attributes.get(kind).and_then(address::from_octets);
    let (peer, local) = (told(1), told(2));
    let own = local.or(peer).ok_or(Errno::INVAL)?;
    if u16::from(head[0]) != family_of(own) {
        return Err(Errno::INVAL);
    }
    if request.kind == Kind::DELETE_ADDRESS {
        return stack.ip.remove_address(&interface, own);
    }
    let row = Address { address: own, prefix: head[1], peer: peer.filter(|peer| *peer != own) };
    match stack.ip.add_address(&interface, row) {
        Err(Errno::EXIST) if request.flags & REPLACE != 0 => Ok(()),
        outcome => outcome,
    }
}

fn change_route(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    let (head, attributes) = (request.head::<12>(), request.attributes(12));
    let told = |kind: u16| attributes.get(kind).and_then(address::from_octets);
    let (gateway, prefix) = (told(5), head[1]);
    let any: IpAddr = if u16::from(head[0]) == address::INET { [0; 4].into() } else { [0; 16].into() };
    let destination = told(1).unwrap_or(any);
    if !destination.is_ipv4() && u16::from(head[0]) != address::INET6 || prefix > bits(destination) {
        return Err(Errno::INVAL);
    }
    let (interface, metric) = (attributes.number(4), attributes.number(6));
    if request.kind == Kind::DELETE_ROUTE {
        let removed = stack.ip.routes.remove(|route| {
            (route.destination, route.prefix) == (destination, prefix)
                && gateway.is_none_or(|gateway| route.gateway == Some(gateway))
                && interface.is_none_or(|interface| route.interface == interface)
                && metric.is_none_or(|metric| route.metric == metric)
        });
        return removed.map(drop);
    }
    let interface = match (interface, gateway) {
        (Some(interface), _) => stack.ip.host.by_index(interface).ok_or(Errno::NODEV)?.index(),
        (None, Some(gateway)) => stack.ip.way_to(gateway)?.0,
        (None, None) => return Err(Errno::NODEV),
    };
    if let Some(gateway) = gateway
        && (gateway.is_ipv4() != destination.is_ipv4() || stack.ip.is_own(gateway))
    {
        return Err(Errno::INVAL);
    }
    let metric = metric.unwrap_or(if destination.is_ipv6() { 1024 } else { 0 });
    let protocol = if head[5] == 0 { BOOT } else { head[5] };
    let route = Route { destination, prefix, gateway, interface, metric, protocol, source: told(7) };
    if network(destination, prefix) != destination {
        return Err(Errno::INVAL);
    }
    if request.flags & REPLACE != 0 {
        let same =
            |other: &Route| (other.destination, other.prefix, other.metric) == (destination, prefix, metric);
        // There may be none.
        let _ = stack.ip.routes.remove(same);
    }
    stack.ip.routes.add(route)
}

fn change_neighbour(stack: &mut Stack, request: &Message<'_>) -> Result<(), Errno> {
    let (head, attributes) = (request.head::<12>(), request.attributes(12));
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    stack.ip.host.by_index(index).ok_or(Errno::NODEV)?;
    let who = attributes.get(1).and_then(address::from_octets).ok_or(Errno::INVAL)?;
    if request.kind == Kind::DELETE_NEIGHBOUR {
        return if stack.ip.neighbours.forget(index, who) { Ok(()) } else { Err(Errno::NOENT) };
    }
    let mac = Mac(*attributes.get(2).and_then(|mac| mac.first_chunk()).ok_or(Errno::INVAL)?);
    stack.ip.neighbours.set(index, who, mac, Instant::now());
    Ok(())
}
