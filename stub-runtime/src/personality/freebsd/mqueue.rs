//! FreeBSD's POSIX message queues (mq_open(2) …, sys/sys/mqueue.h, sys/kern/uipc_mqueue.c), which are the host's.

use schemas::Errno;

use super::{clock, flags};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};

crate::layout! {
    /// `struct mq_attr`, the host's too but for the bits of its flags.
    pub struct Attributes: 64 {
        pub flags: i64,
        pub messages_max: i64,
        pub size_max: i64,
        pub messages: i64,
        pub reserved: [i64; 4],
    }
}

/// The flag that a queue has (`O_NONBLOCK`), here and on the host.
const NONBLOCK: i64 = flags::O_NONBLOCK as i64;
const HOST_NONBLOCK: i64 = O_NONBLOCK as i64;

/// The name of a queue: a slash and no other.
fn name(path: Pointer, buffer: &mut PathBuffer) -> Result<u64, Errno> {
    let path = buffer.copy_in(path.0)?;
    match path.bytes().split_first() {
        // The host's call takes the name without its slash.
        Some((b'/', name)) if !name.is_empty() && !name.contains(&b'/') => Ok(path.address() + 1),
        _ => Err(Errno::INVAL),
    }
}

/// `kmq_open`.
///
/// # Errors
/// `EACCES`, `EEXIST`, `EINVAL`, `EMFILE`, `ENAMETOOLONG`, `ENOENT`, `ENOSPC`, `EFAULT`.
pub fn open(
    _cx: &mut Context,
    path: Pointer,
    bits: i32,
    mode: u32,
    attributes: Pointer,
) -> Result<u64, Errno> {
    const KNOWN: u32 = flags::O_WRONLY
        | flags::O_RDWR
        | flags::O_NONBLOCK
        | flags::O_CREAT
        | flags::O_EXCL
        | flags::O_CLOEXEC;
    if bits as u32 & !KNOWN != 0 {
        return Err(Errno::INVAL);
    }
    let mut buffer = PathBuffer::new();
    let name = name(path, &mut buffer)?;
    // A queue's descriptor never outlives execve.
    let host = flags::OPEN.to_host(u64::from(bits as u32))? | u64::from(O_CLOEXEC);
    // SAFETY: the name is ours, the kernel checks the guest's attributes, of which it looks at no flags.
    unsafe { call(__NR_mq_open, [name, host, u64::from(mode), attributes.0]) }
}

/// `kmq_unlink`.
///
/// # Errors
/// `EACCES`, `ENOENT`, `EINVAL`, `ENAMETOOLONG`, `EFAULT`.
pub fn unlink(_cx: &mut Context, path: Pointer) -> Result<u64, Errno> {
    let mut buffer = PathBuffer::new();
    let name = name(path, &mut buffer)?;
    // SAFETY: the name is ours.
    unsafe { call(__NR_mq_unlink, [name]) }
}

/// `kmq_setattr`: sets whether the queue is waited for, and tells its attributes.
///
/// # Errors
/// `EBADF`, `EINVAL` for other flags, `EFAULT`.
pub fn attributes(_cx: &mut Context, queue: i32, new: Pointer, old: Pointer) -> Result<u64, Errno> {
    let new = guest::get_if::<Attributes>(new.0)?;
    let new = match new {
        Some(new) if new.flags & !NONBLOCK != 0 => return Err(Errno::INVAL),
        Some(new) => Some(Attributes {
            flags: if new.flags == 0 { 0 } else { HOST_NONBLOCK },
            ..Attributes::default()
        }),
        None => None,
    };
    let mut host = Attributes::default();
    let at = new.as_ref().map_or(0, |new| core::ptr::from_ref(new) as u64);
    // SAFETY: structures of ours.
    unsafe { call(__NR_mq_getsetattr, [queue as u64, at, &raw mut host as u64]) }?;
    host.flags = if host.flags & HOST_NONBLOCK != 0 { NONBLOCK } else { 0 };
    guest::put_if(old.0, &host)?;
    Ok(0)
}

/// `kmq_timedreceive`.
///
/// # Errors
/// `EAGAIN`, `EBADF`, `EINTR`, `EINVAL`, `EMSGSIZE`, `ETIMEDOUT`, `EFAULT`.
pub fn receive(
    _cx: &mut Context,
    queue: i32,
    message: Pointer,
    len: usize,
    priority: Pointer,
    deadline: Pointer,
) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointers.
    unsafe {
        call_blocking(__NR_mq_timedreceive, [queue as u64, message.0, len as u64, priority.0, deadline.0])
    }
}

/// `kmq_timedsend`.
///
/// # Errors
/// As [`receive`].
pub fn send(
    _cx: &mut Context,
    queue: i32,
    message: Pointer,
    len: usize,
    priority: u32,
    deadline: Pointer,
) -> Result<u64, Errno> {
    // SAFETY: as above.
    unsafe {
        call_blocking(
            __NR_mq_timedsend,
            [queue as u64, message.0, len as u64, u64::from(priority), deadline.0],
        )
    }
}

/// `kmq_notify`.
///
/// # Errors
/// `EBADF`, `EBUSY`, `EINVAL` for a notification by event queue or of one thread, `EFAULT`.
pub fn notify(_cx: &mut Context, queue: i32, event: Pointer) -> Result<u64, Errno> {
    let host = clock::event_to_host(event)?;
    let at = host.as_ref().map_or(0, |host| core::ptr::from_ref(host) as u64);
    // SAFETY: the event is ours.
    unsafe { call(__NR_mq_notify, [queue as u64, at]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_slash() {
        let mut buffer = PathBuffer::new();
        let mut check = |text: &core::ffi::CStr| name(Pointer(text.as_ptr() as u64), &mut buffer).map(drop);
        assert_eq!(check(c"/queue"), Ok(()));
        for bad in [c"queue", c"/", c"", c"/a/b", c"//"] {
            assert_eq!(check(bad), Err(Errno::INVAL), "{bad:?}");
        }
    }
}
