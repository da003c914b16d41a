//! Interfaces and routes as sysctl(3) lists them (`CTL_NET`, `PF_ROUTE`; net/route.h, net/if.h, net/if_dl.h): messages
//! of the routing socket one after the other, made of what the network's server tells.

mod multicast;

use schemas::socket::{address, interface, interfaces, route, routes};
use schemas::{Errno, Operation};

use super::flags;
use super::ioctl::interface::flags_from_host;
use super::socket::address::from_host;
use crate::context::Context;
use crate::guest::Plain;
use crate::host::linux::memory;
use crate::operation::socket::address::Address;

/// Lists of the routing table and of interfaces (sys/socket.h).
const NET_RT_DUMP: i32 = 1;
const NET_RT_FLAGS: i32 = 2;
const NET_RT_IFLIST: i32 = 3;
const NET_RT_IFMALIST: i32 = 4;
const NET_RT_IFLISTL: i32 = 5;

/// `RTM_VERSION`.
const VERSION: u8 = 5;
/// Types of messages: `RTM_GET`, `RTM_NEWADDR`, `RTM_IFINFO`.
const GET: u8 = 0x4;
const NEW_ADDRESS: u8 = 0xc;
const INTERFACE: u8 = 0xe;

// Addresses of a message, which stand in this order.
const DESTINATION: i32 = 0x1;
const GATEWAY: i32 = 0x2;
const MASK: i32 = 0x4;
const LINK: i32 = 0x10;
const OWN: i32 = 0x20;
const BROADCAST: i32 = 0x80;

// `RTF_*`.
const UP: i32 = 0x1;
const THROUGH_GATEWAY: i32 = 0x2;
const TO_HOST: i32 = 0x4;
const STATIC: i32 = 0x800;

/// Flags that the interface's own driver has in FreeBSD: it does not hear what it sends.
const SIMPLEX: u32 = 0x800;
/// State of a link: up.
const LINK_UP: u8 = 2;
/// Loopback among the host's types of links (linux/if_arp.h).
const ARPHRD_LOOPBACK: u32 = 772;

/// Types of interfaces (net/if_types.h) for the host's types of links.
const TYPES: [(u32, u8); 6] = [(1, 6), (512, 23), (768, 131), (ARPHRD_LOOPBACK, 24), (776, 215), (778, 131)];
/// `IFT_OTHER`.
const OTHER: u8 = 1;

crate::layout! {
    /// `struct if_data`.
    pub struct InterfaceData: 152 {
        pub kind: u8,
        pub physical: u8,
        pub address_len: u8,
        pub header_len: u8,
        pub link_state: u8,
        pub host_id: u8,
        pub len: u16,
        pub mtu: u32,
        pub metric: u32,
        pub speed: u64,
        pub packets_in: u64,
        pub errors_in: u64,
        pub packets_out: u64,
        pub errors_out: u64,
        pub collisions: u64,
        pub bytes_in: u64,
        pub bytes_out: u64,
        pub multicasts_in: u64,
        pub multicasts_out: u64,
        pub drops_in: u64,
        pub drops_out: u64,
        pub no_protocol: u64,
        pub assist: u64,
        pub epoch: u64,
        pub last_change: [u64; 2],
    }

    /// What the messages of interfaces and addresses begin with, up to where they differ.
    pub struct Head: 16 {
        pub len: u16,
        pub version: u8,
        pub kind: u8,
        pub addresses: i32,
        pub flags: i32,
        pub index: u16,
        pub spare: u16,
    }

    /// What follows in the longer form of both: lengths, and a metric for addresses.
    pub struct Long: 8 {
        pub len: u16,
        pub data_offset: u16,
        pub metric: i32,
    }

    /// `struct rt_msghdr`.
    pub struct RouteHead: 152 {
        pub len: u16,
        pub version: u8,
        pub kind: u8,
        pub index: u16,
        pub spare: u16,
        pub flags: i32,
        pub addresses: i32,
        pub pid: i32,
        pub sequence: i32,
        pub errno: i32,
        pub mask: i32,
        pub initialised: u64,
        pub metrics: [u64; 14],
    }
}

