//! Neutral signal numbers: those of Linux (`signal(7)`, x86-64), and above them those that Linux lacks, named in the
//! `sys/signal.h` of the OSes given with each. Each personality translates them to its own.

pub use crate::generated::signal_capnp::*;

/// First real-time signal.
pub const REALTIME_FIRST: u32 = 32;
/// Last real-time signal.
pub const REALTIME_LAST: u32 = 64;
/// First of those that Linux lacks.
pub const FOREIGN_FIRST: u32 = 65;

macro_rules! signals {
    ($($name:ident = $number:literal, $symbol:literal, $about:literal;)+) => {
        $(
            #[doc = concat!("`", $symbol, "`: ", $about, ".")]
            pub const $name: u32 = $number;
        )+

        /// Its symbol, such as `SIGINT`; none for real-time and unknown ones.
        pub const fn name(signal: u32) -> Option<&'static str> {
            match signal {
                $($number => Some($symbol),)+
                _ => None,
            }
        }
    };
}

signals! {
    HUP = 1, "SIGHUP", "as on Linux";
    INT = 2, "SIGINT", "as on Linux";
    QUIT = 3, "SIGQUIT", "as on Linux";
    ILL = 4, "SIGILL", "as on Linux";
    TRAP = 5, "SIGTRAP", "as on Linux";
    ABRT = 6, "SIGABRT", "as on Linux";
    BUS = 7, "SIGBUS", "as on Linux";
    FPE = 8, "SIGFPE", "as on Linux";
    KILL = 9, "SIGKILL", "as on Linux";
    USR1 = 10, "SIGUSR1", "as on Linux";
    SEGV = 11, "SIGSEGV", "as on Linux";
    USR2 = 12, "SIGUSR2", "as on Linux";
    PIPE = 13, "SIGPIPE", "as on Linux";
    ALRM = 14, "SIGALRM", "as on Linux";
    TERM = 15, "SIGTERM", "as on Linux";
    STKFLT = 16, "SIGSTKFLT", "as on Linux";
    CHLD = 17, "SIGCHLD", "as on Linux";
    CONT = 18, "SIGCONT", "as on Linux";
    STOP = 19, "SIGSTOP", "as on Linux";
    TSTP = 20, "SIGTSTP", "as on Linux";
    TTIN = 21, "SIGTTIN", "as on Linux";
    TTOU = 22, "SIGTTOU", "as on Linux";
    URG = 23, "SIGURG", "as on Linux";
    XCPU = 24, "SIGXCPU", "as on Linux";
    XFSZ = 25, "SIGXFSZ", "as on Linux";
    VTALRM = 26, "SIGVTALRM", "as on Linux";
    PROF = 27, "SIGPROF", "as on Linux";
    WINCH = 28, "SIGWINCH", "as on Linux";
    IO = 29, "SIGIO", "as on Linux";
    PWR = 30, "SIGPWR", "as on Linux";
    SYS = 31, "SIGSYS", "as on Linux";
    EMT = 65, "SIGEMT", "emulator trap (BSD, Solaris)";
    INFO = 66, "SIGINFO", "status request from the terminal (BSD)";
    THR = 67, "SIGTHR", "thread library (FreeBSD, OpenBSD)";
    LIBRT = 68, "SIGLIBRT", "real-time library (FreeBSD)";
    CKPT = 69, "SIGCKPT", "checkpoint (DragonFly)";
    CKPTEXIT = 70, "SIGCKPTEXIT", "checkpoint and end (DragonFly)";
    WAITING = 71, "SIGWAITING", "all threads blocked (Solaris, SCO)";
    LWP = 72, "SIGLWP", "thread library (Solaris, SCO)";
    FREEZE = 73, "SIGFREEZE", "checkpoint freeze (Solaris)";
    THAW = 74, "SIGTHAW", "checkpoint thaw (Solaris)";
    CANCEL = 75, "SIGCANCEL", "thread cancellation (Solaris)";
    LOST = 76, "SIGLOST", "resource lost (Hurd, Solaris)";
    XRES = 77, "SIGXRES", "resource control exceeded (Solaris)";
    JVM1 = 78, "SIGJVM1", "Java virtual machine (Solaris)";
    JVM2 = 79, "SIGJVM2", "Java virtual machine (Solaris)";
}
