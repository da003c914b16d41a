//! What happens to files (`EVFILT_VNODE`, and the growth of files for `EVFILT_READ`), as inotify(7) tells it.
//!
//! The host keeps one watch a file, however many notes there are: notes of the same file are linked behind a note
//! of the watch itself.

use schemas::Errno;

use super::descriptor;
use super::note::{DISABLED, Kind, Source};
use super::*;

/// `NOTE_*` of sys/event.h.
mod notes {
    pub const DELETE: u32 = 0x1;
    pub const WRITE: u32 = 0x2;
    pub const EXTEND: u32 = 0x4;
    pub const ATTRIB: u32 = 0x8;
    pub const LINK: u32 = 0x10;
    pub const RENAME: u32 = 0x20;
    pub const REVOKE: u32 = 0x40;
    pub const OPEN: u32 = 0x80;
    pub const CLOSE: u32 = 0x100;
    pub const CLOSE_WRITE: u32 = 0x200;
    pub const READ: u32 = 0x400;
}

/// Changes to the entries of a directory.
const ENTRIES: u32 = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

/// What the host must tell for the filter flags of a note.
fn mask(wanted: u32) -> u32 {
    const NEEDS: [(u32, u32); 8] = [
        (notes::WRITE | notes::EXTEND, IN_MODIFY | ENTRIES),
        (notes::ATTRIB, IN_ATTRIB | IN_MODIFY),
        (notes::DELETE, IN_ATTRIB | IN_DELETE_SELF),
        (notes::LINK, IN_ATTRIB | ENTRIES),
        (notes::RENAME, IN_MOVE_SELF),
        (notes::OPEN, IN_OPEN),
        (notes::CLOSE | notes::CLOSE_WRITE, IN_CLOSE_NOWRITE | IN_CLOSE_WRITE),
        (notes::READ, IN_ACCESS),
    ];
    // Something at least: the host refuses an empty mask. The end of a mount is always told.
    NEEDS
        .iter()
        .filter(|(flags, _)| wanted & flags != 0)
        .fold(IN_DELETE_SELF, |mask, (_, needed)| mask | needed)
}

/// What has happened to a file, from the host's events and from its size and number of links before and after.
fn happened(events: u32, named: bool, before: (u64, u64), after: (u64, u64)) -> u32 {
    let mut flags = 0;
    if events & ENTRIES != 0 {
        flags |= notes::WRITE;
        // Each directory in it has a link to it.
        if events & IN_ISDIR != 0 {
            flags |= notes::LINK;
        }
    }
    if named {
        // The rest is told of what lies in the directory.
        return flags;
    }
    if events & IN_MODIFY != 0 {
        flags |= notes::WRITE;
        match after.0.cmp(&before.0) {
            core::cmp::Ordering::Greater => flags |= notes::EXTEND,
            core::cmp::Ordering::Less => flags |= notes::ATTRIB,
            core::cmp::Ordering::Equal => {}
        }
    }
    if events & IN_ATTRIB != 0 {
        flags |= match after.1.cmp(&before.1) {
            core::cmp::Ordering::Greater => notes::LINK,
            core::cmp::Ordering::Less => notes::DELETE,
            core::cmp::Ordering::Equal => notes::ATTRIB,
        };
    }
    for (event, flag) in [
        (IN_DELETE_SELF, notes::DELETE),
        (IN_MOVE_SELF, notes::RENAME),
        (IN_UNMOUNT, notes::REVOKE),
        (IN_OPEN, notes::OPEN),
        (IN_CLOSE_NOWRITE, notes::CLOSE),
        (IN_CLOSE_WRITE, notes::CLOSE_WRITE),
        (IN_ACCESS, notes::READ),
    ] {
        if events & event != 0 {
            flags |= flag;
        }
    }
    flags
}

