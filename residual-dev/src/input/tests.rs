use super::event::*;
use super::*;

const SCREEN: (u32, u32) = (320, 200);

fn events(bytes: &[u8]) -> Vec<(u16, u16, i32)> {
    let word = |bytes: &[u8]| u16::from_ne_bytes([bytes[0], bytes[1]]);
    bytes
        .as_chunks::<24>()
        .0
        .iter()
        .map(|event| {
            let value = i32::from_ne_bytes(event[20..].try_into().unwrap());
            (word(&event[16..]), word(&event[18..]), value)
        })
        .collect()
}

#[test]
fn keys_are_told_to_all_who_read_and_to_nobody_else_once_grabbed() {
    let input = Input::default();
    let first = input.open(1, Kind::Keyboard, true).unwrap();
    let second = input.open(2, Kind::Keyboard, true).unwrap();
    assert_eq!(input.read(1, &first, 240), Err(Errno::AGAIN));
    assert_eq!(input.act(Action::Key { code: 30, down: true }, SCREEN), Some((30, 1)));
    assert_eq!(input.read(1, &first, 23), Err(Errno::INVAL));
    assert_eq!(events(&input.read(1, &first, 24).unwrap()), [(EV_KEY, 30, 1)]);
    assert_eq!(events(&input.read(1, &first, 100).unwrap()), [(EV_SYN, 0, 0)]);
    input.state().keyboard.grabbed = Some(1);
    assert_eq!(input.act(Action::Key { code: 30, down: true }, SCREEN), None);
    assert_eq!(events(&input.read(1, &first, 240).unwrap()), [(EV_KEY, 30, 2), (EV_SYN, 0, 0)]);
    assert_eq!(events(&input.read(2, &second, 240).unwrap()), [(EV_KEY, 30, 1), (EV_SYN, 0, 0)]);
    input.close(1);
    assert_eq!(input.act(Action::Key { code: 30, down: false }, SCREEN), Some((30, 0)));
    assert_eq!(input.act(Action::Key { code: 30, down: false }, SCREEN), None);
    assert_eq!(input.act(Action::Key { code: 500, down: true }, SCREEN), None);
}

#[test]
fn one_who_does_not_read_is_told_what_was_lost() {
    let input = Input::default();
    let guest = input.open(1, Kind::Pointer, true).unwrap();
    for step in 0..2000 {
        input.act(Action::Move { x: step % 320, y: step % 200 }, SCREEN);
    }
    let first = events(&input.read(1, &guest, 1 << 20).unwrap())[0];
    assert_eq!(first, (EV_SYN, SYN_DROPPED, 0));
}

#[test]
fn a_mouse_tells_how_far_it_went_in_packets() {
    let input = Input::default();
    let guest = input.open_mice(1, true).unwrap();
    input.act(Action::Move { x: 200, y: 10 }, SCREEN);
    input.act(Action::Button { code: BTN_LEFT, down: true }, SCREEN);
    let mut told = Vec::new();
    while let Ok(bytes) = input.read(1, &guest, 3) {
        told.push(bytes);
    }
    assert_eq!(told, [[0x28, 127, 0xf6].to_vec(), vec![8, 73, 0], vec![9, 0, 0]]);
    input.write(1, &[0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2]).unwrap();
    assert_eq!(input.read(1, &guest, 99).unwrap(), [0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 3]);
    input.act(Action::Scroll(1), SCREEN);
    assert_eq!(input.read(1, &guest, 99).unwrap(), [9, 0, 0, 0xff]);
    assert_eq!(input.read(1, &guest, 99), Err(Errno::AGAIN));
}
