//! Guests that are hostile, broken or unlucky, and people who pull the plug. What a Linux program does natively
//! is right; what a FreeBSD program must do stands here.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tests::guest::{Guest, guest, mapper};
use tests::process::{End, marked};

const SOON: Duration = Duration::from_secs(15);

/// One program of `hostile_linux.c`, beside itself run natively.
fn linux(program: &str) {
    guest("linux-hostile").case([program]).timeout(Duration::from_secs(40)).compare();
}

/// One program of `hostile_freebsd.c`: how it must end, and what it must print.
fn freebsd(program: &str, end: End, output: &str) {
    let side = guest("freebsd-hostile").case([program]).timeout(Duration::from_secs(40)).run();
    assert_eq!(
        (side.outcome.end, side.outcome.text().as_str()),
        (end, output),
        "{program}: {}",
        side.outcome
    );
}

const STILL_WORKS: &str = "file ok\nmemory ok\nkill ok\nchild ok\nhello\nprogram ok\n";
const DONE: End = End::Exited(0);

#[test]
fn descriptors_closed_by_the_thousand_are_not_the_stubs() {
    linux("close-all");
    linux("close-all-in-child-and-execute");
    freebsd("close-all", DONE, STILL_WORKS);
}

#[test]
fn descriptors_duplicated_over_all_are_not_the_stubs() {
    linux("duplicate-over-all");
    freebsd("duplicate-over-all", DONE, STILL_WORKS);
}

#[test]
fn descriptors_run_out_as_natively() {
    linux("open-all");
    linux("lower-the-limit");
    // Hard and soft, for good, and for what the shell then executes.
    let script = "ulimit -n 20; ls / | sort | head -n 3; bash -c 'ulimit -Hn; ulimit -Sn; ulimit -Sn 8; ls -d /; ulimit -n'";
    guest("bash").case(["-c", script]).compare();
}

#[test]
fn descriptors_of_the_stub_are_not_listed() {
    // Not by a pipe, whose ends the shell may or may not have closed by then.
    let script = "ls /proc/$$/fd; ls -l /proc/$$/fd > list; wc -l < list; rm list";
    guest("bash").case(["-c", script]).compare();
    // Of a program's own, the one through which it reads the listing is among them, wherever there was room.
    let script = "ls -U /proc/self/fd /proc/self/fdinfo; exec 5< /dev/null; ls -U /proc/self/fd; exec 3<&5; ls -U /proc/self/fd";
    guest("bash").case(["-c", script]).compare();
}

#[test]
fn memory_mapped_over_everything_leaves_the_stub_alone() {
    linux("map-everywhere");
    freebsd("map-everywhere", DONE, &format!("mapped\n{STILL_WORKS}"));
}

#[test]
fn memory_unmapped_between_heap_and_stack_leaves_the_stub_alone() {
    linux("unmap-around");
    freebsd("unmap-around", DONE, &format!("alone\n{STILL_WORKS}"));
}

#[test]
fn a_program_that_unmaps_itself_dies_of_it() {
    linux("unmap-everything");
    freebsd("unmap-everything", End::Killed(11), "going\n");
}

#[test]
fn sigsys_blocked_and_ignored_does_not_stop_system_calls() {
    linux("block-sigsys");
    let twice = format!("{STILL_WORKS}sigaction ok\n{STILL_WORKS}mask ok\nunblockable ok\n");
    freebsd("block-sigsys", DONE, &format!("block ok\nsigaction ok\n{twice}"));
}

#[test]
fn sigsys_handled_by_the_guest_is_the_guests_own() {
    linux("handle-sigsys");
    let output = format!(
        "{}sent ok\ncaught the second last ok\nby itself ok\ncaught SIGSYS ok\ncaught thousands ok\n{STILL_WORKS}",
        "sigaction ok\n".repeat(3)
    );
    freebsd("handle-signals", DONE, &output);
}

