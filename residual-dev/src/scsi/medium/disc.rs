//! What is on a disc: tracks, sessions, and where the blocks of each are kept. No files, no commands.

use serde::{Deserialize, Serialize};

use super::form::Form;
use super::kind::{Family, Kind};
use crate::scsi::sense::Sense;

/// Blocks between packets.
const LINK: i32 = 7;

/// A run of blocks that are kept one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Its first block.
    pub start: i32,
    /// Blocks that were written.
    pub blocks: u32,
    /// Blocks that were announced (cue sheet, reservation).
    pub planned: Option<u32>,
    /// Bytes of each as kept.
    pub stored: u16,
    /// What they hold.
    pub form: Form,
    /// Where the first is in the image, in bytes.
    pub offset: u64,
    /// Nothing is kept of them: pregaps, which read as zeros.
    pub silent: bool,
}

impl Extent {
    /// Behind what was written.
    pub fn end(&self) -> i32 {
        self.start + self.blocks as i32
    }

    /// Bytes that it takes in the image.
    pub fn length(&self) -> u64 {
        if self.silent { 0 } else { u64::from(self.blocks) * u64::from(self.stored) }
    }

    /// Whether what was announced is written.
    pub fn is_full(&self) -> bool {
        self.planned.is_some_and(|planned| self.blocks >= planned)
    }
}

/// A track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// From 1.
    pub number: u16,
    /// Of which session, from 1.
    pub session: u16,
    /// First block, at index 1.
    pub start: i32,
    /// Blocks before it that belong to it.
    pub pregap: u32,
    /// Blocks that were reserved for it.
    pub reserved: Option<u32>,
    /// Behind its last block; none while it is open.
    pub end: Option<i32>,
    /// What its blocks hold.
    pub form: Form,
    /// Control field of its table of contents: `4` data, `2` copying is allowed, `1` pre-emphasis.
    pub control: u8,
    /// It is written in packets, with seven blocks between them that link them (MMC-6, 4.2.3.7).
    pub packets: bool,
    /// Where indexes from 2 on begin.
    pub indexes: Vec<i32>,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
}

/// Whether and how a disc can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is on it.
    Blank,
    /// More can be added.
    Appendable,
    /// It is as it will be.
    Complete,
    /// Any block can be written at any time.
    Random,
}

/// A disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disc {
    /// What it is.
    pub kind: Kind,
    /// Blocks that it holds.
    pub capacity: u32,
    /// In the order of their numbers.
    pub tracks: Vec<Track>,
    /// In the order of their blocks within a track.
    pub extents: Vec<Extent>,
    /// Sessions that are closed.
    pub sessions: u16,
    /// Nothing more can be added.
    pub finalized: bool,
    /// Blocks that it was formatted to; none while it was not.
    pub formatted: Option<u32>,
    /// It was blanked in the quick way: a DVD-RW takes one session as a whole then (MMC-6, 4.3.5).
    pub minimal: bool,
    /// The session was announced by a cue sheet, and ends when all of it is written.
    pub whole: bool,
    /// Media Catalogue Number.
    pub catalog: Option<String>,
    /// What the disc calls itself (Disc Identification).
    pub identifier: u32,
}

impl Disc {
    /// A new one.
    pub fn blank(kind: Kind, identifier: u32) -> Self {
        Self {
            kind,
            capacity: kind.capacity(),
            tracks: Vec::new(),
            extents: Vec::new(),
            sessions: 0,
            finalized: false,
            formatted: None,
            minimal: false,
            whole: false,
            catalog: None,
            identifier,
        }
    }

    /// A disc with the contents of an image of blocks of 2048 bytes, pressed if its kind is.
    pub fn image(kind: Kind, identifier: u32, blocks: u32) -> Self {
        let mut disc = Self::blank(kind, identifier);
        let form = Form::Mode1;
        disc.extents.push(Extent {
            start: 0,
            blocks,
            planned: Some(blocks),
            stored: 2048,
            form,
            offset: 0,
            silent: false,
        });
        let end = Some(blocks as i32);
        disc.tracks.push(Track { end, reserved: Some(blocks), ..new_track(1, 1, 0, form, 4) });
        disc.sessions = 1;
        disc.finalized = true;
        disc
    }

