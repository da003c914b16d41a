//! The server `fb`: screens, and the terminals, the keyboard and the pointer that go with the first of them.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::fs::fstat;
use schemas::common::Capability;
use schemas::device::input_request;
use schemas::server::{Caller, Capabilities, Device, Post};
use schemas::{Errno, common, device, file, fs};

use super::mode::Mode;
use super::node::Node;
use super::requests;
use super::screen::Screen;
use super::tell;
use crate::console::{Asker, Console, Notice, Pair};
use crate::input::{Action, Input};
use crate::{errno, lock};

/// Most objects that are open at once.
const OBJECTS: usize = 4096;
/// Most bytes that a message brings; who wants more reads again, or maps the memory.
const INLINE: u64 = 24 << 10;
/// Most that somebody does at once.
const ACTIONS: u32 = 4096;

// asm-generic/fcntl.h, linux/stat.h, uapi/linux/fs.h.
const O_ACCMODE: u32 = 3;
const O_WRONLY: u32 = 1;
const O_NONBLOCK: u32 = 0o4000;
const S_IFCHR: u32 = 0o020_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFREG: u32 = 0o100_000;
const S_IFLNK: u32 = 0o120_000;
/// Who may open the nodes: everyone, because what they lead to is virtual.
const MODE: u32 = 0o666;

/// What a guest has open.
struct Object {
    node: Node,
    access: u32,
    position: Mutex<u64>,
}

/// The server.
pub struct Fb {
    post: Post,
    screens: Vec<Arc<Screen>>,
    console: Console,
    input: Input,
    next: AtomicU64,
    objects: Mutex<HashMap<u64, Arc<Object>>>,
}

impl Fb {
    /// One with screens, of a mode and so much memory each, and so many terminals.
    ///
    /// # Errors
    /// What the host says of memory and terminals.
    pub fn new(post: Post, modes: &[(Mode, u64)], terminals: u32) -> Result<Self, Errno> {
        let screen = |&(mode, size): &(Mode, u64)| Screen::new(mode, size).map(Arc::new);
        let screens = modes.iter().map(screen).collect::<Result<Vec<_>, _>>()?;
        let pairs = (0..terminals).map(|_| Pair::new()).collect::<Result<_, _>>()?;
        let console = Console::new(screens.first().ok_or(Errno::INVAL)?.clone(), pairs);
        let next = AtomicU64::new(post.first_object);
        Ok(Self { post, screens, console, input: Input::default(), next, objects: Mutex::default() })
    }

    /// The node of a mount.
    fn mounted(&self, mount: u32) -> Result<Node, Errno> {
        let node = self.post.nodes.iter().find(|node| node.mount == mount).ok_or(Errno::NOENT)?;
        let is_there = |node: &Node| match node {
            Node::Screen(number) | Node::Directory(number) => *number < self.screens.len(),
            _ => true,
        };
        Node::at(&node.path).filter(is_there).ok_or(Errno::NXIO)
    }

    /// The node behind a path, which is a device.
    fn node(&self, mount: u32, path: &[u8]) -> Result<Node, Errno> {
        let node = self.mounted(mount)?;
        if path.is_empty() { Ok(node) } else { Err(Errno::NOTDIR) }
    }

    /// The text at a path, which only tells of a device.
    fn text(&self, mount: u32, path: &[u8]) -> Result<Option<String>, Errno> {
        match self.mounted(mount)? {
            Node::Directory(screen) if !path.is_empty() => {
                tell::attribute(screen, &self.screens[screen].shown().mode, path).map(Some)
            }
            Node::List if path.is_empty() => Ok(Some(tell::list(self.screens.len()))),
            _ => Ok(None),
        }
    }

