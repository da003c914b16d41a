//! Subchannels of a CD: what READ CD gives beside the main channel, and READ SUB-CHANNEL (MMC-6, 4.2.5 and 6.24).

use super::Recorder;
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::{decimal, minutes};
use crate::scsi::medium::{Disc, Family};
use crate::scsi::sense::Sense;

/// Where a block is: control field and address form, track, index, block of the track.
fn position(disc: &Disc, block: i32) -> [i32; 4] {
    let Some(track) = disc.track_at(block) else { return [0x10, 0, 0, 0] };
    let control = 0x10 | i32::from(track.control);
    if block < track.start {
        // Time runs down in a pregap.
        return [control, track.number.into(), 0, track.start - block];
    }
    let index = 1 + track.indexes.iter().filter(|index| **index <= block).count() as i32;
    [control, track.number.into(), index, block - track.start]
}

fn time(blocks: i32) -> [u8; 3] {
    minutes(blocks - 150)
}

/// The check of a Q frame: CRC-CCITT, inverted (IEC 60908, 17.5).
fn check(bytes: &[u8]) -> u16 {
    !bytes.iter().fold(0_u16, |code, byte| {
        (0..8).fold(code ^ u16::from(*byte) << 8, |code, _| {
            if code & 0x8000 != 0 { code << 1 ^ 0x1021 } else { code << 1 }
        })
    })
}

/// The Q frame of a block.
fn frame(disc: &Disc, block: i32) -> [u8; 12] {
    let [control, track, index, relative] = position(disc, block);
    let mut frame = [0; 12];
    // The control field is the high half here.
    frame[0] = (control as u8).rotate_right(4);
    frame[1] = decimal(track as u8);
    frame[2] = decimal(index as u8);
    frame[3..6].copy_from_slice(&time(relative).map(decimal));
    frame[7..10].copy_from_slice(&minutes(block).map(decimal));
    let code = check(&frame[..10]);
    frame[10..].copy_from_slice(&code.to_be_bytes());
    frame
}

/// All subchannels as they are on the disc: a bit of each in every byte, P highest.
pub fn raw(disc: &Disc, block: i32) -> [u8; 96] {
    let q = frame(disc, block);
    let pause = q[2] == 0;
    core::array::from_fn(|at| {
        let bit = q[at / 8] >> (7 - at % 8) & 1;
        u8::from(pause) << 7 | bit << 6
    })
}

/// Q in 16 bytes.
pub fn formatted(disc: &Disc, block: i32) -> [u8; 16] {
    let mut data = [0; 16];
    data[..12].copy_from_slice(&frame(disc, block));
    // The pause flag, in the high bit of the last byte.
    data[15] = u8::from(data[2] == 0) << 7;
    data
}

/// A code with the bit that says that it is there.
fn code(text: Option<&str>, length: usize) -> Vec<u8> {
    let mut data = vec![0; length + 1];
    if let Some(text) = text.filter(|text| text.len() == length) {
        data[0] = 0x80;
        data[1..].copy_from_slice(text.as_bytes());
    }
    data
}

/// READ SUB-CHANNEL: nothing is ever playing, so the position is where the disc begins.
pub fn read_sub_channel(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
) -> Result<(), Sense> {
    let disc = recorder.loaded()?.disc();
    if disc.kind.family() != Family::Cd {
        return Err(Sense::INCOMPATIBLE);
    }
    let mut data = vec![0, 0x15, 0, 0];
    if cdb.bit(2, 6) {
        match cdb.byte(3) {
            1 => {
                let [control, track, index, relative] = position(disc, 0);
                data.extend([1, control as u8, track as u8, index as u8]);
                if cdb.bit(1, 1) {
                    for [minute, second, frame] in [minutes(0), time(relative)] {
                        data.extend([0, minute, second, frame]);
                    }
                } else {
                    data.extend([0_i32, relative].map(i32::to_be_bytes).concat());
                }
            }
            2 => {
                data.extend([2, 0, 0, 0]);
                data.extend(code(disc.catalog.as_deref(), 13));
                data.extend([0, 0]);
            }
            3 => {
                let number = cdb.byte(6);
                let track = disc.track(number.into()).ok_or(Sense::INVALID_FIELD.in_command(6))?;
                data.extend([3, 0x10 | track.control, number, 0]);
                data.extend(code(track.isrc.as_deref(), 12));
                data.extend([0, 0, 0]);
            }
            _ => return Err(Sense::INVALID_FIELD.in_command(3)),
        }
    }
    let length = (data.len() - 4) as u16;
    data[2..4].copy_from_slice(&length.to_be_bytes());
    transfer.reply(&data, usize::from(cdb.half(7)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_those_of_the_standard() {
        // CRC-16/XMODEM of the usual test string is 31C3h; here it is inverted.
        assert_eq!(check(b"123456789"), !0x31c3);
    }
}
