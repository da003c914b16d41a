//! Linux's socket calls: the host's, but that paths of local addresses are those of the guest's tree, that no
//! descriptor of the stub's is passed along, and that a route may lead to a server.

use schemas::{Errno, Flavour, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::message::Header;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::ask::is_native;
use crate::operation::mounts::{self, Target};
use crate::operation::packet;
use crate::operation::path::At;
use crate::operation::socket;
use crate::operation::socket::address::{AF_UNIX, Address};
use crate::operation::socket::message::{self, Control, Data, MSG_DONTWAIT};
use crate::world;

/// Most messages of one call (`UIO_MAXIOV`).
const MESSAGES: u32 = 1024;
/// `struct mmsghdr`: a header and a length, with what aligns it.
const MULTIPLE: u64 = 64;
/// Longest value of an option that goes to a server.
const VALUE: usize = 4096;

/// Whether paths of addresses mean the same on the host.
fn are_paths_plain(cx: &Context) -> bool {
    let mounts = mounts::current(cx);
    mounts.root().target == Target::Host && mounts.overlays().is_empty() && mounts.places().is_empty()
}

/// Tells the guest an address: as much as it has room for, and how long it is.
fn tell(address: &Address, at: Pointer, len_at: Pointer) -> Result<(), Errno> {
    if at.is_null() { Ok(()) } else { put(address, at, len_at) }
}

/// Writes an address, where there must be one.
fn put(address: &Address, at: Pointer, len_at: Pointer) -> Result<(), Errno> {
    let room = usize::try_from(guest::get::<i32>(len_at.0)?).map_err(|_| Errno::INVAL)?;
    let bytes = address.bytes();
    guest::write(at.0, &bytes[..bytes.len().min(room)])?;
    guest::put(len_at.0, &(bytes.len() as u32))
}

/// socket(2).
///
/// # Errors
/// As there.
pub fn create(cx: &mut Context, domain: i32, kind: i32, protocol: i32) -> Result<i32, Errno> {
    socket::create(cx, domain, kind as u32, protocol)
}

/// socketpair(2).
///
/// # Errors
/// As there.
pub fn pair(cx: &mut Context, domain: i32, kind: i32, protocol: i32, at: Pointer) -> Result<i32, Errno> {
    let pair = socket::pair(cx, domain, kind as u32, protocol)?;
    guest::put(at.0, &pair).inspect_err(|_| socket::discard(pair))?;
    Ok(0)
}

/// pipe(2).
///
/// # Errors
/// As there.
pub fn pipe(cx: &mut Context, at: Pointer) -> Result<i32, Errno> {
    pipe_with(cx, at, 0)
}

/// pipe2(2).
///
/// # Errors
/// As there.
pub fn pipe_with(cx: &mut Context, at: Pointer, flags: u32) -> Result<i32, Errno> {
    let pair = socket::pipe(cx, flags)?;
    guest::put(at.0, &pair).inspect_err(|_| socket::discard(pair))?;
    Ok(0)
}

/// bind(2).
///
/// # Errors
/// As there.
pub fn bind(cx: &mut Context, descriptor: i32, at: Pointer, len: u32) -> Result<u64, Errno> {
    let address = Address::read(at.0, len as usize)?;
    socket::bind(cx, At::working(at).directory, descriptor, &address)
}

/// connect(2).
///
/// # Errors
/// As there.
pub fn connect(cx: &mut Context, descriptor: i32, at: Pointer, len: u32) -> Result<u64, Errno> {
    let address = Address::read(at.0, len as usize)?;
    socket::connect(cx, At::working(at).directory, descriptor, &address)
}

/// listen(2).
///
/// # Errors
/// As there.
pub fn listen(cx: &mut Context, descriptor: i32, backlog: i32) -> Result<u64, Errno> {
    socket::listen(cx, descriptor, backlog)
}

/// accept(2).
///
/// # Errors
/// As there.
pub fn accept(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    accept_with(cx, descriptor, at, len_at, 0)
}

/// accept4(2).
///
/// # Errors
/// As there.
pub fn accept_with(
    cx: &mut Context,
    descriptor: i32,
    at: Pointer,
    len_at: Pointer,
    flags: i32,
) -> Result<i32, Errno> {
    let mut from = Address::EMPTY;
    let made = socket::accept(cx, descriptor, flags as u32, &mut from)?;
    tell(&from, at, len_at).inspect_err(|_| socket::discard([made, -1]))?;
    Ok(made)
}

/// getsockname(2).
///
/// # Errors
/// As there.
pub fn name(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    let address = socket::name(cx, descriptor)?;
    put(&address, at, len_at).map(|()| 0)
}

/// getpeername(2).
///
/// # Errors
/// As there.
pub fn peer(cx: &mut Context, descriptor: i32, at: Pointer, len_at: Pointer) -> Result<i32, Errno> {
    let address = socket::peer(cx, descriptor)?;
    put(&address, at, len_at).map(|()| 0)
}

/// shutdown(2).
///
/// # Errors
/// As there.
pub fn shutdown(cx: &mut Context, descriptor: i32, how: i32) -> Result<u64, Errno> {
    socket::shutdown(cx, descriptor, how)
}

/// setsockopt(2).
///
/// # Errors
/// As there.
pub fn set_option(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    at: Pointer,
    len: u32,
) -> Result<u64, Errno> {
    if is_native(cx, Operation::SocketSetOption, descriptor) {
        let args = [descriptor as u64, level as u64, name as u64, at.0, u64::from(len)];
        // SAFETY: the guest's value, which the kernel checks.
        return unsafe { call(__NR_setsockopt, args) };
    }
    if (level, name) == (message::SOL_SOCKET, SO_ATTACH_FILTER) {
        return attach_filter(cx, descriptor, at, len);
    }
    let mut value = [0; VALUE];
    let value = value.get_mut(..len as usize).ok_or(Errno::INVAL)?;
    guest::read(at.0, value)?;
    socket::set_option(cx, descriptor, level, name, value)
}

/// `SO_ATTACH_FILTER` (asm-generic/socket.h).
const SO_ATTACH_FILTER: i32 = 26;

crate::layout! {
    /// `struct sock_fprog` (linux/filter.h).
    pub struct FilterProgram: 16 {
        pub len: u16,
        pub pad: [u16; 3],
        pub instructions: u64,
    }
}

/// Gives a socket a filter. Instructions are the same for all systems.
fn attach_filter(cx: &mut Context, descriptor: i32, at: Pointer, len: u32) -> Result<u64, Errno> {
    if len as usize != size_of::<FilterProgram>() {
        return Err(Errno::INVAL);
    }
    let program: FilterProgram = guest::get(at.0)?;
    if program.len == 0 || program.instructions == 0 {
        return Err(Errno::INVAL);
    }
    packet::set_filter(cx, descriptor, packet::Use::Read, program.instructions, program.len.into())
}

/// getsockopt(2).
///
/// # Errors
/// As there.
pub fn get_option(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    at: Pointer,
    len_at: Pointer,
) -> Result<u64, Errno> {
    if is_native(cx, Operation::SocketGetOption, descriptor) {
        let args = [descriptor as u64, level as u64, name as u64, at.0, len_at.0];
        // SAFETY: the guest's memory, which the kernel checks.
        return unsafe { call(__NR_getsockopt, args) };
    }
    let room = usize::try_from(guest::get::<i32>(len_at.0)?).map_err(|_| Errno::INVAL)?;
    let mut value = [0; VALUE];
    // What is there is a question to some options; not to be readable is no fault for the others.
    guest::read_some(at.0, &mut value[..room.min(4)]);
    let len = socket::get_option(cx, descriptor, level, name, &mut value[..room.min(VALUE)])?;
    guest::write(at.0, &value[..len])?;
    guest::put(len_at.0, &(len as u32)).map(|()| 0)
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
    flags: u32,
    to: Pointer,
    to_len: u32,
) -> Result<u64, Errno> {
    if to.is_null() {
        return message::send_bytes(cx, descriptor, buffer, len, &Address::EMPTY, flags);
    }
    let address = Address::read(to.0, to_len as usize)?;
    socket::send_at(cx, &address, |cx, to| message::send_bytes(cx, descriptor, buffer, len, to, flags))
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
    flags: u32,
    from: Pointer,
    from_len: Pointer,
) -> Result<u64, Errno> {
    if from.is_null() {
        return message::receive_bytes(cx, descriptor, buffer, len, None, flags);
    }
    let mut address = Address::EMPTY;
    let received = message::receive_bytes(cx, descriptor, buffer, len, Some(&mut address), flags)?;
    tell(&address, from, from_len)?;
    Ok(received)
}

/// sendmsg(2).
///
/// # Errors
/// As there; `EBADF` for a descriptor of the stub's among those to be passed.
pub fn send_message(cx: &mut Context, descriptor: i32, at: Pointer, flags: u32) -> Result<u64, Errno> {
    let header: Header = guest::get(at.0)?;
    if is_native(cx, Operation::SocketSend, descriptor) && header.control_len == 0 && is_remote(&header)? {
        // The header is a copy, so that it stays what was looked at.
        let args = [descriptor as u64, &raw const header as u64, u64::from(flags)];
        // SAFETY: the header is ours, what it points to is the guest's, which the kernel checks.
        return unsafe { call_blocking(__NR_sendmsg, args) };
    }
    let mut control = Control::new();
    if header.control != 0 && header.control_len != 0 {
        control.read(header.control, usize::try_from(header.control_len).map_err(|_| Errno::MSGSIZE)?)?;
    }
    let to = if header.name == 0 || header.name_len == 0 {
        Address::EMPTY
    } else {
        Address::read(header.name, header.name_len as usize)?
    };
    let data = Data { vectors: header.vectors, count: header.vector_count };
    socket::send_at(cx, &to, |cx, to| message::send(cx, descriptor, to, data, &control, flags))
}

/// Whether a message has no address, or one that has no path.
fn is_remote(header: &Header) -> Result<bool, Errno> {
    Ok(header.name == 0 || header.name_len < 2 || guest::get::<u16>(header.name)? != AF_UNIX)
}

/// recvmsg(2).
///
/// # Errors
/// As there.
pub fn receive_message(cx: &mut Context, descriptor: i32, at: Pointer, flags: u32) -> Result<u64, Errno> {
    if is_native(cx, Operation::SocketReceive, descriptor) && are_paths_plain(cx) {
        // SAFETY: the guest's memory, which the kernel checks.
        return unsafe { call_blocking(__NR_recvmsg, [descriptor as u64, at.0, u64::from(flags)]) };
    }
    let mut header: Header = guest::get(at.0)?;
    let data = Data { vectors: header.vectors, count: header.vector_count };
    let mut control = Control::new();
    if header.control != 0 {
        control.set_room(header.control_len.min(message::CONTROL as u64) as usize);
    }
    let mut from = Address::EMPTY;
    let wanted = if header.name == 0 { None } else { Some(&mut from) };
    let (len, told) = message::receive(cx, descriptor, wanted, data, &mut control, flags)?;
    header.flags = told;
    guest::write(header.control, control.bytes())?;
    header.control_len = control.bytes().len() as u64;
    if header.name != 0 {
        let bytes = from.bytes();
        guest::write(header.name, &bytes[..bytes.len().min(header.name_len as usize)])?;
        header.name_len = bytes.len() as u32;
    }
    guest::put(at.0, &header)?;
    Ok(len)
}

/// Goes through the messages of a list as long as it goes well; what fails after the first is told by the next call.
fn each(
    list: Pointer,
    count: u32,
    mut action: impl FnMut(Pointer, u32) -> Result<u64, Errno>,
) -> Result<u32, Errno> {
    for at in 0..count.min(MESSAGES) {
        let header = Pointer(list.0.wrapping_add(u64::from(at) * MULTIPLE));
        let told = action(header, at)
            .and_then(|len| guest::put(header.0.wrapping_add(size_of::<Header>() as u64), &(len as u32)));
        match told {
            Ok(()) => {}
            Err(error) if at == 0 => return Err(error),
            Err(_) => return Ok(at),
        }
    }
    Ok(count.min(MESSAGES))
}

/// sendmmsg(2).
///
/// # Errors
/// As there, of the first message.
pub fn send_messages(
    cx: &mut Context,
    descriptor: i32,
    list: Pointer,
    count: u32,
    flags: u32,
) -> Result<u32, Errno> {
    each(list, count, |at, _| send_message(cx, descriptor, at, flags))
}

/// `MSG_WAITFORONE` (linux/socket.h).
const MSG_WAITFORONE: u32 = 0x1_0000;

/// recvmmsg(2).
///
/// # Errors
/// As there, of the first message.
pub fn receive_messages(
    cx: &mut Context,
    descriptor: i32,
    list: Pointer,
    count: u32,
    flags: u32,
    time: Pointer,
) -> Result<u64, Errno> {
    let mapped = world::route(cx, Operation::SocketReceive) == Flavour::Mapped;
    if !mapped && are_paths_plain(cx) && is_native(cx, Operation::SocketReceive, descriptor) {
        let args = [descriptor as u64, list.0, u64::from(count), u64::from(flags), time.0];
        // SAFETY: the guest's memory, which the kernel checks.
        return unsafe { call_blocking(__NR_recvmmsg, args) };
    }
    // With a limit of time what is there is taken after the first, instead of waiting for all.
    let one = flags & MSG_WAITFORONE != 0 || !time.is_null();
    let flags = flags & !MSG_WAITFORONE;
    each(list, count, |at, place| {
        let flags = if one && place != 0 { flags | MSG_DONTWAIT } else { flags };
        receive_message(cx, descriptor, at, flags)
    })
    .map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::linux::message::Vector;
    use crate::operation::trial::context;

    fn sockets() -> [i32; 2] {
        let mut pair = [0i32; 2];
        // SAFETY: the kernel writes two words; AF_UNIX, SOCK_SEQPACKET.
        unsafe { call(__NR_socketpair, [1, 5, 0, pair.as_mut_ptr() as u64]) }.unwrap();
        pair
    }

    #[test]
    fn messages_go_through_with_their_descriptors() {
        let cx = context();
        let [one, other] = sockets();
        let vector = Vector { base: b"hello".as_ptr() as u64, len: 5 };
        let mut control = Control::new();
        control.push(1, 1, 4).unwrap().copy_from_slice(&one.to_ne_bytes());
        let mut header = Header {
            vectors: &raw const vector as u64,
            vector_count: 1,
            control: control.bytes().as_ptr() as u64,
            control_len: control.bytes().len() as u64,
            ..Header::default()
        };
        let at = Pointer(&raw const header as u64);
        assert_eq!(send_message(cx, one, at, 0), Ok(5));
        let (mut data, mut back) = ([0u8; 8], [0u64; 4]);
        let vector = Vector { base: data.as_mut_ptr() as u64, len: 8 };
        header.vectors = &raw const vector as u64;
        header.control = back.as_mut_ptr() as u64;
        header.control_len = 32;
        let at = Pointer(&raw mut header as u64);
        assert_eq!(receive_message(cx, other, at, 0), Ok(5));
        assert_eq!((&data[..5], back[0]), (&b"hello"[..], 20));
        assert!(back[2] as i32 > 0 && back[2] as i32 != one);
        socket::discard([back[2] as i32, -1]);
    }

    #[test]
    fn descriptors_of_the_stub_are_not_passed_on() {
        let cx = context();
        let [one, _] = sockets();
        let vector = Vector { base: b"x".as_ptr() as u64, len: 1 };
        let mut control = Control::new();
        control.push(1, 1, 4).unwrap().copy_from_slice(&world::reserved(1).to_ne_bytes());
        let header = Header {
            vectors: &raw const vector as u64,
            vector_count: 1,
            control: control.bytes().as_ptr() as u64,
            control_len: control.bytes().len() as u64,
            ..Header::default()
        };
        assert_eq!(send_message(cx, one, Pointer(&raw const header as u64), 0), Err(Errno::BADF));
    }

    #[test]
    fn several_messages_are_sent_until_one_fails() {
        let cx = context();
        let [one, other] = sockets();
        let vector = Vector { base: b"abc".as_ptr() as u64, len: 3 };
        let header = Header { vectors: &raw const vector as u64, vector_count: 1, ..Header::default() };
        let mut list = [[0u64; 8]; 3];
        for entry in &mut list {
            guest::put(entry.as_mut_ptr() as u64, &header).unwrap();
        }
        assert_eq!(send_messages(cx, one, Pointer(list.as_ptr() as u64), 3, 0), Ok(3));
        assert!(list.iter().all(|entry| entry[7] as u32 == 3));
        list[1][2] = 0;
        list[1][3] = 5000;
        assert_eq!(send_messages(cx, one, Pointer(list.as_ptr() as u64), 3, 0), Ok(1));
        assert_eq!(send_messages(cx, -1, Pointer(list.as_ptr() as u64), 3, 0), Err(Errno::BADF));
        socket::discard([one, other]);
    }
}
