//! Options of sockets, and what is told and changed of interfaces and routes: the operations of `pfinet`, and the
//! requests of netdevice(7) in Linux's layout, to which personalities bring theirs.

use std::net::IpAddr;
use std::sync::Arc;

use schemas::socket::{
    address as address_message, counters, interface, interfaces, route, routes, set_interface,
};
use schemas::{Errno, device};

use crate::network::{Address, Counters, Flags, Host, Interface, Medium};

use super::address::{bits, broadcast, encode, encode_ip, parse, unspecified_like};
use super::options::{BIND_TO_DEVICE, ERROR, IP, IPV6, NETLINK, SOCKET, TCP};
use super::report::{Row, link_type, mask, shown_flags};
use super::route::{Route, STATIC};
use super::stack::{Object, Stack};

/// getsockopt(2).
///
/// # Errors
/// As there.
pub fn get_option(stack: &mut Stack, number: u64, level: i32, name: i32) -> Result<Vec<u8>, Errno> {
    /// `TCP_INFO`, and the state in it, which is its first byte (`linux/tcp.h`).
    const INFORMATION: i32 = 11;
    match (level, name) {
        (SOCKET, ERROR) => return Ok(stack.take_error(number)?.to_ne_bytes().to_vec()),
        (SOCKET, BIND_TO_DEVICE) => {
            let index = stack.options(number)?.0.interface;
            let name = stack.ip.interface(index).map(|interface| interface.name()).unwrap_or_default();
            return Ok([name.as_bytes(), b"\0"].concat());
        }
        (TCP, INFORMATION) => {
            let row = super::report::rows(stack).into_iter().find(|row| row.number == number);
            let mut information = vec![0; 104];
            information[0] = row.map_or(7, |row| row.state);
            // tcpi_snd_mss, tcpi_rcv_mss
            for at in [16, 20] {
                information[at..at + 4].copy_from_slice(&65495u32.to_ne_bytes());
            }
            return Ok(information);
        }
        // IP_MTU, IPV6_MTU
        (IP, 14) | (IPV6, 24) => {
            let peer = parse(&stack.peer(number)?)?;
            let mtu = stack
                .ip
                .way_to(peer.ip())
                .ok()
                .and_then(|way| stack.ip.interface(way.0))
                .map_or(65535, |i| i.mtu());
            return Ok(mtu.min(65535).to_ne_bytes().to_vec());
        }
        _ => {}
    }
    let (options, listening) = stack.options(number)?;
    options.get(level, name, listening)
}

/// setsockopt(2).
///
/// # Errors
/// As there.
pub fn set_option(stack: &mut Stack, number: u64, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
    match (level, name) {
        (SOCKET, BIND_TO_DEVICE) => {
            let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
            let index = if name.is_empty() { 0 } else { named(&stack.ip.host, name)?.index() };
            stack.options(number)?.0.interface = index;
            return Ok(());
        }
        // IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP and what takes them back
        (IP, 35 | 36) | (IPV6, 20 | 21) => {
            let length = if level == IP { 4 } else { 16 };
            let group = value.get(..length).and_then(super::address::from_octets).ok_or(Errno::INVAL)?;
            if !group.is_multicast() {
                return Err(Errno::INVAL);
            }
            let Some(Object::Datagram(datagram)) = stack.objects.get_mut(&number) else {
                return Err(Errno::NOPROTOOPT);
            };
            let joins = matches!((level, name), (IP, 35) | (IPV6, 20));
            let at = datagram.groups.iter().position(|other| *other == group);
            match (joins, at) {
                (true, None) if datagram.groups.len() < 64 => datagram.groups.push(group),
                (true, None) => return Err(Errno::NOBUFS),
                (true, Some(_)) => return Err(Errno::ADDRINUSE),
                (false, Some(at)) => drop(datagram.groups.remove(at)),
                (false, None) => return Err(Errno::ADDRNOTAVAIL),
            }
            return Ok(());
        }
        // NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP
        (NETLINK, 1 | 2) => {
            let Some(Object::Netlink(socket)) = stack.objects.get_mut(&number) else {
                return Err(Errno::NOPROTOOPT);
            };
            let group = value.first_chunk().ok_or(Errno::INVAL)?;
            return socket.set_member(u32::from_ne_bytes(*group), name == 1);
        }
        (NETLINK, _) if !matches!(stack.objects.get(&number), Some(Object::Netlink(_))) => {
            return Err(Errno::NOPROTOOPT);
        }
        _ => {}
    }
    stack.options(number)?.0.set(level, name, value)?;
    stack.apply_options(number);
    Ok(())
}

