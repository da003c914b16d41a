//! The marks by which an ELF file names its OS.
//!
//! Facts: `elf.h` and `sys/elf_common.h` for the OSABI numbers; the ABI notes as Linux Standard Base Core chapter
//! "ABI note tag", FreeBSD's `imgact_elf.c` and `sys/param.h`, NetBSD's `exec_elf.h` and `sys/param.h`,
//! OpenBSD's `exec_elf.h` and DragonFly's `sys/elf_common.h` describe them; the paths of dynamic linkers from
//! each system's rtld manual page.

use std::path::Path;

use object::elf;
use object::read::elf::{FileHeader, NoteIterator, ProgramHeader};
use object::{Endian, Endianness};

use super::{Dynamic, Elf};
use crate::exec::signature::draft::Draft;
use crate::exec::signature::evidence::{Findings, Kind};
use crate::exec::signature::identity::{Architecture, Identity, OsVersion};
use crate::exec::signature::os::Os;

/// How much of a note segment is looked at; the marks are the first ones.
const NOTES: u64 = 4096;
/// And how many notes.
const COUNT: usize = 64;

pub(super) fn osabi(byte: u8, findings: &mut Findings) {
    let (os, name) = match byte {
        elf::ELFOSABI_SYSV => return,
        // Conventions of a processor, not of an OS.
        elf::ELFOSABI_ARM_AEABI | elf::ELFOSABI_ARM => return,
        elf::ELFOSABI_NETBSD => (Some(Os::NetBsd), "NetBSD"),
        elf::ELFOSABI_GNU => (Some(Os::Linux), "GNU/Linux"),
        elf::ELFOSABI_HURD => (Some(Os::Hurd), "Hurd"),
        elf::ELFOSABI_SOLARIS => (Some(Os::Solaris), "Solaris"),
        elf::ELFOSABI_FREEBSD => (Some(Os::FreeBsd), "FreeBSD"),
        elf::ELFOSABI_OPENBSD => (Some(Os::OpenBsd), "OpenBSD"),
        elf::ELFOSABI_HPUX => (None, "HP-UX"),
        elf::ELFOSABI_AIX => (None, "AIX"),
        elf::ELFOSABI_IRIX => (None, "IRIX"),
        elf::ELFOSABI_TRU64 => (None, "Tru64"),
        elf::ELFOSABI_OPENVMS => (None, "OpenVMS"),
        elf::ELFOSABI_NSK => (None, "NonStop Kernel"),
        elf::ELFOSABI_AROS => (None, "AROS"),
        elf::ELFOSABI_CLOUDABI => (None, "CloudABI"),
        elf::ELFOSABI_STANDALONE => (None, "none, embedded"),
        other => return findings.add(Kind::OsAbi, None, format!("OSABI {other}")),
    };
    findings.add(Kind::OsAbi, os, format!("OSABI {name}"));
}

/// The text that `brandelf` of FreeBSD 3 wrote before there were numbers.
pub(super) fn old_brand(text: &[u8], findings: &mut Findings) {
    for os in [Os::FreeBsd, Os::Linux] {
        if text.starts_with(os.title().as_bytes()) {
            findings.add(Kind::Brand, os, format!("brand \"{}\" in the ELF header", os.title()));
        }
    }
}

pub(super) fn read<'w, H: FileHeader<Endian = Endianness>>(
    file: &Elf<'w, '_, H>,
    headers: &[&'w H::ProgramHeader],
    dynamic: &Dynamic,
    draft: &mut Draft,
) {
    for header in headers.iter().filter(|header| header.p_type(file.endian) == elf::PT_NOTE) {
        let bytes = file
            .window
            .up_to(header.p_offset(file.endian).into(), NOTES.min(header.p_filesz(file.endian).into()));
        if let Ok(notes) = NoteIterator::<H>::new(file.endian, header.p_align(file.endian), bytes) {
            for note in notes.take(COUNT).map_while(Result::ok) {
                abi_note(note.name(), note.n_type(file.endian), note.desc(), file.endian, draft);
            }
        }
    }
    for segment in &file.segments {
        if let Some((os, name)) = segment_os(segment.kind) {
            draft.findings.add(Kind::Segment, os, format!("segment {name}"));
        }
    }
    for library in &dynamic.needed {
        if let Some(os) = library_os(library) {
            draft.findings.add(Kind::Library, os, format!("library {library}"));
        }
    }
}

