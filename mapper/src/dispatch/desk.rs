//! Answering one request: finding who answers, asking, and handing over what came of it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use schemas::message::{Message, Reply, ReplyBuffer};
use schemas::server::{Capabilities, answer};
use schemas::transport::{DESCRIPTORS, Datagram, DatagramKind, MountKind, Request, RequestBuffer, Taken};
use schemas::{Errno, Interface, Operation};

use super::region::Mapped;
use super::socket;
use super::subject::{self, FAMILY_UNIX, Place};
use crate::published::View;
use crate::registry::{Holding, Process};
use crate::route::{ServerId, Subject, Table};
use crate::servers::remote::Job;
use crate::servers::{Answerer, Running as Server};
use crate::world::{Live, Mounts};

/// Where one worker answers requests: its views of what is in force, and its buffers.
pub struct Desk {
    world: Arc<Live>,
    table: View<Table>,
    mounts: View<Mounts>,
    servers: View<Vec<Server>>,
    request: Box<RequestBuffer>,
    reply: ReplyBuffer,
    /// When the clock was last read, a moment ago: that is when a request came.
    now: Instant,
}

impl Desk {
    /// A desk for one thread.
    pub fn new(world: Arc<Live>) -> Self {
        Self {
            table: world.routes.view(),
            mounts: world.mounts.view(),
            servers: world.servers.running().view(),
            request: vec![0; size_of::<RequestBuffer>() / size_of::<u64>()]
                .into_boxed_slice()
                .try_into()
                .unwrap_or_else(|_| unreachable!("the length is that of the array")),
            reply: ReplyBuffer::default(),
            now: Instant::now(),
            world,
        }
    }

    /// Says what time it is, before requests are answered that came after another look at the clock.
    pub fn set_time(&mut self, now: Instant) {
        self.now = now;
    }

    /// Answers the request in a slot, whatever it is, or hands it to the thread of a server in a process of its own.
    /// The guest waits until it is answered.
    pub fn answer(&mut self, guest: &Guest, taken: Taken<'_>, received: Vec<OwnedFd>) {
        let started = self.now;
        let mut caps = Capabilities::new(received);
        let world = &*self.world;
        let request = match taken.copy_request(&mut self.request) {
            Ok(request) if request.descriptors == caps.received.len() => request,
            Ok(_) => {
                self.now = conclude(world, guest, taken, None, started, Err(Errno::BADMSG), &caps);
                return;
            }
            Err(errno) => {
                self.now = conclude(world, guest, taken, None, started, Err(errno), &caps);
                return;
            }
        };
        let operation = Some(request.operation);
        // The guest has changed them already, whatever is said of it.
        if matches!(request.operation, Operation::AuthSetIds | Operation::AuthSetGroups) {
            guest.process.expect_new_credentials();
        }
        let question = Question {
            world,
            table: self.table.get(&world.routes),
            mounts: self.mounts.get(&world.mounts),
            process: &guest.process,
            request,
        };
        let servers = self.servers.get(world.servers.running());
        let found = question.find_server(&caps).and_then(|id| {
            let server = servers.get((id.0 as usize).wrapping_sub(1)).ok_or(Errno::NOSYS)?;
            if !server.is_asked(question.request.operation) {
                return Err(Errno::PERM);
            }
            Ok((id, server))
        });
        let (id, server) = match found {
            Ok(found) => found,
            Err(errno) => {
                self.now = conclude(world, guest, taken, operation, started, Err(errno), &caps);
                return;
            }
        };
        let request = question.request;
        match &server.server {
            Answerer::Task(task) => {
                let mut caller = guest.process.caller(request.thread);
                if task.interface() == Interface::Device {
                    caller.stack = question.own_stack_name();
                }
                let outcome = world.servers.guard(id, server, || {
                    answer(
                        &**task,
                        id.0,
                        request.operation,
                        &caller,
                        request.message,
                        &mut caps,
                        &mut self.reply,
                    )
                });
                let outcome = outcome.and_then(|reply| {
                    settle(world, &guest.process, id, request.operation, &reply, &caps)?;
                    Ok(reply)
                });
                self.now = conclude(world, guest, taken, operation, started, outcome, &caps);
            }
            Answerer::Process(queue) => {
                if let Err(job) = queue.push(Box::new(Job::new(guest, taken, &request, caps, started))) {
                    world.servers.ask_again(world, id, job);
                }
            }
        }
    }
}

