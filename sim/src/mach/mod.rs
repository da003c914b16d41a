//! Mach's ports, simulated: name spaces, rights with counts, messages that carry rights, and notifications.
//!
//! A *task* has a space of names. A name denotes a receive right, send rights (counted in user references),
//! both of these for one port, a send-once right, a port set, or a dead name. Everything a guest holds from a
//! server is such a right, so that the end of a guest is one [`Mach::task_terminate`]: its rights go, ports that
//! lost their last sender tell their receivers so, and the servers take back what they kept for it.
//!
//! The rules are those of the *Mach 3 Kernel Interfaces* and of the GNU Mach Reference Manual, chapter
//! "Inter Process Communication"; the numbers are those of `<mach/kern_return.h>`, `<mach/message.h>` and
//! `<mach/notify.h>`. Differences, all of them bounds:
//! - Nothing blocks. [`Ports::send`] acts like `MACH_SEND_TIMEOUT` and [`Ports::receive`] like
//!   `MACH_RCV_TIMEOUT`, both with a time-out of zero.
//! - A space, a message and the number of tasks have limits ([`Limits`]).
//! - A port whose receiver is the kernel (a task port) takes no messages: task calls are functions here.
//! - A message's header is a field of its own, with data as bytes and rights as a list; there is no out-of-line
//!   memory.
//!
//! On an Apple host the same [`Ports`] interface is answered by the real kernel (module `darwin`).

mod kernel;
mod message;
mod right;
mod space;
mod types;

#[cfg(target_vendor = "apple")]
pub mod darwin;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::Kernel;
pub use types::{
    Disposition, KernError, Limits, Message, MessageError, Name, NameStatus, Notification, PortStatus,
    Received, Request, Right, TaskId, UREFS_MAX,
};

/// What a holder of ports can ask of the kernel, be it the simulated one or Apple's.
///
/// Each function has the name of its Mach call without `mach_port_`, and that call's rules.
pub trait Ports: Send + Sync {
    /// `mach_port_allocate`: a new receive right, an empty port set, or a dead name with one reference.
    fn allocate(&self, task: TaskId, right: Right) -> Result<Name, KernError>;
    /// `mach_port_deallocate`: gives back one user reference of a send right, a send-once right or a dead name.
    fn deallocate(&self, task: TaskId, name: Name) -> Result<(), KernError>;
    /// `mach_port_destroy`: gives back all rights that the name denotes, at once.
    fn destroy(&self, task: TaskId, name: Name) -> Result<(), KernError>;
    /// `mach_port_get_refs`: the user references of one right, zero when the name denotes another right.
    fn get_refs(&self, task: TaskId, name: Name, right: Right) -> Result<u32, KernError>;
    /// `mach_port_mod_refs`: changes the user references of one right.
    fn mod_refs(&self, task: TaskId, name: Name, right: Right, delta: i32) -> Result<(), KernError>;
    /// `mach_port_insert_right`: gives `task` the right that `disposition` takes from `from`'s `right`, as `name`.
    fn insert_right(
        &self,
        task: TaskId,
        name: Name,
        from: TaskId,
        right: Name,
        disposition: Disposition,
    ) -> Result<(), KernError>;
    /// `mach_port_get_receive_status`.
    fn receive_status(&self, task: TaskId, name: Name) -> Result<PortStatus, KernError>;
    /// `mach_port_set_qlimit`: how many messages may wait at the port.
    fn set_queue_limit(&self, task: TaskId, name: Name, limit: u32) -> Result<(), KernError>;
    /// `mach_port_set_mscount`: sets the make-send count.
    fn set_make_send_count(&self, task: TaskId, name: Name, count: u32) -> Result<(), KernError>;
    /// `mach_port_move_member`: puts the receive right into a port set, or with [`Name::NULL`] into none.
    fn move_member(&self, task: TaskId, member: Name, set: Name) -> Result<(), KernError>;
    /// `mach_port_request_notification`: registers the send-once right that `notify` makes or moves, and returns
    /// the one that was registered before as a right of `task` ([`Name::NULL`] for none). `None` cancels.
    fn request_notification(
        &self,
        task: TaskId,
        name: Name,
        request: Request,
        sync: u32,
        notify: Option<(Name, Disposition)>,
    ) -> Result<Name, KernError>;
    /// `mach_msg` with `MACH_SEND_MSG`, time-out zero.
    fn send(&self, task: TaskId, message: Message) -> Result<(), MessageError>;
    /// `mach_msg` with `MACH_RCV_MSG`, time-out zero, on a receive right or a port set.
    fn receive(&self, task: TaskId, name: Name) -> Result<Received, MessageError>;
}

/// The simulated kernel. All of it is behind one lock that is held for one call and never across another.
pub struct Mach {
    kernel: Mutex<Kernel>,
}

impl Default for Mach {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Mach {
    /// A kernel without tasks.
    pub fn new(limits: Limits) -> Self {
        Self { kernel: Mutex::new(Kernel::new(limits)) }
    }

