//! Whatever a host does, what was acknowledged is what is read.

use super::*;

/// What a host may do.
#[derive(Clone, Debug)]
enum Step {
    /// Writes where writing goes on.
    Write(u16),
    /// Writes at a block, most often where it must not.
    WriteAt(u16, u8),
    Flush,
    CloseTrack,
    CloseSession(bool),
    Reserve(u16),
    Blank(u8),
    Format(u8),
    Mode(u8, u8),
    Reload,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..70_u16).prop_map(Step::Write),
        2 => (any::<u16>(), 1..40_u8).prop_map(|(at, count)| Step::WriteAt(at % 12_000, count)),
        3 => Just(Step::Flush),
        2 => Just(Step::CloseTrack),
        2 => any::<bool>().prop_map(Step::CloseSession),
        1 => (0..200_u16).prop_map(Step::Reserve),
        1 => (0..8_u8).prop_map(Step::Blank),
        1 => prop_oneof![Just(0x26), Just(0), Just(0x15), Just(0x32)].prop_map(Step::Format),
        1 => (0..3_u8, prop_oneof![Just(8_u8), Just(10), Just(8)]).prop_map(|(kind, block)| Step::Mode(kind, block)),
        1 => Just(Step::Reload),
    ];
    prop::collection::vec(step, 1..40)
}

fn kinds() -> impl Strategy<Value = Kind> {
    let kinds: Vec<Kind> = Kind::all().filter(|kind| !kind.is_pressed()).collect();
    prop::sample::select(kinds)
}

fn count_of(disc: &crate::scsi::medium::Disc) -> (usize, u16, bool) {
    (disc.tracks.len(), disc.sessions, disc.finalized)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_read_back(kind in kinds(), steps in steps()) {
        let (folder, mut recorder) = recorder(kind);
        let random = |recorder: &Recorder| recorder.medium().is_some_and(|medium| medium.disc().is_random());
        let mut written: HashMap<i32, u32> = HashMap::new();
        let mut seed = 0;
        for step in steps {
            let mut put = |recorder: &mut Recorder, at: i32, count: u16| {
                seed += 1000;
                if recorder.write(at, count, &blocks(seed, count)).is_ok() {
                    for offset in 0..i32::from(count) {
                        let again = written.insert(at + offset, seed + offset as u32);
                        assert!(again.is_none() || random(recorder), "block {} twice", at + offset);
                    }
                }
            };
            match step {
                Step::Write(count) => {
                    let at = recorder.ask(&[0x52, 1, 0, 0, 0, 0xff, 0, 0, 48, 0], 48).ok();
                    let at = at.map_or(0, |data| i32::from_be_bytes([data[12], data[13], data[14], data[15]]));
                    put(&mut recorder, at, count);
                }
                Step::WriteAt(at, count) => put(&mut recorder, at.into(), count.into()),
                Step::Flush => { let _ = recorder.flush(); }
                Step::CloseTrack => { let _ = recorder.tell(&[0x5b, 0, 1, 0, 0, 0xff, 0, 0, 0, 0], &[]); }
                Step::CloseSession(more) => {
                    let before = recorder.medium().map(|medium| count_of(medium.disc()));
                    recorder.select(1, 4, 8, more);
                    if recorder.close_session().is_err() {
                        prop_assert_eq!(before, recorder.medium().map(|medium| count_of(medium.disc())));
                    }
                }
                Step::Reserve(count) => {
                    let [high, low] = count.to_be_bytes();
                    let _ = recorder.tell(&[0x53, 0, 0, 0, 0, 0, 0, high, low, 0], &[]);
                }
                Step::Blank(how) => {
                    if recorder.tell(&[0xa1, how, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).is_ok() {
                        let disc = recorder.medium().expect("it is in").disc();
                        written.retain(|block, _| disc.extent_at(*block).is_some());
                    }
                }
                Step::Format(code) => {
                    let list = [0, 2, 0, 8, 0xff, 0xff, 0xff, 0xff, code << 2, 0, 0, 0];
                    let blank = recorder.medium().is_some_and(|medium| medium.disc().formatted.is_none());
                    if recorder.tell(&[0x04, 0x11, 0, 0, 0, 0], &list).is_ok() && (blank || kind == Kind::DvdRw || kind == Kind::BdRe) {
                        written.clear();
                    }
                }
                Step::Mode(kind, block) => recorder.select(kind, 4, block, true),
                Step::Reload => {
                    drop(recorder.eject().expect("nobody locks it"));
                    recorder.insert(folder::take(folder.path(), "disc").expect("its files are whole"));
                    let _ = recorder.tell(&[0; 6], &[]);
                }
            }
        }
        for reload in [false, true] {
            for (at, seed) in &written {
                let back = recorder.read(*at, 1);
                prop_assert!(back == Ok(block(*seed)), "block {at} of {kind:?} after reload {reload}: {:?}", back.map(drop));
            }
            drop(recorder.eject().expect("nobody locks it"));
            recorder.insert(folder::take(folder.path(), "disc").expect("its files are whole"));
            let _ = recorder.tell(&[0; 6], &[]);
        }
    }
}
