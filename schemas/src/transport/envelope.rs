//! What precedes each datagram between a guest's socket and a network stack that is a server.
//!
//! Such a socket is one end of a `SOCK_SEQPACKET` pair: its record boundaries are the datagrams', and that it can be
//! read or written the host tells. The stub puts an envelope in front of what the guest sends, and takes it off what
//! the guest receives.

/// Room for an address: the longest is `struct sockaddr_in6` (28 bytes).
const ADDRESS: usize = 32;
/// Room for control data: time, hops, class and destination of a datagram.
const CONTROL: usize = 144;

/// The family of routing sockets (route(4) of BSD systems), in the numbers of operations. None of Linux's families has it.
pub const FAMILY_ROUTING: u16 = 0x7f11;

/// An envelope, in the byte order of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Not 0: there is no datagram, but this error, to be told by the call that receives (a number of Linux).
    pub error: i32,
    address_length: u16,
    control_length: u16,
    address: [u8; ADDRESS],
    control: [u8; CONTROL],
}

impl Envelope {
    /// Bytes that it takes.
    pub const SIZE: usize = 8 + ADDRESS + CONTROL;

    /// An envelope with an address (`struct sockaddr` of Linux; who sent it or who is to get it; empty for the peer)
    /// and control data (`struct cmsghdr` of Linux). Nothing when one of them is too long.
    pub fn new(address: &[u8], control: &[u8]) -> Option<Self> {
        let mut envelope = Self {
            error: 0,
            address_length: 0,
            control_length: 0,
            address: [0; ADDRESS],
            control: [0; CONTROL],
        };
        envelope.address.get_mut(..address.len())?.copy_from_slice(address);
        envelope.control.get_mut(..control.len())?.copy_from_slice(control);
        envelope.address_length = address.len() as u16;
        envelope.control_length = control.len() as u16;
        Some(envelope)
    }

    /// The address.
    pub fn address(&self) -> &[u8] {
        &self.address[..usize::from(self.address_length).min(ADDRESS)]
    }

    /// The control data.
    pub fn control(&self) -> &[u8] {
        &self.control[..usize::from(self.control_length).min(CONTROL)]
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.error.to_ne_bytes());
        bytes[4..6].copy_from_slice(&self.address_length.to_ne_bytes());
        bytes[6..8].copy_from_slice(&self.control_length.to_ne_bytes());
        bytes[8..8 + ADDRESS].copy_from_slice(&self.address);
        bytes[8 + ADDRESS..].copy_from_slice(&self.control);
        bytes
    }

    /// An envelope from its bytes, whatever they are.
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        let mut envelope = Self {
            error: i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            address_length: u16::from_ne_bytes([bytes[4], bytes[5]]),
            control_length: u16::from_ne_bytes([bytes[6], bytes[7]]),
            address: [0; ADDRESS],
            control: [0; CONTROL],
        };
        envelope.address.copy_from_slice(&bytes[8..8 + ADDRESS]);
        envelope.control.copy_from_slice(&bytes[8 + ADDRESS..]);
        envelope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_go_there_and_back() {
        let envelope = Envelope::new(b"address", b"control").unwrap();
        let read = Envelope::from_bytes(&envelope.to_bytes());
        assert_eq!((read, read.address(), read.control()), (envelope, &b"address"[..], &b"control"[..]));
        assert!(Envelope::new(&[0; ADDRESS + 1], &[]).is_none());
        assert!(Envelope::new(&[], &[0; CONTROL + 1]).is_none());
        let hostile = Envelope::from_bytes(&[0xff; Envelope::SIZE]);
        assert_eq!((hostile.address().len(), hostile.control().len()), (ADDRESS, CONTROL));
    }
}
