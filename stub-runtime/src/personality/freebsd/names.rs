//! What a trace calls FreeBSD's numbers. Those that are translated have their names in [`super::flags`]; here are
//! the rest, and what puts all of them together.

use super::{errno, flags, layouts, signal};
use crate::call::{Argument, DescriptorFlags, Direction, Extent, Kind, OpenFlags, Shape, Structure, Word};
use crate::constants;
use crate::personality::constant::Constant;
use crate::trace::vocabulary::{AddressForm, Error, Ioctl, IoctlCode, MessageForm, Vocabulary};

/// The names and layouts of FreeBSD.
pub static VOCABULARY: Vocabulary = Vocabulary {
    os: "freebsd",
    word,
    layout: layouts::layout,
    signal: signal::name,
    realtime: (signal::REALTIME_FIRST, signal::REALTIME_LAST),
    signal_set: 16,
    continued: signal::number::SIGCONT,
    error: |error| {
        let number = errno::from_host(error);
        Error { number, name: errno::name(number), message: errno::message(number) }
    },
    option,
    creates: flags::O_CREAT,
    fcntl,
    ioctls: IOCTLS,
    ioctl_code: IoctlCode { out: 0x4000_0000, input: 0x8000_0000, size: 0x1fff_0000 },
    sysctl: SYSCTL,
    address: AddressForm { has_length: true, inet6: flags::AF_INET6 as u16 },
    message: MessageForm { count_size: 4, control_length: 40, flags: 44, size: 48 },
};

fn word(word: Word) -> &'static [Constant] {
    match word {
        Word::OpenFlags => flags::OPEN.constants,
        Word::AtFlags => flags::AT.constants,
        Word::AccessMode => flags::ACCESS.constants,
        Word::Whence => flags::WHENCE.constants,
        Word::Protection => flags::PROTECTION.constants,
        Word::MapFlags => flags::MAP.constants,
        Word::SyncFlags => flags::SYNC.constants,
        Word::Advice => flags::ADVICE.constants,
        Word::FileAdvice => flags::FILE_ADVICE.constants,
        Word::LockFlags => flags::LOCK.constants,
        Word::Inheritance => flags::INHERITANCE.constants,
        Word::WaitOptions => flags::WAIT.constants,
        Word::IdKind => flags::ID_KIND.constants,
        Word::MaskHow => flags::MASK_HOW.constants,
        Word::ActionFlags => flags::ACTION.constants,
        Word::StackFlags => flags::STACK.constants,
        Word::MessageFlags => flags::MESSAGE.constants,
        Word::SocketDomain => flags::DOMAIN.constants,
        Word::SocketType => flags::SOCKET_TYPE.constants,
        Word::SocketProtocol => flags::PROTOCOL.constants,
        Word::SocketLevel => flags::LEVEL.constants,
        Word::ShutdownHow => flags::SHUTDOWN.constants,
        Word::FcntlCommand => flags::FCNTL.constants,
        Word::DescriptorFlags => flags::DESCRIPTOR.constants,
        Word::FlockOperation => flags::FLOCK.constants,
        Word::LockKind => flags::LOCK_KIND.constants,
        Word::PollEvents => flags::POLL.constants,
        Word::ClockId => flags::CLOCK.constants,
        Word::TimerFlags => flags::TIMER.constants,
        Word::TimerKind => flags::TIMER_KIND.constants,
        Word::LimitKind => flags::LIMIT.constants,
        Word::UsageWho => flags::USAGE.constants,
        Word::PriorityWhich => flags::PRIORITY.constants,
        Word::SchedulingPolicy => flags::SCHEDULING.constants,
        Word::CreationFlags => flags::CREATION.constants,
        Word::RandomFlags => flags::RANDOM.constants,
        Word::MemoryFileFlags => flags::MEMORY_FILE.constants,
        Word::Seals => flags::SEALS.constants,
        Word::RenameFlags => flags::RENAME.constants,
        Word::WatchMask => flags::WATCH.constants,
        Word::CloseRangeFlags => flags::CLOSE_RANGE.constants,
        Word::Filter => FILTER.constants,
        Word::EventFlags => EVENT.constants,
        Word::UmtxOperation => UMTX.constants,
        Word::ForkFlags => FORK.constants,
        Word::ProcessDescriptorFlags => PROCESS_DESCRIPTOR.constants,
        Word::ThreadFlags => THREAD.constants,
        Word::MachineOperation => MACHINE.constants,
        Word::ProcessControl => PROCESS_CONTROL.constants,
        Word::TraceRequest => TRACE.constants,
        Word::MountFlags => MOUNT.constants,
        Word::UnmountFlags => UNMOUNT.constants,
        Word::AttributeNamespace => ATTRIBUTE_NAMESPACE.constants,
        Word::FileFlags => FILE.constants,
        Word::PathVariable => PATH_VARIABLE.constants,
        Word::JailFlags => JAIL.constants,
        Word::CpuWhich => CPU_WHICH.constants,
        Word::CpuLevel => CPU_LEVEL.constants,
        Word::PriorityFunction => PRIORITY_FUNCTION.constants,
        Word::BarrierCommand => BARRIER.constants,
        Word::FastBlockCommand => FAST_BLOCK.constants,
        Word::SpecialDescriptor => SPECIAL_DESCRIPTOR.constants,
        Word::IpcFlags => IPC_FLAGS.constants,
        Word::IpcCommand => IPC_COMMAND.constants,
        Word::WaitMode => WAIT_MODE.constants,
        // Linux's own.
        Word::RemapFlags
        | Word::EpollOperation
        | Word::EpollEvents
        | Word::EpollFlags
        | Word::FutexOperation
        | Word::CloneFlags
        | Word::AttributeFlags
        | Word::StatxMask
        | Word::AllocateMode
        | Word::SpliceFlags
        | Word::SeccompOperation
        | Word::IoctlRequest => &[],
    }
}

