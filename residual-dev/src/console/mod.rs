//! Virtual terminals: of several terminals that programs use, one is on the screen, as text that is drawn there or as
//! what a program draws itself.
//!
//! A terminal is a pseudo-terminal of the host. A guest opens its other side, so that line discipline, job control and
//! waiting are the host's; here the keys are written to it and the text is read.

mod font;
mod keyboard;
pub mod layout;
mod terminal;
mod text;
mod watch;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};

use schemas::Errno;
use schemas::device::{console_reply, console_request};

use crate::fb::Screen;
use keyboard::{K_OFF, K_UNICODE, Keyboard, Meaning};
use terminal::{Holder, Terminal};
use text::Drawn;
use watch::Watch;

pub use terminal::Pair;

// uapi/linux/kd.h.
const KD_TEXT: u32 = 0;
const KD_GRAPHICS: u32 = 1;
/// `VT_ACKACQ` of uapi/linux/vt.h: the screen was taken.
const TAKEN: u32 = 2;
/// `LED_SCR`, `LED_NUM` and `LED_CAP`.
const LIGHTS: u32 = 7;

/// Whom somebody has to signal: a process, with a signal of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The process.
    pub pid: i32,
    /// The signal.
    pub signal: u32,
}

/// Who asks, by which object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Its task.
    pub task: u64,
    /// Its process.
    pub pid: i32,
    /// The object.
    pub object: u64,
}

/// The terminals of a screen.
pub struct Console {
    shared: Arc<Shared>,
    /// Reads what terminals write, from the first time that one is open.
    watch: Mutex<Option<Watch>>,
}

struct Shared {
    screen: Arc<Screen>,
    pairs: Vec<Pair>,
    state: Mutex<State>,
}

struct State {
    terminals: Vec<Terminal>,
    /// The one on the screen, and the one that is to be once the program there has let go.
    active: usize,
    next: Option<usize>,
    locked: bool,
    keyboard: Keyboard,
    drawn: Drawn,
    /// Which terminal an object is.
    objects: HashMap<u64, usize>,
}

impl Console {
    /// As many terminals as there are pairs, for a screen.
    pub fn new(screen: Arc<Screen>, pairs: Vec<Pair>) -> Self {
        let size = text::size(&screen.shown().mode);
        let terminals = pairs.iter().map(|pair| Terminal::new(pair, size)).collect();
        let state = State {
            terminals,
            active: 0,
            next: None,
            locked: false,
            keyboard: Keyboard::default(),
            drawn: Drawn::default(),
            objects: HashMap::new(),
        };
        let shared = Arc::new(Shared { screen, pairs, state: Mutex::new(state) });
        Self { shared, watch: Mutex::new(None) }
    }

    /// Opens a terminal, counted from 1, as an object; 0 stands for the one on the screen. Gives the terminal for the
    /// guest to open.
    ///
    /// # Errors
    /// `ENXIO` for one that there is not, and what the host says.
    pub fn open(&self, object: u64, number: u32) -> Result<OwnedFd, Errno> {
        let mut watch = crate::lock(&self.watch);
        if watch.is_none() {
            *watch = Some(Watch::start(self.shared.clone())?);
        }
        let mut state = self.shared.lock();
        let index = if number == 0 { state.active } else { number as usize - 1 };
        let pair = self.shared.pairs.get(index).ok_or(Errno::NXIO)?;
        let opened = pair.other()?;
        state.objects.insert(object, index);
        Ok(opened)
    }

    /// The terminal that an object is.
    pub fn number(&self, object: u64) -> Option<u32> {
        self.shared.lock().objects.get(&object).map(|index| *index as u32 + 1)
    }

    /// An object is no longer open.
    pub fn close(&self, object: u64) {
        let mut state = self.shared.lock();
        state.objects.remove(&object);
        self.shared.forsake(&mut state, |owner| owner.object = 0);
    }

    /// A task has ended.
    pub fn task_ended(&self, task: u64) {
        let mut state = self.shared.lock();
        self.shared.forsake(&mut state, |owner| {
            if owner.task == task {
                owner.task = 0;
            }
        });
    }

    /// The screen has another mode.
    pub fn resize(&self) {
        let size = text::size(&self.shared.screen.shown().mode);
        let mut state = self.shared.lock();
        for (terminal, pair) in state.terminals.iter_mut().zip(&self.shared.pairs) {
            terminal.resize(pair, size);
        }
        state.drawn.forget();
    }

    /// A key was pressed; whom to signal when that brings another terminal to the screen.
    pub fn key(&self, code: u16, value: i32) -> Option<Notice> {
        let mut state = self.shared.lock();
        let active = state.active;
        let terminal = state.terminals.get(active)?;
        let mode = if terminal.muted { K_OFF } else { terminal.keyboard };
        match state.keyboard.key(code, value, mode) {
            Meaning::Bytes(bytes) => {
                self.shared.pairs[active].write(&bytes);
                None
            }
            Meaning::Switch(number) => self.shared.bring(&mut state, number as usize - 1),
        }
    }

