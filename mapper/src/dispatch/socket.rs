//! Datagrams and descriptors over process sockets.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use schemas::transport::{DESCRIPTORS, Datagram};

/// What came over a process socket.
#[derive(Debug)]
pub enum Received {
    /// A datagram, with the descriptors beside it.
    Datagram(Datagram, Vec<OwnedFd>),
    /// Something that is none; it was dropped.
    Nonsense,
    /// Nothing more for now.
    Nothing,
    /// Nobody has the other end any more.
    End,
}

/// Takes the next datagram, without waiting. Descriptors beyond what a message may carry are closed.
pub fn receive(socket: BorrowedFd<'_>) -> Received {
    let mut bytes = [0; Datagram::SIZE + 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let message = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, flags) {
            // A guest that went away without reading a reply leaves this error once, before what it had sent.
            Err(Errno::INTR | Errno::CONNRESET) => {}
            Err(Errno::AGAIN) => return Received::Nothing,
            Err(_) => return Received::End,
            Ok(message) => break message,
        }
    };
    let mut descriptors = Vec::new();
    for part in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            descriptors.extend(rights);
        }
    }
    if message.bytes == 0 && descriptors.is_empty() {
        return Received::End;
    }
    if message.flags.contains(ReturnFlags::CTRUNC) {
        return Received::Nonsense;
    }
    match bytes.get(..message.bytes).and_then(Datagram::from_bytes) {
        Some(datagram) if usize::from(datagram.count) == descriptors.len() => {
            Received::Datagram(datagram, descriptors)
        }
        _ => Received::Nonsense,
    }
}

/// Sends a datagram with descriptors, without waiting: a guest that lets its socket fill up gets no more.
pub fn send(socket: BorrowedFd<'_>, datagram: &Datagram, descriptors: &[OwnedFd]) -> Result<(), Errno> {
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(Errno::TOOBIG);
    }
    let bytes = datagram.to_bytes();
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, flags) {
            Err(Errno::INTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// The process that made the other end of a socket pair; none when it is not of this process's world of numbers.
///
/// The kernel keeps it from the time of `socketpair(2)` (`SO_PEERCRED` in unix(7)), so that a guest cannot claim
/// another's number.
pub fn maker(socket: BorrowedFd<'_>) -> Option<i32> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to the structure, which holds plain numbers.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    (result == 0 && credentials.pid > 0).then_some(credentials.pid)
}

/// Whether a descriptor is a socket of the kind that process sockets are.
pub fn is_process_socket(descriptor: BorrowedFd<'_>) -> bool {
    use rustix::net::{AddressFamily, SocketType, sockopt};
    sockopt::socket_type(descriptor) == Ok(SocketType::SEQPACKET)
        && sockopt::socket_domain(descriptor) == Ok(AddressFamily::UNIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use schemas::transport::DatagramKind;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn receive_gets_what_was_sent_then_nothing_then_the_end() {
        let (here, there) = pair();
        let sent = Datagram { slot: 7, count: 1, ..Datagram::new(DatagramKind::Descriptors) };
        let gift = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        send(there.as_fd(), &sent, std::slice::from_ref(&gift)).unwrap();
        match receive(here.as_fd()) {
            Received::Datagram(datagram, descriptors) => {
                assert_eq!(datagram, sent);
                assert_eq!(descriptors.len(), 1);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(receive(here.as_fd()), Received::Nothing));
        drop(there);
        assert!(matches!(receive(here.as_fd()), Received::End));
    }

    #[test]
    fn receive_gives_what_was_sent_by_a_guest_that_left_a_reply_unread() {
        let (here, there) = pair();
        send(here.as_fd(), &Datagram::new(DatagramKind::Welcome), &[]).unwrap();
        send(there.as_fd(), &Datagram::new(DatagramKind::Hello), &[]).unwrap();
        drop(there);
        assert!(
            matches!(receive(here.as_fd()), Received::Datagram(datagram, _) if datagram.kind == DatagramKind::Hello)
        );
        assert!(matches!(receive(here.as_fd()), Received::End));
    }

    #[test]
    fn receive_drops_nonsense() {
        let (here, there) = pair();
        for bytes in [&[1_u8][..], &[0; Datagram::SIZE], &[7; 4096]] {
            rustix::io::write(&there, bytes).unwrap();
            assert!(matches!(receive(here.as_fd()), Received::Nonsense));
        }
        let lies = Datagram { count: 3, ..Datagram::new(DatagramKind::Doorbell) };
        send(there.as_fd(), &lies, &[]).unwrap();
        assert!(matches!(receive(here.as_fd()), Received::Nonsense));
    }

    #[test]
    fn send_to_a_full_socket_fails_at_once() {
        let (here, _there) = pair();
        let datagram = Datagram::new(DatagramKind::Descriptors);
        let error = (0..1_000_000).find_map(|_| send(here.as_fd(), &datagram, &[]).err());
        assert_eq!(error, Some(Errno::AGAIN));
    }

    #[test]
    fn maker_is_this_process() {
        let (here, _there) = pair();
        assert_eq!(maker(here.as_fd()), Some(std::process::id() as i32));
        assert!(is_process_socket(here.as_fd()));
        assert!(!is_process_socket(std::fs::File::open("/dev/null").unwrap().as_fd()));
    }
}
