//! What sockets are asked about interfaces (netdevice(7), linux/sockios.h). The argument is a `struct ifreq`.

use std::sync::Arc;

use schemas::Errno;

use super::super::link::View;
use super::socket::Socket;
use crate::network::Interface;

const SIOCGIFNAME: u32 = 0x8910;
const SIOCGIFFLAGS: u32 = 0x8913;
const SIOCSIFFLAGS: u32 = 0x8914;
const SIOCGIFMETRIC: u32 = 0x891d;
const SIOCGIFMTU: u32 = 0x8921;
const SIOCSIFMTU: u32 = 0x8922;
const SIOCGIFHWADDR: u32 = 0x8927;
const SIOCGIFINDEX: u32 = 0x8933;
const SIOCGIFTXQLEN: u32 = 0x8942;

/// Length of a name (`IFNAMSIZ`) and of the whole structure.
const NAME: usize = 16;
const REQUEST: usize = 40;

impl Socket {
    /// Answers a request about an interface with the structure filled in.
    ///
    /// # Errors
    /// `ENODEV` when there is no such interface, `ENOTTY` for what is not known, `EFAULT` for a short structure.
    pub fn interface_request(&self, code: u32, request: &[u8]) -> Result<[u8; REQUEST], Errno> {
        let mut told = *request.first_chunk::<REQUEST>().ok_or(Errno::FAULT)?;
        let interface = if code == SIOCGIFNAME {
            let index = u32::from_ne_bytes([told[NAME], told[NAME + 1], told[NAME + 2], told[NAME + 3]]);
            self.host().by_index(index)
        } else {
            self.named(&told[..NAME])
        };
        let number = |interface: &Interface| match code {
            // The low half of the flags is all that there is room for.
            SIOCGIFFLAGS => Some(interface.flags() & 0xffff),
            SIOCGIFMETRIC => Some(0),
            SIOCGIFMTU => Some(interface.mtu()),
            SIOCGIFINDEX => Some(interface.index()),
            SIOCGIFTXQLEN => Some(1000),
            _ => None,
        };
        match code {
            SIOCGIFNAME => {
                let name = interface.ok_or(Errno::NODEV)?.name();
                told[..NAME].fill(0);
                let length = name.len().min(NAME - 1);
                told[..length].copy_from_slice(&name.as_bytes()[..length]);
            }
            SIOCSIFFLAGS | SIOCSIFMTU => {
                let interface = interface.ok_or(Errno::NODEV)?;
                let value = i32::from_ne_bytes([told[NAME], told[NAME + 1], told[NAME + 2], told[NAME + 3]]);
                if code == SIOCSIFFLAGS {
                    interface.set_flags(value as u32 & 0xffff);
                } else {
                    // What IPv4 needs at least (`ETH_MIN_MTU`), and what it has at most.
                    let mtu = u32::try_from(value).ok().filter(|mtu| (68..=65535).contains(mtu));
                    interface.set_mtu(mtu.ok_or(Errno::INVAL)?);
                }
                self.host().changed(&interface);
            }
            SIOCGIFHWADDR => {
                let interface = interface.ok_or(Errno::NODEV)?;
                told[NAME..].fill(0);
                told[NAME..NAME + 2].copy_from_slice(&View::hardware(interface.medium()).to_ne_bytes());
                told[NAME + 2..NAME + 8].copy_from_slice(&interface.mac().0);
            }
            SIOCGIFFLAGS | SIOCGIFMETRIC | SIOCGIFMTU | SIOCGIFINDEX | SIOCGIFTXQLEN => {
                let number = interface.as_deref().and_then(number).ok_or(Errno::NODEV)?;
                let width = if code == SIOCGIFFLAGS { 2 } else { 4 };
                told[NAME..NAME + width].copy_from_slice(&number.to_ne_bytes()[..width]);
            }
            _ => return Err(Errno::NOTTY),
        }
        Ok(told)
    }

    fn named(&self, name: &[u8]) -> Option<Arc<Interface>> {
        let name = name.split(|byte| *byte == 0).next()?;
        self.host().by_name(std::str::from_utf8(name).ok()?)
    }
}
