//! What Mach, or the host that stands in for it, gives the stub: trap registration, memory,
//! threads, signals and message transport. One module a host.

pub mod linux;
