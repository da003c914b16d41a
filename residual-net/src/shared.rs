//! What is too long for a message.

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::write;
use schemas::Errno;
use schemas::server::Capabilities;

use crate::errno;

/// Most bytes that travel in a message; more goes through a memory object.
pub const INLINE: usize = 24 << 10;

/// Puts what is too long into a memory object that goes with the reply, and gives its length; nothing for what fits.
///
/// # Errors
/// As memfd_create(2) and write(2).
pub fn share(data: &[u8], caps: &mut Capabilities) -> Result<Option<u64>, Errno> {
    if data.len() <= INLINE {
        return Ok(None);
    }
    let memory = memfd_create("packets", MemfdFlags::CLOEXEC).map_err(errno)?;
    let mut rest = data;
    while !rest.is_empty() {
        rest = &rest[write(&memory, rest).map_err(errno)?..];
    }
    caps.donate(memory);
    Ok(Some(data.len() as u64))
}
