//! The internet layer as the device that `smoltcp` runs on.

use bytes::Bytes;
use smoltcp::phy::{Checksum, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::ip::Ip;
use super::packet::HEADROOM;

/// Longest packet: the longest that IPv4 has.
const MTU: usize = 65535;

/// A segment that arrived.
pub struct Arrived(Bytes);

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// Room for a segment to be sent.
pub struct Leaving<'a>(&'a mut Ip);

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut bytes = vec![0; HEADROOM + length];
        let result = write(&mut bytes[HEADROOM..]);
        // A segment that is lost is sent again.
        let _ = self.0.send(bytes, false, 0);
        result
    }
}

impl Device for Ip {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Arrived, Leaving<'_>)> {
        let segment = self.segments.pop_front()?;
        Some((Arrived(segment), Leaving(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        // The internet layer has checked what arrives, and leaves the rest to whoever needs it.
        capabilities.checksum.ipv4 = Checksum::Tx;
        capabilities.checksum.tcp = Checksum::None;
        capabilities
    }
}
