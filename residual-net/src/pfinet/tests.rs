use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use schemas::Errno;
use schemas::server::Post;
use schemas::transport::Envelope;

use super::address::{INET, INET6, encode, parse};
use super::*;
use crate::network::{Directions, TapOptions};

const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;

/// A host of the network `lab`.
fn stack(networks: &Networks, name: &str, number: u8, more: &str) -> Netstack {
    let text =
        format!("network = \"lab\"\naddress = [\"10.1.0.{number}/24\", \"fd00:1::{number}/64\"]\n{more}");
    let settings = Settings::read(&text.parse().unwrap()).unwrap();
    Netstack::new(&Post { name: name.to_owned(), ..Post::default() }, &settings, networks).unwrap()
}

fn lab() -> (Networks, Netstack, Netstack) {
    let networks = Networks::default();
    let (a, b) = (stack(&networks, "a", 1, ""), stack(&networks, "b", 2, ""));
    (networks, a, b)
}

fn sockaddr(text: &str) -> Vec<u8> {
    let address: SocketAddr = text.parse().unwrap();
    encode(address, if address.is_ipv4() { INET } else { INET6 })
}

fn socket(stack: &Netstack, family: u16, kind: u32, protocol: u32) -> (u64, OwnedFd) {
    stack.with(|stack| stack.socket(family, kind, protocol, false)).unwrap()
}

fn wait(end: &OwnedFd, flags: PollFlags) {
    let mut polled = [PollFd::new(end, flags)];
    let ready = poll(&mut polled, Some(&Timespec { tv_sec: 10, tv_nsec: 0 })).unwrap();
    assert_eq!(ready, 1, "nothing for ten seconds");
}

fn listen(stack: &Netstack, at: &str, backlog: i32) -> (u64, OwnedFd) {
    let address = sockaddr(at);
    let (number, guest) = socket(stack, super::address::family(&address), STREAM, 0);
    stack.with(|stack| stack.bind(number, &address)).unwrap();
    stack.with(|stack| stack.listen(number, backlog)).unwrap();
    (number, guest)
}

/// A connection that comes about while its owner does not wait.
fn connect(stack: &Netstack, to: &str) -> Result<(u64, OwnedFd), Errno> {
    let address = sockaddr(to);
    let (number, guest) = socket(stack, super::address::family(&address), STREAM, 0);
    match stack.with(|stack| stack.connect(number, &address, Some(&guest))) {
        Ok(()) => return Ok((number, guest)),
        Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error),
    }
    wait(&guest, PollFlags::OUT);
    match stack.with(|stack| stack.take_error(number)).unwrap() {
        0 => Ok((number, guest)),
        error => Err(Errno(error)),
    }
}

fn accept(stack: &Netstack, listener: &(u64, OwnedFd)) -> (u64, OwnedFd, SocketAddr) {
    wait(&listener.1, PollFlags::IN);
    let (number, guest, from) =
        stack.with(|stack| stack.accept(listener.0, true, Some(&listener.1))).unwrap();
    (number, guest, parse(&from).unwrap())
}

fn read(end: &OwnedFd, length: usize) -> Vec<u8> {
    let (mut bytes, mut room) = (Vec::new(), vec![0; 65536]);
    while bytes.len() < length {
        wait(end, PollFlags::IN);
        match rustix::io::read(end, &mut room[..]).unwrap() {
            0 => break,
            got => bytes.extend_from_slice(&room[..got]),
        }
    }
    bytes
}

#[test]
fn stream_carries_both_ways_and_ends_orderly() {
    let (_networks, a, b) = lab();
    for at in ["10.1.0.2:80", "[fd00:1::2]:80"] {
        let listener = listen(&b, at, 5);
        let (client, own) = connect(&a, at).unwrap();
        let (_, other, from) = accept(&b, &listener);
        assert_eq!(parse(&a.with(|stack| stack.name(client)).unwrap()), Ok(from));
        assert_eq!(parse(&a.with(|stack| stack.peer(client)).unwrap()), Ok(at.parse().unwrap()));
        rustix::io::write(&own, b"question").unwrap();
        assert_eq!(read(&other, 8), b"question");
        rustix::io::write(&other, b"answer").unwrap();
        assert_eq!(read(&own, 6), b"answer");
        rustix::net::shutdown(&own, rustix::net::Shutdown::Write).unwrap();
        assert!(read(&other, 1).is_empty());
        rustix::io::write(&other, b"late").unwrap();
        drop(other);
        assert_eq!(read(&own, 99), b"late");
        drop(own);
    }
}

