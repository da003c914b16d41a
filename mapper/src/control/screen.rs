//! Screens, as the mapper itself looks at them and uses them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use residual_dev::fb::{self, Depth, Mode};
use rustix::process::{Pid, Signal, kill_process};
use schemas::device::control::results::reply;
use schemas::{Errno, control, device};

use super::device::{Device, Node, nodes};
use crate::world::Live;

/// What a screen shows, as PNG.
///
/// # Errors
/// A sentence: which screens there are, or what its server says.
pub fn snapshot(world: &Live, name: &str) -> Result<Vec<u8>, String> {
    let looked = Device::open(world, &find(world, name)?).and_then(|screen| look(&screen));
    let (mode, memory) = looked.map_err(|errno| format!("its server says {errno}"))?;
    let mut picture = Vec::new();
    fb::write_png(&mode, &memory, &mut picture).map_err(|error| error.to_string())?;
    Ok(picture)
}

/// Finds a screen by the name of its node.
fn find(world: &Live, name: &str) -> Result<Node, String> {
    let screens = nodes(world, "fb");
    screens.iter().find(|node| node.name == name).cloned().ok_or_else(|| {
        let names: Vec<_> = screens.iter().map(|node| node.name.as_str()).collect();
        if names.is_empty() {
            "the world has no screen; a server of kind `fb` in its deployment makes one".to_owned()
        } else {
            format!("the world has no screen `{name}`, but {}", names.join(", "))
        }
    })
}

/// Its mode and its memory.
fn look(screen: &Device) -> Result<(Mode, Vec<u8>), Errno> {
    let seen = mode(screen)?;
    let mut bytes = vec![0; seen.size() as usize];
    let read =
        rustix::io::pread(&screen.descriptor, &mut bytes, 0).map_err(|errno| Errno(errno.raw_os_error()))?;
    bytes.truncate(read);
    Ok((seen, bytes))
}

/// Its mode.
fn mode(screen: &Device) -> Result<Mode, Errno> {
    let mode = screen.control(
        |request| request.init_frame().set_get_mode(()),
        |reply| match reply.which() {
            Ok(reply::Frame(reply)) => match reply?.which() {
                Ok(device::frame_reply::Mode(mode)) => mode_of(mode?),
                _ => Err(Errno::BADMSG),
            },
            _ => Err(Errno::BADMSG),
        },
    )?;
    mode.checked(u64::MAX)
}

/// Does with keyboard and pointer what somebody does.
fn feed(
    screen: &Device,
    events: capnp::struct_list::Reader<'_, device::input_event::Owned>,
) -> Result<(), Errno> {
    let mut filled = Ok(());
    let answered = screen.control(
        |request| filled = request.init_input().set_feed(events),
        |reply| match reply.which() {
            Ok(reply::Input(reply)) => {
                let notice = reply?.get_notify()?;
                Ok((notice.get_pid(), notice.get_signal()))
            }
            _ => Err(Errno::BADMSG),
        },
    );
    filled?;
    let (pid, signal) = answered?;
    // The program of a terminal is asked to let the screen go, or told that it has it. It may be gone.
    if let (Some(pid), Some(signal)) = (Pid::from_raw(pid), Signal::from_named_raw(signal as i32)) {
        let _ = kill_process(pid, signal);
    }
    Ok(())
}

fn mode_of(mode: device::frame_mode::Reader<'_>) -> Result<Mode, Errno> {
    Ok(Mode {
        width: mode.get_width(),
        height: mode.get_height(),
        virtual_width: mode.get_virtual_width(),
        virtual_height: mode.get_virtual_height(),
        left: mode.get_left(),
        top: mode.get_top(),
        depth: Depth::from_bits(mode.get_bits()).ok_or(Errno::BADMSG)?,
    })
}

/// A screen that somebody sits in front of. It outlives the death of its server.
pub struct Seat {
    world: Arc<Live>,
    name: String,
    screen: RefCell<Option<Device>>,
}

impl Seat {
    /// Sits down in front of a screen.
    ///
    /// # Errors
    /// A sentence, as [`snapshot`].
    pub fn take(world: Arc<Live>, name: &str) -> Result<Self, String> {
        find(&world, name)?;
        Ok(Self { world, name: name.to_owned(), screen: RefCell::new(None) })
    }

    /// Does something with the screen, or with the one that took its place.
    fn with<R>(&self, act: impl Fn(&Device) -> Result<R, Errno>) -> Result<R, String> {
        let mut open = self.screen.borrow_mut();
        let mut last = Errno::IO;
        for _ in 0..2 {
            if open.is_none() {
                match Device::open(&self.world, &find(&self.world, &self.name)?) {
                    Ok(new) => *open = Some(new),
                    Err(errno) => {
                        last = errno;
                        continue;
                    }
                }
            }
            match open.as_ref().map(&act) {
                Some(Ok(done)) => return Ok(done),
                Some(Err(errno)) => last = errno,
                None => {}
            }
            *open = None;
        }
        Err(format!("the server of {} says {last}", self.name))
    }
}

impl control::screen::Server for Seat {
    async fn feed(
        self: Rc<Self>,
        params: control::screen::FeedParams,
        _: control::screen::FeedResults,
    ) -> capnp::Result<()> {
        let events = params.get()?.get_events()?;
        self.with(|screen| feed(screen, events)).map_err(capnp::Error::failed)
    }
}
