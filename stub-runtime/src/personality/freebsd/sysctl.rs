//! FreeBSD's sysctl(3): kernel state by numbers and by name (sys/kern/kern_sysctl.c, sys/sys/sysctl.h).
//!
//! The server of `system.control` has the tree. What never changes and what every program asks at its start is
//! answered here.

use schemas::Errno;

use super::release;
use super::route;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi;
use crate::host::linux::syscall::call;
use crate::operation::memory::PAGE;
use crate::operation::system::{self, Setting, Value};

/// Most numbers of a name (`CTL_MAXNAME`), and the fewest that the call takes.
const NUMBERS_MAX: usize = 24;
const NUMBERS_MIN: usize = 2;
/// Longest dotted name (`MAXPATHLEN`).
const NAME_MAX: usize = 1024;
/// Longest new value taken. The longest that can be set at all is the name of the host.
const NEW_MAX: usize = 1024;
/// Most bytes that `kern.arandom` gives at once (sys/dev/random/harvest.c).
const RANDOM_MAX: usize = 256;

/// What is answered without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Local {
    SystemName,
    Release,
    ReleaseNumber,
    Random,
    Processors,
    MostProcessors,
    ByteOrder,
    PageSize,
    VectorLength,
    Groups,
}

/// Their numbers and names. `kern.smp.maxcpus` has no fixed number.
const LOCAL: &[(&[i32], &[u8], Local)] = &[
    (&[1, 1], b"kern.ostype", Local::SystemName),
    (&[1, 2], b"kern.osrelease", Local::Release),
    (&[1, 18], b"kern.ngroups", Local::Groups),
    (&[1, 24], b"kern.osreldate", Local::ReleaseNumber),
    (&[1, 35], b"kern.iov_max", Local::VectorLength),
    (&[1, 37], b"kern.arandom", Local::Random),
    (&[], b"kern.smp.maxcpus", Local::MostProcessors),
    (&[6, 3], b"hw.ncpu", Local::Processors),
    (&[6, 4], b"hw.byteorder", Local::ByteOrder),
    (&[6, 7], b"hw.pagesize", Local::PageSize),
];

/// Where the value goes, and what is to become of it.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    old: u64,
    length_at: u64,
    room: usize,
    new: u64,
    new_len: usize,
}

impl Transfer {
    fn new(old: Pointer, length: Pointer, new: Pointer, new_len: usize) -> Result<Self, Errno> {
        let room = guest::get_if::<u64>(length.0)?.unwrap_or(0) as usize;
        Ok(Transfer { old: old.0, length_at: length.0, room, new: new.0, new_len })
    }

    /// Gives the guest its value and its length. Without a place for the value there is the length only.
    fn deliver(&self, value: &Value<'_>) -> Result<u64, Errno> {
        let len = value.len();
        let copied = len.min(self.room);
        if self.old == 0 {
            guest::put_if(self.length_at, &(len as u64))?;
            return Ok(0);
        }
        value.copy_out(self.old, copied)?;
        guest::put_if(self.length_at, &(copied as u64))?;
        if copied < len { Err(Errno::NOMEM) } else { Ok(0) }
    }

    /// Copies the new value in.
    fn new_value<'a>(&self, buffer: &'a mut [u8; NEW_MAX]) -> Result<Option<&'a [u8]>, Errno> {
        if self.new == 0 {
            return Ok(None);
        }
        let bytes = buffer.get_mut(..self.new_len).ok_or(Errno::INVAL)?;
        guest::read(self.new, bytes)?;
        Ok(Some(bytes))
    }

    fn is_change(&self) -> bool {
        self.new != 0
    }
}

/// `__sysctl`: by numbers.
///
/// # Errors
/// `EINVAL` for a name too short or too long, `ENOENT` for an unknown one, `ENOMEM` when the value does not fit,
/// `EPERM` for a change that is not allowed, `EFAULT`.
pub fn by_numbers(
    cx: &mut Context,
    name: Pointer,
    name_len: u32,
    old: Pointer,
    length: Pointer,
    new: Pointer,
    new_len: usize,
) -> Result<u64, Errno> {
    let mut buffer = [0i32; NUMBERS_MAX];
    let count = name_len as usize;
    if !(NUMBERS_MIN..=NUMBERS_MAX).contains(&count) {
        return Err(Errno::INVAL);
    }
    let numbers = &mut buffer[..count];
    for (number, at) in numbers.iter_mut().zip(0..) {
        *number = guest::get(name.0.wrapping_add(4 * at))?;
    }
    let transfer = Transfer::new(old, length, new, new_len)?;
    if let Some((.., local)) = LOCAL.iter().find(|(known, ..)| *known == &*numbers) {
        return answer(*local, &transfer);
    }
    // kern.proc.pathname of the caller.
    if let [1, 14, 12, pid] = *numbers
        && (pid == -1 || pid == own_pid())
    {
        return path_name(cx, &transfer);
    }
    // net.route: interfaces and routes.
    if let [4, 17, ..] = *numbers
        && !transfer.is_change()
        && let Some(result) = route::answer(cx, numbers, |list| transfer.deliver(&Value::Bytes(list)))
    {
        return result;
    }
    ask(cx, b"", numbers, &transfer)
}

