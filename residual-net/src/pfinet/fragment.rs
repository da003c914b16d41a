//! Fragments of packets (RFC 791 section 3.2, RFC 8200 section 4.5): taking packets apart that are longer than a link
//! carries, and putting them together again.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::address::from_octets;
use super::packet::checksum;

/// Most bytes of fragments that wait for others (`ipfrag_high_thresh` of Linux), and most packets that they are of.
const BYTES: usize = 4 << 20;
const PACKETS: usize = 1024;
/// How long the first of them waits (`ipfrag_time` of Linux).
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest packet.
const LONGEST: usize = 65535;
/// More fragments follow, in the field of IPv4; may not be taken apart.
const MORE: u16 = 0x2000;
/// May not be taken apart, in that field.
pub const WHOLE: u16 = 0x4000;
/// The fragment header of IPv6, and where its field for the next header is in the header before it.
const HEADER: u8 = 44;
const NEXT: usize = 6;

/// Takes a packet apart, whose checksums are filled in. Nothing where no fragment of it would fit in `mtu`, or there is no
/// need to.
pub fn split(packet: &[u8], mtu: usize, identification: u32) -> Option<Vec<Vec<u8>>> {
    let four = packet.first()? >> 4 == 4;
    let head = if four { usize::from(packet[0] & 0xf) * 4 } else { 40 };
    let front = if four { head } else { head + 8 };
    let room = mtu.checked_sub(front)? & !7;
    let data = packet.get(head..)?;
    if room == 0 || packet.len() <= mtu {
        return None;
    }
    let count = data.len().div_ceil(room);
    let piece = |(at, data): (usize, &[u8])| {
        let mut bytes = packet[..head].to_vec();
        let (offset, more) = ((at * room) as u16, at + 1 < count);
        if four {
            let field = (offset / 8) | if more { MORE } else { 0 };
            bytes[2..4].copy_from_slice(&((head + data.len()) as u16).to_be_bytes());
            bytes[4..6].copy_from_slice(&(identification as u16).to_be_bytes());
            bytes[6..8].copy_from_slice(&field.to_be_bytes());
            sum_head(&mut bytes);
        } else {
            bytes[4..6].copy_from_slice(&((8 + data.len()) as u16).to_be_bytes());
            bytes[NEXT] = HEADER;
            bytes.extend([packet[NEXT], 0]);
            bytes.extend((offset | u16::from(more)).to_be_bytes());
            bytes.extend(identification.to_be_bytes());
        }
        bytes.extend(data);
        bytes
    };
    Some(data.chunks(room).enumerate().map(piece).collect())
}

/// Lets routers take a packet apart, which identifies itself for that. One of IPv6 none of them does.
pub fn allow(packet: &mut [u8], identification: u32) {
    if packet.first().is_some_and(|first| first >> 4 == 4) {
        let head = usize::from(packet[0] & 0xf) * 4;
        packet[4..6].copy_from_slice(&(identification as u16).to_be_bytes());
        packet[6] &= !(WHOLE >> 8) as u8;
        sum_head(&mut packet[..head]);
    }
}

fn sum_head(head: &mut [u8]) {
    head[10..12].fill(0);
    let sum = checksum(head, 0);
    head[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// What fragments of one packet have in common: both ends, the identification, and the protocol.
type Key = (IpAddr, IpAddr, u32, u8);

/// A fragment as it is read.
struct Fragment {
    key: Key,
    /// What of it is the header of the whole.
    head: Bytes,
    offset: usize,
    more: bool,
    data: Bytes,
}

impl Fragment {
    fn read(packet: &Bytes) -> Option<Self> {
        let address = |from: usize, to: usize| from_octets(packet.get(from..to)?);
        match packet.first()? >> 4 {
            4 => {
                let head = usize::from(packet[0] & 0xf) * 4;
                let word = |at: usize| Some(u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]));
                let field = word(6)?;
                Some(Self {
                    key: (address(12, 16)?, address(16, 20)?, u32::from(word(4)?), packet[9]),
                    head: packet.slice(..head.max(20).min(packet.len())),
                    offset: usize::from(field & 0x1fff) * 8,
                    more: field & MORE != 0,
                    data: packet.slice(head.min(packet.len())..),
                })
            }
            _ => {
                let extension: [u8; 8] = *packet.get(40..48)?.first_chunk()?;
                if packet[NEXT] != HEADER {
                    return None;
                }
                let mut head = packet[..40].to_vec();
                head[NEXT] = extension[0];
                let field = u16::from_be_bytes([extension[2], extension[3]]);
                let [.., a, b, c, d] = extension;
                let identification = u32::from_be_bytes([a, b, c, d]);
                Some(Self {
                    key: (address(8, 24)?, address(24, 40)?, identification, extension[0]),
                    head: Bytes::from(head),
                    offset: usize::from(field & !7),
                    more: field & 1 != 0,
                    data: packet.slice(48..),
                })
            }
        }
    }
}