fn named(host: &Host, name: &[u8]) -> Result<Arc<Interface>, Errno> {
    std::str::from_utf8(name).ok().and_then(|name| host.by_name(name)).ok_or(Errno::NODEV)
}

fn set_counters(mut to: counters::Builder<'_>, from: &Counters) {
    to.set_packets(from.packets());
    to.set_bytes(from.bytes());
    to.set_errors(from.errors());
    to.set_dropped(from.dropped());
}

/// The address of the other end, or of everybody.
fn far(interface: &Interface, row: &Address) -> Option<IpAddr> {
    row.peer.or_else(|| broadcast(row.address, row.prefix).filter(|_| interface.medium() == Medium::Ethernet))
}

/// Writes an interface into a message.
pub fn set_message(mut to: interface::Builder<'_>, interface: &Interface) {
    let index = interface.index();
    to.set_name(interface.name());
    to.set_index(index);
    to.set_flags(shown_flags(interface.flags()));
    to.set_type(u32::from(link_type(interface.medium())));
    to.set_mtu(interface.mtu());
    if interface.medium() != Medium::Ip {
        to.set_hardware(&interface.mac().0);
    }
    set_counters(to.reborrow().init_received(), &interface.received);
    set_counters(to.reborrow().init_sent(), &interface.sent);
    let rows = interface.addresses();
    let mut list = to.init_addresses(rows.len() as u32);
    for (position, row) in rows.iter().enumerate() {
        let mut to = list.reborrow().get(position as u32);
        to.set_address(&encode_ip(row.address, index));
        to.set_mask(&encode_ip(mask(row.address, row.prefix), 0));
        if let Some(far) = far(interface, row) {
            to.set_broadcast(&encode_ip(far, index));
        }
    }
}

/// `socket.interfaces`.
///
/// # Errors
/// `ENODEV` when there is none of that name.
pub fn interfaces(host: &Host, name: &[u8], results: interfaces::results::Builder<'_>) -> Result<(), Errno> {
    let found = if name.is_empty() { host.interfaces() } else { vec![named(host, name)?] };
    let mut list = results.init_interfaces(found.len() as u32);
    for (position, interface) in found.iter().enumerate() {
        set_message(list.reborrow().get(position as u32), interface);
    }
    Ok(())
}

fn prefix_of(mask: &[u8], address: IpAddr) -> Result<u8, Errno> {
    if mask.is_empty() {
        return Ok(bits(address));
    }
    let octets = super::address::octets(parse(mask)?.ip());
    Ok(octets.iter().map(|byte| byte.count_ones() as u8).sum())
}

fn read_address(row: address_message::Reader<'_>, interface: &Interface) -> Result<Address, Errno> {
    let address = parse(row.get_address()?)?.ip();
    let prefix = prefix_of(row.get_mask()?, address)?;
    let peer = match row.get_broadcast()? {
        [] => None,
        peer if interface.medium() == Medium::Ip => Some(parse(peer)?.ip()),
        _ => None,
    };
    Ok(Address { address, prefix, peer })
}

/// `socket.setInterface`.
///
/// # Errors
/// As the requests of netdevice(7) that it stands for.
pub fn set_interface(stack: &mut Stack, params: set_interface::params::Reader<'_>) -> Result<(), Errno> {
    use set_interface::params::change::Which;
    let change = params.get_change().which().map_err(|_| Errno::INVAL)?;
    if let Which::Create(()) = change {
        // Interfaces are made by the servers that serve them.
        return Err(Errno::OPNOTSUPP);
    }
    let interface = named(&stack.ip.host, params.get_name()?)?;
    match change {
        Which::Flags(flags) => {
            stack.ip.set_flags(&interface, flags);
            Ok(())
        }
        Which::Mtu(mtu) => stack.ip.set_mtu(&interface, mtu),
        Which::Rename(name) => {
            let name = std::str::from_utf8(name?).map_err(|_| Errno::INVAL)?;
            stack.ip.host.clone().rename(&interface, name)
        }
        Which::AddAddress(row) => stack.ip.add_address(&interface, read_address(row?, &interface)?),
        Which::RemoveAddress(row) => {
            let row = read_address(row?, &interface)?;
            stack.ip.remove_address(&interface, row.address)
        }
        Which::Destroy(()) if interface.medium() == Medium::Ip => {
            stack.ip.host.clone().remove(&interface);
            Ok(())
        }
        Which::Destroy(()) | Which::Create(()) => Err(Errno::OPNOTSUPP),
    }
}

