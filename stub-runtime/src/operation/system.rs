//! What a guest may know of the machine.

use crate::host::linux::{abi, syscall::call};

/// How many processors the guest may use.
pub fn processors() -> u64 {
    let mut set = [0u8; 1024];
    // SAFETY: the kernel writes our buffer.
    let len = unsafe { call(abi::__NR_sched_getaffinity, [0, set.len() as u64, set.as_mut_ptr() as u64]) };
    let used = &set[..len.map_or(0, |len| len as usize)];
    used.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>().max(1)
}
