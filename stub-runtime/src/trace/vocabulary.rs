//! What a trace must know about an OS: the names of its numbers and the layouts of its structures.

use schemas::Errno;

use crate::call::{Direction, Kind, Shape, Structure, Word};
use crate::personality::constant::Constant;

/// The names and layouts of an OS.
pub struct Vocabulary {
    /// The OS's name.
    pub os: &'static str,
    /// The names of a kind of number.
    pub word: fn(Word) -> &'static [Constant],
    /// The layout of a structure, where the OS has it.
    pub layout: fn(Structure) -> Option<&'static Layout>,
    /// The name of a signal.
    pub signal: fn(i32) -> Option<&'static str>,
    /// The first and the last real-time signal.
    pub realtime: (i32, i32),
    /// The size of a set of signals in bytes.
    pub signal_set: usize,
    /// What `wait4` stores for a process that goes on.
    pub continued: i32,
    /// The number, name and message of an error.
    pub error: fn(Errno) -> Error,
    /// The name of a socket option at a level.
    pub option: fn(i32, i32) -> Option<&'static str>,
    /// The flags of `open` with which a mode counts.
    pub creates: u32,
    /// What the argument and the result of an `fcntl` command are; [`Kind::Never`] is no argument.
    pub fcntl: fn(i32) -> (Kind, Kind),
    /// The requests of `ioctl` that have a name.
    pub ioctls: &'static [Ioctl],
    /// How the OS packs direction, size, group and number into a request.
    pub ioctl_code: IoctlCode,
    /// Names of `sysctl` by their numbers.
    pub sysctl: &'static [(&'static [i32], &'static str)],
    /// How socket addresses begin.
    pub address: AddressForm,
    /// Where things lie in `struct msghdr`.
    pub message: MessageForm,
}

/// An error as the OS shows it.
pub struct Error {
    /// Its number.
    pub number: i32,
    /// Its name.
    pub name: Option<&'static str>,
    /// What it means in words.
    pub message: Option<&'static str>,
}

/// A request of `ioctl`.
#[derive(Clone, Copy)]
pub struct Ioctl {
    /// Its number.
    pub request: u32,
    /// Its name.
    pub name: &'static str,
    /// Which way the data goes.
    pub direction: Direction,
    /// What the data is; none where the argument is no pointer.
    pub shape: Option<Shape>,
}

impl Ioctl {
    /// A request with data.
    pub const fn new(request: u32, name: &'static str, direction: Direction, shape: Shape) -> Ioctl {
        Ioctl { request, name, direction, shape: Some(shape) }
    }

    /// A request without data, or with a number.
    pub const fn plain(request: u32, name: &'static str) -> Ioctl {
        Ioctl { request, name, direction: Direction::In, shape: None }
    }
}

/// How a request says what it does.
#[derive(Clone, Copy)]
pub struct IoctlCode {
    /// The bit for data that the call writes.
    pub out: u32,
    /// The bit for data that the call reads.
    pub input: u32,
    /// The mask for the size, above the lowest 16 bits.
    pub size: u32,
}

/// How socket addresses begin.
#[derive(Clone, Copy)]
pub struct AddressForm {
    /// Whether the family is the second byte, after the length, or the first two bytes.
    pub has_length: bool,
    /// The family of IPv6.
    pub inet6: u16,
}

/// Where things lie in `struct msghdr`; the name's and the vectors' places are the same everywhere.
#[derive(Clone, Copy)]
pub struct MessageForm {
    /// The size of the number of vectors and of the length of the control data.
    pub count_size: usize,
    /// Where the length of the control data is.
    pub control_length: usize,
    /// Where the flags are.
    pub flags: usize,
    /// The size of the whole.
    pub size: usize,
}

/// The layout of a structure.
pub struct Layout {
    /// Its size in bytes.
    pub size: usize,
    /// The fields worth showing.
    pub fields: &'static [Field],
}

/// A field of a structure.
pub struct Field {
    /// Its name in the OS's header.
    pub name: &'static str,
    /// Where it begins.
    pub offset: usize,
    /// Its size in bytes.
    pub size: usize,
    /// What it is.
    pub form: Form,
    /// Whether it is read by the call, written, or both.
    pub direction: Direction,
}

/// What a field is.
#[derive(Clone, Copy)]
pub enum Form {
    /// A number.
    Number(Kind),
    /// Seconds, and in the second half a fraction with this many digits.
    Time(usize),
    /// A limit, of which this value means that there is none.
    Limit(u64),
    /// Text up to a NUL.
    Text,
    /// A set of signals.
    SignalSet,
}

impl Field {
    /// A field that the call reads or writes with the rest.
    pub const fn new(name: &'static str, offset: usize, size: usize, form: Form) -> Field {
        Field { name, offset, size, form, direction: Direction::InOut }
    }

    /// A field that is a number.
    pub const fn number(name: &'static str, offset: usize, size: usize, kind: Kind) -> Field {
        Field::new(name, offset, size, Form::Number(kind))
    }

    /// The same, but looked at only before the call or only after it.
    pub const fn only(mut self, direction: Direction) -> Field {
        self.direction = direction;
        self
    }
}
