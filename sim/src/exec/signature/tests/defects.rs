//! Broken files are told from sound ones, and by what is wrong with them.

use std::path::Path;

use super::elf_file::{BASE, ElfFile};
use super::fixtures::named;
use crate::exec::signature::*;

fn defect_of(file: &[u8]) -> Defect {
    let identity = identify_bytes(file, &Question::new(Path::new("file"), &Nowhere)).unwrap();
    match identity.runnable {
        Err(ref reason @ Reason::Malformed { ref defect, .. }) => {
            assert_eq!(reason.errno(), 8);
            defect.clone()
        }
        other => panic!("not malformed but {other:?}"),
    }
}

/// A 64-bit ELF file with `bytes` at `offset`.
fn poked(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = ElfFile::x86_64().build();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    file
}

/// The same within its only program header, which is for `PT_LOAD`.
fn load_poked(offset: usize, number: u64) -> Vec<u8> {
    poked(64 + offset, &number.to_le_bytes())
}

const P_OFFSET: usize = 8;
const P_VADDR: usize = 16;
const P_FILESZ: usize = 32;
const P_MEMSZ: usize = 40;
const P_ALIGN: usize = 48;

#[test]
fn truncated_elf_files() {
    let whole = ElfFile::x86_64().interpreter(b"/lib64/ld-linux-x86-64.so.2").build();
    for length in 4..whole.len() {
        let defect = defect_of(&whole[..length]);
        assert!(matches!(defect, Defect::Truncated { .. }), "{length}: {defect}");
    }
}

#[test]
fn fields_of_the_elf_header() {
    let field = |field, value| Defect::Field { field, value };
    assert_eq!(defect_of(&poked(4, &[3])), field("EI_CLASS", 3));
    assert_eq!(defect_of(&poked(5, &[0])), field("EI_DATA", 0));
    assert_eq!(defect_of(&poked(6, &[2])), field("EI_VERSION", 2));
    assert_eq!(defect_of(&poked(16, &[9])), field("e_type", 9));
    assert_eq!(defect_of(&poked(54, &[55])), field("e_phentsize", 55));
    assert_eq!(defect_of(&poked(24, &[0; 8])), Defect::Entry(0));
    assert_eq!(defect_of(&poked(56, &[0, 0])), Defect::NothingToLoad);
    assert_eq!(defect_of(&poked(56, &[0xff, 0xff])), Defect::TooManyProgramHeaders(0xffff));
    let size = ElfFile::x86_64().build().len() as u64;
    let beyond = Defect::Truncated { what: "the program header table", end: u64::MAX, size };
    assert_eq!(defect_of(&poked(32, &[0xff; 8])), beyond);
}

#[test]
fn segments_to_load() {
    let size = ElfFile::x86_64().build().len() as u64;
    assert_eq!(
        defect_of(&load_poked(P_MEMSZ, size - 1)),
        Defect::FileExceedsMemory { segment: 0, file_size: size, memory_size: size - 1 }
    );
    assert_eq!(
        defect_of(&load_poked(P_OFFSET, u64::MAX)),
        Defect::Overflow { segment: 0, what: "file offset" }
    );
    assert_eq!(
        defect_of(&load_poked(P_VADDR, u64::MAX - 1)),
        Defect::Overflow { segment: 0, what: "address" }
    );
    assert_eq!(defect_of(&load_poked(P_VADDR, 1 << 47)), Defect::Overflow { segment: 0, what: "address" });
    assert_eq!(defect_of(&load_poked(P_MEMSZ, u64::MAX)), Defect::Overflow { segment: 0, what: "address" });
    assert_eq!(defect_of(&load_poked(P_ALIGN, 3)), Defect::Alignment { segment: 0, align: 3 });
    assert_eq!(
        defect_of(&load_poked(P_VADDR, BASE + 1)),
        Defect::Misaligned { segment: 0, offset: 0, address: BASE + 1 }
    );
    assert_eq!(
        defect_of(&load_poked(P_OFFSET, 0x1000)),
        Defect::Truncated { what: "a segment to load", end: 0x1000 + size, size }
    );
    let mut larger = load_poked(P_FILESZ, size + 1);
    larger[64 + P_MEMSZ..64 + P_MEMSZ + 8].copy_from_slice(&(size + 1).to_le_bytes());
    assert_eq!(defect_of(&larger), Defect::Truncated { what: "a segment to load", end: size + 1, size });
}

#[test]
fn segments_that_are_odd_but_load() {
    let runs = |file: &[u8]| {
        identify_bytes(file, &Question::new(Path::new("x"), &Nowhere)).unwrap().runnable.is_ok()
    };
    for align in [0, 1, 0x20_0000] {
        assert!(runs(&load_poked(P_ALIGN, align)), "alignment {align}");
    }
    assert!(runs(&load_poked(P_MEMSZ, 1 << 32)), "a large .bss");
}

#[test]
fn paths_of_dynamic_linkers() {
    let with = |bytes: &[u8]| defect_of(&ElfFile::x86_64().raw_interpreter(bytes).build());
    assert_eq!(with(b""), Defect::InterpreterPath("is empty"));
    assert_eq!(with(b"\0"), Defect::InterpreterPath("is empty"));
    assert_eq!(with(b"\0\0"), Defect::InterpreterPath("is empty"));
    assert_eq!(with(b"/lib/ld.so"), Defect::InterpreterPath("does not end in a NUL"));
    assert_eq!(with(&[b'x'; 5000]), Defect::InterpreterPath("is longer than 4096 bytes"));
}

#[test]
fn what_is_known_of_a_broken_file_is_told() {
    let mut file = named("freebsd-note");
    file.truncate(file.len() - 1);
    let identity = identify_bytes(&file, &Question::new(Path::new("file"), &Nowhere)).unwrap();
    assert_eq!(identity.os, Some(Os::FreeBsd));
    let reason = identity.runnable.unwrap_err().to_string();
    assert!(reason.starts_with("FreeBSD x86-64 ELF that no loader accepts: truncated: "), "{reason}");
}

#[test]
fn other_formats_cut_short() {
    for name in ["aout-netbsd-i386", "aout-freebsd", "coff-sco", "xout-386", "dos-exe"] {
        let whole = named(name);
        let defect = defect_of(&whole[..whole.len() - 81]);
        assert!(matches!(defect, Defect::Truncated { .. }), "{name}: {defect}");
    }
    for name in ["windows-pe64", "windows-pe32", "macho-x86-64", "macho-fat"] {
        let whole = named(name);
        defect_of(&whole[..whole.len() - 40]);
    }
}

#[test]
fn notes_that_lie_are_no_evidence() {
    // The note says that its name is longer than the segment.
    let file = ElfFile::x86_64().note("FreeBSD", 1, &[1_203_000]).build();
    let at = file.windows(7).position(|bytes| bytes == b"FreeBSD").unwrap();
    for size in [0xffff_ffff_u32, 0x7fff_ffff, 1000] {
        let mut file = file.clone();
        file[at - 12..at - 8].copy_from_slice(&size.to_le_bytes());
        let identity = identify_bytes(&file, &Question::new(Path::new("x"), &Nowhere)).unwrap();
        assert!(identity.evidence.iter().all(|evidence| evidence.kind != Kind::Note), "{size}");
    }
}

#[test]
fn first_lines() {
    assert_eq!(defect_of(b"#! \n"), Defect::FirstLine("names no interpreter"));
    let long = [b"#!/".as_slice(), &[b'x'; 300], b"\n"].concat();
    assert_eq!(defect_of(&long), Defect::FirstLine("does not end its interpreter's path within 255 bytes"));
}
