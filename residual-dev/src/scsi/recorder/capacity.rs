//! READ CAPACITY (MMC-6, 6.26).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::{Disc, State};
use crate::scsi::sense::Sense;

/// Blocks up to the lead-out of the last session, closed or not.
pub fn blocks(disc: &Disc) -> u32 {
    match disc.state() {
        State::Random => disc.limit(),
        _ => disc.tracks.last().map_or(0, |track| disc.track_end(track).max(0) as u32),
    }
}

/// READ CAPACITY (10): the last block.
pub fn read_capacity(recorder: &mut Recorder, _: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let last = blocks(recorder.loaded()?.disc()).saturating_sub(1);
    let data = [last.to_be_bytes(), 2048_u32.to_be_bytes()].concat();
    transfer.reply(&data, data.len());
    Ok(())
}
