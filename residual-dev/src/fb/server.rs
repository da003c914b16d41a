//! The server `fb`: the nodes `/dev/fb0` and on, one a screen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{fstat, makedev};
use schemas::common::Capability;
use schemas::device::{frame_channel, frame_colours, frame_mode, frame_reply, frame_request};
use schemas::server::{Caller, Capabilities, Device, Post};
use schemas::{Errno, common, device, file, fs};

use super::mode::{Channel, Depth, Mode};
use super::screen::{COLOURS, Screen, host};

/// Most objects that are open at once.
const OBJECTS: usize = 4096;
/// Most bytes that a message brings; who wants more reads again, or maps the memory.
const INLINE: u64 = 24 << 10;
/// Major number of frame buffers (devices.txt of Linux).
const MAJOR: u32 = 29;
/// Pixels a metre of the monitors that screens pretend to have: 96 an inch.
const DENSITY: u32 = 3780;
/// Picoseconds a pixel takes at 60 pictures a second, some of them unseen as the Generalized Timing Formula has it.
const PIXEL_TIME: u64 = 1_000_000_000_000 / 60 * 3 / 4;

// asm-generic/fcntl.h, linux/stat.h, uapi/linux/fs.h.
const O_ACCMODE: u32 = 3;
const O_WRONLY: u32 = 1;
const S_IFCHR: u32 = 0o020_000;
/// Who may open the nodes: everyone, because what they lead to is virtual.
const MODE: u32 = 0o666;

/// What a guest has open.
struct Object {
    screen: usize,
    access: u32,
    position: Mutex<u64>,
}

/// The server.
pub struct Fb {
    post: Post,
    screens: Vec<Screen>,
    next: AtomicU64,
    objects: Mutex<HashMap<u64, Arc<Object>>>,
}

impl Fb {
    /// One with a screen for each of its nodes.
    ///
    /// # Errors
    /// What the host says of the memory.
    pub fn new(post: Post, modes: &[(Mode, u64)]) -> Result<Self, Errno> {
        let screens = modes.iter().map(|&(mode, size)| Screen::new(mode, size)).collect::<Result<_, _>>()?;
        let next = AtomicU64::new(post.first_object);
        Ok(Self { post, screens, next, objects: Mutex::default() })
    }

    /// The screen behind a path.
    fn node(&self, mount: u32, path: &[u8]) -> Result<usize, Errno> {
        let node = self.post.nodes.iter().find(|node| node.mount == mount).ok_or(Errno::NOENT)?;
        if !path.is_empty() {
            return Err(Errno::NOTDIR);
        }
        let number = node.path.strip_prefix("fb").and_then(|number| number.parse().ok());
        number.filter(|&number| number < self.screens.len()).ok_or(Errno::NXIO)
    }

    fn objects(&self) -> MutexGuard<'_, HashMap<u64, Arc<Object>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object that a request is about; where the guest has the descriptor from elsewhere, one as it was opened.
    fn find(&self, number: u64, caps: &Capabilities) -> Result<Arc<Object>, Errno> {
        if number != 0 {
            return self.objects().get(&number).cloned().ok_or(Errno::BADF);
        }
        let own = fstat(caps.received(0)?).map_err(host)?;
        let same = |screen: &Screen| fstat(screen.memory()).is_ok_and(|stat| stat.st_ino == own.st_ino);
        let screen = self.screens.iter().position(same).ok_or(Errno::BADF)?;
        Ok(Arc::new(Object { screen, access: 2, position: Mutex::new(0) }))
    }

    fn read(&self, object: &Object, offset: Option<u64>, length: u64) -> Result<Vec<u8>, Errno> {
        if object.access == O_WRONLY {
            return Err(Errno::BADF);
        }
        let mut position = lock(&object.position);
        let bytes =
            self.screens[object.screen].read(offset.unwrap_or(*position), length.min(INLINE) as usize)?;
        if offset.is_none() {
            *position += bytes.len() as u64;
        }
        Ok(bytes)
    }

    fn write(&self, object: &Object, offset: Option<u64>, bytes: &[u8]) -> Result<u64, Errno> {
        if object.access == 0 {
            return Err(Errno::BADF);
        }
        let mut position = lock(&object.position);
        let written = self.screens[object.screen].write(offset.unwrap_or(*position), bytes)? as u64;
        if offset.is_none() {
            *position += written;
        }
        Ok(written)
    }