    /// Answers a request about the terminal that an object is; gives whom the asker has to signal.
    ///
    /// # Errors
    /// `ENOTTY`, `EINVAL`, `ENXIO`, `EBUSY`.
    pub fn control(
        &self,
        asker: Asker,
        request: console_request::WhichReader<'_>,
        mut reply: console_reply::Builder<'_>,
    ) -> Result<Option<Notice>, Errno> {
        use schemas::device::console_request as ask;
        let shared = &*self.shared;
        let mut state = shared.lock();
        let index = *state.objects.get(&asker.object).ok_or(Errno::NOTTY)?;
        let terminals = state.terminals.len() as u32;
        let place = |number: u32| match number {
            1.. if number <= terminals => Ok(number as usize - 1),
            _ => Err(Errno::NXIO),
        };
        match request {
            ask::QueryFree(()) => {
                let free = (0..state.terminals.len()).find(|index| !state.is_open(*index));
                reply.set_number(free.map_or(u64::MAX, |index| index as u64 + 1));
            }
            ask::GetState(()) => {
                let mut told = reply.init_state();
                told.set_active(state.active as u32 + 1);
                let open = (0..state.terminals.len()).filter(|index| state.is_open(*index));
                told.set_open(open.fold(1, |bits, index| bits | 2 << index));
            }
            ask::GetSwitching(()) => {
                let mut told = reply.init_switching();
                if let Some(owner) = &state.terminals[index].owner {
                    told.set_by_process(true);
                    told.set_release_signal(owner.release);
                    told.set_acquire_signal(owner.acquire);
                }
            }
            ask::SetSwitching(wanted) => {
                let wanted = wanted?;
                let signals = [wanted.get_release_signal(), wanted.get_acquire_signal()];
                state.terminals[index].set_owner(asker, wanted.get_by_process().then_some(signals))?;
                if state.active == index {
                    state.next = None;
                }
            }
            ask::Activate(number) => {
                let wanted = place(number)?;
                return Ok(shared.bring(&mut state, wanted));
            }
            ask::IsActive(number) => reply.set_number(u64::from(state.active == place(number)?)),
            ask::Release(answer) => return shared.release(&mut state, index, answer),
            ask::GetDisplay(()) => reply.set_number(state.terminals[index].display().into()),
            ask::SetDisplay(KD_TEXT) => shared.show_text(&mut state, index),
            ask::SetDisplay(KD_GRAPHICS) => state.terminals[index].graphics = Some(asker.into()),
            ask::SetDisplay(_) => return Err(Errno::INVAL),
            ask::GetKeyboard(()) => reply.set_number(state.terminals[index].keyboard.into()),
            ask::SetKeyboard(mode @ 0..=K_OFF) => state.terminals[index].set_keyboard(mode, asker),
            ask::SetKeyboard(_) => return Err(Errno::INVAL),
            ask::Mute(muted) => state.terminals[index].mute(muted, asker),
            ask::GetLights(()) => reply.set_number(state.terminals[index].lights.into()),
            ask::SetLights(lights) if lights & !LIGHTS == 0 => state.terminals[index].lights = lights,
            ask::SetLights(_) => return Err(Errno::INVAL),
            ask::LockSwitching(locked) => state.locked = locked,
            ask::GetEntry(entry) => {
                let entry = entry?;
                reply.set_number(keyboard::entry(entry.get_table(), entry.get_key()).into());
            }
        }
        Ok(None)
    }
}

impl State {
    fn is_open(&self, index: usize) -> bool {
        self.objects.values().any(|open| *open == index)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// Brings a terminal to the screen, or asks the program that is there to let it go.
    fn bring(&self, state: &mut State, index: usize) -> Option<Notice> {
        if state.locked || index >= state.terminals.len() {
            return None;
        }
        state.next = None;
        if index == state.active {
            return None;
        }
        match &state.terminals[state.active].owner {
            Some(owner) => {
                state.next = Some(index);
                owner.release_notice()
            }
            None => self.complete(state, index),
        }
    }

    fn complete(&self, state: &mut State, index: usize) -> Option<Notice> {
        state.active = index;
        state.next = None;
        state.drawn.forget();
        self.draw(state);
        state.terminals[index].owner.as_ref().and_then(|owner| owner.acquire_notice())
    }

    /// The program of a terminal says whether it lets the screen go.
    fn release(&self, state: &mut State, index: usize, answer: u32) -> Result<Option<Notice>, Errno> {
        if state.terminals[index].owner.is_none() {
            return Err(Errno::INVAL);
        }
        match state.next.filter(|_| index == state.active) {
            Some(_) if answer == 0 => state.next = None,
            Some(next) => return Ok(self.complete(state, next)),
            None if answer == TAKEN => {}
            None => return Err(Errno::INVAL),
        }
        Ok(None)
    }

    fn show_text(&self, state: &mut State, index: usize) {
        if state.terminals[index].graphics.take().is_some() && index == state.active {
            state.drawn.forget();
            self.draw(state);
        }
    }

    /// Draws the text of the terminal on the screen, unless a program draws there.
    fn draw(&self, state: &mut State) {
        let State { terminals, active, drawn, .. } = state;
        let terminal = &terminals[*active];
        if terminal.graphics.is_none() {
            drawn.draw(terminal.text(), &self.screen);
        }
    }

    /// Takes from those who have terminals what `forget` takes; who is quite gone loses them, and text comes back.
    fn forsake(&self, state: &mut State, forget: impl Fn(&mut Holder)) {
        for index in 0..state.terminals.len() {
            if state.terminals[index].forsake(&forget) {
                state.drawn.forget();
                if index == state.active {
                    self.draw(state);
                    if let Some(next) = state.next.take_if(|_| state.terminals[index].owner.is_none()) {
                        // Nobody is there who could be signalled by the one that is gone.
                        self.complete(state, next);
                    }
                }
            }
        }
    }

    /// Takes what a terminal wrote.
    fn written(&self, index: usize, bytes: &[u8]) {
        let mut state = self.lock();
        let answer = state.terminals[index].process(bytes);
        self.pairs[index].write(&answer);
        if index == state.active {
            self.draw(&mut state);
        }
    }
}

/// The mode of the keyboard that terminals begin with.
const BEGINNING: u32 = K_UNICODE;

#[cfg(test)]
mod tests;
