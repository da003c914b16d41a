//! Naming a guest, and the mapper that runs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::process::{Input, Outcome, Running};
use crate::{fetch, manifest};

/// A program to be run under the mapper, and the one that says what is right.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Its name in the list.
    pub name: String,
    /// The system it was compiled for.
    pub os: String,
    /// Its file.
    pub path: PathBuf,
    /// The file that is run natively.
    pub twin: PathBuf,
}

/// The guest of that name, fetched together with its twin where it is not on the machine yet.
///
/// # Panics
/// When the list has no such guest or it cannot be fetched: a test that needs it cannot judge anything.
#[track_caller]
pub fn guest(name: &str) -> Guest {
    let entry = manifest::entry(name).unwrap_or_else(|| panic!("guests.toml has no {name}"));
    let path = fetched(entry);
    let twin = match &entry.twin {
        Some(twin) => fetched(
            manifest::entry(twin).unwrap_or_else(|| panic!("guests.toml has no {twin}, the twin of {name}")),
        ),
        None => path.clone(),
    };
    Guest { name: name.to_owned(), os: entry.os.clone(), path, twin }
}

#[track_caller]
fn fetched(entry: &manifest::Entry) -> PathBuf {
    fetch::ensure(entry).unwrap_or_else(|error| panic!("{}: {error}", entry.name))
}

/// The `mapper` under test: `MAPPER_UNDER_TEST`, or the one of this checkout, built in the profile of the
/// tests themselves.
///
/// # Panics
/// When it cannot be built.
pub fn mapper() -> &'static Path {
    static MAPPER: OnceLock<PathBuf> = OnceLock::new();
    MAPPER.get_or_init(|| {
        if let Some(path) = std::env::var_os("MAPPER_UNDER_TEST") {
            return path.into();
        }
        let profile = own_profile();
        let release = profile.file_name().is_some_and(|name| name == "release");
        build(&["--bin", "mapper"], release);
        profile.join("mapper")
    })
}

/// A program of `mapper/examples`, built as released.
///
/// # Panics
/// When it cannot be built.
pub fn release_example(name: &str) -> PathBuf {
    build(&["--example", name], true);
    own_profile().with_file_name("release").join("examples").join(name)
}

/// The folder of the profile that the running program was built in, `target/debug` for example.
fn own_profile() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let inside = ["deps", "examples"].map(OsStr::new);
    let mut folders = program.ancestors().skip(1);
    let profile = folders.find(|folder| folder.file_name().is_some_and(|name| !inside.contains(&name)));
    profile.expect("a test lies below its profile's folder").to_owned()
}

/// Builds something of the mapper's package beside the running program.
fn build(what: &[&str], release: bool) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--package", "mapper"])
        .args(what)
        .current_dir(manifest::package_folder());
    if let Some(target) = own_profile().parent() {
        build.arg("--target-dir").arg(target);
    }
    if release {
        build.arg("--release");
    }
    let built = build.output().unwrap_or_else(|error| panic!("{build:?}: {error}"));
    assert!(built.status.success(), "{build:?}:\n{}", String::from_utf8_lossy(&built.stderr));
}

/// Runs another command of the mapper than `run`, with these variables added to the environment.
pub fn ask<A: AsRef<OsStr>>(arguments: &[A], environment: &[(&str, &Path)]) -> Outcome {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let mark = format!("ask-{}-{}", std::process::id(), ASKED.fetch_add(1, Ordering::Relaxed));
    let mut command = Command::new(mapper());
    command.args(arguments).env("COLUMNS", "400").envs(environment.iter().copied());
    Running::start(command, &Input::Nothing, &mark).finish(Duration::from_secs(30))
}

/// `mapper run FLAGS… -- PROGRAM`, with the flags of `MAPPER_RUN_FLAGS` before those given.
pub fn run_command(flags: &[String], program: &Path) -> Command {
    let mut command = Command::new(mapper());
    command.arg("run");
    if let Ok(everywhere) = std::env::var("MAPPER_RUN_FLAGS") {
        command.args(everywhere.split_whitespace());
    }
    command.args(flags).arg("--").arg(program);
    command
}
