//! IP packets: reading what arrives, and the headers of what is sent (RFC 791, RFC 8200).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use bytes::Bytes;

/// Protocol numbers (IANA).
pub const ICMP: u8 = 1;
/// Transmission control protocol.
pub const TCP: u8 = 6;
/// User datagram protocol.
pub const UDP: u8 = 17;
/// Internet control messages of IPv6.
pub const ICMP6: u8 = 58;

/// The fragment header of IPv6 (RFC 8200 section 4.5).
const FRAGMENT: u8 = 44;

/// Bytes that are kept free in front of a packet for its link header.
pub const HEADROOM: usize = crate::network::ETHERNET_HEADER;

/// An IP packet that arrived, checked as far as its header goes.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The packet, without what the link padded.
    pub bytes: Bytes,
    /// Who sent it.
    pub source: IpAddr,
    /// For whom it is.
    pub destination: IpAddr,
    /// What it carries.
    pub protocol: u8,
    /// Where in it that is.
    payload: Range<usize>,
    /// How many hops it may still go.
    pub hops: u8,
    /// Its traffic class.
    pub class: u8,
    /// Whether it is only a part of one.
    pub is_fragment: bool,
    /// Number of the interface that it came through.
    pub interface: u32,
}

impl Packet {
    /// What it carries.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.payload.clone()]
    }

    /// The options in the header of one of IPv4.
    pub fn options(&self) -> &[u8] {
        if self.source.is_ipv4() { &self.bytes[20..self.payload.start] } else { &[] }
    }

    /// Reads a packet. `summed` says that its header checksum is to be checked. Nothing for one that is malformed.
    pub fn read(bytes: &Bytes, interface: u32, summed: bool) -> Option<Packet> {
        match bytes.first()? >> 4 {
            4 => {
                let head = bytes.first_chunk::<20>()?;
                let (start, end) =
                    (usize::from(head[0] & 0xf) * 4, usize::from(u16::from_be_bytes([head[2], head[3]])));
                if start < 20 || end < start || end > bytes.len() {
                    return None;
                }
                if summed && checksum(&bytes[..start], 0) != 0 {
                    return None;
                }
                Some(Packet {
                    bytes: bytes.slice(..end),
                    source: Ipv4Addr::new(head[12], head[13], head[14], head[15]).into(),
                    destination: Ipv4Addr::new(head[16], head[17], head[18], head[19]).into(),
                    protocol: head[9],
                    payload: start..end,
                    hops: head[8],
                    class: head[1],
                    is_fragment: u16::from_be_bytes([head[6], head[7]]) & 0x3fff != 0,
                    interface,
                })
            }
            6 => {
                let head = bytes.first_chunk::<40>()?;
                let end = 40 + usize::from(u16::from_be_bytes([head[4], head[5]]));
                if end > bytes.len() {
                    return None;
                }
                let address =
                    |from: usize| Ipv6Addr::from(core::array::from_fn::<u8, 16, _>(|at| head[from + at]));
                let (protocol, start) = skip_extensions(&bytes[..end], head[6])?;
                Some(Packet {
                    bytes: bytes.slice(..end),
                    source: address(8).into(),
                    destination: address(24).into(),
                    protocol,
                    payload: start..end,
                    hops: head[7],
                    class: head[0] << 4 | head[1] >> 4,
                    is_fragment: protocol == FRAGMENT,
                    interface,
                })
            }
            _ => None,
        }
    }

    /// Whether the checksum of what it carries is right (of UDP also: left out). Of a fragment that cannot be told.
    pub fn is_summed(&self) -> bool {
        if self.is_fragment {
            return true;
        }
        let payload = self.payload();
        match self.protocol {
            ICMP => checksum(payload, 0) == 0,
            UDP if self.source.is_ipv4() && payload.get(6..8) == Some(&[0, 0]) => true,
            TCP | UDP | ICMP6 => {
                checksum(payload, pseudo(self.source, self.destination, self.protocol, payload.len())) == 0
            }
            _ => true,
        }
    }
}

/// Skips hop-by-hop, routing and destination options (RFC 8200 section 4).
fn skip_extensions(packet: &[u8], mut protocol: u8) -> Option<(u8, usize)> {
    let mut at = 40;
    while matches!(protocol, 0 | 43 | 60) {
        let head = packet.get(at..at + 2)?;
        protocol = head[0];
        at += 8 + 8 * usize::from(head[1]);
    }
    (at <= packet.len()).then_some((protocol, at))
}

/// The internet checksum (RFC 1071) of some bytes, on top of a sum that was begun.
pub fn checksum(bytes: &[u8], begun: u32) -> u16 {
    let mut words = bytes.chunks_exact(2);
    let mut total = words.by_ref().map(|word| u64::from(u16::from_be_bytes([word[0], word[1]]))).sum::<u64>();
    total += u64::from(begun) + words.remainder().first().map_or(0, |last| u64::from(*last) << 8);
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    !(total as u16)
}

/// The sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1).
pub fn pseudo(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u32 {
    let words = |address: IpAddr| -> u32 {
        let octets = super::address::octets(address);
        octets.chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum()
    };
    words(source) + words(destination) + u32::from(protocol) + length as u32
}

/// What the header of a packet to be sent says.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Who sends it.
    pub source: IpAddr,
    /// For whom it is.
    pub destination: IpAddr,
    /// What it carries.
    pub protocol: u8,
    /// How many hops it may go.
    pub hops: u8,
    /// Its traffic class.
    pub class: u8,
}

