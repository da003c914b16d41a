//! Linux's process and thread calls (clone(2), execve(2), prctl(2) …).

use linux_raw_sys::general::*;
use schemas::{Errno, Personality};

use super::identity::allow_namespaces;
use crate::call::Pointer;
use crate::context::{Context, Frame};
use crate::guest::{self, PathBuffer};
use crate::host::linux::signal::SIGCHLD;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::{exec, hidden, limit, system, thread};
use crate::world;

/// The registers in which a child finds itself behind its parent's call.
fn child_frame(cx: &Context, stack: u64) -> Frame {
    let mut frame = cx.frame;
    frame.rax = 0;
    frame.rcx = frame.rip;
    frame.r11 = frame.rflags;
    if stack != 0 {
        frame.rsp = stack;
    }
    frame
}

/// What clone(2) and clone3(2) ask for.
struct Child {
    flags: u64,
    stack: u64,
    parent_tid: u64,
    child_tid: u64,
    tls: u64,
}

/// clone(2).
///
/// # Errors
/// `EINVAL`, `EAGAIN`, `ENOMEM`, `EPERM`.
pub fn clone(
    cx: &mut Context,
    flags: u64,
    stack: Pointer,
    parent_tid: Pointer,
    child_tid: Pointer,
    tls: Pointer,
) -> Result<u64, Errno> {
    let (stack, parent_tid, child_tid, tls) = (stack.0, parent_tid.0, child_tid.0, tls.0);
    make(cx, &Child { flags, stack, parent_tid, child_tid, tls })
}

/// Makes a thread, a child that borrows the memory, or a child with a copy of it.
fn make(cx: &mut Context, child: &Child) -> Result<u64, Errno> {
    allow_namespaces(child.flags)?;
    let flags = child.flags as u32;
    if flags & CLONE_THREAD != 0 {
        if flags & (CLONE_VM | CLONE_SIGHAND) != CLONE_VM | CLONE_SIGHAND {
            return Err(Errno::INVAL);
        }
        let frame = child_frame(cx, child.stack);
        let clear = if flags & CLONE_CHILD_CLEARTID != 0 { child.child_tid } else { 0 };
        let set = if flags & CLONE_CHILD_SETTID != 0 { child.child_tid } else { 0 };
        return thread::create(cx, flags, frame, child.parent_tid, set, clear, child.tls);
    }
    // Two processes with one table of descriptors would have one way to the mapper, and take each other's replies.
    if flags & CLONE_FILES != 0 {
        return Err(Errno::INVAL);
    }
    if flags & CLONE_VM != 0 {
        let frame = child_frame(cx, child.stack);
        return thread::vfork(cx, flags, frame, child.parent_tid, child.tls);
    }
    let stack = cx.frame.rsp;
    let pid = thread::fork(cx, flags, child.parent_tid, child.child_tid, child.tls)?;
    if pid == 0 && child.stack != 0 {
        cx.frame.rsp = child.stack;
    } else {
        cx.frame.rsp = stack;
    }
    Ok(pid)
}

crate::layout! {
    /// `struct clone_args` (linux/sched.h), first version.
    pub struct CloneArguments: 64 {
        pub flags: u64,
        pub pidfd: u64,
        pub child_tid: u64,
        pub parent_tid: u64,
        pub exit_signal: u64,
        pub stack: u64,
        pub stack_size: u64,
        pub tls: u64,
    }
}

/// clone3(2).
///
/// # Errors
/// As clone(2); `E2BIG` when a later version's fields are used.
pub fn clone3(cx: &mut Context, at: Pointer, size: usize) -> Result<u64, Errno> {
    let own = size_of::<CloneArguments>();
    if size < own {
        return Err(Errno::INVAL);
    }
    let args: CloneArguments = guest::get(at.0)?;
    let mut rest = [0u8; 64];
    let more = size - own;
    if more > rest.len() {
        return Err(Errno::TOOBIG);
    }
    guest::read(at.0 + own as u64, &mut rest[..more])?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Errno::TOOBIG);
    }
    if args.exit_signal > 64 || args.flags & 0xff != 0 || args.flags >> 32 != 0 {
        return Err(Errno::INVAL);
    }
    let pidfd = args.flags as u32 & CLONE_PIDFD != 0;
    if pidfd && args.flags as u32 & CLONE_PARENT_SETTID != 0 {
        // clone(2) has one place for both.
        return Err(Errno::INVAL);
    }
    let child = Child {
        flags: args.flags | args.exit_signal,
        stack: if args.stack == 0 { 0 } else { args.stack.wrapping_add(args.stack_size) },
        parent_tid: if pidfd { args.pidfd } else { args.parent_tid },
        child_tid: args.child_tid,
        tls: args.tls,
    };
    make(cx, &child)
}

