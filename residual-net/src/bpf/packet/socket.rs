//! A socket of family `AF_PACKET`.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use schemas::Errno;

use super::address::{self, Address};
use super::option::Settings;
use super::ring::{Entry, Ring};
use crate::bpf::capture;
use crate::bpf::descriptor::refused;
use crate::bpf::filter::{Dialect, Facts, Instruction, Program};
use crate::bpf::link::{View, protocol};
use crate::clock::{Clock, Timed};
use crate::network::{
    Captured, Change, Direction, Directions, Frame, Host, Interface, Medium, Select, Tap, TapOptions,
    TapStatistics,
};
use crate::readiness::Readiness;

/// Protocols that are none (`ETH_P_ALL`, linux/if_ether.h).
const ALL: u16 = 3;

// Flags of messages (linux/socket.h).
const MSG_PEEK: u32 = 0x2;
const MSG_TRUNC: u32 = 0x20;

/// How soon it is looked again whether a guest has read its ring, at first and at last.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(64));

thread_local! {
    /// The socket that sends on this thread: it does not see what it sends.
    static SENDING: Cell<u64> = const { Cell::new(0) };
}

/// What packets a socket gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With the link layer's header (`SOCK_RAW`).
    Raw,
    /// Without (`SOCK_DGRAM`).
    Cooked,
}

/// What recvmsg(2) gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// As much of the packet as was asked for.
    pub data: Vec<u8>,
    /// Who sent it.
    pub address: Vec<u8>,
    /// Control data.
    pub control: Vec<u8>,
    /// `MSG_TRUNC` when it was cut.
    pub flags: u32,
    /// What the call is to return: how much of the packet was asked for, or with `MSG_TRUNC` all of it.
    pub length: u64,
}

/// A tap of the socket's.
struct Watch {
    interface: Arc<Interface>,
    tap: Arc<Tap>,
}

pub(super) struct State {
    pub protocol: u16,
    /// Number of the interface that it is bound to; 0 for all.
    pub interface: u32,
    watches: Vec<Watch>,
    pub filter: Option<Arc<Program>>,
    pub filter_locked: bool,
    pub settings: Settings,
    pub ring: Option<Ring>,
    pub error: Option<Errno>,
    /// A packet that was looked at and not taken.
    peeked: Option<Packet>,
    /// Counters of taps that are gone, and those of the present ones when they were last told.
    counted: (u64, u64),
    told: (u64, u64),
    /// Packets that the ring had no room for.
    pub ring_dropped: u64,
    /// When the clock will tell.
    wake: Option<Instant>,
    block_end: Option<Instant>,
    look: Option<(Instant, Duration)>,
}

/// One packet, as the tap took it.
#[derive(Clone, Debug)]
struct Packet {
    address: [u8; address::LENGTH],
    bytes: Bytes,
    /// On the wire, with the link layer's header unless cooked.
    length: usize,
    header: usize,
    time: SystemTime,
}

/// One socket.
pub struct Socket {
    own: Weak<Socket>,
    number: u64,
    kind: Kind,
    host: Arc<Host>,
    clock: Arc<Clock>,
    readiness: Readiness,
    state: Mutex<State>,
}

impl Socket {
    /// A new one, with the number it has with its server. It receives packets of a protocol of all interfaces.
    pub fn new(
        number: u64,
        kind: Kind,
        protocol: u16,
        host: Arc<Host>,
        clock: Arc<Clock>,
        readiness: Readiness,
    ) -> Arc<Self> {
        let socket = Arc::new_cyclic(|own| Self {
            own: own.clone(),
            number,
            kind,
            host,
            clock,
            readiness,
            state: Mutex::new(State {
                protocol,
                interface: 0,
                watches: Vec::new(),
                filter: None,
                filter_locked: false,
                settings: Settings::default(),
                ring: None,
                error: None,
                peeked: None,
                counted: (0, 0),
                told: (0, 0),
                ring_dropped: 0,
                wake: None,
                block_end: None,
                look: None,
            }),
        });
        socket.watch();
        socket
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// What tells the guest whether there is something to read.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// What it gives.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it has a ring, from which its guest reads without asking.
    pub fn has_ring(&self) -> bool {
        self.lock().ring.is_some()
    }

    /// Whose interfaces it sees.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    fn view_header(&self, medium: Medium) -> usize {
        if self.kind == Kind::Cooked { 0 } else { View::Linux.header(medium) }
    }

