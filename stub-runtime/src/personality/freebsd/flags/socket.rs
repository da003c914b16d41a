//! Sockets: sys/socket.h, netinet/in.h, netinet/tcp.h, netinet6/in6.h, sys/un.h.

use linux_raw_sys::{general as abi, net};
use schemas::{Errno, transport};

use crate::constants;

/// The host's constants that its headers' Rust form lacks (linux/socket.h, asm-generic/socket.h, linux/tcp.h).
mod host {
    pub const SOCK_TYPE_MASK: u32 = 0xf;
    pub const MSG_OOB: u32 = 0x1;
    pub const MSG_PEEK: u32 = 0x2;
    pub const MSG_DONTROUTE: u32 = 0x4;
    pub const MSG_CTRUNC: u32 = 0x8;
    pub const MSG_TRUNC: u32 = 0x20;
    pub const MSG_DONTWAIT: u32 = 0x40;
    pub const MSG_EOR: u32 = 0x80;
    pub const MSG_WAITALL: u32 = 0x100;
    pub const MSG_NOSIGNAL: u32 = 0x4000;
    pub const MSG_WAITFORONE: u32 = 0x1_0000;
    pub const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
    pub const SHUT_RD: u32 = 0;
    pub const SHUT_WR: u32 = 1;
    pub const SHUT_RDWR: u32 = 2;
}

constants! {
    /// Flags of send(2) and recv(2).
    pub static MESSAGE: Flags of u32 {
        MSG_OOB = 0x1 => host::MSG_OOB;
        MSG_PEEK = 0x2 => host::MSG_PEEK;
        MSG_DONTROUTE = 0x4 => host::MSG_DONTROUTE;
        MSG_EOR = 0x8 => host::MSG_EOR;
        MSG_TRUNC = 0x10 => host::MSG_TRUNC;
        MSG_CTRUNC = 0x20 => host::MSG_CTRUNC;
        MSG_WAITALL = 0x40 => host::MSG_WAITALL;
        MSG_DONTWAIT = 0x80 => host::MSG_DONTWAIT;
        // Closes the sending side with the last byte; a handler sends and shuts down.
        MSG_EOF = 0x100;
        MSG_NOTIFICATION = 0x2000;
        // Non-blocking as the file's own flag is.
        MSG_NBIO = 0x4000 => host::MSG_DONTWAIT;
        // Marks calls of 4.3BSD inside the kernel; it does not change what the others do.
        MSG_COMPAT = 0x8000 => 0;
        MSG_NOSIGNAL = 0x2_0000 => host::MSG_NOSIGNAL;
        MSG_CMSG_CLOEXEC = 0x4_0000 => host::MSG_CMSG_CLOEXEC;
        MSG_WAITFORONE = 0x8_0000 => host::MSG_WAITFORONE;
    }

    /// Types of sockets, with the flags that go with them.
    pub static SOCKET_TYPE: Flags of u32 {
        SOCK_STREAM = 1 in 0xf => net::SOCK_STREAM in host::SOCK_TYPE_MASK;
        SOCK_DGRAM = 2 in 0xf => net::SOCK_DGRAM in host::SOCK_TYPE_MASK;
        SOCK_RAW = 3 in 0xf => net::SOCK_RAW in host::SOCK_TYPE_MASK;
        SOCK_RDM = 4 in 0xf => net::SOCK_RDM in host::SOCK_TYPE_MASK;
        SOCK_SEQPACKET = 5 in 0xf => net::SOCK_SEQPACKET in host::SOCK_TYPE_MASK;
        SOCK_CLOEXEC = 0x1000_0000 => abi::O_CLOEXEC;
        SOCK_NONBLOCK = 0x2000_0000 => abi::O_NONBLOCK;
        SOCK_CLOFORK = 0x4000_0000;
    }

    /// Domains, which are the families of addresses too.
    pub static DOMAIN: Values of i32 {
        AF_UNSPEC = 0 => net::AF_UNSPEC;
        AF_UNIX = 1 => net::AF_UNIX;
        AF_INET = 2 => net::AF_INET;
        AF_APPLETALK = 16 => net::AF_APPLETALK;
        // Routes and interfaces: the host tells them by netlink, in other messages. Stacks of our own have this.
        AF_ROUTE = 17 => transport::FAMILY_ROUTING;
        AF_LINK = 18;
        AF_IPX = 23 => net::AF_IPX;
        AF_INET6 = 28 => net::AF_INET6;
        AF_NATM = 29;
        AF_ATM = 30;
        AF_NETGRAPH = 32;
        AF_ARP = 35;
        AF_BLUETOOTH = 36 => net::AF_BLUETOOTH;
        AF_IEEE80211 = 37;
        AF_NETLINK = 38 => net::AF_NETLINK;
        AF_INET_SDP = 40;
        AF_INET6_SDP = 42;
        AF_HYPERV = 43;
        AF_DIVERT = 44;
    }

    /// Protocols have the numbers that IANA gives them in both systems; FreeBSD's own begin at 256.
    pub static PROTOCOL: Values of i32 {
        IPPROTO_IP = 0 => net::IPPROTO_IP;
        IPPROTO_ICMP = 1 => net::IPPROTO_ICMP;
        IPPROTO_IGMP = 2 => net::IPPROTO_IGMP;
        IPPROTO_IPV4 = 4 => net::IPPROTO_IPIP;
        IPPROTO_TCP = 6 => net::IPPROTO_TCP;
        IPPROTO_UDP = 17 => net::IPPROTO_UDP;
        IPPROTO_IPV6 = 41 => net::IPPROTO_IPV6;
        IPPROTO_RSVP = 46 => net::IPPROTO_RSVP;
        IPPROTO_GRE = 47 => net::IPPROTO_GRE;
        IPPROTO_ESP = 50 => net::IPPROTO_ESP;
        IPPROTO_AH = 51 => net::IPPROTO_AH;
        IPPROTO_ICMPV6 = 58 => 58;
        IPPROTO_PIM = 103 => net::IPPROTO_PIM;
        IPPROTO_SCTP = 132 => net::IPPROTO_SCTP;
        IPPROTO_UDPLITE = 136 => net::IPPROTO_UDPLITE;
        IPPROTO_RAW = 255 => net::IPPROTO_RAW;
        IPPROTO_DIVERT = 258;
    }

    /// Levels of options. A protocol's number is its level in both systems.
    pub static LEVEL: Values of i32 {
        SOL_SOCKET = 0xffff => net::SOL_SOCKET;
        // Also SOL_LOCAL, the level of the options of local sockets.
        SOL_IP = 0 => net::IPPROTO_IP;
        SOL_TCP = 6 => net::IPPROTO_TCP;
        SOL_UDP = 17 => net::IPPROTO_UDP;
        SOL_IPV6 = 41 => net::IPPROTO_IPV6;
        SOL_ICMPV6 = 58 => 58;
        SOL_SCTP = 132 => net::IPPROTO_SCTP;
        SOL_RAW = 255 => net::IPPROTO_RAW;
    }

    /// Which sides shutdown(2) ends.
    pub static SHUTDOWN: Values of i32 {
        SHUT_RD = 0 => host::SHUT_RD;
        SHUT_WR = 1 => host::SHUT_WR;
        SHUT_RDWR = 2 => host::SHUT_RDWR;
    }
}

