//! Numbers and strings, by the names of the guest's OS.

use super::memory::Memory;
use super::text::{ELLIPSIS, Text};
use super::vocabulary::Vocabulary;
use crate::call::{Kind, Word};
use crate::personality::constant::Constant;

/// How much of a path or of another string is shown, in bytes.
pub const STRING_LIMIT: usize = 64;
/// How many elements of an array are shown.
pub const LIST_LIMIT: usize = 8;

/// Writes values of one OS, read from one guest.
pub struct Printer<'a, 'b> {
    /// Where it writes.
    pub text: &'a mut Text<'b>,
    /// Where it reads.
    pub memory: &'a dyn Memory,
    /// What the OS calls things.
    pub vocabulary: &'static Vocabulary,
}

/// The bits of a number of this many bytes.
pub const fn width(size: usize) -> u64 {
    if size >= 8 { u64::MAX } else { (1 << (size * 8)) - 1 }
}

/// The number with the sign that its highest bit is.
pub const fn signed(value: u64, size: usize) -> i64 {
    let unused = 64 - 8 * if size > 8 { 8 } else { size } as u32;
    ((value << unused) as i64) >> unused
}

/// How many bytes of an argument's register its kind takes.
pub const fn size_of_kind(kind: Kind) -> usize {
    match kind {
        Kind::Int
        | Kind::Uint
        | Kind::Mode
        | Kind::Descriptor
        | Kind::Directory
        | Kind::Signal
        | Kind::SocketOption
        | Kind::WaitStatus => 4,
        Kind::Word(word) => word.size() as usize,
        _ => 8,
    }
}

impl Printer<'_, '_> {
    /// A number of this kind and size.
    pub fn number(&mut self, kind: Kind, value: u64, size: usize) {
        let value = value & width(size);
        match kind {
            Kind::Int | Kind::Long | Kind::SocketOption => {
                self.text.put(format_args!("{}", signed(value, size)));
            }
            Kind::Descriptor => self.text.put(format_args!("{}", signed(value, size))),
            Kind::Directory if signed(value, size) == AT_FDCWD => self.text.push("AT_FDCWD"),
            Kind::Directory => self.text.put(format_args!("{}", signed(value, size))),
            Kind::Bits if value < 10 => self.text.put(format_args!("{value}")),
            Kind::Bits => self.text.put(format_args!("{value:#x}")),
            Kind::Mode => self.mode(value as u32),
            Kind::Device => self.text.put(format_args!("{value:#x}")),
            Kind::Signal => self.signal(value as i32),
            Kind::WaitStatus => self.wait_status(value as i32),
            Kind::Word(word) => self.word(word, value, size),
            Kind::Address
            | Kind::Path
            | Kind::String
            | Kind::Strings
            | Kind::Pointer { .. }
            | Kind::IoctlArgument => self.address(value),
            Kind::Uint | Kind::Ulong | Kind::FcntlArgument | Kind::Never => {
                self.text.put(format_args!("{value}"));
            }
        }
    }

    /// An address that is not looked behind.
    pub fn address(&mut self, address: u64) {
        if address == 0 {
            self.text.push("NULL");
        } else {
            self.text.put(format_args!("{address:#x}"));
        }
    }

    /// Permissions, with the type of the file if it is there (the same numbers in every Unix).
    fn mode(&mut self, mode: u32) {
        let kind = match mode >> 12 & 0xf {
            0o1 => "S_IFIFO|",
            0o2 => "S_IFCHR|",
            0o4 => "S_IFDIR|",
            0o6 => "S_IFBLK|",
            0o10 => "S_IFREG|",
            0o12 => "S_IFLNK|",
            0o14 => "S_IFSOCK|",
            _ => return self.text.put(format_args!("0{mode:o}")),
        };
        self.text.push(kind);
        self.text.put(format_args!("0{:o}", mode & 0o7777));
    }

    /// A signal's name.
    pub fn signal(&mut self, signal: i32) {
        let (first, last) = self.vocabulary.realtime;
        match (self.vocabulary.signal)(signal) {
            Some(name) => self.text.push(name),
            None if signal == first => self.text.push("SIGRTMIN"),
            None if signal > first && signal <= last => {
                self.text.put(format_args!("SIGRTMIN+{}", signal - first));
            }
            None => self.text.put(format_args!("{signal}")),
        }
    }

    /// What became of a process.
    fn wait_status(&mut self, status: i32) {
        if status == self.vocabulary.continued {
            return self.text.push("continued");
        }
        match (status & 0x7f, status >> 8 & 0xff) {
            (0, code) => self.text.put(format_args!("exited {code}")),
            (0x7f, signal) => {
                self.text.push("stopped ");
                self.signal(signal);
            }
            (signal, _) => {
                self.text.push("killed ");
                self.signal(signal);
                if status & 0x80 != 0 {
                    self.text.push(" (core dumped)");
                }
            }
        }
    }