/// Whose request it is.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The process.
    pub process: Arc<Process>,
    /// The socket between it and the mapper.
    pub socket: Arc<OwnedFd>,
    /// The memory between them.
    pub region: Arc<Mapped>,
}

/// Takes note of what a server's answer gave to a guest.
pub fn settle(
    world: &Live,
    process: &Process,
    id: ServerId,
    operation: Operation,
    reply: &[u8],
    caps: &Capabilities,
) -> Result<(), Errno> {
    let object = subject::given(operation, reply)?;
    if object != 0 {
        let task = world.servers.task(id).ok_or(Errno::IO)?;
        let descriptor = caps.donated.first().map(AsFd::as_fd);
        world.registry.give(process, Holding { server: id, object }, task, descriptor)?;
    }
    if matches!(operation, Operation::AuthSetIds | Operation::AuthSetGroups) {
        process.expect_new_credentials();
    }
    Ok(())
}

/// Ends a request: sends what was donated, lets the guest go on, and counts. Returns the time then.
pub fn conclude(
    world: &Live,
    guest: &Guest,
    taken: Taken<'_>,
    operation: Option<Operation>,
    started: Instant,
    outcome: Result<Reply<'_>, Errno>,
    caps: &Capabilities,
) -> Instant {
    let outcome =
        outcome.and_then(|reply| Ok((reply, donate(guest.socket.as_fd(), taken.index(), &caps.donated)?)));
    let completed = match &outcome {
        Ok((reply, donated)) => taken.complete(Ok((reply, *donated))),
        Err(errno) => taken.complete(Err(*errno)),
    };
    if let Some(word) = completed {
        // SAFETY: the word lies in the region, which `guest` keeps mapped.
        wake(unsafe { &*word.cast::<AtomicU32>() });
    }
    // The guest need not wait for this.
    let now = Instant::now();
    if let Some(operation) = operation {
        let took = now.saturating_duration_since(started);
        world.statistics.count(guest.process.personality(), operation, outcome.is_err(), took);
    }
    now
}

/// Sends the descriptors that go with a reply, before the reply can be seen.
fn donate(socket: BorrowedFd<'_>, slot: u32, donated: &[OwnedFd]) -> Result<usize, Errno> {
    if donated.is_empty() {
        return Ok(0);
    }
    if donated.len() > DESCRIPTORS {
        return Err(Errno::TOOBIG);
    }
    let datagram = Datagram { slot, count: donated.len() as u8, ..Datagram::new(DatagramKind::Descriptors) };
    match socket::send(socket, &datagram, donated) {
        Ok(()) => Ok(donated.len()),
        // A guest that does not take what it was sent gets no more.
        Err(rustix::io::Errno::AGAIN) => Err(Errno::NOBUFS),
        Err(errno) => Err(Errno(errno.raw_os_error())),
    }
}

fn wake(word: &AtomicU32) {
    // The flags are empty because the word is shared between processes.
    let woken = rustix::thread::futex::wake(word, rustix::thread::futex::Flags::empty(), 1);
    if let Err(errno) = woken {
        tracing::warn!(%errno, "cannot wake a guest");
    }
}

/// Longest path that rules are asked about: `PATH_MAX` of Linux below the longest prefix.
const PATH_MAX: usize = 4096 + 256;

/// Puts parts behind each other. `ENAMETOOLONG` when there is no room for them.
fn join<'a>(room: &'a mut [u8; PATH_MAX], parts: [&[u8]; 3]) -> Result<&'a [u8], Errno> {
    let mut length = 0;
    for part in parts {
        let end = length + part.len();
        room.get_mut(length..end).ok_or(Errno::NAMETOOLONG)?.copy_from_slice(part);
        length = end;
    }
    Ok(&room[..length])
}

/// One request with everything that decides about it.
struct Question<'a> {
    world: &'a Live,
    table: &'a Table,
    mounts: &'a Mounts,
    process: &'a Process,
    request: Request<'a>,
}

