//! FreeBSD's structures as a trace shows them: where the fields are that say something to a reader.

use crate::call::{ActionFlags, EventFlags, Filter, LockKind, StackFlags, ThreadFlags, Whence};
use crate::call::{Argument, Direction, Kind, Structure};
use crate::personality::layouts::{self, SECONDS};
use crate::trace::vocabulary::{Field, Form, Layout};

/// The layout of a structure.
pub fn layout(structure: Structure) -> Option<&'static Layout> {
    Some(match structure {
        Structure::Stat => &STAT,
        Structure::Stat11 => &STAT11,
        Structure::Statfs => &STATFS,
        Structure::Statfs11 => &STATFS11,
        Structure::Rlimit => &RLIMIT,
        Structure::SignalAction => &SIGNAL_ACTION,
        Structure::SignalInfo => &SIGNAL_INFO,
        Structure::SignalStack => &SIGNAL_STACK,
        Structure::SignalEvent => &SIGNAL_EVENT,
        Structure::KernelEvent => &KERNEL_EVENT,
        Structure::KernelEvent11 => &KERNEL_EVENT11,
        Structure::FileLock => &FILE_LOCK,
        Structure::Termios => &TERMIOS,
        Structure::ThreadParameter => &THREAD_PARAMETER,
        Structure::RealtimePriority => &REALTIME_PRIORITY,
        Structure::FileRange => &FILE_RANGE,
        other => return layouts::layout(other),
    })
}

/// `RLIM_INFINITY` (sys/resource.h)
const LIMIT: Form = Form::Limit(i64::MAX as u64);

/// sys/stat.h since FreeBSD 12
static STAT: Layout = Layout {
    size: 224,
    fields: &[
        Field::number("st_dev", 0, 8, Kind::Device),
        Field::number("st_ino", 8, 8, Kind::Ulong),
        Field::number("st_mode", 24, 2, Kind::Mode),
        Field::number("st_nlink", 16, 8, Kind::Ulong),
        Field::number("st_uid", 28, 4, Kind::Int),
        Field::number("st_gid", 32, 4, Kind::Int),
        Field::number("st_size", 112, 8, Kind::Long),
        Field::new("st_mtim", 64, 16, SECONDS),
    ],
};

/// sys/stat.h before FreeBSD 12
static STAT11: Layout = Layout {
    size: 120,
    fields: &[
        Field::number("st_dev", 0, 4, Kind::Device),
        Field::number("st_ino", 4, 4, Kind::Ulong),
        Field::number("st_mode", 8, 2, Kind::Mode),
        Field::number("st_nlink", 10, 2, Kind::Ulong),
        Field::number("st_uid", 12, 4, Kind::Int),
        Field::number("st_gid", 16, 4, Kind::Int),
        Field::number("st_size", 72, 8, Kind::Long),
        Field::new("st_mtim", 40, 16, SECONDS),
    ],
};

/// sys/mount.h since FreeBSD 12
static STATFS: Layout = Layout {
    size: 2344,
    fields: &[
        Field::new("f_fstypename", 280, 16, Form::Text),
        Field::new("f_mntonname", 1320, 1024, Form::Text),
        Field::number("f_bsize", 16, 8, Kind::Ulong),
        Field::number("f_blocks", 32, 8, Kind::Ulong),
        Field::number("f_bfree", 40, 8, Kind::Ulong),
    ],
};

/// sys/mount.h before FreeBSD 12
static STATFS11: Layout = Layout {
    size: 472,
    fields: &[
        Field::new("f_fstypename", 280, 16, Form::Text),
        Field::new("f_mntonname", 384, 88, Form::Text),
        Field::number("f_bsize", 16, 8, Kind::Ulong),
        Field::number("f_blocks", 32, 8, Kind::Ulong),
        Field::number("f_bfree", 40, 8, Kind::Ulong),
    ],
};

/// sys/resource.h
static RLIMIT: Layout =
    Layout { size: 16, fields: &[Field::new("rlim_cur", 0, 8, LIMIT), Field::new("rlim_max", 8, 8, LIMIT)] };

