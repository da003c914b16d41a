//! What a filter looks at.

/// What a Linux kernel knows of a packet beside its bytes (`SKF_AD_*`, linux/filter.h).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Type of Ethernet (`ETH_P_*`), host byte order.
    pub protocol: u16,
    /// To whom it went (`PACKET_HOST`, `PACKET_OUTGOING` …, linux/if_packet.h).
    pub packet_type: u8,
    /// Number of the interface.
    pub interface: u32,
    /// Type of its hardware (`ARPHRD_*`).
    pub hardware: u16,
    /// Mark that a firewall left.
    pub mark: u32,
    /// Queue it came through.
    pub queue: u32,
    /// Hash of its flow.
    pub hash: u32,
    /// Processor it was taken in by.
    pub processor: u32,
    /// Tag of a virtual LAN that was taken off (`TCI`), and its type.
    pub tag: Option<(u16, u16)>,
}

/// A packet as a filter sees it.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// From the link layer's header on, as far as there are bytes.
    pub frame: &'a [u8],
    /// Where offset 0 of the filter is in it: behind the link layer's header for a cooked socket.
    pub start: usize,
    /// Where the network layer's header is in it.
    pub network: usize,
    /// Length on the wire, from `start` on.
    pub length: u32,
    /// What is known beside.
    pub facts: &'a Facts,
}

impl<'a> Packet<'a> {
    /// What the filter sees from offset 0 on.
    pub fn data(&self) -> &'a [u8] {
        self.frame.get(self.start..).unwrap_or(&[])
    }
}
