//! Mapping ELF files (System V gABI, chapters 4 and 5).

use elf::abi::{EM_X86_64, ET_DYN, ET_EXEC, PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, PT_PHDR};
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::segment::{ProgramHeader, SegmentTable};
use schemas::Errno;

use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi, syscall::call};
use crate::process::Process;

/// Size of a page.
const PAGE: u64 = 4096;
/// Most program headers looked at.
const HEADERS_MAX: usize = 64;
/// Size of a 64-bit program header.
const HEADER_SIZE: usize = 56;
/// Size of a 64-bit file header.
const FILE_HEADER_SIZE: usize = 64;
/// Where position-independent programs go: far from the stub, the stack and the host's own
/// mappings, with room for their data to grow.
const PROGRAM_BASE: u64 = 0x2000_0000_0000;

const PROT_NONE: u64 = 0;
const MAP_PRIVATE: u64 = abi::MAP_PRIVATE as u64;
const MAP_FIXED: u64 = abi::MAP_FIXED as u64;
const MAP_ANONYMOUS: u64 = abi::MAP_ANONYMOUS as u64;
const MAP_FIXED_NOREPLACE: u64 = abi::MAP_FIXED_NOREPLACE as u64;
const MAP_NORESERVE: u64 = abi::MAP_NORESERVE as u64;

/// An ELF file in memory.
pub struct Loaded {
    /// Entry point, relocated.
    pub entry: u64,
    /// Difference between link-time and run-time addresses.
    pub bias: u64,
    /// Where the program headers lie, zero when no segment holds them.
    pub headers: u64,
    /// Their number.
    pub header_count: u16,
    /// First address behind the last segment, page aligned.
    pub end: u64,
    /// Lowest address.
    pub start: u64,
    /// Whether the file names an interpreter (its path is then in the caller's buffer).
    pub has_interpreter: bool,
}

/// Reads `buf.len()` bytes of a file at `offset`.
fn read_exactly(descriptor: i32, buf: &mut [u8], offset: u64) -> Result<(), Errno> {
    let mut done = 0;
    while done < buf.len() {
        let rest = &mut buf[done..];
        // SAFETY: the kernel writes into our buffer.
        let n = unsafe {
            call(
                abi::__NR_pread64,
                [descriptor as u64, rest.as_mut_ptr() as u64, rest.len() as u64, offset + done as u64],
            )
        }?;
        if n == 0 {
            return Err(Errno::NOEXEC);
        }
        done += n as usize;
    }
    Ok(())
}

/// The headers of an ELF file that this stub can load.
struct Headers {
    kind: u16,
    entry: u64,
    offset: u64,
    count: usize,
    table: [u8; HEADERS_MAX * HEADER_SIZE],
}

impl Headers {
    fn read(descriptor: i32) -> Result<Headers, Errno> {
        let mut file = [0u8; FILE_HEADER_SIZE];
        read_exactly(descriptor, &mut file, 0)?;
        let ident = parse_ident::<LittleEndian>(&file).map_err(|_| Errno::NOEXEC)?;
        let header: FileHeader<LittleEndian> =
            FileHeader::parse_tail(ident, &file[16..]).map_err(|_| Errno::NOEXEC)?;
        let count = usize::from(header.e_phnum);
        let fits = header.class == Class::ELF64
            && header.e_machine == EM_X86_64
            && matches!(header.e_type, ET_EXEC | ET_DYN)
            && usize::from(header.e_phentsize) == HEADER_SIZE
            && (1..=HEADERS_MAX).contains(&count);
        if !fits {
            return Err(Errno::NOEXEC);
        }
        let mut table = [0; HEADERS_MAX * HEADER_SIZE];
        read_exactly(descriptor, &mut table[..count * HEADER_SIZE], header.e_phoff)?;
        Ok(Headers { kind: header.e_type, entry: header.e_entry, offset: header.e_phoff, count, table })
    }

    fn iter(&self) -> impl Iterator<Item = ProgramHeader> + '_ {
        SegmentTable::new(LittleEndian, Class::ELF64, &self.table[..self.count * HEADER_SIZE]).iter()
    }

    /// First and last address (exclusive) of the loadable segments, in whole pages.
    fn span(&self) -> Result<(u64, u64), Errno> {
        let mut span: Option<(u64, u64)> = None;
        for segment in self.iter().filter(|s| s.p_type == PT_LOAD && s.p_memsz != 0) {
            let end = segment.p_vaddr.checked_add(segment.p_memsz).ok_or(Errno::NOEXEC)?;
            let congruent = segment.p_vaddr % PAGE == segment.p_offset % PAGE || segment.p_filesz == 0;
            if end > guest::ADDRESS_END || segment.p_filesz > segment.p_memsz || !congruent {
                return Err(Errno::NOEXEC);
            }
            let (low, high) = span.unwrap_or((u64::MAX, 0));
            span = Some((low.min(segment.p_vaddr & !(PAGE - 1)), high.max(end.next_multiple_of(PAGE))));
        }
        span.ok_or(Errno::NOEXEC)
    }
}

