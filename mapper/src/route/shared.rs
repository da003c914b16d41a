//! A routing table that many threads read while it may be replaced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Table;

/// The world's routes. Readers keep a [`View`], which costs one atomic load a look.
#[derive(Debug)]
pub struct Routes {
    generation: AtomicU64,
    current: Mutex<Arc<Table>>,
}

impl Routes {
    /// Starts with `table`.
    pub fn new(table: Table) -> Self {
        Self { generation: AtomicU64::new(0), current: Mutex::new(Arc::new(table)) }
    }

    /// The table in force.
    pub fn current(&self) -> Arc<Table> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a new table from the one in force and puts it in force, unless `change` fails.
    pub fn update<R, E>(&self, change: impl FnOnce(&mut Table) -> Result<R, E>) -> Result<R, E> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = Table::clone(&current);
        let result = change(&mut table)?;
        *current = Arc::new(table);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(result)
    }

    /// A view for one thread.
    pub fn view(&self) -> View {
        let generation = self.generation.load(Ordering::Acquire);
        View { generation, table: self.current() }
    }
}

/// One thread's copy of the reference to the table in force.
#[derive(Debug)]
pub struct View {
    generation: u64,
    table: Arc<Table>,
}

impl View {
    /// The table in force.
    pub fn table(&mut self, routes: &Routes) -> &Table {
        let generation = routes.generation.load(Ordering::Acquire);
        if generation != self.generation {
            self.generation = generation;
            self.table = routes.current();
        }
        &self.table
    }
}
