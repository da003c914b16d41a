//! The shared layouts: states, two sides at once, and refusals.

use schemas::{
    Errno, Flavour, Operation, Personality,
    exec::Decision,
    fs, message,
    transport::{
        CHILDREN, Datagram, DatagramKind, Handoff, HandoffFlags, Identity, Mount, MountKind, Region,
        RequestBuffer, SITES, SLOTS, State, Text, World,
    },
};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ptr::NonNull,
    thread,
};

/// Zeroed memory that starts at a page.
struct Pages {
    start: NonNull<u8>,
    layout: Layout,
}

impl Pages {
    fn new(size: usize) -> Self {
        let layout = Layout::from_size_align(size, 4096).unwrap();
        // SAFETY: the size is not 0.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap();
        Self { start, layout }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

fn region(pages: &Pages) -> Region<'_> {
    // SAFETY: zeroed, aligned, large enough, and used through this only.
    unsafe { Region::create(pages.start) }
}

fn world(pages: &Pages) -> &World {
    // SAFETY: zeroed, aligned and large enough.
    unsafe { World::create(pages.start) }
}

#[test]
fn a_slot_goes_round() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let slot = region.slot(7).unwrap();
    assert!(region.slot(SLOTS as u32).is_none());
    assert_eq!(slot.state(), Some(State::Free));
    let mut claimed = slot.claim().unwrap();
    assert!(slot.claim().is_none(), "another thread's");
    assert!(slot.take().is_none(), "no request yet");
    claimed.request()[..8].copy_from_slice(&7_u64.to_le_bytes());

    region.set_awake(true);
    assert!(!claimed.submit(Operation::ProcKill, Personality::NetBsd, 5, 8, 0), "the mapper polls");
    let mut announced = Vec::new();
    region.announced(0, 64, |slot| announced.push(slot));
    assert_eq!(announced, [7]);
    region.announced(0, 64, |_| panic!("announced once"));

    let taken = slot.take().unwrap();
    assert!(slot.take().is_none(), "another worker's");
    let mut copy: Box<RequestBuffer> = Box::new([0; _]);
    let request = taken.copy_request(&mut copy).unwrap();
    assert_eq!((request.operation, request.personality), (Operation::ProcKill, Personality::NetBsd));
    assert_eq!((request.thread, request.message, request.descriptors), (5, &7_u64.to_le_bytes()[..], 0));
    assert_eq!(claimed.reply(), Err(Errno::AGAIN));
    let sleeping = claimed.prepare_sleep().expect("there is no reply yet");
    assert_eq!(
        (sleeping, slot.state()),
        (slot.state_word().load(std::sync::atomic::Ordering::SeqCst), Some(State::Busy))
    );
    assert_eq!(claimed.prepare_sleep(), Some(sleeping));
    let word = taken.complete(Ok((&9_u64.to_le_bytes(), 2))).expect("a thread sleeps");
    assert_eq!(word, slot.state_word().as_ptr().cast_const());
    assert!(claimed.replied() && claimed.prepare_sleep().is_none());
    assert_eq!(claimed.reply(), Ok((&9_u64.to_le_bytes()[..], 2)));

    region.set_awake(false);
    assert!(claimed.submit(Operation::ProcKill, Personality::NetBsd, 5, 8, 0), "the mapper sleeps");
    assert!(slot.take().unwrap().complete(Err(Errno::SRCH)).is_none(), "nobody sleeps");
    assert_eq!(claimed.reply(), Err(Errno::SRCH));
    claimed.release();
    assert_eq!(slot.state(), Some(State::Free));
}

#[test]
fn announcements_are_taken_in_turns_from_any_slot_on() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    for slot in [3, 70, 71, 200, 255] {
        let mut claimed = region.slot(slot).unwrap().claim().unwrap();
        claimed.submit(Operation::ProcKill, Personality::Linux, 1, 8, 0);
    }
    let turn = |from: u32, most: u32| {
        let mut taken = Vec::new();
        let rest = region.announced(from, most, |slot| taken.push(slot));
        (taken, rest)
    };
    assert_eq!(turn(71, 2), (vec![71, 200], Some(255)));
    assert_eq!(turn(255, 2), (vec![255, 3], Some(70)));
    assert_eq!(turn(70, 2), (vec![70], None));
    assert_eq!(turn(0, 2), (vec![], None));
}

