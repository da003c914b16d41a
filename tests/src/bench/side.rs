//! The sides: natively, under the mapper, under its peers.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::catalogue::Benchmark;
use super::command::{Output, run};
use crate::{fetch, manifest};

/// How long a peer may take for `/bin/true` before it counts as one that does not work here.
const TRIAL: Duration = Duration::from_secs(20);

/// One way to run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// As any program of this machine.
    Native,
    /// Under `mapper run`.
    Mapper,
    /// Under gVisor, which catches system calls by seccomp's SIGSYS.
    RunscSystrap,
    /// Under gVisor, which catches system calls by ptrace.
    RunscPtrace,
    /// Under `proot`, which rewrites paths by ptrace.
    Proot,
    /// Under `qemu-x86_64`, which translates every instruction.
    Qemu,
}

impl Side {
    /// Those that need not be there.
    pub const PEERS: [Self; 4] = [Self::RunscSystrap, Self::RunscPtrace, Self::Proot, Self::Qemu];

    /// The peer's program and its entry in the list of guests.
    fn peer(self) -> Option<&'static str> {
        match self {
            Self::Native | Self::Mapper => None,
            Self::RunscSystrap | Self::RunscPtrace => Some("runsc"),
            Self::Proot => Some("proot"),
            Self::Qemu => Some("qemu-x86_64"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Native => "native",
            Self::Mapper => "mapper",
            Self::RunscSystrap => "runsc systrap",
            Self::RunscPtrace => "runsc ptrace",
            Self::Proot => "proot",
            Self::Qemu => "qemu-x86_64",
        })
    }
}

/// A side that can be used, with its file.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Which side.
    pub side: Side,
    /// What it says of its version.
    pub version: String,
    program: PathBuf,
}

impl Runner {
    /// Natively.
    pub fn native() -> Self {
        let version = Output::of("uname", &["-sr"]);
        Self { side: Side::Native, version, program: PathBuf::new() }
    }

    /// Under that mapper; `version` says which it is.
    pub fn mapper(program: PathBuf, version: String) -> Self {
        Self { side: Side::Mapper, version, program }
    }

    /// The peer, installed where this user may and tried with `/bin/true`; or why it cannot be used.
    pub fn peer(side: Side, folder: &Path) -> Result<Self, String> {
        let name = side.peer().ok_or("not a peer")?;
        let entry = manifest::entry(name).ok_or_else(|| format!("guests.toml has no {name}"))?;
        let program = fetch::ensure(entry).map_err(|error| error.to_string())?;
        let text = Output::of(&program.to_string_lossy(), &["--version"]);
        let version = text
            .split_whitespace()
            .find(|word| word.contains('.') && word.contains(|letter: char| letter.is_ascii_digit()))
            .unwrap_or("unknown")
            .to_owned();
        let runner = Self { side, version, program };
        let tried = run(runner.command(Path::new("/bin/true"), &[]).current_dir(folder), TRIAL, false);
        tried.map(|_| runner)
    }

    /// The command that runs that program on this side, in the current folder.
    pub fn command(&self, program: &Path, arguments: &[OsString]) -> Command {
        self.command_with(&[], program, arguments)
    }

    /// The same, with options for `mapper run`.
    pub fn command_with(&self, options: &[OsString], program: &Path, arguments: &[OsString]) -> Command {
        let mut command = match self.side {
            Side::Native => Command::new(program),
            _ => Command::new(&self.program),
        };
        match self.side {
            Side::Native => {}
            Side::Mapper => {
                command.arg("run").args(options).arg("--").arg(program);
            }
            Side::RunscSystrap | Side::RunscPtrace => {
                let platform = if self.side == Side::RunscSystrap { "systrap" } else { "ptrace" };
                command.arg(format!("--platform={platform}"));
                // A sandbox of its own, whose network is a loopback interface alone.
                command.args(["--network=none", "--ignore-cgroups"]);
                if !rustix::process::geteuid().is_root() {
                    command.arg("--rootless");
                }
                command.args(["do", "--"]).arg(program);
            }
            Side::Proot | Side::Qemu => {
                command.arg(program);
            }
        }
        command.args(arguments);
        command
    }

    /// The mapper itself, for its other commands.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Why a benchmark makes no sense on this side.
    pub fn declines(&self, benchmark: &Benchmark) -> Option<&'static str> {
        use super::catalogue::Method;
        match (self.side, benchmark.method) {
            (Side::Native, Method::MapperMemory) => Some("there is no mapper"),
            (Side::Native | Side::Mapper, _) => None,
            (_, Method::PrivateMemory | Method::MapperMemory) => {
                Some("its memory is not a guest's and a mapper's")
            }
            _ if benchmark.name == "esbuild" => Some("runs no programs of FreeBSD"),
            _ if benchmark.name == "burn" => Some("has no recorder"),
            (Side::Qemu, _) => benchmark.not_qemu,
            _ => None,
        }
    }
}
