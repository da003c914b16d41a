//! Host calls that `rustix` has no function for, or only a typed one where the guest decides on the type: socket
//! addresses, socket options and ancillary data arrive here as Linux lays them out in memory.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use schemas::Errno;

/// Largest socket address (`sockaddr_storage`).
const ADDRESS: usize = size_of::<libc::sockaddr_storage>();

fn check(result: libc::c_int) -> Result<libc::c_int, Errno> {
    if result < 0 { Err(last()) } else { Ok(result) }
}

fn check_length(result: isize) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| last())
}

fn last() -> Errno {
    Errno::from(std::io::Error::last_os_error())
}

fn number(file: impl AsFd) -> RawFd {
    file.as_fd().as_raw_fd()
}

fn own(number: libc::c_int) -> OwnedFd {
    // SAFETY: the call that gave the number made the descriptor for this process, and nothing else has it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// The path through which a descriptor's file can be named (`proc(5)`, `/proc/self/fd`).
pub fn magic_path(file: impl AsFd) -> String {
    format!("/proc/self/fd/{}", number(file))
}

/// `socket(2)`, close-on-exec.
pub fn socket(domain: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) }).map(own)
}

/// `socketpair(2)`, close-on-exec.
pub fn socket_pair(domain: i32, kind: i32, protocol: i32) -> Result<[OwnedFd; 2], Errno> {
    let mut pair = [0; 2];
    // SAFETY: `pair` has room for the two numbers.
    check(unsafe { libc::socketpair(domain, kind | libc::SOCK_CLOEXEC, protocol, pair.as_mut_ptr()) })?;
    Ok(pair.map(own))
}

/// `bind(2)`.
pub fn bind(file: impl AsFd, address: &[u8]) -> Result<(), Errno> {
    let length = address_length(address)?;
    // SAFETY: pointer and length are those of one slice.
    check(unsafe { libc::bind(number(file), address.as_ptr().cast(), length) }).map(drop)
}

/// `connect(2)`.
pub fn connect(file: impl AsFd, address: &[u8]) -> Result<(), Errno> {
    let length = address_length(address)?;
    // SAFETY: pointer and length are those of one slice.
    check(unsafe { libc::connect(number(file), address.as_ptr().cast(), length) }).map(drop)
}

fn address_length(address: &[u8]) -> Result<libc::socklen_t, Errno> {
    if address.len() > ADDRESS { Err(Errno::INVAL) } else { Ok(address.len() as libc::socklen_t) }
}

/// `accept4(2)`, close-on-exec, with the peer's address.
pub fn accept(file: impl AsFd, flags: i32) -> Result<(OwnedFd, Vec<u8>), Errno> {
    let mut socket = -1;
    let address = addressed(|address, length| {
        // SAFETY: `addressed` gives room of the length it says.
        socket = unsafe { libc::accept4(number(&file), address, length, flags | libc::SOCK_CLOEXEC) };
        socket
    })?;
    Ok((own(socket), address))
}

/// `getsockname(2)`.
pub fn socket_name(file: impl AsFd) -> Result<Vec<u8>, Errno> {
    // SAFETY: `addressed` gives room of the length it says.
    addressed(|address, length| unsafe { libc::getsockname(number(&file), address, length) })
}

/// `getpeername(2)`.
pub fn peer_name(file: impl AsFd) -> Result<Vec<u8>, Errno> {
    // SAFETY: `addressed` gives room of the length it says.
    addressed(|address, length| unsafe { libc::getpeername(number(&file), address, length) })
}

fn addressed(
    call: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> libc::c_int,
) -> Result<Vec<u8>, Errno> {
    let mut address = vec![0u8; ADDRESS];
    let mut length = ADDRESS as libc::socklen_t;
    check(call(address.as_mut_ptr().cast(), &mut length))?;
    address.truncate(length as usize);
    Ok(address)
}

