//! The program files of a world's guests, as far as questions came.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{CWD, Mode, OFlags};
use schemas::Errno;
use schemas::exec::Decision;
use schemas::server::Credentials;

use super::{Code, Plan, Program};
use crate::host::identity::acting_as;
use crate::host::mapping::{Mapping, mapping};
use crate::host::{HostResult, memory};

/// Files that are remembered. When there are more, all are forgotten: it costs a millisecond to read one again.
const FILES: usize = 128;

/// A file in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    /// When content or attributes changed last.
    changed: (i64, i64),
    modified: (i64, i64),
}

/// The answer to a question about a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is overwritten, in the addresses of the file.
    pub plan: Plan,
    /// How far above those the guest has it mapped.
    pub bias: u64,
    /// What the trampoline carries out.
    pub code: Code,
}

/// A file and a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path of the file, as the host sees it.
    pub path: Vec<u8>,
    /// Offset in it.
    pub offset: u64,
}

impl Place {
    /// Where in the file of a mapping an address is; none for memory that is of no file.
    pub fn within(mapping: &Mapping, address: u64) -> Option<Self> {
        let offset = mapping.offset.checked_add(address.checked_sub(mapping.start)?)?;
        (mapping.inode != 0).then(|| Self { path: mapping.path.clone(), offset })
    }
}

/// What is known of them.
#[derive(Default)]
pub struct Programs {
    files: Mutex<HashMap<State, Arc<Program>>>,
}

impl Programs {
    /// Decides about the `syscall` at an address in a mapping of a guest's, for a trampoline at another with `room`
    /// bytes.
    pub fn answer(
        &self,
        found: &Mapping,
        credentials: &Credentials,
        site: u64,
        trampoline: u64,
        room: usize,
    ) -> Result<Answer, Decision> {
        // What the guest can write to at any time may be something else at any time.
        if !found.executable || found.shared || found.writable {
            return Err(Decision::NotAFile);
        }
        let place = Place::within(found, site).ok_or(Decision::NotAFile)?;
        let file = acting_as(credentials, || open(found)).map_err(|_| Decision::NotAFile)?;
        let program = self.program(&file)?;
        let address = program.address(place.offset).ok_or(Decision::NoStart)?;
        let plan = program.plan(&file, address)?;
        let bias = site.wrapping_sub(address);
        // The stretch must be the guest's in whole as it is in the file.
        if plan.replaced.wrapping_add(bias) < found.start {
            return Err(Decision::NotAFile);
        }
        let code = plan.encode(bias, trampoline, room)?;
        Ok(Answer { plan, bias, code })
    }

    fn program(&self, file: &File) -> Result<Arc<Program>, Decision> {
        let state = file.metadata().map_err(|_| Decision::NotAFile)?;
        let state = State {
            device: state.dev(),
            inode: state.ino(),
            size: state.len(),
            changed: (state.ctime(), state.ctime_nsec()),
            modified: (state.mtime(), state.mtime_nsec()),
        };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = files.get(&state) {
            return Ok(program.clone());
        }
        let program = Arc::new(Program::read(file)?);
        if files.len() >= FILES {
            files.clear();
        }
        files.insert(state, program.clone());
        Ok(program)
    }
}

/// Opens the file of a mapping by its path, and makes sure that it is the one that is mapped. `ESTALE` when it is not.
fn open(found: &Mapping) -> Result<File, Errno> {
    let path = Path::new(std::ffi::OsStr::from_bytes(&found.path));
    if !path.is_absolute() {
        return Err(Errno::STALE);
    }
    // Without opening a device or waiting for a pipe that has taken its place.
    let named = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).host()?;
    let state = rustix::fs::fstat(&named).host()?;
    if !rustix::fs::FileType::from_raw_mode(state.st_mode).is_file() || state.st_ino != found.inode {
        return Err(Errno::STALE);
    }
    let file = memory::reopen(&named, OFlags::RDONLY | OFlags::NOCTTY)?;
    if state.st_dev != found.device && mapped_device(&file)? != found.device {
        return Err(Errno::STALE);
    }
    Ok(File::from(file))
}

/// The device number that the host shows for mappings of a file. On file systems in layers and with subvolumes it is
/// not that of `stat(2)`.
fn mapped_device(file: impl AsFd) -> Result<u64, Errno> {
    let size = 4096;
    // SAFETY: a new mapping where there is room, that nothing can access.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_NONE,
            libc::MAP_PRIVATE,
            file.as_fd().as_raw_fd(),
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error().into());
    }
    let found = mapping(std::process::id() as i32, start as u64);
    // SAFETY: it was mapped above, and nobody else knows of it.
    unsafe { libc::munmap(start, size) };
    found?.map(|mapping| mapping.device).ok_or(Errno::STALE)
}
