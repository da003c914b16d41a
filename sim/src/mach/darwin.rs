//! The port interface answered by the kernel of an Apple host, through `mach2`.
//!
//! Differences to the simulated kernel, which are XNU's: a task can send and receive for itself only, queue limits
//! reach 1024, a receive right cannot be taken from another task, and tasks are not made here (there is no
//! `task_create` for users). A [`TaskId`] is this task's name for the other's task port.

use std::mem::size_of;

use mach2::kern_return::{KERN_SUCCESS, kern_return_t};
use mach2::mach_port::{
    mach_port_allocate, mach_port_deallocate, mach_port_destroy, mach_port_get_attributes,
    mach_port_insert_right, mach_port_mod_refs, mach_port_request_notification, mach_port_set_attributes,
};
use mach2::mach_types::ipc_space_t;
use mach2::message::*;
use mach2::notify::{
    MACH_NOTIFY_DEAD_NAME, MACH_NOTIFY_NO_SENDERS, MACH_NOTIFY_PORT_DELETED, MACH_NOTIFY_PORT_DESTROYED,
    MACH_NOTIFY_SEND_ONCE,
};
use mach2::port::{
    MACH_PORT_LIMITS_INFO, MACH_PORT_LIMITS_INFO_COUNT, MACH_PORT_NULL, MACH_PORT_RECEIVE_STATUS,
    MACH_PORT_RIGHT_DEAD_NAME, MACH_PORT_RIGHT_PORT_SET, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_RIGHT_SEND,
    MACH_PORT_RIGHT_SEND_ONCE, mach_port_name_t, mach_port_right_t, mach_port_urefs_t,
};
use mach2::traps::mach_task_self;

use super::{
    Disposition, KernError, Message, MessageError, Name, Notification, PortStatus, Ports, Received, Request,
    Right, TaskId,
};

// <mach/mach_port.h>; mach2 does not declare these.
unsafe extern "C" {
    fn mach_port_get_refs(
        task: ipc_space_t,
        name: mach_port_name_t,
        right: mach_port_right_t,
        refs: *mut mach_port_urefs_t,
    ) -> kern_return_t;
    fn mach_port_move_member(
        task: ipc_space_t,
        member: mach_port_name_t,
        after: mach_port_name_t,
    ) -> kern_return_t;
    fn mach_port_set_mscount(task: ipc_space_t, name: mach_port_name_t, count: u32) -> kern_return_t;
}

/// Bytes of data that one message can carry.
const BODY: usize = 65_536;
/// Rights that one message can carry.
const RIGHTS: usize = 256;
const HEADER: usize = size_of::<mach_msg_header_t>();
const DESCRIPTOR: usize = size_of::<mach_msg_port_descriptor_t>();
/// Header, descriptors with their count, data with its length, trailer.
const BUFFER: usize = HEADER + 4 + RIGHTS * DESCRIPTOR + 4 + BODY + size_of::<mach_msg_audit_trailer_t>();

/// The kernel of this host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Darwin;

impl Darwin {
    /// This process's task.
    pub fn task_self(&self) -> TaskId {
        // SAFETY: reads a variable that the C library sets before main.
        TaskId(u64::from(unsafe { mach_task_self() }))
    }

    fn own(&self, task: TaskId) -> bool {
        task == self.task_self()
    }
}

fn space(task: TaskId) -> ipc_space_t {
    task.0 as ipc_space_t
}

fn check(code: kern_return_t) -> Result<(), KernError> {
    use KernError::*;
    let known = [
        NoSpace,
        InvalidArgument,
        ResourceShortage,
        NotInSet,
        NameExists,
        InvalidName,
        InvalidTask,
        InvalidRight,
        InvalidValue,
        UrefsOverflow,
        InvalidCapability,
        RightExists,
    ];
    match code {
        KERN_SUCCESS => Ok(()),
        _ => Err(known.into_iter().find(|error| error.code() == code).unwrap_or(InvalidArgument)),
    }
}

fn right_code(right: Right) -> mach_port_right_t {
    match right {
        Right::Send => MACH_PORT_RIGHT_SEND,
        Right::Receive => MACH_PORT_RIGHT_RECEIVE,
        Right::SendOnce => MACH_PORT_RIGHT_SEND_ONCE,
        Right::PortSet => MACH_PORT_RIGHT_PORT_SET,
        Right::DeadName => MACH_PORT_RIGHT_DEAD_NAME,
    }
}

fn how_code(how: Disposition) -> mach_msg_type_name_t {
    match how {
        Disposition::MoveReceive => MACH_MSG_TYPE_MOVE_RECEIVE,
        Disposition::MoveSend => MACH_MSG_TYPE_MOVE_SEND,
        Disposition::MoveSendOnce => MACH_MSG_TYPE_MOVE_SEND_ONCE,
        Disposition::CopySend => MACH_MSG_TYPE_COPY_SEND,
        Disposition::MakeSend => MACH_MSG_TYPE_MAKE_SEND,
        Disposition::MakeSendOnce => MACH_MSG_TYPE_MAKE_SEND_ONCE,
    }
}

