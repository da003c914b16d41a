//! Options of packet sockets (packet(7), socket(7); numbers of linux/if_packet.h and asm-generic/socket.h).

use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use schemas::Errno;

use super::ring::{Request, Ring, Version};
use super::socket::{Kind, Socket};
use crate::network::Flags;

const SOL_SOCKET: i32 = 1;
const SOL_PACKET: i32 = 263;

const SO_REUSEADDR: i32 = 2;
const SO_TYPE: i32 = 3;
const SO_ERROR: i32 = 4;
const SO_BROADCAST: i32 = 6;
const SO_SNDBUF: i32 = 7;
const SO_RCVBUF: i32 = 8;
const SO_BINDTODEVICE: i32 = 25;
const SO_DETACH_FILTER: i32 = 27;
const SO_TIMESTAMP: i32 = 29;
const SO_ACCEPTCONN: i32 = 30;
const SO_RCVBUFFORCE: i32 = 33;
const SO_TIMESTAMPNS: i32 = 35;
const SO_PROTOCOL: i32 = 38;
const SO_DOMAIN: i32 = 39;
const SO_LOCK_FILTER: i32 = 44;
const SO_BPF_EXTENSIONS: i32 = 48;

const PACKET_ADD_MEMBERSHIP: i32 = 1;
const PACKET_DROP_MEMBERSHIP: i32 = 2;
const PACKET_RX_RING: i32 = 5;
const PACKET_STATISTICS: i32 = 6;
const PACKET_AUXDATA: i32 = 8;
const PACKET_VERSION: i32 = 10;
const PACKET_HDRLEN: i32 = 11;
const PACKET_RESERVE: i32 = 12;
const PACKET_LOSS: i32 = 14;
const PACKET_VNET_HDR: i32 = 15;
const PACKET_TIMESTAMP: i32 = 17;
const PACKET_QDISC_BYPASS: i32 = 20;
const PACKET_IGNORE_OUTGOING: i32 = 23;

/// Kinds of membership (`PACKET_MR_*`).
const MULTICAST: u16 = 0;
const PROMISCUOUS: u16 = 1;
const ALL_MULTICAST: u16 = 2;
const UNICAST: u16 = 3;
/// Most memberships of one socket.
const MEMBERSHIPS: usize = 256;

/// Sizes of buffers in bytes: at first (`net.core.rmem_default`), least and most that is given.
const BUFFER: (u32, u32, u32) = (212_992, 2304, 8 << 20);
/// Loads beside the packet that filters may use, as `SO_BPF_EXTENSIONS` tells (`SKF_AD_MAX`).
const EXTENSIONS: i32 = 64;

/// `struct packet_mreq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Membership {
    interface: u32,
    kind: u16,
    length: u16,
    address: [u8; 8],
}

impl Membership {
    fn read(value: &[u8]) -> Result<Membership, Errno> {
        let bytes = value.first_chunk::<16>().ok_or(Errno::INVAL)?;
        let membership = Membership {
            interface: u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            kind: u16::from_ne_bytes([bytes[4], bytes[5]]),
            length: u16::from_ne_bytes([bytes[6], bytes[7]]),
            address: [bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]],
        };
        if membership.length > 8 { Err(Errno::INVAL) } else { Ok(membership) }
    }
}

/// What the options of a socket say.
#[derive(Debug)]
pub struct Settings {
    memberships: Vec<Membership>,
    /// Room for what waits, in bytes.
    pub receive_buffer: u32,
    send_buffer: u32,
    auxiliary: bool,
    /// Times come with packets: in microseconds, in nanoseconds.
    microseconds: bool,
    nanoseconds: bool,
    version: u32,
    reserve: u32,
    loss: bool,
    /// Packets that leave are not for this socket.
    pub ignore_outgoing: bool,
    broadcast: bool,
    reuse: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            memberships: Vec::new(),
            receive_buffer: BUFFER.0,
            send_buffer: BUFFER.0,
            auxiliary: false,
            microseconds: false,
            nanoseconds: false,
            version: 0,
            reserve: 0,
            loss: false,
            ignore_outgoing: false,
            broadcast: false,
            reuse: false,
        }
    }
}

impl Settings {
    /// Whether an interface is to get all frames of its network for this socket.
    pub fn is_promiscuous(&self, interface: u32) -> bool {
        self.memberships.iter().any(|member| member.kind == PROMISCUOUS && member.interface == interface)
    }

    /// Control data that comes with a packet.
    pub fn control(&self, length: usize, captured: usize, header: usize, time: SystemTime) -> Vec<u8> {
        let mut control = Vec::new();
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.microseconds || self.nanoseconds {
            let (name, fraction) = if self.nanoseconds {
                (SO_TIMESTAMPNS, since.subsec_nanos())
            } else {
                (SO_TIMESTAMP, since.subsec_micros())
            };
            let data = [since.as_secs().to_ne_bytes(), u64::from(fraction).to_ne_bytes()].concat();
            push(&mut control, SOL_SOCKET, name, &data);
        }
        if self.auxiliary {
            // `struct tpacket_auxdata`: status TP_STATUS_USER, lengths, offsets, tag and its type.
            let mut data = Vec::with_capacity(20);
            for word in [1, length as u32, captured as u32] {
                data.extend(word.to_ne_bytes());
            }
            for half in [0, header as u16, 0, 0] {
                data.extend(half.to_ne_bytes());
            }
            push(&mut control, SOL_PACKET, PACKET_AUXDATA, &data);
        }
        control
    }

