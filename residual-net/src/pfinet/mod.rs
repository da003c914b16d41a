//! `netstack`: a network stack of our own behind the operations of `pfinet`.
//!
//! One server is one host on a virtual network, with addresses of its own. Its TCP is that of `smoltcp`; the layers
//! around it are here, so that there can be any number of interfaces and routes, as guests' own tools see and change
//! them.
//!
//! A guest's socket is one end of a pair of the host's sockets, so that reading, writing and waiting are the host's
//! own. The stack's thread moves bytes between our end of each pair and the protocols.

mod address;
mod control;
mod datagram;
mod engine;
mod fragment;
mod icmp;
mod ip;
mod neighbour;
mod netlink;
mod notice;
mod options;
mod packet;
mod pair;
mod report;
mod route;
mod settings;
mod stack;
mod stream;

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use schemas::server::{Caller, Capabilities, Pfinet, Post};
use schemas::{Errno, device, socket};

use crate::MakeError;
use crate::network::{Address, Change, Files, Host, Interface, Medium, Networks};

pub use settings::Settings;

use route::{Route, STATIC};
use stack::{Object, Stack};

/// The number under which the wake-up is watched; sockets count from 1.
const WAKE: u64 = 0;

/// What the server and its thread share.
struct Shared {
    stack: Mutex<Stack>,
    wake: OwnedFd,
    /// The thread will look at everything before it sleeps.
    woken: AtomicBool,
    /// Interfaces changed.
    changed: AtomicBool,
    /// What sockets are still to be told of.
    changes: Mutex<Vec<Change>>,
    ended: AtomicBool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Stack> {
        // A panic in the middle of a packet leaves nothing that the next one could not live with.
        crate::lock(&self.stack)
    }

    fn note(&self, change: &Change) {
        /// Most changes that are remembered: whoever is told of them late has to look for himself.
        const MOST: usize = 1024;
        let mut changes = crate::lock(&self.changes);
        if changes.len() < MOST {
            changes.push(change.clone());
        }
        self.changed.store(true, Ordering::Release);
    }

    /// Has the stack see what has changed of interfaces.
    fn refresh(&self, stack: &mut Stack) {
        if self.changed.swap(false, Ordering::AcqRel) {
            stack.ip.refresh();
            let changes = std::mem::take(&mut *crate::lock(&self.changes));
            notice::tell(stack, &changes);
        }
    }

    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // It can only fail when it is full, and then the thread is awake.
            let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        }
    }
}

impl Files for Shared {
    fn file(&self, name: &str) -> Option<String> {
        report::file(&self.lock(), name)
    }
}

/// The server.
pub struct Netstack {
    shared: Arc<Shared>,
    host: Arc<Host>,
    own: Vec<Arc<Interface>>,
    restricted: bool,
    thread: Option<JoinHandle<()>>,
}

fn refused(why: impl std::fmt::Display) -> MakeError {
    MakeError(format!("the stack cannot be made: {why}"))
}

