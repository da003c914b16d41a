//! SEND CUE SHEET: what a session that is written at once will consist of (MMC-6, 6.36).

use super::{Recorder, mode};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::block_at;
use crate::scsi::medium::{Disc, Extent, Form, Kind};
use crate::scsi::sense::Sense;

const LEAD_OUT: u8 = 0xaa;
/// Bytes of an entry.
const ENTRY: usize = 8;

/// Kind and size of the blocks of a data form, and whether the host sends them.
fn data_form(code: u8) -> Option<(Form, u16, bool)> {
    Some(match code {
        0x00 => (Form::Audio, 2352, true),
        0x01 => (Form::Audio, 2352, false),
        0x10 => (Form::Mode1, 2048, true),
        0x11 => (Form::Mode1, 2352, true),
        0x12 => (Form::Mode1, 2048, false),
        0x13 => (Form::Mode1, 2352, false),
        0x14 => (Form::Mode1, 2048, false),
        0x20 => (Form::Xa, 2336, true),
        0x21 => (Form::Xa, 2352, true),
        0x22 | 0x24 => (Form::Xa, 2336, false),
        0x23 => (Form::Xa, 2352, false),
        0x30 => (Form::Mode2, 2336, true),
        0x31 => (Form::Mode2, 2352, true),
        0x32 | 0x34 => (Form::Mode2, 2336, false),
        0x33 => (Form::Mode2, 2352, false),
        _ => return None,
    })
}

/// Where something begins.
struct Point {
    at: u16,
    control: u8,
    track: u8,
    index: u8,
    form: u8,
    block: i32,
}

/// SEND CUE SHEET.
pub fn send_cue_sheet(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let list = transfer.parameters(cdb.three(6) as usize)?;
    if recorder.modes.write_type() != mode::SESSION {
        return Err(Sense::SEQUENCE);
    }
    let simulate = recorder.modes.is_test();
    let more = recorder.modes.allows_sessions();
    let medium = recorder.loaded_mut()?;
    if !matches!(medium.disc().kind, Kind::CdR | Kind::CdRw) {
        return Err(Sense::INCOMPATIBLE);
    }
    if list.len() % ENTRY != 0 || list.len() < 3 * ENTRY {
        return Err(Sense::LIST_LENGTH);
    }
    medium.change(simulate, |disc| announce(disc, &list))?;
    recorder.more_sessions = more;
    Ok(())
}

/// Adds the tracks of a cue sheet, with nothing in them yet.
fn announce(disc: &mut Disc, list: &[u8]) -> Result<(), Sense> {
    let start = disc.next_start().ok_or(Sense::CANNOT_WRITE)?;
    let session = disc.last_session();
    if disc.of_session(session).next().is_some() {
        // A session is announced before anything is in it.
        return Err(Sense::SEQUENCE);
    }
    let (mut catalog, mut codes) = (String::new(), Vec::<(u8, String)>::new());
    let mut points = Vec::new();
    for (entry, at) in list.chunks_exact(ENTRY).zip((0..).step_by(ENTRY)) {
        match entry[0] & 0x0f {
            1 => points.push(Point {
                at,
                control: entry[0] >> 4,
                track: entry[1],
                index: entry[2],
                form: entry[3] & 0x3f,
                block: block_at(entry[5], entry[6], entry[7]),
            }),
            // Both in two entries: the catalogue number 7 characters each, recording codes 6.
            2 => catalog.extend(characters(&entry[1..])),
            3 => match codes.last_mut() {
                Some((track, code)) if *track == entry[1] => code.extend(characters(&entry[2..])),
                _ => codes.push((entry[1], characters(&entry[2..]).collect())),
            },
            _ => return Err(Sense::INVALID_PARAMETER.in_parameters(at)),
        }
    }
    let points: Vec<Point> = points.into_iter().filter(|point| point.track != 0).collect();
    let [first, .., last] = points.as_slice() else { return Err(Sense::LIST_LENGTH) };
    if last.track != LEAD_OUT {
        return Err(Sense::INVALID_PARAMETER.in_parameters(last.at));
    }
    // The first pregap lies before where the first track of a session can begin.
    if first.block != start - 150 && first.block != start {
        return Err(Sense::INVALID_PARAMETER.in_parameters(first.at + 5));
    }
    if last.block > disc.capacity as i32 {
        return Err(Sense::OUT_OF_RANGE);
    }
    for pair in points.windows(2) {
        let [point, next] = pair else { continue };
        if next.block <= point.block && !(next.block == point.block && point.index == 0) {
            return Err(Sense::INVALID_PARAMETER.in_parameters(next.at + 5));
        }
        place(disc, point, next.block, start)?;
    }
    if disc.of_session(session).any(|track| track.reserved.is_none()) {
        return Err(Sense::INVALID_PARAMETER);
    }
    disc.whole = true;
    if catalog.len() == 13 {
        disc.catalog = Some(catalog);
    }
    for (number, code) in codes {
        let track = disc.tracks.iter_mut().find(|track| track.number == u16::from(number));
        if let Some(track) = track.filter(|_| code.len() == 12) {
            track.isrc = Some(code);
        }
    }
    Ok(())
}

