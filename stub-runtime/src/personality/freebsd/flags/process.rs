//! Processes, signals and time: sys/wait.h, sys/signal.h, sys/resource.h, sys/time.h, sys/sched.h, sys/_clock_id.h.

use linux_raw_sys::general as abi;

use crate::constants;

/// The host's signal mask operations and stack flags have no names in its headers' Rust form.
mod host {
    pub const SIG_BLOCK: i32 = 0;
    pub const SIG_UNBLOCK: i32 = 1;
    pub const SIG_SETMASK: i32 = 2;
}

constants! {
    /// Options of wait4(2) and wait6(2).
    pub static WAIT: Flags of u32 {
        WNOHANG = 0x1 => abi::WNOHANG;
        WUNTRACED = 0x2 => abi::WUNTRACED;
        WCONTINUED = 0x4 => abi::WCONTINUED;
        WNOWAIT = 0x8 => abi::WNOWAIT;
        WEXITED = 0x10 => abi::WEXITED;
        // A traced child's stop is reported by the host whatever is asked.
        WTRAPPED = 0x20 => 0;
        // Children made by the Linux emulation of FreeBSD.
        WLINUXCLONE = 0x8000_0000;
    }

    /// Whom wait6(2) and procctl(2) mean.
    pub static ID_KIND: Values of i32 {
        P_PID = 0 => abi::P_PID;
        P_PPID = 1;
        P_PGID = 2 => abi::P_PGID;
        P_SID = 3;
        P_CID = 4;
        P_UID = 5;
        P_GID = 6;
        P_ALL = 7 => abi::P_ALL;
        P_LWPID = 8;
        P_TASKID = 9;
        P_PROJID = 10;
        P_POOLID = 11;
        P_JAILID = 12;
        P_CTID = 13;
        P_CPUID = 14;
        P_PSETID = 15;
    }

    /// What sigprocmask(2) does with a set.
    pub static MASK_HOW: Values of i32 {
        SIG_BLOCK = 1 => host::SIG_BLOCK;
        SIG_UNBLOCK = 2 => host::SIG_UNBLOCK;
        SIG_SETMASK = 3 => host::SIG_SETMASK;
    }

    /// Flags of sigaction(2).
    pub static ACTION: Flags of u32 {
        SA_ONSTACK = 0x1 => abi::SA_ONSTACK;
        SA_RESTART = 0x2 => abi::SA_RESTART;
        SA_RESETHAND = 0x4 => abi::SA_RESETHAND;
        SA_NOCLDSTOP = 0x8 => abi::SA_NOCLDSTOP;
        SA_NODEFER = 0x10 => abi::SA_NODEFER;
        SA_NOCLDWAIT = 0x20 => abi::SA_NOCLDWAIT;
        SA_SIGINFO = 0x40 => abi::SA_SIGINFO;
    }

    /// Flags of sigaltstack(2).
    pub static STACK: Flags of u32 {
        SS_ONSTACK = 0x1 => abi::SS_ONSTACK;
        SS_DISABLE = 0x4 => abi::SS_DISABLE;
    }

    /// Clocks. The precise and the fast ones differ in the reading of the hardware only.
    pub static CLOCK: Values of i32 {
        CLOCK_REALTIME = 0 => abi::CLOCK_REALTIME;
        // Time spent in user mode only, and that together with system time for a process.
        CLOCK_VIRTUAL = 1;
        CLOCK_PROF = 2;
        CLOCK_MONOTONIC = 4 => abi::CLOCK_MONOTONIC;
        CLOCK_UPTIME = 5 => abi::CLOCK_MONOTONIC;
        CLOCK_UPTIME_PRECISE = 7 => abi::CLOCK_MONOTONIC;
        CLOCK_UPTIME_FAST = 8 => abi::CLOCK_MONOTONIC_COARSE;
        CLOCK_REALTIME_PRECISE = 9 => abi::CLOCK_REALTIME;
        CLOCK_REALTIME_FAST = 10 => abi::CLOCK_REALTIME_COARSE;
        CLOCK_MONOTONIC_PRECISE = 11 => abi::CLOCK_MONOTONIC;
        CLOCK_MONOTONIC_FAST = 12 => abi::CLOCK_MONOTONIC_COARSE;
        CLOCK_SECOND = 13 => abi::CLOCK_REALTIME_COARSE;
        CLOCK_THREAD_CPUTIME_ID = 14 => abi::CLOCK_THREAD_CPUTIME_ID;
        CLOCK_PROCESS_CPUTIME_ID = 15 => abi::CLOCK_PROCESS_CPUTIME_ID;
        CLOCK_TAI = 16 => abi::CLOCK_TAI;
    }

    /// Flags of timers.
    pub static TIMER: Flags of u32 {
        TIMER_ABSTIME = 0x1 => abi::TIMER_ABSTIME;
        TFD_TIMER_CANCEL_ON_SET = 0x2 => abi::TFD_TIMER_CANCEL_ON_SET;
    }

    /// Interval timers.
    pub static TIMER_KIND: Values of i32 {
        ITIMER_REAL = 0 => abi::ITIMER_REAL;
        ITIMER_VIRTUAL = 1 => abi::ITIMER_VIRTUAL;
        ITIMER_PROF = 2 => abi::ITIMER_PROF;
    }

    /// Limits. FreeBSD's `RLIM_INFINITY` is 2⁶³−1, the host's 2⁶⁴−1.
    pub static LIMIT: Values of i32 {
        RLIMIT_CPU = 0 => abi::RLIMIT_CPU;
        RLIMIT_FSIZE = 1 => abi::RLIMIT_FSIZE;
        RLIMIT_DATA = 2 => abi::RLIMIT_DATA;
        RLIMIT_STACK = 3 => abi::RLIMIT_STACK;
        RLIMIT_CORE = 4 => abi::RLIMIT_CORE;
        RLIMIT_RSS = 5 => abi::RLIMIT_RSS;
        RLIMIT_MEMLOCK = 6 => abi::RLIMIT_MEMLOCK;
        RLIMIT_NPROC = 7 => abi::RLIMIT_NPROC;
        RLIMIT_NOFILE = 8 => abi::RLIMIT_NOFILE;
        RLIMIT_SBSIZE = 9;
        RLIMIT_VMEM = 10 => abi::RLIMIT_AS;
        RLIMIT_NPTS = 11;
        RLIMIT_SWAP = 12;
        RLIMIT_KQUEUES = 13;
        RLIMIT_UMTXP = 14;
        RLIMIT_PIPEBUF = 15;
        RLIMIT_VMM = 16;
    }

    /// Whose resources getrusage(2) tells.
    pub static USAGE: Values of i32 {
        RUSAGE_SELF = 0 => abi::RUSAGE_SELF;
        RUSAGE_CHILDREN = -1 => abi::RUSAGE_CHILDREN;
        RUSAGE_THREAD = 1 => abi::RUSAGE_THREAD;
    }

    /// Whose priority is meant.
    pub static PRIORITY: Values of i32 {
        PRIO_PROCESS = 0 => abi::PRIO_PROCESS;
        PRIO_PGRP = 1 => abi::PRIO_PGRP;
        PRIO_USER = 2 => abi::PRIO_USER;
    }

    /// Scheduling policies.
    pub static SCHEDULING: Values of i32 {
        SCHED_FIFO = 1 => abi::SCHED_FIFO;
        SCHED_OTHER = 2 => abi::SCHED_NORMAL;
        SCHED_RR = 3 => abi::SCHED_RR;
    }
}
