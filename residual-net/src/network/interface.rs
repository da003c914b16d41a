//! Network interfaces.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::SystemTime;

use super::{Direction, Frame, Mac, Tap, TapOptions, lock};

/// What frames look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// With Ethernet headers.
    Ethernet,
    /// Bare IP packets, which come back to the host (loopback).
    Loopback,
    /// Bare IP packets, to somewhere else (tun).
    Ip,
}

/// Flags of interfaces: `IFF_*` of Linux (netdevice(7), `linux/if.h`).
pub struct Flags;

impl Flags {
    /// It is in use.
    pub const UP: u32 = 0x1;
    /// It has a broadcast address.
    pub const BROADCAST: u32 = 0x2;
    /// It leads back to the host.
    pub const LOOPBACK: u32 = 0x8;
    /// It leads to one peer.
    pub const POINT_TO_POINT: u32 = 0x10;
    /// Its link works.
    pub const RUNNING: u32 = 0x40;
    /// It does no address resolution.
    pub const NO_ARP: u32 = 0x80;
    /// It gets all frames of its network.
    pub const PROMISCUOUS: u32 = 0x100;
    /// It can send to groups.
    pub const MULTICAST: u32 = 0x1000;
    /// Those that can be changed from outside.
    const SETTABLE: u32 = Self::UP | Self::NO_ARP | Self::PROMISCUOUS | Self::MULTICAST;
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Length of the prefix of its network, in bits.
    pub prefix: u8,
    /// The address of the other end of a point-to-point link.
    pub peer: Option<IpAddr>,
}

/// What passed one way.
#[derive(Debug, Default)]
pub struct Counters {
    packets: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
    dropped: AtomicU64,
}

impl Counters {
    /// Frames.
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    /// Bytes in them.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Malformed or oversized frames.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Frames for which there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn count(&self, frame: &Frame) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(frame.bytes().len() as u64, Ordering::Relaxed);
    }

    fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    fn drop(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Why an interface does not take a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not up, or was removed.
    Down,
    /// It is longer than the interface can send.
    TooLong,
    /// It is too short to be one.
    TooShort,
    /// Whoever is to get it has no room.
    Full,
}

/// Where frames that a host sends over an interface go.
pub trait Link: Send + Sync {
    /// Takes a frame from the host; false when there is no room for it.
    fn send(&self, frame: Frame) -> bool;

    /// The interface was removed.
    fn removed(&self) {}
}

/// Most bytes that wait for the stack.
const QUEUE: usize = 16 << 20;
/// What a frame costs in a queue beyond its bytes.
const OVERHEAD: usize = 64;

#[derive(Default)]
struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
}

type Wake = Arc<dyn Fn() + Send + Sync>;

/// A network interface of a host.
pub struct Interface {
    index: u32,
    medium: Medium,
    name: RwLock<String>,
    mac: RwLock<Mac>,
    mtu: AtomicU32,
    flags: AtomicU32,
    addresses: RwLock<Vec<Address>>,
    removed: AtomicBool,
    link: RwLock<Option<Arc<dyn Link>>>,
    taps: RwLock<Vec<Weak<Tap>>>,
    tapped: AtomicBool,
    queue: Mutex<Queue>,
    stack: RwLock<Option<Wake>>,
    /// What came in.
    pub received: Counters,
    /// What went out.
    pub sent: Counters,
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("name", &self.name())
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

fn read<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(lock: &RwLock<T>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = value;
}

impl Interface {
    pub(super) fn new(name: &str, index: u32, medium: Medium, mac: Mac, mtu: u32) -> Self {
        let flags = match medium {
            Medium::Ethernet => Flags::BROADCAST | Flags::MULTICAST,
            Medium::Loopback => Flags::LOOPBACK,
            Medium::Ip => Flags::POINT_TO_POINT | Flags::NO_ARP | Flags::MULTICAST,
        };
        Self {
            index,
            medium,
            name: RwLock::new(name.to_owned()),
            mac: RwLock::new(mac),
            mtu: AtomicU32::new(mtu),
            flags: AtomicU32::new(flags | Flags::RUNNING),
            addresses: RwLock::default(),
            removed: AtomicBool::new(false),
            link: RwLock::new(None),
            taps: RwLock::default(),
            tapped: AtomicBool::new(false),
            queue: Mutex::default(),
            stack: RwLock::new(None),
            received: Counters::default(),
            sent: Counters::default(),
        }
    }

