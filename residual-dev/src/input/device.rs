//! What the devices are, and how they stand.

use std::collections::BTreeSet;

use schemas::Errno;
use schemas::device::{InputText, input_axis, input_identity};

use super::event::*;

/// `BUS_VIRTUAL` of uapi/linux/input.h.
const BUS: u16 = 6;
/// The pointer's axes reach from 0 to this.
const AXIS: u32 = 32767;

/// Which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keys, as `/dev/input/event0`.
    Keyboard,
    /// A pointer that says where it is, with buttons and a wheel, as `/dev/input/event1`.
    Pointer,
}

impl Kind {
    /// Tells who made it, so to say.
    pub fn tell_identity(self, mut identity: input_identity::Builder<'_>) {
        identity.set_bus(BUS);
        identity.set_product(if self == Self::Keyboard { 1 } else { 2 });
        identity.set_version(1);
    }

    /// What it says of itself; nothing where it says nothing.
    pub fn text(self, text: InputText) -> Option<&'static str> {
        match (text, self) {
            (InputText::Name, Self::Keyboard) => Some("mapper keyboard"),
            (InputText::Name, Self::Pointer) => Some("mapper pointer"),
            (InputText::Place, Self::Keyboard) => Some("mapper/input0"),
            (InputText::Place, Self::Pointer) => Some("mapper/input1"),
            (InputText::Unique, _) => None,
        }
    }

    /// The codes that it has of a type of events, as bits; of type 0 the types.
    ///
    /// # Errors
    /// `EINVAL` for a type that there is not.
    pub fn codes(self, of: u16) -> Result<Vec<u8>, Errno> {
        // EV_MAX.
        if of > 0x1f {
            return Err(Errno::INVAL);
        }
        Ok(match (self, of) {
            (Self::Keyboard, EV_SYN) => bits([EV_SYN, EV_KEY, EV_LED, EV_REP]),
            (Self::Keyboard, EV_KEY) => bits(1..=KEY_LAST),
            // Num, caps and scroll lock.
            (Self::Keyboard, EV_LED) => bits(0..=2),
            // Delay and period.
            (Self::Keyboard, EV_REP) => bits(0..=1),
            (Self::Pointer, EV_SYN) => bits([EV_SYN, EV_KEY, EV_REL, EV_ABS]),
            (Self::Pointer, EV_KEY) => bits(BTN_LEFT..=BTN_LAST),
            (Self::Pointer, EV_REL) => bits([REL_WHEEL]),
            (Self::Pointer, EV_ABS) => bits([ABS_X, ABS_Y]),
            _ => vec![0],
        })
    }

    fn has(self, code: u16) -> bool {
        match self {
            Self::Keyboard => (1..=KEY_LAST).contains(&code),
            Self::Pointer => (BTN_LEFT..=BTN_LAST).contains(&code),
        }
    }
}

fn bits(codes: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let mut bits = Vec::new();
    for code in codes {
        let byte = usize::from(code / 8);
        if bits.len() <= byte {
            bits.resize(byte + 1, 0);
        }
        bits[byte] |= 1 << (code % 8);
    }
    bits
}

/// How a device stands.
pub struct Device {
    down: BTreeSet<u16>,
    /// The pixel where the pointer is, and the same on the axes.
    at: [u32; 2],
    axes: [u32; 2],
    /// The object that alone gets events.
    pub grabbed: Option<u64>,
    /// Milliseconds before and between repetitions; who is in front of the screen keeps to what is usual there.
    pub repeat: (u32, u32),
}

impl Default for Device {
    fn default() -> Self {
        // REP_DELAY and REP_PERIOD as drivers/input/input.c sets them.
        Self { down: BTreeSet::new(), at: [0; 2], axes: [0; 2], grabbed: None, repeat: (250, 33) }
    }
}

impl Device {
    /// A key or button goes down or up; gives the value of the event, nothing when there is none.
    pub fn press(&mut self, code: u16, down: bool) -> Option<i32> {
        if !Kind::Keyboard.has(code) && !Kind::Pointer.has(code) {
            return None;
        }
        if !down {
            return self.down.remove(&code).then_some(0);
        }
        Some(if self.down.insert(code) { 1 } else { 2 })
    }

    /// The pointer goes to a pixel; gives the events, and how far that is.
    pub fn move_to(&mut self, x: u32, y: u32, screen: (u32, u32)) -> (Vec<Raw>, [i32; 2]) {
        let mut events = Vec::new();
        let mut moved = [0; 2];
        for (axis, (to, size)) in [(x, screen.0), (y, screen.1)].into_iter().enumerate() {
            let to = to.min(size.saturating_sub(1));
            // The middle of the pixel.
            let on_axis = (u64::from(to) * 2 + 1) * u64::from(AXIS + 1) / (2 * u64::from(size.max(1)));
            moved[axis] = to as i32 - self.at[axis] as i32;
            self.at[axis] = to;
            if self.axes[axis] != on_axis as u32 {
                self.axes[axis] = on_axis as u32;
                events.push(Raw::new(EV_ABS, axis as u16, on_axis as i32));
            }
        }
        (events, moved)
    }

    /// The keys that are down, as bits.
    pub fn held(&self) -> Vec<u8> {
        let mut held = bits(self.down.iter().copied());
        if held.is_empty() {
            held.push(0);
        }
        held
    }

    /// Tells of an axis.
    ///
    /// # Errors
    /// `EINVAL` for one that there is not.
    pub fn tell_axis(&self, kind: Kind, axis: u16, mut told: input_axis::Builder<'_>) -> Result<(), Errno> {
        let value = self.axes.get(usize::from(axis)).filter(|_| kind == Kind::Pointer).ok_or(Errno::INVAL)?;
        told.set_value(*value as i32);
        told.set_maximum(AXIS as i32);
        Ok(())
    }
}
