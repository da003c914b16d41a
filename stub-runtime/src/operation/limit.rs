//! Resource limits (getrlimit(2)).
//!
//! They are the host's but for one: how many descriptors a guest may raise its limit to at the most. Below its own
//! descriptors the stub could execute no other program, so the host's hard limit stays where it is, and the guest's is
//! kept here, told to children and to the next program.

use core::sync::atomic::Ordering;

use schemas::Errno;

use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::call;
use crate::process::Process;

/// A soft and a hard limit; all ones is none (`struct rlimit64`).
pub type Limit = [u64; 2];

/// No limit of the guest's own beside the host's, in [`Process::descriptor_limit`].
pub const HOST: u64 = u64::MAX;

/// `CAP_SYS_RESOURCE`, `_LINUX_CAPABILITY_VERSION_3` (linux/capability.h).
const CAP_SYS_RESOURCE: u32 = 24;
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// Gets and sets a limit of the host's.
fn exchange(pid: i32, resource: u32, new: Option<&Limit>) -> Result<Limit, Errno> {
    let mut old = [0; 2];
    let new = new.map_or(0, |limit| limit.as_ptr() as u64);
    // SAFETY: the kernel reads two words where there are new ones, and writes two.
    unsafe { call(__NR_prlimit64, [pid as u64, u64::from(resource), new, old.as_mut_ptr() as u64]) }?;
    Ok(old)
}

/// Whether the caller may raise hard limits (capabilities(7)).
fn may_raise() -> bool {
    let header = [CAPABILITY_VERSION, 0];
    // Effective, permitted and inheritable ones, twice 32 of each.
    let mut sets = [0u32; 6];
    // SAFETY: the kernel reads the header and writes the sets.
    let asked = unsafe { call(__NR_capget, [header.as_ptr() as u64, sets.as_mut_ptr() as u64]) };
    asked.is_ok() && sets[0] & 1 << CAP_SYS_RESOURCE != 0
}

/// A limit, by the host's number; zero is the calling process.
///
/// # Errors
/// As prlimit(2).
pub fn get(cx: &Context, pid: i32, resource: u32) -> Result<Limit, Errno> {
    let limit = exchange(pid, resource, None)?;
    Ok(if is_kept(cx, pid, resource) { kept(cx.process(), limit) } else { limit })
}

/// Sets a limit and gives the old one.
///
/// # Errors
/// As prlimit(2).
pub fn set(cx: &Context, pid: i32, resource: u32, new: Limit) -> Result<Limit, Errno> {
    if !is_kept(cx, pid, resource) {
        return exchange(pid, resource, Some(&new));
    }
    let process = cx.process();
    let host = exchange(0, resource, None)?;
    let old = kept(process, host);
    let [soft, hard] = new;
    if soft > hard {
        return Err(Errno::INVAL);
    }
    if hard > old[1] && !may_raise() {
        return Err(Errno::PERM);
    }
    exchange(0, resource, Some(&[soft, hard.max(host[1])]))?;
    let own = if hard < host[1] { hard } else { HOST };
    process.descriptor_limit.store(own, Ordering::Relaxed);
    Ok(old)
}

fn is_kept(cx: &Context, pid: i32, resource: u32) -> bool {
    resource == RLIMIT_NOFILE && (pid == 0 || pid as u32 == cx.process().pid.load(Ordering::Relaxed))
}

/// The guest's view of the host's limit on descriptors.
fn kept(process: &Process, host: Limit) -> Limit {
    [host[0], host[1].min(process.descriptor_limit.load(Ordering::Relaxed))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::trial::context;

    #[test]
    fn hard_limit_of_descriptors_is_the_guests_alone() {
        let cx = context();
        let before = get(cx, 0, RLIMIT_NOFILE).unwrap();
        assert_eq!(set(cx, 0, RLIMIT_NOFILE, [before[0], before[0] - 1]), Err(Errno::INVAL));
        assert_eq!(set(cx, 0, RLIMIT_NOFILE, [before[0], before[0]]), Ok(before));
        assert_eq!(get(cx, 0, RLIMIT_NOFILE), Ok([before[0], before[0]]));
        assert_eq!(exchange(0, RLIMIT_NOFILE, None), Ok(before));
        let raised = set(cx, 0, RLIMIT_NOFILE, before);
        let expected =
            if may_raise() || before[0] == before[1] { Ok([before[0]; 2]) } else { Err(Errno::PERM) };
        assert_eq!(raised, expected);
        cx.process().descriptor_limit.store(HOST, Ordering::Relaxed);
    }
}
