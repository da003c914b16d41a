//! One task's name space.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::kernel::PortId;
use super::types::{KernError, Name, Right, UREFS_MAX};

/// What one name denotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Receive right, send rights (their user references), or both, for one port.
    Port { port: PortId, receive: bool, sends: u32 },
    /// A send-once right.
    SendOnce(PortId),
    /// A dead name with its user references.
    DeadName(u32),
    /// A port set: its members, and the one served last, so that none of them starves.
    PortSet { members: BTreeSet<Name>, served: Name },
}

impl Entry {
    /// The port behind a port right.
    pub(super) fn port(&self) -> Option<PortId> {
        match self {
            Entry::Port { port, .. } | Entry::SendOnce(port) => Some(*port),
            Entry::DeadName(_) | Entry::PortSet { .. } => None,
        }
    }

    /// User references of one kind of right.
    pub(super) fn refs(&self, right: Right) -> u32 {
        match (self, right) {
            (Entry::Port { sends, .. }, Right::Send) => *sends,
            (Entry::Port { receive, .. }, Right::Receive) => u32::from(*receive),
            (Entry::SendOnce(_), Right::SendOnce) | (Entry::PortSet { .. }, Right::PortSet) => 1,
            (Entry::DeadName(refs), Right::DeadName) => *refs,
            _ => 0,
        }
    }
}

/// The names of a task.
#[derive(Debug)]
pub(super) struct Space {
    entries: BTreeMap<Name, Entry>,
    /// The one name of each port of which send or receive rights are held.
    by_port: HashMap<PortId, Name>,
    next: u32,
    limit: usize,
}

impl Space {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), by_port: HashMap::new(), next: 1, limit }
    }

    pub(super) fn get(&self, name: Name) -> Result<&Entry, KernError> {
        self.entries.get(&name).ok_or(KernError::InvalidName)
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Result<&mut Entry, KernError> {
        self.entries.get_mut(&name).ok_or(KernError::InvalidName)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Name, &Entry)> {
        self.entries.iter().map(|(name, entry)| (*name, entry))
    }

    /// The name under which send or receive rights of the port are held.
    pub(super) fn name_of(&self, port: PortId) -> Option<Name> {
        self.by_port.get(&port).copied()
    }

    /// Puts an entry under a name that the kernel chooses: never one in use, and a freed one as late as possible.
    pub(super) fn insert(&mut self, entry: Entry) -> Result<Name, KernError> {
        if self.entries.len() >= self.limit {
            return Err(KernError::NoSpace);
        }
        loop {
            let name = Name(self.next);
            self.next = self.next.wrapping_add(1);
            if name.is_valid() && !self.entries.contains_key(&name) {
                self.put(name, entry);
                return Ok(name);
            }
        }
    }

    fn put(&mut self, name: Name, entry: Entry) {
        if let Entry::Port { port, .. } = entry {
            self.by_port.insert(port, name);
        }
        self.entries.insert(name, entry);
    }

    /// Frees a name.
    pub(super) fn remove(&mut self, name: Name) -> Option<Entry> {
        let entry = self.entries.remove(&name)?;
        if let Entry::Port { port, .. } = entry {
            self.by_port.remove(&port);
        }
        Some(entry)
    }

    /// Makes a name dead whose port died: send references stay as references of the dead name, a send-once right
    /// becomes one, and a generated dead-name notification adds one. A name that held the receive right alone is
    /// freed.
    pub(super) fn kill(&mut self, name: Name, notified: bool) {
        let Some(entry) = self.remove(name) else { return };
        let refs = match entry {
            Entry::Port { sends, .. } => sends,
            Entry::SendOnce(_) => 1,
            Entry::DeadName(_) | Entry::PortSet { .. } => return self.put(name, entry),
        };
        if refs > 0 {
            self.put(name, Entry::DeadName((refs + u32::from(notified)).min(UREFS_MAX)));
        }
    }

    /// Gives an entry another name.
    pub(super) fn rename(&mut self, old: Name, new: Name) -> Result<(), KernError> {
        if !new.is_valid() {
            return Err(KernError::InvalidValue);
        }
        self.get(old)?;
        if self.entries.contains_key(&new) {
            return Err(KernError::NameExists);
        }
        if let Some(entry) = self.remove(old) {
            self.put(new, entry);
        }
        Ok(())
    }
}
