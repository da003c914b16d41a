//! What descriptors of bpf(4) are asked (net/bpf.h).

use schemas::device::{BpfDirection, bpf_reply, bpf_request};
use schemas::{Errno, message};

use super::{IN, OUT, VOID, code, put};
use crate::context::Context;
use crate::guest;
use crate::operation::packet::{self, Use};

const BIOCGBLEN: u32 = code(OUT, b'B', 102, 4);
const BIOCSBLEN: u32 = code(IN | OUT, b'B', 102, 4);
const BIOCSETF: u32 = code(IN, b'B', 103, 16);
const BIOCFLUSH: u32 = code(VOID, b'B', 104, 0);
const BIOCPROMISC: u32 = code(VOID, b'B', 105, 0);
const BIOCGDLT: u32 = code(OUT, b'B', 106, 4);
const BIOCGETIF: u32 = code(OUT, b'B', 107, 32);
const BIOCSETIF: u32 = code(IN, b'B', 108, 32);
const BIOCSRTIMEOUT: u32 = code(IN, b'B', 109, 16);
const BIOCGRTIMEOUT: u32 = code(OUT, b'B', 110, 16);
const BIOCGSTATS: u32 = code(OUT, b'B', 111, 8);
const BIOCIMMEDIATE: u32 = code(IN, b'B', 112, 4);
const BIOCVERSION: u32 = code(OUT, b'B', 113, 4);
const BIOCGHDRCMPLT: u32 = code(OUT, b'B', 116, 4);
const BIOCSHDRCMPLT: u32 = code(IN, b'B', 117, 4);
const BIOCGDIRECTION: u32 = code(OUT, b'B', 118, 4);
const BIOCSDIRECTION: u32 = code(IN, b'B', 119, 4);
const BIOCSDLT: u32 = code(IN, b'B', 120, 4);
const BIOCGDLTLIST: u32 = code(IN | OUT, b'B', 121, 16);
const BIOCLOCK: u32 = code(VOID, b'B', 122, 0);
const BIOCSETWF: u32 = code(IN, b'B', 123, 16);
const BIOCFEEDBACK: u32 = code(IN, b'B', 124, 4);
const BIOCGETBUFMODE: u32 = code(OUT, b'B', 125, 4);
const BIOCSETBUFMODE: u32 = code(IN, b'B', 126, 4);
const BIOCGETZMAX: u32 = code(OUT, b'B', 127, 8);
const BIOCROTZBUF: u32 = code(OUT, b'B', 128, 24);
const BIOCSETZBUF: u32 = code(IN, b'B', 129, 24);
const BIOCSETFNR: u32 = code(IN, b'B', 130, 16);
const BIOCGTSTAMP: u32 = code(OUT, b'B', 131, 4);
const BIOCSTSTAMP: u32 = code(IN, b'B', 132, 4);

/// Length of a name of an interface (`IFNAMSIZ`).
const NAME: usize = 16;
/// `BPF_MAJOR_VERSION`, `BPF_MINOR_VERSION`.
const VERSION: [u16; 2] = [1, 1];
/// `BPF_BUFMODE_BUFFER`: read(2) copies. Buffers that are shared have to be enabled first
/// (`net.bpf.zerocopy_enable`), and are not.
const COPIES: u32 = 1;
/// Most instructions of a program (`BPF_MAXINSNS`).
const INSTRUCTIONS: u32 = 512;

// Directions (`BPF_D_*`).
const DIRECTIONS: [(u32, BpfDirection); 3] =
    [(0, BpfDirection::In), (1, BpfDirection::Both), (2, BpfDirection::Out)];

crate::layout! {
    /// `struct bpf_program`.
    pub struct Program: 16 {
        pub len: u32,
        pub pad: u32,
        pub instructions: u64,
    }

    /// `struct bpf_dltlist`.
    pub struct LinkTypes: 16 {
        pub len: u32,
        pub pad: u32,
        pub list: u64,
    }

    /// `struct bpf_stat`.
    pub struct Statistics: 8 {
        pub received: u32,
        pub dropped: u32,
    }
}

