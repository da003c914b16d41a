//! Control data of messages (sys/socket.h, netinet/in.h, netinet6/in6.h): a header of three words, where the host's
//! has a length of eight bytes; the data of both begins at 16.

use schemas::Errno;

use super::address;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call;
use crate::operation::socket::address::Address;
use crate::operation::socket::message::{CONTROL_HEADER, Control, SCM_RIGHTS, SOL_SOCKET, descriptors};
use crate::operation::socket::traits;
use crate::personality::freebsd::flags;

/// Control data of the host (linux/socket.h, asm-generic/socket.h, linux/in.h, linux/in6.h).
mod host {
    pub const SCM_CREDENTIALS: i32 = 2;
    pub const SO_TIMESTAMP: i32 = 29;
    pub const SO_TIMESTAMPNS: i32 = 35;
    pub const IPPROTO_IP: i32 = 0;
    pub const IPPROTO_IPV6: i32 = 41;
    pub const IP_TOS: i32 = 1;
    pub const IP_TTL: i32 = 2;
    pub const IP_PKTINFO: i32 = 8;
    pub const IP_ORIGDSTADDR: i32 = 20;
}

const RIGHTS: i32 = 1;
const TIMESTAMP: i32 = 2;
const CREDS: i32 = 3;
const BINTIME: i32 = 4;
const CREDS2: i32 = 8;

/// Longest data of one part.
const PART: usize = 512;

crate::layout! {
    /// `struct cmsghdr`, with what aligns the data.
    pub struct GuestHeader: 16 {
        pub len: u32,
        pub level: i32,
        pub kind: i32,
        pub pad: u32,
    }

    /// `struct cmsgcred`.
    pub struct Credentials: 84 {
        pub pid: i32,
        pub uid: u32,
        pub euid: u32,
        pub gid: u32,
        pub group_count: i16,
        pub pad: u16,
        pub groups: [u32; 16],
    }

    /// `struct sockcred` with one group.
    pub struct SocketCredentials: 24 {
        pub uid: u32,
        pub euid: u32,
        pub gid: u32,
        pub egid: u32,
        pub group_count: i32,
        pub group: u32,
    }

    /// `struct sockcred2` with one group.
    pub struct SocketCredentials2: 32 {
        pub version: i32,
        pub pid: i32,
        pub uid: u32,
        pub euid: u32,
        pub gid: u32,
        pub egid: u32,
        pub group_count: i32,
        pub group: u32,
    }

    /// `struct sockaddr_dl` as `IP_RECVIF` fills it in: an interface by its index.
    pub struct LinkAddress: 56 {
        pub len: u8,
        pub family: u8,
        pub index: u16,
        pub kind: u8,
        pub name_len: u8,
        pub address_len: u8,
        pub selector_len: u8,
        pub data: [u8; 46],
        pub pad: u16,
    }
}

/// Length of `struct sockaddr_dl` without what aligns it here.
const LINK_ADDRESS: usize = 54;

/// The bytes of a structure.
fn bytes_of<T: guest::Plain>(value: &T) -> &[u8] {
    // SAFETY: a plain type has no padding, so all its bytes are initialised.
    unsafe { core::slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>()) }
}

/// Takes control data from the guest.
///
/// # Errors
/// `EINVAL` for what is cut short or cannot be sent, `EMSGSIZE`, `EFAULT`.
pub fn read(at: u64, len: u32, control: &mut Control) -> Result<(), Errno> {
    let mut rest = len as usize;
    let mut at = at;
    while rest >= 12 {
        let mut header = [0u32; 3];
        for (word, place) in header.iter_mut().zip(0..) {
            *word = guest::get(at + 4 * place)?;
        }
        let [len, level, kind] = header;
        let len = len as usize;
        let data_len = len.checked_sub(CONTROL_HEADER).filter(|_| len <= rest).ok_or(Errno::INVAL)?;
        let mut data = [0; PART * 2];
        let data = data.get_mut(..data_len).ok_or(Errno::MSGSIZE)?;
        guest::read(at + CONTROL_HEADER as u64, data)?;
        to_host(level as i32, kind as i32, data, control)?;
        let step = len.next_multiple_of(8);
        rest = rest.saturating_sub(step);
        at += step as u64;
    }
    Ok(())
}

