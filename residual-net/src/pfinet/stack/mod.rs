//! The stack of one host and the calls of its sockets. What moves between those, the protocol engine and the
//! interfaces is in [`traffic`].

mod traffic;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::epoll::{self, EventData, EventFlags};
use schemas::Errno;
use smoltcp::iface::{Config, Interface as Engine, SocketSet};
use smoltcp::socket::tcp::Socket;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

use crate::network::{Frame, Host};

use super::address::{self, INET, INET6};
use super::datagram::{Datagram, Kind, LONGEST};
use super::ip::Ip;
use super::netlink;
use super::notice;
use super::options::Options;
use super::packet::{ICMP, ICMP6, TCP, UDP};
use super::pair::{self, Pair};
use super::stream::{Phase, Stream, connection};

/// Most sockets of one stack.
const SOCKETS: usize = 16384;
/// Ports that the stack chooses (`ip_local_port_range` of Linux).
const PORTS: std::ops::Range<u16> = 32768..61000;

/// A socket.
pub enum Object {
    /// TCP.
    Stream(Box<Stream>),
    /// UDP, ping, raw.
    Datagram(Box<Datagram>),
    /// Netlink.
    Netlink(Box<netlink::Socket>),
    /// A routing socket of BSD.
    Routing(Box<notice::Socket>),
}

/// The stack.
pub struct Stack {
    /// The internet layer.
    pub ip: Ip,
    /// All sockets, by the numbers that guests' descriptors have for them.
    pub objects: BTreeMap<u64, Object>,
    pub(super) sockets: SocketSet<'static>,
    engine: Engine,
    connections: HashMap<(SocketAddr, SocketAddr), u64>,
    identities: HashMap<u64, u64>,
    last: u64,
    port: u16,
    epoll: Arc<OwnedFd>,
    started: Instant,
    frames: VecDeque<Frame>,
    room: Vec<u8>,
    readable: Vec<u64>,
}

