//! The answers in the words and columns of `mapper identify`.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::signature::{Format, Identity, Question, identify_path};

/// The columns of the table.
pub const HEADINGS: [&str; 7] =
    ["file", "OS", "architecture", "format", "evidence", "interpreter", "runs here"];

/// One file and what is known of it: a row of the table, or an object of the JSON answer.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The path as the user gave it.
    pub file: String,
    /// What it is, or why it could not be read.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What was found out about one file.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It was read.
    Identity(Box<Identity>),
    /// It could not be read.
    Error {
        /// The host's words.
        error: String,
    },
}

impl Entry {
    /// Identifies the file that the question names.
    pub fn of(question: &Question<'_>) -> Entry {
        Entry::new(question.path, identify_path(question))
    }

    /// Puts an answer beside the file it is about.
    pub fn new(path: &Path, outcome: io::Result<Identity>) -> Entry {
        let outcome = match outcome {
            Ok(identity) => Outcome::Identity(Box::new(identity)),
            Err(error) => Outcome::Error { error: error.to_string() },
        };
        Entry { file: path.to_string_lossy().into_owned(), outcome }
    }

    /// Its row under [`HEADINGS`].
    pub fn row(&self) -> [String; HEADINGS.len()] {
        let none = || "-".to_owned();
        match &self.outcome {
            Outcome::Error { error } => {
                [self.file.clone(), none(), none(), none(), none(), none(), format!("no: {error}")]
            }
            Outcome::Identity(identity) => [
                self.file.clone(),
                os(identity),
                identity.architecture.map_or_else(none, |architecture| architecture.to_string()),
                format(identity),
                evidence(identity),
                interpreter(identity),
                runnable(identity),
            ],
        }
    }
}

/// "FreeBSD 12.3", "FreeBSD (also OpenBSD, NetBSD)".
pub fn os(identity: &Identity) -> String {
    let Some(os) = identity.os else { return "unknown".to_owned() };
    let mut text = os.title().to_owned();
    if let Some(version) = &identity.os_version {
        text.push(' ');
        text.push_str(&version.text);
    }
    let others: Vec<&str> =
        identity.brands.iter().filter(|&&brand| brand != os).map(|brand| brand.title()).collect();
    if !others.is_empty() {
        text.push_str(&format!(" (also {})", others.join(", ")));
    }
    text
}

/// "ELF 64-bit, static PIE".
pub fn format(identity: &Identity) -> String {
    let mut text = match identity.format {
        Format::Unknown => return "unknown".to_owned(),
        format => format.title().to_owned(),
    };
    if let Some(class) = identity.class.filter(|_| identity.format != Format::Script) {
        text.push_str(&format!(" {}-bit", class.bits()));
    }
    if identity.big_endian && identity.format != Format::Script {
        text.push_str(" big-endian");
    }
    if let Some(linking) = identity.linking {
        text.push_str(&format!(", {linking}"));
    }
    text
}

/// The evidence on which the answer rests, and then the rest: "FreeBSD ABI note 12.3; OSABI FreeBSD". A script's is
/// that of its interpreter.
pub fn evidence(identity: &Identity) -> String {
    let program = identity.program();
    let (decisive, rest): (Vec<_>, Vec<_>) = program.evidence.iter().partition(|evidence| evidence.decisive);
    let all: Vec<&str> = decisive.into_iter().chain(rest).map(|evidence| evidence.detail.as_str()).collect();
    if all.is_empty() { "-".to_owned() } else { all.join("; ") }
}

/// "/libexec/ld-elf.so.1 in /srv/freebsd"; for a script every interpreter up to the last dynamic linker.
pub fn interpreter(identity: &Identity) -> String {
    let mut links = Vec::new();
    let mut link = Some(identity);
    while let Some(identity) = link {
        if let Some(interpreter) = &identity.interpreter {
            let argument = interpreter.argument.as_ref().map(|argument| argument.to_string_lossy());
            let argument = argument.map(|argument| Cow::from(format!(" {argument}"))).unwrap_or_default();
            let place = match &interpreter.sysroot {
                Some(sysroot) => format!("in {}", sysroot.display()),
                None => "not found".to_owned(),
            };
            links.push(format!("{}{argument} ({place})", interpreter.path.display()));
        }
        link = identity.program.as_deref();
    }
    if links.is_empty() { "-".to_owned() } else { links.join(", ") }
}

/// "yes", or "no: " and why.
pub fn runnable(identity: &Identity) -> String {
    match &identity.runnable {
        Ok(()) => "yes".to_owned(),
        Err(reason) => format!("no: {reason}"),
    }
}