fn read_route(stack: &Stack, row: route::Reader<'_>) -> Result<Route, Errno> {
    let gateway = match row.get_gateway()? {
        [] => None,
        gateway => Some(parse(gateway)?.ip()),
    };
    let (destination, prefix) = match row.get_destination()? {
        [] => (gateway.map_or([0; 4].into(), unspecified_like), 0),
        destination => (parse(destination)?.ip(), row.get_prefix()),
    };
    let name = row.get_interface()?.to_str().map_err(|_| Errno::NODEV)?;
    let interface = match (name, gateway) {
        ("", Some(gateway)) => stack.ip.way_to(gateway)?.0,
        ("", None) => return Err(Errno::NODEV),
        (name, _) => named(&stack.ip.host, name.as_bytes())?.index(),
    };
    Ok(Route {
        destination,
        prefix,
        gateway,
        interface,
        metric: row.get_metric(),
        protocol: STATIC,
        source: None,
    })
}

/// Writes a socket into a message.
pub fn set_socket(mut to: schemas::socket::connection::Builder<'_>, row: &Row) {
    to.set_family(row.family);
    to.set_protocol(row.protocol);
    to.set_type(row.kind);
    to.set_state(row.state);
    to.set_local(&encode(row.local, row.family));
    to.set_remote(&encode(row.remote, row.family));
    to.set_receive_queue(row.receive_queue);
    to.set_send_queue(row.send_queue);
    to.set_dropped(row.dropped);
    to.set_object(row.number);
}

/// `socket.routes`.
///
/// # Errors
/// As the requests that it stands for: `EEXIST`, `ESRCH`, `ENODEV`, `ENETUNREACH`.
pub fn routes(
    stack: &mut Stack,
    params: routes::params::Reader<'_>,
    results: routes::results::Builder<'_>,
) -> Result<(), Errno> {
    use routes::params::action::Which;
    match params.get_action().which().map_err(|_| Errno::INVAL)? {
        Which::List(()) => {}
        Which::Add(row) => {
            let route = read_route(stack, row?)?;
            stack.ip.routes.add(route)?;
        }
        Which::Remove(row) => {
            let row = row?;
            let gateway = row.get_gateway()?;
            let gateway = if gateway.is_empty() { None } else { Some(parse(gateway)?.ip()) };
            let destination = match row.get_destination()? {
                [] => gateway.map_or([0; 4].into(), unspecified_like),
                destination => parse(destination)?.ip(),
            };
            let prefix = if row.get_destination()?.is_empty() { 0 } else { row.get_prefix() };
            stack.ip.routes.remove(|route| {
                (route.destination, route.prefix) == (destination, prefix)
                    && gateway.is_none_or(|gateway| route.gateway == Some(gateway))
            })?;
        }
    }
    let all = stack.ip.routes.all();
    let mut list = results.init_routes(all.len() as u32);
    for (position, route) in all.iter().enumerate() {
        set_route(stack, list.reborrow().get(position as u32), route);
    }
    Ok(())
}

fn set_route(stack: &Stack, mut to: route::Builder<'_>, route: &Route) {
    if route.prefix != 0 || route.destination.is_ipv6() {
        to.set_destination(&encode_ip(route.destination, route.interface));
    }
    to.set_prefix(route.prefix);
    if let Some(gateway) = route.gateway {
        to.set_gateway(&encode_ip(gateway, route.interface));
    }
    to.set_interface(
        stack.ip.interface(route.interface).map(|interface| interface.name()).unwrap_or_default(),
    );
    to.set_metric(route.metric);
}

/// Requests of netdevice(7) (`linux/sockios.h`).
mod request {
    pub const ADD_ROUTE: u64 = 0x890b;
    pub const DELETE_ROUTE: u64 = 0x890c;
    pub const NAME: u64 = 0x8910;
    pub const LIST: u64 = 0x8912;
    pub const FLAGS: u64 = 0x8913;
    pub const SET_FLAGS: u64 = 0x8914;
    pub const ADDRESS: u64 = 0x8915;
    pub const SET_ADDRESS: u64 = 0x8916;
    pub const PEER: u64 = 0x8917;
    pub const BROADCAST: u64 = 0x8919;
    pub const SET_BROADCAST: u64 = 0x891a;
    pub const MASK: u64 = 0x891b;
    pub const SET_MASK: u64 = 0x891c;
    pub const METRIC: u64 = 0x891d;
    pub const MTU: u64 = 0x8921;
    pub const SET_MTU: u64 = 0x8922;
    pub const RENAME: u64 = 0x8923;
    pub const HARDWARE: u64 = 0x8927;
    pub const INDEX: u64 = 0x8933;
    pub const QUEUE: u64 = 0x8942;
    pub const MAP: u64 = 0x8970;
}

