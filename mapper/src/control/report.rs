//! What the control plane tells, in the form in which it is shown; and the same as messages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemas::exec::Decision;
use schemas::{Flavour, Interface, Operation, Personality, control};
use serde::Serialize;

use crate::registry::counters::Totals;
use crate::registry::sites::Sites;
use crate::route::Table;
use crate::world::Statistics;

/// In the place of a server's name, for operations that never leave the stub.
pub const STUB: &str = "stub";

/// A running world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct World {
    /// Its name.
    pub name: String,
    /// The mapper's process.
    pub pid: u32,
    /// The mapper's version.
    pub version: String,
    /// The deployment's name.
    pub deployment: String,
    /// The file that the deployment came from; empty for the built-in one.
    pub deployment_path: String,
    /// Where the command line is answered.
    pub control_socket: String,
    /// Where guests are taken in.
    pub guest_socket: String,
    /// Whether it ends with its last guest.
    pub embedded: bool,
    /// When it was started, in seconds since the epoch.
    pub started: i64,
    /// How many guests it has.
    pub guests: u32,
    /// Whether somebody follows its trace.
    pub tracing: bool,
}

/// A route, and how it was used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The operation.
    pub operation: String,
    /// The OS.
    pub os: String,
    /// Who answers; `stub` where none does, empty where one should and none runs.
    pub server: String,
    /// The interface that the operation belongs to.
    pub interface: String,
    /// The flavour now.
    pub flavour: String,
    /// The flavour that is declared.
    pub default: String,
    /// How often it was answered by the stub itself.
    pub local: u64,
    /// How often from a page.
    pub cached: u64,
    /// How often through a capability.
    pub direct: u64,
    /// How often by a message.
    pub mapped: u64,
    /// How many of those messages ended with an error.
    pub failed: u64,
    /// How long answering them took, in nanoseconds.
    pub nanoseconds: u64,
}

/// A foreign call that guests cannot have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The OS.
    pub os: String,
    /// Its number there.
    pub number: u32,
    /// Its name there; empty when it has none.
    pub name: String,
    /// How often it was asked for.
    pub count: u64,
    /// Why it cannot be had.
    pub reason: String,
}

/// A server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// What it answers.
    pub interface: String,
    /// How it is: `running` or `failed`, while it changes `starting`, `restarting` or `stopped`.
    pub state: String,
    /// Its process; 0 for a task inside the mapper.
    pub pid: u32,
    /// Operations that it was asked.
    pub requests: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// Objects of its that guests hold.
    pub objects: u64,
    /// Where it is mounted.
    pub mounts: Vec<String>,
    /// Why it was given up; empty otherwise.
    pub error: String,
    /// By which requests name it.
    pub number: u32,
}

/// A guest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// Its process.
    pub pid: i32,
    /// Its parent.
    pub ppid: i32,
    /// Its OS.
    pub os: String,
    /// Its state, a letter as ps(1) shows it.
    pub state: String,
    /// Its user's number.
    pub uid: u32,
    /// Its command line.
    pub command: Vec<String>,
    /// Calls that it has made.
    pub calls: u64,
    /// Those that went to the mapper.
    pub mapped: u64,
    /// Rights to servers' objects that it holds.
    pub rights: u32,
}

/// Where a guest makes its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestSites {
    /// Its process.
    pub pid: i32,
    /// Its OS.
    pub os: String,
    /// Its program.
    pub program: String,
    /// Whether it has ended.
    pub ended: bool,
    /// Calls that the host turned back to the stub.
    pub trapped: u64,
    /// Calls that came by a trampoline.
    pub hoisted: u64,
    /// Its sites, those used most first.
    pub sites: Vec<Site>,
}

/// A `syscall` instruction of a guest's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its address.
    pub address: u64,
    /// The file that the code comes from; empty when not known.
    pub file: String,
    /// Where in that.
    pub offset: u64,
    /// Calls that the host turned back.
    pub trapped: u64,
    /// Calls that came by the trampoline.
    pub hoisted: u64,
    /// What was decided: `hoisted`, or why not.
    pub decision: String,
}

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it arrived, in seconds since the epoch.
    #[serde(serialize_with = "as_seconds")]
    pub time: Duration,
    /// Whose call it is.
    pub pid: i32,
    /// Its thread.
    pub thread: i32,
    /// Its OS.
    pub os: String,
    /// The line.
    pub line: String,
}

impl Missing {
    /// One that nobody has asked for.
    pub fn new(personality: Personality, number: u32, name: &str, reason: &str) -> Self {
        Self {
            os: personality.name().to_owned(),
            number,
            name: name.to_owned(),
            count: 0,
            reason: reason.to_owned(),
        }
    }

    /// Reads a message. Why it is missing, the reader knows.
    pub fn read(message: control::missing::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            os: message.get_personality()?.to_string()?,
            number: message.get_number(),
            name: message.get_name()?.to_string()?,
            count: message.get_count(),
            reason: String::new(),
        })
    }

    /// Writes a message.
    pub fn write(&self, mut message: control::missing::Builder<'_>) {
        message.set_personality(&self.os);
        message.set_number(self.number);
        message.set_name(&self.name);
        message.set_count(self.count);
    }
}