    fn objects(&self) -> MutexGuard<'_, HashMap<u64, Arc<Object>>> {
        crate::lock(&self.objects)
    }

    /// The object that a request is about; where the guest has the descriptor from elsewhere, one as it was opened.
    fn find(&self, number: u64, caps: &Capabilities) -> Result<Arc<Object>, Errno> {
        if number != 0 {
            return self.objects().get(&number).cloned().ok_or(Errno::BADF);
        }
        let own = fstat(caps.received(0)?).map_err(errno)?;
        let same = |screen: &Arc<Screen>| fstat(screen.memory()).is_ok_and(|stat| stat.st_ino == own.st_ino);
        let screen = self.screens.iter().position(same).ok_or(Errno::BADF)?;
        Ok(Arc::new(Object { node: Node::Screen(screen), access: 2, position: Mutex::new(0) }))
    }

    /// The descriptor that the guest of a new object gets.
    fn opened(&self, number: u64, node: Node, flags: u32) -> Result<OwnedFd, Errno> {
        let nonblocking = flags & O_NONBLOCK != 0;
        match node {
            Node::Screen(screen) => {
                self.screens[screen].memory().try_clone_to_owned().map_err(|_| Errno::NFILE)
            }
            Node::Terminal(terminal) => self.console.open(number, terminal),
            Node::Events(kind) => self.input.open(number, kind, nonblocking),
            Node::Mice => self.input.open_mice(number, nonblocking),
            // The directory itself is a link to where it would be.
            Node::Directory(_) | Node::List => Err(Errno::NOENT),
        }
    }

    fn read(
        &self,
        number: u64,
        offset: Option<u64>,
        length: u64,
        caps: &Capabilities,
    ) -> Result<Vec<u8>, Errno> {
        let object = self.find(number, caps)?;
        if object.access == O_WRONLY {
            return Err(Errno::BADF);
        }
        let length = length.min(INLINE) as usize;
        let Node::Screen(screen) = object.node else {
            // Only a screen has places.
            return match offset {
                None => self.input.read(number, caps.received(0)?, length),
                Some(_) => Err(Errno::SPIPE),
            };
        };
        let mut position = lock(&object.position);
        let bytes = self.screens[screen].read(offset.unwrap_or(*position), length)?;
        if offset.is_none() {
            *position += bytes.len() as u64;
        }
        Ok(bytes)
    }

    fn write(
        &self,
        number: u64,
        offset: Option<u64>,
        bytes: &[u8],
        caps: &Capabilities,
    ) -> Result<u64, Errno> {
        let object = self.find(number, caps)?;
        if object.access == 0 {
            return Err(Errno::BADF);
        }
        let Node::Screen(screen) = object.node else {
            return match offset {
                None => self.input.write(number, bytes),
                Some(_) => Err(Errno::SPIPE),
            };
        };
        let mut position = lock(&object.position);
        let written = self.screens[screen].write(offset.unwrap_or(*position), bytes)? as u64;
        if offset.is_none() {
            *position += written;
        }
        Ok(written)
    }

    /// What somebody did with keyboard and pointer in front of a screen.
    fn act(
        &self,
        screen: usize,
        actions: capnp::struct_list::Reader<'_, device::input_event::Owned>,
    ) -> Result<Option<Notice>, Errno> {
        if actions.len() > ACTIONS {
            return Err(Errno::MSGSIZE);
        }
        let mode = self.screens[screen].shown().mode;
        let mut notice = None;
        for action in actions {
            let action = Action::read(action)?;
            if let Some((code, value)) = self.input.act(action, (mode.width, mode.height)) {
                notice = self.console.key(code, value).or(notice);
            }
        }
        Ok(notice)
    }
}

fn fill(mut stat: common::stat::Builder<'_>, node: Node) {
    stat.set_mode(S_IFCHR | MODE);
    stat.set_links(1);
    // No other node has the number of its device.
    stat.set_inode(node.device());
    stat.set_raw_device(node.device());
    stat.set_block_size(4096);
}

fn tell(mut to: common::signal_target::Builder<'_>, notice: Option<Notice>) {
    if let Some(Notice { pid, signal }) = notice {
        to.set_pid(pid);
        to.set_signal(signal);
    }
}

