//! The exec server's knowledge of program files.
//!
//! [`signature`] reads a file and tells for which OS it was compiled, by which evidence, and whether it can be
//! run here. [`sysroots`] finds the files a program needs in the system trees of its OS, and [`report`] puts
//! the answers into the words and columns of `mapper identify`. [`hoist`] decides how a program's traps can be had
//! cheaper.

#[cfg(test)]
mod corpus;
pub mod hoist;
pub mod report;
pub mod signature;
pub mod sysroots;

pub use signature::{Identity, Os, Question, identify};
