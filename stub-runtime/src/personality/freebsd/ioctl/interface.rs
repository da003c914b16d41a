//! What sockets are asked about network interfaces (sys/sockio.h, net/if.h): IPv4 addresses, flags and numbers.
//!
//! The host's `struct ifreq` has the same name in front and eight bytes more behind; its list of interfaces has
//! entries of that length, FreeBSD's of name and address.

use linux_raw_sys::ioctl as host;
use schemas::socket::set_interface;
use schemas::{Errno, Operation};

use super::{IN, OUT, ask, code, put};
use crate::context::Context;
use crate::guest;
use crate::host::linux::memory;
use crate::operation::device::{self, Argument};
use crate::operation::socket::address::Address;
use crate::operation::socket::stack;
use crate::personality::freebsd::socket::address;

/// Length of a name (`IFNAMSIZ`).
const NAME: usize = 16;
/// `struct ifreq`.
const REQUEST: usize = 32;
/// The host's.
const HOST_REQUEST: usize = 40;
/// Most bytes of a list that the host is asked for.
const LIST: usize = 64 * 1024;

const fn both(number: u8) -> u32 {
    code(IN | OUT, b'i', number, REQUEST)
}

const SIOCATMARK: u32 = code(OUT, b's', 7, 4);
const SIOCSPGRP: u32 = code(IN, b's', 8, 4);
const SIOCGPGRP: u32 = code(OUT, b's', 9, 4);
const SIOCGIFFLAGS: u32 = both(17);
const SIOCGIFMETRIC: u32 = both(23);
const SIOCGIFINDEX: u32 = both(32);
const SIOCGIFADDR: u32 = both(33);
const SIOCGIFDSTADDR: u32 = both(34);
const SIOCGIFBRDADDR: u32 = both(35);
const SIOCGIFCONF: u32 = code(IN | OUT, b'i', 36, 16);
const SIOCGIFNETMASK: u32 = both(37);
const SIOCGIFMTU: u32 = both(51);
const SIOCSIFFLAGS: u32 = code(IN, b'i', 16, REQUEST);
const SIOCSIFNAME: u32 = code(IN, b'i', 40, REQUEST);
const SIOCSIFMTU: u32 = code(IN, b'i', 52, REQUEST);
const SIOCIFDESTROY: u32 = code(IN, b'i', 121, REQUEST);
const SIOCGIFINFO_IN6: u32 = code(IN | OUT, b'i', 108, NEIGHBOURS);
const SIOCSIFINFO_IN6: u32 = code(IN | OUT, b'i', 109, NEIGHBOURS);

/// `struct in6_ndireq` (netinet6/nd6.h), where its MTU, flags and hop limit are, and whether it was filled in.
const NEIGHBOURS: usize = 72;
const LINK_MTU: usize = 16;
const NEIGHBOUR_FLAGS: usize = 36;
const HOP_LIMIT: usize = 44;
const INITIALIZED: usize = 45;
/// `ND6_IFF_PERFORMNUD`, `ND6_IFF_NO_DAD`: what the stacks here do, which give links no address by themselves.
const NEIGHBOUR_WAYS: u32 = 0x1 | 0x100;

/// Requests for an address: FreeBSD's and the host's.
const ADDRESSES: [(u32, u32); 4] = [
    (SIOCGIFADDR, host::SIOCGIFADDR),
    (SIOCGIFDSTADDR, host::SIOCGIFDSTADDR),
    (SIOCGIFBRDADDR, host::SIOCGIFBRDADDR),
    (SIOCGIFNETMASK, host::SIOCGIFNETMASK),
];

/// Requests for a number.
const NUMBERS: [(u32, u32); 3] = [
    (SIOCGIFMETRIC, host::SIOCGIFMETRIC),
    (SIOCGIFMTU, host::SIOCGIFMTU),
    (SIOCGIFINDEX, host::SIOCGIFINDEX),
];

