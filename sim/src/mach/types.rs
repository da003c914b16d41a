//! The words of the port interface. Numbers: `<mach/kern_return.h>`, `<mach/message.h>`, `<mach/port.h>`,
//! `<mach/notify.h>`.

use std::fmt;

/// Most user references that one right can have (`MACH_PORT_UREFS_MAX`).
pub const UREFS_MAX: u32 = 0xffff;
/// Queue length of a new port (`MACH_PORT_QLIMIT_DEFAULT`).
pub(super) const QUEUE_DEFAULT: u32 = 5;
/// Longest queue that can be set (`MACH_PORT_QLIMIT_MAX`).
pub(super) const QUEUE_MAX: u32 = 16;

/// A name in one task's space (`mach_port_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

impl Name {
    /// No right (`MACH_PORT_NULL`).
    pub const NULL: Name = Name(0);
    /// A right whose port died on the way (`MACH_PORT_DEAD`).
    pub const DEAD: Name = Name(u32::MAX);

    /// Whether the name could denote a right at all (`MACH_PORT_VALID`).
    pub fn is_valid(self) -> bool {
        self != Name::NULL && self != Name::DEAD
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A task. In the simulation a number that is never given twice; on an Apple host the name of the task port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

/// The five kinds of right (`MACH_PORT_RIGHT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// May send messages.
    Send,
    /// Receives the port's messages; exists once.
    Receive,
    /// May send one message.
    SendOnce,
    /// A set of receive rights to receive from.
    PortSet,
    /// A place-holder for a right whose port died.
    DeadName,
}

/// How a right is taken from its holder for a message (`MACH_MSG_TYPE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The receive right goes over.
    MoveReceive,
    /// One reference of the send right goes over.
    MoveSend,
    /// The send-once right goes over.
    MoveSendOnce,
    /// A further send right, made from a send right.
    CopySend,
    /// A send right made from the receive right; counted in the make-send count.
    MakeSend,
    /// A send-once right made from the receive right.
    MakeSendOnce,
}

/// What can be asked for with [`super::Ports::request_notification`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The named right's port dies (`MACH_NOTIFY_DEAD_NAME`).
    DeadName,
    /// The named receive right's port has no send right left (`MACH_NOTIFY_NO_SENDERS`).
    NoSenders,
    /// The named receive right would have been destroyed (`MACH_NOTIFY_PORT_DESTROYED`).
    PortDestroyed,
}

/// A message from the kernel (`<mach/notify.h>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notification {
    /// The name with a dead-name request was made free instead of becoming dead.
    PortDeleted(Name),
    /// The receive right with a port-destroyed request; it is the message's first right.
    PortDestroyed,
    /// The last send right is gone; with the make-send count at that moment.
    NoSenders(u32),
    /// A send-once right was destroyed unused.
    SendOnce,
    /// The name became a dead name and gained a reference.
    DeadName(Name),
}

impl Notification {
    /// The message id that the kernel sends it with.
    pub fn id(self) -> i32 {
        const FIRST: i32 = 0o100;
        FIRST
            + match self {
                Notification::PortDeleted(_) => 0o01,
                Notification::PortDestroyed => 0o05,
                Notification::NoSenders(_) => 0o06,
                Notification::SendOnce => 0o07,
                Notification::DeadName(_) => 0o10,
            }
    }
}

/// A message to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Destination (`msgh_remote_port`) and how its right is used up.
    pub remote: Option<(Name, Disposition)>,
    /// Reply port (`msgh_local_port`), if any.
    pub local: Option<(Name, Disposition)>,
    /// The operation (`msgh_id`).
    pub id: i32,
    /// Plain data.
    pub body: Vec<u8>,
    /// Rights that go with it. [`Name::NULL`] and [`Name::DEAD`] may stand in place of any.
    pub rights: Vec<(Name, Disposition)>,
}

/// A message received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The receive right that it came in at.
    pub local: Name,
    /// The right to answer with, [`Name::NULL`] for none, [`Name::DEAD`] when its port died on the way.
    pub reply: Name,
    /// Whether a send-once right was used to send it.
    pub once: bool,
    /// The operation.
    pub id: i32,
    /// Plain data.
    pub body: Vec<u8>,
    /// Rights, as the receiver now names them; [`Name::NULL`] for one that its space had no room for.
    pub rights: Vec<(Name, Right)>,
    /// The port's sequence number for it.
    pub sequence: u32,
    /// Set when the kernel sent it.
    pub notification: Option<Notification>,
}

/// What one name of a space denotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameStatus {
    /// The name.
    pub name: Name,
    /// Its rights with their user references.
    pub rights: Vec<(Right, u32)>,
}

