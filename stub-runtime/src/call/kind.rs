//! How a raw value is to be read: what the type of an argument says about it, as data for the trace.

/// How to read one raw value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed 32-bit number.
    Int,
    /// An unsigned 32-bit number.
    Uint,
    /// A signed 64-bit number.
    Long,
    /// An unsigned 64-bit number.
    Ulong,
    /// A number of which the bits matter, printed in hexadecimal.
    Bits,
    /// File permissions, printed in octal.
    Mode,
    /// A device number.
    Device,
    /// A file descriptor.
    Descriptor,
    /// A directory's descriptor, or the OS's AT_FDCWD.
    Directory,
    /// The number of a signal in that OS.
    Signal,
    /// What `wait4` stores.
    WaitStatus,
    /// A number whose values or bits have names in that OS.
    Word(Word),
    /// The third argument of `fcntl`; what it is depends on the command before it.
    FcntlArgument,
    /// The third argument of `ioctl`; what it is depends on the request before it.
    IoctlArgument,
    /// The name of a socket option; what it means depends on the level before it.
    SocketOption,
    /// An address that is not looked behind.
    Address,
    /// A NUL-terminated path.
    Path,
    /// A NUL-terminated string that is no path.
    String,
    /// A NULL-terminated array of strings.
    Strings,
    /// An address of something that the call reads, writes or both.
    Pointer {
        /// Which of these.
        direction: Direction,
        /// What lies there.
        shape: Shape,
        /// How much of it.
        extent: Extent,
    },
    /// The call does not come back.
    Never,
}

/// Which way data behind a pointer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The call reads it.
    In,
    /// The call writes it.
    Out,
    /// The call reads it, then writes it.
    InOut,
}

/// How many elements (bytes for raw data) lie behind a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This many.
    Fixed(u8),
    /// As many as that argument says (counted from 0), by its value or, when it is a pointer, by the value
    /// behind it.
    Argument(u8),
}

/// What lies behind a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Raw bytes.
    Bytes,
    /// Text of at most that length, up to its NUL.
    Text,
    /// Numbers of one kind and this many bytes each.
    Scalar(&'static Kind, u8),
    /// A structure of that OS.
    Structure(Structure),
    /// A socket address.
    SocketAddress,
    /// A set of signals in the width of that OS.
    SignalSet,
    /// The bit set of `select`.
    DescriptorSet,
    /// The numbers that name a value of `sysctl`.
    SysctlName,
    /// Something that a trace has no use for; only the address is shown.
    Opaque,
}

