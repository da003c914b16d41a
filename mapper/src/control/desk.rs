//! The answers of the control plane.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use capnp_rpc::new_client;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use schemas::transport::MountKind;
use schemas::{Personality, control};
use sim::host::process;
use tokio::sync::Notify;

use super::place::{Claim, Place};
use super::report::{self, since_epoch};
use super::trace::{Filter, Hub};
use crate::deployment::Deployment;
use crate::registry::Process;
use crate::registry::counters;
use crate::route::{ServerId, select_operations};
use crate::servers::Health;
use crate::world::Live;

/// How long guests that are told to end have for it before they are killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long the mapper waits to see that killed guests are gone.
const BURIAL: Duration = Duration::from_secs(1);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(10);

/// Answers for one world. All clients share it.
pub struct Desk {
    world: Arc<Live>,
    place: Place,
    embedded: bool,
    hub: Rc<Hub>,
    claim: RefCell<Option<Claim>>,
    ending: Notify,
}

impl Desk {
    /// A desk for `world`, which is found at `place`; the claim to it is given up when the world ends.
    pub fn new(
        world: Arc<Live>,
        place: Place,
        claim: Option<Claim>,
        embedded: bool,
        hub: Rc<Hub>,
    ) -> Rc<Self> {
        let claim = RefCell::new(claim);
        Rc::new(Self { world, place, embedded, hub, claim, ending: Notify::new() })
    }

    /// Returns when somebody has ended the world.
    pub async fn ended(&self) {
        self.ending.notified().await;
    }

    /// Ends the world: guests are told to, and killed when they do not; then its place is free.
    pub async fn end(&self) {
        for (signal, time) in [(Signal::TERM, GRACE), (Signal::KILL, BURIAL)] {
            let guests = self.world.registry.processes();
            guests.iter().for_each(|guest| tell(guest.pid(), signal));
            let _ = tokio::time::timeout(time, self.all_gone()).await;
        }
        self.claim.take();
        self.ending.notify_one();
    }

    async fn all_gone(&self) {
        while !self.world.registry.processes().is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn describe(&self) -> report::World {
        let deployment = self.world.deployment.current();
        let path = deployment.path.as_ref().map(|path| path.display().to_string());
        report::World {
            name: self.place.name().to_owned(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            deployment: deployment.name.clone(),
            deployment_path: path.unwrap_or_default(),
            control_socket: self.place.control_socket().display().to_string(),
            guest_socket: self.place.guest_socket().display().to_string(),
            embedded: self.embedded,
            started: since_epoch(self.world.started).as_secs() as i64,
            guests: self.world.registry.processes().len() as u32,
            tracing: self.world.page.world().trace(),
        }
    }

    fn write_guest(
        &self,
        guest: &Process,
        mut message: control::guest::Builder<'_>,
    ) -> Result<(), schemas::Errno> {
        let pid = guest.pid();
        let stat = process::stat(pid)?;
        let credentials = process::credentials(pid)?;
        let arguments = process::strings(pid, "cmdline")?;
        message.set_personality(guest.personality().name());
        let (calls, mapped) = guest.region().map_or((0, 0), |region| counters::calls_of(region.region()));
        message.set_calls(calls);
        message.set_mapped(mapped);
        message.set_rights(self.world.registry.hurd().rights.rights_of(guest.task()) as u32);
        let mut process = message.init_process();
        process.set_pid(pid);
        process.set_parent(stat.parent);
        process.set_group(stat.group);
        process.set_session(stat.session);
        process.set_user(credentials.effective_user);
        process.set_group_id(credentials.effective_group);
        process.set_personality(guest.personality() as u8);
        process.set_state(stat.state);
        process.set_threads(stat.threads);
        process.set_virtual_size(stat.virtual_size);
        process.set_nice(stat.nice);
        process.set_command(&stat.command);
        let mut words = process.init_arguments(arguments.len() as u32);
        for (index, word) in (0..).zip(&arguments) {
            words.set(index, word);
        }
        Ok(())
    }

    /// Where a server is mounted.
    fn mounts_of(&self, name: &str) -> Vec<String> {
        let mounts = self.world.mounts.current();
        let table = self.world.routes.current();
        let own = mounts.entries().iter().filter(|mount| {
            mount.kind() == Some(MountKind::Server)
                && table.server_name(ServerId(mount.target())) == Some(name)
        });
        own.map(|mount| format!("/{}", String::from_utf8_lossy(mount.prefix()).trim_start_matches('/')))
            .collect()
    }
}

/// Sends a signal to a process that may be gone.
fn tell(pid: i32, signal: Signal) {
    let told = Pid::from_raw(pid)
        .ok_or(Errno::SRCH)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()))
        .and_then(|process| pidfd_send_signal(process, signal));
    if let Err(errno) = told
        && errno != Errno::SRCH
    {
        tracing::warn!(pid, %errno, "cannot end a guest");
    }
}

