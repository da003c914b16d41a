//! What lies behind a pointer: buffers, structures, lists of them, addresses, vectors.

use super::memory::number;
use super::text::ELLIPSIS;
use super::value::{LIST_LIMIT, Printer};
use super::vocabulary::{Field, Form, Layout};
use crate::call::{Direction, Shape, Structure, Word};

/// How much of a buffer is shown, in bytes.
pub const BUFFER_LIMIT: usize = 32;

/// Which side of a call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before it: what it reads is there.
    Before,
    /// After it: what it wrote is there.
    After,
}

impl Phase {
    /// Whether something that goes this way is there now.
    pub fn shows(self, direction: Direction) -> bool {
        match direction {
            Direction::InOut => true,
            Direction::In => self == Phase::Before,
            Direction::Out => self == Phase::After,
        }
    }
}

/// How much lies behind a pointer.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Elements, or bytes of raw data.
    pub count: usize,
    /// Bytes that were filled, for vectors.
    pub filled: usize,
    /// Whether the type says that there is one, so that it is not shown as a list.
    pub single: bool,
}

impl Printer<'_, '_> {
    /// What lies at an address.
    pub fn data(&mut self, address: u64, shape: Shape, amount: Amount, phase: Phase) {
        if address == 0 {
            return self.text.push("NULL");
        }
        match shape {
            Shape::Opaque => self.address(address),
            Shape::Bytes => self.buffer(address, amount.count, false),
            Shape::Text => self.buffer(address, amount.count, true),
            Shape::SocketAddress => self.socket_address(address, amount.count),
            Shape::SignalSet => self.signal_set(address),
            Shape::DescriptorSet => self.descriptor_set(address, amount.count),
            Shape::SysctlName => self.sysctl_name(address, amount.count),
            Shape::Scalar(kind, size) => {
                self.list(address, amount, usize::from(size), true, |printer, at| {
                    match number(printer.memory, at, usize::from(size)) {
                        Some(value) => printer.number(*kind, value, usize::from(size)),
                        None => printer.text.push("?"),
                    }
                })
            }
            Shape::Structure(structure) => self.structures(address, structure, amount, phase),
        }
    }

    fn structures(&mut self, address: u64, structure: Structure, amount: Amount, phase: Phase) {
        match structure {
            Structure::Iovec => {
                let mut left = amount.filled;
                self.list(address, amount, 16, true, |printer, at| printer.vector(at, &mut left));
            }
            Structure::MessageHeader => self.message(address, amount.filled, phase),
            _ => {
                let Some(layout) = (self.vocabulary.layout)(structure) else { return self.address(address) };
                self.list(address, amount, layout.size, false, |printer, at| {
                    printer.structure(at, layout, phase);
                });
            }
        }
    }

    /// Elements one after the other, in brackets unless there is one by its type.
    fn list(
        &mut self,
        address: u64,
        amount: Amount,
        size: usize,
        always_brackets: bool,
        mut element: impl FnMut(&mut Self, u64),
    ) {
        let brackets = always_brackets || !amount.single;
        self.text.push(if brackets { "[" } else { "" });
        for index in 0..amount.count.min(LIST_LIMIT) {
            self.text.push(if index == 0 { "" } else { ", " });
            element(self, address.wrapping_add((index * size) as u64));
        }
        if amount.count > LIST_LIMIT {
            self.text.push(", ");
            self.text.push(ELLIPSIS);
        }
        self.text.push(if brackets { "]" } else { "" });
    }

    /// Raw bytes, or text that ends at a NUL if one comes first.
    fn buffer(&mut self, address: u64, count: usize, text: bool) {
        let limit = if text { super::value::STRING_LIMIT } else { BUFFER_LIMIT };
        let mut bytes = [0; super::value::STRING_LIMIT];
        let wanted = count.min(limit);
        let there = self.memory.read(address, &mut bytes[..wanted]);
        if there < wanted && there == 0 {
            return self.address(address);
        }
        let end = bytes[..there].iter().position(|&byte| text && byte == 0);
        let shown = end.unwrap_or(there);
        self.quoted(&bytes[..shown], end.is_none() && count > shown);
    }

