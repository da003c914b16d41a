//! What of a guest's process is the stub's and not the guest's: descriptors and mappings.

use std::ops::Range;

use schemas::transport::DESCRIPTOR_COUNT;

/// Names of the memory files that the mapper and the stub share (`memfd_create(2)`), as links and mappings show them.
const FILES: [&[u8]; 4] = [b"/memfd:stub", b"/memfd:world", b"/memfd:region", b"/memfd:handoff"];
/// What follows a memory file's name there.
const DELETED: &[u8] = b" (deleted)";

/// Whether a link or a mapping names one of those memory files.
pub fn is_stub_file(name: &[u8]) -> bool {
    name.strip_suffix(DELETED).is_some_and(|name| FILES.contains(&name))
}

/// The descriptors of a guest's stub: a block that begins with the stub's image. Empty for a process that has none.
pub fn descriptors(pid: i32) -> Range<i32> {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return 0..0 };
    let image = entries.filter_map(Result::ok).find_map(|entry| {
        let link = std::fs::read_link(entry.path()).ok()?;
        let is_image = link.as_os_str().as_encoded_bytes().strip_suffix(DELETED)? == FILES[0];
        is_image.then(|| entry.file_name().to_str()?.parse::<i32>().ok())?
    });
    image.map_or(0..0, |base| base..base + DESCRIPTOR_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn block_begins_with_the_stubs_image() {
        let pid = std::process::id() as i32;
        let image = rustix::fs::memfd_create("stub", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let block = descriptors(pid);
        assert_eq!(block.start, image.as_raw_fd());
        assert!(is_stub_file(b"/memfd:region (deleted)") && !is_stub_file(b"/memfd:mine (deleted)"));
        assert!(descriptors(i32::MAX).is_empty());
    }
}
