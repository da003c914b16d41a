//! A keyboard and a pointer, as programs read them: event devices and mice as Linux has them.

mod device;
mod event;
mod mice;
mod reader;

pub use device::Kind;
pub use event::Action;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard};

use schemas::Errno;
use schemas::device::{input_reply, input_request};

use device::Device;
use event::{EV_KEY, EV_LED, EV_SW, Raw};
use mice::Mouse;
use reader::Reader;

/// Version of the interface that devices say to have (`EV_VERSION` of uapi/linux/input.h).
pub const VERSION: u32 = 0x01_0001;

/// The devices and all who read them.
#[derive(Default)]
pub struct Input {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keyboard: Device,
    pointer: Device,
    readers: HashMap<u64, Reader>,
    mice: HashMap<u64, Mouse>,
}

impl State {
    fn device(&mut self, kind: Kind) -> &mut Device {
        match kind {
            Kind::Keyboard => &mut self.keyboard,
            Kind::Pointer => &mut self.pointer,
        }
    }

    /// Gives events of one moment to those who read the device.
    fn publish(&mut self, kind: Kind, events: &[Raw]) {
        let grabbed = self.device(kind).grabbed;
        for (object, reader) in &mut self.readers {
            if reader.kind == kind && grabbed.is_none_or(|holder| holder == *object) {
                reader.push(events);
            }
        }
    }
}

impl Input {
    fn state(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// Opens a device as an object; gives the descriptor that the guest gets.
    ///
    /// # Errors
    /// What the host says.
    pub fn open(&self, object: u64, kind: Kind, nonblocking: bool) -> Result<OwnedFd, Errno> {
        let (reader, guest) = Reader::new(kind, nonblocking)?;
        self.state().readers.insert(object, reader);
        Ok(guest)
    }

    /// Opens all mice together (`/dev/input/mice`), likewise.
    ///
    /// # Errors
    /// What the host says.
    pub fn open_mice(&self, object: u64, nonblocking: bool) -> Result<OwnedFd, Errno> {
        let (mouse, guest) = Mouse::new(nonblocking)?;
        self.state().mice.insert(object, mouse);
        Ok(guest)
    }

    /// Reads what an object has to tell, with the guest's descriptor of it.
    ///
    /// # Errors
    /// `EAGAIN` when that is nothing yet, `EINVAL` for less room than one event takes, `ENODEV` once revoked.
    pub fn read(&self, object: u64, guest: &OwnedFd, room: usize) -> Result<Vec<u8>, Errno> {
        let mut state = self.state();
        if let Some(mouse) = state.mice.get_mut(&object) {
            return mouse.read(guest, room);
        }
        state.readers.get_mut(&object).ok_or(Errno::BADF)?.read(guest, room)
    }

    /// Takes what a guest writes: commands to a mouse. Events that a guest writes to an event device are refused.
    ///
    /// # Errors
    /// `EINVAL` for an event device.
    pub fn write(&self, object: u64, bytes: &[u8]) -> Result<u64, Errno> {
        let mut state = self.state();
        let mouse = state.mice.get_mut(&object).ok_or(Errno::INVAL)?;
        mouse.command(bytes);
        Ok(bytes.len() as u64)
    }

    /// An object is no longer open.
    pub fn close(&self, object: u64) {
        let mut state = self.state();
        state.readers.remove(&object);
        state.mice.remove(&object);
        for kind in [Kind::Keyboard, Kind::Pointer] {
            let grabbed = &mut state.device(kind).grabbed;
            grabbed.take_if(|holder| *holder == object);
        }
    }

    /// What somebody did with keyboard or pointer, on a screen of so many pixels. Gives the key that went down (1),
    /// up (0) or down again (2), if it was one and nobody has grabbed the keyboard.
    pub fn act(&self, action: Action, screen: (u32, u32)) -> Option<(u16, i32)> {
        let mut state = self.state();
        match action {
            Action::Key { code, down } => {
                let value = state.keyboard.press(code, down)?;
                state.publish(Kind::Keyboard, &[Raw::new(EV_KEY, code, value)]);
                state.keyboard.grabbed.is_none().then_some((code, value))
            }
            Action::Button { code, down } => {
                // A button does not repeat.
                let value = state.pointer.press(code, down).filter(|value| *value != 2)?;
                state.publish(Kind::Pointer, &[Raw::new(EV_KEY, code, value)]);
                for mouse in state.mice.values_mut() {
                    mouse.button(code, down);
                }
                None
            }
            Action::Move { x, y } => {
                let (events, moved) = state.pointer.move_to(x, y, screen);
                state.publish(Kind::Pointer, &events);
                for mouse in state.mice.values_mut() {
                    mouse.moved(moved);
                }
                None
            }
            Action::Scroll(notches) => {
                state.publish(Kind::Pointer, &[event::wheel(notches)]);
                for mouse in state.mice.values_mut() {
                    mouse.scroll(notches);
                }
                None
            }
        }
    }

    /// Answers a request about the event device that an object is.
    ///
    /// # Errors
    /// `ENOTTY` for one that is none, `EINVAL`, `EBUSY` when another has grabbed it.
    pub fn control(
        &self,
        object: u64,
        request: input_request::WhichReader<'_>,
        mut reply: input_reply::Builder<'_>,
    ) -> Result<(), Errno> {
        use schemas::device::input_request as ask;
        let mut state = self.state();
        let kind = state.readers.get(&object).ok_or(Errno::NOTTY)?.kind;
        match request {
            ask::GetIdentity(()) => kind.tell_identity(reply.init_identity()),
            ask::GetText(text) => {
                reply.set_text(kind.text(text.map_err(|_| Errno::INVAL)?).ok_or(Errno::NOENT)?);
            }
            ask::GetProperties(()) => reply.set_bits(&[0]),
            ask::GetKinds(of) => reply.set_bits(&kind.codes(of)?),
            ask::GetHeld(of) => {
                let bits = match of {
                    EV_KEY => state.device(kind).held(),
                    EV_LED | EV_SW => vec![0],
                    _ => return Err(Errno::INVAL),
                };
                reply.set_bits(&bits);
            }
            ask::GetAxis(axis) => state.device(kind).tell_axis(kind, axis, reply.init_axis())?,
            ask::GetRepeat(()) if kind == Kind::Keyboard => {
                let mut told = reply.init_repeat();
                let (delay, period) = state.keyboard.repeat;
                told.set_delay(delay);
                told.set_period(period);
            }
            ask::SetRepeat(given) if kind == Kind::Keyboard => {
                let given = given?;
                state.keyboard.repeat = (given.get_delay(), given.get_period());
            }
            ask::GetRepeat(()) | ask::SetRepeat(_) => return Err(Errno::NOSYS),
            ask::Grab(true) => match &mut state.device(kind).grabbed {
                Some(_) => return Err(Errno::BUSY),
                free => *free = Some(object),
            },
            ask::Grab(false) => {
                let grabbed = &mut state.device(kind).grabbed;
                grabbed.take_if(|holder| *holder == object).ok_or(Errno::INVAL)?;
            }
            ask::Revoke(()) => {
                state.device(kind).grabbed.take_if(|holder| *holder == object);
                if let Some(reader) = state.readers.get_mut(&object) {
                    reader.revoke();
                }
            }
            ask::SetClock(clock) => {
                if let Some(reader) = state.readers.get_mut(&object) {
                    reader.set_clock(clock)?;
                }
            }
            // Asked of the server as a whole.
            ask::Feed(_) => return Err(Errno::PERM),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
