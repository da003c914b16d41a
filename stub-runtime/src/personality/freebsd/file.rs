//! FreeBSD's calls on files (intro(2)): layouts, flags and errors of its own around what all systems have.

pub mod acl;
pub mod attribute;
pub mod control;
pub mod data;
pub mod directory;
pub mod extended;
pub mod filesystem;
pub mod lock;
pub mod name;
pub mod open;
pub mod send;
pub mod shared;
pub mod status;

use schemas::Errno;

use super::flags;

/// The host's form of flags of an `*at` call, of which only those in `allowed` make sense. That names must not lead
/// out of the directory (`AT_RESOLVE_BENEATH`) is not asked of the host.
///
/// # Errors
/// `EINVAL` for others.
fn at_flags(given: u32, allowed: u32) -> Result<u32, Errno> {
    if given & !(allowed | flags::AT_RESOLVE_BENEATH) != 0 {
        return Err(Errno::INVAL);
    }
    flags::AT.to_host(u64::from(given & allowed)).map(|bits| bits as u32)
}
