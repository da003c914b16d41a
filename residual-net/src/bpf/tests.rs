//! Descriptors of /dev/bpf, without the messages.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use schemas::Errno;

use super::descriptor::Descriptor;
use super::filter::Instruction;
use super::testing::{Pair, datagram};
use crate::clock::Clock;
use crate::network::{Directions, Frame};
use crate::readiness::Readiness;

const fn op(code: u16, operand: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, operand }
}

fn open(pair: &Pair) -> (Arc<Descriptor>, OwnedFd) {
    let (readiness, guest) = Readiness::new(false).unwrap();
    (Descriptor::new(pair.host.clone(), Arc::new(Clock::default()), readiness), guest)
}

fn on(pair: &Pair, name: &str) -> (Arc<Descriptor>, OwnedFd) {
    let (descriptor, guest) = open(pair);
    descriptor.set_immediate(true);
    descriptor.set_interface(name).unwrap();
    (descriptor, guest)
}

fn is_readable(descriptor: &Descriptor, guest: &OwnedFd, limit: Duration) -> bool {
    descriptor.readiness().settle(guest);
    let mut polled = [PollFd::new(guest, PollFlags::IN)];
    let limit = rustix::time::Timespec::try_from(limit).unwrap();
    poll(&mut polled, Some(&limit)).unwrap() == 1
}

/// The packets in what read(2) gave: length on the wire and bytes.
fn packets(records: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut packets = Vec::new();
    let mut at = 0;
    while at < records.len() {
        let word = |from: usize| u32::from_ne_bytes(*records[at + from..].first_chunk().unwrap()) as usize;
        let (captured, length) = (word(16), word(20));
        let start = at + usize::from(u16::from_ne_bytes([records[at + 24], records[at + 25]]));
        packets.push((length, records[start..start + captured].to_vec()));
        at = (start + captured).next_multiple_of(8);
    }
    packets
}

#[test]
fn immediate_readers_get_each_packet_as_it_passes() {
    let pair = Pair::new();
    let (descriptor, guest) = on(&pair, "net0");
    let (one, two) = (datagram(&pair.other, &pair.own, b"one"), datagram(&pair.own, &pair.other, b"two"));
    assert_eq!(descriptor.read(4096, false), Err(Errno::AGAIN));
    pair.other.send(Frame::new(one.clone())).unwrap();
    pair.own.send(Frame::new(two.clone())).unwrap();
    assert!(is_readable(&descriptor, &guest, Duration::ZERO));
    assert!(descriptor.waiting() as usize >= one.len() + two.len());
    assert_eq!(descriptor.read(4095, false), Err(Errno::INVAL));
    let read = packets(&descriptor.read(4096, false).unwrap());
    assert_eq!(read, [(one.len(), one), (two.len(), two)]);
    assert!(!is_readable(&descriptor, &guest, Duration::ZERO));
    let statistics = descriptor.statistics();
    assert_eq!((statistics.received, statistics.dropped, statistics.captured), (2, 0, 2));
}

#[test]
fn loopback_has_four_bytes_of_family() {
    let pair = Pair::new();
    let (descriptor, _guest) = on(&pair, "lo");
    let packet = datagram(&pair.other, &pair.own, b"x")[14..].to_vec();
    let written = [&2u32.to_ne_bytes()[..], &packet].concat();
    assert_eq!(descriptor.write(&written), Ok(written.len() as u64));
    assert_eq!(descriptor.link_type(), Ok(0));
    // Once as it leaves, once as it comes.
    let read = packets(&descriptor.read(4096, false).unwrap());
    assert_eq!(read, [(written.len(), written.clone()), (written.len(), written.clone())]);
    descriptor.set_directions(Directions::In).unwrap();
    // ld [8]; ret of one byte less than the header.
    descriptor.set_filter(&[op(6, 3)], false).unwrap();
    descriptor.write(&written).unwrap();
    assert_eq!(packets(&descriptor.read(4096, false).unwrap()), [(written.len(), written[..3].to_vec())]);
    assert_eq!(descriptor.write(&written[..3]), Err(Errno::MSGSIZE));
    assert_eq!(descriptor.write(&vec![0; 70_000]), Err(Errno::MSGSIZE));
    assert_eq!(descriptor.write(&[]), Ok(0));
}

#[test]
fn others_wait_until_the_buffer_is_full_or_the_time_is_over() {
    let pair = Pair::new();
    let (descriptor, guest) = open(&pair);
    assert_eq!(descriptor.set_length(1000), Ok(1000));
    assert_eq!(descriptor.set_length(1), Ok(32));
    assert_eq!(descriptor.set_length(u32::MAX), Ok(524_288));
    descriptor.set_length(1000).unwrap();
    assert_eq!(descriptor.read(1000, false), Err(Errno::NXIO));
    descriptor.set_interface("net0").unwrap();
    assert_eq!(descriptor.set_length(2000), Err(Errno::INVAL));
    let frame = datagram(&pair.other, &pair.own, &[1; 300]);
    let send = || pair.other.send(Frame::new(frame.clone())).unwrap();
    send();
    assert_eq!(descriptor.read(1000, false), Err(Errno::AGAIN));
    assert!(!is_readable(&descriptor, &guest, Duration::ZERO));
    send();
    send();
    assert!(is_readable(&descriptor, &guest, Duration::ZERO));
    assert_eq!(packets(&descriptor.read(1000, false).unwrap()).len(), 2);
    assert_eq!(descriptor.read(1000, false), Err(Errno::AGAIN));
    // One that does not wait gets what there is.
    assert_eq!(packets(&descriptor.read(1000, true).unwrap()).len(), 1);
    descriptor.set_timeout(Duration::from_millis(30));
    send();
    assert!(is_readable(&descriptor, &guest, Duration::from_secs(5)));
    assert_eq!(packets(&descriptor.read(1000, false).unwrap()).len(), 1);
    // When the time is over and there is nothing, it is nothing that a reader gets.
    let begin = Instant::now();
    assert_eq!(descriptor.read(1000, false), Err(Errno::AGAIN));
    assert!(is_readable(&descriptor, &guest, Duration::from_secs(5)));
    assert!(begin.elapsed() >= Duration::from_millis(29));
    assert_eq!(descriptor.read(1000, false), Ok(Vec::new()));
    assert_eq!(descriptor.read(1000, false), Err(Errno::AGAIN));
}

