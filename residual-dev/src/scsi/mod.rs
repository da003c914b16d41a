//! SCSI: a virtual recorder for CD, DVD and BD, whose discs are files, and passing through to a device of the host's.
//!
//! A server of kind `scsi` has `drive`s, each with nodes of its own, and a folder `media` that discs lie in:
//!
//! | setting | says |
//! |---|---|
//! | `media` | the folder |
//! | `allow` | what guests may send: `"read-only"`, `"burn"` (the default), `"all"`, or a list of operation codes |
//! | `speed` | `"unlimited"` (the default) or `"real"` |
//! | `drive` | a list of tables: `medium`, `kind` (makes the medium if it is not there), `vendor`, `product`, `revision`, `serial`, `allow`, `speed`; or `host`, a node of the host's that is passed through |

pub mod command;
pub mod drive;
pub mod medium;
pub mod passthrough;
pub mod policy;
pub mod recorder;
pub mod sense;
pub mod sent;
mod server;
pub mod settings;

use std::sync::Arc;

use schemas::Personality;
use schemas::server::{DeviceNode, DeviceServer, Needs, Post, Server};
use toml::Table;

use crate::MakeError;
use settings::Settings;

/// The device nodes of a server.
pub(crate) fn nodes(settings: &Table) -> Result<Vec<DeviceNode>, MakeError> {
    let drives = Settings::read(settings)?.drives.len();
    let node = |path: String, personality: Personality, block| DeviceNode {
        path,
        personalities: personality.bit(),
        block,
    };
    let mut nodes = vec![node("xpt0".to_owned(), Personality::FreeBsd, false)];
    for number in 0..drives {
        nodes.push(node(format!("sg{number}"), Personality::Linux, false));
        nodes.push(node(format!("sr{number}"), Personality::Linux, true));
        nodes.push(node(format!("pass{number}"), Personality::FreeBsd, false));
        nodes.push(node(format!("cd{number}"), Personality::FreeBsd, false));
    }
    Ok(nodes)
}

/// Makes a server.
pub(crate) fn make(settings: &Table, post: Post) -> Result<Arc<dyn Server>, MakeError> {
    let settings = Settings::read(settings)?;
    let drives = settings
        .drives
        .iter()
        .map(|drive| drive::Drive::new(drive, &settings.media))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(DeviceServer::new(
        post.name.as_str(),
        server::Scsi::new(drives, settings.media, post.nodes, post.first_object),
    )))
}

/// What it needs of the host in a process of its own.
pub(crate) fn needs(settings: &Table) -> Result<Needs, MakeError> {
    let settings = Settings::read(settings)?;
    let hosts = settings.drives.into_iter().filter_map(|drive| drive.host);
    let folder = Some(settings.media).filter(|folder| !folder.as_os_str().is_empty());
    Ok(Needs { files: folder.into_iter().chain(hosts).collect(), network: false })
}
