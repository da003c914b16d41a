//! What pass(4), xpt(4) and the units of cd(4) are asked by CAM control blocks (cam/cam_ccb.h, `CAM_VERSION` 0x1a of
//! FreeBSD 10 and later).

pub mod find;

use schemas::Errno;

use super::{IN, OUT, code};
use crate::context::Context;
use crate::guest;
use crate::operation::scsi::{self, Buffer, Data, LARGEST, SENSE, Unit};

/// Group of the requests: `CAM_VERSION`.
const GROUP: u8 = 0x1a;
/// Bytes of `union ccb`.
const BLOCK: usize = 1248;
const CAMIOCOMMAND: u32 = code(IN | OUT, GROUP, 2, BLOCK);
const CAMGETPASSTHRU: u32 = code(IN | OUT, GROUP, 3, BLOCK);
// sys/disk.h
const DIOCGSECTORSIZE: u32 = code(OUT, b'd', 128, 4);
const DIOCGMEDIASIZE: u32 = code(OUT, b'd', 129, 8);

// Function codes. Those of 0x100 are queued, those of 0x400 are of the transport layer alone.
const XPT_NOOP: u32 = 0x00;
const XPT_SCSI_IO: u32 = 0x901;
const XPT_GDEV_TYPE: u32 = 0x02;
const XPT_GDEVLIST: u32 = 0x03;
const XPT_PATH_INQ: u32 = 0x04;
const XPT_REL_SIMQ: u32 = 0x05;
const XPT_DEV_MATCH: u32 = 0x409;
const XPT_GET_TRAN_SETTINGS: u32 = 0x15;
const XPT_FC_XPT_ONLY: u32 = 0x400;

// Status.
const CAM_REQ_CMP: u32 = 0x01;
const CAM_REQ_CMP_ERR: u32 = 0x04;
const CAM_REQ_INVALID: u32 = 0x06;
const CAM_PATH_INVALID: u32 = 0x07;
const CAM_SCSI_STATUS_ERROR: u32 = 0x0c;
const CAM_AUTOSNS_VALID: u32 = 0x80;

// Flags.
const CAM_CDB_POINTER: u32 = 0x1;
const CAM_DIS_AUTOSENSE: u32 = 0x20;
const CAM_DIR_MASK: u32 = 0xc0;
const CAM_DIR_IN: u32 = 0x40;
const CAM_DIR_OUT: u32 = 0x80;
const CAM_DIR_NONE: u32 = 0xc0;
const CAM_DATA_MASK: u32 = 0x24_0010;
/// A time without end.
const CAM_TIME_INFINITY: u32 = u32::MAX;

/// `CAM_XPT_PATH_ID`: the transport layer itself.
const XPT_PATH: u32 = u32::MAX;
/// `PROTO_SCSI`, and its version: `SCSI_REV_SPC3`.
const PROTO_SCSI: u32 = 2;
const SPC3: u32 = 5;
/// `XPORT_SPI`, and its version.
const XPORT_SPI: u32 = 2;
/// `PIM_NOBUSRESET`.
const PIM_NOBUSRESET: u32 = 0x10;
/// What adapter and driver are called.
const ADAPTER: &[u8] = b"mapper";
/// kB/s without anything negotiated.
const SPEED: u32 = 3300;
/// Longest CDB in a control block.
const LONGEST: usize = 16;
/// Highest target.
const TARGETS: u32 = 15;

