//! A server that is asked only some operations, and whose process may have only so much.

use std::process::Command;

use tests::guest::{ask, guest, mapper};
use tests::manifest::package_folder;
use tests::process::{End, Input, Outcome, Running};

/// A world of the example deployment, ended with the test.
struct World(String);

impl World {
    fn start() -> Self {
        let world = Self(format!("confined-{}", std::process::id()));
        assert!(world.compose("up", &[]), "the world does not start");
        world
    }

    fn compose(&self, verb: &str, flags: &[&str]) -> bool {
        let deployment = package_folder().join("deployments/confined.toml");
        let mut command = Command::new(mapper());
        command.args(["compose", verb]).arg(deployment).args(["--world", &self.0]).args(flags);
        command.status().is_ok_and(|status| status.success())
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let mut command = Command::new(mapper());
        command.args(["run", "--world", &self.0, "--"]).args(words);
        let mark = format!("{}-{}", self.0, words.len());
        Running::start(command, &Input::Nothing, &mark).finish(tests::lab::SOON)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let ended = self.compose("down", &["--force"]);
        assert!(ended || std::thread::panicking(), "the world does not end");
    }
}

#[test]
fn a_server_is_asked_what_its_deployment_says_and_has_no_more() {
    let world = World::start();
    let drawn = world.run(&["/bin/dd", "if=/dev/zero", "of=/dev/fb0", "bs=64", "count=4", "conv=notrunc"]);
    assert_eq!(drawn.end, End::Exited(0), "{drawn}");
    let refused = world.run(&[guest("fbset").path.to_str().expect("a plain path"), "-i"]);
    assert!(refused.errors().contains("Operation not permitted"), "{refused}");
    let servers = ask(&["servers", "--world", &world.0, "--json"], &[]).succeeded();
    let servers: serde_json::Value = serde_json::from_str(&servers.text()).expect("it is JSON");
    let fb =
        servers.as_array().expect("a list").iter().find(|server| server["name"] == "fb").expect("it runs");
    let limits =
        std::fs::read_to_string(format!("/proc/{}/limits", fb["pid"])).expect("its process is there");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("Linux has it");
        line[name.len()..].split_whitespace().next().map(str::to_owned)
    };
    assert_eq!(limit("Max data size").as_deref(), Some("67108864"), "{limits}");
    assert_eq!(limit("Max open files").as_deref(), Some("64"), "{limits}");
}
