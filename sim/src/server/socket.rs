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
    check_control(caller, params.get_control()?)?;
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

/// Refuses ancillary data that would be the mapper's own where the guest means its: descriptors, which come beside the
/// message, and credentials of others.
fn check_control(caller: &Caller, control: &[u8]) -> Done {
    const HEADER: usize = size_of::<libc::cmsghdr>();
    let mut rest = control;
    while rest.len() >= HEADER {
        let word = |at: usize| {
            rest.get(at..at + 4).map_or(0, |word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
        };
        let length = usize::from_ne_bytes(*rest.first_chunk().ok_or(Errno::INVAL)?);
        if length < HEADER || length > rest.len() {
            return Err(Errno::INVAL);
        }
        if word(8) as i32 == libc::SOL_SOCKET {
            match word(12) as i32 {
                libc::SCM_RIGHTS => return Err(Errno::INVAL),
                libc::SCM_CREDENTIALS if length < HEADER + 12 => return Err(Errno::INVAL),
                libc::SCM_CREDENTIALS => {
                    let own = &caller.credentials;
                    let user = [own.real_user, own.effective_user, own.saved_user].contains(&word(20));
                    let group = [own.real_group, own.effective_group, own.saved_group].contains(&word(24));
                    if word(16) as i32 != caller.pid || !user || !group {
                        return Err(Errno::PERM);
                    }
                }
                _ => {}
            }
        }
        rest = rest.get(length.next_multiple_of(size_of::<usize>())..).unwrap_or_default();
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Personality;
    use schemas::server::Credentials;
    use std::sync::Arc;

    fn control(kind: i32, words: &[u32]) -> Vec<u8> {
        let mut control = (16 + 4 * words.len()).to_ne_bytes().to_vec();
        control.extend(libc::SOL_SOCKET.to_ne_bytes());
        control.extend(kind.to_ne_bytes());
        control.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        control
    }

    #[test]
    fn a_guest_sends_nothing_of_the_mappers_and_nobody_elses_credentials() {
        let credentials = Arc::new(Credentials { real_user: 7, real_group: 8, ..Credentials::default() });
        let caller =
            Caller { task: 1, pid: 40, tid: 40, personality: Personality::Linux, credentials, stack: None };
        let check = |control: &[u8]| check_control(&caller, control);
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&control(libc::SCM_RIGHTS, &[0])), Err(Errno::INVAL));
        assert_eq!(check(&control(libc::SCM_CREDENTIALS, &[40, 7, 8])), Ok(()));
        assert_eq!(check(&control(libc::SCM_CREDENTIALS, &[1, 7, 8])), Err(Errno::PERM));
        assert_eq!(check(&control(libc::SCM_CREDENTIALS, &[40, 9, 8])), Err(Errno::PERM));
        assert_eq!(check(&control(libc::SCM_CREDENTIALS, &[40])), Err(Errno::INVAL));
        let mut two = control(libc::SO_TIMESTAMP, &[1, 2]);
        two.extend(control(libc::SCM_RIGHTS, &[0]));
        assert_eq!(check(&two), Err(Errno::INVAL));
        two[0] = 200;
        assert_eq!(check(&two), Err(Errno::INVAL));
    }
}
