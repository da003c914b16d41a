//! Answers that the stub keeps: a change of what was asked for is seen by the very next call.

use std::time::Duration;

use tests::guest::guest;
use tests::process::End;

/// One program of `identity_linux.c`, beside itself run natively.
fn same(program: &str) {
    let side = guest("linux-identity").case([program]).timeout(Duration::from_secs(60)).compare();
    assert_eq!(side.outcome.end, End::Exited(0), "{}", side.outcome);
}

#[test]
fn identities_are_right_after_each_change() {
    same("change");
}

#[test]
fn numbers_are_right_in_children_and_orphans() {
    same("numbers");
}

#[test]
fn limits_that_another_process_changes_are_seen() {
    same("limits");
}

#[test]
fn clocks_are_the_hosts() {
    same("clocks");
    same("interrupted-clocks");
}

#[test]
fn a_name_that_a_guest_gives_the_system_is_seen_by_all_and_stays_in_the_world() {
    let identity = guest("linux-identity").path;
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    // One goes on running while others come and go.
    let script = format!(
        "one() {{ printf '%s\\n' \"$@\" | {0} name; }}
         coproc other {{ {0} name; }}
         other() {{ echo \"$1\" >&${{other[1]}}; read -r line <&${{other[0]}}; echo \"other $line\"; }}
         other '?'; one '+another' '?'; other '?'; other '+third'; one '?'; one +$(printf 'x%.0s' {{1..65}})
         one - +fourth '?'; other '?'",
        identity.display()
    );
    let outcome = guest("bash").case(["-c", &script]).run().outcome;
    let expected = if rustix::process::geteuid().is_root() {
        // Who has given up the right to may not, from the next call on.
        format!(
            "other name {host}\nset 0 0\nname another\nother name another\nother set 0 0\nname third\nset -1 22\n\
             left 0\nset -1 1\nname third\nother name third\n"
        )
    } else {
        format!(
            "other name {host}\nset -1 1\nname {host}\nother name {host}\nother set -1 1\nname {host}\nset -1 22\n\
             left -1\nset -1 1\nname {host}\nother name {host}\n"
        )
    };
    assert_eq!(outcome.text(), expected, "{outcome}");
    assert_eq!(rustix::system::uname().nodename().to_string_lossy(), host, "the host's own is left alone");
}
