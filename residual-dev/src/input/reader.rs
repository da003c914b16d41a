//! One who reads an event device: the events that wait for it, and its descriptor, which tells whether there are any.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use rustix::time::{ClockId, clock_gettime};
use schemas::Errno;

use super::device::Kind;
use super::event::{EV_SYN, Raw, SYN_DROPPED, SYN_REPORT};
use crate::errno;

/// Most events that wait; beyond, those that wait are lost, and the reader is told so.
const WAITING: usize = 1024;
/// `struct input_event` of 64-bit Linux: seconds, microseconds, type, code, value.
const EVENT: usize = 24;

/// Tells by a descriptor of a guest's whether there is something to read: a pair of sockets in which at most one byte
/// waits. The guest's end is there while a request is answered, and then the byte can be taken back.
pub struct Bell {
    ours: OwnedFd,
    rung: bool,
}

impl Bell {
    /// One that does not ring, and the guest's end.
    ///
    /// # Errors
    /// What the host says.
    pub fn new(nonblocking: bool) -> Result<(Self, OwnedFd), Errno> {
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (ours, guest) = pair.map_err(errno)?;
        if nonblocking {
            let flags = fcntl_getfl(&guest).map_err(errno)?;
            fcntl_setfl(&guest, flags | OFlags::NONBLOCK).map_err(errno)?;
        }
        Ok((Self { ours, rung: false }, guest))
    }

    /// There is something to read.
    pub fn ring(&mut self) {
        if !self.rung {
            self.rung = true;
            // A guest that does not want to know is not told.
            let _ = send(&self.ours, &[0], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        }
    }

    /// There is nothing to read any more.
    pub fn stop(&mut self, guest: &OwnedFd) {
        if self.rung {
            self.rung = false;
            // A guest that took the byte itself misleads itself only.
            let _ = recv(guest, &mut [0; 1][..], RecvFlags::DONTWAIT);
        }
    }
}

/// A reader.
pub struct Reader {
    /// What it reads.
    pub kind: Kind,
    events: VecDeque<[u8; EVENT]>,
    bell: Bell,
    clock: ClockId,
    revoked: bool,
}

impl Reader {
    /// One for whom nothing waits, and the guest's descriptor.
    ///
    /// # Errors
    /// What the host says.
    pub fn new(kind: Kind, nonblocking: bool) -> Result<(Self, OwnedFd), Errno> {
        let (bell, guest) = Bell::new(nonblocking)?;
        let clock = ClockId::Realtime;
        Ok((Self { kind, events: VecDeque::new(), bell, clock, revoked: false }, guest))
    }

    /// Lets events of one moment wait; their end is added.
    pub fn push(&mut self, events: &[Raw]) {
        if self.revoked || events.is_empty() {
            return;
        }
        if self.events.len() + events.len() >= WAITING {
            self.events.clear();
            self.put(Raw::new(EV_SYN, SYN_DROPPED, 0));
        } else {
            events.iter().for_each(|event| self.put(*event));
        }
        self.put(Raw::new(EV_SYN, SYN_REPORT, 0));
        self.bell.ring();
    }

    fn put(&mut self, event: Raw) {
        let time = clock_gettime(self.clock);
        let mut bytes = [0; EVENT];
        bytes[..8].copy_from_slice(&time.tv_sec.to_ne_bytes());
        bytes[8..16].copy_from_slice(&(time.tv_nsec / 1000).to_ne_bytes());
        bytes[16..18].copy_from_slice(&event.kind.to_ne_bytes());
        bytes[18..20].copy_from_slice(&event.code.to_ne_bytes());
        bytes[20..].copy_from_slice(&event.value.to_ne_bytes());
        self.events.push_back(bytes);
    }

    /// Reads whole events.
    ///
    /// # Errors
    /// `EINVAL` for room for none, `EAGAIN` when none waits, `ENODEV` once revoked.
    pub fn read(&mut self, guest: &OwnedFd, room: usize) -> Result<Vec<u8>, Errno> {
        if self.revoked {
            return Err(Errno::NODEV);
        }
        if room > 0 && room < EVENT {
            return Err(Errno::INVAL);
        }
        if self.events.is_empty() {
            return Err(Errno::AGAIN);
        }
        let count = self.events.len().min(room / EVENT);
        let bytes = self.events.drain(..count).flatten().collect();
        if self.events.is_empty() {
            self.bell.stop(guest);
        }
        Ok(bytes)
    }

    /// Gives it nothing any more.
    pub fn revoke(&mut self) {
        self.revoked = true;
        self.events.clear();
        // It finds out when it reads.
        self.bell.ring();
    }

    /// Times of events are told by this clock from now on.
    ///
    /// # Errors
    /// `EINVAL` for one that does not serve.
    pub fn set_clock(&mut self, clock: u32) -> Result<(), Errno> {
        // Numbers of uapi/linux/time.h.
        self.clock = match clock {
            0 => ClockId::Realtime,
            1 => ClockId::Monotonic,
            7 => ClockId::Boottime,
            _ => return Err(Errno::INVAL),
        };
        self.events.clear();
        Ok(())
    }
}
