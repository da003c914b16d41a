//! ioctl(2) of Linux: the host's, but for objects of servers. Newer requests say themselves which way their argument
//! goes and how long it is (asm-generic/ioctl.h); those of terminals do not.

pub mod cdrom;
pub mod console;
pub mod frame;
pub mod input;
pub mod scsi;
pub mod tun;

use linux_raw_sys::ioctl::*;
use schemas::Errno;

use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call_blocking;
use crate::operation::device::{self, Argument};
use crate::operation::socket::stack;
use crate::operation::terminal::{self, Action, Attributes, Hold};

/// Directions of a request: the argument is read, is written.
const IN: u32 = 0x4000_0000;
const OUT: u32 = 0x8000_0000;

/// Bytes of the argument.
const fn length(request: u32) -> usize {
    (request >> 16 & 0x3fff) as usize
}

crate::layout! {
    /// `struct termios` as the kernel has it (asm-generic/termbits.h).
    pub struct Termios: 36 {
        pub input: u32,
        pub output: u32,
        pub control: u32,
        pub local: u32,
        pub line: u8,
        pub characters: [u8; 19],
    }

    /// `struct termios2`.
    pub struct Termios2: 44 {
        pub first: Termios,
        pub input_speed: u32,
        pub output_speed: u32,
    }
}

/// ioctl(2).
///
/// # Errors
/// As there.
#[inline]
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if device::is_object(cx, descriptor) && !is_of_descriptor(request) {
        return control_object(cx, descriptor, request, argument);
    }
    if crate::operation::console::is_console(cx, descriptor)
        && let Some(result) = console::control(cx, descriptor, request, argument)
    {
        return result;
    }
    if (SIOCADDRT..=SIOCGIFMAP).contains(&request) {
        if stack::kind(cx, descriptor).is_some() {
            return control_network(cx, descriptor, request, argument);
        }
        // Any socket can be asked about interfaces, and C libraries ask local ones.
        if let Some(result) = stack::in_place_of_local(cx, descriptor, |cx, descriptor| {
            control_network(cx, descriptor, request, argument)
        }) {
            return result;
        }
    }
    // SAFETY: the kernel checks the guest's argument.
    unsafe { call_blocking(__NR_ioctl, [descriptor as u64, u64::from(request), argument]) }
}

/// Whether a request is about the descriptor and not about what it leads to.
fn is_of_descriptor(request: u32) -> bool {
    matches!(request, FIOCLEX | FIONCLEX | FIONBIO | FIOASYNC)
}

/// A request to an object of a server.
fn control_object(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if device::is_node(cx, descriptor)
        && let Some(result) = tun::control(cx, descriptor, request, argument)
            .or_else(|| scsi::control(cx, descriptor, request, argument))
            .or_else(|| cdrom::control(cx, descriptor, request, argument))
    {
        return result;
    }
    if let Some(result) = control_terminal(cx, descriptor, request, argument) {
        return result;
    }
    if request == FIONREAD {
        return guest::put(argument, &device::readable(cx, descriptor)?).map(|()| 0);
    }
    if INTERFACES.contains(&request) {
        return control_interface(cx, descriptor, request, argument);
    }
    let known = frame::control(cx, descriptor, request, argument)
        .or_else(|| input::control(cx, descriptor, request, argument));
    if let Some(result) = known {
        return result;
    }
    let len = length(request);
    if request & (IN | OUT) == 0 || len == 0 {
        return device::control(cx, descriptor, u64::from(request), Argument::Value(argument), &mut [])
            .map(|(value, _)| value as u64);
    }
    let mut data = [0u8; device::SIZE];
    if request & IN != 0 {
        guest::read(argument, &mut data[..len])?;
    }
    let mut reply = [0u8; device::SIZE];
    let asked = Argument::Data(&data[..len]);
    let (value, told) = device::control(cx, descriptor, u64::from(request), asked, &mut reply[..len])?;
    if request & OUT != 0 {
        guest::write(argument, &reply[..told])?;
    }
    Ok(value as u64)
}

