//! One guest process, as the mapper knows it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use schemas::server::{Caller, Credentials};
use schemas::{Errno, Personality};
use sim::host::process;
use sim::mach::TaskId;

use crate::dispatch::Mapped;
use crate::route::ServerId;

/// What the mapper has taken note of in a region.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The image that the program was asked of.
    pub image: u32,
    /// Children.
    pub children: u32,
}

/// A guest process, from its first sign to its death.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    task: TaskId,
    personality: AtomicU8,
    /// Connections on which it said hello.
    pub(crate) connections: AtomicU32,
    region: Mutex<Option<Arc<Mapped>>>,
    /// What was seen of the region's notes.
    seen: Mutex<Seen>,
    credentials: Mutex<Arc<Credentials>>,
    credentials_stale: AtomicBool,
    objects: Mutex<HashMap<u64, ServerId>>,
    stack: AtomicU32,
}

impl Process {
    /// A process that is alive; its identities are read from the host.
    pub(super) fn new(pid: i32, task: TaskId, personality: Personality) -> Result<Self, Errno> {
        Ok(Self {
            pid,
            task,
            personality: AtomicU8::new(personality as u8),
            connections: AtomicU32::new(0),
            region: Mutex::new(None),
            seen: Mutex::default(),
            credentials: Mutex::new(Arc::new(process::credentials(pid)?)),
            credentials_stale: AtomicBool::new(false),
            objects: Mutex::new(HashMap::new()),
            stack: AtomicU32::new(0),
        })
    }

    /// Its host process number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Its task.
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// Its OS.
    pub fn personality(&self) -> Personality {
        let byte = self.personality.load(Ordering::Relaxed);
        Personality::from_byte(byte).unwrap_or(Personality::Linux)
    }

    pub(super) fn set_personality(&self, personality: Personality) {
        self.personality.store(personality as u8, Ordering::Relaxed);
    }

    /// The region that it shares with the mapper, once it has said hello.
    pub fn region(&self) -> Option<Arc<Mapped>> {
        lock(&self.region).clone()
    }

    pub(super) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    pub(super) fn set_region(&self, region: Option<Arc<Mapped>>) -> Option<Arc<Mapped>> {
        std::mem::replace(&mut *lock(&self.region), region)
    }

    /// Says that it may change its identities on the host before it asks again.
    pub fn expect_new_credentials(&self) {
        self.credentials_stale.store(true, Ordering::Release);
    }

    /// The caller that servers are told of, for a request from thread `tid`.
    pub fn caller(&self, tid: i32) -> Caller {
        let mut credentials = lock(&self.credentials);
        if self.credentials_stale.load(Ordering::Acquire)
            && self.credentials_stale.swap(false, Ordering::AcqRel)
            && let Ok(found) = process::credentials(self.pid)
        {
            *credentials = Arc::new(found);
        }
        Caller {
            task: self.task.0,
            pid: self.pid,
            tid,
            personality: self.personality(),
            credentials: credentials.clone(),
            stack: None,
        }
    }

    /// Remembers which server an object of this guest's belongs to.
    pub fn add_object(&self, object: u64, server: ServerId) {
        if let Some(other) = lock(&self.objects).insert(object, server)
            && other != server
        {
            tracing::warn!(pid = self.pid, object, "two servers have named objects alike");
        }
    }

    /// The server that an object of this guest's belongs to.
    pub fn server_of(&self, object: u64) -> Option<ServerId> {
        lock(&self.objects).get(&object).copied()
    }

    /// Forgets the objects of a server that died.
    pub(super) fn forget_server(&self, server: ServerId) {
        lock(&self.objects).retain(|_, own| *own != server);
    }

    /// The network stack that was chosen for this process and those before it, rather than for its OS.
    pub fn stack(&self) -> Option<ServerId> {
        Some(ServerId(self.stack.load(Ordering::Relaxed))).filter(|id| id.0 != 0)
    }

    /// Chooses a network stack.
    pub fn set_stack(&self, stack: Option<ServerId>) {
        self.stack.store(stack.map_or(0, |id| id.0), Ordering::Relaxed);
    }

    /// Takes over what the parent has when this process is forked.
    pub(super) fn inherit(&self, parent: &Self) {
        let inherited = lock(&parent.objects).clone();
        lock(&self.objects).extend(inherited);
        self.set_stack(parent.stack());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