#[test]
fn much_data_arrives_whole_though_the_receiver_is_slow() {
    const LENGTH: usize = 32 << 20;
    let (_networks, a, b) = lab();
    let listener = listen(&b, "10.1.0.2:80", 5);
    let (_, own) = connect(&a, "10.1.0.2:80").unwrap();
    let (_, other, _) = accept(&b, &listener);
    let sent: Vec<u8> = (0..LENGTH).map(|at| (at * 7 + at / 251) as u8).collect();
    let copy = sent.clone();
    rustix::fs::fcntl_setfl(&own, rustix::fs::OFlags::RDWR).unwrap();
    let writer = std::thread::spawn(move || {
        let mut rest = &copy[..];
        while !rest.is_empty() {
            let written = rustix::io::write(&own, rest).unwrap();
            rest = &rest[written..];
        }
    });
    // The window fills up; nothing is lost, and nothing more is taken from the sender.
    std::thread::sleep(Duration::from_millis(100));
    assert!(!writer.is_finished());
    assert!(read(&other, LENGTH) == sent);
    writer.join().unwrap();
}

#[test]
fn connections_that_nobody_takes_are_refused() {
    let (_networks, a, b) = lab();
    assert_eq!(connect(&a, "10.1.0.2:81").err(), Some(Errno::CONNREFUSED));
    assert_eq!(connect(&a, "127.0.0.1:81").err(), Some(Errno::CONNREFUSED));
    assert_eq!(connect(&a, "192.0.2.1:81").err(), Some(Errno::NETUNREACH));
    let start = Instant::now();
    assert_eq!(connect(&a, "10.1.0.77:81").err(), Some(Errno::HOSTUNREACH));
    assert!(start.elapsed() < Duration::from_secs(8));
    drop(b);
}

#[test]
fn socket_that_was_refused_can_be_connected_elsewhere() {
    let (_networks, a, b) = lab();
    let listener = listen(&b, "10.1.0.2:80", 5);
    let (number, guest) = socket(&a, INET, STREAM, 0);
    let first = a.with(|stack| stack.connect(number, &sockaddr("10.1.0.2:81"), Some(&guest)));
    assert_eq!(first, Err(Errno::INPROGRESS));
    wait(&guest, PollFlags::OUT);
    assert_eq!(a.with(|stack| stack.take_error(number)), Ok(Errno::CONNREFUSED.raw()));
    let second = a.with(|stack| stack.connect(number, &sockaddr("10.1.0.2:80"), Some(&guest)));
    assert!(matches!(second, Ok(()) | Err(Errno::INPROGRESS)));
    accept(&b, &listener);
}

#[test]
fn reset_is_told() {
    let (_networks, a, b) = lab();
    let listener = listen(&b, "10.1.0.2:80", 5);
    let (client, own) = connect(&a, "10.1.0.2:80").unwrap();
    let (_, other, _) = accept(&b, &listener);
    // The peer is gone without a word: what is sent to it comes back as a reset.
    drop(b);
    drop(other);
    let b = stack(&_networks, "b", 2, "");
    rustix::io::write(&own, b"anybody there?").unwrap();
    assert!(read(&own, 1).is_empty());
    assert_eq!(a.with(|stack| stack.take_error(client)), Ok(Errno::CONNRESET.raw()));
    drop(b);
}

