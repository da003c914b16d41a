//! Locks on files, whole or in part. Numbers and layout are the host's.

use schemas::{Errno, Operation, file};

use crate::context::Context;
use crate::host::linux::{abi::*, syscall::call_blocking};
use crate::operation::ask::{ask_descriptor, is_device, is_mapped};

crate::layout! {
    /// `struct flock` (asm-generic/fcntl.h).
    pub struct Record: 32 {
        pub kind: i16,
        pub whence: i16,
        pub pad: i32,
        pub start: i64,
        pub length: i64,
        pub pid: i32,
        pub pad2: i32,
    }
}

/// Nanoseconds between two questions whether a lock is free, where a server keeps it.
const PAUSE: i64 = 10_000_000;

/// Numbers of the sort of lock in a message.
const WHOLE: u32 = 0;
const PROCESS: u32 = 1;
const OPEN_FILE: u32 = 2;

/// flock(2).
///
/// # Errors
/// As the host's.
pub fn whole(cx: &mut Context, descriptor: i32, how: u32) -> Result<u64, Errno> {
    // A device's descriptor is a file of the host's, of which each open has its own.
    if is_device(cx, descriptor) || !is_mapped(cx, Operation::FileLock, descriptor, Errno::OPNOTSUPP)? {
        // SAFETY: no pointers.
        return unsafe { call_blocking(__NR_flock, [descriptor as u64, u64::from(how)]) };
    }
    let kind = match how & !LOCK_NB {
        LOCK_SH => F_RDLCK,
        LOCK_EX => F_WRLCK,
        LOCK_UN => F_UNLCK,
        _ => return Err(Errno::INVAL),
    };
    let mut record = Record { kind: kind as i16, ..Record::default() };
    at_server(cx, descriptor, WHOLE, how & LOCK_NB == 0, false, &mut record)
}

/// fcntl(2) with `F_GETLK`, `F_SETLK`, `F_SETLKW` or their `F_OFD_` forms.
///
/// # Errors
/// As the host's.
pub fn part(cx: &mut Context, descriptor: i32, command: u32, record: &mut Record) -> Result<u64, Errno> {
    if is_device(cx, descriptor) || !is_mapped(cx, Operation::FileLock, descriptor, Errno::INVAL)? {
        let at = core::ptr::from_mut(record) as u64;
        // SAFETY: the record is ours.
        return unsafe { call_blocking(__NR_fcntl, [descriptor as u64, u64::from(command), at]) };
    }
    let kind = if matches!(command, F_OFD_GETLK | F_OFD_SETLK | F_OFD_SETLKW) { OPEN_FILE } else { PROCESS };
    let test = matches!(command, F_GETLK | F_OFD_GETLK);
    let wait = matches!(command, F_SETLKW | F_OFD_SETLKW);
    at_server(cx, descriptor, kind, wait, test, record)
}

/// Whether a command of fcntl(2) is about locks on parts of a file.
pub fn is_part(command: u32) -> bool {
    matches!(command, F_GETLK | F_SETLK | F_SETLKW | F_OFD_GETLK | F_OFD_SETLK | F_OFD_SETLKW)
}

/// Asks the server, which never waits itself, until it grants the lock.
fn at_server(
    cx: &mut Context,
    descriptor: i32,
    kind: u32,
    wait: bool,
    test: bool,
    record: &mut Record,
) -> Result<u64, Errno> {
    loop {
        let asked = *record;
        let answer = ask_descriptor!(
            cx,
            FileLock,
            file::lock,
            descriptor,
            0,
            |params| {
                params.set_kind(kind);
                params.set_type(asked.kind as u32);
                params.set_wait(wait);
                params.set_test(test);
                params.set_whence(asked.whence as u32);
                params.set_start(asked.start);
                params.set_length(asked.length);
            },
            |results| Record {
                kind: results.get_type() as i16,
                whence: results.get_whence() as i16,
                start: results.get_start(),
                length: results.get_length(),
                pid: results.get_pid(),
                ..Record::default()
            }
        );
        match answer {
            Err(Errno::AGAIN) if wait => {
                let pause = [0, PAUSE];
                // SAFETY: the time is ours.
                unsafe { call_blocking(__NR_nanosleep, [pause.as_ptr() as u64, 0]) }?;
            }
            Err(error) => return Err(error),
            Ok(answer) => {
                if test {
                    *record = answer;
                }
                return Ok(0);
            }
        }
    }
}
