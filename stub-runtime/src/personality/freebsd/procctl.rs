//! FreeBSD's control of processes (procctl(2), sys/sys/procctl.h): what the host has by prctl(2) and personality(2),
//! of the caller itself.

use schemas::Errno;

use super::signal as numbers;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::{__NR_getpid, __NR_personality, __NR_prctl};
use crate::host::linux::syscall::call;

/// Commands.
mod command {
    pub const REAP_ACQUIRE: i32 = 2;
    pub const REAP_RELEASE: i32 = 3;
    pub const TRACE_SET: i32 = 7;
    pub const TRACE_GET: i32 = 8;
    pub const PARENT_DEATH_SET: i32 = 11;
    pub const PARENT_DEATH_GET: i32 = 12;
    pub const RANDOMIZE_SET: i32 = 13;
    pub const RANDOMIZE_GET: i32 = 14;
    pub const NO_NEW_PRIVILEGES_SET: i32 = 19;
    pub const NO_NEW_PRIVILEGES_GET: i32 = 20;
}

/// Options of the host (linux/prctl.h).
mod option {
    pub const SET_PARENT_DEATH: u64 = 1;
    pub const GET_PARENT_DEATH: u64 = 2;
    pub const GET_DUMPABLE: u64 = 3;
    pub const SET_DUMPABLE: u64 = 4;
    pub const SET_REAPER: u64 = 36;
    pub const GET_REAPER: u64 = 37;
    pub const SET_NO_NEW_PRIVILEGES: u64 = 38;
    pub const GET_NO_NEW_PRIVILEGES: u64 = 39;
}

/// `P_PID`.
const PROCESS: i32 = 0;
/// Values of most commands: on, off, as everything else.
const ENABLE: i32 = 1;
const DISABLE: i32 = 2;
const NO_FORCE: i32 = 3;
/// `PROC_ASLR_ACTIVE`.
const ACTIVE: i32 = i32::MIN;
/// What `PROC_TRACE_STATUS` says of a process that cannot be traced, and of one that is not.
const UNTRACEABLE: i32 = -1;
const UNTRACED: i32 = 0;
/// `ADDR_NO_RANDOMIZE` (linux/personality.h), and the argument that changes nothing.
const NO_RANDOMIZE: u64 = 0x4_0000;
const ASK: u64 = 0xffff_ffff;

fn host(option: u64, argument: u64) -> Result<u64, Errno> {
    // SAFETY: no pointers, but for one word of ours.
    unsafe { call(__NR_prctl, [option, argument, 0, 0, 0]) }
}

/// What the host writes into a word.
fn ask(option: u64) -> Result<i32, Errno> {
    let mut value = 0i32;
    host(option, &raw mut value as u64)?;
    Ok(value)
}

/// personality(2).
fn randomize(value: u64) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_personality, [value]) }
}

/// procctl(2).
///
/// # Errors
/// `EINVAL` for other commands and other processes than the caller, `EBUSY` for who reaps already, `EFAULT`.
pub fn control(_cx: &mut Context, id_type: i32, id: i64, command: i32, data: Pointer) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    let own = unsafe { call::<0>(__NR_getpid, []) }? as i64;
    if id_type != PROCESS || (id != 0 && id != own) {
        return Err(Errno::INVAL);
    }
    match command {
        command::REAP_ACQUIRE | command::REAP_RELEASE => {
            let wanted = command == command::REAP_ACQUIRE;
            if (ask(option::GET_REAPER)? != 0) == wanted {
                return Err(if wanted { Errno::BUSY } else { Errno::INVAL });
            }
            host(option::SET_REAPER, u64::from(wanted))
        }
        command::TRACE_SET => match guest::get(data.0)? {
            ENABLE => host(option::SET_DUMPABLE, 1),
            // Until execve. There is a third value for what comes after that, which the host does not keep.
            DISABLE => host(option::SET_DUMPABLE, 0),
            _ => Err(Errno::INVAL),
        },
        command::TRACE_GET => {
            give(data, if host(option::GET_DUMPABLE, 0)? == 0 { UNTRACEABLE } else { UNTRACED })
        }
        command::PARENT_DEATH_SET => {
            let signal: i32 = guest::get(data.0)?;
            let number = if signal == 0 { 0 } else { numbers::to_host(signal).ok_or(Errno::INVAL)? };
            host(option::SET_PARENT_DEATH, number as u64)
        }
        command::PARENT_DEATH_GET => {
            give(data, numbers::from_host(ask(option::GET_PARENT_DEATH)?).unwrap_or(0))
        }
        command::RANDOMIZE_SET => {
            let now = randomize(ASK)?;
            let new = match guest::get(data.0)? {
                DISABLE => now | NO_RANDOMIZE,
                ENABLE | NO_FORCE => now & !NO_RANDOMIZE,
                _ => return Err(Errno::INVAL),
            };
            randomize(new).map(|_| 0)
        }
        command::RANDOMIZE_GET => {
            let off = randomize(ASK)? & NO_RANDOMIZE != 0;
            give(data, if off { DISABLE } else { NO_FORCE | ACTIVE })
        }
        command::NO_NEW_PRIVILEGES_SET => match guest::get(data.0)? {
            ENABLE => host(option::SET_NO_NEW_PRIVILEGES, 1),
            _ => Err(Errno::INVAL),
        },
        command::NO_NEW_PRIVILEGES_GET => {
            give(data, if host(option::GET_NO_NEW_PRIVILEGES, 0)? != 0 { ENABLE } else { DISABLE })
        }
        _ => Err(Errno::INVAL),
    }
}

fn give(data: Pointer, value: i32) -> Result<u64, Errno> {
    guest::put(data.0, &value)?;
    Ok(0)
}