fn abi_note(name: &[u8], kind: u32, description: &[u8], endian: Endianness, draft: &mut Draft) {
    let words: Vec<u32> = description
        .chunks_exact(4)
        .take(4)
        .map(|word| endian.read_u32_bytes(word.try_into().expect("chunks of four")))
        .collect();
    match (name, kind) {
        (b"GNU", elf::NT_GNU_ABI_TAG) => gnu_note(&words, draft),
        (b"FreeBSD", 1) => versioned(Os::FreeBsd, words.first().copied(), freebsd_version, draft),
        (b"NetBSD", 1) => versioned(Os::NetBsd, words.first().copied(), netbsd_version, draft),
        (b"DragonFly", 1) => versioned(Os::DragonFly, words.first().copied(), dragonfly_version, draft),
        // Its number was never anything but 0.
        (b"OpenBSD", 1) => draft.findings.add(Kind::Note, Os::OpenBsd, "OpenBSD ABI note"),
        (b"FreeBSD", _) => {
            draft.findings.add(Kind::Note, Os::FreeBsd, format!("FreeBSD note of type {kind}"))
        }
        (b"Android", 1) => {
            let level = words.first().copied().unwrap_or_default();
            draft.findings.add(Kind::Note, Os::Linux, format!("Android note, API level {level}"));
        }
        (elf::ELF_NOTE_SOLARIS, _) => draft.findings.add(Kind::Note, Os::Solaris, "Solaris note"),
        // Cosmopolitan's own: its programs run on Linux too, which needs no other mark.
        (b"APE", 1) => {
            let number = words.first().copied().unwrap_or_default();
            let (major, minor) = (number / 100_000_000, number / 1_000_000 % 100);
            draft.findings.add(
                Kind::Note,
                Os::Linux,
                format!("Cosmopolitan note {major}.{minor}, for Linux too"),
            );
        }
        _ => {}
    }
}

fn gnu_note(words: &[u32], draft: &mut Draft) {
    let &[system, major, minor, patch] = words else { return };
    let version = format!("{major}.{minor}.{patch}");
    let os = match system {
        elf::ELF_NOTE_OS_LINUX => Os::Linux,
        elf::ELF_NOTE_OS_GNU => Os::Hurd,
        elf::ELF_NOTE_OS_SOLARIS2 => Os::Solaris,
        elf::ELF_NOTE_OS_FREEBSD => Os::FreeBsd,
        NOTE_OS_NETBSD => Os::NetBsd,
        other => return draft.findings.add(Kind::Note, None, format!("GNU ABI note for system {other}")),
    };
    draft.findings.add(Kind::Note, os, format!("GNU ABI note {} {version}", os.title()));
    if os == Os::Linux {
        let number = (major & 0xffff) << 16 | (minor & 0xff) << 8 | patch & 0xff;
        draft.versions.push((os, OsVersion { number, text: version }));
    }
}

/// `ELF_NOTE_OS_NETBSD` of glibc's ports.
const NOTE_OS_NETBSD: u32 = 4;

fn versioned(os: Os, number: Option<u32>, text: fn(u32) -> String, draft: &mut Draft) {
    let Some(number) = number else {
        return draft.findings.add(Kind::Note, os, format!("{} ABI note without version", os.title()));
    };
    let text = text(number);
    draft.findings.add(Kind::Note, os, format!("{} ABI note {text}", os.title()));
    draft.versions.push((os, OsVersion { number, text }));
}

/// `__FreeBSD_version`: 1203000 is 12.3.
fn freebsd_version(number: u32) -> String {
    format!("{}.{}", number / 100_000, number / 1000 % 100)
}

