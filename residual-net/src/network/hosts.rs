//! Whose interfaces the servers of devices have.

use std::sync::Arc;

use schemas::server::Caller;

use super::{DEFAULT_HOST, Host, Networks};

/// The hosts that a server is on: always the same, or that of whoever asks.
#[derive(Debug)]
pub enum Hosts {
    /// This one, whoever asks.
    Fixed(Arc<Host>),
    /// The one that the guest's own stack serves; [`DEFAULT_HOST`] for a guest whose stack is none of these networks.
    OfCaller(Networks),
}

impl Hosts {
    /// Of the setting `host`, which may be left out.
    pub fn new(name: Option<&str>, networks: &Networks) -> Self {
        match name {
            Some(name) => Self::Fixed(networks.host(name)),
            None => Self::OfCaller(networks.clone()),
        }
    }

    /// The host when this one asks.
    pub fn of(&self, caller: &Caller) -> Arc<Host> {
        match self {
            Self::Fixed(host) => host.clone(),
            Self::OfCaller(networks) => {
                let own = caller.stack.as_deref().and_then(|stack| networks.host_of(stack));
                own.unwrap_or_else(|| networks.host(DEFAULT_HOST))
            }
        }
    }
}
