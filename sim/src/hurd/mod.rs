//! The Hurd: its servers over the simulated ports.

pub mod mounts;
pub mod rights;
pub mod world;
