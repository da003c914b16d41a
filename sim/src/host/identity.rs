//! Acting on files as the guest that asks, not as the mapper.

use rustix::thread::{CapabilitySet, CapabilitySets};
use schemas::Errno;
use schemas::server::Credentials;

/// Runs `act` with the file-system identity of `credentials`.
///
/// A mapper without privilege serves guests of its own user and just acts. A privileged one takes the guest's
/// effective user, group and supplementary groups for this thread, and does without its capabilities
/// (`capabilities(7)`) while it acts.
pub fn acting_as<T>(credentials: &Credentials, act: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    if !rustix::process::geteuid().is_root() || credentials.is_root() {
        return act();
    }
    let _assumed = Assumed::new(credentials)?;
    act()
}

/// The identity of this thread, taken; given back when dropped.
struct Assumed {
    groups: Vec<libc::gid_t>,
    group: libc::gid_t,
    capabilities: CapabilitySets,
}

impl Assumed {
    fn new(credentials: &Credentials) -> Result<Self, Errno> {
        let groups = rustix::process::getgroups().map_err(|error| Errno(error.raw_os_error()))?;
        let assumed = Self {
            groups: groups.into_iter().map(|group| group.as_raw()).collect(),
            group: rustix::process::getegid().as_raw(),
            capabilities: rustix::thread::capabilities(None).map_err(|error| Errno(error.raw_os_error()))?,
        };
        if !set_groups(&credentials.groups) {
            return Err(Errno::PERM);
        }
        // SAFETY: both calls take numbers and concern this thread only.
        unsafe {
            libc::setfsgid(credentials.effective_group);
            libc::setfsuid(credentials.effective_user);
            // The calls do not report failure; asking for an invalid identity changes nothing and tells the current.
            if libc::setfsuid(u32::MAX) as u32 != credentials.effective_user
                || libc::setfsgid(u32::MAX) as u32 != credentials.effective_group
            {
                return Err(Errno::PERM);
            }
        }
        let none = CapabilitySets { effective: CapabilitySet::empty(), ..assumed.capabilities };
        rustix::thread::set_capabilities(None, none).map_err(|error| Errno(error.raw_os_error()))?;
        Ok(assumed)
    }
}

impl Drop for Assumed {
    fn drop(&mut self) {
        let capable = rustix::thread::set_capabilities(None, self.capabilities).is_ok();
        // SAFETY: both calls take numbers and concern this thread only.
        let back = unsafe {
            libc::setfsuid(0);
            libc::setfsgid(self.group);
            libc::setfsuid(u32::MAX) as u32 == 0 && libc::setfsgid(u32::MAX) as u32 == self.group
        };
        if !set_groups(&self.groups) || !back || !capable {
            // To go on as somebody else would be worse than to end.
            std::process::abort();
        }
    }
}

/// `setgroups(2)` for this thread: the C library's function changes all threads, the system call one.
fn set_groups(groups: &[libc::gid_t]) -> bool {
    // SAFETY: the pointer and the length are those of one slice, which is only read.
    unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_assumed_and_given_back() {
        let nobody = Credentials {
            effective_user: 65534,
            effective_group: 65534,
            groups: vec![65534],
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let made = acting_as(&nobody, || {
            rustix::fs::mkdirat(rustix::fs::CWD, folder.path().join("a"), rustix::fs::Mode::RWXU)
                .map_err(|error| Errno(error.raw_os_error()))
        });
        if rustix::process::geteuid().is_root() {
            assert_eq!(made, Err(Errno::ACCES), "the folder is root's");
        }
        std::fs::create_dir(folder.path().join("b")).unwrap();
    }
}
