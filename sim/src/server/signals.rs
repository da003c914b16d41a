//! Which signals an OS knows, and as which host signal each reaches its guests.
//!
//! Signals travel between guests as host signals. Numbers 1 to 31 are the host's own. What Linux lacks is carried by
//! host signals that the C library of Linux keeps for itself (32, 33) or that are the last real-time ones (63, 64);
//! the receiving guest's stub knows them as what they are there. So a signal must never be sent to a guest whose OS
//! does not know it: there the same number would be another signal.

use schemas::Personality::{self, DragonFly, FreeBsd, Hurd, Linux, NetBsd, OpenBsd, Sco, Solaris};
use schemas::signal;

/// A signal that not all have: number, host signal, and who has it (`sys/signal.h` of each).
static FOREIGN: &[(u32, u32, &[Personality])] = &[
    (signal::THR, 32, &[FreeBsd, OpenBsd]),
    (signal::LIBRT, 33, &[FreeBsd]),
    (signal::CKPT, 32, &[DragonFly]),
    (signal::CKPTEXIT, 33, &[DragonFly]),
    (signal::WAITING, 32, &[Solaris, Sco]),
    (signal::LWP, 33, &[Solaris, Sco]),
    (signal::EMT, 63, &[FreeBsd, NetBsd, OpenBsd, DragonFly, Solaris, Sco, Hurd]),
    (signal::INFO, 64, &[FreeBsd, NetBsd, OpenBsd, DragonFly, Hurd]),
    (signal::CANCEL, 64, &[Solaris]),
];

/// The host signal that stands for a neutral one in guests of an OS; `None` when that OS does not know it, or the
/// host has no number left to carry it. 0, which asks only, stands for itself.
pub fn host_signal(personality: Personality, neutral: u32) -> Option<u32> {
    match neutral {
        0 => Some(0),
        signal::STKFLT => (personality == Linux).then_some(neutral),
        signal::PWR => matches!(personality, Linux | NetBsd | Solaris | Sco).then_some(neutral),
        signal::XCPU | signal::XFSZ | signal::URG | signal::IO if personality == Personality::Dos => None,
        1..=31 => Some(neutral),
        signal::REALTIME_FIRST..=signal::REALTIME_LAST => realtime(personality, neutral),
        _ => FOREIGN
            .iter()
            .find(|(number, _, on)| *number == neutral && on.contains(&personality))
            .map(|(_, host, _)| *host),
    }
}

/// Real-time signals: OpenBSD and DOS have none, and where foreign signals take the place of some, those are missing.
fn realtime(personality: Personality, neutral: u32) -> Option<u32> {
    match personality {
        Linux => Some(neutral),
        OpenBsd | Personality::Dos => None,
        _ => (34..=62).contains(&neutral).then_some(neutral),
    }
}

/// The host signal for a host process that is no guest.
pub fn host_signal_for_host(neutral: u32) -> Option<u32> {
    (neutral <= signal::REALTIME_LAST).then_some(neutral)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_reach_only_who_knows_them() {
        assert_eq!(host_signal(FreeBsd, signal::INFO), Some(64));
        assert_eq!(host_signal(Linux, signal::INFO), None);
        assert_eq!(host_signal(FreeBsd, signal::STKFLT), None);
        assert_eq!(host_signal(Linux, 64), Some(64));
        assert_eq!(host_signal(FreeBsd, 64), None, "there it is SIGINFO");
        assert_eq!(host_signal(FreeBsd, 40), Some(40));
        assert_eq!(host_signal(OpenBsd, 40), None);
        assert_eq!(host_signal_for_host(signal::EMT), None);
        assert_eq!(host_signal(NetBsd, 1000), None);
    }

    #[test]
    fn no_os_has_two_signals_on_one_host_signal() {
        for personality in Personality::ALL {
            let mut seen = std::collections::HashSet::new();
            for neutral in 1..200 {
                if let Some(host) = host_signal(personality, neutral) {
                    assert!(seen.insert(host), "{personality}: {neutral} is {host}");
                }
            }
        }
    }
}
