//! A world with a screen, for tests of what programs draw and of what is typed to them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::guest::{ask, mapper};
use crate::manifest::package_folder;
use crate::process::{Input, Running};

/// What a screen shows: three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Red, green and blue of each pixel.
    pub colours: Vec<u8>,
}

impl Picture {
    /// How many pixels have a colour.
    pub fn count(&self, colour: [u8; 3]) -> usize {
        self.colours.as_chunks::<3>().0.iter().filter(|pixel| **pixel == colour).count()
    }
}

/// A world of one of the example deployments, ended with the test.
pub struct World {
    /// Its name.
    pub name: String,
    deployment: PathBuf,
}

impl World {
    /// Starts a world of this name and deployment.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(name: &str, deployment: &str) -> Self {
        let deployment = package_folder().join("deployments").join(deployment);
        let world = Self { name: format!("{name}-{}", std::process::id()), deployment };
        assert!(world.compose("up", &[]), "the world does not start");
        world
    }

    fn compose(&self, verb: &str, flags: &[&str]) -> bool {
        let status = Command::new(mapper())
            .args(["compose", verb])
            .arg(&self.deployment)
            .args(["--world", &self.name])
            .args(flags)
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// A program of it, to be started.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(mapper());
        command.args(["run", "--world", &self.name, "--"]).arg(program).args(arguments);
        command
    }

    /// Starts a program that goes on.
    pub fn spawn(&self, program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(program, arguments);
        command.envs(variables.iter().copied());
        Running::start(command, &Input::Nothing, &self.name)
    }

    /// What a program writes that ends well.
    ///
    /// # Panics
    /// When it does not.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().expect("the mapper runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Does something with `mapper fb`.
    ///
    /// # Panics
    /// When that fails.
    pub fn fb(&self, arguments: &[&str]) {
        let all = [&["fb"], arguments, &["--world", &self.name]].concat();
        ask(&all, &[]).succeeded();
    }

    /// What the screen shows.
    ///
    /// # Panics
    /// When that cannot be had.
    pub fn picture(&self) -> Picture {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("screen.png");
        self.fb(&["snapshot", file.to_str().expect("a path of text")]);
        decode(&std::fs::read(file).expect("the snapshot"))
    }

    /// Waits until the screen is as it should be; gives what it shows then.
    ///
    /// # Panics
    /// When it is not within half a minute.
    #[track_caller]
    pub fn expect(&self, what: &str, is: impl Fn(&Picture) -> bool) -> Picture {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let picture = self.picture();
            if is(&picture) {
                return picture;
            }
            assert!(Instant::now() < end, "the screen does not show {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let ended = self.compose("down", &["--force"]);
        assert!(ended || std::thread::panicking(), "the world does not end");
    }
}

/// The picture in a PNG file of three bytes a pixel.
///
/// # Panics
/// When it is none.
pub fn decode(file: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG file");
    let mut colours = vec![0; reader.output_buffer_size().expect("a picture of some size")];
    let info = reader.next_frame(&mut colours).expect("a picture");
    Picture { width: info.width, height: info.height, colours }
}

/// The PNG file of a picture.
///
/// # Panics
/// When it has no pixels.
pub fn encode(picture: &Picture) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a picture of some size");
    writer.write_image_data(&picture.colours).expect("all of its pixels");
    writer.finish().expect("memory");
    file
}

/// Waits for a text in a file.
///
/// # Panics
/// When it is not there within half a minute.
#[track_caller]
pub fn expect_file(path: &Path, text: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(path).is_ok_and(|found| found == text) {
        assert!(
            Instant::now() < end,
            "{} has {:?} and not {text:?}",
            path.display(),
            std::fs::read_to_string(path)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
