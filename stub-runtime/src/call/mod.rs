//! What a foreign system call is: one row of a table says all there is to know about it.
//!
//! A personality lists its calls with [`call_table!`](crate::call_table!). From the row follow the conversion of raw registers
//! into typed values, the dispatch, the line in a trace, the support level that the command line shows and
//! the operation that the routing table is asked for. Nothing of it is written a second time elsewhere.

mod argument;
mod kind;

pub use argument::*;
pub use kind::*;

use crate::context::Context;
use schemas::{Errno, Operation};

/// How many raw arguments a handler is given: six registers and, for the calls of FreeBSD that take more
/// (`sendfile`), two from the stack.
pub const RAW_ARGUMENTS: usize = 8;

/// The code that answers a call, after its arguments have been laid out as raw 64-bit values.
pub type Handler = fn(&mut Context, &[u64; RAW_ARGUMENTS]) -> Result<u64, Errno>;

/// How far a call is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Everything the manual page of that OS promises.
    Full,
    /// All but what the note says.
    Partial(&'static str),
    /// Not at all, for this reason; the guest gets its OS's ENOSYS and the call is counted.
    None(&'static str),
}

/// The reason given for a call that nobody has come round to: it might work one day.
pub const MISSING: &str = "not implemented yet";

impl Support {
    /// The word that the command line shows.
    pub const fn word(self) -> &'static str {
        match self {
            Support::Full => "full",
            Support::Partial(_) => "partial",
            Support::None(_) => "none",
        }
    }

    /// What restricts the support, if anything does.
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Support::Full => None,
            Support::Partial(note) | Support::None(note) => Some(note),
        }
    }
}

/// One argument of a call: its name in the manual page and how to read it.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// The name in that OS's own declaration.
    pub name: &'static str,
    /// How the raw value is to be understood.
    pub kind: Kind,
}

/// One call of a foreign OS.
#[derive(Clone, Copy)]
pub struct Row {
    /// The number that the program puts into `rax`.
    pub number: u16,
    /// The name in that OS's own list of calls; empty for a number that has none.
    pub name: &'static str,
    /// The arguments in order.
    pub args: &'static [Arg],
    /// How to read the result.
    pub returns: Kind,
    /// How far it is supported.
    pub support: Support,
    /// The OS-neutral operation that the routing table is asked for.
    pub operation: Option<Operation>,
    /// The code that answers it.
    pub handler: Option<Handler>,
    /// Whether the host's own call, with the same number and arguments, is all there is to it.
    pub native: bool,
    /// One bit for each argument that is a descriptor, so that the stub's own can be kept from the guest.
    pub descriptors: u8,
}

impl Row {
    /// A number that no version of the OS has given to a call.
    pub const RESERVED: Row = Row {
        number: u16::MAX,
        name: "",
        args: &[],
        returns: Kind::Int,
        support: Support::None("no such call"),
        operation: None,
        handler: None,
        native: false,
        descriptors: 0,
    };
}

/// Marks the arguments that are descriptors.
pub const fn descriptors(args: &[Arg]) -> u8 {
    let mut bits = 0;
    let mut at = 0;
    while at < args.len() {
        if matches!(args[at].kind, Kind::Descriptor | Kind::Directory) {
            bits |= 1 << at;
        }
        at += 1;
    }
    bits
}

/// The calls of one OS, indexed by number.
#[derive(Clone, Copy)]
pub struct Table {
    /// The personality's name in traces and on the command line.
    pub os: &'static str,
    rows: &'static [Row],
}

impl Table {
    /// A table over rows in which position and number agree; [`call_table!`](crate::call_table!) builds such an array.
    pub const fn new(os: &'static str, rows: &'static [Row]) -> Table {
        Table { os, rows }
    }

    /// The call with this number, if the OS has one.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&'static Row> {
        let row = self.rows.get(usize::try_from(number).ok()?)?;
        if row.name.is_empty() { None } else { Some(row) }
    }

    /// Every call in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = &'static Row> {
        self.rows.iter().filter(|row| !row.name.is_empty())
    }

    /// The call with this name.
    pub fn find(&self, name: &str) -> Option<&'static Row> {
        self.iter().find(|row| row.name == name)
    }

    /// One more than the highest number.
    pub const fn size(&self) -> usize {
        self.rows.len()
    }
}

/// Spreads the rows of all parts over an array in which each stands at its own number. A number given
/// twice or out of order stops the compilation.
pub const fn dense<const SIZE: usize>(parts: &[&[Row]]) -> [Row; SIZE] {
    let mut table = [Row::RESERVED; SIZE];
    let mut free = 0;
    let mut part = 0;
    while part < parts.len() {
        let mut at = 0;
        while at < parts[part].len() {
            let number = parts[part][at].number as usize;
            assert!(number >= free, "call numbers must ascend");
            table[number] = parts[part][at];
            free = number + 1;
            at += 1;
        }
        part += 1;
    }
    table
}

/// One more than the highest number in the parts of a table.
pub const fn size(parts: &[&[Row]]) -> usize {
    let last = parts[parts.len() - 1];
    last[last.len() - 1].number as usize + 1
}