#[test]
fn backlog_is_bounded_and_the_listener_is_readable_as_long_as_there_is_one_to_accept() {
    let (_networks, a, b) = lab();
    let listener = listen(&b, "10.1.0.2:80", 1);
    let first = connect(&a, "10.1.0.2:80").unwrap();
    let second = connect(&a, "10.1.0.2:80").unwrap();
    let (number, third) = socket(&a, INET, STREAM, 0);
    let begun = a.with(|stack| stack.connect(number, &sockaddr("10.1.0.2:80"), Some(&third)));
    assert_eq!(begun, Err(Errno::INPROGRESS));
    std::thread::sleep(Duration::from_millis(50));
    let mut polled = [PollFd::new(&third, PollFlags::OUT)];
    assert_eq!(poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap(), 0);
    accept(&b, &listener);
    accept(&b, &listener);
    // It is asked for again, and now there is room.
    wait(&third, PollFlags::OUT);
    accept(&b, &listener);
    let none = b.with(|stack| stack.accept(listener.0, false, Some(&listener.1)));
    assert!(matches!(none, Err(Errno::AGAIN)));
    drop((first, second));
}

#[test]
fn addresses_in_use_and_of_others_are_refused() {
    let (_networks, a, _b) = lab();
    let _listener = listen(&a, "0.0.0.0:80", 1);
    let bind = |to: &str| {
        let (number, _guest) = socket(&a, INET, STREAM, 0);
        a.with(|stack| stack.bind(number, &sockaddr(to)))
    };
    assert_eq!(bind("10.1.0.1:80"), Err(Errno::ADDRINUSE));
    assert_eq!(bind("10.1.0.2:81"), Err(Errno::ADDRNOTAVAIL));
    assert_eq!(bind("10.1.0.1:81"), Ok(()));
    assert_eq!(bind("10.1.0.1:0"), Ok(()));
}

fn exchange(guest: &OwnedFd, data: &[u8]) {
    pair::send_record(guest, &Envelope::new(&[], &[]).unwrap(), data).unwrap();
}

fn record(guest: &OwnedFd) -> (Envelope, Vec<u8>) {
    wait(guest, PollFlags::IN);
    let mut room = vec![0; 70000];
    let (envelope, length) = pair::receive_record(guest, &mut room).unwrap().unwrap();
    room.truncate(length);
    (envelope, room)
}

#[test]
fn datagrams_go_to_and_fro_with_their_addresses() {
    let (_networks, a, b) = lab();
    for (from, to, family) in [("10.1.0.1:7", "10.1.0.2:9", INET), ("[fd00:1::1]:7", "[fd00:1::2]:9", INET6)]
    {
        let (server, there) = socket(&b, family, DATAGRAM, 0);
        b.with(|stack| stack.bind(server, &sockaddr(to))).unwrap();
        let (client, here) = socket(&a, family, DATAGRAM, 17);
        a.with(|stack| stack.bind(client, &sockaddr(from))).unwrap();
        let long = vec![7; 60000];
        assert_eq!(a.with(|stack| stack.send(client, &sockaddr(to), &long)), Ok(60000));
        let (envelope, data) = record(&there);
        assert!(data == long);
        assert_eq!(parse(envelope.address()), Ok(from.parse().unwrap()));
        b.with(|stack| stack.send(server, envelope.address(), b"")).unwrap();
        assert_eq!(record(&here).1, b"");
        assert_eq!(a.with(|stack| stack.send(client, &[], b"x")), Err(Errno::DESTADDRREQ));
        a.with(|stack| stack.connect(client, &sockaddr(to), Some(&here))).unwrap();
        exchange(&here, b"connected");
        assert_eq!(record(&there).1, b"connected");
        drop(there);
        exchange(&here, b"nobody");
        assert_eq!(record(&here).0.error, Errno::CONNREFUSED.raw());
    }
}

#[test]
fn datagrams_to_nowhere_and_to_everybody() {
    let (_networks, a, b) = lab();
    let (client, _here) = socket(&a, INET, DATAGRAM, 0);
    let send = |to: &str, data: &[u8]| a.with(|stack| stack.send(client, &sockaddr(to), data));
    assert_eq!(send("192.0.2.1:9", b"x"), Err(Errno::NETUNREACH));
    assert_eq!(send("10.1.0.2:9", &[0; 65508]), Err(Errno::MSGSIZE));
    assert_eq!(send("10.1.0.255:9", b"x"), Err(Errno::ACCES));
    let (server, there) = socket(&b, INET, DATAGRAM, 0);
    b.with(|stack| stack.bind(server, &sockaddr("0.0.0.0:9"))).unwrap();
    a.with(|stack| control::set_option(stack, client, 1, 6, &1i32.to_ne_bytes())).unwrap();
    assert_eq!(send("10.1.0.255:9", b"all"), Ok(3));
    assert_eq!(record(&there).1, b"all");
}

