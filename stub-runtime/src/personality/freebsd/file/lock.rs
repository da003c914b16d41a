//! flock(2) and the locks of fcntl(2).

use linux_raw_sys::general as abi;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::lock::{self, Record};
use crate::personality::freebsd::flags::*;

crate::layout! {
    /// `struct flock` (sys/sys/fcntl.h).
    pub struct FileLock: 32 {
        pub start: i64,
        pub len: i64,
        pub pid: i32,
        pub kind: i16,
        pub whence: i16,
        pub sysid: i32,
        pub pad: i32,
    }

    /// `struct __oflock`: without a system id.
    pub struct OldFileLock: 24 {
        pub start: i64,
        pub len: i64,
        pub pid: i32,
        pub kind: i16,
        pub whence: i16,
    }
}

/// The host's form of a lock.
///
/// # Errors
/// `EINVAL` for a kind that is not of fcntl(2).
pub fn to_host(lock: &OldFileLock) -> Result<Record, Errno> {
    Ok(Record {
        kind: LOCK_KIND.to_host(i32::from(lock.kind))? as i16,
        whence: lock.whence,
        start: lock.start,
        length: lock.len,
        pid: lock.pid,
        ..Record::default()
    })
}

/// FreeBSD's form of the host's.
pub fn from_host(record: &Record) -> OldFileLock {
    OldFileLock {
        start: record.start,
        len: record.length,
        pid: record.pid,
        kind: LOCK_KIND.from_host(i32::from(record.kind)).unwrap_or(F_UNLCK) as i16,
        whence: record.whence,
    }
}

/// fcntl(2) with a command for locks; the old ones for programs before FreeBSD 8.
///
/// # Errors
/// As the host's; `EINVAL`, `EFAULT`.
pub fn part(cx: &mut Context, descriptor: i32, command: i32, at: Pointer) -> Result<u64, Errno> {
    // Both structures start alike.
    let given: OldFileLock = guest::get(at.0)?;
    let mut record = to_host(&given)?;
    let host = match command {
        F_GETLK | F_OGETLK => abi::F_GETLK,
        F_SETLK | F_OSETLK => abi::F_SETLK,
        _ => abi::F_SETLKW,
    };
    lock::part(cx, descriptor, host, &mut record)?;
    if host == abi::F_GETLK {
        let mut found = from_host(&record);
        if found.kind == F_UNLCK as i16 {
            // Nothing but the kind is changed (fcntl(2)).
            found = OldFileLock { kind: found.kind, ..given };
        }
        guest::put(at.0, &found)?;
        if command == F_GETLK {
            guest::put(at.0 + size_of::<OldFileLock>() as u64, &0i32)?;
        }
    }
    Ok(0)
}

/// flock(2).
///
/// # Errors
/// As the host's.
pub fn whole(cx: &mut Context, descriptor: i32, how: u32) -> Result<u64, Errno> {
    // LOCK_SH, LOCK_EX, LOCK_NB and LOCK_UN have the host's numbers.
    lock::whole(cx, descriptor, FLOCK.to_host(u64::from(how))? as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_are_where_the_header_has_them() {
        assert_eq!(offset_of!(FileLock, pid), 16);
        assert_eq!(offset_of!(FileLock, kind), 20);
        assert_eq!(offset_of!(FileLock, whence), 22);
        assert_eq!(offset_of!(FileLock, sysid), 24);
        assert_eq!(offset_of!(OldFileLock, whence), offset_of!(FileLock, whence));
        assert_eq!(offset_of!(Record, start), 8);
        assert_eq!(offset_of!(Record, pid), 24);
    }

    #[test]
    fn locks_go_there_and_back() {
        for (kind, host) in [(F_RDLCK, abi::F_RDLCK), (F_UNLCK, abi::F_UNLCK), (F_WRLCK, abi::F_WRLCK)] {
            let lock = OldFileLock { start: 5, len: -3, pid: 77, kind: kind as i16, whence: 1 };
            let record = to_host(&lock).unwrap();
            assert_eq!(record.kind, host as i16);
            assert_eq!((record.whence, record.start, record.length, record.pid), (1, 5, -3, 77));
            let back = from_host(&record);
            assert_eq!((back.start, back.len, back.pid, back.kind, back.whence), (5, -3, 77, kind as i16, 1));
        }
        for kind in [0, F_UNLCKSYS, F_CANCEL, -1] {
            let lock = OldFileLock { kind: kind as i16, ..OldFileLock::default() };
            assert_eq!(to_host(&lock).err(), Some(Errno::INVAL));
        }
    }
}
