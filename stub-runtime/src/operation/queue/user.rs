//! User events: the guest itself says when they happen (`EVFILT_USER` of kqueue(2)).

use super::note::Note;
use super::{CLEAR, Event};

// What is done with the flags of a change (sys/event.h of FreeBSD, NetBSD, OpenBSD and macOS).
const CONTROL: u32 = 0xc000_0000;
const AND: u32 = 0x4000_0000;
const OR: u32 = 0x8000_0000;
const COPY: u32 = 0xc000_0000;
const FLAGS: u32 = 0x00ff_ffff;
const TRIGGER: u32 = 0x0100_0000;

/// A change to a user event that is there; adding one does not make it happen. Whether it has is kept in `due`.
pub fn change(note: &mut Note, event: &Event) {
    if event.fflags & TRIGGER != 0 {
        note.due = 1;
    }
    let flags = event.fflags & FLAGS;
    match event.fflags & CONTROL {
        AND => note.wanted &= flags,
        OR => note.wanted |= flags,
        COPY => note.wanted = flags,
        _ => {}
    }
    note.given = event.data;
    if event.flags & CLEAR != 0 {
        note.due = 0;
        note.event.data = 0;
        note.event.fflags = 0;
    }
}

/// What is reported of one that has happened.
pub fn report(note: &mut Note) -> Event {
    let event = Event { fflags: note.wanted, data: note.given, ..note.event };
    if note.event.flags & CLEAR != 0 {
        note.due = 0;
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change_of(fflags: u32) -> Event {
        Event { fflags, data: 7, ..Event::default() }
    }

    #[test]
    fn flags_are_combined_as_the_change_says() {
        let mut note = Note { wanted: 0b1100, ..Note::default() };
        change(&mut note, &change_of(AND | 0b0110));
        assert_eq!(note.wanted, 0b0100);
        change(&mut note, &change_of(OR | 0b0001));
        assert_eq!(note.wanted, 0b0101);
        change(&mut note, &change_of(0xff));
        assert_eq!(note.wanted, 0b0101);
        change(&mut note, &change_of(COPY | 0xffff_ffff));
        assert_eq!(note.wanted, FLAGS);
        assert_eq!(note.given, 7);
    }

    #[test]
    fn it_happens_when_triggered_and_is_over_when_cleared() {
        let mut note = Note { event: Event { flags: CLEAR, ..Event::default() }, ..Note::default() };
        change(&mut note, &change_of(TRIGGER | COPY | 5));
        assert_eq!(note.due, 1);
        let event = report(&mut note);
        assert_eq!((event.fflags, event.data, event.flags), (5, 7, CLEAR));
        assert_eq!(note.due, 0);
        change(&mut note, &Event { flags: CLEAR, fflags: TRIGGER, ..Event::default() });
        assert_eq!(note.due, 0);
    }
}
