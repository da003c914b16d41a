//! FreeBSD's signal numbers (sys/sys/signal.h, signal(3)) and what they are on the host and on the wire.
//!
//! Signals 1 to 31 and the host's 1 to 31 are mostly the same signals in another order. FreeBSD's SIGEMT and
//! SIGINFO have no counterpart there, nor have the host's SIGSTKFLT and SIGPWR here; SIGTHR and SIGLIBRT are the
//! thread library's and the real-time library's own. What the host lacks travels on it as one of its real-time
//! signals ([`to_host`]), so that guests of FreeBSD can send it to each other; servers see the number that
//! [`schemas::signal`] gives it ([`to_neutral`]), so that no guest of another OS ever gets it. SIGSTKFLT and
//! SIGPWR become nothing.
//!
//! FreeBSD's real-time signals 65 to 126 are, in order, the host's from 34 on (its first two belong to its C
//! library). The host has fewer: those from [`REALTIME_CARRIED`] on cannot be sent.

use schemas::signal as neutral;

/// The highest signal number (`_SIG_MAXSIG`).
pub const LAST: i32 = 128;
/// The first real-time signal (`SIGRTMIN`).
pub const REALTIME_FIRST: i32 = 65;
/// The last real-time signal (`SIGRTMAX`).
pub const REALTIME_LAST: i32 = 126;
/// The first real-time signal that the host has no number for.
pub const REALTIME_CARRIED: i32 = REALTIME_FIRST + (HOST_EMT - HOST_REALTIME);

/// The host's signal for [`REALTIME_FIRST`].
const HOST_REALTIME: i32 = 34;
/// The host's real-time signals that carry what it lacks. 32 and 33 are those that its own C library keeps for
/// itself, which no FreeBSD program uses; 63 and 64 are its last.
const HOST_THR: i32 = 32;
const HOST_LIBRT: i32 = 33;
const HOST_EMT: i32 = 63;
const HOST_INFO: i32 = 64;

/// What a signal does that is neither caught nor ignored (sys/kern/kern_sig.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Ends the process.
    Terminate,
    /// Ends the process with a core dump.
    Core,
    /// Stops the process.
    Stop,
    /// Lets a stopped process go on.
    Continue,
    /// Nothing.
    Ignore,
}

struct Entry {
    name: &'static str,
    host: i32,
    neutral: u32,
    default: Default,
}

/// Signals: number, name, host signal, number on the wire, default action.
macro_rules! signals {
    ($($number:literal $name:ident = $host:expr, $neutral:ident, $default:ident;)*) => {
        #[expect(missing_docs, reason = "names of sys/signal.h")]
        pub mod number {
            $(pub const $name: i32 = $number;)*
        }

        static SIGNALS: [Entry; COUNT + 1] = [
            Entry { name: "", host: 0, neutral: 0, default: Default::Ignore },
            $(Entry {
                name: stringify!($name),
                host: $host,
                neutral: neutral::$neutral,
                default: Default::$default,
            }),*
        ];
        const COUNT: usize = [$($number),*].len();
        const _: () = {
            let numbers = [$($number),*];
            let mut at = 0;
            while at < COUNT {
                assert!(numbers[at] == at as i32 + 1, "signals in order, none left out");
                at += 1;
            }
        };
    };
}

signals! {
    1 SIGHUP = 1, HUP, Terminate;
    2 SIGINT = 2, INT, Terminate;
    3 SIGQUIT = 3, QUIT, Core;
    4 SIGILL = 4, ILL, Core;
    5 SIGTRAP = 5, TRAP, Core;
    6 SIGABRT = 6, ABRT, Core;
    7 SIGEMT = HOST_EMT, EMT, Core;
    8 SIGFPE = 8, FPE, Core;
    9 SIGKILL = 9, KILL, Terminate;
    10 SIGBUS = 7, BUS, Core;
    11 SIGSEGV = 11, SEGV, Core;
    12 SIGSYS = 31, SYS, Core;
    13 SIGPIPE = 13, PIPE, Terminate;
    14 SIGALRM = 14, ALRM, Terminate;
    15 SIGTERM = 15, TERM, Terminate;
    16 SIGURG = 23, URG, Ignore;
    17 SIGSTOP = 19, STOP, Stop;
    18 SIGTSTP = 20, TSTP, Stop;
    19 SIGCONT = 18, CONT, Continue;
    20 SIGCHLD = 17, CHLD, Ignore;
    21 SIGTTIN = 21, TTIN, Stop;
    22 SIGTTOU = 22, TTOU, Stop;
    23 SIGIO = 29, IO, Ignore;
    24 SIGXCPU = 24, XCPU, Terminate;
    25 SIGXFSZ = 25, XFSZ, Terminate;
    26 SIGVTALRM = 26, VTALRM, Terminate;
    27 SIGPROF = 27, PROF, Terminate;
    28 SIGWINCH = 28, WINCH, Ignore;
    29 SIGINFO = HOST_INFO, INFO, Ignore;
    30 SIGUSR1 = 10, USR1, Terminate;
    31 SIGUSR2 = 12, USR2, Terminate;
    32 SIGTHR = HOST_THR, THR, Ignore;
    33 SIGLIBRT = HOST_LIBRT, LIBRT, Ignore;
}

