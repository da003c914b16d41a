//! Deployments: which servers run, where, and what is routed to them. One TOML file each.
//!
//! A deployment says only where it differs: unless it begins with `inherit = "nothing"` it continues the built-in
//! one ([`DEFAULT`]), or the file that `inherit` names. Settings and servers of the same name replace what is
//! inherited; mounts and routes follow it, and of two that match equally well the later one counts.

mod error;
mod resolve;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemas::server::DeviceNode;
use schemas::{Flavour, Interface, Operation, Personality};
use serde::Deserialize;

pub use error::{Complaint, DeploymentError, nearest};
pub use text::DEFAULT;

/// A deployment with all its names looked up.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What it is called: the file's name without `.toml`, or `default`.
    pub name: String,
    /// The file it came from; none for the built-in one.
    pub path: Option<PathBuf>,
    /// Settings of the world as a whole.
    pub options: Options,
    /// Where each OS's own files are installed.
    pub sysroots: BTreeMap<Personality, Sysroot>,
    /// What guests of each OS are told that they run on; where it says nothing, the host's own words.
    pub identities: BTreeMap<Personality, OsIdentity>,
    /// The mount table, in the order in which entries were written.
    pub mounts: Vec<Mount>,
    /// The servers, by name.
    pub servers: BTreeMap<String, ServerSpec>,
    /// Routes that differ from the declared ones, in the order in which they were written.
    pub routes: Vec<RouteRule>,
}

/// Settings of the world as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The name that guests believe their machine has; none for the host's.
    pub hostname: Option<String>,
    /// Whether every `direct` route is `mapped` instead, for audit or confinement.
    pub mediate: bool,
    /// Whether guests of all OSes see each other.
    pub process_lists: ProcessLists,
    /// How many threads answer mapped operations.
    pub workers: usize,
    /// How long a worker, having answered a request, looks for the next one before it sleeps.
    pub poll_microseconds: u32,
    /// How long a guest's thread looks for its reply at most, while the mapper is awake, before it sleeps.
    pub spin_microseconds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hostname: None,
            mediate: false,
            process_lists: ProcessLists::Host,
            workers: 1,
            poll_microseconds: 50,
            spin_microseconds: 50,
        }
    }
}

/// Which processes a guest sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessLists {
    /// All guests of the world, and the processes of the host besides.
    Host,
    /// All guests of the world.
    Shared,
    /// Those of its own OS.
    PerOs,
}

/// Where an OS's own files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sysroot {
    /// The directory of the host.
    pub directory: PathBuf,
    /// Whether its absence is no error.
    pub optional: bool,
}

/// What `uname(2)` says to guests of an OS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsIdentity {
    /// Name of the OS.
    pub system: String,
    /// Its release.
    pub release: String,
    /// Its version, a longer text.
    pub version: String,
    /// The hardware, in that OS's word for it.
    pub machine: String,
    /// The version as the number that programs ask for, where that OS has one.
    pub number: u64,
}

impl OsIdentity {
    /// As the world page holds it.
    pub fn to_transport(&self) -> schemas::transport::Identity {
        use schemas::transport::{Identity, Text};
        Identity {
            system: Text::truncated(self.system.as_bytes()),
            release: Text::truncated(self.release.as_bytes()),
            version: Text::truncated(self.version.as_bytes()),
            machine: Text::truncated(self.machine.as_bytes()),
            number: self.number,
        }
    }
}

/// One entry of the mount table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The absolute path where it appears, without a slash at its end (`/` itself excepted).
    pub prefix: String,
    /// The OSes that see it; none for all.
    pub personalities: Option<Vec<Personality>>,
    /// What appears there.
    pub target: MountTarget,
}

/// What appears at a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountTarget {
    /// A directory of the host, donated to the guests.
    Directory(PathBuf),
    /// A server, by name.
    Server(String),
}

