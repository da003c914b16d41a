//! One process socket, and what comes over it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use schemas::transport::{Datagram, DatagramKind};
use schemas::{Errno, Personality};

use super::desk::{Desk, Guest};
use super::region::Mapped;
use super::socket::{self, Received};
use crate::registry::Process;
use crate::world::{Live, spin};

/// Datagrams that are taken in a row before it is another guest's turn.
const TURN: usize = 32;
/// Requests that are answered in a row before it is another guest's turn.
const BATCH: u32 = 16;
/// Connections that one process may say hello on. Each image takes one, and children that have not said hello keep
/// their parent's open.
const HELLOS: u32 = 64;

/// One process socket.
#[derive(Debug)]
pub struct Connection {
    socket: Arc<OwnedFd>,
    /// Who said hello on it; none on the socket that a run begins with, which only passes on hellos.
    guest: Option<Guest>,
    poll: Poll,
    /// The slot to go on with, when a turn was over before all requests were answered.
    rest: Option<u32>,
    /// Where the last turn ended.
    next: u32,
}

/// What is to be done after a connection was served.
#[derive(Debug)]
pub enum Served {
    /// It goes on, and these came with it.
    Open(Vec<Arrival>),
    /// Nobody has the other end any more.
    Closed(Vec<Arrival>),
}

/// Something new to look after.
#[derive(Debug)]
pub enum Arrival {
    /// A connection.
    Connection(Connection),
    /// A guest, whose death is to be watched for.
    Guest(i32),
}

/// For how long a worker looks for more work here, having found some.
#[derive(Debug, Clone, Copy)]
struct Poll {
    most: Duration,
    budget: Duration,
    until: Option<Instant>,
    /// Something was found since the clock was last read.
    found: bool,
}

impl Poll {
    /// Looking for less than this finds nothing.
    const LEAST: Duration = Duration::from_micros(2);

    fn new(most: Duration) -> Self {
        Self { most, budget: most, until: None, found: false }
    }

    /// Found something.
    fn hit(&mut self, now: Instant) {
        self.budget = (self.budget * 2).max(Self::LEAST).min(self.most);
        self.until = Some(now + self.budget);
        self.found = false;
    }

    /// Found nothing in all the time there was: less the next time.
    fn missed(&mut self) {
        self.budget = (self.budget / 2).max(Self::LEAST).min(self.most);
        self.until = None;
    }
}

impl Connection {
    /// The socket that a run begins with. It has no process: the first image says hello on it.
    pub fn first(socket: OwnedFd) -> Self {
        Self { socket: Arc::new(socket), guest: None, poll: Poll::new(Duration::ZERO), rest: None, next: 0 }
    }

    /// The socket of a guest, with its region.
    pub fn of(socket: OwnedFd, process: Arc<Process>, region: Arc<Mapped>, world: &Live) -> Self {
        let poll = spin(world.deployment.current().options.poll_microseconds);
        let poll = Duration::from_micros(poll.into());
        process.connections.fetch_add(1, Ordering::Relaxed);
        let socket = Arc::new(socket);
        let guest = Guest { process, socket: socket.clone(), region };
        Self { socket, guest: Some(guest), poll: Poll::new(poll), rest: None, next: 0 }
    }

    /// The socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Serves what has come, but no more than a turn's worth.
    pub fn serve(&mut self, world: &Live, desk: &mut Desk) -> Served {
        let mut arrivals = Vec::new();
        let mut answered = 0;
        for _ in 0..TURN {
            if answered >= BATCH {
                break;
            }
            match socket::receive(self.socket.as_fd()) {
                Received::Datagram(datagram, descriptors) => {
                    answered += self.take(world, desk, &datagram, descriptors, &mut arrivals);
                }
                Received::Nonsense => tracing::debug!(pid = self.pid(), "nonsense from a guest"),
                Received::Nothing => break,
                Received::End => return Served::Closed(arrivals),
            }
        }
        Served::Open(arrivals)
    }

    fn take(
        &mut self,
        world: &Live,
        desk: &mut Desk,
        datagram: &Datagram,
        descriptors: Vec<OwnedFd>,
        arrivals: &mut Vec<Arrival>,
    ) -> u32 {
        match datagram.kind {
            DatagramKind::Doorbell => return self.ring(desk, datagram.slot, descriptors),
            DatagramKind::Hello => match self.greet(world, datagram, descriptors) {
                Ok(new) => arrivals.extend(new),
                Err(errno) => {
                    tracing::info!(pid = datagram.pid, %errno, "a hello was refused");
                    let refused =
                        Datagram { argument: errno.0 as u64, ..Datagram::new(DatagramKind::Refused) };
                    let _ = socket::send(self.socket.as_fd(), &refused, &[]);
                }
            },
            DatagramKind::Forked => {
                if let Some(personality) = datagram.personality
                    && let Some(new) = self.meet(world, datagram.pid, personality)
                {
                    arrivals.push(new);
                }
                // A guest tells of children when few more can be noted: there is room again once these are taken.
                if let Some(guest) = &self.guest {
                    world.registry.look_at_children(&guest.process);
                }
            }
            kind => tracing::trace!(pid = self.pid(), ?kind, "noted"),
        }
        0
    }

