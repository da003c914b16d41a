//! The servers of a world: which kinds there are, and those that run.

mod kinds;
pub mod remote;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use residual_net::network::Networks;
use schemas::message::{Reply, ReplyBuffer};
use schemas::server::{Caller, Capabilities, Post, Server, answer};
use schemas::{Errno, Interface, Operation, Personality};
use sim::hurd::world::World as Hurd;
use sim::mach::TaskId;

use crate::deployment::{Deployment, Place, ServerSpec};
use crate::published::Published;
use crate::route::ServerId;
use crate::world::{Live, Mounts};
pub use kinds::{all, anchor, kind, needs, nodes};
use remote::{Home, Job, Link, Queue};
use watch::Restarts;

/// The servers of one world. A server's number is its place, counted from 1.
pub struct Servers {
    hurd: Arc<Hurd>,
    running: Published<Vec<Running>>,
    records: Published<Vec<Arc<Record>>>,
    networks: Arc<Networks>,
    home: Home,
}

/// Who answers.
#[derive(Clone)]
pub enum Answerer {
    /// A server inside the mapper.
    Task(Arc<dyn Server>),
    /// One in a process of its own.
    Process(Arc<Queue>),
}

impl Answerer {
    /// The last right of guests to an object is gone.
    pub fn no_senders(&self, object: u64) {
        match self {
            Self::Task(server) => server.no_senders(object),
            Self::Process(queue) => queue.no_senders(object),
        }
    }

    /// A guest's task died; all its rights are gone.
    pub fn task_ended(&self, task: u64) {
        match self {
            Self::Task(server) => server.task_ended(task),
            Self::Process(queue) => queue.task_ended(task),
        }
    }

    /// Asks on behalf of the mapper itself. Waits for a server in a process of its own.
    pub fn ask<'a>(
        &self,
        number: u32,
        operation: Operation,
        message: &[u8],
        caps: &mut Capabilities,
        buffer: &'a mut ReplyBuffer,
    ) -> Result<Reply<'a>, Errno> {
        let server: &dyn Server = match self {
            Self::Task(server) => &**server,
            Self::Process(queue) => queue.link(),
        };
        let caller = Caller {
            task: 0,
            pid: std::process::id() as i32,
            tid: 0,
            personality: Personality::Linux,
            credentials: Arc::default(),
            stack: None,
        };
        answer(server, number, operation, &caller, message, caps, buffer)
    }

    fn pid(&self) -> u32 {
        match self {
            Self::Task(_) => 0,
            Self::Process(queue) => queue.pid(),
        }
    }
}

/// A server that can be asked.
#[derive(Clone)]
pub struct Running {
    /// Who answers.
    pub server: Answerer,
    /// Its task, which receives for its objects.
    pub task: TaskId,
    record: Arc<Record>,
}

impl Running {
    /// Whether the deployment lets it be asked this.
    pub fn is_asked(&self, operation: Operation) -> bool {
        self.record.operations.as_ref().is_none_or(|asked| asked.contains(&operation))
    }
}

/// Makes a server, at first and whenever it must be started anew; or says in a sentence why it cannot.
pub type Maker = Box<dyn Fn() -> Result<Answerer, String> + Send + Sync>;

/// What is known of a server, whether or not it runs.
struct Record {
    name: String,
    interface: Interface,
    make: Maker,
    /// What it is asked; none for all of its interface.
    operations: Option<Vec<Operation>>,
    requests: AtomicU64,
    errors: AtomicU64,
    restarted: AtomicU32,
    life: Mutex<Life>,
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Running,
    /// It was given up; the sentence says why.
    Failed(String),
    /// The deployment has it no more.
    Removed,
}

struct Life {
    health: Health,
    restarts: Restarts,
}

