//! The Linux host, reached by raw system calls. Nothing here knows a foreign OS.

pub mod memory;
pub mod message;
pub mod signal;
pub mod state;
pub mod syscall;
pub mod thread;

pub use linux_raw_sys::general as abi;
