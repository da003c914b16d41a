//! Changing code that other threads may be running.
//!
//! The first byte becomes `hlt`, then the rest changes, then the first byte gets its final value; after each step
//! every processor that runs a thread of this address space executes an instruction that orders its instruction
//! stream (membarrier(2), `SYNC_CORE`; Intel SDM volume 3, 9.1.3, cross-modifying code). So a thread sees the old
//! instruction, the new one, or a `hlt`, which no program may execute: the SIGSEGV it gets is the stub's, and the
//! thread tries again when the change is over. A breakpoint would do the same, but SIGTRAP is the guest's to block.

use core::sync::atomic::{AtomicU64, Ordering};

use schemas::Errno;

use crate::guest;
use crate::host::linux::{abi::*, syscall::call};

/// The instruction of one byte that faults in a program (Intel SDM volume 2, HLT).
pub const HALT: u8 = 0xf4;
/// Bytes that change: a jump with a 32-bit displacement.
pub const LENGTH: usize = 5;

/// Size of a page.
const PAGE: u64 = 4096;
const READ_EXECUTE: u64 = (PROT_READ | PROT_EXEC) as u64;
const ALL: u64 = (PROT_READ | PROT_WRITE | PROT_EXEC) as u64;
/// `MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE` and its registration (linux/membarrier.h).
const SYNC_CORE: u64 = 1 << 5;
const REGISTER_SYNC_CORE: u64 = 1 << 6;

/// Counts when code becomes writable, and when it no longer is: odd while it is.
static REPLACEMENTS: AtomicU64 = AtomicU64::new(0);

fn membarrier(command: u64) -> Result<(), Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_membarrier, [command, 0, 0]) }.map(drop)
}

/// Tells the host that code will be changed. It takes milliseconds where there are other threads already.
///
/// # Errors
/// `EINVAL` and `ENOSYS` where the host cannot order instruction streams.
pub fn register() -> Result<(), Errno> {
    membarrier(REGISTER_SYNC_CORE)
}

/// Makes the pages of a range of code writable while `change` works on them.
///
/// # Errors
/// As mprotect(2), and what `change` fails with.
pub fn writable(start: u64, len: u64, change: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
    let first = start & !(PAGE - 1);
    let size = (start + len).next_multiple_of(PAGE) - first;
    // SAFETY: code of the guest, or in place of it, that stays executable; its bytes do not change by this.
    unsafe { call(__NR_mprotect, [first, size, ALL]) }?;
    let result = change();
    // SAFETY: as above.
    unsafe { call(__NR_mprotect, [first, size, READ_EXECUTE]) }?;
    result
}

/// A number that is the same again, and even, where no code has been writable meanwhile.
pub fn replacements() -> u64 {
    REPLACEMENTS.load(Ordering::SeqCst)
}

/// Replaces bytes of code that other threads may be running.
///
/// # Errors
/// As mprotect(2); nothing has changed then. Later steps cannot fail for a range that could be made writable.
pub fn replace(at: u64, bytes: &[u8; LENGTH]) -> Result<(), Errno> {
    REPLACEMENTS.fetch_add(1, Ordering::SeqCst);
    let result = writable(at, LENGTH as u64, || {
        guest::put(at, &HALT)?;
        membarrier(SYNC_CORE)?;
        guest::write(at + 1, &bytes[1..])?;
        membarrier(SYNC_CORE)?;
        guest::put(at, &bytes[0])?;
        membarrier(SYNC_CORE)
    });
    REPLACEMENTS.fetch_add(1, Ordering::SeqCst);
    result
}
