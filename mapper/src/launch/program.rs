//! Finding the program that a command line names, as a shell does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};
use rustix::io::Errno;

/// Where a program is looked for when the environment has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A program that was not found or may not be executed.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// No file of that name.
    #[error("{}: not found: {tried}", .name.to_string_lossy())]
    NotFound {
        /// The name on the command line.
        name: OsString,
        /// Where it was looked for.
        tried: String,
    },
    /// There is something, and it cannot be executed.
    #[error("{}: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        why: String,
    },
}

/// The file that `name` means: itself when it has a slash, else the first executable one on `search_path`.
pub fn find(name: &OsStr, search_path: Option<&OsStr>) -> Result<PathBuf, ProgramError> {
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match unusable(&path) {
            None => Ok(path),
            Some(Refusal::Absent(errno)) => {
                let tried = format!("there is no file {} ({errno})", path.display());
                Err(ProgramError::NotFound { name: name.to_owned(), tried })
            }
            Some(Refusal::Unusable(why)) => Err(ProgramError::Unusable { path, why }),
        };
    }
    let search_path = search_path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut refused = None;
    if !name.is_empty() {
        for folder in search_path.as_bytes().split(|&byte| byte == b':') {
            let path = Path::new(if folder.is_empty() { OsStr::new(".") } else { OsStr::from_bytes(folder) })
                .join(name);
            match unusable(&path) {
                None => return Ok(path),
                Some(Refusal::Absent(_)) => {}
                Some(Refusal::Unusable(why)) => {
                    refused.get_or_insert(ProgramError::Unusable { path, why });
                }
            }
        }
    }
    Err(refused.unwrap_or_else(|| ProgramError::NotFound {
        name: name.to_owned(),
        tried: format!("no folder of PATH has it (PATH is {})", search_path.to_string_lossy()),
    }))
}

enum Refusal {
    Absent(Errno),
    Unusable(String),
}

/// Why `path` cannot be executed, or `None` when it can.
fn unusable(path: &Path) -> Option<Refusal> {
    let status = match rustix::fs::stat(path) {
        Ok(status) => status,
        Err(errno @ (Errno::NOENT | Errno::NOTDIR)) => return Some(Refusal::Absent(errno)),
        Err(errno) => return Some(Refusal::Unusable(format!("cannot be looked at: {errno}"))),
    };
    match rustix::fs::FileType::from_raw_mode(status.st_mode) {
        rustix::fs::FileType::RegularFile => {}
        rustix::fs::FileType::Directory => return Some(Refusal::Unusable("is a directory".to_owned())),
        kind => return Some(Refusal::Unusable(format!("is not a regular file but {kind:?}"))),
    }
    match rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS) {
        Ok(()) => None,
        Err(Errno::ACCESS) => Some(Refusal::Unusable(
            "may not be executed (permission denied); `chmod +x` allows it".to_owned(),
        )),
        Err(errno) => Some(Refusal::Unusable(format!("may not be executed: {errno}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn find_takes_the_first_executable_one_on_the_path() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        file(folders[0].path(), "tool", 0o644);
        let wanted = file(folders[1].path(), "tool", 0o755);
        let path = std::env::join_paths(folders.iter().map(|folder| folder.path())).unwrap();
        assert_eq!(find(OsStr::new("tool"), Some(&path)).unwrap(), wanted);
    }

    #[test]
    fn find_tells_absent_from_unusable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str();
        file(folder.path(), "data", 0o644);
        assert!(matches!(find(OsStr::new("none"), Some(path)), Err(ProgramError::NotFound { .. })));
        assert!(matches!(find(OsStr::new("data"), Some(path)), Err(ProgramError::Unusable { .. })));
        assert!(matches!(find(OsStr::new(""), Some(path)), Err(ProgramError::NotFound { .. })));
        assert!(matches!(
            find(folder.path().join("x").as_os_str(), None),
            Err(ProgramError::NotFound { .. })
        ));
        assert!(matches!(find(path, None), Err(ProgramError::Unusable { .. })));
    }
}