impl Head {
    /// Length of the header.
    pub fn length(&self) -> usize {
        if self.destination.is_ipv4() { 20 } else { 40 }
    }

    /// A packet with [`HEADROOM`] in front and room for `length` bytes, which `fill` writes.
    pub fn packet(&self, length: usize, fill: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let start = HEADROOM + self.length();
        let mut bytes = vec![0; start + length];
        self.write(&mut bytes[HEADROOM..start], length);
        fill(&mut bytes[start..]);
        bytes
    }

    /// An IPv4 packet that is not taken apart identifies itself by nothing (RFC 6864).
    fn write(&self, head: &mut [u8], length: usize) {
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                head[0] = 0x45;
                head[1] = self.class;
                head[2..4].copy_from_slice(&((20 + length) as u16).to_be_bytes());
                head[6] = 0x40;
                head[8] = self.hops;
                head[9] = self.protocol;
                head[12..16].copy_from_slice(&source.octets());
                head[16..20].copy_from_slice(&destination.octets());
                let sum = checksum(head, 0);
                head[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                head[0] = 0x60 | self.class >> 4;
                head[1] = self.class << 4;
                head[4..6].copy_from_slice(&(length as u16).to_be_bytes());
                head[6] = self.protocol;
                head[7] = self.hops;
                head[8..24].copy_from_slice(&source.octets());
                head[24..40].copy_from_slice(&destination.octets());
            }
            // Nobody makes a head of two families; it would be no packet.
            _ => head.fill(0),
        }
    }
}

/// Lowers the largest segment that a TCP packet with SYN announces (RFC 9293 section 3.7.1) to what fits in `mtu`.
pub fn clamp_segment_size(packet: &mut [u8], mtu: usize) -> Option<()> {
    let (start, protocol) = match packet.first()? >> 4 {
        4 => (usize::from(packet[0] & 0xf) * 4, *packet.get(9)?),
        _ => (40, *packet.get(6)?),
    };
    let most = u16::try_from(mtu.checked_sub(start + 20)?).unwrap_or(u16::MAX);
    let segment = packet.get_mut(start..)?;
    if protocol != TCP || *segment.get(13)? & 2 == 0 {
        return None;
    }
    let end = (usize::from(segment[12] >> 4) * 4).min(segment.len());
    let mut at = 20;
    while at + 1 < end {
        match segment[at] {
            0 => return None,
            1 => at += 1,
            2 if at + 4 <= end => {
                let told = u16::from_be_bytes([segment[at + 2], segment[at + 3]]);
                segment[at + 2..at + 4].copy_from_slice(&told.min(most).to_be_bytes());
                return (told > most).then_some(());
            }
            _ => at += usize::from(segment[at + 1]).max(2),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(source: &str, destination: &str) -> Head {
        let ip = |text: &str| text.parse().unwrap();
        Head { source: ip(source), destination: ip(destination), protocol: UDP, hops: 64, class: 0x10 }
    }

    #[test]
    fn what_is_written_is_read() {
        for head in [head("10.1.0.1", "10.1.0.2"), head("fd00::1", "fd00::2")] {
            let mut bytes =
                head.packet(9, |room| room.copy_from_slice(b"\0\x01\0\x02\0\x09\0\0x")).split_off(HEADROOM);
            let length = bytes.len();
            bytes.extend([0; 6]);
            let packet = Packet::read(&Bytes::from(bytes.clone()), 3, true).unwrap();
            assert_eq!((packet.source, packet.destination), (head.source, head.destination));
            assert_eq!((packet.hops, packet.class, packet.protocol), (64, 0x10, UDP));
            assert_eq!(packet.payload().len(), 9);
            for cut in 0..length {
                assert!(Packet::read(&Bytes::copy_from_slice(&bytes[..cut]), 3, true).is_none());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let mut state = 1u32;
        for first in [0x45u8, 0x4f, 0x46, 0x60, 0x6f] {
            for _ in 0..2000 {
                let mut bytes: Vec<u8> = (0..60)
                    .map(|_| {
                        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                        (state >> 24) as u8
                    })
                    .collect();
                bytes[0] = first;
                bytes[4] = 0;
                let _ = clamp_segment_size(&mut bytes.clone(), 1500);
                if let Some(packet) = Packet::read(&Bytes::from(bytes), 1, false) {
                    packet.is_summed();
                }
            }
        }
    }

    #[test]
    fn segments_are_made_to_fit_a_narrower_link() {
        let mut syn = head("10.1.0.1", "10.1.0.2");
        syn.protocol = TCP;
        let mut packet = syn
            .packet(28, |segment| {
                segment[12] = 7 << 4;
                segment[13] = 2;
                segment[20..28].copy_from_slice(&[1, 1, 2, 4, 0xff, 0xd7, 1, 0]);
            })
            .split_off(HEADROOM);
        assert!(clamp_segment_size(&mut packet, 1500).is_some());
        assert_eq!(packet[44..46], 1460u16.to_be_bytes());
        assert!(clamp_segment_size(&mut packet, 1500).is_none());
    }
}