/// `getsockopt(2)` into at most `length` bytes.
pub fn get_option(file: impl AsFd, level: i32, name: i32, length: usize) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0u8; length];
    let mut length = length as libc::socklen_t;
    // SAFETY: `value` has the room that `length` says.
    check(unsafe { libc::getsockopt(number(file), level, name, value.as_mut_ptr().cast(), &mut length) })?;
    value.truncate(length as usize);
    Ok(value)
}

/// `setsockopt(2)`.
pub fn set_option(file: impl AsFd, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
    let length = value.len() as libc::socklen_t;
    // SAFETY: pointer and length are those of one slice.
    check(unsafe { libc::setsockopt(number(file), level, name, value.as_ptr().cast(), length) }).map(drop)
}

/// A message to send with [`send`].
#[derive(Debug, Default)]
pub struct Outgoing<'a> {
    /// Plain data.
    pub data: &'a [u8],
    /// Destination, empty for the peer.
    pub address: &'a [u8],
    /// `struct cmsghdr` records of Linux.
    pub control: &'a [u8],
    /// Descriptors to pass.
    pub descriptors: &'a [OwnedFd],
}

/// `sendmsg(2)`; never waits and never raises `SIGPIPE`.
pub fn send(file: impl AsFd, message: &Outgoing<'_>, flags: i32) -> Result<usize, Errno> {
    address_length(message.address)?;
    let mut control = message.control.to_vec();
    if !message.descriptors.is_empty() {
        append_descriptors(&mut control, message.descriptors);
    }
    // The kernel reads control data as records aligned to words.
    let words = aligned(&control);
    let mut part =
        libc::iovec { iov_base: message.data.as_ptr().cast_mut().cast(), iov_len: message.data.len() };
    // SAFETY: a zeroed msghdr is a valid empty one; its padding has no meaning.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    if !message.address.is_empty() {
        header.msg_name = message.address.as_ptr().cast_mut().cast();
        header.msg_namelen = message.address.len() as libc::socklen_t;
    }
    if !control.is_empty() {
        header.msg_control = words.as_ptr().cast_mut().cast();
        header.msg_controllen = control.len();
    }
    let flags = flags | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: everything that the header points to lives until the call is over and is only read by it.
    check_length(unsafe { libc::sendmsg(number(file), &header, flags) })
}

fn append_descriptors(control: &mut Vec<u8>, descriptors: &[OwnedFd]) {
    const HEADER: usize = size_of::<libc::cmsghdr>();
    control.resize(control.len().next_multiple_of(size_of::<usize>()), 0);
    control.extend((HEADER + descriptors.len() * size_of::<RawFd>()).to_ne_bytes());
    control.extend(libc::SOL_SOCKET.to_ne_bytes());
    control.extend(libc::SCM_RIGHTS.to_ne_bytes());
    for descriptor in descriptors {
        control.extend(descriptor.as_raw_fd().to_ne_bytes());
    }
}

fn aligned(bytes: &[u8]) -> Vec<usize> {
    let mut words = vec![0usize; bytes.len().div_ceil(size_of::<usize>())];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(size_of::<usize>())) {
        let mut raw = [0; size_of::<usize>()];
        raw[..chunk.len()].copy_from_slice(chunk);
        *word = usize::from_ne_bytes(raw);
    }
    words
}

/// A message received with [`receive`].
#[derive(Debug, Default)]
pub struct Incoming {
    /// Plain data, as much as there was room for.
    pub data: Vec<u8>,
    /// Length of the whole message.
    pub length: usize,
    /// The sender's address.
    pub address: Vec<u8>,
    /// `struct cmsghdr` records of Linux without `SCM_RIGHTS`.
    pub control: Vec<u8>,
    /// Descriptors that came along.
    pub descriptors: Vec<OwnedFd>,
    /// `MSG_*` that the kernel set.
    pub flags: i32,
}

