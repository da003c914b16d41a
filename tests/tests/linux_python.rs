//! Debian's python3 with the tests that Python brings for itself.
//!
//! Left out for their time alone: one test of signals that waits half a minute, and of asyncio the classes
//! that repeat the same tests over another event loop. Left out for the machine: sockets between virtual
//! machines (VSOCK), which block for ever where a hypervisor offers them but nobody answers.

use std::time::Duration;

use tests::exclusions::Exclusions;
use tests::guest::guest;
use tests::manifest::source_file;
use tests::suite::{Judged, Python};

fn check(module: &str, patterns: &[&str], left_out: &str) {
    let python = guest("python3");
    guest("python3-test");
    let runner = source_file("unittest_report.py").into_os_string();
    let list = python
        .case([runner.clone(), "--list".into(), module.into()])
        .more_arguments(patterns)
        .run_twin()
        .outcome
        .succeeded()
        .text();
    let tests: Vec<String> = list
        .lines()
        .filter(|line| left_out.is_empty() || !line.contains(left_out))
        .map(str::to_owned)
        .collect();
    assert!(!tests.is_empty(), "{module} has none of {patterns:?}");
    let mut exclusions = Exclusions::load("linux-python");
    exclusions.keep(|test| tests.iter().any(|other| other == test));
    Judged {
        name: module,
        case: &python.case([runner, module.into()]),
        suite: &Python,
        tests: &tests,
        twin_tests: &tests,
        exclusions: &exclusions,
        quiet: Duration::from_secs(30),
    }
    .check();
}

#[test]
fn test_os() {
    check("test.test_os", &[], "");
}

#[test]
fn test_subprocess() {
    check("test.test_subprocess", &[], "");
}

#[test]
fn test_socket() {
    check("test.test_socket", &[], "VSOCK");
}

#[test]
fn test_threading() {
    check("test.test_threading", &[], "");
}

#[test]
fn test_signal() {
    check("test.test_signal", &[], "test_siginterrupt_off");
}

#[test]
fn test_mmap() {
    check("test.test_mmap", &[], "");
}

#[test]
fn test_asyncio() {
    let of = "test.test_asyncio";
    let classes = [
        "test_events.EPollEventLoopTests",
        "test_subprocess.SubprocessPidfdWatcherTests",
        "test_subprocess.SubprocessSafeWatcherTests",
        "test_unix_events",
        "test_sendfile.EPollEventLoopTests",
        "test_sock_lowlevel.EPollEventLoopTests",
        "test_streams",
        "test_server",
        "test_runners",
    ]
    .map(|class| format!("{of}.{class}.*"));
    check(of, &classes.each_ref().map(String::as_str), "");
}
