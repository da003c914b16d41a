//! Messages: data from and to several places, an address, and control data (sendmsg(2), recvmsg(2)).

use schemas::message::data_words;
use schemas::transport::{REPLY_SIZE, REQUEST_SIZE};
use schemas::{Errno, Operation, socket};

use super::address::Address;
use super::{after_receive, after_send, is_quiet, stack, waiting};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::message::{Header, Vector};
use crate::host::linux::signal::{HostInfo, requeue};
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::ask::is_native;
use crate::operation::descriptor::Kind;
use crate::operation::hidden;

/// Most control data that is taken in one message. The host itself takes no more than some 20 KiB
/// (`net.core.optmem_max`), and descriptors, 253 at most, take one.
pub const CONTROL: usize = 4096;
/// Most buffers of one message (`UIO_MAXIOV`, linux/uio.h).
const VECTORS: u64 = 1024;
/// Most bytes that one message to a server takes along or brings back.
const DATA: usize = if REQUEST_SIZE < REPLY_SIZE { REQUEST_SIZE } else { REPLY_SIZE } - 8192;

/// `SOL_SOCKET` and `SCM_RIGHTS` (linux/socket.h).
pub const SOL_SOCKET: i32 = 1;
/// Descriptors that are passed along.
pub const SCM_RIGHTS: i32 = 1;
/// Flags of messages (linux/socket.h).
pub const MSG_DONTWAIT: u32 = 0x40;
/// No SIGPIPE.
pub const MSG_NOSIGNAL: u32 = 0x4000;
/// Control data was cut.
const MSG_CTRUNC: u32 = 0x8;
/// Descriptors arrive close-on-exec.
const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
/// Length of a control header, after which its data begins.
pub const CONTROL_HEADER: usize = 16;

/// Control data in the host's layout.
#[repr(C, align(8))]
pub struct Control {
    bytes: [u8; CONTROL],
    len: usize,
}

impl Control {
    /// None.
    pub const fn new() -> Self {
        Control { bytes: [0; CONTROL], len: 0 }
    }

    /// Takes it from the guest as it is.
    ///
    /// # Errors
    /// `EMSGSIZE` when there is too much, `EFAULT`.
    pub fn read(&mut self, at: u64, len: usize) -> Result<(), Errno> {
        guest::read(at, self.bytes.get_mut(..len).ok_or(Errno::MSGSIZE)?)?;
        self.len = len;
        Ok(())
    }

    /// Makes room for what the host is to write.
    pub fn set_room(&mut self, len: usize) {
        self.len = len.min(CONTROL);
    }

    /// The room that was made.
    pub fn room(&self) -> usize {
        self.len
    }

    /// Takes over control data, as many whole parts as there is room for.
    pub fn set(&mut self, bytes: &[u8], room: usize) {
        self.len = 0;
        for (level, kind, data) in (Parts { rest: bytes }) {
            if self.len.next_multiple_of(8) + CONTROL_HEADER + data.len() > room {
                return;
            }
            if let Ok(to) = self.push(level, kind, data.len()) {
                to.copy_from_slice(data);
            }
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends one part (`struct cmsghdr` with its data) and gives its data to be filled in.
    ///
    /// # Errors
    /// `EMSGSIZE` when there is too much.
    pub fn push(&mut self, level: i32, kind: i32, len: usize) -> Result<&mut [u8], Errno> {
        let start = self.len.next_multiple_of(8);
        let data = start + CONTROL_HEADER;
        let end = data.checked_add(len).filter(|end| *end <= CONTROL).ok_or(Errno::MSGSIZE)?;
        self.bytes[start..start + 8].copy_from_slice(&((CONTROL_HEADER + len) as u64).to_ne_bytes());
        self.bytes[start + 8..start + 12].copy_from_slice(&level.to_ne_bytes());
        self.bytes[start + 12..data].copy_from_slice(&kind.to_ne_bytes());
        self.len = end;
        Ok(&mut self.bytes[data..end])
    }

    /// Its parts.
    pub fn parts(&self) -> Parts<'_> {
        Parts { rest: self.bytes() }
    }

    /// Refuses to pass on descriptors that are the stub's.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn check(&self) -> Result<(), Errno> {
        for (level, kind, data) in self.parts() {
            if level == SOL_SOCKET && kind == SCM_RIGHTS && descriptors(data).any(hidden::is_foreign) {
                return Err(Errno::BADF);
            }
        }
        Ok(())
    }

