//! The internet layer of a host: which interface a packet leaves by, and what becomes of one that arrives.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use schemas::Errno;

use crate::network::{Address, ETHERNET_HEADER, Flags, Frame, Host, Interface, Mac, Medium, Refused};

use super::address::{bits, broadcast, network};
use super::fragment::{self, Fragments};
use super::icmp::{self, Trouble};
use super::neighbour::{self, Neighbours, Next};
use super::packet::{self, HEADROOM, ICMP, ICMP6, Packet, TCP};
use super::route::{KERNEL, Route, Routes};

/// Counters of the internet layer (`/proc/net/snmp`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Packets that arrived.
    pub received: u64,
    /// Those that were malformed or wrongly summed.
    pub malformed: u64,
    /// Those for somebody else.
    pub misdirected: u64,
    /// Those that were passed on.
    pub forwarded: u64,
    /// Packets of the host itself.
    pub sent: u64,
    /// Those without a route.
    pub unroutable: u64,
}

/// The internet layer.
pub struct Ip {
    /// The host whose interfaces these are.
    pub host: Arc<Host>,
    /// Its interfaces, as they were when [`Ip::refresh`] last looked.
    pub interfaces: Vec<Arc<Interface>>,
    /// The routing table.
    pub routes: Routes,
    /// Who is where on the links.
    pub neighbours: Neighbours,
    /// Whether packets for others are passed on.
    pub forwards: bool,
    /// What passed.
    pub counters: Counters,
    /// Segments for [`smoltcp`], which takes them as its device's.
    pub segments: VecDeque<Bytes>,
    /// Packets that nobody could be found for: to be told to who sent them.
    pub undeliverable: Vec<Vec<u8>>,
    fragments: Fragments,
    /// What the next packet that is taken apart identifies itself by.
    identification: u32,
    own: Vec<(IpAddr, u32)>,
}

impl Ip {
    /// The layer of a host.
    pub fn new(host: Arc<Host>) -> Self {
        let mut ip = Self {
            interfaces: Vec::new(),
            routes: Routes::default(),
            neighbours: Neighbours::default(),
            forwards: false,
            counters: Counters::default(),
            segments: VecDeque::new(),
            undeliverable: Vec::new(),
            fragments: Fragments::default(),
            identification: 0,
            own: Vec::new(),
            host,
        };
        ip.refresh();
        ip
    }

    /// Looks at the interfaces again.
    pub fn refresh(&mut self) {
        self.interfaces = self.host.interfaces();
        let there: Vec<u32> = self.interfaces.iter().map(|interface| interface.index()).collect();
        self.routes.retain(|route| there.contains(&route.interface));
        self.own = self
            .interfaces
            .iter()
            .flat_map(|interface| {
                interface.addresses().into_iter().map(|row| (row.address, interface.index()))
            })
            .collect();
    }

    /// The interface with a number.
    pub fn interface(&self, index: u32) -> Option<&Arc<Interface>> {
        self.interfaces.iter().find(|interface| interface.index() == index)
    }

    /// The interface that leads back to the host.
    fn loopback(&self) -> Option<&Arc<Interface>> {
        self.interfaces.iter().find(|interface| interface.medium() == Medium::Loopback)
    }

    /// Gives an interface an address, with the routes that come of it.
    ///
    /// # Errors
    /// `EEXIST` when it has it, `EINVAL` for one that can be none, `ENOBUFS` when it has too many.
    pub fn add_address(&mut self, interface: &Arc<Interface>, row: Address) -> Result<(), Errno> {
        /// Most addresses of one interface.
        const MOST: usize = 256;
        if row.address.is_multicast() || row.address.is_unspecified() || row.prefix > bits(row.address) {
            return Err(Errno::INVAL);
        }
        interface.update_addresses(|rows| {
            if rows.iter().any(|other| other.address == row.address) {
                return Err(Errno::EXIST);
            }
            if rows.len() >= MOST {
                return Err(Errno::NOBUFS);
            }
            rows.push(row);
            Ok(())
        })?;
        let (destination, prefix) = match row.peer {
            Some(peer) => (peer, bits(peer)),
            None => (network(row.address, row.prefix), row.prefix),
        };
        // Somebody may have made the route before.
        let _ = self.routes.add(Route {
            destination,
            prefix,
            gateway: None,
            interface: interface.index(),
            metric: if destination.is_ipv6() { 256 } else { 0 },
            protocol: KERNEL,
            source: Some(row.address),
        });
        if interface.medium() == Medium::Ethernet
            && let Some(frame) = neighbour::announcement((interface.mac(), row.address))
        {
            // Whoever misses it asks.
            let _ = interface.send(Frame::new(frame));
        }
        self.refresh();
        self.host.changed(interface);
        Ok(())
    }

