use schemas::{Errno, Flavour, Operation};

use super::line::{Event, LINE, Line, Outcome};
use super::memory::tests::Plain;
use crate::call::{RAW_ARGUMENTS, Table};
use crate::personality::{freebsd, linux};

const EVENT: Event = Event { pid: 4711, tid: 4711, operation: None, nanoseconds: 1_300 };
const BUFFER: u64 = 0x1_0000;
const OTHER: u64 = 0x2_0000;
const THIRD: u64 = 0x3_0000;

/// What a call that the memory does not change shows.
fn shown(os: &str, call: &str, raw: &[u64], memory: &Plain, result: Result<u64, Errno>) -> String {
    changed(os, call, raw, memory, memory, Outcome::Returned(result))
}

/// What a call shows that finds the first memory and leaves the second.
fn changed(os: &str, call: &str, raw: &[u64], before: &Plain, after: &Plain, outcome: Outcome) -> String {
    let (table, vocabulary): (&'static Table, _) = match os {
        "freebsd" => (&freebsd::calls::CALLS, &freebsd::names::VOCABULARY),
        _ => (&linux::calls::CALLS, &linux::names::VOCABULARY),
    };
    let row = table.find(call).expect(call);
    let mut all = [0; RAW_ARGUMENTS];
    all[..raw.len()].copy_from_slice(raw);
    let entered = Line::enter(before, vocabulary, row.number.into(), Some(row), &all);
    let mut line = entered.looking_at(after);
    let mut buffer = [0; LINE];
    let bytes = line.leave(&mut buffer, &EVENT, outcome);
    let text = core::str::from_utf8(bytes).unwrap();
    let text = text.strip_prefix(&format!("4711 {os}  ")).expect("the caller comes first");
    text.strip_suffix('\n').expect("a line ends").trim_end_matches(" 1.3µs").to_string()
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn a_line_says_who_what_and_how() {
    let memory = Plain::default().with(BUFFER, b"a.ts\0");
    let row = freebsd::calls::CALLS.find("openat").unwrap();
    let raw = [-100i64 as u64, BUFFER, 0x10_0000, 0, 0, 0, 0, 0];
    let mut line = Line::enter(&memory, &freebsd::names::VOCABULARY, 499, Some(row), &raw);
    let event = Event { tid: 4712, operation: Some((Operation::FsOpen, Flavour::Direct)), ..EVENT };
    let mut buffer = [0; LINE];
    let bytes = line.leave(&mut buffer, &event, Outcome::Returned(Ok(5)));
    assert_eq!(
        core::str::from_utf8(bytes).unwrap(),
        "4711/4712 freebsd  openat(AT_FDCWD, \"a.ts\", O_RDONLY|O_CLOEXEC) = 5  fs.open direct 1.3µs\n"
    );
}

#[test]
fn flags_have_the_names_of_their_os() {
    let memory = Plain::default().with(BUFFER, b"/tmp/x\0");
    let open = |os, flags| shown(os, "open", &[BUFFER, flags, 0o644], &memory, Ok(3));
    assert_eq!(open("freebsd", 0x601), r#"open("/tmp/x", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3"#);
    assert_eq!(open("linux", 0o1101), r#"open("/tmp/x", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3"#);
    assert_eq!(open("linux", 0o4_010_000), r#"open("/tmp/x", O_RDONLY|O_SYNC) = 3"#);
    assert_eq!(open("freebsd", 0x4000_0002), r#"open("/tmp/x", O_RDWR|0x40000000) = 3"#);
    let map = &[0, 4096, 3, 0x1002, u64::from(u32::MAX), 0];
    assert_eq!(
        shown("freebsd", "mmap", map, &memory, Ok(0x8000_0000)),
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANON, -1, 0) = 0x80000000"
    );
    assert_eq!(
        shown("linux", "mmap", &[0, 4096, 0, 0x22, u64::MAX, 0], &memory, Ok(0x1000)),
        "mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000"
    );
}

#[test]
fn errors_are_those_of_the_os() {
    let memory = Plain::default().with(BUFFER, b"nowhere\0");
    let chdir = |os| shown(os, "chdir", &[BUFFER], &memory, Err(Errno::NOENT));
    assert_eq!(chdir("linux"), r#"chdir("nowhere") = -1 ENOENT (No such file or directory)"#);
    assert_eq!(
        shown("freebsd", "fchdir", &[9], &memory, Err(Errno::DEADLK)),
        "fchdir(9) = -1 EDEADLK (Resource deadlock avoided)"
    );
    assert_eq!(
        shown("freebsd", "extattr_delete_fd", &[9, 1, BUFFER], &memory, Err(Errno::NODATA)),
        r#"extattr_delete_fd(9, EXTATTR_NAMESPACE_USER, "nowhere") = -1 ENOATTR (Attribute not found)"#
    );
}

#[test]
fn buffers_show_what_was_moved() {
    let memory = Plain::default().with(BUFFER, b"hello\nworld\0and more of it that is not shown");
    assert_eq!(
        shown("freebsd", "read", &[0, BUFFER, 4096], &memory, Ok(6)),
        r#"read(0, "hello\n", 4096) = 6"#
    );
    assert_eq!(
        shown("linux", "write", &[1, BUFFER, 44], &memory, Ok(44)),
        r#"write(1, "hello\nworld\0and more of it that "…, 44) = 44"#
    );
    assert_eq!(shown("linux", "read", &[0, BUFFER, 4096], &memory, Ok(0)), r#"read(0, "", 4096) = 0"#);
    assert_eq!(
        shown("linux", "read", &[0, BUFFER, 10], &memory, Err(Errno::BADF)),
        "read(0, 0x10000, 10) = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(shown("linux", "write", &[1, 0x5, 9], &memory, Ok(9)), "write(1, 0x5, 9) = 9");
}

#[test]
fn what_a_call_reads_is_taken_before_it() {
    let before = Plain::default().with(BUFFER, b"before\0");
    let after = Plain::default().with(BUFFER, b"after\0");
    assert_eq!(
        changed("freebsd", "unlink", &[BUFFER], &before, &after, Outcome::Returned(Ok(0))),
        r#"unlink("before") = 0"#
    );
}

#[test]
fn long_and_odd_strings_are_cut_and_escaped() {
    let long = Plain::default().with(BUFFER, &[b'x'; 200]);
    let expected = format!("unlink(\"{}\"…) = 0", "x".repeat(64));
    assert_eq!(shown("linux", "unlink", &[BUFFER], &long, Ok(0)), expected);
    let odd = Plain::default().with(BUFFER, b"a\"\\\x07\xff\0");
    assert_eq!(shown("linux", "unlink", &[BUFFER], &odd, Ok(0)), r#"unlink("a\"\\\x07\xff") = 0"#);
    assert_eq!(
        shown("linux", "unlink", &[0], &odd, Err(Errno::FAULT)),
        "unlink(NULL) = -1 EFAULT (Bad address)"
    );
}

#[test]
fn arguments_of_a_program_are_listed_and_its_environment_counted() {
    let memory = Plain::default()
        .with(BUFFER, b"/bin/ls\0")
        .with(OTHER, &words(&[BUFFER, BUFFER, 0]))
        .with(THIRD, &words(&[BUFFER, BUFFER, BUFFER, 0]));
    assert_eq!(
        changed("freebsd", "execve", &[BUFFER, OTHER, THIRD], &memory, &memory, Outcome::Gone),
        r#"execve("/bin/ls", ["/bin/ls", "/bin/ls"], [/* 3 strings */]) = ?"#
    );
}

#[test]
fn structures_have_the_layout_of_their_os() {
    let mut stat = [0u8; 224];
    stat[8] = 42;
    stat[16] = 1;
    stat[24..26].copy_from_slice(&0o100_644u16.to_le_bytes());
    stat[64..72].copy_from_slice(&7u64.to_le_bytes());
    stat[72..80].copy_from_slice(&500_000_000u64.to_le_bytes());
    stat[112..120].copy_from_slice(&1234u64.to_le_bytes());
    let memory = Plain::default().with(BUFFER, &stat);
    assert_eq!(
        shown("freebsd", "fstat", &[3, BUFFER], &memory, Ok(0)),
        "fstat(3, {st_dev=0x0, st_ino=42, st_mode=S_IFREG|0644, st_nlink=1, st_uid=0, st_gid=0, st_size=1234, \
         st_mtim=7.500000000}) = 0"
    );
    let mut stat = [0u8; 144];
    stat[24..28].copy_from_slice(&0o40_755u32.to_le_bytes());
    stat[48..56].copy_from_slice(&4096u64.to_le_bytes());
    let memory = Plain::default().with(BUFFER, &stat);
    assert_eq!(
        shown("linux", "fstat", &[3, BUFFER], &memory, Ok(0)),
        "fstat(3, {st_dev=0x0, st_ino=0, st_mode=S_IFDIR|0755, st_nlink=0, st_uid=0, st_gid=0, st_size=4096, \
         st_mtim=0.000000000}) = 0"
    );
}

#[test]
fn limits_may_be_none() {
    let memory = Plain::default().with(BUFFER, &words(&[1024, u64::MAX]));
    assert_eq!(
        shown("linux", "getrlimit", &[7, BUFFER], &memory, Ok(0)),
        "getrlimit(RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=RLIM_INFINITY}) = 0"
    );
    let memory = Plain::default().with(BUFFER, &words(&[1024, u64::MAX >> 1]));
    assert_eq!(
        shown("freebsd", "getrlimit", &[8, BUFFER], &memory, Ok(0)),
        "getrlimit(RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=RLIM_INFINITY}) = 0"
    );
}

#[test]
fn times_are_seconds_with_a_fraction() {
    let memory = Plain::default().with(BUFFER, &words(&[1, 5_000_000]));
    assert_eq!(
        shown("freebsd", "nanosleep", &[BUFFER, 0], &memory, Ok(0)),
        "nanosleep(1.005000000, NULL) = 0"
    );
    let memory = Plain::default().with(BUFFER, &words(&[9, 25, 10, -2i64 as u64]));
    assert_eq!(
        shown("linux", "utimensat", &[-100i64 as u64, 0, BUFFER, 0], &memory, Ok(0)),
        "utimensat(AT_FDCWD, NULL, [9.000000025, {10, -2}], 0) = 0"
    );
}

#[test]
fn socket_addresses_have_the_form_of_their_os() {
    let bsd = Plain::default().with(BUFFER, &[16, 2, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        shown("freebsd", "connect", &[3, BUFFER, 16], &bsd, Ok(0)),
        "connect(3, {AF_INET, 127.0.0.1:80}, 16) = 0"
    );
    let mut six = [0; 28];
    six[..4].copy_from_slice(&[28, 28, 0x1f, 0x90]);
    six[23] = 1;
    let bsd = Plain::default().with(BUFFER, &six);
    assert_eq!(
        shown("freebsd", "bind", &[3, BUFFER, 28], &bsd, Ok(0)),
        "bind(3, {AF_INET6, [::1]:8080}, 28) = 0"
    );
    let linux = Plain::default().with(BUFFER, b"\x01\x00/run/socket\0");
    assert_eq!(
        shown("linux", "connect", &[3, BUFFER, 14], &linux, Ok(0)),
        r#"connect(3, {AF_UNIX, "/run/socket"}, 14) = 0"#
    );
    let abstract_name = Plain::default().with(BUFFER, b"\x01\x00\0name");
    assert_eq!(
        shown("linux", "connect", &[3, BUFFER, 7], &abstract_name, Ok(0)),
        r#"connect(3, {AF_UNIX, "\0name"}, 7) = 0"#
    );
}

#[test]
fn lengths_behind_a_pointer_are_shown_on_both_sides() {
    let before = Plain::default().with(OTHER, &110u32.to_le_bytes());
    let mut after = Plain::default().with(BUFFER, &[2, 0, 0, 80, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    after.set(OTHER, &16u32.to_le_bytes());
    assert_eq!(
        changed("linux", "accept", &[3, BUFFER, OTHER], &before, &after, Outcome::Returned(Ok(4))),
        "accept(3, {AF_INET, 10.0.0.2:80}, [110]→[16]) = 4"
    );
}

#[test]
fn vectors_show_what_they_hold() {
    let memory = Plain::default()
        .with(BUFFER, b"hello")
        .with(OTHER, b" world")
        .with(THIRD, &words(&[BUFFER, 5, OTHER, 6]));
    assert_eq!(
        shown("freebsd", "writev", &[1, THIRD, 2], &memory, Ok(11)),
        r#"writev(1, [{"hello", 5}, {" world", 6}], 2) = 11"#
    );
    assert_eq!(
        shown("linux", "readv", &[0, THIRD, 2], &memory, Ok(7)),
        r#"readv(0, [{"hello", 5}, {" w", 6}], 2) = 7"#
    );
}

#[test]
fn messages_are_shown_when_they_are_there() {
    let mut header = [0u8; 56];
    header[16..24].copy_from_slice(&THIRD.to_le_bytes());
    header[24] = 1;
    let memory =
        Plain::default().with(BUFFER, b"ping").with(THIRD, &words(&[BUFFER, 64])).with(OTHER, &header);
    assert_eq!(
        shown("linux", "recvmsg", &[5, OTHER, 0x40], &memory, Ok(4)),
        r#"recvmsg(5, {iov=[{"ping", 64}], flags=0}, MSG_DONTWAIT) = 4"#
    );
    assert_eq!(
        shown("freebsd", "recvmsg", &[5, OTHER, 0x80], &memory, Err(Errno::AGAIN)),
        "recvmsg(5, 0x20000, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)"
    );
}

#[test]
fn signals_have_the_names_of_their_os() {
    let memory = Plain::default();
    assert_eq!(shown("freebsd", "kill", &[7, 29], &memory, Ok(0)), "kill(7, SIGINFO) = 0");
    assert_eq!(shown("linux", "kill", &[7, 29], &memory, Ok(0)), "kill(7, SIGIO) = 0");
    assert_eq!(shown("freebsd", "thr_kill", &[7, 70], &memory, Ok(0)), "thr_kill(7, SIGRTMIN+5) = 0");
    let set =
        Plain::default().with(BUFFER, &words(&[1 << 1 | 1 << 19, 0])).with(OTHER, &words(&[u64::MAX, !0]));
    assert_eq!(
        shown("freebsd", "sigprocmask", &[3, BUFFER, OTHER], &set, Ok(0)),
        "sigprocmask(SIG_SETMASK, [INT CHLD], ~[]) = 0"
    );
}

#[test]
fn waiting_tells_what_became_of_the_process() {
    let wait = |os, status: u32| {
        let memory = Plain::default().with(BUFFER, &status.to_le_bytes());
        shown(os, "wait4", &[u64::from(u32::MAX), BUFFER, 1, 0], &memory, Ok(8))
    };
    assert_eq!(wait("freebsd", 0x300), "wait4(-1, [exited 3], WNOHANG, NULL) = 8");
    assert_eq!(wait("freebsd", 10 | 0x80), "wait4(-1, [killed SIGBUS (core dumped)], WNOHANG, NULL) = 8");
    assert_eq!(wait("freebsd", 19), "wait4(-1, [continued], WNOHANG, NULL) = 8");
    assert_eq!(wait("linux", 19 << 8 | 0x7f), "wait4(-1, [stopped SIGSTOP], WNOHANG, NULL) = 8");
    assert_eq!(wait("linux", 0xffff), "wait4(-1, [continued], WNOHANG, NULL) = 8");
}

#[test]
fn events_are_shown_before_and_after() {
    let before = Plain::default().with(BUFFER, &[3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0]);
    let after = Plain::default().with(BUFFER, &[3, 0, 0, 0, 1, 0, 1, 0, 4, 0, 0, 0, 4, 0, 0, 0]);
    assert_eq!(
        changed("freebsd", "poll", &[BUFFER, 2, u64::MAX], &before, &after, Outcome::Returned(Ok(1))),
        "poll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}]→[{fd=3, revents=POLLIN}, {fd=4, revents=0}], 2, -1) = 1"
    );
    let mut change = words(&[5, 0, 0, 0x99]);
    change[8..10].copy_from_slice(&(-1i16).to_le_bytes());
    change[10..12].copy_from_slice(&0x21u16.to_le_bytes());
    let memory = Plain::default().with(BUFFER, &change);
    assert_eq!(
        shown("freebsd", "freebsd11_kevent", &[4, BUFFER, 1, 0, 0, 0], &memory, Ok(0)),
        "freebsd11_kevent(4, [{ident=5, filter=EVFILT_READ, flags=EV_ADD|EV_CLEAR, fflags=0, data=0, udata=0x99}], 1, \
         NULL, 0, NULL) = 0"
    );
    let mut event = [0; 12];
    event[0] = 1;
    event[4] = 9;
    let memory = Plain::default().with(BUFFER, &event);
    assert_eq!(
        shown("linux", "epoll_wait", &[4, BUFFER, 64, 0], &memory, Ok(1)),
        "epoll_wait(4, [{events=EPOLLIN, data=9}], 64, 0) = 1"
    );
}

#[test]
fn sets_of_descriptors_are_lists() {
    let memory = Plain::default().with(BUFFER, &words(&[1 << 3 | 1 << 9]));
    assert_eq!(
        shown("linux", "select", &[10, BUFFER, 0, 0, 0], &memory, Ok(2)),
        "select(10, [3 9], NULL, NULL, NULL) = 2"
    );
}

#[test]
fn commands_decide_what_an_argument_is() {
    let memory = Plain::default();
    let fcntl =
        |os, command, argument, result| shown(os, "fcntl", &[3, command, argument], &memory, Ok(result));
    assert_eq!(fcntl("freebsd", 4, 0xc, 0), "fcntl(3, F_SETFL, O_RDONLY|O_NONBLOCK|O_APPEND) = 0");
    assert_eq!(fcntl("freebsd", 3, 0, 0xa), "fcntl(3, F_GETFL) = O_RDWR|O_APPEND");
    assert_eq!(fcntl("linux", 2, 1, 0), "fcntl(3, F_SETFD, FD_CLOEXEC) = 0");
    assert_eq!(fcntl("linux", 0, 10, 11), "fcntl(3, F_DUPFD, 10) = 11");
    let window = Plain::default().with(BUFFER, &[24, 0, 80, 0, 0, 0, 0, 0]);
    assert_eq!(
        shown("freebsd", "ioctl", &[1, 0x4008_7468, BUFFER], &window, Ok(0)),
        "ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80}) = 0"
    );
    assert_eq!(
        shown("linux", "ioctl", &[1, 0x5413, BUFFER], &window, Ok(0)),
        "ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80}) = 0"
    );
    assert_eq!(
        shown("freebsd", "ioctl", &[1, 0xc008_7899, BUFFER], &window, Err(Errno::NOTTY)),
        "ioctl(1, _IOWR('x', 153, 8), 0x10000) = -1 ENOTTY (Inappropriate ioctl for device)"
    );
}

#[test]
fn options_have_names_and_values() {
    let memory = Plain::default().with(BUFFER, &1u32.to_le_bytes());
    assert_eq!(
        shown("freebsd", "setsockopt", &[3, 0xffff, 4, BUFFER, 4], &memory, Ok(0)),
        "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0"
    );
    let memory = Plain::default().with(BUFFER, &111u32.to_le_bytes()).with(OTHER, &4u32.to_le_bytes());
    assert_eq!(
        shown("linux", "getsockopt", &[3, 1, 4, BUFFER, OTHER], &memory, Ok(0)),
        "getsockopt(3, SOL_SOCKET, SO_ERROR, [111], [4]) = 0"
    );
    assert_eq!(
        shown("freebsd", "socket", &[28, 0x1000_0001, 6], &memory, Ok(3)),
        "socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3"
    );
}

#[test]
fn names_of_sysctl_are_dotted() {
    let memory = Plain::default()
        .with(BUFFER, &[1, 0, 0, 0, 14, 0, 0, 0, 12, 0, 0, 0, 255, 255, 255, 255])
        .with(OTHER, &words(&[0]));
    assert_eq!(
        shown("freebsd", "__sysctl", &[BUFFER, 4, 0, OTHER, 0, 0], &memory, Ok(0)),
        "__sysctl([kern.proc.pathname.-1], 4, NULL, [0], NULL, 0) = 0"
    );
}

#[test]
fn clones_show_flags_and_the_signal_at_the_end() {
    let memory = Plain::default();
    assert_eq!(
        shown("linux", "clone", &[0x4100 | 17, 0, 0, 0, 0], &memory, Ok(99)),
        "clone(CLONE_VM|CLONE_VFORK|SIGCHLD, NULL, NULL, NULL, NULL) = 99"
    );
    let futex = Plain::default().with(BUFFER, &2u32.to_le_bytes());
    assert_eq!(
        shown("linux", "futex", &[BUFFER, 0x80, 2, 0, 0, 0], &futex, Ok(0)),
        "futex([2], FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 2, NULL, NULL, 0) = 0"
    );
    assert_eq!(
        shown("freebsd", "_umtx_op", &[BUFFER, 15, 2, 0, 0], &futex, Ok(0)),
        "_umtx_op(0x10000, UMTX_OP_WAIT_UINT_PRIVATE, 2, NULL, NULL) = 0"
    );
}

#[test]
fn calls_that_do_not_come_back_have_no_result() {
    let memory = Plain::default();
    assert_eq!(changed("freebsd", "exit", &[3], &memory, &memory, Outcome::Gone), "exit(3) = ?");
    assert_eq!(
        changed("linux", "pause", &[], &memory, &memory, Outcome::Restarted),
        "pause() = ? (again after a signal)"
    );
}

#[test]
fn unsupported_calls_say_why() {
    let memory = Plain::default();
    assert_eq!(
        changed("freebsd", "kldunload", &[3], &memory, &memory, Outcome::Unsupported),
        "kldunload(3) = -1 ENOSYS (Function not implemented)  unsupported: there is no kernel to take a module from"
    );
    let mut line = Line::enter(&memory, &linux::names::VOCABULARY, 400, None, &[1, 2, 3, 4, 5, 6, 0, 0]);
    let mut buffer = [0; LINE];
    let bytes = line.leave(&mut buffer, &EVENT, Outcome::Unsupported);
    assert_eq!(
        core::str::from_utf8(bytes).unwrap(),
        "4711 linux  #400(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)  \
         unsupported: no such call\n"
    );
}

#[test]
fn a_line_keeps_its_end_however_long_the_arguments_are() {
    let text = [0x01; 64];
    let vectors: Vec<u64> = (0..8).flat_map(|_| [BUFFER, 64]).collect();
    let memory = Plain::default().with(BUFFER, &text).with(OTHER, &words(&vectors));
    let line = shown("linux", "writev", &[1, OTHER, 8], &memory, Ok(512));
    assert!(line.len() < LINE);
    assert!(line.ends_with(") = 512"), "{line}");
    assert!(line.contains('…'));
}

#[test]
fn every_call_can_be_shown_whatever_its_arguments_are() {
    let memory =
        Plain::default().with(BUFFER, &[0xff; 64]).with(OTHER, &words(&[BUFFER, 0, OTHER, u64::MAX]));
    let tables = [("freebsd", &freebsd::calls::CALLS), ("linux", &linux::calls::CALLS)];
    for (os, table) in tables {
        for row in table.iter() {
            for fill in [0, 1, BUFFER, OTHER, OTHER + 8, 0x8000_0000, u64::MAX, 1 << 63] {
                for result in [Ok(fill), Ok(3), Err(Errno::INVAL), Err(Errno(9999))] {
                    shown(os, row.name, &[fill; RAW_ARGUMENTS], &memory, result);
                }
            }
        }
    }
}

#[test]
fn times_are_shown_in_the_unit_that_suits_them() {
    let memory = Plain::default();
    let row = linux::calls::CALLS.find("sched_yield").unwrap();
    for (nanoseconds, expected) in [
        (999, "999ns"),
        (1_000, "1.0µs"),
        (123_456, "123.4µs"),
        (2_500_000, "2.5ms"),
        (61_000_000_000, "61.0s"),
    ] {
        let mut line = Line::enter(&memory, &linux::names::VOCABULARY, 24, Some(row), &[0; RAW_ARGUMENTS]);
        let mut buffer = [0; LINE];
        let bytes = line.leave(&mut buffer, &Event { nanoseconds, ..EVENT }, Outcome::Returned(Ok(0)));
        let expected = format!("4711 linux  sched_yield() = 0 {expected}\n");
        assert_eq!(core::str::from_utf8(bytes).unwrap(), expected);
    }
}