    /// Whether and how it can be written.
    pub fn state(&self) -> State {
        if self.formatted.is_some() && self.is_random() {
            State::Random
        } else if self.finalized {
            State::Complete
        } else if self.tracks.is_empty() && self.sessions == 0 {
            State::Blank
        } else {
            State::Appendable
        }
    }

    /// Whether it is written at random, formatted or not: a DVD-RW is once it was formatted (restricted overwrite).
    pub fn is_random(&self) -> bool {
        self.kind.is_random() || self.kind == Kind::DvdRw && self.formatted.is_some()
    }

    /// Blocks that writing may reach.
    pub fn limit(&self) -> u32 {
        self.formatted.unwrap_or(self.capacity)
    }

    /// The session that a new track would be in, or the last one where nothing can be added.
    pub fn last_session(&self) -> u16 {
        if self.finalized || self.formatted.is_some() && self.is_random() {
            self.sessions.max(1)
        } else {
            self.sessions + 1
        }
    }

    /// Tracks of a session.
    pub fn of_session(&self, session: u16) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(move |track| track.session == session)
    }

    /// Behind the last block of a session.
    pub fn lead_out(&self, session: u16) -> i32 {
        self.of_session(session).last().map_or(0, |track| self.track_end(track))
    }

    /// Behind the last block of a track: where it was closed, or what was reserved or written.
    pub fn track_end(&self, track: &Track) -> i32 {
        match (track.end, track.reserved) {
            (Some(end), _) => end,
            (None, Some(reserved)) => track.start + reserved as i32,
            (None, None) => self.written_end(track),
        }
    }

    /// Behind the last block that was written of a track.
    pub fn written_end(&self, track: &Track) -> i32 {
        let (from, to) = self.span(track);
        let ends = self.extents.iter().filter(|extent| extent.start >= from && extent.start < to);
        ends.filter(|extent| extent.blocks > 0).map(Extent::end).max().unwrap_or(track.start)
    }

    /// Blocks that can be a track's.
    fn span(&self, track: &Track) -> (i32, i32) {
        let from = track.start - track.pregap as i32;
        let next = self.tracks.iter().find(|other| other.number == track.number + 1);
        (from, next.map_or(i32::MAX, |next| next.start - next.pregap as i32))
    }

    /// Where writing goes on in an open track; none in a closed one, or a full one.
    pub fn next_writable(&self, track: &Track) -> Option<i32> {
        if track.end.is_some() {
            return None;
        }
        let (from, to) = self.span(track);
        let mut at = if track.pregap > 0 && self.extents.iter().any(|extent| extent.start == from) {
            from
        } else {
            track.start
        };
        // Extents of a cue sheet follow each other; the first that is not full is written next.
        let group = self.kind.group() as i32;
        for extent in self.extents.iter().filter(|extent| extent.start >= from && extent.start < to) {
            at = extent.end();
            if extent.planned.is_some() && !extent.is_full() {
                break;
            }
            if extent.is_full() {
                // A group is written as a whole, once.
                at = (at + group - 1) / group * group + if track.packets { LINK } else { 0 };
            }
        }
        let end = track.reserved.map_or(self.limit() as i32, |reserved| track.start + reserved as i32);
        (at < end).then_some(at)
    }

    /// Where writing of what a cue sheet announced goes on.
    pub fn announced(&self) -> Option<i32> {
        let open = |extent: &&Extent| extent.planned.is_some() && !extent.is_full();
        self.extents.iter().find(open).filter(|_| self.whole).map(Extent::end)
    }

    /// The track that is written without end, if there is one: nothing can follow it until it is closed.
    pub fn endless(&self) -> Option<&Track> {
        self.tracks.last().filter(|track| track.end.is_none() && track.reserved.is_none())
    }

    /// Where a new track would begin; none where there can be none.
    pub fn next_start(&self) -> Option<i32> {
        if self.finalized || self.is_random() || self.kind.is_pressed() || self.endless().is_some() {
            return None;
        }
        let last = match self.tracks.last() {
            None => return Some(0),
            Some(last) => last,
        };
        let end = self.track_end(last);
        let gap = if last.session == self.last_session() {
            self.kind.track_gap()
        } else {
            self.kind.session_gap(last.session)
        };
        let group = self.kind.group() as i32;
        let start = (end + gap as i32).checked_add(group - 1)? / group * group;
        (start < self.capacity as i32).then_some(start)
    }

    /// The track in which a block is; the pregap belongs to the track behind it.
    pub fn track_at(&self, block: i32) -> Option<&Track> {
        self.tracks.iter().find(|track| {
            block >= track.start - track.pregap as i32 && block < self.track_end(track).max(track.start + 1)
        })
    }

    /// By its number.
    pub fn track(&self, number: u16) -> Option<&Track> {
        self.tracks.iter().find(|track| track.number == number)
    }

    /// The extent in which a written block is.
    pub fn extent_at(&self, block: i32) -> Option<&Extent> {
        self.extents.iter().find(|extent| block >= extent.start && block < extent.end())
    }

    /// Where the image ends, as far as it is written.
    pub fn image_end(&self) -> u64 {
        self.extents.iter().map(|extent| extent.offset + extent.length()).max().unwrap_or(0)
    }

    /// Sets a length aside for a new track.
    ///
    /// # Errors
    /// As of RESERVE TRACK.
    pub fn reserve(&mut self, blocks: u32, form: Form, control: u8) -> Result<(), Sense> {
        let group = self.kind.group();
        let blocks = blocks.checked_next_multiple_of(group).ok_or(Sense::OUT_OF_RANGE)?;
        let start = self.next_start().ok_or(Sense::NO_MORE_TRACKS)?;
        if blocks == 0 {
            return Err(Sense::INVALID_FIELD.in_command(5));
        }
        if i64::from(start) + i64::from(blocks) > i64::from(self.capacity) {
            return Err(Sense::OUT_OF_RANGE);
        }
        self.add(start, form, control)?.reserved = Some(blocks);
        Ok(())
    }

    /// Adds a track without end at a block.
    ///
    /// # Errors
    /// `NO_MORE_TRACKS`.
    pub fn add(&mut self, start: i32, form: Form, control: u8) -> Result<&mut Track, Sense> {
        let number = self.tracks.len() as u16 + 1;
        if number > self.kind.most_tracks() {
            return Err(Sense::NO_MORE_TRACKS);
        }
        let mut track = new_track(number, self.last_session(), start, form, control);
        if self.kind.family() == Family::Cd {
            track.pregap = 150;
        }
        self.tracks.push(track);
        Ok(self.tracks.last_mut().expect("it was just put there"))
    }

    /// Closes a track where its writing stands. One that was reserved keeps its length.
    pub fn close_track(&mut self, number: u16) -> Result<(), Sense> {
        let index = self.tracks.iter().position(|track| track.number == number);
        let index = index.ok_or(Sense::INVALID_FIELD.in_command(4))?;
        let track = &self.tracks[index];
        if track.end.is_some() {
            return Ok(());
        }
        let written = self.written_end(track);
        let group = self.kind.group() as i32;
        let end = match track.reserved {
            Some(_) if written == track.start && self.kind.family() != Family::Bd => {
                return Err(Sense::EMPTY_TRACK);
            }
            Some(reserved) => track.start + reserved as i32,
            None => (written + group - 1) / group * group,
        };
        let (from, to) = self.span(track);
        for extent in self.extents.iter_mut().filter(|extent| extent.start >= from && extent.start < to) {
            extent.planned = Some(extent.blocks);
        }
        self.tracks[index].end = Some(end);
        Ok(())
    }

    /// Closes the session, and with `last` the disc.
    ///
    /// # Errors
    /// `FIXATION` for a session without tracks, `EMPTY_TRACK`.
    pub fn close_session(&mut self, last: bool) -> Result<(), Sense> {
        if self.finalized {
            return Ok(());
        }
        self.truncate();
        let session = self.last_session();
        let open: Vec<u16> = self.of_session(session).map(|track| track.number).collect();
        if open.is_empty() && (!last || self.sessions == 0) {
            return Err(Sense::FIXATION);
        }
        for number in &open {
            self.close_track(*number)?;
        }
        if !open.is_empty() {
            self.sessions = session;
        }
        self.finalized = last;
        self.whole = false;
        Ok(())
    }

    /// Ends what was announced by a cue sheet where its writing stands: a session of a CD is written without a pause.
    pub fn truncate(&mut self) {
        let session = self.last_session();
        if !self.whole || self.extents.iter().all(|extent| extent.planned.is_none() || extent.is_full()) {
            return;
        }
        self.whole = false;
        for index in 0..self.tracks.len() {
            let track = &self.tracks[index];
            if track.session == session {
                let written = self.written_end(track);
                let track = &mut self.tracks[index];
                track.end = track.end.map(|end| end.min(written).max(track.start));
                track.reserved = None;
            }
        }
        self.tracks.retain(|track| track.session != session || track.end != Some(track.start));
        self.extents.retain(|extent| extent.blocks > 0);
        for extent in &mut self.extents {
            extent.planned = Some(extent.blocks);
        }
    }
}