/// Adds what is from a point to the next.
fn place(disc: &mut Disc, point: &Point, end: i32, start: i32) -> Result<(), Sense> {
    let (form, stored, sent) =
        data_form(point.form).ok_or(Sense::INVALID_PARAMETER.in_parameters(point.at + 3))?;
    let number = disc.tracks.len() as u16;
    let blocks = (end - point.block) as u32;
    match point.index {
        0 => {
            let track = disc.add(point.block, form, point.control)?;
            track.pregap = 0;
        }
        1 if number > 0
            && u16::from(point.track) == disc.tracks[disc.tracks.len() - 1].number
            && disc.tracks[disc.tracks.len() - 1].reserved.is_none() =>
        {
            let track = disc.tracks.last_mut().ok_or(Sense::SEQUENCE)?;
            track.pregap = (point.block - track.start) as u32;
            track.start = point.block;
            (track.form, track.control) = (form, point.control);
            (track.reserved, track.end) = (Some(blocks), Some(end));
        }
        1 => {
            let track = disc.add(point.block, form, point.control)?;
            track.pregap = 0;
            (track.reserved, track.end) = (Some(blocks), Some(end));
        }
        _ => {
            let track = disc.tracks.last_mut().ok_or(Sense::SEQUENCE)?;
            track.indexes.push(point.block);
            let reserved = track.reserved.ok_or(Sense::SEQUENCE)?;
            (track.reserved, track.end) = (Some(reserved + blocks), Some(end));
        }
    }
    if disc.tracks.last().is_some_and(|track| track.number != u16::from(point.track)) {
        return Err(Sense::INVALID_PARAMETER.in_parameters(point.at + 1));
    }
    // Two seconds before the first track are nobody's to read: what is sent for them is not kept.
    let hidden = (start - point.block).clamp(0, blocks as i32) as u32;
    add(disc, point.block, hidden, form, stored, true, sent);
    add(disc, point.block + hidden as i32, blocks - hidden, form, stored, !sent, sent);
    Ok(())
}

fn add(disc: &mut Disc, start: i32, blocks: u32, form: Form, stored: u16, silent: bool, sent: bool) {
    if blocks == 0 {
        return;
    }
    let offset = disc
        .extents
        .iter()
        .filter(|extent| !extent.silent)
        .map(|extent| {
            let blocks = extent.planned.unwrap_or(extent.blocks);
            extent.offset + u64::from(blocks) * u64::from(extent.stored)
        })
        .max()
        .unwrap_or(0);
    let written = if sent { 0 } else { blocks };
    disc.extents.push(Extent { start, blocks: written, planned: Some(blocks), stored, form, offset, silent });
}

/// What of a code is one.
fn characters(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    bytes.iter().map(|byte| char::from(*byte)).filter(char::is_ascii_alphanumeric)
}
