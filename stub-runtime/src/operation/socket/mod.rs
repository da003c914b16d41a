//! Sockets and pipes, in the host's numbers and layouts.
//!
//! A socket is a socket of the host, and its operations are the host's calls; where a route says otherwise they go to
//! the server, with the socket beside the message. Servers never wait: where they would have to, the descriptor is
//! polled here.

pub mod address;
pub mod message;
pub mod stack;
mod state;

use schemas::message::data_words;
use schemas::{Errno, Flavour, Operation, pflocal, socket};

use self::address::{AF_UNIX, Address, at_address};
use self::message::MSG_DONTWAIT;
pub use self::state::*;
use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::ask::{ask_descriptor, is_native};
use crate::operation::path::Aim;
use crate::world;

/// Flags beside the type of a socket (linux/net.h): close-on-exec and not blocking.
pub const SOCK_CLOEXEC: u32 = O_CLOEXEC;
/// Not blocking.
pub const SOCK_NONBLOCK: u32 = O_NONBLOCK;
/// The flags.
const SOCK_FLAGS: u32 = SOCK_CLOEXEC | SOCK_NONBLOCK;

/// Longest value that is a question.
const QUESTION: usize = 16;

fn is_mapped(cx: &Context, operation: Operation) -> bool {
    world::route(cx, operation) == Flavour::Mapped
}

/// What came from a server becomes the guest's: it arrives close-on-exec.
fn keep(descriptor: i32, close_on_exec: bool) -> Result<i32, Errno> {
    if !close_on_exec {
        // SAFETY: no pointers.
        unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_SETFD), 0]) }?;
    }
    Ok(descriptor)
}

/// Does something that a server refuses with `EAGAIN` where it would have to wait, and waits here for the descriptor,
/// unless the guest does not want to.
fn waiting<T>(
    cx: &mut Context,
    descriptor: i32,
    events: u32,
    flags: u32,
    mut action: impl FnMut(&mut Context) -> Result<T, Errno>,
) -> Result<T, Errno> {
    loop {
        match action(cx) {
            Err(Errno::AGAIN) if flags & MSG_DONTWAIT == 0 && !is_nonblocking(descriptor) => {}
            other => return other,
        }
        let mut poll = pollfd { fd: descriptor, events: events as i16, revents: 0 };
        // SAFETY: the kernel reads and writes one structure.
        unsafe { call_blocking(__NR_ppoll, [&raw mut poll as u64, 1, 0, 0, 0]) }?;
    }
}

fn is_nonblocking(descriptor: i32) -> bool {
    // SAFETY: no pointers.
    unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFL)]) }
        .is_ok_and(|flags| flags & u64::from(O_NONBLOCK) != 0)
}

/// Waits until there is something to receive, no longer than the socket's own limit (`SO_RCVTIMEO`).
///
/// # Errors
/// `EAGAIN` when that has passed or the guest does not wait; `EINTR`.
pub fn wait_to_receive(descriptor: i32) -> Result<(), Errno> {
    // `SOL_SOCKET`, `SO_RCVTIMEO_OLD` (asm-generic/socket.h).
    const LIMIT: [u64; 2] = [1, 20];
    if is_nonblocking(descriptor) {
        return Err(Errno::AGAIN);
    }
    let mut limit = [0i64; 2];
    let mut len = size_of_val(&limit) as u32;
    let args = [descriptor as u64, LIMIT[0], LIMIT[1], limit.as_mut_ptr() as u64, &raw mut len as u64];
    // SAFETY: the kernel writes no more than the length says.
    unsafe { call(__NR_getsockopt, args) }?;
    let time = [limit[0], limit[1] * 1000];
    let time = if limit == [0, 0] { 0 } else { time.as_ptr() as u64 };
    let mut poll = pollfd { fd: descriptor, events: POLLIN as i16, revents: 0 };
    // SAFETY: the kernel reads and writes one structure, and reads the time.
    let ready = unsafe { call_blocking(__NR_ppoll, [&raw mut poll as u64, 1, time, 0, 0]) }?;
    if ready == 0 { Err(Errno::AGAIN) } else { Ok(()) }
}

/// Sends with an address, of which a path is where the guest's tree has it. That is found here in any case, as by an
/// operation that no route sends away: messages to a server have no room for a mount.
///
/// # Errors
/// As the sending, and as for a path.
pub fn send_at(
    cx: &mut Context,
    to: &Address,
    mut send: impl FnMut(&mut Context, &Address) -> Result<u64, Errno>,
) -> Result<u64, Errno> {
    at_address(cx, Operation::EventPoll, AT_FDCWD, to, Aim::Follow, |cx, _, to| send(cx, to))
}

