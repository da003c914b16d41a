//! What CD drives and block devices are asked (linux/cdrom.h, linux/fs.h): each stands for a command or a few, as in
//! the host's own driver.

use schemas::Errno;

use crate::context::Context;
use crate::guest;
use crate::operation::scsi::{self, Buffer, Data};

// linux/cdrom.h
const CDROMREADTOCHDR: u32 = 0x5305;
const CDROMREADTOCENTRY: u32 = 0x5306;
const CDROMEJECT: u32 = 0x5309;
const CDROMMULTISESSION: u32 = 0x5310;
const CDROM_GET_MCN: u32 = 0x5311;
const CDROMCLOSETRAY: u32 = 0x5319;
const CDROMREADAUDIO: u32 = 0x530e;
const CDROM_SET_OPTIONS: u32 = 0x5320;
const CDROM_CLEAR_OPTIONS: u32 = 0x5321;
const CDROM_SELECT_SPEED: u32 = 0x5322;
const CDROM_MEDIA_CHANGED: u32 = 0x5325;
const CDROM_DRIVE_STATUS: u32 = 0x5326;
const CDROM_DISC_STATUS: u32 = 0x5327;
const CDROM_CHANGER_NSLOTS: u32 = 0x5328;
const CDROM_LOCKDOOR: u32 = 0x5329;
const CDROM_GET_CAPABILITY: u32 = 0x5331;
const CDROM_SEND_PACKET: u32 = 0x5393;
const CDROM_LAST_WRITTEN: u32 = 0x5395;
// linux/fs.h
const BLKROGET: u32 = 0x125e;
const BLKGETSIZE: u32 = 0x1260;
const BLKFLSBUF: u32 = 0x1261;
const BLKSECTGET: u32 = 0x1267;
const BLKSSZGET: u32 = 0x1268;
const BLKPBSZGET: u32 = 0x127b;
const BLKBSZGET: u32 = 0x8008_1270;
const BLKGETSIZE64: u32 = 0x8008_1272;

/// `CDROM_LBA`, `CDROM_MSF`.
const LBA: u8 = 1;
const MSF: u8 = 2;
/// `CDSL_CURRENT`.
const CURRENT: u64 = i32::MAX as u64;
// Drive and disc status.
const CDS_NO_INFO: u64 = 0;
const CDS_NO_DISC: u64 = 1;
const CDS_TRAY_OPEN: u64 = 2;
const CDS_DRIVE_NOT_READY: u64 = 3;
const CDS_DISC_OK: u64 = 4;
const CDS_AUDIO: u64 = 100;
const CDS_DATA_1: u64 = 101;
const CDS_XA_2_1: u64 = 104;
const CDS_MIXED: u64 = 105;
/// Capabilities: `CDC_CLOSE_TRAY`, `CDC_OPEN_TRAY`, `CDC_LOCK`, `CDC_SELECT_SPEED`, `CDC_MULTI_SESSION`, `CDC_MCN`,
/// `CDC_MEDIA_CHANGED`, `CDC_GENERIC_PACKET`, `CDC_CD_R`, `CDC_CD_RW`, `CDC_DVD`, `CDC_DVD_R`, `CDC_DRIVE_STATUS`.
const CAPABILITIES: u64 =
    0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x800;
/// Bytes of an audio frame, and how many are read at a time.
const FRAME: usize = 2352;
/// Most frames of `CDROMREADAUDIO` (`CD_FRAMES` of a second).
const FRAMES: i32 = 75;

crate::layout! {
    /// `struct cdrom_tocentry`.
    pub struct TocEntry: 12 {
        pub track: u8,
        pub adr_ctrl: u8,
        pub format: u8,
        pub pad: u8,
        pub addr: [u8; 4],
        pub datamode: u8,
        pub rest: [u8; 3],
    }

    /// `struct cdrom_multisession`.
    pub struct MultiSession: 8 {
        pub addr: [u8; 4],
        pub xa_flag: u8,
        pub addr_format: u8,
        pub pad: [u8; 2],
    }

    /// `struct cdrom_read_audio`.
    pub struct ReadAudio: 24 {
        pub addr: [u8; 4],
        pub addr_format: u8,
        pub pad: [u8; 3],
        pub nframes: i32,
        pub pad2: u32,
        pub buf: u64,
    }

    /// `struct cdrom_generic_command`.
    pub struct Generic: 64 {
        pub cmd: [u8; 12],
        pub pad: u32,
        pub buffer: u64,
        pub buflen: u32,
        pub stat: i32,
        pub sense: u64,
        pub data_direction: u8,
        pub pad2: [u8; 3],
        pub quiet: i32,
        pub timeout: i32,
        pub pad3: u32,
        pub unused: u64,
    }
}

