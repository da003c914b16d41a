//! Sockets and pipes, in the host's numbers and layouts.

mod state;

pub use self::state::*;
