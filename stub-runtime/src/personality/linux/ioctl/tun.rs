//! What descriptors of `/dev/net/tun` are asked (linux/if_tun.h).

use schemas::message;
use schemas::{Errno, device::tun_reply};

use crate::context::Context;
use crate::guest;
use crate::operation::tunnel::{self, Interface, Name};

// _IOW('T', …, int), though most take the number itself and the others a `struct ifreq`.
const TUNSETIFF: u32 = 0x4004_54ca;
const TUNSETPERSIST: u32 = 0x4004_54cb;
const TUNSETOWNER: u32 = 0x4004_54cc;
const TUNSETGROUP: u32 = 0x4004_54ce;
const TUNGETFEATURES: u32 = 0x8004_54cf;
const TUNSETOFFLOAD: u32 = 0x4004_54d0;
const TUNGETIFF: u32 = 0x8004_54d2;
const TUNSETCARRIER: u32 = 0x4004_54e2;
// linux/sockios.h
const SIOCSIFHWADDR: u32 = 0x8924;
const SIOCGIFHWADDR: u32 = 0x8927;

const IFF_TUN: u16 = 0x0001;
const IFF_TAP: u16 = 0x0002;
const IFF_MULTI_QUEUE: u16 = 0x0100;
const IFF_NO_PI: u16 = 0x1000;
/// One queue of the kernel's: it has had no meaning for long.
const IFF_ONE_QUEUE: u16 = 0x2000;
const IFF_VNET_HDR: u16 = 0x4000;
const IFF_TUN_EXCL: u16 = 0x8000;
/// What can be asked for.
const FEATURES: u32 = (IFF_TUN | IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_ONE_QUEUE) as u32;
/// What else there is, and is not here: `IFF_NAPI_FRAGS`, which lets frames be made of several buffers.
const IFF_NAPI_FRAGS: u16 = 0x0020;

/// `ARPHRD_ETHER` (linux/if_arp.h).
const ETHER: u16 = 1;

crate::layout! {
    /// `struct ifreq` with flags or an address of the link layer.
    pub struct Request: 40 {
        pub name: Name,
        pub flags: u16,
        pub address: [u8; 6],
        pub rest: [u8; 16],
    }
}

/// Answers a request, if it is one of these.
///
/// # Errors
/// `ENOTTY` for what is no such descriptor, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    let word = argument as u32;
    Some(match request {
        TUNSETIFF => attach(cx, descriptor, argument),
        TUNGETIFF => tunnel::ask(
            cx,
            descriptor,
            0,
            |mut request| {
                request.set_get_interface(());
                Ok(())
            },
            tunnel::interface,
        )
        .and_then(|interface| put_interface(argument, &interface)),
        TUNGETFEATURES => tunnel::tell(cx, descriptor, |mut request| request.set_features(()))
            .and_then(|_| guest::put(argument, &FEATURES))
            .map(|()| 0),
        TUNSETPERSIST => {
            tunnel::tell(cx, descriptor, |mut request| request.set_set_persistent(argument != 0))
        }
        TUNSETOWNER => tunnel::tell(cx, descriptor, |mut request| request.set_set_owner(word)),
        TUNSETGROUP => tunnel::tell(cx, descriptor, |mut request| request.set_set_group(word)),
        TUNSETOFFLOAD => tunnel::tell(cx, descriptor, |mut request| request.set_set_offload(word)),
        TUNSETCARRIER => guest::get::<i32>(argument)
            .and_then(|on| tunnel::tell(cx, descriptor, |mut request| request.set_set_link(on != 0))),
        SIOCGIFHWADDR => hardware(cx, descriptor, argument),
        SIOCSIFHWADDR => guest::get::<Request>(argument).and_then(|request| {
            let address = request.address;
            let fill = |mut to: schemas::device::tun_request::Builder<'_>| {
                to.set_set_hardware(&address);
                Ok(())
            };
            tunnel::ask(cx, descriptor, 1, fill, |_| Ok(0))
        }),
        _ => return None,
    })
}

fn attach(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let asked: Request = guest::get(argument)?;
    let has = |flag: u16| asked.flags & flag != 0;
    if has(IFF_TUN) == has(IFF_TAP) || has(IFF_NAPI_FRAGS) {
        return Err(Errno::INVAL);
    }
    let len = asked.name.iter().position(|byte| *byte == 0).unwrap_or(asked.name.len() - 1);
    let name = core::str::from_utf8(&asked.name[..len]).map_err(|_| Errno::INVAL)?;
    let interface = tunnel::ask(
        cx,
        descriptor,
        message::text_words(name.len()),
        |request| {
            let mut attach = request.init_attach();
            attach.set_name(name);
            attach.set_ethernet(has(IFF_TAP));
            attach.set_bare(has(IFF_NO_PI));
            attach.set_multi_queue(has(IFF_MULTI_QUEUE));
            attach.set_exclusive(has(IFF_TUN_EXCL));
            attach.set_virtio_header(has(IFF_VNET_HDR));
            Ok(())
        },
        tunnel::interface,
    )?;
    guest::put(argument, &Request { name: interface.name, ..asked }).map(|()| 0)
}

fn put_interface(argument: u64, interface: &Interface) -> Result<u64, Errno> {
    let mut flags = if interface.ethernet { IFF_TAP } else { IFF_TUN };
    if interface.bare {
        flags |= IFF_NO_PI;
    }
    if interface.multi_queue {
        flags |= IFF_MULTI_QUEUE;
    }
    guest::put(argument, &Request { name: interface.name, flags, ..Request::default() }).map(|()| 0)
}

fn hardware(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let mut told: Request = guest::get(argument)?;
    let fill = |mut request: schemas::device::tun_request::Builder<'_>| {
        request.set_get_hardware(());
        Ok(())
    };
    told.address = tunnel::ask(cx, descriptor, 0, fill, |reply| match reply.which() {
        Ok(tun_reply::Hardware(address)) => address?.first_chunk().copied().ok_or(Errno::BADMSG),
        _ => Err(Errno::BADMSG),
    })?;
    told.flags = ETHER;
    guest::put(argument, &told).map(|()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_interface_is_not_asked_for() {
        let cx = crate::operation::trial::context();
        for flags in [0, IFF_TUN | IFF_TAP, IFF_TAP | IFF_NAPI_FRAGS] {
            let mut request = Request { flags, ..Request::default() };
            let asked = control(cx, -1, TUNSETIFF, &raw mut request as u64);
            assert_eq!(asked, Some(Err(Errno::INVAL)));
        }
        let mut request = Request { name: [0xff; 16], flags: IFF_TUN, ..Request::default() };
        assert_eq!(control(cx, -1, TUNSETIFF, &raw mut request as u64), Some(Err(Errno::INVAL)));
        assert_eq!(control(cx, -1, 0x5401, 0), None);
    }
}
