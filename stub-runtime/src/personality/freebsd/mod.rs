//! FreeBSD amd64.

use super::Personality;

pub mod action;
pub mod adjust;
pub mod aio;
pub mod calls;
pub mod clock;
pub mod context;
pub mod errno;
pub mod file;
pub mod flags;
pub mod frame;
pub mod identity;
pub mod ioctl;
pub mod ipc;
pub mod kernel;
pub mod kqueue;
pub mod layouts;
pub mod memory;
pub mod mqueue;
pub mod names;
pub mod notify;
pub mod poll;
pub mod procctl;
pub mod procdesc;
pub mod process;
pub mod release;
pub mod route;
pub mod scheduling;
pub mod session;
pub mod signal;
pub mod socket;
pub mod start;
pub mod sysctl;
pub mod terminal;
pub mod thread;
pub mod umtx;

/// The personality.
pub static PERSONALITY: Personality = Personality {
    id: schemas::Personality::FreeBsd,
    calls: &calls::CALLS,
    fast: calls::FAST,
    ignored: signal::IGNORED_ON_HOST,
    vocabulary: &names::VOCABULARY,
    trap: frame::trap,
    finish: frame::finish,
    push_frame: frame::push_frame,
    start: start::start,
};
