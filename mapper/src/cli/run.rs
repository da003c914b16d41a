//! `mapper run`: starts a guest.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use schemas::Personality;
use schemas::transport::HandoffFlags;

use super::{FAILURE, Failure, identify};
use crate::deployment::Deployment;
use crate::launch::background::{self, Side};
use crate::launch::embedded::{self, Parts};
use crate::launch::{self, Ends, Letter, ProgramError, Start};
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
    #[arg(long, value_name = "NAME", env = "MAPPER_WORLD", conflicts_with = "deployment")]
    world: Option<String>,
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
    let mut deployment = match &arguments.deployment {
        Some(path) => Deployment::load(path).map_err(failed)?,
        None => Deployment::built_in(),
    };
    let target = identify::target(&deployment, &program, arguments.os, arguments.command)
        .map_err(|why| Failure::with_status(CANNOT_RUN, format!("{}: {why}", program.display())))?;
    let trace_file = arguments.trace.as_deref().map(open_trace).transpose()?;
    deployment.options.mediate |= arguments.mediate;
    let face = Face::new(&deployment).map_err(failed)?;
    let mut flags = HandoffFlags::NONE;
    if trace_file.is_some() {
        flags = flags.with(HandoffFlags::TRACE);
    }
    if deployment.options.mediate {
        flags = flags.with(HandoffFlags::MEDIATE);
    }
    let (mapper_end, guest_end) = pair(SocketType::SEQPACKET)?;
    let (trace_end, trace_sink) = pair(SocketType::DGRAM)?;
    match background::detach().map_err(|errno| failed(format!("cannot start the mapper: {errno}")))? {
        Side::Background => {
            drop((guest_end, trace_sink, trace_file));
            embedded::serve(Parts { deployment, face, socket: mapper_end, trace: trace_end })
        }
        Side::Foreground => {}
    }
    let ends = Ends {
        socket: guest_end.as_fd(),
        page: face.page.file(),
        trace: trace_file.as_ref().unwrap_or(&trace_sink).as_fd(),
        directories: face.mounts.directories().collect(),
    };
    let letter = Letter { path: &target.path, personality: Some(target.personality), flags };
    let start = Start::with_own_environment(target.command);
    Err(failed(launch::become_guest(&ends, &letter, &start)))
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

fn pair(kind: SocketType) -> Result<(OwnedFd, OwnedFd), Failure> {
    socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
        .map_err(|errno| failed(format!("cannot make a socket to the mapper: {errno}")))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::with_status(FAILURE, error.to_string())
}
