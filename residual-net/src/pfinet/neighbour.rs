//! Link addresses of neighbours: ARP (RFC 826) and neighbour discovery (RFC 4861).

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::network::{ETHERNET_HEADER, Mac};

use super::address;
use super::packet::{Head, ICMP6, checksum, pseudo};

/// Most neighbours that are known at once.
const MOST: usize = 1024;
/// Most packets that wait for one neighbour.
const WAITING: usize = 64;
/// How often one is asked for, and how long each time.
const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_secs(1);
/// How long one is believed to be where it was.
const FRESH: Duration = Duration::from_secs(300);

/// Ethernet types (IEEE 802).
pub const ETHER_IP4: u16 = 0x0800;
/// Address resolution.
pub const ETHER_ARP: u16 = 0x0806;
/// IPv6.
pub const ETHER_IP6: u16 = 0x86dd;

/// ICMPv6 types of neighbour discovery.
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// What is known of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was asked for so many times.
    Asked(u32),
    /// It is there.
    Known(Mac),
    /// Somebody said that it is there.
    Permanent(Mac),
}

#[derive(Debug)]
struct Neighbour {
    state: State,
    since: Instant,
    waiting: VecDeque<Vec<u8>>,
}

/// What is to be done for a packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send it there.
    Send(Mac, Vec<u8>),
    /// Ask for the neighbour; the packet waits.
    Ask,
    /// The packet waits, or there was no room for it.
    Wait,
}

/// The neighbours of a host: by interface and address.
#[derive(Debug, Default)]
pub struct Neighbours(HashMap<(u32, IpAddr), Neighbour>);

impl Neighbours {
    /// Finds out where to send a packet.
    pub fn resolve(&mut self, interface: u32, to: IpAddr, packet: Vec<u8>, now: Instant) -> Next {
        if self.0.len() >= MOST && !self.0.contains_key(&(interface, to)) {
            self.0.retain(|_, neighbour| matches!(neighbour.state, State::Permanent(_) | State::Asked(_)));
            if self.0.len() >= MOST {
                return Next::Wait;
            }
        }
        let new = || Neighbour { state: State::Asked(0), since: now, waiting: VecDeque::new() };
        let neighbour = self.0.entry((interface, to)).or_insert_with(new);
        match neighbour.state {
            State::Known(mac) if now.duration_since(neighbour.since) < FRESH => Next::Send(mac, packet),
            State::Permanent(mac) => Next::Send(mac, packet),
            State::Known(_) => {
                *neighbour = new();
                neighbour.state = State::Asked(1);
                neighbour.waiting.push_back(packet);
                Next::Ask
            }
            State::Asked(times) => {
                if neighbour.waiting.len() < WAITING {
                    neighbour.waiting.push_back(packet);
                }
                if times == 0 {
                    neighbour.state = State::Asked(1);
                    Next::Ask
                } else {
                    Next::Wait
                }
            }
        }
    }

    /// A neighbour said where it is; gives the packets that waited for it. Those that nobody asked for are noted only
    /// when `wanted`.
    pub fn learn(
        &mut self,
        interface: u32,
        who: IpAddr,
        mac: Mac,
        wanted: bool,
        now: Instant,
    ) -> VecDeque<Vec<u8>> {
        if mac.is_group() || who.is_unspecified() || who.is_multicast() {
            return VecDeque::new();
        }
        if wanted && self.0.len() < MOST {
            let new = || Neighbour { state: State::Asked(0), since: now, waiting: VecDeque::new() };
            self.0.entry((interface, who)).or_insert_with(new);
        }
        match self.0.get_mut(&(interface, who)) {
            Some(neighbour) if !matches!(neighbour.state, State::Permanent(_)) => {
                neighbour.state = State::Known(mac);
                neighbour.since = now;
                std::mem::take(&mut neighbour.waiting)
            }
            _ => VecDeque::new(),
        }
    }

    /// Says that a neighbour is there, for good.
    pub fn set(&mut self, interface: u32, who: IpAddr, mac: Mac, now: Instant) {
        if self.0.len() < MOST {
            self.0.insert(
                (interface, who),
                Neighbour { state: State::Permanent(mac), since: now, waiting: VecDeque::new() },
            );
        }
    }

    /// Forgets a neighbour; false when there was none.
    pub fn forget(&mut self, interface: u32, who: IpAddr) -> bool {
        self.0.remove(&(interface, who)).is_some()
    }

    /// Forgets all of an interface.
    pub fn forget_interface(&mut self, interface: u32) {
        self.0.retain(|(other, _), _| *other != interface);
    }

    /// Those who must be asked for again, and the packets for those that do not answer.
    pub fn expire(&mut self, now: Instant) -> (Vec<(u32, IpAddr)>, Vec<Vec<u8>>) {
        let (mut again, mut lost) = (Vec::new(), Vec::new());
        self.0.retain(|key, neighbour| {
            let State::Asked(times) = neighbour.state else { return true };
            if now.duration_since(neighbour.since) < WAIT * times.max(1) {
                return true;
            }
            if times >= TRIES {
                lost.extend(neighbour.waiting.drain(..));
                return false;
            }
            neighbour.state = State::Asked(times + 1);
            again.push(*key);
            true
        });
        (again, lost)
    }

