//! A program on a terminal, driven as a person would.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::case::environment;
use crate::guest::{Guest, run_command};
use crate::process::{End, MARK, kill_marked};

/// The master side of a terminal and the program on it. Dropping it ends both.
pub struct Terminal {
    master: Option<File>,
    child: Child,
    seen: Vec<u8>,
    looked_at: usize,
    mark: String,
    _home: tempfile::TempDir,
}

impl Guest {
    /// Starts the guest under the mapper on a terminal of its own.
    pub fn on_terminal(&self, arguments: &[&str]) -> Terminal {
        Terminal::start(run_command(&[], &self.path), arguments)
    }

    /// Starts the twin natively on a terminal of its own.
    pub fn twin_on_terminal(&self, arguments: &[&str]) -> Terminal {
        Terminal::start(Command::new(&self.twin), arguments)
    }
}

impl Terminal {
    /// Starts the command in a new session that a new terminal of 24 lines of 80 columns controls.
    ///
    /// # Panics
    /// When the machine has no terminal left or the command cannot be started.
    #[track_caller]
    pub fn start(mut command: Command, arguments: &[&str]) -> Self {
        let home = tempfile::Builder::new().prefix("mapper-test-").tempdir().expect("room for a folder");
        for name in ["work", "tmp"] {
            std::fs::create_dir(home.path().join(name)).expect("a fresh folder takes folders");
        }
        let mark = home.path().display().to_string();
        let (master, slave) = open_pair();
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })
            .expect("a new terminal takes a size");
        let side = || Stdio::from(slave.try_clone().expect("descriptors are left"));
        command.args(arguments).stdin(side()).stdout(side()).stderr(side());
        command.env_clear().envs(environment(home.path())).env("TERM", "dumb").env(MARK, &mark);
        command.current_dir(home.path().join("work"));
        // SAFETY: both calls are async-signal-safe and touch no memory of this process.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                // SAFETY: descriptor 0 was made the terminal just before and stays open.
                let terminal = std::os::fd::BorrowedFd::borrow_raw(0);
                Ok(rustix::process::ioctl_tiocsctty(terminal)?)
            });
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { master: Some(master.into()), child, seen: Vec::new(), looked_at: 0, mark, _home: home }
    }

    /// The process number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The mark of everything that runs on it.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Types something. `\x03` is Ctrl-C, `\x04` Ctrl-D, `\x1a` Ctrl-Z.
    pub fn send(&mut self, keys: &str) {
        let master = self.master.as_mut().expect("the terminal is open");
        master.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// Waits until the text shows behind what was waited for last, and returns what stands between.
    ///
    /// # Panics
    /// When the terminal is closed or the time is up before that, showing everything seen.
    #[track_caller]
    pub fn expect(&mut self, text: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            let new = &self.seen[self.looked_at..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                let before = String::from_utf8_lossy(&new[..at]).into_owned();
                self.looked_at += at + text.len();
                return before;
            }
            if !self.read_more(deadline) {
                panic!("waited {within:?} for {text:?} on the terminal, which shows:\n{}", self.screen());
            }
        }
    }

    /// Everything shown since the start.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Closes the terminal under the program, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.master = None;
    }

    /// Waits for the program's end and returns it with everything shown.
    pub fn finish(mut self, within: Duration) -> (End, String) {
        let deadline = Instant::now() + within;
        let mut end = End::TimedOut;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                end = status.into();
                while self.read_more(Instant::now() + Duration::from_millis(100)) {}
                break;
            }
            self.read_more((Instant::now() + Duration::from_millis(20)).min(deadline));
            if self.master.is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        (end, self.screen())
    }

    fn read_more(&mut self, deadline: Instant) -> bool {
        let Some(master) = self.master.as_mut() else { return false };
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(&master.as_fd(), PollFlags::IN)], Some(&left)) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return true,
            Err(_) => return false,
        }
        let mut buffer = [0; 4096];
        // A terminal that nobody holds any more answers with EIO (tty_ioctl(4), pty(7)).
        let count = master.read(&mut buffer).unwrap_or(0);
        self.seen.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = kill_process(self.pid(), Signal::KILL);
        }
        kill_marked(&self.mark);
        let _ = self.child.wait();
    }
}

fn open_pair() -> (OwnedFd, OwnedFd) {
    let master =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal is left");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("the terminal is ours");
    let name = ptsname(&master, Vec::new()).expect("a terminal has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(name, flags, Mode::empty()).expect("its other side opens");
    (master, slave)
}
