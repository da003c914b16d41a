//! The control plane: how the command line talks to running worlds, and how guests join them.
//!
//! A world has two sockets ([`place`]). On the one it answers the interface `Control` of the schema ([`desk`]), in a
//! thread of its own ([`service`]), to clients such as the command line ([`client`]). On the other it takes guests in
//! ([`join`]). What it tells has one form for messages, tables and JSON ([`report`]).

pub mod calls;
pub mod client;
pub mod desk;
mod device;
pub mod join;
pub mod networks;
pub mod place;
pub mod recorder;
pub mod report;
mod screen;

pub mod seat;
pub mod service;
pub mod trace;

use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// A descriptor that a task of the control plane waits for.
fn watched(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays open, and the same, until what is returned is dropped.
    unsafe { AsyncFd::register(descriptor) }.map_err(Into::into)
}

#[cfg(test)]
mod tests;
