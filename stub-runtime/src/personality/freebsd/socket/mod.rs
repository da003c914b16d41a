//! FreeBSD's socket calls (socket(2), send(2), recv(2) …).

pub mod address;
pub mod control;
pub mod option;

use schemas::Errno;

use super::flags;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::{__NR_fcntl, F_GETFL};
use crate::host::linux::syscall::call;
use crate::operation::path::At;
use crate::operation::socket::address::Address;
use crate::operation::socket::message::{Control, Data, MSG_DONTWAIT};
use crate::operation::socket::{self, SOCK_NONBLOCK, message, traits};

crate::layout! {
    /// `struct msghdr`.
    pub struct MessageHeader: 56 {
        pub name: u64,
        pub name_len: u32,
        pub pad: u32,
        pub vectors: u64,
        pub vector_count: i32,
        pub pad2: u32,
        pub control: u64,
        pub control_len: u32,
        pub flags: u32,
        pub pad3: u64,
    }
}

/// Flags of messages that mean something on the way in; the kernel passes over the others.
const SENT: u32 = flags::MSG_OOB
    | flags::MSG_DONTROUTE
    | flags::MSG_EOR
    | flags::MSG_DONTWAIT
    | flags::MSG_NBIO
    | flags::MSG_NOSIGNAL;
const RECEIVED: u32 = flags::MSG_OOB
    | flags::MSG_PEEK
    | flags::MSG_TRUNC
    | flags::MSG_WAITALL
    | flags::MSG_DONTWAIT
    | flags::MSG_NBIO
    | flags::MSG_CMSG_CLOEXEC;
/// Flags of the host that a received message can have (linux/socket.h): out of band, cut, end of record.
const TOLD: u32 = 0x1 | 0x8 | 0x20 | 0x80;

/// Room that control data must have before the credentials of a sender are looked for.
const CREDENTIALS_ROOM: u32 = 16 + size_of::<control::Credentials>() as u32;
/// `SOL_SOCKET`, `SO_PASSCRED`, `AF_UNIX` of the host.
const HOST_SOCKET: i32 = 1;
const HOST_PASSCRED: i32 = 16;
const HOST_UNIX: i32 = 1;

fn message_flags(bits: u32, known: u32) -> Result<u32, Errno> {
    flags::MESSAGE.to_host(u64::from(bits & known)).map(|bits| bits as u32)
}

/// The type of a socket and the flags beside it.
fn kind_to_host(kind: i32, protocol: i32) -> Result<u32, Errno> {
    let refused = if protocol == 0 { Errno::PROTOTYPE } else { Errno::PROTONOSUPPORT };
    flags::SOCKET_TYPE.to_host(u64::from(kind as u32)).map(|kind| kind as u32).map_err(|_| refused)
}

/// What the kernel says of a combination that it does not have.
fn refusal(error: Errno, protocol: i32) -> Errno {
    match error {
        Errno::SOCKTNOSUPPORT | Errno::PROTONOSUPPORT if protocol == 0 => Errno::PROTOTYPE,
        Errno::SOCKTNOSUPPORT => Errno::PROTONOSUPPORT,
        other => other,
    }
}

/// socket(2).
///
/// # Errors
/// As there.
pub fn create(cx: &mut Context, domain: i32, kind: i32, protocol: i32) -> Result<i32, Errno> {
    let domain = flags::DOMAIN.to_host(domain).map_err(|_| Errno::AFNOSUPPORT)?;
    let kind = kind_to_host(kind, protocol)?;
    socket::create(cx, domain, kind, protocol).map_err(|error| refusal(error, protocol))
}

/// socketpair(2).
///
/// # Errors
/// As there.
pub fn pair(cx: &mut Context, domain: i32, kind: i32, protocol: i32, at: Pointer) -> Result<i32, Errno> {
    let domain = flags::DOMAIN.to_host(domain).map_err(|_| Errno::AFNOSUPPORT)?;
    let kind = kind_to_host(kind, protocol)?;
    let pair = socket::pair(cx, domain, kind, protocol).map_err(|error| refusal(error, protocol))?;
    guest::put(at.0, &pair).inspect_err(|_| socket::discard(pair))?;
    Ok(0)
}