/// Most bytes of a list.
const LIST: usize = 256 * 1024;
/// Length of `struct sockaddr_dl` as interfaces have it.
const LINK_ADDRESS: usize = 56;
/// Where its data begins.
const LINK_DATA: usize = 8;
/// Interfaces whose names routes are looked up by.
const NAMES: usize = 128;

/// The messages.
struct List {
    at: u64,
    len: usize,
    start: usize,
}

impl List {
    fn new() -> Result<List, Errno> {
        Ok(List { at: memory::map(LIST as u64)?, len: 0, start: 0 })
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: a mapping of that length, owned by this list.
        unsafe { core::slice::from_raw_parts_mut(self.at as *mut u8, LIST) }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let (start, end) = (self.len, self.len + bytes.len());
        self.bytes().get_mut(start..end).ok_or(Errno::NOMEM)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    fn push_value<T: Plain>(&mut self, value: &T) -> Result<(), Errno> {
        // SAFETY: a plain type has no padding, so all its bytes are initialised.
        self.push(unsafe { core::slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>()) })
    }

    /// An address, which takes whole words.
    fn push_address(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.push(bytes)?;
        let rest = bytes.len().next_multiple_of(8) - bytes.len();
        self.push(&[0; 8][..rest])
    }

    fn begin(&mut self) {
        self.start = self.len;
    }

