//! Descriptors that tell of time and of other things (timerfd_create(2), eventfd(2), inotify(2)), which FreeBSD has
//! as the host does, with its own flags and clocks.

use schemas::Errno;

use super::{clock, flags};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call;

/// Kinds of `__specialfd` (sys/specialfd.h).
const EVENT: i32 = 1;
const WATCH: i32 = 2;

fn creation_flags(bits: u32, known: u32) -> Result<u64, Errno> {
    if bits & !known != 0 {
        return Err(Errno::INVAL);
    }
    flags::CREATION.to_host(u64::from(bits))
}

/// `__specialfd`: eventfd(2), inotify_init1(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EMFILE`.
pub fn special(_cx: &mut Context, kind: i32, request: Pointer, len: usize) -> Result<u64, Errno> {
    const EITHER: u32 = flags::EFD_NONBLOCK | flags::EFD_CLOEXEC;
    match (kind, len) {
        (EVENT, 8) => {
            let [initial, bits]: [u32; 2] = guest::get(request.0)?;
            let bits = creation_flags(bits, EITHER | flags::EFD_SEMAPHORE)?;
            // SAFETY: no pointers.
            unsafe { call(__NR_eventfd2, [u64::from(initial), bits]) }
        }
        (WATCH, 4) => {
            let bits = creation_flags(guest::get(request.0)?, EITHER)?;
            // SAFETY: no pointers.
            unsafe { call(__NR_inotify_init1, [bits]) }
        }
        _ => Err(Errno::INVAL),
    }
}

/// timerfd_create(2).
///
/// # Errors
/// `EINVAL`, `EMFILE`.
pub fn create_timer(_cx: &mut Context, clock: i32, bits: u32) -> Result<u64, Errno> {
    let clock = clock::to_host(clock)?;
    let bits = creation_flags(bits, flags::EFD_NONBLOCK | flags::EFD_CLOEXEC)?;
    // SAFETY: no pointers.
    unsafe { call(__NR_timerfd_create, [u64::from(clock), bits]) }
}

/// timerfd_settime(2): `TFD_TIMER_ABSTIME` and `TFD_TIMER_CANCEL_ON_SET` are the host's, and so are the times.
///
/// # Errors
/// As there.
pub fn set_timer(
    _cx: &mut Context,
    descriptor: i32,
    bits: u32,
    new: Pointer,
    old: Pointer,
) -> Result<u64, Errno> {
    // SAFETY: the guest's memory, which the kernel checks.
    unsafe { call(__NR_timerfd_settime, [descriptor as u64, u64::from(bits), new.0, old.0]) }
}

/// timerfd_gettime(2).
///
/// # Errors
/// As there.
pub fn timer(_cx: &mut Context, descriptor: i32, told: Pointer) -> Result<u64, Errno> {
    // SAFETY: the guest's memory, which the kernel checks.
    unsafe { call(__NR_timerfd_gettime, [descriptor as u64, told.0]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::trial::context;

    #[test]
    fn special_descriptors_have_their_own_requests() {
        let cx = context();
        let request = [5u32, flags::EFD_CLOEXEC | flags::EFD_NONBLOCK];
        let at = Pointer(request.as_ptr() as u64);
        let descriptor = special(cx, EVENT, at, 8).unwrap();
        let mut count = 0u64;
        // SAFETY: the kernel writes eight bytes.
        unsafe { call(__NR_read, [descriptor, &raw mut count as u64, 8]) }.unwrap();
        assert_eq!(count, 5);
        assert_eq!(special(cx, EVENT, at, 4), Err(Errno::INVAL));
        assert_eq!(special(cx, 9, at, 8), Err(Errno::INVAL));
        let bits = flags::EFD_SEMAPHORE;
        assert_eq!(special(cx, WATCH, Pointer(&raw const bits as u64), 4), Err(Errno::INVAL));
        assert!(create_timer(cx, 4, flags::EFD_CLOEXEC).is_ok());
        assert_eq!(create_timer(cx, 99, 0), Err(Errno::INVAL));
        assert_eq!(create_timer(cx, 4, flags::EFD_SEMAPHORE), Err(Errno::INVAL));
    }
}
