//! What moves between the sockets of a stack, the protocol engine and the interfaces.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::event::epoll::EventFlags;
use schemas::Errno;
use smoltcp::socket::tcp::{Socket, State};
use smoltcp::wire::IpListenEndpoint;

use super::{Object, SOCKETS, Stack};
use crate::pfinet::datagram::{Datagram, Kind};
use crate::pfinet::icmp::Complaint;
use crate::pfinet::packet::{HEADROOM, ICMP, ICMP6, Packet, TCP, UDP};
use crate::pfinet::stream::{HALF, PATIENCE, Phase, Stream, connection};
use crate::pfinet::{icmp, pair};

/// Rounds of moving data before others get their turn.
const ROUNDS: usize = 32;
/// How long the rest of a connection that nobody has any more may last.
const ORPHAN: Duration = Duration::from_secs(60);
/// Connections that were reset and are remembered for the sake of their errors.
const SEVERED: usize = 1024;
/// Datagrams of one socket that are sent before others get their turn.
const BATCH: usize = 64;

impl Stack {
    /// What the host said of sockets that are watched.
    pub fn events(&mut self, events: impl Iterator<Item = (u64, EventFlags)>) {
        for (number, flags) in events {
            let hung_up = flags.contains(EventFlags::HUP);
            match self.objects.get_mut(&number) {
                Some(Object::Stream(stream)) => {
                    stream.readable |= flags.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP);
                    stream.writable |= flags.contains(EventFlags::OUT);
                }
                Some(Object::Datagram(_) | Object::Routing(_))
                    if flags.intersects(EventFlags::IN | EventFlags::HUP) =>
                {
                    self.readable.push(number);
                }
                Some(Object::Netlink(socket)) => {
                    socket.flush();
                    self.readable.push(number);
                }
                _ => {}
            }
            if hung_up && matches!(self.objects.get(&number), Some(Object::Stream(_))) {
                self.forsaken(number);
            }
        }
    }

    fn now(&self) -> smoltcp::time::Instant {
        smoltcp::time::Instant::from_micros(self.started.elapsed().as_micros() as i64)
    }

    /// Moves everything that can be moved; true when some of it has to wait for the next turn.
    pub fn settle(&mut self) -> bool {
        for _ in 0..ROUNDS {
            let mut moved = self.take_frames();
            self.send_datagrams();
            let now = self.now();
            self.engine.poll(now, &mut self.ip, &mut self.sockets);
            moved |= self.progress();
            if !moved && self.readable.is_empty() {
                return false;
            }
        }
        true
    }

    /// Does what is due; gives how long nothing else is.
    pub fn turn(&mut self) -> Option<Duration> {
        let busy = self.settle();
        let now = Instant::now();
        self.ip.expire_neighbours(now);
        for lost in std::mem::take(&mut self.ip.undeliverable) {
            icmp::unreachable(&mut self.ip, &lost[HEADROOM..]);
        }
        self.reap(now);
        if busy {
            return Some(Duration::ZERO);
        }
        let engine = self
            .engine
            .poll_delay(self.now(), &self.sockets)
            .map(|delay| Duration::from_micros(delay.total_micros()));
        let neighbours =
            self.ip.neighbours.deadline().map(|deadline| deadline.saturating_duration_since(now));
        let waiting = self.objects.values().any(|object| {
            matches!(object, Object::Stream(stream) if stream.handle.is_some() && (stream.gone || matches!(stream.phase, Phase::Connecting)))
        });
        [engine, neighbours, waiting.then_some(Duration::from_secs(1))].into_iter().flatten().min()
    }

    fn take_frames(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.ip.interfaces.len() {
            let Some(interface) = self.ip.interfaces.get(at).cloned() else { break };
            let mut frames = std::mem::take(&mut self.frames);
            interface.take_all(&mut frames);
            for frame in frames.drain(..) {
                any = true;
                if let Some(packet) = self.ip.receive(&interface, &frame) {
                    self.deliver(packet);
                }
            }
            self.frames = frames;
        }
        any
    }

    fn deliver(&mut self, packet: Packet) {
        let mut raw = false;
        for object in self.objects.values_mut() {
            if let Object::Datagram(datagram) = object
                && datagram.kind != Kind::Udp
                && datagram.accepts(&packet)
            {
                datagram.deliver(&packet);
                raw |= datagram.kind == Kind::Raw;
            }
        }
        match packet.protocol {
            TCP => self.deliver_segment(packet),
            UDP => self.deliver_datagram(&packet),
            ICMP | ICMP6 => {
                icmp::echo(&mut self.ip, &packet);
                if let Some(complaint) = icmp::complaint(&packet) {
                    self.heed(&complaint);
                }
            }
            _ if raw => {}
            _ => icmp::complain(&mut self.ip, &packet, 2),
        }
    }

    fn deliver_datagram(&mut self, packet: &Packet) {
        let to_many = packet.destination.is_multicast() || self.ip.is_broadcast(packet.destination);
        let fitting = self.objects.iter_mut().filter_map(|(_, object)| match object {
            Object::Datagram(datagram) if datagram.kind == Kind::Udp && datagram.accepts(packet) => {
                Some(datagram)
            }
            _ => None,
        });
        if to_many {
            fitting.for_each(|datagram| datagram.deliver(packet));
            return;
        }
        let rank = |datagram: &&mut Box<Datagram>| {
            (datagram.remote.is_some(), datagram.local.is_some_and(|local| !local.ip().is_unspecified()))
        };
        match fitting.max_by_key(rank) {
            Some(datagram) => datagram.deliver(packet),
            None => icmp::complain(&mut self.ip, packet, 3),
        }
    }

    fn deliver_segment(&mut self, packet: Packet) {
        let segment = packet.payload();
        let Some(head) = segment.first_chunk::<20>() else { return };
        if packet.destination.is_multicast() || self.ip.is_broadcast(packet.destination) {
            return;
        }
        let port = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let (remote, local) =
            (SocketAddr::new(packet.source, port(0)), SocketAddr::new(packet.destination, port(2)));
        // SYN without ACK and RST
        let opens = head[13] & 0x16 == 0x02;
        if !opens || self.connections.contains_key(&(local, remote)) {
            self.ip.segments.push_back(packet.bytes);
            return;
        }
        let listening = self.objects.iter().filter_map(|(number, object)| match object {
            Object::Stream(stream) if stream.listens_at(local) => Some((*number, stream)),
            _ => None,
        });
        let best =
            listening.max_by_key(|(_, stream)| stream.local.is_some_and(|own| !own.ip().is_unspecified()));
        let Some((listener, stream)) = best else {
            self.ip.segments.push_back(packet.bytes);
            return;
        };
        let Phase::Listening { backlog, ready, halves } = &stream.phase else { return };
        // Whoever asks again may be luckier.
        if ready.len() + halves >= *backlog || self.objects.len() >= SOCKETS {
            return;
        }
        let options = stream.options.clone();
        let mut socket = connection();
        if socket.listen(IpListenEndpoint { addr: Some(local.ip().into()), port: local.port() }).is_err() {
            return;
        }
        let handle = self.sockets.add(socket);
        self.ip.segments.push_back(packet.bytes);
        let now = self.now();
        while !self.ip.segments.is_empty() {
            self.engine.poll_ingress_single(now, &mut self.ip, &mut self.sockets);
        }
        if self.sockets.get::<Socket<'static>>(handle).state() != State::SynReceived {
            self.sockets.remove(handle);
            return;
        }
        let mut half = Stream::new(options, None);
        half.phase = Phase::Connecting;
        half.handle = Some(handle);
        half.listener = Some(listener);
        (half.local, half.remote) = (Some(local), Some(remote));
        half.apply_options(&mut self.sockets);
        self.last += 1;
        self.objects.insert(self.last, Object::Stream(Box::new(half)));
        self.connections.insert((local, remote), self.last);
        if let Some(Object::Stream(stream)) = self.objects.get_mut(&listener)
            && let Phase::Listening { halves, .. } = &mut stream.phase
        {
            *halves += 1;
        }
    }

    /// Somebody complained about what a socket sent.
    fn heed(&mut self, complaint: &Complaint) {
        let Complaint { protocol, local, remote, error, .. } = *complaint;
        if protocol == TCP {
            let number = self.connections.get(&(local, remote)).copied();
            if let Some(number) = number
                && let Some(Object::Stream(stream)) = self.objects.get_mut(&number)
                && matches!(stream.phase, Phase::Connecting)
                && stream.listener.is_none()
            {
                let handle = stream.handle.take();
                let (local, remote) = (stream.local, stream.remote);
                stream.fail(error);
                self.disconnect(&local, &remote, handle);
            }
            return;
        }
        if protocol == UDP && complaint.hard || error == Errno::HOSTUNREACH {
            for object in self.objects.values_mut() {
                if let Object::Datagram(datagram) = object
                    && datagram.kind == Kind::Udp
                    && datagram.remote == Some(remote)
                    && datagram.local.is_some_and(|own| own.port() == local.port())
                {
                    datagram.tell_error(error);
                }
            }
        }
    }

    /// Takes what guests have written to sockets that send datagrams.
    fn send_datagrams(&mut self) {
        let numbers = std::mem::take(&mut self.readable);
        for number in numbers {
            for sent in 0.. {
                if sent == BATCH {
                    self.readable.push(number);
                    break;
                }
                let end = match self.objects.get(&number) {
                    Some(Object::Datagram(datagram)) => &datagram.end,
                    Some(Object::Netlink(socket)) => &socket.end,
                    Some(Object::Routing(socket)) => &socket.end,
                    _ => break,
                };
                let mut room = std::mem::take(&mut self.room);
                let got = pair::receive_record(end, &mut room);
                match got {
                    Ok(Some((envelope, length))) => {
                        let outcome = match room.get(..length) {
                            Some(data) => self.send(number, envelope.address(), data),
                            None => Err(Errno::MSGSIZE),
                        };
                        if let Err(error) = outcome
                            && let Some(Object::Datagram(datagram)) = self.objects.get_mut(&number)
                        {
                            datagram.tell_error(error);
                        }
                    }
                    Ok(None) => self.remove(number),
                    Err(Errno::BADMSG) => {}
                    Err(_) => {
                        self.room = room;
                        break;
                    }
                }
                self.room = room;
            }
        }
    }

    /// Takes note of how far connections are, and moves their bytes.
    fn progress(&mut self) -> bool {
        let mut moved = false;
        let mut ready = Vec::new();
        let mut over = Vec::new();
        for (number, object) in &mut self.objects {
            let Object::Stream(stream) = object else { continue };
            let Some(handle) = stream.handle else { continue };
            if matches!(stream.phase, Phase::Connecting) {
                let state = self.sockets.get::<Socket<'static>>(handle).state();
                match (state, stream.listener) {
                    (State::SynSent | State::SynReceived, _) => continue,
                    (State::Closed, None) => {
                        over.push((stream.local, stream.remote, handle));
                        stream.handle = None;
                        stream.fail(Errno::CONNREFUSED);
                        continue;
                    }
                    (State::Closed | State::Listen, Some(listener)) => {
                        stream.gone = true;
                        stream.phase = Phase::Over;
                        stream.listener = None;
                        ready.push((listener, *number, false));
                    }
                    (_, None) => {
                        stream.phase = Phase::Connected(false);
                        stream.unstuff();
                        stream.readable = true;
                    }
                    (_, Some(listener)) => {
                        stream.phase = Phase::Connected(true);
                        ready.push((listener, *number, true));
                    }
                }
                moved = true;
            }
            moved |= stream.pump(&mut self.sockets);
        }
        for (local, remote, handle) in over {
            self.disconnect(&local, &remote, Some(handle));
        }
        for (listener, number, good) in ready {
            if let Some(Object::Stream(stream)) = self.objects.get_mut(&listener)
                && let Phase::Listening { ready, halves, .. } = &mut stream.phase
            {
                *halves = halves.saturating_sub(1);
                if good {
                    ready.push_back(number);
                    if let Some(end) = &stream.end {
                        // No room means that it is readable already.
                        let _ = pair::send(end, &[0]);
                    }
                }
            }
        }
        moved
    }

    /// Ends what lasts too long, and forgets what is over.
    fn reap(&mut self, now: Instant) {
        let (mut ended, mut severed) = (Vec::new(), Vec::new());
        for (number, object) in &mut self.objects {
            let Object::Stream(stream) = object else { continue };
            let Some(handle) = stream.handle else {
                if stream.gone {
                    ended.push((*number, true));
                } else if stream.end.is_none() && stream.listener.is_none() {
                    severed.push(*number);
                }
                continue;
            };
            let socket = self.sockets.get_mut::<Socket<'static>>(handle);
            let age = now.duration_since(stream.since);
            match (&stream.phase, stream.listener) {
                (Phase::Connecting, None) if age > PATIENCE => {
                    socket.abort();
                    stream.fail(Errno::TIMEDOUT);
                }
                (Phase::Connecting, Some(_)) if age > HALF => socket.abort(),
                _ if stream.gone && age > ORPHAN && socket.state() != State::Closed => socket.abort(),
                _ => {}
            }
            if socket.state() == State::Closed && stream.listener.is_none() {
                ended.push((*number, stream.gone));
            }
        }
        // Nothing tells whether their guests are still to ask for their errors.
        let most = severed.len().saturating_sub(SEVERED);
        ended.extend(severed.into_iter().take(most).map(|number| (number, true)));
        for (number, gone) in ended {
            if gone {
                self.remove(number);
            } else if let Some(Object::Stream(stream)) = self.objects.get_mut(&number) {
                let (local, remote, handle) = (stream.local, stream.remote, stream.handle.take());
                self.disconnect(&local, &remote, handle);
            }
        }
    }
}
