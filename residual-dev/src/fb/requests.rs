//! What programs ask of a screen, in the terms of `device.control`.

use schemas::device::{frame_channel, frame_colours, frame_mode, frame_reply, frame_request};
use schemas::server::Capabilities;
use schemas::{Errno, device};

use super::mode::{Channel, Depth, Mode};
use super::screen::{COLOURS, Screen};

/// What drivers call the screens.
pub const NAME: &str = "mapperfb";
/// Pixels a metre of the monitors that screens pretend to have: 96 an inch.
const DENSITY: u32 = 3780;
/// Picoseconds a pixel takes at 60 pictures a second, some of them unseen as the Generalized Timing Formula has it.
const PIXEL_TIME: u64 = 1_000_000_000_000 / 60 * 3 / 4;

/// Answers a request.
///
/// # Errors
/// `EINVAL`, `ENOTTY`.
pub fn draw(
    screen: &Screen,
    request: frame_request::Reader<'_>,
    reply: device::control::results::Builder<'_>,
    caps: &mut Capabilities,
) -> Result<(), Errno> {
    match request.which().map_err(|_| Errno::BADMSG)? {
        frame_request::GetMode(()) => tell_mode(&screen.shown().mode, frame(reply).init_mode()),
        frame_request::SetMode(wanted) => {
            let wanted = wanted?;
            let mode = screen.set_mode(mode_from(wanted)?, wanted.get_test())?;
            tell_mode(&mode, frame(reply).init_mode());
        }
        frame_request::GetMemory(()) => {
            let mut memory = frame(reply).init_memory();
            memory.set_name(NAME);
            memory.set_length(screen.size());
            memory.set_stride(screen.shown().mode.stride());
            caps.donate(screen.memory().try_clone_to_owned().map_err(|_| Errno::NFILE)?);
        }
        frame_request::Pan(position) => {
            let position = position?;
            let mut shown = screen.shown();
            shown.mode = shown.mode.panned(position.get_left(), position.get_top())?;
        }
        // FB_BLANK_POWERDOWN is the last of them.
        frame_request::Blank(blank @ 0..=4) => screen.shown().blank = blank,
        frame_request::Blank(_) => return Err(Errno::INVAL),
        frame_request::GetColours(range) => {
            let range = range?;
            let (start, count) = colour_range(range.get_start(), range.get_count())?;
            tell_colours(&screen.shown().colours[start..start + count], start, frame(reply).init_colours());
        }
        frame_request::SetColours(given) => {
            let given = given?;
            let (start, count) = colour_range(given.get_start(), given.get_count())?;
            let lists = [given.get_red()?, given.get_green()?, given.get_blue()?];
            if lists.iter().any(|list| list.len() as usize != count) {
                return Err(Errno::INVAL);
            }
            let mut shown = screen.shown();
            for index in 0..count {
                shown.colours[start + index] = lists.map(|list| list.get(index as u32));
            }
        }
        frame_request::WaitVertical(()) => {
            frame(reply).set_number(screen.until_next_picture().as_nanos() as u64);
        }
        frame_request::GetGraphics(()) => frame(reply).set_number(screen.shown().graphics.into()),
        frame_request::SetGraphics(graphics) => screen.shown().graphics = graphics,
        // Who looks at the screen compares pictures.
        frame_request::Damage(_) => {}
        frame_request::GetBacklight(()) | frame_request::SetBacklight(_) => return Err(Errno::NOTTY),
    }
    Ok(())
}

fn frame(reply: device::control::results::Builder<'_>) -> frame_reply::Builder<'_> {
    reply.init_reply().init_frame()
}

/// The entries of the colour map that a guest names.
fn colour_range(start: u32, count: u32) -> Result<(usize, usize), Errno> {
    let (start, count) = (start as usize, count as usize);
    if start.checked_add(count).is_none_or(|end| end > COLOURS) {
        return Err(Errno::INVAL);
    }
    Ok((start, count))
}

fn tell_colours(colours: &[[u16; 3]], start: usize, mut told: frame_colours::Builder<'_>) {
    let count = colours.len() as u32;
    told.set_start(start as u32);
    told.set_count(count);
    let fill = |mut list: capnp::primitive_list::Builder<'_, u16>, part: usize| {
        for (index, colour) in (0..).zip(colours) {
            list.set(index, colour[part]);
        }
    };
    fill(told.reborrow().init_red(count), 0);
    fill(told.reborrow().init_green(count), 1);
    fill(told.init_blue(count), 2);
}

fn tell_channel(channel: Channel, mut told: frame_channel::Builder<'_>) {
    told.set_offset(channel.offset);
    told.set_length(channel.length);
}

fn tell_mode(mode: &Mode, mut told: frame_mode::Builder<'_>) {
    told.set_width(mode.width);
    told.set_height(mode.height);
    told.set_virtual_width(mode.virtual_width);
    told.set_virtual_height(mode.virtual_height);
    told.set_left(mode.left);
    told.set_top(mode.top);
    told.set_bits(mode.depth.bytes() * 8);
    told.set_stride(mode.stride());
    let [red, green, blue, alpha] = mode.depth.channels();
    tell_channel(red, told.reborrow().init_red());
    tell_channel(green, told.reborrow().init_green());
    tell_channel(blue, told.reborrow().init_blue());
    tell_channel(alpha, told.reborrow().init_alpha());
    let pixels = u64::from(mode.width) * u64::from(mode.height);
    told.set_pixel_clock((PIXEL_TIME / pixels) as u32);
    told.set_width_millimetres(mode.width * 1000 / DENSITY);
    told.set_height_millimetres(mode.height * 1000 / DENSITY);
}

/// The mode that a guest wants; which bits are which colour is the screen's own affair.
fn mode_from(wanted: frame_mode::Reader<'_>) -> Result<Mode, Errno> {
    Ok(Mode {
        width: wanted.get_width(),
        height: wanted.get_height(),
        virtual_width: wanted.get_virtual_width(),
        virtual_height: wanted.get_virtual_height(),
        left: wanted.get_left(),
        top: wanted.get_top(),
        depth: Depth::from_bits(wanted.get_bits()).ok_or(Errno::INVAL)?,
    })
}
