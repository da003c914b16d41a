//! The keyboard's layout, that of the United States: which key writes what, and what keys are called.

/// Keys that write something: code, alone, with shift (uapi/linux/input-event-codes.h).
const WRITING: &[(u16, char, char)] = &[
    (2, '1', '!'),
    (3, '2', '@'),
    (4, '3', '#'),
    (5, '4', '$'),
    (6, '5', '%'),
    (7, '6', '^'),
    (8, '7', '&'),
    (9, '8', '*'),
    (10, '9', '('),
    (11, '0', ')'),
    (12, '-', '_'),
    (13, '=', '+'),
    (15, '\t', '\t'),
    (16, 'q', 'Q'),
    (17, 'w', 'W'),
    (18, 'e', 'E'),
    (19, 'r', 'R'),
    (20, 't', 'T'),
    (21, 'y', 'Y'),
    (22, 'u', 'U'),
    (23, 'i', 'I'),
    (24, 'o', 'O'),
    (25, 'p', 'P'),
    (26, '[', '{'),
    (27, ']', '}'),
    (28, '\n', '\n'),
    (30, 'a', 'A'),
    (31, 's', 'S'),
    (32, 'd', 'D'),
    (33, 'f', 'F'),
    (34, 'g', 'G'),
    (35, 'h', 'H'),
    (36, 'j', 'J'),
    (37, 'k', 'K'),
    (38, 'l', 'L'),
    (39, ';', ':'),
    (40, '\'', '"'),
    (41, '`', '~'),
    (43, '\\', '|'),
    (44, 'z', 'Z'),
    (45, 'x', 'X'),
    (46, 'c', 'C'),
    (47, 'v', 'V'),
    (48, 'b', 'B'),
    (49, 'n', 'N'),
    (50, 'm', 'M'),
    (51, ',', '<'),
    (52, '.', '>'),
    (53, '/', '?'),
    (57, ' ', ' '),
];

pub(super) const LEFT_CONTROL: u16 = 29;
/// The key that is held for what a key writes with shift.
pub const LEFT_SHIFT: u16 = 42;
pub(super) const RIGHT_SHIFT: u16 = 54;
pub(super) const LEFT_ALT: u16 = 56;
pub(super) const CAPS_LOCK: u16 = 58;
pub(super) const RIGHT_CONTROL: u16 = 97;
pub(super) const RIGHT_ALT: u16 = 100;

/// Keys with a name: those of `KEY_*`, and what people call some of them.
const NAMED: &[(&str, u16)] = &[
    ("esc", 1),
    ("escape", 1),
    ("backspace", 14),
    ("tab", 15),
    ("enter", 28),
    ("return", 28),
    ("ctrl", LEFT_CONTROL),
    ("control", LEFT_CONTROL),
    ("leftctrl", LEFT_CONTROL),
    ("rightctrl", RIGHT_CONTROL),
    ("shift", LEFT_SHIFT),
    ("leftshift", LEFT_SHIFT),
    ("rightshift", RIGHT_SHIFT),
    ("alt", LEFT_ALT),
    ("leftalt", LEFT_ALT),
    ("rightalt", RIGHT_ALT),
    ("altgr", RIGHT_ALT),
    ("space", 57),
    ("capslock", CAPS_LOCK),
    ("f1", 59),
    ("f2", 60),
    ("f3", 61),
    ("f4", 62),
    ("f5", 63),
    ("f6", 64),
    ("f7", 65),
    ("f8", 66),
    ("f9", 67),
    ("f10", 68),
    ("f11", 87),
    ("f12", 88),
    ("numlock", 69),
    ("scrolllock", 70),
    ("sysrq", 99),
    ("print", 99),
    ("home", 102),
    ("up", 103),
    ("pageup", 104),
    ("left", 105),
    ("right", 106),
    ("end", 107),
    ("down", 108),
    ("pagedown", 109),
    ("insert", 110),
    ("delete", 111),
    ("pause", 119),
    ("meta", 125),
    ("super", 125),
    ("leftmeta", 125),
    ("rightmeta", 126),
    ("menu", 127),
];

