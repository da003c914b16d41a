//! `socket.*` on donated sockets: what `pflocal` and `pfinet` share.
//!
//! None of these waits. A socket's blocking mode belongs to the guest and all who share the socket, so it is changed
//! only for those few calls that have no way of their own to say "do not wait", and put back after them.

use std::os::fd::OwnedFd;

use schemas::server::{Caller, Capabilities};
use schemas::{Errno, socket};

use super::descriptor::MOST;
use crate::host::identity::acting_as;
use crate::host::raw::{self, Outgoing};

type Done = Result<(), Errno>;

/// Longest socket option that is asked for.
const OPTION: usize = 8192;
/// Longest ancillary data.
const CONTROL: usize = 4096;

/// The socket methods of a trait, but for those that make one or name it by a path.
macro_rules! socket_methods {
    () => {
        socket_methods! {
            socket_listen[socket::listen] listen, socket_accept[socket::accept] accept,
            socket_get_name[socket::get_name] get_name, socket_get_peer[socket::get_peer] get_peer,
            socket_send[socket::send] send, socket_receive[socket::receive] receive,
            socket_shutdown[socket::shutdown] shutdown, socket_get_option[socket::get_option] get_option,
            socket_set_option[socket::set_option] set_option,
        }
    };
    ($($name:ident[$module:ident::$operation:ident] $function:ident,)+) => {
        methods! {$(
            fn $name[$module::$operation](&self, caller, params, results, caps) {
                $crate::server::socket::$function(caller, params, results, caps)
            }
        )+}
    };
}
pub(super) use socket_methods;

/// Runs a call that would wait on a socket in blocking mode.
pub fn without_waiting<T>(socket: &OwnedFd, act: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    let flags = raw::control(socket, libc::F_GETFL, 0)?;
    if flags & libc::O_NONBLOCK != 0 {
        return act();
    }
    raw::control(socket, libc::F_SETFL, i64::from(flags | libc::O_NONBLOCK))?;
    let outcome = act();
    raw::control(socket, libc::F_SETFL, i64::from(flags))?;
    outcome
}

/// `SOCK_*` type with its flags, as `socket(2)` takes it. Other bits are invalid.
pub fn kind(kind: u32, flags: u32) -> Result<i32, Errno> {
    let allowed = (libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) as u32;
    if kind > 0xf || flags & !allowed != 0 { Err(Errno::INVAL) } else { Ok((kind | flags) as i32) }
}

/// `socket.listen`.
pub fn listen(
    _: &Caller,
    params: socket::listen::params::Reader<'_>,
    _: socket::listen::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    use crate::host::HostResult;
    rustix::net::listen(caps.received(0)?, params.get_backlog()).host()
}

/// `socket.accept`.
pub fn accept(
    _: &Caller,
    params: socket::accept::params::Reader<'_>,
    mut results: socket::accept::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let socket = caps.received(0)?;
    let flags = params.get_flags() as i32 & libc::SOCK_NONBLOCK;
    let (accepted, address) = without_waiting(socket, || raw::accept(socket, flags))?;
    results.set_address(&address);
    caps.donate(accepted);
    Ok(())
}

/// `socket.getName`.
pub fn get_name(
    _: &Caller,
    _: socket::get_name::params::Reader<'_>,
    mut results: socket::get_name::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    results.set_address(&raw::socket_name(caps.received(0)?)?);
    Ok(())
}

/// `socket.getPeer`.
pub fn get_peer(
    _: &Caller,
    _: socket::get_peer::params::Reader<'_>,
    mut results: socket::get_peer::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    results.set_address(&raw::peer_name(caps.received(0)?)?);
    Ok(())
}

/// `socket.send`.
pub fn send(
    caller: &Caller,
    params: socket::send::params::Reader<'_>,
    mut results: socket::send::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let socket = caps.received(0)?;
    let message = Outgoing {
        data: params.get_data()?,
        address: params.get_address()?,
        control: params.get_control()?,
        descriptors: &caps.received[1..],
    };
    let sent = acting_as(&caller.credentials, || raw::send(socket, &message, params.get_flags() as i32))?;
    results.set_sent(sent as u64);
    Ok(())
}

/// `socket.receive`.
pub fn receive(
    _: &Caller,
    params: socket::receive::params::Reader<'_>,
    mut results: socket::receive::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let length = usize::try_from(params.get_length()).unwrap_or(usize::MAX).min(MOST);
    let control = (params.get_control_length() as usize).min(CONTROL);
    let flags = params.get_flags() as i32;
    let got = raw::receive(caps.received(0)?, length, control, flags)?;
    results.set_data(&got.data);
    results.set_address(&got.address);
    results.set_flags(got.flags as u32);
    results.set_control(&got.control);
    results.set_length(got.length as u64);
    caps.donated.extend(got.descriptors);
    Ok(())
}

/// `socket.shutdown`.
pub fn shutdown(
    _: &Caller,
    params: socket::shutdown::params::Reader<'_>,
    _: socket::shutdown::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    use crate::host::HostResult;
    use rustix::net::Shutdown;
    let how = match params.get_how() as i32 {
        libc::SHUT_RD => Shutdown::Read,
        libc::SHUT_WR => Shutdown::Write,
        libc::SHUT_RDWR => Shutdown::Both,
        _ => return Err(Errno::INVAL),
    };
    rustix::net::shutdown(caps.received(0)?, how).host()
}

/// `socket.getOption`.
pub fn get_option(
    _: &Caller,
    params: socket::get_option::params::Reader<'_>,
    mut results: socket::get_option::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let length = (params.get_length() as usize).min(OPTION);
    let value = raw::get_option(caps.received(0)?, params.get_level(), params.get_name(), length)?;
    results.set_value(&value);
    Ok(())
}

/// `socket.setOption`.
pub fn set_option(
    caller: &Caller,
    params: socket::set_option::params::Reader<'_>,
    _: socket::set_option::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let value = params.get_value()?;
    acting_as(&caller.credentials, || {
        raw::set_option(caps.received(0)?, params.get_level(), params.get_name(), value)
    })
}
