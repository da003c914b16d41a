//! "Request Notifications", and the end of a task.

use super::super::{Disposition, KernError, Name, Notification, Ports, Request, Right, TaskId};
use super::{Pair, message, pair};

impl Pair {
    fn ask(&self, task: TaskId, name: Name, request: Request, sync: u32, notify: Name) -> Name {
        let once = Some((notify, Disposition::MakeSendOnce));
        self.mach.request_notification(task, name, request, sync, once).unwrap()
    }

    fn notified(&self, task: TaskId, notify: Name) -> Option<Notification> {
        self.receive(task, notify)?.notification
    }
}

/// MACH_NOTIFY_NO_SENDERS: generated when the last extant send right goes; carries the make-send count; once.
#[test]
fn no_senders_comes_once_with_the_make_send_count() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    let name = p.give();
    p.ask(p.server, p.port, Request::NoSenders, 0, notify);
    p.give();
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.notified(p.server, notify), None);
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::NoSenders(2)));
    let name = p.give();
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.notified(p.server, notify), None);
}

/// MACH_NOTIFY_NO_SENDERS: immediate when there is no sender and the make-send count has reached the sync value;
/// with a higher sync value it waits for a sender to come and go.
#[test]
fn no_senders_honours_the_sync_value() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    p.ask(p.server, p.port, Request::NoSenders, 1, notify);
    assert_eq!(p.notified(p.server, notify), None);
    let name = p.give();
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::NoSenders(1)));
    p.ask(p.server, p.port, Request::NoSenders, 1, notify);
    assert_eq!(p.notified(p.server, notify), Some(Notification::NoSenders(1)));
}

/// Requests are an atomic swap: the send-once right registered before is returned; null cancels.
#[test]
fn request_returns_the_previous_send_once_right() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    assert_eq!(p.ask(p.server, p.port, Request::NoSenders, 1, notify), Name::NULL);
    let previous = p.ask(p.server, p.port, Request::NoSenders, 1, notify);
    assert_eq!(p.refs(p.server, previous, Right::SendOnce), 1);
    let last = p.mach.request_notification(p.server, p.port, Request::NoSenders, 0, None).unwrap();
    assert_eq!(p.refs(p.server, last, Right::SendOnce), 1);
    assert!(!p.mach.receive_status(p.server, p.port).unwrap().no_senders_request);
    p.mach.deallocate(p.server, last).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::SendOnce));
}

/// MACH_NOTIFY_DEAD_NAME: the manual's example, a send right with two references becomes a dead name with three.
#[test]
fn dead_name_notification_adds_a_reference() {
    let p = pair();
    let notify = p.mach.allocate(p.client, Right::Receive).unwrap();
    let name = p.give();
    p.give();
    p.ask(p.client, name, Request::DeadName, 0, notify);
    p.mach.destroy(p.server, p.port).unwrap();
    assert_eq!(p.notified(p.client, notify), Some(Notification::DeadName(name)));
    assert_eq!(p.refs(p.client, name, Right::DeadName), 3);
}

/// MACH_NOTIFY_DEAD_NAME: on a dead name only with a sync value, and then at once.
#[test]
fn dead_name_request_on_a_dead_name_is_immediate() {
    let p = pair();
    let notify = p.mach.allocate(p.client, Right::Receive).unwrap();
    let dead = p.mach.allocate(p.client, Right::DeadName).unwrap();
    let once = Some((notify, Disposition::MakeSendOnce));
    let refused = p.mach.request_notification(p.client, dead, Request::DeadName, 0, once);
    assert_eq!(refused, Err(KernError::InvalidArgument));
    p.ask(p.client, dead, Request::DeadName, 1, notify);
    assert_eq!(p.notified(p.client, notify), Some(Notification::DeadName(dead)));
    assert_eq!(p.refs(p.client, dead, Right::DeadName), 2);
}

/// MACH_NOTIFY_DEAD_NAME: a name freed before the port dies, and a send-once right used, give port-deleted.
#[test]
fn freed_name_gives_port_deleted() {
    let p = pair();
    let notify = p.mach.allocate(p.client, Right::Receive).unwrap();
    let name = p.give();
    p.ask(p.client, name, Request::DeadName, 0, notify);
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.notified(p.client, notify), Some(Notification::PortDeleted(name)));
    let once = p.mach.transfer(p.server, p.port, Disposition::MakeSendOnce, p.client).unwrap();
    p.ask(p.client, once, Request::DeadName, 0, notify);
    p.mach.send(p.client, message(once, Disposition::MoveSendOnce)).unwrap();
    assert_eq!(p.notified(p.client, notify), Some(Notification::PortDeleted(once)));
}

