//! Screens, as the mapper itself looks at them.

use residual_dev::fb::{self, Depth, Mode};
use schemas::device::control::results::reply;
use schemas::{Errno, device};

use super::device::{Device, nodes};
use crate::world::Live;

/// What a screen shows, as PNG.
///
/// # Errors
/// A sentence: which screens there are, or what its server says.
pub fn snapshot(world: &Live, name: &str) -> Result<Vec<u8>, String> {
    let screens = nodes(world, "fb");
    let Some(screen) = screens.iter().find(|node| node.name == name) else {
        let names: Vec<_> = screens.iter().map(|node| node.name.as_str()).collect();
        return Err(if names.is_empty() {
            "the world has no screen; a server of kind `fb` in its deployment makes one".to_owned()
        } else {
            format!("the world has no screen `{name}`, but {}", names.join(", "))
        });
    };
    let looked = Device::open(world, screen).and_then(|screen| look(&screen));
    let (mode, memory) = looked.map_err(|errno| format!("its server says {errno}"))?;
    let mut picture = Vec::new();
    fb::write_png(&mode, &memory, &mut picture).map_err(|error| error.to_string())?;
    Ok(picture)
}

/// Its mode and its memory.
fn look(screen: &Device) -> Result<(Mode, Vec<u8>), Errno> {
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
    let seen = mode.checked(u64::MAX)?;
    let mut bytes = vec![0; seen.size() as usize];
    let read =
        rustix::io::pread(&screen.descriptor, &mut bytes, 0).map_err(|errno| Errno(errno.raw_os_error()))?;
    bytes.truncate(read);
    Ok((seen, bytes))
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
