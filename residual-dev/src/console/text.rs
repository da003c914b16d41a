//! A terminal's text on the screen.

use std::num::NonZero;

use vt100::{Color, Screen as Text};

use super::font;
use crate::fb::{Depth, Mode, Screen};

/// Pixels of a character.
pub const WIDTH: u32 = 8;
/// Lines of one.
pub const HEIGHT: u32 = font::LINES as u32;

/// The sixteen colours of the console (drivers/tty/vt/vt.c).
const COLOURS: [u32; 16] = [
    0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa, 0x55_5555,
    0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
];

/// What is seen at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    character: Option<char>,
    ink: u32,
    paper: u32,
    underlined: bool,
}

/// Rows and columns of a terminal.
pub type Size = (NonZero<u16>, NonZero<u16>);

/// What was drawn last, so that only what changed is drawn.
#[derive(Default)]
pub struct Drawn {
    cells: Vec<Option<Cell>>,
    size: Option<Size>,
}

/// Rows and columns that a mode has room for.
pub fn size(mode: &Mode) -> Size {
    // A mode is at most 16384 pixels wide and high.
    let places = |pixels: u32, each: u32| NonZero::new((pixels / each) as u16).unwrap_or(NonZero::<u16>::MIN);
    (places(mode.height, HEIGHT), places(mode.width, WIDTH))
}

impl Drawn {
    /// Nothing of what is on the screen counts any more.
    pub fn forget(&mut self) {
        self.cells.clear();
    }

    /// Draws what differs.
    pub fn draw(&mut self, text: &Text, screen: &Screen) {
        let mode = screen.shown().mode;
        let (rows, columns) = (text.size().0.get(), text.size().1.get());
        if self.size != Some(text.size()) || self.cells.is_empty() {
            self.size = Some(text.size());
            self.cells = vec![None; usize::from(rows) * usize::from(columns)];
            clear(screen, &mode);
        }
        let cursor = (!text.hide_cursor()).then(|| text.cursor_position());
        for row in 0..rows {
            let start = usize::from(row) * usize::from(columns);
            let mut span: Vec<Cell> = Vec::new();
            for column in 0..=columns {
                let new = (column < columns)
                    .then(|| cell(text, row, column, cursor == Some((row, column))))
                    .filter(|new| self.cells[start + usize::from(column)].as_ref() != Some(new));
                match new {
                    Some(new) => span.push(new),
                    None if span.is_empty() => {}
                    None => {
                        let first = column - span.len() as u16;
                        put(screen, &mode, row, first, &span);
                        for (at, cell) in (start + usize::from(first)..).zip(span.drain(..)) {
                            self.cells[at] = Some(cell);
                        }
                    }
                }
            }
        }
    }
}

fn cell(text: &Text, row: u16, column: u16, cursor: bool) -> Cell {
    let Some(found) = text.cell(row, column) else {
        return Cell { character: None, ink: COLOURS[7], paper: COLOURS[0], underlined: cursor };
    };
    let (mut ink, mut paper) = (
        colour(found.fgcolor(), if found.bold() { 15 } else { 7 }, found.bold()),
        colour(found.bgcolor(), 0, false),
    );
    if found.inverse() {
        (ink, paper) = (paper, ink);
    }
    Cell { character: found.contents().chars().next(), ink, paper, underlined: found.underline() || cursor }
}

/// A colour of text as the screen has it.
fn colour(colour: Color, default: usize, bright: bool) -> u32 {
    match colour {
        Color::Default => COLOURS[default],
        Color::Idx(index @ 0..8) if bright => COLOURS[usize::from(index) + 8],
        Color::Idx(index @ 0..16) => COLOURS[usize::from(index)],
        // A cube of six steps a colour, then grey, as xterm has them.
        Color::Idx(index @ 16..232) => {
            let step = |part: u32| if part == 0 { 0 } else { 55 + part * 40 };
            let index = u32::from(index) - 16;
            step(index / 36) << 16 | step(index / 6 % 6) << 8 | step(index % 6)
        }
        Color::Idx(index) => (8 + (u32::from(index) - 232) * 10) * 0x01_0101,
        Color::Rgb(red, green, blue) => u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue),
    }
}

