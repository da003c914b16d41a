//! Linux's structures on x86-64 as a trace shows them: where the fields are that say something to a reader.

use crate::call::{ActionFlags, EpollEvents, LockKind, OpenFlags, StackFlags, StatxMask, Whence};
use crate::call::{Argument, Direction, Kind, Structure, Word};
use crate::personality::layouts::{self, SECONDS};
use crate::trace::vocabulary::{Field, Form, Layout};

/// The layout of a structure.
pub fn layout(structure: Structure) -> Option<&'static Layout> {
    Some(match structure {
        Structure::Stat => &STAT,
        Structure::Statfs => &STATFS,
        Structure::Statx => &STATX,
        Structure::Rlimit => &RLIMIT,
        Structure::MultipleMessageHeader => &MULTIPLE_MESSAGE_HEADER,
        Structure::SignalAction => &SIGNAL_ACTION,
        Structure::SignalInfo => &SIGNAL_INFO,
        Structure::SignalStack => &SIGNAL_STACK,
        Structure::SignalEvent => &SIGNAL_EVENT,
        Structure::EpollEvent => &EPOLL_EVENT,
        Structure::FileLock => &FILE_LOCK,
        Structure::Termios => &TERMIOS,
        Structure::CloneArguments => &CLONE_ARGUMENTS,
        Structure::OpenHow => &OPEN_HOW,
        Structure::SystemName => &SYSTEM_NAME,
        Structure::SystemInformation => &SYSTEM_INFORMATION,
        Structure::FileTimes => &FILE_TIMES,
        other => return layouts::layout(other),
    })
}

/// `RLIM_INFINITY` (sys/resource.h)
const LIMIT: Form = Form::Limit(u64::MAX);

/// asm/stat.h
static STAT: Layout = Layout {
    size: 144,
    fields: &[
        Field::number("st_dev", 0, 8, Kind::Device),
        Field::number("st_ino", 8, 8, Kind::Ulong),
        Field::number("st_mode", 24, 4, Kind::Mode),
        Field::number("st_nlink", 16, 8, Kind::Ulong),
        Field::number("st_uid", 28, 4, Kind::Int),
        Field::number("st_gid", 32, 4, Kind::Int),
        Field::number("st_size", 48, 8, Kind::Long),
        Field::new("st_mtim", 88, 16, SECONDS),
    ],
};

/// asm/statfs.h
static STATFS: Layout = Layout {
    size: 120,
    fields: &[
        Field::number("f_type", 0, 8, Kind::Bits),
        Field::number("f_bsize", 8, 8, Kind::Ulong),
        Field::number("f_blocks", 16, 8, Kind::Ulong),
        Field::number("f_bfree", 24, 8, Kind::Ulong),
        Field::number("f_namelen", 64, 8, Kind::Ulong),
    ],
};

/// linux/stat.h
static STATX: Layout = Layout {
    size: 256,
    fields: &[
        Field::number("stx_mask", 0, 4, StatxMask::KIND),
        Field::number("stx_ino", 32, 8, Kind::Ulong),
        Field::number("stx_mode", 28, 2, Kind::Mode),
        Field::number("stx_nlink", 16, 4, Kind::Uint),
        Field::number("stx_uid", 20, 4, Kind::Int),
        Field::number("stx_gid", 24, 4, Kind::Int),
        Field::number("stx_size", 40, 8, Kind::Ulong),
    ],
};

/// linux/resource.h
static RLIMIT: Layout =
    Layout { size: 16, fields: &[Field::new("rlim_cur", 0, 8, LIMIT), Field::new("rlim_max", 8, 8, LIMIT)] };

/// linux/socket.h: the part after the message header
static MULTIPLE_MESSAGE_HEADER: Layout = Layout {
    size: 64,
    fields: &[
        Field::number("msg_iovlen", 24, 8, Kind::Ulong).only(Direction::In),
        Field::number("msg_len", 56, 4, Kind::Uint).only(Direction::Out),
    ],
};

/// asm/signal.h, as the kernel takes it
static SIGNAL_ACTION: Layout = Layout {
    size: 32,
    fields: &[
        Field::number("sa_handler", 0, 8, Kind::Bits),
        Field::number("sa_flags", 8, 4, ActionFlags::KIND),
        Field::new("sa_mask", 24, 8, Form::SignalSet),
    ],
};