    /// Ends a message: its length is its first two bytes.
    fn finish(&mut self) -> Result<(), Errno> {
        let (start, len) = (self.start, self.len - self.start);
        let len = u16::try_from(len).map_err(|_| Errno::NOMEM)?;
        self.bytes()[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        Ok(())
    }
}

impl Drop for List {
    fn drop(&mut self) {
        memory::release(self.at, LIST as u64);
    }
}

/// Answers a name below `net.route` that is known, by giving the value to `deliver`.
///
/// # Errors
/// What the server and `deliver` say.
pub fn answer(
    cx: &Context,
    numbers: &[i32],
    deliver: impl FnOnce(&[u8]) -> Result<u64, Errno>,
) -> Option<Result<u64, Errno>> {
    // net.route.0.FAMILY.LIST.ARGUMENT
    let &[_, _, 0, family, list, argument] = numbers else { return None };
    let made = match list {
        NET_RT_IFLIST | NET_RT_IFLISTL => interface_list(cx, family, argument, list == NET_RT_IFLISTL),
        NET_RT_IFMALIST => multicast::list(family, argument),
        NET_RT_DUMP => route_list(cx, family, 0),
        NET_RT_FLAGS => route_list(cx, family, argument),
        _ => return None,
    };
    Some(made.and_then(|mut list| {
        let len = list.len;
        deliver(&list.bytes()[..len])
    }))
}

/// Asks for the interfaces.
fn ask_interfaces<T>(
    cx: &Context,
    read: impl FnOnce(capnp::struct_list::Reader<'_, interface::Owned>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    crate::transport::call::<interfaces::params::Owned, interfaces::results::Owned, _>(
        cx,
        Operation::SocketInterfaces,
        0,
        &[],
        |_| Ok(()),
        |results, _| read(results.get_interfaces()?),
    )
}

/// `NET_RT_IFLIST`: a message for each interface and each of its addresses, of one family or of all, of one interface
/// or of all.
fn interface_list(cx: &Context, family: i32, only: i32, long: bool) -> Result<List, Errno> {
    ask_interfaces(cx, |interfaces| {
        let mut list = List::new()?;
        for interface in interfaces {
            if only != 0 && interface.get_index() as i32 != only {
                continue;
            }
            push_interface(&mut list, &interface, long)?;
            for address in interface.get_addresses()? {
                push_own_address(&mut list, &interface, &address, family, long)?;
            }
        }
        Ok(list)
    })
}

fn kind_of(host: u32) -> u8 {
    TYPES.iter().find(|pair| pair.0 == host).map_or(OTHER, |pair| pair.1)
}

/// The address of an interface itself (`struct sockaddr_dl`): index, type, name and hardware address.
fn link_address(interface: &interface::Reader<'_>) -> Result<[u8; LINK_ADDRESS], Errno> {
    let mut link = [0; LINK_ADDRESS];
    let name = interface.get_name()?.as_bytes();
    let name = &name[..name.len().min(15)];
    let hardware = interface.get_hardware()?;
    // A loopback has none here, where the host has zeros.
    let hardware = if interface.get_type() == ARPHRD_LOOPBACK { &[] } else { hardware };
    let hardware = &hardware[..hardware.len().min(20)];
    link[0] = LINK_ADDRESS as u8;
    link[1] = flags::AF_LINK as u8;
    link[2..4].copy_from_slice(&(interface.get_index() as u16).to_ne_bytes());
    link[4] = kind_of(interface.get_type());
    link[5] = name.len() as u8;
    link[6] = hardware.len() as u8;
    let data = &mut link[LINK_DATA..];
    data[..name.len()].copy_from_slice(name);
    data[name.len()..name.len() + hardware.len()].copy_from_slice(hardware);
    Ok(link)
}

fn flags_of(interface: &interface::Reader<'_>) -> i32 {
    let flags = flags_from_host(interface.get_flags());
    let loopback = interface.get_type() == ARPHRD_LOOPBACK;
    (if loopback { flags } else { flags | SIMPLEX }) as i32
}

fn data_of(interface: &interface::Reader<'_>) -> Result<InterfaceData, Errno> {
    let (received, sent) = (interface.get_received()?, interface.get_sent()?);
    let kind = kind_of(interface.get_type());
    Ok(InterfaceData {
        kind,
        address_len: link_address(interface)?[6],
        header_len: if kind == TYPES[0].1 { 14 } else { 0 },
        // `IFF_RUNNING` of the host.
        link_state: if interface.get_flags() & 0x40 != 0 { LINK_UP } else { LINK_UP - 1 },
        len: size_of::<InterfaceData>() as u16,
        mtu: interface.get_mtu(),
        packets_in: received.get_packets(),
        errors_in: received.get_errors(),
        packets_out: sent.get_packets(),
        errors_out: sent.get_errors(),
        bytes_in: received.get_bytes(),
        bytes_out: sent.get_bytes(),
        drops_in: received.get_dropped(),
        drops_out: sent.get_dropped(),
        ..InterfaceData::default()
    })
}

/// `struct if_msghdr` or `struct if_msghdrl`, and the interface's own address.
fn push_interface(list: &mut List, interface: &interface::Reader<'_>, long: bool) -> Result<(), Errno> {
    list.begin();
    list.push_value(&Head {
        version: VERSION,
        kind: INTERFACE,
        addresses: LINK,
        flags: flags_of(interface),
        index: interface.get_index() as u16,
        ..Head::default()
    })?;
    push_long(list, long)?;
    list.push_value(&data_of(interface)?)?;
    list.push_address(&link_address(interface)?)?;
    list.finish()
}

/// The lengths of the longer form, whose data follows them.
fn push_long(list: &mut List, long: bool) -> Result<(), Errno> {
    const OFFSET: usize = size_of::<Head>() + size_of::<Long>();
    if !long {
        return Ok(());
    }
    list.push_value(&Long {
        len: (OFFSET + size_of::<InterfaceData>()) as u16,
        data_offset: OFFSET as u16,
        metric: 0,
    })
}

/// `struct ifa_msghdr` or `struct ifa_msghdrl`, and the address with its mask and broadcast address or peer.
fn push_own_address(
    list: &mut List,
    interface: &interface::Reader<'_>,
    address: &address::Reader<'_>,
    family: i32,
    long: bool,
) -> Result<(), Errno> {
    let own = from_host(&Address::new(address.get_address()?)?);
    let of_family = own.bytes().get(1).is_some_and(|own| family == 0 || i32::from(*own) == family);
    if !of_family {
        return Ok(());
    }
    let mask = from_host(&Address::new(address.get_mask()?)?);
    let broadcast = from_host(&Address::new(address.get_broadcast()?)?);
    let present = |bytes: &[u8], bit: i32| if bytes.is_empty() { 0 } else { bit };
    list.begin();
    list.push_value(&Head {
        version: VERSION,
        kind: NEW_ADDRESS,
        addresses: OWN | present(mask.bytes(), MASK) | present(broadcast.bytes(), BROADCAST),
        flags: UP,
        index: interface.get_index() as u16,
        ..Head::default()
    })?;
    if long {
        push_long(list, true)?;
        list.push_value(&data_of(interface)?)?;
    } else {
        // The metric.
        list.push_value(&0i32)?;
    }
    list.push_address(mask.bytes())?;
    list.push_address(own.bytes())?;
    list.push_address(broadcast.bytes())?;
    list.finish()
}

/// Names of interfaces and their numbers.
struct Names {
    names: [([u8; 16], u16); NAMES],
    len: usize,
}

impl Names {
    fn index(&self, name: &[u8]) -> u16 {
        self.names[..self.len]
            .iter()
            .find(|entry| entry.0.starts_with(name) && entry.0.get(name.len()).is_none_or(|byte| *byte == 0))
            .map_or(0, |entry| entry.1)
    }
}

fn ask_names(cx: &Context) -> Result<Names, Errno> {
    ask_interfaces(cx, |interfaces| {
        let mut names = Names { names: [([0; 16], 0); NAMES], len: 0 };
        for (interface, to) in interfaces.iter().zip(&mut names.names) {
            let name = interface.get_name()?.as_bytes();
            let name = &name[..name.len().min(15)];
            to.0[..name.len()].copy_from_slice(name);
            to.1 = interface.get_index() as u16;
            names.len += 1;
        }
        Ok(names)
    })
}

/// `NET_RT_DUMP` and `NET_RT_FLAGS`: a message for each route, of one family or of all, with all of some flags.
fn route_list(cx: &Context, family: i32, wanted: i32) -> Result<List, Errno> {
    let names = ask_names(cx)?;
    crate::transport::call::<routes::params::Owned, routes::results::Owned, _>(
        cx,
        Operation::SocketRoutes,
        0,
        &[],
        |params| {
            params.get_action().set_list(());
            Ok(())
        },
        |results, _| {
            let mut list = List::new()?;
            for route in results.get_routes()? {
                push_route(&mut list, &route, &names, family, wanted)?;
            }
            Ok(list)
        },
    )
}

/// A mask of that many bits for addresses of a family.
fn mask_of(family: u8, prefix: u8) -> ([u8; 28], usize) {
    let mut mask = [0; 28];
    // Where the address begins and ends, which is where its structure does.
    let (start, end, len) = if family == flags::AF_INET6 as u8 { (8, 24, 28) } else { (4, 8, 16) };
    mask[0] = len as u8;
    mask[1] = family;
    for (at, byte) in mask[start..end].iter_mut().enumerate() {
        let bits = usize::from(prefix).saturating_sub(8 * at).min(8);
        *byte = !(0xffu16 >> bits) as u8;
    }
    (mask, len)
}

fn push_route(
    list: &mut List,
    route: &route::Reader<'_>,
    names: &Names,
    family: i32,
    wanted: i32,
) -> Result<(), Errno> {
    let gateway = from_host(&Address::new(route.get_gateway()?)?);
    let destination = from_host(&Address::new(route.get_destination()?)?);
    // A default route says by its gateway of which family it is.
    let own_family = match (destination.bytes().get(1), gateway.bytes().get(1)) {
        (Some(family), _) | (None, Some(family)) => *family,
        (None, None) => flags::AF_INET as u8,
    };
    let whole = if own_family == flags::AF_INET6 as u8 { 128 } else { 32 };
    let prefix = route.get_prefix();
    let mut bits = UP | STATIC;
    if !gateway.bytes().is_empty() {
        bits |= THROUGH_GATEWAY;
    }
    if prefix == whole {
        bits |= TO_HOST;
    }
    if (family != 0 && i32::from(own_family) != family) || bits & wanted != wanted {
        return Ok(());
    }
    let index = names.index(route.get_interface()?.as_bytes());
    list.begin();
    list.push_value(&RouteHead {
        version: VERSION,
        kind: GET,
        index,
        flags: bits,
        addresses: DESTINATION | GATEWAY | if prefix == whole { 0 } else { MASK },
        ..RouteHead::default()
    })?;
    let (mut any, len) = mask_of(own_family, 0);
    if destination.bytes().is_empty() {
        any[0] = len as u8;
        list.push_address(&any[..len])?;
    } else {
        list.push_address(destination.bytes())?;
    }
    if gateway.bytes().is_empty() {
        let mut link = [0; LINK_ADDRESS];
        link[0] = LINK_ADDRESS as u8;
        link[1] = flags::AF_LINK as u8;
        link[2..4].copy_from_slice(&index.to_ne_bytes());
        list.push_address(&link)?;
    } else {
        list.push_address(gateway.bytes())?;
    }
    if prefix != whole {
        let (mask, len) = mask_of(own_family, prefix);
        list.push_address(&mask[..len])?;
    }
    list.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_long_as_the_headers_say() {
        assert_eq!(size_of::<Head>() + size_of::<InterfaceData>(), 168);
        assert_eq!(size_of::<Head>() + size_of::<Long>() + size_of::<InterfaceData>(), 176);
        assert_eq!(core::mem::offset_of!(RouteHead, metrics), 40);
    }

    #[test]
    fn messages_begin_with_their_length_and_addresses_take_whole_words() {
        let mut list = List::new().unwrap();
        list.begin();
        list.push_value(&Head { version: VERSION, kind: NEW_ADDRESS, ..Head::default() }).unwrap();
        list.push_address(&[5; 28]).unwrap();
        list.finish().unwrap();
        list.begin();
        list.push_value(&Head::default()).unwrap();
        list.push_address(&[]).unwrap();
        list.finish().unwrap();
        assert_eq!(list.len, 16 + 32 + 16);
        assert_eq!(list.bytes()[..4], [48, 0, VERSION, NEW_ADDRESS]);
        assert_eq!(list.bytes()[48..50], [16, 0]);
    }

    #[test]
    fn masks_have_their_bits_in_front() {
        let (mask, len) = mask_of(flags::AF_INET as u8, 20);
        assert_eq!(mask[..len], [16, 2, 0, 0, 255, 255, 240, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let (mask, len) = mask_of(flags::AF_INET6 as u8, 64);
        assert_eq!((len, mask[1], mask[8..16].to_vec(), mask[16]), (28, 28, vec![255; 8], 0));
    }

    #[test]
    fn names_are_found_whole() {
        let mut names = Names { names: [([0; 16], 0); NAMES], len: 2 };
        names.names[0].0[..5].copy_from_slice(b"eth10");
        names.names[0].1 = 7;
        names.names[1].0[..4].copy_from_slice(b"eth1");
        names.names[1].1 = 8;
        assert_eq!((names.index(b"eth1"), names.index(b"eth10"), names.index(b"eth")), (8, 7, 0));
    }

    #[test]
    fn other_names_are_not_answered() {
        let cx = crate::operation::trial::context();
        assert!(answer(cx, &[4, 17, 0, 0, 9, 0], |_| Ok(0)).is_none());
        assert!(answer(cx, &[4, 2, 6], |_| Ok(0)).is_none());
    }
}
