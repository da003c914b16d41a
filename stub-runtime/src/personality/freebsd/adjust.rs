//! Setting FreeBSD's clock and keeping it right (settimeofday(2), adjtime(2), ntp_adjtime(2), sys/sys/timex.h), by
//! the host's adjtimex(2), which has the same model and mostly the same layout.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::{__NR_adjtimex, __NR_settimeofday};
use crate::host::linux::syscall::call;

crate::layout! {
    /// FreeBSD's `struct timex`.
    pub struct Timex: 136 {
        pub modes: u32,
        pub pad: u32,
        pub offset: i64,
        pub freq: i64,
        pub maxerror: i64,
        pub esterror: i64,
        pub status: i32,
        pub pad2: i32,
        pub constant: i64,
        pub precision: i64,
        pub tolerance: i64,
        pub ppsfreq: i64,
        pub jitter: i64,
        pub shift: i32,
        pub pad3: i32,
        pub stabil: i64,
        pub jitcnt: i64,
        pub calcnt: i64,
        pub errcnt: i64,
        pub stbcnt: i64,
    }

    /// FreeBSD's `struct ntptimeval`.
    pub struct NtpTime: 48 {
        pub seconds: i64,
        pub nanoseconds: i64,
        pub maxerror: i64,
        pub esterror: i64,
        pub tai: i64,
        pub state: i32,
        pub pad: i32,
    }

    /// The host's `struct timex` (linux/timex.h).
    pub struct HostTimex: 208 {
        pub modes: u32,
        pub pad: u32,
        pub offset: i64,
        pub freq: i64,
        pub maxerror: i64,
        pub esterror: i64,
        pub status: i32,
        pub pad2: i32,
        pub constant: i64,
        pub precision: i64,
        pub tolerance: i64,
        pub time: [i64; 2],
        pub tick: i64,
        pub ppsfreq: i64,
        pub jitter: i64,
        pub shift: i32,
        pub pad3: i32,
        pub stabil: i64,
        pub jitcnt: i64,
        pub calcnt: i64,
        pub errcnt: i64,
        pub stbcnt: i64,
        pub tai: i32,
        pub reserved: [i32; 11],
    }
}

/// Modes that both have, with the same bits: offset, frequency, errors, status, constant, TAI, units.
const MODES: u32 = 0x30bf;
/// `ADJ_OFFSET_SINGLESHOT` and `ADJ_OFFSET_SS_READ` of the host.
const OFFSET_ONCE: u32 = 0x8001;
const OFFSET_READ: u32 = 0xa001;
/// `STA_NANO`: fractions are nanoseconds, on both.
const IN_NANOSECONDS: i32 = 0x2000;

/// Gives the state of the clock (`TIME_OK` to `TIME_ERROR`, the same on both).
fn adjust(host: &mut HostTimex) -> Result<u64, Errno> {
    // SAFETY: the kernel reads and writes one structure.
    unsafe { call(__NR_adjtimex, [&raw mut *host as u64]) }
}

/// settimeofday(2); the time zone is passed over, as by FreeBSD since 2003.
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn set_time(_cx: &mut Context, time: Pointer, _zone: Pointer) -> Result<u64, Errno> {
    if time.is_null() {
        return Ok(0);
    }
    // SAFETY: the kernel checks the guest's pointer; `struct timeval` is the same.
    unsafe { call(__NR_settimeofday, [time.0, 0]) }
}

/// adjtime(2).
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn slew(_cx: &mut Context, delta: Pointer, old: Pointer) -> Result<u64, Errno> {
    const MICROSECONDS: i64 = 1_000_000;
    let mut host = HostTimex { modes: OFFSET_READ, ..HostTimex::default() };
    if let Some([seconds, microseconds]) = guest::get_if::<[i64; 2]>(delta.0)? {
        let offset = seconds.checked_mul(MICROSECONDS).and_then(|all| all.checked_add(microseconds));
        host.modes = OFFSET_ONCE;
        host.offset = offset.ok_or(Errno::INVAL)?;
    }
    // The offset that was left before.
    adjust(&mut host)?;
    guest::put_if(old.0, &[host.offset / MICROSECONDS, host.offset % MICROSECONDS])?;
    Ok(0)
}

/// ntp_adjtime(2): gives the state of the clock.
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn discipline(_cx: &mut Context, timex: Pointer) -> Result<u64, Errno> {
    let mut guest_form: Timex = guest::get(timex.0)?;
    // What the pulse-per-second signal and the choice of clocks are about the host does not have.
    let mut host = HostTimex { modes: guest_form.modes & MODES, ..to_host(&guest_form) };
    let state = adjust(&mut host)?;
    guest_form = Timex { modes: guest_form.modes, ..from_host(&host) };
    guest::put(timex.0, &guest_form)?;
    Ok(state)
}

/// ntp_gettime(2): gives the state of the clock.
///
/// # Errors
/// `EFAULT`.
pub fn time(_cx: &mut Context, time: Pointer) -> Result<u64, Errno> {
    let mut host = HostTimex::default();
    let state = adjust(&mut host)?;
    let unit = if host.status & IN_NANOSECONDS != 0 { 1 } else { 1000 };
    let [seconds, fraction] = host.time;
    let value = NtpTime {
        seconds,
        nanoseconds: fraction * unit,
        maxerror: host.maxerror,
        esterror: host.esterror,
        tai: i64::from(host.tai),
        state: state as i32,
        pad: 0,
    };
    guest::put(time.0, &value)?;
    Ok(state)
}

fn to_host(t: &Timex) -> HostTimex {
    HostTimex {
        offset: t.offset,
        freq: t.freq,
        maxerror: t.maxerror,
        esterror: t.esterror,
        status: t.status,
        constant: t.constant,
        ..HostTimex::default()
    }
}

fn from_host(t: &HostTimex) -> Timex {
    Timex {
        offset: t.offset,
        freq: t.freq,
        maxerror: t.maxerror,
        esterror: t.esterror,
        status: t.status,
        constant: t.constant,
        precision: t.precision,
        tolerance: t.tolerance,
        ppsfreq: t.ppsfreq,
        jitter: t.jitter,
        shift: t.shift,
        stabil: t.stabil,
        jitcnt: t.jitcnt,
        calcnt: t.calcnt,
        errcnt: t.errcnt,
        stbcnt: t.stbcnt,
        ..Timex::default()
    }
}
