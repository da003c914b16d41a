//! Catching a foreign trap, entering the stub and leaving it.

pub mod entry;
pub mod register;
