//! Socket options that sockets of the stack have (socket(7), ip(7), ipv6(7), tcp(7)).

use schemas::Errno;

// Levels (`linux/socket.h`, `linux/in.h`).
pub(super) const SOCKET: i32 = 1;
pub(super) const IP: i32 = 0;
pub(super) const TCP: i32 = 6;
pub(super) const IPV6: i32 = 41;
pub(super) const RAW: i32 = 255;
pub(super) const ICMPV6: i32 = 58;
pub(super) const NETLINK: i32 = 270;

// `asm-generic/socket.h`
const REUSE_ADDRESS: i32 = 2;
const TYPE: i32 = 3;
pub(super) const ERROR: i32 = 4;
const BROADCAST: i32 = 6;
const SEND_BUFFER: i32 = 7;
const RECEIVE_BUFFER: i32 = 8;
const KEEP_ALIVE: i32 = 9;
const LINGER: i32 = 13;
const REUSE_PORT: i32 = 15;
pub(super) const BIND_TO_DEVICE: i32 = 25;
const ACCEPTING: i32 = 30;
const TIMESTAMP: i32 = 29;
const TIMESTAMP_NANOSECONDS: i32 = 35;
const PROTOCOL: i32 = 38;
const DOMAIN: i32 = 39;
// `linux/in.h`
const IP_CLASS: i32 = 1;
const IP_HOPS: i32 = 2;
const IP_HEADER_INCLUDED: i32 = 3;
const IP_RECEIVE_OPTIONS: i32 = 7;
const IP_PACKET_INFORMATION: i32 = 8;
const IP_RECEIVE_HOPS: i32 = 12;
const IP_RECEIVE_CLASS: i32 = 13;
const IP_MULTICAST_INTERFACE: i32 = 32;
const IP_ADD_MEMBERSHIP: i32 = 35;
const IP_DROP_MEMBERSHIP: i32 = 36;
// `linux/in6.h`
const V6_UNICAST_HOPS: i32 = 16;
const V6_ONLY: i32 = 26;
const V6_RECEIVE_PACKET_INFORMATION: i32 = 49;
const V6_RECEIVE_HOPS: i32 = 51;
const V6_RECEIVE_CLASS: i32 = 66;
const V6_CLASS: i32 = 67;
// `linux/tcp.h`
const TCP_NO_DELAY: i32 = 1;
const TCP_SEGMENT: i32 = 2;
const TCP_CONGESTION: i32 = 13;
/// `SCM_TIMESTAMP` and `SCM_TIMESTAMPNS` are the numbers of their options.
const CONTROL_TIME: i32 = TIMESTAMP;

/// What is set of a socket.
#[derive(Clone, Debug)]
pub struct Options {
    /// `AF_*`, `SOCK_*`, protocol: what it was made as.
    pub made: (u16, u32, u8),
    /// Others may be bound to the same address.
    pub reuse: bool,
    /// Only IPv6.
    pub v6_only: bool,
    /// Sends to everybody.
    pub broadcast: bool,
    /// Sends small segments at once.
    pub no_delay: bool,
    /// Asks a silent peer whether it is there.
    pub keep_alive: bool,
    /// `struct linger`: on, seconds.
    pub linger: [i32; 2],
    /// Hops that packets may go.
    pub hops: u8,
    /// Their traffic class.
    pub class: u8,
    /// Time comes with what is received: by microseconds, nanoseconds.
    pub time: (bool, bool),
    /// Hops come with it.
    pub receive_hops: bool,
    /// The traffic class comes with it.
    pub receive_class: bool,
    /// The options of its IPv4 header come with it.
    pub receive_options: bool,
    /// The destination comes with it.
    pub receive_destination: bool,
    /// The guest writes the IP header.
    pub header_included: bool,
    /// Number of the interface that it is bound to; 0 for none.
    pub interface: u32,
    /// ICMP types that are not received (`ICMP_FILTER`, raw(7)), a bit each.
    pub filter: u32,
    /// Types of ICMPv6 that are not received (RFC 3542 section 3.2), a bit each.
    pub filter6: [u32; 8],
    /// Any other option that was set, and that nothing here depends on.
    others: Vec<((i32, i32), Vec<u8>)>,
}

