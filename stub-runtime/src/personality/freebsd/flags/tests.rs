use schemas::Errno;

use super::*;
use crate::personality::constant::tests::{check_flags, check_values};

#[test]
fn flags_go_there_and_back() {
    check_flags(&OPEN, &["O_EXEC"]);
    check_flags(&AT, &["AT_REMOVEDIR"]);
    check_flags(&ACCESS, &[]);
    check_flags(&DESCRIPTOR, &[]);
    check_flags(&SEALS, &[]);
    check_flags(&FLOCK, &[]);
    check_flags(&POLL, &["POLLINIGNEOF"]);
    check_flags(&CLOSE_RANGE, &[]);
    check_flags(&CREATION, &[]);
    check_flags(&MEMORY_FILE, &[]);
    check_flags(&RENAME, &[]);
    check_flags(&RANDOM, &[]);
    check_flags(&WATCH, &[]);
    check_flags(&PROTECTION, &[]);
    check_flags(&MAP, &["MAP_STACK", "MAP_GUARD"]);
    check_flags(&SYNC, &[]);
    check_flags(&LOCK, &[]);
    check_flags(&WAIT, &[]);
    check_flags(&ACTION, &[]);
    check_flags(&STACK, &[]);
    check_flags(&TIMER, &[]);
    check_flags(&MESSAGE, &["MSG_NBIO"]);
    check_flags(&SOCKET_TYPE, &[]);
    check_flags(&TERMINAL_INPUT, &[]);
    check_flags(&TERMINAL_OUTPUT, &[]);
    check_flags(&TERMINAL_CONTROL, &[]);
    check_flags(&TERMINAL_LOCAL, &[]);
}

#[test]
fn values_go_there_and_back() {
    check_values(&WHENCE, &[]);
    check_values(&FCNTL, &[]);
    check_values(&LOCK_KIND, &[]);
    check_values(&FILE_ADVICE, &[]);
    check_values(&ADVICE, &["MADV_NOSYNC", "MADV_AUTOSYNC"]);
    check_values(&INHERITANCE, &[]);
    check_values(&ID_KIND, &[]);
    check_values(&MASK_HOW, &[]);
    check_values(
        &CLOCK,
        &[
            "CLOCK_UPTIME",
            "CLOCK_UPTIME_PRECISE",
            "CLOCK_REALTIME_PRECISE",
            "CLOCK_MONOTONIC_PRECISE",
            "CLOCK_MONOTONIC_FAST",
            "CLOCK_SECOND",
        ],
    );
    check_values(&TIMER_KIND, &[]);
    check_values(&LIMIT, &[]);
    check_values(&USAGE, &[]);
    check_values(&PRIORITY, &[]);
    check_values(&SCHEDULING, &[]);
    check_values(&DOMAIN, &[]);
    check_values(&PROTOCOL, &[]);
    check_values(&LEVEL, &[]);
    check_values(&SHUTDOWN, &[]);
    check_values(&SOCKET_OPTION, &["SO_REUSEPORT_LB"]);
    check_values(&TCP_OPTION, &[]);
    check_values(&IP_OPTION, &[]);
    check_values(&IPV6_OPTION, &[]);
}

#[test]
fn open_flags_of_a_real_program_are_translated() {
    let to_host = |flags: u32| OPEN.to_host(u64::from(flags));
    assert_eq!(to_host(O_RDONLY | O_CLOEXEC), Ok(0o2_000_000));
    assert_eq!(to_host(O_WRONLY | O_CREAT | O_TRUNC), Ok(0o1101));
    assert_eq!(to_host(O_SYNC), Ok(0o4_010_000));
    assert_eq!(to_host(O_SHLOCK), Err(Errno::INVAL));
    assert_eq!(to_host(3), Err(Errno::INVAL));
    // The host adds O_LARGEFILE to what F_GETFL tells.
    assert_eq!(OPEN.from_host(0o102_002), u64::from(O_RDWR | O_APPEND));
    assert_eq!(OPEN.from_host(0o4_010_000), u64::from(O_SYNC));
    assert_eq!(OPEN.from_host(0o10_000), u64::from(O_DSYNC));
}

#[test]
fn memory_flags_are_translated() {
    assert_eq!(MAP.to_host(u64::from(MAP_PRIVATE | MAP_ANON)), Ok(0x22));
    assert_eq!(MAP.to_host(u64::from(MAP_PRIVATE | MAP_ANON | MAP_NOCORE | MAP_ALIGNED_SUPER)), Ok(0x22));
    assert_eq!(MAP.to_host(u64::from(MAP_PRIVATE | 21 << 24)), Err(Errno::INVAL));
    assert_eq!(SYNC.to_host(0), Ok(4));
    assert_eq!(ADVICE.to_host(MADV_DONTNEED), Ok(20));
}

#[test]
fn socket_types_carry_their_flags() {
    let types = u64::from(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_eq!(SOCKET_TYPE.to_host(types), Ok(1 | 0o2_000_000 | 0o4000));
    assert_eq!(SOCKET_TYPE.to_host(9), Err(Errno::INVAL));
}

#[test]
fn options_are_translated_with_their_level() {
    assert_eq!(option_to_host(SOL_SOCKET, SO_REUSEADDR), Ok((1, 2)));
    assert_eq!(option_to_host(SOL_TCP, TCP_KEEPIDLE), Ok((6, 4)));
    assert_eq!(option_to_host(SOL_SOCKET, SO_NOSIGPIPE), Err(Errno::NOPROTOOPT));
    assert_eq!(option_to_host(7, 1), Err(Errno::NOPROTOOPT));
}

#[test]
fn terminal_settings_are_translated() {
    let raw = u64::from(CS8 | CREAD | CLOCAL);
    assert_eq!(TERMINAL_CONTROL.to_host(raw), Ok(0x30 | 0x80 | 0x800));
    assert_eq!(TERMINAL_CONTROL.from_host(0x30 | 0x80 | 0x800 | 0xf), raw);
    assert_eq!(TERMINAL_CONTROL.to_host(0x1_0000), Err(Errno::INVAL));
    assert_eq!(TERMINAL_OUTPUT.to_host(u64::from(OPOST | ONLCR)), Ok(5));
}

#[test]
fn control_characters_have_one_place_each() {
    for side in [|pair: &(u8, u8)| pair.0, |pair: &(u8, u8)| pair.1] {
        let mut places: Vec<u8> = CONTROL_CHARACTER.iter().chain([&TIMEOUT]).map(side).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), CONTROL_CHARACTER.len() + 1);
    }
}

#[test]
fn speeds_go_there_and_back() {
    for speed in [0, 9600, 38400, 115_200, 3_000_000] {
        assert_eq!(speed_from_host(speed_to_host(speed).unwrap()), Some(speed));
    }
    assert_eq!(speed_to_host(7200), Err(Errno::INVAL));
    assert_eq!(speed_from_host(0x1000), None);
}
