//! The data plane: from a guest's doorbell to the server and back.
//!
//! A few worker threads, chosen by the deployment, each look after a share of the process sockets. They sleep in
//! `epoll_wait(2)`; after a request a worker looks for the next one in shared memory for a bounded time, so that guests
//! that ask often need no system call to be heard. Nothing that arrives from a guest is trusted: requests are copied
//! before they are read, regions must be sealed, descriptors are counted, and no guest is served more than a few
//! messages before it is another's turn.

mod connection;
mod desk;
mod region;
pub mod socket;
mod subject;
mod worker;

pub use desk::{Desk, Guest, conclude, settle};
pub use region::Mapped;
pub use worker::{Crew, Over};

#[cfg(test)]
mod tests;
