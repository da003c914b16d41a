//! The servers that this mapper carries, by the names that deployments give them.

use schemas::Interface;

use crate::deployment::ServerKind;

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
