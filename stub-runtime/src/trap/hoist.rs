//! Having a site hoisted: the exec server decides and gives the instructions, here they are put into a trampoline.

use core::mem::offset_of;

use schemas::exec::{Decision, hoist};
use schemas::transport::Site;
use schemas::{Errno, Operation};

use crate::context::Context;
use crate::personality::Personality;
use crate::transport;
use crate::trap::patch::LENGTH;
use crate::trap::site::{self, Attempt, Hoisted, Outcome, STEPS};
use crate::trap::window::SYSCALL;

/// Room for the replayed instructions of one site.
const ROOM: usize = 80;
/// Bytes of the tail of a trampoline.
const TAIL: usize = 45;

/// What the exec server answers.
struct Answer {
    decision: Decision,
    hoisted: Hoisted,
    code: [u8; ROOM + TAIL],
    len: usize,
}

/// A guest's trap has come by way of the host: has its site hoisted when it has come that way often.
pub fn consider(cx: &mut Context) {
    let address = cx.frame.rip - SYSCALL;
    let Some((index, counted)) = transport::region().and_then(|region| region.trapped(address)) else {
        return;
    };
    if cx.guest_gs != 0 || is_signal_return(cx.process().personality, cx.frame.rax) {
        return;
    }
    if site::count(address) {
        hoist(cx, address, index, counted);
    } else if !transport::is_attached()
        && counted.decision() == Decision::Undecided
        && site::is_worth(counted.trapped())
        && let Some(region) = transport::region()
    {
        region.want(counted);
    }
}

/// Before a fork: has those sites hoisted at which one child after the other traps, none of them often.
pub fn wanted_by_children(cx: &Context) {
    if cx.guest_gs != 0 || !transport::is_attached() {
        return;
    }
    let Some(region) = transport::region() else { return };
    for (index, counted) in region.wanted() {
        if counted.decision() == Decision::Undecided && site::claim(counted.address()) {
            hoist(cx, counted.address(), index, counted);
        }
    }
}

/// Has a site hoisted that was claimed.
fn hoist(cx: &Context, address: u64, index: u32, counted: &Site) {
    counted.decide(Decision::Asked);
    let decision = match site::attempt(address, (ROOM + TAIL) as u64) {
        None => Decision::NoTrampoline,
        Some(attempt) => propose(cx, address, index, attempt),
    };
    // The message may have given the process a region of its own.
    if let Some(counted) = transport::region().and_then(|region| region.site(index)) {
        counted.decide(decision);
    }
}

/// The code that ends a signal handler is known to unwinders by its bytes, and stays as it is.
fn is_signal_return(personality: &Personality, number: u64) -> bool {
    personality.calls.get(number).is_some_and(|row| row.operation == Some(Operation::SignalReturn))
}

/// Asks the exec server and does what it says.
fn propose(cx: &Context, site: u64, index: u32, attempt: Attempt) -> Decision {
    let trampoline = attempt.trampoline();
    match ask(cx, site, index, trampoline) {
        Ok(Answer { decision: Decision::Hoisted, mut hoisted, mut code, len }) => {
            code[len..len + TAIL].copy_from_slice(&tail(trampoline + len as u64, site, index));
            hoisted.len = (len + TAIL) as u64;
            match attempt.finish(hoisted, &code[..len + TAIL]) {
                Outcome::Hoisted => Decision::Hoisted,
                Outcome::Later => Decision::Undecided,
                Outcome::Modified => Decision::Modified,
            }
        }
        // Code that can be written is none of a file's, but it was another thread that wrote here.
        Ok(Answer { decision: Decision::NotAFile, .. }) if attempt.is_disturbed() => {
            attempt.give_up(false);
            Decision::Undecided
        }
        Ok(answer) => {
            attempt.give_up(true);
            answer.decision
        }
        Err(_) => {
            attempt.give_up(true);
            Decision::Undecided
        }
    }
}

fn ask(cx: &Context, site: u64, index: u32, trampoline: u64) -> Result<Answer, Errno> {
    transport::call::<hoist::params::Owned, hoist::results::Owned, _>(
        cx,
        Operation::ExecHoist,
        0,
        &[],
        |mut params| {
            params.set_site(site);
            params.set_trampoline(trampoline);
            params.set_room(ROOM as u32);
            Ok(())
        },
        |results, _| read(results, site, index, trampoline),
    )
}

/// Takes an answer, which must make sense.
fn read(
    results: hoist::results::Reader<'_>,
    site: u64,
    index: u32,
    trampoline: u64,
) -> Result<Answer, Errno> {
    let decision = results.get_decision().map_err(|_| Errno::PROTO)?;
    let mut answer = Answer {
        decision,
        hoisted: Hoisted {
            replaced: results.get_replaced(),
            original: [0; LENGTH],
            trampoline,
            len: 0,
            steps: [(0, 0); STEPS],
            step_count: 0,
            index,
        },
        code: [0; ROOM + TAIL],
        len: 0,
    };
    if decision != Decision::Hoisted {
        return Ok(answer);
    }
    let (code, original, steps) = (results.get_code()?, results.get_original()?, results.get_steps()?);
    let replaced = answer.hoisted.replaced;
    let whole = replaced < site
        && site - replaced <= ROOM as u64
        && usize::from(results.get_length()) >= LENGTH
        && replaced + u64::from(results.get_length()) <= site
        && original.len() >= LENGTH
        && code.len() <= ROOM
        && steps.len() as usize <= STEPS;
    if !whole {
        return Err(Errno::PROTO);
    }
    answer.hoisted.original.copy_from_slice(&original[..LENGTH]);
    answer.code[..code.len()].copy_from_slice(code);
    answer.len = code.len();
    for (to, step) in answer.hoisted.steps.iter_mut().zip(steps) {
        let behind = step.get_address().wrapping_sub(replaced);
        let byte = |number: u64| u8::try_from(number).map_err(|_| Errno::PROTO);
        *to = (byte(step.get_offset().into())?, byte(behind)?);
        answer.hoisted.step_count += 1;
    }
    Ok(answer)
}

/// The end of a trampoline: counts the site, and enters the stub with the address behind it in rcx. Of the registers
/// only rcx and r11 change, as by the `syscall`, and the flags do not.
fn tail(at: u64, site: u64, index: u32) -> [u8; TAIL] {
    let counter = index as usize * size_of::<Site>() + Site::HOISTED;
    let behind = (site + SYSCALL).wrapping_sub(at + 37) as u32;
    let pieces: [(&[u8], u32); 6] = [
        // mov r11, gs:[sites]
        (&[0x65, 0x4c, 0x8b, 0x1c, 0x25], offset_of!(Context, sites) as u32),
        // mov rcx, [r11 + counter]
        (&[0x49, 0x8b, 0x8b], counter as u32),
        // lea rcx, [rcx + 1]
        (&[0x48, 0x8d, 0x89], 1),
        // mov [r11 + counter], rcx
        (&[0x49, 0x89, 0x8b], counter as u32),
        // lea rcx, [rip + behind]
        (&[0x48, 0x8d, 0x0d], behind),
        // jmp gs:[hoisted_entry]
        (&[0x65, 0xff, 0x24, 0x25], offset_of!(Context, hoisted_entry) as u32),
    ];
    let mut code = [0; TAIL];
    let mut len = 0;
    for (operation, displacement) in pieces {
        code[len..len + operation.len()].copy_from_slice(operation);
        len += operation.len();
        code[len..len + 4].copy_from_slice(&displacement.to_le_bytes());
        len += 4;
    }
    code
}
