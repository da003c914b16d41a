//! Linux's clocks (clock_gettime(2), gettimeofday(2), time(2)).

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call;
use crate::operation::clock;

/// clock_gettime(2).
///
/// # Errors
/// `EINVAL` for an unknown clock, `EFAULT`.
pub fn get(_cx: &mut Context, which: i32, time: Pointer) -> Result<u64, Errno> {
    let [seconds, nanoseconds] = clock::get(which as u32)?;
    guest::put(time.0, &[seconds as u64, nanoseconds as u64])?;
    Ok(0)
}

/// gettimeofday(2).
///
/// # Errors
/// `EFAULT`.
pub fn time_of_day(_cx: &mut Context, time: Pointer, zone: Pointer) -> Result<u64, Errno> {
    if zone.0 != 0 {
        // The zone is the host's.
        // SAFETY: the kernel checks the guest's pointers.
        return unsafe { call(__NR_gettimeofday, [time.0, zone.0]) };
    }
    let [seconds, nanoseconds] = clock::get(CLOCK_REALTIME)?;
    guest::put_if(time.0, &[seconds as u64, nanoseconds as u64 / 1000])?;
    Ok(0)
}

/// time(2).
///
/// # Errors
/// `EFAULT`.
pub fn seconds(_cx: &mut Context, time: Pointer) -> Result<u64, Errno> {
    let [seconds, _] = clock::get(CLOCK_REALTIME_COARSE)?;
    guest::put_if(time.0, &(seconds as u64))?;
    Ok(seconds as u64)
}
