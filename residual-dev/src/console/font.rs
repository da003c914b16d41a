//! The letters of the console: Spleen, as a console font of PC Screen Font's first version
//! (linux/drivers/tty/vt/consolemap.c, kbd's doc/font-formats).

use std::collections::HashMap;
use std::sync::LazyLock;

use spleen_font::FONT_8X16;

/// Lines of a letter, each of eight pixels, the leftmost in the highest bit.
pub const LINES: usize = 16;
/// Bytes in front: two that mark the format, its mode, and the bytes of a letter.
const HEADER: usize = 4;
/// Of the mode: there are 512 letters and not 256.
const MODE_512: u8 = 1;
/// Ends what stands for a letter; after the other one follow sequences that do.
const SEPARATOR: u16 = 0xffff;
const SEQUENCE: u16 = 0xfffe;

static LETTERS: LazyLock<HashMap<char, [u8; LINES]>> = LazyLock::new(|| read(FONT_8X16));

/// What a character looks like; nothing for one that is not in the font.
pub fn letter(character: char) -> Option<&'static [u8; LINES]> {
    LETTERS.get(&character)
}

fn read(font: &[u8]) -> HashMap<char, [u8; LINES]> {
    let count = if font[2] & MODE_512 != 0 { 512 } else { 256 };
    let (pictures, table) = font[HEADER..].split_at(count * LINES);
    let mut letters = HashMap::new();
    let mut pictures = pictures.as_chunks::<LINES>().0.iter();
    let mut picture = pictures.next();
    let mut in_sequence = false;
    for unit in table.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)) {
        match (unit, picture) {
            (SEPARATOR, _) => {
                picture = pictures.next();
                in_sequence = false;
            }
            (SEQUENCE, _) => in_sequence = true,
            (_, Some(picture)) if !in_sequence => {
                letters.extend(char::from_u32(unit.into()).map(|character| (character, *picture)));
            }
            _ => {}
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_a_picture_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for character in (' '..='~').chain("éß│─┼█".chars()) {
            assert!(seen.insert(letter(character).unwrap()), "{character}");
        }
        assert_eq!(letter(' '), Some(&[0; LINES]));
        assert_eq!(letter('漢'), None);
    }
}
