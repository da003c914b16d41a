//! The server: nodes that guests open, what they read through them, and commands.

mod control;
mod manage;
mod memory;
mod node;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::{MemfdFlags, fstat, memfd_create};
use schemas::common::Capability;
use schemas::device::control as device_control;
use schemas::server::{Caller, Capabilities, Device, MountedNode};
use schemas::{Errno, common, file, fs};

use super::drive::Drive;
use super::sense::Sense;
use crate::{errno, lock};
use memory::Memory;
use node::Node;

/// Most objects that are open at once.
const OBJECTS: usize = 1024;
/// Most bytes of one command.
pub const LARGEST: usize = 512 << 10;
/// Bytes of the memory through which data goes that is too long for a message: threads of a guest use parts of it.
const SHARED: usize = 16 * LARGEST;
/// Most bytes that travel in a message.
const INLINE: usize = 24 << 10;
/// Most bytes of one read.
const LARGEST_READ: usize = 4 << 20;
const BLOCK: u64 = 2048;

// asm-generic/fcntl.h, linux/stat.h.
const O_NONBLOCK: u32 = 0o4000;
const O_ACCMODE: u32 = 3;
const O_RDWR: u32 = 2;
const S_IFCHR: u32 = 0o020_000;
const S_IFBLK: u32 = 0o060_000;
/// Who may open the nodes: everyone who runs in this world; the deployment says what they may send.
const MODE: u32 = 0o666;

/// What a guest has open.
pub(crate) struct Open {
    inode: u64,
    node: Node,
    /// The drive; that of a multiplexer is chosen with each request.
    drive: Option<Arc<Drive>>,
    /// What the guest's descriptor is: memory through which data goes.
    shared: Memory,
    /// Where reading goes on.
    position: Mutex<u64>,
}

/// The server.
pub struct Scsi {
    drives: Vec<Arc<Drive>>,
    media: PathBuf,
    nodes: Vec<MountedNode>,
    next: AtomicU64,
    objects: Mutex<HashMap<u64, Arc<Open>>>,
}

/// What the host's block layer makes of sense data (blk_status_t of Linux).
fn error_of(sense: Sense) -> Errno {
    match (sense.key, sense.code) {
        (_, 0x3a) => Errno::NOMEDIUM,
        (_, 0x20) => Errno::ACCES,
        _ => Errno::IO,
    }
}

fn fill(mut stat: common::stat::Builder<'_>, node: Node) {
    stat.set_mode(MODE | if node.is_block() { S_IFBLK } else { S_IFCHR });
    stat.set_links(1);
    stat.set_raw_device(node.device());
    stat.set_block_size(4096);
}

impl Scsi {
    /// One with these drives and a folder of media, that numbers its objects from `first` on.
    pub fn new(drives: Vec<Drive>, media: PathBuf, nodes: Vec<MountedNode>, first: u64) -> Self {
        let drives = drives.into_iter().map(Arc::new).collect();
        Self { drives, media, nodes, next: AtomicU64::new(first.max(1)), objects: Mutex::default() }
    }

    fn node(&self, mount: u32, path: &[u8]) -> Result<Node, Errno> {
        let mounted = self.nodes.iter().find(|node| node.mount == mount).ok_or(Errno::NOENT)?;
        if !path.is_empty() {
            return Err(Errno::NOTDIR);
        }
        Node::named(&mounted.path).ok_or(Errno::NXIO)
    }

    /// What a request is about: by its number, or, where the guest has it from elsewhere, by what the host knows the
    /// descriptor as.
    fn find(&self, number: u64, caps: &Capabilities) -> Result<Arc<Open>, Errno> {
        let objects = lock(&self.objects);
        if number != 0 {
            return objects.get(&number).cloned().ok_or(Errno::BADF);
        }
        let inode = fstat(caps.received(0)?.as_fd()).map_err(errno)?.st_ino;
        objects.values().find(|open| open.inode == inode).cloned().ok_or(Errno::BADF)
    }

