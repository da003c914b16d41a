//! Operations on descriptors, for the routes that send them to a server: `received[0]` is the guest's descriptor, so
//! position, flags and locks are those that the guest shares with it.
//!
//! None of these waits. A read or write that would is answered with `EAGAIN`, and the stub polls the descriptor.
//! What concerns numbers of the guest's descriptor table (which one to close, which one a duplicate gets, its
//! close-on-exec flag) only the stub can do; the server has seen the request when it answers.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec as PollTime};
use rustix::fs::{Advice, AtFlags, FallocateFlags, Gid, Mode, SeekFrom, Timespec, Timestamps, Uid};
use rustix::io::{Errno as HostErrno, ReadWriteFlags};
use schemas::Errno;
use schemas::device::{self, generic_request};
use schemas::file;
use schemas::server::{Caller, Capabilities};

use super::status;
use crate::host::{HostResult, identity::acting_as, raw};

/// Most data in one reply; with the message around it, it fits the reply area.
pub const MOST: usize = 24 * 1024;
/// Most data moved between descriptors in one call, so that a large request does not hold a server up.
const MOST_MOVED: usize = 256 * 1024;

type Done = Result<(), Errno>;

fn ready(file: &OwnedFd, events: PollFlags) -> Done {
    let mut poll = [PollFd::new(file, events)];
    let now = PollTime { tv_sec: 0, tv_nsec: 0 };
    match rustix::event::poll(&mut poll, Some(&now)).host()? {
        0 => Err(Errno::AGAIN),
        _ => Ok(()),
    }
}

fn amount(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(MOST)
}

/// Reads at most [`MOST`] bytes without waiting. `RWF_NOWAIT` is refused by files that never make a reader wait,
/// and by some that do; those are polled first.
fn read_some(file: &OwnedFd, length: u64, offset: Option<u64>, flags: u32) -> Result<Vec<u8>, Errno> {
    let mut data = vec![0; amount(length)];
    let flags = ReadWriteFlags::from_bits_retain(flags);
    let position = offset.unwrap_or(u64::MAX);
    let mut parts = [IoSliceMut::new(&mut data)];
    let got = match rustix::io::preadv2(file, &mut parts, position, flags | ReadWriteFlags::NOWAIT) {
        Err(HostErrno::OPNOTSUPP | HostErrno::AGAIN | HostErrno::SPIPE) => {
            ready(file, PollFlags::IN)?;
            match offset {
                Some(offset) => rustix::io::preadv2(file, &mut parts, offset, flags),
                None if flags.is_empty() => rustix::io::readv(file, &mut parts),
                None => rustix::io::preadv2(file, &mut parts, position, flags),
            }
        }
        read => read,
    }
    .host()?;
    data.truncate(got);
    Ok(data)
}

fn write_some(file: &OwnedFd, data: &[u8], offset: Option<u64>, flags: u32) -> Result<usize, Errno> {
    let parts = [IoSlice::new(data)];
    let flags = ReadWriteFlags::from_bits_retain(flags);
    let position = offset.unwrap_or(u64::MAX);
    match rustix::io::pwritev2(file, &parts, position, flags | ReadWriteFlags::NOWAIT) {
        Err(HostErrno::OPNOTSUPP | HostErrno::AGAIN | HostErrno::SPIPE) => {
            ready(file, PollFlags::OUT)?;
            match offset {
                Some(offset) => rustix::io::pwritev2(file, &parts, offset, flags),
                None if flags.is_empty() => rustix::io::writev(file, &parts),
                None => rustix::io::pwritev2(file, &parts, position, flags),
            }
        }
        written => written,
    }
    .host()
}

/// -1 stands for where the descriptor is.
fn offset(offset: i64) -> Result<Option<u64>, Errno> {
    match offset {
        -1 => Ok(None),
        _ => u64::try_from(offset).map(Some).map_err(|_| Errno::INVAL),
    }
}