/// The fragments of one packet.
struct Pieces {
    since: Instant,
    head: Option<Bytes>,
    end: Option<usize>,
    parts: BTreeMap<usize, Bytes>,
    bytes: usize,
}

impl Pieces {
    /// Adds a fragment; false where the packet cannot come to a good end with it.
    fn add(&mut self, fragment: Fragment) -> bool {
        let Fragment { offset, more, data, head, .. } = fragment;
        let end = offset + data.len();
        // All but the last are of whole words of eight bytes.
        if end > LONGEST || data.is_empty() || more && !data.len().is_multiple_of(8) {
            return false;
        }
        let before =
            self.parts.range(..=offset).next_back().is_some_and(|(at, part)| at + part.len() > offset);
        let behind = self.parts.range(offset..).next().is_some_and(|(at, _)| *at < end);
        let beyond = self.end.is_some_and(|last| end > last || !more && end != last);
        // Fragments that overlap are an attack (RFC 5722).
        if before || behind || beyond {
            return false;
        }
        if !more {
            if self.parts.last_key_value().is_some_and(|(at, part)| at + part.len() > end) {
                return false;
            }
            self.end = Some(end);
        }
        if offset == 0 {
            self.head = Some(head);
        }
        self.bytes += data.len();
        self.parts.insert(offset, data);
        true
    }

    /// The packet, once all of it is there.
    fn whole(&self) -> Option<Bytes> {
        let (head, end) = (self.head.as_ref()?, self.end?);
        // Nothing overlaps, so that as many bytes as there are to be leave no gap.
        if self.bytes != end || head.len() + end > LONGEST {
            return None;
        }
        let mut packet = head.to_vec();
        self.parts.values().for_each(|part| packet.extend_from_slice(part));
        if packet[0] >> 4 == 4 {
            let length = packet.len() as u16;
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            packet[6..8].fill(0);
            sum_head(&mut packet[..head.len()]);
        } else {
            packet[4..6].copy_from_slice(&(end as u16).to_be_bytes());
        }
        Some(packet.into())
    }
}

/// Fragments that wait for others.
#[derive(Default)]
pub struct Fragments {
    packets: HashMap<Key, Pieces>,
    bytes: usize,
}

