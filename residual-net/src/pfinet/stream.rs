//! TCP sockets.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use schemas::Errno;
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{RecvError, Socket, SocketBuffer, State};

use super::options::Options;
use super::pair;

/// Size of each buffer of a connection, in bytes, and so of the window. It is taken up only as far as it is used.
pub const BUFFER: usize = 1 << 20;
/// How long a connection may take to come about.
pub const PATIENCE: Duration = Duration::from_secs(130);
/// How long the half that a listener has of one may last.
pub const HALF: Duration = Duration::from_secs(20);

/// How far a socket is.
#[derive(Debug)]
pub enum Phase {
    /// Not connected.
    Fresh,
    /// It takes connections: at most so many, those that can be accepted, and how many are on the way.
    Listening {
        /// Most connections that wait.
        backlog: usize,
        /// Those that can be accepted.
        ready: VecDeque<u64>,
        /// Those whose handshake is not over.
        halves: usize,
    },
    /// On the way to a connection; of a listener when there is one.
    Connecting,
    /// Connected; false until a call of connect(2) has told so.
    Connected(bool),
    /// The connection is over.
    Over,
}

/// A TCP socket.
pub struct Stream {
    /// Its options.
    pub options: Options,
    /// How far it is.
    pub phase: Phase,
    /// Its own address.
    pub local: Option<SocketAddr>,
    /// Whom it is connected to.
    pub remote: Option<SocketAddr>,
    /// The connection of the protocol engine.
    pub handle: Option<SocketHandle>,
    /// Our end of the pair; none until the connection is accepted.
    pub end: Option<OwnedFd>,
    /// The guest's end, while it is stuffed, and how much that is.
    pub stuffed: Option<(OwnedFd, usize)>,
    /// The error to be told next; 0 for none.
    pub error: i32,
    /// The listener that it is on the way to.
    pub listener: Option<u64>,
    /// When the way to the connection began.
    pub since: Instant,
    /// There may be bytes from the guest, room for bytes to the guest.
    pub readable: bool,
    /// There may be room for bytes to the guest.
    pub writable: bool,
    /// The guest sends no more.
    pub ended: bool,
    /// The guest takes no more.
    pub deaf: bool,
    /// The guest was told that the peer sends no more.
    pub finished: bool,
    /// Nobody has the socket any more.
    pub gone: bool,
}

impl Stream {
    /// A socket that is not connected.
    pub fn new(options: Options, end: Option<OwnedFd>) -> Self {
        Self {
            options,
            phase: Phase::Fresh,
            local: None,
            remote: None,
            handle: None,
            end,
            stuffed: None,
            error: 0,
            listener: None,
            since: Instant::now(),
            readable: false,
            writable: true,
            ended: false,
            deaf: false,
            finished: false,
            gone: false,
        }
    }

    /// Whether it takes connections.
    pub fn is_listening(&self) -> bool {
        matches!(self.phase, Phase::Listening { .. })
    }

    /// Takes the error that is to be told.
    pub fn take_error(&mut self) -> i32 {
        std::mem::take(&mut self.error)
    }

    /// Whether its address is in use by it, for one who wants to be bound to another.
    pub fn occupies(&self, address: SocketAddr, reuse: bool) -> bool {
        let Some(local) = self.local else { return false };
        let overlap = local.ip() == address.ip()
            || (local.ip().is_unspecified()
                && (local.is_ipv4() == address.is_ipv4() || !self.options.v6_only))
            || address.ip().is_unspecified() && local.is_ipv4() == address.is_ipv4();
        let sharing = reuse && (self.options.reuse || self.remote.is_some()) && !self.is_listening();
        local.port() == address.port() && overlap && !sharing
    }

    /// Whether a connection to an address is for this listener.
    pub fn listens_at(&self, to: SocketAddr) -> bool {
        let Some(local) = self.local.filter(|_| self.is_listening()) else { return false };
        let ip = local.ip();
        let any = match ip {
            IpAddr::V4(ip) => ip.is_unspecified() && to.is_ipv4(),
            IpAddr::V6(ip) => ip.is_unspecified() && (to.is_ipv6() || !self.options.v6_only),
        };
        local.port() == to.port() && (ip == to.ip() || any)
    }