/// FreeBSD's number for each of the host's; 0 where it has none.
static FROM_HOST: [u8; 65] = {
    let mut table = [0; 65];
    let mut number = 1;
    while number <= COUNT {
        table[SIGNALS[number].host as usize] = number as u8;
        number += 1;
    }
    let mut realtime = REALTIME_FIRST;
    while realtime < REALTIME_CARRIED {
        table[(realtime - REALTIME_FIRST + HOST_REALTIME) as usize] = realtime as u8;
        realtime += 1;
    }
    table
};

/// Whether it is a signal's number.
pub const fn is_valid(signal: i32) -> bool {
    signal > 0 && signal <= LAST
}

/// The host's signal that is, or stands for, this one.
#[inline]
pub fn to_host(signal: i32) -> Option<i32> {
    match signal {
        1..=33 => Some(SIGNALS[signal as usize].host),
        REALTIME_FIRST..REALTIME_CARRIED => Some(signal - REALTIME_FIRST + HOST_REALTIME),
        _ => None,
    }
}

/// The signal that a signal of the host is, or stands for.
#[inline]
pub fn from_host(signal: i32) -> Option<i32> {
    match FROM_HOST.get(signal as usize) {
        Some(&number) if number != 0 => Some(i32::from(number)),
        _ => None,
    }
}

/// The number by which servers know it.
pub fn to_neutral(signal: i32) -> Option<u32> {
    match signal {
        1..=33 => Some(SIGNALS[signal as usize].neutral),
        REALTIME_FIRST..REALTIME_CARRIED => Some((signal - REALTIME_FIRST + HOST_REALTIME) as u32),
        _ => None,
    }
}

/// The signal that servers know by this number, if FreeBSD has it.
pub fn from_neutral(signal: u32) -> Option<i32> {
    let realtime = HOST_REALTIME as u32..HOST_EMT as u32;
    if realtime.contains(&signal) {
        return Some(signal as i32 - HOST_REALTIME + REALTIME_FIRST);
    }
    (1..=COUNT as i32).find(|&number| SIGNALS[number as usize].neutral == signal)
}

/// The name in sys/signal.h; none for real-time signals.
pub fn name(signal: i32) -> Option<&'static str> {
    match signal {
        1..=33 => Some(SIGNALS[signal as usize].name),
        _ => None,
    }
}

/// What it does when nothing was said about it.
pub fn default(signal: i32) -> Default {
    match signal {
        1..=33 => SIGNALS[signal as usize].default,
        _ => Default::Terminate,
    }
}

/// Host bits of the signals that do nothing when nothing was said about them. SIGCONT is among them: that a stopped
/// process goes on is the host's doing.
pub const IGNORED_ON_HOST: u64 = {
    let mut bits = 0;
    let mut number = 1;
    while number <= COUNT {
        if matches!(SIGNALS[number].default, Default::Ignore | Default::Continue) {
            bits |= 1 << (SIGNALS[number].host - 1);
        }
        number += 1;
    }
    bits
};

/// Signals of the first word that have another number on the host, or none.
const MOVED: u32 = {
    let mut moved = 0;
    let mut number = 1;
    while number <= 32 {
        if SIGNALS[number].host != number as i32 {
            moved |= 1 << (number - 1);
        }
        number += 1;
    }
    moved
};

/// The host's mask for a `sigset_t`. Signals that the host cannot carry are left out: none of them can arrive.
pub fn set_to_host(set: [u32; 4]) -> u64 {
    let mut host = u64::from(set[0] & !MOVED) | u64::from(set[1] & 1) << (HOST_LIBRT - 1);
    let mut moved = set[0] & MOVED;
    while moved != 0 {
        let number = moved.trailing_zeros() as usize + 1;
        host |= 1 << (SIGNALS[number].host - 1);
        moved &= moved - 1;
    }
    let realtime = u64::from(set[2]) & ((1 << (REALTIME_CARRIED - REALTIME_FIRST)) - 1);
    host | realtime << (HOST_REALTIME - 1)
}

