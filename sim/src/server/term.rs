//! `term`: terminals on donated descriptors, and new pseudo-terminals.
//!
//! A session's own terminal and its foreground group are matters between the host and the guest's process, which the
//! server is not: it tells what the host tells of that process, and leaves changes to the guest's stub (`ENOTTY`).

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use schemas::server::{Caller, Term};
use schemas::term::{attributes, flush::Action};
use schemas::{Errno, term::flush};

use crate::host::{HostResult, process, raw};

/// Control characters (`NCCS` of `asm-generic/termbits.h`).
const CHARACTERS: usize = 19;
/// How long a break lasts (`tcsendbreak(3)` of Linux).
const BREAK: Duration = Duration::from_millis(250);

/// The server.
#[derive(Debug, Default)]
pub struct TermServer;

fn set_attributes(mut builder: attributes::Builder<'_>, from: &libc::termios2) {
    builder.set_input_flags(from.c_iflag);
    builder.set_output_flags(from.c_oflag);
    builder.set_control_flags(from.c_cflag);
    builder.set_local_flags(from.c_lflag);
    builder.set_line(from.c_line);
    builder.set_characters(&from.c_cc);
    builder.set_input_speed(from.c_ispeed);
    builder.set_output_speed(from.c_ospeed);
}

fn read_attributes(reader: attributes::Reader<'_>, now: libc::termios2) -> Result<libc::termios2, Errno> {
    /// Speeds are numbers, whatever the flags say (`BOTHER` of `asm-generic/termbits.h`), for output and input.
    const SPEED: u32 = 0o10_017;
    const OTHER: u32 = 0o10_000;
    let characters = reader.get_characters()?;
    let mut new = libc::termios2 {
        c_iflag: reader.get_input_flags(),
        c_oflag: reader.get_output_flags(),
        c_cflag: reader.get_control_flags() & !(SPEED | SPEED << 16) | OTHER | OTHER << 16,
        c_lflag: reader.get_local_flags(),
        c_line: reader.get_line(),
        c_ispeed: reader.get_input_speed(),
        c_ospeed: reader.get_output_speed(),
        ..now
    };
    new.c_cc =
        characters.try_into().map_err(|_| Errno::INVAL).map(|characters: [u8; CHARACTERS]| characters)?;
    Ok(new)
}

/// Waiting for output to drain is the guest's to do.
fn drained(file: &OwnedFd) -> Result<(), Errno> {
    if raw::ask_number(file, libc::TIOCOUTQ)? > 0 { Err(Errno::AGAIN) } else { Ok(()) }
}

/// The process's statement of its terminal, if that is the one given.
fn controlling(caller: &Caller, file: &OwnedFd) -> Result<process::Stat, Errno> {
    let device = rustix::fs::fstat(file).host()?.st_rdev;
    let stat = process::stat(caller.pid)?;
    if stat.terminal == 0 || process::terminal_device(stat.terminal) != device {
        Err(Errno::NOTTY)
    } else {
        Ok(stat)
    }
}

fn act(file: &OwnedFd, action: Action) -> Result<(), Errno> {
    let (request, argument) = match action {
        Action::Drain => return drained(file),
        Action::DiscardInput => (libc::TCFLSH, libc::TCIFLUSH),
        Action::DiscardOutput => (libc::TCFLSH, libc::TCOFLUSH),
        Action::DiscardBoth => (libc::TCFLSH, libc::TCIOFLUSH),
        Action::StopOutput => (libc::TCXONC, libc::TCOOFF),
        Action::StartOutput => (libc::TCXONC, libc::TCOON),
        Action::StopInput => (libc::TCXONC, libc::TCIOFF),
        Action::StartInput => (libc::TCXONC, libc::TCION),
    };
    raw::tell_value(file, request, argument as u64)
}

