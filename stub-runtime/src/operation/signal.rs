//! Signals: the guest's actions and masks, and delivery.
//!
//! A signal that finds the guest in its own code is delivered at once: the personality builds
//! its OS's frame on the guest's stack from the host's. One that finds the stub at work is blocked,
//! put back into the host's queue, and let in at the exit, where the guest's state is whole again.
//! So there is one way of delivery only.

use core::sync::atomic::Ordering;

use schemas::Errno;

use crate::context::{Context, Frame, SignalStack};
use crate::guest;
use crate::host::linux::abi;
use crate::host::linux::signal::{self, *};
use crate::host::linux::state::FP_XSTATE_MAGIC1;
use crate::host::linux::syscall;
use crate::host::linux::thread;
use crate::operation::{clock, queue};
use crate::process::Process;
use crate::trap::{entry, register, window};

/// What a guest does on a signal.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// [`DEFAULT`], [`IGNORE`] or the address of its handler.
    pub handler: u64,
    /// `SA_*` in host bits.
    pub flags: u64,
    /// Where the handler returns to, where the guest gives that (Linux `sa_restorer`).
    pub restorer: u64,
    /// Host bits of what is blocked while the handler runs.
    pub mask: u64,
}

/// `SIG_DFL`, the same on all systems.
pub const DEFAULT: u64 = 0;
/// `SIG_IGN`, the same on all systems.
pub const IGNORE: u64 = 1;

impl Action {
    /// The action every signal has at first.
    pub const DEFAULT: Action = Action { handler: DEFAULT, flags: 0, restorer: 0, mask: 0 };

    /// Whether the guest has a handler.
    pub fn is_caught(&self) -> bool {
        self.handler > IGNORE
    }
}

/// What a personality gets to build its frame.
pub struct Delivery<'a> {
    /// Host signal number.
    pub signal: i32,
    /// Host information.
    pub info: &'a HostInfo,
    /// The host's context, for its floating point state, error code and fault address.
    pub host: &'a HostContext,
    /// The guest's registers.
    pub state: &'a Frame,
    /// The guest's mask before the signal, host bits.
    pub mask: u64,
    /// The action to enter.
    pub action: Action,
    /// Stack pointer below which the frame goes (red zone left free, alternate stack chosen).
    pub stack: u64,
    /// Whether that is the alternate stack.
    pub on_stack: bool,
}

/// What a process ignores when it executes another program, in host bits.
#[derive(Clone, Copy, Debug)]
pub struct Ignored {
    /// What it ignores itself, see [`ignored_by_guest`].
    pub chosen: u64,
    /// What it has at its default, see [`ignored_by_default`].
    pub default: u64,
}

/// Installs what the stub needs before a guest runs, and takes over what `execve` left ignored: what the program before
/// this one ignored itself, or the host where nobody tells.
pub fn initialize(process: &Process, before: Option<Ignored>) -> Result<(), Errno> {
    let mut actions = process.actions.lock();
    let before = before.unwrap_or_else(|| {
        let ignored = (1..=SIGNALS as i32).filter(|&number| signal::action(number).handler == IGNORE);
        Ignored { chosen: ignored.fold(0, |bits, number| bits | bit(number)), default: 0 }
    });
    for number in 1..=SIGNALS as i32 {
        let told = before.default & bit(number) != 0;
        if before.chosen & bit(number) != 0 {
            actions[number as usize].handler = IGNORE;
        } else if needs_telling(process.personality.ignored, number) {
            signal::set_action(number, &HostAction { handler: IGNORE, ..HostAction::default() })?;
        } else if told {
            signal::set_action(number, &HostAction::default())?;
        }
    }
    handle(SIGSYS, register::on_trap, 0)?;
    handle(SIGSEGV, on_signal, SA_NODEFER)?;
    handle(SIGBUS, on_signal, SA_NODEFER)
}

