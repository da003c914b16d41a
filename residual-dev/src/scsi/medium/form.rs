//! How blocks of a CD are made up: 2352 bytes on the disc, of which hosts give and get parts (ECMA-130; MMC-6, 4.2.2).

use serde::{Deserialize, Serialize};

/// Bytes of a frame.
pub const FRAME: usize = 2352;
/// Bytes of user data in a block.
pub const BLOCK: usize = 2048;
/// Bytes before the user data of mode 1: synchronisation pattern and header.
const HEADER: usize = 16;
/// Synchronisation pattern.
const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Samples.
    Audio,
    /// 2048 bytes with error correction.
    Mode1,
    /// 2336 bytes without.
    Mode2,
    /// Mode 2 with subheaders, form 1 or 2 (CD-ROM XA).
    Xa,
}

impl Form {
    /// What READ TRACK INFORMATION calls it, and the header of a block.
    pub fn mode(self) -> u8 {
        match self {
            Self::Audio => 0,
            Self::Mode1 => 1,
            Self::Mode2 | Self::Xa => 2,
        }
    }

    /// Whether it is data.
    pub fn is_data(self) -> bool {
        self != Self::Audio
    }

    /// Sizes that a host may give blocks in.
    pub fn allows(self, stored: u16) -> bool {
        match self {
            Self::Audio => stored == 2352,
            Self::Mode1 => matches!(stored, 2048 | 2352),
            Self::Mode2 => matches!(stored, 2336 | 2352),
            Self::Xa => matches!(stored, 2048 | 2056 | 2324 | 2332 | 2336 | 2352),
        }
    }

    /// Where the user data is in a whole frame: 2048 bytes, 2324 of form 2, 2336 of mode 2.
    pub fn user(self, frame: &[u8; FRAME]) -> core::ops::Range<usize> {
        match self {
            Self::Audio => 0..FRAME,
            Self::Mode1 => 16..16 + BLOCK,
            Self::Mode2 => 16..FRAME,
            Self::Xa if is_second(frame) => 24..24 + 2324,
            Self::Xa => 24..24 + BLOCK,
        }
    }

    /// The whole frame of a block that was stored as the host gave it.
    pub fn frame(self, stored: &[u8], block: i32) -> [u8; FRAME] {
        let mut frame = [0; FRAME];
        if stored.len() >= FRAME {
            frame.copy_from_slice(&stored[..FRAME]);
            return frame;
        }
        frame[..12].copy_from_slice(&SYNC);
        let [minute, second, part] = minutes(block);
        frame[12..HEADER].copy_from_slice(&[decimal(minute), decimal(second), decimal(part), self.mode()]);
        let at = match (self, stored.len()) {
            (Self::Xa, 2048 | 2324) => {
                // Submode: data, and form 2 where it is (ECMA-168; CD-ROM XA).
                let submode = if stored.len() == 2324 { 0x28 } else { 0x08 };
                frame[18] = submode;
                frame[22] = submode;
                24
            }
            _ => HEADER,
        };
        frame[at..at + stored.len()].copy_from_slice(stored);
        match self {
            Self::Mode1 => {
                let check = detection(&frame[..2064]).to_le_bytes();
                frame[2064..2068].copy_from_slice(&check);
                correction(&mut frame, false);
            }
            Self::Xa if is_second(&frame) => {
                let check = detection(&frame[16..2348]).to_le_bytes();
                frame[2348..].copy_from_slice(&check);
            }
            Self::Xa => {
                let check = detection(&frame[16..2072]).to_le_bytes();
                frame[2072..2076].copy_from_slice(&check);
                correction(&mut frame, true);
            }
            Self::Audio | Self::Mode2 => {}
        }
        frame
    }
}

/// Whether a block with subheader is of form 2.
pub fn is_second(frame: &[u8; FRAME]) -> bool {
    frame[18] & 0x20 != 0
}

/// Minute, second and frame of a block: block 0 is at 00:02:00. Those of the lead-in count from 100:00:00 down.
pub fn minutes(block: i32) -> [u8; 3] {
    let at = if block < -150 { block + 450_150 } else { block + 150 }.clamp(0, 449_999);
    [(at / 4500) as u8, (at / 75 % 60) as u8, (at % 75) as u8]
}