impl World {
    /// Reads a message.
    pub fn read(message: control::world::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            name: message.get_name()?.to_string()?,
            pid: message.get_pid(),
            version: message.get_version()?.to_string()?,
            deployment: message.get_deployment()?.to_string()?,
            deployment_path: message.get_deployment_path()?.to_string()?,
            control_socket: message.get_control_socket()?.to_string()?,
            guest_socket: message.get_guest_socket()?.to_string()?,
            embedded: message.get_embedded(),
            started: message.get_started()?.get_seconds(),
            guests: message.get_guests(),
            tracing: message.get_tracing(),
        })
    }

    /// Writes a message.
    pub fn write(&self, mut message: control::world::Builder<'_>) {
        message.set_name(&self.name);
        message.set_pid(self.pid);
        message.set_version(&self.version);
        message.set_deployment(&self.deployment);
        message.set_deployment_path(&self.deployment_path);
        message.set_control_socket(&self.control_socket);
        message.set_guest_socket(&self.guest_socket);
        message.set_embedded(self.embedded);
        message.reborrow().init_started().set_seconds(self.started);
        message.set_guests(self.guests);
        message.set_tracing(self.tracing);
        let mut names = message.init_personalities(Personality::ALL.len() as u32);
        for (index, personality) in (0..).zip(Personality::ALL) {
            names.set(index, personality.name());
        }
    }
}

impl Route {
    /// Reads a message.
    pub fn read(message: control::route::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            operation: message.get_operation()?.to_string()?,
            os: message.get_personality()?.to_string()?,
            server: message.get_server()?.to_string()?,
            interface: message.get_interface()?.to_string()?,
            flavour: message.get_flavour()?.to_string()?,
            default: message.get_default()?.to_string()?,
            local: message.get_local(),
            cached: message.get_cached(),
            direct: message.get_direct(),
            mapped: message.get_mapped(),
            failed: message.get_failed(),
            nanoseconds: message.get_nanoseconds(),
        })
    }

    /// Writes a message.
    pub fn write(&self, mut message: control::route::Builder<'_>) {
        message.set_operation(&self.operation);
        message.set_personality(&self.os);
        message.set_server(&self.server);
        message.set_interface(&self.interface);
        message.set_flavour(&self.flavour);
        message.set_default(&self.default);
        message.set_local(self.local);
        message.set_cached(self.cached);
        message.set_direct(self.direct);
        message.set_mapped(self.mapped);
        message.set_failed(self.failed);
        message.set_nanoseconds(self.nanoseconds);
    }
}

impl Server {
    /// Reads a message.
    pub fn read(message: control::server::Reader<'_>) -> capnp::Result<Self> {
        use control::ServerState::{Failed, Restarting, Running, Starting, Stopped};
        let state = match message.get_state()? {
            Starting => "starting",
            Running => "running",
            Restarting => "restarting",
            Failed => "failed",
            Stopped => "stopped",
        };
        let mounts = message.get_mounts()?.iter().map(|mount| Ok(mount?.to_string()?));
        Ok(Self {
            name: message.get_name()?.to_string()?,
            interface: message.get_interface()?.to_string()?,
            state: state.to_owned(),
            pid: message.get_pid(),
            requests: message.get_requests(),
            errors: message.get_errors(),
            restarts: message.get_restarts(),
            objects: message.get_objects(),
            mounts: mounts.collect::<capnp::Result<_>>()?,
            error: message.get_error()?.to_string()?,
            number: message.get_number(),
        })
    }
}

impl Guest {
    /// Reads a message.
    pub fn read(message: control::guest::Reader<'_>) -> capnp::Result<Self> {
        let process = message.get_process()?;
        let words =
            process.get_arguments()?.iter().map(|word| Ok(String::from_utf8_lossy(word?).into_owned()));
        Ok(Self {
            pid: process.get_pid(),
            ppid: process.get_parent(),
            os: message.get_personality()?.to_string()?,
            state: char::from(process.get_state()).to_string(),
            uid: process.get_user(),
            command: words.collect::<capnp::Result<_>>()?,
            calls: message.get_calls(),
            mapped: message.get_mapped(),
            rights: message.get_rights(),
        })
    }
}

impl GuestSites {
    /// Reads a message.
    pub fn read(message: control::guest_sites::Reader<'_>) -> capnp::Result<Self> {
        let sites: Vec<Site> = message.get_sites()?.iter().map(Site::read).collect::<capnp::Result<_>>()?;
        // Guests can write any number here.
        let sum = |count: fn(&Site) -> u64| sites.iter().map(count).fold(0, u64::saturating_add);
        Ok(Self {
            pid: message.get_pid(),
            os: message.get_personality()?.to_string()?,
            program: String::from_utf8_lossy(message.get_program()?).into_owned(),
            ended: message.get_ended(),
            trapped: sum(|site| site.trapped).saturating_add(message.get_elsewhere()),
            hoisted: sum(|site| site.hoisted),
            sites,
        })
    }

