//! The dispatcher against a guest that is played by the test: well-behaved, and then hostile.

use std::os::fd::{AsFd, FromRawFd, IntoRawFd, OwnedFd};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capnp::any_pointer;
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use schemas::server::{Caller, Capabilities, Server};
use schemas::transport::{Datagram, DatagramKind, REQUEST_SIZE, Region, SLOT_SIZE};
use schemas::{Errno, Interface, Operation, Personality, device, fs, message};
use sim::hurd::world::{Policy, World as Hurd};
use sim::mach::Mach;

use super::connection::Connection;
use super::desk::Desk;
use super::socket::{self, Received};
use super::*;
use crate::deployment::Deployment;
use crate::servers::{Answerer, Maker, Servers};
use crate::world::{Face, Live};

/// The object that the test's server gives to whoever opens something.
const OBJECT: u64 = 7;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that opens anything, tells of what it opened, and dies when asked to open `poison`.
struct Opener;

impl Server for Opener {
    fn name(&self) -> &str {
        "opener"
    }

    fn interface(&self) -> Interface {
        Interface::Fs
    }

    fn call(
        &self,
        operation: Operation,
        caller: &Caller,
        params: any_pointer::Reader<'_>,
        results: any_pointer::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        match operation {
            Operation::FsOpen => {
                let params: fs::open::params::Reader<'_> = params.get_as()?;
                match params.get_path()? {
                    b"poison" => panic!("poisoned"),
                    b"none" => return Err(Errno::NOENT),
                    _ => {}
                }
                let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
                // Kept open for as long as the test runs.
                let _ = ours.into_raw_fd();
                caps.donate(theirs);
                let mut results: fs::open::results::Builder<'_> = results.init_as();
                results.set_object(OBJECT);
                results.set_flags(caller.pid as u32);
                Ok(())
            }
            Operation::DeviceControl => {
                let params: device::control::params::Reader<'_> = params.get_as()?;
                let mut results: device::control::results::Builder<'_> = results.init_as();
                results.set_value(params.get_code() as i64 + caps.received.len() as i64);
                Ok(())
            }
            _ => Err(Errno::NOSYS),
        }
    }
}

/// A world with that server, and a crew.
fn world() -> (Arc<Live>, Crew) {
    let text = "inherit = \"nothing\"\n[servers.opener]\nkind = \"hostfs\"\n\
                [[mount]]\npath = \"/\"\ndirectory = \"/\"\n[[mount]]\npath = \"/srv\"\nserver = \"opener\"\n";
    let deployment = Deployment::parse(text, Path::new("test.toml")).unwrap();
    let face = Face::new(&deployment).unwrap();
    let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), Policy::default()));
    let make: Maker = Box::new(|| Ok(Answerer::Task(Arc::new(Opener))));
    let servers = Servers::made_by(vec![("opener".to_owned(), Interface::Fs, make)], hurd.clone()).unwrap();
    let world = Arc::new(Live::with_servers(deployment, face, servers, hurd));
    let crew = Crew::start(&world).unwrap();
    (world, crew)
}

fn pair() -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

