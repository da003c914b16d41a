//! Control of devices: what ioctl(2) asks of an object of a server (`device.control`).
//!
//! A personality that understands a request of a residual server builds the typed form of it; what it does not
//! understand goes to the server as the guest laid it out, by [`control`].

use schemas::device::control::{params::request, results::reply};
use schemas::message::data_words;
use schemas::{Errno, Operation, device};

use super::ask::{ask_descriptor, object};
use super::descriptor::{Kind, Meaning};
use crate::context::Context;

/// Most bytes that a request can carry: FreeBSD's code has 13 bits for the length, the host's 14.
pub const SIZE: usize = 1 << 14;

/// What a request comes with.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// A number.
    Value(u64),
    /// What its address points to.
    Data(&'a [u8]),
}

/// Whether a descriptor is an object of a server, so that its control is the server's.
pub fn is_object(cx: &Context, descriptor: i32) -> bool {
    let descriptors = &cx.process().descriptors;
    !descriptors.is_plain(descriptor)
        && matches!(descriptors.get(descriptor), Some(Meaning { kind: Kind::Device | Kind::Terminal, .. }))
}

/// Whether a descriptor is what a device node was opened to, and not a socket of a server's.
pub fn is_node(cx: &Context, descriptor: i32) -> bool {
    let descriptors = &cx.process().descriptors;
    let device = |meaning: Meaning| meaning.kind == Kind::Device && meaning.device != 0;
    !descriptors.is_plain(descriptor) && descriptors.get(descriptor).is_some_and(device)
}

/// Asks the server of an object by a request of its own kind. `words` is the room that the request takes, `code` the
/// guest's own request, for traces; `read` gets the descriptors that came with the reply beside it, and owns them.
///
/// # Errors
/// `ENOTTY` for what the object does not know, and what the server says.
pub fn ask<R>(
    cx: &Context,
    descriptor: i32,
    code: u32,
    words: usize,
    fill: impl FnOnce(request::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(reply::Reader<'_>, &[i32]) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let object = object(cx, descriptor);
    crate::transport::call::<device::control::params::Owned, device::control::results::Owned, _>(
        cx,
        Operation::DeviceControl,
        words,
        &[descriptor],
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            params.set_code(u64::from(code));
            fill(params.get_request())
        },
        |results, received| read(results.get_reply(), received),
    )
}

/// Asks the server of an object how many bytes it would give to one who reads.
///
/// # Errors
/// `ENOTTY` when that is nothing that the object knows.
pub fn readable(cx: &mut Context, descriptor: i32) -> Result<i32, Errno> {
    ask(
        cx,
        descriptor,
        0,
        1,
        |request| {
            request.init_generic().set_bytes_readable(());
            Ok(())
        },
        |reply, _| match reply.which() {
            Ok(reply::Generic(reply)) => Ok(reply?.get_value() as i32),
            _ => Err(Errno::BADMSG),
        },
    )
}

/// Asks the server of an object with the guest's own code and layout. What it answers is copied to `reply`; gives the
/// result of the request and how much that is.
///
/// # Errors
/// `ENOTTY` for a request that the object does not know, and what the server says.
pub fn control(
    cx: &mut Context,
    descriptor: i32,
    code: u64,
    argument: Argument<'_>,
    reply: &mut [u8],
) -> Result<(i64, usize), Errno> {
    let words = match argument {
        Argument::Value(_) => 0,
        Argument::Data(data) => data_words(data.len()),
    };
    ask_descriptor!(
        cx,
        DeviceControl,
        device::control,
        descriptor,
        words,
        |params| {
            params.set_code(code);
            match argument {
                Argument::Value(value) => params.get_request().set_value(value),
                Argument::Data(data) => params.get_request().set_raw(data),
            }
        },
        |results| {
            let value = results.get_value();
            let len = match results.get_reply().which().map_err(|_| Errno::BADMSG)? {
                reply::Raw(data) => {
                    let data = data?;
                    let len = data.len().min(reply.len());
                    reply[..len].copy_from_slice(&data[..len]);
                    len
                }
                _ => 0,
            };
            (value, len)
        }
    )
}
