//! What a server's process gives up before it answers anything.
//!
//! What comes from guests reaches a server as messages, so a fault in one is a way into its process. There it finds no
//! program that it could run, no file but those that the deployment names, and no socket that it could make.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    path_beneath_rules,
};
use schemas::server::Needs;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

/// Host calls that any server may make: memory, threads, time, and what is done with descriptors that it has or opens.
const CALLS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_prctl,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_flock,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_copy_file_range,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_openat,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_mkdirat,
    libc::SYS_mkdir,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_socketpair,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
];

/// Those that a server with the network needs besides.
const NETWORK_CALLS: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
];

/// Gives up everything but what is needed. Threads that the server has already give it up as well.
///
/// # Errors
/// A sentence, when the host does not let the process give something up.
pub fn close(needs: &Needs) -> Result<(), String> {
    no_core();
    if !needs.network {
        // Takes the privilege to make namespaces; without it the filter below keeps sockets away.
        // SAFETY: only this process's network changes.
        let _ = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    }
    keep_files(needs).map_err(|error| format!("cannot give up the file system: {error}"))?;
    let filter = filter(needs).map_err(|error| format!("cannot make a filter of host calls: {error}"))?;
    // Sets no_new_privs as well, for all threads.
    seccompiler::apply_filter_all_threads(&filter)
        .or_else(|_| apply_filter(&filter))
        .map_err(|error| format!("cannot give host calls up: {error}"))
}

/// What a server knows of guests stays out of core files.
fn no_core() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    // Lowering a limit is never refused.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

/// Only files below those that the server needs can be opened. On a host without Landlock the process's user decides.
fn keep_files(needs: &Needs) -> Result<(), landlock::RulesetError> {
    let all = AccessFs::from_all(ABI::V5);
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .create()?
        .add_rules(path_beneath_rules(&needs.files, all & !AccessFs::Execute))?;
    rules.restrict_self().map(drop)
}

fn filter(needs: &Needs) -> Result<BpfProgram, seccompiler::BackendError> {
    let more = if needs.network { NETWORK_CALLS } else { &[] };
    let allowed: BTreeMap<i64, Vec<_>> = CALLS.iter().chain(more).map(|&call| (call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(allowed, refused, SeccompAction::Allow, TargetArch::x86_64)?.try_into()
}