fn region_file(seals: SealFlags) -> OwnedFd {
    let file = rustix::fs::memfd_create(c"region", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    rustix::fs::ftruncate(&file, Region::SIZE as u64).unwrap();
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file
}

fn own_pid() -> i32 {
    std::process::id() as i32
}

/// The test as a guest.
struct Guest {
    socket: OwnedFd,
    start: NonNull<u8>,
    region: Region<'static>,
}

impl Guest {
    /// Says hello over the socket that a run begins with.
    fn new(first: &OwnedFd) -> Self {
        let file = region_file(SealFlags::SHRINK | SealFlags::GROW);
        // SAFETY: a new mapping at an address that the kernel chooses; never unmapped.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                Region::SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )
        };
        let start = NonNull::new(start.unwrap().cast()).unwrap();
        // SAFETY: mapped above, of that size, zeroed; hostile tests write to it through raw pointers only.
        let region = unsafe { Region::create(start) };
        let (socket, theirs) = pair();
        let hello = Datagram {
            pid: own_pid(),
            personality: Some(Personality::FreeBsd),
            count: 2,
            ..Datagram::new(DatagramKind::Hello)
        };
        socket::send(first.as_fd(), &hello, &[theirs, file]).unwrap();
        let guest = Self { socket, start, region };
        let (welcome, _) = guest.receive();
        assert_eq!(welcome.kind, DatagramKind::Welcome);
        guest
    }

    fn receive(&self) -> (Datagram, Vec<OwnedFd>) {
        receive(&self.socket)
    }

    /// Asks, and returns the reply with the descriptors that came with it.
    fn call<P>(
        &self,
        slot: u32,
        operation: Operation,
        descriptors: Vec<OwnedFd>,
        fill: impl FnOnce(P::Builder<'_>),
    ) -> Result<(Vec<u8>, Vec<OwnedFd>), Errno>
    where
        P: capnp::traits::Owned,
        P::Builder<'static>: capnp::traits::HasStructSize,
    {
        let mut claimed = self.region.slot(slot).unwrap().claim().unwrap();
        let fill = |params: P::Builder<'_>| {
            fill(params);
            Ok(())
        };
        let length = message::build::<P>(claimed.request(), 64, fill).unwrap();
        let bell = claimed.submit(operation, Personality::FreeBsd, own_pid(), length, descriptors.len());
        if bell {
            self.ring(slot, &descriptors);
        }
        let end = Instant::now() + PATIENCE;
        while !claimed.replied() {
            assert!(Instant::now() < end, "no reply to {operation}");
            std::thread::yield_now();
        }
        let outcome = claimed.reply().map(|(bytes, count)| {
            let received = if count == 0 { Vec::new() } else { self.receive().1 };
            assert_eq!(received.len(), count);
            (bytes.to_vec(), received)
        });
        claimed.release();
        outcome
    }

    fn ring(&self, slot: u32, descriptors: &[OwnedFd]) {
        let bell = Datagram { slot, count: descriptors.len() as u8, ..Datagram::new(DatagramKind::Doorbell) };
        // A worker that is slow to read lets the socket fill up; a guest rings again.
        while let Err(errno) = socket::send(self.socket.as_fd(), &bell, descriptors) {
            assert_eq!(errno, rustix::io::Errno::AGAIN);
            std::thread::yield_now();
        }
    }

    fn open(&self, path: &str) -> Result<OwnedFd, Errno> {
        let (_, mut descriptors) =
            self.call::<fs::open::params::Owned>(0, Operation::FsOpen, vec![], |mut params| {
                // The second mount is the server's.
                params.set_mount(2);
                params.set_path(path.as_bytes());
            })?;
        Ok(descriptors.remove(0))
    }

    fn control(&self, descriptor: &OwnedFd, object: u64) -> Result<i64, Errno> {
        let copy = descriptor.try_clone().unwrap();
        let operation = Operation::DeviceControl;
        let (reply, _) =
            self.call::<device::control::params::Owned>(1, operation, vec![copy], |mut params| {
                params.set_object(object);
                params.set_code(40);
            })?;
        let mut words = vec![0_u64; reply.len() / 8];
        message::bytes_mut(&mut words).copy_from_slice(&reply);
        let message = message::Message::new(message::bytes(&words));
        Ok(message.root::<device::control::results::Reader<'_>>()?.get_value())
    }

    /// Writes a slot's head as no stub would: the fields at their offsets, then the state that asks for an answer.
    fn scribble(&self, slot: u32, operation: u16, personality: u8, descriptors: u8, length: u32) {
        let start = Region::SLOTS_AT + slot as usize * SLOT_SIZE;
        // SAFETY: within the mapping; the mapper reads it as atomics, and not before the state is written.
        unsafe {
            let head = self.start.add(start);
            head.add(8).cast::<u16>().write(operation);
            head.add(10).write(personality);
            head.add(11).write(descriptors);
            head.add(16).cast::<u32>().write(length);
            let state = head.cast::<std::sync::atomic::AtomicU32>().as_ref();
            state.store(2, std::sync::atomic::Ordering::SeqCst);
            // Announce it: the bit of the slot, behind the first 64 bytes of the region.
            let pending = self.start.add(64).cast::<std::sync::atomic::AtomicU64>().as_ref();
            pending.fetch_or(1 << slot, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// The status of the reply to a request that was scribbled.
    fn status(&self, slot: u32) -> i32 {
        let start = Region::SLOTS_AT + slot as usize * SLOT_SIZE;
        // SAFETY: within the mapping.
        let word = |offset| unsafe {
            self.start.add(start + offset).cast::<std::sync::atomic::AtomicU32>().as_ref()
        };
        let end = Instant::now() + PATIENCE;
        while word(0).load(std::sync::atomic::Ordering::SeqCst) != 4 {
            assert!(Instant::now() < end, "no reply");
            std::thread::yield_now();
        }
        word(24).load(std::sync::atomic::Ordering::SeqCst) as i32
    }
}

fn receive(socket: &OwnedFd) -> (Datagram, Vec<OwnedFd>) {
    let end = Instant::now() + PATIENCE;
    loop {
        match socket::receive(socket.as_fd()) {
            Received::Datagram(datagram, descriptors) => return (datagram, descriptors),
            Received::Nothing => assert!(Instant::now() < end, "nothing was received"),
            other => panic!("{other:?}"),
        }
        std::thread::yield_now();
    }
}

fn guest() -> (Arc<Live>, Crew, OwnedFd, Guest) {
    let (world, crew) = world();
    let (theirs, first) = pair();
    crew.admit(theirs, None, own_pid(), Personality::FreeBsd, None);
    let guest = Guest::new(&first);
    (world, crew, first, guest)
}

#[test]
fn call_is_answered_with_and_without_a_doorbell() {
    let (world, _crew, _first, guest) = guest();
    for _ in 0..100 {
        guest.open("x").unwrap();
        assert_eq!(guest.open("none").unwrap_err(), Errno::NOENT);
    }
    let report = &world.servers.report()[0];
    assert_eq!((report.requests, report.errors), (200, 100));
    assert_eq!(report.objects, 1);
    let (failed, time) = world.statistics.of(Personality::FreeBsd, Operation::FsOpen);
    assert_eq!(failed, 100);
    assert!(time > Duration::ZERO);
}

#[test]
fn call_of_an_operation_without_a_server_is_refused() {
    let (_world, _crew, _first, guest) = guest();
    for operation in [Operation::ProcKill, Operation::MemoryMap] {
        let outcome = guest.call::<fs::open::params::Owned>(3, operation, vec![], |_| {});
        assert_eq!(outcome.unwrap_err(), Errno::NOSYS, "{operation}");
    }
}

#[test]
fn object_is_found_by_its_descriptor_and_only_by_its_holder() {
    let (_world, _crew, _first, guest) = guest();
    let opened = guest.open("x").unwrap();
    assert_eq!(guest.control(&opened, OBJECT), Ok(41));
    assert_eq!(guest.control(&opened, 0), Ok(41));
    assert_eq!(guest.control(&opened, OBJECT + 1), Err(Errno::BADF), "another object's name");
    let stranger = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    assert_eq!(guest.control(&stranger, OBJECT), Ok(41), "the guest does hold it");
    assert_eq!(guest.control(&stranger, OBJECT + 1), Err(Errno::IO));
}

#[test]
fn server_that_dies_is_an_error_to_the_guest_and_is_back_at_once() {
    let (world, _crew, _first, guest) = guest();
    assert_eq!(guest.open("poison").unwrap_err(), Errno::IO);
    assert!(guest.open("x").is_ok());
    assert_eq!(world.servers.report()[0].restarts, 1);
}

#[test]
fn requests_of_nonsense_are_answered_with_errors() {
    let (_world, _crew, _first, guest) = guest();
    let open = Operation::FsOpen.id();
    let cases = [
        (0xffff, 2, 0, 8, Errno::NOSYS),
        (open, 0, 0, 8, Errno::BADMSG),
        (open, 200, 0, 8, Errno::BADMSG),
        (open, 2, 3, 8, Errno::BADMSG),
        (open, 2, 255, 8, Errno::BADMSG),
        (open, 2, 0, 7, Errno::BADMSG),
        (open, 2, 0, REQUEST_SIZE as u32 + 8, Errno::BADMSG),
        (open, 2, 0, u32::MAX, Errno::BADMSG),
    ];
    for (operation, personality, descriptors, length, expected) in cases {
        guest.scribble(5, operation, personality, descriptors, length);
        guest.ring(5, &[]);
        assert_eq!(guest.status(5), expected.0, "{operation:#x} {personality} {descriptors} {length}");
    }
    assert!(guest.open("x").is_ok());
}

#[test]
fn messages_of_nonsense_are_answered_with_errors() {
    let (_world, _crew, _first, guest) = guest();
    let start = Region::SLOTS_AT + 6 * SLOT_SIZE + 64;
    // A far pointer, a list, a structure beyond the end, and one that claims half a gigabyte.
    for word in [2_u64, 1, 0xffff_0000_0000_0000, 0x7fff_ffff_ffff_fffc, u64::MAX] {
        for operation in Operation::ALL {
            // SAFETY: within the mapping.
            unsafe { guest.start.add(start).cast::<u64>().write(word) };
            guest.scribble(6, operation.id(), 2, 0, 16);
            guest.ring(6, &[]);
            assert_ne!(guest.status(6), 0, "{operation} {word:#x}");
        }
    }
    assert!(guest.open("x").is_ok());
}

#[test]
fn datagrams_of_nonsense_are_dropped() {
    let (_world, _crew, first, guest) = guest();
    for socket in [&first, &guest.socket] {
        for bytes in [&[0_u8; 32][..], &[0xff; 32], &[1], &[7; 4000]] {
            rustix::io::write(socket, bytes).unwrap();
        }
    }
    for slot in [256, 999, u32::MAX] {
        guest.ring(slot, &[]);
        guest.ring(slot, &[OwnedFd::from(std::fs::File::open("/dev/null").unwrap())]);
    }
    // A doorbell for a slot without a request, and one on a socket without a region.
    guest.ring(9, &[]);
    let bell = Datagram::new(DatagramKind::Doorbell);
    socket::send(first.as_fd(), &bell, &[]).unwrap();
    for kind in [DatagramKind::Welcome, DatagramKind::Descriptors, DatagramKind::Executing] {
        socket::send(guest.socket.as_fd(), &Datagram::new(kind), &[]).unwrap();
    }
    assert!(guest.open("x").is_ok());
}

#[test]
fn hello_that_could_hurt_is_refused() {
    let (world, _crew, first, _guest) = guest();
    let sealed = || region_file(SealFlags::SHRINK);
    let null = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    let (pid, other) = (own_pid(), 1);
    let cases = [
        ("a region that can shrink", pid, vec![pair().0, region_file(SealFlags::empty())]),
        ("a region without a head", pid, vec![pair().0, sealed()]),
        ("no region", pid, vec![pair().0, null()]),
        ("no socket", pid, vec![null(), sealed()]),
        ("another's number", other, vec![pair().0, sealed()]),
        ("nothing", pid, vec![]),
        ("a region alone, on another's socket", pid, vec![sealed()]),
        ("too much", pid, vec![pair().0, sealed(), sealed()]),
    ];
    for (what, pid, descriptors) in cases {
        let hello = Datagram {
            pid,
            personality: Some(Personality::Linux),
            count: descriptors.len() as u8,
            ..Datagram::new(DatagramKind::Hello)
        };
        socket::send(first.as_fd(), &hello, &descriptors).unwrap();
        let (answer, _) = receive(&first);
        assert_eq!(answer.kind, DatagramKind::Refused, "{what}");
        assert_ne!(answer.argument, 0, "{what}");
    }
    assert_eq!(world.registry.processes().len(), 1);
}

#[test]
fn guest_that_takes_nothing_gets_an_error_and_stalls_nobody() {
    let (_world, crew, _first, guest) = guest();
    let (theirs, second_first) = pair();
    crew.admit(theirs, None, own_pid(), Personality::FreeBsd, None);
    let other = Guest::new(&second_first);
    let mut refused = None;
    for _ in 0..100_000 {
        // Descriptors are sent and never received.
        let mut claimed = guest.region.slot(0).unwrap().claim().unwrap();
        let length = message::build::<fs::open::params::Owned>(claimed.request(), 8, |mut params| {
            params.set_mount(2);
            params.set_path(b"x");
            Ok(())
        });
        if claimed.submit(Operation::FsOpen, Personality::FreeBsd, 0, length.unwrap(), 0) {
            guest.ring(0, &[]);
        }
        let end = Instant::now() + PATIENCE;
        while !claimed.replied() {
            assert!(Instant::now() < end, "no reply");
            std::thread::yield_now();
        }
        refused = claimed.reply().err();
        claimed.release();
        if refused.is_some() {
            break;
        }
    }
    assert_eq!(refused, Some(Errno::NOBUFS));
    assert!(other.open("x").is_ok());
}

#[test]
fn flood_of_doorbells_does_not_keep_others_waiting() {
    let (_world, crew, _first, guest) = guest();
    let (theirs, second_first) = pair();
    crew.admit(theirs, None, own_pid(), Personality::FreeBsd, None);
    let other = Guest::new(&second_first);
    let flooding = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let bell = Datagram { slot: 9, ..Datagram::new(DatagramKind::Doorbell) };
            while flooding.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = socket::send(guest.socket.as_fd(), &bell, &[]);
            }
        });
        let start = Instant::now();
        for _ in 0..200 {
            other.open("x").unwrap();
        }
        let took = start.elapsed();
        flooding.store(false, std::sync::atomic::Ordering::Relaxed);
        assert!(took < PATIENCE, "{took:?}");
    });
}

