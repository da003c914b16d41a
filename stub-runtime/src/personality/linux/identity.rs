//! Linux's numbers and identities (getpid(2), getresuid(2), getgroups(2) …), namespaces and names of the system.

use core::sync::atomic::Ordering;

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::operation::{identity, system};

/// getpid(2).
///
/// # Errors
/// None.
pub fn pid(cx: &mut Context) -> Result<u32, Errno> {
    Ok(cx.process().pid.load(Ordering::Relaxed))
}

/// gettid(2).
///
/// # Errors
/// None.
pub fn tid(cx: &mut Context) -> Result<u32, Errno> {
    Ok(cx.tid.load(Ordering::Relaxed))
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident = $kind:ident[$index:literal];)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// None that a guest can cause.
        pub fn $name(cx: &mut Context) -> Result<u32, Errno> {
            Ok(identity::of(cx)?.$kind[$index])
        }
    )* };
}

getters! {
    /// getuid(2).
    user = users[0];
    /// geteuid(2).
    effective_user = users[1];
    /// getgid(2).
    group = groups[0];
    /// getegid(2).
    effective_group = groups[1];
}

/// getresuid(2).
///
/// # Errors
/// `EFAULT`.
pub fn all_users(cx: &mut Context, real: Pointer, effective: Pointer, saved: Pointer) -> Result<u64, Errno> {
    give_three(identity::of(cx)?.users, [real, effective, saved])
}

/// getresgid(2).
///
/// # Errors
/// `EFAULT`.
pub fn all_groups(cx: &mut Context, real: Pointer, effective: Pointer, saved: Pointer) -> Result<u64, Errno> {
    give_three(identity::of(cx)?.groups, [real, effective, saved])
}

fn give_three(ids: [u32; 3], at: [Pointer; 3]) -> Result<u64, Errno> {
    for (id, at) in ids.iter().zip(at) {
        guest::put(at.0, id)?;
    }
    Ok(0)
}

/// getgroups(2).
///
/// # Errors
/// `EINVAL` for too short a list, `EFAULT`.
pub fn groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    identity::supplementary(cx, |groups| identity::give(groups, size, list.0))
}

/// setuid(2), setgid(2), setfsuid(2) and setfsgid(2).
///
/// # Errors
/// As the host's.
pub fn set_one(cx: &mut Context, id: u32) -> Result<u64, Errno> {
    identity::change(cx, cx.number as u32, [u64::from(id)])
}

/// setreuid(2) and setregid(2).
///
/// # Errors
/// As the host's.
pub fn set_pair(cx: &mut Context, real: u32, effective: u32) -> Result<u64, Errno> {
    identity::change(cx, cx.number as u32, [u64::from(real), u64::from(effective)])
}

/// setresuid(2) and setresgid(2).
///
/// # Errors
/// As the host's.
pub fn set_all(cx: &mut Context, real: u32, effective: u32, saved: u32) -> Result<u64, Errno> {
    identity::change(cx, cx.number as u32, [u64::from(real), u64::from(effective), u64::from(saved)])
}

/// setgroups(2).
///
/// # Errors
/// As the host's.
pub fn set_groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    identity::change(cx, __NR_setgroups, [size as u64, list.0])
}

/// Refuses a namespace of names: those are the world's.
///
/// # Errors
/// `EINVAL`, as a host without such namespaces (unshare(2)).
pub fn allow_namespaces(flags: u64) -> Result<(), Errno> {
    if flags & u64::from(CLONE_NEWUTS) != 0 { Err(Errno::INVAL) } else { Ok(()) }
}

/// unshare(2).
///
/// # Errors
/// As the host's; `EINVAL` for a namespace of names.
pub fn unshare(cx: &mut Context, flags: u64) -> Result<u64, Errno> {
    allow_namespaces(flags)?;
    identity::look_anew(cx, __NR_unshare, [flags])
}

/// setns(2).
///
/// # Errors
/// As the host's; `EINVAL` for a namespace of names.
pub fn enter_namespace(cx: &mut Context, file: i32, flags: u64) -> Result<u64, Errno> {
    allow_namespaces(flags)?;
    identity::look_anew(cx, __NR_setns, [file as u64, flags])
}

/// sethostname(2).
///
/// # Errors
/// `EINVAL` for a name that is too long, `EFAULT`, `EPERM` unless the caller may and the deployment allows it.
pub fn set_host_name(cx: &mut Context, name: Pointer, len: i32) -> Result<u64, Errno> {
    set_name(cx, name, len, false)
}

/// setdomainname(2).
///
/// # Errors
/// As sethostname(2).
pub fn set_domain_name(cx: &mut Context, name: Pointer, len: i32) -> Result<u64, Errno> {
    set_name(cx, name, len, true)
}

fn set_name(cx: &mut Context, name: Pointer, len: i32, domain: bool) -> Result<u64, Errno> {
    /// `__NEW_UTS_LEN` (linux/utsname.h).
    const LONGEST: usize = 64;
    let mut bytes = [0u8; LONGEST];
    let bytes = usize::try_from(len).ok().and_then(|len| bytes.get_mut(..len)).ok_or(Errno::INVAL)?;
    guest::read(name.0, bytes)?;
    system::set_name(cx, bytes, domain).map(|()| 0)
}
