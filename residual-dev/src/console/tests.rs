use super::*;
use crate::fb::{Depth, Mode};
use capnp::message::Builder;
use schemas::device::console_request;

fn console(count: usize) -> Console {
    let mode = Mode::new(64, 64, Depth::Bits32);
    let screen = Arc::new(Screen::new(mode, mode.size()).unwrap());
    Console::new(screen, (0..count).map(|_| Pair::new().unwrap()).collect())
}

fn asker(object: u64) -> Asker {
    Asker { task: object, pid: object as i32, object }
}

/// Asks; gives the number that was told, and whom to signal.
fn ask(
    console: &Console,
    object: u64,
    fill: impl FnOnce(console_request::Builder<'_>),
) -> Result<(u64, Option<Notice>), Errno> {
    let mut request = Builder::new_default();
    fill(request.init_root());
    let mut reply = Builder::new_default();
    let root: console_request::Reader<'_> = request.get_root_as_reader().unwrap();
    let notice = console.control(asker(object), root.which().unwrap(), reply.init_root())?;
    let reply: console_reply::Reader<'_> = reply.get_root_as_reader().unwrap();
    let number = match reply.which() {
        Ok(console_reply::Number(number)) => number,
        _ => 0,
    };
    Ok((number, notice))
}

fn active(console: &Console) -> usize {
    console.shared.lock().active + 1
}

#[test]
fn the_screen_goes_to_another_terminal_when_its_program_lets_it_go() {
    let console = console(3);
    console.open(1, 1).unwrap();
    console.open(2, 2).unwrap();
    assert_eq!(ask(&console, 1, |mut ask| ask.set_query_free(())).unwrap().0, 3);
    assert_eq!(ask(&console, 1, |mut ask| ask.set_activate(4)), Err(Errno::NXIO));
    let take = |mut ask: console_request::Builder<'_>| {
        let mut wanted = ask.reborrow().init_set_switching();
        wanted.set_by_process(true);
        wanted.set_release_signal(10);
        wanted.set_acquire_signal(12);
    };
    ask(&console, 2, take).unwrap();
    let notice = ask(&console, 1, |mut ask| ask.set_activate(2)).unwrap().1;
    assert_eq!((active(&console), notice), (2, Some(Notice { pid: 2, signal: 12 })));
    let notice = ask(&console, 1, |mut ask| ask.set_activate(1)).unwrap().1;
    assert_eq!((active(&console), notice), (2, Some(Notice { pid: 2, signal: 10 })));
    assert_eq!(ask(&console, 2, |mut ask| ask.set_release(0)), Ok((0, None)));
    assert_eq!(ask(&console, 2, |mut ask| ask.set_release(1)), Err(Errno::INVAL));
    ask(&console, 1, |mut ask| ask.set_activate(1)).unwrap();
    assert_eq!(ask(&console, 2, |mut ask| ask.set_release(1)), Ok((0, None)));
    assert_eq!(active(&console), 1);
    assert_eq!(ask(&console, 1, |mut ask| ask.set_release(1)), Err(Errno::INVAL));
    // Alt and F3.
    console.key(56, 1);
    console.key(61, 1);
    assert_eq!(active(&console), 3);
}

#[test]
fn text_comes_back_when_a_program_is_gone_that_drew_itself() {
    let console = console(1);
    console.open(1, 0).unwrap();
    assert_eq!(console.open(2, 2).unwrap_err(), Errno::NXIO);
    console.shared.written(0, b"text");
    let seen = || console.shared.screen.read(0, 1 << 20).unwrap();
    let text = seen();
    ask(&console, 1, |mut ask| ask.set_set_display(KD_GRAPHICS)).unwrap();
    ask(&console, 1, |mut ask| ask.set_set_keyboard(K_OFF)).unwrap();
    assert_eq!(ask(&console, 1, |mut ask| ask.set_set_display(2)), Err(Errno::INVAL));
    console.shared.screen.write(0, &[0x55; 64 * 64 * 4]).unwrap();
    console.shared.written(0, b"\rTEXT\rtext");
    // Closed, but its program lives.
    console.close(1);
    assert!(seen().iter().all(|byte| *byte == 0x55));
    console.task_ended(1);
    assert!(seen() == text);
    console.open(3, 0).unwrap();
    assert_eq!(ask(&console, 3, |mut ask| ask.set_get_keyboard(())).unwrap().0, u64::from(K_UNICODE));
}

#[test]
fn keys_are_typed_and_programs_answered() {
    let console = console(1);
    let other = console.open(1, 1).unwrap();
    let read = || {
        let mut bytes = [0; 64];
        let count = rustix::io::read(&other, &mut bytes).unwrap();
        bytes[..count].to_vec()
    };
    for code in [35, 23, 28] {
        console.key(code, 1);
        console.key(code, 0);
    }
    assert_eq!(read(), b"hi\n");
    console.shared.written(0, b"\x1b[2;3H\x1b[6n");
    console.key(28, 1);
    assert_eq!(read(), b"\x1b[2;3R\n");
}

#[test]
fn any_bytes_are_text() {
    let console = console(1);
    let mut seed = 1u32;
    let mut bytes = Vec::new();
    for _ in 0..200_000 {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        let byte = (seed >> 16) as u8;
        bytes.push(if byte.is_multiple_of(9) { 0x1b } else { byte & 0x7f });
    }
    console.shared.written(0, &bytes);
    console.resize();
}
