//! What the unit is: INQUIRY, REPORT LUNS, REQUEST SENSE (SPC-4, 6.6, 6.33, 6.39).

use super::{Identity, Recorder};
use crate::scsi::command::{Cdb, Transfer};
use crate::scsi::sense::Sense;

/// Peripheral device type of MMC.
pub const TYPE: u8 = 5;

/// A field of characters, filled up with blanks.
fn field(text: &str, length: usize) -> Vec<u8> {
    let printable = text.bytes().map(|byte| if (0x20..0x7f).contains(&byte) { byte } else { b' ' });
    printable.chain(std::iter::repeat(b' ')).take(length).collect()
}

/// Standard inquiry data.
pub fn standard(identity: &Identity) -> Vec<u8> {
    // Removable medium; SPC-3; response data format 2.
    let mut data = vec![TYPE, 0x80, 0x05, 0x02, 91, 0, 0, 0];
    data.extend(field(&identity.vendor, 8));
    data.extend(field(&identity.product, 16));
    data.extend(field(&identity.revision, 4));
    data.resize(58, 0);
    // Version descriptors: SAM-3, SPC-3, MMC-6.
    for version in [0x0060_u16, 0x0300, 0x04e0] {
        data.extend(version.to_be_bytes());
    }
    data.resize(96, 0);
    data
}

fn page(identity: &Identity, code: u8) -> Option<Vec<u8>> {
    let content = match code {
        0x00 => vec![0x00, 0x80, 0x83],
        0x80 => field(&identity.serial, 16),
        0x83 => {
            let mut name = field(&identity.vendor, 8);
            name.extend(field(&identity.product, 16));
            name.extend(field(&identity.serial, 16));
            // ASCII, of the unit, vendor specific by T10 (SPC-4, 7.8.5).
            let mut data = vec![0x02, 0x01, 0, name.len() as u8];
            data.extend(name);
            data
        }
        _ => return None,
    };
    let mut data = vec![TYPE, code, 0, content.len() as u8];
    data.extend(content);
    Some(data)
}

/// INQUIRY.
pub fn inquiry(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let allocation = usize::from(cdb.half(3));
    let vital = cdb.bit(1, 0);
    let data = match (vital, cdb.byte(2)) {
        (false, 0) => Some(standard(&recorder.identity)),
        (true, code) => page(&recorder.identity, code),
        (false, _) => None,
    };
    transfer.reply(&data.ok_or(Sense::INVALID_FIELD.in_command(2))?, allocation);
    Ok(())
}

/// REPORT LUNS: there is one.
pub fn report_luns(_: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    if cdb.word(6) < 16 {
        return Err(Sense::INVALID_FIELD.in_command(6));
    }
    let mut data = [0; 16];
    data[3] = 8;
    transfer.reply(&data, cdb.word(6) as usize);
    Ok(())
}

/// REQUEST SENSE: what is pending, else how the last command failed. It is told once.
pub fn request_sense(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let sense = recorder.attention.take().or_else(|| recorder.sense.take()).unwrap_or(Sense::NONE);
    let allocation = usize::from(cdb.byte(4));
    match cdb.bit(1, 0) {
        true => transfer.reply(&sense.descriptors(), allocation),
        false => transfer.reply(&sense.fixed(), allocation),
    }
    Ok(())
}
