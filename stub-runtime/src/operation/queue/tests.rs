use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::net::UnixStream;

use super::*;
use crate::operation::trial::context;

struct Fixture {
    cx: &'static mut Context,
    descriptor: i32,
    held: Held,
}

impl Fixture {
    fn new() -> Self {
        let cx = context();
        let descriptor = cx.process().queues.create().unwrap();
        let held = cx.process().queues.find(descriptor).unwrap();
        Fixture { cx, descriptor, held }
    }

    fn change(&self, event: Event) -> Result<(), Errno> {
        self.held.change(self.cx, &event, Err(Errno::INVAL))
    }

    fn timer(&self, ident: u64, flags: u16, nanoseconds: u64) {
        let event = Event { flags: ADD | flags, ..plain(Filter::Timer, ident) };
        self.held.change(self.cx, &event, Ok(Span { nanoseconds, absolute: false })).unwrap();
    }

    fn wait(&mut self, milliseconds: u64) -> Vec<Event> {
        let mut events = [Event::default(); 8];
        let round = self.held.begin();
        let count = self.held.wait(self.cx, round, &mut events, Some(milliseconds * 1_000_000)).unwrap();
        events[..count].to_vec()
    }

    fn polls(&self) -> bool {
        let mut poll = pollfd { fd: self.descriptor, events: POLLIN as i16, revents: 0 };
        // SAFETY: the kernel reads and writes one structure.
        unsafe { call(__NR_poll, [&raw mut poll as u64, 1, 0]) }.unwrap() == 1
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.cx.process().queues.closing(self.descriptor);
        close(self.descriptor);
    }
}

fn plain(filter: Filter, ident: u64) -> Event {
    Event { filter: Some(filter), ident, udata: ident ^ 0xabcd, ..Event::default() }
}

fn add(filter: Filter, file: &impl AsRawFd, flags: u16) -> Event {
    Event { flags: ADD | flags, ..plain(filter, file.as_raw_fd() as u64) }
}

fn pipe() -> (File, File) {
    let mut pair = [0i32; 2];
    // SAFETY: the kernel writes two words.
    unsafe { call(__NR_pipe2, [pair.as_mut_ptr() as u64, u64::from(O_CLOEXEC)]) }.unwrap();
    // SAFETY: both were just made.
    unsafe { (File::from_raw_fd(pair[0]), File::from_raw_fd(pair[1])) }
}

#[test]
fn a_pipe_is_ready_while_it_has_data_and_at_its_end() {
    let mut q = Fixture::new();
    let (mut reader, mut writer) = pipe();
    q.change(add(Filter::Read, &reader, 0)).unwrap();
    assert!(q.wait(0).is_empty() && !q.polls());
    writer.write_all(b"abc").unwrap();
    for _ in 0..2 {
        assert!(q.polls());
        let events = q.wait(100);
        assert_eq!((events.len(), events[0].data, events[0].flags), (1, 3, 0));
        assert_eq!(events[0].udata, events[0].ident ^ 0xabcd);
    }
    reader.read_exact(&mut [0; 3]).unwrap();
    assert!(q.wait(0).is_empty());
    drop(writer);
    let events = q.wait(100);
    assert_eq!((events[0].data, events[0].flags), (0, EOF));
    q.change(Event { flags: DELETE, ..plain(Filter::Read, reader.as_raw_fd() as u64) }).unwrap();
    assert!(q.wait(0).is_empty());
    assert_eq!(
        q.change(Event { flags: DELETE, ..plain(Filter::Read, reader.as_raw_fd() as u64) }),
        Err(Errno::NOENT)
    );
}

#[test]
fn cleared_oneshot_and_dispatched_notes_are_reported_once() {
    let mut q = Fixture::new();
    let (reader, mut writer) = pipe();
    writer.write_all(b"a").unwrap();
    q.change(add(Filter::Read, &reader, CLEAR)).unwrap();
    assert_eq!(q.wait(100).len(), 1);
    assert!(q.wait(0).is_empty());
    writer.write_all(b"b").unwrap();
    assert_eq!(q.wait(100)[0].data, 2);
    // Added again it is looked at again.
    q.change(add(Filter::Read, &reader, CLEAR)).unwrap();
    assert_eq!(q.wait(100).len(), 1);
    q.change(Event { flags: DELETE, ..plain(Filter::Read, reader.as_raw_fd() as u64) }).unwrap();
    q.change(add(Filter::Read, &reader, ONESHOT)).unwrap();
    assert_eq!(q.wait(100)[0].flags, ONESHOT);
    assert_eq!(q.change(Event { flags: ENABLE, ..add(Filter::Read, &reader, 0) }), Err(Errno::NOENT));
    q.change(add(Filter::Read, &reader, DISPATCH)).unwrap();
    for _ in 0..2 {
        assert_eq!(q.wait(100).len(), 1);
        assert!(q.wait(0).is_empty());
        q.change(Event { flags: ENABLE, ..plain(Filter::Read, reader.as_raw_fd() as u64) }).unwrap();
    }
    q.change(Event { flags: DISABLE, ..plain(Filter::Read, reader.as_raw_fd() as u64) }).unwrap();
    assert!(q.wait(0).is_empty());
}

