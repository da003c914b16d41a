//! Small files, one or more of every format. They are the seeds of the fuzzers too.

use object::elf;

use super::elf_file::ElfFile;

/// Each with the name it has in the corpus.
pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Vec::new();
    all.extend(elf_files().into_iter().map(|(name, file)| (name, file.build())));
    all.extend(other_files());
    all
}

/// The one called `name`.
pub(super) fn named(name: &str) -> Vec<u8> {
    let found = all().into_iter().find(|(each, _)| *each == name);
    found.unwrap_or_else(|| panic!("there is no fixture {name}")).1
}

/// `mov eax, number; syscall` and what follows it.
fn x86_64_call(number: u32, after: &[u8]) -> Vec<u8> {
    [&[0xb8], &number.to_le_bytes()[..], &[0x0f, 0x05], after].concat()
}

fn i386_call(number: u32, after: &[u8]) -> Vec<u8> {
    [&[0xb8], &number.to_le_bytes()[..], &[0xcd, 0x80], after].concat()
}

/// `jb`, as the BSDs' libraries have it.
const CARRY: &[u8] = &[0x72, 0x02, 0x90, 0x90];
/// `cmp rax, -4095`, as glibc and Go have it.
const RANGE: &[u8] = &[0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff];
const RANGE_I386: &[u8] = &[0x3d, 0x01, 0xf0, 0xff, 0xff];

fn calls(of: fn(u32, &[u8]) -> Vec<u8>, numbers: &[u32], after: &[u8]) -> Vec<u8> {
    numbers.iter().flat_map(|&number| of(number, after)).collect()
}

fn go_settings(goos: &str) -> Vec<u8> {
    [b"\xff Go buildinf:\x08\x02".as_slice(), &[0; 16], format!("path\tx\nbuild\tGOOS={goos}\n").as_bytes()]
        .concat()
}

fn elf_files() -> Vec<(&'static str, ElfFile)> {
    let base = ElfFile::x86_64;
    vec![
        ("linux-note", base().note("GNU", 1, &[0, 3, 2, 0])),
        ("linux-bare", base()),
        (
            "linux-glibc",
            base().kind(elf::ET_DYN).interpreter(b"/lib64/ld-linux-x86-64.so.2").needs("libc.so.6"),
        ),
        ("linux-musl-static", base().code(&calls(x86_64_call, &[158, 218, 231, 257], b""))),
        ("linux-go", base().code(&calls(x86_64_call, &[9, 56, 231], RANGE))),
        (
            "linux-android",
            base().kind(elf::ET_DYN).interpreter(b"/system/bin/linker64").note("Android", 1, &[21]),
        ),
        ("linux-i386", ElfFile::i386().note("GNU", 1, &[0, 2, 6, 32])),
        ("linux-i386-calls", ElfFile::i386().code(&calls(i386_call, &[252, 192, 243], RANGE_I386))),
        ("linux-x32", base().narrow()),
        (
            "linux-static-pie",
            base().kind(elf::ET_DYN).dynamic_flags(elf::DF_1_PIE).note("GNU", 1, &[0, 3, 2, 0]),
        ),
        ("linux-library", base().kind(elf::ET_DYN).needs("libc.so.6").entry(0)),
        ("linux-compiler", base().section(".comment", b"\0GCC: (Debian 12.2.0-14) 12.2.0\0")),
        ("freebsd-note", base().osabi(9).note("FreeBSD", 1, &[1_203_000]).note("FreeBSD", 2, &[0])),
        ("freebsd-osabi", base().osabi(9)),
        ("freebsd-old-brand", base().brand(b"FreeBSD")),
        ("freebsd-dynamic", base().osabi(9).interpreter(b"/libexec/ld-elf.so.1").needs("libc.so.7")),
        ("freebsd-linker", base().kind(elf::ET_DYN).osabi(9)),
        ("freebsd-calls", base().code(&calls(x86_64_call, &[477, 431, 1, 4], CARRY))),
        ("kfreebsd-note", base().note("GNU", 1, &[3, 8, 0, 0])),
        ("netbsd-note", base().osabi(2).note("NetBSD", 1, &[901_000_000]).note("PaX", 3, &[0])),
        ("netbsd-calls", base().code(&calls(x86_64_call, &[311, 478, 1, 4], CARRY))),
        ("netbsd-sparc", ElfFile::i386().big_endian(elf::EM_SPARC).note("NetBSD", 1, &[901_000_000])),
        (
            "openbsd-dynamic",
            base()
                .osabi(12)
                .interpreter(b"/usr/libexec/ld.so")
                .note("OpenBSD", 1, &[0])
                .needs("libc.so.97.1")
                .segment(0x65a3_dbe6),
        ),
        ("dragonfly-note", base().note("DragonFly", 1, &[600_400])),
        ("dragonfly-linker", base().interpreter(b"/usr/libexec/ld-elf.so.2")),
        (
            "dragonfly-go",
            base()
                .section(".gopclntab", b"\xf1\xff\xff\xff")
                .section(".go.buildinfo", &go_settings("dragonfly")),
        ),
        (
            "dragonfly-go-entry",
            base().section(".gopclntab", b"\xf1\xff\xff\xff_rt0_amd64\0_rt0_amd64_dragonfly\0"),
        ),
        ("dragonfly-calls", base().code(&calls(x86_64_call, &[469, 470, 495, 1], CARRY))),
        ("solaris-dynamic", base().interpreter(b"/lib/amd64/ld.so.1").segment(0x6fff_fffb)),
        ("solaris-osabi", base().osabi(6)),
        ("hurd-note", base().osabi(3).interpreter(b"/lib/ld-x86-64.so.1").note("GNU", 1, &[1, 0, 0, 0])),
        ("hurd-i386", ElfFile::i386().interpreter(b"/lib/ld.so").needs("libc.so.0.3")),
        ("irix", ElfFile::i386().big_endian(elf::EM_MIPS).osabi(8)),
        ("ape-elf", ape_elf()),
        ("object", base().kind(elf::ET_REL)),
        ("core", base().kind(elf::ET_CORE)),
    ]
}

