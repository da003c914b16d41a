//! Signals that find a thread between its own code and the inside of the stub: the guest is shown a state in its own
//! code, from which it can go on.

use crate::context::{Context, Frame};
use crate::host::linux::signal::{HostContext, HostInfo, SIGSEGV, SIGTRAP};
use crate::host::linux::syscall::check;
use crate::trap::entry::{self, entered};
use crate::trap::{area, fast, site};

/// Length of a `syscall` instruction.
pub const SYSCALL: u64 = 2;
/// `si_code` of a fault without an address (asm-generic/siginfo.h).
const SI_KERNEL: i32 = 0x80;
/// `TRAP_TRACE`: a single step (asm-generic/siginfo.h).
const TRAP_TRACE: i32 = 2;

/// Whether a fault is the stub's doing and over: the thread met an instruction that was being replaced.
pub fn is_retried(number: i32, info: &HostInfo, host: &HostContext) -> bool {
    number == SIGSEGV
        && info.code == SI_KERNEL
        && !entry::text().contains(&host.rip)
        && site::was_replaced(host.rip)
}

/// The guest's state where a signal found it, if that is neither in its own code nor wholly inside the stub.
pub fn interrupted(cx: &mut Context, info: &mut HostInfo, host: &HostContext) -> Option<Frame> {
    let rip = host.rip;
    if area::contains(rip) {
        let mut state = cx.frame;
        host.save_registers(&mut state);
        let (address, site) = site::stands_for(rip)?;
        if info.signo == SIGTRAP && info.code == TRAP_TRACE {
            // A guest that steps through its own code must find it as it is.
            site::restore(site);
        }
        if info.is_fault() && info.address() == rip {
            info.fields[0] = address;
        }
        state.rip = address;
        return Some(state);
    }
    if info.is_fault() || !fast::code().contains(&rip) {
        return None;
    }
    let mut state = cx.frame;
    host.save_registers(&mut state);
    let back = fast::back(cx, rip, host.rcx);
    let progress = fast::progress(cx, rip, &mut state)?;
    cx.entered = entered::HOISTED;
    match progress {
        fast::Progress::Before => state.rip = back - SYSCALL,
        fast::Progress::Done => {
            state.rip = back;
            cx.frame = state;
            let result = check(state.rax);
            (cx.process().personality.finish)(cx, result);
            state = cx.frame;
        }
    }
    Some(state)
}
