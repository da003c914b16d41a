//! What share of a program's calls comes by trampolines, as `mapper trace --sites` tells it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tests::guest::{ask, guest, mapper};

/// Traps of a site before it is asked about.
const WARM: u64 = 16;
/// Of the calls after that, in per cent.
const SHARE: f64 = 95.0;

/// Files that are bundled: so many calls that those made while a site is asked about weigh little.
const FILES: u32 = 2000;

/// A world, ended with the test.
struct World(String);

impl World {
    fn start() -> Self {
        let world = Self(format!("sites-{}", std::process::id()));
        let started = Command::new(mapper()).args(["up", "--world", &world.0]).status();
        assert!(started.is_ok_and(|status| status.success()), "the world does not start");
        world
    }

    fn run(&self, folder: &Path, program: &Path, arguments: &[&str]) {
        let mut command = Command::new(mapper());
        command.args(["run", "--world", &self.0, "--"]).arg(program).args(arguments).current_dir(folder);
        let output = command.output().expect("the mapper can be run");
        assert!(output.status.success(), "{}: {output:?}", program.display());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let ended = Command::new(mapper()).args(["down", "--force", "--world", &self.0]).status();
        assert!(
            ended.is_ok_and(|status| status.success()) || std::thread::panicking(),
            "the world does not end"
        );
    }
}

#[test]
fn most_calls_of_every_program_are_hoisted() {
    let folder = tempfile::tempdir().expect("room for a folder");
    for number in 0..FILES {
        let text = format!("export let x{number}: number = {number}\n");
        std::fs::write(folder.path().join(format!("m{number}.ts")), text).unwrap();
    }
    let imports: String = (0..FILES).map(|number| format!("import './m{number}'\n")).collect();
    std::fs::write(folder.path().join("all.ts"), imports).unwrap();
    let calls =
        "import os\nfor i in range(3000): os.getppid(); os.stat('/'); os.close(os.open('/etc/passwd', 0))";
    let bundle: &[&str] = &["--bundle", "all.ts", "--outfile=out.js"];
    let cases: [(&str, &[&str]); 6] = [
        ("busybox", &["dd", "if=/dev/zero", "of=/dev/null", "bs=512", "count=3000"]),
        ("bash", &["-c", "for ((i = 0; i < 3000; i++)); do echo $i; [ -e /etc/passwd ]; done"]),
        ("python3", &["-c", calls]),
        ("freebsd-esbuild-0.28.2", bundle),
        ("freebsd-esbuild-0.15.18", bundle),
        ("freebsd-esbuild-0.6.14", bundle),
    ];
    let world = World::start();
    for (name, arguments) in cases {
        world.run(folder.path(), &guest(name).path, arguments);
    }
    // The mapper may learn of a death only after who has waited for it.
    std::thread::sleep(Duration::from_millis(300));
    let text = ask(&["trace", "--sites", "--json", "--world", &world.0], &[]).succeeded().text();
    let guests: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (name, _) in cases {
        let path = guest(name).path.canonicalize().unwrap();
        let told = guests.iter().find(|told| Path::new(told["program"].as_str().unwrap()) == path);
        let told = told.unwrap_or_else(|| panic!("{} is not among {text}", path.display()));
        let sites = told["sites"].as_array().unwrap();
        let count = |site: &Value, what: &str| site[what].as_u64().unwrap();
        let late: u64 = sites.iter().map(|site| count(site, "trapped").saturating_sub(WARM)).sum();
        let hoisted: u64 = sites.iter().map(|site| count(site, "hoisted")).sum();
        let share = hoisted as f64 * 100.0 / (hoisted + late).max(1) as f64;
        println!("{name}: {hoisted} hoisted, {} trapped, {share:.1} % once warm", told["trapped"]);
        assert!(hoisted > 500 && share >= SHARE, "{name}: {share:.1} %: {told:#}");
    }
}
