//! Constants of an OS as data: one row says the name, the value and the value that means the same on the host.
//!
//! Translation in both directions and the names in traces come from the same row, so they cannot disagree.

use schemas::Errno;

/// What a constant is on the host.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The bits of the host that decide.
    pub mask: u64,
    /// What they are.
    pub value: u64,
}

/// One constant.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// The name in that OS's headers.
    pub name: &'static str,
    /// The bits that decide: the bit itself for a flag, all of them for a value, a few for a field in flags.
    pub mask: u64,
    /// What they are.
    pub value: u64,
    /// The same on the host, where it has that. A flag that is 0 there is understood and asks for nothing.
    pub host: Option<Host>,
}

impl Constant {
    /// A constant without a counterpart.
    pub const fn new(name: &'static str, mask: u64, value: u64) -> Constant {
        Constant { name, mask, value, host: None }
    }

    /// The same with its counterpart.
    pub const fn on_host(mut self, mask: u64, value: u64) -> Constant {
        self.host = Some(Host { mask, value });
        self
    }
}

/// Bits, and fields of a few bits, that are combined.
#[derive(Clone, Copy, Debug)]
pub struct Flags {
    /// Its rows; where several fit, the first does.
    pub constants: &'static [Constant],
    /// Bits that stand for themselves in both directions; none when not even 0 does.
    same: Option<u64>,
}

impl Flags {
    /// Flags with these rows.
    pub const fn new(constants: &'static [Constant]) -> Flags {
        Flags { constants, same: same(constants) }
    }

    /// The host's bits.
    ///
    /// # Errors
    /// `EINVAL` for a bit that this OS does not have or that the host has no counterpart for.
    #[inline]
    pub fn to_host(&self, bits: u64) -> Result<u64, Errno> {
        match self.same {
            Some(same) if bits & !same == 0 => Ok(bits),
            _ => self.translate_to_host(bits),
        }
    }

    fn translate_to_host(&self, bits: u64) -> Result<u64, Errno> {
        let mut rest = bits;
        let mut done = 0;
        let mut result = 0;
        for constant in self.constants {
            let Some(host) = constant.host else { continue };
            // A field is looked at once, a flag as long as it is not used up.
            if bits & constant.mask == constant.value && done & constant.mask == 0 {
                done |= constant.mask;
                rest &= !constant.mask;
                result |= host.value;
            }
        }
        if rest == 0 { Ok(result) } else { Err(Errno::INVAL) }
    }

    /// The bits that stand for the host's. What this OS has no bit for is left out: its programs could not
    /// understand it.
    #[inline]
    pub fn from_host(&self, bits: u64) -> u64 {
        match self.same {
            Some(same) if bits & !same == 0 => bits,
            _ => self.translate_from_host(bits),
        }
    }

    fn translate_from_host(&self, bits: u64) -> u64 {
        let mut done = 0;
        let mut result = 0;
        for constant in self.constants {
            let Some(host) = constant.host else { continue };
            if host.mask != 0 && bits & host.mask == host.value && done & host.mask == 0 {
                done |= host.mask;
                result |= constant.value;
            }
        }
        result
    }
}

/// Single bits with the same meaning here and there, and no part in anything wider. None when a field is not
/// zero on the host for a zero here or the other way round, for then no bit at all says something too.
const fn same(constants: &[Constant]) -> Option<u64> {
    let mut same = 0;
    let mut wide = 0;
    let mut at = 0;
    while at < constants.len() {
        let constant = constants[at];
        if constant.mask.count_ones() != 1 {
            wide |= constant.mask;
        }
        if let Some(host) = constant.host {
            let field = constant.mask != constant.value || host.mask != host.value;
            if field && host.mask != 0 && (constant.value == 0) != (host.value == 0) {
                return None;
            }
            if host.mask.count_ones() != 1 {
                wide |= host.mask;
            }
            if constant.mask == constant.value && host.mask == constant.mask && host.value == constant.value {
                same |= constant.value;
            } else {
                wide |= constant.mask | host.mask;
            }
        }
        at += 1;
    }
    Some(same & !wide)
}

