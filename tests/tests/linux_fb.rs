//! Frame buffers: a screen of a server, drawn on through Linux's own interface, and looked at.

use std::path::Path;
use std::process::Command;

use tests::guest::{ask, guest, mapper};
use tests::manifest::package_folder;

/// A world of the example deployment, ended with the test.
struct World(String);

impl World {
    fn start(name: &str) -> Self {
        let world = Self(format!("{name}-{}", std::process::id()));
        assert!(world.compose("up", &[]), "the world does not start");
        world
    }

    fn compose(&self, verb: &str, flags: &[&str]) -> bool {
        let deployment = package_folder().join("deployments/screen.toml");
        let status = Command::new(mapper())
            .args(["compose", verb])
            .arg(deployment)
            .args(["--world", &self.0])
            .args(flags)
            .status();
        status.unwrap().success()
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let output = Command::new(mapper())
            .args(["run", "--world", &self.0, "--"])
            .arg(program)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The colours that the screen shows, three bytes a pixel.
    fn picture(&self) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("screen.png");
        ask(&["fb", "snapshot", file.to_str().unwrap(), "--world", &self.0], &[]).succeeded();
        let mut reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()))
            .read_info()
            .unwrap();
        let mut picture = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut picture).unwrap();
        picture
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let ended = self.compose("down", &["--force"]);
        assert!(ended || std::thread::panicking(), "the world does not end");
    }
}

#[test]
fn a_program_draws_through_every_request() {
    let world = World::start("fb-requests");
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
    let world = World::start("fb-dd");
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u8> =
        (0..320 * 200u32).flat_map(|pixel| pixel.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let file = folder.path().join("pixels");
    std::fs::write(&file, &pixels).unwrap();
    let from = format!("if={}", file.display());
    world.run(Path::new("/bin/dd"), &[&from, "of=/dev/fb0", "bs=48000", "conv=notrunc", "status=none"]);
    let shown: Vec<u8> =
        pixels.as_chunks::<4>().0.iter().flat_map(|&[blue, green, red, _]| [red, green, blue]).collect();
    assert!(world.picture() == shown, "the picture differs from what was written");
}

#[test]
fn fbset_tells_and_changes_the_mode() {
    let world = World::start("fb-set");
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
    let world = World::start("fb-killed");
    let servers = || -> serde_json::Value {
        let told = ask(&["servers", "--json", "--world", &world.0], &[]).succeeded().text();
        let all: Vec<serde_json::Value> = serde_json::from_str(&told).unwrap();
        all.into_iter().find(|server| server["name"] == "fb").unwrap()
    };
    let descriptors = |pid: u64| std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let mapper_pid = {
        let told = ask(&["compose", "status", "screen.toml", "--world", &world.0], &[]).succeeded().text();
        told.split("mapper ").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap()
    };
    world.run(Path::new("/bin/dd"), &["if=/dev/zero", "of=/dev/fb0", "bs=64k", "count=1", "status=none"]);
    let before = descriptors(mapper_pid);
    for round in 0..200 {
        let writer = Command::new(mapper())
            .args(["run", "--world", &world.0, "--", "/bin/dd"])
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
            ask(&["servers", "--restart", "fb", "--world", &world.0], &[]).succeeded();
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
