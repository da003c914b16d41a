//! The FreeBSD that guests see.

/// `__FreeBSD_version` (sys/sys/param.h) of the release below.
pub const OSRELDATE: u32 = 1_401_000;
/// `uname -r`.
pub const RELEASE: &str = "14.1-RELEASE";
