//! A world with a virtual network, each host of which has a stack of its own: as a user without privilege, where the tests
//! are run by one who has it.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::guest::{guest, mapper};
use crate::manifest::package_folder;
use crate::process::{End, Input, Outcome, Running};

/// How long anything that a test waits for may take.
pub const SOON: Duration = Duration::from_secs(30);

/// A world with that network, in a folder that everybody can enter.
pub struct Lab {
    folder: tempfile::TempDir,
    world: Option<Running>,
}

/// `nobody` and `nogroup` of Debian.
const NOBODY: &str = "65534";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets everybody do everything with a folder.
pub fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
}

/// Waits until something is so.
pub fn until(is: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is() {
        assert!(Instant::now() < deadline, "it does not become so");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Lab {
    /// Starts the world of `deployments/lab.toml`.
    pub fn start() -> Self {
        Self::start_with(|_| String::new())
    }

    /// The same with more in front of that deployment, which may depend on the folder.
    pub fn start_with(more: impl Fn(&Path) -> String) -> Self {
        let folder = tempfile::Builder::new().prefix("lab").tempdir().expect("a folder can be made");
        open_to_all(folder.path());
        let deployment = package_folder().join("deployments/lab.toml");
        let deployment = std::fs::read_to_string(deployment).expect("it is part of the project");
        std::fs::write(folder.path().join("lab.toml"), more(folder.path()) + &deployment)
            .expect("the folder is ours");
        std::fs::create_dir(folder.path().join("runtime")).expect("the folder is ours");
        open_to_all(&folder.path().join("runtime"));
        let mut lab = Self { folder, world: None };
        let world = lab.spawn(&["up", "--world", "lab", "--deployment", "lab.toml"]);
        lab.world = Some(world);
        until(|| {
            let up = lab.ask(&["servers", "--world", "lab"]).end == End::Exited(0);
            assert!(
                up || lab.world.as_ref().is_some_and(|world| world.errors().is_empty()),
                "{:?}",
                lab.errors()
            );
            up
        });
        lab
    }

    fn errors(&self) -> Option<String> {
        self.world.as_ref().map(Running::errors)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the mapper with these arguments.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("lab-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]);
            command.arg(self.binary());
            command
        } else {
            Command::new(mapper())
        };
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_RUNTIME_DIR", self.folder.path().join("runtime")).env("COLUMNS", "400");
        Running::start(command, &Input::Nothing, &mark)
    }

    /// The mapper, where somebody else may run it.
    fn binary(&self) -> std::path::PathBuf {
        self.copied(mapper(), "mapper")
    }

    /// The same, to its end.
    pub fn ask<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
        self.spawn(arguments).finish(SOON)
    }

    /// A guest on the host of its system, or on another.
    pub fn guest(&self, host: Option<&str>, program: &Path, arguments: &[&str]) -> Running {
        let mut words: Vec<String> = ["run", "--world", "lab"].map(str::to_owned).to_vec();
        words.extend(host.iter().flat_map(|host| ["--stack".to_owned(), (*host).to_owned()]));
        words.push("--".to_owned());
        words.push(program.display().to_string());
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        self.spawn(&words)
    }

    /// The same for a program that a copy must be made of, because its own folder may be closed to others.
    pub fn copied(&self, program: &Path, name: &str) -> std::path::PathBuf {
        let copy = self.folder.path().join(name);
        if !copy.exists() {
            // By another process: a child of this one, begun by another test at the same time, could hold the file
            // open for writing, and then nobody may execute it.
            let copied = Command::new("cp").arg(program).arg(&copy).status().expect("there is cp");
            assert!(copied.success());
        }
        copy
    }

    /// A guest on the host of its system, to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        self.guest(None, &guest(program).path, arguments).finish(SOON)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.ask(&["down", "--world", "lab", "--force"]);
        if let Some(world) = self.world.take() {
            world.finish(SOON);
        }
    }
}