impl Device for Fb {
    fn fs_open(
        &self,
        _: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let flags = params.get_flags();
        if let Some(text) = self.text(params.get_mount(), params.get_path()?)? {
            if flags & O_ACCMODE != 0 {
                return Err(Errno::ACCES);
            }
            caps.donate(tell::file(&text)?);
            results.set_kind(Capability::Descriptor);
            results.set_seekable(true);
            results.set_flags(flags);
            return Ok(());
        }
        let node = self.node(params.get_mount(), params.get_path()?)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut objects = self.objects();
        if objects.len() >= OBJECTS {
            return Err(Errno::NFILE);
        }
        caps.donate(self.opened(number, node, flags)?);
        objects.insert(number, Arc::new(Object { node, access: flags & O_ACCMODE, position: Mutex::new(0) }));
        let is_terminal = matches!(node, Node::Terminal(_));
        results.set_kind(if is_terminal { Capability::Console } else { Capability::Device });
        results.set_object(number);
        results.set_seekable(matches!(node, Node::Screen(_)));
        results.set_raw_device(node.device());
        results.set_flags(flags);
        Ok(())
    }

    fn fs_stat(
        &self,
        _: &Caller,
        params: fs::stat::params::Reader<'_>,
        results: fs::stat::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        if let Some(text) = self.text(params.get_mount(), params.get_path()?)? {
            let mut stat = results.init_stat();
            stat.set_mode(S_IFREG | 0o444);
            stat.set_links(1);
            stat.set_size(text.len() as i64);
            return Ok(());
        }
        match self.node(params.get_mount(), params.get_path()?)? {
            Node::Directory(_) if !params.get_follow() => results.init_stat().set_mode(S_IFLNK | 0o777),
            Node::Directory(_) => results.init_stat().set_mode(S_IFDIR | 0o755),
            node => fill(results.init_stat(), node),
        }
        Ok(())
    }

