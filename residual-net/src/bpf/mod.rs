//! The packet filter: taps on interfaces, and what guests read from them.
//!
//! A server of kind `bpf` watches the interfaces of one host ([`crate::network::Host`]): guests of BSD systems by the
//! nodes `/dev/bpf` and `/dev/bpf0`, each opening of which is a descriptor of its own, and those of Linux by sockets of
//! family `AF_PACKET`, for which a deployment has a route. Its settings are `host`, the name of that host, which is that of
//! each guest's own stack unless it is said, and `host-interfaces`, a list of interfaces of the host machine that are to be
//! there (on the host `default` when none is said) under their names, which takes the privilege to watch those
//! (`CAP_NET_RAW`).

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
mod wire;

use std::sync::Arc;

use schemas::Personality;
use schemas::server::{DeviceNode, DeviceServer, Post, Server};

use crate::MakeError;
use crate::network::{DEFAULT_HOST, Hosts, Networks};
use server::Bpf;

/// The systems that have the nodes.
const SYSTEMS: [Personality; 4] =
    [Personality::FreeBsd, Personality::NetBsd, Personality::OpenBsd, Personality::DragonFly];

/// What the settings of a server say.
struct Settings<'a> {
    host: Option<&'a str>,
    host_interfaces: Vec<&'a str>,
}

fn read(settings: &toml::Table) -> Result<Settings<'_>, MakeError> {
    let mut read = Settings { host: None, host_interfaces: Vec::new() };
    for (key, value) in settings {
        match (key.as_str(), value) {
            ("host", toml::Value::String(name)) => read.host = Some(name),
            ("host-interfaces", toml::Value::Array(names)) => {
                let names: Option<Vec<&str>> = names.iter().map(toml::Value::as_str).collect();
                read.host_interfaces = names.ok_or_else(|| {
                    MakeError("`host-interfaces` are names of interfaces, as texts".to_owned())
                })?;
            }
            ("host", _) => return Err(MakeError("`host` is the name of a host, as text".to_owned())),
            ("host-interfaces", _) => {
                return Err(MakeError("`host-interfaces` is a list of names of interfaces".to_owned()));
            }
            _ => return Err(MakeError(format!("a server of kind `bpf` has no setting `{key}`"))),
        }
    }
    Ok(read)
}

/// The device nodes of a server.
pub(crate) fn nodes(settings: &toml::Table) -> Result<Vec<DeviceNode>, MakeError> {
    read(settings)?;
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
    let Settings { host, host_interfaces } = read(settings)?;
    for name in host_interfaces {
        wire::attach(&networks.host(host.unwrap_or(DEFAULT_HOST)), name).map_err(|error| {
            MakeError(format!("the interface `{name}` of the host machine cannot be watched: {error}"))
        })?;
    }
    let hosts = Hosts::new(host, networks);
    let bpf = Bpf::new(hosts, post.nodes, post.first_object).map_err(|error| MakeError(error.to_string()))?;
    Ok(Arc::new(DeviceServer::new(post.name.as_str(), bpf)))
}