/// Answers a request, if it is one of these.
///
/// # Errors
/// `ENOTTY` for what is no such device, `ENOMEDIUM`, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    let done = |result: Result<(), Errno>| result.map(|()| 0);
    let simple = |cdb: &[u8]| scsi::command(cx, descriptor, cdb, &mut []).map(|_| 0);
    Some(match request {
        CDROMREADTOCHDR => toc(cx, descriptor, 0, true, 0, &mut [0; 4])
            .and_then(|[_, _, first, last]| done(guest::put(argument, &[first, last]))),
        CDROMREADTOCENTRY => done(read_entry(cx, descriptor, argument)),
        CDROMMULTISESSION => done(read_sessions(cx, descriptor, argument)),
        CDROMEJECT => simple(&[0x1e, 0, 0, 0, 0, 0]).and_then(|_| simple(&[0x1b, 0, 0, 0, 2, 0])),
        CDROMCLOSETRAY => simple(&[0x1b, 0, 0, 0, 3, 0]),
        CDROM_LOCKDOOR => simple(&[0x1e, 0, 0, 0, u8::from(argument != 0), 0]),
        CDROM_SELECT_SPEED => {
            // Of a CD in kB/s: 177 for each time the speed of audio.
            let [high, low] = match u16::try_from(argument.saturating_mul(177)) {
                Ok(0) | Err(_) => [0xff, 0xff],
                Ok(speed) => speed.to_be_bytes(),
            };
            simple(&[0xbb, 0, high, low, 0xff, 0xff, 0, 0, 0, 0, 0, 0])
        }
        CDROM_DRIVE_STATUS if matches!(argument, CURRENT | 0) => drive_status(cx, descriptor),
        CDROM_DISC_STATUS => disc_status(cx, descriptor),
        CDROM_MEDIA_CHANGED => media_changed(cx, descriptor),
        CDROM_CHANGER_NSLOTS => scsi::address(cx, descriptor).map(|_| 1),
        CDROM_GET_CAPABILITY => scsi::address(cx, descriptor).map(|_| CAPABILITIES),
        // Options are of the host's driver: whether it locks and closes by itself, which this one never does.
        CDROM_SET_OPTIONS | CDROM_CLEAR_OPTIONS => scsi::address(cx, descriptor).map(|_| 0),
        CDROM_GET_MCN => done(read_catalog(cx, descriptor, argument)),
        CDROMREADAUDIO => done(read_audio(cx, descriptor, argument)),
        CDROM_SEND_PACKET => done(send_packet(cx, descriptor, argument)),
        CDROM_LAST_WRITTEN => {
            scsi::capacity(cx, descriptor).and_then(|blocks| done(guest::put(argument, &(blocks as i64 - 1))))
        }
        BLKGETSIZE64 => {
            scsi::capacity(cx, descriptor).and_then(|blocks| done(guest::put(argument, &(blocks * 2048))))
        }
        BLKGETSIZE => {
            scsi::capacity(cx, descriptor).and_then(|blocks| done(guest::put(argument, &(blocks * 4))))
        }
        BLKSSZGET | BLKPBSZGET => {
            scsi::address(cx, descriptor).and_then(|_| done(guest::put(argument, &2048i32)))
        }
        BLKBSZGET => scsi::address(cx, descriptor).and_then(|_| done(guest::put(argument, &2048u64))),
        BLKROGET => scsi::address(cx, descriptor).and_then(|_| done(guest::put(argument, &1i32))),
        BLKSECTGET => scsi::address(cx, descriptor).and_then(|_| done(guest::put(argument, &1024u16))),
        BLKFLSBUF => scsi::address(cx, descriptor).map(|_| 0),
        _ => return None,
    })
}

/// READ TOC/PMA/ATIP.
fn toc<const N: usize>(
    cx: &Context,
    descriptor: i32,
    format: u8,
    blocks: bool,
    number: u8,
    data: &mut [u8; N],
) -> Result<[u8; N], Errno> {
    let [high, low] = (N as u16).to_be_bytes();
    let cdb = [0x43, if blocks { 0 } else { 2 }, format, 0, 0, 0, number, high, low, 0];
    let got = scsi::command(cx, descriptor, &cdb, data)?;
    if got < N { Err(Errno::IO) } else { Ok(*data) }
}

/// An address as these structures have it: a number of the host's, or minute, second, frame.
fn address(bytes: [u8; 4], blocks: bool) -> [u8; 4] {
    let [a, b, c, d] = bytes;
    if blocks { u32::from_be_bytes(bytes).to_le_bytes() } else { [b, c, d, a] }
}

fn format(of: u8) -> Result<bool, Errno> {
    match of {
        LBA => Ok(true),
        MSF => Ok(false),
        _ => Err(Errno::INVAL),
    }
}

fn read_entry(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let mut entry: TocEntry = guest::get(argument)?;
    let blocks = format(entry.format)?;
    let data = toc(cx, descriptor, 0, blocks, entry.track, &mut [0; 12])?;
    // Address form in the low half here.
    entry.adr_ctrl = data[5].rotate_left(4);
    entry.addr = address([data[8], data[9], data[10], data[11]], blocks);
    entry.datamode = if data[5] & 4 != 0 { 1 } else { 0 };
    guest::put(argument, &entry)
}

