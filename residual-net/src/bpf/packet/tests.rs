use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{fstat, ftruncate};
use rustix::io::pread;
use schemas::Errno;

use super::ring::{Request, Ring, Version};
use super::{Address, Kind, Socket};
use crate::bpf::filter::Instruction;
use crate::bpf::testing::{Pair, datagram};
use crate::clock::Clock;
use crate::network::{Change, Direction, Frame};
use crate::readiness::Readiness;

const SOL_SOCKET: i32 = 1;
const SOL_PACKET: i32 = 263;
const ALL: u16 = 3;
/// Number of the socket that is opened next.
static NUMBER: AtomicU64 = AtomicU64::new(1);
const DONT_WAIT: u32 = 0x40;
const PEEK: u32 = 2;
const TRUNCATED: u32 = 0x20;

fn open(pair: &Pair, kind: Kind, protocol: u16) -> (Arc<Socket>, OwnedFd) {
    let (readiness, guest) = Readiness::new(false).unwrap();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    (Socket::new(number, kind, protocol, pair.host.clone(), Arc::new(Clock::default()), readiness), guest)
}

fn wait(socket: &Socket, guest: &OwnedFd, milliseconds: i64) -> PollFlags {
    socket.readiness().settle(guest);
    let mut polled = [PollFd::new(guest, PollFlags::IN)];
    let limit =
        rustix::time::Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
    poll(&mut polled, Some(&limit)).unwrap();
    polled[0].revents()
}

fn bind(socket: &Socket, interface: u32) {
    socket.bind(&Address { protocol: ALL, interface, ..Address::default() }.write()).unwrap();
}

fn words(value: &[u8]) -> Vec<u32> {
    value.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect()
}

#[test]
fn packets_come_with_who_sent_them() {
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    let frame = datagram(&pair.other, &pair.own, b"hello");
    assert!(!wait(&socket, &guest, 0).contains(PollFlags::IN));
    pair.other.send(Frame::new(frame.clone())).unwrap();
    assert!(wait(&socket, &guest, 0).contains(PollFlags::IN));
    socket.set_option(SOL_PACKET, 8, &1i32.to_ne_bytes()).unwrap();
    socket.set_option(SOL_SOCKET, 35, &1i32.to_ne_bytes()).unwrap();
    let looked = socket.receive(20, PEEK | TRUNCATED).unwrap();
    assert_eq!(socket.receive(20, PEEK).unwrap().length, 20);
    assert_eq!((looked.data.len(), looked.flags, looked.length), (20, TRUNCATED, frame.len() as u64));
    assert_eq!(socket.waiting(), frame.len() as u64);
    let got = socket.receive(2000, 0).unwrap();
    assert_eq!((&got.data, got.flags), (&frame, 0));
    let from = Address::read(&got.address).unwrap();
    assert_eq!((from.protocol, from.interface, from.hardware), (0x800, pair.own.index(), 1));
    assert_eq!((from.packet_type, &from.bytes[..6]), (0, &pair.other.mac().0[..]));
    // A time, then what PACKET_AUXDATA tells.
    assert_eq!((got.control.len(), got.control[12], got.control[32 + 12]), (32 + 40, 35, 8));
    assert_eq!(words(&got.control[48..60]), [1, frame.len() as u32, frame.len() as u32]);
    assert_eq!(socket.receive(2000, DONT_WAIT), Err(Errno::AGAIN));
    assert!(!wait(&socket, &guest, 0).contains(PollFlags::IN));
}

#[test]
fn cooked_sockets_have_no_header_and_send_with_an_address() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Cooked, 0x800);
    let frame = datagram(&pair.other, &pair.own, b"hello");
    pair.other.send(Frame::new(frame.clone())).unwrap();
    let got = socket.receive(2000, 0).unwrap();
    assert_eq!(got.data, frame[14..]);
    let (watching, _fd) = open(&pair, Kind::Raw, ALL);
    let mut to = Address::of(&pair.own, 0x88b5);
    to.bytes[..6].copy_from_slice(&pair.other.mac().0);
    assert_eq!(socket.send(b"payload", &to.write()), Ok(7));
    let sent = watching.receive(100, 0).unwrap();
    let header = [&pair.other.mac().0[..], &pair.own.mac().0, &[0x88, 0xb5]].concat();
    assert_eq!(sent.data, [&header[..], b"payload"].concat());
    assert_eq!(Address::read(&sent.address).unwrap().packet_type, 4);
    // Of another protocol, and what leaves is for ETH_P_ALL alone.
    assert_eq!(socket.receive(100, 0), Err(Errno::AGAIN));
    assert_eq!(socket.send(b"payload", &[]), Err(Errno::NXIO));
    assert_eq!(socket.send(b"payload", &Address::default().write()[..4]), Err(Errno::INVAL));
    to.interface = 99;
    assert_eq!(socket.send(b"payload", &to.write()), Err(Errno::NXIO));
}

