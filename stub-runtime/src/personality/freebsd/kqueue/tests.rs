use super::*;

fn kernel_event(filter: i16, flags: u16, fflags: u32, data: i64) -> KernelEvent {
    KernelEvent { ident: 30, filter, flags, fflags, data, udata: 7, ext: [1, 2, 3, 4] }
}

#[test]
fn filters_go_there_and_back() {
    for (number, filter) in FILTERS {
        let neutral = to_neutral(&kernel_event(number, 1, 2, 3)).unwrap();
        assert_eq!(neutral.filter, Some(filter));
        let back = from_neutral(&neutral);
        assert_eq!((back.filter, back.ident, back.udata, back.ext), (number, 30, 7, [1, 2, 3, 4]));
    }
    for (number, error) in [
        (AIO, Errno::PERM),
        (LIO, Errno::PERM),
        (SENDFILE, Errno::NXIO),
        (0, Errno::INVAL),
        (-14, Errno::INVAL),
        (1, Errno::INVAL),
    ] {
        assert_eq!(to_neutral(&kernel_event(number, 1, 0, 0)).err(), Some(error));
    }
}

#[test]
fn signals_have_the_hosts_number_inside() {
    let neutral = to_neutral(&kernel_event(-6, 1, 0, 0)).unwrap();
    assert_eq!(neutral.ident, 10);
    let mut bad = kernel_event(-6, 1, 0, 0);
    for ident in [0, 129, 1 << 40, u64::MAX] {
        bad.ident = ident;
        assert_eq!(to_neutral(&bad).err(), Some(Errno::INVAL));
    }
}

#[test]
fn errors_and_statuses_are_translated_on_the_way_out() {
    let event = Event {
        filter: Some(Filter::Read),
        flags: EOF,
        fflags: Errno::CONNREFUSED.raw() as u32,
        ..Event::default()
    };
    assert_eq!(from_neutral(&event).fflags, 61);
    assert_eq!(from_neutral(&Event { flags: 0, fflags: 1, ..event }).fflags, 1);
    let event = Event { filter: Some(Filter::Process), data: 10, ..Event::default() };
    assert_eq!(from_neutral(&event).data, 30);
    assert_eq!(from_neutral(&Event { data: 7 << 8, ..event }).data, 7 << 8);
}

#[test]
fn timers_have_units() {
    let span_of = |flags, fflags, data| span(&kernel_event(-7, flags, fflags, data));
    assert_eq!(span_of(0, 0, 3), Ok(Span { nanoseconds: 3_000_000, absolute: false }));
    assert_eq!(span_of(0, SECONDS, 3), Ok(Span { nanoseconds: 3_000_000_000, absolute: false }));
    assert_eq!(span_of(0, MICROSECONDS | ABSOLUTE, 3), Ok(Span { nanoseconds: 3000, absolute: true }));
    assert_eq!(span_of(0, NANOSECONDS, i64::MAX).unwrap().nanoseconds, i64::MAX as u64);
    assert_eq!(span_of(0, SECONDS, i64::MAX).unwrap().nanoseconds, u64::MAX);
    assert_eq!(span_of(0, 0, 0).unwrap().nanoseconds, 1_000_000);
    assert_eq!(span_of(ONESHOT, 0, 0).unwrap().nanoseconds, 0);
    for (fflags, data) in [(3, 1), (0x20, 1), (0, -1)] {
        assert_eq!(span_of(0, fflags, data), Err(Errno::INVAL));
    }
}

#[test]
fn times_are_checked() {
    assert_eq!(nanoseconds([1, 5]), Ok(1_000_000_005));
    assert_eq!(nanoseconds([i64::MAX, 0]), Ok(u64::MAX));
    for time in [[-1, 0], [0, -1], [0, 1_000_000_000]] {
        assert_eq!(nanoseconds(time), Err(Errno::INVAL));
    }
}

#[test]
fn events_lie_in_memory_as_the_release_has_them() {
    let event = kernel_event(-1, 2, 3, -4);
    let mut memory = [0u8; 192];
    let list = memory.as_mut_ptr() as u64;
    Layout::Current.put(list, 1, &event).unwrap();
    assert_eq!(Layout::Current.get(list, 1).unwrap().ext, [1, 2, 3, 4]);
    assert_eq!(memory[64], 30);
    Layout::Before12.put(list, 1, &event).unwrap();
    assert_eq!(memory[32], 30);
    let back = Layout::Before12.get(list, 1).unwrap();
    assert_eq!((back.data, back.udata, back.ext), (-4, 7, [0; 4]));
}
