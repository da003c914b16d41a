//! A value that many threads read while it may be replaced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A value in force. Threads on the message path keep a [`View`], which costs one atomic load a look; others take
/// [`Published::current`].
#[derive(Debug)]
pub struct Published<T> {
    generation: AtomicU64,
    current: Mutex<Arc<T>>,
}

impl<T> Published<T> {
    /// Starts with `value`.
    pub fn new(value: T) -> Self {
        Self { generation: AtomicU64::new(0), current: Mutex::new(Arc::new(value)) }
    }

    /// The value in force.
    pub fn current(&self) -> Arc<T> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts `value` in force.
    pub fn replace(&self, value: T) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(value);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Makes a new value from the one in force and puts it in force, unless `change` fails.
    pub fn update<R, E>(&self, change: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E>
    where
        T: Clone,
    {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut value = T::clone(&current);
        let result = change(&mut value)?;
        *current = Arc::new(value);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(result)
    }

    /// A view for one thread.
    pub fn view(&self) -> View<T> {
        let generation = self.generation.load(Ordering::Acquire);
        View { generation, value: self.current() }
    }
}

/// One thread's reference to the value in force.
#[derive(Debug)]
pub struct View<T> {
    generation: u64,
    value: Arc<T>,
}

impl<T> View<T> {
    /// The value in force.
    pub fn get(&mut self, published: &Published<T>) -> &T {
        let generation = published.generation.load(Ordering::Acquire);
        if generation != self.generation {
            self.generation = generation;
            self.value = published.current();
        }
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_follows_changes() {
        let published = Published::new(1);
        let mut view = published.view();
        assert_eq!(*view.get(&published), 1);
        published.replace(2);
        assert_eq!(*view.get(&published), 2);
        assert_eq!(
            published.update(|value| {
                *value += 1;
                Ok::<_, ()>(*value)
            }),
            Ok(3)
        );
        assert_eq!(*view.get(&published), 3);
        assert_eq!(
            published.update(|value| {
                *value += 1;
                Err::<(), _>("no")
            }),
            Err("no")
        );
        assert_eq!(*published.current(), 3);
    }
}
