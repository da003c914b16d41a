//! What becomes of servers that die.

use std::any::Any;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use schemas::server::{Caller, Capabilities, Server};
use schemas::{Errno, Interface, Operation};

/// When a server was last started again: one that keeps dying is given up.
#[derive(Debug, Default)]
pub(super) struct Restarts(VecDeque<Instant>);

impl Restarts {
    /// So many restarts …
    pub const MOST: usize = 5;
    /// … within this time are too many.
    pub const WITHIN: Duration = Duration::from_secs(60);

    /// Counts a restart, unless there were too many.
    pub fn allow(&mut self) -> bool {
        self.allow_at(Instant::now())
    }

    fn allow_at(&mut self, now: Instant) -> bool {
        while self.0.front().is_some_and(|&then| now.duration_since(then) >= Self::WITHIN) {
            self.0.pop_front();
        }
        if self.0.len() >= Self::MOST {
            return false;
        }
        self.0.push_back(now);
        true
    }
}

/// In the place of a server that was given up: a clean error to everybody.
pub(super) struct Dead {
    name: String,
    interface: Interface,
}

impl Dead {
    pub fn new(name: &str, interface: Interface) -> Self {
        Self { name: name.to_owned(), interface }
    }
}

impl Server for Dead {
    fn name(&self) -> &str {
        &self.name
    }

    fn interface(&self) -> Interface {
        self.interface
    }

    fn call(
        &self,
        _: Operation,
        _: &Caller,
        _: capnp::any_pointer::Reader<'_>,
        _: capnp::any_pointer::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::IO)
    }
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_gives_up_on_many_deaths_and_forgives_with_time() {
        let mut restarts = Restarts::default();
        let start = Instant::now();
        assert!((0..Restarts::MOST).all(|_| restarts.allow_at(start)));
        assert!(!restarts.allow_at(start + Restarts::WITHIN / 2));
        assert!(restarts.allow_at(start + Restarts::WITHIN));
    }
}
