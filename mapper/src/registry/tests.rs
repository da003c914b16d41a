use std::os::fd::{AsFd, OwnedFd};

use super::*;
use sim::hurd::world::Policy;
use sim::mach::Mach;

fn registry() -> Registry {
    let hurd = Arc::new(Hurd::new(Arc::new(Mach::default()), Policy::default()));
    Registry::new(hurd, Arc::new(Page::create().unwrap()))
}

fn own_pid() -> i32 {
    std::process::id() as i32
}

#[test]
fn enter_makes_one_task_for_a_process() {
    let registry = registry();
    let (process, new) = registry.enter(own_pid(), None, Personality::Linux).unwrap();
    assert!(new);
    let (again, new) = registry.enter(own_pid(), None, Personality::FreeBsd).unwrap();
    assert!(!new);
    assert_eq!(process.task(), again.task());
    assert_eq!(process.personality(), Personality::FreeBsd);
    assert_eq!(registry.processes().len(), 1);
}

#[test]
fn enter_of_a_process_that_is_not_there_fails() {
    let registry = registry();
    assert_eq!(registry.enter(i32::MAX, None, Personality::Linux).unwrap_err(), Errno::SRCH);
    assert_eq!(registry.hurd().mach.tasks().len(), 0);
}

#[test]
fn leave_ends_the_task_and_its_rights() {
    let registry = registry();
    let server = registry.hurd().rights.add_server("bpf").unwrap();
    let holding = Holding { server: ServerId(1), object: 7 };
    let (process, _) = registry.enter(own_pid(), None, Personality::FreeBsd).unwrap();
    let (here, _there) = std::os::unix::net::UnixStream::pair().unwrap();
    registry.give(&process, holding, server, Some(here.as_fd())).unwrap();
    assert_eq!(registry.holding(here.as_fd()), Some(holding));
    let copy: OwnedFd = here.try_clone().unwrap().into();
    assert_eq!(registry.holding(copy.as_fd()), Some(holding));
    assert_eq!(process.server_of(7), Some(ServerId(1)));
    assert_eq!(registry.leave(own_pid()), Some(process.task()));
    let forsaken = registry.hurd().rights.collect();
    assert_eq!(forsaken.len(), 1);
    registry.forget(holding);
    assert_eq!(registry.holding(here.as_fd()), None);
    assert_eq!(registry.leave(own_pid()), None);
}

#[test]
fn enter_with_a_parent_inherits_its_objects() {
    let registry = registry();
    let server = registry.hurd().rights.add_server("tun").unwrap();
    let (parent, _) = registry.enter(own_pid(), None, Personality::FreeBsd).unwrap();
    registry.give(&parent, Holding { server: ServerId(2), object: 3 }, server, None).unwrap();
    let mut child = std::process::Command::new("sleep").arg("10").spawn().unwrap();
    let pid = child.id() as i32;
    let (process, _) = registry.enter(pid, Some(own_pid()), Personality::FreeBsd).unwrap();
    assert_eq!(process.server_of(3), Some(ServerId(2)));
    registry.leave(own_pid());
    assert!(registry.hurd().rights.collect().is_empty());
    registry.leave(pid);
    assert_eq!(registry.hurd().rights.collect().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn devices_and_files_with_names_stand_for_nothing() {
    let null = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(unlike_others(null.as_fd()), None);
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(unlike_others(file.as_file().as_fd()), None);
    assert!(unlike_others(tempfile::tempfile().unwrap().as_fd()).is_some());
}

#[test]
fn sites_are_kept_when_a_guest_has_ended() {
    let registry = registry();
    let file = Mapped::create(own_pid(), Personality::FreeBsd).unwrap();
    let (process, _) = registry.enter(own_pid(), None, Personality::FreeBsd).unwrap();
    registry.attach(&process, Arc::new(Mapped::new(file.as_fd()).unwrap()));
    let region = process.region().unwrap();
    let code = sites_are_kept_when_a_guest_has_ended as *const () as u64;
    for address in [code, code, code + 9] {
        region.region().trapped(address).unwrap();
    }
    let alive = registry.sites();
    let places: Vec<_> = alive[0].sites.iter().map(|site| (site.address, site.trapped)).collect();
    assert_eq!(places, [(code, 2), (code + 9, 1)]);
    let path = std::env::current_exe().unwrap();
    assert_eq!(alive[0].sites[0].place.as_ref().unwrap().path, path.as_os_str().as_encoded_bytes());
    let known = alive[0].sites[0].place.clone().unwrap();
    registry.hurd().note_place(own_pid(), code, known.clone());
    registry.leave(own_pid());
    let ended = registry.sites();
    assert!(ended[0].ended && ended.len() == 1);
    assert_eq!((ended[0].sites[0].place.as_ref(), ended[0].sites[1].place.as_ref()), (Some(&known), None));
}
