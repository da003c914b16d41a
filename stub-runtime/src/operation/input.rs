//! Input devices: what a guest asks one of a server's.

use schemas::Errno;
use schemas::device::control::results::reply;
use schemas::device::{input_reply, input_request};

use super::device;
use crate::context::Context;

/// Room for a request and the structure in it, in words.
const REQUEST: usize = 12;

/// Asks the device behind a descriptor; `code` is the guest's own request, for traces.
///
/// # Errors
/// `ENOTTY` when it is none, and what the server says.
pub fn ask<R>(
    cx: &mut Context,
    descriptor: i32,
    code: u32,
    fill: impl FnOnce(input_request::Builder<'_>),
    take: impl FnOnce(input_reply::WhichReader<'_>) -> Result<R, Errno>,
) -> Result<R, Errno> {
    device::ask(
        cx,
        descriptor,
        code,
        REQUEST,
        |request| {
            fill(request.init_input());
            Ok(())
        },
        |reply, _| match reply.which() {
            Ok(reply::Input(reply)) => take(reply?.which().map_err(|_| Errno::BADMSG)?),
            _ => Err(Errno::BADMSG),
        },
    )
}
