//! A descriptor of `/dev/bpf` (bpf(4) of FreeBSD).

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use schemas::Errno;

use super::capture;
use super::filter::{Dialect, Facts, Instruction, Packet, Program};
use super::link::{View, dlt};
use super::record::{Records, Stamp, header};
use crate::clock::{Clock, Timed};
use crate::network::{
    Direction, Directions, Frame, Host, Interface, Medium, Refused, Select, Tap, TapOptions, TapStatistics,
};
use crate::readiness::Readiness;

/// Sizes of the buffer, in bytes: the least (`BPF_MINBUFSIZE`), what it is at first and the most
/// (`net.bpf.bufsize`, `net.bpf.maxbufsize`).
const BUFFER: (u32, u32, u32) = (32, 4096, 524_288);

struct State {
    length: u32,
    interface: Option<Arc<Interface>>,
    tap: Option<Arc<Tap>>,
    /// The tap's counters when they were last taken for zero.
    since: TapStatistics,
    filter: Option<Arc<Program>>,
    write_filter: Option<Arc<Program>>,
    immediate: bool,
    promiscuous: bool,
    timeout: Duration,
    directions: Directions,
    header_complete: bool,
    feedback: bool,
    stamp: Stamp,
    locked: bool,
    /// When the timeout that runs ends.
    deadline: Option<Instant>,
    /// The timeout has ended: what there is will be given, also when it is nothing.
    timed_out: bool,
    /// Whether a reader waits.
    reading: bool,
}

/// One open descriptor.
pub struct Descriptor {
    own: Weak<Descriptor>,
    host: Arc<Host>,
    clock: Arc<Clock>,
    readiness: Readiness,
    state: Mutex<State>,
}

/// Counters since the last reset (`struct bpf_stat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets that passed the interface.
    pub received: u64,
    /// Those that the filter wanted and for which there was no room.
    pub dropped: u64,
    /// Those that the filter wanted.
    pub captured: u64,
}

