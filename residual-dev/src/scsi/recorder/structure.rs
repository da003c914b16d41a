//! READ DISC STRUCTURE (MMC-6, 6.22).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::{Disc, Family, Kind};
use crate::scsi::sense::Sense;

/// First physical sector of the data area of a DVD.
const FIRST_SECTOR: u32 = 0x03_0000;

/// Physical format information of a DVD (ECMA-267, 16.2; books of MMC-6, table 401).
fn physical(disc: &Disc) -> Vec<u8> {
    let (book, layers) = match disc.kind {
        Kind::DvdR => (0x25, 1),
        Kind::DvdRw => (0x32, 1),
        Kind::DvdPlusRw => (0x92, 1),
        Kind::DvdPlusR => (0xa1, 1),
        Kind::DvdPlusRDl => (0xe1, 2),
        _ => (0x01, 1),
    };
    let written = disc.tracks.last().map_or(0, |track| disc.track_end(track) as u32);
    let end = if disc.tracks.is_empty() { disc.capacity } else { written };
    let mut data = vec![0; 2048];
    // 120 mm; the maximum rate is not told.
    data[0] = book;
    data[1] = 0x0f;
    data[2] = (layers - 1) << 5 | if disc.kind.is_pressed() { 1 } else { 2 };
    data[5..8].copy_from_slice(&FIRST_SECTOR.to_be_bytes()[1..]);
    data[9..12].copy_from_slice(&(FIRST_SECTOR + end.max(1) - 1).to_be_bytes()[1..]);
    data
}

/// Disc information of a BD (MMC-6, 6.22.3.1.1): one unit that says what the disc is.
fn blu_ray(disc: &Disc) -> Vec<u8> {
    let mut data = vec![0; 4096];
    data[..4].copy_from_slice(b"DI\x01\x00");
    data[4..8].copy_from_slice(&[0x0a, 0, 0, 98]);
    let name: &[u8] = match disc.kind {
        Kind::BdRom => b"BDO",
        Kind::BdR => b"BDR",
        _ => b"BDW",
    };
    data[8..11].copy_from_slice(name);
    data[11] = 0x20;
    data[100..112].copy_from_slice(b"MAPPERBD0001");
    data
}

/// READ DISC STRUCTURE.
pub fn read_disc_structure(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let disc = recorder.loaded()?.disc();
    let format = cdb.byte(7);
    let content = match (disc.kind.family(), format) {
        (Family::Cd, _) => return Err(Sense::INCOMPATIBLE),
        (Family::Dvd, 0x00) => physical(disc),
        // No copy protection; the burst cutting area and manufacturing information are empty.
        (Family::Dvd, 0x01) => vec![0; 4],
        (Family::Dvd, 0x04) => vec![0; 2048],
        (Family::Bd, 0x00) => blu_ray(disc),
        (_, 0xff) => {
            let known: &[(u8, u16)] = match disc.kind.family() {
                Family::Bd => &[(0x00, 4100)],
                _ => &[(0x00, 2052), (0x01, 8), (0x04, 2052)],
            };
            let row = |(format, length): &(u8, u16)| [&[*format, 0x40], &length.to_be_bytes()[..]].concat();
            known.iter().flat_map(row).collect()
        }
        _ => return Err(Sense::INVALID_FIELD.in_command(7)),
    };
    let mut data = ((content.len() + 2) as u16).to_be_bytes().to_vec();
    data.extend([0, 0]);
    data.extend(content);
    transfer.reply(&data, usize::from(cdb.half(8)));
    Ok(())
}
