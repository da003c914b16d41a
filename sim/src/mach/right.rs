//! The calls on names: making rights, taking them out of a space and putting them into one, giving them back.

use std::collections::BTreeSet;

use super::kernel::{Carried, Kernel, PortId, Receiver};
use super::space::Entry;
use super::types::{
    Disposition, KernError, Name, NameStatus, Notification, PortStatus, QUEUE_MAX, Request, Right, TaskId,
    UREFS_MAX,
};

impl Kernel {
    pub(super) fn allocate(&mut self, task: TaskId, right: Right) -> Result<Name, KernError> {
        match right {
            Right::Send | Right::SendOnce => {
                self.task(task)?;
                Err(KernError::InvalidValue)
            }
            Right::DeadName => self.task_mut(task)?.space.insert(Entry::DeadName(1)),
            Right::PortSet => self
                .task_mut(task)?
                .space
                .insert(Entry::PortSet { members: BTreeSet::new(), served: Name::NULL }),
            Right::Receive => {
                self.task(task)?;
                let port = self.new_port(Receiver::Transit(None));
                self.copy_out(task, Carried::Receive(port)).map(|(name, _)| name)
            }
        }
    }

    /// Takes a right for a message out of a space. A dead name is taken for the sends and send-once rights that
    /// it stands in for, as [`Carried::Dead`].
    pub(super) fn copy_in(
        &mut self,
        task: TaskId,
        name: Name,
        disposition: Disposition,
    ) -> Result<Carried, KernError> {
        let entry = self.task(task)?.space.get(name)?.clone();
        match (disposition, entry) {
            (Disposition::MakeSend, Entry::Port { port, receive: true, .. }) => {
                if let Some(port) = self.port_mut(port) {
                    port.make_send_count = port.make_send_count.wrapping_add(1);
                    port.sends += 1;
                }
                Ok(Carried::Send(port))
            }
            (Disposition::MakeSendOnce, Entry::Port { port, receive: true, .. }) => {
                if let Some(port) = self.port_mut(port) {
                    port.send_onces += 1;
                }
                Ok(Carried::SendOnce(port))
            }
            (Disposition::MoveReceive, Entry::Port { port, receive: true, sends }) => {
                self.clear_receiver(port);
                if let Some(port) = self.port_mut(port) {
                    port.receiver = Receiver::Transit(None);
                }
                self.set_port_entry(task, name, port, false, sends)?;
                Ok(Carried::Receive(port))
            }
            (Disposition::CopySend, Entry::Port { port, sends: 1.., .. }) => {
                if let Some(port) = self.port_mut(port) {
                    port.sends += 1;
                }
                Ok(Carried::Send(port))
            }
            (Disposition::MoveSend, Entry::Port { port, receive, sends: sends @ 1.. }) => {
                if sends > 1
                    && let Some(port) = self.port_mut(port)
                {
                    port.sends += 1;
                }
                self.set_port_entry(task, name, port, receive, sends - 1)?;
                Ok(Carried::Send(port))
            }
            (Disposition::MoveSendOnce, Entry::SendOnce(port)) => {
                self.free(task, name, port)?;
                Ok(Carried::SendOnce(port))
            }
            (Disposition::CopySend, Entry::DeadName(_)) => Ok(Carried::Dead),
            (Disposition::MoveSend | Disposition::MoveSendOnce, Entry::DeadName(refs)) => {
                self.set_dead_refs(task, name, refs - 1)?;
                Ok(Carried::Dead)
            }
            _ => Err(KernError::InvalidRight),
        }
    }

    /// Puts a right into a space under the name the rules give it. A right that does not fit is given back.
    pub(super) fn copy_out(&mut self, task: TaskId, right: Carried) -> Result<(Name, Right), KernError> {
        let (port, kind) = match right {
            Carried::Null => return Ok((Name::NULL, Right::Send)),
            Carried::Dead => return Ok((Name::DEAD, Right::DeadName)),
            Carried::Send(port) => (port, Right::Send),
            Carried::SendOnce(port) => (port, Right::SendOnce),
            Carried::Receive(port) => (port, Right::Receive),
        };
        if self.port(port).is_none() {
            return Ok((Name::DEAD, Right::DeadName));
        }
        let space = &mut self.task_mut(task)?.space;
        let held = if kind == Right::SendOnce { None } else { space.name_of(port) };
        let name = match held {
            Some(name) => self.join(task, name, port, kind)?,
            None => {
                let entry = match kind {
                    Right::SendOnce => Entry::SendOnce(port),
                    Right::Receive => Entry::Port { port, receive: true, sends: 0 },
                    _ => Entry::Port { port, receive: false, sends: 1 },
                };
                match space.insert(entry) {
                    Ok(name) => name,
                    Err(error) => {
                        self.release(right);
                        return Err(error);
                    }
                }
            }
        };
        self.settle_holder(task, name, port, kind);
        Ok((name, kind))
    }