/// The path by which the host finds the file of a descriptor again, with its zero.
fn path(descriptor: u64) -> [u8; 32] {
    let mut path = [0; 32];
    let start = b"/proc/self/fd/";
    path[..start.len()].copy_from_slice(start);
    let mut digits = [0u8; 10];
    let mut rest = descriptor as u32;
    let mut len = 0;
    loop {
        digits[len] = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    for at in 0..len {
        path[start.len() + at] = digits[len - 1 - at];
    }
    path
}

impl State {
    /// Watches the file of a note, or changes what is watched.
    ///
    /// # Errors
    /// `EINVAL` when it is no file, `EMFILE`, `ENOSPC` at the host's limit of watches.
    pub fn watch_file(&mut self, index: u32) -> Result<(), Errno> {
        let note = *self.notes.get(index);
        let file = descriptor::file(note.event.ident)?;
        if !matches!(descriptor::kind(note.event.ident)?, Kind::File | Kind::Device) {
            return Err(Errno::INVAL);
        }
        let known = self.notes.get(index);
        if known.source != Source::Watch {
            (known.due, known.period) = (file.st_size as u64, file.st_nlink);
        }
        self.add_watch(index, mask(note.wanted))
    }

    /// Watches whether the file of a note to be read grows, where that is needed: at its end, and where only
    /// changes are reported.
    ///
    /// # Errors
    /// As [`State::watch_file`].
    pub fn watch_growth(&mut self, index: u32) -> Result<(), Errno> {
        let note = self.notes.get(index);
        if note.source == Source::Watch
            || (note.event.flags & CLEAR == 0 && descriptor::at_end(note) == Some(false))
        {
            return Ok(());
        }
        self.add_watch(index, IN_MODIFY)
    }

    fn add_watch(&mut self, index: u32, mask: u32) -> Result<(), Errno> {
        let inotify = self.inotify()?;
        let note = *self.notes.get(index);
        let path = path(note.event.ident);
        let args = [inotify as u64, path.as_ptr() as u64, u64::from(mask | IN_MASK_ADD)];
        // SAFETY: the kernel reads the path.
        let watch = unsafe { call(__NR_inotify_add_watch, args) }?;
        if note.source == Source::Watch {
            return Ok(());
        }
        let head = match self.notes.find(Filter::Watch, watch) {
            Some(head) => head,
            None => {
                let event = Event { filter: Some(Filter::Watch), ident: watch, ..Event::default() };
                self.notes.insert(&event).inspect_err(|_| self.remove_watch(watch))?
            }
        };
        let next = core::mem::replace(&mut self.notes.get(head).sibling, index);
        let note = self.notes.get(index);
        note.sibling = next;
        note.handle = watch as i32;
        note.source = Source::Watch;
        Ok(())
    }

    fn remove_watch(&self, watch: u64) {
        // SAFETY: no pointers.
        let _ = unsafe { call(__NR_inotify_rm_watch, [self.watch as u64, watch]) };
    }

    /// The inotify descriptor, made when it is first needed.
    fn inotify(&mut self) -> Result<i32, Errno> {
        if self.watch < 0 {
            let flags = u64::from(IN_CLOEXEC | IN_NONBLOCK);
            // SAFETY: no pointers.
            let made = unsafe { call(__NR_inotify_init1, [flags]) }?;
            let inotify = hidden::hide(made as i32)?;
            Self::control(self.epoll, EPOLL_CTL_ADD, inotify, EPOLLIN, WATCH)
                .inspect_err(|_| hidden::release(inotify))?;
            self.watch = inotify;
        }
        Ok(self.watch)
    }

    /// Takes a note out of those that share a watch, and ends the watch with the last of them.
    pub fn unwatch(&mut self, index: u32) {
        let note = *self.notes.get(index);
        let watch = note.handle as u64;
        let Some(head) = self.notes.find(Filter::Watch, watch) else { return };
        let mut at = head;
        while at != 0 && self.notes.get(at).sibling != index {
            at = self.notes.get(at).sibling;
        }
        if at != 0 {
            self.notes.get(at).sibling = note.sibling;
        }
        if self.notes.get(head).sibling == 0 {
            self.notes.remove(head);
            self.remove_watch(watch);
        }
    }

    /// Reads what the host has to tell of the files.
    pub fn read_watches(&mut self) {
        let mut buffer = Buffer([0; 4096]);
        loop {
            let args = [self.watch as u64, buffer.0.as_mut_ptr() as u64, buffer.0.len() as u64];
            // SAFETY: the kernel writes into the buffer; the descriptor does not block.
            let Ok(len) = (unsafe { call(__NR_read, args) }) else { return };
            let mut rest = &buffer.0[..(len as usize).min(buffer.0.len())];
            // struct inotify_event: watch, mask, cookie, length of the name.
            while let Some((head, more)) = rest.split_first_chunk::<16>() {
                let word =
                    |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
                let name = word(12) as usize;
                self.tell(word(0) as i32, word(4), name != 0);
                rest = more.get(name..).unwrap_or(&[]);
            }
        }
    }

    /// Something happened to the file of a watch; below zero the host has lost count of what and to which.
    fn tell(&mut self, watch: i32, events: u32, named: bool) {
        if events & IN_Q_OVERFLOW != 0 {
            for index in 1..=self.notes.made() {
                let note = self.notes.get(index);
                if note.event.filter.is_some() && note.source == Source::Watch {
                    self.tell_note(index, IN_MODIFY | IN_ATTRIB, false);
                }
            }
            return;
        }
        let Some(head) = self.notes.find(Filter::Watch, watch as u64) else { return };
        let mut at = self.notes.get(head).sibling;
        while at != 0 {
            let next = self.notes.get(at).sibling;
            self.tell_note(at, events, named);
            at = next;
        }
    }

    fn tell_note(&mut self, index: u32, events: u32, named: bool) {
        let note = self.notes.get(index);
        if note.event.filter != Some(Filter::Vnode) {
            if !note.is(DISABLED) && descriptor::at_end(note) == Some(false) {
                self.notes.activate(index);
            }
            return;
        }
        let before = (note.due, note.period);
        let after =
            descriptor::file(note.event.ident).map_or(before, |file| (file.st_size as u64, file.st_nlink));
        (note.due, note.period) = after;
        let flags = happened(events, named, before, after);
        note.event.fflags |= flags & note.wanted;
        if flags & notes::REVOKE != 0 {
            note.event.flags |= EOF;
            note.event.fflags |= notes::REVOKE;
        }
        if note.event.fflags != 0 {
            self.notes.activate(index);
        }
    }
}

/// A buffer for inotify's structures, aligned as they are.
#[repr(align(8))]
struct Buffer([u8; 4096]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_the_descriptor() {
        assert!(path(0).starts_with(b"/proc/self/fd/0\0"));
        assert!(path(1047).starts_with(b"/proc/self/fd/1047\0"));
        assert!(path(i32::MAX as u64).starts_with(b"/proc/self/fd/2147483647\0"));
    }

    #[test]
    fn sizes_and_links_tell_what_the_host_does_not() {
        assert_eq!(happened(IN_MODIFY, false, (1, 1), (2, 1)), notes::WRITE | notes::EXTEND);
        assert_eq!(happened(IN_MODIFY, false, (2, 1), (2, 1)), notes::WRITE);
        assert_eq!(happened(IN_MODIFY, false, (2, 1), (0, 1)), notes::WRITE | notes::ATTRIB);
        assert_eq!(happened(IN_ATTRIB, false, (0, 1), (0, 0)), notes::DELETE);
        assert_eq!(happened(IN_ATTRIB, false, (0, 1), (0, 2)), notes::LINK);
        assert_eq!(happened(IN_ATTRIB, false, (0, 1), (0, 1)), notes::ATTRIB);
        assert_eq!(happened(IN_MOVE_SELF, false, (0, 1), (0, 1)), notes::RENAME);
        assert_eq!(happened(IN_UNMOUNT, false, (0, 1), (0, 1)), notes::REVOKE);
    }

    #[test]
    fn what_happens_in_a_directory_is_not_what_happens_to_it() {
        assert_eq!(happened(IN_MODIFY, true, (0, 2), (0, 2)), 0);
        assert_eq!(happened(IN_ATTRIB, true, (0, 2), (0, 2)), 0);
        assert_eq!(happened(IN_CREATE, true, (0, 2), (0, 2)), notes::WRITE);
        assert_eq!(happened(IN_CREATE | IN_ISDIR, true, (0, 2), (0, 3)), notes::WRITE | notes::LINK);
    }

    #[test]
    fn the_host_is_asked_for_what_the_flags_need() {
        assert_eq!(mask(0), IN_DELETE_SELF);
        assert_eq!(mask(notes::RENAME), IN_DELETE_SELF | IN_MOVE_SELF);
        assert!(mask(notes::DELETE) & IN_ATTRIB != 0);
        assert!(mask(notes::WRITE) & IN_CREATE != 0);
    }
}
