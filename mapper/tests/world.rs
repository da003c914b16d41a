//! A world from `mapper up` to `mapper down`, with guests of the host's own OS.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The command, with its worlds in a folder of the test's own.
fn mapper(runtime: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapper"));
    command.args(arguments).env("XDG_RUNTIME_DIR", runtime).env_remove("MAPPER_WORLD").stdin(Stdio::null());
    command
}

fn output(runtime: &Path, arguments: &[&str]) -> Output {
    mapper(runtime, arguments).output().unwrap()
}

fn json(runtime: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = output(runtime, arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A guest that sleeps until it is ended.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sleeper(runtime: &Path, arguments: &[&str]) -> Sleeper {
    let arguments: Vec<_> = [&["run"], arguments, &["--", "/bin/sleep", "60"]].concat();
    Sleeper(mapper(runtime, &arguments).spawn().unwrap())
}

/// The rows of `mapper ps`, once `pid` is among them.
fn listed(runtime: &Path, pid: u32) -> Value {
    let started = Instant::now();
    loop {
        let guests = json(runtime, &["ps", "--json"]);
        if let Some(guest) = guests.iter().find(|guest| guest["pid"] == pid && guest["command"][1] == "60") {
            return guest.clone();
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{pid} is not among {guests:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn world_takes_guests_in_shows_them_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = folder.path();
    let up = output(runtime, &["up", "--world", "w"]);
    assert!(up.status.success(), "{up:?}");
    assert_eq!(output(runtime, &["up", "--world", "w"]).status.code(), Some(1));
    assert!(output(runtime, &["run", "--world", "w", "--", "/bin/true"]).status.success());
    assert_eq!(output(runtime, &["run", "--world", "w", "--", "/bin/false"]).status.code(), Some(1));

    let mut guest = sleeper(runtime, &["--world", "w"]);
    let row = listed(runtime, guest.0.id());
    assert_eq!(
        (&row["os"], &row["world"], &row["ppid"]),
        (&"linux".into(), &"w".into(), &std::process::id().into())
    );

    let routes = json(runtime, &["routes", "--json", "--os", "linux"]);
    let route = |name: &str| routes.iter().find(|route| route["operation"] == name).unwrap();
    assert!(route("fs.open")["direct"].as_u64().unwrap() > 0);
    assert_eq!(route("proc.exit")["local"], 2);

    let down = output(runtime, &["down", "--world", "w"]);
    assert_eq!(down.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&down.stderr).contains("1 guest is running"), "{down:?}");
    assert!(output(runtime, &["down", "--world", "w", "--force"]).status.success());
    assert!(!guest.0.wait().unwrap().success());
    assert!(!runtime.join("mapper/w").exists());
    assert_eq!(output(runtime, &["servers", "--world", "w"]).status.code(), Some(1));
    assert_eq!(output(runtime, &["run", "--world", "w", "--", "/bin/true"]).status.code(), Some(125));
}

#[test]
fn world_of_a_single_run_is_listed_while_it_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = folder.path();
    let guest = sleeper(runtime, &[]);
    let pid = guest.0.id();
    assert_eq!(listed(runtime, pid)["world"], format!("run-{pid}"));
    drop(guest);
    let started = Instant::now();
    while runtime.join(format!("mapper/run-{pid}")).exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "its folder stays");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn routes_without_a_world_are_those_it_would_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let routes = json(folder.path(), &["routes", "--json", "--os", "freebsd", "--server", "proc"]);
    assert!(routes.iter().all(|route| route["server"] == "proc" && route["mapped"] == 0));
    let missing = json(folder.path(), &["routes", "--missing", "--json", "--os", "freebsd"]);
    let unused = |call: &Value| call["os"] == "freebsd" && call["count"] == 0 && call["reason"] != "";
    assert!(!missing.is_empty() && missing.iter().all(unused), "{missing:?}");
    assert_eq!(output(folder.path(), &["routes", "--os", "vax"]).status.code(), Some(2));
    assert_eq!(output(folder.path(), &["down"]).status.code(), Some(1));
}