/// The block at a minute, second and frame.
pub fn block_at(minute: u8, second: u8, frame: u8) -> i32 {
    let at = (i32::from(minute) * 60 + i32::from(second)) * 75 + i32::from(frame);
    if minute >= 90 { at - 450_150 } else { at - 150 }
}

/// In binary-coded decimal.
pub fn decimal(number: u8) -> u8 {
    number / 10 % 10 * 16 + number % 10
}

/// Error detection code (ECMA-130, 14.3): a CRC of the polynomial (x16+x15+x2+1)(x16+x2+x+1), low bit first.
fn detection(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 != 0 { value >> 1 ^ 0xd801_8001 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    bytes.iter().fold(0, |code, byte| code >> 8 ^ TABLE[usize::from(code as u8 ^ byte)])
}

/// Multiplication by two in the field of 256 elements (ECMA-130, annex A).
const fn double(value: u8) -> u8 {
    value << 1 ^ if value & 0x80 != 0 { 0x1d } else { 0 }
}

/// What divides by three in that field.
const THIRDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[(index as u8 ^ double(index as u8)) as usize] = index as u8;
        index += 1;
    }
    table
};

/// Writes P and Q parity (ECMA-130, annex A). The header of mode 2 counts as zeros.
fn correction(frame: &mut [u8; FRAME], without_header: bool) {
    let mut header = [0; 4];
    if without_header {
        header.copy_from_slice(&frame[12..16]);
        frame[12..16].fill(0);
    }
    parity(frame, [86, 24, 2, 86], 2076);
    parity(frame, [52, 43, 86, 88], 2248);
    if without_header {
        frame[12..16].copy_from_slice(&header);
    }
}

/// `[major count, minor count, major multiplier, minor step]` over the bytes from 12 on; two parities for each major.
fn parity(frame: &mut [u8; FRAME], [majors, minors, multiplier, step]: [usize; 4], to: usize) {
    let size = majors * minors;
    for major in 0..majors {
        let mut index = (major >> 1) * multiplier + (major & 1);
        let (mut first, mut second) = (0, 0);
        for _ in 0..minors {
            let value = frame[12 + index];
            index += step;
            if index >= size {
                index -= size;
            }
            first = double(first ^ value);
            second ^= value;
        }
        let low = THIRDS[usize::from(double(first) ^ second)];
        frame[to + major] = low;
        frame[to + major + majors] = low ^ second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        for (block, msf) in [(0, [0, 2, 0]), (-150, [0, 0, 0]), (359_849, [79, 59, 74]), (-151, [99, 59, 74])]
        {
            assert_eq!(minutes(block), msf);
            assert_eq!(block_at(msf[0], msf[1], msf[2]), block);
        }
    }

    /// Every P and Q code word must be in the code: its sum, and its sum weighted by position, are nothing.
    #[test]
    fn parity_checks() {
        let data: Vec<u8> = (0..BLOCK).map(|at| (at * 7 + at / 256) as u8).collect();
        let frame = Form::Mode1.frame(&data, 16);
        assert_eq!(frame[..16], [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0x16, 1]);
        assert_eq!(detection(&frame[..2068]), 0, "the code over data and code is nothing");
        let words = |base: [usize; 4], to: usize| {
            let [majors, minors, multiplier, step] = base;
            for major in 0..majors {
                let (mut sum, mut weighted) = (0u8, 0u8);
                let mut index = (major >> 1) * multiplier + (major & 1);
                let mut word = Vec::new();
                for _ in 0..minors {
                    word.push(frame[12 + index]);
                    index = (index + step) % (majors * minors);
                }
                word.extend([frame[to + major], frame[to + major + majors]]);
                for value in word {
                    sum ^= value;
                    weighted = double(weighted) ^ value;
                }
                assert_eq!((sum, weighted), (0, 0), "word {major} of {majors}");
            }
        };
        words([86, 24, 2, 86], 2076);
        words([52, 43, 86, 88], 2248);
    }

    #[test]
    fn user_data_lies_where_its_form_says() {
        for (form, size) in [(Form::Mode1, 2048), (Form::Mode2, 2336), (Form::Xa, 2048), (Form::Xa, 2324)] {
            let data = vec![0x5a; size];
            let frame = form.frame(&data, 0);
            assert_eq!(frame[form.user(&frame)], data[..], "{form:?}");
        }
    }
}
