//! Sockets of a network stack that is a server.
//!
//! Such a socket is one end of a pair of the host's. Bytes of a connection pass through it as they are; a datagram has
//! an [`Envelope`] in front. What the host does not know of it, above all why a connection ended, the server is asked.

use schemas::transport::Envelope;
use schemas::{Errno, Operation};

use super::address::{AF_UNIX, Address};
use super::message::{CONTROL_HEADER, Control, Data, MSG_NOSIGNAL, SOL_SOCKET};
use super::{after_receive, after_send, create, domain, get_option, is_mapped, is_quiet};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::message::{Header, Vector};
use crate::host::linux::signal::{HostInfo, requeue};
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::descriptor::{Kind, Meaning};
use crate::operation::open;

/// `SO_TYPE` and `SO_ERROR` (asm-generic/socket.h), `SOCK_STREAM` and `SOCK_SEQPACKET` (linux/net.h).
const SO_TYPE: i32 = 3;
const SO_ERROR: i32 = 4;
const SOCK_STREAM: i32 = 1;
const SOCK_SEQPACKET: i32 = 5;
/// `AF_INET` and `SOCK_DGRAM`, for a socket that is made here.
const AF_INET: i32 = 2;
const SOCK_DGRAM: u32 = 2;
/// Out of band (linux/socket.h).
const MSG_OOB: u32 = 0x1;

/// Buffers of one message whose datagram goes beside an envelope.
const VECTORS: usize = 64;

/// What a pair is of which a server gave one end.
pub fn kind_of(descriptor: i32) -> Kind {
    let (mut kind, mut len) = (0i32, 4u32);
    let args =
        [descriptor as u64, SOL_SOCKET as u64, SO_TYPE as u64, &raw mut kind as u64, &raw mut len as u64];
    // SAFETY: the kernel writes one word and its length.
    match unsafe { call(__NR_getsockopt, args) }.map(|_| kind) {
        Ok(SOCK_STREAM) => Kind::Stream,
        Ok(SOCK_SEQPACKET) => Kind::Datagram,
        _ => Kind::Device,
    }
}

/// The kind of a socket of such a stack; nothing for any other descriptor.
#[inline]
pub fn kind(cx: &Context, descriptor: i32) -> Option<Kind> {
    let descriptors = &cx.process().descriptors;
    if descriptors.is_plain(descriptor) {
        return None;
    }
    match descriptors.get(descriptor) {
        Some(Meaning { kind: kind @ (Kind::Stream | Kind::Datagram), .. }) => Some(kind),
        _ => None,
    }
}

/// Does something with a new socket of the guest's own stack in place of a local one, which is the host's; nothing
/// where the stack is the host's too, or the descriptor is none of a local socket.
pub fn in_place_of_local<T>(
    cx: &mut Context,
    descriptor: i32,
    action: impl FnOnce(&mut Context, i32) -> Result<T, Errno>,
) -> Option<Result<T, Errno>> {
    if !is_mapped(cx, Operation::SocketSocket) || domain(descriptor) != Ok(i32::from(AF_UNIX)) {
        return None;
    }
    let own = match create(cx, AF_INET, SOCK_DGRAM | super::SOCK_CLOEXEC, 0) {
        Ok(own) => own,
        Err(error) => return Some(Err(error)),
    };
    let result = kind(cx, own).is_some().then(|| action(cx, own));
    // It was made here, and nothing else has it.
    let _ = open::close(cx, own);
    result
}

/// Whether an option is kept by the pair itself: limits of waiting, and how much must be there
/// (asm-generic/socket.h).
pub fn is_of_pair(level: i32, name: i32) -> bool {
    level == SOL_SOCKET && matches!(name, 18 | 20 | 21 | 66 | 67)
}

/// The error of a connection, which the server forgets with this.
fn error(cx: &mut Context, descriptor: i32) -> Option<Errno> {
    let mut value = [0; 4];
    match get_option(cx, descriptor, SOL_SOCKET, SO_ERROR, &mut value) {
        Ok(4) => Some(Errno(i32::from_ne_bytes(value))).filter(|error| error.raw() != 0),
        _ => None,
    }
}

/// What reading tells at the end of a connection.
fn received(cx: &mut Context, descriptor: i32, result: Result<u64, Errno>) -> Result<u64, Errno> {
    match after_receive(descriptor, result) {
        Ok(0) => error(cx, descriptor).map_or(Ok(0), Err),
        result => result,
    }
}

/// What writing tells after the end of a connection. The first time it is why it ended, and only then a signal.
fn sent(cx: &mut Context, descriptor: i32, flags: u32, result: Result<u64, Errno>) -> Result<u64, Errno> {
    let result = after_send(descriptor, result);
    if result != Err(Errno::PIPE) {
        return result;
    }
    if let Some(error) = error(cx, descriptor) {
        return Err(error);
    }
    if flags & MSG_NOSIGNAL == 0 && !is_quiet(descriptor) {
        requeue(&HostInfo { signo: SIGPIPE as i32, ..HostInfo::default() });
    }
    Err(Errno::PIPE)
}

/// read(2).
///
/// # Errors
/// As there.
pub fn read(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
) -> Result<u64, Errno> {
    let vector = Vector { base: buffer.0, len: len as u64 };
    read_vector(cx, kind, descriptor, Pointer(&raw const vector as u64), 1)
}

/// readv(2).
///
/// # Errors
/// As there.
pub fn read_vector(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
) -> Result<u64, Errno> {
    let data = Data { vectors: vectors.0, count };
    if kind == Kind::Datagram {
        let mut from = Address::EMPTY;
        return receive(cx, kind, descriptor, &mut from, data, &mut Control::new(), 0).map(|(len, _)| len);
    }
    // SAFETY: the guest's buffers, which the kernel checks.
    let result = unsafe { call_blocking(__NR_readv, [descriptor as u64, vectors.0, count]) };
    if result == Ok(0) && data.len() == Ok(0) { result } else { received(cx, descriptor, result) }
}

