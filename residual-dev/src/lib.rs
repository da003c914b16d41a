//! Residual servers for devices: scsi and the framebuffer, with terminals, keyboard and pointer.
//!
//! What a deployment says of a server of one of these kinds, [`nodes`] and [`make`] read.

pub mod console;
pub mod fb;
pub mod input;
pub mod scsi;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::server::{DeviceNode, DeviceServer, Needs, Post, Server};
use schemas::{Errno, Interface};

/// Every kind of server here, and what it answers.
pub const KINDS: &[(&str, Interface)] = &[("fb", Interface::Device), ("scsi", Interface::Device)];

/// Settings that are paths, by the kind of server: one that is not absolute begins at the folder of the deployment.
pub const PATHS: &[(&str, &str)] = &[("scsi", "media")];

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
        "fb" => fb::Settings::read(settings).map(|settings| settings.nodes()).map_err(MakeError),
        "scsi" => scsi::nodes(settings),
        _ => Err(MakeError::unknown(kind)),
    }
}

/// Makes a server of a kind.
///
/// # Errors
/// As [`nodes`], and when the host refuses something that the server needs.
pub fn make(kind: &str, settings: &toml::Table, post: Post) -> Result<Arc<dyn Server>, MakeError> {
    match kind {
        "fb" => {
            let settings = fb::Settings::read(settings).map_err(MakeError)?;
            let mode = settings.mode().map_err(MakeError)?;
            let name = post.name.clone();
            let server = fb::Fb::new(post, &vec![mode; settings.screens as usize], settings.terminals);
            let server = server
                .map_err(|errno| MakeError(format!("the host does not give memory or terminals: {errno}")))?;
            Ok(Arc::new(DeviceServer::new(name, server)))
        }
        "scsi" => scsi::make(settings, post),
        _ => Err(MakeError::unknown(kind)),
    }
}

/// What a server of a kind needs of the host when it runs in a process of its own.
///
/// # Errors
/// As [`nodes`].
pub fn needs(kind: &str, settings: &toml::Table) -> Result<Needs, MakeError> {
    match kind {
        "fb" => fb::Settings::read(settings).map(|_| Needs::default()).map_err(MakeError),
        "scsi" => scsi::needs(settings),
        _ => Err(MakeError::unknown(kind)),
    }
}

/// Locks; state here is whole between any two statements, also after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host's error as a guest is told it.
fn errno(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}