#[test]
fn reading_and_writing_of_one_descriptor_are_told_apart() {
    let mut q = Fixture::new();
    let (one, mut other) = UnixStream::pair().unwrap();
    q.change(add(Filter::Read, &one, CLEAR)).unwrap();
    q.change(add(Filter::Write, &one, CLEAR)).unwrap();
    let events = q.wait(100);
    assert_eq!((events.len(), events[0].filter), (1, Some(Filter::Write)));
    assert!(events[0].data > 0);
    other.write_all(b"x").unwrap();
    let events = q.wait(100);
    assert_eq!((events.len(), events[0].filter, events[0].data), (1, Some(Filter::Read), 1));
    drop(other);
    let events = q.wait(100);
    assert!(events.iter().all(|event| event.flags & EOF != 0));
    assert!(events.iter().any(|event| event.filter == Some(Filter::Read)));
}

#[test]
fn events_that_find_no_room_are_not_lost() {
    let mut q = Fixture::new();
    let mut pipes: Vec<_> = (0..20).map(|_| pipe()).collect();
    for (reader, writer) in &mut pipes {
        q.change(add(Filter::Read, reader, CLEAR)).unwrap();
        q.change(add(Filter::Write, writer, CLEAR)).unwrap();
        q.change(Event { flags: ADD | CLEAR, ..plain(Filter::User, reader.as_raw_fd() as u64) }).unwrap();
        q.change(Event { fflags: 0x0100_0000, ..plain(Filter::User, reader.as_raw_fd() as u64) }).unwrap();
        writer.write_all(b"x").unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    loop {
        let events = q.wait(0);
        if events.is_empty() {
            break;
        }
        for event in events {
            assert!(seen.insert((event.filter.unwrap() as u8, event.ident)));
        }
    }
    assert_eq!(seen.len(), 60);
}

#[test]
fn a_socket_that_was_never_connected_is_not_ready() {
    let mut q = Fixture::new();
    // SAFETY: no pointers; AF_INET, SOCK_STREAM.
    let made = unsafe { call(__NR_socket, [2, 1, 0]) }.unwrap();
    // SAFETY: just made.
    let socket = unsafe { File::from_raw_fd(made as i32) };
    q.change(add(Filter::Read, &socket, 0)).unwrap();
    q.change(add(Filter::Write, &socket, 0)).unwrap();
    assert!(q.wait(0).is_empty());
    assert!(q.wait(20).is_empty() && !q.polls());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut address = [0u8; 16];
    address[0] = 2;
    address[2..4].copy_from_slice(&listener.local_addr().unwrap().port().to_be_bytes());
    address[4..8].copy_from_slice(&[127, 0, 0, 1]);
    // SAFETY: the kernel reads the address.
    unsafe { call(__NR_connect, [made, address.as_ptr() as u64, 16]) }.unwrap();
    for _ in 0..2 {
        let events = q.wait(100);
        assert_eq!((events.len(), events[0].filter), (1, Some(Filter::Write)));
    }
}

#[test]
fn a_refused_connection_says_why_and_goes_on_saying_so() {
    let mut q = Fixture::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // SAFETY: no pointers; AF_INET, SOCK_STREAM | SOCK_NONBLOCK.
    let made = unsafe { call(__NR_socket, [2, 1 | u64::from(O_NONBLOCK), 0]) }.unwrap();
    // SAFETY: just made.
    let socket = unsafe { File::from_raw_fd(made as i32) };
    let mut address = [0u8; 16];
    address[0] = 2;
    address[2..4].copy_from_slice(&port.to_be_bytes());
    address[4..8].copy_from_slice(&[127, 0, 0, 1]);
    // SAFETY: the kernel reads the address.
    let _ = unsafe { call(__NR_connect, [made, address.as_ptr() as u64, 16]) };
    q.change(add(Filter::Write, &socket, 0)).unwrap();
    for _ in 0..2 {
        let events = q.wait(500);
        assert_eq!(events[0].flags, EOF);
        assert_eq!(events[0].fflags, Errno::CONNREFUSED.raw() as u32);
    }
    assert_eq!(crate::operation::socket::take_error(made as i32), Some(Errno::CONNREFUSED));
}

#[test]
fn a_listening_socket_tells_how_many_wait() {
    let mut q = Fixture::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    q.change(add(Filter::Read, &listener, 0)).unwrap();
    assert!(q.wait(0).is_empty());
    let _clients: Vec<_> =
        (0..3).map(|_| TcpStream::connect(listener.local_addr().unwrap()).unwrap()).collect();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(q.wait(100)[0].data, 3);
}

#[test]
fn low_water_is_waited_for() {
    let mut q = Fixture::new();
    let (one, mut other) = UnixStream::pair().unwrap();
    q.change(Event { fflags: 1, data: 4, ..add(Filter::Read, &one, 0) }).unwrap();
    other.write_all(b"abc").unwrap();
    assert!(q.wait(20).is_empty());
    other.write_all(b"d").unwrap();
    assert_eq!(q.wait(100)[0].data, 4);
    assert_eq!(q.wait(100)[0].data, 4);
}

#[test]
fn files_are_ready_but_at_their_end_until_they_grow() {
    let mut q = Fixture::new();
    let path = std::env::temp_dir().join(format!("queue-{}", q.descriptor));
    std::fs::write(&path, b"12345").unwrap();
    let mut file = File::open(&path).unwrap();
    q.change(add(Filter::Read, &file, 0)).unwrap();
    for _ in 0..2 {
        assert!(q.polls());
        assert_eq!(q.wait(100)[0].data, 5);
    }
    file.seek(std::io::SeekFrom::End(0)).unwrap();
    assert!(q.wait(20).is_empty());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"67").unwrap();
    assert_eq!(q.wait(100)[0].data, 2);
    q.change(add(Filter::Write, &file, 0)).unwrap();
    assert!(q.wait(100).iter().any(|event| event.filter == Some(Filter::Write) && event.data == 0));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_happens_to_a_file_is_told_with_all_that_was_asked_for() {
    let mut q = Fixture::new();
    let path = std::env::temp_dir().join(format!("vnode-{}", q.descriptor));
    let other = path.with_extension("other");
    std::fs::write(&path, b"1").unwrap();
    let file = File::open(&path).unwrap();
    q.change(Event { fflags: 0x7f, ..add(Filter::Vnode, &file, CLEAR) }).unwrap();
    assert!(q.wait(0).is_empty());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"2").unwrap();
    assert_eq!(q.wait(100)[0].fflags, 0x6);
    std::fs::hard_link(&path, &other).unwrap();
    assert_eq!(q.wait(100)[0].fflags, 0x10);
    std::fs::rename(&path, path.with_extension("new")).unwrap();
    assert_eq!(q.wait(100)[0].fflags, 0x20);
    // A second note of the same file, that asks for less.
    let again = File::open(&other).unwrap();
    q.change(Event { fflags: 0x1, ..add(Filter::Vnode, &again, ONESHOT) }).unwrap();
    let mut permissions = file.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&other, permissions).unwrap();
    let events = q.wait(100);
    assert_eq!((events.len(), events[0].fflags), (1, 0x8));
    std::fs::remove_file(&other).unwrap();
    let mut seen: Vec<_> = q.wait(100).iter().map(|event| (event.ident, event.fflags)).collect();
    seen.sort_unstable();
    let mut expected = vec![(file.as_raw_fd() as u64, 1), (again.as_raw_fd() as u64, 1)];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    std::fs::remove_file(path.with_extension("new")).unwrap();
    assert_eq!(q.wait(100).len(), 1);
    let (reader, _writer) = pipe();
    assert_eq!(q.change(Event { fflags: 1, ..add(Filter::Vnode, &reader, 0) }), Err(Errno::INVAL));
}

