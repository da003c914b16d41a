//! Servers in processes of their own.
//!
//! Such a server is the same code as one inside the mapper, behind a socket: [`serve`] runs it in a process that has
//! given up what it does not need (`fence`), [`Link`] is the mapper's end of the socket, and a [`Queue`] with a thread
//! of its own asks it, so that no worker waits for another process.

mod fence;
mod link;
mod queue;
mod serve;
mod wire;

pub use link::Link;
pub use queue::{Home, Job, Queue};
pub use serve::serve;

/// The verb under which this program runs a server; people do not type it.
pub const VERB: &str = "serve";