/// Maps the segments of an ELF file. A path in its `PT_INTERP` is put into `interpreter`.
///
/// # Errors
/// `ENOEXEC` for a file that is not a sound x86-64 ELF file, `ENOMEM` where its addresses are taken.
pub fn load(
    process: &Process,
    descriptor: i32,
    is_interpreter: bool,
    interpreter: &mut PathBuffer,
) -> Result<Loaded, Errno> {
    let headers = Headers::read(descriptor)?;
    let (low, high) = headers.span()?;
    let hint = match (headers.kind, is_interpreter) {
        (ET_DYN, false) => PROGRAM_BASE + random_pages(),
        (ET_DYN, true) => 0,
        _ => low,
    };
    if headers.kind == ET_EXEC && (process.owns(low, high - low) || low < PAGE) {
        return Err(Errno::NOMEM);
    }
    let fixed = if headers.kind == ET_EXEC { MAP_FIXED_NOREPLACE } else { 0 };
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed;
    // SAFETY: new memory, nothing is replaced.
    let start = unsafe { call(abi::__NR_mmap, [hint, high - low, PROT_NONE, flags, u64::MAX, 0]) }?;
    let bias = start.wrapping_sub(low);
    let mut at_headers = 0;
    let mut has_interpreter = false;
    for segment in headers.iter() {
        match segment.p_type {
            PT_LOAD if segment.p_memsz != 0 => {
                map_segment(descriptor, &segment, bias)?;
                let held = segment.p_offset..segment.p_offset.saturating_add(segment.p_filesz);
                if held.contains(&headers.offset) {
                    at_headers =
                        segment.p_vaddr.wrapping_add(headers.offset - segment.p_offset).wrapping_add(bias);
                }
            }
            PT_PHDR => at_headers = segment.p_vaddr.wrapping_add(bias),
            PT_INTERP => {
                let mut path = [0u8; 1024];
                let len = segment.p_filesz as usize;
                if !(2..=path.len()).contains(&len) {
                    return Err(Errno::NOEXEC);
                }
                read_exactly(descriptor, &mut path[..len], segment.p_offset)?;
                let end = path[..len].iter().position(|b| *b == 0).ok_or(Errno::NOEXEC)?;
                interpreter.set(&[&path[..end]])?;
                has_interpreter = true;
            }
            _ => {}
        }
    }
    Ok(Loaded {
        entry: headers.entry.wrapping_add(bias),
        bias,
        headers: at_headers,
        header_count: headers.count as u16,
        end: high.wrapping_add(bias),
        start,
        has_interpreter,
    })
}

/// Maps one segment over its part of the reservation: file pages, then zeroed ones.
fn map_segment(descriptor: i32, segment: &ProgramHeader, bias: u64) -> Result<(), Errno> {
    let protection = u64::from(segment.p_flags & PF_R != 0)
        | u64::from(segment.p_flags & PF_W != 0) << 1
        | u64::from(segment.p_flags & PF_X != 0) << 2;
    let at = segment.p_vaddr.wrapping_add(bias);
    let page = at & !(PAGE - 1);
    let file_end = at + segment.p_filesz;
    let memory_end = (at + segment.p_memsz).next_multiple_of(PAGE);
    if segment.p_filesz != 0 {
        let offset = segment.p_offset & !(PAGE - 1);
        let flags = MAP_PRIVATE | MAP_FIXED;
        // SAFETY: replaces our own reservation only.
        unsafe {
            call(abi::__NR_mmap, [page, file_end - page, protection, flags, descriptor as u64, offset])
        }?;
    }
    let zero_from = if segment.p_filesz == 0 { page } else { file_end.next_multiple_of(PAGE) };
    if zero_from < memory_end {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        // SAFETY: replaces our own reservation only.
        unsafe { call(abi::__NR_mmap, [zero_from, memory_end - zero_from, protection, flags, u64::MAX, 0]) }?;
    }
    if segment.p_memsz > segment.p_filesz && segment.p_filesz != 0 && segment.p_flags & PF_W != 0 {
        let mut left = (zero_from - file_end) as usize;
        let mut to = file_end;
        while left > 0 {
            let n = left.min(512);
            guest::write(to, &[0; 512][..n])?;
            to += n as u64;
            left -= n;
        }
    }
    Ok(())
}

/// A random multiple of the page size below 2^40, so that addresses differ from run to run.
fn random_pages() -> u64 {
    let mut bits = 0u64;
    // SAFETY: the kernel writes eight bytes; on failure the base is not moved.
    let _ = unsafe { call(abi::__NR_getrandom, [&raw mut bits as u64, 8, 0]) };
    (bits & 0xfff_ffff) * PAGE
}
