//! Frames and link addresses.

use std::fmt;

use bytes::Bytes;

/// Length of an Ethernet header: two addresses and a type (IEEE 802.3).
pub const ETHERNET_HEADER: usize = 14;

/// `IPPROTO_TCP`, `IPPROTO_UDP`.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A link address (EUI-48).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Everybody.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// Whether it is a group's: broadcast or multicast (the lowest bit of the first byte).
    pub fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A frame on its way: on Ethernet with its header (without the frame check sequence), elsewhere a bare IP packet.
/// Clones share the bytes.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: Bytes,
    /// Where the IP packet begins whose transport checksum nobody has computed yet.
    unsummed: Option<usize>,
}

impl Frame {
    /// A complete frame.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), unsummed: None }
    }

    /// A frame whose TCP or UDP checksum nobody has computed yet, as stacks on hardware that does it leave it. `packet`
    /// is where the IP packet begins. Between stacks of one process nobody needs it; [`Frame::summed`] computes it.
    pub fn unsummed(bytes: impl Into<Bytes>, packet: usize) -> Self {
        Self { bytes: bytes.into(), unsummed: Some(packet) }
    }

    /// Its bytes. The transport checksum may be missing: who shows them to others takes those of [`Frame::summed`].
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether the transport checksum can be relied on because the frame never left the process.
    pub fn is_trusted(&self) -> bool {
        self.unsummed.is_some()
    }

    /// The frame with its transport checksum.
    pub fn summed(&self) -> Frame {
        let Some(packet) = self.unsummed else { return self.clone() };
        let mut bytes = self.bytes.to_vec();
        if let Some(packet) = bytes.get_mut(packet..) {
            fill_in(packet);
        }
        Frame::new(bytes)
    }

    /// Where an Ethernet frame goes, and where it comes from; nothing when it is too short to tell.
    pub fn ends(&self) -> Option<(Mac, Mac)> {
        let header = self.bytes.first_chunk::<ETHERNET_HEADER>()?;
        let (to, rest) = header.split_first_chunk::<6>()?;
        let from = rest.first_chunk::<6>()?;
        Some((Mac(*to), Mac(*from)))
    }
}

/// Computes the checksum of the TCP segment or UDP datagram in an IP packet (RFC 9293 section 3.1, RFC 768, RFC 8200
/// section 8.1). Fragments and other protocols are left alone.
fn fill_in(packet: &mut [u8]) -> Option<()> {
    let (start, end, protocol, addresses) = match packet.first()? >> 4 {
        4 => {
            let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3fff;
            let end = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
            if fragment != 0 {
                return None;
            }
            (usize::from(packet[0] & 0xf) * 4, end, *packet.get(9)?, 12..20)
        }
        6 => {
            let length = usize::from(u16::from_be_bytes([*packet.get(4)?, *packet.get(5)?]));
            (40, 40 + length, *packet.get(6)?, 8..40)
        }
        _ => return None,
    };
    let at = match protocol {
        TCP => 16,
        UDP => 6,
        _ => return None,
    };
    let mut total = sum(packet.get(addresses)?) + u64::from(protocol);
    let segment = packet.get_mut(start..end)?;
    segment.get_mut(at..at + 2)?.fill(0);
    total += segment.len() as u64 + sum(segment);
    let checksum = match !fold(total) {
        0 if protocol == UDP => 0xffff,
        other => other,
    };
    segment[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

/// Sum of the 16-bit words (RFC 1071), not yet folded.
fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(2);
    let total: u64 = words.by_ref().map(|word| u64::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    total + words.remainder().first().map_or(0, |last| u64::from(*last) << 8)
}

fn fold(mut total: u64) -> u16 {
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP datagram from 10.1.0.1 port 1 to 10.1.0.2 port 2 that holds "hi".
    fn datagram() -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 30, 0, 0, 0, 0, 64, UDP, 0, 0, 10, 1, 0, 1, 10, 1, 0, 2];
        packet.extend([0, 1, 0, 2, 0, 10, 0, 0, b'h', b'i']);
        packet
    }

    #[test]
    fn summed_fills_in_the_checksum_of_what_lacks_it() {
        let summed = Frame::unsummed(datagram(), 0).summed();
        // 0a01+0001+0a01+0002+0011+000a + 0001+0002+000a + 6869 = 7c96, of which the complement.
        assert_eq!(summed.bytes()[26..28], (!0x7c96u16).to_be_bytes());
        assert!(!summed.is_trusted());
        let whole = Frame::new(datagram());
        assert_eq!(whole.summed().bytes()[26..28], [0, 0]);
    }

    #[test]
    fn summed_leaves_malformed_packets_and_fragments_alone() {
        for cut in 0..30 {
            let short = datagram()[..cut].to_vec();
            assert_eq!(Frame::unsummed(short.clone(), 0).summed().bytes(), &short);
        }
        let mut fragment = datagram();
        fragment[6] = 0x20;
        assert_eq!(Frame::unsummed(fragment.clone(), 0).summed().bytes(), &fragment);
        assert_eq!(Frame::unsummed(datagram(), 99).summed().bytes(), &datagram());
    }

    #[test]
    fn ends_of_an_ethernet_frame() {
        let frame = Frame::new((0..14).collect::<Vec<u8>>());
        assert_eq!(frame.ends(), Some((Mac([0, 1, 2, 3, 4, 5]), Mac([6, 7, 8, 9, 10, 11]))));
        assert!(Frame::new(vec![0; 13]).ends().is_none());
        assert_eq!(Mac([2, 0, 0, 0, 0, 0xab]).to_string(), "02:00:00:00:00:ab");
        assert!(Mac::BROADCAST.is_group() && !Mac([2, 0, 0, 0, 0, 1]).is_group());
    }
}
