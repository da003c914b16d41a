//! Which buses, devices and drivers there are (`XPT_DEV_MATCH`).

use schemas::Errno;

use super::{ADAPTER, CAM_REQ_CMP, CAM_REQ_CMP_ERR, PROTO_SCSI, body, name};
use crate::context::Context;
use crate::guest;
use crate::operation::scsi::{self, Unit};

/// Most patterns of one request.
const PATTERNS: u32 = 64;

// dev_match_type
const PERIPH: u32 = 0;
const DEVICE: u32 = 1;
const BUS: u32 = 2;

// ccb_dev_match_status
const LAST: u32 = 0;
const MORE: u32 = 1;
const ERROR: u32 = 4;

/// `CAM_DEV_POS_EDT`: where the search goes on is said.
const POSITION: u32 = 0x100;
/// What patterns of buses, devices and drivers name: path, target, logical unit, then what is of each alone.
const PATH: u32 = 1;
const TARGET: u32 = 2;
const LUN: u32 = 4;
/// `PERIPH_MATCH_NAME`, `PERIPH_MATCH_UNIT`.
const NAME: u32 = 8;
const UNIT: u32 = 0x10;
/// `BUS_MATCH_NAME`, `BUS_MATCH_UNIT`, `BUS_MATCH_BUS_ID`.
const BUS_NAME: u32 = 2;
const BUS_UNIT: u32 = 4;
const BUS_ID: u32 = 8;

crate::layout! {
    /// `struct ccb_dev_match` behind its header.
    pub struct DeviceMatch: 104 {
        pub status: u32,
        pub num_patterns: u32,
        pub pattern_buf_len: u32,
        pub pad: u32,
        pub patterns: u64,
        pub num_matches: u32,
        pub match_buf_len: u32,
        pub matches: u64,
        pub generations: [u32; 4],
        pub position_type: u32,
        pub pad2: u32,
        pub cookie: [u64; 5],
    }

    /// `struct dev_match_pattern`, and behind its type the largest of the union.
    pub struct Pattern: 288 {
        pub kind: u32,
        pub pad: u32,
        pub pattern: [u8; 280],
    }

    /// `struct dev_match_result`, likewise.
    pub struct Match: 800 {
        pub kind: u32,
        pub pad: u32,
        pub result: [u8; 792],
    }
}

/// A node of the tree.
#[derive(Clone, Copy)]
enum Node<'a> {
    Bus,
    Device(&'a Unit),
    Periph(&'a Unit, &'a [u8], u32),
}

/// A number of a pattern.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

fn put(to: &mut [u8], at: usize, value: &[u8]) {
    to[at..at + value.len()].copy_from_slice(value);
}

/// Whether a pattern describes a node.
///
/// # Errors
/// `EOPNOTSUPP` for what is not compared here: inquiry data and identifiers.
fn fits(pattern: &Pattern, node: Node<'_>) -> Result<bool, Errno> {
    let of = &pattern.pattern;
    let named = |at: usize, text: &[u8]| of[at..at + 16] == name(text);
    Ok(match (pattern.kind, node) {
        (BUS, Node::Bus) => {
            let flags = word(of, 28);
            (flags & PATH == 0 || word(of, 0) == 0)
                && (flags & BUS_NAME == 0 || named(4, ADAPTER))
                && (flags & BUS_UNIT == 0 || word(of, 20) == 0)
                && (flags & BUS_ID == 0 || word(of, 24) == 0)
        }
        (DEVICE, Node::Device(unit)) => {
            let flags = word(of, 16);
            if flags & !(PATH | TARGET | LUN) != 0 {
                return Err(Errno::OPNOTSUPP);
            }
            (flags & PATH == 0 || word(of, 0) == unit.bus)
                && (flags & TARGET == 0 || word(of, 4) == unit.target)
                && (flags & LUN == 0 || long(of, 8) == unit.unit)
        }
        (PERIPH, Node::Periph(unit, driver, number)) => {
            let flags = word(of, 40);
            (flags & NAME == 0 || named(0, driver))
                && (flags & UNIT == 0 || word(of, 16) == number)
                && (flags & PATH == 0 || word(of, 20) == unit.bus)
                && (flags & TARGET == 0 || word(of, 24) == unit.target)
                && (flags & LUN == 0 || long(of, 32) == unit.unit)
        }
        _ => false,
    })
}

/// What is told of a node.
fn tell(node: Node<'_>) -> Match {
    let mut told = Match::default();
    let to = &mut told.result;
    told.kind = match node {
        Node::Bus => {
            put(to, 4, &name(ADAPTER));
            BUS
        }
        Node::Device(unit) => {
            put(to, 0, &unit.bus.to_ne_bytes());
            put(to, 4, &unit.target.to_ne_bytes());
            put(to, 8, &unit.unit.to_ne_bytes());
            put(to, 16, &PROTO_SCSI.to_ne_bytes());
            put(to, 20, &unit.inquiry[..usize::from(unit.inquiry_length)]);
            DEVICE
        }
        Node::Periph(unit, driver, number) => {
            put(to, 0, driver);
            put(to, 16, &number.to_ne_bytes());
            put(to, 20, &unit.bus.to_ne_bytes());
            put(to, 24, &unit.target.to_ne_bytes());
            put(to, 32, &unit.unit.to_ne_bytes());
            PERIPH
        }
    };
    told
}

