//! What of a guest's process is the stub's and not the guest's: descriptors and mappings.

use std::ops::Range;
use std::path::PathBuf;

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
    block(entries.filter_map(Result::ok).filter_map(|entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((number, std::fs::read_link(entry.path()).ok()?))
    }))
}

fn block(mut links: impl Iterator<Item = (i32, PathBuf)>) -> Range<i32> {
    let image = [FILES[0], DELETED].concat();
    let found = links.find(|(_, link)| link.as_os_str().as_encoded_bytes() == image);
    found.map_or(0..0, |(base, _)| base..base + DESCRIPTOR_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_begins_with_the_stubs_image() {
        let links = [(0, "/dev/null"), (1008, "/memfd:stub (deleted)"), (1009, "socket:[7]")];
        let links = links.map(|(number, link)| (number, PathBuf::from(link)));
        assert_eq!(block(links.into_iter()), 1008..1008 + DESCRIPTOR_COUNT);
        assert!(block(std::iter::empty()).is_empty());
        assert!(descriptors(i32::MAX).is_empty());
    }

    #[test]
    fn only_shared_memory_files_are_the_stubs() {
        assert!(is_stub_file(b"/memfd:region (deleted)"));
        assert!(!is_stub_file(b"/memfd:mine (deleted)") && !is_stub_file(b"/memfd:stub"));
    }
}
