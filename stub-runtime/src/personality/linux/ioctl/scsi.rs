//! What SCSI devices are asked: commands (`SG_IO`), where they sit, and the settings of scsi/sg.h and
//! scsi/scsi_ioctl.h.

use schemas::Errno;

use crate::context::Context;
use crate::guest;
use crate::operation::scsi::{self, Buffer, Data, LARGEST, Outcome};

// scsi/sg.h
const SG_SET_TIMEOUT: u32 = 0x2201;
const SG_GET_TIMEOUT: u32 = 0x2202;
const SG_EMULATED_HOST: u32 = 0x2203;
const SG_GET_COMMAND_Q: u32 = 0x2270;
const SG_SET_COMMAND_Q: u32 = 0x2271;
const SG_GET_RESERVED_SIZE: u32 = 0x2272;
const SG_SET_RESERVED_SIZE: u32 = 0x2275;
const SG_GET_SCSI_ID: u32 = 0x2276;
const SG_GET_LOW_DMA: u32 = 0x227a;
const SG_GET_SG_TABLESIZE: u32 = 0x227f;
const SG_GET_VERSION_NUM: u32 = 0x2282;
const SG_IO: u32 = 0x2285;
// scsi/scsi_ioctl.h
const SCSI_IOCTL_GET_IDLUN: u32 = 0x5382;
const SCSI_IOCTL_PROBE_HOST: u32 = 0x5385;
const SCSI_IOCTL_GET_BUS_NUMBER: u32 = 0x5386;

/// Version of the sg driver that is spoken here: 3.5.36, as of Linux 5.
const VERSION: i32 = 30_536;
/// Ticks of a minute and a second (`USER_HZ`): the time that a command has where nothing is said.
const TIMEOUT: u64 = 60 * 100;
/// Longest CDB.
const LONGEST: usize = 32;

// Directions of version 3.
const NONE: i32 = -1;
const TO_DEVICE: i32 = -2;
const FROM_DEVICE: i32 = -3;
const BOTH: i32 = -4;

/// `SG_INFO_CHECK`: something of status, host status or driver status is not 0.
const CHECK: u32 = 1;
/// `DRIVER_SENSE`.
const DRIVER_SENSE: u16 = 8;
/// `DID_ERROR`.
const HOST_ERROR: u16 = 7;

crate::layout! {
    /// `struct sg_io_hdr`.
    pub struct Header: 88 {
        pub interface_id: i32,
        pub dxfer_direction: i32,
        pub cmd_len: u8,
        pub mx_sb_len: u8,
        pub iovec_count: u16,
        pub dxfer_len: u32,
        pub dxferp: u64,
        pub cmdp: u64,
        pub sbp: u64,
        pub timeout: u32,
        pub flags: u32,
        pub pack_id: i32,
        pub pad1: u32,
        pub usr_ptr: u64,
        pub status: u8,
        pub masked_status: u8,
        pub msg_status: u8,
        pub sb_len_wr: u8,
        pub host_status: u16,
        pub driver_status: u16,
        pub resid: i32,
        pub duration: u32,
        pub info: u32,
        pub pad2: u32,
    }

    /// `struct sg_io_v4` (linux/bsg.h).
    pub struct HeaderV4: 160 {
        pub guard: i32,
        pub protocol: u32,
        pub subprotocol: u32,
        pub request_len: u32,
        pub request: u64,
        pub request_tag: u64,
        pub request_attr: u32,
        pub request_priority: u32,
        pub request_extra: u32,
        pub max_response_len: u32,
        pub response: u64,
        pub dout_iovec_count: u32,
        pub dout_xfer_len: u32,
        pub din_iovec_count: u32,
        pub din_xfer_len: u32,
        pub dout_xferp: u64,
        pub din_xferp: u64,
        pub timeout: u32,
        pub flags: u32,
        pub usr_ptr: u64,
        pub spare_in: u32,
        pub driver_status: u32,
        pub transport_status: u32,
        pub device_status: u32,
        pub retry_delay: u32,
        pub info: u32,
        pub duration: u32,
        pub response_len: u32,
        pub din_resid: i32,
        pub dout_resid: i32,
        pub generated_tag: u64,
        pub spare_out: u32,
        pub padding: u32,
    }

    /// `struct sg_scsi_id`.
    pub struct Identity: 32 {
        pub host_no: i32,
        pub channel: i32,
        pub scsi_id: i32,
        pub lun: i32,
        pub scsi_type: i32,
        pub h_cmd_per_lun: u16,
        pub d_queue_depth: u16,
        pub unused: [i32; 2],
    }
}