fn option(level: i32, name: i32) -> Option<&'static str> {
    let options = flags::options(level)?.constants;
    options.iter().find(|option| option.value as i32 == name).map(|option| option.name)
}

fn fcntl(command: i32) -> (Kind, Kind) {
    const LOCK: Kind = Kind::Pointer {
        direction: Direction::In,
        shape: Shape::Structure(Structure::FileLock),
        extent: Extent::Fixed(1),
    };
    const LOCK_BACK: Kind = Kind::Pointer {
        direction: Direction::InOut,
        shape: Shape::Structure(Structure::FileLock),
        extent: Extent::Fixed(1),
    };
    match command {
        flags::F_DUPFD | flags::F_DUPFD_CLOEXEC | flags::F_DUP2FD | flags::F_DUP2FD_CLOEXEC => {
            (Kind::Descriptor, Kind::Descriptor)
        }
        flags::F_GETFD => (Kind::Never, DescriptorFlags::KIND),
        flags::F_SETFD => (DescriptorFlags::KIND, Kind::Int),
        flags::F_GETFL => (Kind::Never, OpenFlags::KIND),
        flags::F_SETFL => (OpenFlags::KIND, Kind::Int),
        flags::F_ADD_SEALS => (Kind::Word(Word::Seals), Kind::Int),
        flags::F_GET_SEALS => (Kind::Never, Kind::Word(Word::Seals)),
        flags::F_SETLK | flags::F_SETLKW => (LOCK, Kind::Int),
        flags::F_GETLK => (LOCK_BACK, Kind::Int),
        _ => (Kind::Long, Kind::Int),
    }
}

