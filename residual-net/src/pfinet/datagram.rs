//! UDP, ping and raw sockets.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use schemas::Errno;
use schemas::transport::Envelope;

use super::address::{self, INET};
use super::ip::Ip;
use super::options::Options;
use super::packet::{HEADROOM, Head, ICMP, ICMP6, Packet, UDP, checksum, pseudo};
use super::pair;

/// Longest datagram: what the longest packet carries.
pub const LONGEST: usize = 65535;

/// What a socket sends and receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UDP.
    Udp,
    /// ICMP echo messages of its own (icmp(7)).
    Ping,
    /// Packets of a protocol (raw(7)).
    Raw,
}

/// Such a socket.
pub struct Datagram {
    /// What it sends and receives.
    pub kind: Kind,
    /// Its options.
    pub options: Options,
    /// Our end of the pair.
    pub end: OwnedFd,
    /// Its own address; the port of a ping socket is the identifier of its messages.
    pub local: Option<SocketAddr>,
    /// What bind(2) gave it of that: the rest goes with the connection.
    pub bound: Option<SocketAddr>,
    /// Whom it is connected to.
    pub remote: Option<SocketAddr>,
    /// Number of the interface through which it reaches a link-local peer.
    pub scope: u32,
    /// The error to be told next; 0 for none.
    pub error: i32,
    /// What was dropped because the guest did not take it.
    pub dropped: u64,
    /// The groups that it is in.
    pub groups: Vec<IpAddr>,
}

impl Datagram {
    /// A socket that is neither bound nor connected.
    pub fn new(kind: Kind, options: Options, end: OwnedFd) -> Self {
        let groups = Vec::new();
        Self {
            kind,
            options,
            end,
            local: None,
            bound: None,
            remote: None,
            scope: 0,
            error: 0,
            dropped: 0,
            groups,
        }
    }

    /// The family that it was made for.
    pub fn family(&self) -> u16 {
        self.options.made.0
    }

    /// The protocol that it was made for.
    pub fn protocol(&self) -> u8 {
        self.options.made.2
    }

    /// Takes the error that is to be told.
    pub fn take_error(&mut self) -> i32 {
        std::mem::take(&mut self.error)
    }

    fn takes_family(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() == (self.family() == INET)
            || (ip.is_ipv4() && self.kind == Kind::Udp && !self.options.v6_only)
    }

    /// Whether a packet is for it.
    pub fn accepts(&self, packet: &Packet) -> bool {
        let (from, to) = (packet.source, packet.destination);
        if !self.takes_family(to) || self.options.interface != 0 && self.options.interface != packet.interface
        {
            return false;
        }
        if to.is_multicast() && self.kind == Kind::Udp && !self.groups.contains(&to) {
            return false;
        }
        let fits = |own: Option<SocketAddr>, ip: IpAddr| {
            own.is_none_or(|own| own.ip().is_unspecified() || own.ip() == ip)
        };
        let local = fits(self.local, to)
            || to.is_multicast()
            || self.kind == Kind::Udp && self.local.is_some_and(|local| local.ip() == to);
        if !local || !fits(self.remote, from) {
            return false;
        }
        let payload = packet.payload();
        let word = |at: usize| payload.get(at..at + 2).map(|word| u16::from_be_bytes([word[0], word[1]]));
        match self.kind {
            Kind::Udp => {
                packet.protocol == UDP
                    && self.local.is_some_and(|local| word(2) == Some(local.port()))
                    && self.remote.is_none_or(|remote| word(0) == Some(remote.port()))
            }
            Kind::Ping => {
                let answer = if to.is_ipv4() { (ICMP, 0) } else { (ICMP6, 129) };
                (packet.protocol, payload.first().copied()) == (answer.0, Some(answer.1))
                    && self.local.is_some_and(|local| word(4) == Some(local.port()))
            }
            Kind::Raw => {
                let filtered = match (packet.protocol, payload.first()) {
                    (ICMP, Some(kind)) if *kind < 32 => self.options.filter >> kind & 1 != 0,
                    (ICMP6, Some(kind)) => {
                        self.options.filter6[usize::from(kind >> 5)] >> (kind & 31) & 1 != 0
                    }
                    _ => false,
                };
                packet.protocol == self.protocol() && !filtered
            }
        }
    }