/// Requests of a word that is the same on the host.
const WORDS: [(u32, u32); 3] =
    [(SIOCATMARK, host::SIOCATMARK), (SIOCSPGRP, host::SIOCSPGRP), (SIOCGPGRP, host::SIOCGPGRP)];

/// Flags of interfaces (`IFF_*`): FreeBSD's and the host's (linux/if.h).
const FLAGS: [(u32, u32); 10] = [
    (0x1, 0x1),
    (0x2, 0x2),
    (0x4, 0x4),
    (0x8, 0x8),
    (0x10, 0x10),
    (0x40, 0x40),
    (0x80, 0x80),
    (0x100, 0x100),
    (0x200, 0x200),
    (0x8000, 0x1000),
];

crate::layout! {
    /// `struct ifconf`, the same on both.
    pub struct List: 16 {
        pub len: i32,
        pub pad: u32,
        pub buffer: u64,
    }
}

/// Answers a request of the groups `s` and `i`.
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    if let Some((_, host)) = WORDS.iter().find(|pair| pair.0 == request) {
        return ask(descriptor, *host, argument);
    }
    if request == SIOCGIFCONF {
        return list(cx, descriptor, argument);
    }
    if matches!(request, SIOCSIFFLAGS | SIOCSIFMTU | SIOCSIFNAME | SIOCIFDESTROY) {
        return change(cx, request, argument);
    }
    if matches!(request, SIOCGIFINFO_IN6 | SIOCSIFINFO_IN6) {
        return neighbours(cx, descriptor, request, argument);
    }
    let address = ADDRESSES.iter().find(|pair| pair.0 == request);
    let number = NUMBERS.iter().find(|pair| pair.0 == request);
    let host_request = match (address, number, request) {
        (Some((_, host)), ..) | (_, Some((_, host)), _) => *host,
        (.., SIOCGIFFLAGS) => host::SIOCGIFFLAGS,
        _ => return Err(Errno::NOTTY),
    };
    let mut guest = [0u8; REQUEST];
    guest::read(argument, &mut guest)?;
    let mut host = [0u8; HOST_REQUEST];
    host[..NAME].copy_from_slice(&guest[..NAME]);
    let asked = match stack::kind(cx, descriptor) {
        Some(_) => {
            let question = host;
            device::control(cx, descriptor, u64::from(host_request), Argument::Data(&question), &mut host)
                .map(drop)
        }
        None => ask(descriptor, host_request, host.as_mut_ptr() as u64).map(drop),
    };
    asked.map_err(|error| match error {
        Errno::NODEV => Errno::NXIO,
        other => other,
    })?;
    if address.is_some() {
        guest[NAME..].copy_from_slice(&address_from_host(&host[NAME..]));
    } else if request == SIOCGIFFLAGS {
        let flags = flags_from_host(u32::from(u16::from_ne_bytes([host[NAME], host[NAME + 1]])));
        // The low half, then the high half.
        guest[NAME..NAME + 4].copy_from_slice(&flags.to_ne_bytes());
    } else {
        guest[NAME..NAME + 4].copy_from_slice(&host[NAME..NAME + 4]);
    }
    guest::write(argument, &guest).map(|()| 0)
}

