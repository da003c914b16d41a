//! READ DISC INFORMATION (MMC-6, 6.21).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::minutes;
use crate::scsi::medium::{Family, Form, State};
use crate::scsi::sense::Sense;

/// READ DISC INFORMATION: the standard form, and what pseudo-overwrite and tracks can be had.
pub fn read_disc_information(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let disc = recorder.loaded()?.disc();
    let allocation = usize::from(cdb.half(7));
    if cdb.byte(1) & 7 == 1 {
        let most = disc.kind.most_tracks();
        let mut data = vec![0, 10, 0x20, 0];
        for number in [most, disc.tracks.len() as u16, most, most.saturating_sub(disc.tracks.len() as u16)] {
            data.extend(number.to_be_bytes());
        }
        transfer.reply(&data, allocation);
        return Ok(());
    }
    if cdb.byte(1) & 7 != 0 {
        return Err(Sense::INVALID_FIELD.in_command(1));
    }
    let cd = disc.kind.family() == Family::Cd;
    let state = disc.state();
    let last = disc.last_session();
    let open = disc.of_session(last).count();
    let status = match state {
        State::Blank => 0,
        State::Appendable => 1,
        State::Complete | State::Random => 2,
    };
    let session = match state {
        State::Complete | State::Random => 3,
        _ if open == 0 => 0,
        _ => 1,
    };
    let known = disc.tracks.len() as u16;
    // The track that is not begun yet counts.
    let begins = disc.next_start().is_some();
    let last_track = known + u16::from(begins || known == 0);
    let first_of_last = disc.of_session(last).next().map_or(last_track, |track| track.number);
    let mut data = vec![0; 34];
    data[1] = 32;
    data[2] = u8::from(disc.kind.is_erasable()) << 4 | session << 2 | status;
    data[3] = 1;
    data[4] = last as u8;
    data[5] = first_of_last as u8;
    data[6] = last_track as u8;
    // The disc has an identification, and may be used without restriction.
    data[7] = 0x20 | if cd { 0x80 } else { 0 };
    if !cd && disc.is_random() && disc.formatted.is_some() {
        // Formatting in the background is complete.
        data[7] |= 3;
    }
    data[8] = match state {
        State::Blank => 0xff,
        _ if disc.tracks.iter().any(|track| track.form == Form::Xa) => 0x20,
        _ => 0,
    };
    [data[9], data[10], data[11]] = [last, first_of_last, last_track].map(|number| (number >> 8) as u8);
    if cd {
        data[12..16].copy_from_slice(&disc.identifier.to_be_bytes());
    }
    if state == State::Complete || state == State::Random {
        data[16..24].fill(0xff);
    } else if cd {
        // Where the lead-in of the next session begins, and where its lead-out can be at most.
        let next = match disc.sessions {
            0 => [97, 40, 0],
            sessions => {
                let gap = disc.kind.session_gap(sessions) as i32 - 4500 - 150;
                minutes(disc.lead_out(sessions) + gap)
            }
        };
        data[17..20].copy_from_slice(&next);
        data[21..24].copy_from_slice(&minutes(disc.capacity as i32));
    } else {
        data[20..24].copy_from_slice(&disc.capacity.to_be_bytes());
    }
    transfer.reply(&data, allocation);
    Ok(())
}
