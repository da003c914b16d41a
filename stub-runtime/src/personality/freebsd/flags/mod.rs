//! FreeBSD's constants, each with what means the same on the host.
//!
//! A row without a counterpart is refused (`EINVAL`), unless a handler takes it out before it translates the
//! rest. A row that is 0 on the host is one that asks for nothing there; its comment says why that is right.

mod file;
mod memory;
mod process;
mod socket;
mod terminal;

pub use file::*;
pub use memory::*;
pub use process::*;
pub use socket::*;
pub use terminal::*;

#[cfg(test)]
mod tests;
