//! Traces: every trap with its OS, its decoded arguments, the operation, the flavour of the route, the result and
//! the time.
//!
//! ```text
//! 4711 freebsd  openat(AT_FDCWD, "a.ts", O_RDONLY|O_CLOEXEC, 0) = 5  fs.open direct 1.3µs
//! ```
//!
//! Nothing is allocated, and a line is written whole with one call, so that lines of several threads and
//! processes never mix. What a call reads is written down before it runs and what it writes after it. A call that
//! does not come back is written before it runs, with `?` for its result.

pub mod data;
pub mod line;
pub mod memory;
pub mod text;
pub mod value;
pub mod vocabulary;

use core::sync::atomic::Ordering;

use schemas::transport::DESCRIPTOR_TRACE;
use schemas::{Errno, Flavour, Operation};

use crate::call::{Kind, Row};
use crate::context::Context;
use crate::dispatch::Trap;
use crate::host::linux::abi;
use crate::host::linux::syscall::{RESTART, call};
use crate::world;
use line::{Event, LINE, Line, Outcome};
use memory::Guest;

/// Runs a call and writes its line.
#[cold]
#[inline(never)]
pub fn traced(
    cx: &mut Context,
    row: &'static Row,
    trap: &Trap,
    operation: Option<(Operation, Flavour)>,
    run: impl FnOnce(&mut Context) -> Result<u64, Errno>,
) -> Result<u64, Errno> {
    let vocabulary = cx.process().personality.vocabulary;
    let mut line = Line::enter(&Guest, vocabulary, trap.number, Some(row), &trap.args);
    let mut event = event(cx, operation);
    let executes = row.operation == Some(Operation::ExecExec);
    if row.returns == Kind::Never || executes {
        write(&mut line, &event, Outcome::Gone);
    }
    let start = now();
    let result = run(cx);
    event.nanoseconds = now().saturating_sub(start);
    let outcome = if result == Err(RESTART) { Outcome::Restarted } else { Outcome::Returned(result) };
    if row.returns != Kind::Never || result.is_err() {
        write(&mut line, &event, outcome);
    }
    result
}

/// Writes the line of a call without a handler.
#[cold]
#[inline(never)]
pub fn unsupported(cx: &mut Context, row: Option<&'static Row>, trap: &Trap) {
    let vocabulary = cx.process().personality.vocabulary;
    let mut line = Line::enter(&Guest, vocabulary, trap.number, row, &trap.args);
    write(&mut line, &event(cx, None), Outcome::Unsupported);
}

fn event(cx: &Context, operation: Option<(Operation, Flavour)>) -> Event {
    // SAFETY: no arguments.
    let pid = unsafe { call::<0>(abi::__NR_getpid, []) }.unwrap_or(0) as i32;
    Event { pid, tid: cx.tid.load(Ordering::Relaxed) as i32, operation, nanoseconds: 0 }
}

/// The host's monotonic clock in nanoseconds.
fn now() -> u64 {
    let mut time = [0u64; 2];
    // SAFETY: the structure is two 64-bit numbers.
    let read =
        unsafe { call(abi::__NR_clock_gettime, [u64::from(abi::CLOCK_MONOTONIC), (&raw mut time) as u64]) };
    if read.is_ok() { time[0] * 1_000_000_000 + time[1] } else { 0 }
}

fn write(line: &mut Line<'_>, event: &Event, outcome: Outcome) {
    let mut buffer = [0; LINE];
    let bytes = line.leave(&mut buffer, event, outcome);
    let sink = world::reserved(DESCRIPTOR_TRACE) as u64;
    // A trace that nobody reads must not stop the guest, so it does not matter whether this succeeds.
    // SAFETY: the bytes are the stub's own.
    let _ = unsafe { call(abi::__NR_write, [sink, bytes.as_ptr() as u64, bytes.len() as u64]) };
}

#[cfg(test)]
mod tests;