fn other_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("aout-linux-zmagic", aout(u32::to_le_bytes, 100 << 16 | 0o413, u32::to_le_bytes)),
        ("aout-linux-qmagic", aout(u32::to_le_bytes, 100 << 16 | 0o314, u32::to_le_bytes)),
        ("aout-linux-old", aout(u32::to_le_bytes, 0o413, u32::to_le_bytes)),
        ("aout-netbsd-i386", aout(u32::to_be_bytes, 0x86 << 16 | 0o413, u32::to_le_bytes)),
        ("aout-netbsd-m68k", aout(u32::to_be_bytes, 0x20 << 26 | 0x87 << 16 | 0o410, u32::to_be_bytes)),
        ("aout-freebsd", aout(u32::to_le_bytes, 0x20 << 26 | 0x86 << 16 | 0o413, u32::to_le_bytes)),
        ("coff-sco", coff(0x010f, true)),
        ("coff-object", coff(0x0104, false)),
        ("xout-386", xout(0x4a, 1)),
        ("xout-286", xout(0x49, 0x0801)),
        ("dos-exe", dos_exe(&[])),
        ("dos-com", [&[0xeb, 0x04], b"hi$ ".as_slice(), &[0xb4, 0x09, 0xcd, 0x21, 0xcd, 0x20]].concat()),
        ("windows-ne", dos_exe(&new_executable(2, 0))),
        ("os2-ne", dos_exe(&new_executable(1, 0))),
        ("os2-lx", dos_exe(&linear_executable(b"LX", 1, 0))),
        ("windows-vxd", dos_exe(&linear_executable(b"LE", 4, 5 << 15))),
        ("dos-4g", dos_extended()),
        ("windows-pe32", dos_exe(&portable_executable(false, 3, 0x0102))),
        ("windows-pe64", dos_exe(&portable_executable(true, 2, 0x0022))),
        ("windows-dll", dos_exe(&portable_executable(true, 2, 0x2022))),
        ("uefi", dos_exe(&portable_executable(true, 10, 0x0022))),
        ("macho-x86-64", macho(2)),
        ("macho-library", macho(6)),
        ("macho-fat", macho_fat()),
        ("java-class", [&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52], [0; 40].as_slice()].concat()),
        ("ape", ape()),
        ("script", b"#!/bin/sh -e\necho\n".to_vec()),
        ("script-bare", b"#!/bin/sh".to_vec()),
        ("script-blank", b"#! \n".to_vec()),
        ("text", b"echo hello\n".to_vec()),
        ("data", vec![0, 1, 2, 3, 0xff]),
        ("empty", Vec::new()),
    ]
}

fn aout(magic: fn(u32) -> [u8; 4], number: u32, size: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let mut file = magic(number).to_vec();
    for word in [64, 16, 8, 0, 0x1020, 0, 0] {
        file.extend(size(word));
    }
    file.resize(160, 0x90);
    file
}

/// System V's COFF, with a section that names a shared library.
fn coff(flags: u16, shared: bool) -> Vec<u8> {
    let mut file = Vec::new();
    for half in [0x014c, 2, 0, 0, 0, 0, 0, 0, 28, flags] {
        file.extend(u16::to_le_bytes(half));
    }
    for word in [0o413_u32, 16, 0, 0, 0xd0, 0xd0, 0x400_0000] {
        file.extend(word.to_le_bytes());
    }
    let contents = 20 + 28 + 2 * 40;
    let path = b"/shlib/libc_s\0\0\0";
    for (name, offset, size, kind) in [
        (b".text\0\0\0", contents, 16, 0x20),
        (b".lib\0\0\0\0", contents + 16, 8 + path.len() as u32, if shared { 0x800 } else { 0x200 }),
    ] {
        file.extend(name);
        for word in [0, 0, size, offset, 0, 0, 0, kind] {
            file.extend(u32::to_le_bytes(word));
        }
    }
    file.extend([0x90; 16]);
    file.extend(u32::to_le_bytes(6));
    file.extend(u32::to_le_bytes(2));
    file.extend(path);
    file
}

