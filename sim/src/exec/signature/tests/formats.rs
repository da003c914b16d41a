//! Each format and each mark is recognised.

use std::path::Path;

use super::fixtures::named;
use crate::exec::report;
use crate::exec::signature::*;

fn identity(name: &str) -> Identity {
    let path = if name == "dos-com" { "HELLO.COM" } else { name };
    identify_bytes(&named(name), &Question::new(Path::new(path), &Nowhere)).expect("memory can be read")
}

#[test]
fn the_os_and_what_told_it() {
    use Kind::*;
    let table = [
        ("linux-note", Os::Linux, Note),
        ("linux-bare", Os::Linux, Assumed),
        ("linux-glibc", Os::Linux, Interpreter),
        ("linux-musl-static", Os::Linux, SystemCalls),
        ("linux-go", Os::Linux, SystemCalls),
        ("linux-android", Os::Linux, Note),
        ("linux-i386", Os::Linux, Note),
        ("linux-i386-calls", Os::Linux, SystemCalls),
        ("linux-library", Os::Linux, Library),
        ("linux-compiler", Os::Linux, Compiler),
        ("freebsd-note", Os::FreeBsd, Note),
        ("freebsd-osabi", Os::FreeBsd, OsAbi),
        ("freebsd-old-brand", Os::FreeBsd, Brand),
        ("freebsd-dynamic", Os::FreeBsd, OsAbi),
        ("freebsd-calls", Os::FreeBsd, SystemCalls),
        ("kfreebsd-note", Os::FreeBsd, Note),
        ("netbsd-note", Os::NetBsd, Note),
        ("netbsd-calls", Os::NetBsd, SystemCalls),
        ("netbsd-sparc", Os::NetBsd, Note),
        ("openbsd-dynamic", Os::OpenBsd, Note),
        ("dragonfly-note", Os::DragonFly, Note),
        ("dragonfly-linker", Os::DragonFly, Interpreter),
        ("dragonfly-go", Os::DragonFly, GoSettings),
        ("dragonfly-go-entry", Os::DragonFly, GoEntry),
        ("dragonfly-calls", Os::DragonFly, SystemCalls),
        ("solaris-dynamic", Os::Solaris, Interpreter),
        ("solaris-osabi", Os::Solaris, OsAbi),
        ("hurd-note", Os::Hurd, Note),
        ("hurd-i386", Os::Hurd, Interpreter),
        ("ape-elf", Os::FreeBsd, OsAbi),
        ("ape", Os::FreeBsd, OsAbi),
        ("aout-linux-zmagic", Os::Linux, Format),
        ("aout-linux-qmagic", Os::Linux, Format),
        ("aout-linux-old", Os::Linux, Format),
        ("aout-netbsd-i386", Os::NetBsd, Format),
        ("aout-netbsd-m68k", Os::NetBsd, Format),
        ("aout-freebsd", Os::FreeBsd, Format),
        ("coff-sco", Os::Sco, Format),
        ("xout-386", Os::Xenix, Format),
        ("xout-286", Os::Xenix, Format),
        ("dos-exe", Os::Dos, Format),
        ("dos-com", Os::Dos, Format),
        ("dos-4g", Os::Dos, Format),
        ("windows-ne", Os::Windows, Format),
        ("windows-vxd", Os::Windows, Format),
        ("windows-pe32", Os::Windows, Format),
        ("windows-pe64", Os::Windows, Format),
        ("os2-ne", Os::Os2, Format),
        ("os2-lx", Os::Os2, Format),
        ("uefi", Os::Uefi, Format),
        ("macho-x86-64", Os::Darwin, Format),
        ("macho-fat", Os::Darwin, Format),
    ];
    for (name, os, kind) in table {
        let identity = identity(name);
        assert_eq!(identity.os, Some(os), "{name}: {:?}", identity.evidence);
        let decisive: Vec<Kind> =
            identity.evidence.iter().filter(|each| each.decisive).map(|each| each.kind).collect();
        assert!(
            !decisive.is_empty() && decisive.iter().all(|each| *each == kind),
            "{name}: {:?}",
            identity.evidence
        );
    }
}