/// Requests about interfaces (linux/sockios.h), which do not say how long their argument is.
const INTERFACES: core::ops::RangeInclusive<u32> = SIOCGIFNAME..=SIOCETHTOOL;
const SIOCETHTOOL: u32 = 0x8946;
/// `struct ifreq`.
const INTERFACE: usize = 40;

/// A request about an interface, to a socket of a server.
fn control_interface(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let mut data = [0u8; INTERFACE];
    guest::read(argument, &mut data)?;
    if request == SIOCETHTOOL {
        return has_link(cx, descriptor, &data);
    }
    let mut reply = [0u8; INTERFACE];
    let asked = Argument::Data(&data);
    let (value, told) = device::control(cx, descriptor, u64::from(request), asked, &mut reply)?;
    guest::write(argument, &reply[..told])?;
    Ok(value as u64)
}

/// `ETHTOOL_GLINK` (linux/ethtool.h), which tells whether an interface is connected: what else is asked there an interface
/// that is no hardware does not know.
fn has_link(cx: &mut Context, descriptor: i32, asked: &[u8; INTERFACE]) -> Result<u64, Errno> {
    const LINK: u32 = 0xa;
    const RUNNING: u8 = 0x40;
    /// Where the union in the structure is.
    const VALUE: usize = 16;
    let at = u64::from_ne_bytes(core::array::from_fn(|byte| asked[VALUE + byte]));
    if guest::get::<u32>(at)? != LINK {
        return Err(Errno::OPNOTSUPP);
    }
    let mut told = [0u8; INTERFACE];
    device::control(cx, descriptor, u64::from(SIOCGIFFLAGS), Argument::Data(asked), &mut told)?;
    guest::put(at.wrapping_add(4), &u32::from(told[VALUE] & RUNNING != 0)).map(|()| 0)
}

/// `struct ifconf` (linux/if.h): room, and where it is.
type List = [u64; 2];

/// A request about interfaces and routes (netdevice(7)), to a socket of a network stack.
fn control_network(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    /// `struct rtentry` (linux/route.h).
    const ROUTE: usize = 120;
    match request {
        SIOCADDRT | SIOCDELRT => {
            let mut data = [0u8; ROUTE];
            guest::read(argument, &mut data)?;
            device::control(cx, descriptor, u64::from(request), Argument::Data(&data), &mut []).map(|_| 0)
        }
        SIOCGIFCONF => {
            let [room, at]: List = [guest::get(argument)?, guest::get(argument.wrapping_add(8))?];
            let room = usize::try_from(room as i32).map_err(|_| Errno::INVAL)?;
            let mut all = [0u8; device::SIZE];
            let (_, told) =
                device::control(cx, descriptor, u64::from(request), Argument::Data(&[]), &mut all)?;
            // Without a place the guest asks how much room it takes; otherwise whole entries are told.
            let told = if at == 0 { told } else { told.min(room) / INTERFACE * INTERFACE };
            if at != 0 {
                guest::write(at, &all[..told])?;
            }
            guest::put(argument, &(told as i32)).map(|()| 0)
        }
        _ => control_interface(cx, descriptor, request, argument),
    }
}

