//! Many idle processes at once, and the memory that they and their mapper take.

use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::command::reap;
use super::side::{Runner, Side};
use super::statistics::quantile;
use crate::process::MARK;

/// How long a world and its guests may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// What each process says when it idles.
const READY: &[u8] = b"ready\n";
const KIB_PER_MIB: f64 = 1024.0;

/// Idle processes, and the mapper of their world.
pub struct Crowd {
    mark: String,
    mapper: Option<Child>,
    processes: Vec<Child>,
    held: Option<PipeWriter>,
}

impl Crowd {
    /// Starts so many processes of the program that idles, and waits until all do. This process must have no other
    /// children.
    pub fn start(runner: &Runner, idler: &Path, count: usize) -> Result<Self, String> {
        let world = format!("bench-{}", std::process::id());
        let (input, held) = std::io::pipe().map_err(|error| error.to_string())?;
        let (said, output) = std::io::pipe().map_err(|error| error.to_string())?;
        let mut crowd =
            Self { mark: format!("crowd-{world}"), mapper: None, processes: Vec::new(), held: Some(held) };
        if runner.side == Side::Mapper {
            let mut up = Command::new(runner.program());
            up.args(["up", "--foreground", "--world", &world]).stdin(Stdio::null()).env(MARK, &crowd.mark);
            crowd.mapper = Some(up.spawn().map_err(|error| format!("mapper up: {error}"))?);
            crowd.wait_for_world(runner, &world)?;
        }
        for _ in 0..count {
            let mut command = runner.command(idler, &["idle".into()]);
            let copy = |end: &dyn AsFd| end.as_fd().try_clone_to_owned().map_err(|error| error.to_string());
            let (input, output): (OwnedFd, OwnedFd) = (copy(&input)?, copy(&output)?);
            command.stdin(input).stdout(output).env(MARK, &crowd.mark).env("MAPPER_WORLD", &world);
            crowd.processes.push(command.spawn().map_err(|error| error.to_string())?);
        }
        drop(output);
        wait_for_words(said, count)?;
        Ok(crowd)
    }

    fn wait_for_world(&self, runner: &Runner, world: &str) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let asked = Command::new(runner.program())
                .args(["servers", "--world", world])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if asked.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("world {world} was not there after {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The median of what each process has for itself alone, in MiB.
    pub fn private_memory(&self) -> Result<f64, String> {
        let private = |process: &Child| {
            Ok(memory(process.id(), "Private_Clean:")? + memory(process.id(), "Private_Dirty:")?)
        };
        let values: Vec<f64> = self.processes.iter().map(private).collect::<Result<_, String>>()?;
        quantile(&values, 0.5).ok_or_else(|| "no process".to_owned())
    }

    /// The resident memory of the mapper, in MiB, what it shares with guests included.
    pub fn mapper_memory(&self) -> Result<f64, String> {
        memory(self.mapper.as_ref().ok_or("no mapper")?.id(), "Rss:")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.held.take());
        for process in &mut self.processes {
            let _ = process.wait();
        }
        if let Some(mapper) = &self.mapper {
            let _ = kill_process(Pid::from_child(mapper), Signal::TERM);
        }
        reap(None, &self.mark);
    }
}

/// Waits until so many processes have said that they are ready.
fn wait_for_words(mut said: PipeReader, count: usize) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let mut missing = count * READY.len();
    let mut buffer = [0; 4096];
    while missing > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let ready = poll(&mut [PollFd::new(&said, PollFlags::IN)], Some(&left));
        let taken = match ready {
            Ok(0) => 0,
            Err(rustix::io::Errno::INTR) => continue,
            _ => said.read(&mut buffer).map_err(|error| error.to_string())?,
        };
        if taken == 0 {
            let ready = count - missing.div_ceil(READY.len());
            return Err(format!("{ready} of {count} processes came to idle"));
        }
        missing = missing.saturating_sub(taken);
    }
    Ok(())
}

/// A line of `/proc/PID/smaps_rollup` (proc(5)), in MiB.
fn memory(pid: u32, line: &str) -> Result<f64, String> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    text.lines()
        .find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse::<f64>().ok())
        .map(|kib| kib / KIB_PER_MIB)
        .ok_or_else(|| format!("{path} has no {line}"))
}
