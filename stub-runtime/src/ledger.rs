//! Counting what was called and how it was answered, in memory that the mapper reads.

use core::sync::atomic::Ordering;

use schemas::transport::Lane;
use schemas::{Flavour, Operation};

use crate::context::Context;
use crate::{transport, world};

/// Counts an operation under the flavour of its route.
#[inline]
pub fn count(cx: &Context, operation: Operation) -> Flavour {
    let flavour = world::route(cx, operation);
    let lane = cx.lane.load(Ordering::Relaxed) as *const Lane;
    if !lane.is_null() {
        // SAFETY: a lane of a region, which stays mapped while a thread counts in it.
        unsafe { &*lane }.count(operation, flavour);
    } else if let Some(region) = transport::region() {
        region.count(operation, flavour);
    }
    flavour
}

/// Counts a foreign call that has no handler.
pub fn missing(number: u64) {
    if let Some(region) = transport::region() {
        region.count_missing(number.min(u64::from(u32::MAX)) as u32);
    }
}
