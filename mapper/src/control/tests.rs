use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::net::{SendFlags, send};
use schemas::{Flavour, Operation, Personality};
use tokio::task::{LocalSet, spawn_local};

use super::client::{Client, ClientError};
use super::desk::Desk;
use super::place::Place;
use super::trace::{Filter, Hub, Socket};
use crate::deployment::Deployment;
use crate::world::{Face, Live};

/// A world without guests, and a client of its control plane over a socket pair.
struct Fixture {
    world: Arc<Live>,
    sink: std::os::fd::OwnedFd,
    client: Client,
}

fn fixture() -> Fixture {
    let deployment = Deployment::built_in();
    let face = Face::new(&deployment).unwrap();
    let world = Arc::new(Live::start(deployment, face).unwrap());
    let (here, there) = UnixStream::pair().unwrap();
    there.set_nonblocking(true).unwrap();
    here.set_nonblocking(true).unwrap();
    let Socket { source, sink } = Socket::new().unwrap();
    let shared = world.clone();
    // It ends when the client hangs up, or the world is ended.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let hub = Hub::new(shared.clone());
            let desk = Desk::new(shared, Place::of("test").unwrap(), None, false, hub.clone());
            spawn_local(Rc::clone(&hub).pump(source));
            let stream = tokio::net::UnixStream::from_std(there).unwrap();
            super::service::converse(stream, desk).await;
        });
    });
    Fixture { world, sink, client: Client::over(here, "test").unwrap() }
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn describe_tells_of_the_world() {
    let fixture = fixture();
    let world = fixture.client.describe().unwrap();
    assert_eq!((world.name.as_str(), world.deployment.as_str()), ("test", "default"));
    assert_eq!((world.pid, world.guests, world.tracing), (std::process::id(), 0, false));
}

#[test]
fn routes_are_all_there_and_can_be_changed() {
    let Fixture { world, client, .. } = fixture();
    assert_eq!(client.routes().unwrap().len(), Operation::COUNT * Personality::ALL.len());
    assert_eq!(client.set_route("fs.open", Some(Personality::FreeBsd), "mapped").unwrap(), 1);
    assert_eq!(client.set_route("fs.open", Some(Personality::FreeBsd), "mapped").unwrap(), 0);
    let page = world.page.world();
    assert_eq!(page.route(Personality::FreeBsd, Operation::FsOpen), Flavour::Mapped);
    assert_eq!(page.route(Personality::Linux, Operation::FsOpen), Flavour::Direct);
    let routes = client.routes().unwrap();
    let changed: Vec<_> = routes.iter().filter(|route| route.flavour != route.default).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].operation.as_str(), changed[0].os.as_str()), ("fs.open", "freebsd"));
}

#[test]
fn what_cannot_be_is_refused_with_a_sentence() {
    let Fixture { client, .. } = fixture();
    assert!(refusal(client.set_route("fs.opne", None, "mapped")).contains("`fs.opne` is neither"));
    let why = refusal(client.set_route("proc.getParent", None, "mapped"));
    assert_eq!(why, "proc.getParent cannot be mapped; it can be local");
    let why = refusal(client.set_route("auth.getIds", None, "mapped"));
    assert_eq!(why, "auth.getIds cannot be mapped; it can be cached");
    assert!(refusal(client.set_route("proc.kill", None, "direct")).ends_with("; it can be mapped"));
    assert!(refusal(client.set_route("fs", None, "nobody")).contains("nor a server of this world"));
    assert!(refusal(client.restart_server("nobody")).contains("no such server"));
    assert!(refusal(client.apply("[options]\nmediat = true\n", "x.toml")).contains("x.toml:2"));
}

#[test]
fn servers_are_listed_and_restarted() {
    let Fixture { client, .. } = fixture();
    client.restart_server("auth").unwrap();
    let servers = client.servers().unwrap();
    let auth = servers.iter().find(|server| server.name == "auth").unwrap();
    assert_eq!((auth.state.as_str(), auth.restarts, auth.interface.as_str()), ("running", 1, "auth"));
    assert!(servers.iter().any(|server| server.mounts.iter().any(|mount| mount == "/dev")));
}

#[test]
fn apply_brings_the_world_to_another_deployment() {
    let Fixture { client, world, .. } = fixture();
    let changes = client.apply("[options]\nmediate = true\n", "audit.toml").unwrap();
    assert!(changes.iter().any(|change| change.contains("fs.open")));
    assert_eq!(world.page.world().route(Personality::Linux, Operation::FsOpen), Flavour::Mapped);
}

#[test]
fn lists_of_a_world_without_guests_are_empty() {
    let Fixture { client, .. } = fixture();
    assert!(client.guests().unwrap().is_empty());
    assert!(client.missing().unwrap().is_empty());
    assert!(client.sites().unwrap().is_empty());
    client.shutdown(false).unwrap();
}

#[test]
fn trace_is_on_while_somebody_follows_and_gives_what_is_wanted() {
    let Fixture { world, sink, mut client, .. } = fixture();
    let stubs = world.clone();
    let writing = std::thread::spawn(move || {
        wait_until(|| stubs.page.world().trace());
        for line in
            ["7 linux  a() = 0  fs.open direct 1ns\n", "7 linux  b() = -1 EIO (No)  fs.open direct 1ns\n"]
        {
            send(&sink, line.as_bytes(), SendFlags::NOSIGNAL).unwrap();
        }
        sink
    });
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let filter = Filter { failed_only: true, ..Filter::default() };
    client
        .trace(&filter, move |events, lost| {
            assert_eq!((events.len(), lost), (1, 0));
            assert!(events[0].line.contains("b()"));
            count.fetch_add(1, Ordering::Relaxed);
            false
        })
        .unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    writing.join().unwrap();
    drop(client);
    wait_until(|| !world.page.world().trace());
}

fn wait_until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "it never happens");
        std::thread::sleep(Duration::from_millis(1));
    }
}
