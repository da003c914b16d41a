use super::CALLS;
use crate::call::{Kind, MISSING, Support};

#[test]
fn numbers_are_those_of_syscalls_master() {
    for (number, name) in [
        (1, "exit"),
        (59, "execve"),
        (79, "freebsd14_getgroups"),
        (202, "__sysctl"),
        (331, "sched_yield"),
        (363, "freebsd11_kevent"),
        (416, "sigaction"),
        (454, "_umtx_op"),
        (477, "mmap"),
        (499, "openat"),
        (551, "fstat"),
        (560, "kevent"),
        (563, "getrandom"),
        (575, "close_range"),
        (602, "renameat2"),
    ] {
        assert_eq!(CALLS.get(number).map(|row| row.name), Some(name), "call {number}");
    }
    assert_eq!(CALLS.size(), 603);
}

#[test]
fn numbers_never_given_away_have_no_row() {
    for number in [91, 94, 119, 151, 159, 193, 208, 246, 260, 281, 370, 399, 420, 470, 521, 603] {
        assert!(CALLS.get(number).is_none(), "call {number}");
    }
}

#[test]
fn only_sendfile_like_calls_take_more_than_six_arguments() {
    let long: Vec<&str> = CALLS.iter().filter(|row| row.args.len() > 6).map(|row| row.name).collect();
    assert_eq!(
        long,
        [
            "freebsd6_mmap",
            "freebsd4_sendfile",
            "afs3_syscall",
            "sendfile",
            "sctp_generic_sendmsg",
            "sctp_generic_sendmsg_iov",
            "sctp_generic_recvmsg"
        ]
    );
    assert!(CALLS.iter().all(|row| row.args.len() <= 8));
}

#[test]
fn extents_name_an_argument_that_exists() {
    crate::call::tests::check_extents(&CALLS);
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = CALLS.iter().map(|row| row.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_call_is_supported_when_it_has_a_handler() {
    for row in CALLS.iter() {
        assert_eq!(row.handler.is_some(), !matches!(row.support, Support::None(_)), "{}", row.name);
        assert!(row.handler.is_none() || row.operation.is_some(), "{} has no operation", row.name);
    }
}

#[test]
fn calls_that_do_not_come_back_are_marked() {
    for name in ["exit", "thr_exit", "sigreturn", "abort2"] {
        assert_eq!(CALLS.find(name).unwrap().returns, Kind::Never, "{name}");
    }
}

#[test]
fn what_is_not_supported_has_a_reason() {
    assert!(CALLS.iter().all(|row| row.support.note() != Some(MISSING)));
}
