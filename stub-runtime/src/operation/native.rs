//! Calls that the host has too, with the same number and the same arguments.

use schemas::Errno;

use crate::call::RAW_ARGUMENTS;
use crate::context::Context;
use crate::host::linux::syscall::call_blocking;

/// Passes a call to the host as it is. Only for rows of a personality that is the host's own, and
/// only for calls that touch nothing of the stub's.
///
/// # Errors
/// The host's own.
pub fn pass(cx: &mut Context, args: &[u64; RAW_ARGUMENTS]) -> Result<u64, Errno> {
    let [a, b, c, d, e, f, ..] = *args;
    // SAFETY: the guest's own arguments, which the kernel checks; descriptors of the stub were
    // refused before.
    unsafe { call_blocking(cx.number as u32, [a, b, c, d, e, f]) }
}
