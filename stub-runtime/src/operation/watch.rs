//! Watching files (inotify(7)): the watch descriptor is the host's, the paths are the guest's.

use schemas::{Errno, Operation, fs};

use crate::context::Context;
use crate::guest::PathBuffer;
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::path::{Aim, At, perform};

/// inotify_add_watch(2) for a path from any directory; gives the number of the watch.
///
/// # Errors
/// As the host's.
pub fn add(cx: &mut Context, descriptor: i32, at: At, mask: u32) -> Result<u64, Errno> {
    let follow = mask & IN_DONT_FOLLOW == 0;
    perform(
        cx,
        Operation::FsWatch,
        at,
        if follow { Aim::Follow } else { Aim::Name },
        |_, place| {
            let mut name = PathBuffer::new();
            let path = place.as_path(&mut name)?;
            // SAFETY: the path is ours.
            unsafe { call(__NR_inotify_add_watch, [descriptor as u64, path, u64::from(mask)]) }
        },
        |cx, remote| {
            let (mount, path, directory) = (remote.mount, remote.path(), remote.directory());
            let beside = [descriptor, directory.map_or(-1, |[directory]| directory)];
            crate::transport::call::<fs::watch::params::Owned, fs::watch::results::Owned, _>(
                cx,
                Operation::FsWatch,
                schemas::message::data_words(path.len()),
                &beside[..1 + usize::from(directory.is_some())],
                |mut params| {
                    params.set_mount(mount);
                    params.set_path(path);
                    params.set_at_directory(directory.is_some());
                    params.set_mask(mask);
                    Ok(())
                },
                |results, _| {
                    let elsewhere = results.get_redirect()?;
                    if !elsewhere.is_empty() {
                        remote.send_to(elsewhere)?;
                        return Ok(None);
                    }
                    Ok(Some(results.get_watch() as u64))
                },
            )
        },
    )
}
