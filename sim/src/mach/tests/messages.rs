//! "Mach Message Call": sending, receiving, what rights do in messages.

use super::super::{Disposition, Message, MessageError, Name, Notification, Ports, Request, Right};
use super::{message, pair};

/// Message Send: messages to one port arrive in order, each with the port's next sequence number.
#[test]
fn messages_arrive_in_order() {
    let p = pair();
    let name = p.give();
    for id in 0..3 {
        p.mach.send(p.client, Message { id, ..message(name, Disposition::CopySend) }).unwrap();
    }
    for id in 0..3 {
        let got = p.receive(p.server, p.port).unwrap();
        assert_eq!((got.id, got.sequence, got.local), (id, id as u32, p.port));
    }
    assert_eq!(p.mach.receive(p.server, p.port), Err(MessageError::ReceiveTimedOut));
}

/// Message Send: a full queue stops send rights; a send-once right ignores the limit.
#[test]
fn queue_limit_binds_send_rights_only() {
    let p = pair();
    let name = p.give();
    let once = p.mach.transfer(p.server, p.port, Disposition::MakeSendOnce, p.client).unwrap();
    p.mach.set_queue_limit(p.server, p.port, 1).unwrap();
    p.mach.send(p.client, message(name, Disposition::CopySend)).unwrap();
    let mut refused = message(name, Disposition::MoveSend);
    refused.rights.push((name, Disposition::CopySend));
    assert_eq!(p.mach.send(p.client, refused), Err(MessageError::SendTimedOut));
    assert_eq!(p.refs(p.client, name, Right::Send), 1, "nothing was taken");
    p.mach.send(p.client, message(once, Disposition::MoveSendOnce)).unwrap();
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().messages, 2);
}

/// Atomicity: the header is handled at once, so one reference can serve as destination (moved) and reply (copied);
/// moved twice it fails.
#[test]
fn header_is_handled_atomically() {
    let p = pair();
    let name = p.give();
    let twice =
        Message { local: Some((name, Disposition::MoveSend)), ..message(name, Disposition::MoveSend) };
    assert_eq!(p.mach.send(p.client, twice), Err(MessageError::SendInvalidReply));
    assert_eq!(p.refs(p.client, name, Right::Send), 1);
    let both = Message { local: Some((name, Disposition::CopySend)), ..message(name, Disposition::MoveSend) };
    p.mach.send(p.client, both).unwrap();
    assert!(p.mach.get_refs(p.client, name, Right::Send).is_err());
    let got = p.receive(p.server, p.port).unwrap();
    assert_eq!(got.reply, p.port, "the receiver's own name for the port");
    assert_eq!(p.refs(p.server, p.port, Right::Send), 1);
}

/// Message Send: an invalid right in the body destroys the message, with the rights taken before it.
#[test]
fn invalid_right_in_the_body_destroys_the_message() {
    let p = pair();
    let name = p.give();
    p.give();
    let mut bad = message(name, Disposition::CopySend);
    bad.rights = vec![(name, Disposition::MoveSend), (Name(4711), Disposition::MoveSend)];
    assert_eq!(p.mach.send(p.client, bad), Err(MessageError::SendInvalidRight));
    assert_eq!(p.refs(p.client, name, Right::Send), 1);
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().messages, 0);
}

/// Exchanging Port Rights: null and dead may stand in place of a right; a right whose port dies on the way arrives
/// as dead.
#[test]
fn right_whose_port_dies_in_transit_arrives_dead() {
    let p = pair();
    let name = p.give();
    let dying = p.mach.allocate(p.client, Right::Receive).unwrap();
    let mut sent = message(name, Disposition::CopySend);
    sent.rights = vec![
        (Name::NULL, Disposition::CopySend),
        (Name::DEAD, Disposition::CopySend),
        (dying, Disposition::MakeSend),
    ];
    p.mach.send(p.client, sent).unwrap();
    p.mach.destroy(p.client, dying).unwrap();
    let got = p.receive(p.server, p.port).unwrap();
    let names: Vec<Name> = got.rights.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [Name::NULL, Name::DEAD, Name::DEAD]);
}

