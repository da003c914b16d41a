//! Calls 0 to 219: what Linux had when it came to x86-64.

use crate::call::*;
use crate::call_rows;

call_rows! {
    pub const ROWS;

    0 => read(fd: Fd, buf: Out<Bytes<2>>, count: Size) -> Size, missing, FileRead;
    1 => write(fd: Fd, buf: In<Bytes<2>>, count: Size) -> Size, missing, FileWrite;
    2 => open(filename: Path, flags: OpenFlags, mode: Mode) -> Fd, missing, FsOpen;
    3 => close(fd: Fd) -> Int, missing, FileClose;
    4 => stat(filename: Path, statbuf: Out<Stat>) -> Int, missing, FsStat;
    5 => fstat(fd: Fd, statbuf: Out<Stat>) -> Int, missing, FileStat;
    6 => lstat(filename: Path, statbuf: Out<Stat>) -> Int, missing, FsStat;
    7 => poll(fds: InOut<List<PollDescriptor, 1>>, nfds: Uint, timeout: Int) -> Int, missing, EventPoll;
    8 => lseek(fd: Fd, offset: Offset, whence: Whence) -> Offset, missing, FileSeek;
    9 => mmap(addr: Address, len: Size, prot: Protection, flags: MapFlags, fd: Fd, off: Offset) -> Address,
        missing, MemoryMap;
    10 => mprotect(addr: Address, len: Size, prot: Protection) -> Int, missing, MemoryProtect;
    11 => munmap(addr: Address, len: Size) -> Int, missing, MemoryUnmap;
    12 => brk(brk: Address) -> Address, missing, MemoryBreak;
    13 => rt_sigaction(sig: Signal, act: In<SignalAction>, oact: Out<SignalAction>, sigsetsize: Size) -> Int,
        missing, SignalAction;
    14 => rt_sigprocmask(how: MaskHow, nset: In<SignalSet>, oset: Out<SignalSet>, sigsetsize: Size) -> Int,
        missing, SignalMask;
    15 => rt_sigreturn() -> Never, missing, SignalReturn;
    16 => ioctl(fd: Fd, cmd: IoctlRequest, arg: IoctlArgument) -> Int, missing, DeviceControl;
    17 => pread64(fd: Fd, buf: Out<Bytes<2>>, count: Size, pos: Offset) -> Size, missing, FilePositionRead;
    18 => pwrite64(fd: Fd, buf: In<Bytes<2>>, count: Size, pos: Offset) -> Size, missing, FilePositionWrite;
    19 => readv(fd: Fd, vec: Out<List<Iovec, 2>>, vlen: Ulong) -> Size, missing, FileReadVector;
    20 => writev(fd: Fd, vec: In<List<Iovec, 2>>, vlen: Ulong) -> Size, missing, FileWriteVector;
    21 => access(filename: Path, mode: AccessMode) -> Int, missing, FsAccess;
    22 => pipe(fildes: Out<Pair<Fd>>) -> Int, missing, PflocalPipe;
    23 => select(
        n: Int, inp: InOut<DescriptorSet<0>>, outp: InOut<DescriptorSet<0>>, exp: InOut<DescriptorSet<0>>,
        tvp: InOut<Timeval>
    ) -> Int, missing, EventSelect;
    24 => sched_yield() -> Int, missing, ProcSchedule;
    25 => mremap(addr: Address, old_len: Size, new_len: Size, flags: RemapFlags, new_addr: Address) -> Address,
        missing, MemoryRemap;
    26 => msync(start: Address, len: Size, flags: SyncFlags) -> Int, missing, MemorySync;
    27 => mincore(start: Address, len: Size, vec: Out<Opaque>) -> Int, missing, MemoryAdvise;
    28 => madvise(start: Address, len: Size, behavior: Advice) -> Int, missing, MemoryAdvise;
    29 => shmget(key: Int, size: Size, shmflg: IpcFlags) -> Int, missing, MemoryShare;
    30 => shmat(shmid: Int, shmaddr: Address, shmflg: IpcFlags) -> Address, missing, MemoryShare;
    31 => shmctl(shmid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int, missing, MemoryShare;
    32 => dup(fildes: Fd) -> Fd, missing, FileDuplicate;
    33 => dup2(oldfd: Fd, newfd: Fd) -> Fd, missing, FileDuplicate;
    34 => pause() -> Int, missing, SignalSuspend;
    35 => nanosleep(rqtp: In<Timespec>, rmtp: Out<Timespec>) -> Int, missing, TimeSleep;
    36 => getitimer(which: TimerKind, value: Out<Itimerval>) -> Int, missing, TimeInterval;
    37 => alarm(seconds: Uint) -> Uint, missing, TimeInterval;
    38 => setitimer(which: TimerKind, value: In<Itimerval>, ovalue: Out<Itimerval>) -> Int,
        missing, TimeInterval;
    39 => getpid() -> Pid, missing, ProcGetPid;
    40 => sendfile(out_fd: Fd, in_fd: Fd, offset: InOut<Long>, count: Size) -> Size, missing, FileSend;
    41 => socket(family: SocketDomain, type: SocketType, protocol: SocketProtocol) -> Fd,
        missing, SocketSocket;
    42 => connect(fd: Fd, uservaddr: In<SocketAddress<2>>, addrlen: SocketLength) -> Int,
        missing, SocketConnect;
    43 => accept(fd: Fd, upeer_sockaddr: Out<SocketAddress<2>>, upeer_addrlen: InOut<SocketLength>) -> Fd,
        missing, SocketAccept;
    44 => sendto(
        fd: Fd, buff: In<Bytes<2>>, len: Size, flags: MessageFlags, addr: In<SocketAddress<5>>,
        addr_len: SocketLength
    ) -> Size, missing, SocketSend;
    45 => recvfrom(
        fd: Fd, ubuf: Out<Bytes<2>>, size: Size, flags: MessageFlags, addr: Out<SocketAddress<5>>,
        addr_len: InOut<SocketLength>
    ) -> Size, missing, SocketReceive;
    46 => sendmsg(fd: Fd, msg: In<MessageHeader>, flags: MessageFlags) -> Size, missing, SocketSend;
    47 => recvmsg(fd: Fd, msg: InOut<MessageHeader>, flags: MessageFlags) -> Size, missing, SocketReceive;
    48 => shutdown(fd: Fd, how: ShutdownHow) -> Int, missing, SocketShutdown;
    49 => bind(fd: Fd, umyaddr: In<SocketAddress<2>>, addrlen: SocketLength) -> Int, missing, SocketBind;
    50 => listen(fd: Fd, backlog: Int) -> Int, missing, SocketListen;
    51 => getsockname(fd: Fd, usockaddr: Out<SocketAddress<2>>, usockaddr_len: InOut<SocketLength>) -> Int,
        missing, SocketGetName;
    52 => getpeername(fd: Fd, usockaddr: Out<SocketAddress<2>>, usockaddr_len: InOut<SocketLength>) -> Int,
        missing, SocketGetPeer;
    53 => socketpair(family: SocketDomain, type: SocketType, protocol: SocketProtocol, usockvec: Out<Pair<Fd>>) -> Int,
        missing, PflocalSocketPair;
    54 => setsockopt(
        fd: Fd, level: SocketLevel, optname: SocketOption, optval: In<Bytes<4>>, optlen: SocketLength
    ) -> Int, missing, SocketSetOption;
    55 => getsockopt(
        fd: Fd, level: SocketLevel, optname: SocketOption, optval: Out<Bytes<4>>, optlen: InOut<SocketLength>
    ) -> Int, missing, SocketGetOption;
    56 => clone(flags: CloneFlags, newsp: Address, parent_tid: Out<Int>, child_tid: Address, tls: Address) -> Pid,
        missing, ThreadCreate;
    57 => fork() -> Pid, missing, ProcFork;
    58 => vfork() -> Pid, missing, ProcFork;
    59 => execve(filename: Path, argv: Strings, envp: Strings) -> Int, missing, ExecExec;
    60 => exit(error_code: Int) -> Never, missing, ThreadExit;
    61 => wait4(upid: Pid, stat_addr: Out<WaitStatus>, options: WaitOptions, ru: Out<Rusage>) -> Pid,
        missing, ProcWait;
    62 => kill(pid: Pid, sig: Signal) -> Int, missing, ProcKill;
    63 => uname(name: Out<SystemName>) -> Int, missing, SystemIdentity;
    64 => semget(key: Int, nsems: Int, semflg: IpcFlags) -> Int, missing;
    65 => semop(semid: Int, tsops: In<Opaque>, nsops: Uint) -> Int, missing;
    66 => semctl(semid: Int, semnum: Int, cmd: IpcCommand, arg: Address) -> Int, missing;
    67 => shmdt(shmaddr: Address) -> Int, missing, MemoryShare;
    68 => msgget(key: Int, msgflg: IpcFlags) -> Int, missing;
    69 => msgsnd(msqid: Int, msgp: In<Opaque>, msgsz: Size, msgflg: IpcFlags) -> Int, missing;
    70 => msgrcv(msqid: Int, msgp: Out<Opaque>, msgsz: Size, msgtyp: Long, msgflg: IpcFlags) -> Size, missing;
    71 => msgctl(msqid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int, missing;
    72 => fcntl(fd: Fd, cmd: FcntlCommand, arg: FcntlArgument) -> Int, missing, FileControl;
    73 => flock(fd: Fd, cmd: FlockOperation) -> Int, missing, FileLock;
    74 => fsync(fd: Fd) -> Int, missing, FileSynchronize;
    75 => fdatasync(fd: Fd) -> Int, missing, FileSynchronize;
    76 => truncate(path: Path, length: Offset) -> Int, missing, FsTruncate;
    77 => ftruncate(fd: Fd, length: Offset) -> Int, missing, FileTruncate;
    78 => getdents(fd: Fd, dirent: Out<Opaque>, count: Uint) -> Int, missing, FileReadDirectory;
    79 => getcwd(buf: Out<Buffer<1>>, size: Size) -> Size, missing, FsReadLink;
    80 => chdir(filename: Path) -> Int, missing, FsChangeDirectory;
    81 => fchdir(fd: Fd) -> Int, missing, FsChangeDirectory;
    82 => rename(oldname: Path, newname: Path) -> Int, missing, FsRename;
    83 => mkdir(pathname: Path, mode: Mode) -> Int, missing, FsMakeDirectory;
    84 => rmdir(pathname: Path) -> Int, missing, FsRemove;
    85 => creat(pathname: Path, mode: Mode) -> Fd, missing, FsOpen;
    86 => link(oldname: Path, newname: Path) -> Int, missing, FsLink;
    87 => unlink(pathname: Path) -> Int, missing, FsRemove;
    88 => symlink(oldname: Path, newname: Path) -> Int, missing, FsSymbolicLink;
    89 => readlink(path: Path, buf: Out<Buffer<2>>, bufsiz: Size) -> Size, missing, FsReadLink;
    90 => chmod(filename: Path, mode: Mode) -> Int, missing, FsSetMode;
    91 => fchmod(fd: Fd, mode: Mode) -> Int, missing, FileSetMode;
    92 => chown(filename: Path, user: Uid, group: Gid) -> Int, missing, FsSetOwner;
    93 => fchown(fd: Fd, user: Uid, group: Gid) -> Int, missing, FileSetOwner;
    94 => lchown(filename: Path, user: Uid, group: Gid) -> Int, missing, FsSetOwner;
    95 => umask(mask: Mode) -> Mode, missing, ProcControl;
    96 => gettimeofday(tv: Out<Timeval>, tz: Out<Timezone>) -> Int, missing, TimeGet;
    97 => getrlimit(resource: LimitKind, rlim: Out<Rlimit>) -> Int, missing, ProcLimits;
    98 => getrusage(who: UsageWho, ru: Out<Rusage>) -> Int, missing, ProcUsage;
    99 => sysinfo(info: Out<SystemInformation>) -> Int, missing, SystemInformation;
    100 => times(tbuf: Out<Opaque>) -> Long, missing, ProcUsage;
    101 => ptrace(request: TraceRequest, pid: Pid, addr: Address, data: Address) -> Long, missing, ProcTrace;
    102 => getuid() -> Uid, missing, AuthGetIds;
    103 => syslog(type: Int, buf: Out<Buffer<2>>, len: Int) -> Int, missing, SystemLog;
    104 => getgid() -> Gid, missing, AuthGetIds;
    105 => setuid(uid: Uid) -> Int, missing, AuthSetIds;
    106 => setgid(gid: Gid) -> Int, missing, AuthSetIds;
    107 => geteuid() -> Uid, missing, AuthGetIds;
    108 => getegid() -> Gid, missing, AuthGetIds;
    109 => setpgid(pid: Pid, pgid: Pid) -> Int, missing, ProcSetGroup;
    110 => getppid() -> Pid, missing, ProcGetParent;
    111 => getpgrp() -> Pid, missing, ProcGetGroup;
    112 => setsid() -> Pid, missing, ProcSetSession;
    113 => setreuid(ruid: Uid, euid: Uid) -> Int, missing, AuthSetIds;
    114 => setregid(rgid: Gid, egid: Gid) -> Int, missing, AuthSetIds;
    115 => getgroups(gidsetsize: Int, grouplist: Out<List<Gid, 0>>) -> Int, missing, AuthGetGroups;
    116 => setgroups(gidsetsize: Int, grouplist: In<List<Gid, 0>>) -> Int, missing, AuthSetGroups;
    117 => setresuid(ruid: Uid, euid: Uid, suid: Uid) -> Int, missing, AuthSetIds;
    118 => getresuid(ruid: Out<Uid>, euid: Out<Uid>, suid: Out<Uid>) -> Int, missing, AuthGetIds;
    119 => setresgid(rgid: Gid, egid: Gid, sgid: Gid) -> Int, missing, AuthSetIds;
    120 => getresgid(rgid: Out<Gid>, egid: Out<Gid>, sgid: Out<Gid>) -> Int, missing, AuthGetIds;
    121 => getpgid(pid: Pid) -> Pid, missing, ProcGetGroup;
    122 => setfsuid(uid: Uid) -> Uid, missing, AuthSetIds;
    123 => setfsgid(gid: Gid) -> Gid, missing, AuthSetIds;
    124 => getsid(pid: Pid) -> Pid, missing, ProcGetSession;
    125 => capget(header: InOut<Opaque>, dataptr: Out<Opaque>) -> Int, missing, AuthGetIds;
    126 => capset(header: InOut<Opaque>, data: In<Opaque>) -> Int, missing, AuthSetIds;
    127 => rt_sigpending(uset: Out<SignalSet>, sigsetsize: Size) -> Int, missing, SignalPending;
    128 => rt_sigtimedwait(
        uthese: In<SignalSet>, uinfo: Out<SignalInfo>, uts: In<Timespec>, sigsetsize: Size
    ) -> Signal, missing, SignalWait;
    129 => rt_sigqueueinfo(pid: Pid, sig: Signal, uinfo: In<SignalInfo>) -> Int, missing, SignalQueue;
    130 => rt_sigsuspend(unewset: In<SignalSet>, sigsetsize: Size) -> Int, missing, SignalSuspend;
    131 => sigaltstack(uss: In<SignalStack>, uoss: Out<SignalStack>) -> Int, missing, SignalStack;
    132 => utime(filename: Path, times: In<FileTimes>) -> Int, missing, FsSetTimes;
    133 => mknod(filename: Path, mode: Mode, dev: Device) -> Int, missing, FsMakeNode;
    134 => uselib(library: Path) -> Int, none("a.out libraries, not in any x86-64 kernel");
    135 => personality(personality: Uint) -> Uint, missing, ProcControl;
    136 => ustat(dev: Device, ubuf: Out<Opaque>) -> Int, missing, FsStatFilesystem;
    137 => statfs(pathname: Path, buf: Out<Statfs>) -> Int, missing, FsStatFilesystem;
    138 => fstatfs(fd: Fd, buf: Out<Statfs>) -> Int, missing, FileStatFilesystem;
    139 => sysfs(option: Int, arg1: Ulong, arg2: Ulong) -> Int, none("lists the kernel's own file systems");
    140 => getpriority(which: PriorityWhich, who: Int) -> Int, missing, ProcGetPriority;
    141 => setpriority(which: PriorityWhich, who: Int, niceval: Int) -> Int, missing, ProcSetPriority;
    142 => sched_setparam(pid: Pid, param: In<SchedulingParameter>) -> Int, missing, ProcSchedule;
    143 => sched_getparam(pid: Pid, param: Out<SchedulingParameter>) -> Int, missing, ProcSchedule;
    144 => sched_setscheduler(pid: Pid, policy: SchedulingPolicy, param: In<SchedulingParameter>) -> Int,
        missing, ProcSchedule;
    145 => sched_getscheduler(pid: Pid) -> SchedulingPolicy, missing, ProcSchedule;
    146 => sched_get_priority_max(policy: SchedulingPolicy) -> Int, missing, ProcSchedule;
    147 => sched_get_priority_min(policy: SchedulingPolicy) -> Int, missing, ProcSchedule;
    148 => sched_rr_get_interval(pid: Pid, interval: Out<Timespec>) -> Int, missing, ProcSchedule;
    149 => mlock(start: Address, len: Size) -> Int, missing, MemoryLock;
    150 => munlock(start: Address, len: Size) -> Int, missing, MemoryLock;
    151 => mlockall(flags: LockFlags) -> Int, missing, MemoryLock;
    152 => munlockall() -> Int, missing, MemoryLock;
    153 => vhangup() -> Int, missing, DeviceControl;
    154 => modify_ldt(func: Int, ptr: InOut<Opaque>, bytecount: Ulong) -> Int, missing, ThreadSetBase;
    155 => pivot_root(new_root: Path, put_old: Path) -> Int, missing, FsMount;
    156 => _sysctl(args: InOut<Opaque>) -> Int, none("gone since Linux 5.5"), SystemControl;
    157 => prctl(option: ProcessControl, arg2: Bits, arg3: Bits, arg4: Bits, arg5: Bits) -> Int,
        missing, ProcControl;
    158 => arch_prctl(option: MachineOperation, arg2: Address) -> Int, missing, ThreadSetBase;
    159 => adjtimex(txc: InOut<Opaque>) -> Int, missing, TimeSet;
    160 => setrlimit(resource: LimitKind, rlim: In<Rlimit>) -> Int, missing, ProcLimits;
    161 => chroot(filename: Path) -> Int, missing, FsChangeRoot;
    162 => sync() -> Int, missing, FileSynchronize;
    163 => acct(name: Path) -> Int, none("no process accounting");
    164 => settimeofday(tv: In<Timeval>, tz: In<Timezone>) -> Int, missing, TimeSet;
    165 => mount(dev_name: Text, dir_name: Path, type: Text, flags: MountFlags, data: Address) -> Int,
        missing, FsMount;
    166 => umount2(name: Path, flags: UnmountFlags) -> Int, missing, FsUnmount;
    167 => swapon(specialfile: Path, swap_flags: Int) -> Int, none("swap belongs to the host"), SystemReboot;
    168 => swapoff(specialfile: Path) -> Int, none("swap belongs to the host"), SystemReboot;
    169 => reboot(magic1: Bits, magic2: Bits, cmd: Bits, arg: Address) -> Int, missing, SystemReboot;
    170 => sethostname(name: In<Buffer<1>>, len: Int) -> Int, missing, SystemSetIdentity;
    171 => setdomainname(name: In<Buffer<1>>, len: Int) -> Int, missing, SystemSetIdentity;
    172 => iopl(level: Uint) -> Int, missing, DeviceControl;
    173 => ioperm(from: Ulong, num: Ulong, turn_on: Int) -> Int, missing, DeviceControl;
    174 => create_module() -> Int, none("gone since Linux 2.6"), SystemModule;
    175 => init_module(umod: Address, len: Size, uargs: Text) -> Int,
        none("there is no kernel to load a module into"), SystemModule;
    176 => delete_module(name: Text, flags: OpenFlags) -> Int,
        none("there is no kernel to take a module from"), SystemModule;
    177 => get_kernel_syms() -> Int, none("gone since Linux 2.6"), SystemModule;
    178 => query_module() -> Int, none("gone since Linux 2.6"), SystemModule;
    179 => quotactl(cmd: Bits, special: Path, id: Uid, addr: Address) -> Int, none("no disk quotas");
    180 => nfsservctl() -> Int, none("gone since Linux 3.1");
    181 => getpmsg() -> Int, none("never implemented by Linux");
    182 => putpmsg() -> Int, none("never implemented by Linux");
    183 => afs_syscall() -> Int, none("never implemented by Linux");
    184 => tuxcall() -> Int, none("never implemented by Linux");
    185 => security() -> Int, none("never implemented by Linux");
    186 => gettid() -> Pid, missing, ThreadSelf;
    187 => readahead(fd: Fd, offset: Offset, count: Size) -> Int, missing, FileAdvise;
    188 => setxattr(pathname: Path, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        missing, FsSetAttribute;
    189 => lsetxattr(pathname: Path, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        missing, FsSetAttribute;
    190 => fsetxattr(fd: Fd, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        missing, FileSetAttribute;
    191 => getxattr(pathname: Path, name: Text, value: Out<Bytes<3>>, size: Size) -> Size,
        missing, FsGetAttribute;
    192 => lgetxattr(pathname: Path, name: Text, value: Out<Bytes<3>>, size: Size) -> Size,
        missing, FsGetAttribute;
    193 => fgetxattr(fd: Fd, name: Text, value: Out<Bytes<3>>, size: Size) -> Size, missing, FileGetAttribute;
    194 => listxattr(pathname: Path, list: Out<Bytes<2>>, size: Size) -> Size, missing, FsListAttributes;
    195 => llistxattr(pathname: Path, list: Out<Bytes<2>>, size: Size) -> Size, missing, FsListAttributes;
    196 => flistxattr(fd: Fd, list: Out<Bytes<2>>, size: Size) -> Size, missing, FileListAttributes;
    197 => removexattr(pathname: Path, name: Text) -> Int, missing, FsRemoveAttribute;
    198 => lremovexattr(pathname: Path, name: Text) -> Int, missing, FsRemoveAttribute;
    199 => fremovexattr(fd: Fd, name: Text) -> Int, missing, FileRemoveAttribute;
    200 => tkill(pid: Pid, sig: Signal) -> Int, missing, SignalQueue;
    201 => time(tloc: Out<Long>) -> Long, missing, TimeGet;
    202 => futex(
        uaddr: In<Uint>, op: FutexOperation, val: Uint, utime: Address, uaddr2: Address, val3: Uint
    ) -> Int, missing, ThreadWait;
    203 => sched_setaffinity(pid: Pid, len: Uint, user_mask: In<Bytes<1>>) -> Int, missing, ThreadAffinity;
    204 => sched_getaffinity(pid: Pid, len: Uint, user_mask: Out<Bytes<1>>) -> Size, missing, ThreadAffinity;
    205 => set_thread_area() -> Int, none("for 32-bit programs only");
    206 => io_setup(nr_reqs: Uint, ctx: InOut<Ulong>) -> Int, missing, EventQueueCreate;
    207 => io_destroy(ctx: Ulong) -> Int, missing, EventQueueControl;
    208 => io_getevents(ctx_id: Ulong, min_nr: Long, nr: Long, events: Out<Opaque>, timeout: In<Timespec>) -> Int,
        missing, EventQueueWait;
    209 => io_submit(ctx_id: Ulong, nr: Long, iocbpp: In<List<Address, 1>>) -> Int,
        missing, EventQueueControl;
    210 => io_cancel(ctx_id: Ulong, iocb: In<Opaque>, result: Out<Opaque>) -> Int, missing, EventQueueControl;
    211 => get_thread_area() -> Int, none("for 32-bit programs only");
    212 => lookup_dcookie() -> Int, none("gone since Linux 6.7");
    213 => epoll_create(size: Int) -> Fd, missing, EventQueueCreate;
    214 => epoll_ctl_old() -> Int, none("never implemented by Linux");
    215 => epoll_wait_old() -> Int, none("never implemented by Linux");
    216 => remap_file_pages(start: Address, size: Size, prot: Protection, pgoff: Size, flags: MapFlags) -> Int,
        missing, MemoryRemap;
    217 => getdents64(fd: Fd, dirent: Out<Opaque>, count: Uint) -> Int, missing, FileReadDirectory;
    218 => set_tid_address(tidptr: Address) -> Pid, missing, ThreadSelf;
    219 => restart_syscall() -> Long, missing, SignalReturn;
}
