//! Speeds: GET PERFORMANCE, SET STREAMING, SET CD SPEED (MMC-6, 6.8, 6.40, 6.39).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer, be32};
use crate::scsi::medium::Kind;
use crate::scsi::sense::Sense;

/// Writing speeds in kB/s, the fastest first: multiples of 176.4 for CD, of 1385 for DVD, of 4495.5 for BD.
pub fn speeds(recorder: &Recorder) -> &'static [u32] {
    match recorder.medium.as_ref().map(|medium| medium.disc().kind) {
        None | Some(Kind::CdRom | Kind::CdR) => &[8467, 5645, 2822, 1411, 706],
        Some(Kind::CdRw) => &[4234, 1764, 706],
        Some(Kind::DvdRom | Kind::DvdR | Kind::DvdPlusR) => &[22_160, 11_080, 5540],
        Some(Kind::DvdRw | Kind::DvdPlusRw | Kind::DvdPlusRDl) => &[11_080, 8310, 5540, 3324],
        Some(Kind::BdRom | Kind::BdR) => &[53_946, 35_964, 17_982, 8991, 4495],
        Some(Kind::BdRe) => &[8991, 4495],
    }
}

impl Recorder {
    /// The writing speed in force, in kB/s: what was chosen, or the fastest.
    pub fn writing_speed(&self) -> u32 {
        let speeds = speeds(self);
        let slowest = speeds.last().copied().unwrap_or(1);
        let chosen = self.speed.unwrap_or(u32::MAX);
        speeds.iter().copied().find(|speed| *speed <= chosen).unwrap_or(slowest)
    }
}

/// GET PERFORMANCE: one speed over the whole disc, or the list of writing speeds.
pub fn get_performance(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let last = recorder.medium.as_ref().map_or(0, |medium| medium.disc().limit().saturating_sub(1));
    let speeds = speeds(recorder);
    let fastest = speeds.first().copied().unwrap_or(0);
    let most = usize::from(cdb.half(8));
    let (flags, descriptors): (u8, Vec<Vec<u8>>) = match cdb.byte(10) {
        0 => {
            let speed = if cdb.bit(1, 2) { recorder.writing_speed() } else { fastest };
            let words = [0, speed, last, speed].map(u32::to_be_bytes);
            (u8::from(cdb.bit(1, 2)) << 1, vec![words.concat()])
        }
        3 => {
            let descriptor = |speed: &u32| {
                let words = [last, *speed, *speed].map(u32::to_be_bytes);
                // Constant angular velocity is not said; the medium can be written as a whole.
                [&[0x10, 0, 0, 0], words.concat().as_slice()].concat()
            };
            (0, speeds.iter().map(descriptor).collect())
        }
        _ => return Err(Sense::INVALID_FIELD.in_command(10)),
    };
    let mut data = vec![0, 0, 0, 0, flags, 0, 0, 0];
    data.extend(descriptors.iter().take(most).flatten());
    let length = (descriptors.iter().map(Vec::len).sum::<usize>() + 4) as u32;
    data[..4].copy_from_slice(&length.to_be_bytes());
    let allocation = data.len();
    transfer.reply(&data, allocation);
    Ok(())
}

/// SET STREAMING: the writing speed of a performance descriptor.
pub fn set_streaming(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let data = transfer.parameters(usize::from(cdb.half(9)))?;
    if data.is_empty() {
        return Ok(());
    }
    if data.len() < 28 {
        return Err(Sense::LIST_LENGTH);
    }
    let (size, time) = (be32(&data[20..]), be32(&data[24..]));
    let restore = data[0] & 0x04 != 0;
    if !restore && (size == 0 || time == 0) {
        return Err(Sense::INVALID_PARAMETER.in_parameters(20));
    }
    recorder.speed =
        (!restore).then(|| (u64::from(size) * 1000 / u64::from(time.max(1))).min(u64::from(u32::MAX)) as u32);
    Ok(())
}

/// SET CD SPEED; all ones is the fastest.
pub fn set_cd_speed(recorder: &mut Recorder, cdb: &Cdb, _: &mut Transfer<'_>) -> Result<(), Sense> {
    recorder.speed = match cdb.half(4) {
        0xffff => None,
        0 => return Err(Sense::INVALID_FIELD.in_command(4)),
        speed => Some(u32::from(speed)),
    };
    Ok(())
}
