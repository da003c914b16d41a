//! GET CONFIGURATION: profiles and features (MMC-6, 5 and 6.6).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::{Disc, Family, Kind, State};
use crate::scsi::sense::Sense;

const CD_ROM: u16 = 0x08;
const CD_R: u16 = 0x09;
const CD_RW: u16 = 0x0a;
const DVD_ROM: u16 = 0x10;
const DVD_R: u16 = 0x11;
const DVD_RW_RESTRICTED: u16 = 0x13;
const DVD_RW: u16 = 0x14;
const DVD_PLUS_RW: u16 = 0x1a;
const DVD_PLUS_R: u16 = 0x1b;
const DVD_PLUS_R_DL: u16 = 0x2b;
const BD_ROM: u16 = 0x40;
const BD_R: u16 = 0x41;
const BD_RE: u16 = 0x43;

/// All profiles, as they are listed: the highest first.
const PROFILES: [u16; 13] = [
    BD_RE,
    BD_R,
    BD_ROM,
    DVD_PLUS_R_DL,
    DVD_PLUS_R,
    DVD_PLUS_RW,
    DVD_RW,
    DVD_RW_RESTRICTED,
    DVD_R,
    DVD_ROM,
    CD_RW,
    CD_R,
    CD_ROM,
];

/// The profile that is current with a disc.
pub fn profile(disc: &Disc) -> u16 {
    match disc.kind {
        Kind::CdRom => CD_ROM,
        Kind::CdR => CD_R,
        Kind::CdRw => CD_RW,
        Kind::DvdRom => DVD_ROM,
        Kind::DvdR => DVD_R,
        Kind::DvdRw if disc.is_random() => DVD_RW_RESTRICTED,
        Kind::DvdRw => DVD_RW,
        Kind::DvdPlusR => DVD_PLUS_R,
        Kind::DvdPlusRDl => DVD_PLUS_R_DL,
        Kind::DvdPlusRw => DVD_PLUS_RW,
        Kind::BdRom => BD_ROM,
        Kind::BdR => BD_R,
        Kind::BdRe => BD_RE,
    }
}

/// A feature: number, version, whether it is there whatever is in the drive, whether it is current, its data.
struct Feature {
    code: u16,
    version: u8,
    persistent: bool,
    current: bool,
    data: Vec<u8>,
}

fn feature(code: u16, version: u8, current: bool, data: &[u8]) -> Feature {
    Feature { code, version, persistent: false, current, data: data.to_vec() }
}

fn always(code: u16, version: u8, data: &[u8]) -> Feature {
    Feature { code, version, persistent: true, current: true, data: data.to_vec() }
}