/// `__NetBSD_Version__`: 901000000 is 9.1, 999005900 is 9.99.59.
fn netbsd_version(number: u32) -> String {
    let (major, minor, patch) = (number / 100_000_000, number / 1_000_000 % 100, number / 100 % 10_000);
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

/// `__DragonFly_version`: 600400 is 6.4.
fn dragonfly_version(number: u32) -> String {
    format!("{}.{}", number / 100_000, number / 100 % 1000)
}

fn segment_os(kind: u32) -> Option<(Os, &'static str)> {
    Some(match kind {
        0x6fff_fffa => (Os::Solaris, "PT_SUNWBSS"),
        0x6fff_fffb => (Os::Solaris, "PT_SUNWSTACK"),
        0x6fff_fffc => (Os::Solaris, "PT_SUNWDTRACE"),
        0x6fff_fffd => (Os::Solaris, "PT_SUNWCAP"),
        0x65a3_dbe5 => (Os::OpenBsd, "PT_OPENBSD_MUTABLE"),
        0x65a3_dbe6 => (Os::OpenBsd, "PT_OPENBSD_RANDOMIZE"),
        0x65a3_dbe7 => (Os::OpenBsd, "PT_OPENBSD_WXNEEDED"),
        0x65a3_dbe8 => (Os::OpenBsd, "PT_OPENBSD_NOBTCFI"),
        0x65a3_dbe9 => (Os::OpenBsd, "PT_OPENBSD_SYSCALLS"),
        0x65a4_1be6 => (Os::OpenBsd, "PT_OPENBSD_BOOTDATA"),
        _ => return None,
    })
}

/// The C and thread libraries' names, as far as only one OS has them.
fn library_os(name: &str) -> Option<Os> {
    match name {
        "libc.so.7" | "libc.so.5" | "libthr.so.3" => return Some(Os::FreeBsd),
        "libc.so.12" => return Some(Os::NetBsd),
        "libc.so.8" | "libthread_xu.so.2" => return Some(Os::DragonFly),
        "libc.so.1" => return Some(Os::Solaris),
        "libc.so.6" => return Some(Os::Linux),
        "libc.so.0.3" => return Some(Os::Hurd),
        _ => {}
    }
    if name.starts_with("libc.musl-") {
        return Some(Os::Linux);
    }
    // OpenBSD counts major and minor: libc.so.97.1
    let mut numbers = name.strip_prefix("libc.so.")?.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(major)), Some(Some(_)), None) if major > 12 => Some(Os::OpenBsd),
        _ => None,
    }
}

pub(super) fn interpreter(path: &Path, draft: &mut Draft) {
    let Some(text) = path.to_str() else { return };
    if let Some(os) = interpreter_os(text, &draft.identity) {
        draft.findings.add(Kind::Interpreter, os, format!("dynamic linker {text}"));
    }
}

fn interpreter_os(path: &str, identity: &Identity) -> Option<Os> {
    let name = path.rsplit('/').next().unwrap_or_default();
    Some(match (path, name) {
        ("/lib/ld-x86-64.so.1" | "/lib/ld.so", _) => Os::Hurd,
        // glibc's name where it had no other system to tell apart; on the i386 that is the Hurd.
        ("/lib/ld.so.1", _) => match identity.architecture {
            Some(Architecture::I386) => Os::Hurd,
            Some(Architecture::Sparc | Architecture::Sparc64 | Architecture::X86_64) => Os::Solaris,
            _ => Os::Linux,
        },
        ("/lib/ld-kfreebsd-x86-64.so.1", _) => Os::FreeBsd,
        ("/usr/lib/libc.so.1", _) => Os::Sco,
        ("/usr/libexec/ld.so", _) => Os::OpenBsd,
        (_, "ld-elf.so.1" | "ld-elf32.so.1") => Os::FreeBsd,
        (_, "ld-elf.so.2") => Os::DragonFly,
        (_, "ld.elf_so") => Os::NetBsd,
        (_, "ld.so.1") => Os::Solaris,
        (_, "linker" | "linker64") => Os::Linux,
        (_, name) if name.starts_with("ld.elf_so-") => Os::NetBsd,
        (_, name) if name.starts_with("ld-linux") || name.starts_with("ld-musl") => Os::Linux,
        (_, name) if name.starts_with("ld64.so.") || name.starts_with("ld-2.") => Os::Linux,
        (_, name) if name.starts_with("ld-uClibc") || name.starts_with("ld64-uClibc") => Os::Linux,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_people_write_them() {
        assert_eq!(freebsd_version(1_203_000), "12.3");
        assert_eq!(freebsd_version(1_500_000), "15.0");
        assert_eq!(netbsd_version(901_000_000), "9.1");
        assert_eq!(netbsd_version(700_000_000), "7.0");
        assert_eq!(netbsd_version(999_005_900), "9.99.59");
        assert_eq!(dragonfly_version(600_400), "6.4");
        assert_eq!(dragonfly_version(400_800), "4.8");
    }

    #[test]
    fn libraries_tell_their_os() {
        assert_eq!(library_os("libc.so.97.1"), Some(Os::OpenBsd));
        assert_eq!(library_os("libc.so.7"), Some(Os::FreeBsd));
        assert_eq!(library_os("libc.so.6"), Some(Os::Linux));
        assert_eq!(library_os("libc.musl-x86_64.so.1"), Some(Os::Linux));
        assert_eq!(library_os("libz.so.1"), None);
        assert_eq!(library_os("libc.so.1.2.3"), None);
    }
}