    /// The descriptors in it.
    pub fn descriptors(&self) -> impl Iterator<Item = i32> + '_ {
        self.parts()
            .filter(|part| part.0 == SOL_SOCKET && part.1 == SCM_RIGHTS)
            .flat_map(|part| descriptors(part.2))
    }
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}

/// The descriptors in the data of one part.
pub fn descriptors(data: &[u8]) -> impl Iterator<Item = i32> + '_ {
    data.chunks_exact(4).map(|word| i32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
}

/// Goes through the parts of control data: level, kind, data.
pub struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parts<'a> {
    type Item = (i32, i32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.rest.first_chunk::<CONTROL_HEADER>()?;
        let word = |at: usize| i32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let len = u64::from_ne_bytes(*head.first_chunk()?) as usize;
        let data = self.rest.get(CONTROL_HEADER..len)?;
        self.rest = self.rest.get(len.next_multiple_of(8)..).unwrap_or(&[]);
        Some((word(8), word(12), data))
    }
}

/// Where the guest's data of a message is.
#[derive(Clone, Copy, Debug)]
pub struct Data {
    /// Address of its `struct iovec`s, which are the same on all systems of 64 bits.
    pub vectors: u64,
    /// How many.
    pub count: u64,
}

impl Data {
    /// The buffers one by one.
    fn each(self, mut action: impl FnMut(Vector) -> Result<bool, Errno>) -> Result<(), Errno> {
        if self.count > VECTORS {
            return Err(Errno::MSGSIZE);
        }
        for at in 0..self.count {
            if !action(guest::get(self.vectors.wrapping_add(at * size_of::<Vector>() as u64))?)? {
                break;
            }
        }
        Ok(())
    }

    /// How much there is room for.
    ///
    /// # Errors
    /// `EMSGSIZE` for too many buffers, `EFAULT`.
    pub(super) fn len(self) -> Result<usize, Errno> {
        let mut total = 0u64;
        self.each(|vector| {
            total = total.saturating_add(vector.len);
            Ok(true)
        })?;
        Ok(total.min(usize::MAX as u64) as usize)
    }

    fn gather(self, mut to: &mut [u8]) -> Result<(), Errno> {
        self.each(|vector| {
            let len = (vector.len as usize).min(to.len());
            let (part, rest) = core::mem::take(&mut to).split_at_mut(len);
            guest::read(vector.base, part)?;
            to = rest;
            Ok(!to.is_empty())
        })
    }

    fn scatter(self, mut from: &[u8]) -> Result<(), Errno> {
        self.each(|vector| {
            let (part, rest) = from.split_at((vector.len as usize).min(from.len()));
            guest::write(vector.base, part)?;
            from = rest;
            Ok(!from.is_empty())
        })
    }
}

/// Sends a message; gives how much of its data was taken.
///
/// # Errors
/// As sendmsg(2); `EBADF` for a descriptor of the stub's in its control data.
pub fn send(
    cx: &mut Context,
    descriptor: i32,
    to: &Address,
    data: Data,
    control: &Control,
    flags: u32,
) -> Result<u64, Errno> {
    control.check()?;
    let flags = if is_quiet(descriptor) { flags | MSG_NOSIGNAL } else { flags };
    if !is_native(cx, Operation::SocketSend, descriptor) {
        // The server says at once what is wrong with a datagram that has an address, if a message has room for it.
        if let Some(kind) = stack::kind(cx, descriptor)
            && (kind == Kind::Stream || to.bytes().is_empty() || data.len()? > DATA)
        {
            return stack::send(cx, kind, descriptor, to, data, control, flags);
        }
        let sent =
            waiting(cx, descriptor, POLLOUT, flags, |cx| ask_send(cx, descriptor, to, data, control, flags));
        let sent = after_send(descriptor, sent);
        if sent == Err(Errno::PIPE) && flags & MSG_NOSIGNAL == 0 {
            // The server has no signal for the guest; the host would have had one.
            requeue(&HostInfo { signo: SIGPIPE as i32, ..HostInfo::default() });
        }
        return sent;
    }
    let header = Header {
        name: if to.bytes().is_empty() { 0 } else { to.at() },
        name_len: to.bytes().len() as u32,
        vectors: data.vectors,
        vector_count: data.count,
        control: if control.len == 0 { 0 } else { control.bytes.as_ptr() as u64 },
        control_len: control.len as u64,
        ..Header::default()
    };
    let args = [descriptor as u64, &raw const header as u64, u64::from(flags)];
    // SAFETY: header, address and control data are ours; the data is the guest's, which the kernel checks.
    after_send(descriptor, unsafe { call_blocking(__NR_sendmsg, args) })
}

