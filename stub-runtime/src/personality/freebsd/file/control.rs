//! fcntl(2).

use linux_raw_sys::general as abi;
use schemas::Errno;

use super::lock;
use crate::call::Pointer;
use crate::context::Context;
use crate::host::linux::syscall::call;
use crate::operation::{file, open};
use crate::personality::freebsd::flags::*;

/// Flags of an open file that can be changed (`FCNTLFLAGS`, sys/sys/fcntl.h), as far as they are the file's.
const CHANGEABLE: u32 = O_APPEND | O_ASYNC | O_NONBLOCK | O_DIRECT;

/// fcntl(2).
///
/// # Errors
/// As the manual page has them.
pub fn control(cx: &mut Context, descriptor: i32, command: i32, argument: u64) -> Result<u64, Errno> {
    let number = argument as i32;
    match command {
        F_DUPFD => open::duplicate(cx, descriptor, number, false),
        F_DUPFD_CLOEXEC => open::duplicate(cx, descriptor, number, true),
        F_DUP2FD => open::duplicate_to(cx, descriptor, number, false),
        F_DUP2FD_CLOEXEC => open::duplicate_to(cx, descriptor, number, true),
        F_GETFD => open::control(cx, descriptor, abi::F_GETFD, 0),
        F_SETFD => open::control(cx, descriptor, abi::F_SETFD, argument & u64::from(FD_CLOEXEC)),
        F_GETFL => {
            let host = open::control(cx, descriptor, abi::F_GETFL, 0)?;
            Ok(OPEN.from_host(host))
        }
        F_SETFL => {
            let host = OPEN.to_host(argument & u64::from(CHANGEABLE))?;
            open::control(cx, descriptor, abi::F_SETFL, host)
        }
        F_GETOWN => owner(descriptor),
        F_SETOWN => open::control(cx, descriptor, abi::F_SETOWN, argument),
        F_GETLK | F_SETLK | F_SETLKW | F_OGETLK | F_OSETLK | F_OSETLKW => {
            lock::part(cx, descriptor, command, Pointer(argument))
        }
        F_READAHEAD | F_RDAHEAD => {
            let advice = if number != 0 { abi::POSIX_FADV_SEQUENTIAL } else { abi::POSIX_FADV_NORMAL };
            file::advise(cx, descriptor, 0, 0, advice)
        }
        F_ADD_SEALS => {
            let host = SEALS.to_host(u64::from(argument as u32))?;
            open::control(cx, descriptor, abi::F_ADD_SEALS, host)
        }
        F_GET_SEALS => {
            let host = open::control(cx, descriptor, abi::F_GET_SEALS, 0)?;
            Ok(SEALS.from_host(host))
        }
        F_ISUNIONSTACK => open::control(cx, descriptor, abi::F_GETFD, 0).map(|_| 0),
        _ => Err(Errno::INVAL),
    }
}

/// Whom signals go to. The host's F_GETOWN gives a group as a small negative number, which cannot be told from
/// an error, so it is asked for in its longer form.
fn owner(descriptor: i32) -> Result<u64, Errno> {
    // `struct f_owner_ex` (asm-generic/fcntl.h): kind and id; F_OWNER_PGRP is 2.
    let mut owner = [0i32; 2];
    let at = owner.as_mut_ptr() as u64;
    // SAFETY: the kernel writes one structure.
    unsafe { call(abi::__NR_fcntl, [descriptor as u64, u64::from(abi::F_GETOWN_EX), at]) }?;
    Ok(if owner[0] == 2 { -i64::from(owner[1]) as u64 } else { owner[1] as u64 })
}