    /// bind(2).
    ///
    /// # Errors
    /// `EINVAL` for what is no such address, `ENODEV` when there is no such interface.
    pub fn bind(&self, bytes: &[u8]) -> Result<(), Errno> {
        if bytes.len() < address::LENGTH {
            return Err(Errno::INVAL);
        }
        let address = Address::read(bytes)?;
        if address.interface != 0 {
            self.host.by_index(address.interface).ok_or(Errno::NODEV)?;
        }
        {
            let mut state = self.lock();
            state.interface = address.interface;
            if address.protocol != 0 {
                state.protocol = address.protocol;
            }
        }
        self.watch();
        Ok(())
    }

    /// getsockname(2).
    pub fn name(&self) -> Vec<u8> {
        let state = self.lock();
        let address = match self.host.by_index(state.interface) {
            Some(interface) => Address::of(&interface, state.protocol),
            None => Address { protocol: state.protocol, interface: state.interface, ..Address::default() },
        };
        // The kernel tells no more bytes than the address has.
        let length = if address.length == 0 { 12 } else { address::LENGTH };
        address.write()[..length].to_vec()
    }

    /// Taps what the socket is bound to. Not under the lock, because a tap on an interface that is gone tells at once.
    fn watch(&self) {
        let (bound, protocol) = {
            let state = self.lock();
            (state.interface, state.protocol)
        };
        let interfaces = match (protocol, bound) {
            (0, _) => Vec::new(),
            (_, 0) => self.host.interfaces(),
            (_, index) => self.host.by_index(index).into_iter().collect(),
        };
        let watches: Vec<Watch> = interfaces.into_iter().map(|interface| self.tap(interface)).collect();
        let old = {
            let mut state = self.lock();
            state.count_out();
            let old = std::mem::replace(&mut state.watches, watches);
            self.apply(&mut state);
            old
        };
        drop(old);
    }

    fn tap(&self, interface: Arc<Interface>) -> Watch {
        let own = self.own.clone();
        let tap = interface.tap(TapOptions {
            capacity: 0,
            directions: Directions::Both,
            promiscuous: false,
            select: Box::new(|_, _| None),
            wake: Box::new(move || {
                if let Some(own) = own.upgrade() {
                    own.update(&mut own.lock());
                }
            }),
        });
        Watch { interface, tap }
    }

    /// Gives all taps the settings in force.
    pub(super) fn apply(&self, state: &mut State) {
        for watch in &state.watches {
            let tap = &watch.tap;
            let outgoing = state.protocol == ALL && !state.settings.ignore_outgoing;
            tap.set_directions(if outgoing { Directions::Both } else { Directions::In });
            tap.set_promiscuous(state.settings.is_promiscuous(watch.interface.index()));
            tap.set_capacity(state.settings.receive_buffer as usize);
            tap.set_select(self.selection(&watch.interface, state));
        }
    }

    fn selection(&self, interface: &Arc<Interface>, state: &State) -> Select {
        let (medium, number, protocols) = (interface.medium(), self.number, state.protocol);
        let (filter, cooked) = (state.filter.clone(), self.kind == Kind::Cooked);
        let interface = Arc::downgrade(interface);
        Box::new(move |frame: &Bytes, direction: Direction| {
            let interface = interface.upgrade()?;
            let kind = protocol(medium, frame);
            let own = direction == Direction::Out && SENDING.get() == number;
            if own || (protocols != ALL && protocols != kind) {
                return None;
            }
            let sender = Address::sender(&interface, direction, frame);
            let facts = Facts {
                protocol: kind,
                packet_type: sender.packet_type,
                interface: sender.interface,
                hardware: sender.hardware,
                ..Facts::default()
            };
            let taken = capture::take(View::Linux, medium, filter.as_ref(), cooked, frame, &facts)?;
            Some(Bytes::from([&sender.write()[..], &taken].concat()))
        })
    }

