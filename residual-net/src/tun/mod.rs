//! Interfaces whose other end is a program.
//!
//! A server of kind `tun` adds interfaces to one host ([`crate::network::Host`]): for guests of Linux by `/dev/net/tun`,
//! for those of BSD systems by `/dev/tun`, `/dev/tap` and their units. Its settings are `host`, the name of that host,
//! which is that of each guest's own stack unless it is said, `units`, how many of BSD's have a node of their own (4), and `up-on-open`, whether opening one of those takes its
//! interface up, as `net.link.tap.up_on_open` of FreeBSD does (false).

mod port;
mod server;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemas::Personality;
use schemas::server::{DeviceNode, DeviceServer, Post, Server};

use crate::MakeError;
use crate::network::{Hosts, Networks};
use server::Tun;

/// The systems that have the nodes of BSD.
const SYSTEMS: [Personality; 4] =
    [Personality::FreeBsd, Personality::NetBsd, Personality::OpenBsd, Personality::DragonFly];
/// Units with a node: when nothing is said, and at most.
const UNITS: (i64, i64) = (4, 64);

/// What the settings of a server say.
struct Settings<'a> {
    host: Option<&'a str>,
    units: i64,
    up_on_open: bool,
}

fn read(settings: &toml::Table) -> Result<Settings<'_>, MakeError> {
    let mut read = Settings { host: None, units: UNITS.0, up_on_open: false };
    for (key, value) in settings {
        match (key.as_str(), value) {
            ("host", toml::Value::String(name)) => read.host = Some(name),
            ("units", toml::Value::Integer(units)) if (0..=UNITS.1).contains(units) => read.units = *units,
            ("up-on-open", toml::Value::Boolean(up)) => read.up_on_open = *up,
            ("up-on-open", _) => return Err(MakeError("`up-on-open` is true or false".to_owned())),
            ("host", _) => return Err(MakeError("`host` is the name of a host, as text".to_owned())),
            ("units", _) => return Err(MakeError(format!("`units` is a number from 0 to {}", UNITS.1))),
            _ => return Err(MakeError(format!("a server of kind `tun` has no setting `{key}`"))),
        }
    }
    Ok(read)
}

/// The device nodes of a server.
pub(crate) fn nodes(settings: &toml::Table) -> Result<Vec<DeviceNode>, MakeError> {
    let units = read(settings)?.units;
    let bsd = SYSTEMS.iter().fold(0, |mask, personality| mask | personality.bit());
    let node = |path: String, personalities| DeviceNode { path, personalities, block: false };
    let mut nodes = vec![node("net/tun".to_owned(), Personality::Linux.bit())];
    for kind in ["tun", "tap"] {
        nodes.push(node(kind.to_owned(), bsd));
        nodes.extend((0..units).map(|unit| node(format!("{kind}{unit}"), bsd)));
    }
    Ok(nodes)
}

/// Makes a server.
pub(crate) fn make(
    settings: &toml::Table,
    post: Post,
    networks: &Networks,
) -> Result<Arc<dyn Server>, MakeError> {
    let Settings { host, up_on_open, .. } = read(settings)?;
    let tun = Tun::new(Hosts::new(host, networks), up_on_open, post.nodes, post.first_object)
        .map_err(|error| MakeError(error.to_string()))?;
    Ok(Arc::new(DeviceServer::new(post.name.as_str(), tun)))
}
