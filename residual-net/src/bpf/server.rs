//! The server `bpf`: the nodes `/dev/bpf` of BSD systems, and sockets of family `AF_PACKET` of Linux.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rustix::fs::{fstat, makedev};
use schemas::common::Capability;
use schemas::device::{BpfDirection, bpf_instruction, bpf_reply, bpf_request, control, generic_request};
use schemas::server::{Caller, Capabilities, Device, MountedNode};
use schemas::{Errno, common, file, fs, socket};

use super::descriptor::Descriptor;
use super::filter::Instruction;
use super::packet::{self, Kind, Socket};
use crate::clock::Clock;
use crate::network::{Directions, Host, Hosts};
use crate::readiness::{Hangups, Readiness, is_nonblocking};
use crate::shared::{INLINE, share};
use crate::{errno, lock};

/// Most objects that are open at once.
const OBJECTS: usize = 4096;

// asm-generic/fcntl.h, linux/net.h, linux/stat.h.
const O_NONBLOCK: u32 = 0o4000;
const SOCK_RAW: u32 = 3;
const SOCK_DGRAM: u32 = 2;
const S_IFCHR: u32 = 0o020_000;
const S_IFSOCK: u32 = 0o140_000;
/// Who may open the nodes: everyone, because what they lead to is virtual.
const MODE: u32 = 0o666;
/// Major number of the nodes. Those up to 254 are given to drivers of the host (devices.txt of Linux).
const MAJOR: u32 = 0x0bf;

#[derive(Clone)]
enum Object {
    Descriptor(Arc<Descriptor>),
    Socket(Arc<Socket>),
}

/// Objects by their numbers, with the inode of the descriptor that their guests hold.
type Objects = HashMap<u64, (u64, Object)>;

/// The server.
pub struct Bpf {
    hosts: Hosts,
    /// Those of them of whose changes its sockets are told.
    watched: Mutex<Vec<Arc<Host>>>,
    clock: Arc<Clock>,
    nodes: Vec<MountedNode>,
    next: AtomicU64,
    objects: Arc<Mutex<Objects>>,
    hangups: Hangups,
}

impl Object {
    fn readiness(&self) -> &Readiness {
        match self {
            Object::Descriptor(descriptor) => descriptor.readiness(),
            Object::Socket(socket) => socket.readiness(),
        }
    }

    fn socket(&self) -> Result<&Socket, Errno> {
        match self {
            Object::Socket(socket) => Ok(socket),
            Object::Descriptor(_) => Err(Errno::NOTSOCK),
        }
    }

    fn read(&self, length: u64, guest: &OwnedFd) -> Result<Vec<u8>, Errno> {
        match self {
            Object::Descriptor(descriptor) => descriptor.read(length, is_nonblocking(guest)),
            Object::Socket(socket) => socket.receive(length, 0).map(|received| received.data),
        }
    }

    fn write(&self, data: &[u8]) -> Result<u64, Errno> {
        match self {
            Object::Descriptor(descriptor) => descriptor.write(data),
            Object::Socket(socket) => socket.send(data, &[]),
        }
    }
}

impl Bpf {
    /// One that taps the interfaces of hosts and numbers its objects from `first` on.
    ///
    /// # Errors
    /// As [`Hangups::new`].
    pub fn new(hosts: Hosts, nodes: Vec<MountedNode>, first: u64) -> Result<Self, Errno> {
        let objects: Arc<Mutex<Objects>> = Arc::default();
        let watched: Weak<Mutex<Objects>> = Arc::downgrade(&objects);
        let hangups = Hangups::new(move |number| {
            let gone = watched.upgrade().and_then(|objects| lock(&objects).remove(&number));
            // Its taps end here, not under the lock.
            drop(gone);
        })
        .map_err(errno)?;
        let next = AtomicU64::new(first.max(1));
        let watched = Mutex::default();
        Ok(Self { hosts, watched, clock: Arc::default(), nodes, next, objects, hangups })
    }

    /// The host whose interfaces a guest sees. Its sockets are told of changes from now on.
    fn host(&self, caller: &Caller) -> Arc<Host> {
        let host = self.hosts.of(caller);
        let mut watched = crate::lock(&self.watched);
        if !watched.iter().any(|other| Arc::ptr_eq(other, &host)) {
            watched.push(host.clone());
            self.watch(&host);
        }
        host
    }

    fn watch(&self, host: &Arc<Host>) {
        let objects: Weak<Mutex<Objects>> = Arc::downgrade(&self.objects);
        let own = Arc::downgrade(host);
        host.watch(move |change| {
            let Some(objects) = objects.upgrade() else { return };
            let sockets: Vec<Arc<Socket>> = lock(&objects)
                .values()
                .filter_map(|(_, object)| match object {
                    Object::Socket(socket) if std::ptr::eq(Arc::as_ptr(socket.host()), own.as_ptr()) => {
                        Some(socket.clone())
                    }
                    _ => None,
                })
                .collect();
            sockets.iter().for_each(|socket| socket.interface_changed(change));
        });
    }

