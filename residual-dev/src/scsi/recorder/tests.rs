use std::collections::HashMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::scsi::medium::{Kind, folder};

mod reading_back;
mod robust;

/// A recorder with a blank disc, and the folder of that.
fn recorder(kind: Kind) -> (TempDir, Recorder) {
    let folder = tempfile::tempdir().expect("the machine has room for a folder");
    let mut recorder = Recorder::new(Identity::default(), Pace::new(false));
    let before = recorder.insert(folder::make(folder.path(), "disc", kind).expect("the folder is empty"));
    assert!(before.is_none());
    assert_eq!(recorder.execute(&[0; 6], Sent::NONE, &mut []).1, Err(Sense::MEDIUM_CHANGED));
    (folder, recorder)
}

impl Recorder {
    /// A command that sends nothing and gets `length` bytes at most.
    fn ask(&mut self, cdb: &[u8], length: usize) -> Result<Vec<u8>, Sense> {
        let mut data = vec![0; length];
        let (moved, result) = self.execute(cdb, Sent::NONE, &mut data);
        data.truncate(moved);
        result.map(|()| data)
    }

    fn tell(&mut self, cdb: &[u8], data: &[u8]) -> Result<(), Sense> {
        self.execute(cdb, Sent::Own(data), &mut []).1
    }