    /// Writes a message.
    pub fn write(sites: &Sites, mut message: control::guest_sites::Builder<'_>) {
        message.set_pid(sites.pid);
        message.set_personality(sites.personality.name());
        message.set_program(&sites.program);
        message.set_ended(sites.ended);
        message.set_elsewhere(sites.elsewhere);
        let mut list = message.init_sites(sites.sites.len() as u32);
        for (index, site) in (0..).zip(&sites.sites) {
            let mut row = list.reborrow().get(index);
            row.set_address(site.address);
            if let Some(place) = &site.place {
                row.set_file(&place.path);
                row.set_offset(place.offset);
            }
            row.set_trapped(site.trapped);
            row.set_hoisted(site.hoisted);
            row.set_decision(site.decision);
        }
    }
}

impl Site {
    fn read(message: control::site::Reader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            address: message.get_address(),
            file: String::from_utf8_lossy(message.get_file()?).into_owned(),
            offset: message.get_offset(),
            trapped: message.get_trapped(),
            hoisted: message.get_hoisted(),
            decision: decision(message.get_decision()?).to_owned(),
        })
    }
}

/// A decision about a site, in words.
fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Undecided => "used too seldom to ask",
        Decision::Asked => "being asked about",
        Decision::Hoisted => "hoisted",
        Decision::NotAFile => "not code of a file",
        Decision::NoStart => "start of its function not known",
        Decision::Unreached => "not reached from the start of its function",
        Decision::TooShort => "no instruction before it has room for a jump",
        Decision::MovesFlow => "call, return, jump or system call before it",
        Decision::Entered => "something jumps into the instruction before it",
        Decision::NotMovable => "instruction before it must stay in its place",
        Decision::OutOfReach => "what it refers to is too far away",
        Decision::TooLong => "too many instructions before it",
        Decision::Modified => "memory is not what the file holds",
        Decision::NoTrampoline => "no memory within reach",
        Decision::OwnsGs => "the guest uses GS",
        Decision::Withdrawn => "no longer hoisted",
    }
}

impl Event {
    /// Reads a message.
    pub fn read(message: control::event::Reader<'_>) -> capnp::Result<Self> {
        let time = message.get_time()?;
        let seconds = u64::try_from(time.get_seconds()).unwrap_or(0);
        let nanoseconds = u32::try_from(time.get_nanoseconds()).unwrap_or(0);
        Ok(Self {
            time: Duration::new(seconds, nanoseconds),
            pid: message.get_pid(),
            thread: message.get_thread(),
            os: message.get_personality()?.to_string()?,
            line: message.get_line()?.to_string()?,
        })
    }

    /// Writes a message.
    pub fn write(&self, mut message: control::event::Builder<'_>) {
        let mut time = message.reborrow().init_time();
        time.set_seconds(self.time.as_secs() as i64);
        time.set_nanoseconds(self.time.subsec_nanos().into());
        message.set_pid(self.pid);
        message.set_thread(self.thread);
        message.set_personality(&self.os);
        message.set_line(&self.line);
    }
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// The time since the epoch.
pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// All routes of a table, with what was counted of them.
pub fn routes(table: &Table, totals: &Totals, statistics: &Statistics) -> Vec<Route> {
    let mut routes = Vec::with_capacity(Operation::COUNT * Personality::ALL.len());
    for operation in Operation::ALL {
        for personality in Personality::ALL {
            let info = operation.info();
            let cell = table.cell(personality, operation);
            let server = match info.server {
                Interface::Stub => STUB,
                _ => cell.server.and_then(|id| table.server_name(id)).unwrap_or_default(),
            };
            let calls = totals.calls.get(&(personality, operation)).copied().unwrap_or_default();
            let taken = |flavour: Flavour| calls[flavour as usize];
            let (failed, spent) = statistics.of(personality, operation);
            routes.push(Route {
                operation: info.name.to_owned(),
                os: personality.name().to_owned(),
                server: server.to_owned(),
                interface: info.server.name().to_owned(),
                flavour: cell.flavour.name().to_owned(),
                default: info.flavour.name().to_owned(),
                local: taken(Flavour::Local),
                cached: taken(Flavour::Cached),
                direct: taken(Flavour::Direct),
                mapped: taken(Flavour::Mapped),
                failed,
                nanoseconds: u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX),
            });
        }
    }
    routes
}

/// Calls that guests asked for and could not have, with their names.
pub fn missing(totals: &Totals) -> Vec<Missing> {
    let asked = totals.missing.iter().map(|(&(personality, number), &count)| {
        let name = super::calls::name(personality, number).unwrap_or_default();
        Missing { count, ..Missing::new(personality, number, name, "") }
    });
    asked.collect()
}
