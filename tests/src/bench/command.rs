//! Running one command: its wall time, and the processor time of everything that it started.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, wait};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::process::{MARK, kill_marked};

/// How long what a command leaves in the background (the mapper of a guest) may take to end after it.
const GRACE: Duration = Duration::from_secs(5);
/// Characters of the last line that a command says that are kept as the reason of its failure.
const REASON: usize = 300;

/// What a command did that ended well.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its standard output, where it was kept.
    pub text: String,
    /// From before it was started until it had ended.
    pub wall: Duration,
    /// Processor time of it and everything that it started.
    pub processor: Duration,
}

impl Output {
    /// What a short command says on standard output, trimmed, for a report; or that it cannot be run.
    pub fn of(program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        output.map_or_else(
            |error| format!("{program}: {error}"),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    }
}

/// Makes this process the parent of what its children leave behind, so that [`run`] can wait for all of it.
pub fn adopt_orphans() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .expect("Linux has had this since 3.4");
}

/// Has the command run on one processor only, the last that this process may use.
pub fn pin(command: &mut Command) {
    let allowed = sched_getaffinity(None).expect("the set is large enough");
    let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|&number| allowed.is_set(number)) else { return };
    let mut set = CpuSet::new();
    set.set(last);
    // SAFETY: sched_setaffinity is async-signal-safe, and the set is moved in.
    unsafe { command.pre_exec(move || Ok(sched_setaffinity(None, &set)?)) };
}

/// Runs the command to its end, without input. Standard output is kept or goes to `/dev/null`.
///
/// An error is why there is no result: it could not be started, did not end in time, or failed. This process must
/// have no other children, and have called [`adopt_orphans`].
pub fn run(command: &mut Command, within: Duration, keep: bool) -> Result<Output, String> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let mark = format!("bench-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
    let file = || tempfile::tempfile().map_err(|error| format!("no file for its output: {error}"));
    let (mut errors, mut output) = (file()?, file()?);
    let copy = |file: &File| file.try_clone().map_err(|error| error.to_string());
    command.stdin(Stdio::null()).stderr(copy(&errors)?).env(MARK, &mark).process_group(0);
    if keep {
        command.stdout(copy(&output)?);
    } else {
        command.stdout(Stdio::null());
    }
    let before = children_time();
    let start = Instant::now();
    let child = command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let pid = Pid::from_child(&child);
    let in_time = ends(pid, within);
    let wall = start.elapsed();
    if !in_time {
        let _ = kill_process_group(pid, Signal::KILL);
        kill_marked(&mark);
    }
    let status = reap(Some(pid), &mark);
    let processor = children_time().saturating_sub(before);
    if !in_time {
        return Err(format!("not done within {} s", within.as_secs()));
    }
    match status {
        Some(0) => Ok(Output { text: text(&mut output), wall, processor }),
        status => {
            let said = text(&mut errors);
            let last = said.trim().lines().next_back().unwrap_or_default();
            let how =
                status.map_or_else(|| "was killed".to_owned(), |status| format!("exit status {status}"));
            Err(format!("{how}: {}", last.chars().take(REASON).collect::<String>()))
        }
    }
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the child ends within that time. It is left to be reaped.
fn ends(pid: Pid, within: Duration) -> bool {
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
            Ok(count) => return count > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Waits for all children; kills those of the mark that do not end. Returns that child's exit status, nothing when a
/// signal ended it.
pub fn reap(pid: Option<Pid>, mark: &str) -> Option<i32> {
    let mut status = None;
    let mut deadline = Instant::now() + GRACE;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((ended, how))) if Some(ended) == pid => status = how.exit_status(),
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => {
                if Instant::now() > deadline {
                    kill_marked(mark);
                    deadline = Instant::now() + GRACE;
                }
                std::thread::sleep(Duration::from_micros(200));
            }
            Err(_) => return status,
        }
    }
}

/// Processor time of all children that were waited for, and of those that they waited for.
fn children_time() -> Duration {
    // SAFETY: all zeros is a valid rusage, and the pointer is to one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime]
        .iter()
        .map(|time| Duration::new(time.tv_sec.unsigned_abs(), time.tv_usec as u32 * 1000))
        .sum()
}