fn read_sessions(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let mut sessions: MultiSession = guest::get(argument)?;
    let blocks = format(sessions.addr_format)?;
    let data = toc(cx, descriptor, 1, blocks, 0, &mut [0; 12])?;
    // One session is none: the disc is read from its beginning.
    sessions.xa_flag = u8::from(data[3] > 1);
    sessions.addr = address([data[8], data[9], data[10], data[11]], blocks);
    guest::put(argument, &sessions)
}

fn drive_status(cx: &Context, descriptor: i32) -> Result<u64, Errno> {
    for _ in 0..2 {
        let outcome = scsi::execute(cx, descriptor, &[0; 6], Data::None, 0, 32)?;
        return Ok(match (outcome.status, outcome.key()) {
            _ if outcome.failed => CDS_NO_INFO,
            (0, _) => CDS_DISC_OK,
            (_, (6, _, _)) => continue,
            (_, (_, 0x3a, 2)) => CDS_TRAY_OPEN,
            (_, (_, 0x3a, _)) => CDS_NO_DISC,
            _ => CDS_DRIVE_NOT_READY,
        });
    }
    Ok(CDS_DISC_OK)
}

fn media_changed(cx: &Context, descriptor: i32) -> Result<u64, Errno> {
    let mut data = [0; 8];
    scsi::command(cx, descriptor, &[0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], &mut data)?;
    Ok(u64::from(data[4] & 0x0f == 2))
}

fn disc_status(cx: &Context, descriptor: i32) -> Result<u64, Errno> {
    match drive_status(cx, descriptor)? {
        CDS_DISC_OK => {}
        status => return Ok(status),
    }
    let Ok([_, _, first, last]) = toc(cx, descriptor, 0, true, 0, &mut [0; 4]) else {
        return Ok(CDS_NO_INFO);
    };
    let (mut audio, mut data, mut xa) = (false, false, false);
    for track in first..=last {
        let entry = toc(cx, descriptor, 0, true, track, &mut [0; 12])?;
        if entry[5] & 4 == 0 {
            audio = true;
            continue;
        }
        data = true;
        let mut information = [0; 36];
        let cdb = [0x52, 1, 0, 0, 0, track, 0, 0, 36, 0];
        scsi::command(cx, descriptor, &cdb, &mut information)?;
        xa |= information[6] & 0x0f == 2;
    }
    Ok(match (audio, data, xa) {
        (true, false, _) => CDS_AUDIO,
        (true, true, _) => CDS_MIXED,
        (false, true, true) => CDS_XA_2_1,
        (false, true, false) => CDS_DATA_1,
        (false, false, _) => CDS_NO_INFO,
    })
}

fn read_catalog(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let mut data = [0; 24];
    scsi::command(cx, descriptor, &[0x42, 0, 0x40, 2, 0, 0, 0, 0, 24, 0], &mut data)?;
    let mut number = [0u8; 14];
    if data[8] & 0x80 != 0 {
        number[..13].copy_from_slice(&data[9..22]);
    }
    guest::put(argument, &number)
}

fn read_audio(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let asked: ReadAudio = guest::get(argument)?;
    let block = match format(asked.addr_format)? {
        true => i32::from_le_bytes(asked.addr),
        false => {
            let [minute, second, frame, _] = asked.addr.map(i32::from);
            (minute * 60 + second) * 75 + frame - 150
        }
    };
    if block < 0 || !(1..=FRAMES).contains(&asked.nframes) {
        return Err(Errno::INVAL);
    }
    let [a, b, c, d] = block.to_be_bytes();
    let cdb = [0xbe, 0x04, a, b, c, d, 0, 0, asked.nframes as u8, 0xf8, 0, 0];
    let buffer = Buffer { at: asked.buf, count: 0, length: asked.nframes as u32 * FRAME as u32 };
    scsi::verdict(&scsi::execute(cx, descriptor, &cdb, Data::From(buffer), 0, 32)?)
}

/// A command as the uniform driver takes it: sense data is written where the guest wants it.
fn send_packet(cx: &Context, descriptor: i32, argument: u64) -> Result<(), Errno> {
    let packet: Generic = guest::get(argument)?;
    let buffer = Buffer { at: packet.buffer, count: 0, length: packet.buflen };
    // CGC_DATA_WRITE, CGC_DATA_READ, CGC_DATA_NONE
    let data = match packet.data_direction {
        _ if packet.buflen == 0 => Data::None,
        1 => Data::To(buffer),
        2 => Data::From(buffer),
        3 => Data::None,
        _ => return Err(Errno::INVAL),
    };
    let outcome = scsi::execute(cx, descriptor, &packet.cmd, data, packet.timeout.max(0) as u32, 18)?;
    if packet.sense != 0 && outcome.sense_length > 0 {
        guest::write(packet.sense, &outcome.sense[..usize::from(outcome.sense_length.min(18))])?;
    }
    scsi::verdict(&outcome)
}
