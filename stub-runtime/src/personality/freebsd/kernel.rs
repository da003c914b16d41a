//! FreeBSD's calls about the kernel itself: its modules (kldfind(2), modfind(2), sys/sys/{linker,module}.h), its
//! environment (kenv(2)), reboot(2), abort2(2), and identifiers (uuidgen(2), sys/sys/uuid.h).
//!
//! The kernel is the world: its modules are what servers do that a kernel would need a module for. Each module is a
//! file of its own, under the same number.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::abi::{__NR_clock_gettime, __NR_getrandom, CLOCK_REALTIME};
use crate::host::linux::signal;
use crate::host::linux::syscall::call;
use crate::operation::system;

crate::layout! {
    /// `struct kld_file_stat`; version 1 ends before the path.
    pub struct FileStatus: 2080 {
        pub version: i32,
        pub name: [u8; NAME_MAX],
        pub references: i32,
        pub number: i32,
        pub pad: i32,
        pub address: u64,
        pub size: u64,
        pub path: [u8; NAME_MAX],
    }

    /// `struct module_stat`; version 1 ends before the specific data.
    pub struct ModuleStatus: 56 {
        pub version: i32,
        pub name: [u8; MODULE_NAME_MAX],
        pub references: i32,
        pub number: i32,
        pub pad: i32,
        pub data: u64,
    }

    /// `struct uuid`.
    pub struct Uuid: 16 {
        pub time_low: u32,
        pub time_mid: u16,
        pub time_hi_and_version: u16,
        pub clock_seq_hi_and_reserved: u8,
        pub clock_seq_low: u8,
        pub node: [u8; 6],
    }
}

/// `MAXPATHLEN`, `MAXMODNAME`.
const NAME_MAX: usize = 1024;
const MODULE_NAME_MAX: usize = 32;
/// Lengths of both versions of the structures, by which they are told apart.
const FILE_STATUS_1: usize = 1056;
const FILE_STATUS: usize = size_of::<FileStatus>();
const MODULE_STATUS_1: usize = 44;
const MODULE_STATUS: usize = size_of::<ModuleStatus>();

/// What stands before and behind the names of files with modules (kld(4)).
const FILE_SUFFIX: &[u8] = b".ko";
const INTERFACE_PREFIX: &[u8] = b"if_";

/// The name of a server for the name of a module or the path of its file.
fn server(name: &[u8]) -> &[u8] {
    let file = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
    let file = file.strip_suffix(FILE_SUFFIX).unwrap_or(file);
    file.strip_prefix(INTERFACE_PREFIX).unwrap_or(file)
}

/// kldfind(2), modfind(2).
///
/// # Errors
/// `ENOENT`, `ENAMETOOLONG`, `EFAULT`.
pub fn find(cx: &mut Context, name: Pointer) -> Result<i32, Errno> {
    let mut buffer = PathBuffer::new();
    let name = buffer.copy_in(name.0)?;
    system::find_module(cx, server(name.bytes()))
}

/// kldnext(2), modnext(2): the number behind another, 0 behind the last.
///
/// # Errors
/// `ENOENT` for a number that is none.
pub fn next(cx: &mut Context, number: i32) -> Result<i32, Errno> {
    if number < 0 {
        return Err(Errno::NOENT);
    }
    system::module_after(cx, number, |module| Ok(module.map_or(0, |(number, _)| number)))
}

/// kldfirstmod(2): the module of a file.
///
/// # Errors
/// `ENOENT` for a number that is none.
pub fn first_module(cx: &mut Context, number: i32) -> Result<i32, Errno> {
    exists(cx, number, |_| Ok(()))?;
    Ok(number)
}

/// modfnext(2): there is one module in a file.
///
/// # Errors
/// `ENOENT` for a number that is none.
pub fn next_in_file(cx: &mut Context, number: i32) -> Result<i32, Errno> {
    exists(cx, number, |_| Ok(()))?;
    Ok(0)
}

/// Lets `read` see the name of a module.
fn exists<T>(cx: &Context, number: i32, read: impl FnOnce(&[u8]) -> Result<T, Errno>) -> Result<T, Errno> {
    if number < 1 {
        return Err(Errno::NOENT);
    }
    system::module_after(cx, number - 1, |module| read(module.ok_or(Errno::NOENT)?.1))
}