/// The `sigset_t` for the host's mask.
pub fn set_from_host(host: u64) -> [u32; 4] {
    let mut set = [0; 4];
    let mut rest = host;
    while rest != 0 {
        let signal = rest.trailing_zeros() as i32 + 1;
        if let Some(number) = from_host(signal) {
            set[(number as usize - 1) / 32] |= 1 << ((number - 1) % 32);
        }
        rest &= rest - 1;
    }
    set
}

/// What `wait4` stores, from what the host's stored (sys/wait.h of both): the form is the same, but for the
/// numbers of signals and for a process that goes on.
pub fn wait_status_from_host(status: i32) -> i32 {
    const HOST_CONTINUED: i32 = 0xffff;
    if status == HOST_CONTINUED {
        return number::SIGCONT;
    }
    let translate = |signal: i32| from_host(signal).unwrap_or(signal);
    match status & 0x7f {
        0 => status,
        0x7f => status & !0xff00 | translate(status >> 8 & 0xff) << 8,
        signal => status & !0x7f | translate(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::number::*;
    use super::*;

    #[test]
    fn signals_go_there_and_back() {
        for signal in 1..=LAST {
            if let Some(host) = to_host(signal) {
                assert!((1..=64).contains(&host));
                assert_eq!(from_host(host), Some(signal), "signal {signal}");
            }
            if let Some(number) = to_neutral(signal) {
                assert_eq!(from_neutral(number), Some(signal), "signal {signal}");
            }
        }
        assert!((1..=33).all(|signal| to_host(signal).is_some()));
        assert_eq!((1..=64).filter(|&host| from_host(host).is_none()).collect::<Vec<_>>(), [16, 30]);
    }

    #[test]
    fn signals_of_the_host_that_freebsd_lacks_become_nothing() {
        assert_eq!(from_neutral(neutral::STKFLT), None);
        assert_eq!(from_neutral(neutral::PWR), None);
        assert_eq!(from_neutral(neutral::FREEZE), None);
        assert_eq!(from_neutral(0), None);
    }

    #[test]
    fn signals_that_the_host_lacks_are_foreign_on_the_wire() {
        for signal in [SIGEMT, SIGINFO, SIGTHR, SIGLIBRT] {
            assert!(to_neutral(signal).unwrap() >= neutral::FOREIGN_FIRST);
            assert!(to_host(signal).unwrap() >= 32);
        }
    }

    #[test]
    fn names_agree_with_those_on_the_wire() {
        for signal in 1..=33 {
            assert_eq!(name(signal), neutral::name(to_neutral(signal).unwrap()));
        }
        assert_eq!(name(0), None);
        assert_eq!(name(65), None);
    }

    #[test]
    fn realtime_signals_keep_their_order() {
        assert_eq!(to_host(65), Some(34));
        assert_eq!(to_host(93), Some(62));
        assert_eq!(to_host(94), None);
        assert_eq!(to_host(126), None);
        assert_eq!(to_host(64), None);
        assert_eq!(to_host(0), None);
        assert_eq!(to_host(-1), None);
    }

    #[test]
    fn sets_are_translated_signal_by_signal() {
        for signal in 1..=LAST {
            let mut set = [0; 4];
            set[(signal as usize - 1) / 32] |= 1u32 << ((signal - 1) % 32);
            let expected = to_host(signal).map_or(0, |host| 1u64 << (host - 1));
            assert_eq!(set_to_host(set), expected, "signal {signal}");
            if expected != 0 {
                assert_eq!(set_from_host(expected), set, "signal {signal}");
            }
        }
        assert_eq!(set_to_host([u32::MAX; 4]), !(1 << 15 | 1 << 29));
    }

    #[test]
    fn wait_statuses_are_translated() {
        assert_eq!(wait_status_from_host(0x2a00), 0x2a00);
        assert_eq!(wait_status_from_host(7 | 0x80), SIGBUS | 0x80);
        assert_eq!(wait_status_from_host(19 << 8 | 0x7f), SIGSTOP << 8 | 0x7f);
        assert_eq!(wait_status_from_host(0xffff), SIGCONT);
        assert_eq!(wait_status_from_host(10), SIGUSR1);
    }
}
