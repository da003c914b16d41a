//! The threads that serve guests.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use schemas::Personality;

use super::connection::{Arrival, Connection, Served};
use super::desk::Desk;
use super::region::Mapped;
use crate::route::ServerId;
use crate::world::Live;

/// What wakes a worker to look into its mailbox.
const MAILBOX: u64 = 0;
/// Events taken at a time.
const EVENTS: usize = 64;
/// How often a worker that polls regions looks whether sockets have something: after so many looks at the regions and
/// requests answered.
const SOCKETS_EVERY: u32 = 32;

/// The workers of a world.
#[derive(Debug)]
pub struct Crew {
    world: Arc<Live>,
    mailboxes: Vec<Arc<Mailbox>>,
    next: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
    over: Arc<Over>,
}

/// Tells when the last guest is gone.
#[derive(Debug, Default)]
pub struct Over {
    connections: Mutex<usize>,
    changed: Condvar,
    ending: AtomicBool,
}

#[derive(Debug)]
struct Mailbox {
    arrivals: Mutex<Vec<Arrival>>,
    bell: OwnedFd,
}

impl Over {
    /// Connections that are open.
    pub fn connections(&self) -> usize {
        *self.lock()
    }

    /// Waits until no connection is open, or at most for `time`. Returns whether none is.
    pub fn wait(&self, time: Option<Duration>) -> bool {
        let guard = self.lock();
        let left = match time {
            None => self.changed.wait_while(guard, |open| *open > 0).unwrap_or_else(PoisonError::into_inner),
            Some(time) => {
                let waited = self.changed.wait_timeout_while(guard, time, |open| *open > 0);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        *left == 0
    }

    fn opened(&self) {
        *self.lock() += 1;
    }

    fn closed(&self) {
        *self.lock() -= 1;
        self.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    fn new() -> Result<Self, Errno> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { arrivals: Mutex::default(), bell })
    }

    fn put(&self, arrival: Arrival) {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
        self.ring();
    }

    fn ring(&self) {
        // A bell that is full is rung already.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn take(&self) -> Vec<Arrival> {
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        std::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Crew {
    /// Starts as many workers as the deployment asks for.
    pub fn start(world: &Arc<Live>) -> Result<Self, Errno> {
        world.servers.serve(world);
        let over = Arc::new(Over::default());
        let mut mailboxes = Vec::new();
        let mut threads = Vec::new();
        for number in 0..world.deployment.current().options.workers {
            let mailbox = Arc::new(Mailbox::new()?);
            let mut worker = Worker::new(world.clone(), mailbox.clone(), over.clone())?;
            let thread =
                std::thread::Builder::new().name(format!("worker {number}")).spawn(move || worker.run());
            threads.push(thread.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::AGAIN))?);
            mailboxes.push(mailbox);
        }
        if let Some(mailbox) = mailboxes.first().cloned() {
            world.registry.watch_with(move |pid| mailbox.put(Arrival::Guest(pid)));
        }
        Ok(Self {
            world: world.clone(),
            mailboxes,
            next: AtomicUsize::new(0),
            threads: Mutex::new(threads),
            over,
        })
    }

    /// Takes in a program that starts: gives the socket that its run begins with to one of the workers. The region is
    /// what was made for it, if it need not make one and say hello; `stack` is the network stack that it is to have
    /// rather than that of its OS.
    pub fn admit(
        &self,
        socket: OwnedFd,
        region: Option<OwnedFd>,
        pid: i32,
        personality: Personality,
        stack: Option<ServerId>,
    ) {
        self.over.opened();
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.mailboxes.len();
        let mailbox = &self.mailboxes[turn];
        // One that is over already needs no entry; what it started says hello for itself.
        let entered = self.world.registry.enter(pid, None, personality);
        if let Ok((process, _)) = &entered {
            process.set_stack(stack);
        }
        let connection = match (&entered, region.map(|file| Mapped::new(file.as_fd()))) {
            (Ok((process, _)), Some(Ok(region))) => {
                let region = Arc::new(region);
                self.world.registry.attach(process, region.clone());
                Connection::of(socket, process.clone(), region, &self.world)
            }
            _ => Connection::first(socket),
        };
        mailbox.put(Arrival::Connection(connection));
        if let Ok((_, true)) = entered {
            mailbox.put(Arrival::Guest(pid));
        }
    }

    /// Tells when the last guest is gone.
    pub fn over(&self) -> &Arc<Over> {
        &self.over
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.over.ending.store(true, Ordering::Release);
        for mailbox in &self.mailboxes {
            mailbox.ring();
        }
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.join().is_err() {
                tracing::error!("a worker panicked");
            }
        }
    }
}

