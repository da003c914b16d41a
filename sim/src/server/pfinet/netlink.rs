//! The host's interfaces, addresses and routes, by `rtnetlink(7)`.

use std::os::fd::OwnedFd;

use schemas::Errno;

use crate::host::raw::{self, Outgoing};

/// `RTM_*` of `linux/rtnetlink.h`.
pub const NEW_LINK: u16 = 16;
/// Removes a link.
pub const DELETE_LINK: u16 = 17;
const GET_LINK: u16 = 18;
/// Adds an address.
pub const NEW_ADDRESS: u16 = 20;
/// Removes an address.
pub const DELETE_ADDRESS: u16 = 21;
const GET_ADDRESS: u16 = 22;
/// Adds a route.
pub const NEW_ROUTE: u16 = 24;
/// Removes a route.
pub const DELETE_ROUTE: u16 = 25;
const GET_ROUTE: u16 = 26;

/// `NLM_F_*` of `linux/netlink.h`.
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;
/// Fails when it is there already (`NLM_F_EXCL | NLM_F_CREATE`).
pub const CREATE: u16 = 0x200 | 0x400;

/// `NLMSG_ERROR`, `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// Longest datagram of a dump (`NLMSG_GOODSIZE`, rounded up).
const DATAGRAM: usize = 32 * 1024;

/// Header of a message, of an attribute.
const HEADER: usize = 16;
const ATTRIBUTE: usize = 4;

/// Attributes by their types.
#[derive(Debug, Default)]
pub struct Attributes(Vec<(u16, Vec<u8>)>);

impl Attributes {
    fn parse(mut bytes: &[u8]) -> Self {
        let mut attributes = Vec::new();
        while bytes.len() >= ATTRIBUTE {
            let length = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
            let kind = u16::from_ne_bytes([bytes[2], bytes[3]]) & 0x3fff;
            let Some(value) = bytes.get(ATTRIBUTE..length) else { break };
            attributes.push((kind, value.to_vec()));
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Self(attributes)
    }

    /// The value of the first attribute of this type.
    pub fn get(&self, kind: u16) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, value)| value.as_slice())
    }

    /// The same as a 32-bit number.
    pub fn number(&self, kind: u16) -> Option<u32> {
        Some(u32::from_ne_bytes(self.get(kind)?.get(..4)?.try_into().ok()?))
    }

    /// The same as a string, which ends with a zero byte.
    pub fn text(&self, kind: u16) -> Option<String> {
        let text = self.get(kind)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// A row of a dump: the structure that begins it, and its attributes.
#[derive(Debug)]
pub struct Row<const HEAD: usize> {
    /// `struct ifinfomsg`, `ifaddrmsg` or `rtmsg`.
    pub head: [u8; HEAD],
    /// What follows it.
    pub attributes: Attributes,
}

fn socket() -> Result<OwnedFd, Errno> {
    raw::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)
}

fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((flags | REQUEST).to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    message
}

/// Sends a request and hands over each answer with its type. The kernel answers before `send` is over, so nothing has
/// to be waited for.
fn exchange(message: &[u8], mut answer: impl FnMut(u16, &[u8])) -> Result<(), Errno> {
    let socket = socket()?;
    raw::send(&socket, &Outgoing { data: message, ..Outgoing::default() }, 0)?;
    loop {
        let datagram = raw::receive(&socket, DATAGRAM, 0, 0)?;
        let mut bytes = datagram.data.as_slice();
        while bytes.len() >= HEADER {
            let length = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
            let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
            let body = bytes.get(HEADER..length).ok_or(Errno::IO)?;
            match kind {
                DONE => return Ok(()),
                ERROR => {
                    let code = body
                        .get(..4)
                        .map_or(0, |code| i32::from_ne_bytes([code[0], code[1], code[2], code[3]]));
                    return if code == 0 { Ok(()) } else { Err(Errno(-code)) };
                }
                _ => answer(kind, body),
            }
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

fn dump<const HEAD: usize>(get: u16, new: u16) -> Result<Vec<Row<HEAD>>, Errno> {
    let mut rows = Vec::new();
    exchange(&message(get, DUMP, &[0; HEAD]), |kind, body| {
        if let Some((head, rest)) = body.split_first_chunk::<HEAD>()
            && kind == new
        {
            rows.push(Row { head: *head, attributes: Attributes::parse(rest) });
        }
    })?;
    Ok(rows)
}

/// All links: `struct ifinfomsg`.
pub fn links() -> Result<Vec<Row<16>>, Errno> {
    dump(GET_LINK, NEW_LINK)
}

/// All addresses: `struct ifaddrmsg`.
pub fn addresses() -> Result<Vec<Row<8>>, Errno> {
    dump(GET_ADDRESS, NEW_ADDRESS)
}

/// All routes: `struct rtmsg`.
pub fn routes() -> Result<Vec<Row<12>>, Errno> {
    dump(GET_ROUTE, NEW_ROUTE)
}

/// Makes a change, and tells whether the kernel took it.
pub fn change(kind: u16, flags: u16, head: &[u8], attributes: &[(u16, &[u8])]) -> Result<(), Errno> {
    let mut body = head.to_vec();
    for (kind, value) in attributes {
        body.extend(((ATTRIBUTE + value.len()) as u16).to_ne_bytes());
        body.extend(kind.to_ne_bytes());
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    exchange(&message(kind, flags | ACKNOWLEDGE, &body), |_, _| {})
}