    /// Adds a right to the entry that already denotes rights for the port. A reference too many is given back
    /// silently, as the rule for received send rights has it.
    fn join(&mut self, task: TaskId, name: Name, port: PortId, kind: Right) -> Result<Name, KernError> {
        let Entry::Port { receive, sends, .. } = self.task_mut(task)?.space.get_mut(name)? else {
            return Err(KernError::InvalidRight);
        };
        if kind == Right::Receive {
            *receive = true;
            return Ok(name);
        }
        let merged = *sends > 0;
        if *sends < UREFS_MAX - 1 {
            *sends += 1;
        }
        if merged {
            // The space counted as one send right before, and still does.
            self.release_send(port);
        }
        Ok(name)
    }

    fn settle_holder(&mut self, task: TaskId, name: Name, port: PortId, kind: Right) {
        if let Some(port) = self.port_mut(port) {
            port.holders.insert((task, name));
            if kind == Right::Receive {
                port.receiver = Receiver::Task(task, name);
            }
        }
    }

    /// Sets what is left of a port entry, and frees the name when nothing is.
    fn set_port_entry(
        &mut self,
        task: TaskId,
        name: Name,
        port: PortId,
        receive: bool,
        sends: u32,
    ) -> Result<(), KernError> {
        if receive || sends > 0 {
            *self.task_mut(task)?.space.get_mut(name)? = Entry::Port { port, receive, sends };
            return Ok(());
        }
        self.free(task, name, port)
    }

    /// Frees the name of a port right. A dead-name request on it ends in a port-deleted notification.
    fn free(&mut self, task: TaskId, name: Name, port: PortId) -> Result<(), KernError> {
        self.task_mut(task)?.space.remove(name);
        let Some(port) = self.port_mut(port) else { return Ok(()) };
        port.holders.remove(&(task, name));
        if let Some(to) = port.dead_name.remove(&(task, name)) {
            self.notify(to, Notification::PortDeleted(name), Carried::Null);
        }
        Ok(())
    }

    fn set_dead_refs(&mut self, task: TaskId, name: Name, refs: u32) -> Result<(), KernError> {
        let space = &mut self.task_mut(task)?.space;
        if refs == 0 {
            space.remove(name);
        } else {
            *space.get_mut(name)? = Entry::DeadName(refs);
        }
        Ok(())
    }

    /// Gives back everything that a name denotes; a name that does not exist is no error here.
    pub(super) fn clean(&mut self, task: TaskId, name: Name) {
        let Some(entry) = self.task(task).ok().and_then(|task| task.space.get(name).ok().cloned()) else {
            return;
        };
        let freed = match entry {
            Entry::DeadName(_) => self.set_dead_refs(task, name, 0),
            Entry::PortSet { members, .. } => self.empty_set(task, name, &members),
            Entry::SendOnce(port) => {
                self.release(Carried::SendOnce(port));
                self.free(task, name, port)
            }
            Entry::Port { port, receive, sends } => {
                if sends > 0 {
                    self.release_send(port);
                }
                if receive {
                    self.clear_receiver(port);
                }
                let freed = self.free(task, name, port);
                if receive {
                    self.destroy_port(port);
                }
                freed
            }
        };
        debug_assert!(freed.is_ok(), "the task and the name were there a moment ago");
    }

    fn empty_set(&mut self, task: TaskId, set: Name, members: &BTreeSet<Name>) -> Result<(), KernError> {
        for member in members {
            if let Some(port) = self.task(task)?.space.get(*member)?.port()
                && let Some(port) = self.port_mut(port)
            {
                port.set = None;
            }
        }
        self.task_mut(task)?.space.remove(set);
        Ok(())
    }