    /// Adds an object; gives its number.
    fn add(&self, number: u64, guest: &OwnedFd, object: Object) -> Result<(), Errno> {
        let inode = fstat(guest).map_err(errno)?.st_ino;
        self.hangups.watch(object.readiness(), number).map_err(errno)?;
        let mut objects = lock(&self.objects);
        if objects.len() >= OBJECTS {
            return Err(Errno::NFILE);
        }
        objects.insert(number, (inode, object));
        Ok(())
    }

    /// The object that a request is about: by its number, or, where the guest has it from elsewhere, by the descriptor.
    fn find(&self, number: u64, caps: &Capabilities) -> Result<Object, Errno> {
        let objects = lock(&self.objects);
        if number != 0 {
            return objects.get(&number).map(|(_, object)| object.clone()).ok_or(Errno::BADF);
        }
        let inode = fstat(caps.received(0)?.as_fd()).map_err(errno)?.st_ino;
        let found = objects.values().find(|(own, _)| *own == inode);
        found.map(|(_, object)| object.clone()).ok_or(Errno::BADF)
    }

    fn node(&self, mount: u32, path: &[u8]) -> Result<u64, Errno> {
        let at = self.nodes.iter().position(|node| node.mount == mount).ok_or(Errno::NOENT)?;
        if path.is_empty() { Ok(makedev(MAJOR, at as u32)) } else { Err(Errno::NOTDIR) }
    }

    /// Does something with the object that a request is about, after which its descriptor tells whether there is
    /// something to read.
    fn serve<R>(
        &self,
        number: u64,
        caps: &mut Capabilities,
        action: impl FnOnce(&Object, &mut Capabilities) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let object = self.find(number, caps)?;
        let result = action(&object, caps);
        object.readiness().settle(caps.received(0)?);
        result
    }
}

fn fill(mut stat: common::stat::Builder<'_>, mode: u32, device: u64) {
    stat.set_mode(mode);
    stat.set_links(1);
    stat.set_raw_device(device);
    stat.set_block_size(4096);
}

fn instructions(list: capnp::struct_list::Reader<'_, bpf_instruction::Owned>) -> Vec<Instruction> {
    let decode = |instruction: bpf_instruction::Reader<'_>| Instruction {
        code: instruction.get_code(),
        jump_true: instruction.get_jump_true(),
        jump_false: instruction.get_jump_false(),
        operand: instruction.get_operand(),
    };
    list.iter().map(decode).collect()
}

impl Device for Bpf {
    fn fs_open(
        &self,
        caller: &Caller,
        params: fs::open::params::Reader<'_>,
        mut results: fs::open::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let device = self.node(params.get_mount(), params.get_path()?)?;
        let (readiness, guest) = Readiness::new(params.get_flags() & O_NONBLOCK != 0).map_err(errno)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let descriptor = Descriptor::new(self.host(caller), self.clock.clone(), readiness);
        self.add(number, &guest, Object::Descriptor(descriptor))?;
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
        let device = self.node(params.get_mount(), params.get_path()?)?;
        fill(results.init_stat(), S_IFCHR | MODE, device);
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
        match self.find(params.get_object(), caps)? {
            Object::Descriptor(_) => fill(results.init_stat(), S_IFCHR | MODE, makedev(MAJOR, 0)),
            Object::Socket(_) => fill(results.init_stat(), S_IFSOCK | 0o777, 0),
        }
        Ok(())
    }

    fn file_read(
        &self,
        _: &Caller,
        params: file::read::params::Reader<'_>,
        mut results: file::read::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let data = self.serve(params.get_object(), caps, |object, caps| {
            object.read(params.get_length(), caps.received(0)?)
        })?;
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
        let read = |object: &Object, caps: &mut Capabilities| object.read(length, caps.received(0)?);
        results.set_data(&self.serve(params.get_object(), caps, read)?);
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
        results.set_written(self.serve(params.get_object(), caps, |object, _| object.write(data))?);
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
        results.set_written(self.serve(params.get_object(), caps, |object, _| object.write(data))?);
        Ok(())
    }

