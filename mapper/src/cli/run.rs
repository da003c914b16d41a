//! `mapper run`: starts a guest.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use schemas::transport::HandoffFlags;
use schemas::{Interface, Personality};

use super::identify::{self, Target};
use super::{FAILURE, Failure};
use crate::control::client::Client;
use crate::control::join::Invitation;
use crate::control::place::Place;
use crate::control::trace;
use crate::deployment::Deployment;
use crate::dispatch::Mapped;
use crate::launch::background::{self, Side};
use crate::launch::embedded::{self, Parts};
use crate::launch::{self, Ends, Letter, Prepared, ProgramError, Start};
use crate::route::ServerId;
use crate::world::Face;

/// Exit status when the program is there and cannot be run, as of a shell.
const CANNOT_RUN: u8 = 126;
/// Exit status when there is no such program, as of a shell.
const NOT_FOUND: u8 = 127;

/// Runs a program of another operating system.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Take servers, mounts and routes from this file rather than the built-in deployment.
    #[arg(long, value_name = "FILE")]
    deployment: Option<PathBuf>,
    /// The OS the program was compiled for, whatever its file says.
    #[arg(long, value_name = "NAME", value_parser = super::select::personality)]
    os: Option<Personality>,
    /// Show every system call, on standard error or in FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    trace: Option<PathBuf>,
    /// Send every operation that can be to the mapper, for audit.
    #[arg(long)]
    mediate: bool,
    /// Join this running world (see `mapper up`) rather than make one for this program alone.
    #[arg(long, value_name = "NAME", env = "MAPPER_WORLD", conflicts_with_all = ["deployment", "mediate"])]
    world: Option<String>,
    /// The network stack that the program is to have rather than that of its OS: a server of the interface pfinet.
    #[arg(long, value_name = "SERVER")]
    stack: Option<String>,
    /// The program and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM [ARGS]"
    )]
    command: Vec<OsString>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let search_path = std::env::var_os("PATH");
    let program = launch::find(&arguments.command[0], search_path.as_deref()).map_err(|error| {
        let status = if matches!(error, ProgramError::NotFound { .. }) { NOT_FOUND } else { CANNOT_RUN };
        Failure::with_status(status, error.to_string())
    })?;
    let trace_file = arguments.trace.as_deref().map(open_trace).transpose()?;
    let runner =
        Runner { program, os: arguments.os, command: arguments.command, trace_file, stack: arguments.stack };
    if let Some(world) = &arguments.world {
        return runner.join(&Place::of(world).map_err(failed)?);
    }
    let mut deployment = match &arguments.deployment {
        Some(path) => Deployment::load(path).map_err(failed)?,
        None => Deployment::built_in(),
    };
    deployment.options.mediate |= arguments.mediate;
    runner.alone(deployment)
}

/// A program about to be run.
struct Runner {
    program: PathBuf,
    os: Option<Personality>,
    command: Vec<OsString>,
    trace_file: Option<OwnedFd>,
    stack: Option<String>,
}

impl Runner {
    /// Runs it in a world that is there.
    fn join(mut self, place: &Place) -> Result<(), Failure> {
        let invitation = Invitation::ask(place).map_err(failed)?;
        let sysroots = invitation.sysroots().map_err(|errno| {
            failed(format!("cannot read the mounts of world `{}`: {errno}", place.name()))
        })?;
        let target = self.target(sysroots.iter().map(|(os, path)| (*os, path.as_path())))?;
        let stack = match &self.stack {
            Some(_) => {
                let servers = Client::connect(place).and_then(|client| client.servers()).map_err(failed)?;
                self.stack(
                    servers
                        .iter()
                        .map(|server| (server.name.as_str(), server.interface.as_str(), server.number)),
                )?
            }
            None => None,
        };
        invitation
            .accept(target.personality, stack)
            .map_err(|errno| failed(format!("cannot join world `{}`: {errno}", place.name())))?;
        let guest = self.prepare(invitation.ends(), target, HandoffFlags::NONE)?;
        Err(failed(guest.become_guest()))
    }

