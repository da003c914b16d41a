//! GET EVENT STATUS NOTIFICATION (MMC-6, 6.7).

use super::{Event, Recorder};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::sense::Sense;

const OPERATION: u8 = 1;
const POWER: u8 = 2;
const MEDIA: u8 = 4;
const BUSY: u8 = 6;
/// Classes that there are events of.
const SUPPORTED: u8 = 1 << OPERATION | 1 << POWER | 1 << MEDIA | 1 << BUSY;

/// GET EVENT STATUS NOTIFICATION, polled: the event of the lowest class that was asked for.
pub fn get_event_status(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    if !cdb.bit(1, 0) {
        // Asynchronous operation needs queues.
        return Err(Sense::INVALID_FIELD.in_command(1));
    }
    let wanted = cdb.byte(4) & SUPPORTED;
    let class = wanted.trailing_zeros() as u8;
    let event = match class {
        OPERATION => [0, 0, 0, 0],
        POWER => [0, 1, 0, 0],
        MEDIA => {
            let event = recorder.event;
            if transfer.room().len().min(usize::from(cdb.half(7))) > 4 {
                recorder.event = Event::None;
            }
            [event as u8, u8::from(recorder.medium.is_some()) << 1 | u8::from(recorder.open), 0, 0]
        }
        BUSY => [0, 0, 0, 0],
        _ => {
            transfer.reply(&[0, 2, 0x80, SUPPORTED], usize::from(cdb.half(7)));
            return Ok(());
        }
    };
    let mut data = vec![0, 6, class, SUPPORTED];
    data.extend(event);
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}