/// fork(2).
///
/// # Errors
/// `EAGAIN`, `ENOMEM`.
pub fn fork(cx: &mut Context) -> Result<u64, Errno> {
    thread::fork(cx, SIGCHLD as u32, 0, 0, 0)
}

/// vfork(2).
///
/// # Errors
/// `EAGAIN`, `ENOMEM`.
pub fn vfork(cx: &mut Context) -> Result<u64, Errno> {
    let frame = child_frame(cx, 0);
    thread::vfork(cx, SIGCHLD as u32 | CLONE_VFORK, frame, 0, 0)
}

/// execve(2).
///
/// # Errors
/// As the manual page says; `EIO` when the mapper is gone.
pub fn execve(cx: &mut Context, path: Pointer, argv: Pointer, envp: Pointer) -> Result<u64, Errno> {
    execveat(cx, AT_FDCWD, path, argv, envp, 0)
}

/// execveat(2).
///
/// # Errors
/// As execve(2).
pub fn execveat(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    argv: Pointer,
    envp: Pointer,
    flags: i32,
) -> Result<u64, Errno> {
    let mut buffer = PathBuffer::new();
    buffer.copy_in(path.0)?;
    exec::execute(cx, directory, &mut buffer, argv, envp, flags as u32)
}

/// exit(2): ends the calling thread.
///
/// # Errors
/// None; it does not return.
pub fn exit(cx: &mut Context, status: i32) -> Result<u64, Errno> {
    thread::close_to_signals(cx)?;
    thread::exit(cx, status)
}

/// set_tid_address(2).
///
/// # Errors
/// None.
pub fn set_tid_address(cx: &mut Context, at: Pointer) -> Result<u64, Errno> {
    cx.clear_tid = at.0;
    Ok(u64::from(cx.tid.load(core::sync::atomic::Ordering::Relaxed)))
}

/// pause(2).
///
/// # Errors
/// `EINTR` always.
pub fn pause(_cx: &mut Context) -> Result<u64, Errno> {
    // SAFETY: no arguments.
    unsafe { call_blocking::<0>(__NR_pause, []) }
}

/// uname(2), as the world page has it.
///
/// # Errors
/// `EFAULT`.
pub fn uname(_cx: &mut Context, at: Pointer) -> Result<u64, Errno> {
    /// `struct utsname`: system, node, release, version, machine, domain (linux/utsname.h, `new_utsname`).
    const FIELD: usize = 65;
    let ((identity, host, domain), _) = world::page()
        .consistent(|page| (page.identity(Personality::Linux), page.host_name(), page.domain_name()))?;
    let mut names = [0u8; 6 * FIELD];
    let fields = [
        identity.system.as_bytes(),
        host.as_bytes(),
        identity.release.as_bytes(),
        identity.version.as_bytes(),
        identity.machine.as_bytes(),
        domain.as_bytes(),
    ];
    for (to, from) in names.chunks_exact_mut(FIELD).zip(fields) {
        let len = from.len().min(FIELD - 1);
        to[..len].copy_from_slice(&from[..len]);
    }
    guest::write(at.0, &names)?;
    Ok(0)
}

// arch_prctl(2) codes (asm/prctl.h).
const ARCH_SET_GS: i32 = 0x1001;
const ARCH_GET_GS: i32 = 0x1004;

