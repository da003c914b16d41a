//! What a tap takes of the frames that pass.

use std::sync::Arc;

use bytes::Bytes;

use super::filter::{Facts, Packet, Program};
use super::link::View;
use crate::network::{Direction, Medium};

/// The part of a frame that a reader with this view and filter is to get, with the link layer header that it sees.
/// Nothing when the filter does not want the frame. `cooked` readers get it without that header.
pub fn take(
    view: View,
    medium: Medium,
    filter: Option<&Arc<Program>>,
    cooked: bool,
    frame: &Bytes,
    facts: &Facts,
) -> Option<Bytes> {
    let front = view.front(medium, frame);
    let header = view.header(medium);
    let start = if cooked { header } else { 0 };
    let whole =
        if front.bytes().is_empty() { frame.clone() } else { Bytes::from([front.bytes(), frame].concat()) };
    let seen = whole.len().checked_sub(start)?;
    let wanted = match filter {
        Some(program) => {
            let length = seen as u32;
            program.run(&Packet { frame: &whole, start, network: header, length, facts }) as usize
        }
        None => seen,
    };
    if wanted == 0 {
        return None;
    }
    let kept = wanted.min(seen);
    // A slice keeps the whole frame, which may be far longer.
    Some(if kept * 2 < whole.len() {
        Bytes::copy_from_slice(&whole[start..start + kept])
    } else {
        whole.slice(start..start + kept)
    })
}

/// To whom a frame goes (`PACKET_*`, linux/if_packet.h).
pub fn packet_type(medium: Medium, own: [u8; 6], frame: &[u8], direction: Direction) -> u8 {
    const HOST: u8 = 0;
    const BROADCAST: u8 = 1;
    const MULTICAST: u8 = 2;
    const OTHER_HOST: u8 = 3;
    const OUTGOING: u8 = 4;
    if direction == Direction::Out {
        return OUTGOING;
    }
    match (medium, frame.first_chunk::<6>()) {
        (Medium::Ethernet, Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])) => BROADCAST,
        (Medium::Ethernet, Some(to)) if to[0] & 1 != 0 => MULTICAST,
        (Medium::Ethernet, Some(to)) if *to != own => OTHER_HOST,
        _ => HOST,
    }
}
