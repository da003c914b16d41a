//! `mach_msg`: queueing a message with the rights it carries, and receiving it.

use super::kernel::{Carried, Kernel, PortId, Queued, Receiver};
use super::space::Entry;
use super::types::{Disposition, Message, MessageError, Name, Received, Right, TaskId};

impl Kernel {
    pub(super) fn send(&mut self, task: TaskId, message: Message) -> Result<(), MessageError> {
        if message.body.len() > self.limits.body
            || message.rights.len() > self.limits.rights
            || self.task(task).is_err()
        {
            return Err(MessageError::SendInvalidData);
        }
        let (remote, reply, port) = self.copy_in_header(task, &message)?;
        let mut rights = Vec::with_capacity(message.rights.len());
        let mut circular = false;
        for (name, disposition) in message.rights {
            let right = match name {
                Name::NULL => Carried::Null,
                Name::DEAD => Carried::Dead,
                _ => match self.copy_in(task, name, disposition) {
                    Ok(right) => right,
                    Err(_) => {
                        rights.extend([remote, reply]);
                        rights.into_iter().for_each(|right| self.release(right));
                        return Err(MessageError::SendInvalidRight);
                    }
                },
            };
            if let Carried::Receive(moved) = right {
                circular |= self.circular(moved, port);
                if let Some(moved) = self.port_mut(moved) {
                    moved.receiver = Receiver::Transit(Some(port));
                }
            }
            rights.push(right);
        }
        if circular {
            // It could never be received: the loop is destroyed, which is no error for the sender.
            rights.extend([remote, reply]);
            rights.into_iter().for_each(|right| self.release(right));
            return Ok(());
        }
        if let Some(port) = self.port_mut(port) {
            port.queue.push_back(Queued {
                remote,
                reply,
                id: message.id,
                body: message.body,
                rights,
                notification: None,
            });
        }
        Ok(())
    }

    /// Takes destination and reply port in one step: either both are taken or nothing is. A full queue is found
    /// here too, before anything is taken.
    fn copy_in_header(
        &mut self,
        task: TaskId,
        message: &Message,
    ) -> Result<(Carried, Carried, PortId), MessageError> {
        let (remote, remote_how) = message.remote.ok_or(MessageError::SendInvalidDest)?;
        let port = self.sendable(task, remote, remote_how).ok_or(MessageError::SendInvalidDest)?;
        let once = matches!(remote_how, Disposition::MoveSendOnce | Disposition::MakeSendOnce);
        match self.port(port) {
            Some(port) if port.receiver == Receiver::Kernel => return Err(MessageError::SendInvalidDest),
            Some(port) if !once && port.queue.len() >= port.queue_limit as usize => {
                return Err(MessageError::SendTimedOut);
            }
            _ => {}
        }
        let Some((local, local_how)) = message.local.filter(|(name, _)| *name != Name::NULL) else {
            let remote = self.copy_in(task, remote, remote_how).map_err(|_| MessageError::SendInvalidDest)?;
            return Ok((remote, Carried::Null, port));
        };
        if local == Name::DEAD {
            let remote = self.copy_in(task, remote, remote_how).map_err(|_| MessageError::SendInvalidDest)?;
            return Ok((remote, Carried::Dead, port));
        }
        self.check_reply(task, (local, local_how), (remote, remote_how))?;
        // What only copies or makes goes first, so that a right with one reference can be copied and moved.
        let moving = |how| matches!(how, Disposition::MoveSend | Disposition::MoveSendOnce);
        let (remote, reply) = if moving(remote_how) && !moving(local_how) {
            let reply = self.copy_in(task, local, local_how);
            (self.copy_in(task, remote, remote_how), reply)
        } else {
            let remote = self.copy_in(task, remote, remote_how);
            (remote, self.copy_in(task, local, local_how))
        };
        match (remote, reply) {
            (Ok(remote), Ok(reply)) => Ok((remote, reply, port)),
            (Err(_), _) => Err(MessageError::SendInvalidDest),
            (_, Err(_)) => Err(MessageError::SendInvalidReply),
        }
    }