#[test]
fn timers_go_off_when_due_and_count() {
    let mut q = Fixture::new();
    q.timer(1, ONESHOT, 20_000_000);
    assert!(q.wait(0).is_empty() && !q.polls());
    let events = q.wait(1000);
    assert_eq!((events[0].ident, events[0].data, events[0].flags), (1, 1, ONESHOT | CLEAR));
    assert!(q.wait(30).is_empty());
    let begun = std::time::Instant::now();
    q.timer(2, 0, 5_000_000);
    std::thread::sleep(std::time::Duration::from_millis(23));
    assert!(q.polls());
    let first = q.wait(0)[0].data;
    // A busy machine may sleep longer.
    let most = begun.elapsed().as_millis() as i64 / 5;
    assert!((3..=most).contains(&first), "{first} of {most}");
    assert!(q.wait(1000)[0].data >= 1);
    q.change(Event { flags: DISABLE, ..plain(Filter::Timer, 2) }).unwrap();
    assert!(q.wait(20).is_empty());
    q.change(Event { flags: ENABLE, ..plain(Filter::Timer, 2) }).unwrap();
    assert!(q.wait(0)[0].data >= 3);
    q.change(Event { flags: DELETE, ..plain(Filter::Timer, 2) }).unwrap();
    assert!(q.wait(20).is_empty());
    let past = Event { flags: ADD | ONESHOT, ..plain(Filter::Timer, 3) };
    q.held.change(q.cx, &past, Ok(Span { nanoseconds: 1, absolute: true })).unwrap();
    assert_eq!(q.wait(0)[0].flags, ONESHOT);
    assert_eq!(q.change(past), Err(Errno::INVAL));
}

