//! A world that runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use schemas::{Operation, Personality};
use sim::hurd::mounts::{MountKind as HurdKind, MountPoint};
use sim::hurd::world::{DeviceNode, Identity, Policy, View, World as Hurd};
use sim::mach::Mach;

use super::{Face, Mounts, Page, Statistics, identities};
use crate::deployment::{Deployment, OsIdentity, ProcessLists, ServerSpec};
use crate::published::Published;
use crate::registry::{Holding, Registry};
use crate::route::Table;
use crate::servers::{Servers, StartError};

/// One running mapper's world: everything that its threads share.
#[derive(Debug)]
pub struct Live {
    /// The deployment in force.
    pub deployment: Published<Deployment>,
    /// What stubs see of the rest.
    pub page: Arc<Page>,
    /// The mount table in force.
    pub mounts: Published<Mounts>,
    /// The routes in force.
    pub routes: Arc<Published<Table>>,
    /// The servers.
    pub servers: Servers,
    /// The guests.
    pub registry: Arc<Registry>,
    /// What mapped operations cost.
    pub statistics: Statistics,
    /// When it was made.
    pub started: SystemTime,
    changing: Mutex<()>,
}

impl Live {
    /// Starts the servers behind a world's face.
    pub fn start(deployment: Deployment, face: Face) -> Result<Self, StartError> {
        let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), policy(&deployment)));
        for (personality, identity) in identities(&deployment) {
            hurd.set_identity(personality, identity_of(&deployment, identity));
        }
        hurd.mounts.set(mount_points(&face.mounts, &face.table));
        hurd.set_devices(device_nodes(&deployment));
        let servers = Servers::start(&deployment, &face.mounts, hurd.clone())?;
        Ok(Self::with_servers(deployment, face, servers, hurd))
    }

    /// A world whose servers were started by someone else.
    pub fn with_servers(deployment: Deployment, face: Face, servers: Servers, hurd: Arc<Hurd>) -> Self {
        face.page.change(|page| page.set_mapper(std::process::id() as i32));
        let page = Arc::new(face.page);
        let named = page.clone();
        hurd.watch_names(move |host, domain| named.rename(host, domain));
        let registry = Arc::new(Registry::new(hurd.clone(), page.clone()));
        let looked = Arc::downgrade(&registry);
        hurd.before_look(move |pid| {
            if let Some(registry) = looked.upgrade() {
                registry.look(pid);
            }
        });
        let routes = Arc::new(Published::new(face.table));
        let (table, looked, networks) =
            (routes.clone(), Arc::downgrade(&registry), servers.networks().clone());
        hurd.set_network_files(move |pid, name| {
            let process = looked.upgrade()?.process(pid)?;
            let table = table.current();
            let of_system = || table.cell(process.personality(), Operation::SocketSocket).server;
            let stack = process.stack().or_else(of_system)?;
            networks.file(table.server_name(stack)?, name)
        });
        Self {
            deployment: Published::new(deployment),
            page,
            mounts: Published::new(face.mounts),
            routes,
            servers,
            registry,
            statistics: Statistics::default(),
            started: SystemTime::now(),
            changing: Mutex::new(()),
        }
    }

    /// Changes routes, for the mapper and for every stub.
    pub fn change_routes<R, E>(&self, change: impl FnOnce(&mut Table) -> Result<R, E>) -> Result<R, E> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.routes.update(change)?;
        self.page.publish_routes(&self.routes.current());
        Ok(result)
    }

    /// Brings the world to another deployment and tells what changed. Guests have the donated directories from their
    /// start, so a deployment with other directories or sysroots is refused in a sentence, and nothing is changed.
    pub fn apply(&self, mut new: Deployment) -> Result<Vec<String>, String> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.deployment.current();
        new.number_servers(&old, self.servers.count());
        let table = Table::new(&new);
        let mounts = self.mounts.current().reopen(&new, &table).map_err(|error| error.to_string())?;
        for (what, same) in [
            ("directories and sysroots", self.mounts.current().directories_are(&mounts)),
            ("number of workers", old.options.workers == new.options.workers),
        ] {
            if !same {
                return Err(format!(
                    "its {what} differ; a world gets others only when it starts (`mapper down`, `mapper up`)"
                ));
            }
        }
        let mut changes = route_changes(&self.routes.current(), &table);
        changes.splice(0..0, self.servers.apply(&old, &new, &mounts));
        self.registry.hurd().set_devices(device_nodes(&new));
        self.registry.hurd().mounts.set(mount_points(&mounts, &table));
        self.registry.hurd().set_policy(policy(&new));
        // The mapper knows what guests are told before they are.
        let entries = mounts.entries().to_vec();
        self.mounts.replace(mounts);
        self.routes.replace(table);
        // The table was bounded when it was made.
        let _ = self.page.change(|page| page.set_mounts(&entries));
        self.page.publish_routes(&self.routes.current());
        self.deployment.replace(new);
        Ok(changes)
    }

    /// Takes note that a guest died: its rights go, and servers forget what nobody holds any more.
    pub fn bury(&self, pid: i32) {
        let Some(task) = self.registry.leave(pid) else { return };
        for running in self.servers.running().current().iter() {
            running.server.task_ended(task.0);
        }
        self.collect();
    }

    /// Tells servers of the objects that no guest holds any more.
    pub fn collect(&self) {
        for gone in self.registry.hurd().rights.collect() {
            let Some(id) = self.servers.with_task(gone.server) else { continue };
            self.registry.forget(Holding { server: id, object: gone.object });
            let running = self.servers.running().current();
            running[id.0 as usize - 1].server.no_senders(gone.object);
        }
    }
}

