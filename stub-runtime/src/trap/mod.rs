//! Catching a foreign trap, entering the stub and leaving it.

pub mod area;
pub mod entry;
pub mod fast;
pub mod hoist;
pub mod patch;
pub mod register;
pub mod site;
pub mod window;