/// `file.read`.
pub fn read(
    _: &Caller,
    params: file::read::params::Reader<'_>,
    mut results: file::read::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    results.set_data(&read_some(caps.received(0)?, params.get_length(), None, 0)?);
    Ok(())
}

/// `file.write`.
pub fn write(
    _: &Caller,
    params: file::write::params::Reader<'_>,
    mut results: file::write::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    results.set_written(write_some(caps.received(0)?, params.get_data()?, None, 0)? as u64);
    Ok(())
}

/// `file.readVector`.
pub fn read_vector(
    _: &Caller,
    params: file::read_vector::params::Reader<'_>,
    mut results: file::read_vector::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = offset(params.get_offset())?;
    results.set_data(&read_some(caps.received(0)?, params.get_length(), offset, params.get_flags())?);
    Ok(())
}

/// `file.writeVector`.
pub fn write_vector(
    _: &Caller,
    params: file::write_vector::params::Reader<'_>,
    mut results: file::write_vector::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = offset(params.get_offset())?;
    let written = write_some(caps.received(0)?, params.get_data()?, offset, params.get_flags())?;
    results.set_written(written as u64);
    Ok(())
}

/// `file.positionRead`.
pub fn position_read(
    _: &Caller,
    params: file::position_read::params::Reader<'_>,
    mut results: file::position_read::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
    results.set_data(&read_some(caps.received(0)?, params.get_length(), Some(offset), 0)?);
    Ok(())
}

/// `file.positionWrite`.
pub fn position_write(
    _: &Caller,
    params: file::position_write::params::Reader<'_>,
    mut results: file::position_write::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
    results.set_written(write_some(caps.received(0)?, params.get_data()?, Some(offset), 0)? as u64);
    Ok(())
}

/// `file.seek`.
pub fn seek(
    _: &Caller,
    params: file::seek::params::Reader<'_>,
    mut results: file::seek::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = params.get_offset();
    let from_start = || u64::try_from(offset).map_err(|_| Errno::INVAL);
    let to = match params.get_whence() as i32 {
        libc::SEEK_SET => SeekFrom::Start(from_start()?),
        libc::SEEK_CUR => SeekFrom::Current(offset),
        libc::SEEK_END => SeekFrom::End(offset),
        libc::SEEK_DATA => SeekFrom::Data(from_start()?),
        libc::SEEK_HOLE => SeekFrom::Hole(from_start()?),
        _ => return Err(Errno::INVAL),
    };
    results.set_offset(rustix::fs::seek(caps.received(0)?, to).host()? as i64);
    Ok(())
}

/// `file.stat`.
pub fn stat(
    _: &Caller,
    _: file::stat::params::Reader<'_>,
    results: file::stat::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let stat = rustix::fs::statx(caps.received(0)?, "", AtFlags::EMPTY_PATH, status::wanted()).host()?;
    status::set_stat(results.init_stat(), &stat);
    Ok(())
}

/// `file.truncate`.
pub fn truncate(
    _: &Caller,
    params: file::truncate::params::Reader<'_>,
    _: file::truncate::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let size = u64::try_from(params.get_size()).map_err(|_| Errno::INVAL)?;
    rustix::fs::ftruncate(caps.received(0)?, size).host()
}

/// `file.allocate`.
pub fn allocate(
    _: &Caller,
    params: file::allocate::params::Reader<'_>,
    _: file::allocate::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
    let length = u64::try_from(params.get_length()).map_err(|_| Errno::INVAL)?;
    let mode = FallocateFlags::from_bits_retain(params.get_mode());
    rustix::fs::fallocate(caps.received(0)?, mode, offset, length).host()
}

/// `file.synchronize`.
pub fn synchronize(
    _: &Caller,
    params: file::synchronize::params::Reader<'_>,
    _: file::synchronize::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let file = caps.received(0)?;
    if params.get_data_only() { rustix::fs::fdatasync(file) } else { rustix::fs::fsync(file) }.host()
}

