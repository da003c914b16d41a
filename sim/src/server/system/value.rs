//! Values of `sysctl(3)`.

use schemas::system::control::Kind;

/// A value, with its type as the guest's OS declares it. `long` of the 64-bit systems is 64 bits wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `int`.
    Int(i32),
    /// `unsigned int`.
    Unsigned(u32),
    /// `long`, `int64_t`.
    Long(i64),
    /// `unsigned long`, `uint64_t`.
    UnsignedLong(u64),
    /// A string, without the zero byte that ends it in the guest.
    Text(String),
    /// A structure or an array, as the guest lays it out.
    Structure(Vec<u8>),
    /// Bytes without structure.
    Bytes(Vec<u8>),
}

impl Value {
    /// Its kind in messages.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Int(_) => Kind::Int32,
            Value::Unsigned(_) => Kind::Uint32,
            Value::Long(_) => Kind::Int64,
            Value::UnsignedLong(_) => Kind::Uint64,
            Value::Text(_) => Kind::Text,
            Value::Structure(_) => Kind::Structure,
            Value::Bytes(_) => Kind::Bytes,
        }
    }

    /// As the guest gets it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Value::Int(value) => value.to_ne_bytes().to_vec(),
            Value::Unsigned(value) => value.to_ne_bytes().to_vec(),
            Value::Long(value) => value.to_ne_bytes().to_vec(),
            Value::UnsignedLong(value) => value.to_ne_bytes().to_vec(),
            Value::Text(text) => [text.as_bytes(), b"\0"].concat(),
            Value::Structure(bytes) | Value::Bytes(bytes) => bytes.clone(),
        }
    }

    /// FreeBSD's number for the type and the letter that formats it (`sys/sysctl.h`, `CTLTYPE_*`; `sysctl(9)`).
    pub fn freebsd_type(&self) -> (u32, &'static str) {
        match self {
            Value::Int(_) => (2, "I"),
            Value::Text(_) => (3, "A"),
            Value::Structure(_) | Value::Bytes(_) => (5, "S"),
            Value::Unsigned(_) => (6, "IU"),
            Value::Long(_) => (7, "L"),
            Value::UnsignedLong(_) => (8, "LU"),
        }
    }

    /// NetBSD's number for the type (`sys/sysctl.h`, `CTLTYPE_*`).
    pub fn netbsd_type(&self) -> u32 {
        match self {
            Value::Int(_) | Value::Unsigned(_) => 2,
            Value::Text(_) => 3,
            Value::Long(_) | Value::UnsignedLong(_) => 4,
            Value::Structure(_) | Value::Bytes(_) => 5,
        }
    }
}

/// A structure under construction: numbers in the machine's order at the offsets that the header of an OS gives.
#[derive(Debug)]
pub struct Layout(Vec<u8>);

impl Layout {
    /// All zero.
    pub fn new(size: usize) -> Self {
        Self(vec![0; size])
    }

    /// Writes bytes at an offset.
    pub fn put(&mut self, offset: usize, bytes: &[u8]) -> &mut Self {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Writes a 32-bit number at an offset.
    pub fn int(&mut self, offset: usize, value: i32) -> &mut Self {
        self.put(offset, &value.to_ne_bytes())
    }

    /// Writes a 64-bit number at an offset.
    pub fn long(&mut self, offset: usize, value: i64) -> &mut Self {
        self.put(offset, &value.to_ne_bytes())
    }

    /// Writes a string into an array of `room` bytes, cut so that a zero byte ends it.
    pub fn text(&mut self, offset: usize, room: usize, text: &[u8]) -> &mut Self {
        let text = &text[..text.len().min(room - 1)];
        self.put(offset, text)
    }

    /// The finished structure.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}
