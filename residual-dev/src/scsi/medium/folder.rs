//! The folder that a drive's media lie in.

use std::io;
use std::path::Path;

use super::disc::Disc;
use super::kind::Kind;
use super::store::Medium;

/// Most bytes of a name.
const LONGEST: usize = 100;

/// Whether media can be called so: what the names of their files are made of.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with('.')
        && !name.bytes().any(|byte| byte == b'/' || byte.is_ascii_control())
}

/// One that lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What is on it.
    pub disc: Disc,
}

/// Takes out of the folder: a medium of that name, or the image `NAME.iso` as a pressed disc.
///
/// # Errors
/// When there is none, or it is in use.
pub fn take(folder: &Path, name: &str) -> io::Result<Medium> {
    if !is_name(name) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no medium can be called so"));
    }
    let image = folder.join(format!("{name}.iso"));
    if !folder.join(format!("{name}.disc")).exists() && image.exists() {
        return Medium::pressed(folder, name, &image);
    }
    Medium::open(folder, name)
}

/// Makes a blank one.
///
/// # Errors
/// When there is one of that name, or the folder cannot be written to.
pub fn make(folder: &Path, name: &str, kind: Kind) -> io::Result<Medium> {
    if !is_name(name) || kind.is_pressed() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no such medium can be made"));
    }
    std::fs::create_dir_all(folder)?;
    Medium::create(folder, name, kind)
}

/// What lies there, by name. What is no medium is left out.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("disc") => {
                let disc: Option<Disc> =
                    std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
                if let Some(disc) = disc {
                    found.push(Found { name, disc });
                }
            }
            Some("iso") if !folder.join(format!("{name}.disc")).exists() => {
                if let Ok(medium) = Medium::pressed(folder, &name, &path) {
                    found.push(Found { name, disc: medium.disc().clone() });
                }
            }
            _ => {}
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}
