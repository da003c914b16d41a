//! The world page: the memory in which every stub of a world sees routes, mounts and names.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use schemas::transport::{Text, World};
use schemas::{Operation, Personality};

use crate::deployment::OsIdentity;
use crate::route::Table;

/// A world page that this process writes.
///
/// The memory file is sealed against every other writer; only the mapping made here, which a fork inherits, can
/// change it.
pub struct Page {
    file: OwnedFd,
    world: &'static World,
    writer: Mutex<()>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("generation", &self.world.generation()).finish_non_exhaustive()
    }
}

impl Page {
    /// Makes a page with the declared routes, no mounts and no names.
    pub fn create() -> Result<Self, Errno> {
        let file = rustix::fs::memfd_create(c"world", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&file, World::SIZE as u64)?;
        // SAFETY: a new mapping at an address that the kernel chooses.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                World::SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )
        }?;
        rustix::fs::fcntl_add_seals(
            &file,
            SealFlags::FUTURE_WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
        )?;
        let start = NonNull::new(start.cast()).ok_or(Errno::FAULT)?;
        // SAFETY: the mapping is page-aligned, of that size, zeroed, and is never unmapped.
        let world = unsafe { World::create(start) };
        Ok(Self { file, world, writer: Mutex::new(()) })
    }

    /// The memory file, for stubs to map.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Device and inode number of the memory file, which no process has open but the guests of this world.
    pub fn identity(&self) -> Result<(u64, u64), Errno> {
        let status = rustix::fs::fstat(&self.file)?;
        Ok((status.st_dev, status.st_ino))
    }

    /// The page, for reading.
    pub fn world(&self) -> &World {
        self.world
    }

    /// Changes the page, in one step as far as stubs can see.
    pub fn change<R>(&self, change: impl FnOnce(&World) -> R) -> R {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.change(change)
    }

    /// Writes the flavours of all routes.
    pub fn publish_routes(&self, table: &Table) {
        self.change(|world| {
            for personality in Personality::ALL {
                for operation in Operation::ALL {
                    world.set_route(personality, operation, table.cell(personality, operation).flavour);
                }
            }
        });
    }

    /// Writes the names of the system.
    pub fn rename(&self, host: &str, domain: &str) {
        self.change(|world| set_names(world, host, domain));
    }

    /// Writes what guests are told about the system they run on.
    pub fn publish_names(&self, host: &str, domain: &str, identities: &[(Personality, OsIdentity)]) {
        self.change(|world| {
            set_names(world, host, domain);
            for (personality, identity) in identities {
                world.set_identity(*personality, &identity.to_transport());
            }
        });
    }
}

fn set_names(world: &World, host: &str, domain: &str) {
    world.set_host_name(&Text::truncated(host.as_bytes()));
    world.set_domain_name(&Text::truncated(domain.as_bytes()));
}
