//! Structures that every OS here has alike, with the 64-bit words of its programs, as a trace shows them.

use crate::call::{Argument, Direction, Kind, PollEvents, Structure};
use crate::trace::vocabulary::{Field, Form, Layout};

/// The layout of a structure; nothing for one that each OS has its own of.
pub fn layout(structure: Structure) -> Option<&'static Layout> {
    Some(match structure {
        Structure::Timespec => &TIMESPEC,
        Structure::Timeval => &TIMEVAL,
        Structure::Itimerval => &ITIMERVAL,
        Structure::Itimerspec => &ITIMERSPEC,
        Structure::Timezone => &TIMEZONE,
        Structure::Rusage => &RUSAGE,
        Structure::PollDescriptor => &POLL_DESCRIPTOR,
        Structure::WindowSize => &WINDOW_SIZE,
        Structure::SchedulingParameter => &SCHEDULING_PARAMETER,
        _ => return None,
    })
}

/// `struct timespec`, shown as seconds.
pub const SECONDS: Form = Form::Time(9);
/// `struct timeval`, shown as seconds.
const MICROSECONDS: Form = Form::Time(6);

/// time.h
static TIMESPEC: Layout = Layout { size: 16, fields: &[Field::new("", 0, 16, SECONDS)] };

/// sys/time.h
static TIMEVAL: Layout = Layout { size: 16, fields: &[Field::new("", 0, 16, MICROSECONDS)] };

/// sys/time.h
static ITIMERVAL: Layout = Layout {
    size: 32,
    fields: &[Field::new("it_interval", 0, 16, MICROSECONDS), Field::new("it_value", 16, 16, MICROSECONDS)],
};

/// time.h
static ITIMERSPEC: Layout = Layout {
    size: 32,
    fields: &[Field::new("it_interval", 0, 16, SECONDS), Field::new("it_value", 16, 16, SECONDS)],
};

/// sys/time.h
static TIMEZONE: Layout = Layout {
    size: 8,
    fields: &[Field::number("tz_minuteswest", 0, 4, Kind::Int), Field::number("tz_dsttime", 4, 4, Kind::Int)],
};

/// sys/resource.h
static RUSAGE: Layout = Layout {
    size: 144,
    fields: &[
        Field::new("ru_utime", 0, 16, MICROSECONDS),
        Field::new("ru_stime", 16, 16, MICROSECONDS),
        Field::number("ru_maxrss", 32, 8, Kind::Long),
    ],
};

/// poll.h
static POLL_DESCRIPTOR: Layout = Layout {
    size: 8,
    fields: &[
        Field::number("fd", 0, 4, Kind::Descriptor),
        Field::number("events", 4, 2, PollEvents::KIND).only(Direction::In),
        Field::number("revents", 6, 2, PollEvents::KIND).only(Direction::Out),
    ],
};

/// sys/ioctl.h (tty_ioctl(4))
static WINDOW_SIZE: Layout = Layout {
    size: 8,
    fields: &[Field::number("ws_row", 0, 2, Kind::Uint), Field::number("ws_col", 2, 2, Kind::Uint)],
};

/// sched.h
static SCHEDULING_PARAMETER: Layout =
    Layout { size: 4, fields: &[Field::number("sched_priority", 0, 4, Kind::Int)] };