    /// Hands a packet to the guest.
    pub fn deliver(&mut self, packet: &Packet) {
        let payload = packet.payload();
        let (port, data) = match self.kind {
            Kind::Udp => match payload {
                [a, b, _, _, high, low, _, _, data @ ..] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let Some(data) = length.checked_sub(8).and_then(|length| data.get(..length)) else {
                        return;
                    };
                    (u16::from_be_bytes([*a, *b]), data)
                }
                _ => return,
            },
            Kind::Ping => (0, payload),
            // A raw socket of IPv4 sees the header (raw(7)), one of IPv6 does not (RFC 3542 section 3).
            Kind::Raw if self.family() == INET => (0, &packet.bytes[..]),
            Kind::Raw => (0, payload),
        };
        let mut from = SocketAddr::new(packet.source, port);
        if let SocketAddr::V6(from) = &mut from
            && from.ip().is_unicast_link_local()
        {
            from.set_scope_id(packet.interface);
        }
        let from = address::encode(from, self.family());
        if let Some(envelope) = Envelope::new(&from, &self.options.control(packet)) {
            self.hand_over(&envelope, data);
        }
    }

    /// Tells the guest of an error where it waits for a datagram.
    pub fn tell_error(&mut self, error: Errno) {
        self.error = error.raw();
        if let Some(mut envelope) = Envelope::new(&[], &[]) {
            envelope.error = error.raw();
            self.hand_over(&envelope, &[]);
        }
    }

    fn hand_over(&mut self, envelope: &Envelope, data: &[u8]) {
        if pair::send_record(&self.end, envelope, data).is_err() {
            self.dropped += 1;
        }
    }

    /// Sends a datagram, from the local address that is given.
    ///
    /// # Errors
    /// `EMSGSIZE` for one that is too long, or may not be taken apart, `EACCES` to everybody without leave, `EINVAL` for what is no message of this socket's, and as
    /// [`Ip::send`].
    pub fn send(
        &self,
        ip: &mut Ip,
        to: SocketAddr,
        scope: u32,
        local: SocketAddr,
        data: &[u8],
    ) -> Result<usize, Errno> {
        if data.len() > LONGEST {
            return Err(Errno::MSGSIZE);
        }
        if ip.is_broadcast(to.ip()) && !self.options.broadcast {
            return Err(Errno::ACCES);
        }
        let destination = if to.ip().is_unspecified() { address::loopback_like(to.ip()) } else { to.ip() };
        let through = if self.options.interface != 0 { self.options.interface } else { scope };
        if self.kind == Kind::Raw && self.options.header_included {
            return send_with_header(ip, destination, through, data);
        }
        let source = if local.ip().is_unspecified() || local.ip().is_multicast() {
            ip.source_for(destination, through)?
        } else {
            local.ip()
        };
        if source.is_ipv4() != destination.is_ipv4() {
            return Err(Errno::NETUNREACH);
        }
        let mut head = Head {
            source,
            destination,
            protocol: self.protocol(),
            hops: self.options.hops.max(1),
            class: self.options.class,
        };
        let length = data.len() + if self.kind == Kind::Udp { 8 } else { 0 };
        if length + head.length() > LONGEST {
            return Err(Errno::MSGSIZE);
        }
        let stays_whole = self.options.stays_whole(destination.is_ipv4());
        if stays_whole && length + head.length() > ip.mtu_to(destination, through) {
            return Err(Errno::MSGSIZE);
        }
        let (mut packet, summed) = match self.kind {
            Kind::Udp => {
                head.protocol = UDP;
                let packet = head.packet(length, |datagram| {
                    datagram[..2].copy_from_slice(&local.port().to_be_bytes());
                    datagram[2..4].copy_from_slice(&to.port().to_be_bytes());
                    datagram[4..6].copy_from_slice(&(length as u16).to_be_bytes());
                    datagram[8..].copy_from_slice(data);
                });
                (packet, false)
            }
            Kind::Ping => {
                let asks = if destination.is_ipv4() { 8 } else { 128 };
                if data.len() < 8 || data[0] != asks || data[1] != 0 {
                    return Err(Errno::INVAL);
                }
                head.protocol = if destination.is_ipv4() { ICMP } else { ICMP6 };
                let packet = head.packet(length, |message| {
                    message.copy_from_slice(data);
                    message[4..6].copy_from_slice(&local.port().to_be_bytes());
                    sum_control(message, &head);
                });
                (packet, true)
            }
            Kind::Raw => {
                let packet = head.packet(length, |message| {
                    message.copy_from_slice(data);
                    if head.protocol == ICMP6 && message.len() >= 4 {
                        sum_control(message, &head);
                    }
                });
                (packet, true)
            }
        };
        if !stays_whole {
            ip.allow_fragments(&mut packet);
        }
        ip.send(packet, summed, through)?;
        Ok(data.len())
    }
}

/// Computes the checksum of an ICMP message.
pub fn sum_control(message: &mut [u8], head: &Head) {
    message[2..4].fill(0);
    let begun = match head.destination {
        IpAddr::V4(_) => 0,
        IpAddr::V6(_) => pseudo(head.source, head.destination, ICMP6, message.len()),
    };
    let sum = checksum(message, begun);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
}

/// Sends a packet whose header the guest wrote (`IP_HDRINCL`, raw(7)): length and checksum are filled in always, the
/// source when it is zero.
fn send_with_header(ip: &mut Ip, to: IpAddr, through: u32, data: &[u8]) -> Result<usize, Errno> {
    let length = data.len();
    if length < 20 || data[0] >> 4 != 4 || usize::from(data[0] & 0xf) * 4 > length || data[0] & 0xf < 5 {
        return Err(Errno::INVAL);
    }
    if length > ip.mtu_to(to, through) {
        return Err(Errno::MSGSIZE);
    }
    let source = ip.source_for(to, through)?;
    let mut packet = vec![0; HEADROOM];
    packet.extend_from_slice(data);
    let head = &mut packet[HEADROOM..];
    head[2..4].copy_from_slice(&(length as u16).to_be_bytes());
    if head[12..16] == [0; 4]
        && let IpAddr::V4(source) = source
    {
        head[12..16].copy_from_slice(&source.octets());
    }
    head[10..12].fill(0);
    let sum = checksum(&head[..usize::from(data[0] & 0xf) * 4], 0);
    head[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.send(packet, true, through)?;
    Ok(length)
}
