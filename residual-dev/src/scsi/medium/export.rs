//! What is on a disc in the formats that other programs read: `NAME.iso` where it is nothing but blocks of 2048 bytes
//! in one track from block 0 on (or no CD, where blocks are all there is), else `NAME.bin` with `NAME.cue`.
//!
//! Image files are further names of what the medium itself is kept in: nothing is copied.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::disc::Disc;
use super::form::Form;
use super::kind::Family;

const SUFFIXES: [&str; 3] = ["iso", "bin", "cue"];

/// Removes what [`export`] made.
pub fn remove(folder: &Path, name: &str) {
    for suffix in SUFFIXES {
        // What is not there is removed already.
        let _ = std::fs::remove_file(folder.join(format!("{name}.{suffix}")));
    }
}

/// Whether an image of blocks of 2048 bytes says it all.
pub fn is_plain(disc: &Disc) -> bool {
    if disc.kind.family() != Family::Cd {
        return true;
    }
    disc.tracks.len() == 1
        && disc.tracks[0].start == 0
        && disc.extents.iter().filter(|extent| !extent.silent).all(|extent| {
            extent.stored == 2048 && extent.form == Form::Mode1 && extent.offset == extent.start as u64 * 2048
        })
}

/// Leaves them beside the medium's own files.
///
/// # Errors
/// When the folder cannot be written to.
pub fn export(folder: &Path, name: &str, disc: &Disc) -> io::Result<()> {
    if disc.kind.is_pressed() {
        return Ok(());
    }
    remove(folder, name);
    if disc.tracks.is_empty() && disc.formatted.is_none() {
        return Ok(());
    }
    let image = folder.join(format!("{name}.image"));
    if is_plain(disc) {
        return std::fs::hard_link(image, folder.join(format!("{name}.iso")));
    }
    std::fs::hard_link(image, folder.join(format!("{name}.bin")))?;
    std::fs::write(folder.join(format!("{name}.cue")), sheet(name, disc))
}

/// Minute, second and frame of a place in the image.
fn place(blocks: u32) -> String {
    format!("{:02}:{:02}:{:02}", blocks / 4500, blocks / 75 % 60, blocks % 75)
}

/// The cue sheet: places count blocks of the image, whatever their sizes.
pub fn sheet(name: &str, disc: &Disc) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = sheet_to(&mut text, name, disc);
    text
}

fn sheet_to(text: &mut String, name: &str, disc: &Disc) -> std::fmt::Result {
    if let Some(catalog) = &disc.catalog {
        writeln!(text, "CATALOG {catalog}")?;
    }
    writeln!(text, "FILE \"{name}.bin\" BINARY")?;
    let mut session = 1;
    for track in &disc.tracks {
        if track.session != session {
            session = track.session;
            writeln!(text, "REM SESSION {session:02}")?;
        }
        let kept = disc.extents.iter().filter(|extent| !extent.silent);
        let before = |block: i32| -> u32 {
            kept.clone().map(|extent| (block - extent.start).clamp(0, extent.blocks as i32) as u32).sum()
        };
        let stored = kept
            .clone()
            .find(|extent| extent.start <= track.start && track.start < extent.end())
            .map_or(2352, |extent| extent.stored);
        let mode = match track.form {
            Form::Audio => "AUDIO".into(),
            form => format!("MODE{}/{stored}", form.mode()),
        };
        writeln!(text, "  TRACK {:02} {mode}", track.number)?;
        if let Some(isrc) = &track.isrc {
            writeln!(text, "    ISRC {isrc}")?;
        }
        let flags = [(2, " DCP"), (1, " PRE")];
        let flags: String =
            flags.iter().filter(|flag| track.control & flag.0 != 0).map(|flag| flag.1).collect();
        if !flags.is_empty() {
            writeln!(text, "    FLAGS{flags}")?;
        }
        let first = track.start - track.pregap as i32;
        let own = before(track.start) - before(first);
        let gap = track.pregap.saturating_sub(own);
        if own > 0 {
            writeln!(text, "    INDEX 00 {}", place(before(first)))?;
        } else if gap > 0 && track.number > 1 {
            writeln!(text, "    PREGAP {}", place(gap))?;
        }
        writeln!(text, "    INDEX 01 {}", place(before(track.start)))?;
        for (number, index) in (2..).zip(&track.indexes) {
            writeln!(text, "    INDEX {number:02} {}", place(before(*index)))?;
        }
    }
    Ok(())
}
