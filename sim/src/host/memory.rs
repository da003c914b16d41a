//! Memory files: what a server donates for a file that it makes up.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};
use schemas::Errno;

use super::HostResult;

/// A memory file with this content, sealed against every change, opened for reading at its start.
///
/// `name` is what `/proc/PID/fd` shows after `/memfd:` (`memfd_create(2)`), at most 249 bytes.
pub fn sealed(name: &[u8], content: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // MFD_NOEXEC_SEAL is of Linux 6.3.
    let file = match rustix::fs::memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(rustix::io::Errno::INVAL) => rustix::fs::memfd_create(name, flags),
        made => made,
    }
    .host()?;
    let mut rest = content;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest).host()?;
        rest = &rest[written..];
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(file.as_fd(), seals).host()?;
    reopen(&file, OFlags::RDONLY)
}

/// Opens what a descriptor stands for once more, with other flags.
pub fn reopen(file: impl AsFd, flags: OFlags) -> Result<OwnedFd, Errno> {
    rustix::fs::open(super::raw::magic_path(file), flags | OFlags::CLOEXEC, Mode::empty()).host()
}

/// The name after `/memfd:` of a memory file, `None` for another kind of file.
pub fn name(file: impl AsFd) -> Option<Vec<u8>> {
    let link = rustix::fs::readlink(super::raw::magic_path(file), Vec::new()).ok()?.into_bytes();
    name_of_link(&link).map(<[u8]>::to_vec)
}

/// The name of a memory file to which a link of `/proc/PID/fd` leads.
pub fn name_of_link(link: &[u8]) -> Option<&[u8]> {
    let name = link.strip_prefix(b"/memfd:")?;
    Some(name.strip_suffix(b" (deleted)").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_file_has_content_and_name_and_cannot_change() {
        let file = sealed(b"listing:/x", b"hello").unwrap();
        let mut bytes = [0; 8];
        assert_eq!(rustix::io::read(&file, &mut bytes).unwrap(), 5);
        assert_eq!(name(&file).unwrap(), b"listing:/x");
        assert!(reopen(&file, OFlags::RDWR).is_err() || rustix::io::write(&file, b"x").is_err());
        assert_eq!(name(std::fs::File::open("/dev/null").unwrap()), None);
    }
}