#[test]
fn a_socket_does_not_see_what_it_sends_but_for_the_loopback() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    let frame = datagram(&pair.own, &pair.other, b"out");
    assert_eq!(socket.send(&frame, &[]), Ok(frame.len() as u64));
    assert_eq!(socket.receive(100, 0), Err(Errno::AGAIN));
    assert_eq!(socket.send(&frame[..13], &[]), Err(Errno::INVAL));
    assert_eq!(socket.send(&vec![0; 70_000], &[]), Err(Errno::MSGSIZE));
    bind(&socket, pair.loopback.index());
    let looped = [&[0; 12][..], &[8, 0], &frame[14..]].concat();
    socket.send(&looped, &[]).unwrap();
    let got = socket.receive(2000, 0).unwrap();
    assert_eq!(got.data, looped);
    assert_eq!(Address::read(&got.address).unwrap().hardware, 772);
    pair.own.set_flags(0);
    bind(&socket, pair.own.index());
    assert_eq!(socket.send(&frame, &[]), Err(Errno::NETDOWN));
}

#[test]
fn filters_choose_and_cut_and_can_be_locked() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Raw, ALL);
    let op = |code, operand| Instruction { code, jump_true: 0, jump_false: 0, operand };
    assert_eq!(socket.set_filter(&[]), Err(Errno::NOENT));
    assert_eq!(socket.set_filter(&[op(0, 0)]), Err(Errno::INVAL));
    // What comes in, of which 20 bytes: ldb [type]; jeq #4; ret.
    let load = op(0x30, 0xffff_f004);
    let test = Instruction { code: 0x15, jump_true: 0, jump_false: 1, operand: 4 };
    socket.set_filter(&[load, test, op(6, 0), op(6, 20)]).unwrap();
    pair.own.send(Frame::new(datagram(&pair.own, &pair.other, b"out"))).unwrap();
    pair.other.send(Frame::new(datagram(&pair.other, &pair.own, b"in"))).unwrap();
    let got = socket.receive(2000, 0).unwrap();
    assert_eq!((got.data.len(), got.flags), (20, 0));
    assert_eq!(socket.receive(2000, 0), Err(Errno::AGAIN));
    socket.set_option(SOL_SOCKET, 44, &1i32.to_ne_bytes()).unwrap();
    assert_eq!(socket.set_option(SOL_SOCKET, 44, &0i32.to_ne_bytes()), Err(Errno::PERM));
    assert_eq!(socket.set_option(SOL_SOCKET, 27, &[]), Err(Errno::PERM));
}

#[test]
fn statistics_are_counted_since_they_were_told() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    let frame = Bytes::from(datagram(&pair.other, &pair.own, &[0; 1000]));
    // Nobody reads: what waits is bounded.
    for _ in 0..1000 {
        pair.other.send(Frame::new(frame.clone())).unwrap();
    }
    let told = words(&socket.option(SOL_PACKET, 6, 100, &[]).unwrap());
    assert_eq!(told[0], 1000);
    assert!(told[1] > 500 && told[1] < 900, "{told:?}");
    assert_eq!(words(&socket.option(SOL_PACKET, 6, 8, &[]).unwrap()), [0, 0]);
    let mut taken = 0;
    while socket.receive(100, 0).is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 1000 - told[1]);
}