#[test]
fn the_next_image_goes_on_with_a_region_of_its_own_process_alone() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    region.set_owner(5, Personality::FreeBsd);
    region.set_program(b"/bin/old");
    let own = region.slot(1).unwrap().claim().unwrap();
    let mut asked = region.slot(2).unwrap().claim().unwrap();
    asked.submit(Operation::ProcKill, Personality::FreeBsd, 5, 8, 0);
    assert_eq!(region.adopt(6, Personality::FreeBsd, b"/bin/new"), Err(Errno::PERM));
    assert_eq!(region.adopt(5, Personality::Linux, b"/bin/new"), Err(Errno::PERM));
    assert_eq!((region.image(), region.program()), (0, b"/bin/old".to_vec()));
    region.adopt(5, Personality::FreeBsd, b"/bin/new").unwrap();
    assert_eq!((region.image(), region.program()), (1, b"/bin/new".to_vec()));
    region.trapped(0x1000).unwrap();
    region.adopt(5, Personality::FreeBsd, b"/bin/newer").unwrap();
    assert_eq!((region.image(), region.sites().count()), (2, 0));
    assert_eq!(region.slot(own.index()).unwrap().state(), Some(State::Free));
    assert_eq!(region.slot(2).unwrap().state(), Some(State::Request), "the mapper may write to it");
}

#[test]
fn children_are_noted_until_there_are_too_many_to_wait() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let mut seen = 0;
    let taken = |seen: &mut u32| {
        let mut taken = Vec::new();
        region.noted_children(seen, |pid| taken.push(pid));
        taken
    };
    assert!(!region.note_child(70) && !region.note_child(71));
    assert_eq!(taken(&mut seen), [70, 71]);
    assert_eq!(taken(&mut seen), []);
    let told = (0..CHILDREN as i32).filter(|pid| region.note_child(1000 + pid)).count();
    assert_eq!(told, CHILDREN / 2);
    assert_eq!(taken(&mut seen).len(), CHILDREN);
    for pid in 0..3 * CHILDREN as i32 {
        region.note_child(1000 + pid);
    }
    assert_eq!(taken(&mut seen).len(), CHILDREN, "what is lost was told");
    assert_eq!(seen as usize, 2 + 4 * CHILDREN);
}

#[test]
fn threads_find_a_free_slot() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let last = SLOTS as u32 - 1;
    let slots: Vec<_> = [last, last, u32::MAX].map(|first| region.claim(first).unwrap().index()).into();
    assert_eq!(slots, [last, 0, 1]);
    assert!((2..last).all(|_| region.claim(5).is_some()));
    assert!(region.claim(5).is_none());
}

#[test]
fn requests_with_descriptors_come_by_doorbell_alone() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    region.set_awake(true);
    let mut claimed = region.slot(0).unwrap().claim().unwrap();
    region.announced(0, 256, |_| panic!("nothing yet"));
    assert!(claimed.submit(Operation::FsWatch, Personality::Linux, 1, 0, 1));
    region.announced(0, 256, |_| panic!("its descriptors are still on the way"));
}

#[test]
fn what_a_guest_writes_into_the_head_is_checked() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let slot = region.slot(0).unwrap();
    let head = slot.state_word().as_ptr().cast::<u8>();
    let mut copy: Box<RequestBuffer> = Box::new([0; _]);
    let mut claimed = slot.claim().unwrap();
    let mut damaged = |offset: usize, bytes: &[u8]| {
        claimed.submit(Operation::FsOpen, Personality::Linux, 1, 64, 0);
        // SAFETY: within the head of the slot; nobody else uses it.
        unsafe { head.add(offset).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        let taken = slot.take().unwrap();
        let outcome = taken.copy_request(&mut copy);
        taken.complete(Err(outcome.err().unwrap_or(Errno::IO)));
        claimed.reply().unwrap_err()
    };
    assert_eq!(damaged(8, &[0xff, 0xff]), Errno::NOSYS, "operation");
    assert_eq!(damaged(10, &[0]), Errno::BADMSG, "personality");
    assert_eq!(damaged(11, &[200]), Errno::BADMSG, "descriptors");
    assert_eq!(damaged(16, &u32::MAX.to_le_bytes()), Errno::BADMSG, "length");
    assert_eq!(damaged(16, &9_u32.to_le_bytes()), Errno::BADMSG, "length is not whole words");
    assert_eq!(damaged(16, &64_u32.to_le_bytes()), Errno::IO, "all is well");
    // SAFETY: as above.
    unsafe { head.cast::<u32>().write(99) };
    assert_eq!(slot.state(), None);
    assert!(slot.take().is_none());
}

