//! The mask of permissions that new files do not get. The host applies it where it makes files itself; servers are
//! told what is left.

use core::sync::atomic::Ordering;

use schemas::Errno;

use crate::context::Context;
use crate::host::linux::{abi::__NR_umask, syscall::call};

/// Stands for a mask that has not been looked at.
pub const UNKNOWN: u32 = u32::MAX;

/// umask(2).
///
/// # Errors
/// None.
pub fn set(cx: &mut Context, mask: u32) -> Result<u64, Errno> {
    cx.process().creation_mask.store(mask & 0o777, Ordering::Relaxed);
    // SAFETY: no pointers.
    unsafe { call(__NR_umask, [u64::from(mask)]) }
}

/// The mask now.
pub fn get(cx: &Context) -> u32 {
    let mask = &cx.process().creation_mask;
    if mask.load(Ordering::Relaxed) == UNKNOWN {
        // The host tells it only to who sets it; a thread that makes a file just now makes it for its owner alone.
        // SAFETY: no pointers.
        unsafe {
            let own = call(__NR_umask, [0o077]).unwrap_or(0o022);
            let _ = call(__NR_umask, [own]);
            mask.store(own as u32, Ordering::Relaxed);
        }
    }
    mask.load(Ordering::Relaxed)
}
