//! The server `tun`: `/dev/net/tun` of Linux, `/dev/tun` and `/dev/tap` of BSD systems.

use std::collections::HashMap;
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::{fstat, makedev};
use schemas::common::Capability;
use schemas::device::{control, generic_request, tun_mode, tun_reply, tun_request};
use schemas::server::{Caller, Capabilities, Device, MountedNode};
use schemas::{Errno, common, file, fs};

use super::port::{Front, Mode, Port, Queue, Terms};
use crate::network::{Flags, Host, Hosts, Interface, Mac};
use crate::readiness::{Hangups, Readiness};
use crate::shared::{INLINE, share};
use crate::{errno, lock};

/// Most objects that are open at once.
const OBJECTS: usize = 4096;
/// Units of a name (`tun0` …) that are tried.
const UNITS: u32 = 1024;
/// What links of these kinds have at first (`ETHERMTU`).
const MTU: u32 = 1500;
/// The least and the most that they can be given.
const MTUS: std::ops::RangeInclusive<u32> = 68..=65535;

// asm-generic/fcntl.h, linux/stat.h.
const O_NONBLOCK: u32 = 0o4000;
const S_IFCHR: u32 = 0o020_000;
/// Who may open the nodes: everyone, because the interfaces are virtual.
const MODE: u32 = 0o666;
/// The numbers of `/dev/net/tun` (devices.txt of Linux), and the major number of the others.
const LINUX: (u32, u32) = (10, 200);
const MAJOR: u32 = 0x0c0;

/// What a node opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// A descriptor that is attached by `TUNSETIFF`.
    Linux,
    /// A unit of BSD's, or the first that is free.
    Bsd { ethernet: bool, unit: Option<u32> },
}

impl Node {
    fn of(path: &str) -> Option<Node> {
        if path == "net/tun" {
            return Some(Node::Linux);
        }
        let (ethernet, unit) = match (path.strip_prefix("tap"), path.strip_prefix("tun")) {
            (Some(unit), _) => (true, unit),
            (_, Some(unit)) => (false, unit),
            _ => return None,
        };
        let unit = if unit.is_empty() { None } else { Some(unit.parse().ok()?) };
        Some(Node::Bsd { ethernet, unit })
    }

    fn device(self, at: usize) -> u64 {
        match self {
            Node::Linux => makedev(LINUX.0, LINUX.1),
            Node::Bsd { .. } => makedev(MAJOR, at as u32),
        }
    }
}

struct Open {
    inode: u64,
    device: u64,
    bsd: bool,
    /// Whose interfaces it makes.
    host: Arc<Host>,
    queue: Arc<Queue>,
}

/// What the server has.
pub struct State {
    hosts: Hosts,
    up_on_open: bool,
    nodes: Vec<MountedNode>,
    next: AtomicU64,
    objects: Mutex<HashMap<u64, Open>>,
    ports: Mutex<Vec<Arc<Port>>>,
}

fn fill(mut stat: common::stat::Builder<'_>, device: u64) {
    stat.set_mode(S_IFCHR | MODE);
    stat.set_links(1);
    stat.set_raw_device(device);
    stat.set_block_size(4096);
}

/// The server.
pub struct Tun {
    state: Arc<State>,
    hangups: Hangups,
}

impl Deref for Tun {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Tun {
    /// One that adds interfaces to hosts, of which those of BSD's units are taken up when they are opened where
    /// `up_on_open` says so. It numbers its objects from `first` on.
    ///
    /// # Errors
    /// As [`Hangups::new`].
    pub fn new(hosts: Hosts, up_on_open: bool, nodes: Vec<MountedNode>, first: u64) -> Result<Self, Errno> {
        let next = AtomicU64::new(first.max(1));
        let (objects, ports) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State { hosts, up_on_open, nodes, next, objects, ports });
        let watched = Arc::downgrade(&state);
        let gone = move |number| {
            if let Some(state) = watched.upgrade() {
                state.close(number);
            }
        };
        Ok(Self { state, hangups: Hangups::new(gone).map_err(errno)? })
    }
}

