//! One run of a guest beside one run of its twin.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::guest::{Guest, run_command};
use crate::process::{Input, Outcome, Running};
use crate::tree::Tree;

/// Prepares the folder that a program is then run in.
type Setup = Arc<dyn Fn(&Path)>;
/// Takes out of an output what two runs may differ in.
type Normalise = Arc<dyn Fn(Vec<u8>) -> Vec<u8>>;

/// What to run, and with what. Both sides run in a folder of the same name, made anew for each.
#[derive(Clone)]
pub struct Case {
    guest: Guest,
    flags: Vec<String>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Input,
    setup: Vec<Setup>,
    normalise: Option<Normalise>,
    left_out: Vec<String>,
    timeout: Duration,
}

/// What one side did.
#[derive(Clone)]
pub struct Side {
    /// Its output and its end.
    pub outcome: Outcome,
    /// The files it left.
    pub tree: Tree,
}

/// One side while it runs, with its folder.
pub struct Started {
    /// The program.
    pub running: Running,
    /// The folder it was started in.
    pub folder: PathBuf,
    home: tempfile::TempDir,
}

impl Started {
    /// The mark of everything that was started for it.
    pub fn mark(&self) -> String {
        mark(&self.home)
    }
}

impl Guest {
    /// A case that runs this guest with these arguments.
    pub fn case<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Case {
        Case {
            guest: self.clone(),
            flags: Vec::new(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            input: Input::Nothing,
            setup: Vec::new(),
            normalise: None,
            left_out: Vec::new(),
            timeout: Duration::from_secs(60),
        }
    }
}

impl Case {
    /// Adds flags of `mapper run`; the twin knows nothing of them.
    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Adds arguments behind those given.
    pub fn more_arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment, which else holds only what [`environment`] says: a plain
    /// `PATH`, `HOME` and `TMPDIR` in the run's folder, the C locale in UTF-8 and the time zone UTC.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Gives these bytes as standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Keeps standard input open, for [`Case::start_guest`].
    pub fn held_stdin(mut self) -> Self {
        self.input = Input::Held;
        self
    }

    /// Prepares the folder before the run.
    pub fn setup(mut self, setup: impl Fn(&Path) + 'static) -> Self {
        self.setup.push(Arc::new(setup));
        self
    }

    /// Puts a file into the folder before the run.
    pub fn file(self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        let (path, text) = (path.to_owned(), text.into());
        self.setup(move |folder| {
            let path = folder.join(&path);
            fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("a fresh folder takes folders");
            fs::write(&path, &text).expect("a fresh folder takes files");
        })
    }