fn pixel(depth: Depth, colour: u32) -> [u8; 4] {
    let [red, green, blue, _] = depth.channels();
    let part = |shift: u32, length: u8| (colour >> shift & 0xff) >> (8 - u32::from(length));
    let value = part(16, red.length) << red.offset
        | part(8, green.length) << green.offset
        | part(0, blue.length) << blue.offset;
    value.to_le_bytes()
}

fn clear(screen: &Screen, mode: &Mode) {
    let line = vec![0; (mode.width * mode.depth.bytes()) as usize];
    for at in 0..mode.height {
        // What lies beyond the end is not seen.
        let _ = screen.write(mode.line(at), &line);
    }
}

/// Draws characters side by side.
fn put(screen: &Screen, mode: &Mode, row: u16, column: u16, cells: &[Cell]) {
    let bytes = mode.depth.bytes() as usize;
    let mut line = Vec::with_capacity(cells.len() * WIDTH as usize * bytes);
    let left = u64::from(column) * u64::from(WIDTH) * bytes as u64;
    for at in 0..HEIGHT {
        line.clear();
        for cell in cells {
            let letter = cell.character.and_then(font::letter);
            let mut bits = letter.map_or(0, |letter| letter[at as usize]);
            if cell.underlined && at == HEIGHT - 2 {
                bits = 0xff;
            }
            let colours = [pixel(mode.depth, cell.paper), pixel(mode.depth, cell.ink)];
            for shift in (0..WIDTH).rev() {
                line.extend_from_slice(&colours[usize::from(bits >> shift & 1)][..bytes]);
            }
        }
        let at = u32::from(row) * HEIGHT + at;
        if at < mode.height {
            // What lies beyond the end is not seen.
            let _ = screen.write(mode.line(at) + left, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_once_and_again_where_it_changed() {
        let mode = Mode::new(32, 32, Depth::Bits32);
        let screen = Screen::new(mode, mode.size()).unwrap();
        let (rows, columns) = size(&mode);
        let mut terminal = vt100::Parser::new(rows, columns, 0);
        let mut drawn = Drawn::default();
        terminal.process(b"\x1b[?25lA\x1b[7mB");
        drawn.draw(terminal.screen(), &screen);
        let memory = screen.read(0, mode.size() as usize).unwrap();
        let lit = |memory: &[u8], column: usize| {
            let inside = |pixel: &usize| pixel % 32 / 8 == column && pixel / 32 < 16;
            (0..32 * 32).filter(inside).filter(|pixel| memory[pixel * 4] != 0).count()
        };
        let (first, second) = (lit(&memory, 0), lit(&memory, 1));
        assert!((10..60).contains(&first), "{first}");
        assert!((70..120).contains(&second), "{second}");
        assert_eq!(lit(&memory, 2), 0);
        screen.write(0, &vec![7; memory.len()]).unwrap();
        drawn.draw(terminal.screen(), &screen);
        assert!(screen.read(0, memory.len()).unwrap().iter().all(|byte| *byte == 7));
        drawn.forget();
        drawn.draw(terminal.screen(), &screen);
        assert!(screen.read(0, memory.len()).unwrap() == memory);
    }

    #[test]
    fn colours_fit_into_pixels() {
        assert_eq!(pixel(Depth::Bits16, 0xff_ffff), [0xff, 0xff, 0, 0]);
        assert_eq!(pixel(Depth::Bits24, 0x12_3456), [0x56, 0x34, 0x12, 0]);
        assert_eq!(colour(Color::Idx(231), 7, false), 0xff_ffff);
        assert_eq!(colour(Color::Idx(232), 7, false), 0x08_0808);
    }
}
