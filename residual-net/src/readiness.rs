//! Telling a guest's descriptor that there is something to read.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect_unspec, recv, send, socketpair,
};

/// A descriptor that a guest holds in place of an object of a server. poll(2) finds it readable while the server says
/// so; what the object gives is asked of the server. It is one end of a pair of sockets in which at most one byte waits.
#[derive(Debug)]
pub struct Readiness {
    ours: OwnedFd,
    /// The guest's end as well, because a byte can be taken back there only. It may be in blocking mode.
    theirs: OwnedFd,
    ready: Mutex<bool>,
}

impl Readiness {
    /// One that is not ready, and the descriptor for the guest.
    ///
    /// # Errors
    /// As socketpair(2) and dup(2).
    pub fn new(nonblocking: bool) -> Result<(Self, OwnedFd), Errno> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        if nonblocking {
            fcntl_setfl(&theirs, fcntl_getfl(&theirs)? | OFlags::NONBLOCK)?;
        }
        let guest = theirs.try_clone().map_err(|_| Errno::MFILE)?;
        Ok((Self { ours, theirs, ready: Mutex::new(false) }, guest))
    }

    /// Says whether there is something to read. A guest that tampers with the pair misleads itself only: nothing here
    /// waits.
    pub fn set(&self, ready: bool) {
        let mut state = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == ready {
            return;
        }
        *state = ready;
        if ready {
            let _ = send(&self.ours, &[0], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        } else {
            let _ = recv(&self.theirs, &mut [0; 1][..], RecvFlags::DONTWAIT);
        }
    }

    /// Has poll(2) find an error, for good. A datagram socket whose peer leaves it, with messages that were not taken, has
    /// one, and is not hung up.
    pub fn fail(&self) {
        let _ = send(&self.theirs, &[0], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        let _ = connect_unspec(&self.ours);
    }

    /// Whether the guest does not want to wait.
    pub fn is_nonblocking(&self) -> bool {
        fcntl_getfl(&self.theirs).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    fn is_readable(descriptor: &OwnedFd) -> bool {
        let mut polled = [PollFd::new(descriptor, PollFlags::IN)];
        poll(&mut polled, Some(&rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn the_guest_sees_what_the_server_says() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        assert!(!is_readable(&guest) && !readiness.is_nonblocking());
        for _ in 0..1000 {
            readiness.set(true);
            readiness.set(true);
            assert!(is_readable(&guest));
            readiness.set(false);
            readiness.set(false);
            assert!(!is_readable(&guest));
        }
        fcntl_setfl(&guest, OFlags::NONBLOCK).unwrap();
        assert!(readiness.is_nonblocking());
    }

    #[test]
    fn a_failure_is_an_error_and_no_end() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        readiness.fail();
        let mut polled = [PollFd::new(&guest, PollFlags::IN)];
        poll(&mut polled, Some(&rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap();
        assert!(polled[0].revents().contains(PollFlags::ERR));
        assert!(!polled[0].revents().contains(PollFlags::HUP));
    }

    #[test]
    fn a_guest_that_takes_or_sends_bytes_does_not_make_the_server_wait() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        while send(&guest, &[1; 64], SendFlags::DONTWAIT).is_ok() {}
        readiness.set(true);
        recv(&guest, &mut [0; 8][..], RecvFlags::DONTWAIT).unwrap();
        readiness.set(false);
        readiness.set(true);
        drop(guest);
        readiness.set(false);
        readiness.set(true);
    }
}