/// One part in the host's form.
fn to_host(level: i32, kind: i32, data: &[u8], control: &mut Control) -> Result<(), Errno> {
    match (level, kind) {
        (flags::SOL_SOCKET, RIGHTS) => {
            control.push(SOL_SOCKET, SCM_RIGHTS, data.len())?.copy_from_slice(data);
        }
        (flags::SOL_SOCKET, CREDS) => {
            // What the sender says is not looked at: the system fills it in.
            let own = [__NR_getpid, __NR_getuid, __NR_getgid].map(|number| {
                // SAFETY: no arguments.
                unsafe { call::<0>(number, []) }.unwrap_or(0) as u32
            });
            let to = control.push(SOL_SOCKET, host::SCM_CREDENTIALS, 12)?;
            to.copy_from_slice(bytes_of(&own));
        }
        (flags::SOL_IP, flags::IP_RECVDSTADDR) => {
            // Also IP_SENDSRCADDR: interface, source, destination.
            let to = control.push(host::IPPROTO_IP, host::IP_PKTINFO, 12)?;
            to.fill(0);
            to[4..8].copy_from_slice(data.get(..4).ok_or(Errno::INVAL)?);
        }
        (flags::SOL_IP, flags::IP_TOS) => {
            let tos = i32::from(*data.first().ok_or(Errno::INVAL)?);
            control.push(host::IPPROTO_IP, host::IP_TOS, 4)?.copy_from_slice(&tos.to_ne_bytes());
        }
        (flags::SOL_IPV6, flags::IPV6_NEXTHOP) => return Err(Errno::INVAL),
        (flags::SOL_IPV6, _) => {
            let kind = flags::IPV6_OPTION.to_host(kind)?;
            control.push(host::IPPROTO_IPV6, kind, data.len())?.copy_from_slice(data);
        }
        _ => return Err(Errno::INVAL),
    }
    Ok(())
}

/// Where control data goes in the guest's memory.
struct Output {
    at: u64,
    room: usize,
    written: usize,
    /// Something did not fit.
    cut: bool,
}

impl Output {
    /// Writes one part. Nothing that comes after one that does not fit is written.
    fn push(&mut self, level: i32, kind: i32, data: &[u8]) -> Result<bool, Errno> {
        let start = self.written.next_multiple_of(8);
        let len = CONTROL_HEADER + data.len();
        if self.cut || start + len > self.room {
            self.cut = true;
            return Ok(false);
        }
        let header = GuestHeader { len: len as u32, level, kind, pad: 0 };
        guest::put(self.at + start as u64, &header)?;
        guest::write(self.at + (start + CONTROL_HEADER) as u64, data)?;
        self.written = start + len;
        Ok(true)
    }
}

/// Writes control data to the guest; gives how much, and whether it was cut. Descriptors that it is not told of are
/// closed.
///
/// # Errors
/// `EFAULT`.
pub fn write(
    control: &Control,
    at: u64,
    room: usize,
    wanted: impl Fn(u8) -> bool,
) -> Result<(u32, bool), Errno> {
    let mut output = Output { at, room, written: 0, cut: false };
    let mut failed = Ok(());
    for (level, kind, data) in control.parts() {
        let told = from_host(level, kind, data, &wanted, &mut output);
        if level == SOL_SOCKET && kind == SCM_RIGHTS && told != Ok(true) {
            for descriptor in descriptors(data) {
                // SAFETY: no pointers; it came with this message.
                let _ = unsafe { call(__NR_close, [descriptor as u64]) };
            }
        }
        if let Err(error) = told {
            failed = Err(error);
            output.cut = true;
        }
    }
    failed?;
    // The space of a part is aligned, as far as there is room.
    Ok((output.written.next_multiple_of(8).min(room) as u32, output.cut))
}