crate::layout! {
    /// `struct ccb_hdr`.
    pub struct Header: 200 {
        pub pinfo: [u32; 4],
        pub links: [u64; 6],
        pub retry_count: u16,
        pub alloc_flags: u16,
        pub pad: u32,
        pub cbfcnp: u64,
        pub func_code: u32,
        pub status: u32,
        pub path: u64,
        pub path_id: u32,
        pub target_id: u32,
        pub target_lun: u64,
        pub flags: u32,
        pub xflags: u32,
        pub private: [u64; 7],
        pub timeout: u32,
        pub pad2: u32,
        pub softtimeout: [u64; 2],
    }

    /// `struct ccb_scsiio` behind its header.
    pub struct ScsiIo: 336 {
        pub next_ccb: u64,
        pub req_map: u64,
        pub data_ptr: u64,
        pub dxfer_len: u32,
        pub sense_data: [u8; 252],
        pub sense_len: u8,
        pub cdb_len: u8,
        pub sglist_cnt: u16,
        pub scsi_status: u8,
        pub sense_resid: u8,
        pub pad: u16,
        pub resid: u32,
        pub pad2: u32,
        pub cdb_io: [u8; 16],
        pub msg_ptr: u64,
        pub msg_len: u16,
        pub tag_action: u8,
        pub priority: u8,
        pub tag_id: u32,
        pub init_id: u32,
        pub pad3: u32,
    }

    /// `struct ccb_getdevlist` behind its header.
    pub struct DeviceList: 32 {
        pub periph_name: [u8; 16],
        pub unit_number: u32,
        pub generation: u32,
        pub index: u32,
        pub status: u32,
    }

    /// `struct ccb_pathinq` behind its header.
    pub struct PathInquiry: 264 {
        pub version_num: u8,
        pub hba_inquiry: u8,
        pub target_sprt: u16,
        pub hba_misc: u32,
        pub hba_eng_cnt: u16,
        pub vuhba_flags: [u8; 14],
        pub max_target: u32,
        pub max_lun: u32,
        pub async_flags: u32,
        pub hpath_id: u32,
        pub initiator_id: u32,
        pub sim_vid: [u8; 16],
        pub hba_vid: [u8; 16],
        pub dev_name: [u8; 16],
        pub unit_number: u32,
        pub bus_id: u32,
        pub base_transfer_speed: u32,
        pub protocol: u32,
        pub protocol_version: u32,
        pub transport: u32,
        pub transport_version: u32,
        pub xport_specific: [u8; 128],
        pub maxio: u32,
        pub hba_ids: [u16; 4],
        pub pad: u32,
    }

    /// `struct ccb_getdev` behind its header.
    pub struct DeviceType: 1048 {
        pub protocol: u32,
        pub inq_data: [u8; 256],
        pub ident_data: [u8; 512],
        pub serial_num: [u8; 252],
        pub inq_flags: u8,
        pub serial_num_len: u8,
        pub pad: [u8; 6],
        pub padding: [u64; 2],
    }

    /// The first of `struct ccb_trans_settings` behind its header; what is behind it is of no transport here.
    pub struct TransferSettings: 80 {
        pub kind: u32,
        pub protocol: u32,
        pub protocol_version: u32,
        pub transport: u32,
        pub transport_version: u32,
        pub specific: [u32; 15],
    }
}

/// A name, filled up with zeros.
fn name(text: &[u8]) -> [u8; 16] {
    let mut name = [0; 16];
    name[..text.len()].copy_from_slice(text);
    name
}

/// Answers a request, if it is one of these.
///
/// # Errors
/// `ENOTTY` for what is no such device, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    Some(match request {
        CAMIOCOMMAND => run(cx, descriptor, argument).map(|()| 0),
        CAMGETPASSTHRU => pass_through(cx, descriptor, argument).map(|()| 0),
        DIOCGSECTORSIZE => scsi::address(cx, descriptor).and_then(|_| super::put(argument, &2048u32)),
        DIOCGMEDIASIZE => {
            scsi::capacity(cx, descriptor).and_then(|blocks| super::put(argument, &(blocks * 2048)))
        }
        _ => return None,
    })
}

/// Where what follows the header is.
const fn body(argument: u64) -> u64 {
    argument.wrapping_add(size_of::<Header>() as u64)
}

/// Carries out a control block.
fn run(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let mut header: Header = guest::get(argument)?;
    let unit = match scsi::address(cx, descriptor) {
        Ok(unit) => Some(unit),
        // That is how the node of the transport layer answers.
        Err(Errno::NXIO) => None,
        Err(error) => return Err(error),
    };
    header.status = match unit {
        Some(unit) => {
            if header.func_code & XPT_FC_XPT_ONLY != 0 {
                return Err(Errno::NODEV);
            }
            // A control block goes to the unit of the node, whatever it says.
            (header.path_id, header.target_id, header.target_lun) = (unit.bus, unit.target, unit.unit);
            at_unit(cx, descriptor, argument, &header, &unit)?
        }
        None => match header.func_code {
            XPT_DEV_MATCH => find::matching(cx, descriptor, argument)?,
            XPT_PATH_INQ => match header.path_id {
                0 | XPT_PATH => inquire_path(argument, header.path_id)?,
                _ => return Err(Errno::INVAL),
            },
            _ => return Err(Errno::OPNOTSUPP),
        },
    };
    guest::put(argument, &header)
}

