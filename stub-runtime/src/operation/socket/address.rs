//! Addresses of sockets, and the paths of local ones.

use core::cell::RefCell;

use schemas::{Errno, Operation};

use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::abi::AT_FDCWD;
use crate::operation::mounts::{self, Target};
use crate::operation::path::{Aim, Host, Path, perform_on};

/// Family of local sockets (linux/socket.h).
pub const AF_UNIX: u16 = 1;
/// Longest path of a local address with its zero (linux/un.h).
const UNIX_PATH: usize = 108;

/// An address in the host's layout (`struct sockaddr_storage`, linux/socket.h).
#[derive(Clone, Copy)]
pub struct Address {
    bytes: [u8; Address::SIZE],
    len: usize,
}

impl Address {
    /// Longest address.
    pub const SIZE: usize = 128;

    /// None.
    pub const EMPTY: Address = Address { bytes: [0; Address::SIZE], len: 0 };

    /// One with these bytes.
    ///
    /// # Errors
    /// `EINVAL` when there are too many.
    pub fn new(bytes: &[u8]) -> Result<Address, Errno> {
        let mut address = Address::EMPTY;
        address.bytes.get_mut(..bytes.len()).ok_or(Errno::INVAL)?.copy_from_slice(bytes);
        address.len = bytes.len();
        Ok(address)
    }

    /// Takes an address of the host's layout from the guest.
    ///
    /// # Errors
    /// `EINVAL` when it is too long, `EFAULT`.
    pub fn read(at: u64, len: usize) -> Result<Address, Errno> {
        let mut address = Address::EMPTY;
        guest::read(at, address.bytes.get_mut(..len).ok_or(Errno::INVAL)?)?;
        address.len = len;
        Ok(address)
    }

    /// Room for the host to write one: its memory and length.
    pub fn room(&mut self) -> (u64, u32) {
        (self.bytes.as_mut_ptr() as u64, Address::SIZE as u32)
    }

    /// The host has written one of that length; what did not fit is cut off.
    pub fn written(&mut self, len: u32) {
        self.len = (len as usize).min(Address::SIZE);
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Where they are, for the host.
    pub fn at(&self) -> u64 {
        self.bytes.as_ptr() as u64
    }

    /// Its family, 0 for none.
    pub fn family(&self) -> u16 {
        if self.len < 2 { 0 } else { u16::from_ne_bytes([self.bytes[0], self.bytes[1]]) }
    }

    /// The path of a local address that has one.
    pub fn path(&self) -> Option<&[u8]> {
        if self.family() != AF_UNIX {
            return None;
        }
        let path = &self.bytes()[2..];
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        (end != 0).then_some(&path[..end])
    }

    /// A local address with a path.
    ///
    /// # Errors
    /// `ENAMETOOLONG`.
    pub fn local(pieces: &[&[u8]]) -> Result<Address, Errno> {
        let mut address = Address::new(&AF_UNIX.to_ne_bytes())?;
        for piece in pieces {
            let end = address.len + piece.len();
            // Not longer than the path with its zero.
            if end >= 2 + UNIX_PATH {
                return Err(Errno::NAMETOOLONG);
            }
            address.bytes[address.len..end].copy_from_slice(piece);
            address.len = end;
        }
        address.len += 1;
        Ok(address)
    }

    /// The address as the host must have it: the path of a local one is where the guest's tree has it.
    fn located(&self, place: &Host) -> Result<Address, Errno> {
        let path = place.bytes();
        if place.directory == AT_FDCWD || path.first() == Some(&b'/') {
            return Address::local(&[path]);
        }
        let mut directory = PathBuffer::new();
        mounts::path_of(place.directory, &mut directory)?;
        Address::local(&[directory.bytes(), b"/", path]).or_else(|_| {
            let mut directory = PathBuffer::new();
            directory.set_numbered(b"/proc/self/fd/", place.directory)?;
            Address::local(&[directory.bytes(), b"/", path])
        })
    }

    /// Turns the address that the host tells into the one that the guest knows.
    pub fn seen(&mut self, cx: &Context) {
        let mounts = mounts::current(cx);
        if mounts.root().target == Target::Host && mounts.overlays().is_empty() && mounts.places().is_empty()
        {
            return;
        }
        let mut path = PathBuffer::new();
        let seen = match self.path() {
            Some(host) if host.first() == Some(&b'/') => mounts::seen_at(mounts, host, &mut path),
            _ => return,
        };
        if seen.is_ok()
            && let Ok(address) = Address::local(&[path.bytes()])
        {
            *self = address;
        }
    }
}

/// Does something with an address: with the one that the host is to have, or with the number of a mount and the part of
/// the path below it, of which the server is to be asked.
///
/// # Errors
/// As there; `ENAMETOOLONG` when the host has no room for the path.
pub fn at_address<T>(
    cx: &mut Context,
    operation: Operation,
    directory: i32,
    address: &Address,
    aim: Aim,
    action: impl FnMut(&mut Context, Option<u32>, &Address) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let action = RefCell::new(action);
    let Some(name) = address.path() else { return (action.borrow_mut())(cx, None, address) };
    let mut path = Path::new();
    path.set(directory, name)?;
    perform_on(
        cx,
        operation,
        &mut path,
        aim,
        |cx, place| {
            let located = address.located_unless_plain(place)?;
            (action.borrow_mut())(cx, None, &located)
        },
        |cx, remote| {
            // The place itself is no name for a socket, which the host says better than an empty one.
            let below = if remote.path().is_empty() { b"." } else { remote.path() };
            let below = Address::local(&[below])?;
            (action.borrow_mut())(cx, Some(remote.mount), &below).map(Some)
        },
    )
}

impl Address {
    /// As [`Address::located`], but the very bytes of the guest where the host has the same path.
    fn located_unless_plain(&self, place: &Host) -> Result<Address, Errno> {
        let located = self.located(place)?;
        Ok(if located.path() == self.path() { *self } else { located })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_local_addresses_with_a_name() {
        assert_eq!(Address::new(b"\x01\0/tmp/x\0").unwrap().path(), Some(&b"/tmp/x"[..]));
        assert_eq!(Address::new(b"\x01\0/tmp/x").unwrap().path(), Some(&b"/tmp/x"[..]));
        assert_eq!(Address::new(b"\x01\0\0name").unwrap().path(), None);
        assert_eq!(Address::new(b"\x01\0").unwrap().path(), None);
        assert_eq!(Address::new(b"\x02\0/tmp/x").unwrap().path(), None);
        assert_eq!(Address::EMPTY.path(), None);
        assert!(Address::new(&[1; 129]).is_err());
    }

    #[test]
    fn local_addresses_end_with_a_zero_and_are_not_too_long() {
        let address = Address::local(&[b"/dir", b"/", b"name"]).unwrap();
        assert_eq!(address.bytes(), b"\x01\0/dir/name\0");
        assert!(Address::local(&[&[b'x'; 107]]).is_ok());
        assert_eq!(Address::local(&[&[b'x'; 108]]).err(), Some(Errno::NAMETOOLONG));
    }
}