/// `recvmsg(2)`; never waits.
pub fn receive(file: impl AsFd, length: usize, control: usize, flags: i32) -> Result<Incoming, Errno> {
    let mut data = vec![0u8; length];
    let mut address = vec![0u8; ADDRESS];
    let mut words = vec![0usize; control.div_ceil(size_of::<usize>())];
    let mut part = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
    // SAFETY: a zeroed msghdr is a valid empty one; its padding has no meaning.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_name = address.as_mut_ptr().cast();
    header.msg_namelen = ADDRESS as libc::socklen_t;
    header.msg_control = words.as_mut_ptr().cast();
    header.msg_controllen = words.len() * size_of::<usize>();
    let flags = flags | libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: everything that the header points to is writable for the lengths that it says, until the call is over.
    let got = check_length(unsafe { libc::recvmsg(number(file), &mut header, flags) })?;
    data.truncate(got);
    address.truncate(header.msg_namelen as usize);
    let bytes: Vec<u8> =
        words.iter().flat_map(|word| word.to_ne_bytes()).take(header.msg_controllen).collect();
    let (control, descriptors) = take_descriptors(&bytes);
    Ok(Incoming { data, length: got, address, control, descriptors, flags: header.msg_flags })
}

/// Separates the descriptors from the other records.
fn take_descriptors(control: &[u8]) -> (Vec<u8>, Vec<OwnedFd>) {
    const HEADER: usize = size_of::<libc::cmsghdr>();
    let (mut rest, mut descriptors) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(header) = control.get(at..at + HEADER) {
        let (length, kind) = header.split_at(size_of::<usize>());
        let length = usize::from_ne_bytes(length.try_into().unwrap_or_default());
        let Some(record) = control.get(at..at.saturating_add(length)).filter(|record| record.len() >= HEADER)
        else {
            break;
        };
        let mut rights = [0; 8];
        rights[..4].copy_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
        rights[4..].copy_from_slice(&libc::SCM_RIGHTS.to_ne_bytes());
        if kind == rights {
            for raw in record[HEADER..].chunks_exact(size_of::<RawFd>()) {
                descriptors.push(own(RawFd::from_ne_bytes(raw.try_into().unwrap_or_default())));
            }
        } else {
            rest.resize(rest.len().next_multiple_of(size_of::<usize>()), 0);
            rest.extend(record);
        }
        at += length.next_multiple_of(size_of::<usize>());
    }
    (rest, descriptors)
}

/// `getdents64(2)` into at most `length` bytes.
pub fn directory_entries(file: impl AsFd, length: usize) -> Result<Vec<u8>, Errno> {
    let mut records = vec![0u64; length / 8];
    let length = records.len() * 8;
    // SAFETY: the buffer is writable for `length` bytes and aligned for the records.
    let got = check_length(unsafe {
        libc::syscall(libc::SYS_getdents64, number(file), records.as_mut_ptr(), length) as isize
    })?;
    Ok(records.iter().flat_map(|word| word.to_ne_bytes()).take(got).collect())
}

/// `fcntl(2)` with a number as its argument.
pub fn control(file: impl AsFd, command: i32, argument: i64) -> Result<i32, Errno> {
    // SAFETY: callers pass only commands whose argument is a number.
    check(unsafe { libc::fcntl(number(file), command, argument) })
}

/// `fcntl(2)` on open-file record locks (`F_OFD_*`).
pub fn record_lock(file: impl AsFd, command: i32, lock: &mut libc::flock) -> Result<(), Errno> {
    // SAFETY: the commands take a struct flock, which is writable.
    check(unsafe { libc::fcntl(number(file), command, std::ptr::from_mut(lock)) }).map(drop)
}

/// `ioctl(2)` that fills in one number.
pub fn ask_number(file: impl AsFd, request: u64) -> Result<i32, Errno> {
    let mut value: libc::c_int = 0;
    // SAFETY: callers pass only requests that write one int.
    check(unsafe { libc::ioctl(number(file), request, std::ptr::from_mut(&mut value)) })?;
    Ok(value)
}

