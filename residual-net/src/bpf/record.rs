//! How packets lie in what read(2) of a BSD descriptor gives: each behind a `struct bpf_hdr` (net/bpf.h of FreeBSD),
//! whose length is such that the network layer's header is aligned.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use schemas::Errno;

/// `BPF_ALIGNMENT` on machines of 64 bits.
const ALIGNMENT: usize = 8;
/// `sizeof(struct bpf_hdr)`: time in 16 bytes, captured length, length on the wire, length of the header.
const HEADER: usize = 32;

/// What the time in front of a packet is (`BPF_T_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(u32);

impl Stamp {
    const MICROSECONDS: u32 = 0;
    const NANOSECONDS: u32 = 1;
    const BINARY: u32 = 2;
    const NONE: u32 = 3;
    const FORMAT: u32 = 3;
    /// Faster, which is all the same here.
    const FAST: u32 = 0x100;
    /// Since the start of the machine.
    const MONOTONIC: u32 = 0x200;

    /// Takes the number of `BIOCSTSTAMP`.
    ///
    /// # Errors
    /// `EINVAL` for one that means nothing.
    pub fn new(number: u32) -> Result<Stamp, Errno> {
        let known = number & !(Self::FORMAT | Self::FAST | Self::MONOTONIC) == 0;
        if !known || (number & Self::FORMAT == Self::NONE && number != Self::NONE) {
            return Err(Errno::INVAL);
        }
        Ok(Stamp(number))
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Seconds and the fraction, as this stamp has it.
    fn parts(self, time: SystemTime) -> (u64, u64) {
        if self.0 == Self::NONE {
            return (0, 0);
        }
        let mut since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.0 & Self::MONOTONIC != 0 {
            let now = clock_gettime(ClockId::Monotonic);
            let up = std::time::Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
            since = up.saturating_sub(time.elapsed().unwrap_or_default());
        }
        let fraction = match self.0 & Self::FORMAT {
            Self::MICROSECONDS => u64::from(since.subsec_micros()),
            Self::NANOSECONDS => u64::from(since.subsec_nanos()),
            // Of 2^64.
            Self::BINARY => ((u128::from(since.subsec_nanos()) << 64) / 1_000_000_000) as u64,
            _ => 0,
        };
        (since.as_secs(), fraction)
    }
}

/// Length of the header in front of packets with a link layer header of `link` bytes.
pub fn header(link: usize) -> usize {
    (HEADER + link).next_multiple_of(ALIGNMENT) - link
}

/// Records in a buffer of a fixed size.
#[derive(Debug)]
pub struct Records {
    bytes: Vec<u8>,
    room: usize,
    header: usize,
    stamp: Stamp,
}

impl Records {
    /// None yet, with room for this many bytes, of packets with a link layer header of `link` bytes.
    pub fn new(room: usize, link: usize, stamp: Stamp) -> Self {
        Self { bytes: Vec::new(), room, header: header(link), stamp }
    }

    /// Most bytes of a packet for which there is still room. Nothing when not even its header fits. The first one is
    /// cut to the buffer if it must be.
    pub fn space(&self) -> Option<usize> {
        if self.bytes.is_empty() {
            return Some(usize::MAX);
        }
        self.room.checked_sub(self.bytes.len().next_multiple_of(ALIGNMENT) + self.header)
    }

    /// Adds a packet, of `length` bytes on the wire.
    pub fn push(&mut self, packet: &[u8], length: usize, time: SystemTime) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        let room = self.room.saturating_sub(self.bytes.len() + self.header);
        let packet = &packet[..packet.len().min(room)];
        let start = self.bytes.len();
        let (seconds, fraction) = self.stamp.parts(time);
        self.bytes.extend(seconds.to_ne_bytes());
        self.bytes.extend(fraction.to_ne_bytes());
        self.bytes.extend((packet.len() as u32).to_ne_bytes());
        self.bytes.extend((length as u32).to_ne_bytes());
        self.bytes.extend((self.header as u16).to_ne_bytes());
        self.bytes.resize(start + self.header, 0);
        self.bytes.extend(packet);
    }

    /// All records.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn network_headers_are_aligned() {
        for (link, length) in [(14, 34), (4, 36), (0, 32)] {
            assert_eq!(header(link), length);
            assert_eq!((header(link) + link) % ALIGNMENT, 0);
        }
    }

    #[test]
    fn records_follow_each_other_on_words() {
        let time = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let mut records = Records::new(128, 14, Stamp::default());
        records.push(&[7; 15], 60, time);
        assert_eq!(records.space(), Some(128 - 56 - 34));
        records.push(&[8; 38], 38, time);
        assert_eq!(records.space(), None);
        let bytes = records.into_bytes();
        let word = |at: usize| u32::from_ne_bytes(*bytes[at..].first_chunk().unwrap());
        assert_eq!(bytes[..8], 1_700_000_000u64.to_ne_bytes());
        assert_eq!(bytes[8..16], 123_456u64.to_ne_bytes());
        assert_eq!((word(16), word(20), u16::from_ne_bytes([bytes[24], bytes[25]])), (15, 60, 34));
        assert_eq!((bytes[33], bytes[34], bytes[48], bytes[49], bytes[55]), (0, 7, 7, 0, 0));
        assert_eq!((word(56 + 16), word(56 + 20), bytes.len()), (38, 38, 128));
    }

    #[test]
    fn a_packet_longer_than_the_buffer_is_cut() {
        let mut records = Records::new(40, 0, Stamp::default());
        records.push(&[1; 100], 100, UNIX_EPOCH);
        assert_eq!(records.space(), None);
        let bytes = records.into_bytes();
        assert_eq!((bytes.len(), bytes[16], bytes[20]), (40, 8, 100));
        let mut records = Records::new(16, 0, Stamp::default());
        records.push(&[1; 100], 100, UNIX_EPOCH);
        assert_eq!(records.into_bytes()[16], 0);
    }

    #[test]
    fn times_have_the_form_that_was_asked_for() {
        let time = UNIX_EPOCH + Duration::new(5, 500_000_000);
        for (number, parts) in [
            (0, (5, 500_000)),
            (1, (5, 500_000_000)),
            (2, (5, 1 << 63)),
            (3, (0, 0)),
            (0x101, (5, 500_000_000)),
        ] {
            assert_eq!(Stamp::new(number).unwrap().parts(time), parts);
        }
        let (up, _) = Stamp::new(0x201).unwrap().parts(SystemTime::now());
        assert!(up <= clock_gettime(ClockId::Monotonic).tv_sec as u64);
        for number in [4, 0x103, 0x400, u32::MAX] {
            assert_eq!(Stamp::new(number), Err(Errno::INVAL));
        }
    }
}
