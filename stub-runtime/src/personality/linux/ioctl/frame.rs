//! Frame buffer requests of Linux (uapi/linux/fb.h), as a screen of a server understands them.

use schemas::Errno;
use schemas::device::{frame_channel, frame_mode, frame_reply};

use crate::context::Context;
use crate::guest;
use crate::operation::frame;

const GET_VARIABLE: u32 = 0x4600;
const PUT_VARIABLE: u32 = 0x4601;
const GET_FIXED: u32 = 0x4602;
const GET_COLOURS: u32 = 0x4604;
const PUT_COLOURS: u32 = 0x4605;
const PAN: u32 = 0x4606;
const GET_SCREEN_OF_TERMINAL: u32 = 0x460f;
const BLANK: u32 = 0x4611;
const WAIT_VERTICAL: u32 = 0x4004_4620;

/// `FB_ACTIVATE_TEST` of the bits under `FB_ACTIVATE_MASK`.
const ACTIVATE_TEST: u32 = 2;
const ACTIVATE_MASK: u32 = 15;
/// `FB_TYPE_PACKED_PIXELS`, `FB_VISUAL_TRUECOLOR`.
const PACKED_PIXELS: u32 = 0;
const TRUE_COLOUR: u32 = 2;
/// `FB_VMODE_NONINTERLACED`.
const NOT_INTERLACED: u32 = 0;
/// Room for a mode and its channels in a request, in words.
const MODE: usize = 24;
/// Longest colour map.
const COLOURS: usize = 256;

crate::layout! {
    /// `struct fb_bitfield`.
    pub struct BitField: 12 {
        pub offset: u32,
        pub length: u32,
        pub msb_right: u32,
    }

    /// `struct fb_var_screeninfo`.
    pub struct Variable: 160 {
        pub xres: u32,
        pub yres: u32,
        pub xres_virtual: u32,
        pub yres_virtual: u32,
        pub xoffset: u32,
        pub yoffset: u32,
        pub bits_per_pixel: u32,
        pub grayscale: u32,
        pub red: BitField,
        pub green: BitField,
        pub blue: BitField,
        pub transp: BitField,
        pub nonstd: u32,
        pub activate: u32,
        pub height: u32,
        pub width: u32,
        pub accel_flags: u32,
        pub pixclock: u32,
        pub left_margin: u32,
        pub right_margin: u32,
        pub upper_margin: u32,
        pub lower_margin: u32,
        pub hsync_len: u32,
        pub vsync_len: u32,
        pub sync: u32,
        pub vmode: u32,
        pub rotate: u32,
        pub colorspace: u32,
        pub reserved: [u32; 4],
    }

    /// `struct fb_fix_screeninfo`.
    pub struct Fixed: 80 {
        pub id: [u8; 16],
        pub smem_start: u64,
        pub smem_len: u32,
        pub kind: u32,
        pub type_aux: u32,
        pub visual: u32,
        pub xpanstep: u16,
        pub ypanstep: u16,
        pub ywrapstep: u16,
        pub padding: u16,
        pub line_length: u32,
        pub padding_2: u32,
        pub mmio_start: u64,
        pub mmio_len: u32,
        pub accel: u32,
        pub capabilities: u16,
        pub reserved: [u16; 2],
        pub padding_3: u16,
    }

    /// `struct fb_con2fbmap`.
    pub struct OfTerminal: 8 {
        pub terminal: u32,
        pub screen: u32,
    }

    /// `struct fb_cmap`.
    pub struct ColourMap: 40 {
        pub start: u32,
        pub len: u32,
        pub red: u64,
        pub green: u64,
        pub blue: u64,
        pub transp: u64,
    }
}

/// A frame buffer request to an object of a server; nothing for another request.
pub fn control(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Option<Result<u64, Errno>> {
    Some(match request {
        GET_VARIABLE => {
            variable(cx, descriptor, request).and_then(|told| guest::put(argument, &told)).map(|()| 0)
        }
        PUT_VARIABLE => set_variable(cx, descriptor, request, argument),
        GET_FIXED => fixed(cx, descriptor, request).and_then(|told| guest::put(argument, &told)).map(|()| 0),
        GET_COLOURS => colours(cx, descriptor, request, argument),
        PUT_COLOURS => set_colours(cx, descriptor, request, argument),
        PAN => guest::get(argument).and_then(|wanted: Variable| {
            frame::tell(cx, descriptor, request, 1, |frame| {
                let mut pan = frame.init_pan();
                pan.set_left(wanted.xoffset);
                pan.set_top(wanted.yoffset);
            })
        }),
        BLANK => frame::tell(cx, descriptor, request, 0, |mut frame| frame.set_blank(argument as u32)),
        // Terminals are on the first screen.
        GET_SCREEN_OF_TERMINAL => guest::get(argument)
            .and_then(|asked: OfTerminal| guest::put(argument, &OfTerminal { screen: 0, ..asked }))
            .map(|()| 0),
        WAIT_VERTICAL => frame::wait_vertical(cx, descriptor, request),
        _ => return None,
    })
}

fn bit_field(channel: Result<frame_channel::Reader<'_>, capnp::Error>) -> Result<BitField, Errno> {
    let channel = channel?;
    let (offset, length) = (channel.get_offset().into(), channel.get_length().into());
    Ok(BitField { offset, length, msb_right: 0 })
}

fn variable_from(mode: frame_mode::Reader<'_>) -> Result<Variable, Errno> {
    Ok(Variable {
        xres: mode.get_width(),
        yres: mode.get_height(),
        xres_virtual: mode.get_virtual_width(),
        yres_virtual: mode.get_virtual_height(),
        xoffset: mode.get_left(),
        yoffset: mode.get_top(),
        bits_per_pixel: mode.get_bits(),
        red: bit_field(mode.get_red())?,
        green: bit_field(mode.get_green())?,
        blue: bit_field(mode.get_blue())?,
        transp: bit_field(mode.get_alpha())?,
        height: mode.get_height_millimetres(),
        width: mode.get_width_millimetres(),
        pixclock: mode.get_pixel_clock(),
        vmode: NOT_INTERLACED,
        ..Variable::default()
    })
}

/// What a screen says of its mode: the mode, and bytes a line.
fn mode_of(reply: frame_reply::WhichReader<'_>) -> Result<(Variable, u32), Errno> {
    match reply {
        frame_reply::Mode(mode) => {
            let mode = mode?;
            Ok((variable_from(mode)?, mode.get_stride()))
        }
        _ => Err(Errno::BADMSG),
    }
}

fn variable(cx: &mut Context, descriptor: i32, request: u32) -> Result<Variable, Errno> {
    let told = frame::ask(cx, descriptor, request, 0, |mut frame| frame.set_get_mode(()), mode_of)?;
    Ok(told.0)
}

fn set_variable(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let wanted: Variable = guest::get(argument)?;
    if wanted.grayscale != 0 || wanted.rotate > 3 {
        return Err(Errno::INVAL);
    }
    let fill = |frame: schemas::device::frame_request::Builder<'_>| {
        let mut mode = frame.init_set_mode();
        mode.set_width(wanted.xres);
        mode.set_height(wanted.yres);
        mode.set_virtual_width(wanted.xres_virtual);
        mode.set_virtual_height(wanted.yres_virtual);
        mode.set_left(wanted.xoffset);
        mode.set_top(wanted.yoffset);
        mode.set_bits(wanted.bits_per_pixel);
        mode.set_test(wanted.activate & ACTIVATE_MASK == ACTIVATE_TEST);
    };
    let (told, _) = frame::ask(cx, descriptor, request, MODE, fill, mode_of)?;
    guest::put(argument, &Variable { activate: wanted.activate, ..told })?;
    Ok(0)
}

