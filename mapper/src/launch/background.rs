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

/// Splits off a detached process, adopted by init. It is in a process group of its own, where neither the terminal's
/// signals nor job control find it, and leaves the session with [`let_go_of_terminal`]: a new session is scheduled
/// apart from the old one (`sched_autogroup`, sched(7)), and this process would wait for that.
///
/// # Panics
/// When the process has more than one thread.
pub fn detach() -> Result<Side, Errno> {
    let threads =
        std::fs::metadata("/proc/self/task").map(|tasks| std::os::unix::fs::MetadataExt::nlink(&tasks));
    assert!(threads.map_or(true, |links| links <= 3), "the mapper forks before it has threads");
    // SAFETY: there is a single thread.
    let child = match unsafe { fork_through_child() } {
        0 => return Ok(Side::Background),
        child @ 1.. => rustix::process::Pid::from_raw(child as i32),
        error => return Err(Errno::from_raw_os_error(-error as i32)),
    };
    // An inherited SIGCHLD disposition of "ignore" reaps the child and answers ECHILD.
    match waitpid(child, WaitOptions::empty()) {
        Ok(Some((_, status))) if status.exit_status() != Some(0) => Err(Errno::AGAIN),
        Ok(_) | Err(Errno::CHILD) => Ok(Side::Foreground),
        Err(errno) => Err(errno),
    }
}

/// Makes a child that makes a child of its own and ends. Returns zero in the latter, and in this process the number of
/// the former, or a negative error.
///
/// The child borrows this process's memory (vfork(2)), so that only one copy is made of it, and runs nothing but what is
/// here: below this function's frame it may use the stack. It leads a process group, in which its child stays, so that
/// the latter leads none and can have a session.
///
/// # Safety
/// There must be a single thread.
unsafe fn fork_through_child() -> i64 {
    let result: i64;
    // SAFETY: the child returns to nothing of this process's; its own child has a copy of all memory, and of the
    // registers but for those that are told.
    unsafe {
        std::arch::asm!(
            "mov eax, {vfork}",
            "syscall",
            "test rax, rax",
            "jnz 3f",
            "xor edi, edi",
            "xor esi, esi",
            "mov eax, {setpgid}",
            "syscall",
            "mov r12, rsp",
            "sub rsp, 128",
            "and rsp, -16",
            "call {fork}",
            "mov rsp, r12",
            "test eax, eax",
            "jz 2f",
            "mov edi, eax",
            "shr edi, 31",
            "mov eax, {exit}",
            "syscall",
            "ud2",
            "2:",
            "xor eax, eax",
            "3:",
            vfork = const libc::SYS_vfork,
            setpgid = const libc::SYS_setpgid,
            exit = const libc::SYS_exit_group,
            fork = sym libc::fork,
            out("rax") result,
            out("r12") _,
            clobber_abi("C"),
        );
    }
    result
}

/// Cuts a background process off from the session, the terminal and the folder it was started in. It leads a session
/// then, and whatever opens a file here says `O_NOCTTY`, so that it never gains a controlling terminal.
///
/// Standard error stays when `keep_error` asks for it, to carry the log. A guest's pipe that nobody reads from becomes
/// an error of the write instead of the end of the process.
pub fn let_go_of_terminal(keep_error: bool) -> std::io::Result<()> {
    rustix::process::setsid()?;
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

fn close_range(first: i32, last: i32) {
    if first <= last {
        // SAFETY: the caller names all descriptors of this process that something still owns.
        unsafe { libc::close_range(first as u32, last as u32, 0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_of_the_child_has_a_copy_and_a_group_that_it_does_not_lead() {
        use std::io::Read;
        let (mut here, there) = std::io::pipe().unwrap();
        let mine = std::hint::black_box([7_u64; 64]);
        // SAFETY: tests run in threads, but the child of the child makes host calls only.
        let child = unsafe { fork_through_child() };
        if child == 0 {
            // SAFETY: no memory is touched but what this process has a copy of.
            unsafe {
                let told = [libc::getpid(), libc::getppid(), libc::getpgrp(), mine[63] as i32];
                libc::write(there.as_raw_fd(), told.as_ptr().cast(), size_of_val(&told));
                libc::_exit(0);
            }
        }
        drop(there);
        let (_, status) =
            waitpid(rustix::process::Pid::from_raw(child as i32), WaitOptions::empty()).unwrap().unwrap();
        assert_eq!(status.exit_status(), Some(0));
        let mut told = [0; 16];
        here.read_exact(&mut told).unwrap();
        let told: Vec<i32> =
            told.chunks(4).map(|word| i32::from_ne_bytes(word.try_into().unwrap())).collect();
        let own = std::process::id() as i32;
        assert!(told[0] != own && told[0] != child as i32 && told[1] != own);
        assert_eq!((told[2], told[3]), (child as i32, 7));
        assert_eq!(mine, [7; 64]);
    }
}
