//! What is asked of descriptors behind a network interface (`device.control`).

use schemas::Errno;
use schemas::device::control::results::reply;
use schemas::device::{tun_reply, tun_request};

use super::device;
use crate::context::Context;

/// Asks the server of an object; `words` is what the request takes beyond its structure. Only some requests have a
/// reply.
///
/// # Errors
/// `ENOTTY` for what the object does not know, and what the server says.
pub fn ask<T>(
    cx: &Context,
    descriptor: i32,
    words: usize,
    fill: impl FnOnce(tun_request::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(tun_reply::Reader<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    /// Words of the request itself, and of the largest structure in it.
    const REQUEST: usize = 8;
    device::ask(
        cx,
        descriptor,
        0,
        REQUEST + words,
        |request| fill(request.init_tun()),
        |reply, _| match reply.which() {
            Ok(reply::Tun(reply)) => read(reply?),
            _ => Err(Errno::BADMSG),
        },
    )
}

/// Tells the server something that has no reply.
///
/// # Errors
/// As [`ask`].
pub fn tell(
    cx: &Context,
    descriptor: i32,
    fill: impl FnOnce(tun_request::Builder<'_>),
) -> Result<u64, Errno> {
    ask(
        cx,
        descriptor,
        0,
        |request| {
            fill(request);
            Ok(())
        },
        |_| Ok(0),
    )
}

/// The name of an interface.
pub type Name = [u8; 16];

/// What an interface is called, and how packets pass the descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name, with zeros behind it.
    pub name: Name,
    /// Frames of Ethernet rather than IP packets.
    pub ethernet: bool,
    /// Nothing is in front of packets.
    pub bare: bool,
    /// Several descriptors can be attached.
    pub multi_queue: bool,
}

/// Takes it from a reply.
///
/// # Errors
/// `EBADMSG` for another reply.
pub fn interface(reply: tun_reply::Reader<'_>) -> Result<Interface, Errno> {
    let tun_reply::Interface(told) = reply.which().map_err(|_| Errno::BADMSG)? else {
        return Err(Errno::BADMSG);
    };
    let told = told?;
    let mut interface = Interface {
        ethernet: told.get_ethernet(),
        bare: told.get_bare(),
        multi_queue: told.get_multi_queue(),
        ..Interface::default()
    };
    let name = told.get_name()?.as_bytes();
    let len = name.len().min(interface.name.len() - 1);
    interface.name[..len].copy_from_slice(&name[..len]);
    Ok(interface)
}