#[test]
fn replies_that_do_not_fit_become_an_error() {
    let pages = Pages::new(Region::SIZE);
    let slot = region(&pages).slot(1).unwrap();
    let mut claimed = slot.claim().unwrap();
    claimed.submit(Operation::ProcList, Personality::Linux, 1, 0, 0);
    slot.take().unwrap().complete(Ok((&vec![0; 40_000], 0)));
    assert_eq!(claimed.reply(), Err(Errno::MSGSIZE));
}

/// A stub thread and a mapper thread, with real messages, thousands of times.
#[test]
fn two_threads_talk() {
    const ROUNDS: u64 = 20_000;
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut copy: Box<RequestBuffer> = Box::new([0; _]);
            let mut reply = Box::new([0_u64; 64]);
            let mut served = 0;
            region.set_awake(true);
            while served < ROUNDS {
                region.announced(0, 256, |index| {
                    let taken = region.slot(index).unwrap().take().unwrap();
                    let request = taken.copy_request(&mut copy).unwrap();
                    assert_eq!(request.operation, Operation::FsTruncate);
                    let message = message::Message::new(request.message);
                    let params: fs::truncate::params::Reader<'_> = message.root().unwrap();
                    let answer = params.get_path().unwrap().to_ascii_uppercase();
                    let outcome = if params.get_size() % 10 == 0 {
                        Err(Errno(1 + (params.get_size() % 100) as i32))
                    } else {
                        let area = message::bytes_mut(&mut reply[..]);
                        let length = message::build::<fs::truncate::results::Owned>(
                            area,
                            message::data_words(answer.len()),
                            |mut results| {
                                results.set_redirect(&answer);
                                Ok(())
                            },
                        );
                        length.map(|length| (length, 0))
                    };
                    let area = message::bytes(&reply[..]);
                    taken.complete(outcome.map(|(length, count)| (&area[..length], count)));
                    served += 1;
                });
                thread::yield_now();
            }
        });
        scope.spawn(move || {
            let mut claimed = region.slot(200).unwrap().claim().unwrap();
            for round in 0..ROUNDS {
                let path = format!("path/{round}");
                let words = message::data_words(path.len());
                let length =
                    message::build::<fs::truncate::params::Owned>(claimed.request(), words, |mut params| {
                        params.set_path(path.as_bytes());
                        params.set_size(round as i64);
                        Ok(())
                    })
                    .unwrap();
                claimed.submit(Operation::FsTruncate, Personality::OpenBsd, 1, length, 0);
                while !claimed.replied() {
                    thread::yield_now();
                }
                match claimed.reply() {
                    Ok((reply, 0)) => {
                        let message = message::Message::new(reply);
                        let results: fs::truncate::results::Reader<'_> = message.root().unwrap();
                        assert_eq!(results.get_redirect().unwrap(), path.to_ascii_uppercase().as_bytes());
                    }
                    Ok(_) => panic!("no descriptors were sent"),
                    Err(errno) => {
                        assert_eq!(round % 10, 0);
                        assert_eq!(errno.raw(), 1 + (round % 100) as i32);
                    }
                }
            }
            claimed.release();
        });
    });
}

#[test]
fn regions_of_another_version_are_refused() {
    let pages = Pages::new(Region::SIZE);
    // SAFETY: zeroed, aligned and large enough.
    assert_eq!(unsafe { Region::open(pages.start) }.err(), Some(Errno::PROTO));
    region(&pages);
    // SAFETY: as above.
    assert!(unsafe { Region::open(pages.start) }.is_ok());
}

#[test]
fn calls_are_counted() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    region.count(Operation::FsOpen, Flavour::Mapped);
    region.count(Operation::FsOpen, Flavour::Mapped);
    assert_eq!(region.calls(Operation::FsOpen, Flavour::Mapped), 2);
    assert_eq!(region.calls(Operation::FsOpen, Flavour::Direct), 0);
    region.count_missing(9);
    region.count_missing(5000);
    region.count_missing(u32::MAX);
    assert_eq!((region.missing(9), region.missing(1023), region.missing(10)), (1, 2, 0));
}

