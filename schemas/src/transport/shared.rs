//! Plain data in memory that another process may change at any time.

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::atomic::{AtomicU64, Ordering},
};

/// Types that may be copied out of shared memory as they are.
///
/// # Safety
///
/// Every bit pattern must be a valid value, there must be no padding, and size and alignment must be multiples of
/// that of a `u64`, the alignment exactly.
pub unsafe trait Plain: Copy {}

/// A value that is copied in and out word by word, never referred to. A copy taken while another process writes may
/// be a mixture; a generation beside it tells (see [`super::World::consistent`]).
#[repr(transparent)]
pub struct Shared<T: Plain>(UnsafeCell<T>);

// SAFETY: all access is by atomic words.
unsafe impl<T: Plain> Sync for Shared<T> {}

impl<T: Plain> Shared<T> {
    const WORDS: usize = {
        assert!(size_of::<T>().is_multiple_of(size_of::<u64>()) && align_of::<T>() == align_of::<u64>());
        size_of::<T>() / size_of::<u64>()
    };

    fn words(&self) -> &[AtomicU64] {
        // SAFETY: `T` consists of that many aligned words without padding, and is only ever accessed through this.
        unsafe { core::slice::from_raw_parts(self.0.get().cast(), Self::WORDS) }
    }

    /// Copies it out.
    pub fn load(&self) -> T {
        let mut value = MaybeUninit::<T>::uninit();
        let target = value.as_mut_ptr().cast::<u64>();
        for (index, word) in self.words().iter().enumerate() {
            // SAFETY: below the number of words of `T`.
            unsafe { target.add(index).write(word.load(Ordering::Relaxed)) };
        }
        // SAFETY: every word was written, and every bit pattern is a value.
        unsafe { value.assume_init() }
    }

    /// Copies it in.
    pub fn store(&self, value: &T) {
        let source = core::ptr::from_ref(value).cast::<u64>();
        for (index, word) in self.words().iter().enumerate() {
            // SAFETY: below the number of words of `T`, which has no padding.
            word.store(unsafe { source.add(index).read() }, Ordering::Relaxed);
        }
    }
}

/// Up to `N` bytes. `N + 8` must be a multiple of 8.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct Text<const N: usize> {
    length: u64,
    bytes: [u8; N],
}

// SAFETY: integers only, aligned to eight; `Shared::WORDS` refuses an `N` that would need padding.
unsafe impl<const N: usize> Plain for Text<N> {}

impl<const N: usize> Text<N> {
    /// No bytes.
    pub const EMPTY: Self = {
        assert!(N.is_multiple_of(8));
        Self { length: 0, bytes: [0; N] }
    };

    /// Takes bytes; none when there are too many.
    pub const fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > N {
            return None;
        }
        let mut text = Self::EMPTY;
        text.length = bytes.len() as u64;
        let mut index = 0;
        while index < bytes.len() {
            text.bytes[index] = bytes[index];
            index += 1;
        }
        Some(text)
    }

    /// Takes as many bytes as there is room for.
    pub fn truncated(bytes: &[u8]) -> Self {
        let length = bytes.len().min(N);
        let mut text = Self::EMPTY;
        text.length = length as u64;
        text.bytes[..length].copy_from_slice(&bytes[..length]);
        text
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..(self.length as usize).min(N)]
    }

    /// The bytes as characters; empty when they are none.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl<const N: usize> PartialEq for Text<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Text<N> {}

impl<const N: usize> core::fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::trace::quoted(f, self.as_bytes())
    }
}
