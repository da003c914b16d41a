//! Where guests make their calls, and how those reach the stub.

use std::collections::HashMap;

use schemas::Personality;
use schemas::exec::Decision;
use schemas::transport::Region;
use sim::exec::hoist::Place;
use sim::host::mapping::mapping;

/// Guests that have ended of which this is kept.
pub const ENDED: usize = 64;

/// A `syscall` instruction of a guest's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its address.
    pub address: u64,
    /// The file that the code comes from, where that is known.
    pub place: Option<Place>,
    /// Calls that the host turned back.
    pub trapped: u64,
    /// Calls that came by the trampoline.
    pub hoisted: u64,
    /// What was decided about it.
    pub decision: Decision,
}

/// All of one guest's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sites {
    /// Its process.
    pub pid: i32,
    /// Its OS.
    pub personality: Personality,
    /// Its program.
    pub program: Vec<u8>,
    /// Whether it has ended.
    pub ended: bool,
    /// Traps that no site counts.
    pub elsewhere: u64,
    /// Its sites, those used most first.
    pub sites: Vec<Site>,
}

impl Sites {
    /// What a guest's region says. Where the code of a site comes from is known of those that were asked about; of a
    /// guest that lives the host tells it of the others.
    pub fn read(
        pid: i32,
        personality: Personality,
        region: Region<'_>,
        known: &HashMap<u64, Place>,
        ended: bool,
    ) -> Self {
        let place = |address: u64| {
            known.get(&address).cloned().or_else(|| {
                let found = if ended { None } else { mapping(pid, address).ok()? };
                Place::within(&found?, address)
            })
        };
        let site = |site: &schemas::transport::Site| Site {
            address: site.address(),
            place: place(site.address()),
            trapped: site.trapped(),
            hoisted: site.hoisted(),
            decision: site.decision(),
        };
        let mut sites: Vec<Site> = region.sites().map(site).collect();
        sites
            .sort_by_key(|site| (std::cmp::Reverse(site.trapped.saturating_add(site.hoisted)), site.address));
        let (program, elsewhere) = (region.program(), region.trapped_elsewhere());
        Self { pid, personality, program, ended, elsewhere, sites }
    }
}
