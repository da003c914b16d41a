//! Calls whose instructions are hoisted: `hoisted_linux.c` checks every register, natively and under the mapper, and
//! `hoisted_freebsd.c` as FreeBSD leaves them.

use std::time::Duration;

use tests::guest::guest;
use tests::process::End;

#[track_caller]
fn compare(what: &str) {
    guest("linux-hoisted").case([what]).timeout(Duration::from_secs(90)).compare();
}

#[test]
fn registers_are_right_under_a_rain_of_signals() {
    compare("rain");
}

#[test]
fn code_that_is_mapped_over_moved_or_written_is_the_guests_own() {
    compare("mappings");
}

#[test]
fn jumps_straight_to_a_call_are_right() {
    compare("shortcuts");
}

#[test]
fn a_guest_with_gs_of_its_own_finds_its_code_unchanged() {
    compare("segments");
}

#[test]
fn a_guest_can_step_through_its_code() {
    compare("stepping");
}

#[test]
fn registers_are_as_freebsd_leaves_them_under_a_rain_of_signals() {
    let side = guest("freebsd-hoisted").case([""; 0]).timeout(Duration::from_secs(90)).run();
    let outcome = &side.outcome;
    assert_eq!((outcome.end, outcome.text().as_str()), (End::Exited(0), "registers ok\n"), "{outcome}");
}
