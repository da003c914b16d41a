//! Doing something later: timeouts of readers.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

/// Something that wants to be told when a time has come.
pub trait Timed: Send + Sync {
    /// The time has come. Must not wait.
    fn expired(&self);
}

struct Entry {
    when: Instant,
    what: Weak<dyn Timed>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.when == other.when
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.when.cmp(&self.when)
    }
}

#[derive(Default)]
struct State {
    entries: BinaryHeap<Entry>,
    running: bool,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.ended {
            let now = Instant::now();
            match state.entries.peek().map(|entry| entry.when) {
                Some(when) if when <= now => {
                    let entry = state.entries.pop();
                    drop(state);
                    if let Some(what) = entry.and_then(|entry| entry.what.upgrade()) {
                        what.expired();
                    }
                    state = self.lock();
                }
                Some(when) => {
                    let waited = self.changed.wait_timeout(state, when - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// A thread that tells when times have come. It is started when it is first needed.
#[derive(Default)]
pub struct Clock {
    shared: Arc<Shared>,
}

impl Clock {
    /// Tells `what`, if it is still there, when the time has come. Callers keep to one open request each.
    pub fn tell(&self, when: Instant, what: Weak<dyn Timed>) {
        let mut state = self.shared.lock();
        state.entries.push(Entry { when, what });
        if !state.running {
            let shared = self.shared.clone();
            let thread = thread::Builder::new().name("timeouts".to_owned());
            state.running = thread.spawn(move || shared.run()).is_ok();
        }
        self.shared.changed.notify_one();
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    struct Told(u32, Mutex<Sender<u32>>);

    impl Timed for Told {
        fn expired(&self) {
            self.1.lock().unwrap().send(self.0).unwrap();
        }
    }

    #[test]
    fn times_come_in_their_order_and_not_early() {
        let clock = Clock::default();
        let (sender, receiver) = channel();
        let told: Vec<Arc<Told>> =
            (0..3).map(|number| Arc::new(Told(number, Mutex::new(sender.clone())))).collect();
        let begin = Instant::now();
        for (delay, what) in [(30, &told[1]), (60, &told[2]), (1, &told[0])] {
            let weak: Weak<Told> = Arc::downgrade(what);
            clock.tell(begin + Duration::from_millis(delay), weak);
        }
        let gone = Arc::new(Told(9, Mutex::new(sender)));
        let weak: Weak<Told> = Arc::downgrade(&gone);
        clock.tell(begin, weak);
        drop(gone);
        for number in 0..3 {
            assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok(number));
        }
        assert!(begin.elapsed() >= Duration::from_millis(60));
    }
}