/// Numbers of which one is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Values {
    /// Its rows; where several fit, the first does.
    pub constants: &'static [Constant],
}

impl Values {
    /// Values with these rows.
    pub const fn new(constants: &'static [Constant]) -> Values {
        Values { constants }
    }

    /// The host's number. The upper half is not looked at, so a signed number may be given either way.
    ///
    /// # Errors
    /// `EINVAL` for a number that this OS does not have or that the host has no counterpart for.
    pub fn to_host(&self, value: i32) -> Result<i32, Errno> {
        self.constants
            .iter()
            .find_map(|constant| constant.host.filter(|_| constant.value as i32 == value))
            .map(|host| host.value as i32)
            .ok_or(Errno::INVAL)
    }

    /// The number that stands for the host's, if this OS has one.
    pub fn from_host(&self, value: i32) -> Option<i32> {
        let same = |constant: &&Constant| constant.host.is_some_and(|host| host.value as i32 == value);
        self.constants.iter().find(same).map(|constant| constant.value as i32)
    }
}

/// Declares constants of an OS:
///
/// ```text
/// constants! {
///     /// Flags of open(2).
///     pub static OPEN: Flags of u32 {
///         O_RDWR = 2 in 3 => abi::O_RDWR in abi::O_ACCMODE;   // a field of two bits
///         O_APPEND = 0x8 => abi::O_APPEND;                     // a flag
///         O_TTY_INIT = 0x80000 => 0;                           // understood, asks for nothing
///         O_SHLOCK = 0x10;                                     // no counterpart: EINVAL
///     }
/// }
/// ```
///
/// Every name becomes a constant of the given type too.
#[macro_export]
macro_rules! constants {
    ($(
        $(#[$documentation:meta])*
        pub static $table:ident: $kind:ident of $integer:ty {
            $($name:ident = $value:literal $(in $mask:literal)? $(=> $host:tt $(:: $host_name:ident)? $(in $host_mask:expr)?)?;)*
        }
    )*) => {
        $(
            $(
                #[doc = concat!("Of [`", stringify!($table), "`].")]
                pub const $name: $integer = $value;
            )*

            $(#[$documentation])*
            pub static $table: $crate::personality::constant::$kind =
                $crate::personality::constant::$kind::new(&[$(
                    $crate::personality::constant::Constant::new(
                        stringify!($name),
                        $crate::constant_mask!($kind $value $(, $mask)?),
                        $value as $integer as u64,
                    )
                    $(.on_host(
                        $crate::constant_mask!($kind ($host $(:: $host_name)?) $(, $host_mask)?),
                        $host $(:: $host_name)? as u64,
                    ))?,
                )*]);
        )*
    };
}

/// The bits that decide; part of [`constants!`].
#[doc(hidden)]
#[macro_export]
macro_rules! constant_mask {
    (Flags $value:tt) => {
        $value as u64
    };
    (Flags $value:tt, $mask:expr) => {
        $mask as u64
    };
    (Values $value:tt) => {
        u64::MAX
    };
}

/// Declares the names of constants of the host, which need no translation:
///
/// ```text
/// host_names! {
///     /// Flags of open(2).
///     pub static OPEN: Flags from linux_raw_sys::general { O_RDONLY in O_ACCMODE, O_APPEND, … }
/// }
/// ```
#[macro_export]
macro_rules! host_names {
    ($(
        $(#[$documentation:meta])*
        pub static $table:ident: $kind:ident from $($module:ident)::+ {
            $($name:ident $(= $value:literal)? $(in $mask:tt)?),* $(,)?
        }
    )*) => {
        $(
            $(#[$documentation])*
            pub static $table: &[$crate::personality::constant::Constant] = {
                #[allow(unused_imports, reason = "a table may give all its values itself")]
                use $($module)::+ as from;
                &[$(
                    $crate::personality::constant::Constant::new(
                        stringify!($name),
                        $crate::constant_mask!(
                            $kind ($crate::host_value!(from $name $(= $value)?)) $(, $crate::host_value!(from $mask))?
                        ),
                        $crate::host_value!(from $name $(= $value)?) as u64,
                    ),
                )*]
            };
        )*
    };
}

/// The value of a name; part of [`host_names!`].
#[doc(hidden)]
#[macro_export]
macro_rules! host_value {
    ($from:ident $name:ident) => {
        $from::$name
    };
    ($from:ident $name:ident = $value:literal) => {
        $value
    };
    ($from:ident $value:literal) => {
        $value
    };
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    constants! {
        /// With everything a row can be.
        pub static SAMPLE: Flags of u32 {
            READ = 0 in 0x3 => 0 in 3;
            WRITE = 1 in 0x3 => 1 in 3;
            SAME = 0x10 => 0x10;
            MOVED = 0x20 => 0x400;
            HINT = 0x40 => 0;
            ALONE = 0x80;
        }

        /// Values.
        pub static CHOICE: Values of i32 {
            FIRST = 0 => 5;
            SECOND = -1 => 7;
            THIRD = 2;
        }
    }

    #[test]
    fn flags_are_translated_row_by_row() {
        assert_eq!(SAMPLE.to_host(READ.into()), Ok(0));
        assert_eq!(SAMPLE.to_host(WRITE.into()), Ok(1));
        assert_eq!(SAMPLE.to_host((SAME | MOVED).into()), Ok(0x410));
        assert_eq!(SAMPLE.to_host(HINT.into()), Ok(0));
        assert_eq!(SAMPLE.from_host(0x410), (SAME | MOVED).into());
        assert_eq!(SAMPLE.from_host(0x8000), 0);
    }

    #[test]
    fn flags_without_a_counterpart_are_refused() {
        for bits in [ALONE.into(), (ALONE | SAME).into(), 3, 2, 1 << 40] {
            assert_eq!(SAMPLE.to_host(bits), Err(Errno::INVAL), "{bits:#x}");
        }
    }

    #[test]
    fn values_are_translated_one_by_one() {
        assert_eq!(CHOICE.to_host(FIRST), Ok(5));
        assert_eq!(CHOICE.to_host(SECOND), Ok(7));
        assert_eq!(CHOICE.to_host(THIRD), Err(Errno::INVAL));
        assert_eq!(CHOICE.to_host(9), Err(Errno::INVAL));
        assert_eq!(CHOICE.from_host(7), Some(SECOND));
        assert_eq!(CHOICE.from_host(0), None);
    }

    /// Every flag with a counterpart comes back, but for those that name another row by `except`, and what
    /// has none is refused.
    pub fn check_flags(flags: &Flags, except: &[&str]) {
        for constant in flags.constants {
            match constant.host {
                Some(host) if host.value == 0 && constant.value != 0 => {
                    assert_eq!(flags.to_host(constant.value), flags.to_host(0), "{}", constant.name);
                }
                Some(_) if except.contains(&constant.name) => {}
                Some(host) => {
                    let there = flags.to_host(constant.value).expect(constant.name);
                    assert_eq!(there & host.mask, host.value, "{}", constant.name);
                    assert_eq!(flags.from_host(there) & constant.mask, constant.value, "{}", constant.name);
                }
                None if constant.value == 0 => {}
                None => assert_eq!(flags.to_host(constant.value), Err(Errno::INVAL), "{}", constant.name),
            }
        }
        let known = flags.constants.iter().fold(0, |known, constant| known | constant.mask);
        for bit in (0..64).map(|bit| 1u64 << bit).filter(|bit| known & bit == 0) {
            assert_eq!(flags.to_host(bit), Err(Errno::INVAL), "{bit:#x}");
        }
    }

    /// Every value with a counterpart comes back, but for those in `except`.
    pub fn check_values(values: &Values, except: &[&str]) {
        for constant in values.constants {
            let value = constant.value as i32;
            match constant.host {
                Some(_) if except.contains(&constant.name) => {}
                Some(host) => {
                    assert_eq!(values.to_host(value), Ok(host.value as i32), "{}", constant.name);
                    assert_eq!(values.from_host(host.value as i32), Some(value), "{}", constant.name);
                }
                None => assert_eq!(values.to_host(value), Err(Errno::INVAL), "{}", constant.name),
            }
        }
    }
}
