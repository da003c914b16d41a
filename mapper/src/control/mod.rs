//! The control plane: how the command line talks to running worlds.

pub mod place;