/// `file.advise`.
pub fn advise(
    _: &Caller,
    params: file::advise::params::Reader<'_>,
    _: file::advise::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    // POSIX_FADV_* of Linux are 0 to 5 in this order.
    const ADVICE: [Advice; 6] = [
        Advice::Normal,
        Advice::Random,
        Advice::Sequential,
        Advice::WillNeed,
        Advice::DontNeed,
        Advice::NoReuse,
    ];
    let advice = *ADVICE.get(params.get_advice() as usize).ok_or(Errno::INVAL)?;
    let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
    let length = u64::try_from(params.get_length()).map_err(|_| Errno::INVAL)?;
    rustix::fs::fadvise(caps.received(0)?, offset, std::num::NonZeroU64::new(length), advice).host()
}

/// `file.readDirectory`: as many whole records as fit.
pub fn read_directory(
    _: &Caller,
    params: file::read_directory::params::Reader<'_>,
    mut results: file::read_directory::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let directory = caps.received(0)?;
    let entries = match crate::host::memory::name(directory) {
        Some(_) => super::listing::read_records(directory, amount(params.get_length()))?,
        None => raw::directory_entries(directory, amount(params.get_length()))?,
    };
    results.set_entries(&entries);
    results.set_position(rustix::fs::tell(directory).host()? as i64);
    Ok(())
}

/// `file.duplicate`: the stub makes the duplicate.
pub fn duplicate(
    _: &Caller,
    params: file::duplicate::params::Reader<'_>,
    mut results: file::duplicate::results::Builder<'_>,
    _: &mut Capabilities,
) -> Done {
    results.set_descriptor(params.get_target());
    Ok(())
}

/// `file.close`: the stub closes.
pub fn close(
    _: &Caller,
    _: file::close::params::Reader<'_>,
    _: file::close::results::Builder<'_>,
    _: &mut Capabilities,
) -> Done {
    Ok(())
}

/// `file.control`: the commands that concern the open file, not the guest's descriptor number.
pub fn control(
    _: &Caller,
    params: file::control::params::Reader<'_>,
    mut results: file::control::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let command = params.get_command() as i32;
    match command {
        libc::F_GETFL
        | libc::F_SETFL
        | libc::F_GETOWN
        | libc::F_SETOWN
        | libc::F_GETPIPE_SZ
        | libc::F_SETPIPE_SZ
        | libc::F_GET_SEALS
        | libc::F_ADD_SEALS
        | libc::F_NOTIFY
        | libc::F_GETLEASE => {
            results.set_value(i64::from(raw::control(caps.received(0)?, command, params.get_argument())?));
            Ok(())
        }
        _ => Err(Errno::INVAL),
    }
}

/// `file.lock`. Record locks of a process cannot be taken on its behalf, so a mapped one is a lock of the open file,
/// which differs when one process opens a file twice. A lock that is not to be had at once is `EAGAIN`; with wait
/// the stub asks again.
pub fn lock(
    _: &Caller,
    params: file::lock::params::Reader<'_>,
    mut results: file::lock::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    use rustix::fs::FlockOperation;
    let file = caps.received(0)?;
    let kind = params.get_type() as i32;
    if params.get_kind() == 0 {
        let operation = match kind {
            libc::F_RDLCK => FlockOperation::NonBlockingLockShared,
            libc::F_WRLCK => FlockOperation::NonBlockingLockExclusive,
            libc::F_UNLCK => FlockOperation::Unlock,
            _ => return Err(Errno::INVAL),
        };
        return rustix::fs::flock(file, operation).host();
    }
    // SAFETY: all of flock is integers, for which zero is valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = i16::try_from(kind).map_err(|_| Errno::INVAL)?;
    lock.l_whence = i16::try_from(params.get_whence()).map_err(|_| Errno::INVAL)?;
    lock.l_start = params.get_start();
    lock.l_len = params.get_length();
    let command = if params.get_test() { libc::F_OFD_GETLK } else { libc::F_OFD_SETLK };
    raw::record_lock(file, command, &mut lock)?;
    results.set_type(lock.l_type as u32);
    results.set_whence(lock.l_whence as u32);
    results.set_start(lock.l_start);
    results.set_length(lock.l_len);
    results.set_pid(lock.l_pid);
    Ok(())
}