impl State {
    fn node(&self, mount: u32, path: &[u8]) -> Result<(Node, u64), Errno> {
        let at = self.nodes.iter().position(|node| node.mount == mount).ok_or(Errno::NOENT)?;
        if !path.is_empty() {
            return Err(Errno::NOTDIR);
        }
        let node = Node::of(&self.nodes[at].path).ok_or(Errno::NXIO)?;
        Ok((node, node.device(at)))
    }

    /// The descriptor that a request is about: by its number, or, where the guest has it from elsewhere, by what it is
    /// of the host.
    fn find<T>(&self, number: u64, caps: &Capabilities, take: impl FnOnce(&Open) -> T) -> Result<T, Errno> {
        let objects = lock(&self.objects);
        if number != 0 {
            return objects.get(&number).map(take).ok_or(Errno::BADF);
        }
        let inode = fstat(caps.received(0)?.as_fd()).map_err(errno)?.st_ino;
        objects.values().find(|open| open.inode == inode).map(take).ok_or(Errno::BADF)
    }

    /// Does something with the queue of the descriptor that a request is about, after which that tells whether there is
    /// something to read.
    fn serve<R>(
        &self,
        number: u64,
        caps: &Capabilities,
        action: impl FnOnce(&Queue) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let queue = self.find(number, caps, |open| open.queue.clone())?;
        let result = action(&queue);
        queue.readiness().settle(caps.received(0)?);
        result
    }

    /// The port of an interface of this server's.
    fn port(&self, interface: &Interface) -> Option<Arc<Port>> {
        {
            let ports = lock(&self.ports);
            let is = |own: Arc<Interface>| std::ptr::eq(&*own, interface);
            ports.iter().find(|port| port.interface().is_some_and(is)).cloned()
        }
    }

    /// Adds an interface, with the first free number in place of `%d`.
    fn create(&self, host: &Host, name: &str, ethernet: bool, terms: Terms) -> Result<Arc<Port>, Errno> {
        let names: Box<dyn Iterator<Item = String>> = match name.split_once("%d") {
            Some((front, back)) => Box::new((0..UNITS).map(move |unit| format!("{front}{unit}{back}"))),
            None => Box::new(std::iter::once(name.to_owned())),
        };
        let mut refusal = Errno::NFILE;
        for name in names {
            let port = Port::new(ethernet, terms);
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            // Administered locally (IEEE 802), and unlike those that networks give.
            let [.., a, b, c] = number.to_be_bytes();
            let mac = if ethernet { Mac([0x02, 0xbd, 0x7a, a, b, c]) } else { Mac::default() };
            match host.add_link(&name, port.medium(), mac, MTU, port.clone()) {
                Ok(interface) => {
                    port.is_for(&interface);
                    lock(&self.ports).push(port.clone());
                    return Ok(port);
                }
                Err(Errno::EXIST) => refusal = Errno::EXIST,
                Err(error) => return Err(error),
            }
        }
        Err(refusal)
    }

    fn remove(&self, host: &Host, port: &Port) {
        lock(&self.ports).retain(|other| !std::ptr::eq(&**other, port));
        if let Some(interface) = port.interface() {
            host.remove(&interface);
        }
    }

    /// The last one who held a descriptor closed it.
    fn close(&self, object: u64) {
        let Some(open) = lock(&self.objects).remove(&object) else { return };
        let Some(port) = open.queue.detach() else { return };
        if !port.is_unused() {
            return;
        }
        if !port.terms().persistent {
            self.remove(&open.host, &port);
        } else if open.bsd
            && let Some(interface) = port.interface()
        {
            // Closing takes the interface down, and its addresses away (tun(4)).
            interface.set_flags(interface.flags() & !Flags::UP);
            interface.update_addresses(Vec::clear);
            open.host.changed(&interface);
        }
    }

