//! READ, VERIFY, SEEK (MMC-6, 6.22, 6.46; SBC-3).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::BLOCK;
use crate::scsi::sense::Sense;

/// First block and number of blocks of a command of ten or twelve bytes.
pub fn range(cdb: &Cdb) -> Result<(i32, u32), Sense> {
    let count = if cdb.operation() >= 0xa0 { cdb.word(6) } else { u32::from(cdb.half(7)) };
    Ok((cdb.word(2) as i32, count))
}

/// READ (10) and READ (12).
pub fn read(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let (block, count) = range(cdb)?;
    let medium = recorder.loaded()?;
    if block < 0 || i64::from(block) + i64::from(count) > i64::from(medium.disc().capacity) {
        return Err(Sense::OUT_OF_RANGE.at_block(block));
    }
    let room = transfer.room();
    // Whole blocks go as far as there is room; that the host has too little is said after them.
    let fitting = (room.len() / BLOCK).min(count as usize);
    medium.read(block, &mut room[..fitting * BLOCK])?;
    transfer.put(fitting * BLOCK);
    if fitting < count as usize { Err(Sense::DATA_PHASE) } else { Ok(()) }
}

/// VERIFY (10): that it can be read.
pub fn verify(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let (block, count) = range(cdb)?;
    let medium = recorder.loaded()?;
    let mut buffer = [0; BLOCK];
    for offset in 0..count as i32 {
        let block = block.checked_add(offset).ok_or(Sense::OUT_OF_RANGE)?;
        medium.read(block, &mut buffer)?;
    }
    Ok(())
}

/// SEEK (10).
pub fn seek(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let limit = recorder.loaded()?.disc().capacity;
    if cdb.word(2) >= limit { Err(Sense::OUT_OF_RANGE.in_command(2)) } else { Ok(()) }
}
