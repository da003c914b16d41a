//! The OS-neutral work of the stub. Everything here speaks the host's numbers; personalities
//! translate before and after.

pub mod descriptor;
pub mod exec;
pub mod hidden;
pub mod memory;
pub mod mounts;
pub mod native;
pub mod path;
pub mod queue;
pub mod signal;
pub mod socket;
pub mod system;
pub mod thread;