    fn draw(
        &self,
        object: &Object,
        request: frame_request::Reader<'_>,
        reply: device::control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let screen = &self.screens[object.screen];
        match request.which().map_err(|_| Errno::BADMSG)? {
            frame_request::GetMode(()) => tell_mode(&screen.shown().mode, frame(reply).init_mode()),
            frame_request::SetMode(wanted) => {
                let wanted = wanted?;
                let mode = screen.set_mode(mode_from(wanted)?, wanted.get_test())?;
                tell_mode(&mode, frame(reply).init_mode());
            }
            frame_request::GetMemory(()) => {
                let mut memory = frame(reply).init_memory();
                memory.set_name("mapperfb");
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
                tell_colours(
                    &screen.shown().colours[start..start + count],
                    start,
                    frame(reply).init_colours(),
                );
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
}

fn frame(reply: device::control::results::Builder<'_>) -> frame_reply::Builder<'_> {
    reply.init_reply().init_frame()
}

fn lock(position: &Mutex<u64>) -> MutexGuard<'_, u64> {
    position.lock().unwrap_or_else(PoisonError::into_inner)
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

fn fill(mut stat: common::stat::Builder<'_>, screen: usize) {
    stat.set_mode(S_IFCHR | MODE);
    stat.set_links(1);
    stat.set_inode(screen as u64 + 1);
    stat.set_raw_device(makedev(MAJOR, screen as u32));
    stat.set_block_size(4096);
}

impl Device for Fb {
    fn fs_open(
        &self,
        _: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let screen = self.node(params.get_mount(), params.get_path()?)?;
        let memory = self.screens[screen].memory().try_clone_to_owned().map_err(|_| Errno::NFILE)?;
        let access = params.get_flags() & O_ACCMODE;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut objects = self.objects();
        if objects.len() >= OBJECTS {
            return Err(Errno::NFILE);
        }
        objects.insert(number, Arc::new(Object { screen, access, position: Mutex::new(0) }));
        caps.donate(memory);
        results.set_kind(Capability::Device);
        results.set_object(number);
        results.set_seekable(true);
        results.set_raw_device(makedev(MAJOR, screen as u32));
        results.set_flags(params.get_flags());
        Ok(())
    }

    fn fs_stat(
        &self,
        _: &Caller,
        params: fs::stat::params::Reader<'_>,
        results: fs::stat::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.node(params.get_mount(), params.get_path()?)?);
        Ok(())
    }

    fn fs_access(
        &self,
        _: &Caller,
        params: fs::access::params::Reader<'_>,
        _: fs::access::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        self.node(params.get_mount(), params.get_path()?)?;
        // X_OK of access(2).
        if params.get_mode() & 1 != 0 { Err(Errno::ACCES) } else { Ok(()) }
    }

    fn file_stat(
        &self,
        _: &Caller,
        params: file::stat::params::Reader<'_>,
        results: file::stat::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.find(params.get_object(), caps)?.screen);
        Ok(())
    }

    fn file_read(
        &self,
        _: &Caller,
        params: file::read::params::Reader<'_>,
        mut results: file::read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        results.set_data(&self.read(&object, None, params.get_length())?);
        Ok(())
    }

    fn file_write(
        &self,
        _: &Caller,
        params: file::write::params::Reader<'_>,
        mut results: file::write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        results.set_written(self.write(&object, None, params.get_data()?)?);
        Ok(())
    }

    fn file_read_vector(
        &self,
        _: &Caller,
        params: file::read_vector::params::Reader<'_>,
        mut results: file::read_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        let offset = u64::try_from(params.get_offset()).ok();
        results.set_data(&self.read(&object, offset, params.get_length())?);
        Ok(())
    }

    fn file_write_vector(
        &self,
        _: &Caller,
        params: file::write_vector::params::Reader<'_>,
        mut results: file::write_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        let offset = u64::try_from(params.get_offset()).ok();
        results.set_written(self.write(&object, offset, params.get_data()?)?);
        Ok(())
    }

    fn file_position_read(
        &self,
        _: &Caller,
        params: file::position_read::params::Reader<'_>,
        mut results: file::position_read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
        results.set_data(&self.read(&object, Some(offset), params.get_length())?);
        Ok(())
    }

    fn file_position_write(
        &self,
        _: &Caller,
        params: file::position_write::params::Reader<'_>,
        mut results: file::position_write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
        results.set_written(self.write(&object, Some(offset), params.get_data()?)?);
        Ok(())
    }

    fn file_seek(
        &self,
        _: &Caller,
        params: file::seek::params::Reader<'_>,
        mut results: file::seek::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        let mut position = lock(&object.position);
        let from = match params.get_whence() {
            0 => 0,
            1 => *position,
            2 => self.screens[object.screen].size(),
            _ => return Err(Errno::INVAL),
        };
        let offset = from.checked_add_signed(params.get_offset()).ok_or(Errno::INVAL)?;
        results.set_offset(i64::try_from(offset).map_err(|_| Errno::OVERFLOW)?);
        *position = offset;
        Ok(())
    }

    fn control(
        &self,
        _: &Caller,
        params: device::control::params::Reader<'_>,
        results: device::control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let object = self.find(params.get_object(), caps)?;
        match params.get_request().which().map_err(|_| Errno::BADMSG)? {
            device::control::params::request::Frame(request) => self.draw(&object, request?, results, caps),
            _ => Err(Errno::NOTTY),
        }
    }

    fn no_senders(&self, object: u64) {
        self.objects().remove(&object);
    }
}
