//! `mapper up`: starts a world that stays.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::pipe::{PipeFlags, pipe_with};

use super::{FAILURE, Failure, REFUSED, world};
use crate::control::place::{DEFAULT_WORLD, Place};
use crate::control::service::{Hosted, Service};
use crate::control::trace;
use crate::deployment::Deployment;
use crate::dispatch::Crew;
use crate::launch::background::{self, Side};
use crate::world::{Face, Live};

/// What the background process says when the world is there. Anything else is what went wrong.
const READY: &str = "ready";

/// Starts a world that stays until `mapper down`, for programs to join with `mapper run --world`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Its name.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_WORLD)]
    world: String,
    /// Take servers, mounts and routes from this file rather than the built-in deployment.
    #[arg(long, value_name = "FILE")]
    deployment: Option<PathBuf>,
    /// Stay in the foreground, to be supervised; SIGTERM and SIGINT end the world and its guests.
    #[arg(long)]
    foreground: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let deployment = match &arguments.deployment {
        Some(path) => Deployment::load(path).map_err(failed)?,
        None => Deployment::built_in(),
    };
    begin(&arguments.world, deployment, arguments.foreground)
}

/// Starts a world of this name, in the background unless it is to stay in the foreground.
pub(super) fn begin(name: &str, deployment: Deployment, foreground: bool) -> Result<(), Failure> {
    let place = world::place(name)?;
    if place.is_alive() {
        return Err(running(&place));
    }
    let face = Face::new(&deployment).map_err(failed)?;
    if foreground {
        crate::log::start();
        start(deployment, face, &place)?.wait();
        return Ok(());
    }
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
    match background::detach().map_err(|errno| failed(format!("cannot start the mapper: {errno}")))? {
        Side::Foreground => drop(writer),
        Side::Background => {
            let log = std::env::var_os("MAPPER_LOG").is_some();
            // Without a terminal to let go of there is nobody to tell.
            let _ = background::let_go_of_terminal(log);
            let mut kept = vec![writer.as_fd(), face.page.file()];
            kept.extend(face.mounts.directories());
            // SAFETY: what this process still uses is kept; it ends without using the rest.
            unsafe { background::close_others(&mut kept) };
            crate::log::start();
            serve(deployment, face, &place, writer.into());
        }
    }
    let mut said = String::new();
    // An end without a word is told from READY below.
    let _ = File::from(reader).read_to_string(&mut said);
    match said.as_str() {
        READY => Ok(()),
        "" => Err(failed(
            "the mapper ended before it was ready; `mapper up --foreground` with MAPPER_LOG=debug tells more",
        )),
        why => Err(Failure::with_status(REFUSED, why)),
    }
}

/// Serves in the background process, and tells the foreground when that has begun or why it cannot.
fn serve(deployment: Deployment, face: Face, place: &Place, mut tell: File) -> ! {
    let started = start(deployment, face, place);
    let word = started.as_ref().map_or_else(|failure| failure.message.as_str(), |_| READY);
    // Whoever started the world may have gone.
    let _ = tell.write_all(word.as_bytes());
    drop(tell);
    let status = match started {
        Ok(mut service) => {
            service.wait();
            0
        }
        Err(failure) => failure.status,
    };
    std::process::exit(status.into())
}

fn start(deployment: Deployment, face: Face, place: &Place) -> Result<Service, Failure> {
    let world = Arc::new(Live::start(deployment, face).map_err(failed)?);
    let crew =
        Arc::new(Crew::start(&world).map_err(|errno| failed(format!("cannot start workers: {errno}")))?);
    let trace =
        trace::Socket::new().map_err(|errno| failed(format!("cannot make a socket for traces: {errno}")))?;
    Service::start(Hosted { world, crew, trace, embedded: false }, place).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            return running(place);
        }
        let socket = place.control_socket();
        failed(format!(
            "cannot make the sockets of world `{}`, {} and its neighbour: {error}",
            place.name(),
            socket.display()
        ))
    })
}

fn running(place: &Place) -> Failure {
    let name = place.name();
    let message = format!(
        "world `{name}` is running already; end it with `mapper down --world {name}`, or choose another name with --world"
    );
    Failure::with_status(REFUSED, message)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::with_status(FAILURE, error.to_string())
}
