//! The types of arguments. Each says how its raw value becomes a number of Rust and how a trace reads it.

use super::kind::{Direction, Extent, Kind, Shape};
use core::marker::PhantomData;

/// A type that an argument or a result of a call can have.
pub trait Argument: Sized {
    /// How a trace reads it.
    const KIND: Kind;

    /// Takes the part of the register that the type covers.
    fn from_raw(raw: u64) -> Self;
}

/// A type that can lie behind a pointer.
pub trait Shaped {
    /// What it looks like there.
    const SHAPE: Shape;
    /// How many there are.
    const EXTENT: Extent = Extent::Fixed(1);
}

/// An address in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Pointer(
    /// The address as the guest gave it.
    pub u64,
);

impl Pointer {
    /// Whether it is NULL.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }
}

/// What a handler may return: made into the 64 bits that the guest finds in `rax`.
pub trait Answer {
    /// The raw value; negative numbers are sign-extended.
    fn into_raw(self) -> u64;
}

impl Answer for () {
    fn into_raw(self) -> u64 {
        0
    }
}

impl Answer for Pointer {
    fn into_raw(self) -> u64 {
        self.0
    }
}

macro_rules! answers {
    ($($integer:ty),*) => {
        $(impl Answer for $integer {
            fn into_raw(self) -> u64 {
                self as u64
            }
        })*
    };
}

answers!(i32, u32, i64, u64, isize, usize);

