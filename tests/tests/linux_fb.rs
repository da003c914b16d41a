//! Frame buffers: a screen of a server, drawn on through Linux's own interface, and looked at.

use std::path::Path;
use std::process::Command;

use tests::guest::{ask, guest, mapper};
use tests::screen::World;

#[test]
fn a_program_draws_through_every_request() {
    let world = World::start("fb-requests", "screen.toml");
    let told = world.run(&guest("linux-screen").path, &[]);
    assert_eq!(
        told,
        "device 1 29 0\nmode 0 0\nfixed 0 0\n320x200 of 320x200, 32 bits, line 1280, mapperfb, 512000 bytes\n\
         pread 4 0\npixel ff\nseek 4 0\nwrite 4 0\nsecond 10203\nat the end -1 28\nbeyond it -1 27\n\
         mapping beyond the end -1 22\nvirtual 0 0\npan 0 0\npan too far -1 22\nabsurd -1 22\nseven bits -1 22\n\
         colours 0 0\ntold 0 0\nred 1 2 3 4\ntoo many colours -1 22\ncolours nowhere -1 14\nblank 0 0\n\
         blank oddly -1 22\npicture 0 0\nnot known -1 25\n"
    );
}

#[test]
fn what_dd_writes_is_what_the_screen_shows() {
    let world = World::start("fb-dd", "screen.toml");
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u8> =
        (0..320 * 200u32).flat_map(|pixel| pixel.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let file = folder.path().join("pixels");
    std::fs::write(&file, &pixels).unwrap();
    let from = format!("if={}", file.display());
    world.run(Path::new("/bin/dd"), &[&from, "of=/dev/fb0", "bs=48000", "conv=notrunc", "status=none"]);
    let shown: Vec<u8> =
        pixels.as_chunks::<4>().0.iter().flat_map(|&[blue, green, red, _]| [red, green, blue]).collect();
    assert!(world.picture().colours == shown, "the picture differs from what was written");
}

#[test]
fn fbset_tells_and_changes_the_mode() {
    let world = World::start("fb-set", "screen.toml");
    let fbset = guest("fbset").path;
    let told = world.run(&fbset, &["-fb", "/dev/fb0", "-depth", "16", "-i"]);
    for word in [
        "geometry 320 200 320 200 16",
        "rgba 5/11,6/5,5/0,0/0",
        "Name        : mapperfb",
        "LineLength  : 640",
    ] {
        assert!(told.contains(word), "{word} is not in\n{told}");
    }
}

/// Kills a process; whether there was one.
fn kill(pid: u64) -> bool {
    let pid = rustix::process::Pid::from_raw(pid as i32);
    pid.is_some_and(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok())
}

/// The server in a process of its own is killed again and again while programs use it. Whoever asks is answered or told
/// of an error, another process takes over each time, and nothing is left behind.
#[test]
fn server_that_is_killed_is_back_for_the_next_program() {
    let world = World::start("fb-killed", "screen.toml");
    let servers = || -> serde_json::Value {
        let told = ask(&["servers", "--json", "--world", &world.name], &[]).succeeded().text();
        let all: Vec<serde_json::Value> = serde_json::from_str(&told).unwrap();
        all.into_iter().find(|server| server["name"] == "fb").unwrap()
    };
    let descriptors = |pid: u64| std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let mapper_pid = {
        let told = ask(&["compose", "status", "screen.toml", "--world", &world.name], &[]).succeeded().text();
        told.split("mapper ").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap()
    };
    world.run(Path::new("/bin/dd"), &["if=/dev/zero", "of=/dev/fb0", "bs=64k", "count=1", "status=none"]);
    let before = descriptors(mapper_pid);
    for round in 0..200 {
        let writer = Command::new(mapper())
            .args(["run", "--world", &world.name, "--", "/bin/dd"])
            .args(["if=/dev/zero", "of=/dev/fb0", "bs=4k", "count=100", "status=none"])
            .stderr(std::process::Stdio::null())
            .spawn();
        while !kill(servers()["pid"].as_u64().unwrap()) {
            // The mapper has not noticed yet that the one before is dead.
        }
        // It ends either way; it does not hang.
        writer.unwrap().wait().unwrap();
        if round % 4 == 3 {
            // Five deaths in a minute are too many, unless someone asks for another try.
            ask(&["servers", "--restart", "fb", "--world", &world.name], &[]).succeeded();
        }
    }
    world.run(Path::new("/bin/dd"), &["if=/dev/zero", "of=/dev/fb0", "bs=64k", "count=1", "status=none"]);
    assert!(servers()["restarts"].as_u64().unwrap() >= 200);
    assert!(
        descriptors(mapper_pid) <= before + 1,
        "{} descriptors, {before} before",
        descriptors(mapper_pid)
    );
}
