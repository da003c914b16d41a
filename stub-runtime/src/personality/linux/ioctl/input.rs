//! Requests of event devices of Linux (uapi/linux/input.h). Many have the length of their argument in the code, as the
//! guest chose it; what they return is how much of it was filled.

use schemas::Errno;
use schemas::device::{InputText, input_reply, input_request};

use super::{IN, OUT, length};
use crate::context::Context;
use crate::guest;
use crate::operation::input::ask;

/// Type and number of a request.
const TYPE: u32 = 0x45;
/// Longest string of bits: `KEY_MAX` and one more.
const BITS: usize = 0x300 / 8;
/// Longest text.
const TEXT: usize = 256;
/// `EV_VERSION`.
const VERSION: i32 = 0x01_0001;
// Types of events (uapi/linux/input-event-codes.h).
const EV_KEY: u16 = 1;
const EV_SW: u16 = 5;
const EV_LED: u16 = 17;
const EV_SND: u16 = 18;

crate::layout! {
    /// `struct input_id`.
    pub struct Identity: 8 {
        pub bus: u16,
        pub vendor: u16,
        pub product: u16,
        pub version: u16,
    }

    /// `struct input_absinfo`.
    pub struct Axis: 24 {
        pub value: i32,
        pub minimum: i32,
        pub maximum: i32,
        pub fuzz: i32,
        pub flat: i32,
        pub resolution: i32,
    }
}

/// A request to an event device; nothing for another request.
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    if request >> 8 & 0xff != TYPE {
        return None;
    }
    let told = request & (IN | OUT) == OUT;
    let number = (request & 0xff) as u16;
    let device = Device { cx, descriptor, request, argument };
    Some(match number {
        // EVIOCGVERSION; the device is asked whether it is one.
        0x01 if told => device.identity(|_| guest::put(argument, &VERSION)),
        // EVIOCGID
        0x02 if told => device.identity(|identity| guest::put(argument, &identity)),
        // EVIOCGREP, EVIOCSREP
        0x03 if told => device.repeat(),
        0x03 => device.set_repeat(),
        // EVIOCGNAME, EVIOCGPHYS, EVIOCGUNIQ, EVIOCGPROP
        0x06 if told => device.text(InputText::Name),
        0x07 if told => device.text(InputText::Place),
        0x08 if told => device.text(InputText::Unique),
        0x09 if told => device.bits(|mut ask| ask.set_get_properties(())),
        // EVIOCGKEY, EVIOCGLED, EVIOCGSND, EVIOCGSW
        0x18 if told => device.bits(|mut ask| ask.set_get_held(EV_KEY)),
        0x19 if told => device.bits(|mut ask| ask.set_get_held(EV_LED)),
        0x1a if told => device.bits(|mut ask| ask.set_get_held(EV_SND)),
        0x1b if told => device.bits(|mut ask| ask.set_get_held(EV_SW)),
        // EVIOCGBIT
        0x20..=0x3f if told => device.bits(|mut ask| ask.set_get_kinds(number - 0x20)),
        // EVIOCGABS
        0x40..=0x7f if told => device.axis(number - 0x40),
        // EVIOCGRAB
        0x90 => device.tell(|mut ask| ask.set_grab(argument != 0)),
        // EVIOCREVOKE
        0x91 if argument == 0 => device.tell(|mut ask| ask.set_revoke(())),
        // EVIOCSCLOCKID
        0xa0 => guest::get::<u32>(argument).and_then(|clock| device.tell(|mut ask| ask.set_set_clock(clock))),
        // As drivers/input/evdev.c says to what it does not know.
        _ => Err(Errno::INVAL),
    })
}

struct Device<'a> {
    cx: &'a mut Context,
    descriptor: i32,
    request: u32,
    argument: u64,
}

impl Device<'_> {
    fn tell(self, fill: impl FnOnce(input_request::Builder<'_>)) -> Result<u64, Errno> {
        ask(self.cx, self.descriptor, self.request, fill, |_| Ok(0))
    }

    fn identity(self, put: impl FnOnce(Identity) -> Result<(), Errno>) -> Result<u64, Errno> {
        let fill = |mut ask: input_request::Builder<'_>| ask.set_get_identity(());
        let identity = ask(self.cx, self.descriptor, self.request, fill, |reply| match reply {
            input_reply::Identity(told) => {
                let told = told?;
                Ok(Identity {
                    bus: told.get_bus(),
                    vendor: told.get_vendor(),
                    product: told.get_product(),
                    version: told.get_version(),
                })
            }
            _ => Err(Errno::BADMSG),
        })?;
        put(identity).map(|()| 0)
    }

    fn text(self, text: InputText) -> Result<u64, Errno> {
        let fill = |mut ask: input_request::Builder<'_>| ask.set_get_text(text);
        let mut bytes = [0; TEXT];
        let len = ask(self.cx, self.descriptor, self.request, fill, |reply| match reply {
            input_reply::Text(told) => {
                let told = told?.as_bytes();
                let len = told.len().min(TEXT - 1);
                bytes[..len].copy_from_slice(&told[..len]);
                // With the zero behind it.
                Ok(len + 1)
            }
            _ => Err(Errno::BADMSG),
        })?;
        let len = len.min(length(self.request));
        guest::write(self.argument, &bytes[..len])?;
        Ok(len as u64)
    }

    /// Bits are told as words of 64, as far as there is room.
    fn bits(self, fill: impl FnOnce(input_request::Builder<'_>)) -> Result<u64, Errno> {
        let mut bytes = [0; BITS];
        let len = ask(self.cx, self.descriptor, self.request, fill, |reply| match reply {
            input_reply::Bits(told) => {
                let told = told?;
                let len = told.len().min(BITS);
                bytes[..len].copy_from_slice(&told[..len]);
                Ok(len.next_multiple_of(8))
            }
            _ => Err(Errno::BADMSG),
        })?;
        let len = len.min(length(self.request));
        guest::write(self.argument, &bytes[..len])?;
        Ok(len as u64)
    }

    fn axis(self, axis: u16) -> Result<u64, Errno> {
        let fill = |mut ask: input_request::Builder<'_>| ask.set_get_axis(axis);
        let axis = ask(self.cx, self.descriptor, self.request, fill, |reply| match reply {
            input_reply::Axis(told) => {
                let told = told?;
                Ok(Axis {
                    value: told.get_value(),
                    minimum: told.get_minimum(),
                    maximum: told.get_maximum(),
                    fuzz: told.get_fuzz(),
                    flat: told.get_flat(),
                    resolution: told.get_resolution(),
                })
            }
            _ => Err(Errno::BADMSG),
        })?;
        guest::put(self.argument, &axis).map(|()| 0)
    }

    fn repeat(self) -> Result<u64, Errno> {
        let fill = |mut ask: input_request::Builder<'_>| ask.set_get_repeat(());
        let times = ask(self.cx, self.descriptor, self.request, fill, |reply| match reply {
            input_reply::Repeat(told) => {
                let told = told?;
                Ok([told.get_delay(), told.get_period()])
            }
            _ => Err(Errno::BADMSG),
        })?;
        guest::put(self.argument, &times).map(|()| 0)
    }

    fn set_repeat(self) -> Result<u64, Errno> {
        let [delay, period]: [u32; 2] = guest::get(self.argument)?;
        self.tell(|ask| {
            let mut repeat = ask.init_set_repeat();
            repeat.set_delay(delay);
            repeat.set_period(period);
        })
    }
}