    fn file_position_read(
        &self,
        _: &Caller,
        _: file::position_read::params::Reader<'_>,
        _: file::position_read::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::SPIPE)
    }

    fn file_position_write(
        &self,
        _: &Caller,
        _: file::position_write::params::Reader<'_>,
        _: file::position_write::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::SPIPE)
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

    fn file_truncate(
        &self,
        _: &Caller,
        _: file::truncate::params::Reader<'_>,
        _: file::truncate::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::INVAL)
    }

    fn file_synchronize(
        &self,
        _: &Caller,
        _: file::synchronize::params::Reader<'_>,
        _: file::synchronize::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        Err(Errno::INVAL)
    }

    fn socket_socket(
        &self,
        caller: &Caller,
        params: socket::socket::params::Reader<'_>,
        mut results: socket::socket::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        if params.get_domain() != u32::from(packet::FAMILY) {
            return Err(Errno::AFNOSUPPORT);
        }
        let kind = match params.get_type() {
            SOCK_RAW => Kind::Raw,
            SOCK_DGRAM => Kind::Cooked,
            _ => return Err(Errno::SOCKTNOSUPPORT),
        };
        // The protocol is in network byte order.
        let protocol = u16::from_be(params.get_protocol() as u16);
        let (readiness, guest) = Readiness::new(params.get_flags() & O_NONBLOCK != 0).map_err(errno)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (host, clock) = (self.host(caller), self.clock.clone());
        let socket = Socket::new(number, kind, protocol, host, clock, readiness);
        self.add(number, &guest, Object::Socket(socket))?;
        caps.donate(guest);
        results.set_object(number);
        Ok(())
    }

    fn socket_bind(
        &self,
        _: &Caller,
        params: socket::bind::params::Reader<'_>,
        _: socket::bind::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let address = params.get_address()?;
        self.serve(params.get_object(), caps, |object, _| object.socket()?.bind(address))
    }

    fn socket_connect(
        &self,
        _: &Caller,
        params: socket::connect::params::Reader<'_>,
        _: socket::connect::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        self.find(params.get_object(), caps)?.socket()?;
        Err(Errno::OPNOTSUPP)
    }

    fn socket_get_name(
        &self,
        _: &Caller,
        params: socket::get_name::params::Reader<'_>,
        mut results: socket::get_name::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        results.set_address(&self.find(params.get_object(), caps)?.socket()?.name());
        Ok(())
    }

    fn socket_send(
        &self,
        _: &Caller,
        params: socket::send::params::Reader<'_>,
        mut results: socket::send::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let (data, address) = (params.get_data()?, params.get_address()?);
        let send = |object: &Object, _: &mut Capabilities| object.socket()?.send(data, address);
        results.set_sent(self.serve(params.get_object(), caps, send)?);
        Ok(())
    }

    fn socket_receive(
        &self,
        _: &Caller,
        params: socket::receive::params::Reader<'_>,
        mut results: socket::receive::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let (length, flags) = (params.get_length().min(INLINE as u64), params.get_flags());
        let receive = |object: &Object, _: &mut Capabilities| object.socket()?.receive(length, flags);
        let received = self.serve(params.get_object(), caps, receive)?;
        results.set_data(&received.data);
        results.set_address(&received.address);
        results.set_flags(received.flags);
        results.set_length(received.length);
        if received.control.len() <= params.get_control_length() as usize {
            results.set_control(&received.control);
        }
        Ok(())
    }

    fn socket_get_option(
        &self,
        _: &Caller,
        params: socket::get_option::params::Reader<'_>,
        mut results: socket::get_option::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let (level, name, length) = (params.get_level(), params.get_name(), params.get_length());
        let question = params.get_value()?;
        let ask = |object: &Object, _: &mut Capabilities| {
            object.socket()?.option(level, name, length as usize, question)
        };
        results.set_value(&self.serve(params.get_object(), caps, ask)?);
        Ok(())
    }

    fn socket_set_option(
        &self,
        _: &Caller,
        params: socket::set_option::params::Reader<'_>,
        _: socket::set_option::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let (level, name, value) = (params.get_level(), params.get_name(), params.get_value()?);
        self.serve(params.get_object(), caps, |object, caps| {
            let socket = object.socket()?;
            socket.set_option(level, name, value)?;
            if socket.has_ring() {
                socket.readiness().keep(caps.received(0)?);
            }
            Ok(())
        })
    }

    fn control(
        &self,
        _: &Caller,
        params: control::params::Reader<'_>,
        results: control::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        use control::params::request::Which;
        let request = params.get_request().which().map_err(|_| Errno::BADMSG)?;
        self.serve(params.get_object(), caps, |object, caps| match (request, object) {
            (Which::Bpf(request), Object::Descriptor(descriptor)) => {
                control_descriptor(descriptor, request?, results.init_reply().init_bpf())
            }
            (Which::Bpf(request), Object::Socket(socket)) => control_socket(socket, request?, caps),
            (Which::Generic(request), object) => {
                let generic_request::Which::BytesReadable(()) =
                    request?.which().map_err(|_| Errno::BADMSG)?
                else {
                    return Err(Errno::NOTTY);
                };
                let waiting = match object {
                    Object::Descriptor(descriptor) => u64::from(descriptor.waiting()),
                    Object::Socket(socket) => socket.waiting(),
                };
                results.init_reply().init_generic().set_value(waiting as i64);
                Ok(())
            }
            (Which::Raw(request), Object::Socket(socket)) => {
                let told = socket.interface_request(params.get_code() as u32, request?)?;
                results.init_reply().set_raw(&told);
                Ok(())
            }
            _ => Err(Errno::NOTTY),
        })
    }

    fn no_senders(&self, object: u64) {
        let gone = lock(&self.objects).remove(&object);
        // Its taps end here, not under the lock.
        drop(gone);
    }
}

