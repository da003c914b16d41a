//! Datagrams with descriptors on the process socket (unix(7), cmsg(3)).

use schemas::Errno;
use schemas::transport::DESCRIPTORS;

use super::abi::*;
use super::syscall::call;

crate::layout! {
    /// `struct iovec`.
    pub struct Vector: 16 {
        pub base: u64,
        pub len: u64,
    }

    /// `struct msghdr` as the kernel has it (`struct user_msghdr`, linux/socket.h).
    pub struct Header: 56 {
        pub name: u64,
        pub name_len: u32,
        pub pad: u32,
        pub vectors: u64,
        pub vector_count: u64,
        pub control: u64,
        pub control_len: u64,
        pub flags: u32,
        pub pad2: u32,
    }

    /// `struct cmsghdr` and room for descriptors.
    pub struct Control: 80 {
        pub len: u64,
        pub level: i32,
        pub kind: i32,
        pub descriptors: [i32; 16],
    }
}

const _: () = assert!(DESCRIPTORS == 16);

/// Length of the control header alone.
const CONTROL_HEADER: usize = 16;
/// `SOL_SOCKET`, `SCM_RIGHTS`.
const SOL_SOCKET: i32 = 1;
const SCM_RIGHTS: i32 = 1;
/// `MSG_NOSIGNAL`, `MSG_DONTWAIT`, `MSG_CMSG_CLOEXEC`.
const MSG_NOSIGNAL: u64 = 0x4000;
const MSG_CMSG_CLOEXEC: u64 = 0x4000_0000;

/// Sends a datagram with descriptors beside it.
///
/// # Errors
/// As sendmsg(2).
pub fn send(socket: i32, bytes: &[u8], descriptors: &[i32]) -> Result<(), Errno> {
    let vector = Vector { base: bytes.as_ptr() as u64, len: bytes.len() as u64 };
    let mut control = Control {
        len: (CONTROL_HEADER + 4 * descriptors.len()) as u64,
        level: SOL_SOCKET,
        kind: SCM_RIGHTS,
        ..Control::default()
    };
    control.descriptors.get_mut(..descriptors.len()).ok_or(Errno::INVAL)?.copy_from_slice(descriptors);
    let beside = !descriptors.is_empty();
    let header = Header {
        vectors: &raw const vector as u64,
        vector_count: 1,
        control: if beside { &raw const control as u64 } else { 0 },
        control_len: if beside { control.len } else { 0 },
        ..Header::default()
    };
    loop {
        // SAFETY: all pointers are ours.
        match unsafe { call(__NR_sendmsg, [socket as u64, &raw const header as u64, MSG_NOSIGNAL]) } {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Receives a datagram; gives its length and the number of descriptors, which are close-on-exec.
///
/// # Errors
/// As recvmsg(2); `EPIPE` when the other side is gone.
pub fn receive(
    socket: i32,
    bytes: &mut [u8],
    descriptors: &mut [i32; DESCRIPTORS],
) -> Result<(usize, usize), Errno> {
    let vector = Vector { base: bytes.as_mut_ptr() as u64, len: bytes.len() as u64 };
    let mut control = Control::default();
    let mut header = Header {
        vectors: &raw const vector as u64,
        vector_count: 1,
        control: &raw mut control as u64,
        control_len: size_of::<Control>() as u64,
        ..Header::default()
    };
    let len = loop {
        // SAFETY: all pointers are ours.
        match unsafe { call(__NR_recvmsg, [socket as u64, &raw mut header as u64, MSG_CMSG_CLOEXEC]) } {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    if len == 0 {
        return Err(Errno::PIPE);
    }
    let held = header.control_len as usize >= CONTROL_HEADER
        && control.kind == SCM_RIGHTS
        && control.level == SOL_SOCKET;
    let count = if held { (control.len as usize - CONTROL_HEADER) / 4 } else { 0 };
    let count = count.min(DESCRIPTORS);
    descriptors[..count].copy_from_slice(&control.descriptors[..count]);
    Ok((len as usize, count))
}

/// Whether the other side of a socket is gone.
pub fn hung_up(socket: i32) -> bool {
    // struct pollfd: descriptor, wanted, found.
    let mut poll = (socket as u32 as u64).to_le_bytes();
    let now = [0i64; 2];
    // SAFETY: both are ours.
    let found = unsafe { call(__NR_ppoll, [poll.as_mut_ptr() as u64, 1, now.as_ptr() as u64, 0, 8]) };
    // POLLERR | POLLHUP | POLLNVAL.
    found == Ok(1) && poll[6] & 0x38 != 0
}
