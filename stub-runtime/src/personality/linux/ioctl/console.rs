//! Requests of virtual terminals of Linux (uapi/linux/vt.h, kd.h).

use schemas::Errno;
use schemas::device::{console_reply, console_request};

use crate::context::Context;
use crate::guest;
use crate::operation::console::{ask, number, tell, wait_active};

const KDGETLED: u32 = 0x4b31;
const KDSETLED: u32 = 0x4b32;
const KDGKBTYPE: u32 = 0x4b33;
const KDSETMODE: u32 = 0x4b3a;
const KDGETMODE: u32 = 0x4b3b;
const KDGKBMODE: u32 = 0x4b44;
const KDSKBMODE: u32 = 0x4b45;
const KDGKBENT: u32 = 0x4b46;
const KDSKBMUTE: u32 = 0x4b51;
const KDGKBLED: u32 = 0x4b64;
const KDSKBLED: u32 = 0x4b65;
const VT_OPENQRY: u32 = 0x5600;
const VT_GETMODE: u32 = 0x5601;
const VT_SETMODE: u32 = 0x5602;
const VT_GETSTATE: u32 = 0x5603;
const VT_RELDISP: u32 = 0x5605;
const VT_ACTIVATE: u32 = 0x5606;
const VT_WAITACTIVE: u32 = 0x5607;
const VT_DISALLOCATE: u32 = 0x5608;
const VT_LOCKSWITCH: u32 = 0x560b;
const VT_UNLOCKSWITCH: u32 = 0x560c;

/// `KB_101`: a keyboard with 101 keys.
const KEYBOARD: u8 = 2;
// `vt_mode.mode`.
const VT_AUTO: u8 = 0;
const VT_PROCESS: u8 = 1;

crate::layout! {
    /// `struct vt_mode`.
    pub struct Mode: 8 {
        pub mode: u8,
        pub waitv: u8,
        pub relsig: i16,
        pub acqsig: i16,
        pub frsig: i16,
    }

    /// `struct vt_stat`.
    pub struct State: 6 {
        pub active: u16,
        pub signal: u16,
        pub state: u16,
    }

    /// `struct kbentry`.
    pub struct Entry: 4 {
        pub table: u8,
        pub index: u8,
        pub value: u16,
    }
}

/// A request to a virtual terminal; nothing for another request.
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    let wanted = argument as u32;
    Some(match request {
        VT_OPENQRY => get(cx, descriptor, request, argument, |mut ask| ask.set_query_free(())),
        KDGETMODE => get(cx, descriptor, request, argument, |mut ask| ask.set_get_display(())),
        KDGKBMODE => get(cx, descriptor, request, argument, |mut ask| ask.set_get_keyboard(())),
        KDGKBTYPE => guest::put(argument, &KEYBOARD).map(|()| 0),
        // The lights as they are, and the locks that they show: one is as the other here.
        KDGETLED | KDGKBLED => number(cx, descriptor, request, |mut ask| ask.set_get_lights(()))
            .and_then(|lights| guest::put(argument, &(lights as u8)))
            .map(|()| 0),
        KDSETLED | KDSKBLED => tell(cx, descriptor, request, |mut ask| ask.set_set_lights(wanted)),
        KDSETMODE => tell(cx, descriptor, request, |mut ask| ask.set_set_display(wanted)),
        KDSKBMODE => tell(cx, descriptor, request, |mut ask| ask.set_set_keyboard(wanted)),
        KDSKBMUTE => tell(cx, descriptor, request, |mut ask| ask.set_mute(wanted != 0)),
        KDGKBENT => entry(cx, descriptor, request, argument),
        VT_GETSTATE => state(cx, descriptor, request, argument),
        VT_GETMODE => mode(cx, descriptor, request, argument),
        VT_SETMODE => set_mode(cx, descriptor, request, argument),
        VT_RELDISP => tell(cx, descriptor, request, |mut ask| ask.set_release(wanted)),
        VT_ACTIVATE => tell(cx, descriptor, request, |mut ask| ask.set_activate(wanted)),
        VT_WAITACTIVE => wait_active(cx, descriptor, request, wanted),
        // Terminals are always there.
        VT_DISALLOCATE => Ok(0),
        VT_LOCKSWITCH => tell(cx, descriptor, request, |mut ask| ask.set_lock_switching(true)),
        VT_UNLOCKSWITCH => tell(cx, descriptor, request, |mut ask| ask.set_lock_switching(false)),
        _ => return None,
    })
}

/// Asks for a number and puts it where the guest wants it, as an `int`.
fn get(
    cx: &mut Context,
    descriptor: i32,
    request: u32,
    argument: u64,
    fill: impl FnOnce(console_request::Builder<'_>),
) -> Result<u64, Errno> {
    let told = number(cx, descriptor, request, fill)?;
    guest::put(argument, &(told as i32)).map(|()| 0)
}

fn entry(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let wanted: Entry = guest::get(argument)?;
    let value = number(cx, descriptor, request, |ask| {
        let mut entry = ask.init_get_entry();
        entry.set_table(wanted.table);
        entry.set_key(wanted.index);
    })?;
    guest::put(argument, &Entry { value: value as u16, ..wanted }).map(|()| 0)
}

fn state(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let state = ask(
        cx,
        descriptor,
        request,
        |mut ask| ask.set_get_state(()),
        |reply| match reply {
            console_reply::State(state) => {
                let state = state?;
                Ok(State { active: state.get_active() as u16, signal: 0, state: state.get_open() as u16 })
            }
            _ => Err(Errno::BADMSG),
        },
    )?;
    guest::put(argument, &state).map(|()| 0)
}

fn mode(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let mode = ask(
        cx,
        descriptor,
        request,
        |mut ask| ask.set_get_switching(()),
        |reply| match reply {
            console_reply::Switching(told) => {
                let told = told?;
                Ok(Mode {
                    mode: if told.get_by_process() { VT_PROCESS } else { VT_AUTO },
                    relsig: told.get_release_signal() as i16,
                    acqsig: told.get_acquire_signal() as i16,
                    ..Mode::default()
                })
            }
            _ => Err(Errno::BADMSG),
        },
    )?;
    guest::put(argument, &mode).map(|()| 0)
}

fn set_mode(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let wanted: Mode = guest::get(argument)?;
    let by_process = match wanted.mode {
        VT_AUTO => false,
        VT_PROCESS => true,
        _ => return Err(Errno::INVAL),
    };
    let signal = |signal: i16| u32::try_from(signal).map_err(|_| Errno::INVAL);
    let signals = [signal(wanted.relsig)?, signal(wanted.acqsig)?];
    tell(cx, descriptor, request, |ask| {
        let mut switching = ask.init_set_switching();
        switching.set_by_process(by_process);
        switching.set_release_signal(signals[0]);
        switching.set_acquire_signal(signals[1]);
    })
}
