//! Mach and the Hurd, simulated on the host.

pub mod exec;
pub mod host;
pub mod hurd;
pub mod mach;
pub mod server;
