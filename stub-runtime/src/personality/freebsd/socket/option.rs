//! Options of sockets (getsockopt(2), sys/socket.h, sys/un.h, netinet/in.h, netinet/tcp.h). Most differ in their
//! number only; the others are here.

use schemas::Errno;

use super::address;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::socket::{self, traits};
use crate::personality::freebsd::{errno, flags};

/// Longest value of an option.
const VALUE: usize = 512;

/// Options of the host (asm-generic/socket.h, linux/in.h, linux/tcp.h, linux/icmpv6.h).
mod host {
    pub const SOL_SOCKET: i32 = 1;
    pub const SO_PASSCRED: i32 = 16;
    pub const SO_PEERCRED: i32 = 17;
    pub const SO_TIMESTAMPNS: i32 = 35;
    pub const IPPROTO_IP: i32 = 0;
    pub const IP_PKTINFO: i32 = 8;
    pub const IP_MTU_DISCOVER: i32 = 10;
    pub const IP_PMTUDISC_DONT: i32 = 0;
    pub const IP_PMTUDISC_DO: i32 = 2;
    pub const IPPROTO_TCP: i32 = 6;
    pub const TCP_INFO: i32 = 11;
    pub const TCP_CONGESTION: i32 = 13;
    pub const TCP_USER_TIMEOUT: i32 = 18;
    pub const IPPROTO_ICMPV6: i32 = 58;
    pub const ICMPV6_FILTER: i32 = 1;
    pub const AF_UNIX: i32 = 1;
}

/// `ICMP6_FILTER` (netinet/icmp6.h).
const ICMP6_FILTER: i32 = 18;
/// `IP_PORTRANGE_LOW`: ports below 600, which the host does not choose from.
const PORT_RANGE_LOW: i32 = 2;

/// Options of the socket itself that are a bit, which is what asking for one gives.
const BITS: i32 = 0xffff;

/// The host's option for joining and leaving groups whose structure holds addresses: FreeBSD's, the host's, and how
/// many addresses there are.
const GROUPS: [(i32, i32, usize); 6] = [
    (flags::MCAST_JOIN_GROUP, 42, 1),
    (flags::MCAST_BLOCK_SOURCE, 43, 2),
    (flags::MCAST_UNBLOCK_SOURCE, 44, 2),
    (flags::MCAST_LEAVE_GROUP, 45, 1),
    (flags::MCAST_JOIN_SOURCE_GROUP, 46, 2),
    (flags::MCAST_LEAVE_SOURCE_GROUP, 47, 2),
];

/// The same for `struct ip_mreq_source`, of which the last two members are the other way round.
const SOURCES: [(i32, i32); 4] = [
    (flags::IP_UNBLOCK_SOURCE, 37),
    (flags::IP_BLOCK_SOURCE, 38),
    (flags::IP_ADD_SOURCE_MEMBERSHIP, 39),
    (flags::IP_DROP_SOURCE_MEMBERSHIP, 40),
];

/// States of a connection (linux/tcp_states.h to netinet/tcp_fsm.h).
const STATES: [u8; 13] = [0, 4, 2, 3, 6, 9, 10, 0, 5, 8, 1, 7, 3];

crate::layout! {
    /// `struct xucred` (sys/ucred.h).
    pub struct PeerCredentials: 88 {
        pub version: u32,
        pub uid: u32,
        pub group_count: i16,
        pub pad: u16,
        pub groups: [u32; 16],
        pub pad2: u32,
        pub pid: u64,
    }
}

/// A value on its way in or out.
struct Value {
    bytes: [u8; VALUE],
    len: usize,
}

impl Value {
    fn of(bytes: &[u8]) -> Value {
        let mut value = Value { bytes: [0; VALUE], len: bytes.len() };
        value.bytes[..bytes.len()].copy_from_slice(bytes);
        value
    }