    /// Its number in its host, from 1.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What its frames look like.
    pub fn medium(&self) -> Medium {
        self.medium
    }

    /// Its name.
    pub fn name(&self) -> String {
        read(&self.name)
    }

    pub(super) fn set_name(&self, name: &str) {
        write(&self.name, name.to_owned());
    }

    /// Its link address; zeroes where the medium has none.
    pub fn mac(&self) -> Mac {
        *self.mac.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives it another link address.
    pub fn set_mac(&self, mac: Mac) {
        write(&self.mac, mac);
    }

    /// Longest packet that it takes, without the Ethernet header, in bytes.
    pub fn mtu(&self) -> u32 {
        self.mtu.load(Ordering::Relaxed)
    }

    /// Changes that.
    pub fn set_mtu(&self, mtu: u32) {
        self.mtu.store(mtu, Ordering::Relaxed);
    }

    /// `IFF_*` of Linux.
    pub fn flags(&self) -> u32 {
        let flags = self.flags.load(Ordering::Relaxed);
        if self.is_promiscuous() { flags | Flags::PROMISCUOUS } else { flags }
    }

    /// Sets those flags that can be set from outside.
    pub fn set_flags(&self, flags: u32) {
        let update = |old| Some(old & !Flags::SETTABLE | flags & Flags::SETTABLE);
        let _ = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    /// Makes it lead to one peer, or to a network with a broadcast address.
    pub fn set_point_to_point(&self, on: bool) {
        let (set, clear) = if on {
            (Flags::POINT_TO_POINT, Flags::BROADCAST)
        } else {
            (Flags::BROADCAST, Flags::POINT_TO_POINT)
        };
        let update = |old| Some(old & !clear | set);
        let _ = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    /// Tells whether the link works.
    pub fn set_running(&self, running: bool) {
        if running {
            self.flags.fetch_or(Flags::RUNNING, Ordering::Relaxed);
        } else {
            self.flags.fetch_and(!Flags::RUNNING, Ordering::Relaxed);
        }
    }

    /// Whether it is up and there.
    pub fn is_up(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & Flags::UP != 0 && !self.is_removed()
    }

    /// Whether it was removed.
    pub fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// Its addresses.
    pub fn addresses(&self) -> Vec<Address> {
        read(&self.addresses)
    }

    /// Changes its addresses.
    pub fn update_addresses<R>(&self, update: impl FnOnce(&mut Vec<Address>) -> R) -> R {
        update(&mut self.addresses.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it gets all frames of its network.
    pub fn is_promiscuous(&self) -> bool {
        if self.flags.load(Ordering::Relaxed) & Flags::PROMISCUOUS != 0 {
            return true;
        }
        self.tapped.load(Ordering::Acquire) && self.taps().any(|tap| tap.is_promiscuous())
    }

    pub(super) fn connect(&self, link: Arc<dyn Link>) {
        write(&self.link, Some(link));
    }

    pub(super) fn remove(&self) {
        if self.removed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.taps().for_each(|tap| tap.end());
        *lock(&self.queue) = Queue::default();
        let link = self.link.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            link.removed();
        }
    }

    /// Watches it. The tap ends when what is returned is dropped.
    pub fn tap(&self, options: TapOptions) -> Arc<Tap> {
        let tap = Arc::new(Tap::new(options));
        let mut taps = self.taps.write().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|tap| tap.strong_count() != 0);
        taps.push(Arc::downgrade(&tap));
        self.tapped.store(true, Ordering::Release);
        drop(taps);
        if self.is_removed() {
            tap.end();
        }
        tap
    }

    fn taps(&self) -> impl Iterator<Item = Arc<Tap>> + use<> {
        read(&self.taps).into_iter().filter_map(|tap| tap.upgrade())
    }

    fn show(&self, frame: &Frame, direction: Direction) {
        if !self.tapped.load(Ordering::Acquire) {
            return;
        }
        let (mut any, mut summed, now) = (false, None, SystemTime::now());
        for tap in self.taps() {
            any = true;
            tap.pass(frame, &mut summed, direction, now);
        }
        if !any {
            let taps = self.taps.read().unwrap_or_else(PoisonError::into_inner);
            self.tapped.store(taps.iter().any(|tap| tap.strong_count() != 0), Ordering::Release);
        }
    }

    fn check(&self, frame: &Frame) -> Result<(), Refused> {
        let header = if self.medium == Medium::Ethernet { super::ETHERNET_HEADER } else { 0 };
        match frame.bytes().len().checked_sub(header) {
            None => Err(Refused::TooShort),
            Some(0) if header == 0 => Err(Refused::TooShort),
            Some(length) if length > self.mtu() as usize => Err(Refused::TooLong),
            Some(_) => Ok(()),
        }
    }

    /// Sends a frame out over it: from the stack, or injected by one who taps.
    ///
    /// # Errors
    /// When it is down, the frame has an impossible length, or there is no room.
    pub fn send(&self, frame: Frame) -> Result<(), Refused> {
        if !self.is_up() {
            return Err(Refused::Down);
        }
        self.check(&frame).inspect_err(|_| self.sent.error())?;
        self.show(&frame, Direction::Out);
        self.sent.count(&frame);
        if self.medium == Medium::Loopback {
            self.receive(frame);
            return Ok(());
        }
        let link = read(&self.link);
        if link.is_some_and(|link| link.send(frame)) {
            Ok(())
        } else {
            self.sent.drop();
            Err(Refused::Full)
        }
    }

    /// A frame that somebody else sent over what this interface stands for: taps see it leave.
    pub fn observe(&self, frame: &Frame) {
        if self.is_up() && self.check(frame).is_ok() {
            self.show(frame, Direction::Out);
            self.sent.count(frame);
        }
    }

    /// A frame arrives from outside. Those that are not for the host only taps see.
    pub fn receive(&self, frame: Frame) {
        if !self.is_up() {
            return;
        }
        if self.check(&frame).is_err() {
            self.received.error();
            return;
        }
        let mine = match (self.medium, frame.ends()) {
            (Medium::Ethernet, Some((to, _))) => to.is_group() || to == self.mac(),
            _ => true,
        };
        if !mine && !self.is_promiscuous() {
            return;
        }
        self.show(&frame, Direction::In);
        self.received.count(&frame);
        if !mine {
            return;
        }
        let Some(wake) = read(&self.stack) else { return };
        let first = {
            let mut queue = lock(&self.queue);
            let cost = frame.bytes().len() + OVERHEAD;
            if queue.bytes + cost > QUEUE {
                self.received.drop();
                return;
            }
            queue.bytes += cost;
            queue.frames.push_back(frame);
            queue.frames.len() == 1
        };
        if first {
            wake();
        }
    }

    /// Whoever serves the host's interfaces takes its frames from now on; `wake` is called when the first one waits.
    pub fn serve(&self, wake: impl Fn() + Send + Sync + 'static) {
        write(&self.stack, Some(Arc::new(wake)));
    }

    /// All frames that wait for the stack, into `frames`.
    pub fn take_all(&self, frames: &mut VecDeque<Frame>) {
        let mut queue = lock(&self.queue);
        frames.append(&mut queue.frames);
        queue.bytes = 0;
    }
}
