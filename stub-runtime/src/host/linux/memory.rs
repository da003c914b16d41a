//! Host memory for the stub's own use.

use schemas::Errno;

use super::abi;
use super::syscall::call;

/// Readable and writable (`PROT_READ | PROT_WRITE`).
const READ_WRITE: u64 = 3;
/// `MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE`.
const PRIVATE: u64 = 0x2 | 0x20 | 0x4000;

/// Makes memory unusable.
///
/// # Errors
/// As mprotect(2).
pub fn forbid(addr: u64, len: u64) -> Result<(), Errno> {
    // SAFETY: the stub's own memory.
    unsafe { call(abi::__NR_mprotect, [addr, len, 0]) }.map(drop)
}

/// Maps zeroed memory at an address where nothing is.
///
/// # Errors
/// As mmap(2); `EEXIST` where something is.
pub fn map_at(addr: u64, len: u64) -> Result<(), Errno> {
    let flags = PRIVATE | u64::from(abi::MAP_FIXED_NOREPLACE);
    // SAFETY: nothing is replaced.
    unsafe { call(abi::__NR_mmap, [addr, len, READ_WRITE, flags, u64::MAX, 0]) }.map(drop)
}

/// Maps zeroed memory.
///
/// # Errors
/// As mmap(2).
pub fn map(len: u64) -> Result<u64, Errno> {
    // SAFETY: new memory at a place the kernel chooses.
    unsafe { call(abi::__NR_mmap, [0, len, READ_WRITE, PRIVATE, u64::MAX, 0]) }
}

/// Maps a descriptor: writable and shared, or read-only and shared.
///
/// # Errors
/// As mmap(2).
pub fn map_shared(descriptor: i32, len: u64, writable: bool) -> Result<u64, Errno> {
    let protection = if writable { READ_WRITE } else { 1 };
    // SAFETY: new memory at a place the kernel chooses.
    unsafe { call(abi::__NR_mmap, [0, len, protection, 1, descriptor as u64, 0]) }
}

/// Gives memory back.
pub fn release(addr: u64, len: u64) {
    // SAFETY: the caller owns the mapping.
    let _ = unsafe { call(abi::__NR_munmap, [addr, len]) };
}
