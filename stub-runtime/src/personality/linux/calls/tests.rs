use super::CALLS;
use crate::call::{Kind, MISSING, Support};

#[test]
fn numbers_are_those_of_the_kernel() {
    for (number, name) in [
        (0, "read"),
        (59, "execve"),
        (202, "futex"),
        (231, "exit_group"),
        (262, "newfstatat"),
        (334, "rseq"),
        (424, "pidfd_send_signal"),
        (435, "clone3"),
        (439, "faccessat2"),
        (471, "rseq_slice_yield"),
    ] {
        assert_eq!(CALLS.get(number).map(|row| row.name), Some(name), "call {number}");
    }
    assert!((337..424).all(|number| CALLS.get(number).is_none()));
    assert_eq!(CALLS.iter().count(), 337 + 48);
    assert_eq!(CALLS.size(), 472);
}

#[test]
fn names_agree_with_the_host_headers() {
    use linux_raw_sys::general::*;
    for (number, name) in [
        (__NR_pread64, "pread64"),
        (__NR_rt_sigreturn, "rt_sigreturn"),
        (__NR_umount2, "umount2"),
        (__NR_epoll_pwait, "epoll_pwait"),
        (__NR_renameat2, "renameat2"),
        (__NR_statx, "statx"),
        (__NR_openat2, "openat2"),
        (__NR_futex_waitv, "futex_waitv"),
        (__NR_cachestat, "cachestat"),
        (__NR_mseal, "mseal"),
    ] {
        assert_eq!(CALLS.get(u64::from(number)).map(|row| row.name), Some(name), "call {number}");
    }
}

#[test]
fn no_call_takes_more_than_six_arguments() {
    assert!(CALLS.iter().all(|row| row.args.len() <= 6));
}

#[test]
fn extents_name_an_argument_that_exists() {
    crate::call::tests::check_extents(&CALLS);
}

#[test]
fn a_call_is_supported_when_it_has_a_handler() {
    for row in CALLS.iter() {
        assert_eq!(row.handler.is_some(), !matches!(row.support, Support::None(_)), "{}", row.name);
    }
}

#[test]
fn calls_that_do_not_come_back_are_marked() {
    for name in ["exit", "exit_group", "rt_sigreturn"] {
        assert_eq!(CALLS.find(name).unwrap().returns, Kind::Never, "{name}");
    }
}

#[test]
fn only_what_no_other_os_has_is_without_an_operation() {
    const LINUX_ONLY: [&str; 7] = ["sem", "msg", "mq_", "kcmp", "landlock_", "listns", "restart_syscall"];
    for row in CALLS.iter().filter(|row| row.handler.is_some() && row.operation.is_none()) {
        assert!(LINUX_ONLY.iter().any(|known| row.name.starts_with(known)), "{}", row.name);
    }
}

#[test]
fn what_is_not_supported_has_a_reason() {
    assert!(CALLS.iter().all(|row| row.support.note() != Some(MISSING)));
}