#[test]
fn promiscuous_members_see_what_is_for_others() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    let mut frame = datagram(&pair.other, &pair.own, b"x");
    frame[..6].copy_from_slice(&[2, 9, 9, 9, 9, 9]);
    let send = || pair.other.send(Frame::new(frame.clone())).unwrap();
    send();
    assert_eq!(socket.receive(100, 0), Err(Errno::AGAIN));
    let mut member = [0u8; 16];
    member[..4].copy_from_slice(&pair.own.index().to_ne_bytes());
    member[4] = 1;
    socket.set_option(SOL_PACKET, 1, &member).unwrap();
    send();
    let got = socket.receive(100, 0).unwrap();
    assert_eq!(Address::read(&got.address).unwrap().packet_type, 3);
    socket.set_option(SOL_PACKET, 2, &member).unwrap();
    assert_eq!(socket.set_option(SOL_PACKET, 2, &member), Err(Errno::ADDRNOTAVAIL));
    send();
    assert_eq!(socket.receive(100, 0), Err(Errno::AGAIN));
    member[0] = 77;
    assert_eq!(socket.set_option(SOL_PACKET, 1, &member), Err(Errno::NODEV));
}

#[test]
fn an_interface_that_goes_is_an_error_of_its_ring() {
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    ring(&socket, &guest, 1, &[4096, 2, 2048, 4]).unwrap();
    pair.host.remove(&pair.own);
    socket.interface_changed(&Change::Removed(pair.own.clone()));
    assert!(wait(&socket, &guest, 0).contains(PollFlags::ERR));
}

#[test]
fn an_interface_that_goes_is_an_error_after_what_came_before() {
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    pair.host.remove(&pair.own);
    socket.interface_changed(&Change::Removed(pair.own.clone()));
    assert!(wait(&socket, &guest, 0).contains(PollFlags::IN));
    assert_eq!(socket.receive(100, 0), Err(Errno::NETDOWN));
    assert_eq!(socket.receive(100, 0), Err(Errno::AGAIN));
    let gone = Address { protocol: ALL, interface: pair.own.index(), ..Address::default() };
    assert_eq!(socket.bind(&gone.write()), Err(Errno::NODEV));
}

/// The memory of a ring as its guest maps it.
struct Guest(OwnedFd);

impl Guest {
    fn bytes(&self, at: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        assert_eq!(pread(&self.0, &mut bytes, at as u64).unwrap(), len);
        bytes
    }

    fn word(&self, at: usize) -> u32 {
        words(&self.bytes(at, 4))[0]
    }

    fn half(&self, at: usize) -> usize {
        let bytes = self.bytes(at, 2);
        usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]))
    }

    fn set(&self, at: usize, word: u32) {
        rustix::io::pwrite(&self.0, &word.to_ne_bytes(), at as u64).unwrap();
    }
}

fn ring(socket: &Socket, guest: &OwnedFd, version: u32, request: &[u32]) -> Result<Guest, Errno> {
    socket.set_option(SOL_PACKET, 10, &version.to_ne_bytes())?;
    let request: Vec<u8> = request.iter().flat_map(|word| word.to_ne_bytes()).collect();
    socket.set_option(SOL_PACKET, 5, &request)?;
    socket.readiness().keep(guest);
    socket.ring_memory().map(Guest)
}

#[test]
fn frames_of_the_second_version_go_around() {
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    let memory = ring(&socket, &guest, 1, &[4096, 2, 2048, 4]).unwrap();
    assert_eq!(fstat(&memory.0).unwrap().st_size, 8192);
    assert!(ftruncate(&memory.0, 0).is_err());
    let frame = datagram(&pair.other, &pair.own, &[5; 100]);
    for _ in 0..6 {
        pair.other.send(Frame::new(frame.clone())).unwrap();
    }
    assert!(wait(&socket, &guest, 0).contains(PollFlags::IN));
    for number in 0..4 {
        let at = number * 2048;
        assert_eq!(memory.word(at), 1);
        assert_eq!(memory.word(at + 4) as usize, frame.len());
        assert_eq!(memory.half(at + 14), 80);
        assert_eq!(memory.bytes(at + memory.half(at + 12), frame.len()), frame);
        let address = Address::read(&memory.bytes(at + 32, 20)).unwrap();
        assert_eq!(address.bytes[..6], pair.other.mac().0);
    }
    assert_eq!(words(&socket.option(SOL_PACKET, 6, 8, &[]).unwrap()), [6, 2]);
    // The guest gives them back, and is woken for the next ones only.
    for number in 0..4 {
        memory.set(number * 2048, 0);
    }
    let limit = Instant::now() + Duration::from_secs(5);
    while wait(&socket, &guest, 0).contains(PollFlags::IN) {
        assert!(Instant::now() < limit);
        std::thread::sleep(Duration::from_millis(1));
    }
    // The next one says that some were lost. A frame longer than its place is cut.
    let long = datagram(&pair.other, &pair.own, &[6; 3000]);
    pair.other.send(Frame::new(long.clone())).unwrap();
    assert_eq!(memory.word(0), 1 | 2 | 4);
    assert_eq!(memory.word(4) as usize, long.len());
    assert_eq!(memory.word(8), 2048 - 66);
    // A ring does not change under its guest.
    assert_eq!(socket.set_option(SOL_PACKET, 10, &2u32.to_ne_bytes()), Err(Errno::BUSY));
    assert_eq!(ring(&socket, &guest, 1, &[0; 4]).err(), Some(Errno::BUSY));
}