fn xout(cpu: u8, environment: u16) -> Vec<u8> {
    let mut file = vec![0x06, 0x02, 0x2c, 0];
    for word in [32_u32, 16, 8, 0, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend([cpu, 0]);
    file.extend(environment.to_le_bytes());
    file.resize(128, 0);
    file
}

/// A DOS program, with the header of a later format behind it.
fn dos_exe(newer: &[u8]) -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    for half in [96, 1, 0, 4, 0, 0xffff, 0, 0x100, 0, 0, 0, 0x40, 0] {
        file.extend(u16::to_le_bytes(half));
    }
    file.resize(0x3c, 0);
    file.extend(u32::to_le_bytes(if newer.is_empty() { 0 } else { 96 }));
    file.extend([0xb8, 0x00, 0x4c, 0xcd, 0x21]);
    file.resize(96, 0);
    file.extend(newer);
    file
}

fn new_executable(system: u8, flags: u16) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..2].copy_from_slice(b"NE");
    header[0x0c..0x0e].copy_from_slice(&flags.to_le_bytes());
    header[0x36] = system;
    header
}

fn linear_executable(magic: &[u8; 2], system: u8, flags: u32) -> Vec<u8> {
    let mut header = vec![0; 0xac];
    header[..2].copy_from_slice(magic);
    header[8] = 2;
    header[10] = system;
    header[0x10..0x14].copy_from_slice(&flags.to_le_bytes());
    header
}

fn dos_extended() -> Vec<u8> {
    let mut file = dos_exe(&linear_executable(b"LE", 1, 0));
    file[72..78].copy_from_slice(b"DOS/4G");
    file
}

fn portable_executable(wide: bool, subsystem: u16, characteristics: u16) -> Vec<u8> {
    let mut optional = vec![0; if wide { 112 } else { 96 } + 16 * 8];
    optional[..2].copy_from_slice(&if wide { 0x20b_u16 } else { 0x10b }.to_le_bytes());
    optional[68..70].copy_from_slice(&subsystem.to_le_bytes());
    let directories = optional.len() - 16 * 8;
    optional[directories - 4] = 16;
    optional[directories + 8] = 0x10;
    let mut header = b"PE\0\0".to_vec();
    for half in
        [if wide { 0x8664 } else { 0x014c }, 0, 0, 0, 0, 0, 0, 0, optional.len() as u16, characteristics]
    {
        header.extend(half.to_le_bytes());
    }
    header.extend(optional);
    header
}

fn macho(kind: u32) -> Vec<u8> {
    let linker = b"/usr/lib/dyld\0\0\0";
    let mut commands = Vec::new();
    let mut command = |number: u32, rest: &[u8]| {
        commands.extend(number.to_le_bytes());
        commands.extend((8 + rest.len() as u32).to_le_bytes());
        commands.extend(rest);
    };
    command(0x0e, &[&u32::to_le_bytes(12)[..], linker, &[0; 4]].concat());
    command(0x8000_0028, &[0; 16]);
    command(0x32, &[1_u32, 10 << 16 | 9 << 8, 0, 0].map(u32::to_le_bytes).concat());
    let header = [0xfeed_facf, 0x0100_0007, 3, kind, 3, commands.len() as u32, 0, 0];
    [header.map(u32::to_le_bytes).concat(), commands].concat()
}

fn macho_fat() -> Vec<u8> {
    let part = macho(2);
    let size = part.len() as u32;
    let parts = [[0x0100_000c, 0, 64, size, 3], [0x0100_0007, 3, 64, size, 3]];
    let header = [0xcafe_babe_u32, 2].into_iter().chain(parts.into_iter().flatten());
    let mut file: Vec<u8> = header.flat_map(u32::to_be_bytes).collect();
    file.resize(64, 0);
    file.extend(part);
    file
}

/// What an Actually Portable Executable becomes.
fn ape_elf() -> ElfFile {
    let file = ElfFile::x86_64().osabi(9).note("APE", 1, &[110_000_000]);
    file.note("OpenBSD", 1, &[0]).note("NetBSD", 1, &[901_000_000])
}

/// An Actually Portable Executable whose ELF header is still text.
fn ape() -> Vec<u8> {
    let elf = ape_elf().build();
    let mut text = b"MZqFpD='\n".to_vec();
    text.resize(0x3c, b' ');
    text.extend(u32::to_le_bytes(0));
    text.resize(elf.len(), b' ');
    // The program headers and what they lead to are in place already.
    text[64..elf.len()].copy_from_slice(&elf[64..]);
    text.extend(b"'\nexec 7<> \"$0\"\nprintf '\\177ELF");
    text.extend(elf[4..64].iter().flat_map(|byte| format!("\\{byte:o}").into_bytes()));
    text.extend(b"' >&7\nexit\n");
    text
}

#[test]
fn the_corpus_is_the_fixtures() {
    crate::exec::corpus::check("signature", all());
}
