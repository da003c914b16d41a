//! Debian's redis: an event loop over epoll, threads, a child that writes the snapshot, and thousands of small
//! exchanges with a client that is not under the mapper.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tests::case::{Case, Started};
use tests::guest::guest;
use tests::http::{connect, free_port};
use tests::process::End;

const SOON: Duration = Duration::from_secs(20);

fn server(port: u16) -> Case {
    let port = port.to_string();
    guest("redis-server")
        .case(["--port", &port, "--bind", "127.0.0.1", "--daemonize", "no", "--save", ""])
        .held_stdin()
}

fn start(port: u16) -> Started {
    let started = server(port).start_guest();
    started.running.expect_output("Ready to accept connections", SOON);
    started
}

/// One command in the protocol's inline form, and the bytes of the answer up to its end.
fn ask(client: &mut TcpStream, command: &str, end: &str) -> String {
    client.write_all(format!("{command}\r\n").as_bytes()).expect("the server listens");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(end.as_bytes()) {
        let count = client.read(&mut buffer).expect("the server answers");
        assert!(count > 0, "{command}: the server hung up after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn answers_a_native_client() {
    let port = free_port();
    let started = start(port);
    let mut client = connect(port, SOON).expect("it said that it is ready");
    assert_eq!(ask(&mut client, "PING", "\r\n"), "+PONG\r\n");
    for index in 0..2000 {
        assert_eq!(ask(&mut client, &format!("SET key:{index} {index}"), "\r\n"), "+OK\r\n");
    }
    assert_eq!(ask(&mut client, "DBSIZE", "\r\n"), ":2000\r\n");
    assert_eq!(ask(&mut client, "GET key:1234", "1234\r\n"), "$4\r\n1234\r\n");
    assert_eq!(ask(&mut client, "INCRBY key:1234 6", "\r\n"), ":1240\r\n");
    assert_eq!(ask(&mut client, "LPUSH list a b c", "\r\n"), ":3\r\n");
    assert_eq!(ask(&mut client, "EXPIRE list 100", "\r\n"), ":1\r\n");
    assert_eq!(ask(&mut client, "EVAL \"return redis.call('LLEN','list')\" 0", "\r\n"), ":3\r\n");
    drop(started);
}

#[test]
fn saves_a_snapshot_from_a_child_and_ends_on_sigterm() {
    let port = free_port();
    let started = start(port);
    let mut client = connect(port, SOON).expect("it said that it is ready");
    ask(&mut client, "SET kept yes", "\r\n");
    assert!(ask(&mut client, "BGSAVE", "\r\n").contains("Background saving started"));
    started.running.expect_output("Background saving terminated with success", SOON);
    assert!(snapshot_is_whole(&started.folder.join("dump.rdb")));
    drop(client);
    started.running.signal(Signal::TERM);
    let outcome = started.running.finish(SOON);
    assert_eq!(outcome.end, End::Exited(0), "{outcome}");
    assert!(outcome.text().contains("bye bye"), "{outcome}");
}

fn snapshot_is_whole(file: &Path) -> bool {
    std::fs::read(file)
        .is_ok_and(|bytes| bytes.starts_with(b"REDIS") && bytes.windows(4).any(|part| part == b"kept"))
}

#[test]
fn keeps_its_append_only_file_over_a_crash() {
    let port = free_port();
    let case = server(port).more_arguments(["--appendonly", "yes", "--appendfsync", "always"]);
    let started = case.start_guest();
    started.running.expect_output("Ready to accept connections", SOON);
    let mut client = connect(port, SOON).expect("it said that it is ready");
    for index in 0..100 {
        ask(&mut client, &format!("RPUSH log {index}"), "\r\n");
    }
    started.running.signal(Signal::KILL);
    assert!(started.running.ended_within(SOON), "SIGKILL ends it");
    let folder = started.folder.clone();
    let again = server(port).more_arguments([
        "--appendonly".to_owned(),
        "yes".to_owned(),
        "--dir".to_owned(),
        folder.display().to_string(),
    ]);
    let again = again.start_guest();
    again.running.expect_output("Ready to accept connections", SOON);
    let mut client = connect(port, SOON).expect("it said that it is ready");
    assert_eq!(ask(&mut client, "LLEN log", "\r\n"), ":100\r\n");
}

#[test]
fn client_and_server_under_the_mapper_find_each_other() {
    let port = free_port();
    let started = start(port);
    let port = port.to_string();
    let commands = "SET a 1\nINCR a\nGET a\nSETRANGE long 100000 x\nSTRLEN long\nKEYS *a*\n";
    let side = guest("redis-cli").case(["-p", &port]).stdin(commands).run();
    assert_eq!(side.outcome.succeeded().text(), "OK\n2\n2\n100001\n100001\na\n");
    let bench = guest("bash")
        .case([
            "-c",
            &format!("redis-benchmark -p {port} -q -n 2000 -c 20 -t set,get,lpush --csv | cut -d, -f1"),
        ])
        .run();
    assert_eq!(bench.outcome.succeeded().text(), "\"test\"\n\"SET\"\n\"GET\"\n\"LPUSH\"\n");
    drop(started);
}