/// pipe2(2).
///
/// # Errors
/// `EINVAL` for other flags than `O_CLOEXEC` and `O_NONBLOCK`, `EFAULT`, `EMFILE`.
pub fn pipe2(cx: &mut Context, at: Pointer, bits: u32) -> Result<i32, Errno> {
    if bits & !(flags::O_CLOEXEC | flags::O_NONBLOCK) != 0 {
        return Err(Errno::INVAL);
    }
    let bits = flags::OPEN.to_host(u64::from(bits))? as u32;
    let pair = socket::pipe(cx, bits)?;
    guest::put(at.0, &pair).inspect_err(|_| socket::discard(pair))?;
    Ok(0)
}

/// pipe(2) before FreeBSD 11, with the second descriptor in the second result register.
///
/// # Errors
/// `EMFILE`.
pub fn pipe(cx: &mut Context) -> Result<i32, Errno> {
    let [read, write] = socket::pipe(cx, 0)?;
    cx.frame.rdx = write as u64;
    Ok(read)
}

/// bind(2).
///
/// # Errors
/// As there.
pub fn bind(cx: &mut Context, descriptor: i32, at: Pointer, len: u32) -> Result<u64, Errno> {
    bind_at(cx, At::working(at).directory, descriptor, at, len)
}

/// bindat(2).
///
/// # Errors
/// As there.
pub fn bind_at(
    cx: &mut Context,
    directory: i32,
    descriptor: i32,
    at: Pointer,
    len: u32,
) -> Result<u64, Errno> {
    let address = address::read(at.0, len)?;
    socket::bind(cx, directory, descriptor, &address)
}

/// connect(2).
///
/// # Errors
/// As there.
pub fn connect(cx: &mut Context, descriptor: i32, at: Pointer, len: u32) -> Result<u64, Errno> {
    connect_at(cx, At::working(at).directory, descriptor, at, len)
}

/// connectat(2).
///
/// # Errors
/// As there.
pub fn connect_at(
    cx: &mut Context,
    directory: i32,
    descriptor: i32,
    at: Pointer,
    len: u32,
) -> Result<u64, Errno> {
    let address = address::read(at.0, len)?;
    let local = address.path().is_some();
    socket::connect(cx, directory, descriptor, &address).map_err(|error| match error {
        // A full queue of a local socket is a refusal here.
        Errno::AGAIN if local => Errno::CONNREFUSED,
        other => other,
    })
}

/// listen(2).
///
/// # Errors
/// As there.
pub fn listen(cx: &mut Context, descriptor: i32, backlog: i32) -> Result<u64, Errno> {
    socket::listen(cx, descriptor, backlog)
}

/// accept(2): what comes is non-blocking when the socket that listens is.
///
/// # Errors
/// As there.
pub fn accept(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    // SAFETY: no pointers.
    let inherited = unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFL)]) }?;
    finish_accept(cx, descriptor, inherited as u32 & SOCK_NONBLOCK, at, len_at)
}

/// accept4(2).
///
/// # Errors
/// As there.
pub fn accept4(
    cx: &mut Context,
    descriptor: i32,
    at: Pointer,
    len_at: Pointer,
    bits: i32,
) -> Result<i32, Errno> {
    let bits = bits as u32;
    if bits & !(flags::SOCK_CLOEXEC | flags::SOCK_NONBLOCK) != 0 {
        return Err(Errno::INVAL);
    }
    // Without a type among them the flags are what is left.
    let mut host = 0;
    if bits & flags::SOCK_CLOEXEC != 0 {
        host |= socket::SOCK_CLOEXEC;
    }
    if bits & flags::SOCK_NONBLOCK != 0 {
        host |= socket::SOCK_NONBLOCK;
    }
    finish_accept(cx, descriptor, host, at, len_at)
}

