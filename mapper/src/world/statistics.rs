//! What mapped operations cost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use schemas::{Operation, Personality};

/// Counts for every mapped route.
#[derive(Debug)]
pub struct Statistics {
    rows: Vec<[Route; Operation::COUNT]>,
}

#[derive(Debug, Default)]
struct Route {
    failed: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Default for Statistics {
    fn default() -> Self {
        let row = || std::array::from_fn(|_| Route::default());
        Self { rows: Personality::ALL.iter().map(|_| row()).collect() }
    }
}

impl Statistics {
    /// Counts one request.
    pub fn count(&self, personality: Personality, operation: Operation, failed: bool, took: Duration) {
        let route = self.route(personality, operation);
        if failed {
            route.failed.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        route.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How many requests failed, and how long all of them took.
    pub fn of(&self, personality: Personality, operation: Operation) -> (u64, Duration) {
        let route = self.route(personality, operation);
        let nanoseconds = route.nanoseconds.load(Ordering::Relaxed);
        (route.failed.load(Ordering::Relaxed), Duration::from_nanos(nanoseconds))
    }

    fn route(&self, personality: Personality, operation: Operation) -> &Route {
        &self.rows[personality.index() - 1][operation.index()]
    }
}
