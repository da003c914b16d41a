//! A world: what all its guests share.

mod live;
mod mounts;
mod page;
mod statistics;

use rustix::io::Errno;
use schemas::Personality;

use crate::deployment::{Deployment, OsIdentity};
use crate::route::Table;
pub use live::Live;
pub use mounts::{MountError, Mounts};
pub use page::Page;
pub use statistics::Statistics;

/// What a world shows to its guests, as made from a deployment before anything runs.
#[derive(Debug)]
pub struct Face {
    /// The page that every stub sees.
    pub page: Page,
    /// The mount table with its directories.
    pub mounts: Mounts,
    /// The routes.
    pub table: Table,
}

/// A world that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Because of its mount table.
    #[error(transparent)]
    Mounts(#[from] MountError),
    /// Because the host has no memory file for its page.
    #[error("cannot make the memory that guests share with the mapper: {0}")]
    Page(Errno),
}

impl Face {
    /// Makes what guests of this deployment see.
    pub fn new(deployment: &Deployment) -> Result<Self, WorldError> {
        let table = Table::new(deployment);
        let mounts = Mounts::open(deployment, &table)?;
        let page = Page::create().map_err(WorldError::Page)?;
        page.publish_routes(&table);
        let options = &deployment.options;
        page.change(|world| world.set_stub_spin(spin(options.spin_microseconds).saturating_mul(1000)));
        let host = rustix::system::uname();
        let host_name = host.nodename().to_string_lossy();
        let host_name = deployment.options.hostname.as_deref().unwrap_or(&host_name);
        page.publish_names(host_name, &host.domainname().to_string_lossy(), &identities(deployment));
        // The table was bounded when it was made.
        let _ = page.change(|world| world.set_mounts(mounts.entries()));
        Ok(Self { page, mounts, table })
    }
}

/// How many of the microseconds to spend looking for what another process does: none on a single processor, where
/// looking keeps that one from doing it.
pub(crate) fn spin(microseconds: u32) -> u32 {
    let processors = rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count());
    if processors > 1 { microseconds } else { 0 }
}

/// What each OS's guests are told, with the host's words filled in where the deployment has none.
pub(crate) fn identities(deployment: &Deployment) -> Vec<(Personality, OsIdentity)> {
    let host = rustix::system::uname();
    let own = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    Personality::ALL
        .into_iter()
        .map(|personality| {
            let mut identity = deployment.identities.get(&personality).cloned().unwrap_or_default();
            let words = [
                (&mut identity.system, host.sysname()),
                (&mut identity.release, host.release()),
                (&mut identity.version, host.version()),
                (&mut identity.machine, host.machine()),
            ];
            for (word, text) in words {
                if word.is_empty() {
                    *word = own(text);
                }
            }
            (personality, identity)
        })
        .collect()
}
