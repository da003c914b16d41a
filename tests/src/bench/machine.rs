//! On what it was measured.

use std::fs;
use std::process::Command;

use serde::Serialize;

use super::command::Output;
use super::side::Runner;
use crate::manifest;

/// The machine and the versions.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor, and how many of it there are.
    pub processor: String,
    /// How many processors this process may use.
    pub processors: usize,
    /// Memory in MiB.
    pub memory: u64,
    /// The hypervisor, where there is one.
    pub hypervisor: Option<String>,
    /// The Debian version.
    pub debian: String,
    /// When it was measured.
    pub date: String,
    /// The load averages when it began.
    pub load: String,
    /// Each side with its version, or why it was left out.
    pub sides: Vec<(String, String)>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let kib = field(&read("/proc/meminfo"), "MemTotal");
        let kib = kib.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: kib.unwrap_or_default() / 1024,
            hypervisor: field(&Output::of("lscpu", &[]), "Hypervisor vendor"),
            debian: read("/etc/debian_version").trim().to_owned(),
            date: Output::of("date", &["-u", "+%Y-%m-%d %H:%M"]),
            load: read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
            sides: Vec::new(),
        }
    }

    /// Adds a side, or why there is none.
    pub fn add(&mut self, side: impl ToString, found: Result<&Runner, &String>) {
        let word = match found {
            Ok(runner) => runner.version.clone(),
            Err(why) => format!("skipped: {why}"),
        };
        self.sides.push((side.to_string(), word));
    }

    /// In lines.
    pub fn lines(&self) -> String {
        let hypervisor =
            self.hypervisor.as_ref().map_or(String::new(), |name| format!(", a guest of {name}"));
        let mut text = format!(
            "{} UTC, {} × {}{hypervisor}, {} MiB, Debian {}, load {}\n",
            self.date, self.processors, self.processor, self.memory, self.debian, self.load
        );
        for (side, word) in &self.sides {
            text += &format!("{side}: {word}\n");
        }
        text
    }
}

/// The commit of this checkout, with a word when there are changes beside it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(manifest::package_folder()).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    match (commit.is_empty(), changed.is_empty()) {
        (true, _) => "of an unknown commit".to_owned(),
        (false, true) => commit,
        (false, false) => format!("{commit} with changes"),
    }
}
