//! FORMAT UNIT and READ FORMAT CAPACITIES (MMC-6, 6.5 and 6.24).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer, be32};
use crate::scsi::medium::disc::new_track;
use crate::scsi::medium::{Disc, Extent, Form, Kind};
use crate::scsi::sense::Sense;

/// Blocks that a BD sets aside by default to replace bad ones (MMC-6, 6.24.3.3).
const SPARE: u32 = 393_216;

/// Formats of a kind: type, blocks, type dependent parameter.
fn formats(disc: &Disc) -> Vec<(u8, u32, u32)> {
    let all = disc.capacity;
    match disc.kind {
        Kind::DvdRw => vec![(0x00, all, 16), (0x10, all, 16), (0x13, all, 16), (0x15, all, 16)],
        Kind::DvdPlusRw => vec![(0x00, all, 2048), (0x26, all, 0)],
        Kind::BdR => vec![(0x00, all - SPARE, 0), (0x32, all - SPARE, 0x2000)],
        Kind::BdRe => vec![(0x00, all - SPARE, 0), (0x30, all - SPARE, 0x2000), (0x31, all, 0)],
        _ => Vec::new(),
    }
}

/// READ FORMAT CAPACITIES.
pub fn read_format_capacities(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let mut data = vec![0; 4];
    match recorder.medium.as_ref().map(super::Medium::disc) {
        // No medium, and the most that any could have.
        None => data.extend([0, 0xba, 0x74, 0, 3, 0, 8, 0]),
        Some(disc) => {
            let unformatted = disc.kind.is_erasable() && disc.formatted.is_none() && disc.tracks.is_empty();
            let (blocks, kind) = if unformatted || disc.tracks.is_empty() && disc.formatted.is_none() {
                (disc.capacity, 1)
            } else {
                (disc.limit(), 2)
            };
            data.extend(blocks.to_be_bytes());
            data.extend([kind, 0, 8, 0]);
            for (format, blocks, parameter) in formats(disc) {
                data.extend(blocks.to_be_bytes());
                data.push(format << 2);
                data.extend(&parameter.to_be_bytes()[1..]);
            }
        }
    }
    data[3] = (data.len() - 4) as u8;
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}

/// FORMAT UNIT with one format descriptor. It is complete at once; what was on the medium is gone, but for a DVD+RW or
/// BD-RE that is formatted again as it was.
pub fn format_unit(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    if cdb.byte(1) & 0x1f != 0x11 {
        return Err(Sense::INVALID_FIELD.in_command(1));
    }
    let list = transfer.parameters(12)?;
    if list[2..4] != [0, 8] {
        return Err(Sense::INVALID_PARAMETER.in_parameters(2));
    }
    let (wanted, format) = (be32(&list[4..]), list[8] >> 2);
    let medium = recorder.loaded_mut()?;
    let disc = medium.disc();
    let formats = formats(disc);
    let known = formats.iter().find(|row| row.0 == format);
    let most = known.map(|row| row.1).ok_or(if formats.is_empty() {
        Sense::CANNOT_FORMAT
    } else {
        Sense::INVALID_PARAMETER.in_parameters(8)
    })?;
    if wanted > disc.capacity && wanted != u32::MAX {
        return Err(Sense::INVALID_PARAMETER.in_parameters(4));
    }
    let group = disc.kind.group();
    // Zero and all ones are the most there is.
    let blocks = if wanted == 0 { most } else { wanted.min(most) } / group * group;
    if blocks == 0 {
        return Err(Sense::INVALID_PARAMETER.in_parameters(4));
    }
    if disc.kind == Kind::BdR {
        if !disc.tracks.is_empty() {
            return Err(Sense::CANNOT_FORMAT);
        }
        // It stays sequential; some of it is set aside.
        return medium.change(false, |disc| {
            disc.formatted = Some(blocks);
            Ok(())
        });
    }
    if disc.formatted == Some(blocks) && disc.kind.is_random() {
        return Ok(());
    }
    medium.erase(formatted(disc.kind, disc.identifier, blocks))?;
    medium.export().map_err(|_| Sense::WRITE_ERROR)
}

/// A disc of which any block can be written.
fn formatted(kind: Kind, identifier: u32, blocks: u32) -> Disc {
    let mut disc = Disc::blank(kind, identifier);
    let form = Form::Mode1;
    disc.formatted = Some(blocks);
    disc.sessions = 1;
    disc.extents.push(Extent {
        start: 0,
        blocks,
        planned: Some(blocks),
        stored: 2048,
        form,
        offset: 0,
        silent: false,
    });
    let mut track = new_track(1, 1, 0, form, 4);
    track.reserved = Some(blocks);
    track.end = Some(blocks as i32);
    disc.tracks.push(track);
    disc
}
