//! Events, in the numbers of Linux (uapi/linux/input-event-codes.h).

use schemas::Errno;
use schemas::device::input_event;

pub const EV_SYN: u16 = 0;
pub const EV_KEY: u16 = 1;
pub const EV_REL: u16 = 2;
pub const EV_ABS: u16 = 3;
pub const EV_SW: u16 = 5;
pub const EV_LED: u16 = 17;
pub const EV_REP: u16 = 20;
/// End of what happened at one moment.
pub const SYN_REPORT: u16 = 0;
/// Events were lost.
pub const SYN_DROPPED: u16 = 3;
pub const REL_WHEEL: u16 = 8;
pub const ABS_X: u16 = 0;
pub const ABS_Y: u16 = 1;
pub const BTN_LEFT: u16 = 0x110;
pub const BTN_RIGHT: u16 = 0x111;
pub const BTN_MIDDLE: u16 = 0x112;
/// The last of the pointer's buttons, `BTN_EXTRA`.
pub const BTN_LAST: u16 = 0x114;
/// The last of the keyboard's keys, `KEY_COMPOSE`.
pub const KEY_LAST: u16 = 127;

/// An event without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    /// `EV_*`.
    pub kind: u16,
    /// What of that sort.
    pub code: u16,
    /// Down, position, distance.
    pub value: i32,
}

impl Raw {
    pub const fn new(kind: u16, code: u16, value: i32) -> Self {
        Self { kind, code, value }
    }
}

/// The wheel turned.
pub const fn wheel(notches: i32) -> Raw {
    Raw::new(EV_REL, REL_WHEEL, notches)
}

/// What somebody does in front of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A key goes down or up.
    Key {
        /// `KEY_*`.
        code: u16,
        /// Down.
        down: bool,
    },
    /// A button of the pointer does.
    Button {
        /// `BTN_*`.
        code: u16,
        /// Down.
        down: bool,
    },
    /// The pointer is moved to a pixel.
    Move {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
    /// The wheel is turned by notches, upward.
    Scroll(i32),
}

impl Action {
    /// Takes one from a message.
    ///
    /// # Errors
    /// `EBADMSG` for nonsense.
    pub fn read(event: input_event::Reader<'_>) -> Result<Self, Errno> {
        Ok(match event.which().map_err(|_| Errno::BADMSG)? {
            input_event::Key(key) => {
                let key = key?;
                Self::Key { code: key.get_code(), down: key.get_down() }
            }
            input_event::Button(key) => {
                let key = key?;
                Self::Button { code: key.get_code(), down: key.get_down() }
            }
            input_event::Move(point) => {
                let point = point?;
                Self::Move { x: point.get_x(), y: point.get_y() }
            }
            input_event::Scroll(notches) => Self::Scroll(notches.clamp(-100, 100)),
        })
    }

    /// Writes it into a message.
    pub fn write(self, mut event: input_event::Builder<'_>) {
        match self {
            Self::Key { code, down } => {
                let mut key = event.init_key();
                key.set_code(code);
                key.set_down(down);
            }
            Self::Button { code, down } => {
                let mut key = event.init_button();
                key.set_code(code);
                key.set_down(down);
            }
            Self::Move { x, y } => {
                let mut point = event.init_move();
                point.set_x(x);
                point.set_y(y);
            }
            Self::Scroll(notches) => event.set_scroll(notches),
        }
    }
}
