//! `pfinet`: network sockets on the host's stack, and what guests may know of its interfaces and routes.

mod netlink;

use std::sync::Arc;

use schemas::Errno;
use schemas::server::{Caller, Pfinet};
use schemas::socket::{address, counters, interface, interfaces, route, routes, set_interface};

use super::socket::{kind, socket_methods, without_waiting};
use crate::host::{identity::acting_as, raw};
use crate::hurd::world::World;
use netlink::Attributes;

/// Attributes of `linux/if_link.h`, `linux/if_addr.h` and `linux/rtnetlink.h`.
mod attribute {
    pub const LINK_ADDRESS: u16 = 1;
    pub const LINK_NAME: u16 = 3;
    pub const LINK_MTU: u16 = 4;
    pub const LINK_COUNTERS: u16 = 23;
    pub const ADDRESS: u16 = 1;
    pub const LOCAL: u16 = 2;
    pub const BROADCAST: u16 = 4;
    pub const DESTINATION: u16 = 1;
    pub const INTERFACE: u16 = 4;
    pub const GATEWAY: u16 = 5;
    pub const METRIC: u16 = 6;
    pub const TABLE: u16 = 15;
}

/// `RT_TABLE_MAIN`, `RTN_UNICAST`, `RTPROT_STATIC`, `RT_SCOPE_LINK`.
const MAIN: u8 = 254;
const UNICAST: u8 = 1;
const STATIC: u8 = 4;
const LINK_SCOPE: u8 = 253;

/// The server.
pub struct PfinetServer {
    world: Arc<World>,
}

impl PfinetServer {
    /// The server of a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    fn may_change(&self, caller: &Caller) -> Result<(), Errno> {
        if caller.credentials.is_root() && self.world.policy().set_network {
            Ok(())
        } else {
            Err(Errno::PERM)
        }
    }
}

/// `struct sockaddr_in` or `sockaddr_in6` for the bare address; link-local ones carry their interface.
fn socket_address(bytes: &[u8], interface: u32) -> Vec<u8> {
    let mut address = Vec::new();
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        address.extend((libc::AF_INET as u16).to_ne_bytes());
        address.extend([0; 2]);
        address.extend(four);
        address.extend([0; 8]);
    } else if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        let local = std::net::Ipv6Addr::from(sixteen).is_unicast_link_local();
        address.extend((libc::AF_INET6 as u16).to_ne_bytes());
        address.extend([0; 6]);
        address.extend(sixteen);
        address.extend(if local { interface } else { 0 }.to_ne_bytes());
    }
    address
}

/// The bare address in a `struct sockaddr`.
fn bare(address: &[u8]) -> Result<&[u8], Errno> {
    let family = address.get(..2).map(|family| u16::from_ne_bytes([family[0], family[1]]));
    match family.map(i32::from) {
        Some(libc::AF_INET) => address.get(4..8),
        Some(libc::AF_INET6) => address.get(8..24),
        _ => return Err(Errno::AFNOSUPPORT),
    }
    .ok_or(Errno::INVAL)
}

fn family(bare: &[u8]) -> u8 {
    if bare.len() == 4 { libc::AF_INET as u8 } else { libc::AF_INET6 as u8 }
}

/// A mask of so many bits, as long as the address.
fn mask(prefix: u8, length: usize) -> Vec<u8> {
    (0..length).map(|byte| !(0xffu16 >> usize::from(prefix).saturating_sub(8 * byte).min(8)) as u8).collect()
}