fn tell(cx: &Context, descriptor: i32, fill: impl FnOnce(bpf_request::Builder<'_>)) -> Result<u64, Errno> {
    packet::ask(
        cx,
        descriptor,
        0,
        |request| {
            fill(request);
            Ok(())
        },
        |_, _| Ok(0),
    )
}

fn ask<T>(
    cx: &Context,
    descriptor: i32,
    fill: impl FnOnce(bpf_request::Builder<'_>),
    read: impl FnOnce(bpf_reply::WhichReader<'_>) -> Result<Option<T>, Errno>,
) -> Result<T, Errno> {
    packet::ask(
        cx,
        descriptor,
        0,
        |request| {
            fill(request);
            Ok(())
        },
        |reply, _| {
            let reply = reply.ok_or(Errno::BADMSG)?;
            read(reply.which().map_err(|_| Errno::BADMSG)?)?.ok_or(Errno::BADMSG)
        },
    )
}

/// A request that is answered with a number.
fn number(cx: &Context, descriptor: i32, fill: impl FnOnce(bpf_request::Builder<'_>)) -> Result<u32, Errno> {
    ask(cx, descriptor, fill, |reply| match reply {
        bpf_reply::Number(number) => Ok(Some(number)),
        bpf_reply::Flag(flag) => Ok(Some(u32::from(flag))),
        _ => Ok(None),
    })
}

/// Answers a request of the group `B`.
///
/// # Errors
/// `ENOTTY` for what is not known, else as there.
pub fn control(cx: &Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let word = || guest::get::<u32>(argument);
    match request {
        BIOCGBLEN => {
            let length = number(cx, descriptor, |mut request| request.set_get_buffer_length(()))?;
            put(argument, &length)
        }
        BIOCSBLEN => {
            let wanted = word()?;
            let length = number(cx, descriptor, |mut request| request.set_set_buffer_length(wanted))?;
            put(argument, &length)
        }
        BIOCSETF => set_filter(cx, descriptor, Use::Read, argument),
        BIOCSETFNR => set_filter(cx, descriptor, Use::ReadOn, argument),
        BIOCSETWF => set_filter(cx, descriptor, Use::Write, argument),
        BIOCFLUSH => tell(cx, descriptor, |mut request| request.set_flush(())),
        BIOCPROMISC => tell(cx, descriptor, |mut request| request.set_set_promiscuous(true)),
        BIOCGDLT => {
            let kind = number(cx, descriptor, |mut request| request.set_get_link_type(()))?;
            put(argument, &kind)
        }
        BIOCSDLT => {
            let kind = word()?;
            tell(cx, descriptor, |mut request| request.set_set_link_type(kind))
        }
        BIOCGDLTLIST => list_link_types(cx, descriptor, argument),
        BIOCGETIF => interface(cx, descriptor, argument),
        BIOCSETIF => set_interface(cx, descriptor, argument),
        BIOCSRTIMEOUT => {
            // `struct timeval`
            let [seconds, microseconds]: [i64; 2] = guest::get(argument)?;
            if !(0..1_000_000).contains(&microseconds) || seconds < 0 {
                return Err(Errno::INVAL);
            }
            tell(cx, descriptor, |request| {
                let mut to = request.init_set_timeout();
                to.set_seconds(seconds);
                to.set_nanoseconds(microseconds * 1000);
            })
        }
        BIOCGRTIMEOUT => {
            let time = ask(
                cx,
                descriptor,
                |mut request| request.set_get_timeout(()),
                |reply| match reply {
                    bpf_reply::Time(time) => {
                        let time = time?;
                        Ok(Some([time.get_seconds(), time.get_nanoseconds() / 1000]))
                    }
                    _ => Ok(None),
                },
            )?;
            put(argument, &time)
        }
        BIOCGSTATS => {
            let told = ask(
                cx,
                descriptor,
                |mut request| request.set_get_statistics(()),
                |reply| match reply {
                    bpf_reply::Statistics(told) => {
                        let told = told?;
                        let (received, dropped) = (told.get_received() as u32, told.get_dropped() as u32);
                        Ok(Some(Statistics { received, dropped }))
                    }
                    _ => Ok(None),
                },
            )?;
            put(argument, &told)
        }
        BIOCIMMEDIATE => {
            let on = word()? != 0;
            tell(cx, descriptor, |mut request| request.set_set_immediate(on))
        }
        BIOCVERSION => put(argument, &VERSION),
        BIOCGHDRCMPLT => {
            let on = number(cx, descriptor, |mut request| request.set_get_header_complete(()))?;
            put(argument, &on)
        }
        BIOCSHDRCMPLT => {
            let on = word()? != 0;
            tell(cx, descriptor, |mut request| request.set_set_header_complete(on))
        }
        BIOCGDIRECTION => {
            let direction = ask(
                cx,
                descriptor,
                |mut request| request.set_get_direction(()),
                |reply| match reply {
                    bpf_reply::Direction(direction) => Ok(Some(direction.map_err(|_| Errno::BADMSG)?)),
                    _ => Ok(None),
                },
            )?;
            let own = DIRECTIONS.iter().find(|pair| pair.1 == direction).ok_or(Errno::BADMSG)?.0;
            put(argument, &own)
        }
        BIOCSDIRECTION => {
            let own = word()?;
            let direction = DIRECTIONS.iter().find(|pair| pair.0 == own).ok_or(Errno::INVAL)?.1;
            tell(cx, descriptor, |mut request| request.set_set_direction(direction))
        }
        BIOCLOCK => tell(cx, descriptor, |mut request| request.set_lock(())),
        BIOCFEEDBACK => {
            let on = word()? != 0;
            tell(cx, descriptor, |mut request| request.set_set_feedback(on))
        }
        BIOCGETBUFMODE => put(argument, &COPIES),
        BIOCSETBUFMODE => {
            if word()? == COPIES {
                Ok(0)
            } else {
                Err(Errno::INVAL)
            }
        }
        // These are for shared buffers only.
        BIOCGETZMAX | BIOCROTZBUF | BIOCSETZBUF => Err(Errno::OPNOTSUPP),
        BIOCGTSTAMP => {
            let stamp = number(cx, descriptor, |mut request| request.set_get_timestamp(()))?;
            put(argument, &stamp)
        }
        BIOCSTSTAMP => {
            let stamp = word()?;
            tell(cx, descriptor, |mut request| request.set_set_timestamp(stamp))
        }
        _ => Err(Errno::NOTTY),
    }
}

fn set_filter(cx: &Context, descriptor: i32, use_: Use, argument: u64) -> Result<u64, Errno> {
    let program: Program = guest::get(argument)?;
    // Without instructions the filter is taken away.
    if program.len > INSTRUCTIONS || (program.len != 0 && program.instructions == 0) {
        return Err(Errno::INVAL);
    }
    packet::set_filter(cx, descriptor, use_, program.instructions, program.len)
}

fn list_link_types(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let asked: LinkTypes = guest::get(argument)?;
    let count = ask(
        cx,
        descriptor,
        |mut request| request.set_list_link_types(()),
        |reply| match reply {
            bpf_reply::LinkTypes(list) => {
                let list = list?;
                if asked.list != 0 {
                    if list.len() > asked.len {
                        return Err(Errno::NOMEM);
                    }
                    for (kind, place) in list.iter().zip(0u64..) {
                        guest::put(asked.list.wrapping_add(4 * place), &kind)?;
                    }
                }
                Ok(Some(list.len()))
            }
            _ => Ok(None),
        },
    )?;
    put(argument, &LinkTypes { len: count, ..asked })
}

fn interface(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let name = ask(
        cx,
        descriptor,
        |mut request| request.set_get_interface(()),
        |reply| match reply {
            bpf_reply::Interface(name) => {
                let name = name?.as_bytes();
                let mut told = [0u8; NAME];
                let len = name.len().min(NAME - 1);
                told[..len].copy_from_slice(&name[..len]);
                Ok(Some(told))
            }
            _ => Ok(None),
        },
    )?;
    put(argument, &name)
}

fn set_interface(cx: &Context, descriptor: i32, argument: u64) -> Result<u64, Errno> {
    let name: [u8; NAME] = guest::get(argument)?;
    let len = name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
    let name = core::str::from_utf8(&name[..len]).map_err(|_| Errno::NXIO)?;
    packet::ask(
        cx,
        descriptor,
        message::text_words(name.len()),
        |mut request| {
            request.set_set_interface(name);
            Ok(())
        },
        |_, _| Ok(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_the_numbers_of_the_header() {
        for (request, number) in [
            (BIOCGBLEN, 0x4004_4266),
            (BIOCSBLEN, 0xc004_4266),
            (BIOCSETF, 0x8010_4267),
            (BIOCFLUSH, 0x2000_4268),
            (BIOCPROMISC, 0x2000_4269),
            (BIOCGDLT, 0x4004_426a),
            (BIOCGETIF, 0x4020_426b),
            (BIOCSETIF, 0x8020_426c),
            (BIOCSRTIMEOUT, 0x8010_426d),
            (BIOCGRTIMEOUT, 0x4010_426e),
            (BIOCGSTATS, 0x4008_426f),
            (BIOCIMMEDIATE, 0x8004_4270),
            (BIOCVERSION, 0x4004_4271),
            (BIOCGHDRCMPLT, 0x4004_4274),
            (BIOCSHDRCMPLT, 0x8004_4275),
            (BIOCGDIRECTION, 0x4004_4276),
            (BIOCSDIRECTION, 0x8004_4277),
            (BIOCSDLT, 0x8004_4278),
            (BIOCGDLTLIST, 0xc010_4279),
            (BIOCLOCK, 0x2000_427a),
            (BIOCSETWF, 0x8010_427b),
            (BIOCFEEDBACK, 0x8004_427c),
            (BIOCGETZMAX, 0x4008_427f),
            (BIOCROTZBUF, 0x4018_4280),
            (BIOCSETZBUF, 0x8018_4281),
            (BIOCSETFNR, 0x8010_4282),
        ] {
            assert_eq!(request, number, "{number:#x}");
        }
    }

    #[test]
    fn what_can_be_refused_here_is() {
        let cx = crate::operation::trial::context();
        let mut program = Program { len: 513, pad: 0, instructions: 8 };
        let at = &raw mut program as u64;
        assert_eq!(control(cx, -1, BIOCSETF, at), Err(Errno::INVAL));
        program.len = 1;
        program.instructions = 0;
        let at = &raw mut program as u64;
        assert_eq!(control(cx, -1, BIOCSETF, at), Err(Errno::INVAL));
        let mut time = [-1i64, 0];
        assert_eq!(control(cx, -1, BIOCSRTIMEOUT, time.as_mut_ptr() as u64), Err(Errno::INVAL));
        let mut word = 2u32;
        let at = &raw mut word as u64;
        assert_eq!(control(cx, -1, BIOCSETBUFMODE, at), Err(Errno::INVAL));
        assert_eq!(control(cx, -1, BIOCSETZBUF, at), Err(Errno::OPNOTSUPP));
        word = 3;
        let at = &raw mut word as u64;
        assert_eq!(control(cx, -1, BIOCSDIRECTION, at), Err(Errno::INVAL));
        assert_eq!(control(cx, -1, code(OUT, b'B', 200, 4), at), Err(Errno::NOTTY));
        assert_eq!(control(cx, -1, BIOCVERSION, at), Ok(0));
        assert_eq!(word, 0x1_0001);
    }
}
