//! `mapper identify`: what a file is, by which evidence, and whether it can be run here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use schemas::Personality;
use sim::exec::report::{Entry, HEADINGS};
use sim::exec::signature::{Os, Question, identify_path};
use sim::exec::sysroots::Sysroots;

use super::{FAILURE, Failure, print};
use crate::deployment::Deployment;

/// Tells for which OS programs were compiled, how that is known, and whether they can be run here.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Take the sysroots from this file rather than the built-in deployment.
    #[arg(long, value_name = "FILE")]
    deployment: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let deployment = match &arguments.deployment {
        Some(path) => {
            Deployment::load(path).map_err(|error| Failure::with_status(FAILURE, error.to_string()))?
        }
        None => Deployment::built_in(),
    };
    let sysroots = sysroots(deployment.trees());
    let entries: Vec<_> =
        arguments.files.iter().map(|file| Entry::of(&Question::new(file, &sysroots).thoroughly())).collect();
    if arguments.json {
        print::json(&entries)
    } else {
        print::table(&HEADINGS, entries.iter().map(Entry::row))
    }
}

/// What is to be executed for a program: itself, or the interpreter at the end of a script's chain.
pub(super) struct Target {
    /// The file to load.
    pub path: PathBuf,
    /// Whether that is the path of a guest, as the interpreter of a script is named, and not one of the host.
    pub searched: bool,
    /// Its OS.
    pub personality: Personality,
    /// Its argument vector.
    pub command: Vec<OsString>,
}

/// Identifies the program of `mapper run`, given where each OS's own files are; the error says in a sentence what it is
/// and why it cannot be run.
pub(super) fn target<'a>(
    own: impl Iterator<Item = (Personality, &'a Path)>,
    program: &Path,
    os: Option<Personality>,
    command: Vec<OsString>,
) -> Result<Target, String> {
    let sysroots = sysroots(own);
    let question = Question::new(program, &sysroots).with_os(os.map(Os::from));
    let identity = identify_path(&question).map_err(|error| error.to_string())?;
    identity.runnable.as_ref().map_err(|reason| reason.to_string())?;
    let personality =
        identity.os.and_then(Os::personality).ok_or("no OS is known for it; name one with --os")?;
    let (path, command) = identity.command(program, command);
    let searched = path != program;
    Ok(Target { path, searched, personality, command })
}

/// Where guests find their files: in their OS's own sysroot, then in what is shared.
fn sysroots<'a>(own: impl Iterator<Item = (Personality, &'a Path)>) -> Sysroots {
    let mut sysroots = Sysroots::new();
    for (personality, directory) in own {
        // A sysroot that is not there holds nothing; whether that is an error is for `run` to say.
        let _ = sysroots.add(Os::from(personality), directory);
    }
    for personality in Personality::ALL {
        let _ = sysroots.add(Os::from(personality), "/");
    }
    sysroots
}
