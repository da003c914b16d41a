//! Reading a file in small bounded pieces.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;

use memchr::memmem;
use object::ReadRef;
use object::read::{ReadCache, ReadCacheOps};

/// A file that can be read at any place, without a position that others would see moved.
pub trait Source {
    /// Its size in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Reads some bytes at `offset`; none at and behind the end. As read(2), it may read fewer than asked.
    fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Source for &[u8] {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> io::Result<u64> {
        self.as_slice().size()
    }

    fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_from(offset, buffer)
    }
}

/// Only regular files are read: a pipe or a terminal would block, a device would do whatever it does.
impl Source for File {
    fn size(&self) -> io::Result<u64> {
        let metadata = self.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(metadata.len())
    }

    fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_at(buffer, offset)
    }
}

/// No structure that tells what a file is comes near this size.
const PIECE: u64 = 128 << 10;
/// How much is kept in memory of one file.
const KEPT: u64 = 1 << 20;
/// How much is looked through for traces where no mark tells the OS.
const SCANNED: u64 = 16 << 20;

/// A file as the readers of the formats see it: what was read is kept, up to a bound.
pub(super) struct Window<'s> {
    cache: ReadCache<Adapter<'s>>,
    source: &'s dyn Source,
    size: u64,
    kept: Cell<u64>,
    scanned: Cell<u64>,
}

/// A reference to a [`Window`] for the `object` crate, whose formats' readers it bounds.
#[derive(Clone, Copy)]
pub(super) struct Pieces<'w, 's>(&'w Window<'s>);

impl<'s> Window<'s> {
    pub(super) fn new(source: &'s dyn Source) -> io::Result<Window<'s>> {
        Window::with_header(source, Vec::new())
    }

    /// The file as if it began with `header` instead of what is there.
    pub(super) fn with_header(source: &'s dyn Source, header: Vec<u8>) -> io::Result<Window<'s>> {
        let size = source.size()?;
        let adapter = Adapter { source, header, size, position: 0 };
        Ok(Window { cache: ReadCache::new(adapter), source, size, kept: Cell::new(0), scanned: Cell::new(0) })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn source(&self) -> &'s dyn Source {
        self.source
    }

    pub(super) fn pieces(&self) -> Pieces<'_, 's> {
        Pieces(self)
    }

    /// Up to `length` bytes at `offset`, fewer where the file ends.
    pub(super) fn up_to(&self, offset: u64, length: u64) -> &[u8] {
        let length = length.min(self.size.saturating_sub(offset));
        self.pieces().read_bytes_at(offset, length).unwrap_or_default()
    }

    /// Looks through `range`, chunk by chunk, until `look` breaks. Nothing of it is kept.
    pub(super) fn scan(&self, range: Range<u64>, mut look: impl FnMut(&Chunk<'_>) -> ControlFlow<()>) {
        let end = range.end.min(self.size);
        let mut buffer = vec![0; CHUNK];
        let mut filled = 0;
        let mut offset = range.start;
        let mut first = true;
        while offset < end {
            let budget = SCANNED.saturating_sub(self.scanned.get());
            let wanted = ((end - offset).min(budget) as usize).min(CHUNK - filled);
            let Ok(read @ 1..) = self.source.read_from(offset, &mut buffer[filled..filled + wanted]) else {
                return;
            };
            self.scanned.set(self.scanned.get() + read as u64);
            offset += read as u64;
            filled += read;
            let last = offset >= end;
            if !last && filled < CHUNK {
                continue;
            }
            if look(&Chunk { bytes: &buffer[..filled], first, last }).is_break() || last {
                return;
            }
            first = false;
            buffer.copy_within(filled - OVERLAP..filled, 0);
            filled = OVERLAP;
        }
    }
}

const CHUNK: usize = 64 << 10;
/// Half of it is the context before and behind what is looked for.
const OVERLAP: usize = 128;

/// A stretch of a scanned range. It repeats the end of the one before it.
pub(super) struct Chunk<'a> {
    bytes: &'a [u8],
    first: bool,
    last: bool,
}

impl<'a> Chunk<'a> {
    /// Where `needle` is in this chunk: what precedes it and what begins with it. Over all chunks each place is
    /// told once, with at least 64 bytes on either side where the range has them.
    pub(super) fn find<'n>(
        &self,
        needle: &'n [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a, 'n> {
        let bytes = self.bytes;
        let start = if self.first { 0 } else { OVERLAP / 2 };
        let end = if self.last { bytes.len() } else { bytes.len().saturating_sub(OVERLAP / 2) };
        // What begins before the end may reach beyond it.
        let reach = (end + needle.len().saturating_sub(1)).min(bytes.len());
        let searched = bytes.get(start..reach).unwrap_or_default();
        memmem::find_iter(searched, needle).map(move |index| bytes.split_at(start + index))
    }
}

impl<'w> ReadRef<'w> for Pieces<'w, '_> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.0.size)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'w [u8], ()> {
        self.0.charge(size)?;
        self.0.cache.read_bytes_at(offset, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'w [u8], ()> {
        // The cache looks at no more than this for one string.
        self.0.charge(4096.min(range.end.saturating_sub(range.start)))?;
        self.0.cache.read_bytes_at_until(range, delimiter)
    }
}

