//! The list of guests, `guests/guests.toml`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;

/// Where a guest comes from. What each word means stands at the head of `guests.toml`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A file of an npm archive.
    Npm,
    /// A file of a Python wheel.
    Pypi,
    /// A file of an installed Debian package.
    Debian,
    /// A program of Go's source tree.
    GoBuild,
    /// The tests of a package of Go's standard library, as a program.
    GoTest,
    /// A Go program written here.
    GoSource,
    /// A C program written here.
    C,
}

/// One entry of the list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// What tests call it.
    pub name: String,
    /// The system it was compiled for, as `mapper identify` spells it.
    pub os: String,
    /// Where it comes from.
    pub source: Source,
    /// The package, where the source has packages.
    #[serde(default)]
    pub package: String,
    /// The exact version, where the source has versions.
    #[serde(default)]
    pub version: String,
    /// The platform a wheel is asked for.
    pub platform: Option<String>,
    /// The file inside the archive, on the machine, or in `guests/src`.
    #[serde(default)]
    pub file: String,
    /// The Debian package of Go libraries in which a program for `go build` is.
    #[serde(default)]
    pub library: String,
    /// Whether the file is an Actually Portable Executable to be turned into an ELF.
    #[serde(default)]
    pub assimilate: bool,
    /// SHA-256 of what was downloaded.
    pub archive_sha256: Option<String>,
    /// SHA-256 of the file that is run.
    pub file_sha256: Option<String>,
    /// The guest that is run natively to say what is right.
    pub twin: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    guest: Vec<Entry>,
}

/// The folder of the `tests` package.
pub fn package_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `guests/src`.
pub fn source_file(name: &str) -> PathBuf {
    package_folder().join("guests/src").join(name)
}

/// Every guest, in the order of the list.
///
/// # Panics
/// When the list cannot be read or two entries share a name: a mistake in the checkout, not in the machine.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let path = package_folder().join("guests/guests.toml");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let manifest: Manifest =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (index, entry) in manifest.guest.iter().enumerate() {
            let twice = manifest.guest[..index].iter().any(|other| other.name == entry.name);
            assert!(!twice, "{}: two guests are called {}", path.display(), entry.name);
        }
        manifest.guest
    })
}

/// The entry of that name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.name == name)
}
