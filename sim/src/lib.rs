//! Mach and the Hurd, simulated on the host.

pub mod mach;