/// The address without what tells apart no sockets.
fn bare(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

impl Stack {
    /// The stack of a host. Sockets are watched by `epoll`, under their numbers, which count from beyond `first`.
    pub fn new(host: Arc<Host>, epoll: Arc<OwnedFd>, first: u64) -> Self {
        let mut ip = Ip::new(host);
        let mut seed = [0; 8];
        // Without randomness sequence numbers can be guessed, which on a virtual network is bearable.
        let _ = rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty());
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = u64::from_ne_bytes(seed);
        let mut engine = Engine::new(config, &mut ip, smoltcp::time::Instant::ZERO);
        // Which addresses are the host's and where packets go is the internet layer's business.
        engine.set_any_ip(true);
        engine.update_ip_addrs(|addresses| {
            for any in [IpAddress::v4(0, 0, 0, 0), IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0)] {
                // There is room for two.
                let _ = addresses.push(IpCidr::new(any, 0));
            }
        });
        Self {
            ip,
            objects: BTreeMap::new(),
            sockets: SocketSet::new(Vec::new()),
            engine,
            connections: HashMap::new(),
            identities: HashMap::new(),
            last: first,
            port: PORTS.start + u16::from_ne_bytes([seed[0], seed[1]]) % (PORTS.end - PORTS.start),
            epoll,
            started: Instant::now(),
            frames: VecDeque::new(),
            room: vec![0; LONGEST + 1],
            readable: Vec::new(),
        }
    }

    fn watch(&self, end: &OwnedFd, number: u64) -> Result<(), Errno> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&*self.epoll, end, EventData::new_u64(number), flags).map_err(crate::errno)
    }

    /// Makes a socket; gives its number and the guest's end.
    ///
    /// # Errors
    /// As socket(2).
    pub fn socket(
        &mut self,
        family: u16,
        kind: u32,
        protocol: u32,
        waits: bool,
    ) -> Result<(u64, OwnedFd), Errno> {
        const STREAM: u32 = 1;
        const DATAGRAM: u32 = 2;
        const RAW: u32 = 3;
        if self.objects.len() >= SOCKETS {
            return Err(Errno::NFILE);
        }
        let protocol = u8::try_from(protocol).map_err(|_| Errno::PROTONOSUPPORT)?;
        let control = if family == INET { ICMP } else { ICMP6 };
        let (stream, sort, protocol) = match (family, kind, protocol) {
            (INET | INET6, STREAM, 0 | TCP) => (true, Kind::Udp, TCP),
            (INET | INET6, DATAGRAM, 0 | UDP) => (false, Kind::Udp, UDP),
            (INET | INET6, DATAGRAM, protocol) if protocol == control => (false, Kind::Ping, protocol),
            (INET | INET6, RAW, 1..) => (false, Kind::Raw, protocol),
            (INET | INET6, STREAM | DATAGRAM | RAW, _) => return Err(Errno::PROTONOSUPPORT),
            (INET | INET6, ..) => return Err(Errno::SOCKTNOSUPPORT),
            (address::NETLINK, DATAGRAM | RAW, netlink::ROUTE | netlink::DIAGNOSIS) => {
                (false, Kind::Raw, protocol)
            }
            (address::NETLINK, DATAGRAM | RAW, _) => return Err(Errno::PROTONOSUPPORT),
            (address::ROUTING, RAW, _) => (false, Kind::Raw, protocol),
            (address::ROUTING, ..) => return Err(Errno::PROTOTYPE),
            _ => return Err(Errno::AFNOSUPPORT),
        };
        let options = Options::new(family, kind, protocol);
        let pair = Pair::new(!stream, waits)?;
        let number = self.last + 1;
        self.watch(&pair.own, number)?;
        self.identities.insert(pair::identity(&pair.guest)?, number);
        self.last = number;
        let object = if family == address::NETLINK {
            Object::Netlink(Box::new(netlink::Socket::new(options, pair.own, number as u32)))
        } else if family == address::ROUTING {
            Object::Routing(Box::new(notice::Socket { options, end: pair.own }))
        } else if stream {
            Object::Stream(Box::new(Stream::new(options, Some(pair.own))))
        } else {
            Object::Datagram(Box::new(Datagram::new(sort, options, pair.own)))
        };
        self.objects.insert(number, object);
        Ok((number, pair.guest))
    }

    /// The number of the socket that a guest means: told by its number or, where that is 0, by its descriptor.
    ///
    /// # Errors
    /// `EBADF`; `ENOTCONN` for a connection that is over.
    pub fn number(&self, told: u64, descriptor: Option<&OwnedFd>) -> Result<u64, Errno> {
        if told != 0 {
            // What is over is forgotten when both ends have said so.
            return if self.objects.contains_key(&told) { Ok(told) } else { Err(Errno::NOTCONN) };
        }
        let identity = pair::identity(descriptor.ok_or(Errno::BADF)?)?;
        self.identities.get(&identity).copied().ok_or(Errno::BADF)
    }

    /// The address to be bound to when a guest asks for one: its port is chosen where it is 0.
    fn free_address(&mut self, number: u64, wanted: SocketAddr) -> Result<SocketAddr, Errno> {
        if !self.ip.can_bind(wanted.ip()) {
            return Err(Errno::ADDRNOTAVAIL);
        }
        if wanted.port() != 0 {
            return if self.is_free(number, wanted) { Ok(wanted) } else { Err(Errno::ADDRINUSE) };
        }
        for _ in PORTS {
            self.port = if self.port + 1 >= PORTS.end { PORTS.start } else { self.port + 1 };
            let address = SocketAddr::new(wanted.ip(), self.port);
            if self.is_free(number, address) {
                return Ok(address);
            }
        }
        Err(Errno::ADDRINUSE)
    }

    fn is_free(&self, number: u64, address: SocketAddr) -> bool {
        match self.objects.get(&number) {
            Some(Object::Stream(own)) => self.objects.iter().all(|(other, object)| match object {
                Object::Stream(stream) if *other != number => !stream.occupies(address, own.options.reuse),
                _ => true,
            }),
            Some(Object::Datagram(own)) if own.kind != Kind::Raw => {
                self.objects.iter().all(|(other, object)| match object {
                    Object::Datagram(datagram) if *other != number && datagram.kind == own.kind => {
                        let Some(local) = datagram.local.filter(|local| local.port() == address.port())
                        else {
                            return true;
                        };
                        let apart = local.ip() != address.ip()
                            && !local.ip().is_unspecified()
                            && !address.ip().is_unspecified();
                        let shared = own.options.reuse && datagram.options.reuse;
                        apart
                            || shared
                            || local.is_ipv4() != address.is_ipv4()
                                && (own.options.v6_only || datagram.options.v6_only)
                    }
                    _ => true,
                })
            }
            _ => true,
        }
    }

    /// bind(2).
    ///
    /// # Errors
    /// As there.
    pub fn bind(&mut self, number: u64, bytes: &[u8]) -> Result<(), Errno> {
        let wanted = match self.objects.get_mut(&number).ok_or(Errno::BADF)? {
            Object::Netlink(socket) => return socket.bind(bytes),
            Object::Routing(_) => return Err(Errno::OPNOTSUPP),
            Object::Stream(stream) if stream.local.is_some() => return Err(Errno::INVAL),
            Object::Datagram(datagram) if datagram.local.is_some() && datagram.kind != Kind::Raw => {
                return Err(Errno::INVAL);
            }
            Object::Stream(stream) => wanted_address(bytes, stream.options.made.0)?,
            Object::Datagram(datagram) => {
                if let SocketAddr::V6(address) = address::parse(bytes)? {
                    datagram.scope = address.scope_id();
                }
                wanted_address(bytes, datagram.family())?
            }
        };
        let chosen = self.free_address(number, wanted)?;
        match self.objects.get_mut(&number) {
            Some(Object::Stream(stream)) => stream.local = Some(chosen),
            Some(Object::Datagram(datagram)) => {
                (datagram.local, datagram.bound) = (Some(chosen), Some(chosen))
            }
            _ => {}
        }
        Ok(())
    }

    /// connect(2). `guest` is the guest's end.
    ///
    /// # Errors
    /// As there; `EAGAIN` where a guest that waits has to.
    pub fn connect(&mut self, number: u64, bytes: &[u8], guest: Option<&OwnedFd>) -> Result<(), Errno> {
        match self.objects.get_mut(&number).ok_or(Errno::BADF)? {
            Object::Netlink(_) => Ok(()),
            Object::Routing(_) => Err(Errno::ISCONN),
            Object::Datagram(datagram) => {
                if address::family(bytes) == address::UNSPEC {
                    datagram.remote = None;
                    datagram.local = datagram.bound;
                    return Ok(());
                }
                let to = address::parse(bytes)?;
                if to.is_ipv6() && datagram.family() == INET {
                    return Err(Errno::AFNOSUPPORT);
                }
                let scope = if let SocketAddr::V6(to) = to { to.scope_id() } else { 0 };
                let ip = if to.ip().is_unspecified() { address::loopback_like(to.ip()) } else { to.ip() };
                let through =
                    if datagram.options.interface != 0 { datagram.options.interface } else { scope };
                if self.ip.is_broadcast(ip) && !datagram.options.broadcast {
                    return Err(Errno::ACCES);
                }
                let source = self.ip.source_for(ip, through)?;
                datagram.remote = Some(SocketAddr::new(ip, to.port()));
                datagram.scope = scope;
                let local = self.bound(number, source)?;
                if let Some(Object::Datagram(datagram)) = self.objects.get_mut(&number)
                    && local.ip().is_unspecified()
                {
                    datagram.local = Some(SocketAddr::new(source, local.port()));
                }
                Ok(())
            }
            Object::Stream(stream) => {
                let waits = guest.is_none_or(|guest| pair::waits(guest).unwrap_or(true));
                match &mut stream.phase {
                    Phase::Listening { .. } => return Err(Errno::ISCONN),
                    Phase::Connected(told) if *told => return Err(Errno::ISCONN),
                    Phase::Connected(told) => {
                        *told = true;
                        return Ok(());
                    }
                    Phase::Over => return Err(Errno::ISCONN),
                    Phase::Connecting if waits => return Err(Errno::AGAIN),
                    Phase::Connecting => return Err(Errno::ALREADY),
                    Phase::Fresh => {}
                }
                if stream.error != 0 {
                    return Err(Errno(stream.take_error()));
                }
                let to = address::parse(bytes)?;
                if to.is_ipv6() && stream.options.made.0 == INET {
                    return Err(Errno::AFNOSUPPORT);
                }
                self.begin(number, bare(to), guest.ok_or(Errno::BADF)?)?;
                self.settle();
                match self.objects.get_mut(&number) {
                    Some(Object::Stream(stream)) => match &mut stream.phase {
                        Phase::Connected(told) => {
                            *told = true;
                            Ok(())
                        }
                        Phase::Fresh if stream.error != 0 => Err(Errno(stream.take_error())),
                        _ if waits => Err(Errno::AGAIN),
                        _ => Err(Errno::INPROGRESS),
                    },
                    _ => Err(Errno::BADF),
                }
            }
        }
    }

    /// The local address of a socket, which is chosen now if it has none.
    fn bound(&mut self, number: u64, like: IpAddr) -> Result<SocketAddr, Errno> {
        let local = match self.objects.get(&number) {
            Some(Object::Stream(stream)) => stream.local,
            Some(Object::Datagram(datagram)) => datagram.local,
            _ => None,
        };
        if let Some(local) = local {
            return Ok(local);
        }
        let chosen = self.free_address(number, SocketAddr::new(address::unspecified_like(like), 0))?;
        match self.objects.get_mut(&number) {
            Some(Object::Stream(stream)) => stream.local = Some(chosen),
            Some(Object::Datagram(datagram)) => datagram.local = Some(chosen),
            _ => {}
        }
        Ok(chosen)
    }

    /// Begins a connection.
    fn begin(&mut self, number: u64, to: SocketAddr, guest: &OwnedFd) -> Result<(), Errno> {
        let ip = if to.ip().is_unspecified() { address::loopback_like(to.ip()) } else { to.ip() };
        if ip.is_multicast() || self.ip.is_broadcast(ip) {
            return Err(Errno::NETUNREACH);
        }
        if to.port() == 0 {
            return Err(Errno::CONNREFUSED);
        }
        let source = self.ip.source_for(ip, 0)?;
        let local = self.bound(number, ip)?;
        let source = if local.ip().is_unspecified() { source } else { local.ip() };
        if source.is_ipv4() != ip.is_ipv4() {
            return Err(Errno::NETUNREACH);
        }
        let (local, remote) = (SocketAddr::new(source, local.port()), SocketAddr::new(ip, to.port()));
        if self.connections.contains_key(&(local, remote)) {
            return Err(Errno::ADDRNOTAVAIL);
        }
        let mut socket = connection();
        socket.connect(self.engine.context(), remote, local).map_err(|_| Errno::INVAL)?;
        let Some(Object::Stream(stream)) = self.objects.get_mut(&number) else { return Err(Errno::BADF) };
        let stuffed = pair::stuff(guest)?;
        stream.stuffed = Some((guest.try_clone().map_err(|_| Errno::NFILE)?, stuffed));
        stream.handle = Some(self.sockets.add(socket));
        stream.phase = Phase::Connecting;
        stream.since = Instant::now();
        (stream.local, stream.remote) = (Some(local), Some(remote));
        stream.apply_options(&mut self.sockets);
        self.connections.insert((local, remote), number);
        Ok(())
    }

    /// listen(2).
    ///
    /// # Errors
    /// As there.
    pub fn listen(&mut self, number: u64, backlog: i32) -> Result<(), Errno> {
        let any = match self.objects.get(&number).ok_or(Errno::BADF)? {
            Object::Stream(stream) if stream.options.made.0 == INET => IpAddr::from([0; 4]),
            Object::Stream(_) => IpAddr::from([0; 16]),
            _ => return Err(Errno::OPNOTSUPP),
        };
        self.bound(number, any)?;
        let Some(Object::Stream(stream)) = self.objects.get_mut(&number) else { return Err(Errno::BADF) };
        // As Linux, which takes one more than it was asked for.
        let most = usize::try_from(backlog).unwrap_or(4096).min(4096) + 1;
        match &mut stream.phase {
            Phase::Listening { backlog, .. } => *backlog = most,
            phase @ Phase::Fresh => {
                *phase = Phase::Listening { backlog: most, ready: VecDeque::new(), halves: 0 }
            }
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// accept4(2); gives the number of the new socket, the guest's end, and who connected. `guest` is the listener's.
    ///
    /// # Errors
    /// As there.
    pub fn accept(
        &mut self,
        number: u64,
        waits: bool,
        guest: Option<&OwnedFd>,
    ) -> Result<(u64, OwnedFd, Vec<u8>), Errno> {
        let Object::Stream(listener) = self.objects.get_mut(&number).ok_or(Errno::BADF)? else {
            return Err(Errno::OPNOTSUPP);
        };
        let family = listener.options.made.0;
        let Phase::Listening { ready, .. } = &mut listener.phase else { return Err(Errno::INVAL) };
        let accepted = ready.pop_front().ok_or(Errno::AGAIN)?;
        if let Some(guest) = guest {
            // One byte for each connection that is ready made the listener readable.
            let _ = pair::receive(guest, &mut [0]);
        }
        let pair = Pair::new(false, waits)?;
        self.watch(&pair.own, accepted)?;
        self.identities.insert(pair::identity(&pair.guest)?, accepted);
        let Some(Object::Stream(stream)) = self.objects.get_mut(&accepted) else {
            return Err(Errno::CONNABORTED);
        };
        stream.end = Some(pair.own);
        stream.listener = None;
        stream.readable = true;
        let remote = stream.remote.ok_or(Errno::CONNABORTED)?;
        self.settle();
        Ok((accepted, pair.guest, address::encode(remote, family)))
    }

    /// getsockname(2).
    ///
    /// # Errors
    /// As there.
    pub fn name(&self, number: u64) -> Result<Vec<u8>, Errno> {
        let (local, family) = match self.objects.get(&number).ok_or(Errno::BADF)? {
            Object::Stream(stream) => (stream.local, stream.options.made.0),
            Object::Datagram(datagram) => (datagram.local, datagram.family()),
            Object::Netlink(socket) => return Ok(socket.name()),
            Object::Routing(socket) => return Ok(socket.name()),
        };
        let any: IpAddr = if family == INET { [0; 4].into() } else { [0; 16].into() };
        Ok(address::encode(local.unwrap_or(SocketAddr::new(any, 0)), family))
    }

    /// getpeername(2).
    ///
    /// # Errors
    /// As there.
    pub fn peer(&self, number: u64) -> Result<Vec<u8>, Errno> {
        let (remote, family) = match self.objects.get(&number).ok_or(Errno::BADF)? {
            Object::Stream(stream) if matches!(stream.phase, Phase::Connected(_)) => {
                (stream.remote, stream.options.made.0)
            }
            Object::Datagram(datagram) => (datagram.remote, datagram.family()),
            Object::Netlink(_) => return Ok(netlink::kernel()),
            Object::Routing(socket) => return Ok(socket.name()),
            Object::Stream(_) => (None, INET),
        };
        Ok(address::encode(remote.ok_or(Errno::NOTCONN)?, family))
    }

    /// sendto(2) and sendmsg(2) for sockets that send datagrams.
    ///
    /// # Errors
    /// As there.
    pub fn send(&mut self, number: u64, to: &[u8], data: &[u8]) -> Result<usize, Errno> {
        if let Some(Object::Netlink(_)) = self.objects.get(&number) {
            netlink::request(self, number, data);
            return Ok(data.len());
        }
        let Object::Datagram(datagram) = self.objects.get(&number).ok_or(Errno::BADF)? else {
            return Err(Errno::OPNOTSUPP);
        };
        let (to, scope) = if to.is_empty() {
            (datagram.remote.ok_or(Errno::DESTADDRREQ)?, datagram.scope)
        } else {
            let to = address::parse(to)?;
            if to.is_ipv6() && datagram.family() == INET {
                return Err(Errno::AFNOSUPPORT);
            }
            (bare(to), if let SocketAddr::V6(to) = to { to.scope_id() } else { 0 })
        };
        if to.port() == 0 && datagram.kind == Kind::Udp {
            return Err(Errno::INVAL);
        }
        let local = if datagram.kind == Kind::Raw {
            datagram.local.unwrap_or(SocketAddr::new(address::unspecified_like(to.ip()), 0))
        } else {
            self.bound(number, to.ip())?
        };
        let local = match local.ip() {
            ip if ip.is_unspecified() => SocketAddr::new(address::unspecified_like(to.ip()), local.port()),
            _ => local,
        };
        match self.objects.get(&number) {
            Some(Object::Datagram(datagram)) => datagram.send(&mut self.ip, to, scope, local, data),
            _ => Err(Errno::BADF),
        }
    }

    /// The error of a socket, which is forgotten with this (`SO_ERROR`).
    ///
    /// # Errors
    /// `EBADF`.
    pub fn take_error(&mut self, number: u64) -> Result<i32, Errno> {
        Ok(match self.objects.get_mut(&number).ok_or(Errno::BADF)? {
            Object::Stream(stream) => stream.take_error(),
            Object::Datagram(datagram) => datagram.take_error(),
            Object::Netlink(_) | Object::Routing(_) => 0,
        })
    }

    /// The options of a socket, and whether it listens.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn options(&mut self, number: u64) -> Result<(&mut Options, bool), Errno> {
        Ok(match self.objects.get_mut(&number).ok_or(Errno::BADF)? {
            Object::Stream(stream) => {
                let listening = stream.is_listening();
                (&mut stream.options, listening)
            }
            Object::Datagram(datagram) => (&mut datagram.options, false),
            Object::Netlink(socket) => (&mut socket.options, false),
            Object::Routing(socket) => (&mut socket.options, false),
        })
    }

    /// Puts changed options into force.
    pub fn apply_options(&mut self, number: u64) {
        if let Some(Object::Stream(stream)) = self.objects.get(&number) {
            stream.apply_options(&mut self.sockets);
        }
    }

    /// Nobody has a socket any more.
    pub fn forsaken(&mut self, number: u64) {
        match self.objects.get_mut(&number) {
            Some(Object::Stream(stream)) if stream.handle.is_some() && stream.end.is_some() => {
                stream.gone = true;
                stream.readable = true;
                stream.since = Instant::now();
            }
            Some(Object::Stream(stream)) if stream.listener.is_some() => {}
            Some(_) => self.remove(number),
            None => {}
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(object) = self.objects.remove(&number) else { return };
        self.identities.retain(|_, other| *other != number);
        if let Object::Stream(stream) = object {
            if let Phase::Listening { ready, .. } = stream.phase {
                let halves = self.objects.iter().filter(
                    |(_, object)| matches!(object, Object::Stream(other) if other.listener == Some(number)),
                );
                let halves: Vec<u64> = halves.map(|(half, _)| *half).chain(ready).collect();
                for half in halves {
                    self.abort(half);
                }
            }
            self.disconnect(&stream.local, &stream.remote, stream.handle);
        }
    }

    fn abort(&mut self, number: u64) {
        if let Some(Object::Stream(stream)) = self.objects.get_mut(&number) {
            stream.listener = None;
            stream.gone = true;
            if let Some(handle) = stream.handle {
                self.sockets.get_mut::<Socket<'static>>(handle).abort();
            }
        }
    }

    fn disconnect(
        &mut self,
        local: &Option<SocketAddr>,
        remote: &Option<SocketAddr>,
        handle: Option<smoltcp::iface::SocketHandle>,
    ) {
        if let (Some(local), Some(remote)) = (local, remote) {
            self.connections.remove(&(*local, *remote));
        }
        if let Some(handle) = handle {
            self.sockets.remove(handle);
        }
    }
}

/// The address that a socket of a family is to be bound to.
fn wanted_address(bytes: &[u8], family: u16) -> Result<SocketAddr, Errno> {
    if address::family(bytes) == address::UNSPEC && family == INET && bytes.len() >= 16 {
        let mut bytes = bytes.to_vec();
        bytes[..2].copy_from_slice(&INET.to_ne_bytes());
        return address::parse(&bytes);
    }
    let address = bare(address::parse(bytes)?);
    if address::family(bytes) != family { Err(Errno::AFNOSUPPORT) } else { Ok(address) }
}
