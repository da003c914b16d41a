//! Linux's constants by the names in its headers.

use crate::host_names;

host_names! {
    /// open(2)
    pub static OPEN: Flags from linux_raw_sys::general {
        O_RDONLY in O_ACCMODE, O_WRONLY in O_ACCMODE, O_RDWR in O_ACCMODE, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC,
        O_APPEND, O_NONBLOCK, O_SYNC, O_DSYNC, O_DIRECT, O_LARGEFILE = 0x8000, O_TMPFILE, O_DIRECTORY, O_NOFOLLOW,
        O_NOATIME, O_CLOEXEC, O_PATH, O_ASYNC = 0x2000,
    }

    /// Calls that take a directory's descriptor.
    pub static AT: Flags from linux_raw_sys::general {
        AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH, AT_STATX_FORCE_SYNC,
        AT_STATX_DONT_SYNC, AT_RECURSIVE,
    }

    /// access(2)
    pub static ACCESS: Flags from linux_raw_sys::general { F_OK = 0 in 0x7, R_OK = 4, W_OK = 2, X_OK = 1 }

    /// lseek(2)
    pub static WHENCE: Values from linux_raw_sys::general { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE }

    /// mmap(2)
    pub static PROTECTION: Flags from linux_raw_sys::general {
        PROT_NONE in 0x7, PROT_READ, PROT_WRITE, PROT_EXEC, PROT_SEM, PROT_GROWSDOWN, PROT_GROWSUP,
    }

    /// mmap(2)
    pub static MAP: Flags from linux_raw_sys::general {
        MAP_SHARED in MAP_TYPE, MAP_PRIVATE in MAP_TYPE, MAP_SHARED_VALIDATE in MAP_TYPE, MAP_FIXED, MAP_ANONYMOUS,
        MAP_32BIT, MAP_GROWSDOWN, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE, MAP_NONBLOCK,
        MAP_STACK, MAP_HUGETLB, MAP_SYNC, MAP_FIXED_NOREPLACE,
    }

    /// msync(2)
    pub static SYNC: Flags from linux_raw_sys::general { MS_ASYNC, MS_INVALIDATE, MS_SYNC }

    /// madvise(2)
    pub static ADVICE: Values from linux_raw_sys::general {
        MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK,
        MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP,
        MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
        MADV_DONTNEED_LOCKED, MADV_COLLAPSE,
    }

    /// posix_fadvise(2)
    pub static FILE_ADVICE: Values from linux_raw_sys::general {
        POSIX_FADV_NORMAL, POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,
        POSIX_FADV_NOREUSE,
    }

    /// mlockall(2)
    pub static LOCK: Flags from linux_raw_sys::general { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT }

    /// mremap(2)
    pub static REMAP: Flags from linux_raw_sys::general { MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP }

    /// wait4(2), waitid(2)
    pub static WAIT: Flags from linux_raw_sys::general {
        WNOHANG, WUNTRACED, WEXITED, WCONTINUED, WNOWAIT, __WNOTHREAD, __WALL, __WCLONE,
    }

    /// waitid(2)
    pub static ID_KIND: Values from linux_raw_sys::general { P_ALL, P_PID, P_PGID, P_PIDFD }

    /// sigprocmask(2)
    pub static MASK_HOW: Values from linux_raw_sys::general { SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2 }

    /// sigaction(2)
    pub static ACTION: Flags from linux_raw_sys::general {
        SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_RESTORER, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND,
    }

    /// sigaltstack(2)
    pub static STACK: Flags from linux_raw_sys::general { SS_ONSTACK, SS_DISABLE, SS_AUTODISARM }

    /// send(2), recv(2)
    pub static MESSAGE: Flags from linux_raw_sys::net {
        MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_CTRUNC, MSG_TRUNC = 0x20, MSG_DONTWAIT, MSG_EOR = 0x80, MSG_WAITALL,
        MSG_FIN, MSG_SYN, MSG_CONFIRM, MSG_RST, MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_MORE, MSG_WAITFORONE = 0x10000,
        MSG_ZEROCOPY = 0x4000000, MSG_FASTOPEN = 0x20000000, MSG_CMSG_CLOEXEC,
    }

    /// socket(2)
    pub static DOMAIN: Values from linux_raw_sys::net {
        AF_UNSPEC, AF_UNIX, AF_INET, AF_AX25, AF_IPX, AF_APPLETALK, AF_X25, AF_INET6, AF_KEY, AF_NETLINK, AF_PACKET,
        AF_RDS, AF_PPPOX, AF_LLC, AF_MPLS = 28, AF_CAN, AF_TIPC, AF_BLUETOOTH, AF_ALG, AF_VSOCK, AF_KCM, AF_QIPCRTR,
        AF_SMC, AF_XDP,
    }

    /// socket(2)
    pub static SOCKET_TYPE: Flags from linux_raw_sys::net {
        SOCK_STREAM in 0xf, SOCK_DGRAM in 0xf, SOCK_RAW in 0xf,
        SOCK_RDM in 0xf, SOCK_SEQPACKET in 0xf, SOCK_PACKET = 10 in 0xf,
        SOCK_CLOEXEC = 0x80000, SOCK_NONBLOCK = 0x800,
    }

    /// socket(2), for the Internet
    pub static PROTOCOL: Values from linux_raw_sys::net {
        IPPROTO_IP, IPPROTO_ICMP, IPPROTO_IGMP, IPPROTO_IPIP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, IPPROTO_RSVP,
        IPPROTO_GRE, IPPROTO_ESP, IPPROTO_AH, IPPROTO_ICMPV6 = 58, IPPROTO_PIM, IPPROTO_SCTP, IPPROTO_UDPLITE,
        IPPROTO_RAW, IPPROTO_MPTCP,
    }

    /// setsockopt(2)
    pub static LEVEL: Values from linux_raw_sys::net {
        SOL_SOCKET, SOL_IP = 0, SOL_TCP = 6, SOL_UDP = 17, SOL_IPV6 = 41, SOL_ICMPV6 = 58, SOL_RAW = 255,
        SOL_PACKET = 263, SOL_NETLINK = 270, SOL_ALG = 279, SOL_VSOCK = 287,
    }

    /// setsockopt(2) at `SOL_SOCKET`
    pub static SOCKET_OPTION: Values from linux_raw_sys::net {
        SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE,
        SO_OOBINLINE, SO_NO_CHECK, SO_PRIORITY, SO_LINGER, SO_BSDCOMPAT, SO_REUSEPORT, SO_PASSCRED, SO_PEERCRED,
        SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21, SO_BINDTODEVICE, SO_ATTACH_FILTER,
        SO_DETACH_FILTER, SO_PEERNAME, SO_TIMESTAMP = 29, SO_ACCEPTCONN, SO_PEERSEC, SO_SNDBUFFORCE, SO_RCVBUFFORCE,
        SO_PASSSEC, SO_TIMESTAMPNS = 35, SO_MARK, SO_TIMESTAMPING = 37, SO_PROTOCOL, SO_DOMAIN, SO_RXQ_OVFL,
        SO_PEEK_OFF, SO_NOFCS, SO_LOCK_FILTER, SO_BUSY_POLL, SO_MAX_PACING_RATE, SO_INCOMING_CPU, SO_ATTACH_BPF,
        SO_COOKIE, SO_PEERGROUPS, SO_ZEROCOPY, SO_TXTIME, SO_BINDTOIFINDEX, SO_PEERPIDFD,
    }

    /// setsockopt(2) at `SOL_TCP`
    pub static TCP_OPTION: Values from linux_raw_sys::net {
        TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2,
        TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_INFO, TCP_QUICKACK, TCP_CONGESTION, TCP_MD5SIG, TCP_USER_TIMEOUT,
        TCP_FASTOPEN, TCP_TIMESTAMP, TCP_NOTSENT_LOWAT, TCP_FASTOPEN_CONNECT, TCP_ULP, TCP_INQ,
    }

    /// setsockopt(2) at `SOL_IP`
    pub static IP_OPTION: Values from linux_raw_sys::net {
        IP_TOS, IP_TTL, IP_HDRINCL, IP_OPTIONS, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR,
        IP_RECVTTL, IP_RECVTOS, IP_MTU, IP_FREEBIND, IP_TRANSPARENT, IP_RECVORIGDSTADDR, IP_MINTTL, IP_MULTICAST_IF,
        IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_ALL,
        IP_BIND_ADDRESS_NO_PORT,
    }

    /// setsockopt(2) at `SOL_IPV6`
    pub static IPV6_OPTION: Values from linux_raw_sys::net {
        IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_ADD_MEMBERSHIP,
        IPV6_DROP_MEMBERSHIP, IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_RECVERR, IPV6_V6ONLY, IPV6_RECVPKTINFO,
        IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_DONTFRAG, IPV6_AUTOFLOWLABEL, IPV6_FREEBIND,
    }

    /// shutdown(2)
    pub static SHUTDOWN: Values from linux_raw_sys::net { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2 }

    /// fcntl(2)
    pub static FCNTL: Values from linux_raw_sys::general {
        F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN, F_SETSIG,
        F_GETSIG, F_SETOWN_EX, F_GETOWN_EX, F_GETOWNER_UIDS, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE,
        F_GETLEASE, F_NOTIFY, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS, F_GET_RW_HINT,
        F_SET_RW_HINT, F_GET_FILE_RW_HINT, F_SET_FILE_RW_HINT,
    }

    /// fcntl(2), `F_SETFD`
    pub static DESCRIPTOR: Flags from linux_raw_sys::general { FD_CLOEXEC }

    /// flock(2)
    pub static FLOCK: Flags from linux_raw_sys::general { LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN }

    /// fcntl(2), `F_SETLK`
    pub static LOCK_KIND: Values from linux_raw_sys::general { F_RDLCK, F_WRLCK, F_UNLCK }

    /// poll(2)
    pub static POLL: Flags from linux_raw_sys::general {
        POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL, POLLRDNORM, POLLRDBAND, POLLWRNORM, POLLWRBAND,
        POLLMSG, POLLREMOVE, POLLRDHUP,
    }

    /// epoll_ctl(2)
    pub static EPOLL_OPERATION: Values from linux_raw_sys::general { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD }

    /// epoll_ctl(2)
    pub static EPOLL_EVENTS: Flags from linux_raw_sys::general {
        EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG,
        EPOLLRDHUP, EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET,
    }

    /// Descriptors made from nothing share these: epoll, eventfd, timerfd, signalfd, inotify.
    pub static CREATION: Flags from linux_raw_sys::general { EFD_SEMAPHORE, O_NONBLOCK, O_CLOEXEC }

    /// clock_gettime(2)
    pub static CLOCK: Values from linux_raw_sys::general {
        CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
        CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM,
        CLOCK_TAI,
    }

    /// timer_settime(2), timerfd_settime(2)
    pub static TIMER: Flags from linux_raw_sys::general { TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET }

    /// setitimer(2)
    pub static TIMER_KIND: Values from linux_raw_sys::general { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF }

    /// getrlimit(2)
    pub static LIMIT: Values from linux_raw_sys::general {
        RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE,
        RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO,
        RLIMIT_RTTIME,
    }

    /// getrusage(2)
    pub static USAGE: Values from linux_raw_sys::general { RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD }

    /// getpriority(2)
    pub static PRIORITY: Values from linux_raw_sys::general { PRIO_PROCESS, PRIO_PGRP, PRIO_USER }

    /// sched_setscheduler(2)
    pub static SCHEDULING: Values from linux_raw_sys::general {
        SCHED_OTHER = 0, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE,
    }

    /// futex(2)
    pub static FUTEX: Flags from linux_raw_sys::general {
        FUTEX_WAIT in FUTEX_CMD_MASK, FUTEX_WAKE in FUTEX_CMD_MASK, FUTEX_FD in FUTEX_CMD_MASK,
        FUTEX_REQUEUE in FUTEX_CMD_MASK, FUTEX_CMP_REQUEUE in FUTEX_CMD_MASK, FUTEX_WAKE_OP in FUTEX_CMD_MASK,
        FUTEX_LOCK_PI in FUTEX_CMD_MASK, FUTEX_UNLOCK_PI in FUTEX_CMD_MASK, FUTEX_TRYLOCK_PI in FUTEX_CMD_MASK,
        FUTEX_WAIT_BITSET in FUTEX_CMD_MASK, FUTEX_WAKE_BITSET in FUTEX_CMD_MASK,
        FUTEX_WAIT_REQUEUE_PI in FUTEX_CMD_MASK, FUTEX_CMP_REQUEUE_PI in FUTEX_CMD_MASK,
        FUTEX_LOCK_PI2 in FUTEX_CMD_MASK, FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME,
    }

    /// clone(2)
    pub static CLONE: Flags from linux_raw_sys::general {
        CLONE_NEWTIME, CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PIDFD, CLONE_PTRACE, CLONE_VFORK,
        CLONE_PARENT, CLONE_THREAD, CLONE_NEWNS, CLONE_SYSVSEM, CLONE_SETTLS, CLONE_PARENT_SETTID,
        CLONE_CHILD_CLEARTID, CLONE_DETACHED, CLONE_UNTRACED, CLONE_CHILD_SETTID, CLONE_NEWCGROUP, CLONE_NEWUTS,
        CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_IO, CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP,
    }

    /// arch_prctl(2)
    pub static MACHINE: Values from linux_raw_sys::general {
        ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004,
        ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID = 0x1012, ARCH_GET_XCOMP_SUPP = 0x1021,
        ARCH_GET_XCOMP_PERM = 0x1022, ARCH_REQ_XCOMP_PERM = 0x1023, ARCH_MAP_VDSO_64 = 0x2003,
        ARCH_SHSTK_ENABLE = 0x5001, ARCH_SHSTK_DISABLE = 0x5002, ARCH_SHSTK_LOCK = 0x5003,
        ARCH_SHSTK_STATUS = 0x5005,
    }

    /// prctl(2)
    pub static PROCESS_CONTROL: Values from linux_raw_sys::prctl {
        PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS,
        PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_SET_SECCOMP, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_GET_TSC,
        PR_SET_TSC, PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, PR_MCE_KILL,
        PR_SET_MM, PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
        PR_GET_TID_ADDRESS, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, PR_CAP_AMBIENT, PR_GET_SPECULATION_CTRL,
        PR_SET_SPECULATION_CTRL, PR_SET_IO_FLUSHER, PR_GET_IO_FLUSHER, PR_SET_SYSCALL_USER_DISPATCH,
        PR_SCHED_CORE, PR_SET_MDWE, PR_GET_MDWE, PR_SET_VMA, PR_SET_PTRACER,
    }

    /// ptrace(2)
    pub static TRACE: Values from linux_raw_sys::general {
        PTRACE_TRACEME = 0, PTRACE_PEEKTEXT = 1, PTRACE_PEEKDATA = 2, PTRACE_PEEKUSR = 3, PTRACE_POKETEXT = 4, PTRACE_POKEDATA = 5,
        PTRACE_POKEUSR = 6, PTRACE_CONT = 7, PTRACE_KILL = 8, PTRACE_SINGLESTEP = 9, PTRACE_GETREGS = 12, PTRACE_SETREGS = 13,
        PTRACE_GETFPREGS = 14, PTRACE_SETFPREGS = 15, PTRACE_ATTACH = 16, PTRACE_DETACH = 17, PTRACE_SYSCALL = 24,
        PTRACE_SETOPTIONS = 0x4200, PTRACE_GETEVENTMSG = 0x4201, PTRACE_GETSIGINFO = 0x4202, PTRACE_SETSIGINFO = 0x4203, PTRACE_GETREGSET = 0x4204,
        PTRACE_SETREGSET = 0x4205, PTRACE_SEIZE = 0x4206, PTRACE_INTERRUPT = 0x4207, PTRACE_LISTEN = 0x4208,
    }

    /// mount(2)
    pub static MOUNT: Flags from linux_raw_sys::general {
        MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS, MS_REMOUNT, MS_MANDLOCK, MS_DIRSYNC, MS_NOATIME,
        MS_NODIRATIME, MS_BIND, MS_MOVE, MS_REC, MS_SILENT, MS_POSIXACL, MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE,
        MS_SHARED, MS_RELATIME, MS_STRICTATIME, MS_LAZYTIME,
    }

    /// umount2(2)
    pub static UNMOUNT: Flags from linux_raw_sys::general {
        MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4, UMOUNT_NOFOLLOW = 8,
    }

    /// setxattr(2)
    pub static ATTRIBUTE: Flags from linux_raw_sys::general { XATTR_CREATE, XATTR_REPLACE }

    /// inotify_add_watch(2)
    pub static WATCH: Flags from linux_raw_sys::general {
        IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_MOVED_FROM, IN_MOVED_TO,
        IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF, IN_UNMOUNT, IN_Q_OVERFLOW, IN_IGNORED, IN_ONLYDIR,
        IN_DONT_FOLLOW, IN_EXCL_UNLINK, IN_MASK_CREATE, IN_MASK_ADD, IN_ISDIR, IN_ONESHOT,
    }

    /// getrandom(2)
    pub static RANDOM: Flags from linux_raw_sys::general { GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE }

    /// memfd_create(2)
    pub static MEMORY_FILE: Flags from linux_raw_sys::general {
        MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB, MFD_NOEXEC_SEAL, MFD_EXEC,
    }

    /// fcntl(2), `F_ADD_SEALS`
    pub static SEALS: Flags from linux_raw_sys::general {
        F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_EXEC,
    }

    /// renameat2(2)
    pub static RENAME: Flags from linux_raw_sys::general { RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT }

    /// statx(2)
    pub static STATX: Flags from linux_raw_sys::general {
        STATX_ALL, STATX_BASIC_STATS, STATX_TYPE, STATX_MODE, STATX_NLINK, STATX_UID, STATX_GID, STATX_ATIME,
        STATX_MTIME, STATX_CTIME, STATX_INO, STATX_SIZE, STATX_BLOCKS, STATX_BTIME, STATX_MNT_ID, STATX_DIOALIGN,
    }

    /// close_range(2)
    pub static CLOSE_RANGE: Flags from linux_raw_sys::general { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 }

    /// fallocate(2)
    pub static ALLOCATE: Flags from linux_raw_sys::general {
        FALLOC_FL_KEEP_SIZE = 0x1, FALLOC_FL_PUNCH_HOLE = 0x2, FALLOC_FL_COLLAPSE_RANGE = 0x8,
        FALLOC_FL_ZERO_RANGE = 0x10, FALLOC_FL_INSERT_RANGE = 0x20, FALLOC_FL_UNSHARE_RANGE = 0x40,
    }

    /// splice(2)
    pub static SPLICE: Flags from linux_raw_sys::general {
        SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8,
    }

    /// membarrier(2)
    pub static BARRIER: Values from linux_raw_sys::general {
        MEMBARRIER_CMD_QUERY = 0, MEMBARRIER_CMD_GLOBAL = 1, MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2,
        MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4, MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8,
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 32,
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ = 128,
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ = 256, MEMBARRIER_CMD_GET_REGISTRATIONS = 512,
    }

    /// shmget(2), semget(2), msgget(2); the rest are permissions.
    pub static IPC_FLAGS: Flags from linux_raw_sys::general {
        IPC_CREAT = 0o1000, IPC_EXCL = 0o2000, IPC_NOWAIT = 0o4000,
    }

    /// shmctl(2), semctl(2), msgctl(2)
    pub static IPC_COMMAND: Values from linux_raw_sys::general {
        IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, SHM_LOCK = 11, GETVAL = 12, GETALL = 13, GETNCNT = 14,
        GETZCNT = 15, SETVAL = 16, SETALL = 17,
    }

    /// seccomp(2)
    pub static SECCOMP: Values from linux_raw_sys::general {
        SECCOMP_SET_MODE_STRICT = 0, SECCOMP_SET_MODE_FILTER = 1, SECCOMP_GET_ACTION_AVAIL = 2,
        SECCOMP_GET_NOTIF_SIZES = 3,
    }
}