#[test]
fn blocks_of_the_third_version_go_when_full_or_late() {
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    bind(&socket, pair.own.index());
    let memory = ring(&socket, &guest, 2, &[4096, 3, 2048, 6, 20, 16, 0]).unwrap();
    let frame = datagram(&pair.other, &pair.own, &[5; 1000]);
    pair.other.send(Frame::new(frame.clone())).unwrap();
    assert_eq!(memory.word(8), 0);
    assert!(wait(&socket, &guest, 2000).contains(PollFlags::IN));
    // Late: timed out, one packet, behind 48 bytes of header and 16 of the guest's.
    assert_eq!(words(&memory.bytes(0, 20)), [2, 48, 1 | 0x20, 1, 64]);
    assert_eq!(memory.word(64), 0);
    assert_eq!(memory.word(64 + 12) as usize, frame.len());
    assert_eq!(memory.bytes(64 + memory.half(64 + 24), frame.len()), frame);
    assert_eq!(memory.half(64 + 26) % 16, 0);
    // Full: three of them do not fit into four thousand bytes with a fourth.
    for _ in 0..4 {
        pair.other.send(Frame::new(frame.clone())).unwrap();
    }
    assert_eq!((memory.word(4096 + 8), memory.word(4096 + 12)), (1, 3));
    let next = memory.word(4096 + 64) as usize;
    assert_eq!(next % 8, 0);
    assert_eq!(memory.word(4096 + 64 + next + 12) as usize, frame.len());
    assert_eq!((memory.bytes(24, 8)[0], memory.bytes(4096 + 24, 8)[0]), (1, 2));
    // The guest keeps all blocks: the queue is frozen, and what comes is counted.
    let limit = Instant::now() + Duration::from_secs(5);
    while memory.word(8192 + 8) & 1 == 0 {
        assert!(Instant::now() < limit);
        std::thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..5 {
        pair.other.send(Frame::new(frame.clone())).unwrap();
    }
    let told = words(&socket.option(SOL_PACKET, 6, 12, &[]).unwrap());
    assert_eq!((told[0], told[2]), (10, 1));
    assert_eq!(told[1], 5);
    memory.set(8, 0);
    pair.other.send(Frame::new(frame.clone())).unwrap();
    assert!(wait(&socket, &guest, 2000).contains(PollFlags::IN));
    let limit = Instant::now() + Duration::from_secs(5);
    while memory.word(8) & 1 == 0 {
        assert!(Instant::now() < limit);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(memory.bytes(24, 8)[0], 4);
}

#[test]
fn rings_that_cannot_be_are_refused() {
    let good = Request { block_size: 4096, blocks: 2, frame_size: 2048, frames: 4, timeout: 0, private: 0 };
    for version in [Version::Two, Version::Three] {
        assert!(Ring::new(version, good, 0).is_ok());
        for bad in [
            Request { block_size: 0, ..good },
            Request { block_size: 4097, ..good },
            Request { block_size: 0x8000_0000, ..good },
            Request { blocks: 0, ..good },
            Request { frames: 5, ..good },
            Request { frame_size: 32, frames: 256, ..good },
            Request { frame_size: 2047, ..good },
            Request { frame_size: 0, ..good },
        ] {
            assert_eq!(Ring::new(version, bad, 0).err(), Some(Errno::INVAL), "{version:?} {bad:?}");
        }
        assert_eq!(Ring::new(version, good, u32::MAX).err(), Some(Errno::INVAL));
        let much = Request { block_size: 1 << 20, blocks: 65536, frame_size: 1 << 20, frames: 65536, ..good };
        assert_eq!(Ring::new(version, much, 0).err(), Some(Errno::NOMEM));
    }
    assert_eq!(Ring::new(Version::Three, Request { private: u32::MAX, ..good }, 0).err(), Some(Errno::INVAL));
    let pair = Pair::new();
    let (socket, guest) = open(&pair, Kind::Raw, ALL);
    assert_eq!(ring(&socket, &guest, 0, &[4096, 2, 2048, 4]).err(), Some(Errno::INVAL));
    assert_eq!(ring(&socket, &guest, 2, &[4096, 2, 2048, 4]).err(), Some(Errno::INVAL));
    assert_eq!(ring(&socket, &guest, 3, &[4096, 2, 2048, 4]).err(), Some(Errno::INVAL));
    assert_eq!(socket.ring_memory().err(), Some(Errno::INVAL));
}

#[test]
fn what_is_no_option_is_refused() {
    let pair = Pair::new();
    let (socket, _guest) = open(&pair, Kind::Raw, ALL);
    assert_eq!(words(&socket.option(SOL_PACKET, 11, 4, &2i32.to_ne_bytes()).unwrap()), [48]);
    assert_eq!(words(&socket.option(SOL_PACKET, 11, 4, &1i32.to_ne_bytes()).unwrap()), [32]);
    assert_eq!(socket.option(SOL_PACKET, 11, 4, &9i32.to_ne_bytes()), Err(Errno::INVAL));
    assert_eq!(words(&socket.option(SOL_SOCKET, 3, 4, &[]).unwrap()), [3]);
    assert_eq!(words(&socket.option(SOL_SOCKET, 39, 4, &[]).unwrap()), [17]);
    assert_eq!(socket.option(SOL_SOCKET, 999, 4, &[]), Err(Errno::NOPROTOOPT));
    assert_eq!(socket.set_option(SOL_PACKET, 18, &[0; 4]), Err(Errno::NOPROTOOPT));
    assert_eq!(socket.set_option(6, 1, &[0; 4]), Err(Errno::NOPROTOOPT));
    assert_eq!(socket.set_option(SOL_PACKET, 8, &[0; 3]), Err(Errno::INVAL));
    assert_eq!(socket.bind(&[17, 0, 0, 3]), Err(Errno::INVAL));
    assert_eq!(socket.name().len(), 12);
    bind(&socket, pair.own.index());
    assert_eq!(socket.name(), Address::of(&pair.own, ALL).write());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever options and messages come in, whatever the guest writes into its ring: nothing panics or hangs.
    #[test]
    fn any_guest_is_survived(
        calls in prop::collection::vec(
            (0u8..6, prop_oneof![Just(SOL_SOCKET), Just(SOL_PACKET)], 0i32..50, prop::collection::vec(any::<u8>(), 0..40)),
            0..40,
        ),
        scribble in prop::collection::vec((0usize..8192, any::<u32>()), 0..20),
        third in any::<bool>(),
    ) {
        let pair = Pair::new();
        let (socket, guest) = open(&pair, Kind::Raw, ALL);
        let request: &[u32] = if third { &[4096, 2, 2048, 4, 1, 0, 0] } else { &[4096, 2, 2048, 4] };
        let memory = ring(&socket, &guest, 1 + u32::from(third), request).unwrap();
        for (number, (call, level, name, value)) in calls.iter().enumerate() {
            match call {
                0 => drop(socket.set_option(*level, *name, value)),
                1 => drop(socket.option(*level, *name, value.len(), value)),
                2 => drop(socket.bind(value)),
                3 => drop(socket.send(value, value)),
                4 => drop(socket.receive(value.len() as u64, *name as u32)),
                _ => drop(pair.other.send(Frame::new(datagram(&pair.other, &pair.own, value)))),
            }
            if let Some((at, word)) = scribble.get(number) {
                memory.set(*at, *word);
            }
        }
        prop_assert!(Address::sender(&pair.own, Direction::In, &[]).packet_type == 0);
    }
}
