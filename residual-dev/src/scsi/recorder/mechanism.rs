//! Tray and readiness: TEST UNIT READY, START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, MECHANISM STATUS (MMC-6, 6.12,
//! 6.14, 6.42).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::sense::Sense;

/// TEST UNIT READY.
pub fn test_unit_ready(recorder: &mut Recorder, _: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let speed = recorder.writing_speed();
    recorder.pace.settled(speed)
}

/// REZERO UNIT.
pub fn rezero(_: &mut Recorder, _: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    Ok(())
}

/// START STOP UNIT. What was ejected lies in the tray until it is taken out of it or the tray is closed.
pub fn start_stop(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    if cdb.byte(4) >> 4 != 0 {
        // Power conditions: there is but one.
        return Ok(());
    }
    match (cdb.bit(4, 1), cdb.bit(4, 0)) {
        (true, false) => {
            let medium = recorder.eject()?;
            recorder.tray = medium.or(recorder.tray.take());
            Ok(())
        }
        (true, true) => {
            recorder.close();
            Ok(())
        }
        (false, _) => Ok(()),
    }
}

/// PREVENT ALLOW MEDIUM REMOVAL.
pub fn prevent(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    match cdb.byte(4) & 3 {
        0 => recorder.locked = false,
        1 => recorder.locked = true,
        // Persistent prevention: allowed again likewise.
        3 => recorder.locked = true,
        _ => recorder.locked = false,
    }
    Ok(())
}

/// MECHANISM STATUS: no changer.
pub fn mechanism_status(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let mut data = [0; 8];
    data[1] = u8::from(recorder.open) << 4;
    transfer.reply(&data, usize::from(cdb.half(8)));
    Ok(())
}