/// A track of which nothing is known but this.
pub fn new_track(number: u16, session: u16, start: i32, form: Form, control: u8) -> Track {
    Track {
        number,
        session,
        start,
        pregap: 0,
        reserved: None,
        end: None,
        form,
        control,
        packets: false,
        indexes: Vec::new(),
        isrc: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(disc: &mut Disc, start: i32, blocks: u32) {
        disc.extents.push(Extent {
            start,
            blocks,
            planned: None,
            stored: 2048,
            form: Form::Mode1,
            offset: disc.image_end(),
            silent: false,
        });
    }

    #[test]
    fn tracks_and_sessions_of_a_cd_leave_room_between_them() {
        let mut disc = Disc::blank(Kind::CdR, 1);
        assert_eq!((disc.state(), disc.next_start()), (State::Blank, Some(0)));
        disc.add(0, Form::Mode1, 4).expect("it is blank");
        written(&mut disc, 0, 1000);
        assert_eq!((disc.state(), disc.next_start()), (State::Appendable, None));
        assert_eq!(disc.next_writable(&disc.tracks[0]), Some(1000));
        disc.close_track(1).expect("it is there");
        assert_eq!(disc.next_start(), Some(1152));
        disc.close_session(false).expect("it has a track");
        assert_eq!((disc.last_session(), disc.next_start()), (2, Some(12_400)));
        disc.add(12_400, Form::Mode1, 4).expect("there is room");
        written(&mut disc, 12_400, 10);
        disc.close_session(true).expect("it has a track");
        assert_eq!((disc.state(), disc.next_start(), disc.lead_out(2)), (State::Complete, None, 12_410));
        assert_eq!(disc.sessions, 2);
    }

    #[test]
    fn a_dvd_is_padded_to_whole_groups() {
        let mut disc = Disc::blank(Kind::DvdPlusR, 1);
        disc.add(0, Form::Mode1, 4).expect("it is blank");
        written(&mut disc, 0, 17);
        disc.close_session(false).expect("it has a track");
        assert_eq!((disc.lead_out(1), disc.next_start()), (32, Some(32 + 2048)));
    }

    #[test]
    fn what_was_reserved_is_the_tracks_alone() {
        let mut disc = Disc::blank(Kind::DvdR, 1);
        disc.reserve(100, Form::Mode1, 4).expect("it is blank");
        assert_eq!((disc.tracks[0].reserved, disc.next_start()), (Some(112), Some(112)));
        assert_eq!(disc.close_track(1), Err(Sense::EMPTY_TRACK));
        assert_eq!(disc.reserve(3_000_000, Form::Mode1, 4), Err(Sense::OUT_OF_RANGE));
        assert!(matches!(disc.close_session(false), Err(Sense::EMPTY_TRACK)));
    }
}
