//! Mode pages: MODE SENSE and MODE SELECT (SPC-4, 6.11 and 6.13; MMC-6, 7).

use super::{Recorder, pace, performance};
use crate::scsi::command::{Cdb, Transfer, be16};
use crate::scsi::medium::Form;
use crate::scsi::medium::store::Way;
use crate::scsi::sense::Sense;

const RECOVERY: u8 = 0x01;
const WRITE_PARAMETERS: u8 = 0x05;
const CACHING: u8 = 0x08;
const POWER: u8 = 0x1a;
const TIMEOUT: u8 = 0x1d;
const CAPABILITIES: u8 = 0x2a;
const ALL: u8 = 0x3f;
const PAGES: [u8; 6] = [RECOVERY, WRITE_PARAMETERS, CACHING, POWER, TIMEOUT, CAPABILITIES];

/// Write types of the write parameters page.
pub const PACKET: u8 = 0;
/// Track at once.
pub const TRACK: u8 = 1;
/// Session at once; disc at once on DVD.
pub const SESSION: u8 = 2;

/// Pages that hosts can change.
#[derive(Clone, Debug)]
pub struct Modes {
    recovery: [u8; 12],
    write: [u8; 52],
    caching: [u8; 12],
}

impl Default for Modes {
    fn default() -> Self {
        let mut recovery = [0; 12];
        recovery[..4].copy_from_slice(&[RECOVERY, 10, 0, 5]);
        let mut write = [0; 52];
        // Buffer underrun protection; track at once, data, mode 1, audio pauses of 150 blocks.
        write[..5].copy_from_slice(&[WRITE_PARAMETERS, 50, 0x40 | TRACK, 0x04, 8]);
        write[15] = 150;
        let mut caching = [0; 12];
        caching[..3].copy_from_slice(&[CACHING, 10, 0x04]);
        Self { recovery, write, caching }
    }
}

/// Bits of the write parameters that a host can change, by byte.
fn changeable_write(at: usize) -> u8 {
    match at {
        2 => 0x7f,
        3 => 0xff,
        4 => 0x0f,
        5 | 8 | 10..=15 | 48..=51 => 0xff,
        16..=47 => 0xff,
        _ => 0,
    }
}

impl Modes {
    /// Write type.
    pub fn write_type(&self) -> u8 {
        self.write[2] & 0x0f
    }

    /// Whether writing is only tried.
    pub fn is_test(&self) -> bool {
        self.write[2] & 0x10 != 0
    }

    /// Whether another session may follow.
    pub fn allows_sessions(&self) -> bool {
        self.write[3] >> 6 == 3
    }

    /// Media Catalogue Number, if one was given.
    pub fn catalog(&self) -> Option<String> {
        text(&self.write[16..32], 13)
    }

    /// International Standard Recording Code, if one was given.
    pub fn isrc(&self) -> Option<String> {
        text(&self.write[32..48], 12)
    }

    /// How blocks are written to a CD.
    pub fn way(&self) -> Way {
        let control = self.write[3] & 0x0f;
        let (form, stored) = match self.write[4] & 0x0f {
            9 => (Form::Mode2, 2336),
            10 => (Form::Xa, 2048),
            11 => (Form::Xa, 2056),
            12 => (Form::Xa, 2324),
            13 => (Form::Xa, 2332),
            0 if control & 4 == 0 => (Form::Audio, 2352),
            0 => (Form::Mode1, 2352),
            _ => (Form::Mode1, 2048),
        };
        Way {
            form,
            stored,
            control,
            packets: self.write_type() == PACKET,
            whole: self.write_type() == SESSION,
            simulate: self.is_test(),
        }
    }

    /// Takes a page.
    fn select(&mut self, page: &[u8], at: u16) -> Result<(), Sense> {
        let (ours, changeable): (&mut [u8], fn(usize) -> u8) = match page[0] & 0x3f {
            RECOVERY => (&mut self.recovery, |at| if matches!(at, 2 | 3 | 8) { 0xff } else { 0 }),
            WRITE_PARAMETERS => (&mut self.write, changeable_write),
            CACHING => (&mut self.caching, |at| if at == 2 { 0x05 } else { 0 }),
            // Nothing of these can be changed: what is sent is what was sensed, or of no consequence.
            POWER | TIMEOUT | CAPABILITIES => return Ok(()),
            _ => return Err(Sense::INVALID_PARAMETER.in_parameters(at)),
        };
        if page.len() > ours.len() || page.len() < 8 {
            return Err(Sense::LIST_LENGTH);
        }
        if page[0] & 0x3f == WRITE_PARAMETERS {
            if page[2] & 0x0f > SESSION {
                return Err(Sense::INVALID_PARAMETER.in_parameters(at + 2));
            }
            if !matches!(page[4] & 0x0f, 0 | 8..=13) {
                return Err(Sense::INVALID_PARAMETER.in_parameters(at + 4));
            }
        }
        for (index, byte) in page.iter().enumerate().skip(2) {
            let mask = changeable(index);
            ours[index] = ours[index] & !mask | byte & mask;
        }
        Ok(())
    }
}

