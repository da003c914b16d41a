//! Datagrams with descriptors between the mapper and a server's process.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use schemas::message::ReplyBuffer;
use schemas::transport::{DESCRIPTORS, REPLY_SIZE, REQUEST_SIZE};

/// Longest message: an operation's own, and what tells of it.
const LIMIT: usize = if REQUEST_SIZE > REPLY_SIZE { REQUEST_SIZE } else { REPLY_SIZE } + (1 << 14);

/// Room for a message that arrives, aligned to words.
pub struct Incoming {
    words: Box<[u64]>,
    length: usize,
}

impl Incoming {
    pub fn new() -> Self {
        Self { words: vec![0; LIMIT / size_of::<u64>()].into_boxed_slice(), length: 0 }
    }

    /// The message that arrived last.
    pub fn message(&self) -> &[u8] {
        &schemas::message::bytes(&self.words)[..self.length]
    }
}

/// Room for messages that are sent.
pub fn outgoing() -> ReplyBuffer {
    ReplyBuffer::new(LIMIT)
}

/// Sends a message; waits while the other side has not read the ones before.
pub fn send(socket: BorrowedFd<'_>, message: &[u8], descriptors: &[OwnedFd]) -> Result<(), Errno> {
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(Errno::TOOBIG);
    }
    rustix::io::retry_on_intr(|| {
        sendmsg(socket, &[IoSlice::new(message)], &mut ancillary, SendFlags::NOSIGNAL).map(drop)
    })
}

/// Waits for the next message, at most for `patience` where that is given, and gives the descriptors beside it.
/// `EPIPE` when nobody has the other end any more, `ETIMEDOUT` when the time is over, `EBADMSG` for what is too long.
pub fn receive(
    socket: BorrowedFd<'_>,
    incoming: &mut Incoming,
    patience: Option<Duration>,
) -> Result<Vec<OwnedFd>, Errno> {
    if let Some(patience) = patience {
        let time = Timespec::try_from(patience).map_err(|_| Errno::INVAL)?;
        let mut polled = [PollFd::new(&socket, PollFlags::IN)];
        if rustix::io::retry_on_intr(|| poll(&mut polled, Some(&time)))? == 0 {
            return Err(Errno::TIMEDOUT);
        }
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let bytes = schemas::message::bytes_mut(&mut incoming.words);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(socket, &mut [IoSliceMut::new(bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
    });
    let received = received.map_err(|errno| if errno == Errno::CONNRESET { Errno::PIPE } else { errno })?;
    let mut descriptors = Vec::new();
    for part in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            descriptors.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Err(Errno::PIPE);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(Errno::BADMSG);
    }
    incoming.length = received.bytes;
    Ok(descriptors)
}
