//! Residual servers for devices: scsi and the framebuffer.
//!
//! What a deployment says of a server of one of these kinds, [`nodes`] and [`make`] read.

pub mod scsi;

use std::sync::Arc;

use schemas::Interface;
use schemas::server::{DeviceNode, MountedNode, Server};

/// Every kind of server here, and what it answers.
pub const KINDS: &[(&str, Interface)] = &[];

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
    let _ = settings;
    Err(MakeError::unknown(kind))
}

/// Makes a server of a kind, with a name of its own. `nodes` are its device nodes as they were mounted.
///
/// # Errors
/// As [`nodes`], and when the host refuses something that the server needs.
pub fn make(
    kind: &str,
    name: &str,
    settings: &toml::Table,
    nodes: &[MountedNode],
) -> Result<Arc<dyn Server>, MakeError> {
    let _ = (name, settings, nodes);
    Err(MakeError::unknown(kind))
}