impl Window<'_> {
    fn charge(&self, size: u64) -> Result<(), ()> {
        let kept = self.kept.get().saturating_add(size);
        if size > PIECE || kept > KEPT {
            return Err(());
        }
        self.kept.set(kept);
        Ok(())
    }
}

/// What the cache reads from.
struct Adapter<'s> {
    source: &'s dyn Source,
    header: Vec<u8>,
    size: u64,
    position: u64,
}

impl ReadCacheOps for Adapter<'_> {
    fn len(&mut self) -> Result<u64, ()> {
        Ok(self.size)
    }

    fn seek(&mut self, position: u64) -> Result<u64, ()> {
        self.position = position;
        Ok(position)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ()> {
        let read = self.source.read_from(self.position, buffer).map_err(|_| ())?;
        if let Some(header) = self.header.get(usize::try_from(self.position).map_err(|_| ())?..) {
            let length = header.len().min(read);
            buffer[..length].copy_from_slice(&header[..length]);
        }
        self.position += read as u64;
        Ok(read)
    }

    fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), ()> {
        while !buffer.is_empty() {
            let read = self.read(buffer)?;
            if read == 0 {
                return Err(());
            }
            buffer = &mut buffer[read..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a call, as a slow file system may.
    struct Drip<'a>(&'a [u8]);

    impl Source for Drip<'_> {
        fn size(&self) -> io::Result<u64> {
            self.0.size()
        }

        fn read_from(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1000);
            self.0.read_from(offset, &mut buffer[..length])
        }
    }

    fn places(source: &dyn Source, range: Range<u64>) -> usize {
        let window = Window::new(source).unwrap();
        let mut found = 0;
        window.scan(range, |chunk| {
            found += chunk.find(b"needle").count();
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn a_scan_tells_each_place_once() {
        for shift in 0..300 {
            let mut bytes = vec![b'n'; 3 * CHUNK];
            for at in [0, CHUNK - 150 + shift, 2 * CHUNK - 200 + shift, 3 * CHUNK - 6] {
                bytes[at..at + 6].copy_from_slice(b"needle");
            }
            assert_eq!(places(&bytes.as_slice(), 0..u64::MAX), 4, "shift {shift}");
            assert_eq!(places(&Drip(&bytes), 0..u64::MAX), 4, "shift {shift}, in drips");
        }
    }

    #[test]
    fn a_scan_stays_in_its_range() {
        let bytes = b"xxneedlexxneedlexx".as_slice();
        assert_eq!(places(&bytes, 3..18), 1);
        assert_eq!(places(&bytes, 0..9), 1);
        assert_eq!(places(&bytes, 18..40), 0);
        assert_eq!(places(&bytes, 40..60), 0);
    }

    #[test]
    fn pieces_are_bounded() {
        let bytes = vec![0; 4 << 20];
        let source = bytes.as_slice();
        let window = Window::new(&source).unwrap();
        assert!(window.pieces().read_bytes_at(0, PIECE + 1).is_err());
        let pieces = (0..).take_while(|&n| window.pieces().read_bytes_at(n, PIECE).is_ok()).count();
        assert_eq!(pieces as u64, KEPT / PIECE);
    }

    #[test]
    fn a_header_is_laid_over_the_file() {
        let source = b"MZqFpD=rest".as_slice();
        let window = Window::with_header(&source, b"\x7fELF".to_vec()).unwrap();
        assert_eq!(window.up_to(0, 100), b"\x7fELFpD=rest");
        assert_eq!(window.up_to(2, 3), b"LFp");
        assert_eq!(window.up_to(8, 2), b"es");
    }
}
