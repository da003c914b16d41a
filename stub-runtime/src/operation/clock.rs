//! Reading the host's clocks without entering the host, by the code that it maps into every process for that (vdso(7)).

use core::sync::atomic::{AtomicU64, Ordering};

use elf::ElfBytes;
use elf::endian::LittleEndian;
use elf::file::{FileHeader, parse_ident};
use schemas::Errno;

use crate::context::Context;
use crate::host::linux::abi::*;
use crate::host::linux::signal::HostContext;
use crate::host::linux::syscall::call;
use crate::host::linux::thread;

/// Where the host mapped its code; zero where it did not.
static IMAGE: AtomicU64 = AtomicU64::new(0);
/// The function to read clocks with: zero until it was looked for, [`NONE`] where there is none.
static FUNCTION: AtomicU64 = AtomicU64::new(0);
const NONE: u64 = 1;

/// The function's name (vdso(7), x86-64).
const NAME: &str = "__vdso_clock_gettime";
/// Most of the image that is looked at.
const IMAGE_MAX: u64 = 64 * 1024;

/// `clock_gettime(2)` as the host's image has it: 0, or a negative error.
type GetTime = unsafe extern "C" fn(u64, *mut [i64; 2]) -> i64;

/// Says where the host mapped its code (`AT_SYSINFO_EHDR`, getauxval(3)).
pub fn set_image(at: u64) {
    IMAGE.store(at, Ordering::Relaxed);
}

/// Whether a thread was interrupted while the stub read a clock by the host's code: that code, on a stack of the stub's.
pub fn is_reading(cx: &Context, host: &HostContext) -> bool {
    let start = IMAGE.load(Ordering::Relaxed);
    start != 0 && (start..start + IMAGE_MAX).contains(&host.rip) && thread::range(cx.this).contains(&host.rsp)
}

/// The clocks that the image reads itself; for others it would enter the host, in vain from where it lies.
const READABLE: u64 = 1 << CLOCK_REALTIME
    | 1 << CLOCK_MONOTONIC
    | 1 << CLOCK_MONOTONIC_RAW
    | 1 << CLOCK_REALTIME_COARSE
    | 1 << CLOCK_MONOTONIC_COARSE
    | 1 << CLOCK_BOOTTIME
    | 1 << CLOCK_TAI;

/// Seconds and nanoseconds of one of the host's clocks.
///
/// # Errors
/// `EINVAL` for a clock that there is not.
pub fn get(clock: u32) -> Result<[i64; 2], Errno> {
    let mut time = [0i64; 2];
    if clock < 64 && READABLE & 1 << clock != 0 {
        let function = match FUNCTION.load(Ordering::Relaxed) {
            0 => find(),
            known => known,
        };
        if function != NONE {
            // SAFETY: the host's own function, found by its name; it writes the two words.
            let result = unsafe {
                core::mem::transmute::<usize, GetTime>(function as usize)(u64::from(clock), &raw mut time)
            };
            if result == 0 {
                return Ok(time);
            }
        }
    }
    // SAFETY: the kernel writes two words.
    unsafe { call(__NR_clock_gettime, [u64::from(clock), time.as_mut_ptr() as u64]) }?;
    Ok(time)
}

#[cold]
fn find() -> u64 {
    let found = symbol(IMAGE.load(Ordering::Relaxed)).unwrap_or(NONE);
    FUNCTION.store(found, Ordering::Relaxed);
    found
}

/// Address of the function in an image that is mapped at `start`.
fn symbol(start: u64) -> Option<u64> {
    if start == 0 {
        return None;
    }
    // SAFETY: the host maps at least a page there, for good.
    let head = unsafe { core::slice::from_raw_parts(start as *const u8, 64) };
    let ident = parse_ident::<LittleEndian>(head).ok()?;
    let header = FileHeader::parse_tail(ident, &head[16..]).ok()?;
    let end = header.e_shoff + u64::from(header.e_shnum) * u64::from(header.e_shentsize);
    if end > IMAGE_MAX {
        return None;
    }
    // SAFETY: the image is mapped as the whole file that it is, up to its section table.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, end as usize) };
    let file = ElfBytes::<LittleEndian>::minimal_parse(bytes).ok()?;
    let (symbols, names) = file.dynamic_symbol_table().ok()??;
    let is_it = |name: usize| names.get(name).is_ok_and(|name| name == NAME);
    let found = symbols.iter().find(|symbol| symbol.st_shndx != 0 && is_it(symbol.st_name as usize))?;
    Some(start + found.st_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The image of the test process itself.
    fn image() -> u64 {
        let bytes = std::fs::read("/proc/self/auxv").unwrap();
        let words: Vec<u64> =
            bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        words.chunks_exact(2).find(|pair| pair[0] == 33).map_or(0, |pair| pair[1])
    }

    #[test]
    fn a_signal_finds_the_stub_in_the_hosts_code_by_its_stack() {
        let block = thread::allocate().unwrap();
        // SAFETY: made a moment ago.
        let cx = unsafe { &*block };
        let start = image();
        set_image(start);
        let at = |rip: u64, rsp: u64| is_reading(cx, &HostContext { rip, rsp, ..HostContext::default() });
        let stack = cx.stack_top - 64;
        assert_eq!(at(start + 100, stack), start != 0);
        assert!(!at(start + 100, &raw const stack as u64), "the guest's own use");
        assert!(!at(start.wrapping_sub(1), stack));
    }

    #[test]
    fn the_image_has_the_function_and_it_agrees_with_the_host() {
        let start = image();
        assert_eq!(symbol(0), None);
        if start == 0 {
            return;
        }
        set_image(start);
        assert!(symbol(start).unwrap() > start);
        for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE] {
            let mut before = [0i64; 2];
            // SAFETY: the kernel writes two words.
            unsafe { call(__NR_clock_gettime, [u64::from(clock), before.as_mut_ptr() as u64]) }.unwrap();
            let time = get(clock).unwrap();
            assert!(time >= before && time[0] - before[0] < 60, "{clock}: {before:?} {time:?}");
        }
        assert_ne!(FUNCTION.load(Ordering::Relaxed), 0);
        assert!(get(CLOCK_PROCESS_CPUTIME_ID).is_ok());
        assert_eq!(get(99), Err(Errno::INVAL));
    }
}
