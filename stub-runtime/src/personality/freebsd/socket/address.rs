//! Addresses of sockets: FreeBSD's begin with a length and a family of a byte each (sys/socket.h, netinet/in.h,
//! netinet6/in6.h, sys/un.h), the host's with a family of two bytes. What follows is the same.

use schemas::Errno;

use crate::guest;
use crate::operation::socket::address::{AF_UNIX, Address};
use crate::personality::freebsd::flags;

/// Longest address (`SOCK_MAXADDRLEN`).
const MAX: usize = 255;
/// Longest path of a local address (`SUNPATHLEN`).
const UNIX_PATH: usize = 104;
/// Length of a local address without a name (`sun_noname`).
const NO_NAME: usize = 16;
/// Family of local addresses.
const UNIX: u8 = flags::AF_UNIX as u8;

/// An address of FreeBSD.
pub struct GuestAddress {
    bytes: [u8; Address::SIZE],
    len: usize,
}

impl GuestAddress {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Takes an address from the guest.
///
/// # Errors
/// `ENAMETOOLONG` and `EINVAL` for its length, `EAFNOSUPPORT`, `EFAULT`; `ENOENT` for a local one with an empty path.
pub fn read(at: u64, len: u32) -> Result<Address, Errno> {
    let len = len as usize;
    if len > MAX {
        return Err(Errno::NAMETOOLONG);
    }
    if len < 2 {
        return Err(Errno::INVAL);
    }
    let mut bytes = [0; MAX];
    guest::read(at, &mut bytes[..len])?;
    to_host(&bytes[..len])
}

/// The host's form of an address.
///
/// # Errors
/// As [`read`].
pub fn to_host(bytes: &[u8]) -> Result<Address, Errno> {
    let family = flags::DOMAIN.to_host(i32::from(bytes[1])).map_err(|_| Errno::AFNOSUPPORT)?;
    if bytes[1] == UNIX {
        let path = bytes.get(2..).unwrap_or(&[]);
        let path = &path[..path.len().min(UNIX_PATH)];
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        return match (path.len(), end) {
            (0, _) => Err(Errno::INVAL),
            // What the host takes for a name of its own is an empty path here.
            (_, 0) => Err(Errno::NOENT),
            _ => Address::local(&[&path[..end]]),
        };
    }
    let mut host = [0; MAX];
    host[..bytes.len()].copy_from_slice(bytes);
    host[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    Address::new(&host[..bytes.len()])
}

/// FreeBSD's form of an address of the host; empty for none.
pub fn from_host(address: &Address) -> GuestAddress {
    let mut guest = GuestAddress { bytes: [0; Address::SIZE], len: 0 };
    let host = address.bytes();
    if host.len() < 2 {
        return guest;
    }
    let family = flags::DOMAIN.from_host(i32::from(address.family())).unwrap_or(flags::AF_UNSPEC);
    guest.len = host.len();
    if address.family() == AF_UNIX {
        // Without a path: unnamed, or with a name that only the host has.
        let path = address.path().unwrap_or(&[]);
        let path = &path[..path.len().min(UNIX_PATH - 1)];
        guest.bytes[2..2 + path.len()].copy_from_slice(path);
        guest.len = if path.is_empty() { NO_NAME } else { 2 + path.len() + 1 };
    } else {
        guest.bytes[2..host.len()].copy_from_slice(&host[2..]);
    }
    guest.bytes[0] = guest.len as u8;
    guest.bytes[1] = family as u8;
    guest
}

/// Tells the guest an address: as much as it has room for, and how much that is.
///
/// # Errors
/// `EFAULT`; `EINVAL` for a room below zero.
pub fn write(address: &Address, at: u64, len_at: u64) -> Result<(), Errno> {
    if at == 0 || len_at == 0 {
        return Ok(());
    }
    let room = usize::try_from(guest::get::<i32>(len_at)?).map_err(|_| Errno::INVAL)?;
    let guest = from_host(address);
    let told = &guest.bytes()[..guest.len.min(room)];
    guest::write(at, told)?;
    guest::put(len_at, &(told.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internet_addresses_go_there_and_back() {
        let four = [16, 2, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let host = to_host(&four).unwrap();
        assert_eq!(host.bytes()[..8], [2, 0, 0x1f, 0x90, 127, 0, 0, 1]);
        assert_eq!(from_host(&host).bytes(), four);
        let mut six = [0; 28];
        six[..4].copy_from_slice(&[28, 28, 0, 80]);
        six[23] = 1;
        let host = to_host(&six).unwrap();
        assert_eq!(host.bytes()[..4], [10, 0, 0, 80]);
        assert_eq!(from_host(&host).bytes(), six);
    }

    #[test]
    fn the_length_that_the_guest_writes_into_the_address_does_not_matter() {
        let host = to_host(&[0, 2, 0, 80, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(from_host(&host).bytes()[0], 16);
    }

    #[test]
    fn local_addresses_keep_their_path() {
        let host = to_host(b"\x6a\x01/tmp/socket\0\0\0").unwrap();
        assert_eq!(host.bytes(), b"\x01\0/tmp/socket\0");
        assert_eq!(from_host(&host).bytes(), b"\x0e\x01/tmp/socket\0");
        let host = to_host(b"\0\x01/tmp/socket").unwrap();
        assert_eq!(host.path(), Some(&b"/tmp/socket"[..]));
        assert_eq!(to_host(b"\x02\x01").err(), Some(Errno::INVAL));
        assert_eq!(to_host(b"\x06\x01\0abc").err(), Some(Errno::NOENT));
        let long = [b'x'; 200];
        let mut bytes = vec![0, 1];
        bytes.extend(long);
        assert_eq!(to_host(&bytes).unwrap().path().unwrap().len(), UNIX_PATH);
    }

    #[test]
    fn nameless_local_addresses_have_sixteen_bytes() {
        for bytes in [&b"\x01\0"[..], b"\x01\0\0hidden"] {
            let guest = from_host(&Address::new(bytes).unwrap());
            assert_eq!(guest.bytes(), [16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        assert!(from_host(&Address::EMPTY).bytes().is_empty());
    }

    #[test]
    fn families_that_the_host_lacks_are_refused() {
        assert_eq!(to_host(&[16, 18, 0, 0]).err(), Some(Errno::AFNOSUPPORT));
        assert_eq!(to_host(&[16, 200, 0, 0]).err(), Some(Errno::AFNOSUPPORT));
        assert_eq!(read(0, 256).err(), Some(Errno::NAMETOOLONG));
        assert_eq!(read(0, 1).err(), Some(Errno::INVAL));
    }

    #[test]
    fn addresses_are_cut_to_the_room_there_is() {
        let host = to_host(&[16, 2, 0, 80, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        let mut memory = [0xffu8; 16];
        let mut room = 6u32;
        write(&host, memory.as_mut_ptr() as u64, &raw mut room as u64).unwrap();
        assert_eq!((room, &memory[..8]), (6, &[16, 2, 0, 80, 10, 0, 255, 255][..]));
        room = 200;
        write(&host, memory.as_mut_ptr() as u64, &raw mut room as u64).unwrap();
        assert_eq!(room, 16);
        room = u32::MAX;
        assert_eq!(write(&host, memory.as_mut_ptr() as u64, &raw mut room as u64), Err(Errno::INVAL));
        assert_eq!(write(&host, 0, 0), Ok(()));
    }
}
