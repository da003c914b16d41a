//! Terminals: sys/_termios.h.

use linux_raw_sys::general as abi;
use schemas::Errno;

use crate::constants;

constants! {
    /// `c_iflag`
    pub static TERMINAL_INPUT: Flags of u32 {
        IGNBRK = 0x1 => abi::IGNBRK;
        BRKINT = 0x2 => abi::BRKINT;
        IGNPAR = 0x4 => abi::IGNPAR;
        PARMRK = 0x8 => abi::PARMRK;
        INPCK = 0x10 => abi::INPCK;
        ISTRIP = 0x20 => abi::ISTRIP;
        INLCR = 0x40 => abi::INLCR;
        IGNCR = 0x80 => abi::IGNCR;
        ICRNL = 0x100 => abi::ICRNL;
        IXON = 0x200 => abi::IXON;
        IXOFF = 0x400 => abi::IXOFF;
        IXANY = 0x800 => abi::IXANY;
        IMAXBEL = 0x2000 => abi::IMAXBEL;
        IUTF8 = 0x4000 => abi::IUTF8;
    }

    /// `c_oflag`
    pub static TERMINAL_OUTPUT: Flags of u32 {
        OPOST = 0x1 => abi::OPOST;
        ONLCR = 0x2 => abi::ONLCR;
        TAB3 = 0x4 => abi::TAB3 in abi::TABDLY;
        // Throws away the end-of-file character, which the host's terminals print.
        ONOEOT = 0x8;
        OCRNL = 0x10 => abi::OCRNL;
        ONOCR = 0x20 => abi::ONOCR;
        ONLRET = 0x40 => abi::ONLRET;
    }

    /// `c_cflag`
    pub static TERMINAL_CONTROL: Flags of u32 {
        // Says that this field is not to be looked at; a handler keeps what was set.
        CIGNORE = 0x1;
        CS5 = 0 in 0x300 => abi::CS5 in abi::CSIZE;
        CS6 = 0x100 in 0x300 => abi::CS6 in abi::CSIZE;
        CS7 = 0x200 in 0x300 => abi::CS7 in abi::CSIZE;
        CS8 = 0x300 in 0x300 => abi::CS8 in abi::CSIZE;
        CSTOPB = 0x400 => abi::CSTOPB;
        CREAD = 0x800 => abi::CREAD;
        PARENB = 0x1000 => abi::PARENB;
        PARODD = 0x2000 => abi::PARODD;
        HUPCL = 0x4000 => abi::HUPCL;
        CLOCAL = 0x8000 => abi::CLOCAL;
        // The host has flow control for both directions or for none.
        CRTSCTS = 0x3_0000 => abi::CRTSCTS;
        CDTR_IFLOW = 0x4_0000;
        CDSR_OFLOW = 0x8_0000;
        CCAR_OFLOW = 0x10_0000;
        CNO_RTSDTR = 0x20_0000;
    }

    /// `c_lflag`
    pub static TERMINAL_LOCAL: Flags of u32 {
        ECHOKE = 0x1 => abi::ECHOKE;
        ECHOE = 0x2 => abi::ECHOE;
        ECHOK = 0x4 => abi::ECHOK;
        ECHO = 0x8 => abi::ECHO;
        ECHONL = 0x10 => abi::ECHONL;
        ECHOPRT = 0x20 => abi::ECHOPRT;
        ECHOCTL = 0x40 => abi::ECHOCTL;
        ISIG = 0x80 => abi::ISIG;
        ICANON = 0x100 => abi::ICANON;
        ALTWERASE = 0x200;
        IEXTEN = 0x400 => abi::IEXTEN;
        EXTPROC = 0x800 => abi::EXTPROC;
        TOSTOP = 0x40_0000 => abi::TOSTOP;
        FLUSHO = 0x80_0000 => abi::FLUSHO;
        // No message at the status character: the host's terminals have no such character.
        NOKERNINFO = 0x200_0000 => 0;
        PENDIN = 0x2000_0000 => abi::PENDIN;
        NOFLSH = 0x8000_0000 => abi::NOFLSH;
    }
}

/// How many control characters `struct termios` has (`NCCS`).
pub const CONTROL_CHARACTERS: usize = 20;

/// Control characters: their place here and on the host. VERASE2 (7), VDSUSP (11) and VSTATUS (18) have none
/// there.
pub static CONTROL_CHARACTER: [(u8, u8); 15] = [
    (0, abi::VEOF as u8),
    (1, abi::VEOL as u8),
    (2, abi::VEOL2 as u8),
    (3, abi::VERASE as u8),
    (4, abi::VWERASE as u8),
    (5, abi::VKILL as u8),
    (6, abi::VREPRINT as u8),
    (8, abi::VINTR as u8),
    (9, abi::VQUIT as u8),
    (10, abi::VSUSP as u8),
    (12, abi::VSTART as u8),
    (13, abi::VSTOP as u8),
    (14, abi::VLNEXT as u8),
    (15, abi::VDISCARD as u8),
    (16, abi::VMIN as u8),
];

/// The place of the time-out in tenths of a second, which is a control character too.
pub const TIMEOUT: (u8, u8) = (17, abi::VTIME as u8);

/// Speeds: FreeBSD has the number itself, the host a code in `c_cflag`.
static SPEEDS: [(u32, u32); 26] = [
    (0, abi::B0),
    (50, abi::B50),
    (75, abi::B75),
    (110, abi::B110),
    (134, abi::B134),
    (150, abi::B150),
    (200, abi::B200),
    (300, abi::B300),
    (600, abi::B600),
    (1200, abi::B1200),
    (1800, abi::B1800),
    (2400, abi::B2400),
    (4800, abi::B4800),
    (9600, abi::B9600),
    (19200, abi::B19200),
    (38400, abi::B38400),
    (57600, abi::B57600),
    (115_200, abi::B115200),
    (230_400, abi::B230400),
    (460_800, abi::B460800),
    (500_000, abi::B500000),
    (921_600, abi::B921600),
    (1_000_000, abi::B1000000),
    (1_500_000, abi::B1500000),
    (2_000_000, abi::B2000000),
    (3_000_000, abi::B3000000),
];

/// The host's code for a speed.
///
/// # Errors
/// `EINVAL` for a speed without a code; the host takes those by its `termios2` only.
pub fn speed_to_host(speed: u32) -> Result<u32, Errno> {
    SPEEDS.iter().find(|pair| pair.0 == speed).map(|pair| pair.1).ok_or(Errno::INVAL)
}

/// The speed that the host's code means.
pub fn speed_from_host(code: u32) -> Option<u32> {
    SPEEDS.iter().find(|pair| pair.1 == code).map(|pair| pair.0)
}
