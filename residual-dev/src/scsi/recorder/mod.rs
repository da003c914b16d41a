//! A recorder for CD, DVD and BD as MMC-6 describes one, without hardware: discs are files.
//!
//! One file a family of commands; [`table`] says which is which.

mod blank;
mod capacity;
mod close;
mod cue_sheet;
mod disc_information;
mod events;
mod features;
mod format;
pub mod inquiry;
mod mechanism;
mod mode;
mod pace;
mod performance;
mod read;
mod read_cd;
mod structure;
mod sub_channel;
pub mod table;
mod toc;
mod track_information;
mod write;

use std::io;

use super::command::{Cdb, Transfer};
use super::medium::Medium;
use super::sense::Sense;
use super::sent::Sent;
use mode::Modes;
pub use pace::Pace;
use table::Needs;

/// What a recorder says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// At most 8 characters.
    pub vendor: String,
    /// At most 16.
    pub product: String,
    /// At most 4.
    pub revision: String,
    /// At most 16.
    pub serial: String,
}

impl Default for Identity {
    fn default() -> Self {
        let [vendor, product, revision, serial] =
            ["MAPPER", "VIRTUAL RECORDER", "1.00", "0001"].map(str::to_owned);
        Self { vendor, product, revision, serial }
    }
}

/// Events of the medium that a host can ask for once (MMC-6, 6.7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    None = 0,
    EjectRequest = 1,
    NewMedium = 2,
    Removal = 3,
}

/// A recorder.
#[derive(Debug)]
pub struct Recorder {
    identity: Identity,
    medium: Option<Medium>,
    /// What lies in the open tray.
    tray: Option<Medium>,
    open: bool,
    locked: bool,
    /// A medium came since a host asked anything.
    attention: Option<Sense>,
    event: Event,
    modes: Modes,
    pace: Pace,
    /// Of the last command that failed, for REQUEST SENSE.
    sense: Option<Sense>,
    /// Writing speed that a host chose, in kB/s.
    speed: Option<u32>,
    /// Of the cue sheet: another session may follow.
    more_sessions: bool,
}

impl Recorder {
    /// With nothing in it, and the tray closed.
    pub fn new(identity: Identity, pace: Pace) -> Self {
        Self {
            identity,
            medium: None,
            tray: None,
            open: false,
            locked: false,
            attention: None,
            event: Event::None,
            modes: Modes::default(),
            pace,
            sense: None,
            speed: None,
            more_sessions: false,
        }
    }

    /// What it says it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What is in it.
    pub fn medium(&self) -> Option<&Medium> {
        self.medium.as_ref()
    }

    /// Whether the tray is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether a host prevents removal.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Puts a medium in and closes the tray; what was in it is given back.
    pub fn insert(&mut self, medium: Medium) -> Option<Medium> {
        let before = self.take().or(self.tray.take());
        self.medium = Some(medium);
        self.open = false;
        self.attention = Some(Sense::MEDIUM_CHANGED);
        self.event = Event::NewMedium;
        before
    }

    /// That another medium came is told to nobody any more.
    pub fn hear_of_medium(&mut self) {
        self.attention = None;
    }

    /// As the button at the front: opens the tray, unless a host prevents it, which is told then.
    ///
    /// # Errors
    /// `REMOVAL_PREVENTED`; `WRITE_ERROR` when what is on the disc cannot be left in its folder.
    pub fn eject(&mut self) -> Result<Option<Medium>, Sense> {
        if self.locked {
            self.event = Event::EjectRequest;
            return Err(Sense::REMOVAL_PREVENTED);
        }
        if let Some(medium) = &self.medium {
            medium.export().map_err(|_| Sense::WRITE_ERROR)?;
        }
        self.open = true;
        Ok(self.take())
    }

    /// Lets a host prevent removal no longer.
    pub fn allow_removal(&mut self) {
        self.locked = false;
    }

    /// Takes out what lies in the open tray.
    pub fn clear(&mut self) -> Option<Medium> {
        self.tray.take()
    }

    fn take(&mut self) -> Option<Medium> {
        let mut medium = self.medium.take()?;
        medium.end_simulation();
        self.pace.forget();
        self.event = Event::Removal;
        // A state that cannot be written is the one of the last track that began.
        let _: io::Result<()> = medium.save();
        Some(medium)
    }

    /// Closes the tray, with what lies in it.
    pub fn close(&mut self) {
        match self.tray.take() {
            Some(medium) => drop(self.insert(medium)),
            None => self.open = false,
        }
    }

    /// Carries a command out; tells how many bytes went either way.
    pub fn execute(&mut self, cdb: &[u8], out: Sent<'_>, into: &mut [u8]) -> (usize, Result<(), Sense>) {
        let mut transfer = Transfer::new(out, into);
        let result = Cdb::new(cdb).and_then(|cdb| self.run(&cdb, &mut transfer));
        if let Err(sense) = result {
            self.sense = Some(sense);
        }
        (transfer.moved(), result)
    }

    fn run(&mut self, cdb: &Cdb, transfer: &mut Transfer<'_>) -> Result<(), Sense> {
        let command = table::find(cdb.operation()).ok_or(Sense::INVALID_OPERATION.in_command(0))?;
        if command.needs != Needs::Nothing
            && let Some(attention) = self.attention.take()
        {
            return Err(attention);
        }
        if command.needs == Needs::Medium {
            self.loaded()?;
        }
        (command.run)(self, cdb, transfer)
    }

    /// What is in it.
    fn loaded(&self) -> Result<&Medium, Sense> {
        self.medium.as_ref().ok_or(if self.open { Sense::TRAY_OPEN } else { Sense::NO_MEDIUM })
    }

    fn loaded_mut(&mut self) -> Result<&mut Medium, Sense> {
        self.medium.as_mut().ok_or(if self.open { Sense::TRAY_OPEN } else { Sense::NO_MEDIUM })
    }

    /// Reads blocks of 2048 bytes for a host that does not speak SCSI: what came with a change of media is passed over.
    ///
    /// # Errors
    /// As of READ(10).
    pub fn read_blocks(&mut self, block: u32, to: &mut [u8]) -> Result<(), Sense> {
        let block = i32::try_from(block).map_err(|_| Sense::OUT_OF_RANGE)?;
        self.loaded()?.read(block, to)
    }

    /// Blocks that a host can read.
    pub fn blocks(&self) -> u32 {
        self.medium.as_ref().map_or(0, |medium| capacity::blocks(medium.disc()))
    }
}

#[cfg(test)]
mod tests;