/// What a descriptor of `/dev/bpf` is asked.
fn control_descriptor(
    descriptor: &Descriptor,
    request: bpf_request::Reader<'_>,
    mut reply: bpf_reply::Builder<'_>,
) -> Result<(), Errno> {
    use bpf_request::Which;
    match request.which().map_err(|_| Errno::BADMSG)? {
        Which::SetFilter(list) => descriptor.set_filter(&instructions(list?), false)?,
        Which::SetFilterKeeping(list) => descriptor.set_filter(&instructions(list?), true)?,
        Which::SetWriteFilter(list) => descriptor.set_write_filter(&instructions(list?))?,
        Which::SetInterface(name) => {
            descriptor.set_interface(name?.to_str().map_err(|_| Errno::NXIO)?)?;
        }
        Which::GetInterface(()) => reply.set_interface(descriptor.interface()?),
        Which::SetBufferLength(length) => reply.set_number(descriptor.set_length(length)?),
        Which::GetBufferLength(()) => reply.set_number(descriptor.length()),
        Which::SetLinkType(kind) => descriptor.set_link_type(kind)?,
        Which::GetLinkType(()) => reply.set_number(descriptor.link_type()?),
        Which::ListLinkTypes(()) => reply.init_link_types(1).set(0, descriptor.link_type()?),
        Which::SetImmediate(on) => descriptor.set_immediate(on),
        Which::SetPromiscuous(true) => descriptor.set_promiscuous()?,
        Which::SetTimeout(time) => {
            let time = time?;
            let seconds = u64::try_from(time.get_seconds()).map_err(|_| Errno::INVAL)?;
            let nanoseconds = u32::try_from(time.get_nanoseconds()).map_err(|_| Errno::INVAL)?;
            if nanoseconds >= 1_000_000_000 {
                return Err(Errno::INVAL);
            }
            descriptor.set_timeout(Duration::new(seconds, nanoseconds));
        }
        Which::GetTimeout(()) => {
            let mut time = reply.init_time();
            time.set_seconds(descriptor.timeout().as_secs() as i64);
            time.set_nanoseconds(i64::from(descriptor.timeout().subsec_nanos()));
        }
        Which::SetHeaderComplete(on) => descriptor.set_header_complete(on)?,
        Which::GetHeaderComplete(()) => reply.set_flag(descriptor.header_complete()),
        Which::SetDirection(direction) => {
            descriptor.set_directions(match direction.map_err(|_| Errno::INVAL)? {
                BpfDirection::Both => Directions::Both,
                BpfDirection::In => Directions::In,
                BpfDirection::Out => Directions::Out,
            })?;
        }
        Which::GetDirection(()) => reply.set_direction(match descriptor.directions() {
            Directions::Both => BpfDirection::Both,
            Directions::In => BpfDirection::In,
            Directions::Out => BpfDirection::Out,
        }),
        Which::GetStatistics(()) => {
            let statistics = descriptor.statistics();
            let mut told = reply.init_statistics();
            told.set_received(statistics.received);
            told.set_dropped(statistics.dropped);
            told.set_captured(statistics.captured);
        }
        Which::Flush(()) => descriptor.flush(),
        Which::Lock(()) => descriptor.set_locked(),
        Which::SetTimestamp(number) => descriptor.set_stamp(number)?,
        Which::GetTimestamp(()) => reply.set_number(descriptor.stamp()),
        Which::SetFeedback(on) => descriptor.set_feedback(on),
        _ => return Err(Errno::NOTTY),
    }
    Ok(())
}

/// What a packet socket is asked beside its options.
fn control_socket(
    socket: &Socket,
    request: bpf_request::Reader<'_>,
    caps: &mut Capabilities,
) -> Result<(), Errno> {
    use bpf_request::Which;
    match request.which().map_err(|_| Errno::BADMSG)? {
        Which::SetFilter(list) => socket.set_filter(&instructions(list?)),
        Which::GetMemory(()) => {
            caps.donate(socket.ring_memory()?);
            Ok(())
        }
        _ => Err(Errno::NOTTY),
    }
}