/// Answers a request, if it is one of these.
///
/// # Errors
/// `ENOTTY` for what is no such device, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    let put = |value: i32| guest::put(argument, &value).map(|()| 0);
    // Only of what sits somewhere can be said how it is.
    let unit = || scsi::address(cx, descriptor);
    Some(match request {
        SG_IO => execute(cx, descriptor, argument),
        SG_GET_VERSION_NUM => unit().and_then(|_| put(VERSION)),
        SG_GET_SCSI_ID => unit().and_then(|unit| {
            let identity = Identity {
                channel: unit.bus as i32,
                scsi_id: unit.target as i32,
                lun: unit.unit as i32,
                scsi_type: unit.kind.into(),
                h_cmd_per_lun: 1,
                d_queue_depth: 1,
                ..Identity::default()
            };
            guest::put(argument, &identity).map(|()| 0)
        }),
        // Room is always set aside for the longest command, whatever is asked for.
        SG_GET_RESERVED_SIZE => unit().and_then(|_| put(LARGEST as i32)),
        SG_SET_RESERVED_SIZE => unit().and_then(|_| match guest::get::<i32>(argument)? {
            0.. => Ok(0),
            _ => Err(Errno::INVAL),
        }),
        // No command takes time, so that none can take too long.
        SG_SET_TIMEOUT => unit().and_then(|_| match guest::get::<i32>(argument)? {
            0.. => Ok(0),
            _ => Err(Errno::IO),
        }),
        SG_GET_TIMEOUT => unit().map(|_| TIMEOUT),
        // What is emulated is a host adapter of ATAPI devices, as of most recorders.
        SG_EMULATED_HOST => unit().and_then(|_| put(1)),
        SG_GET_LOW_DMA => unit().and_then(|_| put(0)),
        SG_GET_SG_TABLESIZE => unit().and_then(|_| put(128)),
        // Commands are carried out one after the other.
        SG_GET_COMMAND_Q => unit().and_then(|_| put(0)),
        SG_SET_COMMAND_Q => unit().and_then(|_| match guest::get::<i32>(argument)? {
            0 => Ok(0),
            _ => Err(Errno::INVAL),
        }),
        SCSI_IOCTL_GET_IDLUN => unit().and_then(|unit| {
            let place = unit.target & 0xff | (unit.unit as u32 & 0xff) << 8 | (unit.bus & 0xff) << 16;
            guest::put(argument, &[place, 0]).map(|()| 0)
        }),
        SCSI_IOCTL_GET_BUS_NUMBER => unit().and_then(|_| put(0)),
        SCSI_IOCTL_PROBE_HOST => unit().and_then(|_| probe(argument)),
        _ => return None,
    })
}

/// Tells the name of the host adapter into a buffer that begins with its length; there is one.
fn probe(argument: u64) -> Result<u64, Errno> {
    let name = b"mapper";
    let room = guest::get::<u32>(argument)? as usize;
    let mut text = [0; 7];
    text[..name.len()].copy_from_slice(name);
    guest::write(argument, &text[..text.len().min(room)])?;
    Ok(1)
}