    fn ring_version(&self) -> Result<Version, Errno> {
        match self.version {
            1 => Ok(Version::Two),
            2 => Ok(Version::Three),
            // The first version has a word in its header that is as long as the kernel's.
            _ => Err(Errno::INVAL),
        }
    }
}

/// Appends one part of control data (cmsg(3)).
fn push(control: &mut Vec<u8>, level: i32, name: i32, data: &[u8]) {
    control.extend((16 + data.len() as u64).to_ne_bytes());
    control.extend(level.to_ne_bytes());
    control.extend(name.to_ne_bytes());
    control.extend(data);
    control.resize(control.len().next_multiple_of(8), 0);
}

fn word(value: &[u8]) -> Result<i32, Errno> {
    value.first_chunk().map(|bytes| i32::from_ne_bytes(*bytes)).ok_or(Errno::INVAL)
}

impl Socket {
    /// setsockopt(2).
    ///
    /// # Errors
    /// `ENOPROTOOPT` for an option that there is not, `EINVAL` for a value that it cannot have, `EBUSY` for what a ring
    /// that is there does not let be changed.
    pub fn set_option(&self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        match level {
            SOL_SOCKET => self.set_socket_option(name, value),
            SOL_PACKET => self.set_packet_option(name, value),
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn set_socket_option(&self, name: i32, value: &[u8]) -> Result<(), Errno> {
        match name {
            SO_DETACH_FILTER => return self.set_filter(&[]),
            SO_BINDTODEVICE => {
                let name = value.split(|byte| *byte == 0).next().unwrap_or(&[]);
                let name = std::str::from_utf8(name).map_err(|_| Errno::NODEV)?;
                let interface = self.host().by_name(name).ok_or(Errno::NODEV)?;
                let address = super::Address { interface: interface.index(), ..super::Address::default() };
                return self.bind(&address.write());
            }
            _ => {}
        }
        let value = word(value)?;
        let mut state = self.lock();
        let settings = &mut state.settings;
        match name {
            SO_RCVBUF | SO_RCVBUFFORCE => {
                // The kernel doubles it, for what it needs itself.
                let wanted = (value as u32).min(i32::MAX as u32 / 2) * 2;
                settings.receive_buffer = wanted.clamp(BUFFER.1, BUFFER.2);
            }
            SO_SNDBUF => {
                let wanted = (value as u32).min(i32::MAX as u32 / 2) * 2;
                settings.send_buffer = wanted.clamp(BUFFER.1, BUFFER.2);
            }
            SO_TIMESTAMP => (settings.microseconds, settings.nanoseconds) = (value != 0, false),
            SO_TIMESTAMPNS => (settings.microseconds, settings.nanoseconds) = (false, value != 0),
            SO_BROADCAST => settings.broadcast = value != 0,
            SO_REUSEADDR => settings.reuse = value != 0,
            SO_LOCK_FILTER => {
                // It can be locked, and not be unlocked.
                if state.filter_locked && value == 0 {
                    return Err(Errno::PERM);
                }
                state.filter_locked = value != 0;
            }
            _ => return Err(Errno::NOPROTOOPT),
        }
        self.apply(&mut state);
        Ok(())
    }

    fn set_packet_option(&self, name: i32, value: &[u8]) -> Result<(), Errno> {
        match name {
            PACKET_ADD_MEMBERSHIP | PACKET_DROP_MEMBERSHIP => {
                return self.change_membership(name == PACKET_ADD_MEMBERSHIP, Membership::read(value)?);
            }
            PACKET_RX_RING => return self.set_ring(value),
            _ => {}
        }
        let value = word(value)?;
        let mut state = self.lock();
        let has_ring = state.ring.is_some();
        let settings = &mut state.settings;
        match name {
            PACKET_AUXDATA => settings.auxiliary = value != 0,
            PACKET_VERSION | PACKET_RESERVE | PACKET_LOSS if has_ring => return Err(Errno::BUSY),
            PACKET_VERSION if (0..3).contains(&value) => settings.version = value as u32,
            PACKET_RESERVE if value >= 0 => settings.reserve = value as u32,
            PACKET_LOSS => settings.loss = value != 0,
            PACKET_IGNORE_OUTGOING if (0..2).contains(&value) => settings.ignore_outgoing = value != 0,
            // Times are those of the host's clock in any case, and there is no queue to go around.
            PACKET_TIMESTAMP | PACKET_QDISC_BYPASS if value == 0 => {}
            PACKET_VERSION | PACKET_RESERVE | PACKET_IGNORE_OUTGOING => return Err(Errno::INVAL),
            _ => return Err(Errno::NOPROTOOPT),
        }
        self.apply(&mut state);
        Ok(())
    }

    fn change_membership(&self, add: bool, membership: Membership) -> Result<(), Errno> {
        let interface = self.host().by_index(membership.interface).ok_or(Errno::NODEV)?;
        if !matches!(membership.kind, MULTICAST | PROMISCUOUS | ALL_MULTICAST | UNICAST) {
            return Err(Errno::INVAL);
        }
        if membership.length > 6
            || (membership.kind == MULTICAST && interface.flags() & Flags::MULTICAST == 0)
        {
            return Err(Errno::INVAL);
        }
        let mut state = self.lock();
        let memberships = &mut state.settings.memberships;
        if add {
            if memberships.len() >= MEMBERSHIPS {
                return Err(Errno::NOBUFS);
            }
            memberships.push(membership);
        } else {
            let at = memberships.iter().position(|member| *member == membership);
            memberships.remove(at.ok_or(Errno::ADDRNOTAVAIL)?);
        }
        self.apply(&mut state);
        Ok(())
    }

    fn set_ring(&self, value: &[u8]) -> Result<(), Errno> {
        let mut state = self.lock();
        let version = state.settings.ring_version()?;
        let request = Request::read(version, value)?;
        if request.blocks == 0 {
            if request.frames != 0 {
                return Err(Errno::INVAL);
            }
            state.ring = None;
            self.readiness().release();
        } else if state.ring.is_some() {
            return Err(Errno::BUSY);
        } else {
            state.ring = Some(Ring::new(version, request, state.settings.reserve)?);
        }
        self.update(&mut state);
        Ok(())
    }

    /// The ring's memory.
    ///
    /// # Errors
    /// `EINVAL` without a ring, which is what mmap(2) of such a socket says.
    pub fn ring_memory(&self) -> Result<OwnedFd, Errno> {
        self.lock().ring.as_ref().ok_or(Errno::INVAL)?.file()
    }

    /// getsockopt(2): at most `length` bytes.
    ///
    /// # Errors
    /// `ENOPROTOOPT` for an option that there is not.
    pub fn option(&self, level: i32, name: i32, length: usize, hint: &[u8]) -> Result<Vec<u8>, Errno> {
        let mut value = match level {
            SOL_SOCKET => self.socket_option(name)?,
            SOL_PACKET => self.packet_option(name, hint)?,
            _ => return Err(Errno::NOPROTOOPT),
        };
        value.truncate(length);
        Ok(value)
    }

    fn socket_option(&self, name: i32) -> Result<Vec<u8>, Errno> {
        let mut state = self.lock();
        let value = match name {
            SO_TYPE => {
                if self.kind() == Kind::Raw {
                    3
                } else {
                    2
                }
            }
            SO_ERROR => {
                let error = state.error.take();
                self.update(&mut state);
                error.map_or(0, |error| error.raw())
            }
            SO_DOMAIN => i32::from(super::address::FAMILY),
            // In network byte order, as it was given.
            SO_PROTOCOL => i32::from(state.protocol.to_be()),
            SO_RCVBUF => state.settings.receive_buffer as i32,
            SO_SNDBUF => state.settings.send_buffer as i32,
            SO_TIMESTAMP => i32::from(state.settings.microseconds),
            SO_TIMESTAMPNS => i32::from(state.settings.nanoseconds),
            SO_LOCK_FILTER => i32::from(state.filter_locked),
            SO_BROADCAST => i32::from(state.settings.broadcast),
            SO_REUSEADDR => i32::from(state.settings.reuse),
            SO_ACCEPTCONN => 0,
            SO_BPF_EXTENSIONS => EXTENSIONS,
            _ => return Err(Errno::NOPROTOOPT),
        };
        Ok(value.to_ne_bytes().to_vec())
    }

    fn packet_option(&self, name: i32, hint: &[u8]) -> Result<Vec<u8>, Errno> {
        let mut state = self.lock();
        let value = match name {
            PACKET_STATISTICS => {
                let (packets, dropped) = self.take_statistics(&mut state);
                let mut told = [packets as u32, dropped as u32].map(u32::to_ne_bytes).concat();
                if state.settings.version == 2 {
                    let frozen = state.ring.as_mut().map_or(0, |ring| std::mem::take(&mut ring.frozen));
                    told.extend(frozen.to_ne_bytes());
                }
                return Ok(told);
            }
            PACKET_HDRLEN => match word(hint)? {
                // `sizeof(struct tpacket_hdr)` of a machine of 64 bits.
                0 => 32,
                1 => Version::Two.header() as i32,
                2 => Version::Three.header() as i32,
                _ => return Err(Errno::INVAL),
            },
            PACKET_AUXDATA => i32::from(state.settings.auxiliary),
            PACKET_VERSION => state.settings.version as i32,
            PACKET_RESERVE => state.settings.reserve as i32,
            PACKET_LOSS => i32::from(state.settings.loss),
            PACKET_IGNORE_OUTGOING => i32::from(state.settings.ignore_outgoing),
            PACKET_VNET_HDR | PACKET_TIMESTAMP | PACKET_QDISC_BYPASS => 0,
            _ => return Err(Errno::NOPROTOOPT),
        };
        Ok(value.to_ne_bytes().to_vec())
    }
}