    /// When [`Neighbours::expire`] has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        let asked = self.0.values().filter_map(|neighbour| match neighbour.state {
            State::Asked(times) => Some(neighbour.since + WAIT * times.max(1)),
            _ => None,
        });
        asked.min()
    }

    /// All of them: interface, address, and what is known.
    pub fn all(&self) -> impl Iterator<Item = (u32, IpAddr, State)> + '_ {
        self.0.iter().map(|((interface, address), neighbour)| (*interface, *address, neighbour.state))
    }
}

/// An Ethernet frame: its header in front of what `body` holds.
pub fn frame(to: Mac, from: Mac, kind: u16, body: &[u8]) -> Vec<u8> {
    [&to.0[..], &from.0, &kind.to_be_bytes(), body].concat()
}

/// Writes an Ethernet header into the first bytes of a frame.
pub fn write_header(frame: &mut [u8], to: Mac, from: Mac, kind: u16) {
    frame[..6].copy_from_slice(&to.0);
    frame[6..12].copy_from_slice(&from.0);
    frame[12..ETHERNET_HEADER].copy_from_slice(&kind.to_be_bytes());
}

/// An ARP message (RFC 826): 1 asks, 2 answers.
fn arp(kind: u16, own: (Mac, Ipv4Addr), other: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut body = vec![0, 1, 8, 0, 6, 4];
    body.extend(kind.to_be_bytes());
    for (mac, ip) in [own, other] {
        body.extend(mac.0);
        body.extend(ip.octets());
    }
    body
}

/// A message of neighbour discovery with the sender's link address as its option, in a whole frame.
fn discovery(kind: u8, own: (Mac, Ipv6Addr), to: (Mac, Ipv6Addr), target: Ipv6Addr, flags: u8) -> Vec<u8> {
    let head = Head { source: own.1.into(), destination: to.1.into(), protocol: ICMP6, hops: 255, class: 0 };
    let mut packet = head.packet(32, |body| {
        body[0] = kind;
        body[4] = flags;
        body[8..24].copy_from_slice(&target.octets());
        body[24] = if kind == SOLICITATION { 1 } else { 2 };
        body[25] = 1;
        body[26..32].copy_from_slice(&own.0.0);
        let sum = checksum(body, pseudo(head.source, head.destination, ICMP6, 32));
        body[2..4].copy_from_slice(&sum.to_be_bytes());
    });
    write_header(&mut packet, to.0, own.0, ETHER_IP6);
    packet
}

/// The frame that asks who has an address.
pub fn question(own: (Mac, IpAddr), target: IpAddr) -> Option<Vec<u8>> {
    match (own.1, target) {
        (IpAddr::V4(ip), IpAddr::V4(target)) => {
            Some(frame(Mac::BROADCAST, own.0, ETHER_ARP, &arp(1, (own.0, ip), (Mac::default(), target))))
        }
        (IpAddr::V6(ip), IpAddr::V6(target)) => {
            let [.., a, b, c] = target.octets();
            let group =
                Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from(b) << 8 | u16::from(c));
            Some(discovery(SOLICITATION, (own.0, ip), (group_mac(group.into()), group), target, 0))
        }
        _ => None,
    }
}

/// The frame that tells everybody where an address is now (RFC 5227 section 2.3, RFC 4861 section 7.2.6).
pub fn announcement(own: (Mac, IpAddr)) -> Option<Vec<u8>> {
    match own.1 {
        IpAddr::V4(_) => question(own, own.1),
        IpAddr::V6(ip) => {
            let all = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
            // To be believed, though nobody asked.
            Some(discovery(ADVERTISEMENT, (own.0, ip), (group_mac(all.into()), all), ip, 0x20))
        }
    }
}

