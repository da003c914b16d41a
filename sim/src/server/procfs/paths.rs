//! What a path below `/proc` stands for.

use schemas::Errno;

use crate::server::process::Processes;
use crate::server::reserved;

/// What is at a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// `/proc` itself.
    Root,
    /// `self`.
    Own,
    /// `thread-self`.
    OwnThread,
    /// A file about the machine, by its path.
    Machine(String),
    /// A process, or a file of it by its path below that.
    Process(i32, String),
    /// A thread, or a file of it.
    Thread { pid: i32, thread: i32, file: String },
}

impl Place {
    /// Its path below the host's `/proc`.
    pub fn host_path(&self) -> String {
        let below =
            |folder: String, file: &str| if file.is_empty() { folder } else { format!("{folder}/{file}") };
        match self {
            Place::Root => ".".to_owned(),
            Place::Own => "self".to_owned(),
            Place::OwnThread => "thread-self".to_owned(),
            Place::Machine(path) => path.clone(),
            Place::Process(pid, file) => below(pid.to_string(), file),
            Place::Thread { pid, thread, file } => below(format!("{pid}/task/{thread}"), file),
        }
    }

    /// The process, and the file of it or of one of its threads.
    pub fn process_file(&self) -> Option<(i32, &str)> {
        match self {
            Place::Process(pid, file) | Place::Thread { pid, file, .. } => Some((*pid, file)),
            _ => None,
        }
    }
}

/// Finds the place. A process that the caller does not see is not there, and neither are the stub's descriptors.
pub fn place(processes: &Processes<'_>, path: &[&[u8]]) -> Result<Place, Errno> {
    let names: Vec<&str> = path
        .iter()
        .map(|name| std::str::from_utf8(name))
        .collect::<Result<_, _>>()
        .map_err(|_| Errno::NOENT)?;
    let number = |name: &str| name.parse::<i32>().ok().filter(|number| *number > 0);
    let Some((first, rest)) = names.split_first() else { return Ok(Place::Root) };
    let Some(pid) = number(first) else {
        return match (*first, rest) {
            ("self", []) => Ok(Place::Own),
            ("thread-self", []) => Ok(Place::OwnThread),
            ("self" | "thread-self", _) => Err(Errno::NOTDIR),
            _ => Ok(Place::Machine(names.join("/"))),
        };
    };
    if !processes.sees(pid) {
        return Err(Errno::NOENT);
    }
    let place = match rest {
        ["task", thread, file @ ..] => {
            let thread = number(thread).ok_or(Errno::NOENT)?;
            Place::Thread { pid, thread, file: file.join("/") }
        }
        file => Place::Process(pid, file.join("/")),
    };
    if let Some((pid, file)) = place.process_file()
        && let Some(descriptor) = file.strip_prefix("fd/").or(file.strip_prefix("fdinfo/")).and_then(number)
        && reserved::descriptors(pid).contains(&descriptor)
    {
        return Err(Errno::NOENT);
    }
    Ok(place)
}