fn fixed(cx: &mut Context, descriptor: i32, request: u32) -> Result<Fixed, Errno> {
    let (mode, line_length) =
        frame::ask(cx, descriptor, request, 0, |mut frame| frame.set_get_mode(()), mode_of)?;
    let take = |reply: frame_reply::WhichReader<'_>| match reply {
        frame_reply::Memory(memory) => {
            let memory = memory?;
            let mut id = [0; 16];
            let name = memory.get_name()?.as_bytes();
            let len = name.len().min(id.len() - 1);
            id[..len].copy_from_slice(&name[..len]);
            Ok((id, memory.get_length()))
        }
        _ => Err(Errno::BADMSG),
    };
    let (id, length) = frame::ask_memory(cx, descriptor, request, take)?;
    let pans = |seen: u32, all: u32| u16::from(all > seen);
    Ok(Fixed {
        id,
        smem_len: u32::try_from(length).unwrap_or(u32::MAX),
        kind: PACKED_PIXELS,
        visual: TRUE_COLOUR,
        xpanstep: pans(mode.xres, mode.xres_virtual),
        ypanstep: 1,
        line_length,
        ..Fixed::default()
    })
}

/// The lists of a colour map that a guest gave: where they are, and how long.
fn map_of(argument: u64) -> Result<ColourMap, Errno> {
    let map: ColourMap = guest::get(argument)?;
    if map.len as usize > COLOURS {
        return Err(Errno::INVAL);
    }
    Ok(map)
}

fn colours(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let map = map_of(argument)?;
    let fill = |frame: schemas::device::frame_request::Builder<'_>| {
        let mut range = frame.init_get_colours();
        range.set_start(map.start);
        range.set_count(map.len);
    };
    let put = |list: capnp::primitive_list::Reader<'_, u16>, to: u64| {
        let mut bytes = [0u8; COLOURS * 2];
        let count = list.len().min(map.len);
        for index in 0..count {
            bytes[index as usize * 2..][..2].copy_from_slice(&list.get(index).to_ne_bytes());
        }
        guest::write(to, &bytes[..count as usize * 2])
    };
    frame::ask(cx, descriptor, request, 4, fill, |reply| match reply {
        frame_reply::Colours(told) => {
            let told = told?;
            put(told.get_red()?, map.red)?;
            put(told.get_green()?, map.green)?;
            put(told.get_blue()?, map.blue)?;
            Ok(())
        }
        _ => Err(Errno::BADMSG),
    })?;
    if map.transp != 0 {
        guest::write(map.transp, &[0xff; COLOURS * 2][..map.len as usize * 2])?;
    }
    Ok(0)
}

fn set_colours(cx: &mut Context, descriptor: i32, request: u32, argument: u64) -> Result<u64, Errno> {
    let map = map_of(argument)?;
    let len = map.len as usize * 2;
    let mut lists = [[0u8; COLOURS * 2]; 3];
    for (list, from) in lists.iter_mut().zip([map.red, map.green, map.blue]) {
        guest::read(from, &mut list[..len])?;
    }
    let words = 3 * schemas::message::data_words(len) + 4;
    frame::tell(cx, descriptor, request, words, |frame| {
        let mut given = frame.init_set_colours();
        given.set_start(map.start);
        given.set_count(map.len);
        let fill = |mut to: capnp::primitive_list::Builder<'_, u16>, from: &[u8]| {
            for (index, value) in (0..).zip(from.as_chunks::<2>().0) {
                to.set(index, u16::from_ne_bytes(*value));
            }
        };
        fill(given.reborrow().init_red(map.len), &lists[0][..len]);
        fill(given.reborrow().init_green(map.len), &lists[1][..len]);
        fill(given.init_blue(map.len), &lists[2][..len]);
    })
}
