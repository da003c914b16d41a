//! Interfaces whose other end is a descriptor, and the queues of frames that wait for it.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use bytes::Bytes;
use schemas::Errno;

use crate::network::{ETHERNET_HEADER, Frame, Interface, Link, Medium};
use crate::readiness::Readiness;

/// Most frames that wait for one descriptor (`TUN_READQ_SIZE`, linux/if_tun.h), and most bytes in them.
const FRAMES: usize = 500;
const BYTES: usize = 4 << 20;
/// Most descriptors of one interface (`MAX_TAP_QUEUES`).
pub const QUEUES: usize = 256;

/// `ETH_P_IP`, `ETH_P_IPV6`.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// `AF_INET`, `AF_INET6` of FreeBSD.
const INET: u32 = 2;
const INET6: u32 = 28;
/// `TUN_PKT_STRIP`: the packet was cut.
const CUT: u16 = 1;

/// What is in front of each packet that passes a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// Nothing.
    #[default]
    Nothing,
    /// `struct tun_pi` of Linux: flags, and the type of Ethernet in network byte order.
    Information,
    /// The address family of FreeBSD in network byte order (`TUNSIFHEAD`).
    Family,
    /// The address that the packet goes to, as a `struct sockaddr` of FreeBSD (`TUNSLMODE`); only what is read has it.
    Address,
}

/// What a descriptor does with packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// What is in front of them.
    pub front: Front,
    /// Frames of Ethernet rather than IP packets.
    pub ethernet: bool,
}

fn is_ipv6(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte >> 4 == 6)
}

impl Mode {
    /// What one who reads gets of a frame into so much room: the frame is cut to it.
    fn read(self, frame: &[u8], room: usize) -> Vec<u8> {
        let mut data = match self.front {
            Front::Nothing => Vec::new(),
            Front::Information => {
                let kind = if self.ethernet {
                    frame.get(12..14).map_or(0, |kind| u16::from_be_bytes([kind[0], kind[1]]))
                } else if is_ipv6(frame) {
                    IPV6
                } else {
                    IPV4
                };
                let flags = if frame.len() + 4 > room { CUT } else { 0 };
                [flags.to_ne_bytes(), kind.to_be_bytes()].concat()
            }
            Front::Family => (if is_ipv6(frame) { INET6 } else { INET }).to_be_bytes().to_vec(),
            Front::Address => address(frame),
        };
        data.extend(frame);
        data.truncate(room);
        data
    }

    /// The frame in what was written.
    ///
    /// # Errors
    /// `EINVAL` for what cannot be one; `EAFNOSUPPORT` for another family than IP.
    fn write(self, data: &[u8]) -> Result<Bytes, Errno> {
        let frame = match self.front {
            Front::Nothing | Front::Address => data,
            Front::Information => data.get(4..).ok_or(Errno::INVAL)?,
            Front::Family => {
                let (family, rest) = data.split_first_chunk().ok_or(Errno::INVAL)?;
                if !matches!(u32::from_be_bytes(*family), INET | INET6) {
                    return Err(Errno::AFNOSUPPORT);
                }
                rest
            }
        };
        let whole = if self.ethernet {
            frame.len() >= ETHERNET_HEADER
        } else {
            matches!(frame.first().map(|byte| byte >> 4), Some(4 | 6))
        };
        if whole { Ok(Bytes::copy_from_slice(frame)) } else { Err(Errno::INVAL) }
    }
}

/// The address that a packet goes to as a `struct sockaddr_in` or `struct sockaddr_in6` of FreeBSD.
fn address(packet: &[u8]) -> Vec<u8> {
    let (mut address, place) =
        if is_ipv6(packet) { (vec![0u8; 28], 24..40) } else { (vec![0u8; 16], 16..20) };
    address[0] = address.len() as u8;
    address[1] = if address.len() == 28 { INET6 } else { INET } as u8;
    let at = if address.len() == 28 { 8 } else { 4 };
    if let Some(bytes) = packet.get(place) {
        address[at..at + bytes.len()].copy_from_slice(bytes);
    }
    address
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
    mode: Mode,
    port: Option<Arc<Port>>,
}

/// One open descriptor.
pub struct Queue {
    readiness: Readiness,
    waiting: Mutex<Waiting>,
}

impl Queue {
    /// A new one, attached to nothing.
    pub fn new(readiness: Readiness) -> Arc<Self> {
        Arc::new(Self { readiness, waiting: Mutex::default() })
    }

