use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::*;
use crate::operation::trial::context;
use crate::personality::freebsd::terminal::Termios;

/// A pseudo-terminal: its master and the other side.
fn pair() -> (OwnedFd, OwnedFd) {
    // SAFETY: the path is ours; O_RDWR | O_NOCTTY.
    let master =
        unsafe { call(__NR_openat, [AT_FDCWD as u64, c"/dev/ptmx".as_ptr() as u64, 0o402]) }.unwrap();
    let unlocked = 0i32;
    ask(master as i32, host::TIOCSPTLCK, &raw const unlocked as u64).unwrap();
    // TIOCGPTPEER (asm-generic/ioctls.h), O_RDWR | O_NOCTTY.
    let other = ask(master as i32, 0x5441, 0o402).unwrap();
    // SAFETY: both were just opened.
    unsafe { (OwnedFd::from_raw_fd(master as i32), OwnedFd::from_raw_fd(other as i32)) }
}

fn get<T: Plain + Default>(cx: &mut Context, file: &impl AsRawFd, request: u32) -> Result<T, Errno> {
    let mut value = T::default();
    control(cx, file.as_raw_fd(), request, &raw mut value as u64).map(|_| value)
}

fn set<T: Plain>(cx: &mut Context, file: &impl AsRawFd, request: u32, value: &T) -> Result<u64, Errno> {
    control(cx, file.as_raw_fd(), request, &raw const *value as u64)
}

#[test]
fn requests_have_the_numbers_of_the_headers() {
    for (request, number) in [
        (FIOCLEX, 0x2000_6601),
        (FIONREAD, 0x4004_667f),
        (FIONBIO, 0x8004_667e),
        (FIODGNAME, 0x8010_6678),
        (TIOCGETA, 0x402c_7413),
        (TIOCSETAF, 0x802c_7416),
        (TIOCGWINSZ, 0x4008_7468),
        (TIOCSIG, 0x2004_745f),
        (TIOCSTI, 0x8001_7472),
        (TIOCGPGRP, 0x4004_7477),
        (TIOCPTMASTER, 0x2000_741c),
    ] {
        assert_eq!(request, number, "{number:#x}");
    }
}

#[test]
fn terminals_are_set_in_freebsds_terms() {
    let cx = context();
    let (master, other) = pair();
    let mut settings: Termios = get(cx, &other, TIOCGETA).unwrap();
    assert_eq!(settings.local & 0x108, 0x108);
    settings.local &= !0x108;
    settings.characters[16] = 5;
    settings.input_speed = 12345;
    settings.output_speed = 12345;
    for request in [TIOCSETA, TIOCSETAW, TIOCSETAF] {
        set(cx, &other, request, &settings).unwrap();
    }
    let now: Termios = get(cx, &other, TIOCGETA).unwrap();
    assert_eq!((now.local & 0x108, now.characters[16]), (0, 5));
    assert_eq!((now.input_speed, now.output_speed), (12345, 12345));
    set(cx, &master, TIOCSWINSZ, &[50u16, 132, 0, 0]).unwrap();
    assert_eq!(get::<[u16; 4]>(cx, &other, TIOCGWINSZ), Ok([50, 132, 0, 0]));
    set(cx, &other, TIOCFLUSH, &0i32).unwrap();
    control(cx, other.as_raw_fd(), TIOCDRAIN, 0).unwrap();
    control(cx, other.as_raw_fd(), TIOCSTOP, 0).unwrap();
    control(cx, other.as_raw_fd(), TIOCSTART, 0).unwrap();
    set(cx, &master, TIOCEXT, &1i32).unwrap();
    assert_eq!(get::<Termios>(cx, &other, TIOCGETA).unwrap().local & 0x800, 0x800);
    assert_eq!(set(cx, &other, TIOCEXT, &1i32), Err(Errno::NOTTY));
}

#[test]
fn names_and_kinds_of_devices_are_told() {
    let cx = context();
    let (master, other) = pair();
    assert_eq!(control(cx, master.as_raw_fd(), TIOCPTMASTER, 0), Ok(0));
    assert!(control(cx, other.as_raw_fd(), TIOCPTMASTER, 0).is_err());
    let number: i32 = get(cx, &master, TIOCGPTN).unwrap();
    for file in [&master, &other] {
        let mut name = [0xffu8; 32];
        let mut request = NameRequest { len: 32, pad: 0, buffer: name.as_mut_ptr() as u64 };
        set(cx, file, FIODGNAME, &request).unwrap();
        assert!(name.starts_with(format!("pts/{number}\0").as_bytes()));
        request.len = 5;
        assert_eq!(set(cx, file, FIODGNAME, &request), Err(Errno::INVAL));
        assert_eq!(get::<i32>(cx, file, FIODTYPE), Ok(DEVICE_TERMINAL));
    }
    let null = File::open("/dev/null").unwrap();
    assert_eq!(get::<i32>(cx, &null, FIODTYPE), Ok(0));
    let file = File::open("/proc/self/exe").unwrap();
    assert_eq!(get::<i32>(cx, &file, FIODTYPE), Err(Errno::NOTTY));
    assert_eq!(set(cx, &file, FIODGNAME, &NameRequest::default()), Err(Errno::INVAL));
}

#[test]
fn any_descriptor_tells_what_there_is_to_read_and_how_it_waits() {
    let cx = context();
    let (one, mut other) = std::os::unix::net::UnixStream::pair().unwrap();
    other.write_all(b"abc").unwrap();
    assert_eq!(get::<i32>(cx, &one, FIONREAD), Ok(3));
    assert!(get::<i32>(cx, &other, FIONWRITE).is_ok());
    assert!(get::<i32>(cx, &other, FIONSPACE).unwrap() > 0);
    set(cx, &one, FIONBIO, &1i32).unwrap();
    let flags = control_descriptor(one.as_raw_fd(), F_GETFL, 0).unwrap();
    assert_eq!(flags & u64::from(O_NONBLOCK), u64::from(O_NONBLOCK));
    control(cx, one.as_raw_fd(), FIONCLEX, 0).unwrap();
    assert_eq!(control_descriptor(one.as_raw_fd(), F_GETFD, 0), Ok(0));
    control(cx, one.as_raw_fd(), FIOCLEX, 0).unwrap();
    assert_eq!(control_descriptor(one.as_raw_fd(), F_GETFD, 0), Ok(1));
    let own = std::process::id() as i32;
    set(cx, &one, FIOSETOWN, &own).unwrap();
    assert_eq!(get::<i32>(cx, &one, FIOGETOWN), Ok(own));
}

#[test]
fn what_is_not_known_is_refused() {
    let cx = context();
    let (one, _) = std::os::unix::net::UnixStream::pair().unwrap();
    for request in [0, 0x7413, 0x4000_7413, 0x2008_7413, 0xc0ff_4242, 0x4004_66ff, 0x8004_74ff, 0x4004_69ff] {
        assert_eq!(control(cx, one.as_raw_fd(), request, 0), Err(Errno::NOTTY), "{request:#x}");
    }
    assert_eq!(control(cx, 0x7fff_ffff, 0xc0ff_4242, 0), Err(Errno::BADF));
    assert_eq!(get::<Termios>(cx, &one, TIOCGETA).err(), Some(Errno::NOTTY));
    assert_eq!(get::<[u16; 4]>(cx, &one, TIOCGWINSZ).err(), Some(Errno::NOTTY));
}
