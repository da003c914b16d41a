//! Texts that name their interpreter in the first line.
//!
//! Facts: execve(2), "Interpreter scripts", and what Linux does where that page is silent: the interpreter must be
//! in the first 255 bytes with what ends it, the argument is cut off there; blanks around both are dropped; a NUL
//! ends either.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::identity::Interpreter;
use super::reason::Defect;

/// How many scripts can follow one another as interpreters before the kernel gives up: a script may name another
/// one, four times over.
pub const DEPTH: usize = 5;

/// What the kernel reads of a script.
pub(super) const LINE: u64 = 256;

pub(super) const MAGIC: &[u8] = b"#!";

/// Reads the first line. `head` is the beginning of the file, at most [`LINE`] bytes.
pub(super) fn read(head: &[u8]) -> Result<Interpreter, Defect> {
    let mut line = [0; LINE as usize];
    let length = head.len().min(line.len());
    line[..length].copy_from_slice(&head[..length]);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | 0);

    let text = match line.iter().position(|&byte| byte == b'\n') {
        Some(end) => &line[MAGIC.len()..end.max(MAGIC.len())],
        None => {
            let start = line[MAGIC.len()..].iter().position(|byte| !blank(byte));
            let start = MAGIC.len() + start.ok_or(Defect::FirstLine("is blank"))?;
            if !line[start..].iter().any(ends) {
                return Err(Defect::FirstLine("does not end its interpreter's path within 255 bytes"));
            }
            &line[MAGIC.len()..line.len() - 1]
        }
    };
    let text = &text[text.iter().position(|byte| !blank(byte)).unwrap_or(text.len())..];
    let path = &text[..text.iter().position(ends).unwrap_or(text.len())];
    if path.is_empty() {
        return Err(Defect::FirstLine("names no interpreter"));
    }
    let rest = match text.get(path.len()) {
        None | Some(0) => &[],
        Some(_) => &text[path.len()..],
    };
    let rest = &rest[rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len())..];
    let rest = &rest[..rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len())];
    let rest = &rest[..rest.iter().rposition(|byte| !blank(byte)).map_or(0, |last| last + 1)];
    Ok(Interpreter {
        path: OsStr::from_bytes(path).into(),
        argument: (!rest.is_empty()).then(|| OsStr::from_bytes(rest).into()),
        sysroot: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[u8]) -> Result<(String, Option<String>), Defect> {
        read(line).map(|interpreter| {
            let text = |os: &OsStr| os.to_str().expect("the tests are ASCII").to_owned();
            (text(interpreter.path.as_os_str()), interpreter.argument.as_deref().map(text))
        })
    }

    #[test]
    fn interpreter_and_one_argument() {
        let named = |path: &str, argument: Option<&str>| Ok((path.to_owned(), argument.map(str::to_owned)));
        assert_eq!(parsed(b"#!/bin/sh\n"), named("/bin/sh", None));
        assert_eq!(parsed(b"#!/bin/sh"), named("/bin/sh", None));
        assert_eq!(parsed(b"#! \t /bin/awk\t  -f  x \t \nrest"), named("/bin/awk", Some("-f  x")));
        assert_eq!(parsed(b"#!/bin/sh\r\n"), named("/bin/sh\r", None));
        assert_eq!(parsed(b"#!/bin/echo a\0b\n"), named("/bin/echo", Some("a")));
        assert_eq!(parsed(b"#!/bin/echo\0b\n"), named("/bin/echo", None));
        assert_eq!(parsed(b"#!sh\n"), named("sh", None));
    }

    #[test]
    fn a_line_without_interpreter() {
        for line in [b"#!".as_slice(), b"#!\n", b"#!  \t\n", b"#!   ", b"#!\0/bin/sh\n"] {
            assert!(matches!(parsed(line), Err(Defect::FirstLine(_))), "{line:?}");
        }
    }

    #[test]
    fn the_path_must_end_within_the_bytes_that_are_read() {
        let with = |length: usize, tail: &[u8]| {
            let mut line = b"#!/".to_vec();
            line.resize(length, b'x');
            line.extend_from_slice(tail);
            line.truncate(LINE as usize);
            parsed(&line)
        };
        assert_eq!(with(255, b"\nrest").unwrap().0.len(), 253);
        assert_eq!(with(255, b" argument\n").unwrap().1, None);
        assert_eq!(with(255, b"").unwrap().0.len(), 253);
        assert!(with(256, b"\n").is_err());
        assert!(with(300, b"").is_err());
    }

    #[test]
    fn a_long_argument_is_cut_off() {
        let mut line = b"#!/bin/echo ".to_vec();
        line.resize(400, b'a');
        line.push(b'\n');
        assert_eq!(parsed(&line[..LINE as usize]).unwrap().1.unwrap().len(), 255 - 12);
    }
}
