//! What the mapper knows of its guests: processes, their tasks, their regions, and the capabilities they hold.

pub mod counters;
mod number;
mod process;
pub mod sites;

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use schemas::transport::{DESCRIPTOR_BASE, DESCRIPTOR_WORLD};
use schemas::{Errno, Personality};
use sim::hurd::world::{Guest, World as Hurd};
use sim::mach::TaskId;

use crate::dispatch::Mapped;
use crate::route::ServerId;
use crate::world::Page;
use counters::Totals;
use number::ByNumber;
pub use process::Process;
use process::Seen;
use sites::{ENDED, Sites};

/// A server's object that some descriptor stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Whose object.
    pub server: ServerId,
    /// The server's name for it.
    pub object: u64,
}

/// The file behind a descriptor, where that is unlike every other: device and inode number.
type File = (u64, u64);

/// Watches for the death of a guest.
type Watch = Box<dyn Fn(i32) + Send + Sync>;

/// All guests of a world.
pub struct Registry {
    hurd: Arc<Hurd>,
    page: Arc<Page>,
    /// Watches for the death of guests that were found by looking.
    watch: OnceLock<Watch>,
    processes: ByNumber<Arc<Process>>,
    holdings: DashMap<File, Holding>,
    dead: Mutex<Totals>,
    ended: Mutex<VecDeque<Sites>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("processes", &self.processes.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// No guests yet, in a world that shows this page.
    pub fn new(hurd: Arc<Hurd>, page: Arc<Page>) -> Self {
        Self {
            hurd,
            page,
            watch: OnceLock::new(),
            processes: ByNumber::default(),
            holdings: DashMap::new(),
            dead: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// Lets `watch` watch for the death of each guest that is found by looking. Only the first one is asked.
    pub fn watch_with(&self, watch: impl Fn(i32) + Send + Sync + 'static) {
        let _ = self.watch.set(Box::new(watch));
    }

    /// The guest with this process number, as far as it is known.
    pub fn process(&self, pid: i32) -> Option<Arc<Process>> {
        self.processes.get(&pid).map(|process| process.clone())
    }

    /// All guests, by process number.
    pub fn processes(&self) -> Vec<Arc<Process>> {
        self.look(None);
        self.known()
    }

    fn known(&self) -> Vec<Arc<Process>> {
        let mut processes: Vec<_> = self.processes.iter().map(|entry| entry.value().clone()).collect();
        processes.sort_by_key(|process| process.pid());
        processes
    }

    /// Takes note of what guests have noted in their regions: other images, and children, of which those that live are
    /// guests from now on. With the number of a guest that is known only of that one's image.
    pub fn look(&self, pid: Option<i32>) {
        if let Some(process) = pid.and_then(|pid| self.process(pid)) {
            return self.look_at_image(&process);
        }
        // Children may have children.
        let mut processes = self.known();
        while let Some(process) = processes.pop() {
            self.look_at_image(&process);
            processes.extend(self.new_children(&process));
        }
    }

    fn look_at_image(&self, process: &Process) {
        let Some(region) = process.region() else { return };
        let mut seen = process.seen();
        let image = region.region().image();
        if std::mem::replace(&mut seen.image, image) != image {
            self.tell_program(process, &region);
        }
    }

    /// Takes note of the children that a guest has noted in its region.
    pub fn look_at_children(&self, process: &Process) {
        self.new_children(process);
    }

    fn new_children(&self, process: &Process) -> Vec<Arc<Process>> {
        let Some(region) = process.region() else { return Vec::new() };
        let mut children = Vec::new();
        region.region().noted_children(&mut process.seen().children, |pid| children.push(pid));
        let enter = |pid: i32| {
            if self.process(pid).is_some() || !self.is_guest(pid) {
                return None;
            }
            let (child, new) = self.enter(pid, Some(process.pid()), process.personality()).ok()?;
            if let (true, Some(watch)) = (new, self.watch.get()) {
                watch(pid);
            }
            new.then_some(child)
        };
        children.into_iter().filter_map(enter).collect()
    }

    /// Whether a process that a guest names is a guest: it has the world page open, as only guests have, or is the child
    /// of one that is known.
    fn is_guest(&self, pid: i32) -> bool {
        let page = format!("/proc/{pid}/fd/{}", DESCRIPTOR_BASE + DESCRIPTOR_WORLD);
        let opened = rustix::fs::stat(page).map(|status| (status.st_dev, status.st_ino));
        opened.is_ok_and(|opened| self.page.identity() == Ok(opened))
            || sim::host::process::stat(pid).is_ok_and(|stat| self.process(stat.parent).is_some())
    }

    /// Takes note of a guest: a new one, with what it has from its parent, or one that has become another image.
    /// Returns it, and whether it is new. `ESRCH` when there is no such process any more.
    pub fn enter(
        &self,
        pid: i32,
        parent: Option<i32>,
        personality: Personality,
    ) -> Result<(Arc<Process>, bool), Errno> {
        if let Some(process) = self.process(pid) {
            if process.personality() != personality {
                self.bury(&process);
                process.set_personality(personality);
            }
            return Ok((process, false));
        }
        let parent = parent.and_then(|parent| self.process(parent));
        let task = self.new_task(pid)?;
        let process = match Process::new(pid, task, personality) {
            Ok(process) => Arc::new(process),
            Err(errno) => {
                self.end_task(task);
                return Err(errno);
            }
        };
        if let Some(parent) = &parent {
            process.inherit(parent);
            if self.hurd.rights.copy(parent.task(), task).is_err() {
                tracing::debug!(pid, "the parent died before its rights could be copied");
            }
        }
        match self.processes.entry(pid) {
            Entry::Occupied(entry) => {
                // Another worker was faster.
                self.end_task(task);
                Ok((entry.get().clone(), false))
            }
            Entry::Vacant(entry) => {
                entry.insert(process.clone());
                self.announce(&process, parent.as_deref());
                Ok((process, true))
            }
        }
    }

    /// Gives a guest the region that its hello brought. What the one before it counted is kept.
    pub fn attach(&self, process: &Process, region: Arc<Mapped>) {
        if let Some(old) = process.set_region(Some(region)) {
            self.dead().add(process.personality(), old.region());
        }
        if let Some(region) = process.region() {
            *process.seen() = Seen { image: region.region().image(), ..Seen::default() };
            self.tell_program(process, &region);
        }
    }

    fn tell_program(&self, process: &Process, region: &Mapped) {
        let (personality, path) = (process.personality(), region.region().program());
        if let Err(errno) = self.hurd.task_exec(process.pid(), personality, &path) {
            tracing::debug!(pid = process.pid(), %errno, "a guest died as it came");
        }
    }

    /// Forgets a guest that died. Returns its task, which is ended: its rights are gone.
    pub fn leave(&self, pid: i32) -> Option<TaskId> {
        let (_, process) = self.processes.remove(&pid)?;
        self.keep_sites(&process);
        self.hurd.task_died(pid);
        self.bury(&process);
        self.end_task(process.task());
        Some(process.task())
    }

    /// Takes note of an object that a server gave to a guest, and of the descriptor that stands for it.
    pub fn give(
        &self,
        process: &Process,
        holding: Holding,
        server_task: TaskId,
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), Errno> {
        self.hurd.rights.grant(server_task, holding.object, process.task())?;
        process.add_object(holding.object, holding.server);
        if let Some(file) = descriptor.and_then(unlike_others) {
            self.holdings.insert(file, holding);
        }
        Ok(())
    }

    /// The object that a descriptor of a guest's stands for, when it stands for one.
    pub fn holding(&self, descriptor: BorrowedFd<'_>) -> Option<Holding> {
        if self.holdings.is_empty() {
            return None;
        }
        self.holdings.get(&unlike_others(descriptor)?).map(|holding| *holding)
    }

    /// Forgets an object that no guest holds any more.
    pub fn forget(&self, gone: Holding) {
        self.holdings.retain(|_, holding| *holding != gone);
    }

    /// Forgets all objects of a server that died: whoever holds one is told that it is gone.
    pub fn forget_server(&self, server: ServerId) {
        self.holdings.retain(|_, holding| holding.server != server);
        for process in self.processes() {
            process.forget_server(server);
        }
    }

    /// How often each route was taken by guests alive and dead.
    pub fn totals(&self) -> Totals {
        let mut totals = self.dead().clone();
        for process in self.known() {
            if let Some(region) = process.region() {
                totals.add(process.personality(), region.region());
            }
        }
        totals
    }

    /// What the servers share.
    pub fn hurd(&self) -> &Arc<Hurd> {
        &self.hurd
    }

    /// Tells the servers of a new guest: a child is what its parent was.
    fn announce(&self, process: &Process, parent: Option<&Process>) {
        let (pid, task) = (process.pid(), process.task());
        if let Some(parent) = parent
            && self.hurd.task_forked(parent.pid(), pid, task).is_ok()
        {
            return;
        }
        let guest = Guest {
            task,
            pid,
            personality: process.personality(),
            jail: 0,
            command: Vec::new(),
            path: Vec::new(),
        };
        self.hurd.task_started(guest.with_path(&program(pid)));
    }

    /// Where guests make their calls: those that live, by process number, and the last of those that have ended.
    pub fn sites(&self) -> Vec<Sites> {
        let live = self.processes();
        let live = live.iter().filter_map(|process| self.sites_of(process, false));
        let mut all: Vec<Sites> = live.collect();
        all.extend(self.ended.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        all
    }

    fn sites_of(&self, process: &Process, ended: bool) -> Option<Sites> {
        let (pid, region) = (process.pid(), process.region()?);
        let known = self.hurd.places(pid);
        Some(Sites::read(pid, process.personality(), region.region(), &known, ended))
    }

    fn keep_sites(&self, process: &Process) {
        let Some(sites) = self.sites_of(process, true).filter(|sites| !sites.sites.is_empty()) else {
            return;
        };
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= ENDED {
            ended.pop_front();
        }
        ended.push_back(sites);
    }

    fn bury(&self, process: &Process) {
        if let Some(region) = process.set_region(None) {
            self.dead().add(process.personality(), region.region());
        }
    }

    /// Counts what a guest did that was gone before it could be known.
    pub fn add_dead(&self, personality: Personality, region: &Mapped) {
        self.dead().add(personality, region.region());
    }

    fn dead(&self) -> std::sync::MutexGuard<'_, Totals> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_task(&self, pid: i32) -> Result<TaskId, Errno> {
        self.hurd.mach.task_create(&format!("guest {pid}")).map_err(|error| {
            tracing::warn!(pid, %error, "no task for a new guest");
            Errno::AGAIN
        })
    }

    fn end_task(&self, task: TaskId) {
        if let Err(error) = self.hurd.mach.task_terminate(task) {
            tracing::warn!(task = task.0, %error, "a guest's task was gone before it was ended");
        }
    }
}

/// The program of a guest: the name that its stub gave the process, as the host's own link leads to the stub.
fn program(pid: i32) -> Vec<u8> {
    sim::host::process::stat(pid).map(|stat| stat.command).unwrap_or_default()
}

/// Device and inode of a descriptor's file, when no other file can have them while it is open and no other program can
/// open it by a name: sockets, pipes, and memory files. (All event descriptors share one inode, and a device node or a
/// file on disk can be opened by many.)
fn unlike_others(descriptor: BorrowedFd<'_>) -> Option<File> {
    use rustix::fs::FileType;
    let status = rustix::fs::fstat(descriptor.as_fd()).ok()?;
    let unlike = match FileType::from_raw_mode(status.st_mode) {
        FileType::Socket | FileType::Fifo => true,
        FileType::RegularFile => status.st_nlink == 0,
        _ => false,
    };
    unlike.then_some((status.st_dev, status.st_ino))
}

#[cfg(test)]
mod tests;
