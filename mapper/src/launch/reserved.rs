//! The sixteen descriptors that a guest's stub owns.
//!
//! They lie together near the top of the usual descriptor range, survive `execve`, and are hidden from the
//! guest by its stub. The stub learns where they start from the name it is executed under, `/dev/fd/<base>`.

use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags};
use rustix::process::Resource;
use schemas::transport::{DESCRIPTOR_BASE, DESCRIPTOR_COUNT};

/// How many descriptors the block has.
const COUNT: RawFd = DESCRIPTOR_COUNT;
/// A block below this would be in the way of every program.
const LOWEST_BASE: RawFd = 32;

/// The free block to be used by a new guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    base: RawFd,
}

/// No room for the reserved descriptors.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The descriptor limit is too low, or everything below it is taken.
    #[error(
        "no {COUNT} free descriptors together below the limit of {limit}; raise it (`ulimit -n 1024`) or close inherited ones"
    )]
    NoRoom {
        /// The soft limit on open descriptors.
        limit: u64,
    },
    /// The host refused to duplicate a descriptor.
    #[error("cannot place descriptor {number}: {errno}")]
    Place {
        /// The number wanted.
        number: RawFd,
        /// Why not.
        errno: Errno,
    },
}

impl Block {
    /// Finds the block: the usual place, or the next free one below it.
    pub fn find() -> Result<Self, BlockError> {
        let limit = rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let top = RawFd::try_from(limit).unwrap_or(RawFd::MAX).min(DESCRIPTOR_BASE + COUNT);
        let mut base = top - COUNT;
        while base >= LOWEST_BASE {
            match (base..base + COUNT).rev().find(|&number| is_open(number)) {
                None => return Ok(Self { base }),
                Some(taken) => base = taken - COUNT,
            }
        }
        Err(BlockError::NoRoom { limit })
    }

    /// The first number of the block.
    pub fn base(self) -> RawFd {
        self.base
    }

    /// The number of the descriptor with index `index`.
    fn number(self, index: i32) -> RawFd {
        assert!((0..COUNT).contains(&index), "the block has {COUNT} descriptors");
        self.base + index
    }

    /// Puts a copy of `descriptor` at `index`, to stay open in everything that this process executes.
    pub fn place(self, index: i32, descriptor: BorrowedFd<'_>) -> Result<(), BlockError> {
        let number = self.number(index);
        duplicate_to(number, descriptor).map_err(|errno| BlockError::Place { number, errno })
    }

    /// Puts copies of `descriptor` at all places that have none yet.
    pub fn fill(self, descriptor: BorrowedFd<'_>) -> Result<(), BlockError> {
        (0..COUNT)
            .filter(|&index| !is_open(self.number(index)))
            .try_for_each(|index| self.place(index, descriptor))
    }
}

fn duplicate_to(number: RawFd, descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    let copy: OwnedFd = rustix::io::fcntl_dupfd_cloexec(descriptor, number)?;
    if copy.as_raw_fd() != number {
        return Err(Errno::BUSY);
    }
    rustix::io::fcntl_setfd(&copy, FdFlags::empty())?;
    // It belongs to the next image from here on.
    let _ = copy.into_raw_fd();
    Ok(())
}

fn is_open(number: RawFd) -> bool {
    // SAFETY: the number is only asked about, and closed ones are answered with EBADF.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_getfd(descriptor).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn find_avoids_open_descriptors_and_place_is_exact() {
        let block = Block::find().unwrap();
        let null = File::open("/dev/null").unwrap();
        use std::os::fd::AsFd;
        block.place(3, null.as_fd()).unwrap();
        assert!(is_open(block.number(3)));
        let other = Block::find().unwrap();
        assert!(other.base() + COUNT <= block.number(3));
        assert!(matches!(block.place(3, null.as_fd()), Err(BlockError::Place { .. })));
        // SAFETY: the descriptor was placed above and nothing else owns it.
        drop(unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(block.number(3)) });
    }
}