/// Sends from one place; gives how much was taken.
///
/// # Errors
/// As sendto(2).
pub fn send_bytes(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    to: &Address,
    flags: u32,
) -> Result<u64, Errno> {
    if !is_native(cx, Operation::SocketSend, descriptor) {
        let vector = Vector { base: buffer.0, len: len as u64 };
        let data = Data { vectors: &raw const vector as u64, count: 1 };
        return send(cx, descriptor, to, data, &Control::new(), flags);
    }
    let flags = if is_quiet(descriptor) { flags | MSG_NOSIGNAL } else { flags };
    let (address, address_len) = if to.bytes().is_empty() { (0, 0) } else { (to.at(), to.bytes().len()) };
    let args = [descriptor as u64, buffer.0, len as u64, u64::from(flags), address, address_len as u64];
    // SAFETY: the address is ours; the data is the guest's, which the kernel checks.
    after_send(descriptor, unsafe { call_blocking(__NR_sendto, args) })
}

/// Receives into one place; gives the length.
///
/// # Errors
/// As recvfrom(2).
pub fn receive_bytes(
    cx: &mut Context,
    descriptor: i32,
    buffer: Pointer,
    len: usize,
    from: Option<&mut Address>,
    flags: u32,
) -> Result<u64, Errno> {
    if !is_native(cx, Operation::SocketReceive, descriptor) {
        let vector = Vector { base: buffer.0, len: len as u64 };
        let data = Data { vectors: &raw const vector as u64, count: 1 };
        return receive(cx, descriptor, from, data, &mut Control::new(), flags).map(|(len, _)| len);
    }
    let mut none = Address::EMPTY;
    let wanted = from.is_some();
    let from = from.unwrap_or(&mut none);
    let (address, mut address_len) = if wanted { from.room() } else { (0, 0) };
    let room = if wanted { &raw mut address_len as u64 } else { 0 };
    let args = [descriptor as u64, buffer.0, len as u64, u64::from(flags), address, room];
    // SAFETY: the kernel writes the address and its length; the data is the guest's, which the kernel checks.
    let len = after_receive(descriptor, unsafe { call_blocking(__NR_recvfrom, args) })?;
    from.written(address_len);
    from.seen(cx);
    Ok(len)
}

fn ask_send(
    cx: &mut Context,
    descriptor: i32,
    to: &Address,
    data: Data,
    control: &Control,
    flags: u32,
) -> Result<u64, Errno> {
    let len = data.len()?.min(DATA);
    // Descriptors go beside the message.
    let mut rest = Control::new();
    for (level, kind, data) in control.parts().filter(|part| (part.0, part.1) != (SOL_SOCKET, SCM_RIGHTS)) {
        rest.push(level, kind, data.len())?.copy_from_slice(data);
    }
    let words = data_words(len) + data_words(to.bytes().len()) + data_words(rest.len);
    let mut passed = [descriptor; schemas::transport::DESCRIPTORS];
    let mut count = 1;
    for other in control.descriptors() {
        *passed.get_mut(count).ok_or(Errno::TOOMANYREFS)? = other;
        count += 1;
    }
    let object = crate::operation::ask::object(cx, descriptor);
    crate::transport::call::<socket::send::params::Owned, socket::send::results::Owned, _>(
        cx,
        Operation::SocketSend,
        words,
        &passed[..count],
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            params.set_address(to.bytes());
            params.set_flags(flags);
            params.set_control(rest.bytes());
            params.set_count(1);
            data.gather(params.init_data(len as u32))
        },
        |results, _| Ok(results.get_sent()),
    )
}

