//! What a mapper costs that has nothing to do.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use tests::guest::{guest, mapper};
use tests::process::{End, marked};

const SOON: Duration = Duration::from_secs(20);

/// Words that the host counts for a process: how often its threads ran, and for how long.
fn activity(pid: Pid) -> Vec<String> {
    let folder = format!("/proc/{}/task", pid.as_raw_nonzero());
    let mut threads: Vec<_> = std::fs::read_dir(folder)
        .expect("it runs")
        .map(|thread| {
            let path = thread.expect("it runs").path();
            let status = std::fs::read_to_string(path.join("status")).expect("it runs");
            let switches = status.lines().filter(|line| line.contains("ctxt_switches")).collect::<String>();
            let stat = std::fs::read_to_string(path.join("stat")).expect("it runs");
            let times = stat.split_whitespace().skip(13).take(2).collect::<Vec<_>>().join(" ");
            format!("{}: {switches} {times}", path.display())
        })
        .collect();
    threads.sort();
    threads
}

fn program(pid: Pid) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).ok()
}

#[test]
fn a_mapper_whose_guests_ask_nothing_does_not_run() {
    let runtime = tempfile::tempdir().expect("room for a folder");
    let started = guest("linux-identity")
        .case(["name"])
        .env("XDG_RUNTIME_DIR", runtime.path())
        .held_stdin()
        .start_guest();
    let guest = started.running.pid();
    let wanted = mapper().canonicalize().expect("it is there");
    let end = Instant::now() + SOON;
    // It begins to answer commands once the run turns out to last.
    let place = runtime.path().join(format!("mapper/run-{}", guest.as_raw_nonzero()));
    let found = loop {
        let found = marked(&started.mark())
            .into_iter()
            .find(|pid| *pid != guest && program(*pid).as_ref() == Some(&wanted));
        match found {
            Some(found) if place.exists() => break found,
            _ => assert!(Instant::now() < end, "no mapper is there"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // Starting takes an unknown while: it is over when a second has passed in which nothing ran.
    let mut before = activity(found);
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let after = activity(found);
        if after == before {
            break;
        }
        assert!(Instant::now() < end, "it never rests: {before:?} {after:?}");
        before = after;
    }
    let mut started = started;
    started.running.close_stdin();
    assert_eq!(started.running.finish(SOON).end, End::Exited(0));
}