fn finish_accept(
    cx: &mut Context,
    descriptor: i32,
    bits: u32,
    at: Pointer,
    len_at: Pointer,
) -> Result<i32, Errno> {
    if !at.is_null() && guest::get::<i32>(len_at.0)? < 0 {
        return Err(Errno::INVAL);
    }
    let mut from = Address::EMPTY;
    let made = socket::accept(cx, descriptor, bits, &mut from)?;
    address::write(&from, at.0, len_at.0).inspect_err(|_| socket::discard([made, -1]))?;
    Ok(made)
}

/// getsockname(2).
///
/// # Errors
/// As there.
pub fn name(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    let address = socket::name(cx, descriptor)?;
    tell(&address, at, len_at)
}

/// getpeername(2).
///
/// # Errors
/// As there.
pub fn peer(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    let address = socket::peer(cx, descriptor)?;
    tell(&address, at, len_at)
}

fn tell(address: &Address, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    if at.is_null() || len_at.is_null() {
        return Err(Errno::FAULT);
    }
    address::write(address, at.0, len_at.0)?;
    Ok(0)
}

/// shutdown(2).
///
/// # Errors
/// As there.
pub fn shutdown(cx: &mut Context, descriptor: i32, how: i32) -> Result<u64, Errno> {
    let how = flags::SHUTDOWN.to_host(how)?;
    socket::shutdown(cx, descriptor, how)
}

/// Ends the sending side after a message that says so (`MSG_EOF`).
fn end(cx: &mut Context, descriptor: i32, bits: u32) -> Result<(), Errno> {
    if bits & flags::MSG_EOF == 0 { Ok(()) } else { socket::shutdown(cx, descriptor, 1).map(drop) }
}

/// sendto(2).
///
/// # Errors
/// As there.
pub fn send(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    bits: u32,
    to: Pointer,
    to_len: u32,
) -> Result<u64, Errno> {
    let host = message_flags(bits, SENT)?;
    let sent = if to.is_null() {
        message::send_bytes(cx, descriptor, buffer, len, &Address::EMPTY, host)?
    } else {
        let address = address::read(to.0, to_len)?;
        socket::send_at(cx, &address, |cx, to| message::send_bytes(cx, descriptor, buffer, len, to, host))?
    };
    end(cx, descriptor, bits)?;
    Ok(sent)
}

/// recvfrom(2).
///
/// # Errors
/// As there.
pub fn receive(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    bits: u32,
    from: Pointer,
    from_len: Pointer,
) -> Result<u64, Errno> {
    let host = message_flags(bits, RECEIVED)?;
    if from.is_null() || from_len.is_null() {
        return message::receive_bytes(cx, descriptor, buffer, len, None, host);
    }
    let mut address = Address::EMPTY;
    let received = message::receive_bytes(cx, descriptor, buffer, len, Some(&mut address), host)?;
    address::write(&address, from.0, from_len.0)?;
    Ok(received)
}

/// sendmsg(2).
///
/// # Errors
/// As there.
pub fn send_message(cx: &mut Context, descriptor: i32, at: Pointer, bits: u32) -> Result<u64, Errno> {
    let header: MessageHeader = guest::get(at.0)?;
    let host = message_flags(bits, SENT)?;
    let data = data(&header)?;
    let mut control = Control::new();
    if header.control != 0 && header.control_len != 0 {
        control::read(header.control, header.control_len, &mut control)?;
    }
    let to = if header.name == 0 { Address::EMPTY } else { address::read(header.name, header.name_len)? };
    let sent = socket::send_at(cx, &to, |cx, to| message::send(cx, descriptor, to, data, &control, host))?;
    end(cx, descriptor, bits)?;
    Ok(sent)
}

