//! One line of a trace: a call, its arguments, its result.

use schemas::{Errno, Flavour, Operation};

use super::data::{Amount, Phase};
use super::memory::{Memory, number};
use super::text::{ELLIPSIS, Text};
use super::value::{Printer, signed, size_of_kind};
use super::vocabulary::Vocabulary;
use crate::call::{Arg, Direction, Extent, Kind, RAW_ARGUMENTS, Row, Shape, Word};

/// The most that is shown of all arguments together, in bytes.
pub const ARGUMENTS: usize = 1024;
/// The size of a whole line.
pub const LINE: usize = 1536;
/// What of it is kept for the result and what follows, however long the arguments are.
const RESULT: usize = 320;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// With a result.
    Returned(Result<u64, Errno>),
    /// It will not come back.
    Gone,
    /// A signal came first; it is made again when its handler has run.
    Restarted,
    /// It is not supported; the guest gets the error of its OS.
    Unsupported,
}

/// Who called, and what the stub made of it.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The process.
    pub pid: i32,
    /// The thread.
    pub tid: i32,
    /// The operation and the flavour of its route.
    pub operation: Option<(Operation, Flavour)>,
    /// How long it took, in nanoseconds.
    pub nanoseconds: u64,
}

/// A call on the way: what it reads has been written down before it could change.
pub struct Line<'a> {
    memory: &'a dyn Memory,
    vocabulary: &'static Vocabulary,
    number: u64,
    row: Option<&'static Row>,
    raw: [u64; RAW_ARGUMENTS],
    before: [u8; ARGUMENTS],
    /// Where each argument ends in `before`.
    ends: [usize; RAW_ARGUMENTS],
}

impl<'a> Line<'a> {
    /// Writes down what is there before the call.
    pub fn enter(
        memory: &'a dyn Memory,
        vocabulary: &'static Vocabulary,
        number: u64,
        row: Option<&'static Row>,
        raw: &[u64; RAW_ARGUMENTS],
    ) -> Line<'a> {
        let mut before = [0; ARGUMENTS];
        let mut ends = [0; RAW_ARGUMENTS];
        let mut text = Text::new(&mut before);
        for (at, _) in row.map_or(&[][..], |row| row.args).iter().enumerate().take(RAW_ARGUMENTS) {
            let call = Arguments { row: row.unwrap_or(&Row::RESERVED), raw, memory, result: None };
            call.print(&mut Printer { text: &mut text, memory, vocabulary }, at, Phase::Before);
            ends[at] = text.len();
        }
        Line { memory, vocabulary, number, row, raw: *raw, before, ends }
    }

    /// Puts the whole line together, with its end of line.
    pub fn leave<'b>(&mut self, line: &'b mut [u8; LINE], event: &Event, outcome: Outcome) -> &'b [u8] {
        let mut text = Text::new(&mut line[..LINE - RESULT]);
        text.put(format_args!("{}", event.pid));
        if event.tid != event.pid {
            text.put(format_args!("/{}", event.tid));
        }
        text.put(format_args!(" {}  ", self.vocabulary.os));
        match self.row {
            Some(row) => self.call(&mut text, row, outcome),
            None => self.unknown_call(&mut text),
        }
        let result = text.len();
        let mut text = Text::new(&mut line[result..LINE - 1]);
        text.push(") = ");
        self.result(&mut text, outcome);
        if let Some((operation, flavour)) = event.operation {
            text.put(format_args!("  {} {flavour}", operation.info().name));
        }
        if !matches!(outcome, Outcome::Gone | Outcome::Unsupported) {
            time(&mut text, event.nanoseconds);
        }
        let end = result + text.len();
        line[end] = b'\n';
        &line[..=end]
    }

    /// The same, with another look at the memory.
    #[cfg(test)]
    pub fn looking_at<'b>(self, memory: &'b dyn Memory) -> Line<'b> {
        Line {
            memory,
            vocabulary: self.vocabulary,
            number: self.number,
            row: self.row,
            raw: self.raw,
            before: self.before,
            ends: self.ends,
        }
    }

    fn call(&mut self, text: &mut Text<'_>, row: &'static Row, outcome: Outcome) {
        let before = Text::new(&mut self.before);
        let result = match outcome {
            Outcome::Returned(result) => Some(result),
            Outcome::Gone | Outcome::Restarted | Outcome::Unsupported => None,
        };
        let call = Arguments { row, raw: &self.raw, memory: self.memory, result };
        text.push(row.name);
        text.push("(");
        let mut start = 0;
        for (at, &end) in self.ends.iter().enumerate().take(row.args.len()) {
            if call.is_left_out(self.vocabulary, at) {
                continue;
            }
            text.push(if at == 0 { "" } else { ", " });
            let shown = before.part(start, end);
            start = end;
            let mut after = [0; ARGUMENTS];
            let mut after = Text::new(&mut after);
            let mut printer = Printer { text: &mut after, memory: self.memory, vocabulary: self.vocabulary };
            call.print(&mut printer, at, Phase::After);
            let written = after.part(0, after.len());
            match (shown.is_empty(), written.is_empty()) {
                (true, true) => text.push(ELLIPSIS),
                (true, false) => text.push(written),
                (false, false) if shown != written => {
                    text.push(shown);
                    text.push("→");
                    text.push(written);
                }
                (false, _) => text.push(shown),
            }
        }
    }

    /// A number that is no call of that OS.
    fn unknown_call(&self, text: &mut Text<'_>) {
        text.put(format_args!("#{}(", self.number));
        for (at, raw) in self.raw.iter().enumerate().take(6) {
            text.put(format_args!("{}{raw:#x}", if at == 0 { "" } else { ", " }));
        }
    }

    fn result(&self, text: &mut Text<'_>, outcome: Outcome) {
        let error = |text: &mut Text<'_>, error| {
            let error = (self.vocabulary.error)(error);
            match error.name {
                Some(name) => text.put(format_args!("-1 {name}")),
                None => text.put(format_args!("-1 error {}", error.number)),
            }
            if let Some(message) = error.message {
                text.put(format_args!(" ({message})"));
            }
        };
        match outcome {
            Outcome::Gone => text.push("?"),
            Outcome::Restarted => text.push("? (again after a signal)"),
            Outcome::Returned(Err(number)) => error(text, number),
            Outcome::Returned(Ok(value)) => {
                let kind = self.row.map_or(Kind::Long, |row| self.result_kind(row));
                let kind = if kind == Kind::Never { Kind::Int } else { kind };
                Printer { text, memory: self.memory, vocabulary: self.vocabulary }.number(
                    kind,
                    value,
                    size_of_kind(kind),
                );
            }
            Outcome::Unsupported => {
                error(text, Errno::NOSYS);
                let why = match self.row {
                    Some(row) => row.support.note().unwrap_or("not supported"),
                    None => "no such call",
                };
                text.put(format_args!("  unsupported: {why}"));
            }
        }
    }

    /// What the result is, for the calls in which a command decides it.
    fn result_kind(&self, row: &Row) -> Kind {
        match row.args.iter().position(|arg| arg.kind == Kind::Word(Word::FcntlCommand)) {
            Some(at) => (self.vocabulary.fcntl)(self.raw[at] as i32).1,
            None => row.returns,
        }
    }
}