/// `file.setMode`.
pub fn set_mode(
    caller: &Caller,
    params: file::set_mode::params::Reader<'_>,
    _: file::set_mode::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    if params.get_file_flags() {
        return Err(Errno::OPNOTSUPP);
    }
    let mode = Mode::from_bits_truncate(params.get_mode());
    acting_as(&caller.credentials, || rustix::fs::fchmod(caps.received(0)?, mode).host())
}

/// An owner to set; all ones keep the present one.
pub(super) fn owner(user: u32, group: u32) -> (Option<Uid>, Option<Gid>) {
    ((user != u32::MAX).then(|| Uid::from_raw(user)), (group != u32::MAX).then(|| Gid::from_raw(group)))
}

/// `file.setOwner`.
pub fn set_owner(
    caller: &Caller,
    params: file::set_owner::params::Reader<'_>,
    _: file::set_owner::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let (user, group) = owner(params.get_user(), params.get_group());
    acting_as(&caller.credentials, || rustix::fs::fchown(caps.received(0)?, user, group).host())
}

/// Times to set, with `UTIME_NOW` and `UTIME_OMIT` in the nanoseconds.
pub(super) fn times(
    accessed: schemas::common::time::Reader<'_>,
    modified: schemas::common::time::Reader<'_>,
) -> Timestamps {
    let time = |time: schemas::common::time::Reader<'_>| Timespec {
        tv_sec: time.get_seconds(),
        tv_nsec: time.get_nanoseconds(),
    };
    Timestamps { last_access: time(accessed), last_modification: time(modified) }
}

/// `file.setTimes`.
pub fn set_times(
    caller: &Caller,
    params: file::set_times::params::Reader<'_>,
    _: file::set_times::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let times = times(params.get_accessed()?, params.get_modified()?);
    acting_as(&caller.credentials, || rustix::fs::futimens(caps.received(0)?, &times).host())
}

/// `file.send`: moves what is at hand, up to a bound, between `received[1]` and `received[0]`.
pub fn send(
    _: &Caller,
    params: file::send::params::Reader<'_>,
    mut results: file::send::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let (to, from) = (caps.received(0)?, caps.received(1)?);
    let (mut target, mut source) = (offset(params.get_offset())?, offset(params.get_source_offset())?);
    let length = usize::try_from(params.get_length()).unwrap_or(usize::MAX).min(MOST_MOVED);
    ready(from, PollFlags::IN)?;
    ready(to, PollFlags::OUT)?;
    let copied = rustix::fs::copy_file_range(from, source.as_mut(), to, target.as_mut(), length);
    let sent = match copied {
        Err(HostErrno::INVAL | HostErrno::XDEV | HostErrno::BADF | HostErrno::OPNOTSUPP) => {
            let data = read_some(from, length as u64, source, 0)?;
            let written = write_some(to, &data, target, 0)?;
            // What could not be written is given back where that is possible.
            if let Some(source) = &mut source {
                *source += written as u64;
            } else if written < data.len() {
                rustix::fs::seek(from, SeekFrom::Current(written as i64 - data.len() as i64)).host()?;
            }
            if let Some(target) = &mut target {
                *target += written as u64;
            }
            written
        }
        copied => copied.host()?,
    };
    results.set_sent(sent as u64);
    results.set_offset(target.map_or(-1, |offset| offset as i64));
    results.set_source_offset(source.map_or(-1, |offset| offset as i64));
    Ok(())
}

