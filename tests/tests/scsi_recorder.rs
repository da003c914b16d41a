//! Debian's burning programs with a recorder of the server `scsi`: what each burns, each reads back.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use tests::guest::{guest, mapper, run_command};

/// A folder with an image to burn, and a recorder with a medium of a kind in it.
struct Workshop {
    folder: tempfile::TempDir,
}

impl Workshop {
    fn new(kind: &str, allow: &str) -> Self {
        let folder = tempfile::tempdir().expect("the machine has room for a folder");
        let example = include_str!("../deployments/recorder.toml");
        let media = "media = \"media\"";
        assert!(example.contains(media));
        let text = example
            .replace(media, &format!("{media}\nallow = \"{allow}\""))
            .replace("\"cd-r\"", &format!("\"{kind}\""));
        fs::write(folder.path().join("recorder.toml"), text).expect("the folder is ours");
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).expect("the folder is ours");
        fs::write(tree.join("small.txt"), "small\n").expect("the folder is ours");
        let noise: Vec<u8> = (0..1_500_000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
        fs::write(tree.join("large.bin"), noise).expect("the folder is ours");
        let workshop = Self { folder };
        let mut make = Command::new(guest("genisoimage").path);
        make.args(["-quiet", "-R", "-o", "image.iso", "tree"]).current_dir(workshop.path());
        assert!(make.status().expect("it can be started").success());
        workshop
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn start(&self, program: &str, arguments: &[&str]) -> Output {
        // Both names begin at folders: that of the command and that of the deployment.
        let deployment = ["--deployment", "recorder.toml"].map(str::to_owned);
        let mut command = run_command(&deployment, &guest(program).path);
        command.args(arguments).env("HOME", self.path()).current_dir(self.path());
        command.output().expect("the mapper can be started")
    }

    /// Runs a program that must succeed, and gives what it says.
    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.start(program, arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {}\n{said}", output.status);
        said
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The image, as `dd` reads it from the disc.
    #[track_caller]
    fn expect_image(&self) {
        let image = self.file("image.iso");
        let count = format!("count={}", image.len() / 2048);
        self.run("dd", &["if=/dev/sr0", "of=back.iso", "bs=2048", &count, "status=none"]);
        assert!(self.file("back.iso") == image, "every byte of the image");
    }
}

#[test]
fn what_wodim_burns_is_read_by_all() {
    let workshop = Workshop::new("cd-r", "burn");
    let scan = workshop.run("wodim", &["-scanbus", "dev=/dev/sg0"]);
    assert!(scan.contains("0,0,0\t  0) 'MAPPER  ' 'VIRTUAL RECORDER' '1.00' Removable CD-ROM"), "{scan}");
    assert!(workshop.run("wodim", &["dev=/dev/sg0", "-prcap"]).contains("Does write CD-RW media"));
    assert!(workshop.run("wodim", &["dev=/dev/sg0", "-atip"]).contains("ATIP start of lead out: 359849"));
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-dummy", "-tao", "image.iso"]);
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "image.iso"]);
    let image = workshop.file("image.iso");
    assert!(workshop.file("media/disc.iso") == image, "the disc is left as an image");
    workshop.expect_image();
    workshop.run("readom", &["dev=/dev/sg0", "f=readom.iso"]);
    assert!(workshop.file("readom.iso") == image);
    let contents = workshop.run("wodim", &["dev=/dev/sr0", "-toc"]);
    assert!(contents.contains("first: 1 last 1"), "{contents}");
    assert!(workshop.run("isoinfo", &["-R", "-f", "-i", "/dev/sr0"]).contains("/large.bin"));
    assert!(workshop.run("cd-info", &["--no-cddb", "/dev/sr0"]).contains("CD-DATA (Mode 1)"));
    assert!(workshop.run("sg_inq", &["/dev/sg0"]).contains("VIRTUAL RECORDER"));
    assert!(workshop.run("smartctl", &["-i", "/dev/sr0"]).contains("CD/DVD"));
    let again = workshop.start("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "image.iso"]);
    assert!(!again.status.success(), "it is written once");
    workshop.run("sg_raw", &["/dev/sg0", "1b", "0", "0", "0", "2", "0"]);
}

#[test]
fn sessions_are_added_and_blanked_away() {
    let workshop = Workshop::new("cd-rw", "burn");
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "-multi", "image.iso"]);
    let blocks = workshop.file("image.iso").len() / 2048;
    let place = workshop.run("wodim", &["dev=/dev/sg0", "-msinfo"]);
    assert!(place.contains(&format!("0,{}", blocks + 11_400)), "{place}");
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "blank=fast"]);
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-sao", "image.iso"]);
    workshop.expect_image();
}