    /// An interface came, went or changed.
    pub fn interface_changed(&self, change: &Change) {
        match change {
            Change::Added(interface) => {
                let wanted = {
                    let state = self.lock();
                    state.protocol != 0 && state.interface == 0
                };
                if wanted {
                    let watch = self.tap(interface.clone());
                    let mut state = self.lock();
                    state.watches.push(watch);
                    self.apply(&mut state);
                }
            }
            Change::Removed(interface) => {
                let mut state = self.lock();
                self.update(&mut state);
                if state.interface == interface.index() {
                    state.error = Some(Errno::NETDOWN);
                    if state.ring.is_some() {
                        // One who looks into a ring asks nothing, and so is told of the error by poll(2) alone.
                        self.readiness.fail();
                    }
                }
                self.update(&mut state);
            }
            Change::Changed(_) => {}
        }
    }

    /// `SO_ATTACH_FILTER`, `SO_DETACH_FILTER` (no instructions).
    ///
    /// # Errors
    /// `EINVAL` for a program that breaks a rule, `EPERM` when the filter is locked.
    pub fn set_filter(&self, instructions: &[Instruction]) -> Result<(), Errno> {
        let mut state = self.lock();
        if state.filter_locked {
            return Err(Errno::PERM);
        }
        if instructions.is_empty() {
            // ENOENT when there is none to take away.
            state.filter.take().ok_or(Errno::NOENT)?;
        } else {
            let program = Program::new(Dialect::Linux, instructions).map_err(|_| Errno::INVAL)?;
            state.filter = Some(Arc::new(program));
        }
        self.apply(&mut state);
        Ok(())
    }

    /// recvmsg(2).
    ///
    /// # Errors
    /// `EAGAIN` when there is nothing; what happened to the interface.
    pub fn receive(&self, length: u64, flags: u32) -> Result<Received, Errno> {
        let mut state = self.lock();
        if let Some(error) = state.error.take() {
            self.update(&mut state);
            return Err(error);
        }
        let packet = match state.peeked.take().or_else(|| self.take(&state)) {
            Some(packet) => packet,
            None => {
                self.update(&mut state);
                return Err(Errno::AGAIN);
            }
        };
        let kept = packet.bytes.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let received = Received {
            data: packet.bytes[..kept].to_vec(),
            address: packet.address.to_vec(),
            control: state.settings.control(packet.length, packet.bytes.len(), packet.header, packet.time),
            flags: if kept < packet.bytes.len() { MSG_TRUNC } else { 0 },
            // Asked for, the length is that of the whole packet.
            length: if flags & MSG_TRUNC != 0 { packet.bytes.len() } else { kept } as u64,
        };
        if flags & MSG_PEEK != 0 {
            state.peeked = Some(packet);
        }
        self.update(&mut state);
        Ok(received)
    }

    /// The oldest packet of all taps. A ring has taken them already.
    fn take(&self, state: &State) -> Option<Packet> {
        state
            .watches
            .iter()
            .find_map(|watch| watch.tap.take(usize::MAX).map(|taken| (watch.interface.medium(), taken)))
            .and_then(|(medium, taken)| self.packet(medium, taken))
    }

    fn packet(&self, medium: Medium, taken: Captured) -> Option<Packet> {
        let address = *taken.bytes.first_chunk::<{ address::LENGTH }>()?;
        let header = self.view_header(medium);
        let length = if medium == Medium::Ethernet {
            taken.length - (View::Linux.header(medium) - header)
        } else {
            taken.length + header
        };
        Some(Packet {
            address,
            bytes: taken.bytes.slice(address::LENGTH..),
            length,
            header,
            time: taken.time,
        })
    }

    /// sendmsg(2).
    ///
    /// # Errors
    /// `ENXIO` when no interface is told, `EINVAL` when it is shorter than a header, `EMSGSIZE` when too long,
    /// `ENETDOWN`, `ENOBUFS`.
    pub fn send(&self, data: &[u8], to: &[u8]) -> Result<u64, Errno> {
        let (bound, protocol) = {
            let state = self.lock();
            (state.interface, state.protocol)
        };
        let to = if to.is_empty() { None } else { Some(Address::read(to)?) };
        let index = to.map_or(bound, |to| to.interface);
        let interface = self.host.by_index(index).ok_or(Errno::NXIO)?;
        if !interface.is_up() {
            return Err(Errno::NETDOWN);
        }
        let medium = interface.medium();
        let header = View::Linux.header(medium);
        let frame = match self.kind {
            Kind::Raw => {
                if data.len() < header {
                    return Err(Errno::INVAL);
                }
                View::Linux.strip(medium, data).ok_or(Errno::INVAL)?
            }
            Kind::Cooked if medium == Medium::Ethernet => {
                let to = to.filter(|to| to.length >= 6).ok_or(Errno::INVAL)?;
                let kind = if to.protocol == 0 { protocol } else { to.protocol };
                let header = [&to.bytes[..6], &interface.mac().0, &kind.to_be_bytes()].concat();
                Bytes::from([&header[..], data].concat())
            }
            Kind::Cooked => Bytes::copy_from_slice(data),
        };
        let before = SENDING.replace(self.number);
        let sent = interface.send(Frame::new(frame));
        SENDING.set(before);
        sent.map_err(refused).map(|()| data.len() as u64)
    }

