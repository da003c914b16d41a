//! The guest's memory as a trace reads it: whatever can be read, and never a fault.

use crate::guest;

/// A place to read a guest's data from.
pub trait Memory {
    /// Reads as much as can be read from the address on; gives how much that was.
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize;
}

/// The guest that the stub is part of.
pub struct Guest;

impl Memory for Guest {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        // What straddles the end of a page that is there is wanted up to that end.
        match guest::read_some(address, bytes) {
            0 => {
                let to_page_end = 4096 - (address % 4096) as usize;
                let len = to_page_end.min(bytes.len());
                guest::read_some(address, &mut bytes[..len])
            }
            count => count,
        }
    }
}

/// A number of 1, 2, 4 or 8 bytes, if it can be read.
pub fn number(memory: &dyn Memory, address: u64, size: usize) -> Option<u64> {
    let mut bytes = [0; 8];
    let size = size.min(bytes.len());
    (memory.read(address, &mut bytes[..size]) == size).then_some(u64::from_le_bytes(bytes))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Memory;

    /// Pieces of memory at chosen addresses.
    #[derive(Default)]
    pub struct Plain(Vec<(u64, Vec<u8>)>);

    impl Plain {
        /// The same with another piece.
        pub fn with(mut self, address: u64, bytes: &[u8]) -> Plain {
            self.0.push((address, bytes.to_vec()));
            self
        }

        /// Changes a piece, as a call does.
        pub fn set(&mut self, address: u64, bytes: &[u8]) {
            self.0.retain(|piece| piece.0 != address);
            self.0.push((address, bytes.to_vec()));
        }
    }

    impl Memory for Plain {
        fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
            let piece = self
                .0
                .iter()
                .find(|(start, piece)| address >= *start && address - start < piece.len() as u64);
            let Some((start, piece)) = piece else { return 0 };
            let rest = &piece[(address - start) as usize..];
            let count = rest.len().min(bytes.len());
            bytes[..count].copy_from_slice(&rest[..count]);
            count
        }
    }
}
