//! Processes (`EVFILT_PROC`, `EVFILT_PROCDESC`): the host's process descriptors are ready when a process ends.

use schemas::Errno;

use super::note::{Note, Source};
use super::*;

/// The process ended (`NOTE_EXIT`).
const EXIT: u32 = 0x8000_0000;

// waitid(2).
const P_PIDFD: u64 = 3;
const CLD_EXITED: i32 = 1;
const CLD_KILLED: i32 = 2;
const CLD_DUMPED: i32 = 3;

/// `PIDFD_GET_INFO` (linux/pidfd.h, since 6.13), and the mark by which it tells how a process ended (6.15).
const GET_INFO: u64 = 0xc040_ff0b;
const INFO_EXIT: u64 = 1 << 3;

/// Whether a descriptor is a process descriptor.
pub fn is_process(descriptor: u64) -> bool {
    // Signal 0 only looks; where the process is gone or another's, the descriptor is one all the same.
    // SAFETY: no pointers.
    let looked = unsafe { call(__NR_pidfd_send_signal, [descriptor, 0, 0, 0]) };
    looked != Err(Errno::BADF)
}

/// How the process of a descriptor ended, as wait4(2) of the host stores it; 0 when only its parent can know. The
/// process stays to be waited for.
fn status(descriptor: i32) -> i32 {
    let mut info = [0i32; 32];
    let options = u64::from(WEXITED | WNOHANG | WNOWAIT);
    // SAFETY: the kernel writes one siginfo_t of 128 bytes.
    let waited =
        unsafe { call(__NR_waitid, [P_PIDFD, descriptor as u64, info.as_mut_ptr() as u64, options, 0]) };
    // si_code is the third word, si_status the seventh (asm-generic/siginfo.h).
    match (waited, info[2], info[6]) {
        (Ok(_), CLD_EXITED, code) => (code & 0xff) << 8,
        (Ok(_), CLD_KILLED, signal) => signal,
        (Ok(_), CLD_DUMPED, signal) => signal | 0x80,
        (Ok(_), ..) => 0,
        (Err(_), ..) => {
            let mut info = [0u64; 8];
            info[0] = INFO_EXIT;
            // SAFETY: the kernel reads and writes the 64 bytes that the request names.
            let told = unsafe { call(__NR_ioctl, [descriptor as u64, GET_INFO, info.as_mut_ptr() as u64]) };
            // exit_code is the last word but one of the 64 bytes.
            if told.is_ok() && info[0] & INFO_EXIT != 0 { (info[7] >> 32) as i32 } else { 0 }
        }
    }
}

/// The process of a note has ended: it is reported once, if the guest asked for it.
pub fn ended(note: &mut Note, descriptor: i32) -> Option<Event> {
    note.event.flags |= EOF | ONESHOT;
    note.event.fflags |= note.wanted & EXIT;
    if note.event.fflags & EXIT != 0 {
        note.event.data = i64::from(status(descriptor));
    }
    Some(note.event)
}

impl State {
    /// Watches a process.
    ///
    /// # Errors
    /// `ESRCH` when there is none; `EMFILE`.
    pub fn attach_process(&mut self, index: u32) -> Result<(), Errno> {
        let note = self.notes.get(index);
        let pid = i32::try_from(note.event.ident).ok().filter(|pid| *pid > 0).ok_or(Errno::SRCH)?;
        note.event.flags |= CLEAR;
        // SAFETY: no pointers.
        let made = unsafe { call(__NR_pidfd_open, [pid as u64, 0]) }.map_err(|error| match error {
            // The host has it for the id of a thread that is no process.
            Errno::INVAL | Errno::NOENT => Errno::SRCH,
            other => other,
        })?;
        let descriptor = hidden::hide(made as i32)?;
        note.handle = descriptor;
        note.source = Source::Hidden;
        let data = u64::from(index) | u64::from(note.generation) << 32;
        Self::control(self.epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN, data)
    }
}
