//! Datagrams on the process socket (`SOCK_SEQPACKET`).

use super::VERSION;
use crate::Personality;

/// First word of a datagram.
const MAGIC: u32 = u32::from_le_bytes(*b"MapD");

/// What a datagram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum DatagramKind {
    /// Stub: a process image begins to make mapped calls. `pid` and `personality` are set. Beside it go [its end of a
    /// new socket pair, its region], or [its region] alone when it stays on the socket that it writes to.
    Hello = 1,
    /// Mapper: the hello was accepted. `argument` is the task's number.
    Welcome = 2,
    /// Mapper: the hello was refused; `argument` is the error number.
    Refused = 3,
    /// Stub: slot `slot` holds a request. Sent when the mapper sleeps, and always when descriptors go with the
    /// request: those are beside it, `count` of them.
    Doorbell = 4,
    /// Mapper: descriptors that go with the reply in slot `slot` are beside it, `count` of them. Sent before the reply
    /// becomes visible.
    Descriptors = 5,
    /// Stub: the process has a child, `pid`, which has not said hello yet.
    Forked = 6,
    /// Stub: the process is about to execute another image of personality `personality`; slots under way are given
    /// up.
    Executing = 7,
    /// Stub: a foreign signal stopped or ended the process; `argument` is the neutral signal number.
    Signalled = 8,
}

impl DatagramKind {
    const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Hello,
            2 => Self::Welcome,
            3 => Self::Refused,
            4 => Self::Doorbell,
            5 => Self::Descriptors,
            6 => Self::Forked,
            7 => Self::Executing,
            8 => Self::Signalled,
            _ => return None,
        })
    }
}

/// One datagram, in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// What it says.
    pub kind: DatagramKind,
    /// Slot it is about.
    pub slot: u32,
    /// Process it is about.
    pub pid: i32,
    /// Personality of that process.
    pub personality: Option<Personality>,
    /// Descriptors beside it.
    pub count: u8,
    /// What else the kind says.
    pub argument: u64,
}

impl Datagram {
    /// Bytes on the wire.
    pub const SIZE: usize = 32;

    /// One of this kind with nothing set.
    pub const fn new(kind: DatagramKind) -> Self {
        Self { kind, slot: 0, pid: 0, personality: None, count: 0, argument: 0 }
    }

    /// As it goes over the wire.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..6].copy_from_slice(&(VERSION as u16).to_le_bytes());
        bytes[6..8].copy_from_slice(&(self.kind as u16).to_le_bytes());
        bytes[8..12].copy_from_slice(&self.slot.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.pid.to_le_bytes());
        bytes[16] = self.personality.map_or(0, |personality| personality as u8);
        bytes[17] = self.count;
        bytes[24..32].copy_from_slice(&self.argument.to_le_bytes());
        bytes
    }

    /// What came over the wire; none when it is not one of ours.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::SIZE] = bytes.try_into().ok()?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        if word(0) != MAGIC || u32::from(half(4)) != VERSION {
            return None;
        }
        let personality = match bytes[16] {
            0 => None,
            byte => Some(Personality::from_byte(byte)?),
        };
        Some(Self {
            kind: DatagramKind::from_number(half(6))?,
            slot: word(8),
            pid: word(12) as i32,
            personality,
            count: bytes[17],
            argument: u64::from(word(24)) | u64::from(word(28)) << 32,
        })
    }
}