#[test]
fn a_world_holds_routes_and_names() {
    let pages = Pages::new(World::SIZE);
    // SAFETY: zeroed, aligned and large enough.
    assert_eq!(unsafe { World::open(pages.start) }.err(), Some(Errno::PROTO));
    let world = world(&pages);
    // SAFETY: as above.
    assert!(unsafe { World::open(pages.start) }.is_ok());
    assert_eq!(world.route(Personality::FreeBsd, Operation::FsOpen), Flavour::Direct);
    world.set_route(Personality::FreeBsd, Operation::FsOpen, Flavour::Mapped);
    assert_eq!(world.route(Personality::FreeBsd, Operation::FsOpen), Flavour::Mapped);
    assert_eq!(world.route(Personality::Linux, Operation::FsOpen), Flavour::Direct);
    let identity = Identity {
        system: Text::new(b"FreeBSD").unwrap(),
        release: Text::new(b"14.2-RELEASE").unwrap(),
        version: Text::truncated(&[b'v'; 300]),
        machine: Text::new(b"amd64").unwrap(),
        number: 1_402_000,
    };
    let before = world.generation();
    world.change(|world| {
        world.set_identity(Personality::FreeBsd, &identity);
        world.set_host_name(&Text::new(b"mesh").unwrap());
        assert_eq!(world.consistent(|_| ()), Err(Errno::AGAIN), "a change is under way");
    });
    assert_eq!(world.generation(), before + 2);
    let ((read, host), _) =
        world.consistent(|world| (world.identity(Personality::FreeBsd), world.host_name())).unwrap();
    assert_eq!(read, identity);
    assert_eq!(read.version.as_bytes().len(), 248);
    assert_eq!(host.as_str(), "mesh");
    assert_eq!(Text::<8>::new(b"123456789"), None);
}

fn directory(identifier: u32, prefix: &[u8], personalities: u32, order: u32) -> Mount {
    Mount::new(identifier, prefix, MountKind::Directory, 0, personalities, order).unwrap()
}

#[test]
fn the_longest_prefix_serves_a_path() {
    let pages = Pages::new(World::SIZE);
    let world = world(&pages);
    let bsd = Personality::FreeBsd.bit();
    let mounts = [
        directory(1, b"", u32::MAX, 0),
        directory(2, b"", bsd, 1),
        directory(3, b"/dev", u32::MAX, 0),
        Mount::new(4, b"/dev/bpf", MountKind::Server, 9, bsd, 0).unwrap().read_only(),
    ];
    world.change(|world| world.set_mounts(&mounts)).unwrap();
    let find = |personality, path: &[u8]| world.resolve(personality, path).unwrap().unwrap().identifier();
    assert_eq!(find(Personality::Linux, b"/etc/passwd"), 1);
    assert_eq!(find(Personality::FreeBsd, b"/etc/passwd"), 2);
    assert_eq!(find(Personality::FreeBsd, b"/dev"), 3);
    assert_eq!(find(Personality::FreeBsd, b"/dev/bpf"), 4);
    assert_eq!(find(Personality::FreeBsd, b"/dev/bpf0"), 3, "a name that only begins alike");
    assert_eq!(find(Personality::Linux, b"/dev/bpf"), 3, "not for this one");
    assert_eq!(find(Personality::Linux, b"/device"), 1);
    let mount = world.mount(3).unwrap();
    assert_eq!((mount.kind(), mount.target(), mount.is_read_only()), (Some(MountKind::Server), 9, true));
    assert_eq!(mount.strip(b"/dev/bpf//x/y"), Some(&b"x/y"[..]));
    assert_eq!(mount.strip(b"/dev/bpf/"), Some(&b""[..]));
    assert_eq!(mount.strip(b"/dev/bpfx"), None);
    assert_eq!(directory(1, b"", 0, 0).strip(b"/a"), Some(&b"a"[..]));
    assert_eq!(world.mount(4), None);
    assert_eq!(world.set_mounts(&[mounts[0]; 65]), Err(Errno::NOSPC));
    assert_eq!(Mount::new(1, &[b'a'; 256], MountKind::Directory, 0, 0, 0).err(), Some(Errno::NAMETOOLONG));
}

/// A reader never sees half a change.
#[test]
fn changes_are_seen_whole() {
    let pages = Pages::new(World::SIZE);
    let world = world(&pages);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..2000_u32 {
                let mounts = [directory(round, format!("/{round}").as_bytes(), u32::MAX, round); 32];
                world.change(|world| world.set_mounts(&mounts)).unwrap();
                thread::yield_now();
            }
        });
        let mut last = 0;
        while !writer.is_finished() {
            let Ok((mounts, generation)) =
                world.consistent(|world| [0, 17, 31].map(|index| world.mount(index)))
            else {
                continue;
            };
            assert!(generation >= last);
            last = generation;
            if let Some(first) = mounts[0] {
                assert_eq!(first.prefix(), format!("/{}", first.identifier()).as_bytes());
                assert_eq!(mounts, [Some(first); 3]);
            }
        }
    });
}