/// The name in a request.
fn name_of(request: &[u8]) -> &[u8] {
    request[..NAME].split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Changes an interface of the guest's network stack.
fn change(cx: &mut Context, request: u32, argument: u64) -> Result<u64, Errno> {
    let mut asked = [0u8; REQUEST];
    guest::read(argument, &mut asked)?;
    let word = u32::from_ne_bytes(core::array::from_fn(|at| asked[NAME + at]));
    let mut renamed = [0u8; NAME];
    if request == SIOCSIFNAME {
        let at = u64::from_ne_bytes(core::array::from_fn(|byte| asked[NAME + byte]));
        guest::read(at, &mut renamed)?;
    }
    crate::transport::call::<set_interface::params::Owned, set_interface::results::Owned, _>(
        cx,
        Operation::SocketSetInterface,
        2 * NAME / 8 + 2,
        &[],
        |mut params| {
            params.set_name(name_of(&asked));
            let mut change = params.get_change();
            match request {
                // The low half, then the high half.
                SIOCSIFFLAGS => change.set_flags(flags_to_host(word)),
                SIOCSIFMTU => change.set_mtu(word),
                SIOCSIFNAME => change.set_rename(name_of(&renamed)),
                _ => change.set_destroy(()),
            }
            Ok(())
        },
        |_, _| Ok(0),
    )
    .map_err(|error| if error == Errno::NODEV { Errno::NXIO } else { error })
}

/// What an interface does about its neighbours of IPv6. It can be told, and set to what it is.
fn neighbours(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let mut asked = [0u8; NEIGHBOURS];
    guest::read(argument, &mut asked)?;
    if stack::kind(cx, descriptor).is_none() {
        return Err(Errno::NOTTY);
    }
    let (mut question, mut told) = ([0u8; HOST_REQUEST], [0u8; HOST_REQUEST]);
    question[..NAME].copy_from_slice(&asked[..NAME]);
    let code = u64::from(host::SIOCGIFMTU);
    device::control(cx, descriptor, code, Argument::Data(&question), &mut told)
        .map_err(|error| if error == Errno::NODEV { Errno::NXIO } else { error })?;
    if request == SIOCSIFINFO_IN6 {
        let flags = u32::from_ne_bytes(core::array::from_fn(|at| asked[NEIGHBOUR_FLAGS + at]));
        return if flags == NEIGHBOUR_WAYS { Ok(0) } else { Err(Errno::OPNOTSUPP) };
    }
    asked[NAME..].fill(0);
    asked[LINK_MTU..LINK_MTU + 4].copy_from_slice(&told[NAME..NAME + 4]);
    asked[NEIGHBOUR_FLAGS..NEIGHBOUR_FLAGS + 4].copy_from_slice(&NEIGHBOUR_WAYS.to_ne_bytes());
    asked[HOP_LIMIT] = 64;
    asked[INITIALIZED] = 1;
    guest::write(argument, &asked).map(|()| 0)
}

/// An address of sixteen bytes in FreeBSD's form.
fn address_from_host(host: &[u8]) -> [u8; 16] {
    let mut told = [0; 16];
    let address = Address::new(&host[..16]).unwrap_or(Address::EMPTY);
    let guest = address::from_host(&address);
    let len = guest.bytes().len().min(16);
    told[..len].copy_from_slice(&guest.bytes()[..len]);
    told
}

/// Flags of an interface, from the host's.
pub fn flags_from_host(host: u32) -> u32 {
    FLAGS.iter().filter(|(_, there)| host & there != 0).fold(0, |flags, (own, _)| flags | own)
}

/// The same the other way.
fn flags_to_host(own: u32) -> u32 {
    FLAGS.iter().filter(|(here, _)| own & here != 0).fold(0, |flags, (_, host)| flags | host)
}

/// The list of interfaces with their addresses: as much as the guest has room for.
fn list(cx: &mut Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let asked: List = guest::get(argument)?;
    let room = usize::try_from(asked.len).map_err(|_| Errno::INVAL)?;
    let at = memory::map(LIST as u64)?;
    let mut told = List { len: LIST as i32, pad: 0, buffer: at };
    let stack = stack::kind(cx, descriptor).is_some();
    let result = if stack {
        // SAFETY: the mapping was just made, and is that long.
        let room = unsafe { core::slice::from_raw_parts_mut(at as *mut u8, LIST) };
        device::control(cx, descriptor, u64::from(host::SIOCGIFCONF), Argument::Data(&[]), room)
            .map(|(_, len)| told.len = len as i32)
    } else {
        ask(descriptor, host::SIOCGIFCONF, &raw mut told as u64).map(drop)
    };
    let result = result.and_then(|()| {
        let len = usize::try_from(told.len).unwrap_or(0).min(LIST);
        // SAFETY: the host has written that much into the mapping.
        let entries = unsafe { core::slice::from_raw_parts(at as *const u8, len) };
        let mut written = 0;
        for entry in entries.chunks_exact(HOST_REQUEST) {
            if written + REQUEST > room {
                break;
            }
            let mut guest = [0u8; REQUEST];
            guest[..NAME].copy_from_slice(&entry[..NAME]);
            guest[NAME..].copy_from_slice(&address_from_host(&entry[NAME..]));
            guest::write(asked.buffer.wrapping_add(written as u64), &guest)?;
            written += REQUEST;
        }
        put(argument, &List { len: written as i32, ..asked })
    });
    memory::release(at, LIST as u64);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::trial::context;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    fn request(name: &[u8]) -> [u8; REQUEST] {
        let mut request = [0; REQUEST];
        request[..name.len()].copy_from_slice(name);
        request
    }

    #[test]
    fn requests_have_the_numbers_of_sockio() {
        assert_eq!(SIOCGIFADDR, 0xc020_6921);
        assert_eq!(SIOCGIFCONF, 0xc010_6924);
        assert_eq!(SIOCGIFFLAGS, 0xc020_6911);
        assert_eq!(SIOCGIFMTU, 0xc020_6933);
        assert_eq!(SIOCATMARK, 0x4004_7307);
        assert_eq!(SIOCSIFFLAGS, 0x8020_6910);
        assert_eq!(SIOCSIFMTU, 0x8020_6934);
        assert_eq!(SIOCIFDESTROY, 0x8020_6979);
        assert_eq!(SIOCGIFINFO_IN6, 0xc048_696c);
        assert_eq!(SIOCSIFINFO_IN6, 0xc048_696d);
    }

    #[test]
    fn the_loopback_interface_is_told() {
        let cx = context();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut loopback = request(b"lo");
        let at = loopback.as_mut_ptr() as u64;
        control(cx, socket.as_raw_fd(), SIOCGIFFLAGS, at).unwrap();
        let flags = u32::from_ne_bytes(*loopback[16..].first_chunk().unwrap());
        assert_eq!(flags & 0x9, 0x9);
        control(cx, socket.as_raw_fd(), SIOCGIFADDR, at).unwrap();
        assert_eq!(loopback[16..24], [16, 2, 0, 0, 127, 0, 0, 1]);
        let mut none = request(b"none0");
        assert_eq!(control(cx, socket.as_raw_fd(), SIOCGIFMTU, none.as_mut_ptr() as u64), Err(Errno::NXIO));
        assert_eq!(control(cx, socket.as_raw_fd(), 0xc020_6999, at), Err(Errno::NOTTY));
    }

    #[test]
    fn the_list_has_no_more_than_there_is_room_for() {
        let cx = context();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut buffer = [0xffu8; 100];
        for (room, most) in [(100, 96), (40, 32), (10, 0)] {
            let mut list = List { len: room, pad: 0, buffer: buffer.as_mut_ptr() as u64 };
            control(cx, socket.as_raw_fd(), SIOCGIFCONF, &raw mut list as u64).unwrap();
            assert!(list.len <= most && list.len % 32 == 0);
            if room >= 32 {
                assert!(list.len >= 32);
            }
        }
        assert_eq!(buffer[96..], [0xff; 4]);
        assert_eq!(buffer[16..18], [16, 2]);
        let mut list = List { len: -1, pad: 0, buffer: 0 };
        assert_eq!(control(cx, socket.as_raw_fd(), SIOCGIFCONF, &raw mut list as u64), Err(Errno::INVAL));
    }

    #[test]
    fn flags_are_translated_bit_by_bit() {
        assert_eq!(flags_from_host(0x1043), 0x8043);
        assert_eq!(flags_from_host(0x1_0400), 0);
        assert_eq!(flags_to_host(0x8843), 0x1043);
    }
}