    /// What tells the guest whether there is something to read.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        crate::lock(&self.waiting)
    }

    /// The interface that it is attached to.
    pub fn port(&self) -> Option<Arc<Port>> {
        self.lock().port.clone()
    }

    /// What it does with packets.
    pub fn mode(&self) -> Mode {
        self.lock().mode
    }

    /// Changes what is in front of packets.
    pub fn set_front(&self, front: Front) {
        self.lock().mode.front = front;
    }

    /// Attaches it to an interface.
    ///
    /// # Errors
    /// `EBUSY` when that has one already and is not for several; `E2BIG` when it has too many.
    pub fn attach(self: &Arc<Self>, port: &Arc<Port>, mode: Mode) -> Result<(), Errno> {
        port.add(self)?;
        let mut waiting = self.lock();
        waiting.mode = mode;
        waiting.port = Some(port.clone());
        Ok(())
    }

    /// Detaches it; gives the interface. What waits is thrown away.
    pub fn detach(&self) -> Option<Arc<Port>> {
        let port = {
            let mut waiting = self.lock();
            waiting.frames.clear();
            waiting.bytes = 0;
            waiting.port.take()
        };
        self.readiness.set(false);
        if let Some(port) = &port {
            port.take(self);
        }
        port
    }

    /// A frame comes from the host; false when there is no room.
    fn push(&self, frame: Bytes) -> bool {
        let mut waiting = self.lock();
        if waiting.frames.len() >= FRAMES || waiting.bytes + frame.len() > BYTES {
            return false;
        }
        waiting.bytes += frame.len();
        waiting.frames.push_back(frame);
        self.readiness.set(true);
        true
    }

    /// read(2): one packet, cut to the room that there is.
    ///
    /// # Errors
    /// `EBADFD` when it is attached to nothing, `EIO` when the interface was removed, `EAGAIN` when there is nothing.
    pub fn read(&self, room: u64) -> Result<Vec<u8>, Errno> {
        let mut waiting = self.lock();
        let port = waiting.port.as_ref().ok_or(Errno::BADFD)?;
        if port.is_removed() {
            return Err(Errno::IO);
        }
        let frame = waiting.frames.pop_front().ok_or(Errno::AGAIN)?;
        waiting.bytes -= frame.len();
        self.readiness.set(!waiting.frames.is_empty());
        Ok(waiting.mode.read(&frame, usize::try_from(room).unwrap_or(usize::MAX)))
    }

    /// Bytes of the packet that is next.
    pub fn next(&self) -> u64 {
        self.lock().frames.front().map_or(0, |frame| frame.len() as u64)
    }

    /// write(2): a packet arrives at the interface.
    ///
    /// # Errors
    /// `EBADFD` when it is attached to nothing, `EIO` when the interface is down or gone, `EINVAL` for what is no packet.
    pub fn write(&self, data: &[u8]) -> Result<u64, Errno> {
        let (port, mode) = {
            let waiting = self.lock();
            (waiting.port.clone().ok_or(Errno::BADFD)?, waiting.mode)
        };
        let interface = port.interface().ok_or(Errno::IO)?;
        if !interface.is_up() {
            return Err(Errno::IO);
        }
        let frame = mode.write(data)?;
        // Not under the lock: the answer may come to this very descriptor.
        interface.receive(Frame::new(frame));
        Ok(data.len() as u64)
    }
}

/// How an interface is shared and how long it stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// It takes several descriptors.
    pub multiple: bool,
    /// It stays when the last descriptor is closed.
    pub persistent: bool,
    /// Who may attach to it (`TUNSETOWNER`, `TUNSETGROUP`); everybody when neither is said.
    pub owner: Option<u32>,
    /// See `owner`.
    pub group: Option<u32>,
}

/// An interface whose other end is descriptors.
pub struct Port {
    ethernet: bool,
    interface: OnceLock<Weak<Interface>>,
    queues: Mutex<Vec<Weak<Queue>>>,
    terms: Mutex<Terms>,
    removed: AtomicBool,
}

impl Port {
    /// A new one, of which the interface is told later.
    pub fn new(ethernet: bool, terms: Terms) -> Arc<Self> {
        Arc::new(Self {
            ethernet,
            interface: OnceLock::new(),
            queues: Mutex::default(),
            terms: Mutex::new(terms),
            removed: AtomicBool::new(false),
        })
    }

    /// The interface is this one.
    pub fn is_for(&self, interface: &Arc<Interface>) {
        // A port is made for one interface.
        let _ = self.interface.set(Arc::downgrade(interface));
        interface.set_running(false);
    }

    /// The interface, while it is there.
    pub fn interface(&self) -> Option<Arc<Interface>> {
        self.interface.get()?.upgrade().filter(|interface| !interface.is_removed())
    }

    /// Whether its frames are those of Ethernet.
    pub fn is_ethernet(&self) -> bool {
        self.ethernet
    }

    /// What frames of it look like.
    pub fn medium(&self) -> Medium {
        if self.ethernet { Medium::Ethernet } else { Medium::Ip }
    }