/// Declares the calls of an OS, one row a call:
///
/// ```text
/// call_table! {
///     /// Where the facts come from.
///     pub static CALLS = "freebsd";
///     3 => read(fd: Fd, buf: Out<Bytes<2>>, nbyte: Size) -> Size, full, FileRead, file::read;
///     7 => wait4(pid: Pid, …) -> Pid, partial("no …"), ProcWait, process::wait4;
///     21 => mount(…) -> Int, missing, FsMount;
///     11 => execv() -> Int, none("gone since …");
/// }
/// ```
///
/// Number, name, arguments with their types, result type, support level, operation of the schema, handler.
/// Operation and handler may be left out at the end. The support levels are `full`, `native` (full, by passing the
/// call to a host that has the same one), `partial("what is not")`,
/// `none("why")` and `missing`, the short form of `none` for what is simply not there yet. A handler takes the
/// [`Context`] and one parameter for each argument, of any type that the argument's type converts
/// [`Into`]; it returns `Result<impl Answer, Errno>`.
///
/// A long table lies in parts, each a file with [`call_rows!`](crate::call_rows!), and is put together by
/// `pub static CALLS = "freebsd" from [low::ROWS, high::ROWS];`.
#[macro_export]
macro_rules! call_table {
    (
        $(#[$documentation:meta])*
        $visibility:vis static $table:ident = $os:literal from [$($part:path),* $(,)?];
    ) => {
        $(#[$documentation])*
        $visibility static $table: $crate::call::Table = {
            const PARTS: &[&[$crate::call::Row]] = &[$($part),*];
            static DENSE: [$crate::call::Row; $crate::call::size(PARTS)] = $crate::call::dense(PARTS);
            $crate::call::Table::new($os, &DENSE)
        };
    };
    (
        $(#[$documentation:meta])*
        $visibility:vis static $table:ident = $os:literal;
        $($row:tt)*
    ) => {
        $(#[$documentation])*
        $visibility static $table: $crate::call::Table = {
            $crate::call_rows! { const ROWS; $($row)* }
            const PARTS: &[&[$crate::call::Row]] = &[ROWS];
            static DENSE: [$crate::call::Row; $crate::call::size(PARTS)] = $crate::call::dense(PARTS);
            $crate::call::Table::new($os, &DENSE)
        };
    };
}

/// Declares a part of a table of calls: the rows of [`call_table!`](crate::call_table!) under `pub const ROWS;`.
#[macro_export]
macro_rules! call_rows {
    (
        $(#[$documentation:meta])*
        $visibility:vis const $rows:ident;
        $(
            $number:literal => $name:ident $arguments:tt -> $returns:ty,
            $support:ident $(($note:literal))? $(, $operation:ident $(, $handler:path)?)?;
        )*
    ) => {
        $(#[$documentation])*
        $visibility const $rows: &[$crate::call::Row] = &[$(
            $crate::call::Row {
                number: $number,
                name: stringify!($name),
                args: $crate::call_arguments!($arguments),
                descriptors: $crate::call::descriptors($crate::call_arguments!($arguments)),
                returns: <$returns as $crate::call::Argument>::KIND,
                support: $crate::call_support!($support $($note)?),
                operation: $crate::call_operation!($($operation)?),
                native: $crate::call_is_native!($support),
                handler: $crate::call_handler!($support $arguments $($($handler)?)?),
            },
        )*];
    };
}

/// The argument list of a row; part of [`call_table!`](crate::call_table!).
#[doc(hidden)]
#[macro_export]
macro_rules! call_arguments {
    (($($name:ident: $type:ty),* $(,)?)) => {
        &[$($crate::call::Arg { name: stringify!($name), kind: <$type as $crate::call::Argument>::KIND }),*]
    };
}

/// The support level of a row; part of [`call_table!`](crate::call_table!).
#[doc(hidden)]
#[macro_export]
macro_rules! call_support {
    (full) => {
        $crate::call::Support::Full
    };
    (native) => {
        $crate::call::Support::Full
    };
    (partial $note:literal) => {
        $crate::call::Support::Partial($note)
    };
    (none $reason:literal) => {
        $crate::call::Support::None($reason)
    };
    (missing) => {
        $crate::call::Support::None($crate::call::MISSING)
    };
}

/// Whether a row is passed to the host; part of [`call_table!`](crate::call_table!).
#[doc(hidden)]
#[macro_export]
macro_rules! call_is_native {
    (native) => {
        true
    };
    ($support:ident) => {
        false
    };
}

/// The operation of a row; part of [`call_table!`](crate::call_table!).
#[doc(hidden)]
#[macro_export]
macro_rules! call_operation {
    () => {
        None
    };
    ($operation:ident) => {
        Some(schemas::Operation::$operation)
    };
}

/// The shim that turns raw values into what the handler takes; part of [`call_table!`](crate::call_table!).
#[doc(hidden)]
#[macro_export]
macro_rules! call_handler {
    (native $arguments:tt) => {
        Some($crate::operation::native::pass as $crate::call::Handler)
    };
    ($support:ident $arguments:tt) => {
        None
    };
    ($support:ident ($($name:ident: $type:ty),* $(,)?) $handler:path) => {{
        fn shim(
            context: &mut $crate::context::Context,
            raw: &[u64; $crate::call::RAW_ARGUMENTS],
        ) -> Result<u64, schemas::Errno> {
            let mut _raw = raw.iter().copied();
            $handler(
                context,
                $(<$type as $crate::call::Argument>::from_raw(_raw.next().unwrap_or(0)).into()),*
            )
            .map($crate::call::Answer::into_raw)
        }
        Some(shim as $crate::call::Handler)
    }};
}

#[cfg(test)]
pub(crate) mod tests;