/// Something a worker waits for.
enum Watched {
    Connection(Connection),
    Death { pid: i32, _descriptor: OwnedFd },
}

struct Worker {
    world: Arc<Live>,
    desk: Desk,
    mailbox: Arc<Mailbox>,
    over: Arc<Over>,
    epoll: OwnedFd,
    watched: BTreeMap<u64, Watched>,
    awake: Vec<u64>,
    last: u64,
}

impl Worker {
    fn new(world: Arc<Live>, mailbox: Arc<Mailbox>, over: Arc<Over>) -> Result<Self, Errno> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &mailbox.bell, epoll::EventData::new_u64(MAILBOX), epoll::EventFlags::IN)?;
        let desk = Desk::new(world.clone());
        Ok(Self {
            world,
            desk,
            mailbox,
            over,
            epoll,
            watched: BTreeMap::new(),
            awake: Vec::new(),
            last: MAILBOX,
        })
    }

    fn run(&mut self) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut done = 0_u32;
        while !self.over.ending.load(Ordering::Acquire) {
            let asleep = self.awake.is_empty();
            if asleep || done >= SOCKETS_EVERY {
                done = 0;
                let now = Timespec { tv_sec: 0, tv_nsec: 0 };
                events.clear();
                match epoll::wait(
                    &self.epoll,
                    rustix::buffer::spare_capacity(&mut events),
                    (!asleep).then_some(&now),
                ) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(errno) => {
                        tracing::error!(%errno, "a worker cannot wait for guests");
                        return;
                    }
                }
                for event in &events {
                    self.serve(event.data.u64());
                }
            }
            done += 1 + self.poll();
        }
    }

    /// Looks at the regions of those that asked a short time ago. Returns how many requests were answered.
    fn poll(&mut self) -> u32 {
        if self.awake.is_empty() {
            return 0;
        }
        let mut answered = 0;
        let Self { watched, awake, desk, .. } = self;
        awake.retain(|token| match watched.get_mut(token) {
            Some(Watched::Connection(connection)) => {
                answered += connection.poll(desk);
                connection.is_awake()
            }
            _ => false,
        });
        if answered == 0 {
            std::hint::spin_loop();
        }
        answered
    }

    fn serve(&mut self, token: u64) {
        if token == MAILBOX {
            for arrival in self.mailbox.take() {
                self.add(arrival);
            }
            return;
        }
        match self.watched.get_mut(&token) {
            Some(Watched::Connection(connection)) => {
                let was_awake = connection.is_awake();
                let served = connection.serve(&self.world, &mut self.desk);
                if !was_awake && connection.is_awake() {
                    self.awake.push(token);
                }
                let arrivals = match served {
                    Served::Open(arrivals) => arrivals,
                    Served::Closed(arrivals) => {
                        self.watched.remove(&token);
                        self.awake.retain(|&other| other != token);
                        for arrival in arrivals {
                            self.take_in(arrival);
                        }
                        self.over.closed();
                        return;
                    }
                };
                for arrival in arrivals {
                    self.take_in(arrival);
                }
            }
            Some(&mut Watched::Death { pid, .. }) => {
                self.watched.remove(&token);
                self.world.bury(pid);
            }
            None => {}
        }
    }

    /// Adds what came from a guest, which is counted here, not when it was admitted.
    fn take_in(&mut self, arrival: Arrival) {
        if matches!(arrival, Arrival::Connection(_)) {
            self.over.opened();
        }
        self.add(arrival);
    }

    fn add(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connection(connection) => {
                let token = self.next_token();
                let added = epoll::add(
                    &self.epoll,
                    connection.socket(),
                    epoll::EventData::new_u64(token),
                    epoll::EventFlags::IN,
                );
                match added {
                    Ok(()) => {
                        self.watched.insert(token, Watched::Connection(connection));
                    }
                    Err(errno) => {
                        tracing::error!(%errno, "cannot look after a guest");
                        self.over.closed();
                    }
                }
            }
            Arrival::Guest(pid) => self.watch_death(pid),
        }
    }

    fn watch_death(&mut self, pid: i32) {
        let opened =
            Pid::from_raw(pid).ok_or(Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
        let token = self.next_token();
        let added = opened.and_then(|descriptor| {
            epoll::add(
                &self.epoll,
                descriptor.as_fd(),
                epoll::EventData::new_u64(token),
                epoll::EventFlags::IN,
            )?;
            Ok(descriptor)
        });
        match added {
            Ok(descriptor) => {
                self.watched.insert(token, Watched::Death { pid, _descriptor: descriptor });
            }
            Err(errno) => {
                if errno != Errno::SRCH {
                    tracing::warn!(pid, %errno, "cannot watch for a guest's death");
                }
                self.world.bury(pid);
            }
        }
    }

    fn next_token(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