macro_rules! structures {
    ($($(#[$documentation:meta])* $name:ident),* $(,)?) => {
        /// The structures that a personality has a layout for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Structure {
            $($(#[$documentation])* $name),*
        }

        $(
            $(#[$documentation])*
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl crate::call::Shaped for $name {
                const SHAPE: Shape = Shape::Structure(Structure::$name);
            }
        )*
    };
}

structures! {
    /// `struct stat`
    Stat,
    /// `struct stat` of FreeBSD before 12, with 32-bit inode numbers
    Stat11,
    /// `struct statfs`
    Statfs,
    /// `struct statfs` of FreeBSD before 12
    Statfs11,
    /// `struct statx`
    Statx,
    /// `struct timespec`
    Timespec,
    /// `struct timeval`
    Timeval,
    /// `struct itimerval`
    Itimerval,
    /// `struct itimerspec`
    Itimerspec,
    /// `struct rusage`
    Rusage,
    /// `struct rlimit`
    Rlimit,
    /// `struct iovec`, shown with what it points to
    Iovec,
    /// `struct msghdr`
    MessageHeader,
    /// `struct mmsghdr`
    MultipleMessageHeader,
    /// `struct sigaction` as the kernel takes it
    SignalAction,
    /// `siginfo_t`
    SignalInfo,
    /// `stack_t`
    SignalStack,
    /// `struct sigevent`
    SignalEvent,
    /// `struct pollfd`
    PollDescriptor,
    /// `struct kevent`
    KernelEvent,
    /// `struct kevent` of FreeBSD before 12
    KernelEvent11,
    /// `struct epoll_event`
    EpollEvent,
    /// `struct flock`
    FileLock,
    /// `struct termios`
    Termios,
    /// `struct winsize`
    WindowSize,
    /// `struct sched_param`
    SchedulingParameter,
    /// `struct thr_param` of FreeBSD
    ThreadParameter,
    /// `struct clone_args` of Linux
    CloneArguments,
    /// `struct open_how` of Linux
    OpenHow,
    /// `struct utsname`
    SystemName,
    /// `struct sysinfo` of Linux
    SystemInformation,
    /// `struct rtprio` of FreeBSD
    RealtimePriority,
    /// `struct timezone`
    Timezone,
    /// `struct spacectl_range` of FreeBSD
    FileRange,
    /// `struct utimbuf` of Linux
    FileTimes,
}

macro_rules! words {
    ($($(#[$documentation:meta])* $name:ident: $integer:ident),* $(,)?) => {
        /// Numbers whose values or bits have names, different ones in each OS.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word {
            $($(#[$documentation])* $name),*
        }

        impl Word {
            /// How many bytes of an argument's register it takes.
            pub const fn size(self) -> u8 {
                match self {
                    $(Word::$name => size_of::<$integer>() as u8),*
                }
            }
        }

        crate::call::integers! {
            $($(#[$documentation])* $name: $integer = Kind::Word(Word::$name);)*
        }
    };
}

words! {
    /// `O_…`
    OpenFlags: u32,
    /// `AT_…` flags
    AtFlags: u32,
    /// `F_OK`, `R_OK` …
    AccessMode: u32,
    /// `SEEK_…`
    Whence: i32,
    /// `PROT_…`
    Protection: u32,
    /// `MAP_…`
    MapFlags: u32,
    /// `MS_…` of `msync`
    SyncFlags: u32,
    /// `MADV_…`
    Advice: i32,
    /// `POSIX_FADV_…`
    FileAdvice: i32,
    /// `MCL_…`
    LockFlags: u32,
    /// `MREMAP_…`
    RemapFlags: u32,
    /// `INHERIT_…`
    Inheritance: i32,
    /// `W…` options of the `wait` family
    WaitOptions: u32,
    /// `P_PID` …
    IdKind: i32,
    /// `SIG_BLOCK` …
    MaskHow: i32,
    /// `SA_…`
    ActionFlags: u32,
    /// `SS_…`
    StackFlags: u32,
    /// `MSG_…`
    MessageFlags: u32,
    /// `AF_…`
    SocketDomain: i32,
    /// `SOCK_…` with its flags
    SocketType: i32,
    /// `IPPROTO_…`
    SocketProtocol: i32,
    /// `SOL_…`
    SocketLevel: i32,
    /// `SHUT_…`
    ShutdownHow: i32,
    /// `F_…` commands of `fcntl`
    FcntlCommand: i32,
    /// `FD_CLOEXEC`
    DescriptorFlags: u32,
    /// `LOCK_…` of `flock`
    FlockOperation: u32,
    /// `F_RDLCK` …
    LockKind: i32,
    /// `POLL…`
    PollEvents: u16,
    /// `EPOLL_CTL_…`
    EpollOperation: i32,
    /// `EPOLL…` events
    EpollEvents: u32,
    /// `EPOLL_CLOEXEC`
    EpollFlags: u32,
    /// `EVFILT_…`
    Filter: i16,
    /// `EV_…`
    EventFlags: u16,
    /// `CLOCK_…`
    ClockId: i32,
    /// `TIMER_ABSTIME`
    TimerFlags: u32,
    /// `ITIMER_…`
    TimerKind: i32,
    /// `RLIMIT_…`
    LimitKind: i32,
    /// `RUSAGE_…`
    UsageWho: i32,
    /// `PRIO_…`
    PriorityWhich: i32,
    /// `SCHED_…`
    SchedulingPolicy: i32,
    /// `FUTEX_…`
    FutexOperation: u32,
    /// `UMTX_OP_…`
    UmtxOperation: i32,
    /// `CLONE_…`
    CloneFlags: u64,
    /// `RF…`
    ForkFlags: u32,
    /// `PD_…`
    ProcessDescriptorFlags: u32,
    /// `THR_…`
    ThreadFlags: u32,
    /// operations of `arch_prctl` and `sysarch`
    MachineOperation: i32,
    /// `PR_…` and `PROC_…`
    ProcessControl: i32,
    /// `PTRACE_…` and `PT_…`
    TraceRequest: i32,
    /// `MS_…` and `MNT_…` of `mount`
    MountFlags: u64,
    /// `MNT_…` of `unmount`
    UnmountFlags: u32,
    /// `XATTR_…`
    AttributeFlags: u32,
    /// `EXTATTR_NAMESPACE_…`
    AttributeNamespace: i32,
    /// `IN_…`
    WatchMask: u32,
    /// `EFD_…`, `TFD_…`, `SFD_…`, `IN_CLOEXEC` …
    CreationFlags: u32,
    /// `GRND_…`
    RandomFlags: u32,
    /// `MFD_…`
    MemoryFileFlags: u32,
    /// `F_SEAL_…`
    Seals: u32,
    /// `RENAME_…`
    RenameFlags: u32,
    /// `STATX_…`
    StatxMask: u32,
    /// `UF_…` and `SF_…`
    FileFlags: u64,
    /// `_PC_…`
    PathVariable: i32,
    /// `JAIL_…`
    JailFlags: u32,
    /// `CPU_WHICH_…`
    CpuWhich: i32,
    /// `CPU_LEVEL_…`
    CpuLevel: i32,
    /// `RTP_…`
    PriorityFunction: i32,
    /// `CLOSE_RANGE_…`
    CloseRangeFlags: u32,
    /// `FALLOC_FL_…`
    AllocateMode: u32,
    /// `SPLICE_F_…`
    SpliceFlags: u32,
    /// `MEMBARRIER_CMD_…`
    BarrierCommand: i32,
    /// `SIGFASTBLOCK_…`
    FastBlockCommand: i32,
    /// `SPECIALFD_…`
    SpecialDescriptor: i32,
    /// `IPC_…` with permissions
    IpcFlags: u32,
    /// commands of `semctl`, `shmctl`, `msgctl`
    IpcCommand: i32,
    /// requests of `ioctl`
    IoctlRequest: u32,
    /// `SECCOMP_SET_…`
    SeccompOperation: u32,
    /// `MNT_WAIT` …
    WaitMode: i32,
}
