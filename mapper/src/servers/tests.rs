use super::*;
use schemas::Operation;
use schemas::server::{Caller, Capabilities};
use sim::hurd::world::Policy;
use sim::mach::Mach;

/// A server that dies when it is asked.
struct Frail;

impl Server for Frail {
    fn name(&self) -> &str {
        "frail"
    }

    fn interface(&self) -> Interface {
        Interface::Device
    }

    fn call(
        &self,
        _: Operation,
        _: &Caller,
        _: capnp::any_pointer::Reader<'_>,
        _: capnp::any_pointer::Builder<'_>,
        _: &mut Capabilities,
    ) -> Result<(), Errno> {
        panic!("dropped on the floor")
    }
}

fn servers() -> Servers {
    let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), Policy::default()));
    let make: Maker = Box::new(|| Ok(Answerer::Task(Arc::new(Frail))));
    Servers::made_by(vec![("frail".to_owned(), Interface::Device, make)], hurd).unwrap()
}

fn die(servers: &Servers) -> Result<(), Errno> {
    servers.guard(ServerId(1), &servers.running().current()[0], || panic!("dropped on the floor"))
}

#[test]
fn server_that_dies_is_an_error_and_starts_again() {
    let servers = servers();
    let before = servers.running().current()[0].task;
    assert_eq!(die(&servers), Err(Errno::IO));
    let report = &servers.report()[0];
    assert_eq!((report.restarts, report.requests, report.errors), (1, 1, 1));
    assert_eq!(report.health, Health::Running);
    let after = servers.running().current()[0].task;
    assert_ne!(before, after);
    assert_eq!(servers.with_task(after), Some(ServerId(1)));
    assert_eq!(servers.with_task(before), None);
}

#[test]
fn server_that_keeps_dying_is_given_up_until_someone_restarts_it() {
    let servers = servers();
    for _ in 0..=Restarts::MOST {
        assert_eq!(die(&servers), Err(Errno::IO));
    }
    match &servers.report()[0].health {
        Health::Failed(why) => assert!(why.contains("dropped on the floor"), "{why}"),
        other => panic!("it should have been given up, but is {other:?}"),
    }
    servers.restart("frail").unwrap();
    assert_eq!(servers.report()[0].health, Health::Running);
    assert!(servers.restart("none").is_err());
}
