//! The socket pairs between guests and the stack.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};
use schemas::Errno;
use schemas::transport::Envelope;

use crate::errno;

/// What is asked for as the size of each end's buffer, in bytes. The host gives less to those without privilege.
const BUFFER: usize = 1 << 20;

/// A pair: the guest's end and ours.
pub struct Pair {
    /// What the guest is given.
    pub guest: OwnedFd,
    /// What the stack keeps.
    pub own: OwnedFd,
}

impl Pair {
    /// A pair through which bytes flow, or with `datagrams` records. `waits` is whether the guest's end blocks.
    ///
    /// # Errors
    /// As socketpair(2).
    pub fn new(datagrams: bool, waits: bool) -> Result<Self, Errno> {
        let kind = if datagrams { SocketType::SEQPACKET } else { SocketType::STREAM };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (guest, own) = net::socketpair(AddressFamily::UNIX, kind, flags, None).map_err(errno)?;
        if waits {
            rustix::fs::fcntl_setfl(&guest, rustix::fs::OFlags::RDWR).map_err(errno)?;
        }
        for end in [&guest, &own] {
            widen(end);
        }
        Ok(Self { guest, own })
    }
}

/// Gives an end as large a buffer as the host lets it have.
pub fn widen(end: impl AsFd) {
    if sockopt::set_socket_send_buffer_size_force(&end, BUFFER).is_err() {
        // A smaller buffer is slower, no more.
        let _ = sockopt::set_socket_send_buffer_size(&end, BUFFER);
    }
}

/// Fills the way from the guest to us, so that the host says that the guest cannot write; gives how much that took.
///
/// # Errors
/// As sendto(2).
pub fn stuff(guest: impl AsFd) -> Result<usize, Errno> {
    sockopt::set_socket_send_buffer_size(&guest, 0).map_err(errno)?;
    let mut total = 0;
    loop {
        match net::send(&guest, &[0; 512], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => total += sent,
            Err(rustix::io::Errno::AGAIN) => return Ok(total),
            Err(error) => return Err(errno(error)),
        }
    }
}

/// Receives bytes; 0 at the end.
///
/// # Errors
/// As recv(2); `EAGAIN` when there are none.
pub fn receive(end: impl AsFd, to: &mut [u8]) -> Result<usize, Errno> {
    net::recv(end, to, RecvFlags::DONTWAIT).map(|(_, length)| length).map_err(errno)
}

/// Sends bytes.
///
/// # Errors
/// As send(2); `EAGAIN` when there is no room.
pub fn send(end: impl AsFd, bytes: &[u8]) -> Result<usize, Errno> {
    net::send(end, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map_err(errno)
}

/// Receives one record with its envelope into `room`; gives the envelope and the length of what follows it. Nothing at
/// the end.
///
/// # Errors
/// As recvmsg(2); `EBADMSG` for a record that is too short to have an envelope.
pub fn receive_record(end: impl AsFd, room: &mut [u8]) -> Result<Option<(Envelope, usize)>, Errno> {
    let mut head = [0; Envelope::SIZE];
    let mut vectors = [IoSliceMut::new(&mut head), IoSliceMut::new(room)];
    let got = net::recvmsg(end, &mut vectors, &mut net::RecvAncillaryBuffer::default(), RecvFlags::DONTWAIT)
        .map_err(errno)?;
    match got.bytes {
        0 => Ok(None),
        length => {
            let length = length.checked_sub(Envelope::SIZE).ok_or(Errno::BADMSG)?;
            Ok(Some((Envelope::from_bytes(&head), length)))
        }
    }
}

/// Sends one record with its envelope.
///
/// # Errors
/// As sendmsg(2); `EAGAIN` when there is no room.
pub fn send_record(end: impl AsFd, envelope: &Envelope, data: &[u8]) -> Result<(), Errno> {
    let head = envelope.to_bytes();
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    net::sendmsg(
        end,
        &[IoSlice::new(&head), IoSlice::new(data)],
        &mut net::SendAncillaryBuffer::default(),
        flags,
    )
    .map(drop)
    .map_err(errno)
}

/// What tells a socket of the host from all others, by either of its ends' descriptors.
///
/// # Errors
/// As fstat(2).
pub fn identity(end: impl AsFd) -> Result<u64, Errno> {
    rustix::fs::fstat(end).map(|status| status.st_ino).map_err(errno)
}

/// Whether calls on a descriptor wait.
///
/// # Errors
/// As fcntl(2).
pub fn waits(end: impl AsFd) -> Result<bool, Errno> {
    rustix::fs::fcntl_getfl(end).map(|flags| !flags.contains(rustix::fs::OFlags::NONBLOCK)).map_err(errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn writable(end: &OwnedFd) -> bool {
        let mut polled = [PollFd::new(end, PollFlags::OUT)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn stuffed_end_cannot_be_written_until_it_is_drained() {
        let pair = Pair::new(false, true).unwrap();
        assert!(writable(&pair.guest) && waits(&pair.guest).unwrap() && !waits(&pair.own).unwrap());
        let stuffed = stuff(&pair.guest).unwrap();
        assert!(stuffed > 0 && !writable(&pair.guest));
        widen(&pair.guest);
        let mut room = vec![0; stuffed + 1];
        let mut left = stuffed;
        while left > 0 {
            left -= receive(&pair.own, &mut room[..left]).unwrap();
        }
        assert!(writable(&pair.guest));
        assert_eq!(receive(&pair.own, &mut room), Err(Errno::AGAIN));
    }

    #[test]
    fn records_keep_their_envelopes_and_their_ends() {
        let pair = Pair::new(true, false).unwrap();
        let envelope = Envelope::new(b"who", b"").unwrap();
        send_record(&pair.guest, &envelope, b"what").unwrap();
        send_record(&pair.guest, &envelope, b"").unwrap();
        net::send(&pair.guest, b"short", SendFlags::empty()).unwrap();
        let mut room = [0; 64];
        assert_eq!(receive_record(&pair.own, &mut room), Ok(Some((envelope, 4))));
        assert_eq!(&room[..4], b"what");
        assert_eq!(receive_record(&pair.own, &mut room), Ok(Some((envelope, 0))));
        assert_eq!(receive_record(&pair.own, &mut room), Err(Errno::BADMSG));
        assert_eq!(receive_record(&pair.own, &mut room), Err(Errno::AGAIN));
        drop(pair.guest);
        assert_eq!(receive_record(&pair.own, &mut room), Ok(None));
    }
}
