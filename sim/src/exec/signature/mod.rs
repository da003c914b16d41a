//! The signature reader: what a file is, for which OS it was compiled, and whether it can be run.
//!
//! It reads little, and only what the answer needs; what it reads is taken as hostile. A file that is no program,
//! or a broken one, is an answer too: [`Identity::runnable`] tells why. Errors are left for what could not be
//! read at all.
//!
//! An OS is recognised by the strongest [`evidence`]: the ABI note before the OSABI byte before the path of the
//! dynamic linker before other marks before traces such as the system calls. Where the strongest kind names more
//! than one OS, as an Actually Portable Executable's notes do, it is for the caller's or the next kind decides.

mod aout;
mod ape;
mod coff;
mod dos;
mod draft;
mod elf;
pub mod evidence;
pub mod identity;
mod macho;
mod os;
mod pe;
mod reason;
mod script;
mod source;
mod surroundings;
#[cfg(test)]
mod tests;
mod xout;

use std::fs::File;
use std::io;
use std::path::Path;

pub use evidence::{Evidence, Kind};
pub use identity::{Architecture, Class, Format, Identity, Interpreter, Linking, OsVersion};
pub use os::{Os, UnknownOs};
pub use reason::{Defect, Reason};
pub use script::DEPTH as SCRIPT_DEPTH;
pub use source::Source;
pub use surroundings::{Found, Nowhere, RUNNABLE, Surroundings};

use draft::{Draft, Effort, Flaw};
use source::Window;

/// What is asked about a file.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The path by which the file was named; DOS tells its memory images by it.
    pub path: &'a Path,
    /// The OS the user says it is for, which overrides all evidence.
    pub os: Option<Os>,
    /// The OS of the program that executes it: decides where there is no evidence, or marks name several.
    pub caller: Option<Os>,
    /// Whether to look for every kind of evidence, also when the OS is known already.
    pub thorough: bool,
    /// Where dynamic linkers and interpreters are.
    pub surroundings: &'a dyn Surroundings,
}

impl<'a> Question<'a> {
    /// What `path` is in `surroundings`, and no more evidence than needed.
    pub fn new(path: &'a Path, surroundings: &'a dyn Surroundings) -> Question<'a> {
        Question { path, os: None, caller: None, thorough: false, surroundings }
    }

    /// The same with the OS that the user names, if any.
    pub fn with_os(self, os: Option<Os>) -> Question<'a> {
        Question { os, ..self }
    }

    /// The same on behalf of a program of `caller`.
    pub fn with_caller(self, caller: Option<Os>) -> Question<'a> {
        Question { caller, ..self }
    }

    /// The same with all evidence there is.
    pub fn thoroughly(self) -> Question<'a> {
        Question { thorough: true, ..self }
    }
}

/// Identifies a file.
pub fn identify(source: &dyn Source, question: &Question<'_>) -> io::Result<Identity> {
    at_depth(source, question, 1)
}

/// Identifies a file that is in memory.
pub fn identify_bytes(bytes: &[u8], question: &Question<'_>) -> io::Result<Identity> {
    identify(&bytes, question)
}

