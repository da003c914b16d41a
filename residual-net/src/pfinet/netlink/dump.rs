//! What is told of links, addresses, routes and neighbours (`linux/if_link.h`, `linux/if_addr.h`,
//! `linux/rtnetlink.h`, `linux/neighbour.h`).

use std::net::IpAddr;
use std::sync::Arc;

use schemas::Errno;

use crate::network::{Address, Counters, Flags, Interface, Medium};
use crate::pfinet::address::{self, broadcast, family_of, octets};
use crate::pfinet::neighbour::State;
use crate::pfinet::report::link_type;
use crate::pfinet::route::Route;
use crate::pfinet::stack::Stack;

use super::message::{Kind, Message, Replies};

/// Scopes: `RT_SCOPE_*`.
const GLOBAL: u8 = 0;
const LINK: u8 = 253;
const HOST: u8 = 254;
/// `RT_TABLE_MAIN` and `RTN_UNICAST`.
const MAIN: u8 = 254;
const UNICAST: u8 = 1;

/// The interface that a request about a link means: by its number or its name.
pub fn link_of(stack: &Stack, request: &Message<'_>) -> Result<Arc<Interface>, Errno> {
    let head = request.head::<16>();
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    let attributes = request.attributes(16);
    let found = if index != 0 {
        stack.ip.host.by_index(index)
    } else {
        // IFLA_IFNAME, IFLA_ALT_IFNAME
        attributes.text(3).or(attributes.text(53)).and_then(|name| stack.ip.host.by_name(name))
    };
    found.ok_or(Errno::NODEV)
}

/// RTM_GETLINK.
pub fn links(stack: &Stack, request: &Message<'_>, replies: &mut Replies) -> Result<(), Errno> {
    if !request.is_dump() {
        link(Kind::NEW_LINK, &*link_of(stack, request)?, replies);
        return Ok(());
    }
    for interface in stack.ip.host.interfaces() {
        link(Kind::NEW_LINK, &interface, replies);
    }
    Ok(())
}

/// A message of a kind about an interface.
pub fn link(kind: u16, interface: &Interface, replies: &mut Replies) {
    let (flags, medium) = (interface.flags(), interface.medium());
    let up = flags & Flags::UP != 0;
    // IFF_LOWER_UP
    let flags = if up && flags & Flags::RUNNING != 0 { flags | 0x1_0000 } else { flags & !Flags::RUNNING };
    let mut head = vec![0, 0];
    head.extend(link_type(medium).to_ne_bytes());
    head.extend(interface.index().to_ne_bytes());
    head.extend(flags.to_ne_bytes());
    head.extend([0; 4]);
    replies.push(kind, &head, |attributes| {
        attributes.text(3, &interface.name());
        attributes.number(13, 1000);
        // IF_OPER_UNKNOWN, IF_OPER_UP, IF_OPER_DOWN
        let state = match (up, medium) {
            (true, Medium::Ethernet) => 6,
            (false, Medium::Ethernet) => 2,
            _ => 0,
        };
        attributes.add(16, &[state]);
        attributes.add(17, &[0]);
        attributes.number(4, interface.mtu());
        attributes.number(50, 68);
        attributes.number(51, 65535);
        attributes.number(27, 0);
        attributes.number(30, u32::from(interface.is_promiscuous()));
        attributes.number(31, 1);
        attributes.number(32, 1);
        attributes.add(33, &[1]);
        attributes.text(6, "noqueue");
        if medium != Medium::Ip {
            let all = if medium == Medium::Ethernet { [0xff; 6] } else { [0; 6] };
            attributes.add(1, &interface.mac().0);
            attributes.add(2, &all);
        }
        attributes.add(23, &statistics(interface));
    });
}

/// `struct rtnl_link_stats64`.
fn statistics(interface: &Interface) -> Vec<u8> {
    let mut rows = [0u64; 24];
    for (counters, first) in [(&interface.received, 0), (&interface.sent, 1)] {
        let counters: &Counters = counters;
        rows[first] = counters.packets();
        rows[first + 2] = counters.bytes();
        rows[first + 4] = counters.errors();
        rows[first + 6] = counters.dropped();
    }
    rows.iter().flat_map(|row| row.to_ne_bytes()).collect()
}

fn wanted_family(request: &Message<'_>, of: IpAddr) -> bool {
    let family = u16::from(request.head::<1>()[0]);
    family == address::UNSPEC || family == family_of(of)
}

/// RTM_GETADDR.
pub fn addresses(stack: &Stack, request: &Message<'_>, replies: &mut Replies) -> Result<(), Errno> {
    let head = request.head::<8>();
    let index = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    for interface in stack.ip.host.interfaces() {
        if index != 0 && index != interface.index() {
            continue;
        }
        for row in interface.addresses() {
            if wanted_family(request, row.address) {
                one_address(&interface, &row, replies);
            }
        }
    }
    Ok(())
}