/// Where the data of a message is.
fn data(header: &MessageHeader) -> Result<Data, Errno> {
    let count = u64::try_from(header.vector_count).map_err(|_| Errno::MSGSIZE)?;
    Ok(Data { vectors: header.vectors, count })
}

/// recvmsg(2).
///
/// # Errors
/// As there.
pub fn receive_message(cx: &mut Context, descriptor: i32, at: Pointer, bits: u32) -> Result<u64, Errno> {
    let mut header: MessageHeader = guest::get(at.0)?;
    let host = message_flags(bits, RECEIVED)?;
    let data = data(&header)?;
    let mut control = Control::new();
    let room = if header.control == 0 { 0 } else { header.control_len };
    if room != 0 {
        control.set_room(message::CONTROL);
    }
    let mut from = Address::EMPTY;
    let wants_name = header.name != 0;
    let name = if wants_name { Some(&mut from) } else { None };
    let (len, told) = if room >= CREDENTIALS_ROOM && wants_credentials(descriptor) {
        receive_with_credentials(cx, descriptor, name, data, &mut control, host)?
    } else {
        message::receive(cx, descriptor, name, data, &mut control, host)?
    };
    header.flags = flags::MESSAGE.from_host(u64::from(told & TOLD)) as u32;
    let wanted = |bits| socket::has_traits(descriptor, bits);
    let (control_len, cut) = control::write(&control, header.control, room as usize, wanted)?;
    if cut {
        header.flags |= flags::MSG_CTRUNC;
    }
    // Those that come once have come.
    if socket::has_traits(descriptor, traits::CREDENTIALS) && control_len != 0 {
        socket::set_traits(descriptor, traits::CREDENTIALS, false)?;
        pass_credentials(cx, descriptor, false)?;
    }
    header.control_len = control_len;
    if wants_name {
        let told = address::from_host(&from);
        let told = &told.bytes()[..told.bytes().len().min(header.name_len as usize)];
        guest::write(header.name, told)?;
        header.name_len = told.len() as u32;
    }
    guest::put(at.0, &header)?;
    Ok(len)
}

/// Whether the credentials that a sender passes are to be received: for local sockets, unless an option asks for
/// them anyway.
fn wants_credentials(descriptor: i32) -> bool {
    !socket::has_traits(descriptor, traits::CREDENTIALS | traits::ALL_CREDENTIALS)
        && socket::domain(descriptor) == Ok(HOST_UNIX)
}

fn pass_credentials(cx: &mut Context, descriptor: i32, on: bool) -> Result<(), Errno> {
    let value = i32::from(on).to_ne_bytes();
    socket::set_option(cx, descriptor, HOST_SOCKET, HOST_PASSCRED, &value).map(drop)
}

/// Receives with the credentials that the sender passed on purpose. The host gives them only to who has asked for
/// all, and attaches them to every message sent from then on: it is asked for the moment of the receiving alone, and
/// never while it waits.
fn receive_with_credentials(
    cx: &mut Context,
    descriptor: i32,
    mut from: Option<&mut Address>,
    data: Data,
    control: &mut Control,
    bits: u32,
) -> Result<(u64, u32), Errno> {
    loop {
        pass_credentials(cx, descriptor, true)?;
        let received =
            message::receive(cx, descriptor, from.as_deref_mut(), data, control, bits | MSG_DONTWAIT);
        pass_credentials(cx, descriptor, false)?;
        match received {
            Err(Errno::AGAIN) if bits & MSG_DONTWAIT == 0 => socket::wait_to_receive(descriptor)?,
            other => return other,
        }
    }
}

/// setfib(2): there is one routing table.
///
/// # Errors
/// `EINVAL` for any other.
pub fn set_table(_cx: &mut Context, number: i32) -> Result<i32, Errno> {
    if number == 0 { Ok(0) } else { Err(Errno::INVAL) }
}

#[cfg(test)]
mod tests;
