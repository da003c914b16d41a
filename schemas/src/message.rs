//! Building and reading messages in place.
//!
//! A message of the data plane is one segment of Cap'n Proto words without framing. Both sides use the functions of
//! this module: the stub in the shared region, without an allocator, the mapper in memory of its own.

use crate::Errno;
use capnp::{
    message::{Allocator, Builder, Reader, ReaderOptions, ReaderSegments},
    traits::{FromPointerReader, HasStructSize, Owned},
};
use core::{marker::PhantomData, ptr::NonNull};

/// Bytes of a word.
pub const WORD: usize = 8;

/// How deep a message may be nested. Those of this crate stay far below.
const NESTING: i32 = 16;

/// Words as the bytes that they are in memory. Messages must be aligned to words.
pub fn bytes(words: &[u64]) -> &[u8] {
    // SAFETY: initialised memory of that many bytes, borrowed.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// Words as the bytes that they are in memory, to be written.
pub fn bytes_mut(words: &mut [u64]) -> &mut [u8] {
    // SAFETY: initialised memory of that many bytes, borrowed; any bytes make words.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// Words that the contents of a `Data` field take.
pub const fn data_words(length: usize) -> usize {
    length.div_ceil(WORD)
}

/// Words that the contents of a `Text` field take, the NUL behind it included.
pub const fn text_words(length: usize) -> usize {
    (length + 1).div_ceil(WORD)
}

/// Words of a structure without what its pointers lead to.
pub fn struct_words<T>() -> usize
where
    T: Owned,
    T::Builder<'static>: HasStructSize,
{
    let size = <T::Builder<'static> as HasStructSize>::STRUCT_SIZE;
    usize::from(size.data) + usize::from(size.pointers)
}

/// Words of a list of `count` structures without what their pointers lead to.
pub fn list_words<T>(count: usize) -> usize
where
    T: Owned,
    T::Builder<'static>: HasStructSize,
{
    1 + count * struct_words::<T>()
}

/// Builds a message at the start of `area` and returns its length in bytes.
///
/// `contents` is an upper bound of the words that everything behind the root's pointers takes ([`data_words`],
/// [`text_words`], [`struct_words`], [`list_words`]); as much of `area` is cleared. `EMSGSIZE` when that does not fit.
///
/// # Panics
///
/// When `fill` writes more than it announced.
pub fn build<T>(
    area: &mut [u8],
    contents: usize,
    fill: impl FnOnce(T::Builder<'_>) -> Result<(), Errno>,
) -> Result<usize, Errno>
where
    T: Owned,
    T::Builder<'static>: HasStructSize,
{
    let words = contents.checked_add(1 + struct_words::<T>()).ok_or(Errno::MSGSIZE)?;
    let bytes = words.checked_mul(WORD).ok_or(Errno::MSGSIZE)?;
    let area = area.get_mut(..bytes).ok_or(Errno::MSGSIZE)?;
    if area.as_ptr().addr() % WORD != 0 {
        return Err(Errno::FAULT);
    }
    area.fill(0);
    let mut builder = Builder::new(InPlace::new(area));
    fill(builder.init_root())?;
    Ok(builder.size_in_words() * WORD)
}

/// Hands out one area, once, and leaves in it what was written. (The allocator that comes with `capnp` clears the
/// area when the builder is dropped.)
struct InPlace<'a> {
    area: Option<(NonNull<u8>, u32)>,
    borrow: PhantomData<&'a mut [u8]>,
}

impl<'a> InPlace<'a> {
    /// `area` must be cleared and aligned to words.
    fn new(area: &'a mut [u8]) -> Self {
        let words = (area.len() / WORD) as u32;
        Self { area: Some((NonNull::from(area).cast(), words)), borrow: PhantomData }
    }
}

// SAFETY: the area is cleared, aligned and borrowed for as long as the allocator lives, and is handed out once only.
unsafe impl Allocator for InPlace<'_> {
    fn allocate_segment(&mut self, minimum_size: u32) -> (NonNull<u8>, u32) {
        match self.area.take() {
            Some((start, words)) if words >= minimum_size => (start, words),
            _ => panic!("a message is larger than announced"),
        }
    }

    unsafe fn deallocate_segment(&mut self, _: NonNull<u8>, _: u32, _: u32) {}
}

/// A message that was received.
pub struct Message<'a>(Reader<Segment<'a>>);