fn one_address(interface: &Interface, row: &Address, replies: &mut Replies) {
    /// `IFA_F_PERMANENT`
    const PERMANENT: u8 = 0x80;
    let scope = match row.address {
        ip if ip.is_loopback() => HOST,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => LINK,
        _ => GLOBAL,
    };
    let mut head = vec![family_of(row.address) as u8, row.prefix, PERMANENT, scope];
    head.extend(interface.index().to_ne_bytes());
    replies.push(Kind::NEW_ADDRESS, &head, |attributes| {
        attributes.add(1, &octets(row.peer.unwrap_or(row.address)));
        if row.address.is_ipv4() || row.peer.is_some() {
            attributes.add(2, &octets(row.address));
        }
        if row.address.is_ipv4() {
            let all = broadcast(row.address, row.prefix).filter(|_| interface.medium() == Medium::Ethernet);
            if let Some(all) = all {
                attributes.add(4, &octets(all));
            }
            attributes.text(3, &interface.name());
        }
        attributes.number(8, u32::from(PERMANENT));
        attributes.add(6, &[&[0xff; 8][..], &[0; 8]].concat());
    });
}

/// RTM_GETROUTE: all of the main table, or the one that leads to an address.
pub fn routes(stack: &Stack, request: &Message<'_>, replies: &mut Replies) -> Result<(), Errno> {
    if request.is_dump() {
        let table = request.head::<12>()[4];
        let table = request.attributes(12).number(15).unwrap_or(u32::from(table));
        if table != 0 && table != u32::from(MAIN) {
            return Ok(());
        }
        for route in stack.ip.routes.all().iter().filter(|route| wanted_family(request, route.destination)) {
            one_route(route, MAIN, 0, replies);
        }
        return Ok(());
    }
    let to = request.attributes(12).get(1).and_then(address::from_octets).ok_or(Errno::INVAL)?;
    let (interface, gateway) = stack.ip.way_to(to)?;
    let own = stack.ip.is_own(to);
    let found = Route {
        destination: to,
        prefix: address::bits(to),
        gateway,
        interface,
        metric: 0,
        protocol: 0,
        source: Some(stack.ip.source_for(to, 0)?),
    };
    /// `RTM_F_CLONED`: it is what was found, not what is in the table; `RTM_F_LOCAL`.
    const FOUND: u32 = 0x200;
    const LOCAL: u32 = 0x8000_0000;
    let (table, flags) = if own { (255, FOUND | LOCAL) } else { (MAIN, FOUND) };
    one_route(&found, table, flags, replies);
    Ok(())
}

fn one_route(route: &Route, table: u8, flags: u32, replies: &mut Replies) {
    let scope = if route.gateway.is_some() || route.destination.is_ipv6() { GLOBAL } else { LINK };
    // RTN_LOCAL is 2.
    let kind = if table == MAIN { UNICAST } else { 2 };
    let scope = if flags == 0 { scope } else { GLOBAL };
    let mut head =
        vec![family_of(route.destination) as u8, route.prefix, 0, 0, table, route.protocol, scope, kind];
    head.extend(flags.to_ne_bytes());
    replies.push(Kind::NEW_ROUTE, &head, |attributes| {
        attributes.number(15, u32::from(table));
        if route.prefix != 0 {
            attributes.add(1, &octets(route.destination));
        }
        if let Some(gateway) = route.gateway {
            attributes.add(5, &octets(gateway));
        }
        attributes.number(4, route.interface);
        if route.metric != 0 {
            attributes.number(6, route.metric);
        }
        if let Some(source) = route.source.filter(|_| route.destination.is_ipv4() || flags != 0) {
            attributes.add(7, &octets(source));
        }
        if flags != 0 {
            // RTA_CACHEINFO, a `struct rta_cacheinfo`: nothing is kept of what was found.
            attributes.add(12, &[0; 32]);
        }
        if route.destination.is_ipv6() {
            attributes.add(20, &[0]);
        }
    });
}

/// RTM_GETNEIGH.
pub fn neighbours(stack: &Stack, request: &Message<'_>, replies: &mut Replies) -> Result<(), Errno> {
    // NUD_INCOMPLETE, NUD_REACHABLE, NUD_PERMANENT
    for (interface, who, state) in stack.ip.neighbours.all().filter(|row| wanted_family(request, row.1)) {
        let (state, mac): (u16, _) = match state {
            State::Asked(_) => (0x01, None),
            State::Known(mac) => (0x02, Some(mac)),
            State::Permanent(mac) => (0x80, Some(mac)),
        };
        let mut head = vec![family_of(who) as u8, 0, 0, 0];
        head.extend(interface.to_ne_bytes());
        head.extend(state.to_ne_bytes());
        head.extend([0, UNICAST]);
        replies.push(Kind::NEW_NEIGHBOUR, &head, |attributes| {
            attributes.add(1, &octets(who));
            if let Some(mac) = mac {
                attributes.add(2, &mac.0);
            }
            attributes.add(3, &[0; 16]);
        });
    }
    Ok(())
}
