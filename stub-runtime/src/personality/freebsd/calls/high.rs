//! Calls 300 to 602: what FreeBSD added since its third release.

use crate::call::*;
use crate::call_rows;
use crate::operation;
use crate::personality::freebsd::{
    action, aio, context, file, identity, ipc, kernel, kqueue, memory, mqueue, notify, poll, procctl,
    procdesc, process, scheduling, session, socket, sysctl, terminal, thread, umtx,
};

call_rows! {
    pub const ROWS;

    300 => modnext(modid: Int) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::next;
    301 => modstat(modid: Int, stat: Out<Opaque>) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::module_status;
    302 => modfnext(modid: Int) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::next_in_file;
    303 => modfind(name: Text) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::find;
    304 => kldload(file: Path) -> Int, none("there is no kernel to load a module into"), SystemModule;
    305 => kldunload(fileid: Int) -> Int, none("there is no kernel to take a module from"), SystemModule;
    306 => kldfind(file: Path) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::find;
    307 => kldnext(fileid: Int) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::next;
    308 => kldstat(fileid: Int, stat: Out<Opaque>) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::file_status;
    309 => kldfirstmod(fileid: Int) -> Int,
        partial("modules are what servers of the world do"), SystemModule, kernel::first_module;
    310 => getsid(pid: Pid) -> Pid, full, ProcGetSession, process::ids::session;
    311 => setresuid(ruid: Uid, euid: Uid, suid: Uid) -> Int, full, AuthSetIds, identity::set_all_users;
    312 => setresgid(rgid: Gid, egid: Gid, sgid: Gid) -> Int, full, AuthSetIds, identity::set_all_groups;
    313 => signanosleep() -> Int, none("obsolete");
    314 => aio_return(aiocbp: InOut<Opaque>) -> Size, full, EventPoll, aio::result;
    315 => aio_suspend(aiocbp: In<List<Address, 1>>, nent: Int, timeout: In<Timespec>) -> Int,
        full, EventPoll, aio::wait_some;
    316 => aio_cancel(fd: Fd, aiocbp: In<Opaque>) -> Int, full, EventPoll, aio::cancel;
    317 => aio_error(aiocbp: In<Opaque>) -> Int, full, EventPoll, aio::error;
    318 => freebsd6_aio_read(aiocbp: InOut<Opaque>) -> Int,
        none("the structures of releases before 7"), FilePositionRead;
    319 => freebsd6_aio_write(aiocbp: InOut<Opaque>) -> Int,
        none("the structures of releases before 7"), FilePositionWrite;
    320 => freebsd6_lio_listio(mode: Int, acb_list: In<List<Address, 2>>, nent: Int, sig: In<Opaque>) -> Int,
        none("the structures of releases before 7"), FilePositionRead;
    321 => yield() -> Int, full, ProcSchedule, process::ids::yield_now;
    322 => thr_sleep() -> Int, none("obsolete");
    323 => thr_wakeup() -> Int, none("obsolete");
    324 => mlockall(how: LockFlags) -> Int, full, MemoryLock, memory::lock::lock_all;
    325 => munlockall() -> Int, full, MemoryLock, memory::lock::unlock_all;
    326 => __getcwd(buf: Out<Buffer<1>>, buflen: Size) -> Int, full, FsReadLink, file::directory::working;
    327 => sched_setparam(pid: Pid, param: In<SchedulingParameter>) -> Int,
        full, ProcSchedule, scheduling::set_parameter;
    328 => sched_getparam(pid: Pid, param: Out<SchedulingParameter>) -> Int,
        full, ProcSchedule, scheduling::parameter;
    329 => sched_setscheduler(pid: Pid, policy: SchedulingPolicy, param: In<SchedulingParameter>) -> Int,
        full, ProcSchedule, scheduling::set_scheduler;
    330 => sched_getscheduler(pid: Pid) -> SchedulingPolicy, full, ProcSchedule, scheduling::scheduler;
    331 => sched_yield() -> Int, full, ProcSchedule, process::ids::yield_now;
    332 => sched_get_priority_max(policy: SchedulingPolicy) -> Int,
        full, ProcSchedule, scheduling::priority_max;
    333 => sched_get_priority_min(policy: SchedulingPolicy) -> Int,
        full, ProcSchedule, scheduling::priority_min;
    334 => sched_rr_get_interval(pid: Pid, interval: Out<Timespec>) -> Int,
        full, ProcSchedule, scheduling::interval;
    335 => utrace(addr: In<Bytes<1>>, len: Size) -> Int,
        none("as in a kernel without ktrace(4); traces are the mapper's"), ProcTrace;
    336 => freebsd4_sendfile(
        fd: Fd, s: Fd, offset: Offset, nbytes: Size, hdtr: In<Opaque>, sbytes: Out<Long>, flags: Bits
    ) -> Int, none("FreeBSD 4 had no amd64 programs"), FileSend;
    337 => kldsym(fileid: Int, cmd: Int, data: InOut<Opaque>) -> Int,
        partial("no symbols"), SystemModule, kernel::symbol;
    338 => jail(jail: In<Opaque>) -> Int, none("jails are made from outside, by the mapper");
    339 => nnpfs_syscall(operation: Int, a_pathP: Path, a_opcode: Int, a_paramsP: Address, a_followSymlinks: Int) -> Int,
        none("the Arla file system is a kernel module");
    340 => sigprocmask(how: MaskHow, set: In<SignalSet>, oset: Out<SignalSet>) -> Int,
        full, SignalMask, action::mask;
    341 => sigsuspend(sigmask: In<SignalSet>) -> Int, full, SignalSuspend, action::suspend;
    342 => freebsd4_sigaction(sig: Signal, act: In<SignalAction>, oact: Out<SignalAction>) -> Int,
        none("FreeBSD 4 had no amd64 programs"), SignalAction;
    343 => sigpending(set: Out<SignalSet>) -> Int, full, SignalPending, action::pending;
    344 => freebsd4_sigreturn(sigcntxp: In<Opaque>) -> Never,
        none("FreeBSD 4 had no amd64 programs"), SignalReturn;
    345 => sigtimedwait(set: In<SignalSet>, info: Out<SignalInfo>, timeout: In<Timespec>) -> Signal,
        full, SignalWait, action::timed_wait;
    346 => sigwaitinfo(set: In<SignalSet>, info: Out<SignalInfo>) -> Signal,
        full, SignalWait, action::wait_info;
    347 => __acl_get_file(path: Path, type: Int, aclp: Out<Opaque>) -> Int,
        partial("no file has access control lists"), FsGetAttribute, file::acl::of_path;
    348 => __acl_set_file(path: Path, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FsSetAttribute, file::acl::of_path;
    349 => __acl_get_fd(filedes: Fd, type: Int, aclp: Out<Opaque>) -> Int,
        partial("no file has access control lists"), FileGetAttribute, file::acl::of_descriptor;
    350 => __acl_set_fd(filedes: Fd, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FileSetAttribute, file::acl::of_descriptor;
    351 => __acl_delete_file(path: Path, type: Int) -> Int,
        partial("no file has access control lists"), FsRemoveAttribute, file::acl::delete;
    352 => __acl_delete_fd(filedes: Fd, type: Int) -> Int,
        partial("no file has access control lists"), FileRemoveAttribute, file::acl::delete_of_descriptor;
    353 => __acl_aclcheck_file(path: Path, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FsGetAttribute, file::acl::of_path;
    354 => __acl_aclcheck_fd(filedes: Fd, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FileGetAttribute, file::acl::of_descriptor;
    355 => extattrctl(path: Path, cmd: Int, filename: Path, attrnamespace: AttributeNamespace, attrname: Text) -> Int,
        none("attribute files are a matter of UFS1");
    356 => extattr_set_file(
        path: Path, attrnamespace: AttributeNamespace, attrname: Text, data: In<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsSetAttribute, file::extended::set_file;
    357 => extattr_get_file(
        path: Path, attrnamespace: AttributeNamespace, attrname: Text, data: Out<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsGetAttribute, file::extended::get_file;
    358 => extattr_delete_file(path: Path, attrnamespace: AttributeNamespace, attrname: Text) -> Int,
        full, FsRemoveAttribute, file::extended::delete_file;
    359 => aio_waitcomplete(aiocbp: Out<Address>, timeout: In<Timespec>) -> Size,
        full, EventPoll, aio::wait_any;
    360 => getresuid(ruid: Out<Uid>, euid: Out<Uid>, suid: Out<Uid>) -> Int,
        full, AuthGetIds, identity::all_users;
    361 => getresgid(rgid: Out<Gid>, egid: Out<Gid>, sgid: Out<Gid>) -> Int,
        full, AuthGetIds, identity::all_groups;
    362 => kqueue() -> Fd, partial("the queue does not outlive execve"), EventQueueCreate, kqueue::create;
    363 => freebsd11_kevent(
        fd: Fd, changelist: In<List<KernelEvent11, 2>>, nchanges: Int,
        eventlist: Out<List<KernelEvent11, 4>>, nevents: Int, timeout: In<Timespec>
    ) -> Int, partial("of processes only their end is told"), EventQueueWait, kqueue::event_before_12;
    364 => __cap_get_proc() -> Int, none("obsolete");
    365 => __cap_set_proc() -> Int, none("obsolete");
    366 => __cap_get_fd() -> Int, none("obsolete");
    367 => __cap_get_file() -> Int, none("obsolete");
    368 => __cap_set_fd() -> Int, none("obsolete");
    369 => __cap_set_file() -> Int, none("obsolete");
    371 => extattr_set_fd(
        fd: Fd, attrnamespace: AttributeNamespace, attrname: Text, data: In<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsSetAttribute, file::extended::set_descriptor;
    372 => extattr_get_fd(
        fd: Fd, attrnamespace: AttributeNamespace, attrname: Text, data: Out<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsGetAttribute, file::extended::get_descriptor;
    373 => extattr_delete_fd(fd: Fd, attrnamespace: AttributeNamespace, attrname: Text) -> Int,
        full, FileRemoveAttribute, file::extended::delete_descriptor;
    374 => __setugid(flag: Int) -> Int, none("only in kernels built for regression tests"), AuthSetIds;
    375 => nfsclnt() -> Int, none("obsolete");
    376 => eaccess(path: Path, amode: AccessMode) -> Int, full, FsAccess, file::status::effective_access;
    377 => afs3_syscall(
        syscall: Long, parm1: Long, parm2: Long, parm3: Long, parm4: Long, parm5: Long, parm6: Long
    ) -> Int, none("the Andrew file system is a kernel module");
    378 => nmount(iovp: In<List<Iovec, 1>>, iovcnt: Uint, flags: MountFlags) -> Int,
        partial("only type, place and source are passed on"), FsMount, file::filesystem::mount_by_options;
    379 => kse_exit() -> Int, none("obsolete");
    380 => kse_wakeup() -> Int, none("obsolete");
    381 => kse_create() -> Int, none("obsolete");
    382 => kse_thr_interrupt() -> Int, none("obsolete");
    383 => kse_release() -> Int, none("obsolete");
    384 => __mac_get_proc(mac_p: In<Opaque>) -> Int, none("no mandatory access control policy is loaded");
    385 => __mac_set_proc(mac_p: In<Opaque>) -> Int, none("no mandatory access control policy is loaded");
    386 => __mac_get_fd(fd: Fd, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    387 => __mac_get_file(path_p: Path, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    388 => __mac_set_fd(fd: Fd, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    389 => __mac_set_file(path_p: Path, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    390 => kenv(what: Int, name: Text, value: InOut<Buffer<3>>, len: Int) -> Int,
        partial("always empty"), SystemControl, kernel::environment;
    391 => lchflags(path: Path, flags: FileFlags) -> Int,
        partial("files of the host have no flags"), FsSetMode, file::attribute::set_flags_of_link;
    392 => uuidgen(store: Out<Opaque>, count: Int) -> Int, full, SystemRandom, kernel::identifiers;
    393 => sendfile(
        fd: Fd, s: Fd, offset: Offset, nbytes: Size, hdtr: In<Opaque>, sbytes: Out<Long>, flags: Bits
    ) -> Int, full, FileSend, file::send::send;
    394 => mac_syscall(policy: Text, call: Int, arg: Address) -> Int,
        none("no mandatory access control policy is loaded");
    395 => freebsd11_getfsstat(buf: Out<Opaque>, bufsize: Long, mode: WaitMode) -> Int,
        partial("lists the host's mounts, not those of servers"), FsStatFilesystem, file::filesystem::each_11;
    396 => freebsd11_statfs(path: Path, buf: Out<Statfs11>) -> Int,
        full, FsStatFilesystem, file::filesystem::statfs_11;
    397 => freebsd11_fstatfs(fd: Fd, buf: Out<Statfs11>) -> Int,
        full, FileStatFilesystem, file::filesystem::statfs_descriptor_11;
    398 => freebsd11_fhstatfs(u_fhp: In<Opaque>, buf: Out<Statfs11>) -> Int,
        none("file handles are for NFS servers");
    400 => ksem_close(id: Long) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    401 => ksem_post(id: Long) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9"), ThreadWake;
    402 => ksem_wait(id: Long) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9"), ThreadWait;
    403 => ksem_trywait(id: Long) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9"), ThreadWait;
    404 => ksem_init(idp: Out<Long>, value: Uint) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    405 => ksem_open(idp: Out<Long>, name: Text, oflag: OpenFlags, mode: Mode, value: Uint) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    406 => ksem_unlink(name: Text) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    407 => ksem_getvalue(id: Long, val: Out<Int>) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    408 => ksem_destroy(id: Long) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9");
    409 => __mac_get_pid(pid: Pid, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    410 => __mac_get_link(path_p: Path, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    411 => __mac_set_link(path_p: Path, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded");
    412 => extattr_set_link(
        path: Path, attrnamespace: AttributeNamespace, attrname: Text, data: In<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsSetAttribute, file::extended::set_link;
    413 => extattr_get_link(
        path: Path, attrnamespace: AttributeNamespace, attrname: Text, data: Out<Bytes<4>>, nbytes: Size
    ) -> Size, full, FsGetAttribute, file::extended::get_link;
    414 => extattr_delete_link(path: Path, attrnamespace: AttributeNamespace, attrname: Text) -> Int,
        full, FsRemoveAttribute, file::extended::delete_link;
    415 => __mac_execve(fname: Path, argv: Strings, envv: Strings, mac_p: In<Opaque>) -> Int,
        none("no mandatory access control policy is loaded"), ExecExec;
    416 => sigaction(sig: Signal, act: In<SignalAction>, oact: Out<SignalAction>) -> Int,
        full, SignalAction, action::action;
    417 => sigreturn(sigcntxp: In<Opaque>) -> Never, full, SignalReturn, action::signal_return;
    421 => getcontext(ucp: Out<Opaque>) -> Int, full, SignalReturn, context::get;
    422 => setcontext(ucp: In<Opaque>) -> Int, full, SignalReturn, context::set;
    423 => swapcontext(oucp: Out<Opaque>, ucp: In<Opaque>) -> Int, full, SignalReturn, context::swap;
    424 => freebsd13_swapoff(name: Path) -> Int, none("swap belongs to the host"), SystemReboot;
    425 => __acl_get_link(path: Path, type: Int, aclp: Out<Opaque>) -> Int,
        partial("no file has access control lists"), FsGetAttribute, file::acl::of_link;
    426 => __acl_set_link(path: Path, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FsSetAttribute, file::acl::of_link;
    427 => __acl_delete_link(path: Path, type: Int) -> Int,
        partial("no file has access control lists"), FsRemoveAttribute, file::acl::delete_of_link;
    428 => __acl_aclcheck_link(path: Path, type: Int, aclp: In<Opaque>) -> Int,
        partial("no file has access control lists"), FsGetAttribute, file::acl::of_link;
    429 => sigwait(set: In<SignalSet>, sig: Out<Signal>) -> Int, full, SignalWait, action::wait;
    430 => thr_create(ctx: In<Opaque>, id: Out<Long>, flags: ThreadFlags) -> Int,
        none("thr_new took its place in release 6"), ThreadCreate;
    431 => thr_exit(state: Out<Long>) -> Never, full, ThreadExit, thread::exit;
    432 => thr_self(id: Out<Long>) -> Int, full, ThreadSelf, thread::own_id;
    433 => thr_kill(id: Tid, sig: Signal) -> Int, full, SignalQueue, thread::kill;
    434 => freebsd10__umtx_lock(umtx: InOut<Long>) -> Int,
        none("libthr has used _umtx_op since release 7"), ThreadWait;
    435 => freebsd10__umtx_unlock(umtx: InOut<Long>) -> Int,
        none("libthr has used _umtx_op since release 7"), ThreadWake;
    436 => jail_attach(jid: Int) -> Int, none("jails are made from outside, by the mapper");
    437 => extattr_list_fd(fd: Fd, attrnamespace: AttributeNamespace, data: Out<Bytes<3>>, nbytes: Size) -> Size,
        full, FileListAttributes, file::extended::list_descriptor;
    438 => extattr_list_file(path: Path, attrnamespace: AttributeNamespace, data: Out<Bytes<3>>, nbytes: Size) -> Size,
        full, FsListAttributes, file::extended::list_file;
    439 => extattr_list_link(path: Path, attrnamespace: AttributeNamespace, data: Out<Bytes<3>>, nbytes: Size) -> Size,
        full, FsListAttributes, file::extended::list_link;
    440 => kse_switchin() -> Int, none("obsolete");
    441 => ksem_timedwait(id: Long, abstime: In<Timespec>) -> Int,
        none("as in a kernel without sem(4); libc has had semaphores of its own since release 9"), ThreadWait;
    442 => thr_suspend(timeout: In<Timespec>) -> Int, full, ThreadWait, thread::suspend;
    443 => thr_wake(id: Tid) -> Int, full, ThreadWake, thread::wake;
    444 => kldunloadf(fileid: Int, flags: Int) -> Int,
        none("there is no kernel to take a module from"), SystemModule;
    445 => audit(record: In<Bytes<1>>, length: Uint) -> Int, none("no audit trail is kept");
    446 => auditon(cmd: Int, data: Address, length: Uint) -> Int, none("no audit trail is kept");
    447 => getauid(auid: Out<Uid>) -> Int, none("no audit trail is kept");
    448 => setauid(auid: In<Uid>) -> Int, none("no audit trail is kept");
    449 => getaudit(auditinfo: Out<Opaque>) -> Int, none("no audit trail is kept");
    450 => setaudit(auditinfo: In<Opaque>) -> Int, none("no audit trail is kept");
    451 => getaudit_addr(auditinfo_addr: Out<Opaque>, length: Uint) -> Int, none("no audit trail is kept");
    452 => setaudit_addr(auditinfo_addr: In<Opaque>, length: Uint) -> Int, none("no audit trail is kept");
    453 => auditctl(path: Path) -> Int, none("no audit trail is kept");
    454 => _umtx_op(obj: Address, op: UmtxOperation, val: Ulong, uaddr1: Address, uaddr2: Address) -> Int,
        partial("no priority protection, shared memory handles or robust lists"), ThreadWait, umtx::operate;
    455 => thr_new(param: In<ThreadParameter>, param_size: Int) -> Int, full, ThreadCreate, thread::new;
    456 => sigqueue(pid: Pid, signum: Signal, value: Address) -> Int, full, SignalQueue, action::queue;
    457 => kmq_open(path: Path, flags: OpenFlags, mode: Mode, attr: In<Opaque>) -> Fd,
        partial("limits are those of the host"), MemoryShare, mqueue::open;
    458 => kmq_setattr(mqd: Fd, attr: In<Opaque>, oattr: Out<Opaque>) -> Int,
        full, MemoryShare, mqueue::attributes;
    459 => kmq_timedreceive(
        mqd: Fd, msg_ptr: Out<Bytes<2>>, msg_len: Size, msg_prio: Out<Uint>, abs_timeout: In<Timespec>
    ) -> Size, full, MemoryShare, mqueue::receive;
    460 => kmq_timedsend(
        mqd: Fd, msg_ptr: In<Bytes<2>>, msg_len: Size, msg_prio: Uint, abs_timeout: In<Timespec>
    ) -> Int, full, MemoryShare, mqueue::send;
    461 => kmq_notify(mqd: Fd, sigev: In<SignalEvent>) -> Int,
        partial("not by event queue, nor to one thread"), MemoryShare, mqueue::notify;
    462 => kmq_unlink(path: Path) -> Int, full, MemoryShare, mqueue::unlink;
    463 => abort2(why: Text, nargs: Int, args: In<List<Address, 1>>) -> Never,
        partial("arguments are not logged"), ProcExit, kernel::abort;
    464 => thr_set_name(id: Tid, name: Text) -> Int,
        partial("the calling thread only"), ProcControl, thread::set_name;
    465 => aio_fsync(op: Int, aiocbp: In<Opaque>) -> Int,
        partial("files only, done at once; not told by event queues"), FileSynchronize, aio::synchronize;
    466 => rtprio_thread(function: PriorityFunction, lwpid: Int, rtp: InOut<RealtimePriority>) -> Int,
        partial("priorities of idle threads are all the same"), ProcSchedule, scheduling::realtime;
    471 => sctp_peeloff(sd: Fd, name: Uint) -> Fd, none("no SCTP"), SocketAccept;
    472 => sctp_generic_sendmsg(
        sd: Fd, msg: In<Bytes<2>>, mlen: Int, to: In<SocketAddress<4>>, tolen: SocketLength,
        sinfo: In<Opaque>, flags: MessageFlags
    ) -> Size, none("no SCTP"), SocketSend;
    473 => sctp_generic_sendmsg_iov(
        sd: Fd, iov: In<List<Iovec, 2>>, iovlen: Int, to: In<SocketAddress<4>>, tolen: SocketLength,
        sinfo: In<Opaque>, flags: MessageFlags
    ) -> Size, none("no SCTP"), SocketSend;
    474 => sctp_generic_recvmsg(
        sd: Fd, iov: Out<List<Iovec, 2>>, iovlen: Int, from: Out<SocketAddress<4>>, fromlenaddr: InOut<SocketLength>,
        sinfo: In<Opaque>, msg_flags: Out<MessageFlags>
    ) -> Size, none("no SCTP"), SocketReceive;
    475 => pread(fd: Fd, buf: Out<Bytes<2>>, nbyte: Size, offset: Offset) -> Size,
        full, FilePositionRead, operation::file::read_at;
    476 => pwrite(fd: Fd, buf: In<Bytes<2>>, nbyte: Size, offset: Offset) -> Size,
        full, FilePositionWrite, operation::file::write_at;
    477 => mmap(addr: Address, len: Size, prot: Protection, flags: MapFlags, fd: Fd, pos: Offset) -> Address,
        full, MemoryMap, memory::map;
    478 => lseek(fd: Fd, offset: Offset, whence: Whence) -> Offset, full, FileSeek, file::data::seek;
    479 => truncate(path: Path, length: Offset) -> Int, full, FsTruncate, file::attribute::truncate;
    480 => ftruncate(fd: Fd, length: Offset) -> Int, full, FileTruncate, operation::file::truncate;
    481 => thr_kill2(pid: Pid, id: Tid, sig: Signal) -> Int, full, SignalQueue, thread::kill_in;
    482 => freebsd12_shm_open(path: Path, flags: OpenFlags, mode: Mode) -> Fd,
        full, MemoryShare, file::shared::open_12;
    483 => shm_unlink(path: Path) -> Int, full, MemoryShare, file::shared::unlink;
    484 => cpuset(setid: Out<Int>) -> Int, none("processors are grouped by the host only"), ThreadAffinity;
    485 => cpuset_setid(which: CpuWhich, id: Long, setid: Int) -> Int,
        none("processors are grouped by the host only"), ThreadAffinity;
    486 => cpuset_getid(level: CpuLevel, which: CpuWhich, id: Long, setid: Out<Int>) -> Int,
        partial("everything is in the default set"), ThreadAffinity, scheduling::processor_set;
    487 => cpuset_getaffinity(level: CpuLevel, which: CpuWhich, id: Long, cpusetsize: Size, mask: Out<Bytes<3>>) -> Int,
        full, ThreadAffinity, process::get_affinity;
    488 => cpuset_setaffinity(level: CpuLevel, which: CpuWhich, id: Long, cpusetsize: Size, mask: In<Bytes<3>>) -> Int,
        full, ThreadAffinity, process::set_affinity;
    489 => faccessat(fd: DirFd, path: Path, amode: AccessMode, flag: AtFlags) -> Int,
        full, FsAccess, file::status::access_at;
    490 => fchmodat(fd: DirFd, path: Path, mode: Mode, flag: AtFlags) -> Int,
        full, FsSetMode, file::attribute::set_mode_at;
    491 => fchownat(fd: DirFd, path: Path, uid: Uid, gid: Gid, flag: AtFlags) -> Int,
        full, FsSetOwner, file::attribute::set_owner_at;
    492 => fexecve(fd: Fd, argv: Strings, envv: Strings) -> Int, full, ExecExec, process::fexecve;
    493 => freebsd11_fstatat(fd: DirFd, path: Path, buf: Out<Stat11>, flag: AtFlags) -> Int,
        full, FsStat, file::status::stat_at_11;
    494 => futimesat(fd: DirFd, path: Path, times: In<Pair<Timeval>>) -> Int,
        full, FsSetTimes, file::attribute::set_times_at;
    495 => linkat(fd1: DirFd, path1: Path, fd2: DirFd, path2: Path, flag: AtFlags) -> Int,
        full, FsLink, file::name::link_at;
    496 => mkdirat(fd: DirFd, path: Path, mode: Mode) -> Int,
        full, FsMakeDirectory, file::name::make_directory_at;
    497 => mkfifoat(fd: DirFd, path: Path, mode: Mode) -> Int, full, FsMakeNode, file::name::make_fifo_at;
    498 => freebsd11_mknodat(fd: DirFd, path: Path, mode: Mode, dev: Uint) -> Int,
        full, FsMakeNode, file::name::make_node_at_11;
    499 => openat(fd: DirFd, path: Path, flag: OpenFlags, mode: Mode) -> Fd,
        full, FsOpen, file::open::open_at;
    500 => readlinkat(fd: DirFd, path: Path, buf: Out<Buffer<3>>, bufsize: Size) -> Size,
        full, FsReadLink, file::name::read_link_at;
    501 => renameat(oldfd: DirFd, old: Path, newfd: DirFd, new: Path) -> Int,
        full, FsRename, file::name::rename_at;
    502 => symlinkat(path1: Path, fd: DirFd, path2: Path) -> Int,
        full, FsSymbolicLink, file::name::symbolic_link_at;
    503 => unlinkat(fd: DirFd, path: Path, flag: AtFlags) -> Int, full, FsRemove, file::name::unlink_at;
    504 => posix_openpt(flags: OpenFlags) -> Fd, full, TermOpenPair, terminal::open_pair;
    505 => gssd_syscall(path: Path) -> Int, none("the in-kernel RPC client is not part of the world");
    506 => jail_get(iovp: InOut<List<Iovec, 1>>, iovcnt: Uint, flags: JailFlags) -> Int,
        none("jails are made from outside, by the mapper");
    507 => jail_set(iovp: In<List<Iovec, 1>>, iovcnt: Uint, flags: JailFlags) -> Int,
        none("jails are made from outside, by the mapper");
    508 => jail_remove(jid: Int) -> Int, none("jails are made from outside, by the mapper");
    509 => freebsd12_closefrom(lowfd: Fd) -> Int, full, FileClose, file::open::close_from;
    510 => __semctl(semid: Int, semnum: Int, cmd: IpcCommand, arg: InOut<Opaque>) -> Int,
        full, MemoryShare, ipc::control_semaphores;
    511 => msgctl(msqid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int,
        full, MemoryShare, ipc::control_queue;
    512 => shmctl(shmid: Int, cmd: IpcCommand, buf: InOut<Opaque>) -> Int,
        full, MemoryShare, ipc::control_segment;
    513 => lpathconf(path: Path, name: PathVariable) -> Long,
        full, FsStatFilesystem, file::filesystem::link_limit;
    514 => cap_new() -> Int, none("obsolete");
    515 => __cap_rights_get(version: Int, fd: Fd, rightsp: Out<Opaque>) -> Int,
        none("as in a kernel without Capsicum");
    516 => cap_enter() -> Int, none("as in a kernel without Capsicum");
    517 => cap_getmode(modep: Out<Uint>) -> Int, none("as in a kernel without Capsicum");
    518 => pdfork(fdp: Out<Fd>, flags: ProcessDescriptorFlags) -> Pid,
        partial("closing the descriptor neither ends nor reaps the process"), ProcFork, procdesc::fork;
    519 => pdkill(fd: Fd, signum: Signal) -> Int, full, ProcKill, procdesc::kill;
    520 => pdgetpid(fd: Fd, pidp: Out<Pid>) -> Int, full, ProcGetPid, procdesc::pid;
    522 => pselect(
        nd: Int, in: InOut<DescriptorSet<0>>, ou: InOut<DescriptorSet<0>>, ex: InOut<DescriptorSet<0>>,
        ts: In<Timespec>, sm: In<SignalSet>
    ) -> Int, full, EventSelect, poll::select_masked;
    523 => getloginclass(namebuf: Out<Buffer<1>>, namelen: Size) -> Int, full, ProcGetSession, session::class;
    524 => setloginclass(namebuf: Text) -> Int, partial("until execve"), ProcSetSession, session::set_class;
    525 => rctl_get_racct(inbufp: In<Bytes<1>>, inbuflen: Size, outbufp: Out<Opaque>, outbuflen: Size) -> Int,
        none("resources are not accounted by rules");
    526 => rctl_get_rules(inbufp: In<Bytes<1>>, inbuflen: Size, outbufp: Out<Opaque>, outbuflen: Size) -> Int,
        none("resources are not accounted by rules");
    527 => rctl_get_limits(inbufp: In<Bytes<1>>, inbuflen: Size, outbufp: Out<Opaque>, outbuflen: Size) -> Int,
        none("resources are not accounted by rules");
    528 => rctl_add_rule(inbufp: In<Bytes<1>>, inbuflen: Size, outbufp: Out<Opaque>, outbuflen: Size) -> Int,
        none("resources are not accounted by rules");
    529 => rctl_remove_rule(inbufp: In<Bytes<1>>, inbuflen: Size, outbufp: Out<Opaque>, outbuflen: Size) -> Int,
        none("resources are not accounted by rules");
    530 => posix_fallocate(fd: Fd, offset: Offset, len: Offset) -> Int,
        full, FileAllocate, file::data::allocate;
    531 => posix_fadvise(fd: Fd, offset: Offset, len: Offset, advice: FileAdvice) -> Int,
        full, FileAdvise, file::data::advise;
    532 => wait6(
        idtype: IdKind, id: Long, status: Out<WaitStatus>, options: WaitOptions, wrusage: Out<Pair<Rusage>>,
        info: Out<SignalInfo>
    ) -> Pid, partial("ids other than process, group and all"), ProcWait, process::wait6;
    533 => cap_rights_limit(fd: Fd, rightsp: In<Opaque>) -> Int, none("as in a kernel without Capsicum");
    534 => cap_ioctls_limit(fd: Fd, cmds: In<List<Ulong, 2>>, ncmds: Size) -> Int,
        none("as in a kernel without Capsicum");
    535 => cap_ioctls_get(fd: Fd, cmds: Out<List<Ulong, 2>>, maxcmds: Size) -> Size,
        none("as in a kernel without Capsicum");
    536 => cap_fcntls_limit(fd: Fd, fcntlrights: Uint) -> Int, none("as in a kernel without Capsicum");
    537 => cap_fcntls_get(fd: Fd, fcntlrightsp: Out<Uint>) -> Int, none("as in a kernel without Capsicum");
    538 => bindat(fd: DirFd, s: Fd, name: In<SocketAddress<3>>, namelen: SocketLength) -> Int,
        full, SocketBind, socket::bind_at;
    539 => connectat(fd: DirFd, s: Fd, name: In<SocketAddress<3>>, namelen: SocketLength) -> Int,
        full, SocketConnect, socket::connect_at;
    540 => chflagsat(fd: DirFd, path: Path, flags: FileFlags, atflag: AtFlags) -> Int,
        partial("files of the host have no flags"), FsSetMode, file::attribute::set_flags_at;
    541 => accept4(s: Fd, name: Out<SocketAddress<2>>, anamelen: InOut<SocketLength>, flags: SocketType) -> Fd,
        full, SocketAccept, socket::accept4;
    542 => pipe2(fildes: Out<Pair<Fd>>, flags: OpenFlags) -> Int,
        partial("pipes go one way"), PflocalPipe, socket::pipe2;
    543 => aio_mlock(aiocbp: In<Opaque>) -> Int,
        partial("done at once; not told by event queues"), MemoryLock, aio::lock;
    544 => procctl(idtype: IdKind, id: Long, com: ProcessControl, data: Address) -> Int,
        partial("of the caller: reaping, tracing, a parent's end, randomization, privileges"), ProcControl, procctl::control;
    545 => ppoll(fds: InOut<List<PollDescriptor, 1>>, nfds: Uint, ts: In<Timespec>, set: In<SignalSet>) -> Int,
        full, EventPoll, poll::poll_masked;
    546 => futimens(fd: Fd, times: In<Pair<Timespec>>) -> Int,
        full, FileSetTimes, file::attribute::set_exact_times_of_descriptor;
    547 => utimensat(fd: DirFd, path: Path, times: In<Pair<Timespec>>, flag: AtFlags) -> Int,
        full, FsSetTimes, file::attribute::set_exact_times;
    548 => numa_getaffinity() -> Int, none("obsolete");
    549 => numa_setaffinity() -> Int, none("obsolete");
    550 => fdatasync(fd: Fd) -> Int, full, FileSynchronize, file::data::synchronize_data;
    551 => fstat(fd: Fd, sb: Out<Stat>) -> Int, full, FileStat, file::status::stat_descriptor;
    552 => fstatat(fd: DirFd, path: Path, buf: Out<Stat>, flag: AtFlags) -> Int,
        full, FsStat, file::status::stat_at;
    553 => fhstat(u_fhp: In<Opaque>, sb: Out<Stat>) -> Int, none("file handles are for NFS servers");
    554 => getdirentries(fd: Fd, buf: Out<Opaque>, count: Size, basep: Out<Long>) -> Size,
        full, FileReadDirectory, file::directory::entries;
    555 => statfs(path: Path, buf: Out<Statfs>) -> Int, full, FsStatFilesystem, file::filesystem::statfs;
    556 => fstatfs(fd: Fd, buf: Out<Statfs>) -> Int,
        full, FileStatFilesystem, file::filesystem::statfs_descriptor;
    557 => getfsstat(buf: Out<Opaque>, bufsize: Long, mode: WaitMode) -> Int,
        partial("lists the host's mounts, not those of servers"), FsStatFilesystem, file::filesystem::each;
    558 => fhstatfs(u_fhp: In<Opaque>, buf: Out<Statfs>) -> Int, none("file handles are for NFS servers");
    559 => mknodat(fd: DirFd, path: Path, mode: Mode, dev: Device) -> Int,
        full, FsMakeNode, file::name::make_node_at;
    560 => kevent(
        fd: Fd, changelist: In<List<KernelEvent, 2>>, nchanges: Int,
        eventlist: Out<List<KernelEvent, 4>>, nevents: Int, timeout: In<Timespec>
    ) -> Int, partial("of processes only their end is told"), EventQueueWait, kqueue::event;
    561 => cpuset_getdomain(
        level: CpuLevel, which: CpuWhich, id: Long, domainsetsize: Size, mask: Out<Bytes<3>>, policy: Out<Int>
    ) -> Int, partial("the machine is one domain"), ThreadAffinity, scheduling::domain;
    562 => cpuset_setdomain(
        level: CpuLevel, which: CpuWhich, id: Long, domainsetsize: Size, mask: In<Bytes<3>>, policy: Int
    ) -> Int, partial("the machine is one domain"), ThreadAffinity, scheduling::set_domain;
    563 => getrandom(buf: Out<Bytes<1>>, buflen: Size, flags: RandomFlags) -> Size,
        full, SystemRandom, operation::system::random;
    564 => getfhat(fd: DirFd, path: Path, fhp: Out<Opaque>, flags: AtFlags) -> Int,
        none("file handles are for NFS servers");
    565 => fhlink(fhp: In<Opaque>, to: Path) -> Int, none("file handles are for NFS servers");
    566 => fhlinkat(fhp: In<Opaque>, tofd: DirFd, to: Path) -> Int, none("file handles are for NFS servers");
    567 => fhreadlink(fhp: In<Opaque>, buf: Out<Buffer<2>>, bufsize: Size) -> Int,
        none("file handles are for NFS servers");
    568 => funlinkat(dfd: DirFd, path: Path, fd: Fd, flag: AtFlags) -> Int,
        full, FsRemove, file::name::unlink_checked;
    569 => copy_file_range(
        infd: Fd, inoffp: InOut<Long>, outfd: Fd, outoffp: InOut<Long>, len: Size, flags: Bits
    ) -> Size, full, FileSend, file::send::copy;
    570 => __sysctlbyname(
        name: In<Buffer<1>>, namelen: Size, old: Out<Bytes<3>>, oldlenp: InOut<Ulong>, new: In<Bytes<5>>, newlen: Size
    ) -> Int, full, SystemControl, sysctl::by_name;
    571 => shm_open2(path: Path, flags: OpenFlags, mode: Mode, shmflags: MemoryFileFlags, name: Text) -> Fd,
        partial("no large pages"), MemoryShare, file::shared::open;
    572 => shm_rename(path_from: Path, path_to: Path, flags: RenameFlags) -> Int,
        full, MemoryShare, file::shared::rename;
    573 => sigfastblock(cmd: FastBlockCommand, ptr: InOut<Uint>) -> Int,
        none("the auxiliary vector does not offer it, so libthr blocks signals by sigprocmask"), SignalMask;
    574 => __realpathat(fd: DirFd, path: Path, buf: Out<Buffer<3>>, size: Size, flags: AtFlags) -> Int,
        full, FsReadLink, file::name::real_path;
    575 => close_range(lowfd: Uint, highfd: Uint, flags: CloseRangeFlags) -> Int,
        full, FileClose, file::open::close_range;
    576 => rpctls_syscall(op: Int, path: Path) -> Int,
        none("the in-kernel RPC client is not part of the world");
    577 => __specialfd(type: SpecialDescriptor, req: In<Bytes<2>>, len: Size) -> Fd,
        full, EventNotify, notify::special;
    578 => aio_writev(aiocbp: InOut<Opaque>) -> Int,
        partial("files only, done at once; not told by event queues"), FilePositionWrite, aio::write_vector;
    579 => aio_readv(aiocbp: InOut<Opaque>) -> Int,
        partial("files only, done at once; not told by event queues"), FilePositionRead, aio::read_vector;
    580 => fspacectl(fd: Fd, cmd: Int, rqsr: In<FileRange>, flags: Int, rmsr: Out<FileRange>) -> Int,
        full, FileAllocate, file::data::space;
    581 => sched_getcpu() -> Int, full, ThreadAffinity, scheduling::processor;
    582 => swapoff(name: Path, flags: Uint) -> Int, none("swap belongs to the host"), SystemReboot;
    583 => kqueuex(flags: Bits) -> Fd,
        partial("the queue does not outlive execve"), EventQueueCreate, kqueue::create_with;
    584 => membarrier(cmd: BarrierCommand, flags: Bits, cpu_id: Int) -> Int,
        full, ThreadWake, scheduling::barrier;
    585 => timerfd_create(clockid: ClockId, flags: CreationFlags) -> Fd,
        full, EventTimerDescriptor, notify::create_timer;
    586 => timerfd_gettime(fd: Fd, curr_value: Out<Itimerspec>) -> Int,
        full, EventTimerDescriptor, notify::timer;
    587 => timerfd_settime(fd: Fd, flags: TimerFlags, new_value: In<Itimerspec>, old_value: Out<Itimerspec>) -> Int,
        full, EventTimerDescriptor, notify::set_timer;
    588 => kcmp(pid1: Pid, pid2: Pid, type: Int, idx1: Ulong, idx2: Ulong) -> Int,
        partial("files as descriptions only, not as objects"), ProcTrace, process::compare;
    589 => getrlimitusage(which: LimitKind, flags: Int, res: Out<Ulong>) -> Int,
        none("the host does not tell how much of a limit is used"), ProcUsage;
    590 => fchroot(fd: Fd) -> Int,
        partial("only where the deployment and the host allow it"), FsChangeRoot, file::filesystem::change_root_to;
    591 => setcred(flags: Bits, wcred: In<Opaque>, size: Size) -> Int,
        partial("no labels"), AuthSetIds, identity::set_credentials;
    592 => exterrctl(op: Uint, flags: Bits, ptr: Address) -> Int, none("errors come without further text");
    593 => inotify_add_watch_at(fd: Fd, dfd: DirFd, path: Path, mask: WatchMask) -> Int,
        full, FsWatch, file::name::watch;
    594 => inotify_rm_watch(fd: Fd, wd: Int) -> Int, full, FsWatch, file::name::unwatch;
    595 => getgroups(gidsetsize: Int, gidset: Out<List<Gid, 0>>) -> Int,
        full, AuthGetGroups, identity::supplementary_groups;
    596 => setgroups(gidsetsize: Int, gidset: In<List<Gid, 0>>) -> Int,
        full, AuthSetGroups, identity::set_supplementary_groups;
    597 => jail_attach_jd(fd: Fd) -> Int, none("jails are made from outside, by the mapper");
    598 => jail_remove_jd(fd: Fd) -> Int, none("jails are made from outside, by the mapper");
    599 => kexec_load(entry: Address, nseg: Ulong, segments: In<Opaque>, flags: Bits) -> Int,
        none("there is no kernel to replace"), SystemReboot;
    600 => pdrfork(fdp: Out<Fd>, pdflags: ProcessDescriptorFlags, rfflags: ForkFlags) -> Pid,
        partial("closing the descriptor neither ends nor reaps the process"), ProcFork, procdesc::fork_with;
    601 => pdwait(
        fd: Fd, status: Out<WaitStatus>, options: WaitOptions, wrusage: Out<Pair<Rusage>>, info: Out<SignalInfo>
    ) -> Int, full, ProcWait, procdesc::wait;
    602 => renameat2(oldfd: DirFd, old: Path, newfd: DirFd, new: Path, flags: RenameFlags) -> Int,
        full, FsRename, file::name::rename_with;
}