/// One part in FreeBSD's form; tells whether it was written.
fn from_host(
    level: i32,
    kind: i32,
    data: &[u8],
    wanted: &impl Fn(u8) -> bool,
    output: &mut Output,
) -> Result<bool, Errno> {
    let word = |at: usize| {
        data.get(at..at + 4).map_or(0, |bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    match (level, kind) {
        (SOL_SOCKET, SCM_RIGHTS) => output.push(flags::SOL_SOCKET, RIGHTS, data),
        (SOL_SOCKET, host::SCM_CREDENTIALS) => {
            let (pid, uid, gid) = (word(0) as i32, word(4), word(8));
            // The host tells of none by a process that there cannot be.
            if pid == 0 {
                return Ok(false);
            }
            if wanted(traits::ALL_CREDENTIALS) {
                let told = SocketCredentials2 {
                    version: 0,
                    pid,
                    uid,
                    euid: uid,
                    gid,
                    egid: gid,
                    group_count: 1,
                    group: gid,
                };
                return output.push(flags::SOL_SOCKET, CREDS2, bytes_of(&told));
            }
            if wanted(traits::CREDENTIALS) {
                let told = SocketCredentials { uid, euid: uid, gid, egid: gid, group_count: 1, group: gid };
                return output.push(flags::SOL_SOCKET, CREDS, bytes_of(&told));
            }
            let mut told = Credentials { pid, uid, euid: uid, gid, group_count: 1, ..Credentials::default() };
            told.groups[0] = gid;
            output.push(flags::SOL_SOCKET, CREDS, bytes_of(&told))
        }
        (SOL_SOCKET, host::SO_TIMESTAMP) => output.push(flags::SOL_SOCKET, TIMESTAMP, data),
        (SOL_SOCKET, host::SO_TIMESTAMPNS) => {
            let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
            output.push(flags::SOL_SOCKET, BINTIME, bytes_of(&binary_time(long(0), long(8))))
        }
        (host::IPPROTO_IP, host::IP_PKTINFO) => {
            let mut told = false;
            if wanted(traits::DESTINATION) {
                told |= output.push(flags::SOL_IP, flags::IP_RECVDSTADDR, &word(8).to_ne_bytes())?;
            }
            if wanted(traits::INTERFACE) {
                let link = LinkAddress {
                    len: LINK_ADDRESS as u8,
                    family: flags::AF_LINK as u8,
                    index: word(0) as u16,
                    ..LinkAddress::default()
                };
                told |= output.push(flags::SOL_IP, flags::IP_RECVIF, &bytes_of(&link)[..LINK_ADDRESS])?;
            }
            Ok(told)
        }
        (host::IPPROTO_IP, host::IP_TTL) => output.push(flags::SOL_IP, flags::IP_RECVTTL, &[word(0) as u8]),
        (host::IPPROTO_IP, host::IP_TOS) => {
            output.push(flags::SOL_IP, flags::IP_RECVTOS, data.get(..1).unwrap_or(&[0]))
        }
        (host::IPPROTO_IP, host::IP_ORIGDSTADDR) => {
            let told = address::from_host(&Address::new(data).unwrap_or(Address::EMPTY));
            output.push(flags::SOL_IP, flags::IP_ORIGDSTADDR, told.bytes())
        }
        (host::IPPROTO_IPV6, _) => match flags::IPV6_OPTION.from_host(kind) {
            Some(flags::IPV6_ORIGDSTADDR) => {
                let told = address::from_host(&Address::new(data).unwrap_or(Address::EMPTY));
                output.push(flags::SOL_IPV6, flags::IPV6_ORIGDSTADDR, told.bytes())
            }
            Some(kind) => output.push(flags::SOL_IPV6, kind, data),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// A time as `struct bintime`: seconds and their fraction in 2^-64.
pub fn binary_time(seconds: u64, nanoseconds: u64) -> [u64; 2] {
    [seconds, ((u128::from(nanoseconds) << 64) / 1_000_000_000) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest_part(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let header = GuestHeader { len: (CONTROL_HEADER + data.len()) as u32, level, kind, pad: 0 };
        let mut bytes = bytes_of(&header).to_vec();
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn there(bytes: &[u8]) -> Result<Vec<(i32, i32, Vec<u8>)>, Errno> {
        let mut control = Control::new();
        read(bytes.as_ptr() as u64, bytes.len() as u32, &mut control)?;
        Ok(control.parts().map(|(level, kind, data)| (level, kind, data.to_vec())).collect())
    }

    fn back(parts: &[(i32, i32, &[u8])], room: usize, bits: u8) -> (Vec<u8>, bool) {
        let mut control = Control::new();
        for (level, kind, data) in parts {
            control.push(*level, *kind, data.len()).unwrap().copy_from_slice(data);
        }
        let mut memory = [0u8; 512];
        let (len, cut) =
            write(&control, memory.as_mut_ptr() as u64, room, |wanted| bits & wanted != 0).unwrap();
        (memory[..len as usize].to_vec(), cut)
    }

    #[test]
    fn rights_and_packet_information_go_there() {
        let mut bytes = guest_part(0xffff, RIGHTS, &3i32.to_ne_bytes());
        bytes.extend(guest_part(41, 46, &[7; 20]));
        bytes.extend(guest_part(0, 7, &[10, 0, 0, 1]));
        bytes.extend(guest_part(0, 3, &[8]));
        let parts = there(&bytes).unwrap();
        assert_eq!(parts[0], (1, 1, 3i32.to_ne_bytes().to_vec()));
        assert_eq!(parts[1], (41, 50, vec![7; 20]));
        assert_eq!(parts[2], (0, 8, vec![0, 0, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0]));
        assert_eq!(parts[3], (0, 1, 8i32.to_ne_bytes().to_vec()));
    }

    #[test]
    fn credentials_are_the_systems_own() {
        let parts = there(&guest_part(0xffff, CREDS, &[0xff; 84])).unwrap();
        assert_eq!((parts[0].0, parts[0].1), (1, 2));
        assert_eq!(parts[0].2[..4], std::process::id().to_ne_bytes());
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_refused() {
        let mut bytes = guest_part(0xffff, RIGHTS, &[0; 8]);
        bytes[0] = 200;
        assert_eq!(there(&bytes), Err(Errno::INVAL));
        bytes[0] = 3;
        assert_eq!(there(&bytes), Err(Errno::INVAL));
        assert_eq!(there(&guest_part(0xffff, 99, &[])), Err(Errno::INVAL));
        assert_eq!(there(&guest_part(0, 7, &[1])), Err(Errno::INVAL));
        assert_eq!(there(&guest_part(0xffff, RIGHTS, &[0; 2048])), Err(Errno::MSGSIZE));
        assert_eq!(there(&[]), Ok(vec![]));
    }

    #[test]
    fn what_the_host_tells_comes_back() {
        let time = [5u64.to_ne_bytes(), 6u64.to_ne_bytes()].concat();
        let (bytes, cut) = back(&[(1, 29, &time)], 512, 0);
        assert_eq!((bytes, cut), (guest_part(0xffff, TIMESTAMP, &time), false));
        let information = [3u32, 0, 0x0100_000a].map(u32::to_ne_bytes).concat();
        let (bytes, _) = back(&[(0, 8, &information)], 512, traits::DESTINATION);
        assert_eq!(bytes, guest_part(0, 7, &[10, 0, 0, 1]));
        let (bytes, _) = back(&[(0, 8, &information)], 512, traits::INTERFACE);
        assert_eq!((bytes[0], bytes[16], bytes[17], bytes[18]), (70, 54, 18, 3));
        let (bytes, _) = back(&[(0, 8, &information)], 512, 0);
        assert!(bytes.is_empty());
        let (bytes, _) = back(&[(0, 2, &64i32.to_ne_bytes()), (0, 1, &[4])], 512, 0);
        assert_eq!(bytes, [guest_part(0, 65, &[64]), guest_part(0, 68, &[4])].concat());
        let (bytes, _) = back(&[(41, 50, &[7; 20]), (41, 200, &[])], 512, 0);
        assert_eq!(bytes, guest_part(41, 46, &[7; 20]));
    }

    #[test]
    fn credentials_come_in_the_form_that_was_asked_for() {
        let told = [42u32, 1000, 100].map(u32::to_ne_bytes).concat();
        for (bits, kind, len) in
            [(0, CREDS, 84), (traits::CREDENTIALS, CREDS, 24), (traits::ALL_CREDENTIALS, CREDS2, 32)]
        {
            let (bytes, _) = back(&[(1, 2, &told)], 512, bits);
            assert_eq!(bytes[0], 16 + len);
            assert_eq!(bytes[8], kind as u8);
        }
        let (bytes, _) = back(&[(1, 2, &[0; 12])], 512, 0);
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_cut_and_its_descriptors_closed() {
        // SAFETY: no pointers.
        let passed = unsafe { call(__NR_eventfd2, [0, 0]) }.unwrap() as i32;
        let (bytes, cut) = back(&[(1, 1, &passed.to_ne_bytes())], 19, 0);
        assert!(bytes.is_empty() && cut);
        // SAFETY: no pointers.
        assert_eq!(unsafe { call(__NR_fcntl, [passed as u64, 1]) }, Err(Errno::BADF));
        let (bytes, cut) = back(&[(0, 2, &[9, 0, 0, 0]), (0, 1, &[4])], 24, 0);
        assert_eq!((bytes, cut), (guest_part(0, 65, &[9]), true));
    }

    #[test]
    fn binary_times_have_fractions() {
        assert_eq!(binary_time(3, 500_000_000), [3, 1 << 63]);
        assert_eq!(binary_time(3, 0), [3, 0]);
    }
}