    /// `TUNSETIFF`.
    fn attach(
        &self,
        caller: &Caller,
        (host, queue): (&Host, &Arc<Queue>),
        wanted: schemas::device::tun_attach::Reader<'_>,
    ) -> Result<(), Errno> {
        if queue.port().is_some() {
            return Err(Errno::EXIST);
        }
        if wanted.get_virtio_header() {
            return Err(Errno::INVAL);
        }
        let name = wanted.get_name()?.to_str().map_err(|_| Errno::INVAL)?;
        let ethernet = wanted.get_ethernet();
        let front = if wanted.get_bare() { Front::Nothing } else { Front::Information };
        let mode = Mode { front, ethernet };
        if let Some(interface) = host.by_name(name) {
            if wanted.get_exclusive() {
                return Err(Errno::BUSY);
            }
            let port = self.port(&interface).ok_or(Errno::INVAL)?;
            let terms = port.terms();
            if terms.multiple != wanted.get_multi_queue() || port.is_ethernet() != ethernet {
                return Err(Errno::INVAL);
            }
            let credentials = &caller.credentials;
            let may = credentials.is_root()
                || (terms.owner.is_none_or(|owner| owner == credentials.effective_user)
                    && terms.group.is_none_or(|group| credentials.in_group(group)));
            if !may {
                return Err(Errno::PERM);
            }
            return queue.attach(&port, mode);
        }
        let name = match (name, ethernet) {
            ("", true) => "tap%d",
            ("", false) => "tun%d",
            (name, _) => name,
        };
        let port = self.create(
            host,
            name,
            ethernet,
            Terms { multiple: wanted.get_multi_queue(), ..Terms::default() },
        )?;
        queue.attach(&port, mode)
    }

    /// Opens a unit of BSD's.
    fn open_unit(
        &self,
        host: &Host,
        queue: &Arc<Queue>,
        ethernet: bool,
        unit: Option<u32>,
    ) -> Result<(), Errno> {
        let kind = if ethernet { "tap" } else { "tun" };
        let mode = Mode { front: Front::Nothing, ethernet };
        let terms = Terms { persistent: true, ..Terms::default() };
        let units = unit.map_or(0..UNITS, |unit| unit..unit.saturating_add(1));
        for unit in units.clone() {
            let name = format!("{kind}{unit}");
            let port = match host.by_name(&name) {
                Some(interface) => self.port(&interface).filter(|port| port.is_unused()),
                None => Some(self.create(host, &name, ethernet, terms)?),
            };
            match port.as_ref().map(|port| queue.attach(port, mode)) {
                Some(Ok(())) => {
                    if let Some(interface) = port.and_then(|port| port.interface())
                        && self.up_on_open
                    {
                        interface.set_flags(interface.flags() | Flags::UP);
                        host.changed(&interface);
                    }
                    return Ok(());
                }
                Some(Err(Errno::BUSY)) | None => {}
                Some(Err(error)) => return Err(error),
            }
        }
        Err(Errno::BUSY)
    }
}