/// socket(2).
///
/// # Errors
/// As there.
pub fn create(cx: &mut Context, domain: i32, kind: u32, protocol: i32) -> Result<i32, Errno> {
    if !is_mapped(cx, Operation::SocketSocket) {
        // SAFETY: no pointers.
        let made = unsafe { call(__NR_socket, [domain as u64, u64::from(kind), protocol as u64]) };
        return made.map(|descriptor| descriptor as i32);
    }
    let (made, object, server, is_pair) =
        crate::transport::call::<socket::socket::params::Owned, socket::socket::results::Owned, _>(
            cx,
            Operation::SocketSocket,
            0,
            &[],
            |mut params| {
                params.set_domain(domain as u32);
                params.set_type(kind & !SOCK_FLAGS);
                params.set_protocol(protocol as u32);
                params.set_flags(kind & SOCK_FLAGS);
                Ok(())
            },
            |results, received| {
                let made = *received.first().ok_or(Errno::BADMSG)?;
                Ok((made, results.get_object(), results.get_server(), results.get_is_pair()))
            },
        )?;
    note(cx, made, object, server, is_pair)?;
    keep(made, kind & SOCK_CLOEXEC != 0)
}

/// Keeps the name that a server has for a socket it gave, where it has one, and whether data passes through it.
fn note(cx: &Context, descriptor: i32, object: u64, server: u32, is_pair: bool) -> Result<(), Errno> {
    if object == 0 {
        return Ok(());
    }
    use crate::operation::descriptor::{Kind, Meaning};
    let kind = if is_pair { stack::kind_of(descriptor) } else { Kind::Device };
    let meaning = Meaning { server, object, ..Meaning::of(kind) };
    cx.process().descriptors.set(descriptor, meaning, b"")
}

/// socketpair(2).
///
/// # Errors
/// As there.
pub fn pair(cx: &mut Context, domain: i32, kind: u32, protocol: i32) -> Result<[i32; 2], Errno> {
    if domain == i32::from(AF_UNIX) && is_mapped(cx, Operation::PflocalSocketPair) {
        return crate::transport::call::<
            pflocal::socket_pair::params::Owned,
            pflocal::socket_pair::results::Owned,
            _,
        >(
            cx,
            Operation::PflocalSocketPair,
            0,
            &[],
            |mut params| {
                params.set_type(kind & !SOCK_FLAGS);
                params.set_protocol(protocol as u32);
                params.set_flags(kind & SOCK_FLAGS);
                Ok(())
            },
            |_, received| ends(received, kind & SOCK_CLOEXEC != 0),
        );
    }
    let mut pair = [0i32; 2];
    let args = [domain as u64, u64::from(kind), protocol as u64, pair.as_mut_ptr() as u64];
    // SAFETY: the kernel writes two words.
    unsafe { call(__NR_socketpair, args) }.map(|_| pair)
}

/// pipe2(2).
///
/// # Errors
/// As there.
pub fn pipe(cx: &mut Context, flags: u32) -> Result<[i32; 2], Errno> {
    if is_mapped(cx, Operation::PflocalPipe) {
        return crate::transport::call::<pflocal::pipe::params::Owned, pflocal::pipe::results::Owned, _>(
            cx,
            Operation::PflocalPipe,
            0,
            &[],
            |mut params| {
                params.set_flags(flags);
                Ok(())
            },
            |_, received| ends(received, flags & O_CLOEXEC != 0),
        );
    }
    let mut pair = [0i32; 2];
    // SAFETY: the kernel writes two words.
    unsafe { call(__NR_pipe2, [pair.as_mut_ptr() as u64, u64::from(flags)]) }.map(|_| pair)
}

/// The two descriptors that a server gave.
fn ends(received: &[i32], close_on_exec: bool) -> Result<[i32; 2], Errno> {
    let &[first, second] = received else { return Err(Errno::BADMSG) };
    keep(first, close_on_exec)?;
    keep(second, close_on_exec)?;
    Ok([first, second])
}

/// Closes both descriptors of a pair whose numbers the guest cannot be told.
pub fn discard(pair: [i32; 2]) {
    for descriptor in pair {
        // SAFETY: no pointers; just made.
        let _ = unsafe { call(__NR_close, [descriptor as u64]) };
    }
}

