//! A medium: a disc, and the files that it is kept in.
//!
//! The blocks are in `NAME.image`, as hosts gave them; what they mean is in `NAME.disc`, which is replaced as a whole
//! whenever a track or a session begins or ends. A run of blocks that is being written grows at the end of the image,
//! so that a server that was killed finds there how far it came.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::disc::{Disc, Extent, State};
use super::export;
use super::form::{BLOCK, FRAME, Form};
use super::kind::{Family, Kind};
use super::recovery;
use crate::scsi::sense::Sense;
use crate::scsi::sent::Sent;

/// Most bytes of a state file that are read.
const LARGEST_STATE: u64 = 4 << 20;

/// How a host wants blocks written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What they hold.
    pub form: Form,
    /// Bytes of each.
    pub stored: u16,
    /// Control field of a track that begins.
    pub control: u8,
    /// In packets.
    pub packets: bool,
    /// Only what was announced is written: a session, or a disc, at once.
    pub whole: bool,
    /// Nothing is written in truth.
    pub simulate: bool,
}

/// A medium.
#[derive(Debug)]
pub struct Medium {
    name: String,
    folder: PathBuf,
    disc: Disc,
    image: File,
    /// What a test run would have left; nothing of it is kept.
    simulated: Option<Disc>,
    /// The extent that was written to last.
    current: Option<usize>,
}

fn lock(file: &File) -> io::Result<()> {
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "it is in another drive"))
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

