//! What the servers of one world share: the guests, the deployment's decisions, the mount table.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use schemas::server::Caller;
use schemas::transport::SITES;
use schemas::{Errno, Personality};

use super::mounts::Mounts;
use super::rights::Rights;
use crate::exec::hoist::Place;
use crate::mach::{Mach, TaskId};

/// Which processes a guest sees and can signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// All guests, and the processes of the host besides.
    #[default]
    Host,
    /// All guests of the world.
    World,
    /// The guests of its own OS.
    Personality,
}

/// What a deployment decides for the Hurd servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which processes guests see. Jailed ones see those of their jail, whatever this says.
    pub view: View,
    /// Whether guests may change their identities as the host allows it.
    pub set_identities: bool,
    /// Whether a guest with effective user 0 may change its root.
    pub change_root: bool,
    /// Whether a guest with effective user 0 may change the names of the system, and sysctl values.
    pub set_system: bool,
    /// Whether a guest with effective user 0 may change the host's interfaces and routes.
    pub set_network: bool,
    /// Whether a guest with effective user 0 may end the guests of its OS by `reboot`.
    pub reboot: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            view: View::default(),
            set_identities: true,
            change_root: true,
            set_system: true,
            set_network: false,
            reboot: false,
        }
    }
}

/// What guests of an OS are told that they run on (`uname(2)` and its likes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name of the OS.
    pub system: String,
    /// Name of the machine in its network.
    pub node: String,
    /// Domain of the machine.
    pub domain: String,
    /// Release.
    pub release: String,
    /// Version, a longer text.
    pub version: String,
    /// The hardware, in that OS's word.
    pub machine: String,
    /// The version as a number, where that OS has one (`osreldate` of FreeBSD).
    pub number: u64,
}

/// A device node of a residual server. Its operations are routed to that server by path; `devfs` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceNode {
    /// Path below `/dev`.
    pub path: Vec<u8>,
    /// Bits of the personalities that see it ([`Personality::bit`]); 0 for all.
    pub personalities: u32,
    /// Name of the server, which is also the name of the kernel module whose work it does.
    pub server: String,
    /// Whether it is a block device.
    pub block: bool,
}

/// A guest, from its first message to its death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Its task.
    pub task: TaskId,
    /// Its process.
    pub pid: i32,
    /// Its OS.
    pub personality: Personality,
    /// The jail it is in; 0 for none.
    pub jail: u32,
    /// Name of its program, without a folder.
    pub command: Vec<u8>,
    /// Path of its program, as the guest sees it; empty when not known.
    pub path: Vec<u8>,
}

impl Guest {
    /// The guest with another program.
    pub fn with_path(self, path: &[u8]) -> Self {
        let command = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        Self { path: path.to_vec(), command, ..self }
    }
}

/// Is asked to bring what is known of one guest, or of all, up to date.
type BeforeLook = Box<dyn Fn(Option<i32>) + Send + Sync>;

/// Content of files of `/proc/net`, by process and name.
type NetworkFiles = Box<dyn Fn(i32, &str) -> Option<String> + Send + Sync>;

/// Hears of a new host name and domain name.
type NamesChanged = Box<dyn Fn(&str, &str) + Send + Sync>;

/// The shared state.
pub struct World {
    /// The simulated kernel.
    pub mach: Arc<Mach>,
    /// The objects that guests hold.
    pub rights: Rights,
    /// The mount table.
    pub mounts: Mounts,
    policy: RwLock<Arc<Policy>>,
    guests: RwLock<BTreeMap<i32, Arc<Guest>>>,
    places: RwLock<HashMap<i32, HashMap<u64, Place>>>,
    identities: RwLock<HashMap<Personality, Identity>>,
    names: OnceLock<NamesChanged>,
    before_look: OnceLock<BeforeLook>,
    network_files: OnceLock<NetworkFiles>,
    devices: RwLock<Arc<Vec<DeviceNode>>>,
    next_object: AtomicU64,
    next_range: AtomicU64,
    /// The mapper's own process, which no broadcast reaches.
    pub mapper: i32,
}

