//! READ TOC/PMA/ATIP (MMC-6, 6.25).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::minutes;
use crate::scsi::medium::{Disc, Family, Kind, Track};
use crate::scsi::sense::Sense;

/// Number of the lead-out.
const LEAD_OUT: u8 = 0xaa;
/// Where the lead-in of a recordable CD begins, as its groove tells: 97:40:00.
const LEAD_IN: [u8; 3] = [97, 40, 0];

/// READ TOC/PMA/ATIP.
pub fn read_toc(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let disc = recorder.loaded()?.disc();
    let in_minutes = cdb.bit(1, 1);
    // ATAPI hosts put the format into the last byte (SFF-8020i).
    let format = if cdb.byte(2) & 0x0f != 0 { cdb.byte(2) & 0x0f } else { cdb.byte(9) >> 6 };
    let number = cdb.byte(6);
    let cd = disc.kind.family() == Family::Cd;
    let recordable = matches!(disc.kind, Kind::CdR | Kind::CdRw);
    let content = match format {
        0 => tracks(disc, number, in_minutes)?,
        1 => sessions(disc, in_minutes)?,
        2 if cd => full(disc, number)?,
        3 if recordable => program_memory(disc),
        4 if recordable => pregroove(disc),
        _ => return Err(Sense::INVALID_FIELD.in_command(2)),
    };
    let mut data = (content.len() as u16).to_be_bytes().to_vec();
    data.extend(content);
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}

fn address(block: i32, in_minutes: bool) -> [u8; 4] {
    if in_minutes {
        let [minute, second, frame] = minutes(block);
        [0, minute, second, frame]
    } else {
        block.to_be_bytes()
    }
}

/// Address form 1 and the track's control field.
fn control(track: &Track) -> u8 {
    0x10 | track.control
}

/// Tracks of closed sessions: what a table of contents tells.
fn closed(disc: &Disc) -> Result<Vec<&Track>, Sense> {
    let tracks: Vec<_> = disc.tracks.iter().filter(|track| track.session <= disc.sessions).collect();
    if tracks.is_empty() { Err(Sense::INVALID_FIELD.in_command(2)) } else { Ok(tracks) }
}

fn byte(number: u16) -> u8 {
    number.min(255) as u8
}

fn tracks(disc: &Disc, number: u8, in_minutes: bool) -> Result<Vec<u8>, Sense> {
    let tracks = closed(disc)?;
    let (first, last) = (tracks[0], tracks[tracks.len() - 1]);
    if number != LEAD_OUT && u16::from(number) > last.number {
        return Err(Sense::INVALID_FIELD.in_command(6));
    }
    let mut data = vec![byte(first.number), byte(last.number)];
    for track in tracks.iter().filter(|track| track.number >= number.into() && number != LEAD_OUT) {
        data.extend([0, control(track), byte(track.number), 0]);
        data.extend(address(track.start, in_minutes));
    }
    data.extend([0, control(last), LEAD_OUT, 0]);
    data.extend(address(disc.track_end(last), in_minutes));
    Ok(data)
}

fn sessions(disc: &Disc, in_minutes: bool) -> Result<Vec<u8>, Sense> {
    let tracks = closed(disc)?;
    let first = tracks.iter().find(|track| track.session == disc.sessions).unwrap_or(&tracks[0]);
    let mut data = vec![1, byte(disc.sessions), 0, control(first), byte(first.number), 0];
    data.extend(address(first.start, in_minutes));
    Ok(data)
}

/// An entry of the full table of contents.
fn entry(session: u16, control: u8, point: u8, at: [u8; 3], value: [u8; 3]) -> [u8; 11] {
    [byte(session), control, 0, point, at[0], at[1], at[2], 0, value[0], value[1], value[2]]
}

fn full(disc: &Disc, from: u8) -> Result<Vec<u8>, Sense> {
    closed(disc)?;
    let mut data = vec![1, byte(disc.sessions)];
    for session in (1..=disc.sessions).filter(|session| *session >= from.into()) {
        let tracks: Vec<&Track> = disc.of_session(session).collect();
        let [Some(first), Some(last)] = [tracks.first(), tracks.last()] else { continue };
        let xa = tracks.iter().any(|track| track.form.mode() == 2);
        let kind = if xa { 0x20 } else { 0 };
        let none = [0; 3];
        data.extend(entry(session, control(first), 0xa0, none, [byte(first.number), kind, 0]));
        data.extend(entry(session, control(last), 0xa1, none, [byte(last.number), 0, 0]));
        data.extend(entry(session, control(last), 0xa2, none, minutes(disc.lead_out(session))));
        for track in &tracks {
            data.extend(entry(session, control(track), byte(track.number), none, minutes(track.start)));
        }
        if !disc.finalized && session == disc.sessions || session < disc.sessions && !disc.kind.is_pressed() {
            let next = disc.lead_out(session) + disc.kind.session_gap(session) as i32 - 150;
            let at = minutes(next);
            data.extend(entry(session, 0x50, 0xb0, at, minutes(disc.capacity as i32)));
            if session == 1 {
                data.extend(entry(session, 0x50, 0xc0, none, LEAD_IN));
            }
        }
    }
    Ok(data)
}

/// Tracks as they stand in the program memory area, closed sessions or not.
fn program_memory(disc: &Disc) -> Vec<u8> {
    let mut data = vec![0, 0];
    for track in disc.tracks.iter().filter(|track| track.end.is_some() || track.reserved.is_some()) {
        let end = minutes(disc.track_end(track));
        data.extend(entry(0, control(track), byte(track.number), end, minutes(track.start)));
    }
    data
}

/// Absolute time in the groove: what the blank disc tells about itself.
fn pregroove(disc: &Disc) -> Vec<u8> {
    let rewritable = disc.kind == Kind::CdRw;
    let mut data = vec![0, 0, 0xd1, 0, if rewritable { 0xc4 } else { 0x80 }, 0];
    data.extend(LEAD_IN);
    data.push(0);
    data.extend(minutes(disc.capacity as i32));
    data.push(0);
    // Speeds of a CD-RW: 4x to 24x.
    data.extend(if rewritable { [0x26, 0xb2, 0x4a, 0] } else { [0; 4] });
    data.extend([0; 8]);
    data
}