/// `ioctl(2)` that is given the address of one number.
pub fn tell_number(file: impl AsFd, request: u64, value: i32) -> Result<(), Errno> {
    // SAFETY: callers pass only requests that read one int.
    check(unsafe { libc::ioctl(number(file), request, std::ptr::from_ref(&value)) }).map(drop)
}

/// `ioctl(2)` that is given a number itself.
pub fn tell_value(file: impl AsFd, request: u64, value: u64) -> Result<(), Errno> {
    // SAFETY: callers pass only requests whose argument is a number.
    check(unsafe { libc::ioctl(number(file), request, value) }).map(drop)
}

/// `TCGETS2`: terminal attributes with speeds as numbers.
pub fn terminal_attributes(file: impl AsFd) -> Result<libc::termios2, Errno> {
    // SAFETY: all of termios2 is integers, for which zero is valid.
    let mut attributes: libc::termios2 = unsafe { std::mem::zeroed() };
    // SAFETY: the request writes one struct termios2.
    check(unsafe { libc::ioctl(number(file), libc::TCGETS2, std::ptr::from_mut(&mut attributes)) })?;
    Ok(attributes)
}

/// `TCSETS2`, `TCSETSF2`; never the one that waits for output.
pub fn set_terminal_attributes(
    file: impl AsFd,
    request: u64,
    attributes: &libc::termios2,
) -> Result<(), Errno> {
    // SAFETY: callers pass only requests that read one struct termios2.
    check(unsafe { libc::ioctl(number(file), request, std::ptr::from_ref(attributes)) }).map(drop)
}

/// `TIOCGPTPEER`: the other side of a pseudo-terminal, whatever is mounted where.
pub fn pseudo_terminal_peer(file: impl AsFd, flags: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: the request takes open flags as a number.
    check(unsafe { libc::ioctl(number(file), libc::TIOCGPTPEER, flags) }).map(own)
}

/// A limit of a process, current and maximum; `None` for no limit (`prlimit(2)`, which changes nothing here).
pub fn limits(
    pid: rustix::process::Pid,
    resource: rustix::process::Resource,
) -> Result<(Option<u64>, Option<u64>), Errno> {
    let mut limits = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    let resource = resource as libc::__rlimit_resource_t;
    // SAFETY: no new limits are given, and the old ones are written to `limits`.
    check(unsafe { libc::prlimit64(pid.as_raw_pid(), resource, std::ptr::null(), &mut limits) })?;
    let finite = |limit: u64| (limit != libc::RLIM64_INFINITY).then_some(limit);
    Ok((finite(limits.rlim_cur), finite(limits.rlim_max)))
}

/// `kill(2)` with signal 0: whether this process may signal that one.
pub fn may_signal(pid: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only; signal 0 is never delivered.
    check(unsafe { libc::kill(pid, 0) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_travel_beside_other_records() {
        let [a, b] = socket_pair(libc::AF_UNIX, libc::SOCK_STREAM, 0).unwrap();
        set_option(&b, libc::SOL_SOCKET, libc::SO_PASSCRED, &1i32.to_ne_bytes()).unwrap();
        let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        send(&a, &Outgoing { data: b"hi", descriptors: &[null], ..Outgoing::default() }, 0).unwrap();
        let got = receive(&b, 16, 256, 0).unwrap();
        assert_eq!((got.data.as_slice(), got.descriptors.len()), (b"hi".as_slice(), 1));
        assert!(!got.control.is_empty(), "the credentials");
        assert_eq!(receive(&b, 16, 0, 0).unwrap_err(), Errno::AGAIN);
    }

    #[test]
    fn oversized_address_is_refused() {
        let socket = socket(libc::AF_UNIX, libc::SOCK_STREAM, 0).unwrap();
        assert_eq!(bind(&socket, &[0; 200]), Err(Errno::INVAL));
    }
}