    /// Reads from a block device, from a byte on.
    fn read(&self, open: &Open, offset: u64, length: u64, most: usize) -> Result<Vec<u8>, Errno> {
        if !open.node.is_readable() {
            return Err(Errno::INVAL);
        }
        let drive = open.drive.as_ref().ok_or(Errno::INVAL)?;
        if matches!(open.node, Node::Cd(_))
            && (!offset.is_multiple_of(BLOCK) || !length.is_multiple_of(BLOCK))
        {
            // A disk of FreeBSD's is a character device of whole sectors (GEOM(4)).
            return Err(Errno::INVAL);
        }
        let size = u64::from(drive.blocks().ok_or(Errno::NOMEDIUM)?) * BLOCK;
        let length = length.min(most as u64).min(size.saturating_sub(offset));
        if length == 0 {
            return Ok(Vec::new());
        }
        let first = offset / BLOCK;
        let blocks = (offset + length).div_ceil(BLOCK) - first;
        let mut data = vec![0; (blocks * BLOCK) as usize];
        if let Err(sense) = drive.read(first as u32, &mut data) {
            // As much as can be read, as the host's own block devices do.
            let good = (0..blocks).take_while(|at| {
                let range = (at * BLOCK) as usize..((at + 1) * BLOCK) as usize;
                drive.read((first + at) as u32, &mut data[range]).is_ok()
            });
            let good = good.count();
            data.truncate(good * BLOCK as usize);
            if data.len() as u64 <= offset - first * BLOCK {
                return Err(error_of(sense));
            }
        }
        data.drain(..(offset - first * BLOCK) as usize);
        data.truncate(length as usize);
        Ok(data)
    }

    fn read_on(&self, open: &Open, length: u64, most: usize) -> Result<Vec<u8>, Errno> {
        let mut position = lock(&open.position);
        let data = self.read(open, *position, length, most)?;
        *position += data.len() as u64;
        Ok(data)
    }

    /// What commands of a descriptor go to.
    fn drive(open: &Open) -> Result<&Arc<Drive>, Errno> {
        open.drive.as_ref().ok_or(Errno::NOTTY)
    }
}

/// Puts what is too long for a message into a memory object that goes with the reply, and gives its length.
fn share(data: &[u8], caps: &mut Capabilities) -> Result<Option<u64>, Errno> {
    if data.len() <= INLINE {
        return Ok(None);
    }
    let memory = memfd_create("blocks", MemfdFlags::CLOEXEC).map_err(errno)?;
    let mut rest = data;
    while !rest.is_empty() {
        rest = &rest[rustix::io::write(&memory, rest).map_err(errno)?..];
    }
    caps.donate(memory);
    Ok(Some(data.len() as u64))
}

impl Device for Scsi {
    fn fs_open(
        &self,
        _: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let node = self.node(params.get_mount(), params.get_path()?)?;
        let drive = match node.drive() {
            Some(number) => Some(self.drives.get(number).ok_or(Errno::NXIO)?.clone()),
            None => None,
        };
        let flags = params.get_flags();
        if node.is_command() && flags & O_ACCMODE != O_RDWR {
            // pass(4) and xpt(4) open for reading and writing alone.
            return Err(Errno::PERM);
        }
        if node.is_block()
            && flags & O_NONBLOCK == 0
            && drive.as_ref().is_some_and(|drive| drive.blocks().is_none())
        {
            return Err(Errno::NOMEDIUM);
        }
        if lock(&self.objects).len() >= OBJECTS {
            return Err(Errno::NFILE);
        }
        if let Some(drive) = drive.as_ref().filter(|_| node.is_readable()) {
            drive.hear_of_medium();
        }
        let shared = Memory::new(SHARED)?;
        let inode = fstat(shared.descriptor()).map_err(errno)?.st_ino;
        caps.donate(
            shared
                .descriptor()
                .try_clone_to_owned()
                .map_err(|error| Errno(error.raw_os_error().unwrap_or(24)))?,
        );
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let open = Open { inode, node, drive, shared, position: Mutex::new(0) };
        lock(&self.objects).insert(number, Arc::new(open));
        results.set_kind(Capability::Device);
        results.set_object(number);
        results.set_raw_device(node.device());
        results.set_seekable(node.is_readable());
        Ok(())
    }

