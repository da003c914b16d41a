//! The mapper of a single run: it serves one program and what that starts, and ends with the last of them.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::background;
use crate::deployment::Deployment;
use crate::dispatch::Crew;
use crate::world::{Face, Live};

/// How long a program may go without asking for anything before its mapper starts all the same. Many end before that,
/// and never need one.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the mapper keeps when it parts from the process that becomes the guest.
#[derive(Debug)]
pub struct Parts {
    /// The deployment.
    pub deployment: Deployment,
    /// What guests see of it.
    pub face: Face,
    /// The mapper's end of the first process socket.
    pub socket: OwnedFd,
    /// The end from which trace lines can be read.
    pub trace: OwnedFd,
}

/// Serves until the last guest is gone. To be called in the background process, which has one thread.
pub fn serve(parts: Parts) -> ! {
    let log = std::env::var_os("MAPPER_LOG").is_some();
    if let Err(error) = background::let_go_of_terminal(log) {
        eprintln!("mapper: cannot let go of the terminal: {error}");
    }
    crate::log::start();
    if !first_sign(&parts.socket) {
        std::process::exit(0);
    }
    let status = match run(parts) {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!(%error, "the mapper ends");
            1
        }
    };
    std::process::exit(status)
}

/// Waits until a guest asks for something, or for a while. Returns false when all guests are gone before that.
fn first_sign(socket: &OwnedFd) -> bool {
    let mut sockets = [PollFd::new(socket, PollFlags::IN)];
    let patience = Timespec { tv_sec: 0, tv_nsec: PATIENCE.subsec_nanos().into() };
    let _ = poll(&mut sockets, Some(&patience));
    let events = sockets[0].revents();
    events.contains(PollFlags::IN) || !events.contains(PollFlags::HUP)
}

fn run(parts: Parts) -> Result<(), Box<dyn std::error::Error>> {
    let world = Arc::new(Live::start(parts.deployment, parts.face)?);
    let crew = Crew::start(&world)?;
    crew.admit(parts.socket);
    let _ = parts.trace.as_fd();
    crew.over().wait(None);
    Ok(())
}
