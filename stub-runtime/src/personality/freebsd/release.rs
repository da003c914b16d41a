//! The FreeBSD that guests see: the deployment's, else one of which this personality has every call.

use schemas::Personality::FreeBsd;

use crate::world;

/// What is told where the deployment says nothing, and `__FreeBSD_version` of that (sys/sys/param.h).
const SYSTEM: &[u8] = b"FreeBSD";
const RELEASE: &[u8] = b"14.2-RELEASE";
const NUMBER: u32 = 1_402_000;

fn or<'a>(told: &'a [u8], own: &'a [u8]) -> &'a [u8] {
    if told.is_empty() { own } else { told }
}

/// `kern.osreldate`.
pub fn number() -> u32 {
    match world::page().identity(FreeBsd).number {
        0 => NUMBER,
        number => number as u32,
    }
}

/// Lets `read` see `kern.ostype`.
pub fn with_system<T>(read: impl FnOnce(&[u8]) -> T) -> T {
    read(or(world::page().identity(FreeBsd).system.as_bytes(), SYSTEM))
}

/// Lets `read` see `kern.osrelease`.
pub fn with_name<T>(read: impl FnOnce(&[u8]) -> T) -> T {
    read(or(world::page().identity(FreeBsd).release.as_bytes(), RELEASE))
}
