//! `mapper scsi`: drives and media.

use super::{FAILURE, Failure, print, world};
use crate::control::recorder::{Drive, Medium, Track};

/// Shows the drives and media of a world's servers of kind `scsi`, loads and ejects them.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Drives, and what is in them.
    Drives(View),
    /// Media that lie in the folders of servers.
    Media(View),
    /// What is on the medium in a drive.
    Inspect {
        /// The drive.
        #[arg(default_value = "sr0")]
        drive: String,
        #[command(flatten)]
        view: View,
    },
    /// Puts a medium into a drive; what was in it is ejected.
    Load {
        /// Its name; an image `NAME.iso` is a pressed disc.
        medium: String,
        /// Make a blank one of this kind if there is none: cd-r, cd-rw, dvd-r, dvd-rw, dvd+r, dvd+r-dl, dvd+rw, bd-r, bd-re.
        #[arg(long, value_name = "KIND", default_value = "")]
        kind: String,
        /// The drive.
        #[arg(long, value_name = "NAME", default_value = "sr0")]
        drive: String,
        /// The world; where none is named, `default` or the only one that runs.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
    },
    /// Takes out what is in a drive, and leaves its tray open.
    Eject {
        /// The drive.
        #[arg(default_value = "sr0")]
        drive: String,
        /// Even if a guest prevents it.
        #[arg(long)]
        force: bool,
        /// The world; where none is named, `default` or the only one that runs.
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct View {
    /// The world; where none is named, `default` or the only one that runs.
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Drives(view) => {
            let drives = world::connect(view.world.as_deref())?.drives()?;
            if view.json { print::json(&drives) } else { show_drives(drives) }
        }
        Verb::Media(view) => {
            let media = world::connect(view.world.as_deref())?.media()?;
            if view.json { print::json(&media) } else { show_media(media) }
        }
        Verb::Inspect { drive, view } => {
            let drives = world::connect(view.world.as_deref())?.drives()?;
            let names: Vec<_> = drives.iter().map(|drive| drive.drive.clone()).collect();
            let found = drives.into_iter().find(|found| found.drive == drive).ok_or_else(|| {
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Failure::with_status(FAILURE, format!("the world has no drive `{drive}`, but {names}"))
            })?;
            let medium = found
                .medium
                .ok_or_else(|| Failure::with_status(FAILURE, format!("there is no medium in `{drive}`")))?;
            if view.json {
                return print::json(&medium);
            }
            let tracks = medium.tracks.clone();
            show_media(vec![medium])?;
            if tracks.is_empty() { Ok(()) } else { show_tracks(tracks) }
        }
        Verb::Load { medium, kind, drive, world } => {
            Ok(world::connect(world.as_deref())?.load(&drive, &medium, &kind)?)
        }
        Verb::Eject { drive, force, world } => Ok(world::connect(world.as_deref())?.eject(&drive, force)?),
    }
}

fn show_drives(drives: Vec<Drive>) -> Result<(), Failure> {
    let headings = ["DRIVE", "SERVER", "VENDOR", "PRODUCT", "REVISION", "TRAY", "MEDIUM", "KIND", "REFUSED"];
    let shown = drives.into_iter().map(|drive| {
        let tray = match (drive.open, drive.locked) {
            (true, _) => "open",
            (false, true) => "locked",
            (false, false) => "closed",
        };
        let (medium, kind) = match (drive.medium, drive.host) {
            (_, Some(host)) => (String::new(), host),
            (Some(medium), None) => (medium.name, medium.kind),
            (None, None) => Default::default(),
        };
        [
            drive.drive,
            drive.server,
            print::plain(&drive.vendor),
            print::plain(&drive.product),
            print::plain(&drive.revision),
            tray.to_owned(),
            print::plain(&medium),
            kind,
            drive.refused.to_string(),
        ]
    });
    print::table(&headings, shown)
}

fn show_media(media: Vec<Medium>) -> Result<(), Failure> {
    let headings = ["MEDIUM", "SERVER", "KIND", "STATE", "BLOCKS", "SESSIONS", "TRACKS", "DRIVE"];
    let shown = media.into_iter().map(|medium| {
        [
            print::plain(&medium.name),
            medium.server,
            medium.kind,
            medium.state,
            medium.capacity.to_string(),
            medium.sessions.to_string(),
            medium.track_count.to_string(),
            medium.drive.unwrap_or_default(),
        ]
    });
    print::table(&headings, shown)
}

fn show_tracks(tracks: Vec<Track>) -> Result<(), Failure> {
    let headings = ["TRACK", "SESSION", "FORM", "START", "BLOCKS", "PREGAP", "OPEN", "ISRC"];
    let shown = tracks.into_iter().map(|track| {
        [
            track.number.to_string(),
            track.session.to_string(),
            track.form,
            track.start.to_string(),
            track.blocks.to_string(),
            track.pregap.to_string(),
            if track.open { "yes" } else { "no" }.to_owned(),
            track.isrc.as_deref().map(print::plain).unwrap_or_default(),
        ]
    });
    print::table(&headings, shown)
}