impl Descriptor {
    /// A new one, not yet on an interface.
    pub fn new(host: Arc<Host>, clock: Arc<Clock>, readiness: Readiness) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            own: own.clone(),
            host,
            clock,
            readiness,
            state: Mutex::new(State {
                length: BUFFER.1,
                interface: None,
                tap: None,
                since: TapStatistics::default(),
                filter: None,
                write_filter: None,
                immediate: false,
                promiscuous: false,
                timeout: Duration::ZERO,
                directions: Directions::Both,
                header_complete: false,
                feedback: false,
                stamp: Stamp::default(),
                locked: false,
                deadline: None,
                timed_out: false,
                reading: false,
            }),
        })
    }

    /// What tells the guest whether there is something to read.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// Changes something that a locked descriptor (`BIOCLOCK`) does not let be changed.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> Result<R, Errno>) -> Result<R, Errno> {
        let mut state = self.lock();
        if state.locked {
            return Err(Errno::PERM);
        }
        let result = change(&mut state);
        self.update(&mut state);
        result
    }

    /// `BIOCLOCK`.
    pub fn set_locked(&self) {
        self.lock().locked = true;
    }

    /// `BIOCSBLEN`: gives the size that it has become.
    ///
    /// # Errors
    /// `EINVAL` on an interface.
    pub fn set_length(&self, length: u32) -> Result<u32, Errno> {
        self.change(|state| {
            if state.interface.is_some() {
                return Err(Errno::INVAL);
            }
            state.length = length.clamp(BUFFER.0, BUFFER.2);
            Ok(state.length)
        })
    }

    /// `BIOCGBLEN`.
    pub fn length(&self) -> u32 {
        self.lock().length
    }

    /// `BIOCSETIF`.
    ///
    /// # Errors
    /// `ENXIO` when there is no such interface.
    pub fn set_interface(&self, name: &str) -> Result<(), Errno> {
        let interface = self.host.by_name(name).ok_or(Errno::NXIO)?;
        let own = self.own.clone();
        // Not under the lock: an interface that was just removed tells the new tap at once.
        let tap = interface.tap(TapOptions {
            capacity: 0,
            directions: Directions::Both,
            promiscuous: false,
            select: selection(&interface, None),
            wake: Box::new(move || {
                if let Some(own) = own.upgrade() {
                    own.update(&mut own.lock());
                }
            }),
        });
        self.change(|state| {
            tap.set_select(selection(&interface, state.filter.clone()));
            tap.set_directions(state.directions);
            tap.set_promiscuous(state.promiscuous);
            tap.set_capacity(2 * state.length as usize);
            state.interface = Some(interface);
            state.tap = Some(tap);
            state.reset();
            Ok(())
        })
    }

    /// `BIOCGETIF`.
    ///
    /// # Errors
    /// `EINVAL` on none.
    pub fn interface(&self) -> Result<String, Errno> {
        self.attached().map(|interface| interface.name())
    }

    fn attached(&self) -> Result<Arc<Interface>, Errno> {
        let interface = self.lock().interface.clone();
        interface.filter(|interface| !interface.is_removed()).ok_or(Errno::INVAL)
    }

    /// `BIOCSETF`, `BIOCSETFNR`: no instructions take everything. What waits is thrown away unless it is to be kept.
    ///
    /// # Errors
    /// `EINVAL` for a program that breaks a rule.
    pub fn set_filter(&self, instructions: &[Instruction], keep: bool) -> Result<(), Errno> {
        let filter = program(instructions)?;
        self.change(|state| {
            if let (Some(tap), Some(interface)) = (&state.tap, &state.interface) {
                tap.set_select(selection(interface, filter.clone()));
            }
            state.filter = filter;
            if !keep {
                state.reset();
            }
            Ok(())
        })
    }

    /// `BIOCSETWF`.
    ///
    /// # Errors
    /// As [`Descriptor::set_filter`].
    pub fn set_write_filter(&self, instructions: &[Instruction]) -> Result<(), Errno> {
        let filter = program(instructions)?;
        self.change(|state| {
            state.write_filter = filter;
            Ok(())
        })
    }

    /// `BIOCFLUSH`.
    pub fn flush(&self) {
        let mut state = self.lock();
        state.reset();
        self.update(&mut state);
    }

    /// `BIOCGDLT`.
    ///
    /// # Errors
    /// `EINVAL` on no interface.
    pub fn link_type(&self) -> Result<u32, Errno> {
        self.attached().map(|interface| View::link_type(interface.medium()))
    }

    /// `BIOCSDLT`.
    ///
    /// # Errors
    /// `EINVAL` for one that the interface does not have.
    pub fn set_link_type(&self, kind: u32) -> Result<(), Errno> {
        if self.lock().locked {
            return Err(Errno::PERM);
        }
        if self.link_type()? == kind { Ok(()) } else { Err(Errno::INVAL) }
    }

    /// `BIOCPROMISC`.
    ///
    /// # Errors
    /// `EINVAL` on no interface.
    pub fn set_promiscuous(&self) -> Result<(), Errno> {
        self.attached()?;
        self.change(|state| {
            state.promiscuous = true;
            if let Some(tap) = &state.tap {
                tap.set_promiscuous(true);
            }
            Ok(())
        })
    }

    /// `BIOCIMMEDIATE`.
    pub fn set_immediate(&self, on: bool) {
        let mut state = self.lock();
        state.immediate = on;
        self.update(&mut state);
    }

    /// `BIOCSRTIMEOUT`.
    pub fn set_timeout(&self, timeout: Duration) {
        self.lock().timeout = timeout;
    }

    /// `BIOCGRTIMEOUT`.
    pub fn timeout(&self) -> Duration {
        self.lock().timeout
    }

    /// `BIOCSDIRECTION`.
    ///
    /// # Errors
    /// `EPERM` when locked.
    pub fn set_directions(&self, directions: Directions) -> Result<(), Errno> {
        self.change(|state| {
            state.directions = directions;
            if let Some(tap) = &state.tap {
                tap.set_directions(directions);
            }
            Ok(())
        })
    }

    /// `BIOCGDIRECTION`.
    pub fn directions(&self) -> Directions {
        self.lock().directions
    }

    /// `BIOCSHDRCMPLT`.
    ///
    /// # Errors
    /// `EPERM` when locked.
    pub fn set_header_complete(&self, on: bool) -> Result<(), Errno> {
        self.change(|state| {
            state.header_complete = on;
            Ok(())
        })
    }

    /// `BIOCGHDRCMPLT`.
    pub fn header_complete(&self) -> bool {
        self.lock().header_complete
    }

    /// `BIOCFEEDBACK`.
    pub fn set_feedback(&self, on: bool) {
        self.lock().feedback = on;
    }

    /// `BIOCSTSTAMP`.
    ///
    /// # Errors
    /// `EINVAL` for a number that means nothing.
    pub fn set_stamp(&self, number: u32) -> Result<(), Errno> {
        self.lock().stamp = Stamp::new(number)?;
        Ok(())
    }

    /// `BIOCGTSTAMP`.
    pub fn stamp(&self) -> u32 {
        self.lock().stamp.number()
    }

    /// `BIOCGSTATS`.
    pub fn statistics(&self) -> Statistics {
        let state = self.lock();
        let now = state.tap.as_ref().map_or(TapStatistics::default(), |tap| tap.statistics());
        Statistics {
            received: now.passed - state.since.passed,
            dropped: now.dropped - state.since.dropped,
            captured: now.selected - state.since.selected,
        }
    }

    /// `FIONREAD`: bytes that a read would give.
    pub fn waiting(&self) -> u32 {
        let state = self.lock();
        if state.is_readable() { state.framed().min(state.length as usize) as u32 } else { 0 }
    }

    /// read(2): all records that fit into the buffer, whose size it must name exactly.
    ///
    /// One who does not wait gets what there is.
    ///
    /// # Errors
    /// `EAGAIN` when there is nothing yet, `EINVAL` for another size, `ENXIO` when there is no interface any more.
    pub fn read(&self, length: u64, nonblocking: bool) -> Result<Vec<u8>, Errno> {
        let mut state = self.lock();
        if length != u64::from(state.length) {
            return Err(Errno::INVAL);
        }
        let (Some(tap), Some(interface)) = (state.tap.clone(), state.interface.clone()) else {
            return Err(Errno::NXIO);
        };
        if !state.is_readable() {
            // A timeout begins with the reading.
            state.reading = true;
            if !nonblocking || tap.waiting().0 == 0 {
                self.update(&mut state);
                return Err(Errno::AGAIN);
            }
        }
        let link = View::FreeBsd.header(interface.medium());
        let front = link - if interface.medium() == Medium::Ethernet { link } else { 0 };
        let mut records = Records::new(state.length as usize, link, state.stamp);
        while let Some(packet) = records.space().and_then(|space| tap.take(space)) {
            records.push(&packet.bytes, packet.length + front, packet.time);
        }
        let bytes = records.into_bytes();
        if bytes.is_empty() && interface.is_removed() {
            return Err(Errno::NXIO);
        }
        state.timed_out = false;
        state.deadline = None;
        state.reading = false;
        self.update(&mut state);
        Ok(bytes)
    }

    /// write(2): sends a packet over the interface.
    ///
    /// # Errors
    /// `ENXIO` without interface, `EMSGSIZE` when it is too long or too short, `EPERM` when the write filter does not
    /// want it, `ENETDOWN`, `ENOBUFS`.
    pub fn write(&self, packet: &[u8]) -> Result<u64, Errno> {
        if packet.is_empty() {
            return Ok(0);
        }
        let (interface, filter, header_complete, feedback) = {
            let state = self.lock();
            let interface = state.interface.clone().ok_or(Errno::NXIO)?;
            (interface, state.write_filter.clone(), state.header_complete, state.feedback)
        };
        if interface.is_removed() {
            return Err(Errno::NXIO);
        }
        if !interface.is_up() {
            return Err(Errno::NETDOWN);
        }
        let medium = interface.medium();
        let header = View::FreeBsd.header(medium);
        if packet.len() < header || packet.len() > interface.mtu() as usize + header {
            return Err(Errno::MSGSIZE);
        }
        if let Some(filter) = filter {
            let (length, facts) = (packet.len() as u32, Facts::default());
            let seen = Packet { frame: packet, start: 0, network: header, length, facts: &facts };
            if filter.run(&seen) == 0 {
                return Err(Errno::PERM);
            }
        }
        let mut frame = View::FreeBsd.strip(medium, packet).ok_or(Errno::MSGSIZE)?;
        if View::link_type(medium) == dlt::EN10MB && !header_complete {
            let own = interface.mac().0;
            frame = Bytes::from([&frame[..6], &own, &frame[12..]].concat());
        }
        let frame = Frame::new(frame);
        // Not under the lock: it comes by this very descriptor's tap.
        interface.send(frame.clone()).map_err(refused)?;
        if feedback && medium != Medium::Loopback {
            interface.receive(frame);
        }
        Ok(packet.len() as u64)
    }

    /// Tells the guest whether there is something to read, and lets a timeout run where one is needed.
    fn update(&self, state: &mut State) {
        let ready = state.is_readable();
        let waits = state.tap.as_ref().is_some_and(|tap| tap.waiting().0 != 0) || state.reading;
        if !ready && waits && state.timeout > Duration::ZERO && state.deadline.is_none() {
            let deadline = Instant::now() + state.timeout;
            state.deadline = Some(deadline);
            let own: Weak<Descriptor> = self.own.clone();
            self.clock.tell(deadline, own);
        }
        self.readiness.set(ready);
    }
}

