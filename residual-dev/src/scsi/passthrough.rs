//! Passing commands through to a device of the host's, by `SG_IO` on its node (scsi/sg.h).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::sense::{CHECK_CONDITION, Sense};
use super::sent::Sent;

const SG_IO: libc::c_ulong = 0x2285;
const NONE: i32 = -1;
const TO_DEVICE: i32 = -2;
const FROM_DEVICE: i32 = -3;
/// Longest that a command may take, in milliseconds: the server answers nobody else meanwhile.
const LONGEST: u32 = 30_000;

/// `struct sg_io_hdr`.
#[repr(C)]
struct Header {
    interface: i32,
    direction: i32,
    command_length: u8,
    sense_room: u8,
    vectors: u16,
    length: u32,
    data: *mut u8,
    command: *const u8,
    sense: *mut u8,
    timeout: u32,
    flags: u32,
    pack: i32,
    user: *mut u8,
    status: u8,
    masked_status: u8,
    message_status: u8,
    sense_written: u8,
    host_status: u16,
    driver_status: u16,
    residual: i32,
    duration: u32,
    information: u32,
}

/// A device of the host's.
#[derive(Debug)]
pub struct Passthrough {
    node: File,
    path: PathBuf,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// SAM status.
    pub status: u8,
    /// Sense data.
    pub sense: Vec<u8>,
    /// Bytes that went either way.
    pub moved: usize,
    /// Host status: 0, or what went wrong on the way (`DID_*`, scsi/scsi.h).
    pub transport: u16,
}

impl Passthrough {
    /// Opens a node.
    ///
    /// # Errors
    /// As open(2).
    pub fn open(path: &Path) -> io::Result<Self> {
        let node = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        Ok(Self { node, path: path.to_owned() })
    }

    /// Its node.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// As ioctl(2): what the host itself refuses.
    pub fn execute(
        &self,
        command: &[u8],
        out: Sent<'_>,
        into: &mut [u8],
        timeout: u32,
    ) -> io::Result<Answer> {
        let mut sense = [0; 252];
        let (direction, data, length) = match (out.is_empty(), into.is_empty()) {
            (true, true) => (NONE, std::ptr::null_mut(), 0),
            (false, _) => (TO_DEVICE, out.address().cast_mut(), out.len()),
            (true, false) => (FROM_DEVICE, into.as_mut_ptr(), into.len()),
        };
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let mut header = Header {
            interface: i32::from(b'S'),
            direction,
            command_length: command.len().try_into().map_err(|_| invalid())?,
            sense_room: sense.len() as u8,
            vectors: 0,
            length: length.try_into().map_err(|_| invalid())?,
            data,
            command: command.as_ptr(),
            sense: sense.as_mut_ptr(),
            timeout: if timeout == 0 { LONGEST } else { timeout.min(LONGEST) },
            flags: 0,
            pack: 0,
            user: std::ptr::null_mut(),
            status: 0,
            masked_status: 0,
            message_status: 0,
            sense_written: 0,
            host_status: 0,
            driver_status: 0,
            residual: 0,
            duration: 0,
            information: 0,
        };
        // SAFETY: every pointer of the header leads to a buffer of the length beside it, which outlives the call; what
        // is sent to the device is only read.
        let done = unsafe { libc::ioctl(self.node.as_raw_fd(), SG_IO, &raw mut header) };
        if done < 0 {
            return Err(io::Error::last_os_error());
        }
        let moved = length.saturating_sub(header.residual.max(0) as usize);
        let status = if header.sense_written > 0 { CHECK_CONDITION } else { header.status };
        let sense = sense[..usize::from(header.sense_written).min(sense.len())].to_vec();
        Ok(Answer { status, sense, moved, transport: header.host_status })
    }

    /// Standard inquiry data; nothing when it does not answer.
    pub fn inquiry(&self) -> Option<Vec<u8>> {
        let mut data = vec![0; 96];
        let answer = self.execute(&[0x12, 0, 0, 0, 96, 0], Sent::NONE, &mut data, 5000).ok()?;
        data.truncate(answer.moved);
        (answer.status == 0 && data.len() >= 36).then_some(data)
    }

    /// Reads blocks of 2048 bytes.
    ///
    /// # Errors
    /// `READ_ERROR`, whatever the device said.
    pub fn read(&self, block: u32, to: &mut [u8]) -> Result<(), Sense> {
        for (chunk, at) in to.chunks_mut(32 * 2048).zip((block..).step_by(32)) {
            let [a, b, c, d] = at.to_be_bytes();
            let command = [0x28, 0, a, b, c, d, 0, 0, (chunk.len() / 2048) as u8, 0];
            let answer = self.execute(&command, Sent::NONE, chunk, 0).map_err(|_| Sense::READ_ERROR)?;
            if answer.status != 0 || answer.moved < chunk.len() {
                return Err(Sense::READ_ERROR.at_block(at as i32));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_hosts() {
        assert_eq!(size_of::<Header>(), 88);
        assert_eq!(std::mem::offset_of!(Header, status), 64);
        assert_eq!(std::mem::offset_of!(Header, residual), 72);
    }

    #[test]
    fn what_is_no_such_device_refuses() {
        let device = Passthrough::open(Path::new("/dev/null")).expect("it is there");
        assert_eq!(
            device
                .execute(&[0; 6], Sent::NONE, &mut [], 0)
                .expect_err("it knows nothing of SCSI")
                .raw_os_error(),
            Some(libc::ENOTTY)
        );
        assert!(device.inquiry().is_none());
    }
}