#[test]
fn a_signal_kills_under_the_number_of_the_system_that_looks() {
    // 30 in FreeBSD, 10 here.
    freebsd("die-of-usr1", End::Killed(10), "");
    freebsd("die-of-a-fault", End::Killed(11), "");
}

#[test]
fn a_signal_that_its_system_ignores_does_nothing() {
    freebsd("live-through-what-is-ignored", DONE, &format!("{}{STILL_WORKS}", "sent ok\n".repeat(6)));
}

#[test]
fn no_signal_is_lost_between_two_programs_or_with_a_thread() {
    linux("signal-over-execute");
    linux("signals-to-ending-threads");
}

#[test]
fn a_stack_overrun_kills_or_is_handled() {
    linux("overrun-stack");
    linux("overrun-stack-with-handler");
    freebsd("overrun-stack", End::Killed(11), "down\n");
    freebsd(
        "overrun-stack-with-handler",
        End::Exited(3),
        "sigaltstack ok\nsigaction ok\nsigaction ok\noverrun\n",
    );
}

#[test]
fn a_call_does_not_need_a_stack() {
    linux("call-on-a-bad-stack");
}

#[test]
fn a_thousand_children_come_and_go() {
    linux("fork-1000");
    linux("fork-300-at-once");
    freebsd("fork-1000", DONE, "62252\n");
}

#[test]
fn threads_end_with_their_process() {
    linux("exit-while-threads-run");
    linux("die-while-threads-run");
    linux("main-thread-leaves-first");
    freebsd("exit-while-threads-run", End::Exited(4), &format!("{}running\n", "thread ok\n".repeat(6)));
}

#[test]
fn threads_end_when_one_executes_another_program() {
    linux("execute-while-threads-run");
    linux("execute-from-a-thread");
}

#[test]
fn an_unknown_call_answers_enosys() {
    linux("unknown-calls");
    let output = format!("sigaction ok\n{}far ok\nnegative ok\n{STILL_WORKS}", "unknown ok\n".repeat(7));
    freebsd("unknown-calls", DONE, &output);
}

#[test]
fn an_error_is_numbered_as_in_the_guests_system() {
    freebsd("errors", DONE, "closed ok\nmissing ok\nchildless ok\nsignal ok\nafter ok\n");
}

#[test]
fn a_bad_pointer_answers_efault() {
    guest("linux-pointers").case::<&str>([]).compare();
    freebsd("bad-pointers", DONE, "tried\n");
}

#[test]
fn a_call_is_the_same_however_it_is_reached() {
    linux("jump-to-the-call");
    linux("write-its-own-code");
}

#[test]
fn a_call_keeps_the_registers_that_its_system_keeps() {
    linux("keep-registers");
    freebsd("keep-registers", DONE, "kept\n");
}

#[test]
fn signals_in_the_middle_of_calls_lose_nothing() {
    linux("storm-of-signals");
    linux("interrupt-without-restart");
}

/// The mappers among the processes of a test.
fn mappers(mark: &str, guest: Pid) -> Vec<Pid> {
    let program = fs::canonicalize(mapper()).expect("it was built");
    let is_mapper = |pid: &Pid| {
        fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).is_ok_and(|exe| exe == program)
    };
    marked(mark).into_iter().filter(|pid| *pid != guest && is_mapper(pid)).collect()
}

#[test]
fn a_guest_outlives_its_mapper() {
    let case = guest("bash")
        .case(["-c", "kill -0 $$; echo ready; read line; echo got $line; kill -0 $$ 2>/dev/null; /bin/echo child; exit 6"])
        .held_stdin();
    let mut started = case.start_guest();
    started.running.expect_output("ready", SOON);
    let deadline = Instant::now() + SOON;
    let mapper = loop {
        if let Some(mapper) = mappers(&started.mark(), started.running.pid()).first() {
            break *mapper;
        }
        assert!(Instant::now() < deadline, "no mapper serves {}", started.mark());
        std::thread::sleep(Duration::from_millis(20));
    };
    kill_process(mapper, Signal::KILL).expect("it is ours");
    std::io::Write::write_all(started.running.stdin().expect("held"), b"a line\n").expect("the guest reads");
    let outcome = started.running.finish(Duration::from_secs(30));
    assert_eq!(outcome.end, End::Exited(6), "{outcome}");
    assert!(outcome.text().contains("got a line\n"), "{outcome}");
}