#[test]
fn sites_are_counted_and_adopted() {
    let (pages, child) = (Pages::new(Region::SIZE), Pages::new(Region::SIZE));
    let (region, child) = (region(&pages), self::region(&child));
    let (index, site) = region.trapped(0x40_1000).unwrap();
    assert_eq!(region.trapped(0x40_1000).unwrap().0, index);
    assert_eq!((site.address(), site.trapped(), site.hoisted()), (0x40_1000, 2, 0));
    assert!(site.ask() && !site.ask(), "one thread asks");
    site.decide(Decision::Hoisted);
    assert!(!site.ask());
    child.adopt_sites(region);
    let (same, adopted) = child.trapped(0x40_1000).unwrap();
    assert_eq!((same, adopted.trapped(), adopted.decision()), (index, 1, Decision::Hoisted));
    assert!(region.trapped(0).is_none());
    assert!(region.site(SITES as u32).is_none());
}

#[test]
fn more_sites_than_there_is_room_for_are_counted_together() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let many = 4 * SITES as u64;
    let placed = (1..=many).filter(|number| region.trapped(number * 0x13).is_some()).count();
    assert!(placed > SITES * 9 / 10 && placed <= SITES, "{placed}");
    assert_eq!(region.sites().count(), placed);
    assert_eq!(region.trapped_elsewhere(), many - placed as u64);
    let (index, site) = region.trapped(0x13).unwrap();
    assert!(std::ptr::eq(region.site(index).unwrap(), site));
}

#[test]
fn a_handoff_is_handed_over() {
    let pages = Pages::new(Handoff::SIZE);
    // SAFETY: that many initialised bytes, used through this only.
    let memory = unsafe { std::slice::from_raw_parts_mut(pages.start.as_ptr(), Handoff::SIZE) };
    assert_eq!(Handoff::open(memory).err(), Some(Errno::PROTO));
    let handoff = Handoff::create(memory).unwrap();
    assert_eq!(handoff.personality(), None);
    handoff.set_personality(Some(Personality::Hurd));
    handoff.set_flags(HandoffFlags::TRACE.with(HandoffFlags::JAIL));
    handoff.set_path(b"/bin/sh").unwrap();
    handoff.carry_area()[..3].copy_from_slice(b"abc");
    handoff.set_carry_length(3).unwrap();
    assert_eq!(handoff.set_path(&[b'x'; 4097]), Err(Errno::NAMETOOLONG));
    assert_eq!(handoff.set_carry_length(Handoff::CARRY + 1), Err(Errno::TOOBIG));
    let copy = handoff.as_bytes().to_vec();
    memory.copy_from_slice(&copy);
    let handoff = Handoff::open(memory).unwrap();
    assert_eq!(handoff.personality(), Some(Personality::Hurd));
    assert!(handoff.flags().contains(HandoffFlags::TRACE));
    assert!(!handoff.flags().contains(HandoffFlags::MEDIATE));
    assert_eq!((handoff.path(), handoff.carry()), (&b"/bin/sh"[..], &b"abc"[..]));
    assert_eq!(Handoff::open(&memory[..100]).err(), Some(Errno::INVAL));
}

#[test]
fn datagrams_survive_the_way_and_others_are_refused() {
    let datagram = Datagram {
        slot: 17,
        pid: 4711,
        personality: Some(Personality::Solaris),
        count: 2,
        argument: u64::MAX - 1,
        ..Datagram::new(DatagramKind::Hello)
    };
    let bytes = datagram.to_bytes();
    assert_eq!(Datagram::from_bytes(&bytes), Some(datagram));
    assert_eq!(Datagram::from_bytes(&bytes[..31]), None);
    for (at, value) in [(0, 0), (4, 99), (6, 0), (6, 200), (16, 77)] {
        let mut damaged = bytes;
        damaged[at] = value;
        assert_eq!(Datagram::from_bytes(&damaged), None, "byte {at}");
    }
}

#[test]
fn sites_that_are_wanted_are_taken_once() {
    let pages = Pages::new(Region::SIZE);
    let region = region(&pages);
    let (index, site) = region.trapped(0x1000).unwrap();
    region.trapped(0x2000).unwrap();
    assert_eq!(region.wanted().count(), 0);
    region.want(site);
    region.want(site);
    let taken: Vec<_> = region.wanted().map(|(index, site)| (index, site.address())).collect();
    assert_eq!(taken, [(index, 0x1000)]);
    assert_eq!(region.wanted().count(), 0);
}
