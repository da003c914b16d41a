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
    /// Copies a string with its zero to where there is room up to `end`, which is at least a byte.
    fn stub_guest_string(to: *mut u8, from: *const u8, end: *mut u8) -> Copied;
    static stub_guest_string_trap: u8;
    static stub_guest_string_byte_trap: u8;
    static stub_guest_string_fault: u8;
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

/// What came of copying a string.
#[repr(C)]
struct Copied {
    /// Where its zero was written; null for a string that cannot be read, [`TOO_LONG`] for one that does not fit.
    zero: *mut u8,
    /// Not zero when a slash in it comes before another one or a dot.
    loose: u64,
}

/// See [`Copied`].
const TOO_LONG: usize = 1;

// Sixteen bytes at a time, or single ones where a page or the room ends sooner: a string that ends before a page that
// cannot be read is not read beyond. Slashes and dots are looked for on the way: r8 tells whether the last byte was a
// slash, r11 gathers what follows one.
global_asm!(
    ".globl stub_guest_string",
    ".globl stub_guest_string_trap",
    ".globl stub_guest_string_byte_trap",
    ".globl stub_guest_string_fault",
    "stub_guest_string:",
    "xor r8d, r8d",
    "xor r11d, r11d",
    "pxor xmm1, xmm1",
    "movdqa xmm2, [rip + stub_guest_slashes]",
    "movdqa xmm3, [rip + stub_guest_dots]",
    "2:",
    "mov eax, esi",
    "and eax, 4095",
    "cmp eax, 4080",
    "ja 4f",
    "lea rax, [rdi + 16]",
    "cmp rax, rdx",
    "ja 4f",
    "stub_guest_string_trap:",
    "movdqu xmm0, [rsi]",
    "movdqu [rdi], xmm0",
    "movdqa xmm4, xmm0",
    "movdqa xmm5, xmm0",
    "pcmpeqb xmm0, xmm1",
    "pcmpeqb xmm4, xmm2",
    "pcmpeqb xmm5, xmm3",
    "pmovmskb eax, xmm0",
    "pmovmskb r9d, xmm4",
    "pmovmskb r10d, xmm5",
    "lea ecx, [r9 + r9]",
    "or ecx, r8d",
    "or r10d, r9d",
    "and r10d, ecx",
    "mov r8d, r9d",
    "shr r8d, 15",
    "test eax, eax",
    "jnz 3f",
    "or r11d, r10d",
    "add rsi, 16",
    "add rdi, 16",
    "jmp 2b",
    // The zero is among these sixteen: what comes behind it is none of the string's.
    "3:",
    "lea ecx, [rax - 1]",
    "not eax",
    "and ecx, eax",
    "and r10d, ecx",
    "not eax",
    "bsf eax, eax",
    "add rax, rdi",
    "mov edx, r11d",
    "or edx, r10d",
    "ret",
    "4:",
    "cmp rdi, rdx",
    "jae 7f",
    "stub_guest_string_byte_trap:",
    "movzx eax, byte ptr [rsi]",
    "mov [rdi], al",
    "test al, al",
    "jz 6f",
    "xor ecx, ecx",
    "cmp al, 0x2e",
    "sete cl",
    "xor r9d, r9d",
    "cmp al, 0x2f",
    "sete r9b",
    "or ecx, r9d",
    "and ecx, r8d",
    "or r11d, ecx",
    "mov r8d, r9d",
    "inc rsi",
    "inc rdi",
    "jmp 2b",
    "6:",
    "mov rax, rdi",
    "mov edx, r11d",
    "ret",
    "7:",
    "mov eax, {too_long}",
    "ret",
    "stub_guest_string_fault:",
    "xor eax, eax",
    "ret",
    ".p2align 4",
    "stub_guest_slashes:",
    ".fill 16, 1, 0x2f",
    "stub_guest_dots:",
    ".fill 16, 1, 0x2e",
    too_long = const TOO_LONG,
);