/// `IFNAMSIZ`, and the length of a `struct ifreq`.
const NAME: usize = 16;
const IFREQ: usize = 40;

/// ioctl(2) about interfaces and routes: a `struct ifreq`, for a list all of them, for a route a `struct rtentry`.
///
/// # Errors
/// As netdevice(7); `ENOTTY` for other requests.
pub fn ioctl(
    stack: &mut Stack,
    params: device::control::params::Reader<'_>,
    mut results: device::control::results::Builder<'_>,
    may_change: bool,
) -> Result<(), Errno> {
    use device::control::params::request::Which;
    let Ok(Which::Raw(data)) = params.get_request().which() else { return Err(Errno::NOTTY) };
    let (code, data) = (params.get_code(), data?);
    let changes = matches!(
        code,
        request::ADD_ROUTE
            | request::DELETE_ROUTE
            | request::SET_FLAGS
            | request::SET_ADDRESS
            | request::SET_BROADCAST
            | request::SET_MASK
            | request::SET_MTU
            | request::RENAME
    );
    if changes && !may_change {
        return Err(Errno::PERM);
    }
    let reply = match code {
        request::LIST => list(&stack.ip.host),
        request::ADD_ROUTE | request::DELETE_ROUTE => {
            change_route(stack, code == request::ADD_ROUTE, data)?;
            Vec::new()
        }
        _ => {
            let mut ifreq: [u8; IFREQ] = *data.first_chunk().ok_or(Errno::INVAL)?;
            if changes {
                change(stack, code, &ifreq)?
            } else {
                tell(&stack.ip.host, code, &mut ifreq)?
            }
            ifreq.to_vec()
        }
    };
    results.reborrow().get_reply().set_raw(&reply);
    Ok(())
}

fn first_of_four(interface: &Interface) -> Option<Address> {
    interface.addresses().into_iter().find(|row| row.address.is_ipv4())
}

fn list(host: &Host) -> Vec<u8> {
    let mut all = Vec::new();
    for interface in host.interfaces() {
        for row in interface.addresses().into_iter().filter(|row| row.address.is_ipv4()) {
            let mut ifreq = [0; IFREQ];
            put_name(&mut ifreq, &interface.name());
            ifreq[NAME..NAME + 16].copy_from_slice(&encode_ip(row.address, 0));
            all.extend(ifreq);
        }
    }
    all
}

fn put_name(ifreq: &mut [u8; IFREQ], name: &str) {
    let length = name.len().min(NAME - 1);
    ifreq[..NAME].fill(0);
    ifreq[..length].copy_from_slice(&name.as_bytes()[..length]);
}

fn name_of(ifreq: &[u8; IFREQ]) -> &[u8] {
    let name = &ifreq[..NAME];
    // An alias such as eth0:1 is its interface.
    name.split(|byte| *byte == 0 || *byte == b':').next().unwrap_or_default()
}

fn tell(host: &Host, code: u64, ifreq: &mut [u8; IFREQ]) -> Result<(), Errno> {
    if code == request::NAME {
        let index = u32::from_ne_bytes([ifreq[16], ifreq[17], ifreq[18], ifreq[19]]);
        let name = host.by_index(index).ok_or(Errno::NODEV)?.name();
        put_name(ifreq, &name);
        return Ok(());
    }
    let interface = named(host, name_of(ifreq))?;
    let row = || first_of_four(&interface).ok_or(Errno::ADDRNOTAVAIL);
    let none = IpAddr::from([0; 4]);
    let value = match code {
        request::FLAGS => (shown_flags(interface.flags()) as u16).to_ne_bytes().to_vec(),
        request::ADDRESS => encode_ip(row()?.address, 0),
        request::MASK => row().map(|row| encode_ip(mask(row.address, row.prefix), 0))?,
        request::BROADCAST => {
            let row = row()?;
            encode_ip(far(&interface, &row).unwrap_or(none), 0)
        }
        request::PEER => {
            let row = row()?;
            encode_ip(row.peer.unwrap_or(row.address), 0)
        }
        request::METRIC => vec![0; 4],
        request::MTU => interface.mtu().to_ne_bytes().to_vec(),
        request::INDEX => interface.index().to_ne_bytes().to_vec(),
        request::QUEUE => 1000u32.to_ne_bytes().to_vec(),
        request::MAP => vec![0; 24],
        request::HARDWARE => {
            let mut address = link_type(interface.medium()).to_ne_bytes().to_vec();
            address.extend(interface.mac().0);
            address.resize(16, 0);
            address
        }
        _ => return Err(Errno::NOTTY),
    };
    ifreq[NAME..].fill(0);
    ifreq[NAME..NAME + value.len()].copy_from_slice(&value);
    Ok(())
}

