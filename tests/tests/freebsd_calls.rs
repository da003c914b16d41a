//! FreeBSD's calls that few programs use, by a program that knows from the manual pages what they must give and
//! prints what is otherwise.

use std::time::Duration;

use tests::guest::guest;
use tests::process::End;

/// One group of `calls_freebsd.c`, which has nothing to complain of.
fn complains_of_nothing(group: &str) {
    let side = guest("freebsd-calls").case([group]).timeout(Duration::from_secs(40)).run();
    assert_eq!(
        (side.outcome.end, side.outcome.text().as_str()),
        (End::Exited(0), ""),
        "{group}: {}",
        side.outcome
    );
}

#[test]
fn values_of_the_kernel_by_number_and_name() {
    complains_of_nothing("sysctl");
}

#[test]
fn identities_and_priorities() {
    complains_of_nothing("identity");
}

#[test]
fn scheduling_and_clocks() {
    complains_of_nothing("scheduling");
}

#[test]
fn semaphores_messages_and_shared_memory() {
    complains_of_nothing("ipc");
}

#[test]
fn process_descriptors() {
    complains_of_nothing("descriptors");
}

#[test]
fn signals_that_the_host_does_not_have() {
    complains_of_nothing("signals");
}

#[test]
fn contexts_saved_and_resumed() {
    complains_of_nothing("contexts");
}

#[test]
fn asynchronous_input_and_output() {
    complains_of_nothing("aio");
}

#[test]
fn modules_and_identifiers() {
    complains_of_nothing("kernel");
}
