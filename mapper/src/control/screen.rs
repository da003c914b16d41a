//! Screens, as the mapper itself looks at them: like a guest, by asking their server.

use std::os::fd::OwnedFd;

use residual_dev::fb::{self, Depth, Mode};
use schemas::message::{Message, ReplyBuffer};
use schemas::server::Capabilities;
use schemas::transport::MountKind;
use schemas::{Errno, Operation, device, fs};

use crate::servers::Answerer;
use crate::world::Live;

/// What a screen shows, as PNG.
///
/// # Errors
/// A sentence: which screens there are, or what its server says.
pub fn snapshot(world: &Live, name: &str) -> Result<Vec<u8>, String> {
    let mounts = world.mounts.current();
    let screens: Vec<_> = mounts
        .entries()
        .iter()
        .filter(|mount| mount.kind() == Some(MountKind::Server) && mount.prefix().starts_with(b"/dev/fb"))
        .collect();
    let Some(mount) = screens.iter().find(|mount| mount.prefix() == format!("/dev/{name}").as_bytes()) else {
        let names: Vec<_> =
            screens.iter().map(|mount| String::from_utf8_lossy(&mount.prefix()[5..]).into_owned()).collect();
        return Err(if names.is_empty() {
            "the world has no screen; a server of kind `fb` in its deployment makes one".to_owned()
        } else {
            format!("the world has no screen `{name}`, but {}", names.join(", "))
        });
    };
    let running = world.servers.running().current();
    let running = running.get(mount.target() as usize - 1).ok_or("its server is gone")?;
    let screen = Screen { server: &running.server, number: mount.target() };
    let (mode, memory) =
        screen.look(mount.identifier()).map_err(|errno| format!("its server says {errno}"))?;
    let mut picture = Vec::new();
    fb::write_png(&mode, &memory, &mut picture).map_err(|error| error.to_string())?;
    Ok(picture)
}

struct Screen<'a> {
    server: &'a Answerer,
    number: u32,
}

impl Screen<'_> {
    /// Its mode and its memory.
    fn look(&self, mount: u32) -> Result<(Mode, Vec<u8>), Errno> {
        let open = |message: capnp::any_pointer::Builder<'_>| {
            message.init_as::<fs::open::params::Builder<'_>>().set_mount(mount);
        };
        let (object, memory) = self.ask(Operation::FsOpen, open, |results, caps| {
            let results: fs::open::results::Reader<'_> = results.root()?;
            Ok((results.get_object(), caps.donated.pop().ok_or(Errno::BADMSG)?))
        })?;
        let looked = self.look_at(object, &memory);
        self.server.no_senders(object);
        looked
    }

    fn look_at(&self, object: u64, memory: &OwnedFd) -> Result<(Mode, Vec<u8>), Errno> {
        let get_mode = |message: capnp::any_pointer::Builder<'_>| {
            let mut params = message.init_as::<device::control::params::Builder<'_>>();
            params.set_object(object);
            params.get_request().init_frame().set_get_mode(());
        };
        let mode = self.ask(Operation::DeviceControl, get_mode, |results, _| {
            let results: device::control::results::Reader<'_> = results.root()?;
            match results.get_reply().which() {
                Ok(device::control::results::reply::Frame(reply)) => match reply?.which() {
                    Ok(device::frame_reply::Mode(mode)) => mode_of(mode?),
                    _ => Err(Errno::BADMSG),
                },
                _ => Err(Errno::BADMSG),
            }
        })?;
        let seen = mode.checked(u64::MAX)?;
        let mut bytes = vec![0; seen.size() as usize];
        let read = rustix::io::pread(memory, &mut bytes, 0).map_err(|errno| Errno(errno.raw_os_error()))?;
        bytes.truncate(read);
        Ok((seen, bytes))
    }

    fn ask<R>(
        &self,
        operation: Operation,
        fill: impl FnOnce(capnp::any_pointer::Builder<'_>),
        take: impl FnOnce(Message<'_>, &mut Capabilities) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let (mut request, mut reply) = (ReplyBuffer::default(), ReplyBuffer::default());
        let request = request.build(|root| {
            fill(root);
            Ok(())
        })?;
        let mut caps = Capabilities::default();
        let reply = self.server.ask(self.number, operation, &request, &mut caps, &mut reply)?;
        take(Message::new(&reply), &mut caps)
    }
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
