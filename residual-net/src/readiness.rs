//! Telling a guest's descriptor that there is something to read, and noticing that it is closed.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};

/// A descriptor that a guest holds in place of an object of a server. poll(2) finds it readable while the server says
/// so; what the object gives is asked of the server. It is one end of a pair of sockets in which at most one byte waits.
///
/// The server does not hold the guest's end, so that the last one who closes it is noticed. It is there while a request
/// is answered, and only then can the byte be taken back ([`Readiness::settle`]).
#[derive(Debug)]
pub struct Readiness {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The server's end; none after a failure.
    ours: Option<OwnedFd>,
    /// The guest's end, where it is kept.
    kept: Option<OwnedFd>,
    ready: bool,
    /// Whether the byte is there.
    byte: bool,
}

impl State {
    fn take_back(&mut self, guest: impl AsFd) {
        // Whoever took the byte himself misleads himself only.
        let _ = recv(guest, &mut [0; 1][..], RecvFlags::DONTWAIT);
        self.byte = false;
    }
}

impl Readiness {
    /// One that is not ready, and the descriptor for the guest.
    ///
    /// # Errors
    /// As socketpair(2).
    pub fn new(nonblocking: bool) -> Result<(Self, OwnedFd), Errno> {
        let (ours, guest) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        if nonblocking {
            fcntl_setfl(&guest, fcntl_getfl(&guest)? | OFlags::NONBLOCK)?;
        }
        let state = State { ours: Some(ours), kept: None, ready: false, byte: false };
        Ok((Self { state: Mutex::new(state) }, guest))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// Says whether there is something to read. A guest that tampers with the pair misleads itself only: nothing here
    /// waits.
    pub fn set(&self, ready: bool) {
        let mut state = self.lock();
        state.ready = ready;
        if ready && !state.byte {
            state.byte = true;
            if let Some(ours) = &state.ours {
                let _ = send(ours, &[0], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
            }
        } else if !ready
            && state.byte
            && let Some(kept) = state.kept.take()
        {
            state.take_back(&kept);
            state.kept = Some(kept);
        }
    }

    /// Makes the guest's descriptor, which came with a request, show what was said last.
    pub fn settle(&self, guest: &OwnedFd) {
        let mut state = self.lock();
        if state.byte && !state.ready {
            state.take_back(guest);
        }
    }

    /// Keeps the guest's end, for an object from which a guest reads without a request. That it is closed is then not
    /// noticed.
    pub fn keep(&self, guest: &OwnedFd) {
        self.lock().kept = guest.try_clone().ok();
    }

    /// Keeps it no more.
    pub fn release(&self) {
        self.lock().kept = None;
    }

    /// Has poll(2) find an error, for good: the server's end is closed with something unread in it.
    /// The guest's end must be kept for that.
    pub fn fail(&self) {
        let mut state = self.lock();
        if let Some(guest) = &state.kept {
            let _ = send(guest, &[0], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        }
        state.ours = None;
    }
}

/// Whether the holder of a descriptor does not want to wait.
pub fn is_nonblocking(guest: &OwnedFd) -> bool {
    fcntl_getfl(guest).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
}

/// A thread that notices that nobody holds the guest's end of a pair any more.
pub struct Hangups {
    epoll: Arc<OwnedFd>,
    stop: OwnedFd,
}

impl Hangups {
    /// Has `gone` called with the number of each object that this happens to.
    ///
    /// # Errors
    /// As epoll_create(2), eventfd(2) and pthread_create(3).
    pub fn new(gone: impl Fn(u64) + Send + 'static) -> Result<Self, Errno> {
        let epoll = Arc::new(epoll::create(epoll::CreateFlags::CLOEXEC)?);
        let stop = eventfd(0, EventfdFlags::CLOEXEC)?;
        let all = epoll::EventData::new_u64(u64::MAX);
        epoll::add(&epoll, &stop, all, epoll::EventFlags::IN)?;
        let watched = epoll.clone();
        let run = move || {
            let mut events = Vec::with_capacity(16);
            loop {
                events.clear();
                match epoll::wait(&watched, rustix::buffer::spare_capacity(&mut events), None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(_) => return,
                }
                for event in &events {
                    match event.data.u64() {
                        u64::MAX => return,
                        number => gone(number),
                    }
                }
            }
        };
        thread::Builder::new().name("hangups".to_owned()).spawn(run).map_err(|_| Errno::AGAIN)?;
        Ok(Self { epoll, stop })
    }

    /// Watches over an object, until its server's end is closed.
    ///
    /// # Errors
    /// As epoll_ctl(2).
    pub fn watch(&self, readiness: &Readiness, number: u64) -> Result<(), Errno> {
        let state = readiness.lock();
        let Some(ours) = &state.ours else { return Ok(()) };
        // A hangup is always told, and once is enough.
        let events = epoll::EventFlags::HUP | epoll::EventFlags::ONESHOT;
        epoll::add(&self.epoll, ours, epoll::EventData::new_u64(number), events)
    }
}

impl Drop for Hangups {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    fn polled(descriptor: &OwnedFd) -> PollFlags {
        let mut polled = [PollFd::new(descriptor, PollFlags::IN)];
        poll(&mut polled, Some(&rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap();
        polled[0].revents()
    }

    fn is_readable(descriptor: &OwnedFd) -> bool {
        polled(descriptor).contains(PollFlags::IN)
    }

    #[test]
    fn the_guest_sees_what_the_server_says() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        assert!(!is_readable(&guest) && !is_nonblocking(&guest));
        for _ in 0..1000 {
            readiness.set(true);
            readiness.set(true);
            assert!(is_readable(&guest));
            readiness.set(false);
            readiness.settle(&guest);
            assert!(!is_readable(&guest));
        }
        readiness.keep(&guest);
        for _ in 0..1000 {
            readiness.set(true);
            assert!(is_readable(&guest));
            readiness.set(false);
            assert!(!is_readable(&guest));
        }
        assert!(is_nonblocking(&Readiness::new(true).unwrap().1));
    }

    #[test]
    fn what_is_said_between_two_requests_is_never_lost() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        readiness.set(true);
        readiness.set(false);
        readiness.set(true);
        readiness.settle(&guest);
        assert!(is_readable(&guest));
        readiness.set(false);
        readiness.settle(&guest);
        readiness.settle(&guest);
        assert!(!is_readable(&guest));
    }

    #[test]
    fn a_failure_is_an_error() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        readiness.keep(&guest);
        readiness.fail();
        assert!(polled(&guest).contains(PollFlags::ERR));
        readiness.set(true);
        readiness.set(false);
    }

    #[test]
    fn a_guest_that_takes_or_sends_bytes_does_not_make_the_server_wait() {
        let (readiness, guest) = Readiness::new(false).unwrap();
        while send(&guest, &[1; 64], SendFlags::DONTWAIT).is_ok() {}
        readiness.set(true);
        recv(&guest, &mut [0; 8][..], RecvFlags::DONTWAIT).unwrap();
        readiness.set(false);
        readiness.settle(&guest);
        readiness.set(true);
        drop(guest);
        readiness.set(false);
        readiness.set(true);
    }

    #[test]
    fn the_last_close_is_noticed() {
        let (sender, receiver) = channel();
        let hangups = Hangups::new(move |number| sender.send(number).unwrap()).unwrap();
        let (readiness, guest) = Readiness::new(false).unwrap();
        let (other, other_guest) = Readiness::new(false).unwrap();
        hangups.watch(&readiness, 7).unwrap();
        hangups.watch(&other, 8).unwrap();
        let again = guest.try_clone().unwrap();
        drop(guest);
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
        drop(again);
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok(7));
        drop(other_guest);
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok(8));
        drop(hangups);
        assert!(receiver.recv_timeout(Duration::from_secs(5)).is_err());
    }
}