/// `file.statFilesystem`.
pub fn stat_filesystem(
    _: &Caller,
    _: file::stat_filesystem::params::Reader<'_>,
    results: file::stat_filesystem::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let stat = rustix::fs::fstatfs(caps.received(0)?).host()?;
    status::set_filesystem(results.init_stat(), &stat, b"", b"")
}

/// `file.getAttribute`.
pub fn get_attribute(
    caller: &Caller,
    params: file::get_attribute::params::Reader<'_>,
    mut results: file::get_attribute::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let mut value = vec![0; MOST];
    let length = acting_as(&caller.credentials, || {
        rustix::fs::fgetxattr(caps.received(0)?, params.get_name()?, &mut value[..]).host()
    })?;
    results.set_value(&value[..length]);
    Ok(())
}

/// `file.setAttribute`.
pub fn set_attribute(
    caller: &Caller,
    params: file::set_attribute::params::Reader<'_>,
    _: file::set_attribute::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let flags = rustix::fs::XattrFlags::from_bits_retain(params.get_flags());
    acting_as(&caller.credentials, || {
        rustix::fs::fsetxattr(caps.received(0)?, params.get_name()?, params.get_value()?, flags).host()
    })
}

/// `file.listAttributes`.
pub fn list_attributes(
    caller: &Caller,
    _: file::list_attributes::params::Reader<'_>,
    results: file::list_attributes::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    let mut names = vec![0; MOST];
    let length =
        acting_as(&caller.credentials, || rustix::fs::flistxattr(caps.received(0)?, &mut names[..]).host())?;
    let names: Vec<&[u8]> = attribute_names(&names[..length]);
    let mut list = results.init_names(names.len() as u32);
    for (index, name) in names.iter().enumerate() {
        list.set(index as u32, name);
    }
    Ok(())
}

/// The names in what `listxattr(2)` returned: each ends with a zero byte.
pub(super) fn attribute_names(list: &[u8]) -> Vec<&[u8]> {
    list.split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect()
}

/// `file.removeAttribute`.
pub fn remove_attribute(
    caller: &Caller,
    params: file::remove_attribute::params::Reader<'_>,
    _: file::remove_attribute::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    acting_as(&caller.credentials, || rustix::fs::fremovexattr(caps.received(0)?, params.get_name()?).host())
}

/// `device.control`: what any descriptor may be asked. Requests of devices are `ENOTTY` here.
pub fn device_control(
    _: &Caller,
    params: device::control::params::Reader<'_>,
    results: device::control::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Done {
    use device::control::params::request::Which;
    let Which::Generic(request) = params.get_request().which().map_err(|_| Errno::NOTTY)? else {
        return Err(Errno::NOTTY);
    };
    let file = caps.received(0)?;
    let set_flag = |flag: i32, on: bool| {
        let flags = raw::control(file, libc::F_GETFL, 0)?;
        let flags = if on { flags | flag } else { flags & !flag };
        raw::control(file, libc::F_SETFL, i64::from(flags)).map(|_| 0)
    };
    let value = match request?.which().map_err(|_| Errno::NOTTY)? {
        generic_request::BytesReadable(()) => i64::from(raw::ask_number(file, libc::FIONREAD)?),
        generic_request::BytesWritable(()) => i64::from(raw::ask_number(file, libc::TIOCOUTQ)?),
        generic_request::SetNonBlocking(on) => set_flag(libc::O_NONBLOCK, on)?,
        generic_request::SetAsynchronous(on) => set_flag(libc::O_ASYNC, on)?,
        generic_request::SetOwner(owner) => {
            raw::control(file, libc::F_SETOWN, i64::from(owner))?;
            0
        }
        generic_request::GetOwner(()) => i64::from(raw::control(file, libc::F_GETOWN, 0)?),
        generic_request::DeviceType(()) => return Err(Errno::NOTTY),
    };
    results.init_reply().init_generic().set_value(value);
    Ok(())
}