/// write(2).
///
/// # Errors
/// As there.
pub fn write(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
) -> Result<u64, Errno> {
    let vector = Vector { base: buffer.0, len: len as u64 };
    write_vector(cx, kind, descriptor, Pointer(&raw const vector as u64), 1)
}

/// writev(2).
///
/// # Errors
/// As there.
pub fn write_vector(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    vectors: Pointer,
    count: u64,
) -> Result<u64, Errno> {
    send(cx, kind, descriptor, &Address::EMPTY, Data { vectors: vectors.0, count }, &Control::new(), 0)
}

/// Sends a message: bytes of a connection, whose address is known, or a datagram.
///
/// # Errors
/// As sendmsg(2); `EMSGSIZE` for a datagram in too many pieces, `EOPNOTSUPP` out of band.
pub fn send(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    to: &Address,
    data: Data,
    control: &Control,
    flags: u32,
) -> Result<u64, Errno> {
    if flags & MSG_OOB != 0 {
        return Err(Errno::OPNOTSUPP);
    }
    let quiet = flags | MSG_NOSIGNAL;
    if kind == Kind::Stream {
        // What control data says has no meaning on the way to a server.
        let header = Header { vectors: data.vectors, vector_count: data.count, ..Header::default() };
        let args = [descriptor as u64, &raw const header as u64, u64::from(quiet)];
        // SAFETY: the header is ours; the data is the guest's, which the kernel checks.
        let result = unsafe { call_blocking(__NR_sendmsg, args) };
        return sent(cx, descriptor, flags, result);
    }
    let known = without_descriptors(control)?;
    let envelope = Envelope::new(to.bytes(), known.bytes()).ok_or(Errno::INVAL)?.to_bytes();
    let vectors = beside(envelope.as_ptr() as u64, data)?;
    let header =
        Header { vectors: vectors.as_ptr() as u64, vector_count: 1 + data.count, ..Header::default() };
    let args = [descriptor as u64, &raw const header as u64, u64::from(quiet)];
    // SAFETY: header and envelope are ours; the data is the guest's, which the kernel checks.
    let result = unsafe { call_blocking(__NR_sendmsg, args) };
    sent(cx, descriptor, flags, result.map(|len| len.saturating_sub(Envelope::SIZE as u64)))
}

/// No descriptors are passed over a network.
fn without_descriptors(control: &Control) -> Result<Control, Errno> {
    let mut known = Control::new();
    for (level, kind, data) in control.parts() {
        if level == SOL_SOCKET {
            return Err(Errno::INVAL);
        }
        if known.bytes().len() + CONTROL_HEADER + data.len() <= 128 {
            known.push(level, kind, data.len())?.copy_from_slice(data);
        }
    }
    Ok(known)
}

/// The guest's buffers, with the one of an envelope before them.
fn beside(envelope: u64, data: Data) -> Result<[Vector; VECTORS], Errno> {
    let mut vectors = [Vector { base: 0, len: 0 }; VECTORS];
    vectors[0] = Vector { base: envelope, len: Envelope::SIZE as u64 };
    if data.count >= VECTORS as u64 {
        return Err(Errno::MSGSIZE);
    }
    for at in 0..data.count {
        vectors[1 + at as usize] = guest::get(data.vectors.wrapping_add(at * size_of::<Vector>() as u64))?;
    }
    Ok(vectors)
}

/// Receives a message; gives its length and flags. `from` and `control` are filled in, the latter as far as it has
/// room.
///
/// # Errors
/// As recvmsg(2); the error that came instead of a datagram.
pub fn receive(
    cx: &mut Context,
    kind: Kind,
    descriptor: i32,
    from: &mut Address,
    data: Data,
    control: &mut Control,
    flags: u32,
) -> Result<(u64, u32), Errno> {
    if flags & MSG_OOB != 0 {
        return Err(Errno::INVAL);
    }
    if kind == Kind::Stream {
        control.set_room(0);
        *from = Address::EMPTY;
        let mut header = Header { vectors: data.vectors, vector_count: data.count, ..Header::default() };
        let args = [descriptor as u64, &raw mut header as u64, u64::from(flags)];
        // SAFETY: the header is ours; the data is the guest's, which the kernel checks.
        let result = unsafe { call_blocking(__NR_recvmsg, args) };
        let result =
            if result == Ok(0) && data.len() == Ok(0) { result } else { received(cx, descriptor, result) };
        return result.map(|len| (len, header.flags));
    }
    let room = control.room();
    let mut bytes = [0u8; Envelope::SIZE];
    let vectors = beside(bytes.as_mut_ptr() as u64, data)?;
    let mut header =
        Header { vectors: vectors.as_ptr() as u64, vector_count: 1 + data.count, ..Header::default() };
    let args = [descriptor as u64, &raw mut header as u64, u64::from(flags)];
    // SAFETY: header and envelope are ours; the data is the guest's, which the kernel checks.
    let result = unsafe { call_blocking(__NR_recvmsg, args) };
    let len = match result? {
        0 => {
            control.set_room(0);
            return received(cx, descriptor, Ok(0)).map(|len| (len, 0));
        }
        len => len.checked_sub(Envelope::SIZE as u64).ok_or(Errno::IO)?,
    };
    let envelope = Envelope::from_bytes(&bytes);
    if envelope.error != 0 {
        // The server has kept it as the socket's error too.
        error(cx, descriptor);
        return Err(Errno(envelope.error));
    }
    *from = Address::new(envelope.address())?;
    control.set(envelope.control(), room);
    Ok((len, header.flags))
}
