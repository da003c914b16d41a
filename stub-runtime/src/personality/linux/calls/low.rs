//! Calls 0 to 219: what Linux had when it came to x86-64.

use crate::call::*;
use crate::call_rows;
use crate::operation;
use crate::personality::linux::{action, aio, clock, file, identity, ioctl, memory, process, socket};

call_rows! {
    pub const ROWS;

    0 => read(fd: Fd, buf: Out<Bytes<2>>, count: Size) -> Size, full, FileRead, operation::file::read;
    1 => write(fd: Fd, buf: In<Bytes<2>>, count: Size) -> Size, full, FileWrite, operation::file::write;
    2 => open(filename: Path, flags: OpenFlags, mode: Mode) -> Fd, full, FsOpen, file::open::open;
    3 => close(fd: Fd) -> Int, full, FileClose, operation::open::close;
    4 => stat(filename: Path, statbuf: Out<Stat>) -> Int, full, FsStat, file::status::stat;
    5 => fstat(fd: Fd, statbuf: Out<Stat>) -> Int, full, FileStat, file::status::stat_descriptor;
    6 => lstat(filename: Path, statbuf: Out<Stat>) -> Int, full, FsStat, file::status::stat_link;
    7 => poll(fds: InOut<List<PollDescriptor, 1>>, nfds: Uint, timeout: Int) -> Int, native, EventPoll;
    8 => lseek(fd: Fd, offset: Offset, whence: Whence) -> Offset, full, FileSeek, file::data::seek;
    9 => mmap(addr: Address, len: Size, prot: Protection, flags: MapFlags, fd: Fd, off: Offset) -> Address,
        full, MemoryMap, memory::map;
    10 => mprotect(addr: Address, len: Size, prot: Protection) -> Int,
        full, MemoryProtect, operation::memory::protect;
    11 => munmap(addr: Address, len: Size) -> Int, full, MemoryUnmap, operation::memory::unmap;
    12 => brk(brk: Address) -> Address, full, MemoryBreak, memory::set_break;
    13 => rt_sigaction(sig: Signal, act: In<SignalAction>, oact: Out<SignalAction>, sigsetsize: Size) -> Int,
        full, SignalAction, action::action;
    14 => rt_sigprocmask(how: MaskHow, nset: In<SignalSet>, oset: Out<SignalSet>, sigsetsize: Size) -> Int,
        full, SignalMask, action::mask;
    15 => rt_sigreturn() -> Never, full, SignalReturn, action::signal_return;
    16 => ioctl(fd: Fd, cmd: IoctlRequest, arg: IoctlArgument) -> Int, full, DeviceControl, ioctl::control;
    17 => pread64(fd: Fd, buf: Out<Bytes<2>>, count: Size, pos: Offset) -> Size,
        full, FilePositionRead, operation::file::read_at;
    18 => pwrite64(fd: Fd, buf: In<Bytes<2>>, count: Size, pos: Offset) -> Size,
        full, FilePositionWrite, operation::file::write_at;
    19 => readv(fd: Fd, vec: Out<List<Iovec, 2>>, vlen: Ulong) -> Size,
        full, FileReadVector, file::data::readv;
    20 => writev(fd: Fd, vec: In<List<Iovec, 2>>, vlen: Ulong) -> Size,
        full, FileWriteVector, file::data::writev;
    21 => access(filename: Path, mode: AccessMode) -> Int, full, FsAccess, file::status::access;
    22 => pipe(fildes: Out<Pair<Fd>>) -> Int, full, PflocalPipe, socket::pipe;
    23 => select(
        n: Int, inp: InOut<DescriptorSet<0>>, outp: InOut<DescriptorSet<0>>, exp: InOut<DescriptorSet<0>>,
        tvp: InOut<Timeval>
    ) -> Int, native, EventSelect;
    24 => sched_yield() -> Int, native, ProcSchedule;
    25 => mremap(addr: Address, old_len: Size, new_len: Size, flags: RemapFlags, new_addr: Address) -> Address,
        full, MemoryRemap, operation::memory::remap;
    26 => msync(start: Address, len: Size, flags: SyncFlags) -> Int, native, MemorySync;
    27 => mincore(start: Address, len: Size, vec: Out<Opaque>) -> Int, native, MemoryAdvise;
    28 => madvise(start: Address, len: Size, behavior: Advice) -> Int,
        full, MemoryAdvise, operation::memory::advise;
    29 => shmget(key: Int, size: Size, shmflg: IpcFlags) -> Int, native, MemoryShare;
    30 => shmat(shmid: Int, shmaddr: Address, shmflg: IpcFlags) -> Address,
        full, MemoryShare, operation::memory::attach;
    31 => shmctl(shmid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int, native, MemoryShare;
    32 => dup(fildes: Fd) -> Fd, full, FileDuplicate, file::open::duplicate;
    33 => dup2(oldfd: Fd, newfd: Fd) -> Fd,
        partial("numbers that the stub keeps for itself are refused"), FileDuplicate, file::open::duplicate_to;
    34 => pause() -> Int, full, SignalSuspend, process::pause;
    35 => nanosleep(rqtp: In<Timespec>, rmtp: Out<Timespec>) -> Int, native, TimeSleep;
    36 => getitimer(which: TimerKind, value: Out<Itimerval>) -> Int, native, TimeInterval;
    37 => alarm(seconds: Uint) -> Uint, native, TimeInterval;
    38 => setitimer(which: TimerKind, value: In<Itimerval>, ovalue: Out<Itimerval>) -> Int,
        native, TimeInterval;
    39 => getpid() -> Pid, full, ProcGetPid, identity::pid;
    40 => sendfile(out_fd: Fd, in_fd: Fd, offset: InOut<Long>, count: Size) -> Size,
        full, FileSend, file::send::send;
    41 => socket(family: SocketDomain, type: SocketType, protocol: SocketProtocol) -> Fd,
        full, SocketSocket, socket::create;
    42 => connect(fd: Fd, uservaddr: In<SocketAddress<2>>, addrlen: SocketLength) -> Int,
        full, SocketConnect, socket::connect;
    43 => accept(fd: Fd, upeer_sockaddr: Out<SocketAddress<2>>, upeer_addrlen: InOut<SocketLength>) -> Fd,
        full, SocketAccept, socket::accept;
    44 => sendto(
        fd: Fd, buff: In<Bytes<2>>, len: Size, flags: MessageFlags, addr: In<SocketAddress<5>>,
        addr_len: SocketLength
    ) -> Size, full, SocketSend, socket::send;
    45 => recvfrom(
        fd: Fd, ubuf: Out<Bytes<2>>, size: Size, flags: MessageFlags, addr: Out<SocketAddress<5>>,
        addr_len: InOut<SocketLength>
    ) -> Size, full, SocketReceive, socket::receive;
    46 => sendmsg(fd: Fd, msg: In<MessageHeader>, flags: MessageFlags) -> Size,
        full, SocketSend, socket::send_message;
    47 => recvmsg(fd: Fd, msg: InOut<MessageHeader>, flags: MessageFlags) -> Size,
        full, SocketReceive, socket::receive_message;
    48 => shutdown(fd: Fd, how: ShutdownHow) -> Int, full, SocketShutdown, socket::shutdown;
    49 => bind(fd: Fd, umyaddr: In<SocketAddress<2>>, addrlen: SocketLength) -> Int,
        full, SocketBind, socket::bind;
    50 => listen(fd: Fd, backlog: Int) -> Int, full, SocketListen, socket::listen;
    51 => getsockname(fd: Fd, usockaddr: Out<SocketAddress<2>>, usockaddr_len: InOut<SocketLength>) -> Int,
        full, SocketGetName, socket::name;
    52 => getpeername(fd: Fd, usockaddr: Out<SocketAddress<2>>, usockaddr_len: InOut<SocketLength>) -> Int,
        full, SocketGetPeer, socket::peer;
    53 => socketpair(family: SocketDomain, type: SocketType, protocol: SocketProtocol, usockvec: Out<Pair<Fd>>) -> Int,
        full, PflocalSocketPair, socket::pair;
    54 => setsockopt(
        fd: Fd, level: SocketLevel, optname: SocketOption, optval: In<Bytes<4>>, optlen: SocketLength
    ) -> Int, full, SocketSetOption, socket::set_option;
    55 => getsockopt(
        fd: Fd, level: SocketLevel, optname: SocketOption, optval: Out<Bytes<4>>, optlen: InOut<SocketLength>
    ) -> Int, full, SocketGetOption, socket::get_option;
    56 => clone(flags: CloneFlags, newsp: Address, parent_tid: Out<Int>, child_tid: Address, tls: Address) -> Pid,
        partial("no descriptors that processes share"), ThreadCreate, process::clone;
    57 => fork() -> Pid, full, ProcFork, process::fork;
    58 => vfork() -> Pid, full, ProcFork, process::vfork;
    59 => execve(filename: Path, argv: Strings, envp: Strings) -> Int, full, ExecExec, process::execve;
    60 => exit(error_code: Int) -> Never, full, ThreadExit, process::exit;
    61 => wait4(upid: Pid, stat_addr: Out<WaitStatus>, options: WaitOptions, ru: Out<Rusage>) -> Pid,
        native, ProcWait;
    62 => kill(pid: Pid, sig: Signal) -> Int, full, ProcKill, action::kill;
    63 => uname(name: Out<SystemName>) -> Int, full, SystemIdentity, process::uname;
    64 => semget(key: Int, nsems: Int, semflg: IpcFlags) -> Int, native;
    65 => semop(semid: Int, tsops: In<Opaque>, nsops: Uint) -> Int, native;
    66 => semctl(semid: Int, semnum: Int, cmd: IpcCommand, arg: Address) -> Int, native;
    67 => shmdt(shmaddr: Address) -> Int, native, MemoryShare;
    68 => msgget(key: Int, msgflg: IpcFlags) -> Int, native;
    69 => msgsnd(msqid: Int, msgp: In<Opaque>, msgsz: Size, msgflg: IpcFlags) -> Int, native;
    70 => msgrcv(msqid: Int, msgp: Out<Opaque>, msgsz: Size, msgtyp: Long, msgflg: IpcFlags) -> Size, native;
    71 => msgctl(msqid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int, native;
    72 => fcntl(fd: Fd, cmd: FcntlCommand, arg: FcntlArgument) -> Int,
        full, FileControl, file::control::control;
    73 => flock(fd: Fd, cmd: FlockOperation) -> Int, full, FileLock, operation::lock::whole;
    74 => fsync(fd: Fd) -> Int, full, FileSynchronize, file::data::synchronize;
    75 => fdatasync(fd: Fd) -> Int, full, FileSynchronize, file::data::synchronize_data;
    76 => truncate(path: Path, length: Offset) -> Int, full, FsTruncate, file::attribute::truncate;
    77 => ftruncate(fd: Fd, length: Offset) -> Int, full, FileTruncate, operation::file::truncate;
    78 => getdents(fd: Fd, dirent: Out<Opaque>, count: Uint) -> Int,
        full, FileReadDirectory, file::directory::read_old;
    79 => getcwd(buf: Out<Buffer<1>>, size: Size) -> Size, full, FsReadLink, operation::directory::working;
    80 => chdir(filename: Path) -> Int, full, FsChangeDirectory, operation::directory::change;
    81 => fchdir(fd: Fd) -> Int, full, FsChangeDirectory, operation::directory::change_to;
    82 => rename(oldname: Path, newname: Path) -> Int, full, FsRename, file::name::rename;
    83 => mkdir(pathname: Path, mode: Mode) -> Int, full, FsMakeDirectory, file::name::make_directory;
    84 => rmdir(pathname: Path) -> Int, full, FsRemove, file::name::remove_directory;
    85 => creat(pathname: Path, mode: Mode) -> Fd, full, FsOpen, file::open::create;
    86 => link(oldname: Path, newname: Path) -> Int, full, FsLink, file::name::link;
    87 => unlink(pathname: Path) -> Int, full, FsRemove, file::name::unlink;
    88 => symlink(oldname: Path, newname: Path) -> Int, full, FsSymbolicLink, file::name::symbolic_link;
    89 => readlink(path: Path, buf: Out<Buffer<2>>, bufsiz: Size) -> Size,
        full, FsReadLink, file::name::read_link;
    90 => chmod(filename: Path, mode: Mode) -> Int, full, FsSetMode, file::attribute::set_mode;
    91 => fchmod(fd: Fd, mode: Mode) -> Int, full, FileSetMode, file::attribute::set_mode_of_descriptor;
    92 => chown(filename: Path, user: Uid, group: Gid) -> Int, full, FsSetOwner, file::attribute::set_owner;
    93 => fchown(fd: Fd, user: Uid, group: Gid) -> Int,
        full, FileSetOwner, file::attribute::set_owner_of_descriptor;
    94 => lchown(filename: Path, user: Uid, group: Gid) -> Int,
        full, FsSetOwner, file::attribute::set_owner_of_link;
    95 => umask(mask: Mode) -> Mode, full, ProcControl, operation::mask::set;
    96 => gettimeofday(tv: Out<Timeval>, tz: Out<Timezone>) -> Int, full, TimeGet, clock::time_of_day;
    97 => getrlimit(resource: LimitKind, rlim: Out<Rlimit>) -> Int, full, ProcLimits, process::get_limit;
    98 => getrusage(who: UsageWho, ru: Out<Rusage>) -> Int, native, ProcUsage;
    99 => sysinfo(info: Out<SystemInformation>) -> Int, native, SystemInformation;
    100 => times(tbuf: Out<Opaque>) -> Long, native, ProcUsage;
    101 => ptrace(request: TraceRequest, pid: Pid, addr: Address, data: Address) -> Long,
        none("a debugger would see the stub at work instead of the guest"), ProcTrace;
    102 => getuid() -> Uid, full, AuthGetIds, identity::user;
    103 => syslog(type: Int, buf: Out<Buffer<2>>, len: Int) -> Int, native, SystemLog;
    104 => getgid() -> Gid, full, AuthGetIds, identity::group;
    105 => setuid(uid: Uid) -> Int, full, AuthSetIds, identity::set_one;
    106 => setgid(gid: Gid) -> Int, full, AuthSetIds, identity::set_one;
    107 => geteuid() -> Uid, full, AuthGetIds, identity::effective_user;
    108 => getegid() -> Gid, full, AuthGetIds, identity::effective_group;
    109 => setpgid(pid: Pid, pgid: Pid) -> Int, native, ProcSetGroup;
    110 => getppid() -> Pid, native, ProcGetParent;
    111 => getpgrp() -> Pid, native, ProcGetGroup;
    112 => setsid() -> Pid, native, ProcSetSession;
    113 => setreuid(ruid: Uid, euid: Uid) -> Int, full, AuthSetIds, identity::set_pair;
    114 => setregid(rgid: Gid, egid: Gid) -> Int, full, AuthSetIds, identity::set_pair;
    115 => getgroups(gidsetsize: Int, grouplist: Out<List<Gid, 0>>) -> Int, full, AuthGetGroups, identity::groups;
    116 => setgroups(gidsetsize: Int, grouplist: In<List<Gid, 0>>) -> Int, full, AuthSetGroups, identity::set_groups;
    117 => setresuid(ruid: Uid, euid: Uid, suid: Uid) -> Int, full, AuthSetIds, identity::set_all;
    118 => getresuid(ruid: Out<Uid>, euid: Out<Uid>, suid: Out<Uid>) -> Int, full, AuthGetIds, identity::all_users;
    119 => setresgid(rgid: Gid, egid: Gid, sgid: Gid) -> Int, full, AuthSetIds, identity::set_all;
    120 => getresgid(rgid: Out<Gid>, egid: Out<Gid>, sgid: Out<Gid>) -> Int, full, AuthGetIds, identity::all_groups;
    121 => getpgid(pid: Pid) -> Pid, native, ProcGetGroup;
    122 => setfsuid(uid: Uid) -> Uid, full, AuthSetIds, identity::set_one;
    123 => setfsgid(gid: Gid) -> Gid, full, AuthSetIds, identity::set_one;
    124 => getsid(pid: Pid) -> Pid, native, ProcGetSession;
    125 => capget(header: InOut<Opaque>, dataptr: Out<Opaque>) -> Int, native, ProcControl;
    126 => capset(header: InOut<Opaque>, data: In<Opaque>) -> Int, native, ProcControl;
    127 => rt_sigpending(uset: Out<SignalSet>, sigsetsize: Size) -> Int, full, SignalPending, action::pending;
    128 => rt_sigtimedwait(
        uthese: In<SignalSet>, uinfo: Out<SignalInfo>, uts: In<Timespec>, sigsetsize: Size
    ) -> Signal, native, SignalWait;
    129 => rt_sigqueueinfo(pid: Pid, sig: Signal, uinfo: In<SignalInfo>) -> Int,
        full, SignalQueue, action::queue;
    130 => rt_sigsuspend(unewset: In<SignalSet>, sigsetsize: Size) -> Int,
        full, SignalSuspend, action::suspend;
    131 => sigaltstack(uss: In<SignalStack>, uoss: Out<SignalStack>) -> Int, full, SignalStack, action::stack;
    132 => utime(filename: Path, times: In<FileTimes>) -> Int, full, FsSetTimes, file::attribute::set_seconds;
    133 => mknod(filename: Path, mode: Mode, dev: Device) -> Int, full, FsMakeNode, file::name::make_node;
    134 => uselib(library: Path) -> Int, none("a.out libraries, not in any x86-64 kernel");
    135 => personality(personality: Uint) -> Uint,
        partial("uname does not follow"), ProcControl, process::personality;
    136 => ustat(dev: Device, ubuf: Out<Opaque>) -> Int, native, FsStatFilesystem;
    137 => statfs(pathname: Path, buf: Out<Statfs>) -> Int, full, FsStatFilesystem, file::filesystem::statfs;
    138 => fstatfs(fd: Fd, buf: Out<Statfs>) -> Int,
        full, FileStatFilesystem, file::filesystem::statfs_descriptor;
    139 => sysfs(option: Int, arg1: Ulong, arg2: Ulong) -> Int, none("lists the kernel's own file systems");
    140 => getpriority(which: PriorityWhich, who: Int) -> Int, native, ProcGetPriority;
    141 => setpriority(which: PriorityWhich, who: Int, niceval: Int) -> Int, native, ProcSetPriority;
    142 => sched_setparam(pid: Pid, param: In<SchedulingParameter>) -> Int, native, ProcSchedule;
    143 => sched_getparam(pid: Pid, param: Out<SchedulingParameter>) -> Int, native, ProcSchedule;
    144 => sched_setscheduler(pid: Pid, policy: SchedulingPolicy, param: In<SchedulingParameter>) -> Int,
        native, ProcSchedule;
    145 => sched_getscheduler(pid: Pid) -> SchedulingPolicy, native, ProcSchedule;
    146 => sched_get_priority_max(policy: SchedulingPolicy) -> Int, native, ProcSchedule;
    147 => sched_get_priority_min(policy: SchedulingPolicy) -> Int, native, ProcSchedule;
    148 => sched_rr_get_interval(pid: Pid, interval: Out<Timespec>) -> Int, native, ProcSchedule;
    149 => mlock(start: Address, len: Size) -> Int, native, MemoryLock;
    150 => munlock(start: Address, len: Size) -> Int, native, MemoryLock;
    151 => mlockall(flags: LockFlags) -> Int, native, MemoryLock;
    152 => munlockall() -> Int, native, MemoryLock;
    153 => vhangup() -> Int, native, DeviceControl;
    154 => modify_ldt(func: Int, ptr: InOut<Opaque>, bytecount: Ulong) -> Int,
        none("segments of 16 and 32 bits would take GS away from the stub"), ThreadSetBase;
    155 => pivot_root(new_root: Path, put_old: Path) -> Int,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    156 => _sysctl(args: InOut<Opaque>) -> Int, none("gone since Linux 5.5"), SystemControl;
    157 => prctl(option: ProcessControl, arg2: Bits, arg3: Bits, arg4: Bits, arg5: Bits) -> Int,
        partial("no filters and no dispatch of its own"), ProcControl, process::prctl;
    158 => arch_prctl(option: MachineOperation, arg2: Address) -> Int,
        full, ThreadSetBase, process::arch_prctl;
    159 => adjtimex(txc: InOut<Opaque>) -> Int, native, TimeSet;
    160 => setrlimit(resource: LimitKind, rlim: In<Rlimit>) -> Int, full, ProcLimits, process::set_limit;
    161 => chroot(filename: Path) -> Int,
        partial("only where the deployment and the host allow it"), FsChangeRoot, operation::directory::change_root;
    162 => sync() -> Int, native, FileSynchronize;
    163 => acct(name: Path) -> Int, none("no process accounting");
    164 => settimeofday(tv: In<Timeval>, tz: In<Timezone>) -> Int, native, TimeSet;
    165 => mount(dev_name: Text, dir_name: Path, type: Text, flags: MountFlags, data: Address) -> Int,
        full, FsMount, file::filesystem::mount;
    166 => umount2(name: Path, flags: UnmountFlags) -> Int, full, FsUnmount, file::filesystem::unmount;
    167 => swapon(specialfile: Path, swap_flags: Int) -> Int, none("swap belongs to the host"), SystemReboot;
    168 => swapoff(specialfile: Path) -> Int, none("swap belongs to the host"), SystemReboot;
    169 => reboot(magic1: Bits, magic2: Bits, cmd: Bits, arg: Address) -> Int,
        partial("ends the guests of this OS where the deployment allows it"), SystemReboot, process::reboot;
    170 => sethostname(name: In<Buffer<1>>, len: Int) -> Int, full, SystemSetIdentity, identity::set_host_name;
    171 => setdomainname(name: In<Buffer<1>>, len: Int) -> Int, full, SystemSetIdentity, identity::set_domain_name;
    172 => iopl(level: Uint) -> Int, none("the ports belong to the host"), DeviceControl;
    173 => ioperm(from: Ulong, num: Ulong, turn_on: Int) -> Int,
        none("the ports belong to the host"), DeviceControl;
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
    186 => gettid() -> Pid, full, ThreadSelf, identity::tid;
    187 => readahead(fd: Fd, offset: Offset, count: Size) -> Int, full, FileAdvise, file::data::read_ahead;
    188 => setxattr(pathname: Path, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        full, FsSetAttribute, file::extended::set;
    189 => lsetxattr(pathname: Path, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        full, FsSetAttribute, file::extended::set_of_link;
    190 => fsetxattr(fd: Fd, name: Text, value: In<Bytes<3>>, size: Size, flags: AttributeFlags) -> Int,
        full, FileSetAttribute, file::extended::set_of_descriptor;
    191 => getxattr(pathname: Path, name: Text, value: Out<Bytes<3>>, size: Size) -> Size,
        full, FsGetAttribute, file::extended::get;
    192 => lgetxattr(pathname: Path, name: Text, value: Out<Bytes<3>>, size: Size) -> Size,
        full, FsGetAttribute, file::extended::get_of_link;
    193 => fgetxattr(fd: Fd, name: Text, value: Out<Bytes<3>>, size: Size) -> Size,
        full, FileGetAttribute, file::extended::get_of_descriptor;
    194 => listxattr(pathname: Path, list: Out<Bytes<2>>, size: Size) -> Size,
        full, FsListAttributes, file::extended::list;
    195 => llistxattr(pathname: Path, list: Out<Bytes<2>>, size: Size) -> Size,
        full, FsListAttributes, file::extended::list_of_link;
    196 => flistxattr(fd: Fd, list: Out<Bytes<2>>, size: Size) -> Size,
        full, FileListAttributes, file::extended::list_of_descriptor;
    197 => removexattr(pathname: Path, name: Text) -> Int, full, FsRemoveAttribute, file::extended::remove;
    198 => lremovexattr(pathname: Path, name: Text) -> Int,
        full, FsRemoveAttribute, file::extended::remove_of_link;
    199 => fremovexattr(fd: Fd, name: Text) -> Int,
        full, FileRemoveAttribute, file::extended::remove_of_descriptor;
    200 => tkill(pid: Pid, sig: Signal) -> Int, full, SignalQueue, action::kill_any_thread;
    201 => time(tloc: Out<Long>) -> Long, full, TimeGet, clock::seconds;
    202 => futex(
        uaddr: In<Uint>, op: FutexOperation, val: Uint, utime: Address, uaddr2: Address, val3: Uint
    ) -> Int, native, ThreadWait;
    203 => sched_setaffinity(pid: Pid, len: Uint, user_mask: In<Bytes<1>>) -> Int, native, ThreadAffinity;
    204 => sched_getaffinity(pid: Pid, len: Uint, user_mask: Out<Bytes<1>>) -> Size, native, ThreadAffinity;
    205 => set_thread_area() -> Int, none("for 32-bit programs only");
    206 => io_setup(nr_reqs: Uint, ctx: InOut<Ulong>) -> Int, native, EventQueueCreate;
    207 => io_destroy(ctx: Ulong) -> Int, native, EventQueueControl;
    208 => io_getevents(ctx_id: Ulong, min_nr: Long, nr: Long, events: Out<Opaque>, timeout: In<Timespec>) -> Int,
        native, EventQueueWait;
    209 => io_submit(ctx_id: Ulong, nr: Long, iocbpp: In<List<Address, 1>>) -> Int,
        full, EventQueueControl, aio::submit;
    210 => io_cancel(ctx_id: Ulong, iocb: In<Opaque>, result: Out<Opaque>) -> Int, native, EventQueueControl;
    211 => get_thread_area() -> Int, none("for 32-bit programs only");
    212 => lookup_dcookie() -> Int, none("gone since Linux 6.7");
    213 => epoll_create(size: Int) -> Fd, native, EventQueueCreate;
    214 => epoll_ctl_old() -> Int, none("never implemented by Linux");
    215 => epoll_wait_old() -> Int, none("never implemented by Linux");
    216 => remap_file_pages(start: Address, size: Size, prot: Protection, pgoff: Size, flags: MapFlags) -> Int,
        full, MemoryRemap, memory::remap_file_pages;
    217 => getdents64(fd: Fd, dirent: Out<Opaque>, count: Uint) -> Int,
        full, FileReadDirectory, file::directory::read;
    218 => set_tid_address(tidptr: Address) -> Pid, full, ThreadSelf, process::set_tid_address;
    219 => restart_syscall() -> Long, native, SignalReturn;
}
