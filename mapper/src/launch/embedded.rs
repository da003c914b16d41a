//! The mapper of a single run: it serves one program and what that starts, and ends with the last of them.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, recv};
use schemas::Personality;

use super::background;
use crate::control::place::Place;
use crate::control::service::{Hosted, Service};
use crate::control::trace::Socket;
use crate::deployment::Deployment;
use crate::dispatch::Crew;
use crate::route::ServerId;
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
    /// The region that was made for the guest.
    pub region: OwnedFd,
    /// Where trace lines come from.
    pub trace: Socket,
    /// The process that becomes the guest.
    pub guest: i32,
    /// Its OS.
    pub personality: Personality,
    /// The network stack that it is to have rather than that of its OS.
    pub stack: Option<ServerId>,
}

/// Serves until the last guest is gone. To be called in the background process, which has one thread.
pub fn serve(parts: Parts) -> ! {
    let log = std::env::var_os("MAPPER_LOG").is_some();
    if let Err(error) = background::let_go_of_terminal(log) {
        eprintln!("mapper: cannot let go of the terminal: {error}");
    }
    let mut kept = vec![
        parts.socket.as_fd(),
        parts.region.as_fd(),
        parts.trace.source.as_fd(),
        parts.trace.sink.as_fd(),
        parts.face.page.file(),
    ];
    kept.extend(parts.face.mounts.directories());
    // SAFETY: what this process still uses is kept; all else was the foreground's, and this process only exits.
    unsafe { background::close_others(&mut kept) };
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

/// Waits until a guest says something, or for a while. Returns false when all guests are gone before that.
fn first_sign(socket: &OwnedFd) -> bool {
    let mut sockets = [PollFd::new(socket, PollFlags::IN)];
    let patience = Timespec { tv_sec: 0, tv_nsec: PATIENCE.subsec_nanos().into() };
    let _ = poll(&mut sockets, Some(&patience));
    if !sockets[0].revents().contains(PollFlags::HUP) {
        return true;
    }
    // The end can be read as well as what was said before it.
    recv(socket, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, length)| length > 0)
}

/// Serves guests from now on, and commands as soon as the run turns out to last.
fn run(parts: Parts) -> Result<(), Box<dyn std::error::Error>> {
    let world = Arc::new(Live::start(parts.deployment, parts.face)?);
    let crew = Arc::new(Crew::start(&world)?);
    crew.admit(parts.socket, Some(parts.region), parts.guest, parts.personality, parts.stack);
    if crew.over().wait(Some(PATIENCE)) {
        return Ok(());
    }
    let place = Place::of(&format!("run-{}", parts.guest))?;
    let hosted = Hosted { world, crew: crew.clone(), trace: parts.trace, embedded: true };
    // Guests need no command line: they are served without one.
    let service = Service::start(hosted, &place)
        .inspect_err(|error| tracing::warn!(%error, "no commands are answered"));
    crew.over().wait(None);
    drop(service);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socketpair};

    #[test]
    fn the_end_of_the_guests_is_no_sign_but_what_they_said_before_is() {
        let pair =
            || socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        let (here, there) = pair();
        assert!(first_sign(&here), "it waits no longer");
        drop(there);
        assert!(!first_sign(&here));
        let (here, there) = pair();
        send(&there, b"hello", SendFlags::empty()).unwrap();
        drop(there);
        assert!(first_sign(&here));
    }
}