/// What a unit is asked.
fn at_unit(cx: &Context, descriptor: i32, argument: u64, header: &Header, unit: &Unit) -> Result<u32, Errno> {
    match header.func_code {
        XPT_SCSI_IO => execute(cx, descriptor, argument, header),
        XPT_NOOP | XPT_REL_SIMQ => Ok(CAM_REQ_CMP),
        XPT_PATH_INQ => inquire_path(argument, unit.bus),
        XPT_GDEV_TYPE => {
            let mut told = DeviceType { protocol: PROTO_SCSI, ..DeviceType::default() };
            let length = usize::from(unit.inquiry_length);
            told.inq_data[..length].copy_from_slice(&unit.inquiry[..length]);
            guest::put(body(argument), &told)?;
            Ok(CAM_REQ_CMP)
        }
        XPT_GDEVLIST => {
            let mut list: DeviceList = guest::get(body(argument))?;
            // The driver of the unit, and the one that passes commands through.
            let (driver, number, status) = match list.index {
                0 => (&b"cd"[..], unit.number, GDEVLIST_MORE),
                1 => (&b"pass"[..], unit.pass, GDEVLIST_LAST),
                _ => (&b""[..], 0, GDEVLIST_ERROR),
            };
            (list.periph_name, list.unit_number, list.status) = (name(driver), number, status);
            list.index = list.index.saturating_add(1);
            guest::put(body(argument), &list)?;
            Ok(if status == GDEVLIST_ERROR { CAM_REQ_CMP_ERR } else { CAM_REQ_CMP })
        }
        XPT_GET_TRAN_SETTINGS => {
            let mut settings: TransferSettings = guest::get(body(argument))?;
            (settings.protocol, settings.protocol_version) = (PROTO_SCSI, SPC3);
            (settings.transport, settings.transport_version) = (XPORT_SPI, 2);
            settings.specific = [0; 15];
            guest::put(body(argument), &settings)?;
            Ok(CAM_REQ_CMP)
        }
        _ => Ok(CAM_REQ_INVALID),
    }
}

// ccb_getdevlist_status_e
const GDEVLIST_LAST: u32 = 0;
const GDEVLIST_MORE: u32 = 2;
const GDEVLIST_ERROR: u32 = 3;

fn inquire_path(argument: u64, path: u32) -> Result<u32, Errno> {
    let driver = if path == XPT_PATH { &b"xpt"[..] } else { ADAPTER };
    let told = PathInquiry {
        version_num: 1,
        hba_misc: PIM_NOBUSRESET,
        max_target: if path == XPT_PATH { 0 } else { TARGETS },
        hpath_id: 0,
        initiator_id: TARGETS + 1,
        sim_vid: name(ADAPTER),
        hba_vid: name(ADAPTER),
        dev_name: name(driver),
        base_transfer_speed: if path == XPT_PATH { 0 } else { SPEED },
        protocol: PROTO_SCSI,
        protocol_version: SPC3,
        transport: XPORT_SPI,
        transport_version: 2,
        maxio: LARGEST,
        ..PathInquiry::default()
    };
    guest::put(body(argument), &told)?;
    Ok(CAM_REQ_CMP)
}

/// Which way data goes.
fn direction(flags: u32, buffer: Buffer) -> Result<Data, u32> {
    match flags & CAM_DIR_MASK {
        _ if buffer.length == 0 => Ok(Data::None),
        CAM_DIR_NONE => Ok(Data::None),
        // Addresses of memory, and lists, come from drivers alone.
        _ if flags & CAM_DATA_MASK != 0 => Err(CAM_REQ_INVALID),
        CAM_DIR_IN => Ok(Data::From(buffer)),
        CAM_DIR_OUT => Ok(Data::To(buffer)),
        _ => Err(CAM_REQ_INVALID),
    }
}