/// A failure that the client shows as it is.
fn refused(why: impl Into<String>) -> capnp::Error {
    capnp::Error::failed(why.into())
}

/// The OSes that a word means; `*` or nothing for all of them.
fn personality_of(word: &str) -> capnp::Result<Option<Personality>> {
    match word {
        "" | "*" => Ok(None),
        word => match Personality::from_name(word) {
            Some(personality) => Ok(Some(personality)),
            None => Err(refused(format!("no OS is called `{word}`"))),
        },
    }
}

impl control::control::Server for Desk {
    async fn describe(
        self: Rc<Self>,
        _: control::control::DescribeParams,
        mut results: control::control::DescribeResults,
    ) -> capnp::Result<()> {
        Self::describe(&self).write(results.get().init_world());
        Ok(())
    }

    async fn ps(
        self: Rc<Self>,
        _: control::control::PsParams,
        mut results: control::control::PsResults,
    ) -> capnp::Result<()> {
        // One that dies at this moment is left out, which a list made in place cannot do.
        let mut shown = Vec::new();
        for guest in self.world.registry.processes() {
            let mut message = capnp::message::Builder::new_default();
            if self.write_guest(&guest, message.init_root()).is_ok() {
                shown.push(message);
            }
        }
        let mut guests = results.get().init_guests(shown.len() as u32);
        for (index, message) in (0..).zip(&shown) {
            guests.set_with_caveats(index, message.get_root_as_reader()?)?;
        }
        Ok(())
    }

    async fn routes(
        self: Rc<Self>,
        _: control::control::RoutesParams,
        mut results: control::control::RoutesResults,
    ) -> capnp::Result<()> {
        let world = &self.world;
        let routes = report::routes(&world.routes.current(), &world.registry.totals(), &world.statistics);
        let mut list = results.get().init_routes(routes.len() as u32);
        for (index, route) in (0..).zip(&routes) {
            route.write(list.reborrow().get(index));
        }
        Ok(())
    }

    async fn set_route(
        self: Rc<Self>,
        params: control::control::SetRouteParams,
        mut results: control::control::SetRouteResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let word = params.get_operation()?.to_str()?;
        let operations = select_operations(word)
            .ok_or_else(|| refused(format!("`{word}` is neither an operation nor a subsystem")))?;
        let personality = personality_of(params.get_personality()?.to_str()?)?;
        let flavour = params.get_flavour()?.to_str()?;
        let changed = self.world.change_routes(|table| table.set(&operations, personality, flavour));
        results.get().set_changed(changed.map_err(|refusal| refused(refusal.0))?);
        Ok(())
    }

    async fn missing(
        self: Rc<Self>,
        _: control::control::MissingParams,
        mut results: control::control::MissingResults,
    ) -> capnp::Result<()> {
        let missing = report::missing(&self.world.registry.totals());
        let mut list = results.get().init_missing(missing.len() as u32);
        for (index, call) in (0..).zip(&missing) {
            call.write(list.reborrow().get(index));
        }
        Ok(())
    }

    async fn sites(
        self: Rc<Self>,
        _: control::control::SitesParams,
        mut results: control::control::SitesResults,
    ) -> capnp::Result<()> {
        let sites = self.world.registry.sites();
        let mut list = results.get().init_guests(sites.len() as u32);
        for (index, sites) in (0..).zip(&sites) {
            report::GuestSites::write(sites, list.reborrow().get(index));
        }
        Ok(())
    }

    async fn servers(
        self: Rc<Self>,
        _: control::control::ServersParams,
        mut results: control::control::ServersResults,
    ) -> capnp::Result<()> {
        let servers = self.world.servers.report();
        let mut list = results.get().init_servers(servers.len() as u32);
        for (index, server) in (0..).zip(&servers) {
            let mut message = list.reborrow().get(index);
            message.set_name(&server.name);
            message.set_interface(server.interface.name());
            message.set_requests(server.requests);
            message.set_errors(server.errors);
            message.set_restarts(server.restarts);
            message.set_objects(server.objects);
            message.set_pid(server.pid);
            message.set_number(server.number);
            match &server.health {
                Health::Running => message.set_state(control::ServerState::Running),
                Health::Failed(why) => {
                    message.set_state(control::ServerState::Failed);
                    message.set_error(why);
                }
                Health::Removed => message.set_state(control::ServerState::Stopped),
            }
            let mounts = self.mounts_of(&server.name);
            let mut names = message.init_mounts(mounts.len() as u32);
            for (index, mount) in (0..).zip(&mounts) {
                names.set(index, mount);
            }
        }
        Ok(())
    }

    async fn networks(
        self: Rc<Self>,
        _: control::control::NetworksParams,
        mut results: control::control::NetworksResults,
    ) -> capnp::Result<()> {
        super::networks::write(&self.world, results.get())
    }

