//! What the servers need of the host, where neither the standard library nor `rustix` has it in the form needed.

pub mod identity;
pub mod mapping;
pub mod memory;
pub mod process;
pub mod raw;

use schemas::Errno;

/// Turns the host's errors into neutral ones; the numbers are the same on Linux.
pub trait HostResult<T> {
    /// The value, or the neutral error.
    fn host(self) -> Result<T, Errno>;
}

impl<T> HostResult<T> for rustix::io::Result<T> {
    fn host(self) -> Result<T, Errno> {
        self.map_err(|error| Errno(error.raw_os_error()))
    }
}

impl<T> HostResult<T> for std::io::Result<T> {
    fn host(self) -> Result<T, Errno> {
        self.map_err(Errno::from)
    }
}