    /// Chooses how CDs are written.
    fn select(&mut self, write_type: u8, control: u8, block_type: u8, sessions: bool) {
        let mut list = vec![0; 60];
        list[8..10].copy_from_slice(&[0x05, 50]);
        list[10] = 0x40 | write_type;
        list[11] = if sessions { 0xc0 } else { 0 } | control;
        list[12] = block_type;
        self.tell(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0], &list).expect("it is a page");
    }

    fn write(&mut self, block: i32, count: u16, data: &[u8]) -> Result<(), Sense> {
        let mut cdb = [0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        cdb[2..6].copy_from_slice(&block.to_be_bytes());
        cdb[7..9].copy_from_slice(&count.to_be_bytes());
        self.tell(&cdb, data)
    }

    fn read(&mut self, block: i32, count: u16) -> Result<Vec<u8>, Sense> {
        let mut cdb = [0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        cdb[2..6].copy_from_slice(&block.to_be_bytes());
        cdb[7..9].copy_from_slice(&count.to_be_bytes());
        self.ask(&cdb, usize::from(count) * 2048)
    }

    fn flush(&mut self) -> Result<(), Sense> {
        self.tell(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[])
    }

    fn close_session(&mut self) -> Result<(), Sense> {
        self.tell(&[0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0], &[])
    }

    /// Where writing goes on.
    fn next(&mut self) -> i32 {
        let data = self.ask(&[0x52, 1, 0, 0, 0, 0xff, 0, 0, 48, 0], 48).expect("there is such a track");
        assert_eq!(data[7] & 1, 1, "writing goes on somewhere");
        i32::from_be_bytes([data[12], data[13], data[14], data[15]])
    }
}

fn block(seed: u32) -> Vec<u8> {
    (0..2048_u32).map(|at| (at.wrapping_mul(31) ^ seed.wrapping_mul(0x9e37) >> (at & 7)) as u8).collect()
}

fn blocks(seed: u32, count: u16) -> Vec<u8> {
    (0..u32::from(count)).flat_map(|at| block(seed + at)).collect()
}

#[test]
fn a_track_at_once_is_read_back_and_left_as_an_image() {
    let (folder, mut recorder) = recorder(Kind::CdR);
    recorder.select(1, 4, 8, false);
    assert_eq!(recorder.next(), 0);
    for at in (0..40).step_by(10) {
        recorder.write(at, 10, &blocks(at as u32, 10)).expect("it is blank");
    }
    assert_eq!(
        recorder.write(41, 1, &block(0)),
        Err(Sense::INVALID_WRITE_ADDRESS.at_block(41)),
        "no block is left out"
    );
    assert_eq!(recorder.write(39, 1, &block(0)), Err(Sense::INVALID_WRITE_ADDRESS.at_block(39)), "once only");
    recorder.flush().expect("there is a track");
    recorder.close_session().expect("there is a track");
    assert_eq!(recorder.write(40, 1, &block(0)), Err(Sense::CANNOT_WRITE));
    assert_eq!(recorder.read(0, 40).expect("it is written"), blocks(0, 40));
    assert_eq!(recorder.read(39, 2), Err(Sense::OUT_OF_RANGE.at_block(40)));
    let toc = recorder.ask(&[0x43, 0, 0, 0, 0, 0, 0, 0, 20, 0], 20).expect("it has contents");
    assert_eq!(toc, [0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0, 40]);
    assert_eq!(std::fs::read(folder.path().join("disc.iso")).expect("it was left"), blocks(0, 40));
}

#[test]
fn sessions_are_added_until_the_disc_is_closed() {
    let (folder, mut recorder) = recorder(Kind::CdRw);
    recorder.select(1, 4, 8, true);
    recorder.write(0, 5, &blocks(1, 5)).expect("it is blank");
    recorder.flush().expect("there is a track");
    recorder.close_session().expect("there is a track");
    assert_eq!(recorder.next(), 11_405);
    recorder.select(1, 4, 8, false);
    recorder.write(11_405, 3, &blocks(9, 3)).expect("it is appendable");
    recorder.flush().expect("there is a track");
    recorder.close_session().expect("there is a track");
    let sessions = recorder.ask(&[0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0], 12).expect("it has contents");
    assert_eq!(sessions, [0, 10, 1, 2, 0, 0x14, 2, 0, 0, 0, 0x2c, 0x8d]);
    assert_eq!(recorder.read(100, 1), Err(Sense::ILLEGAL_MODE.at_block(100)), "nothing is between sessions");
    let cue = std::fs::read_to_string(folder.path().join("disc.cue")).expect("it was left");
    assert!(cue.contains("REM SESSION 02\n  TRACK 02 MODE1/2048"), "{cue}");
    recorder.tell(&[0xa1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).expect("it can be blanked");
    assert_eq!(recorder.next(), 0);
    assert!(!folder.path().join("disc.cue").exists());
}

/// Two audio tracks with a pregap of two seconds between them, as cdrdao and wodim announce them.
#[test]
fn a_session_at_once_ends_when_all_is_written() {
    let (folder, mut recorder) = recorder(Kind::CdR);
    recorder.select(2, 0, 0, false);
    let cue: Vec<u8> = [
        [0x01, 0, 0, 0x00, 0, 0, 0, 0],
        [0x01, 1, 0, 0x00, 0, 0, 0, 0],
        [0x01, 1, 1, 0x00, 0, 0, 2, 0],
        [0x01, 2, 0, 0x00, 0, 0, 6, 0],
        [0x01, 2, 1, 0x00, 0, 0, 8, 0],
        [0x01, 0xaa, 1, 0x01, 0, 0, 12, 0],
    ]
    .concat();
    let send = [0x5d, 0, 0, 0, 0, 0, 0, 0, cue.len() as u8, 0];
    recorder.tell(&send, &cue).expect("it is a session");
    assert_eq!(recorder.next(), -150);
    let samples: Vec<u8> = (0..900 * 2352_u32).map(|at| (at / 7) as u8).collect();
    let (mut at, mut rest) = (-150_i32, &samples[..]);
    assert_eq!(recorder.write(0, 1, rest), Err(Sense::INVALID_WRITE_ADDRESS.at_block(0)));
    while at < 750 {
        let now = 25.min(750 - at);
        recorder.write(at, now as u16, &rest[..now as usize * 2352]).expect("it was announced");
        (at, rest) = (at + now, &rest[now as usize * 2352..]);
    }
    recorder.flush().expect("all is written");
    let information = recorder.ask(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 34).expect("there is a disc");
    assert_eq!((information[2], information[6]), (0x0e, 2), "complete, two tracks");
    let read = [0xbe, 0, 0, 0, 0, 0, 0, 2, 0xee, 0x10, 0, 0];
    let back = recorder.ask(&read, 750 * 2352).expect("it is written");
    assert!(back == samples[150 * 2352..], "every sample");
    assert_eq!(recorder.read(0, 1), Err(Sense::ILLEGAL_MODE.at_block(0)), "it is no data");
    let cue = std::fs::read_to_string(folder.path().join("disc.cue")).expect("it was left");
    assert_eq!(
        cue,
        "FILE \"disc.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 00 00:04:00\n    INDEX 01 00:06:00\n"
    );
    let q = recorder.ask(&[0xbe, 0, 0, 0, 1, 0x2c, 0, 0, 1, 0, 2, 0], 16).expect("it is written");
    assert_eq!(q[..10], [0x01, 2, 0, 0, 2, 0, 0, 0, 6, 0], "two seconds before track 2");
}

#[test]
fn a_server_that_was_killed_finds_how_far_it_came() {
    let (folder, mut recorder) = recorder(Kind::CdR);
    recorder.select(1, 4, 8, false);
    recorder.write(0, 32, &blocks(0, 32)).expect("it is blank");
    recorder.write(32, 20, &blocks(32, 20)).expect("it goes on");
    // Nothing is told to the recorder: its files are all that is left.
    std::mem::forget(recorder.medium.take());
    let copy = tempfile::tempdir().expect("the machine has room for a folder");
    for name in ["disc.disc", "disc.image"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("it is there");
    }
    let medium = folder::take(copy.path(), "disc").expect("its files are whole");
    assert_eq!(medium.disc().tracks[0].end, Some(52));
    recorder.insert(medium);
    let _ = recorder.tell(&[0; 6], &[]);
    assert_eq!(recorder.read(0, 52).expect("it was written"), blocks(0, 52));
    recorder.close_session().expect("the track can be closed in");
    assert_eq!(recorder.read(0, 52).expect("it was written"), blocks(0, 52));
}

#[test]
fn a_test_run_leaves_nothing() {
    let (_folder, mut recorder) = recorder(Kind::CdR);
    recorder.select(0x10 | 1, 4, 8, false);
    recorder.write(0, 5, &blocks(1, 5)).expect("it is blank");
    assert_eq!(recorder.next(), 5);
    recorder.flush().expect("there is a track");
    recorder.select(1, 4, 8, false);
    assert_eq!(recorder.next(), 0);
    let information = recorder.ask(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 34).expect("there is a disc");
    assert_eq!(information[2] & 3, 0, "blank");
}

#[test]
fn rewritable_media_are_formatted_and_written_anywhere() {
    for (kind, format) in [(Kind::DvdPlusRw, 0x26), (Kind::BdRe, 0x00), (Kind::DvdRw, 0x15)] {
        let (_folder, mut recorder) = recorder(kind);
        let list = [0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff, format << 2, 0, 0, 0];
        recorder.tell(&[0x04, 0x11, 0, 0, 0, 0], &list).expect("it can be formatted");
        recorder.write(1600, 32, &blocks(7, 32)).expect("anywhere");
        recorder.write(1600, 32, &blocks(8, 32)).expect("again");
        assert_eq!(recorder.read(1600, 32).expect("it is written"), blocks(8, 32));
        assert_eq!(recorder.read(0, 1).expect("it is formatted"), vec![0; 2048]);
        let partial = recorder.write(3, 1, &block(1));
        assert_eq!(partial.is_err(), kind == Kind::DvdRw, "{kind:?}: groups are written as a whole");
    }
}

#[test]
fn removal_can_be_prevented() {
    let (_folder, mut recorder) = recorder(Kind::CdR);
    recorder.tell(&[0x1e, 0, 0, 0, 1, 0], &[]).expect("it locks");
    assert_eq!(recorder.tell(&[0x1b, 0, 0, 0, 2, 0], &[]), Err(Sense::REMOVAL_PREVENTED));
    recorder.tell(&[0x1e, 0, 0, 0, 0, 0], &[]).expect("it unlocks");
    recorder.tell(&[0x1b, 0, 0, 0, 2, 0], &[]).expect("it opens");
    assert_eq!(recorder.tell(&[0; 6], &[]), Err(Sense::TRAY_OPEN));
    recorder.tell(&[0x1b, 0, 0, 0, 3, 0], &[]).expect("it closes");
    assert_eq!(recorder.tell(&[0; 6], &[]), Err(Sense::MEDIUM_CHANGED));
    recorder.tell(&[0; 6], &[]).expect("it is in again");
}
