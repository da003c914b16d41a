//! Running a program with a bound on its time, and ending everything that it leaves behind.

use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// The environment variable that marks every process of one test, so that the test ends what it started and
/// nothing else.
pub const MARK: &str = "MAPPER_TEST_MARK";

/// How long output may stay open after the program that was started has ended.
const GRACE: Duration = Duration::from_secs(5);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
    /// It did not end in time and was killed.
    TimedOut,
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Killed(signal.unwrap_or_default()),
        }
    }
}

/// What a finished program leaves, but for its files.
#[derive(Clone)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Everything it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// Everything it wrote to its standard error.
    pub stderr: Vec<u8>,
    /// Whether somebody still held its output open well after it had ended.
    pub held_open: bool,
    /// How long it ran.
    pub elapsed: Duration,
}

impl Outcome {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The outcome itself when it exited with 0.
    ///
    /// # Panics
    /// When it did not, showing all of it.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.end, End::Exited(0), "{self}");
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:?} after {:.2?}", self.end, self.elapsed)?;
        if self.held_open {
            writeln!(formatter, "its output was still held open {GRACE:?} after it had ended")?;
        }
        writeln!(formatter, "--- stdout\n{}", shortened(&self.stdout))?;
        write!(formatter, "--- stderr\n{}", shortened(&self.stderr))
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn shortened(bytes: &[u8]) -> String {
    const SHOWN: usize = 4000;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    if bytes.len() > SHOWN { format!("{text}… ({} bytes in all)", bytes.len()) } else { text.into_owned() }
}

/// What a program gets as its standard input.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// `/dev/null`.
    #[default]
    Nothing,
    /// These bytes through a pipe, then its end.
    Bytes(Vec<u8>),
    /// A pipe that the test holds open.
    Held,
}

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Collector(Arc<(Mutex<Collected>, Condvar)>);

impl Collector {
    fn read(mut source: impl Read + Send + 'static) -> Self {
        let collector = Self::default();
        let shared = collector.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = source.read(&mut buffer).unwrap_or(0);
                let mut collected = shared.locked();
                collected.bytes.extend_from_slice(&buffer[..count]);
                collected.closed = count == 0;
                shared.0.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        collector
    }

    fn locked(&self) -> MutexGuard<'_, Collected> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self, deadline: Instant, mut enough: impl FnMut(&Collected) -> bool) -> bool {
        let mut collected = self.locked();
        loop {
            if enough(&collected) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.1.wait_timeout(collected, left).unwrap_or_else(PoisonError::into_inner);
            collected = waited.0;
        }
    }
}

/// A program that runs. Dropping it ends it and everything of its mark.
pub struct Running {
    child: Child,
    stdin: Option<std::process::ChildStdin>,
    stdout: Collector,
    stderr: Collector,
    mark: String,
    started: Instant,
}

impl Running {
    /// Starts the program in a session of its own, without a terminal.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(mut command: Command, input: &Input, mark: &str) -> Self {
        let stdin = if matches!(input, Input::Nothing) { Stdio::null() } else { Stdio::piped() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).env(MARK, mark);
        // SAFETY: setsid is async-signal-safe and touches no memory of this process.
        unsafe { command.pre_exec(|| Ok(rustix::process::setsid().map(drop)?)) };
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Collector::read(child.stdout.take().expect("piped above"));
        let stderr = Collector::read(child.stderr.take().expect("piped above"));
        let mut stdin = child.stdin.take();
        if let (Input::Bytes(bytes), Some(mut pipe)) =
            (input, stdin.take_if(|_| matches!(input, Input::Bytes(_))))
        {
            let bytes = bytes.clone();
            std::thread::spawn(move || pipe.write_all(&bytes));
        }
        Self { child, stdin, stdout, stderr, mark: mark.to_owned(), started }
    }

    /// The process number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The held standard input.
    pub fn stdin(&mut self) -> Option<&mut std::process::ChildStdin> {
        self.stdin.as_mut()
    }

    /// Ends the held standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }

    /// Everything written to standard output so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.stdout.locked().bytes).into_owned()
    }

    /// Everything written to standard error so far.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr.locked().bytes).into_owned()
    }

    /// Waits until standard output holds the text.
    ///
    /// # Panics
    /// When the output ends or the time is up before that, showing what was written.
    #[track_caller]
    pub fn expect_output(&self, text: &str, within: Duration) {
        self.expect(&self.stdout, text, within);
    }

    /// Waits until standard error holds the text.
    ///
    /// # Panics
    /// As [`Running::expect_output`].
    #[track_caller]
    pub fn expect_errors(&self, text: &str, within: Duration) {
        self.expect(&self.stderr, text, within);
    }

    #[track_caller]
    fn expect(&self, stream: &Collector, text: &str, within: Duration) {
        let holds = |collected: &Collected| {
            collected.bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        stream.wait_until(Instant::now() + within, |collected| collected.closed || holds(collected));
        let found = holds(&stream.locked());
        assert!(
            found,
            "waited {within:?} for {text:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.output(),
            self.errors()
        );
    }

    /// Whether the program has ended by itself within the time; it is not reaped.
    pub fn ended_within(&self, time: Duration) -> bool {
        let Ok(pidfd) = pidfd_open(self.pid(), PidfdFlags::empty()) else { return true };
        let deadline = Instant::now() + time;
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

    /// Waits for the end, kills the program when the time is up, and collects what it left.
    pub fn finish(mut self, within: Duration) -> Outcome {
        let in_time = self.ended_within(within);
        let elapsed = self.started.elapsed();
        if !in_time {
            self.kill_all();
        }
        let status = self.child.wait();
        let end = match (in_time, status) {
            (true, Ok(status)) => End::from(status),
            _ => End::TimedOut,
        };
        let deadline = Instant::now() + GRACE;
        let closed = [&self.stdout, &self.stderr]
            .map(|stream| stream.wait_until(deadline, |collected| collected.closed))
            .iter()
            .all(|closed| *closed);
        self.kill_all();
        Outcome {
            end,
            stdout: std::mem::take(&mut self.stdout.locked().bytes),
            stderr: std::mem::take(&mut self.stderr.locked().bytes),
            held_open: in_time && !closed,
            elapsed,
        }
    }

    fn kill_all(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.kill();
        }
        kill_marked(&self.mark);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_all();
        let _ = self.child.wait();
    }
}

/// The processes that carry the mark, zombies left out.
pub fn marked(mark: &str) -> Vec<Pid> {
    let wanted = format!("{MARK}={mark}");
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(Result::ok)
        .filter_map(|process| {
            let pid = Pid::from_raw(process.file_name().to_str()?.parse().ok()?)?;
            let environment = std::fs::read(process.path().join("environ")).ok()?;
            environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()).then_some(pid)
        })
        .collect()
}

/// Kills every process that carries the mark, also those that such a process starts meanwhile.
pub fn kill_marked(mark: &str) {
    for _ in 0..20 {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