/// The key that writes a character, and whether with shift.
pub fn key_of(character: char) -> Option<(u16, bool)> {
    let found = |(code, alone, shifted): &(u16, char, char)| {
        if *alone == character {
            Some((*code, false))
        } else {
            (*shifted == character).then_some((*code, true))
        }
    };
    WRITING.iter().find_map(found)
}

/// The key with this name: of `KEY_*`, in any case, or the character that it writes.
pub fn key_named(name: &str) -> Option<u16> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == lower) {
        return Some(*code);
    }
    let mut characters = lower.chars();
    let only = characters.next().filter(|_| characters.next().is_none())?;
    key_of(only).map(|(code, _)| code)
}

/// What a key writes.
pub fn written(code: u16, shift: bool) -> Option<char> {
    let (_, alone, shifted) = WRITING.iter().find(|(known, ..)| *known == code)?;
    Some(if shift { *shifted } else { *alone })
}

/// The number of a function key.
pub fn function(code: u16) -> Option<u32> {
    match code {
        59..=68 => Some(u32::from(code) - 58),
        87 | 88 => Some(u32::from(code) - 76),
        _ => None,
    }
}

/// What keys that write no character send to the programs of a terminal: the sequences of terminfo(5)'s `linux`.
pub fn sequence(code: u16) -> Option<&'static [u8]> {
    Some(match code {
        1 => b"\x1b",
        14 => b"\x7f",
        102 => b"\x1b[1~",
        110 => b"\x1b[2~",
        111 => b"\x1b[3~",
        107 => b"\x1b[4~",
        104 => b"\x1b[5~",
        109 => b"\x1b[6~",
        103 => b"\x1b[A",
        108 => b"\x1b[B",
        106 => b"\x1b[C",
        105 => b"\x1b[D",
        59 => b"\x1b[[A",
        60 => b"\x1b[[B",
        61 => b"\x1b[[C",
        62 => b"\x1b[[D",
        63 => b"\x1b[[E",
        64 => b"\x1b[17~",
        65 => b"\x1b[18~",
        66 => b"\x1b[19~",
        67 => b"\x1b[20~",
        68 => b"\x1b[21~",
        87 => b"\x1b[23~",
        88 => b"\x1b[24~",
        _ => return None,
    })
}

/// The bytes that a keyboard of the AT sort sends for a key (set 1), without the bit that says it goes up; of two bytes
/// the first is always 0xe0.
pub fn scan_code(code: u16) -> Option<(bool, u8)> {
    Some(match code {
        1..=83 | 86..=88 => (false, code as u8),
        // Those of the block on the right and of the cursor, as drivers/tty/vt/keyboard.c lists them.
        96 => (true, 0x1c),
        97 => (true, 0x1d),
        98 => (true, 0x35),
        99 => (true, 0x37),
        100 => (true, 0x38),
        102 => (true, 0x47),
        103 => (true, 0x48),
        104 => (true, 0x49),
        105 => (true, 0x4b),
        106 => (true, 0x4d),
        107 => (true, 0x4f),
        108 => (true, 0x50),
        109 => (true, 0x51),
        110 => (true, 0x52),
        111 => (true, 0x53),
        125 => (true, 0x5b),
        126 => (true, 0x5c),
        127 => (true, 0x5d),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_a_key_that_writes_it() {
        for character in (' '..='~').chain(['\n', '\t']) {
            let (code, shift) = key_of(character).unwrap();
            assert_eq!(written(code, shift), Some(character));
        }
        assert_eq!(key_of('é'), None);
    }

    #[test]
    fn keys_have_names() {
        assert_eq!((key_named("Return"), key_named("a"), key_named("F12")), (Some(28), Some(30), Some(88)));
        assert_eq!((key_named("/"), key_named("nothing"), key_named("")), (Some(53), None, None));
    }
}