/// Message Send: destination must be a right to send with; a dead name is none.
#[test]
fn dead_destination_is_refused() {
    let p = pair();
    let name = p.give();
    p.mach.destroy(p.server, p.port).unwrap();
    let sent = p.mach.send(p.client, message(name, Disposition::CopySend));
    assert_eq!(sent, Err(MessageError::SendInvalidDest));
    assert_eq!(p.refs(p.client, name, Right::DeadName), 1);
}

/// Exchanging Port Rights: a queued message's own send right counts, so no-senders waits for its receipt.
#[test]
fn queued_message_counts_as_a_sender() {
    let p = pair();
    let notify = p.mach.allocate(p.server, Right::Receive).unwrap();
    let name = p.give();
    let once = Some((notify, Disposition::MakeSendOnce));
    p.mach.request_notification(p.server, p.port, Request::NoSenders, 0, once).unwrap();
    p.mach.send(p.client, message(name, Disposition::MoveSend)).unwrap();
    assert!(p.receive(p.server, notify).is_none());
    p.receive(p.server, p.port).unwrap();
    let got = p.receive(p.server, notify).unwrap();
    assert_eq!(got.notification, Some(Notification::NoSenders(1)));
}

/// Message Send: loops of receive rights and messages are no error and are collected.
#[test]
fn receive_right_sent_to_itself_is_collected() {
    let p = pair();
    let name = p.give();
    let before = p.mach.port_count();
    let mut own = message(p.port, Disposition::MakeSend);
    own.rights.push((p.port, Disposition::MoveReceive));
    p.mach.send(p.server, own).unwrap();
    assert_eq!(p.mach.port_count(), before - 1);
    assert_eq!(p.refs(p.client, name, Right::DeadName), 1);
}

/// The same through two ports: each queued inside the other.
#[test]
fn receive_rights_queued_in_each_other_are_collected() {
    let p = pair();
    let other = p.mach.allocate(p.server, Right::Receive).unwrap();
    p.mach.transfer(p.server, p.port, Disposition::MakeSend, p.server).unwrap();
    let mut first = message(other, Disposition::MakeSend);
    first.rights.push((p.port, Disposition::MoveReceive));
    p.mach.send(p.server, first).unwrap();
    let mut second = message(p.port, Disposition::MoveSend);
    second.rights.push((other, Disposition::MoveReceive));
    p.mach.send(p.server, second).unwrap();
    assert_eq!(p.mach.port_count(), 2, "the task ports");
}

/// Message Receive: from a port set each member is served in turn; a member alone cannot be received from.
#[test]
fn port_set_serves_its_members_in_turn() {
    let p = pair();
    let other = p.mach.allocate(p.server, Right::Receive).unwrap();
    let set = p.mach.allocate(p.server, Right::PortSet).unwrap();
    let names = [p.give(), p.mach.transfer(p.server, other, Disposition::MakeSend, p.client).unwrap()];
    for member in [p.port, other] {
        p.mach.move_member(p.server, member, set).unwrap();
    }
    assert_eq!(p.mach.receive(p.server, other), Err(MessageError::ReceiveInSet));
    for name in [names[0], names[0], names[1], names[1]] {
        p.mach.send(p.client, message(name, Disposition::CopySend)).unwrap();
    }
    let order: Vec<Name> = (0..4).map(|_| p.receive(p.server, set).unwrap().local).collect();
    assert_eq!(order, [p.port, other, p.port, other]);
    assert_eq!(p.mach.receive(p.server, set), Err(MessageError::ReceiveTimedOut));
}

/// A message is bounded in bytes and rights.
#[test]
fn oversized_message_is_refused() {
    let p = pair();
    let name = p.give();
    let large = Message { body: vec![0; 65_537], ..message(name, Disposition::CopySend) };
    assert_eq!(p.mach.send(p.client, large), Err(MessageError::SendInvalidData));
    let many = Message {
        rights: vec![(Name::NULL, Disposition::CopySend); 257],
        ..message(name, Disposition::CopySend)
    };
    assert_eq!(p.mach.send(p.client, many), Err(MessageError::SendInvalidData));
}
