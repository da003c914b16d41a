//! The implementations that this mapper carries, by the names that deployments give them.

use std::sync::Arc;

use schemas::Interface;
use schemas::server::{
    AuthServer as AuthAdapter, ExecServer as ExecAdapter, FsServer as FsAdapter,
    PflocalServer as PflocalAdapter, ProcServer as ProcAdapter, Server, TermServer as TermAdapter,
};
use sim::hurd::world::World as Hurd;
use sim::server::{auth, exec, hostfs, pflocal, proc, term};

use crate::deployment::{Place, ServerKind, ServerSpec};

/// Every implementation. Of several that answer one interface, the first is asked when no route says otherwise.
pub const KINDS: &[ServerKind] = &[
    ServerKind { name: "auth", interface: Interface::Auth },
    ServerKind { name: "proc", interface: Interface::Proc },
    ServerKind { name: "exec", interface: Interface::Exec },
    ServerKind { name: "hostfs", interface: Interface::Fs },
    ServerKind { name: "pflocal", interface: Interface::Pflocal },
    ServerKind { name: "term", interface: Interface::Term },
];

/// The kind with this name.
pub fn kind(name: &str) -> Option<ServerKind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// Makes a server.
pub(super) fn make(name: &str, spec: &ServerSpec, hurd: &Arc<Hurd>) -> Result<Arc<dyn Server>, String> {
    if spec.place == Place::Process {
        return Err("servers in processes of their own are not supported; use `place = \"task\"`".to_owned());
    }
    if let Some(setting) = spec.settings.keys().next() {
        return Err(format!("a server of kind {} has no setting `{setting}`", spec.kind.name));
    }
    let world = hurd.clone();
    Ok(match spec.kind.name {
        "auth" => Arc::new(AuthAdapter::new(name, auth::AuthServer::new(world))),
        "proc" => Arc::new(ProcAdapter::new(name, proc::ProcServer::new(world))),
        "exec" => Arc::new(ExecAdapter::new(name, exec::ExecServer::new(world))),
        "hostfs" => Arc::new(FsAdapter::new(name, hostfs::hostfs(world))),
        "pflocal" => Arc::new(PflocalAdapter::new(name, pflocal::PflocalServer::new(world))),
        "term" => Arc::new(TermAdapter::new(name, term::TermServer)),
        kind => return Err(format!("there is no server of kind {kind}")),
    })
}