impl Fragments {
    /// Takes a fragment; gives the packet when it was the last one missing.
    pub fn add(&mut self, packet: &Bytes, now: Instant) -> Option<Bytes> {
        self.packets.retain(|_, pieces| {
            let stays = now.saturating_duration_since(pieces.since) < PATIENCE;
            self.bytes -= if stays { 0 } else { pieces.bytes };
            stays
        });
        let fragment = Fragment::read(packet)?;
        let (key, length) = (fragment.key, fragment.data.len());
        let known = self.packets.contains_key(&key);
        if self.bytes + length > BYTES || !known && self.packets.len() >= PACKETS {
            return None;
        }
        let empty = || Pieces { since: now, head: None, end: None, parts: BTreeMap::new(), bytes: 0 };
        let pieces = self.packets.entry(key).or_insert_with(empty);
        let mut whole = None;
        if pieces.add(fragment) {
            self.bytes += length;
            whole = Some(pieces.whole()?);
        }
        // It is whole, or never will be.
        if let Some(pieces) = self.packets.remove(&key) {
            self.bytes -= pieces.bytes;
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfinet::packet::{HEADROOM, Head, UDP};

    fn packet(source: &str, destination: &str, length: usize) -> Vec<u8> {
        let ip = |text: &str| text.parse().unwrap();
        let head =
            Head { source: ip(source), destination: ip(destination), protocol: UDP, hops: 9, class: 0 };
        head.packet(length, |data| data.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at as u8))
            .split_off(HEADROOM)
    }

    fn joined(fragments: &mut Fragments, pieces: &[Vec<u8>]) -> Option<Bytes> {
        let now = Instant::now();
        let mut whole = None;
        for piece in pieces {
            assert!(whole.is_none(), "whole before all of it was there");
            whole = fragments.add(&Bytes::copy_from_slice(piece), now);
        }
        whole
    }

    #[test]
    fn what_is_taken_apart_comes_together_in_any_order() {
        for (source, destination, most) in [("10.1.0.1", "10.1.0.2", 68), ("fd00::1", "fd00::2", 1280)] {
            for length in [1300, 4001, 9000] {
                let whole = packet(source, destination, length);
                let mut pieces = split(&whole, most, 77).unwrap();
                assert!(pieces.iter().all(|piece| piece.len() <= most));
                let mut fragments = Fragments::default();
                let mut expected = whole.clone();
                if expected[0] >> 4 == 4 {
                    expected[4..6].copy_from_slice(&77u16.to_be_bytes());
                    expected[6] = 0;
                    sum_head(&mut expected[..20]);
                }
                assert_eq!(joined(&mut fragments, &pieces).unwrap(), expected);
                pieces.reverse();
                assert_eq!(joined(&mut fragments, &pieces).unwrap(), expected);
                assert_eq!((fragments.bytes, fragments.packets.len()), (0, 0));
            }
        }
        assert!(split(&packet("10.1.0.1", "10.1.0.2", 100), 1500, 1).is_none());
        assert!(split(&packet("10.1.0.1", "10.1.0.2", 100), 20, 1).is_none());
    }

    #[test]
    fn fragments_that_overlap_or_reach_too_far_are_thrown_away() {
        let pieces = split(&packet("10.1.0.1", "10.1.0.2", 3000), 1020, 5).unwrap();
        let mut fragments = Fragments::default();
        assert!(joined(&mut fragments, &[pieces[0].clone(), pieces[0].clone()]).is_none());
        assert_eq!((fragments.bytes, fragments.packets.len()), (0, 0));
        let mut far = pieces[1].clone();
        far[6..8].copy_from_slice(&0x1fffu16.to_be_bytes());
        assert!(joined(&mut fragments, &[far]).is_none());
        assert_eq!(fragments.packets.len(), 0);
    }

    #[test]
    fn fragments_without_an_end_cost_no_more_than_their_limits() {
        let mut fragments = Fragments::default();
        let now = Instant::now();
        let whole = packet("10.1.0.1", "10.1.0.2", 60_000);
        for number in 0..5000 {
            let piece = split(&whole, 30_000, number).unwrap().swap_remove(0);
            assert!(fragments.add(&piece.into(), now).is_none());
        }
        assert!(fragments.bytes <= BYTES && fragments.packets.len() <= PACKETS);
        let late = split(&whole, 30_000, 9999).unwrap().swap_remove(0);
        fragments.add(&late.into(), now + PATIENCE);
        assert_eq!(fragments.packets.len(), 1);
    }

    #[test]
    fn any_bytes_are_no_harm() {
        let mut fragments = Fragments::default();
        let mut state = 7u32;
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = (0..64)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            bytes.truncate(usize::from(bytes[63]) % 65);
            let _ = fragments.add(&Bytes::from(bytes), Instant::now());
        }
        assert!(fragments.bytes <= BYTES && fragments.packets.len() <= PACKETS);
    }
}
