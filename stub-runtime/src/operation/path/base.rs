//! Where the guest's relative paths start from.

use schemas::Errno;

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::descriptor::{Kind, Meaning, WORKING};
use crate::operation::mounts::{self, Mounts};

/// Where the guest sees a directory; `false` when its tree does not show it.
///
/// # Errors
/// `EBADF`, `ENOTDIR`, `ENOENT` for a working directory that is gone.
pub fn base_of(cx: &Context, mounts: &Mounts, directory: i32, base: &mut PathBuffer) -> Result<bool, Errno> {
    let meaning = cx.process().descriptors.path(directory, base)?;
    if let Some(Meaning { kind: Kind::Above | Kind::Directory | Kind::Donated, .. }) = meaning {
        return Ok(true);
    }
    let mut host = PathBuffer::new();
    if directory == WORKING {
        working_of_host(&mut host)?;
    } else {
        mounts::path_of(directory, &mut host)?;
    }
    if host.bytes().first() != Some(&b'/') {
        return Ok(false);
    }
    mounts::seen_at(mounts, host.bytes(), base).map(|()| true)
}

/// Keeps in mind where the guest is when that is above a mount, in a tree over the shared one or in none of the host's
/// directories, because then its relative paths cannot go to the host unseen.
pub fn note_working(cx: &Context, mounts: &Mounts) {
    let descriptors = &cx.process().descriptors;
    let kind = descriptors.get(WORKING).map(|meaning| meaning.kind);
    if matches!(kind, Some(Kind::Directory | Kind::Donated)) {
        return;
    }
    descriptors.forget(WORKING);
    let mut base = PathBuffer::new();
    let known = !mounts.places().is_empty() && base_of(cx, mounts, WORKING, &mut base) == Ok(true);
    if known && mounts.is_above(base.bytes()) {
        // Without memory for the entry the host's own directory is seen there.
        let _ = descriptors.set(WORKING, Meaning::of(Kind::Above), base.bytes());
    } else if !mounts.overlays().is_empty()
        && working_of_host(&mut base).is_ok()
        && mounts.is_in_overlay(base.bytes())
    {
        let _ = descriptors.set(WORKING, Meaning::of(Kind::Overlay), b"");
    }
}

/// The host's own idea of the working directory.
///
/// # Errors
/// As getcwd(2).
pub fn working_of_host(path: &mut PathBuffer) -> Result<(), Errno> {
    let mut bytes = [0u8; crate::guest::PATH_MAX];
    // SAFETY: the buffer is ours.
    let len = unsafe { call(__NR_getcwd, [bytes.as_mut_ptr() as u64, bytes.len() as u64]) }? as usize;
    // The length counts the terminating zero.
    path.set(&[&bytes[..len.saturating_sub(1)]]).map(drop)
}