/// Receives a message; gives its length and its flags. `from` and `control` are filled in, as far as control data was
/// asked for.
///
/// # Errors
/// As recvmsg(2).
pub fn receive(
    cx: &mut Context,
    descriptor: i32,
    from: Option<&mut Address>,
    data: Data,
    control: &mut Control,
    flags: u32,
) -> Result<(u64, u32), Errno> {
    if !is_native(cx, Operation::SocketReceive, descriptor) {
        let mut none = Address::EMPTY;
        let from = from.unwrap_or(&mut none);
        if let Some(kind) = stack::kind(cx, descriptor) {
            return stack::receive(cx, kind, descriptor, from, data, control, flags);
        }
        let mut told = 0;
        let received = waiting(cx, descriptor, POLLIN, flags, |cx| {
            let (len, bits) = ask_receive(cx, descriptor, from, data, control, flags)?;
            told = bits;
            Ok(len)
        });
        return after_receive(descriptor, received).map(|len| (len, told));
    }
    let mut none = Address::EMPTY;
    let wanted = from.is_some();
    let from = from.unwrap_or(&mut none);
    let (name, name_len) = from.room();
    let mut header = Header {
        name: if wanted { name } else { 0 },
        name_len: if wanted { name_len } else { 0 },
        vectors: data.vectors,
        vector_count: data.count,
        control: if control.len == 0 { 0 } else { control.bytes.as_mut_ptr() as u64 },
        control_len: control.len as u64,
        ..Header::default()
    };
    let args = [descriptor as u64, &raw mut header as u64, u64::from(flags)];
    // SAFETY: as in `send`.
    let len = after_receive(descriptor, unsafe { call_blocking(__NR_recvmsg, args) })?;
    from.written(header.name_len);
    from.seen(cx);
    control.set_room(header.control_len as usize);
    Ok((len, header.flags))
}

fn ask_receive(
    cx: &mut Context,
    descriptor: i32,
    from: &mut Address,
    data: Data,
    control: &mut Control,
    flags: u32,
) -> Result<(u64, u32), Errno> {
    let len = data.len()?.min(DATA);
    let room = control.len;
    let object = crate::operation::ask::object(cx, descriptor);
    crate::transport::call::<socket::receive::params::Owned, socket::receive::results::Owned, _>(
        cx,
        Operation::SocketReceive,
        0,
        &[descriptor],
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            params.set_length(len as u64);
            params.set_flags(flags);
            params.set_control_length(room as u32);
            params.set_count(1);
            Ok(())
        },
        |results, received| {
            let bytes = results.get_data()?;
            data.scatter(&bytes[..bytes.len().min(len)])?;
            *from = super::told(cx, results.get_address()?)?;
            let told = results.get_control()?;
            let told = &told[..told.len().min(room)];
            control.bytes[..told.len()].copy_from_slice(told);
            control.len = told.len();
            let cut = control.take(received, room, flags & MSG_CMSG_CLOEXEC != 0)?;
            Ok((results.get_length(), results.get_flags() | cut))
        },
    )
}