impl Term for TermServer {
    methods! {
        fn get_attributes[term::get_attributes](&self, _caller, _params, results, caps) {
            let attributes = raw::terminal_attributes(caps.received(0)?)?;
            set_attributes(results.init_attributes(), &attributes);
            Ok(())
        }

        fn set_attributes[term::set_attributes](&self, _caller, params, _results, caps) {
            const NOW: u32 = 0;
            const DRAIN: u32 = 1;
            const FLUSH: u32 = 2;
            let file = caps.received(0)?;
            let attributes = read_attributes(params.get_attributes()?, raw::terminal_attributes(file)?)?;
            match params.get_when() {
                NOW => {}
                DRAIN => drained(file)?,
                FLUSH => {
                    drained(file)?;
                    act(file, Action::DiscardInput)?;
                }
                _ => return Err(Errno::INVAL),
            }
            raw::set_terminal_attributes(file, libc::TCSETS2, &attributes)
        }

        fn get_window[term::get_window](&self, _caller, _params, results, caps) {
            let size = rustix::termios::tcgetwinsize(caps.received(0)?).host()?;
            let mut window = results.init_window();
            window.set_rows(size.ws_row);
            window.set_columns(size.ws_col);
            window.set_width(size.ws_xpixel);
            window.set_height(size.ws_ypixel);
            Ok(())
        }

        fn set_window[term::set_window](&self, _caller, params, _results, caps) {
            let window = params.get_window()?;
            let size = Winsize {
                ws_row: window.get_rows(),
                ws_col: window.get_columns(),
                ws_xpixel: window.get_width(),
                ws_ypixel: window.get_height(),
            };
            rustix::termios::tcsetwinsize(caps.received(0)?, size).host()
        }

        fn get_group[term::get_group](&self, caller, params, results, caps) {
            let stat = controlling(caller, caps.received(0)?)?;
            results.set_group(if params.get_session() { stat.session } else { stat.terminal_group });
            Ok(())
        }

        fn set_group[term::set_group](&self, _caller, _params, _results, _caps) {
            Err(Errno::NOTTY)
        }

        fn open_pair[term::open_pair](&self, _caller, params, results, caps) {
            let flags = params.get_flags() as i32;
            let mut open = OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
            match flags & libc::O_ACCMODE {
                libc::O_RDWR => open |= OpenptFlags::RDWR,
                _ => return Err(Errno::INVAL),
            }
            let master = rustix::pty::openpt(open).host()?;
            rustix::pty::unlockpt(&master).host()?;
            let number = raw::ask_number(&master, libc::TIOCGPTN)? as u32;
            if params.get_subordinate() {
                let peer = raw::pseudo_terminal_peer(&master, libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC)?;
                if flags & libc::O_NONBLOCK != 0 {
                    raw::control(&peer, libc::F_SETFL, i64::from(libc::O_RDWR | libc::O_NONBLOCK))?;
                }
                caps.donated.insert(0, peer);
            }
            if flags & libc::O_NONBLOCK != 0 {
                raw::control(&master, libc::F_SETFL, i64::from(libc::O_RDWR | libc::O_NONBLOCK))?;
            }
            caps.donated.insert(0, master);
            results.set_name(format!("/dev/pts/{number}").as_bytes());
            results.set_number(number);
            Ok(())
        }

        fn flush[term::flush](&self, _caller, params, _results, caps) {
            let action: flush::Action = params.get_action().map_err(|_| Errno::INVAL)?;
            act(caps.received(0)?, action)
        }

        fn break_[term::break_](&self, _caller, params, results, caps) {
            let file = caps.received(0)?;
            if params.get_set_lines() {
                raw::tell_number(file, libc::TIOCMSET, params.get_lines() as i32)?;
                results.set_lines(params.get_lines());
                return Ok(());
            }
            raw::tell_value(file, libc::TIOCSBRK, 0)?;
            let file = file.try_clone().host()?;
            std::thread::spawn(move || {
                std::thread::sleep(BREAK);
                // The line may be gone by now, and its break with it.
                let _ = raw::tell_value(&file, libc::TIOCCBRK, 0);
            });
            Ok(())
        }
    }

