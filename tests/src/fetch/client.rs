//! The clients that fetch and compile, and Debian's that installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, lock, run};

/// The program of that name, installed from the Debian package where it is missing and this user is root.
pub(super) fn find(program: &str, package: &str) -> Result<PathBuf, Error> {
    if let Some(path) = search(program) {
        return Ok(path);
    }
    let _lock = lock("debian")?;
    if let Some(path) = search(program) {
        return Ok(path);
    }
    install(package)?;
    search(program)
        .ok_or_else(|| Error::FileMissing { package: package.to_owned(), file: program.to_owned() })
}

/// Installs a Debian package. The caller holds the `debian` lock. No service is started: a package that
/// brings one is told that the machine is in single-user mode.
pub(super) fn install(package: &str) -> Result<(), Error> {
    let by_hand = format!("apt-get install --no-install-recommends {package}");
    if search("apt-get").is_none() || !rustix::process::geteuid().is_root() {
        return Err(Error::ClientMissing { program: package.to_owned(), install: by_hand });
    }
    eprintln!("{package}: {by_hand}");
    let install = || {
        run(Command::new("apt-get")
            .args([
                "install",
                "-y",
                "-q",
                "--no-install-recommends",
                "-o",
                "DPkg::Lock::Timeout=300",
                package,
            ])
            .envs([("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1")]))
    };
    if install().is_err() {
        run(Command::new("apt-get").args(["update", "-q"]))?;
        install()?;
    }
    Ok(())
}

fn search(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(|folder| Path::new(folder).to_owned()))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
