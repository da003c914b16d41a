//! Sense data: why a command failed (SPC-4, 4.5; codes in its annex D and MMC-6, annex F).

/// Bytes of sense data in fixed format.
pub const LENGTH: usize = 18;
/// Status of a command (SAM-5, 5.3.1): it was done.
pub const GOOD: u8 = 0;
/// Status of a command: sense data says what is the matter.
pub const CHECK_CONDITION: u8 = 2;

/// Sense key, additional sense code and qualifier, and what they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sense {
    /// Sense key.
    pub key: u8,
    /// Additional sense code.
    pub code: u8,
    /// Its qualifier.
    pub qualifier: u8,
    /// The block that it is about.
    pub information: Option<u32>,
    /// The byte in error of the CDB (true) or of the parameter list (false).
    pub field: Option<(bool, u16)>,
}

macro_rules! senses {
    ($($(#[$meta:meta])* $name:ident = $key:literal, $code:literal, $qualifier:literal;)*) => {
        impl Sense { $(
            $(#[$meta])*
            pub const $name: Self = Self::new($key, $code, $qualifier);
        )* }
    };
}

senses! {
    /// All is well.
    NONE = 0x0, 0x00, 0x00;
    /// The buffer is full, or what is in it is still being written.
    LONG_WRITE = 0x2, 0x04, 0x08;
    /// The tray is closed and nothing is in it.
    NO_MEDIUM = 0x2, 0x3a, 0x01;
    /// The tray is open.
    TRAY_OPEN = 0x2, 0x3a, 0x02;
    /// The image behind the medium could not be written.
    WRITE_ERROR = 0x3, 0x0c, 0x00;
    /// The image behind the medium could not be read.
    READ_ERROR = 0x3, 0x11, 0x00;
    /// A parameter list is shorter than what it holds.
    LIST_LENGTH = 0x5, 0x1a, 0x00;
    /// No such command.
    INVALID_OPERATION = 0x5, 0x20, 0x00;
    /// Whoever sent it may not.
    ACCESS_DENIED = 0x5, 0x20, 0x02;
    /// No such block.
    OUT_OF_RANGE = 0x5, 0x21, 0x00;
    /// Not where writing goes on.
    INVALID_WRITE_ADDRESS = 0x5, 0x21, 0x02;
    /// A field of the CDB does not have such a value.
    INVALID_FIELD = 0x5, 0x24, 0x00;
    /// There is but one unit.
    NO_SUCH_UNIT = 0x5, 0x25, 0x00;
    /// A field of the parameter list does not have such a value.
    INVALID_PARAMETER = 0x5, 0x26, 0x00;
    /// Out of turn.
    SEQUENCE = 0x5, 0x2c, 0x00;
    /// The medium is of another kind than the command.
    INCOMPATIBLE = 0x5, 0x30, 0x00;
    /// The medium takes no writing as it is.
    CANNOT_WRITE = 0x5, 0x30, 0x05;
    /// The medium takes no formatting.
    CANNOT_FORMAT = 0x5, 0x30, 0x06;
    /// Nothing is kept.
    NOT_SAVED = 0x5, 0x39, 0x00;
    /// Removal is prevented.
    REMOVAL_PREVENTED = 0x5, 0x53, 0x02;
    /// The track is full.
    END_OF_TRACK = 0x5, 0x63, 0x00;
    /// The blocks there are of another kind.
    ILLEGAL_MODE = 0x5, 0x64, 0x00;
    /// The session cannot be closed.
    FIXATION = 0x5, 0x72, 0x00;
    /// A reserved track was not written.
    EMPTY_TRACK = 0x5, 0x72, 0x04;
    /// No more tracks.
    NO_MORE_TRACKS = 0x5, 0x72, 0x05;
    /// Another medium may be there.
    MEDIUM_CHANGED = 0x6, 0x28, 0x00;
    /// The medium does not take writing at all.
    WRITE_PROTECTED = 0x7, 0x27, 0x00;
    /// The host's data did not come, or more came than the host took.
    DATA_PHASE = 0xb, 0x4b, 0x00;
}

impl Sense {
    /// Without anything more.
    pub const fn new(key: u8, code: u8, qualifier: u8) -> Self {
        Self { key, code, qualifier, information: None, field: None }
    }

    /// About a byte of the CDB.
    pub const fn in_command(mut self, byte: u16) -> Self {
        self.field = Some((true, byte));
        self
    }

    /// About a byte of the parameter list.
    pub const fn in_parameters(mut self, byte: u16) -> Self {
        self.field = Some((false, byte));
        self
    }

    /// About a block.
    pub const fn at_block(mut self, block: i32) -> Self {
        self.information = Some(block as u32);
        self
    }

    /// In fixed format (SPC-4, 4.5.3).
    pub fn fixed(&self) -> [u8; LENGTH] {
        let mut data = [0; LENGTH];
        data[0] = 0x70 | if self.information.is_some() { 0x80 } else { 0 };
        data[2] = self.key;
        data[3..7].copy_from_slice(&self.information.unwrap_or(0).to_be_bytes());
        data[7] = (LENGTH - 8) as u8;
        data[12] = self.code;
        data[13] = self.qualifier;
        if let Some((command, byte)) = self.field {
            data[15] = 0x80 | if command { 0x40 } else { 0 };
            data[16..18].copy_from_slice(&byte.to_be_bytes());
        }
        data
    }

    /// In descriptor format (SPC-4, 4.5.2).
    pub fn descriptors(&self) -> Vec<u8> {
        let mut data = vec![0x72, self.key, self.code, self.qualifier, 0, 0, 0, 0];
        if let Some(block) = self.information {
            data.extend([0x00, 0x0a, 0x80, 0, 0, 0, 0, 0]);
            data.extend(block.to_be_bytes());
        }
        if let Some((command, byte)) = self.field {
            data.extend([0x02, 0x06, 0, 0, 0x80 | if command { 0x40 } else { 0 }]);
            data.extend(byte.to_be_bytes());
            data.push(0);
        }
        data[7] = (data.len() - 8) as u8;
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_and_where() {
        let data = Sense::INVALID_FIELD.in_command(2).fixed();
        assert_eq!(data[..8], [0x70, 0, 5, 0, 0, 0, 0, 10]);
        assert_eq!(data[12..], [0x24, 0, 0, 0xc0, 0, 2]);
        let data = Sense::READ_ERROR.at_block(0x1234).fixed();
        assert_eq!(data[..8], [0xf0, 0, 3, 0, 0, 0x12, 0x34, 10]);
        let data = Sense::READ_ERROR.at_block(7).descriptors();
        assert_eq!(data, [0x72, 3, 0x11, 0, 0, 0, 0, 12, 0, 10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    }
}