impl Medium {
    /// Makes a blank one. Its identifier is made of its name.
    ///
    /// # Errors
    /// When there is one of that name, or the folder cannot be written to.
    pub fn create(folder: &Path, name: &str, kind: Kind) -> io::Result<Self> {
        let state = folder.join(format!("{name}.disc"));
        if state.exists() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a medium of that name"));
        }
        let image = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.join(format!("{name}.image")))?;
        lock(&image)?;
        let identifier = name
            .bytes()
            .fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let mut medium = Self::with(folder, name, Disc::blank(kind, identifier), image);
        if kind == Kind::DvdRw {
            medium.disc.minimal = false;
        }
        medium.save()?;
        Ok(medium)
    }

    fn with(folder: &Path, name: &str, disc: Disc, image: File) -> Self {
        Self { name: name.into(), folder: folder.into(), disc, image, simulated: None, current: None }
    }

    /// Opens one, and finds out how far a server that was killed came.
    ///
    /// # Errors
    /// When its files are not what they should be, or it is in use.
    pub fn open(folder: &Path, name: &str) -> io::Result<Self> {
        let state = folder.join(format!("{name}.disc"));
        if state.metadata()?.len() > LARGEST_STATE {
            return Err(invalid("its state is too long"));
        }
        let disc: Disc = serde_json::from_slice(&std::fs::read(&state)?)?;
        let image = OpenOptions::new().read(true).write(true).open(folder.join(format!("{name}.image")))?;
        lock(&image)?;
        recovery::check(&disc).map_err(invalid)?;
        let mut medium = Self::with(folder, name, disc, image);
        let before = medium.disc.clone();
        recovery::recover(&mut medium.disc, medium.image.metadata()?.len());
        if medium.disc != before {
            medium.save()?;
        }
        Ok(medium)
    }

    /// Takes an image of blocks of 2048 bytes for a pressed disc.
    ///
    /// # Errors
    /// When it cannot be read, or no disc is that large.
    pub fn pressed(folder: &Path, name: &str, path: &Path) -> io::Result<Self> {
        let image = File::open(path)?;
        let blocks = image.metadata()?.len().div_ceil(BLOCK as u64);
        let kinds = [Kind::CdRom, Kind::DvdRom, Kind::BdRom];
        let kind = kinds.into_iter().find(|kind| (1..=u64::from(kind.capacity())).contains(&blocks));
        let kind = kind.ok_or_else(|| invalid("no disc is of that size"))?;
        Ok(Self::with(folder, name, Disc::image(kind, 1, blocks as u32), image))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is on it.
    pub fn disc(&self) -> &Disc {
        &self.disc
    }

    /// What writing goes on from: the disc, or what a test run would have left.
    pub fn writing(&self) -> &Disc {
        self.simulated.as_ref().unwrap_or(&self.disc)
    }

    /// Ends a test run.
    pub fn end_simulation(&mut self) {
        self.simulated = None;
    }

    /// Writes down what the disc is.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn save(&mut self) -> io::Result<()> {
        if self.disc.kind.is_pressed() {
            return Ok(());
        }
        let path = self.folder.join(format!("{}.disc", self.name));
        let fresh = self.folder.join(format!("{}.disc.new", self.name));
        std::fs::write(&fresh, serde_json::to_vec_pretty(&self.disc)?)?;
        std::fs::rename(fresh, path)
    }

    fn save_or_fail(&mut self) -> Result<(), Sense> {
        self.save().map_err(|_| Sense::WRITE_ERROR)
    }

    /// Changes the disc, or what a test run would make of it.
    ///
    /// # Errors
    /// As the change; `WRITE_ERROR` when the state cannot be written.
    pub fn change<T>(
        &mut self,
        simulate: bool,
        change: impl FnOnce(&mut Disc) -> Result<T, Sense>,
    ) -> Result<T, Sense> {
        if simulate {
            return change(self.simulated.get_or_insert_with(|| self.disc.clone()));
        }
        let mut disc = self.disc.clone();
        let result = change(&mut disc)?;
        self.disc = disc;
        self.save_or_fail()?;
        Ok(result)
    }

    /// Closes a session, and leaves what is on the disc in a format that others read.
    ///
    /// # Errors
    /// As [`Disc::close_session`].
    pub fn close_session(&mut self, last: bool, simulate: bool) -> Result<(), Sense> {
        self.change(simulate, |disc| disc.close_session(last))?;
        if !simulate {
            self.export().map_err(|_| Sense::WRITE_ERROR)?;
        }
        Ok(())
    }

    /// Leaves what is on the disc in a format that others read, `.iso` or `.bin` and `.cue`.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn export(&self) -> io::Result<()> {
        export::export(&self.folder, &self.name, &self.disc)
    }

    /// Makes the disc blank, with or without overwriting it.
    ///
    /// # Errors
    /// `WRITE_ERROR`.
    pub fn erase(&mut self, disc: Disc) -> Result<(), Sense> {
        export::remove(&self.folder, &self.name);
        // Whoever holds an image of what was there keeps it.
        let path = self.folder.join(format!("{}.image", self.name));
        let fresh = self.folder.join(format!("{}.image.new", self.name));
        let replace = || {
            let image = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&fresh)?;
            lock(&image)?;
            std::fs::rename(&fresh, &path)?;
            Ok::<_, io::Error>(image)
        };
        self.image = replace().map_err(|_| Sense::WRITE_ERROR)?;
        self.disc = disc;
        self.simulated = None;
        self.current = None;
        self.save_or_fail()
    }

    /// Writes blocks; gives the bytes that they took.
    ///
    /// # Errors
    /// `INVALID_WRITE_ADDRESS` where writing cannot go on there, `END_OF_TRACK`, `ILLEGAL_MODE` for blocks of another
    /// kind than the track's, `DATA_PHASE` where `data` is too short, `CANNOT_WRITE`, `WRITE_PROTECTED`.
    pub fn write(&mut self, block: i32, count: u32, data: Sent<'_>, way: &Way) -> Result<usize, Sense> {
        let disc = self.writing();
        match disc.state() {
            _ if disc.kind.is_pressed() => return Err(Sense::WRITE_PROTECTED),
            State::Random => return self.write_anywhere(block, count, data, way),
            State::Complete => return Err(Sense::CANNOT_WRITE),
            _ if disc.is_random() => return Err(Sense::CANNOT_WRITE),
            State::Blank | State::Appendable => {}
        }
        let (mut block, mut left, mut used) = (block, count, 0);
        while left > 0 {
            let (blocks, bytes) = self.write_piece(block, left, data.after(used), way)?;
            block += blocks as i32;
            left -= blocks;
            used += bytes;
        }
        Ok(used)
    }

    fn write_anywhere(&mut self, block: i32, count: u32, data: Sent<'_>, way: &Way) -> Result<usize, Sense> {
        let end = i64::from(block) + i64::from(count);
        let limit = i64::from(self.disc.limit());
        if block < 0 || end > limit {
            return Err(Sense::OUT_OF_RANGE.at_block(block.max(limit as i32)));
        }
        let group = self.disc.kind.group();
        if self.disc.kind == Kind::DvdRw
            && !((block as u32).is_multiple_of(group) && count.is_multiple_of(group))
        {
            // Restricted overwrite: whole ECC blocks only (MMC-6, 5.3.17).
            return Err(Sense::INVALID_WRITE_ADDRESS.at_block(block));
        }
        let data = data.first(count as usize * BLOCK).ok_or(Sense::DATA_PHASE)?;
        if !way.simulate {
            data.write_to(&self.image, block as u64 * BLOCK as u64)
                .map_err(|_| Sense::WRITE_ERROR.at_block(block))?;
        }
        Ok(data.len())
    }

    /// Writes what goes into one extent.
    fn write_piece(
        &mut self,
        block: i32,
        count: u32,
        data: Sent<'_>,
        way: &Way,
    ) -> Result<(u32, usize), Sense> {
        let index = self.target(block, way)?;
        let simulated = self.simulated.is_some();
        let disc = self.simulated.as_mut().unwrap_or(&mut self.disc);
        let limit = disc.capacity as i32;
        let track = disc.tracks.iter().rev().find(|track| block >= track.start - track.pregap as i32);
        let end = track
            .and_then(|track| track.reserved.map(|reserved| track.start + reserved as i32))
            .unwrap_or(limit)
            .min(limit);
        let extent = &mut disc.extents[index];
        let room = match extent.planned {
            Some(planned) => planned - extent.blocks,
            None => (end - block).max(0) as u32,
        };
        let blocks = match extent.planned {
            Some(_) => count.min(room),
            None if count > room => return Err(Sense::END_OF_TRACK.at_block(end)),
            None => count,
        };
        let size = usize::from(extent.stored);
        let data = data.first(blocks as usize * size).ok_or(Sense::DATA_PHASE.at_block(block))?;
        if !simulated && !extent.silent {
            let at = extent.offset + u64::from(extent.blocks) * size as u64;
            data.write_to(&self.image, at).map_err(|_| Sense::WRITE_ERROR.at_block(block))?;
        }
        extent.blocks += blocks;
        let offset = extent.offset;
        let behind = disc.extents.iter().any(|other| other.offset > offset && other.length() > 0);
        if !simulated {
            // Only what grows at the image's end tells its length itself.
            if behind || self.current != Some(index) {
                self.save_or_fail()?;
            }
            self.current = Some(index);
        }
        Ok((blocks, data.len()))
    }

    /// The extent in which writing goes on at a block.
    fn target(&mut self, block: i32, way: &Way) -> Result<usize, Sense> {
        if way.simulate && self.simulated.is_none() {
            self.simulated = Some(self.disc.clone());
        }
        let simulated = self.simulated.is_some();
        let disc = self.simulated.as_mut().unwrap_or(&mut self.disc);
        let cd = disc.kind.family() == Family::Cd;
        let wrong = Sense::INVALID_WRITE_ADDRESS.at_block(block);
        // What was announced is written in order.
        let announced = |extent: &Extent| extent.planned.is_some() && !extent.is_full();
        if let Some(index) = disc.extents.iter().position(announced) {
            return if disc.extents[index].end() == block { Ok(index) } else { Err(wrong) };
        }
        let growing = |extent: &Extent| extent.end() == block && !extent.is_full();
        let open = disc.tracks.iter().position(|track| disc.next_writable(track) == Some(block));
        let track = match open {
            Some(index) => &disc.tracks[index],
            None if way.whole => return Err(wrong),
            None if disc.next_start() == Some(block) => {
                let track = disc.add(block, way.form, way.control)?;
                track.packets = way.packets && cd;
                &*track
            }
            None => return Err(wrong),
        };
        let (form, number) = (track.form, track.number);
        if let Some(index) = disc.extents.iter().position(growing) {
            let extent = &disc.extents[index];
            if cd && (extent.stored, extent.form) != (way.stored, way.form) {
                return Err(Sense::ILLEGAL_MODE.at_block(block));
            }
            return Ok(index);
        }
        if cd && form != way.form {
            let track = disc.tracks.iter_mut().find(|track| track.number == number);
            // One that was only reserved takes the kind of what is written first.
            if let Some(track) = track {
                track.form = way.form;
                track.control = way.control;
            }
        }
        let offset = if cd { disc.image_end() } else { block as u64 * u64::from(way.stored) };
        disc.extents.push(Extent {
            start: block,
            blocks: 0,
            planned: None,
            stored: way.stored,
            form: way.form,
            offset,
            silent: simulated,
        });
        Ok(disc.extents.len() - 1)
    }

    /// What was written is on the disc when this returns: a group that is not full is filled up, a CD's track that is
    /// written at once ends, and so does a session of which everything is there that was announced.
    ///
    /// # Errors
    /// As of closing.
    pub fn flush(&mut self, last: bool) -> Result<(), Sense> {
        let simulate = self.simulated.is_some();
        let disc = self.simulated.as_mut().unwrap_or(&mut self.disc);
        if disc.is_random() || disc.finalized {
            return Ok(());
        }
        let cd = disc.kind.family() == Family::Cd;
        let group = disc.kind.group();
        let mut changed = false;
        for extent in disc.extents.iter_mut().filter(|extent| extent.planned.is_none() && extent.blocks > 0) {
            if cd || !(extent.end() as u32).is_multiple_of(group) {
                extent.planned = Some(extent.blocks);
                changed = true;
            }
        }
        if cd {
            let announced = |extent: &Extent| extent.planned.is_some() && !extent.is_full();
            if disc.whole && !disc.extents.iter().any(announced) {
                return self.close_session(last, simulate);
            }
            let open: Vec<u16> = disc
                .tracks
                .iter()
                .filter(|track| track.end.is_none() && track.reserved.is_none() && !track.packets)
                .map(|track| track.number)
                .collect();
            for number in open {
                disc.close_track(number)?;
                changed = true;
            }
        }
        if changed && !simulate {
            self.save_or_fail()?;
        }
        Ok(())
    }

    /// Reads blocks of 2048 bytes into the whole of `to`.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` where nothing was written, `ILLEGAL_MODE` for blocks of another kind, `READ_ERROR`.
    pub fn read(&self, block: i32, to: &mut [u8]) -> Result<(), Sense> {
        let count = (to.len() / BLOCK) as u32;
        let mut done = 0;
        while done < count {
            let at = block + done as i32;
            let part = &mut to[done as usize * BLOCK..];
            let Some(extent) = self.disc.extent_at(at) else {
                self.read_unwritten(at)?;
                part[..BLOCK].fill(0);
                done += 1;
                continue;
            };
            if extent.stored as usize == BLOCK && extent.form.is_data() && !extent.silent {
                let blocks = ((extent.end() - at) as u32).min(count - done);
                let part = &mut part[..blocks as usize * BLOCK];
                self.read_image(extent.offset + (at - extent.start) as u64 * BLOCK as u64, part)
                    .map_err(|_| Sense::READ_ERROR.at_block(at))?;
                done += blocks;
                continue;
            }
            let (form, frame) = self.frame(at)?;
            let user = form.user(&frame);
            if user.len() != BLOCK {
                return Err(Sense::ILLEGAL_MODE.at_block(at));
            }
            part[..BLOCK].copy_from_slice(&frame[user]);
            done += 1;
        }
        Ok(())
    }

    /// What lies behind the end of an image that is sparse is nothing.
    fn read_image(&self, mut at: u64, mut to: &mut [u8]) -> io::Result<()> {
        while !to.is_empty() {
            match self.image.read_at(to, at) {
                Ok(0) if self.disc.state() == State::Random || self.disc.kind.is_pressed() => {
                    to.fill(0);
                    return Ok(());
                }
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(got) => {
                    at += got as u64;
                    to = &mut to[got..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Blocks that no host gave: those that fill up groups and tracks of DVD and BD are zeros, the rest cannot be read.
    fn read_unwritten(&self, block: i32) -> Result<(), Sense> {
        let end = self.disc.tracks.last().map_or(0, |track| self.disc.track_end(track));
        if block < 0 || block >= end {
            return Err(Sense::OUT_OF_RANGE.at_block(block));
        }
        let track = self.disc.track_at(block);
        if self.disc.kind.family() != Family::Cd && track.is_some_and(|track| track.end.is_some()) {
            return Ok(());
        }
        Err(Sense::ILLEGAL_MODE.at_block(block))
    }

    /// The whole frame of a block of a CD, and what it holds.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn frame(&self, block: i32) -> Result<(Form, [u8; FRAME]), Sense> {
        let Some(extent) = self.disc.extent_at(block) else {
            let track = self.disc.track_at(block).filter(|track| block < track.start);
            let Some(track) = track else {
                self.read_unwritten(block)?;
                return Err(Sense::ILLEGAL_MODE.at_block(block));
            };
            return Ok((track.form, nothing(track.form, block)));
        };
        if extent.silent {
            return Ok((extent.form, nothing(extent.form, block)));
        }
        let size = usize::from(extent.stored);
        let mut stored = [0; FRAME];
        self.read_image(extent.offset + (block - extent.start) as u64 * size as u64, &mut stored[..size])
            .map_err(|_| Sense::READ_ERROR.at_block(block))?;
        Ok((extent.form, extent.form.frame(&stored[..size], block)))
    }
}

/// The frame of a block that nothing was written to.
fn nothing(form: Form, block: i32) -> [u8; FRAME] {
    match form {
        Form::Audio => [0; FRAME],
        Form::Mode2 => form.frame(&[0; 2336], block),
        Form::Mode1 | Form::Xa => form.frame(&[0; BLOCK], block),
    }
}

#[cfg(test)]
mod tests;