/// A SCSI command.
fn execute(cx: &Context, descriptor: i32, argument: u64, header: &Header) -> Result<u32, Errno> {
    let mut block: ScsiIo = guest::get(body(argument))?;
    let length = usize::from(block.cdb_len);
    if length == 0 || length > LONGEST {
        return Err(Errno::INVAL);
    }
    let mut cdb = block.cdb_io;
    if header.flags & CAM_CDB_POINTER != 0 {
        let [a, b, c, d, e, f, g, h, ..] = block.cdb_io;
        guest::read(u64::from_ne_bytes([a, b, c, d, e, f, g, h]), &mut cdb[..length])?;
    }
    let buffer = Buffer { at: block.data_ptr, count: 0, length: block.dxfer_len };
    let data = match direction(header.flags, buffer) {
        Ok(data) => data,
        Err(status) => return Ok(status),
    };
    let timeout = if header.timeout == CAM_TIME_INFINITY { 0 } else { header.timeout };
    let room = match header.flags & CAM_DIS_AUTOSENSE {
        0 => block.sense_len.min(SENSE as u8),
        _ => 0,
    };
    let outcome = scsi::execute(cx, descriptor, &cdb[..length], data, timeout, room)?;
    block.scsi_status = outcome.status;
    block.resid = outcome.residual;
    block.sense_resid = room;
    let status = match (outcome.failed, outcome.status) {
        (true, _) => CAM_REQ_CMP_ERR,
        (false, 0) => CAM_REQ_CMP,
        (false, _) if outcome.sense_length > 0 => {
            let told = usize::from(outcome.sense_length.min(room));
            block.sense_data[..told].copy_from_slice(&outcome.sense[..told]);
            block.sense_resid = room - told as u8;
            CAM_SCSI_STATUS_ERROR | CAM_AUTOSNS_VALID
        }
        (false, _) => CAM_SCSI_STATUS_ERROR,
    };
    guest::put(body(argument), &block)?;
    Ok(status)
}

/// Which node commands pass through to a unit, that a driver and a number name, or, where the node is a unit's, to that.
fn pass_through(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let mut header: Header = guest::get(argument)?;
    let mut list: DeviceList = guest::get(body(argument))?;
    let found = match scsi::address(cx, descriptor) {
        Ok(unit) => Some(unit),
        Err(Errno::NXIO) => {
            let mut found = None;
            scsi::units(cx, descriptor, |unit| {
                let wanted =
                    |driver: &[u8], number| list.periph_name == name(driver) && list.unit_number == number;
                if found.is_none() && (wanted(b"cd", unit.number) || wanted(b"pass", unit.pass)) {
                    found = Some(*unit);
                }
                Ok(())
            })?;
            found
        }
        Err(error) => return Err(error),
    };
    let Some(unit) = found else {
        (list.periph_name, list.unit_number, list.status) = ([0; 16], 0, GDEVLIST_ERROR);
        header.status = CAM_PATH_INVALID;
        guest::put(body(argument), &list)?;
        guest::put(argument, &header)?;
        return Err(Errno::NOENT);
    };
    (list.periph_name, list.unit_number, list.status) = (name(b"pass"), unit.pass, GDEVLIST_LAST);
    (header.path_id, header.target_id, header.target_lun) = (unit.bus, unit.target, unit.unit);
    header.status = CAM_REQ_CMP;
    guest::put(body(argument), &list)?;
    guest::put(argument, &header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn requests_have_the_codes_of_the_header() {
        assert_eq!((CAMIOCOMMAND, CAMGETPASSTHRU), (0xc4e0_1a02, 0xc4e0_1a03));
        assert_eq!(size_of::<Header>() + size_of::<DeviceType>(), BLOCK, "the longest of the union");
    }

    #[test]
    fn fields_lie_where_the_header_has_them() {
        assert_eq!(offset_of!(Header, func_code), 80);
        assert_eq!(offset_of!(Header, target_lun), 104);
        assert_eq!(offset_of!(Header, timeout), 176);
        assert_eq!(offset_of!(ScsiIo, sense_len), 480 - 200);
        assert_eq!(offset_of!(ScsiIo, cdb_io), 496 - 200);
        assert_eq!(offset_of!(ScsiIo, msg_len), 520 - 200);
        assert_eq!(offset_of!(PathInquiry, dev_name), 276 - 200);
        assert_eq!(offset_of!(PathInquiry, maxio), 448 - 200);
        assert_eq!(offset_of!(DeviceType, serial_num), 972 - 200);
    }

    #[test]
    fn data_goes_where_flags_say() {
        let buffer = Buffer { at: 1, count: 0, length: 8 };
        assert_eq!(direction(CAM_DIR_IN, buffer), Ok(Data::From(buffer)));
        assert_eq!(direction(CAM_DIR_OUT, buffer), Ok(Data::To(buffer)));
        assert_eq!(direction(CAM_DIR_NONE, buffer), Ok(Data::None));
        assert_eq!(direction(0, Buffer { length: 0, ..buffer }), Ok(Data::None));
        assert_eq!(direction(0, buffer), Err(CAM_REQ_INVALID), "both ways");
        assert_eq!(direction(CAM_DIR_IN | 0x4_0000, buffer), Err(CAM_REQ_INVALID), "a list");
    }
}