    /// The guest's end can be written again.
    pub fn unstuff(&mut self) {
        let (Some((guest, mut left)), Some(end)) = (self.stuffed.take(), &self.end) else { return };
        pair::widen(&guest);
        let mut room = [0; 4096];
        while left > 0 {
            let most = left.min(room.len());
            match pair::receive(end, &mut room[..most]) {
                Ok(0) | Err(_) => return,
                Ok(length) => left -= length,
            }
        }
    }

    /// The connection failed before it came about.
    pub fn fail(&mut self, error: Errno) {
        self.error = error.raw();
        self.phase = Phase::Fresh;
        self.remote = None;
        self.unstuff();
    }

    /// Moves what can be moved between the guest and the connection; true when something was.
    pub fn pump(&mut self, sockets: &mut SocketSet<'static>) -> bool {
        let (Some(handle), Some(end)) = (self.handle, &self.end) else { return false };
        if self.stuffed.is_some() {
            return false;
        }
        let socket = sockets.get_mut::<Socket<'static>>(handle);
        let (mut moved, mut severed) = (false, false);
        while self.readable && !self.ended && socket.can_send() {
            match socket.send(|room| match pair::receive(end, room) {
                Ok(length) => (length, Ok(length)),
                Err(error) => (0, Err(error)),
            }) {
                Ok(Ok(0)) => {
                    self.ended = true;
                    socket.close();
                    moved = true;
                }
                Ok(Ok(_)) => moved = true,
                Ok(Err(Errno::AGAIN)) => self.readable = false,
                Ok(Err(_)) | Err(_) => self.ended = true,
            }
        }
        while (self.writable || self.deaf) && socket.can_recv() {
            let deaf = self.deaf;
            match socket.recv(|bytes| {
                if deaf {
                    return (bytes.len(), Ok(0));
                }
                match pair::send(end, bytes) {
                    Ok(length) => (length, Ok(length)),
                    Err(error) => (0, Err(error)),
                }
            }) {
                Ok(Ok(_)) => moved = true,
                Ok(Err(Errno::AGAIN)) => self.writable = false,
                Ok(Err(_)) => {
                    self.deaf = true;
                    moved = true;
                    if self.gone {
                        // Somebody still sends to one who is no more (RFC 2525 section 2.17).
                        socket.abort();
                    }
                }
                Err(_) => break,
            }
        }
        if !self.finished
            && !socket.may_recv()
            && matches!(self.phase, Phase::Connected(_))
            && !socket.can_recv()
        {
            let orderly = matches!(socket.recv(|_| (0, ())), Err(RecvError::Finished));
            self.finished = true;
            moved = true;
            if orderly || self.ended {
                // The guest may be gone.
                let _ = rustix::net::shutdown(end, rustix::net::Shutdown::Write);
            } else {
                self.error = Errno::CONNRESET.raw();
                severed = true;
            }
        }
        if socket.state() == State::Closed {
            self.phase = Phase::Over;
        }
        if severed {
            // The guest finds the end in both ways, and asks why.
            self.end = None;
        }
        moved
    }

    /// Sets the connection's own options.
    pub fn apply_options(&self, sockets: &mut SocketSet<'static>) {
        let Some(handle) = self.handle else { return };
        let socket = sockets.get_mut::<Socket<'static>>(handle);
        socket.set_nagle_enabled(!self.options.no_delay);
        socket.set_hop_limit(Some(self.options.hops.max(1)));
        let alive = self.options.keep_alive.then(|| smoltcp::time::Duration::from_secs(75));
        socket.set_keep_alive(alive);
    }
}

/// A connection for the protocol engine.
pub fn connection() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = Socket::new(buffer(), buffer());
    socket.set_ack_delay(Some(smoltcp::time::Duration::from_millis(10)));
    socket
}
