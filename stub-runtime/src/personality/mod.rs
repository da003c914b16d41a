//! One folder a foreign OS: its call table, layouts and numbers, and how traps and signals enter
//! and leave it.

use schemas::Errno;

use crate::call::Table;
use crate::context::{Context, Frame};
use crate::dispatch::Trap;
use crate::loader::Image;
use crate::operation::signal::Delivery;
use crate::trace::vocabulary::Vocabulary;
use crate::trap::fast::Fast;

pub mod constant;
pub mod freebsd;
mod layouts;
pub mod linux;

/// The ABI of an OS.
pub struct Personality {
    /// Its id in routes and messages.
    pub id: schemas::Personality,
    /// Every call it has.
    pub calls: &'static Table,
    /// Calls beside the native ones that need no Rust, by number: what their handlers would do, in fewer words.
    pub fast: &'static [(u16, Fast)],
    /// Signals that do nothing by default, as host bits.
    pub ignored: u64,
    /// What a trace calls its numbers and structures.
    pub vocabulary: &'static Vocabulary,
    /// Reads a trap from the registers.
    pub trap: fn(&mut Context) -> Trap,
    /// Puts a result into the registers.
    pub finish: fn(&mut Context, Result<u64, Errno>),
    /// Writes the frame of a signal to the guest's stack and gives the state in which its
    /// handler is entered.
    pub push_frame: fn(&mut Context, &Delivery<'_>) -> Result<Frame, Errno>,
    /// Builds the stack of a new program below `Image::stack` and gives the state in which it starts.
    pub start: fn(&mut Context, &Image<'_>) -> Result<Frame, Errno>,
}

/// The personality for an id, where the stub has it.
pub fn find(id: schemas::Personality) -> Option<&'static Personality> {
    match id {
        schemas::Personality::FreeBsd => Some(&freebsd::PERSONALITY),
        schemas::Personality::Linux => Some(&linux::PERSONALITY),
        _ => None,
    }
}
