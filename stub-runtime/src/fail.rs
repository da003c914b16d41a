//! The stub's last words.

use schemas::Errno;

use crate::host::linux::abi;
use crate::host::linux::signal::{self, HostContext};
use crate::host::linux::syscall::call;

/// Writes pieces to standard error as one line.
fn say(pieces: &[&[u8]]) {
    let mut line = [0u8; 512];
    let mut len = 0;
    for piece in [b"mapper: ".as_slice()].iter().chain(pieces).chain([b"\n".as_slice()].iter()) {
        for byte in piece.iter().take(line.len() - len) {
            line[len] = *byte;
            len += 1;
        }
    }
    // SAFETY: the kernel reads our buffer.
    let _ = unsafe { call(abi::__NR_write, [2, line.as_ptr() as u64, len as u64]) };
}

/// Ends the process with a line on standard error.
pub fn exit(status: i32, pieces: &[&[u8]]) -> ! {
    say(pieces);
    loop {
        // SAFETY: ends the process.
        let _ = unsafe { call(abi::__NR_exit_group, [status as u64]) };
    }
}

/// The same for a file or thing with an error number.
pub fn exit_with(status: i32, what: &[u8], error: Errno) -> ! {
    let text = error.message().unwrap_or("unknown error");
    exit(status, &[what, b": ", text.as_bytes()])
}

/// A fault in the stub itself, which must not happen: says where, and ends as the fault would.
pub fn fault(number: i32, host: &HostContext) -> ! {
    let offset = host.rip.wrapping_sub(crate::trap::entry::text().start);
    let mut digits = [0u8; 18];
    say(&[b"fault in the stub at +", hexadecimal(offset, &mut digits)]);
    signal::die(number)
}

/// Digits of a number.
fn hexadecimal(mut value: u64, digits: &mut [u8; 18]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
        if value == 0 {
            break;
        }
    }
    at -= 2;
    digits[at] = b'0';
    digits[at + 1] = b'x';
    &digits[at..]
}
