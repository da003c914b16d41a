//! `pflocal`: pipes, pairs of local sockets, and local sockets with names.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use schemas::Errno;
use schemas::server::{Caller, Pflocal};

use super::socket::{kind, socket_methods, without_waiting};
use crate::host::{HostResult, identity::acting_as, raw};
use crate::hurd::mounts::MountKind;
use crate::hurd::world::World;

/// Where the path begins in `struct sockaddr_un`.
const PATH: usize = 2;
/// Longest path in it.
const LONGEST: usize = 108;

/// The server.
pub struct PflocalServer {
    world: Arc<World>,
}

impl PflocalServer {
    /// The server of a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// The address on the host for one that a guest gave: a path is looked up below the directory that came along, or
    /// below the mount. What is returned beside the address must stay open while it is used.
    fn address(
        &self,
        address: &[u8],
        directory: Option<&OwnedFd>,
        mount: u32,
    ) -> Result<(Vec<u8>, Option<OwnedFd>), Errno> {
        if address.get(..PATH) != Some(&(libc::AF_UNIX as u16).to_ne_bytes()) {
            return Err(Errno::AFNOSUPPORT);
        }
        let path = address[PATH..].split(|byte| *byte == 0).next().unwrap_or_default();
        if path.is_empty() {
            // An abstract name, or none.
            return Ok((address.to_vec(), None));
        }
        let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (&path[..slash + 1], &path[slash + 1..]),
            None => (b".".as_slice(), path),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = match directory {
            Some(directory) => {
                rustix::fs::openat2(directory, folder, flags, Mode::empty(), ResolveFlags::empty())
            }
            None => {
                let table = self.world.mounts.table();
                let row = table.iter().find(|row| row.identifier == mount);
                let Some(MountKind::Directory(root)) = row.map(|row| &row.kind) else {
                    return Err(Errno::NOENT);
                };
                let root = rustix::fs::open(root.as_slice(), flags, Mode::empty()).host()?;
                rustix::fs::openat2(&root, folder, flags, Mode::empty(), ResolveFlags::IN_ROOT)
            }
        }
        .host()?;
        // The folder's own path is what others are told; where that is too long, a shorter way there must do.
        let magic = raw::magic_path(&folder);
        let real = rustix::fs::readlink(magic.as_str(), Vec::new()).map(|path| path.into_bytes());
        let names = |folder: &[u8]| [folder, b"/", name, b"\0"].concat();
        let path = real
            .map(|real| names(&real))
            .ok()
            .filter(|path| path.len() <= LONGEST)
            .unwrap_or_else(|| names(magic.as_bytes()));
        if path.len() > LONGEST {
            return Err(Errno::NAMETOOLONG);
        }
        Ok(([&address[..PATH], &path].concat(), Some(folder)))
    }
}

fn pipe(flags: u32, both: bool) -> Result<[OwnedFd; 2], Errno> {
    let flags = flags as i32;
    if flags & !(libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_DIRECT) != 0 {
        return Err(Errno::INVAL);
    }
    if both {
        let nonblocking = if flags & libc::O_NONBLOCK != 0 { libc::SOCK_NONBLOCK } else { 0 };
        return raw::socket_pair(libc::AF_UNIX, libc::SOCK_STREAM | nonblocking, 0);
    }
    let flags = rustix::pipe::PipeFlags::from_bits_retain((flags | libc::O_CLOEXEC) as u32);
    let (reader, writer) = rustix::pipe::pipe_with(flags).host()?;
    Ok([reader, writer])
}

/// The caller's identity decides whether a name can be made or reached.
fn named<T>(caller: &Caller, act: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    acting_as(&caller.credentials, act)
}

impl Pflocal for PflocalServer {
    methods! {
        fn pipe[pflocal::pipe](&self, _caller, params, _results, caps) {
            caps.donated.extend(pipe(params.get_flags(), params.get_both())?);
            Ok(())
        }

        fn socket_pair[pflocal::socket_pair](&self, _caller, params, _results, caps) {
            let kind = kind(params.get_type(), params.get_flags())?;
            caps.donated.extend(raw::socket_pair(libc::AF_UNIX, kind, params.get_protocol() as i32)?);
            Ok(())
        }

        fn socket_socket[socket::socket](&self, _caller, params, _results, caps) {
            if params.get_domain() as i32 != libc::AF_UNIX {
                return Err(Errno::AFNOSUPPORT);
            }
            let kind = kind(params.get_type(), params.get_flags())?;
            caps.donate(raw::socket(libc::AF_UNIX, kind, params.get_protocol() as i32)?);
            Ok(())
        }

        fn socket_bind[socket::bind](&self, caller, params, _results, caps) {
            let directory = if params.get_at_directory() { Some(caps.received(1)?) } else { None };
            named(caller, || {
                let (address, _folder) = self.address(params.get_address()?, directory, params.get_mount())?;
                raw::bind(caps.received(0)?, &address)
            })
        }

        fn socket_connect[socket::connect](&self, caller, params, _results, caps) {
            let directory = if params.get_at_directory() { Some(caps.received(1)?) } else { None };
            named(caller, || {
                let (address, _folder) = self.address(params.get_address()?, directory, params.get_mount())?;
                let socket = caps.received(0)?;
                without_waiting(socket, || raw::connect(socket, &address))
            })
        }
    }

