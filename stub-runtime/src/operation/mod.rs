//! The OS-neutral work of the stub. Everything here speaks the host's numbers; personalities
//! translate before and after.

pub mod ask;
pub mod attribute;
pub mod clock;
pub mod console;
pub mod descriptor;
pub mod device;
pub mod directory;
pub mod event;
pub mod exec;
pub mod extended;
pub mod file;
pub mod filesystem;
pub mod frame;
pub mod hidden;
pub mod identity;
pub mod input;
pub mod kill;
pub mod limit;
pub mod lock;
pub mod mask;
pub mod memory;
pub mod mounts;
pub mod name;
pub mod native;
pub mod open;
pub mod packet;
pub mod path;
pub mod pidfd;
pub mod queue;
pub mod scsi;
pub mod send;
pub mod signal;
pub mod socket;
pub mod status;
pub mod system;
pub mod terminal;
pub mod thread;
pub mod tunnel;
pub mod watch;

#[cfg(test)]
pub(crate) mod trial;