/// asm-generic/siginfo.h
static SIGNAL_INFO: Layout = Layout {
    size: 128,
    fields: &[
        Field::number("si_signo", 0, 4, Kind::Signal),
        Field::number("si_code", 8, 4, Kind::Int),
        Field::number("si_pid", 16, 4, Kind::Int),
        Field::number("si_uid", 20, 4, Kind::Int),
        Field::number("si_status", 24, 4, Kind::Int),
    ],
};

/// asm-generic/signal.h
static SIGNAL_STACK: Layout = Layout {
    size: 24,
    fields: &[
        Field::number("ss_sp", 0, 8, Kind::Address),
        Field::number("ss_flags", 8, 4, StackFlags::KIND),
        Field::number("ss_size", 16, 8, Kind::Ulong),
    ],
};

/// asm-generic/siginfo.h
static SIGNAL_EVENT: Layout = Layout {
    size: 64,
    fields: &[
        Field::number("sigev_value", 0, 8, Kind::Bits),
        Field::number("sigev_signo", 8, 4, Kind::Signal),
        Field::number("sigev_notify", 12, 4, Kind::Int),
    ],
};

/// linux/eventpoll.h, packed on x86-64
static EPOLL_EVENT: Layout = Layout {
    size: 12,
    fields: &[Field::number("events", 0, 4, EpollEvents::KIND), Field::number("data", 4, 8, Kind::Bits)],
};

/// asm-generic/fcntl.h
static FILE_LOCK: Layout = Layout {
    size: 32,
    fields: &[
        Field::number("l_type", 0, 2, LockKind::KIND),
        Field::number("l_whence", 2, 2, Whence::KIND),
        Field::number("l_start", 8, 8, Kind::Long),
        Field::number("l_len", 16, 8, Kind::Long),
        Field::number("l_pid", 24, 4, Kind::Int).only(Direction::Out),
    ],
};

/// asm-generic/termbits.h
static TERMIOS: Layout = Layout {
    size: 36,
    fields: &[
        Field::number("c_iflag", 0, 4, Kind::Bits),
        Field::number("c_oflag", 4, 4, Kind::Bits),
        Field::number("c_cflag", 8, 4, Kind::Bits),
        Field::number("c_lflag", 12, 4, Kind::Bits),
    ],
};

/// linux/sched.h
static CLONE_ARGUMENTS: Layout = Layout {
    size: 64,
    fields: &[
        Field::number("flags", 0, 8, Kind::Word(Word::CloneFlags)),
        Field::number("exit_signal", 32, 4, Kind::Signal),
        Field::number("stack", 40, 8, Kind::Address),
        Field::number("stack_size", 48, 8, Kind::Ulong),
        Field::number("tls", 56, 8, Kind::Address),
    ],
};

/// linux/openat2.h
static OPEN_HOW: Layout = Layout {
    size: 24,
    fields: &[
        Field::number("flags", 0, 4, OpenFlags::KIND),
        Field::number("mode", 8, 4, Kind::Mode),
        Field::number("resolve", 16, 8, Kind::Bits),
    ],
};

/// linux/utsname.h
static SYSTEM_NAME: Layout = Layout {
    size: 390,
    fields: &[
        Field::new("sysname", 0, 65, Form::Text),
        Field::new("nodename", 65, 65, Form::Text),
        Field::new("release", 130, 65, Form::Text),
        Field::new("machine", 260, 65, Form::Text),
    ],
};

/// linux/sysinfo.h
static SYSTEM_INFORMATION: Layout = Layout {
    size: 112,
    fields: &[
        Field::number("uptime", 0, 8, Kind::Long),
        Field::number("totalram", 32, 8, Kind::Ulong),
        Field::number("freeram", 40, 8, Kind::Ulong),
        Field::number("procs", 80, 2, Kind::Uint),
    ],
};

/// linux/utime.h
static FILE_TIMES: Layout = Layout {
    size: 16,
    fields: &[Field::number("actime", 0, 8, Kind::Long), Field::number("modtime", 8, 8, Kind::Long)],
};