/// State of a receive right (`mach_port_status_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortStatus {
    /// The port set that it is in, or [`Name::NULL`].
    pub set: Name,
    /// Sequence number of the next message.
    pub sequence: u32,
    /// Make-send count.
    pub make_send_count: u32,
    /// Longest queue.
    pub queue_limit: u32,
    /// Messages waiting.
    pub messages: u32,
    /// Send-once rights that exist.
    pub send_once_rights: u32,
    /// Whether send rights exist.
    pub send_rights: bool,
    /// Whether a port-destroyed notification is asked for.
    pub port_destroyed_request: bool,
    /// Whether a no-senders notification is asked for.
    pub no_senders_request: bool,
}

/// How much the kernel lets its tasks use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Living tasks.
    pub tasks: usize,
    /// Names in one space.
    pub names: usize,
    /// Bytes in one message.
    pub body: usize,
    /// Rights in one message.
    pub rights: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tasks: 65_536, names: 65_536, body: 65_536, rights: 256 }
    }
}

/// A call's refusal (`kern_return_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernError {
    /// `KERN_NO_SPACE`.
    #[error("the name space of the task is full")]
    NoSpace,
    /// `KERN_INVALID_ARGUMENT`.
    #[error("invalid argument")]
    InvalidArgument,
    /// `KERN_RESOURCE_SHORTAGE`.
    #[error("too many tasks")]
    ResourceShortage,
    /// `KERN_NOT_IN_SET`.
    #[error("the receive right is in no port set")]
    NotInSet,
    /// `KERN_NAME_EXISTS`.
    #[error("the name already denotes a right")]
    NameExists,
    /// `KERN_INVALID_NAME`.
    #[error("the name denotes no right")]
    InvalidName,
    /// `KERN_INVALID_TASK`.
    #[error("no such task")]
    InvalidTask,
    /// `KERN_INVALID_RIGHT`.
    #[error("the name denotes another kind of right")]
    InvalidRight,
    /// `KERN_INVALID_VALUE`.
    #[error("the value is out of range")]
    InvalidValue,
    /// `KERN_UREFS_OVERFLOW`.
    #[error("too many user references")]
    UrefsOverflow,
    /// `KERN_INVALID_CAPABILITY`.
    #[error("the right given along is invalid")]
    InvalidCapability,
    /// `KERN_RIGHT_EXISTS`.
    #[error("the task already names this port otherwise")]
    RightExists,
}

impl KernError {
    /// The number in `<mach/kern_return.h>`.
    pub fn code(self) -> i32 {
        match self {
            KernError::NoSpace => 3,
            KernError::InvalidArgument => 4,
            KernError::ResourceShortage => 6,
            KernError::NotInSet => 12,
            KernError::NameExists => 13,
            KernError::InvalidName => 15,
            KernError::InvalidTask => 16,
            KernError::InvalidRight => 17,
            KernError::InvalidValue => 18,
            KernError::UrefsOverflow => 19,
            KernError::InvalidCapability => 20,
            KernError::RightExists => 21,
        }
    }
}

/// Why `mach_msg` did not send or receive (`mach_msg_return_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// `MACH_SEND_INVALID_DATA`: no such sender, or the message is too large.
    #[error("the message is too large or its sender does not exist")]
    SendInvalidData,
    /// `MACH_SEND_INVALID_DEST`.
    #[error("the destination is no right to send to")]
    SendInvalidDest,
    /// `MACH_SEND_TIMED_OUT`: the queue is full; no right was taken from the sender.
    #[error("the port's queue is full")]
    SendTimedOut,
    /// `MACH_SEND_INVALID_REPLY`.
    #[error("the reply port is no such right")]
    SendInvalidReply,
    /// `MACH_SEND_INVALID_RIGHT`: a right of the body is not held; the rights before it are lost.
    #[error("the message names a right that the sender does not hold")]
    SendInvalidRight,
    /// `MACH_RCV_INVALID_NAME`.
    #[error("the name is no receive right or port set")]
    ReceiveInvalidName,
    /// `MACH_RCV_TIMED_OUT`: nothing waits.
    #[error("no message waits")]
    ReceiveTimedOut,
    /// `MACH_RCV_IN_SET`.
    #[error("the receive right is in a port set")]
    ReceiveInSet,
}

impl MessageError {
    /// The number in `<mach/message.h>`.
    pub fn code(self) -> u32 {
        match self {
            MessageError::SendInvalidData => 0x1000_0002,
            MessageError::SendInvalidDest => 0x1000_0003,
            MessageError::SendTimedOut => 0x1000_0004,
            MessageError::SendInvalidReply => 0x1000_0009,
            MessageError::SendInvalidRight => 0x1000_000a,
            MessageError::ReceiveInvalidName => 0x1000_4002,
            MessageError::ReceiveTimedOut => 0x1000_4003,
            MessageError::ReceiveInSet => 0x1000_400a,
        }
    }
}
