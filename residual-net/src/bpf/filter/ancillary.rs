//! Loads of what Linux knows beside the packet (`SKF_AD_*`, linux/filter.h).

use std::hash::{BuildHasher, Hasher, RandomState};

use super::Packet;

/// What can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ancillary {
    /// Type of Ethernet.
    Protocol,
    /// To whom the packet went.
    PacketType,
    /// Number of the interface.
    Interface,
    /// Where the attribute of netlink of type X is, from A on.
    Attribute,
    /// Likewise inside of the attribute at A.
    NestedAttribute,
    /// Mark.
    Mark,
    /// Queue.
    Queue,
    /// Type of hardware.
    Hardware,
    /// Hash of the flow.
    Hash,
    /// Processor.
    Processor,
    /// A xor X: an operation that came before the instruction for it.
    ExclusiveOr,
    /// Tag of the virtual LAN.
    Tag,
    /// Whether there is one.
    TagPresent,
    /// Where the payload begins.
    Payload,
    /// A random number.
    Random,
    /// Type of the tag.
    TagType,
}

impl Ancillary {
    /// What is at an offset from `SKF_AD_OFF`.
    pub const fn from_offset(offset: u32) -> Option<Ancillary> {
        Some(match offset {
            0 => Ancillary::Protocol,
            4 => Ancillary::PacketType,
            8 => Ancillary::Interface,
            12 => Ancillary::Attribute,
            16 => Ancillary::NestedAttribute,
            20 => Ancillary::Mark,
            24 => Ancillary::Queue,
            28 => Ancillary::Hardware,
            32 => Ancillary::Hash,
            36 => Ancillary::Processor,
            40 => Ancillary::ExclusiveOr,
            44 => Ancillary::Tag,
            48 => Ancillary::TagPresent,
            52 => Ancillary::Payload,
            56 => Ancillary::Random,
            60 => Ancillary::TagType,
            _ => return None,
        })
    }

    /// Its value, of which the registers may be part.
    pub fn value(self, packet: &Packet<'_>, accumulator: u32, index: u32) -> u32 {
        let facts = packet.facts;
        match self {
            Ancillary::Protocol => u32::from(facts.protocol),
            Ancillary::PacketType => u32::from(facts.packet_type),
            Ancillary::Interface => facts.interface,
            Ancillary::Attribute => attribute(packet.data(), accumulator, index),
            Ancillary::NestedAttribute => nested(packet.data(), accumulator, index),
            Ancillary::Mark => facts.mark,
            Ancillary::Queue => facts.queue,
            Ancillary::Hardware => u32::from(facts.hardware),
            Ancillary::Hash => facts.hash,
            Ancillary::Processor => facts.processor,
            Ancillary::ExclusiveOr => accumulator ^ index,
            Ancillary::Tag => facts.tag.map_or(0, |tag| u32::from(tag.0)),
            Ancillary::TagPresent => u32::from(facts.tag.is_some()),
            Ancillary::Payload => payload(packet).unwrap_or(0),
            Ancillary::Random => RandomState::new().build_hasher().finish() as u32,
            Ancillary::TagType => facts.tag.map_or(0, |tag| u32::from(tag.1)),
        }
    }
}

/// Header of an attribute: length with it, and type (linux/netlink.h).
const ATTRIBUTE: usize = 4;

/// The header of an attribute at a place, if it is whole.
fn header(data: &[u8], at: usize) -> Option<(usize, u32)> {
    let head = data.get(at..at.checked_add(ATTRIBUTE)?)?;
    let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
    // The two upper bits are flags (`NLA_TYPE_MASK`).
    Some((length, u32::from(u16::from_ne_bytes([head[2], head[3]]) & 0x3fff)))
}

fn find(data: &[u8], mut at: usize, end: usize, kind: u32) -> u32 {
    let data = &data[..end.min(data.len())];
    while let Some((length, found)) = header(data, at) {
        if length < ATTRIBUTE || at + length > data.len() {
            break;
        }
        if found == kind {
            return at as u32;
        }
        at += length.next_multiple_of(4);
    }
    0
}

fn attribute(data: &[u8], at: u32, kind: u32) -> u32 {
    find(data, at as usize, data.len(), kind)
}

fn nested(data: &[u8], at: u32, kind: u32) -> u32 {
    let at = at as usize;
    match header(data, at) {
        Some((length, _)) if length >= ATTRIBUTE && length <= data.len() - at => {
            find(data, at + ATTRIBUTE, at + length, kind)
        }
        _ => 0,
    }
}

/// Offset of what follows the header of the transport layer, from offset 0 of the filter.
fn payload(packet: &Packet<'_>) -> Option<u32> {
    let network = packet.frame.get(packet.network..)?;
    let (transport, protocol) = match network.first()? >> 4 {
        4 => {
            let first_fragment = u16::from_be_bytes([*network.get(6)?, *network.get(7)?]) & 0x1fff == 0;
            let header = usize::from(network[0] & 0xf) * 4;
            if !first_fragment || header < 20 {
                return None;
            }
            (header, *network.get(9)?)
        }
        6 => (40, *network.get(6)?),
        _ => return None,
    };
    let header = match protocol {
        // TCP says itself how long its header is; then UDP, UDP-Lite, ICMP, IGMP, ICMPv6; DCCP and SCTP.
        6 => usize::from(network.get(transport + 12)? >> 4) * 4,
        17 | 136 | 1 | 2 | 58 => 8,
        33 | 132 => 12,
        _ => 0,
    };
    (packet.network + transport + header).checked_sub(packet.start).map(|offset| offset as u32)
}