/// A request to a terminal of a server; nothing for what is none.
fn control_terminal(
    cx: &mut Context,
    descriptor: i32,
    request: u32,
    argument: u64,
) -> Option<Result<u64, Errno>> {
    let put_number =
        |result: Result<i32, Errno>| result.and_then(|number| guest::put(argument, &number)).map(|()| 0);
    Some(match request {
        TCGETS => terminal::attributes(cx, descriptor)
            .and_then(|attributes| guest::put(argument, &first(&attributes)))
            .map(|()| 0),
        TCGETS2 => terminal::attributes(cx, descriptor)
            .and_then(|attributes| {
                let Attributes { input_speed, output_speed, .. } = attributes;
                guest::put(argument, &Termios2 { first: first(&attributes), input_speed, output_speed })
            })
            .map(|()| 0),
        TCSETS | TCSETSW | TCSETSF => set(cx, descriptor, request - TCSETS, argument, false),
        TCSETS2 | TCSETSW2 | TCSETSF2 => set(cx, descriptor, request - TCSETS2, argument, true),
        TIOCGWINSZ => {
            terminal::window(cx, descriptor).and_then(|window| guest::put(argument, &window)).map(|()| 0)
        }
        TIOCSWINSZ => guest::get(argument).and_then(|window| terminal::set_window(cx, descriptor, window)),
        TIOCGPGRP => put_number(terminal::group(cx, descriptor, false)),
        TIOCGSID => put_number(terminal::group(cx, descriptor, true)),
        TIOCSPGRP => {
            guest::get(argument).and_then(|group| terminal::hold(cx, descriptor, Hold::Group(group)))
        }
        TIOCSCTTY => terminal::hold(cx, descriptor, Hold::Take),
        TIOCNOTTY => terminal::hold(cx, descriptor, Hold::Leave),
        TCSBRK if argument != 0 => terminal::flush(cx, descriptor, Action::Drain),
        TCFLSH => match argument {
            0 => terminal::flush(cx, descriptor, Action::DiscardInput),
            1 => terminal::flush(cx, descriptor, Action::DiscardOutput),
            2 => terminal::flush(cx, descriptor, Action::DiscardBoth),
            _ => Err(Errno::INVAL),
        },
        TCXONC => match argument {
            0 => terminal::flush(cx, descriptor, Action::StopOutput),
            1 => terminal::flush(cx, descriptor, Action::StartOutput),
            2 => terminal::flush(cx, descriptor, Action::StopInput),
            3 => terminal::flush(cx, descriptor, Action::StartInput),
            _ => Err(Errno::INVAL),
        },
        _ => return None,
    })
}

/// Settings as Linux has them, with the speed as a code where there is one for it.
fn first(attributes: &Attributes) -> Termios {
    Termios {
        input: attributes.input,
        output: attributes.output,
        control: attributes.control | speed_code(attributes.output_speed),
        local: attributes.local,
        line: attributes.line,
        characters: attributes.characters,
    }
}

/// Codes of speeds (asm-generic/termbits.h).
const SPEEDS: [(u32, u32); 14] = [
    (0, B0),
    (300, B300),
    (1200, B1200),
    (2400, B2400),
    (4800, B4800),
    (9600, B9600),
    (19200, B19200),
    (38400, B38400),
    (57600, B57600),
    (115_200, B115200),
    (230_400, B230400),
    (460_800, B460800),
    (921_600, B921600),
    (1_000_000, B1000000),
];

fn speed_code(speed: u32) -> u32 {
    SPEEDS.iter().find(|pair| pair.0 == speed).map_or(BOTHER, |pair| pair.1)
}

fn set(cx: &mut Context, descriptor: i32, when: u32, argument: u64, with_speeds: bool) -> Result<u64, Errno> {
    let first: Termios = guest::get(argument)?;
    let now = terminal::attributes(cx, descriptor)?;
    let [mut input_speed, mut output_speed] = [now.input_speed, now.output_speed];
    let code = first.control & CBAUD;
    if let Some((speed, _)) = SPEEDS.iter().find(|pair| pair.1 == code) {
        (input_speed, output_speed) = (*speed, *speed);
    } else if with_speeds && code == BOTHER {
        let all: Termios2 = guest::get(argument)?;
        (input_speed, output_speed) = (all.input_speed, all.output_speed);
    }
    let attributes = Attributes {
        input: first.input,
        output: first.output,
        control: first.control & !CBAUD,
        local: first.local,
        line: first.line,
        characters: first.characters,
        input_speed,
        output_speed,
    };
    terminal::set_attributes(cx, descriptor, when, &attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_say_how_long_their_argument_is() {
        assert_eq!((length(TCGETS2), TCGETS2 & (IN | OUT)), (size_of::<Termios2>(), OUT));
        assert_eq!((length(TCSETS2), TCSETS2 & (IN | OUT)), (size_of::<Termios2>(), IN));
        assert_eq!(length(TCGETS), 0);
    }

    #[test]
    fn speeds_have_codes() {
        let attributes = Attributes { output_speed: 38400, control: CS8 | CREAD, ..Attributes::default() };
        assert_eq!(first(&attributes).control, CS8 | CREAD | B38400);
        assert_eq!(speed_code(31250), BOTHER);
    }
}