/// A code that the host says is valid.
fn text(field: &[u8], length: usize) -> Option<String> {
    let code = &field[1..=length];
    let valid = field[0] & 0x80 != 0 && code.iter().all(u8::is_ascii_alphanumeric);
    valid.then(|| String::from_utf8_lossy(code).into_owned())
}

/// Capabilities and mechanical status, which MMC-6 has no more but everyone asks for (MMC-3, 6.3.11).
fn capabilities(recorder: &Recorder) -> Vec<u8> {
    let speeds = performance::speeds(recorder);
    let fastest = speeds.first().copied().unwrap_or(0).min(65_535) as u16;
    let current = recorder.writing_speed().min(65_535) as u16;
    // Reads CD-R, CD-RW, DVD-ROM, DVD-R; writes CD-R, CD-RW with test runs, DVD-R; multi-session, both forms of mode 2,
    // buffer underrun protection; digital audio, accurately, with subchannels, ISRC and catalogue numbers; tray that
    // locks and ejects.
    let mut data = vec![CAPABILITIES, 0, 0x1f, 0x17, 0xf0, 0x67, 0x29, 0];
    data[6] |= u8::from(recorder.locked) << 1;
    data.extend(fastest.to_be_bytes());
    data.extend([0, 0]);
    data.extend(((pace::BUFFER / 1024) as u16).to_be_bytes());
    data.extend(fastest.to_be_bytes());
    data.extend([0, 0]);
    data.extend(fastest.to_be_bytes());
    data.extend(current.to_be_bytes());
    data.extend([0, 1, 0, 0, 0, 0]);
    data.extend(current.to_be_bytes());
    data.extend((speeds.len() as u16).to_be_bytes());
    for speed in speeds {
        data.extend([0, 0]);
        data.extend(((*speed).min(65_535) as u16).to_be_bytes());
    }
    data[1] = (data.len() - 2) as u8;
    data
}

/// A page as a host wants it: current (0), what can be changed (1), default (2).
fn page(recorder: &Recorder, code: u8, control: u8) -> Vec<u8> {
    let fresh = Modes::default();
    let modes = if control == 2 { &fresh } else { &recorder.modes };
    let mut data = match code {
        RECOVERY => modes.recovery.to_vec(),
        WRITE_PARAMETERS => modes.write.to_vec(),
        CACHING => modes.caching.to_vec(),
        POWER => vec![POWER, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        TIMEOUT => vec![TIMEOUT, 8, 0, 0, 0, 0, 0, 60, 0, 60],
        _ => capabilities(recorder),
    };
    if control == 1 {
        for (at, byte) in data.iter_mut().enumerate().skip(2) {
            *byte = match code {
                RECOVERY if matches!(at, 2 | 3 | 8) => 0xff,
                WRITE_PARAMETERS => changeable_write(at),
                CACHING if at == 2 => 0x05,
                _ => 0,
            };
        }
    }
    data
}

/// MODE SENSE.
pub fn sense(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let long = cdb.operation() == 0x5a;
    let (wanted, control) = (cdb.byte(2) & 0x3f, cdb.byte(2) >> 6);
    if control == 3 {
        return Err(Sense::NOT_SAVED);
    }
    let mut pages = Vec::new();
    for code in PAGES.into_iter().filter(|code| *code == wanted || wanted == ALL) {
        pages.extend(page(recorder, code, control));
    }
    if pages.is_empty() {
        return Err(Sense::INVALID_FIELD.in_command(2));
    }
    let mut data;
    if long {
        data = vec![0; 8];
        let length = (pages.len() + 6) as u16;
        data[..2].copy_from_slice(&length.to_be_bytes());
    } else {
        data = vec![(pages.len() + 3) as u8, 0, 0, 0];
    }
    data.extend(pages);
    transfer.reply(&data, if long { usize::from(cdb.half(7)) } else { usize::from(cdb.byte(4)) });
    Ok(())
}

/// MODE SELECT. All pages are taken, or none.
pub fn select(recorder: &mut Recorder, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
    let long = cdb.operation() == 0x55;
    if cdb.bit(1, 0) {
        // Pages are not saved over a loss of power.
        return Err(Sense::INVALID_FIELD.in_command(1));
    }
    let length = if long { usize::from(cdb.half(7)) } else { usize::from(cdb.byte(4)) };
    let list = transfer.parameters(length)?;
    if list.is_empty() {
        return Ok(());
    }
    let header = if long { 8 } else { 4 };
    if list.len() < header {
        return Err(Sense::LIST_LENGTH);
    }
    let descriptors = if long { usize::from(be16(&list[6..])) } else { usize::from(list[3]) };
    let mut at = header + descriptors;
    let mut modes = recorder.modes.clone();
    while at < list.len() {
        let rest = &list[at..];
        let size = usize::from(*rest.get(1).ok_or(Sense::LIST_LENGTH)?) + 2;
        let page = rest.get(..size).ok_or(Sense::LIST_LENGTH)?;
        modes.select(page, at as u16)?;
        at += size;
    }
    if at > list.len() {
        return Err(Sense::LIST_LENGTH);
    }
    if !modes.is_test()
        && let Some(medium) = &mut recorder.medium
    {
        medium.end_simulation();
    }
    recorder.modes = modes;
    Ok(())
}