    /// Takes an address away, with the routes that came of it.
    ///
    /// # Errors
    /// `EADDRNOTAVAIL` when the interface does not have it.
    pub fn remove_address(&mut self, interface: &Arc<Interface>, address: IpAddr) -> Result<(), Errno> {
        interface.update_addresses(|rows| {
            let at = rows.iter().position(|row| row.address == address).ok_or(Errno::ADDRNOTAVAIL)?;
            rows.remove(at);
            Ok::<_, Errno>(())
        })?;
        let index = interface.index();
        self.routes.retain(|route| route.interface != index || route.source != Some(address));
        self.refresh();
        self.host.changed(interface);
        Ok(())
    }

    /// Whether an address is the host's own.
    pub fn is_own(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.own.iter().any(|(own, _)| *own == address)
    }

    /// Whether a socket may be bound to an address.
    pub fn can_bind(&self, address: IpAddr) -> bool {
        address.is_unspecified()
            || address.is_multicast()
            || self.is_own(address)
            || self.is_broadcast(address)
    }

    /// Whether an address is that of everybody on some link.
    pub fn is_broadcast(&self, address: IpAddr) -> bool {
        let IpAddr::V4(ip) = address else { return false };
        ip.is_broadcast()
            || self.interfaces.iter().any(|interface| {
                let mut rows = interface.addresses().into_iter();
                interface.medium() == Medium::Ethernet
                    && rows.any(|row| broadcast(row.address, row.prefix) == Some(address))
            })
    }

    fn is_usable(&self, index: u32) -> bool {
        self.interface(index).is_some_and(|interface| interface.is_up())
    }

    /// How a packet gets to an address: the interface and who takes it there. `through` is the interface that it must
    /// leave by, 0 for any.
    ///
    /// # Errors
    /// `ENETUNREACH` when there is no way.
    fn way(&self, to: IpAddr, through: u32) -> Result<(Arc<Interface>, IpAddr, Option<IpAddr>), Errno> {
        let none = if to.is_ipv4() || to.is_ipv6() { Errno::NETUNREACH } else { Errno::HOSTUNREACH };
        if self.is_own(to) {
            return Ok((self.loopback().filter(|lo| lo.is_up()).ok_or(none)?.clone(), to, None));
        }
        if to.is_multicast() || to == IpAddr::from([255; 4]) {
            let fits = |interface: &&Arc<Interface>| {
                interface.is_up()
                    && if through != 0 {
                        interface.index() == through
                    } else {
                        interface.medium() == Medium::Ethernet
                    }
            };
            return Ok((self.interfaces.iter().find(fits).ok_or(none)?.clone(), to, None));
        }
        let usable = |index: u32| (through == 0 || through == index) && self.is_usable(index);
        let route = self.routes.find(to, usable).ok_or(none)?;
        let interface = self.interface(route.interface).ok_or(none)?;
        Ok((interface.clone(), route.gateway.unwrap_or(to), route.source))
    }

