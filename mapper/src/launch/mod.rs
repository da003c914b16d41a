//! Starting a guest: from a command line to the stub's first instruction.
//!
//! The process that a person started becomes the guest itself, so that its number, terminal, exit status and job
//! control are native. The mapper is another process: a daemon's, or one split off for this guest alone.

pub mod background;
pub mod embedded;
mod execute;
mod image;
mod program;
mod reserved;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use schemas::Personality;
use schemas::transport::{
    DESCRIPTOR_DIRECTORIES, DESCRIPTOR_HANDOFF, DESCRIPTOR_IMAGE, DESCRIPTOR_REGION, DESCRIPTOR_SOCKET,
    DESCRIPTOR_STUB, DESCRIPTOR_TRACE, DESCRIPTOR_WORLD, Handoff, HandoffFlags,
};

use execute::Image;
pub use execute::Start;
pub use program::{ProgramError, find};
pub use reserved::{Block, BlockError};

/// What a world gives to a new guest.
#[derive(Debug)]
pub struct Ends<'a> {
    /// The process socket.
    pub socket: BorrowedFd<'a>,
    /// The region made for the guest, if there is one.
    pub region: Option<BorrowedFd<'a>>,
    /// The world page.
    pub page: BorrowedFd<'a>,
    /// Where trace lines go.
    pub trace: BorrowedFd<'a>,
    /// The donated directories, in the order of the mount table.
    pub directories: Vec<BorrowedFd<'a>>,
}

/// What the first image must know.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The program, as a path of the guest.
    pub path: &'a Path,
    /// Its OS; none lets the stub find out.
    pub personality: Option<Personality>,
    /// Switches of this run.
    pub flags: HandoffFlags,
}

/// A guest that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Because there is no room for the stub's descriptors.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// Because the host refused something.
    #[error("{what}: {errno}")]
    Host {
        /// What was tried.
        what: &'static str,
        /// Why not.
        errno: Errno,
    },
}

fn host(what: &'static str) -> impl Fn(Errno) -> LaunchError {
    move |errno| LaunchError::Host { what, errno }
}

/// A guest that needs only to be started.
#[derive(Debug)]
pub struct Prepared {
    block: Block,
    image: Image,
}

impl Prepared {
    /// Gets everything ready for this process to become a guest.
    pub fn new(ends: &Ends<'_>, letter: &Letter<'_>, start: &Start) -> Result<Self, LaunchError> {
        let image = Image::new(start).map_err(host("cannot pass on arguments"))?;
        Ok(Self { block: prepare(ends, letter)?, image })
    }

    /// Turns this process into the guest; returns only when that fails.
    pub fn become_guest(&self) -> LaunchError {
        host("cannot execute the stub")(self.image.execute(self.block.base()))
    }
}

fn prepare(ends: &Ends<'_>, letter: &Letter<'_>) -> Result<Block, LaunchError> {
    let handoff = write_handoff(letter).map_err(host("cannot make the handoff to the stub"))?;
    let block = Block::find()?;
    let stub = image::Source::open().map_err(host("cannot make the stub's memory file"))?;
    let image = image::loader(&stub, block.base()).map_err(host("cannot make the stub's memory file"))?;
    let places = [
        (DESCRIPTOR_IMAGE, image.as_fd()),
        (DESCRIPTOR_STUB, stub.file.as_fd()),
        (DESCRIPTOR_SOCKET, ends.socket),
        (DESCRIPTOR_WORLD, ends.page),
        (DESCRIPTOR_HANDOFF, handoff.as_fd()),
        (DESCRIPTOR_TRACE, ends.trace),
    ];
    let directories = (DESCRIPTOR_DIRECTORIES..).zip(ends.directories.iter().copied());
    let region = ends.region.map(|region| (DESCRIPTOR_REGION, region));
    for (index, descriptor) in places.into_iter().chain(region).chain(directories) {
        block.place(index, descriptor)?;
    }
    // No number of the block is left for the host to give to the guest.
    block.fill(ends.page)?;
    Ok(block)
}

/// Writes the first image's handoff into a memory file.
fn write_handoff(letter: &Letter<'_>) -> Result<OwnedFd, Errno> {
    let file = rustix::fs::memfd_create(c"handoff", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&file, Handoff::SIZE as u64)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW)?;
    // Only the pages that are written to take memory.
    // SAFETY: a new mapping at an address that the kernel chooses.
    let start = unsafe {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        mmap(std::ptr::null_mut(), Handoff::SIZE, protection, MapFlags::SHARED, &file, 0)
    }?;
    // SAFETY: just mapped, zeroed, and nobody else's.
    let filled = fill(unsafe { std::slice::from_raw_parts_mut(start.cast(), Handoff::SIZE) }, letter);
    // SAFETY: nothing points there any more.
    unsafe { munmap(start, Handoff::SIZE) }?;
    filled.map_err(|errno| Errno::from_raw_os_error(errno.0))?;
    Ok(file)
}

fn fill(memory: &mut [u8], letter: &Letter<'_>) -> Result<(), schemas::Errno> {
    let handoff = Handoff::create(memory)?;
    handoff.set_personality(letter.personality);
    handoff.set_flags(letter.flags.with(HandoffFlags::FIRST));
    handoff.set_path(letter.path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_handoff_can_be_read_back() {
        let letter = Letter {
            path: Path::new("/bin/true"),
            personality: Some(Personality::NetBsd),
            flags: HandoffFlags::TRACE,
        };
        let file = write_handoff(&letter).unwrap();
        let mut memory = vec![0_u64; Handoff::SIZE / 8];
        // SAFETY: the words are initialised memory of at least that many bytes, used as bytes only.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<u8>(), Handoff::SIZE) };
        assert_eq!(rustix::io::pread(&file, &mut *bytes, 0).unwrap(), Handoff::SIZE);
        let handoff = Handoff::open(bytes).unwrap();
        assert_eq!(handoff.path(), b"/bin/true");
        assert_eq!(handoff.personality(), Some(Personality::NetBsd));
        assert!(handoff.flags().contains(HandoffFlags::TRACE.with(HandoffFlags::FIRST)));
        assert!(!handoff.flags().contains(HandoffFlags::MEDIATE));
    }

    #[test]
    fn write_handoff_refuses_long_paths() {
        let path = "x".repeat(5000);
        let letter = Letter { path: Path::new(&path), personality: None, flags: HandoffFlags::NONE };
        assert_eq!(write_handoff(&letter).unwrap_err(), Errno::NAMETOOLONG);
    }
}
