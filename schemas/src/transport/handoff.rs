//! What a process image must know when it starts.

use super::VERSION;
use crate::{Errno, Personality};

const MAGIC: u64 = u64::from_le_bytes(*b"MapHand\0");

/// Longest path, as the kernel's `PATH_MAX`.
const PATH: usize = 4096;

/// Bytes that the stub keeps for itself.
const CARRY: usize = 32 * 1024;

/// Switches of a handoff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandoffFlags(u32);

impl HandoffFlags {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Trace every trap to the trace descriptor.
    pub const TRACE: Self = Self(1 << 0);
    /// Every direct route is mapped.
    pub const MEDIATE: Self = Self(1 << 1);
    /// Close the fence: nothing but what was donated.
    pub const JAIL: Self = Self(1 << 2);
    /// This is the first image of a run, not one that another guest executed.
    pub const FIRST: Self = Self(1 << 3);

    /// The path is one that the guest's own tree is searched for, and not the host's.
    pub const SEARCH: Self = Self(1 << 4);

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and others.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Written by the mapper for the first image of a run, and by the stub before it executes the next one; read once, at
/// start.
#[repr(C)]
pub struct Handoff {
    magic: u64,
    version: u32,
    flags: u32,
    personality: u8,
    reserved: [u8; 3],
    path_length: u32,
    carry_length: u32,
    padding: u32,
    path: [u8; PATH],
    carry: [u8; CARRY],
}

const _: () = {
    assert!(core::mem::offset_of!(Handoff, path) == 32);
    assert!(size_of::<Handoff>() == 32 + PATH + CARRY);
};

impl Handoff {
    /// Bytes of a handoff.
    pub const SIZE: usize = size_of::<Self>();

    /// Room for [`Handoff::carry`].
    pub const CARRY: usize = CARRY;

    /// One with nothing in it, to be placed in memory that is not the stack.
    pub const EMPTY: Self = Self {
        magic: MAGIC,
        version: VERSION,
        flags: 0,
        personality: 0,
        reserved: [0; 3],
        path_length: 0,
        carry_length: 0,
        padding: 0,
        path: [0; PATH],
        carry: [0; CARRY],
    };

    /// Makes one in memory.
    pub fn create(memory: &mut [u8]) -> Result<&mut Self, Errno> {
        let handoff = Self::cast_mut(memory)?;
        handoff.magic = MAGIC;
        handoff.version = VERSION;
        handoff.flags = 0;
        handoff.personality = 0;
        handoff.path_length = 0;
        handoff.carry_length = 0;
        Ok(handoff)
    }

    /// Reads one in memory that no one else changes. `EPROTO` when it is none of this version.
    pub fn open(memory: &[u8]) -> Result<&Self, Errno> {
        if memory.len() < Self::SIZE || !memory.as_ptr().cast::<Self>().is_aligned() {
            return Err(Errno::INVAL);
        }
        // SAFETY: large enough and aligned; every bit pattern is a value.
        let handoff = unsafe { &*memory.as_ptr().cast::<Self>() };
        let valid = handoff.magic == MAGIC
            && handoff.version == VERSION
            && handoff.path_length as usize <= PATH
            && handoff.carry_length as usize <= CARRY;
        if valid { Ok(handoff) } else { Err(Errno::PROTO) }
    }

    fn cast_mut(memory: &mut [u8]) -> Result<&mut Self, Errno> {
        if memory.len() < Self::SIZE || !memory.as_ptr().cast::<Self>().is_aligned() {
            return Err(Errno::INVAL);
        }
        // SAFETY: large enough and aligned; every bit pattern is a value.
        Ok(unsafe { &mut *memory.as_mut_ptr().cast::<Self>() })
    }

    /// All of it, to be written to the memfd.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: plain data without padding (see the assertions).
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), Self::SIZE) }
    }

    /// The personality to use; none: find out.
    pub const fn personality(&self) -> Option<Personality> {
        Personality::from_byte(self.personality)
    }

    /// Sets the personality.
    pub fn set_personality(&mut self, personality: Option<Personality>) {
        self.personality = personality.map_or(0, |personality| personality as u8);
    }

    /// The switches.
    pub const fn flags(&self) -> HandoffFlags {
        HandoffFlags(self.flags)
    }

    /// Sets the switches.
    pub fn set_flags(&mut self, flags: HandoffFlags) {
        self.flags = flags.0;
    }

    /// The program: a path of the host, or of the guest (see [`HandoffFlags::SEARCH`]).
    pub fn path(&self) -> &[u8] {
        &self.path[..(self.path_length as usize).min(PATH)]
    }

    /// Sets the program. `ENAMETOOLONG` above 4096 bytes.
    pub fn set_path(&mut self, path: &[u8]) -> Result<(), Errno> {
        self.path.get_mut(..path.len()).ok_or(Errno::NAMETOOLONG)?.copy_from_slice(path);
        self.path_length = path.len() as u32;
        Ok(())
    }

    /// What the previous stub left for this one: what descriptors mean, and the like.
    pub fn carry(&self) -> &[u8] {
        &self.carry[..(self.carry_length as usize).min(CARRY)]
    }

    /// The room for it, to be filled before [`Handoff::set_carry_length`].
    pub fn carry_area(&mut self) -> &mut [u8; CARRY] {
        &mut self.carry
    }

    /// Says how much of the room is used. `E2BIG` when that is more than there is.
    pub fn set_carry_length(&mut self, length: usize) -> Result<(), Errno> {
        if length > CARRY {
            return Err(Errno::TOOBIG);
        }
        self.carry_length = length as u32;
        Ok(())
    }
}
