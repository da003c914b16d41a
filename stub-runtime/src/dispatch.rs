//! From a trap to its answer.

use schemas::Errno;

use crate::call::{Handler, RAW_ARGUMENTS, Row, Table};
use crate::context::Context;
use crate::host::linux::syscall::{RESTART, check};
use crate::operation::hidden;
use crate::trap::{entry::entered, fast, hoist};
use crate::{ledger, trace, world};

/// The raw values of a trap, as the OS's calling convention lays them out.
pub struct Trap {
    /// The number of the call.
    pub number: u64,
    /// Its arguments.
    pub args: [u64; RAW_ARGUMENTS],
}

/// What [`stub_entry`](crate::trap::entry) calls with the guest's registers in the frame.
#[unsafe(no_mangle)]
extern "C" fn stub_dispatch(cx: &mut Context) {
    let personality = cx.process().personality;
    match core::mem::replace(&mut cx.entered, entered::HOISTED) {
        entered::TRAPPED => hoist::consider(cx),
        entered::FAILED => return (personality.finish)(cx, check(cx.frame.rax)),
        _ => fast::renew(cx),
    }
    let trap = (personality.trap)(cx);
    cx.number = trap.number;
    cx.frame_replaced = false;
    let result = answer(cx, personality.calls, &trap);
    if cx.frame_replaced {
        return;
    }
    if result == Err(RESTART) {
        // The guest takes the trap again when the handler of the waiting signal has returned:
        // registers are as they were, and the two bytes of `syscall` are still ahead.
        cx.frame.rip -= 2;
        return;
    }
    (personality.finish)(cx, result);
}

/// Finds the call's row and runs its handler.
fn answer(cx: &mut Context, calls: &Table, trap: &Trap) -> Result<u64, Errno> {
    let row = calls.get(trap.number);
    let Some((row, handler)) = row.and_then(|row| row.handler.map(|handler| (row, handler))) else {
        ledger::missing(trap.number);
        if world::traced() {
            trace::unsupported(cx, row, trap);
        }
        return Err(Errno::NOSYS);
    };
    let route = row.operation.map(|operation| (operation, ledger::count(cx, operation)));
    if world::traced() {
        return trace::traced(cx, row, trap, route, |cx| run(cx, row, handler, trap));
    }
    run(cx, row, handler, trap)
}

/// Runs a handler, unless the guest named a descriptor that it does not have.
#[inline(always)]
fn run(cx: &mut Context, row: &Row, handler: Handler, trap: &Trap) -> Result<u64, Errno> {
    let mut descriptors = row.descriptors;
    while descriptors != 0 {
        let at = descriptors.trailing_zeros() as usize;
        if hidden::is_foreign(trap.args[at] as i32) {
            return Err(Errno::BADF);
        }
        descriptors &= descriptors - 1;
    }
    handler(cx, &trap.args)
}
