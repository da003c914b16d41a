//! Who a guest thread is: answered from its block, which every change that it makes itself empties.
//!
//! On the host identities belong to a thread, and only its own calls change them (credentials(7)). How they look changes
//! once more when the maps of a user namespace are written, which is done from outside, and once for each namespace
//! (user_namespaces(7)); until then they look like nobody, which is never kept.

use schemas::auth::set_ids;
use schemas::{Errno, Operation};

use crate::context::{Context, GROUPS_KEPT, Identities};
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::memory;
use crate::host::linux::syscall::call;
use crate::transport;

/// How an identity looks that has no place in the thread's user namespace (`overflowuid` and `overflowgid`,
/// proc_sys_kernel(5)).
const UNMAPPED: u32 = 65534;

/// Real, effective and saved users and groups of the thread.
///
/// # Errors
/// None that a guest can cause.
#[inline]
pub fn of(cx: &mut Context) -> Result<&Identities, Errno> {
    if cx.identities.known == 0 {
        ask(&mut cx.identities)?;
    }
    Ok(&cx.identities)
}

fn ask(own: &mut Identities) -> Result<(), Errno> {
    let (users, groups) = (own.users.as_mut_ptr() as u64, own.groups.as_mut_ptr() as u64);
    // SAFETY: the kernel writes three words each.
    unsafe {
        call(__NR_getresuid, [users, users + 4, users + 8])?;
        call(__NR_getresgid, [groups, groups + 4, groups + 8])?;
    }
    own.known = u32::from(!own.users.contains(&UNMAPPED) && !own.groups.contains(&UNMAPPED));
    Ok(())
}

/// Lets `see` have the supplementary groups of the thread.
///
/// # Errors
/// None that a guest can cause, and what `see` gives.
pub fn supplementary<T>(cx: &mut Context, see: impl FnOnce(&[u32]) -> Result<T, Errno>) -> Result<T, Errno> {
    let own = &mut cx.identities;
    if own.listed != 0 {
        return see(&own.list[..own.listed as usize - 1]);
    }
    // SAFETY: the kernel writes at most as many words as there are.
    let asked = unsafe { call(__NR_getgroups, [GROUPS_KEPT as u64, own.list.as_mut_ptr() as u64]) };
    let count = match asked {
        Err(Errno::INVAL) => return many(see),
        count => count? as usize,
    };
    let list = &own.list[..count];
    own.listed = if list.contains(&UNMAPPED) { 0 } else { count as u32 + 1 };
    see(list)
}

/// A list that is too long to be kept, in memory of its own.
fn many<T>(see: impl FnOnce(&[u32]) -> Result<T, Errno>) -> Result<T, Errno> {
    // SAFETY: without room nothing is written.
    let count = unsafe { call(__NR_getgroups, [0, 0]) }?;
    let at = memory::map(4 * count)?;
    // SAFETY: the kernel writes at most as many words as there are, and only this thread can change their number.
    let result = unsafe {
        call(__NR_getgroups, [count, at])
            .and_then(|count| see(core::slice::from_raw_parts(at as *const u32, count as usize)))
    };
    memory::release(at, 4 * count);
    result
}

/// Gives a guest a list of groups, as getgroups(2) of all systems does.
///
/// # Errors
/// `EINVAL` for too short a list, `EFAULT`.
pub fn give(groups: &[u32], size: i32, list: u64) -> Result<u64, Errno> {
    if size == 0 {
        return Ok(groups.len() as u64);
    }
    if size < 0 || (size as usize) < groups.len() {
        return Err(Errno::INVAL);
    }
    // SAFETY: any words are bytes.
    let bytes = unsafe { core::slice::from_raw_parts(groups.as_ptr().cast::<u8>(), size_of_val(groups)) };
    guest::write(list, bytes)?;
    Ok(groups.len() as u64)
}

/// Makes a host call that changes identities, and has the mapper look at them before the guest goes on, as servers ask
/// who a guest is.
///
/// # Errors
/// The host's own.
pub fn change<const N: usize>(cx: &mut Context, number: u32, args: [u64; N]) -> Result<u64, Errno> {
    let before = of(cx).map(|own| (own.users, own.groups))?;
    let result = look_anew(cx, number, args)?;
    let changed = of(cx).map(|own| (own.users, own.groups)) != Ok(before);
    if changed || number == __NR_setgroups {
        // Without a mapper there is nobody to know.
        let _ = transport::call::<set_ids::params::Owned, set_ids::results::Owned, _>(
            cx,
            Operation::AuthSetIds,
            0,
            &[],
            |_| Ok(()),
            |_, _| Ok(()),
        );
    }
    Ok(result)
}

/// Makes a host call that changes the namespace in which identities are looked at.
///
/// # Errors
/// The host's own.
pub fn look_anew<const N: usize>(cx: &mut Context, number: u32, args: [u64; N]) -> Result<u64, Errno> {
    // SAFETY: nothing of the stub's is touched; the kernel checks the guest's pointers.
    let result = unsafe { call(number, args) };
    forget(&mut cx.identities);
    result
}

/// Empties what is kept.
pub fn forget(identities: &mut Identities) {
    identities.known = 0;
    identities.listed = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::trial;

    #[test]
    fn what_is_kept_is_what_the_host_says() {
        let cx = trial::context();
        let own = *of(cx).unwrap();
        // SAFETY: no pointers.
        let host = [__NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid]
            .map(|number| unsafe { call::<0>(number, []) }.unwrap() as u32);
        assert_eq!([own.users[0], own.users[1], own.groups[0], own.groups[1]], host);
        assert_eq!(own.known, u32::from(!host.contains(&UNMAPPED)));
        let first = supplementary(cx, |list| Ok(list.to_vec())).unwrap();
        assert_eq!(supplementary(cx, |list| Ok(list.to_vec())), Ok(first));
    }

    #[test]
    fn answers_come_from_what_is_kept_until_a_change() {
        let cx = trial::context();
        of(cx).unwrap();
        cx.identities = Identities { known: 1, users: [1, 2, 3], listed: 2, ..cx.identities };
        cx.identities.list[0] = 77;
        assert_eq!(of(cx).unwrap().users, [1, 2, 3]);
        assert_eq!(supplementary(cx, |list| Ok(list.to_vec())).unwrap(), [77]);
        let keep = u64::from(u32::MAX);
        look_anew(cx, __NR_setresuid, [keep, keep, keep]).unwrap();
        assert_eq!((cx.identities.known, cx.identities.listed), (0, 0));
        assert_ne!(of(cx).unwrap().users, [1, 2, 3]);
    }
}