constants! {
    /// Filters of kevent(2) (sys/event.h).
    pub static FILTER: Values of i16 {
        EVFILT_READ = -1;
        EVFILT_WRITE = -2;
        EVFILT_AIO = -3;
        EVFILT_VNODE = -4;
        EVFILT_PROC = -5;
        EVFILT_SIGNAL = -6;
        EVFILT_TIMER = -7;
        EVFILT_PROCDESC = -8;
        EVFILT_FS = -9;
        EVFILT_LIO = -10;
        EVFILT_USER = -11;
        EVFILT_SENDFILE = -12;
        EVFILT_EMPTY = -13;
        EVFILT_JAIL = -14;
        EVFILT_JAILDESC = -15;
    }

    /// Flags of kevent(2) (sys/event.h).
    pub static EVENT: Flags of u16 {
        EV_ADD = 0x1;
        EV_DELETE = 0x2;
        EV_ENABLE = 0x4;
        EV_DISABLE = 0x8;
        EV_ONESHOT = 0x10;
        EV_CLEAR = 0x20;
        EV_RECEIPT = 0x40;
        EV_DISPATCH = 0x80;
        EV_FORCEONESHOT = 0x100;
        EV_KEEPUDATA = 0x200;
        EV_DROP = 0x1000;
        EV_FLAG1 = 0x2000;
        EV_ERROR = 0x4000;
        EV_EOF = 0x8000;
    }

    /// Operations of _umtx_op(2) (sys/umtx.h).
    pub static UMTX: Values of i32 {
        UMTX_OP_LOCK = 0;
        UMTX_OP_UNLOCK = 1;
        UMTX_OP_WAIT = 2;
        UMTX_OP_WAKE = 3;
        UMTX_OP_MUTEX_TRYLOCK = 4;
        UMTX_OP_MUTEX_LOCK = 5;
        UMTX_OP_MUTEX_UNLOCK = 6;
        UMTX_OP_SET_CEILING = 7;
        UMTX_OP_CV_WAIT = 8;
        UMTX_OP_CV_SIGNAL = 9;
        UMTX_OP_CV_BROADCAST = 10;
        UMTX_OP_WAIT_UINT = 11;
        UMTX_OP_RW_RDLOCK = 12;
        UMTX_OP_RW_WRLOCK = 13;
        UMTX_OP_RW_UNLOCK = 14;
        UMTX_OP_WAIT_UINT_PRIVATE = 15;
        UMTX_OP_WAKE_PRIVATE = 16;
        UMTX_OP_MUTEX_WAIT = 17;
        UMTX_OP_MUTEX_WAKE = 18;
        UMTX_OP_SEM_WAIT = 19;
        UMTX_OP_SEM_WAKE = 20;
        UMTX_OP_NWAKE_PRIVATE = 21;
        UMTX_OP_MUTEX_WAKE2 = 22;
        UMTX_OP_SEM2_WAIT = 23;
        UMTX_OP_SEM2_WAKE = 24;
        UMTX_OP_SHM = 25;
        UMTX_OP_ROBUST_LISTS = 26;
        UMTX_OP_GET_MIN_TIMEOUT = 27;
        UMTX_OP_SET_MIN_TIMEOUT = 28;
    }

    /// Flags of rfork(2) (sys/unistd.h).
    pub static FORK: Flags of u32 {
        RFNAMEG = 0x1;
        RFENVG = 0x2;
        RFFDG = 0x4;
        RFNOTEG = 0x8;
        RFPROC = 0x10;
        RFMEM = 0x20;
        RFNOWAIT = 0x40;
        RFCNAMEG = 0x400;
        RFCENVG = 0x800;
        RFCFDG = 0x1000;
        RFTHREAD = 0x2000;
        RFSIGSHARE = 0x4000;
        RFLINUXTHPN = 0x1_0000;
        RFTSIGZMB = 0x8_0000;
        RFSPAWN = 0x8000_0000;
    }

    /// Flags of pdfork(2) (sys/procdesc.h).
    pub static PROCESS_DESCRIPTOR: Flags of u32 {
        PD_DAEMON = 0x1;
        PD_CLOEXEC = 0x2;
    }

    /// Flags of thr_new(2) (sys/thr.h).
    pub static THREAD: Flags of u32 {
        THR_SUSPENDED = 0x1;
        THR_SYSTEM_SCOPE = 0x2;
        THR_C_RUNTIME = 0x4;
    }

    /// Operations of sysarch(2) (machine/sysarch.h).
    pub static MACHINE: Values of i32 {
        I386_GET_LDT = 0;
        I386_SET_LDT = 1;
        I386_GET_IOPERM = 3;
        I386_SET_IOPERM = 4;
        I386_GET_FSBASE = 7;
        I386_SET_FSBASE = 8;
        I386_GET_GSBASE = 9;
        I386_SET_GSBASE = 10;
        AMD64_GET_FSBASE = 128;
        AMD64_SET_FSBASE = 129;
        AMD64_GET_GSBASE = 130;
        AMD64_SET_GSBASE = 131;
        AMD64_GET_XFPUSTATE = 132;
        AMD64_SET_PKRU = 133;
        AMD64_CLEAR_PKRU = 134;
        AMD64_GET_TLSBASE = 135;
        AMD64_SET_TLSBASE = 136;
    }

    /// Commands of procctl(2) (sys/procctl.h).
    pub static PROCESS_CONTROL: Values of i32 {
        PROC_SPROTECT = 1;
        PROC_REAP_ACQUIRE = 2;
        PROC_REAP_RELEASE = 3;
        PROC_REAP_STATUS = 4;
        PROC_REAP_GETPIDS = 5;
        PROC_REAP_KILL = 6;
        PROC_TRACE_CTL = 7;
        PROC_TRACE_STATUS = 8;
        PROC_TRAPCAP_CTL = 9;
        PROC_TRAPCAP_STATUS = 10;
        PROC_PDEATHSIG_CTL = 11;
        PROC_PDEATHSIG_STATUS = 12;
        PROC_ASLR_CTL = 13;
        PROC_ASLR_STATUS = 14;
        PROC_PROTMAX_CTL = 15;
        PROC_PROTMAX_STATUS = 16;
        PROC_STACKGAP_CTL = 17;
        PROC_STACKGAP_STATUS = 18;
        PROC_NO_NEW_PRIVS_CTL = 19;
        PROC_NO_NEW_PRIVS_STATUS = 20;
        PROC_WXMAP_CTL = 21;
        PROC_WXMAP_STATUS = 22;
        PROC_LOGSIGEXIT_CTL = 23;
        PROC_LOGSIGEXIT_STATUS = 24;
    }

    /// Requests of ptrace(2) (sys/ptrace.h).
    pub static TRACE: Values of i32 {
        PT_TRACE_ME = 0;
        PT_READ_I = 1;
        PT_READ_D = 2;
        PT_WRITE_I = 4;
        PT_WRITE_D = 5;
        PT_CONTINUE = 7;
        PT_KILL = 8;
        PT_STEP = 9;
        PT_ATTACH = 10;
        PT_DETACH = 11;
        PT_IO = 12;
        PT_LWPINFO = 13;
        PT_GETNUMLWPS = 14;
        PT_GETLWPLIST = 15;
        PT_CLEARSTEP = 16;
        PT_SETSTEP = 17;
        PT_SUSPEND = 18;
        PT_RESUME = 19;
        PT_TO_SCE = 20;
        PT_TO_SCX = 21;
        PT_SYSCALL = 22;
        PT_FOLLOW_FORK = 23;
        PT_LWP_EVENTS = 24;
        PT_GET_EVENT_MASK = 25;
        PT_SET_EVENT_MASK = 26;
        PT_GET_SC_ARGS = 27;
        PT_GET_SC_RET = 28;
        PT_COREDUMP = 29;
        PT_GETREGS = 33;
        PT_SETREGS = 34;
        PT_GETFPREGS = 35;
        PT_SETFPREGS = 36;
        PT_GETDBREGS = 37;
        PT_SETDBREGS = 38;
        PT_VM_TIMESTAMP = 40;
        PT_VM_ENTRY = 41;
        PT_GETREGSET = 42;
        PT_SETREGSET = 43;
        PT_SC_REMOTE = 44;
    }

    /// Flags of mount(2) (sys/mount.h).
    pub static MOUNT: Flags of u64 {
        MNT_RDONLY = 0x1;
        MNT_SYNCHRONOUS = 0x2;
        MNT_NOEXEC = 0x4;
        MNT_NOSUID = 0x8;
        MNT_UNION = 0x20;
        MNT_ASYNC = 0x40;
        MNT_UPDATE = 0x1_0000;
        MNT_RELOAD = 0x4_0000;
        MNT_FORCE = 0x8_0000;
        MNT_NOSYMFOLLOW = 0x40_0000;
        MNT_SNAPSHOT = 0x100_0000;
        MNT_NOATIME = 0x1000_0000;
        MNT_NOCLUSTERR = 0x4000_0000;
        MNT_NOCLUSTERW = 0x8000_0000;
        MNT_NOCOVER = 0x10_0000_0000;
        MNT_EMPTYDIR = 0x20_0000_0000;
    }

    /// Flags of unmount(2) (sys/mount.h), which are some of those of mount(2) with two of its own.
    pub static UNMOUNT: Flags of u32 {
        MNT_BYFSID = 0x800_0000;
        MNT_NONBUSY = 0x400_0000;
    }

    /// How long getfsstat(2) waits for news (sys/mount.h).
    pub static WAIT_MODE: Values of i32 {
        MNT_WAIT = 1;
        MNT_NOWAIT = 2;
        MNT_LAZY = 3;
        MNT_SUSPEND = 4;
    }

    /// Name spaces of extattr_get_file(2) (sys/extattr.h).
    pub static ATTRIBUTE_NAMESPACE: Values of i32 {
        EXTATTR_NAMESPACE_USER = 1;
        EXTATTR_NAMESPACE_SYSTEM = 2;
    }

    /// Flags of chflags(2) (sys/stat.h).
    pub static FILE: Flags of u64 {
        UF_NODUMP = 0x1;
        UF_IMMUTABLE = 0x2;
        UF_APPEND = 0x4;
        UF_OPAQUE = 0x8;
        UF_NOUNLINK = 0x10;
        UF_SYSTEM = 0x80;
        UF_SPARSE = 0x100;
        UF_OFFLINE = 0x200;
        UF_REPARSE = 0x400;
        UF_ARCHIVE = 0x800;
        UF_READONLY = 0x1000;
        UF_HIDDEN = 0x8000;
        SF_ARCHIVED = 0x1_0000;
        SF_IMMUTABLE = 0x2_0000;
        SF_APPEND = 0x4_0000;
        SF_NOUNLINK = 0x10_0000;
        SF_SNAPSHOT = 0x20_0000;
    }

    /// Variables of pathconf(2) (sys/unistd.h).
    pub static PATH_VARIABLE: Values of i32 {
        _PC_LINK_MAX = 1;
        _PC_MAX_CANON = 2;
        _PC_MAX_INPUT = 3;
        _PC_NAME_MAX = 4;
        _PC_PATH_MAX = 5;
        _PC_PIPE_BUF = 6;
        _PC_CHOWN_RESTRICTED = 7;
        _PC_NO_TRUNC = 8;
        _PC_VDISABLE = 9;
        _PC_ALLOC_SIZE_MIN = 10;
        _PC_FILESIZEBITS = 12;
        _PC_REC_INCR_XFER_SIZE = 14;
        _PC_REC_MAX_XFER_SIZE = 15;
        _PC_REC_MIN_XFER_SIZE = 16;
        _PC_REC_XFER_ALIGN = 17;
        _PC_SYMLINK_MAX = 18;
        _PC_MIN_HOLE_SIZE = 21;
        _PC_ASYNC_IO = 53;
        _PC_PRIO_IO = 54;
        _PC_SYNC_IO = 55;
        _PC_ACL_EXTENDED = 59;
        _PC_ACL_PATH_MAX = 60;
        _PC_CAP_PRESENT = 61;
        _PC_INF_PRESENT = 62;
        _PC_MAC_PRESENT = 63;
        _PC_ACL_NFS4 = 64;
    }

    /// Flags of jail_set(2) (sys/jail.h).
    pub static JAIL: Flags of u32 {
        JAIL_CREATE = 0x1;
        JAIL_UPDATE = 0x2;
        JAIL_ATTACH = 0x4;
        JAIL_DYING = 0x8;
        JAIL_USE_DESC = 0x10;
        JAIL_AT_DESC = 0x20;
        JAIL_GET_DESC = 0x40;
        JAIL_OWN_DESC = 0x80;
    }

    /// Whose processors cpuset(2) means (sys/cpuset.h).
    pub static CPU_WHICH: Values of i32 {
        CPU_WHICH_TID = 1;
        CPU_WHICH_PID = 2;
        CPU_WHICH_CPUSET = 3;
        CPU_WHICH_IRQ = 4;
        CPU_WHICH_JAIL = 5;
        CPU_WHICH_DOMAIN = 6;
        CPU_WHICH_INTRHANDLER = 7;
        CPU_WHICH_ITHREAD = 8;
        CPU_WHICH_TIDPID = 9;
    }

    /// Which of their sets (sys/cpuset.h).
    pub static CPU_LEVEL: Values of i32 {
        CPU_LEVEL_ROOT = 1;
        CPU_LEVEL_CPUSET = 2;
        CPU_LEVEL_WHICH = 3;
    }

    /// Functions of rtprio(2) (sys/rtprio.h).
    pub static PRIORITY_FUNCTION: Values of i32 {
        RTP_LOOKUP = 0;
        RTP_SET = 1;
    }

    /// Commands of membarrier(2) (sys/membarrier.h).
    pub static BARRIER: Values of i32 {
        MEMBARRIER_CMD_QUERY = 0x0;
        MEMBARRIER_CMD_GLOBAL = 0x1;
        MEMBARRIER_CMD_GLOBAL_EXPEDITED = 0x2;
        MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 0x4;
        MEMBARRIER_CMD_PRIVATE_EXPEDITED = 0x8;
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 0x10;
        MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 0x20;
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 0x40;
    }

    /// Commands of sigfastblock(2) (sys/signalvar.h).
    pub static FAST_BLOCK: Values of i32 {
        SIGFASTBLOCK_SETPTR = 1;
        SIGFASTBLOCK_UNBLOCK = 2;
        SIGFASTBLOCK_UNSETPTR = 3;
    }

    /// Kinds of __specialfd(2) (sys/specialfd.h).
    pub static SPECIAL_DESCRIPTOR: Values of i32 {
        SPECIALFD_EVENTFD = 1;
        SPECIALFD_INOTIFY = 2;
    }

    /// Flags of System V IPC (sys/ipc.h); the rest are permissions.
    pub static IPC_FLAGS: Flags of u32 {
        IPC_CREAT = 0o1000;
        IPC_EXCL = 0o2000;
        IPC_NOWAIT = 0o4000;
    }

    /// Commands of System V IPC (sys/ipc.h, sys/sem.h, sys/shm.h).
    pub static IPC_COMMAND: Values of i32 {
        IPC_RMID = 0;
        IPC_SET = 1;
        IPC_STAT = 2;
        GETNCNT = 3;
        GETPID = 4;
        GETVAL = 5;
        GETALL = 6;
        GETZCNT = 7;
        SETVAL = 8;
        SETALL = 9;
        SEM_STAT = 10;
        SHM_LOCK = 11;
        SHM_UNLOCK = 12;
    }
}

