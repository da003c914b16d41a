//! The state in which a Linux x86-64 program starts (System V ABI AMD64 supplement, 3.4.1).

use linux_raw_sys::auxvec::{AT_BASE, AT_ENTRY, AT_EXECFN, AT_PHDR, AT_PHENT, AT_PHNUM};
use schemas::Errno;

use crate::context::{Context, Frame};
use crate::guest;
use crate::loader::Image;

/// Builds argument vector, environment and auxiliary vector below the strings the host put there.
pub fn start(_cx: &mut Context, image: &Image<'_>) -> Result<Frame, Errno> {
    let replaced = [
        (AT_PHDR, image.headers),
        (AT_PHNUM, u64::from(image.header_count)),
        (AT_PHENT, 56),
        (AT_BASE, image.interpreter_base),
        (AT_ENTRY, image.program_entry),
        (AT_EXECFN, image.path_address),
    ];
    let words = 1 + image.argc + 1 + image.envc + 1 + 2 * image.auxiliary.len();
    let base = (image.stack - 8 * words as u64) & !15;
    let mut at = image.push_vectors(base)?;
    for &(key, value) in image.auxiliary {
        let value = replaced.iter().find(|(k, _)| u64::from(*k) == key).map_or(value, |(_, v)| *v);
        guest::put(at, &[key, value])?;
        at += 16;
    }
    Ok(Frame { rip: image.entry, rsp: base, rflags: 0x202, ..Frame::default() })
}
