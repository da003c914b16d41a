//! Makes small ELF files.

use object::elf;

/// An ELF file in the making: everything in it lies in one segment, with the marks asked for.
#[derive(Clone)]
pub(super) struct ElfFile {
    wide: bool,
    big_endian: bool,
    machine: u16,
    kind: u16,
    osabi: u8,
    brand: &'static [u8],
    code: Vec<u8>,
    interpreter: Option<Vec<u8>>,
    notes: Vec<u8>,
    needed: Vec<&'static str>,
    flags: Option<u64>,
    entry: Option<u64>,
    empty_segments: Vec<u32>,
    sections: Vec<(&'static str, Vec<u8>)>,
}

pub(super) const BASE: u64 = 0x40_0000;

impl ElfFile {
    pub(super) fn x86_64() -> ElfFile {
        ElfFile {
            wide: true,
            big_endian: false,
            machine: elf::EM_X86_64,
            kind: elf::ET_EXEC,
            osabi: 0,
            brand: b"",
            code: vec![0xc3],
            interpreter: None,
            notes: Vec::new(),
            needed: Vec::new(),
            flags: None,
            entry: None,
            empty_segments: Vec::new(),
            sections: Vec::new(),
        }
    }

    pub(super) fn i386() -> ElfFile {
        ElfFile { wide: false, machine: elf::EM_386, ..ElfFile::x86_64() }
    }

    /// 32-bit addresses on a processor that has wider ones.
    pub(super) fn narrow(self) -> ElfFile {
        ElfFile { wide: false, ..self }
    }

    pub(super) fn big_endian(self, machine: u16) -> ElfFile {
        ElfFile { big_endian: true, machine, ..self }
    }

    pub(super) fn kind(self, kind: u16) -> ElfFile {
        ElfFile { kind, ..self }
    }

    pub(super) fn osabi(self, osabi: u8) -> ElfFile {
        ElfFile { osabi, ..self }
    }

    pub(super) fn brand(self, brand: &'static [u8]) -> ElfFile {
        ElfFile { brand, ..self }
    }

    pub(super) fn code(self, code: &[u8]) -> ElfFile {
        ElfFile { code: code.to_vec(), ..self }
    }

    pub(super) fn interpreter(self, path: &[u8]) -> ElfFile {
        let mut path = path.to_vec();
        path.push(0);
        ElfFile { interpreter: Some(path), ..self }
    }

    pub(super) fn raw_interpreter(self, bytes: &[u8]) -> ElfFile {
        ElfFile { interpreter: Some(bytes.to_vec()), ..self }
    }

    pub(super) fn note(mut self, name: &str, kind: u32, words: &[u32]) -> ElfFile {
        let name = [name.as_bytes(), &[0]].concat();
        for number in [name.len() as u32, words.len() as u32 * 4, kind] {
            let number = self.word32(number);
            self.notes.extend(number);
        }
        self.notes.extend(&name);
        self.notes.resize(self.notes.len().next_multiple_of(4), 0);
        for &number in words {
            let number = self.word32(number);
            self.notes.extend(number);
        }
        self
    }

    pub(super) fn needs(mut self, library: &'static str) -> ElfFile {
        self.needed.push(library);
        self
    }

    pub(super) fn dynamic_flags(self, flags: u32) -> ElfFile {
        ElfFile { flags: Some(flags.into()), ..self }
    }

    pub(super) fn entry(self, entry: u64) -> ElfFile {
        ElfFile { entry: Some(entry), ..self }
    }

    pub(super) fn segment(mut self, kind: u32) -> ElfFile {
        self.empty_segments.push(kind);
        self
    }

    pub(super) fn section(mut self, name: &'static str, bytes: &[u8]) -> ElfFile {
        self.sections.push((name, bytes.to_vec()));
        self
    }