    pub(super) fn destroy(&mut self, task: TaskId, name: Name) -> Result<(), KernError> {
        self.task(task)?.space.get(name)?;
        self.clean(task, name);
        Ok(())
    }

    pub(super) fn deallocate(&mut self, task: TaskId, name: Name) -> Result<(), KernError> {
        let right = match self.task(task)?.space.get(name)? {
            Entry::Port { sends: 1.., .. } => Right::Send,
            Entry::SendOnce(_) => Right::SendOnce,
            Entry::DeadName(_) => Right::DeadName,
            Entry::Port { .. } | Entry::PortSet { .. } => return Err(KernError::InvalidRight),
        };
        self.mod_refs(task, name, right, -1)
    }

    pub(super) fn get_refs(&self, task: TaskId, name: Name, right: Right) -> Result<u32, KernError> {
        Ok(self.task(task)?.space.get(name)?.refs(right))
    }

    pub(super) fn mod_refs(
        &mut self,
        task: TaskId,
        name: Name,
        right: Right,
        delta: i32,
    ) -> Result<(), KernError> {
        let entry = self.task(task)?.space.get(name)?.clone();
        let refs = entry.refs(right);
        if refs == 0 {
            return Err(KernError::InvalidRight);
        }
        let left = i64::from(refs) + i64::from(delta);
        // Send references stop one short of the limit, so that a dead-name notification can add one.
        let most = match right {
            Right::Send => UREFS_MAX - 1,
            Right::DeadName => UREFS_MAX,
            Right::Receive | Right::SendOnce | Right::PortSet => 1,
        };
        let left = match u32::try_from(left) {
            Err(_) => return Err(KernError::InvalidValue),
            Ok(left) if left <= most => left,
            Ok(_) if most == 1 => return Err(KernError::InvalidValue),
            Ok(_) => return Err(KernError::UrefsOverflow),
        };
        match (right, entry) {
            (Right::DeadName, _) => self.set_dead_refs(task, name, left),
            (Right::Send, Entry::Port { port, receive, .. }) => {
                if left == 0 {
                    self.release_send(port);
                }
                self.set_port_entry(task, name, port, receive, left)
            }
            (Right::Receive, Entry::Port { port, sends, .. }) if left == 0 => {
                self.clear_receiver(port);
                self.set_port_entry(task, name, port, false, sends)?;
                self.destroy_port(port);
                Ok(())
            }
            _ if left == 0 => {
                self.clean(task, name);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn insert_right(
        &mut self,
        task: TaskId,
        name: Name,
        from: TaskId,
        right: Name,
        disposition: Disposition,
    ) -> Result<(), KernError> {
        let space = &self.task(task)?.space;
        let source = self.task(from)?.space.get(right).map_err(|_| KernError::InvalidCapability)?;
        let Some(port) = source.port() else { return Err(KernError::InvalidCapability) };
        let once = matches!(disposition, Disposition::MakeSendOnce | Disposition::MoveSendOnce);
        let held = if once { None } else { space.name_of(port) };
        match held {
            Some(held) if held != name => return Err(KernError::RightExists),
            Some(_) => {
                let adds = !matches!(disposition, Disposition::MoveReceive);
                if adds && space.get(name)?.refs(Right::Send) >= UREFS_MAX - 1 {
                    return Err(KernError::UrefsOverflow);
                }
                let carried = self.copy_in(from, right, disposition)?;
                self.copy_out(task, carried)?;
            }
            None => {
                if !name.is_valid() {
                    return Err(KernError::InvalidValue);
                }
                if space.get(name).is_ok() {
                    return Err(KernError::NameExists);
                }
                let carried = self.copy_in(from, right, disposition)?;
                let (given, _) = self.copy_out(task, carried)?;
                self.rename(task, given, name)?;
            }
        }
        Ok(())
    }

    pub(super) fn transfer(
        &mut self,
        from: TaskId,
        right: Name,
        disposition: Disposition,
        to: TaskId,
    ) -> Result<Name, KernError> {
        self.task(to)?;
        let carried = self.copy_in(from, right, disposition)?;
        self.copy_out(to, carried).map(|(name, _)| name)
    }

    pub(super) fn destination(&self, task: TaskId, name: Name) -> Result<(TaskId, Name), KernError> {
        let port = match self.task(task)?.space.get(name)? {
            Entry::Port { port, sends: 1.., .. } | Entry::SendOnce(port) => *port,
            _ => return Err(KernError::InvalidRight),
        };
        match self.port(port).map(|port| port.receiver) {
            Some(Receiver::Task(task, name)) => Ok((task, name)),
            _ => Err(KernError::InvalidRight),
        }
    }

    pub(super) fn send_right_for(&self, task: TaskId, receiver: TaskId, name: Name) -> Option<Name> {
        let port = self.receive_right(receiver, name).ok()?;
        let space = &self.task(task).ok()?.space;
        let name = space.name_of(port)?;
        (space.get(name).ok()?.refs(Right::Send) > 0).then_some(name)
    }

    pub(super) fn names(&self, task: TaskId) -> Result<Vec<NameStatus>, KernError> {
        const RIGHTS: [Right; 5] =
            [Right::Receive, Right::Send, Right::SendOnce, Right::PortSet, Right::DeadName];
        let space = &self.task(task)?.space;
        Ok(space
            .iter()
            .map(|(name, entry)| {
                let rights = RIGHTS.iter().map(|right| (*right, entry.refs(*right)));
                NameStatus { name, rights: rights.filter(|(_, refs)| *refs > 0).collect() }
            })
            .collect())
    }

    pub(super) fn rename(&mut self, task: TaskId, old: Name, new: Name) -> Result<(), KernError> {
        let owner = self.task_mut(task)?;
        owner.space.rename(old, new)?;
        let entry = owner.space.get(new)?.clone();
        if let Entry::PortSet { members, .. } = &entry {
            for member in members {
                if let Some(port) = self.task(task)?.space.get(*member)?.port()
                    && let Some(port) = self.port_mut(port)
                {
                    port.set = Some(new);
                }
            }
        }
        let Some(port) = entry.port().and_then(|port| self.port_mut(port)) else { return Ok(()) };
        port.holders.remove(&(task, old));
        port.holders.insert((task, new));
        if let Some(to) = port.dead_name.remove(&(task, old)) {
            port.dead_name.insert((task, new), to);
        }
        if port.receiver == Receiver::Task(task, old) {
            port.receiver = Receiver::Task(task, new);
            let set = port.set;
            if let Some(set) = set
                && let Entry::PortSet { members, .. } = self.task_mut(task)?.space.get_mut(set)?
            {
                members.remove(&old);
                members.insert(new);
            }
        }
        Ok(())
    }

    /// The port of which the name is the receive right.
    fn receive_right(&self, task: TaskId, name: Name) -> Result<PortId, KernError> {
        match self.task(task)?.space.get(name)? {
            Entry::Port { port, receive: true, .. } => Ok(*port),
            _ => Err(KernError::InvalidRight),
        }
    }

    pub(super) fn receive_status(&self, task: TaskId, name: Name) -> Result<PortStatus, KernError> {
        let port = self.port(self.receive_right(task, name)?).ok_or(KernError::InvalidRight)?;
        Ok(PortStatus {
            set: port.set.unwrap_or(Name::NULL),
            sequence: port.sequence,
            make_send_count: port.make_send_count,
            queue_limit: port.queue_limit,
            messages: port.queue.len() as u32,
            send_once_rights: port.send_onces,
            send_rights: port.sends > 0,
            port_destroyed_request: port.port_destroyed.is_some(),
            no_senders_request: port.no_senders.is_some(),
        })
    }

    pub(super) fn set_queue_limit(&mut self, task: TaskId, name: Name, limit: u32) -> Result<(), KernError> {
        let port = self.receive_right(task, name)?;
        if limit > QUEUE_MAX {
            return Err(KernError::InvalidValue);
        }
        if let Some(port) = self.port_mut(port) {
            port.queue_limit = limit;
        }
        Ok(())
    }

    pub(super) fn set_make_send_count(
        &mut self,
        task: TaskId,
        name: Name,
        count: u32,
    ) -> Result<(), KernError> {
        let port = self.receive_right(task, name)?;
        if let Some(port) = self.port_mut(port) {
            port.make_send_count = count;
        }
        Ok(())
    }

    pub(super) fn move_member(&mut self, task: TaskId, member: Name, after: Name) -> Result<(), KernError> {
        let id = self.receive_right(task, member)?;
        if after != Name::NULL && !matches!(self.task(task)?.space.get(after)?, Entry::PortSet { .. }) {
            return Err(KernError::InvalidRight);
        }
        let Some(port) = self.port_mut(id) else { return Err(KernError::InvalidRight) };
        let before = port.set.take();
        if after == Name::NULL && before.is_none() {
            return Err(KernError::NotInSet);
        }
        port.set = (after != Name::NULL).then_some(after);
        let space = &mut self.task_mut(task)?.space;
        if let Some(before) = before
            && let Entry::PortSet { members, .. } = space.get_mut(before)?
        {
            members.remove(&member);
        }
        if after != Name::NULL
            && let Entry::PortSet { members, .. } = space.get_mut(after)?
        {
            members.insert(member);
        }
        Ok(())
    }

    pub(super) fn set_members(&self, task: TaskId, set: Name) -> Result<Vec<Name>, KernError> {
        match self.task(task)?.space.get(set)? {
            Entry::PortSet { members, .. } => Ok(members.iter().copied().collect()),
            _ => Err(KernError::InvalidRight),
        }
    }

    pub(super) fn request_notification(
        &mut self,
        task: TaskId,
        name: Name,
        request: Request,
        sync: u32,
        notify: Option<(Name, Disposition)>,
    ) -> Result<Name, KernError> {
        // All that can be refused is, before the send-once right is taken.
        let entry = self.task(task)?.space.get(name)?.clone();
        match (request, &entry) {
            (Request::PortDestroyed, _) if sync != 0 => return Err(KernError::InvalidValue),
            (Request::DeadName, Entry::Port { .. } | Entry::SendOnce(_)) => {}
            (Request::DeadName, Entry::DeadName(_)) if sync == 0 || notify.is_none() => {
                return Err(KernError::InvalidArgument);
            }
            (Request::DeadName, Entry::DeadName(UREFS_MAX..)) => return Err(KernError::UrefsOverflow),
            (Request::DeadName, Entry::DeadName(_)) => {}
            (Request::NoSenders | Request::PortDestroyed, Entry::Port { receive: true, .. }) => {}
            _ => return Err(KernError::InvalidRight),
        }
        let to = match notify {
            None => None,
            Some((right, how @ (Disposition::MakeSendOnce | Disposition::MoveSendOnce))) => {
                match self.copy_in(task, right, how) {
                    Ok(Carried::SendOnce(to)) => Some(to),
                    _ => return Err(KernError::InvalidCapability),
                }
            }
            Some(_) => return Err(KernError::InvalidCapability),
        };
        let previous = match (request, entry) {
            (_, Entry::DeadName(refs)) => {
                self.set_dead_refs(task, name, refs + 1)?;
                if let Some(to) = to {
                    self.notify(to, Notification::DeadName(name), Carried::Null);
                }
                None
            }
            (request, entry) => {
                let port = entry.port().ok_or(KernError::InvalidRight)?;
                self.register(task, name, port, request, sync, to)
            }
        };
        match previous {
            None => Ok(Name::NULL),
            Some(previous) => self.copy_out(task, Carried::SendOnce(previous)).map(|(name, _)| name),
        }
    }

    /// Swaps the registered send-once right. A no-senders request for which the condition already holds is
    /// answered at once.
    fn register(
        &mut self,
        task: TaskId,
        name: Name,
        id: PortId,
        request: Request,
        sync: u32,
        to: Option<PortId>,
    ) -> Option<PortId> {
        let port = self.port_mut(id)?;
        match request {
            Request::PortDestroyed => std::mem::replace(&mut port.port_destroyed, to),
            Request::DeadName => match to {
                Some(to) => port.dead_name.insert((task, name), to),
                None => port.dead_name.remove(&(task, name)),
            },
            Request::NoSenders => {
                let previous = std::mem::replace(&mut port.no_senders, to);
                if port.sends == 0
                    && sync <= port.make_send_count
                    && let Some(to) = port.no_senders.take()
                {
                    let count = port.make_send_count;
                    self.notify(to, Notification::NoSenders(count), Carried::Null);
                }
                previous
            }
        }
    }
}