impl Netstack {
    /// Makes the stack of a host, and its interfaces.
    ///
    /// # Errors
    /// A sentence when the host refuses what it needs, or its settings contradict each other.
    pub fn new(post: &Post, settings: &Settings, networks: &Networks) -> Result<Self, MakeError> {
        let name = post.name.as_str();
        let host = networks.host(settings.host.as_deref().unwrap_or(name));
        let watched = Arc::new(epoll::create(CreateFlags::CLOEXEC).map_err(refused)?);
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(refused)?;
        epoll::add(&*watched, &wake, EventData::new_u64(WAKE), EventFlags::IN | EventFlags::ET)
            .map_err(refused)?;
        // A server that was started anew finds the interfaces of the one before it.
        for old in host.interfaces().into_iter().filter(|interface| interface.medium() != Medium::Ip) {
            host.remove(&old);
        }
        let shared = Arc::new(Shared {
            stack: Mutex::new(Stack::new(host.clone(), watched.clone(), post.first_object)),
            wake,
            woken: AtomicBool::new(false),
            changed: AtomicBool::new(true),
            changes: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let weak = Arc::downgrade(&shared);
        networks.add_stack(name, host.clone(), weak.clone());
        host.watch(move |change| {
            let Some(shared) = weak.upgrade() else { return };
            if let Change::Added(interface) = change {
                let weak = weak.clone();
                interface.serve(move || {
                    if let Some(shared) = weak.upgrade() {
                        shared.wake();
                    }
                });
            }
            shared.note(change);
            shared.wake();
        });
        let own = interfaces(&host, settings, networks).map_err(refused)?;
        configure(&mut shared.lock(), &own, settings).map_err(refused)?;
        let thread = {
            let shared = shared.clone();
            let run = move || run(&shared, &watched);
            std::thread::Builder::new().name(format!("stack {name}")).spawn(run).map_err(refused)?
        };
        Ok(Self { shared, host, own, restricted: settings.restricted, thread: Some(thread) })
    }

    /// Does something with the stack, and lets its thread do what comes of it.
    fn with<R>(&self, action: impl FnOnce(&mut Stack) -> R) -> R {
        let mut stack = self.shared.lock();
        self.shared.refresh(&mut stack);
        let result = action(&mut stack);
        // What is left for later the thread does.
        stack.settle();
        drop(stack);
        self.shared.wake();
        result
    }

    fn may_change(&self, caller: &Caller) -> Result<(), Errno> {
        if self.restricted && !caller.credentials.is_root() { Err(Errno::PERM) } else { Ok(()) }
    }

    /// The host that it serves.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }
}

impl Drop for Netstack {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.shared.woken.store(false, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
        for interface in &self.own {
            self.host.remove(interface);
        }
    }
}

/// The loopback, and the interface on the network.
fn interfaces(
    host: &Arc<Host>,
    settings: &Settings,
    networks: &Networks,
) -> Result<Vec<Arc<Interface>>, Errno> {
    let mut own = vec![host.add_loopback("lo")?];
    if let Some(network) = &settings.network {
        let interface = host.add_ethernet(&settings.interface, &networks.network(network))?;
        interface.set_mtu(settings.mtu);
        own.push(interface);
    }
    Ok(own)
}

fn configure(stack: &mut Stack, own: &[Arc<Interface>], settings: &Settings) -> Result<(), Errno> {
    stack.ip.refresh();
    stack.ip.forwards = settings.forward;
    let row = |address: IpAddr, prefix: u8| Address { address, prefix, peer: None };
    for interface in own {
        if interface.medium() == Medium::Loopback {
            stack.ip.add_address(interface, row([127, 0, 0, 1].into(), 8))?;
            stack.ip.add_address(interface, row(std::net::Ipv6Addr::LOCALHOST.into(), 128))?;
            continue;
        }
        for (address, prefix) in &settings.addresses {
            stack.ip.add_address(interface, row(*address, *prefix))?;
        }
        stack.ip.add_address(interface, row(ip::link_local(interface.mac()).into(), 64))?;
        for gateway in &settings.gateways {
            stack.ip.routes.add(Route {
                destination: address::unspecified_like(*gateway),
                prefix: 0,
                gateway: Some(*gateway),
                interface: interface.index(),
                metric: if gateway.is_ipv6() { 1024 } else { 0 },
                protocol: STATIC,
                source: None,
            })?;
        }
    }
    // The loopback network is on the loopback, not beside it.
    stack.ip.routes.retain(|route| {
        !route.destination.is_loopback() && route.destination != IpAddr::from([127, 0, 0, 0])
    });
    Ok(())
}

/// What the stack's thread does until the server ends.
fn run(shared: &Shared, watched: &OwnedFd) {
    let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; 128];
    let mut timeout = None;
    while !shared.ended.load(Ordering::Acquire) {
        let time = timeout.map(|time: std::time::Duration| Timespec {
            tv_sec: time.as_secs() as i64,
            tv_nsec: i64::from(time.subsec_nanos()),
        });
        let ready = match epoll::wait(watched, &mut events, time.as_ref()) {
            Ok(ready) => ready,
            Err(rustix::io::Errno::INTR) => 0,
            // Nothing that could be waited for: the server is of no use any more.
            Err(_) => return,
        };
        shared.woken.store(false, Ordering::Release);
        let mut stack = shared.lock();
        shared.refresh(&mut stack);
        let sockets = events[..ready].iter().map(|event| (event.data.u64(), event.flags));
        stack.events(sockets.filter(|(number, _)| *number != WAKE));
        timeout = stack.turn();
    }
}

/// A method of the interface whose socket is named by its number or its descriptor.
macro_rules! on_socket {
    ($self:ident, $params:ident, $caps:ident, |$stack:ident, $number:ident, $descriptor:pat_param| $action:expr) => {{
        let descriptor = $caps.received.first();
        $self.with(|$stack| {
            let $number = $stack.number($params.get_object(), descriptor)?;
            let $descriptor = descriptor;
            $action
        })
    }};
}

/// `SOCK_NONBLOCK` of Linux.
const NONBLOCK: u32 = 0x800;
/// `SOCK_RAW`.
const RAW: u32 = 3;

type Done = Result<(), Errno>;

impl Pfinet for Netstack {
    fn socket_socket(
        &self,
        caller: &Caller,
        params: socket::socket::params::Reader<'_>,
        mut results: socket::socket::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let family = u16::try_from(params.get_domain()).map_err(|_| Errno::AFNOSUPPORT)?;
        let (kind, waits) = (params.get_type(), params.get_flags() & NONBLOCK == 0);
        if kind == RAW && family != address::NETLINK {
            self.may_change(caller)?;
        }
        let may_change = self.may_change(caller).is_ok();
        let (object, guest) = self.with(|stack| {
            let made = stack.socket(family, kind, params.get_protocol(), waits)?;
            if let Some(Object::Netlink(socket)) = stack.objects.get_mut(&made.0) {
                socket.may_change = may_change;
            }
            Ok::<_, Errno>(made)
        })?;
        results.set_object(object);
        results.set_is_pair(true);
        caps.donate(guest);
        Ok(())
    }