    /// Takes out of both outputs what two runs may differ in, for example a time.
    pub fn normalise(mut self, normalise: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> Self {
        self.normalise = Some(Arc::new(normalise));
        self
    }

    /// Leaves files at or below these paths out of the comparison.
    pub fn leave_out(mut self, paths: &[&str]) -> Self {
        self.left_out.extend(paths.iter().map(|path| (*path).to_owned()));
        self
    }

    /// Bounds the time of each side; a minute where nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs the guest under the mapper.
    #[track_caller]
    pub fn run(&self) -> Side {
        let home = fresh();
        self.side(&home, self.guest_command())
    }

    /// Runs the twin natively.
    #[track_caller]
    pub fn run_twin(&self) -> Side {
        let home = fresh();
        self.side(&home, Command::new(&self.guest.twin))
    }

    /// Starts the guest under the mapper.
    #[track_caller]
    pub fn start_guest(&self) -> Started {
        self.start(self.guest_command())
    }

    /// Starts the twin natively.
    #[track_caller]
    pub fn start_twin(&self) -> Started {
        self.start(Command::new(&self.guest.twin))
    }

    /// Runs the twin, then the guest, and returns what the guest did.
    ///
    /// # Panics
    /// When the guest's output, end or files differ from the twin's in a single byte, or either did not end.
    #[track_caller]
    pub fn compare(&self) -> Side {
        let home = fresh();
        let expected = self.side(&home, Command::new(&self.guest.twin));
        assert!(
            expected.outcome.end != crate::process::End::TimedOut,
            "the twin of {} did not end natively in {:?}:\n{}",
            self.guest.name,
            self.timeout,
            expected.outcome
        );
        let found = self.side(&home, self.guest_command());
        let differences = found.differences(&expected);
        if differences.is_empty() {
            return found;
        }
        let trace =
            if std::env::var_os("MAPPER_TEST_TRACE").is_some() { self.trace(&home) } else { String::new() };
        panic!("{} {:?} differs from its twin:\n{differences}\n{trace}", self.guest.name, self.arguments);
    }

    fn guest_command(&self) -> Command {
        run_command(&self.flags, &self.guest.path)
    }

    #[track_caller]
    fn start(&self, command: Command) -> Started {
        let home = fresh();
        let folder = self.prepare(&home);
        let running = Running::start(self.complete(command, &home), &self.input, &mark(&home));
        Started { running, folder, home }
    }

    #[track_caller]
    fn side(&self, home: &tempfile::TempDir, command: Command) -> Side {
        let folder = self.prepare(home);
        let running = Running::start(self.complete(command, home), &self.input, &mark(home));
        let mut outcome = running.finish(self.timeout);
        if let Some(normalise) = &self.normalise {
            outcome.stdout = normalise(outcome.stdout);
            outcome.stderr = normalise(outcome.stderr);
        }
        let tree = Tree::of(&folder).without(&self.left_out);
        Side { outcome, tree }
    }

    fn prepare(&self, home: &tempfile::TempDir) -> PathBuf {
        for name in ["work", "tmp"] {
            let folder = home.path().join(name);
            if folder.exists() {
                fs::remove_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            }
            fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        let folder = home.path().join("work");
        for setup in &self.setup {
            setup(&folder);
        }
        folder
    }

    fn complete(&self, mut command: Command, home: &tempfile::TempDir) -> Command {
        let folder = home.path().join("work");
        command.args(&self.arguments).env_clear().envs(environment(home.path()));
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(folder);
        command
    }

    fn trace(&self, home: &tempfile::TempDir) -> String {
        let file = home.path().join("trace");
        let mut flags = self.flags.clone();
        flags.push(format!("--trace={}", file.display()));
        self.side(home, run_command(&flags, &self.guest.path));
        let text = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        format!("--- the end of a trace\n{}", lines[lines.len().saturating_sub(60)..].join("\n"))
    }
}

impl Side {
    fn differences(&self, expected: &Self) -> String {
        let mut text = String::new();
        let (found, wanted) = (&self.outcome, &expected.outcome);
        if found.end != wanted.end {
            let _ = writeln!(text, "- ended {:?}, expected {:?}", found.end, wanted.end);
        }
        if found.held_open != wanted.held_open {
            let _ = writeln!(text, "- output held open after its end: {}", found.held_open);
        }
        for (name, found, wanted) in
            [("stdout", &found.stdout, &wanted.stdout), ("stderr", &found.stderr, &wanted.stderr)]
        {
            if found != wanted {
                let _ = writeln!(text, "- {name}: {}", first_difference(found, wanted));
            }
        }
        let files = self.tree.differences(&expected.tree);
        if !files.is_empty() {
            let lines: Vec<&str> = files.lines().collect();
            let _ = writeln!(text, "- {} files:\n{}", lines.len(), lines[..lines.len().min(20)].join("\n"));
        }
        text
    }
}

/// Where two outputs begin to differ, with what stands there.
pub fn first_difference(found: &[u8], wanted: &[u8]) -> String {
    let same = found.iter().zip(wanted).take_while(|(left, right)| left == right).count();
    let line = wanted[..same].iter().filter(|byte| **byte == b'\n').count() + 1;
    let begin = wanted[..same]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1)
        .max(same.saturating_sub(200));
    let shown =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[begin..bytes.len().min(same + 400)]).into_owned();
    format!(
        "{} bytes, expected {}; from line {line} on:\n    found    {:?}\n    expected {:?}",
        found.len(),
        wanted.len(),
        shown(found),
        shown(wanted)
    )
}

/// The environment that every program of a test starts with.
pub fn environment(home: &Path) -> Vec<(OsString, OsString)> {
    [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".into()),
        ("HOME", home.join("work").into_os_string()),
        ("TMPDIR", home.join("tmp").into_os_string()),
        ("LANG", "C.UTF-8".into()),
        ("TZ", "UTC".into()),
    ]
    .map(|(name, value)| (name.into(), value))
    .to_vec()
}

fn fresh() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("mapper-test-").tempdir().expect("the machine has room for a folder")
}

fn mark(home: &tempfile::TempDir) -> String {
    home.path().display().to_string()
}