#[test]
fn processor_format_and_linking() {
    use Architecture::*;
    use Class::*;
    let (fixed, anywhere, dynamic) = (Linking::Static, Linking::StaticPie, Linking::Dynamic);
    let table = [
        ("linux-bare", Format::Elf, X86_64, Bits64, fixed),
        ("linux-glibc", Format::Elf, X86_64, Bits64, dynamic),
        ("linux-static-pie", Format::Elf, X86_64, Bits64, anywhere),
        ("linux-i386", Format::Elf, I386, Bits32, fixed),
        ("linux-x32", Format::Elf, X86_64, Bits32, fixed),
        ("netbsd-sparc", Format::Elf, Sparc, Bits32, fixed),
        ("irix", Format::Elf, Mips, Bits32, fixed),
        ("ape", Format::Ape, X86_64, Bits64, fixed),
        ("aout-linux-qmagic", Format::Aout, I386, Bits32, fixed),
        ("aout-netbsd-m68k", Format::Aout, M68k, Bits32, dynamic),
        ("aout-freebsd", Format::Aout, I386, Bits32, dynamic),
        ("coff-sco", Format::Coff, I386, Bits32, dynamic),
        ("coff-object", Format::Coff, I386, Bits32, fixed),
        ("xout-386", Format::Xout, I386, Bits32, fixed),
        ("xout-286", Format::Xout, I286, Bits16, fixed),
        ("dos-exe", Format::Mz, I8086, Bits16, fixed),
        ("dos-com", Format::Com, I8086, Bits16, fixed),
        ("windows-ne", Format::Ne, I286, Bits16, dynamic),
        ("os2-lx", Format::Le, I386, Bits32, dynamic),
        ("dos-4g", Format::Le, I386, Bits32, fixed),
        ("windows-pe32", Format::Pe, I386, Bits32, dynamic),
        ("windows-pe64", Format::Pe, X86_64, Bits64, dynamic),
        ("macho-x86-64", Format::MachO, X86_64, Bits64, dynamic),
        ("macho-fat", Format::MachOFat, X86_64, Bits64, dynamic),
    ];
    for (name, format, architecture, class, linking) in table {
        let identity = identity(name);
        assert_eq!(identity.format, format, "{name}");
        assert_eq!((identity.architecture, identity.class), (Some(architecture), Some(class)), "{name}");
        assert_eq!(identity.linking, Some(linking), "{name}");
    }
}

#[test]
fn byte_order() {
    assert!(identity("netbsd-sparc").big_endian);
    assert!(identity("aout-netbsd-m68k").big_endian);
    assert!(!identity("aout-netbsd-i386").big_endian);
    assert!(!identity("linux-bare").big_endian);
}

#[test]
fn versions_of_the_os() {
    let table = [
        ("linux-note", 0x30200, "3.2.0"),
        ("freebsd-note", 1_203_000, "12.3"),
        ("netbsd-note", 901_000_000, "9.1"),
        ("netbsd-sparc", 901_000_000, "9.1"),
        ("dragonfly-note", 600_400, "6.4"),
        ("macho-x86-64", 0xa0900, "10.9"),
    ];
    for (name, number, text) in table {
        assert_eq!(identity(name).os_version, Some(OsVersion { number, text: text.to_owned() }), "{name}");
    }
    for name in ["freebsd-osabi", "openbsd-dynamic", "hurd-note", "ape-elf"] {
        assert_eq!(identity(name).os_version, None, "{name}");
    }
}

#[test]
fn all_brands_of_a_portable_executable() {
    let elf = identity("ape-elf");
    assert_eq!(elf.brands, [Os::Linux, Os::OpenBsd, Os::NetBsd, Os::FreeBsd]);
    assert!(elf.runnable.is_ok());
    assert_eq!(report::os(&elf), "FreeBSD (also Linux, OpenBSD, NetBSD)");

    let ape = identity("ape");
    assert_eq!(ape.brands, elf.brands);
    assert!(matches!(ape.runnable, Err(Reason::NotAssimilated)));
}

#[test]
fn the_user_overrides_all_evidence() {
    let file = named("ape-elf");
    let question = Question::new(Path::new("ape"), &Nowhere).with_os(Some(Os::NetBsd));
    let identity = identify_bytes(&file, &question).unwrap();
    assert_eq!(identity.os, Some(Os::NetBsd));
    assert_eq!(identity.evidence[0].kind, Kind::Override);
    assert_eq!(identity.os_version.map(|version| version.number), Some(901_000_000));
    assert_eq!(identity.brands.len(), 4);
}