/// A server as it is shown.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What it answers.
    pub interface: Interface,
    /// How it is.
    pub health: Health,
    /// Operations that it was asked.
    pub requests: u64,
    /// Those of them that ended with an error.
    pub errors: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// Objects of its that guests hold.
    pub objects: u64,
    /// The number of its process; 0 for a task inside the mapper.
    pub pid: u32,
    /// By which requests name it.
    pub number: u32,
}

/// A server that could not be started, as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("server `{name}` could not be started: {why}")]
pub struct StartError {
    name: String,
    why: String,
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.records.current().iter().map(|record| &record.name)).finish()
    }
}

impl Servers {
    /// Starts the servers of a deployment, whose device nodes are in the mount table.
    pub fn start(deployment: &Deployment, mounts: &Mounts, hurd: Arc<Hurd>) -> Result<Self, StartError> {
        let servers = Self::made_by(Vec::new(), hurd)?;
        let mut specs: Vec<_> = deployment.servers.iter().collect();
        specs.sort_by_key(|(_, spec)| spec.number);
        for (name, spec) in specs {
            let maker = servers.maker(name, spec, mounts);
            servers.add((name.clone(), spec.kind.interface, maker), spec.operations.clone())?;
        }
        Ok(servers)
    }

    /// Starts servers by their makers, which are named and say what they make.
    pub fn made_by(makers: Vec<(String, Interface, Maker)>, hurd: Arc<Hurd>) -> Result<Self, StartError> {
        let servers = Self {
            hurd,
            running: Published::new(Vec::new()),
            records: Published::new(Vec::new()),
            networks: Arc::default(),
            home: Home::default(),
        };
        for maker in makers {
            servers.add(maker, None)?;
        }
        Ok(servers)
    }

    fn maker(&self, name: &str, spec: &ServerSpec, mounts: &Mounts) -> Maker {
        let (spec, hurd, home) = (spec.clone(), self.hurd.clone(), self.home.clone());
        let networks = self.networks.clone();
        let nodes = mounts.nodes_of(ServerId(spec.number));
        let post = Post { name: name.to_owned(), nodes, first_object: 0 };
        Box::new(move || {
            let post = Post { first_object: hurd.new_objects(), ..post.clone() };
            match spec.place {
                Place::Task => kinds::make(&spec, post, &hurd, &networks).map(Answerer::Task),
                Place::Process => {
                    Queue::start(Link::start(&spec, post)?, home.clone()).map(Answerer::Process)
                }
            }
        })
    }

