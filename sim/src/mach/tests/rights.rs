//! "Port Creation", "Port Destruction", "Port Rights", "Ports and other Tasks", "Port Sets".

use super::super::{Disposition, KernError, Limits, Mach, Name, Ports, Right, UREFS_MAX};
use super::{message, pair};

/// Exchanging Port Rights: a task that gets a send right it already holds gains a user reference under the same
/// name, and loses the right only when the count is back at zero.
#[test]
fn send_rights_for_one_port_share_a_name_and_count_references() {
    let p = pair();
    let name = p.give();
    assert_eq!(p.give(), name);
    assert_eq!(p.refs(p.client, name, Right::Send), 2);
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.refs(p.client, name, Right::Send), 1);
    p.mach.deallocate(p.client, name).unwrap();
    assert_eq!(p.mach.get_refs(p.client, name, Right::Send), Err(KernError::InvalidName));
}

/// Exchanging Port Rights: send rights and the receive right of one port share one name in a task.
#[test]
fn send_right_joins_the_receive_right() {
    let p = pair();
    let name = p.mach.transfer(p.server, p.port, Disposition::MakeSend, p.server).unwrap();
    assert_eq!(name, p.port);
    assert_eq!(p.refs(p.server, p.port, Right::Receive), 1);
    assert_eq!(p.refs(p.server, p.port, Right::Send), 1);
}

/// Exchanging Port Rights: each send-once right has a name of its own and one reference.
#[test]
fn send_once_rights_have_names_of_their_own() {
    let p = pair();
    let give = || p.mach.transfer(p.server, p.port, Disposition::MakeSendOnce, p.client).unwrap();
    let (first, second) = (give(), give());
    assert_ne!(first, second);
    assert_eq!(p.mach.mod_refs(p.client, first, Right::SendOnce, 1), Err(KernError::InvalidValue));
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().send_once_rights, 2);
}

/// Exchanging Port Rights: when the receive right is given back the port dies, and send and send-once rights for
/// it become dead names (with their references).
#[test]
fn rights_of_a_dead_port_become_dead_names() {
    let p = pair();
    let send = p.give();
    p.give();
    let once = p.mach.transfer(p.server, p.port, Disposition::MakeSendOnce, p.client).unwrap();
    p.mach.mod_refs(p.server, p.port, Right::Receive, -1).unwrap();
    assert_eq!(p.refs(p.client, send, Right::DeadName), 2);
    assert_eq!(p.refs(p.client, once, Right::DeadName), 1);
    assert_eq!(p.mach.get_refs(p.server, p.port, Right::Receive), Err(KernError::InvalidName));
}

/// mach_port_mod_refs: destroys one right only; a send right that shares the name of the receive right stays, as a
/// dead name.
#[test]
fn mod_refs_destroys_one_right_only() {
    let p = pair();
    p.mach.transfer(p.server, p.port, Disposition::MakeSend, p.server).unwrap();
    p.mach.mod_refs(p.server, p.port, Right::Receive, -1).unwrap();
    assert_eq!(p.refs(p.server, p.port, Right::DeadName), 1);
}

/// mach_port_destroy: all rights that the name denotes, at once.
#[test]
fn destroy_takes_all_rights_of_a_name() {
    let p = pair();
    p.mach.transfer(p.server, p.port, Disposition::MakeSend, p.server).unwrap();
    p.mach.destroy(p.server, p.port).unwrap();
    assert_eq!(p.mach.get_refs(p.server, p.port, Right::DeadName), Err(KernError::InvalidName));
    assert_eq!(p.mach.destroy(p.server, p.port), Err(KernError::InvalidName));
}

/// mach_port_mod_refs: the count cannot become negative, nor pass the limit; the name must denote the right.
#[test]
fn mod_refs_checks_its_arguments() {
    let p = pair();
    let name = p.give();
    assert_eq!(p.mach.mod_refs(p.client, name, Right::Send, -2), Err(KernError::InvalidValue));
    assert_eq!(p.mach.mod_refs(p.client, name, Right::Receive, -1), Err(KernError::InvalidRight));
    assert_eq!(p.mach.mod_refs(p.client, Name(999), Right::Send, -1), Err(KernError::InvalidName));
    let most = UREFS_MAX as i32 - 1;
    assert_eq!(p.mach.mod_refs(p.client, name, Right::Send, most), Err(KernError::UrefsOverflow));
    p.mach.mod_refs(p.client, name, Right::Send, most - 1).unwrap();
    // Port rights in a received message: no error, the reference is simply not counted.
    assert_eq!(p.give(), name);
    assert_eq!(p.refs(p.client, name, Right::Send), UREFS_MAX - 1);
}

/// mach_port_deallocate: gives back send, send-once and dead-name references, not a receive right.
#[test]
fn deallocate_refuses_a_receive_right() {
    let p = pair();
    assert_eq!(p.mach.deallocate(p.server, p.port), Err(KernError::InvalidRight));
    let dead = p.mach.allocate(p.client, Right::DeadName).unwrap();
    p.mach.deallocate(p.client, dead).unwrap();
    assert_eq!(p.mach.deallocate(p.client, dead), Err(KernError::InvalidName));
}