/// Puts pieces of text into a field, cut so that a zero ends it.
fn fill(field: &mut [u8], pieces: &[&[u8]]) {
    let room = field.len() - 1;
    for (to, from) in field[..room].iter_mut().zip(pieces.iter().copied().flatten()) {
        *to = *from;
    }
}

/// kldstat(2).
///
/// # Errors
/// `ENOENT` for a number that is none, `EINVAL` for an unknown version, `EFAULT`.
pub fn file_status(cx: &mut Context, number: i32, at: Pointer) -> Result<u64, Errno> {
    let version: i32 = guest::get(at.0)?;
    let len = version as usize;
    if !matches!(len, FILE_STATUS_1 | FILE_STATUS) {
        return Err(Errno::INVAL);
    }
    let mut status = FileStatus { version, references: 1, number, ..FileStatus::default() };
    exists(cx, number, |name| {
        fill(&mut status.name, &[name, FILE_SUFFIX]);
        fill(&mut status.path, &[b"/boot/kernel/", name, FILE_SUFFIX]);
        Ok(())
    })?;
    put_first(at, &status, len)
}

/// modstat(2).
///
/// # Errors
/// As [`file_status`].
pub fn module_status(cx: &mut Context, number: i32, at: Pointer) -> Result<u64, Errno> {
    let version: i32 = guest::get(at.0)?;
    let len = version as usize;
    if !matches!(len, MODULE_STATUS_1 | MODULE_STATUS) {
        return Err(Errno::INVAL);
    }
    let mut status = ModuleStatus { version, references: 1, number, ..ModuleStatus::default() };
    exists(cx, number, |name| {
        fill(&mut status.name, &[name]);
        Ok(())
    })?;
    put_first(at, &status, len)
}

/// Writes the first `len` bytes of a structure.
fn put_first<T: guest::Plain>(at: Pointer, value: &T, len: usize) -> Result<u64, Errno> {
    // SAFETY: plain types have no padding, so all bytes are initialised.
    let bytes =
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) };
    guest::write(at.0, &bytes[..len])?;
    Ok(0)
}

/// kldsym(2): no file has symbols.
///
/// # Errors
/// `ENOENT`, `EINVAL` for an unknown command or version, `EFAULT`.
pub fn symbol(_cx: &mut Context, _number: i32, command: i32, at: Pointer) -> Result<u64, Errno> {
    const LOOKUP: i32 = 1;
    /// Length of `struct kld_sym_lookup`, which is its version.
    const VERSION: i32 = 32;
    let version: i32 = guest::get(at.0)?;
    Err(if command == LOOKUP && version == VERSION { Errno::NOENT } else { Errno::INVAL })
}

/// kenv(2): no loader has left an environment, and none can be made.
///
/// # Errors
/// `ENOENT` for every name, `EPERM` for a change, `EINVAL` for an unknown action, `EFAULT`.
pub fn environment(
    _cx: &mut Context,
    action: i32,
    name: Pointer,
    _value: Pointer,
    _len: i32,
) -> Result<u64, Errno> {
    const GET: i32 = 0;
    const SET: i32 = 1;
    const UNSET: i32 = 2;
    /// `KENV_DUMP`, `KENV_DUMP_LOADER`, `KENV_DUMP_STATIC`.
    const DUMPS: core::ops::RangeInclusive<i32> = 3..=5;
    match action {
        GET => {
            PathBuffer::new().copy_in(name.0)?;
            Err(Errno::NOENT)
        }
        SET | UNSET => Err(Errno::PERM),
        _ if DUMPS.contains(&action) => Ok(0),
        _ => Err(Errno::INVAL),
    }
}

/// reboot(2).
///
/// # Errors
/// `EPERM` unless the deployment allows it.
pub fn reboot(cx: &mut Context, how: u64) -> Result<u64, Errno> {
    // RB_HALT and RB_POWEROFF; LINUX_REBOOT_CMD_RESTART, HALT and POWER_OFF (linux/reboot.h).
    const HALT: u64 = 0x8;
    const POWER_OFF: u64 = 0x4000;
    let command = match how {
        how if how & POWER_OFF != 0 => 0x4321_fedc,
        how if how & HALT != 0 => 0xcdef_0123,
        _ => 0x0123_4567,
    };
    system::reboot(cx, command)?;
    Ok(0)
}

