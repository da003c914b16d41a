//! Descriptors that the stub keeps for itself beside the reserved block: what stands behind event queues.
//!
//! They lie above the reserved block, where no guest looks, and are close-on-exec. For the guest they are not
//! open: whoever closes, duplicates or lists the guest's descriptors asks [`is_hidden`] first.

use core::sync::atomic::{AtomicU64, Ordering};

use schemas::Errno;
use schemas::transport::DESCRIPTOR_COUNT;

use crate::host::linux::{abi::*, syscall::call};
use crate::world;

/// How many lie above the reserved block.
const ABOVE: i32 = 4096;
/// How many may lie right below it, where the limits of the host leave no room above.
const BELOW: i32 = 64;
/// One bit for each place, the lowest first.
static TAKEN: [AtomicU64; ((ABOVE + BELOW + DESCRIPTOR_COUNT) as usize).div_ceil(64)] =
    [const { AtomicU64::new(0) }; ((ABOVE + BELOW + DESCRIPTOR_COUNT) as usize).div_ceil(64)];

/// The place of a descriptor, where it has one.
fn place(descriptor: i32) -> Option<(usize, u64)> {
    let place = usize::try_from(descriptor.wrapping_sub(world::reserved(0) - BELOW)).ok()?;
    (place / 64 < TAKEN.len()).then_some((place / 64, 1 << (place % 64)))
}

/// Whether a descriptor is one of those.
#[inline]
pub fn is_hidden(descriptor: i32) -> bool {
    place(descriptor).is_some_and(|(word, bit)| TAKEN[word].load(Ordering::Relaxed) & bit != 0)
}

/// Whether a descriptor is not the guest's: one of those, or of the reserved block.
#[inline]
pub fn is_foreign(descriptor: i32) -> bool {
    world::is_reserved(descriptor) || is_hidden(descriptor)
}

/// Moves a descriptor that was just made out of the guest's sight and gives its new number.
///
/// # Errors
/// `EMFILE` when there is no place for it; the descriptor is closed then.
pub fn hide(descriptor: i32) -> Result<i32, Errno> {
    let above = world::reserved(DESCRIPTOR_COUNT);
    let moved = duplicate(descriptor, above)
        .or_else(|_| with_raised_limit(|| duplicate(descriptor, above)))
        .or_else(|_| duplicate(descriptor, world::reserved(0) - BELOW));
    close(descriptor);
    let moved = moved?;
    let Some((word, bit)) = place(moved) else {
        close(moved);
        return Err(Errno::MFILE);
    };
    TAKEN[word].fetch_or(bit, Ordering::Relaxed);
    Ok(moved)
}

/// Closes a hidden descriptor.
pub fn release(descriptor: i32) {
    if let Some((word, bit)) = place(descriptor) {
        TAKEN[word].fetch_and(!bit, Ordering::Relaxed);
        close(descriptor);
    }
}

/// The lowest number that a descriptor out of the guest's sight can have.
pub fn lowest() -> i32 {
    world::reserved(0) - BELOW
}

/// The first hidden descriptor from `first` to `last`.
pub fn next(first: i32, last: i32) -> Option<i32> {
    let start = world::reserved(0) - BELOW;
    let end = start.saturating_add(64 * TAKEN.len() as i32 - 1);
    (first.max(start)..=last.min(end)).find(|&descriptor| is_hidden(descriptor))
}

/// The first descriptor from `first` to `last` that is not the guest's.
pub fn next_foreign(first: u32, last: u32) -> Option<u32> {
    let start = (world::reserved(0) - BELOW) as u32;
    let end = start.saturating_add(64 * TAKEN.len() as u32 - 1);
    (first.max(start)..=last.min(end)).find(|&descriptor| is_foreign(descriptor as i32))
}

/// Closes all of them, in a child that has copies of its parent's.
pub fn release_all() {
    while let Some(descriptor) = next(0, i32::MAX) {
        release(descriptor);
    }
}

/// A close-on-exec duplicate at or above `least`.
fn duplicate(descriptor: i32, least: i32) -> Result<i32, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_DUPFD_CLOEXEC), least as u64]) }
        .map(|moved| moved as i32)
}

fn close(descriptor: i32) {
    // SAFETY: a descriptor of the stub's own.
    let _ = unsafe { call(__NR_close, [descriptor as u64]) };
}

/// Does something while the limit on descriptors is above those hidden. What is open stays open when the limit is
/// lowered again (getrlimit(2)).
///
/// # Errors
/// What `action` fails with; `EMFILE` when the host's hard limit leaves no room.
pub fn with_raised_limit<T>(action: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    let above = world::reserved(DESCRIPTOR_COUNT);
    let mut limit = [0u64; 2];
    let resource = u64::from(RLIMIT_NOFILE);
    // SAFETY: the kernel writes two words.
    unsafe { call(__NR_prlimit64, [0, resource, 0, limit.as_mut_ptr() as u64]) }?;
    let raised = [limit[1].min((above + ABOVE) as u64), limit[1]];
    if raised[0] <= above as u64 {
        return Err(Errno::MFILE);
    }
    // SAFETY: the kernel reads two words.
    unsafe { call(__NR_prlimit64, [0, resource, raised.as_ptr() as u64, 0]) }?;
    let result = action();
    // SAFETY: as above.
    let _ = unsafe { call(__NR_prlimit64, [0, resource, limit.as_ptr() as u64, 0]) };
    result
}

/// Does something that needs descriptors of the stub's own, where need be above a limit that the guest has used up.
///
/// # Errors
/// What `action` fails with.
pub fn with_room<T>(mut action: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    match action() {
        Err(error @ (Errno::MFILE | Errno::BADF)) => with_raised_limit(action).map_err(|_| error),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> i32 {
        // SAFETY: no pointers.
        unsafe { call(__NR_eventfd2, [0, u64::from(EFD_CLOEXEC)]) }.unwrap() as i32
    }

    #[test]
    fn hidden_descriptors_are_out_of_the_way_and_known() {
        let low = open();
        let hidden = hide(low).unwrap();
        assert!(hidden >= world::reserved(0) - BELOW && !world::is_reserved(hidden));
        assert!(is_hidden(hidden) && is_foreign(hidden) && !is_hidden(low));
        assert!(next(0, i32::MAX).is_some());
        assert_eq!(next(hidden, hidden), Some(hidden));
        // SAFETY: no pointers.
        let flags = unsafe { call(__NR_fcntl, [hidden as u64, u64::from(F_GETFD)]) }.unwrap();
        assert_eq!(flags, u64::from(FD_CLOEXEC));
        release(hidden);
        assert!(!is_hidden(hidden));
        assert_eq!(next(hidden, hidden), None);
    }

    #[test]
    fn what_has_no_place_is_not_hidden() {
        for descriptor in [-1, 0, 3, i32::MAX, i32::MIN, world::reserved(DESCRIPTOR_COUNT) + 2 * ABOVE] {
            assert!(!is_hidden(descriptor));
        }
    }
}