#[test]
fn a_mapper_ends_with_its_last_guest() {
    let case = guest("bash").case(["-c", "kill -0 $$; (sleep 0.5; /bin/true) & exit 0"]);
    let started = case.start_guest();
    assert!(started.running.ended_within(SOON));
    let deadline = Instant::now() + Duration::from_secs(5);
    while !marked(&started.mark()).is_empty() {
        assert!(Instant::now() < deadline, "left behind: {:?}", marked(&started.mark()));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_mapper_holds_no_output_open() {
    let side = guest("bash").case(["-c", "kill -0 $$; echo x"]).run();
    assert!(!side.outcome.held_open, "{}", side.outcome);
}

#[test]
fn control_c_ends_the_guest_and_nothing_is_left() {
    let mut terminal = guest("bash").on_terminal(&["-c", "kill -0 $$; echo ready; sleep 60"]);
    terminal.expect("ready", SOON);
    std::thread::sleep(Duration::from_millis(200));
    terminal.send("\x03");
    let mark = terminal.mark().to_owned();
    let pid = terminal.pid();
    let deadline = Instant::now() + SOON;
    while marked(&mark).iter().any(|left| *left != pid) {
        assert!(Instant::now() < deadline, "left behind: {:?}", marked(&mark));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(terminal.finish(SOON).0, End::Killed(2));
}

#[test]
fn a_closed_terminal_ends_the_guest_and_nothing_is_left() {
    let mut terminal = guest("bash").on_terminal(&["-c", "kill -0 $$; echo ready; sleep 60; echo never"]);
    terminal.expect("ready", SOON);
    terminal.hang_up();
    let mark = terminal.mark().to_owned();
    let deadline = Instant::now() + SOON;
    while !marked(&mark).is_empty() {
        assert!(Instant::now() < deadline, "left behind: {:?}", marked(&mark));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(terminal.finish(SOON).0, End::Killed(1));
}

fn file_guest(path: PathBuf) -> Guest {
    Guest { name: path.display().to_string(), os: String::new(), twin: path.clone(), path }
}

#[test]
fn a_program_that_is_not_there_ends_with_127() {
    for path in ["/no/such/program", "./missing"] {
        let side = file_guest(path.into()).case::<&str>([]).run();
        assert_eq!(side.outcome.end, End::Exited(127), "{}", side.outcome);
        assert!(side.outcome.errors().contains(path), "{}", side.outcome);
    }
}

#[test]
fn a_program_of_a_system_without_its_libraries_ends_with_126_and_a_reason() {
    for (name, words) in [
        ("openbsd-esbuild-0.28.2", ["OpenBSD", "openbsd"]),
        ("illumos-esbuild-0.28.2", ["illumos", "Solaris"]),
        ("freebsd-lightningcss-1.33.0", ["ld-elf.so.1", "FreeBSD"]),
    ] {
        let side = guest(name).case(["--version"]).run();
        assert_eq!(side.outcome.end, End::Exited(126), "{name}: {}", side.outcome);
        let errors = side.outcome.errors();
        assert!(words.iter().any(|word| errors.contains(word)), "{name}: {errors}");
    }
}

#[test]
fn what_is_no_program_ends_with_126_and_a_reason() {
    let folder = tempfile::tempdir().expect("room for a folder");
    let whole = fs::read(guest("freebsd-hostile").path).expect("it was compiled");
    let mut bad: Vec<(String, Vec<u8>)> = vec![("empty".into(), Vec::new()), ("zeros".into(), vec![0; 4096])];
    bad.push(("noise".into(), (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()));
    bad.extend([1, 4, 5, 16, 20, 52, 63].map(|cut| (format!("cut at {cut}"), whole[..cut].to_vec())));
    for (name, bytes) in bad {
        let path = folder.path().join(name.replace(' ', "-"));
        fs::write(&path, bytes).expect("the folder is ours");
        make_executable(&path, true);
        let side = file_guest(path).case::<&str>([]).run();
        assert_eq!(side.outcome.end, End::Exited(126), "{name}: {}", side.outcome);
        assert!(!side.outcome.errors().is_empty(), "{name} is refused without a word");
    }
    let path = folder.path().join("not-executable");
    fs::write(&path, whole).expect("the folder is ours");
    make_executable(&path, false);
    assert_eq!(file_guest(path).case::<&str>([]).run().outcome.end, End::Exited(126));
    assert_eq!(file_guest(folder.path().to_owned()).case::<&str>([]).run().outcome.end, End::Exited(126));
}

fn make_executable(path: &std::path::Path, executable: bool) {
    use std::os::unix::fs::PermissionsExt;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
}

/// One field of a header set to a value that makes no sense.
fn mutations(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    const HEADER: usize = 64;
    const PROGRAM_HEADER: usize = 56;
    let evil = [
        0,
        1,
        0x7f,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 47,
        0xffff_8000_0000_0000,
        u64::MAX,
        u64::MAX - 0xfff,
    ];
    let count = usize::from(u16::from_le_bytes([whole[56], whole[57]]));
    let mut fields: Vec<(String, usize, usize)> = vec![
        ("e_type".into(), 16, 2),
        ("e_machine".into(), 18, 2),
        ("e_entry".into(), 24, 8),
        ("e_phoff".into(), 32, 8),
        ("e_phentsize".into(), 54, 2),
        ("e_phnum".into(), 56, 2),
    ];
    for index in 0..count {
        let at = HEADER + index * PROGRAM_HEADER;
        for (name, offset, size) in [
            ("p_type", 0, 4),
            ("p_flags", 4, 4),
            ("p_offset", 8, 8),
            ("p_vaddr", 16, 8),
            ("p_filesz", 32, 8),
            ("p_memsz", 40, 8),
            ("p_align", 48, 8),
        ] {
            fields.push((format!("{name} of {index}"), at + offset, size));
        }
    }
    let mut mutations = Vec::new();
    for (field_number, (name, at, size)) in fields.iter().enumerate() {
        // Three values a field, others for the next: all meet many fields, and the test stays short.
        for value in evil.iter().cycle().skip(field_number * 3).take(3) {
            let mut bytes = whole.to_vec();
            bytes[*at..at + size].copy_from_slice(&value.to_le_bytes()[..*size]);
            mutations.push((format!("{name} = {value:#x}"), bytes));
        }
    }
    for cut in [100, 200, 4095, 4096, 5000, whole.len() / 2] {
        mutations.push((format!("cut at {cut}"), whole[..cut.min(whole.len())].to_vec()));
    }
    mutations
}

#[test]
fn a_corrupt_program_is_refused_or_dies_but_breaks_nothing() {
    let folder = tempfile::tempdir().expect("room for a folder");
    let whole = fs::read(guest("freebsd-hostile").path).expect("it was compiled");
    let path = folder.path().join("corrupt");
    for (what, bytes) in mutations(&whole) {
        fs::write(&path, bytes).expect("the folder is ours");
        make_executable(&path, true);
        let side = file_guest(path.clone()).case(["hello"]).timeout(SOON).run();
        let errors = side.outcome.errors();
        assert!(!errors.contains("panicked"), "{what}: {}", side.outcome);
        match side.outcome.end {
            End::Exited(126) => assert!(!errors.is_empty(), "{what} is refused without a word"),
            End::Exited(0) => assert_eq!(side.outcome.text(), "hello\n", "{what}"),
            End::Killed(4 | 5 | 7 | 8 | 9 | 11) => {}
            end => panic!("{what}: {end:?}: {}", side.outcome),
        }
        fs::remove_file(&path).expect("the folder is ours");
    }
}