impl Control {
    /// Descriptors that a server passed on become a part of their own, as far as there is room; the others are closed,
    /// and the flag that says so is given.
    fn take(&mut self, received: &[i32], room: usize, close_on_exec: bool) -> Result<u32, Errno> {
        if received.is_empty() {
            return Ok(0);
        }
        let left = room.saturating_sub(self.len.next_multiple_of(8) + CONTROL_HEADER) / 4;
        let (kept, rest) = received.split_at(received.len().min(left));
        for descriptor in rest {
            // SAFETY: no pointers; it came with this message.
            let _ = unsafe { call(__NR_close, [*descriptor as u64]) };
        }
        if !kept.is_empty() {
            let part = self.push(SOL_SOCKET, SCM_RIGHTS, 4 * kept.len())?;
            for (to, descriptor) in part.chunks_exact_mut(4).zip(kept) {
                to.copy_from_slice(&descriptor.to_ne_bytes());
                super::keep(*descriptor, close_on_exec)?;
            }
        }
        Ok(if rest.is_empty() { 0 } else { MSG_CTRUNC })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_data_is_built_and_taken_apart() {
        let mut control = Control::new();
        control.push(1, 1, 4).unwrap().copy_from_slice(&7i32.to_ne_bytes());
        control.push(41, 50, 20).unwrap().fill(9);
        let parts: Vec<_> = control.parts().collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], (1, 1, &7i32.to_ne_bytes()[..]));
        assert_eq!((parts[1].0, parts[1].1, parts[1].2.len()), (41, 50, 20));
        assert_eq!(control.bytes().len(), 24 + 36);
        assert_eq!(control.descriptors().collect::<Vec<_>>(), [7]);
        assert!(control.push(1, 1, CONTROL).is_err());
    }

    #[test]
    fn parts_that_are_cut_short_end_the_list() {
        for bytes in [&[0u8; 8][..], &[255; 16], &[15, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]] {
            assert_eq!(Parts { rest: bytes }.count(), 0);
        }
    }

    #[test]
    fn descriptors_of_the_stub_are_not_passed_on() {
        let mut control = Control::new();
        control.push(SOL_SOCKET, SCM_RIGHTS, 8).unwrap()[4..].copy_from_slice(&3i32.to_ne_bytes());
        assert_eq!(control.check(), Ok(()));
        let reserved = crate::world::reserved(1);
        control.push(SOL_SOCKET, SCM_RIGHTS, 4).unwrap().copy_from_slice(&reserved.to_ne_bytes());
        assert_eq!(control.check(), Err(Errno::BADF));
    }

    #[test]
    fn passed_descriptors_are_kept_as_far_as_there_is_room() {
        let made = [0; 3].map(|_| {
            // SAFETY: no pointers.
            unsafe { call(__NR_eventfd2, [0, u64::from(EFD_CLOEXEC)]) }.unwrap() as i32
        });
        let mut control = Control::new();
        assert_eq!(control.take(&made, CONTROL_HEADER + 8, false), Ok(MSG_CTRUNC));
        assert_eq!(control.descriptors().collect::<Vec<_>>(), made[..2]);
        let flags = made.map(|descriptor| {
            // SAFETY: no pointers.
            unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFD)]) }
        });
        assert_eq!(flags[..2], [Ok(0), Ok(0)]);
        super::super::discard([made[0], made[1]]);
        assert_eq!(Control::new().take(&[], 0, true), Ok(0));
    }

    #[test]
    fn data_is_gathered_and_scattered_over_buffers() {
        let (a, b) = ([1u8, 2, 3], [4u8, 5]);
        let vectors = [
            Vector { base: a.as_ptr() as u64, len: 3 },
            Vector { base: 0, len: 0 },
            Vector { base: b.as_ptr() as u64, len: 2 },
        ];
        let data = Data { vectors: vectors.as_ptr() as u64, count: 3 };
        assert_eq!(data.len(), Ok(5));
        let mut all = [0; 5];
        data.gather(&mut all).unwrap();
        assert_eq!(all, [1, 2, 3, 4, 5]);
        let mut some = [0; 4];
        data.gather(&mut some).unwrap();
        assert_eq!(some, [1, 2, 3, 4]);
        let (mut c, mut d) = ([0u8; 2], [0u8; 9]);
        let vectors =
            [Vector { base: c.as_mut_ptr() as u64, len: 2 }, Vector { base: d.as_mut_ptr() as u64, len: 9 }];
        Data { vectors: vectors.as_ptr() as u64, count: 2 }.scatter(&all).unwrap();
        assert_eq!((c, &d[..4]), ([1, 2], &[3, 4, 5, 0][..]));
        assert_eq!(Data { vectors: 0, count: 1 << 20 }.len(), Err(Errno::MSGSIZE));
    }
}
