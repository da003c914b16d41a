//! The implementations that this mapper carries, by the names that deployments give them.

use std::path::Path;
use std::sync::Arc;

use residual_net::network::Networks;
use schemas::Interface;
use schemas::server::{DeviceNode, Needs, Post, Server};
use sim::hurd::world::World as Hurd;
use sim::server::Settings;

use crate::deployment::{ServerKind, ServerSpec};

/// Every implementation. Of several that answer one interface, the first is asked when no route says otherwise.
pub fn all() -> impl Iterator<Item = ServerKind> + Clone {
    let kinds = sim::server::KINDS.iter().chain(residual_dev::KINDS).chain(residual_net::KINDS);
    kinds.map(|&(name, interface)| ServerKind { name, interface })
}

/// Whether a crate's list has a kind.
fn has(kinds: &[(&str, Interface)], kind: ServerKind) -> bool {
    kinds.iter().any(|&(name, _)| name == kind.name)
}

/// The device nodes that a server of this kind has with these settings; or why it cannot have them.
pub fn nodes(kind: ServerKind, settings: &toml::Table) -> Result<Vec<DeviceNode>, String> {
    if has(residual_dev::KINDS, kind) {
        return residual_dev::nodes(kind.name, settings).map_err(|error| error.to_string());
    }
    if has(residual_net::KINDS, kind) {
        return residual_net::nodes(kind.name, settings).map_err(|error| error.to_string());
    }
    Ok(Vec::new())
}

/// Lets paths among a server's settings begin at the folder of its deployment.
pub fn anchor(kind: ServerKind, settings: &mut toml::Table, folder: &Path) {
    for (_, key) in residual_dev::PATHS.iter().filter(|(name, _)| *name == kind.name) {
        if let Some(toml::Value::String(path)) = settings.get_mut(*key)
            && let Some(whole) = folder.join(&*path).to_str()
        {
            *path = whole.to_owned();
        }
    }
}

/// The kind with this name.
pub fn kind(name: &str) -> Option<ServerKind> {
    all().find(|kind| kind.name == name)
}

/// What a server of this kind needs of the host when it runs in a process of its own; or why it cannot.
pub fn needs(kind: ServerKind, settings: &toml::Table) -> Result<Needs, String> {
    if has(residual_dev::KINDS, kind) {
        return residual_dev::needs(kind.name, settings).map_err(|error| error.to_string());
    }
    if has(residual_net::KINDS, kind) {
        return residual_net::needs(kind.name, settings).map_err(|error| error.to_string());
    }
    Err(format!("a server of kind {} shares the world's state and runs inside the mapper only", kind.name))
}

/// Makes a residual server.
pub(super) fn make_residual(
    kind: ServerKind,
    settings: &toml::Table,
    post: Post,
    networks: &Networks,
) -> Result<Arc<dyn Server>, String> {
    if has(residual_net::KINDS, kind) {
        return residual_net::make(kind.name, settings, post, networks).map_err(|error| error.to_string());
    }
    residual_dev::make(kind.name, settings, post).map_err(|error| error.to_string())
}

/// Makes a server inside the mapper.
pub(super) fn make(
    spec: &ServerSpec,
    post: Post,
    hurd: &Arc<Hurd>,
    networks: &Networks,
) -> Result<Arc<dyn Server>, String> {
    if !sim::server::KINDS.iter().any(|&(name, _)| name == spec.kind.name) {
        return make_residual(spec.kind, &spec.settings, post, networks);
    }
    let mut settings = Settings::default();
    for (key, value) in &spec.settings {
        match (key.as_str(), value.as_integer().and_then(|number| u64::try_from(number).ok())) {
            ("size", Some(size)) => settings.size = Some(size),
            ("size", None) => return Err(format!("`size` is a number of bytes, not {value}")),
            _ => return Err(format!("a server of kind {} has no setting `{key}`", spec.kind.name)),
        }
    }
    sim::server::make(spec.kind.name, &post.name, hurd, &settings).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::{Limits, Place};
    use sim::hurd::world::Policy;
    use sim::mach::Mach;

    fn made(kind_name: &str, settings: &str, place: Place) -> Result<Arc<dyn Server>, String> {
        let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), Policy::default()));
        let kind = kind(kind_name).unwrap();
        let spec = ServerSpec {
            number: 1,
            kind,
            place,
            operations: None,
            limits: Limits::default(),
            settings: settings.parse().unwrap(),
            nodes: Vec::new(),
        };
        make(&spec, Post { name: "it".to_owned(), ..Post::default() }, &hurd, &Networks::default())
    }

    #[test]
    fn every_kind_can_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let media = format!("media = {:?}", folder.path());
        for kind in all() {
            let settings = if kind.name == "scsi" { media.as_str() } else { "" };
            let server = made(kind.name, settings, Place::Task).unwrap();
            assert_eq!((server.name(), server.interface()), ("it", kind.interface));
        }
    }

    #[test]
    fn settings_that_a_kind_does_not_have_are_refused() {
        assert!(made("tmpfs", "size = 65536", Place::Task).is_ok());
        for (kind, settings) in [("tmpfs", "size = -1"), ("tmpfs", "colour = 1"), ("auth", "size = 1")] {
            assert!(made(kind, settings, Place::Task).is_err(), "{kind} {settings}");
        }
    }
}