#[test]
fn a_user_event_wakes_another_thread() {
    let mut q = Fixture::new();
    q.change(Event { flags: ADD | CLEAR, ..plain(Filter::User, 9) }).unwrap();
    let held = q.cx.process().queues.find(q.descriptor).unwrap();
    let other = std::thread::spawn(move || {
        let cx = context();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let trigger = Event { fflags: 0x0100_0000 | 0xc000_0000 | 5, ..plain(Filter::User, 9) };
        held.change(cx, &trigger, Err(Errno::INVAL)).unwrap();
    });
    let events = q.wait(5000);
    assert_eq!((events.len(), events[0].fflags, events[0].flags), (1, 5, CLEAR));
    other.join().unwrap();
    assert!(q.wait(0).is_empty() && !q.polls());
}

#[test]
fn the_end_of_a_process_is_told_with_its_status() {
    let mut q = Fixture::new();
    let mut child = std::process::Command::new("sh")
        .args(["-c", "read x; exit 7"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = u64::from(child.id());
    q.change(Event { flags: ADD, fflags: 0x8000_0000, ..plain(Filter::Process, pid) }).unwrap();
    assert!(q.wait(10).is_empty());
    drop(child.stdin.take());
    let events = q.wait(5000);
    assert_eq!((events[0].ident, events[0].fflags, events[0].data), (pid, 0x8000_0000, 7 << 8));
    assert_eq!(events[0].flags, EOF | ONESHOT | CLEAR);
    assert!(q.wait(0).is_empty());
    // A child that has ended and was not waited for is still there.
    q.change(Event { flags: ADD, fflags: 0x8000_0000, ..plain(Filter::Process, pid) }).unwrap();
    assert_eq!(q.wait(100).len(), 1);
    child.wait().unwrap();
    assert_eq!(
        q.change(Event { flags: ADD, fflags: 0x8000_0000, ..plain(Filter::Process, pid) }),
        Err(Errno::SRCH)
    );
}

#[test]
fn ignored_and_blocked_signals_are_counted() {
    use crate::host::linux::signal::{bit, set_mask};
    use crate::operation::signal::{Action, set_action};
    const USR2: i32 = 12;
    let mut q = Fixture::new();
    // The stub's handler cannot run on the stack of a test: the signal stays blocked until its thread ends.
    set_mask(bit(USR2));
    let ignore = Action { handler: 1, ..Action::DEFAULT };
    set_action(q.cx, USR2, Some(ignore)).unwrap();
    let queues = &q.cx.process().queues;
    assert!(!is_watched(queues, USR2) && !is_ignored(queues, USR2));
    q.change(Event { flags: ADD, ..plain(Filter::Signal, USR2 as u64) }).unwrap();
    assert!(is_watched(queues, USR2) && is_ignored(queues, USR2));
    arrived(queues, USR2);
    arrived(queues, USR2);
    assert!(q.polls());
    let events = q.wait(1000);
    assert_eq!((events[0].ident, events[0].data, events[0].flags), (USR2 as u64, 2, CLEAR));
    assert!(q.wait(10).is_empty());
    // SAFETY: no pointers.
    unsafe {
        let pid = call::<0>(__NR_getpid, []).unwrap();
        let tid = call::<0>(__NR_gettid, []).unwrap();
        call(__NR_tgkill, [pid, tid, USR2 as u64]).unwrap();
    }
    assert_eq!(q.wait(1000)[0].data, 1);
    // Let in now, it was counted before.
    arrived(queues, USR2);
    assert!(q.wait(10).is_empty());
    arrived(queues, USR2);
    assert_eq!(q.wait(1000)[0].data, 1);
    set_action(q.cx, USR2, Some(Action { handler: 2, ..Action::DEFAULT })).unwrap();
    assert!(!is_ignored(queues, USR2));
    assert_eq!(q.change(Event { flags: ADD, ..plain(Filter::Signal, 65) }), Err(Errno::INVAL));
}

#[test]
fn closing_a_descriptor_takes_its_notes_along() {
    let mut q = Fixture::new();
    let (one, mut other) = UnixStream::pair().unwrap();
    let copy = one.try_clone().unwrap();
    q.change(add(Filter::Read, &one, 0)).unwrap();
    q.change(add(Filter::Write, &one, 0)).unwrap();
    let number = one.as_raw_fd();
    q.cx.process().queues.closing(number);
    drop(one);
    other.write_all(b"x").unwrap();
    assert!(q.wait(20).is_empty());
    assert!(q.change(Event { flags: DELETE, ..plain(Filter::Read, number as u64) }).is_err());
    q.change(add(Filter::Read, &copy, 0)).unwrap();
    assert_eq!(q.wait(100)[0].ident, copy.as_raw_fd() as u64);
}

#[test]
fn duplicates_of_a_queue_are_the_queue() {
    let q = Fixture::new();
    let queues = &q.cx.process().queues;
    // SAFETY: no pointers.
    let copy = unsafe { call(__NR_dup, [q.descriptor as u64]) }.unwrap() as i32;
    queues.duplicated(q.descriptor, copy);
    let other = queues.find(copy).unwrap();
    assert!(core::ptr::eq(&raw const *other, &raw const *q.held));
    drop(other);
    queues.closing(copy);
    close(copy);
    assert_eq!(queues.find(copy).err(), Some(Errno::BADF));
    assert!(queues.is_queue(q.descriptor));
    assert!(queues.find(0).is_err());
}

#[test]
fn bad_descriptors_and_devices_without_events_are_refused() {
    let q = Fixture::new();
    for ident in [u64::MAX, 1 << 32, 0x7fff_ffff, world_descriptor()] {
        assert_eq!(
            q.change(Event { flags: ADD, ..plain(Filter::Read, ident) }),
            Err(Errno::BADF),
            "{ident:#x}"
        );
    }
    let null = File::open("/dev/null").unwrap();
    assert_eq!(q.change(add(Filter::Read, &null, 0)), Err(Errno::NODEV));
    assert_eq!(
        q.change(Event { flags: ADD | ENABLE | DISABLE, ..plain(Filter::User, 1) }),
        Err(Errno::INVAL)
    );
    assert_eq!(q.change(Event { flags: ENABLE, ..plain(Filter::User, 1) }), Err(Errno::NOENT));
}

fn world_descriptor() -> u64 {
    crate::world::reserved(1) as u64
}

#[test]
fn threads_may_change_and_wait_at_once() {
    let q = Fixture::new();
    let queues = &q.cx.process().queues;
    let done = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..2 {
            let held = queues.find(q.descriptor).unwrap();
            let done = &done;
            scope.spawn(move || {
                let cx = context();
                for turn in 0..500u64 {
                    let (reader, mut writer) = pipe();
                    held.change(cx, &add(Filter::Read, &reader, ONESHOT), Err(Errno::INVAL)).unwrap();
                    let user = Event { flags: ADD | ONESHOT, ..plain(Filter::User, turn * 2 + number) };
                    held.change(cx, &user, Err(Errno::INVAL)).unwrap();
                    writer.write_all(b"x").unwrap();
                    let trigger = Event { fflags: 0x0100_0000, ..user };
                    held.change(cx, &Event { flags: 0, ..trigger }, Err(Errno::INVAL)).unwrap();
                    while done.load(Ordering::Relaxed) < 2 * (2 * turn as u32).saturating_sub(20) {
                        std::thread::yield_now();
                    }
                    std::mem::forget(reader);
                }
            });
        }
        for _ in 0..2 {
            let held = queues.find(q.descriptor).unwrap();
            let done = &done;
            scope.spawn(move || {
                let cx = context();
                while done.load(Ordering::Relaxed) < 2000 {
                    let mut events = [Event::default(); 3];
                    let round = held.begin();
                    let count = held.wait(cx, round, &mut events, Some(20_000_000)).unwrap();
                    for event in &events[..count] {
                        if event.filter == Some(Filter::Read) {
                            assert_eq!(event.data, 1);
                            close(event.ident as i32);
                        }
                    }
                    done.fetch_add(count as u32, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(done.load(Ordering::Relaxed), 2000);
}