    fn lock(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one call and then everything it set off (notifications, ports that died), before the lock is given up.
    fn call<T>(&self, call: impl FnOnce(&mut Kernel) -> T) -> T {
        let mut kernel = self.lock();
        let result = call(&mut kernel);
        kernel.settle();
        result
    }

    /// `task_create`: a task with an empty space; `label` is what people are shown.
    pub fn task_create(&self, label: &str) -> Result<TaskId, KernError> {
        self.call(|kernel| kernel.task_create(label))
    }

    /// `task_terminate`: the task's special ports, then each right of its space, then its task port go, so that
    /// whoever asked for a dead-name notification on the task port hears of it when everything else is done.
    pub fn task_terminate(&self, task: TaskId) -> Result<(), KernError> {
        let mut kernel = self.lock();
        kernel.task_terminate(task)
    }

    /// A send right for `target`'s task port, in the space of `holder`: what `task_create` and
    /// `task_for_pid`-like servers hand out.
    pub fn task_port(&self, holder: TaskId, target: TaskId) -> Result<Name, KernError> {
        self.call(|kernel| kernel.task_port(holder, target))
    }

    /// `task_set_special_port(TASK_BOOTSTRAP_PORT)`: the kernel keeps a send right for the task.
    pub fn set_bootstrap(&self, task: TaskId, from: TaskId, right: Name) -> Result<(), KernError> {
        self.call(|kernel| kernel.set_bootstrap(task, from, right))
    }

    /// `task_get_special_port(TASK_BOOTSTRAP_PORT)`: a new reference to the kept send right.
    pub fn get_bootstrap(&self, task: TaskId) -> Result<Name, KernError> {
        self.call(|kernel| kernel.get_bootstrap(task))
    }

    /// What a message with this one right, sent by `from` and received by `to`, does to the two spaces, in one
    /// step and without a queue. Returns the name in `to`.
    pub fn transfer(
        &self,
        from: TaskId,
        right: Name,
        disposition: Disposition,
        to: TaskId,
    ) -> Result<Name, KernError> {
        self.call(|kernel| kernel.transfer(from, right, disposition, to))
    }

    /// Where a message sent by `task` to the send right `name` would be received: the receiver and its name for
    /// the receive right. This is what the kernel computes for a message's destination; the servers use it to find
    /// the object that a guest's right stands for.
    pub fn destination(&self, task: TaskId, name: Name) -> Result<(TaskId, Name), KernError> {
        self.lock().destination(task, name)
    }

    /// The name under which `task` holds send rights for the port that `receiver` receives from as `name`.
    pub fn send_right_for(&self, task: TaskId, receiver: TaskId, name: Name) -> Option<Name> {
        self.lock().send_right_for(task, receiver, name)
    }

    /// `mach_port_names` with `mach_port_type`: every name of the task with the rights it denotes and their
    /// user references.
    pub fn names(&self, task: TaskId) -> Result<Vec<NameStatus>, KernError> {
        self.lock().names(task)
    }

    /// `mach_port_rename`.
    pub fn rename(&self, task: TaskId, old: Name, new: Name) -> Result<(), KernError> {
        self.call(|kernel| kernel.rename(task, old, new))
    }

    /// `mach_port_get_set_status`: the members of a port set.
    pub fn set_members(&self, task: TaskId, set: Name) -> Result<Vec<Name>, KernError> {
        self.lock().set_members(task, set)
    }

    /// The living tasks with their labels.
    pub fn tasks(&self) -> Vec<(TaskId, String)> {
        self.lock().tasks()
    }

    /// How many ports live.
    pub fn port_count(&self) -> usize {
        self.lock().port_count()
    }
}

impl Ports for Mach {
    fn allocate(&self, task: TaskId, right: Right) -> Result<Name, KernError> {
        self.call(|kernel| kernel.allocate(task, right))
    }

    fn deallocate(&self, task: TaskId, name: Name) -> Result<(), KernError> {
        self.call(|kernel| kernel.deallocate(task, name))
    }

    fn destroy(&self, task: TaskId, name: Name) -> Result<(), KernError> {
        self.call(|kernel| kernel.destroy(task, name))
    }

    fn get_refs(&self, task: TaskId, name: Name, right: Right) -> Result<u32, KernError> {
        self.lock().get_refs(task, name, right)
    }

    fn mod_refs(&self, task: TaskId, name: Name, right: Right, delta: i32) -> Result<(), KernError> {
        self.call(|kernel| kernel.mod_refs(task, name, right, delta))
    }

    fn insert_right(
        &self,
        task: TaskId,
        name: Name,
        from: TaskId,
        right: Name,
        disposition: Disposition,
    ) -> Result<(), KernError> {
        self.call(|kernel| kernel.insert_right(task, name, from, right, disposition))
    }

    fn receive_status(&self, task: TaskId, name: Name) -> Result<PortStatus, KernError> {
        self.lock().receive_status(task, name)
    }

    fn set_queue_limit(&self, task: TaskId, name: Name, limit: u32) -> Result<(), KernError> {
        self.call(|kernel| kernel.set_queue_limit(task, name, limit))
    }

    fn set_make_send_count(&self, task: TaskId, name: Name, count: u32) -> Result<(), KernError> {
        self.call(|kernel| kernel.set_make_send_count(task, name, count))
    }

    fn move_member(&self, task: TaskId, member: Name, set: Name) -> Result<(), KernError> {
        self.call(|kernel| kernel.move_member(task, member, set))
    }

    fn request_notification(
        &self,
        task: TaskId,
        name: Name,
        request: Request,
        sync: u32,
        notify: Option<(Name, Disposition)>,
    ) -> Result<Name, KernError> {
        self.call(|kernel| kernel.request_notification(task, name, request, sync, notify))
    }

    fn send(&self, task: TaskId, message: Message) -> Result<(), MessageError> {
        self.call(|kernel| kernel.send(task, message))
    }

    fn receive(&self, task: TaskId, name: Name) -> Result<Received, MessageError> {
        self.call(|kernel| kernel.receive(task, name))
    }
}
