//! Calls 220 to 471: what Linux added since.

use crate::call::*;
use crate::call_rows;
use crate::operation;
use crate::personality::linux::{action, aio, clock, event, file, identity, memory, process, socket};

call_rows! {
    pub const ROWS;

    220 => semtimedop(semid: Int, tsops: In<Opaque>, nsops: Uint, timeout: In<Timespec>) -> Int, native;
    221 => fadvise64(fd: Fd, offset: Offset, len: Offset, advice: FileAdvice) -> Int,
        full, FileAdvise, file::data::advise;
    222 => timer_create(which_clock: ClockId, event: In<SignalEvent>, created_timer_id: Out<Int>) -> Int,
        native, TimeTimer;
    223 => timer_settime(timer_id: Int, flags: TimerFlags, new: In<Itimerspec>, old: Out<Itimerspec>) -> Int,
        native, TimeTimer;
    224 => timer_gettime(timer_id: Int, setting: Out<Itimerspec>) -> Int, native, TimeTimer;
    225 => timer_getoverrun(timer_id: Int) -> Int, native, TimeTimer;
    226 => timer_delete(timer_id: Int) -> Int, native, TimeTimer;
    227 => clock_settime(which_clock: ClockId, tp: In<Timespec>) -> Int, native, TimeSet;
    228 => clock_gettime(which_clock: ClockId, tp: Out<Timespec>) -> Int, full, TimeGet, clock::get;
    229 => clock_getres(which_clock: ClockId, tp: Out<Timespec>) -> Int, native, TimeGet;
    230 => clock_nanosleep(which_clock: ClockId, flags: TimerFlags, rqtp: In<Timespec>, rmtp: Out<Timespec>) -> Int,
        native, TimeSleep;
    231 => exit_group(error_code: Int) -> Never, native, ProcExit;
    232 => epoll_wait(epfd: Fd, events: Out<List<EpollEvent, 2>>, maxevents: Int, timeout: Int) -> Int,
        native, EventQueueWait;
    233 => epoll_ctl(epfd: Fd, op: EpollOperation, fd: Fd, event: In<EpollEvent>) -> Int,
        native, EventQueueControl;
    234 => tgkill(tgid: Pid, pid: Pid, sig: Signal) -> Int, full, SignalQueue, action::kill_thread;
    235 => utimes(filename: Path, utimes: In<Pair<Timeval>>) -> Int,
        full, FsSetTimes, file::attribute::set_times;
    236 => vserver() -> Int, none("never implemented by Linux");
    237 => mbind(start: Address, len: Size, mode: Int, nmask: In<Opaque>, maxnode: Ulong, flags: Bits) -> Int,
        native, MemoryAdvise;
    238 => set_mempolicy(mode: Int, nmask: In<Opaque>, maxnode: Ulong) -> Int, native, MemoryAdvise;
    239 => get_mempolicy(policy: Out<Int>, nmask: Out<Opaque>, maxnode: Ulong, addr: Address, flags: Bits) -> Int,
        native, MemoryAdvise;
    240 => mq_open(name: Text, oflag: OpenFlags, mode: Mode, attr: In<Opaque>) -> Fd, native;
    241 => mq_unlink(name: Text) -> Int, native;
    242 => mq_timedsend(
        mqdes: Fd, msg_ptr: In<Bytes<2>>, msg_len: Size, msg_prio: Uint, abs_timeout: In<Timespec>
    ) -> Int, native;
    243 => mq_timedreceive(
        mqdes: Fd, msg_ptr: Out<Bytes<2>>, msg_len: Size, msg_prio: Out<Uint>, abs_timeout: In<Timespec>
    ) -> Size, native;
    244 => mq_notify(mqdes: Fd, notification: In<SignalEvent>) -> Int, native;
    245 => mq_getsetattr(mqdes: Fd, mqstat: In<Opaque>, omqstat: Out<Opaque>) -> Int, native;
    246 => kexec_load(entry: Address, nr_segments: Ulong, segments: In<Opaque>, flags: Bits) -> Int,
        none("there is no kernel to replace"), SystemReboot;
    247 => waitid(which: IdKind, upid: Pid, infop: Out<SignalInfo>, options: WaitOptions, ru: Out<Rusage>) -> Int,
        native, ProcWait;
    248 => add_key(type: Text, description: Text, payload: In<Bytes<3>>, plen: Size, ringid: Int) -> Int,
        none("no key store");
    249 => request_key(type: Text, description: Text, callout_info: Text, destringid: Int) -> Int,
        none("no key store");
    250 => keyctl(cmd: Int, arg2: Bits, arg3: Bits, arg4: Bits, arg5: Bits) -> Long, none("no key store");
    251 => ioprio_set(which: Int, who: Int, ioprio: Int) -> Int, native, ProcSchedule;
    252 => ioprio_get(which: Int, who: Int) -> Int, native, ProcSchedule;
    253 => inotify_init() -> Fd, native, EventWatchDescriptor;
    254 => inotify_add_watch(fd: Fd, path: Path, mask: WatchMask) -> Int, full, FsWatch, file::name::watch;
    255 => inotify_rm_watch(fd: Fd, wd: Int) -> Int, native, FsWatch;
    256 => migrate_pages(pid: Pid, maxnode: Ulong, from: In<Opaque>, to: In<Opaque>) -> Int,
        native, MemoryAdvise;
    257 => openat(dfd: DirFd, filename: Path, flags: OpenFlags, mode: Mode) -> Fd,
        full, FsOpen, file::open::open_at;
    258 => mkdirat(dfd: DirFd, pathname: Path, mode: Mode) -> Int,
        full, FsMakeDirectory, file::name::make_directory_at;
    259 => mknodat(dfd: DirFd, filename: Path, mode: Mode, dev: Device) -> Int,
        full, FsMakeNode, file::name::make_node_at;
    260 => fchownat(dfd: DirFd, filename: Path, user: Uid, group: Gid, flag: AtFlags) -> Int,
        full, FsSetOwner, file::attribute::set_owner_at;
    261 => futimesat(dfd: DirFd, filename: Path, utimes: In<Pair<Timeval>>) -> Int,
        full, FsSetTimes, file::attribute::set_times_at;
    262 => newfstatat(dfd: DirFd, filename: Path, statbuf: Out<Stat>, flag: AtFlags) -> Int,
        full, FsStat, file::status::stat_at;
    263 => unlinkat(dfd: DirFd, pathname: Path, flag: AtFlags) -> Int, full, FsRemove, file::name::unlink_at;
    264 => renameat(olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path) -> Int,
        full, FsRename, file::name::rename_at;
    265 => linkat(olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path, flags: AtFlags) -> Int,
        full, FsLink, file::name::link_at;
    266 => symlinkat(oldname: Path, newdfd: DirFd, newname: Path) -> Int,
        full, FsSymbolicLink, file::name::symbolic_link_at;
    267 => readlinkat(dfd: DirFd, path: Path, buf: Out<Buffer<3>>, bufsiz: Size) -> Size,
        full, FsReadLink, file::name::read_link_at;
    268 => fchmodat(dfd: DirFd, filename: Path, mode: Mode) -> Int,
        full, FsSetMode, file::attribute::set_mode_at;
    269 => faccessat(dfd: DirFd, filename: Path, mode: AccessMode) -> Int,
        full, FsAccess, file::status::access_at;
    270 => pselect6(
        n: Int, inp: InOut<DescriptorSet<0>>, outp: InOut<DescriptorSet<0>>, exp: InOut<DescriptorSet<0>>,
        tsp: InOut<Timespec>, sig: Address
    ) -> Int, full, EventSelect, event::select;
    271 => ppoll(
        fds: InOut<List<PollDescriptor, 1>>, nfds: Uint, tsp: InOut<Timespec>, sigmask: In<SignalSet>, sigsetsize: Size
    ) -> Int, full, EventPoll, event::poll;
    272 => unshare(unshare_flags: CloneFlags) -> Int, full, ProcControl, identity::unshare;
    273 => set_robust_list(head: Address, len: Size) -> Int, native, ThreadRobustList;
    274 => get_robust_list(pid: Pid, head_ptr: Out<Address>, len_ptr: Out<Ulong>) -> Int,
        native, ThreadRobustList;
    275 => splice(
        fd_in: Fd, off_in: InOut<Long>, fd_out: Fd, off_out: InOut<Long>, len: Size, flags: SpliceFlags
    ) -> Size, full, FileSend, file::send::splice;
    276 => tee(fdin: Fd, fdout: Fd, len: Size, flags: SpliceFlags) -> Size, native, FileSend;
    277 => sync_file_range(fd: Fd, offset: Offset, nbytes: Offset, flags: Bits) -> Int,
        full, FileSynchronize, file::data::synchronize_range;
    278 => vmsplice(fd: Fd, uiov: In<List<Iovec, 2>>, nr_segs: Ulong, flags: SpliceFlags) -> Size,
        native, FileSend;
    279 => move_pages(
        pid: Pid, nr_pages: Ulong, pages: In<List<Address, 1>>, nodes: In<List<Int, 1>>, status: Out<Opaque>,
        flags: Bits
    ) -> Int, native, MemoryAdvise;
    280 => utimensat(dfd: DirFd, filename: Path, utimes: In<Pair<Timespec>>, flags: AtFlags) -> Int,
        full, FsSetTimes, file::attribute::set_exact_times;
    281 => epoll_pwait(
        epfd: Fd, events: Out<List<EpollEvent, 2>>, maxevents: Int, timeout: Int, sigmask: In<SignalSet>,
        sigsetsize: Size
    ) -> Int, full, EventQueueWait, event::wait;
    282 => signalfd(ufd: Fd, user_mask: In<SignalSet>, sizemask: Size) -> Fd, native, EventSignalDescriptor;
    283 => timerfd_create(clockid: ClockId, flags: CreationFlags) -> Fd, native, EventTimerDescriptor;
    284 => eventfd(count: Uint) -> Fd, native, EventNotify;
    285 => fallocate(fd: Fd, mode: AllocateMode, offset: Offset, len: Offset) -> Int,
        full, FileAllocate, file::data::allocate;
    286 => timerfd_settime(ufd: Fd, flags: TimerFlags, utmr: In<Itimerspec>, otmr: Out<Itimerspec>) -> Int,
        native, EventTimerDescriptor;
    287 => timerfd_gettime(ufd: Fd, otmr: Out<Itimerspec>) -> Int, native, EventTimerDescriptor;
    288 => accept4(
        fd: Fd, upeer_sockaddr: Out<SocketAddress<2>>, upeer_addrlen: InOut<SocketLength>, flags: SocketType
    ) -> Fd, full, SocketAccept, socket::accept_with;
    289 => signalfd4(ufd: Fd, user_mask: In<SignalSet>, sizemask: Size, flags: CreationFlags) -> Fd,
        native, EventSignalDescriptor;
    290 => eventfd2(count: Uint, flags: CreationFlags) -> Fd, native, EventNotify;
    291 => epoll_create1(flags: EpollFlags) -> Fd, native, EventQueueCreate;
    292 => dup3(oldfd: Fd, newfd: Fd, flags: OpenFlags) -> Fd,
        partial("numbers that the stub keeps for itself are refused"), FileDuplicate, file::open::duplicate_with;
    293 => pipe2(fildes: Out<Pair<Fd>>, flags: OpenFlags) -> Int, full, PflocalPipe, socket::pipe_with;
    294 => inotify_init1(flags: CreationFlags) -> Fd, native, EventWatchDescriptor;
    295 => preadv(fd: Fd, vec: Out<List<Iovec, 2>>, vlen: Ulong, pos_l: Offset, pos_h: Offset) -> Size,
        full, FilePositionRead, file::data::preadv;
    296 => pwritev(fd: Fd, vec: In<List<Iovec, 2>>, vlen: Ulong, pos_l: Offset, pos_h: Offset) -> Size,
        full, FilePositionWrite, file::data::pwritev;
    297 => rt_tgsigqueueinfo(tgid: Pid, pid: Pid, sig: Signal, uinfo: In<SignalInfo>) -> Int,
        full, SignalQueue, action::queue_thread;
    298 => perf_event_open(attr: In<Opaque>, pid: Pid, cpu: Int, group_fd: Fd, flags: Bits) -> Fd,
        none("the processor's counters belong to the host");
    299 => recvmmsg(
        fd: Fd, mmsg: InOut<List<MultipleMessageHeader, 2>>, vlen: Uint, flags: MessageFlags, timeout: InOut<Timespec>
    ) -> Int, full, SocketReceive, socket::receive_messages;
    300 => fanotify_init(flags: Bits, event_f_flags: OpenFlags) -> Fd,
        none("watches the whole host"), FsWatch;
    301 => fanotify_mark(fanotify_fd: Fd, flags: Bits, mask: Bits, dfd: DirFd, pathname: Path) -> Int,
        none("watches the whole host"), FsWatch;
    302 => prlimit64(pid: Pid, resource: LimitKind, new_rlim: In<Rlimit>, old_rlim: Out<Rlimit>) -> Int,
        full, ProcLimits, process::limits;
    303 => name_to_handle_at(dfd: DirFd, name: Path, handle: InOut<Opaque>, mnt_id: Out<Int>, flag: AtFlags) -> Int,
        none("file handles are for NFS servers");
    304 => open_by_handle_at(mountdirfd: DirFd, handle: In<Opaque>, flags: OpenFlags) -> Fd,
        none("file handles are for NFS servers");
    305 => clock_adjtime(which_clock: ClockId, utx: InOut<Opaque>) -> Int, native, TimeSet;
    306 => syncfs(fd: Fd) -> Int, full, FileSynchronize, file::data::synchronize_filesystem;
    307 => sendmmsg(fd: Fd, mmsg: InOut<List<MultipleMessageHeader, 2>>, vlen: Uint, flags: MessageFlags) -> Int,
        full, SocketSend, socket::send_messages;
    308 => setns(fd: Fd, flags: CloneFlags) -> Int, full, ProcControl, identity::enter_namespace;
    309 => getcpu(cpup: Out<Uint>, nodep: Out<Uint>, unused: Address) -> Int, native, ThreadAffinity;
    310 => process_vm_readv(
        pid: Pid, lvec: Out<List<Iovec, 2>>, liovcnt: Ulong, rvec: Address, riovcnt: Ulong, flags: Bits
    ) -> Size, native, ProcTrace;
    311 => process_vm_writev(
        pid: Pid, lvec: In<List<Iovec, 2>>, liovcnt: Ulong, rvec: Address, riovcnt: Ulong, flags: Bits
    ) -> Size, native, ProcTrace;
    312 => kcmp(pid1: Pid, pid2: Pid, type: Int, idx1: Ulong, idx2: Ulong) -> Int, native;
    313 => finit_module(fd: Fd, uargs: Text, flags: Bits) -> Int,
        none("there is no kernel to load a module into"), SystemModule;
    314 => sched_setattr(pid: Pid, attr: In<Opaque>, flags: Bits) -> Int, native, ProcSchedule;
    315 => sched_getattr(pid: Pid, attr: Out<Opaque>, size: Uint, flags: Bits) -> Int, native, ProcSchedule;
    316 => renameat2(olddfd: DirFd, oldname: Path, newdfd: DirFd, newname: Path, flags: RenameFlags) -> Int,
        full, FsRename, file::name::rename_with;
    317 => seccomp(op: SeccompOperation, flags: Bits, uargs: Address) -> Int,
        none("a filter would see the calls of the stub instead of those of the guest"), ProcControl;
    318 => getrandom(buf: Out<Bytes<1>>, count: Size, flags: RandomFlags) -> Size, native, SystemRandom;
    319 => memfd_create(uname: Text, flags: MemoryFileFlags) -> Fd, native, MemoryShare;
    320 => kexec_file_load(kernel_fd: Fd, initrd_fd: Fd, cmdline_len: Ulong, cmdline: Text, flags: Bits) -> Int,
        none("there is no kernel to replace"), SystemReboot;
    321 => bpf(cmd: Int, attr: InOut<Opaque>, size: Uint) -> Int,
        none("programs for a kernel that is not there");
    322 => execveat(dfd: DirFd, filename: Path, argv: Strings, envp: Strings, flags: AtFlags) -> Int,
        full, ExecExec, process::execveat;
    323 => userfaultfd(flags: OpenFlags) -> Fd, none("faults belong to the host");
    324 => membarrier(cmd: BarrierCommand, flags: Bits, cpu_id: Int) -> Int, native, ThreadWake;
    325 => mlock2(start: Address, len: Size, flags: LockFlags) -> Int, native, MemoryLock;
    326 => copy_file_range(
        fd_in: Fd, off_in: InOut<Long>, fd_out: Fd, off_out: InOut<Long>, len: Size, flags: Bits
    ) -> Size, full, FileSend, file::send::copy;
    327 => preadv2(fd: Fd, vec: Out<List<Iovec, 2>>, vlen: Ulong, pos_l: Offset, pos_h: Offset, flags: Bits) -> Size,
        full, FilePositionRead, file::data::preadv2;
    328 => pwritev2(fd: Fd, vec: In<List<Iovec, 2>>, vlen: Ulong, pos_l: Offset, pos_h: Offset, flags: Bits) -> Size,
        full, FilePositionWrite, file::data::pwritev2;
    329 => pkey_mprotect(start: Address, len: Size, prot: Protection, pkey: Int) -> Int,
        full, MemoryProtect, memory::protect_with_key;
    330 => pkey_alloc(flags: Bits, init_val: Ulong) -> Int, native, MemoryProtect;
    331 => pkey_free(pkey: Int) -> Int, native, MemoryProtect;
    332 => statx(dfd: DirFd, path: Path, flags: AtFlags, mask: StatxMask, buffer: Out<Statx>) -> Int,
        full, FsStat, file::status::statx;
    333 => io_pgetevents(
        ctx_id: Ulong, min_nr: Long, nr: Long, events: Out<Opaque>, timeout: In<Timespec>, sig: Address
    ) -> Int, full, EventQueueWait, aio::events;
    334 => rseq(rseq: Address, rseq_len: Uint, flags: Bits, sig: Uint) -> Int, native, ThreadRobustList;
    335 => uretprobe() -> Int, none("only for trampolines that the kernel's tracing places");
    336 => uprobe() -> Int, none("only for trampolines that the kernel's tracing places");

    424 => pidfd_send_signal(pidfd: Fd, sig: Signal, info: In<SignalInfo>, flags: Bits) -> Int,
        full, ProcKill, action::kill_by_descriptor;
    425 => io_uring_setup(entries: Uint, params: InOut<Opaque>) -> Fd,
        none("its requests would reach the host past the stub");
    426 => io_uring_enter(
        fd: Fd, to_submit: Uint, min_complete: Uint, flags: Bits, argp: Address, argsz: Size
    ) -> Int, none("its requests would reach the host past the stub");
    427 => io_uring_register(fd: Fd, opcode: Uint, arg: Address, nr_args: Uint) -> Int,
        none("its requests would reach the host past the stub");
    428 => open_tree(dfd: DirFd, path: Path, flags: Bits) -> Fd,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    429 => move_mount(from_dfd: DirFd, from_path: Path, to_dfd: DirFd, to_path: Path, ms_flags: Bits) -> Int,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    430 => fsopen(fs_name: Text, flags: Bits) -> Fd,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    431 => fsconfig(fs_fd: Fd, cmd: Int, key: Text, value: Address, aux: Int) -> Int,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    432 => fsmount(fs_fd: Fd, flags: Bits, ms_flags: Bits) -> Fd,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    433 => fspick(dfd: DirFd, path: Path, flags: Bits) -> Fd,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    434 => pidfd_open(pid: Pid, flags: OpenFlags) -> Fd, native, ProcWait;
    435 => clone3(uargs: In<CloneArguments>, size: Size) -> Pid,
        partial("no descriptors that processes share"), ThreadCreate, process::clone3;
    436 => close_range(fd: Uint, max_fd: Uint, flags: CloseRangeFlags) -> Int,
        full, FileClose, operation::open::close_range;
    437 => openat2(dfd: DirFd, filename: Path, how: In<OpenHow>, usize: Size) -> Fd,
        full, FsOpen, file::open::open_with;
    438 => pidfd_getfd(pidfd: Fd, fd: Fd, flags: Bits) -> Fd, native, ProcTrace;
    439 => faccessat2(dfd: DirFd, filename: Path, mode: AccessMode, flags: AtFlags) -> Int,
        full, FsAccess, file::status::access_with;
    440 => process_madvise(pidfd: Fd, vec: In<List<Iovec, 2>>, vlen: Size, behavior: Advice, flags: Bits) -> Size,
        native, MemoryAdvise;
    441 => epoll_pwait2(
        epfd: Fd, events: Out<List<EpollEvent, 2>>, maxevents: Int, timeout: In<Timespec>, sigmask: In<SignalSet>,
        sigsetsize: Size
    ) -> Int, full, EventQueueWait, event::wait_exactly;
    442 => mount_setattr(dfd: DirFd, path: Path, flags: AtFlags, uattr: In<Opaque>, usize: Size) -> Int,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    443 => quotactl_fd(fd: Fd, cmd: Bits, id: Uid, addr: Address) -> Int, none("no disk quotas");
    444 => landlock_create_ruleset(attr: In<Opaque>, size: Size, flags: Bits) -> Fd, native;
    445 => landlock_add_rule(ruleset_fd: Fd, rule_type: Int, rule_attr: In<Opaque>, flags: Bits) -> Int,
        full, FsAccess, process::add_rule;
    446 => landlock_restrict_self(ruleset_fd: Fd, flags: Bits) -> Int, native;
    447 => memfd_secret(flags: Bits) -> Fd, native, MemoryShare;
    448 => process_mrelease(pidfd: Fd, flags: Bits) -> Int, native, ProcKill;
    449 => futex_waitv(
        waiters: In<Opaque>, nr_futexes: Uint, flags: Bits, timeout: In<Timespec>, clockid: ClockId
    ) -> Int, native, ThreadWait;
    450 => set_mempolicy_home_node(start: Address, len: Size, home_node: Ulong, flags: Bits) -> Int,
        native, MemoryAdvise;
    451 => cachestat(fd: Fd, cstat_range: In<Opaque>, cstat: Out<Opaque>, flags: Bits) -> Int,
        native, FileStat;
    452 => fchmodat2(dfd: DirFd, filename: Path, mode: Mode, flags: AtFlags) -> Int,
        full, FsSetMode, file::attribute::set_mode_with;
    453 => map_shadow_stack(addr: Address, size: Size, flags: Bits) -> Address,
        none("handlers and patched calls return past a shadow stack"), MemoryMap;
    454 => futex_wake(uaddr: Address, mask: Bits, nr: Int, flags: Bits) -> Int, native, ThreadWake;
    455 => futex_wait(
        uaddr: Address, val: Ulong, mask: Bits, flags: Bits, timeout: In<Timespec>, clockid: ClockId
    ) -> Int, native, ThreadWait;
    456 => futex_requeue(waiters: In<Opaque>, flags: Bits, nr_wake: Int, nr_requeue: Int) -> Int,
        native, ThreadWake;
    457 => statmount(req: In<Opaque>, buf: Out<Opaque>, bufsize: Size, flags: Bits) -> Int,
        none("would list the mounts of the host; the guest's are in /proc/self/mountinfo"), FsStatFilesystem;
    458 => listmount(req: In<Opaque>, mnt_ids: Out<List<Ulong, 2>>, nr_mnt_ids: Size, flags: Bits) -> Size,
        none("would list the mounts of the host; the guest's are in /proc/self/mountinfo"), FsStatFilesystem;
    459 => lsm_get_self_attr(attr: Uint, ctx: Out<Opaque>, size: InOut<Uint>, flags: Bits) -> Int,
        none("no security module is loaded");
    460 => lsm_set_self_attr(attr: Uint, ctx: In<Opaque>, size: Uint, flags: Bits) -> Int,
        none("no security module is loaded");
    461 => lsm_list_modules(ids: Out<Opaque>, size: InOut<Uint>, flags: Bits) -> Int,
        none("no security module is loaded");
    462 => mseal(start: Address, len: Size, flags: Bits) -> Int, full, MemoryProtect, memory::seal;
    463 => setxattrat(dfd: DirFd, path: Path, at_flags: AtFlags, name: Text, args: In<Opaque>, size: Size) -> Int,
        full, FsSetAttribute, file::extended::set_at;
    464 => getxattrat(dfd: DirFd, path: Path, at_flags: AtFlags, name: Text, args: InOut<Opaque>, size: Size) -> Size,
        full, FsGetAttribute, file::extended::get_at;
    465 => listxattrat(dfd: DirFd, path: Path, at_flags: AtFlags, list: Out<Bytes<4>>, size: Size) -> Size,
        full, FsListAttributes, file::extended::list_at;
    466 => removexattrat(dfd: DirFd, path: Path, at_flags: AtFlags, name: Text) -> Int,
        full, FsRemoveAttribute, file::extended::remove_at;
    467 => open_tree_attr(dfd: DirFd, path: Path, flags: Bits, uattr: In<Opaque>, usize: Size) -> Fd,
        none("the tree of names is put together by the mapper; mount(2) asks it"), FsMount;
    468 => file_getattr(dfd: DirFd, path: Path, attr: Out<Opaque>, size: Size, at_flags: AtFlags) -> Int,
        none("flags of files are reached by ioctl"), FsGetAttribute;
    469 => file_setattr(dfd: DirFd, path: Path, attr: In<Opaque>, size: Size, at_flags: AtFlags) -> Int,
        none("flags of files are reached by ioctl"), FsSetAttribute;
    470 => listns(req: In<Opaque>, ns_ids: Out<List<Ulong, 2>>, nr_ns_ids: Size, flags: Bits) -> Size,
        none("namespaces belong to the host");
    471 => rseq_slice_yield() -> Int, native, ProcSchedule;
}
