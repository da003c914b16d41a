//! Regions: the memory that a guest process shares with the mapper, as the mapper maps it.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr::NonNull;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use schemas::transport::{Region, RegionHeader};
use schemas::{Errno, Personality};

/// `f_type` of a memory file that is backed by huge pages: touching it can fail (linux/magic.h).
const HUGETLBFS_MAGIC: i64 = 0x958458f6;

/// A region that this process has mapped.
pub struct Mapped {
    start: NonNull<u8>,
    /// Ends with the mapping, that is with this structure; [`Mapped::region`] lends it no longer.
    region: Region<'static>,
}

// SAFETY: the mapping belongs to the process, and `Region` is made for concurrent use.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapped").field("start", &self.start).finish_non_exhaustive()
    }
}

impl Mapped {
    /// Maps the region that a guest sent.
    ///
    /// A guest could shrink an ordinary file under the mapper and so end it with SIGBUS. So only a memory file will
    /// do, of the right size, sealed against shrinking.
    pub fn new(file: BorrowedFd<'_>) -> Result<Self, Errno> {
        let refuse = |error: rustix::io::Errno| Errno(error.raw_os_error());
        let seals = rustix::fs::fcntl_get_seals(file).map_err(refuse)?;
        if !seals.contains(SealFlags::SHRINK) {
            return Err(Errno::PERM);
        }
        let size = rustix::fs::fstat(file).map_err(refuse)?.st_size;
        let kind = rustix::fs::fstatfs(file).map_err(refuse)?.f_type;
        if size != Region::SIZE as i64 || kind == HUGETLBFS_MAGIC {
            return Err(Errno::INVAL);
        }
        // SAFETY: a new mapping at an address that the kernel chooses.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                Region::SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                file,
                0,
            )
        }
        .map_err(refuse)?;
        let start = NonNull::new(start.cast()).ok_or(Errno::FAULT)?;
        // SAFETY: mapped above, page-aligned, of that size, and it cannot shrink. It is unmapped when `Self` is dropped,
        // and until then `region` lends it.
        match unsafe { Region::open(start) } {
            Ok(region) => Ok(Self { start, region }),
            Err(errno) => {
                unmap(start);
                Err(errno)
            }
        }
    }

    /// Makes the region of a process that is about to become a guest, so that it need not make one and tell of it.
    pub fn create(pid: i32, personality: Personality) -> Result<OwnedFd, rustix::io::Errno> {
        let file = rustix::fs::memfd_create(c"region", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&file, Region::SIZE as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let head = size_of::<RegionHeader>();
        // SAFETY: a new mapping at an address that the kernel chooses.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                head,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )
        }?;
        if let Some(start) = NonNull::new(start.cast()) {
            // SAFETY: fresh memory, page-aligned; of the region no more than its header is touched.
            unsafe { Region::create(start) }.set_owner(pid, personality);
        }
        // SAFETY: mapped above, and nothing refers to it any more.
        unsafe { rustix::mm::munmap(start, head) }?;
        Ok(file)
    }

    /// The region.
    pub fn region(&self) -> Region<'_> {
        self.region
    }
}

fn unmap(start: NonNull<u8>) {
    // SAFETY: mapped in `Mapped::new`, and nothing refers to it any more.
    let unmapped = unsafe { rustix::mm::munmap(start.as_ptr().cast(), Region::SIZE) };
    debug_assert!(unmapped.is_ok());
}

impl Drop for Mapped {
    fn drop(&mut self) {
        unmap(self.start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    fn file(size: u64, seals: SealFlags) -> OwnedFd {
        let file =
            rustix::fs::memfd_create(c"test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&file, size).unwrap();
        rustix::fs::fcntl_add_seals(&file, seals).unwrap();
        file
    }

    #[test]
    fn create_makes_what_new_takes_and_an_image_goes_on_with() {
        let mapped = Mapped::new(Mapped::create(17, Personality::FreeBsd).unwrap().as_fd()).unwrap();
        let region = mapped.region();
        assert_eq!(region.adopt(18, Personality::FreeBsd, b"x"), Err(Errno::PERM));
        assert_eq!(region.adopt(17, Personality::Linux, b"x"), Err(Errno::PERM));
        assert_eq!(region.image(), 0);
        region.adopt(17, Personality::FreeBsd, b"/bin/x").unwrap();
        assert_eq!((region.image(), region.program()), (1, b"/bin/x".to_vec()));
    }

    #[test]
    fn new_refuses_what_could_hurt() {
        let size = Region::SIZE as u64;
        let refused = |file: OwnedFd| Mapped::new(file.as_fd()).unwrap_err();
        assert_eq!(refused(file(size, SealFlags::empty())), Errno::PERM);
        assert_eq!(refused(file(size - 4096, SealFlags::SHRINK)), Errno::INVAL);
        assert_eq!(refused(file(size, SealFlags::SHRINK)), Errno::PROTO);
        assert_eq!(refused(file(size, SealFlags::SHRINK | SealFlags::WRITE)), Errno::PERM);
        assert_eq!(refused(std::fs::File::open("/dev/null").unwrap().into()), Errno::INVAL);
    }
}
