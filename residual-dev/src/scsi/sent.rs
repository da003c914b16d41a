//! Data that a host sends with a command: bytes of our own, or memory that the host shares.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU8, Ordering};

/// What a host sent.
#[derive(Clone, Copy, Debug)]
pub enum Sent<'a> {
    /// Bytes that nobody changes.
    Own(&'a [u8]),
    /// Memory that the host may change at any time: it is handed to the kernel, or copied before it is looked at.
    Shared(&'a [AtomicU8]),
}

impl<'a> Sent<'a> {
    /// Nothing.
    pub const NONE: Self = Self::Own(&[]);

    /// Bytes.
    pub fn len(self) -> usize {
        match self {
            Self::Own(bytes) => bytes.len(),
            Self::Shared(memory) => memory.len(),
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first so many bytes, if there are as many.
    pub fn first(self, length: usize) -> Option<Self> {
        match self {
            Self::Own(bytes) => bytes.get(..length).map(Self::Own),
            Self::Shared(memory) => memory.get(..length).map(Self::Shared),
        }
    }

    /// What follows so many bytes; nothing behind the end.
    pub fn after(self, length: usize) -> Self {
        match self {
            Self::Own(bytes) => Self::Own(bytes.get(length..).unwrap_or_default()),
            Self::Shared(memory) => Self::Shared(memory.get(length..).unwrap_or_default()),
        }
    }

    /// Bytes that stay as they are.
    pub fn bytes(self) -> Cow<'a, [u8]> {
        match self {
            Self::Own(bytes) => Cow::Borrowed(bytes),
            Self::Shared(memory) => memory.iter().map(|byte| byte.load(Ordering::Relaxed)).collect(),
        }
    }

    /// Where it is, for the kernel to read.
    pub fn address(self) -> *const u8 {
        match self {
            Self::Own(bytes) => bytes.as_ptr(),
            Self::Shared(memory) => memory.as_ptr().cast(),
        }
    }

    /// Writes all of it to a file, from a byte on.
    ///
    /// # Errors
    /// As pwrite(2).
    pub fn write_to(self, file: &File, at: u64) -> io::Result<()> {
        let mut done = 0;
        while done < self.len() {
            let rest = self.after(done);
            let offset = i64::try_from(at + done as u64).map_err(|_| io::ErrorKind::InvalidInput)?;
            // SAFETY: the memory is there for as long as `self`, and the kernel only reads it.
            let wrote =
                unsafe { libc::pwrite(file.as_fd().as_raw_fd(), rest.address().cast(), rest.len(), offset) };
            match wrote {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                1.. => done += wrote as usize,
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_written_alike() {
        let bytes: Vec<u8> = (0..=255).collect();
        let memory: Vec<AtomicU8> = bytes.iter().copied().map(AtomicU8::new).collect();
        for sent in [Sent::Own(&bytes), Sent::Shared(&memory)] {
            assert_eq!(sent.bytes(), &bytes[..]);
            assert!(sent.first(257).is_none() && sent.after(300).is_empty());
            let file = tempfile::tempfile().expect("the machine has room for a file");
            let part = sent.first(250).expect("it is longer").after(10);
            part.write_to(&file, 5).expect("there is room");
            let mut back = [0; 300];
            let got = rustix::io::pread(&file, &mut back, 0).expect("it can be read");
            assert_eq!((&back[..5], &back[5..got]), (&[0; 5][..], &bytes[10..250]));
        }
    }
}
