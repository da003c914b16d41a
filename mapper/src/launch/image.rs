//! What a guest's process executes: a program of one page, which maps the stub.
//!
//! The stub lies in whole pages inside the mapper's own program file, and every guest maps it from there: nothing is
//! written when a guest starts, and all guests share the pages that the host has of the file. The host executes no
//! program that lies in the middle of a file, hence the small one. It has the addresses in it, and goes on with the
//! stub on the stack that the host made.

use std::arch::global_asm;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, U16, U32, U64};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;
use schemas::transport::{DESCRIPTOR_STUB, STUB_IMAGE};

/// Bytes that begin a page, in memory as in the file.
#[repr(C, align(4096))]
struct Pages<T: ?Sized>(T);

/// The stub, as it was built together with this mapper.
static STUB: &Pages<[u8]> = &Pages(*include_bytes!(env!("STUB_IMAGE")));

const PAGE: u64 = 4096;

/// Where the stub lies.
#[derive(Debug)]
pub struct Source {
    /// The file, to be open in every guest.
    pub file: OwnedFd,
    offset: u64,
}

impl Source {
    /// This program's own file; where that cannot be read, a memory file.
    pub fn open() -> Result<Self, Errno> {
        Self::own().map_or_else(Self::copy, Ok)
    }

    fn own() -> Option<Self> {
        let offset = offset_of(STUB.0.as_ptr() as u64)?;
        let file = File::open("/proc/self/exe").ok()?;
        let mut start = [0; 4096];
        file.read_exact_at(&mut start, offset).ok()?;
        (STUB.0.starts_with(&start) && offset.is_multiple_of(PAGE))
            .then(|| Self { file: file.into(), offset })
    }

    fn copy() -> Result<Self, Errno> {
        Ok(Self { file: executable_file(c"stub", &STUB.0)?, offset: 0 })
    }
}

/// Where in its file the byte lies that this program has at an address.
fn offset_of(address: u64) -> Option<u64> {
    /// What is looked for, then what was found.
    struct Search(u64, Option<u64>);
    unsafe extern "C" fn look(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        search: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the C library passes a whole object, and the search of the call below.
        let (object, search) = unsafe { (&*object, &mut *search.cast::<Search>()) };
        // SAFETY: as the object says.
        let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) };
        let holds = |header: &&libc::Elf64_Phdr| {
            let start = object.dlpi_addr + header.p_vaddr;
            header.p_type == libc::PT_LOAD && (start..start + header.p_filesz).contains(&search.0)
        };
        if let Some(header) = headers.iter().find(holds) {
            search.1 = Some(search.0 - object.dlpi_addr - header.p_vaddr + header.p_offset);
        }
        // The program itself comes first (dl_iterate_phdr(3)), and is the only one asked.
        1
    }
    let mut search = Search(address, None);
    // SAFETY: the function above expects this structure.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.1
}

/// A memory file that can be executed and never be changed.
fn executable_file(name: &std::ffi::CStr, bytes: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // MFD_EXEC is of Linux 6.3; a kernel that does not know it makes executable files anyway.
    let file = match rustix::fs::memfd_create(name, flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => rustix::fs::memfd_create(name, flags),
        made => made,
    }?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest)?;
        rest = &rest[written..];
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(file.as_fd(), seals)?;
    Ok(file)
}

/// The program that maps the stub from `source`, whose file is in the block that begins with descriptor `base`.
pub fn loader(source: &Source, base: RawFd) -> Result<OwnedFd, Errno> {
    let mut program = headers();
    program.extend_from_slice(code());
    for word in table(source.offset, base + DESCRIPTOR_STUB)? {
        program.extend_from_slice(&word.to_ne_bytes());
    }
    assert!(program.len() as u64 <= PAGE, "the stub has few segments");
    program.resize(PAGE as usize, 0);
    executable_file(c"stub", &program)
}

