//! What waits to be asked of a server in a process of its own, and the thread that asks.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use schemas::message::ReplyBuffer;
use schemas::server::{Capabilities, Server, answer};
use schemas::transport::{Request, Taken};
use schemas::{Errno, Operation};

use super::Link;
use crate::dispatch::{Guest, conclude, settle};
use crate::world::Live;

/// Most requests that wait. A thread of a guest has one at a time.
const LIMIT: usize = 4096;

/// A guest's request for a server in a process of its own. The slot is busy until the thread completes it.
pub struct Job {
    guest: Guest,
    slot: u32,
    operation: Operation,
    thread: i32,
    message: Vec<u64>,
    caps: Capabilities,
    started: Instant,
    /// Whether a server died over it already.
    repeated: bool,
}

impl Job {
    /// A request that was taken from its slot.
    pub fn new(
        guest: &Guest,
        taken: Taken<'_>,
        request: &Request<'_>,
        caps: Capabilities,
        started: Instant,
    ) -> Self {
        // Messages are made of whole words.
        let words = request.message.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word));
        Self {
            guest: guest.clone(),
            slot: taken.defer(),
            operation: request.operation,
            thread: request.thread,
            message: words.collect(),
            caps,
            started,
            repeated: false,
        }
    }

    /// Ends it with an error.
    pub fn fail(self, world: &Live, errno: Errno) {
        if let Some(taken) = self.guest.region.region().slot(self.slot).and_then(|slot| slot.resume()) {
            conclude(world, &self.guest, taken, Some(self.operation), self.started, Err(errno), &self.caps);
        }
    }
}

enum Item {
    Job(Box<Job>),
    NoSenders(u64),
    TaskEnded(u64),
}

/// The requests for one run of a server's process.
pub struct Queue {
    link: Arc<Link>,
    waiting: Mutex<Waiting>,
    bell: OwnedFd,
}

#[derive(Default)]
struct Waiting {
    tasks: VecDeque<Item>,
    /// The process is gone, or is not wanted any more.
    closed: bool,
}

/// How the thread finds the world that it answers for: set when the world is whole.
pub type Home = Arc<OnceLock<Weak<Live>>>;