impl Options {
    /// Those of a new socket.
    pub fn new(family: u16, kind: u32, protocol: u8) -> Self {
        Self {
            made: (family, kind, protocol),
            reuse: false,
            v6_only: false,
            broadcast: false,
            no_delay: false,
            keep_alive: false,
            linger: [0; 2],
            hops: 64,
            class: 0,
            time: (false, false),
            receive_hops: false,
            receive_class: false,
            receive_options: false,
            receive_destination: false,
            header_included: protocol == 255,
            interface: 0,
            filter: 0,
            filter6: [0; 8],
            others: Vec::new(),
        }
    }

    /// Sets an option. What is asked of the socket itself its owner has seen before.
    ///
    /// # Errors
    /// `EINVAL` for a value that is too short, `ENOPROTOOPT` for an option that there is not.
    pub fn set(&mut self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        let number = match value {
            [a, b, c, d, ..] => i32::from_ne_bytes([*a, *b, *c, *d]),
            [a, ..] if level == IP => i32::from(*a),
            [] if level != SOCKET || name != BIND_TO_DEVICE => return Err(Errno::INVAL),
            _ => 0,
        };
        let on = number != 0;
        let byte = |fallback: u8| match number {
            -1 => Ok(fallback),
            number => u8::try_from(number).map_err(|_| Errno::INVAL),
        };
        match (level, name) {
            (SOCKET, REUSE_ADDRESS | REUSE_PORT) => self.reuse = on,
            (SOCKET, BROADCAST) => self.broadcast = on,
            (SOCKET, KEEP_ALIVE) => self.keep_alive = on,
            (SOCKET, LINGER) => {
                let seconds = value.get(4..8).ok_or(Errno::INVAL)?;
                self.linger = [number, i32::from_ne_bytes([seconds[0], seconds[1], seconds[2], seconds[3]])];
            }
            (SOCKET, TIMESTAMP) => self.time.0 = on,
            (SOCKET, TIMESTAMP_NANOSECONDS) => self.time.1 = on,
            (SOCKET, TYPE | ERROR | ACCEPTING | PROTOCOL | DOMAIN) => return Err(Errno::NOPROTOOPT),
            (IP, IP_HOPS) if number == 0 => return Err(Errno::INVAL),
            (IP, IP_HOPS) | (IPV6, V6_UNICAST_HOPS) => self.hops = byte(64)?,
            (IP, IP_CLASS) | (IPV6, V6_CLASS) => self.class = byte(0)?,
            (IP, IP_HEADER_INCLUDED) => self.header_included = on,
            (IP, IP_PACKET_INFORMATION) | (IPV6, V6_RECEIVE_PACKET_INFORMATION) => {
                self.receive_destination = on
            }
            (IP, IP_RECEIVE_OPTIONS) => self.receive_options = on,
            (IP, IP_RECEIVE_HOPS) | (IPV6, V6_RECEIVE_HOPS) => self.receive_hops = on,
            (IP, IP_RECEIVE_CLASS) | (IPV6, V6_RECEIVE_CLASS) => self.receive_class = on,
            (IPV6, V6_ONLY) => self.v6_only = on,
            (TCP, TCP_NO_DELAY) => self.no_delay = on,
            (RAW, 1) => self.filter = number as u32,
            (ICMPV6, 1) => {
                for (row, word) in self.filter6.iter_mut().zip(value.chunks_exact(4)) {
                    *row = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]);
                }
            }
            (TCP, TCP_CONGESTION) => return Err(Errno::NOENT),
            (SOCKET | IP | IPV6 | TCP | RAW | NETLINK, _) => self.keep(level, name, value)?,
            _ => return Err(Errno::NOPROTOOPT),
        }
        Ok(())
    }

    fn keep(&mut self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        /// Most options, and bytes of each, that are remembered.
        const MOST: (usize, usize) = (64, 64);
        let known = match level {
            SOCKET => matches!(
                name,
                SEND_BUFFER | RECEIVE_BUFFER | 5 | 12 | 16 | 18..=21 | 32 | 33 | 36 | 46 | 47 | 66 | 67
            ),
            IP => matches!(
                name,
                4 | 6
                    | 10
                    | 11
                    | 15
                    | 24
                    | 33
                    | 34
                    | 49
                    | IP_MULTICAST_INTERFACE
                    | IP_ADD_MEMBERSHIP
                    | IP_DROP_MEMBERSHIP
            ),
            IPV6 => matches!(name, 17..=21 | 23..=25 | 29 | 53 | 55 | 57 | 59 | 61 | 62 | 70 | 7),
            TCP => matches!(name, TCP_SEGMENT..=12 | 18 | 23 | 25),
            NETLINK => matches!(name, 1..=12),
            _ => false,
        };
        if !known || value.len() > MOST.1 {
            return Err(Errno::NOPROTOOPT);
        }
        if let Some(other) = self.others.iter_mut().find(|other| other.0 == (level, name)) {
            other.1 = value.to_vec();
        } else if self.others.len() < MOST.0 {
            self.others.push(((level, name), value.to_vec()));
        } else {
            return Err(Errno::NOBUFS);
        }
        Ok(())
    }

    /// Tells an option.
    ///
    /// # Errors
    /// `ENOPROTOOPT` for one that there is not.
    pub fn get(&self, level: i32, name: i32, listening: bool) -> Result<Vec<u8>, Errno> {
        let number = match (level, name) {
            (SOCKET, REUSE_ADDRESS | REUSE_PORT) => i32::from(self.reuse),
            (SOCKET, BROADCAST) => i32::from(self.broadcast),
            (SOCKET, KEEP_ALIVE) => i32::from(self.keep_alive),
            (SOCKET, LINGER) => {
                return Ok([self.linger[0].to_ne_bytes(), self.linger[1].to_ne_bytes()].concat());
            }
            (SOCKET, TYPE) => self.made.1 as i32,
            (SOCKET, DOMAIN) => i32::from(self.made.0),
            (SOCKET, PROTOCOL) => i32::from(self.made.2),
            (SOCKET, ACCEPTING) => i32::from(listening),
            (SOCKET, TIMESTAMP) => i32::from(self.time.0),
            (SOCKET, TIMESTAMP_NANOSECONDS) => i32::from(self.time.1),
            (SOCKET, SEND_BUFFER | RECEIVE_BUFFER) => {
                self.kept(level, name).unwrap_or(super::stream::BUFFER as i32)
            }
            (IP, IP_HOPS) | (IPV6, V6_UNICAST_HOPS) => i32::from(self.hops),
            (IP, IP_CLASS) | (IPV6, V6_CLASS) => i32::from(self.class),
            (IP, IP_HEADER_INCLUDED) => i32::from(self.header_included),
            (IP, IP_PACKET_INFORMATION) | (IPV6, V6_RECEIVE_PACKET_INFORMATION) => {
                i32::from(self.receive_destination)
            }
            (IP, IP_RECEIVE_OPTIONS) => i32::from(self.receive_options),
            (IP, IP_RECEIVE_HOPS) | (IPV6, V6_RECEIVE_HOPS) => i32::from(self.receive_hops),
            (IP, IP_RECEIVE_CLASS) | (IPV6, V6_RECEIVE_CLASS) => i32::from(self.receive_class),
            (IPV6, V6_ONLY) => i32::from(self.v6_only),
            (TCP, TCP_NO_DELAY) => i32::from(self.no_delay),
            (TCP, TCP_SEGMENT) => self.kept(level, name).unwrap_or(65495),
            (TCP, TCP_CONGESTION) => return Ok(b"reno\0".to_vec()),
            (RAW, 1) => self.filter as i32,
            (SOCKET | IP | IPV6 | TCP, _) => {
                match self.others.iter().find(|other| other.0 == (level, name)) {
                    Some(other) => return Ok(other.1.clone()),
                    None if matches!((level, name), (SOCKET, 5 | 12 | 16 | 46) | (TCP, 3..=12 | 18 | 23)) => {
                        0
                    }
                    None if level == SOCKET && (18..=21).contains(&name) => {
                        return Ok(if name < 20 { 1i32.to_ne_bytes().to_vec() } else { vec![0; 16] });
                    }
                    None if level == IP && matches!(name, 10 | 33 | 34) => 1,
                    None => return Err(Errno::NOPROTOOPT),
                }
            }
            _ => return Err(Errno::NOPROTOOPT),
        };
        Ok(number.to_ne_bytes().to_vec())
    }

    /// Whether packets are refused rather than taken apart: `IP_MTU_DISCOVER` and its like of IPv6 with
    /// `IP_PMTUDISC_DO` or `IP_PMTUDISC_PROBE`, and `IPV6_DONTFRAG`.
    pub fn stays_whole(&self, four: bool) -> bool {
        let discovery = self.kept(if four { IP } else { IPV6 }, if four { 10 } else { 23 });
        let never = !four && self.kept(IPV6, 62).is_some_and(|on| on != 0);
        never || discovery.is_some_and(|how| matches!(how, 2 | 3))
    }

    fn kept(&self, level: i32, name: i32) -> Option<i32> {
        let other = self.others.iter().find(|other| other.0 == (level, name))?;
        Some(i32::from_ne_bytes(*other.1.first_chunk()?))
    }

    /// The control data that goes with a received packet.
    pub fn control(&self, packet: &super::packet::Packet) -> Vec<u8> {
        use std::net::IpAddr;
        let mut control = Vec::new();
        let mut push = |level: i32, name: i32, data: &[u8]| {
            control.resize(control.len().next_multiple_of(8), 0);
            control.extend((16 + data.len()).to_ne_bytes());
            control.extend(level.to_ne_bytes());
            control.extend(name.to_ne_bytes());
            control.extend(data);
        };
        if self.time.0 || self.time.1 {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let (name, part) = if self.time.1 {
                (TIMESTAMP_NANOSECONDS, i64::from(now.subsec_nanos()))
            } else {
                (CONTROL_TIME, i64::from(now.subsec_micros()))
            };
            push(SOCKET, name, &[(now.as_secs() as i64).to_ne_bytes(), part.to_ne_bytes()].concat());
        }
        let four = self.made.0 == super::address::INET;
        if self.receive_hops {
            let (level, name) = if four { (IP, IP_HOPS) } else { (IPV6, 52) };
            push(level, name, &i32::from(packet.hops).to_ne_bytes());
        }
        if self.receive_class {
            if four {
                push(IP, IP_CLASS, &[packet.class]);
            } else {
                push(IPV6, V6_CLASS, &i32::from(packet.class).to_ne_bytes());
            }
        }
        if self.receive_options && !packet.options().is_empty() {
            push(IP, IP_RECEIVE_OPTIONS, packet.options());
        }
        if self.receive_destination {
            let index = packet.interface.to_ne_bytes();
            match packet.destination {
                IpAddr::V4(ip) if four => {
                    push(IP, IP_PACKET_INFORMATION, &[&index[..], &ip.octets(), &ip.octets()].concat())
                }
                IpAddr::V4(ip) => push(IPV6, 50, &[&ip.to_ipv6_mapped().octets()[..], &index].concat()),
                IpAddr::V6(ip) => push(IPV6, 50, &[&ip.octets()[..], &index].concat()),
            }
        }
        control
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_as_they_were_set() {
        let mut options = Options::new(super::super::address::INET, 1, 6);
        for (level, name) in [(SOCKET, 2), (SOCKET, 9), (TCP, 1), (TCP, 4), (IP, 2), (SOCKET, 7), (IPV6, 26)]
        {
            options.set(level, name, &1i32.to_ne_bytes()).unwrap();
            assert_eq!(options.get(level, name, false), Ok(1i32.to_ne_bytes().to_vec()), "{level} {name}");
        }
        assert_eq!(options.get(SOCKET, TYPE, false), Ok(1i32.to_ne_bytes().to_vec()));
        assert_eq!(options.set(SOCKET, TYPE, &[0; 4]), Err(Errno::NOPROTOOPT));
        assert_eq!(options.set(TCP, 1, &[]), Err(Errno::INVAL));
        assert_eq!(options.set(IP, 2, &999i32.to_ne_bytes()), Err(Errno::INVAL));
        assert_eq!(options.set(77, 1, &[0; 4]), Err(Errno::NOPROTOOPT));
        assert_eq!(options.get(SOCKET, 999, false), Err(Errno::NOPROTOOPT));
    }
}
