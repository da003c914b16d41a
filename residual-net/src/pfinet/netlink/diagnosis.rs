//! What is told of sockets (sock_diag(7), `linux/inet_diag.h`).

use schemas::Errno;

use crate::pfinet::address::{self, octets};
use crate::pfinet::packet::{TCP, UDP};
use crate::pfinet::report::{Row, rows};
use crate::pfinet::stack::Stack;

use super::message::{Message, Replies};

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;

/// All sockets of a family and protocol that are in one of the states asked for.
pub fn sockets(stack: &Stack, request: &Message<'_>, replies: &mut Replies) -> Result<(), Errno> {
    let head = request.head::<56>();
    let (family, protocol) = (u16::from(head[0]), head[1]);
    let states = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    if request.kind != BY_FAMILY || !matches!(family, address::INET | address::INET6) {
        return Err(Errno::NOENT);
    }
    if !request.is_dump() || !matches!(protocol, TCP | UDP) {
        return Err(Errno::OPNOTSUPP);
    }
    for row in rows(stack) {
        if row.protocol == protocol && row.family == family && states >> row.state & 1 != 0 {
            replies.push(BY_FAMILY, &record(&row), |_| {});
        }
    }
    Ok(())
}

/// `struct inet_diag_msg`.
fn record(row: &Row) -> Vec<u8> {
    let mut record = vec![row.family as u8, row.state, 0, 0];
    record.extend(row.local.port().to_be_bytes());
    record.extend(row.remote.port().to_be_bytes());
    for end in [row.local, row.remote] {
        let mut bytes = match (end.ip(), row.family) {
            (std::net::IpAddr::V4(ip), address::INET6) if !ip.is_unspecified() => {
                ip.to_ipv6_mapped().octets().to_vec()
            }
            (ip, _) => octets(ip),
        };
        bytes.resize(16, 0);
        record.extend(bytes);
    }
    record.extend(0u32.to_ne_bytes());
    record.extend([0xff; 8]);
    for word in [0, row.receive_queue, row.send_queue, 0, row.number as u32] {
        record.extend(word.to_ne_bytes());
    }
    record
}