/// MACH_NOTIFY_PORT_DESTROYED: the receive right is sent to the one who asked instead of being destroyed.
#[test]
fn port_destroyed_notification_carries_the_receive_right() {
    let p = pair();
    let notify = p.mach.allocate(p.client, Right::Receive).unwrap();
    let once = p.mach.transfer(p.client, notify, Disposition::MakeSendOnce, p.server).unwrap();
    let name = p.give();
    let ask = |sync| {
        let by = Some((once, Disposition::MoveSendOnce));
        p.mach.request_notification(p.server, p.port, Request::PortDestroyed, sync, by)
    };
    assert_eq!(ask(1), Err(KernError::InvalidValue));
    ask(0).unwrap();
    p.mach.task_terminate(p.server).unwrap();
    let got = p.receive(p.client, notify).unwrap();
    assert_eq!(got.notification, Some(Notification::PortDestroyed));
    assert_eq!(got.rights, [(name, Right::Receive)]);
    assert_eq!(p.refs(p.client, name, Right::Send), 1);
}

/// Send-once rights: destroyed unused, the right itself brings a send-once notification.
#[test]
fn unused_send_once_right_notifies() {
    let p = pair();
    let once = p.mach.transfer(p.server, p.port, Disposition::MakeSendOnce, p.client).unwrap();
    p.mach.deallocate(p.client, once).unwrap();
    let got = p.receive(p.server, p.port).unwrap();
    assert_eq!((got.notification, got.once), (Some(Notification::SendOnce), true));
    assert_eq!(got.id, 0o107);
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().send_once_rights, 0);
}

/// Port death: the unused no-senders request is given back with a send-once notification, and rights in queued
/// messages are released.
#[test]
fn dying_port_gives_back_what_it_held() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    let name = p.give();
    p.ask(p.server, p.port, Request::NoSenders, 0, notify);
    let inner = p.mach.allocate(p.client, Right::Receive).unwrap();
    p.ask(p.client, inner, Request::NoSenders, 1, p.mach.allocate(p.client, Right::Receive).unwrap());
    let mut sent = message(name, Disposition::CopySend);
    sent.rights = vec![(inner, Disposition::MakeSend)];
    p.mach.send(p.client, sent).unwrap();
    assert!(p.mach.receive_status(p.client, inner).unwrap().send_rights);
    p.mach.destroy(p.server, p.port).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::SendOnce));
    assert!(!p.mach.receive_status(p.client, inner).unwrap().send_rights);
}

/// task_terminate: every right of the task goes; the receiver hears of its lost sender, and then a watcher of the
/// task port hears of the task's end.
#[test]
fn terminated_task_loses_everything_then_its_port_dies() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    p.give();
    p.ask(p.server, p.port, Request::NoSenders, 0, notify);
    let watched = p.mach.task_port(p.server, p.client).unwrap();
    p.ask(p.server, watched, Request::DeadName, 0, notify);
    p.mach.task_terminate(p.client).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::NoSenders(1)));
    assert_eq!(p.notified(p.server, notify), Some(Notification::DeadName(watched)));
    assert_eq!(p.mach.names(p.client), Err(KernError::InvalidTask));
    assert_eq!(p.mach.task_terminate(p.client), Err(KernError::InvalidTask));
}

/// Task special ports: the kernel's own send right counts and is released with the task.
#[test]
fn bootstrap_port_counts_as_a_send_right() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    let name = p.mach.transfer(p.server, p.port, Disposition::MakeSend, p.server).unwrap();
    p.mach.set_bootstrap(p.client, p.server, name).unwrap();
    p.mach.mod_refs(p.server, p.port, Right::Send, -1).unwrap();
    p.ask(p.server, p.port, Request::NoSenders, 0, notify);
    let got = p.mach.get_bootstrap(p.client).unwrap();
    assert_eq!(p.refs(p.client, got, Right::Send), 1);
    assert_eq!(p.notified(p.server, notify), None);
    p.mach.task_terminate(p.client).unwrap();
    assert_eq!(p.notified(p.server, notify), Some(Notification::NoSenders(1)));
}