/// What the code below goes by: six words a mapping, which are the arguments of mmap(2); then a zero, the address and
/// length of what follows the data in its last page, and the stub's first instruction.
fn table(offset: u64, descriptor: RawFd) -> Result<Vec<u64>, Errno> {
    const PRIVATE: u64 = (libc::MAP_PRIVATE | libc::MAP_FIXED_NOREPLACE) as u64;
    let endian = Endianness::Little;
    let header = elf::FileHeader64::<Endianness>::parse(&STUB.0).map_err(|_| Errno::NOEXEC)?;
    let segments = header.program_headers(endian, &STUB.0).map_err(|_| Errno::NOEXEC)?;
    let constant = segments.iter().find(|segment| segment.p_type(endian) == elf::PT_GNU_RELRO);
    let constant = constant.map_or(0..0, |segment| {
        let start = segment.p_vaddr(endian);
        start..start + segment.p_memsz(endian)
    });
    let mut words = Vec::<u64>::new();
    let mut cleared = [0, 0];
    for segment in segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD) {
        let (start, flags) = (segment.p_vaddr(endian), segment.p_flags(endian));
        let (data, end) = (start + segment.p_filesz(endian), start + segment.p_memsz(endian));
        let data_pages = data.next_multiple_of(PAGE);
        // Nothing is relocated, so what is constant thereafter is so from the beginning.
        let written = flags & elf::PF_W != 0 && !constant.contains(&start);
        let mut protection = libc::PROT_READ as u64;
        if written {
            protection |= libc::PROT_WRITE as u64;
        }
        if flags & elf::PF_X != 0 {
            protection |= libc::PROT_EXEC as u64;
        }
        let at = offset + segment.p_offset(endian);
        match words.last_chunk_mut() {
            // What is only read is one mapping with the instructions, since each mapping costs every fork.
            Some([before, length, allowed, _, _, from])
                if !written && *before + at == *from + start && *allowed & libc::PROT_WRITE as u64 == 0 =>
            {
                *length = data - *before;
                *allowed |= protection;
            }
            _ => words.extend([start, data - start, protection, PRIVATE, descriptor as u64, at]),
        }
        if written && end > data {
            cleared = [data, data_pages - data];
        }
        if end > data_pages {
            let flags = PRIVATE | libc::MAP_ANONYMOUS as u64;
            words.extend([data_pages, end - data_pages, protection, flags, u64::MAX, 0]);
        }
    }
    words.extend([0, cleared[0], cleared[1], header.e_entry(endian)]);
    Ok(words)
}

/// The headers of the program (System V gABI, chapters 4 and 5): a segment of one page, and a stack without code.
fn headers() -> Vec<u8> {
    let endian = Endianness::Little;
    let size = (size_of::<elf::FileHeader64<Endianness>>(), size_of::<elf::ProgramHeader64<Endianness>>());
    let file = elf::FileHeader64 {
        e_ident: elf::Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_SYSV,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(endian, elf::ET_EXEC),
        e_machine: U16::new(endian, elf::EM_X86_64),
        e_version: U32::new(endian, elf::EV_CURRENT.into()),
        e_entry: U64::new(endian, STUB_IMAGE.start + (size.0 + 2 * size.1) as u64),
        e_phoff: U64::new(endian, size.0 as u64),
        e_shoff: U64::new(endian, 0),
        e_flags: U32::new(endian, 0),
        e_ehsize: U16::new(endian, size.0 as u16),
        e_phentsize: U16::new(endian, size.1 as u16),
        e_phnum: U16::new(endian, 2),
        e_shentsize: U16::new(endian, 0),
        e_shnum: U16::new(endian, 0),
        e_shstrndx: U16::new(endian, 0),
    };
    let segment = |kind, flags, start, size| elf::ProgramHeader64 {
        p_type: U32::new(endian, kind),
        p_flags: U32::new(endian, flags),
        p_offset: U64::new(endian, 0),
        p_vaddr: U64::new(endian, start),
        p_paddr: U64::new(endian, start),
        p_filesz: U64::new(endian, size),
        p_memsz: U64::new(endian, size),
        p_align: U64::new(endian, size),
    };
    let segments = [
        segment(elf::PT_LOAD, elf::PF_R | elf::PF_X, STUB_IMAGE.start, PAGE),
        segment(elf::PT_GNU_STACK, elf::PF_R | elf::PF_W, 0, 0),
    ];
    [object::pod::bytes_of(&file), object::pod::bytes_of_slice(&segments)].concat()
}

