//! Mach and the Hurd, simulated on the host.
//!
//! - [`mach`]: ports and rights, with the rules of Mach 3. Everything that guests hold of servers is such a right.
//! - [`hurd`]: what the servers of a world share: guests, the mount table, the deployment's decisions, and the objects
//!   that guests hold ([`hurd::rights`]).
//! - [`server`]: the Hurd servers; [`server::make`] makes one by the name of its kind.
//! - [`exec`]: the signature reader, by which the `exec` server recognises programs.
//! - [`host`]: what all of this needs of the host.
//!
//! Only [`mach`] is for every host: on one of Apple's the same interface is that of the real kernel.

#[cfg(target_os = "linux")]
pub mod exec;
#[cfg(target_os = "linux")]
pub mod host;
#[cfg(target_os = "linux")]
pub mod hurd;
pub mod mach;
#[cfg(target_os = "linux")]
pub mod server;