struct Segment<'a>(&'a [u8]);

impl ReaderSegments for Segment<'_> {
    fn get_segment(&self, index: u32) -> Option<&[u8]> {
        (index == 0).then_some(self.0)
    }

    fn len(&self) -> usize {
        1
    }
}

impl<'a> Message<'a> {
    /// Takes one segment, whose start must be aligned to words. Nothing in it is trusted: reads are bounded, what
    /// may be traversed is limited to a small multiple of the length, and depth is limited.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut options = ReaderOptions::new();
        options.traversal_limit_in_words(Some(bytes.len() / WORD * 4 + 64)).nesting_limit(NESTING);
        Self(Reader::new(Segment(bytes), options))
    }

    /// Its root. `EBADMSG` when it is none of that kind.
    pub fn root<'b, T: FromPointerReader<'b>>(&'b self) -> Result<T, Errno> {
        Ok(self.0.get_root()?)
    }
}

#[cfg(feature = "std")]
pub use reply::{Reply, ReplyBuffer};

#[cfg(feature = "std")]
mod reply {
    use super::{Errno, NonNull, WORD};
    use capnp::{
        any_pointer,
        message::{Allocator, Builder, HeapAllocator},
    };

    /// Memory in which replies are built, one after the other, without allocating for each.
    pub struct ReplyBuffer {
        allocator: Reusable,
    }

    /// A reply in one segment. Dereferences to its bytes.
    pub struct Reply<'a> {
        builder: Builder<&'a mut Reusable>,
    }

    impl ReplyBuffer {
        /// Room for replies of up to `limit` bytes.
        pub fn new(limit: usize) -> Self {
            let words = vec![0; limit / WORD].into_boxed_slice();
            Self { allocator: Reusable { words, taken: false, overflow: HeapAllocator::new() } }
        }

        /// Lets `fill` build a reply. `EMSGSIZE` when it is longer than the limit.
        pub fn build(
            &mut self,
            fill: impl FnOnce(any_pointer::Builder<'_>) -> Result<(), Errno>,
        ) -> Result<Reply<'_>, Errno> {
            let mut builder = Builder::new(&mut self.allocator);
            fill(builder.get_root::<any_pointer::Builder<'_>>()?)?;
            if builder.get_segments_for_output().len() == 1 {
                Ok(Reply { builder })
            } else {
                Err(Errno::MSGSIZE)
            }
        }
    }

    impl Default for ReplyBuffer {
        fn default() -> Self {
            Self::new(crate::transport::REPLY_SIZE)
        }
    }

    impl std::ops::Deref for Reply<'_> {
        type Target = [u8];

        fn deref(&self) -> &[u8] {
            self.builder.get_segments_for_output()[0]
        }
    }

    /// Words for one message at a time, cleared after each use.
    struct Reusable {
        words: Box<[u64]>,
        taken: bool,
        overflow: HeapAllocator,
    }

    // SAFETY: the words are aligned, on the heap for as long as the allocator lives, cleared when it is made and
    // after each use, and handed out once at a time; the rest is `HeapAllocator`'s.
    unsafe impl Allocator for Reusable {
        fn allocate_segment(&mut self, minimum_size: u32) -> (NonNull<u8>, u32) {
            if self.taken || minimum_size as usize > self.words.len() {
                return self.overflow.allocate_segment(minimum_size);
            }
            self.taken = true;
            (NonNull::from(&mut *self.words).cast(), self.words.len() as u32)
        }

        unsafe fn deallocate_segment(&mut self, start: NonNull<u8>, words: u32, used: u32) {
            if start.cast() == NonNull::from(&mut *self.words).cast::<u64>() {
                self.words[..used as usize].fill(0);
                self.taken = false;
            } else {
                // SAFETY: it is not ours, so it came from this allocator.
                unsafe { self.overflow.deallocate_segment(start, words, used) };
            }
        }
    }
}