#[test]
fn echo_is_answered_and_hosts_that_are_not_there_are_told() {
    let (_networks, a, _b) = lab();
    for (to, family, protocol, asks) in [("10.1.0.2:0", INET, 1, 8), ("[fd00:1::2]:0", INET6, 58, 128)] {
        let (ping, guest) = socket(&a, family, DATAGRAM, protocol);
        let message = [asks, 0, 0, 0, 0, 0, 0, 1, b'h', b'i'];
        assert_eq!(a.with(|stack| stack.send(ping, &sockaddr(to), &message)), Ok(10));
        let (envelope, answer) = record(&guest);
        assert_eq!(parse(envelope.address()), Ok(to.parse().unwrap()));
        assert_eq!(answer[6..], *b"\0\x01hi");
    }
    let (raw, guest) = socket(&a, INET, 3, 1);
    let message = [8, 0, 0xf7, 0xff, 0, 0, 0, 0];
    a.with(|stack| stack.send(raw, &sockaddr("10.1.0.99:0"), &message)).unwrap();
    let (_, told) = record(&guest);
    // After the header: destination unreachable, and that no host is there.
    assert_eq!(told[20..22], [3, 1]);
}

#[test]
fn taps_see_segments_with_their_checksums() {
    let (networks, a, b) = lab();
    let interface = networks.host("b").by_name("eth0").unwrap();
    let tap = interface.tap(TapOptions {
        capacity: 1 << 20,
        directions: Directions::Both,
        promiscuous: false,
        select: Box::new(|frame, _| Some(frame.clone())),
        wake: Box::new(|| {}),
    });
    let listener = listen(&b, "10.1.0.2:80", 5);
    let _client = connect(&a, "10.1.0.2:80").unwrap();
    accept(&b, &listener);
    let mut segments = 0;
    while let Some(captured) = tap.take(usize::MAX) {
        if captured.bytes[12..14] == [8, 0] {
            let packet = packet::Packet::read(&captured.bytes.slice(14..), 1, true).unwrap();
            assert!(packet.is_summed());
            segments += 1;
        }
    }
    assert!(segments >= 3, "{segments}");
}

#[test]
fn stack_survives_any_frame() {
    let (networks, a, b) = lab();
    let listener = listen(&b, "10.1.0.2:80", 5);
    let _client = connect(&a, "10.1.0.2:80").unwrap();
    let interface = networks.host("b").by_name("eth0").unwrap();
    let own = networks.host("a").by_name("eth0").unwrap();
    let mut state = 7u32;
    let mut random = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    };
    for round in 0..4000u32 {
        let mut frame: Vec<u8> = (0..14 + usize::from(random())).map(|_| random()).collect();
        frame[..6].copy_from_slice(&interface.mac().0);
        frame[6..12].copy_from_slice(&own.mac().0);
        let kinds = [[8, 0], [8, 6], [0x86, 0xdd], [1, 2]];
        frame[12..14].copy_from_slice(&kinds[(round % 4) as usize]);
        if frame.len() > 60 {
            let (first, rest) = if round % 4 == 0 { (0x45, [10, 1, 0, 2]) } else { (0x60, [0; 4]) };
            frame[14] = first;
            if round % 4 == 0 {
                let length = (frame.len() - 14) as u16;
                frame[16..18].copy_from_slice(&length.to_be_bytes());
                frame[20..22].fill(0);
                frame[23] = [1, 6, 17, 99][(round / 4 % 4) as usize];
                frame[30..34].copy_from_slice(&rest);
            }
        }
        // Unsummed frames get past the checks of sums.
        own.send(crate::network::Frame::unsummed(frame, 14)).unwrap();
    }
    let again = connect(&a, "10.1.0.2:80").unwrap();
    accept(&b, &listener);
    accept(&b, &listener);
    drop(again);
}

