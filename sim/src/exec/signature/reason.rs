//! Why a file cannot be run.

use std::io;
use std::path::PathBuf;

use super::os::Os;

/// Why a file cannot be run here, in a sentence that names what it is.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The headers contradict themselves or the file.
    #[error("{kind} that no loader accepts: {defect}")]
    Malformed {
        /// What it would be, "FreeBSD x86-64 ELF".
        kind: String,
        /// What is wrong with it.
        defect: Defect,
    },
    /// Nothing in it.
    #[error("an empty file")]
    Empty,
    /// Readable text without `#!`.
    #[error("a text without `#!` in its first line; if it is a script, run its interpreter with it: sh FILE")]
    Text,
    /// None of the known formats.
    #[error("no known program format")]
    Unrecognised,
    /// A known format, but another use of it.
    #[error("{kind}, but {what}, not a program")]
    NotAProgram {
        /// What it is, "Linux x86-64 ELF".
        kind: String,
        /// "a shared library", "an object file".
        what: &'static str,
    },
    /// Nothing tells the OS, or only a mark that is not known.
    #[error("{kind} for an unknown OS ({mark}); if you know it, name it with --os")]
    UnknownOs {
        /// What it is.
        kind: String,
        /// The mark that names no OS known here.
        mark: String,
    },
    /// Known, but there is no personality for that OS.
    #[error("{kind}{needs}: {os} personality is not there yet")]
    NoPersonality {
        /// What it is.
        kind: String,
        /// ", needs /lib/amd64/ld.so.1".
        needs: String,
        /// The OS.
        os: Os,
    },
    /// There is a personality for that OS, but not for that processor or mode.
    #[error("{kind}: {os} programs for {machine} are not run yet")]
    NoArchitecture {
        /// What it is.
        kind: String,
        /// The OS.
        os: Os,
        /// "i386", "x86-64 with 32-bit addresses".
        machine: String,
    },
    /// The dynamic linker is in no system tree of that OS.
    #[error("{kind}, needs {}, which no sysroot of {os} has; unpack the base system of {os} and name its folder as sysroot", path.display())]
    InterpreterMissing {
        /// What it is.
        kind: String,
        /// The OS.
        os: Os,
        /// The dynamic linker.
        path: PathBuf,
    },
    /// What is at the dynamic linker's path cannot load the program.
    #[error("{kind}, and its dynamic linker {} in {} is unfit: {why}", path.display(), sysroot.display())]
    InterpreterUnfit {
        /// What it is.
        kind: String,
        /// The dynamic linker.
        path: PathBuf,
        /// Where it was found.
        sysroot: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// A script's interpreter does not exist.
    #[error("a script for {}, which does not exist", path.display())]
    ScriptInterpreterMissing {
        /// The interpreter.
        path: PathBuf,
    },
    /// A script's interpreter cannot be run.
    #[error("a script for {}, which cannot be run: {why}", path.display())]
    ScriptInterpreter {
        /// The interpreter.
        path: PathBuf,
        /// Why not.
        why: String,
        /// The error number for that.
        errno: i32,
    },
    /// Scripts that interpret scripts, without end.
    #[error("a script whose interpreters are scripts, more than {} deep", super::script::DEPTH)]
    ScriptTooDeep,
    /// A file that the program needs could not be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The host's error.
        error: io::Error,
    },
    /// An Actually Portable Executable that was not yet made an ELF.
    #[error(
        "an Actually Portable Executable, which begins as a shell script; make an ELF of a copy: sh COPY --assimilate"
    )]
    NotAssimilated,
}

impl Reason {
    /// The error number that execve(2) gives for it, in Linux's counting.
    pub fn errno(&self) -> i32 {
        match self {
            Reason::InterpreterMissing { .. } | Reason::ScriptInterpreterMissing { .. } => ENOENT,
            Reason::InterpreterUnfit { .. } => ELIBBAD,
            Reason::ScriptTooDeep => ELOOP,
            Reason::ScriptInterpreter { errno, .. } => *errno,
            Reason::Unreadable { error, .. } => error.raw_os_error().unwrap_or(EIO),
            Reason::Malformed { .. }
            | Reason::Empty
            | Reason::Text
            | Reason::Unrecognised
            | Reason::NotAProgram { .. }
            | Reason::UnknownOs { .. }
            | Reason::NoPersonality { .. }
            | Reason::NoArchitecture { .. }
            | Reason::NotAssimilated => ENOEXEC,
        }
    }
}

// asm-generic/errno-base.h and asm-generic/errno.h
const ENOENT: i32 = 2;
const EIO: i32 = 5;
const ENOEXEC: i32 = 8;
const ELOOP: i32 = 40;
const ELIBBAD: i32 = 80;

/// What is wrong with a file whose format is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// The file ends within something.
    #[error("truncated: {what} ends at byte {end}, the file at {size}")]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// Where it should end.
        end: u64,
        /// The file's size.
        size: u64,
    },
    /// A number in a header that has no meaning.
    #[error("{field} is {value}")]
    Field {
        /// Its name in the format's documentation.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
    /// More program headers than Linux or a BSD reads.
    #[error("{0} program headers, more than a loader reads")]
    TooManyProgramHeaders(u64),
    /// There is nothing to load.
    #[error("no segment to load")]
    NothingToLoad,
    /// More bytes in the file than in memory.
    #[error("segment {segment} has more bytes in the file ({file_size}) than in memory ({memory_size})")]
    FileExceedsMemory {
        /// Index of the program header.
        segment: usize,
        /// `p_filesz`.
        file_size: u64,
        /// `p_memsz`.
        memory_size: u64,
    },
    /// Offset or address plus size does not fit.
    #[error("segment {segment} wraps around: its {what} and size add up to more than the address space")]
    Overflow {
        /// Index of the program header.
        segment: usize,
        /// "file offset" or "address".
        what: &'static str,
    },
    /// `p_align` is no power of two.
    #[error("segment {segment} asks for an alignment of {align}, no power of two")]
    Alignment {
        /// Index of the program header.
        segment: usize,
        /// `p_align`.
        align: u64,
    },
    /// Offset and address differ within a page, so the segment cannot be mapped.
    #[error(
        "segment {segment} cannot be mapped: file offset {offset:#x} and address {address:#x} differ within a page"
    )]
    Misaligned {
        /// Index of the program header.
        segment: usize,
        /// `p_offset`.
        offset: u64,
        /// `p_vaddr`.
        address: u64,
    },
    /// The path of the dynamic linker is no path.
    #[error("the path of the dynamic linker {0}")]
    InterpreterPath(&'static str),
    /// The first instruction is in no segment.
    #[error("the entry point {0:#x} is in no segment")]
    Entry(u64),
    /// A script's first line names no interpreter, or not all of it within the first 255 bytes.
    #[error("its first line {0}")]
    FirstLine(&'static str),
    /// A structure that the format's reader rejects.
    #[error("{0}")]
    Structure(String),
}