    /// Runs it in a world of its own, with a mapper that ends when it does.
    fn alone(mut self, deployment: Deployment) -> Result<(), Failure> {
        let target = self.target(deployment.trees())?;
        let servers = deployment.servers.iter();
        let stack =
            self.stack(servers.map(|(name, spec)| (name.as_str(), spec.kind.interface.name(), spec.number)))?;
        let face = Face::new(&deployment).map_err(failed)?;
        let flags = if deployment.options.mediate { HandoffFlags::MEDIATE } else { HandoffFlags::NONE };
        let (mapper_end, guest_end) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(no_socket)?;
        let trace = trace::Socket::new().map_err(no_socket)?;
        let sink = trace.sink.try_clone().map_err(no_socket)?;
        let (guest, personality) = (std::process::id() as i32, target.personality);
        let region = Mapped::create(guest, personality)
            .map_err(|errno| failed(format!("cannot make the memory shared with the mapper: {errno}")))?;
        let ends = Ends {
            socket: guest_end.as_fd(),
            region: Some(region.as_fd()),
            page: face.page.file(),
            trace: sink.as_fd(),
            directories: face.mounts.directories().collect(),
        };
        // What the two processes need is there before they part: each page that one touches afterwards is copied.
        let prepared = self.prepare(ends, target, flags)?;
        match background::detach().map_err(|errno| failed(format!("cannot start the mapper: {errno}")))? {
            Side::Background => embedded::serve(Parts {
                deployment,
                face,
                socket: mapper_end,
                region,
                trace,
                guest,
                personality,
                stack,
            }),
            Side::Foreground => Err(failed(prepared.become_guest())),
        }
    }

    /// The number of the stack that was asked for, among the servers of a world by their names and interfaces.
    fn stack<'a>(
        &self,
        servers: impl Iterator<Item = (&'a str, &'a str, u32)>,
    ) -> Result<Option<ServerId>, Failure> {
        let Some(wanted) = &self.stack else { return Ok(None) };
        let stacks: Vec<_> =
            servers.filter(|(_, interface, _)| *interface == Interface::Pfinet.name()).collect();
        match stacks.iter().find(|(name, ..)| name == wanted) {
            Some((.., number)) => Ok(Some(ServerId(*number))),
            None => {
                let names: Vec<_> = stacks.iter().map(|(name, ..)| *name).collect();
                let names = names.join(", ");
                Err(failed(format!("there is no network stack `{wanted}` in this world; there are: {names}")))
            }
        }
    }

    fn target<'a>(
        &mut self,
        sysroots: impl Iterator<Item = (Personality, &'a Path)>,
    ) -> Result<Target, Failure> {
        let command = std::mem::take(&mut self.command);
        identify::target(sysroots, &self.program, self.os, command)
            .map_err(|why| Failure::with_status(CANNOT_RUN, format!("{}: {why}", self.program.display())))
    }

    /// Gets everything ready for this process to become the guest.
    fn prepare(&self, ends: Ends<'_>, target: Target, mut flags: HandoffFlags) -> Result<Prepared, Failure> {
        let trace = match &self.trace_file {
            Some(file) => {
                flags = flags.with(HandoffFlags::TRACE);
                file.as_fd()
            }
            None => ends.trace,
        };
        if target.searched {
            flags = flags.with(HandoffFlags::SEARCH);
        }
        let letter = Letter { path: &target.path, personality: Some(target.personality), flags };
        let start = Start::with_own_environment(target.command);
        Prepared::new(&Ends { trace, ..ends }, &letter, &start).map_err(failed)
    }
}

/// The file that `--trace` names, or a copy of standard error.
fn open_trace(path: &Path) -> Result<OwnedFd, Failure> {
    if path == "-" {
        let copy = rustix::io::dup(rustix::stdio::stderr());
        return copy.map_err(|errno| failed(format!("cannot trace to standard error: {errno}")));
    }
    match File::create(path) {
        Ok(file) => Ok(file.into()),
        Err(error) => Err(failed(format!("cannot trace to {}: {error}", path.display()))),
    }
}

fn no_socket(error: impl std::fmt::Display) -> Failure {
    failed(format!("cannot make a socket to the mapper: {error}"))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::with_status(FAILURE, error.to_string())
}
