//! Text of a message's traced fields: `path="/dev/bpf0", flags=0x2`.

use crate::{Format, Operation, signal};
use core::fmt::{self, Write};

/// Most bytes of a path or of contents that are shown.
const SHOWN: usize = 256;

/// Why a message could not be shown.
enum Failure {
    Malformed,
    Write,
}

impl From<capnp::Error> for Failure {
    fn from(_: capnp::Error) -> Self {
        Self::Malformed
    }
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Self::Write
    }
}

mod generated {
    use super::{Failure, Fields, Format, Operation};

    include!(concat!(env!("OUT_DIR"), "/trace.rs"));
}

/// Writes the traced fields of an operation's `Params`.
pub fn params(
    operation: Operation,
    message: capnp::any_pointer::Reader<'_>,
    out: &mut dyn Write,
) -> fmt::Result {
    finish(out, |fields| generated::params(operation, message, fields))
}

/// Writes the traced fields of an operation's `Results`.
pub fn results(
    operation: Operation,
    message: capnp::any_pointer::Reader<'_>,
    out: &mut dyn Write,
) -> fmt::Result {
    finish(out, |fields| generated::results(operation, message, fields))
}

fn finish(out: &mut dyn Write, write: impl FnOnce(&mut Fields<'_>) -> Result<(), Failure>) -> fmt::Result {
    match write(&mut Fields::new(out)) {
        Ok(()) => Ok(()),
        Err(Failure::Malformed) => out.write_str("(malformed)"),
        Err(Failure::Write) => Err(fmt::Error),
    }
}

/// Writes `name=value` after `name=value`, with commas between. For operations that never become a message, the stub
/// uses it directly.
pub struct Fields<'a> {
    out: &'a mut dyn Write,
    first: bool,
}

impl<'a> Fields<'a> {
    /// Starts a list.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, first: true }
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        if !core::mem::replace(&mut self.first, false) {
            self.out.write_str(", ")?;
        }
        self.out.write_str(name)?;
        self.out.write_char('=')
    }

    /// A number, in the given form.
    pub fn number(&mut self, name: &str, format: Format, value: i128) -> fmt::Result {
        self.name(name)?;
        number(self.out, format, value)
    }

    /// A truth value.
    pub fn flag(&mut self, name: &str, value: bool) -> fmt::Result {
        self.name(name)?;
        self.out.write_str(if value { "true" } else { "false" })
    }

    /// Bytes, in quotes, shortened when there are many.
    pub fn bytes(&mut self, name: &str, value: &[u8]) -> fmt::Result {
        self.name(name)?;
        quoted(self.out, value)
    }

    /// Only how many there are.
    pub fn length(&mut self, name: &str, value: usize) -> fmt::Result {
        self.name(name)?;
        write!(self.out, "[{value}]")
    }
}

fn number(out: &mut dyn Write, format: Format, value: i128) -> fmt::Result {
    match format {
        Format::Hexadecimal if value < 0 => write!(out, "-{:#x}", value.unsigned_abs()),
        Format::Hexadecimal => write!(out, "{value:#x}"),
        Format::Address if value == 0 => out.write_str("NULL"),
        Format::Address => write!(out, "{value:#x}"),
        Format::Octal => write!(out, "0{value:o}"),
        Format::Descriptor if value == -100 => out.write_str("AT_FDCWD"),
        Format::Signal => match u32::try_from(value).ok().and_then(signal::name) {
            Some(name) => out.write_str(name),
            None => write!(out, "{value}"),
        },
        _ => write!(out, "{value}"),
    }
}

/// Writes bytes in quotes, as C would; shortened, with dots behind, when there are many.
pub fn quoted(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    out.write_char('"')?;
    for byte in bytes.iter().take(SHOWN) {
        match byte {
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            b'"' | b'\\' => {
                out.write_char('\\')?;
                out.write_char(char::from(*byte))?;
            }
            b' '..=b'~' => out.write_char(char::from(*byte))?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_char('"')?;
    if bytes.len() > SHOWN { out.write_str("...") } else { Ok(()) }
}
