//! A drive: a recorder of this server's, or a device of the host's, and what may be sent to it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::medium::{Kind, Medium, folder};
use super::passthrough::Passthrough;
use super::policy::Policy;
use super::recorder::{Identity, Pace, Recorder, inquiry};
use super::sense::{CHECK_CONDITION, GOOD, Sense};
use super::sent::Sent;
use super::settings::DriveSettings;
use crate::MakeError;

/// What carries commands out.
#[derive(Debug)]
pub enum Backend {
    /// A recorder of this server's.
    Recorder(Box<Recorder>),
    /// A device of the host's.
    Host(Passthrough),
}

/// A drive.
#[derive(Debug)]
pub struct Drive {
    backend: Mutex<Backend>,
    allow: Policy,
    refused: AtomicU64,
    inquiry: Vec<u8>,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// SAM status.
    pub status: u8,
    /// Sense data.
    pub sense: Vec<u8>,
    /// Bytes that went either way.
    pub moved: usize,
    /// It did not reach the device.
    pub failed: bool,
}

impl Outcome {
    fn refused(sense: Sense) -> Self {
        Self { status: CHECK_CONDITION, sense: sense.fixed().to_vec(), moved: 0, failed: false }
    }
}

impl Drive {
    /// Makes one, with its medium in it.
    ///
    /// # Errors
    /// When the medium or the host's device cannot be opened.
    pub fn new(settings: &DriveSettings, media: &Path) -> Result<Self, MakeError> {
        let drive = |backend, inquiry| Self {
            backend: Mutex::new(backend),
            allow: settings.allow.clone(),
            refused: AtomicU64::new(0),
            inquiry,
        };
        if let Some(path) = &settings.host {
            let host = Passthrough::open(path).map_err(|error| {
                MakeError(format!("the device {} cannot be opened: {error}", path.display()))
            })?;
            let inquiry = host
                .inquiry()
                .ok_or_else(|| MakeError(format!("{} does not answer as a SCSI device", path.display())))?;
            return Ok(drive(Backend::Host(host), inquiry));
        }
        let mut recorder = Recorder::new(settings.identity.clone(), Pace::new(settings.real_speed));
        if let Some(name) = &settings.medium {
            let medium = load(media, name, settings.kind).map_err(|error| {
                MakeError(format!("the medium `{name}` in {} cannot be loaded: {error}", media.display()))
            })?;
            recorder.insert(medium);
            // It is in since before anyone could ask.
            recorder.hear_of_medium();
        }
        Ok(drive(Backend::Recorder(Box::new(recorder)), inquiry::standard(&settings.identity)))
    }