#[test]
fn one_that_never_reads_loses_packets_and_no_memory() {
    let pair = Pair::new();
    let (descriptor, guest) = on(&pair, "net0");
    let frame = bytes::Bytes::from(datagram(&pair.other, &pair.own, &[1; 1000]));
    for _ in 0..10_000 {
        pair.other.send(Frame::new(frame.clone())).unwrap();
    }
    let statistics = descriptor.statistics();
    assert_eq!((statistics.received, statistics.captured), (10_000, 10_000));
    assert!(is_readable(&descriptor, &guest, Duration::ZERO));
    let mut read = 0;
    while let Ok(records) = descriptor.read(4096, false) {
        read += packets(&records).len() as u64;
    }
    assert_eq!(read + statistics.dropped, 10_000);
    assert!((2..=8).contains(&read), "{read}");
    descriptor.flush();
    assert_eq!(descriptor.statistics().received, 0);
}

#[test]
fn filters_choose_what_is_read_and_what_may_be_written() {
    let pair = Pair::new();
    let (descriptor, _guest) = on(&pair, "net0");
    assert_eq!(descriptor.set_filter(&[op(0, 0)], false), Err(Errno::INVAL));
    assert_eq!(descriptor.set_filter(&[op(0x05, u32::MAX), op(6, 0)], false), Err(Errno::INVAL));
    // ldb [42]; jeq 'y'; ret 43 or 0.
    let choose = [
        op(0x30, 42),
        Instruction { code: 0x15, jump_true: 0, jump_false: 1, operand: u32::from(b'y') },
        op(6, 43),
        op(6, 0),
    ];
    let (yes, no) = (datagram(&pair.own, &pair.other, b"yes"), datagram(&pair.own, &pair.other, b"no"));
    pair.own.send(Frame::new(yes.clone())).unwrap();
    descriptor.set_filter(&choose, true).unwrap();
    pair.own.send(Frame::new(yes.clone())).unwrap();
    pair.own.send(Frame::new(no.clone())).unwrap();
    let read = packets(&descriptor.read(4096, false).unwrap());
    assert_eq!(read, [(yes.len(), yes.clone()), (yes.len(), yes[..43].to_vec())]);
    descriptor.set_write_filter(&choose).unwrap();
    assert_eq!(descriptor.write(&no), Err(Errno::PERM));
    assert_eq!(descriptor.write(&yes), Ok(yes.len() as u64));
    descriptor.set_locked();
    assert_eq!(descriptor.set_filter(&choose, false), Err(Errno::PERM));
    assert_eq!(descriptor.set_write_filter(&[]), Err(Errno::PERM));
    assert_eq!(descriptor.set_interface("lo"), Err(Errno::PERM));
}

#[test]
fn writers_send_from_the_interface_unless_they_say_otherwise() {
    let pair = Pair::new();
    let (descriptor, _guest) = on(&pair, "net0");
    let mut frame = datagram(&pair.own, &pair.other, b"x");
    frame[6..12].copy_from_slice(&[2, 7, 7, 7, 7, 7]);
    descriptor.write(&frame).unwrap();
    descriptor.set_header_complete(true).unwrap();
    descriptor.write(&frame).unwrap();
    let read = packets(&descriptor.read(4096, false).unwrap());
    assert_eq!(read[0].1[6..12], pair.own.mac().0);
    assert_eq!(read[1].1, frame);
    pair.own.set_flags(0);
    assert_eq!(descriptor.write(&frame), Err(Errno::NETDOWN));
}

#[test]
fn an_interface_that_goes_ends_the_reading_after_what_came_before() {
    let pair = Pair::new();
    let (descriptor, guest) = on(&pair, "net0");
    let frame = datagram(&pair.own, &pair.other, b"last");
    pair.own.send(Frame::new(frame.clone())).unwrap();
    pair.host.remove(&pair.own);
    assert!(is_readable(&descriptor, &guest, Duration::ZERO));
    assert_eq!(packets(&descriptor.read(4096, false).unwrap()), [(frame.len(), frame.clone())]);
    assert!(is_readable(&descriptor, &guest, Duration::ZERO));
    assert_eq!(descriptor.read(4096, false), Err(Errno::NXIO));
    assert_eq!(descriptor.write(&frame), Err(Errno::NXIO));
    assert_eq!(descriptor.set_interface("net0"), Err(Errno::NXIO));
    assert_eq!(descriptor.interface(), Err(Errno::INVAL));
}