    socket_methods!();
    descriptor_methods!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::{ask, caller, donated, none, world};
    use schemas::Personality;
    use schemas::server::{Capabilities, PflocalServer as Named};

    fn server() -> (Named<PflocalServer>, Caller) {
        (Named::new("pflocal", PflocalServer::new(world())), caller(Personality::FreeBsd))
    }

    #[test]
    fn pipes_carry_bytes_one_way_or_both() {
        let (server, caller) = server();
        for both in [false, true] {
            let mut caps = none();
            ask!(server, &caller, pflocal::pipe, PflocalPipe, |p| p.set_both(both), &mut caps, |_r| ())
                .unwrap();
            let [reader, writer] = <[OwnedFd; 2]>::try_from(caps.donated).unwrap();
            rustix::io::write(&writer, b"x").unwrap();
            assert_eq!(rustix::io::read(&reader, &mut [0; 4]).unwrap(), 1);
            assert_eq!(rustix::io::write(&reader, b"y").is_ok(), both);
        }
        let invalid =
            ask!(server, &caller, pflocal::pipe, PflocalPipe, |p| p.set_flags(1), &mut none(), |_r| ());
        assert_eq!(invalid, Err(Errno::INVAL));
    }

    #[test]
    fn named_socket_is_bound_and_reached_below_a_directory() {
        let (server, caller) = server();
        let folder = tempfile::tempdir().unwrap();
        let directory: OwnedFd = std::fs::File::open(folder.path()).unwrap().into();
        let socket = || {
            let mut caps = none();
            ask!(
                server,
                &caller,
                socket::socket,
                SocketSocket,
                |p| {
                    p.set_domain(libc::AF_UNIX as u32);
                    p.set_type(libc::SOCK_STREAM as u32);
                },
                &mut caps,
                |_r| ()
            )
            .unwrap();
            donated(caps)
        };
        let with_directory = |socket: &OwnedFd| {
            Capabilities::new(vec![socket.try_clone().unwrap(), directory.try_clone().unwrap()])
        };
        let address = [&(libc::AF_UNIX as u16).to_ne_bytes(), b"server\0".as_slice()].concat();
        let (listener, client) = (socket(), socket());
        let mut caps = with_directory(&listener);
        ask!(
            server,
            &caller,
            socket::bind,
            SocketBind,
            |p| {
                p.set_address(&address);
                p.set_at_directory(true);
            },
            &mut caps,
            |_r| ()
        )
        .unwrap();
        assert!(folder.path().join("server").exists());
        ask!(server, &caller, socket::listen, SocketListen, |p| p.set_backlog(1), &mut caps, |_r| ())
            .unwrap();
        let nobody = ask!(server, &caller, socket::accept, SocketAccept, |_p| (), &mut caps, |_r| ());
        assert_eq!(nobody, Err(Errno::AGAIN));
        let mut connecting = with_directory(&client);
        ask!(
            server,
            &caller,
            socket::connect,
            SocketConnect,
            |p| {
                p.set_address(&address);
                p.set_at_directory(true);
            },
            &mut connecting,
            |_r| ()
        )
        .unwrap();
        ask!(server, &caller, socket::accept, SocketAccept, |_p| (), &mut caps, |_r| ()).unwrap();
        let accepted = caps.donated.pop().unwrap();
        // A message with a descriptor, there and back.
        let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        let mut sending = Capabilities::new(vec![client, null]);
        let sent =
            ask!(server, &caller, socket::send, SocketSend, |p| p.set_data(b"hello"), &mut sending, |r| r
                .get_sent());
        assert_eq!(sent, Ok(5));
        let mut receiving = Capabilities::new(vec![accepted]);
        let got = ask!(
            server,
            &caller,
            socket::receive,
            SocketReceive,
            |p| {
                p.set_length(100);
                p.set_control_length(100);
            },
            &mut receiving,
            |r| r.get_data().unwrap().to_vec()
        );
        assert_eq!((got.unwrap(), receiving.donated.len()), (b"hello".to_vec(), 1));
    }

    #[test]
    fn other_families_are_not_local() {
        let (server, caller) = server();
        let made = ask!(
            server,
            &caller,
            socket::socket,
            SocketSocket,
            |p| {
                p.set_domain(libc::AF_INET as u32);
                p.set_type(libc::SOCK_STREAM as u32);
            },
            &mut none(),
            |_r| ()
        );
        assert_eq!(made, Err(Errno::AFNOSUPPORT));
    }
}
