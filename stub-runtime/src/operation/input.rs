//! Input devices: what a guest asks one of a server's.

use schemas::device::{input_reply, input_request};
use schemas::{Errno, device};

use super::ask::ask_descriptor;
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
    ask_descriptor!(
        cx,
        DeviceControl,
        device::control,
        descriptor,
        REQUEST,
        |params| {
            params.set_code(u64::from(code));
            fill(params.get_request().init_input());
        },
        |results| match results.get_reply().which() {
            Ok(device::control::results::reply::Input(reply)) =>
                take(reply?.which().map_err(|_| Errno::BADMSG)?)?,
            _ => return Err(Errno::BADMSG),
        }
    )
}
