//! Traces of the OS in files that carry no mark, such as Go's programs for DragonFly, whose headers equal those
//! for Linux.
//!
//! Facts: Go's `debug/buildinfo` (the settings are lines `build\tGOOS=…`), Go's `runtime/rt0_*.s` (the entry
//! function is `_rt0_ARCH_OS`), and the `.comment` section in which compilers leave their names.

use std::ops::{ControlFlow, Range};

use object::Endianness;
use object::read::elf::{FileHeader, SectionHeader};

use super::{Elf, system_calls};
use crate::exec::signature::draft::{Draft, Effort};
use crate::exec::signature::evidence::Kind;
use crate::exec::signature::identity::Architecture;
use crate::exec::signature::os::Os;
use crate::exec::signature::source::Window;

/// How much of the compilers' names is read.
const COMMENT: u64 = 4096;

pub(super) fn read<H: FileHeader<Endian = Endianness>>(
    file: &Elf<'_, '_, H>,
    effort: Effort,
    draft: &mut Draft,
) {
    let goes_on = |draft: &Draft| match effort {
        Effort::None => false,
        Effort::Needed => !draft.findings.decided(),
        Effort::All => true,
    };
    if !goes_on(draft) {
        return;
    }
    let sections = Sections::of(file);
    if sections.has(".gopclntab") {
        for range in
            [".go.buildinfo", ".rodata", ".noptrdata", ".data"].iter().filter_map(|name| sections.get(name))
        {
            if go_settings(file.window, range, draft) {
                break;
            }
        }
        if goes_on(draft) {
            for range in [".gopclntab", ".strtab"].iter().filter_map(|name| sections.get(name)) {
                if go_entry(file.window, range, draft) {
                    break;
                }
            }
        }
    }
    let x86 = matches!(draft.identity.architecture, Some(Architecture::X86_64 | Architecture::I386));
    if x86 && goes_on(draft) {
        system_calls::read(file, draft);
    }
    if goes_on(draft)
        && let Some(range) = sections.get(".comment")
    {
        compiler(file.window.up_to(range.start, COMMENT.min(range.end - range.start)), draft);
    }
}

/// The sections by name. Loaders ignore them, so they are hints at best, and may be missing or wrong.
struct Sections(Vec<(String, Range<u64>)>);

/// Programs have few; object files, which may have very many, are not looked through.
const SECTIONS: u16 = 1000;

impl Sections {
    fn of<H: FileHeader<Endian = Endianness>>(file: &Elf<'_, '_, H>) -> Sections {
        let count = file.header.e_shnum(file.endian);
        if count == 0 || count > SECTIONS {
            return Sections(Vec::new());
        }
        let Ok(table) = file.header.sections(file.endian, file.window.pieces()) else {
            return Sections(Vec::new());
        };
        let named = table.iter().filter_map(|section| {
            let (offset, size) = section.file_range(file.endian)?;
            let name = table.section_name(file.endian, section).ok()?;
            Some((String::from_utf8_lossy(name).into_owned(), offset..offset.saturating_add(size)))
        });
        Sections(named.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<Range<u64>> {
        self.0.iter().find(|(each, _)| each == name).map(|(_, range)| range.clone())
    }
}

fn go_settings(window: &Window<'_>, range: Range<u64>, draft: &mut Draft) -> bool {
    const SETTING: &[u8] = b"build\tGOOS=";
    let mut found = false;
    window.scan(range, |chunk| {
        for (_, at) in chunk.find(SETTING) {
            let goos = word(&at[SETTING.len()..], |byte| byte.is_ascii_lowercase());
            if let Some(os) = Os::from_goos(goos) {
                let goos = String::from_utf8_lossy(goos);
                draft.findings.add(Kind::GoSettings, os, format!("Go build settings GOOS={goos}"));
                found = true;
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    found
}

fn go_entry(window: &Window<'_>, range: Range<u64>, draft: &mut Draft) -> bool {
    const PREFIX: &[u8] = b"_rt0_";
    let mut found = false;
    window.scan(range, |chunk| {
        for (_, at) in chunk.find(PREFIX) {
            let name = word(at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let goos = name[PREFIX.len()..].splitn(2, |&byte| byte == b'_').nth(1);
            if let Some(os) = goos.and_then(Os::from_goos) {
                let name = String::from_utf8_lossy(name);
                draft.findings.add(Kind::GoEntry, os, format!("Go entry function {name}"));
                found = true;
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    found
}

/// The bytes at the beginning that belong to a word, as far as a chunk has them for sure.
fn word(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(40)];
    &bytes[..bytes.iter().position(|&byte| !belongs(byte)).unwrap_or(bytes.len())]
}

fn compiler(comment: &[u8], draft: &mut Draft) {
    const NAMES: [(&str, Os); 14] = [
        ("FreeBSD", Os::FreeBsd),
        ("NetBSD", Os::NetBsd),
        ("OpenBSD", Os::OpenBsd),
        ("DragonFly", Os::DragonFly),
        ("Solaris", Os::Solaris),
        ("SunOS", Os::Solaris),
        ("illumos", Os::Solaris),
        ("Debian", Os::Linux),
        ("Ubuntu", Os::Linux),
        ("Red Hat", Os::Linux),
        ("SUSE", Os::Linux),
        ("Alpine", Os::Linux),
        ("Gentoo", Os::Linux),
        ("Android", Os::Linux),
    ];
    for line in comment.split(|&byte| byte == 0) {
        let line = String::from_utf8_lossy(line);
        for (name, os) in NAMES {
            if line.contains(name) {
                let short: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
                draft.findings.add(Kind::Compiler, os, format!("compiler \"{short}\""));
            }
        }
    }
}
