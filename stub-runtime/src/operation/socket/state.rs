//! What the stub keeps of sockets beside the host, and what it asks of them for others.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use linux_raw_sys::ioctl::TIOCOUTQ;
use schemas::Errno;

use super::message::MSG_NOSIGNAL;
use crate::call::Pointer;
use crate::host::linux::abi::*;
use crate::host::linux::message::Header;
use crate::host::linux::syscall::{call, call_blocking};
use crate::process::Lock;
use crate::trap::fast;

// asm-generic/socket.h, linux/tcp.h.
const SOL_SOCKET: u64 = 1;
const SO_ERROR: u64 = 4;
const SO_SNDBUF: u64 = 7;
const SO_DOMAIN: u64 = 39;
const SOL_TCP: u64 = 6;
const TCP_INFO: u64 = 11;

/// Errors that can be kept at once.
const KEPT: usize = 64;

/// Errors that were taken from the host before the guest asked for them: descriptor and error, 0 for none.
static ERRORS: Lock<[(i32, i32); KEPT]> = Lock::new([(0, 0); KEPT]);
/// How many there are.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Descriptors below this can have [`traits`].
const MARKED: usize = 4096;
/// What options that the host does not have say of sockets.
static TRAITS: [AtomicU8; MARKED] = [const { AtomicU8::new(0) }; MARKED];

/// Traits of sockets.
pub mod traits {
    /// Sending raises no SIGPIPE (`SO_NOSIGPIPE`).
    pub const QUIET: u8 = 1;
    /// The sender's credentials come with the first message (`LOCAL_CREDS`).
    pub const CREDENTIALS: u8 = 2;
    /// They come with every message (`LOCAL_CREDS_PERSISTENT`).
    pub const ALL_CREDENTIALS: u8 = 4;
    /// The address that a message was sent to comes with it (`IP_RECVDSTADDR`).
    pub const DESTINATION: u8 = 8;
    /// The interface through which it came comes with it (`IP_RECVIF`).
    pub const INTERFACE: u8 = 16;
}

/// Reads an option that is one word.
fn word(descriptor: i32, level: u64, name: u64) -> Result<i32, Errno> {
    let mut value = 0i32;
    let mut len = 4u32;
    let args = [descriptor as u64, level, name, &raw mut value as u64, &raw mut len as u64];
    // SAFETY: the kernel writes one word and its length.
    unsafe { call(__NR_getsockopt, args) }.map(|_| value)
}

