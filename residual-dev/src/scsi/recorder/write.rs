//! WRITE, SYNCHRONIZE CACHE, SEND OPC INFORMATION, READ BUFFER CAPACITY (MMC-6, 6.47, 6.41, 6.37, 6.17).

use super::{Recorder, mode, pace, read::range};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::store::Way;
use crate::scsi::medium::{Family, Form, Kind};
use crate::scsi::sense::Sense;

impl Recorder {
    /// How blocks are written to what is in the drive.
    pub(super) fn way(&self) -> Result<Way, Sense> {
        let disc = self.loaded()?.disc();
        let way = self.modes.way();
        if disc.kind.family() == Family::Cd {
            return Ok(way);
        }
        // Test runs and disc at once are of DVD-R and -RW alone (MMC-6, 7.5.4).
        let dash = matches!(disc.kind, Kind::DvdR | Kind::DvdRw) && !disc.is_random();
        let at_once = self.modes.write_type() == mode::SESSION;
        if dash && disc.minimal && !at_once {
            return Err(Sense::CANNOT_WRITE);
        }
        Ok(Way {
            form: Form::Mode1,
            stored: 2048,
            control: 4,
            packets: false,
            whole: dash && at_once && !disc.tracks.is_empty(),
            simulate: dash && way.simulate,
        })
    }
}

/// WRITE (10), WRITE (12), WRITE AND VERIFY (10).
pub fn write(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let (block, count) = range(cdb)?;
    let way = recorder.way()?;
    let disc = recorder.loaded()?.disc();
    if i64::from(block) + i64::from(count) > i64::from(disc.capacity) {
        return Err(Sense::OUT_OF_RANGE.at_block(block));
    }
    let (isrc, catalog) = (recorder.modes.isrc(), recorder.modes.catalog());
    let speed = recorder.writing_speed();
    let sent = transfer.sent();
    let cd = disc.kind.family() == Family::Cd;
    recorder.pace.take(sent.len(), speed)?;
    let medium = recorder.loaded_mut()?;
    let tracks = medium.writing().tracks.len();
    let used = medium.write(block, count, sent, &way)?;
    if cd && medium.writing().tracks.len() > tracks && (isrc.is_some() || catalog.is_some()) {
        medium.change(way.simulate, |disc| {
            if let Some(track) = disc.tracks.last_mut() {
                track.isrc = isrc;
            }
            disc.catalog = catalog.or(disc.catalog.take());
            Ok(())
        })?;
    }
    transfer.put(used);
    Ok(())
}

/// SYNCHRONIZE CACHE: what was taken is on the medium.
pub fn synchronize(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    let immediate = cdb.bit(1, 1);
    let last = !recorder.more_sessions;
    let speed = recorder.writing_speed();
    let settled = recorder.pace.settled(speed);
    if !immediate {
        settled?;
    }
    let disc_at_once = recorder.modes.write_type() == mode::SESSION;
    let medium = recorder.loaded_mut()?;
    medium.flush(last)?;
    let disc = medium.writing();
    let dash = matches!(disc.kind, Kind::DvdR | Kind::DvdRw) && !disc.is_random();
    let complete = disc.tracks.len() == 1
        && disc.tracks[0].reserved.is_some_and(|_| disc.next_writable(&disc.tracks[0]).is_none());
    if dash && disc_at_once && !disc.finalized && complete {
        // Disc at once ends with the last block that was announced.
        let simulate = recorder.modes.is_test();
        recorder.loaded_mut()?.close_session(true, simulate)?;
    }
    Ok(())
}

/// SEND OPC INFORMATION: there is nothing to calibrate.
pub fn send_opc(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    recorder.loaded()?;
    transfer.parameters(usize::from(cdb.half(7))).map(drop)
}

/// READ BUFFER CAPACITY, in bytes; blocks are not counted.
pub fn read_buffer_capacity(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let speed = recorder.writing_speed();
    let room = recorder.pace.room(speed);
    let mut data = vec![0, 10, 0, 0];
    if cdb.bit(1, 0) {
        data.extend([0; 4]);
        data[3] = 1;
        data.extend((room / 2048).to_be_bytes());
    } else {
        data.extend(pace::BUFFER.to_be_bytes());
        data.extend(room.to_be_bytes());
    }
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}