/// mach_port_allocate: only receive rights, port sets and dead names can be allocated.
#[test]
fn send_rights_cannot_be_allocated() {
    let p = pair();
    assert_eq!(p.mach.allocate(p.client, Right::Send), Err(KernError::InvalidValue));
    assert_eq!(p.mach.allocate(p.client, Right::SendOnce), Err(KernError::InvalidValue));
}

/// mach_port_insert_right: under the name the target already has for the port, else under an unused one.
#[test]
fn insert_right_takes_the_name_that_fits() {
    let p = pair();
    let insert =
        |name: u32| p.mach.insert_right(p.client, Name(name), p.server, p.port, Disposition::MakeSend);
    assert_eq!(insert(0), Err(KernError::InvalidValue));
    insert(50).unwrap();
    insert(50).unwrap();
    assert_eq!(p.refs(p.client, Name(50), Right::Send), 2);
    assert_eq!(insert(51), Err(KernError::RightExists));
    let dead = p.mach.allocate(p.client, Right::DeadName).unwrap();
    let other = p.mach.allocate(p.server, Right::Receive).unwrap();
    assert_eq!(
        p.mach.insert_right(p.client, dead, p.server, other, Disposition::MakeSend),
        Err(KernError::NameExists)
    );
    assert_eq!(
        p.mach.insert_right(p.client, Name(60), p.server, Name(12345), Disposition::MakeSend),
        Err(KernError::InvalidCapability)
    );
}

/// Exchanging Port Rights: a moved receive right keeps queued messages and rights; the make-send count starts anew,
/// and a receiver that has send rights keeps their name.
#[test]
fn moved_receive_right_keeps_the_queue_and_resets_the_make_send_count() {
    let p = pair();
    let name = p.give();
    p.mach.send(p.client, message(name, Disposition::CopySend)).unwrap();
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().make_send_count, 1);
    let moved = p.mach.transfer(p.server, p.port, Disposition::MoveReceive, p.client).unwrap();
    assert_eq!(moved, name);
    let status = p.mach.receive_status(p.client, name).unwrap();
    assert_eq!((status.make_send_count, status.messages, status.send_rights), (0, 1, true));
    assert_eq!(p.receive(p.client, name).unwrap().id, 7);
}

/// mach_port_move_member: out of the old set into the new one; null takes it out, and complains when it is in none.
#[test]
fn move_member_moves_between_sets() {
    let p = pair();
    let first = p.mach.allocate(p.server, Right::PortSet).unwrap();
    let second = p.mach.allocate(p.server, Right::PortSet).unwrap();
    assert_eq!(p.mach.move_member(p.server, p.port, Name::NULL), Err(KernError::NotInSet));
    p.mach.move_member(p.server, p.port, first).unwrap();
    p.mach.move_member(p.server, p.port, second).unwrap();
    assert_eq!(p.mach.set_members(p.server, first).unwrap(), []);
    assert_eq!(p.mach.set_members(p.server, second).unwrap(), [p.port]);
    assert_eq!(p.mach.move_member(p.server, p.port, p.port), Err(KernError::InvalidRight));
    p.mach.destroy(p.server, second).unwrap();
    assert_eq!(p.mach.receive_status(p.server, p.port).unwrap().set, Name::NULL);
}

/// mach_port_rename: the rights and what is registered for them stay.
#[test]
fn rename_keeps_everything_else() {
    let p = pair();
    let name = p.give();
    let set = p.mach.allocate(p.server, Right::PortSet).unwrap();
    p.mach.move_member(p.server, p.port, set).unwrap();
    p.mach.rename(p.server, p.port, Name(77)).unwrap();
    p.mach.rename(p.server, set, Name(78)).unwrap();
    assert_eq!(p.mach.set_members(p.server, Name(78)).unwrap(), [Name(77)]);
    assert_eq!(p.mach.destination(p.client, name).unwrap(), (p.server, Name(77)));
    assert_eq!(p.mach.rename(p.server, Name(77), Name(78)), Err(KernError::NameExists));
}

/// A space, and the number of tasks, are bounded; what does not fit is given back.
#[test]
fn limits_hold_and_leak_nothing() {
    let mach = Mach::new(Limits { tasks: 2, names: 2, ..Limits::default() });
    let server = mach.task_create("server").unwrap();
    let client = mach.task_create("client").unwrap();
    assert_eq!(mach.task_create("third"), Err(KernError::ResourceShortage));
    let port = mach.allocate(server, Right::Receive).unwrap();
    mach.allocate(server, Right::DeadName).unwrap();
    assert_eq!(mach.allocate(server, Right::Receive), Err(KernError::NoSpace));
    assert_eq!(mach.port_count(), 3, "two task ports and one port");
    for _ in 0..2 {
        mach.transfer(server, port, Disposition::MakeSendOnce, client).unwrap();
    }
    let refused = mach.transfer(server, port, Disposition::MakeSendOnce, client);
    assert_eq!(refused, Err(KernError::NoSpace));
}
