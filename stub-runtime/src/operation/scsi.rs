//! SCSI commands to devices of servers (`device.control`).

use schemas::device::{ScsiDirection, ScsiTransport, control, scsi_reply, scsi_request, scsi_unit};
use schemas::message::data_words;
use schemas::{Errno, Operation};

use super::ask::object;
use crate::context::Context;
use crate::guest;
use crate::host::linux::message::Vector;
use crate::host::linux::{abi::*, syscall::call};
use core::sync::atomic::Ordering;

/// Most bytes of one command.
pub const LARGEST: u32 = 512 << 10;
/// Parts of the memory that a descriptor is, through which data goes that is too long for a message.
const PARTS: u32 = 16;
/// Most bytes that travel in a message.
const INLINE: u32 = 16 << 10;
/// Most buffers of one command (`IOV_MAX` of the host).
const BUFFERS: u32 = 1024;
/// Most bytes of sense data.
pub const SENSE: usize = 252;
/// Words of a request and the structures in it.
const REQUEST: usize = 24;
/// Words of a pattern of units.
const PATTERN: usize = 8;

/// Where the guest has its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Address of the data, or of a list of buffers (`struct iovec`).
    pub at: u64,
    /// How many buffers the list has; none for the data itself.
    pub count: u32,
    /// Bytes.
    pub length: u32,
}

/// Which way data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// There is none.
    None,
    /// To the device.
    To(Buffer),
    /// From the device.
    From(Buffer),
}

/// How a command ended.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// SAM status.
    pub status: u8,
    /// It did not reach the device.
    pub failed: bool,
    /// Sense data.
    pub sense: [u8; SENSE],
    /// How much that is.
    pub sense_length: u8,
    /// Bytes that were not moved.
    pub residual: u32,
    /// Milliseconds.
    pub duration: u32,
}

impl Outcome {
    /// Sense key, code and qualifier.
    pub fn key(&self) -> (u8, u8, u8) {
        (self.sense[2] & 0x0f, self.sense[12], self.sense[13])
    }
}

