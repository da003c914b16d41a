//! Interfaces of the host machine, where its kernel lets them be watched (packet(7): `CAP_NET_RAW`).

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::addr::SocketAddrStorage;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrAny, SocketFlags, SocketType, bind, eth, netdevice,
    recvfrom, send, socket_with, sockopt,
};

use super::packet::Address;
use crate::network::{Direction, Flags, Frame, Host, Interface, Link, Mac, Medium};

/// `ETH_P_ALL`.
const ALL: u16 = 3;
/// `PACKET_OUTGOING`.
const OUTGOING: u8 = 4;
/// Longest frame: the longest packet of IP with the header of Ethernet and a tag.
const FRAME: usize = 65_535 + 18;
/// How soon it is noticed that the interface is gone.
const LOOK: Duration = Duration::from_secs(1);

/// What leads to an interface of the host machine.
struct Wire {
    socket: OwnedFd,
}

impl Link for Wire {
    fn send(&self, frame: Frame) -> bool {
        send(&self.socket, frame.summed().bytes(), SendFlags::DONTWAIT).is_ok()
    }
}

impl Wire {
    fn open(name: &str) -> io::Result<Wire> {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, Some(eth::ALL))?;
        let interface = netdevice::name_to_index(&socket, name)?;
        let address = Address { protocol: ALL, interface, ..Address::default() }.write();
        // SAFETY: as many bytes as the length says, which are an address of the family in front of them.
        let address = unsafe {
            SocketAddrAny::read(address.as_ptr().cast::<SocketAddrStorage>(), address.len() as u32)
        };
        bind(&socket, &address)?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(LOOK))?;
        Ok(Wire { socket })
    }

    /// The next frame, and which way it goes; none when there was none for a while.
    fn receive(&self, buffer: &mut [u8]) -> Result<Option<(usize, Direction)>, Errno> {
        match recvfrom(&self.socket, buffer, RecvFlags::TRUNC) {
            Ok((length, _, Some(from))) => {
                // SAFETY: an address has as many bytes as it says.
                let from = unsafe {
                    std::slice::from_raw_parts(from.as_ptr().cast::<u8>(), from.addr_len() as usize)
                };
                let outgoing = Address::read(from).is_ok_and(|from| from.packet_type == OUTGOING);
                Ok(Some((length, if outgoing { Direction::Out } else { Direction::In })))
            }
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Shows what passes, as long as there is an interface to show it at.
    fn run(&self, interface: &Weak<Interface>) {
        let mut buffer = vec![0; FRAME];
        while let Some(interface) = interface.upgrade().filter(|interface| !interface.is_removed()) {
            match self.receive(&mut buffer) {
                Ok(Some((length, direction))) if length <= buffer.len() => {
                    let frame = Frame::new(buffer[..length].to_vec());
                    match direction {
                        Direction::In => interface.receive(frame),
                        Direction::Out => interface.observe(&frame),
                    }
                }
                Ok(_) => {}
                // It is down, and may come up again.
                Err(Errno::NETDOWN) => thread::sleep(LOOK),
                Err(_) => return,
            }
        }
    }
}

/// What the host machine says of an interface.
fn fact(name: &str, what: &str) -> Option<String> {
    Some(fs::read_to_string(format!("/sys/class/net/{name}/{what}")).ok()?.trim().to_owned())
}

fn mac(text: &str) -> Option<Mac> {
    let mut bytes = text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok());
    let mut mac = Mac::default();
    for byte in &mut mac.0 {
        *byte = bytes.next()??;
    }
    Some(mac)
}

/// Adds an interface of the host machine to a host of the world, under its name. There it can be watched, and be sent
/// from, as every other.
///
/// # Errors
/// What the host machine says, most often that it is not permitted.
pub fn attach(host: &Host, name: &str) -> io::Result<()> {
    if host.by_name(name).is_some() {
        return Ok(());
    }
    let wire = Arc::new(Wire::open(name)?);
    let mac = fact(name, "address").and_then(|text| mac(&text)).unwrap_or_default();
    let mtu = fact(name, "mtu").and_then(|text| text.parse().ok()).unwrap_or(1500);
    let interface = host
        .add_link(name, Medium::Ethernet, mac, mtu, wire.clone())
        .map_err(|error| io::Error::from_raw_os_error(error.raw()))?;
    interface.set_flags(Flags::UP | Flags::MULTICAST);
    let shown = Arc::downgrade(&interface);
    thread::Builder::new().name(format!("wire-{name}")).spawn(move || wire.run(&shown))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Directions, Networks, TapOptions};
    use std::net::UdpSocket;
    use std::sync::mpsc::channel;

    #[test]
    fn the_loopback_of_the_host_is_seen_where_it_may_be() {
        let networks = Networks::default();
        let host = networks.host("a");
        assert!(attach(&host, "none0").is_err());
        if let Err(error) = attach(&host, "lo") {
            assert_eq!(error.raw_os_error(), Some(Errno::PERM.raw_os_error()));
            return;
        }
        let interface = host.by_name("lo").unwrap();
        let (sender, receiver) = channel();
        let payload = format!("seen by {}", std::process::id());
        let wanted = payload.clone();
        let _tap = interface.tap(TapOptions {
            capacity: 1 << 20,
            directions: Directions::Both,
            promiscuous: false,
            select: Box::new(move |frame, direction| {
                if frame.ends_with(wanted.as_bytes()) {
                    sender.send(direction).unwrap();
                }
                None
            }),
            wake: Box::new(|| {}),
        });
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(payload.as_bytes(), socket.local_addr().unwrap()).unwrap();
        // As it leaves, and as it comes.
        for direction in [Direction::Out, Direction::In] {
            assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok(direction));
        }
        attach(&host, "lo").unwrap();
        host.remove(&interface);
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(mac("02:00:0a:ff:00:01"), Some(Mac([2, 0, 10, 255, 0, 1])));
        assert_eq!((mac(""), mac("1:2:3"), mac("x:0:0:0:0:0")), (None, None, None));
    }
}
