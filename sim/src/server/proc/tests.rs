use super::*;
use crate::hurd::world::{Guest, Policy, View};
use crate::mach::TaskId;
use crate::server::testing::{ask, caller, none, world};
use schemas::server::ProcServer as Named;
use schemas::signal;
use std::process::{Child, Command};

/// A child process that is entered as a guest.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        let child = Self(Command::new("sleep").arg("60").spawn().unwrap());
        // The parent goes on when the old image is left, a moment before the new one has its arguments.
        while std::fs::read(format!("/proc/{}/cmdline", child.pid())).unwrap().is_empty() {
            std::thread::yield_now();
        }
        child
    }

    fn pid(&self) -> i32 {
        self.0.id() as i32
    }

    fn guest(&self, personality: Personality, jail: u32) -> Guest {
        Guest {
            task: TaskId(9),
            pid: self.pid(),
            personality,
            jail,
            command: b"sh".to_vec(),
            path: b"/bin/sh".to_vec(),
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn server(world: &Arc<World>) -> Named<ProcServer> {
    Named::new("proc", ProcServer::new(world.clone()))
}

fn kill(server: &Named<ProcServer>, from: &Caller, pid: i32, signal: u32) -> Result<Vec<(i32, u32)>, Errno> {
    ask!(
        *server,
        from,
        proc::kill,
        ProcKill,
        |p| {
            p.set_pid(pid);
            p.set_signal(signal);
        },
        &mut none(),
        |r| r.get_targets().unwrap().iter().map(|t| (t.get_pid(), t.get_signal())).collect()
    )
}

#[test]
fn signal_unknown_to_the_target_is_refused_to_the_sender() {
    let (world, sleeper) = (world(), Sleeper::new());
    let server = server(&world);
    let linux = caller(Personality::Linux);
    world.task_started(sleeper.guest(Personality::FreeBsd, 0));
    assert_eq!(kill(&server, &linux, sleeper.pid(), signal::STKFLT), Err(Errno::INVAL));
    assert_eq!(kill(&server, &linux, sleeper.pid(), signal::TERM), Ok(vec![(sleeper.pid(), 15)]));
    assert_eq!(kill(&server, &linux, sleeper.pid(), signal::INFO), Ok(vec![(sleeper.pid(), 64)]));
    assert_eq!(kill(&server, &linux, sleeper.pid(), 0), Ok(vec![(sleeper.pid(), 0)]));
    assert_eq!(kill(&server, &linux, i32::MAX, signal::TERM), Err(Errno::SRCH));
}

#[test]
fn child_of_which_nobody_has_told_is_as_its_parent() {
    let (world, sleeper) = (world(), Sleeper::new());
    let server = server(&world);
    let own = std::process::id() as i32;
    world.task_started(Guest { pid: own, ..sleeper.guest(Personality::FreeBsd, 0) });
    let other = Caller { pid: i32::MAX, ..caller(Personality::Linux) };
    world.set_policy(Policy { view: View::World, ..Policy::default() });
    assert_eq!(kill(&server, &other, sleeper.pid(), signal::INFO), Ok(vec![(sleeper.pid(), 64)]));
    world.set_policy(Policy { view: View::Personality, ..Policy::default() });
    assert_eq!(kill(&server, &other, sleeper.pid(), signal::INFO), Err(Errno::SRCH));
}

#[test]
fn group_leaves_out_those_that_do_not_know_the_signal() {
    let (world, sleepers) = (world(), [Sleeper::new(), Sleeper::new()]);
    world.set_policy(Policy { view: View::World, ..Policy::default() });
    let server = server(&world);
    let linux = caller(Personality::Linux);
    world.task_started(sleepers[0].guest(Personality::Linux, 0));
    world.task_started(sleepers[1].guest(Personality::OpenBsd, 0));
    let own = std::process::id() as i32;
    let pids = |targets: Vec<(i32, u32)>| targets.into_iter().map(|(pid, _)| pid).collect::<Vec<_>>();
    let all = pids(kill(&server, &linux, 0, signal::TERM).unwrap());
    assert!(all.contains(&own) && all.contains(&sleepers[0].pid()) && all.contains(&sleepers[1].pid()));
    let some = pids(kill(&server, &linux, 0, 40).unwrap());
    assert!(some.contains(&sleepers[0].pid()) && !some.contains(&sleepers[1].pid()));
    let broadcast = pids(kill(&server, &linux, -1, signal::TERM).unwrap());
    assert_eq!(broadcast.len(), 2, "guests only, and not the sender");
    assert_eq!(kill(&server, &linux, -i32::MAX, signal::TERM), Err(Errno::SRCH));
}

#[test]
fn view_decides_who_is_seen() {
    let (world, sleepers) = (world(), [Sleeper::new(), Sleeper::new()]);
    let server = server(&world);
    let linux = caller(Personality::Linux);
    let own = Guest { pid: linux.pid, ..sleepers[0].guest(Personality::Linux, 1) };
    world.task_started(sleepers[0].guest(Personality::FreeBsd, 0));
    world.task_started(sleepers[1].guest(Personality::Linux, 1));
    let seen = |pid: i32| {
        ask!(server, &linux, proc::list, ProcList, |p| p.set_pid(pid), &mut none(), |r| {
            let process = r.get_processes().unwrap().get(0);
            (process.get_pid(), process.get_path().unwrap().to_vec(), process.get_arguments().unwrap().len())
        })
    };
    assert_eq!(seen(sleepers[0].pid()), Ok((sleepers[0].pid(), b"/bin/sh".to_vec(), 2)));
    world.set_policy(Policy { view: View::Personality, ..Policy::default() });
    assert_eq!(seen(sleepers[0].pid()), Err(Errno::SRCH));
    assert!(seen(sleepers[1].pid()).is_ok());
    world.set_policy(Policy::default());
    world.task_started(own);
    assert_eq!(seen(sleepers[0].pid()), Err(Errno::SRCH), "from inside a jail");
    assert!(seen(sleepers[1].pid()).is_ok());
    // An outsider that is no child cannot be signalled from inside.
    assert_eq!(kill(&server, &linux, 1, 0), Err(Errno::SRCH));
}

#[test]
fn queued_signal_is_translated_for_the_target() {
    let (world, sleeper) = (world(), Sleeper::new());
    let server = server(&world);
    world.task_started(sleeper.guest(Personality::FreeBsd, 0));
    let queue = |pid: i32, thread: i32, signal: u32| {
        ask!(
            server,
            &caller(Personality::FreeBsd),
            signal::queue,
            SignalQueue,
            |p| {
                p.set_pid(pid);
                p.set_thread(thread);
                p.set_signal(signal);
            },
            &mut none(),
            |r| r.get_host_signal()
        )
    };
    assert_eq!(queue(sleeper.pid(), 0, signal::THR), Ok(32));
    assert_eq!(queue(sleeper.pid(), sleeper.pid(), signal::USR1), Ok(10));
    assert_eq!(queue(sleeper.pid(), 1, signal::USR1), Err(Errno::SRCH));
    assert_eq!(queue(-1, 0, signal::USR1), Err(Errno::INVAL));
}

#[test]
fn modules_are_told_and_never_loaded() {
    let world = world();
    let device = |path: &str, server: &str| crate::hurd::world::DeviceNode {
        path: path.into(),
        personalities: 0,
        server: server.into(),
        block: false,
    };
    world.set_devices(vec![device("tun0", "tun"), device("tun1", "tun"), device("bpf", "bpf")]);
    let server = server(&world);
    let module = |action: system::module::Action, name: &str, identifier: i32| {
        ask!(
            server,
            &caller(Personality::FreeBsd),
            system::module,
            SystemModule,
            |p| {
                p.set_action(action);
                p.set_name(name.as_bytes());
                p.set_identifier(identifier);
            },
            &mut none(),
            |r| (r.get_identifier(), r.get_names().unwrap().len())
        )
    };
    use system::module::Action;
    assert_eq!(module(Action::Load, "tun", 0), Err(Errno::PERM));
    assert_eq!(module(Action::Find, "tun", 0), Ok((2, 0)));
    assert_eq!(module(Action::Find, "nvidia", 0), Err(Errno::NOENT));
    assert_eq!(module(Action::List, "", 0), Ok((1, 2)));
    assert_eq!(module(Action::List, "", 2), Ok((0, 0)));
}

#[test]
fn reboot_and_log_need_leave() {
    let world = world();
    let server = server(&world);
    let from = caller(Personality::Linux);
    let reboot =
        ask!(server, &from, system::reboot, SystemReboot, |p| p.set_how(0x0123_4567), &mut none(), |_r| ());
    assert_eq!(reboot, Err(Errno::PERM));
    let log = |action: u32| {
        ask!(
            server,
            &from,
            system::log,
            SystemLog,
            |p| {
                p.set_action(action);
                p.set_data(b"<3>hello");
            },
            &mut none(),
            |r| r.get_value()
        )
    };
    assert_eq!([log(u32::MAX), log(3), log(11)], [Ok(0), Err(Errno::PERM), Err(Errno::INVAL)]);
}
