//! Hot paths, by the instructions that they take: unlike times, these are the same on a busy machine.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use tests::guest::{guest, release_example, run_command};
use tests::manifest::package_folder;
use tests::{fetch, manifest};

/// `instructions.toml`: the most that each may take.
#[derive(Deserialize)]
struct Bounds {
    paths: BTreeMap<String, u64>,
    calls: BTreeMap<String, u64>,
}

fn bounds() -> Bounds {
    let path = package_folder().join("instructions.toml");
    toml::from_str(&std::fs::read_to_string(path).expect("it is part of the checkout"))
        .expect("it is well formed")
}

/// Compares what was counted with the bounds.
fn judge(bounds: &BTreeMap<String, u64>, count: impl Fn(&str) -> u64) {
    let counted: Vec<(&str, u64, u64)> =
        bounds.iter().map(|(name, &most)| (name.as_str(), count(name), most)).collect();
    for (name, count, most) in &counted {
        eprintln!("{name}: {count} instructions, at most {most}");
    }
    let over: Vec<_> = counted.iter().filter(|(_, count, most)| count > most).collect();
    assert!(
        over.is_empty(),
        "too many instructions: {over:?} (name, counted, bound); see tests/instructions.toml"
    );
}

#[test]
fn messages_and_their_dispatch() {
    let entry = manifest::entry("valgrind").expect("it is in the list");
    let valgrind = match fetch::ensure(entry) {
        Ok(path) => path,
        Err(why) => {
            eprintln!("skipped: nothing counts instructions here: {why}");
            return;
        }
    };
    let program = release_example("hot_paths");
    judge(&bounds().paths, |name| {
        let (few, many) = (1000, 3000);
        let difference =
            valgrind_count(&valgrind, &program, name, many) - valgrind_count(&valgrind, &program, name, few);
        difference / (many - few)
    });
}

/// All instructions of a run, as callgrind counts them: in its last words, "Collected : COUNT".
fn valgrind_count(valgrind: &Path, program: &Path, path: &str, times: u64) -> u64 {
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([path, &times.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", valgrind.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {}\n{said}", output.status);
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.unwrap_or_else(|| panic!("no count for {path}:\n{said}"))
}

#[test]
fn calls_of_a_guest() {
    let guest = guest("linux-microbench");
    judge(&bounds().calls, |name| {
        let mut command = run_command(&[], &guest.path);
        command.args(["step", name, "/etc/passwd"]);
        Stepped::start(command).count()
    });
}

/// A program that this thread traces (ptrace(2)).
struct Stepped {
    child: Child,
}

/// Why a traced program stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// It executed `int3`.
    Breakpoint,
    /// It made one step.
    Step,
    /// It is about to get this signal.
    Signal(i32),
}

impl Stepped {
    /// Starts the program and attaches to it when it says that it is ready.
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut said = [0; 6];
        let mut stdout = child.stdout.take().expect("piped above");
        stdout.read_exact(&mut said).expect("the program says that it is ready");
        assert_eq!(&said, b"ready\n");
        let stepped = Self { child };
        stepped.request(libc::PTRACE_SEIZE, libc::PTRACE_O_EXITKILL);
        stepped
    }

    /// The instructions between its two breakpoints.
    fn count(mut self) -> u64 {
        let mut stdin = self.child.stdin.take().expect("piped above");
        stdin.write_all(b"x").expect("the program waits for it");
        let mut stop = self.wait();
        while stop != Stop::Breakpoint {
            stop = self.resume(libc::PTRACE_CONT, stop);
        }
        let (mut count, mut before) = (0, 0);
        loop {
            stop = self.resume(libc::PTRACE_SINGLESTEP, stop);
            // Each repetition of a string instruction is a step.
            let at = self.instruction();
            match stop {
                Stop::Breakpoint => return count,
                Stop::Step if at == before => {}
                Stop::Step => count += 1,
                Stop::Signal(_) => {}
            }
            before = at;
            assert!(count < 1_000_000, "the call does not come back");
        }
    }

    /// Lets it go on from a stop, with the signal that it stopped for, until the next one.
    fn resume(&self, request: libc::c_uint, from: Stop) -> Stop {
        let signal = if let Stop::Signal(signal) = from { signal } else { 0 };
        self.request(request, signal);
        self.wait()
    }

    fn wait(&self) -> Stop {
        let mut status = 0;
        // SAFETY: the pointer is to an integer of this frame.
        let pid = unsafe { libc::waitpid(self.pid(), &raw mut status, libc::__WALL) };
        assert!(pid == self.pid() && libc::WIFSTOPPED(status), "the program ended: status {status:#x}");
        match libc::WSTOPSIG(status) {
            libc::SIGTRAP if self.signal_code() == libc::SI_KERNEL => Stop::Breakpoint,
            libc::SIGTRAP => Stop::Step,
            signal => Stop::Signal(signal),
        }
    }

    /// The `si_code` of the signal that it stopped for: `SI_KERNEL` of `int3` on x86.
    fn signal_code(&self) -> i32 {
        // SAFETY: all zeros is a valid siginfo.
        let mut information: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let address = (&raw mut information).cast::<libc::c_void>();
        // SAFETY: the kernel writes one siginfo to where the last argument points.
        let result = unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, self.pid(), 0, address) };
        assert_eq!(result, 0, "PTRACE_GETSIGINFO: {}", std::io::Error::last_os_error());
        information.si_code
    }

    /// The address of the next instruction.
    fn instruction(&self) -> libc::c_long {
        let offset = std::mem::offset_of!(libc::user_regs_struct, rip);
        // SAFETY: reads a register of the stopped program; the last argument is ignored.
        unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, self.pid(), offset, 0) }
    }

    fn request(&self, request: libc::c_uint, data: i32) {
        // SAFETY: the requests made here take a number and touch no memory of this process.
        let result = unsafe { libc::ptrace(request, self.pid(), 0, libc::c_long::from(data)) };
        assert_eq!(result, 0, "ptrace {request:#x}: {}", std::io::Error::last_os_error());
    }

    fn pid(&self) -> libc::pid_t {
        self.child.id().cast_signed()
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