    fn socket_bind(
        &self,
        _: &Caller,
        params: socket::bind::params::Reader<'_>,
        _: socket::bind::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let address = params.get_address()?;
        on_socket!(self, params, caps, |stack, number, _| stack.bind(number, address))
    }

    fn socket_connect(
        &self,
        _: &Caller,
        params: socket::connect::params::Reader<'_>,
        _: socket::connect::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let address = params.get_address()?;
        on_socket!(self, params, caps, |stack, number, descriptor| stack.connect(number, address, descriptor))
    }

    fn socket_listen(
        &self,
        _: &Caller,
        params: socket::listen::params::Reader<'_>,
        _: socket::listen::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        on_socket!(self, params, caps, |stack, number, _| stack.listen(number, params.get_backlog()))
    }

    fn socket_accept(
        &self,
        _: &Caller,
        params: socket::accept::params::Reader<'_>,
        mut results: socket::accept::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let waits = params.get_flags() & NONBLOCK == 0;
        let (object, guest, from) = on_socket!(self, params, caps, |stack, number, descriptor| stack
            .accept(number, waits, descriptor))?;
        results.set_object(object);
        results.set_address(&from);
        caps.donate(guest);
        Ok(())
    }

    fn socket_get_name(
        &self,
        _: &Caller,
        params: socket::get_name::params::Reader<'_>,
        mut results: socket::get_name::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        results.set_address(&on_socket!(self, params, caps, |stack, number, _| stack.name(number))?);
        Ok(())
    }

    fn socket_get_peer(
        &self,
        _: &Caller,
        params: socket::get_peer::params::Reader<'_>,
        mut results: socket::get_peer::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        results.set_address(&on_socket!(self, params, caps, |stack, number, _| stack.peer(number))?);
        Ok(())
    }

    fn socket_send(
        &self,
        _: &Caller,
        params: socket::send::params::Reader<'_>,
        mut results: socket::send::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let (address, data) = (params.get_address()?, params.get_data()?);
        let sent = on_socket!(self, params, caps, |stack, number, _| stack.send(number, address, data))?;
        results.set_sent(sent as u64);
        Ok(())
    }

    fn socket_get_option(
        &self,
        _: &Caller,
        params: socket::get_option::params::Reader<'_>,
        mut results: socket::get_option::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let (level, name) = (params.get_level(), params.get_name());
        let value = on_socket!(self, params, caps, |stack, number, _| control::get_option(
            stack, number, level, name
        ))?;
        results.set_value(&value[..value.len().min(params.get_length() as usize)]);
        Ok(())
    }

    fn socket_set_option(
        &self,
        _: &Caller,
        params: socket::set_option::params::Reader<'_>,
        _: socket::set_option::results::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Done {
        let (level, name, value) = (params.get_level(), params.get_name(), params.get_value()?);
        on_socket!(self, params, caps, |stack, number, _| control::set_option(
            stack, number, level, name, value
        ))
    }

    fn socket_interfaces(
        &self,
        _: &Caller,
        params: socket::interfaces::params::Reader<'_>,
        results: socket::interfaces::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Done {
        control::interfaces(&self.host, params.get_name()?, results)
    }

    fn socket_set_interface(
        &self,
        caller: &Caller,
        params: socket::set_interface::params::Reader<'_>,
        mut results: socket::set_interface::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Done {
        self.may_change(caller)?;
        self.with(|stack| control::set_interface(stack, params))?;
        results.set_name(params.get_name()?);
        Ok(())
    }

    fn socket_routes(
        &self,
        caller: &Caller,
        params: socket::routes::params::Reader<'_>,
        results: socket::routes::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Done {
        if !matches!(params.get_action().which(), Ok(socket::routes::params::action::List(()))) {
            self.may_change(caller)?;
        }
        self.with(|stack| control::routes(stack, params, results))
    }

    fn socket_sockets(
        &self,
        _: &Caller,
        _: socket::sockets::params::Reader<'_>,
        results: socket::sockets::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Done {
        let rows = self.with(|stack| report::rows(stack));
        let mut list = results.init_sockets(rows.len() as u32);
        for (position, row) in rows.iter().enumerate() {
            control::set_socket(list.reborrow().get(position as u32), row);
        }
        Ok(())
    }

    fn device_control(
        &self,
        caller: &Caller,
        params: device::control::params::Reader<'_>,
        results: device::control::results::Builder<'_>,
        _: &mut Capabilities,
    ) -> Done {
        let may_change = self.may_change(caller).is_ok();
        self.with(|stack| control::ioctl(stack, params, results, may_change))
    }

    fn no_senders(&self, object: u64) {
        self.with(|stack| stack.forsaken(object));
    }
}

#[cfg(test)]
mod tests;