/// bind(2), for a local address relative to a directory.
///
/// # Errors
/// As there.
pub fn bind(cx: &mut Context, directory: i32, descriptor: i32, address: &Address) -> Result<u64, Errno> {
    if address.path().is_none() && !is_native(cx, Operation::SocketBind, descriptor) {
        return ask_bind(cx, descriptor, 0, address);
    }
    at_address(cx, Operation::SocketBind, directory, address, Aim::Create, |cx, mount, address| match mount {
        Some(mount) => ask_bind(cx, descriptor, mount, address),
        None => {
            let args = [descriptor as u64, address.at(), address.bytes().len() as u64];
            // SAFETY: the address is ours.
            unsafe { call(__NR_bind, args) }
        }
    })
}

fn ask_bind(cx: &mut Context, descriptor: i32, mount: u32, address: &Address) -> Result<u64, Errno> {
    ask_descriptor!(
        cx,
        SocketBind,
        socket::bind,
        descriptor,
        data_words(address.bytes().len()),
        |params| {
            params.set_address(address.bytes());
            params.set_mount(mount);
        },
        |_| 0
    )
}

/// connect(2), for a local address relative to a directory.
///
/// # Errors
/// As there.
pub fn connect(cx: &mut Context, directory: i32, descriptor: i32, address: &Address) -> Result<u64, Errno> {
    if address.path().is_none() && !is_native(cx, Operation::SocketConnect, descriptor) {
        return waiting(cx, descriptor, POLLOUT, 0, |cx| ask_connect(cx, descriptor, 0, address));
    }
    at_address(
        cx,
        Operation::SocketConnect,
        directory,
        address,
        Aim::Follow,
        |cx, mount, address| match mount {
            Some(mount) => {
                waiting(cx, descriptor, POLLOUT, 0, |cx| ask_connect(cx, descriptor, mount, address))
            }
            None => {
                let args = [descriptor as u64, address.at(), address.bytes().len() as u64];
                // SAFETY: the address is ours.
                unsafe { call_blocking(__NR_connect, args) }
            }
        },
    )
}

fn ask_connect(cx: &mut Context, descriptor: i32, mount: u32, address: &Address) -> Result<u64, Errno> {
    ask_descriptor!(
        cx,
        SocketConnect,
        socket::connect,
        descriptor,
        data_words(address.bytes().len()),
        |params| {
            params.set_address(address.bytes());
            params.set_mount(mount);
        },
        |_| 0
    )
}

/// listen(2).
///
/// # Errors
/// As there.
pub fn listen(cx: &mut Context, descriptor: i32, backlog: i32) -> Result<u64, Errno> {
    if !is_native(cx, Operation::SocketListen, descriptor) {
        return ask_descriptor!(
            cx,
            SocketListen,
            socket::listen,
            descriptor,
            0,
            |params| {
                params.set_backlog(backlog);
            },
            |_| 0
        );
    }
    // SAFETY: no pointers.
    unsafe { call(__NR_listen, [descriptor as u64, backlog as u64]) }
}

/// accept4(2); the flags are those beside a type.
///
/// # Errors
/// As there.
pub fn accept(cx: &mut Context, descriptor: i32, flags: u32, from: &mut Address) -> Result<i32, Errno> {
    if !is_native(cx, Operation::SocketAccept, descriptor) {
        let (made, object, server) =
            waiting(cx, descriptor, POLLIN, 0, |cx| ask_accept(cx, descriptor, flags, from))?;
        let is_pair = stack::kind(cx, descriptor).is_some();
        note(cx, made, object, server, is_pair)?;
        return keep(made, flags & SOCK_CLOEXEC != 0);
    }
    let (at, mut len) = from.room();
    let args = [descriptor as u64, at, &raw mut len as u64, u64::from(flags)];
    // SAFETY: the kernel writes the address and its length.
    let made = unsafe { call_blocking(__NR_accept4, args) }?;
    from.written(len);
    from.seen(cx);
    Ok(made as i32)
}

fn ask_accept(
    cx: &mut Context,
    descriptor: i32,
    flags: u32,
    from: &mut Address,
) -> Result<(i32, u64, u32), Errno> {
    let object = crate::operation::ask::object(cx, descriptor);
    let server = cx.process().descriptors.get(descriptor).map_or(0, |meaning| meaning.server);
    crate::transport::call::<socket::accept::params::Owned, socket::accept::results::Owned, _>(
        cx,
        Operation::SocketAccept,
        0,
        &[descriptor],
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            params.set_flags(flags);
            Ok(())
        },
        |results, received| {
            *from = told(cx, results.get_address()?)?;
            Ok((*received.first().ok_or(Errno::BADMSG)?, results.get_object(), server))
        },
    )
}

