//! Actually Portable Executables: at once a PE for Windows, a shell script for any Unix, and in that script the
//! ELF header that makes the file an ELF for Linux and the BSDs.
//!
//! Facts: the APE specification of the Cosmopolitan project: the first bytes, and that the first 8192 bytes hold
//! a `printf` statement with the ELF header in octal.

use std::io;

use object::elf::{ELFDATA2LSB, EM_X86_64};

use super::draft::{Draft, Effort, Flaw};
use super::elf;
use super::evidence::Kind;
use super::os::Os;
use super::reason::Reason;
use super::source::Window;

/// How the three kinds of it begin.
pub(super) const MAGICS: [&[u8]; 3] = [b"MZqFpD='", b"jartsr='", b"APEDBG='"];

const SCRIPT: u64 = 8192;
const PRINTF: &[u8] = b"printf '\\177ELF";
const HEADER: usize = 64;

/// Reads the brands out of the ELF header that is yet to be written. Such a file is not run as it is.
pub(super) fn read(window: &Window<'_>, effort: Effort, draft: &mut Draft) -> io::Result<Flaw> {
    if let Some(header) = elf_header(window.up_to(0, SCRIPT)) {
        // What is wrong with the ELF file matters only once it is one.
        let inner = Window::with_header(window.source(), header)?;
        let _ = elf::read(&inner, effort, draft);
    }
    draft.findings.add(Kind::Format, Os::Linux, "begins as an Actually Portable Executable");
    let header = window.up_to(0x3c, 4).first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    if header.is_some_and(|offset| window.up_to(offset.into(), 4) == b"PE\0\0") {
        draft.findings.add(Kind::Format, Os::Windows, "PE header");
    }
    Ok(Flaw::Reason(Reason::NotAssimilated))
}

/// The ELF header in the script; of several, that for the x86-64.
fn elf_header(script: &[u8]) -> Option<Vec<u8>> {
    let starts = script.windows(PRINTF.len()).enumerate().filter(|(_, bytes)| *bytes == PRINTF);
    let mut headers = starts.filter_map(|(at, _)| unescape(&script[at + b"printf '".len()..])).peekable();
    let first = headers.peek().cloned();
    headers.find(|header| header[5] == ELFDATA2LSB && header[18..20] == EM_X86_64.to_le_bytes()).or(first)
}

/// The first 64 bytes of a single-quoted printf format.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut header = Vec::with_capacity(HEADER);
    let mut rest = text;
    while header.len() < HEADER {
        match *rest {
            [b'\\', b'0'..=b'7', ..] => {
                let digits =
                    rest[1..].iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                let value =
                    rest[1..=digits].iter().fold(0, |value: u32, digit| value * 8 + u32::from(digit - b'0'));
                header.push(value as u8);
                rest = &rest[1 + digits..];
            }
            [b'\\', escaped, ..] => {
                header.push(match escaped {
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 0x0b,
                    b'\\' => b'\\',
                    _ => return None,
                });
                rest = &rest[2..];
            }
            [b'%', b'%', ..] => {
                header.push(b'%');
                rest = &rest[2..];
            }
            [b'\'', ..] | [b'%', ..] | [] => return None,
            [byte, ..] => {
                header.push(byte);
                rest = &rest[1..];
            }
        }
    }
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_printf_would_write_it() {
        let mut text = br"\177ELF\2\1\1\11%%\0\0\0\0\0\0\0>\1012".to_vec();
        text.resize(200, b'x');
        let header = unescape(&text).unwrap();
        assert_eq!(header[..19], *b"\x7fELF\x02\x01\x01\x09%\0\0\0\0\0\0\0>A2");
        assert_eq!(header.len(), HEADER);
        assert_eq!(unescape(br"\177ELF\2' >&7"), None);
        assert_eq!(unescape(br"\177ELF\"), None);
    }
}