impl Queue {
    /// Starts the thread.
    ///
    /// # Errors
    /// A sentence, when the host has no room for it.
    pub fn start(link: Link, home: Home) -> Result<Arc<Self>, String> {
        let bell =
            eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|errno| errno.to_string())?;
        let queue = Arc::new(Self { link: Arc::new(link), waiting: Mutex::default(), bell });
        let worker = queue.clone();
        std::thread::Builder::new()
            .name(format!("ask {}", queue.link.name()))
            .spawn(move || worker.run(&home))
            .map_err(|error| error.to_string())?;
        Ok(queue)
    }

    /// The number of the server's process.
    pub fn pid(&self) -> u32 {
        self.link.pid()
    }

    /// The server, to be asked by who may wait.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Puts a request at the end; gives it back when the process is gone, or too many wait already.
    pub fn push(&self, job: Box<Job>) -> Result<(), Box<Job>> {
        let mut waiting = self.waiting();
        if waiting.closed || waiting.tasks.len() >= LIMIT {
            return Err(job);
        }
        waiting.tasks.push_back(Item::Job(job));
        drop(waiting);
        self.ring();
        Ok(())
    }

    /// The last right of guests to an object is gone.
    pub fn no_senders(&self, object: u64) {
        self.tell(Item::NoSenders(object));
    }

    /// A guest's rights are gone.
    pub fn task_ended(&self, task: u64) {
        self.tell(Item::TaskEnded(task));
    }

    /// Ends the process and the thread.
    pub fn close(&self) {
        self.waiting().closed = true;
        self.ring();
    }

    fn tell(&self, task: Item) {
        let mut waiting = self.waiting();
        if !waiting.closed {
            waiting.tasks.push_back(task);
            drop(waiting);
            self.ring();
        }
    }

    fn ring(&self) {
        // A bell that is full is rung already.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, home: &Home) {
        let mut buffer = ReplyBuffer::default();
        let mut unanswered = None;
        let why = loop {
            if let Some(why) = self.link.death() {
                break Some(why);
            }
            let next = {
                let mut waiting = self.waiting();
                if waiting.closed {
                    break None;
                }
                waiting.tasks.pop_front()
            };
            match next {
                Some(Item::Job(job)) => unanswered = self.ask(home, job, &mut buffer),
                Some(Item::NoSenders(object)) => self.link.no_senders(object),
                Some(Item::TaskEnded(task)) => self.link.task_ended(task),
                None => self.wait(),
            }
        };
        self.end(home, why, unanswered);
    }

    /// Waits for something to do, or for the end of the process, which its socket tells unasked. What the socket has to
    /// read is another's answer.
    fn wait(&self) {
        let socket = self.link.socket();
        let mut polled = [PollFd::new(&self.bell, PollFlags::IN), PollFd::new(&socket, PollFlags::empty())];
        let waited = poll(&mut polled, None);
        if waited.is_ok() && !polled[1].revents().is_empty() {
            self.link.bury();
        }
        let _ = rustix::io::read(self.bell.as_fd(), &mut [0; 8]);
    }

    /// Asks the server; gives the request back when its process died over it and it can be asked again.
    fn ask(&self, home: &Home, mut job: Box<Job>, buffer: &mut ReplyBuffer) -> Option<Box<Job>> {
        let world = home.get()?.upgrade()?;
        let id = world.servers.numbered(self)?;
        let running = world.servers.running().current();
        let running = running.get(id.0 as usize - 1)?;
        let caller = job.guest.process.caller(job.thread);
        let again = job.operation.info().idempotent && !job.repeated;
        let copies = again.then(|| copy(&job.caps.received)).flatten();
        let message = schemas::message::bytes(&job.message);
        let outcome = world.servers.guard(id, running, || {
            answer(&*self.link, id.0, job.operation, &caller, message, &mut job.caps, buffer)
        });
        if outcome.is_err()
            && self.link.death().is_some()
            && let Some(received) = copies
        {
            job.caps = Capabilities::new(received);
            job.repeated = true;
            return Some(job);
        }
        let outcome = outcome.and_then(|reply| {
            settle(&world, &job.guest.process, id, job.operation, &reply, &job.caps)?;
            Ok(reply)
        });
        let region = job.guest.region.clone();
        if let Some(taken) = region.region().slot(job.slot).and_then(|slot| slot.resume()) {
            conclude(&world, &job.guest, taken, Some(job.operation), job.started, outcome, &job.caps);
        }
        None
    }

    /// Lets another process take over what is left, or tells those who wait that there is none.
    fn end(&self, home: &Home, why: Option<String>, unanswered: Option<Box<Job>>) {
        let Some(world) = home.get().and_then(Weak::upgrade) else { return };
        let id = world.servers.numbered(self);
        let left = {
            let mut waiting = self.waiting();
            waiting.closed = true;
            std::mem::take(&mut waiting.tasks)
        };
        if let (Some(why), Some(id)) = (why, id) {
            world.servers.restart_after(id, &why);
            world.registry.forget_server(id);
        }
        let jobs = left.into_iter().filter_map(|task| match task {
            Item::Job(job) => Some(job),
            Item::NoSenders(_) | Item::TaskEnded(_) => None,
        });
        for job in unanswered.into_iter().chain(jobs) {
            match id {
                Some(id) => world.servers.ask_again(&world, id, job),
                None => job.fail(&world, Errno::IO),
            }
        }
    }
}

/// Descriptors for a second try.
fn copy(descriptors: &[OwnedFd]) -> Option<Vec<OwnedFd>> {
    descriptors.iter().map(|descriptor| descriptor.try_clone().ok()).collect()
}
