//! How frames look to those who tap: each OS has link layer headers of its own where the medium has none.

use bytes::Bytes;

use crate::network::{ETHERNET_HEADER, Medium};

/// Type of Ethernet for IPv4 and IPv6 (`ETH_P_IP`, `ETH_P_IPV6`, linux/if_ether.h).
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// Which OS taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// FreeBSD: loopback and tun have four bytes in front that say which family the packet is of (`DLT_NULL`).
    FreeBsd,
    /// Linux: loopback has an Ethernet header without addresses, tun has nothing.
    Linux,
}

/// Types of link layer headers (`DLT_*`, net/bpf.h).
pub mod dlt {
    /// Four bytes of address family in the host's byte order.
    pub const NULL: u32 = 0;
    /// Ethernet.
    pub const EN10MB: u32 = 1;
}

/// Types of hardware (`ARPHRD_*`, linux/if_arp.h).
pub mod hardware {
    /// Ethernet.
    pub const ETHER: u16 = 1;
    /// Loopback.
    pub const LOOPBACK: u16 = 772;
    /// No link layer.
    pub const NONE: u16 = 0xfffe;
}

/// What a view puts in front of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Front {
    bytes: [u8; ETHERNET_HEADER],
    len: usize,
}

impl Front {
    const NONE: Front = Front { bytes: [0; ETHERNET_HEADER], len: 0 };

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Whether a bare packet is of IPv6.
fn is_ipv6(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte >> 4 == 6)
}

impl View {
    /// Type of link layer header that the interfaces of a medium have.
    pub fn link_type(medium: Medium) -> u32 {
        match medium {
            Medium::Ethernet => dlt::EN10MB,
            Medium::Loopback | Medium::Ip => dlt::NULL,
        }
    }

    /// Type of hardware that Linux says they have.
    pub fn hardware(medium: Medium) -> u16 {
        match medium {
            Medium::Ethernet => hardware::ETHER,
            Medium::Loopback => hardware::LOOPBACK,
            Medium::Ip => hardware::NONE,
        }
    }

    /// Length of the link layer header as it is seen.
    pub fn header(self, medium: Medium) -> usize {
        match (self, medium) {
            (_, Medium::Ethernet) | (View::Linux, Medium::Loopback) => ETHERNET_HEADER,
            (View::FreeBsd, _) => 4,
            (View::Linux, Medium::Ip) => 0,
        }
    }

    /// What is seen in front of a frame that has no link layer header.
    pub fn front(self, medium: Medium, frame: &[u8]) -> Front {
        let mut front = Front::NONE;
        match (self, medium) {
            (_, Medium::Ethernet) | (View::Linux, Medium::Ip) => {}
            (View::FreeBsd, _) => {
                // `AF_INET` and `AF_INET6` of FreeBSD (sys/socket.h).
                let family: u32 = if is_ipv6(frame) { 28 } else { 2 };
                front.bytes[..4].copy_from_slice(&family.to_ne_bytes());
                front.len = 4;
            }
            (View::Linux, Medium::Loopback) => {
                let kind = if is_ipv6(frame) { IPV6 } else { IPV4 };
                front.bytes[12..].copy_from_slice(&kind.to_be_bytes());
                front.len = ETHERNET_HEADER;
            }
        }
        front
    }

    /// The frame that an injected one is for the interface: what is not its link layer header is taken off. Nothing
    /// when it is too short.
    pub fn strip(self, medium: Medium, injected: &[u8]) -> Option<Bytes> {
        let front = if medium == Medium::Ethernet { 0 } else { self.header(medium) };
        injected.get(front..).map(Bytes::copy_from_slice)
    }
}

/// Type of Ethernet of a frame, which Linux calls its protocol.
pub fn protocol(medium: Medium, frame: &[u8]) -> u16 {
    match medium {
        Medium::Ethernet => {
            let kind = frame.get(12..14).map_or(0, |kind| u16::from_be_bytes([kind[0], kind[1]]));
            // Below 1536 it is a length (IEEE 802.3): `ETH_P_802_2`.
            if kind < 0x600 { 4 } else { kind }
        }
        Medium::Loopback | Medium::Ip => {
            if is_ipv6(frame) {
                IPV6
            } else {
                IPV4
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_sees_its_own_header() {
        let packet = [0x60u8, 0, 0, 0];
        assert_eq!(View::FreeBsd.front(Medium::Loopback, &packet).bytes(), 28u32.to_ne_bytes());
        assert_eq!(View::FreeBsd.front(Medium::Ip, &[0x45]).bytes(), 2u32.to_ne_bytes());
        assert_eq!(
            View::Linux.front(Medium::Loopback, &packet).bytes(),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd]
        );
        assert!(View::Linux.front(Medium::Ip, &packet).bytes().is_empty());
        assert!(View::FreeBsd.front(Medium::Ethernet, &packet).bytes().is_empty());
        for view in [View::FreeBsd, View::Linux] {
            for medium in [Medium::Loopback, Medium::Ip] {
                assert_eq!(view.front(medium, &packet).bytes().len(), view.header(medium));
            }
        }
    }

    #[test]
    fn what_was_seen_can_be_sent() {
        assert_eq!(View::FreeBsd.strip(Medium::Loopback, &[2, 0, 0, 0, 0x45]).unwrap(), [0x45][..]);
        assert_eq!(View::Linux.strip(Medium::Ip, &[0x45]).unwrap(), [0x45][..]);
        assert_eq!(View::Linux.strip(Medium::Ethernet, &[1, 2]).unwrap(), [1, 2][..]);
        assert!(View::Linux.strip(Medium::Loopback, &[0; 13]).is_none());
    }

    #[test]
    fn the_protocol_is_that_of_the_header() {
        let mut frame = [0u8; 14];
        assert_eq!(protocol(Medium::Ethernet, &frame), 4);
        frame[12..].copy_from_slice(&[0x08, 0x06]);
        assert_eq!(protocol(Medium::Ethernet, &frame), 0x806);
        assert_eq!(protocol(Medium::Ethernet, &frame[..13]), 4);
        assert_eq!((protocol(Medium::Ip, &[0x45]), protocol(Medium::Loopback, &[0x60])), (IPV4, IPV6));
    }
}
