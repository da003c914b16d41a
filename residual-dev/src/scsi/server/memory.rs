//! The memory through which data goes that is too long for a message: a guest's descriptor, and mapped here.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU8;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use schemas::Errno;

use crate::errno;

/// Memory that a guest shares. Its length is sealed, so that no access faults.
#[derive(Debug)]
pub(super) struct Memory {
    descriptor: OwnedFd,
    address: *mut core::ffi::c_void,
    length: usize,
}

// SAFETY: the mapping is shared by nature, and looked at as atomic bytes alone.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Makes it.
    ///
    /// # Errors
    /// As memfd_create(2) and mmap(2).
    pub fn new(length: usize) -> Result<Self, Errno> {
        let descriptor =
            memfd_create("scsi", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).map_err(errno)?;
        ftruncate(&descriptor, length as u64).map_err(errno)?;
        fcntl_add_seals(&descriptor, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL).map_err(errno)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, where the kernel finds room.
        let address = unsafe { mmap(std::ptr::null_mut(), length, access, MapFlags::SHARED, &descriptor, 0) };
        Ok(Self { address: address.map_err(errno)?, descriptor, length })
    }

    /// The descriptor.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Some of it, if there is as much.
    pub fn part(&self, offset: u64, length: usize) -> Option<&[AtomicU8]> {
        // SAFETY: the mapping is that long, lives as long as `self`, and atomic bytes may change at any time.
        let all = unsafe { std::slice::from_raw_parts(self.address.cast::<AtomicU8>(), self.length) };
        let offset = usize::try_from(offset).ok()?;
        all.get(offset..offset.checked_add(length)?)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody borrows it any more.
        let _ = unsafe { munmap(self.address, self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn what_is_written_through_the_descriptor_is_there() {
        let memory = Memory::new(8192).expect("the machine has memory");
        rustix::io::pwrite(memory.descriptor(), b"abc", 4095).expect("it is that long");
        let part = memory.part(4095, 3).expect("it is inside");
        assert_eq!(part.iter().map(|byte| byte.load(Ordering::Relaxed)).collect::<Vec<_>>(), b"abc");
        assert!(memory.part(8190, 3).is_none() && memory.part(u64::MAX, 1).is_none());
        assert!(ftruncate(memory.descriptor(), 1).is_err(), "nobody can make it shorter");
    }
}
