//! Tasks and ports, how a port dies, and the notifications that this sends.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::space::{Entry, Space};
use super::types::{KernError, Limits, Name, Notification, QUEUE_DEFAULT, TaskId};

/// A port, for the kernel itself. Never given twice, so a right to a dead port is one whose port is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PortId(pub(super) u64);

/// Who receives from a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// A task, under its name for the receive right.
    Task(TaskId, Name),
    /// The kernel: the port of a task.
    Kernel,
    /// Nobody: the receive right is in a message queued at that port.
    Transit(Option<PortId>),
}

/// A right that is in no space: in a message, or held by the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    Null,
    Dead,
    Send(PortId),
    SendOnce(PortId),
    Receive(PortId),
}

/// A queued message.
#[derive(Debug)]
pub(super) struct Queued {
    /// The destination's right, which counts until the message is received.
    pub(super) remote: Carried,
    pub(super) reply: Carried,
    pub(super) id: i32,
    pub(super) body: Vec<u8>,
    pub(super) rights: Vec<Carried>,
    pub(super) notification: Option<Notification>,
}

#[derive(Debug)]
pub(super) struct Port {
    pub(super) receiver: Receiver,
    pub(super) make_send_count: u32,
    /// Send rights: one for each space that has any, for each message and for each that the kernel keeps.
    pub(super) sends: u32,
    /// Send-once rights, counted likewise; a registered notification request is one.
    pub(super) send_onces: u32,
    pub(super) queue: VecDeque<Queued>,
    pub(super) queue_limit: u32,
    pub(super) sequence: u32,
    /// The receiver's port set.
    pub(super) set: Option<Name>,
    pub(super) no_senders: Option<PortId>,
    pub(super) port_destroyed: Option<PortId>,
    pub(super) dead_name: BTreeMap<(TaskId, Name), PortId>,
    /// Every name that denotes a right for this port.
    pub(super) holders: BTreeSet<(TaskId, Name)>,
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) label: String,
    pub(super) space: Space,
    pub(super) port: PortId,
    pub(super) bootstrap: Option<PortId>,
}

/// What a call sets off, done when the call itself is through.
#[derive(Debug)]
enum Pending {
    Release(Carried),
    Notify { to: PortId, notification: Notification, right: Carried },
}

#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) limits: Limits,
    tasks: BTreeMap<TaskId, Task>,
    ports: HashMap<PortId, Port>,
    next_task: u64,
    next_port: u64,
    pending: VecDeque<Pending>,
}