    fn fs_read_link(
        &self,
        _: &Caller,
        params: fs::read_link::params::Reader<'_>,
        mut results: fs::read_link::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        match (self.mounted(params.get_mount())?, params.get_path()?.is_empty()) {
            (Node::Directory(screen), true) => results.set_target(tell::link(screen).as_bytes()),
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    fn fs_access(
        &self,
        _: &Caller,
        params: fs::access::params::Reader<'_>,
        _: fs::access::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        let is_text = self.text(params.get_mount(), params.get_path()?)?.is_some();
        if !is_text {
            self.node(params.get_mount(), params.get_path()?)?;
        }
        // X_OK and W_OK of access(2).
        let refused = if is_text { 1 | 2 } else { 1 };
        if params.get_mode() & refused != 0 { Err(Errno::ACCES) } else { Ok(()) }
    }

    /// Nodes are the deployment's: as on a file system that can only be read.
    fn fs_set_owner(
        &self,
        _: &Caller,
        params: fs::set_owner::params::Reader<'_>,
        _: fs::set_owner::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        self.mounted(params.get_mount()).and(Err(Errno::ROFS))
    }

    fn fs_set_mode(
        &self,
        _: &Caller,
        params: fs::set_mode::params::Reader<'_>,
        _: fs::set_mode::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        self.mounted(params.get_mount()).and(Err(Errno::ROFS))
    }

    fn file_stat(
        &self,
        _: &Caller,
        params: file::stat::params::Reader<'_>,
        results: file::stat::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.find(params.get_object(), caps)?.node);
        Ok(())
    }

    fn file_read(
        &self,
        _: &Caller,
        params: file::read::params::Reader<'_>,
        mut results: file::read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        results.set_data(&self.read(params.get_object(), None, params.get_length(), caps)?);
        Ok(())
    }

    fn file_write(
        &self,
        _: &Caller,
        params: file::write::params::Reader<'_>,
        mut results: file::write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        results.set_written(self.write(params.get_object(), None, params.get_data()?, caps)?);
        Ok(())
    }

    fn file_read_vector(
        &self,
        _: &Caller,
        params: file::read_vector::params::Reader<'_>,
        mut results: file::read_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let offset = u64::try_from(params.get_offset()).ok();
        results.set_data(&self.read(params.get_object(), offset, params.get_length(), caps)?);
        Ok(())
    }

    fn file_write_vector(
        &self,
        _: &Caller,
        params: file::write_vector::params::Reader<'_>,
        mut results: file::write_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let offset = u64::try_from(params.get_offset()).ok();
        results.set_written(self.write(params.get_object(), offset, params.get_data()?, caps)?);
        Ok(())
    }

    fn file_position_read(
        &self,
        _: &Caller,
        params: file::position_read::params::Reader<'_>,
        mut results: file::position_read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
        results.set_data(&self.read(params.get_object(), Some(offset), params.get_length(), caps)?);
        Ok(())
    }

    fn file_position_write(
        &self,
        _: &Caller,
        params: file::position_write::params::Reader<'_>,
        mut results: file::position_write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let offset = u64::try_from(params.get_offset()).map_err(|_| Errno::INVAL)?;
        results.set_written(self.write(params.get_object(), Some(offset), params.get_data()?, caps)?);
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
        let Node::Screen(screen) = object.node else { return Err(Errno::SPIPE) };
        let mut position = lock(&object.position);
        let from = match params.get_whence() {
            0 => 0,
            1 => *position,
            2 => self.screens[screen].size(),
            _ => return Err(Errno::INVAL),
        };
        let offset = from.checked_add_signed(params.get_offset()).ok_or(Errno::INVAL)?;
        results.set_offset(i64::try_from(offset).map_err(|_| Errno::OVERFLOW)?);
        *position = offset;
        Ok(())
    }

    fn control(
        &self,
        caller: &Caller,
        params: device::control::params::Reader<'_>,
        results: device::control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        use device::control::params::request::{Console, Frame, Input};
        let number = params.get_object();
        let object = self.find(number, caps)?;
        let request = params.get_request().which().map_err(|_| Errno::BADMSG)?;
        match (request, object.node) {
            (Frame(request), Node::Screen(screen)) => {
                let request = request?;
                requests::draw(&self.screens[screen], request, results, caps)?;
                let changes_mode = matches!(request.which(), Ok(device::frame_request::SetMode(_)));
                if changes_mode && screen == 0 {
                    self.console.resize();
                }
                Ok(())
            }
            (Console(request), Node::Terminal(_)) => {
                let asker = Asker { task: caller.task, pid: caller.pid, object: number };
                let request = request?.which().map_err(|_| Errno::BADMSG)?;
                let mut reply = results.init_reply().init_console();
                let notice = self.console.control(asker, request, reply.reborrow())?;
                tell(reply.init_notify(), notice);
                Ok(())
            }
            (Input(request), node) => {
                let request = request?.which().map_err(|_| Errno::BADMSG)?;
                let mut reply = results.init_reply().init_input();
                match (request, node) {
                    // Only the mapper, which is no task of its own, stands in front of the screen.
                    (input_request::Feed(actions), Node::Screen(screen)) if caller.task == 0 => {
                        tell(reply.init_notify(), self.act(screen, actions?)?);
                        Ok(())
                    }
                    (request, Node::Events(_)) => self.input.control(number, request, reply.reborrow()),
                    _ => Err(Errno::NOTTY),
                }
            }
            _ => Err(Errno::NOTTY),
        }
    }

    fn no_senders(&self, object: u64) {
        let gone = self.objects().remove(&object);
        match gone.map(|gone| gone.node) {
            Some(Node::Terminal(_)) => self.console.close(object),
            Some(Node::Events(_) | Node::Mice) => self.input.close(object),
            _ => {}
        }
    }

    fn task_ended(&self, task: u64) {
        self.console.task_ended(task);
    }
}