    fn number(number: i32) -> Value {
        Value::of(&number.to_ne_bytes())
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The number that it is.
    fn int(&self) -> Result<i32, Errno> {
        let bytes = self.bytes().first_chunk::<4>().ok_or(Errno::INVAL)?;
        Ok(i32::from_ne_bytes(*bytes))
    }
}

/// Asks the host for an option.
fn ask(cx: &mut Context, descriptor: i32, level: i32, name: i32, room: usize) -> Result<Value, Errno> {
    let mut value = Value { bytes: [0; VALUE], len: 0 };
    value.len = socket::get_option(cx, descriptor, level, name, &mut value.bytes[..room.min(VALUE)])?;
    Ok(value)
}

fn ask_number(cx: &mut Context, descriptor: i32, level: i32, name: i32) -> Result<i32, Errno> {
    ask(cx, descriptor, level, name, 4)?.int()
}

/// getsockopt(2).
///
/// # Errors
/// `ENOPROTOOPT` for an option that is not known, else as there.
pub fn get(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    at: Pointer,
    len_at: Pointer,
) -> Result<i32, Errno> {
    let room = if at.is_null() { 0 } else { guest::get::<i32>(len_at.0)? };
    let room = usize::try_from(room).map_err(|_| Errno::INVAL)?;
    let value = find(cx, descriptor, level, name, room)?;
    let told = &value.bytes()[..value.len.min(room)];
    guest::write(at.0, told)?;
    if !at.is_null() {
        guest::put(len_at.0, &(told.len() as u32))?;
    }
    Ok(0)
}

fn find(cx: &mut Context, descriptor: i32, level: i32, name: i32, room: usize) -> Result<Value, Errno> {
    match (level, name) {
        (flags::SOL_SOCKET, _) => find_own(cx, descriptor, name, room),
        (0, _) if socket::domain(descriptor)? == host::AF_UNIX => find_local(cx, descriptor, name),
        (flags::SOL_IP, flags::IP_DONTFRAG) => {
            let mode = ask_number(cx, descriptor, host::IPPROTO_IP, host::IP_MTU_DISCOVER)?;
            Ok(Value::number(i32::from(mode == host::IP_PMTUDISC_DO)))
        }
        (flags::SOL_IP, flags::IP_RECVDSTADDR) => trait_of(descriptor, traits::DESTINATION),
        (flags::SOL_IP, flags::IP_RECVIF) => trait_of(descriptor, traits::INTERFACE),
        (flags::SOL_IP, flags::IP_PORTRANGE) | (flags::SOL_IPV6, flags::IPV6_PORTRANGE) => {
            Ok(Value::number(0))
        }
        (flags::SOL_TCP, flags::TCP_INFO) => connection(cx, descriptor),
        (flags::SOL_TCP, flags::TCP_CONGESTION) => {
            let value = ask(cx, descriptor, host::IPPROTO_TCP, host::TCP_CONGESTION, 16)?;
            let name = value.bytes().split(|byte| *byte == 0).next().unwrap_or(&[]);
            let mut told = Value::of(&[0; 16]);
            let name = if name == b"reno" { b"newreno" } else { name };
            told.bytes[..name.len()].copy_from_slice(name);
            Ok(told)
        }
        (flags::SOL_TCP, flags::TCP_MAXUNACKTIME) => {
            let milliseconds = ask_number(cx, descriptor, host::IPPROTO_TCP, host::TCP_USER_TIMEOUT)?;
            Ok(Value::number((milliseconds as u32).div_ceil(1000) as i32))
        }
        (flags::SOL_ICMPV6, ICMP6_FILTER) => {
            let mut value = ask(cx, descriptor, host::IPPROTO_ICMPV6, host::ICMPV6_FILTER, 32)?;
            invert(&mut value);
            Ok(value)
        }
        _ => {
            let (level, name) = flags::option_to_host(level, name)?;
            ask(cx, descriptor, level, name, room)
        }
    }
}

/// Whether a socket has a trait, as an option tells it.
fn trait_of(descriptor: i32, bits: u8) -> Result<Value, Errno> {
    socket::domain(descriptor)?;
    Ok(Value::number(i32::from(socket::has_traits(descriptor, bits))))
}

/// An option of the socket itself.
fn find_own(cx: &mut Context, descriptor: i32, name: i32, room: usize) -> Result<Value, Errno> {
    let ask_host = |cx: &mut Context| {
        let name = flags::SOCKET_OPTION.to_host(name).map_err(|_| Errno::NOPROTOOPT)?;
        ask(cx, descriptor, host::SOL_SOCKET, name, room.max(4))
    };
    match name {
        flags::SO_ERROR => {
            let told = ask_host(cx)?.int()?;
            let error = match socket::take_error(descriptor) {
                Some(kept) if told == 0 => kept,
                _ => Errno(told),
            };
            Ok(Value::number(if error.0 == 0 { 0 } else { errno::from_host(error) }))
        }
        flags::SO_DOMAIN => {
            let domain = ask_host(cx)?.int()?;
            Ok(Value::number(flags::DOMAIN.from_host(domain).unwrap_or(flags::AF_UNSPEC)))
        }
        // The host tells twice what was asked for, with its own needs.
        flags::SO_SNDBUF | flags::SO_RCVBUF => Ok(Value::number(ask_host(cx)?.int()? / 2)),
        flags::SO_NOSIGPIPE => {
            let told = trait_of(descriptor, traits::QUIET)?.int()?;
            Ok(Value::number(told * name))
        }
        flags::SO_BINTIME => {
            let on = ask_number(cx, descriptor, host::SOL_SOCKET, host::SO_TIMESTAMPNS)?;
            Ok(Value::number(if on != 0 { name } else { 0 }))
        }
        flags::SO_LISTENQLIMIT | flags::SO_LISTENQLEN | flags::SO_LISTENINCQLEN => {
            let listens = ask_number(cx, descriptor, host::SOL_SOCKET, SO_ACCEPTCONN)?;
            if listens == 0 {
                return Err(Errno::INVAL);
            }
            let information = ask(cx, descriptor, host::IPPROTO_TCP, host::TCP_INFO, 104)?;
            let word = |at: usize| u32_at(information.bytes(), 8 + 4 * at) as i32;
            // tcpi_unacked and tcpi_sacked of a socket that listens (linux/tcp.h).
            Ok(Value::number(match name {
                flags::SO_LISTENQLEN => word(4),
                flags::SO_LISTENQLIMIT => word(5),
                _ => 0,
            }))
        }
        flags::SO_LINGER | flags::SO_SNDTIMEO | flags::SO_RCVTIMEO => ask_host(cx),
        _ if name & !BITS == 0 && (name as u32).is_power_of_two() => {
            Ok(Value::number(if ask_host(cx)?.int()? != 0 { name } else { 0 }))
        }
        _ => ask_host(cx),
    }
}

/// `SO_ACCEPTCONN` of the host (asm-generic/socket.h).
const SO_ACCEPTCONN: i32 = 30;

/// An option of a local socket.
fn find_local(cx: &mut Context, descriptor: i32, name: i32) -> Result<Value, Errno> {
    match name {
        flags::LOCAL_PEERCRED => {
            let peer = ask(cx, descriptor, host::SOL_SOCKET, host::SO_PEERCRED, 12)?;
            let [pid, uid, gid] = [0, 4, 8].map(|at| u32_at(peer.bytes(), at));
            if pid == 0 && uid == u32::MAX {
                return Err(Errno::NOTCONN);
            }
            let mut told =
                PeerCredentials { uid, group_count: 1, pid: u64::from(pid), ..PeerCredentials::default() };
            told.groups[0] = gid;
            // SAFETY: a plain type has no padding, so all its bytes are initialised.
            let bytes = unsafe {
                core::slice::from_raw_parts((&raw const told).cast::<u8>(), size_of::<PeerCredentials>())
            };
            Ok(Value::of(bytes))
        }
        flags::LOCAL_CREDS => trait_of(descriptor, traits::CREDENTIALS),
        flags::LOCAL_CREDS_PERSISTENT => trait_of(descriptor, traits::ALL_CREDENTIALS),
        _ => Err(Errno::NOPROTOOPT),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// `struct tcp_info`: its first words are the host's in name and order, but windows are in bytes, and states have
/// numbers of their own.
fn connection(cx: &mut Context, descriptor: i32) -> Result<Value, Errno> {
    let host = ask(cx, descriptor, host::IPPROTO_TCP, host::TCP_INFO, 104)?;
    Ok(connection_from_host(host.bytes()))
}

/// Length of `struct tcp_info` of FreeBSD 14.
const TCP_INFO: usize = 236;

fn connection_from_host(host: &[u8]) -> Value {
    // Bytes, then words: 2 is tcpi_snd_mss, 17 tcpi_snd_ssthresh, 18 tcpi_snd_cwnd, 22 tcpi_rcv_space.
    const WORDS: usize = 8;
    let mut told = Value::of(&[0; TCP_INFO]);
    let len = host.len().min(WORDS + 4 * 23);
    told.bytes[..len].copy_from_slice(&host[..len]);
    told.bytes[0] = host.first().and_then(|state| STATES.get(usize::from(*state))).copied().unwrap_or(0);
    let segment = u32_at(host, WORDS + 4 * 2).max(1);
    for word in [17, 18] {
        let at = WORDS + 4 * word;
        let bytes = u32_at(host, at).saturating_mul(segment);
        told.bytes[at..at + 4].copy_from_slice(&bytes.to_ne_bytes());
    }
    told
}

/// What is let through here is what is stopped there.
fn invert(value: &mut Value) {
    for byte in &mut value.bytes[..value.len] {
        *byte = !*byte;
    }
}

/// setsockopt(2).
///
/// # Errors
/// `ENOPROTOOPT` for an option that is not known, else as there.
pub fn set(
    cx: &mut Context,
    descriptor: i32,
    level: i32,
    name: i32,
    at: Pointer,
    len: u32,
) -> Result<i32, Errno> {
    let len = i32::try_from(len).map_err(|_| Errno::INVAL)? as usize;
    if at.is_null() && len != 0 {
        return Err(Errno::FAULT);
    }
    let mut value = Value { bytes: [0; VALUE], len: len.min(VALUE) };
    guest::read(at.0, &mut value.bytes[..value.len])?;
    put(cx, descriptor, level, name, value).map(|_| 0)
}

fn put(cx: &mut Context, descriptor: i32, level: i32, name: i32, mut value: Value) -> Result<u64, Errno> {
    match (level, name) {
        (flags::SOL_SOCKET, flags::SO_NOSIGPIPE) => {
            socket::domain(descriptor)?;
            socket::set_traits(descriptor, traits::QUIET, value.int()? != 0).map(|()| 0)
        }
        (flags::SOL_SOCKET, flags::SO_BINTIME) => {
            socket::set_option(cx, descriptor, host::SOL_SOCKET, host::SO_TIMESTAMPNS, value.bytes())
        }
        // There is one routing table.
        (flags::SOL_SOCKET, flags::SO_FIB) => {
            socket::domain(descriptor)?;
            if value.int()? == 0 { Ok(0) } else { Err(Errno::INVAL) }
        }
        (0, _) if level == 0 && socket::domain(descriptor)? == host::AF_UNIX => {
            put_local(cx, descriptor, name, &value)
        }
        (flags::SOL_IP, flags::IP_DONTFRAG) => {
            let mode = if value.int()? != 0 { host::IP_PMTUDISC_DO } else { host::IP_PMTUDISC_DONT };
            let mode = mode.to_ne_bytes();
            socket::set_option(cx, descriptor, host::IPPROTO_IP, host::IP_MTU_DISCOVER, &mode)
        }
        (flags::SOL_IP, flags::IP_RECVDSTADDR) => put_arrival(cx, descriptor, traits::DESTINATION, &value),
        (flags::SOL_IP, flags::IP_RECVIF) => put_arrival(cx, descriptor, traits::INTERFACE, &value),
        (flags::SOL_IP, flags::IP_PORTRANGE) | (flags::SOL_IPV6, flags::IPV6_PORTRANGE) => {
            socket::domain(descriptor)?;
            match value.int()? {
                // The host chooses from high ports in any case.
                0 | 1 => Ok(0),
                PORT_RANGE_LOW => Err(Errno::NOPROTOOPT),
                _ => Err(Errno::INVAL),
            }
        }
        (flags::SOL_IP | flags::SOL_IPV6, _) if GROUPS.iter().any(|group| group.0 == name) => {
            put_group(cx, descriptor, level, name, &value)
        }
        (flags::SOL_IP, _) if SOURCES.iter().any(|source| source.0 == name) => {
            let host = SOURCES.iter().find(|source| source.0 == name).map_or(0, |source| source.1);
            if value.len < 12 {
                return Err(Errno::INVAL);
            }
            value.bytes[4..12].rotate_left(4);
            socket::set_option(cx, descriptor, host::IPPROTO_IP, host, &value.bytes()[..12])
        }
        (flags::SOL_TCP, flags::TCP_CONGESTION) => {
            let name = value.bytes().split(|byte| *byte == 0).next().unwrap_or(&[]);
            let name = if name == b"newreno" { b"reno" } else { name };
            socket::set_option(cx, descriptor, host::IPPROTO_TCP, host::TCP_CONGESTION, name)
        }
        (flags::SOL_TCP, flags::TCP_MAXUNACKTIME) => {
            let milliseconds = value.int()?.checked_mul(1000).ok_or(Errno::INVAL)?.to_ne_bytes();
            socket::set_option(cx, descriptor, host::IPPROTO_TCP, host::TCP_USER_TIMEOUT, &milliseconds)
        }
        (flags::SOL_ICMPV6, ICMP6_FILTER) => {
            invert(&mut value);
            socket::set_option(cx, descriptor, host::IPPROTO_ICMPV6, host::ICMPV6_FILTER, value.bytes())
        }
        _ => {
            let (level, name) = flags::option_to_host(level, name)?;
            socket::set_option(cx, descriptor, level, name, value.bytes())
        }
    }
}

/// An option of a local socket.
fn put_local(cx: &mut Context, descriptor: i32, name: i32, value: &Value) -> Result<u64, Errno> {
    let bits = match name {
        flags::LOCAL_CREDS => traits::CREDENTIALS,
        flags::LOCAL_CREDS_PERSISTENT => traits::ALL_CREDENTIALS,
        _ => return Err(Errno::NOPROTOOPT),
    };
    let on = value.int()? != 0;
    // Only one of the two at a time, as there.
    let other = traits::CREDENTIALS | traits::ALL_CREDENTIALS;
    if on && socket::has_traits(descriptor, other & !bits) {
        return Err(Errno::INVAL);
    }
    let told = i32::from(on).to_ne_bytes();
    socket::set_option(cx, descriptor, host::SOL_SOCKET, host::SO_PASSCRED, &told)?;
    socket::set_traits(descriptor, bits, on).map(|()| 0)
}

/// What comes with a message of where and how it arrived: the host has one option for both.
fn put_arrival(cx: &mut Context, descriptor: i32, bits: u8, value: &Value) -> Result<u64, Errno> {
    let on = value.int()? != 0;
    let other = (traits::DESTINATION | traits::INTERFACE) & !bits;
    let told = i32::from(on || socket::has_traits(descriptor, other)).to_ne_bytes();
    socket::set_option(cx, descriptor, host::IPPROTO_IP, host::IP_PKTINFO, &told)?;
    socket::set_traits(descriptor, bits, on).map(|()| 0)
}

/// Joins or leaves a group: `struct group_req` or `struct group_source_req`, an interface and one or two addresses of
/// 128 bytes each.
fn put_group(cx: &mut Context, descriptor: i32, level: i32, name: i32, value: &Value) -> Result<u64, Errno> {
    const ADDRESS: usize = 128;
    let (_, host, count) = GROUPS.iter().copied().find(|group| group.0 == name).ok_or(Errno::NOPROTOOPT)?;
    let len = 8 + count * ADDRESS;
    if value.len < len {
        return Err(Errno::INVAL);
    }
    let mut told = Value::of(&[0; 8 + 2 * ADDRESS]);
    told.bytes[..8].copy_from_slice(&value.bytes[..8]);
    for at in (8..len).step_by(ADDRESS) {
        let guest = &value.bytes[at..at + ADDRESS];
        let size = usize::from(guest[0]).clamp(2, ADDRESS);
        let address = address::to_host(&guest[..size])?;
        told.bytes[at..at + address.bytes().len()].copy_from_slice(address.bytes());
    }
    // Levels of protocols are their numbers in both systems.
    socket::set_option(cx, descriptor, level, host, &told.bytes[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_have_freebsds_states_and_windows_in_bytes() {
        let mut host = [0u8; 104];
        host[0] = 1;
        let mut set = |word: usize, value: u32| {
            host[8 + 4 * word..12 + 4 * word].copy_from_slice(&value.to_ne_bytes());
        };
        set(0, 204_000);
        set(2, 1448);
        set(18, 10);
        set(17, 0x7fff_ffff);
        let told = connection_from_host(&host);
        assert_eq!(told.len, TCP_INFO);
        assert_eq!(told.bytes[0], 4);
        assert_eq!(u32_at(told.bytes(), 8), 204_000);
        assert_eq!(u32_at(told.bytes(), 8 + 4 * 18), 14480);
        assert_eq!(u32_at(told.bytes(), 8 + 4 * 17), u32::MAX);
        host[0] = 10;
        assert_eq!(connection_from_host(&host).bytes[0], 1);
        host[0] = 200;
        assert_eq!(connection_from_host(&host).bytes[0], 0);
        assert_eq!(connection_from_host(&[]).len, TCP_INFO);
    }

    #[test]
    fn numbers_are_four_bytes() {
        assert_eq!(Value::number(-5).int(), Ok(-5));
        assert_eq!(Value::of(&[1, 0, 0]).int(), Err(Errno::INVAL));
    }

    #[test]
    fn every_group_option_has_one_of_the_host() {
        for (name, host, count) in GROUPS {
            assert!((80..=85).contains(&name) && (42..=47).contains(&host) && (1..=2).contains(&count));
        }
    }
}