/// What differs between two tables of routes, a sentence each.
fn route_changes(before: &Table, after: &Table) -> Vec<String> {
    let mut changes = Vec::new();
    for personality in Personality::ALL {
        for operation in schemas::Operation::ALL {
            let (was, is) = (before.cell(personality, operation), after.cell(personality, operation));
            if was != is {
                let server = is.server.and_then(|server| after.server_name(server)).unwrap_or("stub");
                changes.push(format!("{personality}: {operation} is {} by {server}", is.flavour));
            }
        }
    }
    changes
}

fn policy(deployment: &Deployment) -> Policy {
    let view = match deployment.options.process_lists {
        ProcessLists::Host => View::Host,
        ProcessLists::Shared => View::World,
        ProcessLists::PerOs => View::Personality,
    };
    Policy { view, ..Policy::default() }
}

/// What guests of an OS are told, in the servers' own words.
fn identity_of(deployment: &Deployment, identity: OsIdentity) -> Identity {
    let host = rustix::system::uname();
    let node = deployment.options.hostname.clone();
    Identity {
        node: node.unwrap_or_else(|| host.nodename().to_string_lossy().into_owned()),
        domain: host.domainname().to_string_lossy().into_owned(),
        system: identity.system,
        release: identity.release,
        version: identity.version,
        machine: identity.machine,
        number: identity.number,
    }
}

/// The device nodes of residual servers, in the servers' own words.
fn device_nodes(deployment: &Deployment) -> Vec<DeviceNode> {
    let of = |(name, spec): (&String, &ServerSpec)| {
        let node = |node: &schemas::server::DeviceNode| DeviceNode {
            path: node.path.clone().into_bytes(),
            personalities: node.personalities,
            server: name.clone(),
            block: node.block,
        };
        spec.nodes.iter().map(node).collect::<Vec<_>>()
    };
    deployment.servers.iter().flat_map(of).collect()
}

/// The mount table in the servers' own words.
fn mount_points(mounts: &Mounts, table: &Table) -> Vec<MountPoint> {
    use schemas::transport::MountKind;
    let mut points = Vec::new();
    for entry in mounts.entries() {
        let kind = match entry.kind() {
            Some(MountKind::Directory) => mounts
                .directory(entry.target())
                .map(|path| HurdKind::Directory(path.as_os_str().as_encoded_bytes().to_vec())),
            Some(MountKind::Server) => table
                .server_name(crate::route::ServerId(entry.target()))
                .map(|name| HurdKind::Server(name.to_owned())),
            None => None,
        };
        let Some(kind) = kind else { continue };
        let prefix = if entry.prefix().is_empty() { b"/".to_vec() } else { entry.prefix().to_vec() };
        let seen = Personality::ALL.into_iter().filter(|&personality| entry.visible_to(personality));
        points.push(MountPoint {
            identifier: entry.identifier(),
            prefix,
            personalities: seen.fold(0, |mask, personality| mask | personality.bit()),
            kind,
            read_only: entry.is_read_only(),
            overlay: entry.is_overlay(),
        });
    }
    points
}