/// One server as the deployment asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerSpec {
    /// Its number in the world, from 1. A server keeps it as long as the world has it.
    pub number: u32,
    /// Which implementation.
    pub kind: ServerKind,
    /// Where it runs.
    pub place: Place,
    /// The operations that it is asked; none for all of its interface.
    pub operations: Option<Vec<Operation>>,
    /// What its process may have.
    pub limits: Limits,
    /// What the implementation itself understands.
    pub settings: toml::Table,
    /// The device nodes that it has with these settings.
    pub nodes: Vec<DeviceNode>,
}

/// What the process of a server may have: as setrlimit(2), whoever exceeds it gets an error or ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its own memory (`RLIMIT_DATA`).
    pub memory: Option<u64>,
    /// Open descriptors (`RLIMIT_NOFILE`).
    pub descriptors: Option<u64>,
}

/// Where a server runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Inside the mapper.
    #[default]
    Task,
    /// In a process of its own.
    Process,
}

/// A route that differs from the declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRule {
    /// The operations concerned.
    pub operations: Vec<Operation>,
    /// The OSes concerned; none for all.
    pub personalities: Option<Vec<Personality>>,
    /// Only paths at or below this one.
    pub path: Option<String>,
    /// Only sockets of this family.
    pub family: Option<u32>,
    /// The flavour to have; none keeps it.
    pub flavour: Option<Flavour>,
    /// The server to answer, by name; none keeps it.
    pub server: Option<String>,
}

/// An implementation of a server that this mapper carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerKind {
    /// What the deployment calls it.
    pub name: &'static str,
    /// The interface it answers.
    pub interface: Interface,
}

impl Deployment {
    /// The built-in deployment.
    ///
    /// # Panics
    /// Never, as the tests show.
    pub fn built_in() -> Self {
        let chain = text::parse_default().map(|loaded| vec![loaded]);
        let chain = chain.unwrap_or_else(|complaint| panic!("{complaint}"));
        resolve::resolve("default".to_owned(), None, &chain)
            .unwrap_or_else(|complaints| panic!("{}", DeploymentError::Text(complaints)))
    }

    /// Where each OS's own files are, in the order in which they are searched: its sysroot, then a root that it has to
    /// itself.
    pub fn trees(&self) -> impl Iterator<Item = (Personality, &Path)> {
        let sysroots = self.sysroots.iter().map(|(personality, sysroot)| (*personality, &*sysroot.directory));
        let roots = self.mounts.iter().rev().filter(|mount| mount.prefix == "/");
        sysroots.chain(roots.filter_map(|mount| match (mount.personalities.as_deref(), &mount.target) {
            (Some(&[only]), MountTarget::Directory(directory)) => Some((only, &**directory)),
            _ => None,
        }))
    }

    /// Reads a deployment file.
    pub fn load(path: &Path) -> Result<Self, DeploymentError> {
        let chain = text::load_chain(path)?;
        resolve::resolve(name_of(path), Some(path.to_owned()), &chain).map_err(DeploymentError::Text)
    }

    /// Numbers the servers for a world that runs: those that it has keep their numbers, and no number is used again of
    /// the `used` ones that there were. Returns how many there are now.
    pub fn number_servers(&mut self, running: &Self, used: u32) -> u32 {
        let mut next = used;
        for (name, spec) in &mut self.servers {
            spec.number = running.servers.get(name).map_or_else(
                || {
                    next += 1;
                    next
                },
                |known| known.number,
            );
        }
        next
    }

    /// Takes a deployment's text; `path` serves messages and what the text inherits.
    pub fn parse(text: &str, path: &Path) -> Result<Self, DeploymentError> {
        let chain = text::chain(path.display().to_string(), text.to_owned(), text::folder_of(path))?;
        resolve::resolve(name_of(path), Some(path.to_owned()), &chain).map_err(DeploymentError::Text)
    }
}

/// What the deployment in a file is called.
pub fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