    fn fs_stat(
        &self,
        _: &Caller,
        params: fs::stat::params::Reader<'_>,
        results: fs::stat::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.node(params.get_mount(), params.get_path()?)?);
        Ok(())
    }

    fn fs_access(
        &self,
        _: &Caller,
        params: fs::access::params::Reader<'_>,
        _: fs::access::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        self.node(params.get_mount(), params.get_path()?)?;
        // X_OK
        if params.get_mode() & 1 != 0 { Err(Errno::ACCES) } else { Ok(()) }
    }

    fn file_stat(
        &self,
        _: &Caller,
        params: file::stat::params::Reader<'_>,
        results: file::stat::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.find(params.get_object(), caps)?.node);
        Ok(())
    }

    fn file_read(
        &self,
        _: &Caller,
        params: file::read::params::Reader<'_>,
        mut results: file::read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let open = self.find(params.get_object(), caps)?;
        let data = self.read_on(&open, params.get_length(), LARGEST_READ)?;
        match share(&data, caps)? {
            Some(shared) => results.set_shared(shared),
            None => results.set_data(&data),
        }
        Ok(())
    }

    fn file_read_vector(
        &self,
        _: &Caller,
        params: file::read_vector::params::Reader<'_>,
        mut results: file::read_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let open = self.find(params.get_object(), caps)?;
        let data = match params.get_offset() {
            -1 => self.read_on(&open, params.get_length(), INLINE)?,
            offset => {
                let offset = u64::try_from(offset).map_err(|_| Errno::INVAL)?;
                self.read(&open, offset, params.get_length(), INLINE)?
            }
        };
        results.set_data(&data);
        Ok(())
    }

    fn file_position_read(
        &self,
        _: &Caller,
        params: file::position_read::params::Reader<'_>,
        mut results: file::position_read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let open = self.find(params.get_object(), caps)?;
        let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
        results.set_data(&self.read(&open, offset, params.get_length(), INLINE)?);
        Ok(())
    }

    fn file_write(
        &self,
        _: &Caller,
        params: file::write::params::Reader<'_>,
        _: file::write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        // Media are burnt by commands; a block device of a recorder is there to read.
        let open = self.find(params.get_object(), caps)?;
        Err(if open.node.is_readable() { Errno::ROFS } else { Errno::INVAL })
    }

    fn file_seek(
        &self,
        _: &Caller,
        params: file::seek::params::Reader<'_>,
        mut results: file::seek::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let open = self.find(params.get_object(), caps)?;
        let mut position = lock(&open.position);
        let size = || {
            open.drive.as_ref().and_then(|drive| drive.blocks()).map_or(0, |blocks| i64::from(blocks) * 2048)
        };
        let base = match params.get_whence() {
            0 => 0,
            1 => *position as i64,
            2 => size(),
            _ => return Err(Errno::INVAL),
        };
        let wanted = base.checked_add(params.get_offset()).ok_or(Errno::OVERFLOW)?;
        *position = u64::try_from(wanted).map_err(|_| Errno::INVAL)?;
        results.set_offset(wanted);
        Ok(())
    }

    fn file_synchronize(
        &self,
        _: &Caller,
        _: file::synchronize::params::Reader<'_>,
        _: file::synchronize::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Ok(())
    }

    fn control(
        &self,
        caller: &Caller,
        params: device_control::params::Reader<'_>,
        results: device_control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let open = self.find(params.get_object(), caps)?;
        match params.get_request().which().map_err(|_| Errno::BADMSG)? {
            device_control::params::request::Scsi(request) => {
                self.answer(caller, &open, request?, results.init_reply().init_scsi())
            }
            _ => Err(Errno::NOTTY),
        }
    }

    fn no_senders(&self, object: u64) {
        lock(&self.objects).remove(&object);
    }
}
