//! The programs and files that the benchmarks run on.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::side::Side;
use crate::{fetch, manifest, project};

const MIB: u64 = 1 << 20;
/// Files that gcc compiles, and files that esbuild bundles.
const SOURCES: usize = 20;
const MODULES: usize = 3000;
/// MiB of an image that a CD has room for.
const DISC: u64 = 668;

/// A program with its arguments, and the folder to run it in.
pub struct Task {
    /// Options of `mapper run`.
    pub options: Vec<OsString>,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder.
    pub folder: PathBuf,
}

/// The folder that everything runs in, filled as benchmarks need it.
pub struct Workloads {
    folder: tempfile::TempDir,
}

impl Workloads {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("mapper-bench-").tempdir()? })
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What to run for the benchmark of that name on that side; an error is why it cannot be run.
    pub fn task(&self, name: &str, side: Side) -> Result<Task, String> {
        let folder = self.folder.path().to_owned();
        let task = |program: &str, arguments: &[&str]| Task {
            options: Vec::new(),
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            folder: folder.clone(),
        };
        Ok(match name {
            "true" => task("/bin/true", &[]),
            "find" => task("/usr/bin/find", &["/usr"]),
            // A size makes find ask for the status of every file; none is as large.
            "find-stat" => task("/usr/bin/find", &["/usr", "-size", "+100G"]),
            "dd" => {
                let (from, to) = ("if=/dev/zero", "of=/dev/null");
                task("/bin/dd", &[from, to, "bs=64k", "count=16384", "status=none"])
            }
            "cat" => task("/bin/cat", &[&self.zeros("1GiB", 1024)?]),
            "sha256" => task("/usr/bin/sha256sum", &[&self.zeros("256MiB", 256)?]),
            "gcc" => self.sources()?,
            "iperf3" => {
                installed("iperf3")?;
                let port = free_port().map_err(|error| format!("no free port: {error}"))?;
                let script = format!(
                    "iperf3 -s -1 -p {port} >/dev/null & sleep 1; iperf3 -c 127.0.0.1 -p {port} -t 2 -J && wait"
                );
                task("/bin/sh", &["-c", &script])
            }
            "esbuild" => self.bundle(side)?,
            "burn" => self.burning(side)?,
            operation => Task {
                options: Vec::new(),
                program: installed("linux-microbench")?,
                arguments: vec![operation.into(), self.page()?.into()],
                folder,
            },
        })
    }

    /// A file of a page.
    fn page(&self) -> Result<PathBuf, String> {
        self.file("page", |file| file.write_all(&[b'x'; 4096]))
    }

    /// A file of so many MiB that is in the page cache, since it was just written.
    fn zeros(&self, name: &str, size: u64) -> Result<String, String> {
        let fill = |file: &mut File| io::copy(&mut io::Read::take(io::repeat(0), size * MIB), file).map(drop);
        Ok(self.file(name, fill)?.to_string_lossy().into_owned())
    }

    fn sources(&self) -> Result<Task, String> {
        let program = installed("gcc")?;
        installed("libc-headers")?;
        let source = fs::read(manifest::source_file("compiled.c")).map_err(|error| error.to_string())?;
        let names: Vec<String> = (0..SOURCES).map(|number| format!("source{number}.c")).collect();
        for name in &names {
            self.file(name, |file| file.write_all(&source))?;
        }
        let arguments = ["-O1", "-c"].iter().map(Into::into).chain(names.iter().map(Into::into)).collect();
        Ok(Task { options: Vec::new(), program, arguments, folder: self.folder.path().to_owned() })
    }

    fn bundle(&self, side: Side) -> Result<Task, String> {
        let os = if side == Side::Native { "linux" } else { "freebsd" };
        let program = installed(&format!("{os}-esbuild-0.28.2"))?;
        let folder = self.folder.path().join("project");
        if !folder.exists() {
            project::write(&folder, MODULES);
        }
        let flags = [
            "--bundle",
            "src/main.ts",
            "--outfile=out/bundle.js",
            "--sourcemap",
            "--minify",
            "--loader:.txt=text",
        ];
        let arguments = flags.iter().map(Into::into).collect();
        Ok(Task { options: Vec::new(), program, arguments, folder })
    }

    /// An image of 700 MB onto a new disc; natively, into a new file.
    fn burning(&self, side: Side) -> Result<Task, String> {
        let folder = self.folder.path().to_owned();
        let image = self.zeros("disc.iso", DISC)?;
        let media = folder.join("media");
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        };
        gone(fs::remove_dir_all(&media))?;
        gone(fs::remove_file(folder.join("copy.iso")))?;
        let (options, program, arguments) = if side == Side::Native {
            (Vec::new(), "/bin/cp".into(), vec![image.into(), "copy.iso".into()])
        } else {
            let text = include_str!("../../deployments/recorder.toml");
            let media = format!("media = \"{}\"", media.display());
            let text = text.replace("media = \"media\"", &media);
            let deployment = self.file("recorder.toml", |file| file.write_all(text.as_bytes()))?;
            // With a buffer that does not run empty, when wodim would sleep.
            let arguments = ["dev=/dev/sg0", "-tao", "gracetime=0", "fs=128m", &image];
            let arguments = arguments.iter().map(Into::into).collect();
            (vec!["--deployment".into(), deployment.into()], installed("wodim")?, arguments)
        };
        Ok(Task { options, program, arguments, folder })
    }

    fn file(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<PathBuf, String> {
        let path = self.folder.path().join(name);
        if !path.exists() {
            File::create(&path)
                .and_then(|mut file| fill(&mut file))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(path)
    }
}

/// A program of the list, fetched where it is missing.
pub fn installed(name: &str) -> Result<PathBuf, String> {
    let entry = manifest::entry(name).ok_or_else(|| format!("guests.toml has no {name}"))?;
    fetch::ensure(entry).map_err(|error| error.to_string())
}

/// A port of the loopback interface that nobody listens at.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
