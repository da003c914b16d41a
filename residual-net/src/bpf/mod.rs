//! The packet filter: taps on interfaces, and what guests read from them.
//!
//! A server of kind `bpf` watches the interfaces of one host ([`crate::network::Host`]): guests of BSD systems by the
//! nodes `/dev/bpf` and `/dev/bpf0`, each opening of which is a descriptor of its own, and those of Linux by sockets of
//! family `AF_PACKET`, for which a deployment has a route. Its one setting is `host`, the name of that host.

mod capture;
mod descriptor;
pub mod filter;
mod link;
mod packet;
mod record;
mod server;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemas::Personality;
use schemas::server::{DeviceNode, DeviceServer, Post, Server};

use crate::MakeError;
use crate::network::{DEFAULT_HOST, Networks};
use server::Bpf;

/// The systems that have the nodes.
const SYSTEMS: [Personality; 4] =
    [Personality::FreeBsd, Personality::NetBsd, Personality::OpenBsd, Personality::DragonFly];

/// The name of the host in the settings of a server.
fn host(settings: &toml::Table) -> Result<&str, MakeError> {
    let mut host = DEFAULT_HOST;
    for (key, value) in settings {
        host = match (key.as_str(), value.as_str()) {
            ("host", Some(name)) => name,
            ("host", None) => return Err(MakeError("`host` is the name of a host, as text".to_owned())),
            _ => return Err(MakeError(format!("a server of kind `bpf` has no setting `{key}`"))),
        };
    }
    Ok(host)
}

/// The device nodes of a server.
pub(crate) fn nodes(settings: &toml::Table) -> Result<Vec<DeviceNode>, MakeError> {
    host(settings)?;
    let personalities = SYSTEMS.iter().fold(0, |mask, personality| mask | personality.bit());
    let node = |path: &str| DeviceNode { path: path.to_owned(), personalities, block: false };
    Ok(vec![node("bpf"), node("bpf0")])
}

/// Makes a server.
pub(crate) fn make(
    settings: &toml::Table,
    post: Post,
    networks: &Networks,
) -> Result<Arc<dyn Server>, MakeError> {
    let host = networks.host(host(settings)?);
    let bpf = Bpf::new(host, post.nodes, post.first_object).map_err(|error| MakeError(error.to_string()))?;
    Ok(Arc::new(DeviceServer::new(post.name.as_str(), bpf)))
}
