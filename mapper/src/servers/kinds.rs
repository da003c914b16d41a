//! The implementations that this mapper carries, by the names that deployments give them.

use std::sync::Arc;

use schemas::server::Server;
use sim::hurd::world::World as Hurd;
use sim::server::Settings;

use crate::deployment::{Place, ServerKind, ServerSpec};

/// Every implementation. Of several that answer one interface, the first is asked when no route says otherwise.
pub fn all() -> impl Iterator<Item = ServerKind> + Clone {
    sim::server::KINDS.iter().map(|&(name, interface)| ServerKind { name, interface })
}

/// The kind with this name.
pub fn kind(name: &str) -> Option<ServerKind> {
    all().find(|kind| kind.name == name)
}

/// Makes a server.
pub(super) fn make(name: &str, spec: &ServerSpec, hurd: &Arc<Hurd>) -> Result<Arc<dyn Server>, String> {
    if spec.place == Place::Process {
        return Err("servers in processes of their own are not supported; use `place = \"task\"`".to_owned());
    }
    let mut settings = Settings::default();
    for (key, value) in &spec.settings {
        match (key.as_str(), value.as_integer().and_then(|number| u64::try_from(number).ok())) {
            ("size", Some(size)) => settings.size = Some(size),
            ("size", None) => return Err(format!("`size` is a number of bytes, not {value}")),
            _ => return Err(format!("a server of kind {} has no setting `{key}`", spec.kind.name)),
        }
    }
    sim::server::make(spec.kind.name, name, hurd, &settings).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::hurd::world::Policy;
    use sim::mach::Mach;

    fn made(kind_name: &str, settings: &str, place: Place) -> Result<Arc<dyn Server>, String> {
        let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), Policy::default()));
        let kind = kind(kind_name).unwrap();
        make("it", &ServerSpec { kind, place, settings: settings.parse().unwrap() }, &hurd)
    }

    #[test]
    fn every_kind_can_be_made() {
        for kind in all() {
            let server = made(kind.name, "", Place::Task).unwrap();
            assert_eq!((server.name(), server.interface()), ("it", kind.interface));
        }
    }

    #[test]
    fn settings_that_a_kind_does_not_have_are_refused() {
        assert!(made("tmpfs", "size = 65536", Place::Task).is_ok());
        for (kind, settings) in [("tmpfs", "size = -1"), ("tmpfs", "colour = 1"), ("auth", "size = 1")] {
            assert!(made(kind, settings, Place::Task).is_err(), "{kind} {settings}");
        }
        assert!(made("auth", "", Place::Process).is_err());
    }
}
