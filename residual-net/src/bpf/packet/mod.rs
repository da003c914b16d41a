//! Sockets of family `AF_PACKET` (packet(7) of Linux).

mod address;
mod interface;
mod option;
mod ring;
mod socket;
#[cfg(test)]
mod tests;

pub use address::{Address, FAMILY};
pub use socket::{Kind, Socket};