const INT: Shape = Shape::Scalar(&Kind::Int, 4);
const TERMIOS: Shape = Shape::Structure(Structure::Termios);
const WINDOW: Shape = Shape::Structure(Structure::WindowSize);

/// Requests of ioctl(2): sys/ttycom.h, sys/filio.h, sys/sockio.h, net/bpf.h, net/if_tun.h.
static IOCTLS: &[Ioctl] = &[
    Ioctl::new(0x402c_7413, "TIOCGETA", Direction::Out, TERMIOS),
    Ioctl::new(0x802c_7414, "TIOCSETA", Direction::In, TERMIOS),
    Ioctl::new(0x802c_7415, "TIOCSETAW", Direction::In, TERMIOS),
    Ioctl::new(0x802c_7416, "TIOCSETAF", Direction::In, TERMIOS),
    Ioctl::new(0x4008_7468, "TIOCGWINSZ", Direction::Out, WINDOW),
    Ioctl::new(0x8008_7467, "TIOCSWINSZ", Direction::In, WINDOW),
    Ioctl::new(0x4004_7477, "TIOCGPGRP", Direction::Out, INT),
    Ioctl::new(0x8004_7476, "TIOCSPGRP", Direction::In, INT),
    Ioctl::new(0x4004_7463, "TIOCGSID", Direction::Out, INT),
    Ioctl::plain(0x2000_7461, "TIOCSCTTY"),
    Ioctl::plain(0x2000_7471, "TIOCNOTTY"),
    Ioctl::plain(0x2000_740d, "TIOCEXCL"),
    Ioctl::plain(0x2000_740e, "TIOCNXCL"),
    Ioctl::plain(0x2000_745e, "TIOCDRAIN"),
    Ioctl::plain(0x2000_746f, "TIOCSTOP"),
    Ioctl::plain(0x2000_746e, "TIOCSTART"),
    Ioctl::plain(0x2000_747b, "TIOCSBRK"),
    Ioctl::plain(0x2000_747a, "TIOCCBRK"),
    Ioctl::plain(0x2000_741c, "TIOCPTMASTER"),
    Ioctl::new(0x8004_7410, "TIOCFLUSH", Direction::In, INT),
    Ioctl::new(0x4004_7473, "TIOCOUTQ", Direction::Out, INT),
    Ioctl::new(0x4004_740f, "TIOCGPTN", Direction::Out, INT),
    Ioctl::new(0x4004_741a, "TIOCGETD", Direction::Out, INT),
    Ioctl::plain(0x2000_6601, "FIOCLEX"),
    Ioctl::plain(0x2000_6602, "FIONCLEX"),
    Ioctl::new(0x4004_667f, "FIONREAD", Direction::Out, INT),
    Ioctl::new(0x8004_667e, "FIONBIO", Direction::In, INT),
    Ioctl::new(0x8004_667d, "FIOASYNC", Direction::In, INT),
    Ioctl::new(0x8004_667c, "FIOSETOWN", Direction::In, INT),
    Ioctl::new(0x4004_667b, "FIOGETOWN", Direction::Out, INT),
    Ioctl::new(0x4004_667a, "FIODTYPE", Direction::Out, INT),
    Ioctl::new(0x8010_6678, "FIODGNAME", Direction::In, Shape::Opaque),
    Ioctl::new(0xc010_6924, "SIOCGIFCONF", Direction::InOut, Shape::Opaque),
    Ioctl::new(0xc020_6911, "SIOCGIFFLAGS", Direction::InOut, Shape::Opaque),
    Ioctl::new(0x8020_6910, "SIOCSIFFLAGS", Direction::In, Shape::Opaque),
    Ioctl::new(0xc020_6921, "SIOCGIFADDR", Direction::InOut, Shape::Opaque),
    Ioctl::new(0x8020_690c, "SIOCSIFADDR", Direction::In, Shape::Opaque),
    Ioctl::new(0xc020_6933, "SIOCGIFMTU", Direction::InOut, Shape::Opaque),
    Ioctl::new(0x8020_6934, "SIOCSIFMTU", Direction::In, Shape::Opaque),
    Ioctl::new(0xc020_697a, "SIOCIFCREATE", Direction::InOut, Shape::Opaque),
    Ioctl::new(0x8020_6979, "SIOCIFDESTROY", Direction::In, Shape::Opaque),
    Ioctl::new(0x4004_4266, "BIOCGBLEN", Direction::Out, INT),
    Ioctl::new(0xc004_4266, "BIOCSBLEN", Direction::InOut, INT),
    Ioctl::new(0x8010_4267, "BIOCSETF", Direction::In, Shape::Opaque),
    Ioctl::plain(0x2000_4268, "BIOCFLUSH"),
    Ioctl::plain(0x2000_4269, "BIOCPROMISC"),
    Ioctl::new(0x4004_426a, "BIOCGDLT", Direction::Out, INT),
    Ioctl::new(0x4020_426b, "BIOCGETIF", Direction::Out, Shape::Opaque),
    Ioctl::new(0x8020_426c, "BIOCSETIF", Direction::In, Shape::Opaque),
    Ioctl::new(0x8010_426d, "BIOCSRTIMEOUT", Direction::In, Shape::Structure(Structure::Timeval)),
    Ioctl::new(0x4010_426e, "BIOCGRTIMEOUT", Direction::Out, Shape::Structure(Structure::Timeval)),
    Ioctl::new(0x4008_426f, "BIOCGSTATS", Direction::Out, Shape::Opaque),
    Ioctl::new(0x8004_4270, "BIOCIMMEDIATE", Direction::In, INT),
    Ioctl::new(0x4004_4271, "BIOCVERSION", Direction::Out, Shape::Opaque),
    Ioctl::new(0x4004_4274, "BIOCGHDRCMPLT", Direction::Out, INT),
    Ioctl::new(0x8004_4275, "BIOCSHDRCMPLT", Direction::In, INT),
    Ioctl::new(0x4004_4276, "BIOCGDIRECTION", Direction::Out, INT),
    Ioctl::new(0x8004_4277, "BIOCSDIRECTION", Direction::In, INT),
    Ioctl::new(0x8004_4278, "BIOCSDLT", Direction::In, INT),
    Ioctl::new(0xc010_4279, "BIOCGDLTLIST", Direction::InOut, Shape::Opaque),
    Ioctl::plain(0x2000_427a, "BIOCLOCK"),
    Ioctl::new(0x8010_427b, "BIOCSETWF", Direction::In, Shape::Opaque),
    Ioctl::new(0x8004_745e, "TUNSIFMODE", Direction::In, INT),
    Ioctl::new(0x8004_7460, "TUNSIFHEAD", Direction::In, INT),
    Ioctl::new(0x4004_7461, "TUNGIFHEAD", Direction::Out, INT),
    Ioctl::plain(0x2000_745f, "TUNSIFPID"),
];

