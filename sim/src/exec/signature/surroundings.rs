//! Where the files that a program needs are looked for.

use std::io;
use std::path::{Path, PathBuf};

use super::identity::{Architecture, Class};
use super::os::Os;
use super::source::Source;

/// What the signature reader asks its caller: where a needed file is, and what can be run.
pub trait Surroundings {
    /// Opens `path` as a program of `os` sees it; without `os`, as the caller does. An error of kind `NotFound`
    /// says that no system tree has it.
    fn open(&self, os: Option<Os>, path: &Path) -> io::Result<Found>;

    /// Whether there is a personality that runs these programs.
    fn runs(&self, os: Os, architecture: Architecture, class: Class) -> bool {
        RUNNABLE.contains(&(os, architecture, class))
    }
}

/// The ELF programs that the personalities run.
pub const RUNNABLE: &[(Os, Architecture, Class)] =
    &[(Os::Linux, Architecture::X86_64, Class::Bits64), (Os::FreeBsd, Architecture::X86_64, Class::Bits64)];

/// A file that was asked for.
pub struct Found {
    /// The system tree it is in.
    pub sysroot: PathBuf,
    /// Its content.
    pub source: Box<dyn Source>,
}

/// Surroundings without any file: every dynamic linker and interpreter is missing.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Surroundings for Nowhere {
    fn open(&self, _os: Option<Os>, _path: &Path) -> io::Result<Found> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}