/// Counts what each thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl std::alloc::GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        let _ = ALLOCATED.try_with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller promises.
        unsafe { std::alloc::System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: std::alloc::Layout) {
        // SAFETY: as the caller promises.
        unsafe { std::alloc::System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A guest whose connection the test itself looks after, with a desk to answer it.
fn served_by_the_test() -> (Arc<Live>, Crew, Connection, Desk, Mapped) {
    let (world, crew) = world();
    let (process, _) = world.registry.enter(own_pid(), None, Personality::FreeBsd).unwrap();
    let file = Mapped::create(own_pid(), Personality::FreeBsd).unwrap();
    let region = Arc::new(Mapped::new(file.as_fd()).unwrap());
    let (theirs, _ours) = pair();
    let connection = Connection::of(theirs, process, region, &world);
    let desk = Desk::new(world.clone());
    (world, crew, connection, desk, Mapped::new(file.as_fd()).unwrap())
}

/// Submits a question about an object that nobody has, which takes all of the dispatcher's way but a server's own.
fn ask_of_nothing(claimed: &mut schemas::transport::Claimed<'_>, object: u64) {
    let length = message::build::<device::control::params::Owned>(claimed.request(), 8, |mut params| {
        params.set_object(object);
        Ok(())
    });
    claimed.submit(Operation::DeviceControl, Personality::FreeBsd, 0, length.unwrap(), 0);
}

#[test]
fn no_guest_is_answered_more_than_a_turn_before_it_is_anothers() {
    let (_world, _crew, mut connection, mut desk, region) = served_by_the_test();
    let region = region.region();
    let mut claimed: Vec<_> = (0..200).map(|slot| region.slot(slot).unwrap().claim().unwrap()).collect();
    claimed.iter_mut().for_each(|claimed| ask_of_nothing(claimed, 1));
    let mut turns = 0;
    loop {
        let answered = connection.poll(&mut desk);
        assert!(answered <= 16, "{answered}");
        turns += 1;
        if !connection.is_awake() {
            break;
        }
        // One that asks again at once does not get the others' turn.
        if claimed[0].reply().is_err_and(|errno| errno != Errno::AGAIN) {
            ask_of_nothing(&mut claimed[0], 1);
        }
        assert!(turns < 100);
    }
    assert!(turns >= 200 / 16);
    assert!(claimed[1..].iter().all(schemas::transport::Claimed::replied));
}

/// Of a reply that is built capnp keeps a list of its segments, of which there is one.
#[test]
fn nothing_of_the_dispatchers_own_is_allocated_for_a_message() {
    let (world, _crew, mut connection, mut desk, region) = served_by_the_test();
    let process = world.registry.process(own_pid()).unwrap();
    process.add_object(OBJECT, crate::route::ServerId(1));
    let mut claimed = region.region().slot(0).unwrap().claim().unwrap();
    let mut allocated = Vec::new();
    for _ in 0..3 {
        for object in [OBJECT, OBJECT + 1] {
            ask_of_nothing(&mut claimed, object);
            let before = ALLOCATED.get();
            assert_eq!(connection.poll(&mut desk), 1);
            allocated.push(ALLOCATED.get() - before);
            assert_eq!(claimed.reply().is_ok(), object == OBJECT);
        }
    }
    assert_eq!(allocated[2..], [1, 0, 1, 0], "{allocated:?}");
}

#[test]
fn children_that_are_only_noted_are_found_by_looking() {
    let (world, _crew, _first, guest) = guest();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id() as i32;
    // Process 2 is the kernel's, and nobody's child here.
    for noted in [1, 2, i32::MAX, pid] {
        assert!(!guest.region.note_child(noted));
    }
    assert!(world.registry.hurd().guest(2).is_none());
    assert_eq!(world.registry.hurd().guest(pid).unwrap().pid, pid);
    assert_eq!(world.registry.processes().len(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let end = Instant::now() + PATIENCE;
    while world.registry.process(pid).is_some() {
        assert!(Instant::now() < end, "its death was not seen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn another_image_of_a_guest_is_known_by_its_program() {
    let (world, _crew, _first, guest) = guest();
    guest.region.set_owner(own_pid(), Personality::FreeBsd);
    guest.open("x").unwrap();
    guest.region.adopt(own_pid(), Personality::FreeBsd, b"/usr/bin/another").unwrap();
    assert_eq!(world.registry.hurd().guest(own_pid()).unwrap().path, b"/usr/bin/another");
}

#[test]
fn world_is_over_when_the_last_socket_is_closed() {
    let (_world, crew, first, guest) = guest();
    assert!(!crew.over().wait(Some(Duration::from_millis(10))));
    drop(first);
    assert!(!crew.over().wait(Some(Duration::from_millis(10))));
    drop(guest);
    assert!(crew.over().wait(Some(PATIENCE)));
}

#[test]
fn child_is_known_until_it_dies_and_a_stranger_never() {
    let (world, _crew, _first, guest) = guest();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id() as i32;
    let forked = |pid| Datagram {
        pid,
        personality: Some(Personality::FreeBsd),
        ..Datagram::new(DatagramKind::Forked)
    };
    // Process 2 is the kernel's, and nobody's child here.
    for stranger in [1, 2, 0, -1, i32::MAX] {
        socket::send(guest.socket.as_fd(), &forked(stranger), &[]).unwrap();
    }
    socket::send(guest.socket.as_fd(), &forked(pid), &[]).unwrap();
    let becomes = |known: bool| {
        let end = Instant::now() + PATIENCE;
        while world.registry.process(pid).is_some() != known {
            assert!(Instant::now() < end, "known: {known}");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    becomes(true);
    assert_eq!(world.registry.processes().len(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    becomes(false);
}

#[test]
fn descriptors_that_come_with_nonsense_are_closed() {
    let (_world, _crew, first, guest) = guest();
    let (read, write) = rustix::pipe::pipe().unwrap();
    guest.ring(999, std::slice::from_ref(&write));
    let hello = Datagram { pid: own_pid(), count: 1, ..Datagram::new(DatagramKind::Hello) };
    socket::send(first.as_fd(), &hello, std::slice::from_ref(&write)).unwrap();
    assert!(guest.open("x").is_ok());
    receive(&first);
    drop(write);
    // The end of the pipe can be seen only when nobody holds the other one.
    // SAFETY: the descriptor is owned and given away.
    let mut pipe = unsafe { std::fs::File::from_raw_fd(read.into_raw_fd()) };
    assert_eq!(std::io::Read::read(&mut pipe, &mut [0]).unwrap(), 0);
}