/// Identifies the file that the question names.
pub fn identify_path(question: &Question<'_>) -> io::Result<Identity> {
    // Opening a pipe would wait for its writer, so this is asked first.
    let metadata = std::fs::metadata(question.path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    identify(&File::open(question.path)?, question)
}

fn at_depth(source: &dyn Source, question: &Question<'_>, depth: usize) -> io::Result<Identity> {
    let window = Window::new(source)?;
    if window.up_to(0, 2) == script::MAGIC {
        return script(&window, question, depth);
    }
    let effort = if question.thorough { Effort::All } else { Effort::Needed };
    let mut draft = Draft::new(detect(&window, question.path));
    let outcome = examine(&window, effort, question, &mut draft)?;
    let mut identity = draft.conclude();
    identity.runnable = match outcome {
        Err(flaw) => Err(flaw.reason(identity.kind())),
        Ok(()) => runnable(&mut identity, question),
    };
    Ok(identity)
}

/// Reads everything but scripts. The inner result says whether it is a sound program.
fn examine(
    window: &Window<'_>,
    effort: Effort,
    question: &Question<'_>,
    draft: &mut Draft,
) -> io::Result<Result<(), Flaw>> {
    let head = window.up_to(0, HEAD);
    draft.findings.called_by(question.caller);
    if let Some(os) = question.os {
        draft.findings.add(Kind::Override, os, format!("named by the user: {}", os.title()));
    }
    Ok(match draft.identity.format {
        Format::Elf => {
            let outcome = elf::read(window, effort, draft);
            elf::assume(question.caller, &mut draft.findings);
            outcome
        }
        Format::Ape => Err(ape::read(window, effort, draft)?),
        Format::Aout => aout::read(head, window.size(), draft),
        Format::Coff => coff::read(window, draft),
        Format::Xout => xout::read(head, window.size(), draft),
        Format::Mz | Format::Ne | Format::Le | Format::Pe => dos::read(window, draft),
        Format::Com => {
            dos::memory_image(draft);
            Ok(())
        }
        Format::MachO => macho::thin(window, 0, draft),
        Format::MachOFat => macho::fat(window, draft),
        Format::Script | Format::Unknown => Err(Flaw::Reason(unrecognised(window))),
    })
}

/// As much as the longest header that is read in one piece.
const HEAD: u64 = 64;

fn detect(window: &Window<'_>, path: &Path) -> Format {
    let head = window.up_to(0, HEAD);
    if head.starts_with(elf::MAGIC) {
        Format::Elf
    } else if ape::MAGICS.iter().any(|magic| head.starts_with(magic)) {
        Format::Ape
    } else if head.starts_with(b"MZ") || head.starts_with(b"ZM") {
        dos::detect(window)
    } else if macho::is_thin(head) {
        Format::MachO
    } else if macho::is_fat(head) {
        Format::MachOFat
    } else if head.starts_with(xout::MAGIC) {
        Format::Xout
    } else if coff::detect(head) {
        Format::Coff
    } else if aout::detect(head, window.size()) {
        Format::Aout
    } else if dos::is_memory_image(window, path) {
        Format::Com
    } else {
        Format::Unknown
    }
}

/// How much of a file of no format is looked at to tell text from other data.
const SAMPLE: u64 = 512;

fn unrecognised(window: &Window<'_>) -> Reason {
    let sample = window.up_to(0, SAMPLE);
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b;
    if sample.is_empty() {
        Reason::Empty
    } else if sample.iter().any(control) {
        Reason::Unrecognised
    } else {
        Reason::Text
    }
}

/// Whether a sound program has a personality and a dynamic linker. Notes where the latter is.
fn runnable(identity: &mut Identity, question: &Question<'_>) -> Result<(), Reason> {
    let kind = identity.kind();
    let Some(os) = identity.os else {
        let marks = identity.evidence.iter().map(|evidence| evidence.detail.as_str());
        let mark = marks.collect::<Vec<_>>().join(", ");
        return Err(Reason::UnknownOs { kind, mark });
    };
    let found = identity.interpreter.as_ref().map(|interpreter| {
        (interpreter.path.clone(), question.surroundings.open(Some(os), &interpreter.path))
    });
    if let (Some(interpreter), Some((_, Ok(found)))) = (&mut identity.interpreter, &found) {
        interpreter.sysroot = Some(found.sysroot.clone());
    }

    let machine = (identity.architecture, identity.class);
    let runs = identity.format == Format::Elf
        && matches!(machine, (Some(architecture), Some(class)) if question.surroundings.runs(os, architecture, class));
    if !runs {
        let any = RUNNABLE.iter().any(|&(each, ..)| each == os) && identity.format == Format::Elf;
        return Err(if any {
            Reason::NoArchitecture { kind, os, machine: machine_name(machine) }
        } else {
            let needs = identity.interpreter.as_ref().map(|each| format!(", needs {}", each.path.display()));
            Reason::NoPersonality { kind, needs: needs.unwrap_or_default(), os }
        });
    }
    match found {
        None => Ok(()),
        Some((path, Err(error))) if error.kind() == io::ErrorKind::NotFound => {
            Err(Reason::InterpreterMissing { kind, os, path })
        }
        Some((path, Err(error))) => Err(Reason::Unreadable { path, error }),
        Some((path, Ok(Found { sysroot, source }))) => fit(&*source, machine)
            .map_err(|error| Reason::Unreadable { path: path.clone(), error })?
            .map_err(|why| Reason::InterpreterUnfit { kind, path, sysroot, why }),
    }
}

fn machine_name((architecture, class): (Option<Architecture>, Option<Class>)) -> String {
    let name = architecture.map(|architecture| architecture.to_string()).unwrap_or_default();
    match (architecture, class) {
        (Some(Architecture::X86_64), Some(class)) => format!("{name} with {}-bit addresses", class.bits()),
        _ => name,
    }
}

/// Whether a dynamic linker can load programs for `machine`.
fn fit(
    source: &dyn Source,
    machine: (Option<Architecture>, Option<Class>),
) -> io::Result<Result<(), String>> {
    let window = Window::new(source)?;
    if !window.up_to(0, 4).starts_with(elf::MAGIC) {
        return Ok(Err("it is no ELF file".to_owned()));
    }
    let mut draft = Draft::new(Format::Elf);
    let outcome = elf::read(&window, Effort::None, &mut draft);
    let identity = draft.identity;
    Ok(match outcome {
        Err(flaw) => Err(flaw.reason(identity.kind()).to_string()),
        Ok(()) if (identity.architecture, identity.class) != machine => {
            Err(format!("it is an {}", identity.kind()))
        }
        Ok(()) => Ok(()),
    })
}

/// Reads a script and everything its first line leads to.
fn script(window: &Window<'_>, question: &Question<'_>, depth: usize) -> io::Result<Identity> {
    let mut identity = Identity::of(Format::Script);
    let interpreter = match script::read(window.up_to(0, script::LINE)) {
        Ok(interpreter) => identity.interpreter.insert(interpreter),
        Err(defect) => {
            identity.runnable = Err(Reason::Malformed { kind: identity.kind(), defect });
            return Ok(identity);
        }
    };
    let path = interpreter.path.clone();
    let outcome = match question.surroundings.open(question.os.or(question.caller), &path) {
        Err(error) => Err(error),
        Ok(_) if depth > script::DEPTH => {
            identity.runnable = Err(Reason::ScriptTooDeep);
            return Ok(identity);
        }
        Ok(Found { sysroot, source }) => {
            interpreter.sysroot = Some(sysroot);
            at_depth(&*source, &Question { path: &path, thorough: false, ..*question }, depth + 1)
        }
    };
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            identity.runnable = Err(Reason::ScriptInterpreterMissing { path });
        }
        Err(error) => identity.runnable = Err(Reason::Unreadable { path, error }),
        Ok(program) => {
            identity.inherit(&program);
            identity.runnable = match &program.runnable {
                Ok(()) => Ok(()),
                Err(Reason::ScriptTooDeep) => Err(Reason::ScriptTooDeep),
                Err(reason) => {
                    Err(Reason::ScriptInterpreter { path, why: reason.to_string(), errno: reason.errno() })
                }
            };
            identity.program = Some(Box::new(program));
        }
    }
    Ok(identity)
}
