//! READ TRACK INFORMATION (MMC-6, 6.27).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::disc::new_track;
use crate::scsi::medium::{Disc, Family, State, Track};
use crate::scsi::sense::Sense;

/// The track that is asked for; one that is not begun yet is made up.
fn find(disc: &Disc, cdb: &Cdb, way: &crate::scsi::medium::store::Way) -> Option<Track> {
    let invisible = || {
        let start = disc.next_start()?;
        let control = if disc.kind.family() == Family::Cd { way.control } else { 4 };
        let mut track =
            new_track(disc.tracks.len() as u16 + 1, disc.last_session(), start, way.form, control);
        track.packets = way.packets;
        Some(track)
    };
    let address = cdb.word(2);
    match cdb.byte(1) & 3 {
        0 => {
            let block = address as i32;
            let found = disc.track_at(block).cloned();
            found.or_else(|| invisible().filter(|track| block >= track.start))
        }
        1 if address == 0xff && disc.announced().is_some() => {
            disc.announced().and_then(|block| disc.track_at(block)).cloned()
        }
        1 if address == 0xff => disc.endless().cloned().or_else(invisible),
        1 => {
            let number = u16::try_from(address).ok()?;
            let found = disc.track(number).cloned();
            found.or_else(|| invisible().filter(|track| track.number == number))
        }
        2 => {
            let session = u16::try_from(address).ok()?;
            let found = disc.of_session(session).next().cloned();
            found.or_else(|| invisible().filter(|track| track.session == session))
        }
        _ => None,
    }
}

/// READ TRACK INFORMATION.
pub fn read_track_information(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let way = recorder.modes.way();
    let disc = recorder.loaded()?.writing();
    let track = find(disc, cdb, &way).ok_or(Sense::INVALID_FIELD.in_command(2))?;
    let random = disc.state() == State::Random;
    let cd = disc.kind.family() == Family::Cd;
    let announced = disc.announced().filter(|block| {
        let found = disc.track_at(*block);
        found.is_some_and(|found| found.number == track.number)
    });
    let next = if random { None } else { announced.or_else(|| disc.next_writable(&track)) };
    let begun = disc.track(track.number).is_some();
    let written = if begun { disc.written_end(&track) } else { track.start };
    let end = match (track.end, track.reserved) {
        (None, None) => disc.limit() as i32,
        _ => disc.track_end(&track),
    };
    let mut data = vec![0; 48];
    data[1] = 46;
    data[2] = track.number as u8;
    data[3] = track.session as u8;
    data[5] = track.control & 0x0f;
    let reserved = track.reserved.is_some() && !random;
    let blank = written == track.start && track.end.is_none();
    data[6] = u8::from(reserved) << 7 | u8::from(blank) << 6;
    // On other media than CD everything is written in packets.
    data[6] |= u8::from(track.packets || !cd && track.reserved.is_none()) << 5;
    data[6] |= track.form.mode().max(if track.form.is_data() { 1 } else { 0 });
    let last_known = begun && !random && written > track.start;
    data[7] = u8::from(next.is_some()) | u8::from(last_known) << 1;
    data[8..12].copy_from_slice(&track.start.to_be_bytes());
    data[12..16].copy_from_slice(&next.unwrap_or(0).to_be_bytes());
    let free = next.map_or(0, |next| end - next);
    data[16..20].copy_from_slice(&free.to_be_bytes());
    data[20..24].copy_from_slice(&if cd { 0 } else { disc.kind.group() }.to_be_bytes());
    data[24..28].copy_from_slice(&(end - track.start).to_be_bytes());
    if last_known {
        data[28..32].copy_from_slice(&(written - 1).to_be_bytes());
    }
    data[32] = (track.number >> 8) as u8;
    data[33] = (track.session >> 8) as u8;
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}
