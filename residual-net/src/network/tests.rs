use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use schemas::Errno;

fn frame(to: Mac, from: Mac, body: &[u8]) -> Frame {
    Frame::new([&to.0[..], &from.0[..], &[0x88, 0xb5], body].concat())
}

fn taken(interface: &Interface) -> Vec<Vec<u8>> {
    let mut frames = VecDeque::new();
    interface.take_all(&mut frames);
    frames.into_iter().map(|frame| frame.bytes()[ETHERNET_HEADER..].to_vec()).collect()
}

fn watched(capacity: usize) -> TapOptions {
    TapOptions {
        capacity,
        directions: Directions::Both,
        promiscuous: false,
        select: Box::new(|frame, _| Some(frame.clone())),
        wake: Box::new(|| {}),
    }
}

/// A network with hosts a, b and c, and the interface of each.
fn three() -> (Networks, [Arc<Interface>; 3]) {
    let networks = Networks::default();
    let lab = networks.network("lab");
    let interfaces = ["a", "b", "c"].map(|name| {
        let interface = networks.host(name).add_ethernet("eth0", &lab).unwrap();
        interface.serve(|| {});
        interface
    });
    (networks, interfaces)
}

#[test]
fn names_lead_to_the_same_network_and_host() {
    let (networks, interfaces) = three();
    assert!(Arc::ptr_eq(&networks.network("lab"), &networks.network("lab")));
    assert_eq!(networks.network("lab").ports(), 3);
    assert_eq!(networks.hosts().len(), 3);
    assert!(Arc::ptr_eq(&networks.host("b").by_name("eth0").unwrap(), &interfaces[1]));
    let macs: std::collections::HashSet<_> = interfaces.iter().map(|interface| interface.mac()).collect();
    assert_eq!(macs.len(), 3);
}

#[test]
fn frames_reach_whom_they_are_for() {
    let (_networks, [a, b, c]) = three();
    a.send(frame(Mac::BROADCAST, a.mac(), b"all")).unwrap();
    assert_eq!((taken(&a).len(), taken(&b).len(), taken(&c).len()), (0, 1, 1));
    a.send(frame(b.mac(), a.mac(), b"not yet learnt")).unwrap();
    b.send(frame(a.mac(), b.mac(), b"answer")).unwrap();
    a.send(frame(b.mac(), a.mac(), b"learnt")).unwrap();
    assert_eq!(taken(&b), [&b"not yet learnt"[..], b"learnt"]);
    assert_eq!(taken(&a), [b"answer"]);
    assert!(taken(&c).is_empty());
    assert_eq!((b.received.packets(), c.received.packets(), a.sent.packets()), (3, 1, 3));
}

#[test]
fn malformed_frames_and_interfaces_that_are_down_carry_nothing() {
    let (_networks, [a, b, _]) = three();
    assert_eq!(a.send(Frame::new(vec![0; 13])), Err(Refused::TooShort));
    assert_eq!(a.send(frame(b.mac(), a.mac(), &vec![0; 65536])), Err(Refused::TooLong));
    assert_eq!(a.sent.errors(), 2);
    b.set_mtu(100);
    a.send(frame(b.mac(), a.mac(), &[0; 101])).unwrap();
    assert_eq!((b.received.errors(), taken(&b).len()), (1, 0));
    a.set_flags(0);
    assert_eq!(a.send(frame(b.mac(), a.mac(), b"x")), Err(Refused::Down));
    b.set_flags(0);
    a.set_flags(Flags::UP);
    a.send(frame(b.mac(), a.mac(), b"x")).unwrap();
    assert!(taken(&b).is_empty());
}

#[test]
fn queue_of_a_stack_that_takes_nothing_is_bounded() {
    let (_networks, [a, b, _]) = three();
    let body = vec![0; 60000];
    for _ in 0..1000 {
        a.send(frame(b.mac(), a.mac(), &body)).unwrap();
    }
    let (kept, dropped) = (taken(&b).len() as u64, b.received.dropped());
    assert_eq!(kept + dropped, 1000);
    assert!(kept * 60000 < 17 << 20 && kept > 100, "{kept}");
}

#[test]
fn stack_is_woken_when_the_first_frame_waits() {
    let (_networks, [a, b, _]) = three();
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    b.serve(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    for _ in 0..3 {
        a.send(frame(b.mac(), a.mac(), b"x")).unwrap();
    }
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    assert_eq!(taken(&b).len(), 3);
    a.send(frame(b.mac(), a.mac(), b"x")).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 2);
}

#[test]
fn tap_sees_both_ways_and_chooses() {
    let (_networks, [a, b, _]) = three();
    let tap = a.tap(watched(1 << 20));
    a.send(frame(b.mac(), a.mac(), b"out")).unwrap();
    b.send(frame(a.mac(), b.mac(), b"in")).unwrap();
    let (first, second) = (tap.take(99).unwrap(), tap.take(99).unwrap());
    assert_eq!((&first.bytes[14..], first.direction), (&b"out"[..], Direction::Out));
    assert_eq!((&second.bytes[14..], second.direction), (&b"in"[..], Direction::In));
    tap.set_directions(Directions::In);
    tap.set_select(Box::new(|frame, _| frame.ends_with(b"yes").then(|| frame.slice(..15))));
    a.send(frame(b.mac(), a.mac(), b"yes")).unwrap();
    b.send(frame(a.mac(), b.mac(), b"no")).unwrap();
    b.send(frame(a.mac(), b.mac(), b"yes")).unwrap();
    let only = tap.take(99).unwrap();
    assert_eq!((only.bytes.len(), only.length), (15, 17));
    assert!(tap.take(99).is_none());
    assert_eq!(tap.statistics(), TapStatistics { passed: 4, selected: 3, dropped: 0 });
}

