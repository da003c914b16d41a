//! Calls 0 to 299: what came from 4.4BSD, and what FreeBSD added up to its third release.

use crate::call::*;
use crate::call_rows;
use crate::operation;
use crate::personality::freebsd::{
    action, adjust, aio, clock, file, identity, ioctl, ipc, kernel, memory, poll, process, scheduling,
    session, socket, sysctl, thread,
};

call_rows! {
    pub const ROWS;

    0 => syscall(number: Int) -> Long,
        none("the call that it names is taken in its place; it names itself here");
    1 => exit(rval: Int) -> Never, full, ProcExit, process::exit;
    2 => fork() -> Pid, full, ProcFork, process::fork;
    3 => read(fd: Fd, buf: Out<Bytes<2>>, nbyte: Size) -> Size, full, FileRead, operation::file::read;
    4 => write(fd: Fd, buf: In<Bytes<2>>, nbyte: Size) -> Size, full, FileWrite, operation::file::write;
    5 => open(path: Path, flags: OpenFlags, mode: Mode) -> Fd, full, FsOpen, file::open::open;
    6 => close(fd: Fd) -> Int, full, FileClose, operation::open::close;
    7 => wait4(pid: Pid, status: Out<WaitStatus>, options: WaitOptions, rusage: Out<Rusage>) -> Pid,
        full, ProcWait, process::wait4;
    8 => ocreat(path: Path, mode: Mode) -> Fd, none("4.3BSD call, not built for amd64"), FsOpen;
    9 => link(path: Path, link: Path) -> Int, full, FsLink, file::name::link;
    10 => unlink(path: Path) -> Int, full, FsRemove, file::name::unlink;
    11 => execv(fname: Path, argv: Strings) -> Int, none("obsolete");
    12 => chdir(path: Path) -> Int, full, FsChangeDirectory, file::directory::change;
    13 => fchdir(fd: Fd) -> Int, full, FsChangeDirectory, operation::directory::change_to;
    14 => freebsd11_mknod(path: Path, mode: Mode, dev: Uint) -> Int,
        full, FsMakeNode, file::name::make_node_11;
    15 => chmod(path: Path, mode: Mode) -> Int, full, FsSetMode, file::attribute::set_mode;
    16 => chown(path: Path, uid: Uid, gid: Gid) -> Int, full, FsSetOwner, file::attribute::set_owner;
    17 => break(nsize: Address) -> Address, full, MemoryBreak, memory::set_break;
    18 => freebsd4_getfsstat(buf: Out<Opaque>, bufsize: Long, mode: WaitMode) -> Int,
        none("FreeBSD 4 had no amd64 programs"), FsStatFilesystem;
    19 => olseek(fd: Fd, offset: Long, whence: Whence) -> Long,
        none("4.3BSD call, not built for amd64"), FileSeek;
    20 => getpid() -> Pid, full, ProcGetPid, process::ids::pid;
    21 => mount(type: Text, path: Path, flags: MountFlags, data: Address) -> Int,
        partial("what the file system's own structure says is not looked at"), FsMount, file::filesystem::mount;
    22 => unmount(path: Path, flags: UnmountFlags) -> Int,
        partial("no MNT_BYFSID"), FsUnmount, file::filesystem::unmount;
    23 => setuid(uid: Uid) -> Int, full, AuthSetIds, identity::set_user;
    24 => getuid() -> Uid, full, AuthGetIds, identity::user;
    25 => geteuid() -> Uid, full, AuthGetIds, identity::effective_user;
    26 => ptrace(req: TraceRequest, pid: Pid, addr: Address, data: Int) -> Int,
        none("a debugger would see the stub at work instead of the guest"), ProcTrace;
    27 => recvmsg(s: Fd, msg: InOut<MessageHeader>, flags: MessageFlags) -> Size,
        full, SocketReceive, socket::receive_message;
    28 => sendmsg(s: Fd, msg: In<MessageHeader>, flags: MessageFlags) -> Size,
        full, SocketSend, socket::send_message;
    29 => recvfrom(
        s: Fd, buf: Out<Bytes<2>>, len: Size, flags: MessageFlags,
        from: Out<SocketAddress<5>>, fromlenaddr: InOut<SocketLength>
    ) -> Size, full, SocketReceive, socket::receive;
    30 => accept(s: Fd, name: Out<SocketAddress<2>>, anamelen: InOut<SocketLength>) -> Fd,
        full, SocketAccept, socket::accept;
    31 => getpeername(fdes: Fd, asa: Out<SocketAddress<2>>, alen: InOut<SocketLength>) -> Int,
        full, SocketGetPeer, socket::peer;
    32 => getsockname(fdes: Fd, asa: Out<SocketAddress<2>>, alen: InOut<SocketLength>) -> Int,
        full, SocketGetName, socket::name;
    33 => access(path: Path, amode: AccessMode) -> Int, full, FsAccess, file::status::access;
    34 => chflags(path: Path, flags: FileFlags) -> Int,
        partial("files of the host have no flags"), FsSetMode, file::attribute::set_flags;
    35 => fchflags(fd: Fd, flags: FileFlags) -> Int,
        partial("files of the host have no flags"), FileSetMode, file::attribute::set_flags_of_descriptor;
    36 => sync() -> Int, full, FileSynchronize, file::open::synchronize_all;
    37 => kill(pid: Pid, signum: Signal) -> Int, full, ProcKill, action::kill;
    38 => ostat(path: Path, ub: Out<Opaque>) -> Int, none("4.3BSD call, not built for amd64"), FsStat;
    39 => getppid() -> Pid, full, ProcGetParent, process::ids::parent;
    40 => olstat(path: Path, ub: Out<Opaque>) -> Int, none("4.3BSD call, not built for amd64"), FsStat;
    41 => dup(fd: Fd) -> Fd, full, FileDuplicate, file::open::duplicate;
    42 => freebsd10_pipe() -> Fd, partial("pipes go one way"), PflocalPipe, socket::pipe;
    43 => getegid() -> Gid, full, AuthGetIds, identity::effective_group;
    44 => profil(samples: Out<Opaque>, size: Size, offset: Size, scale: Uint) -> Int,
        none("the host takes no profile of a process on its behalf");
    45 => ktrace(fname: Path, ops: Int, facs: Int, pid: Pid) -> Int,
        none("as in a kernel without ktrace(4); traces are the mapper's"), ProcTrace;
    46 => osigaction(signum: Signal, nsa: In<Opaque>, osa: Out<Opaque>) -> Int,
        none("4.3BSD call, not built for amd64"), SignalAction;
    47 => getgid() -> Gid, full, AuthGetIds, identity::group;
    48 => osigprocmask(how: MaskHow, mask: Uint) -> Int, none("4.3BSD call, not built for amd64"), SignalMask;
    49 => getlogin(namebuf: Out<Buffer<1>>, namelen: Uint) -> Int,
        partial("nobody logs in to a world"), ProcGetSession, session::user;
    50 => setlogin(namebuf: Text) -> Int, partial("until execve"), ProcSetSession, session::set_user;
    51 => acct(path: Path) -> Int, none("no process accounting");
    52 => osigpending() -> Int, none("4.3BSD call, not built for amd64"), SignalPending;
    53 => sigaltstack(ss: In<SignalStack>, oss: Out<SignalStack>) -> Int, full, SignalStack, action::stack;
    54 => ioctl(fd: Fd, com: IoctlRequest, data: IoctlArgument) -> Int,
        partial("requests to descriptors, terminals and interfaces"), DeviceControl, ioctl::control;
    55 => reboot(opt: Bits) -> Int,
        partial("ends the guests of this OS where the deployment allows it"), SystemReboot, kernel::reboot;
    56 => revoke(path: Path) -> Int,
        none("the host cannot take descriptors away from other processes"), DeviceControl;
    57 => symlink(path: Path, link: Path) -> Int, full, FsSymbolicLink, file::name::symbolic_link;
    58 => readlink(path: Path, buf: Out<Buffer<2>>, count: Size) -> Size,
        full, FsReadLink, file::name::read_link;
    59 => execve(fname: Path, argv: Strings, envv: Strings) -> Int, full, ExecExec, process::execve;
    60 => umask(newmask: Mode) -> Mode, full, ProcControl, operation::mask::set;
    61 => chroot(path: Path) -> Int,
        partial("only where the deployment and the host allow it"), FsChangeRoot, file::directory::change_root;
    62 => ofstat(fd: Fd, sb: Out<Opaque>) -> Int, none("4.3BSD call, not built for amd64"), FileStat;
    63 => ogetkerninfo(op: Int, where: Out<Bytes<2>>, size: InOut<Ulong>, arg: Int) -> Int,
        none("4.3BSD call, not built for amd64"), SystemControl;
    64 => ogetpagesize() -> Int, none("4.3BSD call, not built for amd64"), SystemInformation;
    65 => msync(addr: Address, len: Size, flags: SyncFlags) -> Int, full, MemorySync, memory::synchronize;
    66 => vfork() -> Pid, full, ProcFork, process::vfork;
    67 => vread() -> Int, none("obsolete");
    68 => vwrite() -> Int, none("obsolete");
    69 => sbrk(incr: Int) -> Int, none("obsolete");
    70 => sstk(incr: Int) -> Int, none("obsolete");
    71 => ommap(addr: Address, len: Int, prot: Protection, flags: MapFlags, fd: Fd, pos: Long) -> Address,
        none("4.3BSD call, not built for amd64"), MemoryMap;
    72 => freebsd11_vadvise(anom: Int) -> Int, none("was never more than EINVAL"), MemoryAdvise;
    73 => munmap(addr: Address, len: Size) -> Int, full, MemoryUnmap, memory::unmap;
    74 => mprotect(addr: Address, len: Size, prot: Protection) -> Int, full, MemoryProtect, memory::protect;
    75 => madvise(addr: Address, len: Size, behav: Advice) -> Int, full, MemoryAdvise, memory::advise;
    76 => vhangup() -> Int, none("obsolete");
    77 => vlimit() -> Int, none("obsolete");
    78 => mincore(addr: Address, len: Size, vec: Out<Opaque>) -> Int, full, MemoryAdvise, memory::in_core;
    79 => freebsd14_getgroups(gidsetsize: Int, gidset: Out<List<Gid, 0>>) -> Int,
        full, AuthGetGroups, identity::groups;
    80 => freebsd14_setgroups(gidsetsize: Int, gidset: In<List<Gid, 0>>) -> Int,
        full, AuthSetGroups, identity::set_groups;
    81 => getpgrp() -> Pid, full, ProcGetGroup, process::ids::own_group;
    82 => setpgid(pid: Pid, pgid: Pid) -> Int, full, ProcSetGroup, process::ids::set_group;
    83 => setitimer(which: TimerKind, itv: In<Itimerval>, oitv: Out<Itimerval>) -> Int,
        full, TimeInterval, clock::set_interval;
    84 => owait() -> Pid, none("4.3BSD call, not built for amd64"), ProcWait;
    85 => swapon(name: Path) -> Int, none("swap belongs to the host"), SystemReboot;
    86 => getitimer(which: TimerKind, itv: Out<Itimerval>) -> Int, full, TimeInterval, clock::get_interval;
    87 => ogethostname(hostname: Out<Buffer<1>>, len: Uint) -> Int,
        none("4.3BSD call, not built for amd64"), SystemIdentity;
    88 => osethostname(hostname: In<Buffer<1>>, len: Uint) -> Int,
        none("4.3BSD call, not built for amd64"), SystemSetIdentity;
    89 => getdtablesize() -> Int, full, ProcLimits, identity::table_size;
    90 => dup2(from: Fd, to: Fd) -> Fd,
        partial("numbers that the stub keeps for itself are refused"), FileDuplicate, file::open::duplicate_to;
    92 => fcntl(fd: Fd, cmd: FcntlCommand, arg: FcntlArgument) -> Int,
        partial("no F_SETLK_REMOTE, F_KINFO and F_DUP3FD"), FileControl, file::control::control;
    93 => select(
        nd: Int, in: InOut<DescriptorSet<0>>, ou: InOut<DescriptorSet<0>>, ex: InOut<DescriptorSet<0>>,
        tv: In<Timeval>
    ) -> Int, full, EventSelect, poll::select;
    95 => fsync(fd: Fd) -> Int, full, FileSynchronize, file::data::synchronize;
    96 => setpriority(which: PriorityWhich, who: Int, prio: Int) -> Int,
        full, ProcSetPriority, identity::set_priority;
    97 => socket(domain: SocketDomain, type: SocketType, protocol: SocketProtocol) -> Fd,
        partial("domains and types that the host has"), SocketSocket, socket::create;
    98 => connect(s: Fd, name: In<SocketAddress<2>>, namelen: SocketLength) -> Int,
        full, SocketConnect, socket::connect;
    99 => oaccept(s: Fd, name: Out<SocketAddress<2>>, anamelen: InOut<SocketLength>) -> Fd,
        none("4.3BSD call, not built for amd64"), SocketAccept;
    100 => getpriority(which: PriorityWhich, who: Int) -> Int, full, ProcGetPriority, identity::priority;
    101 => osend(s: Fd, buf: In<Bytes<2>>, len: Int, flags: MessageFlags) -> Int,
        none("4.3BSD call, not built for amd64"), SocketSend;
    102 => orecv(s: Fd, buf: Out<Bytes<2>>, len: Int, flags: MessageFlags) -> Int,
        none("4.3BSD call, not built for amd64"), SocketReceive;
    103 => osigreturn(sigcntxp: In<Opaque>) -> Never, none("4.3BSD call, not built for amd64"), SignalReturn;
    104 => bind(s: Fd, name: In<SocketAddress<2>>, namelen: SocketLength) -> Int,
        full, SocketBind, socket::bind;
    105 => setsockopt(s: Fd, level: SocketLevel, name: SocketOption, val: In<Bytes<4>>, valsize: SocketLength) -> Int,
        partial("options that the host can express"), SocketSetOption, socket::option::set;
    106 => listen(s: Fd, backlog: Int) -> Int, full, SocketListen, socket::listen;
    107 => vtimes() -> Int, none("obsolete");
    108 => osigvec(signum: Signal, nsv: In<Opaque>, osv: Out<Opaque>) -> Int,
        none("4.3BSD call, not built for amd64"), SignalAction;
    109 => osigblock(mask: Uint) -> Int, none("4.3BSD call, not built for amd64"), SignalMask;
    110 => osigsetmask(mask: Uint) -> Int, none("4.3BSD call, not built for amd64"), SignalMask;
    111 => osigsuspend(mask: Uint) -> Int, none("4.3BSD call, not built for amd64"), SignalSuspend;
    112 => osigstack(nss: In<Opaque>, oss: Out<Opaque>) -> Int,
        none("4.3BSD call, not built for amd64"), SignalStack;
    113 => orecvmsg(s: Fd, msg: InOut<Opaque>, flags: MessageFlags) -> Int,
        none("4.3BSD call, not built for amd64"), SocketReceive;
    114 => osendmsg(s: Fd, msg: In<Opaque>, flags: MessageFlags) -> Int,
        none("4.3BSD call, not built for amd64"), SocketSend;
    115 => vtrace() -> Int, none("obsolete");
    116 => gettimeofday(tp: Out<Timeval>, tzp: Out<Timezone>) -> Int, full, TimeGet, clock::time_of_day;
    117 => getrusage(who: UsageWho, rusage: Out<Rusage>) -> Int, full, ProcUsage, process::usage;
    118 => getsockopt(
        s: Fd, level: SocketLevel, name: SocketOption, val: Out<Bytes<4>>, avalsize: InOut<SocketLength>
    ) -> Int, partial("options that the host can express"), SocketGetOption, socket::option::get;
    120 => readv(fd: Fd, iovp: Out<List<Iovec, 2>>, iovcnt: Uint) -> Size,
        full, FileReadVector, file::data::readv;
    121 => writev(fd: Fd, iovp: In<List<Iovec, 2>>, iovcnt: Uint) -> Size,
        full, FileWriteVector, file::data::writev;
    122 => settimeofday(tv: In<Timeval>, tzp: In<Timezone>) -> Int, full, TimeSet, adjust::set_time;
    123 => fchown(fd: Fd, uid: Uid, gid: Gid) -> Int,
        full, FileSetOwner, file::attribute::set_owner_of_descriptor;
    124 => fchmod(fd: Fd, mode: Mode) -> Int, full, FileSetMode, file::attribute::set_mode_of_descriptor;
    125 => orecvfrom(
        s: Fd, buf: Out<Bytes<2>>, len: Size, flags: MessageFlags,
        from: Out<SocketAddress<5>>, fromlenaddr: InOut<SocketLength>
    ) -> Int, none("4.3BSD call, not built for amd64"), SocketReceive;
    126 => setreuid(ruid: Uid, euid: Uid) -> Int, full, AuthSetIds, identity::set_users;
    127 => setregid(rgid: Gid, egid: Gid) -> Int, full, AuthSetIds, identity::set_groups_pair;
    128 => rename(from: Path, to: Path) -> Int, full, FsRename, file::name::rename;
    129 => otruncate(path: Path, length: Long) -> Int, none("4.3BSD call, not built for amd64"), FsTruncate;
    130 => oftruncate(fd: Fd, length: Long) -> Int, none("4.3BSD call, not built for amd64"), FileTruncate;
    131 => flock(fd: Fd, how: FlockOperation) -> Int, full, FileLock, file::lock::whole;
    132 => mkfifo(path: Path, mode: Mode) -> Int, full, FsMakeNode, file::name::make_fifo;
    133 => sendto(
        s: Fd, buf: In<Bytes<2>>, len: Size, flags: MessageFlags, to: In<SocketAddress<5>>, tolen: SocketLength
    ) -> Size, full, SocketSend, socket::send;
    134 => shutdown(s: Fd, how: ShutdownHow) -> Int, full, SocketShutdown, socket::shutdown;
    135 => socketpair(domain: SocketDomain, type: SocketType, protocol: SocketProtocol, rsv: Out<Pair<Fd>>) -> Int,
        full, PflocalSocketPair, socket::pair;
    136 => mkdir(path: Path, mode: Mode) -> Int, full, FsMakeDirectory, file::name::make_directory;
    137 => rmdir(path: Path) -> Int, full, FsRemove, file::name::remove_directory;
    138 => utimes(path: Path, tptr: In<Pair<Timeval>>) -> Int, full, FsSetTimes, file::attribute::set_times;
    139 => sigreturn42() -> Int, none("obsolete, of 4.2BSD");
    140 => adjtime(delta: In<Timeval>, olddelta: Out<Timeval>) -> Int, full, TimeSet, adjust::slew;
    141 => ogetpeername(fdes: Fd, asa: Out<SocketAddress<2>>, alen: InOut<SocketLength>) -> Int,
        none("4.3BSD call, not built for amd64"), SocketGetPeer;
    142 => ogethostid() -> Long, none("4.3BSD call, not built for amd64"), SystemIdentity;
    143 => osethostid(hostid: Long) -> Int, none("4.3BSD call, not built for amd64"), SystemSetIdentity;
    144 => ogetrlimit(which: LimitKind, rlp: Out<Opaque>) -> Int,
        none("4.3BSD call, not built for amd64"), ProcLimits;
    145 => osetrlimit(which: LimitKind, rlp: In<Opaque>) -> Int,
        none("4.3BSD call, not built for amd64"), ProcLimits;
    146 => okillpg(pgid: Pid, signum: Signal) -> Int, none("4.3BSD call, not built for amd64"), ProcKill;
    147 => setsid() -> Pid, full, ProcSetSession, process::ids::set_session;
    148 => quotactl(path: Path, cmd: Int, uid: Uid, arg: Address) -> Int, none("no disk quotas");
    149 => oquota() -> Int, none("4.3BSD call, not built for amd64");
    150 => ogetsockname(fdes: Fd, asa: Out<SocketAddress<2>>, alen: InOut<SocketLength>) -> Int,
        none("4.3BSD call, not built for amd64"), SocketGetName;
    154 => nlm_syscall(debug_level: Int, grace_period: Int, addr_count: Int, addrs: Address) -> Int,
        none("the in-kernel NFS lock manager is not part of the world");
    155 => nfssvc(flag: Int, argp: Address) -> Int, none("the in-kernel NFS server is not part of the world");
    156 => ogetdirentries(fd: Fd, buf: Out<Opaque>, count: Uint, basep: Out<Long>) -> Int,
        none("4.3BSD call, not built for amd64"), FileReadDirectory;
    157 => freebsd4_statfs(path: Path, buf: Out<Opaque>) -> Int,
        none("FreeBSD 4 had no amd64 programs"), FsStatFilesystem;
    158 => freebsd4_fstatfs(fd: Fd, buf: Out<Opaque>) -> Int,
        none("FreeBSD 4 had no amd64 programs"), FileStatFilesystem;
    160 => lgetfh(fname: Path, fhp: Out<Opaque>) -> Int, none("file handles are for NFS servers");
    161 => getfh(fname: Path, fhp: Out<Opaque>) -> Int, none("file handles are for NFS servers");
    162 => freebsd4_getdomainname(domainname: Out<Buffer<1>>, len: Int) -> Int,
        none("FreeBSD 4 had no amd64 programs"), SystemIdentity;
    163 => freebsd4_setdomainname(domainname: In<Buffer<1>>, len: Int) -> Int,
        none("FreeBSD 4 had no amd64 programs"), SystemSetIdentity;
    164 => freebsd4_uname(name: Out<Opaque>) -> Int, none("FreeBSD 4 had no amd64 programs"), SystemIdentity;
    165 => sysarch(op: MachineOperation, parms: InOut<Bits>) -> Int,
        partial("FS base only"), ThreadSetBase, thread::sysarch;
    166 => rtprio(function: PriorityFunction, pid: Pid, rtp: InOut<RealtimePriority>) -> Int,
        partial("priorities of idle processes are all the same"), ProcSchedule, scheduling::realtime;
    169 => semsys(which: Int, a2: Int, a3: Int, a4: Int, a5: Int) -> Int,
        none("the entries of releases before the first for amd64");
    170 => msgsys(which: Int, a2: Int, a3: Int, a4: Int, a5: Int, a6: Int) -> Int,
        none("the entries of releases before the first for amd64");
    171 => shmsys(which: Int, a2: Int, a3: Int, a4: Int) -> Int,
        none("the entries of releases before the first for amd64"), MemoryShare;
    173 => freebsd6_pread(fd: Fd, buf: Out<Bytes<2>>, nbyte: Size, pad: Int, offset: Offset) -> Size,
        full, FilePositionRead, file::data::read_at_6;
    174 => freebsd6_pwrite(fd: Fd, buf: In<Bytes<2>>, nbyte: Size, pad: Int, offset: Offset) -> Size,
        full, FilePositionWrite, file::data::write_at_6;
    175 => setfib(fibnum: Int) -> Int,
        partial("there is one routing table"), SocketSetOption, socket::set_table;
    176 => ntp_adjtime(tp: InOut<Opaque>) -> Int,
        partial("no pulse-per-second signal"), TimeSet, adjust::discipline;
    181 => setgid(gid: Gid) -> Int, full, AuthSetIds, identity::set_group;
    182 => setegid(egid: Gid) -> Int, full, AuthSetIds, identity::set_effective_group;
    183 => seteuid(euid: Uid) -> Int, full, AuthSetIds, identity::set_effective_user;
    184 => lfs_bmapv() -> Int, none("obsolete");
    185 => lfs_markv() -> Int, none("obsolete");
    186 => lfs_segclean() -> Int, none("obsolete");
    187 => lfs_segwait() -> Int, none("obsolete");
    188 => freebsd11_stat(path: Path, ub: Out<Stat11>) -> Int, full, FsStat, file::status::stat_11;
    189 => freebsd11_fstat(fd: Fd, sb: Out<Stat11>) -> Int, full, FileStat, file::status::stat_descriptor_11;
    190 => freebsd11_lstat(path: Path, ub: Out<Stat11>) -> Int, full, FsStat, file::status::stat_link_11;
    191 => pathconf(path: Path, name: PathVariable) -> Long,
        full, FsStatFilesystem, file::filesystem::path_limit;
    192 => fpathconf(fd: Fd, name: PathVariable) -> Long,
        full, FileStatFilesystem, file::filesystem::descriptor_limit;
    194 => getrlimit(which: LimitKind, rlp: Out<Rlimit>) -> Int, full, ProcLimits, process::get_limit;
    195 => setrlimit(which: LimitKind, rlp: In<Rlimit>) -> Int, full, ProcLimits, process::set_limit;
    196 => freebsd11_getdirentries(fd: Fd, buf: Out<Opaque>, count: Uint, basep: Out<Long>) -> Int,
        full, FileReadDirectory, file::directory::entries_11;
    197 => freebsd6_mmap(
        addr: Address, len: Size, prot: Protection, flags: MapFlags, fd: Fd, pad: Int, pos: Offset
    ) -> Address, full, MemoryMap, memory::map_6;
    198 => __syscall(number: Long) -> Long,
        none("the call that it names is taken in its place; it names itself here");
    199 => freebsd6_lseek(fd: Fd, pad: Int, offset: Offset, whence: Whence) -> Offset,
        full, FileSeek, file::data::seek_6;
    200 => freebsd6_truncate(path: Path, pad: Int, length: Offset) -> Int,
        full, FsTruncate, file::attribute::truncate_6;
    201 => freebsd6_ftruncate(fd: Fd, pad: Int, length: Offset) -> Int,
        full, FileTruncate, file::data::truncate_6;
    202 => __sysctl(
        name: In<SysctlName<1>>, namelen: Uint, old: Out<Bytes<3>>, oldlenp: InOut<Ulong>,
        new: In<Bytes<5>>, newlen: Size
    ) -> Int, full, SystemControl, sysctl::by_numbers;
    203 => mlock(addr: Address, len: Size) -> Int, full, MemoryLock, memory::lock::lock;
    204 => munlock(addr: Address, len: Size) -> Int, full, MemoryLock, memory::lock::unlock;
    205 => undelete(path: Path) -> Int, none("the host's file systems have no whiteouts to take back");
    206 => futimes(fd: Fd, tptr: In<Pair<Timeval>>) -> Int,
        full, FileSetTimes, file::attribute::set_times_of_descriptor;
    207 => getpgid(pid: Pid) -> Pid, full, ProcGetGroup, process::ids::group;
    209 => poll(fds: InOut<List<PollDescriptor, 1>>, nfds: Uint, timeout: Int) -> Int,
        full, EventPoll, poll::poll;
    210 => lkmnosys0() -> Int, none("a place for a kernel module's call");
    211 => lkmnosys1() -> Int, none("a place for a kernel module's call");
    212 => lkmnosys2() -> Int, none("a place for a kernel module's call");
    213 => lkmnosys3() -> Int, none("a place for a kernel module's call");
    214 => lkmnosys4() -> Int, none("a place for a kernel module's call");
    215 => lkmnosys5() -> Int, none("a place for a kernel module's call");
    216 => lkmnosys6() -> Int, none("a place for a kernel module's call");
    217 => lkmnosys7() -> Int, none("a place for a kernel module's call");
    218 => lkmnosys8() -> Int, none("a place for a kernel module's call");
    219 => lkmnosys9() -> Int, none("a place for a kernel module's call");
    220 => freebsd7___semctl(semid: Int, semnum: Int, cmd: IpcCommand, arg: InOut<Opaque>) -> Int,
        none("the structures of releases before 8");
    221 => semget(key: Long, nsems: Int, semflg: IpcFlags) -> Int, full, MemoryShare, ipc::semaphores;
    222 => semop(semid: Int, sops: In<Opaque>, nsops: Size) -> Int, full, ThreadWait, ipc::operate_semaphores;
    223 => semconfig() -> Int, none("obsolete");
    224 => freebsd7_msgctl(msqid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int,
        none("the structures of releases before 8");
    225 => msgget(key: Long, msgflg: IpcFlags) -> Int, full, MemoryShare, ipc::queue;
    226 => msgsnd(msqid: Int, msgp: In<Opaque>, msgsz: Size, msgflg: IpcFlags) -> Int,
        full, MemoryShare, ipc::send;
    227 => msgrcv(msqid: Int, msgp: Out<Opaque>, msgsz: Size, msgtyp: Long, msgflg: IpcFlags) -> Size,
        full, MemoryShare, ipc::receive;
    228 => shmat(shmid: Int, shmaddr: Address, shmflg: IpcFlags) -> Address, full, MemoryShare, ipc::attach;
    229 => freebsd7_shmctl(shmid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int,
        none("the structures of releases before 8"), MemoryShare;
    230 => shmdt(shmaddr: Address) -> Int, full, MemoryShare, ipc::detach;
    231 => shmget(key: Long, size: Size, shmflg: IpcFlags) -> Int, full, MemoryShare, ipc::segment;
    232 => clock_gettime(clock_id: ClockId, tp: Out<Timespec>) -> Int, full, TimeGet, clock::get;
    233 => clock_settime(clock_id: ClockId, tp: In<Timespec>) -> Int, full, TimeSet, clock::set;
    234 => clock_getres(clock_id: ClockId, tp: Out<Timespec>) -> Int, full, TimeGet, clock::resolution;
    235 => ktimer_create(clock_id: ClockId, evp: In<SignalEvent>, timerid: Out<Int>) -> Int,
        partial("no SIGEV_KEVENT"), TimeTimer, clock::create_timer;
    236 => ktimer_delete(timerid: Int) -> Int, full, TimeTimer, clock::delete_timer;
    237 => ktimer_settime(timerid: Int, flags: TimerFlags, value: In<Itimerspec>, ovalue: Out<Itimerspec>) -> Int,
        full, TimeTimer, clock::set_timer;
    238 => ktimer_gettime(timerid: Int, value: Out<Itimerspec>) -> Int, full, TimeTimer, clock::get_timer;
    239 => ktimer_getoverrun(timerid: Int) -> Int, full, TimeTimer, clock::timer_overrun;
    240 => nanosleep(rqtp: In<Timespec>, rmtp: Out<Timespec>) -> Int, full, TimeSleep, clock::sleep;
    241 => ffclock_getcounter(ffcount: Out<Ulong>) -> Int,
        none("the host has no feed-forward clock"), TimeGet;
    242 => ffclock_setestimate(cest: In<Opaque>) -> Int, none("the host has no feed-forward clock"), TimeSet;
    243 => ffclock_getestimate(cest: Out<Opaque>) -> Int, none("the host has no feed-forward clock"), TimeGet;
    244 => clock_nanosleep(clock_id: ClockId, flags: TimerFlags, rqtp: In<Timespec>, rmtp: Out<Timespec>) -> Int,
        full, TimeSleep, clock::clock_sleep;
    247 => clock_getcpuclockid2(id: Long, which: Int, clock_id: Out<ClockId>) -> Int,
        full, TimeGet, clock::cpu_clock;
    248 => ntp_gettime(ntvp: Out<Opaque>) -> Int, full, TimeGet, adjust::time;
    250 => minherit(addr: Address, len: Size, inherit: Inheritance) -> Int,
        partial("private memory cannot be shared"), MemoryAdvise, memory::inherit;
    251 => rfork(flags: ForkFlags) -> Pid, partial("no RFMEM other than in vfork, no shared descriptors"), ProcFork, process::rfork;
    252 => openbsd_poll() -> Int, none("obsolete");
    253 => issetugid() -> Int, full, AuthGetIds, identity::is_set_id;
    254 => lchown(path: Path, uid: Uid, gid: Gid) -> Int,
        full, FsSetOwner, file::attribute::set_owner_of_link;
    255 => aio_read(aiocbp: InOut<Opaque>) -> Int,
        partial("files only, done at once; not told by event queues"), FilePositionRead, aio::read;
    256 => aio_write(aiocbp: InOut<Opaque>) -> Int,
        partial("files only, done at once; not told by event queues"), FilePositionWrite, aio::write;
    257 => lio_listio(mode: Int, acb_list: In<List<Address, 2>>, nent: Int, sig: In<SignalEvent>) -> Int,
        partial("files only, done at once; not told by event queues"), FilePositionRead, aio::list;
    272 => freebsd11_getdents(fd: Fd, buf: Out<Opaque>, count: Size) -> Int,
        full, FileReadDirectory, file::directory::entries_without_base_11;
    274 => lchmod(path: Path, mode: Mode) -> Int,
        partial("the host has no modes of links"), FsSetMode, file::attribute::set_mode_of_link;
    275 => netbsd_lchown() -> Int, none("obsolete");
    276 => lutimes(path: Path, tptr: In<Pair<Timeval>>) -> Int,
        full, FsSetTimes, file::attribute::set_times_of_link;
    277 => netbsd_msync() -> Int, none("obsolete");
    278 => freebsd11_nstat(path: Path, ub: Out<Opaque>) -> Int, full, FsStat, file::status::new_stat;
    279 => freebsd11_nfstat(fd: Fd, sb: Out<Opaque>) -> Int,
        full, FileStat, file::status::new_stat_descriptor;
    280 => freebsd11_nlstat(path: Path, ub: Out<Opaque>) -> Int, full, FsStat, file::status::new_stat_link;
    289 => preadv(fd: Fd, iovp: Out<List<Iovec, 2>>, iovcnt: Uint, offset: Offset) -> Size,
        full, FilePositionRead, file::data::preadv;
    290 => pwritev(fd: Fd, iovp: In<List<Iovec, 2>>, iovcnt: Uint, offset: Offset) -> Size,
        full, FilePositionWrite, file::data::pwritev;
    297 => freebsd4_fhstatfs(u_fhp: In<Opaque>, buf: Out<Opaque>) -> Int,
        none("file handles are for NFS servers");
    298 => fhopen(u_fhp: In<Opaque>, flags: OpenFlags) -> Fd, none("file handles are for NFS servers");
    299 => freebsd11_fhstat(u_fhp: In<Opaque>, sb: Out<Stat11>) -> Int,
        none("file handles are for NFS servers");
}
