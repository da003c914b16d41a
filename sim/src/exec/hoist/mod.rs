//! Which instruction before a `syscall` can make way for a jump to a trampoline, and what the trampoline carries out
//! in its place.
//!
//! Boundaries of instructions are never guessed: code is followed from a start of a function that the file itself
//! names to the `syscall`. From there the [`Plan`] goes back to the nearest instruction with room for a jump (5 bytes).
//! That one is overwritten; it and all behind it, up to the `syscall`, are carried out in
//! the trampoline. Since one instruction alone is overwritten, every other jump into the stretch still finds what it
//! expects, and ends at the `syscall`, which still traps.
//!
//! Addresses are those of the file's own program headers, until [`Plan::encode`] moves them to where the guest has the
//! file mapped.

mod function;
mod image;
mod plan;
mod programs;
mod starts;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use schemas::exec::Decision;

use crate::exec::signature::Source;
use function::Function;
use image::Image;
pub use plan::{Code, Plan, Step};
pub use programs::{Answer, Place, Programs};
use starts::Starts;

/// Decisions that are kept of one file.
const DECISIONS: usize = 4096;

/// What is known of one program file. It stays true as long as the file does not change.
pub struct Program {
    image: Image,
    starts: OnceLock<Starts>,
    decided: Mutex<HashMap<u64, Result<Plan, Decision>>>,
}

impl Program {
    /// Reads the headers of a file; `noStart` when it is no ELF file for x86-64.
    pub fn read(source: &dyn Source) -> Result<Self, Decision> {
        let image = Image::read(source).ok_or(Decision::NoStart)?;
        Ok(Self { image, starts: OnceLock::new(), decided: Mutex::default() })
    }

    /// The address at which the file means its byte at `offset` to be executed.
    pub fn address(&self, offset: u64) -> Option<u64> {
        self.image.address(offset)
    }

    /// What is to be done about the `syscall` at an address. `source` is the file that this was read from.
    pub fn plan(&self, source: &dyn Source, site: u64) -> Result<Plan, Decision> {
        let kept = |program: &Self| {
            program.decided.lock().unwrap_or_else(PoisonError::into_inner).get(&site).cloned()
        };
        if let Some(known) = kept(self) {
            return known;
        }
        let plan = self.decide(source, site);
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if decided.len() < DECISIONS {
            decided.insert(site, plan.clone());
        }
        plan
    }

    fn decide(&self, source: &dyn Source, site: u64) -> Result<Plan, Decision> {
        let starts = self.starts.get_or_init(|| Starts::read(&self.image, source));
        let range = starts.containing(site).ok_or(Decision::NoStart)?;
        let code = self.image.code(source, &range).ok_or(Decision::NoStart)?;
        Plan::make(&Function::follow(&code, range.start), site)
    }

    /// The addresses of all `syscall` instructions in functions that are known.
    #[cfg(test)]
    fn sites(&self, source: &dyn Source) -> Vec<u64> {
        let starts = self.starts.get_or_init(|| Starts::read(&self.image, source));
        let mut sites = Vec::new();
        for range in starts.ranges() {
            if let Some(code) = self.image.code(source, &range) {
                sites.extend(Function::follow(&code, range.start).sites());
            }
        }
        sites.sort_unstable();
        sites.dedup();
        sites
    }
}

#[cfg(test)]
mod tests;