    /// A structure's fields that are there on this side of the call.
    fn structure(&mut self, address: u64, layout: &'static Layout, phase: Phase) {
        // Two times are a time, whatever the field is called.
        if let [Field { form: Form::Time(digits), .. }] = layout.fields {
            return self.time(address, *digits);
        }
        self.text.push("{");
        let mut first = true;
        for field in layout.fields.iter().filter(|field| phase.shows(field.direction)) {
            self.text.push(if first { "" } else { ", " });
            self.text.push(field.name);
            self.text.push("=");
            self.field(address.wrapping_add(field.offset as u64), field);
            first = false;
        }
        self.text.push("}");
    }

    fn field(&mut self, address: u64, field: &Field) {
        match field.form {
            Form::Number(kind) => match number(self.memory, address, field.size) {
                Some(value) => self.number(kind, value, field.size),
                None => self.text.push("?"),
            },
            Form::Time(digits) => self.time(address, digits),
            Form::Limit(infinity) => match number(self.memory, address, field.size) {
                Some(value) if value == infinity => self.text.push("RLIM_INFINITY"),
                Some(value) => self.text.put(format_args!("{value}")),
                None => self.text.push("?"),
            },
            Form::Text => self.buffer(address, field.size, true),
            Form::SignalSet => self.signal_set(address),
        }
    }

    /// Seconds with their fraction; the marks of utimensat(2) by name.
    fn time(&mut self, address: u64, digits: usize) {
        let seconds = number(self.memory, address, 8);
        let fraction = number(self.memory, address.wrapping_add(8), 8);
        let (Some(seconds), Some(fraction)) = (seconds, fraction) else { return self.address(address) };
        let (seconds, fraction) = (seconds as i64, fraction as i64);
        if fraction < 0 || fraction >= 10i64.pow(digits as u32) {
            return self.text.put(format_args!("{{{seconds}, {fraction}}}"));
        }
        self.text.put(format_args!("{seconds}.{fraction:0digits$}"));
    }

    /// Names of signals without their common beginning; a nearly full set as what it lacks.
    fn signal_set(&mut self, address: u64) {
        let size = self.vocabulary.signal_set;
        let mut bytes = [0; 16];
        let bytes = &mut bytes[..size];
        if self.memory.read(address, bytes) < size {
            return self.address(address);
        }
        let last = self.vocabulary.realtime.1;
        let mut count = 0;
        let has = |bytes: &[u8], signal: i32| bytes[(signal as usize - 1) / 8] >> ((signal - 1) % 8) & 1 != 0;
        for signal in 1..=last {
            count += i32::from(has(bytes, signal));
        }
        let lacking = count > last / 2;
        self.text.push(if lacking { "~[" } else { "[" });
        let mut first = true;
        for signal in (1..=last).filter(|&signal| has(bytes, signal) != lacking) {
            self.text.push(if first { "" } else { " " });
            match (self.vocabulary.signal)(signal) {
                Some(name) => self.text.push(name.strip_prefix("SIG").unwrap_or(name)),
                None => self.text.put(format_args!("{signal}")),
            }
            first = false;
        }
        self.text.push("]");
    }

    /// The descriptors in a set of `select`.
    fn descriptor_set(&mut self, address: u64, count: usize) {
        /// The bits that a set has by default; larger ones are shown in part.
        const LIMIT: usize = 1024;
        self.text.push("[");
        let mut first = true;
        for word in 0..count.min(LIMIT).div_ceil(64) {
            let Some(bits) = number(self.memory, address.wrapping_add(8 * word as u64), 8) else {
                self.text.push("?");
                break;
            };
            for bit in (0..64).filter(|bit| bits >> bit & 1 != 0 && word * 64 + bit < count) {
                self.text.put(format_args!("{}{}", if first { "" } else { " " }, word * 64 + bit));
                first = false;
            }
        }
        self.text.push("]");
    }

    /// The dotted name for the numbers of a `sysctl`.
    fn sysctl_name(&mut self, address: u64, count: usize) {
        /// The most numbers a name can have (`CTL_MAXNAME`).
        const LIMIT: usize = 24;
        let mut name = [0; LIMIT];
        let count = count.min(LIMIT);
        for (index, slot) in name[..count].iter_mut().enumerate() {
            match number(self.memory, address.wrapping_add(4 * index as u64), 4) {
                Some(value) => *slot = value as i32,
                None => return self.address(address),
            }
        }
        let name = &name[..count];
        let known = self.vocabulary.sysctl.iter().filter(|known| name.starts_with(known.0));
        let (mut at, mut separator) = (0, "");
        self.text.push("[");
        if let Some((numbers, known)) = known.max_by_key(|known| known.0.len()) {
            self.text.push(known);
            (at, separator) = (numbers.len(), ".");
        }
        for value in &name[at..] {
            self.text.put(format_args!("{separator}{value}"));
            separator = ".";
        }
        self.text.push("]");
    }

