//! Whatever tasks do, the counts of a port equal the rights that exist for it.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::super::kernel::{Carried, Kernel, PortId, Receiver};
use super::super::space::Entry;
use super::super::{Disposition, Limits, Mach, Message, Name, Ports, Request, Right, TaskId};

/// Rights for one port, counted where they are.
#[derive(Default, Debug, PartialEq, Eq)]
struct Count {
    sends: u32,
    onces: u32,
    receives: u32,
    holders: BTreeSet<(TaskId, Name)>,
}

fn count(kernel: &Kernel) -> HashMap<PortId, Count> {
    let mut counts: HashMap<PortId, Count> = HashMap::new();
    let mut carry = |right: Carried| match right {
        Carried::Send(port) => counts.entry(port).or_default().sends += 1,
        Carried::SendOnce(port) => counts.entry(port).or_default().onces += 1,
        Carried::Receive(port) => counts.entry(port).or_default().receives += 1,
        Carried::Null | Carried::Dead => {}
    };
    for (_, port) in kernel.all_ports() {
        for message in &port.queue {
            carry(message.remote);
            carry(message.reply);
            message.rights.iter().copied().for_each(&mut carry);
        }
        let requests = port.dead_name.values().copied().chain(port.no_senders).chain(port.port_destroyed);
        requests.for_each(|to| carry(Carried::SendOnce(to)));
    }
    for (_, task) in kernel.all_tasks() {
        task.bootstrap.map(Carried::Send).into_iter().for_each(&mut carry);
        carry(Carried::Receive(task.port));
    }
    for (id, task) in kernel.all_tasks() {
        for (name, entry) in task.space.iter() {
            let Some(port) = entry.port() else { continue };
            let count = counts.entry(port).or_default();
            count.holders.insert((id, name));
            count.sends += u32::from(entry.refs(Right::Send) > 0);
            count.onces += entry.refs(Right::SendOnce);
            count.receives += entry.refs(Right::Receive);
        }
    }
    counts
}

fn check(kernel: &Kernel) {
    let mut counts = count(kernel);
    for (id, port) in kernel.all_ports() {
        let counted = counts.remove(&id).unwrap_or_default();
        assert_eq!(port.sends, counted.sends, "send rights of {id:?}");
        assert_eq!(port.send_onces, counted.onces, "send-once rights of {id:?}");
        assert_eq!(counted.receives, 1, "receive rights of {id:?}");
        assert_eq!(port.holders, counted.holders, "holders of {id:?}");
        if let Receiver::Task(task, name) = port.receiver {
            let entry = kernel.task(task).unwrap().space.get(name).unwrap();
            assert_eq!((entry.port(), entry.refs(Right::Receive)), (Some(id), 1));
        }
        if let Some(set) = port.set {
            let Receiver::Task(task, name) = port.receiver else { panic!("in a set without receiver") };
            let entry = kernel.task(task).unwrap().space.get(set).unwrap();
            assert!(matches!(entry, Entry::PortSet { members, .. } if members.contains(&name)));
        }
        assert!(port.dead_name.keys().all(|holder| port.holders.contains(holder)));
    }
    // What is left was counted for ports that no longer live: only rights on their way, or used-up requests.
    for (id, count) in counts {
        assert!(count.holders.is_empty() && count.receives == 0, "a space holds rights of dead {id:?}");
    }
}

#[derive(Clone, Debug)]
enum Act {
    Allocate(usize, Right),
    Give {
        from: usize,
        name: usize,
        how: Disposition,
        to: usize,
    },
    Deallocate(usize, usize),
    Destroy(usize, usize),
    ModRefs(usize, usize, Right, i32),
    Rename(usize, usize, u32),
    MoveMember(usize, usize, usize),
    Ask(usize, usize, Request, u32, usize),
    Cancel(usize, usize, Request),
    Send {
        from: usize,
        to: (usize, Disposition),
        reply: (usize, Disposition),
        rights: Vec<(usize, Disposition)>,
    },
    Receive(usize, usize),
    Bootstrap(usize, usize, usize),
    Watch(usize, usize),
    Terminate(usize),
}

fn right() -> impl Strategy<Value = Right> {
    prop_oneof![
        1 => Just(Right::Send),
        4 => Just(Right::Receive),
        1 => Just(Right::SendOnce),
        1 => Just(Right::PortSet),
        1 => Just(Right::DeadName)
    ]
}