    async fn restart_server(
        self: Rc<Self>,
        params: control::control::RestartServerParams,
        _: control::control::RestartServerResults,
    ) -> capnp::Result<()> {
        let name = params.get()?.get_name()?.to_str()?;
        self.world.servers.restart(name).map_err(|error| refused(error.to_string()))
    }

    async fn mounts(
        self: Rc<Self>,
        _: control::control::MountsParams,
        mut results: control::control::MountsResults,
    ) -> capnp::Result<()> {
        let mounts = self.world.mounts.current();
        let table = self.world.routes.current();
        let mut list = results.get().init_mounts(mounts.entries().len() as u32);
        for (index, mount) in (0..).zip(mounts.entries()) {
            let mut message = list.reborrow().get(index);
            message.set_identifier(mount.identifier());
            message.set_prefix(if mount.prefix().is_empty() { b"/" } else { mount.prefix() });
            message.set_read_only(mount.is_read_only());
            match mount.kind() {
                Some(MountKind::Directory) => {
                    if let Some(path) = mounts.directory(mount.target()) {
                        message.set_directory(path.as_os_str().as_encoded_bytes());
                    }
                }
                Some(MountKind::Server) => {
                    message.set_server(table.server_name(ServerId(mount.target())).unwrap_or_default());
                }
                None => {}
            }
            let seen: Vec<_> = Personality::ALL.into_iter().filter(|one| mount.visible_to(*one)).collect();
            if seen.len() < Personality::ALL.len() {
                let mut names = message.init_personalities(seen.len() as u32);
                for (index, personality) in (0..).zip(seen) {
                    names.set(index, personality.name());
                }
            }
        }
        Ok(())
    }

    async fn trace(
        self: Rc<Self>,
        params: control::control::TraceParams,
        mut results: control::control::TraceResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let filter = Filter::read(params.get_filter()?)?;
        let following = self.hub.follow(filter, params.get_sink()?);
        results.get().set_trace(new_client(following));
        Ok(())
    }

    async fn apply(
        self: Rc<Self>,
        params: control::control::ApplyParams,
        mut results: control::control::ApplyResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let path = PathBuf::from(params.get_path()?.to_str()?);
        let deployment = Deployment::parse(params.get_deployment()?.to_str()?, &path);
        let deployment = deployment.map_err(|error| refused(error.to_string()))?;
        let changes = self.world.apply(deployment).map_err(refused)?;
        let mut list = results.get().init_changes(changes.len() as u32);
        for (index, change) in (0..).zip(&changes) {
            list.set(index, change);
        }
        Ok(())
    }

    async fn snapshot(
        self: Rc<Self>,
        params: control::control::SnapshotParams,
        mut results: control::control::SnapshotResults,
    ) -> capnp::Result<()> {
        let name = params.get()?.get_screen()?.to_str()?;
        results.get().set_picture(&super::screen::snapshot(&self.world, name).map_err(refused)?);
        Ok(())
    }

    async fn drives(
        self: Rc<Self>,
        _: control::control::DrivesParams,
        mut results: control::control::DrivesResults,
    ) -> capnp::Result<()> {
        super::recorder::write_drives(&self.world, results.get())
    }

    async fn media(
        self: Rc<Self>,
        _: control::control::MediaParams,
        mut results: control::control::MediaResults,
    ) -> capnp::Result<()> {
        super::recorder::write_media(&self.world, results.get())
    }

    async fn load(
        self: Rc<Self>,
        params: control::control::LoadParams,
        _: control::control::LoadResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let (medium, kind) = (params.get_medium()?, params.get_kind()?);
        super::recorder::change(&self.world, params.get_drive()?.to_str()?, |request| {
            let mut load = request.init_load();
            load.set_name(medium);
            load.set_kind(kind);
        })
    }

    async fn eject(
        self: Rc<Self>,
        params: control::control::EjectParams,
        _: control::control::EjectResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let force = params.get_force();
        super::recorder::change(&self.world, params.get_drive()?.to_str()?, |mut request| {
            request.set_eject(force);
        })
    }

    async fn screen(
        self: Rc<Self>,
        params: control::control::ScreenParams,
        mut results: control::control::ScreenResults,
    ) -> capnp::Result<()> {
        let name = params.get()?.get_name()?.to_str()?;
        let seat = super::screen::Seat::take(self.world.clone(), name).map_err(refused)?;
        results.get().set_screen(new_client(seat));
        Ok(())
    }

    async fn shutdown(
        self: Rc<Self>,
        params: control::control::ShutdownParams,
        _: control::control::ShutdownResults,
    ) -> capnp::Result<()> {
        let guests = self.world.registry.processes().len();
        if guests > 0 && !params.get()?.get_force() {
            let are = if guests == 1 { "1 guest is".to_owned() } else { format!("{guests} guests are") };
            return Err(refused(format!(
                "{are} running in world `{}` (see `mapper ps`); --force ends them too",
                self.place.name()
            )));
        }
        self.end().await;
        Ok(())
    }
}