#[test]
fn audio_comes_back_sample_by_sample() {
    let workshop = Workshop::new("cd-r", "burn");
    for (name, frames, step) in [("one.wav", 400_u32, 7_u32), ("two.wav", 333, 11)] {
        let samples: Vec<u8> = (0..frames * 2352).map(|at| (at.wrapping_mul(step) >> 3) as u8).collect();
        let length = samples.len() as u32;
        let mut file = b"RIFF".to_vec();
        file.extend((length + 36).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data");
        file.extend(length.to_le_bytes());
        file.extend(samples);
        fs::write(workshop.path().join(name), file).expect("the folder is ours");
    }
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-sao", "-audio", "one.wav", "two.wav"]);
    for (number, name) in [("1", "one.wav"), ("2", "two.wav")] {
        workshop.run("cdparanoia", &["-q", "-d", "/dev/sr0", number, "back.wav"]);
        assert!(workshop.file("back.wav") == workshop.file(name), "{name}");
    }
    let cue = String::from_utf8(workshop.file("media/disc.cue")).expect("it is text");
    assert!(cue.contains("TRACK 02 AUDIO"), "{cue}");
}

#[test]
fn other_media_are_burnt_by_other_programs() {
    for kind in ["dvd-r", "dvd+rw", "bd-r"] {
        let workshop = Workshop::new(kind, "burn");
        workshop.run("growisofs", &["-use-the-force-luke=tty", "-Z", "/dev/sr0=image.iso"]);
        workshop.expect_image();
    }
    for kind in ["cd-r", "dvd+r", "dvd-rw"] {
        let workshop = Workshop::new(kind, "burn");
        workshop.run("cdrskin", &["dev=/dev/sr0", "image.iso"]);
        workshop.expect_image();
    }
    let workshop = Workshop::new("bd-re", "burn");
    workshop.run("xorriso", &["-outdev", "/dev/sr0", "-map", "tree", "/", "-commit"]);
    assert!(workshop.run("xorriso", &["-indev", "/dev/sr0", "-find", "/"]).contains("large.bin"));
}

#[test]
fn what_a_deployment_does_not_allow_is_refused() {
    let workshop = Workshop::new("cd-r", "read-only");
    let burn = workshop.start("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "image.iso"]);
    assert!(!burn.status.success());
    // WRITE (10) of one block: the sense data says why.
    let raw = workshop.start(
        "sg_raw",
        &["-s", "2048", "-i", "image.iso", "/dev/sg0", "2a", "0", "0", "0", "0", "0", "0", "0", "1", "0"],
    );
    let said = String::from_utf8_lossy(&raw.stderr).into_owned();
    assert!(said.contains("Access denied - no access rights"), "{said}");
    assert!(fs::metadata(workshop.path().join("media/disc.image")).expect("it was made").len() == 0);
}

/// A world that others run programs in, ended with the test.
struct World<'a> {
    workshop: &'a Workshop,
    name: String,
}

impl<'a> World<'a> {
    fn start(workshop: &'a Workshop, name: &str) -> Self {
        let world = Self { workshop, name: format!("{name}-{}", std::process::id()) };
        world.mapper(&["up", "--deployment", "recorder.toml"]).expect("it starts");
        world
    }

    /// What a command of the mapper's says, or why not.
    fn mapper(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(mapper());
        command.args(arguments).args(["--world", &self.name]).current_dir(self.workshop.path());
        let output = command.output().expect("the mapper can be started");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.mapper(&[arguments, &["--json"]].concat()).expect("it tells");
        serde_json::from_str(&said).expect("it is JSON")
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        // One that did not start cannot be ended.
        let _ = self.mapper(&["down", "--force"]);
    }
}

#[test]
fn media_are_loaded_looked_at_and_ejected() {
    let workshop = Workshop::new("cd-r", "burn");
    let world = World::start(&workshop, "media");
    let drives = world.json(&["scsi", "drives"]);
    assert_eq!(drives[0]["drive"], "sr0");
    assert_eq!(
        (&drives[0]["medium"]["name"], &drives[0]["medium"]["state"]),
        (&"disc".into(), &"blank".into())
    );
    world.mapper(&["scsi", "load", "fresh", "--kind", "dvd+r"]).expect("it is made");
    let mut burn = run_command(&["--world".to_owned(), world.name.clone()], &guest("growisofs").path);
    burn.args(["-use-the-force-luke=tty", "-Z", "/dev/sr0=image.iso"]).current_dir(workshop.path());
    assert!(burn.output().expect("it can be started").status.success());
    let medium = world.json(&["scsi", "inspect"]);
    let blocks = workshop.file("image.iso").len() / 2048;
    assert_eq!((&medium["kind"], &medium["tracks"][0]["number"]), (&"dvd+r".into(), &1.into()));
    assert!(medium["tracks"][0]["blocks"].as_u64() >= Some(blocks as u64), "{medium}");
    world.mapper(&["scsi", "eject"]).expect("nobody prevents it");
    assert!(world.mapper(&["scsi", "inspect"]).unwrap_err().contains("no medium in `sr0`"));
    let table = world.mapper(&["scsi", "drives"]).expect("it tells");
    assert!(table.contains("open"), "{table}");
    let media = world.json(&["scsi", "media"]);
    let names: Vec<_> = media.as_array().expect("a list").iter().map(|medium| &medium["name"]).collect();
    assert_eq!(names, ["disc", "fresh"]);
    for (arguments, why) in [
        (&["scsi", "load", "none"][..], "say of which kind"),
        (&["scsi", "load", "none", "--kind", "tape"], "there are cd-r"),
        (&["scsi", "eject", "sr5"], "no drive `sr5`, but sr0"),
    ] {
        let said = world.mapper(arguments).expect_err("it is refused");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn freebsd_burns_and_reads_the_same_disc() {
    let workshop = Workshop::new("cd-r", "burn");
    let found = workshop.run("freebsd-burner", &["scan"]);
    for line in [
        "bus mapper0",
        "device <MAPPER  VIRTUAL RECORDER1.00> at 0:0:0",
        "driver cd0 at 0:0:0",
        "driver pass0 at 0:0:0",
        "cd0 is reached by pass0",
        "type 5, vendor MAPPER",
    ] {
        assert!(found.lines().any(|found| found == line), "{line}: {found}");
    }
    workshop.run("freebsd-burner", &["burn", "image.iso"]);
    assert!(workshop.file("media/disc.iso") == workshop.file("image.iso"));
    workshop.run("freebsd-burner", &["compare", "image.iso"]);
    workshop.run("readom", &["dev=/dev/sg0", "f=readom.iso"]);
    assert!(workshop.file("readom.iso") == workshop.file("image.iso"), "what Linux reads of it");
    let other = Workshop::new("cd-r", "burn");
    other.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "image.iso"]);
    other.run("freebsd-burner", &["compare", "image.iso"]);
}

#[test]
fn long_reads_of_a_block_device_are_whole() {
    let workshop = Workshop::new("dvd+r", "burn");
    workshop.run("growisofs", &["-use-the-force-luke=tty", "-Z", "/dev/sr0=image.iso"]);
    let script = "import os\n\
        disc, image = (os.open(path, os.O_RDONLY) for path in ('/dev/sr0', 'image.iso'))\n\
        assert os.pread(disc, 200000, 3000) == os.pread(image, 200000, 3000)\n\
        buffers = [bytearray(size) for size in (100, 70000, 5)]\n\
        assert os.preadv(disc, buffers, 777) == 70105\n\
        assert b''.join(buffers) == os.pread(image, 70105, 777)\n\
        size = os.lseek(disc, 0, os.SEEK_END)\n\
        assert len(os.pread(disc, 100000, size - 5000)) == 5000\n";
    workshop.run("python3", &["-c", script]);
}

#[test]
fn what_was_written_before_a_kill_is_there() {
    let workshop = Workshop::new("cd-r", "burn");
    let noise: Vec<u8> = (0..30_000_u32 * 512).flat_map(|at| at.wrapping_mul(at | 1).to_le_bytes()).collect();
    fs::write(workshop.path().join("long.iso"), &noise).expect("the folder is ours");
    let deployment = String::from_utf8(workshop.file("recorder.toml")).expect("it is text");
    // As slow as a real one, so that there is a middle; in a process of its own, that can be killed.
    let deployment = deployment
        .replace("kind = \"scsi\"", "kind = \"scsi\"\nplace = \"process\"")
        .replace("allow = ", "speed = \"real\"\nallow = ");
    fs::write(workshop.path().join("recorder.toml"), deployment).expect("the folder is ours");
    let world = World::start(&workshop, "killed");
    let mut burn = run_command(&["--world".to_owned(), world.name.clone()], &guest("wodim").path);
    burn.args(["dev=/dev/sg0", "gracetime=0", "-tao", "long.iso"]).current_dir(workshop.path());
    let mut burning = burn.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
    let image = workshop.path().join("media/disc.image");
    let deadline = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&image).map_or(0, |image| image.len()) < 6 << 20 {
        assert!(Instant::now() < deadline, "it burns");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = world
        .json(&["servers"])
        .as_array()
        .expect("a list")
        .iter()
        .find_map(|server| if server["name"] == "recorder" { server["pid"].as_i64() } else { None });
    let pid = pid.and_then(|pid| Pid::from_raw(pid as i32)).expect("the recorder has a process");
    kill_process(pid, Signal::KILL).expect("it is ours");
    // Depending on what it was doing, the program gives up or asks the drive again and again.
    burning.kill().expect("it is ours");
    burning.wait().expect("it ends");
    // Another process takes over.
    while world.mapper(&["scsi", "inspect"]).is_err() {
        assert!(Instant::now() < deadline, "the recorder is there again");
        std::thread::sleep(Duration::from_millis(20));
    }
    let medium = world.json(&["scsi", "inspect"]);
    let written = fs::metadata(&image).expect("it is there").len();
    assert_eq!((&medium["state"], &medium["sessions"]), (&"appendable".into(), &0.into()), "{medium}");
    let track = &medium["tracks"][0];
    assert_eq!((&track["open"], track["blocks"].as_u64()), (&false.into(), Some(written / 2048)), "{medium}");
    let mut read = run_command(&["--world".to_owned(), world.name.clone()], &guest("dd").path);
    read.args(["if=/dev/sr0", "of=back.iso", "bs=2048", "status=none"]).current_dir(workshop.path());
    assert!(read.status().expect("it can be started").success());
    let back = workshop.file("back.iso");
    assert_eq!(back.len() as u64, written / 2048 * 2048);
    assert!(back == noise[..back.len()], "every byte that was taken");
}

#[test]
fn cdrdao_burns_what_its_table_says() {
    let workshop = Workshop::new("cd-r", "burn");
    let audio: Vec<u8> = (0..700 * 2352_u32).map(|at| (at.wrapping_mul(at) >> 9) as u8).collect();
    let (one, two) = audio.split_at(400 * 2352);
    fs::write(workshop.path().join("one.raw"), one).expect("the folder is ours");
    fs::write(workshop.path().join("two.raw"), two).expect("the folder is ours");
    let table = "CD_DA\nTRACK AUDIO\nFILE \"one.raw\" 0\nTRACK AUDIO\nPREGAP 0:2:0\nFILE \"two.raw\" 0\n";
    fs::write(workshop.path().join("disc.toc"), table).expect("the folder is ours");
    workshop.run("cdrdao", &["write", "--device", "/dev/sr0", "--driver", "generic-mmc", "-n", "disc.toc"]);
    let cue = String::from_utf8(workshop.file("media/disc.cue")).expect("it is text");
    assert!(cue.contains("INDEX 00 00:05:25\n    INDEX 01 00:07:25"), "{cue}");
    workshop.run("cdrdao", &["read-toc", "--device", "/dev/sr0", "--driver", "generic-mmc", "back.toc"]);
    let back = String::from_utf8(workshop.file("back.toc")).expect("it is text");
    assert!(back.contains("00:05:25\n") && back.contains("START 00:02:00"), "{back}");
}

#[test]
fn a_bd_re_is_formatted_and_burnt() {
    let workshop = Workshop::new("bd-re", "burn");
    workshop.run("cdrskin", &["dev=/dev/sr0", "blank=as_needed", "image.iso"]);
    workshop.expect_image();
}

#[test]
fn the_program_eject_moves_the_tray() {
    let workshop = Workshop::new("cd-r", "burn");
    let world = World::start(&workshop, "eject");
    // Forced: nothing of the drive is under /sys, where it looks whether a disc can be taken out.
    for (arguments, locked, open) in [(&["-F", "-i", "on"][..], true, false), (&["-F"], false, true)] {
        let mut eject = run_command(&["--world".to_owned(), world.name.clone()], &guest("eject").path);
        let status = eject.args(arguments).arg("/dev/sr0").status().expect("it can be started");
        let drive = &world.json(&["scsi", "drives"])[0];
        assert!(status.success(), "{arguments:?}");
        assert_eq!((&drive["locked"], &drive["open"]), (&locked.into(), &open.into()), "{arguments:?}");
    }
}

#[test]
fn tools_of_sg3_utils_know_the_recorder() {
    let workshop = Workshop::new("cd-r", "burn");
    let modes = workshop.run("sg_modes", &["-a", "/dev/sg0"]);
    assert!(modes.contains("MM capabilities and mechanical status"), "{modes}");
    let features = workshop.run("sg_get_config", &["/dev/sr0"]);
    assert!(features.contains("Drive serial number feature"), "{features}");
    workshop.run("wodim", &["dev=/dev/sg0", "gracetime=0", "-tao", "image.iso"]);
    let size = workshop.file("image.iso").len();
    let capacity = workshop.run("sg_readcap", &["/dev/sr0"]);
    assert!(capacity.contains(&format!("Device size: {size} bytes")), "{capacity}");
}