    /// Starts a server, which gets the next number.
    fn add(
        &self,
        made: (String, Interface, Maker),
        operations: Option<Vec<Operation>>,
    ) -> Result<(), StartError> {
        let record = Arc::new(Record::new(made, operations));
        let running = record.start(&self.hurd)?;
        let Ok(()) = self.records.update(|records| {
            records.push(record);
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok(()) = self.running.update(|all| {
            all.push(running);
            Ok::<_, std::convert::Infallible>(())
        });
        Ok(())
    }

    /// Brings the servers from one deployment to another that is numbered for this world
    /// ([`Deployment::number_servers`]), and tells what changed. A server with other settings is made anew, and what
    /// guests hold of it is gone; one that cannot be made is given up and shown as such.
    pub fn apply(&self, old: &Deployment, new: &Deployment, mounts: &Mounts) -> Vec<String> {
        let mut changes = Vec::new();
        for (name, spec) in &old.servers {
            if !new.servers.contains_key(name) {
                self.retire(spec.number as usize - 1, Health::Removed);
                changes.push(format!("server {name} is gone"));
            }
        }
        let mut specs: Vec<_> = new.servers.iter().collect();
        specs.sort_by_key(|(_, spec)| spec.number);
        for (name, spec) in specs {
            let index = spec.number as usize - 1;
            let known = old.servers.get(name);
            if known == Some(spec) {
                continue;
            }
            let maker = self.maker(name, spec, mounts);
            let interface = spec.kind.interface;
            if known.is_none() {
                self.place_for(name, interface);
            }
            let Ok(()) = self.records.update(|records| {
                records[index] =
                    Arc::new(Record::new((name.clone(), interface, maker), spec.operations.clone()));
                Ok::<_, std::convert::Infallible>(())
            });
            let verb = if known.is_some() { "has other settings" } else { "is new" };
            let replaced = self.replace(index);
            // That it was made anew was asked for.
            self.records.current()[index].restarted.store(0, Ordering::Relaxed);
            match replaced {
                Ok(()) => changes.push(format!("server {name} {verb}")),
                Err(why) => {
                    changes.push(format!("server {name} {verb}, and cannot be started: {why}"));
                    self.retire(index, Health::Failed(why));
                }
            }
        }
        changes
    }

    /// A place for a server that is not there yet.
    fn place_for(&self, name: &str, interface: Interface) {
        let none: Maker = Box::new(|| Err("it was never made".to_owned()));
        let record = Arc::new(Record::new((name.to_owned(), interface, none), None));
        let Ok(()) = self.records.update(|records| {
            records.push(record.clone());
            Ok::<_, std::convert::Infallible>(())
        });
        let dead = Answerer::Task(Arc::new(watch::Dead::new(name, interface)));
        let Ok(()) = self.running.update(|all| {
            all.push(Running { server: dead, task: TaskId(0), record });
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// Ends a server for good; whoever asks it gets an error.
    fn retire(&self, index: usize, health: Health) {
        let record = self.records.current()[index].clone();
        record.life().health = health;
        let old = self.at(index);
        let dead = Answerer::Task(Arc::new(watch::Dead::new(&record.name, record.interface)));
        self.put(index, Running { server: dead, ..old.clone() });
        if let Answerer::Process(queue) = &old.server {
            queue.close();
        }
    }

    /// How many numbers servers have had.
    pub fn count(&self) -> u32 {
        self.records.current().len() as u32
    }

    /// The servers that can be asked, for views.
    pub fn running(&self) -> &Published<Vec<Running>> {
        &self.running
    }

    /// The networks that servers share.
    pub fn networks(&self) -> &Arc<Networks> {
        &self.networks
    }

    /// The number of the server with this task.
    pub fn with_task(&self, task: TaskId) -> Option<ServerId> {
        let position = self.running.current().iter().position(|running| running.task == task)?;
        Some(ServerId(position as u32 + 1))
    }

    /// The task of a server.
    pub fn task(&self, id: ServerId) -> Option<TaskId> {
        Some(self.running.current().get((id.0 as usize).checked_sub(1)?)?.task)
    }

    /// Lets `ask` ask a server. One that panics is dead: whoever asked gets EIO, and it is started anew.
    pub fn guard<R>(
        &self,
        id: ServerId,
        running: &Running,
        ask: impl FnOnce() -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let record = &running.record;
        record.requests.fetch_add(1, Ordering::Relaxed);
        // What the server shares with others it shares behind locks, and its own state is dropped.
        let outcome = catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
            self.restart_after(id, &watch::message(&*panic));
            Err(Errno::IO)
        });
        if outcome.is_err() {
            record.errors.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// Ends a server and starts it anew, for someone who asked for that.
    pub fn restart(&self, name: &str) -> Result<(), StartError> {
        let failure = |why: String| StartError { name: name.to_owned(), why };
        let records = self.records.current();
        let is = |record: &Arc<Record>| record.name == name && record.life().health != Health::Removed;
        let index = records.iter().position(is);
        let index = index.ok_or_else(|| failure("there is no such server".to_owned()))?;
        self.replace(index).map_err(failure)?;
        let mut life = records[index].life();
        life.health = Health::Running;
        life.restarts = Restarts::default();
        Ok(())
    }

    /// Lets servers in processes of their own answer for this world.
    pub fn serve(&self, world: &Arc<Live>) {
        // A world begins once.
        let _ = self.home.set(Arc::downgrade(world));
    }

    /// The number of the server that a queue is for, while it is.
    pub(super) fn numbered(&self, queue: &Queue) -> Option<ServerId> {
        let is = |running: &Running| matches!(&running.server, Answerer::Process(own) if std::ptr::eq(&**own, queue));
        let position = self.running.current().iter().position(is)?;
        Some(ServerId(position as u32 + 1))
    }

    /// Asks a server in a process of its own, or the one that took its place meanwhile; `EIO` where there is none.
    pub fn ask_again(&self, world: &Live, id: ServerId, mut job: Box<Job>) {
        for _ in 0..=Restarts::MOST {
            let Answerer::Process(queue) = &self.at(id.0 as usize - 1).server else { break };
            match queue.push(job) {
                Ok(()) => return,
                Err(back) => job = back,
            }
        }
        job.fail(world, Errno::IO);
    }

    /// Starts a server again that died, unless it does so all the time.
    pub fn restart_after(&self, id: ServerId, why: &str) {
        let index = id.0 as usize - 1;
        let record = &self.records.current()[index];
        tracing::error!(server = record.name, why, "a server died");
        let mut life = record.life();
        if life.health != Health::Running {
            return;
        }
        let started = if life.restarts.allow() {
            self.replace(index)
        } else {
            Err(format!("it died {} times in {} seconds", Restarts::MOST, Restarts::WITHIN.as_secs()))
        };
        if let Err(failure) = started {
            self.put(
                index,
                Running {
                    server: Answerer::Task(Arc::new(watch::Dead::new(&record.name, record.interface))),
                    ..self.at(index)
                },
            );
            life.health = Health::Failed(format!("{failure}; the last time: {why}"));
        }
    }

    fn replace(&self, index: usize) -> Result<(), String> {
        let record = &self.records.current()[index];
        let new = record.start(&self.hurd).map_err(|error| error.why)?;
        let old = self.at(index);
        self.put(index, new);
        if let Answerer::Process(queue) = &old.server {
            queue.close();
        }
        self.hurd.rights.remove_server(old.task);
        record.restarted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn at(&self, index: usize) -> Running {
        self.running.current()[index].clone()
    }

    fn put(&self, index: usize, new: Running) {
        let put = |running: &mut Vec<Running>| {
            running[index] = new;
            Ok::<_, std::convert::Infallible>(())
        };
        let Ok(()) = self.running.update(put);
    }

    /// All servers, in the order of their numbers.
    pub fn report(&self) -> Vec<Report> {
        let (running, records) = (self.running.current(), self.records.current());
        records
            .iter()
            .zip(running.iter())
            .zip(1..)
            .filter(|((record, _), _)| record.life().health != Health::Removed)
            .map(|((record, running), number)| Report {
                number,
                name: record.name.clone(),
                interface: record.interface,
                health: record.life().health.clone(),
                requests: record.requests.load(Ordering::Relaxed),
                errors: record.errors.load(Ordering::Relaxed),
                restarts: record.restarted.load(Ordering::Relaxed),
                objects: self.hurd.rights.objects_of(running.task) as u64,
                pid: running.server.pid(),
            })
            .collect()
    }
}

impl Record {
    fn new((name, interface, make): (String, Interface, Maker), operations: Option<Vec<Operation>>) -> Self {
        Self {
            name,
            interface,
            make,
            operations,
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            restarted: AtomicU32::new(0),
            life: Mutex::new(Life { health: Health::Running, restarts: Restarts::default() }),
        }
    }

    fn start(self: &Arc<Self>, hurd: &Hurd) -> Result<Running, StartError> {
        let failure = |why: String| StartError { name: self.name.clone(), why };
        let server = (self.make)().map_err(failure)?;
        let task = hurd.rights.add_server(&self.name).map_err(|errno| failure(errno.to_string()))?;
        Ok(Running { server, task, record: self.clone() })
    }

    fn life(&self) -> std::sync::MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