impl Timed for Descriptor {
    fn expired(&self) {
        let mut state = self.lock();
        match state.deadline {
            Some(deadline) if deadline <= Instant::now() => {
                state.deadline = None;
                state.timed_out = true;
                self.update(&mut state);
            }
            _ => {}
        }
    }
}

impl State {
    /// Bytes of all records that wait, or a little more.
    fn framed(&self) -> usize {
        let (Some(tap), Some(interface)) = (&self.tap, &self.interface) else { return 0 };
        let (frames, bytes) = tap.waiting();
        bytes + frames * header(View::FreeBsd.header(interface.medium())).next_multiple_of(8)
    }

    fn is_readable(&self) -> bool {
        let (Some(tap), Some(interface)) = (&self.tap, &self.interface) else { return false };
        if interface.is_removed() || (self.timed_out && self.reading) {
            return true;
        }
        let some = tap.waiting().0 != 0;
        some && (self.immediate || self.timed_out || self.framed() >= self.length as usize)
    }

    /// Throws away what waits, and counts from zero.
    fn reset(&mut self) {
        if let Some(tap) = &self.tap {
            tap.flush();
            self.since = tap.statistics();
        }
        self.timed_out = false;
        self.deadline = None;
    }
}

fn program(instructions: &[Instruction]) -> Result<Option<Arc<Program>>, Errno> {
    if instructions.is_empty() {
        return Ok(None);
    }
    Program::new(Dialect::Bsd, instructions).map(|program| Some(Arc::new(program))).map_err(|_| Errno::INVAL)
}

fn selection(interface: &Interface, filter: Option<Arc<Program>>) -> Select {
    let medium = interface.medium();
    let facts = Facts::default();
    Box::new(move |frame: &Bytes, _: Direction| {
        capture::take(View::FreeBsd, medium, filter.as_ref(), false, frame, &facts)
    })
}

/// What an interface that does not take a frame means to who injects it.
pub fn refused(why: Refused) -> Errno {
    match why {
        Refused::Down => Errno::NETDOWN,
        Refused::TooLong | Refused::TooShort => Errno::MSGSIZE,
        Refused::Full => Errno::NOBUFS,
    }
}