    /// The address from which the host sends to another.
    ///
    /// # Errors
    /// `ENETUNREACH` when there is no way, `EADDRNOTAVAIL` when there is no address.
    pub fn source_for(&self, to: IpAddr, through: u32) -> Result<IpAddr, Errno> {
        if self.is_own(to) {
            return Ok(to);
        }
        let (interface, next, preferred) = self.way(to, through)?;
        if let Some(preferred) = preferred {
            return Ok(preferred);
        }
        let rows = interface.addresses();
        let same = rows.iter().filter(|row| row.address.is_ipv4() == to.is_ipv4());
        let near = |row: &&Address| network(row.address, row.prefix) == network(next, row.prefix);
        let local = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
        let fits = |row: &&Address| local(row.address) == local(to);
        let mut candidates = same.clone();
        let found = candidates.find(near).or_else(|| same.clone().find(fits)).or_else(|| same.clone().next());
        let elsewhere = || {
            self.own.iter().map(|own| own.0).find(|own| own.is_ipv4() == to.is_ipv4() && !own.is_loopback())
        };
        found.map(|row| row.address).or_else(elsewhere).ok_or(Errno::ADDRNOTAVAIL)
    }

    /// The number of the interface by which packets go to an address, and who takes them there, if it is not the
    /// receiver.
    ///
    /// # Errors
    /// `ENETUNREACH` when there is no way.
    pub fn way_to(&self, to: IpAddr) -> Result<(u32, Option<IpAddr>), Errno> {
        let (interface, next, _) = self.way(to, 0)?;
        Ok((interface.index(), Some(next).filter(|next| *next != to)))
    }

    /// Changes the longest packet of an interface, in bytes.
    ///
    /// # Errors
    /// `EINVAL` for one that IP cannot have.
    pub fn set_mtu(&self, interface: &Arc<Interface>, mtu: u32) -> Result<(), Errno> {
        if !(68..=65535).contains(&mtu) {
            return Err(Errno::INVAL);
        }
        interface.set_mtu(mtu);
        self.host.changed(interface);
        Ok(())
    }

    /// Changes the flags of an interface (`IFF_*` of Linux). What is known of its neighbours goes when it goes down.
    pub fn set_flags(&mut self, interface: &Arc<Interface>, flags: u32) {
        interface.set_flags(flags);
        if !interface.is_up() {
            self.neighbours.forget_interface(interface.index());
        }
        self.host.changed(interface);
    }

    /// Sends a packet, which has [`HEADROOM`] in front: in fragments where it is longer than the link carries. `summed` is
    /// false when the checksum of its segment is still to be computed.
    ///
    /// # Errors
    /// As [`Ip::way`]; `EMSGSIZE` when no fragment of it would fit, `ENETDOWN`, `ENOBUFS`.
    pub fn send(&mut self, bytes: Vec<u8>, summed: bool, through: u32) -> Result<(), Errno> {
        let to = destination(&bytes[HEADROOM..]).ok_or(Errno::INVAL)?;
        let (interface, next, _) = self.way(to, through).inspect_err(|_| self.counters.unroutable += 1)?;
        self.counters.sent += 1;
        let mtu = interface.mtu() as usize;
        if bytes.len() - HEADROOM <= mtu {
            return self.send_whole(&interface, next, bytes, summed);
        }
        let whole = if summed { Frame::new(bytes) } else { Frame::unsummed(bytes, HEADROOM).summed() };
        self.identification = self.identification.wrapping_add(1);
        let pieces = fragment::split(&whole.bytes()[HEADROOM..], mtu, self.identification);
        for piece in pieces.ok_or(Errno::MSGSIZE)? {
            self.send_whole(&interface, next, [&[0; HEADROOM], &piece[..]].concat(), true)?;
        }
        Ok(())
    }

    /// Lets routers take a packet apart that has [`HEADROOM`] in front.
    pub fn allow_fragments(&mut self, bytes: &mut [u8]) {
        self.identification = self.identification.wrapping_add(1);
        fragment::allow(&mut bytes[HEADROOM..], self.identification);
    }

    /// The longest packet that goes to an address in one piece.
    pub fn mtu_to(&self, to: IpAddr, through: u32) -> usize {
        self.way(to, through).map_or(65535, |(interface, ..)| interface.mtu() as usize)
    }