    /// Bytes of the packet that is next (`FIONREAD`).
    pub fn waiting(&self) -> u64 {
        let mut state = self.lock();
        if state.peeked.is_none() {
            state.peeked = self.take(&state);
        }
        state.peeked.as_ref().map_or(0, |packet| packet.bytes.len() as u64)
    }

    /// Packets that the filter wanted since this was last asked, and those of them for which there was no room.
    pub(super) fn take_statistics(&self, state: &mut State) -> (u64, u64) {
        let (packets, dropped) = state.counters();
        let news = (packets - state.told.0, dropped - state.told.1);
        state.told = (packets, dropped);
        news
    }

    /// Moves packets into the ring, tells the guest whether there is something to read, and sets the clock.
    pub(super) fn update(&self, state: &mut State) {
        let ready = match state.ring.take() {
            Some(mut ring) => {
                self.fill(state, &mut ring);
                let now = Instant::now();
                match (ring.timeout(), state.block_end) {
                    (Some(timeout), None) => state.block_end = Some(now + timeout),
                    (None, Some(_)) => state.block_end = None,
                    _ => {}
                }
                let ready = ring.is_readable();
                state.look = match state.look {
                    _ if !ready => None,
                    None => Some((now + LOOK.0, LOOK.0)),
                    look => look,
                };
                state.ring = Some(ring);
                ready
            }
            None => state.peeked.is_some() || state.watches.iter().any(|watch| watch.tap.waiting().0 != 0),
        };
        self.readiness.set(ready || state.error.is_some());
        let next = state.block_end.into_iter().chain(state.look.map(|look| look.0)).min();
        if let Some(next) = next.filter(|next| state.wake.is_none_or(|wake| *next < wake)) {
            state.wake = Some(next);
            let own: Weak<Socket> = self.own.clone();
            self.clock.tell(next, own);
        }
    }

    fn fill(&self, state: &mut State, ring: &mut Ring) {
        for watch in &state.watches {
            while let Some(taken) = watch.tap.take(usize::MAX) {
                let Some(packet) = self.packet(watch.interface.medium(), taken) else { continue };
                let Packet { bytes, length, header, address, time } = &packet;
                let entry = Entry { bytes, length: *length, header: *header, address: *address, time: *time };
                if ring.push(&entry) {
                    // Another packet was taken: look soon again.
                    state.look = None;
                } else {
                    state.ring_dropped += 1;
                }
            }
        }
    }
}

impl Timed for Socket {
    fn expired(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.wake.is_none_or(|wake| wake > now) {
            return;
        }
        state.wake = None;
        if state.block_end.is_some_and(|end| end <= now) {
            state.block_end = None;
            if let Some(ring) = &mut state.ring {
                ring.expire();
            }
        }
        if let Some((at, step)) = state.look
            && at <= now
        {
            let step = (step * 2).min(LOOK.1);
            state.look = Some((now + step, step));
        }
        self.update(&mut state);
    }
}

impl State {
    /// Packets that the filter wanted, and those of them for which there was no room, ever.
    fn counters(&self) -> (u64, u64) {
        let own = self.watches.iter().map(|watch| watch.tap.statistics());
        let sum = |(packets, dropped): (u64, u64), own: TapStatistics| {
            (packets + own.selected, dropped + own.dropped)
        };
        let (packets, dropped) = own.fold(self.counted, sum);
        (packets, dropped + self.ring_dropped)
    }

    /// The taps go: what they counted stays.
    fn count_out(&mut self) {
        let (packets, dropped) = self.counters();
        self.counted = (packets, dropped - self.ring_dropped);
        self.peeked = None;
    }
}