#[test]
fn tap_that_nobody_reads_drops_and_counts() {
    let (_networks, [a, b, _]) = three();
    let tap = a.tap(watched(10_000));
    for _ in 0..1000 {
        a.send(frame(b.mac(), a.mac(), &[0; 100])).unwrap();
    }
    let (frames, bytes) = tap.waiting();
    assert!(bytes <= 10_000 && frames > 10);
    assert_eq!(tap.statistics().dropped + frames as u64, 1000);
    assert!(tap.take(10).is_none());
    tap.flush();
    assert_eq!(tap.waiting(), (0, 0));
}

#[test]
fn promiscuous_tap_sees_what_is_for_others_and_the_stack_does_not() {
    let (_networks, [a, b, c]) = three();
    b.send(frame(a.mac(), b.mac(), b"learn")).unwrap();
    taken(&c);
    let tap = c.tap(watched(1 << 20));
    a.send(frame(b.mac(), a.mac(), b"one")).unwrap();
    assert!(tap.take(99).is_none());
    tap.set_promiscuous(true);
    a.send(frame(b.mac(), a.mac(), b"two")).unwrap();
    assert_eq!(&tap.take(99).unwrap().bytes[14..], b"two");
    assert!(taken(&c).is_empty());
    assert_ne!(c.flags() & Flags::PROMISCUOUS, 0);
    drop(tap);
    assert_eq!(c.flags() & Flags::PROMISCUOUS, 0);
}

#[test]
fn tap_sees_checksums_that_stacks_leave_out() {
    let networks = Networks::default();
    let loopback = networks.host("a").add_loopback("lo").unwrap();
    let tap = loopback.tap(watched(1 << 20));
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
    packet.extend([0, 1, 0, 2, 0, 8, 0, 0]);
    loopback.send(Frame::unsummed(packet, 0)).unwrap();
    for direction in [Direction::Out, Direction::In] {
        let seen = tap.take(99).unwrap();
        assert_eq!(seen.direction, direction);
        assert_ne!(seen.bytes[26..28], [0, 0]);
    }
}

#[test]
fn removal_ends_taps_and_unplugs() {
    let (networks, [a, b, _]) = three();
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let wake = Box::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let tap = a.tap(TapOptions { wake, ..watched(1 << 20) });
    a.send(frame(b.mac(), a.mac(), b"last")).unwrap();
    networks.host("a").remove(&a);
    assert!(tap.is_gone());
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    assert!(tap.take(99).is_some());
    assert_eq!(a.send(frame(b.mac(), a.mac(), b"x")), Err(Refused::Down));
    assert_eq!(networks.network("lab").ports(), 2);
    assert!(networks.host("a").interfaces().is_empty());
    assert!(a.tap(watched(1)).is_gone());
}

#[test]
fn links_of_others_get_what_is_sent() {
    struct Pipe(Mutex<Vec<Frame>>);
    impl Link for Pipe {
        fn send(&self, frame: Frame) -> bool {
            lock(&self.0).push(frame);
            lock(&self.0).len() < 3
        }
    }
    let networks = Networks::default();
    let host = networks.host("a");
    let pipe = Arc::new(Pipe(Mutex::default()));
    let tun = host.add_link("tun0", Medium::Ip, Mac::default(), 1500, pipe.clone()).unwrap();
    assert_eq!(tun.send(Frame::new(vec![0x45])), Err(Refused::Down));
    tun.set_flags(Flags::UP);
    tun.send(Frame::new(vec![0x45])).unwrap();
    tun.send(Frame::new(vec![0x45])).unwrap();
    assert_eq!(tun.send(Frame::new(vec![0x45])), Err(Refused::Full));
    assert_eq!((lock(&pipe.0).len(), tun.sent.dropped()), (3, 1));
}

#[test]
fn hosts_tell_of_changes_and_refuse_bad_names() {
    let networks = Networks::default();
    let host = networks.host("a");
    let changes = Arc::new(Mutex::new(Vec::new()));
    let log = changes.clone();
    host.watch(move |change| {
        let text = match change {
            Change::Added(interface) => format!("+{}", interface.name()),
            Change::Removed(interface) => format!("-{}", interface.name()),
            Change::Changed(interface) => format!("={}", interface.name()),
        };
        lock(&log).push(text);
    });
    let lo = host.add_loopback("lo").unwrap();
    host.rename(&lo, "lo0").unwrap();
    let other = host.add_ethernet("eth0", &networks.network("lab")).unwrap();
    assert_eq!(host.rename(&other, "lo0"), Err(Errno::EXIST));
    assert_eq!((lo.index(), other.index()), (1, 2));
    host.remove(&other);
    assert_eq!(*lock(&changes), ["+lo", "=lo0", "+eth0", "-eth0"]);
    for name in ["", "lo0", "a/b", "a b", "..", "sixteen-letters-"] {
        assert!(host.add_loopback(name).is_err(), "{name}");
    }
}
