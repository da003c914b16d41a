//! What is asked of those who capture packets: descriptors of bpf(4), and packet sockets (`device.control`).

use schemas::Errno;
use schemas::device::control::results::reply;
use schemas::device::{bpf_instruction, bpf_reply, bpf_request};

use super::device;
use crate::context::Context;
use crate::guest;

/// Bytes and words of an instruction (`struct bpf_insn`, `struct sock_filter`), which is the same on all systems.
const INSTRUCTION: u64 = 8;
/// Most instructions that one message takes along.
const INSTRUCTIONS: u32 = 4000;

/// What a filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It chooses what is read; what was captured before is thrown away.
    Read,
    /// Likewise, and that stays.
    ReadOn,
    /// It chooses what may be written.
    Write,
}

/// Asks the server of an object; `words` is what the request takes beyond its structure.
///
/// # Errors
/// `ENOTTY` for what the object does not know, and what the server says.
pub fn ask<T>(
    cx: &Context,
    descriptor: i32,
    words: usize,
    fill: impl FnOnce(bpf_request::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(Option<bpf_reply::Reader<'_>>, &[i32]) -> Result<T, Errno>,
) -> Result<T, Errno> {
    /// Words of the request itself, and of the largest structure in it.
    const REQUEST: usize = 8;
    device::ask(
        cx,
        descriptor,
        0,
        REQUEST + words,
        |request| fill(request.init_bpf()),
        |reply, received| match reply.which().map_err(|_| Errno::BADMSG)? {
            reply::Bpf(reply) => read(Some(reply?), received),
            _ => read(None, received),
        },
    )
}

/// Sets a filter: the instructions that the guest has at an address, or none.
///
/// # Errors
/// `EINVAL` for a program that is refused, `ENOMEM` for one that is longer than a message, `EFAULT`.
pub fn set_filter(cx: &Context, descriptor: i32, use_: Use, at: u64, count: u32) -> Result<u64, Errno> {
    if count > INSTRUCTIONS {
        return Err(Errno::NOMEM);
    }
    let words = count as usize + 1;
    ask(
        cx,
        descriptor,
        words,
        |request| {
            let mut list = match use_ {
                Use::Read => request.init_set_filter(count),
                Use::ReadOn => request.init_set_filter_keeping(count),
                Use::Write => request.init_set_write_filter(count),
            };
            for place in 0..count {
                let bytes: [u8; INSTRUCTION as usize] =
                    guest::get(at.wrapping_add(u64::from(place) * INSTRUCTION))?;
                write(list.reborrow().get(place), bytes);
            }
            Ok(())
        },
        |_, _| Ok(0),
    )
}

fn write(mut to: bpf_instruction::Builder<'_>, bytes: [u8; 8]) {
    let [code_low, code_high, jump_true, jump_false, a, b, c, d] = bytes;
    to.set_code(u16::from_ne_bytes([code_low, code_high]));
    to.set_jump_true(jump_true);
    to.set_jump_false(jump_false);
    to.set_operand(u32::from_ne_bytes([a, b, c, d]));
}

/// The memory in which a packet socket's ring is.
///
/// # Errors
/// `ENODEV` for what has no ring to be mapped; `EINVAL` for one that has none yet.
pub fn memory(cx: &Context, descriptor: i32) -> Result<i32, Errno> {
    let asked = ask(
        cx,
        descriptor,
        0,
        |mut request| {
            request.set_get_memory(());
            Ok(())
        },
        |_, received| received.first().copied().ok_or(Errno::BADMSG),
    );
    asked.map_err(|error| if error == Errno::NOTTY { Errno::NODEV } else { error })
}