impl Device for Tun {
    fn fs_open(
        &self,
        caller: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let (node, device) = self.node(params.get_mount(), params.get_path()?)?;
        let (readiness, guest) = Readiness::new(params.get_flags() & O_NONBLOCK != 0).map_err(errno)?;
        let queue = Queue::new(readiness);
        if lock(&self.objects).len() >= OBJECTS {
            return Err(Errno::NFILE);
        }
        let host = self.hosts.of(caller);
        let bsd = match node {
            Node::Linux => false,
            Node::Bsd { ethernet, unit } => {
                self.open_unit(&host, &queue, ethernet, unit)?;
                true
            }
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let inode = inode(&guest)?;
        self.hangups.watch(queue.readiness(), number).map_err(errno)?;
        lock(&self.objects).insert(number, Open { inode, device, bsd, host, queue });
        caps.donate(guest);
        results.set_kind(Capability::Device);
        results.set_object(number);
        results.set_raw_device(device);
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
        let (_, device) = self.node(params.get_mount(), params.get_path()?)?;
        fill(results.init_stat(), device);
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
        // X_OK
        if params.get_mode() & 1 != 0 { Err(Errno::ACCES) } else { Ok(()) }
    }

    fn file_stat(
        &self,
        _: &Caller,
        params: file::stat::params::Reader<'_>,
        results: file::stat::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        fill(results.init_stat(), self.find(params.get_object(), caps, |open| open.device)?);
        Ok(())
    }

    fn file_read(
        &self,
        _: &Caller,
        params: file::read::params::Reader<'_>,
        mut results: file::read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let data = self.serve(params.get_object(), caps, |queue| queue.read(params.get_length()))?;
        match share(&data, caps)? {
            Some(shared) => results.set_shared(shared),
            None => results.set_data(&data),
        }
        Ok(())
    }

    fn file_read_vector(
        &self,
        _: &Caller,
        params: file::read_vector::params::Reader<'_>,
        mut results: file::read_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        if params.get_offset() != -1 {
            return Err(Errno::SPIPE);
        }
        let length = params.get_length().min(INLINE as u64);
        results.set_data(&self.serve(params.get_object(), caps, |queue| queue.read(length))?);
        Ok(())
    }

    fn file_write(
        &self,
        _: &Caller,
        params: file::write::params::Reader<'_>,
        mut results: file::write::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let data = params.get_data()?;
        results.set_written(self.serve(params.get_object(), caps, |queue| queue.write(data))?);
        Ok(())
    }

    fn file_write_vector(
        &self,
        _: &Caller,
        params: file::write_vector::params::Reader<'_>,
        mut results: file::write_vector::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        if params.get_offset() != -1 {
            return Err(Errno::SPIPE);
        }
        let data = params.get_data()?;
        results.set_written(self.serve(params.get_object(), caps, |queue| queue.write(data))?);
        Ok(())
    }

    fn file_seek(
        &self,
        _: &Caller,
        _: file::seek::params::Reader<'_>,
        _: file::seek::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::SPIPE)
    }

    fn control(
        &self,
        caller: &Caller,
        params: control::params::Reader<'_>,
        results: control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        use control::params::request::Which;
        let (host, queue, bsd) =
            self.find(params.get_object(), caps, |open| (open.host.clone(), open.queue.clone(), open.bsd))?;
        match params.get_request().which().map_err(|_| Errno::BADMSG)? {
            Which::Tun(request) => {
                self.control_queue(caller, (&host, &queue), bsd, request?, results.init_reply().init_tun())
            }
            Which::Generic(request) => match request?.which().map_err(|_| Errno::BADMSG)? {
                generic_request::BytesReadable(()) => {
                    results.init_reply().init_generic().set_value(queue.next() as i64);
                    Ok(())
                }
                _ => Err(Errno::NOTTY),
            },
            _ => Err(Errno::NOTTY),
        }
    }

    fn no_senders(&self, object: u64) {
        self.close(object);
    }
}

fn inode(guest: &OwnedFd) -> Result<u64, Errno> {
    fstat(guest).map(|stat| stat.st_ino).map_err(errno)
}