/// sys/signal.h
static SIGNAL_ACTION: Layout = Layout {
    size: 32,
    fields: &[
        Field::number("sa_handler", 0, 8, Kind::Bits),
        Field::number("sa_flags", 8, 4, ActionFlags::KIND),
        Field::new("sa_mask", 12, 16, Form::SignalSet),
    ],
};

/// sys/signal.h
static SIGNAL_INFO: Layout = Layout {
    size: 80,
    fields: &[
        Field::number("si_signo", 0, 4, Kind::Signal),
        Field::number("si_code", 8, 4, Kind::Int),
        Field::number("si_pid", 12, 4, Kind::Int),
        Field::number("si_uid", 16, 4, Kind::Int),
        Field::number("si_status", 20, 4, Kind::Int),
    ],
};

/// sys/_types.h, sys/signal.h
static SIGNAL_STACK: Layout = Layout {
    size: 24,
    fields: &[
        Field::number("ss_sp", 0, 8, Kind::Address),
        Field::number("ss_size", 8, 8, Kind::Ulong),
        Field::number("ss_flags", 16, 4, StackFlags::KIND),
    ],
};

/// sys/signal.h
static SIGNAL_EVENT: Layout = Layout {
    size: 80,
    fields: &[
        Field::number("sigev_notify", 0, 4, Kind::Int),
        Field::number("sigev_signo", 4, 4, Kind::Signal),
        Field::number("sigev_value", 8, 8, Kind::Bits),
    ],
};

/// sys/event.h since FreeBSD 12
static KERNEL_EVENT: Layout = Layout { size: 64, fields: KERNEL_EVENT_FIELDS };

/// sys/event.h before FreeBSD 12: the same without the extension at the end
static KERNEL_EVENT11: Layout = Layout { size: 32, fields: KERNEL_EVENT_FIELDS };

const KERNEL_EVENT_FIELDS: &[Field] = &[
    Field::number("ident", 0, 8, Kind::Ulong),
    Field::number("filter", 8, 2, Filter::KIND),
    Field::number("flags", 10, 2, EventFlags::KIND),
    Field::number("fflags", 12, 4, Kind::Bits),
    Field::number("data", 16, 8, Kind::Long),
    Field::number("udata", 24, 8, Kind::Bits),
];

/// sys/fcntl.h
static FILE_LOCK: Layout = Layout {
    size: 32,
    fields: &[
        Field::number("l_type", 20, 2, LockKind::KIND),
        Field::number("l_whence", 22, 2, Whence::KIND),
        Field::number("l_start", 0, 8, Kind::Long),
        Field::number("l_len", 8, 8, Kind::Long),
        Field::number("l_pid", 16, 4, Kind::Int).only(Direction::Out),
    ],
};

/// sys/_termios.h
static TERMIOS: Layout = Layout {
    size: 44,
    fields: &[
        Field::number("c_iflag", 0, 4, Kind::Bits),
        Field::number("c_oflag", 4, 4, Kind::Bits),
        Field::number("c_cflag", 8, 4, Kind::Bits),
        Field::number("c_lflag", 12, 4, Kind::Bits),
        Field::number("c_ospeed", 40, 4, Kind::Uint),
    ],
};

/// sys/thr.h
static THREAD_PARAMETER: Layout = Layout {
    size: 104,
    fields: &[
        Field::number("start_func", 0, 8, Kind::Address),
        Field::number("arg", 8, 8, Kind::Address),
        Field::number("stack_base", 16, 8, Kind::Address),
        Field::number("stack_size", 24, 8, Kind::Ulong),
        Field::number("tls_base", 32, 8, Kind::Address),
        Field::number("flags", 64, 4, ThreadFlags::KIND),
    ],
};

/// sys/rtprio.h
static REALTIME_PRIORITY: Layout = Layout {
    size: 4,
    fields: &[Field::number("type", 0, 2, Kind::Uint), Field::number("prio", 2, 2, Kind::Uint)],
};

/// sys/fcntl.h, of fspacectl(2)
static FILE_RANGE: Layout = Layout {
    size: 16,
    fields: &[Field::number("r_offset", 0, 8, Kind::Long), Field::number("r_len", 8, 8, Kind::Long)],
};
