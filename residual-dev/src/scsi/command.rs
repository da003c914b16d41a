//! Commands as they come: the CDB, and the data that goes with it.

use std::borrow::Cow;

use super::sense::Sense;
use super::sent::Sent;

/// Longest CDB that is looked at; longer ones (of variable length, SPC-4, 4.2.3) are not among the commands here.
const LONGEST: usize = 16;

/// Big-endian numbers of CDBs and parameter data.
pub fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// Three bytes.
pub fn be24(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]])
}

/// Four bytes.
pub fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A command descriptor block.
#[derive(Clone, Copy, Debug)]
pub struct Cdb {
    bytes: [u8; LONGEST],
}

impl Cdb {
    /// Takes what a host sent. The group in the operation code tells how long it is (SPC-4, 4.2.5.1).
    ///
    /// # Errors
    /// `INVALID_FIELD` for one that is shorter than its group says, `INVALID_OPERATION` for no CDB at all.
    pub fn new(sent: &[u8]) -> Result<Self, Sense> {
        let first = *sent.first().ok_or(Sense::INVALID_OPERATION)?;
        let length = match first >> 5 {
            0 => 6,
            1 | 2 => 10,
            4 => 16,
            5 => 12,
            _ => return Err(Sense::INVALID_OPERATION.in_command(0)),
        };
        if sent.len() < length {
            return Err(Sense::INVALID_FIELD.in_command(sent.len() as u16));
        }
        let mut bytes = [0; LONGEST];
        bytes[..length].copy_from_slice(&sent[..length]);
        Ok(Self { bytes })
    }

    /// The operation code.
    pub fn operation(&self) -> u8 {
        self.bytes[0]
    }

    /// A byte.
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    /// Whether a bit is set.
    pub fn bit(&self, at: usize, bit: u8) -> bool {
        self.bytes[at] >> bit & 1 != 0
    }

    /// Two bytes.
    pub fn half(&self, at: usize) -> u16 {
        be16(&self.bytes[at..])
    }

    /// Three bytes.
    pub fn three(&self, at: usize) -> u32 {
        be24(&self.bytes[at..])
    }

    /// Four bytes.
    pub fn word(&self, at: usize) -> u32 {
        be32(&self.bytes[at..])
    }
}

/// What goes between host and device with one command.
#[derive(Debug)]
pub struct Transfer<'a> {
    /// From the host.
    out: Sent<'a>,
    /// Where the host wants what comes from the device.
    into: &'a mut [u8],
    /// Bytes that went either way.
    moved: usize,
}

impl<'a> Transfer<'a> {
    /// Nothing has gone yet.
    pub fn new(out: Sent<'a>, into: &'a mut [u8]) -> Self {
        Self { out, into, moved: 0 }
    }

    /// Bytes that went either way.
    pub fn moved(&self) -> usize {
        self.moved
    }

    /// Parameter data: as much as the host allows for, in the CDB and in memory. That there was more is no error.
    pub fn reply(&mut self, data: &[u8], allocation: usize) {
        let length = data.len().min(allocation).min(self.into.len());
        self.into[..length].copy_from_slice(&data[..length]);
        self.moved = length;
    }

    /// A parameter list of the length that the CDB tells.
    ///
    /// # Errors
    /// `DATA_PHASE` where the host sent less.
    pub fn parameters(&mut self, length: usize) -> Result<Cow<'a, [u8]>, Sense> {
        let data = self.out.first(length).ok_or(Sense::DATA_PHASE)?;
        self.moved = length;
        Ok(data.bytes())
    }

    /// All that the host sent.
    pub fn sent(&self) -> Sent<'a> {
        self.out
    }

    /// Where to put blocks.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.into[self.moved..]
    }

    /// Says that bytes were put there.
    pub fn put(&mut self, length: usize) {
        self.moved += length;
    }
}