/// The arguments of a call, before or after it.
struct Arguments<'a> {
    row: &'static Row,
    raw: &'a [u64; RAW_ARGUMENTS],
    memory: &'a dyn Memory,
    result: Option<Result<u64, Errno>>,
}

impl Arguments<'_> {
    /// Whether the arguments before it say that it does not count.
    fn is_left_out(&self, vocabulary: &Vocabulary, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let said = self.raw[before];
        match (self.row.args[before].kind, self.row.args[at].kind) {
            (Kind::Word(Word::OpenFlags), Kind::Mode) => said as u32 & vocabulary.creates == 0,
            (_, Kind::FcntlArgument) => (vocabulary.fcntl)(said as i32).0 == Kind::Never,
            _ => false,
        }
    }

    /// Prints what an argument shows on this side of the call: nothing for what the other side shows.
    fn print(&self, printer: &mut Printer<'_, '_>, at: usize, phase: Phase) {
        let Arg { name, kind } = self.row.args[at];
        let raw = self.raw[at];
        let before = phase == Phase::Before;
        if self.is_left_out(printer.vocabulary, at) {
            return;
        }
        match kind {
            Kind::Pointer { direction, shape, extent } => {
                self.pointer(printer, raw, direction, shape, extent, phase);
            }
            Kind::FcntlArgument => {
                let command = at.checked_sub(1).map_or(0, |command| self.raw[command] as i32);
                match (printer.vocabulary.fcntl)(command).0 {
                    Kind::Pointer { direction, shape, extent } => {
                        self.pointer(printer, raw, direction, shape, extent, phase);
                    }
                    kind if before => printer.number(kind, raw, size_of_kind(kind)),
                    _ => {}
                }
            }
            Kind::IoctlArgument => self.ioctl_argument(printer, at, phase),
            _ if !before => {}
            Kind::Path | Kind::String => printer.string(raw),
            Kind::Strings => printer.strings(raw, name.starts_with("env")),
            Kind::SocketOption => {
                let level = at.checked_sub(1).map_or(0, |level| self.raw[level] as i32);
                match (printer.vocabulary.option)(level, raw as i32) {
                    Some(name) => printer.text.push(name),
                    None => printer.number(kind, raw, 4),
                }
            }
            _ => printer.number(kind, raw, size_of_kind(kind)),
        }
    }

    fn pointer(
        &self,
        printer: &mut Printer<'_, '_>,
        address: u64,
        direction: Direction,
        shape: Shape,
        extent: Extent,
        phase: Phase,
    ) {
        let before = phase == Phase::Before;
        if address == 0 || shape == Shape::Opaque {
            // The same on both sides: said once.
            if before {
                printer.address(address);
            }
            return;
        }
        let received = shape == Shape::Structure(crate::call::Structure::MessageHeader);
        if before && (direction == Direction::Out || received && direction == Direction::InOut) {
            return;
        }
        if !before && !matches!(self.result, Some(Ok(_))) {
            // Nothing was written; where the pointer went is all there is to say.
            if direction == Direction::Out || received && direction == Direction::InOut {
                printer.address(address);
            }
            return;
        }
        if !before && direction == Direction::In {
            return;
        }
        let amount = self.amount(direction, shape, extent, phase);
        let is_option = self.row.args.iter().any(|arg| arg.kind == Kind::SocketOption);
        if is_option && shape == Shape::Bytes && amount.count == 4 {
            // Nearly every option of the size of an `int` is one.
            let amount = Amount { count: 1, ..amount };
            return printer.data(address, Shape::Scalar(&Kind::Int, 4), amount, phase);
        }
        printer.data(address, shape, amount, phase);
    }

    fn amount(&self, direction: Direction, shape: Shape, extent: Extent, phase: Phase) -> Amount {
        let filled = match (phase, self.result) {
            (Phase::After, Some(Ok(value))) => usize::try_from(value as i64).unwrap_or(0),
            _ => usize::MAX,
        };
        let (count, by_value) = match extent {
            Extent::Fixed(count) => {
                return Amount { count: usize::from(count), filled, single: count == 1 };
            }
            Extent::Argument(at) => self.extent(usize::from(at)),
        };
        // A call that returns how much it wrote says more than the size of the buffer does.
        let counts = match shape {
            Shape::Bytes | Shape::Text => self.row.returns == Kind::Ulong,
            Shape::Scalar(..) => true,
            Shape::Structure(structure) => structure != crate::call::Structure::Iovec,
            _ => false,
        };
        let count = if counts && by_value && direction == Direction::Out { count.min(filled) } else { count };
        Amount { count, filled, single: false }
    }

    /// How much an argument says there is, and whether it says so by its value.
    fn extent(&self, at: usize) -> (usize, bool) {
        let kind = self.row.args.get(at).map_or(Kind::Int, |arg| arg.kind);
        let raw = self.raw[at];
        match kind {
            Kind::Pointer { shape: Shape::Scalar(_, size), .. } => {
                let value = number(self.memory, raw, usize::from(size)).unwrap_or(0);
                (usize::try_from(value).unwrap_or(0), false)
            }
            kind => (usize::try_from(signed(raw, size_of_kind(kind))).unwrap_or(0), true),
        }
    }

    fn ioctl_argument(&self, printer: &mut Printer<'_, '_>, at: usize, phase: Phase) {
        let raw = self.raw[at];
        let request = at.checked_sub(1).map_or(0, |request| self.raw[request] as u32);
        let known = printer.vocabulary.ioctls.iter().find(|ioctl| ioctl.request == request);
        match known.and_then(|ioctl| ioctl.shape.map(|shape| (ioctl.direction, shape))) {
            Some((direction, shape)) => {
                self.pointer(printer, raw, direction, shape, Extent::Fixed(1), phase);
            }
            None if phase == Phase::Before => printer.number(Kind::IoctlArgument, raw, 8),
            None => {}
        }
    }
}

/// How long something took, in the unit that suits it.
fn time(text: &mut Text<'_>, nanoseconds: u64) {
    let (unit, name) = match nanoseconds {
        0..1_000 => return text.put(format_args!(" {nanoseconds}ns")),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    text.put(format_args!(" {}.{}{name}", nanoseconds / unit, nanoseconds % unit * 10 / unit));
}
