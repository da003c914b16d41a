//! `/dev/input/mice`: a mouse of the PS/2 sort that speaks as drivers/input/mousedev.c has it, with three bytes for
//! each movement, and a fourth for the wheel once it is asked as an IntelliMouse is.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use schemas::Errno;

use super::event::{BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
use super::reader::Bell;

/// Most bytes that wait besides movement.
const WAITING: usize = 256;
/// Farthest that one packet tells.
const FAR: i32 = 127;

const ACKNOWLEDGE: u8 = 0xfa;
/// The rates that make it an IntelliMouse when they are set one after the other.
const WHEEL: [u8; 3] = [200, 100, 80];

/// What one who has the mice open gets.
pub struct Mouse {
    bell: Bell,
    bytes: VecDeque<u8>,
    moved: [i32; 2],
    scrolled: i32,
    buttons: u8,
    told: u8,
    /// The rates set last.
    rates: VecDeque<u8>,
    wheel: bool,
    /// The command whose second byte is still to come.
    command: Option<u8>,
}

impl Mouse {
    /// One that does not move, and the guest's descriptor.
    ///
    /// # Errors
    /// What the host says.
    pub fn new(nonblocking: bool) -> Result<(Self, OwnedFd), Errno> {
        let (bell, guest) = Bell::new(nonblocking)?;
        let mouse = Self {
            bell,
            bytes: VecDeque::new(),
            moved: [0; 2],
            scrolled: 0,
            buttons: 0,
            told: 0,
            rates: VecDeque::new(),
            wheel: false,
            command: None,
        };
        Ok((mouse, guest))
    }

    /// It is moved, right and down.
    pub fn moved(&mut self, by: [i32; 2]) {
        self.moved = [self.moved[0].saturating_add(by[0]), self.moved[1].saturating_add(by[1])];
        self.bell.ring();
    }

    /// A button goes down or up.
    pub fn button(&mut self, code: u16, down: bool) {
        let bit = match code {
            BTN_LEFT => 1,
            BTN_RIGHT => 2,
            BTN_MIDDLE => 4,
            _ => return,
        };
        // What was done before with other buttons is told first.
        while self.has_news() && self.bytes.len() < WAITING {
            self.packet();
        }
        self.buttons = if down { self.buttons | bit } else { self.buttons & !bit };
        self.bell.ring();
    }

    /// Its wheel is turned, upward.
    pub fn scroll(&mut self, notches: i32) {
        if self.wheel {
            self.scrolled = self.scrolled.saturating_sub(notches);
            self.bell.ring();
        }
    }

    fn has_news(&self) -> bool {
        self.moved != [0; 2] || self.scrolled != 0 || self.buttons != self.told
    }

    /// Puts one packet of what happened behind what waits.
    fn packet(&mut self) {
        let [right, down] = self.moved.map(|by| by.clamp(-FAR, FAR));
        self.moved = [self.moved[0] - right, self.moved[1] - down];
        // The mouse's own axis points upward.
        let up = -down;
        let signs = u8::from(right < 0) << 4 | u8::from(up < 0) << 5;
        self.bytes.extend([8 | signs | self.buttons, right as u8, up as u8]);
        if self.wheel {
            let turned = self.scrolled.clamp(-7, 7);
            self.scrolled -= turned;
            self.bytes.push_back(turned as u8);
        }
        self.told = self.buttons;
    }

    /// Reads what it has to tell.
    ///
    /// # Errors
    /// `EAGAIN` when that is nothing.
    pub fn read(&mut self, guest: &OwnedFd, room: usize) -> Result<Vec<u8>, Errno> {
        if self.bytes.is_empty() && self.has_news() {
            self.packet();
        }
        if self.bytes.is_empty() {
            self.bell.stop(guest);
            return Err(Errno::AGAIN);
        }
        let count = self.bytes.len().min(room);
        let bytes = self.bytes.drain(..count).collect();
        if self.bytes.is_empty() && !self.has_news() {
            self.bell.stop(guest);
        }
        Ok(bytes)
    }

    /// Answers commands as a mouse does.
    pub fn command(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.bytes.len() >= WAITING {
                self.bytes.clear();
            }
            self.bytes.push_back(ACKNOWLEDGE);
            match (self.command.take(), byte) {
                // Set the rate.
                (Some(0xf3), rate) => {
                    self.rates.push_back(rate);
                    if self.rates.len() > WHEEL.len() {
                        self.rates.pop_front();
                    }
                    self.wheel |= self.rates == WHEEL;
                }
                // Set the resolution.
                (Some(_), _) => {}
                (None, 0xf3 | 0xe8) => self.command = Some(byte),
                // Tell what it is.
                (None, 0xf2) => self.bytes.push_back(if self.wheel { 3 } else { 0 }),
                // Tell how it stands: enabled, at four counts a millimetre, 100 times a second.
                (None, 0xe9) => self.bytes.extend([0x20 | self.buttons, 2, 100]),
                (None, 0xeb) => self.packet(),
                // Reset.
                (None, 0xff) => {
                    self.wheel = false;
                    self.rates.clear();
                    self.bytes.extend([0xaa, 0]);
                }
                (None, _) => {}
            }
        }
        self.bell.ring();
    }
}
