//! Terminals: `struct termios` (sys/_termios.h) and what is asked of them (sys/ttycom.h, termios(4), tty(4)).

use schemas::Errno;

use super::flags;
use super::signal;
use crate::context::Context;
use crate::host::linux::abi::{O_CLOEXEC, O_NOCTTY, O_RDWR};
use crate::operation::terminal::{self, Attributes};
use crate::personality::constant::Flags;

crate::layout! {
    /// `struct termios`.
    pub struct Termios: 44 {
        pub input: u32,
        pub output: u32,
        pub control: u32,
        pub local: u32,
        pub characters: [u8; 20],
        pub input_speed: u32,
        pub output_speed: u32,
    }
}

/// A control character that there is none for (`_POSIX_VDISABLE`): the host has 0 for it.
const DISABLED: u8 = 0xff;
/// Control characters that the host does not have, with their defaults (sys/ttydefaults.h): ^H, ^Y, ^T.
const OWN_CHARACTERS: [(usize, u8); 3] = [(7, 0x08), (11, 0x19), (18, 0x14)];
/// Places that are no characters: how many bytes to wait for, and how long.
const NUMBERS: [u8; 2] = [16, flags::TIMEOUT.0];

/// Every place of a character: here and on the host.
fn places() -> impl Iterator<Item = (usize, usize, bool)> {
    let all = flags::CONTROL_CHARACTER.iter().chain(core::iter::once(&flags::TIMEOUT));
    all.map(|(own, host)| (usize::from(*own), usize::from(*host), NUMBERS.contains(own)))
}

/// Settings of the host in FreeBSD's form.
pub fn from_host(host: &Attributes) -> Termios {
    let bits = |flags: &Flags, bits: u32| flags.from_host(u64::from(bits)) as u32;
    let mut own = Termios {
        input: bits(&flags::TERMINAL_INPUT, host.input),
        output: bits(&flags::TERMINAL_OUTPUT, host.output),
        control: bits(&flags::TERMINAL_CONTROL, host.control),
        local: bits(&flags::TERMINAL_LOCAL, host.local),
        characters: [DISABLED; 20],
        input_speed: host.input_speed,
        output_speed: host.output_speed,
    };
    for (place, character) in OWN_CHARACTERS {
        own.characters[place] = character;
    }
    for (place, there, number) in places() {
        let character = host.characters[there];
        own.characters[place] = if character == 0 && !number { DISABLED } else { character };
    }
    own
}

/// The bits that the host has something for; the driver of the terminal passes over the others.
fn known(flags: &Flags, bits: u32) -> u64 {
    let known = flags
        .constants
        .iter()
        .filter(|constant| constant.host.is_some())
        .fold(0, |known, constant| known | constant.mask);
    flags.to_host(u64::from(bits) & known).unwrap_or(0)
}

/// Settings in the host's form; what FreeBSD has no word for stays as it is.
pub fn to_host(own: &Termios, now: &Attributes) -> Attributes {
    let mut host = Attributes {
        input: known(&flags::TERMINAL_INPUT, own.input) as u32,
        output: known(&flags::TERMINAL_OUTPUT, own.output) as u32,
        control: known(&flags::TERMINAL_CONTROL, own.control) as u32,
        local: known(&flags::TERMINAL_LOCAL, own.local) as u32,
        input_speed: if own.input_speed == 0 { own.output_speed } else { own.input_speed },
        output_speed: own.output_speed,
        ..*now
    };
    if own.control & flags::CIGNORE != 0 {
        host.control = now.control;
        host.input_speed = now.input_speed;
        host.output_speed = now.output_speed;
    }
    for (place, there, number) in places() {
        let character = own.characters[place];
        host.characters[there] = if character == DISABLED && !number { 0 } else { character };
    }
    host
}

/// posix_openpt(2).
///
/// # Errors
/// `EINVAL` for other flags than `O_RDWR`, `O_NOCTTY` and `O_CLOEXEC`, or without the first.
pub fn open_pair(cx: &mut Context, bits: u32) -> Result<i32, Errno> {
    if bits & !(flags::O_RDWR | flags::O_NOCTTY | flags::O_CLOEXEC) != 0 || bits & flags::O_RDWR == 0 {
        return Err(Errno::INVAL);
    }
    let close_on_exec = if bits & flags::O_CLOEXEC != 0 { O_CLOEXEC } else { 0 };
    // The host's masters become no controlling terminal in any case.
    terminal::open_pair(cx, O_RDWR | O_NOCTTY | close_on_exec)
}

/// The signal of the host that a master is to send to the processes of its terminal.
///
/// # Errors
/// `EINVAL` for what is no signal.
pub fn signal_to_host(number: i32) -> Result<i32, Errno> {
    signal::to_host(number).ok_or(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal of the host after it was opened: drivers/tty/tty_io.c, `tty_std_termios`, and asm-generic/termios.h,
    /// `INIT_C_CC`.
    fn fresh() -> Attributes {
        Attributes {
            input: 0x500,
            output: 0x5,
            control: 0xb0,
            local: 0x8a3b,
            line: 0,
            characters: [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0],
            input_speed: 38400,
            output_speed: 38400,
        }
    }

    #[test]
    fn a_fresh_terminal_is_one_for_freebsd() {
        let own = from_host(&fresh());
        // ICRNL | IXON, OPOST | ONLCR, CS8 | CREAD, ECHOKE | ECHOE | ECHOK | ECHO | ECHOCTL | ISIG | ICANON | IEXTEN
        assert_eq!((own.input, own.output, own.control), (0x300, 0x3, 0xb00));
        assert_eq!(own.local, 0x5cf);
        let characters = [4, 255, 255, 127, 23, 21, 18, 8, 3, 28, 26, 25, 17, 19, 22, 15, 1, 0, 20, 255];
        assert_eq!(own.characters, characters);
        assert_eq!((own.input_speed, own.output_speed), (38400, 38400));
    }

    #[test]
    fn settings_go_there_and_back() {
        let host = fresh();
        let own = from_host(&host);
        assert_eq!(to_host(&own, &host), host);
        // Raw, as cfmakeraw(3) makes it.
        let raw = Termios { input: 1, output: 0, local: 0, ..own };
        let there = to_host(&raw, &host);
        assert_eq!((there.input, there.output, there.local, there.control), (1, 0, 0, 0xb0));
        assert_eq!(from_host(&there).local, 0);
    }

    #[test]
    fn what_the_host_lacks_is_passed_over() {
        let host = fresh();
        let mut own = from_host(&host);
        own.local |= flags::ALTWERASE;
        own.output |= flags::ONOEOT;
        own.input |= 0x8000_0000;
        assert_eq!(to_host(&own, &host), host);
        own.control = flags::CIGNORE;
        own.output_speed = 50;
        assert_eq!(to_host(&own, &host).control, host.control);
        assert_eq!(to_host(&own, &host).output_speed, 38400);
    }

    #[test]
    fn the_time_to_wait_is_no_character() {
        let mut own = from_host(&fresh());
        own.characters[16] = 255;
        own.characters[17] = 0;
        let host = to_host(&own, &fresh());
        assert_eq!((host.characters[6], host.characters[5]), (255, 0));
        own.characters[8] = 255;
        assert_eq!(to_host(&own, &fresh()).characters[0], 0);
    }

    #[test]
    fn an_input_speed_of_zero_is_that_of_the_output() {
        let own = Termios { input_speed: 0, output_speed: 9600, ..from_host(&fresh()) };
        assert_eq!(to_host(&own, &fresh()).input_speed, 9600);
    }
}