    /// What carries commands out, for its only user at a time.
    pub fn backend(&self) -> MutexGuard<'_, Backend> {
        crate::lock(&self.backend)
    }

    /// Commands that were refused because the deployment does not allow them.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Standard inquiry data.
    pub fn inquiry(&self) -> &[u8] {
        &self.inquiry
    }

    /// What it says it is.
    pub fn identity(&self) -> Identity {
        let field = |from: usize, to: usize| {
            let bytes = self.inquiry.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(bytes).trim_end().to_owned()
        };
        Identity {
            vendor: field(8, 16),
            product: field(16, 32),
            revision: field(32, 36),
            serial: String::new(),
        }
    }

    /// Carries a command out, if it is allowed.
    pub fn execute(&self, command: &[u8], out: Sent<'_>, into: &mut [u8], timeout: u32) -> Outcome {
        if let Some(operation) = command.first()
            && !self.allow.allows(*operation)
        {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Outcome::refused(Sense::ACCESS_DENIED.in_command(0));
        }
        match &mut *self.backend() {
            Backend::Recorder(recorder) => {
                let (moved, result) = recorder.execute(command, out, into);
                match result {
                    Ok(()) => Outcome { status: GOOD, sense: Vec::new(), moved, failed: false },
                    Err(sense) => Outcome { moved, ..Outcome::refused(sense) },
                }
            }
            Backend::Host(host) => match host.execute(command, out, into, timeout) {
                Ok(answer) => Outcome {
                    status: answer.status,
                    sense: answer.sense,
                    moved: answer.moved,
                    failed: answer.transport != 0,
                },
                Err(_) => Outcome { status: GOOD, sense: Vec::new(), moved: 0, failed: true },
            },
        }
    }

    /// As the host's driver does when a block device is opened: that the medium may be another is heard, so that no
    /// command of the guest's fails for it.
    pub fn hear_of_medium(&self) {
        if let Backend::Recorder(recorder) = &mut *self.backend() {
            recorder.hear_of_medium();
        }
    }

    /// Blocks that can be read, of 2048 bytes; none where there is no medium.
    pub fn blocks(&self) -> Option<u32> {
        match &*self.backend() {
            Backend::Recorder(recorder) => recorder.medium().map(|_| recorder.blocks()),
            Backend::Host(host) => {
                let mut data = [0; 8];
                let answer =
                    host.execute(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], Sent::NONE, &mut data, 0).ok()?;
                let last = u32::from_be_bytes([data[0], data[1], data[2], data[3]]);
                (answer.status == GOOD && answer.moved == 8).then(|| last.saturating_add(1))
            }
        }
    }

    /// Reads blocks of 2048 bytes.
    ///
    /// # Errors
    /// As of READ(10); `ACCESS_DENIED` where that is not allowed.
    pub fn read(&self, block: u32, to: &mut [u8]) -> Result<(), Sense> {
        if !self.allow.allows(0x28) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Sense::ACCESS_DENIED);
        }
        match &mut *self.backend() {
            Backend::Recorder(recorder) => recorder.read_blocks(block, to),
            Backend::Host(host) => host.read(block, to),
        }
    }
}

/// How long a drive that is made waits for a medium that another one has: the world before may be just ending.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens a medium, or makes it if it is not there and it is said what it is.
fn load(media: &Path, name: &str, kind: Option<Kind>) -> io::Result<Medium> {
    let started = Instant::now();
    loop {
        match (folder::take(media, name), kind) {
            (Err(error), Some(kind)) if error.kind() == io::ErrorKind::NotFound => {
                return folder::make(media, name, kind);
            }
            (Err(error), _)
                if error.kind() == io::ErrorKind::ResourceBusy && started.elapsed() < PATIENCE =>
            {
                std::thread::sleep(PAUSE);
            }
            (taken, _) => return taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_allowed_is_refused_and_counted() {
        let folder = tempfile::tempdir().expect("the machine has room for a folder");
        let settings = DriveSettings {
            identity: Identity::default(),
            allow: Policy::ReadOnly,
            medium: Some("a".to_owned()),
            kind: Some(Kind::DvdPlusRw),
            real_speed: false,
            host: None,
        };
        let drive = Drive::new(&settings, folder.path()).expect("the medium can be made");
        let inquiry = drive.execute(&[0x12, 0, 0, 0, 36, 0], Sent::NONE, &mut [0; 36], 0);
        assert_eq!((inquiry.status, inquiry.moved), (GOOD, 36));
        let write = drive.execute(&[0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], Sent::Own(&[0; 2048]), &mut [], 0);
        assert_eq!((write.status, write.sense[2], write.sense[12], write.sense[13]), (2, 5, 0x20, 2));
        assert_eq!(drive.refused(), 1);
    }

    #[test]
    fn a_medium_that_is_just_let_go_is_waited_for() {
        let folder = tempfile::tempdir().expect("the machine has room for a folder");
        let held = folder::make(folder.path(), "a", Kind::CdR).expect("it is empty");
        let ending = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(held);
        });
        load(folder.path(), "a", None).expect("it is let go");
        ending.join().expect("it ends");
    }
}