#[test]
fn routers_pass_packets_on() {
    let networks = Networks::default();
    let settings = |text: &str| Settings::read(&text.parse().unwrap()).unwrap();
    let post = |name: &str| Post { name: name.to_owned(), ..Post::default() };
    let left = settings("network = \"left\"\naddress = \"10.1.0.2/24\"\ngateway = \"10.1.0.1\"");
    let right =
        settings("network = \"right\"\naddress = \"10.2.0.2/24\"\ngateway = \"10.2.0.1\"\nmtu = 1500");
    let middle = settings("network = \"left\"\naddress = \"10.1.0.1/24\"\nforward = true");
    let a = Netstack::new(&post("a"), &left, &networks).unwrap();
    let b = Netstack::new(&post("b"), &right, &networks).unwrap();
    let router = Netstack::new(&post("router"), &middle, &networks).unwrap();
    let second = router.host().add_ethernet("eth1", &networks.network("right")).unwrap();
    second.set_mtu(1500);
    let row = Address { address: "10.2.0.1".parse().unwrap(), prefix: 24, peer: None };
    router.with(|stack| stack.ip.add_address(&second, row)).unwrap();
    let listener = listen(&b, "10.2.0.2:80", 5);
    let (_, own) = connect(&a, "10.2.0.2:80").unwrap();
    let (_, other, from) = accept(&b, &listener);
    assert_eq!(from.ip(), "10.1.0.2".parse::<IpAddr>().unwrap());
    // More than one segment of the narrower side.
    rustix::io::write(&own, &[9; 20000]).unwrap();
    assert_eq!(read(&other, 20000), [9; 20000]);
    // A datagram in fragments, one that may not be taken apart, and one that may not go that far.
    let (number, sink) = socket(&b, INET, DATAGRAM, 0);
    b.with(|stack| stack.bind(number, &sockaddr("10.2.0.2:9"))).unwrap();
    let (number, source) = socket(&a, INET, DATAGRAM, 0);
    a.with(|stack| stack.connect(number, &sockaddr("10.2.0.2:9"), None)).unwrap();
    let send = |option: i32, value: i32| {
        a.with(|stack| {
            control::set_option(stack, number, 0, option, &value.to_ne_bytes()).unwrap();
            stack.send(number, &[], &[7; 9000])
        })
    };
    let told = |end: &OwnedFd| {
        wait(end, PollFlags::IN);
        let mut room = vec![0; 10_000];
        let (envelope, length) = pair::receive_record(end, &mut room).unwrap().unwrap();
        (envelope.error, length)
    };
    let far = a.with(|stack| stack.send(number, &[], &[7; 9000]));
    assert_eq!((far, told(&sink)), (Ok(9000), (0, 9000)));
    a.host().by_name("eth0").unwrap().set_mtu(1500);
    // IP_MTU_DISCOVER: IP_PMTUDISC_DO, IP_PMTUDISC_WANT; IP_TTL
    assert_eq!(send(10, 2), Err(Errno::MSGSIZE));
    assert_eq!((send(10, 1), told(&sink)), (Ok(9000), (0, 9000)));
    assert_eq!((send(2, 1), told(&source)), (Ok(9000), (Errno::HOSTUNREACH.raw(), 0)));
}

#[test]
fn files_tell_of_interfaces_routes_and_sockets() {
    let (networks, a, _b) = lab();
    let _listener = listen(&a, "0.0.0.0:80", 5);
    let file = |name: &str| networks.file("a", name).unwrap();
    assert!(file("dev").lines().nth(3).unwrap().starts_with("  eth0:"));
    let routes = file("route");
    assert!(routes.contains("eth0\t0000010A\t00000000\t0001\t0\t0\t0\t00FFFFFF"), "{routes}");
    assert!(file("if_inet6").contains("00000000000000000000000000000001 01 80 10 80       lo"));
    let sockets = file("tcp");
    assert!(sockets.contains("   0: 00000000:0050 00000000:0000 0A 00000005:00000000"), "{sockets}");
    assert!(networks.file("a", "nothing").is_none() && networks.file("c", "dev").is_none());
}
