//! How a program becomes a guest of a running world.
//!
//! It connects to the world's socket for guests and is sent one datagram, of the kind `Descriptors`: beside it are the
//! world page, the sink for its trace, and the donated directories. When it knows what it is going to execute it says
//! `Hello`, and the connection becomes its first process socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect,
    listen as listen_on, recvmsg, sendmsg, socket_with,
};
use schemas::Personality;
use schemas::transport::{DESCRIPTORS, DIRECTORIES, Datagram, DatagramKind, MountKind, World};

use super::place::Place;
use crate::dispatch::Crew;
use crate::dispatch::socket::{self, Received};
use crate::launch::Ends;
use crate::route::ServerId;
use crate::world::Live;

/// Guests that may wait to be taken in.
const BACKLOG: i32 = 128;
/// What comes before the directories: the page and the sink.
const FIXED: usize = 2;

const _: () = assert!(FIXED + DIRECTORIES <= DESCRIPTORS);

/// Listens for guests.
pub(super) fn listen(path: &Path) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let listener = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    bind(&listener, &SocketAddrUnix::new(path)?)?;
    rustix::fs::chmod(path, Mode::RUSR | Mode::WUSR)?;
    listen_on(&listener, BACKLOG)?;
    Ok(listener)
}

/// The next guest's connection.
pub(super) fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(accept_with(listener, SocketFlags::CLOEXEC)?)
}

/// Gives a program what a guest starts with and, once it has said what it is, takes it in.
pub(super) async fn welcome(
    program: OwnedFd,
    world: &Live,
    crew: &Crew,
    sink: BorrowedFd<'_>,
) -> io::Result<()> {
    {
        let mounts = world.mounts.current();
        let given: Vec<_> = [world.page.file(), sink].into_iter().chain(mounts.directories()).collect();
        let datagram = Datagram { count: given.len() as u8, ..Datagram::new(DatagramKind::Descriptors) };
        send(program.as_fd(), &datagram, &given)?;
    }
    let program = super::watched(program)?;
    let hello = loop {
        let mut ready = program.readable().await?;
        match socket::receive(program.as_fd()) {
            Received::Datagram(datagram, _) if datagram.kind == DatagramKind::Hello => break datagram,
            Received::Nothing => ready.clear_ready(),
            Received::End => return Err(io::ErrorKind::ConnectionReset.into()),
            Received::Datagram(..) | Received::Nonsense => return Err(io::ErrorKind::InvalidData.into()),
        }
    };
    let pid = socket::maker(program.as_fd()).filter(|&pid| pid == hello.pid);
    match (pid, hello.personality) {
        (Some(pid), Some(personality)) => {
            let stack = u32::try_from(hello.argument).ok().filter(|number| *number != 0).map(ServerId);
            crew.admit(program.into_inner(), None, pid, personality, stack);
        }
        _ => return Err(io::ErrorKind::PermissionDenied.into()),
    }
    Ok(())
}

fn send(socket: BorrowedFd<'_>, datagram: &Datagram, descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::TOOBIG);
    }
    sendmsg(socket, &[IoSlice::new(&datagram.to_bytes())], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What a world has given to a program that joins it.
#[derive(Debug)]
pub struct Invitation {
    socket: OwnedFd,
    page: OwnedFd,
    sink: OwnedFd,
    directories: Vec<OwnedFd>,
}

/// A world that cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Nothing answers there.
    #[error("cannot join world `{name}`: {} does not answer ({errno}); {}", socket.display(), what_to_do(name))]
    NoWorld {
        /// The world.
        name: String,
        /// Its socket.
        socket: PathBuf,
        /// Why it cannot be connected to.
        errno: Errno,
    },
    /// It speaks another language.
    #[error(
        "cannot join world `{0}`: its mapper is of another version; end it with `mapper down --world {0}` and start it again"
    )]
    Version(String),
    /// It went away.
    #[error("cannot join world `{name}`: its mapper did not let the program in ({errno})")]
    Refused {
        /// The world.
        name: String,
        /// What the host says.
        errno: Errno,
    },
}

/// What to do about a world that is not there.
pub(super) fn what_to_do(name: &str) -> String {
    let others: Vec<_> = super::place::running().iter().map(|place| format!("`{}`", place.name())).collect();
    let others = match others.len() {
        0 => "no world is running".to_owned(),
        1 => format!("{} is running", others[0]),
        _ => format!("{} are running", others.join(", ")),
    };
    format!("{others}. Start it with `mapper up --world {name}`")
}