/// `SG_IO`, of either version.
fn execute(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    match guest::get::<i32>(argument)? as u8 {
        b'S' => execute_v3(cx, descriptor, argument),
        b'Q' => execute_v4(cx, descriptor, argument),
        _ => Err(Errno::INVAL),
    }
}

/// Reads a CDB.
fn command(at: u64, length: usize, to: &mut [u8; LONGEST]) -> Result<&[u8], Errno> {
    if length == 0 || length > LONGEST {
        return Err(Errno::MSGSIZE);
    }
    guest::read(at, &mut to[..length])?;
    Ok(&to[..length])
}

fn execute_v3(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let mut header: Header = guest::get(argument)?;
    let mut cdb = [0; LONGEST];
    let cdb = command(header.cmdp, usize::from(header.cmd_len), &mut cdb)?;
    let buffer = Buffer { at: header.dxferp, count: header.iovec_count.into(), length: header.dxfer_len };
    let data = match header.dxfer_direction {
        _ if header.dxfer_len == 0 => Data::None,
        NONE => Data::None,
        TO_DEVICE => Data::To(buffer),
        FROM_DEVICE | BOTH => Data::From(buffer),
        _ => return Err(Errno::INVAL),
    };
    let outcome = scsi::execute(cx, descriptor, cdb, data, header.timeout, header.mx_sb_len)?;
    header.status = outcome.status;
    header.masked_status = outcome.status >> 1 & 0x1f;
    header.msg_status = 0;
    header.host_status = host_status(&outcome);
    header.driver_status = if outcome.sense_length > 0 { DRIVER_SENSE } else { 0 };
    header.sb_len_wr = 0;
    header.resid = outcome.residual as i32;
    header.duration = outcome.duration;
    header.info = information(&outcome);
    if outcome.sense_length > 0 && header.sbp != 0 {
        let length = outcome.sense_length.min(header.mx_sb_len);
        guest::write(header.sbp, &outcome.sense[..usize::from(length)])?;
        header.sb_len_wr = length;
    }
    guest::put(argument, &header)?;
    Ok(0)
}

fn host_status(outcome: &Outcome) -> u16 {
    if outcome.failed { HOST_ERROR } else { 0 }
}

fn information(outcome: &Outcome) -> u32 {
    if outcome.failed || outcome.status != 0 { CHECK } else { 0 }
}

fn execute_v4(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let mut header: HeaderV4 = guest::get(argument)?;
    if header.protocol != 0 || header.subprotocol != 0 {
        return Err(Errno::INVAL);
    }
    let mut cdb = [0; LONGEST];
    let cdb = command(header.request, header.request_len as usize, &mut cdb)?;
    let (dout, din) = (header.dout_xfer_len, header.din_xfer_len);
    let data = match (dout, din) {
        (0, 0) => Data::None,
        (length, 0) => Data::To(Buffer { at: header.dout_xferp, count: header.dout_iovec_count, length }),
        (0, length) => Data::From(Buffer { at: header.din_xferp, count: header.din_iovec_count, length }),
        _ => return Err(Errno::OPNOTSUPP),
    };
    let room = header.max_response_len.min(255) as u8;
    let outcome = scsi::execute(cx, descriptor, cdb, data, header.timeout, room)?;
    header.device_status = outcome.status.into();
    header.transport_status = host_status(&outcome).into();
    header.driver_status = if outcome.sense_length > 0 { DRIVER_SENSE.into() } else { 0 };
    header.info = information(&outcome);
    header.duration = outcome.duration;
    header.din_resid = if din > 0 { outcome.residual as i32 } else { 0 };
    header.dout_resid = if dout > 0 { outcome.residual as i32 } else { 0 };
    header.response_len = 0;
    if outcome.sense_length > 0 && header.response != 0 {
        guest::write(header.response, &outcome.sense[..usize::from(outcome.sense_length)])?;
        header.response_len = outcome.sense_length.into();
    }
    guest::put(argument, &header)?;
    Ok(0)
}