/// The first number for objects of the Hurd servers.
const FIRST_OBJECT: u64 = 1;
/// How many numbers a server gets that numbers its objects itself.
const OWN_OBJECTS: u64 = 1 << 32;

impl World {
    /// A world without guests.
    pub fn new(mach: Arc<Mach>, policy: Policy) -> Self {
        Self {
            rights: Rights::new(mach.clone()),
            mach,
            mounts: Mounts::default(),
            policy: RwLock::new(Arc::new(policy)),
            guests: RwLock::default(),
            places: RwLock::default(),
            identities: RwLock::default(),
            names: OnceLock::new(),
            before_look: OnceLock::new(),
            network_files: OnceLock::new(),
            devices: RwLock::default(),
            next_object: AtomicU64::new(FIRST_OBJECT),
            next_range: AtomicU64::new(FIRST_OBJECT),
            mapper: std::process::id() as i32,
        }
    }

    /// The deployment's decisions as they are now.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the deployment's decisions.
    pub fn set_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Says who has the files of `/proc/net` of a process: given its number and a file's name, the content, or nothing
    /// where they are the host's.
    pub fn set_network_files(&self, files: impl Fn(i32, &str) -> Option<String> + Send + Sync + 'static) {
        // They belong to whoever said so first.
        let _ = self.network_files.set(Box::new(files));
    }

    /// A file of `/proc/net` of a process that has no part in the host's network.
    pub fn network_file(&self, pid: i32, name: &str) -> Option<String> {
        self.network_files.get()?(pid, name)
    }

    /// Says which device nodes residual servers have.
    pub fn set_devices(&self, devices: Vec<DeviceNode>) {
        *self.devices.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(devices);
    }

