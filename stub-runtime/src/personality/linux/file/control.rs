//! fcntl(2).

use linux_raw_sys::general::*;
use schemas::{Errno, Operation};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call_blocking;
use crate::operation::ask::is_native;
use crate::operation::lock::{self, Record};
use crate::operation::open;

/// fcntl(2).
///
/// # Errors
/// As the host's.
pub fn control(cx: &mut Context, descriptor: i32, command: i32, argument: u64) -> Result<u64, Errno> {
    let command = command as u32;
    match command {
        F_DUPFD | F_DUPFD_CLOEXEC => {
            open::duplicate(cx, descriptor, argument as i32, command == F_DUPFD_CLOEXEC)
        }
        _ if lock::is_part(command) => part(cx, descriptor, command, Pointer(argument)),
        _ => open::control(cx, descriptor, command, argument),
    }
}

fn part(cx: &mut Context, descriptor: i32, command: u32, at: Pointer) -> Result<u64, Errno> {
    if is_native(cx, Operation::FileLock, descriptor) {
        // SAFETY: the guest's structure, which the kernel checks.
        return unsafe { call_blocking(__NR_fcntl, [descriptor as u64, u64::from(command), at.0]) };
    }
    let mut record: Record = guest::get(at.0)?;
    lock::part(cx, descriptor, command, &mut record)?;
    if matches!(command, F_GETLK | F_OFD_GETLK) {
        guest::put(at.0, &record)?;
    }
    Ok(0)
}