/// Where a fault at `rip` inside a guest access goes on, if it is one.
pub fn fault_exit(rip: u64) -> Option<u64> {
    if rip == &raw const stub_guest_copy_trap as u64 {
        Some(&raw const stub_guest_copy_exit as u64)
    } else if [&raw const stub_guest_string_trap, &raw const stub_guest_string_byte_trap]
        .contains(&(rip as *const u8))
    {
        Some(&raw const stub_guest_string_fault as u64)
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
    /// Known to have no slash before another one or a dot.
    is_tidy: bool,
}

impl PathBuffer {
    /// An empty path.
    // Were it a constant, its bytes would be set as well, to nothing in particular.
    #[inline(always)]
    pub fn new() -> Self {
        let mut path = MaybeUninit::<Self>::uninit();
        let at = path.as_mut_ptr();
        // SAFETY: fields of one place; the bytes need no value.
        unsafe {
            (&raw mut (*at).len).write(0);
            (&raw mut (*at).is_tidy).write(false);
            path.assume_init()
        }
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
    #[inline]
    pub fn copy_in(&mut self, addr: u64) -> Result<&mut Self, Errno> {
        self.len = 0;
        // The page at that address can never be read.
        if addr >= ADDRESS_END {
            return Err(Errno::FAULT);
        }
        let start = self.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: all from the start to the end is ours; a bad source ends in the fault exit.
        let copied = unsafe { stub_guest_string(start, addr as *const u8, start.add(PATH_MAX)) };
        match copied.zero.addr() {
            0 => Err(Errno::FAULT),
            TOO_LONG => Err(Errno::NAMETOOLONG),
            zero => {
                self.len = zero - start.addr();
                self.is_tidy = copied.loose == 0;
                Ok(self)
            }
        }
    }

    /// Whether it came from the guest and has no slash before another one or a dot.
    #[inline]
    pub fn is_tidy(&self) -> bool {
        self.is_tidy
    }

    /// Sets the path from pieces.
    ///
    /// # Errors
    /// `ENAMETOOLONG` when they do not fit.
    pub fn set(&mut self, pieces: &[&[u8]]) -> Result<&mut Self, Errno> {
        self.len = 0;
        self.is_tidy = false;
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
        self.is_tidy = false;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::linux::{abi::__NR_mprotect, memory, syscall::call};

    /// A page that can be read, with one behind it that cannot.
    fn page() -> &'static mut [u8] {
        let at = memory::map(2 * 4096).unwrap();
        // SAFETY: the memory is ours, and given back by nobody.
        unsafe {
            call(__NR_mprotect, [at + 4096, 4096, 0]).unwrap();
            core::slice::from_raw_parts_mut(at as *mut u8, 4096)
        }
    }

    #[test]
    fn strings_are_copied_up_to_their_zero_and_not_read_beyond() {
        let page = page();
        let mut path = PathBuffer::new();
        for len in (0..70).chain([255, 256, 4094, 4095]) {
            // At the end of the page, and with other strings behind the zero.
            for behind in [0, 1, 7, 15, 16, 40] {
                let Some(start) = 4095_usize.checked_sub(len + behind) else { continue };
                page.fill(b'/');
                page[start..start + len].fill(b'x');
                page[start + len] = 0;
                path.copy_in(page[start..].as_ptr() as u64).unwrap();
                assert_eq!(path.bytes(), &page[start..start + len], "{len} {behind}");
                assert!(path.is_tidy(), "{len} {behind}");
                // SAFETY: the zero behind the path.
                assert_eq!(unsafe { *((path.address() + len as u64) as *const u8) }, 0);
            }
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let mut path = PathBuffer::new();
        let long = vec![b'x'; PATH_MAX + 64];
        for start in [0, 1, 9] {
            assert_eq!(path.copy_in(long[start..].as_ptr() as u64).err(), Some(Errno::NAMETOOLONG));
        }
        for address in [ADDRESS_END, 1 << 63, u64::MAX] {
            assert_eq!(path.copy_in(address).err(), Some(Errno::FAULT));
        }
    }

    #[test]
    fn tidy_paths_have_no_slash_before_a_slash_or_a_dot() {
        let page = page();
        for text in [
            "", "/", "a", ".", "..", ".a", "/a.", "/a/b/", "a./b", "/a..b", "//", "/.", "a/.b", "a//",
            "/a/..",
        ] {
            let wanted = !text.contains("//") && !text.contains("/.");
            // At every place of sixteen bytes, and at the end of the page.
            for before in 0..40 {
                let whole = "x".repeat(before) + text;
                for start in [100, 4095 - whole.len()] {
                    page.fill(b'.');
                    page[start..start + whole.len()].copy_from_slice(whole.as_bytes());
                    page[start + whole.len()] = 0;
                    let mut path = PathBuffer::new();
                    path.copy_in(page[start..].as_ptr() as u64).unwrap();
                    assert_eq!(path.bytes(), whole.as_bytes());
                    assert_eq!(path.is_tidy(), wanted, "{whole} at {start}");
                }
            }
        }
        let mut path = PathBuffer::new();
        page[..3].copy_from_slice(b"/a\0");
        assert!(path.copy_in(page.as_ptr() as u64).unwrap().is_tidy());
        assert!(!path.push(b"/.").unwrap().is_tidy());
        assert!(!path.set(&[b"/a"]).unwrap().is_tidy());
    }
}