/// getsockname(2).
///
/// # Errors
/// As there.
pub fn name(cx: &mut Context, descriptor: i32) -> Result<Address, Errno> {
    if !is_native(cx, Operation::SocketGetName, descriptor) {
        return ask_descriptor!(cx, SocketGetName, socket::get_name, descriptor, 0, |params| {}, |results| {
            Address::new(results.get_address()?)?
        });
    }
    tell(__NR_getsockname, cx, descriptor)
}

/// getpeername(2).
///
/// # Errors
/// As there.
pub fn peer(cx: &mut Context, descriptor: i32) -> Result<Address, Errno> {
    if !is_native(cx, Operation::SocketGetPeer, descriptor) {
        return ask_descriptor!(cx, SocketGetPeer, socket::get_peer, descriptor, 0, |params| {}, |results| {
            Address::new(results.get_address()?)?
        });
    }
    tell(__NR_getpeername, cx, descriptor)
}

/// An address that a server told, as the guest knows it.
fn told(cx: &Context, bytes: &[u8]) -> Result<Address, Errno> {
    let mut address = Address::new(bytes)?;
    address.seen(cx);
    Ok(address)
}

fn tell(number: u32, cx: &Context, descriptor: i32) -> Result<Address, Errno> {
    let mut address = Address::EMPTY;
    let (at, mut len) = address.room();
    // SAFETY: the kernel writes the address and its length.
    unsafe { call(number, [descriptor as u64, at, &raw mut len as u64]) }?;
    address.written(len);
    address.seen(cx);
    Ok(address)
}

/// shutdown(2).
///
/// # Errors
/// As there.
pub fn shutdown(cx: &mut Context, descriptor: i32, how: i32) -> Result<u64, Errno> {
    if !is_native(cx, Operation::SocketShutdown, descriptor) && stack::kind(cx, descriptor).is_none() {
        return ask_descriptor!(
            cx,
            SocketShutdown,
            socket::shutdown,
            descriptor,
            0,
            |params| {
                params.set_how(how as u32);
            },
            |_| 0
        );
    }
    // SAFETY: no pointers.
    unsafe { call(__NR_shutdown, [descriptor as u64, how as u64]) }
}

/// Whether an option of a stack's socket is its pair's.
fn is_of_pair(cx: &Context, descriptor: i32, level: i32, name: i32) -> bool {
    stack::is_of_pair(level, name) && stack::kind(cx, descriptor).is_some()
}

/// getsockopt(2) into memory of the stub's, in which what the guest has there is a question to some options; gives the
/// length.
///
/// # Errors
/// As there.
pub fn get_option(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    value: &mut [u8],
) -> Result<usize, Errno> {
    if !is_native(cx, Operation::SocketGetOption, descriptor) && !is_of_pair(cx, descriptor, level, name) {
        let room = value.len() as u32;
        let mut question = [0; QUESTION];
        let asked = value.len().min(QUESTION);
        question[..asked].copy_from_slice(&value[..asked]);
        return ask_descriptor!(
            cx,
            SocketGetOption,
            socket::get_option,
            descriptor,
            data_words(QUESTION),
            |params| {
                params.set_level(level);
                params.set_name(name);
                params.set_length(room);
                params.set_value(&question[..asked]);
            },
            |results| {
                let told = results.get_value()?;
                let len = told.len().min(value.len());
                value[..len].copy_from_slice(&told[..len]);
                len
            }
        );
    }
    let mut len = value.len() as u32;
    let args = [descriptor as u64, level as u64, name as u64, value.as_mut_ptr() as u64, &raw mut len as u64];
    // SAFETY: the kernel writes no more than the length says.
    unsafe { call(__NR_getsockopt, args) }?;
    Ok((len as usize).min(value.len()))
}

/// setsockopt(2) from memory of the stub's.
///
/// # Errors
/// As there.
pub fn set_option(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    value: &[u8],
) -> Result<u64, Errno> {
    if !is_native(cx, Operation::SocketSetOption, descriptor) && !is_of_pair(cx, descriptor, level, name) {
        return ask_descriptor!(
            cx,
            SocketSetOption,
            socket::set_option,
            descriptor,
            data_words(value.len()),
            |params| {
                params.set_level(level);
                params.set_name(name);
                params.set_value(value);
            },
            |_| 0
        );
    }
    let args = [descriptor as u64, level as u64, name as u64, value.as_ptr() as u64, value.len() as u64];
    // SAFETY: the kernel reads no more than the length says.
    unsafe { call(__NR_setsockopt, args) }
}