    /// A doorbell: the slot that it names, and all those that were announced without one.
    ///
    /// One without descriptors is only a call to look: its request may have been answered long since, and the slot
    /// hold the next one, whose descriptors are still on their way.
    ///
    /// Returns how many requests were answered.
    fn ring(&mut self, desk: &mut Desk, slot: u32, descriptors: Vec<OwnedFd>) -> u32 {
        let Some(guest) = &self.guest else { return 0 };
        desk.set_time(Instant::now());
        let mut answered = 0;
        if !descriptors.is_empty()
            && let Some(taken) = guest.region.region().slot(slot).and_then(|slot| slot.take())
        {
            desk.answer(guest, taken, descriptors);
            answered += 1;
        }
        answered += self.look(desk);
        self.stay_awake();
        answered
    }

    /// Answers what was announced in the region, but no more than a turn's worth. Returns how many requests that were.
    fn look(&mut self, desk: &mut Desk) -> u32 {
        let Some(guest) = &self.guest else { return 0 };
        let region = guest.region.region();
        let (mut answered, mut last) = (0, self.next);
        let from = self.rest.unwrap_or(self.next);
        self.rest = region.announced(from, BATCH, |slot| {
            last = slot;
            answered += 1;
            if let Some(taken) = region.slot(slot).and_then(|slot| slot.take()) {
                desk.answer(guest, taken, Vec::new());
            }
        });
        self.next = last.wrapping_add(1);
        answered
    }

    fn stay_awake(&mut self) {
        let Some(guest) = &self.guest else { return };
        if self.poll.most.is_zero() {
            return;
        }
        if self.poll.until.is_none() {
            guest.region.region().set_awake(true);
        }
        self.poll.hit(Instant::now());
    }

    /// Whether it is being polled, or a turn was over before all was done.
    pub fn is_awake(&self) -> bool {
        self.poll.until.is_some() || self.rest.is_some()
    }

    /// Looks for requests without doorbells, and stops to when there were none for some time. Returns how many it
    /// answered.
    pub fn poll(&mut self, desk: &mut Desk) -> u32 {
        let answered = self.look(desk);
        let Some(until) = self.poll.until else { return answered };
        if answered > 0 {
            // The clock is read when there is nothing better to do.
            self.poll.found = true;
            return answered;
        }
        let now = Instant::now();
        desk.set_time(now);
        if self.poll.found {
            self.poll.hit(now);
        } else if now >= until {
            self.poll.missed();
            if let Some(guest) = &self.guest {
                guest.region.region().set_awake(false);
            }
            // A request that came between the last look and that word had no doorbell.
            let answered = self.look(desk);
            if answered > 0 {
                self.stay_awake();
            }
            return answered;
        }
        answered
    }

    /// A hello: checks what came with it, and takes the guest in.
    fn greet(
        &mut self,
        world: &Live,
        datagram: &Datagram,
        mut descriptors: Vec<OwnedFd>,
    ) -> Result<Vec<Arrival>, Errno> {
        let personality = datagram.personality.ok_or(Errno::BADMSG)?;
        let file = descriptors.pop().ok_or(Errno::BADMSG)?;
        let own_socket = descriptors.pop();
        if !descriptors.is_empty() {
            return Err(Errno::BADMSG);
        }
        if let Some(socket) = &own_socket
            && (!socket::is_process_socket(socket.as_fd())
                || socket::maker(socket.as_fd()) != Some(datagram.pid))
        {
            return Err(Errno::PERM);
        }
        if own_socket.is_none() && self.pid().is_none_or(|pid| pid != datagram.pid) {
            return Err(Errno::PERM);
        }
        let region = Arc::new(Mapped::new(file.as_fd())?);
        let parent = self.pid().filter(|&parent| parent != datagram.pid);
        let (process, new) =
            world.registry.enter(datagram.pid, parent, personality).inspect_err(|errno| {
                // It is over already, and only what it counted is left.
                if *errno == Errno::SRCH {
                    world.registry.add_dead(personality, &region);
                }
            })?;
        if process.connections.load(Ordering::Relaxed) >= HELLOS {
            return Err(Errno::MFILE);
        }
        world.registry.attach(&process, region.clone());
        tracing::debug!(pid = datagram.pid, %personality, new, "hello");
        let mut arrivals = Vec::new();
        if new {
            arrivals.push(Arrival::Guest(datagram.pid));
        }
        let welcome = Datagram { argument: process.task().0, ..Datagram::new(DatagramKind::Welcome) };
        match own_socket {
            Some(socket) => {
                let connection = Self::of(socket, process, region, world);
                let _ = socket::send(connection.socket.as_fd(), &welcome, &[]);
                arrivals.push(Arrival::Connection(connection));
            }
            None => {
                if let Some(guest) = &mut self.guest {
                    guest.region = region;
                }
                let _ = socket::send(self.socket.as_fd(), &welcome, &[]);
            }
        }
        Ok(arrivals)
    }

    /// Takes note of a child that has not said hello. Only a child of a guest's is believed in.
    fn meet(&self, world: &Live, pid: i32, personality: Personality) -> Option<Arrival> {
        let parent = sim::host::process::stat(pid).ok()?.parent;
        let known = self.pid() == Some(parent) || world.registry.process(parent).is_some();
        if !known {
            tracing::info!(pid, parent, "a guest claimed a child that is not its own");
            return None;
        }
        let (_, new) = world.registry.enter(pid, Some(parent), personality).ok()?;
        new.then_some(Arrival::Guest(pid))
    }

    fn pid(&self) -> Option<i32> {
        self.guest.as_ref().map(|guest| guest.process.pid())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(guest) = &self.guest {
            guest.process.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