/// The link address of a multicast group (RFC 1112 section 6.4, RFC 2464 section 7).
pub fn group_mac(group: IpAddr) -> Mac {
    match group {
        IpAddr::V4(ip) => {
            let [_, b, c, d] = ip.octets();
            Mac([1, 0, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(ip) => {
            let [.., a, b, c, d] = ip.octets();
            Mac([0x33, 0x33, a, b, c, d])
        }
    }
}

/// What somebody said of addresses on the link.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Who said it, and where that is; nothing when it has no address yet.
    pub sender: Option<(IpAddr, Mac)>,
    /// Whom it asks for.
    pub asks: Option<IpAddr>,
}

/// Reads an ARP message.
pub fn read_arp(body: &[u8]) -> Option<Said> {
    let body = body.first_chunk::<28>()?;
    if body[..6] != [0, 1, 8, 0, 6, 4] {
        return None;
    }
    let ip = |at: usize| IpAddr::from([body[at], body[at + 1], body[at + 2], body[at + 3]]);
    let mac = Mac(core::array::from_fn(|at| body[8 + at]));
    let sender = (!ip(14).is_unspecified()).then_some((ip(14), mac));
    match body[7] {
        1 => Some(Said { sender, asks: Some(ip(24)) }),
        2 => Some(Said { sender, asks: None }),
        _ => None,
    }
}

/// Reads a message of neighbour discovery, which comes from the link itself (hop limit 255).
pub fn read_discovery(packet: &super::packet::Packet) -> Option<Said> {
    let body = packet.payload();
    if packet.hops != 255 || body.len() < 24 || body[1] != 0 {
        return None;
    }
    let target = address::from_octets(&body[8..24])?;
    let wanted = match body[0] {
        SOLICITATION => 1,
        ADVERTISEMENT => 2,
        _ => return None,
    };
    let (mut mac, mut options) = (None, &body[24..]);
    while let [kind, length, ..] = *options {
        let length = usize::from(length) * 8;
        if length == 0 || length > options.len() {
            return None;
        }
        if kind == wanted {
            mac = options.get(2..8).map(|mac| Mac(core::array::from_fn(|at| mac[at])));
        }
        options = &options[length..];
    }
    if body[0] == SOLICITATION {
        let sender = mac.filter(|_| !packet.source.is_unspecified()).map(|mac| (packet.source, mac));
        Some(Said { sender, asks: Some(target) })
    } else {
        Some(Said { sender: mac.map(|mac| (target, mac)), asks: None })
    }
}

/// The frame that answers one who asked for an address of this host.
pub fn answer(own: (Mac, IpAddr), to: (Mac, IpAddr)) -> Option<Vec<u8>> {
    match (own.1, to.1) {
        (IpAddr::V4(ip), IpAddr::V4(other)) => {
            Some(frame(to.0, own.0, ETHER_ARP, &arp(2, (own.0, ip), (to.0, other))))
        }
        // Solicited, and to be believed (RFC 4861 section 4.4).
        (IpAddr::V6(ip), IpAddr::V6(other)) => {
            Some(discovery(ADVERTISEMENT, (own.0, ip), (to.0, other), ip, 0x60))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfinet::packet::Packet;
    use bytes::Bytes;

    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn questions_and_answers_are_understood() {
        for (own, other) in [("10.1.0.1", "10.1.0.2"), ("fd00::1", "fd00::2")] {
            let (own, other) = (ip(own), ip(other));
            let read = |frame: Vec<u8>| match own {
                IpAddr::V4(_) => read_arp(&frame[ETHERNET_HEADER..]),
                IpAddr::V6(_) => {
                    let packet = Packet::read(&Bytes::from(frame).slice(ETHERNET_HEADER..), 1, true).unwrap();
                    assert!(packet.is_summed());
                    read_discovery(&packet)
                }
            };
            let asked = read(question((A, own), other).unwrap()).unwrap();
            assert_eq!(asked, Said { sender: Some((own, A)), asks: Some(other) });
            let told = read(answer((B, other), (A, own)).unwrap()).unwrap();
            assert_eq!(told, Said { sender: Some((other, B)), asks: None });
        }
        assert_eq!(read_arp(&[0; 28]), None);
    }

    #[test]
    fn packets_wait_until_the_neighbour_is_known_or_given_up() {
        let (mut neighbours, start) = (Neighbours::default(), Instant::now());
        let to = ip("10.1.0.2");
        assert_eq!(neighbours.resolve(1, to, vec![1], start), Next::Ask);
        assert_eq!(neighbours.resolve(1, to, vec![2], start), Next::Wait);
        assert_eq!(neighbours.learn(1, to, B, false, start), [vec![1], vec![2]]);
        assert_eq!(neighbours.resolve(1, to, vec![3], start), Next::Send(B, vec![3]));
        assert_eq!(neighbours.resolve(1, to, vec![4], start + FRESH), Next::Ask);
        let mut now = start + FRESH;
        for _ in 1..TRIES {
            now = neighbours.deadline().unwrap();
            assert_eq!(neighbours.expire(now), (vec![(1, to)], vec![]));
        }
        now = neighbours.deadline().unwrap().max(now);
        assert_eq!(neighbours.expire(now), (vec![], vec![vec![4]]));
        assert_eq!(neighbours.deadline(), None);
    }

    #[test]
    fn neighbours_that_nobody_asked_for_take_no_memory() {
        let (mut neighbours, now) = (Neighbours::default(), Instant::now());
        assert!(neighbours.learn(1, ip("10.1.0.9"), B, false, now).is_empty());
        assert_eq!(neighbours.all().count(), 0);
        for number in 0..5000u32 {
            let _ = neighbours.resolve(1, IpAddr::from(number.to_be_bytes()), vec![0], now);
        }
        assert!(neighbours.all().count() <= MOST);
    }
}