fn prefix(mask: &[u8]) -> u8 {
    mask.iter().map(|byte| byte.count_ones() as u8).sum()
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    bytes.get(offset..offset + 4).map_or(0, |word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
}

fn set_counters(mut builder: counters::Builder<'_>, statistics: &[u8], first: usize) {
    // struct rtnl_link_stats64: pairs of received and sent packets, bytes, errors, drops.
    let number = |index: usize| {
        let bytes = statistics.get(8 * index..8 * index + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_ne_bytes)
    };
    builder.set_packets(number(first));
    builder.set_bytes(number(first + 2));
    builder.set_errors(number(first + 4));
    builder.set_dropped(number(first + 6));
}

fn fill_interfaces(results: interfaces::results::Builder<'_>, wanted: &[u8]) -> Result<(), Errno> {
    let mut links = netlink::links()?;
    links.retain(|link| {
        let name = link.attributes.text(attribute::LINK_NAME).unwrap_or_default();
        wanted.is_empty() || name.as_bytes() == wanted
    });
    if !wanted.is_empty() && links.is_empty() {
        return Err(Errno::NODEV);
    }
    let addresses = netlink::addresses()?;
    let mut list = results.init_interfaces(links.len() as u32);
    for (position, link) in links.iter().enumerate() {
        let mut builder: interface::Builder<'_> = list.reborrow().get(position as u32);
        // struct ifinfomsg: family, padding, type, index, flags, change mask.
        let (kind, index) = (u16::from_ne_bytes([link.head[2], link.head[3]]), u32_at(&link.head, 4));
        builder.set_name(link.attributes.text(attribute::LINK_NAME).unwrap_or_default());
        builder.set_index(index);
        builder.set_flags(u32_at(&link.head, 8));
        builder.set_type(u32::from(kind));
        builder.set_mtu(link.attributes.number(attribute::LINK_MTU).unwrap_or(0));
        builder.set_hardware(link.attributes.get(attribute::LINK_ADDRESS).unwrap_or_default());
        let statistics = link.attributes.get(attribute::LINK_COUNTERS).unwrap_or_default();
        set_counters(builder.reborrow().init_received(), statistics, 0);
        set_counters(builder.reborrow().init_sent(), statistics, 1);
        let own: Vec<_> = addresses.iter().filter(|address| u32_at(&address.head, 4) == index).collect();
        let mut rows = builder.init_addresses(own.len() as u32);
        for (position, address) in own.into_iter().enumerate() {
            set_address(rows.reborrow().get(position as u32), &address.attributes, address.head[1], index);
        }
    }
    Ok(())
}

/// On a point-to-point link the attribute for the address holds the peer's, and that for the local one the own.
fn set_address(mut builder: address::Builder<'_>, attributes: &Attributes, bits: u8, interface: u32) {
    let peer = attributes.get(attribute::ADDRESS).unwrap_or_default();
    let own = attributes.get(attribute::LOCAL).unwrap_or(peer);
    let far = attributes.get(attribute::BROADCAST).or((own != peer).then_some(peer));
    builder.set_address(&socket_address(own, interface));
    builder.set_mask(&socket_address(&mask(bits, own.len()), 0));
    builder.set_broadcast(&far.map(|far| socket_address(far, interface)).unwrap_or_default());
}

fn fill_routes(results: routes::results::Builder<'_>) -> Result<(), Errno> {
    let names = netlink::links()?;
    let name = |index: u32| {
        let link = names.iter().find(|link| u32_at(&link.head, 4) == index);
        link.and_then(|link| link.attributes.text(attribute::LINK_NAME)).unwrap_or_default()
    };
    let mut rows = netlink::routes()?;
    // struct rtmsg: family, destination bits, source bits, service, table, protocol, scope, type, flags.
    rows.retain(|row| {
        let table = row.attributes.number(attribute::TABLE).unwrap_or(u32::from(row.head[4]));
        table == u32::from(MAIN) && row.head[7] == UNICAST
    });
    let mut list = results.init_routes(rows.len() as u32);
    for (position, row) in rows.iter().enumerate() {
        let mut builder: route::Builder<'_> = list.reborrow().get(position as u32);
        let index = row.attributes.number(attribute::INTERFACE).unwrap_or(0);
        let address = |kind: u16| {
            row.attributes.get(kind).map(|bytes| socket_address(bytes, index)).unwrap_or_default()
        };
        builder.set_destination(&address(attribute::DESTINATION));
        builder.set_prefix(row.head[1]);
        builder.set_gateway(&address(attribute::GATEWAY));
        builder.set_interface(name(index));
        builder.set_metric(row.attributes.number(attribute::METRIC).unwrap_or(0));
    }
    Ok(())
}

fn index_of(name: &str) -> Result<u32, Errno> {
    let links = netlink::links()?;
    let link = links.iter().find(|link| link.attributes.text(attribute::LINK_NAME).as_deref() == Some(name));
    link.map(|link| u32_at(&link.head, 4)).ok_or(Errno::NODEV)
}

fn link_head(index: u32, flags: u32, change: u32) -> Vec<u8> {
    [[0; 4], index.to_ne_bytes(), flags.to_ne_bytes(), change.to_ne_bytes()].concat()
}

fn change_route(kind: u16, flags: u16, route: route::Reader<'_>) -> Result<(), Errno> {
    let (destination, gateway) = (route.get_destination()?, route.get_gateway()?);
    let destination = if destination.is_empty() { &[] } else { bare(destination)? };
    let gateway = if gateway.is_empty() { &[] } else { bare(gateway)? };
    let interface = route.get_interface()?.to_str().map_err(|_| Errno::NODEV)?;
    let family = family(if destination.is_empty() { gateway } else { destination });
    let bits = if destination.is_empty() { 0 } else { route.get_prefix() };
    let scope = if gateway.is_empty() { LINK_SCOPE } else { 0 };
    let head = [family, bits, 0, 0, MAIN, STATIC, scope, UNICAST, 0, 0, 0, 0];
    let index = if interface.is_empty() { [0; 4] } else { index_of(interface)?.to_ne_bytes() };
    let metric = route.get_metric().to_ne_bytes();
    let mut attributes: Vec<(u16, &[u8])> = Vec::new();
    for (kind, value, set) in [
        (attribute::DESTINATION, destination, !destination.is_empty()),
        (attribute::GATEWAY, gateway, !gateway.is_empty()),
        (attribute::INTERFACE, &index, !interface.is_empty()),
        (attribute::METRIC, &metric, route.get_metric() != 0),
    ] {
        if set {
            attributes.push((kind, value));
        }
    }
    netlink::change(kind, flags, &head, &attributes)
}

fn change_address(kind: u16, flags: u16, index: u32, row: address::Reader<'_>) -> Result<(), Errno> {
    let own = bare(row.get_address()?)?;
    let bits = match row.get_mask()? {
        [] => own.len() as u8 * 8,
        mask => prefix(bare(mask)?),
    };
    let mut head = vec![family(own), bits, 0, 0];
    head.extend(index.to_ne_bytes());
    let mut attributes = vec![(attribute::LOCAL, own), (attribute::ADDRESS, own)];
    if !row.get_broadcast()?.is_empty() {
        attributes.push((attribute::BROADCAST, bare(row.get_broadcast()?)?));
    }
    netlink::change(kind, flags, &head, &attributes)
}

fn change_interface(params: set_interface::params::Reader<'_>) -> Result<(), Errno> {
    use set_interface::params::change::Which;
    let name = std::str::from_utf8(params.get_name()?).map_err(|_| Errno::NODEV)?;
    let change = params.get_change().which().map_err(|_| Errno::INVAL)?;
    if let Which::Create(()) = change {
        // Virtual interfaces are made by the residual servers that serve them.
        return Err(Errno::OPNOTSUPP);
    }
    let index = index_of(name)?;
    match change {
        Which::Flags(flags) => netlink::change(netlink::NEW_LINK, 0, &link_head(index, flags, u32::MAX), &[]),
        Which::Mtu(mtu) => {
            let mtu = mtu.to_ne_bytes();
            netlink::change(netlink::NEW_LINK, 0, &link_head(index, 0, 0), &[(attribute::LINK_MTU, &mtu)])
        }
        Which::Rename(new) => {
            let new = [new?, b"\0"].concat();
            netlink::change(netlink::NEW_LINK, 0, &link_head(index, 0, 0), &[(attribute::LINK_NAME, &new)])
        }
        Which::Destroy(()) => netlink::change(netlink::DELETE_LINK, 0, &link_head(index, 0, 0), &[]),
        Which::AddAddress(row) => change_address(netlink::NEW_ADDRESS, netlink::CREATE, index, row?),
        Which::RemoveAddress(row) => change_address(netlink::DELETE_ADDRESS, 0, index, row?),
        Which::Create(()) => Err(Errno::OPNOTSUPP),
    }
}

impl Pfinet for PfinetServer {
    methods! {
        fn socket_socket[socket::socket](&self, caller, params, _results, caps) {
            let domain = params.get_domain() as i32;
            if domain == libc::AF_UNIX {
                return Err(Errno::AFNOSUPPORT);
            }
            let kind = kind(params.get_type(), params.get_flags())?;
            let socket = acting_as(&caller.credentials, || raw::socket(domain, kind, params.get_protocol() as i32))?;
            caps.donate(socket);
            Ok(())
        }

        fn socket_bind[socket::bind](&self, caller, params, _results, caps) {
            acting_as(&caller.credentials, || raw::bind(caps.received(0)?, params.get_address()?))
        }

        fn socket_connect[socket::connect](&self, caller, params, _results, caps) {
            let socket = caps.received(0)?;
            acting_as(&caller.credentials, || {
                without_waiting(socket, || raw::connect(socket, params.get_address()?))
            })
        }

        fn socket_interfaces[socket::interfaces](&self, _caller, params, results, _caps) {
            fill_interfaces(results, params.get_name()?)
        }

        fn socket_set_interface[socket::set_interface](&self, caller, params, results, _caps) {
            self.may_change(caller)?;
            change_interface(params)?;
            results.set_name(params.get_name()?);
            Ok(())
        }

        fn socket_routes[socket::routes](&self, caller, params, results, _caps) {
            use schemas::socket::routes::params::action::Which;
            match params.get_action().which().map_err(|_| Errno::INVAL)? {
                Which::List(()) => {}
                Which::Add(route) => {
                    self.may_change(caller)?;
                    change_route(netlink::NEW_ROUTE, netlink::CREATE, route?)?;
                }
                Which::Remove(route) => {
                    self.may_change(caller)?;
                    change_route(netlink::DELETE_ROUTE, 0, route?)?;
                }
            }
            fill_routes(results)
        }
    }

    socket_methods!();
    descriptor_methods!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::{ask, caller, donated, none, world};
    use schemas::Personality;
    use schemas::server::{Capabilities, Credentials, PfinetServer as Named};

    fn server() -> (Named<PfinetServer>, Caller) {
        (Named::new("pfinet", PfinetServer::new(world())), caller(Personality::FreeBsd))
    }

    fn socket(
        server: &Named<PfinetServer>,
        from: &Caller,
        domain: i32,
        kind: i32,
    ) -> Result<std::os::fd::OwnedFd, Errno> {
        let mut caps = none();
        ask!(
            *server,
            from,
            socket::socket,
            SocketSocket,
            |p| {
                p.set_domain(domain as u32);
                p.set_type(kind as u32);
            },
            &mut caps,
            |_r| ()
        )?;
        Ok(donated(caps))
    }

    #[test]
    fn stream_is_connected_without_waiting() {
        let (server, caller) = server();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket_address(&[127, 0, 0, 1], 0);
        let mut address = address.clone();
        address[2..4].copy_from_slice(&listener.local_addr().unwrap().port().to_be_bytes());
        let stream = socket(&server, &caller, libc::AF_INET, libc::SOCK_STREAM).unwrap();
        let mut caps = Capabilities::new(vec![stream]);
        let connected = ask!(
            server,
            &caller,
            socket::connect,
            SocketConnect,
            |p| p.set_address(&address),
            &mut caps,
            |_r| ()
        );
        assert!(matches!(connected, Ok(()) | Err(Errno::INPROGRESS)));
        let (_accepted, _) = listener.accept().unwrap();
        let peer = ask!(server, &caller, socket::get_peer, SocketGetPeer, |_p| (), &mut caps, |r| r
            .get_address()
            .unwrap()
            .to_vec());
        assert_eq!(peer.unwrap(), address);
        let empty =
            ask!(server, &caller, socket::receive, SocketReceive, |p| p.set_length(10), &mut caps, |_r| ());
        assert_eq!(empty, Err(Errno::AGAIN));
        let option = ask!(
            server,
            &caller,
            socket::get_option,
            SocketGetOption,
            |p| {
                p.set_level(libc::SOL_SOCKET);
                p.set_name(libc::SO_TYPE);
                p.set_length(4);
            },
            &mut caps,
            |r| r.get_value().unwrap().to_vec()
        );
        assert_eq!(option.unwrap(), libc::SOCK_STREAM.to_ne_bytes());
    }

    #[test]
    fn privileged_sockets_are_refused_to_guests_without_privilege() {
        let (server, _) = server();
        let user = Credentials { effective_user: 65534, effective_group: 65534, ..Credentials::default() };
        let guest = Caller { credentials: Arc::new(user), ..caller(Personality::Linux) };
        assert_eq!(socket(&server, &guest, libc::AF_PACKET, libc::SOCK_RAW).unwrap_err(), Errno::PERM);
        assert_eq!(
            socket(&server, &guest, libc::AF_UNIX, libc::SOCK_STREAM).unwrap_err(),
            Errno::AFNOSUPPORT
        );
    }

    #[test]
    fn interfaces_and_routes_are_told() {
        let (server, caller) = server();
        let loopback = ask!(
            server,
            &caller,
            socket::interfaces,
            SocketInterfaces,
            |p| p.set_name(b"lo"),
            &mut none(),
            |r| {
                let interface = r.get_interfaces().unwrap().get(0);
                let rows = interface.get_addresses().unwrap();
                let addresses: Vec<_> = rows.iter().map(|row| row.get_address().unwrap().to_vec()).collect();
                (interface.get_flags() as i32 & libc::IFF_LOOPBACK, interface.get_index(), addresses)
            }
        );
        let (flag, index, addresses) = loopback.unwrap();
        assert!(flag != 0 && index > 0);
        assert!(addresses.is_empty() || addresses.contains(&socket_address(&[127, 0, 0, 1], 0)));
        let none_such = ask!(
            server,
            &caller,
            socket::interfaces,
            SocketInterfaces,
            |p| p.set_name(b"nosuch0"),
            &mut none(),
            |_r| ()
        );
        assert_eq!(none_such, Err(Errno::NODEV));
        ask!(
            server,
            &caller,
            socket::routes,
            SocketRoutes,
            |p| p.init_action().set_list(()),
            &mut none(),
            |_r| ()
        )
        .unwrap();
        let add = ask!(
            server,
            &caller,
            socket::routes,
            SocketRoutes,
            |p| {
                p.init_action().init_add();
            },
            &mut none(),
            |_r| ()
        );
        assert_eq!(add, Err(Errno::PERM));
    }

    #[test]
    fn masks_and_prefixes_are_inverse() {
        for bits in 0..=32 {
            assert_eq!(prefix(&mask(bits, 4)), bits);
        }
        assert_eq!(mask(20, 4), [255, 255, 240, 0]);
        assert_eq!(mask(64, 16)[7..9], [255, 0]);
    }
}