    fn word32(&self, number: u32) -> [u8; 4] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn half(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// A number as wide as the file's class.
    fn word(&self, number: u64) -> Vec<u8> {
        match (self.wide, self.big_endian) {
            (true, false) => number.to_le_bytes().into(),
            (true, true) => number.to_be_bytes().into(),
            (false, _) => self.word32(number as u32).into(),
        }
    }

    fn header_size(&self) -> u64 {
        if self.wide { 64 } else { 52 }
    }

    fn program_header_size(&self) -> u64 {
        if self.wide { 56 } else { 32 }
    }

    pub(super) fn build(&self) -> Vec<u8> {
        let dynamic_wanted = !self.needed.is_empty() || self.flags.is_some();
        let count = 1
            + u64::from(self.interpreter.is_some())
            + u64::from(!self.notes.is_empty())
            + u64::from(dynamic_wanted)
            + self.empty_segments.len() as u64;
        let mut body = vec![0; (self.header_size() + count * self.program_header_size()) as usize];
        let mut place = |bytes: &[u8]| {
            body.resize(body.len().next_multiple_of(8), 0);
            let offset = body.len() as u64;
            body.extend(bytes);
            (offset, bytes.len() as u64)
        };
        let code = place(&self.code);
        let interpreter = self.interpreter.as_ref().map(|path| place(path));
        let notes = (!self.notes.is_empty()).then(|| place(&self.notes));
        let dynamic = dynamic_wanted.then(|| {
            let mut strings = vec![0];
            let mut entries = Vec::new();
            for library in &self.needed {
                entries.push((u64::from(elf::DT_NEEDED), strings.len() as u64));
                strings.extend(library.as_bytes());
                strings.push(0);
            }
            let (strings, size) = place(&strings);
            entries.push((elf::DT_STRTAB.into(), BASE + strings));
            entries.push((elf::DT_STRSZ.into(), size));
            entries.extend(self.flags.map(|flags| (elf::DT_FLAGS_1.into(), flags)));
            entries.push((elf::DT_NULL.into(), 0));
            place(
                &entries
                    .into_iter()
                    .flat_map(|(tag, value)| [self.word(tag), self.word(value)].concat())
                    .collect::<Vec<_>>(),
            )
        });
        let sections = (!self.sections.is_empty()).then(|| self.place_sections(&mut place));
        let size = body.len() as u64;

        let mut headers = Vec::new();
        let mut program_header = |kind: u32, flags: u32, (offset, size): (u64, u64), align: u64| {
            let (address, size, align) = (self.word(BASE + offset), self.word(size), self.word(align));
            let offset = self.word(offset);
            let (kind, flags) = (self.word32(kind).to_vec(), self.word32(flags).to_vec());
            let fields = if self.wide {
                [kind, flags, offset, address.clone(), address, size.clone(), size, align]
            } else {
                [kind, offset, address.clone(), address, size.clone(), size, flags, align]
            };
            headers.extend(fields.concat());
        };
        for (kind, place, align) in
            [(elf::PT_INTERP, interpreter, 1), (elf::PT_NOTE, notes, 4), (elf::PT_DYNAMIC, dynamic, 8)]
        {
            if let Some(place) = place {
                program_header(kind, elf::PF_R, place, align);
            }
        }
        program_header(elf::PT_LOAD, elf::PF_R | elf::PF_X, (0, size), 0x1000);
        for &kind in &self.empty_segments {
            program_header(kind, elf::PF_R, (0, 0), 0);
        }

        let mut header = vec![0x7f, b'E', b'L', b'F'];
        header.push(if self.wide { elf::ELFCLASS64 } else { elf::ELFCLASS32 });
        header.push(if self.big_endian { elf::ELFDATA2MSB } else { elf::ELFDATA2LSB });
        header.extend([elf::EV_CURRENT, self.osabi]);
        header.extend(self.brand);
        header.resize(16, 0);
        header.extend(self.half(self.kind));
        header.extend(self.half(self.machine));
        header.extend(self.word32(1));
        header.extend(self.word(self.entry.unwrap_or(BASE + code.0)));
        header.extend(self.word(self.header_size()));
        header.extend(self.word(sections.map_or(0, |(offset, _)| offset)));
        header.extend(self.word32(0));
        let section_count = sections.map_or(0, |(_, count)| count);
        for half in [
            self.header_size() as u16,
            self.program_header_size() as u16,
            count as u16,
            if self.wide { 64 } else { 40 },
            section_count,
            section_count.saturating_sub(1),
        ] {
            header.extend(self.half(half));
        }
        body[..header.len()].copy_from_slice(&header);
        body[header.len()..header.len() + headers.len()].copy_from_slice(&headers);
        body
    }

    /// Adds the sections and their table, with the names in the last one.
    fn place_sections(&self, place: &mut impl FnMut(&[u8]) -> (u64, u64)) -> (u64, u16) {
        let mut names = vec![0];
        let mut table = vec![(0, 0, (0, 0))];
        for (name, bytes) in &self.sections {
            table.push((names.len() as u32, elf::SHT_PROGBITS, place(bytes)));
            names.extend(name.as_bytes());
            names.push(0);
        }
        let name = names.len() as u32;
        names.extend(b".shstrtab\0");
        table.push((name, elf::SHT_STRTAB, place(&names)));
        let count = table.len() as u16;
        let mut bytes = Vec::new();
        for (name, kind, (offset, size)) in table {
            bytes.extend(self.word32(name));
            bytes.extend(self.word32(kind));
            bytes.extend([self.word(0), self.word(0), self.word(offset), self.word(size)].concat());
            bytes.extend(self.word32(0));
            bytes.extend(self.word32(0));
            bytes.extend([self.word(1), self.word(0)].concat());
        }
        (place(&bytes).0, count)
    }
}