impl State {
    fn control_queue(
        &self,
        caller: &Caller,
        (host, queue): (&Host, &Arc<Queue>),
        bsd: bool,
        request: tun_request::Reader<'_>,
        reply: tun_reply::Builder<'_>,
    ) -> Result<(), Errno> {
        use tun_request::Which;
        let request = request.which().map_err(|_| Errno::BADMSG)?;
        if let Which::Attach(wanted) = request {
            if bsd {
                return Err(Errno::NOTTY);
            }
            self.attach(caller, (host, queue), wanted?)?;
            return tell_interface(queue, reply);
        }
        if let Which::Features(()) = request {
            return Ok(());
        }
        let port = queue.port().ok_or(Errno::BADFD)?;
        let interface = port.interface().ok_or(Errno::IO)?;
        match (request, bsd) {
            (Which::GetInterface(()), _) => return tell_interface(queue, reply),
            (Which::SetPersistent(on), false) => port.set_terms(|terms| terms.persistent = on),
            (Which::SetOwner(owner), false) => port.set_terms(|terms| terms.owner = Some(owner)),
            (Which::SetGroup(group), false) => port.set_terms(|terms| terms.group = Some(group)),
            (Which::SetLink(on), false) => interface.set_running(on),
            // Nothing is left to hardware: only to leave nothing to it can be asked for.
            (Which::SetOffload(0), false) => {}
            (Which::SetOffload(_), false) => return Err(Errno::INVAL),
            (Which::SetHardware(address), _) => {
                let address = address?.first_chunk::<6>().ok_or(Errno::INVAL)?;
                if !port.is_ethernet() {
                    return Err(Errno::OPNOTSUPP);
                }
                if Mac(*address).is_group() {
                    return Err(Errno::ADDRNOTAVAIL);
                }
                interface.set_mac(Mac(*address));
                host.changed(&interface);
            }
            (Which::GetHardware(()), _) => reply_hardware(&interface, reply),
            (Which::SetMode(mode), true) => set_mode(queue, &interface, mode?)?,
            (Which::GetMode(()), true) => {
                let mut mode = reply.init_mode();
                let front = queue.mode().front;
                mode.set_point_to_point(interface.flags() & Flags::POINT_TO_POINT != 0);
                mode.set_header(front == Front::Family);
                mode.set_link_address(front == Front::Address);
            }
            (Which::SetInformation(information), true) => {
                let mtu = information?.get_mtu();
                if !MTUS.contains(&mtu) {
                    return Err(Errno::INVAL);
                }
                interface.set_mtu(mtu);
                host.changed(&interface);
            }
            (Which::GetInformation(()), _) => {
                let mut information = reply.init_information();
                information.set_mtu(interface.mtu());
                information.set_flags(interface.flags());
            }
            (Which::SetTransient(on), true) => port.set_terms(|terms| terms.persistent = !on),
            // Which process it is for is told by nothing here; that there is one is all that the request says.
            (Which::SetProcess(_), true) => {}
            _ => return Err(Errno::NOTTY),
        }
        Ok(())
    }
}

fn reply_hardware(interface: &Interface, mut reply: tun_reply::Builder<'_>) {
    reply.set_hardware(&interface.mac().0);
}

fn tell_interface(queue: &Queue, reply: tun_reply::Builder<'_>) -> Result<(), Errno> {
    let port = queue.port().ok_or(Errno::BADFD)?;
    let interface = port.interface().ok_or(Errno::IO)?;
    let mode = queue.mode();
    let mut told = reply.init_interface();
    told.set_name(interface.name());
    told.set_ethernet(mode.ethernet);
    told.set_bare(mode.front == Front::Nothing);
    told.set_multi_queue(port.terms().multiple);
    Ok(())
}

fn set_mode(queue: &Queue, interface: &Interface, mode: tun_mode::Reader<'_>) -> Result<(), Errno> {
    if queue.mode().ethernet {
        return Err(Errno::NOTTY);
    }
    queue.set_front(match (mode.get_header(), mode.get_link_address()) {
        (true, _) => Front::Family,
        (false, true) => Front::Address,
        (false, false) => Front::Nothing,
    });
    if interface.is_up() && mode.get_point_to_point() != (interface.flags() & Flags::POINT_TO_POINT != 0) {
        return Err(Errno::BUSY);
    }
    interface.set_point_to_point(mode.get_point_to_point());
    Ok(())
}
