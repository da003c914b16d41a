//! A process of its own for the mapper, detached from the guest's.
//!
//! The process that a person started becomes the guest; the mapper serving it is a grandchild of that process,
//! adopted by init, so that the guest has no child it did not make. Forking is sound only while there is a
//! single thread.

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};

/// Which of the two processes this is, after [`detach`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The process that called.
    Foreground,
    /// The detached one.
    Background,
}

/// Splits off a detached process: a session of its own, adopted by init.
///
/// # Panics
/// When the process has more than one thread.
pub fn detach() -> Result<Side, Errno> {
    let threads =
        std::fs::metadata("/proc/self/task").map(|tasks| std::os::unix::fs::MetadataExt::nlink(&tasks));
    assert!(threads.map_or(true, |links| links <= 3), "the mapper forks before it has threads");
    match fork()? {
        Some(child) => {
            // An inherited SIGCHLD disposition of "ignore" reaps the child and answers ECHILD.
            match waitpid(Some(child), WaitOptions::empty()) {
                Ok(Some((_, status))) if status.exit_status() != Some(0) => Err(Errno::AGAIN),
                Ok(_) | Err(Errno::CHILD) => Ok(Side::Foreground),
                Err(errno) => Err(errno),
            }
        }
        None => {
            // A session is made here so that the grandchild can never gain a controlling terminal.
            let _ = rustix::process::setsid();
            match fork() {
                Ok(None) => Ok(Side::Background),
                Ok(Some(_)) => end(0),
                Err(_) => end(1),
            }
        }
    }
}

/// Cuts a background process off from the terminal and the folder it was started in.
///
/// Standard error stays when `keep_error` asks for it, to carry the log. A guest's pipe that nobody reads from becomes
/// an error of the write instead of the end of the process.
pub fn let_go_of_terminal(keep_error: bool) -> std::io::Result<()> {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    if !keep_error {
        rustix::stdio::dup2_stderr(&null)?;
    }
    std::env::set_current_dir("/")
}

/// Closes every descriptor above standard error but those in `keep`.
///
/// A background mapper must not hold the pipes that the guest's parent waits on.
///
/// # Safety
/// Whatever owns one of the other descriptors must never use or close it again.
pub unsafe fn close_others(keep: &mut [BorrowedFd<'_>]) {
    keep.sort_by_key(|descriptor| descriptor.as_raw_fd());
    let mut first = 3;
    for number in keep.iter().map(|descriptor| descriptor.as_raw_fd()) {
        close_range(first, number - 1);
        first = first.max(number + 1);
    }
    close_range(first, i32::MAX);
}

/// Ends a process that shares everything with the one it was forked from, without running its exit handlers.
fn end(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

fn close_range(first: i32, last: i32) {
    if first <= last {
        // SAFETY: the caller names all descriptors of this process that something still owns.
        unsafe { libc::close_range(first as u32, last as u32, 0) };
    }
}

fn fork() -> Result<Option<rustix::process::Pid>, Errno> {
    // SAFETY: there is a single thread, so the child finds every lock free.
    match unsafe { libc::fork() } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN)),
        0 => Ok(None),
        pid => Ok(rustix::process::Pid::from_raw(pid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fork_waits_for_its_child() {
        // Tests run in threads; the child here does nothing but end.
        match fork().unwrap() {
            None => end(7),
            Some(child) => {
                let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(7));
            }
        }
    }
}
