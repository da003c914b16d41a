//! READ CD and READ CD MSF: frames of a CD, whole or in parts, with subchannels (MMC-6, 6.19 and 6.20).

use super::{Recorder, sub_channel};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::medium::form::{FRAME, block_at, is_second};
use crate::scsi::medium::{Family, Form};
use crate::scsi::sense::Sense;

/// Parts of a frame that a host wants (byte 9).
#[derive(Clone, Copy, Debug)]
struct Parts {
    sync: bool,
    header: bool,
    subheader: bool,
    user: bool,
    check: bool,
    /// Bytes of error flags: none, 294 or 296.
    errors: usize,
    /// Subchannels: 0 none, 1 all raw, 2 formatted Q, 4 R to W.
    sub: u8,
}

impl Parts {
    fn new(main: u8, sub: u8) -> Result<Self, Sense> {
        let errors = match main >> 1 & 3 {
            0 => 0,
            1 => 294,
            2 => 296,
            _ => return Err(Sense::INVALID_FIELD.in_command(9)),
        };
        if !matches!(sub, 0 | 1 | 2 | 4) {
            return Err(Sense::INVALID_FIELD.in_command(10));
        }
        Ok(Self {
            sync: main & 0x80 != 0,
            header: main & 0x20 != 0,
            subheader: main & 0x40 != 0,
            user: main & 0x10 != 0,
            check: main & 0x08 != 0,
            errors,
            sub,
        })
    }
}

/// READ CD.
pub fn read_cd(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    read(recorder, cdb, transfer, cdb.word(2) as i32, cdb.three(6))
}

/// READ CD MSF: from a time to a time.
pub fn read_cd_msf(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let time = |at: usize| {
        let (minute, second, frame) = (cdb.byte(at), cdb.byte(at + 1), cdb.byte(at + 2));
        let valid = second < 60 && frame < 75;
        if valid {
            Ok(block_at(minute, second, frame))
        } else {
            Err(Sense::INVALID_FIELD.in_command(at as u16))
        }
    };
    let (from, to) = (time(3)?, time(6)?);
    let count = u32::try_from(to - from).map_err(|_| Sense::INVALID_FIELD.in_command(6))?;
    read(recorder, cdb, transfer, from, count)
}

fn read(
    recorder: &mut Recorder,
    cdb: &Cdb,
    transfer: &mut Transfer<'_>,
    block: i32,
    count: u32,
) -> Result<(), Sense> {
    let medium = recorder.loaded()?;
    let disc = medium.disc();
    if disc.kind.family() != Family::Cd {
        return Err(Sense::INCOMPATIBLE);
    }
    if i64::from(block) + i64::from(count) > i64::from(disc.capacity) {
        return Err(Sense::OUT_OF_RANGE.at_block(block));
    }
    let expected = cdb.byte(1) >> 2 & 7;
    let parts = Parts::new(cdb.byte(9), cdb.byte(10) & 7)?;
    for block in (block..).take(count as usize) {
        let (form, frame) = medium.frame(block)?;
        if !is_expected(expected, form, &frame) {
            return Err(Sense::ILLEGAL_MODE.at_block(block));
        }
        let mut piece = Vec::with_capacity(FRAME + 296 + 96);
        select(&mut piece, form, &frame, parts);
        match parts.sub {
            1 => piece.extend(sub_channel::raw(disc, block)),
            2 => piece.extend(sub_channel::formatted(disc, block)),
            // R to W are empty.
            4 => piece.extend([0; 96]),
            _ => {}
        }
        if piece.is_empty() {
            // Nothing was asked for: that is what it takes.
            return Ok(());
        }
        let room = transfer.room();
        let length = piece.len().min(room.len());
        room[..length].copy_from_slice(&piece[..length]);
        transfer.put(length);
        if length < piece.len() {
            return Err(Sense::DATA_PHASE.at_block(block));
        }
    }
    Ok(())
}

/// Whether a block is of the sector type that the host expects.
fn is_expected(expected: u8, form: Form, frame: &[u8; FRAME]) -> bool {
    match expected {
        0 => true,
        1 => form == Form::Audio,
        2 => form == Form::Mode1,
        3 => form == Form::Mode2,
        4 => form == Form::Xa && !is_second(frame),
        5 => form == Form::Xa && is_second(frame),
        _ => false,
    }
}

/// Takes parts out of a frame, in their order.
fn select(to: &mut Vec<u8>, form: Form, frame: &[u8; FRAME], parts: Parts) {
    let user = form.user(frame);
    let mut take = |wanted: bool, range: core::ops::Range<usize>| {
        if wanted {
            to.extend(&frame[range]);
        }
    };
    if form == Form::Audio {
        take(parts.sync || parts.header || parts.user || parts.check, user);
    } else {
        take(parts.sync, 0..12);
        take(parts.header, 12..16);
        take(parts.subheader && form == Form::Xa, 16..24);
        take(parts.user, user.clone());
        take(parts.check, user.end..FRAME);
    }
    to.resize(to.len() + parts.errors, 0);
}
