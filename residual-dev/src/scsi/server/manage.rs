//! What the mapper itself asks: what is in drives and in the folder, loading and ejecting.

use schemas::Errno;
use schemas::device::{scsi_drive, scsi_load, scsi_medium, scsi_reply, scsi_track};

use super::Scsi;
use crate::scsi::drive::Backend;
use crate::scsi::medium::{Disc, Form, Kind, Medium, State, Track, folder};
use crate::scsi::sense::Sense;

/// Most tracks, and most media, of one reply.
const TRACKS: usize = 150;
const MEDIA: usize = 64;

impl Scsi {
    /// Tells of a drive and of what is in it.
    pub(super) fn inspect(&self, number: usize, mut told: scsi_drive::Builder<'_>) -> Result<(), Errno> {
        let drive = self.drives.get(number).ok_or(Errno::NXIO)?;
        self.tell(number, told.reborrow().init_unit());
        told.set_refusals(drive.refused());
        match &*drive.backend() {
            Backend::Host(host) => told.set_host(&*host.path().to_string_lossy()),
            Backend::Recorder(recorder) => {
                told.set_open(recorder.is_open());
                told.set_locked(recorder.is_locked());
                if let Some(medium) = recorder.medium() {
                    describe(medium, told.init_medium());
                }
            }
        }
        Ok(())
    }

    /// Tells what lies in the folder, from one on.
    pub(super) fn media(&self, skip: usize, reply: scsi_reply::Builder<'_>) -> Result<(), Errno> {
        let found = folder::list(&self.media).map_err(|error| Errno(error.raw_os_error().unwrap_or(5)))?;
        let some: Vec<_> = found.into_iter().skip(skip).take(MEDIA).collect();
        let mut list = reply.init_media(some.len() as u32);
        for (at, found) in (0..).zip(&some) {
            let mut told = list.reborrow().get(at);
            told.set_name(&found.name);
            tell_disc(&found.disc, told);
        }
        Ok(())
    }

    /// Puts a medium into a drive, in the place of the one that is there.
    pub(super) fn load(&self, number: usize, load: scsi_load::Reader<'_>) -> Result<String, Errno> {
        let drive = self.drives.get(number).ok_or(Errno::NXIO)?;
        let text = |text: capnp::text::Reader<'_>| text.to_string().map_err(|_| Errno::INVAL);
        let (name, kind) = (text(load.get_name()?)?, text(load.get_kind()?)?);
        let Backend::Recorder(recorder) = &mut *drive.backend() else {
            return Ok("the drive is the host's: its media are loaded by hand".to_owned());
        };
        if recorder.medium().is_some_and(|medium| medium.name() == name) {
            return Ok(String::new());
        }
        // What lies in the open tray makes room.
        drop(recorder.clear());
        let taken = match (folder::take(&self.media, &name), Kind::named(&kind)) {
            (Err(error), Some(kind))
                if error.kind() == std::io::ErrorKind::NotFound && !kind.is_pressed() =>
            {
                folder::make(&self.media, &name, kind)
            }
            (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(if kind.is_empty() {
                    format!("there is no medium `{name}`; to make one, say of which kind")
                } else {
                    let kinds: Vec<_> =
                        Kind::all().filter(|kind| !kind.is_pressed()).map(Kind::name).collect();
                    format!("there is no medium of kind `{kind}`; there are {}", kinds.join(", "))
                });
            }
            (taken, _) => taken,
        };
        let medium = match taken {
            Ok(medium) => medium,
            Err(error) => return Ok(format!("the medium `{name}` cannot be loaded: {error}")),
        };
        match recorder.eject() {
            Ok(before) => drop(before),
            Err(sense) => return Ok(format!("what is in the drive cannot be ejected: {}", refusal(sense))),
        }
        drop(recorder.insert(medium));
        Ok(String::new())
    }

    /// Takes out what is in a drive, and leaves the tray open.
    pub(super) fn eject(&self, number: usize, force: bool) -> Result<String, Errno> {
        let drive = self.drives.get(number).ok_or(Errno::NXIO)?;
        let Backend::Recorder(recorder) = &mut *drive.backend() else {
            return Ok("the drive is the host's: `eject` opens it".to_owned());
        };
        if force {
            recorder.allow_removal();
        }
        Ok(match recorder.eject() {
            Ok(medium) => {
                drop(medium.or(recorder.clear()));
                String::new()
            }
            Err(sense) => format!("it cannot be ejected: {}", refusal(sense)),
        })
    }
}

fn refusal(sense: Sense) -> &'static str {
    if sense == Sense::REMOVAL_PREVENTED {
        "a guest prevents its removal"
    } else {
        "what is on it cannot be left in the folder"
    }
}

fn describe(medium: &Medium, mut told: scsi_medium::Builder<'_>) {
    let disc = medium.disc();
    told.set_name(medium.name());
    tell_disc(disc, told.reborrow());
    let tracks = &disc.tracks[..disc.tracks.len().min(TRACKS)];
    let mut list = told.init_tracks(tracks.len() as u32);
    for (at, track) in (0..).zip(tracks) {
        describe_track(disc, track, list.reborrow().get(at));
    }
}

fn tell_disc(disc: &Disc, mut told: scsi_medium::Builder<'_>) {
    told.set_kind(disc.kind.name());
    told.set_state(match disc.state() {
        State::Blank => "blank",
        State::Appendable => "appendable",
        State::Complete => "complete",
        State::Random => "random",
    });
    told.set_capacity(disc.capacity);
    told.set_sessions(disc.sessions);
    told.set_track_count(disc.tracks.len() as u16);
    told.set_catalog(disc.catalog.as_deref().unwrap_or_default());
}

fn describe_track(disc: &Disc, track: &Track, mut told: scsi_track::Builder<'_>) {
    told.set_number(track.number);
    told.set_session(track.session);
    told.set_start(track.start);
    told.set_blocks((disc.written_end(track) - track.start).max(0) as u32);
    told.set_form(match track.form {
        Form::Audio => "audio",
        Form::Mode1 => "mode1",
        Form::Mode2 => "mode2",
        Form::Xa => "xa",
    });
    told.set_open(track.end.is_none());
    told.set_pregap(track.pregap);
    told.set_isrc(track.isrc.as_deref().unwrap_or_default());
}
