//! Guests that are compiled here, with Debian's compilers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Error, cache_folder, client, progress, run};
use crate::manifest::{Entry, Source, source_file};

/// `e_ident[EI_OSABI]`, and FreeBSD's value there (System V ABI, ELF header; FreeBSD's `sys/elf_common.h`).
const OSABI_OFFSET: usize = 7;
const OSABI_FREEBSD: u8 = 9;

/// Compiles a Go program for the entry's system: static, without C, the paths of this machine left out.
pub(super) fn go(entry: &Entry, scratch: &Path) -> Result<PathBuf, Error> {
    let go = client::find("go", "golang-go")?;
    let output = scratch.join("program");
    let mut command = Command::new(go);
    let what = match entry.source {
        Source::GoTest => {
            needs_go_sources()?;
            command.args(["test", "-c", "-o"]).arg(&output).arg(&entry.package);
            format!("go test -c {}", entry.package)
        }
        Source::GoBuild => {
            needs_go_sources()?;
            needs_libraries(&entry.library)?;
            command.args(["build", "-o"]).arg(&output).arg(&entry.package);
            format!("go build {}", entry.package)
        }
        _ => {
            needs_libraries(&entry.package)?;
            command.args(["build", "-o"]).arg(&output).arg(source_file(&entry.file));
            format!("go build {}", entry.file)
        }
    };
    progress(entry, &format!("{what} for {}", entry.os));
    let goos = if entry.os == "illumos" { "illumos" } else { entry.os.as_str() };
    run(command
        .envs([("GOOS", goos), ("GOARCH", "amd64"), ("CGO_ENABLED", "0")])
        .envs([("GO111MODULE", "off"), ("GOFLAGS", "-trimpath"), ("GOPROXY", "off")])
        .env("GOCACHE", cache_folder().join(".go-cache"))
        .env("GOPATH", format!("{}:{LIBRARIES}", cache_folder().join(".go-path").display()))
        .env_remove("GOROOT")
        .current_dir(scratch))?;
    Ok(output)
}

/// Where Debian puts the sources of libraries for Go.
const LIBRARIES: &str = "/usr/share/gocode";

/// Installs a Debian package of Go libraries, where a program needs one that is not there yet.
fn needs_libraries(package: &str) -> Result<(), Error> {
    // Every package has a folder there (Debian Policy 12.5).
    let installed = || Path::new("/usr/share/doc").join(package).exists();
    if package.is_empty() || installed() {
        return Ok(());
    }
    let _lock = super::lock("debian")?;
    if installed() { Ok(()) } else { client::install(package) }
}

/// What `go version` says, asked once.
pub(super) fn go_version() -> Result<&'static [u8], Error> {
    static VERSION: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(version) = VERSION.get() {
        return Ok(version);
    }
    let go = client::find("go", "golang-go")?;
    let version = run(Command::new(go).arg("version"))?;
    Ok(VERSION.get_or_init(|| version))
}

fn needs_go_sources() -> Result<(), Error> {
    let sources = crate::manifest::entry("go-sources").ok_or_else(|| Error::Entry {
        name: "go-sources".to_owned(),
        reason: "missing, and Go's own programs are built from it".to_owned(),
    })?;
    super::ensure(sources).map(|_| ())
}

/// Compiles a C program: for Linux static against the C library, for FreeBSD freestanding, static and branded.
pub(super) fn c(entry: &Entry, scratch: &Path) -> Result<PathBuf, Error> {
    let gcc = client::find("gcc", "gcc")?;
    if !Path::new("/usr/include/stdio.h").exists() {
        let _lock = super::lock("debian")?;
        client::install("libc6-dev")?;
    }
    let output = scratch.join("program");
    progress(entry, &format!("gcc {} for {}", entry.file, entry.os));
    let mut command = Command::new(gcc);
    command.args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&output);
    match entry.os.as_str() {
        "linux" => command.args(["-D_GNU_SOURCE", "-pthread", "-static", "-no-pie"]),
        "freebsd" => command.args([
            "-ffreestanding",
            "-nostdlib",
            "-static",
            "-no-pie",
            "-fno-pie",
            "-fno-stack-protector",
            "-fno-asynchronous-unwind-tables",
            "-fno-builtin",
            "-mno-red-zone",
            "-Wl,--build-id=none",
        ]),
        other => {
            let reason = format!("C programs for {other} cannot be compiled here");
            return Err(Error::Entry { name: entry.name.clone(), reason });
        }
    };
    run(command.arg(source_file(&entry.file)))?;
    if entry.os == "freebsd" {
        let mut image = fs::read(&output).map_err(Error::io(&output))?;
        image[OSABI_OFFSET] = OSABI_FREEBSD;
        fs::write(&output, image).map_err(Error::io(&output))?;
    }
    Ok(output)
}

/// A file of `guests/src`.
pub(super) fn source_text(name: &str) -> Result<Vec<u8>, Error> {
    let path = source_file(name);
    fs::read(&path).map_err(Error::io(&path))
}

/// Everything that a C guest is made of: its file, and the headers beside it that it includes.
pub(super) fn c_inputs(entry: &Entry) -> Result<Vec<Vec<u8>>, Error> {
    let source = source_text(&entry.file)?;
    let text = String::from_utf8_lossy(&source);
    let included = text.lines().filter_map(|line| line.strip_prefix("#include \"")?.strip_suffix('"'));
    let headers: Result<Vec<_>, _> = included.map(source_text).collect();
    let mut inputs = headers?;
    inputs.push(source);
    Ok(inputs)
}