/// Sets a guest's action for a host signal and gives the old one.
///
/// # Errors
/// `EINVAL` for a number out of range, and for SIGKILL and SIGSTOP.
pub fn set_action(cx: &mut Context, number: i32, new: Option<Action>) -> Result<Action, Errno> {
    if !(1..=SIGNALS as i32).contains(&number) || (new.is_some() && matches!(number, SIGKILL | SIGSTOP)) {
        return Err(Errno::INVAL);
    }
    let process = cx.process();
    let mut actions = process.actions.lock();
    let old = actions[number as usize];
    let Some(new) = new else { return Ok(old) };
    match number {
        SIGSYS | SIGSEGV | SIGBUS => {}
        _ if new.is_caught() => {
            let flags = new.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_RESTART);
            handle(number, on_signal, flags)?;
        }
        _ if queue::is_watched(&process.queues, number) && is_ignored(process, number, &new) => {
            handle_counted(number, &new)?;
        }
        _ => set_action_plain(process, number, &new)?,
    }
    queue::set_ignored(&process.queues, number, is_ignored(process, number, &new));
    actions[number as usize] = new;
    Ok(old)
}

/// Signals that do nothing by default on the host: SIGCHLD, SIGCONT, SIGURG and SIGWINCH (signal(7)).
pub const HOST_IGNORED: u64 = bit(17) | bit(18) | bit(23) | bit(28);

/// Whether a signal does nothing, because the guest says so or because its OS does nothing by default.
fn is_ignored(process: &Process, number: i32, action: &Action) -> bool {
    let by_default = process.personality.ignored & bit(number) != 0;
    action.handler == IGNORE || (action.handler == DEFAULT && by_default)
}

/// Whether the host has to be told to ignore a signal that a guest has at its default: where the guest's OS does
/// nothing and the host would do something. Of the signals that the host ignores by default none does anything in an
/// OS.
fn needs_telling(ignored: u64, number: i32) -> bool {
    ignored & !HOST_IGNORED & bit(number) != 0
}

/// Host bits of the signals that the host ignores and the guest has at their default. They stay ignored over an exec,
/// so that none of them kills before the next program is there, which may have them otherwise.
pub fn ignored_by_default(process: &Process) -> u64 {
    let actions = process.actions.lock();
    (1..=SIGNALS as i32)
        .filter(|&number| needs_telling(process.personality.ignored, number))
        .filter(|&number| actions[number as usize].handler == DEFAULT)
        .fold(0, |bits, number| bits | bit(number))
}

/// Host bits of the signals that the guest ignores.
pub fn ignored_by_guest(process: &Process) -> u64 {
    let actions = process.actions.lock();
    (1..=SIGNALS as i32)
        .filter(|&number| actions[number as usize].handler == IGNORE)
        .fold(0, |bits, number| bits | bit(number))
}

/// Before an exec: what is ignored stays so, where the handler that counts it would not.
pub fn stop_counting(process: &Process) {
    each_counted(process, |number, _| {
        signal::set_action(number, &HostAction { handler: IGNORE, ..HostAction::default() })
    });
}

/// After an exec that failed: undoes [`stop_counting`].
pub fn count_again(process: &Process) {
    each_counted(process, handle_counted);
}

/// The signals that a queue counts and that would do nothing else, where the host does not do nothing by itself.
fn each_counted(process: &Process, tell: impl Fn(i32, &Action) -> Result<(), Errno>) {
    let actions = process.actions.lock();
    for (number, action) in (0..).zip(actions.iter()) {
        let told = action.handler == IGNORE || needs_telling(process.personality.ignored, number);
        if told && queue::is_ignored(&process.queues, number) {
            // Signals that can be counted can be handled, so the host never refuses.
            let _ = tell(number, action);
        }
    }
}

/// Lets the host deliver an ignored signal, so that it can be counted. What else ignoring it means stays.
fn handle_counted(number: i32, action: &Action) -> Result<(), Errno> {
    let unwaited = if action.handler == IGNORE { SA_NOCLDWAIT } else { 0 };
    handle(number, on_signal, action.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT) | unwaited | SA_RESTART)
}