impl Question<'_> {
    /// Who answers.
    fn find_server(&self, caps: &Capabilities) -> Result<ServerId, Errno> {
        let message = Message::new(self.request.message);
        let asked = subject::read(self.request.operation, &message)?;
        if let Some(object) = asked.object {
            return self.find_for_object(object, asked.family, caps);
        }
        if let Some(place) = &asked.place {
            return self.find_for_path(place, asked.second_mount, caps);
        }
        if let Some(family) = asked.family {
            return self.find_for_family(family);
        }
        self.by_route(Subject::default())
    }

    /// By the descriptor where it stands for an object, else by the object where the guest holds one of that name.
    fn find_for_object(
        &self,
        object: u64,
        family: Option<u32>,
        caps: &Capabilities,
    ) -> Result<ServerId, Errno> {
        let holding =
            caps.received.first().and_then(|descriptor| self.world.registry.holding(descriptor.as_fd()));
        match holding {
            Some(holding) if object == 0 || object == holding.object => return Ok(holding.server),
            // Objects may share a descriptor's file, as those that were opened on one screen do.
            Some(holding) if self.process.server_of(object) == Some(holding.server) => {
                return Ok(holding.server);
            }
            Some(_) => return Err(Errno::BADF),
            None => {}
        }
        if object != 0 {
            // An object that was the guest's once went with its server.
            return self.process.server_of(object).ok_or(Errno::IO);
        }
        match family {
            Some(family) => self.find_for_family(family),
            None => self.by_route(Subject::default()),
        }
    }

    /// By the mount, unless a route singles out the path.
    fn find_for_path(
        &self,
        place: &Place<'_>,
        second: Option<u32>,
        caps: &Capabilities,
    ) -> Result<ServerId, Errno> {
        if place.below_directory
            && let Some(holding) =
                caps.received.first().and_then(|fd| self.world.registry.holding(fd.as_fd()))
        {
            return Ok(holding.server);
        }
        let personality = self.process.personality();
        let mount = self.mounts.numbered(place.mount).filter(|mount| mount.visible_to(personality));
        let mount = mount.ok_or(Errno::STALE)?;
        let same = |other: u32| {
            let other = self.mounts.numbered(other);
            other.is_some_and(|other| (other.kind(), other.target()) == (mount.kind(), mount.target()))
        };
        if !second.is_none_or(same) {
            return Err(Errno::XDEV);
        }
        let by_mount = (mount.kind() == Some(MountKind::Server)).then_some(ServerId(mount.target()));
        let mut room = [0; PATH_MAX];
        // No rule that there is has a path to compare.
        let wanted = !place.below_directory && !self.table.rules().is_empty();
        let path = if wanted { Some(join(&mut room, [mount.prefix(), b"/", place.path])?) } else { None };
        let subject = Subject { path, family: None };
        let by_rule = self.table.by_rule(personality, self.request.operation, subject);
        by_rule.or(by_mount).map_or_else(|| self.by_route(subject), Ok)
    }

    /// By a route for the family, else local sockets go to one interface and all others to another.
    fn find_for_family(&self, family: u32) -> Result<ServerId, Errno> {
        let subject = Subject { path: None, family: Some(family) };
        let operation = self.request.operation;
        if let Some(id) = self.table.by_rule(self.process.personality(), operation, subject) {
            return Ok(id);
        }
        if family == FAMILY_UNIX {
            return self.table.default_server(Interface::Pflocal).ok_or(Errno::AFNOSUPPORT);
        }
        self.by_route(subject)
    }

    /// The network stack of the guest: the one that was chosen for it, or the one that makes the sockets of its OS.
    fn own_stack(&self) -> Option<ServerId> {
        let is_stack = |id: &ServerId| self.table.interface_of(*id) == Some(Interface::Pfinet);
        let of_system = || self.table.cell(self.process.personality(), Operation::SocketSocket).server;
        self.process.stack().or_else(of_system).filter(is_stack)
    }

    fn own_stack_name(&self) -> Option<Arc<str>> {
        self.own_stack().and_then(|stack| self.table.server_name(stack)).map(Arc::from)
    }

    fn by_route(&self, subject: Subject<'_>) -> Result<ServerId, Errno> {
        if self.request.operation.info().server == Interface::Pfinet
            && let Some(id) = self.own_stack()
        {
            return Ok(id);
        }
        self.table.server(self.process.personality(), self.request.operation, subject).ok_or(Errno::NOSYS)
    }
}