    /// A socket address: family, then what is known of that family.
    pub fn socket_address(&mut self, address: u64, len: usize) {
        /// The size of `struct sockaddr_un` in Linux; nothing longer is shown.
        const LIMIT: usize = 110;
        let mut bytes = [0; LIMIT];
        let len = self.memory.read(address, &mut bytes[..len.min(LIMIT)]);
        if len < 2 {
            return self.address(address);
        }
        let bytes = &bytes[..len];
        let form = self.vocabulary.address;
        let family =
            if form.has_length { u16::from(bytes[1]) } else { u16::from_le_bytes([bytes[0], bytes[1]]) };
        self.text.push("{");
        self.word(Word::SocketDomain, u64::from(family), 4);
        let port = |bytes: &[u8]| u16::from_be_bytes([bytes[2], bytes[3]]);
        match family {
            AF_UNIX if len > 2 => {
                self.text.push(", ");
                // A name in Linux's abstract space begins with a NUL and ends with the address.
                let path = &bytes[2..];
                let end = path.iter().skip(1).position(|&byte| byte == 0 && path[0] != 0);
                self.quoted(&path[..end.map_or(path.len(), |end| end + 1)], false);
            }
            AF_INET if len >= 8 => {
                let [a, b, c, d] = [bytes[4], bytes[5], bytes[6], bytes[7]];
                self.text.put(format_args!(", {a}.{b}.{c}.{d}:{}", port(bytes)));
            }
            family if family == form.inet6 && len >= 24 => {
                let words: [u16; 8] =
                    core::array::from_fn(|at| u16::from_be_bytes([bytes[8 + 2 * at], bytes[9 + 2 * at]]));
                let host = core::net::Ipv6Addr::from(words);
                self.text.put(format_args!(", [{host}]:{}", port(bytes)));
            }
            _ if len > 2 => {
                self.text.push(", ");
                self.quoted(&bytes[2..len.min(2 + BUFFER_LIMIT)], len > 2 + BUFFER_LIMIT);
            }
            _ => {}
        }
        self.text.push("}");
    }

    /// One vector with what it holds, of which at most so much was filled.
    fn vector(&mut self, address: u64, left: &mut usize) {
        let base = number(self.memory, address, 8);
        let len = number(self.memory, address.wrapping_add(8), 8);
        let (Some(base), Some(len)) = (base, len) else { return self.text.push("?") };
        let filled = (*left).min(usize::try_from(len).unwrap_or(usize::MAX));
        *left -= filled;
        self.text.push("{");
        if base == 0 {
            self.text.push("NULL")
        } else {
            self.buffer(base, filled, false)
        }
        self.text.put(format_args!(", {len}}}"));
    }

    /// A message: to or from whom, the vectors, how much beside them, the flags. One that is received has
    /// nothing to show before.
    fn message(&mut self, address: u64, filled: usize, phase: Phase) {
        let form = self.vocabulary.message;
        let mut bytes = [0; 56];
        let bytes = &mut bytes[..form.size];
        if self.memory.read(address, bytes) < form.size {
            return self.address(address);
        }
        let word = |at: usize, size: usize| {
            bytes[at..at + size].iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte))
        };
        let (name, name_len) = (word(0, 8), word(8, 4) as usize);
        let (vectors, count) = (word(16, 8), word(24, form.count_size) as usize);
        let control = word(form.control_length, form.count_size);
        let flags = word(form.flags, 4);
        self.text.push("{");
        if name != 0 {
            self.text.push("name=");
            self.socket_address(name, name_len);
            self.text.push(", ");
        }
        self.text.push("iov=");
        let amount = Amount { count, filled, single: false };
        self.data(vectors, Shape::Structure(Structure::Iovec), amount, phase);
        if control != 0 {
            self.text.put(format_args!(", controllen={control}"));
        }
        if phase == Phase::After {
            self.text.push(", flags=");
            self.word(Word::MessageFlags, flags, 4);
        }
        self.text.push("}");
    }
}

/// Families that have the same number everywhere.
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
