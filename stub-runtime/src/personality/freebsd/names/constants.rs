//! FreeBSD's constants that have a name in traces and no counterpart on the host.

use crate::constants;

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