#[test]
fn the_caller_decides_where_nothing_else_does() {
    let as_freebsd = |name| {
        let question = Question::new(Path::new(name), &Nowhere).with_caller(Some(Os::FreeBsd));
        identify_bytes(&named(name), &question).unwrap().os
    };
    assert_eq!(as_freebsd("linux-bare"), Some(Os::FreeBsd));
    assert_eq!(as_freebsd("linux-note"), Some(Os::Linux));
}

#[test]
fn an_unknown_brand_is_not_taken_for_linux() {
    let identity = identity("irix");
    assert_eq!(identity.os, None);
    let reason = identity.runnable.unwrap_err();
    assert_eq!(
        reason.to_string(),
        "mips ELF for an unknown OS (OSABI IRIX); if you know it, name it with --os"
    );
}

#[test]
fn needed_evidence_only_or_all() {
    let file = named("freebsd-calls");
    let mut marked = file.clone();
    marked[7] = 9;
    let kinds = |question: Question<'_>| -> Vec<Kind> {
        identify_bytes(&marked, &question).unwrap().evidence.iter().map(|evidence| evidence.kind).collect()
    };
    let question = Question::new(Path::new("x"), &Nowhere);
    assert_eq!(kinds(question), [Kind::OsAbi]);
    assert_eq!(kinds(question.thoroughly()), [Kind::OsAbi, Kind::SystemCalls]);
}

#[test]
fn what_is_no_program() {
    let table = [
        ("object", "x86-64 ELF, but an object file, not a program"),
        ("core", "x86-64 ELF, but a core dump, not a program"),
        ("linux-library", "Linux x86-64 ELF, but a shared library, not a program"),
        ("coff-object", "SCO UNIX i386 COFF, but an object file, not a program"),
        ("windows-dll", "Windows x86-64 PE, but a shared library, not a program"),
        ("windows-vxd", "Windows i386 LE, but a device driver, not a program"),
        ("macho-library", "Darwin x86-64 Mach-O, but a shared library, not a program"),
        ("empty", "an empty file"),
        ("data", "no known program format"),
        ("java-class", "no known program format"),
    ];
    for (name, words) in table {
        let reason = identity(name).runnable.unwrap_err();
        assert!(reason.to_string().ends_with(words), "{name}: {reason}");
        assert_eq!(reason.errno(), 8, "{name}");
    }
    assert!(matches!(identity("text").runnable, Err(Reason::Text)));
}

#[test]
fn a_memory_image_needs_its_name() {
    let file = named("dos-com");
    let format =
        |path: &str| identify_bytes(&file, &Question::new(Path::new(path), &Nowhere)).unwrap().format;
    assert_eq!(format("hello.com"), Format::Com);
    assert_eq!(format("hello.COM"), Format::Com);
    assert_eq!(format("hello"), Format::Unknown);
    let text = identify_bytes(b"plain text", &Question::new(Path::new("readme.com"), &Nowhere)).unwrap();
    assert_eq!(text.format, Format::Unknown);
}

#[test]
fn a_row_and_an_object_of_it() {
    let path = Path::new("freebsd-dynamic");
    let entry = report::Entry::new(path, Ok(identity("freebsd-dynamic")));
    assert_eq!(
        entry.row()[..6],
        [
            "freebsd-dynamic",
            "FreeBSD",
            "x86-64",
            "ELF 64-bit, dynamic",
            "OSABI FreeBSD; dynamic linker /libexec/ld-elf.so.1; library libc.so.7",
            "/libexec/ld-elf.so.1 (not found)",
        ]
    );
    let json = serde_json::to_value(&entry).unwrap();
    assert_eq!(json["file"], "freebsd-dynamic");
    assert_eq!(json["os"], "freebsd");
    assert_eq!(json["architecture"], "x86-64");
    assert_eq!(json["class"], 64);
    assert_eq!(json["format"], "elf");
    assert_eq!(json["linking"], "dynamic");
    assert_eq!(json["interpreter"]["path"], "/libexec/ld-elf.so.1");
    assert_eq!(json["evidence"][0]["kind"], "os-abi");
    assert_eq!(json["evidence"][0]["decisive"], true);
    assert_eq!(json["runnable"], false);
    assert_eq!(json["errno"], 2);

    let lost = report::Entry::new(path, Err(std::io::Error::from(std::io::ErrorKind::NotFound)));
    assert!(serde_json::to_value(&lost).unwrap()["error"].is_string());
}
