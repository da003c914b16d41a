//! Who is told that interfaces have changed: netlink sockets in the group of links (rtnetlink(7)), and routing sockets of
//! FreeBSD (route(4)).

use std::os::fd::OwnedFd;

use schemas::transport::Envelope;

use crate::network::{Change, Interface, Medium};

use super::address::ROUTING;
use super::options::Options;
use super::stack::{Object, Stack};
use super::{netlink, pair};

/// A routing socket. It hears of interfaces that come, go or change; requests over it are refused.
pub struct Socket {
    /// Its options.
    pub options: Options,
    /// Our end of the pair.
    pub end: OwnedFd,
}

impl Socket {
    /// Its own address, which is as empty as everybody's.
    pub fn name(&self) -> Vec<u8> {
        ROUTING.to_ne_bytes().to_vec()
    }

    fn tell(&self, message: &[u8]) {
        if let Some(envelope) = Envelope::new(&[], &[]) {
            // Messages that there is no room for are lost (route(4)).
            let _ = pair::send_record(&self.end, &envelope, message);
        }
    }
}

/// `RTM_VERSION`, `RTM_IFINFO`, `RTM_IFANNOUNCE` (net/route.h).
const VERSION: u8 = 5;
const INFORMATION: u8 = 0xe;
const ANNOUNCEMENT: u8 = 0x11;

/// Flags of interfaces: FreeBSD's (net/if.h) and those here, which are Linux's.
const FLAGS: [(u32, u32); 8] = [
    (0x1, 0x1),
    (0x2, 0x2),
    (0x8, 0x8),
    (0x10, 0x10),
    (0x40, 0x40),
    (0x80, 0x80),
    (0x100, 0x100),
    (0x8000, 0x1000),
];

fn head(length: u16, kind: u8) -> Vec<u8> {
    let mut message = length.to_ne_bytes().to_vec();
    message.extend([VERSION, kind]);
    message
}

/// `struct if_announcemsghdr`: an interface arrived, or departed.
fn announcement(interface: &Interface, departed: bool) -> Vec<u8> {
    const LENGTH: u16 = 24;
    let mut message = head(LENGTH, ANNOUNCEMENT);
    message.extend((interface.index() as u16).to_ne_bytes());
    let mut name = interface.name().into_bytes();
    name.resize(16, 0);
    message.extend(name);
    message.extend(u16::from(departed).to_ne_bytes());
    message
}

/// `struct if_msghdr` without addresses, as when flags or the MTU have changed.
fn information(interface: &Interface) -> Vec<u8> {
    const LENGTH: u16 = 168;
    let own = interface.flags();
    let flags = FLAGS.iter().filter(|(_, here)| own & here != 0).fold(0, |flags, (theirs, _)| flags | theirs);
    let mut message = head(LENGTH, INFORMATION);
    message.extend(0u32.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend((interface.index() as u16).to_ne_bytes());
    message.extend([0; 2]);
    // `struct if_data`: type, state of the link, its own length, MTU; what is counted sysctl(3) lists.
    let kind = match interface.medium() {
        Medium::Ethernet => 6,
        Medium::Loopback => 24,
        Medium::Ip => 23,
    };
    let state = if interface.is_up() { 2 } else { 1 };
    message.extend([kind, 0, 0, 0, state, 0]);
    message.extend(152u16.to_ne_bytes());
    message.extend(interface.mtu().to_ne_bytes());
    message.resize(usize::from(LENGTH), 0);
    message
}

/// Tells everybody of changes.
pub fn tell(stack: &mut Stack, changes: &[Change]) {
    for change in changes {
        let (interface, removed) = match change {
            Change::Added(interface) | Change::Changed(interface) => (interface, false),
            Change::Removed(interface) => (interface, true),
        };
        for object in stack.objects.values_mut() {
            match object {
                Object::Netlink(socket) => netlink::tell(socket, interface, removed),
                Object::Routing(socket) => match change {
                    Change::Added(_) => socket.tell(&announcement(interface, false)),
                    Change::Removed(_) => socket.tell(&announcement(interface, true)),
                    Change::Changed(_) => socket.tell(&information(interface)),
                },
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Networks;

    #[test]
    fn messages_have_the_layout_of_freebsd() {
        let networks = Networks::default();
        let interface = networks.host("a").add_ethernet("eth0", &networks.network("n")).unwrap();
        interface.set_mtu(1400);
        let told = information(&interface);
        assert_eq!((told.len(), told[..4].to_vec()), (168, vec![168, 0, 5, 14]));
        // ifm_flags: up, broadcast, running, multicast; ifm_index; ifi_type; ifi_mtu
        assert_eq!(told[8..12], 0x8043u32.to_ne_bytes());
        assert_eq!((told[12], told[16], &told[24..28]), (1, 6, &1400u32.to_ne_bytes()[..]));
        let gone = announcement(&interface, true);
        assert_eq!((gone.len(), &gone[6..11], gone[22]), (24, &b"eth0\0"[..], 1));
    }
}
