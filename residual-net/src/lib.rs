//! Virtual networks within the process, and the residual servers on them.
//!
//! What a deployment says of a server of one of these kinds, [`nodes`] and [`make`] read.

pub mod bpf;
mod clock;
#[cfg(test)]
mod hostile;
pub mod network;
pub mod pfinet;
mod readiness;
mod shared;
mod tun;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::server::{DeviceNode, Needs, PfinetServer, Post, Server};
use schemas::{Errno, Interface};

use network::Networks;

/// Every kind of server here, and what it answers.
pub const KINDS: &[(&str, Interface)] =
    &[("bpf", Interface::Device), ("tun", Interface::Device), ("netstack", Interface::Pfinet)];

/// A server that cannot be made, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MakeError(pub String);

impl MakeError {
    fn unknown(kind: &str) -> Self {
        Self(format!("there is no residual server of kind `{kind}`"))
    }
}

/// The device nodes that a server of a kind has with these settings.
///
/// # Errors
/// When there is no such kind, or it cannot have these settings.
pub fn nodes(kind: &str, settings: &toml::Table) -> Result<Vec<DeviceNode>, MakeError> {
    match kind {
        "bpf" => bpf::nodes(settings),
        "tun" => tun::nodes(settings),
        "netstack" => pfinet::Settings::read(settings).map(|_| Vec::new()),
        _ => Err(MakeError::unknown(kind)),
    }
}

/// Makes a server of a kind. `networks` are those of its world, which all its servers share.
///
/// # Errors
/// As [`nodes`], and when the host refuses something that the server needs.
pub fn make(
    kind: &str,
    settings: &toml::Table,
    post: Post,
    networks: &Networks,
) -> Result<Arc<dyn Server>, MakeError> {
    match kind {
        "bpf" => bpf::make(settings, post, networks),
        "tun" => tun::make(settings, post, networks),
        "netstack" => {
            let settings = pfinet::Settings::read(settings)?;
            let stack = pfinet::Netstack::new(&post, &settings, networks)?;
            Ok(Arc::new(PfinetServer::new(post.name, stack)))
        }
        _ => Err(MakeError::unknown(kind)),
    }
}

/// What a server of a kind needs of the host when it runs in a process of its own.
///
/// # Errors
/// As [`nodes`]; servers that share networks with others are in one process with them.
pub fn needs(kind: &str, settings: &toml::Table) -> Result<Needs, MakeError> {
    nodes(kind, settings)?;
    Err(MakeError(format!(
        "a server of kind `{kind}` shares its networks with others and runs inside the mapper only"
    )))
}

/// Locks; state here is whole between any two statements, also after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host's error as a guest is told it.
fn errno(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}
