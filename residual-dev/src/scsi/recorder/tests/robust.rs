//! Commands that no one in his right mind sends.

use super::table::COMMANDS;
use super::*;

fn length(operation: u8) -> usize {
    match operation >> 5 {
        0 => 6,
        1 | 2 => 10,
        4 => 16,
        _ => 12,
    }
}

fn states() -> Vec<(TempDir, Recorder)> {
    let mut states: Vec<_> = Kind::all().filter(|kind| !kind.is_pressed()).map(recorder).collect();
    for kind in [Kind::CdR, Kind::DvdPlusR] {
        let (folder, mut recorder) = recorder(kind);
        recorder.select(1, 4, 8, true);
        recorder.write(0, 5, &blocks(1, 5)).expect("it is blank");
        recorder.flush().expect("there is a track");
        recorder.close_session().expect("there is a track");
        states.push((folder, recorder));
    }
    let (folder, mut empty) = recorder(Kind::CdR);
    empty.eject().expect("nobody locks it");
    states.push((folder, empty));
    states
}

/// Every command with every length of CDB and of buffers: an answer that fits, or sense data.
#[test]
fn every_command_answers_whatever_the_buffers() {
    for (_folder, mut recorder) in states() {
        for operation in 0..=255_u8 {
            for fill in [0_u8, 0x01, 0x11, 0xff] {
                let mut cdb = vec![fill; length(operation)];
                cdb[0] = operation;
                for cut in 0..cdb.len() {
                    let (moved, result) = recorder.execute(&cdb[..cut], Sent::Own(&[0; 64]), &mut [0; 64]);
                    assert!(result.is_err() && moved == 0, "{operation:#x} cut to {cut}");
                }
                for size in [0, 1, 3, 4, 7, 8, 11, 12, 64, 4096] {
                    let (out, mut into) = (vec![fill; size], vec![0; size]);
                    for (out, into) in [(&out[..], &mut [][..]), (&[], &mut into[..])] {
                        let (moved, result) = recorder.execute(&cdb, Sent::Own(out), into);
                        assert!(moved <= size, "{operation:#x}: {moved} of {size} bytes");
                        if COMMANDS.iter().all(|command| command.operation != operation) {
                            let expected = Sense::INVALID_OPERATION.in_command(0);
                            assert_eq!(result, Err(expected), "{operation:#x}");
                        }
                        if let Err(sense) = result {
                            assert_eq!(sense.fixed()[2], sense.key);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_written_without_data_is_not_written() {
    let (_folder, mut recorder) = recorder(Kind::CdR);
    recorder.select(1, 4, 8, false);
    assert_eq!(recorder.write(0, 2, &block(0)).map_err(|sense| sense.key), Err(0xb));
    recorder.write(0, 1, &block(0)).expect("the first was not taken");
}

/// A step of a small generator (xorshift), so that failures come again.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Mutations of real commands, in all states; a disc must be one that can be opened again afterwards.
#[test]
fn mutated_commands_do_no_harm() {
    let mut state = 0x2545_f491_4f6c_dd1d;
    for (folder, mut recorder) in states() {
        let mut data = vec![0; 40_000];
        for _ in 0..4000 {
            let command = &COMMANDS[random(&mut state) as usize % COMMANDS.len()];
            let mut cdb = vec![0; length(command.operation)];
            cdb[0] = command.operation;
            for _ in 0..random(&mut state) % 5 {
                let at = 1 + random(&mut state) as usize % (cdb.len() - 1);
                cdb[at] =
                    [0, 1, 2, 4, 0x10, 0x80, 0xff, random(&mut state) as u8][random(&mut state) as usize % 8];
            }
            let list = [0, 0, 0, 8, 0x05, 0x32, 0x41, 4, 8, 0, 0, 0];
            for byte in data.iter_mut().take(64) {
                *byte = random(&mut state) as u8;
            }
            if random(&mut state) & 1 == 0 {
                data[..12].copy_from_slice(&list);
            }
            let size = random(&mut state) as usize % data.len();
            let mut into = vec![0; random(&mut state) as usize % 9000];
            let _ = match random(&mut state) & 1 {
                0 => recorder.execute(&cdb, Sent::Own(&data[..size]), &mut []),
                _ => recorder.execute(&cdb, Sent::NONE, &mut into),
            };
        }
        recorder.locked = false;
        drop(recorder.eject());
        drop(recorder.clear());
        folder::take(folder.path(), "disc").expect("its state is one that was written");
    }
}
