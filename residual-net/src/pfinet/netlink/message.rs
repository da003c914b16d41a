//! Messages of netlink: reading requests, building answers (netlink(7), `linux/netlink.h`).

use schemas::Errno;

/// Types of messages (`linux/rtnetlink.h`).
pub struct Kind;

#[allow(missing_docs, reason = "each says what it does to what")]
impl Kind {
    pub const ERROR: u16 = 2;
    pub const DONE: u16 = 3;
    pub const NEW_LINK: u16 = 16;
    pub const DELETE_LINK: u16 = 17;
    pub const GET_LINK: u16 = 18;
    pub const SET_LINK: u16 = 19;
    pub const NEW_ADDRESS: u16 = 20;
    pub const DELETE_ADDRESS: u16 = 21;
    pub const GET_ADDRESS: u16 = 22;
    pub const NEW_ROUTE: u16 = 24;
    pub const DELETE_ROUTE: u16 = 25;
    pub const GET_ROUTE: u16 = 26;
    pub const NEW_NEIGHBOUR: u16 = 28;
    pub const DELETE_NEIGHBOUR: u16 = 29;
    pub const GET_NEIGHBOUR: u16 = 30;
    pub const GET_RULE: u16 = 34;
    pub const GET_DISCIPLINE: u16 = 38;
}

/// Flags of messages: `NLM_F_*`.
const REQUEST: u16 = 1;
const MULTIPLE: u16 = 2;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;
/// `NLM_F_REPLACE` of one that makes something.
pub const REPLACE: u16 = 0x100;
/// `NLM_F_CREATE` of one that makes something.
pub const CREATE: u16 = 0x400;

/// Length of a message's header and of an attribute's.
const HEADER: usize = 16;
const ATTRIBUTE: usize = 4;
/// Longest datagram of answers (`NLMSG_GOODSIZE` of Linux is one page or two).
const DATAGRAM: usize = 8192;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What it asks for.
    pub kind: u16,
    /// `NLM_F_*`.
    pub flags: u16,
    sequence: u32,
    /// What follows the header.
    pub body: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Message<'a> {
    /// Whether it asks for everything.
    pub fn is_dump(&self) -> bool {
        self.flags & DUMP == DUMP
    }

    /// The structure in front of the attributes; zeroes beyond what the guest wrote of it, which may be only its first
    /// byte (`struct rtgenmsg`).
    pub fn head<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        let mut head = [0; LENGTH];
        let length = self.body.len().min(LENGTH);
        head[..length].copy_from_slice(&self.body[..length]);
        head
    }

    /// The attributes behind a structure of that length.
    pub fn attributes(&self, head: usize) -> Attributes<'a> {
        Attributes(self.body.get(head..).unwrap_or_default())
    }
}

/// Goes through the requests in a datagram. It ends at the first that is cut short or malformed.
pub struct Requests<'a>(&'a [u8]);

impl<'a> Requests<'a> {
    /// Those of a datagram.
    pub fn new(datagram: &'a [u8]) -> Self {
        Self(datagram)
    }
}

impl<'a> Iterator for Requests<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let head = self.0.first_chunk::<HEADER>()?;
        let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let half = |at: usize| u16::from_ne_bytes([head[at], head[at + 1]]);
        let length = word(0) as usize;
        let whole = self.0.get(..length)?;
        let body = whole.get(HEADER..)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        let message = Message { kind: half(4), flags: half(6), sequence: word(8), body, whole };
        // What is no request is for nobody here.
        if message.flags & REQUEST == 0 { self.next() } else { Some(message) }
    }
}

/// Attributes: type and value each.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// The value of the first of a type.
    pub fn get(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find(|(other, _)| *other == kind).map(|(_, value)| value)
    }

    /// The same as a number.
    pub fn number(self, kind: u16) -> Option<u32> {
        Some(u32::from_ne_bytes(*self.get(kind)?.first_chunk()?))
    }

    /// The same as text, which may end with a zero.
    pub fn text(self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.get(kind)?.split(|byte| *byte == 0).next()?).ok()
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.0.first_chunk::<ATTRIBUTE>()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        // NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of the type.
        let kind = u16::from_ne_bytes([head[2], head[3]]) & 0x3fff;
        let value = self.0.get(ATTRIBUTE..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The answers to one request, as datagrams.
pub struct Replies {
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    flags: u16,
    sequence: u32,
    port: u32,
}

impl Replies {
    /// None yet, to a request from a socket with that port number.
    pub fn new(request: &Message<'_>, port: u32) -> Self {
        let flags = if request.is_dump() { MULTIPLE } else { 0 };
        Self { done: Vec::new(), current: Vec::new(), flags, sequence: request.sequence, port }
    }

    /// None yet, of which nobody has asked for any.
    pub fn unasked() -> Self {
        Self { done: Vec::new(), current: Vec::new(), flags: 0, sequence: 0, port: 0 }
    }

    /// All datagrams as they are.
    pub fn all(mut self) -> Vec<Vec<u8>> {
        if !self.current.is_empty() {
            self.done.push(self.current);
        }
        self.done
    }

    /// Adds a message: its structure, and attributes that `fill` writes.
    pub fn push(&mut self, kind: u16, head: &[u8], fill: impl FnOnce(&mut Writer)) {
        let mut writer = Writer(vec![0; HEADER]);
        writer.0.extend(head);
        fill(&mut writer);
        let mut message = writer.0;
        message.resize(message.len().next_multiple_of(4), 0);
        let length = message.len() as u32;
        message[..4].copy_from_slice(&length.to_ne_bytes());
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message[6..8].copy_from_slice(&self.flags.to_ne_bytes());
        message[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        message[12..16].copy_from_slice(&self.port.to_ne_bytes());
        if !self.current.is_empty() && self.current.len() + message.len() > DATAGRAM {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.current.extend(message);
    }

    /// All datagrams, with what says how it ended.
    pub fn finish(mut self, request: &Message<'_>, outcome: Result<(), Errno>) -> Vec<Vec<u8>> {
        match outcome {
            Ok(()) if request.is_dump() => self.push(Kind::DONE, &0i32.to_ne_bytes(), |_| {}),
            Ok(()) if request.flags & ACKNOWLEDGE == 0 => {}
            outcome => {
                // struct nlmsgerr: the error, and the message that it is about, or its header when there was none.
                let error = outcome.err().map_or(0, |error| -error.raw());
                let quoted = if error == 0 { &request.whole[..HEADER] } else { request.whole };
                self.flags = 0;
                self.push(Kind::ERROR, &[&error.to_ne_bytes()[..], quoted].concat(), |_| {});
            }
        }
        self.all()
    }
}

/// Writes attributes.
pub struct Writer(Vec<u8>);

impl Writer {
    /// Adds an attribute.
    pub fn add(&mut self, kind: u16, value: &[u8]) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self.0.extend(((ATTRIBUTE + value.len()) as u16).to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
    }

    /// Adds a number.
    pub fn number(&mut self, kind: u16, value: u32) {
        self.add(kind, &value.to_ne_bytes());
    }

    /// Adds text with a zero at its end.
    pub fn text(&mut self, kind: u16, value: &str) {
        self.add(kind, &[value.as_bytes(), b"\0"].concat());
    }
}

#[cfg(test)]
impl<'a> Message<'a> {
    /// A message with a body and nothing else.
    pub fn for_test(body: &'a [u8]) -> Self {
        Self { kind: 0, flags: 0, sequence: 0, body, whole: body }
    }
}