/// An event queue watches a signal from now on: it is to be counted even when it is ignored.
///
/// # Errors
/// As rt_sigaction(2).
pub fn count_ignored(cx: &Context, number: i32) -> Result<(), Errno> {
    let process = cx.process();
    let actions = process.actions.lock();
    let action = actions[number as usize];
    if is_ignored(process, number, &action) {
        queue::set_ignored(&process.queues, number, true);
        handle_counted(number, &action)?;
    }
    Ok(())
}

/// Gives the host the guest's own choice of default or ignore.
fn set_action_plain(process: &Process, number: i32, new: &Action) -> Result<(), Errno> {
    let told = new.handler == DEFAULT && needs_telling(process.personality.ignored, number);
    let handler = if told { IGNORE } else { new.handler };
    let flags = new.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
    signal::set_action(number, &HostAction { handler, flags, restorer: 0, mask: 0 })
}

/// Changes the guest's mask (host bits) and gives the old one.
pub fn change_mask(cx: &mut Context, change: impl FnOnce(u64) -> u64) -> u64 {
    let old = cx.mask;
    let new = change(old) & !(bit(SIGKILL) | bit(SIGSTOP));
    cx.set_mask(new);
    let released = core::mem::take(&mut cx.held);
    cx.held = released & new;
    for number in 1..=SIGNALS as i32 {
        if released & !new & bit(number) != 0 {
            signal::requeue(&HostInfo { signo: number, ..HostInfo::default() });
        }
    }
    if cx.signal_waits() {
        // What waits stays blocked until the exit.
        let blocked = signal::mask();
        signal::set_mask(blocked | cx.host_mask);
        return old;
    }
    signal::set_mask(cx.host_mask);
    old
}

/// Lends a mask to a blocking call that the host makes with a mask of its own: what interrupts it
/// is delivered under `mask`, and the guest's own mask comes back with its handler's return.
pub fn lend_mask(cx: &mut Context, mask: u64) {
    cx.exit_mask = mask & !NEVER_BLOCKED;
    cx.mask_lent.store(1, Ordering::Relaxed);
}

/// Takes a lent mask back when the call was not interrupted.
pub fn return_mask(cx: &mut Context) {
    if !cx.signal_waits() {
        cx.mask_lent.store(0, Ordering::Relaxed);
        cx.exit_mask = cx.host_mask;
    }
}

/// Waits for a signal under another mask (host bits).
///
/// # Errors
/// `EINTR` when a handler ran.
pub fn suspend(cx: &mut Context, mask: u64) -> Result<i32, Errno> {
    let mask = mask & !NEVER_BLOCKED;
    lend_mask(cx, mask);
    // SAFETY: the mask is ours.
    let result = unsafe { syscall::call_blocking(abi::__NR_rt_sigsuspend, [&raw const mask as u64, 8]) };
    return_mask(cx);
    result.map(|_| 0)
}

/// Entry of every host signal but the trap.
///
/// # Safety
/// Called by the kernel only.
pub unsafe extern "C" fn on_signal(number: i32, info: *mut HostInfo, context: *mut HostContext) {
    // SAFETY: the kernel passes valid pointers, and the handler runs on the thread's signal stack.
    let (info, host, cx) = unsafe { (&mut *info, &mut *context, Context::current()) };
    arrive(cx, number, info, host);
}

/// A host signal has interrupted the thread at `host`.
pub fn arrive(cx: &mut Context, number: i32, info: &mut HostInfo, host: &mut HostContext) {
    let rip = host.rip;
    if window::is_retried(number, info, host) {
        return;
    }
    if queue::is_ignored(&cx.process().queues, number) && !info.is_fault() {
        queue::arrived(&cx.process().queues, number);
        return;
    }
    if entry::in_exit(rip) {
        // The guest's state is in the frame, its vector registers partly there too.
        let state = cx.frame;
        restore_vectors(host, &state);
        deliver(cx, number, info, host, &state);
    } else if let Some(state) = window::interrupted(cx, info, host) {
        deliver(cx, number, info, host, &state);
    } else if entry::text().contains(&rip) || clock::is_reading(cx, host) {
        if info.is_fault() {
            match guest::fault_exit(rip) {
                Some(exit) => host.rip = exit,
                None => crate::fail::fault(number, host),
            }
            return;
        }
        if let Some(exit) = syscall::interrupted_exit(rip) {
            host.rip = exit;
        }
        defer(cx, number, info, host);
    } else {
        let mut state = cx.frame;
        host.save_registers(&mut state);
        deliver(cx, number, info, host, &state);
    }
}

