//! Making servers by the names that deployments give their kinds.

use std::sync::Arc;

use schemas::Interface;
use schemas::server::{
    AuthServer, ExecServer, FsServer, PfinetServer, PflocalServer, ProcServer, Server, TermServer,
};

use super::{auth, devfs, exec, hostfs, pfinet, pflocal, proc, procfs, term, tmpfs};
use crate::hurd::world::World;

/// Every kind of Hurd server, and what it answers.
pub const KINDS: &[(&str, Interface)] = &[
    ("auth", Interface::Auth),
    ("proc", Interface::Proc),
    ("exec", Interface::Exec),
    ("hostfs", Interface::Fs),
    ("tmpfs", Interface::Fs),
    ("devfs", Interface::Fs),
    ("procfs", Interface::Fs),
    ("pflocal", Interface::Pflocal),
    ("pfinet", Interface::Pfinet),
    ("term", Interface::Term),
];

/// What a deployment may say of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Most bytes in a `tmpfs`.
    pub size: Option<u64>,
}

/// A server that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// No kind has this name.
    #[error("there is no Hurd server of kind `{0}`")]
    Unknown(String),
    /// The kind has no such setting.
    #[error("a server of kind `{0}` has no setting `size`")]
    Setting(String),
    /// The host refused.
    #[error("the host has no memory for a tmpfs: {0}")]
    Memory(#[from] std::io::Error),
}

/// Makes a server of a kind, with a name of its own, in a world.
pub fn make(
    kind: &str,
    name: &str,
    world: &Arc<World>,
    settings: &Settings,
) -> Result<Arc<dyn Server>, MakeError> {
    if settings.size.is_some() && kind != "tmpfs" {
        return Err(MakeError::Setting(kind.to_owned()));
    }
    let world = world.clone();
    Ok(match kind {
        "auth" => Arc::new(AuthServer::new(name, auth::AuthServer::new(world))),
        "proc" => Arc::new(ProcServer::new(name, proc::ProcServer::new(world))),
        "exec" => Arc::new(ExecServer::new(name, exec::ExecServer::new(world))),
        "hostfs" => Arc::new(FsServer::new(name, hostfs::hostfs(world))),
        "tmpfs" => {
            Arc::new(FsServer::new(name, tmpfs::tmpfs(world, settings.size.unwrap_or(tmpfs::DEFAULT_SIZE))?))
        }
        "devfs" => Arc::new(FsServer::new(name, devfs::devfs(world))),
        "procfs" => Arc::new(FsServer::new(name, procfs::procfs(world))),
        "pflocal" => Arc::new(PflocalServer::new(name, pflocal::PflocalServer::new(world))),
        "pfinet" => Arc::new(PfinetServer::new(name, pfinet::PfinetServer::new(world))),
        "term" => Arc::new(TermServer::new(name, term::TermServer)),
        _ => return Err(MakeError::Unknown(kind.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::world;

    #[test]
    fn every_kind_can_be_made_and_answers_its_interface() {
        let world = world();
        for (kind, interface) in KINDS {
            let server = make(kind, "a name", &world, &Settings::default()).unwrap();
            assert_eq!((server.name(), server.interface()), ("a name", *interface));
        }
        assert!(matches!(make("bpf", "bpf", &world, &Settings::default()), Err(MakeError::Unknown(_))));
        let sized = Settings { size: Some(1 << 20) };
        assert!(make("tmpfs", "t", &world, &sized).is_ok());
        assert!(matches!(make("auth", "a", &world, &sized), Err(MakeError::Setting(_))));
    }
}
