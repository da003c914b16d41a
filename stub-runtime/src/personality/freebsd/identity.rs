//! FreeBSD's identities (getuid(2), setresuid(2), getgroups(2) …) and scheduling priorities.

use linux_raw_sys::general::*;
use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::call;
use crate::operation::{identity, limit};

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

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident = $number:ident ($($arg:ident: $ty:ty),*);)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// As the manual page says.
        pub fn $name(cx: &mut Context, $($arg: $ty),*) -> Result<u64, Errno> {
            identity::change(cx, $number, [$(u64::from($arg)),*])
        }
    )* };
}

plain! {
    /// setuid(2).
    set_user = __NR_setuid(id: u32);
    /// setgid(2).
    set_group = __NR_setgid(id: u32);
    /// setreuid(2).
    set_users = __NR_setreuid(real: u32, effective: u32);
    /// setregid(2).
    set_groups_pair = __NR_setregid(real: u32, effective: u32);
    /// setresuid(2).
    set_all_users = __NR_setresuid(real: u32, effective: u32, saved: u32);
    /// setresgid(2).
    set_all_groups = __NR_setresgid(real: u32, effective: u32, saved: u32);
}

/// getresuid(2); null pointers are passed over.
///
/// # Errors
/// `EFAULT`.
pub fn all_users(cx: &mut Context, real: Pointer, effective: Pointer, saved: Pointer) -> Result<u64, Errno> {
    give_three(identity::of(cx)?.users, [real, effective, saved])
}

/// getresgid(2); null pointers are passed over.
///
/// # Errors
/// `EFAULT`.
pub fn all_groups(cx: &mut Context, real: Pointer, effective: Pointer, saved: Pointer) -> Result<u64, Errno> {
    give_three(identity::of(cx)?.groups, [real, effective, saved])
}

fn give_three(ids: [u32; 3], at: [Pointer; 3]) -> Result<u64, Errno> {
    for (id, at) in ids.iter().zip(at) {
        guest::put_if(at.0, id)?;
    }
    Ok(0)
}

/// seteuid(2).
///
/// # Errors
/// `EPERM`.
pub fn set_effective_user(cx: &mut Context, id: u32) -> Result<u64, Errno> {
    // −1 leaves an id.
    identity::change(cx, __NR_setresuid, [u64::from(u32::MAX), u64::from(id), u64::from(u32::MAX)])
}

/// setegid(2).
///
/// # Errors
/// `EPERM`.
pub fn set_effective_group(cx: &mut Context, id: u32) -> Result<u64, Errno> {
    identity::change(cx, __NR_setresgid, [u64::from(u32::MAX), u64::from(id), u64::from(u32::MAX)])
}

/// Most groups that FreeBSD 14 and before gives a process (`NGROUPS_MAX + 1`, sys/sys/syslimits.h).
const GROUPS_MAX: usize = 1024;

/// getgroups(2) of FreeBSD 14 and before: the effective group comes first.
///
/// # Errors
/// `EINVAL` for too short a list, `EFAULT`.
pub fn groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    let mut all = [0u32; GROUPS_MAX];
    all[0] = identity::of(cx)?.groups[1];
    let count = identity::supplementary(cx, |groups| {
        let count = groups.len().min(GROUPS_MAX - 1);
        all[1..][..count].copy_from_slice(&groups[..count]);
        Ok(count + 1)
    })?;
    identity::give(&all[..count], size, list.0)
}

/// getgroups(2) of FreeBSD 15: the supplementary groups only.
///
/// # Errors
/// `EINVAL` for too short a list, `EFAULT`.
pub fn supplementary_groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    identity::supplementary(cx, |groups| identity::give(groups, size, list.0))
}

/// setgroups(2) of FreeBSD 14 and before: the first becomes the effective group.
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn set_groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    if size < 0 {
        return Err(Errno::INVAL);
    }
    if size == 0 {
        return set_supplementary_groups(cx, 0, list);
    }
    let first: u32 = guest::get(list.0)?;
    set_supplementary_groups(cx, size - 1, Pointer(list.0 + 4))?;
    set_effective_group(cx, first)
}

/// setgroups(2) of FreeBSD 15.
///
/// # Errors
/// `EPERM`, `EINVAL`, `EFAULT`.
pub fn set_supplementary_groups(cx: &mut Context, size: i32, list: Pointer) -> Result<u64, Errno> {
    identity::change(cx, __NR_setgroups, [size as u64, list.0])
}

crate::layout! {
    /// `struct setcred` (sys/sys/ucred.h).
    pub struct Credentials: 48 {
        pub uid: u32,
        pub ruid: u32,
        pub svuid: u32,
        pub gid: u32,
        pub rgid: u32,
        pub svgid: u32,
        pub pad: u32,
        pub groups_count: u32,
        pub groups: u64,
        pub label: u64,
    }
}

/// setcred(2): several identities at once, for the privileged only.
///
/// # Errors
/// `EPERM`, `EINVAL` for unknown flags or another size, `EOPNOTSUPP` for a label, `EFAULT`.
pub fn set_credentials(cx: &mut Context, flags: u64, at: Pointer, size: usize) -> Result<u64, Errno> {
    // SETCREDF_UID, RUID, SVUID, GID, RGID, SVGID, SUPP_GROUPS, MAC_LABEL.
    const SUPPLEMENTARY: u64 = 1 << 6;
    const LABEL: u64 = 1 << 7;
    const ALL: u64 = 0xff;
    if flags & !ALL != 0 || size != size_of::<Credentials>() {
        return Err(Errno::INVAL);
    }
    if flags & LABEL != 0 {
        return Err(Errno::OPNOTSUPP);
    }
    let new: Credentials = guest::get(at.0)?;
    if identity::of(cx)?.users[1] != 0 {
        return Err(Errno::PERM);
    }
    if flags & SUPPLEMENTARY != 0 {
        set_supplementary_groups(cx, new.groups_count as i32, Pointer(new.groups))?;
    }
    let chosen = |bit: u32, id: u32| u64::from(if flags & 1 << bit != 0 { id } else { u32::MAX });
    let groups = [chosen(4, new.rgid), chosen(3, new.gid), chosen(5, new.svgid)];
    let users = [chosen(1, new.ruid), chosen(0, new.uid), chosen(2, new.svuid)];
    // Groups first, as they need the privilege that the user may give up.
    identity::change(cx, __NR_setresgid, groups)?;
    identity::change(cx, __NR_setresuid, users)
}

/// issetugid(2): set-id bits are not honoured, so nobody ever is.
///
/// # Errors
/// None.
pub fn is_set_id(_cx: &mut Context) -> Result<u64, Errno> {
    Ok(0)
}

/// getdtablesize(2).
///
/// # Errors
/// None.
pub fn table_size(cx: &mut Context) -> Result<u64, Errno> {
    Ok(limit::get(cx, 0, RLIMIT_NOFILE)?[0].min(i32::MAX as u64))
}

/// getpriority(2): nice values from −20 to 20; the host's call gives 20 minus that.
///
/// # Errors
/// `ESRCH`, `EINVAL`.
pub fn priority(_cx: &mut Context, which: i32, who: i32) -> Result<i64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_getpriority, [which as u64, who as u64]) }.map(|value| 20 - value as i64)
}

/// setpriority(2).
///
/// # Errors
/// `ESRCH`, `EINVAL`, `EACCES`, `EPERM`.
pub fn set_priority(_cx: &mut Context, which: i32, who: i32, nice: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_setpriority, [which as u64, who as u64, nice as u64]) }
}