/// The error of a socket, 0 for none. The host forgets it with this; it is kept here for whoever asks next.
pub fn keep_error(descriptor: i32) -> i32 {
    let mut errors = ERRORS.lock();
    let error = word(descriptor, SOL_SOCKET, SO_ERROR).unwrap_or(0);
    let at = errors
        .iter()
        .position(|kept| kept.1 != 0 && kept.0 == descriptor)
        .or_else(|| errors.iter().position(|kept| kept.1 == 0));
    let Some(at) = at else { return error };
    if error == 0 {
        return if errors[at].0 == descriptor { errors[at].1 } else { 0 };
    }
    if errors[at].1 == 0 {
        fast::look_at_data();
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
    errors[at] = (descriptor, error);
    error
}

/// The error kept for a socket, 0 when none is.
pub fn kept_error(descriptor: i32) -> i32 {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    ERRORS.lock().iter().find(|kept| kept.1 != 0 && kept.0 == descriptor).map_or(0, |kept| kept.1)
}

/// Takes the error kept for a socket, if there is one.
#[inline]
pub fn take_error(descriptor: i32) -> Option<Errno> {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let mut errors = ERRORS.lock();
    let kept = errors.iter_mut().find(|kept| kept.1 != 0 && kept.0 == descriptor)?;
    COUNT.fetch_sub(1, Ordering::Relaxed);
    Some(Errno(core::mem::take(&mut kept.1)))
}

/// What a call that reads tells of the end of a connection: the error by which it ended, where that was kept.
///
/// # Errors
/// The error kept.
#[inline]
pub fn after_receive(descriptor: i32, result: Result<u64, Errno>) -> Result<u64, Errno> {
    if result == Ok(0) { take_error(descriptor).map_or(result, Err) } else { result }
}

/// What a call that writes tells of a connection that has ended: likewise.
///
/// # Errors
/// The error kept, or that of the call.
#[inline]
pub fn after_send(descriptor: i32, result: Result<u64, Errno>) -> Result<u64, Errno> {
    if result == Err(Errno::PIPE) { take_error(descriptor).map_or(result, Err) } else { result }
}

/// Sets or clears traits of a socket.
///
/// # Errors
/// `EINVAL` for a descriptor beyond those that can have any.
pub fn set_traits(descriptor: i32, bits: u8, on: bool) -> Result<(), Errno> {
    let traits = TRAITS.get(descriptor as u32 as usize).ok_or(Errno::INVAL)?;
    if on {
        fast::look_at_data();
        traits.fetch_or(bits, Ordering::Relaxed)
    } else {
        traits.fetch_and(!bits, Ordering::Relaxed)
    };
    Ok(())
}

/// Whether a socket has any of some traits.
#[inline]
pub fn has_traits(descriptor: i32, bits: u8) -> bool {
    TRAITS.get(descriptor as u32 as usize).is_some_and(|traits| traits.load(Ordering::Relaxed) & bits != 0)
}

/// Whether sending on a socket raises no SIGPIPE.
#[inline]
pub fn is_quiet(descriptor: i32) -> bool {
    has_traits(descriptor, traits::QUIET)
}

/// A descriptor is about to be closed: what was kept of it goes.
#[inline]
pub fn closing(descriptor: i32) {
    if has_traits(descriptor, u8::MAX) {
        let _ = set_traits(descriptor, u8::MAX, false);
    }
    let _ = take_error(descriptor);
}

/// The same for all descriptors from `first` to `last`.
pub fn closing_range(first: i32, last: i32) {
    for descriptor in first.max(0)..=last.min(MARKED as i32 - 1) {
        if has_traits(descriptor, u8::MAX) {
            let _ = set_traits(descriptor, u8::MAX, false);
        }
    }
    if COUNT.load(Ordering::Relaxed) != 0 {
        for kept in ERRORS.lock().iter_mut().filter(|kept| kept.1 != 0 && (first..=last).contains(&kept.0)) {
            kept.1 = 0;
            COUNT.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// write(2) on a socket that raises no SIGPIPE.
///
/// # Errors
/// As there.
pub fn write_quietly(descriptor: i32, buffer: Pointer, len: usize) -> Result<u64, Errno> {
    let args = [descriptor as u64, buffer.0, len as u64, u64::from(MSG_NOSIGNAL), 0, 0];
    // SAFETY: the guest's buffer, which the kernel checks.
    after_send(descriptor, unsafe { call_blocking(__NR_sendto, args) })
}

/// writev(2) on a socket that raises no SIGPIPE.
///
/// # Errors
/// As there.
pub fn write_vector_quietly(descriptor: i32, vectors: Pointer, count: u64) -> Result<u64, Errno> {
    let header = Header { vectors: vectors.0, vector_count: count, ..Header::default() };
    let args = [descriptor as u64, &raw const header as u64, u64::from(MSG_NOSIGNAL)];
    // SAFETY: the header is ours; the data is the guest's, which the kernel checks.
    after_send(descriptor, unsafe { call_blocking(__NR_sendmsg, args) })
}

/// `new` has become another descriptor of what `old` leads to.
#[inline]
pub fn duplicated(old: i32, new: i32) {
    let bits = TRAITS.get(old as u32 as usize).map_or(0, |traits| traits.load(Ordering::Relaxed));
    if bits != 0 {
        let _ = set_traits(new, bits, true);
    }
}

/// The domain of a socket, in the host's numbers.
///
/// # Errors
/// `ENOTSOCK`, `EBADF`.
pub fn domain(descriptor: i32) -> Result<i32, Errno> {
    word(descriptor, SOL_SOCKET, SO_DOMAIN)
}

/// Connections that wait to be accepted. For a socket that listens the host tells them as `tcpi_unacked`
/// (linux/tcp.h); for local ones it does not tell.
pub fn backlog(descriptor: i32) -> Option<i64> {
    let mut info = [0u32; 32];
    let mut len = size_of_val(&info) as u32;
    let args = [descriptor as u64, SOL_TCP, TCP_INFO, info.as_mut_ptr() as u64, &raw mut len as u64];
    // SAFETY: the kernel writes no more than the length says.
    unsafe { call(__NR_getsockopt, args) }.ok()?;
    // After eight bytes of state and four words.
    Some(i64::from(info[6]).max(1))
}

/// Room that a socket has for what is to be sent. The host counts its own needs in the size of the buffer, twice
/// what was asked for (socket(7)).
pub fn space(descriptor: i32) -> i64 {
    let size = word(descriptor, SOL_SOCKET, SO_SNDBUF).unwrap_or(0) / 2;
    let mut used = 0i32;
    // SAFETY: the kernel writes one word.
    let _ = unsafe { call(__NR_ioctl, [descriptor as u64, u64::from(TIOCOUTQ), &raw mut used as u64]) };
    i64::from(size.saturating_sub(used).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_stay_until_the_socket_is_closed_and_go_along_with_duplicates() {
        set_traits(77, traits::QUIET | traits::INTERFACE, true).unwrap();
        assert!(is_quiet(77) && !is_quiet(78) && !is_quiet(-1));
        set_traits(77, traits::INTERFACE, false).unwrap();
        assert!(!has_traits(77, traits::INTERFACE));
        duplicated(77, 3001);
        closing(77);
        assert!(!is_quiet(77) && is_quiet(3001));
        closing_range(3000, i32::MAX);
        assert!(!is_quiet(3001));
        assert_eq!(set_traits(MARKED as i32, 1, true), Err(Errno::INVAL));
    }

    #[test]
    fn errors_are_told_where_the_host_would_have_told_them() {
        assert_eq!(after_receive(55, Ok(0)), Ok(0));
        ERRORS.lock()[63] = (55, Errno::CONNRESET.raw());
        COUNT.fetch_add(1, Ordering::Relaxed);
        assert_eq!(after_receive(55, Ok(3)), Ok(3));
        assert_eq!(after_receive(56, Ok(0)), Ok(0));
        assert_eq!(after_receive(55, Ok(0)), Err(Errno::CONNRESET));
        assert_eq!(after_receive(55, Ok(0)), Ok(0));
        assert_eq!(after_send(55, Err(Errno::PIPE)), Err(Errno::PIPE));
    }
}
