//! BLANK (MMC-6, 6.2). Single tracks are not blanked.

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::{Disc, Kind};
use crate::scsi::sense::Sense;

/// BLANK: the disc, the disc in the quick way, or the last session.
pub fn blank(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let medium = recorder.loaded_mut()?;
    let disc = medium.disc();
    if !matches!(disc.kind, Kind::CdRw | Kind::DvdRw) {
        return Err(Sense::INCOMPATIBLE);
    }
    match cdb.byte(1) & 7 {
        kind @ (0 | 1) => {
            let mut fresh = Disc::blank(disc.kind, disc.identifier);
            fresh.minimal = kind == 1 && disc.kind == Kind::DvdRw;
            medium.erase(fresh)
        }
        // Unclose the last session: tracks may be added to it again.
        5 if disc.kind == Kind::CdRw && disc.sessions > 0 => medium.change(false, |disc| {
            disc.sessions -= 1;
            disc.finalized = false;
            Ok(())
        }),
        // Erase the last session.
        6 if disc.sessions > 0 => medium.change(false, |disc| {
            let session = disc.sessions;
            let from = disc.of_session(session).next().map(|track| track.start - track.pregap as i32);
            if let Some(from) = from {
                disc.extents.retain(|extent| extent.start < from);
            }
            disc.tracks.retain(|track| track.session < session);
            disc.sessions -= 1;
            disc.finalized = false;
            Ok(())
        }),
        _ => Err(Sense::INVALID_FIELD.in_command(1)),
    }
}