    /// Whether it was removed.
    pub fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// How it is shared and how long it stays.
    pub fn terms(&self) -> Terms {
        *crate::lock(&self.terms)
    }

    /// Changes that.
    pub fn set_terms(&self, change: impl FnOnce(&mut Terms)) {
        change(&mut crate::lock(&self.terms));
    }

    fn queues(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        crate::lock(&self.queues)
    }

    /// Whether no descriptor is attached.
    pub fn is_unused(&self) -> bool {
        self.queues().iter().all(|queue| queue.strong_count() == 0)
    }

    fn add(&self, queue: &Arc<Queue>) -> Result<(), Errno> {
        let mut queues = self.queues();
        queues.retain(|queue| queue.strong_count() != 0);
        if !queues.is_empty() && !self.terms().multiple {
            return Err(Errno::BUSY);
        }
        if queues.len() >= QUEUES {
            return Err(Errno::TOOBIG);
        }
        queues.push(Arc::downgrade(queue));
        drop(queues);
        if let Some(interface) = self.interface() {
            interface.set_running(true);
        }
        Ok(())
    }

    fn take(&self, queue: &Queue) {
        let mut queues = self.queues();
        queues.retain(|other| other.upgrade().is_some_and(|other| !std::ptr::eq(&*other, queue)));
        if queues.is_empty()
            && let Some(interface) = self.interface()
        {
            interface.set_running(false);
        }
    }
}

impl Link for Port {
    fn send(&self, frame: Frame) -> bool {
        let bytes = frame.summed().bytes().clone();
        let queue = {
            let queues = self.queues();
            // Packets of one flow stay in their order: the same addresses choose the same queue.
            let mut hasher = DefaultHasher::new();
            let addresses = if self.ethernet { 26..38 } else { 12..24 };
            bytes[addresses.start.min(bytes.len())..addresses.end.min(bytes.len())].hash(&mut hasher);
            let place = (hasher.finish() as usize).checked_rem(queues.len());
            place.and_then(|place| queues.get(place)).and_then(Weak::upgrade)
        };
        queue.is_some_and(|queue| queue.push(bytes))
    }

    fn removed(&self) {
        self.removed.store(true, Ordering::Release);
        let queues: Vec<_> = self.queues().iter().filter_map(Weak::upgrade).collect();
        queues.iter().for_each(|queue| queue.readiness.set(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_have_the_front_of_the_mode() {
        let mut packet = vec![0x45; 20];
        packet[16..].copy_from_slice(&[10, 0, 0, 9]);
        let six = vec![0x60; 40];
        let read = |front, packet: &[u8]| Mode { front, ethernet: false }.read(packet, 100);
        assert_eq!(read(Front::Nothing, &packet), packet);
        assert_eq!(read(Front::Information, &packet)[..4], [0, 0, 8, 0]);
        assert_eq!(read(Front::Information, &six)[..4], [0, 0, 0x86, 0xdd]);
        assert_eq!(read(Front::Family, &packet)[..4], [0, 0, 0, 2]);
        assert_eq!(read(Front::Family, &six)[..4], [0, 0, 0, 28]);
        assert_eq!(read(Front::Address, &packet)[..16], [16, 2, 0, 0, 10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read(Front::Address, &six)[..2], [28, 28]);
        let information = Mode { front: Front::Information, ethernet: false };
        assert_eq!(information.read(&packet, 10), [&[1, 0, 8, 0][..], &packet[..6]].concat());
        let tap = Mode { front: Front::Information, ethernet: true };
        let frame = [&[0; 12][..], &[8, 6], &[0; 28]].concat();
        assert_eq!(tap.read(&frame, 100)[..4], [0, 0, 8, 6]);
    }

    #[test]
    fn what_is_no_packet_is_not_written() {
        let bare = Mode::default();
        assert_eq!(bare.write(&[0x45, 1]).unwrap(), [0x45, 1][..]);
        for bad in [&[][..], &[0x15], &[0x75]] {
            assert_eq!(bare.write(bad), Err(Errno::INVAL));
        }
        let family = Mode { front: Front::Family, ethernet: false };
        assert_eq!(family.write(&[0, 0, 0, 28, 0x60]).unwrap(), [0x60][..]);
        assert_eq!(family.write(&[0, 0, 0, 1, 0x60]), Err(Errno::AFNOSUPPORT));
        assert_eq!(family.write(&[0, 0, 0]), Err(Errno::INVAL));
        let information = Mode { front: Front::Information, ethernet: true };
        assert_eq!(information.write(&[0; 17]), Err(Errno::INVAL));
        assert_eq!(information.write(&[0; 18]).unwrap().len(), 14);
    }
}