impl Kernel {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            tasks: BTreeMap::new(),
            ports: HashMap::new(),
            next_task: 1,
            next_port: 1,
            pending: VecDeque::new(),
        }
    }

    pub(super) fn task(&self, task: TaskId) -> Result<&Task, KernError> {
        self.tasks.get(&task).ok_or(KernError::InvalidTask)
    }

    pub(super) fn task_mut(&mut self, task: TaskId) -> Result<&mut Task, KernError> {
        self.tasks.get_mut(&task).ok_or(KernError::InvalidTask)
    }

    pub(super) fn port(&self, port: PortId) -> Option<&Port> {
        self.ports.get(&port)
    }

    pub(super) fn port_mut(&mut self, port: PortId) -> Option<&mut Port> {
        self.ports.get_mut(&port)
    }

    pub(super) fn port_count(&self) -> usize {
        self.ports.len()
    }

    pub(super) fn tasks(&self) -> Vec<(TaskId, String)> {
        self.tasks.iter().map(|(id, task)| (*id, task.label.clone())).collect()
    }

    pub(super) fn new_port(&mut self, receiver: Receiver) -> PortId {
        let id = PortId(self.next_port);
        self.next_port += 1;
        self.ports.insert(
            id,
            Port {
                receiver,
                make_send_count: 0,
                sends: 0,
                send_onces: 0,
                queue: VecDeque::new(),
                queue_limit: QUEUE_DEFAULT,
                sequence: 0,
                set: None,
                no_senders: None,
                port_destroyed: None,
                dead_name: BTreeMap::new(),
                holders: BTreeSet::new(),
            },
        );
        id
    }

    pub(super) fn task_create(&mut self, label: &str) -> Result<TaskId, KernError> {
        if self.tasks.len() >= self.limits.tasks {
            return Err(KernError::ResourceShortage);
        }
        let id = TaskId(self.next_task);
        self.next_task += 1;
        let port = self.new_port(Receiver::Kernel);
        let task =
            Task { label: label.to_owned(), space: Space::new(self.limits.names), port, bootstrap: None };
        self.tasks.insert(id, task);
        Ok(id)
    }

    /// The order is GNU Mach's (`ipc_task_terminate`): first the send rights that the kernel keeps for the task,
    /// then its space, at last its own port.
    pub(super) fn task_terminate(&mut self, task: TaskId) -> Result<(), KernError> {
        let bootstrap = self.task_mut(task)?.bootstrap.take();
        if let Some(port) = bootstrap {
            self.release(Carried::Send(port));
            self.settle();
        }
        let names: Vec<Name> = self.task(task)?.space.iter().map(|(name, _)| name).collect();
        for name in names {
            self.clean(task, name);
            self.settle();
        }
        // A notification that the task had asked to get itself found its port, or else is gone with it; what the
        // last steps put into the space (dead names) goes with the task.
        if let Some(task) = self.tasks.remove(&task) {
            self.destroy_port(task.port);
        }
        self.settle();
        Ok(())
    }

    pub(super) fn task_port(&mut self, holder: TaskId, target: TaskId) -> Result<Name, KernError> {
        let port = self.task(target)?.port;
        self.task(holder)?;
        self.make_kernel_send(port);
        self.copy_out(holder, Carried::Send(port)).map(|(name, _)| name)
    }

    /// A send right made by the kernel from a receive right of its own.
    fn make_kernel_send(&mut self, port: PortId) {
        if let Some(port) = self.port_mut(port) {
            port.make_send_count = port.make_send_count.wrapping_add(1);
            port.sends += 1;
        }
    }

    pub(super) fn set_bootstrap(&mut self, task: TaskId, from: TaskId, right: Name) -> Result<(), KernError> {
        self.task(task)?;
        let carried = self.copy_in(from, right, super::Disposition::CopySend)?;
        let Carried::Send(port) = carried else {
            self.release(carried);
            return Err(KernError::InvalidCapability);
        };
        if let Some(old) = self.task_mut(task)?.bootstrap.replace(port) {
            self.release(Carried::Send(old));
        }
        Ok(())
    }

    pub(super) fn get_bootstrap(&mut self, task: TaskId) -> Result<Name, KernError> {
        let Some(port) = self.task(task)?.bootstrap else { return Ok(Name::NULL) };
        match self.port_mut(port) {
            None => Ok(Name::DEAD),
            Some(kept) => {
                kept.sends += 1;
                self.copy_out(task, Carried::Send(port)).map(|(name, _)| name)
            }
        }
    }

    pub(super) fn release(&mut self, right: Carried) {
        self.pending.push_back(Pending::Release(right));
    }

    pub(super) fn notify(&mut self, to: PortId, notification: Notification, right: Carried) {
        self.pending.push_back(Pending::Notify { to, notification, right });
    }

    /// Does what calls left to be done, in the order it arose, until nothing is left.
    pub(super) fn settle(&mut self) {
        while let Some(pending) = self.pending.pop_front() {
            match pending {
                Pending::Release(Carried::Send(port)) => self.release_send(port),
                Pending::Release(Carried::SendOnce(port)) => {
                    self.deliver(port, Notification::SendOnce, Carried::Null)
                }
                Pending::Release(Carried::Receive(port)) => self.destroy_port(port),
                Pending::Release(Carried::Null | Carried::Dead) => {}
                Pending::Notify { to, notification, right } => self.deliver(to, notification, right),
            }
        }
    }

    /// One send right less; the last one sets off the no-senders notification, with the make-send count of now.
    pub(super) fn release_send(&mut self, id: PortId) {
        let Some(port) = self.port_mut(id) else { return };
        port.sends -= 1;
        if port.sends == 0
            && let Some(to) = port.no_senders.take()
        {
            let count = port.make_send_count;
            self.notify(to, Notification::NoSenders(count), Carried::Null);
        }
    }

    /// A notification uses the send-once right up: it is queued whatever the limit, and the right counts until the
    /// message is received. When that port is dead the notification and what it carries are lost.
    fn deliver(&mut self, to: PortId, notification: Notification, right: Carried) {
        let Some(port) = self.ports.get_mut(&to) else { return self.release(right) };
        let rights = if right == Carried::Null { Vec::new() } else { vec![right] };
        port.queue.push_back(Queued {
            remote: Carried::SendOnce(to),
            reply: Carried::Null,
            id: notification.id(),
            body: Vec::new(),
            rights,
            notification: Some(notification),
        });
    }

    /// Takes the receiver off a port: out of its set, make-send count and sequence number back to zero.
    pub(super) fn clear_receiver(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(&id) else { return };
        port.make_send_count = 0;
        port.sequence = 0;
        if let (Some(set), Receiver::Task(task, name)) = (port.set.take(), port.receiver)
            && let Some(task) = self.tasks.get_mut(&task)
            && let Ok(Entry::PortSet { members, .. }) = task.space.get_mut(set)
        {
            members.remove(&name);
        }
    }

    /// The receive right is gone. With a port-destroyed request it is sent to the one who asked; else the port
    /// dies: its no-senders request is given back unused, its messages are destroyed, and names for it die.
    pub(super) fn destroy_port(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(&id) else { return };
        if let Some(to) = port.port_destroyed.take() {
            port.receiver = Receiver::Transit(Some(to));
            if self.ports.contains_key(&to) && !self.circular(id, to) {
                return self.notify(to, Notification::PortDestroyed, Carried::Receive(id));
            }
            self.release(Carried::SendOnce(to));
        }
        let Some(port) = self.ports.remove(&id) else { return };
        if let Some(to) = port.no_senders {
            self.release(Carried::SendOnce(to));
        }
        for message in port.queue {
            self.release(message.reply);
            for right in message.rights {
                self.release(right);
            }
        }
        for (task, name) in port.holders {
            let request = port.dead_name.get(&(task, name)).copied();
            if let Some(task) = self.tasks.get_mut(&task) {
                task.space.kill(name, request.is_some());
            }
            if let Some(to) = request {
                self.notify(to, Notification::DeadName(name), Carried::Null);
            }
        }
    }

    /// Whether `destination` is, through queued messages, already inside the receive right of `port`: then a
    /// message with that right, queued there, could never be received.
    pub(super) fn circular(&self, port: PortId, destination: PortId) -> bool {
        let mut at = destination;
        loop {
            if at == port {
                return true;
            }
            match self.port(at).map(|port| port.receiver) {
                Some(Receiver::Transit(Some(next))) => at = next,
                _ => return false,
            }
        }
    }

    #[cfg(test)]
    pub(super) fn all_tasks(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        self.tasks.iter().map(|(id, task)| (*id, task))
    }

    #[cfg(test)]
    pub(super) fn all_ports(&self) -> impl Iterator<Item = (PortId, &Port)> {
        self.ports.iter().map(|(id, port)| (*id, port))
    }
}
