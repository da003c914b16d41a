//! Descriptors of processes (pidfd_open(2)): whose they are, by what the host tells of them (`Pid:` of
//! proc_pid_fdinfo(5)).

use schemas::Errno;

use super::hidden;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};

/// The process of a descriptor.
///
/// # Errors
/// `EBADF` for another descriptor, `ESRCH` for a process that was waited for.
pub fn process(descriptor: i32) -> Result<i32, Errno> {
    let mut bytes = [0u8; 512];
    let len = hidden::with_room(|| information(descriptor, &mut bytes))?;
    match parse_pid(&bytes[..len]) {
        Some(pid) if pid > 0 => Ok(pid),
        Some(_) => Err(Errno::SRCH),
        None => Err(Errno::BADF),
    }
}

fn information(descriptor: i32, bytes: &mut [u8]) -> Result<usize, Errno> {
    let mut path = PathBuffer::new();
    path.set_numbered(b"/proc/self/fdinfo/", descriptor)?;
    // SAFETY: path and buffer are ours, and so is the descriptor.
    unsafe {
        let flags = u64::from(O_RDONLY | O_CLOEXEC);
        let file = call(__NR_openat, [AT_FDCWD as u64, path.address(), flags]).map_err(|_| Errno::BADF)?;
        let len = call(__NR_read, [file, bytes.as_mut_ptr() as u64, bytes.len() as u64]);
        let _ = call(__NR_close, [file]);
        len.map(|len| len as usize)
    }
}

fn parse_pid(information: &[u8]) -> Option<i32> {
    let line = information.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Pid:"))?;
    core::str::from_utf8(line).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_stands_among_what_the_host_tells() {
        assert_eq!(
            parse_pid(b"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nPid:\t4711\nNSpid:\t4711\n"),
            Some(4711)
        );
        assert_eq!(parse_pid(b"pos:\t0\nPid:\t-1\n"), Some(-1));
        assert_eq!(parse_pid(b"pos:\t0\nflags:\t0100000\n"), None);
    }
}