impl Ports for Darwin {
    fn allocate(&self, task: TaskId, right: Right) -> Result<Name, KernError> {
        let mut name = MACH_PORT_NULL;
        // SAFETY: `name` is writable for the call.
        check(unsafe { mach_port_allocate(space(task), right_code(right), &mut name) })?;
        Ok(Name(name))
    }

    fn deallocate(&self, task: TaskId, name: Name) -> Result<(), KernError> {
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_deallocate(space(task), name.0) })
    }

    fn destroy(&self, task: TaskId, name: Name) -> Result<(), KernError> {
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_destroy(space(task), name.0) })
    }

    fn get_refs(&self, task: TaskId, name: Name, right: Right) -> Result<u32, KernError> {
        let mut refs = 0;
        // SAFETY: `refs` is writable for the call.
        check(unsafe { mach_port_get_refs(space(task), name.0, right_code(right), &mut refs) })?;
        Ok(refs)
    }

    fn mod_refs(&self, task: TaskId, name: Name, right: Right, delta: i32) -> Result<(), KernError> {
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_mod_refs(space(task), name.0, right_code(right), delta) })
    }

    fn insert_right(
        &self,
        task: TaskId,
        name: Name,
        from: TaskId,
        right: Name,
        how: Disposition,
    ) -> Result<(), KernError> {
        if !self.own(from) {
            return Err(KernError::InvalidTask);
        }
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_insert_right(space(task), name.0, right.0, how_code(how)) })
    }

    fn receive_status(&self, task: TaskId, name: Name) -> Result<PortStatus, KernError> {
        // The ten words of struct mach_port_status, <mach/port.h>.
        let mut words = [0i32; 10];
        let mut count = words.len() as u32;
        // SAFETY: `words` has room for `count` words, which is what the call is told.
        check(unsafe {
            mach_port_get_attributes(
                space(task),
                name.0,
                MACH_PORT_RECEIVE_STATUS,
                words.as_mut_ptr(),
                &mut count,
            )
        })?;
        let [set, sequence, make_send, limit, messages, once, sends, destroyed, senders, _] =
            words.map(|word| word as u32);
        Ok(PortStatus {
            set: Name(set),
            sequence,
            make_send_count: make_send,
            queue_limit: limit,
            messages,
            send_once_rights: once,
            send_rights: sends != 0,
            port_destroyed_request: destroyed != 0,
            no_senders_request: senders != 0,
        })
    }

    fn set_queue_limit(&self, task: TaskId, name: Name, limit: u32) -> Result<(), KernError> {
        let mut limit = limit as i32;
        // SAFETY: the one word of mach_port_limits_t is readable for the call.
        check(unsafe {
            mach_port_set_attributes(
                space(task),
                name.0,
                MACH_PORT_LIMITS_INFO,
                &mut limit,
                MACH_PORT_LIMITS_INFO_COUNT,
            )
        })
    }

    fn set_make_send_count(&self, task: TaskId, name: Name, count: u32) -> Result<(), KernError> {
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_set_mscount(space(task), name.0, count) })
    }

    fn move_member(&self, task: TaskId, member: Name, set: Name) -> Result<(), KernError> {
        // SAFETY: takes numbers only.
        check(unsafe { mach_port_move_member(space(task), member.0, set.0) })
    }

    fn request_notification(
        &self,
        task: TaskId,
        name: Name,
        request: Request,
        sync: u32,
        notify: Option<(Name, Disposition)>,
    ) -> Result<Name, KernError> {
        let id = match request {
            Request::DeadName => MACH_NOTIFY_DEAD_NAME,
            Request::NoSenders => MACH_NOTIFY_NO_SENDERS,
            Request::PortDestroyed => MACH_NOTIFY_PORT_DESTROYED,
        };
        let (notify, how) = notify
            .map_or((MACH_PORT_NULL, MACH_MSG_TYPE_MOVE_SEND_ONCE), |(name, how)| (name.0, how_code(how)));
        let mut previous = MACH_PORT_NULL;
        // SAFETY: `previous` is writable for the call.
        check(unsafe {
            mach_port_request_notification(space(task), name.0, id, sync, notify, how, &mut previous)
        })?;
        Ok(Name(previous))
    }

    fn send(&self, task: TaskId, message: Message) -> Result<(), MessageError> {
        if !self.own(task) || message.body.len() > BODY || message.rights.len() > RIGHTS {
            return Err(MessageError::SendInvalidData);
        }
        let (remote, how) = message.remote.ok_or(MessageError::SendInvalidDest)?;
        let (local, local_how) =
            message.local.map_or((MACH_PORT_NULL, 0), |(name, how)| (name.0, how_code(how)));
        let mut words: Vec<u32> = Vec::with_capacity(BUFFER / 4);
        words.extend([
            MACH_MSGH_BITS(how_code(how), local_how) | MACH_MSGH_BITS_COMPLEX,
            0,
            remote.0,
            local,
            MACH_PORT_NULL,
            message.id as u32,
            message.rights.len() as u32,
        ]);
        for (name, how) in message.rights {
            // mach_msg_port_descriptor_t: name, padding, then disposition and type in the upper half.
            words.extend([name.0, 0, how_code(how) << 16 | MACH_MSG_PORT_DESCRIPTOR << 24]);
        }
        words.push(message.body.len() as u32);
        for chunk in message.body.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            words.push(u32::from_ne_bytes(word));
        }
        let size = words.len() as u32 * 4;
        words[1] = size;
        // SAFETY: the buffer holds `size` bytes of a complex message: a header, the count, that many port
        // descriptors, and data. Nothing is received.
        let code = unsafe {
            mach_msg(
                words.as_mut_ptr().cast(),
                MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                size,
                0,
                MACH_PORT_NULL,
                0,
                MACH_PORT_NULL,
            )
        };
        if code == MACH_SEND_TIMED_OUT {
            // The kernel put the rights back into the buffer, perhaps under new names; they are not lost, but the
            // caller has the old names: give them up as the interface has no way to tell.
            // SAFETY: after this return code the buffer is a received message (pseudo-receive).
            unsafe { mach_msg_destroy(words.as_mut_ptr().cast()) };
        }
        match code {
            MACH_MSG_SUCCESS => Ok(()),
            MACH_SEND_TIMED_OUT => Err(MessageError::SendTimedOut),
            MACH_SEND_INVALID_DEST => Err(MessageError::SendInvalidDest),
            MACH_SEND_INVALID_REPLY => Err(MessageError::SendInvalidReply),
            MACH_SEND_INVALID_RIGHT => Err(MessageError::SendInvalidRight),
            _ => Err(MessageError::SendInvalidData),
        }
    }

    fn receive(&self, task: TaskId, name: Name) -> Result<Received, MessageError> {
        /// `MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT)`, which sits in bits 24 to 27.
        const TRAILER: mach_msg_option_t = (MACH_RCV_TRAILER_AUDIT as mach_msg_option_t) << 24;
        if !self.own(task) {
            return Err(MessageError::ReceiveInvalidName);
        }
        let mut words = vec![0u32; BUFFER / 4];
        // SAFETY: the buffer is writable for the size given; nothing is sent.
        let code = unsafe {
            mach_msg(
                words.as_mut_ptr().cast(),
                MACH_RCV_MSG | MACH_RCV_TIMEOUT | TRAILER,
                0,
                BUFFER as u32,
                name.0,
                0,
                MACH_PORT_NULL,
            )
        };
        match code {
            MACH_MSG_SUCCESS => Ok(decode(&words)),
            MACH_RCV_TIMED_OUT => Err(MessageError::ReceiveTimedOut),
            MACH_RCV_IN_SET => Err(MessageError::ReceiveInSet),
            _ => Err(MessageError::ReceiveInvalidName),
        }
    }
}