/// All features, in the order of their numbers.
fn features(recorder: &Recorder) -> Vec<Feature> {
    let disc = recorder.medium.as_ref().map(super::Medium::disc);
    let current = disc.map_or(0, profile);
    let is = |profiles: &[u16]| profiles.contains(&current);
    let family = disc.map(|disc| disc.kind.family());
    let (cd, dvd, bd) = (family == Some(Family::Cd), family == Some(Family::Dvd), family == Some(Family::Bd));
    let writable = disc.is_some_and(|disc| !disc.kind.is_pressed() && disc.state() != State::Complete);
    let group = disc.map_or(1, |disc| disc.kind.group() as u16);
    let mut list = Vec::new();
    for code in PROFILES {
        list.extend(code.to_be_bytes());
        list.extend([u8::from(code == current), 0]);
    }
    let readable = {
        let mut data = 2048_u32.to_be_bytes().to_vec();
        data.extend(group.to_be_bytes());
        data.extend([1, 0]);
        data
    };
    let random_writable = {
        let last = disc.map_or(0, |disc| disc.limit().saturating_sub(1));
        let mut data = last.to_be_bytes().to_vec();
        data.extend(2048_u32.to_be_bytes());
        data.extend(group.to_be_bytes());
        data.extend([1, 0]);
        data
    };
    let mut serial = recorder.identity.serial.clone().into_bytes();
    serial.resize(serial.len().next_multiple_of(4).max(4), b' ');
    // A DVD-RW that was blanked in the quick way takes a session as a whole only.
    let incremental = writable
        && is(&[CD_R, CD_RW, DVD_R, DVD_RW, DVD_PLUS_R, DVD_PLUS_R_DL, BD_R])
        && !disc.is_some_and(|disc| disc.minimal && disc.kind == Kind::DvdRw);
    vec![
        always(0x0000, 0, &list),
        // Core: ATAPI, with DBE.
        always(0x0001, 2, &[0, 0, 0, 2, 1, 0, 0, 0]),
        // Morphing.
        always(0x0002, 1, &[0x02, 0, 0, 0]),
        // Removable medium: tray, ejects, locks.
        always(0x0003, 1, &[0x29, 0, 0, 0]),
        feature(0x0010, 0, disc.is_some(), &readable),
        always(0x001d, 0, &[]),
        feature(0x001e, 2, cd, &[0x00, 0, 0, 0]),
        feature(0x001f, 1, dvd, &[0x01, 0, 0x01, 0]),
        feature(0x0020, 1, is(&[BD_RE, DVD_PLUS_RW]) && writable, &random_writable),
        feature(0x0021, 3, incremental, &[0x01, 0x01, 0x01, 7]),
        feature(
            0x0023,
            2,
            is(&[DVD_RW, DVD_RW_RESTRICTED, DVD_PLUS_RW, BD_R, BD_RE]),
            &[0x03, 0, 0, 0, 0, 0, 0, 0],
        ),
        feature(0x0026, 0, is(&[DVD_RW_RESTRICTED]), &[]),
        feature(0x002a, 0, is(&[DVD_PLUS_RW]), &[0x01, 0, 0, 0]),
        feature(0x002b, 0, is(&[DVD_PLUS_R, DVD_PLUS_R_DL]), &[0x01, 0, 0, 0]),
        // Rigid restricted overwrite.
        feature(0x002c, 0, is(&[DVD_RW_RESTRICTED]), &[0x0d, 0, 0, 0]),
        // Track at once: underrun protection, test runs, rewritable.
        feature(0x002d, 2, is(&[CD_R, CD_RW]) && writable, &[0x46, 0, 0x3f, 0x01]),
        // Session at once: underrun protection, test runs, multi-session, rewritable.
        feature(0x002e, 0, is(&[CD_R, CD_RW]) && writable, &[0x66, 0, 0, 96]),
        // DVD-R and -RW: underrun protection, test runs, rewritable.
        feature(0x002f, 2, is(&[DVD_R, DVD_RW]) && writable, &[0x46, 0, 0, 0]),
        feature(0x0037, 0, is(&[CD_RW]), &[0, 0, 0xff, 0]),
        feature(0x003b, 0, is(&[DVD_PLUS_R_DL]), &[0x01, 0, 0, 0]),
        feature(0x0040, 1, bd, &[0; 28]),
        feature(0x0041, 1, is(&[BD_R, BD_RE]), &[0; 20]),
        always(0x0100, 0, &[]),
        always(0x0105, 1, &[0, 0, 0, 0]),
        // Real-time streaming: SET STREAMING, mode page 2Ah, GET PERFORMANCE, READ BUFFER CAPACITY.
        always(0x0107, 4, &[0x1e, 0, 0, 0]),
        always(0x0108, 0, &serial),
    ]
}

/// GET CONFIGURATION.
pub fn get_configuration(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let start = cdb.half(2);
    let wanted: fn(&Feature, u16) -> bool = match cdb.byte(1) & 3 {
        0 => |feature, start| feature.code >= start,
        1 => |feature, start| feature.code >= start && feature.current,
        2 => |feature, start| feature.code == start,
        _ => return Err(Sense::INVALID_FIELD.in_command(1)),
    };
    let mut data = vec![0; 8];
    for feature in features(recorder).iter().filter(|feature| wanted(feature, start)) {
        data.extend(feature.code.to_be_bytes());
        data.push(feature.version << 2 | u8::from(feature.persistent) << 1 | u8::from(feature.current));
        data.push(feature.data.len() as u8);
        data.extend(&feature.data);
    }
    let length = (data.len() - 4) as u32;
    data[..4].copy_from_slice(&length.to_be_bytes());
    let current = recorder.medium.as_ref().map_or(0, |medium| profile(medium.disc()));
    data[6..8].copy_from_slice(&current.to_be_bytes());
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}
