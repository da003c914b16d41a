//! CLOSE TRACK SESSION, RESERVE TRACK, REPAIR TRACK (MMC-6, 6.3, 6.33, 6.31).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::{Family, Kind, State};
use crate::scsi::sense::Sense;

/// CLOSE TRACK SESSION.
pub fn close(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let simulate = recorder.modes.is_test();
    let allows_sessions = recorder.modes.allows_sessions();
    let medium = recorder.loaded_mut()?;
    let disc = medium.writing();
    let kind = disc.kind;
    if kind.is_pressed() {
        return Err(Sense::WRITE_PROTECTED);
    }
    if disc.state() == State::Random {
        // Nothing is open: formats are complete at once.
        return Ok(());
    }
    let simulate = simulate && !matches!(kind, Kind::DvdPlusR | Kind::DvdPlusRDl | Kind::BdR);
    let number = cdb.half(4);
    match cdb.byte(2) & 7 {
        0 => Ok(()),
        1 => {
            medium.flush(false)?;
            let disc = medium.writing();
            let number = if number == 0xff || disc.track(number).is_none() {
                disc.endless().map_or(number, |track| track.number)
            } else {
                number
            };
            medium.change(simulate, |disc| disc.close_track(number))
        }
        2 => {
            medium.flush(!allows_sessions)?;
            // On DVD+R and BD-R a session can always follow; elsewhere the write parameters say whether.
            let last = match kind.family() {
                Family::Cd => !allows_sessions,
                _ => matches!(kind, Kind::DvdR | Kind::DvdRw) && !allows_sessions,
            };
            if medium.writing().state() == State::Complete {
                return Ok(());
            }
            if medium.writing().of_session(medium.writing().last_session()).next().is_none()
                && medium.writing().sessions > 0
            {
                // What was announced as a whole is closed already.
                return medium.change(simulate, |disc| {
                    disc.finalized |= last;
                    Ok(())
                });
            }
            medium.close_session(last, simulate)
        }
        3 | 5 | 6 if kind.family() != Family::Cd => {
            medium.flush(true)?;
            medium.close_session(true, simulate)
        }
        _ => Err(Sense::INVALID_FIELD.in_command(2)),
    }
}

/// RESERVE TRACK.
pub fn reserve_track(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let way = recorder.way()?;
    let medium = recorder.loaded_mut()?;
    let disc = medium.writing();
    if disc.kind.is_pressed() || disc.state() == State::Random || disc.kind.is_random() {
        return Err(Sense::INCOMPATIBLE);
    }
    if cdb.bit(1, 0) && disc.kind.family() != Family::Cd {
        return Err(Sense::INVALID_FIELD.in_command(1));
    }
    let blocks = cdb.word(5);
    medium.change(way.simulate, |disc| disc.reserve(blocks, way.form, way.control))
}

/// REPAIR TRACK: what was interrupted was repaired when the disc came.
pub fn repair_track(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let disc = recorder.loaded()?.disc();
    disc.track(cdb.half(4)).map(drop).ok_or(Sense::INVALID_FIELD.in_command(4))
}