/// Where results go, and how far it is.
struct Search {
    request: DeviceMatch,
    room: u32,
    /// Results that the guest has already.
    skip: u64,
    seen: u64,
}

impl Search {
    /// Looks at a node.
    fn look(&mut self, node: Node<'_>) -> Result<(), Errno> {
        let mut any = self.request.num_patterns == 0;
        for at in 0..u64::from(self.request.num_patterns) {
            let place = self.request.patterns.wrapping_add(at * size_of::<Pattern>() as u64);
            any |= fits(&guest::get(place)?, node)?;
        }
        if !any {
            return Ok(());
        }
        self.seen += 1;
        if self.seen <= self.skip {
            return Ok(());
        }
        if self.request.num_matches == self.room {
            self.request.status = MORE;
            return Ok(());
        }
        let place = u64::from(self.request.num_matches) * size_of::<Match>() as u64;
        guest::put(self.request.matches.wrapping_add(place), &tell(node))?;
        self.request.num_matches += 1;
        Ok(())
    }
}

/// Answers; gives the status of the control block.
pub fn matching(cx: &Context, descriptor: i32, argument: u64) -> Result<u32, Errno> {
    let request: DeviceMatch = guest::get(body(argument))?;
    let patterns = request.num_patterns;
    if patterns > PATTERNS
        || u64::from(request.pattern_buf_len) < u64::from(patterns) * size_of::<Pattern>() as u64
    {
        return Err(Errno::INVAL);
    }
    let room = request.match_buf_len / size_of::<Match>() as u32;
    let skip = if request.position_type & POSITION != 0 { request.cookie[0] } else { 0 };
    let mut search = Search { request, room, skip, seen: 0 };
    search.request.num_matches = 0;
    search.request.status = LAST;
    let mut looked = search.look(Node::Bus);
    scsi::units(cx, descriptor, |unit| {
        looked = looked
            .and_then(|()| search.look(Node::Device(unit)))
            .and_then(|()| search.look(Node::Periph(unit, b"cd", unit.number)))
            .and_then(|()| search.look(Node::Periph(unit, b"pass", unit.pass)));
        Ok(())
    })?;
    let mut request = search.request;
    let status = match looked {
        Ok(()) => CAM_REQ_CMP,
        Err(Errno::OPNOTSUPP) => {
            (request.status, request.num_matches) = (ERROR, 0);
            CAM_REQ_CMP_ERR
        }
        Err(error) => return Err(error),
    };
    request.position_type = if request.status == MORE { POSITION } else { 0 };
    request.cookie[0] = skip + u64::from(request.num_matches);
    guest::put(body(argument), &request)?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(target: u32) -> Unit {
        Unit {
            bus: 0,
            target,
            unit: 0,
            kind: 5,
            number: target,
            pass: target,
            inquiry: [7; 96],
            inquiry_length: 96,
        }
    }

    fn pattern(kind: u32, fields: &[(usize, &[u8])]) -> Pattern {
        let mut pattern = Pattern { kind, ..Pattern::default() };
        for (at, value) in fields {
            put(&mut pattern.pattern, *at, value);
        }
        pattern
    }

    #[test]
    fn patterns_describe_what_they_name() {
        let (first, second) = (unit(0), unit(1));
        let passes = pattern(PERIPH, &[(0, b"pass"), (40, &NAME.to_ne_bytes())]);
        assert_eq!(fits(&passes, Node::Periph(&second, b"pass", 1)), Ok(true));
        assert_eq!(fits(&passes, Node::Periph(&second, b"cd", 1)), Ok(false));
        assert_eq!(fits(&passes, Node::Device(&second)), Ok(false));
        let device = pattern(DEVICE, &[(4, &1u32.to_ne_bytes()), (16, &TARGET.to_ne_bytes())]);
        assert_eq!(fits(&device, Node::Device(&first)), Ok(false));
        assert_eq!(fits(&device, Node::Device(&second)), Ok(true));
        assert_eq!(fits(&pattern(BUS, &[]), Node::Bus), Ok(true), "any");
        let inquiry = pattern(DEVICE, &[(16, &8u32.to_ne_bytes())]);
        assert_eq!(fits(&inquiry, Node::Device(&first)), Err(Errno::OPNOTSUPP));
    }

    #[test]
    fn results_have_the_layout_of_the_header() {
        let second = unit(1);
        let told = tell(Node::Periph(&second, b"cd", 1));
        assert_eq!((told.kind, &told.result[..3], word(&told.result, 16)), (PERIPH, &b"cd\0"[..], 1));
        let told = tell(Node::Device(&second));
        assert_eq!((told.kind, word(&told.result, 4), told.result[20]), (DEVICE, 1, 7));
    }
}