fn how() -> impl Strategy<Value = Disposition> {
    prop_oneof![
        Just(Disposition::MoveReceive),
        Just(Disposition::MoveSend),
        Just(Disposition::MoveSendOnce),
        Just(Disposition::CopySend),
        Just(Disposition::MakeSend),
        Just(Disposition::MakeSendOnce)
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![Just(Request::DeadName), Just(Request::NoSenders), Just(Request::PortDestroyed)]
}

fn act() -> impl Strategy<Value = Act> {
    let task = 0..3usize;
    let name = 0..8usize;
    let right_sent = || (0..8usize, how());
    prop_oneof![
        4 => (task.clone(), right()).prop_map(|(t, r)| Act::Allocate(t, r)),
        6 => (task.clone(), name.clone(), how(), task.clone())
            .prop_map(|(from, name, how, to)| Act::Give { from, name, how, to }),
        2 => (task.clone(), name.clone()).prop_map(|(t, n)| Act::Deallocate(t, n)),
        1 => (task.clone(), name.clone()).prop_map(|(t, n)| Act::Destroy(t, n)),
        2 => (task.clone(), name.clone(), right(), -2..3i32).prop_map(|(t, n, r, d)| Act::ModRefs(t, n, r, d)),
        1 => (task.clone(), name.clone(), 100..104u32).prop_map(|(t, n, to)| Act::Rename(t, n, to)),
        1 => (task.clone(), name.clone(), name.clone()).prop_map(|(t, n, s)| Act::MoveMember(t, n, s)),
        4 => (task.clone(), name.clone(), request(), 0..2u32, name.clone())
            .prop_map(|(t, n, r, s, to)| Act::Ask(t, n, r, s, to)),
        1 => (task.clone(), name.clone(), request()).prop_map(|(t, n, r)| Act::Cancel(t, n, r)),
        6 => (task.clone(), right_sent(), right_sent(), prop::collection::vec(right_sent(), 0..3))
            .prop_map(|(from, to, reply, rights)| Act::Send { from, to, reply, rights }),
        4 => (task.clone(), name.clone()).prop_map(|(t, n)| Act::Receive(t, n)),
        1 => (task.clone(), task.clone(), name.clone()).prop_map(|(t, f, n)| Act::Bootstrap(t, f, n)),
        1 => (task.clone(), task.clone()).prop_map(|(h, t)| Act::Watch(h, t)),
        1 => task.prop_map(Act::Terminate),
    ]
}

/// The `index`-th name of a task, or one that it does not have.
fn nth(mach: &Mach, task: TaskId, index: usize) -> Name {
    let names = mach.names(task).unwrap();
    names.get(index).map_or(Name(9999), |status| status.name)
}

/// Refusals are expected.
fn ignore<T, E>(_: Result<T, E>) {}

/// Does one act; refusals are fine, they must only change nothing that counts.
fn perform(mach: &Mach, tasks: &mut [TaskId; 3], act: Act) {
    let name = |task: usize, index: usize| nth(mach, tasks[task], index);
    match act {
        Act::Allocate(t, right) => ignore(mach.allocate(tasks[t], right)),
        Act::Give { from, name: n, how, to } => {
            ignore(mach.transfer(tasks[from], name(from, n), how, tasks[to]))
        }
        Act::Deallocate(t, n) => ignore(mach.deallocate(tasks[t], name(t, n))),
        Act::Destroy(t, n) => ignore(mach.destroy(tasks[t], name(t, n))),
        Act::ModRefs(t, n, right, delta) => ignore(mach.mod_refs(tasks[t], name(t, n), right, delta)),
        Act::Rename(t, n, to) => ignore(mach.rename(tasks[t], name(t, n), Name(to))),
        Act::MoveMember(t, n, s) => ignore(mach.move_member(tasks[t], name(t, n), name(t, s))),
        Act::Ask(t, n, request, sync, to) => {
            let once = Some((name(t, to), Disposition::MakeSendOnce));
            ignore(mach.request_notification(tasks[t], name(t, n), request, sync, once));
        }
        Act::Cancel(t, n, request) => {
            ignore(mach.request_notification(tasks[t], name(t, n), request, 0, None));
        }
        Act::Send { from, to, reply, rights } => {
            let message = Message {
                remote: Some((name(from, to.0), to.1)),
                local: (reply.0 < 6).then(|| (name(from, reply.0), reply.1)),
                rights: rights.into_iter().map(|(n, how)| (name(from, n), how)).collect(),
                ..Message::default()
            };
            ignore(mach.send(tasks[from], message));
        }
        Act::Receive(t, n) => ignore(mach.receive(tasks[t], name(t, n))),
        Act::Bootstrap(t, from, n) => {
            ignore(mach.set_bootstrap(tasks[t], tasks[from], name(from, n)));
            ignore(mach.get_bootstrap(tasks[t]));
        }
        Act::Watch(holder, t) => ignore(mach.task_port(tasks[holder], tasks[t])),
        Act::Terminate(t) => {
            mach.task_terminate(tasks[t]).unwrap();
            tasks[t] = mach.task_create("next").unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// After each act the counts balance, and when all tasks are gone no port is left.
    #[test]
    fn counts_always_balance(acts in prop::collection::vec(act(), 1..80)) {
        let mach = Mach::new(Limits { names: 12, ..Limits::default() });
        let mut tasks = [(); 3].map(|()| mach.task_create("task").unwrap());
        for act in acts {
            perform(&mach, &mut tasks, act);
            check(&mach.lock());
        }
        for task in tasks {
            mach.task_terminate(task).unwrap();
            check(&mach.lock());
        }
        prop_assert_eq!(mach.port_count(), 0);
    }
}