macro_rules! integers {
    ($($(#[$documentation:meta])* $name:ident: $integer:ident = $kind:expr;)*) => {
        $(
            $(#[$documentation])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            pub struct $name(
                /// The value as the guest gave it.
                pub $integer,
            );

            impl $crate::call::Argument for $name {
                const KIND: Kind = $kind;

                #[inline]
                fn from_raw(raw: u64) -> Self {
                    $name(raw as $integer)
                }
            }

            impl $crate::call::Shaped for $name {
                const SHAPE: Shape = Shape::Scalar(
                    &<$name as $crate::call::Argument>::KIND,
                    size_of::<$integer>() as u8,
                );
            }

            $crate::call::conversions!($name: $integer);
        )*
    };
}
pub(crate) use integers;

/// A handler may take an argument with a sign or without: the bits are the same.
macro_rules! conversions {
    ($name:ident: i32) => { $crate::call::conversions!($name => i32, u32); };
    ($name:ident: u32) => { $crate::call::conversions!($name => u32, i32); };
    ($name:ident: i64) => { $crate::call::conversions!($name => i64, u64); };
    ($name:ident: u64) => { $crate::call::conversions!($name => u64, i64); };
    ($name:ident: usize) => { $crate::call::conversions!($name => usize, u64); };
    ($name:ident: $small:ident) => { $crate::call::conversions!($name => $small); };
    ($name:ident => $($integer:ty),+) => {
        $(impl From<$name> for $integer {
            #[inline]
            fn from(value: $name) -> $integer {
                value.0 as $integer
            }
        })+
    };
}
pub(crate) use conversions;

integers! {
    /// `int`
    Int: i32 = Kind::Int;
    /// `unsigned int`
    Uint: u32 = Kind::Uint;
    /// `long`
    Long: i64 = Kind::Long;
    /// `unsigned long`
    Ulong: u64 = Kind::Ulong;
    /// `size_t`, and `ssize_t` where it is a result
    Size: usize = Kind::Ulong;
    /// `off_t`
    Offset: i64 = Kind::Long;
    /// 64 bits with a meaning of their own
    Bits: u64 = Kind::Bits;
    /// `mode_t`
    Mode: u32 = Kind::Mode;
    /// `dev_t`
    Device: u64 = Kind::Device;
    /// A file descriptor
    Fd: i32 = Kind::Descriptor;
    /// A directory's descriptor or AT_FDCWD
    DirFd: i32 = Kind::Directory;
    /// `pid_t`
    Pid: i32 = Kind::Int;
    /// The id of a thread: `pid_t` in Linux, `long` in FreeBSD
    Tid: i64 = Kind::Long;
    /// `uid_t`; −1 means "leave it"
    Uid: u32 = Kind::Int;
    /// `gid_t`; −1 means "leave it"
    Gid: u32 = Kind::Int;
    /// The number of a signal
    Signal: i32 = Kind::Signal;
    /// `socklen_t`
    SocketLength: u32 = Kind::Uint;
    /// What `wait4` stores
    WaitStatus: i32 = Kind::WaitStatus;
    /// The third argument of `fcntl`
    FcntlArgument: u64 = Kind::FcntlArgument;
    /// The third argument of `ioctl`
    IoctlArgument: u64 = Kind::IoctlArgument;
    /// The name of a socket option, after its level
    SocketOption: i32 = Kind::SocketOption;
    /// The result of a call that does not come back
    Never: u64 = Kind::Never;
}

macro_rules! addresses {
    ($($(#[$documentation:meta])* $name:ident = $kind:expr;)*) => {
        $(
            $(#[$documentation])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name(
                /// The address as the guest gave it.
                pub u64,
            );

            impl Argument for $name {
                const KIND: Kind = $kind;

                #[inline]
                fn from_raw(raw: u64) -> Self {
                    $name(raw)
                }
            }

            impl From<$name> for Pointer {
                #[inline]
                fn from(address: $name) -> Pointer {
                    Pointer(address.0)
                }
            }
        )*
    };
}

addresses! {
    /// An address that the call does not look behind, or that a trace does not
    Address = Kind::Address;
    /// A NUL-terminated path that the call reads
    Path = Kind::Path;
    /// A NUL-terminated string that the call reads
    Text = Kind::String;
    /// A NULL-terminated array of strings that the call reads
    Strings = Kind::Strings;
}

macro_rules! pointers {
    ($($(#[$documentation:meta])* $name:ident = $direction:expr;)*) => {
        $(
            $(#[$documentation])*
            pub struct $name<T>(
                /// The address as the guest gave it.
                pub u64,
                PhantomData<T>,
            );

            impl<T: Shaped> Argument for $name<T> {
                const KIND: Kind =
                    Kind::Pointer { direction: $direction, shape: T::SHAPE, extent: T::EXTENT };

                #[inline]
                fn from_raw(raw: u64) -> Self {
                    $name(raw, PhantomData)
                }
            }

            impl<T> From<$name<T>> for Pointer {
                #[inline]
                fn from(address: $name<T>) -> Pointer {
                    Pointer(address.0)
                }
            }
        )*
    };
}

pointers! {
    /// A pointer to what the call reads
    In = Direction::In;
    /// A pointer to what the call writes
    Out = Direction::Out;
    /// A pointer to what the call reads and writes
    InOut = Direction::InOut;
}

macro_rules! measured {
    ($($(#[$documentation:meta])* $name:ident = $shape:expr;)*) => {
        $(
            $(#[$documentation])*
            pub enum $name<const LENGTH: u8> {}

            impl<const LENGTH: u8> Shaped for $name<LENGTH> {
                const SHAPE: Shape = $shape;
                const EXTENT: Extent = Extent::Argument(LENGTH);
            }
        )*
    };
}

measured! {
    /// Raw bytes, as many as that argument says
    Bytes = Shape::Bytes;
    /// Text in a buffer as long as that argument says
    Buffer = Shape::Text;
    /// A socket address as long as that argument says
    SocketAddress = Shape::SocketAddress;
    /// The bit set of `select` for descriptors below that argument
    DescriptorSet = Shape::DescriptorSet;
    /// As many numbers of a `sysctl` name as that argument says
    SysctlName = Shape::SysctlName;
}

/// As many elements as that argument says
pub struct List<T, const COUNT: u8>(PhantomData<T>);

impl<T: Shaped, const COUNT: u8> Shaped for List<T, COUNT> {
    const SHAPE: Shape = T::SHAPE;
    const EXTENT: Extent = Extent::Argument(COUNT);
}

/// Two elements
pub struct Pair<T>(PhantomData<T>);

impl<T: Shaped> Shaped for Pair<T> {
    const SHAPE: Shape = T::SHAPE;
    const EXTENT: Extent = Extent::Fixed(2);
}

/// A set of signals
pub enum SignalSet {}

impl Shaped for SignalSet {
    const SHAPE: Shape = Shape::SignalSet;
}

/// Something that a trace shows by its address only
pub enum Opaque {}

impl Shaped for Opaque {
    const SHAPE: Shape = Shape::Opaque;
}

impl Shaped for Address {
    const SHAPE: Shape = Shape::Scalar(&Kind::Address, 8);
}

impl Argument for Pointer {
    const KIND: Kind = Kind::Address;

    #[inline]
    fn from_raw(raw: u64) -> Self {
        Pointer(raw)
    }
}