fn change(stack: &mut Stack, code: u64, ifreq: &[u8; IFREQ]) -> Result<(), Errno> {
    let interface = named(&stack.ip.host, name_of(ifreq))?;
    let number = u32::from_ne_bytes([ifreq[16], ifreq[17], ifreq[18], ifreq[19]]);
    match code {
        request::SET_FLAGS => {
            let flags = number & 0xffff;
            stack.ip.set_flags(&interface, interface.flags() & !0xffff | flags);
            Ok(())
        }
        request::SET_MTU => stack.ip.set_mtu(&interface, number),
        request::RENAME => {
            let name = ifreq[NAME..2 * NAME].split(|byte| *byte == 0).next().unwrap_or_default();
            let name = std::str::from_utf8(name).map_err(|_| Errno::INVAL)?;
            stack.ip.host.clone().rename(&interface, name)
        }
        request::SET_ADDRESS => {
            let address = parse(&ifreq[NAME..])?.ip();
            if let Some(old) = first_of_four(&interface) {
                stack.ip.remove_address(&interface, old.address)?;
            }
            if !address.is_unspecified() {
                stack
                    .ip
                    .add_address(&interface, Address { address, prefix: class_of(address), peer: None })?;
            }
            // It goes up with it (devinet(4) of Linux).
            stack.ip.set_flags(&interface, interface.flags() | Flags::UP);
            Ok(())
        }
        request::SET_MASK => {
            let old = first_of_four(&interface).ok_or(Errno::ADDRNOTAVAIL)?;
            let prefix = prefix_of(&encode_ip(parse_mask(&ifreq[NAME..])?, 0), old.address)?;
            stack.ip.remove_address(&interface, old.address)?;
            stack.ip.add_address(&interface, Address { prefix, ..old })
        }
        // It comes of the prefix.
        request::SET_BROADCAST => Ok(()),
        _ => Err(Errno::NOTTY),
    }
}

/// A mask is an address whose family some leave out.
fn parse_mask(bytes: &[u8]) -> Result<IpAddr, Errno> {
    let octets: [u8; 4] = *bytes.get(4..).and_then(|octets| octets.first_chunk()).ok_or(Errno::INVAL)?;
    Ok(octets.into())
}

/// The prefix of an address whose mask nobody said (RFC 791 section 3.2).
fn class_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(ip) if ip.octets()[0] < 128 => 8,
        IpAddr::V4(ip) if ip.octets()[0] < 192 => 16,
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 128,
    }
}

/// `struct rtentry` (`linux/route.h`): destination, gateway and mask are at 8, 24 and 40, flags at 56.
fn change_route(stack: &mut Stack, adds: bool, entry: &[u8]) -> Result<(), Errno> {
    /// `RTF_GATEWAY`, `RTF_HOST`.
    const GATEWAY: u16 = 2;
    const HOST: u16 = 4;
    let part = |at: usize| entry.get(at..at + 16).ok_or(Errno::INVAL);
    let flags = u16::from_ne_bytes([part(48)?[8], part(48)?[9]]);
    let destination = parse(part(8)?)?.ip();
    let prefix =
        if flags & HOST != 0 { 32 } else { prefix_of(&encode_ip(parse_mask(part(40)?)?, 0), destination)? };
    let gateway = if flags & GATEWAY != 0 { Some(parse(part(24)?)?.ip()) } else { None };
    if !adds {
        let fits = |route: &Route| {
            (route.destination, route.prefix) == (destination, prefix)
                && gateway.is_none_or(|gateway| route.gateway == Some(gateway))
        };
        return stack.ip.routes.remove(fits).map(drop);
    }
    // The interface's name is in the guest's memory; the way to the gateway says as much.
    let interface = stack.ip.way_to(gateway.ok_or(Errno::NODEV)?)?.0;
    stack.ip.routes.add(Route {
        destination,
        prefix,
        gateway,
        interface,
        metric: 0,
        protocol: STATIC,
        source: None,
    })
}
