//! What descriptors of tun(4) and tap(4) are asked (net/if_tun.h, net/if_tap.h). Both have the same numbers.

use schemas::Errno;
use schemas::device::{tun_reply, tun_request};

use super::{IN, OUT, VOID, code, put};
use crate::context::Context;
use crate::guest;
use crate::operation::tunnel;

const TUNGDEBUG: u32 = code(OUT, b't', 89, 4);
const TUNSDEBUG: u32 = code(IN, b't', 90, 4);
const TUNSIFINFO: u32 = code(IN, b't', 91, 8);
const TUNGIFINFO: u32 = code(OUT, b't', 92, 8);
const TUNSLMODE: u32 = code(IN, b't', 93, 4);
const TUNGIFNAME: u32 = code(OUT, b't', 93, 32);
const TUNSIFMODE: u32 = code(IN, b't', 94, 4);
const TUNSIFPID: u32 = code(VOID, b't', 95, 0);
const TUNSIFHEAD: u32 = code(IN, b't', 96, 4);
const TUNGIFHEAD: u32 = code(OUT, b't', 97, 4);
const TUNSTRANSIENT: u32 = code(IN, b't', 98, 4);

// net/if.h
const IFF_BROADCAST: u32 = 0x2;
const IFF_POINTOPOINT: u32 = 0x10;
const IFF_MULTICAST: u32 = 0x8000;
/// `IFT_PPP`, `IFT_ETHER` (net/if_types.h).
const PPP: u8 = 0x17;

crate::layout! {
    /// `struct tuninfo`, `struct tapinfo`.
    pub struct Information: 8 {
        pub baud_rate: i32,
        pub mtu: u16,
        pub kind: u8,
        pub rest: u8,
    }
}

/// How packets pass, and what the interface is.
#[derive(Clone, Copy)]
struct Mode {
    point_to_point: bool,
    header: bool,
    link_address: bool,
}

/// Answers a request, if it is one of these.
///
/// # Errors
/// `ENOTTY` for what is no such descriptor, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    let change = |change: fn(&mut Mode, bool)| {
        let on = guest::get::<u32>(argument)? != 0;
        let mut mode = mode(cx, descriptor)?;
        change(&mut mode, on);
        set_mode(cx, descriptor, mode)
    };
    Some(match request {
        TUNSIFHEAD => change(|mode, on| mode.header = on),
        // The one takes the place of the other.
        TUNSLMODE => change(|mode, on| {
            mode.link_address = on;
            mode.header &= !on;
        }),
        TUNGIFHEAD => mode(cx, descriptor).and_then(|mode| put(argument, &u32::from(mode.header))),
        TUNSIFMODE => guest::get::<u32>(argument).and_then(|flags| {
            let point_to_point = match flags & !IFF_MULTICAST {
                IFF_POINTOPOINT => true,
                IFF_BROADCAST => false,
                _ => return Err(Errno::INVAL),
            };
            set_mode(cx, descriptor, Mode { point_to_point, ..mode(cx, descriptor)? })
        }),
        TUNSIFPID => tunnel::tell(cx, descriptor, |mut request| request.set_set_process(0)),
        TUNSTRANSIENT => guest::get::<u32>(argument)
            .and_then(|on| tunnel::tell(cx, descriptor, |mut request| request.set_set_transient(on != 0))),
        TUNGIFNAME => ask(cx, descriptor, |mut request| request.set_get_interface(()), tunnel::interface)
            .and_then(|interface| {
                let mut told = [0u8; 32];
                told[..16].copy_from_slice(&interface.name);
                put(argument, &told)
            }),
        TUNSIFINFO => guest::get::<Information>(argument).and_then(|information| {
            tunnel::tell(cx, descriptor, |request| {
                let mut to = request.init_set_information();
                to.set_mtu(information.mtu.into());
            })
        }),
        TUNGIFINFO => ask(
            cx,
            descriptor,
            |mut request| request.set_get_information(()),
            |reply| match reply.which() {
                Ok(tun_reply::Information(told)) => Ok(told?.get_mtu()),
                _ => Err(Errno::BADMSG),
            },
        )
        .and_then(|mtu| put(argument, &Information { mtu: mtu as u16, kind: PPP, ..Information::default() })),
        TUNSDEBUG | TUNGDEBUG => Err(Errno::NOTTY),
        _ => return None,
    })
}

fn ask<T>(
    cx: &Context,
    descriptor: i32,
    fill: impl FnOnce(tun_request::Builder<'_>),
    read: impl FnOnce(tun_reply::Reader<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let fill = |request: tun_request::Builder<'_>| {
        fill(request);
        Ok(())
    };
    tunnel::ask(cx, descriptor, 0, fill, read)
}

fn mode(cx: &Context, descriptor: i32) -> Result<Mode, Errno> {
    ask(
        cx,
        descriptor,
        |mut request| request.set_get_mode(()),
        |reply| match reply.which() {
            Ok(tun_reply::Mode(mode)) => {
                let mode = mode?;
                Ok(Mode {
                    point_to_point: mode.get_point_to_point(),
                    header: mode.get_header(),
                    link_address: mode.get_link_address(),
                })
            }
            _ => Err(Errno::BADMSG),
        },
    )
}

fn set_mode(cx: &Context, descriptor: i32, mode: Mode) -> Result<u64, Errno> {
    tunnel::tell(cx, descriptor, |request| {
        let mut to = request.init_set_mode();
        to.set_point_to_point(mode.point_to_point);
        to.set_header(mode.header);
        to.set_link_address(mode.link_address);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_the_numbers_of_the_header() {
        for (request, number) in [
            (TUNSIFINFO, 0x8008_745b),
            (TUNGIFINFO, 0x4008_745c),
            (TUNSLMODE, 0x8004_745d),
            (TUNGIFNAME, 0x4020_745d),
            (TUNSIFMODE, 0x8004_745e),
            (TUNSIFPID, 0x2000_745f),
            (TUNSIFHEAD, 0x8004_7460),
            (TUNGIFHEAD, 0x4004_7461),
            (TUNSTRANSIENT, 0x8004_7462),
        ] {
            assert_eq!(request, number, "{number:#x}");
        }
    }

    #[test]
    fn other_requests_are_left_to_others() {
        let cx = crate::operation::trial::context();
        assert_eq!(control(cx, -1, code(OUT, b't', 19, 44), 0), None);
        let mut flags = IFF_MULTICAST;
        assert_eq!(control(cx, -1, TUNSIFMODE, &raw mut flags as u64), Some(Err(Errno::INVAL)));
    }
}