/// Keeps a signal for the exit of the stub.
fn defer(cx: &mut Context, number: i32, info: &mut HostInfo, host: &mut HostContext) {
    host.mask |= bit(number);
    info.signo = number;
    signal::requeue(info);
    cx.pending.store(1, Ordering::Relaxed);
}

/// Puts the guest's vector registers into the host's frame: the low 128 bits of each
/// (FXSAVE layout, Intel SDM volume 1, 10.5.1; XSTATE_BV at 512, 13.4.2).
fn restore_vectors(host: &mut HostContext, state: &Frame) {
    if host.fpstate == 0 {
        return;
    }
    let area = host.fpstate as *mut u8;
    // SAFETY: the kernel made this frame on the stub's signal stack; it has 512 bytes at least,
    // and an extended header when the software words say so (asm/sigcontext.h).
    unsafe {
        core::ptr::copy_nonoverlapping(state.xmm.as_ptr().cast::<u8>(), area.add(160), 256);
        if area.add(464).cast::<u32>().read_unaligned() == FP_XSTATE_MAGIC1 {
            let features = area.add(512).cast::<u64>();
            features.write_unaligned(features.read_unaligned() | 2);
        }
    }
}

/// Enters the guest's handler, or does what the guest has asked for otherwise.
fn deliver(cx: &mut Context, number: i32, info: &HostInfo, host: &mut HostContext, state: &Frame) {
    let process = cx.process();
    if queue::is_watched(&process.queues, number) {
        queue::arrived(&process.queues, number);
    }
    let mut action = {
        let mut actions = process.actions.lock();
        let action = actions[number as usize];
        if action.is_caught() && action.flags & SA_RESETHAND != 0 && number != SIGILL && number != SIGTRAP {
            actions[number as usize].handler = DEFAULT;
            if !matches!(number, SIGSYS | SIGSEGV | SIGBUS) {
                let _ = set_action_plain(process, number, &Action::DEFAULT);
            }
        }
        action
    };
    let blocked = cx.mask & bit(number) != 0;
    let fault = info.is_fault();
    if !action.is_caught() || (blocked && fault) {
        if is_ignored(process, number, &action) && !fault {
            return;
        }
        if blocked && !fault {
            // Only the never-blocked ones come here; they are held until the guest unblocks them.
            cx.held |= bit(number);
            return;
        }
        signal::die(number);
    }
    let mask = cx.mask;
    action.flags &= !SA_RESTORER;
    let on_stack =
        action.flags & SA_ONSTACK != 0 && cx.signal_stack.size != 0 && !cx.signal_stack.contains(state.rsp);
    // The 128 bytes below the stack pointer belong to leaf functions (System V ABI, 3.2.2).
    let stack =
        if on_stack { cx.signal_stack.base + cx.signal_stack.size } else { state.rsp.wrapping_sub(128) };
    let delivery = Delivery { signal: number, info, host, state, mask, action, stack, on_stack };
    let entered = (process.personality.push_frame)(cx, &delivery);
    let Ok(frame) = entered else {
        // The guest's stack is not writable: as if SIGSEGV had its default action.
        signal::die(SIGSEGV);
    };
    if on_stack && cx.signal_stack.disarm {
        cx.signal_stack = SignalStack::default();
    }
    let own = if action.flags & SA_NODEFER != 0 { 0 } else { bit(number) };
    cx.mask_lent.store(0, Ordering::Relaxed);
    cx.set_mask(mask | action.mask | own);
    if cx.guest_gs != 0 {
        thread::set_gs(cx.guest_gs);
    }
    host.load_registers(&frame);
    host.mask = cx.host_mask;
}