    fn send_whole(
        &mut self,
        interface: &Arc<Interface>,
        next: IpAddr,
        mut bytes: Vec<u8>,
        summed: bool,
    ) -> Result<(), Errno> {
        let mtu = interface.mtu() as usize;
        if mtu < 65535 {
            packet::clamp_segment_size(&mut bytes[HEADROOM..], mtu);
        }
        match interface.medium() {
            Medium::Ethernet => self.send_on_link(interface, next, bytes, summed),
            _ => {
                let bytes = Bytes::from(bytes).slice(HEADROOM..);
                let frame = if summed { Frame::new(bytes) } else { Frame::unsummed(bytes, 0) };
                // A tun's reader may be outside.
                let frame = if interface.medium() == Medium::Ip { frame.summed() } else { frame };
                interface.send(frame).map_err(refused)
            }
        }
    }

    fn send_on_link(
        &mut self,
        interface: &Arc<Interface>,
        next: IpAddr,
        bytes: Vec<u8>,
        summed: bool,
    ) -> Result<(), Errno> {
        let index = interface.index();
        if next.is_multicast() || self.is_broadcast(next) {
            let mac = if next.is_multicast() { neighbour::group_mac(next) } else { Mac::BROADCAST };
            return put(interface, mac, next, bytes, summed);
        }
        match self.neighbours.resolve(index, next, bytes, Instant::now()) {
            Next::Send(mac, bytes) => put(interface, mac, next, bytes, summed),
            Next::Ask => {
                self.ask(interface, next);
                Ok(())
            }
            Next::Wait => Ok(()),
        }
    }

    fn ask(&self, interface: &Arc<Interface>, who: IpAddr) {
        let Ok(source) = self.source_on(interface, who) else { return };
        if let Some(frame) = neighbour::question((interface.mac(), source), who) {
            // What cannot be asked is asked again later.
            let _ = interface.send(Frame::new(frame));
        }
    }

    fn source_on(&self, interface: &Arc<Interface>, to: IpAddr) -> Result<IpAddr, Errno> {
        let rows = interface.addresses();
        let same = rows.iter().filter(|row| row.address.is_ipv4() == to.is_ipv4());
        let near = same.clone().find(|row| network(row.address, row.prefix) == network(to, row.prefix));
        near.or(same.clone().next()).map(|row| row.address).ok_or(Errno::ADDRNOTAVAIL)
    }

    /// Asks again for neighbours that did not answer; gives up those that never do.
    pub fn expire_neighbours(&mut self, now: Instant) {
        let (again, lost) = self.neighbours.expire(now);
        for (index, who) in again {
            if let Some(interface) = self.interface(index).cloned() {
                self.ask(&interface, who);
            }
        }
        self.undeliverable.extend(lost);
    }

    /// Takes a frame from an interface; gives the packet in it that is for the host.
    pub fn receive(&mut self, interface: &Arc<Interface>, frame: &Frame) -> Option<Packet> {
        let bytes = frame.bytes();
        let packet = match interface.medium() {
            Medium::Ethernet => {
                match u16::from_be_bytes([*bytes.get(12)?, *bytes.get(13)?]) {
                    neighbour::ETHER_IP4 | neighbour::ETHER_IP6 => {}
                    neighbour::ETHER_ARP => {
                        if let Some(said) = neighbour::read_arp(&bytes[ETHERNET_HEADER..]) {
                            self.heard(interface, &said);
                        }
                        return None;
                    }
                    _ => return None,
                }
                bytes.slice(ETHERNET_HEADER..)
            }
            _ => bytes.clone(),
        };
        self.counters.received += 1;
        let read = Packet::read(&packet, interface.index(), !frame.is_trusted());
        let read = read.filter(|packet| frame.is_trusted() || packet.is_summed());
        let Some(packet) = read else {
            self.counters.malformed += 1;
            return None;
        };
        if packet.protocol == ICMP6
            && let Some(said) = neighbour::read_discovery(&packet)
        {
            if interface.medium() == Medium::Ethernet {
                self.heard(interface, &said);
            }
            return None;
        }
        let to = packet.destination;
        let from_outside = interface.medium() != Medium::Loopback;
        if from_outside && (to.is_loopback() || packet.source.is_loopback()) {
            self.counters.malformed += 1;
            return None;
        }
        if self.is_own(to) || to.is_multicast() || self.is_broadcast(to) {
            if !packet.is_fragment {
                return Some(packet);
            }
            let whole = self.fragments.add(&packet.bytes, Instant::now())?;
            let whole = Packet::read(&whole, interface.index(), false);
            let whole = whole.filter(|packet| !packet.is_fragment && packet.is_summed());
            if whole.is_none() {
                self.counters.malformed += 1;
            }
            return whole;
        }
        if self.forwards && from_outside {
            self.forward(&packet);
        } else {
            self.counters.misdirected += 1;
        }
        None
    }

