//! Access to guest memory from the stub, safe against bad addresses.
//!
//! The copy is one instruction at a known place; when it faults, the stub's fault handler sends
//! it to an exit that reports how much was left, and the caller answers `EFAULT`.

use core::arch::global_asm;
use core::mem::{MaybeUninit, size_of};

use schemas::Errno;

/// Types that may be copied to and from guest memory byte for byte.
///
/// # Safety
/// Every bit pattern must be a value, and there must be no padding.
pub unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($t:ty),* $(,)?) => { $(
        // SAFETY: integers have no padding and no invalid values.
        unsafe impl Plain for $t {}
    )* };
}
plain!(u8, u16, u32, u64, i8, i16, i32, i64, usize, isize);

// SAFETY: an array of plain values has no padding of its own.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Declares structures of a foreign ABI: `repr(C)`, all fields public, plain, with their size checked.
#[macro_export]
macro_rules! layout {
    ($( $(#[$meta:meta])* pub struct $name:ident : $size:literal { $( $(#[$fmeta:meta])* pub $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        #[expect(missing_docs, reason = "the fields are named as in the OS's own header")]
        pub struct $name { $( $(#[$fmeta])* pub $field : $ty ),* }
        const _: () = assert!(core::mem::size_of::<$name>() == $size);
        const _: () = assert!(0 $( + core::mem::size_of::<$ty>() )* == $size, "padding must be a field");
        // SAFETY: only plain fields, and the assertion above rules out padding.
        unsafe impl $crate::guest::Plain for $name {}
        impl Default for $name {
            fn default() -> Self {
                // SAFETY: zero is a value of every plain type.
                unsafe { core::mem::zeroed() }
            }
        }
    )* };
}

unsafe extern "C" {
    /// Copies `len` bytes; gives the number left over, zero when all went well.
    fn stub_guest_copy(to: *mut u8, from: *const u8, len: usize) -> usize;
    static stub_guest_copy_trap: u8;
    static stub_guest_copy_exit: u8;
    fn stub_guest_exchange(at: *mut u32, old: u32, new: u32, seen: *mut u32) -> u32;
    static stub_guest_exchange_trap: u8;
    static stub_guest_exchange_fault: u8;
}

global_asm!(
    ".globl stub_guest_copy",
    ".globl stub_guest_copy_trap",
    ".globl stub_guest_copy_exit",
    "stub_guest_copy:",
    "mov rcx, rdx",
    "stub_guest_copy_trap:",
    "rep movsb",
    "stub_guest_copy_exit:",
    "mov rax, rcx",
    "ret",
    ".globl stub_guest_exchange",
    ".globl stub_guest_exchange_trap",
    ".globl stub_guest_exchange_fault",
    "stub_guest_exchange:",
    "mov r8, rcx",
    "mov eax, esi",
    "stub_guest_exchange_trap:",
    "lock cmpxchg dword ptr [rdi], edx",
    "mov dword ptr [r8], eax",
    "xor eax, eax",
    "ret",
    "stub_guest_exchange_fault:",
    "mov eax, 1",
    "ret",
);

/// Where a fault at `rip` inside a guest access goes on, if it is one.
pub fn fault_exit(rip: u64) -> Option<u64> {
    if rip == &raw const stub_guest_copy_trap as u64 {
        Some(&raw const stub_guest_copy_exit as u64)
    } else if rip == &raw const stub_guest_exchange_trap as u64 {
        Some(&raw const stub_guest_exchange_fault as u64)
    } else {
        None
    }
}

/// Highest address (exclusive) a user program can have on x86-64 with four-level paging.
pub const ADDRESS_END: u64 = 0x7fff_ffff_f000;

/// Whether a range is one that user memory can have; the rest would be a general protection
/// fault, or kernel memory.
fn in_user_range(addr: u64, len: usize) -> bool {
    // Nothing can be read anywhere, as for the host.
    len == 0 || addr.checked_add(len as u64).is_some_and(|end| end <= ADDRESS_END)
}

/// Reads guest memory into `buf`.
///
/// # Errors
/// `EFAULT` when any byte cannot be read.
pub fn read(addr: u64, buf: &mut [u8]) -> Result<(), Errno> {
    if !in_user_range(addr, buf.len()) {
        return Err(Errno::FAULT);
    }
    // SAFETY: the destination is ours; a bad source ends in the fault exit.
    match unsafe { stub_guest_copy(buf.as_mut_ptr(), addr as *const u8, buf.len()) } {
        0 => Ok(()),
        _ => Err(Errno::FAULT),
    }
}

/// Reads as much as can be read, up to the first page that cannot.
pub fn read_some(addr: u64, buf: &mut [u8]) -> usize {
    if !in_user_range(addr, buf.len()) {
        return 0;
    }
    // SAFETY: as in `read`.
    buf.len() - unsafe { stub_guest_copy(buf.as_mut_ptr(), addr as *const u8, buf.len()) }
}

/// Writes `bytes` to guest memory.
///
/// # Errors
/// `EFAULT` when any byte cannot be written; some may have been.
pub fn write(addr: u64, bytes: &[u8]) -> Result<(), Errno> {
    if !in_user_range(addr, bytes.len()) {
        return Err(Errno::FAULT);
    }
    // SAFETY: the source is ours; a bad destination ends in the fault exit.
    match unsafe { stub_guest_copy(addr as *mut u8, bytes.as_ptr(), bytes.len()) } {
        0 => Ok(()),
        _ => Err(Errno::FAULT),
    }
}

/// Reads one value.
///
/// # Errors
/// `EFAULT` on a bad address.
pub fn get<T: Plain>(addr: u64) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: zeroed memory of a plain type is initialised.
    let bytes = unsafe { core::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    read(addr, bytes)?;
    // SAFETY: any bits are a value of a plain type.
    Ok(unsafe { value.assume_init() })
}

/// Writes one value.
///
/// # Errors
/// `EFAULT` on a bad address.
pub fn put<T: Plain>(addr: u64, value: &T) -> Result<(), Errno> {
    // SAFETY: a plain type has no padding, so all its bytes are initialised.
    let bytes = unsafe { core::slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>()) };
    write(addr, bytes)
}

/// Writes one value unless the guest passed a null pointer.
///
/// # Errors
/// `EFAULT` on a bad address.
pub fn put_if<T: Plain>(addr: u64, value: &T) -> Result<(), Errno> {
    if addr == 0 { Ok(()) } else { put(addr, value) }
}

/// Reads one value, or nothing where the guest passed a null pointer.
///
/// # Errors
/// `EFAULT` on a bad address.
pub fn get_if<T: Plain>(addr: u64) -> Result<Option<T>, Errno> {
    if addr == 0 { Ok(None) } else { get(addr).map(Some) }
}

/// Compares and exchanges a word of guest memory; gives the value seen.
///
/// # Errors
/// `EFAULT` on a bad address.
pub fn compare_exchange(addr: u64, old: u32, new: u32) -> Result<u32, Errno> {
    if !in_user_range(addr, 4) {
        return Err(Errno::FAULT);
    }
    let mut seen = 0;
    // SAFETY: the destination is ours; a bad guest address ends in the fault exit.
    match unsafe { stub_guest_exchange(addr as *mut u32, old, new, &raw mut seen) } {
        0 => Ok(seen),
        _ => Err(Errno::FAULT),
    }
}

/// Longest path a guest may pass, with its terminating zero (`PATH_MAX` of Linux; the BSDs allow 1024).
pub const PATH_MAX: usize = 4096;

/// A path copied from the guest, with its terminating zero.
pub struct PathBuffer {
    bytes: [MaybeUninit<u8>; PATH_MAX],
    len: usize,
}

impl PathBuffer {
    /// An empty path.
    pub const fn new() -> Self {
        PathBuffer { bytes: [MaybeUninit::uninit(); PATH_MAX], len: 0 }
    }

    /// An empty path that a host call can take.
    pub fn empty() -> Self {
        let mut path = Self::new();
        path.bytes[0].write(0);
        path
    }

    /// Copies the zero-terminated string at `addr`.
    ///
    /// # Errors
    /// `EFAULT` on a bad address, `ENAMETOOLONG` when there is no zero within [`PATH_MAX`].
    pub fn copy_in(&mut self, addr: u64) -> Result<&mut Self, Errno> {
        self.len = 0;
        let mut at = addr;
        while self.len < PATH_MAX {
            // Never reads across a page end before a zero was seen on this page.
            let chunk = (256 - (at as usize & 255)).min(PATH_MAX - self.len);
            let start = self.len;
            // SAFETY: `read` fills the slice or fails, and it is not looked at when it fails.
            let piece = unsafe {
                core::slice::from_raw_parts_mut(self.bytes.as_mut_ptr().add(start).cast::<u8>(), chunk)
            };
            read(at, piece)?;
            if let Some(end) = piece.iter().position(|b| *b == 0) {
                self.len = start + end;
                return Ok(self);
            }
            self.len += chunk;
            at += chunk as u64;
        }
        Err(Errno::NAMETOOLONG)
    }

    /// Sets the path from pieces.
    ///
    /// # Errors
    /// `ENAMETOOLONG` when they do not fit.
    pub fn set(&mut self, pieces: &[&[u8]]) -> Result<&mut Self, Errno> {
        self.len = 0;
        for piece in pieces {
            if self.len + piece.len() >= PATH_MAX {
                return Err(Errno::NAMETOOLONG);
            }
            for b in *piece {
                self.bytes[self.len].write(*b);
                self.len += 1;
            }
        }
        self.bytes[self.len].write(0);
        Ok(self)
    }

    /// Sets the path to a prefix and a descriptor's number.
    ///
    /// # Errors
    /// `ENAMETOOLONG` when they do not fit.
    pub fn set_numbered(&mut self, prefix: &[u8], descriptor: i32) -> Result<&mut Self, Errno> {
        let mut digits = [0u8; 10];
        let mut at = digits.len();
        let mut rest = descriptor.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                return self.set(&[prefix, &digits[at..]]);
            }
        }
    }

    /// Adds to the end of the path.
    ///
    /// # Errors
    /// `ENAMETOOLONG` when it does not fit.
    pub fn push(&mut self, piece: &[u8]) -> Result<&mut Self, Errno> {
        if self.len + piece.len() >= PATH_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        for b in piece.iter().chain(&[0]) {
            self.bytes[self.len].write(*b);
            self.len += 1;
        }
        self.len -= 1;
        Ok(self)
    }

    /// Cuts the path off behind its first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.bytes[len].write(0);
        }
    }

    /// The path without its zero.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes have been written.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) }
    }

    /// Address of the zero-terminated path, for a host call.
    pub fn address(&self) -> u64 {
        self.bytes.as_ptr() as u64
    }
}

impl Default for PathBuffer {
    fn default() -> Self {
        Self::new()
    }
}
