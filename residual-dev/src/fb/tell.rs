//! What Linux tells of screens in sysfs and procfs, as drivers/video/fbdev/core does.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use schemas::Errno;

use super::mode::Mode;
use super::requests::NAME;
use crate::errno;

/// Where the link of a screen in `/sys/class/graphics` points.
pub fn link(screen: usize) -> String {
    format!("../../devices/virtual/graphics/fb{screen}")
}

/// A file in the directory of a screen.
///
/// # Errors
/// `ENOENT` for one that there is not.
pub fn attribute(screen: usize, mode: &Mode, name: &[u8]) -> Result<String, Errno> {
    let bits = mode.depth.bytes() * 8;
    Ok(match name {
        b"name" => format!("{NAME}\n"),
        b"dev" => format!("29:{screen}\n"),
        b"bits_per_pixel" => format!("{bits}\n"),
        b"virtual_size" => format!("{},{}\n", mode.virtual_width, mode.virtual_height),
        b"pan" => format!("{},{}\n", mode.left, mode.top),
        b"stride" => format!("{}\n", mode.stride()),
        b"rotate" | b"state" => "0\n".to_owned(),
        b"mode" | b"modes" => format!("U:{}x{}p-60\n", mode.width, mode.height),
        _ => return Err(Errno::NOENT),
    })
}

/// The list of screens.
pub fn list(screens: usize) -> String {
    (0..screens).map(|screen| format!("{screen} {NAME}\n")).collect()
}

/// A file with this text, which nobody can change.
///
/// # Errors
/// What the host says.
pub fn file(text: &str) -> Result<OwnedFd, Errno> {
    let memory = memfd_create("text", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).map_err(errno)?;
    let mut file = File::from(memory);
    file.write_all(text.as_bytes()).map_err(|_| Errno::NOMEM)?;
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).map_err(errno)?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
        .map_err(errno)?;
    Ok(file.into())
}