    /// A number by its name, flags by theirs.
    pub fn word(&mut self, word: Word, value: u64, size: usize) {
        if word == Word::IoctlRequest {
            return self.request(value as u32);
        }
        if word == Word::SocketProtocol && value == 0 {
            // The domain's default; its name as a number would be that of IP.
            return self.text.push("0");
        }
        let names = (self.vocabulary.word)(word);
        // The signal that a clone sends at its end shares a number with the flags.
        let ends_with = if word == Word::CloneFlags && value & 0x7f != 0 { value & 0xff } else { 0 };
        self.names(names, value & !ends_with, size);
        if ends_with != 0 {
            self.text.push("|");
            self.signal(ends_with as i32);
        }
    }

    fn names(&mut self, names: &[Constant], value: u64, size: usize) {
        let all = width(size);
        let choice = names.iter().any(|constant| constant.mask == u64::MAX);
        if choice {
            match names.iter().find(|constant| constant.value & all == value) {
                Some(constant) => self.text.push(constant.name),
                None => self.text.put(format_args!("{}", signed(value, size))),
            }
            return;
        }
        let mut rest = value;
        let mut done = 0;
        let mut first = true;
        for constant in names {
            let mask = constant.mask & all;
            if mask == 0 || done & mask != 0 || value & mask != constant.value & all {
                continue;
            }
            self.text.push(if first { "" } else { "|" });
            self.text.push(constant.name);
            done |= mask;
            rest &= !mask;
            first = false;
        }
        match (rest, first) {
            (0, true) => self.text.push("0"),
            (0, false) => {}
            (rest, true) => self.text.put(format_args!("{rest:#x}")),
            (rest, false) => self.text.put(format_args!("|{rest:#x}")),
        }
    }

    /// A request of `ioctl`: its name, or what its parts say.
    fn request(&mut self, request: u32) {
        if let Some(known) = self.vocabulary.ioctls.iter().find(|ioctl| ioctl.request == request) {
            return self.text.push(known.name);
        }
        let code = self.vocabulary.ioctl_code;
        let group = (request >> 8 & 0xff) as u8;
        if !group.is_ascii_graphic() {
            return self.text.put(format_args!("{request:#x}"));
        }
        let (group, number) = (char::from(group), request & 0xff);
        let size = (request & code.size) >> 16;
        let name = match (request & code.out != 0, request & code.input != 0) {
            (true, true) => "_IOWR",
            (true, false) => "_IOR",
            (false, true) => "_IOW",
            (false, false) => return self.text.put(format_args!("_IO('{group}', {number})")),
        };
        self.text.put(format_args!("{name}('{group}', {number}, {size})"));
    }

    /// Bytes as a string in quotes, with an ellipsis when there are more.
    pub fn quoted(&mut self, bytes: &[u8], more: bool) {
        self.text.push("\"");
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => self.text.push("\\\""),
                b'\\' => self.text.push("\\\\"),
                b'\n' => self.text.push("\\n"),
                b'\r' => self.text.push("\\r"),
                b'\t' => self.text.push("\\t"),
                // A digit behind would be read as part of the number.
                0 if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => self.text.push("\\0"),
                b' '..=b'~' => self.text.push(char::from(byte).encode_utf8(&mut [0; 4])),
                _ => self.text.put(format_args!("\\x{byte:02x}")),
            }
        }
        self.text.push("\"");
        if more {
            self.text.push(ELLIPSIS);
        }
    }

    /// A NUL-terminated string of the guest.
    pub fn string(&mut self, address: u64) {
        let mut bytes = [0; STRING_LIMIT + 1];
        if address == 0 {
            return self.text.push("NULL");
        }
        let count = self.memory.read(address, &mut bytes);
        if count == 0 {
            return self.address(address);
        }
        match bytes[..count].iter().position(|&byte| byte == 0) {
            Some(end) => self.quoted(&bytes[..end], false),
            None => self.quoted(&bytes[..count.min(STRING_LIMIT)], true),
        }
    }

    /// A NULL-terminated array of strings; the environment only by its size.
    pub fn strings(&mut self, address: u64, count_only: bool) {
        /// More strings than anyone passes: a list without an end is not followed for ever.
        const COUNT_LIMIT: u64 = 4096;
        if address == 0 {
            return self.text.push("NULL");
        }
        let at = |index: u64| super::memory::number(self.memory, address.wrapping_add(8 * index), 8);
        if count_only {
            let count =
                (0..COUNT_LIMIT).take_while(|&index| at(index).is_some_and(|string| string != 0)).count();
            return self.text.put(format_args!("[/* {count} strings */]"));
        }
        self.text.push("[");
        for index in 0..=LIST_LIMIT as u64 {
            let string = super::memory::number(self.memory, address.wrapping_add(8 * index), 8);
            let Some(string) = string.filter(|&string| string != 0) else { break };
            self.text.push(if index == 0 { "" } else { ", " });
            if index == LIST_LIMIT as u64 {
                self.text.push(ELLIPSIS);
            } else {
                self.string(string);
            }
        }
        self.text.push("]");
    }
}

/// The directory descriptor that means the current directory; the same number in Linux and in every BSD.
const AT_FDCWD: i64 = -100;