/// Reads a received message: the kernel guarantees its outer shape (size, descriptors), the rest is the sender's.
fn decode(words: &[u32]) -> Received {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let (bits, size, id) = (word(0), word(1) as usize / 4, word(5) as i32);
    let mut received = Received {
        local: Name(word(3)),
        reply: Name(word(2)),
        once: bits >> 8 & 0x1f == MACH_MSG_TYPE_PORT_SEND_ONCE,
        id,
        body: Vec::new(),
        rights: Vec::new(),
        sequence: word(size + 2),
        notification: None,
    };
    let mut at = HEADER / 4;
    if bits & MACH_MSGH_BITS_COMPLEX != 0 {
        let count = word(at) as usize;
        at += 1;
        for _ in 0..count.min(RIGHTS) {
            let kind = match word(at + 2) >> 16 & 0xff {
                MACH_MSG_TYPE_PORT_RECEIVE => Right::Receive,
                MACH_MSG_TYPE_PORT_SEND_ONCE => Right::SendOnce,
                _ => Right::Send,
            };
            received.rights.push((Name(word(at)), kind));
            at += DESCRIPTOR / 4;
        }
    }
    // The audit token behind the trailer's type, size, sequence number and security token: its sixth word is the
    // sender's pid, which is 0 for the kernel alone.
    let kernel = word(size + 5 + 5) == 0;
    // The kernel's notifications carry an eight-byte NDR record, then the name or the count.
    let value = word(at + 2);
    received.notification = match id {
        MACH_NOTIFY_PORT_DELETED => Some(Notification::PortDeleted(Name(value))),
        MACH_NOTIFY_PORT_DESTROYED => Some(Notification::PortDestroyed),
        MACH_NOTIFY_NO_SENDERS => Some(Notification::NoSenders(value)),
        MACH_NOTIFY_SEND_ONCE => Some(Notification::SendOnce),
        MACH_NOTIFY_DEAD_NAME => Some(Notification::DeadName(Name(value))),
        _ => None,
    }
    .filter(|_| kernel);
    if received.notification.is_none() {
        let length = (word(at) as usize).min(size.saturating_sub(at + 1) * 4);
        let data = words.iter().skip(at + 1).flat_map(|word| word.to_ne_bytes());
        received.body = data.take(length).collect();
    }
    received
}