unsafe extern "C" {
    static stub_loader: u8;
    static stub_loader_end: u8;
}

/// The instructions behind the headers; the table follows them.
fn code() -> &'static [u8] {
    let (start, end) = (&raw const stub_loader, &raw const stub_loader_end);
    // SAFETY: both are labels of the code below.
    unsafe { std::slice::from_raw_parts(start, end as usize - start as usize) }
}

global_asm!(
    ".pushsection .rodata.stub_loader, \"a\", @progbits",
    "stub_loader:",
    "lea rbx, [rip + stub_loader_end]",
    "2:",
    "mov rdi, [rbx]",
    "test rdi, rdi",
    "jz 3f",
    "mov rsi, [rbx + 8]",
    "mov rdx, [rbx + 16]",
    "mov r10, [rbx + 24]",
    "mov r8, [rbx + 32]",
    "mov r9, [rbx + 40]",
    "mov eax, {mmap}",
    "syscall",
    "cmp rax, [rbx]",
    "jne 4f",
    "add rbx, 48",
    "jmp 2b",
    "3:",
    "mov rdi, [rbx + 8]",
    "mov rcx, [rbx + 16]",
    "xor eax, eax",
    "rep stosb",
    "jmp qword ptr [rbx + 24]",
    "4:",
    "mov eax, {write}",
    "mov edi, 2",
    "lea rsi, [rip + 5f]",
    "lea rdx, [rip + 6f]",
    "sub rdx, rsi",
    "syscall",
    "mov eax, {exit}",
    "mov edi, {cannot_run}",
    "syscall",
    "ud2",
    "5:",
    ".ascii \"mapper: the host cannot map the stub\\n\"",
    "6:",
    ".p2align 3",
    "stub_loader_end:",
    ".popsection",
    mmap = const libc::SYS_mmap,
    write = const libc::SYS_write,
    exit = const libc::SYS_exit_group,
    // As of a shell whose program is there and cannot be run.
    cannot_run = const 126,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_fills_what_is_its_own_without_a_gap() {
        let words = table(PAGE, 7).unwrap();
        let (mappings, rest) = words.as_chunks::<6>();
        assert_eq!(rest[0], 0);
        let mut end = STUB_IMAGE.start + PAGE;
        for [start, length, protection, flags, descriptor, offset] in mappings {
            assert_eq!(*start, end);
            end = (start + length).next_multiple_of(PAGE);
            let anonymous = flags & libc::MAP_ANONYMOUS as u64 != 0;
            assert_eq!((*descriptor == 7, offset.is_multiple_of(PAGE)), (!anonymous, true));
            assert!(protection & 6 != 6, "nothing can be written and executed");
        }
        assert!(end <= STUB_IMAGE.end && STUB_IMAGE.contains(&rest[3]), "the image grows out of its place");
        assert_eq!((rest[1] + rest[2]) % PAGE, 0);
    }

    #[test]
    fn the_stub_is_found_in_this_programs_file() {
        let source = Source::own().unwrap();
        let mut bytes = vec![0; STUB.0.len()];
        File::from(source.file).read_exact_at(&mut bytes, source.offset).unwrap();
        assert!(bytes == STUB.0);
        assert_eq!(offset_of(1), None);
        assert_eq!(Source::copy().unwrap().offset, 0);
    }

    #[test]
    fn the_loader_is_a_program_of_one_page() {
        let file = File::from(loader(&Source::own().unwrap(), 1008).unwrap());
        let mut bytes = [0; 2 * PAGE as usize];
        assert_eq!(file.read_at(&mut bytes, 0).unwrap() as u64, PAGE);
        let header = elf::FileHeader64::<Endianness>::parse(&bytes[..]).unwrap();
        let entry = header.e_entry(Endianness::Little) - STUB_IMAGE.start;
        assert!(bytes[entry as usize..].starts_with(code()));
    }
}
