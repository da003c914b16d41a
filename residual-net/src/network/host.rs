//! Hosts: what one stack serves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use schemas::Errno;

use super::interface::{Flags, Interface, Link, Medium};
use super::{Mac, Network, lock};

/// Longest name of an interface (`IFNAMSIZ` less the zero at its end).
const NAME: usize = 15;
/// Most interfaces of one host.
const INTERFACES: usize = 1024;
/// Longest packet on a link that exists in memory only: the longest that IP has.
const MTU: u32 = 65535;
/// What Linux gives its loopback.
const LOOPBACK_MTU: u32 = 65536;

/// Something about the interfaces of a host changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// There is a new one.
    Added(Arc<Interface>),
    /// It was removed.
    Removed(Arc<Interface>),
    /// It is another way now: flags, name, MTU or addresses.
    Changed(Arc<Interface>),
}

type Watcher = Box<dyn Fn(&Change) + Send + Sync>;

/// A host.
pub struct Host {
    name: String,
    state: RwLock<State>,
    watchers: Mutex<Vec<Watcher>>,
}

#[derive(Default)]
struct State {
    interfaces: Vec<Arc<Interface>>,
    last: u32,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name).field("interfaces", &self.interfaces()).finish()
    }
}

impl Host {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), state: RwLock::default(), watchers: Mutex::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its interfaces, in the order of their numbers.
    pub fn interfaces(&self) -> Vec<Arc<Interface>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).interfaces.clone()
    }

    /// The interface of this name.
    pub fn by_name(&self, name: &str) -> Option<Arc<Interface>> {
        self.interfaces().into_iter().find(|interface| interface.name() == name)
    }

    /// The interface with this number.
    pub fn by_index(&self, index: u32) -> Option<Arc<Interface>> {
        self.interfaces().into_iter().find(|interface| interface.index() == index)
    }

    /// Adds the loopback. It is up.
    ///
    /// # Errors
    /// As [`Host::add_link`].
    pub fn add_loopback(&self, name: &str) -> Result<Arc<Interface>, Errno> {
        let interface = self.make(name, Medium::Loopback, Mac::default(), LOOPBACK_MTU)?;
        interface.set_flags(Flags::UP);
        self.add(&interface);
        Ok(interface)
    }

    /// Adds an interface that is plugged into a network. It is up.
    ///
    /// # Errors
    /// As [`Host::add_link`].
    pub fn add_ethernet(&self, name: &str, network: &Arc<Network>) -> Result<Arc<Interface>, Errno> {
        let interface = self.make(name, Medium::Ethernet, network.address(), MTU)?;
        network.plug(&interface);
        interface.set_flags(Flags::UP | Flags::MULTICAST);
        self.add(&interface);
        Ok(interface)
    }

    /// Adds an interface whose frames `link` takes; what comes from there goes to [`Interface::receive`]. It is down.
    ///
    /// # Errors
    /// `EEXIST` when there is one of that name, `EINVAL` when it can be no name, `ENFILE` when there are too many.
    pub fn add_link(
        &self,
        name: &str,
        medium: Medium,
        mac: Mac,
        mtu: u32,
        link: Arc<dyn Link>,
    ) -> Result<Arc<Interface>, Errno> {
        let interface = self.make(name, medium, mac, mtu)?;
        interface.connect(link);
        self.add(&interface);
        Ok(interface)
    }

    fn make(&self, name: &str, medium: Medium, mac: Mac, mtu: u32) -> Result<Arc<Interface>, Errno> {
        check_name(name)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.interfaces.iter().any(|interface| interface.name() == name) {
            return Err(Errno::EXIST);
        }
        if state.interfaces.len() >= INTERFACES {
            return Err(Errno::NFILE);
        }
        state.last += 1;
        let interface = Arc::new(Interface::new(name, state.last, medium, mac, mtu));
        state.interfaces.push(interface.clone());
        Ok(interface)
    }

    fn add(&self, interface: &Arc<Interface>) {
        self.tell(&Change::Added(interface.clone()));
    }

    /// Removes an interface; its taps are told.
    pub fn remove(&self, interface: &Arc<Interface>) {
        let removed = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let before = state.interfaces.len();
            state.interfaces.retain(|other| !Arc::ptr_eq(other, interface));
            before != state.interfaces.len()
        };
        if removed {
            interface.remove();
            self.tell(&Change::Removed(interface.clone()));
        }
    }

    /// Gives an interface another name.
    ///
    /// # Errors
    /// As [`Host::add_link`].
    pub fn rename(&self, interface: &Arc<Interface>, name: &str) -> Result<(), Errno> {
        check_name(name)?;
        {
            let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let taken = |other: &Arc<Interface>| other.name() == name && !Arc::ptr_eq(other, interface);
            if state.interfaces.iter().any(taken) {
                return Err(Errno::EXIST);
            }
            interface.set_name(name);
        }
        self.changed(interface);
        Ok(())
    }

    /// Tells everybody that an interface is another way now.
    pub fn changed(&self, interface: &Arc<Interface>) {
        self.tell(&Change::Changed(interface.clone()));
    }

    /// Calls `watcher` on every change from now on. It must not change interfaces itself.
    pub fn watch(&self, watcher: impl Fn(&Change) + Send + Sync + 'static) {
        lock(&self.watchers).push(Box::new(watcher));
    }

    fn tell(&self, change: &Change) {
        for watcher in lock(&self.watchers).iter() {
            watcher(change);
        }
    }
}

/// A name may not be empty, too long, a folder's, or hold blanks, slashes or colons (`dev_valid_name` of Linux).
fn check_name(name: &str) -> Result<(), Errno> {
    let bad = |byte: u8| byte == b'/' || byte == b':' || byte.is_ascii_whitespace() || byte == 0;
    if name.is_empty() || name.len() > NAME || name == "." || name == ".." || name.bytes().any(bad) {
        return Err(Errno::INVAL);
    }
    Ok(())
}
