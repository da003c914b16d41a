//! One terminal: its pair on the host, its text, and who has taken it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use schemas::Errno;
use vt100::{Callbacks, Parser, Screen as Text};

use super::text::{HEIGHT, Size, WIDTH};
use super::{Asker, BEGINNING, KD_GRAPHICS, KD_TEXT, Notice};
use crate::errno;

/// Highest signal of the host.
const SIGNALS: u32 = 64;

/// A pseudo-terminal of the host.
pub struct Pair {
    master: OwnedFd,
    /// Kept open, so that settings outlive the programs that use it.
    other: OwnedFd,
}

impl Pair {
    /// A new one.
    ///
    /// # Errors
    /// What the host says.
    pub fn new() -> Result<Self, Errno> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(errno)?;
        grantpt(&master).map_err(errno)?;
        unlockpt(&master).map_err(errno)?;
        let name = ptsname(&master, Vec::new()).map_err(errno)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let other = rustix::fs::open(name, flags, Mode::empty()).map_err(errno)?;
        fcntl_setfl(&master, fcntl_getfl(&master).map_err(errno)? | OFlags::NONBLOCK).map_err(errno)?;
        Ok(Self { master, other })
    }

    /// The side that is ours.
    pub fn master(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }

    /// The other side, for a guest to open.
    ///
    /// # Errors
    /// What the host says.
    pub fn other(&self) -> Result<OwnedFd, Errno> {
        self.other.try_clone().map_err(|_| Errno::NFILE)
    }

    /// Types something. What nobody reads is lost once there is no more room, as with any keyboard.
    pub fn write(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let _ = rustix::io::write(&self.master, bytes);
        }
    }

    fn set_size(&self, (rows, columns): Size) {
        let size = Winsize {
            ws_row: rows.get(),
            ws_col: columns.get(),
            ws_xpixel: columns.get().saturating_mul(WIDTH as u16),
            ws_ypixel: rows.get().saturating_mul(HEIGHT as u16),
        };
        // A terminal always has a size.
        let _ = tcsetwinsize(&self.master, size);
    }
}

/// Who has taken something of a terminal. It is gone when its task has ended and its object is closed: a program may
/// close the descriptor that it asked by, or leave it to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its task; 0 once that has ended.
    pub task: u64,
    /// Its object; 0 once that is closed.
    pub object: u64,
}

impl From<Asker> for Holder {
    fn from(asker: Asker) -> Self {
        Self { task: asker.task, object: asker.object }
    }
}

/// The process that is asked before the screen is given away.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    holder: Holder,
    pid: i32,
    /// Signals of the host; 0 for none.
    pub release: u32,
    /// Likewise.
    pub acquire: u32,
}

impl Owner {
    /// Asks it to let the screen go.
    pub fn release_notice(&self) -> Option<Notice> {
        (self.release != 0).then_some(Notice { pid: self.pid, signal: self.release })
    }

    /// Tells it that it has the screen.
    pub fn acquire_notice(&self) -> Option<Notice> {
        (self.acquire != 0).then_some(Notice { pid: self.pid, signal: self.acquire })
    }
}

/// What programs are answered that ask the terminal something.
#[derive(Default)]
struct Answers(Vec<u8>);

impl Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        text: &mut Text,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        let parameter = parameters.first().and_then(|part| part.first()).copied().unwrap_or_default();
        match (first, end, parameter) {
            // How it is, where the cursor is, what it is: as drivers/tty/vt/vt.c says.
            (None, 'n', 5) => self.0.extend(b"\x1b[0n"),
            (None, 'n', 6) => {
                let (row, column) = text.cursor_position();
                self.0.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            (None, 'c', 0) => self.0.extend(b"\x1b[?6c"),
            _ => {}
        }
    }
}

/// A terminal.
pub struct Terminal {
    text: Parser<Answers>,
    size: Size,
    /// Who draws itself, rather than text being drawn.
    pub graphics: Option<Holder>,
    /// Who is asked before the screen is given away.
    pub owner: Option<Owner>,
    /// `K_*` of uapi/linux/kd.h.
    pub keyboard: u32,
    /// No key gets through (`KDSKBMUTE`).
    pub muted: bool,
    keyboard_holder: Option<Holder>,
    /// `LED_*` of uapi/linux/kd.h.
    pub lights: u32,
}

fn parser((rows, columns): Size) -> Parser<Answers> {
    Parser::new_with_callbacks(rows, columns, 0, Answers::default())
}

impl Terminal {
    /// An empty one.
    pub fn new(pair: &Pair, size: Size) -> Self {
        pair.set_size(size);
        Self {
            text: parser(size),
            size,
            graphics: None,
            owner: None,
            keyboard: BEGINNING,
            muted: false,
            keyboard_holder: None,
            lights: 0,
        }
    }

    /// Its text.
    pub fn text(&self) -> &Text {
        self.text.screen()
    }

    /// `KD_TEXT` or `KD_GRAPHICS`.
    pub fn display(&self) -> u32 {
        if self.graphics.is_some() { KD_GRAPHICS } else { KD_TEXT }
    }

    /// It has another size.
    pub fn resize(&mut self, pair: &Pair, size: Size) {
        if self.size != size {
            self.size = size;
            pair.set_size(size);
            self.text.set_size(size.0, size.1);
        }
    }

    /// Takes what programs wrote; gives what they are answered.
    pub fn process(&mut self, bytes: &[u8]) -> Vec<u8> {
        let text = &mut self.text;
        if catch_unwind(AssertUnwindSafe(|| text.process(bytes))).is_err() {
            // Text that the terminal cannot bear does not end it.
            self.text = parser(self.size);
        }
        std::mem::take(&mut self.text.callbacks_mut().0)
    }

    /// Says who is asked before the screen is given away, by which signals; nobody with none.
    ///
    /// # Errors
    /// `EINVAL` for what is no signal.
    pub fn set_owner(&mut self, asker: Asker, signals: Option<[u32; 2]>) -> Result<(), Errno> {
        self.owner = match signals {
            Some(signals) if signals.iter().any(|signal| *signal > SIGNALS) => return Err(Errno::INVAL),
            Some([release, acquire]) => {
                Some(Owner { holder: asker.into(), pid: asker.pid, release, acquire })
            }
            None => None,
        };
        Ok(())
    }

    /// Sets the mode of the keyboard.
    pub fn set_keyboard(&mut self, mode: u32, asker: Asker) {
        self.keyboard = mode;
        self.keyboard_holder = (mode != BEGINNING).then(|| asker.into());
    }

    /// Lets no key through any more, or all again.
    pub fn mute(&mut self, muted: bool, asker: Asker) {
        self.muted = muted;
        if muted {
            self.keyboard_holder = Some(asker.into());
        }
    }

    /// Takes from those who have something of it what `forget` takes; whether text came back because one is quite
    /// gone.
    pub fn forsake(&mut self, forget: impl Fn(&mut Holder)) -> bool {
        let is_gone = |holder: &mut Holder| {
            forget(holder);
            holder.task == 0 && holder.object == 0
        };
        self.owner.take_if(|owner| is_gone(&mut owner.holder));
        if self.keyboard_holder.take_if(|holder| is_gone(holder)).is_some() {
            (self.keyboard, self.muted) = (BEGINNING, false);
        }
        self.graphics.take_if(|holder| is_gone(holder)).is_some()
    }
}
