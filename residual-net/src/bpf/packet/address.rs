//! `struct sockaddr_ll` (packet(7), linux/if_packet.h).

use schemas::Errno;

use super::super::capture::packet_type;
use super::super::link::{View, protocol};
use crate::network::{Direction, Interface, Medium};

/// `AF_PACKET`.
pub const FAMILY: u16 = 17;
/// Its length.
pub const LENGTH: usize = 20;

/// An address of the link layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of Ethernet (`ETH_P_*`), host byte order.
    pub protocol: u16,
    /// Number of the interface; 0 for all.
    pub interface: u32,
    /// Type of hardware (`ARPHRD_*`).
    pub hardware: u16,
    /// To whom a packet went (`PACKET_*`).
    pub packet_type: u8,
    /// How many of the bytes are the address.
    pub length: u8,
    /// The address.
    pub bytes: [u8; 8],
}

impl Address {
    /// Takes one from its bytes. Fewer than the address has room for are allowed where the address itself is whole.
    ///
    /// # Errors
    /// `EINVAL` for one that is too short or of another family.
    pub fn read(bytes: &[u8]) -> Result<Address, Errno> {
        let head = bytes.first_chunk::<12>().ok_or(Errno::INVAL)?;
        if u16::from_ne_bytes([head[0], head[1]]) != FAMILY {
            return Err(Errno::INVAL);
        }
        let mut address = Address {
            protocol: u16::from_be_bytes([head[2], head[3]]),
            interface: u32::from_ne_bytes([head[4], head[5], head[6], head[7]]),
            hardware: u16::from_ne_bytes([head[8], head[9]]),
            packet_type: head[10],
            length: head[11],
            bytes: [0; 8],
        };
        let rest = &bytes[12..bytes.len().min(LENGTH)];
        if usize::from(address.length) > rest.len() {
            return Err(Errno::INVAL);
        }
        address.bytes[..rest.len()].copy_from_slice(rest);
        Ok(address)
    }

    /// Its bytes.
    pub fn write(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..2].copy_from_slice(&FAMILY.to_ne_bytes());
        bytes[2..4].copy_from_slice(&self.protocol.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.interface.to_ne_bytes());
        bytes[8..10].copy_from_slice(&self.hardware.to_ne_bytes());
        bytes[10] = self.packet_type;
        bytes[11] = self.length;
        bytes[12..].copy_from_slice(&self.bytes);
        bytes
    }

    /// That of an interface itself.
    pub fn of(interface: &Interface, protocol: u16) -> Address {
        let mut address = Address {
            protocol,
            interface: interface.index(),
            hardware: View::hardware(interface.medium()),
            ..Address::default()
        };
        if interface.medium() != Medium::Ip {
            address.length = 6;
            address.bytes[..6].copy_from_slice(&interface.mac().0);
        }
        address
    }

    /// That of whoever sent a frame over an interface.
    pub fn sender(interface: &Interface, direction: Direction, frame: &[u8]) -> Address {
        let medium = interface.medium();
        let mut address = Address::of(interface, protocol(medium, frame));
        address.packet_type = packet_type(medium, interface.mac().0, frame, direction);
        if let (Medium::Ethernet, Some(from)) = (medium, frame.get(6..12)) {
            address.bytes[..6].copy_from_slice(from);
        }
        address
    }
}