impl Invitation {
    /// Asks the world at `place` to take this process in.
    pub fn ask(place: &Place) -> Result<Self, JoinError> {
        let path = place.guest_socket();
        let name = || place.name().to_owned();
        let socket = connected(&path).map_err(|errno| JoinError::NoWorld {
            name: name(),
            socket: path.clone(),
            errno,
        })?;
        let (datagram, descriptors) =
            receive(&socket).map_err(|errno| JoinError::Refused { name: name(), errno })?;
        let good = datagram.is_some_and(|datagram| {
            datagram.kind == DatagramKind::Descriptors && usize::from(datagram.count) == descriptors.len()
        });
        let mut descriptors = descriptors.into_iter();
        match (good, descriptors.next(), descriptors.next()) {
            (true, Some(page), Some(sink)) => {
                Ok(Self { socket, page, sink, directories: descriptors.collect() })
            }
            _ => Err(JoinError::Version(name())),
        }
    }

    /// Says what this process is going to be, and which network stack it is to have rather than that of its OS.
    pub fn accept(&self, personality: Personality, stack: Option<ServerId>) -> Result<(), Errno> {
        let pid = std::process::id() as i32;
        let personality = Some(personality);
        let argument = stack.map_or(0, |stack| u64::from(stack.0));
        let hello = Datagram { pid, personality, argument, ..Datagram::new(DatagramKind::Hello) };
        send(self.socket.as_fd(), &hello, &[])
    }

    /// What the guest starts with.
    pub fn ends(&self) -> Ends<'_> {
        Ends {
            socket: self.socket.as_fd(),
            region: None,
            page: self.page.as_fd(),
            trace: self.sink.as_fd(),
            directories: self.directories.iter().map(AsFd::as_fd).collect(),
        }
    }

    /// The directories where each OS's own files are: those that are the root for that OS alone.
    pub fn sysroots(&self) -> Result<Vec<(Personality, PathBuf)>, Errno> {
        let world = map(&self.page)?;
        let mut sysroots = Vec::new();
        for mount in (0..world.mount_count()).filter_map(|index| world.mount(index)) {
            let mut seen = Personality::ALL.into_iter().filter(|personality| mount.visible_to(*personality));
            let (Some(only), None) = (seen.next(), seen.next()) else { continue };
            if mount.prefix().is_empty()
                && mount.kind() == Some(MountKind::Directory)
                && let Some(directory) = self.directories.get(mount.target() as usize)
            {
                let link = format!("/proc/self/fd/{}", directory.as_raw_fd());
                let path = std::fs::read_link(link);
                sysroots
                    .push((only, path.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?));
            }
        }
        Ok(sysroots)
    }
}

fn connected(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

fn receive(socket: &OwnedFd) -> Result<(Option<Datagram>, Vec<OwnedFd>), Errno> {
    let mut bytes = [0; Datagram::SIZE];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = loop {
        let received =
            recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC);
        match received {
            Err(Errno::INTR) => {}
            received => break received?,
        }
    };
    let mut descriptors = Vec::new();
    for part in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            descriptors.extend(rights);
        }
    }
    if message.bytes == 0 && descriptors.is_empty() {
        return Err(Errno::CONNRESET);
    }
    Ok((Datagram::from_bytes(&bytes[..message.bytes]), descriptors))
}

/// Maps a world page for reading, until this process executes something else.
fn map(page: &OwnedFd) -> Result<&'static World, Errno> {
    if rustix::fs::fstat(page)?.st_size < World::SIZE as i64 {
        return Err(Errno::PROTO);
    }
    // SAFETY: a new mapping at an address that the kernel chooses.
    let start = unsafe {
        rustix::mm::mmap(std::ptr::null_mut(), World::SIZE, ProtFlags::READ, MapFlags::SHARED, page, 0)
    }?;
    let start = NonNull::new(start.cast()).ok_or(Errno::FAULT)?;
    // SAFETY: the mapping is page-aligned, of that size, and is never unmapped.
    unsafe { World::open(start) }.map_err(|errno| Errno::from_raw_os_error(errno.0))
}