/// arch_prctl(2): GS is the stub's in the stub and the guest's in the guest.
///
/// # Errors
/// As the manual page says.
pub fn arch_prctl(cx: &mut Context, code: i32, argument: Pointer) -> Result<u64, Errno> {
    match code {
        ARCH_SET_GS => thread::set_gs_base(cx, argument.0).map(|()| 0),
        ARCH_GET_GS => {
            guest::put(argument.0, &cx.guest_gs)?;
            Ok(0)
        }
        // SAFETY: the guest's own registers; the kernel checks the pointer.
        _ => unsafe { call(__NR_arch_prctl, [code as u64, argument.0]) },
    }
}

// prctl(2) options that would take the stub's ground away (linux/prctl.h).
const PR_SET_SECCOMP: i32 = 22;
const PR_SET_MM: i32 = 35;
const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;

/// prctl(2).
///
/// # Errors
/// `EINVAL` for filters and dispatch of its own, `EPERM` for `PR_SET_MM`, else the host's.
pub fn prctl(_cx: &mut Context, option: i32, b: u64, c: u64, d: u64, e: u64) -> Result<u64, Errno> {
    match option {
        PR_SET_SECCOMP | PR_SET_SYSCALL_USER_DISPATCH => Err(Errno::INVAL),
        PR_SET_MM => Err(Errno::PERM),
        // SAFETY: the kernel checks the guest's pointers.
        _ => unsafe { call(__NR_prctl, [option as u64, b, c, d, e]) },
    }
}

/// prlimit(2).
///
/// # Errors
/// As there.
pub fn limits(cx: &mut Context, pid: i32, resource: u32, new: Pointer, old: Pointer) -> Result<u64, Errno> {
    let new: Option<[u64; 2]> = if new.0 == 0 { None } else { Some(guest::get(new.0)?) };
    let before = match new {
        Some(new) => limit::set(cx, pid, resource, new)?,
        None => limit::get(cx, pid, resource)?,
    };
    if old.0 != 0 {
        guest::put(old.0, &before)?;
    }
    Ok(0)
}

/// getrlimit(2).
///
/// # Errors
/// `EINVAL`, `EFAULT`.
pub fn get_limit(cx: &mut Context, resource: u32, to: Pointer) -> Result<u64, Errno> {
    guest::put(to.0, &limit::get(cx, 0, resource)?).map(|()| 0)
}

/// setrlimit(2).
///
/// # Errors
/// `EINVAL`, `EPERM`, `EFAULT`.
pub fn set_limit(cx: &mut Context, resource: u32, from: Pointer) -> Result<u64, Errno> {
    limit::set(cx, 0, resource, guest::get(from.0)?).map(|_| 0)
}

/// personality(2). What it changes in layouts of memory begins with the next program, as on the host.
///
/// # Errors
/// `EINVAL`.
pub fn personality(_cx: &mut Context, value: u32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_personality, [u64::from(value)]) }
}

/// reboot(2).
///
/// # Errors
/// `EINVAL` for other magic numbers, `EPERM` unless the deployment allows it.
pub fn reboot(
    cx: &mut Context,
    first: u64,
    second: u64,
    command: u64,
    _argument: Pointer,
) -> Result<u64, Errno> {
    // linux/reboot.h.
    const FIRST: u32 = 0xfee1_dead;
    const SECOND: [u32; 4] = [0x2812_1969, 0x0512_1996, 0x1604_1998, 0x2011_2000];
    if first as u32 != FIRST || !SECOND.contains(&(second as u32)) {
        return Err(Errno::INVAL);
    }
    system::reboot(cx, command as u32)?;
    Ok(0)
}

/// landlock_add_rule(2).
///
/// # Errors
/// `EBADF` for a folder that is not the guest's, `EFAULT`, else the host's.
pub fn add_rule(_cx: &mut Context, rules: i32, kind: i32, rule: Pointer, flags: u64) -> Result<u64, Errno> {
    /// `LANDLOCK_RULE_PATH_BENEATH`, with the folder behind the rights (linux/landlock.h).
    const PATH_BENEATH: i32 = 1;
    if kind == PATH_BENEATH && hidden::is_foreign(guest::get(rule.0.wrapping_add(8))?) {
        return Err(Errno::BADF);
    }
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call(__NR_landlock_add_rule, [rules as u64, kind as u64, rule.0, flags]) }
}