    /// The port to which the right would send, if the task holds it as the disposition needs it.
    fn sendable(&self, task: TaskId, name: Name, how: Disposition) -> Option<PortId> {
        match (how, self.task(task).ok()?.space.get(name).ok()?) {
            (Disposition::MakeSend | Disposition::MakeSendOnce, Entry::Port { port, receive: true, .. })
            | (Disposition::MoveSend | Disposition::CopySend, Entry::Port { port, sends: 1.., .. })
            | (Disposition::MoveSendOnce, Entry::SendOnce(port)) => Some(*port),
            _ => None,
        }
    }

    fn check_reply(
        &self,
        task: TaskId,
        (local, local_how): (Name, Disposition),
        (remote, remote_how): (Name, Disposition),
    ) -> Result<(), MessageError> {
        let entry = self.task(task).and_then(|task| task.space.get(local));
        let entry = entry.map_err(|_| MessageError::SendInvalidReply)?;
        let dead = matches!(entry, Entry::DeadName(_))
            && matches!(local_how, Disposition::MoveSend | Disposition::CopySend | Disposition::MoveSendOnce);
        if !dead && self.sendable(task, local, local_how).is_none() {
            return Err(MessageError::SendInvalidReply);
        }
        let twice = local == remote && local_how == remote_how;
        let spent = match local_how {
            Disposition::MoveSend => twice && entry.refs(Right::Send) < 2,
            Disposition::MoveSendOnce => twice,
            _ => false,
        };
        if spent { Err(MessageError::SendInvalidReply) } else { Ok(()) }
    }

    pub(super) fn receive(&mut self, task: TaskId, name: Name) -> Result<Received, MessageError> {
        let invalid = |_| MessageError::ReceiveInvalidName;
        let (local, id) = match self.task(task).and_then(|task| task.space.get(name)).map_err(invalid)? {
            Entry::Port { port, receive: true, .. } => {
                if self.port(*port).is_some_and(|port| port.set.is_some()) {
                    return Err(MessageError::ReceiveInSet);
                }
                (name, *port)
            }
            Entry::PortSet { .. } => self.next_in_set(task, name)?,
            _ => return Err(MessageError::ReceiveInvalidName),
        };
        let port = self.port_mut(id).ok_or(MessageError::ReceiveInvalidName)?;
        let message = port.queue.pop_front().ok_or(MessageError::ReceiveTimedOut)?;
        let sequence = port.sequence;
        port.sequence = port.sequence.wrapping_add(1);
        let mut received = Received {
            local,
            reply: Name::NULL,
            once: matches!(message.remote, Carried::SendOnce(_)),
            id: message.id,
            body: message.body,
            rights: Vec::with_capacity(message.rights.len()),
            sequence,
            notification: message.notification,
        };
        // The header first: the reply port comes in, the destination's right is used up.
        received.reply = self.copy_out(task, message.reply).map_or(Name::NULL, |(name, _)| name);
        match message.remote {
            Carried::Send(port) => self.release_send(port),
            Carried::SendOnce(port) => {
                if let Some(port) = self.port_mut(port) {
                    port.send_onces -= 1;
                }
            }
            Carried::Null | Carried::Dead | Carried::Receive(_) => {}
        }
        for right in message.rights {
            let kind = match right {
                Carried::SendOnce(_) => Right::SendOnce,
                Carried::Receive(_) => Right::Receive,
                _ => Right::Send,
            };
            received.rights.push(self.copy_out(task, right).unwrap_or((Name::NULL, kind)));
        }
        Ok(received)
    }

    /// The member to serve: the first with a message after the one served last.
    fn next_in_set(&mut self, task: TaskId, set: Name) -> Result<(Name, PortId), MessageError> {
        let invalid = |_| MessageError::ReceiveInvalidName;
        let space = &self.task(task).map_err(invalid)?.space;
        let Entry::PortSet { members, served } = space.get(set).map_err(invalid)? else {
            return Err(MessageError::ReceiveInvalidName);
        };
        let after = members.range((std::ops::Bound::Excluded(*served), std::ops::Bound::Unbounded));
        let before = members.range(..=*served);
        let found = after.chain(before).find_map(|member| {
            let id = space.get(*member).ok()?.port()?;
            let waiting = !self.port(id)?.queue.is_empty();
            waiting.then_some((*member, id))
        });
        let (member, id) = found.ok_or(MessageError::ReceiveTimedOut)?;
        if let Ok(Entry::PortSet { served, .. }) = self.task_mut(task).map_err(invalid)?.space.get_mut(set) {
            *served = member;
        }
        Ok((member, id))
    }
}
