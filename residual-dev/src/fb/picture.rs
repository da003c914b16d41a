//! What a screen shows, as a picture.

use std::io;

use super::mode::Mode;

/// The colours of what is seen, three bytes a pixel: red, green, blue. Where `memory` ends early it is black.
pub fn colours(mode: &Mode, memory: &[u8]) -> Vec<u8> {
    let bytes = mode.depth.bytes() as usize;
    let [red, green, blue, _] = mode.depth.channels();
    let mut picture = Vec::with_capacity(mode.width as usize * mode.height as usize * 3);
    for line in 0..mode.height {
        let start = mode.line(line) as usize;
        for column in 0..mode.width as usize {
            let at = start + column * bytes;
            let mut pixel = [0; 4];
            if let Some(own) = memory.get(at..at + bytes) {
                pixel[..bytes].copy_from_slice(own);
            }
            let pixel = u32::from_le_bytes(pixel);
            picture.extend([red.of(pixel), green.of(pixel), blue.of(pixel)]);
        }
    }
    picture
}

/// Writes what is seen as PNG.
///
/// # Errors
/// What `to` says.
pub fn write_png(mode: &Mode, memory: &[u8], to: impl io::Write) -> io::Result<()> {
    let mut encoder = png::Encoder::new(to, mode.width, mode.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours(mode, memory))?;
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fb::mode::Depth;

    #[test]
    fn picture_is_what_is_seen() {
        let mode = Mode { width: 1, height: 2, left: 1, ..Mode::new(2, 2, Depth::Bits16) };
        let memory = [0, 0, 0xe0, 0x07, 0, 0, 0x1f, 0x00];
        assert_eq!(colours(&mode, &memory), [0, 255, 0, 0, 0, 255]);
        assert_eq!(colours(&mode, &memory[..4]), [0, 255, 0, 0, 0, 0]);
        let mut file = Vec::new();
        write_png(&mode, &memory, &mut file).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
        let mut picture = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut picture).unwrap();
        assert_eq!(picture, colours(&mode, &memory));
    }
}
