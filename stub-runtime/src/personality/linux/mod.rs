//! Linux x86-64.

use super::Personality;

pub mod action;
pub mod aio;
pub mod calls;
pub mod clock;
pub mod errno;
pub mod event;
pub mod file;
pub mod frame;
pub mod identity;
pub mod ioctl;
pub mod layouts;
pub mod memory;
pub mod names;
pub mod process;
pub mod signal;
pub mod socket;
pub mod start;

/// The personality.
pub static PERSONALITY: Personality = Personality {
    id: schemas::Personality::Linux,
    calls: &calls::CALLS,
    fast: calls::FAST,
    ignored: crate::operation::signal::HOST_IGNORED,
    vocabulary: &names::VOCABULARY,
    trap: frame::trap,
    finish: frame::finish,
    push_frame: frame::push_frame,
    start: start::start,
};