constants! {
    /// Options at `SOL_SOCKET`.
    pub static SOCKET_OPTION: Values of i32 {
        SO_DEBUG = 0x1 => net::SO_DEBUG;
        SO_ACCEPTCONN = 0x2 => net::SO_ACCEPTCONN;
        SO_REUSEADDR = 0x4 => net::SO_REUSEADDR;
        SO_KEEPALIVE = 0x8 => net::SO_KEEPALIVE;
        SO_DONTROUTE = 0x10 => net::SO_DONTROUTE;
        SO_BROADCAST = 0x20 => net::SO_BROADCAST;
        SO_USELOOPBACK = 0x40;
        SO_LINGER = 0x80 => net::SO_LINGER;
        SO_OOBINLINE = 0x100 => net::SO_OOBINLINE;
        SO_REUSEPORT = 0x200 => net::SO_REUSEPORT;
        SO_TIMESTAMP = 0x400 => net::SO_TIMESTAMP_OLD;
        // Kept by the stub and added to each send as MSG_NOSIGNAL.
        SO_NOSIGPIPE = 0x800;
        SO_ACCEPTFILTER = 0x1000;
        SO_BINTIME = 0x2000;
        SO_NO_OFFLOAD = 0x4000;
        SO_NO_DDP = 0x8000;
        SO_REUSEPORT_LB = 0x1_0000 => net::SO_REUSEPORT;
        SO_RERROR = 0x2_0000;
        SO_SNDBUF = 0x1001 => net::SO_SNDBUF;
        SO_RCVBUF = 0x1002 => net::SO_RCVBUF;
        SO_SNDLOWAT = 0x1003 => net::SO_SNDLOWAT;
        SO_RCVLOWAT = 0x1004 => net::SO_RCVLOWAT;
        SO_SNDTIMEO = 0x1005 => net::SO_SNDTIMEO_OLD;
        SO_RCVTIMEO = 0x1006 => net::SO_RCVTIMEO_OLD;
        // The value is an error number and needs translation.
        SO_ERROR = 0x1007 => net::SO_ERROR;
        SO_TYPE = 0x1008 => net::SO_TYPE;
        SO_LABEL = 0x1009;
        SO_PEERLABEL = 0x1010;
        SO_LISTENQLIMIT = 0x1011;
        SO_LISTENQLEN = 0x1012;
        SO_LISTENINCQLEN = 0x1013;
        SO_FIB = 0x1014;
        SO_USER_COOKIE = 0x1015;
        SO_PROTOCOL = 0x1016 => net::SO_PROTOCOL;
        SO_TS_CLOCK = 0x1017;
        SO_MAX_PACING_RATE = 0x1018 => net::SO_MAX_PACING_RATE;
        // The value is a domain and needs translation.
        SO_DOMAIN = 0x1019 => net::SO_DOMAIN;
        SO_SPLICE = 0x1023;
    }

    /// Options at `IPPROTO_TCP`.
    pub static TCP_OPTION: Values of i32 {
        TCP_NODELAY = 1 => net::TCP_NODELAY;
        TCP_MAXSEG = 2 => net::TCP_MAXSEG;
        TCP_NOPUSH = 4 => net::TCP_CORK;
        TCP_NOOPT = 8;
        // The key is given by another structure.
        TCP_MD5SIG = 16;
        // The value is a structure of that OS.
        TCP_INFO = 32;
        TCP_STATS = 33;
        TCP_LOG = 34;
        TCP_CONGESTION = 64 => net::TCP_CONGESTION;
        TCP_CCALGOOPT = 65;
        // Seconds where the host's TCP_USER_TIMEOUT counts milliseconds.
        TCP_MAXUNACKTIME = 68;
        TCP_DELACK = 72;
        // Seconds until a connection that is not answered is given up, where the host counts attempts.
        TCP_KEEPINIT = 128;
        TCP_KEEPIDLE = 256 => net::TCP_KEEPIDLE;
        TCP_KEEPINTVL = 512 => net::TCP_KEEPINTVL;
        TCP_KEEPCNT = 1024 => net::TCP_KEEPCNT;
        TCP_FASTOPEN = 1025 => net::TCP_FASTOPEN;
        TCP_FUNCTION_BLK = 8192;
    }

    /// Options at `IPPROTO_IP`.
    pub static IP_OPTION: Values of i32 {
        IP_OPTIONS = 1 => net::IP_OPTIONS;
        IP_HDRINCL = 2 => net::IP_HDRINCL;
        IP_TOS = 3 => net::IP_TOS;
        IP_TTL = 4 => net::IP_TTL;
        IP_RECVOPTS = 5 => net::IP_RECVOPTS;
        IP_RECVRETOPTS = 6 => net::IP_RETOPTS;
        // The host tells the address of arrival by IP_PKTINFO, in another structure.
        IP_RECVDSTADDR = 7;
        IP_RETOPTS = 8;
        IP_MULTICAST_IF = 9 => net::IP_MULTICAST_IF;
        IP_MULTICAST_TTL = 10 => net::IP_MULTICAST_TTL;
        IP_MULTICAST_LOOP = 11 => net::IP_MULTICAST_LOOP;
        IP_ADD_MEMBERSHIP = 12 => net::IP_ADD_MEMBERSHIP;
        IP_DROP_MEMBERSHIP = 13 => net::IP_DROP_MEMBERSHIP;
        IP_PORTRANGE = 19;
        IP_RECVIF = 20;
        IP_IPSEC_POLICY = 21;
        IP_BINDANY = 24 => net::IP_TRANSPARENT;
        IP_ORIGDSTADDR = 27 => net::IP_RECVORIGDSTADDR;
        IP_RECVTTL = 65 => net::IP_RECVTTL;
        IP_MINTTL = 66 => net::IP_MINTTL;
        // The host forbids fragments by IP_MTU_DISCOVER, with another value.
        IP_DONTFRAG = 67;
        IP_RECVTOS = 68 => net::IP_RECVTOS;
        // The members of the structure stand in another order.
        IP_ADD_SOURCE_MEMBERSHIP = 70;
        IP_DROP_SOURCE_MEMBERSHIP = 71;
        IP_BLOCK_SOURCE = 72;
        IP_UNBLOCK_SOURCE = 73;
        // These hold addresses of that OS.
        MCAST_JOIN_GROUP = 80;
        MCAST_LEAVE_GROUP = 81;
        MCAST_JOIN_SOURCE_GROUP = 82;
        MCAST_LEAVE_SOURCE_GROUP = 83;
        MCAST_BLOCK_SOURCE = 84;
        MCAST_UNBLOCK_SOURCE = 85;
    }

    /// Options at `IPPROTO_IPV6`.
    pub static IPV6_OPTION: Values of i32 {
        IPV6_UNICAST_HOPS = 4 => net::IPV6_UNICAST_HOPS;
        IPV6_MULTICAST_IF = 9 => net::IPV6_MULTICAST_IF;
        IPV6_MULTICAST_HOPS = 10 => net::IPV6_MULTICAST_HOPS;
        IPV6_MULTICAST_LOOP = 11 => net::IPV6_MULTICAST_LOOP;
        IPV6_JOIN_GROUP = 12 => net::IPV6_ADD_MEMBERSHIP;
        IPV6_LEAVE_GROUP = 13 => net::IPV6_DROP_MEMBERSHIP;
        IPV6_PORTRANGE = 14;
        IPV6_CHECKSUM = 26 => net::IPV6_CHECKSUM;
        IPV6_V6ONLY = 27 => net::IPV6_V6ONLY;
        IPV6_RTHDRDSTOPTS = 35 => net::IPV6_RTHDRDSTOPTS;
        IPV6_RECVPKTINFO = 36 => net::IPV6_RECVPKTINFO;
        IPV6_RECVHOPLIMIT = 37 => net::IPV6_RECVHOPLIMIT;
        IPV6_RECVRTHDR = 38 => net::IPV6_RECVRTHDR;
        IPV6_RECVHOPOPTS = 39 => net::IPV6_RECVHOPOPTS;
        IPV6_RECVDSTOPTS = 40 => net::IPV6_RECVDSTOPTS;
        IPV6_USE_MIN_MTU = 42;
        IPV6_RECVPATHMTU = 43 => net::IPV6_RECVPATHMTU;
        IPV6_PATHMTU = 44 => net::IPV6_PATHMTU;
        IPV6_PKTINFO = 46 => net::IPV6_PKTINFO;
        IPV6_HOPLIMIT = 47 => net::IPV6_HOPLIMIT;
        IPV6_NEXTHOP = 48 => net::IPV6_NEXTHOP;
        IPV6_HOPOPTS = 49 => net::IPV6_HOPOPTS;
        IPV6_DSTOPTS = 50 => net::IPV6_DSTOPTS;
        IPV6_RTHDR = 51 => net::IPV6_RTHDR;
        IPV6_RECVTCLASS = 57 => net::IPV6_RECVTCLASS;
        IPV6_AUTOFLOWLABEL = 59 => net::IPV6_AUTOFLOWLABEL;
        IPV6_TCLASS = 61 => net::IPV6_TCLASS;
        IPV6_DONTFRAG = 62 => net::IPV6_DONTFRAG;
        IPV6_PREFER_TEMPADDR = 63;
        IPV6_BINDANY = 64 => net::IPV6_TRANSPARENT;
        IPV6_ORIGDSTADDR = 72 => net::IPV6_RECVORIGDSTADDR;
    }

    /// Options of local sockets (level 0).
    pub static LOCAL_OPTION: Values of i32 {
        // The value is a structure of that OS.
        LOCAL_PEERCRED = 1;
        LOCAL_CREDS = 2;
        LOCAL_CREDS_PERSISTENT = 3;
        LOCAL_CONNWAIT = 4;
    }
}

/// The options of a level.
pub fn options(level: i32) -> Option<&'static crate::personality::constant::Values> {
    match level {
        SOL_SOCKET => Some(&SOCKET_OPTION),
        SOL_IP => Some(&IP_OPTION),
        SOL_TCP => Some(&TCP_OPTION),
        SOL_IPV6 => Some(&IPV6_OPTION),
        _ => None,
    }
}

/// The host's level and option for an option whose value both systems read the same way.
///
/// # Errors
/// `ENOPROTOOPT`, as FreeBSD reports an option that it does not have.
pub fn option_to_host(level: i32, name: i32) -> Result<(i32, i32), Errno> {
    let options = options(level).ok_or(Errno::NOPROTOOPT)?;
    let host = options.to_host(name).map_err(|_| Errno::NOPROTOOPT)?;
    Ok((LEVEL.to_host(level).map_err(|_| Errno::NOPROTOOPT)?, host))
}