/// `__sysctlbyname`.
///
/// # Errors
/// As [`by_numbers`]; `ENAMETOOLONG`.
pub fn by_name(
    cx: &mut Context,
    name: Pointer,
    name_len: usize,
    old: Pointer,
    length: Pointer,
    new: Pointer,
    new_len: usize,
) -> Result<u64, Errno> {
    let mut buffer = [0u8; NAME_MAX];
    if name_len == 0 || name_len >= NAME_MAX {
        return Err(Errno::INVAL);
    }
    let name_bytes = &mut buffer[..name_len];
    guest::read(name.0, name_bytes)?;
    let name = name_bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let transfer = Transfer::new(old, length, new, new_len)?;
    if let Some((.., local)) = LOCAL.iter().find(|(_, known, _)| *known == name) {
        return answer(*local, &transfer);
    }
    ask(cx, name, &[], &transfer)
}

fn ask(cx: &Context, name: &[u8], numbers: &[i32], transfer: &Transfer) -> Result<u64, Errno> {
    let mut buffer = [0; NEW_MAX];
    let new = transfer.new_value(&mut buffer)?;
    system::setting(cx, &Setting { name, numbers, new }, |value| transfer.deliver(&value))
}

fn answer(local: Local, transfer: &Transfer) -> Result<u64, Errno> {
    if transfer.is_change() {
        return Err(Errno::PERM);
    }
    let int = |value: i32| transfer.deliver(&Value::Bytes(&value.to_ne_bytes()));
    match local {
        Local::SystemName => release::with_system(|name| text(transfer, name)),
        Local::Release => release::with_name(|name| text(transfer, name)),
        Local::ReleaseNumber => int(release::number() as i32),
        Local::Processors => int(system::processors() as i32),
        // CPU_SETSIZE (sys/_cpuset.h), as kern.smp.maxcpus is MAXCPU of a generic kernel.
        Local::MostProcessors => int(1024),
        Local::ByteOrder => int(1234),
        Local::PageSize => int(PAGE as i32),
        // UIO_MAXIOV (sys/uio.h).
        Local::VectorLength => int(1024),
        // NGROUPS_MAX (sys/syslimits.h).
        Local::Groups => int(1023),
        Local::Random => {
            let mut bytes = [0u8; RANDOM_MAX];
            let wanted = &mut bytes[..transfer.room.min(RANDOM_MAX)];
            // SAFETY: the kernel writes our buffer; so few bytes come at once and whole.
            unsafe { call(abi::__NR_getrandom, [wanted.as_mut_ptr() as u64, wanted.len() as u64, 0]) }?;
            transfer.deliver(&Value::Bytes(wanted))
        }
    }
}

/// The path of the program, with its zero.
fn path_name(cx: &Context, transfer: &Transfer) -> Result<u64, Errno> {
    if transfer.is_change() {
        return Err(Errno::PERM);
    }
    text(transfer, cx.process().executable())
}

/// A string, with its zero.
fn text(transfer: &Transfer, text: &[u8]) -> Result<u64, Errno> {
    let mut bytes = [0; NAME_MAX + 1];
    let with_zero = bytes.get_mut(..=text.len()).ok_or(Errno::NAMETOOLONG)?;
    with_zero[..text.len()].copy_from_slice(text);
    transfer.deliver(&Value::Bytes(with_zero))
}

fn own_pid() -> i32 {
    // SAFETY: no arguments.
    unsafe { call::<0>(abi::__NR_getpid, []) }.map_or(-1, |pid| pid as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(old: &mut [u8], length: &mut u64) -> Transfer {
        Transfer::new(Pointer(old.as_mut_ptr() as u64), Pointer(&raw mut *length as u64), Pointer(0), 0)
            .unwrap()
    }

    #[test]
    fn a_value_that_fits_comes_with_its_length() {
        let (mut old, mut length) = ([0xffu8; 8], 8);
        assert_eq!(transfer(&mut old, &mut length).deliver(&Value::Bytes(b"abc\0")), Ok(0));
        assert_eq!((&old[..5], length), (&b"abc\0\xff"[..], 4));
    }

    #[test]
    fn a_value_that_does_not_fit_is_cut() {
        let (mut old, mut length) = ([0xffu8; 8], 2);
        assert_eq!(transfer(&mut old, &mut length).deliver(&Value::Bytes(b"abc\0")), Err(Errno::NOMEM));
        assert_eq!((&old[..3], length), (&b"ab\xff"[..], 2));
    }

    #[test]
    fn without_a_place_only_the_length_is_told() {
        let mut length = 0;
        let transfer = Transfer::new(Pointer(0), Pointer(&raw mut length as u64), Pointer(0), 0).unwrap();
        assert_eq!(transfer.deliver(&Value::Bytes(b"abc\0")), Ok(0));
        assert_eq!(length, 4);
    }

    #[test]
    fn without_a_length_there_is_no_room() {
        let mut old = [0u8; 4];
        let transfer = Transfer::new(Pointer(old.as_mut_ptr() as u64), Pointer(0), Pointer(0), 0).unwrap();
        assert_eq!(transfer.deliver(&Value::Bytes(b"abc\0")), Err(Errno::NOMEM));
        assert_eq!(Transfer::new(Pointer(0), Pointer(u64::MAX), Pointer(0), 0).unwrap_err(), Errno::FAULT);
    }

    #[test]
    fn local_names_have_the_numbers_of_the_list() {
        use crate::personality::freebsd::names::VOCABULARY;
        for (numbers, name, local) in LOCAL.iter().filter(|(numbers, ..)| !numbers.is_empty()) {
            let known = VOCABULARY.sysctl.iter().find(|(known, _)| known == numbers);
            assert_eq!(known.map(|(_, name)| name.as_bytes()), Some(*name), "{local:?}");
        }
    }
}