    /// The device nodes of residual servers.
    pub fn devices(&self) -> Arc<Vec<DeviceNode>> {
        self.devices.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The kernel modules whose work residual servers do.
    pub fn modules(&self) -> Vec<String> {
        let mut names: Vec<String> = self.devices().iter().map(|device| device.server.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Says what guests of an OS are told of the system.
    pub fn set_identity(&self, personality: Personality, identity: Identity) {
        self.identities.write().unwrap_or_else(PoisonError::into_inner).insert(personality, identity);
    }

    /// What guests of an OS are told of the system: what was set, or else the host's own words.
    pub fn identity(&self, personality: Personality) -> Identity {
        let set = self.identities.read().unwrap_or_else(PoisonError::into_inner).get(&personality).cloned();
        set.unwrap_or_else(host_identity)
    }

    /// Lets `changed` hear of each new host name and domain name before the guest that set it goes on. Only the first
    /// one is heard.
    pub fn watch_names(&self, changed: impl Fn(&str, &str) + Send + Sync + 'static) {
        let _ = self.names.set(Box::new(changed));
    }

    /// Gives the world another host name, domain name or both, for the guests of all systems.
    pub fn set_names(&self, node: Option<&str>, domain: Option<&str>) {
        let mut identities = self.identities.write().unwrap_or_else(PoisonError::into_inner);
        for personality in Personality::ALL {
            let identity = identities.entry(personality).or_insert_with(host_identity);
            if let Some(node) = node {
                node.clone_into(&mut identity.node);
            }
            if let Some(domain) = domain {
                domain.clone_into(&mut identity.domain);
            }
        }
        if let (Some(changed), Some(identity)) = (self.names.get(), identities.get(&Personality::Linux)) {
            changed(&identity.node, &identity.domain);
        }
    }

    /// Lets `look` bring what is known of a guest, or without a number of all guests, up to date before it is told. Only
    /// the first one is asked.
    pub fn before_look(&self, look: impl Fn(Option<i32>) + Send + Sync + 'static) {
        let _ = self.before_look.set(Box::new(look));
    }

    fn look(&self, pid: Option<i32>) {
        if let Some(look) = self.before_look.get() {
            look(pid);
        }
    }

    /// The guest with this process number.
    pub fn guest(&self, pid: i32) -> Option<Arc<Guest>> {
        self.look(Some(pid));
        self.known(pid)
    }

    fn known(&self, pid: i32) -> Option<Arc<Guest>> {
        self.guests.read().unwrap_or_else(PoisonError::into_inner).get(&pid).cloned()
    }

    /// All guests, in the order of their numbers.
    pub fn guests(&self) -> Vec<Arc<Guest>> {
        self.look(None);
        self.guests.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Takes note of a guest: a new one, or one that runs another program now.
    pub fn task_started(&self, guest: Guest) {
        self.guests.write().unwrap_or_else(PoisonError::into_inner).insert(guest.pid, Arc::new(guest));
    }

    /// Gives the child of a guest a copy of all rights of its parent, and takes note of it.
    pub fn task_forked(&self, parent: i32, child: i32, task: TaskId) -> Result<(), Errno> {
        let parent = self.known(parent).ok_or(Errno::SRCH)?;
        self.rights.copy(parent.task, task)?;
        let places = self.places(parent.pid);
        if !places.is_empty() {
            self.places.write().unwrap_or_else(PoisonError::into_inner).insert(child, places);
        }
        self.task_started(Guest { pid: child, task, ..Guest::clone(&parent) });
        Ok(())
    }

    /// Takes note that a guest runs another program, perhaps of another OS.
    pub fn task_exec(&self, pid: i32, personality: Personality, path: &[u8]) -> Result<(), Errno> {
        let guest = self.known(pid).ok_or(Errno::SRCH)?;
        if guest.path != path {
            self.forget_places(pid);
        }
        self.task_started(Guest { personality, ..Guest::clone(&guest) }.with_path(path));
        Ok(())
    }

    /// Forgets a guest.
    pub fn task_died(&self, pid: i32) -> Option<Arc<Guest>> {
        self.forget_places(pid);
        self.guests.write().unwrap_or_else(PoisonError::into_inner).remove(&pid)
    }

    /// Remembers from which file the code comes at which a guest traps. Of one guest, as many places are kept as its
    /// region counts sites.
    pub fn note_place(&self, pid: i32, site: u64, place: Place) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let places = places.entry(pid).or_default();
        if places.len() < SITES {
            places.insert(site, place);
        }
    }

    /// From which files the code comes at which a guest traps, by address, as far as it was asked about.
    pub fn places(&self, pid: i32) -> HashMap<u64, Place> {
        self.places.read().unwrap_or_else(PoisonError::into_inner).get(&pid).cloned().unwrap_or_default()
    }

    fn forget_places(&self, pid: i32) {
        self.places.write().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }

    /// A number for an object of a server in this world; no two servers get the same.
    pub fn new_object(&self) -> u64 {
        self.next_object.fetch_add(1, Ordering::Relaxed)
    }

    /// The first of 2³² numbers for a server that numbers its objects itself.
    pub fn new_objects(&self) -> u64 {
        self.next_range.fetch_add(1, Ordering::Relaxed) * OWN_OBJECTS
    }

    /// Whether the caller may know of a guest.
    pub fn sees(&self, caller: &Caller, guest: &Guest) -> bool {
        let jail = self.jail_of(caller.pid);
        if jail != 0 || guest.pid == caller.pid {
            return jail == guest.jail;
        }
        match self.policy().view {
            View::Host | View::World => true,
            View::Personality => guest.personality == caller.personality,
        }
    }

    /// Whether the caller may know of host processes that are no guests.
    pub fn sees_host(&self, caller: &Caller) -> bool {
        self.policy().view == View::Host && self.jail_of(caller.pid) == 0
    }

    /// The jail that a process is in.
    pub fn jail_of(&self, pid: i32) -> u32 {
        self.guests.read().unwrap_or_else(PoisonError::into_inner).get(&pid).map_or(0, |guest| guest.jail)
    }
}

/// The host's own words for itself.
fn host_identity() -> Identity {
    let host = rustix::system::uname();
    let own = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    Identity {
        system: own(host.sysname()),
        node: own(host.nodename()),
        domain: own(host.domainname()),
        release: own(host.release()),
        version: own(host.version()),
        machine: own(host.machine()),
        number: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn world() -> World {
        World::new(Arc::new(Mach::default()), Policy::default())
    }

    fn guest(world: &World, pid: i32, personality: Personality, jail: u32) -> Guest {
        let task = world.mach.task_create("guest").unwrap();
        Guest { task, pid, personality, jail, command: Vec::new(), path: Vec::new() }.with_path(b"/bin/sh")
    }

    fn caller(pid: i32, personality: Personality) -> Caller {
        Caller { task: 1, pid, tid: pid, personality, credentials: Arc::default(), stack: None }
    }

    #[test]
    fn guest_lives_from_start_to_death() {
        let world = world();
        world.task_started(guest(&world, 10, Personality::FreeBsd, 3));
        let server = world.rights.add_server("devfs").unwrap();
        world.rights.grant(server, 7, world.guest(10).unwrap().task).unwrap();
        let child = world.mach.task_create("child").unwrap();
        world.task_forked(10, 11, child).unwrap();
        assert!(world.rights.holds(server, 7, child));
        assert_eq!(world.jail_of(11), 3);
        world.task_exec(11, Personality::Linux, b"/usr/bin/env").unwrap();
        let known = world.guest(11).unwrap();
        assert_eq!((known.personality, known.command.as_slice()), (Personality::Linux, b"env".as_slice()));
        assert_eq!(world.task_died(10).unwrap().command, b"sh");
        assert_eq!(world.guests().len(), 1);
        assert_eq!(world.task_forked(10, 12, child), Err(Errno::SRCH));
        assert_eq!(world.task_exec(10, Personality::Linux, b"x"), Err(Errno::SRCH));
    }

    #[test]
    fn jails_and_views_bound_what_is_seen() {
        let world = world();
        for (pid, personality, jail) in [
            (1, Personality::Linux, 0),
            (2, Personality::FreeBsd, 0),
            (3, Personality::Linux, 5),
            (4, Personality::Linux, 5),
        ] {
            world.task_started(guest(&world, pid, personality, jail));
        }
        let seen = |pid: i32, personality: Personality| -> Vec<i32> {
            let caller = caller(pid, personality);
            world.guests().iter().filter(|guest| world.sees(&caller, guest)).map(|guest| guest.pid).collect()
        };
        assert_eq!(seen(1, Personality::Linux), [1, 2, 3, 4]);
        assert_eq!(seen(3, Personality::Linux), [3, 4]);
        world.set_policy(Policy { view: View::Personality, ..Policy::default() });
        assert_eq!(seen(2, Personality::FreeBsd), [2]);
        assert!(!world.sees_host(&caller(1, Personality::Linux)));
    }

    #[test]
    fn names_are_of_the_whole_world_and_are_told() {
        let world = world();
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = told.clone();
        world.watch_names(move |node, domain| heard.lock().unwrap().push(format!("{node}.{domain}")));
        world.set_names(Some("new"), Some("example"));
        world.set_names(Some("newer"), None);
        assert_eq!(*told.lock().unwrap(), ["new.example", "newer.example"]);
        assert_eq!(world.identity(Personality::Linux).node, "newer");
        assert_eq!(world.identity(Personality::FreeBsd).domain, "example");
    }

    #[test]
    fn identity_is_the_hosts_until_one_is_set() {
        let world = world();
        assert_eq!(world.identity(Personality::NetBsd).system, "Linux");
        world.set_identity(Personality::NetBsd, Identity { system: "NetBSD".into(), ..Identity::default() });
        assert_eq!(world.identity(Personality::NetBsd).system, "NetBSD");
        assert_ne!(world.new_object(), world.new_object());
    }
}