/// Names of sysctl(3) by their numbers (sys/sysctl.h).
static SYSCTL: &[(&[i32], &str)] = &[
    (&[0], "sysctl"),
    (&[0, 1], "sysctl.name"),
    (&[0, 2], "sysctl.next"),
    (&[0, 3], "sysctl.name2oid"),
    (&[0, 4], "sysctl.oidfmt"),
    (&[0, 5], "sysctl.oiddescr"),
    (&[0, 6], "sysctl.oidlabel"),
    (&[0, 7], "sysctl.nextnoskip"),
    (&[1], "kern"),
    (&[1, 1], "kern.ostype"),
    (&[1, 2], "kern.osrelease"),
    (&[1, 3], "kern.osrevision"),
    (&[1, 4], "kern.version"),
    (&[1, 5], "kern.maxvnodes"),
    (&[1, 6], "kern.maxproc"),
    (&[1, 7], "kern.maxfiles"),
    (&[1, 8], "kern.argmax"),
    (&[1, 9], "kern.securelevel"),
    (&[1, 10], "kern.hostname"),
    (&[1, 11], "kern.hostid"),
    (&[1, 12], "kern.clockrate"),
    (&[1, 14], "kern.proc"),
    (&[1, 14, 0], "kern.proc.all"),
    (&[1, 14, 1], "kern.proc.pid"),
    (&[1, 14, 2], "kern.proc.pgrp"),
    (&[1, 14, 3], "kern.proc.session"),
    (&[1, 14, 4], "kern.proc.tty"),
    (&[1, 14, 5], "kern.proc.uid"),
    (&[1, 14, 6], "kern.proc.ruid"),
    (&[1, 14, 7], "kern.proc.args"),
    (&[1, 14, 8], "kern.proc.proc"),
    (&[1, 14, 9], "kern.proc.sv_name"),
    (&[1, 14, 12], "kern.proc.pathname"),
    (&[1, 14, 32], "kern.proc.vmmap"),
    (&[1, 14, 33], "kern.proc.filedesc"),
    (&[1, 14, 34], "kern.proc.groups"),
    (&[1, 14, 35], "kern.proc.env"),
    (&[1, 14, 36], "kern.proc.auxv"),
    (&[1, 14, 37], "kern.proc.rlimit"),
    (&[1, 14, 38], "kern.proc.ps_strings"),
    (&[1, 14, 39], "kern.proc.umask"),
    (&[1, 14, 40], "kern.proc.osrel"),
    (&[1, 14, 41], "kern.proc.sigtramp"),
    (&[1, 14, 42], "kern.proc.cwd"),
    (&[1, 14, 43], "kern.proc.nfds"),
    (&[1, 15], "kern.file"),
    (&[1, 18], "kern.ngroups"),
    (&[1, 21], "kern.boottime"),
    (&[1, 22], "kern.domainname"),
    (&[1, 24], "kern.osreldate"),
    (&[1, 27], "kern.maxfilesperproc"),
    (&[1, 28], "kern.maxprocperuid"),
    (&[1, 30], "kern.ipc"),
    (&[1, 32], "kern.ps_strings"),
    (&[1, 33], "kern.usrstack"),
    (&[1, 35], "kern.iov_max"),
    (&[1, 36], "kern.hostuuid"),
    (&[1, 37], "kern.arandom"),
    (&[2], "vm"),
    (&[2, 1], "vm.vmtotal"),
    (&[2, 2], "vm.loadavg"),
    (&[3], "vfs"),
    (&[4], "net"),
    (&[4, 17], "net.route"),
    (&[5], "debug"),
    (&[6], "hw"),
    (&[6, 1], "hw.machine"),
    (&[6, 2], "hw.model"),
    (&[6, 3], "hw.ncpu"),
    (&[6, 4], "hw.byteorder"),
    (&[6, 5], "hw.physmem"),
    (&[6, 6], "hw.usermem"),
    (&[6, 7], "hw.pagesize"),
    (&[6, 10], "hw.floatingpoint"),
    (&[6, 11], "hw.machine_arch"),
    (&[6, 12], "hw.realmem"),
    (&[7], "machdep"),
    (&[8], "user"),
    (&[9], "p1003_1b"),
];
