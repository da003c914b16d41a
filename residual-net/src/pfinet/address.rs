//! Socket addresses in Linux's layout (ip(7), ipv6(7), `linux/in.h`, `linux/in6.h`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use schemas::Errno;

/// `AF_UNSPEC`, `AF_INET`, `AF_INET6` and `AF_NETLINK` of Linux.
pub const UNSPEC: u16 = 0;
/// Internet protocol, version 4.
pub const INET: u16 = 2;
/// Internet protocol, version 6.
pub const INET6: u16 = 10;
/// Netlink.
pub const NETLINK: u16 = 16;
/// Routing sockets of BSD systems.
pub const ROUTING: u16 = schemas::transport::FAMILY_ROUTING;

/// The family of an address, `AF_UNSPEC` when it is too short to tell.
pub fn family(bytes: &[u8]) -> u16 {
    bytes.first_chunk().map_or(UNSPEC, |family| u16::from_ne_bytes(*family))
}

/// Reads a `struct sockaddr_in` or `sockaddr_in6`. An IPv4 address mapped to IPv6 becomes the IPv4 address.
///
/// # Errors
/// `EINVAL` when it is too short, `EAFNOSUPPORT` for another family.
pub fn parse(bytes: &[u8]) -> Result<SocketAddr, Errno> {
    match family(bytes) {
        INET => {
            let head = bytes.first_chunk::<8>().filter(|_| bytes.len() >= 16).ok_or(Errno::INVAL)?;
            let address = Ipv4Addr::new(head[4], head[5], head[6], head[7]);
            Ok(SocketAddr::from((address, u16::from_be_bytes([head[2], head[3]]))))
        }
        INET6 => {
            let head = bytes.first_chunk::<24>().ok_or(Errno::INVAL)?;
            let octets: [u8; 16] = core::array::from_fn(|at| head[8 + at]);
            let (address, port) = (Ipv6Addr::from(octets), u16::from_be_bytes([head[2], head[3]]));
            // The oldest layout (RFC 2133) ends before the interface.
            let scope = bytes
                .get(24..28)
                .map_or(0, |scope| u32::from_ne_bytes([scope[0], scope[1], scope[2], scope[3]]));
            Ok(match address.to_ipv4_mapped() {
                Some(mapped) => SocketAddr::from((mapped, port)),
                None => SocketAddr::V6(SocketAddrV6::new(address, port, 0, scope)),
            })
        }
        _ => Err(Errno::AFNOSUPPORT),
    }
}

/// The address as a socket of a family has it: on one of IPv6 an IPv4 address is a mapped one.
pub fn encode(address: SocketAddr, family: u16) -> Vec<u8> {
    match (address, family) {
        (SocketAddr::V4(address), INET) => {
            let mut bytes = INET.to_ne_bytes().to_vec();
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(address.ip().octets());
            bytes.resize(16, 0);
            bytes
        }
        _ => {
            let (ip, scope) = match address {
                SocketAddr::V4(address) if address.ip().is_unspecified() => (Ipv6Addr::UNSPECIFIED, 0),
                SocketAddr::V4(address) => (address.ip().to_ipv6_mapped(), 0),
                SocketAddr::V6(address) => (*address.ip(), address.scope_id()),
            };
            let mut bytes = INET6.to_ne_bytes().to_vec();
            bytes.extend(address.port().to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(ip.octets());
            bytes.extend(scope.to_ne_bytes());
            bytes
        }
    }
}

/// The bare address without a port, as interfaces and routes tell it. Link-local ones carry their interface.
pub fn encode_ip(address: IpAddr, interface: u32) -> Vec<u8> {
    match address {
        IpAddr::V4(_) => encode(SocketAddr::new(address, 0), INET),
        IpAddr::V6(ip) => {
            let scope = if ip.is_unicast_link_local() { interface } else { 0 };
            encode(SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, scope)), INET6)
        }
    }
}

/// The family of an IP address.
pub fn family_of(address: IpAddr) -> u16 {
    if address.is_ipv4() { INET } else { INET6 }
}

/// The unspecified address of the same family as another.
pub fn unspecified_like(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The loopback address of the same family as another.
pub fn loopback_like(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// The bytes of an address.
pub fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// An address from its bytes.
pub fn from_octets(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => None,
    }
}

/// Length of an address in bits.
pub fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first address of the network in which an address with so long a prefix lies.
pub fn network(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            Ipv4Addr::from(u32::from(ip) & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            Ipv6Addr::from(u128::from(ip) & mask).into()
        }
    }
}

/// The broadcast address of a network, where it has one.
pub fn broadcast(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(ip) if prefix < 31 => {
            let host = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
            Some(Ipv4Addr::from(u32::from(ip) | host).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        for (text, family) in [("10.1.0.2:80", INET), ("[fd00:1::2]:443", INET6), ("10.1.0.2:80", INET6)] {
            let address: SocketAddr = text.parse().unwrap();
            let bytes = encode(address, family);
            assert_eq!(super::family(&bytes), family);
            assert_eq!(parse(&bytes), Ok(address));
            for cut in 0..16 {
                assert!(parse(&bytes[..cut]).is_err(), "{cut}");
            }
        }
        assert_eq!(parse(&[1, 0, b'/']), Err(Errno::AFNOSUPPORT));
    }

    #[test]
    fn networks_have_a_first_and_a_last_address() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(ip("10.1.2.3"), 24), ip("10.1.2.0"));
        assert_eq!(network(ip("10.1.2.3"), 0), ip("0.0.0.0"));
        assert_eq!(network(ip("fd00:1::2"), 64), ip("fd00:1::"));
        assert_eq!(network(ip("fd00:1::2"), 0), ip("::"));
        assert_eq!(broadcast(ip("10.1.2.3"), 24), Some(ip("10.1.2.255")));
        assert_eq!((broadcast(ip("10.1.2.3"), 32), broadcast(ip("::1"), 64)), (None, None));
    }
}
