//! A screen with its terminals, keyboard and pointer: Linux programs that draw and are typed to, unmodified.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::guest::guest;
use tests::manifest::package_folder;
use tests::process::Running;
use tests::screen::{Picture, World, encode, expect_file};

const WHITE: [u8; 3] = [255; 3];
const BLACK: [u8; 3] = [0; 3];
/// What the console writes with.
const GREY: [u8; 3] = [0xaa; 3];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a shell on a terminal, which becomes that of its session when it is opened.
fn shell_on(world: &World, terminal: &str) -> Running {
    let script = format!("exec sh -i <>{terminal} >&0 2>&1");
    world.spawn(Path::new("/bin/sh"), &["-c", &script], &[("PS1", "> ")])
}

#[test]
fn a_shell_on_a_terminal_is_typed_to_and_seen() {
    let world = World::start("vt", "desk.toml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer");
    let _shell = shell_on(&world, "/dev/tty2");
    world.fb(&["key", "alt-f2"]);
    let prompt = world.expect("a prompt", |picture| picture.count(GREY) > 5);
    world.fb(&["type", &format!("echo $((6*7)) $(stty size) >{}\\n", text(&file))]);
    // 600 lines of 16 and 800 columns of 8.
    expect_file(&file, "42 37 100\n");
    world.expect("what was typed", |picture| picture.count(GREY) > prompt.count(GREY));
    world.fb(&["type", "clear\\n"]);
    world.expect("a prompt alone", |picture| *picture == prompt);
    world.fb(&["key", "alt-f1"]);
    world.expect("an empty terminal", |picture| picture.count(GREY) < 20);
    world.fb(&["key", "alt-f2"]);
    world.expect("the second terminal again", |picture| *picture == prompt);
    world.fb(&["type", "sleep 1000\\n"]);
    world.fb(&["key", "ctrl-c"]);
    world.fb(&["type", &format!("echo interrupted $? >{}\\n", text(&file))]);
    expect_file(&file, "interrupted 130\n");
}

#[test]
fn fbi_shows_a_picture_pixel_by_pixel() {
    let world = World::start("fbi", "desk.toml");
    let folder = tempfile::tempdir().unwrap();
    let colour = |pixel: u32| [pixel as u8, (pixel / 800) as u8, (pixel / 77) as u8];
    let colours = (0..800 * 600).flat_map(colour).collect();
    let wanted = Picture { width: 800, height: 600, colours };
    let file = folder.path().join("picture.png");
    std::fs::write(&file, encode(&wanted)).unwrap();
    let _fbi = world.spawn(&guest("fbi").path, &["-T", "2", "-noverbose", text(&file)], &[]);
    world.expect("the picture", |picture| *picture == wanted);
    world.fb(&["type", "q"]);
    world.expect("text", |picture| picture.count(BLACK) > 450_000);
}

/// Xorg, a window manager and a terminal. A command is typed to the shell there.
#[test]
fn xorg_has_a_terminal_that_is_typed_to_and_the_console_returns_when_it_is_killed() {
    let world = World::start("xorg", "desk.toml");
    let folder = tempfile::tempdir().unwrap();
    let configuration = package_folder().join("guests/src/xorg.conf");
    for driver in ["xorg-fbdev", "xorg-evdev"] {
        guest(driver);
    }
    let _shell = shell_on(&world, "/dev/tty1");
    // More than the cursor, and the whole of it.
    let prompt = || world.expect("a prompt", |picture| picture.count(GREY) > 8);
    let mut console = prompt();
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let later = prompt();
        if later == console {
            break;
        }
        console = later;
    }
    let display = format!(":{}", 100 + std::process::id());
    let log = folder.path().join("log");
    let server = world.spawn(
        &guest("xorg").path,
        &[&display, "vt7", "-config", text(&configuration), "-logfile", text(&log), "-nolisten", "tcp"],
        &[],
    );
    let socket = format!("/tmp/.X11-unix/X{}", &display[1..]);
    let end = Instant::now() + Duration::from_secs(60);
    while !Path::new(&socket).exists() {
        assert!(Instant::now() < end, "{}", std::fs::read_to_string(&log).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(50));
    }
    let here = [("DISPLAY", display.as_str()), ("PS1", "> "), ("HOME", text(folder.path()))];
    let rules = folder.path().join("twm");
    std::fs::write(&rules, "RandomPlacement\nNoGrabServer\n").unwrap();
    let _manager = world.spawn(&guest("twm").path, &["-f", text(&rules)], &here);
    let terminal = world.spawn(&guest("xterm").path, &["-geometry", "60x20+40+60", "-e", "sh"], &here);
    world.expect("a window", |picture| picture.count(WHITE) > 50_000);
    world.fb(&["click", "150", "150"]);
    let file = folder.path().join("answer");
    world.fb(&["type", &format!("echo \"Hello\" $((6*7)) | tee {}\\n", text(&file))]);
    expect_file(&file, "Hello 42\n");
    world.fb(&["type", "exit\\n"]);
    assert!(terminal.ended_within(Duration::from_secs(20)), "{}", terminal.errors());
    server.signal(Signal::KILL);
    // A cursor and nothing else.
    world.expect("the text of its terminal", |picture| picture.count(GREY) == 8);
    world.fb(&["key", "alt-f1"]);
    world.expect("the console", |picture| *picture == console);
}