/// Asks the server of an object.
fn ask<T>(
    cx: &Context,
    descriptor: i32,
    words: usize,
    fill: impl FnOnce(scsi_request::Builder<'_>) -> Result<(), Errno>,
    read: impl FnOnce(scsi_reply::Reader<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let object = object(cx, descriptor);
    let passed = [descriptor];
    // The server knows an object by its number; only one that came from elsewhere has none.
    let passed = if object == 0 { &passed[..] } else { &[] };
    crate::transport::call::<control::params::Owned, control::results::Owned, _>(
        cx,
        Operation::DeviceControl,
        REQUEST + words,
        passed,
        |mut params| {
            params.set_descriptor(descriptor);
            params.set_object(object);
            fill(params.get_request().init_scsi())
        },
        |results, _| match results.get_reply().which().map_err(|_| Errno::BADMSG)? {
            control::results::reply::Scsi(reply) => read(reply?),
            _ => Err(Errno::NOTTY),
        },
    )
}

/// Checks a list of buffers: they take no more than the data is long.
fn check(buffer: &Buffer) -> Result<(), Errno> {
    if buffer.length > LARGEST || buffer.count > BUFFERS {
        return Err(Errno::INVAL);
    }
    let mut total = 0u64;
    for at in 0..u64::from(buffer.count) {
        total = total.saturating_add(guest::get::<Vector>(buffer.at.wrapping_add(16 * at))?.len);
    }
    if total > u64::from(LARGEST) { Err(Errno::INVAL) } else { Ok(()) }
}

/// Moves data between the guest and the memory that a descriptor is, from `offset` on.
fn copy(numbers: [u32; 2], descriptor: i32, buffer: &Buffer, offset: u64) -> Result<u64, Errno> {
    let [plain, vectors] = numbers;
    let (number, count) = match buffer.count {
        0 => (plain, u64::from(buffer.length)),
        count => (vectors, u64::from(count)),
    };
    // SAFETY: the guest's buffers, which the kernel checks.
    unsafe { call(number, [descriptor as u64, buffer.at, count, offset, 0]) }
}

/// Carries out a command.
///
/// # Errors
/// `ENOTTY` for what is no such device, `EINVAL` for what is too long, `EFAULT`.
pub fn execute(
    cx: &Context,
    descriptor: i32,
    command: &[u8],
    data: Data,
    timeout: u32,
    sense_room: u8,
) -> Result<Outcome, Errno> {
    let (Data::To(buffer) | Data::From(buffer)) = data else {
        return send(cx, descriptor, command, data, None, timeout, sense_room);
    };
    check(&buffer)?;
    if buffer.count == 0 && buffer.length <= INLINE {
        return send(cx, descriptor, command, data, None, timeout, sense_room);
    }
    let part = cx.tid.load(Ordering::Relaxed) % PARTS;
    let offset = u64::from(part) * u64::from(LARGEST);
    if matches!(data, Data::To(_)) {
        copy([__NR_pwrite64, __NR_pwritev], descriptor, &buffer, offset)?;
    }
    let outcome = send(cx, descriptor, command, data, Some(offset), timeout, sense_room)?;
    if matches!(data, Data::From(_)) {
        let length = buffer.length.saturating_sub(outcome.residual);
        if length > 0 {
            copy([__NR_pread64, __NR_preadv], descriptor, &Buffer { length, ..buffer }, offset)?;
        }
    }
    Ok(outcome)
}

/// Sends it, with data in the message unless that is in memory.
fn send(
    cx: &Context,
    descriptor: i32,
    command: &[u8],
    data: Data,
    offset: Option<u64>,
    timeout: u32,
    sense_room: u8,
) -> Result<Outcome, Errno> {
    let inline = match (data, offset) {
        (Data::To(buffer), None) => buffer.length,
        _ => 0,
    };
    let words = data_words(command.len()) + data_words(inline as usize);
    ask(
        cx,
        descriptor,
        words,
        |request| {
            let mut request = request.init_execute();
            request.set_command(command);
            request.set_timeout(timeout);
            request.set_sense_length(sense_room);
            if let Some(offset) = offset {
                request.set_shared(true);
                request.set_shared_offset(offset);
            }
            match data {
                Data::None => request.set_direction(ScsiDirection::None),
                Data::To(buffer) => {
                    request.set_direction(ScsiDirection::ToDevice);
                    request.set_length(buffer.length);
                    if offset.is_none() {
                        guest::read(buffer.at, request.init_data(buffer.length))?;
                    }
                }
                Data::From(buffer) => {
                    request.set_direction(ScsiDirection::FromDevice);
                    request.set_length(buffer.length);
                }
            }
            Ok(())
        },
        |reply| {
            let scsi_reply::Execute(result) = reply.which().map_err(|_| Errno::BADMSG)? else {
                return Err(Errno::BADMSG);
            };
            let result = result?;
            if let (Data::From(buffer), None) = (data, offset) {
                let told = result.get_data()?;
                guest::write(buffer.at, &told[..told.len().min(buffer.length as usize)])?;
            }
            let mut outcome = Outcome {
                status: result.get_status(),
                failed: result.get_transport().map_err(|_| Errno::BADMSG)? != ScsiTransport::Ok,
                sense: [0; SENSE],
                sense_length: 0,
                residual: result.get_residual(),
                duration: result.get_duration(),
            };
            let sense = result.get_sense()?;
            let length = sense.len().min(SENSE).min(usize::from(sense_room));
            outcome.sense[..length].copy_from_slice(&sense[..length]);
            outcome.sense_length = length as u8;
            Ok(outcome)
        },
    )
}

/// Carries out a command of the stub's own, for a request that stands for it; tells how much came.
///
/// # Errors
/// What the host's block layer makes of sense data: `ENOMEDIUM`, `EACCES` for what is not allowed, `EIO`.
pub fn command(cx: &Context, descriptor: i32, command: &[u8], into: &mut [u8]) -> Result<usize, Errno> {
    let buffer = Buffer { at: into.as_mut_ptr() as u64, count: 0, length: into.len() as u32 };
    let data = if into.is_empty() { Data::None } else { Data::From(buffer) };
    let mut outcome = execute(cx, descriptor, command, data, 0, 32)?;
    if outcome.status != 0 && outcome.key().0 == 6 {
        // That the medium may be another is told once; the host's own driver asks again, too.
        outcome = execute(cx, descriptor, command, data, 0, 32)?;
    }
    verdict(&outcome)?;
    Ok(into.len() - (outcome.residual as usize).min(into.len()))
}

/// An error of the host's for how a command ended.
///
/// # Errors
/// As [`command`].
pub fn verdict(outcome: &Outcome) -> Result<(), Errno> {
    match (outcome.failed, outcome.status, outcome.key()) {
        (true, _, _) => Err(Errno::IO),
        (false, 0, _) => Ok(()),
        (false, _, (_, 0x3a, _)) => Err(Errno::NOMEDIUM),
        (false, _, (_, 0x20, 0x02)) => Err(Errno::ACCES),
        (false, _, (_, 0x53, _)) => Err(Errno::BUSY),
        (false, _, (5, 0x20, _)) => Err(Errno::OPNOTSUPP),
        (false, _, _) => Err(Errno::IO),
    }
}

/// What a unit is, and where it sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Bus, target.
    pub bus: u32,
    /// On it.
    pub target: u32,
    /// Logical unit.
    pub unit: u64,
    /// Peripheral device type.
    pub kind: u8,
    /// Number of its own driver's node.
    pub number: u32,
    /// Number of the node that commands pass through.
    pub pass: u32,
    /// Standard inquiry data.
    pub inquiry: [u8; 96],
    /// How much that is.
    pub inquiry_length: u8,
}

impl Unit {
    /// Takes it from a reply.
    ///
    /// # Errors
    /// `EBADMSG`.
    pub fn read(unit: scsi_unit::Reader<'_>) -> Result<Self, Errno> {
        let address = unit.get_address()?;
        let inquiry = unit.get_inquiry()?;
        let mut read = Self {
            bus: address.get_bus(),
            target: address.get_target(),
            unit: address.get_unit(),
            kind: unit.get_type(),
            number: unit.get_number(),
            pass: unit.get_pass_number(),
            inquiry: [0; 96],
            inquiry_length: 0,
        };
        let length = inquiry.len().min(96);
        read.inquiry[..length].copy_from_slice(&inquiry[..length]);
        read.inquiry_length = length as u8;
        Ok(read)
    }
}

/// Tells `each` of every unit that there is, in order.
///
/// # Errors
/// `ENOTTY` for what is no such device, and what `each` says.
pub fn units(
    cx: &Context,
    descriptor: i32,
    mut each: impl FnMut(&Unit) -> Result<(), Errno>,
) -> Result<(), Errno> {
    ask(
        cx,
        descriptor,
        PATTERN,
        |request| {
            request.init_list();
            Ok(())
        },
        |reply| match reply.which().map_err(|_| Errno::BADMSG)? {
            scsi_reply::List(units) => units?.iter().try_for_each(|unit| each(&Unit::read(unit)?)),
            _ => Err(Errno::BADMSG),
        },
    )
}

/// Blocks of 2048 bytes that can be read; none without a medium.
///
/// # Errors
/// As [`command`].
pub fn capacity(cx: &Context, descriptor: i32) -> Result<u64, Errno> {
    let mut data = [0; 8];
    match command(cx, descriptor, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut data) {
        Ok(8) => Ok(u64::from(u32::from_be_bytes([data[0], data[1], data[2], data[3]])) + 1),
        Ok(_) => Err(Errno::IO),
        Err(Errno::NOMEDIUM) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Where the unit of a descriptor sits.
///
/// # Errors
/// `ENOTTY` for what is no such device.
pub fn address(cx: &Context, descriptor: i32) -> Result<Unit, Errno> {
    ask(
        cx,
        descriptor,
        0,
        |mut request| {
            request.set_address(());
            Ok(())
        },
        |reply| match reply.which().map_err(|_| Errno::BADMSG)? {
            scsi_reply::Address(unit) => Unit::read(unit?),
            _ => Err(Errno::BADMSG),
        },
    )
}
