use super::*;
use crate::scsi::medium::folder;

fn new() -> (tempfile::TempDir, Medium) {
    let folder = tempfile::tempdir().expect("the machine has room for a folder");
    let medium = folder::make(folder.path(), "a", Kind::CdR).expect("it is empty");
    (folder, medium)
}

#[test]
fn a_medium_is_in_one_drive() {
    let (folder, medium) = new();
    let refused = folder::take(folder.path(), "a").expect_err("it is in use");
    assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
    drop(medium);
    folder::take(folder.path(), "a").expect("it is free");
    let again = folder::make(folder.path(), "a", Kind::CdR).expect_err("it is there");
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn names_lead_nowhere_else() {
    let (folder, _medium) = new();
    for name in ["", "..", "../a", "a/b", ".hidden", "a\nb"] {
        assert!(folder::make(folder.path(), name, Kind::CdR).is_err(), "{name:?}");
        assert!(folder::take(folder.path(), name).is_err(), "{name:?}");
    }
}

#[test]
fn a_state_that_makes_no_sense_is_refused() {
    let (folder, medium) = new();
    let good = medium.disc().clone();
    drop(medium);
    let path = folder.path().join("a.disc");
    let mut wrong = Vec::new();
    let mut disc = good.clone();
    disc.capacity = u32::MAX;
    wrong.push(disc);
    let mut disc = good.clone();
    disc.tracks.push(crate::scsi::medium::disc::new_track(7, 1, 0, Form::Mode1, 4));
    wrong.push(disc);
    let mut disc = good.clone();
    disc.extents.push(Extent {
        start: 0,
        blocks: u32::MAX,
        planned: None,
        stored: 0,
        form: Form::Audio,
        offset: u64::MAX,
        silent: false,
    });
    wrong.push(disc);
    for disc in wrong {
        std::fs::write(&path, serde_json::to_vec(&disc).expect("it has a form")).expect("the folder is ours");
        let refused = folder::take(folder.path(), "a").expect_err("it makes no sense");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
    let text = serde_json::to_vec(&good).expect("it has a form");
    for at in 0..text.len() {
        let mut text = text.clone();
        text[at] ^= 0x15;
        std::fs::write(&path, &text).expect("the folder is ours");
        // Some are states too; none is the end of the server.
        let _ = folder::take(folder.path(), "a");
        std::fs::write(&path, &text[..at]).expect("the folder is ours");
        assert!(folder::take(folder.path(), "a").is_err(), "cut to {at}");
    }
}

#[test]
fn an_image_is_a_pressed_disc() {
    let (folder, _medium) = new();
    std::fs::write(folder.path().join("b.iso"), [7; 5000]).expect("the folder is ours");
    let mut medium = folder::take(folder.path(), "b").expect("it is an image");
    assert_eq!((medium.disc().kind, medium.disc().lead_out(1)), (Kind::CdRom, 3));
    let mut block = [0; BLOCK];
    medium.read(2, &mut block).expect("it is there");
    assert_eq!((block[903], block[904]), (7, 0), "filled up with zeros");
    let way =
        Way { form: Form::Mode1, stored: 2048, control: 4, packets: false, whole: false, simulate: false };
    assert_eq!(medium.write(0, 1, Sent::Own(&block), &way), Err(Sense::WRITE_PROTECTED));
    let names: Vec<_> =
        folder::list(folder.path()).expect("it can be read").into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["a", "b"]);
}
