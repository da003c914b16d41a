//! Text in a buffer of fixed size: what does not fit is left out, and an ellipsis says so.

use core::fmt;

/// The mark of what was left out.
pub const ELLIPSIS: &str = "…";

/// Text that grows up to the size of its buffer.
pub struct Text<'a> {
    bytes: &'a mut [u8],
    len: usize,
    cut: bool,
}

impl<'a> Text<'a> {
    /// Empty text over a buffer of at least a few bytes.
    pub fn new(bytes: &'a mut [u8]) -> Text<'a> {
        Text { bytes, len: 0, cut: false }
    }

    /// How much there is, in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What there is.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// What there is between two lengths seen before.
    pub fn part(&self, start: usize, end: usize) -> &str {
        // Only whole characters are ever added, so the bytes are text.
        core::str::from_utf8(&self.bytes[start..end]).unwrap_or(ELLIPSIS)
    }

    /// Adds characters.
    pub fn push(&mut self, text: &str) {
        if self.cut {
            return;
        }
        let free = self.bytes.len() - self.len;
        if text.len() + ELLIPSIS.len() <= free {
            self.append(text);
            return;
        }
        let mut fits = free.saturating_sub(ELLIPSIS.len());
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        self.append(&text[..fits]);
        self.append(ELLIPSIS);
        self.cut = true;
    }

    /// Adds formatted text.
    pub fn put(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing never fails: what does not fit is cut.
        let _ = fmt::Write::write_fmt(self, arguments);
    }

    fn append(&mut self, text: &str) {
        let end = (self.len + text.len()).min(self.bytes.len());
        let count = end - self.len;
        self.bytes[self.len..end].copy_from_slice(&text.as_bytes()[..count]);
        self.len = end;
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fits_is_whole() {
        let mut buffer = [0; 16];
        let mut text = Text::new(&mut buffer);
        text.push("open(");
        text.put(format_args!("{:#x}", 255));
        assert_eq!(text.as_bytes(), b"open(0xff");
        assert_eq!(text.part(5, 9), "0xff");
    }

    #[test]
    fn text_that_does_not_fit_is_cut_once() {
        let mut buffer = [0; 8];
        let mut text = Text::new(&mut buffer);
        text.push("ab");
        text.push("cdefgh");
        text.push("more");
        assert_eq!(core::str::from_utf8(text.as_bytes()), Ok("abcde…"));
    }

    #[test]
    fn characters_are_never_split() {
        let mut buffer = [0; 8];
        let mut text = Text::new(&mut buffer);
        text.push("abcdäö");
        assert_eq!(core::str::from_utf8(text.as_bytes()), Ok("abcd…"));
    }
}
