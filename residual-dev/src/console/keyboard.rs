//! The keyboard as the terminal on the screen has it: what keys mean there.

use super::layout::{
    self, CAPS_LOCK, LEFT_ALT, LEFT_CONTROL, LEFT_SHIFT, RIGHT_ALT, RIGHT_CONTROL, RIGHT_SHIFT,
};

// Modes of the keyboard (uapi/linux/kd.h); between the first two is K_XLATE.
pub const K_RAW: u32 = 0;
pub const K_MEDIUMRAW: u32 = 2;
pub const K_UNICODE: u32 = 3;
pub const K_OFF: u32 = 4;

/// Modifiers that are held.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyboard {
    shift: bool,
    control: bool,
    alt: bool,
    capital: bool,
}

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Programs read these bytes; none for a key that only changes others.
    Bytes(Vec<u8>),
    /// This terminal comes to the screen.
    Switch(u32),
}

impl Keyboard {
    /// A key goes down (1), up (0) or down again (2) in a mode of the keyboard.
    pub fn key(&mut self, code: u16, value: i32, mode: u32) -> Meaning {
        let down = value != 0;
        match code {
            LEFT_SHIFT | RIGHT_SHIFT => self.shift = down,
            LEFT_CONTROL | RIGHT_CONTROL => self.control = down,
            LEFT_ALT | RIGHT_ALT => self.alt = down,
            CAPS_LOCK => self.capital ^= value == 1,
            _ => {}
        }
        match mode {
            K_RAW => Meaning::Bytes(raw(code, down)),
            K_MEDIUMRAW => Meaning::Bytes(vec![(code as u8 & 0x7f) | if down { 0 } else { 0x80 }]),
            K_OFF => Meaning::Bytes(Vec::new()),
            _ if !down => Meaning::Bytes(Vec::new()),
            _ => match layout::function(code) {
                Some(number) if self.alt => Meaning::Switch(number),
                _ => Meaning::Bytes(self.bytes(code)),
            },
        }
    }

    fn bytes(&self, code: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(sequence) = layout::sequence(code) {
            bytes.extend(sequence);
        } else if let Some(plain) = layout::written(code, false) {
            let shift = self.shift ^ (self.capital && plain.is_ascii_alphabetic());
            let character = layout::written(code, shift).unwrap_or(plain);
            let byte = match character {
                // Enter sends a carriage return, which terminals turn into a new line.
                '\n' => b'\r',
                ' ' if self.control => 0,
                '?' if self.control => 0x7f,
                '@'..='~' if self.control => character as u8 & 0x1f,
                _ => character as u8,
            };
            if self.alt {
                bytes.push(0x1b);
            }
            bytes.push(byte);
        }
        bytes
    }
}

fn raw(code: u16, down: bool) -> Vec<u8> {
    let up = if down { 0 } else { 0x80 };
    match layout::scan_code(code) {
        Some((true, byte)) => vec![0xe0, byte | up],
        Some((false, byte)) => vec![byte | up],
        None => Vec::new(),
    }
}

/// What `KDGKBENT` tells of a key: sort and value, as `K(t, v)` of uapi/linux/keyboard.h packs them.
pub fn entry(table: u8, key: u8) -> u32 {
    const NOTHING: u32 = 0x200;
    const NO_TABLE: u32 = 0x27f;
    const SHIFT: u8 = 1;
    const CONTROL: u8 = 4;
    const ALT: u8 = 8;
    if !matches!(table, 0 | SHIFT | CONTROL | ALT) {
        return NO_TABLE;
    }
    let code = u16::from(key);
    let of_sort = |sort: u32, value: u32| sort << 8 | value;
    match code {
        // KT_SHIFT: shift, control, alt; KT_SPEC: enter, caps lock.
        LEFT_SHIFT | RIGHT_SHIFT => return of_sort(7, 0),
        LEFT_CONTROL | RIGHT_CONTROL => return of_sort(7, 2),
        LEFT_ALT => return of_sort(7, 3),
        RIGHT_ALT => return of_sort(7, 1),
        28 => return of_sort(2, 1),
        CAPS_LOCK => return of_sort(2, 7),
        // KT_CUR: down, left, right, up.
        108 => return of_sort(6, 0),
        105 => return of_sort(6, 1),
        106 => return of_sort(6, 2),
        103 => return of_sort(6, 3),
        // KT_FN: find, insert, remove, select, and the pages.
        102 => return of_sort(1, 20),
        110 => return of_sort(1, 21),
        111 => return of_sort(1, 22),
        107 => return of_sort(1, 23),
        104 => return of_sort(1, 24),
        109 => return of_sort(1, 25),
        1 => return of_sort(0, 27),
        14 => return of_sort(0, 127),
        _ => {}
    }
    if let Some(number) = layout::function(code) {
        return if table == ALT { of_sort(5, number - 1) } else { of_sort(1, number - 1) };
    }
    let Some(character) = layout::written(code, table == SHIFT) else { return NOTHING };
    let value = character as u32;
    match table {
        CONTROL if (0x40..0x7f).contains(&value) => value & 0x1f,
        CONTROL => NOTHING,
        ALT => of_sort(8, value),
        _ if character.is_ascii_alphabetic() => of_sort(11, value),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_mode_says() {
        let mut keyboard = Keyboard::default();
        let bytes = |meaning: Meaning| match meaning {
            Meaning::Bytes(bytes) => bytes,
            Meaning::Switch(number) => panic!("terminal {number}"),
        };
        assert_eq!(bytes(keyboard.key(30, 1, K_UNICODE)), b"a");
        assert_eq!(bytes(keyboard.key(LEFT_SHIFT, 1, K_UNICODE)), b"");
        assert_eq!(bytes(keyboard.key(30, 2, K_UNICODE)), b"A");
        keyboard.key(LEFT_SHIFT, 0, K_OFF);
        keyboard.key(LEFT_CONTROL, 1, K_UNICODE);
        assert_eq!(bytes(keyboard.key(46, 1, K_UNICODE)), [3]);
        keyboard.key(LEFT_ALT, 1, K_UNICODE);
        assert_eq!(keyboard.key(60, 1, K_UNICODE), Meaning::Switch(2));
        assert_eq!(keyboard.key(60, 0, K_UNICODE), Meaning::Bytes(Vec::new()));
        assert_eq!(bytes(keyboard.key(103, 0, K_RAW)), [0xe0, 0xc8]);
        assert_eq!(bytes(keyboard.key(103, 0, K_MEDIUMRAW)), [0xe7]);
        assert_eq!(bytes(keyboard.key(60, 1, K_OFF)), b"");
    }

    #[test]
    fn entries_are_those_of_the_layout() {
        assert_eq!((entry(0, 30), entry(1, 30), entry(4, 30)), (0xb61, 0xb41, 1));
        assert_eq!((entry(0, 2), entry(1, 2), entry(0, 28), entry(0, 200)), (0x31, 0x21, 0x201, 0x200));
        assert_eq!(entry(3, 30), 0x27f);
    }
}