    fn forward(&mut self, packet: &Packet) {
        if packet.hops <= 1 {
            return icmp::report(self, packet, Trouble::Expired);
        }
        let Ok((interface, ..)) = self.way(packet.destination, 0) else {
            return icmp::report(self, packet, Trouble::NoWay);
        };
        let mtu = interface.mtu();
        let stays_whole = packet.destination.is_ipv6()
            || u16::from_be_bytes([packet.bytes[6], packet.bytes[7]]) & fragment::WHOLE != 0;
        if packet.bytes.len() > mtu as usize && stays_whole {
            return icmp::report(self, packet, Trouble::TooLong(mtu));
        }
        let mut bytes = vec![0; HEADROOM];
        bytes.extend_from_slice(&packet.bytes);
        let head = &mut bytes[HEADROOM..];
        if packet.destination.is_ipv4() {
            head[8] -= 1;
            let length = usize::from(head[0] & 0xf) * 4;
            head[10..12].fill(0);
            let sum = packet::checksum(&head[..length], 0);
            head[10..12].copy_from_slice(&sum.to_be_bytes());
        } else {
            head[7] -= 1;
        }
        self.counters.forwarded += 1;
        // What is lost on the next link is as lost as on any.
        let _ = self.send(bytes, packet.protocol != TCP, 0);
    }

    fn heard(&mut self, interface: &Arc<Interface>, said: &neighbour::Said) {
        let own = said.asks.filter(|asked| interface.addresses().iter().any(|row| row.address == *asked));
        if let Some((who, mac)) = said.sender {
            let waiting = self.neighbours.learn(interface.index(), who, mac, own.is_some(), Instant::now());
            for bytes in waiting {
                // They waited for just this.
                let _ = put(interface, mac, who, bytes, false);
            }
            if let Some(own) = own
                && interface.flags() & Flags::NO_ARP == 0
                && let Some(frame) = neighbour::answer((interface.mac(), own), (mac, who))
            {
                let _ = interface.send(Frame::new(frame));
            }
        }
    }
}

/// Puts a packet into a frame.
fn put(interface: &Interface, to: Mac, next: IpAddr, mut bytes: Vec<u8>, summed: bool) -> Result<(), Errno> {
    let kind = if next.is_ipv4() { neighbour::ETHER_IP4 } else { neighbour::ETHER_IP6 };
    neighbour::write_header(&mut bytes, to, interface.mac(), kind);
    let frame = if summed { Frame::new(bytes) } else { Frame::unsummed(bytes, HEADROOM) };
    interface.send(frame).map_err(refused)
}

fn refused(refused: Refused) -> Errno {
    match refused {
        Refused::Down => Errno::NETDOWN,
        Refused::TooLong => Errno::MSGSIZE,
        Refused::TooShort => Errno::INVAL,
        Refused::Full => Errno::NOBUFS,
    }
}

/// Where a packet goes.
pub fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => super::address::from_octets(packet.get(16..20)?),
        6 => super::address::from_octets(packet.get(24..40)?),
        _ => None,
    }
}

/// The link-local address that comes of a link address (RFC 4291 appendix A).
pub fn link_local(mac: Mac) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0;
    Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}

/// Whether a packet is one of ICMP.
pub fn is_control(protocol: u8) -> bool {
    protocol == ICMP || protocol == ICMP6
}
