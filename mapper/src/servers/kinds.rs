//! The implementations that this mapper carries, by the names that deployments give them.

use std::sync::Arc;

use schemas::Interface;
use schemas::server::Server;
use sim::hurd::world::World as Hurd;

use crate::deployment::{Place, ServerKind, ServerSpec};

/// Every implementation. Of several that answer one interface, the first is asked when no route says otherwise.
pub const KINDS: &[ServerKind] = &[
    ServerKind { name: "auth", interface: Interface::Auth },
    ServerKind { name: "proc", interface: Interface::Proc },
    ServerKind { name: "exec", interface: Interface::Exec },
    ServerKind { name: "hostfs", interface: Interface::Fs },
    ServerKind { name: "tmpfs", interface: Interface::Fs },
    ServerKind { name: "devfs", interface: Interface::Fs },
    ServerKind { name: "procfs", interface: Interface::Fs },
    ServerKind { name: "pflocal", interface: Interface::Pflocal },
    ServerKind { name: "pfinet", interface: Interface::Pfinet },
    ServerKind { name: "term", interface: Interface::Term },
];

/// The kind with this name.
pub fn kind(name: &str) -> Option<ServerKind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// Makes a server.
pub(super) fn make(name: &str, spec: &ServerSpec, hurd: &Arc<Hurd>) -> Result<Arc<dyn Server>, String> {
    let _ = hurd;
    if spec.place == Place::Process {
        return Err("servers in processes of their own are not supported; use `place = \"task\"`".to_owned());
    }
    if let Some(setting) = spec.settings.keys().next() {
        return Err(format!("a server of kind {} has no setting `{setting}`", spec.kind.name));
    }
    Ok(Arc::new(Nobody { name: name.to_owned(), interface: spec.kind.interface }))
}

struct Nobody {
    name: String,
    interface: Interface,
}

impl Server for Nobody {
    fn name(&self) -> &str {
        &self.name
    }

    fn interface(&self) -> Interface {
        self.interface
    }

    fn call(
        &self,
        _: schemas::Operation,
        _: &schemas::server::Caller,
        _: capnp::any_pointer::Reader<'_>,
        _: capnp::any_pointer::Builder<'_>,
        _: &mut schemas::server::Capabilities,
    ) -> Result<(), schemas::Errno> {
        Err(schemas::Errno::NOSYS)
    }
}