    descriptor_methods!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::{ask, caller, none};
    use schemas::Personality;
    use schemas::server::{Capabilities, TermServer as Named};

    fn pair() -> (Named<TermServer>, Caller, Vec<OwnedFd>) {
        let server = Named::new("term", TermServer);
        let caller = caller(Personality::FreeBsd);
        let mut caps = none();
        let name = ask!(
            server,
            &caller,
            term::open_pair,
            TermOpenPair,
            |p| {
                p.set_flags(libc::O_RDWR as u32);
                p.set_subordinate(true);
            },
            &mut caps,
            |r| r.get_name().unwrap().to_vec()
        )
        .unwrap();
        assert!(name.starts_with(b"/dev/pts/"));
        (server, caller, caps.donated)
    }

    #[test]
    fn pair_talks_and_keeps_attributes() {
        let (server, caller, mut ends) = pair();
        let peer = ends.pop().unwrap();
        let master = ends.pop().unwrap();
        let mut caps = Capabilities::new(vec![peer.try_clone().unwrap()]);
        let (local, mut characters) =
            ask!(server, &caller, term::get_attributes, TermGetAttributes, |_p| (), &mut caps, |r| {
                let attributes = r.get_attributes().unwrap();
                (attributes.get_local_flags(), attributes.get_characters().unwrap().to_vec())
            })
            .unwrap();
        assert_ne!(local & libc::ICANON, 0);
        characters[libc::VMIN] = 3;
        ask!(
            server,
            &caller,
            term::set_attributes,
            TermSetAttributes,
            |p| {
                let mut attributes = p.init_attributes();
                attributes.set_local_flags(local & !libc::ICANON & !libc::ECHO);
                attributes.set_characters(&characters);
                attributes.set_output_speed(38_400);
                attributes.set_input_speed(38_400);
                attributes.set_control_flags(libc::CS8 | libc::CREAD);
            },
            &mut caps,
            |_r| ()
        )
        .unwrap();
        let now = raw::terminal_attributes(&peer).unwrap();
        assert_eq!((now.c_lflag & libc::ICANON, now.c_cc[libc::VMIN], now.c_ospeed), (0, 3, 38_400));
        rustix::io::write(&master, b"abc").unwrap();
        let mut bytes = [0; 8];
        assert_eq!(rustix::io::read(&peer, &mut bytes).unwrap(), 3);
    }

    #[test]
    fn window_and_flush_and_group() {
        let (server, caller, ends) = pair();
        let mut caps = Capabilities::new(vec![ends[1].try_clone().unwrap()]);
        ask!(
            server,
            &caller,
            term::set_window,
            TermSetWindow,
            |p| {
                let mut window = p.init_window();
                window.set_rows(50);
                window.set_columns(132);
            },
            &mut caps,
            |_r| ()
        )
        .unwrap();
        let columns = ask!(server, &caller, term::get_window, TermGetWindow, |_p| (), &mut caps, |r| {
            r.get_window().unwrap().get_columns()
        });
        assert_eq!(columns, Ok(132));
        rustix::io::write(&ends[0], b"line\n").unwrap();
        ask!(
            server,
            &caller,
            term::flush,
            TermFlush,
            |p| p.set_action(Action::DiscardInput),
            &mut caps,
            |_r| ()
        )
        .unwrap();
        assert_eq!(raw::ask_number(&ends[1], libc::FIONREAD), Ok(0));
        let group = ask!(server, &caller, term::get_group, TermGetGroup, |_p| (), &mut caps, |_r| ());
        assert_eq!(group, Err(Errno::NOTTY), "it is not the caller's own terminal");
        let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        let mut caps = Capabilities::new(vec![null]);
        let none =
            ask!(server, &caller, term::get_attributes, TermGetAttributes, |_p| (), &mut caps, |_r| ());
        assert_eq!(none, Err(Errno::NOTTY));
    }
}