/// abort2(2): leaves a line in the log and ends the process by SIGABRT, or by SIGKILL when the arguments are wrong.
///
/// # Errors
/// None; it does not return.
pub fn abort(cx: &mut Context, why: Pointer, count: i32, arguments: Pointer) -> Result<u64, Errno> {
    const ABORT: i32 = 6;
    const ARGUMENTS_MAX: i32 = 16;
    const LINE_MAX: usize = 128;
    let mut line = [0; LINE_MAX];
    let len = guest::read_some(why.0, &mut line);
    let text = line[..len].split(|byte| *byte == 0).next().unwrap_or_default();
    let right = (0..=ARGUMENTS_MAX).contains(&count) && (count == 0 || !arguments.is_null());
    if !right || len == 0 {
        signal::die(signal::SIGKILL);
    }
    // Without a mapper there is nobody to tell.
    let _ = system::log(cx, text);
    signal::die(ABORT)
}

/// uuidgen(2): identifiers of version 1, one after the other in time, with a node made up for this call.
///
/// # Errors
/// `EINVAL` for a count out of range, `EFAULT`.
pub fn identifiers(_cx: &mut Context, store: Pointer, count: i32) -> Result<u64, Errno> {
    const COUNT: core::ops::RangeInclusive<i32> = 1..=2048;
    if !COUNT.contains(&count) {
        return Err(Errno::INVAL);
    }
    let mut time = [0u64; 2];
    let mut random = [0u8; 8];
    // SAFETY: the kernel writes two words, and eight bytes, which come at once and whole.
    unsafe {
        call(__NR_clock_gettime, [u64::from(CLOCK_REALTIME), time.as_mut_ptr() as u64])?;
        call(__NR_getrandom, [random.as_mut_ptr() as u64, 8, 0])?;
    }
    for index in 0..count as u64 {
        let at = store.0.wrapping_add(index * size_of::<Uuid>() as u64);
        guest::put(at, &identifier(time, index, random))?;
    }
    Ok(0)
}

/// An identifier of version 1 (RFC 9562, 5.1): steps of 100 ns since the Gregorian calendar began.
fn identifier([seconds, nanoseconds]: [u64; 2], index: u64, random: [u8; 8]) -> Uuid {
    const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;
    const VERSION: u16 = 1 << 12;
    const VARIANT: u8 = 0x80;
    /// Marks a node that is no address of an interface.
    const MULTICAST: u8 = 1;
    let time = seconds * 10_000_000 + nanoseconds / 100 + GREGORIAN + index;
    let [high, low, first, node @ ..] = random;
    Uuid {
        time_low: time as u32,
        time_mid: (time >> 32) as u16,
        time_hi_and_version: (time >> 48) as u16 & 0xfff | VERSION,
        clock_seq_hi_and_reserved: high & 0x3f | VARIANT,
        clock_seq_low: low,
        node: core::array::from_fn(|i| if i == 0 { first | MULTICAST } else { node[i - 1] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn first_versions_end_where_they_did() {
        assert_eq!(offset_of!(FileStatus, path), FILE_STATUS_1);
        assert_eq!(offset_of!(ModuleStatus, pad), MODULE_STATUS_1);
    }

    #[test]
    fn modules_are_known_by_several_names() {
        for name in [&b"tun"[..], b"if_tun", b"if_tun.ko", b"/boot/kernel/if_tun.ko", b"tun.ko"] {
            assert_eq!(server(name), b"tun");
        }
        assert_eq!(server(b""), b"");
    }

    #[test]
    fn names_are_cut_to_their_field() {
        let mut field = [0xffu8; 4];
        field[3] = 0;
        fill(&mut field, &[b"ab", b"cdef"]);
        assert_eq!(&field, b"abc\0");
    }

    #[test]
    fn identifiers_have_version_variant_and_order() {
        let first = identifier([1_700_000_000, 123_456_700], 0, [0xff; 8]);
        let second = identifier([1_700_000_000, 123_456_700], 1, [0xff; 8]);
        assert_eq!(first.time_hi_and_version >> 12, 1);
        assert_eq!(first.clock_seq_hi_and_reserved >> 6, 2);
        assert_eq!(first.node[0] & 1, 1);
        assert_eq!(second.time_low.wrapping_sub(first.time_low), 1);
        // The example of RFC 9562, appendix A.1: 2022-02-22T19:22:22Z.
        let example = identifier([1_645_557_742, 0], 0, [0; 8]);
        assert_eq!(
            (example.time_low, example.time_mid, example.time_hi_and_version),
            (0xc232_ab00, 0x9414, 0x11ec)
        );
    }
}
